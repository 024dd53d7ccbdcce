"""A fault at every method the daemon calls, at the moment it matters: one mail per kind and language all the same."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from world import DAEMON, HELPDESK, MANAGER, STAFF, TEAM, TICKS, WEDNESDAY, World

from deploylog import deployment_log as log
from deploylog.demo import Person
from deploylog.errors import DeploylogError
from deploylog.google.quota import READS
from deploylog.mime import MARKER

BOSS = "boss@diba.example"
"""Reads English; the others of DIBA read Spanish."""

RETRIES = 4
"""So often a call that may be repeated is tried in one go; then the pass has to do without."""
FAULTS = (
    pytest.param({"mode": "error", "status": 503, "times": RETRIES}, id="503"),
    pytest.param({"mode": "error", "status": 429, "times": 1}, id="429"),
    pytest.param({"mode": "drop", "times": 1}, id="drop"),
)

READING = ("sheets.spreadsheets.values.batchGet", "drive.changes.list")
WRITING = ("sheets.spreadsheets.values.batchUpdate", "sheets.spreadsheets.get")
MAILING = ("gmail.users.drafts.create", "gmail.users.drafts.send")
LOOKING = ("gmail.users.drafts.get", "gmail.users.drafts.list", "gmail.users.threads.get")
AT_PLANNING = (*READING, *WRITING, "calendar.events.insert", "drive.files.update", "calendar.events.list")
AT_CHANGE = (*READING, *WRITING, "calendar.events.get", "calendar.events.update")
AT_START = (*READING, *WRITING, *MAILING)
AT_END = (*READING, *WRITING, *MAILING, "gmail.users.messages.get", "calendar.events.get", "calendar.events.update")
AT_CANCEL = (*READING, *WRITING, *MAILING, "gmail.users.messages.get", "calendar.events.delete")


def two_languages(world: World) -> None:
    world.contact(6, Customer="DIBA", Party="Customer manager", E_mail=BOSS, Language="en")


def only_the_daemon_meets_faults(world: World) -> None:
    """People here call as the sandbox's own pages do, which no fault meets.

    A pass that fails as a whole is told, and the next tick tries again, as in `deploylog run`.
    """
    run = type(world).run

    def person(address: str) -> Person:
        someone = Person(world.origin, address)
        someone._session.headers["X-Sandbox-Page"] = "1"
        return someone

    def one_pass(whole: bool = True):
        try:
            return run(world, whole)
        except DeploylogError:
            return None

    world.person = person  # type: ignore[method-assign]
    world.run = one_pass  # type: ignore[method-assign]


def settle_down(world: World) -> None:
    """Passes over a few minutes: longer than any backoff of a few failures, shorter than `late_after`."""
    for seconds in (1, 6, 15, 15, 30, 60, 120):
        world.after(seconds=seconds)


def drafts(world: World) -> list:
    return world.person(DAEMON).call("GET", "/gmail/v1/users/me/drafts").get("drafts", [])


def events(world: World) -> list:
    return world.person(DAEMON).call("GET", "/calendar/v3/calendars/primary/events").get("items", [])


def waiting(world: World) -> list:
    """What waits for its next try, or for what became of it."""
    return [one for one in world.ledger.effects_of(world.log().file_id) if one.retry_at is not None]


def invitations(world: World, address: str) -> int:
    return sum(1 for mail in world.person(address).mails() if not mail[MARKER])


def assert_each_once(world: World, kinds: int) -> None:
    """Everybody has one mail of each kind, each other than the others, and nothing is left lying about."""
    for address in (MANAGER, HELPDESK, BOSS, TEAM):
        told = Counter(str(mail[MARKER]) for mail in world.notices(address))
        assert set(told.values()) == {1}, (address, told)
        assert len(told) == kinds, (address, told)
    assert drafts(world) == []


def assert_history_tells(world: World, *told: str) -> None:
    said = [line["What happened"] for line in world.log().history()]
    assert Counter(said) == Counter(told), said


def planned(world: World) -> None:
    only_the_daemon_meets_faults(world)
    two_languages(world)
    world.log().plan(2, WEDNESDAY)
    world.run()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", AT_PLANNING)
def test_a_fault_while_planning_leaves_one_event_and_one_invitation(world: World, method: str, fault: dict) -> None:
    only_the_daemon_meets_faults(world)
    two_languages(world)
    world.fault(method, **fault)
    world.log().plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    settle_down(world)
    assert world.log().progress() == "Scheduled"
    assert world.log().row(2)[log.ID] == "DIBA-0001"
    assert len(events(world)) == 1
    assert [invitations(world, one) for one in (MANAGER, BOSS, TEAM)] == [1, 1, 1]
    world.at(WEDNESDAY)
    settle_down(world)
    assert_each_once(world, 1)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", AT_CHANGE)
def test_a_fault_while_a_start_moves_updates_the_one_event_once(world: World, method: str, fault: dict) -> None:
    planned(world)
    world.after(seconds=31)
    before = invitations(world, MANAGER)
    world.log().plan(2, WEDNESDAY + timedelta(hours=1))
    world.run()
    world.fault(method, **fault)
    world.after(seconds=31)
    settle_down(world)
    [event] = events(world)
    assert event["start"]["dateTime"].startswith("2026-12-09T1")
    assert invitations(world, MANAGER) == before + 1
    world.at(WEDNESDAY + timedelta(hours=1))
    settle_down(world)
    assert_each_once(world, 1)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", AT_START)
def test_a_fault_at_the_start_sends_each_language_once(world: World, method: str, fault: dict) -> None:
    planned(world)
    world.at(WEDNESDAY - timedelta(minutes=1))
    world.fault(method, **fault)
    world.at(WEDNESDAY)
    settle_down(world)
    assert_each_once(world, 1)
    assert world.log().progress().startswith("In progress")
    assert_history_tells(
        world, "Invitación enviada", "Enviado: correo de inicio (es)", "Enviado: correo de inicio (en)"
    )


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", LOOKING)
@pytest.mark.parametrize("lost", MAILING)
def test_a_fault_while_looking_what_became_of_a_lost_answer_sends_each_language_once(
    world: World, lost: str, method: str, fault: dict
) -> None:
    planned(world)
    world.at(WEDNESDAY - timedelta(minutes=1))
    world.fault(lost, "drop")
    world.fault(method, **fault)
    world.at(WEDNESDAY)
    settle_down(world)
    assert_each_once(world, 1)


def test_a_delay_said_before_the_start_reaches_the_second_language_that_was_asked_to_wait(world: World) -> None:
    planned(world)
    world.after(seconds=31)
    world.log().write(2, {log.STATUS: "Delayed"})
    world.run()
    world.fault("gmail.users.drafts.create", "error", status=429, times=1)
    world.after(seconds=31)
    assert len(world.notices(MANAGER)) + len(world.notices(BOSS)) == 1
    settle_down(world)
    assert_each_once(world, kinds=1)
    assert world.log().progress() == "Running late"


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", AT_END)
def test_a_fault_at_the_end_sends_each_language_once_and_in_the_thread(world: World, method: str, fault: dict) -> None:
    planned(world)
    world.at(WEDNESDAY)
    world.log().write(2, {log.STATUS: "Done", **TICKS})
    world.run()
    world.fault(method, **fault)
    world.after(seconds=31)
    settle_down(world)
    assert_each_once(world, 2)
    assert len(events(world)) == 1
    first, second = world.notices()
    assert second["In-Reply-To"] == first["Message-ID"]
    assert world.log().progress().startswith("Done: ended")
    assert_history_tells(
        world,
        "Invitación enviada",
        "Enviado: correo de inicio (es)",
        "Enviado: correo de inicio (en)",
        "Enviado: correo de fin (es)",
        "Enviado: correo de fin (en)",
        "Horas reales anotadas en el calendario",
        *(f"Casilla {column} marcada" for column in TICKS),
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_a_clock_that_is_set_back_keeps_no_mail_waiting(world: World, fault: dict) -> None:
    """It failed a moment before: pending, or on its way for all that is known, as the fault has it."""
    planned(world)
    world.at(WEDNESDAY)
    settle_down(world)
    world.log().write(2, {log.STATUS: "Done", **TICKS})
    world.run()
    world.fault("gmail.users.drafts.send", **fault)
    world.after(seconds=31)
    assert waiting(world)
    world.now -= timedelta(hours=1)
    world.run()
    settle_down(world)
    assert not waiting(world)
    assert_each_once(world, kinds=2)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", AT_CANCEL)
def test_a_fault_while_cancelling_withdraws_once_and_tells_once(world: World, method: str, fault: dict) -> None:
    planned(world)
    world.at(WEDNESDAY)
    before = invitations(world, MANAGER)
    world.log().write(2, {log.STATUS: "Cancelled"})
    world.run()
    world.fault(method, **fault)
    world.after(seconds=31)
    settle_down(world)
    assert_each_once(world, 2)
    assert events(world) == []
    assert invitations(world, MANAGER) == before + 1


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", ["gmail.users.drafts.get", "gmail.users.drafts.delete"])
def test_a_fault_while_a_draft_is_dropped_leaves_none_and_sends_nothing(world: World, method: str, fault: dict) -> None:
    planned(world)
    world.at(WEDNESDAY - timedelta(minutes=1))
    world.fault("gmail.users.drafts.send", "error", status=429, times=4)
    world.at(WEDNESDAY)
    assert len(drafts(world)) == 2
    world.log().write(2, {log.STATUS: "Draft"})
    world.fault(method, **fault)
    world.run()
    settle_down(world)
    assert drafts(world) == []
    assert world.notices() == []


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    "method", ["drive.files.copy", "drive.permissions.list", "drive.permissions.create", "drive.changes.list"]
)
def test_a_fault_while_a_log_is_made_leaves_one_log_shared_as_asked(world: World, method: str, fault: dict) -> None:
    only_the_daemon_meets_faults(world)
    partner = "partner@partner.example"
    world.customer(4, **{"Customer": "NEW", "Share log with": partner})
    world.run()
    world.fault(method, **fault)
    world.after(minutes=1)
    settle_down(world)
    files = world.person(STAFF).call(
        "GET",
        "/drive/v3/files",
        q="name = 'NEW - Deployment log' and trashed = false",
        supportsAllDrives="true",
        includeItemsFromAllDrives="true",
        corpora="allDrives",
    )["files"]
    assert len(files) == 1
    shared = world.person(STAFF).call(
        "GET",
        f"/drive/v3/files/{files[0]['id']}/permissions",
        supportsAllDrives="true",
        fields="permissions(emailAddress)",
    )["permissions"]
    state = world.person(STAFF).rows(world.registry_id, "Customers")[2]["State"]
    assert partner in [one.get("emailAddress") for one in shared] or partner in state, state


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_while_history_grows_loses_no_line(world: World, fault: dict) -> None:
    planned(world)
    world.after(seconds=31)
    diba = world.log()
    sheets = diba.staff.call("GET", f"/v4/spreadsheets/{diba.file_id}", fields="sheets(properties)")["sheets"]
    history = next(one["properties"] for one in sheets if one["properties"]["title"] == log.HISTORY)
    smaller = {
        "updateSheetProperties": {
            "properties": {"sheetId": history["sheetId"], "gridProperties": {"rowCount": 2}},
            "fields": "gridProperties.rowCount",
        }
    }
    diba.change(smaller)
    world.at(WEDNESDAY - timedelta(minutes=1))
    world.fault("sheets.spreadsheets.batchUpdate", **fault)
    world.at(WEDNESDAY)
    settle_down(world)
    assert_history_tells(
        world, "Invitación enviada", "Enviado: correo de inicio (es)", "Enviado: correo de inicio (en)"
    )
    assert_each_once(world, 1)


def test_a_start_mail_and_its_lines_of_history_take_three_reads_of_sheets(world: World) -> None:
    planned(world)
    world.after(seconds=31)
    world.at(WEDNESDAY - timedelta(minutes=1))
    before = Counter(world.calls())
    world.now = WEDNESDAY
    world.run(whole=False)
    assert_history_tells(
        world, "Invitación enviada", "Enviado: correo de inicio (es)", "Enviado: correo de inicio (en)"
    )
    made = Counter(world.calls()) - before
    reads = {name: count for name, count in made.items() if name in READS}
    assert reads == {"sheets.spreadsheets.values.batchGet": 3}, "the registry, the log, and the log once more to write"

"""A lost ledger with a live drive, a restart at any point, and a clock that is not what it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from world import DAEMON, MADRID, MANAGER, STAFF, TICKS, WEDNESDAY, Log, World, served_world

from deploylog import deployment_log as log
from deploylog.cells import serial_of
from deploylog.mime import MARKER
from stores import NewStore


class Killed(BaseException):
    """The process ends here: nothing that would tidy up is run."""


def events(world: World, address: str = DAEMON) -> list:
    return world.person(address).call("GET", "/calendar/v3/calendars/primary/events").get("items", [])


def drafts(world: World) -> list:
    return world.person(DAEMON).call("GET", "/gmail/v1/users/me/drafts").get("drafts", [])


def assert_nothing_twice(world: World, address: str = MANAGER) -> None:
    told = Counter(mail[MARKER] for mail in world.notices(address))
    assert set(told.values()) <= {1}, told


def started(world: World) -> None:
    world.log().plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY)
    assert len(world.notices()) == 1


# A lost ledger -------------------------------------------------------------------------------------------------------


def test_a_lost_ledger_repeats_neither_event_nor_invitation_nor_mail(world: World) -> None:
    started(world)
    world.after(seconds=15)
    before = len(world.person(MANAGER).mails())
    world.lose_ledger()
    world.run()
    world.after(minutes=1)
    assert len(world.person(MANAGER).mails()) == before
    assert len(events(world)) == 1
    world.log().write(2, {log.STATUS: "Done", **TICKS})
    world.run()
    world.after(minutes=1)
    assert len(world.notices()) == 2
    assert_nothing_twice(world)


def test_a_lost_ledger_before_the_start_mails_once_at_the_start(world: World) -> None:
    world.log().plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    before = len(world.person(MANAGER).mails())
    world.lose_ledger()
    world.run()
    world.after(seconds=31)
    assert len(world.person(MANAGER).mails()) == before
    world.at(WEDNESDAY)
    assert len(world.notices()) == 1
    told = [line["What happened"] for line in world.log().history()]
    assert told.count("Invitación enviada") == 1, told


@pytest.mark.parametrize("typed", ["x", 46365.5])
def test_a_lost_ledger_believes_nobody_who_typed_that_the_end_of_an_open_row_was_told(
    world: World, typed: object
) -> None:
    """Only the mailbox knows of the nudge: no column tells of one."""
    started(world)
    world.at(WEDNESDAY + timedelta(minutes=6))
    nudges = [mail["Subject"] for mail in world.person(STAFF).mails()]
    assert any("planned end" in one for one in nudges)
    world.log().write(2, {log.END_NOTIFIED: typed})
    world.lose_ledger()
    world.run()
    world.after(minutes=1)
    assert [mail["Subject"] for mail in world.person(STAFF).mails()] == nudges
    assert_nothing_twice(world, STAFF)


def test_a_lost_ledger_keeps_every_line_of_history_once(world: World) -> None:
    started(world)
    before = world.log().history()
    world.lose_ledger()
    world.run()
    world.after(minutes=1)
    assert world.log().history() == before


def test_a_lost_ledger_leaves_what_is_closed_as_it_ended(world: World) -> None:
    started(world)
    world.after(minutes=2, seconds=3.7)
    world.log().write(2, {log.STATUS: "Done", **TICKS})
    world.run()
    world.after(minutes=1)

    def as_it_ended() -> tuple[object, ...]:
        row = world.log().row(2)
        return (row[log.PROGRESS], row[log.ACTUAL_END], world.log().history(), events(world))

    before = as_it_ended()
    world.after(minutes=40)
    world.lose_ledger()
    world.run()
    world.after(minutes=1)
    assert as_it_ended() == before


@pytest.mark.parametrize(("days", "looks"), [(39, 1), (42, 0)])
def test_a_new_ledger_looks_through_the_mailbox_only_where_something_was_lately_under_way(
    world: World, monkeypatch: pytest.MonkeyPatch, days: int, looks: int
) -> None:
    started(world)
    world.log().write(2, {log.STATUS: "Done", **TICKS})
    world.run()
    world.after(minutes=1)
    world.now += timedelta(days=days)
    world.lose_ledger()
    gmail, asked = world.google.gmail, []
    look = gmail.sent_since
    monkeypatch.setattr(gmail, "sent_since", lambda since, *more: asked.append(since) or look(since, *more))
    world.run()
    assert len(asked) == looks
    assert len(world.notices()) == 2


def test_a_lost_ledger_and_a_registry_that_names_the_customer_only_later_repeat_no_mail(world: World) -> None:
    started(world)
    world.log().write(2, {log.STATUS: "Started"})
    world.run()
    world.lose_ledger()
    link = world.person(STAFF).rows(world.registry_id, "Customers")[0]["Log"]
    world.customer(2, Customer="", Log="")
    world.run()
    world.after(seconds=31)
    world.customer(2, Customer="DIBA", Log=link)
    world.run()
    world.after(minutes=1)
    assert_nothing_twice(world)
    assert len(world.notices()) == 1
    assert world.log().row(2)[log.START_NOTIFIED] != ""


def test_a_deployment_cancelled_while_the_ledger_was_lost_is_withdrawn_from_the_calendar(world: World) -> None:
    world.log().plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    world.log().write(2, {log.STATUS: "Cancelled"})
    world.lose_ledger()
    world.run()
    world.after(minutes=1)
    assert events(world) == [] or world.log().progress().startswith("Needs attention"), world.log().progress()
    assert world.log().progress() == "Cancelled"
    assert world.reports[-1].problems == []


def test_a_deployment_cancelled_after_the_ledger_was_lost_in_progress_is_withdrawn_and_told(world: World) -> None:
    started(world)
    world.lose_ledger()
    world.run()
    world.after(seconds=31)
    world.log().write(2, {log.STATUS: "Cancelled"})
    world.run()
    world.after(minutes=1)
    assert len(world.notices()) == 2
    assert events(world) == []


def test_a_cancellation_met_with_an_empty_ledger_is_not_silently_untold(world: World) -> None:
    started(world)
    world.log().write(2, {log.STATUS: "Cancelled"})
    world.lose_ledger()
    world.run()
    world.after(minutes=1)
    told = len(world.notices()) == 2 or world.log().progress().startswith("Needs attention")
    assert told, world.log().progress()


def test_a_rollback_after_the_end_mail_met_with_an_empty_ledger_is_told(world: World) -> None:
    """`End notified` tells of an end; only the mailbox says of which."""
    diba = world.log()
    started(world)
    diba.write(2, {log.STATUS: "Done", **TICKS})
    world.run()
    world.after(minutes=1)
    told = len(diba.history())
    assert diba.row(2)[log.END_NOTIFIED] != ""
    diba.write(2, {log.STATUS: "Rolled back"})
    world.lose_ledger()
    world.run()
    assert len(world.notices()) == 2, "the row was edited a moment ago"
    world.after(minutes=1)
    assert [str(mail[MARKER]).split(".")[1] for mail in world.notices()] == ["start", "end", "rolled-back"]
    assert len(diba.history()) == told + 1
    world.lose_ledger()
    world.run()
    world.after(minutes=1)
    assert len(world.notices()) == 3
    assert diba.progress().startswith("Rolled back")


@pytest.mark.parametrize("told", [False, True], ids=["while it settles", "after its mail"])
def test_a_row_that_says_cancelled_to_an_empty_ledger_is_told_so_once(world: World, told: bool) -> None:
    """It says so at once; the mail goes when the row was left alone."""
    started(world)
    world.log().write(2, {log.STATUS: "Cancelled"})
    world.run()
    world.after(seconds=60 if told else 10)
    assert world.log().progress() == "Cancelled"
    assert len(world.notices()) == 1 + told
    world.lose_ledger()
    world.run()
    world.after(minutes=1)
    assert [str(mail[MARKER]).split(".")[1] for mail in world.notices()] == ["start", "cancelled"]


@pytest.mark.parametrize("step", ["after the start mail", "with a draft"])
def test_what_only_the_mailbox_shows_is_taken_over(world: World, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """The disk is lost together with the process, before anything was written back."""
    world.log().plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY - timedelta(minutes=1))
    service, method, done = (
        ("sheets", "write", False) if step == "after the start mail" else ("gmail", "send_draft", False)
    )
    kill(world, monkeypatch, service, method, done)
    with pytest.raises(Killed):
        world.at(WEDNESDAY)
    monkeypatch.undo()
    assert world.log().row(2)[log.START_NOTIFIED] == ""
    world.lose_ledger()
    for seconds in (1, 31, 60, 120):
        world.after(seconds=seconds)
    assert len(world.notices()) == 1
    assert drafts(world) == []
    assert world.log().row(2)[log.START_NOTIFIED] != ""
    world.log().write(2, {log.STATUS: "Done", **TICKS})
    world.run()
    world.after(minutes=1)
    start, end = world.notices()
    assert end["In-Reply-To"] == start["Message-ID"]
    said = Counter(line["What happened"] for line in world.log().history())
    assert said["Enviado: correo de inicio (es)"] == 1


def test_a_start_moved_far_ahead_before_the_ledger_was_lost_sends_no_second_start_mail(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the mailbox shows the start mail, and by its cells the deployment is days away."""
    world.log().plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY - timedelta(minutes=1))
    kill(world, monkeypatch, "sheets", "write", done=False)
    with pytest.raises(Killed):
        world.at(WEDNESDAY)
    monkeypatch.undo()
    later = WEDNESDAY + timedelta(days=6)
    world.log().write(2, {log.START: serial_of(later, MADRID)})
    world.lose_ledger()
    world.run()
    world.after(minutes=1)
    world.at(later + timedelta(minutes=1))
    assert [str(mail[MARKER]).split(".")[1] for mail in world.notices()] == ["start"]


def test_a_second_delay_after_a_lost_ledger_is_told_as_any_other(world: World) -> None:
    started(world)
    later = WEDNESDAY + timedelta(minutes=25)
    world.at(later)
    assert len(world.notices()) == 2
    world.lose_ledger()
    world.run()
    world.after(minutes=1)
    for number, minutes in enumerate((30, 90)):
        world.log().write(2, {log.NEW_END: serial_of(WEDNESDAY + timedelta(minutes=minutes), MADRID)})
        world.run()
        world.at(WEDNESDAY + timedelta(minutes=minutes + 11))
        assert len(world.notices()) == 2 + number, world.log().progress()


def test_a_moved_start_and_a_lost_ledger_leave_the_mails_what_they_are(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY - timedelta(hours=1))
    world.run()
    world.after(minutes=1)
    diba.write(2, {log.START: serial_of(WEDNESDAY, MADRID)})
    world.run()
    world.at(WEDNESDAY)
    assert ".start.2.0." in str(world.notices()[0][MARKER])
    world.lose_ledger()
    world.run()
    world.at(WEDNESDAY + timedelta(minutes=40))
    assert [str(mail[MARKER]).split(".", 1)[1] for mail in world.notices()] == ["start.2.0.es", "delay.2.0.es"]


def test_numbers_go_on_after_a_lost_ledger_and_a_deleted_row(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    diba.plan(3, WEDNESDAY + timedelta(hours=2), **{log.COMPONENTS: "other 1"})
    world.run()
    world.after(seconds=31)
    row = {"sheetId": diba.tab, "dimension": "ROWS", "startIndex": 2, "endIndex": 3}
    diba.change({"deleteDimension": {"range": row}})
    world.lose_ledger()
    diba.plan(3, WEDNESDAY + timedelta(hours=3), **{log.COMPONENTS: "later 1"})
    world.run()
    world.after(minutes=1)
    assert [row[log.ID] for row in diba.rows()] == ["DIBA-0001", "DIBA-0003"]


# Killed at any point -------------------------------------------------------------------------------------------------

STEPS = [
    ("gmail", "create_draft"),
    ("gmail", "send_draft"),
    ("sheets", "write"),
]


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("service", "method"), STEPS, ids=[method for _, method in STEPS])
def test_killed_around_a_call_at_the_start_the_next_daemon_sends_once(
    world: World, monkeypatch: pytest.MonkeyPatch, service: str, method: str, done: bool
) -> None:
    world.log().plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY - timedelta(minutes=1))
    kill(world, monkeypatch, service, method, done)
    with pytest.raises(Killed):
        world.at(WEDNESDAY)
    monkeypatch.undo()
    world.restart()
    for seconds in (0, 6, 30, 60, 60, 60):
        world.after(seconds=seconds)
    assert len(world.notices()) == 1
    assert drafts(world) == []
    assert world.log().row(2)[log.START_NOTIFIED] != ""
    said = Counter(line["What happened"] for line in world.log().history())
    assert said == {"Invitación enviada": 1, "Enviado: correo de inicio (es)": 1}


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("service", "method"), [("calendar", "insert"), ("sheets", "write")], ids=["insert", "write"])
def test_killed_around_a_call_while_planning_the_next_daemon_invites_once(
    world: World, monkeypatch: pytest.MonkeyPatch, service: str, method: str, done: bool
) -> None:
    world.log().plan(2, WEDNESDAY)
    world.run()
    kill(world, monkeypatch, service, method, done)
    with pytest.raises(Killed):
        world.after(seconds=31)
    monkeypatch.undo()
    world.restart()
    for seconds in (0, 6, 30, 60):
        world.after(seconds=seconds)
    assert len(events(world)) == 1
    assert len(world.person(MANAGER).mails()) == 1
    assert world.log().progress() == "Scheduled"
    said = Counter(line["What happened"] for line in world.log().history())
    assert said == {"Invitación enviada": 1}


def die_at_commit(world: World, number: int) -> None:
    """Of the ledger; what it would have committed is lost with the process."""
    commits = iter(range(1, number + 1))

    def dying(connection: sa.Connection) -> None:
        if next(commits, number) == number:
            raise Killed

    sa.event.listen(world.ledger.engine, "commit", dying)


@pytest.mark.parametrize("number", range(1, 9))
def test_killed_at_any_commit_of_the_first_look_after_a_lost_ledger_the_next_daemon_nudges_nobody_again(
    world: World, number: int
) -> None:
    """Of the second generation the mailbox alone knows."""
    diba = world.log()
    diba.plan(2, WEDNESDAY + timedelta(hours=5))
    world.run()
    world.after(seconds=31)
    diba.write(2, {log.START: serial_of(WEDNESDAY, MADRID)})
    world.run()
    world.at(WEDNESDAY)
    world.at(WEDNESDAY + timedelta(minutes=6))
    before = [str(mail[MARKER]) for mail in world.person(STAFF).mails()]
    assert any(".nudge.2." in one for one in before)
    told = diba.history()
    world.lose_ledger()
    die_at_commit(world, number)
    with suppress(Killed):
        world.run()
    world.restart()
    world.run()
    world.after(minutes=1)
    assert [str(mail[MARKER]) for mail in world.person(STAFF).mails()] == before
    assert diba.history() == told


def kill(world: World, monkeypatch: pytest.MonkeyPatch, service: str, method: str, done: bool) -> None:
    adapter = getattr(world.google, service)
    call = getattr(adapter, method)

    def dying(*args: object, **more: object) -> object:
        if done:
            call(*args, **more)
        raise Killed

    monkeypatch.setattr(adapter, method, dying)


@pytest.mark.parametrize("fate", ["killed", "503", "cut"])
def test_an_event_that_fails_with_the_start_mail_of_a_row_planned_at_the_last_moment_is_made_good(
    world: World, monkeypatch: pytest.MonkeyPatch, fate: str
) -> None:
    world.now = WEDNESDAY - timedelta(seconds=10)
    world.log().plan(2, WEDNESDAY)
    world.run()
    if fate == "killed":
        kill(world, monkeypatch, "calendar", "insert", done=False)
        with pytest.raises(Killed):
            world.after(seconds=31)
        monkeypatch.undo()
        world.restart()
    else:
        world.fault("calendar.events.insert", "error" if fate == "503" else "drop")
        world.after(seconds=31)
    for seconds in (6, 30, 60):
        world.after(seconds=seconds)
    assert len(world.notices()) == 1
    assert len(events(world, MANAGER)) == 1
    world.log().write(2, {log.STATUS: "Done", **TICKS})
    world.run()
    world.after(minutes=1)
    [event] = events(world, MANAGER)
    assert datetime.fromisoformat(event["end"]["dateTime"]) < WEDNESDAY + timedelta(minutes=5)


# Time ----------------------------------------------------------------------------------------------------------------


def test_a_clock_set_back_by_hours_does_not_keep_a_start_mail_back(world: World) -> None:
    """The machine's clock was ahead when the row was typed, and was corrected before the start."""
    world.now = WEDNESDAY + timedelta(hours=2)
    diba = world.log()
    start = WEDNESDAY + timedelta(hours=1)
    diba.plan(2, start + timedelta(hours=2))
    world.run()
    world.after(seconds=31)
    world.now = WEDNESDAY
    diba.write(2, {log.START: serial_of(start, MADRID)})
    world.run()
    world.after(minutes=1)
    # And back once more, by less than the time to the start.
    world.now = WEDNESDAY - timedelta(hours=1)
    world.run()
    world.at(start)
    assert len(world.notices()) == 1


def test_a_row_left_alone_before_the_clock_was_set_back_is_still_left_alone(world: World) -> None:
    diba = world.log()
    world.now = WEDNESDAY + timedelta(hours=2)
    diba.plan(2, WEDNESDAY + timedelta(minutes=30))
    world.run()
    world.now = WEDNESDAY
    world.run()
    world.at(WEDNESDAY + timedelta(minutes=30))
    assert len(world.notices()) == 1, diba.progress()


def test_a_first_pass_longer_than_late_after_sends_what_became_due_meanwhile(world: World) -> None:
    """As with a thousand logs at the first pass after a start: 17 minutes by Google's quota."""
    world.log().plan(2, WEDNESDAY)
    for number in range(4, 9):
        world.customer(number, Customer=f"C{number}")
    world.run()
    world.after(minutes=2)
    began = world.now = WEDNESDAY - timedelta(minutes=7)
    world.restart()
    assert world.reconciler is not None

    def clock():
        world.now += timedelta(seconds=45)
        return world.now

    world.reconciler.run_pass(clock)
    # As the scheduler does: what became due during the pass is done at once after it.
    while (due := world.reconciler.next_due(began)) is not None and due <= world.now:
        began = world.now
        world.run(whole=False)
    assert world.log().row(2)[log.START_NOTIFIED] != "", world.log().progress()


@pytest.mark.parametrize("closing", [False, True], ids=["start", "end"])
def test_what_becomes_due_between_reading_a_log_and_writing_it_back_goes_at_the_next_tick_not_at_the_next_poll(
    world: World, monkeypatch: pytest.MonkeyPatch, closing: bool
) -> None:
    due = WEDNESDAY
    if closing:
        started(world)
        due += timedelta(minutes=1, seconds=30)
        world.now = due - timedelta(seconds=30)
        world.log().write(2, {log.STATUS: "Done", **TICKS})
    else:
        world.log().plan(2, due)
        world.run()
        world.now = due - timedelta(hours=1)
    world.run()
    world.now = began = due - timedelta(milliseconds=200)
    diba = world.log()

    def slow(read: Callable[[str, list[str]], object]) -> Callable[[str, list[str]], object]:
        def slow_reading(file_id: str, tabs: list[str]) -> object:
            answer = read(file_id, tabs)
            if file_id == diba.file_id:
                world.now = due + timedelta(milliseconds=300)
            return answer

        return slow_reading

    sheets = world.google.sheets
    monkeypatch.setattr(sheets, "read", slow(sheets.read))
    monkeypatch.setattr(sheets, "read_with_zone", slow(sheets.read_with_zone))
    before = diba.progress(), len(world.notices())
    world.run()
    assert (diba.progress(), len(world.notices())) == before
    next_due = world.reconciler.next_due(began)  # type: ignore[union-attr]
    assert next_due is not None
    assert next_due <= world.now
    world.run(whole=False)
    assert len(world.notices()) == before[1] + 1, diba.progress()


def test_on_the_autumn_night_each_mail_goes_once(world: World) -> None:
    """25 October 2026: 03:00 becomes 02:00. A local time that comes twice is the first of the two."""
    world.now = datetime(2026, 10, 24, 8, 0, tzinfo=UTC)
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    diba = world.log()
    diba.plan(2, first, **{log.OVERRIDE: "Ana: agreed"})
    world.run()
    world.at(first + timedelta(minutes=5))
    assert len(world.notices()) == 1
    world.at(first + timedelta(minutes=70))
    assert len(world.notices()) == 2  # start and, after 25 minutes, delay
    assert_nothing_twice(world)
    diba.write(2, {log.STATUS: "Done", **TICKS})
    world.run()
    world.after(minutes=1)
    assert len(world.notices()) == 3


def test_a_start_is_meant_in_the_spreadsheets_own_zone_wherever_the_customer_is(world: World) -> None:
    """Organization in Madrid, spreadsheet in the Canaries, customer in Bogota: one instant."""
    diba = world.log()
    zone = {"updateSpreadsheetProperties": {"properties": {"timeZone": "Atlantic/Canary"}, "fields": "timeZone"}}
    diba.change(zone)
    world.customer(2, **{"Time zone": "America/Bogota", "Holidays": "CO"})
    diba.plan(2, WEDNESDAY, **{log.START: serial_of(WEDNESDAY, ZoneInfo("Atlantic/Canary"))})
    world.run()
    world.at(WEDNESDAY - timedelta(seconds=1))
    [event] = events(world)
    assert datetime.fromisoformat(event["start"]["dateTime"]) == WEDNESDAY
    assert world.notices() == []
    world.at(WEDNESDAY)
    assert len(world.notices()) == 1
    assert diba.row(2)[log.START_NOTIFIED] == pytest.approx(serial_of(WEDNESDAY, ZoneInfo("Atlantic/Canary")), abs=1e-5)


# Rounds and generations ----------------------------------------------------------------------------------------------


@pytest.fixture
def reminding(tmp_path: Path, new_store: NewStore):
    with served_world(tmp_path, "notify: {reminders: [1h]}\n", new_store(tmp_path)) as made:
        made.init()
        yield made


def cancelled_after_a_reminder(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY - timedelta(minutes=50))
    assert len(world.notices()) == 1
    diba.write(2, {log.STATUS: "Cancelled"})
    world.run()
    world.after(minutes=1)
    assert len(world.notices()) == 2


def test_planned_again_after_a_cancellation_and_cancelled_again_tells_of_both(reminding: World) -> None:
    world = reminding
    cancelled_after_a_reminder(world)
    diba = world.log()
    diba.write(2, {log.STATUS: "Planned"})
    world.run()
    world.at(WEDNESDAY + timedelta(minutes=1))
    assert len(world.notices()) == 3
    diba.write(2, {log.STATUS: "Cancelled"})
    world.run()
    world.after(minutes=1)
    told = len(world.notices()) == 4 or diba.progress().startswith("Needs attention")
    assert told, diba.progress()


def test_planned_anew_after_a_cancellation_and_started_runs_like_any_other(reminding: World) -> None:
    world = reminding
    cancelled_after_a_reminder(world)
    diba = world.log()
    later = WEDNESDAY + timedelta(hours=3)
    diba.write(2, {log.STATUS: "Planned", log.START: serial_of(later, MADRID)})
    world.run()
    world.at(later + timedelta(minutes=1))
    assert diba.progress().startswith("In progress"), diba.progress()


def test_delayed_before_the_start_and_a_new_start_send_one_delay_mail(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY - timedelta(minutes=20))
    diba.write(2, {log.STATUS: "Delayed"})
    world.run()
    world.after(minutes=1)
    assert len(world.notices()) == 1
    diba.write(2, {log.START: serial_of(WEDNESDAY + timedelta(hours=1), MADRID)})
    world.run()
    world.after(minutes=1)
    assert len(world.notices()) == 1


def test_the_end_mail_waits_for_a_start_mail_whose_answer_was_lost_and_joins_its_thread(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY - timedelta(minutes=1))
    world.fault("gmail.users.drafts.send", "drop")
    world.now = WEDNESDAY
    world.run()
    diba.write(2, {log.STATUS: "Done", **TICKS})
    world.fault("gmail.users.drafts.get", "error", status=503, times=4)
    world.after(seconds=6)
    world.after(seconds=35)
    for _ in range(3):
        world.after(minutes=1)
    start, end = world.notices()
    assert end["In-Reply-To"] == start["Message-ID"]


def reminded_moved_and_lost(world: World) -> datetime:
    """Reminded an hour before, moved by two weeks, the ledger lost three days later; gives the new start."""
    diba, later = world.log(), WEDNESDAY + timedelta(days=14)
    diba.plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY - timedelta(minutes=50))
    assert len(world.notices()) == 1
    diba.write(2, {log.START: serial_of(later, MADRID)})
    world.run()
    world.after(days=3)
    world.lose_ledger()
    world.run()
    world.after(minutes=1)
    return later


def test_a_reminder_is_taken_back_though_the_row_was_moved_and_the_ledger_lost_days_later(reminding: World) -> None:
    reminded_moved_and_lost(reminding)
    reminding.log().write(2, {log.STATUS: "Cancelled"})
    reminding.run()
    reminding.after(minutes=1)
    kinds = [str(mail[MARKER]).split(".")[1] for mail in reminding.notices()]
    assert kinds == ["reminder", "cancelled"], reminding.log().progress()


def test_a_reminder_of_an_earlier_start_found_by_a_new_ledger_keeps_none_of_the_later_start_back(
    reminding: World,
) -> None:
    later = reminded_moved_and_lost(reminding)
    reminding.at(later - timedelta(minutes=30))
    reminding.lose_ledger()
    reminding.run()
    reminding.at(later + timedelta(minutes=1))
    told = [str(mail[MARKER]).split(".", 1)[1] for mail in reminding.notices()]
    assert told == ["reminder.1.60.es", "reminder.2.60.es", "start.2.0.es"]


def test_a_new_ledger_takes_a_new_start_for_no_second_delay_of_a_row_that_says_delayed(reminding: World) -> None:
    world, diba, later = reminding, reminding.log(), WEDNESDAY + timedelta(days=14)
    diba.plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY - timedelta(minutes=20))
    diba.write(2, {log.STATUS: "Delayed"})
    world.run()
    world.after(minutes=1)
    diba.write(2, {log.START: serial_of(later, MADRID)})
    world.run()
    world.after(minutes=1)
    world.lose_ledger()
    world.run()
    world.after(minutes=1)
    assert [str(mail[MARKER]).split(".")[1] for mail in world.notices()] == ["reminder", "delay"]


def test_what_people_told_by_hand_before_the_daemon_came_counts_as_told(world: World) -> None:
    """As the how-to for moving says: its rows have no ID yet, and `Start notified` is filled in."""
    staff = world.person(STAFF)
    template = staff.file_named("TEMPLATE - Deployment log")
    copy = {"name": "NEWCO - Deployment log"}
    made = staff.call("POST", f"/drive/v3/files/{template['id']}/copy", copy, supportsAllDrives="true")
    began = world.now
    told = {
        log.STATUS: "Started",
        log.DURATION: 60,
        log.START_NOTIFIED: serial_of(began - timedelta(minutes=3), world.config.organization.time_zone),
    }
    newco = Log(staff, made["id"])
    newco.plan(2, began - timedelta(minutes=3), **told)
    newco.plan(3, began - timedelta(minutes=15), **{**told, log.COMPONENTS: "another 2"})
    newco.plan(4, began + timedelta(minutes=3), **{**told, log.STATUS: "Planned", log.COMPONENTS: "another 3"})
    world.contact(6, Customer="NEWCO", Party="Customer manager", E_mail="boss@newco.example")
    world.customer(4, Customer="NEWCO", **{"Operated by": "Us"})
    world.run()
    world.after(minutes=5)
    assert [newco.row(number)[log.ID] for number in (2, 3, 4)] == ["NEWCO-0001", "NEWCO-0002", "NEWCO-0003"]
    assert all(newco.row(number)[log.START_NOTIFIED] for number in (2, 3, 4))
    assert all(newco.progress(number).startswith("In progress") for number in (2, 3, 4))
    newco.write(2, {log.STATUS: "Done", **TICKS})
    world.run()
    world.after(minutes=1)
    [mail] = world.notices("boss@newco.example")
    assert "end" in str(mail[MARKER])

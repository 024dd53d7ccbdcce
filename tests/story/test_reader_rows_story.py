"""What goes on in a sheet while the daemon is in the middle of something, and what it must not keep to itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from world import DAEMON, MADRID, STAFF, TICKS, WEDNESDAY, World, served_world

from deploylog import deployment_log as log
from deploylog import registry
from deploylog.cells import serial_of
from deploylog.errors import InDoubt, NotCarriedOut
from stores import NewStore

BOSS = "boss@diba.example"
LONG = 10**6
"""Times a fault is met: until the story is over."""


def text(mail) -> str:
    return mail.get_body(("plain",)).get_content()


def two_languages(world: World) -> None:
    world.contact(6, Customer="DIBA", Party="Customer manager", E_mail=BOSS, Language="en")


def scheduled(world: World, count: int = 1) -> None:
    for number in range(count):
        start = WEDNESDAY + timedelta(hours=number)
        world.log().plan(2 + number, start, **{log.COMPONENTS: f"part-{number} 1.{number}"})
    world.run()
    world.after(seconds=31)


def events(world: World) -> list:
    return world.person(DAEMON).call("GET", "/calendar/v3/calendars/primary/events").get("items", [])


def drafts(world: World) -> list:
    return world.person(DAEMON).call("GET", "/gmail/v1/users/me/drafts").get("drafts", [])


def said(world: World) -> str:
    """Everything the last day's passes told the operator, and the row its readers."""
    told = [one for report in world.reports[-5:] for one in (*report.problems, *report.needs_attention)]
    row = world.log().row(2)
    state = world.person(STAFF).rows(world.registry_id, registry.CUSTOMERS)[0]["State"]
    return " | ".join([*told, str(row[log.PROGRESS]), str(state)])


def hanging(
    world: World, monkeypatch: pytest.MonkeyPatch, service: str, method: str, act: Callable[[], object]
) -> None:
    """The next call of `method` fails for now; while it does, `act` happens and time goes by, as with a time-out."""
    adapter = getattr(world.google, service)
    monkeypatch.setattr(adapter, method, _once(world, adapter, method, act))


def _once(world: World, adapter: object, method: str, act: Callable[[], object]) -> Callable[..., object]:
    call, waiting = getattr(adapter, method), [True]

    def hang(*args: object, **more: object) -> object:
        if waiting:
            waiting.clear()
            act()
            raise InDoubt(f"{method} was not answered in time")
        return call(*args, **more)

    return hang


# One row must not stop the others ------------------------------------------------------------------------------------


def test_a_start_cleared_in_a_closed_row_keeps_no_other_row_from_its_mails(world: World) -> None:
    diba = world.log()
    scheduled(world, 2)
    world.at(WEDNESDAY)
    diba.write(2, {log.STATUS: "Done", **TICKS})
    world.run()
    world.after(minutes=1)
    assert len(world.notices()) == 2
    diba.write(2, {log.START: ""})
    world.run()
    report = world.at(WEDNESDAY + timedelta(hours=1))
    assert len(world.notices()) == 3, report.problems
    assert diba.progress(3).startswith("In progress")


def test_an_unreadable_duration_in_a_closed_row_keeps_no_other_row_from_its_mails(world: World) -> None:
    diba = world.log()
    scheduled(world, 2)
    world.at(WEDNESDAY)
    diba.write(2, {log.STATUS: "Done", **TICKS})
    world.run()
    world.after(minutes=1)
    diba.write(2, {log.DURATION: "about 20"})
    world.run()
    report = world.at(WEDNESDAY + timedelta(hours=1))
    assert len(world.notices()) == 3, report.problems


# The sheet moves between read and write ------------------------------------------------------------------------------


def test_a_column_moved_while_a_call_hangs_costs_staff_no_cell(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A draft that is not answered for 30 s is no outcome; the columns may have moved all the same."""
    diba = world.log()
    scheduled(world)
    world.at(WEDNESDAY - timedelta(minutes=1))
    staff = {column: diba.row(2)[column] for column in log.STAFF_COLUMNS}

    def move_a_column() -> None:
        """Environment, from behind Next action to before Progress."""
        source = {"sheetId": diba.tab, "dimension": "COLUMNS", "startIndex": 4, "endIndex": 5}
        diba.change({"moveDimension": {"source": source, "destinationIndex": 2}})

    hanging(world, monkeypatch, "gmail", "create_draft", move_a_column)
    world.at(WEDNESDAY)
    world.after(minutes=1)
    assert {column: diba.row(2)[column] for column in log.STAFF_COLUMNS} == staff


def test_rows_sorted_while_a_call_hangs_show_their_own_words_after_the_next_pass(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    diba = world.log()
    scheduled(world, 3)
    world.at(WEDNESDAY - timedelta(minutes=1))
    ids = {row[log.COMPONENTS]: row[log.ID] for row in diba.rows()}

    def sort() -> None:
        place = {
            "sheetId": diba.tab,
            "startRowIndex": 1,
            "endRowIndex": 10,
            "startColumnIndex": 0,
            "endColumnIndex": len(log.COLUMNS),
        }
        specs = [{"dimensionIndex": log.COLUMNS.index(log.START), "sortOrder": "DESCENDING"}]
        diba.change({"sortRange": {"range": place, "sortSpecs": specs}})

    hanging(world, monkeypatch, "gmail", "create_draft", sort)
    world.at(WEDNESDAY)
    for seconds in (15, 15, 15):
        world.after(seconds=seconds)
    assert {row[log.COMPONENTS]: row[log.ID] for row in diba.rows()} == ids
    assert diba.progress(4).startswith("In progress")
    assert diba.progress(2) == "Scheduled"
    assert len(world.notices()) == 1


def test_a_row_cancelled_while_the_row_above_hangs_gets_no_start_mail(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    diba = world.log()
    for row in (2, 3):
        diba.plan(row, WEDNESDAY, **{log.COMPONENTS: f"part-{row} 1", log.TICKETS: f"ES-000000{row} x"})
    world.run()
    world.at(WEDNESDAY - timedelta(minutes=1))
    send = world.google.gmail.send_draft

    def slow(draft: str) -> object:
        diba.write(3, {log.STATUS: "Cancelled"})
        world.now += timedelta(seconds=29)
        return send(draft)

    monkeypatch.setattr(world.google.gmail, "send_draft", slow)
    world.at(WEDNESDAY)
    world.after(minutes=2)
    assert len(world.notices()) == 1


# Told, or not told ---------------------------------------------------------------------------------------------------


def test_an_end_mail_that_cannot_leave_for_a_day_is_told_of(world: World) -> None:
    diba = world.log()
    scheduled(world)
    world.at(WEDNESDAY)
    world.fault("gmail.users.drafts.create", "error", status=403, times=LONG)
    diba.write(2, {log.STATUS: "Done", **TICKS})
    world.run()
    for hours in (0.01, 1, 1, 10, 12):
        world.jump(world.now + timedelta(hours=hours))
    assert len(world.notices()) == 1
    assert "Gmail" in said(world) or "Needs attention" in said(world), said(world)


def test_an_invitation_that_cannot_leave_for_a_day_is_told_of(world: World) -> None:
    world.fault("calendar.events.insert", "error", status=403, times=LONG)
    world.log().plan(2, WEDNESDAY + timedelta(days=1))
    world.run()
    for hours in (0.01, 1, 1, 10):
        world.jump(world.now + timedelta(hours=hours))
    assert events(world) == []
    assert "Calendar" in said(world) or "Needs attention" in said(world), said(world)


def test_a_start_mail_that_went_in_one_language_only_is_told_of(world: World) -> None:
    two_languages(world)
    scheduled(world)
    world.at(WEDNESDAY - timedelta(minutes=1))
    world.fault("gmail.users.drafts.create", "error", status=429)
    world.at(WEDNESDAY)
    world.fault("gmail.users.drafts.create", "error", status=429, times=LONG)
    one_language = len(world.notices()) + len(world.notices(BOSS))
    assert one_language == 1
    world.at(WEDNESDAY + timedelta(minutes=12))
    world.after(minutes=1)
    assert len(world.notices()) + len(world.notices(BOSS)) == 1
    assert "start mail" in said(world) or "Needs attention" in said(world), said(world)


def test_an_invitation_whose_answer_was_lost_is_withdrawn_when_the_row_is_cancelled_at_once(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.fault("calendar.events.insert", "drop")
    world.now += timedelta(seconds=31)
    world.run()
    diba.write(2, {log.STATUS: "Cancelled"})
    world.now += timedelta(seconds=2)
    world.run()
    world.after(minutes=1)
    world.after(minutes=1)
    assert events(world) == [], diba.progress()


def test_an_invitation_whose_answer_was_lost_is_spoken_of_when_the_row_goes_back_to_draft(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.fault("calendar.events.insert", "drop")
    world.now += timedelta(seconds=31)
    world.run()
    diba.write(2, {log.STATUS: "Draft"})
    world.now += timedelta(seconds=2)
    world.run()
    world.after(minutes=1)
    assert events(world) == [] or diba.progress() != "Draft", diba.progress()


def test_a_rule_set_aside_is_noted_in_history_once(world: World) -> None:
    """Override stands in the row already when a freeze makes it count: the event need not change."""
    diba = world.log()
    diba.plan(2, WEDNESDAY, **{log.OVERRIDE: "Ana: agreed with the customer"})
    world.run()
    world.after(seconds=31)
    freeze = {"Customer": "DIBA", "From": "2026-12-09", "To": "2026-12-09", "Reason": "Elections"}
    world.person(STAFF).type(world.registry_id, registry.FREEZES, registry.FREEZE_COLUMNS, 2, freeze)
    for _ in range(4):
        diba.write(2, {"Maintenance on": True})
        world.after(seconds=15)
        diba.write(2, {"Maintenance on": False})
        world.after(seconds=15)
    lines = [line for line in diba.history() if "no se cumplía una regla" in str(line["What happened"])]
    assert len(lines) == 1, len(lines)


def test_a_rule_set_aside_is_noted_once_while_the_calendar_is_away(world: World) -> None:
    diba = world.log()
    world.fault("calendar.events.insert", "error", status=503, times=3)
    diba.plan(2, WEDNESDAY + timedelta(days=2), **{log.OVERRIDE: "Ana: agreed"})
    world.run()
    for seconds in (31, 15, 15, 30, 60):
        world.after(seconds=seconds)
    lines = [line for line in diba.history() if "no se cumplía una regla" in str(line["What happened"])]
    assert len(lines) == 1, len(lines)


# Two logs, one responsible -------------------------------------------------------------------------------------------


@pytest.fixture
def strict(tmp_path: Path, new_store: NewStore) -> Iterator[World]:
    with served_world(tmp_path, "rules: {overlap: block}\n", new_store(tmp_path)) as made:
        made.init()
        yield made


def test_a_pasted_copy_does_not_stop_the_start_mail_of_its_original(strict: World) -> None:
    world = strict
    diba = world.log()
    scheduled(world)

    def row(number: int) -> dict:
        return {"sheetId": diba.tab, "startRowIndex": number - 1, "endRowIndex": number}

    diba.change({"copyPaste": {"source": row(2), "destination": row(3), "pasteType": "PASTE_NORMAL"}})
    world.after(seconds=1)
    world.after(minutes=1)
    world.at(WEDNESDAY + timedelta(minutes=1))
    assert len(world.notices()) == 1, diba.progress(2)


def test_a_service_that_refuses_one_log_does_not_keep_the_other_customers_mails_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.log("DIBA").plan(2, WEDNESDAY)
    world.log("ACME").plan(2, WEDNESDAY, **{log.START: serial_of(WEDNESDAY, MADRID)})
    world.run()
    world.at(WEDNESDAY - timedelta(minutes=1))
    read, acme = world.google.sheets.read, world.log("ACME").file_id

    def refusing(file_id: str, tabs: list[str]) -> object:
        if file_id == acme:
            raise NotCarriedOut("sheets: no")
        return read(file_id, tabs)

    monkeypatch.setattr(world.google.sheets, "read", refusing)
    report = world.at(WEDNESDAY)
    assert len(world.notices()) == 1
    assert any("ACME" in one for one in report.problems)
    monkeypatch.undo()
    world.after(minutes=1)
    assert len(world.notices("manager@acme.example")) == 1


def test_rows_that_move_in_a_log_nobody_registered_are_no_fault(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log the ledger never saw: a copy made by hand, or a registry row yet to be typed."""
    diba = world.log()
    world.customer(2, Customer="SOMEBODY ELSE", Log="", Pause=True)
    world.lose_ledger()
    read, seen = world.google.sheets.read, []

    def moving(file_id: str, tabs: list[str]) -> object:
        if file_id == diba.file_id:
            seen.append(file_id)
            if len(seen) == 2:
                diba.write(2, {log.COMMENT: "typed on"})
        return read(file_id, tabs)

    diba.plan(2, WEDNESDAY)
    monkeypatch.setattr(world.google.sheets, "read", moving)
    report = world.run()
    assert not any("fault in the program" in one for one in report.problems), report.problems

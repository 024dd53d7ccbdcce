"""A log in the place of another: staff copied it and threw the first one away, or pasted its rows into a new one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from world import DAEMON, MADRID, MANAGER, STAFF, TICKS, WEDNESDAY, Log, World

from deploylog import deployment_log as log
from deploylog.cells import serial_of
from deploylog.demo import CONTACTS
from deploylog.google.calendar import event_id
from deploylog.ledger import Ledger
from deploylog.mime import MARKER

SOON = timedelta(seconds=40)
EVENTS = "/calendar/v3/calendars/primary/events"
NAME = "DIBA - Deployment log"


@pytest.fixture
def first(world: World) -> Log:
    """DIBA's log, with a row whose guests are invited."""
    made = world.log()
    made.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    return made


def copied(world: World, first: Log) -> Log:
    """The first is copied by hand, and goes to the trash."""
    second = world.copied_by_hand(first.file_id, NAME)
    world.changed_file(first.file_id, trashed=True)
    return second


def pasted(world: World, first: Log) -> Log:
    """The first goes to the trash; its row is pasted into a new one."""
    row = first.row(2)
    second = fresh(world, first)
    second.write(2, row)
    return second


def fresh(world: World, first: Log) -> Log:
    """The first goes to the trash; a copy of TEMPLATE takes its place."""
    world.changed_file(first.file_id, trashed=True)
    template = first.staff.file_named("TEMPLATE - Deployment log")
    assert template is not None
    second = world.copied_by_hand(template["id"], NAME)
    settled(world)
    return second


def settled(world: World) -> None:
    for _ in range(3):
        world.now += SOON
        world.run()


def events(world: World) -> list[dict[str, object]]:
    found: list[dict[str, object]] = world.person(MANAGER).call("GET", EVENTS)["items"]
    return found


def told(world: World) -> list[str]:
    """The kinds of the mails the manager has, in their order."""
    return [str(mail[MARKER]).split(".")[1] for mail in world.notices()]


@pytest.mark.parametrize("replaced", [copied, pasted])
def test_what_was_announced_from_the_log_before_is_neither_invited_nor_told_again(
    world: World, first: Log, replaced
) -> None:
    invitations = len(world.person(MANAGER).mails("in:anywhere"))
    second = replaced(world, first)
    settled(world)
    assert second.row(2)[log.ID] == "DIBA-0001"
    assert second.progress() == "Scheduled"
    assert len(world.person(MANAGER).mails("in:anywhere")) == invitations
    world.at(WEDNESDAY + timedelta(minutes=10))
    second.write(2, {log.STATUS: "Done", **TICKS})
    settled(world)
    assert told(world) == ["start", "end"]
    assert len(events(world)) == 1


def test_rows_pasted_after_a_new_one_was_written_are_who_they_were(world: World, first: Log) -> None:
    """The new log does not give its first row the number that stands in what is pasted below."""
    row = first.row(2)
    second = fresh(world, first)
    second.plan(2, WEDNESDAY + timedelta(days=1), Components="another 4")
    settled(world)
    second.write(3, row)
    settled(world)
    assert [one[log.ID] for one in second.rows()] == ["DIBA-0002", "DIBA-0001"]
    assert len(events(world)) == 2


def test_what_is_pasted_while_another_row_is_taken_over_is_taken_over_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.log()
    for number in (2, 3):
        first.plan(number, WEDNESDAY + timedelta(days=number - 2), Components=f"part {number}")
    world.run()
    world.after(seconds=31)
    rows = [first.row(2), first.row(3)]
    second = fresh(world, first)
    second.write(2, rows[0])
    move = Ledger.move

    def move_slowly(ledger: Ledger, *arguments: str) -> None:
        move(ledger, *arguments)
        second.write(3, rows[1])

    monkeypatch.setattr(Ledger, "move", move_slowly)
    settled(world)
    assert [one[log.ID] for one in second.rows()] == ["DIBA-0001", "DIBA-0002"]
    assert len(events(world)) == 2


def test_a_new_work_made_from_a_row_of_the_log_before_is_a_new_one(world: World, first: Log) -> None:
    later = WEDNESDAY + timedelta(days=1)
    row = {**first.row(2), log.START: serial_of(later, MADRID)}
    second = fresh(world, first)
    second.write(2, row)
    settled(world)
    assert second.row(2)[log.ID] == "DIBA-0002"


def test_a_log_that_comes_back_before_its_copy_was_taken_up_keeps_its_rows(world: World, first: Log) -> None:
    """The daemon ended between the move of a deployment and the first look that would have kept the copy."""
    world.ledger.move(first.file_id, "DIBA-0001", event_id(first.file_id, "DIBA-0001"), "the copy")
    settled(world)
    assert first.row(2)[log.ID] == "DIBA-0001"
    assert first.progress() == "Scheduled"
    assert len(events(world)) == 1


def test_a_guest_who_declines_after_the_log_was_replaced_is_heard(world: World, first: Log) -> None:
    second = copied(world, first)
    settled(world)
    invitations = len(world.person(MANAGER).mails("in:anywhere"))
    manager = world.person(MANAGER)
    [event] = manager.call("GET", EVENTS)["items"]
    for guest in event["attendees"]:
        if guest["email"] == MANAGER:
            guest["responseStatus"] = "declined"
    manager.call("PATCH", f"{EVENTS}/{event['id']}", {"attendees": event["attendees"]}, sendUpdates="all")
    world.after(minutes=20)
    assert second.row(2)[log.REPLIES] == "1 no"
    assert len(world.notices(STAFF)) == 1
    assert len(manager.mails("in:anywhere")) == invitations


def test_a_log_replaced_as_its_customer_is_renamed_goes_on(world: World, first: Log) -> None:
    second = world.copied_by_hand(first.file_id, "Diputació - Deployment log")
    world.changed_file(first.file_id, trashed=True)
    world.customer(2, Customer="Diputació")
    for number, contact in enumerate(CONTACTS, start=2):
        if contact["Customer"] == "DIBA":
            world.contact(number, Customer="Diputació")
    settled(world)
    assert second.row(2)[log.ID] == "DIBA-0001"
    assert len(events(world)) == 1


def test_a_change_in_the_log_that_took_the_place_of_the_first_moves_the_one_event(world: World, first: Log) -> None:
    second = copied(world, first)
    settled(world)
    later = WEDNESDAY + timedelta(days=1)
    second.write(2, {log.START: serial_of(later, MADRID)})
    settled(world)
    [event] = events(world)
    assert str(event["start"]["dateTime"]).startswith("2026-12-10")  # type: ignore[index]
    second.write(2, {log.STATUS: "Cancelled"})
    settled(world)
    assert [one for one in events(world) if one["status"] != "cancelled"] == []


def test_a_deployment_goes_on_in_the_log_that_took_the_place_of_its_own(world: World, first: Log) -> None:
    world.at(WEDNESDAY + timedelta(minutes=1))
    second = copied(world, first)
    settled(world)
    second.write(2, {log.STATUS: "Done", **TICKS})
    settled(world)
    assert told(world) == ["start", "end"]
    assert len(events(world)) == 1


def test_a_mail_of_the_log_before_that_may_be_out_is_waited_for(world: World, first: Log) -> None:
    world.at(WEDNESDAY - timedelta(seconds=5))
    world.fault("gmail.users.drafts.send", "drop")
    world.at(WEDNESDAY)
    second = copied(world, first)
    world.now += timedelta(seconds=1)
    report = world.run()
    assert any("earlier log of this customer" in problem for problem in report.problems)
    world.after(minutes=5)
    settled(world)
    assert second.progress().startswith("In progress")
    assert told(world) == ["start"]


def test_a_draft_of_the_log_before_is_taken_back_and_the_mail_goes_once(world: World, first: Log) -> None:
    world.at(WEDNESDAY - timedelta(seconds=5))
    world.fault("gmail.users.drafts.send", "error", status=429)
    world.at(WEDNESDAY)
    copied(world, first)
    settled(world)
    world.after(minutes=5)
    assert told(world) == ["start"]
    assert not world.person(DAEMON).call("GET", "/gmail/v1/users/me/drafts").get("drafts")


def test_the_first_log_comes_back_with_what_was_done_meanwhile(world: World, first: Log) -> None:
    second = copied(world, first)
    settled(world)
    world.at(WEDNESDAY + timedelta(minutes=1))
    assert told(world) == ["start"]
    world.changed_file(second.file_id, trashed=True)
    world.changed_file(first.file_id, trashed=False)
    settled(world)
    first.write(2, {log.STATUS: "Done", **TICKS})
    settled(world)
    assert told(world) == ["start", "end"]
    assert len(events(world)) == 1


def test_a_log_of_another_customer_takes_nothing_over(world: World, first: Log) -> None:
    row = first.row(2)
    world.changed_file(first.file_id, trashed=True)
    acme = world.log("ACME")
    acme.write(2, row)
    settled(world)
    assert acme.row(2)[log.ID] == "ACME-0001"
    guests = [{guest["email"] for guest in one["attendees"]} for one in events(world)]  # type: ignore[index, attr-defined]
    assert all("manager@acme.example" not in some for some in guests)

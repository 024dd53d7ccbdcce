"""Dates over time: vacations, freezes and regions that change later, answers of guests, overrides, a restart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from world import DAEMON, MANAGER, STAFF, WEDNESDAY, World, served_world

from deploylog import deployment_log as log
from deploylog import registry
from stores import NewStore

VACATIONS = "vacations@soffid.example"
EVENTS = "/calendar/v3/calendars/primary/events"
EVE = "Date not allowed: Wed 9 Dec is the day before the start of a vacation"


@pytest.fixture
def with_calendar(tmp_path: Path, new_store: NewStore) -> Iterator[World]:
    with served_world(tmp_path, f"calendar: {{vacations: [{VACATIONS}]}}\n", store=new_store(tmp_path)) as made:
        made.init()
        yield made


def scheduled(world: World, **more: object) -> None:
    world.log().plan(2, WEDNESDAY, **more)
    world.run()
    world.after(seconds=31)


def away(world: World, who: str, first: str, after: str, **more: Any) -> str:
    body = {"summary": "Operation of Ana Puig", "start": {"date": first}, "end": {"date": after}, **more}
    return str(world.person(who).call("POST", EVENTS, body)["id"])


def words_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def standing(world: World) -> list[str]:
    return [one["status"] for one in world.person(DAEMON).call("GET", EVENTS)["items"]]


def state(world: World, customer: str = "DIBA") -> str:
    rows = world.person(STAFF).rows(world.registry_id, registry.CUSTOMERS)
    return next(str(row["State"]) for row in rows if row.get("Customer") == customer)


def test_a_vacation_entered_later_rejudges_what_is_scheduled_and_is_told_once(with_calendar: World) -> None:
    world = with_calendar
    scheduled(world)
    diba = world.log()
    assert diba.progress() == "Scheduled"

    vacation = away(world, VACATIONS, "2026-12-03", "2026-12-04", recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"])
    world.after(minutes=6)
    assert diba.progress().startswith(EVE)
    assert "the invitation sent before still stands" in diba.progress()
    assert " Free: " in diba.progress()
    assert standing(world) == ["confirmed"]
    world.after(minutes=10)
    [mail] = world.notices(STAFF)
    assert "- Wed 9 Dec is the day before the start of a vacation." in words_of(mail)
    world.restart()
    world.after(hours=5)
    world.after(hours=10)
    assert len(world.notices(STAFF)) == 1
    everything = f"{diba.rows()} {diba.history()} {words_of(mail)} {world.person(DAEMON).call('GET', EVENTS)}"
    assert "Ana Puig" not in everything
    assert "Operation" not in everything

    world.person(VACATIONS).call("DELETE", f"{EVENTS}/{vacation}")
    world.after(minutes=6)
    assert diba.progress() == "Scheduled"
    world.at(WEDNESDAY + timedelta(minutes=1))
    assert diba.progress().startswith("In progress")
    assert len(world.notices()) == 1


def test_a_freeze_entered_later_rejudges_and_its_reason_stays_with_the_customer(world: World) -> None:
    scheduled(world)
    freeze = {"Customer": "*", "From": "2026-12-09", "To": "2026-12-11", "Reason": "merger of ACME"}
    world.person(STAFF).type(world.registry_id, registry.FREEZES, registry.FREEZE_COLUMNS, 2, freeze)
    world.after(minutes=15)
    assert world.log().progress().startswith("Date not allowed: Wed 9 Dec lies in a period without deployments;")
    world.after(minutes=15)
    assert len(world.notices(STAFF)) == 1
    assert standing(world) == ["confirmed"]


def test_a_freeze_over_a_date_that_was_overridden_for_another_reason_is_told_once(world: World) -> None:
    friday = WEDNESDAY + timedelta(days=2)
    diba = world.log()
    diba.plan(2, friday, **{log.OVERRIDE: "Ana: the customer asks for it"})
    world.run()
    world.after(seconds=31)
    freeze = {"Customer": "DIBA", "From": "2026-12-11", "To": "2026-12-13", "Reason": "audit"}
    world.person(STAFF).type(world.registry_id, registry.FREEZES, registry.FREEZE_COLUMNS, 2, freeze)
    world.after(minutes=20)
    assert diba.progress().startswith("Scheduled: Fri 11 Dec is a Friday; Fri 11 Dec lies in a period without")
    world.restart()
    world.after(hours=3)
    [mail] = world.notices(STAFF)
    assert "- Fri 11 Dec lies in a period without deployments (audit)." in words_of(mail)
    assert "is a Friday" not in words_of(mail)


def test_the_responsibles_absence_counts_for_their_deployments_alone(world: World) -> None:
    scheduled(world)
    times = {"start": {"dateTime": "2026-12-10T00:00:00+01:00"}, "end": {"dateTime": "2026-12-12T00:00:00+01:00"}}
    away(world, STAFF, "", "", **times, eventType="outOfOffice")
    world.after(minutes=6)
    assert world.log().progress().startswith(EVE)
    assert "Ana" not in world.log().progress()
    world.log().write(2, {log.RESPONSIBLE: "eva@soffid.example"})
    world.run()
    world.after(seconds=31)
    assert world.log().progress() == "Scheduled"


def test_a_vacation_calendar_that_cannot_be_read_is_a_warning_and_said_in_state(
    tmp_path: Path, new_store: NewStore
) -> None:
    hidden = "hidden@group.calendar.google.com"
    with served_world(tmp_path, f"calendar: {{vacations: [{hidden}]}}\n", store=new_store(tmp_path)) as world:
        world.init()
        scheduled(world)
        unknown = "the vacation calendars could not be read; check the date by hand"
        assert world.log().progress() == f"Scheduled: {unknown}."
        assert f"he vacation calendar {hidden} cannot be read; share it with {DAEMON}" in state(world)
        assert any(problem.startswith(f"calendar {hidden}: vacations cannot") for problem in world.reports[-1].problems)
        world.at(WEDNESDAY + timedelta(minutes=1))
        assert len(world.notices()) == 1


def test_bad_input_of_the_registry_is_said_in_state_and_never_free(world: World) -> None:
    staff = world.person(STAFF)
    backwards = {"Customer": "DIBA", "From": "2026-12-15", "To": "2026-12-01", "Reason": "audit"}
    staff.type(world.registry_id, registry.FREEZES, registry.FREEZE_COLUMNS, 2, backwards)
    world.customer(3, Holidays="ES-XX")
    scheduled(world)
    world.log("ACME").plan(2, WEDNESDAY + timedelta(hours=2))
    world.run()
    world.after(seconds=31)
    assert world.log().progress() == (
        "Scheduled: a period without deployments cannot be read in the registry; check the date by hand."
    )
    assert state(world) == "Freezes, row 2: To is before From"
    assert world.log("ACME").progress().startswith("Scheduled: the holidays of ES-XX are not known")
    assert state(world, "ACME") == "The holidays of ES-XX are not known; check the date by hand"


def test_a_word_for_a_region_that_is_none_stops_nobody(world: World) -> None:
    world.customer(3, Holidays="public")
    scheduled(world)
    world.log("ACME").plan(2, WEDNESDAY + timedelta(hours=2))
    world.run()
    world.after(seconds=31)
    assert world.log().progress().startswith("Scheduled")
    assert world.log("ACME").progress().startswith("Scheduled: the holidays of public are not known")
    assert state(world, "ACME") == "The holidays of public are not known; check the date by hand"


def test_a_deployment_that_takes_longer_overlaps_until_its_new_end(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    world.at(WEDNESDAY + timedelta(minutes=1))
    diba.write(2, {log.NEW_END: "2026-12-09 15:00"})
    diba.plan(3, WEDNESDAY + timedelta(hours=2))
    world.log("ACME").plan(2, WEDNESDAY + timedelta(hours=2))
    world.run()
    world.after(seconds=31)
    world.after(seconds=31)
    assert "it overlaps with DIBA-0001" in diba.progress(3)
    assert "it overlaps with another deployment of the same responsible" in world.log("ACME").progress()


def answer(world: World, status: str, comment: str) -> None:
    manager = world.person(MANAGER)
    [event] = manager.call("GET", EVENTS)["items"]
    for guest in event["attendees"]:
        if guest["email"] == MANAGER:
            guest |= {"responseStatus": status, "comment": comment}
    manager.call("PATCH", f"{EVENTS}/{event['id']}", {"attendees": event["attendees"]}, sendUpdates="all")


def test_a_decline_comes_back_into_the_row_and_is_told_once(world: World) -> None:
    scheduled(world)
    answer(world, "declined", "after 17:00")
    world.after(minutes=20)
    assert world.log().row(2)[log.REPLIES] == f'1 no: {MANAGER} "after 17:00"'
    [mail] = world.notices(STAFF)
    assert f"- The invitation was declined by {MANAGER}, who says “after 17:00”." in words_of(mail)
    world.restart()
    world.after(hours=2)
    world.log().plan(2, WEDNESDAY + timedelta(hours=2))
    world.run()
    world.after(hours=1)
    assert len(world.notices(STAFF)) == 1
    assert "after 17:00" not in str(world.log().history())


def test_a_decline_that_was_told_days_before_the_ledger_was_lost_is_not_told_again(world: World) -> None:
    world.log().plan(2, WEDNESDAY + timedelta(days=7))
    world.run()
    world.after(seconds=31)
    answer(world, "declined", "after 17:00")
    world.after(minutes=20)
    assert len(world.notices(STAFF)) == 1
    world.after(days=3)
    world.lose_ledger()
    world.run()
    world.after(minutes=20)
    assert world.log().row(2)[log.REPLIES] == f'1 no: {MANAGER} "after 17:00"'
    assert len(world.notices(STAFF)) == 1


def test_an_override_without_a_reason_does_not_count_and_one_with_is_told_in_history(world: World) -> None:
    friday = WEDNESDAY + timedelta(days=2)
    diba = world.log()
    diba.plan(2, friday, **{log.OVERRIDE: "ok"})
    world.run()
    world.after(seconds=31)
    assert diba.progress().startswith("Date not allowed: Override does not say who decided it and why")
    assert "Fri 11 Dec is a Friday" in diba.progress()
    diba.write(2, {log.OVERRIDE: "Ana: the customer asks for it"})
    world.run()
    world.after(seconds=31)
    assert diba.progress().startswith("Scheduled")
    said = [str(line["What happened"]) for line in diba.history()]
    assert sum(one.startswith("Planificado aunque no se cumplía una regla") for one in said) == 1
    assert "customer asks" not in str(diba.history())


def test_overlaps_with_other_logs_are_known_to_the_first_look_after_a_restart(world: World) -> None:
    world.log("ACME").plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    diba = world.log()
    diba.plan(2, WEDNESDAY + timedelta(minutes=5))
    world.run()
    world.restart()
    reader = world.google.sheets
    acme = world.log("ACME").file_id
    read = reader.read
    looked: list[str] = []

    def watched(file_id: str, tabs: Any) -> Any:
        looked.append(file_id)
        assert file_id != acme or diba.progress() != "", "ACME is read before DIBA was judged"
        return read(file_id, tabs)

    reader.read = watched  # type: ignore[method-assign]
    world.after(seconds=31)
    assert acme in looked
    assert "it overlaps with another deployment of the same responsible" in diba.progress()
    assert "ACME" not in diba.progress()


def test_whoever_is_responsible_for_closed_rows_alone_is_not_looked_up(world: World) -> None:
    scheduled(world)
    world.log().write(2, {log.STATUS: "Cancelled"})
    world.run()
    world.after(minutes=1)
    world.restart()
    before = world.calls()["calendar.events.list"]
    world.after(minutes=1)
    assert world.calls()["calendar.events.list"] == before + 1, "the replies alone"

"""Calls that hang: they take their own log's time, and nothing is done by what was read before them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
from world import DAEMON, MANAGER, STAFF, TICKS, WEDNESDAY, World

from deploylog import deployment_log as log
from deploylog import registry
from deploylog.errors import InDoubt

SUBJECT = "please deploy"


def test_a_calendar_that_hangs_for_an_hour_keeps_no_other_log_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY + timedelta(hours=3))
    world.run()
    world.at(WEDNESDAY)
    until, calls, started = world.now + timedelta(hours=1), 0, list[datetime]()

    def hanging(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **more: object) -> object:
            nonlocal calls
            if world.now >= until:
                return real(*arguments, **more)
            calls += 1
            world.now += timedelta(seconds=30)
            if calls == 3:
                diba.write(2, {log.STATUS: "Started"})
                started.append(world.now)
            raise InDoubt("Calendar did not answer in time")

        return call

    for name in ("get", "insert"):
        monkeypatch.setattr(world.google.calendar, name, hanging(getattr(world.google.calendar, name)))
    world.log("ACME").plan(2, WEDNESDAY + timedelta(hours=6), **{log.COMPONENTS: "other 1.2"})
    passes = 0
    while world.now < until + timedelta(minutes=1):
        before = world.now
        world.run()
        passes += 1
        assert world.now - before < timedelta(minutes=5), "one pass"
        if len(started) == 1 and world.notices():
            started.append(world.now)
        world.now += timedelta(seconds=15)
    sent_after = started[1] - started[0]
    assert sent_after < timedelta(minutes=3), sent_after
    assert calls < 50, "each try waits longer than the one before, up to two minutes"
    world.after(minutes=3)
    assert world.log("ACME").progress().startswith("Scheduled")


def test_nothing_is_told_in_threads_by_what_was_read_before_a_call_hung(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = EmailMessage()
    asked["To"], asked["Subject"] = DAEMON, SUBJECT
    asked.set_content("?")
    raw = {"raw": base64.urlsafe_b64encode(asked.as_bytes()).decode()}
    world.person(MANAGER).call("POST", "/gmail/v1/users/me/messages/send", raw)
    diba = world.log()
    diba.plan(2, WEDNESDAY, **{log.TICKETS: f"mail: {SUBJECT}"})
    world.log("ACME").plan(2, WEDNESDAY + timedelta(minutes=5), **{log.COMPONENTS: "other 1.2"})
    world.run()
    world.at(WEDNESDAY)
    world.at(WEDNESDAY + timedelta(minutes=4, seconds=20))
    diba.write(2, {log.STATUS: "Done", **TICKS})
    world.run()
    create, hung = world.google.gmail.create_draft, list[datetime]()

    def creating(*arguments: object) -> object:
        # The second of the two mails due: of DIBA the end mail is out by then, and nothing else.
        if len(world.notices()) == 2 and not hung:
            hung.append(world.now)
            world.now += timedelta(minutes=3)
            world.person(STAFF).type(
                world.registry_id, registry.CUSTOMERS, registry.CUSTOMER_COLUMNS, 2, {"Pause": True}
            )
            diba.write(2, {log.TICKETS: ""})
            world.now += timedelta(seconds=30)
            raise InDoubt("no answer")
        return create(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(world.google.gmail, "create_draft", creating)
    world.now = WEDNESDAY + timedelta(minutes=5)
    world.run()
    world.after(minutes=5)
    assert hung
    assert len(world.notices()) == 2, "start and end"
    answers = [mail for mail in world.person(MANAGER).mails("in:inbox") if str(mail["Subject"]).endswith(SUBJECT)]
    assert answers == []


def test_a_row_cancelled_while_a_new_rows_number_was_being_kept_is_not_started(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    world.at(WEDNESDAY - timedelta(seconds=10))
    keep, hung = world.google.drive.set_properties, list[datetime]()

    def keeping(*arguments: object) -> None:
        if not hung:
            hung.append(world.now)
            world.now += timedelta(seconds=90)
            diba.write(2, {log.STATUS: "Cancelled"})
            world.now += timedelta(seconds=31)
        keep(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(world.google.drive, "set_properties", keeping)
    diba.write(3, {log.STATUS: "Draft", log.COMPONENTS: "a new row"})
    world.now = WEDNESDAY
    world.run()
    world.after(minutes=2)
    assert hung
    assert world.notices() == []
    assert diba.progress() == "Cancelled"

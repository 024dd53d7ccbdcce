"""Many mails due at one instant: all are sent before anything is written about one of them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from world import WEDNESDAY, World

LOGS = ("DIBA", "ACME")


class Ended(BaseException):
    """The end of a daemon, from the inside."""


@pytest.fixture
def order(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is sent, and what is written into a log of `LOGS`, as it happens."""
    seen: list[str] = []
    files = {world.log(name).file_id for name in LOGS}
    send, write = world.google.gmail.send_draft, world.google.sheets.write

    def sending(*arguments: object, **more: object) -> object:
        seen.append("sent")
        return send(*arguments, **more)  # type: ignore[arg-type]

    def writing(file_id: str, *arguments: object) -> object:
        if file_id in files:
            seen.append("written")
        return write(file_id, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(world.google.gmail, "send_draft", sending)
    monkeypatch.setattr(world.google.sheets, "write", writing)
    return seen


def plan_both(world: World) -> None:
    for name in LOGS:
        world.log(name).plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    world.at(WEDNESDAY - timedelta(minutes=1))
    assert all(world.log(name).progress().startswith("Scheduled") for name in LOGS)


def test_all_mails_of_an_instant_go_before_the_first_row_is_written(world: World, order: list[str]) -> None:
    plan_both(world)
    order.clear()
    world.now = WEDNESDAY
    signs_of_life: list[tuple[int, int]] = []
    assert world.reconciler is not None
    world.reconciler.run_pass(lambda: world.now, False, lambda *signs: signs_of_life.append(signs))
    assert order == ["sent"] * len(LOGS) + ["written"] * len(LOGS)
    assert len(signs_of_life) >= len(order), "a watchdog hears of each step"
    assert all(world.log(name).progress().startswith("In progress") for name in LOGS)


def test_a_daemon_that_ends_in_between_sends_nothing_again_and_writes_after_the_next_start(
    world: World, order: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_both(world)

    def ended(*_: object) -> None:
        raise Ended

    with monkeypatch.context() as patched:
        patched.setattr(world.google.sheets, "write", ended)
        world.now = WEDNESDAY
        with pytest.raises(Ended):
            world.run(whole=False)
    mails = len(world.notices())
    assert world.log().progress().startswith("Scheduled")
    order.clear()
    world.restart()
    world.run()
    assert order == ["written"] * len(LOGS)
    assert len(world.notices()) == mails
    assert all(world.log(name).progress().startswith("In progress") for name in LOGS)


def test_a_stop_in_between_writes_the_log_in_hand_and_the_next_start_the_others(world: World, order: list[str]) -> None:
    plan_both(world)
    order.clear()
    world.now = WEDNESDAY
    assert world.reconciler is not None
    world.reconciler.run_pass(lambda: world.now, False, stopping=lambda: order.count("sent") >= 1)
    assert order.count("written") == 1
    world.restart()
    world.run()
    assert all(world.log(name).progress().startswith("In progress") for name in LOGS)


def test_what_is_due_again_meanwhile_is_written_as_it_is_then(world: World, order: list[str]) -> None:
    """The first mail fails; while the other goes half a minute goes by, and the first is tried again."""
    plan_both(world)
    order.clear()
    world.fault("gmail.users.drafts.send", "error", status=503)
    world.now = WEDNESDAY
    assert world.reconciler is not None

    def clock() -> datetime:
        if order.count("sent") == 2:
            world.now = WEDNESDAY + timedelta(seconds=30)
        return world.now

    world.reconciler.run_pass(clock, False)
    assert order == ["sent"] * 3 + ["written"] * 2
    assert all(world.log(name).progress().startswith("In progress") for name in LOGS)

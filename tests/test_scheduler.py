"""Ticks in real time: at every poll, at the very instant something is due, one after the other, until stopped."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from deploylog.scheduler import Scheduler

PATIENCE = 5.0
"""Seconds a tick that has to come is waited for."""
LONG = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(UTC)


class Dues:
    """Instants that are due, so long after the first pass began."""

    def __init__(self, *after: timedelta) -> None:
        self._after = after
        self.at: list[datetime] = []

    def __call__(self, after: datetime) -> datetime | None:
        self.at = self.at or [after + one for one in self._after]
        return min((one for one in self.at if one > after), default=None)


@dataclass
class Passes:
    """What the scheduler calls: notes each pass, and says what is due next."""

    due: Callable[[datetime], datetime | None] = lambda _: None
    act: Callable[[int], None] = lambda _: None
    """Done within the pass of that number, from 1."""
    seen: list[tuple[bool, datetime]] = field(default_factory=list)
    ended: int = 0
    at_once: int = 0
    most_at_once: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def run(self, whole: bool) -> None:
        with self._changed:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self.seen.append((whole, now()))
            number = len(self.seen)
            self._changed.notify_all()
        try:
            self.act(number)
        finally:
            with self._changed:
                self.at_once -= 1
                self.ended += 1
                self._changed.notify_all()

    def wait_for(self, count: int) -> None:
        """Until so many passes ended."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.ended >= count, PATIENCE), self.seen

    def wait_for_begin(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.seen) >= count, PATIENCE), self.seen


@contextmanager
def running(passes: Passes, every: timedelta) -> Iterator[Scheduler]:
    """A scheduler that runs meanwhile and has ended afterwards."""
    scheduler = Scheduler(passes.run, passes.due, every, now)
    thread = threading.Thread(target=scheduler.run)
    thread.start()
    try:
        yield scheduler
    finally:
        scheduler.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_a_whole_pass_comes_at_once_and_at_every_poll() -> None:
    passes = Passes()
    every = timedelta(milliseconds=100)
    began = now()
    with running(passes, every):
        passes.wait_for(4)
    assert all(whole for whole, _ in passes.seen)
    assert passes.seen[0][1] - began < timedelta(seconds=1)
    assert passes.seen[3][1] - passes.seen[0][1] >= 2.5 * every


def test_a_whole_pass_comes_at_once_when_asked_for() -> None:
    passes = Passes()
    with running(passes, LONG) as scheduler:
        passes.wait_for(1)
        scheduler.check_now()
        passes.wait_for(2)
    assert [whole for whole, _ in passes.seen] == [True, True]


def test_what_is_asked_for_during_a_pass_is_looked_at_right_after_it() -> None:
    asked = threading.Event()
    passes = Passes(act=lambda number: asked.wait(PATIENCE) if number == 1 else None)  # type: ignore[func-returns-value]
    with running(passes, LONG) as scheduler:
        passes.wait_for_begin(1)
        scheduler.check_now()
        asked.set()
        passes.wait_for(2)
    assert passes.most_at_once == 1


def test_asking_before_the_start_or_after_the_stop_does_nothing() -> None:
    passes = Passes()
    with running(passes, LONG) as scheduler:
        passes.wait_for(1)
    scheduler.check_now()
    assert len(passes.seen) == 1


def test_a_pass_comes_at_the_instant_something_is_due_and_not_at_the_next_poll() -> None:
    dues = Dues(timedelta(milliseconds=300))
    passes = Passes(dues)
    with running(passes, LONG):
        passes.wait_for(2)
    [(first, _), (second, at)] = passes.seen
    assert (first, second) == (True, False)
    assert timedelta(0) <= at - dues.at[0] < timedelta(seconds=0.5)


def test_what_became_due_during_a_pass_is_done_at_once_after_it() -> None:
    passes = Passes(Dues(timedelta(milliseconds=50)), lambda number: time.sleep(0.1 if number == 1 else 0))
    with running(passes, LONG):
        passes.wait_for(2)
    assert [whole for whole, _ in passes.seen] == [True, False]


def test_one_due_instant_follows_the_other() -> None:
    dues = Dues(timedelta(milliseconds=150), timedelta(milliseconds=300))
    passes = Passes(dues)
    with running(passes, LONG):
        passes.wait_for(3)
    assert [whole for whole, _ in passes.seen] == [True, False, False]
    assert all(at >= due for (_, at), due in zip(passes.seen[1:], dues.at, strict=True))


def test_what_is_due_no_more_brings_no_pass() -> None:
    due = now() + timedelta(milliseconds=250)
    answers = iter([due])
    passes = Passes(lambda _: next(answers, None))
    with running(passes, timedelta(milliseconds=100)):
        passes.wait_for(5)
    assert passes.seen[-1][1] > due
    assert all(whole for whole, _ in passes.seen)


def test_a_pass_that_raises_does_not_stop_the_polls(caplog: pytest.LogCaptureFixture) -> None:
    def fail_first(number: int) -> None:
        if number == 1:
            raise RuntimeError("a pass with a bug")

    passes = Passes(act=fail_first)
    with caplog.at_level(logging.ERROR), running(passes, timedelta(milliseconds=50)):
        passes.wait_for(3)
    assert [type(one.exc_info[1]) for one in caplog.records if one.exc_info] == [RuntimeError]


def test_passes_never_overlap() -> None:
    passes = Passes(lambda after: after + timedelta(milliseconds=10), lambda _: time.sleep(0.03))
    with running(passes, timedelta(milliseconds=20)):
        passes.wait_for(6)
    assert passes.most_at_once == 1
    assert {whole for whole, _ in passes.seen} == {True, False}


def test_stop_waits_for_the_pass_in_hand_and_begins_no_other() -> None:
    go_on = threading.Event()
    passes = Passes(lambda after: after, lambda _: _wait(go_on))
    with running(passes, timedelta(milliseconds=20)) as scheduler:
        passes.wait_for_begin(1)
        scheduler.stop()
        time.sleep(0.1)
        assert passes.ended == 0
        go_on.set()
    assert passes.ended == len(passes.seen) == 1


def test_stopped_before_it_began_it_does_nothing() -> None:
    passes = Passes()
    scheduler = Scheduler(passes.run, passes.due, LONG, now)
    scheduler.stop()
    scheduler.run()
    assert passes.seen == []


def _wait(event: threading.Event) -> None:
    assert event.wait(PATIENCE)

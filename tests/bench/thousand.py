"""A thousand logs: the first start under quota, a warm restart, idle polls, hot logs, an edit to its event.

One course through one world, because to have a thousand logs read once is most of the work.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import hot_edit
from by_script import Script, waiting_on
from carriage import Counted
from estate import estate, log_of
from figures import READS_A_MINUTE, Line, OutOfTime, Size, at_most, count
from virtual import VirtualWorld

from deploylog.google.quota import READS
from deploylog.reconcile import READS_KEPT, UNREAD_A_POLL

POLLS = 20
"""Five minutes of them, so that what is done every few minutes is among them."""
IDLE_AIM, WARM_SECONDS, WARM_CALLS, FIRST_START_PERCENT = 1, 10.0, 20, 5


def lines(size: Size) -> Iterator[Line]:
    with tempfile.TemporaryDirectory() as folder:
        world = estate(Path(folder), size.logs, size.rows)
        script = Script(world.carriage, world.folder_id, world.registry_id, lambda: world.now)
        yield first_start(world, script, size)
        quiet = come_to_rest(world, size)
        yield warm_restart(world, size, quiet)
        if quiet:
            read_everything(world)
        yield idle_poll(world, script, size, quiet)
        yield hot_polls(world, size, quiet)
        yield hot_edit.line(world, script, size, quiet)
        world.close()


def first_start(world: VirtualWorld, script: Script, size: Size) -> Line:
    """A ledger that knows nothing, N logs that are there, Google's quotas."""
    world.limit()
    began, allowed = world.now, timedelta(minutes=size.logs / READS_A_MINUTE)
    try:
        with at_most(size.seconds):
            world.until(began + 3 * allowed, lambda: done_with(world) == size.logs)
    except OutOfTime:
        world.restart()
    done, took, counted = done_with(world), world.now - began, world.carriage.take()
    through = done == size.logs
    began = world.now
    world.limit()
    with waiting_on(world.wait):
        script.poll()
    by_script = world.now - began
    world.carriage.take()
    return Line(
        f"first start, {count(size.logs, 'log')} of {size.rows} rows, under quota",
        f"within {FIRST_START_PERCENT} % of what the quota allows: {_minutes(allowed)}",
        f"{_minutes(took)} ({took / allowed - 1:+.0%}), {count(counted.refused.total(), 'refusal')}"
        if through
        else f"not through: {done} of {size.logs} logs in {size.seconds} s of real time, {_minutes(took)} virtual",
        through and took <= allowed * (1 + FIRST_START_PERCENT / 100),
        "virtual minutes until every log was read, decided and written back once; the quota allows "
        f"{READS_A_MINUTE} reads of Sheets a minute, and one read a log is the least",
        f"{_minutes(by_script)} (each of its polls)",
        counted.by_method(),
        _why_longer(took, size.logs, counted)
        if through
        else f"{READS_A_MINUTE} logs a minute are the limit on the virtual clock, too; in the real time of this run "
        "the sandbox answers, and takes most of it",
    )


def _why_longer(took: timedelta, logs: int, counted: Counted) -> str:
    """Where the minutes went that one read a log does not need."""
    reads = sum(counted.calls[one] for one in READS)
    least, with_kept = reads / READS_A_MINUTE, reads / (READS_A_MINUTE - READS_KEPT)
    others, kept, polls = least - logs / READS_A_MINUTE, with_kept - least, took.total_seconds() / 60 - with_kept
    return (
        f"{kept:.1f} min because {READS_KEPT} of {READS_A_MINUTE} reads a minute are kept for what becomes due "
        f"unforeseen, whose mail must not wait for a refusal; {others:.1f} min for {count(reads - logs, 'read')} of "
        f"the registry, which is read at each poll for ten minutes after a start; {polls:.1f} min because what the "
        "quota leaves no room for waits for the next poll"
    )


def done_with(world: VirtualWorld) -> int:
    """How many logs a look came to its end at."""
    return sum(one.concluded is not None for one in world.ledger.all_logs().values())


def come_to_rest(world: VirtualWorld, size: Size) -> bool:
    """Passes without a quota until one reads no log; whether it came to that."""
    world.allow_all()
    try:
        with at_most(2 * size.seconds):
            for _ in range(8):
                world.now += timedelta(minutes=11)
                if world.run().logs_read == 0:
                    return True
    except OutOfTime:
        pass
    return False


def warm_restart(world: VirtualWorld, size: Size, quiet: bool) -> Line:
    """A new process on the ledger there is, nothing changed meanwhile: connect, one whole pass."""
    aim = f"under {WARM_SECONDS:g} s and {WARM_CALLS} calls"
    what = f"warm restart, {count(size.logs, 'log')}"
    how = "processor seconds (without the sandbox's) and calls of the first whole pass after a stop of a minute"
    if not quiet:
        return _not_reached(what, aim, how)
    world.now += timedelta(minutes=1)
    try:
        with at_most(size.seconds):
            world.restart()
            took = world.measured()
    except OutOfTime:
        calls = world.carriage.take().calls.total()
        return Line(what, aim, f"not through in {size.seconds} s; {calls:,} calls by then", False, how)
    held = took.processor < WARM_SECONDS and took.counted.total <= WARM_CALLS
    return Line(
        what,
        aim,
        f"{took.processor:.1f} s, {count(took.counted.total, 'call')}",
        held,
        how,
        "",
        took.counted.by_method(),
    )


def read_everything(world: VirtualWorld) -> None:
    """What the hours after a start bring: every log was read once, and the registry's last edit is no news."""
    assert world.reconciler is not None
    world.reconciler.run_pass(lambda: world.now, unread=None)
    world.now += timedelta(minutes=11)
    world.run()
    world.carriage.take()


def idle_poll(world: VirtualWorld, script: Script, size: Size, quiet: bool) -> Line:
    what, aim = f"API calls per idle poll, {count(size.logs, 'log')}", str(IDLE_AIM)
    how = (
        f"median of {POLLS} polls 15 s apart in which nothing changed, once every log was read since the start, which "
        f"takes {UNREAD_A_POLL} a poll; in brackets all calls of them together"
    )
    if not quiet:
        return _not_reached(what, aim, how)
    totals, counted = polls(world, POLLS)
    script.poll()
    by_script = world.carriage.take().total
    median = statistics.median(totals)
    return Line(
        what,
        aim,
        f"{median:g} ({sum(totals)} in {POLLS})",
        median <= IDLE_AIM,
        how,
        f"{by_script:,}",
        counted.by_method(),
    )


def hot_polls(world: VirtualWorld, size: Size, quiet: bool) -> Line:
    """Logs with a start within `poll.hot_within`, between what is done for them."""
    hot = min(size.hot, size.logs)
    what, aim = f"the same with {hot} hot logs", f"{IDLE_AIM + hot}"
    how = f"median of {POLLS // 2} polls while {hot} logs have a start in less than half an hour and nobody edits"
    if not quiet:
        return _not_reached(what, aim, how)
    start = world.now + timedelta(minutes=40)
    for file_id in list(world.logs)[:hot]:
        log_of(world, file_id).plan(size.rows + 2, start)
    # Their events are written, and what was edited is no longer hot for that alone.
    world.until(world.now + timedelta(minutes=2))
    world.now = start - timedelta(minutes=25)
    world.until(world.now + timedelta(minutes=1))
    totals, counted = polls(world, POLLS // 2)
    median = statistics.median(totals)
    return Line(what, aim, f"{median:g}", median <= IDLE_AIM + hot, how, "the same as idle", counted.by_method())


def polls(world: VirtualWorld, number: int) -> tuple[list[int], Counted]:
    """The calls of each of so many polls, and all of them together."""
    totals, everything = [], Counted()
    for _ in range(number):
        world.now += world.poll_every
        took = world.measured()
        totals.append(took.counted.total)
        everything.calls += took.counted.calls
    return totals, everything


def _not_reached(what: str, aim: str, how: str) -> Line:
    return Line(what, aim, "not reached: the logs were not through their first looks in time", False, how)


def _minutes(duration: timedelta) -> str:
    return f"{duration.total_seconds() / 60:.1f} min"

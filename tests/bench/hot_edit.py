"""From an edit of a hot row to its event, with the change feed three minutes behind."""

from __future__ import annotations

from datetime import datetime, timedelta

from by_script import Script, waiting_on
from carriage import Counted
from estate import log_of
from figures import Line, OutOfTime, Size, at_most
from virtual import LIMITS, VirtualWorld
from world import MADRID

from deploylog import deployment_log as log
from deploylog.cells import serial_of

FEED_LAG = 180.0
PHASES = 8
"""Edits so many parts of a poll after one."""
AIM = 16.0
EVENT_CALLS = ("calendar.events.insert", "calendar.events.update", "calendar.events.patch")


def line(world: VirtualWorld, script: Script, size: Size, quiet: bool) -> Line:
    """The first log has a start in less than half an hour (`thousand.hot_polls`): its row is moved by five minutes."""
    what = f"edit of a hot row to its event, poll.every 15 s, feed lag {FEED_LAG:g} s"
    how = (
        f"virtual seconds, the longest of {PHASES} edits at as many phases of the poll, {size.logs:,} logs; "
        "notify.settle is 0s: by default a row that announces is left alone for 30 s before"
    )
    if not quiet:
        return Line(what, f"under {AIM:g} s", "not reached", False, how)
    try:
        with at_most(size.seconds):
            world.configure(f"notify: {{settle: 0s}}\n{LIMITS}")
            world.run()
    except OutOfTime:
        return Line(what, f"under {AIM:g} s", f"not reached in {size.seconds} s", False, how)
    world.lag(FEED_LAG)
    file_id = next(iter(world.logs))
    found = [seconds_to_event(world, file_id, size.rows + 2, phase) for phase in range(PHASES)]
    by_script = _of_script(world, script, size)
    world.lag(0)
    seconds = [one for one in found if one is not None]
    told = f"{min(seconds):.1f} to {max(seconds):.1f} s" if seconds else "none"
    if len(seconds) < PHASES:
        told += f"; {PHASES - len(seconds)} of {PHASES} had none within five minutes"
    held = len(seconds) == PHASES and max(seconds) < AIM
    return Line(what, f"under {AIM:g} s", told, held, how, by_script)


def seconds_to_event(world: VirtualWorld, file_id: str, row: int, phase: int) -> float | None:
    """Edit between two polls, and let them go on until the event is written; None: not within five minutes."""
    next_poll = world.now + world.poll_every
    world.run()
    world.now = max(world.now, next_poll - world.poll_every * (PHASES - phase) / PHASES)
    edited = world.now
    start = edited + timedelta(minutes=20 + phase)
    log_of(world, file_id).write(row, {log.START: serial_of(start.replace(second=0, microsecond=0), MADRID)})
    world.carriage.take()
    world.now = max(next_poll, world.now)
    world.until(edited + timedelta(minutes=5), lambda: written(world.carriage.counted) is not None)
    at = written(world.carriage.take())
    return None if at is None else (at - edited).total_seconds()


def written(counted: Counted) -> datetime | None:
    return next((at for method, at in counted.answered if method in EVENT_CALLS), None)


def _of_script(world: VirtualWorld, script: Script, size: Size) -> str:
    """A row of the log made first, which it opens last, planned just as a poll begins, under quota."""
    world.limit()
    file_id = next(iter(world.logs))
    log_of(world, file_id).plan(size.rows + 3, world.now + timedelta(days=2))
    edited = world.now
    world.carriage.take()
    with waiting_on(world.wait):
        script.poll()
    at = written(world.carriage.take())
    world.allow_all()
    return f"{(at - edited).total_seconds():,.0f} s (a row planned as its poll began)" if at else "none in one poll"

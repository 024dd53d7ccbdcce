"""Many mails due at one instant from one mailbox, under Gmail's quota."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from by_script import Script, waiting_on
from carriage import Counted
from estate import estate, log_of
from figures import Line, OutOfTime, Size, at_most
from virtual import VirtualWorld
from world import WEDNESDAY

ROWS = 3
WITHIN, FIRST = 60.0, 1.0


def lines(size: Size) -> Iterator[Line]:
    what = f"sent minus planned, {size.due} mails due at one instant, under quota"
    aim = f"all within {WITHIN:g} s, none refused, the first within {FIRST:g} s"
    how = "virtual seconds from the planned start to the answer of drafts.send, one mail in each of as many logs"
    try:
        with tempfile.TemporaryDirectory() as folder, at_most(2 * size.seconds):
            world = estate(Path(folder), size.due, ROWS)
            counted = _due(world, size)
            by_script = _by_script(world, size)
            world.close()
    except OutOfTime:
        yield Line(what, aim, f"not through in {2 * size.seconds} s of real time", False, how)
        return
    after = _after(counted, "gmail.users.drafts.send", WEDNESDAY)
    refused = counted.refused.total()
    held = len(after) == size.due and after[-1] <= WITHIN and after[0] <= FIRST and not refused
    told = f"{len(after)} sent, the first after {after[0]:.1f} s, the last after {after[-1]:.1f} s" if after else "none"
    yield Line(what, aim, f"{told}, {refused} refused", held, how, by_script, counted.by_method())


def _due(world: VirtualWorld, size: Size) -> Counted:
    """Plan them two days before, and let time go to the instant and on."""
    world.now = WEDNESDAY - timedelta(days=2)
    world.until(world.now + timedelta(minutes=1))
    for file_id in world.logs:
        log_of(world, file_id).plan(ROWS + 2, WEDNESDAY)
    world.until(world.now + timedelta(minutes=5))
    world.limit()
    # From before the time at which anything could be made ready.
    world.now = WEDNESDAY - timedelta(minutes=6)
    world.carriage.take()
    world.until(WEDNESDAY + timedelta(minutes=5), lambda: _sent(world) == size.due)
    return world.carriage.take()


def _sent(world: VirtualWorld) -> int:
    return sum(method == "gmail.users.drafts.send" for method, _ in world.carriage.counted.answered)


def _by_script(world: VirtualWorld, size: Size) -> str:
    """The same instant a week later, polled every 15 s from a minute before."""
    start = WEDNESDAY + timedelta(days=7)
    script = Script(world.carriage, world.folder_id, world.registry_id, lambda: world.now)
    world.allow_all()
    for file_id in world.logs:
        log_of(world, file_id).plan(ROWS + 3, start)
    script.poll()
    world.limit()
    world.now = start - timedelta(seconds=67)
    world.carriage.take()
    with waiting_on(world.wait):
        while world.now < start + timedelta(minutes=10) and len(_mailed(world.carriage.counted)) < size.due:
            began = world.now
            script.poll()
            world.now = max(world.now, began + timedelta(seconds=15))
    counted = world.carriage.take()
    after = _after(counted, "gmail.users.messages.send", start)
    if not after:
        return "none in ten minutes"
    return f"the first after {after[0]:.1f} s, the last after {after[-1]:.1f} s, {counted.refused.total()} refused"


def _mailed(counted: Counted) -> list[datetime]:
    return [at for method, at in counted.answered if method == "gmail.users.messages.send"]


def _after(counted: Counted, sending: str, start: datetime) -> list[float]:
    """Seconds after the start, in their order."""
    return [(at - start).total_seconds() for method, at in counted.answered if method == sending]

"""What one deployment costs, from the row that is planned to the row that is closed."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from by_script import Script
from estate import estate, log_of
from figures import Line, Size
from virtual import VirtualWorld
from world import TICKS, WEDNESDAY

from deploylog import deployment_log as log

AIM = 20
ROWS = 3
BASE = ("drive.changes.list", "drive.files.list")
"""Of the whole drive, whoever edits: a poll's own."""


def lines(size: Size) -> Iterator[Line]:
    with tempfile.TemporaryDirectory() as folder:
        world = estate(Path(folder), 1, ROWS)
        world.now = WEDNESDAY - timedelta(days=2)
        for _ in range(4):
            world.run()
            world.now += timedelta(minutes=11)
        polls = _course(world)
        counted = world.carriage.take()
        own = counted.calls - Counter(dict.fromkeys(counted.calls, 0))
        shared = sum(count for method, count in own.items() if method in BASE)
        total = counted.total - shared
        by_script = _script(world)
        world.close()
    yield Line(
        "calls from a planned row to event, mails, closed row (one language)",
        f"at most {AIM}",
        f"{total}",
        total <= AIM,
        f"all calls of the {polls} passes that a row needs: planned, settled, started, closed, settled; without the "
        f"{shared} of {' and '.join(BASE)}, which a poll makes once for all logs",
        f"{by_script} (with no draft, no look before it sends, no updated event)",
        counted.by_method(),
        "safety is paid in reads: the log before each decision, and once more before it is written into, so that what "
        "is written meets the cells it is meant for; the registry before anything is sent; who may edit the log; the "
        "mailbox where a mail may have gone already",
    )


def _course(world: VirtualWorld) -> int:
    """Planned, its event written, its start mailed, done, its end mailed; how many passes that took."""
    row, (file_id,) = log_of(world, world.logs[0]), world.logs
    world.carriage.take()
    passes = len(world.reports)
    row.plan(ROWS + 2, WEDNESDAY)
    world.run()
    world.after(seconds=35)
    world.now = WEDNESDAY - timedelta(minutes=2)
    world.at(WEDNESDAY + timedelta(seconds=5))
    row.write(ROWS + 2, {**TICKS, log.STATUS: "Done"})
    world.now += timedelta(seconds=15)
    world.run()
    world.after(seconds=35)
    kinds = Counter(method for method, _ in world.carriage.counted.answered)
    told = log_of(world, file_id).row(ROWS + 2)
    if kinds["gmail.users.drafts.send"] != 2 or not str(told[log.PROGRESS]).startswith("Done"):
        raise AssertionError(f"the row did not go its way: {kinds}, {told}")
    return len(world.reports) - passes


def _script(world: VirtualWorld) -> int:
    """The same row by the script: the polls in which it does something, without the list of files."""
    script = Script(world.carriage, world.folder_id, world.registry_id, lambda: world.now)
    row, start = log_of(world, world.logs[0]), world.now + timedelta(days=7)
    world.carriage.take()
    row.plan(ROWS + 3, start)
    script.poll()
    world.now = start
    script.poll()
    row.write(ROWS + 3, {log.STATUS: "Done"})
    script.poll()
    counted = world.carriage.take()
    return counted.total - counted.calls["drive.files.list"]

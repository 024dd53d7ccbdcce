"""`make soak`: 10,000 passes with staff at work, on a virtual clock; what memory and the store come to over time.

Forty-two hours of polls 15 s apart. Staff write into one of the logs every minute and a half: rows are planned, moved,
changed, cancelled, taken up again. The rows stay the same few, so that whatever grows is not what people entered. Only
History grows: its lines are the record of what was done, and are kept for good. The sandbox is a process of its own:
the memory is the daemon's. `ARGS=1000` makes it that many passes.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
import structlog
from apart import SandboxApart
from memory import resident
from virtual import VirtualWorld, virtual_world
from world import TICKS, Log

from deploylog import deployment_log as log

PASSES, MARKS = 10_000, 20
EDIT_EVERY = 6
"""Passes between two edits."""
ROWS = 6
"""Of each log, that staff write into."""
CUSTOMERS = ("DIBA", "ACME")
MOST_A_LINE = 512
"""Bytes of the store a line of History may take; what grows faster grows by something else."""
FLAT = 1.05
"""What the last quarter takes at most, to the second: the first quarter fills what is kept."""


@dataclass(frozen=True)
class Mark:
    """How it stands after so many passes."""

    passes: int
    memory: float
    """MiB resident."""
    store: float
    """MiB of the database file, its journal written in."""
    rows: dict[str, int]
    """By table of the store."""


def soak(passes: int) -> list[Mark]:
    """Marks at even distances."""
    with tempfile.TemporaryDirectory() as folder:
        world = virtual_world(Path(folder), apart=True)
        try:
            world.init()
            marks = list(_at_work(world, passes))
        finally:
            world.close()
            assert isinstance(world.sandbox, SandboxApart)
            world.sandbox.close()
    return marks


def _at_work(world: VirtualWorld, passes: int) -> Iterator[Mark]:
    logs = [world.log(customer) for customer in CUSTOMERS]
    edits = itertools.count()
    every = max(1, passes // MARKS)
    began = world.now
    for number in range(1, passes + 1):
        world.now = max(world.now, began + number * world.poll_every)
        if number % EDIT_EVERY == 0:
            _edit(world, logs, next(edits))
        world.run()
        world.reports.clear()
        world.carriage.take()
        if number % every == 0:
            yield _mark(world, number)


def _edit(world: VirtualWorld, logs: list[Log], number: int) -> None:
    """The next thing somebody does to a row: each row goes through all of them, and again."""
    one, row = logs[number % len(logs)], 2 + (number // len(logs)) % ROWS
    step = (number // (len(logs) * ROWS)) % 4
    start = world.now.replace(minute=0, second=0, microsecond=0) + timedelta(days=6, hours=number % 24)
    if step == 0:
        one.plan(row, start, **dict.fromkeys(TICKS, False))
    elif step == 1:
        one.write(row, {log.COMPONENTS: f"addon-diba 3.{number}.1", log.OVERRIDE: "Ana: measured"})
    elif step == 2:
        one.write(row, {log.STATUS: "Cancelled"})
    else:
        one.write(row, {log.STATUS: "Draft"})


def _mark(world: VirtualWorld, passes: int) -> Mark:
    gc.collect()
    tables = sa.inspect(world.ledger.engine).get_table_names()
    with world.ledger.engine.connect() as connection:
        connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
        rows = {one: int(connection.execute(sa.text(f"SELECT count(*) FROM {one}")).scalar_one()) for one in tables}
    store = sum(file.stat().st_size for file in world.folder.glob("deploylog.db*")) / 2**20
    return Mark(passes, resident(os.getpid()), store, rows)


def flat(values: list[float]) -> bool:
    """Whether the last quarter is no more than the second."""
    quarter = len(values) // 4
    if not quarter:
        return False
    return max(values[-quarter:]) <= FLAT * max(values[quarter : 2 * quarter])


def bytes_a_line(marks: list[Mark]) -> float:
    """What the store grew by from the end of the first quarter on, to the lines that History grew by."""
    early, last = marks[len(marks) // 4], marks[-1]
    return (last.store - early.store) * 2**20 / max(1, last.rows["history"] - early.rows["history"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("passes", type=int, nargs="?", default=PASSES)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    marks = soak(asked.passes)
    print("| passes | resident MiB | store MiB | rows |\n|---|---|---|---|")
    for mark in marks:
        rows = ", ".join(f"{table} {count}" for table, count in mark.rows.items() if count)
        print(f"| {mark.passes:,} | {mark.memory:.1f} | {mark.store:.2f} | {rows} |")
    tables = sorted({table for mark in marks for table in mark.rows} - {"history"})
    held = {"memory": flat([mark.memory for mark in marks])}
    held |= {table: flat([float(mark.rows[table]) for mark in marks]) for table in tables}
    for what, is_flat in held.items():
        print(f"{what}: {'flat' if is_flat else 'NOT FLAT'} (the last quarter beside the second)")
    a_line = bytes_a_line(marks)
    print(f"store: {a_line:.0f} bytes for each line that History grew by; at most {MOST_A_LINE}")
    return 0 if all(held.values()) and a_line <= MOST_A_LINE else 1


if __name__ == "__main__":
    sys.exit(main())

"""How fast rows are judged: what a look does with the cells of a log, once Sheets has answered."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from estate import estate, log_of
from figures import READS_A_MINUTE, Line, Size
from virtual import VirtualWorld
from world import WEDNESDAY

from deploylog.google.sheets import Cell, Sheets
from deploylog.observe import Observer

AIM = 25_000
ROWS = 50_000
LOGS = 20
TABS = ("Deployments", "History")
OPEN = 5
"""Rows of each log that are planned for the coming weeks; the others are closed."""


class AnsweredSheets:
    """Sheets that has answered already: what `Observer.read` gets is what the real one gave once."""

    def __init__(self, sheets: Sheets) -> None:
        self._sheets = sheets
        self._answers: dict[str, dict[str, list[list[Cell]]]] = {}

    def read(self, file_id: str, tabs: Sequence[str]) -> Mapping[str, list[list[Cell]]]:
        if file_id not in self._answers:
            self._answers[file_id] = self._sheets.read(file_id, tabs)
        return self._answers[file_id]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sheets, name)


def lines(size: Size) -> Iterator[Line]:
    with tempfile.TemporaryDirectory() as folder:
        world = estate(Path(folder), min(LOGS, size.logs), size.rows - OPEN)
        rows, seconds = _judge(world, size)
        world.close()
    rate = rows / seconds
    yield Line(
        "rows judged per second on one core",
        f"at least {AIM:,}",
        f"{rate:,.0f} ({rows:,} rows in {seconds:.1f} s)",
        rate >= AIM,
        f"processor seconds of `Observer.look` over logs of {size.rows} rows, of which {OPEN} are planned: cells into "
        "rows, which row is which deployment, what the ledger remembers of them (SQLite), rules of dates with free "
        "slots and what the same people have planned in other logs, prerequisites, lifecycle; each time by a new "
        "Observer; not the call, not what is written afterwards",
        limit=f"it is plain Python, and no step takes much more than the others; the {READS_A_MINUTE} reads a minute "
        f"that Google allows bring {READS_A_MINUTE * size.rows:,} such rows, which takes "
        f"{READS_A_MINUTE * size.rows / rate:.1f} s of that minute",
    )


def _judge(world: VirtualWorld, size: Size) -> tuple[int, float]:
    """As many looks as make 50,000 rows; the logs are known and have their events."""
    world.now = WEDNESDAY - timedelta(days=2)
    world.run()
    for file_id in world.logs:
        for step in range(OPEN):
            log_of(world, file_id).plan(size.rows - OPEN + 2 + step, WEDNESDAY + timedelta(days=7 * step))
    world.until(world.now + timedelta(minutes=3))
    reconciler = world.reconciler
    assert reconciler is not None
    answered = AnsweredSheets(world.google.sheets)
    known = reconciler.customers()
    files = reconciler._customer_logs.list_logs(world.now)
    owners = reconciler._customer_logs.owners(known, files)
    done, wanted, seconds = 0, min(ROWS, 50 * size.logs * size.rows), 0.0
    looks = [(files[one], reconciler._zones[one][1], owners[one]) for one in world.logs]
    for file_id in world.logs:
        answered.read(file_id, TABS)
    while done < wanted:
        world.now += timedelta(seconds=15)
        # A new one each time: what one kept of rows it judged before would not be judging.
        observer = _observer(world, answered)
        began = time.process_time()
        for file, zone, customer in looks:
            cells = observer.read(file, world.now)
            planned = partial(reconciler._planned, file, world.now)
            done += len(observer.look(file, cells, zone, customer, known, planned, world.now).rows)
        seconds += time.process_time() - began
    return done, seconds


def _observer(world: VirtualWorld, answered: AnsweredSheets) -> Observer:
    observer: Observer = world._reconciler()._observer
    observer._sheets = answered  # type: ignore[assignment]
    return observer

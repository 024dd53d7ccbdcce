"""A life by chance, the same for the same seed: staff at work, time going by, and trouble at any moment.

Every step is chosen by `random.Random(seed)` alone, so a seed is a life: `replay.py` tells it
step by step.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from course import Course
from simulation import Life
from wire import Fault
from world import MADRID, TICKS, WEDNESDAY

from deploylog import deployment_log as log
from deploylog.cells import serial_of
from deploylog.model import Status

STEPS = 12
"""Steps of trouble and work before everything is left alone."""
NAMES = ("addon-diba 3.2.11", "biblioteques programari 3.2.1", "diputació aplicacions 3.21", "idm 7")
METHODS = (
    *("gmail.users.drafts.create", "gmail.users.drafts.send") * 4,
    *("gmail.users.drafts.get", "gmail.users.drafts.list", "gmail.users.drafts.delete", "gmail.users.threads.get"),
    *("calendar.events.insert", "calendar.events.get", "calendar.events.update", "calendar.events.delete"),
    *("zammad.POST", "zammad.POST", "zammad.GET"),
    *(
        "sheets.spreadsheets.values.batchUpdate",
        "sheets.spreadsheets.values.batchGet",
        "sheets.spreadsheets.get",
        "drive.changes.list",
        "*",
    ),
)
"""What faults and deaths aim at; sending is where it hurts."""


@dataclass
class Schedule:
    """What is done in one life; `told` are the steps in words."""

    life: Life
    seed: int
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._log = self.life.log("DIBA")
        self.course = Course(self.life)

    def run(self) -> None:
        """Live it: two rows planned, then steps by chance, then calm."""
        self._plan(2, WEDNESDAY + self._minutes(-20, 20))
        self._plan(3, WEDNESDAY + self._minutes(10, 60))
        self.course.go(timedelta(seconds=31))
        self.course.go_to(WEDNESDAY - timedelta(minutes=self._chance.choice((90, 30, 2))))
        for _ in range(STEPS):
            name, act = self._chance.choice(self._acts())
            self.told.append(f"{self.life.now:%H:%M:%S} {name}")
            act()
            if self._chance.random() < 0.6:
                self._until_due()
        self.course.calm()

    # Steps -----------------------------------------------------------------------------------------------------

    def _acts(self) -> list[tuple[str, Callable[[], None]]]:
        staff = [
            ("reschedule", self._reschedule),
            ("new end", self._new_end),
            ("sort", self._sort),
            ("insert a row above", self._insert),
            ("paste a copy", self._copy),
            ("delete a row", self._delete),
            *[("tamper with the daemon's columns", self._tamper)] * 2,
            *[("as the procedure goes", self._go_on)] * 5,
            *((status, lambda status=status: self._say(status)) for status in Status),
        ]
        trouble = [
            *[("killed somewhere", self._kill)] * 2,
            *[("killed at a call", self._kill_at)] * 4,
            *[("a fault", self._fault)] * 4,
            *[("several faults", self._faults)] * 2,
            ("restart", self.course.start_again),
            ("an outage", self._outage),
            ("the ledger is lost", self._lose_ledger),
        ]
        return [*staff, *trouble, *[("time goes by", self._time)] * 4]

    def _time(self) -> None:
        self.course.go(timedelta(seconds=self._chance.choice((1, 31, 120, 300, 600))))

    def _until_due(self) -> None:
        """Until shortly after the next thing is due, so that what was armed meets it."""
        due = self.course.next_due()
        if due is not None and due - self.life.now < timedelta(hours=2):
            self.course.go_to(due + timedelta(seconds=self._chance.choice((0, 0, 6, 40))))

    def _outage(self) -> None:
        """Nothing runs for a while."""
        self.life.now += timedelta(minutes=self._chance.choice((5, 15, 60)))
        self.course.go(timedelta(0))

    def _lose_ledger(self) -> None:
        self.life.lose_ledger()
        self.course.start_again()

    def _kill(self) -> None:
        self.life.trouble.kill_in = self._chance.randrange(60)

    def _kill_at(self) -> None:
        """Around the next call of a method: before it, or after it was carried out."""
        self.life.trouble.kill_at[self._chance.choice(METHODS)] = self._chance.choice(("before", "after"))

    def _fault(self) -> None:
        method = self._chance.choice(METHODS)
        self.life.trouble.faults.setdefault(method, []).append(self._chance.choice(list(Fault)))

    def _faults(self) -> None:
        method = self._chance.choice(METHODS)
        fault = self._chance.choice(list(Fault))
        self.life.trouble.faults.setdefault(method, []).extend([fault] * self._chance.randrange(2, 9))

    def _plan(self, row: int, start: datetime) -> None:
        self._log.plan(row, start, **{log.COMPONENTS: NAMES[row % len(NAMES)]})

    def _say(self, status: Status) -> None:
        ticks = TICKS if status is Status.DONE and self._chance.random() < 0.8 else {}
        self._write({log.STATUS: status.value, **ticks})

    def _go_on(self) -> None:
        """The status that comes next, as staff say it."""
        row = self._row()
        status = str(self._log.row(row).get(log.STATUS))
        following = {"Draft": "Planned", "Planned": "Started", "Cancelled": "Planned"}.get(status, "Done")
        self._log.write(row, {log.STATUS: following, **(TICKS if following == "Done" else {})})

    def _reschedule(self) -> None:
        start = self.life.now.replace(second=0, microsecond=0) + self._minutes(-30, 120)
        self._write({log.START: serial_of(start, MADRID)})

    def _new_end(self) -> None:
        end = self.life.now.replace(second=0, microsecond=0) + self._minutes(-10, 60)
        self._write({log.NEW_END: serial_of(end, MADRID)})

    def _tamper(self) -> None:
        column = self._chance.choice(log.DAEMON_COLUMNS)
        self._write({column: self._chance.choice(("", "x", "Done", 46365.5))})

    def _sort(self) -> None:
        specs = [{"dimensionIndex": self._chance.randrange(len(log.COLUMNS)), "sortOrder": "DESCENDING"}]
        self._log.change({"sortRange": {"range": self._block(1, self._log.row_count()), "sortSpecs": specs}})

    def _insert(self) -> None:
        at = self._chance.randrange(1, 4)
        where = {"sheetId": self._log.tab, "dimension": "ROWS", "startIndex": at, "endIndex": at + 1}
        self._log.change({"insertDimension": {"range": where}})

    def _copy(self) -> None:
        if len(self._log.rows()) > 6:
            return
        source = self._row()
        paste = {"source": self._block(source - 1, source), "destination": self._block(10, 11)}
        self._log.change({"copyPaste": {**paste, "pasteType": "PASTE_NORMAL"}})

    def _delete(self) -> None:
        at = self._row()
        where = {"sheetId": self._log.tab, "dimension": "ROWS", "startIndex": at - 1, "endIndex": at}
        self._log.change({"deleteDimension": {"range": where}})

    def _write(self, values: dict[str, object]) -> None:
        self._log.write(self._row(), values)

    def _row(self) -> int:
        """The number of a row in which something stands; 2 where none does."""
        rows = self._log.staff.rows(self._log.file_id, log.DEPLOYMENTS)
        filled = [number for number, row in enumerate(rows, start=2) if row.get(log.STATUS)]
        return self._chance.choice(filled or [2])

    def _block(self, first: int, end: int) -> dict[str, Any]:
        columns = {"startColumnIndex": 0, "endColumnIndex": len(log.COLUMNS)}
        return {"sheetId": self._log.tab, "startRowIndex": first, "endRowIndex": end, **columns}

    def _minutes(self, least: int, most: int) -> timedelta:
        return timedelta(minutes=self._chance.randrange(least, most + 1))

"""A customer's log: its tabs and columns, rows read into deployments, and the daemon's own columns.

Pure. Tab and column names are fixed (design, "The spreadsheets"); each column has one writer, staff or the daemon,
which is why nothing is ever overwritten. The order of columns is read from the header row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from deploylog.cells import (
    Cell,
    Layout,
    Names,
    Row,
    RowReader,
    find_layout,
    fingerprint,
    is_address,
    says_nothing,
    serial_of,
    text_of,
)
from deploylog.model import (
    CHECKLIST,
    Component,
    CustomerValidation,
    Deployment,
    Environment,
    Notify,
    Restart,
    Sentence,
    Status,
    ValidatedIn,
    Window,
)

DEPLOYMENTS = "Deployments"
HISTORY = "History"

STATUS = "Status"
ENVIRONMENT = "Environment"
START = "Start"
DURATION = "Duration (min)"
TICKETS = "Tickets and e-mails"
COMPONENTS = "Components"
RESTART = "Restart"
RESPONSIBLE = "Responsible"
AGREED_WITH = "Agreed with"
VALIDATED_IN = "Validated in"
CUSTOMER_VALIDATION = "Customer validation"
ROLLBACK_GUIDE = "Rollback guide"
NOTIFY = "Notify"
NEW_END = "New end"
COMMENT = "Comment"
OVERRIDE = "Override"

ID = "ID"
PROGRESS = "Progress"
NEXT_ACTION = "Next action"
CALENDAR_EVENT = "Calendar event"
REPLIES = "Replies"
START_NOTIFIED = "Start notified"
DELAY_NOTIFIED = "Delay notified"
END_NOTIFIED = "End notified"
ACTUAL_END = "Actual end"
UPDATED_AT = "Updated at"

WRITTEN_CELLS = (
    STATUS,
    ENVIRONMENT,
    START,
    DURATION,
    TICKETS,
    COMPONENTS,
    RESTART,
    RESPONSIBLE,
    AGREED_WITH,
    VALIDATED_IN,
    CUSTOMER_VALIDATION,
    ROLLBACK_GUIDE,
    NOTIFY,
    NEW_END,
)
STAFF_COLUMNS = (*WRITTEN_CELLS, *CHECKLIST, COMMENT, OVERRIDE)
DAEMON_COLUMNS = (
    ID,
    PROGRESS,
    NEXT_ACTION,
    CALENDAR_EVENT,
    REPLIES,
    START_NOTIFIED,
    DELAY_NOTIFIED,
    END_NOTIFIED,
    ACTUAL_END,
    UPDATED_AT,
)
COLUMNS = (ID, STATUS, PROGRESS, NEXT_ACTION, *STAFF_COLUMNS[1:], *DAEMON_COLUMNS[3:])
"""The order of TEMPLATE: which deployment and how it stands, what staff write, then what else the daemon writes."""
HISTORY_COLUMNS = ("Time", "Deployment", "What happened", "To whom")

DROPDOWNS: dict[str, tuple[str, ...]] = {
    STATUS: tuple(Status),
    ENVIRONMENT: tuple(Environment),
    RESTART: tuple(Restart),
    VALIDATED_IN: tuple(ValidatedIn),
    CUSTOMER_VALIDATION: tuple(CustomerValidation),
    NOTIFY: tuple(Notify),
}
DATE_TIMES = (START, NEW_END, START_NOTIFIED, DELAY_NOTIFIED, END_NOTIFIED, ACTUAL_END, UPDATED_AT)

_SETTLE_COLUMNS = (*WRITTEN_CELLS, COMMENT, OVERRIDE)
"""What can be half-typed. A tick is whole at once, so checkboxes do not make a row wait."""
_COMPONENT = re.compile(r"(?P<name>.*?\S)[\s,:]+(?P<version>v?\d[\w.+-]*)(?:\s*\((?P<previous>[^()]+)\))?")
_WELL_FORMED_ID = re.compile(r"[A-Z0-9][A-Z0-9-]{0,30}-(\d{4,9})")


def find_columns(rows: Sequence[Row], names: Names) -> Layout | None:
    """Where the columns of the tab Deployments stand; None where no header row can be told."""
    return find_layout(rows, COLUMNS, names)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row that says something, before it is told which deployment it is."""

    number: int
    """The sheet's row number, 1 for the first."""
    id: str
    """What stands in the ID cell, if it has the form of an ID, else empty."""
    cells: Row


def rows_of(rows: Sequence[Row], layout: Layout) -> list[SheetRow]:
    """The rows below the header that have an ID or in which staff wrote something."""
    found = []
    for number, cells in enumerate(rows[layout.header_row :], start=layout.header_row + 1):
        written = (column for name, column in layout.columns.items() if name in STAFF_COLUMNS)
        identity = text_of(_at(cells, layout, ID))
        if number_of(identity) is None:
            identity = ""
        if identity or any(column <= len(cells) and not says_nothing(cells[column - 1]) for column in written):
            found.append(SheetRow(number, identity, cells))
    return found


def read_deployment(row: SheetRow, layout: Layout, names: Names, zone: ZoneInfo, domains: Sequence[str]) -> Deployment:
    """One row as a deployment; what cannot be read becomes a sentence in `problems`, never an exception.

    `zone` is the spreadsheet's; `domains` are those the responsible's address must be of.
    """
    reader = RowReader(row.cells, layout, names)
    status = reader.choice(STATUS, Status)
    start = reader.moment(START, zone)
    duration = reader.minutes(DURATION)
    new_end = reader.moment(NEW_END, zone)
    if start and new_end and new_end <= start:
        reader.problem(Sentence.of("cell_new_end", column=names.shown(NEW_END)))
        new_end = None
    return Deployment(
        row=row.number,
        id=row.id,
        status=status or Status.DRAFT,
        environment=reader.choice(ENVIRONMENT, Environment),
        window=Window(start, start + duration) if start and duration else None,
        half_window=START if start and not duration else DURATION if duration and not start else "",
        tickets=reader.lines(TICKETS),
        components=tuple(map(read_component, reader.lines(COMPONENTS))),
        restart=reader.choice(RESTART, Restart) or Restart.NONE,
        responsible=_responsible(reader, names, domains),
        agreed_with=reader.text(AGREED_WITH),
        validated_in=reader.choice(VALIDATED_IN, ValidatedIn),
        customer_validation=reader.choice(CUSTOMER_VALIDATION, CustomerValidation),
        rollback_guide=reader.text(ROLLBACK_GUIDE),
        notify=reader.choice(NOTIFY, Notify) or Notify.EVERYONE,
        new_end=new_end,
        checked=_boxes(frozenset(name for name in CHECKLIST if reader.ticked(name))),
        comment=reader.text(COMMENT),
        override=reader.text(OVERRIDE),
        problems=tuple(reader.problems),
        fingerprint=fingerprint(_at(row.cells, layout, column) for column in _SETTLE_COLUMNS),
        # An unreadable Status must not count as Draft: Draft stops what is pending without a word.
        status_unknown=status is None and bool(text_of(_at(row.cells, layout, STATUS))),
    )


@lru_cache
def _boxes(ticked: frozenset[str]) -> frozenset[str]:
    """One object for the same boxes: thousands of rows that the pages keep have the same few."""
    return ticked


def read_component(line: str) -> Component:
    """`addon-diba 3.2.11 (3.2.10)` -> name, version, the version before; a line without a version is all name."""
    found = _COMPONENT.fullmatch(line)
    if not found:
        return Component(line)
    return Component(found["name"].rstrip(",: "), found["version"], (found["previous"] or "").strip())


def number_of(identity: str) -> int | None:
    """The number of an ID (`DIBA-0014` -> 14); None where it has not the form of one."""
    found = _WELL_FORMED_ID.fullmatch(identity)
    return int(found[1]) if found else None


def _responsible(reader: RowReader, names: Names, domains: Sequence[str]) -> str:
    text = reader.text(RESPONSIBLE)
    address = text.lower()
    if text and not (is_address(address) and address.rpartition("@")[2] in domains):
        reader.problem(
            Sentence.of("cell_address", column=names.shown(RESPONSIBLE), text=text[:40], domains=tuple(domains))
        )
        return ""
    return address


def _at(cells: Row, layout: Layout, column: str) -> Cell:
    position = layout.columns.get(column)
    return cells[position - 1] if position is not None and position <= len(cells) else None


@dataclass(frozen=True, slots=True)
class Projection:
    """What the daemon's columns of one row shall say; the ID is not among them, it has rules of its own."""

    progress: str
    next_action: str = ""
    calendar_event: str = ""
    replies: str | None = ""
    """None: not known at present; the cell is left as it is."""
    start_notified: datetime | None = None
    delay_notified: datetime | None = None
    end_notified: datetime | None = None
    actual_end: datetime | None = None
    knows_actual_end: bool = True
    """False: the row was closed before it was first seen; what its cell says stays."""


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell to write, absolute; row and column count from 1; an empty text clears."""

    row: int
    column: int
    value: str | float


def changes_for(row: SheetRow, layout: Layout, wanted: Projection, zone: ZoneInfo, now: datetime) -> list[CellChange]:
    """The cells of the daemon's columns that differ from what they shall say, `Updated at` among them if any does."""
    values: dict[str, str | float] = {
        PROGRESS: wanted.progress,
        NEXT_ACTION: wanted.next_action,
        CALENDAR_EVENT: wanted.calendar_event,
    }
    if wanted.replies is not None:
        values[REPLIES] = wanted.replies
    moments = {
        START_NOTIFIED: wanted.start_notified,
        DELAY_NOTIFIED: wanted.delay_notified,
        END_NOTIFIED: wanted.end_notified,
    }
    if wanted.knows_actual_end:
        moments[ACTUAL_END] = wanted.actual_end
    values |= {column: serial_of(moment, zone) if moment else "" for column, moment in moments.items()}
    changes = [
        CellChange(row.number, layout.columns[column], value)
        for column, value in values.items()
        if column in layout.columns and not _same(_at(row.cells, layout, column), value)
    ]
    if changes and UPDATED_AT in layout.columns:
        changes.append(CellChange(row.number, layout.columns[UPDATED_AT], serial_of(now, zone)))
    return changes


def _same(cell: Cell, value: str | float) -> bool:
    if isinstance(value, str):
        return text_of(cell) == text_of(value) and not isinstance(cell, bool)
    # Half a second: Sheets keeps serial numbers as binary fractions.
    return isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell - value) < 0.5 / 86400

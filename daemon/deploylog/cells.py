"""Cells as staff type them: header rows, names in the owner's words, and what a cell says.

Pure. Shared by `deployment_log.py` and `registry.py`. Cells come as the Sheets API gives them with UNFORMATTED_VALUE
and SERIAL_NUMBER: text, numbers (a date-time is days since 1899-12-30 in the spreadsheet's own zone), booleans.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from deploylog.model import Sentence, same_name

Cell = str | int | float | bool | None
Row = Sequence[Cell]
Choice = TypeVar("Choice", bound=StrEnum)

SERIAL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  (serial numbers are local times)
YEARS = range(1970, 2200)
"""Years a deployment can be in; others are slips, and the far ones overflow in some time zones."""
HEADER_SEARCH_ROWS = 10
"""The header may stand below titles or merged rows, but not further down than this."""
TEXT_LIMIT = 5000
"""Characters of one cell that still make a readable mail; more is a slip (a pasted document)."""
_ADDRESS = re.compile(
    # RFC 5322, dot-atom, without `?`: on anything else `email` raises when it writes a header.
    r"[\w!#$%&'*+/=^`{|}~-]+(?:\.[\w!#$%&'*+/=^`{|}~-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}",
    re.ASCII,
)
_ISO_MOMENT = re.compile(r"(\d{4})-(\d{2})-(\d{2})[ T](\d{1,2}):(\d{2})(?::(\d{2}))?")


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """Text as names are compared: without regard to case, the amount of white space and how accents are kept."""
    return same_name(text)


class Names:
    """The owner's words for ours (config `columns`): tabs, columns, dropdown values, first words of `Progress`."""

    def __init__(self, mapping: Mapping[str, str] | None = None) -> None:
        self._shown = {folded(ours): theirs for ours, theirs in (mapping or {}).items()}
        self._choices: dict[type[StrEnum], Mapping[str, StrEnum]] = {}

    def shown(self, ours: str) -> str:
        """The word that stands in the sheet for ours; ours itself where none is mapped."""
        return self._shown.get(folded(ours), ours)

    def choice(self, text: str, kind: type[Choice]) -> Choice | None:
        """Which of an enumeration a text names, in the owner's words or in ours; None: none of them."""
        known = self._choices.get(kind)
        if known is None:
            # The first that a word fits holds, as if they were gone through in their order.
            words: dict[str, StrEnum] = {}
            for one in kind:
                words.setdefault(folded(self.shown(one.value)), one)
                words.setdefault(folded(one.value), one)
            known = self._choices[kind] = words
        return known.get(folded(text))  # type: ignore[return-value]  # of that kind, as it was put there


def bracketed(text: str, names: Names) -> str:
    """A text of ours with each [name] as the owner calls it, without the brackets."""
    return re.sub(r"\[([^\[\]]+)\]", lambda found: names.shown(found[1]), text)


def column_letters(column: int) -> str:
    """`A` for 1, `Z` for 26, `AA` for 27."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns of a tab stand: the header's row and, by our name, each column; both count from 1."""

    header_row: int
    columns: Mapping[str, int]

    def missing(self, wanted: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in wanted if name not in self.columns)


def find_layout(rows: Sequence[Row], wanted: Sequence[str], names: Names) -> Layout | None:
    """The row among the first ten that carries most of the wanted names, and at least two; None where there is none.

    A name that stands twice counts where it stands first; columns nobody knows are left alone.
    """
    best: Layout | None = None
    for number, row in enumerate(rows[:HEADER_SEARCH_ROWS], start=1):
        texts = [folded(text_of(cell)) for cell in row]
        columns = {}
        for name in wanted:
            shown = folded(names.shown(name))
            if shown in texts:
                columns[name] = texts.index(shown) + 1
        if len(columns) >= 2 and (best is None or len(columns) > len(best.columns)):
            best = Layout(number, columns)
    return best


def text_of(cell: Cell) -> str:
    """A cell as text: numbers without a needless `.0`, booleans as Sheets shows them, outer white space off."""
    if type(cell) is str:
        return (cell.replace("\r\n", "\n").replace("\r", "\n") if "\r" in cell else cell).strip()
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


@lru_cache(maxsize=8_192)
def _once(text: str) -> str:
    """One object for a text that many rows have: thousands of logs are kept for the pages.

    Not `sys.intern`: the first releases of Python 3.12 keep such a text for ever (CPython issue 113993).
    """
    return text


def says_nothing(cell: Cell) -> bool:
    """Empty, or an unticked checkbox: Sheets fills a column of checkboxes with FALSE to its last row."""
    return cell is False or text_of(cell) == ""


def fingerprint(cells: Iterable[Cell]) -> str:
    """A digest of cells; equal exactly when they read the same."""
    return hashlib.sha256(json.dumps([text_of(cell) for cell in cells]).encode()).hexdigest()[:32]


def serial_of(moment: datetime, zone: ZoneInfo) -> float:
    """An instant as the serial number Sheets shows as its local time in `zone`."""
    local = moment.astimezone(zone).replace(tzinfo=None)
    return round((local - SERIAL_EPOCH) / timedelta(days=1), 9)


def is_address(text: str) -> bool:
    """One plain e-mail address, as we would put it into a header: no display name, no list."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None


class RowReader:
    """Reads one row's cells by our column names, and collects a sentence for each that cannot be read.

    A cell that is empty or unreadable gives the empty value of its kind. `columns` in the sentences are quoted as they
    stand in the sheet.
    """

    def __init__(self, row: Row, layout: Layout, names: Names) -> None:
        self._row = row
        self._layout = layout
        self._names = names
        self.problems: list[Sentence] = []

    def cell(self, column: str) -> Cell:
        position = self._layout.columns.get(column)
        if position is None or position > len(self._row):
            return None
        return self._row[position - 1]

    def text(self, column: str) -> str:
        """The cell's text; an unticked checkbox says nothing, so that a column of them overrides no rule."""
        return "" if self.cell(column) is False else _once(self._text(column))

    def _text(self, column: str) -> str:
        text = text_of(self.cell(column))
        if len(text) > TEXT_LIMIT:
            self._problem("cell_too_long", column, limit=TEXT_LIMIT)
            return ""
        return text

    def lines(self, column: str) -> tuple[str, ...]:
        """The lines that say something, without the bullets people put before them."""
        stripped = (re.sub(r"^[\s*•·–-]+(?=\S)", "", line).strip() for line in self.text(column).split("\n"))
        return tuple(_once(line) for line in stripped if line.strip("*•·–- "))

    def ticked(self, column: str) -> bool:
        cell = self.cell(column)
        return cell is True or (isinstance(cell, str) and folded(cell) in ("true", "verdadero", "cert", "x"))

    def choice(self, column: str, kind: type[Choice]) -> Choice | None:
        """One of an enumeration, in the owner's words or ours; None where empty or none of them."""
        text = self._text(column)
        if not text:
            return None
        if (named := self._names.choice(text, kind)) is not None:
            return named
        self._problem("cell_choice", column, text=_short(text), choices=tuple(map(self._names.shown, kind)))
        return None

    def minutes(self, column: str) -> timedelta | None:
        """A whole number of minutes, from one to less than a week.

        A fraction is a time typed as `1:30` or `90:00`, which Sheets keeps as a fraction of days.
        """
        cell = self.cell(column)
        if text_of(cell) == "":
            return None
        try:
            minutes = float(text_of(cell).replace(",", "."))
        except ValueError:
            minutes = -1.0
        if isinstance(cell, bool) or not 1 <= minutes < 7 * 24 * 60 or not minutes.is_integer():
            self._problem("cell_minutes", column, text=_short(text_of(cell)))
            return None
        return timedelta(minutes=minutes)

    def moment(self, column: str, zone: ZoneInfo) -> datetime | None:
        """A date-time of the spreadsheet's zone as an instant in UTC; the first of the two on an autumn night."""
        cell = self.cell(column)
        if text_of(cell) == "":
            return None
        local = local_moment(cell)
        if local is None:
            self._problem("cell_date_time", column, text=_short(text_of(cell)))
            return None
        if isinstance(cell, int | float) and float(cell).is_integer():
            # A date alone is stored as the midnight it begins with; nobody is to be told a time nobody wrote.
            self._problem("cell_no_time", column, text=f"{local:%d/%m/%Y}")
            return None
        instant = local.replace(tzinfo=zone).astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) != local:
            self._problem("cell_no_such_time", column, text=f"{local:%d/%m/%Y %H:%M}")
            return None
        return instant

    def day(self, column: str) -> date | None:
        """A date (any time of day is dropped)."""
        cell = self.cell(column)
        if text_of(cell) == "":
            return None
        local = local_moment(cell) or local_moment(f"{text_of(cell)} 00:00")
        if local is None:
            self._problem("cell_date", column, text=_short(text_of(cell)))
            return None
        return local.date()

    def shown(self, column: str) -> str:
        """The column's name as it stands in the sheet, to be quoted in sentences."""
        return self._names.shown(column)

    def problem(self, sentence: Sentence) -> None:
        self.problems.append(sentence)

    def _problem(self, code: str, column: str, **values: str | int | tuple[str, ...]) -> None:
        self.problems.append(Sentence.of(code, column=self._names.shown(column), **values))


def local_moment(cell: Cell) -> datetime | None:
    """A local date-time (naive) from a serial number or an ISO text `2026-12-09 09:00`; None where it is neither.

    Other texts are not guessed: `9/12` is two days in two countries. Sheets turns what staff type into a number.
    """
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, int | float):
        if not 1 <= cell < 1_000_000:
            return None
        # Serial numbers are binary fractions of a day: whole seconds are what was meant.
        local = SERIAL_EPOCH + timedelta(seconds=round(cell * 86400))
        return local if local.year in YEARS else None
    found = _ISO_MOMENT.fullmatch(cell.strip())
    if not found or int(found[1]) not in YEARS:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  (local by meaning)
    except ValueError:
        return None


def _short(text: str) -> str:
    """Enough of a cell to recognise it in a sentence, on one line."""
    line = " ".join(text.split())
    if re.fullmatch(r"0?\.\d+", line):
        # A time without a date is stored as a fraction of a day; people know it by its hours and minutes.
        minutes = round(float(line) * 24 * 60)
        line = f"{minutes // 60}:{minutes % 60:02d}"
    return line if len(line) <= 40 else line[:39] + "…"

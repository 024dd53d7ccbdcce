"""A1 notation: `Tab`, `Tab!A1:B2`, `'It''s'!A:A`, `A2:C`, `C2:2`, `1:2`, `B4`.

https://developers.google.com/workspace/sheets/api/guides/concepts#cell
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CELL = re.compile(r"\$?(?P<column>[A-Za-z]{1,3})?\$?(?P<row>[1-9]\d*)?")
_PLAIN_TITLE = re.compile(r"[^\W\d]\w*")
_LIKE_A_CELL = re.compile(r"[A-Za-z]{1,3}\d+|[Rr]\d*[Cc]\d*")


@dataclass(frozen=True)
class Area:
    """A rectangle of cells, from 0, its end exclusive; an end of None is open."""

    row: int = 0
    column: int = 0
    end_row: int | None = None
    end_column: int | None = None
    anchor: bool = False
    """Whether a single cell was named: values written there may reach beyond it."""


def split(text: str) -> tuple[str | None, str]:
    """The tab's title, if one is named before a `!`, and what follows it."""
    if text.startswith("'"):
        quoted = re.fullmatch(r"'((?:[^']|'')*)'(?:!(.*))?", text, re.DOTALL)
        if quoted is None:
            return None, text
        return quoted[1].replace("''", "'"), quoted[2] or ""
    title, found, rest = text.rpartition("!")
    return (title, rest) if found else (None, text)


def parse_area(text: str) -> Area | None:
    """The cells that `B2`, `A1:C`, `A:B` or `2:3` names, None where it names none. A lone `A` names none."""
    first, found, second = text.partition(":")
    start = _corner(first)
    if start is None:
        return None
    if not found:
        row, column = start
        if row is None or column is None:
            return None
        return Area(row, column, row + 1, column + 1, anchor=True)
    end = _corner(second)
    if end is None:
        return None
    (row, column), (other_row, other_column) = start, end
    if column is None and other_column is not None:
        return None
    # `C2:2` is open to the right, which gspread's `row_values` relies on.
    beside = column is not None and other_column is None
    if beside and (row is None or other_row is None):
        return None
    rows = sorted(one for one in (row, other_row) if one is not None)
    columns = sorted(one for one in (column, other_column) if one is not None)
    # `A2:C` is open below; so is `A:C2`, which Sheets reads the same way.
    both = row is not None and other_row is not None
    return Area(
        rows[0] if rows else 0,
        columns[0] if columns else 0,
        rows[-1] + 1 if both else None,
        columns[-1] + 1 if columns and not beside else None,
    )


def column_letters(column: int) -> str:
    """`A` for 0, `Z` for 25, `AA` for 26."""
    letters = ""
    column += 1
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """0 for `A`."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def written(title: str, row: int, column: int, end_row: int, end_column: int) -> str:
    """A rectangle as Sheets answers it: `'Two words'!A1:B2`, or one cell as `Tab!B4`."""
    first = f"{column_letters(column)}{row + 1}"
    last = f"{column_letters(end_column - 1)}{end_row}"
    return f"{quoted(title)}!{first}" + (f":{last}" if last != first else "")


def quoted(title: str) -> str:
    """A tab's title, in quotes where it needs them."""
    if _PLAIN_TITLE.fullmatch(title) and not _LIKE_A_CELL.fullmatch(title):
        return title
    return "'" + title.replace("'", "''") + "'"


def _corner(text: str) -> tuple[int | None, int | None] | None:
    """Row and column of one corner, either of which may be left out."""
    found = _CELL.fullmatch(text.strip())
    if found is None or not text.strip(" $"):
        return None
    row, column = found["row"], found["column"]
    return (int(row) - 1 if row else None, column_number(column) if column else None)

"""Requests of `spreadsheets.batchUpdate`, one function per thing a tab can have. Pure.

`template.py`, `summary.py` and `upgrade.py` say what a spreadsheet of ours has; this module says it in Google's words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Request = dict[str, Any]
Colour = Mapping[str, float]

HEADER_COLOUR: Colour = {"red": 0.20, "green": 0.27, "blue": 0.36}
WHITE: Colour = {"red": 1, "green": 1, "blue": 1}
INK: Colour = {"red": 0.10, "green": 0.10, "blue": 0.12}


def colour(hexadecimal: str) -> Colour:
    """`D6EAF8` as Google gives colours: parts from 0 to 1."""
    red, green, blue = (round(int(hexadecimal[at : at + 2], 16) / 255, 4) for at in (0, 2, 4))
    return {"red": red, "green": green, "blue": blue}


@dataclass(frozen=True, slots=True)
class Place:
    """A column of a tab below its header."""

    sheet_id: int
    header_row: int
    """Counts from 1."""
    position: int
    """Counts from 0."""

    @property
    def below(self) -> dict[str, int]:
        """All cells under the header, to whatever row the tab grows."""
        return self._range(self.header_row)

    @property
    def header(self) -> dict[str, int]:
        return {**self._range(self.header_row - 1), "endRowIndex": self.header_row}

    def _range(self, first_row: int) -> dict[str, int]:
        return {
            "sheetId": self.sheet_id,
            "startRowIndex": first_row,
            "startColumnIndex": self.position,
            "endColumnIndex": self.position + 1,
        }


def settings(locale: str, time_zone: str) -> Request:
    """The spreadsheet's own: how typed dates are understood, and in which zone they are meant."""
    properties = {"locale": locale, "timeZone": time_zone}
    return {"updateSpreadsheetProperties": {"properties": properties, "fields": "locale,timeZone"}}


def tab(sheet_id: int, title: str, rows: int, columns: int, frozen: tuple[int, int], make: bool) -> Request:
    """A tab of that size with frozen rows and columns: a new one, or (not `make`) the one that has this id."""
    grid = {
        "rowCount": rows,
        "columnCount": columns,
        "frozenRowCount": frozen[0],
        "frozenColumnCount": frozen[1],
    }
    properties = {"sheetId": sheet_id, "title": title, "gridProperties": grid}
    if make:
        return {"addSheet": {"properties": properties}}
    fields = "title,gridProperties(rowCount,columnCount,frozenRowCount,frozenColumnCount)"
    return {"updateSheetProperties": {"properties": properties, "fields": fields}}


def header(place: Place, title: str, note: str) -> Request:
    """The header's cell in our look, with a note that says what to write."""
    style = {
        "backgroundColor": HEADER_COLOUR,
        "textFormat": {"bold": True, "foregroundColor": WHITE},
        "wrapStrategy": "WRAP",
        "verticalAlignment": "MIDDLE",
    }
    cell = {"userEnteredValue": {"stringValue": title}, "userEnteredFormat": style, "note": note}
    return {"updateCells": {"range": place.header, "rows": [{"values": [cell]}], "fields": f"{_fields(style)},note"}}


def _fields(style: Mapping[str, Any]) -> str:
    return f"userEnteredValue,userEnteredFormat({','.join(style)})"


def note(place: Place, text: str) -> Request:
    """A note on a header that is there already; nothing else of it changes."""
    return {"updateCells": {"range": place.header, "rows": [{"values": [{"note": text}]}], "fields": "note"}}


def texts(sheet_id: int, row: int, rows: Sequence[Sequence[Mapping[str, Any]]], fields: str) -> Request:
    """Cells from column A on, from `row` (counts from 0)."""
    start = {"sheetId": sheet_id, "rowIndex": row, "columnIndex": 0}
    return {"updateCells": {"start": start, "rows": [{"values": list(one)} for one in rows], "fields": fields}}


def look(place: Place, **style: Any) -> Request:
    """Format all cells of a column below the header; only what is given changes."""
    return {
        "repeatCell": {
            "range": place.below,
            "cell": {"userEnteredFormat": style},
            "fields": f"userEnteredFormat({','.join(style)})",
        }
    }


def _validation(place: Place, condition: Request, **more: object) -> Request:
    return {"setDataValidation": {"range": place.below, "rule": {"condition": condition, **more}}}


def dropdown(place: Place, choices: Sequence[str]) -> Request:
    """Not strict: what staff type instead is told in the row, never lost."""
    condition = {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": choice} for choice in choices]}
    return _validation(place, condition, showCustomUi=True, strict=False)


def checkbox(place: Place) -> Request:
    return _validation(place, {"type": "BOOLEAN"}, strict=True)


def date_picker(place: Place) -> Request:
    """A double click opens a calendar; what is no date is marked, and told in the row."""
    return _validation(place, {"type": "DATE_IS_VALID"}, strict=False)


def positive_number(place: Place) -> Request:
    return _validation(place, {"type": "NUMBER_GREATER", "values": [{"userEnteredValue": "0"}]}, strict=False)


def warning(area: Mapping[str, int], description: str) -> Request:
    """Protect with a warning only: a hard protection would refuse sorting, inserting and pasting whole rows."""
    protected = {"range": dict(area), "description": description, "warningOnly": True}
    return {"addProtectedRange": {"protectedRange": protected}}


def width(sheet_id: int, position: int, pixels: int) -> Request:
    return {
        "updateDimensionProperties": {
            "range": columns(sheet_id, position, position + 1),
            "properties": {"pixelSize": pixels},
            "fields": "pixelSize",
        }
    }


def columns(sheet_id: int, first: int, end: int) -> dict[str, Any]:
    return {"sheetId": sheet_id, "dimension": "COLUMNS", "startIndex": first, "endIndex": end}


def group(sheet_id: int, first: int, end: int) -> Request:
    """Columns from `first` to before `end` that can be folded away together."""
    return {"addDimensionGroup": {"range": columns(sheet_id, first, end)}}


def coloured_word(place: Place, word: str, background: Colour, text: Mapping[str, bool], index: int) -> Request:
    """Cells that start with this word, in its colour; `text` is bold, italic, strikethrough."""
    rule = {
        "ranges": [place.below],
        "booleanRule": {
            "condition": {"type": "TEXT_STARTS_WITH", "values": [{"userEnteredValue": word}]},
            "format": {"backgroundColor": background, "textFormat": {"foregroundColor": INK, **text}},
        },
    }
    return {"addConditionalFormatRule": {"rule": rule, "index": index}}

"""A spreadsheet as it is kept, and the cells of its sheets.

A document has `locale`, `timeZone`, `sheets` and `namedRanges`. A sheet has `properties` (as in the API) and `rows`: a
list of lists of cells, as long as there is something in them, not as long as the grid. A cell is None or has `value`
(an ExtendedValue), `format`, `note`, `validation`. Cells are never changed, only replaced, so that a copy of a document
may share them.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from workspace_sandbox.calls import ApiError, Json
from workspace_sandbox.sheets import a1

Cell = Json | None

_ROWS, _COLUMNS = 1000, 26
_MOST_CELLS = 10_000_000


def new_spreadsheet(locale: str = "es_ES", time_zone: str = "Europe/Madrid") -> Json:
    """An empty spreadsheet of one sheet."""
    return {
        "locale": locale,
        "timeZone": time_zone,
        "sheets": [new_sheet({"sheetId": 0, "title": "Sheet1"})],
        "namedRanges": [],
    }


def new_sheet(properties: Json) -> Json:
    """An empty sheet; what `properties` leaves out is as Sheets makes it: 1,000 rows and 26 columns."""
    grid = {"rowCount": _ROWS, "columnCount": _COLUMNS, **properties.get("gridProperties", {})}
    if grid["rowCount"] < 1 or grid["columnCount"] < 1 or grid["rowCount"] * grid["columnCount"] > _MOST_CELLS:
        raise ApiError(400, "badRequest", f"A grid of {grid['rowCount']} by {grid['columnCount']} is not possible.")
    return {
        "properties": {"index": 0, "sheetType": "GRID", **properties, "gridProperties": grid},
        "rows": [],
        "rowMetadata": [],
        "columnMetadata": [],
        "merges": [],
        "conditionalFormats": [],
        "protectedRanges": [],
        "rowGroups": [],
        "columnGroups": [],
    }


def copied(document: Json) -> Json:
    """A copy that may be changed, except for its cells, which are shared."""
    return {
        **{name: copy.deepcopy(value) for name, value in document.items() if name != "sheets"},
        "sheets": [copied_sheet(sheet) for sheet in document["sheets"]],
    }


def copied_sheet(sheet: Json) -> Json:
    return {
        **{name: copy.deepcopy(value) for name, value in sheet.items() if name != "rows"},
        "rows": [list(row) for row in sheet["rows"]],
    }


@dataclass(frozen=True)
class Block:
    """A rectangle within the grid of one sheet, from 0, its ends exclusive."""

    sheet: Json
    row: int
    column: int
    end_row: int
    end_column: int
    anchor: bool = False
    """Whether one cell was named, from which values may reach further."""

    @property
    def name(self) -> str:
        """In A1 notation."""
        title = self.sheet["properties"]["title"]
        return a1.written(title, self.row, self.column, self.end_row, self.end_column)

    def cells(self) -> Iterator[list[Cell]]:
        """The rows of the rectangle that are kept, each as long as it is kept."""
        for row in self.sheet["rows"][self.row : self.end_row]:
            yield row[self.column : self.end_column]

    def positions(self) -> Iterator[tuple[int, int]]:
        for row in range(self.row, self.end_row):
            for column in range(self.column, self.end_column):
                yield row, column


def size(sheet: Json) -> tuple[int, int]:
    """Rows and columns of the grid."""
    grid = sheet["properties"]["gridProperties"]
    return grid["rowCount"], grid["columnCount"]


def cell_at(sheet: Json, row: int, column: int) -> Cell:
    rows = sheet["rows"]
    if row >= len(rows) or column >= len(rows[row]):
        return None
    cell: Cell = rows[row][column]
    return cell


def put_cell(sheet: Json, row: int, column: int, cell: Cell) -> None:
    """Replace a cell within the grid; one with nothing in it is kept as None."""
    rows = sheet["rows"]
    kept = {name: value for name, value in cell.items() if value is not None} if cell else None
    if not kept and cell_at(sheet, row, column) is None:
        return
    while len(rows) <= row:
        rows.append([])
    line = rows[row]
    line.extend([None] * (column + 1 - len(line)))
    line[column] = kept or None


def put_value(sheet: Json, row: int, column: int, value: Json | None) -> None:
    put_cell(sheet, row, column, {**(cell_at(sheet, row, column) or {}), "value": value})


def sheet_by_id(document: Json, sheet_id: int) -> Json:
    """Raises ApiError 400 where there is none."""
    for sheet in document["sheets"]:
        if sheet["properties"]["sheetId"] == sheet_id:
            found: Json = sheet
            return found
    raise ApiError(400, "badRequest", f"No grid with id: {sheet_id}")


def sheet_by_title(document: Json, title: str) -> Json | None:
    folded = title.casefold()
    for sheet in document["sheets"]:
        if sheet["properties"]["title"].casefold() == folded:
            found: Json = sheet
            return found
    return None


def block_of_grid_range(document: Json, grid_range: Json) -> Block:
    """The rectangle of a GridRange, whose missing ends are open. Raises ApiError 400 beyond the grid."""
    sheet = sheet_by_id(document, grid_range.get("sheetId", 0))
    rows, columns = size(sheet)
    row, end_row = grid_range.get("startRowIndex", 0), grid_range.get("endRowIndex", rows)
    column, end_column = grid_range.get("startColumnIndex", 0), grid_range.get("endColumnIndex", columns)
    if not (0 <= row <= end_row <= rows and 0 <= column <= end_column <= columns):
        raise ApiError(
            400,
            "badRequest",
            f"Attempting to use a range beyond the grid: the sheet has {rows} rows, {columns} columns.",
        )
    return Block(sheet, row, column, end_row, end_column)


def block_of_a1(document: Json, text: str, *, write: bool) -> Block:
    """The rectangle that A1 notation or a named range names, its open ends closed.

    Raises ApiError 400 where it names none, or one beyond the grid; a read may end beyond it, and is cut there.
    """
    title, rest = a1.split(text)
    sheet, area = _sheet_and_area(document, title, rest)
    if sheet is None or area is None:
        # gspread puts the tab before a name as before any range, and Sheets takes it.
        named = _named(document, rest if sheet is not None else text)
        if named is None:
            raise ApiError(400, "badRequest", f"Unable to parse range: {text}")
        return named
    rows, columns = size(sheet)
    end_row = rows if area.end_row is None else area.end_row
    end_column = columns if area.end_column is None else area.end_column
    beyond = area.row >= rows or area.column >= columns
    if beyond or (write and (end_row > rows or end_column > columns)):
        name = a1.written(sheet["properties"]["title"], area.row, area.column, end_row, end_column)
        raise exceeds_grid(name, sheet)
    return Block(sheet, area.row, area.column, min(end_row, rows), min(end_column, columns), area.anchor)


def exceeds_grid(name: str, sheet: Json) -> ApiError:
    rows, columns = size(sheet)
    return ApiError(400, "badRequest", f"Range ({name}) exceeds grid limits. Max rows: {rows}, max columns: {columns}")


def _sheet_and_area(document: Json, title: str | None, rest: str) -> tuple[Json | None, a1.Area | None]:
    if title is not None:
        return sheet_by_title(document, title), a1.parse_area(rest) if rest else a1.Area()
    area = a1.parse_area(rest)
    if area is not None:
        return document["sheets"][0], area
    return sheet_by_title(document, rest), a1.Area()


def _named(document: Json, name: str) -> Block | None:
    for one in document["namedRanges"]:
        if one["name"].casefold() == name.casefold():
            return block_of_grid_range(document, one["range"])
    return None


def number_format(cell: Cell) -> Json | None:
    found: Json | None = (cell or {}).get("format", {}).get("numberFormat")
    return found


def trimmed(values: list[Any]) -> list[Any]:
    """Without the trailing "" and None."""
    end = len(values)
    while end and (values[end - 1] is None or values[end - 1] == ""):
        end -= 1
    return values[:end]

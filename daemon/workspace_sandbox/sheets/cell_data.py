"""The cells of a sheet as `spreadsheets.get` answers them: GridData and CellData."""

from __future__ import annotations

import json
from functools import reduce

from workspace_sandbox import fields
from workspace_sandbox.calls import Json
from workspace_sandbox.sheets.cell_values import shown
from workspace_sandbox.sheets.conditional_formats import ConditionalFormats, with_format
from workspace_sandbox.sheets.developer_metadata import at_dimension
from workspace_sandbox.sheets.formulas import Calculation
from workspace_sandbox.sheets.grid import Block, Cell
from workspace_sandbox.sheets.row_filters import hidden_rows

DEFAULT_FORMAT: Json = {
    "backgroundColor": {"red": 1, "green": 1, "blue": 1},
    "padding": {"top": 2, "right": 3, "bottom": 2, "left": 3},
    "verticalAlignment": "BOTTOM",
    "wrapStrategy": "OVERFLOW_CELL",
}
_USUAL_ROW: Json = {"pixelSize": 21}
_USUAL_COLUMN: Json = {"pixelSize": 100}
_CELL_FIELDS = (("format", "userEnteredFormat"), ("note", "note"), ("validation", "dataValidation"))
_ALL_FIELDS = (
    *("userEnteredValue", "effectiveValue", "formattedValue", "effectiveFormat"),
    *(name for _, name in _CELL_FIELDS),
)


def grid_data(calculation: Calculation, block: Block, mask: fields.Mask) -> Json:
    """Rows, trailing empty ones left out; of rows and cells only what the mask may want, since there are many."""
    data_of = _CellShower(calculation, block.sheet, mask)
    rows = []
    for row, line in calculation.lines(block.sheet, block.row, block.end_row):
        # A rule may colour cells in which there is nothing.
        line += [(column, None) for column in range(len(line), data_of.reach(row))]
        values = [data_of(row, column, cell) for column, cell in line[block.column : block.end_column]]
        # Also where the mask wants nothing of what is in a cell, the cell is there.
        while values and values[-1] is None:
            values.pop()
        rows.append({"values": [one or {} for one in values]})
    while rows and not rows[-1]["values"]:
        rows.pop()
    answer: Json = {"rowData": [row if row["values"] else {} for row in rows]}
    if fields.has(mask, "sheets", "data", "rowMetadata"):
        answer["rowMetadata"] = _metadata(calculation.document, block, "ROWS")
        for row in hidden_rows(calculation, block.sheet):
            if block.row <= row < block.end_row:
                at = row - block.row
                answer["rowMetadata"][at] = {**answer["rowMetadata"][at], "hiddenByFilter": True}
    if fields.has(mask, "sheets", "data", "columnMetadata"):
        answer["columnMetadata"] = _metadata(calculation.document, block, "COLUMNS")
    if block.row:
        answer["startRow"] = block.row
    if block.column:
        answer["startColumn"] = block.column
    return answer


def _metadata(document: Json, block: Block, dimension: str) -> list[Json]:
    """Of every row or column asked for, also of those nobody changed: 21 or 100 pixels."""
    sheet = block.sheet
    if dimension == "ROWS":
        kept, start, end, usual = sheet["rowMetadata"], block.row, block.end_row, _USUAL_ROW
    else:
        kept, start, end, usual = sheet["columnMetadata"], block.column, block.end_column, _USUAL_COLUMN
    answer: list[Json] = [{**usual, **kept[at]} if at < len(kept) and kept[at] else usual for at in range(start, end)]
    for at, metadata in at_dimension(document, sheet["properties"]["sheetId"], dimension).items():
        if start <= at < end:
            answer[at - start] = {**answer[at - start], "developerMetadata": metadata}
    return answer


class _CellShower:
    """Cells as CellData, with as much of them as the mask may want."""

    def __init__(self, calculation: Calculation, sheet: Json, mask: fields.Mask) -> None:
        self._calculation = calculation
        self._sheet = sheet
        cells = fields.below(mask, "sheets", "data", "rowData", "values")
        self._wanted = frozenset(name for name in _ALL_FIELDS if fields.has(cells, name)) if cells is not None else ()
        self._whole = "effectiveFormat" in self._wanted
        self._format_mask = (fields.below(cells, "effectiveFormat") if cells is not None else None) or {}
        self._cell_fields = [(kept, name) for kept, name in _CELL_FIELDS if name in self._wanted]
        self._rules = ConditionalFormats(calculation, sheet) if self._whole else None
        self._formats: dict[tuple[int, int, int], Json] = {}
        self._equal_formats: dict[str, Json] = {}
        self._alive: list[Json] = []
        self._default: Json = fields.apply(self._format_mask, DEFAULT_FORMAT)

    def reach(self, row: int) -> int:
        """The column after the last that a conditional format covers in the row."""
        return self._rules.reach(row) if self._rules else 0

    def __call__(self, row: int, column: int, cell: Cell) -> Json | None:
        """None where there is nothing in the cell."""
        answer: Json = {}
        calculation, sheet, wanted = self._calculation, self._sheet, self._wanted
        value = calculation.effective(sheet, row, column, cell)
        if cell is not None and "value" in cell and "userEnteredValue" in wanted:
            answer["userEnteredValue"] = cell["value"]
        if value is not None:
            if "effectiveValue" in wanted:
                answer["effectiveValue"] = value
            if "formattedValue" in wanted:
                of_number = calculation.number_format(sheet, row, column, cell) if "numberValue" in value else None
                answer["formattedValue"] = shown(value, of_number, calculation.setting.locale)
        if cell is not None:
            for kept, name in self._cell_fields:
                if kept in cell:
                    answer[name] = cell[kept]
        added = self._rules(row, column) if self._rules else None
        if cell is None and value is None and added is None:
            return None
        if self._whole:
            answer["effectiveFormat"] = self._format(row, column, cell, added)
        return answer

    def _format(self, row: int, column: int, cell: Cell, added: Json | None) -> Json:
        """The same object for the same format: there are thousands of cells, and few formats."""
        own = cell.get("format") if cell else None
        of_number = None
        if cell and "formulaValue" in cell.get("value", ()):
            of_number = self._calculation.number_format(self._sheet, row, column, cell)
        if own is added is of_number is None:
            return self._default
        key = (id(own), id(added), id(of_number))
        found = self._formats.get(key)
        if found is None:
            parts = [one for one in (own, {"numberFormat": of_number} if of_number else None, added) if one]
            text = json.dumps(parts)
            if text not in self._equal_formats:
                whole = reduce(with_format, parts, DEFAULT_FORMAT)
                self._equal_formats[text] = fields.apply(self._format_mask, whole)
            found = self._equal_formats[text]
            self._formats[key] = found
            # Ids are of one object only as long as it lives.
            self._alive += [one for one in (own, added, of_number) if one is not None]
        return found

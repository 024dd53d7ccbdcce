"""Requests that change the contents of cells: write, repeat, sort, copy, cut, replace, validate."""

from __future__ import annotations

import re
from collections.abc import Callable

from workspace_sandbox.calls import ApiError, Json
from workspace_sandbox.sheets.access import Opened
from workspace_sandbox.sheets.cell_values import entered
from workspace_sandbox.sheets.formula_functions import sort_key
from workspace_sandbox.sheets.formula_references import copied_formula, follow_cells, formula_of
from workspace_sandbox.sheets.formulas import Calculation
from workspace_sandbox.sheets.grid import (
    Block,
    Cell,
    block_of_grid_range,
    cell_at,
    number_format,
    put_cell,
    sheet_by_id,
    size,
)
from workspace_sandbox.sheets.requests import cell_of, changed_cell, field_mask, is_plain_checkbox, request

_PASTED: dict[str, tuple[str, ...]] = {
    "PASTE_NORMAL": ("value", "format", "note", "validation"),
    "PASTE_NO_BORDERS": ("value", "format", "note", "validation"),
    "PASTE_VALUES": ("value",),
    "PASTE_FORMULA": ("value",),
    "PASTE_FORMAT": ("format", "validation"),
    "PASTE_DATA_VALIDATION": ("validation",),
}


@request("updateCells")
def update_cells(opened: Opened, asked: Json) -> Json:
    """With `range`, what `rows` does not cover of it is cleared as far as the mask reaches."""
    mask = field_mask(asked, "CellData")
    rows = asked.get("rows") or []
    if "start" in asked:
        start = asked["start"]
        height, width = len(rows), max((len(line.get("values") or []) for line in rows), default=0)
        row, column = start.get("rowIndex", 0), start.get("columnIndex", 0)
        ends = {"endRowIndex": row + height, "endColumnIndex": column + width}
        area = {"sheetId": start.get("sheetId", 0), "startRowIndex": row, "startColumnIndex": column, **ends}
    else:
        area = asked.get("range") or {}
    block = block_of_grid_range(opened.document, area)
    opened.require_unprotected(block)
    for row, column in block.positions():
        line = rows[row - block.row].get("values") or [] if row - block.row < len(rows) else []
        given = column - block.column < len(line)
        if "start" in asked and not given:
            continue
        data = line[column - block.column] if given else {}
        put_cell(block.sheet, row, column, changed_cell(cell_at(block.sheet, row, column), data, mask))
    return {}


@request("appendCells")
def append_cells(opened: Opened, asked: Json) -> Json:
    """ "Adds new cells after the last row with data in a sheet, inserting new rows into the sheet if necessary." """
    if asked.get("tableId"):
        raise ApiError(501, "notImplemented", "The sandbox has no tables.")
    sheet, lines = sheet_by_id(opened.document, asked.get("sheetId", 0)), asked.get("rows") or []
    filled = [row for row, line in enumerate(sheet["rows"]) if any(cell and "value" in cell for cell in line)]
    row = filled[-1] + 1 if filled else 0
    grid = sheet["properties"]["gridProperties"]
    grid["rowCount"] = max(grid["rowCount"], row + len(lines))
    start = {"sheetId": sheet["properties"]["sheetId"], "rowIndex": row, "columnIndex": 0}
    return update_cells(opened, {"start": start, "rows": lines, "fields": asked.get("fields")})


@request("repeatCell")
def repeat_cell(opened: Opened, asked: Json) -> Json:
    mask = field_mask(asked, "CellData")
    block = block_of_grid_range(opened.document, asked.get("range") or {})
    opened.require_unprotected(block)
    data = asked.get("cell") or {}
    formats: dict[int, Json] = {}
    first = cell_of({"userEnteredValue": data.get("userEnteredValue")})
    for row, column in block.positions():
        if formula_of(first) is not None:
            # "the formula's ranges will automatically increment for each field in the range"
            moved = copied_formula(first, opened.locale, row - block.row, column - block.column)
            data = {**data, "userEnteredValue": (moved or {})["value"]}
        before = cell_at(block.sheet, row, column)
        changed = changed_cell(before, data, mask)
        if "format" in changed:
            # Cells that become alike share one format, which makes reading them quick.
            changed["format"] = formats.setdefault(id((before or {}).get("format")), changed["format"])
        put_cell(block.sheet, row, column, changed)
    return {}


@request("setDataValidation")
def set_data_validation(opened: Opened, asked: Json) -> Json:
    """A checkbox without a value gets FALSE; a missing rule takes validation away."""
    block = block_of_grid_range(opened.document, asked.get("range") or {})
    opened.require_unprotected(block)
    rule = asked.get("rule")
    checkbox = rule is not None and is_plain_checkbox(rule)
    for row, column in block.positions():
        cell = dict(cell_at(block.sheet, row, column) or {})
        cell["validation"] = rule
        if checkbox and cell.get("value") is None:
            cell["value"] = {"boolValue": False}
        put_cell(block.sheet, row, column, cell)
    return {}


@request("sortRange")
def sort_range(opened: Opened, asked: Json) -> Json:
    """Contents move, rows stay: sizes and hidden rows remain where they are. Blanks come last in either order."""
    block = block_of_grid_range(opened.document, asked.get("range") or {})
    opened.require_unprotected(block)
    sheet, calculation = block.sheet, opened.calculation()
    lines = list(range(block.row, block.end_row))
    for spec in reversed(asked.get("sortSpecs") or []):
        if set(spec) - {"dimensionIndex", "sortOrder"}:
            raise ApiError(501, "notImplemented", "The sandbox sorts by values only.")
        at = spec.get("dimensionIndex", 0)
        if not block.column <= at < block.end_column:
            raise ApiError(400, "badRequest", "The column to sort by lies outside the range.")
        values = {row: calculation.value(sheet, row, at) for row in lines}
        filled = [row for row in lines if values[row] is not None]
        blank = [row for row in lines if values[row] is None]
        down = spec.get("sortOrder") == "DESCENDING"
        keys = {row: sort_key(values[row]) for row in filled}
        lines = sorted(filled, key=keys.__getitem__, reverse=down) + blank
    moved = [
        [
            # Formulas move as if copied: what they take from their own row they take from it still.
            copied_formula(cell_at(sheet, row, column), opened.locale, to - row, 0)
            for column in range(block.column, block.end_column)
        ]
        for to, row in enumerate(lines, block.row)
    ]
    for row, line in enumerate(moved, block.row):
        for column, cell in enumerate(line, block.column):
            put_cell(sheet, row, column, cell)
    return {}


@request("copyPaste")
def copy_paste(opened: Opened, asked: Json) -> Json:
    source = block_of_grid_range(opened.document, asked.get("source") or {})
    target = block_of_grid_range(opened.document, asked.get("destination") or {})
    transposed = asked.get("pasteOrientation") == "TRANSPOSE"
    copied, calculation = _copied(source, transposed=transposed), opened.calculation()
    block = _tiled(target, len(copied), len(copied[0]) if copied else 0)
    opened.require_unprotected(block)
    kind = asked.get("pasteType", "PASTE_NORMAL")
    if kind not in _PASTED:
        raise ApiError(501, "notImplemented", f"The sandbox does not have {kind}.")
    for row, column in block.positions():
        line = copied[(row - block.row) % len(copied)]
        cell = line[(column - block.column) % len(line)]
        if kind == "PASTE_VALUES" and cell is not None:
            at_source = _source_of(source, row - block.row, column - block.column, copied, transposed)
            cell = {**cell, "value": _plain(calculation, source.sheet, at_source, cell)}
        elif cell is not None:
            at_source = _source_of(source, row - block.row, column - block.column, copied, transposed)
            cell = copied_formula(cell, opened.locale, row - at_source[0], column - at_source[1])
        _paste(block.sheet, row, column, cell, _PASTED[kind])
    return {}


def _source_of(source: Block, down: int, right: int, copied: list[list[Cell]], transposed: bool) -> tuple[int, int]:
    """Where the cell that goes that far into the destination comes from."""
    row, column = down % len(copied), right % len(copied[0])
    return (source.row + column, source.column + row) if transposed else (source.row + row, source.column + column)


def _plain(calculation: Calculation, sheet: Json, at: tuple[int, int], cell: Json) -> Json | None:
    """A formula's result as a value of its own; errors cannot be pasted and become nothing."""
    value = calculation.effective(sheet, *at, cell)
    return None if value is None or "errorValue" in value else value


@request("cutPaste")
def cut_paste(opened: Opened, asked: Json) -> Json:
    source = block_of_grid_range(opened.document, asked.get("source") or {})
    at = asked.get("destination") or {}
    if asked.get("pasteType", "PASTE_NORMAL") != "PASTE_NORMAL":
        raise ApiError(501, "notImplemented", "The sandbox cuts and pastes with PASTE_NORMAL only.")
    copied = _copied(source, transposed=False)
    row, column = at.get("rowIndex", 0), at.get("columnIndex", 0)
    ends = {"endRowIndex": row + len(copied), "endColumnIndex": column + source.end_column - source.column}
    area = {"sheetId": at.get("sheetId", 0), "startRowIndex": row, "startColumnIndex": column, **ends}
    target = block_of_grid_range(opened.document, area)
    opened.require_unprotected(source)
    opened.require_unprotected(target)
    for row, column in source.positions():
        put_cell(source.sheet, row, column, None)
    for row, column in target.positions():
        put_cell(target.sheet, row, column, copied[row - target.row][column - target.column])
    follow_cells(opened.document, source, target)
    return {}


@request("findReplace")
def find_replace(opened: Opened, asked: Json) -> Json:
    if not asked.get("find"):
        raise ApiError(400, "badRequest", "There is nothing to find.")
    replace, calculation = _replacement(asked), opened.calculation()
    counts = {"valuesChanged": 0, "formulasChanged": 0, "occurrencesChanged": 0}
    rows_changed, sheets_changed = set(), set()
    for block in _search_area(opened, asked):
        opened.require_unprotected(block)
        for row, column in block.positions():
            kind, count = _replace_in(opened, calculation, block.sheet, (row, column), replace, asked)
            if count:
                counts[kind] += 1
                counts["occurrencesChanged"] += count
                sheet_id = block.sheet["properties"]["sheetId"]
                sheets_changed.add(sheet_id)
                rows_changed.add((sheet_id, row))
    reply = {**counts, "rowsChanged": len(rows_changed), "sheetsChanged": len(sheets_changed)}
    return {name: number for name, number in reply.items() if number}


Replace = Callable[[str], tuple[str, int]]


def _replacement(asked: Json) -> Replace:
    pattern = asked["find"] if asked.get("searchByRegex") else re.escape(asked["find"])
    if asked.get("matchEntireCell"):
        pattern = rf"\A(?:{pattern})\Z"
    try:
        compiled = re.compile(pattern, 0 if asked.get("matchCase") else re.IGNORECASE)
    except re.error as error:
        raise ApiError(400, "badRequest", f"The regular expression is not valid: {error}") from None
    text = asked.get("replacement", "")
    if asked.get("searchByRegex"):
        with_groups = re.sub(r"\$(\d)", r"\\g<\1>", text.replace("\\", "\\\\"))
        return lambda content: compiled.subn(with_groups, content)
    return lambda content: compiled.subn(lambda _: text, content)


def _search_area(opened: Opened, asked: Json) -> list[Block]:
    if "range" in asked:
        return [block_of_grid_range(opened.document, asked["range"])]
    if asked.get("allSheets"):
        sheets = opened.document["sheets"]
    elif "sheetId" in asked:
        sheets = [sheet_by_id(opened.document, asked["sheetId"])]
    else:
        raise ApiError(400, "badRequest", "A scope is needed: range, sheetId or allSheets.")
    blocks = []
    for sheet in sheets:
        _, columns = size(sheet)
        blocks.append(Block(sheet, 0, 0, len(sheet["rows"]), columns))
    return blocks


def _replace_in(
    opened: Opened, calculation: Calculation, sheet: Json, at: tuple[int, int], replace: Replace, asked: Json
) -> tuple[str, int]:
    """Replace within one cell; what kind of cell it was and how often something was replaced."""
    cell = cell_at(sheet, *at)
    if cell is None or "value" not in cell:
        return "valuesChanged", 0
    formula = cell["value"].get("formulaValue")
    if formula is not None and not asked.get("includeFormulas"):
        return "formulasChanged", 0
    text, count = replace(formula if formula is not None else calculation.formatted(sheet, *at, cell))
    if count:
        value, _ = entered(text, "USER_ENTERED", opened.locale, opened.today, number_format(cell))
        put_cell(sheet, at[0], at[1], {**cell, "value": value})
    return "valuesChanged" if formula is None else "formulasChanged", count


def _copied(source: Block, *, transposed: bool) -> list[list[Cell]]:
    lines = [
        [cell_at(source.sheet, row, column) for column in range(source.column, source.end_column)]
        for row in range(source.row, source.end_row)
    ]
    return [list(line) for line in zip(*lines, strict=True)] if transposed else lines


def _tiled(target: Block, height: int, width: int) -> Block:
    """A destination that is a multiple of the source is filled; any other is as large as the source."""
    if not height or not width:
        raise ApiError(400, "badRequest", "There is nothing to copy.")
    rows, columns = target.end_row - target.row, target.end_column - target.column
    end_row = target.row + (rows if rows and rows % height == 0 else height)
    end_column = target.column + (columns if columns and columns % width == 0 else width)
    limit_rows, limit_columns = size(target.sheet)
    if end_row > limit_rows or end_column > limit_columns:
        raise ApiError(400, "badRequest", "The destination reaches beyond the grid.")
    return Block(target.sheet, target.row, target.column, end_row, end_column)


def _paste(sheet: Json, row: int, column: int, cell: Cell, parts: tuple[str, ...]) -> None:
    pasted = dict(cell_at(sheet, row, column) or {})
    for part in parts:
        pasted[part] = (cell or {}).get(part)
    put_cell(sheet, row, column, pasted)

"""Requests that change the contents of cells: write, repeat, sort, copy, cut, replace, validate."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from workspace_sandbox.calls import ApiError, Json
from workspace_sandbox.cell_values import entered
from workspace_sandbox.grid import (
    Block,
    Cell,
    block_of_grid_range,
    cell_at,
    effective,
    formatted,
    number_format,
    put_cell,
    sheet_by_id,
    size,
)
from workspace_sandbox.sheet_requests import changed_cell, field_mask, is_plain_checkbox, request
from workspace_sandbox.sheets_access import Opened

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
    mask = field_mask(asked)
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


@request("repeatCell")
def repeat_cell(opened: Opened, asked: Json) -> Json:
    mask = field_mask(asked)
    block = block_of_grid_range(opened.document, asked.get("range") or {})
    opened.require_unprotected(block)
    data = asked.get("cell") or {}
    for row, column in block.positions():
        put_cell(block.sheet, row, column, changed_cell(cell_at(block.sheet, row, column), data, mask))
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
    sheet = block.sheet
    lines = [
        [cell_at(sheet, row, column) for column in range(block.column, block.end_column)]
        for row in range(block.row, block.end_row)
    ]
    for spec in reversed(asked.get("sortSpecs") or []):
        if set(spec) - {"dimensionIndex", "sortOrder"}:
            raise ApiError(501, "notImplemented", "The sandbox sorts by values only.")
        at = spec.get("dimensionIndex", 0) - block.column
        if not 0 <= at < block.end_column - block.column:
            raise ApiError(400, "badRequest", "The column to sort by lies outside the range.")
        filled = [line for line in lines if effective(line[at]) is not None]
        blank = [line for line in lines if effective(line[at]) is None]
        filled.sort(key=lambda line: _sort_key(line[at]), reverse=spec.get("sortOrder") == "DESCENDING")
        lines = filled + blank
    for row, line in enumerate(lines, block.row):
        for column, cell in enumerate(line, block.column):
            put_cell(sheet, row, column, cell)
    return {}


def _sort_key(cell: Cell) -> tuple[int, Any]:
    """Numbers before text before booleans before errors."""
    value = effective(cell) or {}
    kind, one = next(iter(value.items()))
    if kind == "numberValue":
        return 0, one
    if kind == "stringValue":
        return 1, str(one).casefold()
    return (2, one) if kind == "boolValue" else (3, 0)


@request("copyPaste")
def copy_paste(opened: Opened, asked: Json) -> Json:
    source = block_of_grid_range(opened.document, asked.get("source") or {})
    target = block_of_grid_range(opened.document, asked.get("destination") or {})
    copied = _copied(source, transposed=asked.get("pasteOrientation") == "TRANSPOSE")
    block = _tiled(target, len(copied), len(copied[0]) if copied else 0)
    opened.require_unprotected(block)
    kind = asked.get("pasteType", "PASTE_NORMAL")
    if kind not in _PASTED:
        raise ApiError(501, "notImplemented", f"The sandbox does not have {kind}.")
    for row, column in block.positions():
        line = copied[(row - block.row) % len(copied)]
        cell = line[(column - block.column) % len(line)]
        _paste(block.sheet, row, column, cell, _PASTED[kind])
    return {}


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
    return {}


@request("findReplace")
def find_replace(opened: Opened, asked: Json) -> Json:
    if not asked.get("find"):
        raise ApiError(400, "badRequest", "There is nothing to find.")
    replace = _replacement(asked)
    counts = {"valuesChanged": 0, "formulasChanged": 0, "occurrencesChanged": 0}
    rows_changed, sheets_changed = set(), set()
    for block in _search_area(opened, asked):
        opened.require_unprotected(block)
        for row, column in block.positions():
            cell = cell_at(block.sheet, row, column)
            kind, count = _replace_in(opened, block.sheet, (row, column), cell, replace, asked)
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
    opened: Opened, sheet: Json, at: tuple[int, int], cell: Cell, replace: Replace, asked: Json
) -> tuple[str, int]:
    """Replace within one cell; what kind of cell it was and how often something was replaced."""
    if cell is None or "value" not in cell:
        return "valuesChanged", 0
    formula = cell["value"].get("formulaValue")
    if formula is not None and not asked.get("includeFormulas"):
        return "formulasChanged", 0
    text, count = replace(formula if formula is not None else formatted(cell, opened.locale))
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

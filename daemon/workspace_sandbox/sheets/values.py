"""Sheets v4: `spreadsheets.values.*`, the values of cells without anything else.

https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets.values
"""

from __future__ import annotations

from typing import Any

from workspace_sandbox.calls import ApiError, Call, Json, method
from workspace_sandbox.sheets.a1 import written
from workspace_sandbox.sheets.access import Opened, open_to_read, open_to_write
from workspace_sandbox.sheets.cell_values import entered, rendered
from workspace_sandbox.sheets.developer_metadata import blocks_of
from workspace_sandbox.sheets.formula_references import formula_of
from workspace_sandbox.sheets.formulas import Calculation
from workspace_sandbox.sheets.grid import (
    Block,
    Cell,
    block_of_a1,
    cell_at,
    exceeds_grid,
    number_format,
    put_cell,
    put_value,
    size,
    trimmed,
)
from workspace_sandbox.sheets.requests_dimensions import insert_lines

_MOST_CHARACTERS = 50_000
"""Of one cell (https://support.google.com/drive/answer/37603)."""


@method("sheets.spreadsheets.values.get")
def values_get(call: Call) -> Json:
    opened = open_to_read(call)
    block = block_of_a1(opened.document, call.params["range"], write=False)
    return value_range(opened, block, _rendering(call.params), call.params.get("majorDimension", "ROWS"))


@method("sheets.spreadsheets.values.batchGet")
def values_batch_get(call: Call) -> Json:
    opened = open_to_read(call)
    rendering, dimension = _rendering(call.params), call.params.get("majorDimension", "ROWS")
    blocks = [block_of_a1(opened.document, text, write=False) for text in call.params.get("ranges", [])]
    return {
        "spreadsheetId": opened.id,
        "valueRanges": [value_range(opened, block, rendering, dimension) for block in blocks],
    }


@method("sheets.spreadsheets.values.update")
def values_update(call: Call) -> Json:
    opened = open_to_write(call)
    if call.body.get("range", call.params["range"]) != call.params["range"]:
        raise ApiError(
            400,
            "badRequest",
            f"Requested range {call.params['range']} and the range of the body, {call.body['range']}, must be equal.",
        )
    data = {**call.body, "range": call.params["range"]}
    answer = _write(opened, data, _input_option(call.params), _response_rendering(call.params))
    opened.save()
    return answer


@method("sheets.spreadsheets.values.batchUpdate")
def values_batch_update(call: Call) -> Json:
    opened = open_to_write(call)
    option, rendering = _input_option(call.body), _response_rendering(call.body)
    responses = [_write(opened, one, option, rendering) for one in call.body.get("data") or []]
    opened.save()
    return _totals(opened, responses)


@method("sheets.spreadsheets.values.append")
def values_append(call: Call) -> Json:
    """After the last row of the table that the range finds
    (https://developers.google.com/workspace/sheets/api/guides/values#append_values)."""
    opened = open_to_write(call)
    block = block_of_a1(opened.document, call.params["range"], write=False)
    table = _table(block)
    values = _by_rows(call.body)
    row, column = (table.end_row, table.column) if table is not None else (block.row, block.column)
    width = max((len(line) for line in values), default=0)
    rows, columns = size(block.sheet)
    if call.params.get("insertDataOption") == "INSERT_ROWS" and values:
        insert_lines(opened.document, block.sheet, "ROWS", row, len(values))
        rows += len(values)
    grid = block.sheet["properties"]["gridProperties"]
    grid["rowCount"] = max(rows, row + len(values))
    grid["columnCount"] = max(columns, column + width)
    target = Block(block.sheet, row, column, row + max(len(values), 1), column + max(width, 1))
    name = target.name
    updates = _write_block(opened, target, values, _input_option(call.params))
    if call.params.get("includeValuesInResponse"):
        updates["updatedData"] = value_range(opened, target, _response_rendering(call.params) or ("", ""), "ROWS")
    opened.save()
    answer: Json = {"spreadsheetId": opened.id, "updates": {**updates, "updatedRange": name}}
    if table is not None:
        answer["tableRange"] = table.name
    return answer


@method("sheets.spreadsheets.values.clear")
def values_clear(call: Call) -> Json:
    opened = open_to_write(call)
    cleared = _clear(opened, block_of_a1(opened.document, call.params["range"], write=False))
    opened.save()
    return {"spreadsheetId": opened.id, "clearedRange": cleared}


@method("sheets.spreadsheets.values.batchClear")
def values_batch_clear(call: Call) -> Json:
    opened = open_to_write(call)
    blocks = [block_of_a1(opened.document, text, write=False) for text in call.body.get("ranges") or []]
    cleared = [_clear(opened, block) for block in blocks]
    opened.save()
    return {"spreadsheetId": opened.id, "clearedRanges": cleared}


@method("sheets.spreadsheets.values.batchGetByDataFilter")
def values_batch_get_by_data_filter(call: Call) -> Json:
    """Each range once, with all the filters that matched it."""
    opened, filters = open_to_read(call), call.body.get("dataFilters") or []
    rendering, dimension = _rendering(call.body), call.body.get("majorDimension", "ROWS")
    matched: list[tuple[Block, list[Json]]] = []
    for data_filter in filters:
        for block in blocks_of(opened.document, data_filter):
            same = next((one for one in matched if one[0] == block), None)
            if same is None:
                matched.append((block, [data_filter]))
            else:
                same[1].append(data_filter)
    ranges = [
        {"valueRange": value_range(opened, block, rendering, dimension), "dataFilters": by} for block, by in matched
    ]
    return {"spreadsheetId": opened.id, **({"valueRanges": ranges} if ranges else {})}


@method("sheets.spreadsheets.values.batchUpdateByDataFilter")
def values_batch_update_by_data_filter(call: Call) -> Json:
    """ "If more than one range is matched by the specified DataFilter the specified values are applied to all." """
    opened = open_to_write(call)
    option, rendering = _input_option(call.body), _response_rendering(call.body)
    responses: list[Json] = []
    for one in call.body.get("data") or []:
        for block in blocks_of(opened.document, one.get("dataFilter") or {}):
            answer = _write(opened, {**one, "range": block.name}, option, rendering, exactly=block)
            del answer["spreadsheetId"]
            responses.append({**answer, "dataFilter": one["dataFilter"]})
    opened.save()
    return _totals(opened, responses)


@method("sheets.spreadsheets.values.batchClearByDataFilter")
def values_batch_clear_by_data_filter(call: Call) -> Json:
    opened = open_to_write(call)
    filters = call.body.get("dataFilters") or []
    blocks = [block for data_filter in filters for block in blocks_of(opened.document, data_filter)]
    cleared = [_clear(opened, block) for block in blocks]
    opened.save()
    return {"spreadsheetId": opened.id, "clearedRanges": cleared}


def _totals(opened: Opened, responses: list[Json]) -> Json:
    written_blocks = {(one["updatedRange"]).rpartition("!")[0] for one in responses if one.get("updatedCells")}
    return {
        "spreadsheetId": opened.id,
        "totalUpdatedRows": sum(one.get("updatedRows", 0) for one in responses),
        "totalUpdatedColumns": sum(one.get("updatedColumns", 0) for one in responses),
        "totalUpdatedCells": sum(one.get("updatedCells", 0) for one in responses),
        "totalUpdatedSheets": len(written_blocks),
        "responses": responses,
    }


def value_range(opened: Opened, block: Block, rendering: tuple[str, str], dimension: str) -> Json:
    """The values of a block; trailing empty rows and cells are left out, `values` altogether where there are none."""
    calculation, sheet = opened.calculation(), block.sheet
    lines = [
        [
            _rendered(calculation, sheet, (row, column), cell, rendering)
            for column, cell in line[block.column : block.end_column]
        ]
        for row, line in calculation.lines(sheet, block.row, block.end_row)
    ]
    if dimension == "COLUMNS":
        width = max((len(line) for line in lines), default=0)
        lines = [[line[at] if at < len(line) else "" for line in lines] for at in range(width)]
    lines = trimmed_lines(lines)
    answer: Json = {"range": block.name, "majorDimension": "COLUMNS" if dimension == "COLUMNS" else "ROWS"}
    return {**answer, "values": lines} if lines else answer


def trimmed_lines(lines: list[list[Any]]) -> list[list[Any]]:
    lines = [trimmed(line) for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _rendered(
    calculation: Calculation, sheet: Json, at: tuple[int, int], cell: Cell, rendering: tuple[str, str]
) -> Any:
    option, dates = rendering
    formula = formula_of(cell)
    if option == "FORMULA" and formula is not None:
        return formula
    value = calculation.effective(sheet, *at, cell)
    if value is None:
        return ""
    of_number = calculation.number_format(sheet, *at, cell) if "numberValue" in value else None
    return rendered(value, of_number, option, dates, calculation.setting.locale)


def _rendering(given: Any) -> tuple[str, str]:
    return (
        given.get("valueRenderOption", "FORMATTED_VALUE"),
        given.get("dateTimeRenderOption", "SERIAL_NUMBER"),
    )


def _response_rendering(given: Any) -> tuple[str, str] | None:
    """How written values are answered, or None where they are not."""
    if not given.get("includeValuesInResponse"):
        return None
    return (
        given.get("responseValueRenderOption", "FORMATTED_VALUE"),
        given.get("responseDateTimeRenderOption", "SERIAL_NUMBER"),
    )


def _input_option(given: Any) -> str:
    option = given.get("valueInputOption")
    if option not in ("RAW", "USER_ENTERED"):
        raise ApiError(400, "badRequest", "'valueInputOption' is required but not specified")
    return str(option)


def _by_rows(data: Json) -> list[list[Any]]:
    values: list[list[Any]] = data.get("values") or []
    for line in values:
        for one in line:
            if isinstance(one, dict | list):
                raise ApiError(
                    400, "badRequest", f"Invalid values: a cell holds a string, number or boolean, not {one}"
                )
    if data.get("majorDimension") != "COLUMNS":
        return values
    height = max((len(line) for line in values), default=0)
    return [[line[at] if at < len(line) else None for line in values] for at in range(height)]


def _write(
    opened: Opened, data: Json, option: str, rendering: tuple[str, str] | None, exactly: Block | None = None
) -> Json:
    """Write one ValueRange; what was written, as an UpdateValuesResponse. Nothing may reach beyond `exactly`."""
    block = exactly or block_of_a1(opened.document, data.get("range", ""), write=True)
    values = _by_rows(data)
    height, width = len(values), max((len(line) for line in values), default=0)
    end_row, end_column = block.row + max(height, 1), block.column + max(width, 1)
    rows, columns = size(block.sheet)
    if not block.anchor:
        _require_within(block, height, width)
    if end_row > rows or end_column > columns:
        title = block.sheet["properties"]["title"]
        raise exceeds_grid(written(title, block.row, block.column, end_row, end_column), block.sheet)
    target = Block(block.sheet, block.row, block.column, end_row, end_column)
    answer = _write_block(opened, target, values, option)
    if rendering is not None:
        answer["updatedData"] = value_range(opened, target, rendering, data.get("majorDimension", "ROWS"))
    return answer


def _require_within(block: Block, height: int, width: int) -> None:
    """ "The range is only a bound": values may not reach beyond a range that names its end."""
    if height > block.end_row - block.row:
        raise ApiError(
            400,
            "badRequest",
            f"Requested writing within range [{block.name}], but tried writing to row [{block.end_row + 1}]",
        )
    if width > block.end_column - block.column:
        beyond = written("x", 0, block.end_column, 1, block.end_column + 1).rpartition("!")[2].rstrip("1")
        raise ApiError(
            400, "badRequest", f"Requested writing within range [{block.name}], but tried writing to column [{beyond}]"
        )


def _write_block(opened: Opened, target: Block, values: list[list[Any]], option: str) -> Json:
    """Null leaves a cell as it is, "" clears its value."""
    opened.require_unprotected(target)
    touched: list[tuple[int, int]] = []
    for row, line in enumerate(values, target.row):
        for column, value in enumerate(line, target.column):
            if value is not None:
                touched.append((row, column))
                _write_cell(opened, target.sheet, row, column, value, option)
    answer: Json = {"spreadsheetId": opened.id, "updatedRange": target.name}
    if touched:
        answer |= {
            "updatedRows": len({row for row, _ in touched}),
            "updatedColumns": len({column for _, column in touched}),
            "updatedCells": len(touched),
        }
    return answer


def _write_cell(opened: Opened, sheet: Json, row: int, column: int, value: Any, option: str) -> None:
    if isinstance(value, str) and len(value) > _MOST_CHARACTERS:
        raise ApiError(
            400,
            "badRequest",
            f"Your input contains more than the maximum of {_MOST_CHARACTERS} characters in a single cell.",
        )
    before = cell_at(sheet, row, column) or {}
    content, brought = entered(value, option, opened.locale, opened.today, number_format(before))
    cell = {**before, "value": content}
    if brought is not None and number_format(before) is None:
        cell["format"] = {**before.get("format", {}), "numberFormat": brought}
    put_cell(sheet, row, column, cell)


def _clear(opened: Opened, block: Block) -> str:
    opened.require_unprotected(block)
    for row, line in enumerate(block.sheet["rows"][block.row : block.end_row], block.row):
        for column in range(block.column, min(block.end_column, len(line))):
            put_value(block.sheet, row, column, None)
    return block.name


def _table(block: Block) -> Block | None:
    """The last table within the block: cells with values around its last one, up to empty rows and columns."""
    filled = {
        (row, column)
        for row, line in enumerate(block.sheet["rows"])
        for column, cell in enumerate(line)
        if cell is not None and "value" in cell
    }
    inside = [
        (row, column)
        for row, column in filled
        if block.row <= row < block.end_row and block.column <= column < block.end_column
    ]
    if not inside:
        return None
    row, column = max(inside)
    top, bottom, left, right = row, row, column, column
    while True:
        # Only what lies right around the rectangle can make it larger.
        around = [(top - 1, c) for c in range(left - 1, right + 2)] + [
            (bottom + 1, c) for c in range(left - 1, right + 2)
        ]
        around += [(r, left - 1) for r in range(top, bottom + 1)] + [(r, right + 1) for r in range(top, bottom + 1)]
        met = filled.intersection(around)
        if not met:
            return Block(block.sheet, top, left, bottom + 1, right + 1)
        top, bottom = min(top, *(r for r, _ in met)), max(bottom, *(r for r, _ in met))
        left, right = min(left, *(c for _, c in met)), max(right, *(c for _, c in met))

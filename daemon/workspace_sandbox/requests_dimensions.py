"""Requests about rows and columns: insert, delete, move, append, size and group them.

Formulas are not calculated here, so references within them are left as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workspace_sandbox.calls import ApiError, Json
from workspace_sandbox.grid import Block, cell_at, formatted, put_cell, sheet_by_id, size
from workspace_sandbox.sheet_requests import field_mask, is_plain_checkbox, merged, request
from workspace_sandbox.sheets_access import Opened

_COUNTS = {"ROWS": "rowCount", "COLUMNS": "columnCount"}
_METADATA = {"ROWS": "rowMetadata", "COLUMNS": "columnMetadata"}
_GROUPS = {"ROWS": "rowGroups", "COLUMNS": "columnGroups"}
_INDEXES = {"ROWS": ("startRowIndex", "endRowIndex"), "COLUMNS": ("startColumnIndex", "endColumnIndex")}
_DEEPEST_GROUP = 8
_PIXELS_PER_LETTER = 7


@request("insertDimension")
def insert_dimension(opened: Opened, asked: Json) -> Json:
    """New rows take format and validation from the row after, or with `inheritFromBefore` from the one before."""
    sheet, dimension, start, end = _range(opened, asked.get("range") or {}, inserting=True)
    before = bool(asked.get("inheritFromBefore"))
    if before and start == 0:
        raise ApiError(400, "badRequest", "inheritFromBefore cannot be true when inserting at index 0.")
    opened.require_unprotected(_across(sheet, dimension, max(start - 1, 0), start))
    _insert(sheet, dimension, start, end - start)
    _inherit(sheet, dimension, start, end, start - 1 if before else end)
    _shift(opened.document, sheet, dimension, start, end - start)
    return {}


@request("deleteDimension")
def delete_dimension(opened: Opened, asked: Json) -> Json:
    sheet, dimension, start, end = _range(opened, asked.get("range") or {})
    count = sheet["properties"]["gridProperties"][_COUNTS[dimension]]
    if end - start >= count:
        word = "rows" if dimension == "ROWS" else "columns"
        raise ApiError(400, "badRequest", f"You can't delete all the {word} on the sheet.")
    opened.require_unprotected(_across(sheet, dimension, start, end))
    for line in _lines(sheet, dimension):
        del line[start:end]
    sheet["properties"]["gridProperties"][_COUNTS[dimension]] = count - (end - start)
    _unfreeze(sheet, dimension, start, end)
    _shift(opened.document, sheet, dimension, start, start - end)
    return {}


@request("appendDimension")
def append_dimension(opened: Opened, asked: Json) -> Json:
    sheet, dimension = sheet_by_id(opened.document, asked.get("sheetId", 0)), _dimension(asked)
    length = asked.get("length", 0)
    if length < 1:
        raise ApiError(400, "badRequest", "The length to append must be at least 1.")
    sheet["properties"]["gridProperties"][_COUNTS[dimension]] += length
    return {}


@request("moveDimension")
def move_dimension(opened: Opened, asked: Json) -> Json:
    """`destinationIndex` is where it goes in the grid as it was before the source was taken out."""
    sheet, dimension, start, end = _range(opened, asked.get("source") or {})
    to = asked.get("destinationIndex", 0)
    if not 0 <= to <= sheet["properties"]["gridProperties"][_COUNTS[dimension]]:
        raise ApiError(400, "badRequest", "The destination lies outside the grid.")
    if start < to < end:
        raise ApiError(400, "badRequest", "The destination lies within the source.")
    opened.require_unprotected(_across(sheet, dimension, start, end))
    for line in _lines(sheet, dimension):
        blank = _blank(sheet, dimension, line)
        line.extend(blank() for _ in range(max(end, to) - len(line)))
        taken = line[start:end]
        del line[start:end]
        at = to - (end - start) if to > start else to
        line[at:at] = taken
    return {}


@request("updateDimensionProperties")
def update_dimension_properties(opened: Opened, asked: Json) -> Json:
    mask = field_mask(asked)
    sheet, dimension, start, end = _range(opened, asked.get("range") or {})
    kept = sheet[_METADATA[dimension]]
    kept.extend([None] * (end - len(kept)))
    for at in range(start, end):
        kept[at] = merged(kept[at] or {}, asked.get("properties") or {}, mask)
    return {}


@request("autoResizeDimensions")
def auto_resize_dimensions(opened: Opened, asked: Json) -> Json:
    """Columns as wide as their longest line, about 7 pixels a letter; rows of their usual height."""
    sheet, dimension, start, end = _range(opened, asked.get("dimensions") or {})
    kept = sheet[_METADATA[dimension]]
    kept.extend([None] * (end - len(kept)))
    for at in range(start, end):
        pixels = 21 if dimension == "ROWS" else _width(sheet, at, opened.locale)
        kept[at] = {**(kept[at] or {}), "pixelSize": pixels}
    return {}


@request("addDimensionGroup")
def add_dimension_group(opened: Opened, asked: Json) -> Json:
    sheet, dimension, start, end = _range(opened, asked.get("range") or {})
    groups = sheet[_GROUPS[dimension]]
    around = [one for one in groups if one["range"]["startIndex"] <= start and end <= one["range"]["endIndex"]]
    group: Json = {
        "range": {
            "sheetId": sheet["properties"]["sheetId"],
            "dimension": dimension,
            "startIndex": start,
            "endIndex": end,
        },
        "depth": len(around) + 1,
    }
    if group["depth"] > _DEEPEST_GROUP:
        raise ApiError(400, "badRequest", f"Groups are at most {_DEEPEST_GROUP} deep.")
    groups.append(group)
    return {"dimensionGroups": groups}


def _width(sheet: Json, column: int, locale: str) -> int:
    texts = [formatted(cell_at(sheet, row, column), locale) for row in range(len(sheet["rows"]))]
    longest = max((len(line) for text in texts for line in text.splitlines()), default=0)
    return max(21, longest * _PIXELS_PER_LETTER + 10)


def _dimension(asked: Json) -> str:
    dimension = asked.get("dimension")
    if dimension not in _COUNTS:
        raise ApiError(400, "badRequest", "The dimension must be ROWS or COLUMNS.")
    return str(dimension)


def _range(opened: Opened, asked: Json, *, inserting: bool = False) -> tuple[Json, str, int, int]:
    """Sheet, dimension, start and end of a DimensionRange. Raises ApiError 400 beyond the grid."""
    sheet, dimension = sheet_by_id(opened.document, asked.get("sheetId", 0)), _dimension(asked)
    count = sheet["properties"]["gridProperties"][_COUNTS[dimension]]
    start, end = asked.get("startIndex", 0), asked.get("endIndex", count)
    beyond = start > count if inserting else end > count
    if start < 0 or end <= start or beyond:
        raise ApiError(
            400, "badRequest", f"range[{start}, {end}) does not fit the grid of {count} {dimension.lower()}."
        )
    return sheet, dimension, start, end


def _across(sheet: Json, dimension: str, start: int, end: int) -> Block:
    """Whole rows or columns."""
    rows, columns = size(sheet)
    return Block(sheet, start, 0, end, columns) if dimension == "ROWS" else Block(sheet, 0, start, rows, end)


def _lines(sheet: Json, dimension: str) -> Iterator[list[Any]]:
    """The lists in which a row, or a column, is one place."""
    if dimension == "ROWS":
        yield sheet["rows"]
    else:
        yield from sheet["rows"]
    yield sheet[_METADATA[dimension]]


def _blank(sheet: Json, dimension: str, line: list[Any]) -> Any:
    return list if dimension == "ROWS" and line is sheet["rows"] else lambda: None


def _insert(sheet: Json, dimension: str, start: int, length: int) -> None:
    for line in _lines(sheet, dimension):
        if start < len(line):
            blank = _blank(sheet, dimension, line)
            line[start:start] = [blank() for _ in range(length)]
    sheet["properties"]["gridProperties"][_COUNTS[dimension]] += length


def _inherit(sheet: Json, dimension: str, start: int, end: int, source: int) -> None:
    rows, columns = size(sheet)
    across = columns if dimension == "ROWS" else len(sheet["rows"])
    if source >= (rows if dimension == "ROWS" else columns):
        return
    for other in range(across):
        model = cell_at(sheet, *((source, other) if dimension == "ROWS" else (other, source)))
        if model is None:
            continue
        cell: Json = {name: model[name] for name in ("format", "validation") if name in model}
        if "validation" in cell and is_plain_checkbox(cell["validation"]):
            cell["value"] = {"boolValue": False}
        for at in range(start, end):
            put_cell(sheet, *((at, other) if dimension == "ROWS" else (other, at)), cell)


def _unfreeze(sheet: Json, dimension: str, start: int, end: int) -> None:
    name = "frozenRowCount" if dimension == "ROWS" else "frozenColumnCount"
    grid = sheet["properties"]["gridProperties"]
    frozen = grid.get(name, 0)
    if start < frozen:
        grid[name] = frozen - (min(end, frozen) - start)


def _shift(document: Json, sheet: Json, dimension: str, at: int, by: int) -> None:
    """Let every range over the sheet follow `by` rows inserted at `at`, or, negative, deleted from there."""
    sheet_id = sheet["properties"]["sheetId"]
    names = _INDEXES[dimension]
    sheet["merges"] = [one for one in sheet["merges"] if _shifted(one, names, at, by)]
    for rule in sheet["conditionalFormats"]:
        rule["ranges"] = [one for one in rule["ranges"] if _shifted(one, names, at, by)]
    sheet["conditionalFormats"] = [rule for rule in sheet["conditionalFormats"] if rule["ranges"]]
    sheet["protectedRanges"] = [one for one in sheet["protectedRanges"] if _shifted(one["range"], names, at, by)]
    if "basicFilter" in sheet and not _shifted(sheet["basicFilter"]["range"], names, at, by):
        del sheet["basicFilter"]
    groups = sheet[_GROUPS[dimension]]
    sheet[_GROUPS[dimension]] = [one for one in groups if _shifted(one["range"], ("startIndex", "endIndex"), at, by)]
    document["namedRanges"] = [
        one
        for one in document["namedRanges"]
        if one["range"].get("sheetId", 0) != sheet_id or _shifted(one["range"], names, at, by)
    ]


def _shifted(area: Json, names: tuple[str, str], at: int, by: int) -> bool:
    """Move one range; False where nothing of it is left. A missing end is open and stays so."""
    for name, is_end in zip(names, (False, True), strict=True):
        if name not in area:
            continue
        index = area[name]
        if by > 0:
            area[name] = index + by if index > at or (index == at and not is_end) else index
        else:
            area[name] = index - max(0, min(index, at - by) - at)
    start, end = area.get(names[0], 0), area.get(names[1])
    return end is None or end > start

"""Requests about rows and columns: insert, delete, move, append, size and group them.

What lies over the grid, formulas and developer metadata among it, follows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workspace_sandbox.calls import ApiError, Json
from workspace_sandbox.sheets.access import Opened
from workspace_sandbox.sheets.dimension_changes import Change, Deletion, Insertion, Move
from workspace_sandbox.sheets.formula_references import follow_dimension
from workspace_sandbox.sheets.formulas import Calculation
from workspace_sandbox.sheets.grid import Block, cell_at, put_cell, sheet_by_id, size
from workspace_sandbox.sheets.requests import field_mask, is_plain_checkbox, merged, request

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
    insert_lines(opened.document, sheet, dimension, start, end - start)
    _inherit(sheet, dimension, start, end, start - 1 if before else end)
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
    _follow(opened.document, sheet, dimension, Deletion(start, end - start))
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
    move = Move(start, end, to)
    for line in _lines(sheet, dimension):
        blank = _blank(sheet, dimension, line)
        line.extend(blank() for _ in range(max(end, to) - len(line)))
        taken = line[start:end]
        del line[start:end]
        line[move.arrival : move.arrival] = taken
    _follow(opened.document, sheet, dimension, move)
    return {}


@request("updateDimensionProperties")
def update_dimension_properties(opened: Opened, asked: Json) -> Json:
    mask = field_mask(asked, "DimensionProperties")
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
        pixels = 21 if dimension == "ROWS" else _width(opened.calculation(), sheet, at)
        kept[at] = {**(kept[at] or {}), "pixelSize": pixels}
    return {}


@request("addDimensionGroup")
def add_dimension_group(opened: Opened, asked: Json) -> Json:
    """Every row or column of the range gets one deeper; groups are what lies at one depth without a gap."""
    sheet, dimension, start, end = _range(opened, asked.get("range") or {})
    depths = _depths(sheet, dimension)
    for at in range(start, end):
        depths[at] = depths.get(at, 0) + 1
    if max(depths.values()) > _DEEPEST_GROUP:
        raise ApiError(400, "badRequest", f"Groups are at most {_DEEPEST_GROUP} deep.")
    return {"dimensionGroups": _group(sheet, dimension, depths)}


@request("deleteDimensionGroup")
def delete_dimension_group(opened: Opened, asked: Json) -> Json:
    """ "by decrementing the depth of the dimensions in the range" """
    sheet, dimension, start, end = _range(opened, asked.get("range") or {})
    depths = _depths(sheet, dimension)
    if not any(at in depths for at in range(start, end)):
        raise ApiError(400, "badRequest", "There is no group over the range.")
    for at in range(start, end):
        depths[at] = max(0, depths.get(at, 0) - 1)
    return {"dimensionGroups": _group(sheet, dimension, depths)}


@request("updateDimensionGroup")
def update_dimension_group(opened: Opened, asked: Json) -> Json:
    """Collapsing hides the rows or columns of the group, opening it shows them."""
    mask, wanted = field_mask(asked, "DimensionGroup"), asked.get("dimensionGroup") or {}
    if set(mask) - {"collapsed", "*"}:
        raise ApiError(400, "badRequest", "Only collapsed can be changed of a group.")
    sheet, dimension, start, end = _range(opened, wanted.get("range") or {})
    for group in sheet[_GROUPS[dimension]]:
        area = group["range"]
        if (area["startIndex"], area["endIndex"], group["depth"]) == (start, end, wanted.get("depth", 1)):
            group["collapsed"] = bool(wanted.get("collapsed"))
            kept = sheet[_METADATA[dimension]]
            kept.extend([None] * (end - len(kept)))
            for at in range(start, end):
                kept[at] = {**(kept[at] or {}), "hiddenByUser": group["collapsed"]}
            return {}
    raise ApiError(400, "badRequest", "There is no such group.")


def _depths(sheet: Json, dimension: str) -> dict[int, int]:
    depths: dict[int, int] = {}
    for group in sheet[_GROUPS[dimension]]:
        for at in range(group["range"]["startIndex"], group["range"]["endIndex"]):
            depths[at] = max(depths.get(at, 0), group["depth"])
    return depths


def _group(sheet: Json, dimension: str, depths: dict[int, int]) -> list[Json]:
    """Make the groups that these depths mean, "ordered by increasing range start index, then by group depth"."""
    sheet_id = sheet["properties"]["sheetId"]
    collapsed = {
        (one["range"]["startIndex"], one["depth"]) for one in sheet[_GROUPS[dimension]] if one.get("collapsed")
    }
    groups: list[Json] = []
    for depth in range(1, max(depths.values(), default=0) + 1):
        places = sorted(at for at, deep in depths.items() if deep >= depth)
        for at in places:
            if groups and groups[-1]["depth"] == depth and groups[-1]["range"]["endIndex"] == at:
                groups[-1]["range"]["endIndex"] = at + 1
                continue
            area = {"sheetId": sheet_id, "dimension": dimension, "startIndex": at, "endIndex": at + 1}
            groups.append({"range": area, "depth": depth})
            if (at, depth) in collapsed:
                groups[-1]["collapsed"] = True
    groups.sort(key=lambda one: (one["range"]["startIndex"], one["depth"]))
    sheet[_GROUPS[dimension]] = groups
    return groups


def _width(calculation: Calculation, sheet: Json, column: int) -> int:
    texts = [
        calculation.formatted(sheet, row, column, cell_at(sheet, row, column)) for row in range(len(sheet["rows"]))
    ]
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


def insert_lines(document: Json, sheet: Json, dimension: str, start: int, length: int) -> None:
    """Put empty rows or columns before the one at `start`; what lies over the sheet follows."""
    for line in _lines(sheet, dimension):
        if start < len(line):
            blank = _blank(sheet, dimension, line)
            line[start:start] = [blank() for _ in range(length)]
    sheet["properties"]["gridProperties"][_COUNTS[dimension]] += length
    _follow(document, sheet, dimension, Insertion(start, length))


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


def _follow(document: Json, sheet: Json, dimension: str, change: Change) -> None:
    """Let everything that lies over the sheet, and every formula, follow its rows or columns."""
    sheet_id = sheet["properties"]["sheetId"]
    names = _INDEXES[dimension]
    sheet["merges"] = [one for one in sheet["merges"] if _moved(one, names, change)]
    for rule in sheet["conditionalFormats"]:
        rule["ranges"] = [one for one in rule["ranges"] if _moved(one, names, change)]
    sheet["conditionalFormats"] = [rule for rule in sheet["conditionalFormats"] if rule["ranges"]]
    for name in ("protectedRanges", "filterViews"):
        if name in sheet:
            sheet[name] = [one for one in sheet[name] if _moved(one.get("range", {}), names, change)]
    if "basicFilter" in sheet and not _moved(sheet["basicFilter"]["range"], names, change):
        del sheet["basicFilter"]
    for chart in sheet.get("charts", []):
        _move_anchor(chart, "rowIndex" if dimension == "ROWS" else "columnIndex", change)
    groups = sheet[_GROUPS[dimension]]
    sheet[_GROUPS[dimension]] = [one for one in groups if _moved(one["range"], ("startIndex", "endIndex"), change)]
    document["namedRanges"] = [
        one
        for one in document["namedRanges"]
        if one["range"].get("sheetId", 0) != sheet_id or _moved(one["range"], names, change)
    ]
    document["developerMetadata"] = [
        one for one in document.get("developerMetadata", []) if _metadata_moved(one, sheet_id, dimension, change)
    ]
    follow_dimension(document, sheet, dimension, change)


def _moved(area: Json, names: tuple[str, str], change: Change) -> bool:
    """Move one range; False where nothing of it is left. A missing end is open and stays so."""
    start, end = area.get(names[0]), area.get(names[1])
    if start is None and end is None:
        return True
    span = change.span(start or 0, end)
    if span is None:
        return False
    for name, before, after in zip(names, (start, end), span, strict=True):
        if before is not None:
            area[name] = after
    return True


def _metadata_moved(metadata: Json, sheet_id: int, dimension: str, change: Change) -> bool:
    """ "If the associated object is deleted then its metadata is deleted too." """
    area = metadata["location"].get("dimensionRange")
    if area is None or area.get("sheetId", 0) != sheet_id or area["dimension"] != dimension:
        return True
    return _moved(area, ("startIndex", "endIndex"), change)


def _move_anchor(chart: Json, name: str, change: Change) -> None:
    anchor = chart.get("position", {}).get("overlayPosition", {}).get("anchorCell")
    if anchor is not None:
        index = anchor.get(name, 0)
        span = change.span(index, index + 1)
        # A chart outlives the row it hung from, and stays where that was.
        anchor[name] = span[0] if span is not None else getattr(change, "at", index)

"""Requests about sheets as a whole and what lies over their cells: protections, formats by condition, names."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workspace_sandbox.calls import ApiError, Json
from workspace_sandbox.grid import (
    block_of_grid_range,
    copied_sheet,
    new_sheet,
    put_cell,
    sheet_by_id,
    sheet_by_title,
)
from workspace_sandbox.sheet_requests import field_mask, merged, request
from workspace_sandbox.sheets_access import Opened, may_edit


@request("addSheet")
def add_sheet(opened: Opened, asked: Json) -> Json:
    wanted = {name: value for name, value in (asked.get("properties") or {}).items() if value is not None}
    document = opened.document
    sheets = document["sheets"]
    sheet_id = wanted.get("sheetId", _fresh_sheet_id(opened))
    if any(one["properties"]["sheetId"] == sheet_id for one in sheets):
        raise ApiError(400, "badRequest", f"A sheet with id {sheet_id} already exists.")
    title = wanted.get("title") or _fresh_title(document)
    _require_free_title(document, title, None)
    if wanted.get("sheetType", "GRID") != "GRID":
        raise ApiError(501, "notImplemented", "The sandbox has grids only.")
    index = min(wanted.get("index", len(sheets)), len(sheets))
    sheet = new_sheet({**wanted, "sheetId": sheet_id, "title": title})
    sheets.insert(index, sheet)
    _number(document)
    return {"properties": sheet["properties"]}


@request("deleteSheet")
def delete_sheet(opened: Opened, asked: Json) -> Json:
    sheet = sheet_by_id(opened.document, asked.get("sheetId", 0))
    if len(opened.document["sheets"]) == 1:
        raise ApiError(400, "badRequest", "You can't remove all the sheets in a document.")
    opened.document["sheets"].remove(sheet)
    named = opened.document["namedRanges"]
    sheet_id = sheet["properties"]["sheetId"]
    opened.document["namedRanges"] = [one for one in named if one["range"].get("sheetId", 0) != sheet_id]
    _number(opened.document)
    return {}


@request("duplicateSheet")
def duplicate_sheet(opened: Opened, asked: Json) -> Json:
    document = opened.document
    source = sheet_by_id(document, asked.get("sourceSheetId", 0))
    copy = copied_sheet(source)
    title = asked.get("newSheetName") or _fresh_copy_title(document, source["properties"]["title"])
    _require_free_title(document, title, None)
    new_id = asked.get("newSheetId") or _fresh_sheet_id(opened)
    if any(one["properties"]["sheetId"] == new_id for one in document["sheets"]):
        raise ApiError(400, "badRequest", f"A sheet with id {new_id} already exists.")
    copy["properties"] |= {"sheetId": new_id, "title": title}
    _point_to(copy, new_id)
    for protection in copy["protectedRanges"]:
        protection["protectedRangeId"] = opened.call.workspace.next_number("range")
    document["sheets"].insert(min(asked.get("insertSheetIndex", 0), len(document["sheets"])), copy)
    _number(document)
    return {"properties": copy["properties"]}


@request("updateSheetProperties")
def update_sheet_properties(opened: Opened, asked: Json) -> Json:
    mask, wanted = field_mask(asked), asked.get("properties") or {}
    document = opened.document
    sheet = sheet_by_id(document, wanted.get("sheetId", 0))
    before = sheet["properties"]
    kept = {name: before[name] for name in ("sheetId", "sheetType", "index", "title")}
    after = {**kept, **merged(before, {**kept, **wanted}, mask)}
    _require_free_title(document, after["title"], sheet)
    grid = after["gridProperties"] = {**before["gridProperties"], **after.get("gridProperties", {})}
    if grid["rowCount"] < 1 or grid["columnCount"] < 1:
        raise ApiError(400, "badRequest", "A grid has at least one row and one column.")
    if grid.get("frozenRowCount", 0) >= grid["rowCount"] or grid.get("frozenColumnCount", 0) >= grid["columnCount"]:
        raise ApiError(400, "badRequest", "You can't freeze all visible rows or columns on the sheet.")
    sheet["properties"] = after
    sheet["rows"] = [row[: grid["columnCount"]] for row in sheet["rows"][: grid["rowCount"]]]
    if "index" in mask or "*" in mask:
        _move_sheet(document, sheet, wanted.get("index", before["index"]))
    _number(document)
    return {}


@request("updateSpreadsheetProperties")
def update_spreadsheet_properties(opened: Opened, asked: Json) -> Json:
    """The title is the file's name in Drive."""
    mask, wanted = field_mask(asked), asked.get("properties") or {}
    names = set(wanted) if "*" in mask else set(mask)
    unknown = names - {"title", "locale", "timeZone"}
    if unknown:
        raise ApiError(501, "notImplemented", f"The sandbox cannot set {', '.join(sorted(unknown))} of a spreadsheet.")
    if "timeZone" in names:
        try:
            ZoneInfo(wanted.get("timeZone", ""))
        except (ZoneInfoNotFoundError, ValueError):
            raise ApiError(400, "badRequest", f"Invalid time zone: {wanted.get('timeZone')}") from None
    for name in names & {"locale", "timeZone"}:
        opened.document[name] = wanted[name]
    if "title" in names:
        opened.retitle(wanted.get("title") or "Untitled spreadsheet")
    return {}


@request("addProtectedRange")
def add_protected_range(opened: Opened, asked: Json) -> Json:
    """Without `editors` who adds it is the only one; a `warningOnly` protection keeps nobody out."""
    protection = dict(asked.get("protectedRange") or {})
    if protection.get("namedRangeId") or protection.get("unprotectedRanges"):
        raise ApiError(501, "notImplemented", "The sandbox protects plain ranges only.")
    area = protection.get("range") or {}
    block = block_of_grid_range(opened.document, area)
    protection["range"] = {"sheetId": block.sheet["properties"]["sheetId"], **area}
    protection.setdefault("protectedRangeId", opened.call.workspace.next_number("range"))
    if not protection.get("warningOnly"):
        editors = protection.get("editors") or {}
        users = [one.lower() for one in editors.get("users", [])]
        protection["editors"] = {**editors, "users": list(dict.fromkeys([*users, opened.call.user]))}
    protection["addedBy"] = opened.call.user
    block.sheet["protectedRanges"].append(protection)
    shown = {name: value for name, value in protection.items() if name != "addedBy"}
    return {"protectedRange": {**shown, "requestingUserCanEdit": True}}


@request("deleteProtectedRange")
def delete_protected_range(opened: Opened, asked: Json) -> Json:
    for sheet in opened.document["sheets"]:
        for one in sheet["protectedRanges"]:
            if one["protectedRangeId"] == asked.get("protectedRangeId"):
                if not one.get("warningOnly") and not may_edit(one, opened.call.user, opened.file):
                    raise ApiError(400, "badRequest", "You are trying to edit a protected cell or object.")
                sheet["protectedRanges"].remove(one)
                return {}
    raise ApiError(400, "badRequest", f"No protected range with id: {asked.get('protectedRangeId')}")


@request("addConditionalFormatRule")
def add_conditional_format_rule(opened: Opened, asked: Json) -> Json:
    rule = asked.get("rule") or {}
    if not rule.get("ranges"):
        raise ApiError(400, "badRequest", "A rule needs ranges.")
    sheets = {one.get("sheetId", 0) for one in rule["ranges"]}
    if len(sheets) != 1:
        raise ApiError(400, "badRequest", "All ranges of a rule are on one sheet.")
    for one in rule["ranges"]:
        block_of_grid_range(opened.document, one)
    rules = sheet_by_id(opened.document, sheets.pop())["conditionalFormats"]
    rules.insert(min(asked.get("index", 0), len(rules)), rule)
    return {}


@request("deleteConditionalFormatRule")
def delete_conditional_format_rule(opened: Opened, asked: Json) -> Json:
    rules = sheet_by_id(opened.document, asked.get("sheetId", 0))["conditionalFormats"]
    index = asked.get("index", 0)
    if not 0 <= index < len(rules):
        raise ApiError(400, "badRequest", f"No conditional format on sheet at index: {index}")
    return {"rule": rules.pop(index)}


@request("addNamedRange")
def add_named_range(opened: Opened, asked: Json) -> Json:
    named = dict(asked.get("namedRange") or {})
    name = named.get("name", "")
    known = opened.document["namedRanges"]
    if not name or any(one["name"].casefold() == name.casefold() for one in known):
        raise ApiError(400, "badRequest", f"A named range with the name {name!r} already exists, or the name is empty.")
    block_of_grid_range(opened.document, named.get("range") or {})
    named.setdefault("namedRangeId", str(opened.call.workspace.next_number("range")))
    known.append(named)
    return {"namedRange": named}


@request("mergeCells")
def merge_cells(opened: Opened, asked: Json) -> Json:
    """Only the first cell keeps its content."""
    if asked.get("mergeType", "MERGE_ALL") != "MERGE_ALL":
        raise ApiError(501, "notImplemented", "The sandbox merges with MERGE_ALL only.")
    area = asked.get("range") or {}
    block = block_of_grid_range(opened.document, area)
    opened.require_unprotected(block)
    block.sheet["merges"].append(
        {
            "sheetId": block.sheet["properties"]["sheetId"],
            "startRowIndex": block.row,
            "endRowIndex": block.end_row,
            "startColumnIndex": block.column,
            "endColumnIndex": block.end_column,
        }
    )
    for row, column in block.positions():
        if (row, column) != (block.row, block.column):
            put_cell(block.sheet, row, column, None)
    return {}


@request("setBasicFilter")
def set_basic_filter(opened: Opened, asked: Json) -> Json:
    """Kept and answered; rows are not hidden by it, so criteria are refused."""
    wanted = asked.get("filter") or {}
    if set(wanted) - {"range"}:
        raise ApiError(501, "notImplemented", "The sandbox's filters have no criteria and no order.")
    block = block_of_grid_range(opened.document, wanted.get("range") or {})
    block.sheet["basicFilter"] = {"range": wanted.get("range") or {}}
    return {}


@request("clearBasicFilter")
def clear_basic_filter(opened: Opened, asked: Json) -> Json:
    sheet_by_id(opened.document, asked.get("sheetId", 0)).pop("basicFilter", None)
    return {}


def _fresh_sheet_id(opened: Opened) -> int:
    # Ids of added sheets look random at Google; these are spread, and never given twice.
    return 1_000_000 + opened.call.workspace.next_number("sheet") * 7919


def _fresh_title(document: Json) -> str:
    number = len(document["sheets"]) + 1
    while sheet_by_title(document, f"Sheet{number}") is not None:
        number += 1
    return f"Sheet{number}"


def _fresh_copy_title(document: Json, title: str) -> str:
    wanted, number = f"Copy of {title}", 2
    while sheet_by_title(document, wanted) is not None:
        wanted = f"Copy of {title} {number}"
        number += 1
    return wanted


def _require_free_title(document: Json, title: str, sheet: Json | None) -> None:
    other = sheet_by_title(document, title)
    if other is not None and other is not sheet:
        raise ApiError(400, "badRequest", f'A sheet with the name "{title}" already exists. Please enter another name.')


def _move_sheet(document: Json, sheet: Json, index: int) -> None:
    """The index is counted before the move, as documented: behind itself, one less is meant."""
    sheets = document["sheets"]
    before = sheets.index(sheet)
    sheets.pop(before)
    sheets.insert(index - 1 if index > before else index, sheet)


def _number(document: Json) -> None:
    for index, sheet in enumerate(document["sheets"]):
        sheet["properties"]["index"] = index


def _point_to(sheet: Json, sheet_id: int) -> None:
    """Let the ranges of a copied sheet be its own."""
    areas = [*sheet["merges"], *(one["range"] for one in sheet["protectedRanges"])]
    areas += [area for rule in sheet["conditionalFormats"] for area in rule["ranges"]]
    areas += [group["range"] for name in ("rowGroups", "columnGroups") for group in sheet[name]]
    if "basicFilter" in sheet:
        areas.append(sheet["basicFilter"]["range"])
    for area in areas:
        area["sheetId"] = sheet_id

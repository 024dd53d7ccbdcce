"""Requests about sheets as a whole, and about the spreadsheet."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workspace_sandbox.calls import ApiError, Json
from workspace_sandbox.sheets.access import Opened
from workspace_sandbox.sheets.developer_metadata import sheet_of
from workspace_sandbox.sheets.formula_references import follow_title, translate
from workspace_sandbox.sheets.grid import (
    Block,
    copied_sheet,
    new_sheet,
    sheet_by_id,
    sheet_by_title,
    size,
)
from workspace_sandbox.sheets.requests import field_mask, merged, request


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
    # Believed: what may not be edited may not be deleted along with its sheet either.
    opened.require_unprotected(Block(sheet, 0, 0, *size(sheet)))
    opened.document["sheets"].remove(sheet)
    named = opened.document["namedRanges"]
    sheet_id = sheet["properties"]["sheetId"]
    opened.document["namedRanges"] = [one for one in named if one["range"].get("sheetId", 0) != sheet_id]
    opened.document["developerMetadata"] = [
        one for one in opened.document.get("developerMetadata", []) if sheet_of(one["location"]) != sheet_id
    ]
    follow_title(opened.document, sheet["properties"]["title"], None)
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
    _own(opened, copy)
    document["sheets"].insert(min(asked.get("insertSheetIndex", 0), len(document["sheets"])), copy)
    _number(document)
    return {"properties": copy["properties"]}


@request("updateSheetProperties")
def update_sheet_properties(opened: Opened, asked: Json) -> Json:
    mask, wanted = field_mask(asked, "SheetProperties"), asked.get("properties") or {}
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
    if after["title"] != before["title"]:
        follow_title(document, before["title"], after["title"])
    if "index" in mask or "*" in mask:
        _move_sheet(document, sheet, wanted.get("index", before["index"]))
    _number(document)
    return {}


@request("updateSpreadsheetProperties")
def update_spreadsheet_properties(opened: Opened, asked: Json) -> Json:
    """The title is the file's name in Drive."""
    mask, wanted = field_mask(asked, "SpreadsheetProperties"), asked.get("properties") or {}
    names = set(wanted) if "*" in mask else set(mask)
    unknown = names - {"title", "locale", "timeZone"}
    if unknown:
        raise ApiError(501, "notImplemented", f"The sandbox cannot set {', '.join(sorted(unknown))} of a spreadsheet.")
    if "timeZone" in names:
        try:
            ZoneInfo(wanted.get("timeZone", ""))
        except (ZoneInfoNotFoundError, ValueError):
            raise ApiError(400, "badRequest", f"Invalid time zone: {wanted.get('timeZone')}") from None
    if "locale" in names:
        translate(opened.document, wanted.get("locale", ""))
    for name in names & {"locale", "timeZone"}:
        opened.document[name] = wanted[name]
    if "title" in names:
        opened.retitle(wanted.get("title") or "Untitled spreadsheet")
    return {}


def append_copy(target: Opened, source: Json) -> Json:
    """Put a copy of a sheet, perhaps of another spreadsheet, behind the others; the properties of the copy."""
    copy, document = copied_sheet(source), target.document
    title = source["properties"]["title"]
    copy["properties"] |= {"sheetId": _fresh_sheet_id(target), "title": _fresh_copy_title(document, title)}
    _own(target, copy)
    document["sheets"].append(copy)
    _number(document)
    properties: Json = copy["properties"]
    return properties


def _own(opened: Opened, copy: Json) -> None:
    """Let what lies over a copied sheet be its own, with ids of its own."""
    _point_to(copy, copy["properties"]["sheetId"])
    ids = {"protectedRanges": "protectedRangeId", "charts": "chartId", "filterViews": "filterViewId"}
    for name, key in ids.items():
        for one in copy.get(name, []):
            one[key] = opened.call.workspace.next_number("range")


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
    areas += [view["range"] for view in sheet.get("filterViews", []) if "range" in view]
    areas += [chart["position"]["overlayPosition"]["anchorCell"] for chart in sheet.get("charts", [])]
    if "basicFilter" in sheet:
        areas.append(sheet["basicFilter"]["range"])
    for area in areas:
        area["sheetId"] = sheet_id

"""Sheets v4: making and reading spreadsheets, and `spreadsheets.batchUpdate`. Values alone are in `sheet_values.py`."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workspace_sandbox import fields, requests_cells, requests_dimensions, requests_sheets  # noqa: F401  # they register
from workspace_sandbox.calls import ApiError, Call, Json, method
from workspace_sandbox.drive_files import SPREADSHEET, Files, root_id
from workspace_sandbox.founding import LOCALE, TIME_ZONE
from workspace_sandbox.grid import (
    Block,
    Cell,
    block_of_a1,
    effective,
    formatted,
    new_sheet,
    new_spreadsheet,
    put_cell,
    size,
)
from workspace_sandbox.sheet_requests import carry_out, cell_of
from workspace_sandbox.sheets_access import Opened, may_edit, open_to_read, open_to_write

_DEFAULT_FORMAT: Json = {
    "backgroundColor": {"red": 1, "green": 1, "blue": 1},
    "padding": {"top": 2, "right": 3, "bottom": 2, "left": 3},
    "verticalAlignment": "BOTTOM",
    "wrapStrategy": "OVERFLOW_CELL",
}
_DATA_KEYS = ("protectedRanges", "conditionalFormats", "merges", "rowGroups", "columnGroups")


@method("sheets.spreadsheets.create")
def spreadsheets_create(call: Call) -> Json:
    """In the user's own drive; service accounts have none to write to (since 2025)."""
    if call.user.endswith(".gserviceaccount.com"):
        raise ApiError(403, "forbidden", "The caller does not have permission")
    _refuse_others(call.body, ("properties", "sheets"), "a spreadsheet")
    properties = call.body.get("properties") or {}
    _refuse_others(properties, ("title", "locale", "timeZone"), "the properties of a spreadsheet")
    document = new_spreadsheet(properties.get("locale") or LOCALE, properties.get("timeZone") or TIME_ZONE)
    _check_time_zone(document["timeZone"])
    if call.body.get("sheets"):
        document["sheets"] = _new_sheets(call.body["sheets"])
    title = properties.get("title") or "Untitled spreadsheet"
    files = Files(call.workspace, call.now)
    file = files.create({"name": title, "mimeType": SPREADSHEET}, root_id(call.user), call.user)
    call.workspace.collection("spreadsheets").put(file["id"], document)
    return spreadsheet(Opened(file["id"], file, document, files, call), [], None)


@method("sheets.spreadsheets.get")
def spreadsheets_get(call: Call) -> Json:
    opened = open_to_read(call)
    if call.params.get("excludeTablesInBandedRanges"):
        raise ApiError(501, "notImplemented", "The sandbox has no tables.")
    mask = call.params.get("fields")
    # "This parameter is ignored if a field mask was set in the request."
    data = fields.parse(mask) if mask else ({} if call.params.get("includeGridData") else None)
    if data is not None and not fields.has(data, "sheets", "data"):
        data = None
    blocks = [block_of_a1(opened.document, text, write=False) for text in call.params.get("ranges", [])]
    return spreadsheet(opened, blocks, data)


@method("sheets.spreadsheets.batchUpdate")
def spreadsheets_batch_update(call: Call) -> Json:
    """All requests or none: they change a copy, kept only when the last one succeeded."""
    opened = open_to_write(call)
    requests = call.body.get("requests") or []
    if not requests:
        raise ApiError(400, "badRequest", "Must specify at least one request.")
    replies = [carry_out(opened, position, request) for position, request in enumerate(requests)]
    opened.save()
    answer: Json = {"spreadsheetId": opened.id, "replies": replies}
    if call.body.get("includeSpreadsheetInResponse"):
        texts = call.body.get("responseRanges") or []
        blocks = [block_of_a1(opened.document, text, write=False) for text in texts]
        answer["updatedSpreadsheet"] = spreadsheet(
            opened, blocks, {} if call.body.get("responseIncludeGridData") else None
        )
    return answer


def _check_time_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ApiError(400, "badRequest", f"Invalid time zone: {name}") from None


def spreadsheet(opened: Opened, blocks: list[Block], data: fields.Mask | None) -> Json:
    """The whole as the API answers it; `data` is None without cells. With `blocks`, only their sheets and cells."""
    document = opened.document
    sheets = []
    for sheet in document["sheets"]:
        wanted = [block for block in blocks if block.sheet is sheet]
        if blocks and not wanted:
            continue
        if not wanted:
            rows, columns = size(sheet)
            wanted = [Block(sheet, 0, 0, rows, columns)]
        sheets.append(_sheet(opened, sheet, wanted if data is not None else [], data or {}))
    properties = {
        # A file that was renamed in Drive has that title here too.
        "title": (opened.files.find(opened.id, opened.call.user) or opened.file)["name"],
        "locale": document["locale"],
        "timeZone": document["timeZone"],
        "autoRecalc": "ON_CHANGE",
        "defaultFormat": _DEFAULT_FORMAT,
    }
    answer: Json = {
        "spreadsheetId": opened.id,
        "properties": properties,
        "sheets": sheets,
        "spreadsheetUrl": f"http://{opened.call.headers.get('host', 'localhost')}/sheets/{opened.id}",
    }
    if document["namedRanges"]:
        answer["namedRanges"] = document["namedRanges"]
    return answer


def _sheet(opened: Opened, sheet: Json, blocks: list[Block], mask: fields.Mask) -> Json:
    answer: Json = {"properties": sheet["properties"]}
    for name in _DATA_KEYS:
        if sheet[name]:
            answer[name] = sheet[name]
    if sheet["protectedRanges"]:
        answer["protectedRanges"] = [
            {
                **{name: value for name, value in one.items() if name != "addedBy"},
                "requestingUserCanEdit": may_edit(one, opened.call.user, opened.file),
            }
            for one in sheet["protectedRanges"]
        ]
    if sheet.get("basicFilter"):
        answer["basicFilter"] = sheet["basicFilter"]
    if blocks:
        answer["data"] = [_grid_data(block, opened.locale, mask) for block in blocks]
    return answer


def _grid_data(block: Block, locale: str, mask: fields.Mask) -> Json:
    """Rows, trailing empty ones left out; of rows and cells only what the mask may want, since there are many."""
    whole = fields.has(mask, "sheets", "data", "rowData", "values", "effectiveFormat")
    rows = [{"values": _trailing_left_out([_cell_data(cell, locale, whole) for cell in row])} for row in block.cells()]
    while rows and not rows[-1]["values"]:
        rows.pop()
    answer: Json = {"rowData": [row if row["values"] else {} for row in rows]}
    if fields.has(mask, "sheets", "data", "rowMetadata"):
        answer["rowMetadata"] = _metadata(block.sheet["rowMetadata"], block.row, block.end_row, 21)
    if fields.has(mask, "sheets", "data", "columnMetadata"):
        answer["columnMetadata"] = _metadata(block.sheet["columnMetadata"], block.column, block.end_column, 100)
    if block.row:
        answer["startRow"] = block.row
    if block.column:
        answer["startColumn"] = block.column
    return answer


def _metadata(kept: list[Json | None], start: int, end: int, pixels: int) -> list[Json]:
    """Of every row or column asked for, also of those nobody changed: 21 or 100 pixels."""
    return [{"pixelSize": pixels, **((kept[at] if at < len(kept) else None) or {})} for at in range(start, end)]


def _trailing_left_out(values: list[Json]) -> list[Json]:
    while values and not values[-1]:
        values.pop()
    return values


def _cell_data(cell: Cell, locale: str, whole: bool) -> Json:
    if cell is None:
        return {}
    answer: Json = {}
    if "value" in cell:
        answer["userEnteredValue"] = cell["value"]
        answer["effectiveValue"] = effective(cell)
        answer["formattedValue"] = formatted(cell, locale)
    if "format" in cell:
        answer["userEnteredFormat"] = cell["format"]
    if whole and ("value" in cell or "format" in cell):
        answer["effectiveFormat"] = {**_DEFAULT_FORMAT, **cell["format"]} if "format" in cell else _DEFAULT_FORMAT
    if "note" in cell:
        answer["note"] = cell["note"]
    if "validation" in cell:
        answer["dataValidation"] = cell["validation"]
    return answer


def _new_sheets(wanted: list[Json]) -> list[Json]:
    sheets = []
    for index, one in enumerate(wanted):
        _refuse_others(one, ("properties", "data"), "a sheet of a new spreadsheet")
        title = f"Sheet{index + 1}"
        properties: Json = {"sheetId": index, "title": title, **(one.get("properties") or {}), "index": index}
        sheet = new_sheet(properties)
        for data in one.get("data") or []:
            _put_data(sheet, data)
        sheets.append(sheet)
    for name in ("sheetId", "title"):
        if len({sheet["properties"][name] for sheet in sheets}) < len(sheets):
            raise ApiError(400, "badRequest", f"Two sheets have the same {name}.")
    return sheets


def _put_data(sheet: Json, data: Json) -> None:
    for row, line in enumerate(data.get("rowData") or [], data.get("startRow", 0)):
        for column, cell in enumerate(line.get("values") or [], data.get("startColumn", 0)):
            rows, columns = size(sheet)
            if row >= rows or column >= columns:
                raise ApiError(400, "badRequest", "The data of a sheet reaches beyond its grid.")
            put_cell(sheet, row, column, cell_of(cell))


def _refuse_others(body: Any, known: tuple[str, ...], what: str) -> None:
    others = sorted(set(body) - set(known))
    if others:
        raise ApiError(501, "notImplemented", f"The sandbox cannot make {what} with {', '.join(others)}.")

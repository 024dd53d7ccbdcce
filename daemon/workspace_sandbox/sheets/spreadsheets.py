"""Sheets v4: making and reading spreadsheets, and `spreadsheets.batchUpdate`. Values alone are in `values.py`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workspace_sandbox import fields
from workspace_sandbox.calls import Answer, ApiError, Call, Json, method
from workspace_sandbox.drive.files import SPREADSHEET, Files, root_id
from workspace_sandbox.founding import LOCALE, TIME_ZONE
from workspace_sandbox.sheets import (
    requests_cells,  # noqa: F401  # the requests register themselves
    requests_dimensions,  # noqa: F401
    requests_objects,  # noqa: F401
    requests_sheets,  # noqa: F401
)
from workspace_sandbox.sheets.access import Opened, may_edit, open_to_read, open_to_write
from workspace_sandbox.sheets.cell_data import DEFAULT_FORMAT, grid_data
from workspace_sandbox.sheets.developer_metadata import blocks_of, of_sheet, of_spreadsheet
from workspace_sandbox.sheets.grid import (
    Block,
    block_of_a1,
    new_sheet,
    new_spreadsheet,
    put_cell,
    sheet_by_id,
    size,
)
from workspace_sandbox.sheets.requests import as_answered, carry_out, cell_of
from workspace_sandbox.sheets.requests_sheets import append_copy

_DATA_KEYS = (*("conditionalFormats", "merges", "rowGroups", "columnGroups", "charts", "filterViews", "basicFilter"),)


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
def spreadsheets_get(call: Call) -> Answer:
    opened = open_to_read(call)
    if call.params.get("excludeTablesInBandedRanges"):
        raise ApiError(501, "notImplemented", "The sandbox has no tables.")
    mask = call.params.get("fields")
    data = _wanted_data(mask, call.params.get("includeGridData"))
    file, kept, version = opened.file, opened.kept_answers(), opened.calculation()
    about = (file["name"], file["version"], call.user, call.headers.get("host"), sorted(call.params.items()))
    known = kept.get(str(about), version)
    if known is not None:
        return Answer(known)
    blocks = [block_of_a1(opened.document, text, write=False) for text in call.params.get("ranges", [])]
    return Answer(spreadsheet(opened, blocks, data), remember=lambda answer: kept.put(str(about), version, answer))


@method("sheets.spreadsheets.getByDataFilter")
def spreadsheets_get_by_data_filter(call: Call) -> Json:
    """As `get`, with the parts that the filters match instead of ranges."""
    opened = open_to_read(call)
    if call.body.get("excludeTablesInBandedRanges"):
        raise ApiError(501, "notImplemented", "The sandbox has no tables.")
    filters = call.body.get("dataFilters") or []
    blocks = [block for one in filters for block in blocks_of(opened.document, one)]
    answer = spreadsheet(opened, blocks, _wanted_data(call.params.get("fields"), call.body.get("includeGridData")))
    return {**answer, "sheets": []} if filters and not blocks else answer


@method("sheets.spreadsheets.sheets.copyTo")
def sheets_copy_to(call: Call) -> Json:
    """To the end of another spreadsheet, or of the same; formulas stay as they are written."""
    source = open_to_read(call)
    sheet = sheet_by_id(source.document, call.params["sheetId"])
    wanted = call.body.get("destinationSpreadsheetId", "")
    target = open_to_write(replace(call, params={**call.params, "spreadsheetId": wanted}))
    properties = append_copy(target, sheet)
    target.save()
    return properties


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


def _wanted_data(mask: str | None, include: bool | None) -> fields.Mask | None:
    """The mask of an answer with cells, None for one without.

    `includeGridData`: "This parameter is ignored if a field mask was set in the request."
    """
    if not mask:
        return {} if include else None
    parsed = fields.parse(mask)
    return parsed if fields.has(parsed, "sheets", "data") else None


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
        "defaultFormat": DEFAULT_FORMAT,
    }
    answer: Json = {
        "spreadsheetId": opened.id,
        "properties": properties,
        "sheets": sheets,
        "spreadsheetUrl": f"http://{opened.call.headers.get('host', 'localhost')}/sheets/{opened.id}",
    }
    if document["namedRanges"]:
        answer["namedRanges"] = as_answered(document["namedRanges"])
    if of_spreadsheet(document):
        answer["developerMetadata"] = of_spreadsheet(document)
    return answer


def _sheet(opened: Opened, sheet: Json, blocks: list[Block], mask: fields.Mask) -> Json:
    answer: Json = {"properties": sheet["properties"]}
    for name in _DATA_KEYS:
        if sheet.get(name):
            answer[name] = as_answered(sheet[name])
    if sheet["protectedRanges"]:
        answer["protectedRanges"] = [
            {
                **{name: as_answered(value) for name, value in one.items() if name != "addedBy"},
                "requestingUserCanEdit": may_edit(one, opened.call.user, opened.file),
            }
            for one in sheet["protectedRanges"]
        ]
    metadata = of_sheet(opened.document, sheet["properties"]["sheetId"])
    if metadata:
        answer["developerMetadata"] = metadata
    if blocks:
        answer["data"] = [grid_data(opened.calculation(), block, mask) for block in blocks]
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

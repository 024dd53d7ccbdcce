"""Developer metadata: what programs attach to rows, columns, sheets and the spreadsheet; and DataFilters.

https://developers.google.com/workspace/sheets/api/guides/metadata. Metadata with visibility PROJECT is shown to all:
the sandbox knows users, not developer projects.
"""

from __future__ import annotations

from workspace_sandbox.calls import ApiError, Call, Json, method
from workspace_sandbox.sheets.access import Opened, open_to_read
from workspace_sandbox.sheets.grid import Block, block_of_a1, block_of_grid_range, sheet_by_id, size
from workspace_sandbox.sheets.requests import field_mask, merged, request

_TYPES = ("ROW", "COLUMN", "SHEET", "SPREADSHEET")
_CHANGEABLE = {"metadataKey", "metadataValue", "location", "visibility", "*"}


@method("sheets.spreadsheets.developerMetadata.get")
def metadata_get(call: Call) -> Json:
    for one in _all(open_to_read(call).document):
        if one["metadataId"] == call.params["metadataId"]:
            return one
    raise ApiError(404, "notFound", f"No metadata with ID {call.params['metadataId']} found.")


@method("sheets.spreadsheets.developerMetadata.search")
def metadata_search(call: Call) -> Json:
    document, filters = open_to_read(call).document, call.body.get("dataFilters") or []
    found: list[Json] = []
    for one in _all(document):
        matching = [asked for asked in filters if one in matching_metadata(document, asked)]
        if matching:
            found.append({"developerMetadata": one, "dataFilters": matching})
    return {"matchedDeveloperMetadata": found} if found else {}


@request("createDeveloperMetadata")
def create_developer_metadata(opened: Opened, asked: Json) -> Json:
    """Key, visibility and location are needed; an id is given where none is."""
    wanted = dict(asked.get("developerMetadata") or {})
    known = opened.document.setdefault("developerMetadata", [])
    wanted.setdefault("metadataId", 100_000 + opened.call.workspace.next_number("metadata") * 7919)
    if wanted["metadataId"] < 1 or any(one["metadataId"] == wanted["metadataId"] for one in known):
        raise ApiError(
            400, "badRequest", f"Metadata with ID {wanted['metadataId']} already exists, or is not positive."
        )
    known.append(_checked(opened.document, wanted))
    return {"developerMetadata": known[-1]}


@request("updateDeveloperMetadata")
def update_developer_metadata(opened: Opened, asked: Json) -> Json:
    mask, wanted = field_mask(asked, "DeveloperMetadata"), asked.get("developerMetadata") or {}
    if set(mask) - _CHANGEABLE:
        raise ApiError(
            400, "badRequest", f"Of metadata {', '.join(sorted(set(mask) - _CHANGEABLE))} cannot be changed."
        )
    changed = []
    for asked_for in asked.get("dataFilters") or []:
        for one in matching_metadata(opened.document, asked_for):
            if one not in changed:
                identity = {"metadataId": one["metadataId"]}
                after = _checked(opened.document, {**merged(one, wanted, mask), **identity})
                one.clear()
                one.update(after)
                changed.append(one)
    return {"developerMetadata": changed} if changed else {}


@request("deleteDeveloperMetadata")
def delete_developer_metadata(opened: Opened, asked: Json) -> Json:
    gone = matching_metadata(opened.document, asked.get("dataFilter") or {})
    opened.document["developerMetadata"] = [one for one in _all(opened.document) if one not in gone]
    return {"deletedDeveloperMetadata": gone} if gone else {}


def matching_metadata(document: Json, data_filter: Json) -> list[Json]:
    """The metadata that a DataFilter selects. Raises ApiError 400 where the filter is none."""
    kind = _kind(data_filter)
    if kind == "developerMetadataLookup":
        lookup = data_filter[kind]
        _check_lookup(lookup)
        return [one for one in _all(document) if _looked_up(document, one, lookup)]
    block = _block(document, data_filter)
    return [one for one in _all(document) if _meets(document, one["location"], block)]


def blocks_of(document: Json, data_filter: Json) -> list[Block]:
    """The cells that a DataFilter selects; metadata of the whole spreadsheet selects every sheet."""
    if _kind(data_filter) != "developerMetadataLookup":
        return [_block(document, data_filter)]
    blocks: list[Block] = []
    for one in matching_metadata(document, data_filter):
        location = one["location"]
        found = (
            [_whole(sheet) for sheet in document["sheets"]]
            if location["locationType"] == "SPREADSHEET"
            else [_region(document, location)]
        )
        blocks += [block for block in found if block not in blocks]
    return blocks


def at_dimension(document: Json, sheet_id: int, dimension: str) -> dict[int, list[Json]]:
    """Index of a row or column of the sheet -> the metadata of it."""
    found: dict[int, list[Json]] = {}
    for one in _all(document):
        area = one["location"].get("dimensionRange")
        if area is not None and area["sheetId"] == sheet_id and area["dimension"] == dimension:
            found.setdefault(area["startIndex"], []).append(one)
    return found


def of_sheet(document: Json, sheet_id: int) -> list[Json]:
    """The metadata of the sheet as a whole."""
    return [one for one in _all(document) if one["location"] == {"locationType": "SHEET", "sheetId": sheet_id}]


def of_spreadsheet(document: Json) -> list[Json]:
    return [one for one in _all(document) if one["location"]["locationType"] == "SPREADSHEET"]


def sheet_of(location: Json) -> int | None:
    """The sheet that a location lies on; None for the whole spreadsheet."""
    if location["locationType"] == "SPREADSHEET":
        return None
    return int(location["dimensionRange"]["sheetId"] if "dimensionRange" in location else location["sheetId"])


def _all(document: Json) -> list[Json]:
    found: list[Json] = document.get("developerMetadata", [])
    return found


def _checked(document: Json, metadata: Json) -> Json:
    """Metadata with its location written out. Raises ApiError 400 where something needed is missing."""
    if not metadata.get("metadataKey"):
        raise ApiError(400, "badRequest", "Developer metadata must have a metadataKey.")
    if metadata.get("visibility", "DEVELOPER_METADATA_VISIBILITY_UNSPECIFIED").endswith("UNSPECIFIED"):
        raise ApiError(400, "badRequest", "Developer metadata must have a visibility.")
    return {**metadata, "location": _location(document, metadata.get("location") or {})}


def _location(document: Json, given: Json) -> Json:
    given = {name: value for name, value in given.items() if value is not None and value is not False}
    kinds = [name for name in ("spreadsheet", "sheetId", "dimensionRange") if name in given]
    if len(kinds) != 1:
        raise ApiError(400, "badRequest", "A location is one of spreadsheet, sheetId and dimensionRange.")
    if kinds == ["spreadsheet"]:
        return {"locationType": "SPREADSHEET", "spreadsheet": True}
    if kinds == ["sheetId"]:
        sheet_by_id(document, given["sheetId"])
        return {"locationType": "SHEET", "sheetId": given["sheetId"]}
    area = {"sheetId": 0, **given["dimensionRange"]}
    rows, columns = size(sheet_by_id(document, area["sheetId"]))
    count = {"ROWS": rows, "COLUMNS": columns}.get(area.get("dimension", ""))
    start, end = area.get("startIndex", 0), area.get("endIndex")
    if count is None or end != start + 1 or not 0 <= start < count:
        raise ApiError(400, "badRequest", "The dimension range must represent a single row or column of the grid.")
    return {
        "locationType": "ROW" if area["dimension"] == "ROWS" else "COLUMN",
        "dimensionRange": {**area, "startIndex": start},
    }


def _kind(data_filter: Json) -> str:
    kinds = [name for name in ("developerMetadataLookup", "a1Range", "gridRange") if data_filter.get(name) is not None]
    if len(kinds) != 1:
        raise ApiError(400, "badRequest", "A data filter is one of developerMetadataLookup, a1Range and gridRange.")
    return kinds[0]


def _check_lookup(lookup: Json) -> None:
    strategy, kind, location = (
        lookup.get(name) for name in ("locationMatchingStrategy", "locationType", "metadataLocation")
    )
    if strategy and not location:
        raise ApiError(400, "badRequest", "A locationMatchingStrategy needs a metadataLocation.")
    if strategy == "EXACT_LOCATION" and kind:
        raise ApiError(400, "badRequest", "locationType must be left out where the location is matched exactly.")
    if kind == "SPREADSHEET" and location and not location.get("spreadsheet"):
        raise ApiError(400, "badRequest", "Spreadsheet metadata cannot intersect any other location.")


def _looked_up(document: Json, metadata: Json, lookup: Json) -> bool:
    for name in ("metadataId", "metadataKey", "metadataValue", "visibility"):
        if lookup.get(name) is not None and metadata.get(name) != lookup[name]:
            return False
    if lookup.get("locationType") in _TYPES and metadata["location"]["locationType"] != lookup["locationType"]:
        return False
    if not lookup.get("metadataLocation"):
        return True
    location = metadata["location"]
    wanted = _wanted_location(document, lookup["metadataLocation"])
    if lookup.get("locationMatchingStrategy") == "EXACT_LOCATION" or wanted["locationType"] == "SPREADSHEET":
        return bool(location == wanted)
    return _meets(document, location, _region(document, wanted))


def _wanted_location(document: Json, given: Json) -> Json:
    """As `_location`, but rows and columns looked for may be several."""
    area = given.get("dimensionRange")
    if area is None:
        return _location(document, given)
    sheet = sheet_by_id(document, area.get("sheetId", 0))
    kind = "ROW" if area.get("dimension") == "ROWS" else "COLUMN"
    count = size(sheet)[0 if kind == "ROW" else 1]
    full = {"sheetId": 0, "startIndex": 0, "endIndex": count, **area}
    return {"locationType": kind, "dimensionRange": full}


def _meets(document: Json, location: Json, block: Block) -> bool:
    if sheet_of(location) != block.sheet["properties"]["sheetId"]:
        return False
    region = _region(document, location)
    return (
        region.row < block.end_row
        and block.row < region.end_row
        and region.column < block.end_column
        and block.column < region.end_column
    )


def _region(document: Json, location: Json) -> Block:
    """The cells of a row, a column or a sheet."""
    sheet_id = sheet_of(location)
    assert sheet_id is not None
    whole = _whole(sheet_by_id(document, sheet_id))
    area = location.get("dimensionRange")
    if area is None:
        return whole
    start, end = area["startIndex"], area["endIndex"]
    if area["dimension"] == "ROWS":
        return Block(whole.sheet, start, 0, end, whole.end_column)
    return Block(whole.sheet, 0, start, whole.end_row, end)


def _whole(sheet: Json) -> Block:
    return Block(sheet, 0, 0, *size(sheet))


def _block(document: Json, data_filter: Json) -> Block:
    if "a1Range" in data_filter:
        return block_of_a1(document, data_filter["a1Range"], write=False)
    return block_of_grid_range(document, data_filter["gridRange"])

"""Developer metadata and data filters of the sandbox, through Google's generated client over HTTP.

https://developers.google.com/workspace/sheets/api/guides/metadata, where a check names nothing else.
"""

from __future__ import annotations

from typing import Any

import pytest
from workspace_clients import OUTSIDER, Person, message_of, refusal

ROWS = [["a1", "b1"], ["a2", "b2"], ["a3", "b3"], ["a4", "b4"]]


def batch(person: Person, sheet: str, *requests: dict[str, Any]) -> list[dict[str, Any]]:
    answer = person.sheets.batchUpdate(spreadsheetId=sheet, body={"requests": list(requests)}).execute()
    replies: list[dict[str, Any]] = answer["replies"]
    return replies


def line(start: int, kind: str = "ROWS", end: int | None = None) -> dict[str, Any]:
    area = {"sheetId": 0, "dimension": kind, "startIndex": start, "endIndex": end or start + 1}
    return {"dimensionRange": area}


def metadata(key: str, location: dict[str, Any], **more: Any) -> dict[str, Any]:
    one = {"metadataKey": key, "location": location, "visibility": "DOCUMENT", **more}
    return {"createDeveloperMetadata": {"developerMetadata": one}}


def lookup(**criteria: Any) -> dict[str, Any]:
    return {"developerMetadataLookup": criteria}


def search(person: Person, sheet: str, *filters: dict[str, Any]) -> list[dict[str, Any]]:
    request = person.sheets.developerMetadata().search(spreadsheetId=sheet, body={"dataFilters": list(filters)})
    found: list[dict[str, Any]] = request.execute().get("matchedDeveloperMetadata", [])
    return found


def keys(person: Person, sheet: str, *filters: dict[str, Any]) -> list[str]:
    return [one["developerMetadata"]["metadataKey"] for one in search(person, sheet, *filters)]


def place(person: Person, sheet: str, key: str) -> int | None:
    """The row or column that has the key now."""
    found = search(person, sheet, lookup(metadataKey=key))
    start: int | None = found[0]["developerMetadata"]["location"]["dimensionRange"]["startIndex"] if found else None
    return start


@pytest.fixture
def marked(ana: Person, sheet: str) -> str:
    """A sheet of four rows with metadata on its third row, its second column, itself and the spreadsheet."""
    ana.sheets.values().update(spreadsheetId=sheet, range="A1", valueInputOption="RAW", body={"values": ROWS}).execute()
    batch(
        ana,
        sheet,
        metadata("row", line(2), metadataId=11, metadataValue="DIBA-0003"),
        metadata("column", line(1, "COLUMNS"), metadataId=12),
        metadata("sheet", {"sheetId": 0}, metadataId=13),
        metadata("file", {"spreadsheet": True}, metadataId=14, visibility="PROJECT"),
    )
    return sheet


def test_metadata_is_created_with_an_id_and_read_by_it(ana: Person, sheet: str) -> None:
    """DeveloperMetadata.metadataId: "IDs may be specified when metadata is created, otherwise one will be … assigned";
    the location says its type."""
    [reply] = batch(ana, sheet, metadata("key", line(2), metadataValue="v"))
    made = reply["createDeveloperMetadata"]["developerMetadata"]
    assert made["metadataId"] > 0
    assert made["location"] == {"locationType": "ROW", **line(2)}
    assert ana.sheets.developerMetadata().get(spreadsheetId=sheet, metadataId=made["metadataId"]).execute() == made
    missing = ana.sheets.developerMetadata().get(spreadsheetId=sheet, metadataId=1)
    assert refusal(missing) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("location", "more"),
    [
        (line(2, end=4), {}),
        ({"dimensionRange": {"sheetId": 0, "dimension": "ROWS"}}, {}),
        ({}, {}),
        (line(2), {"visibility": "DEVELOPER_METADATA_VISIBILITY_UNSPECIFIED"}),
        (line(2), {"metadataKey": ""}),
        ({"sheetId": 99}, {}),
        (line(2), {"metadataId": 11}),
    ],
)
def test_metadata_that_lacks_something_is_refused(
    ana: Person, marked: str, location: dict[str, Any], more: dict[str, Any]
) -> None:
    """Key, visibility and location are needed, ids are unique; a dimension range "must represent a single row or
    column"."""
    request = ana.sheets.batchUpdate(spreadsheetId=marked, body={"requests": [metadata("key", location, **more)]})
    assert refusal(request) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("change", "row"),
    [
        ({"insertDimension": {"range": line(0)["dimensionRange"]}}, 3),
        ({"insertDimension": {"range": line(3)["dimensionRange"]}}, 2),
        ({"deleteDimension": {"range": line(0)["dimensionRange"]}}, 1),
        ({"deleteDimension": {"range": line(2)["dimensionRange"]}}, None),
        ({"moveDimension": {"source": line(2)["dimensionRange"], "destinationIndex": 0}}, 0),
        ({"moveDimension": {"source": line(0)["dimensionRange"], "destinationIndex": 4}}, 1),
        ({"insertDimension": {"range": line(0, "COLUMNS")["dimensionRange"]}}, 2),
    ],
)
def test_metadata_of_a_row_follows_it_and_goes_with_it(
    ana: Person, marked: str, change: dict[str, Any], row: int | None
) -> None:
    """DeveloperMetadata: "it will remain associated at those locations as they move around"; "If the associated object
    is deleted then its metadata is deleted too"."""
    batch(ana, marked, change)
    assert place(ana, marked, "row") == row


def test_metadata_of_a_tab_goes_with_it(ana: Person, marked: str) -> None:
    """As above, for a sheet and what lies on it; the spreadsheet's stays."""
    batch(ana, marked, {"addSheet": {"properties": {"sheetId": 7}}}, {"deleteSheet": {"sheetId": 0}})
    assert keys(ana, marked, lookup(metadataLocation={"spreadsheet": True})) == ["file"]
    assert keys(ana, marked, lookup(visibility="DOCUMENT")) == []


@pytest.mark.parametrize(
    ("data_filter", "found"),
    [
        (lookup(metadataKey="row"), ["row"]),
        (lookup(metadataValue="DIBA-0003"), ["row"]),
        (lookup(metadataId=12), ["column"]),
        (lookup(metadataKey="row", metadataId=12), []),
        (lookup(visibility="PROJECT"), ["file"]),
        (lookup(locationType="SHEET"), ["sheet"]),
        (lookup(metadataLocation=line(2)), ["row", "column", "sheet"]),
        (lookup(metadataLocation=line(2), locationMatchingStrategy="EXACT_LOCATION"), ["row"]),
        (lookup(metadataLocation=line(0)), ["column", "sheet"]),
        (lookup(metadataLocation=line(0), locationType="ROW"), []),
        (lookup(metadataLocation={"sheetId": 0}), ["row", "column", "sheet"]),
        (lookup(metadataLocation={"sheetId": 0}, locationMatchingStrategy="EXACT_LOCATION"), ["sheet"]),
        ({"a1Range": "A3"}, ["row", "sheet"]),
        ({"a1Range": "Sheet1!B:B"}, ["row", "column", "sheet"]),
        ({"gridRange": {"sheetId": 0, "startRowIndex": 3}}, ["column", "sheet"]),
    ],
)
def test_metadata_is_found_by_all_that_a_lookup_says(
    ana: Person, marked: str, data_filter: dict[str, Any], found: list[str]
) -> None:
    """DeveloperMetadataLookup: "the intersection of all the specified fields"; locations intersect unless EXACT; a
    range finds what lies across it."""
    assert keys(ana, marked, data_filter) == found


def test_a_search_says_which_filters_matched(ana: Person, marked: str) -> None:
    """MatchedDeveloperMetadata.dataFilters: "All filters matching the returned developer metadata"."""
    by_key, by_id = lookup(metadataKey="row"), lookup(metadataId=11)
    [found] = search(ana, marked, by_key, by_id, lookup(metadataKey="none"))
    assert found["dataFilters"] == [by_key, by_id]


def test_metadata_is_changed_and_deleted(ana: Person, marked: str) -> None:
    """UpdateDeveloperMetadata and DeleteDeveloperMetadata, by data filter; the replies give what changed or is gone."""
    update = {
        "dataFilters": [lookup(metadataKey="row")],
        "developerMetadata": {"metadataValue": "DIBA-0004", "location": line(3)},
        "fields": "metadataValue,location",
    }
    [reply] = batch(ana, marked, {"updateDeveloperMetadata": update})
    [changed] = reply["updateDeveloperMetadata"]["developerMetadata"]
    assert (changed["metadataId"], changed["metadataValue"]) == (11, "DIBA-0004")
    assert place(ana, marked, "row") == 3
    [reply] = batch(ana, marked, {"deleteDeveloperMetadata": {"dataFilter": lookup(metadataKey="row")}})
    assert reply["deleteDeveloperMetadata"]["deletedDeveloperMetadata"] == [changed]
    assert place(ana, marked, "row") is None


def test_a_read_spreadsheet_shows_its_metadata(ana: Person, marked: str) -> None:
    """Spreadsheet, Sheet and DimensionProperties have developerMetadata."""
    found = ana.sheets.get(spreadsheetId=marked, includeGridData=True, ranges=["A2:B4"]).execute()
    tab = found["sheets"][0]
    assert [one["metadataKey"] for one in found["developerMetadata"]] == ["file"]
    assert [one["metadataKey"] for one in tab["developerMetadata"]] == ["sheet"]
    rows = [[one["metadataKey"] for one in row.get("developerMetadata", [])] for row in tab["data"][0]["rowMetadata"]]
    columns = [one.get("developerMetadata", [{}])[0] for one in tab["data"][0]["columnMetadata"]]
    assert rows == [[], ["row"], []]
    assert [one.get("metadataKey") for one in columns] == [None, "column"]


def test_a_copied_spreadsheet_has_the_metadata(ana: Person, marked: str) -> None:
    """files.copy copies a spreadsheet with everything in it."""
    copy = ana.drive.files().copy(fileId=marked, body={"name": "copy"}, supportsAllDrives=True).execute()["id"]
    assert place(ana, copy, "row") == 2


def test_values_are_read_by_data_filter(ana: Person, marked: str) -> None:
    """values.batchGetByDataFilter: "Ranges that match any of the data filters in the request will be returned"."""
    by_key, by_range = lookup(metadataKey="row"), {"a1Range": "A3:Z3"}
    body = {"dataFilters": [by_key, by_range, {"gridRange": {"sheetId": 0, "endRowIndex": 1, "endColumnIndex": 2}}]}
    answer = ana.sheets.values().batchGetByDataFilter(spreadsheetId=marked, body=body).execute()
    found = [(one["valueRange"]["range"], one["valueRange"]["values"]) for one in answer["valueRanges"]]
    assert found == [("Sheet1!A3:Z3", [["a3", "b3"]]), ("Sheet1!A1:B1", [["a1", "b1"]])]
    assert answer["valueRanges"][0]["dataFilters"] == [by_key, by_range]


def test_values_are_written_by_data_filter(ana: Person, marked: str) -> None:
    """values.batchUpdateByDataFilter: what is not given stays, values beyond a matched range refuse the request."""
    batch(ana, marked, {"insertDimension": {"range": line(0)["dimensionRange"]}})
    by_key = lookup(metadataKey="row")
    body = {"valueInputOption": "RAW", "data": [{"dataFilter": by_key, "values": [[None, "new"]]}]}
    answer = ana.sheets.values().batchUpdateByDataFilter(spreadsheetId=marked, body=body).execute()
    assert answer["totalUpdatedCells"] == 1
    assert answer["responses"][0]["dataFilter"] == by_key
    values = ana.sheets.values().get(spreadsheetId=marked, range="A4:B4").execute()["values"]
    assert values == [["a3", "new"]]
    body["data"][0]["values"] = [["x"], ["y"]]  # type: ignore[index]
    request = ana.sheets.values().batchUpdateByDataFilter(spreadsheetId=marked, body=body)
    assert "tried writing to row [5]" in message_of(request)


def test_values_are_cleared_by_data_filter(ana: Person, marked: str) -> None:
    """values.batchClearByDataFilter."""
    body = {"dataFilters": [lookup(metadataKey="column")]}
    answer = ana.sheets.values().batchClearByDataFilter(spreadsheetId=marked, body=body).execute()
    assert answer["clearedRanges"] == ["Sheet1!B1:B1000"]
    assert ana.sheets.values().get(spreadsheetId=marked, range="A1:B2").execute()["values"] == [["a1"], ["a2"]]


def test_parts_of_a_spreadsheet_are_read_by_data_filter(ana: Person, marked: str) -> None:
    """spreadsheets.getByDataFilter: "the portions of the spreadsheet that intersect ranges matched by any of the
    filters"; cells with includeGridData or a field mask."""
    batch(ana, marked, {"addSheet": {"properties": {"sheetId": 7}}})
    body = {"dataFilters": [lookup(metadataKey="row")]}
    plain = ana.sheets.getByDataFilter(spreadsheetId=marked, body=body).execute()
    assert [one["properties"]["sheetId"] for one in plain["sheets"]] == [0]
    assert "data" not in plain["sheets"][0]
    whole = ana.sheets.getByDataFilter(spreadsheetId=marked, body={**body, "includeGridData": True}).execute()
    [data] = whole["sheets"][0]["data"]
    assert data["startRow"] == 2
    assert [cell["formattedValue"] for cell in data["rowData"][0]["values"]] == ["a3", "b3"]


def test_a_filter_that_is_none_is_refused(ana: Person, marked: str) -> None:
    """DataFilter: "filter can be only one of the following"."""
    for data_filter in ({}, {"a1Range": "A1", "gridRange": {"sheetId": 0}}, {"a1Range": "Nowhere!A1"}):
        request = ana.sheets.developerMetadata().search(spreadsheetId=marked, body={"dataFilters": [data_filter]})
        assert refusal(request) == (400, "INVALID_ARGUMENT")


def test_who_may_not_read_the_spreadsheet_may_not_read_its_metadata(ana: Person, running: Any, marked: str) -> None:
    """Every method needs access to the spreadsheet."""
    outsider = running.person(OUTSIDER)
    request = outsider.sheets.developerMetadata().get(spreadsheetId=marked, metadataId=11)
    assert refusal(request) == (403, "PERMISSION_DENIED")

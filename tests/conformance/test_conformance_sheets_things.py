"""Sheets: developer metadata, data filters, and what lies over the cells: merges, borders, filters, charts."""

from __future__ import annotations

from typing import Any

from conformance_checks import check, table
from conformance_pages import BATCH_UPDATE, CELL, METADATA, REQUEST, SHEET, SPREADSHEETS, VALUES
from conformance_place import refusal, status
from conformance_spaces import Json, SheetsSpace, Tab

DEVELOPER_METADATA = f"{SPREADSHEETS}.developerMetadata"
ROWS = [["a"], ["b"], ["c"]]


def at(request: str) -> str:
    """The part of the reference that describes a request."""
    return f"{REQUEST}#{request}"


def note_row(tab: Tab, row: int, key: str) -> Json:
    """Developer metadata on a row."""
    location = {"dimensionRange": tab.rows(row, row + 1)}
    metadata = {"metadataKey": key, "metadataValue": "v", "location": location, "visibility": "DOCUMENT"}
    reply = tab.do({"createDeveloperMetadata": {"developerMetadata": metadata}})[0]["createDeveloperMetadata"]
    return dict(reply["developerMetadata"])


def by_key(key: str) -> Json:
    return {"developerMetadataLookup": {"metadataKey": key}}


@check("sheets.spreadsheets.developerMetadata.get", METADATA, "metadata gets an id, by which it is read")
def test_metadata_is_read_by_its_id(tab: Tab) -> None:
    made = note_row(tab, 1, f"id{tab.id}")
    found = tab.api.developerMetadata().get(spreadsheetId=tab.spreadsheet_id, metadataId=made["metadataId"]).execute()
    assert (found["metadataKey"], found["metadataValue"]) == (f"id{tab.id}", "v")
    assert found["location"]["locationType"] == "ROW"
    assert found["location"]["dimensionRange"] == tab.rows(1, 2)


@check("sheets.spreadsheets.developerMetadata.search", DEVELOPER_METADATA + "/search", "metadata is found by its key")
def test_metadata_is_found_by_its_key(tab: Tab) -> None:
    made = note_row(tab, 1, f"key{tab.id}")
    body = {"dataFilters": [by_key(f"key{tab.id}")]}
    found = tab.api.developerMetadata().search(spreadsheetId=tab.spreadsheet_id, body=body).execute()
    matched = found["matchedDeveloperMetadata"]
    assert [one["developerMetadata"]["metadataId"] for one in matched] == [made["metadataId"]]


@check(
    "sheets.spreadsheets.developerMetadata.get", METADATA, "metadata of a row follows it when rows are inserted above"
)
def test_metadata_follows_its_row(tab: Tab) -> None:
    made = note_row(tab, 1, f"follows{tab.id}")
    tab.do({"insertDimension": {"range": tab.rows(0, 2)}})
    found = tab.api.developerMetadata().get(spreadsheetId=tab.spreadsheet_id, metadataId=made["metadataId"]).execute()
    assert found["location"]["dimensionRange"] == tab.rows(3, 4)


@check("sheets.spreadsheets.developerMetadata.get", METADATA, "metadata of a row goes with the row")
def test_metadata_goes_with_its_row(tab: Tab) -> None:
    made = note_row(tab, 1, f"goes{tab.id}")
    tab.do({"deleteDimension": {"range": tab.rows(1, 2)}})
    request = tab.api.developerMetadata().get(spreadsheetId=tab.spreadsheet_id, metadataId=made["metadataId"])
    assert status(request) in (400, 404)


@check(
    "sheets.spreadsheets.batchUpdate",
    at("DeleteDeveloperMetadataRequest"),
    "metadata that a filter finds is deleted, and told",
)
def test_metadata_is_deleted(tab: Tab) -> None:
    made = note_row(tab, 1, f"deleted{tab.id}")
    reply = tab.do({"deleteDeveloperMetadata": {"dataFilter": by_key(f"deleted{tab.id}")}})[0]
    gone = reply["deleteDeveloperMetadata"]["deletedDeveloperMetadata"]
    assert [one["metadataId"] for one in gone] == [made["metadataId"]]


@check(
    "sheets.spreadsheets.batchUpdate", at("UpdateDeveloperMetadataRequest"), "the masked fields of metadata are changed"
)
def test_metadata_is_changed(tab: Tab) -> None:
    made = note_row(tab, 1, f"changed{tab.id}")
    change = {
        "dataFilters": [by_key(f"changed{tab.id}")],
        "developerMetadata": {"metadataValue": "new"},
        "fields": "metadataValue",
    }
    tab.do({"updateDeveloperMetadata": change})
    found = tab.api.developerMetadata().get(spreadsheetId=tab.spreadsheet_id, metadataId=made["metadataId"]).execute()
    assert (found["metadataKey"], found["metadataValue"]) == (f"changed{tab.id}", "new")


@table(
    "sheets.spreadsheets.values.batchGetByDataFilter",
    f"{SPREADSHEETS.removesuffix('/spreadsheets')}/DataFilter",
    ("kind",),
    {
        "a data filter is a range in A1 notation": ("a1Range",),
        "a data filter is a grid range": ("gridRange",),
        "a data filter is developer metadata": ("developerMetadataLookup",),
    },
)
def test_values_are_read_by_a_filter(tab: Tab, kind: str) -> None:
    tab.put("A1", ROWS)
    note_row(tab, 1, f"read{tab.id}")
    chosen: Any = {
        "a1Range": tab.at("A2"),
        "gridRange": tab.range(1, 2),
        "developerMetadataLookup": {"metadataKey": f"read{tab.id}"},
    }[kind]
    body = {"dataFilters": [{kind: chosen}]}
    found = tab.values.batchGetByDataFilter(spreadsheetId=tab.spreadsheet_id, body=body).execute()["valueRanges"]
    assert [one["valueRange"]["values"] for one in found] == [[["b"]]]
    assert list(found[0]["dataFilters"][0]) == [kind]


@check(
    "sheets.spreadsheets.values.batchUpdateByDataFilter",
    VALUES + "/batchUpdateByDataFilter",
    "values are written where a filter finds",
)
def test_values_are_written_by_a_filter(tab: Tab) -> None:
    tab.put("A1", ROWS)
    note_row(tab, 2, f"write{tab.id}")
    data = [{"dataFilter": by_key(f"write{tab.id}"), "values": [["C"]], "majorDimension": "ROWS"}]
    body = {"valueInputOption": "RAW", "data": data}
    answer = tab.values.batchUpdateByDataFilter(spreadsheetId=tab.spreadsheet_id, body=body).execute()
    assert answer["totalUpdatedCells"] == 1
    assert tab.read("A1:A3") == [["a"], ["b"], ["C"]]


@check(
    "sheets.spreadsheets.values.batchClearByDataFilter",
    VALUES + "/batchClearByDataFilter",
    "values are cleared where a filter finds",
)
def test_values_are_cleared_by_a_filter(tab: Tab) -> None:
    tab.put("A1", ROWS)
    body = {"dataFilters": [{"a1Range": tab.at("A1:A2")}]}
    tab.values.batchClearByDataFilter(spreadsheetId=tab.spreadsheet_id, body=body).execute()
    assert tab.read("A1:A3") == [[], [], ["c"]]


@check(
    "sheets.spreadsheets.getByDataFilter", SPREADSHEETS + "/getByDataFilter", "only the sheets a filter finds are given"
)
def test_a_spreadsheet_is_read_by_a_filter(tab: Tab) -> None:
    tab.put("A1", ROWS)
    body = {"dataFilters": [{"a1Range": tab.at("A2:A3")}], "includeGridData": True}
    found = tab.api.getByDataFilter(spreadsheetId=tab.spreadsheet_id, body=body).execute()["sheets"]
    assert [one["properties"]["title"] for one in found] == [tab.title]
    rows = found[0]["data"][0]["rowData"]
    assert [one["values"][0]["formattedValue"] for one in rows] == ["b", "c"]


@check(
    "sheets.spreadsheets.sheets.copyTo",
    f"{SPREADSHEETS}.sheets/copyTo",
    "a sheet is copied into another spreadsheet, named as a copy",
)
def test_a_sheet_is_copied_to_another_spreadsheet(tab: Tab) -> None:
    tab.put("A1", ROWS)
    target = tab.sheets.new()
    body = {"destinationSpreadsheetId": target}
    made = tab.api.sheets().copyTo(spreadsheetId=tab.spreadsheet_id, sheetId=tab.id, body=body).execute()
    assert made["title"] == f"Copy of {tab.title}"
    found = tab.values.get(spreadsheetId=target, range=f"'{made['title']}'!A1:A3").execute()
    assert found["values"] == ROWS


@check(
    "sheets.spreadsheets.batchUpdate",
    at("MergeCellsRequest"),
    "merged cells are listed, and keep the upper left value only",
)
def test_cells_are_merged(tab: Tab) -> None:
    tab.put("A1", [["a", "b"], ["c", "d"]])
    tab.do({"mergeCells": {"range": tab.range(0, 2, 0, 2), "mergeType": "MERGE_ALL"}})
    assert tab.sheet("merges")["merges"] == [tab.range(0, 2, 0, 2)]
    assert tab.read("A1:B2") == [["a"]]
    tab.do({"unmergeCells": {"range": tab.range(0, 2, 0, 2)}})
    assert "merges" not in tab.sheet("merges")


@check("sheets.spreadsheets.batchUpdate", at("MergeType"), "MERGE_ROWS merges each row of the range")
def test_rows_are_merged(tab: Tab) -> None:
    tab.do({"mergeCells": {"range": tab.range(0, 2, 0, 2), "mergeType": "MERGE_ROWS"}})
    assert tab.sheet("merges")["merges"] == [tab.range(0, 1, 0, 2), tab.range(1, 2, 0, 2)]


@check("sheets.spreadsheets.batchUpdate", at("UpdateBordersRequest"), "borders are set at the edges of the range")
def test_borders_are_set(tab: Tab) -> None:
    tab.do({"updateBorders": {"range": tab.range(0, 2, 0, 1), "bottom": {"style": "SOLID"}}})
    assert tab.cell("A2", "userEnteredFormat/borders/bottom/style") == {
        "userEnteredFormat": {"borders": {"bottom": {"style": "SOLID"}}}
    }
    assert tab.cell("A1", "userEnteredFormat/borders/bottom/style") == {}


@check("sheets.spreadsheets.batchUpdate", at("SetBasicFilterRequest"), "a sheet has one basic filter, set and cleared")
def test_a_basic_filter_is_set_and_cleared(tab: Tab) -> None:
    tab.do({"setBasicFilter": {"filter": {"range": tab.range(0, 3, 0, 2)}}})
    assert tab.sheet("basicFilter")["basicFilter"]["range"] == tab.range(0, 3, 0, 2)
    tab.do({"clearBasicFilter": {"sheetId": tab.id}})
    assert "basicFilter" not in tab.sheet("basicFilter")


@check("sheets.spreadsheets.batchUpdate", at("AddFilterViewRequest"), "a filter view gets an id, and is deleted by it")
def test_a_filter_view_is_made_and_deleted(tab: Tab) -> None:
    view = {"title": "Open", "range": tab.range(0, 3, 0, 2)}
    made = tab.do({"addFilterView": {"filter": view}})[0]["addFilterView"]["filter"]
    assert [one["filterViewId"] for one in tab.sheet("filterViews")["filterViews"]] == [made["filterViewId"]]
    tab.do({"deleteFilterView": {"filterId": made["filterViewId"]}})
    assert "filterViews" not in tab.sheet("filterViews")


@check(
    "sheets.spreadsheets.batchUpdate",
    at("AddChartRequest"),
    "a chart gets an id, is listed, and is deleted as an embedded object",
)
def test_a_chart_is_made_and_deleted(tab: Tab) -> None:
    source = {"sourceRange": {"sources": [tab.range(0, 3)]}}
    spec = {
        "title": "Deployments",
        "basicChart": {"chartType": "COLUMN", "series": [{"series": source, "targetAxis": "LEFT_AXIS"}]},
    }
    anchor = {"sheetId": tab.id, "rowIndex": 5, "columnIndex": 0}
    chart = {"spec": spec, "position": {"overlayPosition": {"anchorCell": anchor}}}
    made = tab.do({"addChart": {"chart": chart}})[0]["addChart"]["chart"]
    listed = tab.sheet("charts(chartId,spec(title))")["charts"]
    assert listed == [{"chartId": made["chartId"], "spec": {"title": "Deployments"}}]
    tab.do({"deleteEmbeddedObject": {"objectId": made["chartId"]}})
    assert "charts" not in tab.sheet("charts")


@check(
    "sheets.spreadsheets.batchUpdate",
    at("UpdateNamedRangeRequest"),
    "a named range gets another range, and is deleted by its id",
)
def test_a_named_range_is_changed_and_deleted(tab: Tab) -> None:
    name = f"named_{tab.id}"
    made = tab.do({"addNamedRange": {"namedRange": {"name": name, "range": tab.range()}}})
    key = made[0]["addNamedRange"]["namedRange"]["namedRangeId"]
    change = {"namedRangeId": key, "range": tab.range(2, 3)}
    tab.do({"updateNamedRange": {"namedRange": change, "fields": "range"}})
    assert tab.values.get(spreadsheetId=tab.spreadsheet_id, range=name).execute()["range"] == tab.at("A3")
    tab.do({"deleteNamedRange": {"namedRangeId": key}})
    assert status(tab.values.get(spreadsheetId=tab.spreadsheet_id, range=name)) == 400


@check(
    "sheets.spreadsheets.batchUpdate",
    at("DeleteProtectedRangeRequest"),
    "a protected range is changed and deleted by its id",
)
def test_a_protected_range_is_changed_and_deleted(tab: Tab) -> None:
    made = tab.do({"addProtectedRange": {"protectedRange": {"range": tab.range(), "warningOnly": True}}})
    key = made[0]["addProtectedRange"]["protectedRange"]["protectedRangeId"]
    change = {"protectedRangeId": key, "description": "new"}
    tab.do({"updateProtectedRange": {"protectedRange": change, "fields": "description"}})
    assert tab.sheet("protectedRanges(description)")["protectedRanges"] == [{"description": "new"}]
    tab.do({"deleteProtectedRange": {"protectedRangeId": key}})
    assert "protectedRanges" not in tab.sheet("protectedRanges")
    request = tab.asking({"deleteProtectedRange": {"protectedRangeId": key}})
    assert refusal(request) == (400, "INVALID_ARGUMENT")


@check(
    "sheets.spreadsheets.batchUpdate",
    at("DeleteConditionalFormatRuleRequest"),
    "a rule is deleted by its index, which is told",
)
def test_a_rule_of_format_is_deleted(tab: Tab) -> None:
    condition = {"type": "NOT_BLANK"}
    rule = {"ranges": [tab.range(0, 5)], "booleanRule": {"condition": condition, "format": {}}}
    tab.do({"addConditionalFormatRule": {"rule": rule, "index": 0}})
    reply = tab.do({"deleteConditionalFormatRule": {"sheetId": tab.id, "index": 0}})[0]
    assert "rule" in reply["deleteConditionalFormatRule"]
    assert "conditionalFormats" not in tab.sheet("conditionalFormats")


@check(
    "sheets.spreadsheets.get",
    CELL + "#CellData.FIELDS.effective_format",
    "effectiveFormat has the effects of conditional formats, userEnteredFormat has not",
)
def test_conditional_formats_are_effective(tab: Tab) -> None:
    condition = {"type": "TEXT_EQ", "values": [{"userEnteredValue": "Done"}]}
    look = {"backgroundColor": {"green": 1}}
    rule = {"ranges": [tab.range(0, 2)], "booleanRule": {"condition": condition, "format": look}}
    tab.do({"addConditionalFormatRule": {"rule": rule, "index": 0}})
    tab.put("A1", [["Done"], ["Draft"]])
    assert tab.cell("A1", "effectiveFormat/backgroundColor") == {"effectiveFormat": look}
    assert tab.cell("A2", "effectiveFormat/backgroundColor") != {"effectiveFormat": look}
    assert tab.cell("A1", "userEnteredFormat/backgroundColor") == {}


@check("sheets.spreadsheets.batchUpdate", at("DeleteDimensionGroupRequest"), "a group is taken away again")
def test_a_group_is_taken_away(tab: Tab) -> None:
    tab.do({"addDimensionGroup": {"range": tab.rows(1, 4)}})
    tab.do({"deleteDimensionGroup": {"range": tab.rows(1, 4)}})
    assert "rowGroups" not in tab.sheet("rowGroups")


@check(
    "sheets.spreadsheets.batchUpdate",
    at("AppendCellsRequest"),
    "cells are added after the last row with data in the sheet",
)
def test_cells_are_appended(tab: Tab) -> None:
    tab.put("B1", ROWS)
    rows = [{"values": [{"userEnteredValue": {"stringValue": "new"}}]}]
    tab.do({"appendCells": {"sheetId": tab.id, "rows": rows, "fields": "userEnteredValue"}})
    assert tab.read("A4:B4") == [["new"]]


@check("sheets.spreadsheets.batchUpdate", BATCH_UPDATE, "a request sees what those before it did")
def test_requests_build_on_each_other(sheets: SheetsSpace) -> None:
    made = sheets.new()
    cell = {"userEnteredValue": {"stringValue": "x"}}
    area = {"sheetId": 77, "startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 1}
    requests = [
        {"addSheet": {"properties": {"sheetId": 77, "title": "New"}}},
        {"repeatCell": {"range": area, "cell": cell, "fields": "userEnteredValue"}},
    ]
    sheets.api.batchUpdate(spreadsheetId=made, body={"requests": requests}).execute()
    assert sheets.api.values().get(spreadsheetId=made, range="New!A1").execute()["values"] == [["x"]]


@check("sheets.spreadsheets.get", SHEET + "#DimensionGroup", "a group in a group has the depth 2")
def test_groups_have_a_depth(tab: Tab) -> None:
    tab.do({"addDimensionGroup": {"range": tab.rows(1, 6)}}, {"addDimensionGroup": {"range": tab.rows(2, 4)}})
    groups = tab.sheet("rowGroups(range,depth)")["rowGroups"]
    assert {(one["range"]["startIndex"], one["depth"]) for one in groups} == {(1, 1), (2, 2)}

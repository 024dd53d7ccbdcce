"""Sheets: `spreadsheets.batchUpdate` and what `spreadsheets.get` shows of it."""

from __future__ import annotations

from typing import Any

from conformance_checks import check, table
from conformance_pages import BATCH_UPDATE, CELL, FORMATS, METADATA, REQUEST, SHEET, SPREADSHEETS
from conformance_place import refusal, status
from conformance_spaces import SheetsSpace, Tab

LETTERS = [["c", "3"], ["a", "1"], ["b", "2"]]
NO_SUCH_SHEET = 999_999_999


def at(request: str) -> str:
    """The part of the reference that describes a request."""
    return f"{REQUEST}#{request}"


@check("sheets.spreadsheets.create", SPREADSHEETS + "/create", "a new spreadsheet has the title given and one sheet")
def test_a_spreadsheet_is_made(sheets: SheetsSpace) -> None:
    body = {"properties": {"title": sheets.drive.name("made"), "timeZone": "Europe/Madrid", "locale": "en_US"}}
    made = sheets.api.create(body=body).execute()
    sheets.drive.api.files().delete(fileId=made["spreadsheetId"]).execute()
    properties = made["properties"]
    assert {key: properties[key] for key in body["properties"]} == body["properties"]
    assert len(made["sheets"]) == 1
    assert made["spreadsheetUrl"]


@check("sheets.spreadsheets.get", SPREADSHEETS + "/get", "by default there is no grid data")
def test_cells_are_left_out_by_default(tab: Tab) -> None:
    tab.put("A1", LETTERS)
    found = tab.api.get(spreadsheetId=tab.spreadsheet_id, ranges=[tab.at("A1:B2")]).execute()
    assert [one["properties"]["title"] for one in found["sheets"]] == [tab.title]
    assert "data" not in found["sheets"][0]


@check("sheets.spreadsheets.get", SPREADSHEETS + "/get", "includeGridData gives the cells of the ranges")
def test_cells_are_given_on_request(tab: Tab) -> None:
    tab.put("A1", LETTERS)
    found = tab.api.get(spreadsheetId=tab.spreadsheet_id, ranges=[tab.at("B2:B3")], includeGridData=True).execute()
    data = found["sheets"][0]["data"][0]
    assert (data["startRow"], data["startColumn"]) == (1, 1)
    assert [row["values"][0]["formattedValue"] for row in data["rowData"]] == ["1", "2"]


@check("sheets.spreadsheets.get", SPREADSHEETS + "/get", "with a field mask, the mask says whether there are cells")
def test_the_mask_asks_for_cells(tab: Tab) -> None:
    tab.put("A1", LETTERS)
    assert tab.cell("A1", "formattedValue") == {"formattedValue": "c"}


@check("sheets.spreadsheets.get", SHEET + "#SheetProperties", "a sheet has an id, a title, an index, a type and a grid")
def test_a_sheet_has_properties(tab: Tab) -> None:
    properties = tab.sheet("properties")["properties"]
    assert (properties["sheetId"], properties["title"], properties["sheetType"]) == (tab.id, tab.title, "GRID")
    assert properties["gridProperties"] == {"rowCount": 30, "columnCount": 12}
    assert isinstance(properties["index"], int)


@table(
    "sheets.spreadsheets.get",
    CELL + "#ExtendedValue",
    ("written", "wanted"),
    {
        "a number is a numberValue": (5, {"numberValue": 5}),
        "a text is a stringValue": ("x", {"stringValue": "x"}),
        "a boolean is a boolValue": (True, {"boolValue": True}),
        "a formula is entered as formulaValue": ("=1+2", {"formulaValue": "=1+2"}),
    },
)
def test_entered_values_have_a_kind(tab: Tab, written: Any, wanted: dict[str, Any]) -> None:
    tab.put("A1", [[written]], "USER_ENTERED")
    assert tab.cell("A1", "userEnteredValue") == {"userEnteredValue": wanted}


@check("sheets.spreadsheets.get", CELL + "#CellData", "a formula's effectiveValue is what it results in")
def test_a_formula_has_a_result(tab: Tab) -> None:
    tab.put("A1", [["=1+2", "=1/0"]], "USER_ENTERED")
    assert tab.cell("A1", "effectiveValue") == {"effectiveValue": {"numberValue": 3}}
    assert tab.cell("B1", "effectiveValue/errorValue/type") == {
        "effectiveValue": {"errorValue": {"type": "DIVIDE_BY_ZERO"}}
    }


@check("sheets.spreadsheets.batchUpdate", BATCH_UPDATE, "one reply for each request, in their order; some are empty")
def test_there_is_a_reply_for_each_request(tab: Tab) -> None:
    named = {"namedRange": {"name": f"reply_{tab.id}", "range": tab.range()}}
    move = {"appendDimension": {"sheetId": tab.id, "dimension": "ROWS", "length": 1}}
    replies = tab.do(move, {"addNamedRange": named}, move)
    assert [set(one) for one in replies] == [set(), {"addNamedRange"}, set()]


@check("sheets.spreadsheets.batchUpdate", SPREADSHEETS + "/batchUpdate", "when one request is wrong, nothing is done")
def test_requests_are_all_done_or_none(tab: Tab) -> None:
    append = {"appendDimension": {"sheetId": tab.id, "dimension": "ROWS", "length": 5}}
    request = tab.asking(append, {"deleteSheet": {"sheetId": NO_SUCH_SHEET}})
    assert refusal(request) == (400, "INVALID_ARGUMENT")
    assert tab.sheet("properties")["properties"]["gridProperties"]["rowCount"] == 30


@check("sheets.spreadsheets.batchUpdate", SPREADSHEETS + "/batchUpdate", "no request at all is refused: 400")
def test_a_batch_without_requests_is_refused(tab: Tab) -> None:
    assert refusal(tab.asking()) == (400, "INVALID_ARGUMENT")


@check("sheets.spreadsheets.batchUpdate", REQUEST, "an unknown kind of request is refused: 400")
def test_an_unknown_request_is_refused(tab: Tab) -> None:
    assert refusal(tab.asking({"paintItRed": {"sheetId": tab.id}})) == (400, "INVALID_ARGUMENT")


@check(
    "sheets.spreadsheets.batchUpdate",
    SPREADSHEETS + "/batchUpdate",
    "includeSpreadsheetInResponse gives the updated spreadsheet",
)
def test_the_updated_spreadsheet_is_given(tab: Tab) -> None:
    append = {"appendDimension": {"sheetId": tab.id, "dimension": "ROWS", "length": 1}}
    answer = tab.asking(append, includeSpreadsheetInResponse=True).execute()
    sheets = {one["properties"]["sheetId"]: one for one in answer["updatedSpreadsheet"]["sheets"]}
    assert sheets[tab.id]["properties"]["gridProperties"]["rowCount"] == 31


@check(
    "sheets.spreadsheets.batchUpdate",
    at("AddSheetRequest"),
    "the reply has the new sheet's properties; a title is unique",
)
def test_a_title_is_unique(tab: Tab) -> None:
    request = tab.asking({"addSheet": {"properties": {"title": tab.title}}})
    assert refusal(request) == (400, "INVALID_ARGUMENT")


@check(
    "sheets.spreadsheets.batchUpdate",
    at("DuplicateSheetRequest"),
    "a duplicate has the contents, the id and the name asked for",
)
def test_a_sheet_is_duplicated(tab: Tab) -> None:
    tab.put("A1", LETTERS)
    name = f"{tab.title} copy"
    wanted = {"sourceSheetId": tab.id, "newSheetId": 4711, "newSheetName": name, "insertSheetIndex": 0}
    made = tab.do({"duplicateSheet": wanted})[0]["duplicateSheet"]["properties"]
    copied = tab.values.get(spreadsheetId=tab.spreadsheet_id, range=f"'{name}'!A1:B3").execute()["values"]
    tab.do({"deleteSheet": {"sheetId": 4711}})
    assert (made["sheetId"], made["title"], made["index"]) == (4711, name, 0)
    assert copied == LETTERS


@check(
    "sheets.spreadsheets.batchUpdate", at("UpdateSheetPropertiesRequest"), "what the mask names is set, the rest stays"
)
def test_properties_of_a_sheet_are_set(tab: Tab) -> None:
    properties = {"sheetId": tab.id, "gridProperties": {"frozenRowCount": 1}, "title": "ignored"}
    tab.do({"updateSheetProperties": {"properties": properties, "fields": "gridProperties.frozenRowCount"}})
    found = tab.sheet("properties")["properties"]
    assert found["gridProperties"] == {"rowCount": 30, "columnCount": 12, "frozenRowCount": 1}
    assert found["title"] == tab.title


@check("sheets.spreadsheets.batchUpdate", at("UpdateSheetPropertiesRequest"), "a mask is required: 400")
def test_a_mask_is_required(tab: Tab) -> None:
    request = tab.asking({"updateSheetProperties": {"properties": {"sheetId": tab.id, "title": "x"}}})
    assert refusal(request) == (400, "INVALID_ARGUMENT")


@check("sheets.spreadsheets.batchUpdate", at("DeleteSheetRequest"), "the last sheet cannot be deleted: 400")
def test_the_last_sheet_stays(sheets: SheetsSpace) -> None:
    made = sheets.new()
    only = sheets.api.get(spreadsheetId=made).execute()["sheets"][0]["properties"]["sheetId"]
    body = {"requests": [{"deleteSheet": {"sheetId": only}}]}
    assert refusal(sheets.api.batchUpdate(spreadsheetId=made, body=body)) == (400, "INVALID_ARGUMENT")


@check(
    "sheets.spreadsheets.batchUpdate", at("UpdateSpreadsheetPropertiesRequest"), "the title is the file's name in Drive"
)
def test_the_title_is_the_files_name(sheets: SheetsSpace) -> None:
    made, name = sheets.new(), sheets.drive.name("renamed")
    change = {"properties": {"title": name}, "fields": "title"}
    body = {"requests": [{"updateSpreadsheetProperties": change}]}
    sheets.api.batchUpdate(spreadsheetId=made, body=body).execute()
    assert sheets.drive.get(made, "name") == {"name": name}


@check("sheets.spreadsheets.batchUpdate", at("InsertDimensionRequest"), "inserted rows push what is below down")
def test_rows_are_inserted(tab: Tab) -> None:
    tab.put("A1", LETTERS)
    tab.do({"insertDimension": {"range": tab.rows(1, 3)}})
    assert tab.read("A1:A5") == [["c"], [], [], ["a"], ["b"]]
    assert tab.sheet("properties")["properties"]["gridProperties"]["rowCount"] == 32


@check(
    "sheets.spreadsheets.batchUpdate",
    at("InsertDimensionRequest"),
    "inheritFromBefore takes the format of the row above",
)
def test_inserted_rows_inherit(tab: Tab) -> None:
    red = {"userEnteredFormat": {"backgroundColor": {"red": 1}}}
    tab.do({"repeatCell": {"range": tab.range(), "cell": red, "fields": "userEnteredFormat.backgroundColor"}})
    tab.do({"insertDimension": {"range": tab.rows(1, 2), "inheritFromBefore": True}})
    assert tab.cell("A2", "userEnteredFormat(backgroundColor)") == red


@check(
    "sheets.spreadsheets.batchUpdate",
    at("DeleteDimensionRequest"),
    "deleted columns pull what is right of them to the left",
)
def test_columns_are_deleted(tab: Tab) -> None:
    tab.put("A1", [["a", "b", "c"]])
    tab.do({"deleteDimension": {"range": tab.rows(0, 2, "COLUMNS")}})
    assert tab.read("A1:C1") == [["c"]]
    assert tab.sheet("properties")["properties"]["gridProperties"]["columnCount"] == 10


@check("sheets.spreadsheets.batchUpdate", at("DeleteDimensionRequest"), "not all rows can be deleted: 400")
def test_not_all_rows_are_deleted(tab: Tab) -> None:
    assert refusal(tab.asking({"deleteDimension": {"range": tab.rows(0, 30)}})) == (400, "INVALID_ARGUMENT")


@check(
    "sheets.spreadsheets.batchUpdate",
    at("MoveDimensionRequest"),
    "the destination counts before the rows are taken out",
)
def test_rows_are_moved(tab: Tab) -> None:
    tab.put("A1", [["1"], ["2"], ["3"], ["4"]])
    tab.do({"moveDimension": {"source": tab.rows(0, 1), "destinationIndex": 3}})
    assert tab.read("A1:A4") == [["2"], ["3"], ["1"], ["4"]]


@check(
    "sheets.spreadsheets.batchUpdate",
    at("UpdateDimensionPropertiesRequest"),
    "rows and columns have a size and are hidden",
)
def test_columns_have_a_width(tab: Tab) -> None:
    wanted = {"pixelSize": 160, "hiddenByUser": True}
    change = {"range": tab.rows(1, 2, "COLUMNS"), "properties": wanted, "fields": "pixelSize,hiddenByUser"}
    tab.do({"updateDimensionProperties": change})
    data = tab.sheet("data(columnMetadata(pixelSize,hiddenByUser))", "A1:C1")["data"][0]
    assert data["columnMetadata"] == [{"pixelSize": 100}, wanted, {"pixelSize": 100}]


@check("sheets.spreadsheets.batchUpdate", at("AddDimensionGroupRequest"), "a group has a range and the depth 1")
def test_rows_are_grouped(tab: Tab) -> None:
    tab.do({"addDimensionGroup": {"range": tab.rows(1, 4)}})
    assert tab.sheet("rowGroups(range,depth)")["rowGroups"] == [{"range": tab.rows(1, 4), "depth": 1}]


@check(
    "sheets.spreadsheets.batchUpdate",
    at("SortRangeRequest"),
    "rows are sorted by a column, and the next where they are equal",
)
def test_rows_are_sorted(tab: Tab) -> None:
    tab.put("A1", [["b", 1], ["a", 2], ["a", 10], ["b", 0]])
    specs = [
        {"dimensionIndex": 0, "sortOrder": "DESCENDING"},
        {"dimensionIndex": 1, "sortOrder": "ASCENDING"},
    ]
    tab.do({"sortRange": {"range": tab.range(0, 4, 0, 2), "sortSpecs": specs}})
    assert tab.read("A1:B4") == [["b", "0"], ["b", "1"], ["a", "2"], ["a", "10"]]


@check(
    "sheets.spreadsheets.batchUpdate",
    at("CopyPasteRequest"),
    "the source is repeated where the destination is a multiple",
)
def test_cells_are_copied(tab: Tab) -> None:
    tab.put("A1", [["x", "y"]])
    tab.do({"copyPaste": {"source": tab.range(0, 1, 0, 2), "destination": tab.range(2, 4, 0, 2)}})
    assert tab.read("A1:B4") == [["x", "y"], [], ["x", "y"], ["x", "y"]]


@table(
    "sheets.spreadsheets.batchUpdate",
    at("PasteType"),
    ("paste", "value", "is_bold"),
    {
        "PASTE_NORMAL pastes values and formats": ("PASTE_NORMAL", "x", True),
        "PASTE_VALUES pastes values only": ("PASTE_VALUES", "x", False),
        "PASTE_FORMAT pastes formats only": ("PASTE_FORMAT", "", True),
    },
)
def test_kinds_of_pasting(tab: Tab, paste: str, value: str, is_bold: bool) -> None:
    tab.put("A1", [["x"]])
    bold = {"userEnteredFormat": {"textFormat": {"bold": True}}}
    tab.do({"repeatCell": {"range": tab.range(), "cell": bold, "fields": "userEnteredFormat"}})
    tab.do({"copyPaste": {"source": tab.range(), "destination": tab.range(4, 5), "pasteType": paste}})
    assert tab.shown("A5") == value
    assert (tab.cell("A5", "userEnteredFormat/textFormat/bold") == bold) is is_bold


@check("sheets.spreadsheets.batchUpdate", at("PasteType"), "PASTE_VALUES pastes a formula's result")
def test_the_result_of_a_formula_is_pasted(tab: Tab) -> None:
    tab.put("A1", [["=1+2"]], "USER_ENTERED")
    tab.do({"copyPaste": {"source": tab.range(), "destination": tab.range(1, 2), "pasteType": "PASTE_VALUES"}})
    assert tab.read("A2", valueRenderOption="FORMULA") == [[3]]


@check("sheets.spreadsheets.batchUpdate", at("CutPasteRequest"), "cut cells are empty afterwards")
def test_cells_are_cut(tab: Tab) -> None:
    tab.put("A1", [["x", "y"]])
    destination = {"sheetId": tab.id, "rowIndex": 2, "columnIndex": 1}
    tab.do({"cutPaste": {"source": tab.range(0, 1, 0, 2), "destination": destination}})
    assert tab.read("A1:C3") == [[], [], ["", "x", "y"]]


@check("sheets.spreadsheets.batchUpdate", at("UpdateCellsRequest"), "only the masked fields of cells are written")
def test_fields_of_cells_are_written(tab: Tab) -> None:
    tab.put("A1", [["kept"]])
    start = {"sheetId": tab.id, "rowIndex": 0, "columnIndex": 0}
    rows = [{"values": [{"note": "n", "userEnteredValue": {"stringValue": "not this"}}]}]
    tab.do({"updateCells": {"start": start, "rows": rows, "fields": "note"}})
    assert tab.cell("A1", "note,formattedValue") == {"note": "n", "formattedValue": "kept"}


@check(
    "sheets.spreadsheets.batchUpdate", at("UpdateCellsRequest"), "what the rows do not cover of the range is cleared"
)
def test_uncovered_cells_are_cleared(tab: Tab) -> None:
    tab.put("A1", LETTERS)
    rows = [{"values": [{"userEnteredValue": {"stringValue": "new"}}]}]
    tab.do({"updateCells": {"range": tab.range(0, 2, 0, 2), "rows": rows, "fields": "userEnteredValue"}})
    assert tab.read("A1:B3") == [["new"], [], ["b", "2"]]


@check("sheets.spreadsheets.batchUpdate", at("RepeatCellRequest"), "a formula's relative references move with the cell")
def test_repeated_formulas_move(tab: Tab) -> None:
    cell = {"userEnteredValue": {"formulaValue": "=A1"}}
    tab.do({"repeatCell": {"range": tab.range(1, 4, 1, 3), "cell": cell, "fields": "userEnteredValue"}})
    found = tab.read("B2:C4", valueRenderOption="FORMULA")
    assert found == [["=A1", "=B1"], ["=A2", "=B2"], ["=A3", "=B3"]]


@check("sheets.spreadsheets.batchUpdate", at("RepeatCellRequest"), "a formula's references with $ stay")
def test_repeated_formulas_with_dollars_stay(tab: Tab) -> None:
    cell = {"userEnteredValue": {"formulaValue": "=$A$1"}}
    tab.do({"repeatCell": {"range": tab.range(1, 3, 1, 2), "cell": cell, "fields": "userEnteredValue"}})
    assert tab.read("B2:B3", valueRenderOption="FORMULA") == [["=$A$1"], ["=$A$1"]]


@table(
    "sheets.spreadsheets.batchUpdate",
    at("FindReplaceRequest"),
    ("asked", "wanted", "changed"),
    {
        "findReplace replaces every occurrence, whatever its case": ({}, [["x b x-x"], ["x"]], 3),
        "findReplace with matchCase heeds the case": ({"matchCase": True}, [["A b x-x"], ["x"]], 2),
        "findReplace with matchEntireCell wants the whole cell": ({"matchEntireCell": True}, [["A b a-x"], ["x"]], 1),
    },
)
def test_find_and_replace(tab: Tab, asked: dict[str, Any], wanted: list[list[str]], changed: int) -> None:
    tab.put("A1", [["A b a-x"], ["a"]])
    reply = tab.do({"findReplace": {"find": "a", "replacement": "x", "sheetId": tab.id, **asked}})[0]["findReplace"]
    assert tab.read("A1:A2") == wanted
    assert reply["occurrencesChanged"] == changed


@check(
    "sheets.spreadsheets.batchUpdate",
    at("FindReplaceRequest"),
    "searchByRegex refers to groups with $1; the reply counts",
)
def test_find_and_replace_by_a_regex(tab: Tab) -> None:
    tab.put("A1", [["Google Sheets"], ["Google Docs"]])
    asked = {"find": "o.* (.*)", "replacement": "$1 Rocks", "searchByRegex": True, "sheetId": tab.id}
    reply = tab.do({"findReplace": asked})[0]["findReplace"]
    assert tab.read("A1:A2") == [["GSheets Rocks"], ["GDocs Rocks"]]
    assert (reply["valuesChanged"], reply["rowsChanged"], reply["sheetsChanged"]) == (2, 2, 1)


@check(
    "sheets.spreadsheets.batchUpdate",
    at("SetDataValidationRequest"),
    "a rule is set on every cell, and taken away without a rule",
)
def test_a_rule_is_set_and_taken_away(tab: Tab) -> None:
    condition = {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "Planned"}, {"userEnteredValue": "Done"}]}
    rule = {"condition": condition, "strict": True, "showCustomUi": True}
    tab.do({"setDataValidation": {"range": tab.range(0, 2), "rule": rule}})
    assert tab.cell("A2", "dataValidation") == {"dataValidation": rule}
    tab.do({"setDataValidation": {"range": tab.range(0, 2)}})
    assert tab.cell("A2", "dataValidation") == {}


@check(
    "sheets.spreadsheets.batchUpdate",
    SPREADSHEETS + "/other#ConditionType",
    "BOOLEAN makes checkboxes, whose cells are FALSE",
)
def test_checkboxes_are_false(tab: Tab) -> None:
    rule = {"condition": {"type": "BOOLEAN"}, "strict": True}
    tab.do({"setDataValidation": {"range": tab.range(0, 2), "rule": rule}})
    assert tab.read("A1:A2", valueRenderOption="UNFORMATTED_VALUE") == [[False], [False]]


@check(
    "sheets.spreadsheets.batchUpdate",
    SHEET + "#ProtectedRange",
    "a protected range gets an id, and can be only a warning",
)
def test_a_range_is_protected(tab: Tab) -> None:
    protected = {"range": tab.range(0, 2), "description": "the daemon's", "warningOnly": True}
    made = tab.do({"addProtectedRange": {"protectedRange": protected}})[0]["addProtectedRange"]["protectedRange"]
    listed = tab.sheet("protectedRanges")["protectedRanges"]
    assert [one["protectedRangeId"] for one in listed] == [made["protectedRangeId"]]
    assert (listed[0]["warningOnly"], listed[0]["range"]) == (True, tab.range(0, 2))


@check(
    "sheets.spreadsheets.values.update",
    SHEET + "#ProtectedRange.FIELDS.editors",
    "who is not an editor of a protected range does not edit it: 400",
)
def test_protection_is_enforced(tab: Tab) -> None:
    outsider = tab.place.person("outsider")
    tab.sheets.drive.share(tab.spreadsheet_id, outsider, "writer")
    protected = {"range": tab.range(0, 2), "editors": {"users": [tab.place.owner.address]}}
    tab.do({"addProtectedRange": {"protectedRange": protected}})

    def write(a1: str) -> Any:
        return outsider.sheets.values().update(
            spreadsheetId=tab.spreadsheet_id, range=tab.at(a1), valueInputOption="RAW", body={"values": [["x"]]}
        )

    assert refusal(write("A1")) == (400, "INVALID_ARGUMENT")
    assert write("A5").execute()["updatedCells"] == 1


@check(
    "sheets.spreadsheets.batchUpdate",
    at("AddConditionalFormatRuleRequest"),
    "rules are kept in the order of their index",
)
def test_rules_of_format_are_ordered(tab: Tab) -> None:
    for word in ("Done", "Planned"):
        condition = {"type": "TEXT_EQ", "values": [{"userEnteredValue": word}]}
        rule = {"ranges": [tab.range(0, 5)], "booleanRule": {"condition": condition, "format": {"backgroundColor": {}}}}
        tab.do({"addConditionalFormatRule": {"rule": rule, "index": 0}})
    rules = tab.sheet("conditionalFormats(booleanRule(condition))")["conditionalFormats"]
    words = [one["booleanRule"]["condition"]["values"][0]["userEnteredValue"] for one in rules]
    assert words == ["Planned", "Done"]


@check("sheets.spreadsheets.batchUpdate", at("AddNamedRangeRequest"), "a named range gets an id and is listed")
def test_a_range_is_named(tab: Tab) -> None:
    named = {"name": f"name_{tab.id}", "range": tab.range(0, 2)}
    made = tab.do({"addNamedRange": {"namedRange": named}})[0]["addNamedRange"]["namedRange"]
    listed = tab.api.get(spreadsheetId=tab.spreadsheet_id, fields="namedRanges").execute()["namedRanges"]
    assert made in listed
    assert made["namedRangeId"]


@check("sheets.spreadsheets.batchUpdate", at("NamedRange"), "a named range follows inserted rows")
def test_a_named_range_follows_its_rows(tab: Tab) -> None:
    tab.put("A1", LETTERS)
    name = f"follows_{tab.id}"
    tab.do({"addNamedRange": {"namedRange": {"name": name, "range": tab.range(1, 2)}}})
    tab.do({"insertDimension": {"range": tab.rows(0, 2)}})
    found = tab.values.get(spreadsheetId=tab.spreadsheet_id, range=name).execute()
    assert (found["range"], found["values"]) == (tab.at("A4"), [["a"]])


@table(
    "sheets.spreadsheets.batchUpdate",
    FORMATS,
    ("kind", "pattern", "number", "shown"),
    {
        "####.# with 12345.125 shows 12345.1": ("NUMBER", "####.#", 12345.125, "12345.1"),
        "#,##0.00 groups thousands": ("NUMBER", "#,##0.00", 1234.5, "1,234.50"),
        "0.00% shows a percentage": ("PERCENT", "0.00%", 0.1234, "12.34%"),
        "a second part is for negative numbers": ("NUMBER", "0;(0)", -5, "(5)"),
        "yyyy-mm-dd shows a date": ("DATE", "yyyy-mm-dd", 42430, "2016-03-01"),
        "h:mm shows a time": ("TIME", "h:mm", 0.25, "6:00"),
        "hh:mm am/pm shows twelve hours": ("TIME", "hh:mm am/pm", 0.75, "06:00 PM"),
        "dddd shows the day of the week": ("DATE", "dddd", 42430, "Tuesday"),
        "[h]:mm shows hours beyond a day": ("TIME", "[h]:mm", 1.5, "36:00"),
        "quoted text is shown as it is": ("NUMBER", '0 "min"', 30, "30 min"),
    },
)
def test_number_formats(tab: Tab, kind: str, pattern: str, number: float, shown: str) -> None:
    tab.put("A1", [[number]])
    cell = {"userEnteredFormat": {"numberFormat": {"type": kind, "pattern": pattern}}}
    tab.do({"repeatCell": {"range": tab.range(), "cell": cell, "fields": "userEnteredFormat.numberFormat"}})
    assert tab.shown("A1") == shown


@check(
    "sheets.spreadsheets.batchUpdate",
    SPREADSHEETS + "/batchUpdate",
    "who may only read is refused: 403 PERMISSION_DENIED",
)
def test_a_reader_does_not_change(sheets: SheetsSpace) -> None:
    outsider, made = sheets.place.person("outsider"), sheets.new()
    sheets.drive.share(made, outsider, "reader")
    body = {"requests": [{"addSheet": {"properties": {"title": "x"}}}]}
    assert outsider.sheets.get(spreadsheetId=made).execute()["spreadsheetId"] == made
    assert refusal(outsider.sheets.batchUpdate(spreadsheetId=made, body=body)) == (403, "PERMISSION_DENIED")


@check("sheets.spreadsheets.create", SPREADSHEETS + "/create", "a time zone that is none is refused: 400")
def test_a_time_zone_that_is_none_is_refused(sheets: SheetsSpace) -> None:
    assert status(sheets.api.create(body={"properties": {"timeZone": "Mars/Olympus"}})) == 400


@check("drive.files.get", METADATA, "an edit of a cell raises the file's version and modifiedTime")
def test_an_edit_shows_in_drive(tab: Tab) -> None:
    drive = tab.sheets.drive
    before = drive.get(tab.spreadsheet_id, "version,modifiedTime")
    tab.put("A1", [["x"]])

    def later() -> bool:
        now = drive.get(tab.spreadsheet_id, "version,modifiedTime")
        return int(now["version"]) > int(before["version"]) and now["modifiedTime"] >= before["modifiedTime"]

    assert tab.place.eventually(later)

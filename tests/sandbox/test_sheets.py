"""Sheets of the sandbox, through gspread and Google's generated client over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from gspread.exceptions import APIError
from workspace_clients import OUTSIDER, SERVICE_ACCOUNT, Person, message_of, refusal

NINE_O_CLOCK = 46365.375
"""2026-12-09 09:00 as days since 1899-12-30."""


def write(
    person: Person, sheet: str, area: str, values: list[list[Any]], option: str = "RAW", **more: Any
) -> dict[str, Any]:
    request = person.sheets.values().update(
        spreadsheetId=sheet, range=area, valueInputOption=option, body={"values": values, **more}
    )
    answer: dict[str, Any] = request.execute()
    return answer


def read(person: Person, sheet: str, area: str, option: str = "UNFORMATTED_VALUE", **more: Any) -> list[list[Any]]:
    request = person.sheets.values().get(spreadsheetId=sheet, range=area, valueRenderOption=option, **more)
    values: list[list[Any]] = request.execute().get("values", [])
    return values


def batch(person: Person, sheet: str, *requests: dict[str, Any]) -> list[dict[str, Any]]:
    answer = person.sheets.batchUpdate(spreadsheetId=sheet, body={"requests": list(requests)}).execute()
    replies: list[dict[str, Any]] = answer["replies"]
    return replies


def refused(person: Person, sheet: str, *requests: dict[str, Any]) -> str:
    return message_of(person.sheets.batchUpdate(spreadsheetId=sheet, body={"requests": list(requests)}))


def area(start_row: int, end_row: int, start_column: int, end_column: int) -> dict[str, int]:
    return {
        "sheetId": 0,
        "startRowIndex": start_row,
        "endRowIndex": end_row,
        "startColumnIndex": start_column,
        "endColumnIndex": end_column,
    }


def dimension(start: int, end: int, kind: str = "ROWS") -> dict[str, Any]:
    return {"sheetId": 0, "dimension": kind, "startIndex": start, "endIndex": end}


def first_sheet(person: Person, sheet: str, fields: str) -> dict[str, Any]:
    answer = person.sheets.get(spreadsheetId=sheet, fields=f"sheets({fields})").execute()
    found: dict[str, Any] = answer["sheets"][0]
    return found


def checkbox(start_row: int, end_row: int, column: int) -> dict[str, Any]:
    rule = {"condition": {"type": "BOOLEAN"}}
    return {"setDataValidation": {"range": area(start_row, end_row, column, column + 1), "rule": rule}}


def test_a_spreadsheet_is_in_spain(ana: Person, sheet: str) -> None:
    """design.md: spreadsheets are made with time zone Europe/Madrid."""
    found = ana.sheets.get(spreadsheetId=sheet, fields="properties(title,timeZone,locale)").execute()
    assert found["properties"] == {
        "title": "DIBA - Deployment log",
        "timeZone": "Europe/Madrid",
        "locale": "es_ES",
    }


def test_gspread_opens_writes_and_reads(ana: Person, sheet: str) -> None:
    """gspread, "Examples of gspread usage": open_by_key, update, get_all_values, append_row, find."""
    tab = ana.gspread.open_by_key(sheet).sheet1
    tab.update([["ID", "Status"], ["DIBA-0001", "Planned"]], "A1")
    tab.append_row(["DIBA-0002", "Draft"])
    assert tab.get_all_values() == [["ID", "Status"], ["DIBA-0001", "Planned"], ["DIBA-0002", "Draft"]]
    assert tab.find("DIBA-0002").row == 3
    tab.insert_rows([["DIBA-0000", ""]], 2)
    tab.delete_rows(4)
    assert tab.col_values(1) == ["ID", "DIBA-0000", "DIBA-0001"]


@pytest.mark.parametrize(
    ("asked", "answered", "values"),
    [
        ("Log 'A'!B2", "", []),
        ("'Log ''A'''", "'Log ''A'''!A1:C4", [["a1", "b1", "c1"], ["a2", "b2", "c2"], ["", "b3"]]),
        ("'Log ''A'''!A1:B2", "'Log ''A'''!A1:B2", [["a1", "b1"], ["a2", "b2"]]),
        ("'log ''a'''!b2:a1", "'Log ''A'''!A1:B2", [["a1", "b1"], ["a2", "b2"]]),
        ("'Log ''A'''!B2", "'Log ''A'''!B2", [["b2"]]),
        ("'Log ''A'''!$B$2", "'Log ''A'''!B2", [["b2"]]),
        ("'Log ''A'''!B:B", "'Log ''A'''!B1:B4", [["b1"], ["b2"], ["b3"]]),
        ("'Log ''A'''!A2:B", "'Log ''A'''!A2:B4", [["a2", "b2"], ["", "b3"]]),
        ("'Log ''A'''!2:3", "'Log ''A'''!A2:C3", [["a2", "b2", "c2"], ["", "b3"]]),
        ("'Log ''A'''!A1:Z99", "'Log ''A'''!A1:C4", [["a1", "b1", "c1"], ["a2", "b2", "c2"], ["", "b3"]]),
        ("B1:B2", "Sheet1!B1:B2", []),
        ("Sheet1", "Sheet1!A1:Z1000", []),
        ("names", "'Log ''A'''!B1:B2", [["b1"], ["b2"]]),
    ],
)
def test_every_form_of_a1_notation(ana: Person, sheet: str, asked: str, answered: str, values: list[list[str]]) -> None:
    """Sheets, "A1 notation": quotes are doubled, open ends close at the grid, without a tab the first one is meant."""
    grid = {"rowCount": 4, "columnCount": 3}
    added = batch(ana, sheet, {"addSheet": {"properties": {"title": "Log 'A'", "gridProperties": grid}}})
    named = {**area(0, 2, 1, 2), "sheetId": added[0]["addSheet"]["properties"]["sheetId"]}
    batch(ana, sheet, {"addNamedRange": {"namedRange": {"name": "names", "range": named}}})
    write(ana, sheet, "'Log ''A'''!A1", [["a1", "b1", "c1"], ["a2", "b2", "c2"], ["", "b3"]])
    request = ana.sheets.values().get(spreadsheetId=sheet, range=asked)
    if not answered:
        answered, values = "'Log ''A'''!B2", [["b2"]]
    found = request.execute()
    assert (found["range"], found.get("values", [])) == (answered, values)


@pytest.mark.parametrize("asked", ["Nowhere!A1", "Nowhere", "'Sheet1", "Sheet1!A1:B2:C3", "Sheet1!1A"])
def test_a_range_that_is_none_cannot_be_parsed(ana: Person, sheet: str, asked: str) -> None:
    """Sheets answers 400 INVALID_ARGUMENT, `Unable to parse range: …`."""
    request = ana.sheets.values().get(spreadsheetId=sheet, range=asked)
    assert refusal(request) == (400, "INVALID_ARGUMENT")
    assert message_of(request) == f"Unable to parse range: {asked}"


@pytest.mark.parametrize(
    ("typed", "raw", "shown", "stored"),
    [
        ("9/12/2026 9:00", "9/12/2026 9:00", "9/12/2026 9:00", NINE_O_CLOCK),
        ("09/12/2026", "09/12/2026", "9/12/2026", 46365),
        ("2026-12-09 09:00", "2026-12-09 09:00", "2026-12-09 9:00", NINE_O_CLOCK),
        ("2026-12-09", "2026-12-09", "2026-12-09", 46365),
        ("9:30", "9:30", "9:30", 9.5 / 24),
        ("31/2/2026", "31/2/2026", "31/2/2026", "31/2/2026"),
        ("1.234,5", "1.234,5", "1234,5", 1234.5),
        ("12%", "12%", "12%", 0.12),
        ("1e3", "1e3", "1,00E+03", 1000),
        ("-12,5 €", "-12,5 €", "-12,50 €", -12.5),
        ("9 de diciembre de 2026", "9 de diciembre de 2026", "9 diciembre 2026", 46365),
        ("9 dic 2026 9:00", "9 dic 2026 9:00", "9 dic 2026 9:00", NINE_O_CLOCK),
        ("Mar 1 2016", "Mar 1 2016", "mar 1 2016", 42430),
        ("Foo 1 2016", "Foo 1 2016", "Foo 1 2016", "Foo 1 2016"),
        ("verdadero", "verdadero", "VERDADERO", True),
        ("FALSE", "FALSE", "FALSO", False),
        ("'0012", "'0012", "0012", "0012"),
        ("0012", "0012", "12", 12),
        ("addon-diba 3.2.11", "addon-diba 3.2.11", "addon-diba 3.2.11", "addon-diba 3.2.11"),
        ("two\nlines", "two\nlines", "two\nlines", "two\nlines"),
        (45, 45, "45", 45),
        (True, True, "VERDADERO", True),
    ],
)
def test_what_is_typed_is_understood_and_what_is_raw_is_kept(
    ana: Person, sheet: str, typed: Any, raw: Any, shown: str, stored: Any
) -> None:
    """ValueInputOption: USER_ENTERED parses as typing does, in the spreadsheet's locale; RAW stores as is."""
    write(ana, sheet, "A1", [[typed]], "USER_ENTERED")
    write(ana, sheet, "B1", [[typed]], "RAW")
    [[user_entered, as_is]] = read(ana, sheet, "A1:B1")
    assert user_entered == pytest.approx(stored)
    assert type(user_entered) is type(stored)
    assert as_is == raw
    assert read(ana, sheet, "A1", "FORMATTED_VALUE") == [[shown]]


def test_a_raw_formula_is_text_and_a_typed_one_is_calculated(ana: Person, sheet: str) -> None:
    """ValueInputOption; ValueRenderOption FORMULA gives the formula."""
    write(ana, sheet, "A1", [["=1+1"]], "RAW")
    write(ana, sheet, "B1", [["=1+1"]], "USER_ENTERED")
    assert read(ana, sheet, "A1:B1", "FORMULA") == [["=1+1", "=1+1"]]
    assert read(ana, sheet, "A1:B1") == [["=1+1", 2]]
    data = first_sheet(ana, sheet, "data(rowData(values(userEnteredValue)))")["data"][0]["rowData"][0]["values"]
    assert data == [{"userEnteredValue": {"stringValue": "=1+1"}}, {"userEnteredValue": {"formulaValue": "=1+1"}}]


def test_dates_are_serial_numbers_unless_asked_otherwise(ana: Person, sheet: str) -> None:
    """DateTimeRenderOption: SERIAL_NUMBER, days since 1899-12-30, is the default; ignored for FORMATTED_VALUE."""
    write(ana, sheet, "A1", [["9/12/2026 9:00", 7]], "USER_ENTERED")
    assert read(ana, sheet, "A1:B1") == [[NINE_O_CLOCK, 7]]
    shown = read(ana, sheet, "A1:B1", dateTimeRenderOption="FORMATTED_STRING")
    assert shown == [["9/12/2026 9:00", 7]]


def test_a_number_in_a_date_cell_keeps_the_format(ana: Person, sheet: str) -> None:
    """A cell's own number format stays when a value is written, RAW or typed."""
    number_format = {"type": "DATE_TIME", "pattern": "ddd d mmm yyyy hh:mm"}
    cell = {"userEnteredFormat": {"numberFormat": number_format}}
    repeat = {"range": area(0, 2, 0, 1), "cell": cell, "fields": "userEnteredFormat.numberFormat"}
    batch(ana, sheet, {"repeatCell": repeat})
    write(ana, sheet, "A1", [[NINE_O_CLOCK]], "RAW")
    write(ana, sheet, "A2", [["9/12/2026 9:00"]], "USER_ENTERED")
    assert read(ana, sheet, "A1:A2", "FORMATTED_VALUE") == [["mié 9 dic 2026 09:00"]] * 2


def test_null_skips_a_cell_and_an_empty_string_clears_it(ana: Person, sheet: str) -> None:
    """ValueRange: "Null values will be skipped. To set a cell to an empty value, set the string value to an empty
    string." """
    write(ana, sheet, "A1:C1", [["a", "b", "c"]])
    answer = write(ana, sheet, "A1:C1", [[None, "", "C"]])
    assert read(ana, sheet, "A1:C1") == [["a", "", "C"]]
    assert answer["updatedCells"] == 2


def test_trailing_empty_rows_and_cells_are_left_out(ana: Person, sheet: str) -> None:
    """ValueRange: "For output, empty trailing rows and columns will not be included." """
    write(ana, sheet, "A1:C4", [["a", "", ""], ["", "", ""], ["", "b", ""], ["", "", ""]])
    assert read(ana, sheet, "A1:C4") == [["a"], [], ["", "b"]]
    assert "values" not in ana.sheets.values().get(spreadsheetId=sheet, range="C1:C4").execute()


def test_columns_may_come_first(ana: Person, sheet: str) -> None:
    """ValueRange.majorDimension."""
    write(ana, sheet, "A1", [["a1", "a2"], ["b1", "b2"]], majorDimension="COLUMNS")
    assert read(ana, sheet, "A1:B2") == [["a1", "b1"], ["a2", "b2"]]
    assert read(ana, sheet, "A1:B2", majorDimension="COLUMNS") == [["a1", "a2"], ["b1", "b2"]]


def test_a_batch_of_values_is_written_whole_or_not_at_all(ana: Person, sheet: str) -> None:
    """values.batchUpdate: one call, several ranges; an invalid one refuses all."""
    data = [{"range": "Sheet1!A1", "values": [["x"]]}, {"range": "Sheet1!AA1", "values": [["y"]]}]
    body = {"valueInputOption": "RAW", "data": data}
    request = ana.sheets.values().batchUpdate(spreadsheetId=sheet, body=body)
    assert "exceeds grid limits. Max rows: 1000, max columns: 26" in message_of(request)
    assert read(ana, sheet, "A1") == []
    data[1]["range"] = "Sheet1!B2"
    answer = ana.sheets.values().batchUpdate(spreadsheetId=sheet, body=body).execute()
    assert (answer["totalUpdatedCells"], answer["totalUpdatedSheets"]) == (2, 1)
    assert read(ana, sheet, "A1:B2") == [["x"], ["", "y"]]


@pytest.mark.parametrize(
    ("range_", "rows", "sentence"),
    [
        ("A1001", 1, "exceeds grid limits"),
        ("A1000", 2, "exceeds grid limits"),
        ("A1:A2", 3, "tried writing to row [3]"),
    ],
)
def test_a_write_does_not_reach_beyond_its_range_or_the_grid(
    ana: Person, sheet: str, range_: str, rows: int, sentence: str
) -> None:
    """Sheets answers 400 and writes nothing; only append and appendDimension make the grid larger."""
    body = {"values": [["x"]] * rows}
    request = ana.sheets.values().update(spreadsheetId=sheet, range=range_, valueInputOption="RAW", body=body)
    assert sentence in message_of(request)
    assert read(ana, sheet, "Sheet1") == []


def test_a_cell_holds_fifty_thousand_characters(ana: Person, sheet: str) -> None:
    """Google, "Files you can store in Google Drive": 50,000 characters a cell; more is 400."""
    write(ana, sheet, "A1", [["x" * 50_000]])
    body = {"values": [["y" * 50_001]]}
    request = ana.sheets.values().update(spreadsheetId=sheet, range="A1", valueInputOption="RAW", body=body)
    assert "maximum of 50000 characters" in message_of(request)


def test_a_read_is_cut_at_the_grid_but_does_not_begin_beyond_it(ana: Person, sheet: str) -> None:
    """Sheets answers 400 `exceeds grid limits` for a range that lies beyond the grid."""
    assert "exceeds grid limits" in message_of(ana.sheets.values().get(spreadsheetId=sheet, range="A1001:B1002"))
    assert ana.sheets.values().get(spreadsheetId=sheet, range="A999:B1002").execute()["range"] == "Sheet1!A999:B1000"


@pytest.mark.parametrize(
    ("range_", "written", "table"),
    [
        ("Sheet1", "Sheet1!B7", "Sheet1!B4:D6"),
        ("Sheet1!B4", "Sheet1!B7", "Sheet1!B4:D6"),
        ("Sheet1!C5:D5", "Sheet1!B7", "Sheet1!B4:D6"),
        ("Sheet1!B2", "Sheet1!A3", "Sheet1!A1:C2"),
        ("Sheet1!A4", "Sheet1!A4", None),
        ("Sheet1!F10", "Sheet1!F10", None),
    ],
)
def test_append_goes_below_the_table_it_finds(
    ana: Person, sheet: str, range_: str, written: str, table: str | None
) -> None:
    """Sheets, "Append values": two tables, A1:C2 and B4:D6; the last one in the range is meant."""
    write(ana, sheet, "A1:C2", [["x", "y", "z"], ["x", "y", "z"]])
    write(ana, sheet, "B4:D6", [["x", "y", "z"]] * 3)
    request = ana.sheets.values().append(
        spreadsheetId=sheet, range=range_, valueInputOption="RAW", body={"values": [["new"]]}
    )
    answer = request.execute()
    assert answer["updates"]["updatedRange"] == written
    assert answer.get("tableRange") == table


def test_append_makes_the_grid_larger(ana: Person, sheet: str) -> None:
    """values.append adds rows where the table ends at the last row of the grid."""
    write(ana, sheet, "A1000", [["last"]])
    ana.gspread.open_by_key(sheet).sheet1.append_rows([["one"], ["two"]])
    found = first_sheet(ana, sheet, "properties(gridProperties)")
    assert found["properties"]["gridProperties"]["rowCount"] == 1002


def test_clearing_leaves_formats_notes_and_validation(ana: Person, sheet: str) -> None:
    """values.clear: "Only values are cleared -- all other properties of the cell … are kept." """
    cell = {"userEnteredFormat": {"textFormat": {"bold": True}}, "note": "why"}
    repeat = {"range": area(0, 1, 0, 1), "cell": cell, "fields": "userEnteredFormat,note"}
    write(ana, sheet, "A1:B1", [["x", "y"]])
    batch(ana, sheet, {"repeatCell": repeat})
    ana.sheets.values().clear(spreadsheetId=sheet, range="A1").execute()
    assert read(ana, sheet, "A1:B1") == [["", "y"]]
    data = first_sheet(ana, sheet, "data(rowData(values(userEnteredFormat,note)))")["data"][0]["rowData"]
    assert data[0]["values"][0] == cell


def test_a_batch_update_is_atomic(ana: Person, sheet: str) -> None:
    """spreadsheets.batchUpdate: "If any request is not valid then the entire request will fail and nothing will be
    applied." """
    title = {"properties": {"title": "History"}}
    said = refused(ana, sheet, {"addSheet": title}, {"deleteSheet": {"sheetId": 99}})
    assert said == "Invalid requests[1].deleteSheet: No grid with id: 99"
    assert [one.title for one in ana.gspread.open_by_key(sheet).worksheets()] == ["Sheet1"]


def test_a_request_that_is_not_built_is_named(ana: Person, sheet: str) -> None:
    """The sandbox never makes up a success."""
    request = ana.sheets.batchUpdate(spreadsheetId=sheet, body={"requests": [{"addBanding": {}}]})
    assert refusal(request) == (501, "UNIMPLEMENTED")
    assert "addBanding" in message_of(request)


def test_sheets_are_added_duplicated_renamed_moved_and_deleted(ana: Person, sheet: str) -> None:
    """AddSheet, DuplicateSheet, UpdateSheetProperties and DeleteSheet requests; titles are unique."""
    write(ana, sheet, "A1", [["x"]])
    batch(
        ana,
        sheet,
        {"addSheet": {"properties": {"sheetId": 7, "title": "History"}}},
        {"duplicateSheet": {"sourceSheetId": 0, "insertSheetIndex": 2, "newSheetId": 8, "newSheetName": "Copy"}},
        {"updateSheetProperties": {"properties": {"sheetId": 0, "title": "Deployments"}, "fields": "title"}},
        {"updateSheetProperties": {"properties": {"sheetId": 8, "index": 0}, "fields": "index"}},
        {
            "updateSheetProperties": {
                "properties": {"sheetId": 0, "gridProperties": {"frozenRowCount": 1}},
                "fields": "gridProperties.frozenRowCount",
            }
        },
    )
    tabs = ana.gspread.open_by_key(sheet).worksheets()
    assert [(one.title, one.id, one.index) for one in tabs] == [
        ("Copy", 8, 0),
        ("Deployments", 0, 1),
        ("History", 7, 2),
    ]
    assert tabs[1].frozen_row_count == 1
    assert tabs[1].row_count == 1000
    assert tabs[0].acell("A1").value == "x"
    assert "already exists" in refused(ana, sheet, {"addSheet": {"properties": {"title": "HISTORY"}}})
    batch(ana, sheet, {"deleteSheet": {"sheetId": 0}}, {"deleteSheet": {"sheetId": 7}})
    assert "can't remove all the sheets" in refused(ana, sheet, {"deleteSheet": {"sheetId": 8}})


def test_the_title_is_the_name_of_the_file(ana: Person, sheet: str) -> None:
    """UpdateSpreadsheetProperties.title and the file's name in Drive are one."""
    properties = {"title": "Renamed", "timeZone": "Atlantic/Canary"}
    batch(ana, sheet, {"updateSpreadsheetProperties": {"properties": properties, "fields": "title,timeZone"}})
    file = ana.drive.files().get(fileId=sheet, supportsAllDrives=True).execute()
    assert file["name"] == "Renamed"
    found = ana.sheets.get(spreadsheetId=sheet, fields="properties(title,timeZone)").execute()
    assert found["properties"] == properties


def test_rows_are_inserted_deleted_moved_and_appended(ana: Person, sheet: str) -> None:
    """InsertDimension, DeleteDimension, MoveDimension (index before the move) and AppendDimension requests."""
    write(ana, sheet, "A1", [["a"], ["b"], ["c"], ["d"]])
    batch(ana, sheet, {"insertDimension": {"range": dimension(1, 3)}})
    assert read(ana, sheet, "A1:A6") == [["a"], [], [], ["b"], ["c"], ["d"]]
    batch(ana, sheet, {"deleteDimension": {"range": dimension(1, 3)}})
    batch(ana, sheet, {"moveDimension": {"source": dimension(0, 1), "destinationIndex": 3}})
    assert read(ana, sheet, "A1:A4") == [["b"], ["c"], ["a"], ["d"]]
    batch(ana, sheet, {"moveDimension": {"source": dimension(2, 4), "destinationIndex": 0}})
    assert read(ana, sheet, "A1:A4") == [["a"], ["d"], ["b"], ["c"]]
    batch(ana, sheet, {"appendDimension": {"sheetId": 0, "dimension": "COLUMNS", "length": 2}})
    grid = first_sheet(ana, sheet, "properties(gridProperties(rowCount,columnCount))")["properties"]["gridProperties"]
    assert grid == {"rowCount": 1000, "columnCount": 28}
    assert "can't delete all the rows" in refused(ana, sheet, {"deleteDimension": {"range": dimension(0, 1000)}})


def test_columns_are_inserted_and_deleted(ana: Person, sheet: str) -> None:
    """The same requests for COLUMNS."""
    write(ana, sheet, "A1", [["a", "b"], ["c", "d"]])
    batch(ana, sheet, {"insertDimension": {"range": dimension(1, 2, "COLUMNS")}})
    assert read(ana, sheet, "A1:C2") == [["a", "", "b"], ["c", "", "d"]]
    batch(ana, sheet, {"deleteDimension": {"range": dimension(0, 1, "COLUMNS")}})
    assert read(ana, sheet, "A1:B2") == [["", "b"], ["", "d"]]


def test_what_lies_over_the_cells_follows_inserted_and_deleted_rows(ana: Person, sheet: str) -> None:
    """Protected and named ranges, conditional formats and merges grow and move with their rows, or go with them."""
    rule = {
        "ranges": [area(1, 4, 0, 3)],
        "booleanRule": {"condition": {"type": "NOT_BLANK"}, "format": {"textFormat": {"bold": True}}},
    }
    batch(
        ana,
        sheet,
        {"addConditionalFormatRule": {"rule": rule, "index": 0}},
        {"addProtectedRange": {"protectedRange": {"range": area(2, 4, 1, 2), "warningOnly": True}}},
        {"addNamedRange": {"namedRange": {"name": "ids", "range": area(3, 4, 0, 1)}}},
        {"mergeCells": {"range": area(1, 2, 0, 2), "mergeType": "MERGE_ALL"}},
        {"insertDimension": {"range": dimension(2, 4)}},
        {"deleteDimension": {"range": dimension(0, 2)}},
    )
    found = ana.sheets.get(spreadsheetId=sheet).execute()
    tab = found["sheets"][0]
    # An answer does not name the sheet with id 0 in a GridRange.
    assert {"sheetId": 0} | tab["conditionalFormats"][0]["ranges"][0] == area(0, 4, 0, 3)
    assert {"sheetId": 0} | tab["protectedRanges"][0]["range"] == area(2, 4, 1, 2)
    assert {"sheetId": 0} | found["namedRanges"][0]["range"] == area(3, 4, 0, 1)
    assert "merges" not in tab


def test_an_inserted_row_takes_format_and_validation_but_no_values(ana: Person, sheet: str) -> None:
    """InsertDimension.inheritFromBefore: from the row before or, by default, the one after; a checkbox is FALSE."""
    write(ana, sheet, "A1", [["head", "head"], ["x", "y"]])
    batch(ana, sheet, checkbox(1, 2, 2))
    write(ana, sheet, "C2", [[True]])
    batch(ana, sheet, {"insertDimension": {"range": dimension(1, 2)}})
    batch(ana, sheet, {"insertDimension": {"range": dimension(3, 4), "inheritFromBefore": True}})
    assert read(ana, sheet, "A1:C4") == [["head", "head"], ["", "", False], ["x", "y", True], ["", "", False]]


def test_sorting_moves_contents_and_leaves_blanks_last(ana: Person, sheet: str) -> None:
    """SortRange: numbers before text, blanks last in both orders; cells outside the range stay; notes come along."""
    write(ana, sheet, "A1", [["b", 1, "i"], [2, 2, "ii"], ["", 3, "iii"], ["A", 4, "iv"], [10, 5, "v"]])
    note = {"range": area(1, 2, 0, 1), "cell": {"note": "two"}, "fields": "note"}
    spec = {"dimensionIndex": 0, "sortOrder": "ASCENDING"}
    batch(ana, sheet, {"repeatCell": note}, {"sortRange": {"range": area(0, 5, 0, 2), "sortSpecs": [spec]}})
    assert read(ana, sheet, "A1:C5") == [[2, 2, "i"], [10, 5, "ii"], ["A", 4, "iii"], ["b", 1, "iv"], ["", 3, "v"]]
    assert ana.gspread.open_by_key(sheet).sheet1.get_note("A1") == "two"
    spec["sortOrder"] = "DESCENDING"
    batch(ana, sheet, {"sortRange": {"range": area(0, 5, 0, 2), "sortSpecs": [spec]}})
    assert [row[1] for row in read(ana, sheet, "A1:B5")] == [1, 4, 5, 2, 3]


def test_rows_are_copied_and_cut(ana: Person, sheet: str) -> None:
    """CopyPaste fills a destination that is a multiple of its source; CutPaste empties the source."""
    write(ana, sheet, "A1", [["a", True]])
    copy = {"source": area(0, 1, 0, 2), "destination": area(1, 4, 0, 2), "pasteType": "PASTE_NORMAL"}
    batch(ana, sheet, {"copyPaste": copy})
    assert read(ana, sheet, "A1:B5") == [["a", True]] * 4
    cut = {"source": area(0, 2, 0, 1), "destination": {"sheetId": 0, "rowIndex": 4, "columnIndex": 0}}
    batch(ana, sheet, {"cutPaste": {**cut, "pasteType": "PASTE_NORMAL"}})
    assert read(ana, sheet, "A1:A6") == [[], [], ["a"], ["a"], ["a"], ["a"]]


def test_checkboxes_read_false_once_they_are_set(ana: Person, sheet: str) -> None:
    """DataValidationRule BOOLEAN: a checkbox nobody ticked holds FALSE; values that are there stay."""
    write(ana, sheet, "A2", [[True]])
    batch(ana, sheet, checkbox(0, 3, 0))
    assert read(ana, sheet, "A1:A4") == [[False], [True], [False]]
    data = first_sheet(ana, sheet, "data(rowData(values(dataValidation)))")["data"][0]["rowData"]
    assert data[2]["values"][0]["dataValidation"]["condition"] == {"type": "BOOLEAN"}


def test_a_checkbox_set_with_its_cell_reads_false_too(ana: Person, sheet: str) -> None:
    """CellData.dataValidation BOOLEAN, by repeatCell."""
    cell = {"dataValidation": {"condition": {"type": "BOOLEAN"}}}
    batch(ana, sheet, {"repeatCell": {"range": area(0, 1, 0, 1), "cell": cell, "fields": "dataValidation"}})
    assert read(ana, sheet, "A1") == [[False]]


def test_update_cells_writes_only_what_the_mask_names(ana: Person, sheet: str) -> None:
    """UpdateCells.fields: named fields are taken, those that are missing cleared, all others left."""
    blue = {"backgroundColor": {"blue": 1}, "textFormat": {"bold": True}}
    first = {"userEnteredValue": {"numberValue": 1}, "userEnteredFormat": blue, "note": "n"}
    start = {"sheetId": 0, "rowIndex": 1, "columnIndex": 1}
    batch(ana, sheet, {"updateCells": {"start": start, "rows": [{"values": [first]}], "fields": "*"}})
    second = {"userEnteredFormat": {"textFormat": {"italic": True}}, "note": "ignored"}
    mask = "userEnteredValue,userEnteredFormat.textFormat.italic"
    batch(ana, sheet, {"updateCells": {"start": start, "rows": [{"values": [second]}], "fields": mask}})
    data = first_sheet(ana, sheet, "data(rowData(values(userEnteredValue,userEnteredFormat,note)))")["data"][0]
    assert data["rowData"][1]["values"][1] == {
        "userEnteredFormat": {"backgroundColor": {"blue": 1}, "textFormat": {"bold": True, "italic": True}},
        "note": "n",
    }
    said = refused(ana, sheet, {"updateCells": {"start": start, "rows": []}})
    assert "At least one field must be listed" in said


def test_a_protection_keeps_others_out_unless_it_only_warns(ana: Person, running: Any, sheet: str) -> None:
    """ProtectedRange: `editors` may edit; with warningOnly everyone may."""
    robot = running.person(SERVICE_ACCOUNT)
    warning = {"range": area(0, 1, 0, 1), "warningOnly": True}
    strict = {"range": area(1, 2, 0, 1), "editors": {"users": [SERVICE_ACCOUNT]}}
    added = batch(
        robot,
        sheet,
        {"addProtectedRange": {"protectedRange": warning}},
        {"addProtectedRange": {"protectedRange": strict}},
    )
    write(ana, sheet, "A1", [["fine"]])
    write(robot, sheet, "A2", [["mine"]])
    body = {"values": [["x"], ["y"]]}
    request = ana.sheets.values().update(spreadsheetId=sheet, range="A1:A2", valueInputOption="RAW", body=body)
    assert "protected cell" in message_of(request)
    assert "protected cell" in refused(
        ana, sheet, {"sortRange": {"range": area(0, 5, 0, 1), "sortSpecs": [{"dimensionIndex": 0}]}}
    )
    assert read(ana, sheet, "A1:A2") == [["fine"], ["mine"]]
    key = added[1]["addProtectedRange"]["protectedRange"]["protectedRangeId"]
    batch(robot, sheet, {"deleteProtectedRange": {"protectedRangeId": key}})
    write(ana, sheet, "A2", [["now"]])


def test_find_and_replace(ana: Person, sheet: str) -> None:
    """FindReplace: counts of what changed; matchEntireCell; regular expressions with groups."""
    write(ana, sheet, "A1", [["addon 3.2.10"], ["addon 3.2.11 (3.2.10)"], ["other"]])
    asked = {"find": r"3\.2\.(\d+)", "replacement": "4.0.$1", "searchByRegex": True, "allSheets": True}
    [reply] = batch(ana, sheet, {"findReplace": asked})
    assert reply["findReplace"] == {
        "valuesChanged": 2,
        "occurrencesChanged": 3,
        "rowsChanged": 2,
        "sheetsChanged": 1,
    }
    assert read(ana, sheet, "A1:A2") == [["addon 4.0.10"], ["addon 4.0.11 (4.0.10)"]]


def test_grid_data_comes_when_asked_for(ana: Person, sheet: str) -> None:
    """spreadsheets.get: includeGridData, ignored when fields are named; ranges cut what is given."""
    write(ana, sheet, "A1", [["a", "b"], ["c", "d"]])
    plain = ana.sheets.get(spreadsheetId=sheet).execute()
    assert "data" not in plain["sheets"][0]
    whole = ana.sheets.get(spreadsheetId=sheet, includeGridData=True, ranges=["Sheet1!B2:C3"]).execute()
    data = whole["sheets"][0]["data"][0]
    assert (data["startRow"], data["startColumn"]) == (1, 1)
    assert [cell["formattedValue"] for cell in data["rowData"][0]["values"]] == ["d"]
    assert len(data["rowData"]) == 1


def test_sizes_of_rows_and_columns_are_kept(ana: Person, sheet: str) -> None:
    """UpdateDimensionProperties and AddDimensionGroup requests; answered in columnMetadata and rowGroups."""
    width = {"range": dimension(1, 2, "COLUMNS"), "properties": {"pixelSize": 240}, "fields": "pixelSize"}
    [_, group] = batch(
        ana, sheet, {"updateDimensionProperties": width}, {"addDimensionGroup": {"range": dimension(2, 5)}}
    )
    assert group["addDimensionGroup"]["dimensionGroups"][0]["depth"] == 1
    found = ana.sheets.get(spreadsheetId=sheet, includeGridData=True, ranges=["A1:C1"]).execute()["sheets"][0]
    assert [one["pixelSize"] for one in found["data"][0]["columnMetadata"]] == [100, 240, 100]
    assert found["rowGroups"][0]["range"] == dimension(2, 5)


def test_a_spreadsheet_of_ones_own_is_created_with_its_sheets(ana: Person, running: Any, robot: Person) -> None:
    """spreadsheets.create: in the caller's drive; a service account has none."""
    cell = {"userEnteredValue": {"stringValue": "head"}}
    tab = {"properties": {"title": "Tab"}, "data": [{"rowData": [{"values": [cell]}]}]}
    body = {"properties": {"title": "Mine"}, "sheets": [tab]}
    made = ana.sheets.create(body=body).execute()
    assert read(ana, made["spreadsheetId"], "Tab!A1") == [["head"]]
    assert ana.drive.files().get(fileId=made["spreadsheetId"]).execute()["name"] == "Mine"
    outside = running.person(OUTSIDER).sheets.get(spreadsheetId=made["spreadsheetId"])
    assert refusal(outside) == (403, "PERMISSION_DENIED")
    assert refusal(robot.sheets.create(body=body)) == (403, "PERMISSION_DENIED")


def test_gspread_reports_the_refusals(ana: Person, sheet: str) -> None:
    """gspread's APIError carries the code and the message of Google's JSON."""
    with pytest.raises(APIError) as caught:
        ana.gspread.open_by_key(sheet).sheet1.update([["x"]], "A1001")
    assert caught.value.code == 400
    assert "exceeds grid limits" in str(caught.value)

"""Sheets: `spreadsheets.values`, ranges, what is written and how it is read."""

from __future__ import annotations

from typing import Any

import pytest
from conformance_checks import check, table
from conformance_pages import (
    A1,
    DATE_RENDER,
    GSPREAD,
    SHEETS_LIMITS,
    SPREADSHEETS,
    VALUE_INPUT,
    VALUE_RENDER,
    VALUES,
    VALUES_GUIDE,
)
from conformance_place import refusal, status
from conformance_spaces import SheetsSpace, Tab
from gspread.exceptions import APIError
from gspread.utils import ValueInputOption, ValueRenderOption

GRID = [["a1", "b1", "c1"], ["a2", "b2", "c2"], ["a3", "b3", "c3"]]


@table(
    "sheets.spreadsheets.values.get",
    A1,
    ("a1", "wanted"),
    {
        "A1:B2 is a block of cells": ("A1:B2", [["a1", "b1"], ["a2", "b2"]]),
        "A1 is one cell": ("B2", [["b2"]]),
        "A:A is a whole column": ("A:A", [["a1"], ["a2"], ["a3"]]),
        "A:B are whole columns": ("A:B", [row[:2] for row in GRID]),
        "1:2 are whole rows": ("1:2", GRID[:2]),
        "A2:A is a column from the second row on": ("A2:A", [["a2"], ["a3"]]),
        "B2:C is columns from the second row on": ("B2:C", [["b2", "c2"], ["b3", "c3"]]),
    },
)
def test_ranges(tab: Tab, a1: str, wanted: list[list[str]]) -> None:
    tab.put("A1", GRID)
    assert tab.read(a1) == wanted


@check("sheets.spreadsheets.values.get", A1, "the name of a sheet alone is all its cells")
def test_the_name_of_a_sheet_is_all_of_it(tab: Tab) -> None:
    tab.put("A1", GRID)
    found = tab.values.get(spreadsheetId=tab.spreadsheet_id, range=tab.title).execute()
    assert found["values"] == GRID
    assert found["range"] == f"{tab.title}!A1:L30"


@check("sheets.spreadsheets.values.get", A1, "names with spaces or apostrophes stand in apostrophes, theirs doubled")
def test_names_of_sheets_are_quoted(tab: Tab) -> None:
    name = f"Ana's log {tab.id}"
    properties = {"sheetId": tab.id, "title": name}
    tab.do({"updateSheetProperties": {"properties": properties, "fields": "title"}})
    a1 = "'" + name.replace("'", "''") + "'!A1"
    tab.values.update(
        spreadsheetId=tab.spreadsheet_id, range=a1, valueInputOption="RAW", body={"values": [["x"]]}
    ).execute()
    found = tab.values.get(spreadsheetId=tab.spreadsheet_id, range=a1).execute()
    assert (found["range"], found["values"]) == (a1, [["x"]])


@check("sheets.spreadsheets.values.get", A1, "the name of a named range is a range")
def test_a_named_range_is_a_range(tab: Tab) -> None:
    tab.put("A1", GRID)
    named = {"name": f"corner_{tab.id}", "range": tab.range(0, 2, 0, 2)}
    tab.do({"addNamedRange": {"namedRange": named}})
    found = tab.values.get(spreadsheetId=tab.spreadsheet_id, range=named["name"]).execute()
    assert found["values"] == [["a1", "b1"], ["a2", "b2"]]


@check("sheets.spreadsheets.values.get", A1, "a range that is none is refused: 400, Unable to parse range")
def test_a_range_that_is_none_is_refused(tab: Tab) -> None:
    request = tab.values.get(spreadsheetId=tab.spreadsheet_id, range="no such sheet!A1")
    assert refusal(request) == (400, "INVALID_ARGUMENT")


@check(
    "sheets.spreadsheets.values.get",
    VALUES + "#ValueRange.FIELDS.values",
    "empty trailing rows and columns are left out",
)
def test_what_is_empty_at_the_end_is_left_out(tab: Tab) -> None:
    tab.put("A1", [["a", "", "c", ""], ["", "", "", ""], ["x", "", "", ""], ["", "", "", ""]])
    assert tab.read("A1:F6") == [["a", "", "c"], [], ["x"]]


@check("sheets.spreadsheets.values.get", VALUES + "#ValueRange.FIELDS.values", "an empty range has no values")
def test_an_empty_range_has_no_values(tab: Tab) -> None:
    answer = tab.answer("A1:B2")
    assert answer == {"range": tab.at("A1:B2"), "majorDimension": "ROWS"}


@check(
    "sheets.spreadsheets.values.get",
    VALUES + "#ValueRange.FIELDS.range",
    "the answer's range is the one asked for, within the grid",
)
def test_the_range_of_the_answer_ends_with_the_grid(tab: Tab) -> None:
    assert tab.answer("B2:B")["range"] == tab.at("B2:B30")
    assert tab.answer("A1:Z99")["range"] == tab.at("A1:L30")


@check(
    "sheets.spreadsheets.values.get",
    VALUES + "#ValueRange.FIELDS.majorDimension",
    "COLUMNS gives columns: [[1,3],[2,4]]",
)
def test_columns_are_read(tab: Tab) -> None:
    tab.put("A1", [["1", "2"], ["3", "4"]])
    assert tab.read("A1:B2", majorDimension="COLUMNS") == [["1", "3"], ["2", "4"]]


@check("sheets.spreadsheets.values.update", VALUES + "#ValueRange.FIELDS.majorDimension", "COLUMNS writes columns")
def test_columns_are_written(tab: Tab) -> None:
    body = {"values": [["1", "2"], ["3", "4"]], "majorDimension": "COLUMNS"}
    tab.values.update(
        spreadsheetId=tab.spreadsheet_id, range=tab.at("A1:B2"), valueInputOption="RAW", body=body
    ).execute()
    assert tab.read("A1:B2") == [["1", "3"], ["2", "4"]]


@check(
    "sheets.spreadsheets.values.update",
    VALUES + "#ValueRange.FIELDS.values",
    "null skips a cell, an empty string clears it",
)
def test_null_skips_and_an_empty_string_clears(tab: Tab) -> None:
    tab.put("A1", [["a", "b", "c"]])
    tab.put("A1", [[None, "", "C"]])
    assert tab.read("A1:C1") == [["a", "", "C"]]


@check("sheets.spreadsheets.values.update", VALUES + "/update", "the answer counts what was updated")
def test_an_update_is_counted(tab: Tab) -> None:
    answer = tab.put("B2", [["a", "b"], ["c", "d"], ["e", "f"]])
    assert answer == {
        "spreadsheetId": tab.spreadsheet_id,
        "updatedRange": tab.at("B2:C4"),
        "updatedRows": 3,
        "updatedColumns": 2,
        "updatedCells": 6,
    }


@check(
    "sheets.spreadsheets.values.update", VALUES + "/update", "includeValuesInResponse gives the values as they are then"
)
def test_an_update_gives_the_values(tab: Tab) -> None:
    answer = tab.put("A1", [["=1+2"]], "USER_ENTERED", includeValuesInResponse=True)
    assert answer["updatedData"] == {"range": tab.at("A1"), "majorDimension": "ROWS", "values": [["3"]]}


@check("sheets.spreadsheets.values.update", VALUES + "/update", "valueInputOption is required: 400")
def test_the_input_option_is_required(tab: Tab) -> None:
    request = tab.values.update(spreadsheetId=tab.spreadsheet_id, range=tab.at("A1"), body={"values": [["x"]]})
    assert refusal(request) == (400, "INVALID_ARGUMENT")


@check("sheets.spreadsheets.values.update", VALUES + "/update", "more values than the range has cells are refused: 400")
def test_values_beyond_the_range_are_refused(tab: Tab) -> None:
    request = tab.values.update(
        spreadsheetId=tab.spreadsheet_id, range=tab.at("A1:B1"), valueInputOption="RAW", body={"values": GRID}
    )
    assert refusal(request) == (400, "INVALID_ARGUMENT")


@check(
    "sheets.spreadsheets.values.update",
    VALUES + "/update",
    "a range beyond the grid is refused: 400, exceeds grid limits",
)
def test_a_range_beyond_the_grid_is_refused(tab: Tab) -> None:
    request = tab.values.update(
        spreadsheetId=tab.spreadsheet_id, range=tab.at("A31"), valueInputOption="RAW", body={"values": [["x"]]}
    )
    assert refusal(request) == (400, "INVALID_ARGUMENT")


@check("sheets.spreadsheets.values.update", SHEETS_LIMITS, "a cell holds at most 50,000 characters")
def test_a_cell_is_not_endless(tab: Tab) -> None:
    tab.put("A1", [["x" * 50_000]])
    request = tab.values.update(
        spreadsheetId=tab.spreadsheet_id,
        range=tab.at("A1"),
        valueInputOption="RAW",
        body={"values": [["x" * 50_001]]},
    )
    assert refusal(request) == (400, "INVALID_ARGUMENT")


@table(
    "sheets.spreadsheets.values.update",
    VALUE_INPUT,
    ("written", "kept"),
    {
        "RAW keeps a string that looks like a formula": ("=1+2", "=1+2"),
        "RAW keeps a string that looks like a number": ("007", "007"),
        "RAW keeps a string that looks like a date": ("Mar 1 2016", "Mar 1 2016"),
        "RAW keeps an apostrophe in front": ("'quoted", "'quoted"),
        "RAW keeps a number": (12.5, 12.5),
        "RAW keeps a boolean": (True, True),
        "RAW keeps the word TRUE as text": ("TRUE", "TRUE"),
    },
)
def test_raw(tab: Tab, written: Any, kept: Any) -> None:
    tab.put("A1", [[written]])
    assert tab.read("A1", valueRenderOption="UNFORMATTED_VALUE") == [[kept]]
    assert tab.read("A1", valueRenderOption="FORMULA") == [[kept]]


@table(
    "sheets.spreadsheets.values.update",
    VALUE_INPUT,
    ("written", "kept"),
    {
        "USER_ENTERED: a number stays a number": (12.5, 12.5),
        "USER_ENTERED: the text of a number becomes one": ("12.5", 12.5),
        "USER_ENTERED: a thousands separator is read": ("1,234", 1234),
        "USER_ENTERED: a negative number is read": ("-3", -3),
        "USER_ENTERED: a percentage becomes a fraction": ("12%", 0.12),
        "USER_ENTERED: an exponent is read": ("1e3", 1000),
        "USER_ENTERED: TRUE becomes a boolean": ("TRUE", True),
        "USER_ENTERED: true in small letters becomes one too": ("true", True),
        "USER_ENTERED: a date in the order of the locale becomes one": ("3/1/2016", 42430),
        "USER_ENTERED: an ISO date becomes a date": ("2016-03-01", 42430),
        "USER_ENTERED: a date and time become a fraction of days": ("3/1/2016 12:00", 42430.5),
        "USER_ENTERED: a time becomes a fraction of a day": ("6:00", 0.25),
        "USER_ENTERED: an apostrophe keeps text and is not part of it": ("'007", "007"),
        "USER_ENTERED: a formula is evaluated": ("=1+2", 3),
        "USER_ENTERED: other text stays text": ("Planned for 9", "Planned for 9"),
        "USER_ENTERED: a day that is none stays text": ("2/30/2016", "2/30/2016"),
    },
)
def test_user_entered(tab: Tab, written: Any, kept: Any) -> None:
    assert tab.entered(written) == kept


@table(
    "sheets.spreadsheets.values.update",
    SPREADSHEETS + "#SpreadsheetProperties.FIELDS.locale",
    ("written", "kept"),
    {
        "es_ES: a comma is the decimal separator": ("1,5", 1.5),
        "es_ES: a point separates thousands": ("1.234", 1234),
        "es_ES: the day stands before the month": ("9/12/2026", 46365),
        "es_ES: an ISO date is one in any locale": ("2026-12-09", 46365),
        "es_ES: VERDADERO is a boolean": ("VERDADERO", True),
        "es_ES: a date with a time is read": ("9/12/2026 6:00", 46365.25),
    },
)
def test_user_entered_in_spanish(spanish_tab: Tab, written: Any, kept: Any) -> None:
    assert spanish_tab.entered(written) == kept


@check(
    "sheets.spreadsheets.values.get",
    SPREADSHEETS + "#SpreadsheetProperties.FIELDS.locale",
    "numbers are shown in the locale of the spreadsheet",
)
def test_numbers_are_shown_in_the_locale(spanish_tab: Tab) -> None:
    spanish_tab.put("A1", [[1.5]])
    assert spanish_tab.shown("A1") == "1,5"


@table(
    "sheets.spreadsheets.values.get",
    VALUES_GUIDE,
    ("written", "shown"),
    {
        "a date that was typed is shown as typed": ("3/1/2016", "3/1/2016"),
        "a percentage that was typed is shown as typed": ("12%", "12%"),
        "an amount that was typed is shown as typed": ("$100.15", "$100.15"),
        "a boolean is shown in capitals": ("true", "TRUE"),
        "the result of a formula is shown": ("=1+2", "3"),
    },
)
def test_what_was_typed_is_shown(tab: Tab, written: str, shown: str) -> None:
    tab.put("A1", [[written]], "USER_ENTERED")
    assert tab.shown("A1") == shown


@table(
    "sheets.spreadsheets.values.get",
    VALUE_RENDER,
    ("option", "wanted"),
    {
        "FORMATTED_VALUE: A2 with =A1 and A1 with 1.23 as currency give $1.23": ("FORMATTED_VALUE", "$1.23"),
        "UNFORMATTED_VALUE: A2 with =A1 and A1 with 1.23 as currency give 1.23": ("UNFORMATTED_VALUE", 1.23),
        "FORMULA: A2 with =A1 gives the formula": ("FORMULA", "=A1"),
    },
)
def test_render_options(tab: Tab, option: str, wanted: Any) -> None:
    currency = {"userEnteredFormat": {"numberFormat": {"type": "CURRENCY", "pattern": '"$"#,##0.00'}}}
    area = tab.range(0, 2)
    tab.do({"repeatCell": {"range": area, "cell": currency, "fields": "userEnteredFormat.numberFormat"}})
    tab.put("A1", [[1.23], ["=A1"]], "USER_ENTERED")
    assert tab.read("A2", valueRenderOption=option) == [[wanted]]


@check("sheets.spreadsheets.values.get", VALUE_RENDER, "FORMATTED_VALUE is the default")
def test_values_are_formatted_by_default(tab: Tab) -> None:
    tab.put("A1", [["12%"]], "USER_ENTERED")
    assert tab.read("A1") == tab.read("A1", valueRenderOption="FORMATTED_VALUE") == [["12%"]]


@table(
    "sheets.spreadsheets.values.get",
    DATE_RENDER,
    ("written", "serial"),
    {
        "SERIAL_NUMBER: 1 January 1900 at noon is 2.5": ("1900-01-01 12:00", 2.5),
        "SERIAL_NUMBER: 1 February 1900 at 15:00 is 33.625": ("1900-02-01 15:00", 33.625),
        "SERIAL_NUMBER: the year 1900 is no leap year": ("1900-03-01", 61),
    },
)
def test_serial_numbers(tab: Tab, written: str, serial: float) -> None:
    tab.put("A1", [[written]], "USER_ENTERED")
    assert tab.read("A1", valueRenderOption="UNFORMATTED_VALUE", dateTimeRenderOption="SERIAL_NUMBER") == [[serial]]


@check("sheets.spreadsheets.values.get", DATE_RENDER, "FORMATTED_STRING gives dates as they are shown")
def test_dates_as_text(tab: Tab) -> None:
    tab.put("A1", [["3/1/2016", 5]], "USER_ENTERED")
    found = tab.read("A1:B1", valueRenderOption="UNFORMATTED_VALUE", dateTimeRenderOption="FORMATTED_STRING")
    assert found == [["3/1/2016", 5]]


@check("sheets.spreadsheets.values.append", VALUES + "/append", "values go below the table that the range finds")
def test_values_are_appended_below_the_table(tab: Tab) -> None:
    tab.put("A1", [["x", "y", "z"], ["x", "y", "z"]])
    answer = _append(tab, "A1", [["new"]])
    assert answer["tableRange"] == tab.at("A1:C2")
    assert answer["updates"]["updatedRange"] == tab.at("A3")
    assert tab.read("A3") == [["new"]]


@table(
    "sheets.spreadsheets.values.append",
    VALUES_GUIDE + "#append_values",
    ("range_", "table_range", "updated"),
    {
        "append to the whole sheet finds the last table": ("", "B4:D6", "B7"),
        "append to B4 finds the table with that cell": ("B4", "B4:D6", "B7"),
        "append to B2:D4 finds the last table in the range": ("B2:D4", "B4:D6", "B7"),
        "append to A3:G10 finds the last table in the range": ("A3:G10", "B4:D6", "B7"),
        "append to A1 finds the first table": ("A1", "A1:C2", "A3"),
        "append to B2 starts with the first column of its table": ("B2", "A1:C2", "A3"),
        "append to E4 finds no table and starts there": ("E4", None, "E4"),
    },
)
def test_append_finds_its_table(tab: Tab, range_: str, table_range: str | None, updated: str) -> None:
    """The guide's example: Sheet1 has two tables, A1:C2 and B4:D6."""
    tab.put("A1", [["x", "y", "z"], ["x", "y", "z"]])
    tab.put("B4", [["x", "y"], ["y", "z"], ["x", "y", "z"]])
    tab.put("D4", [["z"], ["z"], ["z"]])
    answer = _append(tab, range_, [["new"]])
    assert answer.get("tableRange") == (tab.at(table_range) if table_range else None)
    assert answer["updates"]["updatedRange"] == tab.at(updated)


@check(
    "sheets.spreadsheets.values.append",
    VALUES + "/append#InsertDataOption",
    "OVERWRITE writes over what is below, INSERT_ROWS inserts rows",
)
def test_append_overwrites_or_inserts(tab: Tab) -> None:
    tab.put("A1", [["a"], [""], ["below"]])
    _append(tab, "A1", [["1"], ["2"]], insertDataOption="INSERT_ROWS")
    assert tab.read("A1:A5") == [["a"], ["1"], ["2"], [], ["below"]]
    _append(tab, "A1", [["3"], ["4"]], insertDataOption="OVERWRITE")
    assert tab.read("A1:A6") == [["a"], ["1"], ["2"], ["3"], ["4"]]


@check(
    "sheets.spreadsheets.values.append", VALUES + "/append#InsertDataOption", "at the end of the sheet append adds rows"
)
def test_append_makes_the_grid_longer(tab: Tab) -> None:
    tab.put("A30", [["last"]])
    _append(tab, "A30", [["1"], ["2"]])
    assert tab.sheet("properties")["properties"]["gridProperties"]["rowCount"] == 32


@check("sheets.spreadsheets.values.clear", VALUES + "/clear", "only values go; formats, notes and validation stay")
def test_clearing_leaves_the_format(tab: Tab) -> None:
    cell = {"note": "kept", "userEnteredFormat": {"textFormat": {"bold": True}}}
    tab.do({"repeatCell": {"range": tab.range(), "cell": cell, "fields": "note,userEnteredFormat"}})
    tab.put("A1", [["x", "y"]])
    answer = tab.values.clear(spreadsheetId=tab.spreadsheet_id, range=tab.at("A1")).execute()
    assert answer == {"spreadsheetId": tab.spreadsheet_id, "clearedRange": tab.at("A1")}
    assert tab.read("A1:B1") == [["", "y"]]
    assert tab.cell("A1", "note,userEnteredFormat") == cell


@check("sheets.spreadsheets.values.batchClear", VALUES + "/batchClear", "several ranges are cleared at once")
def test_several_ranges_are_cleared(tab: Tab) -> None:
    tab.put("A1", GRID)
    body = {"ranges": [tab.at("A1:B1"), tab.at("A3")]}
    answer = tab.values.batchClear(spreadsheetId=tab.spreadsheet_id, body=body).execute()
    assert answer["clearedRanges"] == body["ranges"]
    assert tab.read("A1:C3") == [["", "", "c1"], ["a2", "b2", "c2"], ["", "b3", "c3"]]


@check("sheets.spreadsheets.values.batchGet", VALUES + "/batchGet", "the answers have the order of the ranges")
def test_several_ranges_are_read(tab: Tab) -> None:
    tab.put("A1", GRID)
    ranges = [tab.at("C3"), tab.at("A1:B1"), tab.at("F1")]
    found = tab.values.batchGet(spreadsheetId=tab.spreadsheet_id, ranges=ranges).execute()["valueRanges"]
    assert [one.get("values") for one in found] == [[["c3"]], [["a1", "b1"]], None]
    assert [one["range"] for one in found] == ranges


@check(
    "sheets.spreadsheets.values.batchUpdate",
    VALUES + "/batchUpdate",
    "several ranges are written, and counted together",
)
def test_several_ranges_are_written(tab: Tab) -> None:
    data = [{"range": tab.at("A1:B1"), "values": [["a", "b"]]}, {"range": tab.at("A3"), "values": [["c"]]}]
    body = {"valueInputOption": "RAW", "data": data}
    answer = tab.values.batchUpdate(spreadsheetId=tab.spreadsheet_id, body=body).execute()
    assert (answer["totalUpdatedCells"], answer["totalUpdatedRows"], answer["totalUpdatedSheets"]) == (3, 2, 1)
    assert [one["updatedRange"] for one in answer["responses"]] == [tab.at("A1:B1"), tab.at("A3")]


@check("sheets.spreadsheets.values.batchUpdate", VALUES + "/batchUpdate", "when one range is wrong nothing is written")
def test_a_batch_of_values_is_all_or_nothing(tab: Tab) -> None:
    data = [{"range": tab.at("A1"), "values": [["a"]]}, {"range": "no such sheet!A1", "values": [["b"]]}]
    body = {"valueInputOption": "RAW", "data": data}
    assert status(tab.values.batchUpdate(spreadsheetId=tab.spreadsheet_id, body=body)) == 400
    assert tab.read("A1") == []


@pytest.mark.parametrize("body", [{"values": "x"}, {"values": [["x"]], "colour": "red"}, {"values": [[{"a": 1}]]}])
@check("sheets.spreadsheets.values.update", VALUES + "#ValueRange", "a body that is no ValueRange is refused: 400")
def test_a_body_that_is_none_is_refused(tab: Tab, body: dict[str, Any]) -> None:
    request = tab.values.update(spreadsheetId=tab.spreadsheet_id, range=tab.at("A1"), valueInputOption="RAW", body=body)
    assert refusal(request) == (400, "INVALID_ARGUMENT")


@check("sheets.spreadsheets.values.get", VALUES + "/get", "an unknown spreadsheet is refused: 404 NOT_FOUND")
def test_an_unknown_spreadsheet_is_refused(tab: Tab) -> None:
    request = tab.values.get(spreadsheetId="1nothingHasThisId000000000000000000000000000", range="A1")
    assert refusal(request) == (404, "NOT_FOUND")


@check(
    "sheets.spreadsheets.values.get",
    VALUES + "/get",
    "a spreadsheet one may not read is refused: 403 PERMISSION_DENIED",
)
def test_a_foreign_spreadsheet_is_refused(sheets: SheetsSpace) -> None:
    outsider = sheets.place.person("outsider")
    request = outsider.sheets.values().get(spreadsheetId=sheets.new(), range="A1")
    assert refusal(request) == (403, "PERMISSION_DENIED")


@check("sheets.spreadsheets.values.update", GSPREAD, "gspread writes RAW and reads rows as people see them")
def test_gspread_writes_and_reads(tab: Tab) -> None:
    sheet = tab.place.owner.gspread.open_by_key(tab.spreadsheet_id).worksheet(tab.title)
    sheet.update([["Status", "Start"], ["Planned", "=1+2"]], "A1")
    assert sheet.get_all_records() == [{"Status": "Planned", "Start": "=1+2"}]
    sheet.update([["=1+2"]], "B2", value_input_option=ValueInputOption.user_entered)
    assert sheet.acell("B2").value == "3"
    assert sheet.acell("B2", value_render_option=ValueRenderOption.formula).value == "=1+2"


@check(
    "sheets.spreadsheets.values.append", GSPREAD, "gspread's append_row, find, delete_rows and sort work on the sheet"
)
def test_gspread_changes_rows(tab: Tab) -> None:
    sheet = tab.place.owner.gspread.open_by_key(tab.spreadsheet_id).worksheet(tab.title)
    sheet.append_rows([["b", 2], ["c", 3], ["a", 1]])
    assert sheet.find("c").address == "A2"
    sheet.delete_rows(2)
    sheet.sort((1, "asc"), range="A1:B2")
    assert sheet.get_values("A1:B2") == [["a", "1"], ["b", "2"]]


@check("sheets.spreadsheets.get", GSPREAD, "gspread lists, adds and deletes worksheets, and names a missing one")
def test_gspread_manages_worksheets(sheets: SheetsSpace) -> None:
    book = sheets.place.owner.gspread.open_by_key(sheets.new())
    added = book.add_worksheet("Second", rows=5, cols=3)
    assert [(one.title, one.row_count) for one in book.worksheets()][1:] == [("Second", 5)]
    book.del_worksheet(added)
    assert len(book.worksheets()) == 1
    with pytest.raises(APIError, match="Unable to parse range"):
        book.values_get("Second!A1")


def _append(tab: Tab, a1: str, rows: list[list[Any]], **more: Any) -> Any:
    return tab.values.append(
        spreadsheetId=tab.spreadsheet_id,
        range=tab.at(a1) if a1 else tab.title,
        valueInputOption="RAW",
        body={"values": rows},
        **more,
    ).execute()

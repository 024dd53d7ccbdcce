"""Sheets: what formulas result in, and how they follow the cells they refer to."""

from __future__ import annotations

from typing import Any

from conformance_checks import check, table
from conformance_pages import CELL, FORMULAS, REQUEST
from conformance_spaces import Tab

FUNCTION = "https://support.google.com/docs/answer/"


@table(
    "sheets.spreadsheets.values.get",
    FORMULAS,
    ("formula", "wanted"),
    {
        "arithmetic has its precedence": ("=1+2*3^2", 19),
        "brackets go first": ("=(1+2)*3", 9),
        "& joins texts": ('="a"&1&"b"', "a1b"),
        "= compares texts whatever their case": ('="Done"="done"', True),
        "<> is unequal": ("=1<>2", True),
        "% divides by a hundred": ("=50%", 0.5),
        "SUM adds the numbers of a range and leaves texts out": ("=SUM(A1:A5)", 6),
        "COUNT counts numbers": ("=COUNT(A1:A5)", 3),
        "COUNTA counts what is not empty": ("=COUNTA(A1:A5)", 4),
        "AVERAGE is the mean of the numbers": ("=AVERAGE(A1:A5)", 2),
        "MIN is the least number": ("=MIN(A1:A5)", 1),
        "MAX is the greatest number": ("=MAX(A1:A5)", 3),
        "COUNTIF counts what meets a criterion": ('=COUNTIF(A1:A5,">1")', 2),
        "COUNTIF compares texts": ('=COUNTIF(B1:B4,"done")', 2),
        "COUNTIF takes * for any characters": ('=COUNTIF(B1:B4,"D*")', 3),
        "COUNTIFS wants all criteria": ('=COUNTIFS(B1:B3,"Done",A1:A3,">1")', 1),
        "SUMIF adds what meets a criterion": ('=SUMIF(B1:B3,"Done",A1:A3)', 4),
        "SUMIFS has the range to add first": ('=SUMIFS(A1:A3,B1:B3,"Done",A1:A3,"<3")', 1),
        "AVERAGEIF is the mean of what meets a criterion": ('=AVERAGEIF(B1:B3,"Done",A1:A3)', 2),
        "AVERAGEIFS has the range to average first": ('=AVERAGEIFS(A1:A3,B1:B3,"Done")', 2),
        "IF chooses": ('=IF(A1>0,"yes","no")', "yes"),
        "IFERROR gives a value instead of an error": ('=IFERROR(1/0,"none")', "none"),
        "AND wants all": ("=AND(TRUE,1=2)", False),
        "OR wants one": ("=OR(FALSE,1=1)", True),
        "NOT turns round": ("=NOT(TRUE)", False),
        "ROUND rounds halves away from zero": ("=ROUND(2.5)", 3),
        "ROUND rounds to places": ("=ROUND(3.14159,2)", 3.14),
        "DATE is a serial number": ("=DATE(2016,3,1)", 42430),
        "YEAR is part of a date": ("=YEAR(DATE(2016,3,1))", 2016),
        "EOMONTH is the end of a month": ("=DAY(EOMONTH(DATE(2016,2,1),0))", 29),
        "LEN counts characters": ('=LEN("año")', 3),
        "LEFT, RIGHT and MID cut": ('=LEFT("abcd",1)&RIGHT("abcd",1)&MID("abcd",2,2)', "adbc"),
        "CONCATENATE joins": ('=CONCATENATE("a","b")', "ab"),
        "TEXT shows a number by a pattern": ('=TEXT(DATE(2016,3,1),"yyyy-mm-dd")', "2016-03-01"),
        "ISBLANK tells an empty cell": ("=ISBLANK(A5)", True),
        "MAXIFS is the greatest that meets the criteria": ('=MAXIFS(A1:A3,B1:B3,"Done")', 3),
        "an open range ends with the grid": ("=SUM(A1:A)", 6),
        "an empty cell counts as zero": ("=F9+1", 1),
    },
)
def test_functions(tab: Tab, formula: str, wanted: Any) -> None:
    tab.put("A1", [[1, "Done"], [2, "Draft"], [3, "done"], ["text", "Planned"]])
    tab.put("D1", [[formula]], "USER_ENTERED")
    assert tab.read("D1", valueRenderOption="UNFORMATTED_VALUE") == [[wanted]]


@table(
    "sheets.spreadsheets.values.get",
    CELL + "#ErrorType",
    ("formula", "shown"),
    {
        "DIVIDE_BY_ZERO is shown as #DIV/0!": ("=1/0", "#DIV/0!"),
        "VALUE is shown as #VALUE!": ('=1+"x"', "#VALUE!"),
        "NAME is shown as #NAME?": ("=NOSUCHFUNCTION(1)", "#NAME?"),
        "REF is shown as #REF! where a sheet does not exist": ("='no such sheet'!A1", "#REF!"),
        "REF is shown as #REF! where a cell depends on itself": ("=D1+1", "#REF!"),
        "an error spreads to what depends on it": ("=D2+1", "#DIV/0!"),
    },
)
def test_errors(tab: Tab, formula: str, shown: str) -> None:
    tab.put("D2", [["=1/0"]], "USER_ENTERED")
    tab.put("D1", [[formula]], "USER_ENTERED")
    assert tab.shown("D1") == shown


@check("sheets.spreadsheets.values.get", FORMULAS, "a result follows the cells it depends on")
def test_results_follow(tab: Tab) -> None:
    tab.put("A1", [["1", "=A1*2", "=B1*2"]], "USER_ENTERED")
    assert tab.shown("C1") == "4"
    tab.put("A1", [[5]])
    assert tab.shown("C1") == "20"


@check(
    "sheets.spreadsheets.batchUpdate",
    f"{REQUEST}#InsertDimensionRequest",
    "references follow the rows that are inserted above them",
)
def test_references_follow_inserted_rows(tab: Tab) -> None:
    tab.put("A1", [[1], [2], ["=SUM(A1:A2)"], ["=$A$2"]], "USER_ENTERED")
    tab.do({"insertDimension": {"range": tab.rows(1, 2)}})
    assert tab.read("A4:A5", valueRenderOption="FORMULA") == [["=SUM(A1:A3)"], ["=$A$3"]]
    assert tab.shown("A4") == "3"


@check("sheets.spreadsheets.batchUpdate", f"{REQUEST}#DeleteDimensionRequest", "a reference to a deleted row is #REF!")
def test_references_to_deleted_rows_break(tab: Tab) -> None:
    tab.put("A1", [[1], [2], ["=A2"]], "USER_ENTERED")
    tab.do({"deleteDimension": {"range": tab.rows(1, 2)}})
    assert tab.shown("A2") == "#REF!"


@check(
    "sheets.spreadsheets.batchUpdate",
    f"{REQUEST}#CopyPasteRequest",
    "a copied formula's relative references move with it",
)
def test_copied_formulas_move(tab: Tab) -> None:
    tab.put("A1", [[1, "=A1+$A$1"], [2]], "USER_ENTERED")
    tab.do({"copyPaste": {"source": tab.range(0, 1, 1, 2), "destination": tab.range(1, 2, 1, 2)}})
    assert tab.read("B2", valueRenderOption="FORMULA") == [["=A2+$A$1"]]
    assert tab.shown("B2") == "3"


@check("sheets.spreadsheets.values.get", FORMULAS, "a reference may name another sheet")
def test_references_name_sheets(tab: Tab) -> None:
    name = f"Other {tab.id}"
    made = tab.do({"addSheet": {"properties": {"title": name}}})[0]["addSheet"]["properties"]["sheetId"]
    body = {"values": [["7"]]}
    tab.values.update(
        spreadsheetId=tab.spreadsheet_id, range=f"'{name}'!B2", valueInputOption="USER_ENTERED", body=body
    ).execute()
    tab.put("A1", [[f"='{name}'!B2*2"]], "USER_ENTERED")
    shown = tab.shown("A1")
    tab.do({"deleteSheet": {"sheetId": made}})
    assert (shown, tab.shown("A1")) == ("14", "#REF!")


@table(
    "sheets.spreadsheets.values.update",
    FUNCTION + "58515",
    ("formula", "wanted"),
    {
        "es_ES: a semicolon separates arguments": ("=SUM(1;2)", 3),
        "es_ES: a comma is the decimal separator in formulas": ("=1,5*2", 3),
    },
)
def test_formulas_in_spanish(spanish_tab: Tab, formula: str, wanted: Any) -> None:
    assert spanish_tab.entered(formula) == wanted

"""Formulas of the sandbox's spreadsheets, through Google's generated client over HTTP.

What functions and operators do is documented in the function list (https://support.google.com/docs/table/25273) and
the page of each function; a check names what it rests on where it is elsewhere. "Believed" marks what no page of the
vendor's was found to say.
"""

from __future__ import annotations

from typing import Any

import pytest
from workspace_clients import Person

LOG = [
    ["ID", "Status", "Minutes", "Start"],
    ["DIBA-0001", "Done", 45, 46361],
    ["DIBA-0002", "Planned", 30, 46365.375],
    ["DIBA-0003", "done", 15, 46370],
    ["DIBA-0004", "Rolled back", None, None],
    ["OTHER-1", "Planned", 60, 46368],
]


def write(person: Person, sheet: str, area: str, values: list[list[Any]]) -> None:
    person.sheets.values().update(
        spreadsheetId=sheet, range=area, valueInputOption="USER_ENTERED", body={"values": values}
    ).execute()


def read(person: Person, sheet: str, area: str, option: str = "UNFORMATTED_VALUE") -> list[list[Any]]:
    request = person.sheets.values().get(spreadsheetId=sheet, range=area, valueRenderOption=option)
    values: list[list[Any]] = request.execute().get("values", [])
    return values


def result(person: Person, sheet: str, formula: str, option: str = "UNFORMATTED_VALUE") -> Any:
    write(person, sheet, "F1", [[formula]])
    values = read(person, sheet, "F1", option)
    return values[0][0] if values else None


def batch(person: Person, sheet: str, *requests: dict[str, Any]) -> None:
    person.sheets.batchUpdate(spreadsheetId=sheet, body={"requests": list(requests)}).execute()


def formula(person: Person, sheet: str, cell: str) -> Any:
    return read(person, sheet, cell, "FORMULA")[0][0]


def dimension(start: int, end: int, kind: str = "ROWS") -> dict[str, Any]:
    return {"sheetId": 0, "dimension": kind, "startIndex": start, "endIndex": end}


def area(start_row: int, end_row: int, start_column: int, end_column: int) -> dict[str, int]:
    return {
        "sheetId": 0,
        "startRowIndex": start_row,
        "endRowIndex": end_row,
        "startColumnIndex": start_column,
        "endColumnIndex": end_column,
    }


@pytest.fixture
def english(ana: Person, sheet: str) -> str:
    """A spreadsheet of the locale en_US with the rows of LOG."""
    properties = {"properties": {"locale": "en_US"}, "fields": "locale"}
    batch(ana, sheet, {"updateSpreadsheetProperties": properties})
    ana.sheets.values().update(spreadsheetId=sheet, range="A1", valueInputOption="RAW", body={"values": LOG}).execute()
    return sheet


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        # Operators, their order, and how values become numbers, texts and booleans.
        ("=1+2*3", 7),
        ("=(1+2)*3", 9),
        ("=-2^2", 4),
        ("=2^3^2", 64),
        ("=50%*4", 2),
        ("=1/4", 0.25),
        ('=1&"x"&TRUE', "1xTRUE"),
        ('="2"*3', 6),
        ("=TRUE+1", 2),
        ("=G99+1", 1),
        ('="a"="A"', True),
        ("=2<10", True),
        ('="b">"a"', True),
        ('=9<"1"', True),
        ("=1<>1", False),
        ('=IF(G99="",1,2)', 1),
        # Ranges: plain, open, whole columns and rows, of another tab.
        ("=SUM(C2:C6)", 150),
        ("=SUM(C2:C)", 150),
        ("=SUM(C:C)", 150),
        ("=SUM($C$2,C3,10)", 85),
        ("=SUM(2:2)", 46406),
        ("=COUNTA(Sheet1!A:A)", 6),
        ("=COUNT(A1:D6)", 8),
        ("=COUNTBLANK(C2:D6)", 2),
        ("=C3", 30),
        ("=AVERAGE(C2:C6)", 37.5),
        ("=MIN(C2:C6)", 15),
        ("=MAX(C2:C6)", 60),
        ("=MEDIAN(C2:C6)", 37.5),
        # Criteria: case is not looked at; comparisons, wildcards, blanks.
        ('=COUNTIF(B2:B6,"Done")', 2),
        ('=COUNTIF(B2:B,"<>Done")', 997),
        ('=COUNTIF(B2:B6,"<>Done")', 3),
        ('=COUNTIF(C2:C6,">=30")', 3),
        ("=COUNTIF(C2:C6,45)", 1),
        ('=COUNTIF(C2:C6,"")', 1),
        ('=COUNTIF(C2:C6,"<>")', 4),
        ('=COUNTIF(A2:A6,"DIBA-*")', 4),
        ('=COUNTIF(A2:A6,"?????-1")', 1),
        ('=COUNTIF(A2:A6,"DIBA~*")', 0),
        ('=COUNTIF(C2:C6,">"&C3)', 2),
        ('=COUNTIFS(B2:B6,"Planned",C2:C6,">30")', 1),
        ('=SUMIF(B2:B6,"done",C2:C6)', 60),
        ('=SUMIF(C2:C6,">20")', 135),
        ('=SUMIFS(C2:C6,B2:B6,"Planned",A2:A6,"DIBA*")', 30),
        ('=AVERAGEIF(B2:B6,"Planned",C2:C6)', 45),
        ('=AVERAGEIFS(C2:C6,B2:B6,"Done")', 30),
        ('=MAXIFS(C2:C6,B2:B6,"Done")', 45),
        ('=MINIFS(C2:C6,B2:B6,"Done")', 15),
        ('=SUMPRODUCT((B2:B6="Planned")*C2:C6)', 90),
        # Logic.
        ('=IF(C2>40,"long","short")', "long"),
        ("=IF(FALSE,1)", False),
        ("=IF(TRUE,1,1/0)", 1),
        ('=IFERROR(1/0,"none")', "none"),
        ('=IFERROR(5,"none")', 5),
        ('=IFNA(VLOOKUP("x",A2:C6,3,FALSE),"missing")', "missing"),
        ("=AND(1<2,TRUE)", True),
        ("=OR(FALSE,2<1)", False),
        ("=NOT(FALSE)", True),
        ("=ISBLANK(C5)", True),
        ("=ISBLANK(C2)", False),
        ("=ISERROR(1/0)", True),
        ("=ISNUMBER(C2)", True),
        # Numbers.
        ("=ROUND(2.5)", 3),
        ("=ROUND(-2.5)", -3),
        ("=ROUND(1.005,2)", 1.01),
        ("=ROUND(1234,-2)", 1200),
        ("=ROUNDUP(1.21,1)", 1.3),
        ("=ROUNDDOWN(1.29,1)", 1.2),
        ("=MOD(-1,3)", 2),
        ("=INT(-1.5)", -2),
        # Dates are days since 1899-12-30 (Sheets API, "Date and time values").
        ("=DATE(2026,12,9)", 46365),
        ("=DATE(2026,14,1)", 46419),
        ("=YEAR(D2)", 2026),
        ("=MONTH(D2)", 12),
        ("=DAY(D3)", 9),
        ("=HOUR(D3)", 9),
        ("=EOMONTH(DATE(2026,1,31),1)", 46081),
        ("=EDATE(DATE(2026,1,31),1)", 46081),
        ("=WEEKDAY(DATE(2026,12,9))", 4),
        ("=WEEKDAY(DATE(2026,12,9),2)", 3),
        ("=TODAY()", 46356),
        ("=DAYS(DATE(2026,12,9),TODAY())", 9),
        ('=TEXT(D3,"yyyy-mm-dd hh:mm")', "2026-12-09 09:00"),
        ('=TEXT(D3,"ddd d mmm")', "Wed 9 Dec"),
        ('=TEXT(1234.5,"#,##0.00")', "1,234.50"),
        ('=TEXT(0.256,"0%")', "26%"),
        # Texts.
        ('=LEN("añil")', 4),
        ('=LEFT("deploy",3)', "dep"),
        ('=RIGHT("deploy",3)', "loy"),
        ('=LEN(RIGHT("deploy",0))', 0),
        ('=MID("deploy",3,2)', "pl"),
        ('=CONCATENATE("a",1,TRUE)', "a1TRUE"),
        ('=TEXTJOIN(", ",TRUE,A2:A3,C5)', "DIBA-0001, DIBA-0002"),
        ('=UPPER(TRIM("  a  b "))', "A B"),
        ('=SUBSTITUTE("3.2.10",".","-",2)', "3.2-10"),
        ('=REGEXMATCH("addon 3.2","[0-9]+")', True),
        # Looking up.
        ('=VLOOKUP("DIBA-0003",A2:C6,3,FALSE)', 15),
        ('=MATCH("Planned",B2:B6,0)', 2),
        ("=INDEX(A2:C6,3,2)", "done"),
    ],
)
def test_what_formulas_amount_to(ana: Person, english: str, formula: str, expected: Any) -> None:
    """The page of each function in Google's function list; the clock stands at 2026-11-30."""
    found = result(ana, english, formula)
    assert (found, type(found)) == (expected, type(expected)) or found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("formula", "shown", "kind"),
    [
        ("=1/0", "#DIV/0!", "DIVIDE_BY_ZERO"),
        ('="x"+1', "#VALUE!", "VALUE"),
        ("=NOSUCHFUNCTION(1)", "#NAME?", "NAME"),
        ("=no_such_range", "#NAME?", "NAME"),
        ("=Nowhere!A1", "#REF!", "REF"),
        ("=ZZ1", "#REF!", "REF"),
        ('=VLOOKUP("x",A2:C6,3,FALSE)', "#N/A", "N_A"),
        ("=LEFT()", "#N/A", "N_A"),
        ("=10^999", "#NUM!", "NUM"),
        ("=SUM(1,", "#ERROR!", "ERROR"),
        ("=AVERAGE(C5)", "#DIV/0!", "DIVIDE_BY_ZERO"),
        ("=SUM(C2:C3,1/0)", "#DIV/0!", "DIVIDE_BY_ZERO"),
        ("=F1", "#REF!", "REF"),
        ("=F1:F2", "#REF!", "REF"),
        ("={1,2}", "#ERROR!", "ERROR"),
        ("=" + "(" * 500 + "1" + ")" * 500, "#ERROR!", "ERROR"),
        ("=" + "-" * 5000 + "1", "#ERROR!", "ERROR"),
        ("=1" + "+1" * 5000, "#ERROR!", "ERROR"),
    ],
)
def test_what_cannot_be_calculated_is_an_error(ana: Person, english: str, formula: str, shown: str, kind: str) -> None:
    """ErrorType and ErrorValue in the API; a cell shows the error's sign, and so do values in every rendering."""
    assert result(ana, english, formula) == shown
    assert result(ana, english, formula, "FORMATTED_VALUE") == shown
    answer = ana.sheets.get(
        spreadsheetId=english, ranges=["F1"], fields="sheets(data(rowData(values(effectiveValue,userEnteredValue))))"
    ).execute()
    cell = answer["sheets"][0]["data"][0]["rowData"][0]["values"][0]
    assert cell["effectiveValue"]["errorValue"]["type"] == kind
    assert cell["userEnteredValue"] == {"formulaValue": formula}


def test_formulas_are_calculated_in_the_order_they_need_each_other(ana: Person, english: str) -> None:
    """However long the chain, and also where what is needed stands further down."""
    count = 900
    write(ana, english, "H1", [[f"=H{row + 1}+1"] for row in range(1, count)] + [[1]])
    assert read(ana, english, "H1") == [[count]]


def test_a_circle_is_an_error_for_all_in_it_and_all_who_need_it(ana: Person, english: str) -> None:
    """https://www.spreadsheetclass.com/circular-dependency-detected-error-in-google-sheets/. Believed: it reaches
    all in the circle, whatever they would do with errors."""
    write(ana, english, "H1:H5", [["=H2"], ["=H3+1"], ["=H1"], ["=H3"], ['=IFERROR(H4,"away")']])
    assert read(ana, english, "H1:H5") == [["#REF!"], ["#REF!"], ["#REF!"], ["#REF!"], ["away"]]
    write(ana, english, "I1:I2", [['=IFERROR(I2,"within")'], ["=I1"]])
    assert read(ana, english, "I1:I2") == [["#REF!"], ["#REF!"]]


def test_a_changed_cell_changes_what_is_calculated_from_it(ana: Person, english: str) -> None:
    """SpreadsheetProperties.autoRecalc ON_CHANGE."""
    write(ana, english, "H1", [["=SUM(C:C)"]])
    assert read(ana, english, "H1") == [[150]]
    write(ana, english, "C5", [[10]])
    assert read(ana, english, "H1") == [[160]]


def test_now_is_the_time_of_the_spreadsheet(ana: Person, running: Any, english: str) -> None:
    """NOW and TODAY: in the spreadsheet's time zone, new whenever they are asked."""
    write(ana, english, "H1:H2", [["=NOW()"], ["=TODAY()"]])
    [[before], [day]] = read(ana, english, "H1:H2")
    assert before == pytest.approx(46356 + 9 / 24)
    assert read(ana, english, "H2", "FORMATTED_VALUE") == [["11/30/2026"]]
    running.clock.forward(hours=15)
    [[after], [next_day]] = read(ana, english, "H1:H2")
    assert (after - before, next_day - day) == (pytest.approx(15 / 24), 1)


def test_a_result_is_shown_as_what_it_was_calculated_from(ana: Person, english: str) -> None:
    """Believed: a cell without a format shows a date as a date; the difference of two dates is a number."""
    write(ana, english, "H1:H6", [["12/9/2026"], ["=H1"], ["=H1+1"], ["=H1-H2"], ["=MAX(H1:H2)"], ["=H1*1"]])
    shown = read(ana, english, "H1:H6", "FORMATTED_VALUE")
    assert shown == [["12/9/2026"], ["12/9/2026"], ["12/10/2026"], ["0"], ["12/9/2026"], ["46365"]]


def test_where_the_comma_is_decimal_arguments_are_separated_by_semicolons(ana: Person, sheet: str) -> None:
    """https://www.benlcollins.com/spreadsheets/sheets-location/: es_ES writes `=ROUND(1,25;1)`. Believed: a comma
    between arguments is then an error."""
    assert result(ana, sheet, "=ROUND(1,25;1)") == pytest.approx(1.3)
    assert result(ana, sheet, '=IF(1<2;"sí";"no")') == "sí"
    assert result(ana, sheet, '=TEXT(DATE(2026;12;9);"dddd d mmmm")') == "miércoles 9 diciembre"
    assert result(ana, sheet, '=IF(A1,"a","b")') == "#ERROR!"
    assert result(ana, sheet, '="1,5"*2') == 3
    assert result(ana, sheet, "=1/2", "FORMATTED_VALUE") == "0,5"


def test_another_locale_writes_the_same_formula_in_its_own_way(ana: Person, sheet: str) -> None:
    """Believed: a spreadsheet whose locale changes shows its formulas with the separators of the new one."""
    write(ana, sheet, "A1", [["=ROUND(1,25;1)"]])
    properties = {"properties": {"locale": "en_US"}, "fields": "locale"}
    batch(ana, sheet, {"updateSpreadsheetProperties": properties})
    assert formula(ana, sheet, "A1") == "=ROUND(1.25,1)"
    assert read(ana, sheet, "A1") == [[1.3]]


def test_an_amount_of_money_is_a_number(ana: Person, english: str) -> None:
    """ValueInputOption USER_ENTERED: "$100.15" becomes a number with currency formatting."""
    write(ana, english, "H1:H3", [["$100.15"], ["-$5"], ["$x"]])
    assert read(ana, english, "H1:H3") == [[100.15], [-5], ["$x"]]
    assert read(ana, english, "H1:H2", "FORMATTED_VALUE") == [["$100.15"], ["-$5.00"]]


def test_a_number_that_is_no_date_is_shown_as_a_number_in_a_cell_for_dates(ana: Person, english: str) -> None:
    """Believed."""
    write(ana, english, "H1", [["12/9/2026"]])
    for number in (474437740, 1.5e16, -693594):
        write(ana, english, "H1", [[number]])
        assert read(ana, english, "H1", "FORMATTED_VALUE") != [[""]]


def test_a_name_stands_for_its_range(ana: Person, english: str) -> None:
    """NamedRange. Believed: formulas follow its new name, and a deleted one is no name."""
    named = {"namedRangeId": "minutes", "name": "minutes", "range": area(1, 6, 2, 3)}
    batch(ana, english, {"addNamedRange": {"namedRange": named}})
    write(ana, english, "H1", [["=SUM(Minutes)"]])
    assert read(ana, english, "H1") == [[150]]
    renamed = {"namedRangeId": "minutes", "name": "durations"}
    batch(ana, english, {"updateNamedRange": {"namedRange": renamed, "fields": "name"}})
    assert (formula(ana, english, "H1"), read(ana, english, "H1")) == ("=SUM(durations)", [[150]])
    batch(ana, english, {"deleteNamedRange": {"namedRangeId": "minutes"}})
    assert read(ana, english, "H1") == [["#NAME?"]]


def test_results_of_several_cells_spill(ana: Person, english: str) -> None:
    """FILTER, UNIQUE, SORT and ARRAYFORMULA fill the cells below and beside; taken cells make them #REF!."""
    write(ana, english, "H1", [['=FILTER(A2:C6,B2:B6="Planned")']])
    assert read(ana, english, "H1:J3") == [["DIBA-0002", "Planned", 30], ["OTHER-1", "Planned", 60]]
    write(ana, english, "L1:O1", [["=UNIQUE(B2:B6)", "=SORT(C2:C6,1,FALSE)", "=ARRAYFORMULA(C2:C3*2)", "=SUM(M1:M9)"]])
    assert read(ana, english, "L1:O2") == [["Done", 60, 90, 150], ["Planned", 45, 60]]
    write(ana, english, "Q1", [["=SORT(C2:D3)"]])
    assert read(ana, english, "Q1:R2", "FORMATTED_VALUE") == [["30", "46365.375"], ["45", "46361"]]
    dates = {"userEnteredFormat": {"numberFormat": {"type": "DATE", "pattern": "d mmm"}}}
    batch(ana, english, {"repeatCell": {"range": area(1, 6, 3, 4), "cell": dates, "fields": "userEnteredFormat"}})
    assert read(ana, english, "Q1:R2", "FORMATTED_VALUE") == [["30", "9 Dec"], ["45", "5 Dec"]]
    write(ana, english, "H2", [["taken"]])
    assert read(ana, english, "H1:J3") == [["#REF!"], ["taken"]]
    assert result(ana, english, '=FILTER(A2:A6,B2:B6="none")') == "#N/A"


@pytest.mark.parametrize(
    ("change", "sum_of", "single", "fixed", "other_tab"),
    [
        (
            {"insertDimension": {"range": dimension(2, 4)}},
            "=SUM(A1:A6)",
            "=A5*2",
            "=$A$1+A$6",
            "=Sheet1!A5",
        ),
        ({"insertDimension": {"range": dimension(4, 5)}}, "=SUM(A1:A4)", "=A3*2", "=$A$1+A$4", "=Sheet1!A3"),
        ({"deleteDimension": {"range": dimension(1, 2)}}, "=SUM(A1:A3)", "=A2*2", "=$A$1+A$3", "=Sheet1!A2"),
        ({"deleteDimension": {"range": dimension(2, 4)}}, "=SUM(A1:A2)", "=#REF!*2", "=$A$1+#REF!", "=#REF!"),
        (
            {"moveDimension": {"source": dimension(2, 3), "destinationIndex": 0}},
            "=SUM(A2:A4)",
            "=A1*2",
            "=$A$2+A$4",
            "=Sheet1!A1",
        ),
        (
            {"insertDimension": {"range": dimension(0, 1, "COLUMNS")}},
            "=SUM(B1:B4)",
            "=B3*2",
            "=$B$1+B$4",
            "=Sheet1!B3",
        ),
    ],
)
def test_references_follow_rows_and_columns(
    ana: Person, sheet: str, change: dict[str, Any], sum_of: str, single: str, fixed: str, other_tab: str
) -> None:
    """Believed: inserting, deleting and moving rows changes references to them, in every tab; what is gone is #REF!."""
    batch(ana, sheet, {"addSheet": {"properties": {"sheetId": 7, "title": "Summary"}}})
    write(ana, sheet, "A1:A4", [[1], [2], [3], [4]])
    write(ana, sheet, "Summary!A1:A4", [["=SUM(Sheet1!A1:A4)"], ["=Sheet1!A3*2"], ["=Sheet1!$A$1+Sheet1!A$4"], ["=A1"]])
    write(ana, sheet, "Summary!B1", [["=Sheet1!A3"]])
    write(ana, sheet, "T10:V10", [["=SUM(A1:A4)", "=A3*2", "=$A$1+A$4"]])
    batch(ana, sheet, change)
    found = [one for line in read(ana, sheet, "Sheet1!A1:Z20", "FORMULA") for one in line if str(one).startswith("=")]
    assert found == [sum_of, single, fixed]
    assert formula(ana, sheet, "Summary!B1") == other_tab
    assert formula(ana, sheet, "Summary!A4") == "=A1"
    assert formula(ana, sheet, "Summary!A1") == sum_of.replace("SUM(", "SUM(Sheet1!")


def test_appended_rows_move_what_is_below_them(ana: Person, sheet: str) -> None:
    """InsertDataOption INSERT_ROWS: "Rows are inserted for the new data"; OVERWRITE writes over what is below."""
    write(ana, sheet, "A1:B4", [["x", "=A4"], ["y"], [], ["below"]])
    request = ana.sheets.values().append(
        spreadsheetId=sheet,
        range="A1",
        valueInputOption="RAW",
        insertDataOption="INSERT_ROWS",
        body={"values": [["new"], ["newer"]]},
    )
    request.execute()
    assert read(ana, sheet, "A1:A6") == [["x"], ["y"], ["new"], ["newer"], [], ["below"]]
    assert (formula(ana, sheet, "B1"), read(ana, sheet, "B1")) == ("=A6", [["below"]])


def test_references_follow_a_renamed_and_a_deleted_tab(ana: Person, sheet: str) -> None:
    """UpdateSheetProperties.title and DeleteSheet. Believed: formulas follow the title, and lose what is deleted."""
    batch(ana, sheet, {"addSheet": {"properties": {"sheetId": 7, "title": "Data"}}})
    write(ana, sheet, "Data!A1", [[5]])
    write(ana, sheet, "Sheet1!A1", [["=Data!A1+1"]])
    rename = {"properties": {"sheetId": 7, "title": "Last year's"}, "fields": "title"}
    batch(ana, sheet, {"updateSheetProperties": rename})
    assert formula(ana, sheet, "Sheet1!A1") == "='Last year''s'!A1+1"
    assert read(ana, sheet, "Sheet1!A1") == [[6]]
    batch(ana, sheet, {"deleteSheet": {"sheetId": 7}})
    assert (formula(ana, sheet, "Sheet1!A1"), read(ana, sheet, "Sheet1!A1")) == ("=#REF!+1", [["#REF!"]])


def test_a_copied_formula_moves_its_relative_references(ana: Person, sheet: str) -> None:
    """CopyPaste PASTE_NORMAL and PASTE_FORMULA as in the editor: `$` stays; PASTE_VALUES pastes results."""
    write(ana, sheet, "A1:C2", [[1, 10, "=A1+$B$1+B$1"], [2, 20, ""]])
    copy = {"source": area(0, 1, 2, 3), "destination": area(1, 2, 2, 3), "pasteType": "PASTE_NORMAL"}
    values = {"source": area(0, 1, 2, 3), "destination": area(4, 5, 4, 5), "pasteType": "PASTE_VALUES"}
    beyond = {"source": area(0, 1, 2, 3), "destination": area(3, 4, 0, 1), "pasteType": "PASTE_FORMULA"}
    batch(ana, sheet, {"copyPaste": copy}, {"copyPaste": values}, {"copyPaste": beyond})
    assert (formula(ana, sheet, "C2"), read(ana, sheet, "C2")) == ("=A2+$B$1+B$1", [[22]])
    assert formula(ana, sheet, "E5") == 21
    assert formula(ana, sheet, "A4") == "=#REF!+$B$1+#REF!"


def test_a_cut_formula_stays_as_it_is_and_references_follow_what_is_cut(ana: Person, sheet: str) -> None:
    """CutPaste. Believed: what refers to the moved cells refers to where they are now."""
    write(ana, sheet, "A1:C1", [[1, "=A1", "=B1"]])
    cut = {"source": area(0, 1, 1, 2), "destination": {"sheetId": 0, "rowIndex": 4, "columnIndex": 1}}
    batch(ana, sheet, {"cutPaste": {**cut, "pasteType": "PASTE_NORMAL"}})
    assert (formula(ana, sheet, "B5"), formula(ana, sheet, "C1")) == ("=A1", "=B5")


def test_a_repeated_formula_counts_on(ana: Person, sheet: str) -> None:
    """RepeatCellRequest: "the formula's ranges will automatically increment for each field in the range"."""
    cell = {"userEnteredValue": {"formulaValue": "=A1"}}
    batch(ana, sheet, {"repeatCell": {"range": area(1, 4, 1, 3), "cell": cell, "fields": "userEnteredValue"}})
    assert read(ana, sheet, "B2:C4", "FORMULA") == [["=A1", "=B1"], ["=A2", "=B2"], ["=A3", "=B3"]]


def test_sorting_goes_by_results_and_keeps_formulas_in_their_rows(ana: Person, sheet: str) -> None:
    """SortRange. Believed: a formula that reads its own row reads it after the sort, too."""
    write(ana, sheet, "A1:B3", [[3, "=A1*10"], [1, "=A2*10"], [2, "=A3*10"]])
    batch(ana, sheet, {"sortRange": {"range": area(0, 3, 0, 2), "sortSpecs": [{"dimensionIndex": 1}]}})
    assert read(ana, sheet, "A1:B3") == [[1, 10], [2, 20], [3, 30]]
    assert read(ana, sheet, "B1:B3", "FORMULA") == [["=A1*10"], ["=A2*10"], ["=A3*10"]]


def test_an_exported_sheet_has_results(ana: Person, sheet: str) -> None:
    """files.export as text/csv: values as they are shown."""
    write(ana, sheet, "A1:B1", [["=1+1", "=UNKNOWN()"]])
    content = ana.drive.files().export(fileId=sheet, mimeType="text/csv").execute()
    assert content == b"2,#NAME?"

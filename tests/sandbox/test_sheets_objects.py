"""What lies over the cells of the sandbox's sheets: borders, merges, filters, charts, names, protections, rules.

Through Google's generated client over HTTP; the requests are documented at
https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/request.
"""

from __future__ import annotations

from typing import Any

import pytest
from workspace_clients import SERVICE_ACCOUNT, Person, message_of, refusal

RED, GREEN, BLUE = {"red": 1}, {"green": 1}, {"blue": 1}


def write(person: Person, sheet: str, area: str, values: list[list[Any]]) -> None:
    person.sheets.values().update(
        spreadsheetId=sheet, range=area, valueInputOption="USER_ENTERED", body={"values": values}
    ).execute()


def read(person: Person, sheet: str, area: str) -> list[list[Any]]:
    request = person.sheets.values().get(spreadsheetId=sheet, range=area, valueRenderOption="UNFORMATTED_VALUE")
    values: list[list[Any]] = request.execute().get("values", [])
    return values


def batch(person: Person, sheet: str, *requests: dict[str, Any]) -> list[dict[str, Any]]:
    answer = person.sheets.batchUpdate(spreadsheetId=sheet, body={"requests": list(requests)}).execute()
    replies: list[dict[str, Any]] = answer["replies"]
    return replies


def refused(person: Person, sheet: str, *requests: dict[str, Any]) -> str:
    return message_of(person.sheets.batchUpdate(spreadsheetId=sheet, body={"requests": list(requests)}))


def tab(person: Person, sheet: str, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = person.sheets.get(spreadsheetId=sheet, **params).execute()["sheets"][0]
    return found


def cells(person: Person, sheet: str, ranges: str, field: str) -> list[list[Any]]:
    """One field of each cell."""
    fields = f"sheets(data(rowData(values({field}))))"
    data = tab(person, sheet, ranges=[ranges], fields=fields)["data"][0]
    return [[cell.get(field) for cell in row.get("values", [])] for row in data.get("rowData", [])]


def backgrounds(person: Person, sheet: str, ranges: str) -> list[list[Any]]:
    shown = cells(person, sheet, ranges, "effectiveFormat")
    return [[(cell or {}).get("backgroundColor") for cell in row] for row in shown]


def area(start_row: int, end_row: int, start_column: int, end_column: int) -> dict[str, int]:
    return {
        "sheetId": 0,
        "startRowIndex": start_row,
        "endRowIndex": end_row,
        "startColumnIndex": start_column,
        "endColumnIndex": end_column,
    }


def answered(asked: Any) -> Any:
    """What was asked for as it is answered: a GridRange does not name the sheet with id 0."""
    if isinstance(asked, dict):
        grid = "startRowIndex" in asked
        return {name: answered(one) for name, one in asked.items() if not (grid and name == "sheetId")}
    return [answered(one) for one in asked] if isinstance(asked, list) else asked


def dimension(start: int, end: int, kind: str = "ROWS") -> dict[str, Any]:
    return {"sheetId": 0, "dimension": kind, "startIndex": start, "endIndex": end}


def rule(kind: str, *values: str, over: dict[str, int] | None = None, colour: Any = GREEN) -> dict[str, Any]:
    condition: dict[str, Any] = {"type": kind}
    if values:
        condition["values"] = [{"userEnteredValue": one} for one in values]
    return {
        "ranges": [over or area(0, 6, 0, 1)],
        "booleanRule": {"condition": condition, "format": {"backgroundColor": colour}},
    }


def add_rule(one: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {"addConditionalFormatRule": {"rule": one, "index": index}}


WHITE = {"red": 1, "green": 1, "blue": 1}


@pytest.mark.parametrize(
    ("kind", "values", "coloured"),
    [
        ("TEXT_CONTAINS", ["ONE"], [0, 2]),
        ("TEXT_NOT_CONTAINS", ["one"], [1, 3, 4, 5]),
        ("TEXT_STARTS_WITH", ["not"], [2]),
        ("TEXT_ENDS_WITH", ["NE"], [0, 2]),
        ("TEXT_EQ", ["done"], [0]),
        ("NUMBER_GREATER", ["5"], [3]),
        ("NUMBER_GREATER_THAN_EQ", ["5"], [1, 3]),
        ("NUMBER_LESS", ["7,5"], [1]),
        ("NUMBER_LESS_THAN_EQ", ["5"], [1]),
        ("NUMBER_EQ", ["5"], [1]),
        ("NUMBER_NOT_EQ", ["5"], [3]),
        ("NUMBER_BETWEEN", ["1", "5"], [1]),
        ("NUMBER_NOT_BETWEEN", ["1", "5"], [3]),
        ("NUMBER_EQ", ["=$C$1"], [1]),
        ("BLANK", [], [4]),
        ("NOT_BLANK", [], [0, 1, 2, 3, 5]),
        ("CUSTOM_FORMULA", ['=$B1="x"'], [1, 4]),
        ("CUSTOM_FORMULA", ['=B1="x"'], [1, 4]),
        ("CUSTOM_FORMULA", ['=COUNTIF($B$1:$B$6;"x")=2'], [0, 1, 2, 3, 4, 5]),
        ("CUSTOM_FORMULA", ["=1/0"], []),
        ("DATE_EQ", ["9/12/2026"], [3]),
        ("DATE_BEFORE", ["9/12/2026"], []),
        ("DATE_AFTER", ["8/12/2026"], [3]),
    ],
)
def test_cells_that_meet_a_condition_are_coloured(
    ana: Person, sheet: str, kind: str, values: list[str], coloured: list[int]
) -> None:
    """ConditionType; CellData.effectiveFormat: "the effective format being used by the cell. This includes the results
    of applying any conditional formatting". Believed: texts are compared without regard to case, and formulas are meant
    from the first cell of the range."""
    write(ana, sheet, "A1:C6", [["Done", "", 5], [5, "x"], ["Not done"], ["9/12/2026 9:00"], ["", "x"], [True]])
    batch(ana, sheet, add_rule(rule(kind, *values)))
    shown = [row[0] if row else None for row in backgrounds(ana, sheet, "A1:A6")]
    assert [at for at, colour in enumerate(shown) if colour == GREEN] == coloured
    assert {str(colour) for at, colour in enumerate(shown) if at not in coloured} <= {str(WHITE), "None"}


def test_a_date_condition_may_be_relative_to_today(ana: Person, running: Any, sheet: str) -> None:
    """ConditionValue.relativeDate, in the spreadsheet's time zone."""
    write(ana, sheet, "A1:A2", [["30/11/2026"], ["1/12/2026"]])
    condition = {"type": "DATE_BEFORE", "values": [{"relativeDate": "TODAY"}]}
    wanted = {
        "ranges": [area(0, 2, 0, 1)],
        "booleanRule": {"condition": condition, "format": {"backgroundColor": RED}},
    }
    batch(ana, sheet, add_rule(wanted))
    assert backgrounds(ana, sheet, "A1:A2") == [[WHITE], [WHITE]]
    running.clock.forward(days=1)
    assert backgrounds(ana, sheet, "A1:A2") == [[RED], [WHITE]]


def test_the_first_rule_wins_and_all_add_what_is_not_set(ana: Person, sheet: str) -> None:
    """https://leyaa.ai/codefly/learn/google-sheets/part-3/google-sheets-managing-rule-priority: the first one wins.
    Believed: a later rule still sets what an earlier one does not."""
    write(ana, sheet, "A1", [["Done"]])
    own = {"userEnteredFormat": {"backgroundColor": BLUE, "textFormat": {"italic": True}, "wrapStrategy": "WRAP"}}
    bold = {
        "ranges": [area(0, 1, 0, 1)],
        "booleanRule": {
            "condition": {"type": "NOT_BLANK"},
            "format": {"backgroundColor": RED, "textFormat": {"bold": True}},
        },
    }
    batch(
        ana,
        sheet,
        {"repeatCell": {"range": area(0, 1, 0, 1), "cell": own, "fields": "userEnteredFormat"}},
        add_rule(bold),
        add_rule(rule("TEXT_EQ", "Done")),
    )
    [[shown]] = cells(ana, sheet, "A1", "effectiveFormat")
    assert (shown["backgroundColor"], shown["backgroundColorStyle"]) == (GREEN, {"rgbColor": GREEN})
    assert shown["textFormat"] == {"bold": True, "italic": True}
    assert shown["wrapStrategy"] == "WRAP"
    assert cells(ana, sheet, "A1", "userEnteredFormat") == [[own["userEnteredFormat"]]]


def test_a_rule_colours_whole_rows_also_where_nothing_is(ana: Person, sheet: str) -> None:
    """A custom formula with a fixed column, the usual way to colour a row."""
    write(ana, sheet, "A1:A2", [["Done"], ["Open"]])
    batch(ana, sheet, add_rule(rule("CUSTOM_FORMULA", '=$A1="Done"', over=area(0, 10, 0, 4))))
    assert backgrounds(ana, sheet, "A1:Z2") == [[GREEN] * 4, [WHITE]]


def test_a_gradient_mixes_its_colours(ana: Person, sheet: str) -> None:
    """GradientRule, InterpolationPointType."""
    write(ana, sheet, "A1:A4", [[0], [5], [10], ["text"]])
    gradient = {"minpoint": {"color": RED, "type": "MIN"}, "maxpoint": {"color": GREEN, "type": "MAX"}}
    batch(ana, sheet, add_rule({"ranges": [area(0, 4, 0, 1)], "gradientRule": gradient}))
    shown = [row[0] for row in backgrounds(ana, sheet, "A1:A4")]
    assert shown[1] == {"red": 0.5, "green": 0.5, "blue": 0}
    assert shown[0] == {"red": 1, "green": 0, "blue": 0}
    assert shown[3] == WHITE


def test_rules_are_replaced_moved_and_deleted(ana: Person, sheet: str) -> None:
    """UpdateConditionalFormatRule: with rule it is replaced, with newIndex moved; DeleteConditionalFormatRule."""
    first, second, third = (answered(rule("TEXT_EQ", text)) for text in ("a", "b", "c"))
    batch(ana, sheet, add_rule(first), add_rule(second, 1))
    [replaced] = batch(ana, sheet, {"updateConditionalFormatRule": {"index": 1, "rule": third}})
    assert replaced["updateConditionalFormatRule"] == {"newRule": third, "newIndex": 1, "oldRule": second}
    [moved] = batch(ana, sheet, {"updateConditionalFormatRule": {"sheetId": 0, "index": 1, "newIndex": 0}})
    assert moved["updateConditionalFormatRule"] == {"newRule": third, "newIndex": 0, "oldIndex": 1}
    assert tab(ana, sheet)["conditionalFormats"] == [third, first]
    [deleted] = batch(ana, sheet, {"deleteConditionalFormatRule": {"sheetId": 0, "index": 0}})
    assert deleted["deleteConditionalFormatRule"] == {"rule": third}
    assert "No conditional format" in refused(ana, sheet, {"deleteConditionalFormatRule": {"sheetId": 0, "index": 5}})
    assert "not possible" in refused(ana, sheet, add_rule(rule("NUMBER_BETWEEN", "1")))


def test_a_rule_follows_its_rows(ana: Person, sheet: str) -> None:
    """Believed: references in a custom formula follow inserted rows, as the range does."""
    write(ana, sheet, "A1:A3", [["limit"], [5], [9]])
    batch(ana, sheet, add_rule(rule("CUSTOM_FORMULA", "=$A2>$A$2", over=area(1, 3, 0, 1))))
    batch(ana, sheet, {"insertDimension": {"range": dimension(0, 2)}})
    assert [row[0] for row in backgrounds(ana, sheet, "A4:A5")] == [WHITE, GREEN]


def test_borders_are_put_around_and_within_a_range(ana: Person, sheet: str) -> None:
    """UpdateBorders: "If a field is not set in the request, that means the border remains as-is"; NONE clears."""
    thin = {"style": "SOLID", "color": RED}
    batch(ana, sheet, {"updateBorders": {"range": area(0, 2, 0, 2), "top": thin, "innerVertical": thin}})
    batch(ana, sheet, {"updateBorders": {"range": area(0, 2, 0, 2), "bottom": thin}})
    sides = [[sorted(cell["borders"]) for cell in row] for row in cells(ana, sheet, "A1:B2", "userEnteredFormat")]
    assert sides == [[["right", "top"], ["left", "top"]], [["bottom", "right"], ["bottom", "left"]]]
    none = {"style": "NONE"}
    batch(ana, sheet, {"updateBorders": {"range": area(0, 1, 0, 1), "top": none, "right": none}})
    assert cells(ana, sheet, "A1:B2", "userEnteredFormat")[0][0] is None


def test_cells_are_merged_and_unmerged(ana: Person, sheet: str) -> None:
    """MergeCells (all, by column, by row) and UnmergeCells; part of a merge cannot be merged or unmerged."""
    write(ana, sheet, "A1:B3", [["a", "b"], ["c", "d"], ["e", "f"]])
    batch(ana, sheet, {"mergeCells": {"range": area(0, 2, 0, 2), "mergeType": "MERGE_ROWS"}})
    assert tab(ana, sheet)["merges"] == answered([area(0, 1, 0, 2), area(1, 2, 0, 2)])
    assert read(ana, sheet, "A1:B3") == [["a"], ["c"], ["e", "f"]]
    said = refused(ana, sheet, {"unmergeCells": {"range": area(0, 2, 0, 1)}})
    assert "You must select all cells in a merged range" in said
    batch(ana, sheet, {"mergeCells": {"range": area(0, 3, 0, 2), "mergeType": "MERGE_COLUMNS"}})
    assert tab(ana, sheet)["merges"] == answered([area(0, 3, 0, 1), area(0, 3, 1, 2)])
    batch(ana, sheet, {"unmergeCells": {"range": area(0, 5, 0, 5)}})
    assert "merges" not in tab(ana, sheet)


def test_a_chart_is_kept_changed_moved_and_deleted(ana: Person, sheet: str) -> None:
    """AddChart, UpdateChartSpec, UpdateEmbeddedObjectPosition, DeleteEmbeddedObject; it hangs from its cell."""
    spec = {"title": "Minutes", "basicChart": {"chartType": "COLUMN"}}
    anchor = {"sheetId": 0, "rowIndex": 2, "columnIndex": 4}
    chart = {"spec": spec, "position": {"overlayPosition": {"anchorCell": anchor}}}
    [reply] = batch(ana, sheet, {"addChart": {"chart": chart}})
    made = reply["addChart"]["chart"]
    assert made["position"]["overlayPosition"]["anchorCell"] == anchor
    chart_id = made["chartId"]
    moved = {"overlayPosition": {"widthPixels": 300}}
    batch(
        ana,
        sheet,
        {"updateChartSpec": {"chartId": chart_id, "spec": {**spec, "title": "Hours"}}},
        {"updateEmbeddedObjectPosition": {"objectId": chart_id, "newPosition": moved, "fields": "widthPixels"}},
        {"insertDimension": {"range": dimension(0, 1)}},
    )
    [shown] = tab(ana, sheet)["charts"]
    overlay = shown["position"]["overlayPosition"]
    assert shown["spec"]["title"] == "Hours"
    assert (overlay["anchorCell"]["rowIndex"], overlay["widthPixels"]) == (3, 300)
    batch(ana, sheet, {"deleteEmbeddedObject": {"objectId": chart_id}})
    assert "charts" not in tab(ana, sheet)
    assert "No embedded object" in refused(ana, sheet, {"deleteEmbeddedObject": {"objectId": chart_id}})


def test_a_filter_sorts_and_hides_rows(ana: Person, sheet: str) -> None:
    """SetBasicFilter and ClearBasicFilter; DimensionProperties.hiddenByFilter. Hidden rows are read all the same."""
    write(ana, sheet, "A1:B4", [["ID", "Status"], ["c", "Done"], ["a", "Open"], ["b", "Late"]])
    criteria = {"columnIndex": 1, "filterCriteria": {"hiddenValues": ["Done", "Status"]}}
    late = {
        "columnIndex": 0,
        "filterCriteria": {"condition": {"type": "TEXT_NOT_CONTAINS", "values": [{"userEnteredValue": "b"}]}},
    }
    wanted = {
        "range": area(0, 4, 0, 2),
        "sortSpecs": [{"dimensionIndex": 0, "sortOrder": "ASCENDING"}],
        "filterSpecs": [criteria, late],
    }
    batch(ana, sheet, {"setBasicFilter": {"filter": wanted}})
    assert read(ana, sheet, "A1:A4") == [["ID"], ["a"], ["b"], ["c"]]
    found = tab(ana, sheet, includeGridData=True, ranges=["A1:B4"])
    assert [row.get("hiddenByFilter", False) for row in found["data"][0]["rowMetadata"]] == [False, False, True, True]
    assert found["basicFilter"] == answered(wanted)
    batch(ana, sheet, {"clearBasicFilter": {"sheetId": 0}})
    assert "basicFilter" not in tab(ana, sheet)


def test_filter_views_are_kept(ana: Person, sheet: str) -> None:
    """AddFilterView, UpdateFilterView, DuplicateFilterView, DeleteFilterView."""
    view = {"title": "Open ones", "range": area(0, 9, 0, 2), "filterViewId": 5}
    batch(ana, sheet, {"addFilterView": {"filter": view}})
    renamed = {"filterViewId": 5, "title": "Late ones"}
    [_, copy] = batch(
        ana,
        sheet,
        {"updateFilterView": {"filter": renamed, "fields": "title"}},
        {"duplicateFilterView": {"filterId": 5}},
    )
    assert [one["title"] for one in tab(ana, sheet)["filterViews"]] == ["Late ones", "Copy of Late ones"]
    copied = copy["duplicateFilterView"]["filter"]["filterViewId"]
    batch(ana, sheet, {"deleteFilterView": {"filterId": 5}}, {"deleteFilterView": {"filterId": copied}})
    assert "filterViews" not in tab(ana, sheet)
    assert "No filter view" in refused(ana, sheet, {"deleteFilterView": {"filterId": 5}})


def test_a_named_range_is_changed_and_deleted(ana: Person, sheet: str) -> None:
    """UpdateNamedRange and DeleteNamedRange."""
    write(ana, sheet, "A1:B1", [["a", "b"]])
    named = {"namedRangeId": "n", "name": "one", "range": area(0, 1, 0, 1)}
    batch(ana, sheet, {"addNamedRange": {"namedRange": named}})
    update = {"namedRange": {"namedRangeId": "n", "range": area(0, 1, 1, 2)}, "fields": "range"}
    batch(ana, sheet, {"updateNamedRange": update})
    assert read(ana, sheet, "one") == [["b"]]
    batch(ana, sheet, {"deleteNamedRange": {"namedRangeId": "n"}})
    request = ana.sheets.values().get(spreadsheetId=sheet, range="one")
    assert message_of(request) == "Unable to parse range: one"


def test_a_protection_is_changed(ana: Person, robot: Person, sheet: str) -> None:
    """UpdateProtectedRange; parts of a protected sheet may stay open (unprotectedRanges)."""
    strict = {"range": {"sheetId": 0}, "unprotectedRanges": [area(0, 9, 0, 1)], "editors": {"users": [SERVICE_ACCOUNT]}}
    [reply] = batch(robot, sheet, {"addProtectedRange": {"protectedRange": strict}})
    key = reply["addProtectedRange"]["protectedRange"]["protectedRangeId"]
    write(ana, sheet, "A1", [["open"]])
    body = {"values": [["x", "y"]]}
    request = ana.sheets.values().update(spreadsheetId=sheet, range="A1:B1", valueInputOption="RAW", body=body)
    assert "protected cell" in message_of(request)
    change = {"protectedRange": {"protectedRangeId": key, "warningOnly": True}, "fields": "warningOnly"}
    assert "protected cell" in refused(ana, sheet, {"updateProtectedRange": change})
    batch(robot, sheet, {"updateProtectedRange": change})
    request.execute()
    assert read(ana, sheet, "A1:B1") == [["x", "y"]]
    assert "editors" not in tab(ana, sheet)["protectedRanges"][0]


def test_groups_are_deleted_and_collapsed(ana: Person, sheet: str) -> None:
    """DeleteDimensionGroup's own example: B:E at depth 1, C:D at depth 2; deleting D:E leaves B:D and C:C.
    UpdateDimensionGroup hides and shows the rows or columns."""
    batch(
        ana,
        sheet,
        {"addDimensionGroup": {"range": dimension(1, 5, "COLUMNS")}},
        {"addDimensionGroup": {"range": dimension(2, 4, "COLUMNS")}},
    )
    [reply] = batch(ana, sheet, {"deleteDimensionGroup": {"range": dimension(3, 5, "COLUMNS")}})
    outer = {"range": dimension(1, 4, "COLUMNS"), "depth": 1}
    assert reply["deleteDimensionGroup"]["dimensionGroups"] == [
        outer,
        {"range": dimension(2, 3, "COLUMNS"), "depth": 2},
    ]
    collapse = {"dimensionGroup": {**outer, "collapsed": True}, "fields": "collapsed"}
    batch(ana, sheet, {"updateDimensionGroup": collapse})
    found = tab(ana, sheet, includeGridData=True, ranges=["A1:E1"])
    hidden = [one.get("hiddenByUser", False) for one in found["data"][0]["columnMetadata"]]
    assert hidden == [False, True, True, True, False]
    assert found["columnGroups"][0]["collapsed"] is True


def test_cells_are_appended_below_the_last_row_with_data(ana: Person, sheet: str) -> None:
    """AppendCells: "Adds new cells after the last row with data in a sheet"; formats alone are no data."""
    write(ana, sheet, "B2", [["x"]])
    row = {"values": [{"userEnteredValue": {"stringValue": "new"}}]}
    batch(ana, sheet, {"appendCells": {"sheetId": 0, "rows": [row], "fields": "userEnteredValue"}})
    assert read(ana, sheet, "A1:B3") == [[], ["", "x"], ["new"]]


def test_a_sheet_is_copied_to_another_spreadsheet(ana: Person, drive_id: str, sheet: str) -> None:
    """spreadsheets.sheets.copyTo: "Returns the properties of the newly created sheet"."""
    kind = "application/vnd.google-apps.spreadsheet"
    body = {"name": "other", "mimeType": kind, "parents": [drive_id]}
    other = ana.drive.files().create(body=body, supportsAllDrives=True).execute()["id"]
    write(ana, sheet, "A1:B1", [[2, "=A1*2"]])
    batch(ana, sheet, add_rule(rule("NOT_BLANK")))
    copy = {"destinationSpreadsheetId": other}
    made = ana.sheets.sheets().copyTo(spreadsheetId=sheet, sheetId=0, body=copy).execute()
    assert (made["title"], made["index"]) == ("Copy of Sheet1", 1)
    assert read(ana, other, "'Copy of Sheet1'!A1:B1") == [[2, 4]]
    found = ana.sheets.get(spreadsheetId=other).execute()["sheets"][1]
    assert found["conditionalFormats"][0]["ranges"][0]["sheetId"] == made["sheetId"]
    nowhere = ana.sheets.sheets().copyTo(spreadsheetId=sheet, sheetId=0, body={"destinationSpreadsheetId": "none"})
    assert refusal(nowhere) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "request_", ["textToColumns", "autoFill", "addBanding", "insertRange", "deleteRange", "addTable", "pasteData"]
)
def test_what_is_not_built_is_refused_by_name(ana: Person, sheet: str, request_: str) -> None:
    """The sandbox never makes up a success."""
    request = ana.sheets.batchUpdate(spreadsheetId=sheet, body={"requests": [{request_: {}}]})
    assert refusal(request) == (501, "UNIMPLEMENTED")
    assert request_ in message_of(request)


def test_all_cells_come_with_include_grid_data_alone(ana: Person, sheet: str) -> None:
    """spreadsheets.get: includeGridData without fields and ranges gives every sheet's cells; cut by fields, less."""
    write(ana, sheet, "A1:B2", [["a", 1], ["", "=B1*2"]])
    whole = ana.sheets.get(spreadsheetId=sheet, includeGridData=True).execute()["sheets"][0]["data"][0]
    assert [[cell.get("formattedValue") for cell in row["values"]] for row in whole["rowData"]] == [
        ["a", "1"],
        [None, "2"],
    ]
    assert (len(whole["rowMetadata"]), len(whole["columnMetadata"])) == (1000, 26)
    cell = whole["rowData"][1]["values"][1]
    assert (cell["userEnteredValue"], cell["effectiveValue"]) == ({"formulaValue": "=B1*2"}, {"numberValue": 2})
    named = tab(ana, sheet, includeGridData=True, fields="sheets(properties)")
    assert "data" not in named


def test_an_answer_is_never_older_than_the_last_write(ana: Person, running: Any, sheet: str) -> None:
    """What was read once is read again after an edit, a renaming, and by another person."""
    write(ana, sheet, "A1", [["one"]])
    before = ana.sheets.get(spreadsheetId=sheet, includeGridData=True).execute()
    assert ana.sheets.get(spreadsheetId=sheet, includeGridData=True).execute() == before
    write(ana, sheet, "A1", [["two"]])
    ana.drive.files().update(fileId=sheet, body={"name": "Renamed"}, supportsAllDrives=True).execute()
    after = ana.sheets.get(spreadsheetId=sheet, includeGridData=True).execute()
    assert after["properties"]["title"] == "Renamed"
    assert after["sheets"][0]["data"][0]["rowData"][0]["values"][0]["formattedValue"] == "two"


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"updateSheetProperties": {"properties": {"sheetId": 0, "title": "x"}, "fields": "name"}}, "name"),
        (
            {"repeatCell": {"range": {"sheetId": 0}, "cell": {}, "fields": "userEnteredFormat.bold"}},
            "userEnteredFormat/bold",
        ),
        ({"updateDimensionProperties": {"range": dimension(0, 1), "properties": {}, "fields": "width"}}, "width"),
    ],
)
def test_a_mask_names_fields_that_there_are(ana: Person, sheet: str, asked: dict[str, Any], named: str) -> None:
    """`fields` of the requests: a FieldMask, whose paths are fields of what is updated."""
    assert f"Invalid field selection {named}" in refused(ana, sheet, asked)


def test_a_tab_with_cells_of_others_is_not_deleted(ana: Person, robot: Person, sheet: str) -> None:
    """Believed: a protection holds against the deletion of the sheet, too; one that only warns does not."""
    batch(ana, sheet, {"addSheet": {"properties": {"sheetId": 7}}})
    warning = {"range": area(0, 1, 0, 1), "warningOnly": True}
    strict = {"range": {**area(0, 1, 0, 1), "sheetId": 7}, "editors": {"users": ["ana@soffid.example"]}}
    batch(ana, sheet, *({"addProtectedRange": {"protectedRange": one}} for one in (warning, strict)))
    assert "protected cell" in refused(robot, sheet, {"deleteSheet": {"sheetId": 7}})
    batch(robot, sheet, {"deleteSheet": {"sheetId": 0}})
    assert [one["properties"]["sheetId"] for one in ana.sheets.get(spreadsheetId=sheet).execute()["sheets"]] == [7]

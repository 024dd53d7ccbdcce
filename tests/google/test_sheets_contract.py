"""The adapter of Sheets against the sandbox, over HTTP, through gspread."""

from __future__ import annotations

import pytest
from google_helpers import Patience, SandboxServer

from deploylog import errors
from deploylog.google.connect import Google
from deploylog.google.sheets import Cell, CellWrite, MissingTab, Sheets, TabInfo

TAB = "O'Brien's log"


@pytest.fixture
def sheets(google: Google) -> Sheets:
    return google.sheets


@pytest.fixture
def file_id(google: Google) -> str:
    """A spreadsheet with one tab more, of 20 rows and 5 columns."""
    drive_id = google.drive.shared_drive("Soffid")
    folder = google.drive.create_folder(drive_id, "DEPLOYMENTS")
    made = google.drive.create_spreadsheet(folder.id, "log", {}).id
    properties = {"title": TAB, "gridProperties": {"rowCount": 20, "columnCount": 5}}
    google.sheets.batch_update(made, [{"addSheet": {"properties": properties}}], repeat=False)
    return made


def test_a_spreadsheet_describes_itself(sheets: Sheets, file_id: str) -> None:
    info = sheets.describe(file_id)
    assert (info.title, info.time_zone, info.locale) == ("log", "Europe/Madrid", "es_ES")
    tab = info.tabs[TAB]
    assert (tab.title, tab.rows, tab.columns) == (TAB, 20, 5)
    assert len(info.tabs) == 2


def test_values_come_back_as_they_were_written(sheets: Sheets, file_id: str) -> None:
    """RAW stores as is; trailing empty cells and rows are left out (Sheets API, "Read & write cell values")."""
    values: list[Cell] = ["=1+1", "7", 7, 2.5, True]
    sheets.write(file_id, [CellWrite(TAB, 2, column, value) for column, value in enumerate(values, start=1)])
    assert sheets.read(file_id, [TAB]) == {TAB: [[], values]}


def test_dates_are_read_as_days_in_the_spreadsheets_own_time(sheets: Sheets, file_id: str) -> None:
    """SERIAL_NUMBER: days since 1899-12-30; 9 December 2026 is day 46365, nine o'clock three eighths of a day."""
    sheets._client.values_update(
        file_id, f"'{TAB.replace(chr(39), chr(39) * 2)}'!A1", {"valueInputOption": "USER_ENTERED"},
        {"values": [["9/12/2026 9:00"]]},
    )  # fmt: skip
    assert sheets.read(file_id, [TAB]) == {TAB: [[46365.375]]}


def test_several_tabs_are_read_in_one_call(sheets: Sheets, file_id: str, sandbox: SandboxServer) -> None:
    first = next(iter(sheets.describe(file_id).tabs))
    sheets.write(file_id, [CellWrite(TAB, 1, 1, "b"), CellWrite(first, 1, 2, "a")])
    assert sheets.read(file_id, [first, TAB]) == {first: [["", "a"]], TAB: [["b"]]}
    assert sheets.read(file_id, []) == {}
    assert sandbox.calls()["sheets.spreadsheets.values.batchGet"] == 1
    assert sandbox.calls()["sheets.spreadsheets.values.batchUpdate"] == 1


def test_cells_read_with_the_zone_are_those_read_alone(sheets: Sheets, file_id: str, sandbox: SandboxServer) -> None:
    first = next(iter(sheets.describe(file_id).tabs))
    rows = [["=1/0", "=#N/A", "=NOSUCH(1)", "=1+1", '="a"&"b"'], ["7", 7, 2.5, True, False], ["", "  ", "", "x", ""]]
    sheets._client.values_update(
        file_id, f"'{TAB.replace(chr(39), chr(39) * 2)}'!A2", {"valueInputOption": "USER_ENTERED"}, {"values": rows}
    )
    sheets._client.values_update(
        file_id, f"'{TAB.replace(chr(39), chr(39) * 2)}'!B7", {"valueInputOption": "USER_ENTERED"},
        {"values": [["9/12/2026 9:00", "50%"]]},
    )  # fmt: skip
    tabs, before = [TAB, first], sandbox.calls()
    zone, cells = sheets.read_with_zone(file_id, tabs)
    assert sandbox.calls().get("sheets.spreadsheets.get", 0) == before.get("sheets.spreadsheets.get", 0) + 1
    assert zone == "Europe/Madrid"
    assert cells == sheets.read(file_id, tabs)
    assert cells[TAB][1][3] == 2
    assert cells[first] == []


def test_a_missing_tab_is_named_where_the_zone_is_read_too(sheets: Sheets, file_id: str) -> None:
    with pytest.raises(MissingTab) as caught:
        sheets.read_with_zone(file_id, [TAB, "Deploy'ments"])
    assert caught.value.tab == "Deploy'ments"


def test_a_write_changes_the_named_cells_only_and_an_empty_value_clears(sheets: Sheets, file_id: str) -> None:
    sheets.write(file_id, [CellWrite(TAB, row, column, f"{row}{column}") for row in (1, 2) for column in (1, 2, 3)])
    sheets.write(
        file_id,
        [CellWrite(TAB, 1, 2, None), CellWrite(TAB, 2, 1, ""), CellWrite(TAB, 2, 3, "x"), CellWrite(TAB, 2, 3, "y")],
    )
    assert sheets.read(file_id, [TAB]) == {TAB: [["11", "", "13"], ["", "22", "y"]]}


def test_nothing_to_write_is_no_call(sheets: Sheets, file_id: str, sandbox: SandboxServer) -> None:
    sheets.write(file_id, [])
    assert "sheets.spreadsheets.values.batchUpdate" not in sandbox.calls()


def test_a_missing_tab_is_named(sheets: Sheets, file_id: str) -> None:
    with pytest.raises(MissingTab, match="The spreadsheet has no tab Deploy'ments; give the tab") as caught:
        sheets.read(file_id, [TAB, "Deploy'ments"])
    assert caught.value.tab == "Deploy'ments"
    with pytest.raises(MissingTab) as caught:
        sheets.write(file_id, [CellWrite(TAB, 1, 1, "a"), CellWrite("Gone", 1, 1, "b")])
    assert caught.value.tab == "Gone"
    assert sheets.read(file_id, [TAB]) == {TAB: []}


def test_a_cell_outside_the_grid_is_refused(sheets: Sheets, file_id: str) -> None:
    with pytest.raises(errors.Refused) as caught:
        sheets.write(file_id, [CellWrite(TAB, 21, 1, "a")])
    assert not isinstance(caught.value, MissingTab)


def test_an_unknown_spreadsheet_is_not_found(sheets: Sheets) -> None:
    with pytest.raises(errors.NotFound, match=r"^Sheets answered 404 to sheets\.spreadsheets\.values\.batchGet: "):
        sheets.read("nothing-of-that-id", ["A"])


def test_a_tab_grows_to_what_is_needed_and_never_shrinks(sheets: Sheets, file_id: str, sandbox: SandboxServer) -> None:
    tab = sheets.describe(file_id).tabs[TAB]
    before = sandbox.calls()
    assert sheets.grow(file_id, tab, 20, 5) == tab
    assert sandbox.calls() == before
    grown = sheets.grow(file_id, tab, 25, 3)
    assert (grown.rows, grown.columns) == (25, 5)
    assert sheets.describe(file_id).tabs[TAB] == grown


def test_rows_that_staff_added_meanwhile_are_kept_by_growing(sheets: Sheets, file_id: str) -> None:
    stale = sheets.describe(file_id).tabs[TAB]
    sheets.grow(file_id, stale, 40, 5)
    sheets.write(file_id, [CellWrite(TAB, 40, 1, "by staff")])
    assert sheets.grow(file_id, stale, 25, 8).rows == 40
    assert sheets.read(file_id, [TAB])[TAB][39] == ["by staff"]


@pytest.mark.parametrize("mode", ["drop", "error"])
def test_growing_is_repeated_without_growing_twice(
    mode: str, sheets: Sheets, file_id: str, sandbox: SandboxServer
) -> None:
    tab = sheets.describe(file_id).tabs[TAB]
    sandbox.fault("sheets.spreadsheets.batchUpdate", mode)
    grown = sheets.grow(file_id, tab, 25, 7)
    assert (grown.rows, grown.columns) == (25, 7)
    assert sheets.describe(file_id).tabs[TAB] == grown


def test_growing_a_tab_that_is_gone_says_so(sheets: Sheets, file_id: str) -> None:
    with pytest.raises(MissingTab):
        sheets.grow(file_id, TabInfo(987, "Gone", 1, 1), 5, 5)


def test_writes_and_reads_are_repeated(
    sheets: Sheets, file_id: str, sandbox: SandboxServer, patience: Patience
) -> None:
    """A 503 may come although the write happened; an absolute write is the same twice."""
    sandbox.fault("sheets.spreadsheets.values.batchUpdate", "drop")
    sheets.write(file_id, [CellWrite(TAB, 1, 1, "a")])
    sandbox.fault("sheets.spreadsheets.values.batchGet", "error", status=429)
    assert sheets.read(file_id, [TAB]) == {TAB: [["a"]]}
    assert len(patience.waits) == 2


def test_requests_are_repeated_only_where_the_caller_says_so(
    sheets: Sheets, file_id: str, sandbox: SandboxServer, patience: Patience
) -> None:
    title = {"updateSpreadsheetProperties": {"properties": {"title": "other"}, "fields": "title"}}
    sandbox.fault("sheets.spreadsheets.batchUpdate", "drop")
    assert sheets.batch_update(file_id, [title], repeat=True) == [{}]
    assert len(patience.waits) == 1

    before = sandbox.calls()["sheets.spreadsheets.batchUpdate"]
    sandbox.fault("sheets.spreadsheets.batchUpdate", "drop")
    with pytest.raises(errors.InDoubt):
        sheets.batch_update(file_id, [{"addSheet": {"properties": {"title": "New"}}}], repeat=False)
    assert sandbox.calls()["sheets.spreadsheets.batchUpdate"] == before + 1
    assert "New" in sheets.describe(file_id).tabs


def test_a_batch_gives_its_replies(sheets: Sheets, file_id: str) -> None:
    (reply,) = sheets.batch_update(file_id, [{"addSheet": {"properties": {"title": "History"}}}], repeat=False)
    assert reply["addSheet"]["properties"]["title"] == "History"

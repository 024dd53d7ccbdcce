"""What gspread's own conveniences need of the sandbox, each as a user of gspread would call it.

gspread is tested against Google itself, and keeps Google's answers beside its tests
(https://github.com/burnash/gspread/tree/master/tests/cassettes): what it sends, Google takes.
"""

from __future__ import annotations

import pytest
from gspread.exceptions import APIError
from gspread.spreadsheet import Spreadsheet
from gspread.utils import ExportFormat
from gspread.worksheet import Worksheet
from workspace_clients import OUTSIDER, STAFF, Person, refusal


@pytest.fixture
def book(ana: Person, sheet: str) -> Spreadsheet:
    return ana.gspread.open_by_key(sheet)


@pytest.fixture
def tab(book: Spreadsheet) -> Worksheet:
    book.sheet1.update([["ID", "Status", "Minutes"], ["DIBA-0001", "Done", 15], ["DIBA-0002", "Draft", 30]], "A1")
    return book.sheet1


def test_a_whole_row_is_read_from_a_column_on(tab: Worksheet) -> None:
    """`row_values` asks for `A2:2`."""
    assert tab.row_values(2) == ["DIBA-0001", "Done", "15"]
    assert tab.get("B2:2") == [["Done", "15"]]


def test_a_name_is_found_with_a_tab_before_it(book: Spreadsheet, tab: Worksheet) -> None:
    """`named_range` asks for `'Sheet1'!minutes` (https://github.com/burnash/gspread/pull/809)."""
    tab.define_named_range("C2:C3", "minutes")
    assert [cell.value for cell in book.named_range("minutes")] == ["15", "30"]
    assert tab.get("minutes") == [["15"], ["30"]]


def test_spreadsheets_are_found_by_their_title(ana: Person, book: Spreadsheet) -> None:
    """`open` and `openall` put the type in double quotes."""
    assert book.title in [one.title for one in ana.gspread.openall()]
    assert ana.gspread.open(book.title).id == book.id


def test_a_tab_is_duplicated_with_its_place_left_open(book: Spreadsheet, tab: Worksheet) -> None:
    """`duplicate` sends a null for what is not given, as JSON of protocol buffers allows."""
    copy = tab.duplicate(new_sheet_name="Copy")
    assert copy.get_all_values() == tab.get_all_values()
    assert [one.title for one in book.worksheets()] == ["Copy", "Sheet1"]


def test_a_spreadsheet_is_shared_and_unshared(book: Spreadsheet) -> None:
    """`share` sends `withLink`, of an older version of Drive."""
    book.share(OUTSIDER, perm_type="user", role="writer", notify=False)
    assert (OUTSIDER, "writer") in [(one.get("emailAddress"), one["role"]) for one in book.list_permissions()]
    assert book.remove_permissions(OUTSIDER, role="writer")
    assert OUTSIDER not in [one.get("emailAddress") for one in book.list_permissions()]


def test_when_it_was_changed_is_asked_with_a_parameter_of_another_method(book: Spreadsheet, tab: Worksheet) -> None:
    assert book.get_lastUpdateTime() == "2026-11-30T08:00:00.000Z"


def test_a_name_for_something_else_is_still_refused(ana: Person, sheet: str) -> None:
    """What is overlooked is overlooked only where a client is known to send it."""
    assert ana.http.get(f"{ana.origin}/drive/v3/files?withLink=true", timeout=10).status_code == 400
    body = {"name": "x", "withLink": True}
    assert refusal(ana.drive.files().create(body=body)) == (400, "badRequest")


def test_a_range_of_the_first_tab_does_not_name_it_in_an_answer(book: Spreadsheet, tab: Worksheet) -> None:
    """The id 0 is left out (https://github.com/nithinmurali/pygsheets/issues/105), in the properties of a tab not."""
    tab.merge_cells("A5:B6")
    tab.define_named_range("A1:B2", "corner")
    tab.add_protected_range("C1:C2", editor_users_emails=[STAFF])
    answer = book.fetch_sheet_metadata()
    assert answer["sheets"][0]["properties"]["sheetId"] == 0
    merged, named, protected = (
        answer["sheets"][0]["merges"][0],
        answer["namedRanges"][0]["range"],
        answer["sheets"][0]["protectedRanges"][0]["range"],
    )
    assert merged == {"startRowIndex": 4, "endRowIndex": 6, "startColumnIndex": 0, "endColumnIndex": 2}
    assert named == {"startRowIndex": 0, "endRowIndex": 2, "startColumnIndex": 0, "endColumnIndex": 2}
    assert "sheetId" not in protected
    other = book.add_worksheet("Other", 10, 5)
    other.merge_cells("A1:B1")
    assert book.fetch_sheet_metadata()["sheets"][1]["merges"][0]["sheetId"] == other.id


def test_a_protection_must_leave_its_maker_as_an_editor(tab: Worksheet) -> None:
    """`editor_users_emails` "must at least contain the e-mail address used to open that SpreadSheet"."""
    with pytest.raises(APIError, match="You can't remove yourself as an editor"):
        tab.add_protected_range("A1:B2", editor_users_emails=[OUTSIDER])
    tab.add_protected_range("A1:B2", editor_users_emails=[OUTSIDER, STAFF])


@pytest.mark.parametrize("form", [ExportFormat.PDF, ExportFormat.EXCEL])
def test_what_the_sandbox_cannot_export_it_says(book: Spreadsheet, form: str) -> None:
    with pytest.raises(APIError, match=r"501.*text/csv only"):
        book.export(form)


def test_another_version_of_an_api_is_said_not_to_be_there(ana: Person, book: Spreadsheet) -> None:
    """`import_csv` uses Drive v2."""
    with pytest.raises(APIError, match=r"501.*Drive v3"):
        ana.gspread.import_csv(book.id, "a,b\n1,2")

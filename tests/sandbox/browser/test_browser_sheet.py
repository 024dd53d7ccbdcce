"""The grid of `/sheets/ID`: cells edited by keyboard and mouse, what is refused, and what others change meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect
from sheet_contents import fill
from visitor import Visitor
from workspace_clients import OUTSIDER, STAFF, Person

Visit = Callable[..., Visitor]


@pytest.fixture
def log(ana: Person, sheet: str) -> str:
    fill(ana, sheet)
    return sheet


def at_grid(visit: Visit, log: str, cell: str, who: str = STAFF, **window: Any) -> Visitor:
    """A visitor who has pressed a cell."""
    visitor = visit(f"/sheets/{log}?as={who}", **window)
    visitor.cell(cell).click(position={"x": 6, "y": 10})
    expect(visitor.cell(cell)).to_be_focused()
    return visitor


def value(person: Person, log: str, cell: str, option: str = "UNFORMATTED_VALUE") -> Any:
    request = person.sheets.values().get(spreadsheetId=log, range=cell, valueRenderOption=option)
    values = request.execute().get("values")
    return values[0][0] if values else None


def write(person: Person, log: str, cell: str, content: object) -> None:
    body = {"values": [[content]]}
    person.sheets.values().update(spreadsheetId=log, range=cell, valueInputOption="RAW", body=body).execute()


def share(person: Person, log: str, role: str) -> None:
    body = {"type": "user", "role": role, "emailAddress": OUTSIDER}
    person.drive.permissions().create(
        fileId=log, body=body, supportsAllDrives=True, sendNotificationEmail=False
    ).execute()


def test_typing_into_a_cell_replaces_it_and_goes_down(visit: Visit, ana: Person, log: str) -> None:
    visitor = at_grid(visit, log, "D2")
    visitor.type("20")
    visitor.press("Enter")
    expect(visitor.cell("D3")).to_be_focused()
    expect(visitor.status).to_have_text("Saved.")
    assert value(ana, log, "D2") == 20


def test_arrows_tab_and_enter_lead_through_the_grid(visit: Visit, log: str) -> None:
    visitor = at_grid(visit, log, "B2")
    visitor.press("ArrowDown", "ArrowRight", "ArrowRight")
    expect(visitor.cell("D3")).to_be_focused()
    visitor.press("Tab")
    expect(visitor.cell("E3")).to_be_focused()
    visitor.press("Home", "ArrowUp", "ArrowUp")
    expect(visitor.cell("A1")).to_be_focused()
    visitor.press("Control+End")
    expect(visitor.page.locator("#address")).to_have_text("Z4")


def test_a_formula_is_calculated_and_shown_above_the_grid(visit: Visit, log: str) -> None:
    visitor = at_grid(visit, log, "D6")
    visitor.type("=SUM(D2:D4)")
    visitor.press("Enter", "ArrowUp")
    expect(visitor.cell("D6")).to_have_text("90")
    expect(visitor.page.locator("#content code")).to_have_text("=SUM(D2:D4)")


def test_enter_edits_what_is_there_and_alt_enter_makes_a_line(visit: Visit, ana: Person, log: str) -> None:
    visitor = at_grid(visit, log, "E2")
    visitor.press("Enter", "End", "Alt+Enter")
    visitor.type("not at nine")
    visitor.press("Tab")
    expect(visitor.cell("F2")).to_be_focused()
    expect(visitor.status).to_have_text("Saved.")
    assert value(ana, log, "E2") == "before noon\nnot at nine"


def test_escape_leaves_a_cell_as_it_was(visit: Visit, ana: Person, log: str) -> None:
    visitor = at_grid(visit, log, "E2")
    visitor.type("something else")
    visitor.press("Escape")
    expect(visitor.cell("E2")).to_be_focused()
    expect(visitor.cell("E2")).to_have_text("before noon")
    assert value(ana, log, "E2") == "before noon"


def test_delete_empties_a_cell(visit: Visit, ana: Person, log: str) -> None:
    visitor = at_grid(visit, log, "E2")
    visitor.press("Delete")
    expect(visitor.status).to_have_text("Cleared.")
    assert value(ana, log, "E2") is None


def test_a_choice_is_made_by_keyboard(visit: Visit, ana: Person, log: str) -> None:
    visitor = at_grid(visit, log, "B2")
    visitor.press("Enter")
    expect(visitor.page.get_by_role("option")).to_have_text(["Draft", "Planned", "Done", "Rolled back"])
    expect(visitor.page.get_by_role("option", name="Planned")).to_have_attribute("aria-selected", "true")
    visitor.press("ArrowDown", "Enter")
    expect(visitor.cell("B2")).to_have_text("Done")
    expect(visitor.status).to_have_text("Saved.")
    assert value(ana, log, "B2") == "Done"


def test_a_choice_is_made_with_the_mouse(visit: Visit, ana: Person, log: str) -> None:
    visitor = visit(f"/sheets/{log}")
    box = visitor.cell("B3").bounding_box()
    assert box is not None
    visitor.page.mouse.click(box["x"] + box["width"] - 10, box["y"] + 12)
    visitor.page.get_by_role("option", name="Planned").click()
    expect(visitor.cell("B3")).to_have_text("Planned")
    expect(visitor.status).to_have_text("Saved.")
    assert value(ana, log, "B3") == "Planned"


def test_typing_narrows_the_choices_down(visit: Visit, ana: Person, log: str) -> None:
    visitor = at_grid(visit, log, "B2")
    visitor.type("rol")
    expect(visitor.page.get_by_role("option")).to_have_text(["Rolled back"])
    visitor.press("Enter")
    expect(visitor.status).to_have_text("Saved.")
    assert value(ana, log, "B2") == "Rolled back"


def test_what_is_none_of_the_choices_is_refused_with_a_sentence(visit: Visit, ana: Person, log: str) -> None:
    visitor = at_grid(visit, log, "B2")
    visitor.type("Perhaps")
    visitor.press("Enter")
    expect(visitor.status).to_contain_text("“Perhaps” is not one of the choices: Draft, Planned, Done, Rolled back.")
    expect(visitor.cell("B2")).to_have_text("Planned")
    assert value(ana, log, "B2") == "Planned"


def test_a_box_is_ticked_by_the_space_bar_and_by_a_click(visit: Visit, ana: Person, log: str) -> None:
    visitor = at_grid(visit, log, "C2")
    visitor.press("Space")
    expect(visitor.cell("C2").get_by_role("checkbox")).to_be_checked()
    expect(visitor.status).to_have_text("Saved.")
    assert value(ana, log, "C2") is True
    visitor.cell("C4").get_by_role("checkbox").click()
    expect(visitor.cell("C4").get_by_role("checkbox")).not_to_be_checked()
    expect(visitor.page.locator("td.pending")).to_have_count(0)
    assert value(ana, log, "C4") is False


def test_a_cell_has_the_colour_of_the_condition_it_meets(visit: Visit, log: str) -> None:
    visitor = at_grid(visit, log, "B2")
    assert visitor.colour_of("B4") == "rgb(204, 255, 204)"
    assert visitor.colour_of("B2") == "rgb(255, 255, 255)"
    visitor.type("Done")
    visitor.press("Enter")
    expect(visitor.cell("B2")).to_have_css("background-color", "rgb(204, 255, 204)")


def test_a_colour_can_be_told_on_a_dark_page_too(visit: Visit, log: str) -> None:
    visitor = at_grid(visit, log, "B2", scheme="dark")
    assert visitor.colour_of("B4") != visitor.colour_of("B2")


def test_a_protected_cell_is_refused_and_shows_what_is_in_it(visit: Visit, ana: Person, log: str) -> None:
    share(ana, log, "writer")
    visitor = at_grid(visit, log, "A2", OUTSIDER)
    expect(visitor.page.locator("#content")).to_contain_text("Protected. IDs are given.")
    visitor.type("DIBA-0099")
    visitor.press("Enter")
    expect(visitor.status).to_contain_text("protected")
    expect(visitor.cell("A2")).to_have_text("DIBA-0001")
    assert value(ana, log, "A2") == "DIBA-0001"


def test_who_may_only_read_is_refused_and_told_so(visit: Visit, ana: Person, log: str) -> None:
    share(ana, log, "reader")
    visitor = at_grid(visit, log, "E2", OUTSIDER)
    visitor.type("me too")
    visitor.press("Enter")
    expect(visitor.status).to_have_text("The caller does not have permission")
    expect(visitor.cell("E2")).to_have_text("before noon")


def test_who_has_no_access_is_told_so(visit: Visit, log: str) -> None:
    visitor = visit(f"/sheets/{log}?as={OUTSIDER}")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text(f"{OUTSIDER} has no such spreadsheet")


def test_what_the_api_writes_appears_without_a_reload(visit: Visit, ana: Person, log: str) -> None:
    visitor = visit(f"/sheets/{log}")
    expect(visitor.cell("E3")).to_have_text("")
    visitor.page.evaluate("window.sameDocument = true")
    write(ana, log, "E3", "written by the daemon")
    visitor.wait()
    expect(visitor.cell("E3")).to_have_text("written by the daemon")
    assert visitor.page.evaluate("window.sameDocument") is True


def test_what_others_write_does_not_disturb_who_is_typing(visit: Visit, ana: Person, log: str) -> None:
    visitor = at_grid(visit, log, "E3")
    visitor.type("half a sen")
    write(ana, log, "E4", "written meanwhile")
    visitor.wait()
    expect(visitor.cell("E4")).to_have_text("written meanwhile")
    visitor.type("tence")
    visitor.press("Enter")
    expect(visitor.status).to_have_text("Saved.")
    assert value(ana, log, "E3") == "half a sentence"


def test_an_edit_stays_with_its_row_when_others_insert_one(visit: Visit, ana: Person, log: str) -> None:
    visitor = at_grid(visit, log, "E3")
    visitor.type("of the second deployment")
    above = {"sheetId": 0, "dimension": "ROWS", "startIndex": 1, "endIndex": 2}
    ana.sheets.batchUpdate(spreadsheetId=log, body={"requests": [{"insertDimension": {"range": above}}]}).execute()
    visitor.wait()
    expect(visitor.cell("A4")).to_have_text("DIBA-0002")
    visitor.press("Enter")
    expect(visitor.status).to_have_text("Saved.")
    assert value(ana, log, "E4") == "of the second deployment"


def test_a_row_is_inserted_deleted_and_brought_back(visit: Visit, ana: Person, log: str) -> None:
    visitor = at_grid(visit, log, "B3")
    visitor.page.get_by_role("button", name="Insert row above").click()
    expect(visitor.cell("A4")).to_have_text("DIBA-0002")
    visitor.cell("B4").click(position={"x": 6, "y": 10})
    visitor.page.get_by_role("button", name="Delete row").click()
    expect(visitor.cell("A4")).to_have_text("DIBA-0003")
    visitor.page.get_by_role("button", name="Undo").click()
    expect(visitor.cell("A4")).to_have_text("DIBA-0002")
    expect(visitor.cell("B4")).to_have_text("Draft")


def test_several_cells_are_pasted_at_once(visit: Visit, ana: Person, log: str) -> None:
    visitor = at_grid(visit, log, "D6")
    visitor.page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.setData("text/plain", "1\\ta\\n2\\tb\\n");
            const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
            document.activeElement.dispatchEvent(paste);
        }"""
    )
    expect(visitor.status).to_have_text("Saved.")
    assert [value(ana, log, cell) for cell in ("D6", "E6", "D7", "E7")] == [1, "a", 2, "b"]


def test_another_tab_opens_and_is_in_the_address(visit: Visit, ana: Person, log: str) -> None:
    history = {"addSheet": {"properties": {"sheetId": 7, "title": "History"}}}
    ana.sheets.batchUpdate(spreadsheetId=log, body={"requests": [history]}).execute()
    write(ana, log, "History!A1", "What happened")
    visitor = visit(f"/sheets/{log}")
    visitor.page.get_by_role("tab", name="History").click()
    expect(visitor.cell("A1")).to_have_text("What happened")
    visitor.page.reload()
    expect(visitor.page.get_by_role("tab", name="History")).to_have_attribute("aria-selected", "true")
    expect(visitor.cell("A1")).to_have_text("What happened")

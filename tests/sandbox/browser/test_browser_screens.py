"""Every page on a telephone, and with nothing but a keyboard."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect
from sheet_contents import fill
from visitor import Visitor
from workspace_clients import FOLDER, SPREADSHEET, Person

Visit = Callable[..., Visitor]
OWNER = "deployments@soffid.example"
LONG = "somebody.with.a.very.long.name.indeed@a-department-of-a-customer-far-away.example"
WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
PHONE = 380
"""Pixels across."""


@pytest.fixture
def furnished(running: Any, ana: Person, drive_id: str) -> dict[str, str]:
    """Pages by name, each with something in it that is too long for a telephone."""
    folder = {"name": f"Folder {WORD}", "mimeType": FOLDER, "parents": [drive_id]}
    inside = ana.drive.files().create(body=folder, supportsAllDrives=True).execute()["id"]
    log = {"name": f"{WORD} - Deployment log", "mimeType": SPREADSHEET, "parents": [inside]}
    sheet = ana.drive.files().create(body=log, supportsAllDrives=True).execute()["id"]
    fill(ana, sheet)
    ana.sheets.values().update(
        spreadsheetId=sheet, range="E2", valueInputOption="RAW", body={"values": [[f"{WORD} " * 20]]}
    ).execute()
    event = {
        "summary": f"Deployment {WORD}",
        "description": f"https://guide.example/{WORD}",
        "start": {"dateTime": "2026-12-01T09:00:00Z"},
        "end": {"dateTime": "2026-12-03T10:00:00Z"},
        "attendees": [{"email": LONG}],
    }
    calendar = running.person(OWNER).build("calendar", "v3")
    calendar.events().insert(calendarId="primary", body=event, sendUpdates="all").execute()
    gmail = running.person(OWNER).build("gmail", "v1").users()
    mail = f"To: {LONG}, {OWNER}\r\nSubject: {WORD.encode('ascii', 'ignore').decode()}\r\n"
    mail += f"Content-Type: text/html; charset=utf-8\r\n\r\n<table width=900><tr><td>{WORD}</td></tr></table>"
    raw = base64.urlsafe_b64encode(mail.encode()).decode()
    gmail.messages().send(userId="me", body={"raw": raw}).execute()
    thread = gmail.threads().list(userId="me", labelIds=["INBOX"]).execute()["threads"][0]["id"]
    return {
        "files": "/",
        "sheet": f"/sheets/{sheet}",
        "month": "/calendar#month,2026-12-01",
        "week": "/calendar#week,2026-12-01",
        "agenda": "/calendar#agenda,2026-11-30",
        "mailboxes": "/mail",
        "mailbox": f"/mail/{OWNER}",
        "conversation": f"/mail/{OWNER}#thread={thread}",
    }


def test_no_page_is_wider_than_a_telephone(visit: Visit, furnished: dict[str, str]) -> None:
    """Parts of a page, such as the grid, may be scrolled sideways; a page may not."""
    visitor = visit("/", width=PHONE)
    wider = {}
    for name, path in furnished.items():
        visitor.page.goto("about:blank")
        visitor.open(path)
        expect(visitor.page.locator(LOADED[name]).first).to_be_visible()
        wider[name] = visitor.pixels_beyond_the_window()
    assert wider == dict.fromkeys(furnished, 0)


LOADED = {
    "files": "a.file",
    "sheet": "td.list",
    "month": ".chip",
    "week": ".chip",
    "agenda": ".chip",
    "mailboxes": "a.file",
    "mailbox": ".threads a",
    "conversation": "iframe",
}
"""What shows that a page has drawn what it has to."""


def test_the_details_of_an_event_fit_a_telephone(visit: Visit, furnished: dict[str, str]) -> None:
    visitor = visit(furnished["agenda"], width=PHONE)
    visitor.page.locator(".chip").first.click()
    dialog = visitor.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert dialog.evaluate("one => one.scrollWidth - one.clientWidth") == 0
    assert visitor.pixels_beyond_the_window() == 0


def test_on_a_telephone_one_goes_from_the_list_to_a_conversation_and_back(
    visit: Visit, furnished: dict[str, str]
) -> None:
    visitor = visit(furnished["mailbox"], width=PHONE)
    entries = visitor.page.get_by_role("region", name="Conversations")
    entries.get_by_role("link").first.click()
    expect(entries).to_be_hidden()
    visitor.page.get_by_role("link", name="All conversations").click()
    expect(entries).to_be_visible()


def test_a_cell_is_edited_on_a_telephone(visit: Visit, furnished: dict[str, str]) -> None:
    visitor = visit(furnished["sheet"], width=PHONE)
    visitor.cell("B3").dblclick(position={"x": 6, "y": 10})
    visitor.page.get_by_role("option", name="Done").click()
    expect(visitor.cell("B3")).to_have_text("Done")
    expect(visitor.status).to_have_text("Saved.")


def test_a_cell_is_found_and_edited_with_nothing_but_the_keyboard(visit: Visit, ana: Person, sheet: str) -> None:
    """From the address bar to a file, into the grid, along it, and out again."""
    fill(ana, sheet)
    visitor = visit("/")
    file = visitor.page.get_by_role("link", name="DIBA - Deployment log")
    expect(file).to_be_visible()
    _tab_to(visitor, file)
    visitor.press("Enter")
    expect(visitor.cell("A1")).to_have_text("ID")
    _tab_to(visitor, visitor.cell("A1"))
    visitor.press("ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight")
    visitor.type("25")
    visitor.press("Enter")
    expect(visitor.status).to_have_text("Saved.")
    visitor.press("Escape")
    expect(visitor.page.get_by_role("button", name="Insert row above")).to_be_focused()
    values = ana.sheets.values().get(spreadsheetId=sheet, range="D2", valueRenderOption="UNFORMATTED_VALUE").execute()
    assert values["values"] == [[25]]


def test_a_mail_is_found_and_read_with_nothing_but_the_keyboard(visit: Visit, furnished: dict[str, str]) -> None:
    visitor = visit(furnished["mailbox"])
    entry = visitor.page.locator(".threads a").first
    expect(entry).to_be_visible()
    _tab_to(visitor, entry)
    visitor.press("Enter")
    expect(visitor.page.locator("iframe").first).to_be_visible()


@pytest.mark.parametrize("name", ["files", "sheet", "month", "mailbox"])
def test_whatever_has_the_focus_shows_it_and_has_a_name(visit: Visit, furnished: dict[str, str], name: str) -> None:
    """https://www.w3.org/WAI/WCAG22/Understanding/focus-visible.html, and name-role-value.html there."""
    visitor = visit(furnished[name])
    expect(visitor.page.locator(LOADED[name]).first).to_be_visible()
    seen = 0
    for _ in range(40):
        visitor.press("Tab")
        shown = visitor.page.evaluate(FOCUS)
        if shown is None or shown["element"] == "MAIN":
            break
        assert shown["outlined"], shown
        assert shown["name"] or shown["role"] == "gridcell", shown
        seen += 1
    assert seen >= 5


FOCUS = """() => {
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    const style = getComputedStyle(one);
    const label = one.getAttribute("aria-label") || one.labels?.[0]?.textContent || one.textContent;
    return {
        element: one.tagName, html: one.outerHTML.slice(0, 200), name: label.trim(), role: one.getAttribute("role"),
        outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0,
    };
}"""


def _tab_to(visitor: Visitor, wanted: Any) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(40):
        visitor.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError("the tab key does not lead there")

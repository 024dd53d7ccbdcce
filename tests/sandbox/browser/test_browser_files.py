"""The page `/`, as somebody sees it who was told nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect
from visitor import Visitor
from workspace_clients import FOLDER, OUTSIDER, SPREADSHEET, Person

Visit = Callable[..., Visitor]


def make(person: Person, name: str, kind: str, parent: str) -> str:
    body = {"name": name, "mimeType": kind, "parents": [parent]}
    return str(person.drive.files().create(body=body, supportsAllDrives=True).execute()["id"])


def test_a_drive_shows_its_folders_and_files_and_a_spreadsheet_opens(visit: Visit, ana: Person, drive_id: str) -> None:
    folder = make(ana, "DEPLOYMENTS", FOLDER, drive_id)
    make(ana, "DIBA - Deployment log", SPREADSHEET, folder)
    visitor = visit("/")
    expect(visitor.page.get_by_role("heading", name="Soffid")).to_be_visible()
    expect(visitor.page.locator("summary", has_text="DEPLOYMENTS")).to_be_visible()
    visitor.page.get_by_role("link", name="DIBA - Deployment log").click()
    expect(visitor.page.get_by_role("heading", name="DIBA - Deployment log")).to_be_visible()
    expect(visitor.page.get_by_role("grid", name="Sheet1")).to_be_visible()


def test_a_folder_closes_and_stays_closed_when_something_changes(visit: Visit, ana: Person, drive_id: str) -> None:
    folder = make(ana, "DEPLOYMENTS", FOLDER, drive_id)
    make(ana, "DIBA - Deployment log", SPREADSHEET, folder)
    visitor = visit("/")
    log = visitor.page.get_by_role("link", name="DIBA - Deployment log")
    expect(log).to_be_visible()
    visitor.page.locator("summary", has_text="DEPLOYMENTS").click()
    expect(log).to_be_hidden()
    make(ana, "Another", SPREADSHEET, drive_id)
    visitor.wait()
    expect(visitor.page.get_by_role("link", name="Another")).to_be_visible()
    expect(log).to_be_hidden()


def test_a_file_appears_and_goes_without_a_reload(visit: Visit, ana: Person, drive_id: str) -> None:
    visitor = visit("/")
    expect(visitor.page.get_by_role("heading", name="Soffid")).to_be_visible()
    file = make(ana, "ACME - Deployment log", SPREADSHEET, drive_id)
    visitor.wait()
    link = visitor.page.get_by_role("link", name="ACME - Deployment log")
    expect(link).to_be_visible()
    ana.drive.files().delete(fileId=file, supportsAllDrives=True).execute()
    visitor.wait()
    expect(link).to_have_count(0)


def test_files_are_filtered_by_name(visit: Visit, ana: Person, drive_id: str) -> None:
    for name in ("ACME - Deployment log", "DIBA - Deployment log"):
        make(ana, name, SPREADSHEET, drive_id)
    visitor = visit("/")
    visitor.page.get_by_role("searchbox", name="Filter files by name").fill("acme")
    expect(visitor.page.get_by_role("link", name="DIBA - Deployment log")).to_have_count(0)
    expect(visitor.page.get_by_role("link", name="ACME - Deployment log")).to_be_visible()


def test_who_can_see_a_file_is_told(visit: Visit, ana: Person, sheet: str) -> None:
    permission = {"type": "user", "role": "commenter", "emailAddress": OUTSIDER}
    ana.drive.permissions().create(
        fileId=sheet, body=permission, supportsAllDrives=True, sendNotificationEmail=False
    ).execute()
    visitor = visit("/")
    visitor.page.get_by_role("button", name="Who can see DIBA - Deployment log").click()
    dialog = visitor.page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem").filter(has_text=OUTSIDER)).to_contain_text("can comment")
    visitor.press("Escape")
    expect(dialog).to_have_count(0)


def test_another_person_sees_only_what_is_theirs(visit: Visit, ana: Person, sheet: str, drive_id: str) -> None:
    make(ana, "Not for everybody", SPREADSHEET, drive_id)
    permission = {"type": "user", "role": "reader", "emailAddress": OUTSIDER}
    ana.drive.permissions().create(
        fileId=sheet, body=permission, supportsAllDrives=True, sendNotificationEmail=False
    ).execute()
    visitor = visit("/")
    visitor.page.get_by_label("Acting as").fill(OUTSIDER)
    visitor.press("Enter")
    expect(visitor.page.get_by_role("heading", name="My files and shared with me")).to_be_visible()
    expect(visitor.page.get_by_role("link", name="DIBA - Deployment log")).to_be_visible()
    expect(visitor.page.get_by_text("Not for everybody")).to_have_count(0)


def test_a_file_that_is_no_spreadsheet_is_downloaded(visit: Visit, running: Any, ana: Person, drive_id: str) -> None:
    ana.http.post(
        f"{running.origin}/upload/drive/v3/files?uploadType=multipart&supportsAllDrives=true",
        headers={"Content-Type": "multipart/related; boundary=part"},
        data=(
            "--part\r\nContent-Type: application/json\r\n\r\n"
            f'{{"name": "guide.txt", "parents": ["{drive_id}"]}}\r\n'
            "--part\r\nContent-Type: text/plain\r\n\r\nback to 3.2.10\r\n--part--\r\n"
        ),
        timeout=10,
    ).raise_for_status()
    visitor = visit("/")
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name="guide.txt", exact=False).first.click()
    assert download.value.suggested_filename == "guide.txt"
    assert download.value.path().read_text() == "back to 3.2.10"

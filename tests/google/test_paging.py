"""How lists are asked for: every page, and with the parameters that shared drives and synchronisation need."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from google_helpers import Patience
from scripted_server import Scripted, answer

from deploylog import errors
from deploylog.google.calendar import Calendar
from deploylog.google.drive import Drive, quoted
from deploylog.google.gmail import Gmail
from deploylog.google.transport import Transport, build_service


def query(server: Scripted, number: int) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(server.asked[number].path).query).items()}


def file(number: int) -> dict[str, Any]:
    return {
        "id": f"f{number}",
        "name": "log",
        "mimeType": "application/vnd.google-apps.spreadsheet",
        "version": "7",
        "modifiedTime": "2026-11-24T02:00:00.000Z",
    }


def test_every_page_of_a_folder_is_read(server: Scripted, transport: Transport, patience: Patience) -> None:
    """Shared drives: corpora, driveId, includeItemsFromAllDrives and supportsAllDrives; 1,000 files a page."""
    server.script = [
        answer(200, {"files": [file(1)], "nextPageToken": "second"}),
        answer(503, {}),
        answer(200, {"files": [file(2)]}),
    ]
    drive = Drive(build_service("drive", "v3", transport), patience)
    assert [one.id for one in drive.spreadsheets("d1", "O'Brien")] == ["f1", "f2"]
    first = query(server, 0)
    assert {name: first[name] for name in ("corpora", "driveId", "pageSize")} == {
        "corpora": "drive",
        "driveId": "d1",
        "pageSize": "1000",
    }
    assert first["includeItemsFromAllDrives"] == first["supportsAllDrives"] == "true"
    assert first["q"] == (
        r"'O\'Brien' in parents and mimeType = 'application/vnd.google-apps.spreadsheet' and trashed = false"
    )
    assert "pageToken" not in first
    assert [query(server, number)["pageToken"] for number in (1, 2)] == ["second", "second"]


def test_the_query_of_a_property_is_escaped(server: Scripted, transport: Transport, patience: Patience) -> None:
    Drive(build_service("drive", "v3", transport), patience).find_by_property("d1", "k'1", "v\\")
    assert query(server, 0)["q"] == r"properties has { key='k\'1' and value='v\\' } and trashed = false"


def test_a_string_of_a_query_cannot_end_early() -> None:
    r"""Drive, "Search for files": escape single quotes with \' and backslashes with \\."""
    assert quoted("O'Brien \\ Sons") == r"'O\'Brien \\ Sons'"
    assert quoted("\\'") == r"'\\\''"


def test_every_page_of_the_drafts_is_read(server: Scripted, transport: Transport, patience: Patience) -> None:
    server.script = [
        answer(200, {"drafts": [{"id": "r1"}], "nextPageToken": "second"}),
        answer(200, {"drafts": [{"id": "r2"}]}),
    ]
    assert Gmail(build_service("gmail", "v1", transport), patience).drafts() == ["r1", "r2"]
    assert query(server, 1)["pageToken"] == "second"


def test_every_page_of_the_changes_is_read_and_the_last_ones_token_kept(
    server: Scripted, transport: Transport, patience: Patience
) -> None:
    """The sync token stands on the last page only, and goes with every page asked for."""
    server.script = [
        answer(200, {"items": [{"id": "e1"}], "nextPageToken": "second"}),
        answer(200, {"items": [{"id": "e2"}], "nextSyncToken": "s2"}),
    ]
    changes = Calendar(build_service("calendar", "v3", transport), "primary", patience).changes("s1")
    assert ([one["id"] for one in changes.events], changes.sync_token) == (["e1", "e2"], "s2")
    asked = [query(server, number) for number in (0, 1)]
    assert [(one["syncToken"], one.get("pageToken"), one["showDeleted"]) for one in asked] == [
        ("s1", None, "true"),
        ("s1", "second", "true"),
    ]


def test_a_last_page_without_a_sync_token_is_no_answer_of_calendars(
    server: Scripted, transport: Transport, patience: Patience
) -> None:
    server.script = [answer(200, {"items": []})] * 4
    with pytest.raises(errors.InDoubt, match="cannot be read"):
        Calendar(build_service("calendar", "v3", transport), "primary", patience).changes(None)

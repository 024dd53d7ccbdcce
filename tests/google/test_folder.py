"""The folder as the change feed keeps it, against the sandbox's Drive."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from google_helpers import SandboxServer

from deploylog import errors
from deploylog.folder import LISTED_FOR, Folder
from deploylog.google.connect import Google
from deploylog.google.drive import Drive

NOW = datetime(2026, 12, 9, 8, 0, tzinfo=UTC)
ATTEMPTS = 4
"""How often a read is tried (`transport.retrying`)."""
LIST, FEED = "drive.files.list", "drive.changes.list"


class Place:
    """A folder in the shared drive with one spreadsheet, and another folder beside it."""

    def __init__(self, drive: Drive) -> None:
        self.drive = drive
        self.drive_id = drive.shared_drive("Soffid")
        self.folder_id = drive.create_folder(self.drive_id, "DEPLOYMENTS").id
        self.elsewhere = drive.create_folder(self.drive_id, "ELSEWHERE").id
        self.first = drive.create_spreadsheet(self.folder_id, "first", {}).id
        self.folder = Folder(drive, self.drive_id, self.folder_id)

    def names(self, now: datetime = NOW) -> list[str]:
        return sorted(file.name for file in self.folder.files(now).values())

    def update(self, file_id: str, body: dict[str, object], **more: str) -> None:
        self.drive._files.update(fileId=file_id, body=body, supportsAllDrives=True, **more).execute()


@pytest.fixture
def place(google: Google) -> Place:
    return Place(google.drive)


def test_after_the_first_listing_a_look_is_one_call(place: Place, sandbox: SandboxServer) -> None:
    assert place.names() == ["first"]
    before = sandbox.calls()
    assert place.names() == ["first"]
    after = sandbox.calls()
    assert after.pop(FEED) == before.pop(FEED, 0) + 1
    assert after == before


def test_what_comes_goes_and_changes_is_seen(place: Place) -> None:
    place.names()
    place.drive.create_spreadsheet(place.folder_id, "second", {})
    place.drive.create_spreadsheet(place.elsewhere, "not here", {})
    assert place.names() == ["first", "second"]
    version = place.folder.files(NOW)[place.first].version
    place.drive.rename(place.first, "renamed", {"key": "value"})
    seen = place.folder.files(NOW)[place.first]
    assert (seen.name, seen.properties) == ("renamed", {"key": "value"})
    assert seen.version > version
    place.update(place.first, {}, addParents=place.elsewhere, removeParents=place.folder_id)
    assert place.names() == ["second"]
    place.update(place.first, {}, addParents=place.folder_id, removeParents=place.elsewhere)
    assert place.names() == ["renamed", "second"]
    place.update(place.first, {"trashed": True})
    assert place.names() == ["second"]
    place.update(place.first, {"trashed": False})
    place.drive._files.delete(fileId=place.first, supportsAllDrives=True).execute()
    assert place.names() == ["second"]


def test_with_the_folder_its_files_go_to_the_trash_and_come_back(place: Place) -> None:
    place.names()
    place.update(place.folder_id, {"trashed": True})
    assert place.names() == []
    assert place.names() == []
    place.update(place.folder_id, {"trashed": False})
    assert place.names() == ["first"]


def test_the_folder_is_listed_anew_after_a_while_and_where_the_clock_jumped_back(
    place: Place, sandbox: SandboxServer
) -> None:
    place.names()
    listed = sandbox.calls()[LIST]
    for moment, more in ((NOW + LISTED_FOR, 1), (NOW, 2), (NOW + timedelta(minutes=1), 2)):
        place.names(moment)
        assert sandbox.calls()[LIST] == listed + more


def test_a_token_that_drive_does_not_know_any_more_lists_anew(place: Place, sandbox: SandboxServer) -> None:
    place.names()
    place.drive.create_spreadsheet(place.folder_id, "second", {})
    sandbox.fault(FEED, "error", status=400, times=1)
    assert place.names() == ["first", "second"]


def test_a_look_that_fails_misses_nothing(place: Place, sandbox: SandboxServer) -> None:
    place.names()
    place.drive.create_spreadsheet(place.folder_id, "second", {})
    sandbox.fault(FEED, "error", status=503, times=ATTEMPTS)
    with pytest.raises(errors.OutsideError):
        place.names()
    assert place.names() == ["first", "second"]


def test_a_file_made_a_moment_ago_is_there_before_the_feed_tells_of_it(place: Place) -> None:
    place.names()
    made = replace(place.folder.files(NOW)[place.first], id="made", name="made")
    place.folder.note(made)
    assert place.names() == ["first", "made"]

"""The adapter of Drive against the sandbox, over HTTP, with a service account's key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from google_helpers import Patience, SandboxServer

from deploylog import errors
from deploylog.google.connect import Google
from deploylog.google.drive import FOLDER, SPREADSHEET, Drive, DriveChanges


@pytest.fixture
def drive(google: Google) -> Drive:
    return google.drive


@pytest.fixture
def drive_id(drive: Drive) -> str:
    return drive.shared_drive("Soffid")


@pytest.fixture
def folder_id(drive: Drive, drive_id: str) -> str:
    return drive.create_folder(drive_id, "DEPLOYMENTS").id


def test_the_shared_drive_is_found_by_its_exact_name(drive: Drive) -> None:
    assert drive.shared_drive("Soffid")
    with pytest.raises(errors.ConfigurationError, match="no shared drive named soffid; make it, or add"):
        drive.shared_drive("soffid")


def test_a_folder_is_found_by_its_exact_name(drive: Drive, drive_id: str) -> None:
    assert drive.folder(drive_id, "DEPLOYMENTS") is None
    made = drive.create_folder(drive_id, "DEPLOYMENTS")
    drive.create_folder(drive_id, "deployments")
    drive.create_folder(drive_id, "DEPLOYMENTS old")
    assert made.mime_type == FOLDER
    assert drive.folder(drive_id, "DEPLOYMENTS") == made


def test_two_folders_of_a_name_are_a_fault_that_names_both(drive: Drive, drive_id: str) -> None:
    links = [drive.create_folder(drive_id, "DEPLOYMENTS").link for _ in range(2)]
    with pytest.raises(errors.ConfigurationError) as caught:
        drive.folder(drive_id, "DEPLOYMENTS")
    assert all(link in str(caught.value) for link in links)


def test_a_spreadsheet_is_made_found_listed_and_read(drive: Drive, drive_id: str, folder_id: str) -> None:
    name = r"O'Brien \ Sons - Deployment log"
    made = drive.create_spreadsheet(folder_id, name, {"deploylog": "log"})
    assert (made.name, made.mime_type, made.properties, made.trashed) == (
        name,
        SPREADSHEET,
        {"deploylog": "log"},
        False,
    )
    assert made.version >= 1
    assert abs(datetime.now(UTC) - made.modified) < timedelta(minutes=5)
    assert made.link.startswith("http")
    assert drive.find_spreadsheet(drive_id, folder_id, name) == made
    assert drive.spreadsheets(drive_id, folder_id) == [made]
    assert drive.get(made.id) == made


def test_only_spreadsheets_of_the_folder_are_listed(drive: Drive, drive_id: str, folder_id: str) -> None:
    inside = drive.create_spreadsheet(folder_id, "DIBA - Deployment log", {})
    elsewhere = drive.create_folder(drive_id, "ELSEWHERE").id
    drive.create_spreadsheet(elsewhere, "DIBA - Deployment log", {})
    drive.create_folder(folder_id, "a folder")
    assert [one.id for one in drive.spreadsheets(drive_id, folder_id)] == [inside.id]
    found = drive.find_spreadsheet(drive_id, folder_id, "DIBA - Deployment log")
    assert found is not None
    assert found.id == inside.id
    assert drive.find_spreadsheet(drive_id, folder_id, "DIBA") is None


def test_what_changed_last_is_listed_first(drive: Drive, drive_id: str, folder_id: str) -> None:
    one, other = (drive.create_spreadsheet(folder_id, name, {}) for name in ("one", "other"))
    for last, first in ((one, other), (other, one)):
        # Drive tells the time of a change in milliseconds, and several may happen in one of them.
        for _ in range(100):
            drive.rename(last.id, "changed last")
            found = {file.id: file for file in drive.spreadsheets(drive_id, folder_id)}
            if found[last.id].modified > found[first.id].modified:
                break
        assert found[last.id].modified > found[first.id].modified
        assert list(found) == [last.id, first.id]


def test_a_copy_carries_its_key_and_is_found_by_it(drive: Drive, drive_id: str, folder_id: str) -> None:
    template = drive.create_spreadsheet(folder_id, "TEMPLATE - Deployment log", {"deploylog": "template"})
    copied = drive.copy(template.id, "DIBA - Deployment log", folder_id, {"deploylog_copy": "DIBA's"})
    assert copied.name == "DIBA - Deployment log"
    assert copied.properties["deploylog_copy"] == "DIBA's"
    assert [one.id for one in drive.find_by_property(drive_id, "deploylog_copy", "DIBA's")] == [copied.id]
    assert drive.find_by_property(drive_id, "deploylog_copy", "other") == []


def test_a_copy_whose_answer_is_lost_is_in_doubt_was_made_once_and_is_found_by_its_key(
    drive: Drive, drive_id: str, folder_id: str, sandbox: SandboxServer, patience: Patience
) -> None:
    template = drive.create_spreadsheet(folder_id, "TEMPLATE - Deployment log", {})
    sandbox.fault("drive.files.copy", "drop")
    with pytest.raises(errors.InDoubt):
        drive.copy(template.id, "DIBA - Deployment log", folder_id, {"deploylog_copy": "DIBA"})
    assert sandbox.calls()["drive.files.copy"] == 1
    assert len(drive.find_by_property(drive_id, "deploylog_copy", "DIBA")) == 1
    assert patience.waits == []


def test_properties_are_set_changed_and_taken_away_one_by_one(drive: Drive, folder_id: str) -> None:
    file = drive.create_spreadsheet(folder_id, "log", {"kept": "1", "changed": "1", "dropped": "1"})
    drive.set_properties(file.id, {"changed": "2", "dropped": None, "new": "3"})
    assert drive.get(file.id).properties == {"kept": "1", "changed": "2", "new": "3"}


def test_a_changed_file_has_a_higher_version(drive: Drive, folder_id: str) -> None:
    file = drive.create_spreadsheet(folder_id, "log", {})
    renamed = drive.rename(file.id, "other")
    assert renamed.name == "other"
    assert renamed.version > file.version


def test_an_unknown_file_is_not_found(drive: Drive) -> None:
    with pytest.raises(errors.NotFound, match=r"^Drive answered 404 to drive\.files\.get: "):
        drive.get("nothing-of-that-id")


def test_sharing_adds_changes_and_takes_away(drive: Drive, folder_id: str, sandbox: SandboxServer) -> None:
    file_id = drive.create_spreadsheet(folder_id, "log", {}).id
    inherited = drive.permissions(file_id)
    assert inherited
    assert all(one.inherited for one in inherited)

    shared = drive.share(file_id, "ann@diba.example", "writer")
    assert (shared.type, shared.role, shared.address, shared.inherited) == (
        "user",
        "writer",
        "ann@diba.example",
        False,
    )
    assert drive.share(file_id, "Ann@DIBA.example", "writer") == shared
    assert sandbox.calls()["drive.permissions.create"] == 1
    assert "drive.permissions.update" not in sandbox.calls()

    assert drive.share(file_id, "ann@diba.example", "reader").role == "reader"
    assert sandbox.calls()["drive.permissions.create"] == 1

    drive.unshare(file_id, shared.id)
    drive.unshare(file_id, shared.id)
    assert {one.address for one in drive.permissions(file_id)} == {one.address for one in inherited}


def test_google_writes_to_somebody_only_when_told_to(drive: Drive, folder_id: str, sandbox: SandboxServer) -> None:
    """permissions.create mails by default (sendNotificationEmail)."""
    file_id = drive.create_spreadsheet(folder_id, "log", {}).id
    drive.share(file_id, "ann@diba.example", "reader")
    drive.share(file_id, "bob@diba.example", "reader", notify=True)
    assert (len(sandbox.inbox("ann@diba.example")), len(sandbox.inbox("bob@diba.example"))) == (0, 1)


@pytest.mark.parametrize("mode", ["drop", "error"])
def test_sharing_is_repeated_and_looks_before_it_adds(
    mode: str, drive: Drive, folder_id: str, sandbox: SandboxServer
) -> None:
    file_id = drive.create_spreadsheet(folder_id, "log", {}).id
    sandbox.fault("drive.permissions.create", mode)
    assert drive.share(file_id, "ann@diba.example", "reader").role == "reader"
    assert sandbox.calls()["drive.permissions.create"] == (1 if mode == "drop" else 2)
    assert [one.address for one in drive.permissions(file_id)].count("ann@diba.example") == 1


def test_reads_and_absolute_writes_are_repeated_after_a_503(
    drive: Drive, drive_id: str, folder_id: str, sandbox: SandboxServer, patience: Patience
) -> None:
    file_id = drive.create_spreadsheet(folder_id, "log", {}).id
    sandbox.fault("drive.files.list", "error", status=503)
    assert len(drive.spreadsheets(drive_id, folder_id)) == 1
    sandbox.fault("drive.files.update", "drop")
    drive.set_properties(file_id, {"a": "1"})
    assert drive.get(file_id).properties == {"a": "1"}
    assert len(patience.waits) == 2


def test_a_429_is_repeated_for_reads_and_reported_for_copies(
    drive: Drive, folder_id: str, sandbox: SandboxServer, patience: Patience
) -> None:
    file_id = drive.create_spreadsheet(folder_id, "log", {}).id
    sandbox.fault("drive.files.get", "error", status=429)
    assert drive.get(file_id).id == file_id
    assert len(patience.waits) == 1
    sandbox.fault("drive.files.copy", "error", status=429)
    with pytest.raises(errors.Busy):
        drive.copy(file_id, "copy", folder_id, {})
    assert len(patience.waits) == 1


def test_a_read_that_never_succeeds_ends(
    drive: Drive, folder_id: str, sandbox: SandboxServer, patience: Patience
) -> None:
    sandbox.fault("drive.files.get", "error", status=500, times=99)
    with pytest.raises(errors.InDoubt):
        drive.get(folder_id)
    assert len(patience.waits) == 3


def test_changes_tell_what_was_made_edited_moved_and_deleted_since(
    drive: Drive, drive_id: str, folder_id: str, google: Google
) -> None:
    kept, gone = (drive.create_spreadsheet(folder_id, name, {}) for name in ("kept", "gone"))
    token = drive.changes_from_now(drive_id)
    assert drive.changes(drive_id, token) == DriveChanges((), (), token)
    made = drive.create_spreadsheet(folder_id, "made", {"key": "value"})
    drive.rename(kept.id, "kept, with another name")
    google.drive._files.delete(fileId=gone.id, supportsAllDrives=True).execute()
    news = drive.changes(drive_id, token)
    assert {file.id: (file.name, file.parents, file.properties) for file in news.changed} == {
        made.id: ("made", (folder_id,), {"key": "value"}),
        kept.id: ("kept, with another name", (folder_id,), {}),
    }
    assert news.gone == (gone.id,)
    assert drive.changes(drive_id, news.token) == DriveChanges((), (), news.token)


def test_a_token_nobody_gave_is_refused(drive: Drive, drive_id: str) -> None:
    with pytest.raises(errors.Refused):
        drive.changes(drive_id, "no token")

"""Drive of the sandbox: applications' own properties, made ids, trash, shared drives, the finer points of the feed."""

from __future__ import annotations

import io
from typing import Any

import pytest
from googleapiclient.http import MediaIoBaseUpload
from test_drive import changes, get, make, search, share, start_token, type_into, update
from workspace_clients import FOLDER, OUTSIDER, SERVICE_ACCOUNT, SPREADSHEET, STAFF, Person, message_of, refusal

from workspace_sandbox.drive.files import permission_id
from workspace_sandbox.founding import Founding

DRIVE = {"supportsAllDrives": True}


def test_app_properties_are_seen_and_found_by_the_app_that_set_them_alone(
    ana: Person, robot: Person, drive_id: str
) -> None:
    """Drive, "Add custom file properties": appProperties are private to the requesting app, properties are not."""
    file = make(robot, drive_id, appProperties={"key": "mine"}, properties={"key": "all"})
    assert (get(robot, file["id"])["appProperties"], get(ana, file["id"])["properties"]) == (
        {"key": "mine"},
        {"key": "all"},
    )
    assert "appProperties" not in get(ana, file["id"])
    update(ana, file["id"], {"appProperties": {"key": "theirs"}})
    assert get(robot, file["id"])["appProperties"] == {"key": "mine"}
    query = "appProperties has { key='key' and value='mine' }"
    assert (search(robot, drive_id, query), search(ana, drive_id, query)) == (["file"], [])


def test_properties_have_limits(ana: Person, drive_id: str) -> None:
    """Drive, "Add custom file properties", limitations: 124 bytes a property, 30 public and 30 of an app."""
    file = make(ana, drive_id, properties={str(number): "x" for number in range(30)})
    for body in (
        {"properties": {"one": "more"}},
        {"appProperties": {f"a{number}": "x" for number in range(31)}},
        {"appProperties": {"key": "ñ" * 61}},
    ):
        assert refusal(ana.drive.files().update(fileId=file["id"], body=body, **DRIVE)) == (400, "invalid")
    update(ana, file["id"], {"properties": {"0": None, "one": "more"}, "appProperties": {"key": "ñ" * 60}})


def test_a_made_id_makes_one_file(ana: Person, drive_id: str) -> None:
    """Drive, "Create and populate files", generated IDs: a repeated upload is 409; none for Docs Editors formats."""
    files = ana.drive.files()
    (made,) = files.generateIds(count=1).execute()["ids"]
    body = {"id": made, "name": "artefact", "mimeType": "text/plain", "parents": [drive_id]}
    assert files.create(body=body, **DRIVE).execute()["id"] == made
    assert refusal(files.create(body=body, **DRIVE)) == (409, "fileIdInUse")
    assert refusal(files.create(body={**body, "id": "mine"}, **DRIVE)) == (400, "invalid")
    sheet = {**body, "id": files.generateIds(count=1).execute()["ids"][0], "mimeType": SPREADSHEET}
    assert refusal(files.create(body=sheet, **DRIVE)) == (400, "generatedIdNotSupported")


def test_emptying_the_trash_deletes_what_lies_in_it_there_alone(ana: Person, drive_id: str) -> None:
    """files.emptyTrash: the user's trashed files, or with driveId those of the shared drive."""
    folder = make(ana, drive_id, "folder", FOLDER)
    inside, kept = make(ana, folder["id"], "inside"), make(ana, drive_id, "kept")
    own = make(ana, "root", "own")
    for one in (folder, own):
        update(ana, one["id"], {"trashed": True})
    ana.drive.files().emptyTrash(driveId=drive_id).execute()
    for gone in (folder, inside):
        assert refusal(ana.drive.files().get(fileId=gone["id"], **DRIVE))[0] == 404
    assert get(ana, kept["id"])["name"] == "kept"
    assert get(ana, own["id"])["trashed"] is True
    ana.drive.files().emptyTrash().execute()
    assert refusal(ana.drive.files().get(fileId=own["id"]))[0] == 404


def test_about_tells_the_user_and_what_storage_there_is(ana: Person, robot: Person) -> None:
    """about.get needs `fields`; a service account has no storage of its own."""
    about = ana.drive.about().get(fields="*").execute()
    assert about["user"]["emailAddress"] == STAFF
    assert about["exportFormats"][SPREADSHEET] == ["text/csv"]
    assert robot.drive.about().get(fields="storageQuota/limit").execute() == {"storageQuota": {"limit": "0"}}
    assert refusal(ana.drive.about().get())[0] == 400


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("reader", {"canCopy", "canDownload"}),
        ("commenter", {"canCopy", "canDownload", "canComment"}),
        ("writer", {"canCopy", "canDownload", "canComment", "canEdit", "canModifyContent", "canRename", "canShare"}),
    ],
)
def test_capabilities_are_those_of_the_role(ana: Person, running: Any, sheet: str, role: str, may: set[str]) -> None:
    """Drive, "Roles and permissions": what a reader, commenter and writer may do with a file."""
    share(ana, sheet, OUTSIDER, role).execute()
    found = get(running.person(OUTSIDER), sheet, "capabilities")["capabilities"]
    assert {name for name, allowed in found.items() if allowed} == may


def test_what_is_shared_by_name_is_found_as_shared_with_me(ana: Person, running: Any, drive_id: str) -> None:
    """Drive, "Search query terms": sharedWithMe, alone or compared; a member's own drive is not shared with her."""
    bob = running.person(OUTSIDER)
    mine = make(bob, "root", "mine")
    shared = make(ana, "root", "log")
    share(ana, shared["id"], OUTSIDER, "reader").execute()
    files = bob.drive.files()
    for query, names in (
        ("sharedWithMe", ["log"]),
        ("sharedWithMe = true and name contains 'log'", ["log"]),
        ("not sharedWithMe", ["mine"]),
        ("sharedWithMe = false", ["mine"]),
    ):
        assert [one["name"] for one in files.list(q=query).execute()["files"]] == names
    assert "sharedWithMeTime" in get(bob, shared["id"])
    assert "sharedWithMeTime" not in get(bob, mine["id"])
    assert refusal(files.list(q="visibility = 'limited'"))[0] == 501


def test_full_text_finds_whole_words_of_name_and_content(ana: Person, drive_id: str) -> None:
    """Drive, "Search query terms": fullText matches entire tokens, phrases in double quotes; no order with it."""
    media = MediaIoBaseUpload(io.BytesIO(b"Rollback guide of the addon"), "text/plain")
    body = {"name": "guide.txt", "parents": [drive_id], "description": "for DIBA"}
    ana.drive.files().create(body=body, media_body=media, **DRIVE).execute()
    for query, found in (
        ("fullText contains 'rollback'", True),
        ("fullText contains 'roll'", False),
        ("fullText contains 'addon diba'", True),
        ("fullText contains '\"rollback guide\"'", True),
        ("fullText contains '\"guide rollback\"'", False),
    ):
        assert search(ana, drive_id, query) == (["guide.txt"] if found else []), query
    request = ana.drive.files().list(q="fullText contains 'x'", orderBy="name")
    assert refusal(request) == (400, "badRequest")


def test_a_shared_drive_is_renamed_hidden_and_deleted_when_empty(ana: Person, running: Any, robot: Person) -> None:
    """drives.update, hide and unhide; drives.delete: "The shared drive cannot contain any untrashed items"."""
    drives = ana.drive.drives()
    drive = drives.create(requestId="one", body={"name": "Other"}).execute()["id"]
    token = start_token(ana, drive)
    assert drives.update(driveId=drive, body={"name": "Renamed"}).execute()["name"] == "Renamed"
    (change,) = changes(ana, drive, token, fields="*")["changes"]
    assert (change["changeType"], change["drive"]["name"]) == ("drive", "Renamed")
    drives.hide(driveId=drive).execute()
    assert drives.get(driveId=drive, fields="hidden").execute() == {"hidden": True}
    drives.unhide(driveId=drive).execute()
    share(ana, drive, OUTSIDER, "writer").execute()
    bob = running.person(OUTSIDER).drive.drives()
    assert refusal(bob.update(driveId=drive, body={"name": "x"}))[0] == 403
    assert refusal(bob.delete(driveId=drive))[0] == 403
    assert refusal(robot.drive.drives().delete(driveId=drive))[0] == 404
    file = make(ana, drive)
    assert refusal(drives.delete(driveId=drive))[0] == 403
    update(ana, file["id"], {"trashed": True})
    drives.delete(driveId=drive).execute()
    assert refusal(drives.get(driveId=drive))[0] == 404
    assert refusal(ana.drive.files().get(fileId=file["id"], **DRIVE))[0] == 404


def test_who_loses_a_file_hears_that_it_is_removed(ana: Person, running: Any, drive_id: str, sheet: str) -> None:
    """changes resource, `removed`: "for example by deletion or loss of access"; includeRemoved leaves them out."""
    bob = running.person(OUTSIDER)
    share(ana, sheet, OUTSIDER, "reader").execute()
    token = str(bob.drive.changes().getStartPageToken().execute()["startPageToken"])
    asked = {"pageToken": token, "includeItemsFromAllDrives": True, **DRIVE}
    ana.drive.permissions().delete(fileId=sheet, permissionId=permission_id("user", OUTSIDER), **DRIVE).execute()
    for _ in range(2):
        (change,) = bob.drive.changes().list(**asked).execute()["changes"]
        assert (change["fileId"], change["removed"], "file" in change) == (sheet, True, False)
        # What happens to the file later is no business of Bob's, and hides nothing.
        update(ana, sheet, {"name": "later"})
    assert bob.drive.changes().list(**asked, includeRemoved=False).execute()["changes"] == []
    later = str(bob.drive.changes().getStartPageToken().execute()["startPageToken"])
    update(ana, sheet, {"name": "later still"})
    assert bob.drive.changes().list(**{**asked, "pageToken": later}).execute()["changes"] == []


def test_a_deleted_file_is_removed_for_who_had_it_by_name(ana: Person, running: Any, sheet: str) -> None:
    """changes resource, `removed`, of a file shared with somebody outside the drive."""
    bob, eve = running.person(OUTSIDER), running.person("eve@customer.example")
    share(ana, sheet, OUTSIDER, "reader").execute()
    token = str(bob.drive.changes().getStartPageToken().execute()["startPageToken"])
    ana.drive.files().delete(fileId=sheet, **DRIVE).execute()
    asked = {"pageToken": token, "includeItemsFromAllDrives": True, **DRIVE}
    assert [one["fileId"] for one in bob.drive.changes().list(**asked).execute()["changes"]] == [sheet]
    assert eve.drive.changes().list(**asked).execute()["changes"] == []


def test_the_feed_may_be_restricted_to_ones_own_drive(ana: Person, drive_id: str) -> None:
    """changes.list, restrictToMyDrive: omits shared files; includeItemsFromAllDrives needs supportsAllDrives."""
    token = str(ana.drive.changes().getStartPageToken().execute()["startPageToken"])
    make(ana, drive_id, "shared")
    own = make(ana, "root", "own")
    asked = {"pageToken": token, "includeItemsFromAllDrives": True}
    listed = ana.drive.changes().list(**asked, **DRIVE, restrictToMyDrive=True).execute()["changes"]
    assert [one["fileId"] for one in listed] == [own["id"]]
    assert refusal(ana.drive.changes().list(**asked))[0] == 403


def test_with_a_lag_only_edits_of_cells_are_late(ana: Person, running: Any, drive_id: str, sheet: str) -> None:
    """api-facts: edits of cells surface late; new files, names and rights at once, and lose no edit."""
    Founding(feed_lag=180)(running.sandbox.workspace)
    token = start_token(ana, drive_id)
    type_into(ana, sheet)
    running.clock.forward(seconds=60)
    update(ana, sheet, {"name": "renamed"})
    found = changes(ana, drive_id, token)
    assert [one["file"]["name"] for one in found["changes"]] == ["renamed"]
    seen = int(get(ana, sheet, "version")["version"])
    running.clock.forward(seconds=120)
    later = changes(ana, drive_id, found["newStartPageToken"])
    assert [one["fileId"] for one in later["changes"]] == [sheet]
    assert int(get(ana, sheet, "version")["version"]) == seen + 1
    assert get(ana, sheet, "modifiedTime")["modifiedTime"] == "2026-11-30T08:01:00.000Z"


def test_tokens_of_one_service_account_are_one_app(running: Any, robot: Person) -> None:
    """Drive, "Add custom file properties": the app is the OAuth client, whoever it acts for."""
    tokens = running.sandbox.workspace.collection("access_tokens")
    expires = int(running.clock().timestamp()) + 3600
    tokens.put("ya29.one", {"user": STAFF, "scopes": None, "app": SERVICE_ACCOUNT, "expires": expires})
    delegated = Person(running.origin, "ya29.one")
    file = make(delegated, "root", appProperties={"key": "ours"})
    share(delegated, file["id"], SERVICE_ACCOUNT, "reader").execute()
    assert get(robot, file["id"])["appProperties"] == {"key": "ours"}
    delegated.http.close()


def test_methods_that_are_missing_say_so(ana: Person, sheet: str) -> None:
    """The sandbox never makes up a success: comments, replies and revisions are not there."""
    for request in (
        ana.drive.comments().list(fileId=sheet, fields="*"),
        ana.drive.replies().list(fileId=sheet, commentId="1", fields="*"),
        ana.drive.revisions().list(fileId=sheet),
        ana.drive.files().watch(fileId=sheet, body={}),
    ):
        assert refusal(request) == (501, "notImplemented")
        assert request.methodId in message_of(request)

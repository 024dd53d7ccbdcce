"""Drive: what a file is, and what happens to it."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import requests
from conformance_checks import check, table
from conformance_pages import (
    CHANGES,
    DOWNLOADS,
    DRIVE_BATCH,
    DRIVE_ERRORS,
    DRIVE_REFERENCE,
    EXPORTS,
    FIELDS,
    FILE,
    FOLDERS,
    MANAGE_DRIVES,
    PROPERTIES,
    SHARED_DRIVES,
    TRASH,
    UPLOADS,
)
from conformance_place import FOLDER, SPREADSHEET, refusal, status
from conformance_spaces import DriveSpace, SheetsSpace
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaInMemoryUpload


@check("drive.files.create", FIELDS, "without `fields` a file is answered with kind, id, name and mimeType")
def test_a_new_file_is_answered_with_the_usual_fields(drive: DriveSpace) -> None:
    body = {"name": drive.name(), "mimeType": SPREADSHEET, "parents": [drive.folder]}
    made = drive.api.files().create(body=body, supportsAllDrives=True).execute()
    assert (made["kind"], made["name"], made["mimeType"]) == ("drive#file", body["name"], SPREADSHEET)
    assert not {"modifiedTime", "parents", "version"} & set(made)


@check(
    "drive.files.create", FOLDERS, "a folder is a file of the type application/vnd.google-apps.folder, without content"
)
def test_a_folder_is_a_file(drive: DriveSpace) -> None:
    made = drive.get(drive.new_folder())
    assert made["mimeType"] == FOLDER
    assert "md5Checksum" not in made


@check("drive.files.create", f"{FILE}#File.FIELDS.name", "a name need not be unique within a folder")
def test_two_files_have_the_same_name(drive: DriveSpace) -> None:
    name = drive.name()
    drive.new(name, mimeType=SPREADSHEET)
    drive.new(name, mimeType=SPREADSHEET)
    assert drive.found(f"name = '{name}'") == [name, name]


@check("drive.files.create", f"{FILE}#File.FIELDS.parents", "without `parents` a file lies in the user's My Drive")
def test_a_file_without_parents_lies_in_my_drive(drive: DriveSpace) -> None:
    made = drive.new_mine("parents,driveId", mimeType=SPREADSHEET)
    root = drive.api.files().get(fileId="root", fields="id").execute()["id"]
    assert made["parents"] == [root]
    assert "driveId" not in made


@check("drive.files.create", DRIVE_ERRORS, "an unknown parent is refused: 404 notFound")
def test_an_unknown_parent_is_refused(drive: DriveSpace) -> None:
    body = {"name": drive.name(), "parents": ["1nothingHasThisId000000000000000000000000000"]}
    assert refusal(drive.api.files().create(body=body, supportsAllDrives=True)) == (404, "notFound")


@check("drive.files.create", SHARED_DRIVES, "a file in a shared drive has its driveId")
def test_a_file_in_a_shared_drive_says_so(drive: DriveSpace) -> None:
    assert drive.get(drive.new_folder(), "driveId,parents") == {"driveId": drive.drive_id, "parents": [drive.folder]}


@check("drive.files.generateIds", FILE + "/generateIds", "`count` ids are made, for the space `drive`")
def test_ids_are_generated(drive: DriveSpace) -> None:
    answer = drive.api.files().generateIds(count=3).execute()
    assert len(set(answer["ids"])) == 3
    assert answer["space"] == "drive"


@check("drive.files.create", UPLOADS, "a generated id makes a repeated creation harmless: 409 the second time")
def test_a_generated_id_is_used_once(drive: DriveSpace) -> None:
    made = drive.api.files().generateIds(count=1).execute()["ids"][0]
    assert drive.new(drive.name(), id=made, content=b"x")["id"] == made
    body = {"name": drive.name(), "id": made, "parents": [drive.folder]}
    media = MediaInMemoryUpload(b"x", mimetype="text/plain")
    assert status(drive.api.files().create(body=body, media_body=media, supportsAllDrives=True)) == 409


@check("drive.files.get", SHARED_DRIVES, "without supportsAllDrives a file of a shared drive is not found")
def test_shared_drives_have_to_be_supported(drive: DriveSpace) -> None:
    file_id = drive.new_folder()
    assert refusal(drive.api.files().get(fileId=file_id)) == (404, "notFound")
    assert refusal(drive.api.files().update(fileId=file_id, body={"name": "x"})) == (404, "notFound")


@check("drive.files.get", DRIVE_ERRORS, "an unknown file is refused: 404 notFound, `File not found: ID.`")
def test_an_unknown_file_is_named_in_the_refusal(drive: DriveSpace) -> None:
    with pytest.raises(HttpError) as refused:
        drive.get("1nothingHasThisId000000000000000000000000000")
    error = refused.value.error_details[0]
    assert (refused.value.status_code, error["reason"], error["domain"]) == (404, "notFound", "global")
    assert error["message"].startswith("File not found: 1nothingHasThisId")


@check("drive.files.get", DRIVE_ERRORS, "no credentials are refused: 401")
def test_no_credentials_are_refused(drive: DriveSpace) -> None:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(drive.place.owner.address_of("drive", f"/drive/v3/files/{drive.folder}"), timeout=30)
    assert answer.status_code in (401, 403)
    assert answer.json()["error"]["code"] == answer.status_code


@table(
    "drive.files.get",
    FIELDS,
    ("mask", "shown"),
    {
        "fields names what is answered, separated by commas": ("id,name", {"id", "name"}),
        "fields with a slash answers a field of an inner object": ("capabilities/canEdit", {"capabilities"}),
        "fields with brackets answers several fields of an inner object": (
            "kind,capabilities(canEdit,canTrash)",
            {"kind", "capabilities"},
        ),
    },
)
def test_fields_are_chosen(drive: DriveSpace, mask: str, shown: set[str]) -> None:
    assert set(drive.get(drive.folder, mask)) == shown


@check("drive.files.get", FIELDS, "`fields=*` answers all fields")
def test_all_fields_are_answered(drive: DriveSpace) -> None:
    everything = drive.get(drive.folder, "*")
    assert {"capabilities", "createdTime", "driveId", "modifiedTime", "parents", "trashed", "version"} <= set(
        everything
    )


@check("drive.files.get", FIELDS, "a field that does not exist is refused: 400 invalidParameter")
def test_an_unknown_field_is_refused(drive: DriveSpace) -> None:
    request = drive.api.files().get(fileId=drive.folder, fields="nonsense", supportsAllDrives=True)
    assert refusal(request) == (400, "invalidParameter")


@table(
    "drive.files.get",
    f"{FILE}#File",
    ("field",),
    {
        "permissions are not populated for items in shared drives": ("permissions",),
        "owners are not populated for items in shared drives": ("owners",),
        "ownedByMe is not populated for items in shared drives": ("ownedByMe",),
        "shared is not populated for items in shared drives": ("shared",),
    },
)
def test_items_in_shared_drives_lack_a_field(drive: DriveSpace, field: str) -> None:
    assert field not in drive.get(drive.new_folder(), "*")


@check("drive.files.get", f"{FILE}#File.FIELDS.owners", "a file in My Drive has one owner, the user who made it")
def test_a_file_in_my_drive_has_an_owner(drive: DriveSpace) -> None:
    made = drive.new_mine("owners(emailAddress,me),ownedByMe", mimeType=SPREADSHEET)
    assert made["owners"] == [{"emailAddress": drive.place.owner.address, "me": True}]
    assert made["ownedByMe"] is True


@check(
    "drive.files.get",
    f"{FILE}#File.FIELDS.size",
    "size and version are int64 and so strings; md5Checksum is of the content",
)
def test_content_has_a_size_and_a_checksum(drive: DriveSpace) -> None:
    content = b"Start at nine.\n"
    made = drive.new(drive.name(), "size,md5Checksum,version", content)
    assert (made["size"], made["md5Checksum"]) == ("15", hashlib.md5(content).hexdigest())
    assert made["version"].isdigit()


@check("drive.files.get", DOWNLOADS, "alt=media answers the content")
def test_content_is_downloaded(drive: DriveSpace) -> None:
    made = drive.new(drive.name(), content=b"Start at nine.\n")
    assert drive.api.files().get_media(fileId=made["id"], supportsAllDrives=True).execute() == b"Start at nine.\n"


@check("drive.files.get", DOWNLOADS, "a Docs editors file cannot be downloaded, only exported: 403 fileNotDownloadable")
def test_a_spreadsheet_is_not_downloaded(drive: DriveSpace) -> None:
    made = drive.new(drive.name(), mimeType=SPREADSHEET)
    request = drive.api.files().get_media(fileId=made["id"], supportsAllDrives=True)
    assert refusal(request) == (403, "fileNotDownloadable")


@check("drive.files.create", UPLOADS, "a simple upload (uploadType=media) makes an untitled file of the content's type")
def test_a_simple_upload_has_no_name(drive: DriveSpace) -> None:
    address = drive.place.owner.address_of("drive", "/upload/drive/v3/files?uploadType=media")
    answer = drive.place.owner.http.post(address, data=b"a,b\n", headers={"Content-Type": "text/csv"}, timeout=30)
    made = answer.json()
    drive.api.files().delete(fileId=made["id"]).execute()
    assert (made["name"], made["mimeType"]) == ("Untitled", "text/csv")


@check("drive.files.create", UPLOADS, "a resumable upload sends the content in pieces")
def test_a_resumable_upload_comes_in_pieces(drive: DriveSpace) -> None:
    content = b"0123456789abcdef" * 40_000
    media = MediaInMemoryUpload(content, mimetype="text/plain", chunksize=256 * 1024, resumable=True)
    body = {"name": drive.name(), "parents": [drive.folder]}
    made = drive.api.files().create(body=body, media_body=media, fields="id,size", supportsAllDrives=True).execute()
    assert made["size"] == str(len(content))
    assert drive.api.files().get_media(fileId=made["id"], supportsAllDrives=True).execute() == content


@check("drive.files.update", FILE + "/update", "an update with media replaces the content; id and name stay")
def test_content_is_replaced(drive: DriveSpace) -> None:
    made = drive.new(drive.name(), "id,name", content=b"old")
    media = MediaInMemoryUpload(b"new", mimetype="text/plain")
    changed = drive.update(made["id"], {}, "id,name", media_body=media)
    assert changed == made
    assert drive.api.files().get_media(fileId=made["id"], supportsAllDrives=True).execute() == b"new"


@check("drive.files.update", FILE + "/update", "patch semantics: what the body does not name stays")
def test_an_update_leaves_the_rest(drive: DriveSpace) -> None:
    made = drive.new(drive.name(), "id,name", content=b"kept", description="kept too")
    drive.update(made["id"], {"starred": True})
    changed = drive.get(made["id"], "name,description,starred,size")
    assert changed == {"name": made["name"], "description": "kept too", "starred": True, "size": "4"}


@check(
    "drive.files.update",
    f"{FILE}#File.FIELDS.version",
    "version is a monotonically increasing number that every change raises",
)
def test_a_change_raises_the_version(drive: DriveSpace) -> None:
    made = drive.new(drive.name(), "id,version", mimeType=SPREADSHEET)
    assert int(drive.update(made["id"], {"name": drive.name()})["version"]) > int(made["version"])


@check("drive.files.update", f"{FILE}#File.FIELDS.modifiedTime", "setting modifiedTime is possible; times are RFC 3339")
def test_the_time_of_modification_may_be_set(drive: DriveSpace) -> None:
    made = drive.new(drive.name(), mimeType=SPREADSHEET)
    assert (
        drive.update(made["id"], {"modifiedTime": "2021-02-03T04:05:06Z"})["modifiedTime"] == "2021-02-03T04:05:06.000Z"
    )


@table(
    "drive.files.update",
    PROPERTIES,
    ("field",),
    {
        "properties are merged, and removed by null": ("properties",),
        "appProperties are merged, and removed by null": ("appProperties",),
    },
)
def test_properties_are_merged(drive: DriveSpace, field: str) -> None:
    made = drive.new(drive.name(), mimeType=SPREADSHEET, **dict[str, Any]({field: {"a": "1", "b": "2"}}))
    drive.update(made["id"], {field: {"b": None, "c": "3"}})
    assert drive.get(made["id"], field) == {field: {"a": "1", "c": "3"}}


@check("drive.files.create", PROPERTIES, "a property's key and value have at most 124 bytes in UTF-8 together")
def test_a_property_is_short(drive: DriveSpace) -> None:
    assert drive.new(drive.name(), mimeType=SPREADSHEET, properties={"k": "v" * 123})
    body = {"name": drive.name(), "parents": [drive.folder], "properties": {"k": "é" * 62}}
    assert status(drive.api.files().create(body=body, supportsAllDrives=True)) in (400, 403)


@check("drive.files.create", PROPERTIES, "a file has at most 30 public properties")
def test_properties_are_few(drive: DriveSpace) -> None:
    body = {"name": drive.name(), "parents": [drive.folder], "properties": {f"k{number}": "v" for number in range(31)}}
    assert status(drive.api.files().create(body=body, supportsAllDrives=True)) in (400, 403)


@check("drive.files.update", FOLDERS, "addParents and removeParents move a file between folders")
def test_a_file_is_moved(drive: DriveSpace) -> None:
    target = drive.new_folder()
    made = drive.new(drive.name(), mimeType=SPREADSHEET)
    moved = drive.update(made["id"], {}, "parents", addParents=target, removeParents=drive.folder)
    assert moved == {"parents": [target]}


@check(
    "drive.files.update", FOLDERS, "`parents` is not written by an update; addParents and removeParents are for that"
)
def test_parents_are_not_written_directly(drive: DriveSpace) -> None:
    made = drive.new(drive.name(), mimeType=SPREADSHEET)
    request = drive.api.files().update(fileId=made["id"], body={"parents": [drive.drive_id]}, supportsAllDrives=True)
    assert refusal(request) == (403, "fieldNotWritable")


@check("drive.files.update", TRASH, "trashed=true puts a file into the trash, false takes it out")
def test_a_file_goes_to_the_trash_and_back(drive: DriveSpace) -> None:
    made = drive.new(drive.name(), mimeType=SPREADSHEET)
    thrown = drive.update(made["id"], {"trashed": True})
    assert (thrown["trashed"], thrown["explicitlyTrashed"]) == (True, True)
    assert drive.update(made["id"], {"trashed": False})["trashed"] is False


@check(
    "drive.files.update",
    f"{FILE}#File.FIELDS.explicitlyTrashed",
    "what lies in a trashed folder is trashed, but not explicitly",
)
def test_what_lies_in_a_trashed_folder_is_trashed(drive: DriveSpace) -> None:
    inside = drive.new_folder()
    made = drive.new(drive.name(), mimeType=SPREADSHEET, parents=[inside])
    drive.update(inside, {"trashed": True})
    assert drive.get(made["id"], "trashed,explicitlyTrashed") == {"trashed": True, "explicitlyTrashed": False}


@check(
    "drive.files.delete", FILE + "/delete", "a file is deleted for good, not moved to the trash; the answer is empty"
)
def test_a_deleted_file_is_gone(drive: DriveSpace) -> None:
    made = drive.new(drive.name(), mimeType=SPREADSHEET)
    assert not drive.api.files().delete(fileId=made["id"], supportsAllDrives=True).execute()
    assert refusal(drive.api.files().get(fileId=made["id"], supportsAllDrives=True)) == (404, "notFound")


@check("drive.files.delete", FILE + "/delete", "with a folder, all that lies in it is deleted")
def test_a_deleted_folder_takes_all_with_it(drive: DriveSpace) -> None:
    inside = drive.new_folder()
    made = drive.new(drive.name(), mimeType=SPREADSHEET, parents=[inside])
    drive.api.files().delete(fileId=inside, supportsAllDrives=True).execute()
    assert status(drive.api.files().get(fileId=made["id"], supportsAllDrives=True)) == 404


@check(
    "drive.files.copy", FILE + "/copy", "a copy has an id of its own, what the body says, and the rest of the original"
)
def test_a_copy_is_another_file(drive: DriveSpace) -> None:
    target, name = drive.new_folder(), drive.name()
    made = drive.new(drive.name(), mimeType=SPREADSHEET, properties={"a": "1"}, description="kept")
    copy = (
        drive.api.files()
        .copy(fileId=made["id"], body={"name": name, "parents": [target]}, fields="*", supportsAllDrives=True)
        .execute()
    )
    assert copy["id"] != made["id"]
    assert (copy["name"], copy["parents"], copy["properties"]) == (name, [target], {"a": "1"})


@check("drive.files.copy", FILE + "/copy", "a copied spreadsheet has its tabs and cells")
def test_a_copied_spreadsheet_has_its_cells(drive: DriveSpace, sheets: SheetsSpace) -> None:
    made = sheets.new()
    sheets.place.owner.gspread.open_by_key(made).sheet1.update([["Status", "Planned"]], "A1:B1")
    body = {"name": drive.name(), "parents": [drive.folder]}
    copy = drive.api.files().copy(fileId=made, body=body, supportsAllDrives=True).execute()
    assert sheets.place.owner.gspread.open_by_key(copy["id"]).sheet1.get("A1:B1") == [["Status", "Planned"]]


@check("drive.files.copy", FILE + "/copy", "folders cannot be copied")
def test_a_folder_is_not_copied(drive: DriveSpace) -> None:
    request = drive.api.files().copy(fileId=drive.new_folder(), body={}, supportsAllDrives=True)
    assert status(request) in (400, 403)


@check("drive.files.export", EXPORTS, "text/csv of a spreadsheet is its first sheet only")
def test_a_spreadsheet_is_exported_as_csv(drive: DriveSpace, sheets: SheetsSpace) -> None:
    made = sheets.new()
    book = sheets.place.owner.gspread.open_by_key(made)
    book.sheet1.update([["a", 'b "c"'], ["1,5", ""]], "A1:B2")
    book.add_worksheet("second", 5, 5).update([["not this"]], "A1")
    exported = drive.api.files().export(fileId=made, mimeType="text/csv").execute()
    lines = exported.decode().split("\r\n")
    assert [line.rstrip(",") for line in lines[:2]] == ['a,"b ""c"""', '"1,5"']
    assert "not this" not in exported.decode()


@check("drive.files.export", DOWNLOADS, "only Docs editors files are exported: 403 fileNotExportable")
def test_a_text_is_not_exported(drive: DriveSpace) -> None:
    made = drive.new(drive.name(), content=b"x")
    assert refusal(drive.api.files().export(fileId=made["id"], mimeType="text/csv")) == (403, "fileNotExportable")


@check("drive.files.export", EXPORTS, "a format that the type does not have is refused: 400")
def test_a_format_that_is_none_is_refused(drive: DriveSpace) -> None:
    made = drive.new(drive.name(), mimeType=SPREADSHEET)
    assert status(drive.api.files().export(fileId=made["id"], mimeType="image/gif")) == 400


@check("drive.about.get", DRIVE_REFERENCE + "/about/get", "`fields` is required; the user is the one who asks")
def test_about_needs_fields(drive: DriveSpace) -> None:
    assert status(drive.api.about().get()) == 400
    about = drive.api.about().get(fields="user(emailAddress,me)").execute()
    assert about == {"user": {"emailAddress": drive.place.owner.address, "me": True}}


@check(
    "drive.changes.list", CHANGES, "from a start token on, a new file is a change; the last page has newStartPageToken"
)
def test_a_new_file_is_a_change(drive: DriveSpace) -> None:
    token = _start(drive)
    made = drive.new(drive.name(), mimeType=SPREADSHEET)["id"]
    change = drive.place.eventually(lambda: _change_of(drive, token, made))
    assert change["changeType"] == "file"
    assert change["removed"] is False
    assert change["file"]["id"] == made


@check("drive.changes.list", CHANGES, "a file deleted for good is a change with removed=true and without the file")
def test_a_deleted_file_is_a_removal(drive: DriveSpace) -> None:
    made = drive.new(drive.name(), mimeType=SPREADSHEET)["id"]
    token = _start(drive)
    drive.api.files().delete(fileId=made, supportsAllDrives=True).execute()
    change = drive.place.eventually(lambda: _change_of(drive, token, made))
    assert change["removed"] is True
    assert "file" not in change


@check("drive.changes.list", CHANGES, "with the token of the end there is nothing until something changes")
def test_nothing_changed_is_an_empty_list(drive: DriveSpace) -> None:
    answer = _changes(drive, _start(drive))
    assert [one for one in answer["changes"] if one["changeType"] == "file"] == []
    assert answer["newStartPageToken"]
    assert "nextPageToken" not in answer


@check("drive.drives.get", MANAGE_DRIVES, "a shared drive has an id and a name, and lists among the user's drives")
def test_the_shared_drive_is_listed(drive: DriveSpace) -> None:
    one = drive.api.drives().get(driveId=drive.drive_id).execute()
    assert one["kind"] == "drive#drive"
    listed = drive.api.drives().list(pageSize=100).execute()["drives"]
    assert (one["id"], one["name"]) in [(each["id"], each["name"]) for each in listed]


@check("drive.drives.create", DRIVE_REFERENCE + "/drives/create", "a repeated requestId makes no second drive: 409")
def test_a_drive_is_created_once(drive: DriveSpace) -> None:
    request_id, name = drive.name("request"), drive.name("drive")
    made = drive.api.drives().create(requestId=request_id, body={"name": name}).execute()
    try:
        assert status(drive.api.drives().create(requestId=request_id, body={"name": name})) == 409
    finally:
        drive.place.eventually(lambda: drive.api.drives().delete(driveId=made["id"]).execute() is not None)
    assert status(drive.api.drives().get(driveId=made["id"])) == 404


@check(
    "drive.drives.update", DRIVE_REFERENCE + "/drives/update", "a drive's name is changed; hide and unhide set `hidden`"
)
def test_a_drive_is_renamed_and_hidden(drive: DriveSpace) -> None:
    made = drive.api.drives().create(requestId=drive.name(), body={"name": drive.name("drive")}).execute()["id"]
    name = drive.name("drive")
    try:
        assert drive.api.drives().update(driveId=made, body={"name": name}).execute()["name"] == name
        assert drive.api.drives().hide(driveId=made, fields="hidden").execute()["hidden"] is True
        assert drive.api.drives().unhide(driveId=made, fields="hidden").execute()["hidden"] is False
    finally:
        drive.api.drives().delete(driveId=made).execute()


@check(
    "drive.drives.delete",
    DRIVE_REFERENCE + "/drives/delete",
    "a drive that holds files which are not in the trash is not deleted",
)
def test_a_drive_with_files_stays(drive: DriveSpace) -> None:
    made = drive.api.drives().create(requestId=drive.name(), body={"name": drive.name("drive")}).execute()["id"]
    inside = drive.new(drive.name(), mimeType=SPREADSHEET, parents=[made])["id"]
    assert status(drive.api.drives().delete(driveId=made)) in (400, 403)
    drive.api.files().delete(fileId=inside, supportsAllDrives=True).execute()
    drive.api.drives().delete(driveId=made).execute()


@check("drive.files.get", DRIVE_BATCH, "a batch answers each call on its own, with its own status")
def test_a_batch_answers_each_call(drive: DriveSpace) -> None:
    answers: dict[str, Any] = {}
    batch = drive.api.new_batch_http_request(callback=lambda key, answer, error: answers.update({key: error or answer}))
    batch.add(drive.api.files().get(fileId=drive.folder, fields="id", supportsAllDrives=True), request_id="known")
    batch.add(drive.api.files().get(fileId="nothing", supportsAllDrives=True), request_id="unknown")
    batch.execute()
    assert answers["known"] == {"id": drive.folder}
    assert answers["unknown"].status_code == 404


def _start(drive: DriveSpace) -> str:
    request = drive.api.changes().getStartPageToken(driveId=drive.drive_id, supportsAllDrives=True)
    return str(request.execute()["startPageToken"])


def _changes(drive: DriveSpace, token: str) -> Any:
    return (
        drive.api.changes()
        .list(pageToken=token, driveId=drive.drive_id, includeItemsFromAllDrives=True, supportsAllDrives=True)
        .execute()
    )


def _change_of(drive: DriveSpace, token: str, file_id: str) -> Any:
    changes = _changes(drive, token)["changes"]
    return next((one for one in changes if one.get("fileId") == file_id), None)

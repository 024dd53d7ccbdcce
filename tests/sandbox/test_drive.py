"""Drive of the sandbox, through Google's generated client over HTTP: what a daemon that lives on it relies on."""

from __future__ import annotations

from typing import Any

import pytest
from workspace_clients import FOLDER, OUTSIDER, SERVICE_ACCOUNT, SPREADSHEET, STAFF, Person, message_of, refusal

from workspace_sandbox.founding import Founding


def make(person: Person, parent: str, name: str = "file", mime_type: str = SPREADSHEET, **more: Any) -> dict[str, Any]:
    body = {"name": name, "mimeType": mime_type, "parents": [parent], **more}
    made: dict[str, Any] = person.drive.files().create(body=body, supportsAllDrives=True, fields="*").execute()
    return made


def get(person: Person, file_id: str, fields: str = "*") -> dict[str, Any]:
    found: dict[str, Any] = person.drive.files().get(fileId=file_id, supportsAllDrives=True, fields=fields).execute()
    return found


def search(person: Person, drive_id: str, query: str = "", **more: Any) -> list[str]:
    request = person.drive.files().list(
        corpora="drive",
        driveId=drive_id,
        includeItemsFromAllDrives=True,
        supportsAllDrives=True,
        q=query or None,
        **more,
    )
    return [one["name"] for one in request.execute()["files"]]


def update(person: Person, file_id: str, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    request = person.drive.files().update(fileId=file_id, body=body, supportsAllDrives=True, fields="*", **more)
    updated: dict[str, Any] = request.execute()
    return updated


def share(person: Person, file_id: str, address: str, role: str, **more: Any) -> Any:
    body = {"type": "user", "role": role, "emailAddress": address}
    more = {"sendNotificationEmail": False, **more}
    return person.drive.permissions().create(fileId=file_id, body=body, supportsAllDrives=True, fields="*", **more)


def type_into(person: Person, sheet: str, value: str = "x") -> None:
    body = {"values": [[value]]}
    person.sheets.values().update(spreadsheetId=sheet, range="A1", valueInputOption="RAW", body=body).execute()


def start_token(person: Person, drive_id: str) -> str:
    found = person.drive.changes().getStartPageToken(driveId=drive_id, supportsAllDrives=True).execute()
    return str(found["startPageToken"])


def changes(person: Person, drive_id: str, token: str, **more: Any) -> dict[str, Any]:
    request = person.drive.changes().list(
        pageToken=token, driveId=drive_id, includeItemsFromAllDrives=True, supportsAllDrives=True, **more
    )
    found: dict[str, Any] = request.execute()
    return found


def test_the_shared_drive_is_there_for_staff_and_the_service_account_only(
    ana: Person, robot: Person, running: Any
) -> None:
    """design.md: the drive `Soffid` from the start; the service account and every @soffid.example user manage it."""
    for person in (ana, robot):
        assert [one["name"] for one in person.drive.drives().list().execute()["drives"]] == ["Soffid"]
    assert running.person(OUTSIDER).drive.drives().list().execute()["drives"] == []


def test_without_fields_only_the_documented_few_are_answered(ana: Person, sheet: str) -> None:
    """Drive, "Return specific fields": files.get gives kind, id, name and mimeType by default."""
    found = ana.drive.files().get(fileId=sheet, supportsAllDrives=True).execute()
    assert set(found) == {"kind", "id", "name", "mimeType", "driveId"}


def test_items_of_shared_drives_are_not_found_without_supports_all_drives(ana: Person, sheet: str) -> None:
    """Drive, "Implement shared drive support": supportsAllDrives=true says that the application is prepared."""
    files, permissions = ana.drive.files(), ana.drive.permissions()
    for request in (
        files.get(fileId=sheet),
        files.update(fileId=sheet, body={"name": "x"}),
        files.copy(fileId=sheet, body={}),
        files.delete(fileId=sheet),
        permissions.list(fileId=sheet),
    ):
        assert refusal(request) == (404, "notFound")
    assert message_of(files.get(fileId=sheet)) == f"File not found: {sheet}."


def test_a_file_is_not_made_in_a_shared_drive_without_supports_all_drives(ana: Person, drive_id: str) -> None:
    """Drive, "Implement shared drive support"."""
    assert refusal(ana.drive.files().create(body={"name": "x", "parents": [drive_id]})) == (404, "notFound")


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"corpora": "drive", "supportsAllDrives": True, "includeItemsFromAllDrives": True}, 400),
        ({"driveId": "0ASoffidSharedDrivePVA", "supportsAllDrives": True, "includeItemsFromAllDrives": True}, 400),
        ({"corpora": "drive", "driveId": "0ASoffidSharedDrivePVA", "supportsAllDrives": True}, 403),
        ({"includeItemsFromAllDrives": True}, 403),
    ],
)
def test_a_list_of_a_drive_needs_all_four_parameters(ana: Person, parameters: dict[str, Any], status: int) -> None:
    """Drive, "Search for shared drives content": corpora=drive, driveId, include… and supportsAllDrives together."""
    assert refusal(ana.drive.files().list(**parameters))[0] == status


def test_files_of_shared_drives_are_listed_only_when_asked_for(ana: Person, sheet: str) -> None:
    """files.list: includeItemsFromAllDrives is false by default."""
    assert ana.drive.files().list().execute()["files"] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name = 'O\\'Neill \\\\ Co'", ["O'Neill \\ Co"]),
        ("name contains 'depl'", ["DEPLOYMENTS", "DIBA - Deployment log"]),
        ("name contains 'ployment'", []),
        ("name contains 'log diba'", ["DIBA - Deployment log"]),
        ("name = 'diba - deployment LOG'", ["DIBA - Deployment log"]),
        ("name != 'DEPLOYMENTS' and not name contains 'DIBA'", ["O'Neill \\ Co"]),
        (f"mimeType = '{FOLDER}'", ["DEPLOYMENTS"]),
        (
            f"(mimeType = '{FOLDER}' or name contains 'diba') and trashed = false",
            ["DEPLOYMENTS", "DIBA - Deployment log"],
        ),
        ("properties has { key='deployment' and value='DIBA' }", ["DIBA - Deployment log"]),
        ("appProperties has { key='deployment' and value='DIBA' }", []),
        ("modifiedTime > '2026-11-30T08:00:00'", []),
        ("modifiedTime >= '2026-11-30T09:00:00+01:00'", ["DEPLOYMENTS", "DIBA - Deployment log", "O'Neill \\ Co"]),
        ("trashed = true", []),
    ],
)
def test_the_query_language(ana: Person, drive_id: str, query: str, found: list[str]) -> None:
    r"""Drive, "Search query terms": contains matches prefixes of words; quotes and backslashes are escaped."""
    folder = make(ana, drive_id, "DEPLOYMENTS", FOLDER)
    make(ana, folder["id"], "DIBA - Deployment log", properties={"deployment": "DIBA"})
    make(ana, folder["id"], "O'Neill \\ Co")
    assert sorted(search(ana, drive_id, query)) == sorted(found)


def test_files_are_found_by_their_folder(ana: Person, drive_id: str) -> None:
    """Search query terms: `'id' in parents`, direct children only."""
    folder = make(ana, drive_id, "DEPLOYMENTS", FOLDER)
    make(ana, folder["id"], "in it")
    assert search(ana, drive_id, f"'{folder['id']}' in parents") == ["in it"]
    assert search(ana, drive_id, f"'{drive_id}' in parents") == ["DEPLOYMENTS"]


@pytest.mark.parametrize("query", ["name = x", "name = 'x", "name", "name ~ 'x'", "name = 'a' and", "name = 'a\\n'"])
def test_a_query_that_is_none_is_refused(ana: Person, drive_id: str, query: str) -> None:
    """files.list: 400 invalid for a malformed q."""
    request = ana.drive.files().list(q=query)
    assert refusal(request) == (400, "invalid")


def test_a_list_comes_in_order_and_in_pages(ana: Person, drive_id: str, running: Any) -> None:
    """files.list: orderBy with desc, pageSize and pageToken; the last page has no nextPageToken."""
    for number in range(5):
        make(ana, drive_id, f"file {number}")
        running.clock.forward(seconds=1)
    listing = {
        "corpora": "drive",
        "driveId": drive_id,
        "includeItemsFromAllDrives": True,
        "supportsAllDrives": True,
        "orderBy": "modifiedTime desc",
        "pageSize": 2,
    }
    resource, pages = ana.drive.files(), []
    request = resource.list(**listing)
    while request is not None:
        answer = request.execute()
        pages.append([one["name"][-1] for one in answer["files"]])
        request = resource.list_next(request, answer)
    assert pages == [["4", "3"], ["2", "1"], ["0"]]


def test_a_thousand_files_fit_one_page(ana: Person, drive_id: str, running: Any) -> None:
    """files.list: pageSize up to 1,000."""
    from workspace_sandbox.drive.files import Files

    files = Files(running.sandbox.workspace, running.clock())
    for number in range(1000):
        files.create({"name": f"log {number}", "mimeType": SPREADSHEET}, drive_id, STAFF)
    assert len(search(ana, drive_id, "trashed = false", pageSize=1000)) == 1000


def test_every_edit_raises_version_and_modified_time(ana: Person, drive_id: str, running: Any) -> None:
    """Files resource: version is "a monotonically increasing version number" of every change, an int64 as string."""
    file = make(ana, drive_id)
    seen = [(int(file["version"]), file["modifiedTime"])]
    for edit in (
        lambda: update(ana, file["id"], {"name": "other"}),
        lambda: update(ana, file["id"], {"properties": {"a": "1"}}),
        lambda: type_into(ana, file["id"]),
    ):
        running.clock.forward(seconds=1)
        edit()
        found = get(ana, file["id"])
        seen.append((int(found["version"]), found["modifiedTime"]))
    assert seen == sorted(set(seen))
    assert len({version for version, _ in seen}) == len({modified for _, modified in seen}) == 4


def test_properties_are_merged_and_null_takes_one_away(ana: Person, drive_id: str) -> None:
    """Drive, "Custom file properties": update adds keys; a null value deletes; 124 bytes a property."""
    file = make(ana, drive_id, properties={"kept": "1", "gone": "2"})
    assert update(ana, file["id"], {"properties": {"gone": None, "new": "3"}})["properties"] == {
        "kept": "1",
        "new": "3",
    }
    too_long = {"properties": {"key": "é" * 61}}
    request = ana.drive.files().update(fileId=file["id"], body=too_long, supportsAllDrives=True)
    assert refusal(request)[0] == 400


def test_a_copy_is_a_file_of_its_own_with_the_same_cells(ana: Person, drive_id: str) -> None:
    """files.copy is not idempotent: twice makes two; later edits of one do not show in the other."""
    template = make(ana, drive_id, "TEMPLATE")
    type_into(ana, template["id"], "Status")
    request = ana.drive.files().copy(fileId=template["id"], body={"name": "DIBA"}, supportsAllDrives=True)
    first, second = request.execute(), request.execute()
    assert first["id"] != second["id"]
    type_into(ana, template["id"], "changed")
    values = ana.sheets.values().get(spreadsheetId=first["id"], range="A1").execute()["values"]
    assert values == [["Status"]]


def test_a_deleted_file_is_gone_and_a_trashed_one_is_marked(ana: Person, drive_id: str) -> None:
    """files.delete skips the trash; what lies in a trashed folder is trashed, but not explicitly."""
    folder = make(ana, drive_id, "old", FOLDER)
    inner = make(ana, folder["id"], "inner")
    update(ana, folder["id"], {"trashed": True})
    found = get(ana, inner["id"], "trashed,explicitlyTrashed")
    assert found == {"trashed": True, "explicitlyTrashed": False}
    assert search(ana, drive_id, "trashed = false") == []
    assert search(ana, drive_id, "trashed = true and name = 'inner'") == ["inner"]
    ana.drive.files().delete(fileId=folder["id"], supportsAllDrives=True).execute()
    for file_id in (folder["id"], inner["id"]):
        assert refusal(ana.drive.files().get(fileId=file_id, supportsAllDrives=True)) == (404, "notFound")


def test_a_file_moves_by_add_and_remove_parents(ana: Person, drive_id: str) -> None:
    """Drive, "Move files between folders": parents is not directly writable."""
    folder, file = make(ana, drive_id, "DEPLOYMENTS", FOLDER), make(ana, drive_id)
    request = ana.drive.files().update(fileId=file["id"], body={"parents": [folder["id"]]}, supportsAllDrives=True)
    assert refusal(request) == (403, "fieldNotWritable")
    moved = update(ana, file["id"], {}, addParents=folder["id"], removeParents=drive_id)
    assert moved["parents"] == [folder["id"]]


def test_a_service_account_has_no_storage_of_its_own(robot: Person, drive_id: str) -> None:
    """Drive, "Resolve errors": service accounts own no storage; their files belong into a shared drive."""
    assert refusal(robot.drive.files().create(body={"name": "x"})) == (403, "storageQuotaExceeded")
    assert make(robot, drive_id)["driveId"] == drive_id


@pytest.mark.parametrize(
    ("role", "reads", "writes", "shares"),
    [("reader", True, False, False), ("commenter", True, False, False), ("writer", True, True, True)],
)
def test_roles_are_enforced(
    ana: Person, running: Any, sheet: str, role: str, reads: bool, writes: bool, shares: bool
) -> None:
    """Drive, "Roles and permissions"."""
    bob = running.person(OUTSIDER)
    seen = bob.drive.files().get(fileId=sheet, supportsAllDrives=True)
    renamed = bob.drive.files().update(fileId=sheet, body={"name": "x"}, supportsAllDrives=True)
    assert refusal(seen) == (404, "notFound")
    share(ana, sheet, OUTSIDER, role).execute()
    assert bool(seen.execute()) is reads
    for request, allowed in ((renamed, writes), (share(bob, sheet, "eve@customer.example", "reader"), shares)):
        if allowed:
            request.execute()
        else:
            assert refusal(request) == (403, "insufficientFilePermissions")


def test_roles_of_sheets_are_those_of_drive(ana: Person, running: Any, sheet: str) -> None:
    """Sheets answers 403 PERMISSION_DENIED without the role, 404 NOT_FOUND for an id nobody has."""
    bob = running.person(OUTSIDER)
    read = bob.sheets.values().get(spreadsheetId=sheet, range="A1")
    write = bob.sheets.values().update(
        spreadsheetId=sheet, range="A1", valueInputOption="RAW", body={"values": [["x"]]}
    )
    assert refusal(read) == (403, "PERMISSION_DENIED")
    share(ana, sheet, OUTSIDER, "reader").execute()
    read.execute()
    assert refusal(write) == (403, "PERMISSION_DENIED")
    assert refusal(bob.sheets.get(spreadsheetId="nothing")) == (404, "NOT_FOUND")


def test_permissions_are_inherited_and_cannot_be_deleted_below(ana: Person, running: Any, drive_id: str) -> None:
    """Drive, "Manage sharing": permissionDetails say what is inherited; that is removed where it was given."""
    folder = make(ana, drive_id, "DEPLOYMENTS", FOLDER)
    file = make(ana, folder["id"])
    share(ana, folder["id"], OUTSIDER, "writer").execute()
    update(running.person(OUTSIDER), file["id"], {"name": "by bob"})
    listed = ana.drive.permissions().list(fileId=file["id"], supportsAllDrives=True, fields="*").execute()
    by_address = {one.get("emailAddress", one.get("domain")): one for one in listed["permissions"]}
    assert set(by_address) == {SERVICE_ACCOUNT, "soffid.example", OUTSIDER}
    assert by_address[OUTSIDER]["permissionDetails"] == [
        {"permissionType": "file", "role": "writer", "inherited": True, "inheritedFrom": folder["id"]}
    ]
    resource, theirs = ana.drive.permissions(), by_address[OUTSIDER]["id"]
    below = resource.delete(fileId=file["id"], permissionId=theirs, supportsAllDrives=True)
    assert refusal(below)[0] == 403
    resource.delete(fileId=folder["id"], permissionId=theirs, supportsAllDrives=True).execute()
    request = running.person(OUTSIDER).drive.files().get(fileId=file["id"], supportsAllDrives=True)
    assert refusal(request) == (404, "notFound")


def test_a_role_is_updated_and_a_second_grant_is_the_same_permission(ana: Person, sheet: str) -> None:
    """Permission ids are derived from the grantee; permissions.update changes the role."""
    first = share(ana, sheet, OUTSIDER, "reader").execute()
    second = share(ana, sheet, OUTSIDER.upper(), "writer").execute()
    assert (second["id"], second["role"]) == (first["id"], "writer")
    permissions = ana.drive.permissions()
    body = {"role": "commenter"}
    permissions.update(fileId=sheet, permissionId=first["id"], body=body, supportsAllDrives=True).execute()
    found = permissions.get(fileId=sheet, permissionId=first["id"], supportsAllDrives=True).execute()
    assert found["role"] == "commenter"


def test_an_address_without_a_google_account_is_not_shared_with_in_silence(
    ana: Person, running: Any, sheet: str
) -> None:
    """api-facts: without a notification mail, 400 invalidSharingRequest."""
    running.sandbox.workspace.collection("no_google_account").put("eve@customer.example", {})
    for address in ("eve@customer.example", "eve@nowhere.invalid"):
        assert refusal(share(ana, sheet, address, "reader")) == (400, "invalidSharingRequest")
    share(ana, sheet, "eve@customer.example", "reader", sendNotificationEmail=True).execute()


def test_sharing_writes_to_the_person_unless_told_not_to(ana: Person, running: Any, sheet: str) -> None:
    """permissions.create: sendNotificationEmail defaults to true."""
    bob = running.person(OUTSIDER).build("gmail", "v1").users().messages()
    share(ana, sheet, OUTSIDER, "reader").execute()
    assert bob.list(userId="me").execute().get("messages", []) == []
    body = {"type": "user", "role": "writer", "emailAddress": OUTSIDER}
    ana.drive.permissions().create(fileId=sheet, body=body, supportsAllDrives=True).execute()
    assert len(bob.list(userId="me").execute()["messages"]) == 1


def test_the_change_feed_shows_each_changed_file_once_with_its_latest_state(ana: Person, drive_id: str) -> None:
    """changes.list from a start token: newStartPageToken on the last page; tokens do not expire."""
    token = start_token(ana, drive_id)
    assert changes(ana, drive_id, token)["changes"] == []
    first, second = make(ana, drive_id, "first"), make(ana, drive_id, "second")
    update(ana, first["id"], {"name": "renamed"})
    type_into(ana, second["id"])
    ana.drive.files().delete(fileId=first["id"], supportsAllDrives=True).execute()
    found = changes(ana, drive_id, token)
    assert [(one["fileId"], one["removed"], one.get("file", {}).get("name")) for one in found["changes"]] == [
        (second["id"], False, "second"),
        (first["id"], True, None),
    ]
    assert changes(ana, drive_id, found["newStartPageToken"])["changes"] == []
    assert len(changes(ana, drive_id, token)["changes"]) == 2


def test_changes_of_shared_drives_come_only_when_asked_for(ana: Person, drive_id: str) -> None:
    """changes.list: includeItemsFromAllDrives is false by default."""
    token = start_token(ana, drive_id)
    make(ana, drive_id)
    assert ana.drive.changes().list(pageToken=token).execute()["changes"] == []


def test_the_change_feed_comes_in_pages(ana: Person, drive_id: str) -> None:
    """changes.list: nextPageToken while there is more, newStartPageToken only at the end."""
    token = start_token(ana, drive_id)
    made = [make(ana, drive_id, str(number))["id"] for number in range(3)]
    page = changes(ana, drive_id, token, pageSize=2)
    assert "newStartPageToken" not in page
    rest = changes(ana, drive_id, page["nextPageToken"], pageSize=2)
    assert [one["fileId"] for one in page["changes"] + rest["changes"]] == made
    assert "newStartPageToken" in rest


def test_edits_of_cells_may_surface_late(ana: Person, running: Any, drive_id: str, sheet: str) -> None:
    """api-facts: cell edits show in the feed and in modifiedTime only after a while (`--feed-lag`)."""
    Founding(feed_lag=180)(running.sandbox.workspace)
    token, before = start_token(ana, drive_id), get(ana, sheet, "version,modifiedTime")
    running.clock.forward(seconds=10)
    type_into(ana, sheet)
    running.clock.forward(seconds=179)
    assert get(ana, sheet, "version,modifiedTime") == before
    assert changes(ana, drive_id, token)["changes"] == []
    running.clock.forward(seconds=1)
    assert [one["fileId"] for one in changes(ana, drive_id, token)["changes"]] == [sheet]
    assert get(ana, sheet, "modifiedTime") == {"modifiedTime": "2026-11-30T08:00:10.000Z"}


def test_a_spreadsheet_is_exported_as_csv(ana: Person, sheet: str) -> None:
    """Drive, "Export MIME types": text/csv is the first sheet only, as it is shown."""
    body = {"values": [["Status", "with, comma"], ["", True]]}
    ana.sheets.values().update(spreadsheetId=sheet, range="A1", valueInputOption="RAW", body=body).execute()
    exported = ana.drive.files().export(fileId=sheet, mimeType="text/csv").execute()
    assert exported.decode() == 'Status,"with, comma"\r\n,VERDADERO'


def test_a_new_drive_is_made_once_per_request_id(ana: Person) -> None:
    """drives.create: requestId makes the request idempotent; the same one again is 409."""
    request = ana.drive.drives().create(requestId="one", body={"name": "Other"})
    made = request.execute()
    assert refusal(request)[0] == 409
    assert make(ana, made["id"])["driveId"] == made["id"]

"""Drive: permissions, their roles and their inheritance."""

from __future__ import annotations

from conformance_checks import check, table
from conformance_pages import DRIVE_ERRORS, DRIVE_REFERENCE, ROLES, SHARING
from conformance_place import SPREADSHEET, refusal, status
from conformance_spaces import DriveSpace

PERMISSION = DRIVE_REFERENCE + "/permissions"


@check("drive.permissions.create", SHARING, "a permission has a type, a role, and the address; its id stays")
def test_a_permission_is_made_and_read(drive: DriveSpace) -> None:
    outsider, made = drive.place.person("outsider"), drive.new_folder()
    given = drive.share(made, outsider, "reader")
    assert (given["type"], given["role"], given["emailAddress"]) == ("user", "reader", outsider.address)
    read = drive.api.permissions().get(fileId=made, permissionId=given["id"], supportsAllDrives=True).execute()
    assert (read["id"], read["role"]) == (given["id"], "reader")


@check(
    "drive.permissions.create",
    f"{PERMISSION}#Permission.FIELDS.id",
    "the id of a person's permission is the same on every file",
)
def test_the_id_of_a_permission_is_the_persons(drive: DriveSpace) -> None:
    outsider = drive.place.person("outsider")
    first = drive.share(drive.new_folder(), outsider, "reader")
    assert drive.share(drive.new_folder(), outsider, "writer")["id"] == first["id"]


@check("drive.permissions.create", SHARING, "what is shared is read by the person, what is not is not found")
def test_a_reader_reads(drive: DriveSpace) -> None:
    outsider, made = drive.place.person("outsider"), drive.new_folder()
    request = outsider.drive.files().get(fileId=made, supportsAllDrives=True)
    assert refusal(request) == (404, "notFound")
    drive.share(made, outsider, "reader")
    assert request.execute()["id"] == made


@table(
    "drive.files.update",
    ROLES,
    ("role", "may_edit"),
    {
        "a reader does not edit: 403 insufficientFilePermissions": ("reader", False),
        "a commenter does not edit: 403 insufficientFilePermissions": ("commenter", False),
        "a writer edits": ("writer", True),
    },
)
def test_roles_are_enforced(drive: DriveSpace, role: str, may_edit: bool) -> None:
    outsider, made = drive.place.person("outsider"), drive.new(drive.name(), mimeType=SPREADSHEET)["id"]
    drive.share(made, outsider, role)
    request = outsider.drive.files().update(fileId=made, body={"name": drive.name()}, supportsAllDrives=True)
    if may_edit:
        assert request.execute()["id"] == made
    else:
        assert refusal(request) == (403, "insufficientFilePermissions")


@table(
    "drive.files.get",
    ROLES,
    ("role", "able"),
    {
        "capabilities of a reader: canEdit is false": ("reader", False),
        "capabilities of a writer: canEdit is true": ("writer", True),
    },
)
def test_capabilities_say_what_the_role_may(drive: DriveSpace, role: str, able: bool) -> None:
    outsider, made = drive.place.person("outsider"), drive.new(drive.name(), mimeType=SPREADSHEET)["id"]
    drive.share(made, outsider, role)
    assert drive.get(made, "capabilities/canEdit", outsider) == {"capabilities": {"canEdit": able}}


@check("drive.permissions.list", SHARING, "permissions are inherited by what lies in a folder")
def test_permissions_are_inherited(drive: DriveSpace) -> None:
    outsider, folder = drive.place.person("outsider"), drive.new_folder()
    made = drive.new(drive.name(), mimeType=SPREADSHEET, parents=[folder])["id"]
    given = drive.share(folder, outsider, "reader")
    assert drive.get(made, "id", outsider) == {"id": made}
    fields = "permissions(id,permissionDetails)"
    listed = drive.api.permissions().list(fileId=made, supportsAllDrives=True, fields=fields).execute()["permissions"]
    details = next(one["permissionDetails"] for one in listed if one["id"] == given["id"])
    assert [(one["inherited"], one["inheritedFrom"], one["role"]) for one in details] == [(True, folder, "reader")]


@check("drive.permissions.delete", SHARING, "an inherited permission is not removed from the item: 403")
def test_an_inherited_permission_stays(drive: DriveSpace) -> None:
    outsider, folder = drive.place.person("outsider"), drive.new_folder()
    made = drive.new(drive.name(), mimeType=SPREADSHEET, parents=[folder])["id"]
    given = drive.share(folder, outsider, "reader")
    request = drive.api.permissions().delete(fileId=made, permissionId=given["id"], supportsAllDrives=True)
    assert status(request) == 403


@check("drive.permissions.update", SHARING, "a role is changed by an update with the role alone")
def test_a_role_is_changed(drive: DriveSpace) -> None:
    outsider, made = drive.place.person("outsider"), drive.new_folder()
    given = drive.share(made, outsider, "reader")
    changed = drive.api.permissions().update(
        fileId=made, permissionId=given["id"], body={"role": "writer"}, supportsAllDrives=True
    )
    assert changed.execute()["role"] == "writer"


@check("drive.permissions.delete", SHARING, "a permission that is taken back ends the access; again it is 404")
def test_a_permission_is_taken_back(drive: DriveSpace) -> None:
    outsider, made = drive.place.person("outsider"), drive.new_folder()
    given = drive.share(made, outsider, "reader")
    request = drive.api.permissions().delete(fileId=made, permissionId=given["id"], supportsAllDrives=True)
    request.execute()
    assert status(outsider.drive.files().get(fileId=made, supportsAllDrives=True)) == 404
    assert refusal(request) == (404, "notFound")


@check("drive.permissions.create", SHARING, "with type anyone, whoever knows the id reads")
def test_anyone_reads(drive: DriveSpace) -> None:
    outsider, made = drive.place.person("outsider"), drive.new_mine(mimeType=SPREADSHEET)["id"]
    given = drive.api.permissions().create(fileId=made, body={"type": "anyone", "role": "reader"}).execute()
    assert (given["id"], given["type"]) == ("anyoneWithLink", "anyone")
    assert outsider.drive.files().get(fileId=made).execute()["id"] == made


@table(
    "drive.permissions.create",
    PERMISSION,
    ("body",),
    {
        "a type is required": ({"role": "reader"},),
        "a role is required": ({"type": "user", "emailAddress": "somebody@example.com"},),
        "a user has an address": ({"type": "user", "role": "reader"},),
        "a role is one of those there are": ({"type": "anyone", "role": "emperor"},),
    },
)
def test_a_permission_that_makes_no_sense_is_refused(drive: DriveSpace, body: dict[str, str]) -> None:
    request = drive.api.permissions().create(fileId=drive.new_folder(), body=body, supportsAllDrives=True)
    assert status(request) == 400


@check("drive.permissions.create", PERMISSION + "/create", "the role owner needs transferOwnership=true: 403")
def test_ownership_is_transferred_on_purpose(drive: DriveSpace) -> None:
    guest, made = drive.place.person("guest"), drive.new_mine(mimeType=SPREADSHEET)["id"]
    body = {"type": "user", "role": "owner", "emailAddress": guest.address}
    assert status(drive.api.permissions().create(fileId=made, body=body)) in (400, 403)


@check("drive.permissions.list", PERMISSION + "/list", "without fields, a permission is id, type, kind and role")
def test_permissions_are_listed_with_the_usual_fields(drive: DriveSpace) -> None:
    made = drive.new_mine(mimeType=SPREADSHEET)["id"]
    answer = drive.api.permissions().list(fileId=made).execute()
    assert answer["kind"] == "drive#permissionList"
    assert [(one["kind"], one["type"], one["role"]) for one in answer["permissions"]] == [
        ("drive#permission", "user", "owner")
    ]
    assert "emailAddress" not in answer["permissions"][0]


@check(
    "drive.permissions.create",
    DRIVE_ERRORS,
    "an address without a Google account needs a notification: 400 invalidSharingRequest",
)
def test_an_address_without_an_account_needs_a_mail(drive: DriveSpace) -> None:
    drive.place.trouble("accounts", {"address": "nobody@customer.example", "google_account": False})
    body = {"type": "user", "role": "reader", "emailAddress": "nobody@customer.example"}
    request = drive.api.permissions().create(
        fileId=drive.new_folder(), body=body, sendNotificationEmail=False, supportsAllDrives=True
    )
    assert refusal(request) == (400, "invalidSharingRequest")


@check("drive.permissions.list", SHARING, "a reader of a file in a shared drive does not manage its members: 403")
def test_a_reader_does_not_share(drive: DriveSpace) -> None:
    outsider, made = drive.place.person("outsider"), drive.new_folder()
    drive.share(made, outsider, "reader")
    body = {"type": "user", "role": "reader", "emailAddress": drive.place.owner.address}
    request = outsider.drive.permissions().create(fileId=made, body=body, supportsAllDrives=True)
    assert refusal(request) == (403, "insufficientFilePermissions")

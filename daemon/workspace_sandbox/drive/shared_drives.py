"""Drive v3: shared drives. Who belongs to them is in `permissions.py`."""

from __future__ import annotations

import secrets

from workspace_sandbox.calls import Answer, ApiError, Call, Json, method
from workspace_sandbox.drive import search
from workspace_sandbox.drive.answers import defaulted, drive_rank, drive_resource, page_start, page_token
from workspace_sandbox.drive.files import Files, permission_id, rank, timestamp

_DEFAULTS = "kind,id,name"


@method("drive.drives.list")
def drives_list(call: Call) -> Json:
    if call.params.get("useDomainAdminAccess"):
        raise ApiError(501, "notImplemented", "The sandbox cannot list drives as an administrator.")
    files = Files(call.workspace, call.now)
    found = [one for one in files.drives() if drive_rank(files, one, call.user) >= 0]
    if call.params.get("q"):
        test = search.parse_for_drives(call.params["q"])
        found = [one for one in found if test(drive_resource(one, call.user))]
    start, size = page_start(call), call.params.get("pageSize", 10)
    answer: Json = {
        "kind": "drive#driveList",
        "drives": [drive_resource(one, call.user) for one in found[start : start + size]],
    }
    if start + size < len(found):
        answer["nextPageToken"] = page_token(start + size)
    return defaulted(call, answer, "kind,nextPageToken,drives(kind,id,name)")


@method("drive.drives.get")
def drives_get(call: Call) -> Json:
    drive = _drive(Files(call.workspace, call.now), call)
    return defaulted(call, drive_resource(drive, call.user), _DEFAULTS)


@method("drive.drives.update")
def drives_update(call: Call) -> Json:
    unknown = set(call.body) - {"name"}
    if unknown:
        raise ApiError(501, "notImplemented", f"The sandbox cannot set {', '.join(sorted(unknown))} of a drive.")
    files = Files(call.workspace, call.now)
    drive = _managed(files, call)
    if "name" in call.body:
        if not call.body["name"]:
            raise ApiError(400, "invalid", "The name of a shared drive cannot be empty.")
        drive = {**drive, "name": call.body["name"]}
        files.put_drive(drive)
        files.drive_changed(drive["id"])
    return defaulted(call, drive_resource(drive, call.user), _DEFAULTS)


@method("drive.drives.delete")
def drives_delete(call: Call) -> Answer:
    """Only a drive without untrashed items can be deleted."""
    if call.params.get("allowItemDeletion"):
        raise ApiError(403, "forbidden", "allowItemDeletion needs useDomainAdminAccess=true.")
    files = Files(call.workspace, call.now)
    drive = _managed(files, call)
    if any(not one["trashed"] for one in files.children(drive["id"])):
        raise ApiError(403, "forbidden", "A shared drive with items that are not in the trash cannot be deleted.")
    files.remove_drive(drive["id"])
    return Answer(None, 204)


@method("drive.drives.hide")
def drives_hide(call: Call) -> Json:
    return _hidden(call, True)


@method("drive.drives.unhide")
def drives_unhide(call: Call) -> Json:
    return _hidden(call, False)


@method("drive.drives.create")
def drives_create(call: Call) -> Json:
    """`requestId` makes it idempotent: the same one again is 409
    (https://developers.google.com/workspace/drive/api/reference/rest/v3/drives/create)."""
    unknown = set(call.body) - {"name"}
    if unknown:
        raise ApiError(501, "notImplemented", f"The sandbox cannot make a drive with {', '.join(sorted(unknown))}.")
    if not call.body.get("name"):
        raise ApiError(400, "required", "The name of a shared drive is required.")
    requests = call.workspace.collection("drive_requests")
    if requests.get(call.params["requestId"]) is not None:  # a collection, not the library  # nosec B113
        raise ApiError(409, "conflict", "A shared drive was already created with this request ID.")
    drive: Json = {
        "id": "0A" + secrets.token_urlsafe(12) + "PVA",
        "name": call.body["name"],
        "createdTime": timestamp(call.now),
        "permissions": {
            permission_id("user", call.user): {"type": "user", "role": "organizer", "emailAddress": call.user}
        },
    }
    Files(call.workspace, call.now).put_drive(drive)
    requests.put(call.params["requestId"], {"driveId": drive["id"]})  # a collection, not the library  # nosec B113
    return defaulted(call, drive_resource(drive, call.user), _DEFAULTS)


def _drive(files: Files, call: Call) -> Json:
    if call.params.get("useDomainAdminAccess"):
        raise ApiError(501, "notImplemented", "The sandbox has no access as an administrator.")
    drive = files.drive(call.params["driveId"])
    if drive is None or drive_rank(files, drive, call.user) < 0:
        raise ApiError(404, "notFound", f"Shared drive not found: {call.params['driveId']}")
    return drive


def _managed(files: Files, call: Call) -> Json:
    """The drive, where the user is an organizer of it."""
    drive = _drive(files, call)
    if drive_rank(files, drive, call.user) < rank("organizer"):
        raise ApiError(403, "insufficientFilePermissions", "The user is not an organizer of the shared drive.")
    return drive


def _hidden(call: Call, hidden: bool) -> Json:
    """Hides the drive from the user's default view, or shows it there; it stays as reachable as before."""
    files = Files(call.workspace, call.now)
    drive = _drive(files, call)
    others = [one for one in drive.get("hiddenFor", []) if one != call.user]
    drive = {**drive, "hiddenFor": [*others, call.user] if hidden else others}
    files.put_drive(drive)
    return defaulted(call, drive_resource(drive, call.user), _DEFAULTS)

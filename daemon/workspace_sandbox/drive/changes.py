"""Drive v3: the feed of changes."""

from __future__ import annotations

from workspace_sandbox import fields
from workspace_sandbox.calls import ApiError, Call, Json, method
from workspace_sandbox.drive.answers import FILE_DEFAULTS, all_drives, defaulted, drive_rank, drive_resource, resource
from workspace_sandbox.drive.files import Files

_CHANGES_DEFAULTS = (
    "kind,nextPageToken,newStartPageToken,"
    f"changes(kind,changeType,type,time,removed,fileId,driveId,file({FILE_DEFAULTS}),drive(kind,id,name))"
)


@method("drive.changes.getStartPageToken")
def changes_start(call: Call) -> Json:
    files = Files(call.workspace, call.now)
    _check_drive_feed(files, call)
    return {"kind": "drive#startPageToken", "startPageToken": str(files.next_change())}


@method("drive.changes.list")
def changes_list(call: Call) -> Json:
    files = Files(call.workspace, call.now)
    _check_drive_feed(files, call)
    if call.params.get("spaces", "drive") != "drive":
        raise ApiError(501, "notImplemented", "The sandbox has no space but drive.")
    if _asks_for_all_drives(call) and not all_drives(call):
        raise ApiError(403, "teamDrivesNotSupported", "includeItemsFromAllDrives needs supportsAllDrives=true.")
    token = call.params["pageToken"]
    if not token.isdigit() or int(token) > files.next_change():
        raise ApiError(400, "invalid", "Invalid Value")
    wanted = fields.parse(call.params.get("fields") or _CHANGES_DEFAULTS)
    mask = wanted.get("changes", {}).get("file", {})
    seen = [one for one in files.changes_from(int(token)) if _hears_of(files, call, one)]
    size = call.params.get("pageSize", 100)
    answer: Json = {
        "kind": "drive#changeList",
        "changes": [_change(call, files, one, mask) for one in seen[:size]],
    }
    if len(seen) > size:
        answer["nextPageToken"] = str(seen[size]["number"])
    else:
        answer["newStartPageToken"] = str(files.next_change())
    return defaulted(call, answer, _CHANGES_DEFAULTS)


def _check_drive_feed(files: Files, call: Call) -> None:
    drive_id = call.params.get("driveId")
    if drive_id is None:
        return
    if not all_drives(call):
        raise ApiError(403, "teamDrivesNotSupported", "driveId needs supportsAllDrives=true.")
    drive = files.drive(drive_id)
    if drive is None or drive_rank(files, drive, call.user) < 0:
        raise ApiError(404, "notFound", f"Shared drive not found: {drive_id}")


def _hears_of(files: Files, call: Call, change: Json) -> bool:
    """Whether a change is in the feed that the call asks for."""
    drive_id = call.params.get("driveId")
    if drive_id is not None and change["driveId"] != drive_id:
        return False
    if change["driveId"] and not _asks_for_all_drives(call):
        return False
    if call.params.get("restrictToMyDrive") and (change["driveId"] or change["owner"] != call.user):
        return False
    if _is_gone(files, call, change):
        return call.params.get("includeRemoved") is not False and _knew(files, call, change)
    return True


def _is_gone(files: Files, call: Call, change: Json) -> bool:
    """Whether the file is deleted, or out of the user's reach."""
    item = change["fileId"] or change["driveId"]
    file = None if change["removed"] else files.find(item, call.user)
    return file is None or files.rank_of(file, call.user) < 0


def _knew(files: Files, call: Call, change: Json) -> bool:
    """Whether the user could reach the file before it was removed, or taken away since the page token."""
    if not change["removed"]:
        return bool(change["lost"].get(call.user, -1) >= int(call.params["pageToken"]))
    drive = files.drive(change["driveId"]) if change["driveId"] else None
    member = drive is not None and drive_rank(files, drive, call.user) >= 0
    return bool(change["owner"] == call.user or member or call.user in change["readers"])


def _asks_for_all_drives(call: Call) -> bool:
    return bool(call.params.get("includeItemsFromAllDrives") or call.params.get("includeTeamDriveItems"))


def _change(call: Call, files: Files, change: Json, mask: fields.Mask) -> Json:
    kind = "file" if change["fileId"] else "drive"
    gone = _is_gone(files, call, change)
    answer: Json = {
        "kind": "drive#change",
        "type": kind,
        "changeType": kind,
        "time": change["time"],
        "removed": gone,
    }
    if kind == "drive":
        drive = files.drive(change["driveId"])
        assert drive is not None
        return {**answer, "driveId": change["driveId"], "drive": drive_resource(drive, call.user)}
    answer["fileId"] = change["fileId"]
    file = None if gone else files.find(change["fileId"], call.user)
    if file is not None:
        answer["file"] = resource(call, files, file, mask)
    return answer

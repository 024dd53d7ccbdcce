"""Drive v3: files and drives as they are answered, and how answers are cut into pages and fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workspace_sandbox import fields
from workspace_sandbox.calls import ApiError, Call, Json
from workspace_sandbox.drive.files import FOLDER, SPREADSHEET, Files, permission_id, rank
from workspace_sandbox.drive.permissions import resource as permission_resource

FILE_DEFAULTS = "kind,id,name,mimeType,driveId"
"""What is answered of a file where no `fields` are named
(https://developers.google.com/workspace/drive/api/guides/fields-parameter)."""

_LEAST_ROLE = {
    "canCopy": "reader",
    "canDownload": "reader",
    "canListChildren": "reader",
    "canComment": "commenter",
    "canAddChildren": "writer",
    "canEdit": "writer",
    "canModifyContent": "writer",
    "canRename": "writer",
    "canShare": "writer",
    "canTrash": "fileOrganizer",
    "canUntrash": "fileOrganizer",
    "canDelete": "organizer",
}
"""The least role for each (https://developers.google.com/workspace/drive/api/guides/ref-roles); folders of shared
drives are shared by content managers. In one's own drive nobody but the owner is above `writer`."""
_OF_FILES = ("canCopy", "canDownload")
_OF_FOLDERS = ("canAddChildren", "canListChildren")


def all_drives(call: Call) -> bool:
    return bool(call.params.get("supportsAllDrives") or call.params.get("supportsTeamDrives"))


def page_start(call: Call) -> int:
    """Where a page starts."""
    token = call.params.get("pageToken")
    if not token:
        return 0
    if not token.startswith("~") or not token[1:].isdigit():
        raise ApiError(400, "invalid", "Invalid Value")
    return int(token[1:])


def page_token(start: int) -> str:
    return f"~{start}"


def defaulted(call: Call, answer: Json, defaults: str) -> Json:
    """The answer, or what is given of it where the caller names no `fields`."""
    if call.params.get("fields"):
        return answer
    reduced: Json = fields.apply(fields.parse(defaults), answer)
    return reduced


def resource(call: Call, files: Files, file: Json, mask: fields.Mask) -> Json:
    """A file as Drive answers it; what takes time to find out only where `mask` wants it."""
    answer: Json = {"kind": "drive#file", "version": str(file["version"])}
    copied = (
        *("id", "name", "mimeType", "description", "starred", "parents", "driveId", "createdTime", "modifiedTime"),
        *("md5Checksum", "properties"),
    )
    for name in copied:
        # Empty maps are left out, as everywhere in Google's answers.
        if file.get(name) or name == "starred":
            answer[name] = file[name]
    if file["appProperties"].get(call.app):
        answer["appProperties"] = file["appProperties"][call.app]
    if "size" in file:
        answer["size"] = str(file["size"])
    if file.get("lastModifyingUser"):
        answer["lastModifyingUser"] = user_resource(file["lastModifyingUser"], call.user)
    if file.get("owner"):
        answer["owners"] = [user_resource(file["owner"], call.user)]
        answer["ownedByMe"] = file["owner"] == call.user
    shared = files.shared_with(file, call.user)
    if shared is not None:
        answer["sharedWithMeTime"] = shared
    answer["webViewLink"] = _link(call, file)
    whole = not mask or "*" in mask
    if whole or "trashed" in mask or "explicitlyTrashed" in mask:
        answer["explicitlyTrashed"] = file["trashed"]
        answer["trashed"] = files.is_trashed(file)
    if whole or "capabilities" in mask:
        answer["capabilities"] = _capabilities(files, file, call.user)
    if whole or "permissions" in mask or "permissionIds" in mask or "shared" in mask:
        answer |= _sharing(files, file, call.user)
    return answer


def _sharing(files: Files, file: Json, user: str) -> Json:
    grants = files.granted(file)
    answer: Json = {"permissionIds": list(grants)}
    # `shared` and `permissions`: "Not populated for items in shared drives."
    if not file.get("driveId"):
        answer["shared"] = len(grants) > 1
    if not file.get("driveId") and files.rank_of(file, user) >= rank("writer"):
        answer["permissions"] = [permission_resource(key, grant) for key, grant in grants.items()]
    return answer


def _capabilities(files: Files, file: Json, user: str) -> Json:
    held = files.rank_of(file, user)
    folder = file["mimeType"] == FOLDER
    may = {name: held >= rank(least) for name, least in _LEAST_ROLE.items()}
    if folder and file.get("driveId"):
        may["canShare"] = held >= rank("fileOrganizer")
    may |= {name: may[name] and not folder for name in _OF_FILES}
    may |= {name: may[name] and folder for name in _OF_FOLDERS}
    return may


def _link(call: Call, file: Json) -> str:
    """The page of the sandbox that shows the file."""
    origin = f"http://{call.headers.get('host', 'localhost')}"
    return f"{origin}/sheets/{file['id']}" if file["mimeType"] == SPREADSHEET else f"{origin}/#{file['id']}"


def user_resource(address: str, asking: str) -> Json:
    return {
        "kind": "drive#user",
        "displayName": address.partition("@")[0],
        "emailAddress": address,
        "me": address == asking,
        "permissionId": permission_id("user", address),
    }


def drive_resource(drive: Mapping[str, Any], user: str) -> Json:
    return {
        "kind": "drive#drive",
        "id": drive["id"],
        "name": drive["name"],
        "createdTime": drive["createdTime"],
        "hidden": user in drive.get("hiddenFor", ()),
    }


def drive_rank(files: Files, drive: Json, user: str) -> int:
    top = files.find(drive["id"], user)
    return -1 if top is None else files.rank_of(top, user)

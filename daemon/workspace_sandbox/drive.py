"""Drive v3: files, shared drives and the change feed. Who may reach a file is in `drive_permissions.py`."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from workspace_sandbox import drive_query, fields
from workspace_sandbox.calls import Answer, ApiError, Call, Json, method
from workspace_sandbox.drive_files import FOLDER, SPREADSHEET, Files, permission_id, rank, root_id, timestamp
from workspace_sandbox.drive_permissions import resource as permission_resource
from workspace_sandbox.grid import as_csv, new_spreadsheet

_FILE_DEFAULTS = "kind,id,name,mimeType,driveId"
"""What is answered of a file where no `fields` are named
(https://developers.google.com/workspace/drive/api/guides/fields-parameter)."""
_LIST_DEFAULTS = f"kind,incompleteSearch,nextPageToken,files({_FILE_DEFAULTS})"
_CHANGES_DEFAULTS = (
    f"kind,nextPageToken,newStartPageToken,changes(kind,changeType,type,time,removed,fileId,file({_FILE_DEFAULTS}))"
)
_WRITABLE = frozenset(
    (
        *("name", "description", "mimeType", "properties", "appProperties", "trashed", "starred"),
        *("modifiedTime", "createdTime", "parents", "id"),
    )
)
_SEVERAL_PARENTS = "A file cannot have more than one parent."
_PROPERTY_BYTES = 124
"""Bytes of a property's key and value together (https://developers.google.com/workspace/drive/api/guides/properties)."""


@method("drive.files.create")
def files_create(call: Call) -> Json:
    _refuse_unknown(call)
    files = Files(call.workspace, call.now)
    parent = _destination(files, call, call.body.get("parents") or [])
    mime_type = call.body.get("mimeType") or call.media_type.partition(";")[0] or "application/octet-stream"
    if mime_type == SPREADSHEET and call.media is not None:
        raise ApiError(501, "notImplemented", "The sandbox does not convert uploads to spreadsheets.")
    _check_storage(parent, call.user, mime_type)
    metadata = {name: value for name, value in _metadata(call.body, {}).items() if name != "parents"}
    file = files.create({**metadata, "mimeType": mime_type, **_content(call)}, parent["id"], call.user)
    _store(call, file["id"])
    if mime_type == SPREADSHEET:
        call.workspace.collection("spreadsheets").put(file["id"], new_spreadsheet())
    return _answered(call, files, file)


@method("drive.files.get")
def files_get(call: Call) -> Json | Answer:
    files = Files(call.workspace, call.now)
    file = files.reachable(call.params["fileId"], call.user, _all_drives(call))
    if call.params.get("alt") == "media":
        return _downloaded(call, file)
    return _answered(call, files, file)


@method("drive.files.update")
def files_update(call: Call) -> Json:
    _refuse_unknown(call)
    files = Files(call.workspace, call.now)
    file = files.reachable(call.params["fileId"], call.user, _all_drives(call))
    if not file["parents"]:
        raise ApiError(403, "forbidden", "The top of a drive cannot be changed.")
    if "parents" in call.body:
        raise ApiError(
            403,
            "fieldNotWritable",
            "The parents field is not directly writable in update requests. Use the addParents and removeParents "
            "parameters instead.",
        )
    files.require(file, call.user, "writer")
    changes = _metadata(call.body, file)
    if changes.get("trashed", file["trashed"]) != file["trashed"]:
        # https://developers.google.com/workspace/drive/api/guides/shared-drives-diffs
        files.require(file, call.user, "fileOrganizer" if file.get("driveId") else "owner")
    changes |= _moved(files, call, file)
    if call.media is not None and file["mimeType"] == SPREADSHEET:
        raise ApiError(501, "notImplemented", "The sandbox does not convert uploads to spreadsheets.")
    changes |= _content(call)
    _store(call, file["id"])
    if changes:
        file = files.edit(file, changes, call.user)
    return _answered(call, files, file)


@method("drive.files.copy")
def files_copy(call: Call) -> Json:
    """A copy has its source's content and properties, and permissions of its own."""
    _refuse_unknown(call)
    files = Files(call.workspace, call.now)
    source = files.reachable(call.params["fileId"], call.user, _all_drives(call))
    if source["mimeType"] == FOLDER:
        raise ApiError(403, "cannotCopyFile", "This file cannot be copied by the user.")
    wanted = call.body.get("parents") or _own_parents(files, call, source)
    parent = _destination(files, call, wanted)
    _check_storage(parent, call.user, source["mimeType"])
    kept: Json = {
        name: source[name]
        for name in ("mimeType", "description", "properties", "appProperties", "size", "md5Checksum")
        if name in source
    }
    metadata = {name: value for name, value in _metadata(call.body, kept).items() if name != "parents"}
    copy = files.create({"name": f"Copy of {source['name']}", **kept, **metadata}, parent["id"], call.user)
    for name in ("contents", "spreadsheets"):
        document = call.workspace.collection(name).get(source["id"])
        if document is not None:
            call.workspace.collection(name).put(copy["id"], document)
    return _answered(call, files, copy)


@method("drive.files.delete")
def files_delete(call: Call) -> Answer:
    files = Files(call.workspace, call.now)
    file = files.reachable(call.params["fileId"], call.user, _all_drives(call))
    files.require(file, call.user, "organizer" if file.get("driveId") else "owner")
    if not file["parents"]:
        raise ApiError(403, "forbidden", "The top of a drive cannot be deleted.")
    files.remove(file)
    return Answer(None, 204)


@method("drive.files.list")
def files_list(call: Call) -> Json:
    files = Files(call.workspace, call.now)
    test = drive_query.parse(_with_root(call.params["q"], call.user)) if call.params.get("q") else None
    if call.params.get("spaces", "drive") != "drive":
        raise ApiError(501, "notImplemented", "The sandbox has no space but drive.")
    found = [
        file
        for file in _in_corpora(files, call)
        if test is None or test({**file, "trashed": file["trashed"] or files.is_trashed(file)})
    ]
    _sort(found, call.params.get("orderBy", ""))
    start, size = _page(call), call.params.get("pageSize", 100)
    wanted = fields.parse(call.params.get("fields") or _LIST_DEFAULTS)
    mask = wanted.get("files", wanted.get("*", {}))
    page = [_resource(call, files, file, mask) for file in found[start : start + size]]
    answer: Json = {"kind": "drive#fileList", "incompleteSearch": False, "files": page}
    if start + size < len(found):
        answer["nextPageToken"] = _page_token(start + size)
    return _defaulted(call, answer, _LIST_DEFAULTS)


@method("drive.files.export")
def files_export(call: Call) -> Answer:
    files = Files(call.workspace, call.now)
    # `export` has no supportsAllDrives; it reaches files of shared drives all the same.
    file = files.reachable(call.params["fileId"], call.user, True)
    if file["mimeType"] != SPREADSHEET:
        raise ApiError(403, "fileNotExportable", "Export only supports Docs Editors files.")
    if call.params["mimeType"] != "text/csv":
        raise ApiError(501, "notImplemented", "The sandbox exports spreadsheets as text/csv only.")
    document = call.workspace.collection("spreadsheets").get(file["id"])
    assert document is not None
    return Answer(as_csv(document).encode(), content_type="text/csv")


@method("drive.drives.list")
def drives_list(call: Call) -> Json:
    if call.params.get("q") or call.params.get("useDomainAdminAccess"):
        raise ApiError(501, "notImplemented", "The sandbox cannot search drives or list them as an administrator.")
    files = Files(call.workspace, call.now)
    found = [one for one in files.drives() if _drive_rank(files, one, call.user) >= 0]
    start, size = _page(call), call.params.get("pageSize", 10)
    answer: Json = {
        "kind": "drive#driveList",
        "drives": [_drive(one) for one in found[start : start + size]],
    }
    if start + size < len(found):
        answer["nextPageToken"] = _page_token(start + size)
    return _defaulted(call, answer, "kind,nextPageToken,drives(kind,id,name)")


@method("drive.drives.get")
def drives_get(call: Call) -> Json:
    files = Files(call.workspace, call.now)
    drive = files.drive(call.params["driveId"])
    if drive is None or _drive_rank(files, drive, call.user) < 0:
        raise ApiError(404, "notFound", f"Shared drive not found: {call.params['driveId']}")
    return _defaulted(call, _drive(drive), "kind,id,name")


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
    if requests.get(call.params["requestId"]) is not None:
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
    requests.put(call.params["requestId"], {"driveId": drive["id"]})
    return _defaulted(call, _drive(drive), "kind,id,name")


@method("drive.changes.getStartPageToken")
def changes_start(call: Call) -> Json:
    files = Files(call.workspace, call.now)
    _check_drive_feed(files, call)
    return {"kind": "drive#startPageToken", "startPageToken": str(files.next_change())}


@method("drive.changes.list")
def changes_list(call: Call) -> Json:
    files = Files(call.workspace, call.now)
    _check_drive_feed(files, call)
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
    return _defaulted(call, answer, _CHANGES_DEFAULTS)


@method("drive.about.get")
def about_get(call: Call) -> Json:
    if not call.params.get("fields"):
        raise ApiError(400, "required", "The 'fields' parameter is required for this method.")
    return {"kind": "drive#about", "user": _user(call.user) | {"me": True}}


def _all_drives(call: Call) -> bool:
    return bool(call.params.get("supportsAllDrives") or call.params.get("supportsTeamDrives"))


def _refuse_unknown(call: Call) -> None:
    """What Drive would store and the sandbox does not have must not seem to be stored."""
    unknown = set(call.body) - _WRITABLE
    if unknown:
        raise ApiError(501, "notImplemented", f"The sandbox cannot set {', '.join(sorted(unknown))} of a file.")
    if call.body.get("id"):
        raise ApiError(501, "notImplemented", "The sandbox does not take ids made by files.generateIds.")


def _destination(files: Files, call: Call, parents: Iterable[str]) -> Json:
    """The folder a new file goes to. Raises ApiError where it is none the user may add to."""
    wanted = list(parents) or [root_id(call.user)]
    if len(wanted) > 1:
        raise ApiError(400, "invalid", _SEVERAL_PARENTS)
    parent = files.reachable(wanted[0], call.user, _all_drives(call))
    if parent["mimeType"] != FOLDER:
        raise ApiError(403, "parentNotAFolder", "The specified parent is not a folder.")
    files.require(parent, call.user, "writer")
    return parent


def _own_parents(files: Files, call: Call, source: Json) -> list[str]:
    """Where a copy goes when nothing is said: beside its source, or to the user's own drive."""
    parent = files.find(source["parents"][0], call.user)
    if parent is not None and files.rank_of(parent, call.user) >= rank("writer"):
        return list(source["parents"])
    return []


def _check_storage(parent: Json, user: str, mime_type: str) -> None:
    if user.endswith(".gserviceaccount.com") and not parent.get("driveId") and mime_type != FOLDER:
        raise ApiError(
            403,
            "storageQuotaExceeded",
            "Service Accounts do not have storage quota. Leverage shared drives, or use OAuth delegation instead.",
            domain="usageLimits",
        )


def _metadata(body: Json, file: Json) -> Json:
    """The fields to set, properties merged with those there are: null takes one away."""
    changes = {name: value for name, value in body.items() if value is not None}
    for name in ("properties", "appProperties"):
        if body.get(name):
            merged = {**file.get(name, {}), **body[name]}
            changes[name] = {key: value for key, value in merged.items() if value is not None}
            for key, value in changes[name].items():
                if len((key + value).encode()) > _PROPERTY_BYTES:
                    raise ApiError(
                        400, "invalid", f"The property {key} and its value exceed {_PROPERTY_BYTES} bytes of UTF-8."
                    )
    return changes


def _moved(files: Files, call: Call, file: Json) -> Json:
    """`addParents` and `removeParents`: a file has one parent, so a move names both or only the new one."""
    added = [one for one in call.params.get("addParents", "").split(",") if one]
    if not added:
        if call.params.get("removeParents"):
            raise ApiError(403, "cannotRemoveParent", "A file must have a parent; name the new one in addParents.")
        return {}
    parent = _destination(files, call, added)
    if parent.get("driveId") != file.get("driveId"):
        raise ApiError(501, "notImplemented", "The sandbox does not move files between drives.")
    if file.get("driveId"):
        files.require(file, call.user, "fileOrganizer")
    step: Json | None = parent
    while step is not None and step["parents"]:
        if step["id"] == file["id"]:
            raise ApiError(403, "cyclicMembershipsNotAllowed", "A folder cannot lie in itself.")
        step = files.find(step["parents"][0], call.user)
    return {"parents": [parent["id"]]}


def _content(call: Call) -> Json:
    if call.media is None:
        return {}
    digest = hashlib.md5(call.media, usedforsecurity=False).hexdigest()
    return {"size": len(call.media), "md5Checksum": digest}


def _store(call: Call, file_id: str) -> None:
    if call.media is not None:
        data = base64.b64encode(call.media).decode()
        call.workspace.collection("contents").put(file_id, {"data": data, "type": call.media_type})


def _downloaded(call: Call, file: Json) -> Answer:
    content = call.workspace.collection("contents").get(file["id"])
    if content is None:
        raise ApiError(
            403,
            "fileNotDownloadable",
            "Only files with binary content can be downloaded. Use Export with Docs Editors files.",
        )
    return Answer(base64.b64decode(content["data"]), content_type=file["mimeType"])


def _with_root(query: str, user: str) -> str:
    """`'root' in parents` names the user's own drive."""
    return re.sub(r"'root'(?=\s+in\s+parents)", f"'{root_id(user)}'", query)


def _in_corpora(files: Files, call: Call) -> list[Json]:
    """The files that `corpora`, `driveId` and `includeItemsFromAllDrives` ask for and the user may read
    (https://developers.google.com/workspace/drive/api/guides/enable-shareddrives)."""
    corpora = call.params.get("corpora", "user")
    drive_id = call.params.get("driveId")
    shared = bool(call.params.get("includeItemsFromAllDrives") or call.params.get("includeTeamDriveItems"))
    if shared and not _all_drives(call):
        raise ApiError(403, "teamDrivesNotSupported", "includeItemsFromAllDrives needs supportsAllDrives=true.")
    if (corpora == "drive") != bool(drive_id):
        raise ApiError(400, "invalid", "corpora=drive and driveId are given together or not at all.")
    if corpora in ("drive", "allDrives") and not shared:
        raise ApiError(
            403, "teamDriveFileAccessNotRequested", f"corpora={corpora} needs includeItemsFromAllDrives=true."
        )
    if corpora == "drive":
        drive = files.drive(str(drive_id))
        if drive is None or _drive_rank(files, drive, call.user) < 0:
            raise ApiError(404, "notFound", f"Shared drive not found: {drive_id}")
    elif corpora not in ("user", "allDrives"):
        raise ApiError(501, "notImplemented", f"The sandbox has no corpora {corpora}.")
    return [
        one
        for one in files.all()
        if (one.get("driveId") == drive_id if corpora == "drive" else shared or not one.get("driveId"))
        and files.rank_of(one, call.user) >= 0
    ]


def _sort(found: list[Json], order: str) -> None:
    """`orderBy`: keys separated by commas, the most important first, each with an optional ` desc`."""
    for part in reversed([one.strip() for one in order.split(",") if one.strip()]):
        key, _, direction = part.partition(" ")
        if direction not in ("", "desc"):
            raise ApiError(400, "invalid", f"Invalid sort key: {part}")
        found.sort(key=lambda file, by=key: _sort_key(file, by), reverse=direction == "desc")  # type: ignore[misc]


def _sort_key(file: Json, by: str) -> Any:
    if by in ("createdTime", "modifiedTime"):
        return file[by]
    if by == "recency":
        return file["modifiedTime"]
    if by == "folder":
        return file["mimeType"] != FOLDER
    if by == "name":
        return file["name"].casefold()
    if by == "name_natural":
        pieces = re.split(r"(\d+)", file["name"].casefold())
        return [(piece.isdigit(), int(piece) if piece.isdigit() else 0, piece) for piece in pieces]
    raise ApiError(501, "notImplemented", f"The sandbox cannot order by {by}.")


def _page(call: Call) -> int:
    """Where a page starts."""
    token = call.params.get("pageToken")
    if not token:
        return 0
    if not token.startswith("~") or not token[1:].isdigit():
        raise ApiError(400, "invalid", "Invalid Value")
    return int(token[1:])


def _page_token(start: int) -> str:
    return f"~{start}"


def _defaulted(call: Call, answer: Json, defaults: str) -> Json:
    """The answer, or what is given of it where the caller names no `fields`."""
    if call.params.get("fields"):
        return answer
    reduced: Json = fields.apply(fields.parse(defaults), answer)
    return reduced


def _answered(call: Call, files: Files, file: Json) -> Json:
    mask = fields.parse(call.params.get("fields") or _FILE_DEFAULTS)
    return _defaulted(call, _resource(call, files, file, mask), _FILE_DEFAULTS)


def _resource(call: Call, files: Files, file: Json, mask: fields.Mask) -> Json:
    """A file as Drive answers it; what takes time to find out only where `mask` wants it."""
    answer: Json = {"kind": "drive#file", "version": str(file["version"])}
    copied = (
        *("id", "name", "mimeType", "description", "starred", "parents", "driveId", "createdTime", "modifiedTime"),
        *("md5Checksum", "properties", "appProperties"),
    )
    for name in copied:
        # Empty maps are left out, as everywhere in Google's answers.
        if file.get(name) or name == "starred":
            answer[name] = file[name]
    if "size" in file:
        answer["size"] = str(file["size"])
    if file.get("lastModifyingUser"):
        answer["lastModifyingUser"] = _user(file["lastModifyingUser"])
    if file.get("owner"):
        answer["owners"] = [_user(file["owner"])]
        answer["ownedByMe"] = file["owner"] == call.user
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
    answer: Json = {"permissionIds": list(grants), "shared": len(grants) > 1}
    # "Only available if the requesting user can share the file. Not populated for items in shared drives."
    if not file.get("driveId") and files.rank_of(file, user) >= rank("writer"):
        answer["permissions"] = [permission_resource(key, grant) for key, grant in grants.items()]
    return answer


def _capabilities(files: Files, file: Json, user: str) -> Json:
    held = files.rank_of(file, user)
    writer, organizes = held >= rank("writer"), held >= rank("fileOrganizer")
    shared = bool(file.get("driveId"))
    folder = file["mimeType"] == FOLDER
    return {
        "canEdit": writer,
        "canRename": writer,
        "canComment": held >= rank("commenter"),
        "canCopy": not folder,
        "canDownload": not folder,
        "canShare": organizes if shared and folder else writer,
        "canTrash": organizes,
        "canUntrash": organizes,
        "canDelete": held >= rank("organizer"),
        "canAddChildren": folder and writer,
        "canListChildren": folder,
    }


def _link(call: Call, file: Json) -> str:
    """The page of the sandbox that shows the file."""
    origin = f"http://{call.headers.get('host', 'localhost')}"
    return f"{origin}/sheets/{file['id']}" if file["mimeType"] == SPREADSHEET else f"{origin}/#{file['id']}"


def _user(address: str) -> Json:
    return {
        "kind": "drive#user",
        "displayName": address.partition("@")[0],
        "emailAddress": address,
        "permissionId": permission_id("user", address),
    }


def _drive(drive: Mapping[str, Any]) -> Json:
    return {"kind": "drive#drive", "id": drive["id"], "name": drive["name"], "createdTime": drive["createdTime"]}


def _drive_rank(files: Files, drive: Json, user: str) -> int:
    top = files.find(drive["id"], user)
    return -1 if top is None else files.rank_of(top, user)


def _check_drive_feed(files: Files, call: Call) -> None:
    drive_id = call.params.get("driveId")
    if drive_id is None:
        return
    if not _all_drives(call):
        raise ApiError(403, "teamDrivesNotSupported", "driveId needs supportsAllDrives=true.")
    drive = files.drive(drive_id)
    if drive is None or _drive_rank(files, drive, call.user) < 0:
        raise ApiError(404, "notFound", f"Shared drive not found: {drive_id}")


def _hears_of(files: Files, call: Call, change: Json) -> bool:
    """Whether a change is in the feed that the call asks for."""
    drive_id = call.params.get("driveId")
    if drive_id is not None and change["driveId"] != drive_id:
        return False
    if change["driveId"] and not call.params.get("includeItemsFromAllDrives"):
        return False
    if change["removed"]:
        if call.params.get("includeRemoved") is False:
            return False
        drive = files.drive(change["driveId"]) if change["driveId"] else None
        return change["owner"] == call.user or (drive is not None and _drive_rank(files, drive, call.user) >= 0)
    file = files.find(change["fileId"], call.user)
    return file is not None and files.rank_of(file, call.user) >= 0


def _change(call: Call, files: Files, change: Json, mask: fields.Mask) -> Json:
    answer: Json = {
        "kind": "drive#change",
        "type": "file",
        "changeType": "file",
        "time": change["time"],
        "removed": change["removed"],
        "fileId": change["fileId"],
    }
    file = None if change["removed"] else files.find(change["fileId"], call.user)
    if file is not None:
        answer["file"] = _resource(call, files, file, mask)
    return answer

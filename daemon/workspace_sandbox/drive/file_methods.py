"""Drive v3: files. Who may reach them is in `permissions.py`."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from workspace_sandbox import fields
from workspace_sandbox.calls import Answer, ApiError, Call, Json, method
from workspace_sandbox.drive import search
from workspace_sandbox.drive.answers import (
    FILE_DEFAULTS,
    all_drives,
    defaulted,
    drive_rank,
    page_start,
    page_token,
    resource,
    user_resource,
)
from workspace_sandbox.drive.csv_export import as_csv
from workspace_sandbox.drive.files import FOLDER, SPREADSHEET, Files, new_id, rank, root_id, timestamp
from workspace_sandbox.sheets.grid import new_spreadsheet

_LIST_DEFAULTS = f"kind,incompleteSearch,nextPageToken,files({FILE_DEFAULTS})"
_WRITABLE = frozenset(
    (
        *("name", "description", "mimeType", "properties", "appProperties", "trashed", "starred"),
        *("modifiedTime", "createdTime", "parents", "id"),
    )
)
_LARGEST_UPLOAD = 5_497_558_138_880
"""Bytes (`maxSize` of `files.create` in the discovery document)."""
_SORT_KEYS = (
    *("createdTime", "folder", "modifiedTime", "name", "name_natural", "quotaBytesUsed", "recency", "starred"),
)
_SEVERAL_PARENTS = "A file cannot have more than one parent."
_MOST_EXPORTED = 10 * 1024 * 1024
"""Bytes of an export (https://developers.google.com/workspace/drive/api/reference/rest/v3/files/export)."""
_EXPORT_FORMATS = (
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/x-vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/pdf",
    "application/zip",
    "text/csv",
    "text/tab-separated-values",
)
"""What Drive makes of a spreadsheet (https://developers.google.com/workspace/drive/api/guides/ref-export-formats)."""
_MOST_PROPERTIES = 30
"""Properties of a file that are public, and that are one application's (same page)."""
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
    _check_id(call, mime_type)
    metadata = {name: value for name, value in _metadata(call, {}).items() if name != "parents"}
    file = files.create({**metadata, "mimeType": mime_type, **_content(call)}, parent["id"], call.user)
    _store(call, file["id"])
    if mime_type == SPREADSHEET:
        call.workspace.collection("spreadsheets").put(file["id"], new_spreadsheet())
    return _answered(call, files, file)


@method("drive.files.get")
def files_get(call: Call) -> Json | Answer:
    files = Files(call.workspace, call.now)
    file = files.reachable(call.params["fileId"], call.user, all_drives(call))
    if call.params.get("alt") == "media":
        return _downloaded(call, file)
    return _answered(call, files, file)


@method("drive.files.update")
def files_update(call: Call) -> Json:
    _refuse_unknown(call)
    files = Files(call.workspace, call.now)
    file = files.reachable(call.params["fileId"], call.user, all_drives(call))
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
    if call.body.get("id") not in (None, file["id"]):
        raise ApiError(403, "fieldNotWritable", "The resource body includes fields which are not directly writable.")
    changes = {name: value for name, value in _metadata(call, file).items() if name != "id"}
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
    source = files.reachable(call.params["fileId"], call.user, all_drives(call))
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
    _check_id(call, source["mimeType"])
    metadata = {name: value for name, value in _metadata(call, kept).items() if name != "parents"}
    copy = files.create({"name": f"Copy of {source['name']}", **kept, **metadata}, parent["id"], call.user)
    for name in ("contents", "spreadsheets"):
        document = call.workspace.collection(name).get(source["id"])
        if document is not None:
            call.workspace.collection(name).put(copy["id"], document)
    return _answered(call, files, copy)


@method("drive.files.delete")
def files_delete(call: Call) -> Answer:
    files = Files(call.workspace, call.now)
    file = files.reachable(call.params["fileId"], call.user, all_drives(call))
    files.require(file, call.user, "organizer" if file.get("driveId") else "owner")
    if not file["parents"]:
        raise ApiError(403, "forbidden", "The top of a drive cannot be deleted.")
    files.remove(file)
    return Answer(None, 204)


@method("drive.files.list")
def files_list(call: Call) -> Json:
    files = Files(call.workspace, call.now)
    query = call.params.get("q", "")
    test = search.parse(_with_own_names(query, call.user)) if query else None
    if call.params.get("orderBy") and search.asks_for_text(query):
        raise ApiError(
            400,
            "badRequest",
            "Sorting is not supported for queries with fullText terms. Results are always in descending relevance "
            "order.",
        )
    if call.params.get("spaces", "drive") != "drive":
        raise ApiError(501, "notImplemented", "The sandbox has no space but drive.")
    found = [file for file in _in_corpora(files, call) if test is None or test(_candidate(call, files, file))]
    _sort(found, call.params.get("orderBy", ""))
    start, size = page_start(call), call.params.get("pageSize", 100)
    wanted = fields.parse(call.params.get("fields") or _LIST_DEFAULTS)
    mask = wanted.get("files", wanted.get("*", {}))
    page = [resource(call, files, file, mask) for file in found[start : start + size]]
    answer: Json = {"kind": "drive#fileList", "incompleteSearch": False, "files": page}
    if start + size < len(found):
        answer["nextPageToken"] = page_token(start + size)
    return defaulted(call, answer, _LIST_DEFAULTS)


@method("drive.files.export")
def files_export(call: Call) -> Answer:
    files = Files(call.workspace, call.now)
    # `export` has no supportsAllDrives; it reaches files of shared drives all the same.
    file = files.reachable(call.params["fileId"], call.user, True)
    if file["mimeType"] != SPREADSHEET:
        raise ApiError(403, "fileNotExportable", "Export only supports Docs Editors files.")
    if call.params["mimeType"] not in _EXPORT_FORMATS:
        raise ApiError(400, "badRequest", "The requested conversion is not supported.")
    if call.params["mimeType"] != "text/csv":
        raise ApiError(501, "notImplemented", "The sandbox exports spreadsheets as text/csv only.")
    document = call.workspace.collection("spreadsheets").get(file["id"])
    assert document is not None
    exported = as_csv(document, call.now).encode()
    if len(exported) > _MOST_EXPORTED:
        raise ApiError(403, "exportSizeLimitExceeded", "This file is too large to be exported.")
    return Answer(exported, content_type="text/csv")


@method("drive.files.generateIds")
def files_generate_ids(call: Call) -> Json:
    """Ids to create files with, so that a repeated request makes no second file."""
    if call.params.get("space", "drive") != "drive" or call.params.get("type", "files") != "files":
        raise ApiError(501, "notImplemented", "The sandbox has no space but drive, and no shortcuts.")
    generated = call.workspace.collection("generated_ids")
    ids = [new_id() for _ in range(call.params.get("count", 10))]
    for one in ids:
        generated.put(one, {})
    return {"kind": "drive#generatedIds", "space": "drive", "ids": ids}


@method("drive.files.emptyTrash")
def files_empty_trash(call: Call) -> Answer:
    """Deletes what lies in the trash of the user's own drive, or of the shared drive named."""
    files = Files(call.workspace, call.now)
    drive_id = call.params.get("driveId")
    if drive_id is not None:
        files.require(files.reachable(drive_id, call.user, True), call.user, "organizer")
    for file in files.all():
        here = file.get("driveId") == drive_id if drive_id else file.get("owner") == call.user
        # What lay in a deleted folder went with it.
        if here and file["trashed"] and files.find(file["id"], call.user) is not None:
            files.remove(file)
    return Answer(None, 204)


@method("drive.about.get")
def about_get(call: Call) -> Json:
    if not call.params.get("fields"):
        raise ApiError(400, "required", "The 'fields' parameter is required for this method.")
    used = sum(one.get("size", 0) for one in Files(call.workspace, call.now).all() if one.get("owner") == call.user)
    service_account = call.user.endswith(".gserviceaccount.com")
    return {
        "kind": "drive#about",
        "user": user_resource(call.user, call.user),
        # Service accounts own no storage; the others' is pooled and has no limit of one's own.
        "storageQuota": {
            "usage": str(used),
            "usageInDrive": str(used),
            "usageInDriveTrash": "0",
            **({"limit": "0"} if service_account else {}),
        },
        "exportFormats": {SPREADSHEET: ["text/csv"]},
        "importFormats": {},
        "maxUploadSize": str(_LARGEST_UPLOAD),
        "canCreateDrives": not service_account,
        "appInstalled": False,
    }


def _refuse_unknown(call: Call) -> None:
    """What Drive would store and the sandbox does not have must not seem to be stored."""
    unknown = set(call.body) - _WRITABLE
    if unknown:
        raise ApiError(501, "notImplemented", f"The sandbox cannot set {', '.join(sorted(unknown))} of a file.")


def _destination(files: Files, call: Call, parents: Iterable[str]) -> Json:
    """The folder a new file goes to. Raises ApiError where it is none the user may add to."""
    wanted = list(parents) or [root_id(call.user)]
    if len(wanted) > 1:
        raise ApiError(400, "invalid", _SEVERAL_PARENTS)
    parent = files.reachable(wanted[0], call.user, all_drives(call))
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


def _check_id(call: Call, mime_type: str) -> None:
    """A file is made with an id of its own only where `files.generateIds` gave it and it is free."""
    wanted = call.body.get("id")
    if not wanted:
        return
    if mime_type.startswith("application/vnd.google-apps.") and mime_type != FOLDER:
        raise ApiError(400, "generatedIdNotSupported", "Generated IDs are not supported for Docs Editors formats.")
    if call.workspace.collection("files").get(wanted) is not None:
        raise ApiError(409, "fileIdInUse", "A file already exists with the provided ID.")
    if call.workspace.collection("generated_ids").get(wanted) is None:
        raise ApiError(400, "invalid", "The provided file ID is not usable.")


def _metadata(call: Call, file: Json) -> Json:
    """The fields to set, properties merged with those there are: null takes one away."""
    changes = {name: value for name, value in call.body.items() if value is not None}
    changes.pop("appProperties", None)
    for name in ("modifiedTime", "createdTime"):
        if name in changes:
            changes[name] = _time(changes[name])
    if call.body.get("properties"):
        changes["properties"] = _merged_properties(file.get("properties", {}), call.body["properties"])
    if call.body.get("appProperties"):
        every_app = file.get("appProperties", {})
        own = _merged_properties(every_app.get(call.app, {}), call.body["appProperties"])
        changes["appProperties"] = {**every_app, call.app: own}
    return changes


def _time(text: str) -> str:
    """An RFC 3339 instant as Drive writes it; UTC where no offset is given."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ApiError(400, "invalid", f'Invalid value for: Invalid format: "{text}"') from None
    return timestamp(instant if instant.tzinfo else instant.replace(tzinfo=UTC))


def _merged_properties(there: Json, given: Json) -> Json:
    """Raises ApiError 400 where a property is too long or there are too many."""
    merged = {key: value for key, value in {**there, **given}.items() if value is not None}
    for key, value in merged.items():
        if len((key + value).encode()) > _PROPERTY_BYTES:
            raise ApiError(400, "invalid", f"The property {key} and its value exceed {_PROPERTY_BYTES} bytes of UTF-8.")
    if len(merged) > _MOST_PROPERTIES:
        raise ApiError(400, "invalid", f"A file has at most {_MOST_PROPERTIES} such properties.")
    return merged


def _candidate(call: Call, files: Files, file: Json) -> Json:
    """The file as a query sees it: with what is inherited, the caller's own application's properties, and text."""
    return {
        **file,
        "trashed": file["trashed"] or files.is_trashed(file),
        "appProperties": file["appProperties"].get(call.app, {}),
        "sharedWithMe": files.shared_with(file, call.user) is not None,
        "fullText": lambda: _text(call, file),
    }


def _text(call: Call, file: Json) -> str:
    """What `fullText` searches: name, description, and uploaded text. The cells of spreadsheets are not in it."""
    content = call.workspace.collection("contents").get(file["id"])
    uploaded = ""
    if content is not None and file["mimeType"].startswith("text/"):
        uploaded = base64.b64decode(content["data"]).decode("utf-8", "replace")
    return "\n".join((file["name"], file.get("description", ""), uploaded))


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


def _with_own_names(query: str, user: str) -> str:
    """`'root' in parents` names the user's own drive, `'me' in owners` the user."""
    query = re.sub(r"'root'(?=\s+in\s+parents)", lambda _: f"'{root_id(user)}'", query)
    own = user.replace("\\", "\\\\").replace("'", "\\'")
    return re.sub(r"'me'(?=\s+in\s+(?:owners|writers|readers))", lambda _: f"'{own}'", query)


def _in_corpora(files: Files, call: Call) -> list[Json]:
    """The files that `corpora`, `driveId` and `includeItemsFromAllDrives` ask for and the user may read
    (https://developers.google.com/workspace/drive/api/guides/enable-shareddrives)."""
    corpora = call.params.get("corpora", "user")
    drive_id = call.params.get("driveId")
    shared = bool(call.params.get("includeItemsFromAllDrives") or call.params.get("includeTeamDriveItems"))
    if shared and not all_drives(call):
        raise ApiError(403, "teamDrivesNotSupported", "includeItemsFromAllDrives needs supportsAllDrives=true.")
    if (corpora == "drive") != bool(drive_id):
        raise ApiError(400, "invalid", "corpora=drive and driveId are given together or not at all.")
    if corpora in ("drive", "allDrives") and not shared:
        raise ApiError(
            403, "teamDriveFileAccessNotRequested", f"corpora={corpora} needs includeItemsFromAllDrives=true."
        )
    if corpora == "drive":
        drive = files.drive(str(drive_id))
        if drive is None or drive_rank(files, drive, call.user) < 0:
            raise ApiError(404, "notFound", f"Shared drive not found: {drive_id}")
    elif corpora not in ("user", "allDrives", "domain"):
        raise ApiError(400, "invalid", f"Invalid value for corpora: {corpora}")
    elif corpora == "domain":
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
        if key in ("modifiedByMeTime", "sharedWithMeTime", "viewedByMeTime"):
            raise ApiError(501, "notImplemented", f"The sandbox cannot order by {key}.")
        if key not in _SORT_KEYS or direction not in ("", "desc"):
            raise ApiError(400, "invalid", f"Invalid sort key: {part}")
        found.sort(key=lambda file, by=key: _sort_key(file, by), reverse=direction == "desc")  # type: ignore[misc]


def _sort_key(file: Json, by: str) -> Any:
    if by in ("createdTime", "modifiedTime"):
        return file[by]
    if by == "recency":
        return file["modifiedTime"]
    if by == "starred":
        return file["starred"]
    if by == "quotaBytesUsed":
        return file.get("size", 0)
    if by == "folder":
        return file["mimeType"] != FOLDER
    if by == "name":
        return file["name"].casefold()
    if by == "name_natural":
        pieces = re.split(r"(\d+)", file["name"].casefold())
        return [(piece.isdigit(), int(piece) if piece.isdigit() else 0, piece) for piece in pieces]
    raise AssertionError(by)


def _answered(call: Call, files: Files, file: Json) -> Json:
    mask = fields.parse(call.params.get("fields") or FILE_DEFAULTS)
    return defaulted(call, resource(call, files, file, mask), FILE_DEFAULTS)

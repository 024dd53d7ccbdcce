"""Folders and files of the shared drive: finding, making, copying, sharing.

`sleep` (seconds) is what waits between repeated attempts. Every method says whether it is repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from deploylog.errors import ConfigurationError, NotFound
from deploylog.google.transport import execute, nothing, retrying

T = TypeVar("T")

FOLDER = "application/vnd.google-apps.folder"
SPREADSHEET = "application/vnd.google-apps.spreadsheet"

CarryOut = Callable[[Any, Callable[[Any], Any]], Any]
"""`transport.execute`, or that with repetition: takes a request and what reads its answer."""

_FILE_FIELDS = "id,name,mimeType,version,modifiedTime,properties,webViewLink,trashed,parents"
_LIST_FIELDS = f"nextPageToken,files({_FILE_FIELDS})"
_CHANGE_FIELDS = f"nextPageToken,newStartPageToken,changes(fileId,removed,file({_FILE_FIELDS}))"
_PERMISSION_FIELDS = "id,type,role,emailAddress,domain,permissionDetails(inherited)"


@dataclass(frozen=True, slots=True)
class DriveFile:
    """A file or folder as it was when read."""

    id: str
    name: str
    mime_type: str
    version: int
    """Raised by every change, also of cells; those may show minutes late."""
    modified: datetime
    """UTC; as late as `version`."""
    properties: dict[str, str]
    """The properties every application sees."""
    link: str
    trashed: bool
    parents: tuple[str, ...] = ()
    """Ids of the folders it lies in: one, in a shared drive."""


@dataclass(frozen=True, slots=True)
class DriveChanges:
    """What happened in a shared drive since a token was given."""

    changed: tuple[DriveFile, ...]
    """Files and folders as they are now."""
    gone: tuple[str, ...]
    """Ids of those that were deleted or taken out of this identity's reach."""
    token: str
    """From where on to ask the next time; it does not expire (Drive, "Retrieve changes")."""


@dataclass(frozen=True, slots=True)
class Permission:
    """Who may do what with a file."""

    id: str
    type: str
    """user, group, domain or anyone."""
    role: str
    """organizer, fileOrganizer, writer, commenter or reader."""
    address: str
    """The address, or the domain's name; empty for anyone."""
    inherited: bool
    """Whether it comes from the shared drive or a folder only, and cannot be taken away on the file."""


class Drive:
    """Drive, as the identity for files. Raises `deploylog.errors`."""

    def __init__(self, service: Any, sleep: Callable[[float], None]) -> None:
        # Kept: googleapiclient builds such a resource anew, method by method, each time it is asked for one.
        self._drives, self._files, self._permissions = service.drives(), service.files(), service.permissions()
        self._changes = service.changes()
        self._sleep = sleep

    def shared_drive(self, name: str) -> str:
        """The id of the shared drive of exactly that name. Repeated.

        Raises ConfigurationError where this identity sees none, or several.
        """
        drives = _pages(
            self._repeat,
            self._drives.list,
            "drives",
            lambda one: (one["id"], one["name"]),
            pageSize=100,
            fields="nextPageToken,drives(id,name)",
        )
        found = [drive_id for drive_id, drive_name in drives if drive_name == name]
        if not found:
            raise ConfigurationError(
                f"There is no shared drive named {name}; make it, or add the service account to its members, or name "
                "another in drive.shared_drive."
            )
        if len(found) > 1:
            raise ConfigurationError(
                f"There are {len(found)} shared drives named {name} ({', '.join(sorted(found))}); rename all but one."
            )
        return str(found[0])

    def folder(self, drive_id: str, name: str) -> DriveFile | None:
        """The folder of exactly that name, anywhere in the drive, not in the trash; None where there is none. Repeated.

        Raises ConfigurationError where there are several.
        """
        return self._only(self._named(drive_id, name, f"mimeType = {quoted(FOLDER)}"), f"folders named {name}")

    def create_folder(self, drive_id: str, name: str) -> DriveFile:
        """Make a folder at the top of the drive. Not repeated: look again when InDoubt."""
        return self._create({"name": name, "mimeType": FOLDER, "parents": [drive_id]})

    def spreadsheets(self, drive_id: str, folder_id: str) -> list[DriveFile]:
        """Every spreadsheet of the folder that is not in the trash, last modified first. Repeated page by page."""
        return self._search(drive_id, _spreadsheets_in(folder_id), orderBy="modifiedTime desc")

    def changes_from_now(self, drive_id: str) -> str:
        """The token from which on `changes` tells what happens in the shared drive from now on. Repeated."""
        request = self._changes.getStartPageToken(driveId=drive_id, supportsAllDrives=True)
        return self._repeat(request, lambda answer: str(answer["startPageToken"]))

    def changes(self, drive_id: str, token: str) -> DriveChanges:
        """What happened in the shared drive since; edits of cells show minutes late. Repeated page by page.

        Raises Refused for a token that Drive does not know.
        """
        changed: dict[str, DriveFile] = {}
        gone: list[str] = []

        def read(page: Any) -> tuple[str, str]:
            """The token of the next page, and that of the next time, one of which is empty."""
            # A change without `fileId` is of the drive itself.
            for one in (each for each in page.get("changes", []) if "fileId" in each):
                if one.get("removed") or "file" not in one:
                    gone.append(one["fileId"])
                else:
                    changed[one["fileId"]] = _file(one["file"])
            return page.get("nextPageToken", ""), "" if "nextPageToken" in page else page["newStartPageToken"]

        next_time = ""
        while not next_time:
            request = self._changes.list(
                pageToken=token,
                driveId=drive_id,
                includeItemsFromAllDrives=True,
                supportsAllDrives=True,
                pageSize=1000,
                fields=_CHANGE_FIELDS,
            )
            token, next_time = self._repeat(request, read)
        return DriveChanges(tuple(changed.values()), tuple(gone), next_time)

    def find_spreadsheet(self, drive_id: str, folder_id: str, name: str) -> DriveFile | None:
        """The spreadsheet of exactly that name in the folder; None where there is none. Repeated.

        Raises ConfigurationError where there are several.
        """
        return self._only(
            self._named(drive_id, name, _spreadsheets_in(folder_id)), f"spreadsheets named {name} in the folder"
        )

    def create_spreadsheet(self, folder_id: str, name: str, properties: Mapping[str, str]) -> DriveFile:
        """Make an empty spreadsheet. Not repeated: look for one of its `properties` when InDoubt."""
        return self._create(
            {"name": name, "mimeType": SPREADSHEET, "parents": [folder_id], "properties": dict(properties)}
        )

    def copy(self, file_id: str, name: str, folder_id: str, properties: Mapping[str, str]) -> DriveFile:
        """Copy a file into the folder. Not repeated: a second try makes a second copy.

        When InDoubt, look with `find_by_property` for a key among `properties` before copying again.
        """
        body = {"name": name, "parents": [folder_id], "properties": dict(properties)}
        request = self._files.copy(fileId=file_id, body=body, supportsAllDrives=True, fields=_FILE_FIELDS)
        return execute(request, _file)

    def find_by_property(self, drive_id: str, key: str, value: str) -> list[DriveFile]:
        """Every file of the drive with that property, not in the trash. Repeated."""
        return self._search(
            drive_id,
            f"properties has {{ key={quoted(key)} and value={quoted(value)} }} and trashed = false",
        )

    def set_properties(self, file_id: str, properties: Mapping[str, str | None]) -> DriveFile:
        """Set these properties and leave the others; None takes one away. Repeated.

        A key and its value together take at most 124 bytes of UTF-8 (Drive, "Custom file properties").
        """
        return self._update(file_id, {"properties": dict(properties)})

    def rename(self, file_id: str, name: str, properties: Mapping[str, str | None] | None = None) -> DriveFile:
        """Give the file another name, and set these properties with it. Repeated."""
        return self._update(file_id, {"name": name, **({"properties": dict(properties)} if properties else {})})

    def get(self, file_id: str) -> DriveFile:
        """The file. Repeated. Raises NotFound where it is not there for this identity."""
        request = self._files.get(fileId=file_id, supportsAllDrives=True, fields=_FILE_FIELDS)
        return self._repeat(request, _file)

    def capabilities(self, file_id: str) -> dict[str, bool]:
        """What this identity may do with the file, by Drive's names: `canEdit`, `canAddChildren`, … Repeated."""
        request = self._files.get(fileId=file_id, supportsAllDrives=True, fields="capabilities")
        return self._repeat(request, lambda answer: dict(answer["capabilities"]))

    def get_once(self, file_id: str) -> DriveFile:
        """The file, asked for once: for a look that nobody waits for. Raises as `get` does."""
        return execute(self._files.get(fileId=file_id, supportsAllDrives=True, fields=_FILE_FIELDS), _file)

    def permissions_once(self, file_id: str) -> list[Permission]:
        """Everyone who may reach the file, asked for once page by page. Raises AccessDenied for mere readers."""
        return self._permissions_of(file_id, execute)

    def permissions(self, file_id: str) -> list[Permission]:
        """Everyone who may reach the file, inherited permissions included. Repeated page by page."""
        return self._permissions_of(file_id, self._repeat)

    def share(self, file_id: str, address: str, role: str, notify: bool = False) -> Permission:
        """Let the address have `role` (writer, commenter, reader), also where its own permission says another.

        Repeated; each attempt looks first, so nobody is added or written to twice. `notify` lets Google write to the
        address; one without a Google account may be refused otherwise (Refused, invalidSharingRequest).
        """
        return retrying(lambda: self._share_once(file_id, address, role, notify), self._sleep)

    def give(self, file_id: str, address: str, role: str, notify: bool = False) -> Permission:
        """`share` without looking first: for a file nobody has been given yet. Repeated, and so not with `notify`.

        Drive keeps one permission per address, so doing it again adds nobody twice.
        """
        assert not notify
        body = {"type": "user", "role": role, "emailAddress": address}
        where = {"fileId": file_id, "supportsAllDrives": True, "fields": _PERMISSION_FIELDS}
        request = self._permissions.create(body=body, sendNotificationEmail=False, **where)
        return self._repeat(request, _permission)

    def unshare(self, file_id: str, permission_id: str) -> None:
        """Take a permission away; one that is gone counts as taken away. Repeated.

        Raises AccessDenied for an inherited one: that can be taken away only where it was given.
        """
        request = self._permissions.delete(fileId=file_id, permissionId=permission_id, supportsAllDrives=True)
        try:
            self._repeat(request, nothing)
        except NotFound:
            return

    def _share_once(self, file_id: str, address: str, role: str, notify: bool) -> Permission:
        present = self._permissions_of(file_id, execute)
        theirs = [one for one in present if one.address.casefold() == address.casefold()]
        for permission in theirs:
            if permission.role == role:
                return permission
        own = next((one for one in theirs if not one.inherited), None)
        where = {"fileId": file_id, "supportsAllDrives": True, "fields": _PERMISSION_FIELDS}
        resource = self._permissions
        if own is not None:
            return execute(resource.update(permissionId=own.id, body={"role": role}, **where), _permission)
        body = {"type": "user", "role": role, "emailAddress": address}
        return execute(resource.create(body=body, sendNotificationEmail=notify, **where), _permission)

    def _permissions_of(self, file_id: str, carry_out: CarryOut) -> list[Permission]:
        return _pages(
            carry_out,
            self._permissions.list,
            "permissions",
            _permission,
            fileId=file_id,
            supportsAllDrives=True,
            pageSize=100,
            fields=f"nextPageToken,permissions({_PERMISSION_FIELDS})",
        )

    def _create(self, body: dict[str, Any]) -> DriveFile:
        request = self._files.create(body=body, supportsAllDrives=True, fields=_FILE_FIELDS)
        return execute(request, _file)

    def _update(self, file_id: str, body: dict[str, Any]) -> DriveFile:
        request = self._files.update(fileId=file_id, body=body, supportsAllDrives=True, fields=_FILE_FIELDS)
        return self._repeat(request, _file)

    def _named(self, drive_id: str, name: str, also: str) -> list[DriveFile]:
        """Files of exactly that name: Drive's `=` does not tell upper from lower case everywhere, so we compare."""
        query = f"name = {quoted(name)} and {also}"
        if "trashed" not in also:
            query += " and trashed = false"
        return [one for one in self._search(drive_id, query) if one.name == name]

    def _search(self, drive_id: str, query: str, **more: Any) -> list[DriveFile]:
        return _pages(
            self._repeat,
            self._files.list,
            "files",
            _file,
            q=query,
            corpora="drive",
            driveId=drive_id,
            includeItemsFromAllDrives=True,
            supportsAllDrives=True,
            pageSize=1000,
            fields=_LIST_FIELDS,
            **more,
        )

    def _repeat(self, request: Any, read: Callable[[Any], T]) -> T:
        return retrying(lambda: execute(request, read), self._sleep)

    @staticmethod
    def _only(found: list[DriveFile], what: str) -> DriveFile | None:
        if len(found) > 1:
            raise ConfigurationError(
                f"There are {len(found)} {what}: {', '.join(one.link or one.id for one in found)}; rename or delete "
                "all but one."
            )
        return found[0] if found else None


def _pages(
    carry_out: CarryOut, method: Callable[..., Any], key: str, read: Callable[[Any], T], **parameters: Any
) -> list[T]:
    """Every item of a list method, page by page, each as `read` makes it."""

    def read_page(page: Any) -> tuple[list[T], str]:
        return [read(one) for one in page.get(key, [])], page.get("nextPageToken", "")

    found: list[T] = []
    token: str | None = None
    while True:
        items, token = carry_out(method(pageToken=token, **parameters), read_page)
        found.extend(items)
        if not token:
            return found


def quoted(text: str) -> str:
    r"""A string of Drive's query language: in single quotes, with `\'` and `\\` (Drive, "Search for files")."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _spreadsheets_in(folder_id: str) -> str:
    return f"{quoted(folder_id)} in parents and mimeType = {quoted(SPREADSHEET)} and trashed = false"


def _file(answer: Mapping[str, Any]) -> DriveFile:
    return DriveFile(
        id=answer["id"],
        name=answer["name"],
        mime_type=answer["mimeType"],
        version=int(answer["version"]),
        modified=datetime.fromisoformat(answer["modifiedTime"]),
        properties=dict(answer.get("properties", {})),
        link=answer.get("webViewLink", ""),
        trashed=bool(answer.get("trashed", False)),
        parents=tuple(answer.get("parents", ())),
    )


def _permission(answer: Mapping[str, Any]) -> Permission:
    details = answer.get("permissionDetails", [])
    return Permission(
        id=answer["id"],
        type=answer["type"],
        role=answer["role"],
        address=answer.get("emailAddress") or answer.get("domain", ""),
        inherited=bool(details) and all(one.get("inherited", False) for one in details),
    )

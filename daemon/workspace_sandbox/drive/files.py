"""Files as they are kept: who may reach them, what each edit raises, and the feed of changes.

A file is a document of the collection `files`; a shared drive one of `drives`. Both have `permissions`: id -> `type`,
`role` and `emailAddress` or `domain`. A person's "My Drive" and the top of a shared drive are folders without a
document of their own.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from workspace_sandbox.calls import ApiError, Json
from workspace_sandbox.workspace import Workspace

FOLDER = "application/vnd.google-apps.folder"
SPREADSHEET = "application/vnd.google-apps.spreadsheet"

ROLES = ("reader", "commenter", "writer", "fileOrganizer", "organizer", "owner")
"""What one may do, each including those before
(https://developers.google.com/workspace/drive/api/guides/ref-roles)."""
_NONE = -1


def rank(role: str) -> int:
    """The place of a role among ROLES."""
    return ROLES.index(role)


def permission_id(kind: str, value: str) -> str:
    """The id that Drive derives from the grantee: the same for the same person on every file."""
    if kind == "anyone":
        return "anyoneWithLink"
    digits = str(int(hashlib.sha256(value.lower().encode()).hexdigest()[:16], 16)).zfill(20)[-20:]
    return digits + ("k" if kind == "domain" else "")


def timestamp(instant: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as Drive writes instants."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


def root_id(user: str) -> str:
    """The id of a person's "My Drive"."""
    return "0A" + hashlib.sha256(user.encode()).hexdigest()[:17]


def new_id() -> str:
    return "1" + secrets.token_urlsafe(24)


def not_found(file_id: str) -> ApiError:
    return ApiError(404, "notFound", f"File not found: {file_id}.")


def _covers(permission: Json, user: str) -> bool:
    if permission["type"] == "anyone":
        return True
    if permission["type"] == "domain":
        return user.endswith("@" + str(permission["domain"]).lower())
    # Who is in a group is not known here: a group's address is a person like any other.
    return bool(str(permission["emailAddress"]).lower() == user)


class Files:
    """The files of a workspace at one instant. Documents it gives must not be changed; `put` takes a new one."""

    def __init__(self, workspace: Workspace, now: datetime) -> None:
        self._workspace = workspace
        self._now = now
        self._files = workspace.collection("files")
        self._drives = workspace.collection("drives")
        self._ranks: dict[tuple[str, str], int] = {}
        self._publish_pending()

    def all(self) -> Iterator[Json]:
        return self._files.values()

    def drive(self, drive_id: str) -> Json | None:
        return self._drives.get(drive_id)

    def drives(self) -> Iterator[Json]:
        return self._drives.values()

    def remove_drive(self, drive_id: str) -> None:
        """Delete a shared drive for good, with what is in its trash."""
        for file in self.children(drive_id):
            self.remove(file)
        self._drives.delete(drive_id)
        self._workspace.collection("changes").delete(drive_id)

    def put_drive(self, drive: Json) -> None:
        self._drives.put(drive["id"], drive)

    def find(self, file_id: str, user: str) -> Json | None:
        """The file, or the folder at the top of a drive; `root` is the user's own. Rights are not looked at."""
        if file_id in ("root", root_id(user)):
            return self._top(root_id(user), "My Drive") | {"owner": user}
        drive = self._drives.get(file_id)
        if drive is not None:
            return self._top(file_id, "Drive") | {"driveId": file_id, "createdTime": drive["createdTime"]}
        return self._files.get(file_id)

    def reachable(self, file_id: str, user: str, all_drives: bool) -> Json:
        """The file, if the user may read it. Raises ApiError 404 otherwise.

        `all_drives`: whether the caller said `supportsAllDrives`; without it what lies in a shared drive is not found.
        """
        file = self.find(file_id, user)
        if file is None or (file.get("driveId") and not all_drives) or self.rank_of(file, user) == _NONE:
            raise not_found(file_id)
        return file

    def require(self, file: Json, user: str, role: str) -> None:
        """Raise ApiError 403 unless the user has at least `role` for the file."""
        if self.rank_of(file, user) < rank(role):
            raise ApiError(
                403,
                "insufficientFilePermissions",
                f"The user does not have sufficient permissions for file {file['id']}.",
            )

    def rank_of(self, file: Json, user: str) -> int:
        """The place among ROLES of what the user may do, by the file, its folders and its drive; -1 for nothing."""
        key = (file["id"], user)
        if key not in self._ranks:
            own = [rank(one["role"]) for one in file["permissions"].values() if _covers(one, user)]
            if file.get("owner") == user:
                own.append(rank("owner"))
            self._ranks[key] = max([*own, self._inherited_rank(file, user)])
        return self._ranks[key]

    def shared_with(self, file: Json, user: str) -> str | None:
        """When the file was shared with the user by name, where it was (what "Shared with me" lists)."""
        own = file["permissions"].get(permission_id("user", user))
        if own is None or own["role"] == "owner":
            return None
        return str(own.get("since", file["createdTime"]))

    def _inherited_rank(self, file: Json, user: str) -> int:
        drive = self._drives.get(file["id"])
        if drive is not None:
            granted = [rank(one["role"]) for one in drive["permissions"].values() if _covers(one, user)]
            return max(granted, default=_NONE)
        parent = self._parent(file)
        return _NONE if parent is None else self.rank_of(parent, user)

    def _parent(self, file: Json) -> Json | None:
        """The folder it lies in; the top of "My Drive" grants nothing and counts as none."""
        for parent_id in file["parents"]:
            if self._drives.get(parent_id) is not None or self._files.get(parent_id) is not None:
                return self.find(parent_id, "")
        return None

    def granted(self, file: Json) -> dict[str, list[Json]]:
        """Permission id -> every grant of it, the file's own first; `from` names the folder or drive it comes from."""
        grants: dict[str, list[Json]] = {}
        step: Json | None = file
        while step is not None:
            drive = self._drives.get(step["id"])
            for key, one in (drive or step)["permissions"].items():
                inherited = step["id"] != file["id"]
                grants.setdefault(key, []).append({**one, "from": step["id"] if inherited else None})
            step = None if drive is not None else self._parent(step)
        return grants

    def is_trashed(self, file: Json) -> bool:
        """Whether it, or a folder it lies in, is in the trash."""
        step: Json | None = file
        while step is not None:
            if step["trashed"]:
                return True
            step = self._parent(step)
        return False

    def children(self, folder_id: str) -> list[Json]:
        return [one for one in self._files.values() if folder_id in one["parents"]]

    def create(self, metadata: Json, parent_id: str, user: str) -> Json:
        """Make a file in a folder, whose existence and rights the caller has checked."""
        parent = self.find(parent_id, user)
        assert parent is not None
        now = timestamp(self._now)
        file: Json = {
            "id": new_id(),
            "name": "Untitled",
            "mimeType": "application/octet-stream",
            "properties": {},
            "appProperties": {},
            "createdTime": now,
            "modifiedTime": now,
            "trashed": False,
            "starred": False,
            **metadata,
            "parents": [parent["id"]],
            "version": 1,
            "lastModifyingUser": user,
            "permissions": {},
        }
        if parent.get("driveId"):
            file["driveId"] = parent["driveId"]
        else:
            file["owner"] = user
            owner = {"type": "user", "role": "owner", "emailAddress": user}
            file["permissions"] = {permission_id("user", user): owner}
        self._save(file)
        return file

    def edit(self, file: Json, changes: Json, user: str) -> Json:
        """Change fields of a file; version and `modifiedTime` rise."""
        edited = {**file, "modifiedTime": timestamp(self._now), "lastModifyingUser": user, **changes}
        return self._raised(edited)

    def set_permissions(self, file: Json, permissions: Json) -> Json:
        """Change who may reach a file; only the version rises. Whoever no longer may hears so in the change feed."""
        people = [one["emailAddress"].lower() for one in file["permissions"].values() if "emailAddress" in one]
        before = [one for one in people if self.rank_of(file, one) > _NONE]
        raised = self._raised({**file, "permissions": permissions})
        lost = [one for one in before if self.rank_of(raised, one) == _NONE]
        if lost:
            changes = self._workspace.collection("changes")
            change = changes.get(file["id"])
            assert change is not None
            changes.put(file["id"], {**change, "lost": change["lost"] | dict.fromkeys(lost, change["number"])})
        return raised

    def cells_edited(self, file_id: str, user: str) -> None:
        """Record an edit of cells: at once, or as late as the setting `feed_lag` wants."""
        pending = self._workspace.collection("pending_edits")
        edits = (pending.get(file_id) or {"edits": []})["edits"]
        pending.put(file_id, {"edits": [*edits, [self._now.timestamp(), user]]})
        self._publish_pending()

    def remove(self, file: Json) -> None:
        """Delete for good, with everything in it where it is a folder."""
        for child in self.children(file["id"]):
            self.remove(child)
        self._changed(file, removed=True)
        for name in ("files", "contents", "spreadsheets", "pending_edits"):
            self._workspace.collection(name).delete(file["id"])
        self._ranks.clear()

    def next_change(self) -> int:
        """The number that the next change will get."""
        last = self._workspace.collection("counters").get("change")
        return int(last["last"]) + 1 if last else 1

    def changes_from(self, number: int) -> list[Json]:
        """The last change of every file or drive that changed since, in their order."""
        return [one for one in self._workspace.collection("changes").values() if one["number"] >= number]

    def _publish_pending(self) -> None:
        pending = self._workspace.collection("pending_edits")
        if not len(pending):
            return
        lag = (self._workspace.collection("settings").get("drive") or {"feed_lag": 0.0})["feed_lag"]
        latest = (self._now - timedelta(seconds=lag)).timestamp()
        for file_id, document in pending.items():
            due = [edit for edit in document["edits"] if edit[0] <= latest]
            later = document["edits"][len(due) :]
            if later:
                pending.put(file_id, {"edits": later})
            else:
                pending.delete(file_id)
            file = self._files.get(file_id)
            if due and file is not None:
                at, user = due[-1]
                modified = timestamp(datetime.fromtimestamp(at, UTC))
                newest = max(modified, file["modifiedTime"])
                version = file["version"] + len(due)
                self._save({**file, "modifiedTime": newest, "lastModifyingUser": user, "version": version})

    def _raised(self, file: Json) -> Json:
        raised = {**file, "version": file["version"] + 1}
        self._save(raised)
        return raised

    def _save(self, file: Json) -> None:
        self._files.put(file["id"], file)
        self._ranks.clear()
        self._changed(file, removed=False)

    def _changed(self, file: Json, *, removed: bool) -> None:
        changes = self._workspace.collection("changes")
        lost = (changes.get(file["id"]) or {"lost": {}})["lost"]
        changes.delete(file["id"])
        number = self._workspace.next_number("change")
        change = {"number": number, "fileId": file["id"], "time": timestamp(self._now), "removed": removed}
        # Once removed, the file itself no longer says who may hear of it; `lost`: address -> number of the change that
        # took the file from that person.
        readers = [] if not removed else self._readers(file)
        known = {"driveId": file.get("driveId"), "owner": file.get("owner"), "readers": readers, "lost": lost}
        changes.put(file["id"], change | known)

    def _readers(self, file: Json) -> list[str]:
        """The people who reach it by name."""
        grants = (one for grants in self.granted(file).values() for one in grants)
        return sorted({one["emailAddress"].lower() for one in grants if "emailAddress" in one})

    def drive_changed(self, drive_id: str) -> None:
        """Put a shared drive itself into the feed."""
        changes = self._workspace.collection("changes")
        changes.delete(drive_id)
        number = self._workspace.next_number("change")
        change = {"number": number, "fileId": None, "time": timestamp(self._now), "removed": False}
        changes.put(drive_id, change | {"driveId": drive_id, "owner": None, "readers": [], "lost": {}})

    def _top(self, folder_id: str, name: str) -> Json:
        return {
            "id": folder_id,
            "name": name,
            "mimeType": FOLDER,
            "parents": [],
            "properties": {},
            "appProperties": {},
            "createdTime": "2024-01-01T00:00:00.000Z",
            "modifiedTime": "2024-01-01T00:00:00.000Z",
            "trashed": False,
            "starred": False,
            "version": 1,
            "lastModifyingUser": None,
            "permissions": {},
        }

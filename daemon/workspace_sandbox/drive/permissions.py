"""Drive v3: who may do what with a file or a shared drive.

https://developers.google.com/workspace/drive/api/guides/manage-sharing
"""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

from workspace_sandbox import fields
from workspace_sandbox.calls import Answer, ApiError, Call, Json, method
from workspace_sandbox.drive.files import FOLDER, Files, permission_id, rank, timestamp

_DEFAULTS = "id,type,kind,role"
_WRITABLE = frozenset(("type", "role", "emailAddress", "domain", "allowFileDiscovery"))
_SENDER = "drive-shares-dm-noreply@google.com"


@method("drive.permissions.list")
def permissions_list(call: Call) -> Json:
    files, target = _target(call)
    files.require(target, call.user, "reader")
    grants = list(files.granted(target).items())
    token = call.params.get("pageToken") or "0"
    if not token.isdigit():
        raise ApiError(400, "invalid", "Invalid Value")
    start, size = int(token), call.params.get("pageSize", 100)
    answer: Json = {
        "kind": "drive#permissionList",
        "permissions": [resource(key, grant) for key, grant in grants[start : start + size]],
    }
    if start + size < len(grants):
        answer["nextPageToken"] = str(start + size)
    return _reduced(call, answer, f"kind,nextPageToken,permissions({_DEFAULTS})")


@method("drive.permissions.get")
def permissions_get(call: Call) -> Json:
    files, target = _target(call)
    return _reduced(call, resource(call.params["permissionId"], _grant(files, target, call)), _DEFAULTS)


@method("drive.permissions.create")
def permissions_create(call: Call) -> Json:
    files, target = _target(call)
    unknown = set(call.body) - _WRITABLE
    if unknown:
        raise ApiError(501, "notImplemented", f"The sandbox cannot grant with {', '.join(sorted(unknown))}.")
    permission = _permission(call.body)
    _require_sharing(files, target, call.user)
    _check_role(call, files, target, permission["role"])
    notify = call.params.get("sendNotificationEmail", True) and permission["type"] in ("user", "group")
    if not notify and _has_no_account(call, permission):
        raise ApiError(
            400,
            "invalidSharingRequest",
            f'Bad Request. User message: "You are trying to invite {permission["emailAddress"]}. Since there is no '
            'Google account associated with this email address, you must check the "Notify people" box to invite this '
            'recipient."',
        )
    key = permission_id(permission["type"], permission.get("emailAddress") or permission.get("domain") or "")
    _put(files, target, {**_own(files, target), key: permission | {"since": timestamp(call.now)}})
    if notify:
        _notify(call, target, permission["emailAddress"])
    return _reduced(call, resource(key, files.granted(_again(files, target, call))[key]), _DEFAULTS)


@method("drive.permissions.update")
def permissions_update(call: Call) -> Json:
    files, target = _target(call)
    unknown = set(call.body) - {"role"}
    if unknown or call.params.get("removeExpiration") or call.params.get("transferOwnership"):
        raise ApiError(501, "notImplemented", "The sandbox changes nothing of a permission but its role.")
    key = call.params["permissionId"]
    _grant(files, target, call)
    _require_sharing(files, target, call.user)
    own = _own(files, target)
    if key not in own:
        raise ApiError(403, "cannotModifyInheritedPermission", "Cannot update an inherited permission.")
    if own[key]["role"] == "owner":
        raise ApiError(403, "forbidden", "The owner of a file cannot be changed by a role.")
    role = call.body.get("role")
    if role is None:
        raise ApiError(400, "required", "The permission role field is required.")
    _check_role(call, files, target, role)
    _put(files, target, {**own, key: {**own[key], "role": role}})
    return _reduced(call, resource(key, files.granted(_again(files, target, call))[key]), _DEFAULTS)


@method("drive.permissions.delete")
def permissions_delete(call: Call) -> Answer:
    files, target = _target(call)
    key = call.params["permissionId"]
    _grant(files, target, call)
    own = _own(files, target)
    if key != permission_id("user", call.user):
        _require_sharing(files, target, call.user)
    if key not in own:
        raise ApiError(403, "cannotDeleteInheritedPermission", "Cannot delete an inherited permission.")
    if own[key]["role"] == "owner":
        raise ApiError(403, "forbidden", "The owner of a file cannot be removed.")
    _put(files, target, {other: one for other, one in own.items() if other != key})
    return Answer(None, 204)


def resource(key: str, grants: list[Json]) -> Json:
    """A permission as Drive answers it: the highest of its grants, and each of them in `permissionDetails`."""
    highest = max(grants, key=lambda one: rank(one["role"]))
    answer: Json = {"kind": "drive#permission", "id": key, "type": highest["type"], "role": highest["role"]}
    if "emailAddress" in highest:
        answer |= {
            "emailAddress": highest["emailAddress"],
            "displayName": highest["emailAddress"].partition("@")[0],
            "deleted": False,
        }
    if "domain" in highest:
        answer |= {"domain": highest["domain"], "displayName": highest["domain"]}
    if highest["type"] in ("domain", "anyone"):
        answer["allowFileDiscovery"] = highest.get("allowFileDiscovery", False)
    answer["permissionDetails"] = [_detail(one) for one in grants]
    return answer


def _detail(grant: Json) -> Json:
    member = grant["role"] in ("organizer", "fileOrganizer")
    detail: Json = {
        "permissionType": "member" if member else "file",
        "role": grant["role"],
        "inherited": grant["from"] is not None,
    }
    return detail if grant["from"] is None else {**detail, "inheritedFrom": grant["from"]}


def _target(call: Call) -> tuple[Files, Json]:
    """The file, or the top of the shared drive, that `fileId` names."""
    if call.params.get("useDomainAdminAccess"):
        raise ApiError(501, "notImplemented", "The sandbox has no access as an administrator.")
    files = Files(call.workspace, call.now)
    all_drives = bool(call.params.get("supportsAllDrives") or call.params.get("supportsTeamDrives"))
    return files, files.reachable(call.params["fileId"], call.user, all_drives)


def _again(files: Files, target: Json, call: Call) -> Json:
    found = files.find(target["id"], call.user)
    assert found is not None
    return found


def _own(files: Files, target: Json) -> Json:
    drive = files.drive(target["id"])
    own: Json = (drive or target)["permissions"]
    return own


def _put(files: Files, target: Json, permissions: Json) -> None:
    drive = files.drive(target["id"])
    if drive is not None:
        files.put_drive({**drive, "permissions": permissions})
    elif target["parents"]:
        files.set_permissions(target, permissions)
    else:
        raise ApiError(403, "forbidden", "A person's own drive cannot be shared.")


def _grant(files: Files, target: Json, call: Call) -> list[Json]:
    key = call.params["permissionId"]
    grant = files.granted(target).get(key)
    if grant is None:
        raise ApiError(404, "notFound", f"Permission not found: {key}.")
    return grant


def _permission(body: Json) -> Json:
    kind, role = body.get("type"), body.get("role")
    if kind not in ("user", "group", "domain", "anyone"):
        raise ApiError(400, "invalid", "The permission type field is required: user, group, domain or anyone.")
    if not isinstance(role, str):
        raise ApiError(400, "required", "The permission role field is required.")
    permission: Json = {"type": kind, "role": role}
    needed = {"user": "emailAddress", "group": "emailAddress", "domain": "domain"}.get(kind)
    if needed is not None:
        if not body.get(needed):
            raise ApiError(400, "invalid", f"A permission of type {kind} needs {needed}.")
        permission[needed] = body[needed]
    if body.get("allowFileDiscovery"):
        permission["allowFileDiscovery"] = True
    return permission


def _require_sharing(files: Files, target: Json, user: str) -> None:
    if files.drive(target["id"]) is not None:
        needed = "organizer"
    elif target.get("driveId") and target["mimeType"] == FOLDER:
        needed = "fileOrganizer"
    else:
        needed = "writer"
    files.require(target, user, needed)


def _check_role(call: Call, files: Files, target: Json, role: str) -> None:
    """Managers and content managers are roles of shared drives, the former of whole ones only."""
    if role == "owner" and not call.params.get("transferOwnership"):
        message = "The transferOwnership parameter must be enabled when the permission role is 'owner'."
        raise ApiError(403, "forbidden", message)
    if role == "owner":
        raise ApiError(501, "notImplemented", "The sandbox does not transfer ownership.")
    if role not in ("reader", "commenter", "writer", "fileOrganizer", "organizer"):
        raise ApiError(400, "invalid", f"The role {role} is not valid.")
    whole = files.drive(target["id"]) is not None
    if (role == "organizer" and not whole) or (role == "fileOrganizer" and not target.get("driveId")):
        raise ApiError(403, "forbidden", f"The role {role} is not possible for this item.")


def _has_no_account(call: Call, permission: Json) -> bool:
    address = str(permission.get("emailAddress", "")).lower()
    listed = call.workspace.collection("no_google_account").get(address) is not None
    return listed or address.endswith(".invalid")


def _notify(call: Call, target: Json, address: str) -> None:
    from workspace_sandbox.gmail.delivery import deliver

    message = EmailMessage()
    message["From"] = f'"{call.user} (via Google Drive)" <{_SENDER}>'
    message["To"] = address
    message["Reply-To"] = call.user
    message["Subject"] = f'Item shared with you: "{target["name"]}"'
    said: Any = call.params.get("emailMessage")
    message.set_content(f"{call.user} shared an item with you: {target['name']}\n" + (f"\n{said}\n" if said else ""))
    deliver(call.workspace, _SENDER, [address], message.as_bytes(), call.now)


def _reduced(call: Call, answer: Json, defaults: str) -> Json:
    if call.params.get("fields"):
        return answer
    reduced: Json = fields.apply(fields.parse(defaults), answer)
    return reduced

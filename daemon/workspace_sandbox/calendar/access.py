"""Which calendars there are, and who may do what with each (access control rules).

Everybody who is named has a primary calendar, whose id is the address; secondary calendars are made
(`calendars.insert`). https://developers.google.com/workspace/calendar/api/concepts/sharing
"""

from __future__ import annotations

from workspace_sandbox.calendar.event_store import has_calendar
from workspace_sandbox.calls import ApiError, Call, Json
from workspace_sandbox.founding import DOMAIN
from workspace_sandbox.workspace import Workspace

ROLES = ("none", "freeBusyReader", "reader", "writer", "owner")
"""Each may do what those before it may."""
SECONDARY = "@group.calendar.google.com"
"""What ids of secondary calendars end with."""


def rank(role: str) -> int:
    """The place of a role among ROLES."""
    return ROLES.index(role)


def rule_id(scope: Json) -> str:
    """The id of the rule for a scope: `user:ana@soffid.example`, `domain:soffid.example`, `default`."""
    return "default" if scope["type"] == "default" else f"{scope['type']}:{scope['value']}"


def rules(workspace: Workspace, calendar_id: str) -> dict[str, Json]:
    """The rules of a calendar, by their ids: `scope` and `role`. Empty where there is no such calendar."""
    kept = workspace.collection("calendar_rules").get(calendar_id)
    if kept is not None:
        return dict(kept)
    if not has_calendar(calendar_id):
        return {}
    scopes = [({"type": "user", "value": calendar_id}, "owner")]
    if calendar_id.endswith(f"@{DOMAIN}"):
        scopes.append(({"type": "domain", "value": DOMAIN}, "reader"))
    return {rule_id(scope): {"scope": scope, "role": role} for scope, role in scopes}


def put_rules(workspace: Workspace, calendar_id: str, kept: dict[str, Json]) -> None:
    workspace.collection("calendar_rules").put(calendar_id, kept)


def role_of(workspace: Workspace, user: str, calendar_id: str) -> str:
    """The highest role that the calendar's rules give a user."""
    domain = user.partition("@")[2]
    found = rules(workspace, calendar_id)
    given = [
        found[key]["role"] for key in (f"user:{user}", f"group:{user}", f"domain:{domain}", "default") if key in found
    ]
    return max(given, key=rank, default="none")


def calendar_id(call: Call) -> str:
    """The id of the calendar that is meant; `primary` is the acting user's."""
    name = str(call.params["calendarId"]).lower()
    return call.user if name == "primary" else name


def required(call: Call, role: str) -> str:
    """The id of the calendar, where the user has at least `role` for it.

    Raises ApiError 404 where it is hidden from the user, 403 where the role is too low.
    """
    wanted = calendar_id(call)
    held = role_of(call.workspace, call.user, wanted)
    if held == "none":
        raise not_found()
    if held == "freeBusyReader" and role == "reader":
        raise ApiError(501, "notImplemented", "The sandbox shows free/busy readers nothing but freebusy.query.")
    if rank(held) < rank(role):
        message = f"You need to have {role} access to this calendar."
        raise ApiError(403, "requiredAccessLevel", message, domain="calendar")
    return wanted


def not_found() -> ApiError:
    return ApiError(404, "notFound", "Not Found")

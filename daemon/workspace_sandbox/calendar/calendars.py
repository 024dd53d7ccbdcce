"""Calendars, the list of them that a user sees, their access control rules, and settings.

https://developers.google.com/workspace/calendar/api/v3/reference; events are in `events.py`.
"""

from __future__ import annotations

import secrets
from email.message import EmailMessage

from workspace_sandbox.calendar.access import (
    ROLES,
    SECONDARY,
    calendar_id,
    not_found,
    put_rules,
    rank,
    required,
    role_of,
    rule_id,
    rules,
)
from workspace_sandbox.calendar.event_store import EventStore
from workspace_sandbox.calls import Answer, ApiError, Call, Json, method
from workspace_sandbox.founding import LOCALE, TIME_ZONE
from workspace_sandbox.gmail.delivery import deliver

_SENDER = "calendar-notification@google.com"
_DETAILS = ("summary", "description", "location", "timeZone")
_SETTINGS = {
    "autoAddHangouts": "false",
    "dateFieldOrder": "DMY",
    "defaultEventLength": "60",
    "format24HourTime": "true",
    "hideInvitations": "false",
    "hideWeekends": "false",
    "locale": LOCALE.partition("_")[0],
    "remindOnRespondedEventsOnly": "false",
    "showDeclinedEvents": "true",
    "timezone": TIME_ZONE,
    "useKeyboardShortcuts": "true",
    "weekStart": "1",
}
"""https://developers.google.com/workspace/calendar/api/v3/reference/settings: everybody's, as they cannot be set."""


@method("calendar.calendarList.list")
def calendar_list(call: Call) -> Json:
    """The primary calendar, and those the user made or added."""
    for name in ("syncToken", "pageToken"):
        if call.params.get(name):
            raise ApiError(501, "notImplemented", f"The sandbox has no {name} for lists of calendars yet.")
    least = rank(call.params.get("minAccessRole", "none"))
    entries = [_entry(call, one) for one in [call.user, *_listed(call)]]
    shown = [one for one in entries if rank(one["accessRole"]) >= max(least, 1)]
    return {"kind": "calendar#calendarList", "etag": EventStore(call.workspace, call.user).etag(0), "items": shown}


@method("calendar.calendarList.get")
def calendar_list_get(call: Call) -> Json:
    wanted = calendar_id(call)
    if wanted != call.user and wanted not in _listed(call):
        raise not_found()
    return _entry(call, wanted)


@method("calendar.calendarList.insert")
def calendar_list_insert(call: Call) -> Json:
    """Add a calendar that exists, and that the user may see, to the user's list."""
    unknown = set(call.body) - {"id"}
    if unknown:
        raise ApiError(501, "notImplemented", f"The sandbox keeps no {', '.join(sorted(unknown))} of list entries yet.")
    wanted = str(call.body.get("id", "")).lower()
    if role_of(call.workspace, call.user, wanted) == "none":
        raise not_found()
    if wanted != call.user and wanted not in _listed(call):
        call.workspace.collection("calendar_lists").put(call.user, {"ids": [*_listed(call), wanted]})
    return _entry(call, wanted)


@method("calendar.calendarList.delete")
def calendar_list_delete(call: Call) -> Answer:
    wanted = calendar_id(call)
    if wanted not in _listed(call):
        raise not_found()
    _unlist(call, call.user, wanted)
    return Answer(None, 204)


@method("calendar.calendars.get")
def calendars_get(call: Call) -> Json:
    return _calendar(call, required(call, "reader"))


@method("calendar.calendars.insert")
def calendars_insert(call: Call) -> Json:
    """A secondary calendar, of which the user is the owner, and which is in the user's list."""
    details = _checked_details(call)
    if not details.get("summary"):
        raise ApiError(400, "required", "Missing summary.")
    made = f"c_{secrets.token_hex(32)}{SECONDARY}"
    call.workspace.collection("secondary_calendars").put(made, {"timeZone": TIME_ZONE, **details})
    owner = {"type": "user", "value": call.user}
    put_rules(call.workspace, made, {rule_id(owner): {"scope": owner, "role": "owner"}})
    call.workspace.collection("calendar_lists").put(call.user, {"ids": [*_listed(call), made]})
    return _calendar(call, made)


@method("calendar.calendars.patch")
@method("calendar.calendars.update")
def calendars_change(call: Call) -> Json:
    wanted = required(call, "owner")
    kept = call.workspace.collection("secondary_calendars").get(wanted)
    if kept is None:
        raise ApiError(501, "notImplemented", "The sandbox changes secondary calendars only.")
    old = kept if call.method_id.endswith("patch") else {"timeZone": TIME_ZONE, "summary": kept["summary"]}
    call.workspace.collection("secondary_calendars").put(wanted, {**old, **_checked_details(call)})
    return _calendar(call, wanted)


@method("calendar.calendars.delete")
def calendars_delete(call: Call) -> Answer:
    wanted = required(call, "owner")
    if call.workspace.collection("secondary_calendars").get(wanted) is None:
        raise ApiError(400, "invalid", "A primary calendar cannot be deleted.")
    store = call.workspace.collection(f"events of {wanted}")
    for event_id, _ in store.items():
        store.delete(event_id)
    for name in ("secondary_calendars", "calendar_rules"):
        call.workspace.collection(name).delete(wanted)
    return Answer(None, 204)


@method("calendar.acl.list")
def acl_list(call: Call) -> Json:
    for name in ("syncToken", "pageToken"):
        if call.params.get(name):
            raise ApiError(501, "notImplemented", f"The sandbox has no {name} for rules yet.")
    wanted = required(call, "owner")
    found = rules(call.workspace, wanted)
    items = [_rule(call, wanted, key) for key, rule in found.items() if rule["role"] != "none"]
    return {"kind": "calendar#acl", "etag": EventStore(call.workspace, wanted).etag(0), "items": items}


@method("calendar.acl.get")
def acl_get(call: Call) -> Json:
    wanted = required(call, "owner")
    if call.params["ruleId"] not in rules(call.workspace, wanted):
        raise not_found()
    return _rule(call, wanted, call.params["ruleId"])


@method("calendar.acl.insert")
def acl_insert(call: Call) -> Json:
    wanted = required(call, "owner")
    scope = dict(call.body.get("scope") or {})
    if scope.get("type") not in ("default", "user", "group", "domain"):
        raise ApiError(400, "invalid", "The scope's type is one of default, user, group, domain.")
    if scope["type"] != "default":
        if not scope.get("value"):
            raise ApiError(400, "required", "Missing scope value.")
        scope["value"] = str(scope["value"]).lower()
    key = rule_id(scope)
    kept = rules(call.workspace, wanted)
    put_rules(call.workspace, wanted, {**kept, key: {"scope": scope, "role": _role(call)}})
    if scope["type"] in ("user", "group") and call.params.get("sendNotifications", True):
        _tell(call, wanted, scope["value"])
    return _rule(call, wanted, key)


@method("calendar.acl.patch")
@method("calendar.acl.update")
def acl_change(call: Call) -> Json:
    wanted = required(call, "owner")
    key = call.params["ruleId"]
    kept = rules(call.workspace, wanted)
    if key not in kept:
        raise not_found()
    put_rules(call.workspace, wanted, {**kept, key: {**kept[key], "role": _role(call)}})
    return _rule(call, wanted, key)


@method("calendar.acl.delete")
def acl_delete(call: Call) -> Answer:
    wanted = required(call, "owner")
    kept = rules(call.workspace, wanted)
    key = call.params["ruleId"]
    if key not in kept:
        raise not_found()
    if key == f"user:{wanted}":
        raise ApiError(403, "forbidden", "The owner of a primary calendar stays its owner.")
    put_rules(call.workspace, wanted, {other: rule for other, rule in kept.items() if other != key})
    return Answer(None, 204)


@method("calendar.settings.list")
def settings_list(call: Call) -> Json:
    if call.params.get("syncToken") or call.params.get("pageToken"):
        raise ApiError(501, "notImplemented", "The sandbox gives all settings on one page, without tokens.")
    return {"kind": "calendar#settings", "etag": _settings_etag(), "items": [_setting(key) for key in _SETTINGS]}


@method("calendar.settings.get")
def settings_get(call: Call) -> Json:
    if call.params["setting"] not in _SETTINGS:
        raise not_found()
    return _setting(call.params["setting"])


def _listed(call: Call) -> list[str]:
    """The calendars in the user's list, besides the primary one, that the user may still see."""
    ids = (call.workspace.collection("calendar_lists").get(call.user) or {"ids": []})["ids"]
    return [one for one in ids if role_of(call.workspace, call.user, one) != "none"]


def _unlist(call: Call, user: str, wanted: str) -> None:
    lists = call.workspace.collection("calendar_lists")
    lists.put(user, {"ids": [one for one in (lists.get(user) or {"ids": []})["ids"] if one != wanted]})


def _calendar(call: Call, wanted: str) -> Json:
    details = call.workspace.collection("secondary_calendars").get(wanted) or {"timeZone": TIME_ZONE, "summary": wanted}
    return {"kind": "calendar#calendar", "etag": EventStore(call.workspace, wanted).etag(0), "id": wanted, **details}


def _entry(call: Call, wanted: str) -> Json:
    role = role_of(call.workspace, call.user, wanted)
    entry = {
        **_calendar(call, wanted),
        "kind": "calendar#calendarListEntry",
        "accessRole": role,
        "selected": True,
        "defaultReminders": [{"method": "popup", "minutes": 10}] if wanted == call.user else [],
    }
    return {**entry, "primary": True} if wanted == call.user else entry


def _checked_details(call: Call) -> Json:
    unknown = set(call.body) - {*_DETAILS, "kind", "etag", "id"}
    if unknown:
        raise ApiError(501, "notImplemented", f"The sandbox keeps no {', '.join(sorted(unknown))} of calendars yet.")
    if call.body.get("timeZone", TIME_ZONE) != TIME_ZONE:
        raise ApiError(501, "notImplemented", f"Calendars of the sandbox are in {TIME_ZONE} only.")
    return {key: call.body[key] for key in _DETAILS if call.body.get(key) is not None}


def _role(call: Call) -> str:
    role = call.body.get("role")
    if role not in ROLES:
        raise ApiError(400, "invalid", f"The role of a rule is one of {', '.join(ROLES)}.")
    return str(role)


def _rule(call: Call, wanted: str, key: str) -> Json:
    etag = EventStore(call.workspace, wanted).etag(0)
    return {"kind": "calendar#aclRule", "etag": etag, "id": key, **rules(call.workspace, wanted)[key]}


def _tell(call: Call, wanted: str, address: str) -> None:
    """`sendNotifications`, true by default."""
    message = EmailMessage()
    message["From"] = f"Google Calendar <{_SENDER}>"
    message["To"] = address
    message["Subject"] = f"{call.user} has shared a calendar with you"
    message.set_content(f"{call.user} has given you access to the calendar {_calendar(call, wanted)['summary']}.\n")
    deliver(call.workspace, _SENDER, [address], message.as_bytes(), call.now)


def _setting(name: str) -> Json:
    return {"kind": "calendar#setting", "etag": _settings_etag(), "id": name, "value": _SETTINGS[name]}


def _settings_etag() -> str:
    return '"settings"'

"""Events of the Calendar API: https://developers.google.com/workspace/calendar/api/v3/reference/events.

Which calendars there are, and who may do what with them, is in `access.py` and `calendars.py`.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from workspace_sandbox.calendar import event_list
from workspace_sandbox.calendar.access import not_found, rank, required, role_of
from workspace_sandbox.calendar.event_store import EventStore, Kept, has_calendar, is_service_account
from workspace_sandbox.calendar.event_times import checked, instances, instant, shown_in, starts_at, timestamp, zone
from workspace_sandbox.calendar.guests import OWN_FIELDS, answered, attendee, checked_attendees, mail_answer, save
from workspace_sandbox.calendar.recurrence import Rule
from workspace_sandbox.calls import Answer, ApiError, Call, Json, method
from workspace_sandbox.founding import TIME_ZONE

_EVENT_ID = re.compile(r"[a-v0-9]{5,1024}")
_READ_ONLY = (
    "kind",
    "etag",
    "htmlLink",
    "created",
    "updated",
    "creator",
    "organizer",
    "hangoutLink",
    "locked",
    "recurringEventId",
    "originalStartTime",
    "attendeesOmitted",
    "attachments",
    "conferenceData",
    "eventLabelId",
)
"""What a body may hold without effect; attachments and conferences ask for a parameter, which is refused."""
_KEPT_BY_UPDATE = ("id", "created", "creator", "organizer", "iCalUID", "eventType")
_MAIN_FIELDS = ("start", "end", "recurrence", "summary", "location", "description")
_ONLY_ORGANIZER = ("guestsCanModify", "guestsCanInviteOthers", "guestsCanSeeOtherGuests", "anyoneCanAddSelf")
_DEFAULTS = {"guestsCanInviteOthers": True, "guestsCanSeeOtherGuests": True}
_SHOWN_TO_READERS_OF_PRIVATE = (
    "id",
    "status",
    "created",
    "updated",
    "start",
    "end",
    "recurrence",
    "recurringEventId",
    "originalStartTime",
    "organizer",
    "creator",
    "iCalUID",
    "sequence",
    "eventType",
    "transparency",
    "visibility",
)


@method("calendar.events.list")
def events_list(call: Call) -> Json:
    owner = required(call, "reader")
    store = EventStore(call.workspace, owner)
    page = event_list.page(call, store)
    answer = _events(call, store, page.events)
    if page.next_page_token:
        answer["nextPageToken"] = page.next_page_token
    if page.next_sync_token:
        answer["nextSyncToken"] = page.next_sync_token
    return answer


@method("calendar.events.instances")
def events_instances(call: Call) -> Json:
    """The instances of a series that overlap the range, in order."""
    store = EventStore(call.workspace, required(call, "reader"))
    kept = store.get(call.params["eventId"])
    if kept is None:
        raise not_found()
    if not kept.event.get("recurrence"):
        raise ApiError(400, "invalid", "The event does not repeat.")
    earliest, latest = event_list.time_range(call.params)
    found: list[Json] = []
    if kept.event["status"] != "cancelled" or call.params.get("showDeleted"):
        found = list(instances(kept.event, earliest, latest, call.now))
    if call.params.get("originalStart"):
        wanted = call.params["originalStart"]
        found = [one for one in found if wanted in one["originalStartTime"].values()]
    start, size = int(call.params.get("pageToken") or 0), call.params.get("maxResults", 250)
    answer = _events(call, store, [(kept, one) for one in found[start : start + size]])
    if start + size < len(found):
        answer["nextPageToken"] = str(start + size)
    return answer


@method("calendar.events.get")
def events_get(call: Call) -> Answer:
    store = EventStore(call.workspace, required(call, "reader"))
    kept, event = _existing(call, store)
    if call.headers.get("if-none-match") == store.etag(kept.version):
        return Answer(None, 304, headers={"ETag": store.etag(kept.version)})
    return _answer(call, store, kept, event)


@method("calendar.events.insert")
def events_insert(call: Call) -> Answer:
    owner = required(call, "writer")
    store = EventStore(call.workspace, owner)
    body = _body(call)
    event_id = body.get("id")
    if event_id is None:
        event_id = _made_id(call)
    elif not _EVENT_ID.fullmatch(event_id):
        raise ApiError(400, "invalid", "Invalid resource id value.")
    if store.get(event_id) is not None:
        raise ApiError(409, "duplicate", "The requested identifier already exists.")
    event = {
        "status": "confirmed",
        "eventType": "default",
        "reminders": {"useDefault": True},
        "sequence": 0,
        "iCalUID": f"{event_id}@google.com",
        **_merged({}, body),
        "id": event_id,
        "created": timestamp(call.now),
        "creator": {"email": call.user},
        "organizer": {"email": owner},
    }
    kept = save(call.workspace, _sound(call, event), None, call.now, _send_updates(call), call.user)
    return _answer(call, store, kept, kept.event)


@method("calendar.events.import")
def events_import(call: Call) -> Answer:
    """A private copy of an event that is told apart by its iCalUID: nobody is invited, nobody is mailed."""
    owner = required(call, "writer")
    store = EventStore(call.workspace, owner)
    body = _body(call)
    uid = body.get("iCalUID")
    if not uid:
        raise ApiError(400, "required", "Missing iCalUID.")
    if body.get("eventType", "default") != "default":
        raise ApiError(400, "eventTypeRestriction", "Only default events can be imported.", domain="calendar")
    there = next((one for one in store.all() if one.event["iCalUID"] == uid), None)
    organizer = str((call.body.get("organizer") or {}).get("email") or owner).lower()
    event = {
        "status": "confirmed",
        "eventType": "default",
        "reminders": {"useDefault": True},
        "sequence": 0,
        **_merged({}, body),
        "id": there.event["id"] if there else _made_id(call),
        "created": there.event["created"] if there else timestamp(call.now),
        "creator": {"email": call.user},
        "organizer": {"email": organizer},
    }
    kept = store.put(_sound(call, event), call.now)
    return _answer(call, store, kept, kept.event)


@method("calendar.events.update")
def events_update(call: Call) -> Answer:
    return _change(call, replace=True)


@method("calendar.events.patch")
def events_patch(call: Call) -> Answer:
    return _change(call, replace=False)


@method("calendar.events.delete")
def events_delete(call: Call) -> Answer:
    """The organizer's event is cancelled for everybody; a guest's copy only there, which declines the invitation."""
    store = EventStore(call.workspace, required(call, "writer"))
    kept = _own_event(call, store)
    if kept.event["status"] == "cancelled":
        raise ApiError(410, "deleted", "Resource has been deleted")
    event = kept.event
    if event["organizer"]["email"] == store.owner:
        cancelled = {**event, "status": "cancelled", "sequence": event.get("sequence", 0) + 1}
        save(call.workspace, cancelled, event, call.now, _send_updates(call), call.user)
        return Answer(None, 204)
    store.put({**event, "status": "cancelled"}, call.now, removed=True)
    _to_organizer(call, event, {"email": store.owner, "responseStatus": "declined"}, {}, [])
    return Answer(None, 204)


@method("calendar.freebusy.query")
def freebusy_query(call: Call) -> Json:
    if not call.body.get("timeMin") or not call.body.get("timeMax"):
        raise ApiError(400, "required", "Missing timeMin or timeMax parameter.")
    earliest, latest = instant(call.body["timeMin"], "timeMin"), instant(call.body["timeMax"], "timeMax")
    if latest <= earliest:
        raise ApiError(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar")
    calendars: Json = {}
    for item in call.body.get("items") or []:
        name = str(item.get("id", ""))
        owner = call.user if name == "primary" else name.lower()
        if rank(role_of(call.workspace, call.user, owner)) >= rank("freeBusyReader"):
            calendars[name] = {"busy": _busy(call, owner, earliest, latest)}
        else:
            calendars[name] = {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
    return {
        "kind": "calendar#freeBusy",
        "timeMin": timestamp(earliest),
        "timeMax": timestamp(latest),
        "calendars": calendars,
    }


def _busy(call: Call, owner: str, earliest: datetime, latest: datetime) -> list[Json]:
    """The times that opaque events take, joined where they touch; declined ones take none."""
    taken: list[tuple[datetime, datetime]] = []
    for kept in EventStore(call.workspace, owner).all():
        event = kept.event
        own = attendee(event, owner)
        if event["status"] == "cancelled" or event.get("transparency") == "transparent":
            continue
        if own is not None and own["responseStatus"] == "declined":
            continue
        for one in instances(event, earliest, latest, call.now):
            taken.append((max(starts_at(one["start"]), earliest), min(starts_at(one["end"]), latest)))
    joined: list[tuple[datetime, datetime]] = []
    for start, end in sorted(taken):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    zone_name = call.body.get("timeZone") or "UTC"
    return [
        {
            key: shown_in({"start": {"dateTime": when.isoformat()}}, zone_name)["start"]["dateTime"]
            for key, when in (("start", start), ("end", end))
        }
        for start, end in joined
    ]


def _made_id(call: Call) -> str:
    return f"{call.workspace.next_number('calendar.event'):026x}"


def _events(call: Call, store: EventStore, found: list[tuple[Kept, Json]]) -> Json:
    """One page of events, with what there is to know of their calendar."""
    version, updated = store.state()
    details = call.workspace.collection("secondary_calendars").get(store.owner) or {"summary": store.owner}
    return {
        "kind": "calendar#events",
        "etag": store.etag(version),
        "summary": details["summary"],
        "updated": updated,
        "timeZone": call.params.get("timeZone") or TIME_ZONE,
        "accessRole": role_of(call.workspace, call.user, store.owner),
        "defaultReminders": [{"method": "popup", "minutes": 10}] if store.owner == call.user else [],
        "items": [_presented(call, store, kept, event) for kept, event in found],
    }


def _existing(call: Call, store: EventStore) -> tuple[Kept, Json]:
    """The event with the id asked for, which may be that of one instance of a series."""
    event_id = call.params["eventId"]
    kept = store.get(event_id)
    if kept is not None:
        return kept, kept.event
    series = store.get(event_id.rpartition("_")[0])
    if series is not None:
        for one in instances(series.event, None, None, call.now):
            if one["id"] == event_id:
                return series, one
    raise not_found()


def _own_event(call: Call, store: EventStore) -> Kept:
    """The event to be changed, as the caller knows it (If-Match)."""
    kept, event = _existing(call, store)
    if event["id"] != kept.event["id"]:
        raise ApiError(501, "notImplemented", "The sandbox cannot change single instances of a series yet.")
    wanted = call.headers.get("if-match")
    if wanted is not None and wanted not in ("*", store.etag(kept.version)):
        raise ApiError(412, "conditionNotMet", "Precondition Failed")
    return kept


def _send_updates(call: Call) -> str:
    """Who gets mail: what `sendUpdates` says, or the deprecated `sendNotifications`; nobody by default."""
    return str(call.params.get("sendUpdates") or ("all" if call.params.get("sendNotifications") else "none"))


def _body(call: Call) -> Json:
    """The fields of the body that may be written. Raises ApiError 501 for what is not there."""
    for name, what in (("conferenceDataVersion", "conferences"), ("eventLabelVersion", "labels of events")):
        if call.params.get(name):
            raise ApiError(501, "notImplemented", f"The sandbox has no {what} yet.")
    if call.params.get("supportsAttachments") and call.body.get("attachments"):
        raise ApiError(501, "notImplemented", "The sandbox has no attachments of events yet.")
    if call.body.get("eventType", "default") not in ("default", "outOfOffice"):
        raise ApiError(501, "notImplemented", "The sandbox has only default and outOfOffice events yet.")
    if call.body.get("privateCopy"):
        raise ApiError(501, "notImplemented", "The sandbox has no private copies of events yet.")
    return {key: value for key, value in call.body.items() if key not in _READ_ONLY}


def _sound(call: Call, event: Json) -> Json:
    """The event with its times and guests checked. Raises ApiError."""
    if event["status"] not in ("confirmed", "tentative", "cancelled"):
        raise ApiError(400, "invalid", f"Invalid value for status: {event['status']}")
    start, end = checked(event)
    event = {**event, "start": start, "end": end}
    if event.get("recurrence"):
        Rule.parse(event["recurrence"], zone(start.get("timeZone")))
    reminders = event.get("reminders", {})
    if reminders.get("useDefault") and reminders.get("overrides"):
        raise ApiError(
            400,
            "cannotUseDefaultRemindersAndSpecifyOverride",
            "Cannot specify both default reminders and overrides at the same time.",
            domain="calendar",
        )
    attendees = checked_attendees(event.pop("attendees", None) or [], event["organizer"]["email"])
    if attendees:
        if is_service_account(call.user):
            raise ApiError(
                403,
                "forbiddenForServiceAccounts",
                "Service accounts cannot invite attendees without Domain-Wide Delegation of Authority.",
                domain="calendar",
            )
        if event.get("recurrence") and "dateTime" in start:
            raise ApiError(
                501, "notImplemented", "The sandbox invites nobody to repeated events with a time of day yet."
            )
        event["attendees"] = attendees
    return event


def _change(call: Call, *, replace: bool) -> Answer:
    store = EventStore(call.workspace, required(call, "writer"))
    kept = _own_event(call, store)
    body = _body(call)
    if kept.event["organizer"]["email"] == store.owner:
        if call.body.get("attendeesOmitted") and "attendees" in body:
            body["attendees"] = _with_those_omitted(kept.event, body["attendees"] or [])
        event = _changed(call, kept.event, body, replace=replace)
        kept = save(call.workspace, event, kept.event, call.now, _send_updates(call), call.user)
    else:
        kept = _change_copy(call, store, kept, body, replace=replace)
    return _answer(call, store, kept, kept.event)


def _with_those_omitted(event: Json, listed: list[Json]) -> list[Json]:
    """All attendees, those listed as they are listed: with `attendeesOmitted` the others are not meant to go."""
    given = {str(one.get("email", "")).strip().lower(): one for one in listed}
    return [given.pop(one["email"], one) for one in event.get("attendees", [])] + list(given.values())


def _changed(call: Call, old: Json, body: Json, *, replace: bool) -> Json:
    """The event as the body leaves it: all of it (PUT), or what the body names (PATCH)."""
    if body.get("eventType", old["eventType"]) != old["eventType"]:
        raise ApiError(400, "eventTypeRestriction", "The type of an event cannot be changed.", domain="calendar")
    sequence = old.get("sequence", 0)
    if body.get("sequence") is not None and body["sequence"] < sequence:
        raise ApiError(
            400,
            "invalid",
            "Invalid sequence value. The specified sequence number is below the current sequence number of the "
            "resource. Re-fetch the resource and use its sequence number on the following request.",
        )
    fresh = {"status": "confirmed", "reminders": {"useDefault": True}, "sequence": sequence}
    event = {**fresh, **_merged({}, body)} if replace else _merged(old, body)
    event = _sound(call, {**event, **{key: old[key] for key in _KEPT_BY_UPDATE}})
    if any(event.get(key) != old.get(key) for key in ("start", "end", "recurrence", "status")):
        event["sequence"] = max(event.get("sequence", 0), sequence + 1)
    return event


def _merged(old: Json, change: Json) -> Json:
    """Patch semantics: objects are merged, lists replaced, null takes a field away."""
    merged = dict(old)
    for key, value in change.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            before = merged.get(key)
            merged[key] = _merged(before if isinstance(before, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def _change_copy(call: Call, store: EventStore, kept: Kept, body: Json, *, replace: bool) -> Kept:
    """What a guest changes: the answer and new guests go to the organizer, what is private stays in the copy.

    Other changes go to the organizer where guests may modify the event; else they stay in the copy until the
    organizer's next change.
    """
    old = kept.event
    _refuse_shared(old, body)
    given = {key: value for key, value in body.items() if key != "attendees"}
    event = _changed(call, old, {**given, "attendees": old.get("attendees", [])}, replace=replace)
    listed = checked_attendees(body.get("attendees") or [], old["organizer"]["email"])
    own = next((one for one in listed if one["email"] == store.owner), None)
    known = {one["email"] for one in old.get("attendees", [])}
    added = [one for one in listed if one["email"] not in known]
    if added and not (old.get("guestsCanInviteOthers", True) or old.get("guestsCanModify")):
        raise _for_organizer_only()
    main = {key: event.get(key) for key in _MAIN_FIELDS if key in body} if old.get("guestsCanModify") else {}
    _to_organizer(call, old, own, main, added)
    brought = store.get(old["id"]) or kept
    local = [*OWN_FIELDS, "extendedProperties", *(key for key in _MAIN_FIELDS if key in body)]
    mine = {key: value for key, value in brought.event.items() if key not in local}
    mine.update({key: event[key] for key in local if key in event})
    shared = brought.event.get("extendedProperties", {}).get("shared")
    if shared:
        mine["extendedProperties"] = {**mine.get("extendedProperties", {}), "shared": shared}
    if "status" in body:
        mine["status"] = event["status"]
    removed = mine["status"] == "cancelled" and ("status" in body or brought.removed)
    return store.put(mine, call.now, removed=removed)


def _refuse_shared(old: Json, body: Json) -> None:
    """https://developers.google.com/workspace/calendar/api/guides/errors, forbiddenForNonOrganizer."""
    shared = (body.get("extendedProperties") or {}).get("shared") or {}
    known = old.get("extendedProperties", {}).get("shared", {})
    flags = ((key, _DEFAULTS.get(key, False)) for key in _ONLY_ORGANIZER if body.get(key) is not None)
    if any(body[key] != old.get(key, default) for key, default in flags) or any(
        known.get(key) != value for key, value in shared.items()
    ):
        raise _for_organizer_only()


def _for_organizer_only() -> ApiError:
    message = "Shared properties can only be changed by the organizer of the event."
    return ApiError(403, "forbiddenForNonOrganizer", message, domain="calendar")


def _to_organizer(call: Call, copy: Json, own: Json | None, main: Json, added: list[Json]) -> None:
    """Bring a guest's answer, changes and new guests into the organizer's event."""
    organizer = copy["organizer"]["email"]
    kept = EventStore(call.workspace, organizer).get(copy["id"])
    if kept is None or kept.event["status"] == "cancelled":
        return
    before = kept.event
    event = _merged(before, main)
    if own is not None:
        event = answered(event, own)
    answer_changed = event.get("attendees") != before.get("attendees")
    if added:
        event["attendees"] = [*event.get("attendees", []), *added]
    if event == before:
        return
    send = _send_updates(call)
    kept = save(call.workspace, event, before, call.now, send, call.user)
    if answer_changed and (send == "all" or (send == "externalOnly" and not has_calendar(organizer))):
        mail_answer(call.workspace, kept.event, call.user, call.now)


def _answer(call: Call, store: EventStore, kept: Kept, event: Json) -> Answer:
    shown = _presented(call, store, kept, event)
    return Answer(shown, headers={"ETag": shown["etag"]})


def _presented(call: Call, store: EventStore, kept: Kept, event: Json) -> Json:
    """The event as this reader sees it in this calendar."""
    owner = store.owner
    shown: Json = {
        "kind": "calendar#event",
        "etag": store.etag(kept.version),
        "htmlLink": _link(call, owner, event),
        **event,
    }
    if "start" not in event:
        # Of a deleted event there is nothing more to see.
        return {key: value for key, value in shown.items() if key != "htmlLink"}
    reads_only = rank(role_of(call.workspace, call.user, owner)) < rank("writer")
    if reads_only and event.get("visibility") in ("private", "confidential"):
        shown = {key: value for key, value in shown.items() if key in ("kind", "etag", *_SHOWN_TO_READERS_OF_PRIVATE)}
    for name in ("organizer", "creator"):
        shown[name] = _with_self(shown[name], owner)
    if "attendees" in shown:
        shown.update(_shown_attendees(call, owner, shown))
    wanted_zone = call.params.get("timeZone")
    return shown_in(shown, wanted_zone) if wanted_zone else shown


def _link(call: Call, owner: str, event: Json) -> str:
    """The page of the sandbox that shows the event, on the day it begins."""
    start = event.get("start", {})
    day = start.get("date") or start.get("dateTime", "")[:10]
    reader = "" if owner == call.user else f"?as={call.user}"
    return f"http://{call.headers.get('host', 'localhost')}/calendar/{owner}{reader}#month,{day},{event['id']}"


def _shown_attendees(call: Call, owner: str, event: Json) -> Json:
    attendees = [_with_self(one, owner) for one in event["attendees"]]
    only_self = [one for one in attendees if one.get("self")]
    hidden = event.get("guestsCanSeeOtherGuests") is False and event["organizer"]["email"] != owner
    most: Any = call.params.get("maxAttendees")
    if hidden or (most is not None and len(attendees) > most):
        return {"attendees": only_self, "attendeesOmitted": True}
    return {"attendees": attendees}


def _with_self(person: Json, owner: str) -> Json:
    return {**person, "self": True} if person["email"] == owner else person

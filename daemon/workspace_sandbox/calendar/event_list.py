"""`events.list`: filters, order, pages, and tokens that ask for what changed since."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workspace_sandbox.calendar.event_store import EventStore, Kept
from workspace_sandbox.calendar.event_times import instances, instant, starts_at
from workspace_sandbox.calls import ApiError, Call, Json

_NOT_WITH_SYNC_TOKEN = (
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMin",
    "timeMax",
    "updatedMin",
)
"""https://developers.google.com/workspace/calendar/api/v3/reference/events/list, `syncToken`."""
_NO_TOKEN_AFTER = ("iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "updatedMin")
_LARGEST_PAGE = 2500
_SEARCHED = ("summary", "description", "location")


@dataclass(frozen=True)
class Page:
    """One page of events: what is shown of each, beside the event as it is kept."""

    events: list[tuple[Kept, Json]]
    next_page_token: str | None
    next_sync_token: str | None


@dataclass(frozen=True)
class _Cursor:
    """Where a page begins, and the calendar's version when the first page was read."""

    version: int
    after: list[Any] | None = None

    def token(self) -> str:
        return base64.urlsafe_b64encode(json.dumps([self.version, self.after]).encode()).decode()

    @classmethod
    def parse(cls, token: str) -> _Cursor:
        try:
            version, after = json.loads(base64.urlsafe_b64decode(token))
            return cls(int(version), list(after))
        except (ValueError, TypeError):
            raise ApiError(400, "invalid", "Invalid page token value.") from None


def page(call: Call, store: EventStore) -> Page:
    """One page of what the call asks for. Raises ApiError for parameters that make no sense, or none together."""
    params = call.params
    since = _since(call, store)
    token = params.get("pageToken")
    cursor = _Cursor.parse(token) if token else _Cursor(store.state()[0])
    key = _order(call)
    found = [(key(kept, event), kept, event) for kept, event in _wanted(call, store, since)]
    found.sort(key=lambda one: one[0])
    rest = [one for one in found if cursor.after is None or one[0] > cursor.after]
    size = min(params.get("maxResults", 250), _LARGEST_PAGE)
    if size < 1:
        raise ApiError(400, "invalid", "maxResults must be at least 1.")
    shown = rest[:size]
    events = [(kept, event) for _, kept, event in shown]
    if len(rest) > size:
        return Page(events, _Cursor(cursor.version, shown[-1][0]).token(), None)
    tokenless = any(params.get(name) for name in _NO_TOKEN_AFTER)
    return Page(events, None, None if tokenless else store.sync_token(cursor.version))


def _since(call: Call, store: EventStore) -> int | None:
    """The version after which changes are asked for, or None for everything."""
    token = call.params.get("syncToken")
    if not token:
        return None
    for name in _NOT_WITH_SYNC_TOKEN:
        if call.params.get(name):
            raise ApiError(400, "badRequest", f"The parameters syncToken and {name} cannot be used together.")
    if call.params.get("showDeleted") is False:
        raise ApiError(400, "badRequest", "showDeleted cannot be false together with syncToken.")
    return store.version_of(token)


def _order(call: Call) -> Callable[[Kept, Json], list[Any]]:
    """What events are sorted by, so that a place in the order can be found again; the last word is the id."""
    order = call.params.get("orderBy")
    if order == "startTime":
        if not call.params.get("singleEvents"):
            raise ApiError(400, "badRequest", "The requested ordering is not available for the particular query.")
        return lambda kept, event: [starts_at(event["start"]).timestamp(), kept.number, event["id"]]
    if order == "updated":
        return lambda kept, event: [event["updated"], kept.version, event["id"]]
    return lambda kept, event: [kept.number, event.get("originalStartTime", {}).get("date", ""), event["id"]]


def _wanted(call: Call, store: EventStore, since: int | None) -> Iterator[tuple[Kept, Json]]:
    params = call.params
    earliest, latest = time_range(params)
    updated_min = instant(params["updatedMin"], "updatedMin") if params.get("updatedMin") else None
    deleted_too = bool(params.get("showDeleted")) or since is not None or updated_min is not None
    matches = _filter(call)
    for kept in store.all():
        event = kept.event
        if (since is not None and kept.version <= since) or (event["status"] == "cancelled" and not deleted_too):
            continue
        if (updated_min and datetime.fromisoformat(event["updated"]) < updated_min) or not matches(event):
            continue
        shown = _details(event, since is not None and not params.get("showDeleted"))
        if params.get("singleEvents"):
            yield from ((kept, shown(one)) for one in instances(event, earliest, latest, call.now))
        elif any(True for _ in instances(event, earliest, latest, call.now)):
            yield kept, shown(event)


def _details(event: Json, sync: bool) -> Callable[[Json], Json]:
    """Whole events; in an incremental synchronization without `showDeleted`, of deleted ones only that they are.

    https://developers.google.com/workspace/calendar/api/v3/reference/events, `status`.
    """
    if sync and event["status"] == "cancelled":
        return lambda one: {key: one[key] for key in ("id", "status", "updated") if key in one}
    return lambda one: one


def time_range(params: Any) -> tuple[datetime | None, datetime | None]:
    """`timeMin` and `timeMax`. Raises ApiError 400 where they make no sense."""
    earliest = instant(params["timeMin"], "timeMin") if params.get("timeMin") else None
    latest = instant(params["timeMax"], "timeMax") if params.get("timeMax") else None
    if earliest and latest and latest <= earliest:
        raise ApiError(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar")
    return earliest, latest


def _filter(call: Call) -> Callable[[Json], bool]:
    """The test of what does not depend on time."""
    params = call.params
    private, shared = (
        [_constraint(one, name) for one in params.get(name) or ()]
        for name in ("privateExtendedProperty", "sharedExtendedProperty")
    )
    types = set(params.get("eventTypes") or ())
    words = re.findall(r"\w+", str(params.get("q") or "").casefold())

    def matches(event: Json) -> bool:
        properties = event.get("extendedProperties", {})
        return (
            all(properties.get("private", {}).get(name) == value for name, value in private)
            and all(properties.get("shared", {}).get(name) == value for name, value in shared)
            and params.get("iCalUID") in (None, event["iCalUID"])
            and (not types or event.get("eventType", "default") in types)
            and _says(event, words)
        )

    return matches


def _constraint(text: str, parameter: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ApiError(400, "invalid", f"Invalid value for {parameter}: {text}; write propertyName=value.")
    return name, value


def _says(event: Json, words: list[str]) -> bool:
    people = [event["organizer"], *event.get("attendees", [])]
    texts = [event.get(name, "") for name in _SEARCHED]
    texts += [one.get(name, "") for one in people for name in ("displayName", "email")]
    there = set(re.findall(r"\w+", "\n".join(texts).casefold())) if words else set()
    return all(word in there for word in words)

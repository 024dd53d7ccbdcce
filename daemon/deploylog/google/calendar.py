"""Events of one calendar, as the user of `google.act_as`.

An event's id is our own, derived from what it stands for, so that inserting it twice ends in a Conflict and never in
two invitations. `sendUpdates` is always said: Google's default differs from client to client.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from deploylog.errors import Gone, NotFound, OutsideError
from deploylog.google.transport import as_object, execute, nothing, retrying

T = TypeVar("T")

Event = dict[str, Any]
"""An event as Calendar gives and takes it (Calendar API v3, "Events")."""


MOST_PAGES = 20
"""Of 2,500 events each: a calendar that has more within the asked time is no calendar of vacations."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Events that changed, cancelled ones included, and the token that asks for what changes from now on."""

    events: list[Event]
    sync_token: str


def event_id(log_id: str, deployment_id: str, attempt: int = 0) -> str:
    """The id of a deployment's event: the same for the same arguments, everywhere and always.

    `log_id` is the log's file id; `attempt` counts ids that were given up, as where a deleted event could not be
    restored. 52 characters of base32hex in lower case: a-v and 0-9 are what Calendar accepts, 5 to 1,024 of them.
    """
    digest = hashlib.sha256("\n".join((log_id, deployment_id, str(attempt))).encode()).digest()
    return base64.b32hexencode(digest).decode().rstrip("=").lower()


class Calendar:
    """One calendar. Raises `deploylog.errors`."""

    def __init__(self, service: Any, calendar_id: str, sleep: Callable[[float], None]) -> None:
        self._events = service.events()
        self._calendar_id = calendar_id
        self._sleep = sleep

    def get(self, event_id: str) -> Event | None:
        """The event, also a cancelled (deleted) one; None where that id was never used. Repeated."""
        request = self._events.get(calendarId=self._calendar_id, eventId=event_id)
        try:
            return self._repeat(request, as_object)
        except NotFound:
            return None

    def role(self, calendar_id: str) -> str:
        """What this user may do with a calendar: owner, writer, reader, freeBusyReader or none. Repeated.

        Raises NotFound where the user does not see it.
        """
        request = self._events.list(calendarId=calendar_id, maxResults=1, fields="accessRole")
        return self._repeat(request, lambda answer: str(answer["accessRole"]))

    def insert(self, body: Event, send_updates: bool) -> Event:
        """Make the event with the id in `body`; with `send_updates` its guests are invited by mail. Not repeated.

        Raises Conflict where the id is taken, also by a deleted event.
        """
        request = self._events.insert(calendarId=self._calendar_id, body=body, sendUpdates=_send_updates(send_updates))
        return execute(request, as_object)

    def update(self, event_id: str, body: Event, etag: str, send_updates: bool) -> Event:
        """Replace the event by `body`, unless it changed since `etag` was read. Not repeated. Raises Changed."""
        request = self._events.update(
            calendarId=self._calendar_id, eventId=event_id, body=body, sendUpdates=_send_updates(send_updates)
        )
        request.headers["If-Match"] = etag
        return execute(request, as_object)

    def cancel(self, event_id: str, send_updates: bool) -> bool:
        """Delete the event; with `send_updates` its guests are told by mail.

        Repeated: a deleted event is not deleted again, so nobody is told twice. False where it was gone already, which
        after a repetition may be the work of the attempt before.
        """
        request = self._events.delete(
            calendarId=self._calendar_id, eventId=event_id, sendUpdates=_send_updates(send_updates)
        )
        try:
            self._repeat(request, nothing)
        except (NotFound, Gone):
            return False
        return True

    def changes(self, sync_token: str | None) -> Changes:
        """What changed since `sync_token`; without one, every event of the calendar. Repeated page by page.

        Recurring events come as one event. Raises Gone where the token is too old: then read everything with None.
        """
        events: list[Event] = []
        page_token: str | None = None
        while True:
            request = self._events.list(
                calendarId=self._calendar_id,
                syncToken=sync_token,
                pageToken=page_token,
                showDeleted=True,
                maxResults=2500,
            )
            items, page_token, next_sync_token = self._repeat(request, _page)
            events.extend(items)
            if not page_token:
                return Changes(events, next_sync_token)

    def between(
        self, calendar_id: str, earliest: datetime, latest: datetime, event_types: Sequence[str]
    ) -> list[Event]:
        """The events of another calendar that touch the time, recurring ones singly, deleted ones not. Repeated.

        `calendar_id` is one the user may read: a shared one's, or a colleague's address. Raises OutsideError, also
        where there are more than `MOST_PAGES` pages.
        """
        events: list[Event] = []
        page_token: str | None = None
        for _ in range(MOST_PAGES):
            request = self._events.list(
                calendarId=calendar_id,
                timeMin=earliest.isoformat(),
                timeMax=latest.isoformat(),
                singleEvents=True,
                eventTypes=list(event_types),
                pageToken=page_token,
                maxResults=2500,
            )
            items, page_token = self._repeat(request, _events_and_next)
            events.extend(items)
            if not page_token:
                return events
        raise OutsideError(
            f"The calendar {calendar_id} has more than {MOST_PAGES * 2500} events.", method="events.list"
        )

    def _repeat(self, request: Any, read: Callable[[Any], T]) -> T:
        return retrying(lambda: execute(request, read), self._sleep)


def _page(answer: Any) -> tuple[list[Event], str, str]:
    """Its events, the next page's token, and on the last page the sync token instead."""
    next_page = answer.get("nextPageToken", "")
    return answer.get("items", []), next_page, "" if next_page else answer["nextSyncToken"]


def _events_and_next(answer: Any) -> tuple[list[Event], str]:
    return answer.get("items", []), answer.get("nextPageToken", "")


def _send_updates(send: bool) -> str:
    return "all" if send else "none"

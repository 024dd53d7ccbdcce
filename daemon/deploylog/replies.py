"""What guests answered, and whether somebody changed our events by hand: read from the calendar's change feed.

Kept in memory only: after a restart the first read brings everything again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from deploylog.errors import Gone, OutsideError
from deploylog.google.calendar import Calendar
from deploylog.model import Window

WORDS = {"accepted": "yes", "declined": "no", "tentative": "maybe"}


@dataclass(frozen=True, slots=True)
class EventSeen:
    """An event as it stands in the calendar."""

    summary: str
    """`3 yes, 1 no: manager@… "after 17:00"`; empty while nobody answered."""
    start: datetime | None
    end: datetime | None
    deleted: bool

    def differs_from(self, window: Window) -> bool:
        """Whether somebody moved or deleted it: the row holds, and says so."""
        return self.deleted or (self.start, self.end) != (window.start, window.end)


class Replies:
    """The daemon's view of its calendar, refreshed every `every`.

    `others_write`: other daemons write events too, and one of their calls takes so long at the most.
    """

    def __init__(self, calendar: Calendar, every: timedelta, others_write: timedelta | None = None) -> None:
        self._calendar = calendar
        self._every = every
        self._token: str | None = None
        self._read_at: datetime | None = None
        self._events: dict[str, EventSeen] = {}
        self._others_write = others_write
        self._seen_at: datetime | None = None
        """When what is known was true."""

    def refresh(self, now: datetime, problems: list[str]) -> None:
        """Read what changed, if it is time; a failure becomes a sentence, and the next refresh tries again."""
        if self._read_at is not None and not self._is_time(self._read_at, now):
            return
        self._read_at = now
        try:
            try:
                changes = self._calendar.changes(self._token)
            except Gone:
                changes = self._calendar.changes(None)
        except OutsideError as failure:
            problems.append(f"calendar: replies cannot be read ({failure})")
            return
        self._token, self._seen_at = changes.sync_token, now
        for event in changes.events:
            if event.get("extendedProperties", {}).get("private", {}).get("deployment") or event["id"] in self._events:
                self._events[event["id"]] = _seen(event)

    def _is_time(self, last: datetime, now: datetime) -> bool:
        if self._others_write is None:
            return now - last >= self._every
        # All daemons at the same times, so that they do not write what they see over each other's for long.
        return now.timestamp() // self._every.total_seconds() != last.timestamp() // self._every.total_seconds()

    def of(self, event_id: str, written_at: datetime | None = None) -> EventSeen | None:
        """The event as last seen; None where it is not known, or was written since.

        `written_at`: when a daemon last wrote it, by the ledger (UTC).
        """
        if self._others_write is not None and written_at is not None:
            settled = written_at + self._others_write
            if self._seen_at is None or self._seen_at < settled:
                return None
        return self._events.get(event_id)

    def forget(self, event_id: str) -> None:
        """We wrote the event ourselves: what was seen before is no longer true."""
        self._events.pop(event_id, None)


def _seen(event: Mapping[str, Any]) -> EventSeen:
    answers = [guest for guest in event.get("attendees", []) if guest.get("responseStatus") in WORDS]
    counted = Counter(WORDS[guest["responseStatus"]] for guest in answers)
    parts = [f"{counted[word]} {word}" for word in WORDS.values() if counted[word]]
    told = [
        f"{guest['email']} “{' '.join(str(guest['comment']).split())[:80]}”"
        for guest in answers
        if guest.get("comment")
    ]
    summary = ", ".join(parts) + (": " + "; ".join(told) if told else "")
    return EventSeen(summary, _instant(event, "start"), _instant(event, "end"), event.get("status") == "cancelled")


def _instant(event: Mapping[str, Any], edge: str) -> datetime | None:
    text = event.get(edge, {}).get("dateTime")
    return datetime.fromisoformat(text).astimezone(UTC) if text else None

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
from deploylog.notices import Decline

WORDS = {"accepted": "yes", "declined": "no", "tentative": "maybe"}


@dataclass(frozen=True, slots=True)
class EventSeen:
    """An event as it stands in the calendar."""

    log_id: str
    deployment_id: str
    summary: str
    """`3 yes, 1 no: manager@… "after 17:00"`; empty while nobody answered."""
    declines: tuple[Decline, ...]
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
        self._ids: dict[tuple[str, str], dict[str, None]] = {}
        """By log and deployment, the ids of its events; nearly always one."""
        self._others_write = others_write
        self._seen_at: datetime | None = None
        """When what is known was true."""
        self._summaries: dict[str, str] = {}
        """As last read, also of events that were written since."""

    def refresh(self, now: datetime, problems: list[str]) -> set[str]:
        """Read what changed, if it is time, and give the logs it is about, by file id.

        A failure becomes a sentence, and the next refresh tries again.
        """
        if self._read_at is not None and not self._is_time(self._read_at, now):
            return set()
        self._read_at = now
        try:
            try:
                changes = self._calendar.changes(self._token)
            except Gone:
                changes = self._calendar.changes(None)
        except OutsideError as failure:
            problems.append(f"calendar: replies cannot be read ({failure})")
            return set()
        self._token, self._seen_at = changes.sync_token, now
        logs = set()
        for event in changes.events:
            before = self._events.get(event["id"])
            ours = event.get("extendedProperties", {}).get("private", {})
            if before is None and not ours.get("deployment"):
                continue
            # Of a deleted event only the id is sure to come.
            log_id = ours.get("log") or (before.log_id if before else "")
            seen = _seen(event, log_id, ours.get("deployment") or (before.deployment_id if before else ""))
            # What we wrote ourselves comes back, too, and is no news.
            if seen != before and (before or seen.deleted or seen.summary != self._summaries.get(event["id"], "")):
                logs.add(log_id)
            self._events[event["id"]] = seen
            self._ids.setdefault((log_id, seen.deployment_id), {})[event["id"]] = None
            self._summaries[event["id"]] = seen.summary
        return logs

    def _is_time(self, last: datetime, now: datetime) -> bool:
        if self._others_write is None:
            return not timedelta(0) <= now - last < self._every
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

    def declines(self, log_id: str, deployment_id: str) -> tuple[Decline, ...]:
        """Who declined the deployment's invitation, as far as is known, in the order of the guests."""
        known = (self._events.get(one) for one in self._ids.get((log_id, deployment_id), ()))
        return next((one.declines for one in known if one is not None and not one.deleted), ())

    def forget(self, event_id: str) -> None:
        """We wrote the event ourselves: what was seen before is no longer true."""
        self._events.pop(event_id, None)


def _seen(event: Mapping[str, Any], log_id: str, deployment_id: str) -> EventSeen:
    answers = [guest for guest in event.get("attendees", []) if guest.get("responseStatus") in WORDS]
    counted = Counter(WORDS[guest["responseStatus"]] for guest in answers)
    parts = [f"{counted[word]} {word}" for word in WORDS.values() if counted[word]]
    told = [f'{guest["email"]} "{comment}"' for guest in answers if (comment := _comment(guest))]
    summary = ", ".join(parts) + (": " + "; ".join(told) if told else "")
    declines = tuple(
        Decline(str(guest["email"]).lower(), _comment(guest))
        for guest in answers
        if guest["responseStatus"] == "declined"
    )
    deleted = event.get("status") == "cancelled"
    return EventSeen(
        log_id, deployment_id, summary, declines, _instant(event, "start"), _instant(event, "end"), deleted
    )


def _comment(guest: Mapping[str, Any]) -> str:
    return " ".join(str(guest.get("comment") or "").replace('"', "'").split())[:80]


def _instant(event: Mapping[str, Any], edge: str) -> datetime | None:
    text = event.get(edge, {}).get("dateTime")
    return datetime.fromisoformat(text).astimezone(UTC) if text else None

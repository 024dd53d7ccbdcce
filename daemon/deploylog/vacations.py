"""When staff are away: the vacation calendars (`calendar.vacations`) and the responsible's out-of-office events.

Read as events and not as free/busy, since a vacation is often "free". A local day counts where an event covers all of
it, so that an afternoon off is no vacation; and the first of several where the event begins in its morning. Kept in
memory only: a restart reads everything again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from deploylog.dates import Absences
from deploylog.errors import NotCarriedOut, OutsideError, Refused
from deploylog.google.calendar import Calendar, Event
from deploylog.model import Sentence, Vacation

AHEAD = timedelta(days=731)
"""How far ahead calendars are read: two years."""
STILL_ASKED = timedelta(days=1)
"""Whose absences nobody asked for as long are not read any more."""
RETRY = timedelta(minutes=1)
"""How soon Calendar is asked again that gave no answer; what it refuses is asked again with the rest."""
PAUSE = timedelta(seconds=10)
"""How long nothing is asked of Calendar after a call without an answer."""
ONE_DAY = timedelta(days=1)
VACATION_TYPES = ("default", "outOfOffice")
"""Where somebody works (`workingLocation`) and birthdays last all day, too."""
ABSENCE_TYPES = ("outOfOffice",)
NOON = time(12)

log = structlog.get_logger(__name__)


@dataclass
class _Source:
    """One calendar as last read."""

    calendar_id: str
    event_types: tuple[str, ...]
    read_at: datetime | None = None
    wait: timedelta = timedelta(0)
    """How long what was read then holds."""
    asked_at: datetime | None = None
    vacations: tuple[Vacation, ...] = ()
    """What is known of it; where a later read failed, what was known before."""
    failure: str = ""


class Vacations:
    """The daemon's view of absences, each calendar read at most every `every`."""

    def __init__(self, calendar: Calendar, calendars: Sequence[str], zone: ZoneInfo, every: timedelta) -> None:
        """`calendars`: ids of vacation calendars; `zone`: where a day is a day, the organization's."""
        self._calendar = calendar
        self._zone = zone
        self._every = every
        self._shared = [_Source(one, VACATION_TYPES) for one in dict.fromkeys(calendars)]
        self._people: dict[str, _Source] = {}
        self._down_at: datetime | None = None
        """When Calendar last gave no answer."""

    def refresh(self, now: datetime, problems: list[str]) -> bool:
        """Read what is due; whether anything differs from before. What cannot be read gives a sentence."""
        self._people = {
            address: one
            for address, one in self._people.items()
            if one.asked_at is not None and now - one.asked_at < STILL_ASKED
        }
        changed = [self._read(one, now) for one in (*self._shared, *self._people.values())]
        problems += [
            f"calendar {one.calendar_id}: vacations cannot be read ({one.failure})"
            for one in self._shared
            if one.failure
        ]
        return any(changed)

    def of(self, responsible: str, now: datetime) -> Absences:
        """What counts for a deployment of this responsible (empty: nobody's own absences)."""
        sources = list(self._shared)
        for one in self._shared:
            if one.read_at is None:
                self._read(one, now)
        unknown = [Sentence.of("vacations_unknown")] if any(one.failure for one in self._shared) else []
        if responsible:
            own = self._people.setdefault(responsible, _Source(responsible, ABSENCE_TYPES))
            own.asked_at = now
            if own.read_at is None:
                self._read(own, now)
            sources.append(own)
            unknown += [Sentence.of("absence_unknown")] if own.failure else []
        return Absences(tuple(each for one in sources for each in one.vacations), tuple(unknown))

    def unread(self) -> tuple[str, ...]:
        """The ids of the vacation calendars that cannot be read, for the registry's State."""
        return tuple(one.calendar_id for one in self._shared if one.failure)

    def _read(self, source: _Source, now: datetime) -> bool:
        """Read a calendar, if it is time; whether it says something else now."""
        if source.read_at is not None and timedelta(0) <= now - source.read_at < source.wait:
            return False
        before = source.vacations, bool(source.failure)
        source.read_at, source.wait = now, self._every
        try:
            events = self._events(source, now)
        except OutsideError as failure:
            if not source.failure:
                log.warning("absences cannot be read", calendar=source.calendar_id, reason=str(failure))
            source.failure = str(failure)
            if not isinstance(failure, Refused):
                # The others are asked first: one calendar that never answers keeps none of them from being read.
                source.wait = min(PAUSE if isinstance(failure, _Paused) else RETRY, self._every)
        else:
            source.failure = ""
            source.vacations = vacations_in(events, self._zone, source.calendar_id)
        return before != (source.vacations, bool(source.failure))

    def _events(self, source: _Source, now: datetime) -> list[Event]:
        """Raises OutsideError; without a call where one was waited for in vain a moment ago: mails must not be late."""
        if self._down_at is not None and timedelta(0) <= now - self._down_at < PAUSE:
            raise _Paused("Calendar did not answer a moment ago", method="calendar.events.list")
        try:
            return self._calendar.between(source.calendar_id, now - ONE_DAY, now + AHEAD, source.event_types)
        except OutsideError as failure:
            self._down_at = None if isinstance(failure, Refused) else now
            raise


class _Paused(NotCarriedOut):
    """Not asked, because Calendar gave no answer a moment ago."""


def vacations_in(events: Iterable[Event], zone: ZoneInfo, calendar_id: str) -> tuple[Vacation, ...]:
    """The periods of local days that events of a calendar cover, in order; those within one day give none.

    The instances of one recurring event that follow each other without a day between are one vacation: a holiday of
    two weeks entered as "every day, ten times" begins once.
    """
    found: list[tuple[str, Vacation]] = []
    covered = ((one, _days(one, zone)) for one in events)
    for event, (first, last) in sorted(covered, key=lambda pair: (_series(pair[0]), *pair[1])):
        if last < first:
            continue
        origin = f"{calendar_id}: {event.get('summary') or event.get('eventType', 'event')}"
        series = _series(event)
        if found and found[-1][0] == series and first <= found[-1][1].last + ONE_DAY:
            begun = found.pop()[1]
            found.append((series, Vacation(begun.first, max(begun.last, last), begun.origin)))
        else:
            found.append((series, Vacation(first, last, origin)))
    return tuple(sorted((one for _, one in found), key=lambda one: (one.first, one.last, one.origin)))


def _series(event: Event) -> str:
    return str(event.get("recurringEventId") or event["id"])


def _days(event: Event, zone: ZoneInfo) -> tuple[date, date]:
    """The first and the last local day that count; the last before the first where there is none.

    A vacation from Thursday 9:00 to Wednesday starts on Thursday (procedure, "the day before the start of a vacation").
    """
    start, end = event["start"], event["end"]
    if "date" in start:
        return date.fromisoformat(start["date"]), date.fromisoformat(end["date"]) - ONE_DAY
    begins = datetime.fromisoformat(start["dateTime"]).astimezone(zone)
    ends = datetime.fromisoformat(end["dateTime"]).astimezone(zone)
    last = ends.date() - ONE_DAY
    begins_whole = begins.time() == time.min or (begins.time() < NOON and begins.date() <= last)
    return begins.date() if begins_whole else begins.date() + ONE_DAY, last

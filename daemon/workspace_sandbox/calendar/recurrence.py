"""Recurrence of events (RFC 5545, sections 3.3.10 and 3.8.5): one RRULE, and the dates EXDATE leaves out.

Daily, weekly (with BYDAY and WKST) or yearly, with INTERVAL, COUNT and UNTIL. Everything else of the standard is
refused with 501.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workspace_sandbox.calls import ApiError

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_EXCEPTION = re.compile(r"EXDATE((?:;[A-Z]+=[^;:]+)*):(.+)")


@dataclass(frozen=True)
class Rule:
    frequency: str
    """DAILY, WEEKLY or YEARLY."""
    interval: int = 1
    count: int | None = None
    until: datetime | date | None = None
    """The last start there may be: a date, or an instant in UTC."""
    weekdays: tuple[int, ...] = ()
    """Days of a weekly rule, 0 for Monday; none: the day of the first start."""
    first_weekday: int = 0
    """The day weeks begin with (WKST)."""
    excluded: frozenset[date | datetime] = frozenset()
    """Starts that are left out: dates, and instants in UTC."""

    @classmethod
    def parse(cls, lines: list[str], zone: ZoneInfo | None = None) -> Rule:
        """The rule in `recurrence` of an event whose times are in `zone`.

        Raises ApiError 400 for nonsense and 501 for what is not there.
        """
        rules = [one for one in lines if one.startswith("RRULE:")]
        exceptions = [one for one in lines if one.startswith("EXDATE")]
        if len(rules) != 1 or len(rules) + len(exceptions) != len(lines):
            raise _not_there("anything but one RRULE line and EXDATE lines")
        excluded = frozenset(one for line in exceptions for one in _excluded(line, zone or ZoneInfo("UTC")))
        return replace(cls._parsed(rules[0].removeprefix("RRULE:")), excluded=excluded)

    @classmethod
    def _parsed(cls, text: str) -> Rule:
        parts = dict(one.partition("=")[::2] for one in text.rstrip(";").split(";"))
        frequency = parts.pop("FREQ", "")
        if frequency not in ("DAILY", "WEEKLY", "YEARLY"):
            raise _not_there(f"FREQ={frequency}")
        interval, count, until = (parts.pop(name, None) for name in ("INTERVAL", "COUNT", "UNTIL"))
        first_weekday = _weekday(parts.pop("WKST", "MO"))
        weekdays = tuple(_weekday(one) for one in parts.pop("BYDAY").split(",")) if "BYDAY" in parts else ()
        if weekdays and frequency != "WEEKLY":
            raise _not_there(f"BYDAY with FREQ={frequency}")
        if parts:
            raise _not_there(", ".join(sorted(parts)))
        if (count and until) or not all(one is None or re.fullmatch(r"[1-9]\d*", one) for one in (interval, count)):
            raise _invalid()
        times = int(count) if count else None
        return cls(frequency, int(interval or 1), times, _until(until), tuple(sorted(set(weekdays))), first_weekday)

    def starts(self, first: date | datetime, zone: ZoneInfo) -> Iterator[date | datetime]:
        """The starts of all instances, in order: dates for all-day events, else local times in `zone`."""
        for number, start in enumerate(self._series(first, zone)):
            if self._is_over(start) or (self.count is not None and number >= self.count):
                return
            if (start.astimezone(UTC) if isinstance(start, datetime) else start) not in self.excluded:
                yield start

    def _series(self, first: date | datetime, zone: ZoneInfo) -> Iterator[date | datetime]:
        """The starts without an end or exceptions."""
        # Wall time is kept: nine o'clock stays nine o'clock when the clocks change.
        local = first.astimezone(zone).replace(tzinfo=None) if isinstance(first, datetime) else first
        for step in range(100_000):
            for moved in self._step(local, step * self.interval):
                yield moved.replace(tzinfo=zone) if isinstance(moved, datetime) else moved

    def _step(self, first: date | datetime, steps: int) -> list[date] | list[datetime]:
        """The starts within one day, week or year of the series; none on 29 February in a common year."""
        try:
            if self.frequency == "YEARLY":
                return [first.replace(year=first.year + steps)]
            if self.frequency == "DAILY":
                return [first + timedelta(days=steps)]
            week = first - timedelta(days=(first.weekday() - self.first_weekday) % 7) + timedelta(weeks=steps)
            weekdays = self.weekdays or (first.weekday(),)
            days = sorted(week + timedelta(days=(one - self.first_weekday) % 7) for one in weekdays)
            return [one for one in days if one >= first]
        except (ValueError, OverflowError):
            return []

    def _is_over(self, start: date | datetime) -> bool:
        if self.until is None:
            return False
        if isinstance(start, datetime) and isinstance(self.until, datetime):
            return start > self.until
        day = start.date() if isinstance(start, datetime) else start
        last = self.until.date() if isinstance(self.until, datetime) else self.until
        return day > last


def _weekday(text: str) -> int:
    if re.fullmatch(r"[+-]?\d+[A-Z]{2}", text):
        raise _not_there(f"BYDAY={text}")
    if text not in _WEEKDAYS:
        raise _invalid()
    return _WEEKDAYS.index(text)


def _excluded(line: str, zone: ZoneInfo) -> Iterator[date | datetime]:
    """What an EXDATE line leaves out (section 3.8.5.1): dates, or times in UTC, in its TZID or in the event's zone."""
    found = _EXCEPTION.fullmatch(line)
    if found is None:
        raise _invalid()
    options = dict(one.partition("=")[::2] for one in found[1].lstrip(";").split(";") if one)
    try:
        named = ZoneInfo(options["TZID"]) if "TZID" in options else zone
        for text in found[2].split(","):
            if len(text) == 8:
                yield date.fromisoformat(text)
            elif text.endswith("Z"):
                yield datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            else:
                yield datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=named).astimezone(UTC)
    except (ValueError, ZoneInfoNotFoundError):
        raise _invalid() from None


def _until(value: str | None) -> datetime | date | None:
    if value is None:
        return None
    try:
        if len(value) == 8:
            return date.fromisoformat(value)
        return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise _invalid() from None


def _invalid() -> ApiError:
    return ApiError(400, "invalid", "Invalid recurrence rule.")


def _not_there(what: str) -> ApiError:
    return ApiError(
        501,
        "notImplemented",
        "The sandbox repeats events daily, weekly (BYDAY) or yearly, with INTERVAL, COUNT, UNTIL and EXDATE; "
        f"{what} is not there yet.",
    )

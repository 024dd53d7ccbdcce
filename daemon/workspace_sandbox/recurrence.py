"""Simple recurrence rules (RFC 5545, section 3.3.10): daily, weekly or yearly, with INTERVAL, COUNT and UNTIL.

Everything else of the standard is refused with 501.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from workspace_sandbox.calls import ApiError

_DAYS = {"DAILY": 1, "WEEKLY": 7}


@dataclass(frozen=True)
class Rule:
    frequency: str
    """DAILY, WEEKLY or YEARLY."""
    interval: int = 1
    count: int | None = None
    until: datetime | date | None = None
    """The last start there may be: a date, or an instant in UTC."""

    @classmethod
    def parse(cls, lines: list[str]) -> Rule:
        """The rule in `recurrence` of an event. Raises ApiError 400 for nonsense and 501 for what is not there."""
        if len(lines) != 1 or not lines[0].startswith("RRULE:"):
            raise _not_there("anything but one RRULE line")
        parts = dict(one.partition("=")[::2] for one in lines[0].removeprefix("RRULE:").rstrip(";").split(";"))
        frequency = parts.pop("FREQ", "")
        if frequency not in ("DAILY", "WEEKLY", "YEARLY"):
            raise _not_there(f"FREQ={frequency}")
        interval, count, until = (parts.pop(name, None) for name in ("INTERVAL", "COUNT", "UNTIL"))
        if parts:
            raise _not_there(", ".join(sorted(parts)))
        if (count and until) or not all(one is None or re.fullmatch(r"[1-9]\d*", one) for one in (interval, count)):
            raise ApiError(400, "invalid", "Invalid recurrence rule.")
        return cls(frequency, int(interval or 1), int(count) if count else None, _until(until))

    def starts(self, first: date | datetime, zone: ZoneInfo) -> Iterator[date | datetime]:
        """The starts of all instances, in order: dates for all-day events, else local times in `zone`."""
        given = 0
        for step in range(100_000):
            start = self._start(first, step * self.interval, zone)
            if start is None:
                continue
            if self._is_over(start) or (self.count is not None and given >= self.count):
                return
            given += 1
            yield start

    def _start(self, first: date | datetime, steps: int, zone: ZoneInfo) -> date | datetime | None:
        # Wall time is kept: nine o'clock stays nine o'clock when the clocks change.
        local = first.astimezone(zone).replace(tzinfo=None) if isinstance(first, datetime) else first
        try:
            if self.frequency == "YEARLY":
                moved = local.replace(year=local.year + steps)
            else:
                moved = local + timedelta(days=steps * _DAYS[self.frequency])
        except (ValueError, OverflowError):
            # 29 February in a common year, or beyond the calendar's end.
            return None
        return moved.replace(tzinfo=zone) if isinstance(moved, datetime) else moved

    def _is_over(self, start: date | datetime) -> bool:
        if self.until is None:
            return False
        if isinstance(start, datetime) and isinstance(self.until, datetime):
            return start > self.until
        day = start.date() if isinstance(start, datetime) else start
        last = self.until.date() if isinstance(self.until, datetime) else self.until
        return day > last


def _until(value: str | None) -> datetime | date | None:
    if value is None:
        return None
    try:
        if len(value) == 8:
            return date.fromisoformat(value)
        return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise ApiError(400, "invalid", "Invalid recurrence rule.") from None


def _not_there(what: str) -> ApiError:
    return ApiError(
        501,
        "notImplemented",
        f"The sandbox repeats events daily, weekly or yearly, with INTERVAL, COUNT and UNTIL; {what} is not there yet.",
    )

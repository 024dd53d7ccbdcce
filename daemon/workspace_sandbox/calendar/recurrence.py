"""Recurrence of events (RFC 5545, sections 3.3.10 and 3.8.5): one RRULE, and the dates EXDATE leaves out.

Days, weeks, months and years with every part of the standard; rules of hours and less, EXRULE and RDATE are refused
with 501.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrulestr

from workspace_sandbox.calls import ApiError

_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_LARGEST = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
"""Parts that are numbers, other than 0; but for months, they may count from the end."""
_NUMBERED_DAY = re.compile(r"[+-]?\d+[A-Z]{2}")
_EXCEPTION = re.compile(r"EXDATE((?:;[A-Z]+=[^;:]+)*):(.+)")
_LONGEST = timedelta(days=36_525)
"""Nobody looks further; and a rule for a day that never comes, such as 30 February, ends."""


@dataclass(frozen=True)
class Rule:
    text: str
    """The parts of the RRULE without COUNT and UNTIL."""
    count: int | None = None
    until: datetime | date | None = None
    """The last start there may be: a date, or an instant in UTC."""
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
        text, count, until = _parsed(rules[0].removeprefix("RRULE:"))
        excluded = frozenset(one for line in exceptions for one in _excluded(line, zone or ZoneInfo("UTC")))
        return cls(text, count, until, excluded)

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
        if isinstance(first, datetime):
            for local in _repeated(self.text, first.astimezone(zone).replace(tzinfo=None)):
                yield local.replace(tzinfo=zone)
        else:
            for midnight in _repeated(self.text, datetime.combine(first, time())):
                yield midnight.date()

    def _is_over(self, start: date | datetime) -> bool:
        if self.until is None:
            return False
        if isinstance(start, datetime) and isinstance(self.until, datetime):
            return start > self.until
        day = start.date() if isinstance(start, datetime) else start
        last = self.until.date() if isinstance(self.until, datetime) else self.until
        return day > last


def _parsed(text: str) -> tuple[str, int | None, datetime | date | None]:
    """The rule without its end, how often at most, and until when."""
    parts = dict(one.partition("=")[::2] for one in text.rstrip(";").split(";"))
    if parts.get("FREQ") not in _FREQUENCIES:
        raise _not_there(f"FREQ={parts.get('FREQ', '')}")
    count, until = parts.pop("COUNT", None), parts.pop("UNTIL", None)
    numbers = (parts.get("INTERVAL"), count)
    if (count and until) or not all(one is None or re.fullmatch(r"[1-9]\d*", one) for one in numbers):
        raise _invalid()
    if parts["FREQ"] in ("DAILY", "WEEKLY") and any(map(_NUMBERED_DAY.fullmatch, parts.get("BYDAY", "").split(","))):
        raise _invalid()
    rest = ";".join(f"{name}={value}" for name, value in parts.items())
    if not all(_in_range(name, one) for name in _LARGEST if name in parts for one in parts[name].split(",")):
        raise _invalid()
    try:
        rrulestr(rest, dtstart=datetime(2026, 1, 1))  # noqa: DTZ001  # only to see whether it is a rule
    except (ValueError, KeyError, TypeError, IndexError):
        raise _invalid() from None
    return rest, int(count) if count else None, _until(until)


def _in_range(name: str, text: str) -> bool:
    least = 1 if name == "BYMONTH" else -_LARGEST[name]
    return re.fullmatch(r"[+-]?[1-9]\d*", text) is not None and least <= int(text) <= _LARGEST[name]


def _repeated(text: str, first: datetime) -> Iterator[datetime]:
    """The local times at which the rule holds, from `first` on."""
    latest = datetime.max if first > datetime.max - _LONGEST else first + _LONGEST  # noqa: DTZ901
    for start in rrulestr(text, dtstart=first):
        if start > latest:
            return
        yield start


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
        f"The sandbox repeats events by days, weeks, months and years, with EXDATE; {what} is not there yet.",
    )

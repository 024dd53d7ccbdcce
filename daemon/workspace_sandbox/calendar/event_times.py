"""The times of an event: `start` and `end` checked, written as Calendar writes them, compared, and expanded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workspace_sandbox.calendar.recurrence import Rule
from workspace_sandbox.calls import ApiError, Json
from workspace_sandbox.founding import TIME_ZONE

_HORIZON = timedelta(days=5 * 366)
"""How far a series without an end is expanded where the caller sets no bound."""


def instant(text: str, what: str) -> datetime:
    """An RFC 3339 timestamp with its mandatory offset. Raises ApiError 400 naming `what`."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None or "T" not in text.upper():
        raise ApiError(400, "badRequest", f"Bad Request: {what} must be an RFC 3339 timestamp with a time zone offset.")
    return parsed.astimezone(UTC)


def zone(name: str | None) -> ZoneInfo:
    """The time zone of that name, or the calendar's. Raises ApiError 400."""
    try:
        return ZoneInfo(name or TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ApiError(400, "invalid", f"Invalid time zone definition: {name}.") from None


def timestamp(when: datetime) -> str:
    """An instant as in `created` and `updated`."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"


def checked(event: Json) -> tuple[Json, Json]:
    """Start and end of the event, as they are kept. Raises ApiError 400 where they are missing or make no sense."""
    if not event.get("end"):
        raise ApiError(400, "required", "Missing end time.")
    if not event.get("start"):
        raise ApiError(400, "required", "Missing start time.")
    start, end = _checked(event["start"], "start"), _checked(event["end"], "end")
    if ("date" in start) != ("date" in end):
        raise ApiError(400, "invalid", "Start and end times must either both be date or both be dateTime.")
    if starts_at(end) < starts_at(start):
        raise ApiError(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar")
    if event.get("recurrence") and "dateTime" in start and not event["start"].get("timeZone"):
        raise ApiError(400, "required", "Missing time zone definition for start time.")
    return start, end


def starts_at(moment: Json) -> datetime:
    """The instant of a `start` or `end`; a date means its midnight in the calendar's zone."""
    if "date" in moment:
        return datetime.combine(date.fromisoformat(moment["date"]), time(), ZoneInfo(TIME_ZONE))
    return datetime.fromisoformat(moment["dateTime"])


def overlaps(event: Json, earliest: datetime | None, latest: datetime | None) -> bool:
    """Whether it ends after `earliest` and starts before `latest` (both exclusive)."""
    return (earliest is None or starts_at(event["end"]) > earliest) and (
        latest is None or starts_at(event["start"]) < latest
    )


def shown_in(event: Json, name: str) -> Json:
    """The event with its times in another zone."""
    wanted = zone(name)
    times = {key: event[key] for key in ("start", "end", "originalStartTime") if "dateTime" in event.get(key, {})}
    moved = {key: {**one, "dateTime": _written(starts_at(one).astimezone(wanted))} for key, one in times.items()}
    return {**event, **moved}


def instances(event: Json, earliest: datetime | None, latest: datetime | None, now: datetime) -> Iterator[Json]:
    """The event itself, or each instance of a recurring one, that overlaps the range."""
    if not event.get("recurrence"):
        if overlaps(event, earliest, latest):
            yield event
        return
    bound = latest or max(now, starts_at(event["start"])) + _HORIZON
    own_zone = zone(event["start"].get("timeZone"))
    length = starts_at(event["end"]) - starts_at(event["start"])
    days = length
    first: date | datetime = starts_at(event["start"])
    if "date" in event["start"]:
        first = date.fromisoformat(event["start"]["date"])
        days = date.fromisoformat(event["end"]["date"]) - first
    for start in Rule.parse(event["recurrence"], own_zone).starts(first, own_zone):
        one = _instance(event, start, start + days if not isinstance(start, datetime) else _later(start, length))
        if starts_at(one["start"]) >= bound:
            return
        if overlaps(one, earliest, None):
            yield one


def _later(start: datetime, length: timedelta) -> datetime:
    return (start.astimezone(UTC) + length).astimezone(start.tzinfo)


def _instance(event: Json, start: date | datetime, end: date | datetime) -> Json:
    shown = {key: value for key, value in event.items() if key != "recurrence"}
    if isinstance(start, datetime):
        suffix = start.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    else:
        suffix = start.strftime("%Y%m%d")
    shown["start"], shown["end"] = _moment(start, event["start"]), _moment(end, event["end"])
    return {
        **shown,
        "id": f"{event['id']}_{suffix}",
        "recurringEventId": event["id"],
        "originalStartTime": shown["start"],
    }


def _moment(when: date | datetime, like: Json) -> Json:
    if not isinstance(when, datetime):
        return {"date": when.isoformat()}
    return {**like, "dateTime": _written(when.astimezone(ZoneInfo(TIME_ZONE)))}


def _checked(moment: dict[str, Any], name: str) -> Json:
    day, instant_text = moment.get("date"), moment.get("dateTime")
    if day and instant_text:
        raise ApiError(400, "invalid", f"The {name} time has both a date and a dateTime.")
    if day:
        return {"date": _date(day, name)}
    if not instant_text:
        raise ApiError(400, "required", f"Missing {name} time.")
    name_of_zone = moment.get("timeZone") or TIME_ZONE
    try:
        parsed = datetime.fromisoformat(instant_text)
    except ValueError:
        raise ApiError(400, "invalid", f"Invalid value for {name}.dateTime: {instant_text}") from None
    if parsed.tzinfo is None:
        if not moment.get("timeZone"):
            raise ApiError(400, "required", f"Missing time zone definition for {name} time.")
        parsed = parsed.replace(tzinfo=zone(name_of_zone))
    zone(name_of_zone)
    return {"dateTime": _written(parsed.astimezone(ZoneInfo(TIME_ZONE))), "timeZone": name_of_zone}


def _date(text: str, name: str) -> str:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise ApiError(400, "invalid", f"Invalid value for {name}.date: {text}")


def _written(when: datetime) -> str:
    text = when.replace(microsecond=0).isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text

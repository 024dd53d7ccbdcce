"""Google's published usage limits (`--quota`): what a call costs, what a minute and a day allow, and the refusal.

- Sheets: https://developers.google.com/workspace/sheets/api/limits
- Drive: https://developers.google.com/workspace/drive/api/guides/limits (the limits of projects that are older than
  May 2026, in queries; for newer ones Google counts units, 1,000,000 a minute a project and 325,000 a user)
- Calendar: https://developers.google.com/workspace/calendar/api/guides/quota
- Gmail: https://developers.google.com/workspace/gmail/api/reference/quota, and for mails a day
  https://support.google.com/a/answer/166852

Everybody calls through one project. What was allowed counts for the last minute (or day) before each call: a sliding
window, as Calendar documents it. What was refused does not count. Google documents no Retry-After header; Gmail tells
the time in the message.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from workspace_sandbox.calls import ApiError
from workspace_sandbox.drive.files import timestamp

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_DOMAIN = "usageLimits"

Refusal = Callable[[datetime], ApiError]
"""The refusal, given the instant from which on the call would be allowed."""


def _sheets(kind: str, limit: str) -> Refusal:
    """https://developers.google.com/workspace/sheets/api/troubleshoot-api-errors: 429, RESOURCE_EXHAUSTED."""
    message = (
        f"Quota exceeded for quota metric '{kind} requests' and limit '{kind} requests per minute{limit}' of service "
        "'sheets.googleapis.com' for consumer 'project_number:100000000000'."
    )
    return lambda free: ApiError(429, "RATE_LIMIT_EXCEEDED", message)


def _of_project(free: datetime) -> ApiError:
    """Drive, Calendar and Gmail, "Resolve errors": 403 rateLimitExceeded."""
    return ApiError(403, "rateLimitExceeded", "Rate Limit Exceeded", domain=_DOMAIN)


def _of_user(free: datetime) -> ApiError:
    """Drive, Calendar and Gmail, "Resolve errors": 403 userRateLimitExceeded."""
    return ApiError(403, "userRateLimitExceeded", "User Rate Limit Exceeded", domain=_DOMAIN)


def _of_mails(free: datetime) -> ApiError:
    """Gmail, "Resolve errors", mail sending limits: 429 with the time to retry."""
    message = f"User-rate limit exceeded.  Retry after {timestamp(free)} (Mail sending)"
    return ApiError(429, "rateLimitExceeded", message, domain=_DOMAIN)


@dataclass(frozen=True)
class Limit:
    """So much of something within a window, for the whole project or for each user."""

    counted: str
    """`sheets reads`, `sheets writes`, `drive`, `calendar`, `gmail` (in quota units) or `mails`."""
    most: int
    window: timedelta
    per_user: bool
    refusal: Refusal


LIMITS = (
    Limit("sheets reads", 300, _MINUTE, False, _sheets("Read", "")),
    Limit("sheets reads", 60, _MINUTE, True, _sheets("Read", " per user")),
    Limit("sheets writes", 300, _MINUTE, False, _sheets("Write", "")),
    Limit("sheets writes", 60, _MINUTE, True, _sheets("Write", " per user")),
    Limit("drive", 12_000, _MINUTE, False, _of_project),
    Limit("drive", 12_000, _MINUTE, True, _of_user),
    Limit("calendar", 10_000, _MINUTE, False, _of_project),
    Limit("calendar", 600, _MINUTE, True, _of_user),
    Limit("gmail", 1_200_000, _MINUTE, False, _of_project),
    Limit("gmail", 6_000, _MINUTE, True, _of_user),
    Limit("mails", 2_000, _DAY, True, _of_mails),
)

_SHEETS_READS = (".get", ".batchGet", ".search", "ByDataFilter")
_SHEETS_WRITES_BY_FILTER = (".batchUpdateByDataFilter", ".batchClearByDataFilter")
_GMAIL_UNITS = {
    "drafts.create": 10,
    "drafts.delete": 10,
    "drafts.get": 5,
    "drafts.list": 5,
    "drafts.send": 100,
    "drafts.update": 15,
    "getProfile": 1,
    "history.list": 2,
    "labels.create": 5,
    "labels.delete": 5,
    "labels.get": 1,
    "labels.list": 1,
    "labels.patch": 5,
    "labels.update": 5,
    "messages.attachments.get": 5,
    "messages.batchDelete": 50,
    "messages.batchModify": 50,
    "messages.delete": 10,
    "messages.get": 5,
    "messages.import": 25,
    "messages.insert": 25,
    "messages.list": 5,
    "messages.modify": 5,
    "messages.send": 100,
    "messages.trash": 5,
    "messages.untrash": 5,
    "settings.sendAs.create": 100,
    "settings.sendAs.delete": 5,
    "settings.sendAs.get": 1,
    "settings.sendAs.list": 1,
    "settings.sendAs.patch": 100,
    "settings.sendAs.update": 100,
    "stop": 50,
    "threads.delete": 20,
    "threads.get": 10,
    "threads.list": 10,
    "threads.modify": 10,
    "threads.trash": 10,
    "threads.untrash": 10,
    "watch": 100,
}
"""Quota units of a method, without `gmail.users.`."""
_OTHER_GMAIL_UNITS = 5
_SENDING = ("gmail.users.drafts.send", "gmail.users.messages.send")


def costs(method_id: str) -> dict[str, int]:
    """What one call of a method counts as, by the names in `Limit.counted`."""
    api = method_id.partition(".")[0]
    if api == "sheets":
        reads = method_id.endswith(_SHEETS_READS) and not method_id.endswith(_SHEETS_WRITES_BY_FILTER)
        return {"sheets reads" if reads else "sheets writes": 1}
    if api == "gmail":
        units = _GMAIL_UNITS.get(method_id.removeprefix("gmail.users."), _OTHER_GMAIL_UNITS)
        return {"gmail": units, "mails": 1} if method_id in _SENDING else {"gmail": units}
    return {api: 1}


class Quota:
    """What was used within the limits' windows. Called under the workspace's lock, with the workspace's clock."""

    def __init__(self) -> None:
        self._used: dict[tuple[Limit, str], _Window] = {}

    def take(self, method_id: str, user: str, now: datetime) -> None:
        """Count a call. Raises ApiError 403 or 429 where a limit has no room for it; then nothing is counted."""
        taken = []
        cost = costs(method_id)
        for limit in LIMITS:
            if limit.counted not in cost:
                continue
            window = self._used.setdefault((limit, user if limit.per_user else ""), _Window(limit.window))
            free = window.room_for(cost[limit.counted], limit.most, now)
            if free is not None:
                raise limit.refusal(free)
            taken.append((window, cost[limit.counted]))
        for window, amount in taken:
            window.add(amount, now)

    def clear(self) -> None:
        self._used.clear()


class _Window:
    """Amounts of the recent past."""

    def __init__(self, length: timedelta) -> None:
        self._length = length
        self._amounts: deque[tuple[datetime, int]] = deque()
        self._sum = 0

    def room_for(self, amount: int, most: int, now: datetime) -> datetime | None:
        """None where there is room, else the instant from which on there is."""
        while self._amounts and self._amounts[0][0] <= now - self._length:
            self._sum -= self._amounts.popleft()[1]
        missing = self._sum + amount - most
        for at, freed in self._amounts:
            if missing <= 0:
                return None
            missing -= freed
            if missing <= 0:
                return at + self._length
        return None

    def add(self, amount: int, now: datetime) -> None:
        self._amounts.append((now, amount))
        self._sum += amount

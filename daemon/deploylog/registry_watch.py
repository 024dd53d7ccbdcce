"""When the registry is read: not at every poll, and always before something is done that it has a say in.

Drive's feed tells of an edited registry minutes late, so whoever edited it finds it read at every poll for a while; and
before anything is sent, what was read of it must be no older than a poll: a `Pause` holds from then on.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from deploylog.customer_logs import CustomerLogs
from deploylog.model import Registry
from deploylog.registry import RegistrySheet

EDIT_KEEPS_HOT = timedelta(minutes=10)
"""Somebody who edited a spreadsheet is likely to go on."""


class RegistryWatch:
    """The registry as last read."""

    def __init__(self, logs: CustomerLogs, every: timedelta, settle: timedelta) -> None:
        """`every`: between two polls; `settle`: how long a row is left alone before it counts."""
        self._logs = logs
        self._every = every
        self._hot = max(EDIT_KEEPS_HOT, settle + 2 * every)
        self._sheet: RegistrySheet | None = None
        self._version = 0
        self._read_at: datetime | None = None
        self._changed_at: datetime | None = None

    @property
    def sheet(self) -> RegistrySheet:
        """As last read."""
        assert self._sheet is not None
        return self._sheet

    def is_worth_reading(self, now: datetime) -> bool:
        """At a poll: never read, changed as far as Drive tells, or found changed a moment ago."""
        if self._changed_at is None or self._version != self._logs.registry_version:
            return True
        # Also where the clock jumped back.
        return now - self._changed_at < self._hot

    def holds(self, now: datetime) -> bool:
        """Whether what was read is fresh enough to send by."""
        return self._read_at is not None and timedelta(0) <= now - self._read_at <= self._every

    def read(self, now: datetime) -> None:
        """Read it. Raises `OutsideError`, and `ConfigurationError` where a tab or a needed column is missing."""
        version = self._logs.registry_version
        sheet = self._logs.read_registry()
        # What stands at the start may have been typed a moment ago, and is no older for all that is known.
        if self._sheet is None or sheet.registry != self._sheet.registry:
            self._changed_at = now
        self._sheet, self._version, self._read_at = sheet, version, now

    def settled(self, now: datetime) -> Registry:
        """The registry with the contacts that count by now."""
        return self._logs.settled(self.sheet.registry, now)

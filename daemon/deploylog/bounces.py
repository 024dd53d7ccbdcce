"""Mail that came back: read from the mailbox now and then, and told beside the customer whose contact it is.

Only reports are searched for, and Gmail's search may lag: a late one is told late, and nothing else depends on it.
Anybody can send something that looks like one: when it came is what Gmail says, not its own `Date`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from deploylog.customer_ledger import CustomerLedger
from deploylog.errors import OutsideError
from deploylog.google.gmail import Gmail

TOLD_FOR = timedelta(days=14)
"""How long an address is told of after mail to it came back last."""
REPORTS = "from:mailer-daemon newer_than:14d"
FAILED = "X-Failed-Recipients"
"""The header Gmail gives its reports: the addresses, with commas between them."""


class Bounces:
    """Which addresses mail came back from lately."""

    def __init__(self, gmail: Gmail, ledger: CustomerLedger, every: timedelta) -> None:
        self._gmail = gmail
        self._ledger = ledger
        self._every = every
        self._read_at: datetime | None = None
        self._last: dict[str, datetime] | None = None

    def refresh(self, now: datetime, problems: list[str]) -> None:
        """Read new reports, at most once per `every`; what cannot be read is told and tried again the next time."""
        if self._read_at is not None and now - self._read_at < self._every:
            return
        self._read_at = now
        known = self._ledger.bounces()
        try:
            for message_id in self._gmail.search(REPORTS):
                if message_id not in known:
                    known[message_id] = self._read(message_id, now)
        except OutsideError as failure:
            problems.append(f"returned mail cannot be read: {failure}")
        self._last = {}
        for address, at in (one for found in known.values() for one in found):
            self._last[address] = max(at, self._last.get(address, at))

    def _read(self, message_id: str, now: datetime) -> list[tuple[str, datetime]]:
        message = self._gmail.message(message_id, (FAILED,))
        headers = message.headers if message else {}
        addresses = [one.strip().lower() for one in headers.get(FAILED.lower(), "").split(",")]
        at = message.at if message and message.at else now
        # A report about nobody is kept too, so that it is not read again.
        found = [(one, at) for one in dict.fromkeys(addresses)]
        self._ledger.add_bounce(message_id, [one for one, _ in found], at)
        return found

    def of(self, addresses: Sequence[str], now: datetime) -> tuple[str, ...]:
        """Those of the addresses that mail came back from lately."""
        last = self._last or {}
        return tuple(one for one in addresses if one in last and now - last[one] < TOLD_FOR)

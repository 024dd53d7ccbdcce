"""Everything Google, wired: from the configuration to one adapter per service."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from deploylog.google.auth import GoogleConfig, Identities, identities
from deploylog.google.calendar import Calendar
from deploylog.google.drive import Drive
from deploylog.google.gmail import Gmail
from deploylog.google.quota import READS_A_MINUTE, ReadQuota
from deploylog.google.sheets import Sheets
from deploylog.google.transport import Called, SheetsClient, Transport, build_service, uncounted


@dataclass(frozen=True, slots=True)
class Google:
    """The four services, as the identities of the configuration; call `close` when done."""

    drive: Drive
    sheets: Sheets
    calendar: Calendar
    gmail: Gmail
    identities: Identities
    _transports: tuple[Transport, ...]
    quota: ReadQuota = field(default_factory=ReadQuota)
    """What reads of Sheets are left."""

    def close(self) -> None:
        for transport in self._transports:
            transport.close()


def connect(
    config: GoogleConfig,
    calendar_id: str,
    sleep: Callable[[float], None] = time.sleep,
    called: Called = uncounted,
) -> Google:
    """The adapters for the configuration's `google` and `calendar.id`. No network before the first call.

    `called` is told of every call that was made.

    Raises ConfigurationError where the credentials file is missing or wrong.
    """
    who = identities(config)
    quota = ReadQuota(config.sheets_reads or (None if config.endpoint else READS_A_MINUTE))

    def counted(method: str, status: int) -> None:
        quota.called(method, status)
        called(method, status)

    files, mailbox = (Transport(one, config.endpoint, called=counted) for one in (who.files, who.mailbox))
    return Google(
        drive=Drive(build_service("drive", "v3", files), sleep),
        sheets=Sheets(SheetsClient(files), sleep),
        calendar=Calendar(build_service("calendar", "v3", mailbox), calendar_id, sleep),
        gmail=Gmail(build_service("gmail", "v1", mailbox), sleep),
        identities=who,
        _transports=(files, mailbox),
        quota=quota,
    )

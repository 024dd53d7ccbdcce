"""Looking through the mailbox for a ledger that is new: how far back, and how often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from deploylog.adoption import LONGEST_AGO
from deploylog.google.gmail import MessageInfo
from deploylog.mime import MARKER, marker_for
from deploylog.model import Key, Kind
from deploylog.recollection import Recollection

NOW = datetime(2026, 12, 9, 8, 0, tzinfo=UTC)


@dataclass
class Mailbox:
    """The part of the Gmail adapter that is asked: mails sent so many days ago, one for each deployment of `log-1`."""

    days_ago: Sequence[int]
    asked: list[datetime] = field(default_factory=list)

    def sent_since(self, moment: datetime, header_names: Sequence[str], most: int) -> Iterator[MessageInfo]:
        self.asked.append(moment)
        for days in sorted(self.days_ago):
            marker = marker_for(Key("log-1", f"DIBA-{days:04d}", Kind.START, 1, 0, "es"))
            if (at := NOW - timedelta(days=days)) >= moment:
                yield MessageInfo(f"m{days}", f"t{days}", {MARKER.lower(): marker}, ("SENT",), at)


def found(recollection: Recollection, days: int, now: datetime = NOW) -> bool:
    """Whether the mail of so many days ago is told."""
    [mails] = recollection.mailed("log-1", [f"DIBA-{days:04d}"], now).values()
    return [one.message_id for one in mails] == [f"m{days}"]


def test_however_many_logs_ask_the_mailbox_is_looked_through_once() -> None:
    mailbox = Mailbox((1, 9, 20, 39))
    recollection = Recollection(mailbox)  # type: ignore[arg-type]
    later = (NOW + timedelta(minutes=number) for number in range(4))
    assert all(found(recollection, days, now) for days, now in zip(mailbox.days_ago, later, strict=True))
    assert mailbox.asked == [NOW - LONGEST_AGO]


def test_mails_older_than_the_longest_ago_are_not_looked_for() -> None:
    mailbox = Mailbox((1, 60))
    assert not found(Recollection(mailbox), 60)  # type: ignore[arg-type]
    assert mailbox.asked == [NOW - LONGEST_AGO]

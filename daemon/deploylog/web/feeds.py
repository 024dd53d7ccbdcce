"""iCalendar feeds at addresses nobody can guess: one of everything, for staff, and one per customer.

An address is an HMAC (RFC 2104, SHA-256) of what it shows under a secret of the store. Whoever has it reads the feed
without signing in, as calendar programs do. Events carry the maintenance properties of BCOP (draft-gunter-calext-
maintenance-notifications: `X-MAINTNOTE-…`), so that operators' tools can read them.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime

from icalendar import Calendar, Event, vCalAddress, vText

from deploylog.messages import one_line
from deploylog.model import Progress, Restart
from deploylog.web.board import Entry

EVERYTHING = ""
"""The customer of the feed that shows all."""
STATUSES = {
    Progress.SCHEDULED: ("CONFIRMED", "CONFIRMED"),
    Progress.IN_PROGRESS: ("CONFIRMED", "IN-PROCESS"),
    Progress.RUNNING_LATE: ("CONFIRMED", "IN-PROCESS"),
    Progress.DONE: ("CONFIRMED", "COMPLETED"),
    Progress.ROLLED_BACK: ("CONFIRMED", "COMPLETED"),
    Progress.CANCELLED: ("CANCELLED", "CANCELLED"),
}
"""iCalendar's STATUS and X-MAINTNOTE-STATUS; of anything else it is not certain that it takes place."""


def token(secret: bytes, customer: str) -> str:
    """What the address of a customer's feed ends with: 48 characters."""
    shown = b"everything" if customer == EVERYTHING else b"customer:" + customer.casefold().encode()
    return hmac.new(secret, b"feed:" + shown, hashlib.sha256).hexdigest()[:48]


def is_token(given: str, secret: bytes, customer: str) -> bool:
    """Compared in a time that tells nothing of how much of it is right."""
    return hmac.compare_digest(given.encode(), token(secret, customer).encode())


def whose(given: str, secret: bytes, customers: Iterable[str]) -> str | None:
    """The customer whose feed it is, `EVERYTHING`, or None; every candidate is compared, whichever it is."""
    found = None
    for customer in (EVERYTHING, *customers):
        if is_token(given, secret, customer):
            found = customer
    return found


def feed(among: Iterable[Entry], name: str, provider: str, organizer: str) -> bytes:
    """The calendar. `provider`: the organization; `organizer`: the mailbox mails come from. It tells what the event
    in Google's calendar tells: no override, no comment, no rollback guide.
    """
    calendar = Calendar()
    calendar.add("PRODID", "-//deploylog//deployments//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", "PUBLISH")
    calendar.add("NAME", name)
    calendar.add("X-WR-CALNAME", name)
    for one in among:
        calendar.add_component(_event(one, provider, organizer))
    return bytes(calendar.to_ical())


def _event(entry: Entry, provider: str, organizer: str) -> Event:
    look, deployment = entry.look, entry.look.deployment
    assert deployment.window is not None
    # A new end before the start is a slip that the sheet tells of; no calendar takes it.
    start, end = deployment.window.start, max(deployment.end or deployment.window.end, deployment.window.start)
    status, maintenance = STATUSES.get(look.progress or Progress.DRAFT, ("TENTATIVE", "TENTATIVE"))
    changed = look.changed_at.astimezone(UTC).replace(microsecond=0)
    event = Event()
    event.add("UID", f"{hashlib.sha256(f'{look.log_id}/{deployment.id}'.encode()).hexdigest()[:32]}@deploylog")
    event.add("DTSTAMP", changed)
    event.add("LAST-MODIFIED", changed)
    # Grows with every change of the row, also after a lost ledger; minutes, since it has 31 bits.
    event.add("SEQUENCE", _minutes(changed))
    event.add("DTSTART", start.astimezone(UTC))
    event.add("DTEND", end.astimezone(UTC))
    event.add("SUMMARY", f"{one_line(entry.customer)}: {deployment.id}")
    event.add("DESCRIPTION", "\n".join((*deployment.tickets, *map(str, deployment.components))))
    event.add("STATUS", status)
    mailbox = vCalAddress(f"mailto:{organizer}")
    mailbox.params["CN"] = vText(provider)
    event.add("ORGANIZER", mailbox)
    event.add("X-MAINTNOTE-PROVIDER", provider)
    event.add("X-MAINTNOTE-ACCOUNT", one_line(entry.customer))
    event.add("X-MAINTNOTE-MAINTENANCE-ID", deployment.id)
    event.add("X-MAINTNOTE-OBJECT-ID", deployment.environment.value if deployment.environment else "Production")
    event.add("X-MAINTNOTE-IMPACT", "NO-IMPACT" if deployment.restart is Restart.NONE else "OUTAGE")
    event.add("X-MAINTNOTE-STATUS", maintenance)
    return event


def _minutes(moment: datetime) -> int:
    return int(moment.timestamp()) // 60

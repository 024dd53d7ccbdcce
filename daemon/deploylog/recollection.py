"""What the mailbox shows of the past, for a ledger that is new: a first start on logs that are in use, or a lost disk.

The row's own columns tell what was written back (`adoption.py`); a mail that went out a moment before the ledger was
lost is only in the mailbox. Every mail of ours says in a header what it is (`mime.read_marker`). Sent mails are listed
by their label and read by id, never searched for: Gmail's search can lag by days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import getaddresses

import structlog

from deploylog.adoption import LONGEST_AGO, Mailed
from deploylog.google.gmail import Gmail, MessageInfo
from deploylog.mime import MARKER, deployment_digest, read_marker

MOST_MAILS = 5000
"""So many mails are looked through at the most; a mailbox may send 2,000 a day."""
_HEADERS = (MARKER, "Message-ID", "Subject", "To", "Cc")

log = structlog.get_logger(__name__)


class Recollection:
    """Looks through the mailbox when a log that the ledger does not know is first met: once, for all logs."""

    def __init__(self, gmail: Gmail) -> None:
        self._gmail = gmail
        self._found: dict[str, list[Mailed]] | None = None

    def mailed(self, log_id: str, identities: Iterable[str], now: datetime) -> Mapping[str, tuple[Mailed, ...]]:
        """By deployment of this log, the mails of ours of the last `LONGEST_AGO` before now (UTC), oldest first."""
        if self._found is None:
            self._found = self._look_through(now - LONGEST_AGO)
        found = self._found
        return {one: tuple(found.get(deployment_digest(log_id, one), ())) for one in identities}

    def remove_drafts(self, log_id: str, identities: Iterable[str]) -> None:
        """Take away drafts of these deployments: the ledger that knew them is lost, and what is due is drafted anew."""
        ours = {deployment_digest(log_id, one) for one in identities}
        for draft_id in self._gmail.drafts():
            headers = self._gmail.draft_headers(draft_id, [MARKER]) or {}
            marked = read_marker(headers.get(MARKER.lower(), ""))
            if marked is not None and marked.deployment in ours:
                self._gmail.delete_draft(draft_id)
                log.info("draft of a lost ledger removed", draft=draft_id)

    def _look_through(self, since: datetime) -> dict[str, list[Mailed]]:
        found: dict[str, list[Mailed]] = {}
        for message in self._gmail.sent_since(since, _HEADERS, MOST_MAILS):
            if (mailed := _mailed(message)) is not None:
                found.setdefault(mailed.marked.deployment, []).insert(0, mailed)
        return found


def _mailed(message: MessageInfo) -> Mailed | None:
    marked = read_marker(message.headers.get(MARKER.lower(), ""))
    if marked is None or message.at is None or "DRAFT" in message.labels:
        return None
    headers = message.headers
    return Mailed(
        marked,
        message.at,
        message.id,
        message.thread_id,
        headers.get("message-id", ""),
        headers.get("subject", ""),
        _addresses(headers.get("to", "")),
        _addresses(headers.get("cc", "")),
    )


def _addresses(header: str) -> tuple[str, ...]:
    return tuple(address for _, address in getaddresses([header]) if address)

"""A mail of ours as RFC 5322 text: headers people and other programs rely on, text and HTML beside each other.

Pure. Standard library's `email` encodes and folds. What goes into a header is made one harmless line first: `email`
decodes what looks encoded (RFC 2047) in a value, and would write a line break it finds therein. Of the mails that are
answered, which others wrote, only what is well formed is taken over.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from deploylog.model import LANGUAGES, Key, Kind

MARKER = "X-Deploylog-Effect"
"""The header by which a mail of ours is known again in a mailbox. Gmail keeps it, but cannot search for it."""

_MARKER = re.compile(
    r"(?P<deployment>[0-9a-f]{16})\.(?P<kind>[a-z-]+)\.(?P<generation>\d{1,9})\.(?P<round>\d{1,9})\.(?P<target>[0-9a-z]+)"
)
_MESSAGE_ID = re.compile(r"<(?:(?!=\?)[!-;=?-~])+>")
"""Printable ASCII in angle brackets, and nothing that `email` would decode."""
_FOR_MACHINES = ("Cc", "Cs", "Zl", "Zp")
"""Unicode's categories of control characters, halves of surrogate pairs, and separators of lines and paragraphs."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What is frozen when a mail's effect is committed. Addresses are plain; `sender` may carry a name."""

    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    reply_to: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Thread:
    """Where in a conversation a mail belongs; empty for the first."""

    id: str = ""
    message_ids: tuple[str, ...] = ()
    """The Message-IDs of the mails before it, oldest first, as they are read there: not all of them need be any."""
    subject: str = ""
    """The first mail's: Gmail keeps a thread together only while the subject stays."""


@dataclass(frozen=True, slots=True)
class Marked:
    """What a marker says: all of an effect's key but the log and the deployment, which it has as a digest."""

    deployment: str
    """`deployment_digest` of the deployment."""
    kind: Kind
    generation: int
    round: int
    target: str
    """A language; for a mail to one person the digest of the address."""


def marker_for(key: Key) -> str:
    """The marker of an effect, `3f…9a.start.1.0.es`: the same for the same key, other for any other.

    It names neither log nor deployment nor person, and still says to a ledger that is new what a mail is.
    """
    target = key.target if key.target in LANGUAGES else digest(key.target)
    return f"{deployment_digest(key.log_id, key.deployment_id)}.{key.kind}.{key.generation}.{key.round}.{target}"


def read_marker(text: str) -> Marked | None:
    """What a marker says; None where it is none of ours."""
    found = _MARKER.fullmatch(text)
    if found is None or found["kind"] not in tuple(Kind):
        return None
    return Marked(
        found["deployment"], Kind(found["kind"]), int(found["generation"]), int(found["round"]), found["target"]
    )


def deployment_digest(log_id: str, deployment_id: str) -> str:
    return digest(f"{log_id}/{deployment_id}")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def compose(letter: Letter, thread: Thread, marker: str, now: datetime) -> bytes:
    """The mail as bytes with CRLF line ends.

    `Auto-Submitted` keeps vacation responders quiet (RFC 3834). Gmail puts a Message-ID of its own. Raises
    `ValueError`, with a sentence, where an address is none or the text cannot be encoded.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(letter.sender)
    message["To"] = [_plain_address(one) for one in letter.to]
    if letter.cc:
        message["Cc"] = [_plain_address(one) for one in letter.cc]
    if letter.reply_to:
        message["Reply-To"] = _plain_address(letter.reply_to)
    message["Subject"] = _line(thread.subject or letter.subject)
    message["Date"] = format_datetime(now)
    message["Auto-Submitted"] = "auto-generated"
    message[MARKER] = marker
    if message_ids := [one for one in thread.message_ids if _MESSAGE_ID.fullmatch(one)]:
        message["In-Reply-To"] = message_ids[-1]
        message["References"] = _references(message_ids)
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    # A Message-ID longer than a line would be encoded, and no reader would know it again; nor a marker on two lines.
    longest = max(len(MARKER) + len(marker), *map(len, message_ids), 0)
    return message.as_bytes(policy=SMTP.clone(max_line_length=max(78, longest + 2)))


def _line(text: str) -> str:
    """The text on one line, without characters that are for machines, and without what `email` would decode."""
    readable = "".join(" " if unicodedata.category(one) in _FOR_MACHINES else one for one in text)
    return " ".join(readable.split()).replace("=?", "= ?")


def _address(text: str) -> Address:
    """An address with a name or without."""
    name, address = parseaddr(text)
    return _plain_address(address, name, text)


def _plain_address(address: str, name: str = "", text: str = "") -> Address:
    """An address alone, as it stands: read anew, what others wrote might name another. `text` is what to quote."""
    try:
        if not address.isascii() or "=?" in address:
            raise ValueError("not plain ASCII")
        return Address(_line(name), addr_spec=address)
    except (ValueError, IndexError, AttributeError, MessageError) as problem:  # what `email` raises on odd addresses
        raise ValueError(f"{(text or address)[:80]!a} is no address a mail can go to") from problem


def _references(message_ids: Sequence[str]) -> str:
    """The first and the latest: enough for every reader to thread, and short enough for every server."""
    kept = message_ids if len(message_ids) <= 10 else (message_ids[0], *message_ids[-9:])
    return " ".join(kept)

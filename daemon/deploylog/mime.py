"""A mail of ours as RFC 5322 text: headers people and other programs rely on, text and HTML beside each other.

Pure. Standard library's `email` encodes and folds. What goes into a header is made one harmless line first: `email`
decodes what looks encoded (RFC 2047) in a value, and would write a line break it finds therein.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

MARKER = "X-Deploylog-Effect"
"""The header by which a mail of ours is known again in a mailbox. Gmail keeps it, but cannot search for it."""

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
    """The Message-IDs of the mails before it, oldest first."""
    subject: str = ""
    """The first mail's: Gmail keeps a thread together only while the subject stays."""


def marker_for(key: object) -> str:
    """The marker of an effect: the same for the same key, and telling a reader of the header nothing."""
    return hashlib.sha256(str(key).encode()).hexdigest()[:32]


def compose(letter: Letter, thread: Thread, marker: str, now: datetime) -> bytes:
    """The mail as bytes with CRLF line ends.

    `Auto-Submitted` keeps vacation responders quiet (RFC 3834). Gmail puts a Message-ID of its own. Raises
    `ValueError`, with a sentence, where an address is none or the text cannot be encoded.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(letter.sender)
    message["To"] = [_address(one) for one in letter.to]
    if letter.cc:
        message["Cc"] = [_address(one) for one in letter.cc]
    if letter.reply_to:
        message["Reply-To"] = _address(letter.reply_to)
    message["Subject"] = _line(thread.subject or letter.subject)
    message["Date"] = format_datetime(now)
    message["Auto-Submitted"] = "auto-generated"
    message[MARKER] = marker
    if thread.message_ids:
        message["In-Reply-To"] = thread.message_ids[-1]
        message["References"] = _references(thread.message_ids)
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    # A Message-ID longer than a line would be encoded, and no reader would know it again.
    longest = max((len(one) for one in thread.message_ids), default=0)
    return message.as_bytes(policy=SMTP.clone(max_line_length=max(78, longest + 2)))


def _line(text: str) -> str:
    """The text on one line, without characters that are for machines, and without what `email` would decode."""
    readable = "".join(" " if unicodedata.category(one) in _FOR_MACHINES else one for one in text)
    return " ".join(readable.split()).replace("=?", "= ?")


def _address(text: str) -> Address:
    name, address = parseaddr(text)
    try:
        if not address.isascii() or "=?" in address:
            raise ValueError("not plain ASCII")
        return Address(_line(name), addr_spec=address)
    except (ValueError, IndexError, MessageError) as problem:
        raise ValueError(f"{text[:80]!a} is no address a mail can go to") from problem


def _references(message_ids: Sequence[str]) -> str:
    """The first and the latest: enough for every reader to thread, and short enough for every server."""
    kept = message_ids if len(message_ids) <= 10 else (message_ids[0], *message_ids[-9:])
    return " ".join(kept)

"""Mail threads a row names: finds them in the mailboxes, and says who is to be answered.

Only threads that lie in a mailbox of ours can be named, whatever a cell says: nobody is written to who is not part of
one already. Gmail's search can lag, so what it does not find is asked about, and looked for again. The row, which the
customer reads, quotes what its own line says, never the subject of a thread that is not answered: it may be another's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import getaddresses

from deploylog.cells import folded
from deploylog.google.gmail import Gmail, MessageInfo
from deploylog.mime import MARKER
from deploylog.model import Sentence
from deploylog.tickets.interface import Unfit

_LINK = re.compile(r"https://mail\.google\.com/mail/\S*[#/]([0-9A-Za-z_-]{10,})(?:\?\S*)?$")
_THREAD_ID = re.compile(r"[0-9a-f]{12,20}")
_MESSAGE_ID = re.compile(r"(?:message-id:\s*)?(<[^<>\s\"]+@[^<>\s\"]+>)", re.IGNORECASE)
_SUBJECT = re.compile(r"mail:\s*(\S.*)", re.IGNORECASE | re.DOTALL)
_REPLY_PREFIX = re.compile(r"^(?:(?:re|rv|fw|fwd|aw|tr)\s*:\s*)+", re.IGNORECASE)
_HEADERS = ("From", "Reply-To", "To", "Cc", "Subject", "Message-ID", "References", MARKER)
_MOST_FOUND = 25
"""Messages of a search that are looked at; more than that is no answer to which thread is meant."""


@dataclass(frozen=True, slots=True)
class MailThread:
    """A thread as it is to be answered: to everybody in the last message that is not ours, but ourselves."""

    mailbox: str
    """The address of the mailbox it lies in."""
    id: str
    """Gmail's, within that mailbox."""
    subject: str
    message_ids: tuple[str, ...]
    """For References, oldest first; the last one is answered."""
    to: tuple[str, ...]
    cc: tuple[str, ...]


def reference(line: str) -> str:
    """What a line of `Tickets and e-mails` says of a thread; empty where it names none. Pure.

    `thread/18c2…` for a link to it in Gmail, `id/<…>` for a Message-ID, `subject/words` for `mail: words`.
    """
    line = line.strip()
    if found := _LINK.fullmatch(line):
        return f"thread/{found[1]}"
    if found := _MESSAGE_ID.fullmatch(line):
        return f"id/{found[1]}"
    if found := _SUBJECT.fullmatch(line):
        return f"subject/{' '.join(found[1].split())}"
    return ""


class Threads:
    """The mailboxes that are looked through: `mailboxes`, by address, in this order. `ours` are never answered."""

    def __init__(self, mailboxes: Mapping[str, Gmail], ours: Sequence[str]) -> None:
        self._mailboxes = mailboxes
        self._ours = {one.lower() for one in (*mailboxes, *ours)}

    def find(self, named: str) -> MailThread:
        """The one thread of that reference. Raises `Unfit` where there is none or which is meant is not clear."""
        kind, _, words = named.partition("/")
        if kind == "thread" and not _THREAD_ID.fullmatch(words):
            # The newer kind of link says nothing that Gmail's API knows.
            raise Unfit(Sentence.of("thread_link", text=words[:40]))
        for address, gmail in self._mailboxes.items():
            found = [words] if kind == "thread" else self._searched(gmail, kind, words)
            threads = {one: messages for one in found if (messages := self._messages(gmail, one))}
            if len(threads) > 1:
                raise Unfit(Sentence.of("thread_ambiguous", text=words[:80], count=len(threads)))
            for thread_id, messages in threads.items():
                return self._thread(address, thread_id, messages, words)
        raise Unfit(Sentence.of("thread_unknown", text=words[:80]))

    def _searched(self, gmail: Gmail, kind: str, words: str) -> list[str]:
        """The ids of the threads a search finds and that are what was searched for."""
        plain = words.replace('"', " ")
        query = f"rfc822msgid:{plain}" if kind == "id" else f'subject:"{plain}"'
        found = gmail.search(query, _MOST_FOUND + 1)
        if len(found) > _MOST_FOUND:
            raise Unfit(Sentence.of("thread_ambiguous", text=words[:80], count=len(found)))
        subjects: dict[str, str] = {}
        for message_id in found:
            message = gmail.message(message_id, _HEADERS)
            # Mails of ours to the customer are no thread the deployment was asked for in.
            if message is None or _is_ours(message):
                continue
            subject = folded(_bare(message.headers.get("subject", "")))
            if kind == "id" or folded(words) in subject:
                subjects.setdefault(message.thread_id, subject)
        exact = [one for one, subject in subjects.items() if subject == folded(_bare(words))]
        return exact if len(exact) == 1 else list(subjects)

    @staticmethod
    def _messages(gmail: Gmail, thread_id: str) -> list[MessageInfo]:
        messages = gmail.thread(thread_id, _HEADERS)
        return [one for one in messages if not {"DRAFT", "SPAM", "TRASH"} & set(one.labels)]

    def _thread(self, mailbox: str, thread_id: str, messages: Sequence[MessageInfo], words: str) -> MailThread:
        last = messages[-1]
        # Answers of ours in between ask for nothing: whom an earlier one went to is not whom this one goes to.
        asked = next((one for one in reversed(messages) if not _is_ours(one)), last)
        sender = _addresses(asked.headers.get("reply-to") or asked.headers.get("from", ""))
        to, cc = _addresses(asked.headers.get("to", "")), _addresses(asked.headers.get("cc", ""))
        answered = [one for one in dict.fromkeys((*sender, *to)) if one not in self._ours]
        copied = [one for one in dict.fromkeys(cc) if one not in self._ours and one not in answered]
        if not answered and not copied:
            raise Unfit(Sentence.of("thread_nobody", text=words[:80]))
        # A thread of which only a copy reached somebody else is answered to them.
        to_, cc_ = (answered, copied) if answered else (copied, [])
        ids = [*last.headers.get("references", "").split(), last.headers.get("message-id", "").strip()]
        subject = last.headers.get("subject", "")
        return MailThread(mailbox, thread_id, subject, tuple(filter(None, dict.fromkeys(ids))), tuple(to_), tuple(cc_))


def _is_ours(message: MessageInfo) -> bool:
    return MARKER.lower() in message.headers


def _bare(subject: str) -> str:
    return _REPLY_PREFIX.sub("", subject.strip())


def _addresses(header: str) -> list[str]:
    return [address.lower() for _, address in getaddresses([header]) if "@" in address]

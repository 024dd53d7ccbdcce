"""The mailbox of `google.act_as`: drafts, sending them, and looking messages and threads up by id.

Nothing that must be known is searched for: Gmail's search can lag by days, so an empty result proves nothing. Nor is a
Message-ID of ours of use: Gmail replaces it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from deploylog.errors import AccessDenied, NotFound, Refused
from deploylog.google.transport import execute, nothing, retrying

T = TypeVar("T")

_ME = "me"


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft; sending it makes a new message, with an id of its own, in the same thread."""

    id: str
    message_id: str
    thread_id: str


@dataclass(frozen=True, slots=True)
class MessageInfo:
    """A message without its content. Where a header occurs several times, its first value counts."""

    id: str
    thread_id: str
    headers: dict[str, str]
    """The headers asked for, as far as they are there; names in lower case."""
    labels: tuple[str, ...]
    """Gmail's label ids: SENT, DRAFT, INBOX, TRASH, …"""
    at: datetime | None = None
    """When Gmail took it, UTC; where it says so."""


class Gmail:
    """The mailbox. Raises `deploylog.errors`."""

    def __init__(self, service: Any, sleep: Callable[[float], None]) -> None:
        self._users = service.users()
        # Kept: googleapiclient builds such a resource anew, method by method, each time it is asked for one.
        self._drafts, self._messages, self._threads = (
            self._users.drafts(),
            self._users.messages(),
            self._users.threads(),
        )
        self._sleep = sleep

    def profile(self) -> str:
        """The mailbox's own address. Repeated."""
        return self._repeat(self._users.getProfile(userId=_ME), lambda answer: str(answer["emailAddress"]))

    def send_as(self) -> dict[str, bool]:
        """The addresses the mailbox may send as, in lower case, and whether each is verified. Repeated."""
        request = self._users.settings().sendAs().list(userId=_ME)
        return self._repeat(
            request,
            lambda answer: {
                str(one["sendAsEmail"]).lower(): bool(one.get("isPrimary"))
                or one.get("verificationStatus") == "accepted"
                for one in answer.get("sendAs", [])
            },
        )

    def create_draft(self, mime: bytes, thread_id: str = "") -> Draft:
        """Store a message (RFC 5322) as a draft, in a thread where `thread_id` names one. Not repeated.

        When InDoubt a draft may have been left behind: list `drafts` and read their headers.
        """
        message = {"raw": base64.urlsafe_b64encode(mime).decode()}
        if thread_id:
            message["threadId"] = thread_id
        return execute(self._drafts.create(userId=_ME, body={"message": message}), _draft)

    def draft(self, draft_id: str) -> Draft | None:
        """The draft; None where it is gone: sent, deleted, or made anew by a person who edited it. Repeated."""
        return self._look(draft_id, "minimal", _draft)

    def draft_headers(self, draft_id: str, names: Sequence[str]) -> dict[str, str] | None:
        """These headers of the draft, names in lower case; None where it is gone. Repeated."""
        return self._look(draft_id, "metadata", lambda answer: _headers(answer["message"], names))

    def drafts(self) -> list[str]:
        """The ids of all drafts. Repeated page by page."""
        ids: list[str] = []
        token: str | None = None
        while True:
            request = self._drafts.list(userId=_ME, maxResults=500, pageToken=token)
            page, token = self._repeat(request, _ids)
            ids.extend(page)
            if not token:
                return ids

    def send_draft(self, draft_id: str) -> MessageInfo:
        """Send the draft and give the new message (no headers). Never repeated: InDoubt means look before acting."""
        return execute(self._drafts.send(userId=_ME, body={"id": draft_id}), lambda answer: _message(answer, ()))

    def delete_draft(self, draft_id: str) -> None:
        """Delete the draft; one that is gone counts as deleted. Repeated."""
        try:
            self._repeat(self._drafts.delete(userId=_ME, id=draft_id), nothing)
        except Refused as error:
            if not _is_gone(error):
                raise

    def message(self, message_id: str, header_names: Sequence[str]) -> MessageInfo | None:
        """The message with these of its headers; None where it is not there. Repeated."""
        request = self._messages.get(userId=_ME, id=message_id, format="metadata", metadataHeaders=list(header_names))
        try:
            return self._repeat(request, lambda answer: _message(answer, header_names))
        except NotFound:
            return None

    def search(self, query: str, most: int | None = None) -> list[str]:
        """The ids of the messages a query of Gmail's search finds; late ones may be missing. Repeated page by page.

        Not more than `most`, where that is given.
        """
        ids: list[str] = []
        token: str | None = None
        while True:
            request = self._messages.list(userId=_ME, q=query, maxResults=500, pageToken=token)
            page, token = self._repeat(request, lambda answer: _ids(answer, "messages"))
            ids.extend(page)
            if not token or (most is not None and len(ids) >= most):
                return ids[:most]

    def thread(self, thread_id: str, header_names: Sequence[str]) -> list[MessageInfo]:
        """The messages of the thread, drafts included, oldest first; none where it is not there. Repeated."""
        request = self._threads.get(userId=_ME, id=thread_id, format="metadata", metadataHeaders=list(header_names))
        try:
            return self._repeat(
                request, lambda answer: [_message(one, header_names) for one in answer.get("messages", [])]
            )
        except NotFound:
            return []

    def sent_since(self, moment: datetime, header_names: Sequence[str], most: int) -> Iterator[MessageInfo]:
        """The messages sent since then, newest first, `most` at the most. Each call is repeated.

        A listing by label, not a search: what was sent a moment ago is in it.
        """
        token: str | None = None
        given = 0
        while True:
            request = self._messages.list(userId=_ME, labelIds=["SENT"], maxResults=500, pageToken=token)
            page, token = self._repeat(request, _message_ids)
            for message_id in page:
                message = self.message(message_id, header_names)
                if message is None:
                    continue
                given += 1
                if given > most or (message.at is not None and message.at < moment):
                    return
                yield message
            if not token:
                return

    def _look(self, draft_id: str, form: str, read: Callable[[Any], T]) -> T | None:
        try:
            return self._repeat(self._drafts.get(userId=_ME, id=draft_id, format=form), read)
        except Refused as error:
            if _is_gone(error):
                return None
            raise

    def _repeat(self, request: Any, read: Callable[[Any], T]) -> T:
        return retrying(lambda: execute(request, read), self._sleep)


def _is_gone(error: Refused) -> bool:
    """Gmail answers 404 or 400 for a draft that is no more; a 400 about the mailbox itself is AccessDenied."""
    return error.status in (400, 404) and not isinstance(error, AccessDenied)


def _draft(answer: Mapping[str, Any]) -> Draft:
    message = answer["message"]
    return Draft(answer["id"], message["id"], message["threadId"])


def _ids(page: Mapping[str, Any], key: str = "drafts") -> tuple[list[str], str]:
    """The ids of a page of drafts or messages, and the next page's token."""
    return [one["id"] for one in page.get(key, [])], page.get("nextPageToken", "")


def _message_ids(page: Mapping[str, Any]) -> tuple[list[str], str]:
    """The ids of a page of messages, and the next page's token."""
    return [one["id"] for one in page.get("messages", [])], page.get("nextPageToken", "")


def _message(answer: Mapping[str, Any], header_names: Sequence[str]) -> MessageInfo:
    milliseconds = answer.get("internalDate")
    return MessageInfo(
        answer["id"],
        answer["threadId"],
        _headers(answer, header_names),
        tuple(answer.get("labelIds", ())),
        datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if milliseconds else None,
    )


def _headers(message: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    wanted = {name.lower() for name in names}
    found: dict[str, str] = {}
    for header in message.get("payload", {}).get("headers", []):
        name = header["name"].lower()
        if name in wanted:
            found.setdefault(name, header["value"])
    return found

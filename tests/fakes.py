"""A mailbox and a calendar in memory, with the adapters' interface and a script of faults.

They keep to what the vendors document (a sent draft is gone and its message new, an event's id is never free again)
and stand in where a test has to say exactly what happens before and after each call. Every call of a fake, and every
write of a `WatchedLedger`, is one *step*; a fault is planned for a step by its number or by its name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import Message
from enum import Enum
from itertools import count
from typing import Any, TypeVar

from sqlalchemy.engine import Engine

from deploylog.errors import AccessDenied, Busy, Changed, Conflict, Gone, InDoubt, NotCarriedOut, NotFound, Refused
from deploylog.google.calendar import Calendar, Changes, Event
from deploylog.google.gmail import Draft, Gmail, MessageInfo
from deploylog.ledger import Effect, Ledger

T = TypeVar("T")


class Crash(BaseException):
    """The process ends here: nothing in the package may catch it."""


class Fault(Enum):
    """What goes wrong with one step."""

    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    CUT_ANSWER = "done, answer lost"
    LOST_REQUEST = "not done, no answer"
    UNREACHABLE = "certainly not done"
    BUSY = "refused for now"
    DENIED = "no permission"
    REFUSED = "refused for good"
    NOT_FOUND = "404"


CRASHES = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER)
PASSING = (*CRASHES, Fault.CUT_ANSWER, Fault.LOST_REQUEST, Fault.UNREACHABLE, Fault.BUSY, Fault.DENIED)
"""After these the effect must come about all the same: they say nothing against it."""

_RAISED: Mapping[Fault, Callable[[str], BaseException]] = {
    Fault.CRASH_BEFORE: Crash,
    Fault.LOST_REQUEST: lambda method: InDoubt(f"{method}: no answer", method=method),
    Fault.UNREACHABLE: lambda method: NotCarriedOut(f"{method}: not reached", method=method),
    Fault.BUSY: lambda method: Busy(f"{method}: slow down", method=method, status=429, retry_after=20),
    Fault.DENIED: lambda method: AccessDenied(f"{method}: no permission", method=method, status=403),
    Fault.REFUSED: lambda method: Refused(f"{method}: refused", method=method, status=403),
    Fault.NOT_FOUND: lambda method: NotFound(f"{method}: not found", method=method, status=404),
}


@dataclass
class Outside:
    """The steps made so far, and what is to go wrong with which."""

    at_step: dict[int, Fault] = field(default_factory=dict)
    at_call: dict[tuple[str, int], Fault] = field(default_factory=dict)
    """By name and how often it was called, from 1."""
    steps: list[str] = field(default_factory=list)

    def step(self, method: str, work: Callable[[], T]) -> T:
        self.steps.append(method)
        fault = self.at_step.pop(len(self.steps) - 1, None)
        fault = self.at_call.pop((method, self.steps.count(method)), None) or fault
        if fault is not None and method.startswith("ledger.") and fault not in CRASHES:
            # Google's answers mean nothing to the store; there, only the process can end.
            fault = None
        if fault is None:
            return work()
        if fault is Fault.CRASH_AFTER:
            work()
            raise Crash(method)
        if fault is Fault.CUT_ANSWER:
            work()
            raise InDoubt(f"{method}: the answer was cut", method=method)
        raise _RAISED[fault](method)

    def next(self, method: str, fault: Fault) -> None:
        """Have the next call of this name go wrong."""
        self.at_call[method, self.steps.count(method) + 1] = fault

    def calls(self) -> list[str]:
        """Steps that left this machine."""
        return [one for one in self.steps if not one.startswith("ledger.")]


class WatchedLedger(Ledger):
    """The real ledger; its writes about effects are steps."""

    def __init__(self, engine: Engine, outside: Outside) -> None:
        super().__init__(engine)
        self._outside = outside

    def commit(self, intents: Any, now: Any) -> list[Effect]:
        return self._outside.step("ledger.commit", lambda: super(WatchedLedger, self).commit(intents, now))

    def advance(self, number: int, expected: Any, state: Any, **fields: Any) -> Effect:
        return self._outside.step(
            "ledger.advance", lambda: super(WatchedLedger, self).advance(number, expected, state, **fields)
        )


# Mailbox -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stored:
    """A message in the mailbox."""

    id: str
    thread_id: str
    content: Message
    labels: tuple[str, ...]

    def header(self, name: str) -> str:
        """Unfolded; the mails of these tests need no decoding."""
        return " ".join(str(self.content.get(name, "")).split())


class FakeMailbox(Gmail):
    """A mailbox with Gmail's habits (users.drafts, users.threads), as the adapter shows them.

    A draft's id dies when it is sent, the message that leaves is a new one in the draft's thread, and its Message-ID
    is Google's. A draft joins the thread it names only where its References and subject fit.
    """

    def __init__(self, outside: Outside, marker: str) -> None:
        self.outside = outside
        self.marker = marker
        self.delivered: Counter[str] = Counter()
        """How many mails left, by marker."""
        self.outbox: list[Stored] = []
        self._drafts: dict[str, Stored] = {}
        self._messages: dict[str, Stored] = {}
        self._numbers = count(1)

    # The adapter's interface ---------------------------------------------------------------------------------------

    def profile(self) -> str:
        return "deployments@soffid.example"

    def create_draft(self, mime: bytes, thread_id: str = "") -> Draft:
        return self.outside.step("drafts.create", lambda: self._create(mime, thread_id))

    def draft(self, draft_id: str) -> Draft | None:
        def read() -> Draft | None:
            one = self._drafts.get(draft_id)
            return Draft(draft_id, one.id, one.thread_id) if one else None

        return self.outside.step("drafts.get", read)

    def draft_headers(self, draft_id: str, names: Sequence[str]) -> dict[str, str] | None:
        def read() -> dict[str, str] | None:
            one = self._drafts.get(draft_id)
            return _headers(one, names) if one else None

        return self.outside.step("drafts.get headers", read)

    def drafts(self) -> list[str]:
        return self.outside.step("drafts.list", lambda: list(self._drafts))

    def send_draft(self, draft_id: str) -> MessageInfo:
        return self.outside.step("drafts.send", lambda: _info(self._send(draft_id), ()))

    def delete_draft(self, draft_id: str) -> None:
        self.outside.step("drafts.delete", lambda: self._drafts.pop(draft_id, None))

    def message(self, message_id: str, header_names: Sequence[str]) -> MessageInfo | None:
        def read() -> MessageInfo | None:
            one = self._messages.get(message_id)
            return _info(one, header_names) if one else None

        return self.outside.step("messages.get", read)

    def thread(self, thread_id: str, header_names: Sequence[str]) -> list[MessageInfo]:
        return self.outside.step("threads.get", lambda: [_info(one, header_names) for one in self._thread(thread_id)])

    # What people do in the mailbox ---------------------------------------------------------------------------------

    def our_drafts(self) -> list[str]:
        return [draft_id for draft_id, one in self._drafts.items() if one.header(self.marker)]

    def person_writes_draft(self) -> str:
        return self._create(b"From: a@soffid.example\nSubject: mine\n\nhello\n", "").id

    def person_sends(self, draft_id: str) -> None:
        self._send(draft_id)

    def person_deletes(self, draft_id: str) -> None:
        del self._drafts[draft_id]

    def person_remakes(self, draft_id: str) -> str:
        """Edited in another client: another draft, without the headers that client does not know."""
        one = self._drafts.pop(draft_id)
        del one.content[self.marker]
        new_id = f"r{next(self._numbers)}"
        self._drafts[new_id] = one
        return new_id

    def copies_draft(self, draft_id: str) -> None:
        """The same draft once more, in the same thread: a call that came late, or a client that saves anew."""
        number = next(self._numbers)
        self._drafts[f"r{number}"] = replace(self._drafts[draft_id], id=f"m{number}")

    def arrives(self, thread_id: str, headers: Mapping[str, str]) -> None:
        """A mail of somebody else's in a thread."""
        content = Message()
        for name, value in headers.items():
            content[name] = value
        number = next(self._numbers)
        self._messages[f"m{number}"] = Stored(f"m{number}", thread_id, content, ("INBOX",))

    def person_deletes_thread(self, thread_id: str) -> None:
        self._messages = {one.id: one for one in self._messages.values() if one.thread_id != thread_id}
        self._drafts = {name: one for name, one in self._drafts.items() if one.thread_id != thread_id}

    # Gmail's side --------------------------------------------------------------------------------------------------

    def _thread(self, thread_id: str) -> list[Stored]:
        return [one for one in (*self._messages.values(), *self._drafts.values()) if one.thread_id == thread_id]

    def _create(self, mime: bytes, thread_id: str) -> Draft:
        if thread_id and not self._thread(thread_id):
            raise NotFound("drafts.create: no such thread", method="gmail.users.drafts.create", status=404)
        content = message_from_bytes(mime)
        message_id = f"m{next(self._numbers)}"
        draft_id = f"r{next(self._numbers)}"
        thread = thread_id if self._fits(content, thread_id) else message_id
        self._drafts[draft_id] = Stored(message_id, thread, content, ("DRAFT",))
        return Draft(draft_id, message_id, thread)

    def _fits(self, content: Message, thread_id: str) -> bool:
        named = set(str(content.get("References", "")).split()) & set(str(content.get("In-Reply-To", "")).split())
        return any(
            one.header("Message-ID") in named and one.header("Subject") == str(content["Subject"])
            for one in self._thread(thread_id)
        )

    def _send(self, draft_id: str) -> Stored:
        draft = self._drafts.pop(draft_id, None)
        if draft is None:
            raise NotFound("drafts.send: no such draft", method="gmail.users.drafts.send", status=404)
        number = next(self._numbers)
        del draft.content["Message-ID"]
        draft.content["Message-ID"] = f"<CA-{number}@mail.gmail.example>"
        sent = replace(draft, id=f"m{number}", labels=("SENT",))
        self._messages[sent.id] = sent
        self.outbox.append(sent)
        self.delivered[sent.header(self.marker)] += 1
        return sent


def _headers(message: Stored, names: Sequence[str]) -> dict[str, str]:
    return {name.lower(): message.header(name) for name in names if message.header(name)}


def _info(message: Stored, names: Sequence[str]) -> MessageInfo:
    return MessageInfo(message.id, message.thread_id, _headers(message, names), message.labels)


# Calendar ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """Guests were mailed about an event."""

    what: str
    event_id: str
    guests: tuple[str, ...]


class FakeCalendar(Calendar):
    """One calendar with Calendar's habits (events): an id is taken for good, and If-Match holds."""

    def __init__(self, outside: Outside) -> None:
        self.outside = outside
        self.events: dict[str, Event] = {}
        self.told: list[Told] = []
        self.refused_guest = ""
        self.forbids_restoring: set[str] = set()
        self._numbers = count(1)
        self.feed: list[str] = []
        self.tokens: list[str | None] = []

    def get(self, event_id: str) -> Event | None:
        return self.outside.step("events.get", lambda: _copy(self.events.get(event_id)))

    def insert(self, body: Event, send_updates: bool) -> Event:
        return self.outside.step("events.insert", lambda: self._insert(body, send_updates))

    def update(self, event_id: str, body: Event, etag: str, send_updates: bool) -> Event:
        return self.outside.step("events.update", lambda: self._update(event_id, body, etag, send_updates))

    def cancel(self, event_id: str, send_updates: bool) -> bool:
        return self.outside.step("events.delete", lambda: self._cancel(event_id, send_updates))

    def changes(self, sync_token: str | None) -> Changes:
        def read() -> Changes:
            self.tokens.append(sync_token)
            if sync_token == "too old":
                raise Gone("events.list: the token is too old", status=410)
            since = int(sync_token or 0)
            ids = dict.fromkeys(self.feed[since:])
            return Changes([dict(self.events[one]) for one in ids], str(len(self.feed)))

        return self.outside.step("events.list", read)

    # What people do in the calendar --------------------------------------------------------------------------------

    def person_changes(self, event_id: str, **fields: Any) -> None:
        self._store(self.events[event_id] | fields)

    def person_deletes(self, event_id: str) -> None:
        self._store(self.events[event_id] | {"status": "cancelled"})

    def standing(self) -> list[Event]:
        return [one for one in self.events.values() if one["status"] != "cancelled"]

    # Calendar's side -----------------------------------------------------------------------------------------------

    def _store(self, body: Event) -> Event:
        event = body | {"etag": f'"{next(self._numbers)}"', "htmlLink": f"https://calendar.example/{body['id']}"}
        self.events[event["id"]] = event
        self.feed.append(event["id"])
        return dict(event)

    def _check(self, body: Event) -> None:
        assert re.fullmatch(r"[a-v0-9]{5,1024}", body["id"])
        addresses = [one["email"] for one in body.get("attendees", [])]
        assert len(addresses) == len({one.lower() for one in addresses}), "a guest stands twice"
        if self.refused_guest in addresses:
            raise Refused(f"Invalid attendee email: {self.refused_guest}", status=400)

    def _tell(self, what: str, event: Event, send_updates: bool) -> None:
        if send_updates:
            self.told.append(Told(what, event["id"], tuple(one["email"] for one in event.get("attendees", []))))

    def _insert(self, body: Event, send_updates: bool) -> Event:
        if body["id"] in self.events:
            raise Conflict("events.insert: the id is taken", status=409)
        self._check(body)
        event = self._store(body)
        self._tell("invited", event, send_updates)
        return event

    def _update(self, event_id: str, body: Event, etag: str, send_updates: bool) -> Event:
        before = self.events.get(event_id)
        if before is None:
            raise NotFound("events.update: no such event", status=404)
        if etag != before["etag"]:
            raise Changed("events.update: it changed", status=412)
        restores = before["status"] == "cancelled" and body["status"] != "cancelled"
        if restores and event_id in self.forbids_restoring:
            raise AccessDenied("events.update: forbidden", status=403)
        self._check(body)
        event = self._store(body)
        self._tell("invited" if restores else "updated", event, send_updates)
        return event

    def _cancel(self, event_id: str, send_updates: bool) -> bool:
        event = self.events.get(event_id)
        if event is None or event["status"] == "cancelled":
            return False
        self._store(event | {"status": "cancelled"})
        self._tell("cancelled", event, send_updates)
        return True


def _copy(event: Event | None) -> Event | None:
    return dict(event) if event is not None else None

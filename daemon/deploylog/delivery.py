"""Carries effects out, each exactly once, and keeps the ledger's word for it (design, "Effects").

Mail: the intent is committed; `drafts.create`; draft id and thread id stored; SENDING committed; `drafts.send` once.
What is in doubt afterwards is looked at, never resent: a draft that is still there was not sent; one that is gone is
looked for in its thread by the marker header; neither is UNKNOWN, parked until a person settles it.
Events: the id is derived from log and ID, the content's digest lies in a private property, so every call can be
repeated after a look.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import structlog

from deploylog.errors import (
    AccessDenied,
    Busy,
    Changed,
    Conflict,
    InDoubt,
    NotCarriedOut,
    NotFound,
    OutsideError,
    Refused,
)
from deploylog.google.calendar import Calendar, Event, event_id
from deploylog.google.gmail import Draft, Gmail, MessageInfo
from deploylog.ledger import Effect, Ledger
from deploylog.lifecycle import PENDING, EffectState, Wanted
from deploylog.mime import MARKER, Letter, Thread, compose, marker_for
from deploylog.model import FOLLOW_UP_KINDS, INTERNAL_KINDS, Key, Kind
from deploylog.tickets.mail_threads import MailThread

DOUBT_WAIT = timedelta(seconds=5)
"""How long a send whose answer was lost may still be under way before its draft tells the truth."""
LONGEST_CALL = timedelta(seconds=180)
"""How long a daemon that lost its store may still be at a call it began: a token (40 s), the call (40 s) refused for
it, another token, the call again (`google/transport.py`), and the clocks of two machines, 20 s apart at the most."""
FIRST_BACKOFF = timedelta(seconds=2)
LONGEST_BACKOFF = timedelta(minutes=2)
_GOLDEN_RATIO = 0.618
"""Its multiples spread evenly between 0 and 1, however many there are."""
EVENT_GENERATIONS = 5
"""How many ids are tried for an event whose deleted predecessor cannot be restored."""

SENT, FAILED, DEAD = EffectState.SENT, EffectState.FAILED, EffectState.DEAD

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Something that came to be in this pass, for History."""

    effect: Effect
    what: str
    """`sent`, `parked`, `invited`, `updated`, `recorded`, `withdrawn` or `adopted`."""


@dataclass(frozen=True, slots=True)
class EventContent:
    """The event as it shall stand. Start and end are UTC."""

    title: str
    description: str
    start: datetime
    end: datetime
    time_zone: str
    guests: tuple[str, ...]

    def digest(self) -> str:
        """Equal exactly when nothing a guest could see differs."""
        parts = (
            self.title,
            self.description,
            self.start.isoformat(),
            self.end.isoformat(),
            self.time_zone,
            self.guests,
        )
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]


class Delivery:
    """The one place that changes anything in mailboxes and calendars."""

    def __init__(
        self, ledger: Ledger, gmail: Gmail, calendar: Calendar, mailboxes: Mapping[str, Gmail] = MappingProxyType({})
    ) -> None:
        """`mailboxes`: by address, those besides our own in which threads are answered."""
        self._ledger = ledger
        self._gmail = gmail
        self._calendar = calendar
        self._mailboxes = mailboxes
        self.clock: Callable[[], datetime] | None = None
        """Says when a call begins and ends; None: the decision's `now` holds."""

    # Other daemons ---------------------------------------------------------------------------------------------

    def begins(self, now: datetime) -> datetime | None:
        """Until when others leave the call alone that begins now, should this daemon be cut off meanwhile."""
        if not self._ledger.store.shared:
            return None
        return self._by_now(now) + LONGEST_CALL

    def _by_now(self, now: datetime) -> datetime:
        """What time it is, where the decision's `now` may lie seconds back, or calls that hung."""
        return self.clock() if self.clock else now

    @staticmethod
    def not_while_under_way(effect: Effect, now: datetime) -> None:
        """Raises `Busy` where a daemon that was cut off may still be at its call: nothing may be concluded yet."""
        until = effect.under_way_until
        if until is not None and now < until:
            rest = (until - now).total_seconds()
            raise Busy(
                "another daemon may still be at this; it is looked up again when its call is over", retry_after=rest
            )

    # Mails -----------------------------------------------------------------------------------------------------

    def resolve_doubts(self, log_id: str, now: datetime) -> list[Outcome]:
        """Find out what became of sends whose answer was lost, as far as that can be known now."""
        outcomes = []
        for effect in self._ledger.effects_of(log_id, states=[EffectState.SENDING]):
            if effect.is_due(now):
                outcomes += self.attempt(effect, now, self._resolve)
        return outcomes

    def mail(
        self,
        log_id: str,
        deployment_id: str,
        wanted: Sequence[tuple[Wanted, Callable[[], Letter]]],
        now: datetime,
    ) -> list[Outcome]:
        """Bring a deployment's mails to what is wanted: what is pending and not wanted dies, the wanted goes out.

        All intents are committed before the first leaves, so that a crash in between loses none of the languages. What
        was committed goes as it was written then, unless somebody it was meant for is no reader of it any more: it is
        dropped, and written anew for those who are.
        """
        keys = {self._key(log_id, deployment_id, one): (one, letter) for one, letter in wanted}
        pending = {effect.key: effect for effect in self._ledger.effects_of(log_id, deployment_id, [*PENDING])}
        outcomes = []
        for key, effect in list(pending.items()):
            if key not in keys:
                if key.kind not in (Kind.EVENT, *FOLLOW_UP_KINDS):
                    outcomes += self.attempt(effect, now, self._drop)
            elif effect.is_due(now) and _has_lost_readers(effect, keys[key][1]()):
                outcomes += self.attempt(effect, now, self._drop)
                del pending[key]
                if self._state_of(effect) is not DEAD:
                    # The draft could not be taken back yet; or a person has sent it.
                    del keys[key]
        fresh = [(key, _payload(letter()), one.due) for key, (one, letter) in keys.items() if key not in pending]
        committed = self._ledger.commit(fresh, now)
        to_send = [effect for key, effect in pending.items() if key in keys] + committed
        # What follows a mail that may still be on its way waits for it: else it could not join its thread.
        on_their_way = {one.key.target for one in self._ledger.effects_of(log_id, deployment_id, [EffectState.SENDING])}
        for effect in to_send:
            if effect.key.target not in on_their_way and effect.is_due(now):
                outcomes += self.attempt(effect, now, self._draft_and_send)
        return outcomes

    def _state_of(self, effect: Effect) -> EffectState:
        """As the ledger has it now."""
        now = self._ledger.effect(effect.number)
        assert now is not None
        return now.state

    def answer(
        self, key: Key, thread: MailThread, letter: Callable[[], Letter], asked_for: Mapping[str, str], now: datetime
    ) -> list[Outcome]:
        """Answer in somebody's thread, which is looked through for our answer first; nothing once it is out.

        The thread may show an answer of which an earlier ledger knew. `asked_for` is kept with the effect.
        """
        answered = {"id": thread.id, "message_ids": list(thread.message_ids), "subject": thread.subject}
        frozen = {**_payload(letter()), "mailbox": thread.mailbox, "thread": answered, **asked_for}
        pending = self._ledger.commit([(key, frozen, now)], now)
        due = [effect for effect in pending if effect.is_due(now)]
        return [outcome for effect in due for outcome in self.attempt(effect, now, self._answer)]

    def _answer(self, effect: Effect, now: datetime) -> list[Outcome]:
        if effect.state is EffectState.COMMITTED:
            effect = self._ledger.advance(effect.number, effect.state, effect.state, thread_id=effect.key.target)
            if found := self._in_thread(effect):
                return [self.sent(effect, found.id, found.thread_id, now)]
        return self._draft_and_send(effect, now)

    def come_to_rest(self, log_id: str, deployment_id: str, now: datetime) -> tuple[list[Outcome], bool]:
        """Take back what is pending for a deployment; whether all is, and nothing of it is in doubt (`resolve_doubts`).

        Of a ticket that may have been told already nobody can tell any more, where it is to be known by another log's
        name: it is parked. The event is left alone; it is found by its id.
        """
        outcomes: list[Outcome] = []
        for effect in self._ledger.effects_of(log_id, deployment_id, [*PENDING]):
            if effect.key.kind is Kind.TICKET_NOTE and effect.in_doubt:
                outcomes.append(self._park(effect, EffectState.UNKNOWN, "the log was replaced while it was written"))
            elif effect.key.kind is not Kind.EVENT:
                outcomes += self.attempt(effect, now, self._drop)
        left = self._ledger.effects_of(log_id, deployment_id, [EffectState.SENDING, *PENDING])
        return outcomes, all(one.key.kind is Kind.EVENT for one in left)

    def drop(self, effect: Effect, now: datetime) -> list[Outcome]:
        """Take back an answer that is pending and not wanted any more."""
        return self.attempt(effect, now, self._drop)

    @staticmethod
    def _key(log_id: str, deployment_id: str, wanted: Wanted) -> Key:
        return Key(log_id, deployment_id, wanted.kind, wanted.generation, wanted.round, wanted.target)

    def _marker(self, key: Key) -> str:
        """What tells the mail of an effect in the mailbox."""
        return marker_for(key)

    def _draft_and_send(self, effect: Effect, now: datetime) -> list[Outcome]:
        if effect.state is EffectState.DRAFTED and effect.in_doubt:
            # It was to be dropped, and that did not come to its end.
            if self._mailbox(effect).draft(effect.draft_id) is not None:
                effect = self._ledger.advance(effect.number, effect.state, effect.state, in_doubt=False)
            elif found := self._in_thread(effect):
                return [self.sent(effect, found.id, found.thread_id, now)]
            else:
                effect = self._ledger.advance(
                    effect.number, effect.state, EffectState.COMMITTED, draft_id="", in_doubt=False
                )
        if effect.state is EffectState.COMMITTED:
            effect = self._draft(effect, now)
        return self._send(effect, now)

    def _draft(self, effect: Effect, now: datetime) -> Effect:
        """Create the draft, or adopt the one an earlier, unanswered call made."""
        marker = self._marker(effect.key)
        if effect.in_doubt and (ours := self._drafts_with(effect)):
            for superfluous in ours[1:]:
                self._mailbox(effect).delete_draft(superfluous)
            if (draft := self._mailbox(effect).draft(ours[0])) is not None:
                return self._drafted(effect, draft.id, draft.thread_id)
        self.not_while_under_way(effect, now)
        thread = self._thread(effect)
        try:
            content = compose(_letter(effect.payload), thread, marker, now)
        except ValueError as problem:
            raise Refused(f"the mail cannot be written: {problem}") from problem
        effect = self._ledger.advance(
            effect.number,
            effect.state,
            effect.state,
            attempts=effect.attempts + 1,
            in_doubt=True,
            under_way_until=self.begins(now),
        )
        try:
            draft = self._create_draft(effect, content, thread)
        except NotCarriedOut:
            self._ledger.advance(effect.number, effect.state, effect.state, in_doubt=False)
            raise
        return self._drafted(effect, draft.id, draft.thread_id)

    def _create_draft(self, effect: Effect, content: bytes, thread: Thread) -> Draft:
        try:
            return self._mailbox(effect).create_draft(content, thread.id)
        except NotFound:
            if not thread.id or effect.key.kind is Kind.THREAD_ANSWER:
                raise
            # The conversation was deleted from our mailbox; the headers still thread it for the recipients.
            return self._mailbox(effect).create_draft(content)

    def _drafted(self, effect: Effect, draft_id: str, thread_id: str) -> Effect:
        return self._ledger.advance(
            effect.number,
            EffectState.COMMITTED,
            EffectState.DRAFTED,
            draft_id=draft_id,
            thread_id=thread_id,
            in_doubt=False,
            retry_at=None,
        )

    def _send(self, effect: Effect, now: datetime) -> list[Outcome]:
        effect = self._ledger.advance(
            effect.number,
            EffectState.DRAFTED,
            EffectState.SENDING,
            attempts=effect.attempts + 1,
            retry_at=now + DOUBT_WAIT,
            in_doubt=True,
            under_way_until=self.begins(now),
        )
        try:
            sent = self._mailbox(effect).send_draft(effect.draft_id)
        except NotCarriedOut as refusal:
            if isinstance(refusal, Refused) and not isinstance(refusal, AccessDenied):
                return self._after_refusal(effect, refusal, now)
            # Certainly not sent, and it may go later: the draft waits for the next try.
            self._ledger.advance(effect.number, EffectState.SENDING, EffectState.DRAFTED, in_doubt=False)
            raise
        return [self.sent(effect, sent.id, sent.thread_id, now)]

    def _after_refusal(self, effect: Effect, refusal: Refused, now: datetime) -> list[Outcome]:
        """404 and 400 alike: the draft was sent, deleted or remade by a person, or is one Gmail will not send."""
        if self._mailbox(effect).draft(effect.draft_id) is not None:
            self._mailbox(effect).delete_draft(effect.draft_id)
            return [self._park(effect, EffectState.FAILED, str(refusal))]
        found = self._in_thread(effect)
        if found:
            return [self.sent(effect, found.id, found.thread_id, now)]
        return [self._park(effect, EffectState.UNKNOWN, str(refusal))]

    def _resolve(self, effect: Effect, now: datetime) -> list[Outcome]:
        """A send without an answer: there -> not sent, send; gone -> look in the thread; neither -> parked."""
        if self._mailbox(effect).draft(effect.draft_id) is not None:
            self.not_while_under_way(effect, now)
            # Not sent. Whether it is still wanted is decided anew in this pass.
            self._ledger.advance(effect.number, EffectState.SENDING, EffectState.DRAFTED, in_doubt=False, retry_at=None)
            return []
        return [self._gone(effect, now)]

    def _gone(self, effect: Effect, now: datetime) -> Outcome:
        """A mail whose draft is gone, and not by our deleting it: its thread shows that it is out, or it is parked."""
        if found := self._in_thread(effect):
            return self.sent(effect, found.id, found.thread_id, now)
        self.not_while_under_way(effect, now)
        return self._park(effect, EffectState.UNKNOWN, "the draft is gone and its thread does not show the mail")

    def _in_thread(self, effect: Effect) -> MessageInfo | None:
        """The sent mail with this effect's marker in the thread its draft was in; an answer may carry a forged one."""
        marker = self._marker(effect.key)
        for message in self._mailbox(effect).thread(effect.thread_id, [MARKER]):
            if message.headers.get(MARKER.lower()) == marker and "SENT" in message.labels:
                return message
        return None

    def sent(self, effect: Effect, external_id: str, thread_id: str, now: datetime) -> Outcome:
        """It is out, by our hand or, as with a draft that a person sent, by another's: that is written down."""
        effect = self._ledger.advance(
            effect.number,
            effect.state,
            EffectState.SENT,
            at=now,
            external_id=external_id,
            thread_id=thread_id,
            in_doubt=False,
            retry_at=None,
            reason="",
            to_tell="" if effect.key.kind in INTERNAL_KINDS else "sent",
        )
        return Outcome(effect, "sent")

    def _park(self, effect: Effect, state: EffectState, reason: str) -> Outcome:
        effect = self._ledger.advance(effect.number, effect.state, state, reason=reason, in_doubt=False, retry_at=None)
        log.warning("parked", effect=effect.number, key=str(effect.key), state=state.value, reason=reason)
        return Outcome(effect, "parked")

    def _drop(self, effect: Effect, now: datetime) -> list[Outcome]:
        """A pending mail that is not wanted any more: its draft is removed, and it never goes out.

        Where the draft is gone already a person may have sent it: then it is out, and the ledger says so; or, where its
        thread does not show it, as with one sent from a client that drops our header, nobody knows.
        """
        if effect.draft_id:
            if not effect.in_doubt and self._mailbox(effect).draft(effect.draft_id) is None:
                return [self._gone(effect, now)]
            # From here on that the draft is gone may be our own doing, also for whoever goes on after a crash.
            effect = self._ledger.advance(effect.number, effect.state, effect.state, in_doubt=True)
            # Deleted first, looked for then: in between nobody can send it any more.
            self._mailbox(effect).delete_draft(effect.draft_id)
            if found := self._in_thread(effect):
                return [self.sent(effect, found.id, found.thread_id, now)]
        elif effect.in_doubt:
            self.not_while_under_way(effect, now)
            for draft in self._drafts_with(effect):
                self._mailbox(effect).delete_draft(draft)
        self._ledger.advance(effect.number, effect.state, EffectState.DEAD, in_doubt=False, retry_at=None, draft_id="")
        log.info("dropped", effect=effect.number, key=str(effect.key))
        return []

    def _drafts_with(self, effect: Effect) -> list[str]:
        """Drafts that carry the effect's marker."""
        marker = self._marker(effect.key)
        return [
            draft
            for draft in self._mailbox(effect).drafts()
            if (self._mailbox(effect).draft_headers(draft, [MARKER]) or {}).get(MARKER.lower()) == marker
        ]

    def _mailbox(self, effect: Effect) -> Gmail:
        """Where the mail is drafted and sent: our own mailbox, but for an answer in another's thread."""
        return self._mailboxes.get(str(effect.payload.get("mailbox", "")), self._gmail)

    def _thread(self, effect: Effect) -> Thread:
        """The conversation of this deployment and target so far, with Google's own Message-IDs.

        A notice stands alone: a thread has one subject, and each notice is about something else.
        """
        if effect.key.kind is Kind.THREAD_ANSWER:
            answered = effect.payload["thread"]
            return Thread(effect.key.target, tuple(answered["message_ids"]), answered["subject"])
        alone = (Kind.EVENT, Kind.NOTICE, *FOLLOW_UP_KINDS)
        if effect.key.kind in alone:
            return Thread()
        before = [
            one
            for one in self._ledger.effects_of(effect.key.log_id, effect.key.deployment_id, [EffectState.SENT])
            if one.key.target == effect.key.target and one.key.kind not in alone and one.external_id
        ]
        before.sort(key=lambda one: (one.at or one.committed_at, one.number))
        headers = tuple(header for one in before if (header := self._message_header(one)))
        if not headers:
            return Thread()
        return Thread(before[-1].thread_id, headers, str(before[0].payload["subject"]))

    def _message_header(self, effect: Effect) -> str:
        if effect.message_header:
            return effect.message_header
        message = self._mailbox(effect).message(effect.external_id, ["Message-ID"])
        header = message.headers.get("message-id", "") if message else ""
        if header:
            self._ledger.advance(effect.number, EffectState.SENT, EffectState.SENT, message_header=header)
        return header

    # Events ----------------------------------------------------------------------------------------------------

    def invite(
        self, log_id: str, deployment_id: str, content: EventContent, tell_guests: bool, now: datetime
    ) -> list[Outcome]:
        """Have the event stand with this content; nothing is called where it already does."""
        key = event_key(log_id, deployment_id)
        effect = self._event_effect(key)
        digest = content.digest()
        settled = effect is not None and effect.state in (SENT, FAILED) and not effect.in_doubt
        if effect is not None and settled and effect.content_hash == digest:
            return []
        if effect is None or effect.state is DEAD:
            # A cancelled event keeps its guests: whom we had invited stays known as ours.
            ours = effect.payload.get("guests", []) if effect is not None else []
            [effect] = self._ledger.commit([(key, {"guests": ours}, None)], now)
        if not effect.is_due(now):
            return []

        def write(effect: Effect, now: datetime) -> list[Outcome]:
            if not effect.in_doubt:
                # A cancellation; two who write cannot undo each other, by the event's id and etag.
                self.not_while_under_way(effect, now)
            return self._write_event(effect, content, tell_guests, now)

        return self.attempt(effect, now, write)

    def withdraw(self, log_id: str, deployment_id: str, now: datetime) -> list[Outcome]:
        """Cancel the event, also one that only may be there, and tell its guests; nothing is called where none is."""
        effect = self._event_effect(event_key(log_id, deployment_id))
        if effect is None or effect.state is DEAD or not effect.is_due(now):
            return []

        def cancel(effect: Effect, now: datetime) -> list[Outcome]:
            self.not_while_under_way(effect, now)
            effect = self._ledger.advance(
                effect.number,
                effect.state,
                effect.state,
                under_way_until=self.begins(now),
                attempts=effect.attempts + 1,
            )
            stood = effect.state is SENT
            if stood or effect.external_id or effect.in_doubt:
                # Which of its ids it has is not sure where an answer was lost; the first that stands is it.
                stood |= any(self._calendar.cancel(identity, send_updates=True) for identity in _event_ids(effect))
            dead = self._ledger.advance(
                effect.number,
                effect.state,
                DEAD,
                at=now,
                content_hash="",
                in_doubt=False,
                retry_at=None,
                reason="",
                to_tell="withdrawn" if stood else "",
            )
            return [Outcome(dead, "withdrawn")] if stood else []

        return self.attempt(effect, now, cancel)

    def _event_effect(self, key: Key) -> Effect | None:
        return next((one for one in self._ledger.effects_of(key.log_id, key.deployment_id) if one.key == key), None)

    def _write_event(self, effect: Effect, content: EventContent, tell_guests: bool, now: datetime) -> list[Outcome]:
        """Insert, or update what stands under the derived id; an id that cannot be restored gives way to the next."""
        look_first = bool(effect.external_id) or effect.in_doubt
        # Should the answer be lost, guests of this content may stand in the event: they are known as ours from now on.
        ours = dict.fromkeys((*effect.payload.get("guests", ()), *content.guests))
        payload = {**effect.payload, "guests": list(ours)}
        before = effect
        effect = self._ledger.advance(
            effect.number,
            effect.state,
            effect.state,
            in_doubt=True,
            payload=payload,
            under_way_until=self.begins(now),
            attempts=effect.attempts + 1,
        )
        try:
            for identity in _event_ids(effect):
                brought = self._bring_about(before, identity, content, tell_guests, look_first)
                if brought is not None:
                    return [self._event_written(effect, *brought, content, tell_guests, now)]
        except Refused as refusal:
            if isinstance(refusal, AccessDenied | Changed | NotFound):
                raise
            # Refused as it is (a guest's address, say); tried again once the content differs.
            self._ledger.advance(effect.number, effect.state, effect.state, content_hash=content.digest())
            return [self._park(effect, FAILED, str(refusal))]
        deployment = effect.key.deployment_id
        raise NotCarriedOut(f"calendar: all ids of the event of {deployment} belong to events deleted for good")

    def _bring_about(
        self, effect: Effect, identity: str, content: EventContent, tell_guests: bool, look_first: bool
    ) -> tuple[Event, bool] | None:
        """Have the event stand under this id; None where the id is taken by one that cannot be restored.

        True beside the event: it stood there as wanted, from the time of an earlier ledger, and nobody was told now.
        """
        existing = self._calendar.get(identity) if look_first else None
        if existing is None:
            body = _event_body(effect.key, content) | {
                "id": identity,
                "attendees": [{"email": guest} for guest in content.guests],
            }
            try:
                return self._calendar.insert(body, send_updates=tell_guests), False
            except Conflict:
                existing = self._calendar.get(identity)
        if existing is None:
            return None
        private = existing.get("extendedProperties", {}).get("private", {})
        as_wanted = existing.get("status") != "cancelled" and private.get("content") == content.digest()
        if as_wanted and private.get("log") == effect.key.log_id:
            return existing, not effect.in_doubt
        try:
            # Of one that only names another log guests see no difference.
            event = self._update(effect, existing, content, tell_guests and not as_wanted)
            return event, as_wanted and not effect.in_doubt
        except AccessDenied:
            if existing.get("status") != "cancelled":
                raise
            return None

    def _update(self, effect: Effect, existing: Event, content: EventContent, tell_guests: bool) -> Event:
        """Write the content over what stands, keeping guests' answers and guests people added by hand."""
        standing = {str(guest["email"]).lower(): guest for guest in existing.get("attendees", [])}
        ours_before = {guest.lower() for guest in effect.payload.get("guests", ())}
        kept = [guest for address, guest in standing.items() if address not in ours_before]
        ours = [standing.get(address.lower(), {"email": address}) for address in content.guests]
        added = {str(guest["email"]).lower() for guest in ours}
        attendees = ours + [guest for guest in kept if str(guest["email"]).lower() not in added]
        body = dict(existing) | _event_body(effect.key, content) | {"attendees": attendees}
        return self._calendar.update(str(existing["id"]), body, str(existing.get("etag", "")), send_updates=tell_guests)

    def _event_written(
        self, effect: Effect, event: Event, adopted: bool, content: EventContent, tell_guests: bool, now: datetime
    ) -> Outcome:
        first = not effect.content_hash or effect.state is not SENT
        what = "adopted" if adopted else "recorded" if not tell_guests else "invited" if first else "updated"
        effect = self._ledger.advance(
            effect.number,
            effect.state,
            EffectState.SENT,
            at=now,
            external_id=str(event["id"]),
            content_hash=content.digest(),
            payload={"guests": list(content.guests), "link": str(event.get("htmlLink", ""))},
            attempts=0,
            in_doubt=False,
            retry_at=None,
            reason="",
            to_tell="" if adopted else what,
        )
        return Outcome(effect, what)

    # Failures --------------------------------------------------------------------------------------------------

    def attempt(self, effect: Effect, now: datetime, act: Callable[[Effect, datetime], list[Outcome]]) -> list[Outcome]:
        """Act; a failure is written down with the time of the next try, or parks the effect. Never raises for one."""
        try:
            return act(effect, now)
        except OutsideError as failure:
            return self._failed(effect.number, failure, now, effect.under_way_until)

    def _failed(
        self, number: int, failure: OutsideError, now: datetime, others: datetime | None = None
    ) -> list[Outcome]:
        """`others`: until when a call may be under way that this failure says nothing of. Our own is over.

        Neither the state nor the doubt changes here: only the act itself knows what its failure means."""
        effect = self._ledger.effect(number)
        assert effect is not None
        # From the end of the call: one that hung may have taken longer than the wait.
        later = self._by_now(now) + backoff(number, effect.attempts, failure)
        reason = str(failure)
        log.warning("not done yet", effect=number, key=str(effect.key), reason=reason, retry_at=later.isoformat())
        # A refused look, at a draft of ours that is there or may be, parks nothing: the draft would stay behind.
        nothing_outside = effect.state is EffectState.COMMITTED and not effect.in_doubt
        if nothing_outside and effect.key.kind is not Kind.EVENT and _for_good(failure):
            return [self._park(effect, FAILED, reason)]
        self._ledger.advance(number, effect.state, effect.state, retry_at=later, reason=reason, under_way_until=others)
        return []


def _has_lost_readers(effect: Effect, letter: Letter) -> bool:
    """Whether the frozen mail goes to somebody to whom the same mail, written now, would not go."""
    frozen = {address.lower() for group in ("to", "cc") for address in effect.payload.get(group, ())}
    return bool(frozen - {address.lower() for address in (*letter.to, *letter.cc)})


def _for_good(failure: OutsideError) -> bool:
    return isinstance(failure, Refused) and not isinstance(failure, AccessDenied | NotFound)


def event_key(log_id: str, deployment_id: str) -> Key:
    """There is one event per deployment, whatever its generation."""
    return Key(log_id, deployment_id, Kind.EVENT, 0, 0, "")


def _event_ids(effect: Effect) -> list[str]:
    """The ids its event may have: from the one it was last known by; the later ones where that was given up."""
    key = effect.key
    ids = [event_id(key.log_id, key.deployment_id, attempt) for attempt in range(EVENT_GENERATIONS)]
    if effect.external_id in ids:
        return ids[ids.index(effect.external_id) :]
    # Of a log that this one took the place of.
    return [effect.external_id, *ids] if effect.external_id else ids


def _event_body(key: Key, content: EventContent) -> dict[str, Any]:
    """What we write of an event. Guests may not change or invite; times carry the customer's zone."""
    return {
        "summary": content.title,
        "description": content.description,
        "start": {"dateTime": content.start.isoformat(), "timeZone": content.time_zone},
        "end": {"dateTime": content.end.isoformat(), "timeZone": content.time_zone},
        "status": "confirmed",
        "guestsCanModify": False,
        "guestsCanInviteOthers": False,
        "extendedProperties": {
            "private": {"log": key.log_id, "deployment": key.deployment_id, "content": content.digest()}
        },
    }


def backoff(number: int, attempts: int, failure: OutsideError) -> timedelta:
    """Twice as long each time, bounded; at least what the service asks for.

    Up to a quarter shorter, by the effect's number: what failed at one instant is not tried again at one instant. By
    the number and not by chance, so that a story told again goes as it went.
    """
    wait = min(FIRST_BACKOFF * (1 << min(attempts, 10)), LONGEST_BACKOFF)
    wait *= 1 - (number * _GOLDEN_RATIO % 1) / 4
    if isinstance(failure, InDoubt):
        wait = max(wait, DOUBT_WAIT)
    asked = timedelta(seconds=failure.retry_after) if isinstance(failure, Busy) else timedelta(0)
    return max(wait, asked)


def _payload(letter: Letter) -> dict[str, Any]:
    return {
        "sender": letter.sender,
        "to": list(letter.to),
        "cc": list(letter.cc),
        "reply_to": letter.reply_to,
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html,
    }


def _letter(payload: Mapping[str, Any]) -> Letter:
    return Letter(
        payload["sender"],
        tuple(payload["to"]),
        tuple(payload["cc"]),
        payload["reply_to"],
        payload["subject"],
        payload["text"],
        payload["html"],
    )

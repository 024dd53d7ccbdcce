"""The procedure's step 5: tickets get a note, and mail threads an answer, once everybody was told by mail.

Each line of `Tickets and e-mails` that names a ticket or a thread becomes one effect per occasion (start, end,
rollback). A note carries its marker in its last line and is looked for before it is written, so that a lost answer, or
a lost ledger, writes none twice. A service that fails is left alone for a while and keeps nothing else waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from deploylog.cells import is_address
from deploylog.delivery import DOUBT_WAIT, Delivery, Outcome
from deploylog.errors import NotCarriedOut, OutsideError
from deploylog.ledger import Effect, Ledger
from deploylog.lifecycle import OCCASIONS, PENDING, EffectState
from deploylog.mime import Letter, marker_for
from deploylog.model import FOLLOW_UP_KINDS, Key, Kind, Notify, Progress, Sentence
from deploylog.observe import LogView, RowView
from deploylog.tickets import mail_threads
from deploylog.tickets.interface import Ticket, Tracker, Unfit
from deploylog.tickets.mail_threads import MailThread, Threads

LEFT_ALONE = timedelta(minutes=1)
"""How long a service that failed is not asked again: one that never answers must not hold up every pass."""
ASKED_AGAIN = timedelta(minutes=10)
"""How long it counts that there is no such ticket or thread, or that it is not clear which."""
LOOKED_UP_FOR = timedelta(hours=1)
"""How long it counts, while a row is only scheduled, that its ticket or thread is there."""
THREADS = "mail"

T = TypeVar("T")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """What a row has to say of its tickets and threads."""

    unfit: tuple[Sentence, ...] = ()
    """Lines that name nothing that can be told: staff put them right."""
    waiting: tuple[Sentence, ...] = ()
    """What is tried again by itself."""


@dataclass(frozen=True, slots=True)
class Named:
    """A ticket or thread one line names."""

    service: str
    """The tracker's name, or `THREADS`."""
    reference: str

    @classmethod
    def of(cls, effect: Effect) -> Named:
        """What an effect was asked for by."""
        return cls(str(effect.payload.get("service", "")), str(effect.payload.get("reference", "")))


@dataclass
class FollowUps:
    """Brings about the notes and answers of a log's rows. `at_start`: trackers that get a note at the start, too."""

    ledger: Ledger
    delivery: Delivery
    trackers: Sequence[Tracker]
    threads: Threads
    at_start: frozenset[str]
    letter: Callable[[LogView, RowView, MailThread, Kind, datetime], Letter]
    """The answer in a thread."""
    note: Callable[[LogView, RowView, Kind, datetime], str]
    """The note's words."""
    domains: Callable[[LogView], frozenset[str]]
    """Of our own people and of the customer's contacts, lower case: whoever else is in a thread keeps it unanswered."""
    rehearsal: bool = False
    """All mail is redirected: notes are internal, so that no customer reads them."""
    _failed: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    """By service: until when it is left alone, and why."""
    _unfit: dict[tuple[str, Named], tuple[datetime, Sentence]] = field(default_factory=dict)
    """By customer and line: until when it counts, and what is wrong with it."""
    _there: dict[tuple[str, Named], datetime] = field(default_factory=dict)
    """By customer and line: until when it counts that what it names is there."""

    def wants(self, view: LogView) -> bool:
        """Whether there is anything to tell or take back, as far as the ledger knows; nobody is asked."""
        if view.customer is None or view.stopped:
            return False
        return bool(self._pending(view.file.id)) or any(
            self._to_tell(view, row, row.decision.follow_up) for row in view.rows if row.decision.follow_up is not None
        )

    def carry_out(self, view: LogView, now: datetime) -> tuple[list[Outcome], dict[str, Told]]:
        """Write what is wanted and not written yet; take back what is not wanted any more.

        With it comes, by deployment, what its row has to say.
        """
        outcomes: list[Outcome] = []
        told: dict[str, Told] = {}
        if view.customer is None or view.stopped:
            return outcomes, told
        pending = self._pending(view.file.id)
        for row in view.rows:
            identity = row.deployment.id
            mine = pending.pop(identity, [])
            if row.decision.progress is Progress.SCHEDULED and not mine:
                told[identity] = self._looked_up(view, row, now)
            elif row.decision.follow_up is not None or mine:
                done, told[identity] = self._row(view, row, mine, now)
                outcomes += done
        for left in pending.values():
            for effect in left:
                outcomes += self._take_back(view, effect, now)
        return outcomes, {identity: one for identity, one in told.items() if one != Told()}

    def _looked_up(self, view: LogView, row: RowView, now: datetime) -> Told:
        """Asked about while there is time: lines that will name nothing once it is over."""
        unfit = []
        for named in self._named(row, Kind.END):
            asked = (view.customer.name if view.customer else "", named)
            if now < self._there.get(asked, now):
                continue
            try:
                self._find(view, named, now)
                self._there[asked] = now + LOOKED_UP_FOR
            except Unfit as problem:
                unfit.append(problem.sentence)
            except OutsideError as failure:
                log.info("not looked up", deployment=row.deployment.id, what=named.reference, reason=str(failure))
        return Told(tuple(unfit))

    def _pending(self, log_id: str) -> dict[str, list[Effect]]:
        found: dict[str, list[Effect]] = {}
        for effect in self.ledger.effects_of(log_id, states=[*PENDING]):
            if effect.key.kind in FOLLOW_UP_KINDS:
                found.setdefault(effect.key.deployment_id, []).append(effect)
        return found

    def _row(self, view: LogView, row: RowView, pending: Sequence[Effect], now: datetime) -> tuple[list[Outcome], Told]:
        occasion = row.decision.follow_up
        outcomes: list[Outcome] = []
        unfit: list[Sentence] = []
        waiting: list[Sentence] = []
        wanted = self._named(row, occasion)
        for effect in pending:
            if occasion is None or effect.key.round != OCCASIONS.index(occasion) or Named.of(effect) not in wanted:
                outcomes += self._take_back(view, effect, now)
        if occasion is None:
            return outcomes, Told()
        for named in self._to_tell(view, row, occasion):
            try:
                outcomes += self._one(view, row, occasion, named, now)
            except Unfit as problem:
                unfit.append(problem.sentence)
            except OutsideError as failure:
                log.warning("not told yet", deployment=row.deployment.id, what=named.reference, reason=str(failure))
                waiting.append(Sentence.of("follow_up_waits", what=named.reference, reason=str(failure)[:120]))
        return outcomes, Told(tuple(unfit), tuple(waiting))

    def _to_tell(self, view: LogView, row: RowView, occasion: Kind) -> list[Named]:
        """The tickets and threads that are not told of this yet."""
        wanted = self._named(row, occasion)
        if not wanted:
            return []
        done = {
            Named.of(one)
            for one in self.ledger.effects_of(view.file.id, row.deployment.id)
            if one.key.kind in FOLLOW_UP_KINDS
            and one.key.round == OCCASIONS.index(occasion)
            and one.state not in (*PENDING, EffectState.DEAD)
        }
        return [named for named in wanted if named not in done]

    def _named(self, row: RowView, occasion: Kind | None) -> tuple[Named, ...]:
        """The tickets and threads the row names, each once, that are told of this."""
        found: dict[Named, None] = {}
        for line in row.deployment.tickets:
            if thread := mail_threads.reference(line):
                # Threads are answered when it is over; those of customers only where customers are told.
                if occasion is not Kind.START and row.deployment.notify is Notify.EVERYONE:
                    found[Named(THREADS, thread)] = None
                continue
            for tracker in self.trackers:
                if reference := tracker.reference(line):
                    if occasion is not Kind.START or tracker.name in self.at_start:
                        found[Named(tracker.name, reference)] = None
                    break
        return tuple(found)

    # One ticket or thread ------------------------------------------------------------------------------------------

    def _one(self, view: LogView, row: RowView, occasion: Kind, named: Named, now: datetime) -> list[Outcome]:
        found = self._find(view, named, now)
        asked_for = {"service": named.service, "reference": named.reference}
        if isinstance(found, MailThread):
            key = self._key(view, row, Kind.THREAD_ANSWER, occasion, found.id)
            return self.delivery.answer(
                key, found, lambda: self.letter(view, row, found, occasion, now), asked_for, now
            )
        tracker = self._tracker(named)
        key = self._key(view, row, Kind.TICKET_NOTE, occasion, f"{tracker.name} {found.number}")
        text = f"{self.note(view, row, occasion, now).rstrip()}\n\n[{marker_for(key)}]\n"
        internal = self.rehearsal or row.deployment.notify is not Notify.EVERYONE
        frozen = {"text": text, "internal": internal, **asked_for}

        def write(effect: Effect, at: datetime) -> list[Outcome]:
            self.delivery.not_while_under_way(effect, at)
            return self._asking(named, at, lambda: self._write(effect, tracker, found, occasion, at))

        pending = self.ledger.commit([(key, frozen, now)], now)
        due = [effect for effect in pending if effect.is_due(now)]
        return [outcome for effect in due for outcome in self.delivery.attempt(effect, now, write)]

    def _tracker(self, named: Named) -> Tracker:
        return next(one for one in self.trackers if one.name == named.service)

    def _write(self, effect: Effect, tracker: Tracker, ticket: Ticket, occasion: Kind, now: datetime) -> list[Outcome]:
        """Look for the note, else write it: after a lost answer, or with a new ledger, it may be there."""
        marker = marker_for(effect.key)
        note = tracker.note_with(ticket, marker)
        if not note:
            effect = self.ledger.advance(
                effect.number,
                effect.state,
                effect.state,
                attempts=effect.attempts + 1,
                in_doubt=True,
                retry_at=now + DOUBT_WAIT,
                under_way_until=self.delivery.begins(now),
            )
            try:
                note = tracker.add_note(ticket, str(effect.payload["text"]), bool(effect.payload["internal"]))
            except NotCarriedOut:
                self.ledger.advance(effect.number, effect.state, effect.state, in_doubt=False)
                raise
        if occasion is Kind.END and not self.rehearsal:
            # What was rolled back is still to be done.
            tracker.close(ticket)
        return [self.delivery.sent(effect, note, "", now)]

    def _take_back(self, view: LogView, effect: Effect, now: datetime) -> list[Outcome]:
        """What is pending and not wanted any more is not written; a note whose writing is in doubt is looked for."""
        if not effect.is_due(now):
            return []
        if effect.key.kind is Kind.THREAD_ANSWER:
            return self.delivery.drop(effect, now)

        def look(effect: Effect, now: datetime) -> list[Outcome]:
            self.delivery.not_while_under_way(effect, now)
            named, note = Named.of(effect), ""
            if effect.in_doubt and any(one.name == named.service for one in self.trackers):
                try:
                    ticket = self._find(view, named, now)
                    assert isinstance(ticket, Ticket)
                    note = self._tracker(named).note_with(ticket, marker_for(effect.key))
                except Unfit:
                    log.warning("ticket gone while a note on it was in doubt", effect=effect.number)
            return [self.delivery.sent(effect, note, "", now)] if note else self._dead(effect)

        return self.delivery.attempt(effect, now, look)

    def _dead(self, effect: Effect) -> list[Outcome]:
        self.ledger.advance(effect.number, effect.state, EffectState.DEAD, in_doubt=False, retry_at=None)
        return []

    @staticmethod
    def _key(view: LogView, row: RowView, kind: Kind, occasion: Kind, target: str) -> Key:
        return Key(view.file.id, row.deployment.id, kind, row.memory.generation, OCCASIONS.index(occasion), target)

    # Asking the services ---------------------------------------------------------------------------------------------

    def _find(self, view: LogView, named: Named, now: datetime) -> Ticket | MailThread:
        assert view.customer is not None
        customer, asked = view.customer, (view.customer.name, named)
        if (unfit := self._unfit.get(asked)) and now < unfit[0]:
            raise Unfit(unfit[1])
        try:
            if named.service == THREADS:
                thread = self._asking(named, now, lambda: self.threads.find(named.reference))
                if not all(self._is_known(view, address) for address in (*thread.to, *thread.cc)):
                    # Another customer's thread, named by a slip, say: its subject is not for this row's readers.
                    raise Unfit(Sentence.of("thread_strangers", text=named.reference.partition("/")[2][:80]))
                return thread
            return self._asking(named, now, lambda: self._tracker(named).find(named.reference, customer))
        except Unfit as problem:
            self._unfit[asked] = (now + ASKED_AGAIN, problem.sentence)
            raise

    def _is_known(self, view: LogView, address: str) -> bool:
        """Whether an address of a mail, which others wrote, is one, and of a known domain."""
        return is_address(address) and address.rpartition("@")[2] in self.domains(view)

    def _asking(self, named: Named, now: datetime, call: Callable[[], T]) -> T:
        """Call a service that is not left alone just now."""
        if (failed := self._failed.get(named.service)) and now < failed[0]:
            raise NotCarriedOut(failed[1])
        try:
            return call()
        except OutsideError as failure:
            self._failed[named.service] = (now + LEFT_ALONE, str(failure))
            raise

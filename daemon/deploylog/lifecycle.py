"""What happens to a row: from what staff wrote and what the ledger remembers to what has to be done now.

Pure, and the heart of the daemon. `remember` says what the ledger shall hold once a row was seen; `decide` says what
the row's columns shall tell, which effects are wanted now, and when to look again. Both are functions of their
arguments: the same row, memory and instant always give the same answer, so a second look after everything was done
wants nothing. The numbered steps are those of the design, "What happens to a row".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from deploylog import checklist, readiness, rules
from deploylog import deployment_log as log
from deploylog.audience import Circle, circles
from deploylog.cells import Names
from deploylog.facts import Facts
from deploylog.model import (
    CHECKLIST,
    Check,
    Contact,
    Customer,
    Deployment,
    Finding,
    Kind,
    Level,
    Notify,
    Party,
    Progress,
    Rule,
    Sentence,
    Status,
)


class EffectState(StrEnum):
    """How far an effect got. Only `SENDING` may have left without our knowing."""

    COMMITTED = "committed"
    """Meant, with its recipients frozen; nothing outside yet, or a draft we have not heard of."""
    DRAFTED = "drafted"
    """A draft of ours is in the mailbox; nothing has left."""
    SENDING = "sending"
    """Handed over; the answer is not known yet."""
    SENT = "sent"
    UNKNOWN = "unknown"
    """In doubt for good: parked until `settle`."""
    FAILED = "failed"
    """Refused for good: parked until `settle`."""
    DEAD = "dead"
    """Not wanted any more, and certainly never sent; may be wanted again."""


PENDING = frozenset({EffectState.COMMITTED, EffectState.DRAFTED})
PARKED = frozenset({EffectState.UNKNOWN, EffectState.FAILED})
STILL_TO_GO = PENDING | {EffectState.DEAD}
"""Not out, and wanted again or still."""
PERHAPS_OUT = frozenset({EffectState.SENDING, EffectState.SENT, EffectState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class EffectSeen:
    """An effect as the ledger holds it, as far as decisions depend on it."""

    number: int
    """The number people settle it by."""
    kind: Kind
    generation: int
    round: int
    """Which end a nudge or delay mail is about (`Memory.ends`); the minutes ahead of a reminder; the number of a
    notice; else 0."""
    target: str
    """A language, or the address of a mail to the responsible."""
    state: EffectState
    at: datetime | None = None
    """When it was sent, UTC."""
    reason: str = ""
    """Why it is parked, or not out yet, in the service's words."""
    since: datetime | None = None
    """When it was meant, UTC."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What the ledger holds of one deployment. Instants are UTC."""

    first_seen_at: datetime
    fingerprint: str
    changed_at: datetime
    """When the fingerprint was first seen: the row was left alone since."""
    status: Status
    status_since: datetime
    generation: int = 1
    start: datetime | None = None
    """The start of this generation."""
    ends: tuple[datetime, ...] = ()
    """The ends that held since the start was announced: the planned one, then each `New end`."""
    overridden: bool = False
    """Whether History already says that a rule or prerequisite was set aside for this generation."""
    copy_of: str = ""
    known_warnings: tuple[str, ...] | None = None
    """What the calendar said against the date when the row was judged first since its last edit, as whoever edited it
    saw it there (`Decision.warnings`); None: not judged since."""
    effects: tuple[EffectSeen, ...] = ()
    ticked: frozenset[str] | None = None
    """The boxes that are ticked; None: from before they were noted."""

    def out(self, *kinds: Kind) -> tuple[EffectSeen, ...]:
        """Effects of these kinds, of any generation, that went out or may have."""
        return tuple(one for one in self.effects if one.kind in kinds and one.state in PERHAPS_OUT)

    @property
    def started(self) -> bool:
        """Whether the start mail is out, or may be."""
        return bool(self.out(Kind.START))

    @property
    def revoked(self) -> bool:
        """Whether this generation was cancelled by mail."""
        return any(one.generation == self.generation for one in self.out(Kind.CANCELLED))

    @property
    def has_event(self) -> bool:
        return any(one.kind is Kind.EVENT and one.state is EffectState.SENT for one in self.effects)

    @property
    def may_have_event(self) -> bool:
        """Whether an event of ours stands or may stand, an answer having been lost."""
        return any(one.kind is Kind.EVENT and one.state is not EffectState.DEAD for one in self.effects)

    @property
    def closed_at(self) -> datetime | None:
        """The actual end: when the row was first seen closed."""
        return self.status_since if self.status in (Status.DONE, Status.ROLLED_BACK) else None


@dataclass(frozen=True, slots=True)
class Timing:
    """Config `notify`."""

    settle: timedelta = timedelta(seconds=30)
    reminders: tuple[timedelta, ...] = ()
    start_asks: bool = False
    """`start: ask`: the start mail goes on Status Started only."""
    start_lead: timedelta = timedelta(0)
    late_after: timedelta = timedelta(minutes=10)
    nudge: timedelta = timedelta(minutes=10)
    delay_asks: bool = False
    delay_after: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the configuration says about rows."""

    language: str = "es"
    """Of the organization: nudges, and sentences in the sheet."""
    timing: Timing = field(default_factory=Timing)
    required_ticks: tuple[str, ...] = ("Deployed", "System validated", "Monitoring checked")
    readiness: Mapping[Check, Level] = field(default_factory=lambda: readiness.DEFAULT_LEVELS)
    names: Names = field(default_factory=Names)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a decision depends on beside the row and its memory."""

    policy: Policy
    customer: Customer
    contacts: tuple[Contact, ...]
    dates: rules.Circumstances
    paused: bool = False
    stopped: tuple[Progress, Sentence] | None = None
    """Why nothing may be sent for the whole log, and the word to say it with."""
    facts: Facts = readiness.NO_FACTS
    """What is known outside of the row's prerequisites."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A mail that should be out; its key within the deployment is (kind, generation, round, target)."""

    kind: Kind
    generation: int
    round: int
    target: str
    circle: Circle
    due: datetime
    """When it should have left, UTC."""
    told: tuple[Sentence, ...] = ()
    """What a notice tells."""


class EventWish(StrEnum):
    """What the calendar shall show."""

    LEAVE = "leave"
    INVITE = "invite"
    """There, with the row's content; guests are told of changes."""
    RECORD = "record"
    """There, with the times that came to be; nobody is told."""
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be told and done about a row now."""

    progress: Progress | None
    """None: the row is being edited; what its columns say stays."""
    sentences: tuple[Sentence, ...] = ()
    slots: tuple[datetime, ...] = ()
    """Free dates to offer, UTC; only where the date is not allowed."""
    reasons: tuple[Sentence, ...] = ()
    """Of the sentences, those for which the date is not allowed."""
    warnings: tuple[Sentence, ...] = ()
    """Of the sentences of a row that is scheduled all the same, those about its days."""
    next_action: Sentence | None = None
    wanted: tuple[Wanted, ...] = ()
    event: EventWish = EventWish.LEAVE
    due: datetime | None = None
    """When to decide again at the latest, without any edit; UTC."""
    overridden: bool = False
    """The row passes because of `Override` alone."""
    follow_up: Kind | None = None
    """What the row's tickets and threads are to be told of now, one of `OCCASIONS`; None: of nothing."""


_ABOUT_DAYS = frozenset(Rule) - {Rule.OVERLAP, Rule.OUTSIDE_PREFERRED_HOURS}
"""The rules whose verdict can change though nobody touches a row."""
OCCASIONS = (Kind.START, Kind.END, Kind.ROLLED_BACK)
"""What tickets and threads are told of; the round of such an effect is the place in here."""
FOLLOWED_UP_FOR = timedelta(days=7)
"""How long after its mail a ticket or thread is still told of it: a service may be away, a line may be put right."""
_AT_REST = frozenset({Progress.DRAFT, Progress.DONE, Progress.ROLLED_BACK, Progress.CANCELLED})
_UNANNOUNCED = frozenset({Progress.DRAFT, Progress.NOT_READY, Progress.DATE_NOT_ALLOWED})
EARLIEST_START = timedelta(hours=12)
"""Started so long before the planned start is more likely a slip of the hand than an early deployment."""
LEFT_TO_THE_START_MAIL = timedelta(minutes=1)
_PAUSED = Decision(Progress.PAUSED, (Sentence.of("paused"),))


# What the ledger shall hold -------------------------------------------------------------------------------------


def first_memory(row: Deployment, now: datetime, copy_of: str = "") -> Memory:
    """What to remember of a row seen for the first time."""
    return Memory(
        first_seen_at=now,
        fingerprint=row.fingerprint,
        changed_at=now,
        status=row.status,
        status_since=now,
        start=row.window.start if row.window else None,
        ends=(row.end,) if row.end else (),
        copy_of=copy_of,
        ticked=row.checked,
    )


def newly_ticked(memory: Memory, before: Memory | None) -> tuple[str, ...]:
    """The boxes ticked since the look before; none at first sight, when nobody knows since when they are."""
    if before is None or before.ticked is None or memory.ticked is None:
        return ()
    return tuple(name for name in CHECKLIST if name in memory.ticked - before.ticked)


def remember(row: Deployment, before: Memory, now: datetime) -> Memory:
    """What to remember once `row` was seen at `now`: edits, a new status, a new start, a new end.

    A new `Start` before the start mail begins a new generation: what was pending for the old one is wanted no more.
    So does planning again what was cancelled by mail, since that can be cancelled again. After the start mail the
    generation stays, whatever happens to `Start`.
    """
    # A clock that was set back must not leave a row "edited in the future": it would wait until then.
    after = replace(
        before,
        changed_at=min(before.changed_at, now),
        status_since=min(before.status_since, now),
        ticked=row.checked,
    )
    if row.fingerprint != before.fingerprint:
        after = replace(after, fingerprint=row.fingerprint, changed_at=now, known_warnings=None)
    # An unreadable status is no new status: nothing is concluded from it.
    if row.status is not before.status and not row.status_unknown:
        after = replace(after, status=row.status, status_since=now)
    # A cell that cannot be read moves nothing: an end it leaves standing is not a new one.
    if row.window is None or row.end is None or row.problems:
        return after
    replanned = after.status is not Status.CANCELLED and before.revoked
    if not before.started and (row.window.start != before.start or replanned):
        generation = before.generation if before.start is None else before.generation + 1
        return replace(after, generation=generation, start=row.window.start, ends=(row.end,), overridden=False)
    if not before.started:
        return replace(after, ends=(row.end,))
    if row.window.start == before.start and (not before.ends or row.end != before.ends[-1]):
        return replace(after, ends=(*before.ends, row.end))
    return after


# What to do ------------------------------------------------------------------------------------------------------


def decide(row: Deployment, memory: Memory, around: Surroundings, now: datetime) -> Decision:
    """What is to be told and done about a row at `now`. `memory` has already seen the row (`remember`)."""
    decision = _by_status(row, memory, around, now)
    if not around.paused and around.stopped is None:
        decision = replace(decision, follow_up=_follow_up(row, memory, decision, now))
    if around.paused:
        at_rest = decision.progress in _AT_REST and not decision.wanted
        return replace(decision, event=EventWish.LEAVE) if at_rest else _PAUSED
    if around.stopped is not None:
        at_rest = decision.progress in _AT_REST and not decision.wanted
        word, reason = around.stopped
        return replace(decision, event=EventWish.LEAVE) if at_rest else Decision(word, (reason,))
    if decision.progress in _UNANNOUNCED and memory.may_have_event:
        # What the guests were told before still stands in their calendars; the row must not look as if it did not.
        told = (*decision.sentences, Sentence.of("invitation_stands"))
        decision = replace(decision, sentences=told)
    sending = [one for one in memory.effects if one.state is EffectState.SENDING]
    if sending and decision.progress is not None:
        unsure = tuple(Sentence.of("sending_now", what=_name(one)) for one in sending)
        decision = replace(decision, sentences=(*unsure, *decision.sentences))
    late_after = around.policy.timing.late_after
    stuck = tuple(
        _stuck(one)
        for one in memory.effects
        if one.state in PENDING and one.reason and one.since and now - one.since > late_after
    )
    if stuck and decision.progress is not None:
        decision = replace(decision, progress=Progress.NEEDS_ATTENTION, sentences=(*stuck, *decision.sentences))
    parked = tuple(_parked(one) for one in memory.effects if one.state in PARKED)
    if parked and decision.progress is not None:
        told = () if decision.progress is Progress.NEEDS_ATTENTION else decision.sentences
        return replace(decision, progress=Progress.NEEDS_ATTENTION, sentences=(*parked, *told))
    return decision


def _by_status(row: Deployment, memory: Memory, around: Surroundings, now: datetime) -> Decision:
    if row.status_unknown:
        return Decision(Progress.NEEDS_ATTENTION if memory.started else Progress.NOT_READY, row.problems)
    if row.status is Status.DRAFT:
        return _draft(memory)
    if row.status is Status.CANCELLED:
        return _cancelled(row, memory, around, now)
    settled_at = memory.changed_at + around.policy.timing.settle
    if now < settled_at:
        return Decision(None, due=settled_at)
    if row.status in (Status.DONE, Status.ROLLED_BACK):
        return _closed(row, memory, around, now)
    if memory.out(Kind.END, Kind.ROLLED_BACK) or (memory.started and memory.revoked):
        return Decision(Progress.NEEDS_ATTENTION, (Sentence.of("reopened"),))
    if not memory.started:
        return _looked_at_again(_planned(row, memory, around, now), row, around, now)
    if incomplete := _incomplete(row, around):
        return Decision(Progress.NEEDS_ATTENTION, incomplete)
    decision = _under_way(row, memory, around, now)
    if not memory.has_event and row.window is not None and row.window.start == memory.start:
        # The start mail goes first; where the event failed then, or the daemon died in between, it is still wanted.
        decision = replace(decision, event=EventWish.INVITE)
    missed = _partly_out(Kind.START, memory) is not None and not any(one.kind is Kind.START for one in decision.wanted)
    if missed and row.status is Status.PLANNED:
        untold = Sentence.of("start_partly", column=around.policy.names.shown(log.STATUS))
        return replace(decision, progress=Progress.NEEDS_ATTENTION, sentences=(untold, *decision.sentences))
    return decision


def _draft(memory: Memory) -> Decision:
    """Step 1. Draft stops what is pending, at once; what is out stands, and the row says so."""
    if memory.out(Kind.END, Kind.ROLLED_BACK):
        return Decision(Progress.NEEDS_ATTENTION, (Sentence.of("reopened"),))
    if memory.started:
        return Decision(Progress.NEEDS_ATTENTION, (Sentence.of("draft_after_start"),))
    return Decision(Progress.DRAFT)


def _cancelled(row: Deployment, memory: Memory, around: Surroundings, now: datetime) -> Decision:
    """Step 6. The event is withdrawn; a mail goes where anything was announced by mail."""
    if memory.out(Kind.END, Kind.ROLLED_BACK):
        return Decision(Progress.NEEDS_ATTENTION, (Sentence.of("cancelled_after_end"),))
    settled_at = memory.changed_at + around.policy.timing.settle
    if now < settled_at:
        # Nothing pending goes out from here on; that it is cancelled is told once the row was left alone.
        return Decision(Progress.CANCELLED, due=settled_at)
    event = EventWish.CANCEL if memory.may_have_event else EventWish.LEAVE
    # What an earlier cancellation took back is not cancelled once more, in whichever generation the row is by now.
    last = max((one.generation for one in memory.out(Kind.CANCELLED)), default=0)
    announced = memory.revoked or any(
        one.generation > last for one in memory.out(Kind.REMINDER, Kind.START, Kind.DELAY)
    )
    if announced and not memory.revoked and (incomplete := _incomplete(row, around)):
        return Decision(Progress.NEEDS_ATTENTION, incomplete, event=event)
    if announced and not memory.revoked and _lost_its_readers(row, around):
        return Decision(Progress.NEEDS_ATTENTION, (Sentence.of("nobody_left_to_tell"),), event=event)
    wanted = _mails(Kind.CANCELLED, row, memory, around, now) if announced else ()
    return Decision(Progress.CANCELLED, event=event, wanted=wanted, next_action=_sending(wanted, Kind.CANCELLED))


def _closed(row: Deployment, memory: Memory, around: Surroundings, now: datetime) -> Decision:
    """Step 6. Done with its boxes ticked, or Rolled back: the closing mail, however late, if anything was announced."""
    done = row.status is Status.DONE
    kind, progress = (Kind.END, Progress.DONE) if done else (Kind.ROLLED_BACK, Progress.ROLLED_BACK)
    if done and memory.out(Kind.ROLLED_BACK):
        return Decision(Progress.NEEDS_ATTENTION, (Sentence.of("done_after_rollback"),))
    if memory.out(kind) and _partly_out(kind, memory) is None:
        return Decision(progress, _how_it_ended(row, memory, around), event=_record(memory))
    announced = memory.has_event or bool(memory.out(Kind.REMINDER, Kind.START, Kind.DELAY))
    if not memory.started and row.window and row.window.start > now:
        return Decision(Progress.NEEDS_ATTENTION, (Sentence.of("closed_before_start", when=row.window.start),))
    if not announced:
        if unclear := (*row.problems, *_repeated(row)):
            return Decision(Progress.NOT_READY, unclear)
        seen_open = memory.status_since > memory.first_seen_at
        if row.end is None or now - row.end > around.policy.timing.late_after or not seen_open:
            # Typed in after the fact, pasted from a closed row, or an old log seen for the first time: no news.
            return Decision(progress, (Sentence.of("recorded_only"),))
        if incomplete := _incomplete(row, around):
            return Decision(Progress.NOT_READY, incomplete)
        if blocking := _blocking(row, around):
            return Decision(Progress.NOT_READY, blocking)
    elif incomplete := _incomplete(row, around):
        return Decision(Progress.NEEDS_ATTENTION, incomplete)
    if done and (missing := tuple(name for name in around.policy.required_ticks if name not in row.checked)):
        columns = tuple(map(around.policy.names.shown, missing))
        return Decision(
            Progress.NEEDS_ATTENTION,
            (Sentence.of("boxes_missing", columns=columns),),
            next_action=Sentence.of("next_waits_for_boxes", columns=columns),
        )
    if memory.started and _lost_its_readers(row, around):
        return Decision(Progress.NEEDS_ATTENTION, (Sentence.of("nobody_left_to_tell"),))
    wanted = _mails(kind, row, memory, around, now)
    return Decision(
        progress,
        _how_it_ended(row, memory, around),
        wanted=wanted,
        event=_record(memory),
        next_action=_sending(wanted, kind),
    )


def _planned(row: Deployment, memory: Memory, around: Surroundings, now: datetime) -> Decision:
    """Steps 2 to 4, before the start mail: judged, scheduled, announced."""
    timing = around.policy.timing
    if row.window is None or _incomplete(row, around):
        return Decision(Progress.NOT_READY, (*_incomplete(row, around), *_blocking(row, around)))
    if row.status is Status.PLANNED and now - row.window.start > timing.late_after and _missed(row, memory, around):
        # Nothing to judge about a date that has passed; only staff know whether it was deployed.
        return Decision(
            Progress.NEEDS_ATTENTION,
            (Sentence.of("start_late", when=row.window.start, year=row.window.start.year, late=timing.late_after),),
        )
    if row.status is not Status.PLANNED and _past_at_first_sight(row, memory, timing):
        return Decision(
            Progress.NEEDS_ATTENTION,
            (Sentence.of("past_at_first_sight", when=row.window.start, year=row.window.start.year),),
        )
    prerequisites = _prerequisites(row, around)
    dates = rules.judge(row.window, around.dates)
    set_aside = readiness.sets_aside(row.override)
    if not set_aside and not rules.allowed(prerequisites):
        return Decision(Progress.NOT_READY, _blocking(row, around))
    if not set_aside and not rules.allowed(dates):
        return _date_not_allowed(row, dates, around, now)
    overridden = not rules.allowed((*prerequisites, *dates))
    notes = tuple(one.sentence for one in (*dates, *prerequisites))
    decision = _announced_at_start(row, memory, around, now)
    return replace(
        decision,
        sentences=(*decision.sentences, *notes),
        warnings=tuple(one.sentence for one in dates if one.subject in _ABOUT_DAYS and not rules.is_unknown(one)),
        event=EventWish.INVITE,
        overridden=overridden,
    )


def worth_looking_up(row: Deployment, memory: Memory, timing: Timing, now: datetime) -> bool:
    """Whether facts outside are worth a look: the row is planned, left alone, and not about to be announced by mail.

    Nothing is looked up any more from a minute before the start mail of a deployment that was invited to: what is known
    by then holds. A row that was never announced is looked up also at its start, since nothing waits for it yet.
    """
    if row.status is not Status.PLANNED or memory.started or row.window is None or row.problems:
        return False
    if now < memory.changed_at + timing.settle or now > row.window.start + timing.late_after:
        return False
    return not memory.may_have_event or now < row.window.start - timing.start_lead - LEFT_TO_THE_START_MAIL


def _looked_at_again(decision: Decision, row: Deployment, around: Surroundings, now: datetime) -> Decision:
    """Decided anew when its prerequisites are worth another look: what is mended outside is no edit of the row."""
    again = around.facts.again
    if again is None or again <= now or row.window is None or row.window.start <= now:
        return decision
    return replace(decision, due=min(filter(None, (decision.due, again))))


def _missed(row: Deployment, memory: Memory, around: Surroundings) -> bool:
    """Whether a start that passed without a mail was missed: not where nobody is mailed and the row was planned."""
    timing = around.policy.timing
    nobody = not circles(row, around.customer, around.contacts)
    return timing.start_asks or not nobody or _past_at_first_sight(row, memory, timing)


def _announced_at_start(row: Deployment, memory: Memory, around: Surroundings, now: datetime) -> Decision:
    """Reminders, then the start mail at its time or on Started; or the delay mail where staff say Delayed first."""
    timing = around.policy.timing
    assert row.window is not None
    start_due = row.window.start - timing.start_lead
    if row.status is Status.DELAYED:
        wanted = _delay_before_start(row, memory, around, now)
        return Decision(Progress.RUNNING_LATE, wanted=wanted, next_action=_sending(wanted, Kind.DELAY) or _waits())
    if row.status is Status.STARTED and now < start_due and row.window.start - memory.status_since > EARLIEST_START:
        column = around.policy.names.shown(log.START)
        return Decision(
            Progress.NEEDS_ATTENTION,
            (Sentence.of("started_far_ahead", when=row.window.start, column=column),),
            due=start_due,
        )
    if row.status is Status.STARTED:
        wanted = _mails(Kind.START, row, memory, around, now)
        return (
            _in_progress_without_mails(row, around)
            if not wanted
            else Decision(Progress.IN_PROGRESS, wanted=wanted, next_action=_sending(wanted, Kind.START))
        )
    if now >= start_due and not timing.start_asks:
        wanted = _mails(Kind.START, row, memory, around, start_due)
        return (
            _in_progress_without_mails(row, around)
            if not wanted
            else Decision(
                Progress.IN_PROGRESS,
                wanted=wanted,
                next_action=_sending(wanted, Kind.START),
                # If it cannot be sent until then, it is too late to send it.
                due=row.window.start + timing.late_after + timedelta(seconds=1),
            )
        )
    reminders = _reminders(row, memory, around, now)
    in_time = tuple(one for one in reminders if now - one.due <= timing.late_after)
    reminder_at = min((at for lead in timing.reminders if (at := row.window.start - lead) > now), default=None)
    who = circles(row, around.customer, around.contacts)
    if timing.start_asks:
        upcoming = Sentence.of("next_start_asked", column=around.policy.names.shown(log.STATUS))
        start_at = row.window.start + timing.late_after + timedelta(seconds=1)
    else:
        upcoming = _upcoming(Kind.START, start_due, who)
        start_at = start_due
    if reminder_at and reminder_at < start_at:
        upcoming = _upcoming(Kind.REMINDER, reminder_at, who)
    # A reminder that cannot be sent until then is given up, and the row says so.
    given_up_at = min((one.due + timing.late_after + timedelta(seconds=1) for one in in_time), default=None)
    return Decision(
        Progress.SCHEDULED,
        _reminders_missed(tuple(one for one in reminders if one not in in_time)),
        wanted=in_time,
        next_action=upcoming,
        due=min(filter(None, (start_at, reminder_at, given_up_at))),
    )


def _delay_before_start(row: Deployment, memory: Memory, around: Surroundings, now: datetime) -> tuple[Wanted, ...]:
    """Said once: a new start while Delayed stands is no second delay, but for a language that was still to go."""
    wanted = _mails(Kind.DELAY, row, memory, around, now)
    out = _delays(memory)
    if not out:
        return wanted
    about = {(Kind.DELAY, one.generation, one.round) for one in out}
    meant = [one for one in memory.effects if (one.kind, one.generation, one.round) in about]
    to_go = {one.target for one in meant if one.state in STILL_TO_GO} - {one.target for one in out}
    return tuple(one for one in wanted if one.target in to_go)


def _in_progress_without_mails(row: Deployment, around: Surroundings) -> Decision:
    """A deployment nobody is mailed about (`Notify` Nobody) still runs; staff close it."""
    nobody = not circles(row, around.customer, around.contacts)
    return Decision(
        Progress.IN_PROGRESS,
        (Sentence.of("nobody_is_mailed"),) if nobody else (),
        next_action=Sentence.of("next_waits_for_staff"),
    )


def _under_way(row: Deployment, memory: Memory, around: Surroundings, now: datetime) -> Decision:
    """Steps 4 and 5, after the start mail: nudge before the end, delay mail after it, until staff close the row."""
    timing = around.policy.timing
    if row.window is None or row.end is None:
        return Decision(Progress.NEEDS_ATTENTION, readiness.missing_cells(row, around.policy.names))
    if row.window.start != memory.start:
        assert memory.start is not None
        return Decision(
            Progress.NEEDS_ATTENTION,
            (Sentence.of("start_changed_after_mail", column=around.policy.names.shown(log.START), was=memory.start),),
        )
    starting = _late_part_of_start(row, memory, around, now)
    if row.status is Status.DELAYED and (not _delays(memory) or _partly_out(Kind.DELAY, memory) is not None):
        delays = _mails(Kind.DELAY, row, memory, around, now, _round_missed(row, memory, now))
        return Decision(
            Progress.RUNNING_LATE,
            wanted=(*starting, *delays),
            next_action=_sending(delays, Kind.DELAY) or Sentence.of("next_waits_for_staff"),
        )
    if now < row.end + timing.delay_after:
        return _before_overrun(row, memory, around, now, starting)
    return _overrun(row, memory, around, now, starting)


def _before_overrun(
    row: Deployment, memory: Memory, around: Surroundings, now: datetime, starting: tuple[Wanted, ...]
) -> Decision:
    timing = around.policy.timing
    assert row.end is not None
    nudge_at = row.end - timing.nudge
    overrun_at = row.end + timing.delay_after
    open_ = bool(timing.nudge and row.responsible) and _to_go(Kind.NUDGE, memory)
    wants_nudge = open_ and now < nudge_at
    # A nudge whose time passed while nobody was looking says nothing new once the end has come.
    send_nudge = open_ and nudge_at <= now <= row.end
    nudges = (_to_responsible(Kind.NUDGE, row, memory, around, nudge_at),) if send_nudge else ()
    partly_out = _partly_out(Kind.DELAY, memory) is not None
    delays = _mails(Kind.DELAY, row, memory, around, overrun_at) if partly_out else ()
    due = nudge_at if wants_nudge else overrun_at
    if wants_nudge:
        upcoming = Sentence.of("next_nudge", when=nudge_at)
    elif not _delay_allowed(memory):
        upcoming = Sentence.of("next_nudge", when=overrun_at) if row.responsible else _waits()
    elif timing.delay_asks:
        upcoming = _waits()
    else:
        upcoming = _upcoming(Kind.DELAY, overrun_at, circles(row, around.customer, around.contacts))
    progress = Progress.RUNNING_LATE if _delays(memory) else Progress.IN_PROGRESS
    return Decision(
        progress,
        (Sentence.of("end_expected", when=row.end),),
        wanted=(*starting, *delays, *nudges),
        next_action=upcoming,
        due=due,
    )


def _overrun(
    row: Deployment, memory: Memory, around: Surroundings, now: datetime, starting: tuple[Wanted, ...]
) -> Decision:
    """Past the end: the delay mail once; a second overrun tells the responsible alone, until `New end` moves again."""
    timing = around.policy.timing
    assert row.end is not None
    overrun_at = row.end + timing.delay_after
    late = now - overrun_at > timing.late_after
    told = (Sentence.of("end_passed", when=row.end),)
    allowed = _delay_allowed(memory)
    if allowed and timing.delay_asks:
        ask = Sentence.of("delay_asked", when=row.end, column=around.policy.names.shown(log.STATUS))
        return Decision(Progress.NEEDS_ATTENTION, (ask,), wanted=starting, next_action=_waits())
    if allowed and not late:
        delays = _mails(Kind.DELAY, row, memory, around, overrun_at)
        return Decision(
            Progress.RUNNING_LATE,
            told,
            wanted=(*starting, *delays),
            next_action=_sending(delays, Kind.DELAY) or _waits(),
            due=overrun_at + timing.late_after + timedelta(seconds=1) if delays else None,
        )
    if allowed:
        missed = Sentence.of("delay_late", when=row.end, column=around.policy.names.shown(log.STATUS))
        return Decision(Progress.NEEDS_ATTENTION, (missed,), next_action=_waits())
    partly_out = _partly_out(Kind.DELAY, memory) is not None
    delays = _mails(Kind.DELAY, row, memory, around, overrun_at) if partly_out else ()
    if delays and late:
        untold = Sentence.of("delay_partly", column=around.policy.names.shown(log.STATUS))
        return Decision(Progress.NEEDS_ATTENTION, (untold, *told), wanted=starting, next_action=_waits())
    nudges: tuple[Wanted, ...] = ()
    if row.responsible and not _delay_told(memory) and not late and _to_go(Kind.OVERRUN, memory):
        nudges = (_to_responsible(Kind.OVERRUN, row, memory, around, overrun_at),)
    return Decision(
        Progress.RUNNING_LATE,
        told,
        wanted=(*starting, *delays, *nudges),
        next_action=_sending(delays, Kind.DELAY) or _waits(),
        due=overrun_at + timing.late_after + timedelta(seconds=1) if delays else None,
    )


def _delays(memory: Memory) -> tuple[EffectSeen, ...]:
    """The delay mails that are out, or may be, about this start; and those said since `Status` has been at Delayed."""
    since = memory.status_since if memory.status is Status.DELAYED else None
    return tuple(
        one
        for one in memory.out(Kind.DELAY)
        if one.generation == memory.generation or (since and (at := one.at or one.since) and at >= since)
    )


def _delay_told(memory: Memory) -> bool:
    """Whether the delay mail about the end that holds now is out: then its overrun has been told."""
    return any(one.round == _round(memory) for one in _delays(memory))


def _delay_allowed(memory: Memory) -> bool:
    """No delay mail yet; or a later overrun was told to the responsible alone, and `New end` moved after that."""
    delays = _delays(memory)
    if not delays:
        return True
    now_about = _round(memory)
    overruns = [one.round for one in memory.out(Kind.OVERRUN) if one.generation == memory.generation]
    return any(one < now_about for one in overruns) and not any(one.round == now_about for one in delays)


# Judging ---------------------------------------------------------------------------------------------------------


def _prerequisites(row: Deployment, around: Surroundings) -> tuple[Finding, ...]:
    policy = around.policy
    return readiness.check(row, around.customer, around.contacts, policy.readiness, policy.names, around.facts)


def _incomplete(row: Deployment, around: Surroundings) -> tuple[Sentence, ...]:
    """What no `Override` helps over: cells that cannot be read or are missing, and a copy left as it was pasted."""
    return (*row.problems, *readiness.missing_cells(row, around.policy.names), *_repeated(row))


def _repeated(row: Deployment) -> tuple[Sentence, ...]:
    """That the row only repeats another, as a pasted copy does."""
    return (Sentence.of("same_as", other=row.same_as),) if row.same_as else ()


def _blocking(row: Deployment, around: Surroundings) -> tuple[Sentence, ...]:
    """The prerequisites that keep the row from being announced, all at once; none where staff set them aside."""
    if readiness.sets_aside(row.override):
        return ()
    blocking = tuple(one.sentence for one in _prerequisites(row, around) if one.level is Level.BLOCK)
    return (*_unexplained(row, around), *blocking) if blocking else ()


def _date_not_allowed(row: Deployment, findings: Sequence[Finding], around: Surroundings, now: datetime) -> Decision:
    """All that is violated, not what blocks alone: who looks for another date wants to know it all."""
    assert row.window is not None
    told = (*_unexplained(row, around), *(one.sentence for one in findings))
    reasons = tuple(one.sentence for one in findings if one.level is Level.BLOCK)
    slots = rules.free_slots(row.window, around.dates, now)
    return Decision(Progress.DATE_NOT_ALLOWED, told, slots=slots, reasons=reasons)


def _unexplained(row: Deployment, around: Surroundings) -> tuple[Sentence, ...]:
    """That something stands in `Override` which is no reason."""
    if not row.override or readiness.sets_aside(row.override):
        return ()
    return (Sentence.of("override_unexplained", column=around.policy.names.shown(log.OVERRIDE)),)


def _lost_its_readers(row: Deployment, around: Surroundings) -> bool:
    """Whether a deployment that is for the customer has nobody there to mail, as when contacts were renamed away."""
    told = {address for circle in circles(row, around.customer, around.contacts) for address in circle.to}
    managers = {one.address for one in around.contacts if one.party is Party.CUSTOMER_MANAGER}
    return row.notify is Notify.EVERYONE and not told & managers


def _past_at_first_sight(row: Deployment, memory: Memory, timing: Timing) -> bool:
    """A row that already said so, about a time long past, when the daemon first saw it: history, not news."""
    assert row.window is not None
    return (
        memory.generation == 1
        and memory.status_since == memory.first_seen_at
        and memory.first_seen_at - row.window.start > timing.late_after
    )


def _follow_up(row: Deployment, memory: Memory, decision: Decision, now: datetime) -> Kind | None:
    """Step 6, after the mail: tickets and threads are told what everybody else was, and nothing that nobody was."""
    kind = {
        Progress.IN_PROGRESS: Kind.START,
        Progress.RUNNING_LATE: Kind.START,
        Progress.DONE: Kind.END,
        Progress.ROLLED_BACK: Kind.ROLLED_BACK,
    }.get(decision.progress or Progress.DRAFT)
    if kind is None or row.notify is Notify.NOBODY or _partly_out(kind, memory) is not None:
        return None
    out = [one for one in memory.out(kind) if one.state is EffectState.SENT and one.at]
    recent = any(one.at and now - one.at <= FOLLOWED_UP_FOR for one in out)
    return kind if recent and len(out) == len(memory.out(kind)) else None


# Mails -----------------------------------------------------------------------------------------------------------


def _mails(
    kind: Kind, row: Deployment, memory: Memory, around: Surroundings, due: datetime, round_: int | None = None
) -> tuple[Wanted, ...]:
    """The mails of a kind that should be out and are not.

    The languages are fixed when the first is committed: somebody added to the registry later gets the next kind.
    """
    if round_ is None:
        partly_out = _partly_out(kind, memory)
        round_ = partly_out if partly_out is not None else _round(memory) if kind is Kind.DELAY else 0
    known = {
        one.target: one.state
        for one in memory.effects
        if (one.kind, one.generation, one.round) == (kind, memory.generation, round_)
    }
    fixed = any(state not in STILL_TO_GO for state in known.values())
    return tuple(
        Wanted(kind, memory.generation, round_, circle.language, circle, due)
        for circle in circles(row, around.customer, around.contacts)
        if not fixed or known.get(circle.language) in STILL_TO_GO
    )


def _partly_out(kind: Kind, memory: Memory) -> int | None:
    """The round of this kind that is out in one language and still to go in another; None where there is none."""
    mine = [one for one in memory.effects if one.kind is kind and one.generation == memory.generation]
    to_go = {one.round for one in mine if one.state in STILL_TO_GO}
    return next((one.round for one in mine if one.state in PERHAPS_OUT and one.round in to_go), None)


def _late_part_of_start(row: Deployment, memory: Memory, around: Surroundings, now: datetime) -> tuple[Wanted, ...]:
    """Start mails in further languages that were meant with the first one and are still to go, if not too late."""
    assert row.window is not None
    if _partly_out(Kind.START, memory) is None:
        return ()
    if row.status is Status.PLANNED and now - row.window.start > around.policy.timing.late_after:
        return ()
    return _mails(Kind.START, row, memory, around, row.window.start)


def _to_responsible(kind: Kind, row: Deployment, memory: Memory, around: Surroundings, due: datetime) -> Wanted:
    circle = Circle(around.policy.language, (row.responsible,))
    return Wanted(kind, memory.generation, _round(memory), row.responsible, circle, due)


def _reminders(row: Deployment, memory: Memory, around: Surroundings, now: datetime) -> tuple[Wanted, ...]:
    """The reminders whose time has come and that are still to go, also those it is too late for.

    One whose time passed before the row was planned is no loss.
    """
    assert row.window is not None
    to_go: list[Wanted] = []
    for lead in around.policy.timing.reminders:
        at, ahead = row.window.start - lead, round(lead.total_seconds() / 60)
        meant = any(
            (one.kind, one.generation, one.round) == (Kind.REMINDER, memory.generation, ahead) for one in memory.effects
        )
        if at <= now and (meant or at >= memory.changed_at):
            to_go += _mails(Kind.REMINDER, row, memory, around, at, ahead)
    return tuple(to_go)


def _reminders_missed(missed: tuple[Wanted, ...]) -> tuple[Sentence, ...]:
    """Nothing anybody could do would send them now; who wants the customer reminded has to know it."""
    by_time: dict[datetime, tuple[Circle, ...]] = {}
    for one in missed:
        by_time[one.due] = (*by_time.get(one.due, ()), one.circle)
    return tuple(
        Sentence.of("reminder_missed", what=_named(Kind.REMINDER, who), when=at) for at, who in by_time.items()
    )


def _round(memory: Memory) -> int:
    return max(len(memory.ends) - 1, 0)


def _round_missed(row: Deployment, memory: Memory, now: datetime) -> int:
    """Which end Status Delayed is about: said with a new end, the one before, as the new one may be missed too."""
    partly_out = _partly_out(Kind.DELAY, memory)
    if partly_out is not None:
        return partly_out
    return max(_round(memory) - 1, 0) if row.new_end and now < row.new_end else _round(memory)


def _to_go(kind: Kind, memory: Memory) -> bool:
    """Whether a mail to the responsible about the end that holds now is not out yet, whoever that was."""
    about = (kind, memory.generation, _round(memory))
    return all(one.state in STILL_TO_GO for one in memory.effects if (one.kind, one.generation, one.round) == about)


# What is told ----------------------------------------------------------------------------------------------------


def _record(memory: Memory) -> EventWish:
    """Also where it is not sure whether the event stands."""
    return EventWish.RECORD if memory.may_have_event else EventWish.LEAVE


def _how_it_ended(row: Deployment, memory: Memory, around: Surroundings) -> tuple[Sentence, ...]:
    return (*_when_it_ended(row, memory), *_left_in_maintenance(row, around))


def _when_it_ended(row: Deployment, memory: Memory) -> tuple[Sentence, ...]:
    if memory.closed_at is None or row.end is None:
        return ()
    late = memory.closed_at - row.end
    if memory.started and late >= timedelta(minutes=1):
        return (Sentence.of("ended_late", when=memory.closed_at, late=timedelta(minutes=late // timedelta(minutes=1))),)
    return (Sentence.of("ended", when=memory.closed_at),)


def _left_in_maintenance(row: Deployment, around: Surroundings) -> tuple[Sentence, ...]:
    """A question and no more: whoever wants the end mail to wait for the box requires it."""
    if row.status is not Status.DONE or not checklist.left_in_maintenance(row):
        return ()
    names = around.policy.names
    put_on, taken_off = names.shown(checklist.MAINTENANCE_ON), names.shown(checklist.MAINTENANCE_OFF)
    return (Sentence.of("left_in_maintenance", put_on=put_on, taken_off=taken_off),)


def _parked(effect: EffectSeen) -> Sentence:
    code = "parked_unknown" if effect.state is EffectState.UNKNOWN else "parked_failed"
    reason = " ".join(effect.reason.split())[:120]
    return Sentence.of(code, what=_name(effect), effect=effect.number, reason=reason)


def _stuck(effect: EffectSeen) -> Sentence:
    return Sentence.of("stuck", what=_name(effect), reason=" ".join(effect.reason.split())[:120])


def _name(effect: EffectSeen) -> Sentence:
    return Sentence.of(kind_code(effect.kind), target=effect.target)


def kind_code(kind: Kind) -> str:
    """The catalogue's code for the name of a kind of mail: `start mail (es)`."""
    return "kind_" + kind.value.replace("-", "_")


def _upcoming(kind: Kind, at: datetime, who: tuple[Circle, ...]) -> Sentence:
    if not who:
        return Sentence.of("next_no_mail", when=at)
    return Sentence.of(
        "next_mail",
        when=at,
        what=_named(kind, who),
        count=sum(len(circle.everyone) for circle in who),
    )


def _sending(wanted: tuple[Wanted, ...], kind: Kind) -> Sentence | None:
    circles_ = tuple(one.circle for one in wanted)
    if not circles_:
        return None
    return Sentence.of("next_now", what=_named(kind, circles_), count=sum(len(circle.everyone) for circle in circles_))


def _named(kind: Kind, who: tuple[Circle, ...]) -> Sentence:
    return Sentence.of(kind_code(kind), target=", ".join(circle.language for circle in who))


def _waits() -> Sentence:
    return Sentence.of("next_waits_for_staff")

"""A mail is never sent twice for one key and never lost in silence (design, "Effects: never lost, never twice").

Every step of the protocol is made to fail in every way, on a real ledger file and a mailbox with Gmail's habits; then
the daemon starts anew and goes on until nothing is left to do. What must hold is counted in the mailbox: each wanted
mail left once, or its effect is parked with a reason; never twice; no draft of ours stays behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploylog.adoption import Past
from deploylog.audience import Circle
from deploylog.delivery import DOUBT_WAIT, LONGEST_CALL, Delivery, Outcome, backoff
from deploylog.errors import NotCarriedOut
from deploylog.ledger import Effect, Ledger, LogSeen, effects
from deploylog.lifecycle import PARKED, EffectSeen, EffectState, Wanted
from deploylog.mime import MARKER, Letter, marker_for
from deploylog.model import Key, Kind
from fakes import CRASHES, PASSING, Crash, FakeCalendar, FakeMailbox, Fault, Outside, Stored, WatchedLedger
from stores import NewStore

START = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
LOG, DEPLOYMENT = "log-1", "DIBA-0014"
COMMITTED, DRAFTED, SENDING, SENT, UNKNOWN, FAILED, DEAD = EffectState


def mail(kind: Kind = Kind.START, language: str = "es", generation: int = 1, round_: int = 0) -> Wanted:
    return Wanted(kind, generation, round_, language, Circle(language, ("it@diba.example",)), START)


def key_of(wanted: Wanted) -> Key:
    return Key(LOG, DEPLOYMENT, wanted.kind, wanted.generation, wanted.round, wanted.target)


def letter_for(wanted: Wanted) -> Letter:
    return Letter(
        sender="Soffid <deployments@soffid.example>",
        to=wanted.circle.to,
        cc=wanted.circle.cc,
        reply_to="ana@soffid.example",
        subject=f"DIBA-0014 {wanted.kind} ({wanted.target})",
        text="Buenos días.\n",
        html="<p>Buenos días.</p>",
    )


Render = Callable[[Wanted], Letter]


class Installation:
    """A daemon on a ledger, before a mailbox; `restart` is a new process on the same ledger."""

    def __init__(self, engine: sa.Engine) -> None:
        self.outside = Outside()
        self.mailbox = FakeMailbox(self.outside, MARKER)
        self.now = START
        self.outcomes: list[Outcome] = []
        self.engine = engine
        self.restart()

    def restart(self) -> None:
        self.ledger = WatchedLedger(self.engine, self.outside)
        self.delivery = Delivery(self.ledger, self.mailbox, FakeCalendar(self.outside))

    def run(self, *wanted: Wanted, render: Render = letter_for) -> list[Outcome]:
        """What a pass does about this deployment; a crash is followed by a new process at the next pass."""
        outcomes: list[Outcome] = []
        try:
            outcomes += self.delivery.resolve_doubts(LOG, self.now)
            asked = [(one, partial(render, one)) for one in wanted]
            outcomes += self.delivery.mail(LOG, DEPLOYMENT, asked, self.now)
        except Crash:
            self.restart()
        self.outcomes += outcomes
        return outcomes

    def until_quiet(self, *wanted: Wanted) -> None:
        """Pass after pass until nothing is pending; never may a mail have left twice on the way."""
        waits = [timedelta(0), timedelta(seconds=1), DOUBT_WAIT, *[timedelta(minutes=3)] * 12]
        for wait in waits:
            self.now += wait
            self.run(*wanted)
            self.never_twice()
            states = {one.key: one.state for one in self.effects()}
            if not {COMMITTED, DRAFTED, SENDING} & set(states.values()) and all(
                key_of(one) in states for one in wanted
            ):
                return
        raise AssertionError(f"not quiet: {self.effects(COMMITTED, DRAFTED, SENDING)}")

    # Looking -------------------------------------------------------------------------------------------------------

    def effects(self, *states: EffectState) -> list[Effect]:
        return self.ledger.effects_of(LOG, DEPLOYMENT, states or tuple(EffectState))

    def effect(self, wanted: Wanted) -> Effect:
        return next(one for one in self.effects() if one.key == key_of(wanted))

    def state(self, wanted: Wanted) -> EffectState | None:
        return next((one.state for one in self.effects() if one.key == key_of(wanted)), None)

    def left(self, wanted: Wanted) -> int:
        """How many mails left for this key."""
        return self.mailbox.delivered[marker_for(key_of(wanted))]

    def never_twice(self) -> None:
        assert all(times <= 1 for times in self.mailbox.delivered.values()), self.mailbox.delivered

    def settled_well(self, *wanted: Wanted, parking: bool = False) -> None:
        """The promise. `parking`: something happened that may keep a mail from going."""
        self.never_twice()
        assert self.mailbox.our_drafts() == []
        for one in wanted:
            effect = self.effect(one)
            if effect.state is SENT:
                assert self.left(one) == 1
                assert effect.external_id in [sent.id for sent in self.mailbox.outbox]
                assert effect.at is not None
            else:
                assert parking, effect
                assert effect.state in PARKED, effect
                assert effect.reason
                assert effect.state is UNKNOWN or self.left(one) == 0
            assert not effect.in_doubt
            assert effect.retry_at is None

    def dead(self, wanted: Wanted) -> None:
        assert self.state(wanted) in (DEAD, None)
        assert self.left(wanted) == 0
        assert self.mailbox.our_drafts() == []


@pytest.fixture(autouse=True)
def _quietly() -> Iterator[None]:
    """Thousands of failures are meant here; nobody wants to read them."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture(scope="module")
def engine(new_store: NewStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    """A ledger's. These tests end processes, not machines: a commit need not wait for the disk."""
    ledger = Ledger.open(new_store(tmp_path_factory.mktemp("ledger")))
    if not ledger.store.shared:
        sa.event.listen(ledger.engine, "checkout", lambda connection, *_: connection.execute("PRAGMA synchronous=OFF"))
    yield ledger.engine
    ledger.close()


class Installations:
    """New installations, one at a time, each with an empty ledger."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def new(self) -> Installation:
        with self._engine.execution_options(writes=True).begin() as connection:
            connection.execute(sa.delete(effects))
        return Installation(self._engine)


@pytest.fixture
def installations(engine: sa.Engine) -> Installations:
    return Installations(engine)


@pytest.fixture
def daemon(installations: Installations) -> Installation:
    return installations.new()


# Every step, every way ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scenario:
    """A way into some part of the protocol; the extra fault then meets each step after the preparation."""

    name: str
    prepare: Callable[[Installation], None]
    wanted: tuple[Wanted, ...] = (mail(),)
    first: tuple[tuple[str, Fault], ...] = ()
    """Faults that lead into the part that looks before it acts."""


def _nothing(daemon: Installation) -> None:
    pass


def _start_is_out(daemon: Installation) -> None:
    daemon.until_quiet(mail())
    daemon.now += timedelta(hours=1)


def _another_draft_lies_there(daemon: Installation) -> None:
    daemon.mailbox.person_writes_draft()


def _drafted(daemon: Installation) -> None:
    daemon.outside.next("drafts.send", Fault.UNREACHABLE)
    daemon.run(mail())
    assert daemon.state(mail()) is DRAFTED
    daemon.now += timedelta(minutes=3)


SCENARIOS = (
    Scenario("the first mail", _nothing),
    Scenario("an answer in the thread", _start_is_out, wanted=(mail(Kind.END),)),
    Scenario("two languages", _nothing, wanted=(mail(), mail(language="ca"))),
    Scenario("draft made, answer cut", _another_draft_lies_there, first=(("drafts.create", Fault.CUT_ANSWER),)),
    Scenario("draft made, crash", _another_draft_lies_there, first=(("drafts.create", Fault.CRASH_AFTER),)),
    Scenario("draft not made, no answer", _nothing, first=(("drafts.create", Fault.LOST_REQUEST),)),
    Scenario("sent, answer cut", _nothing, first=(("drafts.send", Fault.CUT_ANSWER),)),
    Scenario("sent, crash", _nothing, first=(("drafts.send", Fault.CRASH_AFTER),)),
    Scenario("not sent, no answer", _nothing, first=(("drafts.send", Fault.LOST_REQUEST),)),
    Scenario("an answer sent, answer cut", _start_is_out, (mail(Kind.END),), (("drafts.send", Fault.CUT_ANSWER),)),
    Scenario("drafted before", _drafted),
)
MAY_PARK = (Fault.REFUSED, Fault.NOT_FOUND)
REFUSABLE_AS_MISSING = ("drafts.create", "drafts.send")
"""Where the adapter hands a 404 on; elsewhere it means None, and Google's word for it is not doubted."""


def prepared(installations: Installations, scenario: Scenario) -> tuple[Installation, int]:
    daemon = installations.new()
    scenario.prepare(daemon)
    for method, fault in scenario.first:
        daemon.outside.next(method, fault)
    return daemon, len(daemon.outside.steps)


def steps_of(installations: Installations, scenario: Scenario) -> list[str]:
    daemon, before = prepared(installations, scenario)
    daemon.until_quiet(*scenario.wanted)
    daemon.settled_well(*scenario.wanted)
    return daemon.outside.steps[before:]


def faults_for(step: str) -> Sequence[Fault]:
    if step.startswith("ledger."):
        return CRASHES
    return [one for one in Fault if one is not Fault.NOT_FOUND or step in REFUSABLE_AS_MISSING]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_whatever_fails_at_any_step_a_mail_leaves_once_or_is_parked(
    installations: Installations, scenario: Scenario
) -> None:
    steps = steps_of(installations, scenario)
    assert "drafts.send" in steps
    for number, step in enumerate(steps):
        for fault in faults_for(step):
            daemon, before = prepared(installations, scenario)
            daemon.outside.at_step[before + number] = fault
            daemon.until_quiet(*scenario.wanted)
            assert not daemon.outside.at_step, f"step {number} was never made"
            daemon.settled_well(*scenario.wanted, parking=fault in MAY_PARK)
            assert daemon.outside.steps.count("drafts.send") <= 2 + 2 * len(scenario.wanted)


def test_every_pair_of_crashes_and_lost_answers_leaves_the_mail_sent_once(installations: Installations) -> None:
    faults = (Fault.CRASH_AFTER, Fault.CUT_ANSWER)
    for number in range(7):
        for later in range(number + 1, number + 4):
            for one, other in ((one, other) for one in faults for other in faults):
                daemon = installations.new()
                daemon.outside.at_step = {number: one, later: other}
                daemon.until_quiet(mail())
                daemon.settled_well(mail())


def test_a_withdrawn_mail_never_leaves_whatever_fails_at_any_step(installations: Installations) -> None:
    """Its draft is removed, and wanted again it leaves once."""

    def pending(lead: Fault) -> tuple[Installation, int]:
        daemon = installations.new()
        daemon.mailbox.person_writes_draft()
        daemon.outside.next("drafts.send" if lead is Fault.UNREACHABLE else "drafts.create", lead)
        daemon.run(mail())
        return daemon, len(daemon.outside.steps)

    for lead in (Fault.UNREACHABLE, Fault.CUT_ANSWER):
        daemon, before = pending(lead)
        daemon.until_quiet()
        daemon.dead(mail())
        for number, step in enumerate(daemon.outside.steps[before:]):
            for fault in faults_for(step):
                daemon, before = pending(lead)
                daemon.outside.at_step[before + number] = fault
                daemon.until_quiet()
                assert not daemon.outside.at_step
                daemon.dead(mail())
                daemon.until_quiet(mail())
                daemon.settled_well(mail())


# Any schedule ------------------------------------------------------------------------------------------------------

ACTIONS = ("want", "withdraw", "wait", "wait long", "person sends", "person deletes", "settle")
schedule = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.dictionaries(st.integers(0, 5), st.sampled_from(list(Fault)), max_size=2)),
    max_size=8,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schedule=schedule)
def test_no_schedule_of_faults_and_people_sends_a_mail_twice_or_loses_it(
    installations: Installations, schedule: list[tuple[str, dict[int, Fault]]]
) -> None:
    """A person touches only drafts the ledger knows of; a settled effect is settled by what truly happened."""
    daemon = installations.new()
    wanted: tuple[Wanted, ...] = (mail(), mail(language="ca"))
    for action, faults in schedule:
        known = [one.draft_id for one in daemon.effects(DRAFTED) if one.draft_id in daemon.mailbox.our_drafts()]
        if action == "want":
            wanted = (mail(), mail(language="ca"))
        elif action == "withdraw":
            wanted = ()
        elif action == "wait":
            daemon.now += timedelta(seconds=7)
        elif action == "wait long":
            daemon.now += timedelta(minutes=5)
        elif action == "person sends" and known:
            daemon.mailbox.person_sends(known[0])
        elif action == "person deletes" and known:
            daemon.mailbox.person_deletes(known[0])
        elif action == "settle":
            settle_truly(daemon)
        before = len(daemon.outside.steps)
        daemon.outside.at_step = {before + number: fault for number, fault in faults.items()}
        daemon.run(*wanted)
        daemon.outside.at_step.clear()
        daemon.never_twice()
    daemon.until_quiet(*wanted)
    daemon.settled_well(*wanted, parking=True)
    assert daemon.mailbox.our_drafts() == []
    settle_truly(daemon)
    daemon.until_quiet(*wanted)
    daemon.settled_well(*wanted)


def settle_truly(daemon: Installation) -> None:
    """`deploylog settle`, by somebody who looked."""
    for effect in daemon.effects(*PARKED):
        if daemon.mailbox.delivered[marker_for(effect.key)]:
            sent = next(one for one in daemon.mailbox.outbox if one.header(MARKER) == marker_for(effect.key))
            Ledger(daemon.ledger.engine).advance(
                effect.number, effect.state, SENT, at=daemon.now, external_id=sent.id, reason="settled by hand"
            )
        else:
            Ledger(daemon.ledger.engine).advance(
                effect.number, effect.state, DEAD, reason="settled by hand", draft_id="", content_hash=""
            )


# The protocol, step by step ----------------------------------------------------------------------------------------


def test_a_mail_leaves_in_the_order_of_the_protocol(daemon: Installation) -> None:
    """Intent, draft, its ids, SENDING, and only then the send, once; SENT with Google's own id."""
    (outcome,) = daemon.run(mail())
    assert daemon.outside.calls() == ["drafts.create", "drafts.send"]
    assert daemon.outside.steps[0] == "ledger.commit"
    assert daemon.outside.steps[daemon.outside.steps.index("drafts.send") - 1] == "ledger.advance"
    assert outcome.what == "sent"
    assert outcome.effect.state is SENT
    assert outcome.effect.external_id == daemon.mailbox.outbox[0].id
    assert outcome.effect.at == START


def test_before_the_send_the_ledger_says_sending(daemon: Installation) -> None:
    daemon.outside.next("drafts.send", Fault.CRASH_BEFORE)
    daemon.run(mail())
    effect = daemon.effect(mail())
    assert effect.state is SENDING
    assert effect.draft_id in daemon.mailbox.our_drafts()
    assert effect.thread_id


@pytest.mark.parametrize("fault", [Fault.LOST_REQUEST, Fault.CRASH_BEFORE])
def test_a_lost_answer_is_looked_into_only_after_a_short_wait(daemon: Installation, fault: Fault) -> None:
    daemon.outside.next("drafts.send", fault)
    daemon.run(mail())
    made = len(daemon.outside.calls())
    retry_at = daemon.effect(mail()).retry_at
    assert retry_at is not None
    assert DOUBT_WAIT <= retry_at - daemon.now <= timedelta(seconds=30)
    daemon.now = retry_at - timedelta(seconds=1)
    daemon.run(mail())
    assert daemon.outside.calls()[made:] == []
    daemon.now = retry_at
    daemon.run(mail())
    if daemon.ledger.store.shared and fault is Fault.CRASH_BEFORE:
        # That the draft is there proves nothing yet: the daemon whose call it was may only have lost the store.
        assert daemon.outside.calls()[made:] == ["drafts.get"]
        made += 1
        daemon.now += LONGEST_CALL
        daemon.run(mail())
    assert daemon.outside.calls()[made:] == ["drafts.get", "drafts.send"]
    daemon.settled_well(mail())


def test_an_unanswered_draft_is_looked_for_only_after_a_short_wait(daemon: Installation) -> None:
    daemon.outside.next("drafts.create", Fault.CUT_ANSWER)
    daemon.run(mail())
    daemon.now += DOUBT_WAIT - timedelta(seconds=1)
    daemon.run(mail())
    assert daemon.outside.calls() == ["drafts.create"]


def test_of_several_drafts_with_our_marker_one_is_sent_and_none_stays(daemon: Installation) -> None:
    daemon.outside.next("drafts.create", Fault.CUT_ANSWER)
    daemon.run(mail())
    daemon.mailbox.copies_draft(daemon.mailbox.our_drafts()[0])
    daemon.mailbox.copies_draft(daemon.mailbox.our_drafts()[0])
    daemon.until_quiet(mail())
    daemon.settled_well(mail())
    assert daemon.outside.calls().count("drafts.create") == 1


def test_what_is_sent_is_not_sent_again(daemon: Installation) -> None:
    daemon.run(mail())
    made = daemon.outside.calls()
    daemon.until_quiet(mail())
    assert daemon.outside.calls() == made


def test_a_busy_service_is_left_alone_as_long_as_it_asks(daemon: Installation) -> None:
    daemon.outside.next("drafts.create", Fault.BUSY)  # asks for 20 s
    daemon.run(mail())
    daemon.now += timedelta(seconds=19)
    daemon.run(mail())
    assert daemon.outside.calls() == ["drafts.create"]
    daemon.now += timedelta(seconds=1)
    daemon.run(mail())
    daemon.settled_well(mail())


def test_the_waits_between_tries_grow_and_stay_bounded(daemon: Installation) -> None:
    waits = []
    for _ in range(14):
        daemon.outside.next("drafts.create", Fault.UNREACHABLE)
        daemon.run(mail())
        retry_at = daemon.effect(mail()).retry_at
        assert retry_at is not None
        waits.append(retry_at - daemon.now)
        daemon.now = retry_at
    assert waits == sorted(waits)
    assert waits[0] < timedelta(seconds=10)
    assert timedelta(minutes=1) < waits[-1] <= timedelta(minutes=2)
    daemon.run(mail())
    daemon.settled_well(mail())


def test_mails_that_fail_at_one_instant_are_not_tried_again_at_one_instant() -> None:
    waits = {backoff(number, 3, NotCarriedOut("not reached")) for number in range(1, 101)}
    assert len(waits) == 100
    assert min(waits) >= timedelta(seconds=12)
    assert max(waits) <= timedelta(seconds=16)


@pytest.mark.parametrize("readers", [("it@diba.example",), ("new@diba.example", "IT@diba.example")])
def test_words_are_frozen_when_the_intent_is_committed_and_readers_but_for_those_who_left(
    daemon: Installation, readers: tuple[str, ...]
) -> None:
    daemon.outside.next("drafts.create", Fault.UNREACHABLE)
    daemon.run(mail())
    daemon.now += timedelta(minutes=3)
    daemon.run(mail(), render=lambda wanted: replace(letter_for(wanted), to=readers, cc=(), subject="Other words"))
    [sent] = daemon.mailbox.outbox
    assert (sent.header("To"), sent.header("Subject") == "Other words") == ("it@diba.example", False)


def test_who_left_while_a_mail_waited_does_not_get_it(daemon: Installation) -> None:
    daemon.outside.next("drafts.send", Fault.UNREACHABLE)
    daemon.run(mail())
    daemon.now += timedelta(minutes=3)
    daemon.run(mail(), render=lambda wanted: replace(letter_for(wanted), to=("new@diba.example",), cc=()))
    [sent] = daemon.mailbox.outbox
    assert sent.header("To") == "new@diba.example"
    daemon.settled_well(mail())


# Refusals and languages --------------------------------------------------------------------------------------------


def test_a_refused_draft_is_parked_with_googles_words_and_the_other_language_goes(daemon: Installation) -> None:
    daemon.outside.next("drafts.create", Fault.REFUSED)
    outcomes = daemon.run(mail(), mail(language="ca"))
    assert [(one.effect.key.target, one.what) for one in outcomes] == [("es", "parked"), ("ca", "sent")]
    assert daemon.state(mail()) is FAILED
    assert "refused" in daemon.effect(mail()).reason
    daemon.until_quiet(mail(), mail(language="ca"))
    daemon.settled_well(mail(), mail(language="ca"), parking=True)
    assert (daemon.left(mail()), daemon.left(mail(language="ca"))) == (0, 1)


@pytest.mark.parametrize("refusal", [Fault.REFUSED, Fault.NOT_FOUND])
def test_a_draft_gmail_will_not_send_is_removed_and_parked(daemon: Installation, refusal: Fault) -> None:
    daemon.outside.next("drafts.send", refusal)
    daemon.run(mail())
    assert daemon.state(mail()) is FAILED
    assert daemon.mailbox.our_drafts() == []


@pytest.mark.parametrize("address", ["josé@diba.example", "a..b@diba.example"])
def test_an_address_no_mail_can_go_to_parks_its_mail_alone(daemon: Installation, address: str) -> None:
    """Such a cell passes as an address in the registry; it must not stop the pass."""

    def render(wanted: Wanted) -> Letter:
        letter = letter_for(wanted)
        return Letter(
            letter.sender,
            (address,) if wanted.target == "es" else letter.to,
            *(letter.cc, letter.reply_to, letter.subject, letter.text, letter.html),
        )

    daemon.run(mail(), mail(language="ca"), render=render)
    daemon.settled_well(mail(), mail(language="ca"), parking=True)
    assert daemon.state(mail()) is FAILED
    assert "is no address" in daemon.effect(mail()).reason
    assert daemon.left(mail(language="ca")) == 1


def test_languages_committed_with_the_first_survive_a_crash_in_it(daemon: Installation) -> None:
    daemon.outside.next("drafts.send", Fault.CRASH_AFTER)
    daemon.run(mail(), mail(language="ca"), mail(language="en"))
    assert {one.key.target for one in daemon.effects()} == {"es", "ca", "en"}
    assert daemon.outside.steps.count("ledger.commit") == 1  # one transaction: all or none


@pytest.mark.parametrize("method", ["drafts.list", "drafts.get headers", "drafts.get"])
def test_a_look_up_refused_in_doubt_does_not_leave_a_draft_behind(daemon: Installation, method: str) -> None:
    """Parked without having looked, the draft of the unanswered call would stay, and another be made after settling."""
    daemon.outside.next("drafts.create", Fault.CUT_ANSWER)
    daemon.outside.next(method, Fault.REFUSED)
    daemon.run(mail())
    daemon.until_quiet(mail())
    daemon.settled_well(mail())
    assert daemon.outside.calls().count("drafts.create") == 1


@pytest.mark.parametrize("method", ["drafts.get", "drafts.delete", "threads.get"])
def test_a_refusal_while_withdrawing_does_not_leave_a_draft_behind(daemon: Installation, method: str) -> None:
    _drafted(daemon)
    daemon.outside.next(method, Fault.REFUSED)
    daemon.until_quiet()
    daemon.dead(mail())


# Wanted, and not wanted any more -----------------------------------------------------------------------------------


def test_withdrawn_while_drafted_it_never_leaves_and_wanted_again_it_leaves_once(daemon: Installation) -> None:
    _drafted(daemon)
    daemon.run()
    daemon.dead(mail())
    daemon.until_quiet()
    daemon.dead(mail())
    daemon.until_quiet(mail())
    daemon.settled_well(mail())


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.CUT_ANSWER, Fault.CRASH_BEFORE])
@pytest.mark.parametrize("step", ["drafts.delete", "threads.get"])
def test_wanted_again_while_it_was_being_withdrawn_it_leaves_once(
    daemon: Installation, step: str, fault: Fault
) -> None:
    """Not parked in doubt: that the draft is gone is our own doing, and its thread shows that it never went."""
    _drafted(daemon)
    daemon.outside.next(step, fault)
    daemon.run()
    daemon.now += timedelta(minutes=3)
    daemon.until_quiet(mail())
    daemon.settled_well(mail())


def test_sent_by_a_person_while_it_was_being_withdrawn_it_is_not_sent_again(daemon: Installation) -> None:
    _drafted(daemon)
    daemon.outside.next("drafts.delete", Fault.LOST_REQUEST)
    daemon.run()
    daemon.mailbox.person_sends(daemon.effect(mail()).draft_id)
    daemon.now += timedelta(minutes=3)
    daemon.until_quiet(mail())
    daemon.settled_well(mail())


def test_wanted_again_it_has_the_words_of_now(daemon: Installation) -> None:
    _drafted(daemon)
    daemon.run()

    def render(wanted: Wanted) -> Letter:
        letter = letter_for(wanted)
        return Letter(letter.sender, ("new@diba.example",), (), "", "New subject", letter.text, letter.html)

    daemon.run(mail(), render=render)
    (sent,) = daemon.mailbox.outbox
    assert (sent.header("To"), sent.header("Subject")) == ("new@diba.example", "New subject")


def test_withdrawn_in_doubt_of_the_draft_the_draft_is_found_and_removed(daemon: Installation) -> None:
    other = daemon.mailbox.person_writes_draft()
    daemon.outside.next("drafts.create", Fault.CUT_ANSWER)
    daemon.run(mail())
    assert len(daemon.mailbox.our_drafts()) == 1
    daemon.run()
    daemon.dead(mail())
    assert daemon.mailbox.drafts() == [other]


@pytest.mark.parametrize(("fault", "times"), [(Fault.CUT_ANSWER, 1), (Fault.LOST_REQUEST, 0)])
def test_withdrawn_in_doubt_of_the_send_it_is_sent_or_dies(daemon: Installation, fault: Fault, times: int) -> None:
    daemon.outside.next("drafts.send", fault)
    daemon.run(mail())
    daemon.until_quiet()
    assert daemon.left(mail()) == times
    assert daemon.state(mail()) is (SENT if times else DEAD)
    assert daemon.mailbox.our_drafts() == []


def test_a_new_generation_lets_the_old_ones_mail_die(daemon: Installation) -> None:
    _drafted(daemon)
    later = mail(generation=2)
    daemon.until_quiet(later)
    daemon.dead(mail())
    daemon.settled_well(later)


# People at our drafts ----------------------------------------------------------------------------------------------


def test_a_draft_a_person_sent_counts_as_sent(daemon: Installation) -> None:
    _drafted(daemon)
    daemon.mailbox.person_sends(daemon.effect(mail()).draft_id)
    daemon.until_quiet(mail())
    daemon.settled_well(mail())


def test_a_draft_a_person_sent_before_it_was_withdrawn_counts_as_sent(daemon: Installation) -> None:
    _drafted(daemon)
    daemon.mailbox.person_sends(daemon.effect(mail()).draft_id)
    daemon.until_quiet()
    daemon.settled_well(mail())
    daemon.until_quiet(mail())
    assert daemon.left(mail()) == 1


def test_a_draft_a_person_sends_in_the_moment_it_is_withdrawn_counts_as_sent(daemon: Installation) -> None:
    """Between looking at the draft and deleting it, a person may still send it."""
    _drafted(daemon)
    draft_id = daemon.effect(mail()).draft_id
    delete = daemon.mailbox.delete_draft

    def sent_a_moment_before(one: str) -> None:
        daemon.mailbox.person_sends(draft_id)
        delete(one)

    daemon.mailbox.delete_draft = sent_a_moment_before  # type: ignore[method-assign, assignment]
    daemon.run()
    daemon.mailbox.delete_draft = delete  # type: ignore[method-assign]
    assert daemon.left(mail()) == 1
    assert daemon.state(mail()) is SENT
    daemon.until_quiet(mail())
    assert daemon.left(mail()) == 1


def test_a_draft_a_person_deleted_is_parked_and_told(daemon: Installation) -> None:
    _drafted(daemon)
    daemon.mailbox.person_deletes(daemon.effect(mail()).draft_id)
    outcomes = daemon.run(mail())
    assert [one.what for one in outcomes] == ["parked"]
    assert daemon.state(mail()) is UNKNOWN
    daemon.settled_well(mail(), parking=True)
    daemon.until_quiet(mail())
    assert daemon.left(mail()) == 0


@pytest.mark.parametrize("sent", [True, False])
def test_a_draft_a_person_remade_is_parked_never_sent_by_us(daemon: Installation, sent: bool) -> None:
    _drafted(daemon)
    remade = daemon.mailbox.person_remakes(daemon.effect(mail()).draft_id)
    if sent:
        daemon.mailbox.person_sends(remade)
    daemon.until_quiet(mail())
    assert daemon.state(mail()) is UNKNOWN
    assert len(daemon.mailbox.outbox) == (1 if sent else 0)


@pytest.mark.parametrize("sent", [True, False])
def test_a_draft_a_person_remade_before_it_was_withdrawn_is_parked_and_not_sent_again(
    daemon: Installation, sent: bool
) -> None:
    """Sent by hand without our header: that nobody wants it now does not say that it never went."""
    _drafted(daemon)
    remade = daemon.mailbox.person_remakes(daemon.effect(mail()).draft_id)
    if sent:
        daemon.mailbox.person_sends(remade)
    outcomes = daemon.run()
    assert [one.what for one in outcomes] == ["parked"]
    assert daemon.state(mail()) is UNKNOWN
    assert daemon.effect(mail()).reason
    daemon.until_quiet(mail())
    assert len(daemon.mailbox.outbox) == (1 if sent else 0)


def test_a_draft_whose_withdrawal_was_begun_before_a_crash_is_gone_by_our_own_doing(daemon: Installation) -> None:
    for step in ("drafts.delete", "threads.get"):
        for fault in CRASHES:
            _drafted(daemon)
            daemon.outside.next(step, fault)
            daemon.until_quiet()
            daemon.dead(mail())


def test_a_draft_remade_with_its_marker_is_not_taken_for_a_sent_mail(daemon: Installation) -> None:
    daemon.outside.next("drafts.send", Fault.LOST_REQUEST)
    daemon.run(mail())
    draft_id = daemon.effect(mail()).draft_id
    daemon.mailbox.copies_draft(draft_id)
    daemon.mailbox.person_deletes(draft_id)
    daemon.until_quiet(mail())
    assert daemon.state(mail()) is UNKNOWN
    assert daemon.left(mail()) == 0


def test_an_answer_with_a_forged_marker_is_not_taken_for_a_sent_mail(daemon: Installation) -> None:
    daemon.outside.next("drafts.send", Fault.LOST_REQUEST)
    daemon.run(mail())
    effect = daemon.effect(mail())
    daemon.mailbox.person_deletes(effect.draft_id)
    daemon.mailbox.arrives(effect.thread_id, {daemon.mailbox.marker: marker_for(effect.key)})
    daemon.until_quiet(mail())
    assert daemon.state(mail()) is UNKNOWN


def test_a_draft_deleted_by_a_person_in_doubt_of_the_send_is_parked(daemon: Installation) -> None:
    daemon.outside.next("drafts.send", Fault.LOST_REQUEST)
    daemon.run(mail())
    daemon.mailbox.person_deletes(daemon.effect(mail()).draft_id)
    daemon.until_quiet(mail())
    assert daemon.state(mail()) is UNKNOWN
    assert daemon.effect(mail()).reason


def test_settled_as_unsent_it_leaves_once_and_as_sent_never(installations: Installations) -> None:
    for verdict, times in ((DEAD, 1), (SENT, 0)):
        daemon = installations.new()
        _drafted(daemon)
        daemon.mailbox.person_deletes(daemon.effect(mail()).draft_id)
        daemon.until_quiet(mail())
        daemon.ledger.advance(daemon.effect(mail()).number, UNKNOWN, verdict, at=daemon.now, draft_id="")
        daemon.until_quiet(mail())
        assert daemon.left(mail()) == times
        assert daemon.state(mail()) is SENT


# One conversation --------------------------------------------------------------------------------------------------


def outbox(daemon: Installation, language: str) -> list[Stored]:
    return [one for one in daemon.mailbox.outbox if f"({language})" in one.header("Subject")]


def test_the_mails_of_one_language_form_one_thread(daemon: Installation) -> None:
    kinds = (Kind.START, Kind.DELAY, Kind.END)
    for kind in kinds:
        daemon.until_quiet(mail(kind), mail(kind, "ca"))
        daemon.now += timedelta(minutes=30)
    for language in ("es", "ca"):
        first, second, third = outbox(daemon, language)
        assert first.thread_id == second.thread_id == third.thread_id
        assert first.header("In-Reply-To") == ""
        assert second.header("In-Reply-To") == first.header("Message-ID")
        assert third.header("In-Reply-To") == second.header("Message-ID")
        assert third.header("References").split() == [first.header("Message-ID"), second.header("Message-ID")]
        assert {one.header("Subject") for one in (first, second, third)} == {first.header("Subject")}
    assert outbox(daemon, "es")[0].thread_id != outbox(daemon, "ca")[0].thread_id


def test_a_thread_deleted_by_a_person_does_not_keep_the_next_mail_from_going(daemon: Installation) -> None:
    for kind in (Kind.START, Kind.DELAY):
        daemon.until_quiet(mail(kind))
        daemon.now += timedelta(minutes=30)
    start = daemon.mailbox.outbox[0]
    daemon.mailbox.person_deletes_thread(start.thread_id)
    daemon.until_quiet(mail(Kind.END))
    daemon.settled_well(mail(Kind.END))
    end = daemon.mailbox.outbox[-1]
    # What is still known threads it for the recipients, who have the conversation.
    assert end.header("References").split()[0] == start.header("Message-ID")
    assert end.header("Subject") == start.header("Subject")


def test_after_a_deleted_thread_a_lost_answer_is_found_in_the_new_one(daemon: Installation) -> None:
    daemon.until_quiet(mail())
    daemon.mailbox.person_deletes_thread(daemon.mailbox.outbox[0].thread_id)
    daemon.outside.next("drafts.send", Fault.CUT_ANSWER)
    daemon.until_quiet(mail(Kind.END))
    daemon.settled_well(mail(Kind.END))


def test_googles_own_message_id_is_read_once_and_kept(daemon: Installation) -> None:
    for kind in (Kind.START, Kind.DELAY, Kind.END):
        daemon.until_quiet(mail(kind))
        daemon.now += timedelta(minutes=30)
    assert daemon.outside.calls().count("messages.get") == 2
    assert daemon.effect(mail()).message_header == daemon.mailbox.outbox[0].header("Message-ID")


def test_mails_adopted_from_the_log_are_no_conversation(daemon: Installation) -> None:
    """A lost ledger knows that they went out, not which they were."""
    past = Past((EffectSeen(0, Kind.START, 1, 0, "es", SENT, START),))
    daemon.ledger.take_up(LogSeen(LOG, "", 0, 0, None), (), {DEPLOYMENT: (past, "")}, (), START)
    daemon.until_quiet(mail(Kind.END))
    daemon.settled_well(mail(Kind.END))
    assert daemon.left(mail()) == 0


@pytest.mark.parametrize("fault", PASSING)
def test_a_failing_look_at_the_conversation_only_delays_the_mail(daemon: Installation, fault: Fault) -> None:
    daemon.until_quiet(mail())
    daemon.outside.next("messages.get", fault)
    daemon.until_quiet(mail(Kind.END))
    daemon.settled_well(mail(Kind.END))
    assert daemon.mailbox.outbox[1].thread_id == daemon.mailbox.outbox[0].thread_id

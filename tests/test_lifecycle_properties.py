"""What holds of every row, whatever staff do to it and however time goes by: found by trying."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from builders import (
    CONTACTS,
    END,
    REQUIRED,
    STAFF,
    START,
    Key,
    Play,
    contact,
    deployment,
    surroundings,
    window_at,
)
from deploylog.audience import guests
from deploylog.lifecycle import Decision, EffectState, EventWish, Timing
from deploylog.model import Kind, Notify, Party, Progress, Sentence, Status

MINUTE = timedelta(minutes=1)
EVA = "eva@soffid.example"
FINAL = (EffectState.SENT, EffectState.UNKNOWN, EffectState.FAILED)
PEOPLE = (*CONTACTS, contact("board@customer.example", Party.HELPDESK, language="en"))

EDITS: list[dict[str, Any]] = [
    *({"status": status} for status in Status),
    {"status": Status.DONE, "checked": REQUIRED},
    {"status": Status.DRAFT, "status_unknown": True, "problems": (Sentence.of("cell_choice", column="Status"),)},
    {"status_unknown": False, "problems": ()},
    *({"window": window_at(START + timedelta(minutes=minutes))} for minutes in (-90, -20, 0, 10, 1440)),
    {"window": window_at(START, 60)},
    {"window": None, "problems": (Sentence.of("cell_date_time", column="Start"),)},
    *({"new_end": END + timedelta(minutes=minutes)} for minutes in (20, 60, 200)),
    {"new_end": None},
    {"new_end": None, "problems": (Sentence.of("cell_date_time", column="New end"),)},
    {"checked": REQUIRED},
    {"checked": frozenset()},
    {"responsible": EVA},
    {"responsible": ""},
    {"agreed_with": ""},
    {"agreed_with": "their manager", "override": "Eva: go"},
    *({"notify": notify} for notify in Notify),
    {"comment": "more"},
    {"same_as": "DIBA-0009"},
    {"same_as": ""},
]
TIMINGS = [
    Timing(),
    Timing(reminders=(timedelta(days=1), timedelta(hours=1)), start_lead=5 * MINUTE),
    Timing(start_asks=True, delay_asks=True, nudge=timedelta(0)),
    Timing(nudge=60 * MINUTE, delay_after=timedelta(0), late_after=MINUTE),
]
FATES = [*FINAL, EffectState.SENDING, EffectState.COMMITTED, EffectState.DEAD]
SPANS = [timedelta(seconds=seconds) for seconds in (1, 31, 240, 600, 1200, 5400, 86_400)]
STEPS = st.one_of(
    st.tuples(st.just("edit"), st.sampled_from(EDITS)),
    st.tuples(
        st.just("wait"), st.sampled_from([1, 31, 240, 600, 1200, 5400, 86_400]).map(lambda s: timedelta(seconds=s))
    ),
    st.tuples(st.just("outage"), st.sampled_from([31, 600, 3600]).map(lambda s: timedelta(seconds=s))),
    st.tuples(st.just("pause"), st.booleans()),
    st.tuples(st.just("mail works"), st.booleans()),
    st.tuples(st.just("fate"), st.tuples(st.sampled_from(Kind), st.sampled_from(FATES), st.sampled_from(["es", "en"]))),
    st.tuples(st.just("people"), st.sampled_from([CONTACTS, PEOPLE])),
)
LIVES = st.lists(STEPS, min_size=1, max_size=14)
BEGINNINGS = st.tuples(
    st.sampled_from(TIMINGS), st.sampled_from([START - timedelta(days=2), START - 2 * MINUTE, START + 60 * MINUTE])
)


def effects_of(play: Play) -> dict[Key, EffectState]:
    assert play.memory is not None
    return {(one.kind, one.generation, one.round, one.target): one.state for one in play.memory.effects}


class Watched(Play):
    """A play in which every single decision is held against what must always hold."""

    def look(self) -> Decision:
        before = effects_of(self) if self.memory else {}
        decision = super().look()
        check(self, decision, before)
        return decision


def check(play: Play, decision: Decision, effects: dict[Key, EffectState]) -> None:
    row, memory = play.row, play.memory
    assert memory is not None
    keys = [(one.kind, one.generation, one.round, one.target) for one in decision.wanted]
    note(f"{play.now:%d %H:%M:%S} {row.status.value}: {decision.progress} {[str(key[0]) for key in keys]}")

    assert len(set(keys)) == len(keys), "a mail wanted twice"
    assert not [key for key in keys if effects.get(key) in (*FINAL, EffectState.SENDING)], "a mail wanted again"
    assert all(generation == memory.generation for _, generation, _, _ in keys), "a mail of an old generation"

    known = {one.address for one in play.around.contacts}
    for one in decision.wanted:
        assert one.circle.to
        if one.kind in (Kind.NUDGE, Kind.OVERRUN):
            assert one.circle.everyone == (row.responsible,)
        else:
            assert set(one.circle.everyone) <= known
            assert row.notify is not Notify.NOBODY
        assert one.due <= play.now, "a mail before its time"
    assert set(guests(row, play.around.customer, play.around.contacts)) <= {*known, row.responsible}

    settled = memory.changed_at + play.around.policy.timing.settle <= play.now
    if decision.wanted:
        assert settled, "announced before the row was left alone"
        assert row.status is not Status.DRAFT
        assert not row.status_unknown
        assert not play.around.paused
        assert not row.same_as
        assert not row.problems
        assert row.window is not None
    if decision.event is not EventWish.LEAVE:
        assert not play.around.paused
        assert settled
    if decision.event is EventWish.CANCEL:
        assert row.status is Status.CANCELLED
    if any(one.kind is Kind.END for one in decision.wanted):
        assert row.status is Status.DONE
        assert row.checked >= REQUIRED
    if row.override == "" and row.agreed_with == "" and not memory.started and not memory.has_event:
        announcing = {Kind.START, Kind.REMINDER}
        assert not announcing & {one.kind for one in decision.wanted}, "announced although not ready"
    assert decision.progress is not Progress.DATE_NOT_ALLOWED or decision.event is EventWish.LEAVE
    assert decision.due is None or decision.progress is None or decision.due > play.now or decision.wanted


def step(play: Play, act: str, what: Any) -> None:
    if act == "edit":
        play.edit(**what)
    elif act == "wait":
        play.wait(what)
    elif act == "outage":
        play.wake_at(play.now + what)
    elif act == "pause":
        play.around = replace(play.around, paused=what)
        play.run()
    elif act == "mail works":
        play.mail_works = what
    elif act == "people":
        play.around = replace(play.around, contacts=what)
    elif play.memory is not None:
        kind, state, target = what
        play.turn(kind, state, STAFF if kind in (Kind.NUDGE, Kind.OVERRUN) else target)


def live(beginning: tuple[Timing, Any], life: list[tuple[str, Any]]) -> Watched:
    timing, now = beginning
    play = Watched(deployment(), surroundings(timing, PEOPLE), now)
    play.run()
    for act, what in life:
        note(f"-- {act}: {what}")
        step(play, act, what)
    return play


@settings(max_examples=300, deadline=None)
@given(BEGINNINGS, LIVES)
def test_no_decision_of_any_life_wants_what_must_not_be(
    beginning: tuple[Timing, Any], life: list[tuple[str, Any]]
) -> None:
    live(beginning, life)


@settings(max_examples=150, deadline=None)
@given(BEGINNINGS, LIVES)
def test_after_all_was_carried_out_a_second_look_at_the_same_instant_wants_nothing(
    beginning: tuple[Timing, Any], life: list[tuple[str, Any]]
) -> None:
    """But that with the start mail out, late, the nudge may be due already."""
    play = live(beginning, life)
    play.mail_works = True
    again = play.run()
    assert {one.kind for one in again.wanted} <= {Kind.NUDGE}
    play.run()
    assert play.decision.wanted == ()
    sent, memory = list(play.sent), play.memory
    play.run()
    assert (play.sent, play.memory) == (sent, memory)


@settings(max_examples=150, deadline=None)
@given(BEGINNINGS, st.lists(STEPS.filter(lambda one: one[0] != "fate"), max_size=14))
def test_each_mail_of_the_procedure_goes_once_in_each_language(
    beginning: tuple[Timing, Any], life: list[tuple[str, Any]]
) -> None:
    """Only reminders follow a moved start, delays a moved end, and a cancellation what was announced after it."""
    play = live(beginning, life)
    count = Counter((kind, target) for _, kind, target in play.sent)
    for kind in (Kind.START, Kind.END, Kind.ROLLED_BACK):
        assert all(count[kind, language] <= 1 for language in ("es", "en"))
    for language in ("es", "en"):
        announced = count[Kind.REMINDER, language] + count[Kind.START, language] + count[Kind.DELAY, language]
        assert count[Kind.CANCELLED, language] <= announced


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(TIMINGS[:3]), st.lists(st.integers(1, 4 * 3600), max_size=12))
def test_looks_between_change_nothing_about_what_is_sent_and_when(timing: Timing, looks: list[int]) -> None:
    """The due times alone make every mail go at its instant; more looks make none earlier, later or more."""
    plays = [Play(around=surroundings(timing), now=START - timedelta(days=2)) for _ in range(2)]
    ends = START + timedelta(hours=4)
    for play in plays:
        play.run()
        play.wait(MINUTE)
    for seconds in sorted(looks):
        plays[1].wait_until(START - timedelta(hours=1) + timedelta(seconds=seconds))
    for play in plays:
        play.wait_until(ends)
    assert plays[0].sent == plays[1].sent

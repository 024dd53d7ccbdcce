"""What happens to a row, step by step as the design tells it, played through time with a clock of our own.

A play looks only when the decision before asked to be looked at again: what comes at its time here comes at its time
in the daemon too.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from builders import (
    CONTACTS,
    END,
    MANAGER,
    REQUIRED,
    STAFF,
    START,
    THE_DAY_BEFORE,
    Play,
    contact,
    deployment,
    effect,
    read_row,
    scheduled,
    started,
    surroundings,
    window_at,
)
from deploylog import deployment_log as log
from deploylog.facts import Facts, Guide, GuideState
from deploylog.lifecycle import (
    Decision,
    EffectState,
    EventWish,
    Memory,
    Policy,
    Timing,
    decide,
    first_memory,
    kind_code,
    newly_ticked,
    remember,
    worth_looking_up,
)
from deploylog.model import Component, Deployment, Freeze, Kind, Notify, Party, Progress, Sentence, Status

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SETTLE = timedelta(seconds=30)
LATE = timedelta(minutes=10)
SECOND = timedelta(seconds=1)
OTHER_LANGUAGES = (*CONTACTS, contact("board@customer.example", language="en"))


def said(decision: Decision) -> list[str]:
    return [one.code for one in decision.sentences]


def value(sentence: Sentence | None, name: str) -> object:
    assert sentence is not None
    return dict(sentence.values)[name]


def kinds(decision: Decision) -> list[Kind]:
    return [one.kind for one in decision.wanted]


# Step 1: nothing is announced before the row was left alone; what stops, stops at once ---------------------------


def test_a_draft_is_left_alone() -> None:
    play = Play(deployment(status=Status.DRAFT))
    decision = play.wait(timedelta(days=3))
    assert (decision.progress, decision.event, decision.due) == (Progress.DRAFT, EventWish.LEAVE, None)
    assert play.sent == []


ANNOUNCING = (Status.PLANNED, Status.STARTED, Status.DELAYED, Status.DONE, Status.ROLLED_BACK)


@pytest.mark.parametrize("status", ANNOUNCING)
def test_what_announces_waits_until_the_row_was_left_alone(status: Status) -> None:
    play = scheduled() if status is Status.PLANNED else started()
    if status is Status.PLANNED:
        play.edit(status=Status.DRAFT)
        play.wait_until(START - MINUTE)
    before = len(play.sent)
    play.wait(timedelta(seconds=7))
    decision = play.edit(status=status, checked=REQUIRED)
    edited = play.now
    assert (decision.progress, decision.wanted, decision.event) == (None, (), EventWish.LEAVE)
    assert decision.due == edited + SETTLE
    play.wake_at(edited + SETTLE - SECOND)
    assert len(play.sent) == before
    decision = play.wake_at(edited + SETTLE)
    assert decision.progress is not None


def test_every_edit_begins_the_wait_anew() -> None:
    play = Play()
    play.run()
    for _ in range(5):
        play.now += timedelta(seconds=20)
        assert play.edit(comment=f"{play.now}").progress is None
    assert play.wait(SETTLE).progress is Progress.SCHEDULED


def test_a_tick_is_no_half_typed_row() -> None:
    play = scheduled()
    assert play.edit(checked=frozenset({"Deployed"})).progress is Progress.SCHEDULED


@pytest.mark.parametrize(
    "stop",
    [
        {"status": Status.DRAFT},
        {"status": Status.CANCELLED},
        {"window": window_at(START + timedelta(days=1))},
        {"status_unknown": True, "status": Status.DRAFT},
    ],
    ids=["draft", "cancelled", "moved", "unreadable"],
)
def test_what_stops_stops_what_is_pending_at_once(stop: dict[str, Any]) -> None:
    play = scheduled()
    play.mail_works = False
    play.wait_until(START)
    assert kinds(play.decision) == [Kind.START]
    play.now += SECOND
    play.edit(**stop)
    assert play.decision.wanted == ()
    play.mail_works = True
    play.wait(timedelta(hours=3))
    assert play.mails(Kind.START) == []


def test_pausing_stops_what_is_pending_at_once() -> None:
    play = scheduled()
    play.mail_works = False
    play.wait_until(START)
    play.around = replace(play.around, paused=True)
    decision = play.run()
    assert (decision.progress, decision.wanted, decision.event) == (Progress.PAUSED, (), EventWish.LEAVE)
    play.mail_works = True
    play.wait(5 * MINUTE)
    assert play.sent == []


def test_the_pause_ends_and_what_is_not_too_late_goes_on() -> None:
    play = scheduled()
    play.around = replace(play.around, paused=True)
    play.wake_at(START + 5 * MINUTE)
    play.around = replace(play.around, paused=False)
    play.run()
    assert play.mails() == [(Kind.START, "es")]


@pytest.mark.parametrize("status", Status)
def test_while_paused_nothing_is_done_to_any_row(status: Status) -> None:
    for play in (scheduled(), started()):
        play.around = replace(play.around, paused=True)
        before = list(play.sent)
        play.edit_and_leave(status=status, checked=REQUIRED)
        play.wait_until(END + 2 * HOUR)
        assert play.sent == before
        assert play.decision.event is EventWish.LEAVE


# Step 2: readiness and dates -------------------------------------------------------------------------------------


def test_a_row_that_lacks_something_is_not_ready_and_nothing_comes_of_it() -> None:
    play = Play(deployment(agreed_with="", rollback_guide=""))
    play.run()
    decision = play.wait_until(START + 5 * MINUTE)
    assert decision.progress is Progress.NOT_READY
    assert len(decision.sentences) == 2
    assert (play.sent, decision.event) == ([], EventWish.LEAVE)


@pytest.mark.parametrize("status", [Status.PLANNED, Status.STARTED, Status.DELAYED])
@pytest.mark.parametrize(
    "cells",
    [
        {log.START: "mañana"},
        {log.START: "2027-03-28 02:30"},
        {log.DURATION: -5},
        {log.RESPONSIBLE: "ana"},
        {log.ENVIRONMENT: "?"},
        {log.NEW_END: "25:99"},
    ],
)
def test_a_cell_that_cannot_be_read_makes_the_row_not_ready_with_one_sentence(
    cells: dict[str, Any], status: Status
) -> None:
    play = Play(read_row({**cells, log.STATUS: status.value, log.OVERRIDE: "Eva: go"}))
    play.run()
    decision = play.wait_until(START + MINUTE)
    assert decision.progress is Progress.NOT_READY
    [sentence] = decision.sentences
    assert value(sentence, "column") == next(iter(cells))
    assert play.sent == []


def test_an_unknown_status_makes_the_row_not_ready_and_is_not_taken_for_draft() -> None:
    play = scheduled()
    row = read_row({log.STATUS: "Plannned"})
    decision = play.edit(status=row.status, status_unknown=True, problems=row.problems)
    assert decision.progress is Progress.NOT_READY
    assert value(decision.sentences[0], "column") == log.STATUS
    assert play.memory is not None
    assert play.memory.status is Status.PLANNED


def test_an_unknown_status_after_the_start_mail_asks() -> None:
    play = started()
    play.edit_and_leave(status=Status.DRAFT, status_unknown=True, problems=(Sentence.of("cell_choice"),))
    assert play.decision.progress is Progress.NEEDS_ATTENTION
    play.wait_until(END + HOUR)
    assert play.mails() == [(Kind.START, "es")]


FRIDAY = datetime(2026, 12, 11, 8, 0, tzinfo=UTC)


def test_a_date_that_is_not_allowed_says_why_and_offers_others() -> None:
    play = Play(deployment(window=window_at(FRIDAY)))
    play.run()
    decision = play.wait(SETTLE)
    assert (decision.progress, said(decision)) == (Progress.DATE_NOT_ALLOWED, ["friday"])
    assert len(decision.slots) == 3
    assert all(slot > play.now for slot in decision.slots)
    play.wait_until(FRIDAY + HOUR)
    assert (play.sent, play.decision.event) == ([], EventWish.LEAVE)


def test_an_override_lets_the_row_pass_and_that_is_told() -> None:
    play = Play(deployment(window=window_at(FRIDAY), agreed_with="", override="Eva: urgent"))
    play.run()
    decision = play.wait(SETTLE)
    assert (decision.progress, decision.overridden, decision.event) == (Progress.SCHEDULED, True, EventWish.INVITE)
    assert "friday" in said(decision)
    play.wait_until(FRIDAY)
    assert play.mails(Kind.START) == [(Kind.START, "es")]


def test_an_override_nobody_needed_is_none() -> None:
    assert not scheduled(row=deployment(override="Eva: just in case")).decision.overridden


def test_an_override_without_who_and_why_does_not_count_and_the_row_says_so() -> None:
    play = Play(deployment(window=window_at(FRIDAY), override="ok"))
    play.run()
    decision = play.wait(SETTLE)
    assert (decision.progress, said(decision)) == (Progress.DATE_NOT_ALLOWED, ["override_unexplained", "friday"])
    assert not decision.overridden
    play.edit_and_leave(agreed_with="", window=window_at(START))
    assert said(play.decision) == ["override_unexplained", "agreed_with"]
    play.edit_and_leave(agreed_with="the customer")
    assert play.decision.progress is Progress.SCHEDULED


def test_no_override_helps_over_a_copy_left_as_it_was_pasted() -> None:
    play = Play(deployment(same_as="DIBA-0014", override="Eva: go"))
    play.run()
    decision = play.wait_until(START + MINUTE)
    assert (decision.progress, said(decision)) == (Progress.NOT_READY, ["same_as"])
    assert value(decision.sentences[0], "other") == "DIBA-0014"
    assert play.sent == []


def test_a_freeze_added_later_stops_what_is_scheduled() -> None:
    play = scheduled()
    dates = replace(play.around.dates, freezes=(Freeze("DIBA", date(2026, 12, 9), date(2026, 12, 9), "campaign"),))
    play.around = replace(play.around, dates=dates)
    assert play.run().progress is Progress.DATE_NOT_ALLOWED
    play.wait_until(START + HOUR)
    assert play.sent == []


# Step 3: scheduled -----------------------------------------------------------------------------------------------


def test_a_ready_row_is_scheduled_with_its_event_and_what_comes_next() -> None:
    decision = scheduled().decision
    assert (decision.progress, decision.event, decision.wanted) == (Progress.SCHEDULED, EventWish.INVITE, ())
    assert decision.due == START
    assert value(decision.next_action, "when") == START
    assert value(decision.next_action, "count") == 2


DAY_AND_HOUR = Timing(reminders=(timedelta(days=1), HOUR))


def test_reminders_go_at_their_times() -> None:
    play = Play(now=START - timedelta(days=2), around=surroundings(DAY_AND_HOUR))
    play.run()
    play.wait_until(START)
    assert [(when - START, kind) for when, kind, _ in play.sent] == [
        (-timedelta(days=1), Kind.REMINDER),
        (-HOUR, Kind.REMINDER),
        (timedelta(0), Kind.START),
    ]


def test_a_reminder_whose_time_was_past_when_the_row_was_planned_is_no_loss() -> None:
    play = Play(now=START - 3 * HOUR, around=surroundings(DAY_AND_HOUR))
    play.run()
    play.wait_until(START - MINUTE)
    assert [when for when, _, _ in play.sent] == [START - HOUR]


def test_a_reminder_long_past_after_an_outage_is_not_sent() -> None:
    play = Play(now=START - timedelta(days=2), around=surroundings(Timing(reminders=(HOUR,))))
    play.run()
    play.wait(MINUTE)
    play.wake_at(START - HOUR + LATE + SECOND)
    assert play.sent == []


def test_a_reminder_that_fell_into_an_outage_is_told_by_the_row_until_the_start() -> None:
    play = scheduled(around=surroundings(DAY_AND_HOUR), now=START - timedelta(days=2))
    decision = play.wake_at(START - HOUR + LATE + SECOND)
    assert (decision.progress, said(decision)) == (Progress.SCHEDULED, ["reminder_missed", "reminder_missed"])
    assert [value(one, "when") for one in decision.sentences] == [START - timedelta(days=1), START - HOUR]
    assert said(play.wait_until(START - SECOND)) == ["reminder_missed", "reminder_missed"]
    assert "reminder_missed" not in said(play.wait_until(START))
    assert play.mails() == [(Kind.START, "es")]


def test_a_reminder_that_cannot_be_sent_in_time_is_given_up_and_told_at_that_instant() -> None:
    play = scheduled(around=surroundings(Timing(reminders=(HOUR,))))
    play.mail_works = False
    decision = play.wait_until(START - HOUR + LATE)
    assert (kinds(decision), said(decision)) == ([Kind.REMINDER], [])
    assert decision.due == START - HOUR + LATE + SECOND
    decision = play.wait_until(decision.due)
    assert (kinds(decision), said(decision)) == ([], ["reminder_missed"])
    play.edit_and_leave(comment="by the way")
    assert said(play.decision) == ["reminder_missed"]


def test_a_language_of_a_reminder_that_could_not_go_is_the_one_that_is_told() -> None:
    play = scheduled(around=surroundings(Timing(reminders=(HOUR,)), OTHER_LANGUAGES))
    play.wait_until(START - HOUR)
    partly_out(play, Kind.REMINDER)
    play.mail_works = False
    [missed] = play.wait_until(START - MINUTE).sentences
    assert value(missed, "what") == Sentence.of("kind_reminder", target="en")


def test_a_reminder_of_a_start_that_moved_meanwhile_is_not_missed() -> None:
    play = scheduled(around=surroundings(Timing(reminders=(HOUR,))))
    play.mail_works = False
    play.wait_until(START - 45 * MINUTE)
    assert said(play.decision) == ["reminder_missed"]
    assert said(play.edit_and_leave(window=window_at(START + 5 * HOUR))) == []


def test_a_reminder_shortly_past_after_an_outage_is_sent() -> None:
    play = Play(now=START - timedelta(days=2), around=surroundings(Timing(reminders=(HOUR,))))
    play.run()
    play.wait(MINUTE)
    play.wake_at(START - HOUR + LATE)
    assert play.mails() == [(Kind.REMINDER, "es")]


def test_a_reminder_that_waits_for_its_next_try_survives_an_edit() -> None:
    play = Play(now=START - timedelta(days=2), around=surroundings(Timing(reminders=(HOUR,))))
    play.run()
    play.wait(MINUTE)
    play.mail_works = False
    play.wait_until(START - HOUR)
    play.now += 10 * SECOND
    play.edit(comment="by the way")
    play.mail_works = True
    play.wait(MINUTE)
    assert play.mails() == [(Kind.REMINDER, "es")]


def test_a_moved_start_brings_reminders_of_its_own() -> None:
    play = Play(now=START - timedelta(days=2), around=surroundings(Timing(reminders=(HOUR,))))
    play.run()
    play.wait_until(START - HOUR)
    play.edit_and_leave(window=window_at(START + timedelta(days=1)))
    play.wait_until(START + timedelta(days=1) - MINUTE)
    assert [when for when, _, _ in play.sent] == [START - HOUR, START + timedelta(days=1) - HOUR]


# Step 4: the start mail ------------------------------------------------------------------------------------------


def test_the_start_mail_goes_at_the_start_once() -> None:
    play = scheduled()
    play.wait_until(START - SECOND)
    assert play.sent == []
    decision = play.wait_until(START)
    assert [(when, kind, target) for when, kind, target in play.sent] == [(START, Kind.START, "es")]
    assert (decision.progress, decision.event) == (Progress.IN_PROGRESS, EventWish.LEAVE)
    play.wait_until(START + 4 * MINUTE)
    assert len(play.sent) == 1


def test_the_start_mail_goes_to_the_contacts() -> None:
    play = scheduled()
    play.mail_works = False
    [wanted] = play.wait_until(START).wanted
    assert set(wanted.circle.everyone) == {one.address for one in CONTACTS}
    assert wanted.due == START


def test_the_start_mail_goes_its_lead_before_the_start() -> None:
    play = scheduled(around=surroundings(Timing(start_lead=30 * MINUTE)))
    assert play.decision.due == START - 30 * MINUTE
    play.wait_until(START)
    assert [when for when, _, _ in play.sent][:1] == [START - 30 * MINUTE]


def test_status_started_sends_it_before_its_time() -> None:
    play = scheduled()
    play.wait_until(START - HOUR)
    play.edit_and_leave(status=Status.STARTED)
    assert play.mails() == [(Kind.START, "es")]
    play.wait_until(START + MINUTE)
    assert play.mails(Kind.START) == [(Kind.START, "es")]


def test_started_said_far_ahead_asks_and_sends_nothing_before_the_start() -> None:
    """A slip on the evening before: however long it stays, nobody is told in the night."""
    play = Play(now=START - timedelta(days=3))
    play.run()
    play.wait(MINUTE)
    decision = play.edit_and_leave(status=Status.STARTED)
    assert decision.progress is Progress.NEEDS_ATTENTION
    play.wait_until(START - SECOND)
    assert play.sent == []
    play.wait_until(START)
    assert play.mails() == [(Kind.START, "es")]


def test_started_said_far_ahead_is_believed_once_the_start_is_put_right() -> None:
    play = Play(now=START - timedelta(days=3))
    play.run()
    play.wait(MINUTE)
    play.edit_and_leave(status=Status.STARTED)
    play.edit_and_leave(window=window_at(play.now + 5 * MINUTE), override="Eva: now")
    assert play.mails() == [(Kind.START, "es")]


@pytest.mark.parametrize(("late", "sent"), [(LATE, True), (LATE + SECOND, False)])
def test_more_than_late_after_the_start_it_is_not_sent(late: timedelta, sent: bool) -> None:
    play = scheduled()
    decision = play.wake_at(START + late)
    assert bool(play.sent) is sent
    assert (decision.progress is Progress.NEEDS_ATTENTION) is not sent


def test_too_late_needs_attention_and_status_started_sends_it() -> None:
    play = scheduled()
    decision = play.wake_at(START + HOUR)
    assert said(decision) == ["start_late"]
    play.wait(HOUR)
    assert play.sent == []
    play.edit_and_leave(status=Status.STARTED)
    assert play.mails() == [(Kind.START, "es")]


def test_a_start_mail_that_cannot_be_sent_in_time_is_given_up() -> None:
    play = scheduled()
    play.mail_works = False
    play.wait_until(START + LATE)
    assert kinds(play.decision) == [Kind.START]
    decision = play.wait_until(START + LATE + 2 * SECOND)
    assert (decision.progress, decision.wanted) == (Progress.NEEDS_ATTENTION, ())
    play.mail_works = True
    play.wait(HOUR)
    assert play.sent == []


def test_start_ask_sends_on_started_only() -> None:
    play = scheduled(around=surroundings(Timing(start_asks=True)))
    assert play.decision.progress is Progress.SCHEDULED
    assert play.wait_until(START + LATE).progress is Progress.SCHEDULED
    assert play.sent == []
    play.edit_and_leave(status=Status.STARTED)
    assert play.mails(Kind.START) == [(Kind.START, "es")]


def test_start_ask_asks_when_the_start_is_past() -> None:
    play = scheduled(around=surroundings(Timing(start_asks=True)))
    assert play.wait_until(START + LATE + 2 * SECOND).progress is Progress.NEEDS_ATTENTION
    assert play.sent == []


def test_a_moved_start_is_a_new_generation_and_the_old_time_passes_in_silence() -> None:
    play = scheduled()
    later = START + timedelta(days=1)
    decision = play.edit_and_leave(window=window_at(later))
    assert (decision.progress, decision.event, decision.due) == (Progress.SCHEDULED, EventWish.INVITE, later)
    play.wait_until(later)
    assert [when for when, _, _ in play.sent] == [later]
    assert play.memory is not None
    assert play.memory.generation == 2


def test_a_start_moved_back_and_forth_is_still_announced_once() -> None:
    play = scheduled()
    play.edit_and_leave(window=window_at(START + timedelta(days=1)))
    play.edit_and_leave(window=window_at(START))
    play.wait_until(START + MINUTE)
    assert play.mails() == [(Kind.START, "es")]
    assert play.memory is not None
    assert play.memory.generation == 3


def test_a_start_that_was_unreadable_for_a_while_is_the_same_generation() -> None:
    play = scheduled()
    play.edit_and_leave(window=None, problems=(Sentence.of("cell_date_time", column="Start"),))
    play.edit_and_leave(window=window_at(START), problems=())
    assert play.memory is not None
    assert play.memory.generation == 1


def test_a_start_changed_after_the_mail_sends_nothing_and_asks() -> None:
    play = started()
    decision = play.edit_and_leave(window=window_at(START + timedelta(days=1)))
    assert (decision.progress, said(decision)) == (Progress.NEEDS_ATTENTION, ["start_changed_after_mail"])
    assert value(decision.sentences[0], "was") == START
    play.wait(timedelta(days=2))
    assert play.mails() == [(Kind.START, "es")]


def test_a_start_put_back_after_the_mail_goes_on_as_before() -> None:
    play = started()
    play.edit_and_leave(window=window_at(START + timedelta(days=1)))
    assert play.edit_and_leave(window=window_at(START)).progress is Progress.IN_PROGRESS


def test_nothing_is_announced_of_a_row_first_seen_long_after_its_start() -> None:
    for status in (Status.PLANNED, Status.STARTED, Status.DELAYED):
        play = Play(deployment(status=status), now=START + timedelta(days=30))
        play.run()
        decision = play.wait(HOUR)
        assert decision.progress is Progress.NEEDS_ATTENTION
        assert (play.sent, decision.event) == ([], EventWish.LEAVE)


# Step 5: nudge and delay -----------------------------------------------------------------------------------------


def test_left_to_itself_it_nudges_before_the_end_and_tells_the_delay_once_after_it() -> None:
    play = started()
    play.wait_until(START + timedelta(hours=5))
    assert [(when - START, kind, target) for when, kind, target in play.sent] == [
        (timedelta(0), Kind.START, "es"),
        (5 * MINUTE, Kind.NUDGE, STAFF),
        (25 * MINUTE, Kind.DELAY, "es"),
    ]
    assert play.decision.progress is Progress.RUNNING_LATE


def test_nudge_off_nudges_not() -> None:
    play = scheduled(around=surroundings(Timing(nudge=timedelta(0))))
    play.wait_until(START + timedelta(hours=5))
    assert play.mails() == [(Kind.START, "es"), (Kind.DELAY, "es")]


def test_a_nudge_is_not_sent_once_the_end_has_come() -> None:
    play = started()
    play.wake_at(END + SECOND)
    assert play.mails(Kind.NUDGE) == []


def test_a_changed_responsible_is_not_nudged_a_second_time() -> None:
    play = started()
    play.wait_until(START + 6 * MINUTE)
    play.edit_and_leave(responsible="eva@soffid.example")
    play.wait_until(END)
    assert play.mails(Kind.NUDGE) == [(Kind.NUDGE, STAFF)]


def test_a_new_end_moves_nudge_and_delay() -> None:
    play = started()
    play.edit_and_leave(new_end=START + HOUR)
    play.wait_until(START + timedelta(hours=5))
    assert [(when - START, kind) for when, kind, _ in play.sent] == [
        (timedelta(0), Kind.START),
        (50 * MINUTE, Kind.NUDGE),
        (70 * MINUTE, Kind.DELAY),
    ]


def test_status_delayed_tells_the_delay_at_once_and_the_time_does_not_tell_it_again() -> None:
    play = started()
    decision = play.edit_and_leave(status=Status.DELAYED)
    assert play.mails(Kind.DELAY) == [(Kind.DELAY, "es")]
    assert decision.progress is Progress.RUNNING_LATE
    play.wait_until(START + timedelta(hours=5))
    assert play.mails(Kind.DELAY) == [(Kind.DELAY, "es")]


def test_status_delayed_after_the_delay_mail_sends_no_second_one() -> None:
    play = started()
    play.wait_until(START + 26 * MINUTE)
    play.edit_and_leave(status=Status.DELAYED)
    play.edit_and_leave(status=Status.STARTED)
    play.edit_and_leave(status=Status.DELAYED)
    play.wait_until(START + timedelta(hours=5))
    assert play.mails(Kind.DELAY) == [(Kind.DELAY, "es")]


def test_an_overrun_after_delayed_was_said_of_an_earlier_end_is_told_to_the_responsible_alone() -> None:
    play = started()
    play.edit_and_leave(status=Status.DELAYED)
    play.edit_and_leave(new_end=START + HOUR)
    play.wait_until(START + 3 * HOUR)
    assert [(kind, target) for kind, target in play.mails() if kind is not Kind.NUDGE] == [
        (Kind.START, "es"),
        (Kind.DELAY, "es"),
        (Kind.OVERRUN, STAFF),
    ]


def test_an_overrun_of_the_new_end_that_delayed_was_said_with_is_the_second() -> None:
    play = started()
    play.edit_and_leave(status=Status.DELAYED, new_end=START + HOUR)
    play.wait_until(START + 3 * HOUR)
    play.edit_and_leave(new_end=START + 4 * HOUR)
    play.wait_until(START + 6 * HOUR)
    assert [(when - START, kind, target) for when, kind, target in play.sent if kind is not Kind.NUDGE] == [
        (timedelta(0), Kind.START, "es"),
        (SETTLE, Kind.DELAY, "es"),
        (70 * MINUTE, Kind.OVERRUN, STAFF),
        (4 * HOUR + 10 * MINUTE, Kind.DELAY, "es"),
    ]


def test_the_overruns_of_three_ends() -> None:
    """The planned end: delay mail. The first new end: the responsible alone. The second: the customer again, once."""
    play = started()
    play.wait_until(START + 26 * MINUTE)
    play.edit_and_leave(new_end=START + HOUR)
    play.wait_until(START + 2 * HOUR)
    play.edit_and_leave(new_end=START + 3 * HOUR)
    play.wait_until(START + 9 * HOUR)
    assert [(when - START, kind, target) for when, kind, target in play.sent if kind is not Kind.NUDGE] == [
        (timedelta(0), Kind.START, "es"),
        (25 * MINUTE, Kind.DELAY, "es"),
        (70 * MINUTE, Kind.OVERRUN, STAFF),
        (3 * HOUR + 10 * MINUTE, Kind.DELAY, "es"),
    ]


def test_an_overrun_is_told_to_the_responsible_once_and_then_nothing_is_wanted() -> None:
    play = started()
    play.wait_until(START + 26 * MINUTE)
    play.edit_and_leave(new_end=START + HOUR)
    play.wait_until(START + 71 * MINUTE)
    assert play.decision.wanted == ()
    play.edit_and_leave(responsible="eva@soffid.example")
    assert play.mails(Kind.OVERRUN) == [(Kind.OVERRUN, STAFF)]


def test_a_new_end_that_was_unreadable_for_a_while_has_not_moved() -> None:
    play = started()
    play.wait_until(START + 26 * MINUTE)
    play.edit_and_leave(new_end=START + HOUR)
    play.wait_until(START + 71 * MINUTE)
    play.edit_and_leave(new_end=None, problems=(Sentence.of("cell_date_time", column="New end"),))
    assert play.decision.progress is Progress.NEEDS_ATTENTION
    play.edit_and_leave(new_end=START + HOUR, problems=())
    play.wait_until(START + timedelta(hours=5))
    assert [kind for _, kind, _ in play.sent if kind is not Kind.NUDGE] == [Kind.START, Kind.DELAY, Kind.OVERRUN]


def test_delay_ask_sends_the_delay_mail_on_status_only() -> None:
    play = scheduled(around=surroundings(Timing(delay_asks=True)))
    decision = play.wait_until(START + HOUR)
    assert (decision.progress, said(decision)) == (Progress.NEEDS_ATTENTION, ["delay_asked"])
    assert play.mails(Kind.DELAY) == []
    play.edit_and_leave(status=Status.DELAYED)
    assert play.mails(Kind.DELAY) == [(Kind.DELAY, "es")]


@pytest.mark.parametrize(("late", "sent"), [(LATE, True), (LATE + SECOND, False)])
def test_a_delay_mail_more_than_late_after_its_time_is_not_sent(late: timedelta, sent: bool) -> None:
    play = started()
    decision = play.wake_at(END + 10 * MINUTE + late)
    assert bool(play.mails(Kind.DELAY)) is sent
    assert (decision.progress is Progress.NEEDS_ATTENTION) is not sent
    play.wait(HOUR)
    play.edit_and_leave(status=Status.DELAYED)
    assert play.mails(Kind.DELAY) == [(Kind.DELAY, "es")]


def test_a_pending_delay_dies_on_done() -> None:
    play = started()
    play.wait_until(END + 9 * MINUTE)
    play.mail_works = False
    play.wait_until(END + 11 * MINUTE)
    assert kinds(play.decision) == [Kind.DELAY]
    play.edit(status=Status.DONE, checked=REQUIRED)
    assert play.decision.wanted == ()
    play.mail_works = True
    play.wait(HOUR)
    assert play.mails() == [(Kind.START, "es"), (Kind.NUDGE, STAFF), (Kind.END, "es")]


def test_delayed_said_before_the_start_mail_went_out_is_told_once() -> None:
    play = scheduled()
    play.edit_and_leave(status=Status.DELAYED)
    assert play.mails() == [(Kind.DELAY, "es")]
    play.wait_until(START + 5 * HOUR)
    assert play.mails() == [(Kind.DELAY, "es")]


def delayed_and_planned_anew(later: datetime) -> Play:
    """Delayed was said of the first date; the second has come, and its start mail is out."""
    play = scheduled()
    play.edit_and_leave(status=Status.DELAYED)
    assert play.mails() == [(Kind.DELAY, "es")]
    play.edit_and_leave(status=Status.PLANNED, window=window_at(later))
    decision = play.wait_until(later)
    assert decision.progress is Progress.IN_PROGRESS
    play.sent.clear()
    return play


def test_a_delay_told_of_an_earlier_date_is_no_delay_of_this_one() -> None:
    later = START + timedelta(days=5)
    play = delayed_and_planned_anew(later)
    decision = play.wait_until(later + HOUR)
    assert decision.progress is Progress.RUNNING_LATE
    assert [(when - later, kind, target) for when, kind, target in play.sent] == [
        (5 * MINUTE, Kind.NUDGE, STAFF),
        (25 * MINUTE, Kind.DELAY, "es"),
    ]


def test_status_delayed_tells_the_delay_though_one_of_an_earlier_date_was_told() -> None:
    later = START + timedelta(days=5)
    play = delayed_and_planned_anew(later)
    play.edit_and_leave(status=Status.DELAYED, new_end=later + HOUR)
    assert play.mails() == [(Kind.DELAY, "es")]
    play.wait_until(later + 3 * HOUR)
    assert [(kind, target) for kind, target in play.mails() if kind is not Kind.NUDGE] == [
        (Kind.DELAY, "es"),
        (Kind.OVERRUN, STAFF),
    ]


def test_delayed_that_stands_since_before_a_moved_start_is_not_told_again_after_the_start_mail() -> None:
    """The start mail was refused, and settled as sent once the row had moved on."""
    play = started()
    play.turn(Kind.START, EffectState.FAILED)
    play.edit_and_leave(status=Status.DELAYED)
    play.edit_and_leave(window=window_at(START + HOUR))
    play.turn(Kind.START, EffectState.SENT)
    play.wait_until(START + 3 * HOUR)
    assert play.mails(Kind.DELAY) == [(Kind.DELAY, "es")]


# Step 6: closing -------------------------------------------------------------------------------------------------


def test_done_with_its_boxes_sends_the_end_mail_and_records_the_actual_times() -> None:
    play = started()
    decision = play.edit_and_leave(status=Status.DONE, checked=REQUIRED)
    assert play.mails() == [(Kind.START, "es"), (Kind.END, "es")]
    assert (decision.progress, decision.event, decision.due) == (Progress.DONE, EventWish.RECORD, None)
    assert play.memory is not None
    assert play.memory.closed_at == START
    play.wait(timedelta(days=30))
    assert len(play.sent) == 2


def test_the_end_mail_goes_however_late() -> None:
    play = started()
    play.now = START + timedelta(days=9)
    play.edit_and_leave(status=Status.DONE, checked=REQUIRED)
    assert play.mails(Kind.END) == [(Kind.END, "es")]


@pytest.mark.parametrize("missing", sorted(REQUIRED))
def test_done_with_a_box_missing_asks_and_the_tick_sends_it_at_once(missing: str) -> None:
    play = started()
    decision = play.edit_and_leave(status=Status.DONE, checked=REQUIRED - {missing})
    assert (decision.progress, said(decision)) == (Progress.NEEDS_ATTENTION, ["boxes_missing"])
    assert value(decision.sentences[0], "columns") == (missing,)
    play.wait_until(END + HOUR)
    assert play.mails() == [(Kind.START, "es")]
    decision = play.edit(checked=REQUIRED)
    assert (play.mails(Kind.END), decision.progress) == ([(Kind.END, "es")], Progress.DONE)


def test_a_box_unticked_after_the_end_mail_changes_nothing() -> None:
    play = started()
    play.edit_and_leave(status=Status.DONE, checked=REQUIRED)
    assert play.edit(checked=frozenset()).progress is Progress.DONE


def test_rolled_back_has_a_mail_of_its_own_and_needs_no_boxes() -> None:
    play = started()
    decision = play.edit_and_leave(status=Status.ROLLED_BACK)
    assert play.mails() == [(Kind.START, "es"), (Kind.ROLLED_BACK, "es")]
    assert (decision.progress, decision.event) == (Progress.ROLLED_BACK, EventWish.RECORD)


def test_done_before_the_start_asks() -> None:
    play = scheduled()
    decision = play.edit_and_leave(status=Status.DONE, checked=REQUIRED)
    assert (decision.progress, said(decision)) == (Progress.NEEDS_ATTENTION, ["closed_before_start"])
    assert play.sent == []


def test_done_after_a_roll_back_asks_and_sends_nothing() -> None:
    play = started()
    play.edit_and_leave(status=Status.ROLLED_BACK)
    decision = play.edit_and_leave(status=Status.DONE, checked=REQUIRED)
    assert decision.progress is Progress.NEEDS_ATTENTION
    assert play.mails(Kind.END) == []


@pytest.mark.parametrize("status", [Status.PLANNED, Status.STARTED, Status.DELAYED])
@pytest.mark.parametrize("closing", [Status.DONE, Status.ROLLED_BACK])
def test_reopened_after_its_closing_mail_it_asks_and_sends_nothing(status: Status, closing: Status) -> None:
    play = started()
    play.edit_and_leave(status=closing, checked=REQUIRED)
    before = list(play.sent)
    decision = play.edit_and_leave(status=status)
    assert decision.progress is Progress.NEEDS_ATTENTION
    play.edit_and_leave(window=window_at(START + timedelta(days=1)))
    play.wait(timedelta(days=3))
    assert play.decision.progress is Progress.NEEDS_ATTENTION
    assert play.sent == before


def test_draft_after_the_start_mail_asks() -> None:
    play = started()
    decision = play.edit(status=Status.DRAFT)
    assert (decision.progress, said(decision)) == (Progress.NEEDS_ATTENTION, ["draft_after_start"])
    play.wait_until(END + HOUR)
    assert play.mails() == [(Kind.START, "es")]


def test_draft_with_an_event_says_that_it_stands() -> None:
    play = scheduled()
    decision = play.edit(status=Status.DRAFT)
    assert (decision.progress, decision.event) == (Progress.DRAFT, EventWish.LEAVE)
    assert said(decision) == ["invitation_stands"]


def test_cancelled_before_anything_was_mailed_withdraws_the_event_and_mails_nobody() -> None:
    play = scheduled()
    play.edit(status=Status.CANCELLED)
    decision = play.wait(SETTLE)
    assert (decision.progress, play.sent) == (Progress.CANCELLED, [])
    assert play.memory is not None
    assert not play.memory.has_event


def test_cancelled_after_a_mail_is_told_by_mail_once() -> None:
    play = started()
    play.edit_and_leave(status=Status.CANCELLED)
    play.wait(timedelta(days=1))
    assert play.mails() == [(Kind.START, "es"), (Kind.CANCELLED, "es")]
    assert play.decision.progress is Progress.CANCELLED


def test_cancelled_after_a_reminder_is_told_by_mail() -> None:
    play = Play(now=START - timedelta(days=2), around=surroundings(Timing(reminders=(HOUR,))))
    play.run()
    play.wait_until(START - HOUR)
    play.edit_and_leave(status=Status.CANCELLED)
    assert play.mails() == [(Kind.REMINDER, "es"), (Kind.CANCELLED, "es")]


def test_a_slip_to_cancelled_is_told_to_nobody() -> None:
    play = started()
    play.edit(status=Status.CANCELLED)
    play.now += 10 * SECOND
    play.edit_and_leave(status=Status.STARTED)
    assert play.mails(Kind.CANCELLED) == []
    assert play.decision.progress is Progress.IN_PROGRESS


def test_cancelled_with_a_cell_that_cannot_be_read_asks_before_it_can_tell() -> None:
    play = started()
    broken = {"window": None, "problems": (Sentence.of("cell_date_time", column="Start"),)}
    play.edit_and_leave(status=Status.CANCELLED, **broken)
    assert play.decision.progress is Progress.NEEDS_ATTENTION
    play.edit_and_leave(window=window_at(START), problems=())
    assert play.mails(Kind.CANCELLED) == [(Kind.CANCELLED, "es")]


def test_cancelled_planned_again_and_cancelled_again_is_told_both_times() -> None:
    """The second announcement was made after the first cancellation: its cancellation must not be lost."""
    play = Play(now=START - timedelta(days=2), around=surroundings(Timing(reminders=(HOUR,))))
    play.run()
    play.wait_until(START - HOUR)
    play.edit_and_leave(status=Status.CANCELLED)
    play.edit_and_leave(status=Status.PLANNED)
    play.wait_until(START)
    play.edit_and_leave(status=Status.CANCELLED)
    assert play.mails() == [
        (Kind.REMINDER, "es"),
        (Kind.CANCELLED, "es"),
        (Kind.START, "es"),
        (Kind.CANCELLED, "es"),
    ]


def test_a_language_of_the_cancellation_still_to_go_goes_and_a_broken_cell_then_asks_nothing() -> None:
    play = started(around=surroundings(contacts=OTHER_LANGUAGES))
    play.edit_and_leave(status=Status.CANCELLED)
    partly_out(play, Kind.CANCELLED)
    assert [(one.kind, one.target) for one in play.look().wanted] == [(Kind.CANCELLED, "en")]
    play.run()
    broken = (Sentence.of("cell_date_time", column="Start"),)
    assert play.edit_and_leave(window=None, problems=broken).progress is Progress.CANCELLED


def test_a_cancelled_row_whose_start_is_edited_is_not_cancelled_once_more() -> None:
    """Staff use the row again: the new start is typed before the Status is set."""
    play = Play(now=START - timedelta(days=2), around=surroundings(Timing(reminders=(HOUR,))))
    play.run()
    play.wait_until(START - HOUR)
    play.edit_and_leave(status=Status.CANCELLED)
    play.edit_and_leave(window=window_at(START + timedelta(days=1)))
    play.edit_and_leave(status=Status.DRAFT)
    play.edit_and_leave(status=Status.CANCELLED)
    assert play.mails() == [(Kind.REMINDER, "es"), (Kind.CANCELLED, "es")]


def test_cancelled_after_the_end_mail_asks() -> None:
    play = started()
    play.edit_and_leave(status=Status.DONE, checked=REQUIRED)
    decision = play.edit_and_leave(status=Status.CANCELLED)
    assert decision.progress is Progress.NEEDS_ATTENTION
    assert play.mails(Kind.CANCELLED) == []


def test_reopened_after_its_start_was_cancelled_by_mail_it_asks() -> None:
    play = started()
    play.edit_and_leave(status=Status.CANCELLED)
    decision = play.edit_and_leave(status=Status.PLANNED)
    assert (decision.progress, said(decision)) == (Progress.NEEDS_ATTENTION, ["reopened"])


# History, copies, and rows first seen when they are over ---------------------------------------------------------


@pytest.mark.parametrize("status", [Status.DONE, Status.ROLLED_BACK])
@pytest.mark.parametrize("ago", [MINUTE, timedelta(minutes=11), timedelta(days=400)])
def test_a_row_first_seen_closed_is_history_and_no_news(status: Status, ago: timedelta) -> None:
    play = Play(deployment(status=status, checked=REQUIRED), now=END + ago)
    play.run()
    decision = play.wait(timedelta(days=1))
    assert decision.progress == Progress(status.value)
    assert (play.sent, decision.event) == ([], EventWish.LEAVE)


@pytest.mark.parametrize(("late", "sent"), [(LATE, [(Kind.END, "es")]), (LATE + SECOND, [])])
def test_a_row_that_was_seen_open_and_never_announced_ends_as_news_or_as_a_record(
    late: timedelta, sent: list[tuple[Kind, str]]
) -> None:
    play = Play(deployment(status=Status.DRAFT))
    play.run()
    play.now = END + late - SETTLE
    play.edit(status=Status.DONE, checked=REQUIRED)
    play.wake_at(END + late)
    assert play.decision.progress is Progress.DONE
    assert play.mails() == sent


def test_an_old_row_that_lacks_much_is_history_too() -> None:
    play = Play(deployment(status=Status.DONE, window=None, responsible="", agreed_with=""), now=END)
    play.run()
    assert play.wait(MINUTE).progress is Progress.DONE
    assert play.sent == []


def test_a_copy_of_a_row_just_closed_says_nothing_again() -> None:
    """Pasted minutes after the end as the beginning of the next deployment, with its Status and its ticks."""
    play = Play(deployment(status=Status.DONE, checked=REQUIRED, same_as="DIBA-0014"), now=END + MINUTE)
    play.run()
    decision = play.wait(MINUTE)
    assert (decision.progress, play.sent) == (Progress.NOT_READY, [])
    assert "same_as" in said(decision)


@pytest.mark.parametrize("column", [log.RESPONSIBLE, log.ENVIRONMENT, log.NEW_END, log.NOTIFY])
def test_a_closed_row_with_a_cell_that_cannot_be_read_says_nothing_to_anybody(column: str) -> None:
    row = read_row({log.STATUS: "Done", column: "?!", **dict.fromkeys(REQUIRED, True)})
    play = Play(row, now=END + MINUTE)
    play.run()
    decision = play.wait(MINUTE)
    assert (decision.progress, play.sent) == (Progress.NOT_READY, [])


def test_an_announced_row_closed_with_a_cell_that_cannot_be_read_asks_before_the_end_mail() -> None:
    play = started()
    play.edit_and_leave(status=Status.DONE, checked=REQUIRED, problems=(Sentence.of("cell_choice", column="Notify"),))
    assert (play.decision.progress, play.mails(Kind.END)) == (Progress.NEEDS_ATTENTION, [])
    play.edit_and_leave(problems=())
    assert play.mails(Kind.END) == [(Kind.END, "es")]


# Who is mailed ---------------------------------------------------------------------------------------------------


def run_through(play: Play) -> Play:
    """From planned to done, by the clock and the checkboxes."""
    play.run()
    play.wait_until(START + 40 * MINUTE)
    play.edit_and_leave(status=Status.DONE, checked=REQUIRED)
    play.wait(HOUR)
    return play


def test_notify_nobody_mails_nobody_from_beginning_to_end() -> None:
    play = Play(deployment(notify=Notify.NOBODY))
    play.run()
    assert play.wait_until(START - MINUTE).progress is Progress.SCHEDULED
    assert play.wait_until(START + MINUTE).progress is Progress.IN_PROGRESS
    assert play.wait_until(START + HOUR).progress is Progress.IN_PROGRESS
    assert play.edit_and_leave(status=Status.DONE, checked=REQUIRED).progress is Progress.DONE
    assert play.sent == []


def test_notify_nobody_of_a_row_first_seen_long_after_its_start_makes_no_event() -> None:
    play = Play(deployment(notify=Notify.NOBODY), now=START + timedelta(days=30))
    play.run()
    decision = play.wait(HOUR)
    assert (decision.progress, decision.event) == (Progress.NEEDS_ATTENTION, EventWish.LEAVE)


def test_internal_only_tells_our_own_people_everything() -> None:
    play = Play(deployment(notify=Notify.INTERNAL_ONLY))
    play.mail_works = False
    play.run()
    [start] = play.wait_until(START).wanted
    assert MANAGER not in start.circle.everyone
    play = run_through(Play(deployment(notify=Notify.INTERNAL_ONLY)))
    assert [kind for kind, _ in play.mails()] == [Kind.START, Kind.NUDGE, Kind.DELAY, Kind.END]


def test_every_language_gets_its_mail() -> None:
    play = run_through(Play(around=surroundings(contacts=OTHER_LANGUAGES)))
    for kind in (Kind.START, Kind.DELAY, Kind.END):
        assert play.mails(kind) == [(kind, "en"), (kind, "es")]
    assert len(play.mails(Kind.NUDGE)) == 1


def partly_out(play: Play, kind: Kind) -> None:
    """The mail of this kind is out in Spanish; the English one waits for its next try."""
    play.turn(kind, EffectState.COMMITTED, "en")


def test_a_language_still_to_go_goes_although_the_other_is_out() -> None:
    play = started(around=surroundings(contacts=OTHER_LANGUAGES))
    partly_out(play, Kind.START)
    assert [(one.kind, one.target) for one in play.look().wanted] == [(Kind.START, "en")]
    partly_out(play, Kind.START)
    play.now = START + LATE + SECOND
    assert Kind.START not in kinds(play.look())


def test_a_language_of_the_end_mail_still_to_go_goes_however_late() -> None:
    play = started(around=surroundings(contacts=OTHER_LANGUAGES))
    play.edit_and_leave(status=Status.DONE, checked=REQUIRED)
    partly_out(play, Kind.END)
    play.now += timedelta(days=2)
    assert [(one.kind, one.target) for one in play.look().wanted] == [(Kind.END, "en")]


def test_a_language_of_the_delay_mail_still_to_go_goes() -> None:
    play = started(around=surroundings(contacts=OTHER_LANGUAGES))
    play.edit_and_leave(status=Status.DELAYED)
    partly_out(play, Kind.DELAY)
    assert [(one.kind, one.target) for one in play.look().wanted] == [(Kind.DELAY, "en")]


def delay_partly_out() -> Play:
    """Left to itself past its end: told in Spanish, while the English mail cannot be sent."""
    play = started(around=surroundings(contacts=OTHER_LANGUAGES))
    play.wait_until(END + LATE)
    assert play.mails(Kind.DELAY) == [(Kind.DELAY, "en"), (Kind.DELAY, "es")]
    partly_out(play, Kind.DELAY)
    play.mail_works = False
    assert [(one.kind, one.target) for one in play.look().wanted] == [(Kind.DELAY, "en")]
    play.sent.clear()
    return play


def test_a_language_of_the_delay_mail_that_is_too_late_is_told_by_the_row_and_goes_on_delayed() -> None:
    play = delay_partly_out()
    decision = play.wait_until(END + LATE + LATE)
    assert decision.progress is Progress.RUNNING_LATE
    decision = play.wait_until(END + LATE + LATE + 2 * SECOND)
    assert (decision.progress, said(decision)) == (Progress.NEEDS_ATTENTION, ["delay_partly", "end_passed"])
    assert decision.wanted == ()
    play.mail_works = True
    play.wait(HOUR)
    assert play.sent == []
    decision = play.edit_and_leave(status=Status.DELAYED)
    assert play.mails() == [(Kind.DELAY, "en")]
    assert decision.progress is Progress.RUNNING_LATE


def test_a_language_nobody_reads_any_more_is_not_missed() -> None:
    play = delay_partly_out()
    play.around = surroundings(contacts=CONTACTS)
    decision = play.wait_until(END + HOUR)
    assert (decision.progress, said(decision)) == (Progress.RUNNING_LATE, ["end_passed"])


def delayed_before_the_start() -> Play:
    """Told in Spanish; the English mail waits for its next try."""
    play = scheduled(around=surroundings(contacts=OTHER_LANGUAGES))
    play.edit_and_leave(status=Status.DELAYED)
    assert play.mails() == [(Kind.DELAY, "en"), (Kind.DELAY, "es")]
    partly_out(play, Kind.DELAY)
    play.sent.clear()
    return play


def test_a_language_of_a_delay_said_before_the_start_still_to_go_goes_once() -> None:
    play = delayed_before_the_start()
    play.run()
    assert play.mails() == [(Kind.DELAY, "en")]
    play.wait_until(START + 5 * HOUR)
    assert play.mails() == [(Kind.DELAY, "en")]


def test_a_language_that_never_heard_of_the_delay_hears_of_it_though_the_start_moves() -> None:
    play = delayed_before_the_start()
    play.edit_and_leave(window=window_at(START + HOUR))
    assert play.mails() == [(Kind.DELAY, "en")]
    play.edit_and_leave(window=window_at(START + 2 * HOUR))
    assert play.mails() == [(Kind.DELAY, "en")]


@pytest.mark.parametrize("state", [EffectState.SENT, EffectState.SENDING, EffectState.UNKNOWN])
def test_a_new_start_while_delayed_stands_is_no_second_delay(state: EffectState) -> None:
    play = scheduled()
    play.edit_and_leave(status=Status.DELAYED)
    assert play.memory is not None
    [delay] = [one for one in play.memory.effects if one.kind is Kind.DELAY]
    perhaps_out = replace(delay, state=state, since=delay.at, at=delay.at if state is EffectState.SENT else None)
    play.memory = replace(play.memory, effects=(perhaps_out,))
    play.edit_and_leave(window=window_at(START + HOUR))
    assert play.memory.generation == 2
    assert play.mails() == [(Kind.DELAY, "es")]


def test_who_is_added_to_the_registry_later_gets_the_next_kind_only() -> None:
    play = started()
    play.around = replace(play.around, contacts=OTHER_LANGUAGES)
    assert play.run().wanted == ()
    play.edit_and_leave(status=Status.DONE, checked=REQUIRED)
    assert play.mails() == [(Kind.START, "es"), (Kind.END, "en"), (Kind.END, "es")]


# Effects in doubt ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [EffectState.UNKNOWN, EffectState.FAILED])
@pytest.mark.parametrize("kind", [Kind.START, Kind.NUDGE, Kind.DELAY])
def test_a_parked_mail_is_never_wanted_again_and_is_told_by_its_number(kind: Kind, state: EffectState) -> None:
    play = started()
    play.wait_until(START + 26 * MINUTE)
    play.turn(kind, state)
    parked = [one.number for one in (play.memory.effects if play.memory else ()) if one.state is state]
    decision = play.look()
    assert kind not in kinds(decision)
    assert decision.progress is Progress.NEEDS_ATTENTION
    assert value(decision.sentences[0], "effect") == parked[0]


@pytest.mark.parametrize("state", [EffectState.SENDING, EffectState.UNKNOWN])
def test_a_start_mail_that_may_be_out_counts_as_out(state: EffectState) -> None:
    play = started()
    play.turn(Kind.START, state)
    decision = play.edit_and_leave(window=window_at(START + timedelta(days=1)))
    assert decision.progress is Progress.NEEDS_ATTENTION
    assert play.memory is not None
    assert play.memory.generation == 1


def test_a_start_mail_that_was_refused_is_not_out() -> None:
    play = started()
    play.turn(Kind.START, EffectState.FAILED)
    play.edit_and_leave(window=window_at(START + timedelta(days=1)))
    play.wait_until(START + timedelta(days=1))
    assert [when for when, kind, _ in play.sent if kind is Kind.START] == [START, START + timedelta(days=1)]


@pytest.mark.parametrize("state", EffectState)
def test_what_was_settled_by_hand_is_told_no_more(state: EffectState) -> None:
    play = started()
    play.turn(Kind.START, state)
    parked = state in (EffectState.UNKNOWN, EffectState.FAILED)
    assert (play.look().progress is Progress.NEEDS_ATTENTION) is parked


def test_a_mail_that_died_may_be_wanted_again() -> None:
    play = scheduled()
    play.mail_works = False
    play.wait_until(START)
    play.edit(status=Status.DRAFT)
    play.mail_works = True
    play.edit_and_leave(status=Status.PLANNED)
    assert play.mails() == [(Kind.START, "es")]


# What is remembered ----------------------------------------------------------------------------------------------


def memory_of(row: Any, **changes: Any) -> Memory:
    return replace(first_memory(row, THE_DAY_BEFORE), **changes)


def test_a_row_seen_again_as_it_was_changes_nothing() -> None:
    row = deployment()
    memory = first_memory(row, THE_DAY_BEFORE)
    assert remember(row, memory, START) == memory


def test_an_edit_is_remembered_with_its_time_and_a_status_with_its_own() -> None:
    memory = first_memory(deployment(), THE_DAY_BEFORE)
    edited = remember(deployment(comment="x"), memory, START)
    assert (edited.changed_at, edited.status_since) == (START, THE_DAY_BEFORE)
    done = remember(deployment(status=Status.DONE), memory, START)
    assert (done.status, done.status_since, done.closed_at) == (Status.DONE, START, START)


def test_the_actual_end_is_when_the_row_was_first_seen_closed() -> None:
    play = started()
    play.wait_until(END)
    play.edit(status=Status.DONE)
    play.wait(HOUR)
    play.edit(checked=REQUIRED)
    assert play.memory is not None
    assert play.memory.closed_at == END


def test_a_first_start_typed_into_a_row_is_no_new_generation() -> None:
    memory = memory_of(deployment(window=None))
    assert (memory.start, memory.ends) == (None, ())
    assert remember(deployment(), memory, START).generation == 1


def test_a_new_generation_has_to_be_overridden_anew() -> None:
    memory = memory_of(deployment(), overridden=True)
    assert remember(deployment(comment="x"), memory, START).overridden
    assert not remember(deployment(window=window_at(END)), memory, START).overridden


def test_a_decision_is_the_same_for_the_same_row_memory_and_instant() -> None:
    row, around = deployment(), surroundings()
    memory = memory_of(row, effects=(effect(Kind.START),))
    now = START + MINUTE
    assert decide(row, memory, around, now) == decide(row, memory, around, now)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_name_in_the_catalogue(kind: Kind) -> None:
    assert kind_code(kind).replace("_", "-") == f"kind-{kind.value}"


def test_the_settings_left_out_are_the_designs() -> None:
    timing = Timing()
    assert (timing.settle, timing.late_after, timing.nudge, timing.delay_after) == (SETTLE, LATE, LATE, LATE)
    assert (timing.start_asks, timing.delay_asks, timing.reminders, timing.start_lead) == (False, False, (), 0 * MINUTE)
    assert set(Policy().required_ticks) == REQUIRED


def test_a_team_without_a_customer_manager_is_not_ready() -> None:
    play = Play(around=surroundings(contacts=(contact("dev@soffid.example", Party.PROJECT_TEAM),)))
    play.run()
    assert play.wait(MINUTE).progress is Progress.NOT_READY


def test_components_without_versions_are_told_and_do_not_stop() -> None:
    play = scheduled(row=deployment(components=(Component("addon-diba"),)))
    assert play.decision.progress is Progress.SCHEDULED
    assert said(play.decision) == ["components_without_version"]


def test_the_customers_language_is_the_one_of_those_without_their_own() -> None:
    play = scheduled(around=surroundings(language="ca", contacts=OTHER_LANGUAGES))
    play.wait_until(START)
    assert play.mails() == [(Kind.START, "ca"), (Kind.START, "en")]


# Facts of the prerequisites --------------------------------------------------------------------------------------


def test_a_row_is_decided_anew_when_its_facts_are_worth_another_look() -> None:
    again = THE_DAY_BEFORE + timedelta(minutes=10)
    play = Play(around=replace(surroundings(), facts=Facts(again=again)))
    play.run()
    assert play.wait(timedelta(seconds=31)).due == again


def test_a_guide_found_missing_keeps_a_row_from_being_announced_until_it_is_there() -> None:
    gone = Facts(guides=(Guide("https://docs.example/rollback", GuideState.MISSING),))
    play = Play(around=replace(surroundings(), facts=gone))
    play.run()
    assert play.wait(timedelta(seconds=31)).progress is Progress.NOT_READY
    play.around = surroundings()
    assert play.run().progress is Progress.SCHEDULED


@pytest.mark.parametrize(
    ("before_start", "announced", "worth"),
    [
        (timedelta(hours=5), True, True),
        (timedelta(seconds=61), True, True),
        (timedelta(seconds=60), True, False),
        (-timedelta(minutes=1), True, False),
        (-timedelta(minutes=1), False, True),
        (-timedelta(minutes=11), False, False),
    ],
)
def test_nothing_is_looked_up_any_more_once_a_start_mail_is_due(
    before_start: timedelta, announced: bool, worth: bool
) -> None:
    row = deployment()
    memory = replace(first_memory(row, THE_DAY_BEFORE), effects=(effect(Kind.EVENT),) if announced else ())
    assert worth_looking_up(row, memory, Timing(), START - before_start) is worth


@pytest.mark.parametrize(
    "row",
    [deployment(status=Status.DRAFT), deployment(status=Status.STARTED)],
    ids=lambda row: row.status.value,
)
def test_only_planned_rows_are_worth_a_look(row: Deployment) -> None:
    later = THE_DAY_BEFORE + timedelta(hours=1)
    assert not worth_looking_up(row, first_memory(row, THE_DAY_BEFORE), Timing(), later)


def test_an_override_lets_a_row_pass_and_what_is_wrong_is_still_looked_up() -> None:
    row = deployment(override="Ana: urgent for the customer")
    assert worth_looking_up(row, first_memory(row, THE_DAY_BEFORE), Timing(), THE_DAY_BEFORE + timedelta(hours=1))


def test_a_row_being_edited_is_not_looked_up() -> None:
    row = deployment()
    memory = first_memory(row, THE_DAY_BEFORE)
    assert not worth_looking_up(row, memory, Timing(), THE_DAY_BEFORE + timedelta(seconds=29))
    assert worth_looking_up(row, memory, Timing(), THE_DAY_BEFORE + timedelta(seconds=30))


# The checklist ---------------------------------------------------------------------------------------------------


def test_each_box_is_new_once_and_none_is_at_first_sight() -> None:
    row = deployment(checked=frozenset({"Deployed"}))
    first = first_memory(row, THE_DAY_BEFORE)
    assert newly_ticked(first, None) == ()
    ticked = replace(row, checked=frozenset({"Deployed", "Restarted", "Maintenance on"}))
    second = remember(ticked, first, THE_DAY_BEFORE + MINUTE)
    assert newly_ticked(second, first) == ("Maintenance on", "Restarted")
    assert newly_ticked(remember(ticked, second, THE_DAY_BEFORE + HOUR), second) == ()


def test_boxes_from_before_they_were_noted_are_not_new() -> None:
    before = replace(first_memory(deployment(), THE_DAY_BEFORE), ticked=None)
    after = remember(deployment(checked=REQUIRED), before, THE_DAY_BEFORE + MINUTE)
    assert (newly_ticked(after, before), after.ticked) == ((), REQUIRED)


@pytest.mark.parametrize(
    ("boxes", "asked"),
    [({"Maintenance on"}, True), ({"Maintenance on", "Maintenance off"}, False), (set(), False)],
)
def test_a_console_left_in_maintenance_is_a_question_at_done_that_holds_nothing_back(
    boxes: set[str], asked: bool
) -> None:
    play = started()
    play.edit_and_leave(status=Status.DONE, checked=REQUIRED | boxes)
    assert [kind for kind, _ in play.mails(Kind.END)] == [Kind.END]
    assert play.decision.progress is Progress.DONE
    assert ("left_in_maintenance" in said(play.decision)) is asked


def test_a_required_box_of_the_maintenance_mode_holds_the_end_mail_back() -> None:
    play = started()
    play.around = replace(play.around, policy=replace(play.around.policy, required_ticks=("Maintenance off",)))
    play.edit_and_leave(status=Status.DONE, checked=REQUIRED | {"Maintenance on"})
    assert (play.mails(Kind.END), said(play.decision)) == ([], ["boxes_missing"])

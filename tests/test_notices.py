"""The responsible is told once by mail that a row needs somebody; not at once, not twice, not about old rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from builders import END, STAFF, START, Play, deployment, effect, scheduled, started, window_at
from deploylog.lifecycle import PENDING, Decision, EffectState, Policy, Wanted
from deploylog.model import Kind, Progress, Sentence, Status
from deploylog.notices import Decline, notice, with_declines, with_notice

LATE = timedelta(minutes=10)
SECOND = timedelta(seconds=1)
POLICY = Policy()
ASKING = Decision(Progress.NEEDS_ATTENTION, (Sentence.of("delay_asked", when=END, column="Status"),))


def notices(play: Play, decision: Decision | None = None) -> list[Wanted]:
    assert play.memory is not None
    judged = with_notice(decision or play.decision, play.row, play.memory, POLICY, play.now)
    return [one for one in judged.wanted if one.kind is Kind.NOTICE]


def went(play: Play, wanted: Wanted, state: EffectState = EffectState.SENT) -> None:
    assert play.memory is not None
    sent = effect(Kind.NOTICE, state, generation=wanted.generation, round=wanted.round, target=wanted.target, number=7)
    play.memory = replace(play.memory, effects=(*play.memory.effects, sent))


def test_an_effect_parked_at_night_is_told_to_the_responsible_alone() -> None:
    play = started()
    assert notices(play) == []
    play.turn(Kind.START, EffectState.UNKNOWN)
    play.look()
    [wanted] = notices(play)
    assert (wanted.target, wanted.circle.everyone, wanted.circle.language) == (STAFF, (STAFF,), "es")
    assert wanted.told == play.decision.sentences
    assert wanted.told[0].code == "parked_unknown"


def test_a_start_that_was_missed_in_an_outage_is_told() -> None:
    play = scheduled()
    play.wake_at(START + LATE + SECOND)
    assert [one.told[0].code for one in notices(play)] == ["start_late"]


def test_it_is_told_once_whoever_is_responsible_by_then() -> None:
    play = started()
    play.turn(Kind.START, EffectState.UNKNOWN)
    play.look()
    [wanted] = notices(play)
    for state in PENDING:
        went(play, wanted, state)
        assert notices(play) == [wanted]
    went(play, wanted)
    assert notices(play) == []
    play.row = replace(play.row, responsible="eva@soffid.example")
    assert notices(play) == []


def test_another_problem_is_told_too() -> None:
    play = scheduled()
    play.wake_at(START + LATE + SECOND)
    [missed] = notices(play)
    went(play, missed)
    [other] = notices(play, ASKING)
    assert other.round != missed.round


def test_who_just_edited_the_row_sees_it_there_and_is_told_only_when_it_stays() -> None:
    play = started()
    play.edit_and_leave(status=Status.DONE)
    assert play.decision.progress is Progress.NEEDS_ATTENTION
    edited = play.memory.changed_at if play.memory else START
    assert play.memory is not None
    assert notices(play) == []
    assert with_notice(play.decision, play.row, play.memory, POLICY, play.now).due == edited + LATE
    play.wake_at(edited + LATE)
    [wanted] = notices(play)
    assert [one.code for one in wanted.told] == ["boxes_missing"]
    went(play, wanted)
    play.edit(checked=frozenset({"Deployed"}))
    assert play.decision.progress is Progress.NEEDS_ATTENTION
    assert notices(play) == [], "one box less is the same problem"


def test_a_row_that_was_announced_and_is_refused_by_now_is_told_with_each_new_reason() -> None:
    play = scheduled()
    play.now += LATE
    refused = Decision(Progress.DATE_NOT_ALLOWED, (Sentence.of("rule_freeze", day=START.date()),))
    [wanted] = notices(play, refused)
    went(play, wanted)
    assert notices(play, refused) == []
    other = replace(refused, sentences=(Sentence.of("rule_freeze", day=END.date() + timedelta(days=1)),))
    assert len(notices(play, other)) == 1


def test_a_row_that_was_never_announced_is_not_told_about() -> None:
    play = Play(deployment(agreed_with=""))
    play.run()
    play.wait(timedelta(days=1) - timedelta(hours=1))
    assert play.decision.progress is Progress.NOT_READY
    assert notices(play) == []


def test_what_was_long_past_when_the_row_was_first_seen_is_no_news() -> None:
    play = Play(now=END + timedelta(days=30))
    play.run()
    play.wait(timedelta(hours=1))
    assert play.decision.progress is Progress.NEEDS_ATTENTION
    assert notices(play) == []


def test_nobody_is_told_where_nobody_is_responsible() -> None:
    play = started()
    play.turn(Kind.START, EffectState.UNKNOWN)
    play.look()
    play.row = replace(play.row, responsible="")
    assert notices(play) == []


def test_a_notice_that_was_refused_calls_for_no_other() -> None:
    play = started()
    play.turn(Kind.START, EffectState.UNKNOWN)
    play.look()
    [wanted] = notices(play)
    went(play, wanted, EffectState.FAILED)
    play.look()
    assert play.decision.sentences[1].code == "parked_failed"
    assert notices(play) == []


def test_what_was_told_stays_told_whatever_happens_to_the_row_in_between() -> None:
    play = scheduled()
    assert play.memory is not None
    first = notice("topic", ASKING.sentences, play.row, play.memory, POLICY, play.now)
    assert first is not None
    went(play, first)
    later = replace(play.memory, generation=2)
    assert notice("topic", ASKING.sentences, play.row, later, POLICY, play.now) is None


def test_a_warning_that_came_up_after_the_last_edit_is_told_once_though_the_row_goes_ahead() -> None:
    play = scheduled()
    assert play.memory is not None
    play.wait(LATE)
    friday, eve = Sentence.of("friday", day=START.date()), Sentence.of("eve_of_vacation_next_day", day=START.date())
    decision = Decision(Progress.SCHEDULED, (friday, eve), warnings=(friday, eve))
    assert notices(play, decision) == [], "not judged since the edit"
    play.memory = replace(play.memory, known_warnings=(str(friday),))
    assert notices(play, replace(decision, warnings=(friday,))) == []
    [wanted] = notices(play, decision)
    assert wanted.told == (eve,)
    went(play, wanted)
    assert notices(play, decision) == []


def declined(play: Play, *declines: Decline) -> list[Wanted]:
    assert play.memory is not None
    judged = with_declines(play.decision, play.row, play.memory, POLICY, declines, play.now)
    return [one for one in judged.wanted if one.kind is Kind.NOTICE]


def test_a_decline_is_told_once_with_what_was_said_and_again_only_with_other_words() -> None:
    play = scheduled()
    no, later = Decline("boss@diba.example"), Decline("boss@diba.example", "after 17:00")
    [wanted] = declined(play, no)
    assert (wanted.target, wanted.told) == (STAFF, (Sentence.of("declined", address="boss@diba.example"),))
    went(play, wanted)
    assert declined(play, no) == []
    [again] = declined(play, later)
    assert again.told == (Sentence.of("declined_comment", address="boss@diba.example", comment="after 17:00"),)


def test_a_decline_of_the_earlier_time_is_not_told_of_the_new_one() -> None:
    play = scheduled()
    no = Decline("boss@diba.example")
    [wanted] = declined(play, no)
    went(play, wanted)
    assert play.memory is not None
    play.memory = replace(play.memory, generation=2)
    assert declined(play, no) == []


def test_once_it_began_a_decline_is_told_no_more() -> None:
    assert declined(started(), Decline("boss@diba.example")) == []


def test_what_is_only_said_beside_the_reason_makes_no_second_notice() -> None:
    play = scheduled()
    friday, untold = Sentence.of("friday", day=START.date()), Sentence.of("vacations_unknown")
    first = Decision(Progress.DATE_NOT_ALLOWED, (friday,), reasons=(friday,))
    play.wait(LATE)
    [wanted] = notices(play, first)
    went(play, wanted)
    assert notices(play, replace(first, sentences=(friday, untold))) == []
    other = Sentence.of("freeze_unnamed", day=START.date())
    assert len(notices(play, replace(first, sentences=(friday, other), reasons=(friday, other)))) == 1


def test_a_start_missed_once_more_is_told_once_more() -> None:
    play = scheduled()
    play.wake_at(START + LATE + SECOND)
    [missed] = notices(play)
    went(play, missed)
    again = START + timedelta(days=1)
    play.edit_and_leave(window=window_at(again))
    play.wake_at(again + LATE + SECOND)
    assert len(notices(play)) == 1

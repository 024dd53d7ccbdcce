"""The mails of the coming days are those that go out when the days have come."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import START, Play, scheduled, started, surroundings
from deploylog.forecast import forecast
from deploylog.lifecycle import Decision, Memory, Timing, decide
from deploylog.model import Kind, Status

WEEK = timedelta(days=7)


def coming(play: Play, span: timedelta = WEEK) -> list[tuple[object, Kind, str]]:
    """When, which, and to whom or in which language."""

    def decide_at(memory: Memory, at: object) -> Decision:
        return decide(play.row, memory, play.around, at)  # type: ignore[arg-type]

    assert play.memory is not None
    found = forecast(play.row, play.memory, play.decision, decide_at, play.now, play.now + span)
    return [(one.at, one.mail.kind, one.mail.target) for one in found]


@pytest.mark.parametrize(
    "timing",
    [
        Timing(),
        Timing(nudge=timedelta(0)),
        Timing(reminders=(timedelta(hours=3), timedelta(hours=1))),
        Timing(start_lead=timedelta(minutes=5), delay_asks=True),
    ],
)
def test_what_is_forecast_is_what_goes_out(timing: Timing) -> None:
    play = scheduled(around=surroundings(timing))
    told = coming(play)
    before = len(play.sent)
    play.wait(WEEK)
    assert told
    assert sorted(told) == sorted(play.sent[before:])


def test_nothing_is_forecast_beyond_the_span() -> None:
    play = scheduled()
    assert coming(play, START - play.now - timedelta(seconds=1)) == []
    assert {kind for _, kind, _ in coming(play, START - play.now)} == {Kind.START}


def test_after_the_start_mail_only_nudge_and_delay_are_left() -> None:
    assert {kind for _, kind, _ in coming(started())} == {Kind.NUDGE, Kind.DELAY}


def test_a_draft_and_a_closed_row_send_nothing_more() -> None:
    for status in (Status.DRAFT, Status.CANCELLED):
        play = scheduled()
        play.edit_and_leave(status=status)
        assert coming(play) == []

"""When a log is stopped, and what its rows say then."""

from __future__ import annotations

import pytest

from builders import START
from deploylog.audience import Circle
from deploylog.guards import Limits, emptied, held_back, too_many_mails
from deploylog.lifecycle import Decision, EventWish, Wanted
from deploylog.model import Kind, Progress, Sentence

LIMITS = Limits(mails_per_hour=10, mails_per_log_per_hour=4)
WHY = Sentence.of("log_over_limit", count=5, key="limits.mails_per_hour", limit=4)


@pytest.mark.parametrize(
    ("known", "gone", "stops"),
    [
        (0, 0, False),
        (1, 1, False),
        (2, 2, False),
        (3, 1, False),
        (3, 2, True),
        (3, 3, True),
        (10, 5, False),
        (10, 6, True),
    ],
)
def test_a_log_is_stopped_when_most_of_its_rows_are_gone_at_once(known: int, gone: int, stops: bool) -> None:
    there = [f"DIBA-{number:04d}" for number in range(known)]
    found = emptied(there, there[:gone], "Pausa")
    assert (found is not None) is stops
    if found:
        assert found == Sentence.of("log_emptied", gone=gone, known=known, column="Pausa")


@pytest.mark.parametrize(
    ("wanted", "for_log", "for_all", "key"),
    [
        (4, 0, 0, None),
        (5, 0, 0, "limits.mails_per_log_per_hour"),
        (1, 4, 4, "limits.mails_per_log_per_hour"),
        (2, 0, 8, None),
        (3, 0, 8, "limits.mails_per_hour"),
        (0, 9, 99, None),
    ],
)
def test_a_log_is_stopped_when_more_mails_than_usual_would_be_out_within_an_hour(
    wanted: int, for_log: int, for_all: int, key: str | None
) -> None:
    found = too_many_mails(wanted, for_log, for_all, LIMITS)
    assert (dict(found.values)["key"] if found else None) == key


def test_what_would_go_out_is_held_back_and_the_row_says_why() -> None:
    mail = Wanted(Kind.START, 1, 0, "es", Circle("es", ("gestor@diba.example",)), START)
    decision = Decision(Progress.IN_PROGRESS, wanted=(mail,), event=EventWish.INVITE, due=START)
    held = held_back(decision, WHY)
    assert (held.progress, held.sentences, held.wanted) == (Progress.NEEDS_ATTENTION, (WHY,), ())
    assert (held.event, held.due) == (EventWish.LEAVE, START)


@pytest.mark.parametrize("decision", [Decision(None, due=START), Decision(Progress.SCHEDULED, due=START)])
def test_a_row_for_which_nothing_would_go_out_says_what_it_said(decision: Decision) -> None:
    assert held_back(decision, WHY) == decision

"""Vacations are read from calendars as events: whole days only, bounded, refreshed; what cannot be read is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from deploylog.errors import InDoubt, NotFound
from deploylog.google.calendar import Event
from deploylog.model import Sentence, Vacation
from deploylog.vacations import Vacations, vacations_in
from fakes import FakeCalendar, Outside

MADRID = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
EVERY = timedelta(minutes=5)
TEAM = "team@group.calendar.example"
ANA = "ana@soffid.example"


def all_day(first: str, after: str, **more: Any) -> Event:
    return {"id": f"event{first}", "summary": "Away", "start": {"date": first}, "end": {"date": after}, **more}


def timed(start: str, end: str) -> Event:
    return {"id": "out", "eventType": "outOfOffice", "start": {"dateTime": start}, "end": {"dateTime": end}}


class Desk(FakeCalendar):
    """A calendar in which every other calendar's events are set by hand."""

    def __init__(self) -> None:
        super().__init__(Outside())
        self.of: dict[str, list[Event]] = {}
        self.refused: set[str] = set()
        self.silent: set[str] = set()
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def between(
        self, calendar_id: str, earliest: datetime, latest: datetime, event_types: Sequence[str]
    ) -> list[Event]:
        assert earliest < NOW < latest
        self.asked.append((calendar_id, tuple(event_types)))
        if calendar_id in self.silent:
            raise InDoubt("events.list: no answer")
        if calendar_id in self.refused:
            raise NotFound("events.list: not found", status=404)
        return self.of.get(calendar_id, [])


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_all_day_event_is_a_vacation_of_its_days() -> None:
    (found,) = vacations_in([all_day("2026-12-21", "2026-12-24")], MADRID, TEAM)
    assert found == Vacation(date(2026, 12, 21), date(2026, 12, 23))
    assert found.origin == f"{TEAM}: Away"


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2026-12-21T00:00:00+01:00", "2026-12-23T00:00:00+01:00", ("2026-12-21", "2026-12-22")),
        # Midnight in Madrid, said in UTC.
        ("2026-12-20T23:00:00Z", "2026-12-21T23:00:00Z", ("2026-12-21", "2026-12-21")),
        ("2026-12-20T16:00:00+01:00", "2026-12-22T10:00:00+01:00", ("2026-12-21", "2026-12-21")),
        ("2026-12-20T12:00:00+01:00", "2026-12-22T10:00:00+01:00", ("2026-12-21", "2026-12-21")),
        # Whoever is away from the morning on is away that day.
        ("2026-12-20T09:00:00+01:00", "2026-12-22T18:00:00+01:00", ("2026-12-20", "2026-12-21")),
        ("2026-12-20T09:00:00+01:00", "2026-12-21T18:00:00+01:00", ("2026-12-20", "2026-12-20")),
        ("2026-12-21T09:00:00+01:00", "2026-12-21T18:00:00+01:00", None),
        ("2026-12-21T15:00:00+01:00", "2026-12-21T18:00:00+01:00", None),
        ("2026-12-21T15:00:00+01:00", "2026-12-22T12:00:00+01:00", None),
    ],
)
def test_a_timed_event_counts_for_the_days_it_covers_whole_and_from_a_morning_on(
    start: str, end: str, days: tuple[str, str] | None
) -> None:
    expected = (Vacation(date.fromisoformat(days[0]), date.fromisoformat(days[1])),) if days else ()
    assert vacations_in([timed(start, end)], MADRID, ANA) == expected


def test_days_of_one_series_that_follow_each_other_begin_once() -> None:
    daily = [all_day(f"2026-12-{day}", f"2026-12-{day + 1}", recurringEventId="r") for day in (23, 21, 22, 28)]
    assert [(one.first.day, one.last.day) for one in vacations_in(daily, MADRID, TEAM)] == [(21, 23), (28, 28)]
    strangers = [all_day("2026-12-21", "2026-12-22"), all_day("2026-12-22", "2026-12-23")]
    assert len(vacations_in(strangers, MADRID, TEAM)) == 2


def test_shared_calendars_count_for_all_and_absences_for_their_own(desk: Desk) -> None:
    desk.of = {TEAM: [all_day("2026-12-21", "2026-12-24")], ANA: [all_day("2027-01-11", "2027-01-12")]}
    vacations = Vacations(desk, [TEAM], MADRID, EVERY)
    assert [one.first.month for one in vacations.of(ANA, NOW).vacations] == [12, 1]
    assert [one.first.month for one in vacations.of("eva@soffid.example", NOW).vacations] == [12]
    assert [one.first.month for one in vacations.of("", NOW).vacations] == [12]
    assert desk.asked == [
        (TEAM, ("default", "outOfOffice")),
        (ANA, ("outOfOffice",)),
        ("eva@soffid.example", ("outOfOffice",)),
    ]


def test_a_calendar_is_read_again_when_it_is_time_and_a_change_is_told(desk: Desk) -> None:
    vacations = Vacations(desk, [TEAM], MADRID, EVERY)
    assert not vacations.refresh(NOW, [])
    vacations.of(ANA, NOW)
    desk.of[ANA] = [all_day("2026-12-21", "2026-12-22")]
    assert not vacations.refresh(NOW + EVERY / 2, [])
    assert vacations.of(ANA, NOW + EVERY / 2).vacations == ()
    assert vacations.refresh(NOW + EVERY, [])
    assert len(vacations.of(ANA, NOW + EVERY).vacations) == 1
    assert not vacations.refresh(NOW + 2 * EVERY, [])


def test_whose_absences_nobody_asks_for_any_more_are_not_read(desk: Desk) -> None:
    vacations = Vacations(desk, [], MADRID, EVERY)
    vacations.of(ANA, NOW)
    vacations.refresh(NOW + timedelta(days=1), [])
    assert len(desk.asked) == 1


def test_what_cannot_be_read_is_unknown_and_what_was_known_still_counts(desk: Desk) -> None:
    desk.of[TEAM] = [all_day("2026-12-21", "2026-12-24")]
    vacations = Vacations(desk, [TEAM], MADRID, EVERY)
    assert vacations.of(ANA, NOW).unknown == ()
    desk.refused = {TEAM, ANA}
    problems: list[str] = []
    assert vacations.refresh(NOW + EVERY, problems)
    found = vacations.of(ANA, NOW + EVERY)
    assert found.unknown == (Sentence.of("vacations_unknown"), Sentence.of("absence_unknown"))
    assert len(found.vacations) == 1
    assert problems == [f"calendar {TEAM}: vacations cannot be read (events.list: not found)"]
    assert vacations.unread() == (TEAM,)
    desk.refused = set()
    assert vacations.refresh(NOW + 2 * EVERY, problems)
    assert (vacations.of(ANA, NOW + 2 * EVERY).unknown, vacations.unread()) == ((), ())


def test_one_call_without_an_answer_is_waited_for_and_the_calendar_asked_again_soon(desk: Desk) -> None:
    vacations = Vacations(desk, [TEAM], MADRID, EVERY)
    desk.silent = {TEAM}
    assert vacations.of(ANA, NOW).unknown == (Sentence.of("vacations_unknown"), Sentence.of("absence_unknown"))
    assert [one for one, _ in desk.asked] == [TEAM]
    assert vacations.refresh(NOW + timedelta(seconds=15), [])
    assert vacations.of(ANA, NOW).unknown == (Sentence.of("vacations_unknown"),)
    assert [one for one, _ in desk.asked] == [TEAM, ANA]
    desk.silent = set()
    assert vacations.refresh(NOW + timedelta(minutes=1), [])
    assert vacations.of(ANA, NOW).unknown == ()

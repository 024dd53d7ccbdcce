"""Guests' answers and changes by hand, read from the calendar's feed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploylog.model import Window
from deploylog.notices import Decline
from deploylog.replies import Replies
from fakes import FakeCalendar, Fault, Outside

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
WINDOW = Window(NOW, NOW + timedelta(minutes=15))
EVERY = timedelta(minutes=5)


def event(identity: str = "diba0014", **more: Any) -> dict[str, Any]:
    return {
        "id": identity,
        "status": "confirmed",
        "start": {"dateTime": "2026-11-25T09:00:00+01:00", "timeZone": "Europe/Madrid"},
        "end": {"dateTime": "2026-11-25T09:15:00+01:00", "timeZone": "Europe/Madrid"},
        "extendedProperties": {"private": {"log": "log-1", "deployment": "DIBA-0014"}},
        **more,
    }


def guest(address: str, answer: str, comment: str = "") -> dict[str, str]:
    return {"email": address, "responseStatus": answer} | ({"comment": comment} if comment else {})


class Desk:
    def __init__(self) -> None:
        self.outside = Outside()
        self.calendar = FakeCalendar(self.outside)
        self.replies = Replies(self.calendar, EVERY)
        self.now = NOW
        self.problems: list[str] = []

    def refresh(self) -> set[str]:
        self.now += EVERY
        return self.replies.refresh(self.now, self.problems)

    def summary(self, identity: str = "diba0014") -> str:
        seen = self.replies.of(identity)
        assert seen is not None
        return seen.summary


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_answers_are_counted_and_comments_quoted(desk: Desk) -> None:
    guests = [
        guest("a@diba.example", "accepted"),
        guest("b@diba.example", "accepted"),
        guest("c@diba.example", "declined", "after\n17:00"),
        guest("d@diba.example", "tentative"),
        guest("e@diba.example", "needsAction"),
    ]
    desk.calendar.insert(event(attendees=guests), False)
    desk.refresh()
    assert desk.summary() == '2 yes, 1 no, 1 maybe: c@diba.example "after 17:00"'


def test_nobody_answered_is_an_empty_summary(desk: Desk) -> None:
    desk.calendar.insert(event(attendees=[guest("a@diba.example", "needsAction")]), False)
    desk.refresh()
    assert desk.summary() == ""
    desk.calendar.insert(event("alone"), False)
    desk.refresh()
    assert desk.summary("alone") == ""


def test_a_long_comment_is_cut(desk: Desk) -> None:
    desk.calendar.insert(event(attendees=[guest("a@diba.example", "declined", "no " * 500)]), False)
    desk.refresh()
    assert len(desk.summary()) < 150


def test_a_quotation_mark_in_a_comment_does_not_end_it(desk: Desk) -> None:
    desk.calendar.insert(event(attendees=[guest("a@diba.example", "tentative", 'say "maybe"')]), False)
    desk.refresh()
    assert desk.summary() == "1 maybe: a@diba.example \"say 'maybe'\""


def test_who_declined_is_known_by_log_and_deployment_until_the_event_is_gone(desk: Desk) -> None:
    guests = [guest("A@diba.example", "declined", "after 17:00"), guest("b@diba.example", "accepted")]
    desk.calendar.insert(event(attendees=guests), False)
    desk.refresh()
    assert desk.replies.declines("log-1", "DIBA-0014") == (Decline("a@diba.example", "after 17:00"),)
    assert desk.replies.declines("log-1", "DIBA-0015") == desk.replies.declines("log-2", "DIBA-0014") == ()
    desk.calendar.person_deletes("diba0014")
    desk.refresh()
    assert desk.replies.declines("log-1", "DIBA-0014") == ()


def test_an_answer_is_news_for_its_log_and_our_own_writing_is_none(desk: Desk) -> None:
    desk.calendar.insert(event(), False)
    assert desk.refresh() == set()
    desk.calendar.person_changes("diba0014", attendees=[guest("a@diba.example", "accepted")])
    assert desk.refresh() == {"log-1"}
    assert desk.refresh() == set()
    desk.calendar.person_changes("diba0014", summary="as we wrote it")
    desk.replies.forget("diba0014")
    assert desk.refresh() == set()
    desk.calendar.person_changes("diba0014", start={"dateTime": "2026-11-25T10:00:00+01:00"})
    assert desk.refresh() == {"log-1"}
    desk.calendar.person_deletes("diba0014")
    assert desk.refresh() == {"log-1"}


def test_only_changes_are_read_after_the_first_time(desk: Desk) -> None:
    desk.calendar.insert(event(), False)
    desk.refresh()
    desk.calendar.person_changes("diba0014", attendees=[guest("a@diba.example", "accepted")])
    desk.refresh()
    assert desk.summary() == "1 yes"
    assert desk.calendar.tokens == [None, "1"]


def test_the_calendar_is_not_asked_more_often_than_configured(desk: Desk) -> None:
    desk.refresh()
    desk.replies.refresh(desk.now + EVERY - timedelta(seconds=1), desk.problems)
    assert desk.outside.calls() == ["events.list"]
    desk.refresh()
    assert desk.outside.calls() == ["events.list"] * 2


def test_a_token_that_is_too_old_leads_to_a_full_read(desk: Desk) -> None:
    """410 -> full read (Calendar API, "Synchronize resources efficiently")."""
    desk.calendar.insert(event(), False)
    desk.refresh()
    desk.replies._token = "too old"
    desk.calendar.person_changes("diba0014", attendees=[guest("a@diba.example", "accepted")])
    desk.refresh()
    assert desk.summary() == "1 yes"
    assert desk.problems == []


@pytest.mark.parametrize("fault", [Fault.LOST_REQUEST, Fault.UNREACHABLE, Fault.BUSY, Fault.DENIED, Fault.REFUSED])
def test_a_failure_becomes_one_sentence_and_nothing_is_forgotten(desk: Desk, fault: Fault) -> None:
    desk.calendar.insert(event(attendees=[guest("a@diba.example", "accepted")]), False)
    desk.refresh()
    desk.outside.next("events.list", fault)
    desk.calendar.person_changes("diba0014", attendees=[guest("a@diba.example", "declined")])
    desk.refresh()
    (problem,) = desk.problems
    assert problem.startswith("calendar: replies cannot be read")
    assert desk.summary() == "1 yes"
    desk.refresh()
    assert desk.summary() == "1 no"


def test_other_peoples_events_are_no_concern(desk: Desk) -> None:
    desk.calendar.insert({"id": "private", "status": "confirmed", "start": {"date": "2026-11-25"}}, False)
    desk.refresh()
    assert desk.replies.of("private") is None


def test_an_event_as_it_was_written_does_not_differ(desk: Desk) -> None:
    desk.calendar.insert(event(), False)
    desk.refresh()
    seen = desk.replies.of("diba0014")
    assert seen is not None
    assert not seen.differs_from(WINDOW)
    assert (seen.start, seen.end) == (WINDOW.start, WINDOW.end)


@pytest.mark.parametrize(
    "change",
    [
        {"start": {"dateTime": "2026-11-25T10:00:00+01:00"}},
        {"end": {"dateTime": "2026-11-25T09:30:00+01:00"}},
        {"start": {"date": "2026-11-25"}, "end": {"date": "2026-11-26"}},
        {"status": "cancelled"},
    ],
)
def test_an_event_moved_or_deleted_by_hand_is_noticed(desk: Desk, change: dict[str, Any]) -> None:
    desk.calendar.insert(event(), False)
    desk.refresh()
    desk.calendar.person_changes("diba0014", **change)
    desk.refresh()
    seen = desk.replies.of("diba0014")
    assert seen is not None
    assert seen.differs_from(WINDOW)
    assert seen.deleted == ("status" in change)


def test_a_deleted_event_shown_by_its_id_alone_is_noticed(desk: Desk) -> None:
    """Of a cancelled event only the id is sure to come (Calendar API, Events, `status`)."""
    desk.calendar.insert(event(), False)
    desk.refresh()
    desk.calendar.events["diba0014"] = {"id": "diba0014", "status": "cancelled"}
    desk.calendar.feed.append("diba0014")
    desk.refresh()
    seen = desk.replies.of("diba0014")
    assert seen is not None
    assert seen.deleted


def test_what_we_wrote_ourselves_is_not_known_until_read_again(desk: Desk) -> None:
    desk.calendar.insert(event(), False)
    desk.refresh()
    desk.replies.forget("diba0014")
    assert desk.replies.of("diba0014") is None
    desk.replies.forget("never seen")
    desk.calendar.person_changes("diba0014", summary="new")
    desk.refresh()
    assert desk.replies.of("diba0014") is not None

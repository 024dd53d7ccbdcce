"""The event of a deployment stands once, as its content says, and nobody's answer or guest is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import structlog

from deploylog.adoption import Past
from deploylog.delivery import Delivery, EventContent, Outcome, event_key
from deploylog.google.calendar import Event, event_id
from deploylog.ledger import Effect, Ledger, LogSeen, effects
from deploylog.lifecycle import EffectSeen, EffectState
from deploylog.mime import MARKER
from deploylog.model import Kind
from fakes import PASSING, Crash, FakeCalendar, FakeMailbox, Fault, Outside, Told, WatchedLedger
from stores import NewStore

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
LOG, DEPLOYMENT = "log-1", "DIBA-0014"
ID = event_id(LOG, DEPLOYMENT)
NEXT_ID = event_id(LOG, DEPLOYMENT, 1)
A, B, C, HAND = "a@diba.example", "b@diba.example", "c@diba.example", "hand@elsewhere.example"
COMMITTED, DRAFTED, SENDING, SENT, UNKNOWN, FAILED, DEAD = EffectState

CONTENT = EventContent(
    title="DIBA: deployment DIBA-0014",
    description="ES-7412280\naddon-diba 3.2.11",
    start=NOW + timedelta(days=1),
    end=NOW + timedelta(days=1, minutes=15),
    time_zone="Europe/Madrid",
    guests=(A, B),
)
CHANGED = replace(CONTENT, title="DIBA: deployment DIBA-0014, moved", start=NOW + timedelta(hours=23))


class Desk:
    """A daemon before a calendar; a crash is followed by a new process on the same ledger."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.outside = Outside()
        self.calendar = FakeCalendar(self.outside)
        self.now = NOW
        self.restart()

    def restart(self) -> None:
        self.ledger = WatchedLedger(self.engine, self.outside)
        self.delivery = Delivery(self.ledger, FakeMailbox(self.outside, MARKER), self.calendar)

    def lose_ledger(self) -> None:
        with self.engine.execution_options(writes=True).begin() as connection:
            connection.execute(sa.delete(effects))

    def invite(self, content: EventContent = CONTENT, tell: bool = True) -> list[Outcome]:
        try:
            return self.delivery.invite(LOG, DEPLOYMENT, content, tell, self.now)
        except Crash:
            self.restart()
            return []

    def withdraw(self) -> list[Outcome]:
        try:
            return self.delivery.withdraw(LOG, DEPLOYMENT, self.now)
        except Crash:
            self.restart()
            return []

    def invite_until_quiet(self, content: EventContent = CONTENT, tell: bool = True) -> None:
        for _ in range(6):
            self.invite(content, tell)
            self.now += timedelta(minutes=3)

    def withdraw_until_quiet(self) -> None:
        for _ in range(6):
            self.withdraw()
            self.now += timedelta(minutes=3)

    def effect(self) -> Effect:
        (effect,) = [one for one in self.ledger.effects_of(LOG, DEPLOYMENT) if one.key == event_key(LOG, DEPLOYMENT)]
        return effect

    def event(self) -> Event:
        (event,) = self.calendar.standing()
        return event

    def guests(self) -> list[str]:
        return [one["email"] for one in self.event()["attendees"]]

    def stands(self, content: EventContent = CONTENT) -> None:
        """One event, as the content says, and the ledger knows it."""
        event, effect = self.event(), self.effect()
        assert event["summary"] == content.title
        assert datetime.fromisoformat(event["start"]["dateTime"]) == content.start
        assert (effect.state, effect.external_id) == (SENT, event["id"])
        assert (effect.in_doubt, effect.retry_at, effect.reason) == (False, None, "")

    def invitations(self) -> list[Told]:
        return [one for one in self.calendar.told if one.what == "invited"]


@pytest.fixture(autouse=True)
def _quietly() -> Iterator[None]:
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


@pytest.fixture
def desk(engine: sa.Engine) -> Desk:
    return new_desk(engine)


def new_desk(engine: sa.Engine) -> Desk:
    desk = Desk(engine)
    desk.lose_ledger()
    return desk


# Inserting ---------------------------------------------------------------------------------------------------------


def test_an_event_is_inserted_with_its_derived_id_and_guests_who_may_change_nothing(desk: Desk) -> None:
    (outcome,) = desk.invite()
    assert (outcome.what, outcome.effect.state) == ("invited", SENT)
    assert desk.outside.calls() == ["events.insert"]
    event = desk.event()
    assert event["id"] == ID
    assert (event["guestsCanModify"], event["guestsCanInviteOthers"]) == (False, False)
    assert event["start"]["timeZone"] == "Europe/Madrid"
    assert desk.guests() == [A, B]
    assert desk.calendar.told == [Told("invited", ID, (A, B))]
    assert outcome.effect.payload["link"] == event["htmlLink"]


@pytest.mark.parametrize("tell", [True, False])
def test_guests_are_told_as_asked(desk: Desk, tell: bool) -> None:
    desk.invite(tell=tell)
    desk.invite(CHANGED, tell=tell)
    assert [one.what for one in desk.calendar.told] == (["invited", "updated"] if tell else [])


def test_nothing_is_called_while_the_content_is_the_same(desk: Desk) -> None:
    desk.invite()
    made = len(desk.outside.steps)
    assert desk.invite() == []
    desk.now += timedelta(days=1)
    assert desk.invite(replace(CONTENT)) == []
    assert len(desk.outside.steps) == made


@pytest.mark.parametrize(
    "change",
    [
        {"title": "x"},
        {"description": "x"},
        {"start": NOW},
        {"end": NOW + timedelta(days=2)},
        {"time_zone": "Europe/London"},
        {"guests": (A,)},
    ],
)
def test_whatever_a_guest_could_see_counts_as_a_change(desk: Desk, change: dict[str, object]) -> None:
    desk.invite()
    changed = replace(CONTENT, **change)  # type: ignore[arg-type]
    assert changed.digest() != CONTENT.digest()
    (outcome,) = desk.invite(changed)
    assert outcome.what == "updated"
    assert len(desk.calendar.events) == 1


# Whatever fails ----------------------------------------------------------------------------------------------------


def test_whatever_fails_at_any_step_of_an_insert_guests_are_invited_once(engine: sa.Engine) -> None:
    for number in range(12):
        for fault in PASSING:
            desk = new_desk(engine)
            desk.outside.at_step[number] = fault
            desk.invite_until_quiet()
            desk.stands()
            assert desk.calendar.told == [Told("invited", ID, (A, B))]


def test_whatever_fails_at_any_step_of_an_update_it_is_told_once(engine: sa.Engine) -> None:
    for number in range(8):
        for fault in PASSING:
            desk = new_desk(engine)
            desk.invite()
            desk.outside.at_step[len(desk.outside.steps) + number] = fault
            desk.invite_until_quiet(CHANGED)
            desk.stands(CHANGED)
            assert [one.what for one in desk.calendar.told] == ["invited", "updated"]


def test_whatever_fails_at_any_step_of_a_withdrawal_it_is_told_once(engine: sa.Engine) -> None:
    for number in range(4):
        for fault in PASSING:
            desk = new_desk(engine)
            desk.invite()
            desk.outside.at_step[len(desk.outside.steps) + number] = fault
            desk.withdraw_until_quiet()
            assert desk.calendar.standing() == []
            assert desk.effect().state is DEAD
            assert [one.what for one in desk.calendar.told] == ["invited", "cancelled"]


def test_two_faults_in_a_row_still_make_one_event(engine: sa.Engine) -> None:
    faults = (Fault.CRASH_AFTER, Fault.CUT_ANSWER, Fault.LOST_REQUEST)
    for number in range(5):
        for later in range(number + 1, number + 4):
            for one, other in ((one, other) for one in faults for other in faults):
                desk = new_desk(engine)
                desk.outside.at_step = {number: one, later: other}
                desk.invite_until_quiet()
                desk.stands()
                assert len(desk.invitations()) == 1


def test_a_failure_waits_before_the_next_try(desk: Desk) -> None:
    desk.outside.next("events.insert", Fault.BUSY)  # asks for 20 s
    desk.invite()
    desk.now += timedelta(seconds=19)
    assert desk.invite() == []
    assert desk.outside.calls() == ["events.insert"]
    desk.now += timedelta(seconds=1)
    desk.invite()
    desk.stands()


def test_a_content_taken_back_in_doubt_of_its_update_is_put_right(desk: Desk) -> None:
    """The update may have been carried out: that the ledger still knows the old content proves nothing."""
    desk.invite()
    desk.outside.next("events.update", Fault.CUT_ANSWER)
    desk.invite(CHANGED)
    assert desk.event()["summary"] == CHANGED.title
    desk.now += timedelta(minutes=3)
    desk.invite_until_quiet(CONTENT)
    desk.stands(CONTENT)


def test_a_content_taken_back_after_a_failed_update_leaves_nothing_to_be_done(desk: Desk) -> None:
    desk.invite()
    desk.outside.next("events.update", Fault.BUSY)
    desk.invite(CHANGED)
    desk.now += timedelta(minutes=3)
    desk.invite_until_quiet(CONTENT)
    desk.stands(CONTENT)
    assert desk.ledger.dues() == {}
    assert [one.what for one in desk.calendar.told] == ["invited"]


# An id that is taken -----------------------------------------------------------------------------------------------


def test_a_lost_ledger_adopts_the_event_that_stands(desk: Desk) -> None:
    desk.invite()
    desk.lose_ledger()
    desk.invite()
    desk.stands()
    assert desk.outside.calls()[1:] == ["events.insert", "events.get"]
    assert len(desk.invitations()) == 1


def test_a_lost_ledger_updates_the_event_that_stands_where_it_differs(desk: Desk) -> None:
    desk.invite()
    desk.lose_ledger()
    desk.invite(CHANGED)
    desk.stands(CHANGED)
    assert len(desk.calendar.events) == 1


def test_an_event_that_changed_meanwhile_is_written_later_on_what_stands_then(desk: Desk) -> None:
    """412: somebody was faster; what they did is read first (If-Match)."""
    desk.invite()
    get = desk.calendar.get

    def changed_a_moment_later(identity: str) -> Event | None:
        found = get(identity)
        desk.calendar.person_changes(ID, attendees=[{"email": A}, {"email": B}, {"email": HAND}])
        return found

    desk.calendar.get = changed_a_moment_later  # type: ignore[method-assign, assignment]
    assert desk.invite(CHANGED) == []
    assert desk.event()["summary"] == CONTENT.title
    desk.calendar.get = get  # type: ignore[method-assign]
    desk.now += timedelta(minutes=3)
    desk.invite(CHANGED)
    desk.stands(CHANGED)
    assert HAND in desk.guests()


# Guests ------------------------------------------------------------------------------------------------------------


def test_an_update_keeps_answers_and_guests_added_by_hand_and_drops_removed_contacts(desk: Desk) -> None:
    desk.invite()
    answered = {"email": A, "responseStatus": "declined", "comment": "after 17:00"}
    added = {"email": HAND, "responseStatus": "accepted"}
    desk.calendar.person_changes(ID, attendees=[answered, {"email": B}, added])
    desk.invite(replace(CONTENT, guests=(A, C)))
    standing = {one["email"]: one for one in desk.event()["attendees"]}
    assert set(standing) == {A, C, HAND}
    assert (standing[A], standing[HAND]) == (answered, added)


def test_a_guest_added_by_hand_who_becomes_a_contact_stands_once(desk: Desk) -> None:
    desk.invite()
    added = {"email": C.upper(), "responseStatus": "accepted"}
    desk.calendar.person_changes(ID, attendees=[{"email": A}, {"email": B}, added])
    desk.invite(replace(CONTENT, guests=(A, B, C)))
    assert [one.lower() for one in desk.guests()] == [A, B, C]
    assert added in desk.event()["attendees"]


def test_the_case_of_an_address_neither_doubles_nor_keeps_a_guest(desk: Desk) -> None:
    mixed = "Ana.Puig@diba.example"
    desk.invite(replace(CONTENT, guests=(A, mixed)))
    desk.calendar.person_changes(ID, attendees=[{"email": A}, {"email": mixed.lower(), "responseStatus": "accepted"}])
    desk.invite(replace(CHANGED, guests=(A, mixed)))
    assert [one["responseStatus"] for one in desk.event()["attendees"] if one["email"].lower() == mixed.lower()] == [
        "accepted"
    ]
    desk.invite(replace(CHANGED, guests=(A,)))
    assert desk.guests() == [A]


def test_a_contact_removed_in_doubt_of_the_insert_is_dropped(desk: Desk) -> None:
    desk.outside.next("events.insert", Fault.CUT_ANSWER)
    desk.invite()
    desk.now += timedelta(minutes=3)
    desk.invite(replace(CONTENT, guests=(A,)))
    assert desk.guests() == [A]


def test_a_contact_removed_in_doubt_of_an_update_is_dropped(desk: Desk) -> None:
    desk.invite()
    desk.outside.next("events.update", Fault.CUT_ANSWER)
    desk.invite(replace(CONTENT, guests=(A, B, C)))
    desk.now += timedelta(minutes=3)
    desk.invite(replace(CONTENT, guests=(A, B)))
    assert desk.guests() == [A, B]


def test_a_contact_removed_while_the_event_was_cancelled_is_not_invited_again(desk: Desk) -> None:
    desk.invite()
    desk.withdraw()
    desk.invite(replace(CONTENT, guests=(A,)))
    assert desk.guests() == [A]
    assert desk.invitations()[-1].guests == (A,)


# Deleted and cancelled ---------------------------------------------------------------------------------------------


def test_an_event_deleted_by_hand_is_restored_with_the_next_change(desk: Desk) -> None:
    desk.invite()
    desk.calendar.person_deletes(ID)
    desk.invite(CHANGED)
    desk.stands(CHANGED)
    assert desk.event()["id"] == ID
    assert len(desk.calendar.events) == 1


def test_where_restoring_is_forbidden_the_next_id_is_taken(desk: Desk) -> None:
    desk.invite()
    desk.calendar.person_deletes(ID)
    desk.calendar.forbids_restoring.add(ID)
    desk.invite(CHANGED)
    desk.stands(CHANGED)
    assert desk.event()["id"] == NEXT_ID
    desk.invite(CONTENT)
    desk.stands(CONTENT)
    assert desk.event()["id"] == NEXT_ID


@pytest.mark.parametrize("fault", PASSING)
def test_whatever_fails_at_the_next_id_there_is_one_event(desk: Desk, fault: Fault) -> None:
    desk.invite()
    desk.calendar.person_deletes(ID)
    desk.calendar.forbids_restoring.add(ID)
    desk.outside.next("events.insert", fault)
    desk.invite_until_quiet(CHANGED)
    desk.stands(CHANGED)
    assert len(desk.invitations()) == 2  # of the first event, and of the one that replaces it


def test_no_permission_on_a_standing_event_takes_no_other_id(desk: Desk) -> None:
    desk.invite()
    desk.outside.next("events.update", Fault.DENIED)
    desk.invite(CHANGED)
    assert list(desk.calendar.events) == [ID]
    assert desk.effect().state is SENT
    desk.now += timedelta(minutes=3)
    desk.invite(CHANGED)
    desk.stands(CHANGED)


def test_a_withdrawn_event_is_gone_its_guests_told_and_comes_back_when_wanted(desk: Desk) -> None:
    desk.invite()
    (outcome,) = desk.withdraw()
    assert (outcome.what, outcome.effect.state) == ("withdrawn", DEAD)
    assert desk.calendar.standing() == []
    assert desk.calendar.told[-1] == Told("cancelled", ID, (A, B))
    assert desk.withdraw() == []
    (outcome,) = desk.invite()
    assert outcome.what == "invited"
    desk.stands()
    assert desk.event()["id"] == ID


def test_withdrawing_what_never_was_calls_nothing(desk: Desk) -> None:
    assert desk.withdraw() == []
    assert desk.outside.steps == []


def test_withdrawing_what_a_person_deleted_tells_nobody_again(desk: Desk) -> None:
    desk.invite()
    desk.calendar.person_deletes(ID)
    desk.withdraw()
    assert desk.effect().state is DEAD
    assert [one.what for one in desk.calendar.told] == ["invited"]


def test_withdrawn_in_doubt_of_the_insert_no_event_stays_behind(engine: sa.Engine) -> None:
    for fault in (Fault.CUT_ANSWER, Fault.CRASH_AFTER, Fault.LOST_REQUEST, Fault.BUSY):
        desk = new_desk(engine)
        desk.outside.next("events.insert", fault)
        desk.invite()
        desk.withdraw_until_quiet()
        assert desk.calendar.standing() == []
        assert desk.effect().state is DEAD
        assert desk.ledger.dues() == {}


def test_withdrawn_in_doubt_of_the_next_id_no_event_stays_behind(desk: Desk) -> None:
    desk.invite()
    desk.calendar.person_deletes(ID)
    desk.calendar.forbids_restoring.add(ID)
    desk.outside.next("events.insert", Fault.CUT_ANSWER)
    desk.invite(CHANGED)
    assert [one["id"] for one in desk.calendar.standing()] == [NEXT_ID]
    desk.withdraw_until_quiet()
    assert desk.calendar.standing() == []


def test_withdrawn_after_a_refused_change_the_event_does_not_stay(desk: Desk) -> None:
    desk.invite()
    desk.calendar.refused_guest = C
    desk.invite(replace(CONTENT, guests=(A, B, C)))
    assert desk.effect().state is FAILED
    desk.withdraw()
    assert desk.calendar.standing() == []
    assert desk.effect().state is DEAD


def test_an_event_only_the_log_told_of_is_withdrawn_by_its_derived_id(desk: Desk) -> None:
    desk.invite()
    desk.lose_ledger()
    past = Past((EffectSeen(0, Kind.EVENT, 0, 0, "", SENT, NOW),))
    desk.ledger.take_up(LogSeen(LOG, "", 0, 0, None), (), {DEPLOYMENT: (past, "")}, (), NOW)
    desk.withdraw()
    assert desk.calendar.standing() == []


# Refusals ----------------------------------------------------------------------------------------------------------


def test_a_refused_guest_parks_the_event_until_the_content_changes(desk: Desk) -> None:
    desk.calendar.refused_guest = C
    refused = replace(CONTENT, guests=(A, C))
    (outcome,) = desk.invite(refused)
    assert (outcome.what, outcome.effect.state) == ("parked", FAILED)
    assert C in outcome.effect.reason
    made = len(desk.outside.calls())
    for _ in range(3):
        desk.now += timedelta(hours=1)
        assert desk.invite(refused) == []
    assert len(desk.outside.calls()) == made
    (outcome,) = desk.invite(CONTENT)
    assert outcome.what == "invited"
    desk.stands()


def test_a_refused_change_leaves_the_event_as_it_was_and_is_tried_with_the_next(desk: Desk) -> None:
    desk.invite()
    desk.calendar.refused_guest = C
    desk.invite(replace(CONTENT, guests=(A, B, C)))
    assert desk.effect().state is FAILED
    assert desk.guests() == [A, B]
    desk.invite(replace(CHANGED, guests=(A,)))
    desk.stands(CHANGED)
    assert desk.guests() == [A]


def test_a_refused_change_taken_back_is_in_order_again_and_nobody_is_told(desk: Desk) -> None:
    desk.invite()
    desk.calendar.refused_guest = C
    desk.invite(replace(CONTENT, guests=(A, B, C)))
    desk.invite(CONTENT)
    desk.stands()
    assert len(desk.calendar.told) == 1


def test_settled_as_unsent_a_refused_event_is_tried_again(desk: Desk) -> None:
    desk.calendar.refused_guest = B
    desk.invite()
    desk.calendar.refused_guest = ""
    desk.ledger.advance(desk.effect().number, FAILED, DEAD, reason="settled by hand", draft_id="", content_hash="")
    desk.invite()
    desk.stands()


def test_mails_and_the_event_of_one_deployment_leave_each_other_alone(desk: Desk) -> None:
    desk.outside.next("events.insert", Fault.BUSY)
    desk.invite()
    before = desk.effect()
    desk.delivery.resolve_doubts(LOG, desk.now)
    desk.delivery.mail(LOG, DEPLOYMENT, [], desk.now)
    assert desk.effect() == before

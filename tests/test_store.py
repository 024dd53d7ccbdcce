"""Daemons that share one PostgreSQL: their locks go with their session, and what may be under way is waited for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from deploylog import bootstrap
from deploylog.audience import Circle
from deploylog.delivery import DOUBT_WAIT, LONGEST_CALL, Delivery, EventContent
from deploylog.errors import ConfigurationError, DeploylogError, StoreUnreachable
from deploylog.kept import (
    Concluded,
    concluded_from_json,
    concluded_to_json,
    contacts_from_json,
    contacts_to_json,
)
from deploylog.ledger import Ledger, LogSeen
from deploylog.lifecycle import EffectState, Wanted
from deploylog.mime import MARKER, Letter
from deploylog.model import Contact, Gets, Kind, Party, Sentence
from deploylog.registry import CountedContacts
from fakes import FakeCalendar, FakeMailbox, Fault, Outside
from stores import PostgreSQL

NOW = datetime(2026, 12, 9, 8, 0, tzinfo=UTC)
LOG, DEPLOYMENT = "log-1", "DIBA-0014"
WANTED = Wanted(Kind.START, 1, 0, "es", Circle("es", ("it@diba.example",)), NOW)
LETTER = Letter("d@soffid.example", ("it@diba.example",), (), "", "DIBA-0014", "Buenos días.\n", "<p>Buenos días.</p>")


@pytest.fixture
def url(postgresql: PostgreSQL, tmp_path: Path) -> str:
    return postgresql.new_store(tmp_path)


@pytest.fixture
def one(url: str) -> Iterator[Ledger]:
    opened = Ledger.open(url)
    yield opened
    opened.close()


@pytest.fixture
def other(url: str, one: Ledger) -> Iterator[Ledger]:
    """Another daemon's."""
    opened = Ledger.open(url)
    yield opened
    opened.close()


def cut_off(ledger: Ledger, postgresql: PostgreSQL) -> None:
    """Its session is ended by the server, as by a restart; the daemon knows nothing of it yet."""
    session = ledger.store._session
    assert session is not None
    with session.begin():
        process = session.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    postgresql.execute(f"SELECT pg_terminate_backend({process}, 5000)")


# Locks -----------------------------------------------------------------------------------------------------------


def test_a_log_is_one_daemons_at_a_time(one: Ledger, other: Ledger) -> None:
    with one.store.lock("log-1") as mine, other.store.lock("log-1") as theirs, other.store.lock("log-2") as second:
        assert (mine, theirs, second) == (True, False, True)
    with other.store.lock("log-1") as theirs:
        assert theirs


def test_the_lock_of_a_daemon_that_is_cut_off_is_free_and_it_can_write_nothing_more(
    one: Ledger, other: Ledger, postgresql: PostgreSQL
) -> None:
    with one.store.lock("log-1"):
        cut_off(one, postgresql)
        with other.store.lock("log-1") as theirs:
            assert theirs
            for _ in range(2):
                with pytest.raises(StoreUnreachable) as told:
                    one.see_log(LogSeen("log-1", "DIBA", 1, 1, None))
                assert "\n" not in str(told.value)
    assert other.log("log-1") is None
    one.see_log(LogSeen("log-1", "DIBA", 1, 1, None))
    with one.store.lock("log-1") as mine:
        assert mine


def test_stores_in_two_schemas_of_one_database_do_not_lock_each_other(one: Ledger, postgresql: PostgreSQL) -> None:
    stranger = Ledger.open(postgresql.url(postgresql.new_schema()))
    with one.store.lock("log-1") as mine, stranger.store.lock("log-1") as theirs:
        assert (mine, theirs) == (True, True)
    stranger.close()


def test_one_daemon_leads_until_its_session_ends(one: Ledger, other: Ledger, postgresql: PostgreSQL) -> None:
    assert [one.store.leads(), other.store.leads(), one.store.leads()] == [True, False, True]
    cut_off(one, postgresql)
    assert other.store.leads()
    with one.store.leading(), pytest.raises(StoreUnreachable):
        one.forget("anything")
    assert not one.store.leads()


def test_the_last_daemon_to_stop_knows_that_it_is_the_last(one: Ledger, other: Ledger) -> None:
    with one.hold():
        with other.hold():
            assert not other.store.is_last()
        assert one.store.is_last()


def test_a_daemon_knows_how_many_work_on_its_store(
    one: Ledger, other: Ledger, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    elsewhere = Ledger.open(postgresql.new_store(tmp_path / "elsewhere"))
    with elsewhere.hold(), one.hold(), one.store.lock("log-1"):
        assert one.store.daemons() == 1
        with other.hold():
            assert (one.store.daemons(), other.store.daemons(), elsewhere.store.daemons()) == (2, 2, 1)
            cut_off(other, postgresql)
            assert one.store.daemons() == 1
        assert one.store.daemons() == 1
    elsewhere.close()


def test_any_number_of_daemons_that_start_at_once_make_one_store(url: str) -> None:
    gate, told = threading.Barrier(4, timeout=20), set()

    def start() -> None:
        gate.wait()
        ledger = Ledger.open(url)
        told.add(ledger.store_id())
        ledger.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 1


def test_the_highest_number_never_sinks_whoever_writes_last(one: Ledger, other: Ledger) -> None:
    one.see_log(LogSeen(LOG, "DIBA", 14, 3, NOW))
    other.see_log(LogSeen(LOG, "DIBA", 0, 0, None))
    seen = one.log(LOG)
    assert seen is not None
    assert (seen.highest, seen.version) == (14, 0)


def test_a_clock_that_is_not_postgresqls_stops_the_work(one: Ledger) -> None:
    now = bootstrap.now()
    bootstrap.check_clock(one, now)
    with pytest.raises(DeploylogError, match=r"differs from PostgreSQL's by -?\d+ s"):
        bootstrap.check_clock(one, now - timedelta(minutes=1))


@pytest.mark.parametrize(
    ("broken", "told"),
    [({"database": "nothing"}, "does not exist"), ({"username": "nobody"}, "does not exist")],
)
def test_an_address_that_is_wrong_is_the_operators(url: str, broken: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as problem:
        Ledger.open(sa.engine.make_url(url).set(**broken).render_as_string(hide_password=False))
    assert "\n" not in str(problem.value)


def test_a_server_that_does_not_answer_is_waited_for() -> None:
    with pytest.raises(StoreUnreachable, match="does not answer"):
        Ledger.open("postgresql+psycopg://postgres:secret@127.0.0.1:1/postgres")


# What may be under way -------------------------------------------------------------------------------------------


class Half:
    """A daemon that was cut off in the middle of a call, and one that takes its log over."""

    def __init__(self, one: Ledger, other: Ledger) -> None:
        self.outside = Outside()
        self.mailbox, self.calendar = FakeMailbox(self.outside, MARKER), FakeCalendar(self.outside)
        self.first = Delivery(one, self.mailbox, self.calendar)
        self.second = Delivery(other, self.mailbox, self.calendar)
        self.ledger = other

    def take_over(self, now: datetime) -> None:
        self.second.resolve_doubts(LOG, now)
        self.second.mail(LOG, DEPLOYMENT, [(WANTED, lambda: LETTER)], now)

    @property
    def state(self) -> EffectState:
        [effect] = self.ledger.effects_of(LOG, DEPLOYMENT)
        return effect.state

    @property
    def delivered(self) -> int:
        return sum(self.mailbox.delivered.values())


@pytest.fixture
def half(one: Ledger, other: Ledger) -> Half:
    return Half(one, other)


def begin_to_send(half: Half) -> None:
    """The first daemon has committed that it sends; its call is on the way when it is cut off."""
    [effect] = half.first._ledger.commit([(half.first._key(LOG, DEPLOYMENT, WANTED), _payload(), NOW)], NOW)
    drafted = half.first._draft(effect, NOW)
    half.first._ledger.advance(
        drafted.number,
        EffectState.DRAFTED,
        EffectState.SENDING,
        in_doubt=True,
        retry_at=NOW + DOUBT_WAIT,
        under_way_until=half.first.begins(NOW),
    )


def _payload() -> dict[str, object]:
    return {
        "sender": LETTER.sender,
        "to": list(LETTER.to),
        "cc": [],
        "reply_to": "",
        "subject": LETTER.subject,
        "text": LETTER.text,
        "html": LETTER.html,
    }


def test_a_draft_that_another_daemon_may_still_send_is_not_taken_for_unsent(half: Half) -> None:
    begin_to_send(half)
    for seconds in (6, 60, LONGEST_CALL.total_seconds() - 1):
        half.take_over(NOW + timedelta(seconds=seconds))
        assert (half.state, half.delivered) == (EffectState.SENDING, 0)
    # The late call arrives after all.
    [draft] = half.mailbox.our_drafts()
    half.mailbox.send_draft(draft)
    half.take_over(NOW + LONGEST_CALL)
    assert (half.state, half.delivered) == (EffectState.SENT, 1)


def test_a_draft_nobody_can_be_sending_any_more_is_sent(half: Half) -> None:
    begin_to_send(half)
    half.take_over(NOW + LONGEST_CALL)
    assert (half.state, half.delivered) == (EffectState.SENT, 1)


def test_a_mail_that_is_out_is_told_at_once(half: Half) -> None:
    begin_to_send(half)
    [draft] = half.mailbox.our_drafts()
    half.mailbox.send_draft(draft)
    half.take_over(NOW + DOUBT_WAIT)
    assert (half.state, half.delivered) == (EffectState.SENT, 1)


def test_ones_own_call_that_failed_is_over_and_waits_for_nobody(half: Half) -> None:
    half.outside.next("drafts.send", Fault.CUT_ANSWER)
    half.first.mail(LOG, DEPLOYMENT, [(WANTED, lambda: LETTER)], NOW)
    [effect] = half.ledger.effects_of(LOG, DEPLOYMENT)
    assert (effect.state, effect.under_way_until) == (EffectState.SENDING, None)


def test_an_event_another_daemon_may_still_cancel_is_not_written_before(half: Half) -> None:
    content = EventContent("DIBA", "", NOW, NOW + timedelta(hours=1), "Europe/Madrid", ("it@diba.example",))
    half.first.invite(LOG, DEPLOYMENT, content, True, NOW)
    [effect] = half.ledger.effects_of(LOG, DEPLOYMENT)
    half.ledger.advance(effect.number, effect.state, effect.state, under_way_until=NOW + LONGEST_CALL)
    moved = EventContent("DIBA, moved", "", NOW, NOW + timedelta(hours=1), "Europe/Madrid", ("it@diba.example",))
    assert half.second.invite(LOG, DEPLOYMENT, moved, True, NOW + timedelta(seconds=10)) == []
    assert [one.what for one in half.second.invite(LOG, DEPLOYMENT, moved, True, NOW + LONGEST_CALL)] == ["updated"]


# What is kept ------------------------------------------------------------------------------------------------------


def test_what_a_look_concluded_comes_back_as_it_was() -> None:
    inner = Sentence.of("is_friday", when=NOW)
    told = Sentence.of(
        "x", count=3, day=date(2026, 12, 7), wait=timedelta(minutes=5), names=("a", "b"), inner=inner, text="ñ"
    )
    concluded = Concluded(True, (told, inner))
    assert concluded_from_json(concluded_to_json(concluded)) == concluded


def test_contacts_that_count_come_back_as_they_were() -> None:
    contact = Contact("DIBA", Party.HELPDESK, "Eva", "eva@diba.example", Gets.MAIL, "ca")
    counted = CountedContacts((contact,), {contact: NOW})
    assert contacts_from_json(contacts_to_json(counted)) == counted


def test_every_call_that_sends_drafts_invites_or_cancels_is_marked_before_it_begins(half: Half) -> None:
    marked: dict[str, datetime | None] = {}

    def watched(thing: object, name: str) -> None:
        call = getattr(thing, name)

        def called(*arguments: object, **more: object) -> object:
            for effect in half.ledger.effects_of(LOG, DEPLOYMENT):
                if effect.key.kind is (Kind.START if thing is half.mailbox else Kind.EVENT):
                    marked[name] = effect.under_way_until
            return call(*arguments, **more)

        setattr(thing, name, called)

    for name in ("create_draft", "send_draft"):
        watched(half.mailbox, name)
    for name in ("insert", "cancel"):
        watched(half.calendar, name)
    half.first.mail(LOG, DEPLOYMENT, [(WANTED, lambda: LETTER)], NOW)
    content = EventContent("DIBA", "", NOW, NOW + timedelta(hours=1), "Europe/Madrid", ("it@diba.example",))
    half.first.invite(LOG, DEPLOYMENT, content, True, NOW)
    half.first.withdraw(LOG, DEPLOYMENT, NOW)
    assert marked == dict.fromkeys(("create_draft", "send_draft", "insert", "cancel"), NOW + LONGEST_CALL)


def test_a_draft_another_daemon_may_still_make_is_not_made_twice(half: Half) -> None:
    [effect] = half.first._ledger.commit([(half.first._key(LOG, DEPLOYMENT, WANTED), _payload(), NOW)], NOW)
    until = half.first.begins(NOW)
    half.first._ledger.advance(effect.number, effect.state, effect.state, in_doubt=True, under_way_until=until)
    half.take_over(NOW + LONGEST_CALL - timedelta(seconds=1))
    assert (half.mailbox.our_drafts(), half.delivered) == ([], 0)
    half.take_over(NOW + LONGEST_CALL + timedelta(seconds=30))
    assert (half.state, half.delivered) == (EffectState.SENT, 1)


def test_a_draft_that_is_gone_parks_nothing_while_the_answer_may_still_come(half: Half) -> None:
    begin_to_send(half)
    half.mailbox.person_deletes(half.mailbox.our_drafts()[0])
    half.take_over(NOW + LONGEST_CALL - timedelta(seconds=1))
    assert half.state is EffectState.SENDING
    half.take_over(NOW + LONGEST_CALL + timedelta(seconds=30))
    assert half.state is EffectState.UNKNOWN


def test_a_mail_no_longer_wanted_is_dropped_only_once_its_draft_cannot_be_made_any_more(half: Half) -> None:
    [effect] = half.first._ledger.commit([(half.first._key(LOG, DEPLOYMENT, WANTED), _payload(), NOW)], NOW)
    until = half.first.begins(NOW)
    half.first._ledger.advance(effect.number, effect.state, effect.state, in_doubt=True, under_way_until=until)
    half.second.mail(LOG, DEPLOYMENT, [], NOW + LONGEST_CALL - timedelta(seconds=1))
    assert half.state is EffectState.COMMITTED
    half.second.mail(LOG, DEPLOYMENT, [], NOW + LONGEST_CALL + timedelta(seconds=30))
    assert half.state is EffectState.DEAD


def test_an_event_another_daemon_may_still_write_is_not_cancelled_before(half: Half) -> None:
    content = EventContent("DIBA", "", NOW, NOW + timedelta(hours=1), "Europe/Madrid", ("it@diba.example",))
    half.first.invite(LOG, DEPLOYMENT, content, True, NOW)
    [effect] = half.ledger.effects_of(LOG, DEPLOYMENT)
    half.ledger.advance(effect.number, effect.state, effect.state, under_way_until=NOW + LONGEST_CALL)
    half.second.withdraw(LOG, DEPLOYMENT, NOW + LONGEST_CALL - timedelta(seconds=1))
    assert len(half.calendar.standing()) == 1
    half.second.withdraw(LOG, DEPLOYMENT, NOW + LONGEST_CALL + timedelta(seconds=30))
    assert half.calendar.standing() == []

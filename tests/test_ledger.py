"""The ledger keeps its word: conditional moves, one daemon at a time, instants in UTC, one schema."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from deploylog import customer_ledger  # noqa: F401  (its tables belong to the schema)
from deploylog.adoption import Past
from deploylog.errors import ConfigurationError, DeploylogError
from deploylog.identity import Known
from deploylog.kept import Concluded
from deploylog.ledger import Ledger, LogSeen, PlannedWindow, Sight, metadata
from deploylog.lifecycle import EffectSeen, EffectState, Memory
from deploylog.model import Key, Kind, Status, Window
from stores import NewStore, sqlite_store

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
KEY = Key("log-1", "DIBA-0014", Kind.START, 1, 0, "es")
COMMITTED, DRAFTED, SENDING, SENT, UNKNOWN, FAILED, DEAD = EffectState
PAYLOAD = {"to": ["it@diba.example"], "subject": "Producció — ñ 😀"}


@pytest.fixture
def url(new_store: NewStore, tmp_path: Path) -> str:
    return new_store(tmp_path)


@pytest.fixture
def sqlite_ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(sqlite_store(tmp_path))
    yield opened
    opened.close()


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    opened = Ledger.open(url)
    yield opened
    opened.close()


@pytest.fixture
def other(ledger: Ledger, url: str) -> Iterator[Ledger]:
    """Another process's view of the same store."""
    opened = Ledger.open(url)
    yield opened
    opened.close()


def memory(**changes: object) -> Memory:
    values = {
        "first_seen_at": NOW,
        "fingerprint": "f",
        "changed_at": NOW,
        "status": Status.PLANNED,
        "status_since": NOW,
    }
    return Memory(**(values | changes))  # type: ignore[arg-type]


def sight(identity: str = "DIBA-0014", due: datetime | None = None, **changes: object) -> Sight:
    return Sight(Known(identity, 2, "f", NOW, ("addon-diba 3.2.11",)), memory(**changes), due)


# Opening -----------------------------------------------------------------------------------------------------------


def test_the_migrations_make_exactly_the_schema_of_the_code(ledger: Ledger) -> None:
    with ledger.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_unique_key_of_an_effect_stands_in_the_database(ledger: Ledger) -> None:
    """compare_metadata is lenient about constraints on SQLite; this one carries the promise."""
    ledger.commit([(KEY, PAYLOAD, None)], NOW)
    columns = "log_id, deployment_id, kind, generation, round, target, state, payload, committed_at, attempts"
    rest = "in_doubt, reason, external_id, draft_id, thread_id, message_header, content_hash"
    again = f"INSERT INTO effect ({columns}, {rest}) SELECT {columns}, {rest} FROM effect"
    with pytest.raises(sa.exc.IntegrityError), ledger.engine.begin() as connection:
        connection.exec_driver_sql(again)


def test_a_store_opened_again_keeps_what_it_holds(url: str) -> None:
    first = Ledger.open(url)
    [effect] = first.commit([(KEY, PAYLOAD, NOW)], NOW)
    first.close()
    again = Ledger.open(url)
    assert again.effect(effect.number) == effect
    again.close()


@pytest.mark.parametrize("url", ["nonsense", "sqlite:////nowhere/at/all/deploylog.db", "nodialect://x/y"])
def test_a_store_that_cannot_be_opened_is_said_in_one_sentence(url: str) -> None:
    with pytest.raises(ConfigurationError, match="store") as problem:
        Ledger.open(url)
    assert "\n" not in str(problem.value)


def test_a_file_that_is_no_store_is_said_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "letter.db"
    file.write_text("Dear diary, " * 1000, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        Ledger.open(f"sqlite:///{file}")


def test_a_store_of_a_later_version_is_said_in_one_sentence(url: str) -> None:
    """Somebody went back to an older version of the program."""
    ledger = Ledger.open(url)
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    ledger.close()
    with pytest.raises(ConfigurationError, match="store"):
        Ledger.open(url)


def test_a_password_in_the_address_is_not_shown() -> None:
    with pytest.raises(ConfigurationError) as problem:
        Ledger.open("sqlite://user:secret@host/nowhere/at/all.db")
    assert "secret" not in str(problem.value)


def test_every_commit_reaches_the_disk_and_readers_do_not_wait(sqlite_ledger: Ledger) -> None:
    with sqlite_ledger.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"


# Intents -----------------------------------------------------------------------------------------------------------


def test_an_intent_is_committed_once_and_its_payload_frozen(ledger: Ledger) -> None:
    [first] = ledger.commit([(KEY, PAYLOAD, NOW)], NOW)
    [again] = ledger.commit([(KEY, {"to": ["other@diba.example"]}, NOW)], NOW + timedelta(minutes=1))
    assert again == first
    assert again.payload == PAYLOAD
    assert (first.state, first.key, first.in_doubt, first.attempts) == (COMMITTED, KEY, False, 0)


@pytest.mark.parametrize("state", [SENDING, SENT, UNKNOWN, FAILED])
def test_what_is_out_or_parked_is_not_meant_again(ledger: Ledger, state: EffectState) -> None:
    [effect] = ledger.commit([(KEY, PAYLOAD, None)], NOW)
    before = ledger.advance(effect.number, COMMITTED, state)
    assert ledger.commit([(KEY, {}, None)], NOW) == []
    assert ledger.effect(effect.number) == before


def test_what_died_is_meant_again_as_new(ledger: Ledger) -> None:
    [effect] = ledger.commit([(KEY, PAYLOAD, None)], NOW)
    ledger.advance(effect.number, COMMITTED, DEAD, draft_id="r1", retry_at=NOW, reason="old")
    [again] = ledger.commit([(KEY, {"subject": "new"}, NOW)], NOW + timedelta(hours=1))
    assert (again.state, again.payload, again.draft_id, again.reason) == (COMMITTED, {"subject": "new"}, "", "")
    assert (again.retry_at, again.committed_at, again.due_at) == (None, NOW + timedelta(hours=1), NOW)


def test_intents_are_committed_all_or_none(ledger: Ledger) -> None:
    broken = Key("log-1", "DIBA-0014", Kind.START, 1, 0, "ca")
    with pytest.raises((sa.exc.StatementError, TypeError)):
        ledger.commit([(KEY, PAYLOAD, None), (broken, {"to": object()}, None)], NOW)  # cannot be stored
    assert ledger.effects_of("log-1") == []


def test_adopted_effects_do_not_overrule_the_ledger(ledger: Ledger) -> None:
    [effect] = ledger.commit([(KEY, PAYLOAD, None)], NOW)
    told = [EffectSeen(0, Kind.START, 1, 0, target, SENT, NOW) for target in ("es", "ca")]
    ledger.take_up(LogSeen("log-1", "DIBA", 14, 3, None), (), {"DIBA-0014": (Past(tuple(told)), "")}, (), NOW)
    states = {one.key.target: one.state for one in ledger.effects_of("log-1")}
    assert states == {"es": COMMITTED, "ca": SENT}
    assert ledger.effect(effect.number) == effect


# Moves -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("actual", list(EffectState))
@pytest.mark.parametrize("expected", list(EffectState))
def test_a_move_from_another_state_is_refused_and_changes_nothing(
    memory_ledger: Ledger, actual: EffectState, expected: EffectState
) -> None:
    key = Key("log-1", f"DIBA-{actual}-{expected}", Kind.START, 1, 0, "es")
    [effect] = memory_ledger.commit([(key, PAYLOAD, None)], NOW)
    standing = memory_ledger.advance(effect.number, COMMITTED, actual, reason="as it was")
    if actual is expected:
        assert memory_ledger.advance(effect.number, expected, SENT, reason="moved").reason == "moved"
        return
    with pytest.raises(DeploylogError, match=f"is not {expected} but {actual}"):
        memory_ledger.advance(effect.number, expected, SENT, reason="moved", external_id="m1")
    assert memory_ledger.effect(effect.number) == standing


@pytest.fixture(scope="module")
def memory_ledger(new_store: NewStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    opened = Ledger.open(new_store(tmp_path_factory.mktemp("ledger")))
    yield opened
    opened.close()


def test_an_effect_that_is_not_there_cannot_be_moved(ledger: Ledger) -> None:
    with pytest.raises(DeploylogError, match="gone"):
        ledger.advance(99, COMMITTED, SENT)


def test_of_two_who_move_one_effect_one_comes_second(ledger: Ledger, other: Ledger) -> None:
    [effect] = ledger.commit([(KEY, PAYLOAD, None)], NOW)
    assert other.effect(effect.number) == effect
    ledger.advance(effect.number, COMMITTED, SENDING)
    with pytest.raises(DeploylogError, match="is not committed but sending"):
        other.advance(effect.number, COMMITTED, SENDING)


def test_many_who_race_for_one_effect_leave_one_winner(ledger: Ledger, url: str) -> None:
    [effect] = ledger.commit([(KEY, PAYLOAD, None)], NOW)
    won, lost = together(url, lambda one: one.advance(effect.number, COMMITTED, SENDING))
    assert (won, lost) == (1, 7)


def test_many_who_commit_one_intent_make_one_effect(ledger: Ledger, url: str) -> None:
    won, lost = together(url, lambda one: one.commit([(KEY, PAYLOAD, None)], NOW))
    assert (won, lost) == (8, 0)
    assert len(ledger.effects_of("log-1")) == 1


def together(url: str, act: Callable[[Ledger], object]) -> tuple[int, int]:
    """Have eight do it at once, each with a connection of its own; how many could, how many came second."""
    gate = threading.Barrier(8, timeout=10)
    told: list[bool] = []

    def one(own: Ledger) -> None:
        gate.wait()
        try:
            act(own)
            told.append(True)
        except DeploylogError:
            told.append(False)

    ledgers = [Ledger.open(url) for _ in range(8)]
    threads = [threading.Thread(target=one, args=(own,)) for own in ledgers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for own in ledgers:
        own.close()
    return told.count(True), told.count(False)


# Instants ----------------------------------------------------------------------------------------------------------


def test_instants_come_back_aware_and_in_utc(ledger: Ledger) -> None:
    madrid = NOW.astimezone(ZoneInfo("Europe/Madrid"))
    [effect] = ledger.commit([(KEY, PAYLOAD, madrid)], madrid)
    far = NOW.astimezone(timezone(timedelta(hours=-9, minutes=-30)))
    effect = ledger.advance(effect.number, COMMITTED, SENT, at=far, retry_at=madrid)
    for instant in (effect.due_at, effect.committed_at, effect.at, effect.retry_at):
        assert instant == NOW
        assert instant is not None
        assert instant.tzinfo is UTC
    ledger.see_log(LogSeen("log-1", "DIBA", 14, 3, madrid))
    seen = ledger.log("log-1")
    assert seen is not None
    assert seen.edited_at is not None
    assert (seen.edited_at, seen.edited_at.tzinfo) == (NOW, UTC)


def test_the_two_hours_of_an_autumn_night_stay_apart(ledger: Ledger) -> None:
    madrid = ZoneInfo("Europe/Madrid")
    first = datetime(2026, 10, 25, 2, 30, tzinfo=madrid)
    second = first.replace(fold=1)
    keys = [Key("log-1", f"DIBA-{number}", Kind.START, 1, 0, "es") for number in (1, 2)]
    one, two = ledger.commit([(keys[0], {}, first), (keys[1], {}, second)], NOW)
    assert one.due_at is not None
    assert two.due_at is not None
    assert two.due_at - one.due_at == timedelta(hours=1)


def test_a_memory_comes_back_as_it_was(ledger: Ledger) -> None:
    later = NOW + timedelta(hours=1)
    kept = memory(generation=3, start=NOW, ends=(NOW, later), overridden=True, copy_of="DIBA-0001")
    ledger.save_sights("log-1", [Sight(Known("DIBA-0014", 7, "f", NOW, ()), kept, later)], [], NOW)
    assert ledger.memories("log-1")["DIBA-0014"].known_warnings is None
    kept = replace(kept, known_warnings=("friday",))
    ledger.save_sights("log-1", [Sight(Known("DIBA-0014", 7, "f", NOW, ("a 1", "b 2")), kept, later)], [], NOW)
    assert ledger.memories("log-1") == {"DIBA-0014": kept}
    assert ledger.known("log-1") == {"DIBA-0014": Known("DIBA-0014", 7, "f", NOW, ("a 1", "b 2"), status=kept.status)}
    ledger.commit([(KEY, PAYLOAD, None)], NOW)
    [effect] = ledger.memories("log-1")["DIBA-0014"].effects
    assert (effect.kind, effect.target, effect.state) == (Kind.START, "es", COMMITTED)


def test_the_windows_of_what_was_announced_and_is_open_are_kept_beyond_a_restart(ledger: Ledger) -> None:
    hour = timedelta(hours=1)
    window = Window(NOW, NOW + hour)
    ids = {
        "DIBA-0014": Status.PLANNED,
        "DIBA-0015": Status.DONE,
        "DIBA-0016": Status.PLANNED,
        "DIBA-0017": Status.PLANNED,
    }
    sights = [replace(sight(one, status=status), window=window, responsible="ana") for one, status in ids.items()]
    ledger.save_sights("log-1", sights, [], NOW)
    assert ledger.planned_windows(NOW) == []
    announced = [(Key("log-1", one, Kind.EVENT, 1, 0, ""), PAYLOAD, None) for one in ids if one != "DIBA-0016"]
    for effect in ledger.commit(announced, NOW):
        ledger.advance(effect.number, COMMITTED, EffectState.SENT)
    ledger.save_sights("log-1", [], ["DIBA-0017"], NOW)
    assert ledger.planned_windows(NOW) == [PlannedWindow("log-1", "DIBA-0014", "ana", window)]
    assert ledger.planned_windows(NOW + hour) == []
    ledger.save_sights("log-1", [replace(sights[0], window=None)], [], NOW)
    assert ledger.planned_windows(NOW) == []


def test_only_the_windows_of_those_asked_for_are_given(ledger: Ledger) -> None:
    window = Window(NOW, NOW + timedelta(hours=1))
    for log_id, responsible in (("log-2", "ana"), ("log-1", "ana"), ("log-3", "leo"), ("log-4", "")):
        ledger.save_sights(log_id, [replace(sight(), window=window, responsible=responsible)], [], NOW)
        for effect in ledger.commit([(replace(KEY, log_id=log_id, kind=Kind.EVENT), PAYLOAD, None)], NOW):
            ledger.advance(effect.number, COMMITTED, SENT)
    assert [one.log_id for one in ledger.planned_windows(NOW, {"ana"})] == ["log-1", "log-2"]
    assert [one.log_id for one in ledger.planned_windows(NOW, {"ana", "leo"})] == ["log-1", "log-2", "log-3"]
    assert [one.log_id for one in ledger.planned_windows(NOW, {"eva"})] == []
    assert [one.log_id for one in ledger.planned_windows(NOW)] == ["log-1", "log-2", "log-3", "log-4"]


# Scale -------------------------------------------------------------------------------------------------------------


def _fill(ledger: Ledger, logs: range) -> None:
    """Logs of customers of their own with a deployment of somebody else each, announced and mailed yesterday."""
    yesterday = NOW - timedelta(days=1)
    for number in logs:
        log_id, identity = f"other-{number}", f"C{number}-0001"
        ledger.see_log(LogSeen(log_id, f"C{number}", 1, 1, yesterday, looked_at=yesterday))
        window = Window(NOW, NOW + timedelta(hours=1))
        seen = replace(sight(identity, NOW + timedelta(hours=2)), window=window, responsible=f"who{number}")
        ledger.save_sights(log_id, [seen], [], yesterday)
        keys = [Key(log_id, identity, kind, 1, 0, "") for kind in (Kind.EVENT, Kind.START)]
        for effect in ledger.commit([(key, PAYLOAD, None) for key in keys], yesterday):
            ledger.advance(effect.number, COMMITTED, SENT, at=yesterday)


ASKED_AT_A_LOOK: dict[str, Callable[[Ledger], object]] = {
    "dues": lambda ledger: ledger.dues(until=NOW),
    "planned_windows": lambda ledger: ledger.planned_windows(NOW, {"ana"}),
    "mails_since": lambda ledger: ledger.mails_since(NOW),
    "highest_of": lambda ledger: ledger.highest_of("DIBA"),
    "known_elsewhere": lambda ledger: ledger.known_elsewhere("log-1", {"DIBA-0014"}),
    "log": lambda ledger: ledger.log("log-1"),
    "known": lambda ledger: ledger.known("log-1"),
    "memories": lambda ledger: ledger.memories("log-1"),
    "effects_of": lambda ledger: ledger.effects_of("log-1"),
    "sending": lambda ledger: ledger.effects_of("log-1", states=[SENDING]),
    "sent": lambda ledger: ledger.effects_of("log-1", "DIBA-0014", [SENT]),
    "to_tell": lambda ledger: ledger.to_tell("log-1"),
    "history": lambda ledger: ledger.history("log-1"),
    "move": lambda ledger: ledger.move("log-1", "DIBA-0099", "event", "log-2"),
}


@pytest.mark.parametrize("asked", ASKED_AT_A_LOOK)
def test_a_look_at_a_log_costs_the_store_nothing_of_the_other_logs(sqlite_ledger: Ledger, asked: str) -> None:
    _fill(sqlite_ledger, range(20))
    of_few = _steps(sqlite_ledger, ASKED_AT_A_LOOK[asked])
    _fill(sqlite_ledger, range(20, 320))
    assert _steps(sqlite_ledger, ASKED_AT_A_LOOK[asked]) <= of_few + 2


def _steps(ledger: Ledger, ask: Callable[[Ledger], object]) -> int:
    """How many hundreds of steps SQLite's machine takes for an answer."""
    taken = 0

    def stepped() -> int:
        nonlocal taken
        taken += 1
        return 0

    with ledger.store.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.set_progress_handler(stepped, 100)
    try:
        ask(ledger)
    finally:
        raw.set_progress_handler(None, 0)
    return taken


# What is due -------------------------------------------------------------------------------------------------------


def test_the_earliest_of_deployments_and_retries_is_due(ledger: Ledger) -> None:
    hour = timedelta(hours=1)
    ledger.save_sights("log-1", [sight("DIBA-0014", NOW + 2 * hour), sight("DIBA-0015", NOW + hour)], [], NOW)
    ledger.save_sights("log-2", [sight("ACME-0001")], [], NOW)
    assert ledger.dues() == {"log-1": NOW + hour}
    [effect] = ledger.commit([(KEY, PAYLOAD, None)], NOW)
    ledger.advance(effect.number, COMMITTED, COMMITTED, retry_at=NOW)
    assert ledger.dues() == {"log-1": NOW}
    assert ledger.dues()["log-1"].tzinfo is UTC


def test_what_is_due_until_an_instant_leaves_out_what_is_later(ledger: Ledger) -> None:
    minute = timedelta(minutes=1)
    ledger.save_sights("log-1", [sight("DIBA-0014", NOW + 2 * minute), sight("DIBA-0015", NOW + minute)], [], NOW)
    ledger.save_sights("log-2", [sight("ACME-0001", NOW + 3 * minute)], [], NOW)
    [effect] = ledger.commit([(replace(KEY, log_id="log-3"), PAYLOAD, None)], NOW)
    ledger.advance(effect.number, COMMITTED, COMMITTED, retry_at=NOW + 2 * minute)
    assert ledger.dues(until=NOW) == {}
    assert ledger.dues(until=NOW + minute) == {"log-1": NOW + minute}
    assert ledger.dues(until=NOW + 2 * minute) == {"log-1": NOW + minute, "log-3": NOW + 2 * minute}
    assert ledger.dues(until=NOW + 3 * minute) == ledger.dues()


def looked_at(ledger: Ledger, now: datetime) -> None:
    ledger.see_log(LogSeen("log-1", "DIBA", 14, 3, None))
    ledger.conclude("log-1", Concluded(in_progress=False, told=()), now)


def test_what_waits_for_its_next_try_waits_as_long_as_before_though_the_clock_was_set_back(ledger: Ledger) -> None:
    [effect] = ledger.commit([(KEY, PAYLOAD, NOW)], NOW)
    minute = timedelta(minutes=1)
    ledger.advance(effect.number, COMMITTED, COMMITTED, retry_at=NOW + minute, under_way_until=NOW + 3 * minute)
    looked_at(ledger, NOW)
    earlier = NOW - timedelta(hours=1)
    ledger.clock_was_set_back("log-1", earlier)
    ledger.clock_was_set_back("log-1", earlier)
    moved = ledger.effect(effect.number)
    assert moved is not None
    assert (moved.retry_at, moved.under_way_until) == (earlier + minute, earlier + 3 * minute)
    assert ledger.dues() == {"log-1": earlier + minute}
    seen = ledger.log("log-1")
    assert seen is not None
    assert not seen.lies_ahead(earlier)


@pytest.mark.parametrize("apart", [-3600, 0, 20])
def test_a_clock_that_runs_on_or_is_another_machines_moves_no_next_try(ledger: Ledger, apart: int) -> None:
    [effect] = ledger.commit([(KEY, PAYLOAD, NOW)], NOW)
    later = NOW + timedelta(hours=2)
    ledger.advance(effect.number, COMMITTED, COMMITTED, retry_at=later)
    looked_at(ledger, NOW + timedelta(seconds=apart))
    ledger.clock_was_set_back("log-1", NOW)
    ledger.clock_was_set_back("another", NOW)
    moved = ledger.effect(effect.number)
    assert moved is not None
    assert moved.retry_at == later


def test_a_vanished_deployment_has_nothing_due_until_it_is_seen_again(ledger: Ledger) -> None:
    ledger.save_sights("log-1", [sight(due=NOW)], [], NOW)
    ledger.save_sights("log-1", [], ["DIBA-0014"], NOW)
    assert ledger.dues() == {}
    ledger.save_sights("log-1", [sight(due=NOW)], [], NOW)
    assert ledger.dues() == {"log-1": NOW}


def test_a_deployment_woken_is_due_now(ledger: Ledger) -> None:
    ledger.save_sights("log-1", [sight(due=NOW + timedelta(days=3))], [], NOW)
    ledger.wake("log-1", "DIBA-0014", NOW)
    assert ledger.dues() == {"log-1": NOW}


def test_a_customer_is_unchanged_since_it_said_so_first(ledger: Ledger) -> None:
    later = NOW + timedelta(hours=1)
    assert ledger.customers_unchanged_since({"DIBA": "a"}, NOW) == {"DIBA": NOW}
    assert ledger.customers_unchanged_since({"DIBA": "a"}, later) == {"DIBA": NOW}
    assert ledger.customers_unchanged_since({"DIBA": "b"}, later) == {"DIBA": later}


def test_parked_effects_are_listed(ledger: Ledger) -> None:
    numbers = {}
    for state in EffectState:
        [effect] = ledger.commit([(Key("log-1", f"D-{state}", Kind.START, 1, 0, "es"), {}, None)], NOW)
        ledger.advance(effect.number, COMMITTED, state)
        numbers[state] = effect.number
    assert [one.number for one in ledger.parked()] == [numbers[UNKNOWN], numbers[FAILED]]


def test_history_lines_stay_where_they_are(ledger: Ledger) -> None:
    ledger.add_history("log-1", [(NOW, (46351.5, "DIBA-0014", "invited", "5")), (None, ("", "", "ñ", ""))])
    ledger.add_history("log-2", [(NOW, ("other",))])
    ledger.add_history("log-1", [(NOW, ("later",))])
    assert ledger.history("log-1") == [(46351.5, "DIBA-0014", "invited", "5"), ("", "", "ñ", ""), ("later",)]


# Several at one store ----------------------------------------------------------------------------------------------


def test_reading_goes_on_while_another_writes(ledger: Ledger, other: Ledger) -> None:
    [effect] = ledger.commit([(KEY, PAYLOAD, None)], NOW)
    with ledger.engine.execution_options(writes=True).begin() as connection:
        connection.exec_driver_sql("UPDATE effect SET state = 'sent'")
        # Neither waits for the writer nor sees what it has not committed.
        assert other.effect(effect.number) == effect
        assert other.parked() == []
    assert (seen := other.effect(effect.number)) is not None
    assert seen.state is SENT


def test_a_writer_waits_for_another_instead_of_failing(ledger: Ledger, other: Ledger) -> None:
    [effect] = ledger.commit([(KEY, PAYLOAD, None)], NOW)
    moved = threading.Thread(target=lambda: other.advance(effect.number, COMMITTED, SENDING))
    with ledger.engine.execution_options(writes=True).begin() as connection:
        connection.exec_driver_sql("UPDATE effect SET reason = 'first'")
        moved.start()
    moved.join(timeout=10)
    assert (seen := ledger.effect(effect.number)) is not None
    assert (seen.state, seen.reason) == (SENDING, "first")


def test_a_file_is_held_by_one_daemon(sqlite_ledger: Ledger) -> None:
    ledger, other = sqlite_ledger, Ledger.open(str(sqlite_ledger.engine.url))
    with ledger.hold():
        with pytest.raises(ConfigurationError, match="another deploylog is running"), other.hold():
            pytest.fail("two hold one store")
        assert other.parked() == []
        other.commit([(KEY, PAYLOAD, None)], NOW)
    with other.hold():
        pass
    other.close()


HOLDER = """
import sys
from deploylog.ledger import Ledger
with Ledger.open(sys.argv[1]).hold():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_killed_daemon_leaves_no_lock_behind(sqlite_ledger: Ledger) -> None:
    ledger = sqlite_ledger
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(ledger.engine.url)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ConfigurationError, match=re.escape("deploylog.db")), ledger.hold():
            pytest.fail("two hold one store")
        holder.kill()
        holder.wait()
        with ledger.hold():
            pass


def test_a_store_in_memory_is_nobody_elses() -> None:
    ledger = Ledger.open("sqlite:///:memory:")
    with ledger.hold():
        ledger.commit([(KEY, PAYLOAD, None)], NOW)
        assert len(ledger.effects_of("log-1")) == 1
    ledger.close()


def test_a_new_sqlite_store_and_the_files_beside_it_are_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        ledger = Ledger.open(f"sqlite:///{tmp_path / 'deploylog.db'}")
        with ledger.hold():
            ledger.secret("cookies")
            modes = {one.name: one.stat().st_mode & 0o777 for one in tmp_path.iterdir()}
        ledger.close()
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("deploylog.db", "deploylog.db-wal", "deploylog.db-shm", "deploylog.db.lock"), 0o600)


# Logs that took another's place ------------------------------------------------------------------------------------


def test_a_deployment_moves_with_everything_done_for_it(ledger: Ledger) -> None:
    event = Key("log-1", "DIBA-0014", Kind.EVENT, 0, 0, "")
    ledger.see_log(LogSeen("log-1", "DIBA", 15, 3, None))
    ledger.save_sights("log-1", [sight(), sight("DIBA-0015")], [], NOW)
    ledger.commit(
        [(KEY, PAYLOAD, NOW), (event, {}, None), (replace(KEY, deployment_id="DIBA-0015"), PAYLOAD, NOW)], NOW
    )
    assert ledger.known_elsewhere("log-2", {"DIBA-0014", "DIBA-0099"}) == {"DIBA-0014": {"log-1": "DIBA"}}
    ledger.move("log-1", "DIBA-0014", "its-event", "log-2")
    assert ledger.known_elsewhere("log-2", {"DIBA-0014"}) == {}
    assert {one.key.kind: one.external_id for one in ledger.effects_of("log-2", "DIBA-0014")} == {
        Kind.START: "",
        Kind.EVENT: "its-event",
    }
    assert ledger.known("log-1").keys() == {"DIBA-0015"}
    assert [one.key.deployment_id for one in ledger.effects_of("log-1")] == ["DIBA-0015"]
    assert ledger.memories("log-2").keys() == {"DIBA-0014"}


def test_an_event_that_is_known_keeps_its_id_when_its_deployment_moves(ledger: Ledger) -> None:
    event = Key("log-1", "DIBA-0014", Kind.EVENT, 0, 0, "")
    ledger.save_sights("log-1", [sight()], [], NOW)
    [effect] = ledger.commit([(event, {}, None)], NOW)
    ledger.advance(effect.number, COMMITTED, SENT, external_id="the-second")
    ledger.move("log-1", "DIBA-0014", "the-first", "log-2")
    [moved] = ledger.effects_of("log-2")
    assert moved.external_id == "the-second"

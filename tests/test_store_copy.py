"""`store copy` moves everything, in either direction, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from cli_helpers import deploylog
from deploylog.customer_ledger import CustomerLedger
from deploylog.identity import Known
from deploylog.kept import Concluded
from deploylog.ledger import Ledger, LogSeen, Sight, metadata
from deploylog.lifecycle import EffectState, Memory
from deploylog.model import Key, Kind, Sentence, Status
from stores import SQLITE, NewStore, PostgreSQL, sqlite_store

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
KEY = Key("log-1", "DIBA-0014", Kind.START, 1, 0, "es")


@pytest.fixture
def source(new_store: NewStore, tmp_path: Path) -> str:
    """A store with something in every table."""
    url = new_store(tmp_path)
    ledger = Ledger.open(url)
    ledger.store_id()
    ledger.secret("feeds")
    ledger.see_log(LogSeen("log-1", "DIBA", 14, 3, NOW))
    told = Sentence.of("row_deleted", deployment="DIBA-0014", when=NOW)
    ledger.conclude("log-1", Concluded(True, (told,)), NOW)
    memory = Memory(first_seen_at=NOW, fingerprint="f", changed_at=NOW, status=Status.PLANNED, status_since=NOW)
    ledger.save_sights("log-1", [Sight(Known("DIBA-0014", 2, "f", NOW, ("a 1",)), memory, NOW)], [], NOW)
    for number in range(1200):
        ledger.commit([(Key("log-1", f"DIBA-{number}", Kind.START, 1, 0, "es"), {"subject": "ñ 😀"}, NOW)], NOW)
    [effect] = ledger.commit([(KEY, {"subject": "Producció"}, NOW)], NOW)
    ledger.advance(effect.number, EffectState.COMMITTED, EffectState.SENT, at=NOW, external_id="m1")
    ledger.add_history("log-1", [(NOW, (46351.5, "DIBA-0014", "ñ", "5"))])
    ledger.customers_unchanged_since({"DIBA": "f"}, NOW)
    ledger.keep("contacts that count", {"contacts": [], "since": []})
    customers = CustomerLedger(ledger)
    customers.keep_share("log-1", "eva@diba.example", {"reader"})
    customers.add_bounce("m9", ["it@diba.example"], NOW)
    ledger.close()
    return url


@pytest.fixture
def target(store_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty store of the other kind."""
    if store_kind == SQLITE:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        yield server.new_store(tmp_path)
    else:
        yield sqlite_store(tmp_path)


def contents(url: str) -> dict[str, list[tuple[object, ...]]]:
    ledger = Ledger.open(url)
    with ledger.engine.connect() as connection:
        held = {
            table.name: [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
            for table in metadata.sorted_tables
        }
    ledger.close()
    return held


def test_everything_is_copied_and_the_copy_works_on(source: str, target: str) -> None:
    done = deploylog("store", "copy", source, target)
    assert (done.status, done.err) == (0, "")
    before = contents(source)
    assert all(before.values()), "a table that holds nothing proves nothing"
    assert contents(target) == before
    assert "effect: 1201 rows\n" in done.out
    ledger = Ledger.open(target)
    [fresh] = ledger.commit([(Key("log-2", "ACME-0001", Kind.START, 1, 0, "es"), {}, None)], NOW)
    ledger.close()
    assert fresh.number == 1202


def test_a_store_that_holds_something_is_not_copied_to(source: str, target: str) -> None:
    ledger = Ledger.open(target)
    identity = ledger.store_id()
    ledger.close()
    done = deploylog("store", "copy", source, target)
    assert done.status == 2
    assert "TO is not empty (store)" in done.sentence
    assert {name: rows for name, rows in contents(target).items() if rows} == {"store": [(identity,)]}


def test_a_store_a_daemon_works_on_is_not_copied(source: str, target: str) -> None:
    ledger = Ledger.open(source)
    with ledger.hold():
        done = deploylog("store", "copy", source, target)
    ledger.close()
    assert done.status == 2
    assert "is running on" in done.sentence
    assert not any(contents(target).values())


def test_a_file_that_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    done = deploylog("store", "copy", f"sqlite:///{tmp_path}/nothing.db", f"sqlite:///{tmp_path}/new.db")
    assert done.status == 2
    assert "there is no file" in done.sentence
    assert list(tmp_path.iterdir()) == []


def test_a_store_is_not_copied_onto_itself(source: str) -> None:
    done = deploylog("store", "copy", source, source)
    assert done.status == 2

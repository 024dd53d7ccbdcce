"""Two daemons on one PostgreSQL: what the one does stands on the pages of the other, and TEMPLATE is copied once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from world import WEDNESDAY, World, served_world

from deploylog.delivery import LONGEST_CALL
from deploylog.errors import Busy
from deploylog.ledger import Ledger
from deploylog.model import Progress
from deploylog.reconcile import Reconciler
from stores import PostgreSQL


@pytest.fixture
def world(tmp_path: Path, postgresql: PostgreSQL) -> Iterator[World]:
    with served_world(tmp_path, store=postgresql.new_store(tmp_path)) as made:
        made.init()
        yield made


@pytest.fixture
def other(world: World) -> Iterator[Reconciler]:
    """Another daemon's, with a connection of its own."""
    own, world.ledger = world.ledger, Ledger.open(world.config.store)
    made, ledger = world._reconciler(), world.ledger
    world.ledger = own
    yield made
    ledger.close()


def shown(reconciler: Reconciler) -> list[Progress | None]:
    return [row.progress for look in reconciler.last_looks.current.logs.values() for row in look.deployments]


def test_each_dashboard_shows_what_another_daemon_did_and_an_idle_poll_asks_no_more_for_it(
    world: World, other: Reconciler
) -> None:
    assert world.reconciler is not None
    other.run_pass(lambda: world.now)
    world.log().plan(2, WEDNESDAY + timedelta(days=1))
    world.after(seconds=1)
    world.after(seconds=31)
    assert shown(world.reconciler) == [Progress.SCHEDULED]
    other.run_pass(lambda: world.now)
    assert shown(other) == [Progress.SCHEDULED]
    for _ in range(3):
        world.after(minutes=5)
        other.run_pass(lambda: world.now)
    before = world.calls()
    other.run_pass(lambda: world.now)
    asked = {name: count - before.get(name, 0) for name, count in world.calls().items() if count != before.get(name, 0)}
    assert asked == {"drive.changes.list": 1}


def test_a_copy_of_template_another_daemon_may_be_making_is_waited_for(world: World, other: Reconciler) -> None:
    assert world.reconciler is not None
    one, second = world.reconciler._customer_logs, other._customer_logs
    with one._copying("nova", world.now):
        almost = world.now + LONGEST_CALL - timedelta(seconds=1)
        with pytest.raises(Busy), second._copying("nova", almost):
            pass
        with second._copying("another", almost):
            pass
        # A daemon that was cut off takes nothing back; its call is over by then.
        with second._copying("nova", world.now + LONGEST_CALL):
            pass
    with second._copying("nova", world.now):
        pass


def test_daemons_divide_what_they_may_read_for_as_long_as_there_are_several(world: World, other: Reconciler) -> None:
    world.google.quota.reads_a_minute = 60
    with world.ledger.hold():
        with other._ledger.hold():
            world.run()
            assert world.google.quota.allowed == 30
        world.run()
        assert world.google.quota.allowed == 60

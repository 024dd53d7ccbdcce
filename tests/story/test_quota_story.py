"""Google allows so many reads of Sheets a minute: what is due goes first, the others wait their turn."""

from __future__ import annotations

from datetime import timedelta

from world import WEDNESDAY, World

READ = "sheets.spreadsheets.values.batchGet"


def test_what_is_due_is_sent_while_nothing_is_left_and_what_changed_is_read_later(world: World) -> None:
    diba, acme = world.log(), world.log("ACME")
    diba.plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY - timedelta(minutes=1))
    quota = world.google.quota
    quota.reads_a_minute = 10
    acme.plan(2, WEDNESDAY + timedelta(days=7))
    before = len(world.notices())
    world.now = WEDNESDAY
    for _ in range(10):
        quota.called(READ, 200)
    assert world.run().logs_read == 1
    assert len(world.notices()) == before + 1
    assert diba.progress().startswith("Scheduled"), "what is written waits, too"
    world.now += timedelta(minutes=2)
    world.run()
    world.now += timedelta(minutes=2)
    world.run()
    assert diba.progress().startswith("In progress")
    assert acme.progress().startswith("Scheduled")
    assert len(world.notices()) == before + 1

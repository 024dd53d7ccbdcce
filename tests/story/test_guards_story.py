"""Slips and floods: a log is stopped before anything goes out for it, says so, and goes on once a person decided."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from world import MADRID, STAFF, WEDNESDAY, World, served_world

from deploylog import deployment_log as log
from deploylog.cells import serial_of
from stores import NewStore


def four_planned(world: World, minutes_apart: int) -> None:
    for number in range(4):
        start = WEDNESDAY + timedelta(minutes=number * minutes_apart)
        world.log().plan(number + 2, start, **{log.COMPONENTS: f"addon {number}", log.DURATION: 5})
    world.run()
    world.after(minutes=1)


def clear_rows(world: World, first: int, end: int) -> None:
    diba = world.log()
    block = {"sheetId": diba.tab, "startRowIndex": first - 1, "endRowIndex": end - 1}
    diba.change({"updateCells": {"range": block, "fields": "userEnteredValue"}})


def state(world: World) -> str:
    return str(world.person(STAFF).rows(world.registry_id, "Customers")[0]["State"])


def test_a_log_emptied_by_a_slip_loses_nothing_once_that_is_undone(world: World) -> None:
    four_planned(world, 60)
    kept = world.log().rows()
    clear_rows(world, 2, 5)
    report = world.at(WEDNESDAY - timedelta(minutes=2))
    assert any("3 of 4 rows are gone" in problem for problem in report.problems)
    assert "3 of 4 rows are gone" in state(world)
    for number, row in enumerate(kept[:3], start=2):
        world.log().write(number, {name: row[name] for name in log.COLUMNS if row[name] != ""})
    world.run()
    world.at(WEDNESDAY + timedelta(minutes=1))
    assert len(world.notices()) == 1
    assert state(world) == "Ready"
    assert [row[log.ID] for row in world.log().rows()] == [row[log.ID] for row in kept]


def test_while_a_log_is_emptied_nothing_goes_out_and_the_row_that_is_left_says_why(world: World) -> None:
    four_planned(world, 60)
    clear_rows(world, 3, 6)
    world.run()
    world.at(WEDNESDAY + timedelta(minutes=1))
    assert world.notices() == []
    assert world.log().progress().startswith("Needs attention: 3 of 4 rows are gone since the last look")


def test_rows_deleted_on_purpose_are_let_go_with_pause(world: World) -> None:
    four_planned(world, 60)
    clear_rows(world, 3, 6)
    world.run()
    world.customer(2, Pause=True)
    world.run()
    world.customer(2, Pause=False)
    world.run()
    world.at(WEDNESDAY + timedelta(minutes=1))
    assert len(world.notices()) == 1
    assert "gone" not in state(world).replace("was deleted", "")


@pytest.fixture
def few_mails(tmp_path: Path, new_store: NewStore) -> Iterator[World]:
    with served_world(tmp_path, "limits: {mails_per_log_per_hour: 3}\n", new_store(tmp_path)) as made:
        made.init()
        yield made


def test_more_mails_than_usual_at_once_are_all_held_back_and_told(few_mails: World) -> None:
    world = few_mails
    four_planned(world, 0)
    world.at(WEDNESDAY)
    assert world.notices() == []
    assert all(
        row[log.PROGRESS].startswith("Needs attention: 4 mails within an hour are more than")
        for row in world.log().rows()
    )
    assert "limits.mails_per_log_per_hour" in state(world)


def test_a_log_over_its_limit_goes_on_when_the_hour_is_over(few_mails: World) -> None:
    world = few_mails
    four_planned(world, 20)
    for minutes in (0, 20, 40):
        world.at(WEDNESDAY + timedelta(minutes=minutes))
        world.log().write(2 + minutes // 20, {log.STATUS: "Draft"})
    assert len(world.notices()) == 3
    world.log().write(5, {log.START: serial_of(WEDNESDAY + timedelta(minutes=50), MADRID)})
    world.run()
    world.at(WEDNESDAY + timedelta(minutes=50))
    assert len(world.notices()) == 3
    assert world.log().progress(5).startswith("Needs attention: 4 mails within an hour")
    world.at(WEDNESDAY + timedelta(minutes=56))
    assert len(world.notices()) == 3
    world.log().write(5, {log.STATUS: "Started"})
    world.run()
    world.at(WEDNESDAY + timedelta(minutes=61, seconds=1))
    assert len(world.notices()) == 4

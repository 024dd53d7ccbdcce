"""What people do to the sheet while the daemon runs: inserting, sorting, copying, deleting, overwriting."""

from __future__ import annotations

from datetime import timedelta

from world import MANAGER, TICKS, WEDNESDAY, World

from deploylog import deployment_log as log


def planned(world: World, count: int = 3) -> None:
    """Rows 2.. planned an hour apart, each with a component of its own, scheduled."""
    diba = world.log()
    for number in range(count):
        start = WEDNESDAY + timedelta(hours=number)
        diba.plan(2 + number, start, **{log.COMPONENTS: f"part-{number} 1.{number}"})
    world.run()
    world.after(seconds=31)


def ids_by_component(world: World) -> dict[str, str]:
    return {row[log.COMPONENTS]: row[log.ID] for row in world.log().rows()}


def insert_above(tab: int, row: int) -> dict:
    place = {"sheetId": tab, "dimension": "ROWS", "startIndex": row - 1, "endIndex": row}
    return {"insertDimension": {"range": place, "inheritFromBefore": False}}


def sort_by(tab: int, column: str, order: str = "DESCENDING") -> dict:
    place = {
        "sheetId": tab,
        "startRowIndex": 1,
        "endRowIndex": 10,
        "startColumnIndex": 0,
        "endColumnIndex": len(log.COLUMNS),
    }
    specs = [{"dimensionIndex": log.COLUMNS.index(column), "sortOrder": order}]
    return {"sortRange": {"range": place, "sortSpecs": specs}}


def copy_row(tab: int, source: int, target: int) -> dict:
    def row(number: int) -> dict:
        return {"sheetId": tab, "startRowIndex": number - 1, "endRowIndex": number}

    return {"copyPaste": {"source": row(source), "destination": row(target), "pasteType": "PASTE_NORMAL"}}


def delete_row(tab: int, row: int) -> dict:
    return {"deleteDimension": {"range": {"sheetId": tab, "dimension": "ROWS", "startIndex": row - 1, "endIndex": row}}}


def test_sorting_keeps_every_identity_and_each_row_its_own_words(world: World) -> None:
    planned(world)
    before = ids_by_component(world)
    diba = world.log()
    diba.change(sort_by(diba.tab, log.START))
    world.after(minutes=1)
    assert ids_by_component(world) == before
    assert [row[log.NEXT_ACTION][:16] for row in diba.rows()] == [
        "Wed 9 Dec 11:00:",
        "Wed 9 Dec 10:00:",
        "Wed 9 Dec 09:00:",
    ]
    world.at(WEDNESDAY + timedelta(minutes=1))
    assert len(world.notices()) == 1


def test_inserting_a_row_between_two_passes_mixes_up_nothing(world: World) -> None:
    planned(world)
    before = ids_by_component(world)
    diba = world.log()
    diba.change(insert_above(diba.tab, 2))
    world.at(WEDNESDAY)
    assert ids_by_component(world) == before
    assert diba.progress(3).startswith("In progress")
    assert diba.row(2).get(log.PROGRESS, "") == ""
    assert len(world.notices()) == 1


def test_a_pasted_copy_gets_an_id_of_its_own_and_waits_while_it_is_the_same(world: World) -> None:
    planned(world, 1)
    diba = world.log()
    diba.change(copy_row(diba.tab, 2, 3))
    world.after(seconds=1)
    world.after(seconds=31)
    assert [row[log.ID] for row in diba.rows()] == ["DIBA-0001", "DIBA-0002"]
    assert diba.progress(3).startswith("Not ready: same as DIBA-0001")
    world.at(WEDNESDAY)
    assert len(world.notices()) == 1

    diba.write(3, {log.COMPONENTS: "another 2.0"})
    world.run()
    world.after(seconds=31)
    assert len(world.notices()) == 2


def test_a_copy_of_a_closed_row_brings_none_of_its_past_along(world: World) -> None:
    planned(world, 1)
    diba = world.log()
    world.at(WEDNESDAY)
    diba.write(2, {log.STATUS: "Done", **TICKS})
    world.run()
    world.after(minutes=1)
    mails = len(world.notices())
    diba.change(copy_row(diba.tab, 2, 3))
    world.after(seconds=1)
    world.after(minutes=5)
    assert diba.row(3)[log.ID] == "DIBA-0002"
    assert diba.row(3)[log.START_NOTIFIED] == ""
    assert len(world.notices()) == mails


def test_a_deleted_row_cancels_nothing_and_sends_nothing_more(world: World) -> None:
    planned(world, 2)
    diba = world.log()
    diba.change(delete_row(diba.tab, 2))
    world.at(WEDNESDAY + timedelta(minutes=5))
    assert world.notices() == []
    assert len(world.person(MANAGER).call("GET", "/calendar/v3/calendars/primary/events")["items"]) == 2
    world.at(WEDNESDAY + timedelta(hours=1))
    assert len(world.notices()) == 1


def test_a_number_is_never_used_again(world: World) -> None:
    planned(world, 2)
    diba = world.log()
    diba.change(delete_row(diba.tab, 3))
    world.after(minutes=1)
    diba.plan(3, WEDNESDAY + timedelta(hours=5), **{log.COMPONENTS: "later 1"})
    world.after(minutes=1)
    assert [row[log.ID] for row in diba.rows()] == ["DIBA-0001", "DIBA-0003"]


def test_a_row_that_lost_its_id_regains_it(world: World) -> None:
    planned(world, 2)
    before = ids_by_component(world)
    diba = world.log()
    diba.write(2, {log.ID: ""})
    world.after(minutes=1)
    assert ids_by_component(world) == before


def test_tampered_columns_of_the_daemon_heal_on_the_next_pass(world: World) -> None:
    planned(world, 1)
    diba = world.log()
    good = diba.row(2)
    diba.write(2, {log.PROGRESS: "Done", log.NEXT_ACTION: "nothing", log.START_NOTIFIED: 46000})
    world.after(seconds=15)
    healed = diba.row(2)
    assert {k: v for k, v in healed.items() if k != log.UPDATED_AT} == {
        k: v for k, v in good.items() if k != log.UPDATED_AT
    }


def test_what_staff_wrote_is_never_touched(world: World) -> None:
    planned(world, 3)
    diba = world.log()
    staff = [{column: row[column] for column in log.STAFF_COLUMNS} for row in diba.rows()]
    world.at(WEDNESDAY + timedelta(hours=4))
    assert [{column: row[column] for column in log.STAFF_COLUMNS} for row in diba.rows()] == staff

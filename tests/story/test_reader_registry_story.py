"""The registry changes under the daemon's feet: whose log it is, who is told, and what is written back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from world import MANAGER, STAFF, TICKS, WEDNESDAY, Log, World

from deploylog import deployment_log as log
from deploylog import registry
from deploylog.demo import ACME_MANAGER
from deploylog.reconcile import PassReport

HEADER = registry.CUSTOMER_COLUMNS


def meanwhile(world: World, act: Callable[[], object]) -> PassReport:
    """One pass; `act` happens after the registry and the folder were read, before the first log is."""
    asked = []

    def clock():
        asked.append(world.now)
        if len(asked) == 2:
            act()
        return world.now

    assert world.reconciler is not None
    return world.reconciler.run_pass(clock)


def customers(world: World) -> list[dict]:
    return world.person(STAFF).rows(world.registry_id, registry.CUSTOMERS)


def tab_of(world: World, title: str = registry.CUSTOMERS) -> int:
    found = world.person(STAFF).call("GET", f"/v4/spreadsheets/{world.registry_id}", fields="sheets(properties)")
    return next(one["properties"]["sheetId"] for one in found["sheets"] if one["properties"]["title"] == title)


def change(world: World, *requests: dict) -> None:
    path = f"/v4/spreadsheets/{world.registry_id}:batchUpdate"
    world.person(STAFF).call("POST", path, {"requests": list(requests)})


def insert(tab: int, dimension: str, before: int) -> dict:
    place = {"sheetId": tab, "dimension": dimension, "startIndex": before - 1, "endIndex": before}
    return {"insertDimension": {"range": place, "inheritFromBefore": False}}


def test_log_cells_that_stand_in_each_others_rows_send_no_mail_to_the_wrong_customer(world: World) -> None:
    """As after a sort of the registry that left the daemon's columns out."""
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    first, second = customers(world)[:2]
    world.customer(2, Log=second["Log"])
    world.customer(3, Log=first["Log"])
    world.run()
    world.at(WEDNESDAY)
    assert not world.person(ACME_MANAGER).mails()


def test_a_new_customer_made_by_copying_a_row_above_takes_no_mail_of_the_old_one(world: World) -> None:
    """The copied row brings the daemon's cell `Log` along."""
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    row = customers(world)[0]
    change(world, insert(tab_of(world), "ROWS", 2))
    world.customer(2, **{**row, "Customer": "NEWCOMER", "State": ""})
    world.person(STAFF).type(
        world.registry_id,
        registry.CONTACTS,
        registry.CONTACT_COLUMNS,
        6,
        {"Customer": "NEWCOMER", "Party": "Customer manager", "E-mail": "boss@newcomer.example"},
    )
    world.run()
    world.at(WEDNESDAY)
    assert not world.person("boss@newcomer.example").mails()
    assert len(world.notices()) == 1


def test_a_new_customer_made_by_copying_a_row_below_gets_a_log_or_is_told_why_not(world: World) -> None:
    row = customers(world)[1]
    world.customer(4, **{**row, "Customer": "NEWCOMER", "State": ""})
    world.contact(6, Customer="NEWCOMER", Party="Customer manager", E_mail="boss@newcomer.example")
    world.run()
    world.after(minutes=2)
    newcomer = customers(world)[2]
    made = world.person(STAFF).file_named("NEWCOMER - Deployment log")
    assert made is not None or newcomer["State"] != "Ready", newcomer


def test_rows_of_the_registry_that_move_during_a_pass_get_nobody_elses_log(world: World) -> None:
    world.customer(4, Customer="NEW")
    world.run()
    world.now += timedelta(minutes=1)
    tab = tab_of(world)
    meanwhile(world, lambda: change(world, insert(tab, "ROWS", 3)))
    # ACME now stands in row 4, NEW in row 5.
    for _ in range(3):
        world.after(minutes=1)
    links = {row["Customer"]: row["Log"] for row in customers(world) if row["Customer"]}
    ids = {name: world.person(STAFF).file_named(f"{name} - Deployment log")["id"] for name in links}
    assert all(ids[name] in link for name, link in links.items()), (links, ids)


def test_a_column_inserted_into_the_registry_during_a_pass_costs_staff_no_cell(world: World) -> None:
    world.customer(4, Customer="NEW", Pause=True)
    world.run()
    world.now += timedelta(minutes=1)
    tab = tab_of(world)
    meanwhile(world, lambda: change(world, insert(tab, "COLUMNS", 1)))
    for _ in range(2):
        world.after(minutes=1)
    new = next(row for row in customers(world) if row["Customer"] == "NEW")
    assert new["Pause"] is True, new


def test_a_customer_renamed_in_customers_but_not_in_contacts_is_not_left_without_an_end_mail_unsaid(
    world: World,
) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY)
    assert len(world.notices()) == 1
    world.customer(2, Customer="Diputació de Barcelona")
    world.run()
    diba.write(2, {log.STATUS: "Done", **TICKS})
    world.run()
    world.after(minutes=1)
    assert len(world.notices()) == 2 or diba.progress().startswith("Needs attention"), diba.progress()


def test_a_customer_renamed_in_customers_and_in_contacts_goes_on_as_before(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    world.customer(2, Customer="Diputació")
    for row in (2, 3):
        world.contact(row, Customer="Diputació")
    world.run()
    world.at(WEDNESDAY)
    assert len(world.notices()) == 1
    assert diba.row(2)[log.ID] == "DIBA-0001"
    assert world.person(STAFF).file_named("DIBA - Deployment log") is None
    renamed = world.person(STAFF).file_named("Diputació - Deployment log")
    assert renamed is not None
    assert renamed["id"] == diba.file_id


def test_an_unreadable_operated_by_makes_nobody_ours(world: World) -> None:
    diba = world.log()
    world.customer(2, **{"Operated by": "Partner"})
    diba.plan(2, WEDNESDAY)
    world.run()
    world.customer(2, **{"Operated by": "The partner alone"})
    world.run()
    world.at(WEDNESDAY)
    assert not world.person(MANAGER).mails()


def test_a_pause_typed_as_a_word_stops_mails_or_is_said_to_be_unreadable(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    world.customer(2, Pause="sí")
    world.run()
    world.at(WEDNESDAY)
    assert world.notices() == [] or customers(world)[0]["State"] != "Ready"


def test_a_log_that_could_not_be_read_when_pause_ended_is_read_at_the_next_pass(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    world.customer(2, Pause=True)
    world.after(minutes=30)
    world.after(minutes=1)
    assert diba.progress().startswith("Paused")
    world.customer(2, Pause=False)
    meanwhile(world, lambda: world.fault("sheets.spreadsheets.values.batchGet", "error", status=503, times=8))
    world.after(minutes=1)
    world.at(WEDNESDAY)
    assert len(world.notices()) == 1


def test_a_log_that_could_not_be_written_when_a_freeze_came_is_written_at_the_next_pass(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(minutes=30)
    freeze = {"Customer": "DIBA", "From": "2026-12-09", "To": "2026-12-09", "Reason": "Elections"}
    world.person(STAFF).type(world.registry_id, registry.FREEZES, registry.FREEZE_COLUMNS, 2, freeze)
    meanwhile(world, lambda: world.fault("sheets.spreadsheets.values.batchUpdate", "error", status=503, times=4))
    for _ in range(3):
        world.after(minutes=5)
    assert diba.progress().startswith("Date not allowed"), diba.progress()


def test_a_freeze_that_came_after_planning_keeps_the_start_mail_back_and_says_so(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(minutes=30)
    freeze = {"Customer": "*", "From": "2026-12-09", "To": "2026-12-09", "Reason": "ACME's secret"}
    world.person(STAFF).type(world.registry_id, registry.FREEZES, registry.FREEZE_COLUMNS, 2, freeze)
    world.at(WEDNESDAY + timedelta(minutes=1))
    assert world.notices() == []
    assert diba.progress().startswith("Date not allowed")
    assert "secret" not in diba.progress()


def test_a_log_that_vanishes_with_something_planned_is_told_of_and_not_made_anew(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    diba.staff.call("PATCH", f"/drive/v3/files/{diba.file_id}", {"trashed": True}, supportsAllDrives="true")
    world.run()
    world.at(WEDNESDAY + timedelta(minutes=11))
    said = [one for report in world.reports for one in report.problems]
    state = customers(world)[0]["State"]
    assert said or state != "Ready", (said, state)
    assert world.person(STAFF).file_named("DIBA - Deployment log") is None


def test_a_log_moved_out_of_its_folder_goes_on(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    other = diba.staff.call(
        "POST",
        "/drive/v3/files",
        {
            "name": "Elsewhere",
            "mimeType": "application/vnd.google-apps.folder",
            "parents": diba.staff.call(
                "GET",
                f"/drive/v3/files/{world.reconciler._customer_logs._installation.folder.id}",
                supportsAllDrives="true",
                fields="parents",
            )["parents"],
        },
        supportsAllDrives="true",
    )
    diba.staff.call(
        "PATCH",
        f"/drive/v3/files/{diba.file_id}",
        {},
        addParents=other["id"],
        removeParents=world.reconciler._customer_logs._installation.folder.id,
        supportsAllDrives="true",
    )
    world.at(WEDNESDAY + timedelta(minutes=1))
    assert len(world.notices()) == 1


def test_a_log_copied_by_hand_in_the_folder_is_nobodys(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    diba.staff.call("POST", f"/drive/v3/files/{diba.file_id}/copy", {}, supportsAllDrives="true")
    world.run()
    world.at(WEDNESDAY + timedelta(minutes=1))
    assert len(world.notices()) == 1
    events = world.person(MANAGER).call("GET", "/calendar/v3/calendars/primary/events")["items"]
    assert len(events) == 1


def test_a_customer_that_passes_to_its_partner_has_no_row_that_still_promises_a_mail(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    world.customer(2, **{"Operated by": "Partner"})
    world.at(WEDNESDAY + timedelta(minutes=1))
    assert world.notices() == []
    assert not diba.progress().startswith("Scheduled"), (diba.progress(), diba.row(2)[log.NEXT_ACTION])


def test_a_customer_that_passes_to_its_partner_leaves_no_draft_behind(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY - timedelta(minutes=1))
    world.fault("gmail.users.drafts.send", "error", status=429)
    world.at(WEDNESDAY)
    world.customer(2, **{"Operated by": "Partner"})
    for _ in range(3):
        world.after(minutes=1)
    assert world.notices() == []
    assert not world.person("deployments@soffid.example").call("GET", "/gmail/v1/users/me/drafts").get("drafts")


def contact(world: World, row: int, customer: str, address: str) -> None:
    world.contact(row, Customer=customer, Party="Customer manager", E_mail=address)


AJBCN_MANAGER = "boss@ajbcn.example"


def ajbcn_from_a_copy(world: World) -> Log:
    """A customer whose log staff made by copying DIBA's and emptying it."""
    world.run()
    copy = world.copied_by_hand(world.log().file_id, "AJBCN - Deployment log").file_id
    contact(world, 6, "AJBCN", AJBCN_MANAGER)
    world.customer(4, **{"Customer": "AJBCN", "Operated by": "Us", "Language": "en"})
    world.run()
    world.after(seconds=31)
    assert copy in customers(world)[2]["Log"]
    return Log(world.person(STAFF), copy)


def test_a_copy_made_by_hand_for_another_customer_sends_the_first_one_nothing_when_its_own_log_goes(
    world: World,
) -> None:
    diba, ajbcn = world.log(), ajbcn_from_a_copy(world)
    ajbcn.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    world.changed_file(diba.file_id, trashed=True)
    for _ in range(3):
        world.after(seconds=40)
    assert "not in the folder any more" in customers(world)[0]["State"]
    world.at(WEDNESDAY + timedelta(minutes=1))
    assert world.person(MANAGER).mails() == []
    assert len(world.notices(AJBCN_MANAGER)) == 1


def test_a_copy_made_by_hand_for_another_customer_is_its_own_also_where_the_links_stand_in_each_others_rows(
    world: World,
) -> None:
    diba = world.log()
    copy = world.copied_by_hand(diba.file_id, "AJBCN - Deployment log").file_id
    contact(world, 6, "AJBCN", AJBCN_MANAGER)
    world.run()
    links = customers(world)[0]["Log"]
    world.customer(2, Log=links.replace(diba.file_id, copy))
    world.customer(4, **{"Customer": "AJBCN", "Operated by": "Us", "Language": "en", "Log": links})
    diba.plan(2, WEDNESDAY, Components="diba 1.0")
    Log(world.person(STAFF), copy).plan(2, WEDNESDAY, Components="ajbcn 1.0")
    for _ in range(3):
        world.after(seconds=40)
    rows = {row["Customer"]: row["Log"] for row in customers(world)}
    assert diba.file_id in rows["DIBA"]
    assert copy in rows["AJBCN"]
    world.at(WEDNESDAY + timedelta(minutes=1))
    for manager, theirs in ((MANAGER, "diba 1.0"), (AJBCN_MANAGER, "ajbcn 1.0")):
        [notice] = world.notices(manager)
        assert theirs in str(notice.get_body(("plain",)))


def test_a_log_that_was_given_another_customers_name_by_hand_is_told_of_and_goes_on_under_its_own(
    world: World,
) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    world.changed_file(diba.file_id, name="ACME - Deployment log")
    world.after(minutes=1)
    assert "the name of another customer" in customers(world)[0]["State"]
    assert not world.person(STAFF).file_named("DIBA - Deployment log")
    world.changed_file(diba.file_id, name="DIBA - Deployment log")
    world.after(minutes=1)
    assert customers(world)[0]["State"] == "Ready"
    world.at(WEDNESDAY)
    assert len(world.notices()) == 1
    assert world.person(ACME_MANAGER).mails() == []


def delete_row(world: World, row: int) -> None:
    place = {"sheetId": tab_of(world), "dimension": "ROWS", "startIndex": row - 1, "endIndex": row}
    change(world, {"deleteDimension": {"range": place}})


@pytest.mark.parametrize("said", [{}, {"Operated by": "Partner"}, {"Pause": True}])
def test_a_customer_whose_row_is_deleted_is_listed_again_but_sends_nothing_until_staff_say_who_operates_it(
    world: World, said: dict[str, object]
) -> None:
    """Its contacts still stand, and what the row said is lost: it may have been a partner's, or paused."""
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.customer(2, **said)
    world.run()
    world.after(seconds=31)
    before = len(world.person(MANAGER).mails())
    delete_row(world, 2)
    for _ in range(4):
        world.after(seconds=40)
    [row] = [one for one in customers(world) if one["Customer"] == "DIBA"]
    assert "Operated by" in row["State"]
    assert diba.progress().startswith("Not ready: the registry's row was listed"), diba.progress()
    world.restart()
    world.at(WEDNESDAY + timedelta(minutes=1))
    assert world.notices() == []
    assert len(world.person(MANAGER).mails()) == before


def test_a_name_cell_that_stands_empty_for_a_minute_lists_nothing_and_the_new_name_keeps_the_log(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    world.customer(2, Customer="")
    for _ in range(3):
        world.after(seconds=40)
    assert [row["Customer"] for row in customers(world)][:3] == ["", "ACME", ""]
    assert any("Customers, row 2: Customer is empty" in one for one in world.reports[-1].problems)
    world.customer(2, Customer="Diputació")
    for row in (2, 3):
        contact(world, row, "Diputació", MANAGER if row == 2 else "cau@diba.example")
    for _ in range(3):
        world.after(seconds=40)
    assert [row["Customer"] for row in customers(world)][:3] == ["Diputació", "ACME", ""]
    assert world.person(STAFF).file_named("Diputació - Deployment log")["id"] == diba.file_id
    world.at(WEDNESDAY)
    assert len(world.notices()) == 1


OTHER_MANAGER = "boss@otherdiba.example"


@pytest.mark.parametrize("seen_between", [True, False])
def test_a_customer_renamed_keeps_its_log_also_where_another_has_its_old_name_at_once(
    world: World, seen_between: bool
) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    world.customer(2, Customer="DIBA Corporativa")
    for row, address in ((2, MANAGER), (3, "cau@diba.example")):
        contact(world, row, "DIBA Corporativa", address)
    if seen_between:
        world.run()
        world.after(seconds=15)
    world.customer(4, **{"Customer": "DIBA", "Operated by": "Us", "Language": "es"})
    contact(world, 6, "DIBA", OTHER_MANAGER)
    world.run()
    world.after(seconds=10)
    # The renamed row is edited once more before its log could be renamed.
    world.customer(2, Products="AM")
    for _ in range(4):
        world.after(seconds=20)
    links = {row["Customer"]: row["Log"] for row in customers(world)}
    assert diba.file_id in links["DIBA Corporativa"]
    assert diba.file_id not in links["DIBA"]
    assert world.person(STAFF).file_named("DIBA Corporativa - Deployment log")["id"] == diba.file_id
    assert world.log("DIBA").file_id in links["DIBA"]
    world.at(WEDNESDAY + timedelta(minutes=1))
    assert len(world.notices()) == 1
    assert world.person(OTHER_MANAGER).mails() == []


def test_a_link_sorted_into_the_row_of_a_customer_that_is_new_takes_no_log_away(world: World) -> None:
    """A new row, and at once a sort that leaves the daemon's columns out: the link is the wrong one's here."""
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    world.customer(4, **{"Customer": "AAA", "Operated by": "Us", "Log": customers(world)[0]["Log"]})
    world.customer(2, Log="")
    contact(world, 6, "AAA", "boss@aaa.example")
    for _ in range(3):
        world.after(seconds=40)
    assert world.person(STAFF).file_named("DIBA - Deployment log")["id"] == diba.file_id
    assert world.person(STAFF).file_named("AAA - Deployment log") is not None
    world.at(WEDNESDAY + timedelta(minutes=1))
    assert len(world.notices()) == 1
    assert world.person("boss@aaa.example").mails() == []

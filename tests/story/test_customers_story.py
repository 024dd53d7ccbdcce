"""Customers come, are renamed, shared with and pause; partners; mail that comes back; logs that are nobody's."""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Mapping
from typing import Any

import pytest
from world import DAEMON, MANAGER, STAFF, TEAM, WEDNESDAY, Log, World

from deploylog import customer_logs, registry
from deploylog import deployment_log as log
from workspace_sandbox.founding import DRIVE_ID, SERVICE_ACCOUNT

READER = "eva@diba.example"
OTHER = "pau@diba.example"
SUPPORT = "guardia@soffid.example"


class Killed(BaseException):
    """The process is gone: nothing catches this."""


def permissions(world: World, file_id: str) -> dict[str, str]:
    """The role of everybody the file itself was shared with."""
    found = world.person(STAFF).call(
        "GET",
        f"/drive/v3/files/{file_id}/permissions",
        supportsAllDrives="true",
        fields="permissions(id,emailAddress,role,type,permissionDetails)",
    )["permissions"]
    direct = [one for one in found if not all(part["inherited"] for part in one["permissionDetails"])]
    return {one.get("emailAddress", one["type"]): one["role"] for one in direct}


def give(world: World, file_id: str, role: str, address: str = "", kind: str = "user") -> str:
    """Staff share a file by hand."""
    body = {"type": kind, "role": role, **({"emailAddress": address} if address else {})}
    path = f"/drive/v3/files/{file_id}/permissions"
    made = world.person(STAFF).call("POST", path, body, supportsAllDrives="true", sendNotificationEmail="false")
    return str(made["id"])


def take(world: World, file_id: str, permission_id: str) -> None:
    path = f"/drive/v3/files/{file_id}/permissions/{permission_id}"
    world.person(STAFF).call("DELETE", path, supportsAllDrives="true")


def customers(world: World) -> dict[str, dict[str, Any]]:
    rows = world.person(STAFF).rows(world.registry_id, registry.CUSTOMERS)
    return {row["Customer"]: row for row in rows if row.get("Customer")}


def state(world: World, customer: str = "DIBA") -> str:
    return str(customers(world)[customer]["State"])


def files_named(world: World, name: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = world.person(STAFF).call(
        "GET",
        "/drive/v3/files",
        q=f"name = '{name}' and trashed = false",
        fields="files(id,name,properties)",
        supportsAllDrives="true",
        includeItemsFromAllDrives="true",
        corpora="allDrives",
    )["files"]
    return found


def scheduled(world: World) -> Log:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    assert diba.progress().startswith("Scheduled")
    return diba


# Sharing ---------------------------------------------------------------------------------------------------------


def test_a_log_is_shared_as_the_registry_says_and_no_longer_with_who_is_taken_out(world: World) -> None:
    diba = world.log()
    world.customer(2, **{"Share log with": f"{READER}, {OTHER}:comment"})
    world.run()
    assert permissions(world, diba.file_id) == {}, "the row was not left alone yet"
    world.after(seconds=31)
    assert permissions(world, diba.file_id) == {READER: "reader", OTHER: "commenter"}
    world.customer(2, **{"Share log with": f"{OTHER}"})
    world.run()
    world.after(seconds=31)
    assert permissions(world, diba.file_id) == {OTHER: "reader"}
    for address in (READER, OTHER):
        assert world.person(address).mails() == [], "Google writes to nobody unless asked"


def test_who_was_shared_with_by_hand_is_left_alone_also_after_a_restart(world: World) -> None:
    diba = world.log()
    give(world, diba.file_id, "commenter", READER)
    world.customer(2, **{"Share log with": f"{READER}, {OTHER}"})
    world.run()
    world.after(seconds=31)
    assert permissions(world, diba.file_id) == {READER: "commenter", OTHER: "reader"}
    world.restart()
    world.customer(2, **{"Share log with": ""})
    world.run()
    world.after(seconds=31)
    assert permissions(world, diba.file_id) == {READER: "commenter"}


def test_where_every_row_is_new_a_poll_shares_only_some_logs_and_the_next_ones_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_logs, "CHANGED_A_POLL", 1)
    world.run()
    world.restart()
    for row in (2, 3):
        world.customer(row, **{"Share log with": READER})
    world.run()
    world.after(seconds=31)
    shared = [READER in permissions(world, world.log(name).file_id) for name in ("DIBA", "ACME")]
    assert sorted(shared) == [False, True]
    world.after(seconds=15)
    assert all(READER in permissions(world, world.log(name).file_id) for name in ("DIBA", "ACME"))


def test_a_role_changed_by_hand_is_theirs_from_then_on(world: World) -> None:
    diba = world.log()
    world.customer(2, **{"Share log with": READER})
    world.run()
    world.after(seconds=31)
    give(world, diba.file_id, "commenter", READER)
    world.run()
    world.customer(2, **{"Share log with": ""})
    world.run()
    world.after(seconds=31)
    assert permissions(world, diba.file_id) == {READER: "commenter"}


@pytest.mark.parametrize("said", ["Partner", "Partnr"])
def test_who_is_taken_out_loses_the_log_also_where_the_partner_operates_or_nobody_can_tell(
    world: World, said: str
) -> None:
    diba = world.log()
    world.customer(2, **{"Operated by": "Us for partner", "Partner": "P", "Share log with": f"{READER}, {OTHER}"})
    world.contact(9, Customer="DIBA", Party="Partner", E_mail=PARTNER)
    world.run()
    world.after(minutes=1)
    assert permissions(world, diba.file_id) == {READER: "reader", OTHER: "reader", PARTNER: "reader"}
    world.customer(2, **{"Operated by": said})
    world.run()
    world.after(minutes=1)
    assert permissions(world, diba.file_id) == {READER: "reader", OTHER: "reader", PARTNER: "reader"}
    world.customer(2, **{"Share log with": f"{OTHER}, new@diba.example"})
    world.run()
    world.after(minutes=1)
    assert permissions(world, diba.file_id) == {OTHER: "reader", PARTNER: "reader"}, "and nobody is given it"
    world.after(minutes=1)
    before = world.calls()["drive.permissions.list"]
    world.after(minutes=5)
    assert world.calls()["drive.permissions.list"] == before, "what did not change is not looked at again"
    world.customer(2, **{"Operated by": "Us"})
    world.run()
    world.after(minutes=1)
    assert permissions(world, diba.file_id) == {OTHER: "reader", "new@diba.example": "reader"}


@pytest.mark.parametrize(("status", "times"), [(503, 20), (403, 1), (400, 1)])
def test_a_role_whose_change_failed_is_ours_still_and_is_tried_again_and_taken_out(
    world: World, status: int, times: int
) -> None:
    diba = world.log()
    world.customer(2, **{"Share log with": f"{READER}:comment"})
    world.run()
    world.after(seconds=31)
    world.customer(2, **{"Share log with": READER})
    world.run()
    world.fault("drive.permissions.update", "error", status=status, times=times)
    world.after(seconds=31)
    assert permissions(world, diba.file_id) == {READER: "commenter"}
    for _ in range(6):
        world.after(hours=1)
    assert permissions(world, diba.file_id) == {READER: "reader"}
    world.fault("drive.permissions.update", "error", status=status, times=times)
    world.customer(2, **{"Share log with": f"{READER}:comment"})
    world.run()
    world.after(seconds=31)
    assert permissions(world, diba.file_id) == {READER: "reader"}
    world.customer(2, **{"Share log with": ""})
    world.run()
    world.after(seconds=31)
    assert permissions(world, diba.file_id) == {}


def test_an_address_without_a_google_account_is_said_and_gets_googles_mail_only_with_notify(world: World) -> None:
    world.person(STAFF).call("POST", "/sandbox/accounts", {"address": READER, "google_account": False})
    diba = world.log()
    world.customer(2, **{"Share log with": READER})
    world.run()
    world.after(seconds=31)
    assert READER in state(world)
    assert ":notify" in state(world)
    assert world.person(READER).mails() == []
    before = world.calls().get("drive.permissions.create", 0)
    world.after(minutes=5)
    assert world.calls()["drive.permissions.create"] == before, "what was refused is not asked for at every look"
    world.customer(2, **{"Share log with": f"{READER}:notify"})
    world.run()
    world.after(seconds=31)
    assert permissions(world, diba.file_id) == {READER: "reader"}
    [mail] = world.person(READER).mails()
    assert "shared" in mail["Subject"]
    assert state(world) == "Ready"


def test_an_entry_that_is_no_address_is_said_and_the_others_are_shared_with(world: World) -> None:
    diba = world.log()
    world.customer(2, **{"Share log with": f"everybody, {OTHER}:edit, {READER}"})
    world.run()
    world.after(seconds=31)
    assert permissions(world, diba.file_id) == {READER: "reader"}
    assert "everybody" in state(world)
    assert f"{OTHER}:edit" in state(world)


def test_a_log_that_outsiders_may_edit_sends_nothing_until_that_is_resolved(world: World) -> None:
    diba = scheduled(world)
    theirs = give(world, diba.file_id, "writer", READER)
    world.at(WEDNESDAY)
    assert world.notices() == []
    assert diba.progress().startswith("Needs attention: people outside the organization may edit this log")
    assert READER not in diba.progress()
    assert READER in state(world)
    take(world, diba.file_id, theirs)
    world.after(seconds=30)
    assert len(world.notices()) == 1
    assert state(world) == "Ready"


@pytest.mark.parametrize(("address", "kind"), [("", "anyone"), ("all@partner.example", "group")])
def test_everybody_with_the_link_and_groups_of_others_count_as_outsiders(world: World, address: str, kind: str) -> None:
    diba = scheduled(world)
    give(world, diba.file_id, "writer", address, kind)
    world.at(WEDNESDAY)
    assert world.notices() == []


def test_a_member_of_the_drive_from_outside_counts_too(world: World) -> None:
    scheduled(world)
    body = {"type": "user", "role": "writer", "emailAddress": READER}
    path = f"/drive/v3/files/{DRIVE_ID}/permissions"
    world.person(SERVICE_ACCOUNT).call("POST", path, body, supportsAllDrives="true")
    world.at(WEDNESDAY)
    assert world.notices() == []


def test_outsiders_who_only_read_or_comment_and_colleagues_who_edit_stop_nothing(world: World) -> None:
    diba = scheduled(world)
    give(world, diba.file_id, "commenter", READER)
    give(world, diba.file_id, "writer", SUPPORT)
    world.at(WEDNESDAY)
    assert len(world.notices()) == 1


def test_nothing_is_sent_while_nobody_can_look_who_may_edit(world: World) -> None:
    diba = scheduled(world)
    world.restart()
    world.fault("drive.permissions.list", "error", status=403, times=50)
    world.at(WEDNESDAY)
    assert world.notices() == []
    assert diba.progress().startswith("Needs attention: who may edit this log could not be looked up")
    assert "ho may edit this log could not be looked up" in state(world)


def test_registry_and_template_shared_outside_are_told(world: World) -> None:
    template = world.person(STAFF).file_named("TEMPLATE - Deployment log")
    assert template is not None
    give(world, template["id"], "reader", READER)
    theirs = give(world, world.registry_id, "reader", kind="anyone")
    world.customer(4, Customer="*")
    report = world.run()
    told = [one for one in report.problems if "shared outside" in one]
    assert len(told) == 2
    assert any("TEMPLATE" in one and READER in one for one in told)
    world.after(seconds=1)
    assert "REGISTRY" in state(world, "*")
    take(world, world.registry_id, theirs)
    world.after(seconds=1)
    assert "REGISTRY" not in state(world, "*")


# Customers and their logs ----------------------------------------------------------------------------------------


def test_a_renamed_customer_renames_the_log_once_the_row_was_left_alone(world: World) -> None:
    diba = world.log()
    world.customer(2, Customer="Diputació de Barcelona")
    world.run()
    assert [one["id"] for one in files_named(world, "DIBA - Deployment log")] == [diba.file_id]
    world.after(seconds=31)
    assert [one["id"] for one in files_named(world, "Diputació de Barcelona - Deployment log")] == [diba.file_id]
    assert files_named(world, "DIBA - Deployment log") == []
    world.customer(4, Customer="DIBA")
    world.run()
    world.after(seconds=31)
    [new] = files_named(world, "DIBA - Deployment log")
    assert new["id"] != diba.file_id, "the old name is free for another customer"


def test_a_log_without_a_row_is_listed_and_sends_nothing_until_it_has_contacts_and_an_operator(world: World) -> None:
    staff = world.person(STAFF)
    body = {"name": "ORPHAN - Deployment log"}
    diba = world.log()
    copied = staff.call("POST", f"/drive/v3/files/{diba.file_id}/copy", body, supportsAllDrives="true")
    path = f"/drive/v3/files/{copied['id']}"
    staff.call("PATCH", path, {"properties": {"deploylog-log-of": None}}, supportsAllDrives="true")
    orphan = Log(staff, copied["id"])
    orphan.plan(2, WEDNESDAY)
    world.run()
    assert "ORPHAN" not in customers(world), "its row may just have been cut, to be pasted elsewhere"
    world.after(seconds=31)
    row = customers(world)["ORPHAN"]
    assert row["State"].startswith("This row was listed by its log")
    assert "Operated by" in row["State"]
    assert row["State"].endswith("; needs contacts")
    assert copied["id"] in row["Log"]
    world.after(minutes=1)
    assert len([one for one in staff.rows(world.registry_id, registry.CUSTOMERS) if one["Customer"] == "ORPHAN"]) == 1
    assert orphan.progress().startswith("Not ready")
    assert world.person(TEAM).mails() == []
    world.contact(6, Customer="ORPHAN", Party="Customer manager", E_mail="boss@orphan.example")
    world.run()
    world.after(minutes=1)
    assert orphan.progress().startswith("Not ready"), "who operates it was not said yet"
    assert "Operated by" in orphan.progress()
    assert "needs contacts" not in state(world, "ORPHAN")
    world.customer(4, **{"Operated by": "Us"})
    world.run()
    world.after(minutes=1)
    assert orphan.progress().startswith("Scheduled"), orphan.progress()
    assert state(world, "ORPHAN") == "Ready"
    world.at(WEDNESDAY)
    assert len(world.notices("boss@orphan.example")) == 1


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("- Deployment log", None),
        (" - Deployment log", None),
        ("* - Deployment log", None),
        ("ACME- Deployment log", None),
        ("NEWCO- Deployment log", "NEWCO"),
        ("NEWCO -  deployment  LOG ", "NEWCO"),
    ],
)
def test_a_log_is_listed_once_under_the_name_it_says_and_one_that_says_none_is_not(
    world: World, name: str, listed: str | None
) -> None:
    staff = world.person(STAFF)
    template = staff.file_named("TEMPLATE - Deployment log")
    assert template is not None
    for _ in range(2):
        staff.call("POST", f"/drive/v3/files/{template['id']}/copy", {"name": name}, supportsAllDrives="true")
    world.run()
    for _ in range(5):
        world.after(seconds=31)
    names = [row["Customer"] for row in staff.rows(world.registry_id, registry.CUSTOMERS) if row["Customer"]]
    assert names == ["DIBA", "ACME", *([listed] if listed else [])]
    if name.startswith("NEWCO-"):
        assert len(files_named(world, "NEWCO - Deployment log")) == 1


def test_a_name_made_on_a_mac_whose_accents_are_kept_apart_is_the_same_customers(world: World) -> None:
    staff = world.person(STAFF)
    mac = unicodedata.normalize("NFD", "Diputació")
    template = staff.file_named("TEMPLATE - Deployment log")
    assert template is not None
    body = {"name": f"{mac} - Deployment log"}
    made = staff.call("POST", f"/drive/v3/files/{template['id']}/copy", body, supportsAllDrives="true")
    world.customer(4, **{"Customer": "Diputació", "Operated by": "Us"})
    world.contact(6, Customer=mac, Party="Customer manager", E_mail="boss@dip.example")
    world.run()
    for _ in range(3):
        world.after(seconds=40)
    names = [row["Customer"] for row in staff.rows(world.registry_id, registry.CUSTOMERS) if row["Customer"]]
    assert names == ["DIBA", "ACME", "Diputació"]
    assert made["id"] in customers(world)["Diputació"]["Log"]
    assert state(world, "Diputació") == "Ready"


def test_a_listed_log_goes_into_the_row_below_the_last_also_where_the_tab_has_no_more_rows(world: World) -> None:
    staff = world.person(STAFF)
    sheets = staff.call("GET", f"/v4/spreadsheets/{world.registry_id}", fields="sheets(properties)")["sheets"]
    tab = sheets[0]["properties"]["sheetId"]
    grid = {"sheetId": tab, "gridProperties": {"rowCount": 3}}
    request = {"updateSheetProperties": {"properties": grid, "fields": "gridProperties.rowCount"}}
    staff.call("POST", f"/v4/spreadsheets/{world.registry_id}:batchUpdate", {"requests": [request]})
    body = {"name": "ORPHAN - Deployment log", "properties": {"deploylog-log-of": None}}
    staff.call("POST", f"/drive/v3/files/{world.log().file_id}/copy", body, supportsAllDrives="true")
    [copied] = files_named(world, "ORPHAN - Deployment log")
    path = f"/drive/v3/files/{copied['id']}"
    staff.call("PATCH", path, {"properties": {"deploylog-log-of": None}}, supportsAllDrives="true")
    world.run()
    world.after(seconds=31)
    names = [row["Customer"] for row in staff.rows(world.registry_id, registry.CUSTOMERS)]
    assert names == ["DIBA", "ACME", "ORPHAN"]


def test_a_customer_row_that_is_cut_and_pasted_is_not_listed_a_second_time(world: World) -> None:
    row = customers(world)["DIBA"]
    world.customer(2, **dict.fromkeys(registry.CUSTOMER_COLUMNS, ""))
    world.run()
    world.customer(5, **row)
    world.after(minutes=2)
    names = [one["Customer"] for one in world.person(STAFF).rows(world.registry_id, registry.CUSTOMERS)]
    assert names.count("DIBA") == 1


def test_missing_and_unknown_values_get_a_sentence_in_state(world: World) -> None:
    world.customer(2, **{"Operated by": "Us for partner", "Language": "fr"})
    world.customer(3, **{"Operated by": "Nobody"})
    world.run()
    assert "Partner is empty" in state(world)
    assert "“fr” is none of" in state(world)
    assert "“Nobody” is none of" in state(world, "ACME")


def test_a_contact_cut_and_pasted_within_seconds_is_neither_uninvited_nor_invited_again(world: World) -> None:
    scheduled(world)
    invited = len(world.person(MANAGER).mails())
    written = world.calls()["calendar.events.insert"], world.calls().get("calendar.events.update", 0)
    world.contact(2, Customer="", Party="", Name="", E_mail="")
    world.run()
    world.after(seconds=15)
    world.contact(9, Customer="DIBA", Party="Customer manager", Name="DIBA", E_mail=MANAGER)
    world.run()
    world.after(minutes=2)
    assert len(world.person(MANAGER).mails()) == invited
    assert (world.calls()["calendar.events.insert"], world.calls().get("calendar.events.update", 0)) == written


def test_a_contact_that_stays_away_is_uninvited_and_a_new_one_invited(world: World) -> None:
    diba = scheduled(world)
    world.contact(3, Customer="DIBA", Party="Helpdesk", Name="Other", E_mail="otro@diba.example")
    world.run()
    world.after(minutes=2)
    [event] = world.person("otro@diba.example").call("GET", "/calendar/v3/calendars/primary/events")["items"]
    guests = {one["email"] for one in event["attendees"]}
    assert "otro@diba.example" in guests
    assert "cau@diba.example" not in guests
    assert diba.progress().startswith("Scheduled")


def test_mail_that_comes_back_is_told_in_the_registry_until_the_address_is_put_right(world: World) -> None:
    world.contact(3, Customer="DIBA", Party="Helpdesk", E_mail="nobody@diba.invalid")
    world.run()
    world.after(minutes=1)
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY)
    world.after(minutes=6)
    assert "ail to nobody@diba.invalid came back" in state(world)
    assert "came back" not in state(world, "ACME")
    world.restart()
    world.run()
    assert "ail to nobody@diba.invalid came back" in state(world)
    world.contact(3, E_mail="cau@diba.example")
    world.run()
    world.after(minutes=1)
    assert "came back" not in state(world)


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 -1200", "Thu, 01 Jan 2099 00:00:00 +0000", "no date"])
def test_a_forged_report_stops_nothing_and_is_told_for_a_fortnight_whatever_its_date(world: World, date: str) -> None:
    diba = scheduled(world)
    mail = f"From: mailer-daemon@evil.example\r\nX-Failed-Recipients: {MANAGER}\r\nDate: {date}\r\n\r\nx\r\n"
    raw = base64.urlsafe_b64encode(mail.encode()).decode()
    world.person(DAEMON).call("POST", "/gmail/v1/users/me/messages", {"raw": raw, "labelIds": ["INBOX"]})
    world.after(minutes=6)
    assert f"ail to {MANAGER} came back" in state(world)
    assert diba.progress().startswith("Scheduled")
    world.after(days=14)
    world.run()
    assert "came back" not in state(world)


# Partners --------------------------------------------------------------------------------------------------------

PARTNER = "operaciones@partner.example"


def test_who_delegates_to_us_gets_the_log_and_the_notices_which_say_on_whose_behalf(world: World) -> None:
    diba = world.log()
    world.customer(2, **{"Operated by": "Us for partner", "Partner": "ACME Consulting"})
    world.contact(9, Customer="DIBA", Party="Partner", E_mail=PARTNER)
    world.run()
    world.after(minutes=1)
    assert permissions(world, diba.file_id) == {PARTNER: "reader"}
    diba.plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY)
    [notice] = world.notices(PARTNER)
    assert PARTNER in notice["Cc"]
    body = notice.get_body(("plain",))
    assert body is not None
    assert "en nombre de nuestro partner ACME Consulting" in body.get_content()
    [event] = world.person(PARTNER).call("GET", "/calendar/v3/calendars/primary/events")["items"]
    assert "ACME Consulting" in event["description"]


def test_what_a_partner_alone_operates_gets_no_log_no_share_and_no_notice(world: World) -> None:
    world.customer(4, **{"Customer": "THEIRS", "Operated by": "Partner", "Share log with": READER})
    world.contact(9, Customer="THEIRS", Party="Partner", E_mail=PARTNER)
    world.run()
    world.after(minutes=2)
    assert files_named(world, "THEIRS - Deployment log") == []
    assert state(world, "THEIRS") == "Operated by the partner; nothing is done from here"


# Many, and killed ------------------------------------------------------------------------------------------------


def test_making_a_hundred_customers_takes_no_more_than_five_calls_each(world: World) -> None:
    names = [f"C{number:03}" for number in range(100)]
    staff = world.person(STAFF)
    rows = [[name, "Us", "", "es", *[""] * 6, f"reader@{name.lower()}.example"] for name in names]
    body = {"valueInputOption": "RAW", "data": [{"range": "'Customers'!A4", "values": rows}]}
    staff.call("POST", f"/v4/spreadsheets/{world.registry_id}/values:batchUpdate", body)
    world.run()
    before = sum(world.calls().values())
    world.now += world.config.notify.settle
    world.run()
    world.after(seconds=15)
    made = sum(world.calls().values()) - before
    found = customers(world)
    for name in names:
        assert found[name]["State"] == "Needs contacts"
        [file] = files_named(world, f"{name} - Deployment log")
        assert file["id"] in found[name]["Log"]
    assert permissions(world, file["id"]) == {"reader@c099.example": "reader"}
    assert made <= 500, made


@pytest.mark.parametrize("answered", [False, True])
def test_a_kill_at_any_call_while_a_log_is_made_leaves_one_log_shared_as_asked(world: World, answered: bool) -> None:
    """Each of a dozen customers meets its kill one call later than the one before, before or after the call is done."""
    killed = []
    for number in range(1, 12):
        name, reader = f"NEW{number}", f"reader{number}@new.example"
        world.customer(3 + number, **{"Customer": name, "Operated by": "Us", "Share log with": reader})
        world.run()
        world.now += world.config.notify.settle
        killed.append(kill_at(world, number, answered))
        world.restart()
        world.run()
        world.after(minutes=1)
        files = files_named(world, f"{name} - Deployment log")
        assert len(files) == 1, (number, files)
        assert permissions(world, files[0]["id"]) == {reader: "reader"}
        assert files[0]["id"] in customers(world)[name]["Log"]
    assert killed[5], "a pass that makes a log makes six calls at least"
    assert not killed[-1], "every call of the pass had its kill"


def kill_at(world: World, call: int, answered: bool) -> bool:
    """A pass that is killed at its n-th call, with the call done (`answered`) or not; whether it came so far."""
    made = 0
    transports = world.google._transports
    real = {transport: transport.session.request for transport in transports}

    def counted(transport: Any) -> Any:
        def request(*arguments: Any, **more: Any) -> Any:
            nonlocal made
            made += 1
            if made == call and not answered:
                raise Killed
            answer = real[transport](*arguments, **more)
            if made == call:
                raise Killed
            return answer

        return request

    for transport in transports:
        transport.session.request = counted(transport)
    try:
        world.run()
    except Killed:
        return True
    finally:
        for transport in transports:
            transport.session.request = real[transport]
    return False


def test_a_row_without_contacts_of_its_own_says_so(world: World) -> None:
    world.customer(4, Customer="NEW")
    world.run()
    world.after(minutes=1)
    new = world.log("NEW")
    new.plan(2, WEDNESDAY)
    world.run()
    world.after(minutes=1)
    assert new.progress().startswith("Not ready: the registry has no contacts of this customer yet")
    assert str(new.row(2)[log.ID]).startswith("NEW-")

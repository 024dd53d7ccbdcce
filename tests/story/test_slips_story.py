"""Slips of the hand that would have mails go twice, to the wrong people, or under another customer's number."""

from __future__ import annotations

from datetime import timedelta

import pytest
from world import HELPDESK, MANAGER, TICKS, WEDNESDAY, World

from deploylog import deployment_log as log
from deploylog.cells import serial_of
from deploylog.demo import CONTACTS
from deploylog.errors import ConfigurationError, NotCarriedOut
from deploylog.google.gmail import Draft
from deploylog.lifecycle import EffectState

ACME_MANAGER = "manager@acme.example"


def contact(world: World, address: str, **values: object) -> None:
    """Staff change that contact's row."""
    [row] = [number for number, one in enumerate(CONTACTS, 2) if one["E-mail"] == address]
    world.contact(row, **values)


def planned(world: World) -> None:
    world.log().plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)


def started(world: World) -> None:
    planned(world)
    world.at(WEDNESDAY)
    world.after(seconds=15)


def test_a_row_pasted_from_another_customers_log_gets_a_number_of_its_own(world: World) -> None:
    planned(world)
    later = WEDNESDAY + timedelta(hours=6)
    pasted = {**world.log().row(2), log.START: serial_of(later, world.config.organization.time_zone)}
    acme = world.log("ACME")
    acme.write(2, pasted)
    world.run()
    world.after(seconds=31)
    world.at(later)
    assert acme.row(2)[log.ID] == "ACME-0001"
    [mail] = world.notices(ACME_MANAGER)
    assert "DIBA" not in str(mail)
    assert world.log().row(2)[log.ID] == "DIBA-0001"


def test_an_id_that_was_filled_down_over_a_running_deployment_starts_nothing_again(world: World) -> None:
    started(world)
    world.log().write(2, {log.ID: "DIBA-0002", log.STATUS: "Started"})
    world.run()
    world.after(minutes=2)
    world.log().write(2, {log.STATUS: "Done", **TICKS})
    world.run()
    world.after(minutes=1)
    assert world.log().row(2)[log.ID] == "DIBA-0001"
    assert len(world.notices()) == 2, "a start and an end"
    assert len(world.person(MANAGER).call("GET", "/calendar/v3/calendars/primary/events")["items"]) == 1


def test_a_contact_that_stands_under_another_customer_for_a_moment_hears_nothing_of_it(world: World) -> None:
    world.log("ACME").plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    world.at(WEDNESDAY - timedelta(seconds=10))
    contact(world, MANAGER, Customer="ACME")
    world.at(WEDNESDAY)
    world.now += timedelta(seconds=10)
    contact(world, MANAGER, Customer="DIBA")
    world.after(minutes=2)
    assert len(world.notices(ACME_MANAGER)) == 1
    assert world.person(MANAGER).mails("in:anywhere") == []


@pytest.mark.parametrize("step", ["create_draft", "send_draft"])
def test_a_mail_that_waits_goes_to_nobody_who_left_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    started(world)
    real = getattr(world.google.gmail, step)

    def away(*_: object) -> Draft:
        raise NotCarriedOut("no network")

    monkeypatch.setattr(world.google.gmail, step, away)
    world.log().write(2, {log.STATUS: "Done", **TICKS})
    world.run()
    world.after(seconds=31)
    contact(world, HELPDESK, Gets="Nothing")
    world.after(minutes=5)
    monkeypatch.setattr(world.google.gmail, step, real)
    world.after(minutes=5)
    assert len(world.notices(HELPDESK)) == 1, "the start mail"
    start, end = world.notices(MANAGER)
    assert HELPDESK in str(start["To"])
    assert HELPDESK not in str(end["To"])
    assert world.person(world.config.google.act_as).call("GET", "/gmail/v1/users/me/drafts").get("drafts", []) == []


def test_a_mail_that_waits_is_not_sent_while_its_draft_cannot_be_taken_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(world)

    def away(*_: object) -> Draft:
        raise NotCarriedOut("no network")

    with monkeypatch.context() as patch:
        patch.setattr(world.google.gmail, "send_draft", away)
        world.log().write(2, {log.STATUS: "Done", **TICKS})
        world.run()
        world.after(seconds=31)
        contact(world, HELPDESK, Gets="Nothing")
        world.run()
        world.now += timedelta(seconds=31)
        patch.setattr(world.google.gmail, "delete_draft", away)
        world.run()
    with monkeypatch.context() as patch:
        patch.setattr(world.google.gmail, "delete_draft", away)
        world.after(minutes=5)
        assert len(world.notices(MANAGER)) == 1
    world.after(minutes=5)
    assert (len(world.notices(MANAGER)), len(world.notices(HELPDESK))) == (2, 1)
    pending = world.ledger.effects_of(world.log().file_id, states=[EffectState.COMMITTED, EffectState.DRAFTED])
    assert pending == []


def test_a_rehearsal_does_not_begin_where_real_guests_are_invited(world: World) -> None:
    tester = "tester@soffid.example"
    world.ledger.keep_from_rehearsing(tester, world.now)
    planned(world)
    with pytest.raises(ConfigurationError, match=r"real invitations \(DIBA-0001\)"):
        world.ledger.keep_from_rehearsing(tester, world.now)
    world.ledger.keep_from_rehearsing(tester, WEDNESDAY + timedelta(days=1))

"""Who hears of a deployment, in To or Cc, in which language, and who is invited."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import STAFF, contact, customer, deployment
from deploylog.audience import Circle, circles, guests
from deploylog.model import Contact, Gets, Notify, OperatedBy, Party

MANAGER = contact("manager@customer.example")
HELPDESK = contact("helpdesk@customer.example", Party.HELPDESK)
PROJECT = contact("projects@soffid.example", Party.PROJECT_TEAM)
SUPPORT = contact("support@soffid.example", Party.SUPPORT_TEAM)
PARTNER = contact("ops@partner.example", Party.PARTNER)
ALL = (PROJECT, MANAGER, SUPPORT, PARTNER, HELPDESK)
FOR_PARTNER = customer(operated_by=OperatedBy.US_FOR_PARTNER, partner="Acme")


def test_the_mail_is_to_managers_and_helpdesk_and_cc_to_partner_and_teams() -> None:
    [circle] = circles(deployment(), FOR_PARTNER, ALL)
    assert circle == Circle(
        "es",
        (MANAGER.address, HELPDESK.address),
        (PROJECT.address, SUPPORT.address, PARTNER.address),
    )
    assert set(circle.everyone) == {one.address for one in ALL}


def test_a_partner_hears_only_of_customers_it_delegated_to_us() -> None:
    [circle] = circles(deployment(), customer(operated_by=OperatedBy.US), ALL)
    assert PARTNER.address not in circle.everyone
    assert PARTNER.address not in guests(deployment(), customer(operated_by=OperatedBy.US), ALL)


def test_there_is_one_mail_per_language_the_customers_first() -> None:
    english = contact("board@customer.example", language="en")
    catalan = contact("ajuntament@customer.example", language="ca")
    found = circles(deployment(), customer(language="ca"), (MANAGER, english, catalan))
    assert [(one.language, one.to) for one in found] == [
        ("ca", (MANAGER.address, catalan.address)),
        ("en", (english.address,)),
    ]


def test_where_only_a_team_reads_a_language_it_stands_in_to() -> None:
    team = contact("dev@soffid.example", Party.PROJECT_TEAM, language="en")
    _, english = circles(deployment(), customer(), (MANAGER, team, SUPPORT))
    assert english == Circle("en", (team.address,), ())


@pytest.mark.parametrize(
    ("gets", "mailed", "invited"),
    [
        (Gets.INVITE_AND_MAIL, True, True),
        (Gets.INVITE, False, True),
        (Gets.MAIL, True, False),
        (Gets.NOTHING, False, False),
    ],
)
def test_what_a_contact_gets(gets: Gets, mailed: bool, invited: bool) -> None:
    one = contact("one@customer.example", gets=gets)
    found = circles(deployment(), customer(), (MANAGER, one))
    assert (one.address in found[0].everyone) is mailed
    assert (one.address in guests(deployment(), customer(), (MANAGER, one))) is invited


def test_internal_only_reaches_our_own_people_alone() -> None:
    row = deployment(notify=Notify.INTERNAL_ONLY)
    [circle] = circles(row, FOR_PARTNER, ALL)
    assert circle == Circle("es", (PROJECT.address, SUPPORT.address))
    assert set(guests(row, FOR_PARTNER, ALL)) == {PROJECT.address, SUPPORT.address, STAFF}


def test_nobody_is_nobody() -> None:
    row = deployment(notify=Notify.NOBODY)
    assert circles(row, FOR_PARTNER, ALL) == ()
    assert guests(row, FOR_PARTNER, ALL) == ()


def test_the_responsible_is_invited_once() -> None:
    assert guests(deployment(), customer(), (MANAGER,)) == (MANAGER.address, STAFF)
    own = contact(STAFF, Party.PROJECT_TEAM)
    assert guests(deployment(), customer(), (own, MANAGER)) == (STAFF, MANAGER.address)


def test_without_contacts_nobody_is_mailed_and_the_responsible_invited() -> None:
    assert circles(deployment(), customer(), ()) == ()
    assert guests(deployment(), customer(), ()) == (STAFF,)
    assert guests(deployment(responsible=""), customer(), ()) == ()


@st.composite
def contacts(draw: st.DrawFn) -> list[Contact]:
    """Contacts of one customer, each address once, as the registry gives them."""
    count = draw(st.integers(0, 8))
    values: dict[str, st.SearchStrategy[Any]] = {
        "party": st.sampled_from(Party),
        "gets": st.sampled_from(Gets),
        "language": st.sampled_from(["", "es", "ca", "en"]),
    }
    return [contact(f"{number}@customer.example", **{k: draw(v) for k, v in values.items()}) for number in range(count)]


@given(contacts(), st.sampled_from(Notify), st.sampled_from(["es", "ca"]), st.sampled_from([*OperatedBy][:2]))
def test_everybody_entitled_gets_each_mail_once_and_nobody_else(
    known: list[Contact], notify: Notify, language: str, operated_by: OperatedBy
) -> None:
    row, whose = deployment(notify=notify), customer(language=language, operated_by=operated_by)
    found = circles(row, whose, known)
    addressed = [address for circle in found for address in circle.everyone]
    entitled = {
        one.address
        for one in known
        if one.gets.mail
        and notify is not Notify.NOBODY
        and (notify is Notify.EVERYONE or one.party in (Party.PROJECT_TEAM, Party.SUPPORT_TEAM))
        and (one.party is not Party.PARTNER or operated_by is OperatedBy.US_FOR_PARTNER)
    }
    assert sorted(addressed) == sorted(entitled)
    assert all(circle.to for circle in found)
    languages = [circle.language for circle in found]
    assert len(set(languages)) == len(languages)
    assert language not in languages[1:]
    invited = guests(row, whose, known)
    assert len(set(invited)) == len(invited)
    assert set(invited) <= {one.address for one in known} | {STAFF}

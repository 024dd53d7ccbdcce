"""What is said of the checkboxes beyond that they are ticked."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from builders import START, deployment
from deploylog.checklist import left_in_maintenance, left_to_tick, stressed_products
from deploylog.messages import MailFacts, Messages
from deploylog.model import LANGUAGES, Environment, Kind, Restart, Window

VALIDATED = ("System validated", "Changes validated", "Monitoring checked")
WORDS = {
    "es": ("con especial atención a AM y PAM", "Valida con especial atención AM y PAM"),
    "ca": ("amb una atenció especial a AM i PAM", "Valida amb una atenció especial AM i PAM"),
    "en": ("with particular attention to AM and PAM", "Validate AM and PAM, which this customer uses"),
}


@pytest.mark.parametrize(
    ("ticked", "left"),
    [
        (frozenset(), ("Maintenance on", "Deployed", "Restarted", *VALIDATED)),
        ({"Maintenance on"}, ("Deployed", "Restarted", *VALIDATED, "Maintenance off")),
        ({"Deployed"}, ("Restarted", *VALIDATED)),
        ({"Maintenance on", "Deployed", "Restarted", *VALIDATED}, ("Maintenance off",)),
        ({"Deployed", "Restarted", *VALIDATED}, ()),
    ],
)
def test_the_maintenance_mode_is_asked_for_only_where_necessary(ticked: Set[str], left: tuple[str, ...]) -> None:
    assert left_to_tick(deployment(checked=frozenset(ticked))) == left


def test_a_console_is_left_in_maintenance_where_only_the_first_box_is_ticked() -> None:
    assert left_in_maintenance(deployment(checked=frozenset({"Maintenance on"})))
    assert not left_in_maintenance(deployment(checked=frozenset({"Maintenance on", "Maintenance off"})))
    assert not left_in_maintenance(deployment())


@pytest.mark.parametrize(
    ("products", "stressed"),
    [
        ((), ()),
        (("IGA",), ()),
        (("AM",), ("AM",)),
        (("pam 4", "IGA", "AM"), ("AM", "PAM")),
        (("IGA/PAM",), ("PAM",)),
        (("SPAM", "AMS"), ()),
    ],
)
def test_of_the_products_am_and_pam_are_stressed(products: tuple[str, ...], stressed: tuple[str, ...]) -> None:
    assert stressed_products(products) == stressed


def facts(kind: Kind, language: str, stressed: tuple[str, ...]) -> MailFacts:
    return MailFacts(
        kind=kind,
        language=language,
        customer="DIBA",
        partner="",
        deployment_id="DIBA-0001",
        environment=Environment.PRODUCTION,
        window=Window(START, START + timedelta(minutes=15)),
        end=START + timedelta(minutes=15),
        now=START,
        zone=ZoneInfo("Europe/Madrid"),
        tickets=(),
        components=(),
        restart=Restart.NONE,
        comment="",
        responsible="",
        log_link="",
        unticked=("System validated",),
        overrun=False,
        support_portal="",
        support_phone="",
        organization="Soffid",
        stressed=stressed,
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_invitation_and_the_nudge_stress_them_and_only_for_who_has_them(language: str) -> None:
    messages = Messages(None, ZoneInfo("Europe/Madrid"))
    in_event, in_nudge = WORDS[language]
    event, nudge = facts(Kind.EVENT, language, ("AM", "PAM")), facts(Kind.NUDGE, language, ("AM", "PAM"))
    [step] = [line for line in messages.event(event)[1].splitlines() if line.startswith("4. ")]
    assert step.endswith(in_event)
    mail = messages.mail(nudge)
    assert in_nudge in mail.text
    assert in_nudge in mail.html
    assert in_event not in messages.event(replace(event, stressed=()))[1]
    without = messages.mail(replace(nudge, stressed=()))
    assert in_nudge not in without.text + without.html

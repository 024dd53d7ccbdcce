"""The example every template is shown with: the deployment of the procedure's own e-mails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from deploylog.config import Config
from deploylog.messages import MailFacts
from deploylog.model import CHECKLIST, Component, Environment, Kind, Restart, Window

START = datetime(2026, 12, 9, 8, tzinfo=UTC)
"""A Wednesday, at 9 in the morning in Madrid."""


def example(config: Config, kind: Kind, language: str) -> MailFacts:
    """What a mail of this kind would be written from."""
    window = Window(START, START + timedelta(minutes=15))
    organization = config.organization
    return MailFacts(
        kind=kind,
        language=language,
        customer="DIBA",
        partner="",
        deployment_id="DIBA-0014",
        environment=Environment.PRODUCTION,
        window=window,
        end=window.end,
        now=START,
        zone=organization.time_zone,
        tickets=(
            "ES-7412280 Tractar els ORGANISMES com si fós un ORGÀNIC",
            "ES-7412104 PRODUCTES: No fa enviaments a les notificacions",
        ),
        components=(Component("addon-diba", "3.2.11", "3.2.10"), Component("biblioteques programari", "3.2.1")),
        restart=Restart.BOTH,
        comment="",
        responsible=f"responsible@{organization.domains[0]}",
        log_link="https://docs.google.com/spreadsheets/",
        unticked=CHECKLIST[3:5],
        overrun=False,
        support_portal=organization.support_portal,
        support_phone=organization.support_phone,
        organization=organization.name,
    )

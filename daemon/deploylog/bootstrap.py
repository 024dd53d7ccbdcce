"""Wires everything: from a configuration to what the commands work with. Nothing else knows how the parts are made."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from deploylog import installation, registry
from deploylog.cells import Names, find_layout
from deploylog.config import Config, load
from deploylog.customer_logs import Installation
from deploylog.deployment_log import COLUMNS, DEPLOYMENTS, HISTORY, HISTORY_COLUMNS
from deploylog.errors import ConfigurationError, DeploylogError, OutsideError, Refused, StoreUnreachable
from deploylog.fact_finding import FactFinder
from deploylog.gitlab import Gitlab
from deploylog.google.connect import Google, connect
from deploylog.google.drive import DriveFile
from deploylog.google.sheets import MissingTab
from deploylog.guards import Limits
from deploylog.guide_pages import GuidePages
from deploylog.ledger import Ledger
from deploylog.lifecycle import Policy, Timing
from deploylog.messages import Messages
from deploylog.metrics import Metrics
from deploylog.model import Sentence
from deploylog.observe import Organization
from deploylog.ownership import Ownership
from deploylog.reconcile import Reconciler
from deploylog.rules import Place
from deploylog.shadow import REAL, SHADOW, Carrying
from deploylog.tickets.interface import Services, Tracker
from deploylog.tickets.zammad import Zammad

LONGEST_WAIT = 30.0
"""Seconds between two tries of a start that the network or Google's quota does not let through."""

CLOCKS_DIFFER = 10.0
"""Seconds by which the clocks of daemons may differ from their PostgreSQL's; `delivery.LONGEST_CALL` counts on it."""

TEMPLATE_TABS = {DEPLOYMENTS: COLUMNS, HISTORY: HISTORY_COLUMNS}

T = TypeVar("T")


def now() -> datetime:
    """The one clock of the daemon: UTC."""
    return datetime.now(UTC)


def names_of(config: Config) -> Names:
    return Names(config.columns)


def policy_of(config: Config) -> Policy:
    """What the configuration says about rows."""
    notify = config.notify
    return Policy(
        language=config.organization.language,
        timing=Timing(
            settle=notify.settle,
            reminders=notify.reminders,
            start_asks=notify.start == "ask",
            start_lead=notify.start_lead,
            late_after=notify.late_after,
            nudge=notify.nudge,
            delay_asks=notify.delay == "ask",
            delay_after=notify.delay_after,
        ),
        required_ticks=config.checklist.required,
        readiness=config.readiness.levels,
        names=names_of(config),
    )


def organization_of(config: Config) -> Organization:
    """What the configuration says beyond single rows."""
    organization = config.organization
    return Organization(
        zone=organization.time_zone,
        domains=organization.domains,
        place=Place(organization.time_zone, organization.holidays, organization.extra_holidays),
        rules=config.rules.levels,
        limits=Limits(config.limits.mails_per_hour, config.limits.mails_per_log_per_hour),
    )


@contextmanager
def fact_finder(config: Config, google: Google) -> Iterator[FactFinder]:
    """What looks prerequisites up outside, closed on the way out. No network before the first look."""
    pages, settings = GuidePages(config.readiness.link_hosts), config.gitlab
    gitlab = Gitlab(settings.url, settings.token.get_secret_value(), settings.projects) if settings else None
    projects = tuple(settings.projects) if settings else ()
    try:
        yield FactFinder(google.drive, pages, gitlab, projects, config.readiness.levels)
    finally:
        pages.close()
        if gitlab is not None:
            gitlab.close()


def messages_of(config: Config) -> Messages:
    return Messages(config.templates, config.organization.time_zone)


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a command may need, connected and checked."""

    config: Config
    google: Google
    ledger: Ledger
    messages: Messages
    policy: Policy
    installation: Installation
    reconciler: Reconciler
    metrics: Metrics

    def ownership(self) -> Ownership:
        """The mark this installation sets on the folder while it works in it."""
        return Ownership(self.google.drive, self.installation.folder.id, self.ledger.store_id())


@contextmanager
def parts(
    config_file: Path, waiting: Callable[[str], None] | None = None, carrying: Carrying | None = None
) -> Iterator[Parts]:
    """The wired daemon, closed on the way out. `carrying`: for what carries out; None: for what only reads.

    Raises `ConfigurationError` for what an operator has to set right. Where the network or a quota is in the way it
    keeps trying, as the daemon does, and tells `waiting` each time; without `waiting` that raises `OutsideError`.
    """
    config = load(config_file, os.environ)
    if carrying and carrying.shadow and config.mail.redirect_to is None:
        raise ConfigurationError(
            "a shadow run sends all mail to mail.redirect_to alone, which is not set; write there the address that "
            "shall get it"
        )
    metrics = Metrics()
    google = connect(config.google, config.calendar.id, called=metrics.called)
    try:
        open_ledger = partial(Ledger.open, config.store)
        ledger = patiently(open_ledger, waiting) if waiting else open_ledger()
        try:
            if carrying:
                ledger.keep_to(carrying.shadow)
                if config.mail.redirect_to is not None and not carrying.shadow:
                    ledger.keep_from_rehearsing(config.mail.redirect_to, now())
            policy, messages = policy_of(config), messages_of(config)
            find = partial(_checked_installation, config, google, messages)
            place = patiently(find, waiting) if waiting else as_configuration_fault(find)
            with services_of(config) as services, fact_finder(config, google) as facts:
                organization, hands = organization_of(config), carrying or _of(ledger)
                reconciler = Reconciler(
                    config, policy, organization, place, google, ledger, messages, services, hands, facts
                )
                metrics.watch(ledger, config.limits.mails_per_hour, now)
                yield Parts(config, google, ledger, messages, policy, place, reconciler, metrics)
        finally:
            ledger.close()
    finally:
        google.close()


def _of(ledger: Ledger) -> Carrying:
    """How what only reads sees the world: as the runs of that ledger do."""
    return SHADOW if ledger.serves_shadow_runs() else REAL


@contextmanager
def services_of(config: Config) -> Iterator[Services]:
    """The ticket systems and further mailboxes of the configuration; nothing is called before they are needed."""
    with ExitStack() as stack:
        trackers: list[Tracker] = []
        at_start = set()
        if zammad := config.tickets.zammad:
            tracker = Zammad(zammad)
            stack.callback(tracker.stop)
            trackers.append(tracker)
            if zammad.note_at_start:
                at_start.add(tracker.name)
        mailboxes = {}
        for address in config.tickets.mail.mailboxes:
            theirs = connect(config.google.model_copy(update={"act_as": address}), config.calendar.id)
            stack.callback(theirs.close)
            mailboxes[address.lower()] = theirs.gmail
        yield Services(tuple(trackers), frozenset(at_start), mailboxes)


def _checked_installation(config: Config, google: Google, messages: Messages) -> Installation:
    """Folder, TEMPLATE and registry, with all their columns, and the mailbox; a fault is the operator's."""
    place = installation.find(google, config)
    names = names_of(config)
    check_columns(google, place.template, TEMPLATE_TABS, names, messages)
    check_columns(google, place.registry, registry.TABS, names, messages)
    google.gmail.profile()
    return place


def check_columns(
    google: Google, file: DriveFile, tabs: Mapping[str, Sequence[str]], names: Names, messages: Messages
) -> None:
    """Raises `ConfigurationError` that names the first tab that is not there or lacks columns."""
    shown = {names.shown(tab): columns for tab, columns in tabs.items()}
    try:
        cells = google.sheets.read(file.id, list(shown))
    except MissingTab as missing:
        raise ConfigurationError(
            f"{file.name} has no tab {missing.tab}; give the tab that name again, map it in columns, or run deploylog "
            "init if that was interrupted"
        ) from missing
    for tab, columns in shown.items():
        layout = find_layout(cells[tab], columns, names)
        lacking = layout.missing(columns) if layout else columns
        if lacking:
            problem = Sentence.of("tab_without_columns", tab=tab, columns=tuple(map(names.shown, lacking)))
            raise ConfigurationError(f"{file.name}: {messages.sentence(problem, 'en', None)}")


def as_configuration_fault(call: Callable[[], T]) -> T:
    """Call; a refusal (400, 401, 403, 404) is a fault of the configuration."""
    try:
        return call()
    except Refused as refusal:
        raise ConfigurationError(str(refusal)) from refusal


def patiently(call: Callable[[], T], tell: Callable[[str], None]) -> T:
    """Call until it goes through; network faults, 429 and 5xx are waited out, at most 30 s between two tries.

    Raises `ConfigurationError` for a refusal.
    """
    wait = 1.0
    while True:
        try:
            return as_configuration_fault(call)
        except (OutsideError, StoreUnreachable) as failure:
            tell(f"{failure} Trying again in {wait:.0f} s.")
        time.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)


def check_clock(ledger: Ledger, now: datetime) -> None:
    """Raises `DeploylogError` where this machine's clock is not the one the daemons on a PostgreSQL share."""
    difference = ledger.store.clock_difference(now)
    if abs(difference) > CLOCKS_DIFFER:
        raise DeploylogError(
            f"this machine's clock differs from PostgreSQL's by {difference:.0f} s, and daemons that share a store "
            "must agree on the time; nothing is done until both are synchronized (chrony, systemd-timesyncd)"
        )

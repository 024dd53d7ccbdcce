"""Wires everything: from a configuration to what the commands work with. Nothing else knows how the parts are made."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from deploylog import installation
from deploylog.cells import Names
from deploylog.config import Config, load
from deploylog.customer_logs import Installation
from deploylog.errors import ConfigurationError, NotCarriedOut, OutsideError, Refused
from deploylog.google.connect import Google, connect
from deploylog.ledger import Ledger
from deploylog.lifecycle import Policy, Timing
from deploylog.messages import Messages
from deploylog.observe import LogProblem, Observer, Organization
from deploylog.reconcile import Reconciler
from deploylog.rules import Place

LONGEST_WAIT = 30.0
"""Seconds between two tries of a start that the network or Google's quota does not let through."""

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
    )


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


@contextmanager
def parts(
    config_file: Path,
    patient: bool = False,
    stopping: Callable[[], bool] = lambda: False,
    tell: Callable[[str], None] | None = None,
) -> Iterator[Parts]:
    """The wired daemon, closed on the way out.

    Raises `ConfigurationError` for what an operator has to set right; `patient` keeps trying while the network or a
    quota is in the way (as the daemon does), telling each time, until `stopping`; else that raises `OutsideError`.
    """
    config = load(config_file, os.environ)
    google = connect(config.google, config.calendar.id)
    try:
        ledger = Ledger.open(config.store)
        try:
            policy, messages = policy_of(config), messages_of(config)
            find = partial(_checked_installation, config, google, ledger, policy, messages)
            place = patiently(find, stopping, tell) if patient else as_configuration_fault(find)
            reconciler = Reconciler(config, policy, organization_of(config), place, google, ledger, messages)
            yield Parts(config, google, ledger, messages, policy, place, reconciler)
        finally:
            ledger.close()
    finally:
        google.close()


def _checked_installation(
    config: Config, google: Google, ledger: Ledger, policy: Policy, messages: Messages
) -> Installation:
    """Folder, TEMPLATE and registry, with TEMPLATE's columns and the mailbox checked; a fault is the operator's."""
    place = installation.find(google, config)
    try:
        Observer(google.sheets, ledger, policy, organization_of(config)).read(place.template, now())
    except LogProblem as problem:
        words = messages.sentence(problem.sentence, "en", None)
        raise ConfigurationError(f"{config.drive.template}: {words}") from problem
    google.gmail.profile()
    return place


def as_configuration_fault(call: Callable[[], T]) -> T:
    """Call; a refusal (400, 401, 403, 404) is a fault of the configuration."""
    try:
        return call()
    except Refused as refusal:
        raise ConfigurationError(str(refusal)) from refusal


def patiently(call: Callable[[], T], stopping: Callable[[], bool], tell: Callable[[str], None] | None = None) -> T:
    """Call until it goes through; network faults, 429 and 5xx are waited out, at most 30 s between two tries.

    Raises `ConfigurationError` for a refusal, `OutsideError` when asked to stop meanwhile.
    """
    wait = 1.0
    while True:
        try:
            return as_configuration_fault(call)
        except OutsideError as failure:
            if stopping():
                raise
            if tell:
                tell(f"{failure}; trying again in {wait:.0f} s")
            until = time.monotonic() + wait
            while time.monotonic() < until:
                if stopping():
                    raise NotCarriedOut("asked to stop before the start went through") from failure
                time.sleep(0.1)
            wait = min(wait * 2, LONGEST_WAIT)

"""The prerequisites of the procedure, each as its own check with its own sentence.

Pure. Config `readiness` weighs each check; cells that cannot be read are not weighed, they always block.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from deploylog import deployment_log as log
from deploylog.cells import Names, folded
from deploylog.model import (
    Check,
    Contact,
    Customer,
    CustomerValidation,
    Deployment,
    Finding,
    Level,
    Notify,
    OperatedBy,
    Party,
    Sentence,
)

_NO_GUIDE = frozenset(
    {"", "-", "?", "no", "none", "n/a", "na", "tbd", "todo", "nada", "no hay", "pendiente", "pendent"}
)
"""What people write where there is no guide yet."""
_SHORTEST_REASON = 3
"""Letters that one word of an `Override` has at the least."""
DEFAULT_LEVELS: Mapping[Check, Level] = {
    Check.CONTACTS: Level.BLOCK,
    Check.AGREED_WITH: Level.BLOCK,
    Check.VALIDATED_IN: Level.BLOCK,
    Check.CUSTOMER_VALIDATION: Level.BLOCK,
    Check.ROLLBACK_GUIDE: Level.BLOCK,
    Check.RELEASED_COMPONENTS: Level.WARN,
}


def missing_cells(deployment: Deployment, names: Names) -> tuple[Sentence, ...]:
    """Sentences for the cells without which nothing can be announced; not weighed, and not for `Override`."""
    values = {
        column: deployment.window is not None
        or deployment.half_window == column
        or _spoken_of(deployment, names, column)
        for column in (log.START, log.DURATION)
    } | {
        log.ENVIRONMENT: deployment.environment is not None or _spoken_of(deployment, names, log.ENVIRONMENT),
        log.RESPONSIBLE: bool(deployment.responsible) or _spoken_of(deployment, names, log.RESPONSIBLE),
    }
    if not deployment.tickets and not deployment.components:
        values[log.COMPONENTS] = _spoken_of(deployment, names, log.COMPONENTS)
    return tuple(
        Sentence.of("cell_missing", column=names.shown(column)) for column, there in values.items() if not there
    )


def sets_aside(override: str) -> bool:
    """Whether `Override` says who and why, so that it counts: two different words at the least, and one of them long.

    What somebody means cannot be told; that `-`, `x`, `ok` or a name alone give no reason can.
    """
    words = {word.casefold() for word in re.findall(r"\S+", override) if any(map(str.isalpha, word))}
    letters = [sum(map(str.isalpha, word)) for word in words]
    return len(words) >= 2 and max(letters) >= _SHORTEST_REASON


def check(
    deployment: Deployment,
    customer: Customer,
    contacts: Sequence[Contact],
    levels: Mapping[Check, Level],
    names: Names,
) -> tuple[Finding, ...]:
    """The prerequisites a row does not meet, those that block first; a check that is off is not made."""
    sentences = {
        Check.CONTACTS: _contacts(deployment, customer, contacts),
        Check.AGREED_WITH: None if deployment.agreed_with else _of("agreed_with", names, log.AGREED_WITH),
        Check.VALIDATED_IN: None if deployment.validated_in else _of("validated_in", names, log.VALIDATED_IN),
        Check.CUSTOMER_VALIDATION: _customer_validation(deployment, names),
        Check.ROLLBACK_GUIDE: _rollback_guide(deployment, names),
        Check.RELEASED_COMPONENTS: _released(deployment),
    }
    findings = [
        Finding(subject, levels.get(subject, DEFAULT_LEVELS[subject]), sentence)
        for subject, sentence in sentences.items()
        if sentence is not None
    ]
    weighed = [one for one in findings if one.level is not Level.OFF]
    return tuple(sorted(weighed, key=lambda one: one.level is not Level.BLOCK))


def _contacts(deployment: Deployment, customer: Customer, contacts: Sequence[Contact]) -> Sentence | None:
    if deployment.notify is not Notify.EVERYONE:
        return None
    mailed = {one.party for one in contacts if one.gets.mail}
    if Party.CUSTOMER_MANAGER not in mailed:
        return Sentence.of("contacts_no_manager")
    if customer.operated_by is OperatedBy.US_FOR_PARTNER and Party.PARTNER not in mailed:
        return Sentence.of("contacts_no_partner")
    return None


def _customer_validation(deployment: Deployment, names: Names) -> Sentence | None:
    if deployment.customer_validation is None:
        return _of("customer_validation", names, log.CUSTOMER_VALIDATION)
    if deployment.customer_validation is CustomerValidation.RISK_ACCEPTED and not deployment.agreed_with:
        return Sentence.of(
            "risk_accepted_by", column=names.shown(log.CUSTOMER_VALIDATION), agreed=names.shown(log.AGREED_WITH)
        )
    return None


def _rollback_guide(deployment: Deployment, names: Names) -> Sentence | None:
    said_nothing = folded(deployment.rollback_guide) in _NO_GUIDE
    return _of("rollback_guide", names, log.ROLLBACK_GUIDE) if said_nothing else None


def _released(deployment: Deployment) -> Sentence | None:
    """The procedure deploys released artefacts: a component without a version cannot be one."""
    unversioned = tuple(one.name for one in deployment.components if not one.version)
    return Sentence.of("components_without_version", components=unversioned) if unversioned else None


def _of(code: str, names: Names, column: str) -> Sentence:
    return Sentence.of(code, column=names.shown(column))


def _spoken_of(deployment: Deployment, names: Names, column: str) -> bool:
    """Whether a problem already names the column: an unreadable cell is not an empty one."""
    return any(("column", names.shown(column)) in problem.values for problem in deployment.problems)

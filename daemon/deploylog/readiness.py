"""The prerequisites of the procedure, each as its own check with its own sentence.

Pure: what has to be looked up outside comes as `facts`. Config `readiness` weighs each check; cells that cannot be
read are not weighed, they always block.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from deploylog import deployment_log as log
from deploylog.cells import Names, folded
from deploylog.facts import Facts, Guide, GuideState, Release, ReleaseState
from deploylog.guide_links import BadLink, links_in
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

_NOTHING_YET = frozenset(
    {
        *("no", "none", "n/a", "na", "tbd", "todo", "pending", "not yet", "to be confirmed", "true"),
        *("nada", "ninguna", "ninguno", "no hay", "pdte", "pendiente", "por confirmar", "verdadero"),
        *("cap", "no n'hi ha", "pendent", "per confirmar", "cert"),
    }
)
"""What people write where there is nothing to say yet; and a tick, which does not say it either."""
_SHORTEST_REASON = 3
"""Letters that one word of an `Override` has at the least."""
_LINK_LENGTH = 120
NO_FACTS = Facts()
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


def _says(text: str) -> bool:
    """Whether a cell says anything: two letters or figures at the least, and not that there is nothing yet."""
    words = folded(text).strip(" .,;:…!?¿¡()[]*_-–—")
    return sum(map(str.isalnum, words)) >= 2 and words not in _NOTHING_YET


def check(
    deployment: Deployment,
    customer: Customer,
    contacts: Sequence[Contact],
    levels: Mapping[Check, Level],
    names: Names,
    facts: Facts = NO_FACTS,
) -> tuple[Finding, ...]:
    """The prerequisites a row does not meet, those that block first; a check that is off is not made.

    What `facts` could not find out, and what is only pointed out, weighs `warn` whatever the configuration says.
    """
    unmet = {
        Check.CONTACTS: _contacts(deployment, customer, contacts),
        Check.AGREED_WITH: () if _says(deployment.agreed_with) else (_of("agreed_with", names, log.AGREED_WITH),),
        Check.VALIDATED_IN: () if deployment.validated_in else (_of("validated_in", names, log.VALIDATED_IN),),
        Check.CUSTOMER_VALIDATION: _customer_validation(deployment, names),
        Check.ROLLBACK_GUIDE: _rollback_guide(deployment, names, facts),
        Check.RELEASED_COMPONENTS: _released(deployment, facts),
    }
    pointed_out = {
        Check.ROLLBACK_GUIDE: _guide_unknown(facts, names),
        Check.RELEASED_COMPONENTS: _released_but(facts),
    }
    findings = []
    for subject in Check:
        level = levels.get(subject, DEFAULT_LEVELS[subject])
        if level is not Level.OFF:
            findings += [Finding(subject, level, one) for one in unmet[subject]]
            findings += [Finding(subject, Level.WARN, one) for one in pointed_out.get(subject, ())]
    return tuple(sorted(findings, key=lambda one: one.level is not Level.BLOCK))


def _contacts(deployment: Deployment, customer: Customer, contacts: Sequence[Contact]) -> tuple[Sentence, ...]:
    if deployment.notify is not Notify.EVERYONE:
        return ()
    mailed = {one.party for one in contacts if one.gets.mail}
    told = []
    if Party.CUSTOMER_MANAGER not in mailed:
        told.append(Sentence.of("contacts_no_manager"))
    if customer.operated_by is OperatedBy.US_FOR_PARTNER and Party.PARTNER not in mailed:
        told.append(Sentence.of("contacts_no_partner"))
    return tuple(told)


def _customer_validation(deployment: Deployment, names: Names) -> tuple[Sentence, ...]:
    if deployment.customer_validation is None:
        return (_of("customer_validation", names, log.CUSTOMER_VALIDATION),)
    if deployment.customer_validation is CustomerValidation.RISK_ACCEPTED and not _says(deployment.agreed_with):
        column, agreed = names.shown(log.CUSTOMER_VALIDATION), names.shown(log.AGREED_WITH)
        return (Sentence.of("risk_accepted_by", column=column, agreed=agreed),)
    return ()


# The rollback guide ----------------------------------------------------------------------------------------------


def _rollback_guide(deployment: Deployment, names: Names, facts: Facts) -> tuple[Sentence, ...]:
    """A link must be an https address and, where it was looked up, open; a text is the guide itself."""
    if not _says(deployment.rollback_guide):
        return (_of("rollback_guide", names, log.ROLLBACK_GUIDE),)
    column = names.shown(log.ROLLBACK_GUIDE)
    bad = [one for one in links_in(deployment.rollback_guide) if isinstance(one, BadLink)]
    looked = [_guide_unmet(one, column, deployment) for one in facts.guides]
    return (
        *(Sentence.of("guide_no_link", column=column, link=_shortened(one.text)) for one in bad),
        *(one for one in looked if one is not None),
    )


def _guide_unmet(guide: Guide, column: str, deployment: Deployment) -> Sentence | None:
    link = _shortened(guide.link)
    match guide.state:
        case GuideState.MISSING:
            return Sentence.of("guide_missing", column=column, link=link)
        case GuideState.TRASHED:
            return Sentence.of("guide_trashed", column=column, link=link)
        case GuideState.UNREADABLE:
            return Sentence.of("guide_unreadable", column=column, link=link, responsible=deployment.responsible)
    return None


def _guide_unknown(facts: Facts, names: Names) -> tuple[Sentence, ...]:
    return tuple(
        Sentence.of(
            "guide_unknown", column=names.shown(log.ROLLBACK_GUIDE), link=_shortened(one.link), reason=one.reason
        )
        for one in facts.guides
        if one.state is GuideState.UNKNOWN and one.reason
    )


def _shortened(link: str) -> str:
    return link if len(link) <= _LINK_LENGTH else f"{link[:_LINK_LENGTH]}…"


# Released artefacts ----------------------------------------------------------------------------------------------


def _released(deployment: Deployment, facts: Facts) -> tuple[Sentence, ...]:
    """The procedure deploys released artefacts: a component without a version cannot be one."""
    unversioned = tuple(one.name for one in deployment.components if not one.version)
    told = [Sentence.of("components_without_version", components=unversioned)] if unversioned else []
    for one in facts.releases:
        component = _component(one)
        if one.state is ReleaseState.MISSING:
            told.append(Sentence.of("release_missing", component=component, link=one.link))
        if one.state is ReleaseState.NOT_PASSED:
            told.append(Sentence.of("release_not_passed", component=component, status=one.status, link=one.link))
    return tuple(told)


def _released_but(facts: Facts) -> tuple[Sentence, ...]:
    """What is worth knowing of artefacts and keeps nothing from being deployed."""
    told = []
    for one in facts.releases:
        component = _component(one)
        if one.state is ReleaseState.NO_PIPELINE:
            told.append(Sentence.of("release_no_pipeline", component=component, link=one.link))
        if one.state is ReleaseState.NO_PROJECT:
            told.append(Sentence.of("release_no_project", component=component, project=one.project))
        if one.state is ReleaseState.UNKNOWN and one.reason:
            told.append(Sentence.of("release_unknown", component=component, reason=one.reason))
        if one.latest:
            told.append(Sentence.of("release_not_latest", component=component, latest=one.latest, link=one.latest_link))
    if facts.unlisted:
        told.append(Sentence.of("components_unlisted", components=facts.unlisted))
    return tuple(told)


def _component(release: Release) -> str:
    return f"{release.name} {release.version}"


def _of(code: str, names: Names, column: str) -> Sentence:
    return Sentence.of(code, column=names.shown(column))


def _spoken_of(deployment: Deployment, names: Names, column: str) -> bool:
    """Whether a problem already names the column: an unreadable cell is not an empty one."""
    return any(("column", names.shown(column)) in problem.values for problem in deployment.problems)

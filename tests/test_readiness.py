"""The prerequisites of the procedure, each judged for itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from builders import CONTACTS, contact, customer, deployment, read_row
from deploylog import deployment_log as log
from deploylog.cells import Cell, Names
from deploylog.facts import Facts, Guide, GuideState, Release, ReleaseState
from deploylog.model import (
    Check,
    Component,
    Contact,
    Customer,
    CustomerValidation,
    Deployment,
    Gets,
    Level,
    Notify,
    OperatedBy,
    Party,
    Sentence,
)
from deploylog.readiness import DEFAULT_LEVELS, check, missing_cells, sets_aside


def findings(
    row: Deployment,
    whose: Customer | None = None,
    contacts: Sequence[Contact] = CONTACTS,
    levels: Mapping[Check, Level] = DEFAULT_LEVELS,
    names: Names | None = None,
) -> list[tuple[Check, Level]]:
    found = check(row, whose or customer(), contacts, levels, names or Names())
    return [(one.subject, one.level) for one in found if isinstance(one.subject, Check)]


def test_the_complete_row_is_ready() -> None:
    assert findings(deployment()) == []
    assert missing_cells(deployment(), Names()) == ()


@pytest.mark.parametrize(
    ("changes", "subject", "level"),
    [
        ({"agreed_with": ""}, Check.AGREED_WITH, Level.BLOCK),
        ({"validated_in": None}, Check.VALIDATED_IN, Level.BLOCK),
        ({"customer_validation": None}, Check.CUSTOMER_VALIDATION, Level.BLOCK),
        ({"rollback_guide": ""}, Check.ROLLBACK_GUIDE, Level.BLOCK),
        ({"components": (Component("addon"),)}, Check.RELEASED_COMPONENTS, Level.WARN),
    ],
)
def test_each_prerequisite_is_a_check_of_its_own(changes: dict[str, Any], subject: Check, level: Level) -> None:
    row = deployment(**changes)
    assert findings(row) == [(subject, level)]
    for weight in (Level.BLOCK, Level.WARN):
        assert findings(row, levels={subject: weight}) == [(subject, weight)]
    assert findings(row, levels={subject: Level.OFF}) == []


@pytest.mark.parametrize(
    "text",
    ["-", "--", "—", "...", "?", "No.", "N/A.", "TBD", "(pendiente)", "Pdte.", "ninguna", "per confirmar", "TRUE", "x"],
)
def test_where_somebody_wrote_that_there_is_nothing_yet_there_is_nothing(text: str) -> None:
    assert findings(deployment(agreed_with=text)) == [(Check.AGREED_WITH, Level.BLOCK)]
    assert findings(deployment(rollback_guide=text)) == [(Check.ROLLBACK_GUIDE, Level.BLOCK)]


@pytest.mark.parametrize("text", ["Joan Puig, by phone", "JP", "Ticket 4711", "No objection: Joan", "山田"])
def test_whoever_agreed_is_taken_as_written(text: str) -> None:
    assert findings(deployment(agreed_with=text)) == []


def test_an_accepted_risk_needs_somebody_who_accepted_it() -> None:
    accepted = CustomerValidation.RISK_ACCEPTED
    assert findings(deployment(customer_validation=accepted)) == []
    found = findings(deployment(customer_validation=accepted, agreed_with=""))
    assert (Check.CUSTOMER_VALIDATION, Level.BLOCK) in found


@pytest.mark.parametrize(
    ("contacts", "operated_by", "ready"),
    [
        ((), OperatedBy.US, False),
        ((contact("a@x.example", Party.PROJECT_TEAM),), OperatedBy.US, False),
        ((contact("a@x.example", Party.HELPDESK),), OperatedBy.US, False),
        ((contact("a@x.example"),), OperatedBy.US, True),
        ((contact("a@x.example", gets=Gets.MAIL),), OperatedBy.US, True),
        ((contact("a@x.example", gets=Gets.INVITE),), OperatedBy.US, False),
        ((contact("a@x.example", gets=Gets.NOTHING),), OperatedBy.US, False),
        ((contact("a@x.example"),), OperatedBy.US_FOR_PARTNER, False),
        ((contact("a@x.example"), contact("b@x.example", Party.PARTNER)), OperatedBy.US_FOR_PARTNER, True),
    ],
)
def test_the_parties_to_notify_must_be_there(contacts: Sequence[Contact], operated_by: OperatedBy, ready: bool) -> None:
    found = findings(deployment(), customer(operated_by=operated_by), contacts)
    assert found == ([] if ready else [(Check.CONTACTS, Level.BLOCK)])


@pytest.mark.parametrize("notify", [Notify.INTERNAL_ONLY, Notify.NOBODY])
def test_who_is_not_told_need_not_be_there(notify: Notify) -> None:
    assert findings(deployment(notify=notify), contacts=()) == []


def test_all_that_is_missing_is_told_at_once_what_blocks_first() -> None:
    row = deployment(agreed_with="", rollback_guide="", components=(Component("addon"),))
    levels = {Check.AGREED_WITH: Level.WARN}
    assert findings(row, levels=levels) == [
        (Check.ROLLBACK_GUIDE, Level.BLOCK),
        (Check.AGREED_WITH, Level.WARN),
        (Check.RELEASED_COMPONENTS, Level.WARN),
    ]


@pytest.mark.parametrize(
    ("column", "names"),
    [(one, Names()) for one in (log.START, log.DURATION, log.ENVIRONMENT, log.RESPONSIBLE)]
    + [(log.START, Names({"Start": "Inicio"}))],
)
def test_a_cell_nothing_can_be_announced_without_is_told_by_its_name(column: str, names: Names) -> None:
    found = missing_cells(read_row({column: ""}, names), names)
    assert names.shown(column) in [dict(one.values)["column"] for one in found]


@pytest.mark.parametrize(
    ("column", "cell"), [(log.START, "mañana"), (log.DURATION, -5), (log.ENVIRONMENT, "x"), (log.RESPONSIBLE, "x")]
)
def test_a_cell_that_cannot_be_read_is_told_once_and_not_as_empty(column: str, cell: Cell) -> None:
    row = read_row({column: cell})
    told = [dict(one.values)["column"] for one in (*row.problems, *missing_cells(row, Names()))]
    assert told == [column]


def test_a_deployment_has_tickets_or_components() -> None:
    nothing = {log.TICKETS: "", log.COMPONENTS: ""}
    [missing] = missing_cells(read_row(nothing), Names())
    assert dict(missing.values)["column"] == log.COMPONENTS
    assert missing_cells(read_row({log.TICKETS: ""}), Names()) == ()
    assert missing_cells(read_row({log.COMPONENTS: ""}), Names()) == ()


@pytest.mark.parametrize("column", [log.START, log.DURATION, log.ENVIRONMENT, log.RESPONSIBLE])
def test_of_an_empty_cell_nothing_is_said_about_its_neighbours(column: str) -> None:
    row = read_row({column: ""})
    assert [dict(one.values)["column"] for one in missing_cells(row, Names())] == [column]


@pytest.mark.parametrize(
    "text", ["Eva: go", "Ana: urgente", "Núria, acordat amb el client", "J. Puig – hotfix for login"]
)
def test_who_and_why_set_a_rule_aside(text: str) -> None:
    assert sets_aside(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        "...",
        "– –",
        "ok",
        "Ana",
        "urgente!!!",
        "x x",
        "ok ok",
        "Ana ana",
        "Ana -",
        "12 34",
        "a b",
        "si no",
    ],
)
def test_a_word_or_signs_alone_set_nothing_aside(text: str) -> None:
    assert not sets_aside(text)


# What was found outside ------------------------------------------------------------------------------------------

WHY = Sentence.of("look_no_answer", host="gitlab.host.example")
LINK = "https://wiki.host.example/rollback"


def codes(facts: Facts, levels: Mapping[Check, Level] = DEFAULT_LEVELS, **changes: Any) -> list[tuple[str, Level]]:
    found = check(deployment(**changes), customer(), CONTACTS, levels, Names(), facts)
    return [(one.sentence.code, one.level) for one in found]


def release(state: ReleaseState, **more: Any) -> Facts:
    return Facts(releases=(Release("addon-diba", "3.2.11", state, **more),))


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (GuideState.MISSING, "guide_missing"),
        (GuideState.TRASHED, "guide_trashed"),
        (GuideState.UNREADABLE, "guide_unreadable"),
    ],
)
def test_a_guide_that_does_not_open_weighs_what_the_configuration_says(state: GuideState, code: str) -> None:
    facts = Facts(guides=(Guide(LINK, state),))
    for level in (Level.BLOCK, Level.WARN):
        assert codes(facts, {Check.ROLLBACK_GUIDE: level}) == [(code, level)]
    assert codes(facts, {Check.ROLLBACK_GUIDE: Level.OFF}) == []


def test_a_guide_that_opens_or_was_not_looked_up_is_no_finding() -> None:
    assert codes(Facts(guides=(Guide(LINK, GuideState.OPENS),))) == codes(Facts()) == []


@pytest.mark.parametrize("link", ["http://wiki.host.example/x", "https://a@b.example/x", "file:///x"])
def test_a_link_that_is_no_https_address_weighs_without_any_look(link: str) -> None:
    assert codes(Facts(), rollback_guide=link) == [("guide_no_link", Level.BLOCK)]


def test_a_text_is_the_guide_itself() -> None:
    assert codes(Facts(), rollback_guide="put 3.2.10 back, restart the consoles") == []


@pytest.mark.parametrize("level", [Level.BLOCK, Level.WARN])
def test_what_could_not_be_looked_up_never_blocks(level: Level) -> None:
    levels = {Check.ROLLBACK_GUIDE: level, Check.RELEASED_COMPONENTS: level}
    guide = Facts(guides=(Guide(LINK, GuideState.UNKNOWN, WHY),))
    assert codes(guide, levels) == [("guide_unknown", Level.WARN)]
    assert codes(release(ReleaseState.UNKNOWN, reason=WHY), levels) == [("release_unknown", Level.WARN)]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (release(ReleaseState.RELEASED), []),
        (release(ReleaseState.MISSING), [("release_missing", Level.BLOCK)]),
        (release(ReleaseState.NOT_PASSED, status="failed"), [("release_not_passed", Level.BLOCK)]),
        (release(ReleaseState.NO_PIPELINE), [("release_no_pipeline", Level.WARN)]),
        (release(ReleaseState.NO_PROJECT, project="a/b"), [("release_no_project", Level.WARN)]),
        (release(ReleaseState.RELEASED, latest="3.3.0"), [("release_not_latest", Level.WARN)]),
        (Facts(unlisted=("biblioteques programari",)), [("components_unlisted", Level.WARN)]),
    ],
)
def test_of_artefacts_only_what_is_missing_or_failed_can_block(facts: Facts, expected: list[tuple[str, Level]]) -> None:
    assert codes(facts, {Check.RELEASED_COMPONENTS: Level.BLOCK}) == expected
    assert codes(facts, {Check.RELEASED_COMPONENTS: Level.OFF}) == []


def test_both_parties_that_are_missing_are_told() -> None:
    found = check(deployment(), customer(operated_by=OperatedBy.US_FOR_PARTNER), (), DEFAULT_LEVELS, Names())
    assert [one.sentence.code for one in found] == ["contacts_no_manager", "contacts_no_partner"]

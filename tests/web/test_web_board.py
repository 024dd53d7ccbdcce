"""What the pages show is a function of what the daemon last saw: days, figures, what needs attention."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from builders import MADRID, START, customer, deployment
from deploylog import rules
from deploylog.dates import Absences
from deploylog.looks import DeploymentLook, LogLook, Looks
from deploylog.model import Freeze, Level, Progress, Registry, Rule, Status, Vacation, Window
from deploylog.web import board as read
from deploylog.web.charts import Bar, bars
from deploylog.web.sign_in import refusal

BALEARICS = rules.Place(MADRID, ("ES-IB",))


def look(identity: str, start: datetime = START, late: float | None = None, **changes: Any) -> DeploymentLook:
    """Closed so many minutes after its end; None: not closed."""
    end = start + timedelta(minutes=15)
    closed = None if late is None else end + timedelta(minutes=late)
    row = deployment(id=identity, window=Window(start, end), **changes)
    began = start if late is not None else None
    return DeploymentLook("file", row, Progress.SCHEDULED, (), (), None, True, start, end, began, closed)


def looks_of(*rows: DeploymentLook, freezes: tuple[Freeze, ...] = ()) -> Looks:
    diba = customer(holidays=("ES-CT",))
    log = LogLook("file", "DIBA - Deployment log", "", diba, rows, START)
    return Looks(Registry((diba,), freezes=freezes), {"file": log})


@pytest.mark.parametrize(
    ("day", "blocked"),
    [
        (date(2026, 12, 4), True),  # a Friday
        (date(2026, 12, 7), True),  # the eve of a public holiday
        (date(2026, 12, 9), False),
        (date(2026, 12, 28), True),  # frozen
        (date(2026, 12, 23), True),  # before the freeze
    ],
)
def test_a_day_is_shaded_where_the_rules_block_it(day: date, blocked: bool) -> None:
    freeze = Freeze("*", date(2026, 12, 24), date(2027, 1, 1))
    around = read.circumstances_of(looks_of(freezes=(freeze,)), None, BALEARICS, rules.DEFAULT_LEVELS)
    assert rules.allowed(read.judge_day(day, around, MADRID)) is not blocked


def test_a_customers_own_holiday_and_freeze_shade_its_month_alone() -> None:
    looks = looks_of(freezes=(Freeze("DIBA", date(2026, 9, 16), date(2026, 9, 16), "audit"),))
    [diba] = looks.registry.customers
    own = read.circumstances_of(looks, diba, BALEARICS, rules.DEFAULT_LEVELS)
    everybodys = read.circumstances_of(looks, None, BALEARICS, rules.DEFAULT_LEVELS)
    for day in (date(2026, 9, 10), date(2026, 9, 16)):  # the eve of the Diada, and the freeze
        assert not rules.allowed(read.judge_day(day, own, MADRID))
        assert rules.allowed(read.judge_day(day, everybodys, MADRID))


def test_the_day_before_a_vacation_of_staff_is_shaded() -> None:
    away = Absences((Vacation(date(2026, 10, 14), date(2026, 10, 20)),))
    looks = replace(looks_of(), absences=away)
    for customer_ in (None, *looks.registry.customers):
        around = read.circumstances_of(looks, customer_, BALEARICS, rules.DEFAULT_LEVELS)
        assert not rules.allowed(read.judge_day(date(2026, 10, 13), around, MADRID))
        assert rules.allowed(read.judge_day(date(2026, 10, 6), around, MADRID))


def test_a_rule_that_is_off_shades_nothing() -> None:
    levels = {**rules.DEFAULT_LEVELS, Rule.FRIDAY: Level.OFF}
    around = read.circumstances_of(looks_of(), None, BALEARICS, levels)
    assert read.judge_day(date(2026, 12, 11), around, MADRID) == ()


def test_a_month_has_whole_weeks_and_each_deployment_on_its_local_day() -> None:
    late = datetime(2026, 12, 9, 23, 30, tzinfo=UTC)  # Thursday in Madrid
    looks = looks_of(look("DIBA-0001", late))
    around = read.circumstances_of(looks, None, BALEARICS, rules.DEFAULT_LEVELS)
    weeks = read.month(read.entries(looks), 2026, 12, around, date(2026, 12, 9), MADRID)
    assert all(len(week) == 7 and week[0].date.isoweekday() == 1 for week in weeks)
    assert [day.date for week in weeks for day in week if day.entries] == [date(2026, 12, 10)]
    assert [day.date for week in weeks for day in week if day.today] == [date(2026, 12, 9)]


def test_figures_count_outcomes_punctuality_and_delay() -> None:
    rows = (
        look("DIBA-0001", late=-5, status=Status.DONE),
        look("DIBA-0002", late=20, status=Status.DONE),
        look("DIBA-0003", late=10, status=Status.ROLLED_BACK),
        look("DIBA-0004", status=Status.CANCELLED),
        look("DIBA-0005", status=Status.PLANNED),
    )
    *_, november, december = read.figures_by_month(read.entries(looks_of(*rows)), MADRID, date(2026, 12, 20))
    assert (november.name, november.closed, november.punctuality, november.mean_delay) == ("2026-11", 0, None, None)
    assert (december.done, december.rolled_back, december.cancelled) == (2, 1, 1)
    assert (december.punctuality, december.mean_delay) == (33, 15)
    [diba] = read.figures_by_customer(read.entries(looks_of(*rows)))
    assert (diba.name, diba.closed) == ("DIBA", 4)


def test_a_chart_says_its_labels_as_text() -> None:
    drawn = bars('a "title"', [Bar("<b>", (("done", 3), ("late", 1)))])
    assert "&lt;b&gt;" in drawn
    assert "<b>" not in drawn
    assert 'aria-label="a &#34;title&#34;"' in drawn
    assert drawn.count("<rect") == 2


@pytest.mark.parametrize("value", [0, 1, 2, 3, 99, 101, 12345])
def test_no_bar_leaves_its_chart(value: int) -> None:
    drawn = bars("t", [Bar("a", (("done", value),))])
    assert 'y="-' not in drawn


def test_only_the_organizations_verified_accounts_are_let_in() -> None:
    good = {"email": "Ana@Soffid.example", "email_verified": True, "hd": "soffid.example"}
    assert refusal(good, ("soffid.example",)) is None
    assert refusal({}, ("soffid.example",)) is not None
    assert refusal({**good, "hd": ""}, ("soffid.example",)) is not None


def test_the_pages_show_the_whole_of_one_look_while_the_passes_go_on(board: Any) -> None:
    before = board.world.reconciler.last_looks.current
    logs = dict(before.logs)
    board.world.run()
    after = board.world.reconciler.last_looks.current
    assert dict(before.logs) == logs, "what a page holds does not change under it"
    assert after is not before
    assert after.logs.keys() == before.logs.keys()


def test_no_page_calls_google(board: Any) -> None:
    before = board.world.calls()
    client = board.app.test_client()
    for path in ("/", "/month", "/agenda", "/customers", "/customers/DIBA", "/figures", "/mails"):
        assert client.get(path).status_code == 200
    after = board.world.calls()
    assert after == before

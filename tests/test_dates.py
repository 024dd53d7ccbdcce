"""What a customer is judged by is put together from registry and calendars; what of it cannot be read is unknown."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from deploylog.dates import Absences, circumstances, unknown_holidays
from deploylog.model import Customer, Freeze, Level, Registry, Rule, Sentence, Vacation
from deploylog.rules import DEFAULT_LEVELS, Place

MADRID = ZoneInfo("Europe/Madrid")
ISLANDS = Place(MADRID, ("ES-IB",))
DIBA = Customer(2, "DIBA", holidays=("ES-CT",))
FREEZES_UNKNOWN = Sentence.of("freezes_unknown")


def unread(tab: str, customer: str) -> Registry:
    problem = Sentence.of("freeze_backwards", to="To", start="From", in_customer=customer, in_row=3, in_tab=tab)
    return Registry((DIBA,), problems=(problem,))


@pytest.mark.parametrize("customer", ["DIBA", "diba ", "*", ""])
def test_a_freeze_that_cannot_be_read_is_unknown_for_whom_it_may_be_about(customer: str) -> None:
    found = circumstances(DIBA, unread("Freezes", customer), ISLANDS, DEFAULT_LEVELS)
    assert found.unknown == ((Rule.FREEZE, FREEZES_UNKNOWN),)


@pytest.mark.parametrize(("tab", "customer"), [("Freezes", "ACME"), ("Contacts", "DIBA")])
def test_other_rows_that_cannot_be_read_make_no_date_unknown(tab: str, customer: str) -> None:
    assert circumstances(DIBA, unread(tab, customer), ISLANDS, DEFAULT_LEVELS).unknown == ()


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("cell_days", Rule.EVE_OF_NON_WORKING_DAY),
        ("time_zone_unknown", Rule.EVE_OF_NON_WORKING_DAY),
        ("rule_unread", Rule.EVE_OF_NON_WORKING_DAY),
        ("preferred_hours_unread", Rule.OUTSIDE_PREFERRED_HOURS),
    ],
)
def test_a_cell_of_the_customers_row_that_cannot_be_read_leaves_its_dates_untold(code: str, rule: Rule) -> None:
    customer = Customer(2, "DIBA", problems=(Sentence.of(code, column="Dates", text="?"),))
    found = circumstances(customer, Registry((customer,)), ISLANDS, DEFAULT_LEVELS)
    assert found.unknown == ((rule, Sentence.of("cell_unknown", column="Dates")),)


def test_a_cell_that_says_nothing_about_dates_leaves_none_untold() -> None:
    customer = Customer(2, "DIBA", problems=(Sentence.of("cell_choice", column="Language", text="?", choices=()),))
    assert circumstances(customer, Registry((customer,)), ISLANDS, DEFAULT_LEVELS).unknown == ()


def test_a_freeze_of_nobody_is_doubtful_for_all() -> None:
    day = date(2026, 12, 21)
    freezes = (Freeze("DIBA", day, day), Freeze("DIBAA", day, day), Freeze("*", day, day))
    found = circumstances(DIBA, Registry((DIBA,), freezes=freezes), ISLANDS, DEFAULT_LEVELS)
    assert (found.freezes, found.doubtful) == ((freezes[0], freezes[2]), (freezes[1],))


def test_where_freezes_are_off_their_eves_are_still_unknown() -> None:
    levels = {**DEFAULT_LEVELS, Rule.FREEZE: Level.OFF}
    found = circumstances(DIBA, unread("Freezes", "*"), ISLANDS, levels)
    assert found.unknown == ((Rule.EVE_OF_VACATION, FREEZES_UNKNOWN),)


def test_absences_registry_and_levels_come_together() -> None:
    day = date(2026, 12, 21)
    freezes = (Freeze("DIBA", day, day), Freeze("ACME", day, day))
    acme = Customer(3, "ACME")
    absences = Absences((Vacation(day, day),), (Sentence.of("vacations_unknown"),))
    one = Customer(2, "DIBA", holidays=("ES-CT",), rules=((Rule.FRIDAY, Level.WARN),))
    found = circumstances(one, Registry((one, acme), freezes=freezes), ISLANDS, DEFAULT_LEVELS, absences)
    assert found.doubtful == ()
    assert found.places == (ISLANDS, Place(MADRID, ("ES-CT",)))
    assert (found.freezes, found.vacations) == (freezes[:1], absences.vacations)
    assert found.level(Rule.FRIDAY) is Level.WARN
    assert found.unknown == ((Rule.EVE_OF_VACATION, Sentence.of("vacations_unknown")),)


def test_a_region_nobody_knows_is_named_once() -> None:
    nowhere = Customer(2, "DIBA", holidays=("ES-XX", "ES-CT"))
    found = unknown_holidays(nowhere, Place(MADRID, ("ES-XX",)), date(2026, 12, 31))
    assert found == (Sentence.of("rule_unknown", region="ES-XX"),)

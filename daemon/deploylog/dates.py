"""What a customer's dates are judged by: the registry, the configuration and the calendars, put together.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from deploylog import registry
from deploylog.cells import folded
from deploylog.model import Customer, Level, Registry, Rule, Sentence, Vacation
from deploylog.rules import Circumstances, Place, Taken, unknown_regions

_JUDGED_BY: Mapping[str, Rule] = {
    "cell_date": Rule.EVE_OF_NON_WORKING_DAY,
    "cell_days": Rule.EVE_OF_NON_WORKING_DAY,
    "cell_too_long": Rule.EVE_OF_NON_WORKING_DAY,
    "time_zone_unknown": Rule.EVE_OF_NON_WORKING_DAY,
    "rule_unread": Rule.EVE_OF_NON_WORKING_DAY,
    "preferred_hours_unread": Rule.OUTSIDE_PREFERRED_HOURS,
}
"""Problems of a customer's row that leave something about its dates untold, and the rule it is said under."""


@dataclass(frozen=True, slots=True)
class Absences:
    """When staff are away, as far as the calendars say."""

    vacations: tuple[Vacation, ...] = ()
    unknown: tuple[Sentence, ...] = ()
    """A sentence per kind of calendar that could not be read; it names neither calendar nor person."""


def circumstances(
    customer: Customer,
    current: Registry,
    organization: Place,
    levels: Mapping[Rule, Level],
    absences: Absences = Absences(),
    taken: Iterable[Taken] = (),
) -> Circumstances:
    """What a date of the customer is judged by. `levels`: the organization's; the customer's own go before them."""
    own = {**levels, **dict(customer.rules)}
    unknown = [(Rule.EVE_OF_VACATION, one) for one in absences.unknown]
    if freezes_unread(customer, current):
        # Every freeze has an eve: where one of the two rules is off, the other is still not known.
        rule = Rule.EVE_OF_VACATION if own.get(Rule.FREEZE) is Level.OFF else Rule.FREEZE
        unknown.insert(0, (rule, Sentence.of("freezes_unknown")))
    unknown += _cells_unread(customer)
    return Circumstances(
        places=(organization, place_of(customer)),
        freezes=current.freezes_of(customer),
        doubtful=current.freezes_of_nobody,
        preferred_hours=customer.preferred_hours,
        levels=own,
        taken=tuple(taken),
        vacations=absences.vacations,
        unknown=tuple(unknown),
    )


def _cells_unread(customer: Customer) -> Iterator[tuple[Rule, Sentence]]:
    """The cells of the customer's own row that say something about dates which cannot be read."""
    for problem in customer.problems:
        rule = _JUDGED_BY.get(problem.code)
        if rule is not None:
            yield rule, Sentence.of("cell_unknown", column=str(dict(problem.values)["column"]))


def place_of(customer: Customer) -> Place:
    return Place(customer.time_zone, customer.holidays, customer.extra_holidays)


def freezes_unread(customer: Customer, current: Registry) -> bool:
    """Whether a row of Freezes that may be about the customer cannot be read; one of nobody's may be anybody's."""
    about = (folded(customer.name), registry.ALL, "")
    return any(
        told.get("in_tab") == registry.FREEZES and folded(str(told.get("in_customer", ""))) in about
        for told in (dict(problem.values) for problem in current.problems)
    )


def unknown_holidays(customer: Customer, organization: Place, today: date) -> Sequence[Sentence]:
    """A sentence per region, the organization's or the customer's, of whose holidays nothing is known this year."""
    return unknown_regions((organization, place_of(customer)), today)

"""What `State` says of a customer: everything that is missing or in the way, each in a sentence; else that it is ready.

Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deploylog import registry
from deploylog.cells import Names, folded
from deploylog.model import Customer, OperatedBy, Party, Registry, Sentence


@dataclass(frozen=True, slots=True)
class Standing:
    """What was found out about a customer's log beyond the registry."""

    has_log: bool
    log_lost: Sequence[Sentence] = ()
    """Why one it had is not taken for its own, and none is made: it is not in the folder any more, say."""
    log_problems: Sequence[Sentence] = ()
    not_shared: tuple[str, ...] = ()
    share_problems: Sequence[Sentence] = ()
    writers: tuple[str, ...] = ()
    """Who outside the organization may edit the log."""
    stopped: bool = False
    """Whether that stops it."""
    listed: bool = False
    """Its row was listed from here, by the log, because no row had it."""
    bounced: tuple[str, ...] = ()
    """Contacts from whose address mail came back."""
    dates_unknown: Sequence[Sentence] = ()
    """What dates are judged by and could not be read: holidays of a region, vacation calendars."""


def state_of(customer: Customer, current: Registry, standing: Standing, names: Names) -> tuple[Sentence, ...]:
    """The sentences of `State`, never none."""
    sentences = [*customer.problems, *_rows_about(customer, current)]
    if customer.operated_by is OperatedBy.PARTNER:
        sentences.append(Sentence.of("state_partner"))
        return tuple(sentences)
    if customer.operated_by is OperatedBy.US_FOR_PARTNER and not customer.partner:
        sentences.append(Sentence.of("cell_missing", column=names.shown("Partner")))
    if standing.listed and not customer.operator_said:
        sentences.append(Sentence.of("state_listed", column=names.shown("Operated by")))
    sentences += standing.log_lost
    if not standing.has_log and not standing.log_lost:
        sentences.append(Sentence.of("state_log_waits" if customer.problems else "state_log_to_come"))
    sentences += [*standing.dates_unknown, *standing.log_problems, *standing.share_problems]
    if standing.not_shared:
        sentences.append(Sentence.of("state_not_shared", addresses=standing.not_shared))
    if standing.writers:
        code = "state_writers_stop" if standing.stopped else "state_writers"
        sentences.append(Sentence.of(code, addresses=standing.writers))
    if standing.bounced:
        sentences.append(Sentence.of("state_bounced", addresses=standing.bounced))
    if current.pause_all or customer.paused:
        sentences.append(Sentence.of("state_paused"))
    managers = [one for one in current.contacts_of(customer) if one.party is Party.CUSTOMER_MANAGER]
    if not any(one.gets.mail for one in managers):
        sentences.append(Sentence.of("state_needs_contacts"))
    return tuple(sentences) or (Sentence.of("state_ready"),)


def waits_for_contacts(customer: Customer, current: Registry) -> bool:
    """Whether the customer is only known by its log: nothing is sent before somebody gave it contacts."""
    return not customer.operator_said and not current.own_contacts_of(customer)


def registry_problems(current: Registry) -> list[Sentence]:
    """A sentence per row that cannot be read, or that names a customer there is none of."""
    named = {one.customer for one in current.contacts} | {one.customer for one in current.freezes}
    strangers = sorted(name for name in named if name != registry.ALL and current.customer(name) is None)
    unknown = [Sentence.of("customer_unknown", customer=name) for name in strangers]
    return [*map(_placed, current.problems), *unknown]


def _rows_about(customer: Customer, current: Registry) -> list[Sentence]:
    """Problems in rows of Contacts and Freezes that name this customer, or everybody."""
    found = []
    for problem in current.problems:
        if folded(str(dict(problem.values).get("in_customer", ""))) in (folded(customer.name), registry.ALL):
            found.append(_placed(problem))
    return found


def _placed(problem: Sentence) -> Sentence:
    """A problem of a row, with the tab and row it stands in said first."""
    values = dict(problem.values)
    bare = Sentence.of(problem.code, **{name: value for name, value in values.items() if not name.startswith("in_")})
    return Sentence.of("in_row", tab=values["in_tab"], row=values["in_row"], problem=bare)

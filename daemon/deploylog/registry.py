"""The registry, `REGISTRY - Customers`: its tabs and columns, and their rows read into customers, contacts, freezes.

Pure. Internal: it is never shared outside. A row that cannot be read gives a sentence; the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from deploylog.cells import Layout, Names, Row, RowReader, find_layout, fingerprint, folded, is_address, says_nothing
from deploylog.model import (
    LANGUAGES,
    Contact,
    Customer,
    Freeze,
    Gets,
    Level,
    OperatedBy,
    Party,
    PreferredHours,
    Registry,
    Rule,
    Sentence,
)

CUSTOMERS = "Customers"
CONTACTS = "Contacts"
FREEZES = "Freezes"

CUSTOMER = "Customer"
LOG = "Log"
STATE = "State"
PAUSE = "Pause"

CUSTOMER_COLUMNS = (
    CUSTOMER,
    "Operated by",
    "Partner",
    "Language",
    "Time zone",
    "Holidays",
    "Extra holidays",
    "Preferred hours",
    "Products",
    "Rules",
    "Share log with",
    PAUSE,
    LOG,
    STATE,
)
CONTACT_COLUMNS = (CUSTOMER, "Party", "Name", "E-mail", "Gets", "Language")
TICKET_ORGANIZATION = "Zammad organization"
"""A column of Customers that an installation adds where it wants it; no other is left out or added."""
FREEZE_COLUMNS = (CUSTOMER, "From", "To", "Reason")
TABS: dict[str, tuple[str, ...]] = {
    CUSTOMERS: CUSTOMER_COLUMNS,
    CONTACTS: CONTACT_COLUMNS,
    FREEZES: FREEZE_COLUMNS,
}
OPTIONAL = {CUSTOMERS: (TICKET_ORGANIZATION,)}
TOLD_ONLY = frozenset({"Name", "Products", "Reason", STATE})
"""Columns by which nothing is judged and nobody mailed. Without one of the others the registry is not worked with: a
freeze without its end, or a partner's customer without `Operated by`, would read as if nothing had been said."""
DROPDOWNS: dict[str, tuple[str, ...]] = {
    "Operated by": tuple(OperatedBy),
    "Language": LANGUAGES,
    "Party": tuple(Party),
    "Gets": tuple(Gets),
}
ALL = "*"


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for a customer whose cell is empty: the organization's."""

    language: str
    time_zone: ZoneInfo
    holidays: tuple[str, ...]
    extra_holidays: frozenset[date]


@dataclass(frozen=True, slots=True)
class RegistrySheet:
    """The registry as read, and where the daemon's own columns of Customers stand."""

    registry: Registry
    layout: Layout
    """Of the tab Customers."""
    everyones_row: int | None
    """The row of Customers named `*`; None where there is none."""
    nameless_links: tuple[str, ...]
    """What stands in `Log` of the rows of Customers without a name."""
    last_row: int
    """The last row of Customers that says anything, or the header's."""


@dataclass(frozen=True, slots=True)
class CountedContacts:
    """The contacts that count, and since when each difference to what the registry says has stood."""

    contacts: tuple[Contact, ...]
    since: Mapping[Contact, datetime]


def count_contacts(
    before: CountedContacts | None,
    present: Sequence[Contact],
    customers: Iterable[str],
    now: datetime,
    settle: timedelta,
) -> CountedContacts:
    """A contact that comes, goes or changes counts once it was left so for `settle`: cut and pasted, it never left.

    At first sight what stands counts. A contact that only follows its customer's new name counts at once: one whose
    old name is none of `customers` any more. Else somebody may have met the wrong cell.
    """
    if before is None:
        return CountedContacts(tuple(present), {})
    there, counting = set(present), set(before.contacts)
    gone = [one for one in before.contacts if one not in there]
    come = [one for one in present if one not in counting]
    since = {one: before.since.get(one, now) for one in (*gone, *come)}
    names = {folded(one) for one in customers} | {ALL}
    followers = {replace(one, customer="") for one in gone if folded(one.customer) not in names}
    nameless = followers & {replace(one, customer="") for one in come}
    settled = {one for one, then in since.items() if now - then >= settle or replace(one, customer="") in nameless}
    # In the order they had: a row that only moved must not change what was made of it.
    counted = [one for one in before.contacts if one in there or one not in settled]
    counted += [one for one in come if one in settled]
    return CountedContacts(tuple(counted), {one: then for one, then in since.items() if one not in settled})


def read_registry(
    tabs: Mapping[str, Sequence[Row]],
    names: Names,
    defaults: Defaults,
    preferred_hours: Callable[[str], tuple[PreferredHours, ...]],
) -> RegistrySheet:
    """Read the three tabs. `preferred_hours` reads `Mon-Thu 15:00-20:00` and raises ValueError for what is not that.

    Raises LookupError with the sentence `tab_without_columns` where a tab has no header row or lacks a column by which
    something is judged (all but `TOLD_ONLY`).
    """
    layouts = {}
    for tab, columns in TABS.items():
        layout = find_layout(tabs[tab], (*columns, *OPTIONAL.get(tab, ())), names)
        needed = tuple(one for one in columns if one not in TOLD_ONLY)
        missing = layout.missing(needed) if layout else needed
        if layout is None or missing:
            lacking = tuple(map(names.shown, missing))
            raise LookupError(Sentence.of("tab_without_columns", tab=names.shown(tab), columns=lacking))
        layouts[tab] = layout

    def rows(tab: str) -> list[tuple[int, Row, RowReader]]:
        layout = layouts[tab]
        body = enumerate(tabs[tab][layout.header_row :], start=layout.header_row + 1)
        return [(number, row, RowReader(row, layout, names)) for number, row in body if not all(map(says_nothing, row))]

    problems: list[Sentence] = []
    customers: dict[str, Customer] = {}
    pause_all = False
    everyones_row = None
    nameless_links = []
    for number, row, reader in rows(CUSTOMERS):
        name = reader.text(CUSTOMER)
        if not name:
            problems.append(_in_row(CUSTOMERS, number, Sentence.of("cell_missing", column=names.shown(CUSTOMER)), name))
            nameless_links.append(reader.text(LOG))
        elif name == ALL:
            pause_all = pause_all or _paused(reader)
            everyones_row = everyones_row or number
        elif folded(name) in customers:
            problems.append(_in_row(CUSTOMERS, number, Sentence.of("customer_twice", customer=name), name))
        else:
            customers[folded(name)] = _customer(
                number, row, reader, name, layouts[CUSTOMERS], defaults, preferred_hours
            )
    contacts = [_contact(number, reader, problems) for number, _, reader in rows(CONTACTS)]
    freezes = [_freeze(number, reader, problems) for number, _, reader in rows(FREEZES)]
    registry = Registry(
        tuple(customers.values()),
        tuple(one for one in contacts if one),
        tuple(one for one in freezes if one),
        pause_all,
        tuple(problems),
    )
    used = [number for number, _, _ in rows(CUSTOMERS)]
    last_row = max(used, default=layouts[CUSTOMERS].header_row)
    return RegistrySheet(registry, layouts[CUSTOMERS], everyones_row, tuple(nameless_links), last_row)


def _customer(
    number: int,
    row: Row,
    reader: RowReader,
    name: str,
    layout: Layout,
    defaults: Defaults,
    preferred_hours: Callable[[str], tuple[PreferredHours, ...]],
) -> Customer:
    staff = [name for name in CUSTOMER_COLUMNS if name not in (LOG, STATE)]
    operated_by = reader.choice("Operated by", OperatedBy)
    language = reader.text("Language").lower()
    if language and language not in LANGUAGES:
        reader.problem(
            Sentence.of("cell_choice", column=reader.shown("Language"), text=language[:40], choices=LANGUAGES)
        )
        language = ""
    return Customer(
        row=number,
        name=name,
        # What cannot be read must not make a partner's customer one of ours: nothing is sent until it is put right.
        operated_by=operated_by or (OperatedBy.PARTNER if reader.text("Operated by") else OperatedBy.US),
        partner=reader.text("Partner"),
        language=language or defaults.language,
        time_zone=_zone(reader) or defaults.time_zone,
        holidays=_words(reader.text("Holidays")) or defaults.holidays,
        extra_holidays=_days(reader) | defaults.extra_holidays,
        preferred_hours=_hours(reader, preferred_hours),
        products=_words(reader.text("Products")),
        rules=_rules(reader),
        share_with=_words(reader.text("Share log with")),
        paused=_paused(reader),
        log_link=reader.text(LOG),
        problems=tuple(reader.problems),
        fingerprint=fingerprint(reader.cell(column) for column in staff if column in layout.columns),
        ticket_organization=reader.text(TICKET_ORGANIZATION) if TICKET_ORGANIZATION in layout.columns else "",
        operator_said=bool(reader.text("Operated by")),
    )


def _paused(reader: RowReader) -> bool:
    """A tick, or any word but a no: whoever writes something there means to stop."""
    return reader.ticked(PAUSE) or folded(reader.text(PAUSE)) not in ("", "false", "falso", "fals", "no", "0")


def _zone(reader: RowReader) -> ZoneInfo | None:
    text = reader.text("Time zone")
    if not text:
        return None
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        # OSError: a name that is a folder of the zone files, such as `Europe`.
        reader.problem(Sentence.of("time_zone_unknown", column=reader.shown("Time zone"), text=text[:40]))
        return None


def _days(reader: RowReader) -> frozenset[date]:
    """Dates of `Extra holidays`: a real date cell, or several as text `2026-08-15, 2026-09-08`.

    Other texts are not guessed: `9/12` is two days in two countries.
    """
    cell = reader.cell("Extra holidays")
    if not isinstance(cell, str):
        day = reader.day("Extra holidays")
        return frozenset({day} if day else ())
    days = set()
    for word in _words(cell):
        try:
            days.add(date.fromisoformat(word))
        except ValueError:
            reader.problem(Sentence.of("cell_days", column=reader.shown("Extra holidays"), text=word[:40]))
    return frozenset(days)


def _hours(
    reader: RowReader, preferred_hours: Callable[[str], tuple[PreferredHours, ...]]
) -> tuple[PreferredHours, ...]:
    text = reader.text("Preferred hours")
    try:
        return preferred_hours(text) if text else ()
    except ValueError:
        reader.problem(Sentence.of("preferred_hours_unread", column=reader.shown("Preferred hours"), text=text[:40]))
        return ()


def _rules(reader: RowReader) -> tuple[tuple[Rule, Level], ...]:
    """`friday: warn, overlap: off` -> the customer's own levels."""
    levels = []
    for word in _words(reader.text("Rules"), separators=",;\n"):
        rule, _, level = (part.strip().lower() for part in word.partition(":"))
        try:
            levels.append((Rule(rule.replace(" ", "_")), Level(level)))
        except ValueError:
            reader.problem(
                Sentence.of(
                    "rule_unread", column=reader.shown("Rules"), text=word[:40], rules=tuple(Rule), levels=tuple(Level)
                )
            )
    return tuple(levels)


def _contact(number: int, reader: RowReader, problems: list[Sentence]) -> Contact | None:
    customer = reader.text(CUSTOMER)
    address = reader.text("E-mail").lower()
    if not customer and not address:
        return None
    party = reader.choice("Party", Party)
    gets = reader.choice("Gets", Gets)
    language = reader.text("Language").lower()
    if not is_address(address):
        reader.problem(Sentence.of("contact_address", column=reader.shown("E-mail"), text=address[:40]))
    if not customer:
        reader.problem(Sentence.of("cell_missing", column=reader.shown(CUSTOMER)))
    if party is None and not reader.text("Party"):
        reader.problem(Sentence.of("cell_missing", column=reader.shown("Party")))
    if language and language not in LANGUAGES:
        reader.problem(
            Sentence.of("cell_choice", column=reader.shown("Language"), text=language[:40], choices=LANGUAGES)
        )
    if reader.problems or party is None:
        problems.extend(_in_row(CONTACTS, number, one, customer) for one in reader.problems)
        return None
    return Contact(customer, party, reader.text("Name"), address, gets or Gets.INVITE_AND_MAIL, language)


def _freeze(number: int, reader: RowReader, problems: list[Sentence]) -> Freeze | None:
    customer = reader.text(CUSTOMER)
    first, last = reader.day("From"), reader.day("To")
    if not customer and first is None and last is None and not reader.problems:
        return None
    if not customer:
        reader.problem(Sentence.of("cell_missing", column=reader.shown(CUSTOMER)))
    if first is None and not reader.problems:
        reader.problem(Sentence.of("cell_missing", column=reader.shown("From")))
    if first and last and last < first:
        reader.problem(Sentence.of("freeze_backwards", to=reader.shown("To"), start=reader.shown("From")))
    problems.extend(_in_row(FREEZES, number, one, customer) for one in reader.problems)
    if first is None or not customer:
        return None
    # Where its end cannot be told, its first day is frozen at the least.
    return Freeze(customer, first, max(first, last or first), reader.text("Reason"))


def _in_row(tab: str, number: int, sentence: Sentence, customer: str) -> Sentence:
    """The same sentence, told where it stands; `customer` lets the caller show it beside that customer."""
    return Sentence(sentence.code, (*sentence.values, ("in_customer", customer), ("in_row", number), ("in_tab", tab)))


def _words(text: str, separators: str = ",; \n") -> tuple[str, ...]:
    for separator in separators:
        text = text.replace(separator, "\n")
    return tuple(word.strip() for word in text.split("\n") if word.strip())

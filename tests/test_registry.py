"""The registry, read: customers, contacts, freezes; what cannot be read is told and stops nobody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import MADRID, contact, serial
from deploylog import registry
from deploylog.cells import Cell, Names, Row
from deploylog.model import (
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
from deploylog.registry import Defaults, count_contacts, read_registry
from deploylog.rules import parse_preferred_hours

DEFAULTS = Defaults("es", MADRID, ("ES-IB",), frozenset({date(2026, 8, 14)}))
DIBA: dict[str, Cell] = {"Customer": "DIBA", "Operated by": "Us"}
A_MANAGER: dict[str, Cell] = {"Customer": "DIBA", "Party": "Customer manager", "E-mail": "manager@customer.example"}
A_FREEZE: dict[str, Cell] = {"Customer": "DIBA", "From": serial("2026-12-21 00:00"), "To": serial("2027-01-07 00:00")}


def tab(columns: Sequence[str], rows: Sequence[Mapping[str, Cell]], names: Names | None = None) -> list[Row]:
    shown = (names or Names()).shown
    return [tuple(map(shown, columns)), *(tuple(row.get(column, "") for column in columns) for row in rows)]


def tabs(
    customers: Sequence[Mapping[str, Cell]] = (),
    contacts: Sequence[Mapping[str, Cell]] = (),
    freezes: Sequence[Mapping[str, Cell]] = (),
    names: Names | None = None,
) -> dict[str, list[Row]]:
    return {
        registry.CUSTOMERS: tab(registry.CUSTOMER_COLUMNS, customers, names),
        registry.CONTACTS: tab(registry.CONTACT_COLUMNS, contacts, names),
        registry.FREEZES: tab(registry.FREEZE_COLUMNS, freezes, names),
    }


def read(
    customers: Sequence[Mapping[str, Cell]] = (),
    contacts: Sequence[Mapping[str, Cell]] = (),
    freezes: Sequence[Mapping[str, Cell]] = (),
    names: Names | None = None,
) -> Registry:
    read_tabs = tabs(customers, contacts, freezes, names)
    return read_registry(read_tabs, names or Names(), DEFAULTS, parse_preferred_hours).registry


def read_customer(changes: Mapping[str, Cell]) -> Customer:
    [customer] = read([DIBA | dict(changes)]).customers
    return customer


def value(sentence: Sentence, name: str) -> object:
    return dict(sentence.values)[name]


# Customers -------------------------------------------------------------------------------------------------------


def test_a_customer_with_every_column() -> None:
    row = read_customer(
        {
            "Operated by": "us for PARTNER",
            "Partner": "Acme",
            "Language": "CA",
            "Time zone": "Atlantic/Canary",
            "Holidays": "ES-CT, ES-CN",
            "Extra holidays": "2026-09-11, 2026-09-24",
            "Preferred hours": "Mon-Thu 15:00-20:00",
            "Products": "AM, PAM",
            "Rules": "friday: warn\noverlap: off",
            "Share log with": "eva@customer.example, all@customer.example:comment",
            "Pause": True,
            "Log": "https://docs.example/1",
        }
    )
    assert row.problems == ()
    assert replace(row, fingerprint="") == Customer(
        row=2,
        name="DIBA",
        operated_by=OperatedBy.US_FOR_PARTNER,
        partner="Acme",
        language="ca",
        time_zone=ZoneInfo("Atlantic/Canary"),
        holidays=("ES-CT", "ES-CN"),
        extra_holidays=frozenset({date(2026, 9, 11), date(2026, 9, 24), date(2026, 8, 14)}),
        preferred_hours=(PreferredHours(frozenset({1, 2, 3, 4}), time(15), time(20)),),
        products=("AM", "PAM"),
        rules=((Rule.FRIDAY, Level.WARN), (Rule.OVERLAP, Level.OFF)),
        share_with=("eva@customer.example", "all@customer.example:comment"),
        paused=True,
        log_link="https://docs.example/1",
    )


def test_where_a_cell_is_empty_the_organizations_holds() -> None:
    row = read_customer({"Operated by": ""})
    assert (row.language, row.time_zone, row.holidays, row.operated_by) == ("es", MADRID, ("ES-IB",), OperatedBy.US)
    assert row.extra_holidays == DEFAULTS.extra_holidays
    assert (row.paused, row.problems, row.preferred_hours, row.rules) == (False, (), (), ())


def test_an_extra_holiday_may_be_a_date_cell() -> None:
    row = read_customer({"Extra holidays": serial("2026-09-11 00:00")})
    assert date(2026, 9, 11) in row.extra_holidays
    assert row.problems == ()


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("Operated by", "Partnr"),
        ("Operated by", True),
        ("Language", "fr"),
        ("Language", 7),
        ("Time zone", "Madrid"),
        ("Time zone", "Europe"),
        ("Time zone", "../etc"),
        ("Time zone", "/etc/passwd"),
        ("Time zone", "x" * 4000),
        ("Time zone", "\x00"),
        ("Extra holidays", "mañana"),
        ("Extra holidays", "2026-02-30"),
        ("Extra holidays", -5),
        ("Extra holidays", 1e300),
        ("Extra holidays", True),
        ("Preferred hours", "afternoons"),
        ("Preferred hours", "Mon 25:99-26:00"),
        ("Rules", "friday"),
        ("Rules", "friday: warm"),
        ("Rules", "monday: off"),
        ("Partner", "x" * 50_000),
    ],
)
def test_a_cell_of_a_customer_that_cannot_be_read_is_told_with_its_column(column: str, cell: Cell) -> None:
    found = read([DIBA | {column: cell}, {"Customer": "Other"}])
    diba, other = found.customers
    [problem] = diba.problems
    assert value(problem, "column") == column
    assert other.problems == ()
    assert (diba.language, diba.time_zone) == ("es", MADRID)


def test_one_bad_date_or_rule_leaves_the_others() -> None:
    row = read_customer({"Extra holidays": "2026-09-11, x", "Rules": "x, friday: off"})
    assert date(2026, 9, 11) in row.extra_holidays
    assert row.rules == ((Rule.FRIDAY, Level.OFF),)
    assert len(row.problems) == 2


def test_nobody_is_taken_for_ours_because_of_a_slip() -> None:
    """Of a customer its partner operates alone, an unreadable cell must not make one of ours."""
    assert read_customer({"Operated by": "Parnter"}).operated_by is OperatedBy.PARTNER


def test_the_row_named_star_pauses_all_and_is_no_customer() -> None:
    found = read([{"Customer": "*", "Pause": True}, DIBA])
    assert found.pause_all
    assert [one.name for one in found.customers] == ["DIBA"]
    assert not read([{"Customer": "*", "Pause": False}, DIBA]).pause_all
    assert not read([DIBA | {"Pause": True}]).pause_all


def test_a_customer_that_stands_twice_is_told_and_the_first_row_holds() -> None:
    found = read([DIBA, {"Customer": " Diba ", "Language": "en"}])
    [customer] = found.customers
    assert (customer.row, customer.language) == (2, "es")
    [problem] = found.problems
    assert (value(problem, "in_tab"), value(problem, "in_row")) == (registry.CUSTOMERS, 3)
    assert str(value(problem, "in_customer")).casefold() == "diba"


def test_rows_of_unticked_boxes_are_no_customers() -> None:
    assert read([{"Pause": False}] * 50).customers == ()
    assert read([{"Pause": False}, DIBA]).customers[0].row == 3


@pytest.mark.parametrize("column", [one for one in registry.CUSTOMER_COLUMNS if one not in ("Log", "State")])
def test_the_fingerprint_sees_every_staff_cell(column: str) -> None:
    assert read_customer({column: "word"}).fingerprint != read_customer({}).fingerprint


@pytest.mark.parametrize("column", ["Log", "State"])
def test_the_fingerprint_does_not_see_what_the_daemon_writes(column: str) -> None:
    assert read_customer({column: "word"}).fingerprint == read_customer({}).fingerprint


def test_a_customer_is_found_without_regard_to_case_and_outer_spaces() -> None:
    found = read([DIBA])
    assert found.customer(" diba ") is found.customers[0]
    assert found.customer("dib") is None


# Contacts --------------------------------------------------------------------------------------------------------


def test_a_contact_with_every_column() -> None:
    row = A_MANAGER | {"Name": "Marta", "E-mail": " Manager@Customer.example ", "Gets": "mail", "Language": "EN"}
    [one] = read(contacts=[row]).contacts
    expected = Contact("DIBA", Party.CUSTOMER_MANAGER, "Marta", "manager@customer.example", Gets.MAIL, "en")
    assert one == expected


def test_an_empty_gets_is_invite_and_mail_in_the_customers_language() -> None:
    [one] = read(contacts=[A_MANAGER]).contacts
    assert (one.gets, one.language) == (Gets.INVITE_AND_MAIL, "")


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("E-mail", ""),
        ("E-mail", "manager"),
        ("E-mail", "manager@"),
        ("E-mail", "Marta <manager@customer.example>"),
        ("E-mail", "a@customer.example, b@customer.example"),
        ("E-mail", "a..b@customer.example"),
        ("E-mail", "señora@customer.example"),
        ("E-mail", 5),
        ("E-mail", "x" * 50_000),
        ("Party", ""),
        ("Party", "Boss"),
        ("Gets", "Everything"),
        ("Gets", True),
        ("Language", "fr"),
        ("Customer", ""),
    ],
)
def test_a_contact_that_cannot_be_read_gets_nothing_and_is_told_with_tab_and_row(column: str, cell: Cell) -> None:
    found = read([DIBA], [A_MANAGER, A_MANAGER | {column: cell}, A_MANAGER])
    assert len(found.contacts) == 2
    problem = found.problems[0]
    assert (value(problem, "in_tab"), value(problem, "in_row")) == (registry.CONTACTS, 3)
    assert value(problem, "column") == column


def test_the_customers_own_contact_stands_before_everyones_and_an_address_counts_once() -> None:
    rows: list[Mapping[str, Cell]] = [
        {"Customer": "*", "Party": "Support team", "E-mail": "support@soffid.example"},
        {"Customer": "*", "Party": "Project team", "E-mail": "MANAGER@customer.example"},
        A_MANAGER | {"Customer": " diba "},
        A_MANAGER | {"Customer": "Other", "E-mail": "other@customer.example"},
    ]
    found = read([DIBA], rows)
    assert [(one.address, one.party) for one in found.contacts_of(found.customers[0])] == [
        ("manager@customer.example", Party.CUSTOMER_MANAGER),
        ("support@soffid.example", Party.SUPPORT_TEAM),
    ]


def test_a_customers_name_is_the_same_with_other_spaces_and_case() -> None:
    """The tab Customers says it so; contacts and freezes follow."""
    found = read(
        [{"Customer": "Diputació de Barcelona"}],
        [A_MANAGER | {"Customer": "diputació  de barcelona"}],
        [A_FREEZE | {"Customer": "DIPUTACIÓ de  Barcelona"}],
    )
    [customer] = found.customers
    assert len(found.contacts_of(customer)) == len(found.freezes_of(customer)) == 1
    assert found.customer("diputació de  barcelona") is customer


def test_no_contact_of_another_customer_hears_anything() -> None:
    found = Registry((), (contact("a@x.example", customer="DIBA"), contact("b@x.example", customer="DIBA 2")))
    assert [one.address for one in found.contacts_of(Customer(2, "DIBA"))] == ["a@x.example"]
    assert [one.address for one in found.contacts_of(Customer(2, "DIBA 2"))] == ["b@x.example"]


# Freezes ---------------------------------------------------------------------------------------------------------


def test_a_freeze_holds_from_its_first_to_its_last_day() -> None:
    assert read(freezes=[A_FREEZE | {"Reason": "campaign"}]).freezes == (
        Freeze("DIBA", date(2026, 12, 21), date(2027, 1, 7), "campaign"),
    )


def test_a_freeze_without_an_end_is_one_day_long() -> None:
    [freeze] = read(freezes=[A_FREEZE | {"To": ""}]).freezes
    assert (freeze.first, freeze.last) == (date(2026, 12, 21), date(2026, 12, 21))


def test_a_freeze_is_of_one_customer_or_of_all() -> None:
    found = read([DIBA, {"Customer": "Other"}], freezes=[A_FREEZE, A_FREEZE | {"Customer": "*"}])
    assert len(found.freezes_of(found.customers[0])) == 2
    assert [one.customer for one in found.freezes_of(found.customers[1])] == ["*"]


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"From": "mañana"}, "From"),
        ({"From": -5}, "From"),
        ({"From": True}, "From"),
        ({"From": ""}, "From"),
        ({"To": "2026-02-30"}, "To"),
        ({"Customer": ""}, "Customer"),
    ],
)
def test_a_freeze_that_cannot_be_read_is_told_with_tab_and_row(changes: dict[str, Cell], column: str) -> None:
    found = read([DIBA], freezes=[A_FREEZE, A_FREEZE | changes])
    # Where only its end cannot be read, it holds for its first day.
    first = date(2026, 12, 21)
    assert found.freezes[1:] == ((Freeze("DIBA", first, first),) if column == "To" else ())
    [problem] = found.problems
    assert (value(problem, "in_tab"), value(problem, "in_row")) == (registry.FREEZES, 3)
    assert value(problem, "column") == column


def test_a_freeze_that_ends_before_it_begins_is_told() -> None:
    found = read([DIBA], freezes=[A_FREEZE | {"To": serial("2026-12-20 00:00")}])
    assert found.freezes == (Freeze("DIBA", date(2026, 12, 21), date(2026, 12, 21)),)
    assert value(found.problems[0], "in_row") == 2


def test_a_freeze_of_a_customer_there_is_none_of_is_kept_as_nobodys() -> None:
    found = read([DIBA], freezes=[A_FREEZE | {"Customer": one} for one in ("*", "diba ", "DIBAA", "DIBA, ACME")])
    assert [one.customer for one in found.freezes_of_nobody] == ["DIBAA", "DIBA, ACME"]


# Tabs and headers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tab_name", "column"),
    [(name, column) for name, columns in registry.TABS.items() for column in columns],
)
def test_a_column_by_which_something_is_judged_must_be_there(tab_name: str, column: str) -> None:
    read_tabs = tabs([DIBA], [A_MANAGER], [A_FREEZE])
    header, *rows = read_tabs[tab_name]
    read_tabs[tab_name] = [tuple("renamed" if cell == column else cell for cell in header), *rows]
    if column in ("Name", "Products", "Reason", "State"):
        assert len(read_registry(read_tabs, Names(), DEFAULTS, parse_preferred_hours).registry.customers) == 1
        return
    with pytest.raises(LookupError) as refused:
        read_registry(read_tabs, Names(), DEFAULTS, parse_preferred_hours)
    assert refused.value.args[0] == Sentence.of("tab_without_columns", tab=tab_name, columns=(column,))


def test_columns_may_stand_in_any_order_below_titles_and_beside_others() -> None:
    read_tabs = tabs([DIBA | {"Language": "ca"}], [A_MANAGER], [A_FREEZE])
    turned = {
        name: [("Internal!",), (), *(tuple(reversed((*row, "x", "Notes"))) for row in rows)]
        for name, rows in read_tabs.items()
    }
    found = read_registry(turned, Names(), DEFAULTS, parse_preferred_hours)
    [customer] = found.registry.customers
    assert (customer.name, customer.language, customer.row) == ("DIBA", "ca", 4)
    assert (len(found.registry.contacts), len(found.registry.freezes), found.layout.header_row) == (1, 1, 3)


def test_the_owners_names_are_understood() -> None:
    names = Names({"Customer": "Cliente", "Operated by": "Operado por", "Us for partner": "Para el partner"})
    found = read([DIBA | {"Operated by": "para el PARTNER"}], [A_MANAGER], names=names)
    assert found.customers[0].operated_by is OperatedBy.US_FOR_PARTNER
    assert len(found.contacts_of(found.customers[0])) == 1


@pytest.mark.parametrize("column", ["Language", "Time zone", "Extra holidays", "Preferred hours", "Rules"])
def test_sentences_quote_columns_as_they_stand_in_the_sheet(column: str) -> None:
    names = Names({column: "Columna"})
    [customer] = read([DIBA | {column: "?!"}], names=names).customers
    assert {value(problem, "column") for problem in customer.problems} == {"Columna"}


@pytest.mark.parametrize(
    ("changes", "column"),
    [({"E-mail": "x"}, "E-mail"), ({"Language": "fr"}, "Language"), ({"Party": ""}, "Party")],
)
def test_sentences_about_contacts_do_too(changes: dict[str, Cell], column: str) -> None:
    names = Names({column: "Columna"})
    [problem] = read([DIBA], [A_MANAGER | changes], names=names).problems
    assert value(problem, "column") == "Columna"


@pytest.mark.parametrize("missing", registry.TABS)
def test_a_tab_without_its_columns_is_told_by_name(missing: str) -> None:
    read_tabs: dict[str, list[Row]] = tabs([DIBA]) | {missing: [("Notes",), ("x",)]}
    with pytest.raises(LookupError) as told:
        read_registry(read_tabs, Names(), DEFAULTS, parse_preferred_hours)
    [sentence] = told.value.args
    assert value(sentence, "tab") == missing


ANY_CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["*", "DIBA", "2026-02-30", "friday: off", "Mon 1:00-2:00", "Europe", "a@b.example", "x" * 50_000]),
)
ANY_ROWS = st.lists(st.lists(ANY_CELL, max_size=15), max_size=3)


@given(ANY_ROWS, ANY_ROWS, ANY_ROWS)
def test_no_cells_whatever_stop_the_reading(
    customers: list[list[Cell]], contacts: list[list[Cell]], freezes: list[list[Cell]]
) -> None:
    read_tabs = {
        registry.CUSTOMERS: [registry.CUSTOMER_COLUMNS, *customers],
        registry.CONTACTS: [registry.CONTACT_COLUMNS, *contacts],
        registry.FREEZES: [registry.FREEZE_COLUMNS, *freezes],
    }
    found = read_registry(read_tabs, Names(), DEFAULTS, parse_preferred_hours).registry
    assert all(one.name for one in found.customers)
    assert all(one.first <= one.last for one in found.freezes)


# Contacts that count ---------------------------------------------------------------------------------------------

SETTLE = timedelta(seconds=30)
T0 = datetime(2026, 12, 9, 8, tzinfo=UTC)
EVA = Contact("DIBA", Party.CUSTOMER_MANAGER, "", "eva@customer.example")
PAU = Contact("DIBA", Party.HELPDESK, "", "pau@customer.example")


def counted(*looks: tuple[int, Sequence[Contact]], customers: Sequence[str] = ("DIBA", "ACME")) -> tuple[Contact, ...]:
    """Who counts after looks at these seconds, each finding these contacts."""
    so_far = None
    for seconds, present in looks:
        so_far = count_contacts(so_far, present, customers, T0 + timedelta(seconds=seconds), SETTLE)
    assert so_far is not None
    return so_far.contacts


def test_at_first_sight_the_contacts_that_stand_there_count() -> None:
    assert counted((0, [EVA, PAU])) == (EVA, PAU)


@pytest.mark.parametrize(("seconds", "counts"), [(1, False), (29, False), (30, True), (300, True)])
def test_a_contact_that_comes_or_goes_counts_once_it_was_left_so(seconds: int, counts: bool) -> None:
    assert (PAU in counted((0, [EVA]), (1, [EVA, PAU]), (1 + seconds, [EVA, PAU]))) is counts
    assert (PAU not in counted((0, [EVA, PAU]), (1, [EVA]), (1 + seconds, [EVA]))) is counts


def test_a_contact_cut_and_pasted_elsewhere_never_left() -> None:
    for seconds in range(0, 60, 5):
        looks = [(0, [EVA, PAU]), (1, [PAU]), (20, [PAU, EVA]), (21 + seconds, [PAU, EVA])]
        assert counted(*looks) == (EVA, PAU), "also in the same order: nothing is to be written for it"


def test_a_changed_contact_goes_on_as_it_was_until_the_change_was_left_alone() -> None:
    catalan = replace(EVA, language="ca")
    assert counted((0, [EVA]), (1, [catalan]), (30, [catalan])) == (EVA,)
    assert counted((0, [EVA]), (1, [catalan]), (31, [catalan])) == (catalan,)


def test_a_contact_that_follows_its_customers_new_name_counts_at_once() -> None:
    renamed = replace(EVA, customer="Diputació")
    looks = (0, [EVA, PAU]), (1, [renamed, PAU])
    assert counted(*looks, customers=["Diputació"]) == (PAU, renamed)


def test_a_contact_under_another_customer_for_a_moment_is_a_slip_of_the_pen() -> None:
    slipped = replace(EVA, customer="ACME")
    assert counted((0, [EVA, PAU]), (1, [slipped, PAU]), (30, [slipped, PAU])) == (EVA, PAU)
    assert counted((0, [EVA, PAU]), (1, [slipped, PAU]), (31, [slipped, PAU])) == (PAU, slipped)
    assert counted((0, [replace(EVA, customer="*")]), (1, [EVA])) == (replace(EVA, customer="*"),)


def test_somebody_who_keeps_typing_elsewhere_holds_nobody_back() -> None:
    looks: list[tuple[int, Sequence[Contact]]] = [(0, [EVA])]
    looks += [(at, [EVA, PAU, replace(PAU, address=f"{at}@customer.example")]) for at in range(1, 40)]
    assert PAU in counted(*looks)


def test_where_the_row_of_all_and_the_last_row_stand_is_told() -> None:
    read_tabs = tabs([{"Customer": "DIBA"}, {"Customer": "*", "Pause": True}])
    found = read_registry(read_tabs, Names(), DEFAULTS, parse_preferred_hours)
    assert (found.everyones_row, found.last_row) == (3, 3)
    found = read_registry(tabs(), Names(), DEFAULTS, parse_preferred_hours)
    assert (found.everyones_row, found.last_row) == (None, 1)

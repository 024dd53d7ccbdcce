"""A customer's log: which rows there are, what makes one differ, and which of its cells are written back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import (
    END,
    MADRID,
    STAFF,
    START,
    cells_of,
    deployment,
    layout_of,
    read_all,
    read_row,
    serial,
    table,
)
from deploylog import deployment_log as log
from deploylog.cells import Cell, Names, serial_of
from deploylog.deployment_log import CellChange, Projection, SheetRow, changes_for, number_of, read_component
from deploylog.model import (
    CHECKLIST,
    Component,
    CustomerValidation,
    Environment,
    Notify,
    Restart,
    Status,
    ValidatedIn,
)

UNTICKED: dict[str, Cell] = dict.fromkeys(CHECKLIST, False)

# Which rows there are --------------------------------------------------------------------------------------------


def test_the_template_has_the_columns_of_the_design_once_each() -> None:
    assert len(set(log.COLUMNS)) == len(log.COLUMNS) == 33
    assert set(log.COLUMNS) == {*log.STAFF_COLUMNS, *log.DAEMON_COLUMNS}
    assert not set(log.STAFF_COLUMNS) & set(log.DAEMON_COLUMNS)


def test_columns_full_of_unticked_boxes_make_no_rows() -> None:
    assert read_all(table(*[UNTICKED] * 300)) == []


@pytest.mark.parametrize("column", [*log.WRITTEN_CELLS, log.COMMENT, log.OVERRIDE])
def test_a_word_in_any_staff_column_makes_a_row(column: str) -> None:
    [row] = read_all(table(UNTICKED, {**UNTICKED, column: "word"}))
    assert row.row == 3


def test_a_tick_makes_a_row() -> None:
    [row] = read_all(table({**UNTICKED, "Deployed": True}))
    assert (row.status, row.checked) == (Status.DRAFT, frozenset({"Deployed"}))


def test_a_row_with_nothing_but_its_id_is_still_that_row() -> None:
    [row] = read_all(table({**UNTICKED, log.ID: "DIBA-0003"}))
    assert (row.id, row.status) == ("DIBA-0003", Status.DRAFT)


@pytest.mark.parametrize("column", [one for one in log.DAEMON_COLUMNS if one != log.ID])
def test_what_stands_in_the_daemons_columns_alone_makes_no_row(column: str) -> None:
    assert read_all(table({**UNTICKED, column: "left over"})) == []


def test_gaps_between_rows_do_not_shift_their_numbers() -> None:
    rows = read_all(table(UNTICKED, cells_of(), {}, {}, cells_of()))
    assert [row.row for row in rows] == [3, 6]


def test_rows_may_be_shorter_than_the_header() -> None:
    short = (log.COLUMNS, ("", "Planned"), (), ("DIBA-0009",))
    first, second = read_all(short)
    assert (first.row, first.status, first.problems) == (2, Status.PLANNED, ())
    assert (second.row, second.id) == (4, "DIBA-0009")


@pytest.mark.parametrize("text", ["DIBA-14", "diba-0014", "0014", 14, "DIBA 0014", "DIBA-0014 (copy)", "x", True])
def test_what_has_not_the_form_of_an_id_is_none(text: Cell) -> None:
    [row] = read_all(table({**cells_of(), log.ID: text}))
    assert row.id == ""


@pytest.mark.parametrize(
    ("text", "number"),
    [("DIBA-0014", 14), ("A-0001", 1), ("GRUP-SANT-12345", 12345), ("3M-0007", 7), ("", None), ("-0014", None)],
)
def test_the_number_of_an_id(text: str, number: int | None) -> None:
    assert number_of(text) == number


# Reading ---------------------------------------------------------------------------------------------------------


def test_every_column_is_read() -> None:
    row = read_row(
        {
            log.ID: "DIBA-0014",
            log.STATUS: "Rolled back",
            log.ENVIRONMENT: "Cloud TEST with production data",
            log.TICKETS: "ES-7412280 Tractar els ORGANISMES\r\n\n- ES-7412104 PRODUCTES\n* correu de la Marta",
            log.RESTART: "Syncservers",
            log.RESPONSIBLE: " Ana@Soffid.example ",
            log.VALIDATED_IN: "Local",
            log.CUSTOMER_VALIDATION: "Risk accepted",
            log.NOTIFY: "Internal only",
            log.NEW_END: serial("2026-12-09 10:00"),
            "Deployed": True,
            log.COMMENT: "=SUM(1)",
            log.OVERRIDE: "Eva: agreed with the customer",
        }
    )
    assert row.problems == ()
    assert row.id == "DIBA-0014"
    assert row.status is Status.ROLLED_BACK
    assert row.environment is Environment.CLOUD_TEST
    assert row.tickets == ("ES-7412280 Tractar els ORGANISMES", "ES-7412104 PRODUCTES", "correu de la Marta")
    assert row.components == (
        Component("addon-diba", "3.2.11", "3.2.10"),
        Component("biblioteques programari", "3.2.1"),
    )
    assert row.restart is Restart.SYNCSERVERS
    assert row.responsible == STAFF
    assert row.agreed_with == "their manager, by phone"
    assert row.validated_in is ValidatedIn.LOCAL
    assert row.customer_validation is CustomerValidation.RISK_ACCEPTED
    assert row.rollback_guide == "https://docs.example/rollback"
    assert row.notify is Notify.INTERNAL_ONLY
    assert row.new_end == row.end == datetime.fromisoformat("2026-12-09T09:00+00:00")
    assert row.checked == {"Deployed"}
    assert row.comment == "=SUM(1)"
    assert row.override == "Eva: agreed with the customer"


def test_empty_cells_have_their_plain_meaning() -> None:
    row = read_row(dict.fromkeys(log.STAFF_COLUMNS, "") | {log.AGREED_WITH: "x"})
    assert (row.status, row.notify, row.restart) == (Status.DRAFT, Notify.EVERYONE, Restart.NONE)
    assert (row.window, row.end, row.new_end, row.environment, row.problems) == (None, None, None, None, ())


@pytest.mark.parametrize(
    ("line", "component"),
    [
        ("addon-diba 3.2.11 (3.2.10)", Component("addon-diba", "3.2.11", "3.2.10")),
        ("addon-diba 3.2.11", Component("addon-diba", "3.2.11")),
        ("addon-diba 3.2.11(3.2.10)", Component("addon-diba", "3.2.11", "3.2.10")),
        ("biblioteques programari 3.2.1", Component("biblioteques programari", "3.2.1")),
        ("diputació aplicacions 3.21 ( 3.20 )", Component("diputació aplicacions", "3.21", "3.20")),
        ("console 2 v3.6.1-SNAPSHOT", Component("console 2", "v3.6.1-SNAPSHOT")),
        ("addon-diba: 3.2.11", Component("addon-diba", "3.2.11")),
        ("addon-diba\t3.2.11", Component("addon-diba", "3.2.11")),
        ("addon-diba", Component("addon-diba")),
        ("addon-diba (new)", Component("addon-diba (new)")),
        ("3.2.11", Component("3.2.11")),
    ],
)
def test_a_component_is_a_name_a_version_and_the_version_before(line: str, component: Component) -> None:
    assert read_component(line) == component


def test_a_new_end_must_be_later_than_the_start_not_than_the_end() -> None:
    assert read_row({log.NEW_END: serial("2026-12-09 09:10")}).problems == ()
    [problem] = read_row({log.NEW_END: serial("2026-12-09 09:00")}).problems
    assert dict(problem.values)["column"] == log.NEW_END


# The fingerprint -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", [*log.WRITTEN_CELLS, log.COMMENT, log.OVERRIDE])
def test_the_fingerprint_sees_every_staff_cell(column: str) -> None:
    assert read_row({column: "another word"}).fingerprint != read_row().fingerprint


@pytest.mark.parametrize("column", [*CHECKLIST, *log.DAEMON_COLUMNS])
def test_the_fingerprint_sees_no_checkbox_and_no_cell_of_the_daemon(column: str) -> None:
    assert read_row({column: True}).fingerprint == read_row().fingerprint
    assert read_row({column: "DIBA-0077"}).fingerprint == read_row().fingerprint


def test_the_fingerprint_does_not_depend_on_where_row_and_columns_stand() -> None:
    [row] = read_all(table({}, {}, cells_of(), header=("Notes", *reversed(log.COLUMNS))))
    assert row.fingerprint == read_row().fingerprint


def test_a_number_and_the_same_number_as_text_read_the_same() -> None:
    assert read_row({log.DURATION: 15.0}).fingerprint == read_row({log.DURATION: "15"}).fingerprint


# Writing back ----------------------------------------------------------------------------------------------------

NOW = START + timedelta(minutes=20)
PROJECTION = Projection(
    progress="In progress: end expected Wed 9 Dec 09:15.",
    next_action="Wed 09:25: delay mail (es) to 7",
    calendar_event="https://calendar.example/1",
    replies="3 accepted",
    start_notified=START,
)


def sheet_row(changes: dict[str, Cell] | None = None, header: tuple[str, ...] = log.COLUMNS) -> SheetRow:
    rows = table({**cells_of(), log.ID: "DIBA-0001", **(changes or {})}, header=header)
    [row] = log.rows_of(rows, layout_of(header))
    return row


def written(
    row: SheetRow, wanted: Projection, header: tuple[str, ...] = log.COLUMNS, now: datetime = NOW
) -> dict[str, str | float]:
    """By column, what would be written; fails where a cell is written twice or in another row."""
    changes = changes_for(row, layout_of(header), wanted, MADRID, now)
    assert {one.row for one in changes} <= {row.number}
    assert len({one.column for one in changes}) == len(changes)
    return {header[one.column - 1]: one.value for one in changes}


def after(row: SheetRow, changes: dict[str, str | float], header: tuple[str, ...] = log.COLUMNS) -> SheetRow:
    cells = list(row.cells)
    for column, value in changes.items():
        cells[header.index(column)] = value
    return replace(row, cells=tuple(cells))


def test_a_fresh_row_gets_what_there_is_to_say_and_nothing_else() -> None:
    assert written(sheet_row(), PROJECTION) == {
        log.PROGRESS: PROJECTION.progress,
        log.NEXT_ACTION: PROJECTION.next_action,
        log.CALENDAR_EVENT: PROJECTION.calendar_event,
        log.REPLIES: "3 accepted",
        log.START_NOTIFIED: pytest.approx(serial("2026-12-09 09:00")),
        log.UPDATED_AT: pytest.approx(serial("2026-12-09 09:20")),
    }


def test_a_row_that_says_it_already_is_not_written_nor_is_the_time() -> None:
    row = sheet_row()
    row = after(row, written(row, PROJECTION))
    assert written(row, PROJECTION, now=NOW + timedelta(hours=1)) == {}


def test_only_what_differs_is_written_and_when() -> None:
    row = sheet_row()
    row = after(row, written(row, PROJECTION))
    later = NOW + timedelta(hours=1)
    changed = written(row, replace(PROJECTION, progress="Running late"), now=later)
    assert changed == {log.PROGRESS: "Running late", log.UPDATED_AT: pytest.approx(serial_of(later, MADRID))}


@pytest.mark.parametrize("shift", [1e-9, -1e-9, 0.4 / 86400])
def test_times_are_compared_with_the_tolerance_of_a_binary_fraction(shift: float) -> None:
    row = sheet_row()
    row = after(row, written(row, PROJECTION))
    row = after(row, {log.START_NOTIFIED: serial("2026-12-09 09:00") + shift})
    assert written(row, PROJECTION) == {}


@pytest.mark.parametrize("tampered", [serial("2026-12-09 09:01"), "soon", "", True, 0])
def test_a_tampered_time_heals(tampered: str | float) -> None:
    row = sheet_row()
    row = after(row, {**written(row, PROJECTION), log.START_NOTIFIED: tampered})
    assert written(row, PROJECTION)[log.START_NOTIFIED] == pytest.approx(serial("2026-12-09 09:00"))


@pytest.mark.parametrize("tampered", ["Done", "", True, False, 5])
def test_a_tampered_text_heals(tampered: Cell) -> None:
    row = sheet_row({log.PROGRESS: tampered})
    assert written(row, PROJECTION)[log.PROGRESS] == PROJECTION.progress


def test_what_holds_no_more_is_cleared() -> None:
    row = sheet_row()
    row = after(row, written(row, PROJECTION))
    assert written(row, Projection("Draft")) == {
        log.PROGRESS: "Draft",
        log.NEXT_ACTION: "",
        log.CALENDAR_EVENT: "",
        log.REPLIES: "",
        log.START_NOTIFIED: "",
        log.UPDATED_AT: pytest.approx(serial_of(NOW, MADRID)),
    }


def test_replies_that_are_not_known_at_present_are_left_alone() -> None:
    row = sheet_row({log.REPLIES: "2 accepted"})
    assert log.REPLIES not in written(row, replace(PROJECTION, replies=None))


def test_writes_find_their_columns_wherever_they_stand() -> None:
    header = ("Notes", *reversed(log.COLUMNS), "More notes")
    row = sheet_row(header=header)
    assert written(row, PROJECTION, header) == written(sheet_row(), PROJECTION)


def test_a_row_cut_short_by_the_service_is_written_whole() -> None:
    row = replace(sheet_row(), cells=sheet_row().cells[:2])
    assert written(row, PROJECTION) == written(sheet_row(), PROJECTION)


def test_a_missing_column_is_not_written() -> None:
    header = tuple(one for one in log.COLUMNS if one not in (log.NEXT_ACTION, log.UPDATED_AT))
    assert {log.NEXT_ACTION, log.UPDATED_AT}.isdisjoint(written(sheet_row(header=header), PROJECTION, header))


TEXTS = st.text(max_size=20)
MOMENTS = st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=MADRID)
)
PROJECTIONS = st.builds(
    Projection,
    progress=TEXTS,
    next_action=TEXTS,
    calendar_event=TEXTS,
    replies=st.none() | TEXTS,
    start_notified=MOMENTS,
    delay_notified=MOMENTS,
    end_notified=MOMENTS,
    actual_end=MOMENTS,
)
CELLS = st.one_of(st.none(), st.booleans(), TEXTS, st.floats(allow_nan=False, allow_infinity=False), st.integers())


@given(PROJECTIONS, st.fixed_dictionaries(dict.fromkeys(log.DAEMON_COLUMNS, CELLS)), st.permutations(log.COLUMNS))
def test_no_staff_cell_and_no_id_is_ever_written_and_once_is_enough(
    wanted: Projection, standing: dict[str, Cell], header: list[str]
) -> None:
    row = SheetRow(2, "", table({**cells_of(), **standing}, header=header)[1])
    changes = written(row, wanted, tuple(header))
    assert set(changes) <= set(log.DAEMON_COLUMNS) - {log.ID}
    assert written(after(row, changes, tuple(header)), wanted, tuple(header)) == {}


def test_a_change_is_an_absolute_cell() -> None:
    changes = changes_for(sheet_row(), layout_of(), Projection("Draft"), MADRID, NOW)
    assert CellChange(2, log.COLUMNS.index(log.PROGRESS) + 1, "Draft") in changes


def test_the_end_that_holds_is_the_new_one_where_given() -> None:
    assert deployment().end == END
    assert deployment(new_end=END + timedelta(hours=1)).end == END + timedelta(hours=1)


def test_tab_and_column_names_may_be_the_owners() -> None:
    names = Names({log.STATUS: "Estado", log.ID: "Código"})
    assert read_row({log.ID: "DIBA-0001"}, names).id == "DIBA-0001"

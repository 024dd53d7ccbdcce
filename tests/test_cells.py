"""What staff type into cells: what can be read is read, what cannot gets one sentence that names its column."""

from __future__ import annotations

import time as clock
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import END, MADRID, START, cells_of, read_all, read_row, serial, table
from deploylog import deployment_log as log
from deploylog.cells import (
    TEXT_LIMIT,
    Cell,
    Names,
    RowReader,
    find_layout,
    fingerprint,
    folded,
    is_address,
    local_moment,
    says_nothing,
    serial_of,
    text_of,
)
from deploylog.model import Deployment, Restart, Status

LONG = "x" * 50_000

UNREADABLE: list[tuple[str, Cell]] = [
    (log.STATUS, "Plannned"),
    (log.STATUS, "Planned?"),
    (log.STATUS, True),
    (log.STATUS, 1),
    (log.STATUS, "#REF!"),
    (log.STATUS, LONG),
    (log.ENVIRONMENT, "Prod"),
    (log.START, "mañana"),
    (log.START, "25:99"),
    (log.START, "2026-12-09 25:99"),
    (log.START, "2026-02-30 09:00"),
    (log.START, "2026-13-01 09:00"),
    (log.START, "9/12 09:00"),
    (log.START, "2026-12-09"),
    (log.START, serial("2026-12-09 00:00")),
    (log.START, -5),
    (log.START, "-5"),
    (log.START, 0),
    (log.START, 0.375),
    (log.START, 1e300),
    (log.START, 10**30),
    (log.START, 2_958_465),
    (log.START, True),
    (log.START, False),
    (log.START, serial("2027-03-28 01:59") + 31 / 1440),
    (log.START, "2027-03-28 02:30"),
    (log.START, "\x00\x07"),
    (log.START, LONG),
    (log.DURATION, -5),
    (log.DURATION, "-5"),
    (log.DURATION, 0),
    (log.DURATION, 0.001),
    # `1:30`, as Sheets stores a time: a fraction of a day, not of a minute.
    (log.DURATION, 0.0625),
    (log.DURATION, "quince"),
    (log.DURATION, "15 min"),
    (log.DURATION, "nan"),
    (log.DURATION, "inf"),
    (log.DURATION, 1e300),
    (log.DURATION, 7 * 24 * 60),
    (log.DURATION, True),
    (log.DURATION, False),
    (log.DURATION, "9" * 50_000),
    (log.TICKETS, LONG),
    (log.COMPONENTS, LONG),
    (log.RESTART, "All"),
    (log.RESTART, True),
    (log.RESPONSIBLE, "ana"),
    (log.RESPONSIBLE, "ana@"),
    (log.RESPONSIBLE, "ana@other.example"),
    (log.RESPONSIBLE, "ana@soffid.example.other.example"),
    (log.RESPONSIBLE, "ana@soffid.example, eva@soffid.example"),
    (log.RESPONSIBLE, "Ana <ana@soffid.example>"),
    (log.RESPONSIBLE, "ana@soffid.example\nBcc: all@other.example"),
    (log.RESPONSIBLE, "\x00ana@soffid.example"),
    (log.RESPONSIBLE, "a..b@soffid.example"),
    (log.RESPONSIBLE, 7),
    (log.RESPONSIBLE, True),
    (log.RESPONSIBLE, LONG),
    (log.VALIDATED_IN, "PROD"),
    (log.CUSTOMER_VALIDATION, "Yes"),
    (log.ROLLBACK_GUIDE, LONG),
    (log.NOTIFY, "Everybody"),
    (log.NEW_END, "tarde"),
    (log.NEW_END, serial("2026-12-09 08:59")),
    (log.NEW_END, "2027-03-28 02:30"),
    (log.NEW_END, True),
    (log.COMMENT, LONG),
    (log.OVERRIDE, LONG),
]


@pytest.mark.parametrize(
    ("column", "cell"), UNREADABLE, ids=[f"{column}: {str(cell)[:20]!r}" for column, cell in UNREADABLE]
)
def test_a_cell_that_cannot_be_read_gives_one_sentence_that_names_its_column(column: str, cell: Cell) -> None:
    bad = {**cells_of(), column: cell}
    good, read, after = read_all(table(cells_of(), bad, cells_of()))
    [problem] = read.problems
    assert dict(problem.values)["column"] == column
    assert all(len(value) <= 60 for value in dict(problem.values).values() if isinstance(value, str))
    assert good.problems == after.problems == ()
    assert after.window == good.window


def test_every_bad_cell_of_a_row_is_told_at_once() -> None:
    row = read_row({log.START: "mañana", log.DURATION: "-5", log.RESPONSIBLE: "ana", log.STATUS: "?"})
    assert {dict(one.values)["column"] for one in row.problems} == {
        log.START,
        log.DURATION,
        log.RESPONSIBLE,
        log.STATUS,
    }


def test_an_unknown_status_is_not_taken_for_draft() -> None:
    assert read_row({log.STATUS: "Palnned"}).status_unknown
    assert read_row({log.STATUS: LONG}).status_unknown
    empty = read_row({log.STATUS: ""})
    assert (empty.status, empty.status_unknown) == (Status.DRAFT, False)


@pytest.mark.parametrize("column", [log.OVERRIDE, log.AGREED_WITH, log.ROLLBACK_GUIDE, log.COMMENT])
def test_an_unticked_checkbox_where_text_is_expected_says_nothing(column: str) -> None:
    """Somebody formats the column as checkboxes: every row holds FALSE, and none of them overrides a rule."""
    row = read_row({column: False})
    assert (row.override, row.comment) == ("", "")
    assert {log.AGREED_WITH: row.agreed_with, log.ROLLBACK_GUIDE: row.rollback_guide}.get(column, "") == ""


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (serial("2026-12-09 09:00"), START),
        (serial("2026-12-09 09:00") + 1e-7, START),
        (serial("2026-12-09 09:00") - 1e-7, START),
        ("2026-12-09 09:00", START),
        (" 2026-12-09T09:00:00 ", START),
        ("2026-12-09 9:00", START),
        ("2027-03-28 01:59", datetime(2027, 3, 28, 0, 59, tzinfo=UTC)),
        ("2027-03-28 03:00", datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
        # Twice on that night: the first, in summer time.
        ("2026-10-25 02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (46320.104166667, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25 03:00", datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
    ],
)
def test_a_start_is_an_instant_of_the_spreadsheets_zone(cell: Cell, expected: datetime) -> None:
    row = read_row({log.START: cell})
    assert row.problems == ()
    assert row.window is not None
    assert row.window.start == expected
    assert row.window.start.utcoffset() == timedelta(0)


def test_the_same_cells_are_another_instant_in_another_zone() -> None:
    [row] = read_all(table(cells_of()), zone=ZoneInfo("Atlantic/Canary"))
    assert row.window is not None
    assert row.window.start == START + timedelta(hours=1)


@pytest.mark.parametrize(
    ("cell", "minutes"), [(15, 15), (15.0, 15), ("15", 15), (" 90 ", 90), ("45,0", 45), (1, 1), (10_079, 10_079)]
)
def test_a_duration_is_a_number_of_minutes(cell: Cell, minutes: float) -> None:
    window = read_row({log.DURATION: cell}).window
    assert window is not None
    assert window.duration == timedelta(minutes=minutes)


@pytest.mark.parametrize("cell", [True, "TRUE", "true", "VERDADERO", "x", " X "])
def test_what_is_a_tick(cell: Cell) -> None:
    assert read_row({"Deployed": cell}).checked == {"Deployed"}


@pytest.mark.parametrize("cell", [False, "FALSE", "", None, 0, 1, "no", LONG])
def test_what_is_not_a_tick(cell: Cell) -> None:
    row = read_row({"Deployed": cell})
    assert (row.checked, row.problems) == (frozenset(), ())


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        ("  a  ", "a"),
        ("a\r\nb\rc", "a\nb\nc"),
        (14.0, "14"),
        (3.21, "3.21"),
        (True, "TRUE"),
        (False, "FALSE"),
        (1e21, "1000000000000000000000"),
    ],
)
def test_a_cell_as_text(cell: Cell, text: str) -> None:
    assert text_of(cell) == text


@pytest.mark.parametrize("cell", ["", None, False, "  ", "\n"])
def test_empty_cells_and_unticked_boxes_say_nothing(cell: Cell) -> None:
    assert says_nothing(cell)


@pytest.mark.parametrize("cell", [True, 0, "FALSE", "-"])
def test_other_cells_say_something(cell: Cell) -> None:
    assert not says_nothing(cell)


# Header rows -----------------------------------------------------------------------------------------------------


def plain(rows: Sequence[Sequence[Cell]], names: Names | None = None) -> list[tuple[object, ...]]:
    return [
        (one.row, one.status, one.window, one.components, one.responsible, one.problems)
        for one in read_all(rows, names)
    ]


def test_the_columns_may_stand_in_any_order() -> None:
    backwards = table(cells_of(), header=tuple(reversed(log.COLUMNS)))
    assert plain(backwards) == plain(table(cells_of()))


def test_the_header_may_stand_below_titles_and_blank_rows() -> None:
    rows = [("Deployments of DIBA", "", "Status"), (), *table(cells_of())]
    [row] = read_all(rows)
    assert row.row == 4
    assert (row.status, row.problems) == (Status.PLANNED, ())


def test_a_header_further_down_than_ten_rows_is_none() -> None:
    assert log.find_columns([(), *[("x",)] * 9, *table(cells_of())], Names()) is None
    assert log.find_columns([*[("x",)] * 9, *table(cells_of())], Names()) is not None


def test_columns_nobody_knows_are_left_alone() -> None:
    header = ("Our notes", *log.COLUMNS[:5], "", "Cost", *log.COLUMNS[5:], "Links")
    notes: dict[str, Cell] = {"Our notes": "call Eva", "Cost": 12, "Links": "x"}
    assert plain(table({**cells_of(), **notes}, header=header)) == plain(table(cells_of()))
    assert read_all(table(notes, header=header)) == []


def test_merged_and_blank_header_cells_are_no_columns() -> None:
    header = list(log.COLUMNS)
    header[header.index("Restarted")] = ""
    header[header.index("Deployed")] = None  # type: ignore[call-overload]
    rows = table(cells_of())
    layout = log.find_columns([header, *rows[1:]], Names())
    assert layout is not None
    assert set(layout.missing(log.COLUMNS)) == {"Restarted", "Deployed"}
    assert layout.columns[log.STATUS] == log.COLUMNS.index(log.STATUS) + 1


def test_of_two_columns_with_one_name_the_first_counts() -> None:
    rows = table(cells_of(), header=(*log.COLUMNS, log.STATUS))
    layout = log.find_columns(rows, Names())
    assert layout is not None
    assert layout.columns[log.STATUS] == log.COLUMNS.index(log.STATUS) + 1


def test_header_names_are_compared_without_case_and_spaces() -> None:
    header = tuple(f"  {name.upper()} " for name in log.COLUMNS)
    layout = log.find_columns([header], Names())
    assert layout is not None
    assert layout.missing(log.COLUMNS) == ()


@pytest.mark.parametrize("rows", [[], [()], [("", None, 3, True)], [("Status",)], [("Planned", "Production")]])
def test_where_there_is_no_header_row_none_is_made_up(rows: list[Sequence[Cell]]) -> None:
    assert log.find_columns(rows, Names()) is None


def test_the_row_with_most_names_is_the_header_not_a_row_that_speaks_of_them() -> None:
    rows = [("How to: set Status, then", "Status", "Start"), *table(cells_of())]
    layout = find_layout(rows, log.COLUMNS, Names())
    assert layout is not None
    assert layout.header_row == 2


def test_a_row_that_speaks_of_columns_below_the_header_is_a_row() -> None:
    [row] = read_all(table({log.STATUS: "Status", log.COMMENT: "Start"}))
    assert row.row == 2


OURS_TO_THEIRS = Names(
    {
        "Status": "Estado",
        "Start": "Inicio",
        "Planned": "Planificado",
        "Consoles": "Consolas",
        "Tickets and e-mails": "Tiquets y correos",
    }
)


def test_columns_and_choices_are_read_by_the_owners_names() -> None:
    theirs = {**cells_of(), log.STATUS: " planificado ", log.RESTART: "CONSOLAS"}
    rows = table(theirs, names=OURS_TO_THEIRS)
    assert "Inicio" in rows[0]
    [row] = read_all(rows, OURS_TO_THEIRS)
    assert (row.status, row.restart, row.problems) == (Status.PLANNED, Restart.CONSOLES, ())
    assert row.window is not None


def test_our_own_choices_are_understood_beside_the_owners() -> None:
    assert read_row({log.STATUS: "Planned"}, OURS_TO_THEIRS).status is Status.PLANNED


def test_sentences_quote_columns_and_choices_as_they_stand_in_the_sheet() -> None:
    row = read_row({log.STATUS: "Hecho?", log.START: "mañana"}, OURS_TO_THEIRS)
    status, start = row.problems
    assert dict(status.values)["column"] == "Estado"
    choices = dict(status.values)["choices"]
    assert isinstance(choices, tuple)
    assert "Planificado" in choices
    assert "Planned" not in choices
    assert dict(start.values)["column"] == "Inicio"


# Addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["ana@soffid.example", "a.b+c@x-y.example", "o'neil@x.example", "a_b@x.y.example", "1@2.example", "a=b@x.example"],
)
def test_what_is_an_address(address: str) -> None:
    assert is_address(address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "ana",
        "ana@",
        "@x.example",
        "ana@localhost",
        "ana@x..example",
        "ana@-x.example",
        "ana@x-.example",
        "ana@@x.example",
        "ana @x.example",
        "ana@x.example ",
        "ana@x.example\n",
        "Ana <ana@x.example>",
        "<ana@x.example>",
        "ana@x.example,eva@x.example",
        "ana@x.example;eva@x.example",
        '"ana"@x.example',
        # Python's `email` raises on these when a header is written: they must not get that far.
        ".ana@x.example",
        "ana.@x.example",
        "a..b@x.example",
        "señora@x.example",
        "ana\x00@x.example",
        "ana\x7f@x.example",
        "ana\u200b@x.example",
        "=?utf-8?q?ana?=@x.example",
        "a" * 250 + "@x.example",
    ],
)
def test_what_is_not_one_plain_address(text: str) -> None:
    assert not is_address(text)


# Properties ------------------------------------------------------------------------------------------------------

ANY_CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=40),
    st.sampled_from([LONG, "=1+1", "<b>", "\x00", "\ufeff", "2027-03-28 02:30", "DIBA-0001", "٣٠", "1_5", "1e5"]),
)


@given(st.lists(st.lists(ANY_CELL, max_size=len(log.COLUMNS) + 2), max_size=5))
def test_no_cells_whatever_stop_the_reading(body: list[list[Cell]]) -> None:
    for row in read_all([log.COLUMNS, *body]):
        assert isinstance(row, Deployment)
        assert row.window is None or row.window.end > row.window.start
        assert row.new_end is None or row.window is None or row.new_end > row.window.start


@given(st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1)))  # noqa: DTZ001
def test_a_serial_number_and_the_instant_it_shows_are_each_others(moment: datetime) -> None:
    instant = moment.replace(microsecond=0, tzinfo=UTC)
    local = local_moment(serial_of(instant, MADRID))
    assert local == instant.astimezone(MADRID).replace(tzinfo=None)


@given(st.lists(ANY_CELL, min_size=1, max_size=6), st.lists(ANY_CELL, min_size=1, max_size=6))
def test_fingerprints_are_equal_exactly_when_the_cells_read_the_same(one: list[Cell], other: list[Cell]) -> None:
    same = list(map(text_of, one)) == list(map(text_of, other))
    assert (fingerprint(one) == fingerprint(other)) is same


@pytest.mark.parametrize(
    "line", ["a" + "," * (TEXT_LIMIT - 1), "a " * (TEXT_LIMIT // 2), "a 1" + "(" * 4000, "\n" * TEXT_LIMIT, "-" * 5000]
)
def test_no_cell_takes_long_to_read(line: str) -> None:
    begin = clock.perf_counter()
    read_row({log.COMPONENTS: line, log.TICKETS: line})
    assert clock.perf_counter() - begin < 1


def test_a_date_drops_the_time_of_day() -> None:
    layout = find_layout([("From", "To")], ("From", "To"), Names())
    assert layout is not None
    reader = RowReader((serial("2026-12-24 13:00"), "2026-12-31"), layout, Names())
    assert (reader.day("From"), reader.day("To")) == (date(2026, 12, 24), date(2026, 12, 31))
    assert reader.problems == []


def test_the_complete_row_has_no_problem() -> None:
    row = read_row()
    assert row.problems == ()
    assert row.window is not None
    assert (row.window.start, row.window.end) == (START, END)


def test_names_are_the_same_however_their_accents_are_kept() -> None:
    assert folded(unicodedata.normalize("NFD", "Diputació  DE Girona")) == folded("diputació de girona")
    assert folded("Diputacio") != folded("Diputació")

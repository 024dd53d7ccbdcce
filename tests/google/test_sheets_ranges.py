"""How cells become ranges of A1 notation."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deploylog.cells import column_letters
from deploylog.google.sheets import CellWrite, _a1, _blocks, quoted

CELLS = st.lists(
    st.builds(
        CellWrite,
        tab=st.sampled_from(["Deployments", "History"]),
        row=st.integers(1, 3),
        column=st.sampled_from([1, 2, 3, 26, 27]),
        value=st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3)),
    ),
    max_size=20,
)


@given(CELLS)
def test_the_ranges_cover_the_named_cells_and_no_other_once_each(cells: list[CellWrite]) -> None:
    covered = {}
    for block in _blocks(cells):
        for down, values in enumerate(block.values):
            assert len(values) == len(block.values[0])
            for right, value in enumerate(values):
                place = (block.tab, block.row + down, block.column + right)
                assert place not in covered
                covered[place] = value
    last = {(one.tab, one.row, one.column): "" if one.value is None else one.value for one in cells}
    assert covered == last


def test_neighbours_are_one_range_and_equally_wide_rows_below_each_other_too() -> None:
    cells = [CellWrite("Log", row, column, f"{row}.{column}") for row in (4, 3) for column in (28, 27, 26)]
    assert [(_a1(block), block.values) for block in _blocks(cells)] == [
        ("'Log'!Z3:AB4", [["3.26", "3.27", "3.28"], ["4.26", "4.27", "4.28"]])
    ]


def test_apart_or_unequal_cells_are_ranges_of_their_own() -> None:
    cells = [CellWrite("A", 1, 1, 1), CellWrite("A", 1, 3, 2), CellWrite("A", 2, 1, 3), CellWrite("B", 3, 1, 4)]
    assert [_a1(block) for block in _blocks(cells)] == ["'A'!A1", "'A'!C1", "'A'!A2", "'B'!A3"]
    unequal = [CellWrite("A", 1, 1, 1), CellWrite("A", 1, 2, 2), CellWrite("A", 2, 1, 3)]
    assert [_a1(block) for block in _blocks(unequal)] == ["'A'!A1:B1", "'A'!A2"]


def test_an_empty_value_clears_and_is_never_left_out() -> None:
    """`null` would skip the cell (Sheets API, ValueRange)."""
    (block,) = _blocks([CellWrite("A", 1, 1, None)])
    assert block.values == [[""]]


def test_a_quote_in_a_tabs_name_is_doubled() -> None:
    assert quoted("O'Brien") == "'O''Brien'"


def test_columns_have_letters() -> None:
    numbers = (1, 26, 27, 52, 53, 702, 703)
    assert [column_letters(number) for number in numbers] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]

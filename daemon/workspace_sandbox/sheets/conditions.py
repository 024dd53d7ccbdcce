"""Conditions on cells (BooleanCondition), on which conditional formats and filters depend.

https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/other#ConditionType
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta

from workspace_sandbox.calls import Json
from workspace_sandbox.sheets.cell_values import DATE_TYPES, EPOCH, entered
from workspace_sandbox.sheets.formula_functions import months_later
from workspace_sandbox.sheets.formula_syntax import FormulaSyntaxError, Function, Reference, nodes, parse
from workspace_sandbox.sheets.formula_values import Fault, Scalar, is_number, of_extended, text
from workspace_sandbox.sheets.formulas import Calculation
from workspace_sandbox.sheets.grid import cell_at, size

Test = Callable[[int, int], bool]
"""Whether the cell at a row and column meets a condition."""
Wanted = Callable[[int, int], Scalar]
"""What a condition compares the cell at a row and column with."""
Rect = tuple[int, int, int, int]
"""First row, first column, and the row and column after the last."""

_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "TEXT_CONTAINS": lambda shown, wanted: wanted in shown,
    "TEXT_NOT_CONTAINS": lambda shown, wanted: wanted not in shown,
    "TEXT_STARTS_WITH": lambda shown, wanted: shown.startswith(wanted),
    "TEXT_ENDS_WITH": lambda shown, wanted: shown.endswith(wanted),
    "TEXT_EQ": lambda shown, wanted: shown == wanted,
    "TEXT_NOT_EQ": lambda shown, wanted: shown != wanted,
}
"""Case is not looked at."""
_NUMBERS: dict[str, Callable[..., bool]] = {
    "NUMBER_GREATER": lambda value, wanted: value > wanted,
    "NUMBER_GREATER_THAN_EQ": lambda value, wanted: value >= wanted,
    "NUMBER_LESS": lambda value, wanted: value < wanted,
    "NUMBER_LESS_THAN_EQ": lambda value, wanted: value <= wanted,
    "NUMBER_EQ": lambda value, wanted: value == wanted,
    "NUMBER_NOT_EQ": lambda value, wanted: value != wanted,
    "NUMBER_BETWEEN": lambda value, low, high: min(low, high) <= value <= max(low, high),
    "NUMBER_NOT_BETWEEN": lambda value, low, high: not min(low, high) <= value <= max(low, high),
}
_DATES: dict[str, Callable[..., bool]] = {
    "DATE_EQ": lambda value, wanted: math.floor(value) == math.floor(wanted),
    "DATE_NOT_EQ": lambda value, wanted: math.floor(value) != math.floor(wanted),
    "DATE_BEFORE": lambda value, wanted: value < math.floor(wanted),
    "DATE_AFTER": lambda value, wanted: value >= math.floor(wanted) + 1,
    "DATE_ON_OR_BEFORE": lambda value, wanted: value < math.floor(wanted) + 1,
    "DATE_ON_OR_AFTER": lambda value, wanted: value >= math.floor(wanted),
    "DATE_BETWEEN": lambda value, low, high: math.floor(low) <= value < math.floor(high) + 1,
    "DATE_NOT_BETWEEN": lambda value, low, high: not math.floor(low) <= value < math.floor(high) + 1,
}
_DAYS = {"TODAY": 0, "TOMORROW": 1, "YESTERDAY": -1, "PAST_WEEK": -7}
_MONTHS = {"PAST_MONTH": -1, "PAST_YEAR": -12}
_WITH_PLACE = frozenset(("ROW", "COLUMN"))


def needed_values(kind: str) -> range:
    """How many values a condition of that type takes."""
    if kind.endswith("BETWEEN"):
        return range(2, 3)
    if kind in _TEXTS or kind in _NUMBERS or kind in _DATES or kind == "CUSTOM_FORMULA":
        return range(1, 2)
    return range(1) if kind in ("BLANK", "NOT_BLANK") else range(10_000)


def condition_test(calculation: Calculation, sheet: Json, condition: Json, anchor: tuple[int, int]) -> Test:
    """The test of a condition; relative references in its formulas are meant from the cell `anchor`.

    A type that is no condition for colours or filters holds nowhere.
    """
    kind = condition.get("type", "")
    wanted = [condition_value(calculation, sheet, one, anchor) for one in condition.get("values") or []]
    if kind in ("BLANK", "NOT_BLANK"):
        blank = kind == "BLANK"
        return lambda row, column: (calculation.value(sheet, row, column) in (None, "")) == blank
    if kind == "CUSTOM_FORMULA":
        return lambda row, column: _is_true(wanted[0](row, column))
    if kind in _TEXTS:
        return _text_test(calculation, sheet, _TEXTS[kind], wanted[0])
    if kind in _NUMBERS or kind in _DATES:
        return _number_test(calculation, sheet, kind, wanted)
    return lambda row, column: False


def _text_test(calculation: Calculation, sheet: Json, compare: Callable[[str, str], bool], wanted: Wanted) -> Test:
    """Of the text that is shown."""
    folded: dict[tuple[type, Scalar], str] = {}

    def holds(row: int, column: int) -> bool:
        sought = wanted(row, column)
        if isinstance(sought, Fault):
            return False
        key = (type(sought), sought)
        if key not in folded:
            folded[key] = text(sought, calculation.setting).casefold()
        shown = calculation.formatted(sheet, row, column, cell_at(sheet, row, column))
        return compare(shown.casefold(), folded[key])

    return holds


def _number_test(calculation: Calculation, sheet: Json, kind: str, wanted: list[Wanted]) -> Test:
    dates = kind in _DATES
    compare = _DATES[kind] if dates else _NUMBERS[kind]

    def holds(row: int, column: int) -> bool:
        number = calculation.value(sheet, row, column)
        if not is_number(number) or (dates and not _is_date(calculation, sheet, row, column)):
            return False
        limits = [one(row, column) for one in wanted]
        return all(is_number(one) for one in limits) and compare(number, *limits)

    return holds


def condition_value(calculation: Calculation, sheet: Json, given: Json, anchor: tuple[int, int]) -> Wanted:
    """A condition's value for each cell: the same for all, unless it is a formula with relative references."""
    if "relativeDate" in given:
        calculation.volatile = True
        day = _relative_day(calculation, given["relativeDate"])
        return lambda row, column: day
    typed = given.get("userEnteredValue", "")
    if not typed.startswith(("=", "+")):
        setting = calculation.setting
        read, _ = entered(typed, "USER_ENTERED", setting.locale, setting.today, None)
        constant = of_extended(read)
        return lambda row, column: constant
    by_row, by_column = _depends_on(typed, calculation)
    known: dict[tuple[int, int], Scalar] = {}

    def value(row: int, column: int) -> Scalar:
        offset = (row - anchor[0] if by_row else 0), (column - anchor[1] if by_column else 0)
        if offset not in known:
            known[offset] = calculation.evaluate(sheet, typed, (row, column), offset)
        return known[offset]

    return value


def _depends_on(formula: str, calculation: Calculation) -> tuple[bool, bool]:
    """Whether the result differs by row, and by column."""
    if any(name in formula.upper() for name in ("TODAY", "NOW")):
        calculation.volatile = True
    try:
        found = list(nodes(parse(formula, calculation.setting.locale)))
    except FormulaSyntaxError:
        return False, False
    if any(isinstance(one, Function) and one.name in _WITH_PLACE for one in found):
        return True, True
    corners = [corner for one in found if isinstance(one, Reference) for corner in (one.first, one.last) if corner]
    return (
        any(corner.row is not None and not corner.row_fixed for corner in corners),
        any(corner.column is not None and not corner.column_fixed for corner in corners),
    )


def _relative_day(calculation: Calculation, name: str) -> int:
    today = calculation.setting.today
    day = today + timedelta(days=_DAYS[name]) if name in _DAYS else months_later(today, _MONTHS[name])
    return (day - EPOCH.date()).days


def _is_true(value: Scalar) -> bool:
    return value is True or (is_number(value) and value != 0)


def _is_date(calculation: Calculation, sheet: Json, row: int, column: int) -> bool:
    found = calculation.number_format(sheet, row, column, cell_at(sheet, row, column))
    return found is not None and found.get("type") in DATE_TYPES


def rectangle(sheet: Json, grid_range: Json) -> Rect:
    """A GridRange, its open ends closed."""
    rows, columns = size(sheet)
    return (
        grid_range.get("startRowIndex", 0),
        grid_range.get("startColumnIndex", 0),
        grid_range.get("endRowIndex", rows),
        grid_range.get("endColumnIndex", columns),
    )

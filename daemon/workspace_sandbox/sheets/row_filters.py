"""Which rows a sheet's basic filter hides."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workspace_sandbox.calls import Json
from workspace_sandbox.sheets.conditions import condition_test, rectangle
from workspace_sandbox.sheets.formulas import Calculation
from workspace_sandbox.sheets.grid import cell_at


def hidden_rows(calculation: Calculation, sheet: Json) -> set[int]:
    """The rows that the sheet's basic filter hides; its first row, the header, is never one."""
    basic = sheet.get("basicFilter")
    if basic is None:
        return set()
    top, left, bottom, right = rectangle(sheet, basic["range"])
    tests = [
        _visible(calculation, sheet, column, criteria, (top + 1, column))
        for column, criteria in _criteria(basic)
        if left <= column < right
    ]
    if not tests:
        return set()
    return {row for row in range(top + 1, bottom) if not all(test(row) for test in tests)}


def _criteria(basic: Json) -> Iterator[tuple[int, Json]]:
    for key, criteria in (basic.get("criteria") or {}).items():
        yield int(key), criteria
    for spec in basic.get("filterSpecs") or []:
        yield spec.get("columnIndex", 0), spec.get("filterCriteria") or {}


def _visible(
    calculation: Calculation, sheet: Json, column: int, criteria: Json, anchor: tuple[int, int]
) -> Callable[[int], bool]:
    hidden = set(criteria.get("hiddenValues") or [])
    condition = criteria.get("condition")
    holds = None if condition is None else condition_test(calculation, sheet, condition, anchor)

    def visible(row: int) -> bool:
        if hidden and calculation.formatted(sheet, row, column, cell_at(sheet, row, column)) in hidden:
            return False
        return holds is None or holds(row, column)

    return visible

"""What conditional formats add to the look of cells: rules that hold or not, and gradients.

https://developers.google.com/workspace/sheets/api/guides/conditional-format
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import reduce
from itertools import pairwise

from workspace_sandbox.calls import Json
from workspace_sandbox.sheets.conditions import Rect, condition_test, condition_value, rectangle
from workspace_sandbox.sheets.formula_values import is_number
from workspace_sandbox.sheets.formulas import Calculation


class ConditionalFormats:
    """The conditional formats of a sheet: what they add to the format of a cell."""

    def __init__(self, calculation: Calculation, sheet: Json) -> None:
        self._rules: list[tuple[list[Rect], Callable[[int, int], Json | None]]] = []
        self._together: dict[tuple[int, ...], tuple[list[Json], Json]] = {}
        for rule in sheet["conditionalFormats"]:
            areas = [rectangle(sheet, one) for one in rule["ranges"]]
            self._rules.append((areas, _format_of(calculation, sheet, rule, areas)))

    def __bool__(self) -> bool:
        return bool(self._rules)

    def reach(self, row: int) -> int:
        """The column after the last that a rule covers in this row."""
        ends = [area[3] for areas, _ in self._rules for area in areas if area[0] <= row < area[2]]
        return max(ends, default=0)

    def __call__(self, row: int, column: int) -> Json | None:
        """The format; where several rules hold, each property is the first one's."""
        found = [
            one
            for areas, format_of in self._rules
            if any(top <= row < bottom and left <= column < right for top, left, bottom, right in areas)
            and (one := format_of(row, column)) is not None
        ]
        if len(found) < 2:
            return found[0] if found else None
        key = tuple(id(one) for one in found)
        if key not in self._together:
            self._together[key] = (found, reduce(with_format, reversed(found)))
        return self._together[key][1]


def with_format(below: Json, above: Json) -> Json:
    """`below` with what `above` sets."""
    result = {**below, **above}
    if "textFormat" in below and "textFormat" in above:
        result["textFormat"] = {**below["textFormat"], **above["textFormat"]}
    return result


def _format_of(
    calculation: Calculation, sheet: Json, rule: Json, areas: list[Rect]
) -> Callable[[int, int], Json | None]:
    if "gradientRule" in rule:
        return _gradient(calculation, sheet, rule["gradientRule"], areas)
    boolean = rule.get("booleanRule") or {}
    holds = condition_test(calculation, sheet, boolean.get("condition") or {}, areas[0][:2])
    shown = _complete(boolean.get("format") or {})
    return lambda row, column: shown if holds(row, column) else None


def _complete(given: Json) -> Json:
    """What a rule may set: "bold, italic, strikethrough, foreground color and, background color"."""
    shown = _both_colours(given, "backgroundColor")
    texts = given.get("textFormat") or {}
    kept = {name: texts[name] for name in ("bold", "italic", "strikethrough", "underline") if name in texts}
    kept |= _both_colours(texts, "foregroundColor")
    return {**shown, "textFormat": kept} if kept else shown


def _both_colours(given: Json, name: str) -> Json:
    """A colour under both its names, as Sheets answers it."""
    style = given.get(f"{name}Style") or ({"rgbColor": given[name]} if name in given else None)
    if style is None:
        return {}
    return {f"{name}Style": style, **({name: style["rgbColor"]} if "rgbColor" in style else {})}


def _gradient(
    calculation: Calculation, sheet: Json, rule: Json, areas: list[Rect]
) -> Callable[[int, int], Json | None]:
    numbers = sorted(_numbers_in(calculation, sheet, areas))
    points = []
    for name in ("minpoint", "midpoint", "maxpoint"):
        point = rule.get(name)
        at = None if point is None else _point(point, numbers, calculation, sheet, areas[0][:2])
        if point is not None and at is not None:
            colour = (point.get("colorStyle") or {}).get("rgbColor") or point.get("color") or {}
            points.append((at, colour))

    def format_of(row: int, column: int) -> Json | None:
        value = calculation.value(sheet, row, column)
        if not is_number(value) or not points:
            return None
        assert isinstance(value, int | float)
        return _both_colours({"backgroundColor": _between(points, value)}, "backgroundColor")

    return format_of


def _numbers_in(calculation: Calculation, sheet: Json, areas: list[Rect]) -> Iterator[float]:
    for top, left, bottom, right in areas:
        for row, line in calculation.lines(sheet, top, bottom):
            for column, _ in line[left:right]:
                value = calculation.value(sheet, row, column)
                if isinstance(value, int | float) and not isinstance(value, bool):
                    yield value


def _point(
    point: Json, numbers: list[float], calculation: Calculation, sheet: Json, anchor: tuple[int, int]
) -> float | None:
    """Where an interpolation point lies; None where there are no numbers to tell."""
    kind = point.get("type")
    if not numbers:
        return None
    if kind in ("MIN", "MAX"):
        return numbers[0] if kind == "MIN" else numbers[-1]
    given = condition_value(calculation, sheet, {"userEnteredValue": point.get("value", "")}, anchor)(*anchor)
    if not isinstance(given, int | float):
        return None
    if kind == "PERCENT":
        return numbers[0] + (numbers[-1] - numbers[0]) * given / 100
    if kind == "PERCENTILE":
        place = (len(numbers) - 1) * given / 100
        low = min(max(math.floor(place), 0), len(numbers) - 1)
        high = min(low + 1, len(numbers) - 1)
        return numbers[low] + (numbers[high] - numbers[low]) * (place - low)
    return given


def _between(points: list[tuple[float, Json]], value: float) -> Json:
    before, after = points[0], points[-1]
    for first, second in pairwise(points):
        if first[0] <= value <= second[0]:
            before, after = first, second
            break
    else:
        return before[1] if value < before[0] else after[1]
    share = 0.0 if after[0] == before[0] else (value - before[0]) / (after[0] - before[0])
    names = ("red", "green", "blue")
    return {name: round(_mixed(before[1], after[1], name, share), 6) for name in names}


def _mixed(first: Json, second: Json, name: str, share: float) -> float:
    start, end = float(first.get(name, 0)), float(second.get(name, 0))
    return start + (end - start) * share

"""What formulas calculate with: values, errors, how one kind becomes another, and how values compare.

https://support.google.com/docs/table/25273 (the functions' pages say what each takes).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Protocol

from workspace_sandbox.calls import Json
from workspace_sandbox.sheets.cell_values import entered, shown
from workspace_sandbox.sheets.formula_syntax import Node


@dataclass(frozen=True, slots=True)
class Fault:
    """An error as a value: its type in the API (`DIVIDE_BY_ZERO`) and a sentence."""

    kind: str
    message: str = ""


class FormulaError(Exception):
    """Ends a calculation with an error value."""

    def __init__(self, kind: str, message: str = "") -> None:
        super().__init__(message)
        self.fault = Fault(kind, message)


Scalar = None | bool | int | float | str | Fault
"""None is an empty cell."""
Array = list[list[Scalar]]
Value = Scalar | Array


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a formula is calculated: the spreadsheet's locale, and its local date-time."""

    locale: str
    now: datetime

    @property
    def today(self) -> date:
        return self.now.date()


class Evaluation(Protocol):
    """What functions that do not simply get values are handed: the calculation at one cell."""

    @property
    def setting(self) -> Setting: ...

    @property
    def place(self) -> tuple[int, int]:
        """Row and column of the cell, from 0."""

    @property
    def arrays(self) -> bool:
        """Whether operators and functions work on every cell of a range, as within ARRAYFORMULA."""

    def value(self, node: Node) -> Value:
        """The value of an argument; of a range, all its cells."""

    def scalar(self, node: Node) -> Scalar:
        """The value of an argument of which one value is wanted."""

    def with_arrays(self) -> Evaluation:
        """The same, where operators and functions work on every cell of a range."""

    def area(self, node: Node) -> tuple[int, int, int, int]:
        """First row, first column, last row and last column of a reference, from 0."""


def flat(value: Value) -> Iterator[Scalar]:
    """The cells of a range row by row, or the one value."""
    if isinstance(value, list):
        for line in value:
            yield from line
    else:
        yield value


def is_number(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def checked(value: Scalar) -> Scalar:
    """The value; an error ends the calculation."""
    if isinstance(value, Fault):
        raise FormulaError(value.kind, value.message)
    return value


def number(value: Scalar, setting: Setting) -> float:
    """As arithmetic takes it: empty is 0, TRUE is 1, a text is read as if it were typed. Raises FormulaError."""
    checked(value)
    if value is None:
        return 0
    if isinstance(value, int | float):
        return value
    read, _ = entered(value, "USER_ENTERED", setting.locale, setting.today, None)
    if read is None or "numberValue" not in read:
        raise FormulaError("VALUE", f"The text '{value}' cannot be used as a number.")
    return float(read["numberValue"])


def text(value: Scalar, setting: Setting) -> str:
    """As `&` takes it."""
    return shown(extended(checked(value)), None, setting.locale)


def truth(value: Scalar) -> bool:
    """As conditions take it. Raises FormulaError for other texts than TRUE and FALSE."""
    checked(value)
    if isinstance(value, str):
        if value.upper() not in ("TRUE", "FALSE"):
            raise FormulaError("VALUE", f"The text '{value}' is neither TRUE nor FALSE.")
        return value.upper() == "TRUE"
    return bool(value)


def extended(value: Scalar) -> Json:
    """The ExtendedValue that the API answers."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, Fault):
        return {"errorValue": {"type": value.kind, "message": value.message}}
    if isinstance(value, int | float):
        return {"numberValue": whole(value)}
    return {"stringValue": value or ""}


def of_extended(value: Json | None) -> Scalar:
    """A cell's value as formulas see it."""
    if not value:
        return None
    kind, content = next(iter(value.items()))
    if kind == "errorValue":
        return Fault(content["type"], content.get("message", ""))
    plain: Scalar = content
    return plain


def whole(value: float) -> float:
    """2 rather than 2.0."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def compare(left: Scalar, right: Scalar) -> int:
    """-1, 0 or 1: numbers before texts before booleans; case is not looked at; an empty cell is 0, "" or FALSE."""
    checked(left)
    checked(right)
    if left is None:
        left = _empty_as(right)
    if right is None:
        right = _empty_as(left)
    first, second = _rank(left), _rank(right)
    return (first > second) - (first < second)


def _empty_as(other: Scalar) -> Scalar:
    if isinstance(other, bool):
        return False
    return "" if isinstance(other, str) else 0


def _rank(value: Scalar) -> tuple[int, float, str]:
    if isinstance(value, bool):
        return 2, value, ""
    if isinstance(value, str):
        return 1, 0, value.casefold()
    assert isinstance(value, int | float)
    return 0, value, ""


Test = Callable[[Scalar], bool]


def criterion(wanted: Scalar, setting: Setting) -> Test:
    """The test that COUNTIF and its like make of a criterion: `5`, `"Done"`, `">=3"`, `"<>"`, `"addon*"`."""
    checked(wanted)
    if isinstance(wanted, str):
        return _text_criterion(wanted, setting.locale, setting.today)
    if wanted is None:
        return lambda value: value is None or value == ""
    return lambda value: type(value) is not Fault and _same(value, wanted)


@lru_cache(maxsize=1024)
def _text_criterion(wanted: str, locale: str, today: date) -> Test:
    found = re.match(r"<>|<=|>=|<|>|=", wanted)
    operator, operand = (found[0], wanted[found.end() :]) if found else ("", wanted)
    if not operand:
        if operator == "<>":
            return lambda value: value is not None
        return lambda value: value is None or (value == "" and operator == "")
    read, _ = entered(operand, "USER_ENTERED", locale, today, None)
    aim = of_extended(read) if read and "formulaValue" not in read else operand
    if operator in ("", "=", "<>"):
        equal = _wildcards(aim) if isinstance(aim, str) else lambda value: _same(value, aim)
        return (lambda value: not equal(value)) if operator == "<>" else equal
    signs = {"<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}[operator]
    return lambda value: _comparable(value, aim) and compare(value, aim) in signs


def _wildcards(pattern: str) -> Test:
    """`*` is any text, `?` one character, `~` before them the character itself."""
    parts = re.findall(r"~[*?~]|[\s\S]", pattern)
    translated = {"*": ".*", "?": "."}
    compiled = re.compile(
        "".join(re.escape(part[1:]) if len(part) > 1 else translated.get(part, re.escape(part)) for part in parts),
        re.IGNORECASE | re.DOTALL,
    )
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _same(value: Scalar, aim: Scalar) -> bool:
    return _comparable(value, aim) and value == aim


def _comparable(value: Scalar, aim: Scalar) -> bool:
    if isinstance(aim, bool) or isinstance(value, bool):
        return isinstance(aim, bool) and isinstance(value, bool)
    return (is_number(value) and is_number(aim)) or (isinstance(value, str) and isinstance(aim, str))

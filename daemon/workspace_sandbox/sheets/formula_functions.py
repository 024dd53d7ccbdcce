"""The functions of formulas, by name, in tables by subject.

https://support.google.com/docs/table/25273. A name that is missing here makes a formula `#NAME?`.
"""

from __future__ import annotations

import calendar
import math
import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from workspace_sandbox.sheets.cell_values import EPOCH, from_serial, is_date, serial, shown_number
from workspace_sandbox.sheets.formula_syntax import Node
from workspace_sandbox.sheets.formula_values import (
    Array,
    Evaluation,
    Fault,
    FormulaError,
    Scalar,
    Setting,
    Value,
    checked,
    compare,
    criterion,
    flat,
    is_number,
    number,
    text,
    truth,
    whole,
)

Kind = Literal["scalars", "faults", "values", "nodes"]
"""What a function is handed: single values; single values, errors among them; values and whole ranges; its arguments
uncalculated."""


@dataclass(frozen=True, slots=True)
class Known:
    """A function with the number of arguments it takes."""

    call: Callable[..., Value]
    kind: Kind
    least: int
    most: int
    arrays: bool = False
    """Whether its arguments work on every cell of a range, as within ARRAYFORMULA."""


FUNCTIONS: dict[str, Known] = {}
_ANY = 10_000


def function(
    name: str, kind: Kind, least: int, most: int | None = None, *, arrays: bool = False
) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Register a function; `most` is `least` where it is not given."""

    def register(call: Callable[..., Value]) -> Callable[..., Value]:
        FUNCTIONS[name] = Known(call, kind, least, least if most is None else most, arrays)
        return call

    return register


# Sums and counts: of ranges numbers alone are looked at, single arguments are taken as numbers.


def _numbers(setting: Setting, values: Sequence[Value]) -> list[float]:
    found: list[float] = []
    for value in values:
        if isinstance(value, list):
            found.extend(one for one in map(checked, flat(value)) if is_number(one))  # type: ignore[misc]
        elif value is not None:
            found.append(number(value, setting))
    return found


def _average(numbers: Sequence[float]) -> float:
    if not numbers:
        raise FormulaError("DIVIDE_BY_ZERO", "There are no numbers to take the average of.")
    return math.fsum(numbers) / len(numbers)


_OF_NUMBERS: dict[str, Callable[[list[float]], float]] = {
    "SUM": math.fsum,
    "AVERAGE": _average,
    "MIN": lambda numbers: min(numbers, default=0),
    "MAX": lambda numbers: max(numbers, default=0),
    "PRODUCT": lambda numbers: math.prod(numbers) if numbers else 0,
    "MEDIAN": lambda numbers: statistics.median(numbers) if numbers else _no_number(),
}


def _no_number() -> float:
    raise FormulaError("NUM", "There are no numbers.")


def _register_of_numbers(name: str, call: Callable[[list[float]], float]) -> None:
    function(name, "values", 1, _ANY)(lambda setting, *values: call(_numbers(setting, values)))


for _name, _call in _OF_NUMBERS.items():
    _register_of_numbers(_name, _call)


@function("COUNT", "values", 1, _ANY)
def _count(_: Setting, *values: Value) -> Value:
    return sum(is_number(one) for value in values for one in flat(value))


@function("COUNTA", "values", 1, _ANY)
def _counta(_: Setting, *values: Value) -> Value:
    return sum(one is not None for value in values for one in flat(value))


@function("COUNTBLANK", "values", 1, _ANY)
def _countblank(_: Setting, *values: Value) -> Value:
    return sum(one is None or one == "" for value in values for one in flat(value))


@function("COUNTUNIQUE", "values", 1, _ANY)
def _countunique(_: Setting, *values: Value) -> Value:
    return len({(type(one), one) for value in values for one in flat(value) if one is not None})


@function("SUMPRODUCT", "values", 1, _ANY, arrays=True)
def _sumproduct(_: Setting, *values: Value) -> Value:
    lists = [[checked(one) for one in flat(value)] for value in values]
    if len({len(one) for one in lists}) > 1:
        raise FormulaError("VALUE", "The arguments of SUMPRODUCT are of different size.")
    return math.fsum(
        math.prod(float(one) if isinstance(one, int | float) else 0.0 for one in row)
        for row in zip(*lists, strict=True)
    )


# Sums and counts with criteria.


def _shape(value: Value) -> tuple[int, int]:
    return (len(value), len(value[0]) if value else 0) if isinstance(value, list) else (1, 1)


def _chosen(setting: Setting, pairs: Sequence[Value]) -> list[bool]:
    """Of the cells of the first range, which meet all criteria."""
    if len(pairs) % 2:
        raise FormulaError("N_A", "Ranges and criteria come in pairs.")
    if len({_shape(one) for one in pairs[::2]}) > 1:
        raise FormulaError("VALUE", "The ranges are of different size.")
    chosen: list[bool] = []
    for area, wanted in zip(pairs[::2], pairs[1::2], strict=True):
        test = criterion(next(flat(wanted)), setting)
        met = [test(one) for one in flat(area)]
        chosen = [a and b for a, b in zip(chosen, met, strict=True)] if chosen else met
    return chosen


def _numbers_where(setting: Setting, area: Value, pairs: Sequence[Value]) -> list[float]:
    chosen = _chosen(setting, pairs)
    values = list(flat(area))
    if len(values) != len(chosen):
        raise FormulaError("VALUE", "The ranges are of different size.")
    found = [checked(value) for value, met in zip(values, chosen, strict=True) if met]
    return [one for one in found if is_number(one)]  # type: ignore[misc]


@function("COUNTIF", "values", 2)
def _countif(setting: Setting, area: Value, wanted: Value) -> Value:
    return sum(_chosen(setting, (area, wanted)))


@function("COUNTIFS", "values", 2, _ANY)
def _countifs(setting: Setting, *pairs: Value) -> Value:
    return sum(_chosen(setting, pairs))


@function("SUMIF", "values", 2, 3)
def _sumif(setting: Setting, area: Value, wanted: Value, summed: Value = None) -> Value:
    return math.fsum(_numbers_where(setting, area if summed is None else summed, (area, wanted)))


@function("AVERAGEIF", "values", 2, 3)
def _averageif(setting: Setting, area: Value, wanted: Value, averaged: Value = None) -> Value:
    return _average(_numbers_where(setting, area if averaged is None else averaged, (area, wanted)))


_WHERE: dict[str, Callable[[list[float]], float]] = {
    "SUMIFS": math.fsum,
    "AVERAGEIFS": _average,
    "MAXIFS": lambda numbers: max(numbers, default=0),
    "MINIFS": lambda numbers: min(numbers, default=0),
}


def _register_where(name: str, call: Callable[[list[float]], float]) -> None:
    function(name, "values", 3, _ANY)(lambda setting, area, *pairs: call(_numbers_where(setting, area, pairs)))


for _name, _call in _WHERE.items():
    _register_where(_name, _call)


# Logic. What is not needed is not calculated.


@function("IF", "nodes", 2, 3)
def _if(at: Evaluation, test: Node, yes: Node, no: Node | None = None) -> Value:
    wanted = at.value(test) if at.arrays else at.scalar(test)
    if isinstance(wanted, list):
        values = at.value(yes), False if no is None else at.value(no)
        return [
            [_at(values[0 if truth(one) else 1], row, column) for column, one in enumerate(line)]
            for row, line in enumerate(wanted)
        ]
    if truth(wanted):
        return at.value(yes)
    return False if no is None else at.value(no)


def _at(value: Value, row: int, column: int) -> Scalar:
    if not isinstance(value, list):
        return value
    line = value[row if len(value) > 1 else 0]
    return line[column if len(line) > 1 else 0]


@function("IFERROR", "nodes", 1, 2)
def _iferror(at: Evaluation, wanted: Node, instead: Node | None = None) -> Value:
    return _unless_fault(at, wanted, instead, lambda _: True)


@function("IFNA", "nodes", 1, 2)
def _ifna(at: Evaluation, wanted: Node, instead: Node | None = None) -> Value:
    return _unless_fault(at, wanted, instead, lambda fault: fault.kind == "N_A")


def _unless_fault(at: Evaluation, wanted: Node, instead: Node | None, meant: Callable[[Fault], bool]) -> Value:
    try:
        value = at.value(wanted)
    except FormulaError as error:
        value = error.fault
    if isinstance(value, list):
        if not any(isinstance(one, Fault) for one in flat(value)):
            return value
        other: Value = None if instead is None else at.scalar(instead)
        return [[other if isinstance(one, Fault) and meant(one) else one for one in line] for line in value]  # type: ignore[misc]
    if isinstance(value, Fault) and meant(value):
        return None if instead is None else at.value(instead)
    return value


@function("IFS", "nodes", 2, _ANY)
def _ifs(at: Evaluation, *arguments: Node) -> Value:
    for test, wanted in zip(arguments[::2], arguments[1::2], strict=False):
        if truth(at.scalar(test)):
            return at.value(wanted)
    raise FormulaError("N_A", "No condition is met.")


@function("SWITCH", "nodes", 3, _ANY)
def _switch(at: Evaluation, subject: Node, *cases: Node) -> Value:
    value = checked(at.scalar(subject))
    for case, wanted in zip(cases[::2], cases[1::2], strict=False):
        if compare(value, at.scalar(case)) == 0:
            return at.value(wanted)
    if len(cases) % 2:
        return at.value(cases[-1])
    raise FormulaError("N_A", "No case is met.")


@function("CHOOSE", "nodes", 2, _ANY)
def _choose(at: Evaluation, index: Node, *choices: Node) -> Value:
    place = int(number(at.scalar(index), at.setting))
    if not 1 <= place <= len(choices):
        raise FormulaError("NUM", f"There is no choice {place}.")
    return at.value(choices[place - 1])


def _truths(values: Sequence[Value]) -> list[bool]:
    found: list[bool] = []
    for value in values:
        if isinstance(value, list):
            found.extend(bool(one) for one in map(checked, flat(value)) if isinstance(one, int | float))
        else:
            found.append(truth(value))
    if not found:
        raise FormulaError("VALUE", "There is nothing that is TRUE or FALSE.")
    return found


@function("AND", "values", 1, _ANY)
def _and(_: Setting, *values: Value) -> Value:
    return all(_truths(values))


@function("OR", "values", 1, _ANY)
def _or(_: Setting, *values: Value) -> Value:
    return any(_truths(values))


@function("XOR", "values", 1, _ANY)
def _xor(_: Setting, *values: Value) -> Value:
    return sum(_truths(values)) % 2 == 1


@function("NOT", "scalars", 1)
def _not(_: Setting, value: Scalar) -> Value:
    return not truth(value)


@function("TRUE", "scalars", 0)
def _true(_: Setting) -> Value:
    return True


@function("FALSE", "scalars", 0)
def _false(_: Setting) -> Value:
    return False


@function("NA", "scalars", 0)
def _na(_: Setting) -> Value:
    raise FormulaError("N_A", "NA() was written.")


_IS: dict[str, Callable[[Scalar], bool]] = {
    "ISBLANK": lambda value: value is None,
    "ISNUMBER": is_number,
    "ISTEXT": lambda value: isinstance(value, str),
    "ISNONTEXT": lambda value: not isinstance(value, str),
    "ISLOGICAL": lambda value: isinstance(value, bool),
    "ISERROR": lambda value: isinstance(value, Fault),
    "ISERR": lambda value: isinstance(value, Fault) and value.kind != "N_A",
    "ISNA": lambda value: isinstance(value, Fault) and value.kind == "N_A",
}


def _register_is(name: str, test: Callable[[Scalar], bool]) -> None:
    function(name, "faults", 1)(lambda _, value: test(value))


for _name, _test in _IS.items():
    _register_is(_name, _test)


# Numbers.


def _round_with(value: float, places: float, how: Callable[[float], float]) -> float:
    scale = 10.0 ** int(places)
    # The nearest decimal is meant: 1.005 * 100 is 100.49999999999999.
    return how(float(f"{value * scale:.12g}")) / scale


def _half_away(value: float) -> float:
    return math.copysign(math.floor(abs(value) + 0.5), value)


def _away(value: float) -> float:
    return math.copysign(math.ceil(abs(value)), value)


def _modulo(value: float, divisor: float) -> float:
    if divisor == 0:
        raise FormulaError("DIVIDE_BY_ZERO", "MOD by 0.")
    return value - divisor * math.floor(value / divisor)


def power(base: float, exponent: float) -> float:
    """Raises FormulaError where there is no such number."""
    try:
        result = float(base) ** float(exponent)
    except ZeroDivisionError:
        raise FormulaError("DIVIDE_BY_ZERO", "0 to a negative power.") from None
    except OverflowError:
        raise FormulaError("NUM", "The number is too large.") from None
    if isinstance(result, complex):
        raise FormulaError("NUM", "A root of a negative number.")
    return float(result)


def _root(value: float) -> float:
    if value < 0:
        raise FormulaError("NUM", "SQRT of a negative number.")
    return math.sqrt(value)


_ARITHMETIC: dict[str, tuple[int, int, Callable[..., float]]] = {
    "ABS": (1, 1, abs),
    "INT": (1, 1, math.floor),
    "SIGN": (1, 1, lambda value: (value > 0) - (value < 0)),
    "SQRT": (1, 1, _root),
    "MOD": (2, 2, _modulo),
    "POWER": (2, 2, power),
    "ROUND": (1, 2, lambda value, places=0: _round_with(value, places, _half_away)),
    "ROUNDUP": (1, 2, lambda value, places=0: _round_with(value, places, _away)),
    "ROUNDDOWN": (1, 2, lambda value, places=0: _round_with(value, places, math.trunc)),
    "TRUNC": (1, 2, lambda value, places=0: _round_with(value, places, math.trunc)),
}


def _register_arithmetic(name: str, least: int, most: int, call: Callable[..., float]) -> None:
    function(name, "scalars", least, most)(lambda setting, *values: call(*(number(value, setting) for value in values)))


for _name, (_least, _most, _calculate) in _ARITHMETIC.items():
    _register_arithmetic(_name, _least, _most, _calculate)


# Dates, which are days since 1899-12-30.


def _day(value: Scalar, setting: Setting) -> datetime:
    days = number(value, setting)
    if not is_date(days):
        raise FormulaError("NUM", f"{days} is no date.")
    return from_serial(days)


def months_later(start: date, months: float) -> date:
    """The same day so many months later, or the last of a shorter month. Raises FormulaError beyond the calendar."""
    year, month = divmod(start.year * 12 + start.month - 1 + int(months), 12)
    if not 1 <= year <= 9999:
        raise FormulaError("NUM", "That is no date.")
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def _serial_day(day: date) -> int:
    return (day - EPOCH.date()).days


@function("TODAY", "scalars", 0)
def _today(setting: Setting) -> Value:
    return _serial_day(setting.today)


@function("NOW", "scalars", 0)
def _now(setting: Setting) -> Value:
    return serial(setting.now)


@function("DATE", "scalars", 3)
def _date(setting: Setting, year: Scalar, month: Scalar, day: Scalar) -> Value:
    """Months and days may overflow; years before 1900 are counted from 1900."""
    years, months, days = (int(number(one, setting)) for one in (year, month, day))
    years += 1900 if 0 <= years < 1900 else 0
    try:
        first = datetime(years + (months - 1) // 12, (months - 1) % 12 + 1, 1)  # noqa: DTZ001
        return serial(first + timedelta(days=days - 1))
    except (ValueError, OverflowError):
        raise FormulaError("NUM", "That is no date.") from None


@function("TIME", "scalars", 3)
def _time(setting: Setting, hour: Scalar, minute: Scalar, second: Scalar) -> Value:
    hours, minutes, seconds = (int(number(one, setting)) for one in (hour, minute, second))
    return (hours * 3600 + minutes * 60 + seconds) / 86_400 % 1


@function("EOMONTH", "scalars", 2)
def _eomonth(setting: Setting, start: Scalar, months: Scalar) -> Value:
    day = months_later(_day(start, setting).date(), number(months, setting))
    return _serial_day(day.replace(day=calendar.monthrange(day.year, day.month)[1]))


@function("EDATE", "scalars", 2)
def _edate(setting: Setting, start: Scalar, months: Scalar) -> Value:
    return _serial_day(months_later(_day(start, setting).date(), number(months, setting)))


@function("WEEKDAY", "scalars", 1, 2)
def _weekday(setting: Setting, value: Scalar, kind: Scalar = 1) -> Value:
    """From Sunday as 1; kind 2 from Monday as 1, kind 3 from Monday as 0."""
    monday = _day(value, setting).weekday()
    ways = {1: (monday + 1) % 7 + 1, 2: monday + 1, 3: monday}
    if number(kind, setting) not in ways:
        raise FormulaError("NUM", "The type of WEEKDAY is 1, 2 or 3.")
    return ways[int(number(kind, setting))]


@function("DAYS", "scalars", 2)
def _days(setting: Setting, end: Scalar, start: Scalar) -> Value:
    return (_day(end, setting).date() - _day(start, setting).date()).days


_PARTS: dict[str, Callable[[datetime], int]] = {
    "YEAR": lambda at: at.year,
    "MONTH": lambda at: at.month,
    "DAY": lambda at: at.day,
    "HOUR": lambda at: at.hour,
    "MINUTE": lambda at: at.minute,
    "SECOND": lambda at: at.second,
    "ISOWEEKNUM": lambda at: at.isocalendar().week,
}


def _register_part(name: str, part: Callable[[datetime], int]) -> None:
    function(name, "scalars", 1)(lambda setting, value: part(_day(value, setting)))


for _name, _part in _PARTS.items():
    _register_part(_name, _part)


@function("VALUE", "scalars", 1)
@function("DATEVALUE", "scalars", 1)
def _value(setting: Setting, value: Scalar) -> Value:
    return number(value, setting)


# Texts.


@function("TEXT", "scalars", 2)
def _text(setting: Setting, value: Scalar, pattern: Scalar) -> Value:
    wanted = text(pattern, setting)
    if isinstance(value, str):
        try:
            value = number(value, setting)
        except FormulaError:
            return value
    if isinstance(value, bool):
        return text(value, setting)
    bare = re.sub(r'"[^"]*"|\\.', "", wanted).lower()
    dates = re.search(r"[ydh]|mm?m?m?|ss?", bare) is not None and re.search(r"[#0?]", bare.replace(".0", "")) is None
    kind = {"type": "DATE_TIME" if dates else "NUMBER", "pattern": wanted}
    return shown_number(number(value, setting), kind, setting.locale) if wanted else ""


@function("LEN", "scalars", 1)
def _len(setting: Setting, value: Scalar) -> Value:
    return len(text(value, setting))


def _length(setting: Setting, value: Scalar, what: str) -> int:
    length = int(number(value, setting))
    if length < 0:
        raise FormulaError("VALUE", f"{what} must not be negative.")
    return length


@function("LEFT", "scalars", 1, 2)
def _left(setting: Setting, value: Scalar, length: Scalar = 1) -> Value:
    return text(value, setting)[: _length(setting, length, "The length")]


@function("RIGHT", "scalars", 1, 2)
def _right(setting: Setting, value: Scalar, length: Scalar = 1) -> Value:
    whole_text = text(value, setting)
    return whole_text[max(0, len(whole_text) - _length(setting, length, "The length")) :]


@function("MID", "scalars", 3)
def _mid(setting: Setting, value: Scalar, start: Scalar, length: Scalar) -> Value:
    first = int(number(start, setting))
    if first < 1:
        raise FormulaError("NUM", "MID counts from 1.")
    return text(value, setting)[first - 1 : first - 1 + _length(setting, length, "The length")]


@function("REPT", "scalars", 2)
def _rept(setting: Setting, value: Scalar, times: Scalar) -> Value:
    repeated = text(value, setting) * min(_length(setting, times, "The number of times"), 50_000)
    if len(repeated) > 50_000:
        raise FormulaError("VALUE", "The text is longer than 50,000 characters.")
    return repeated


_OF_TEXT: dict[str, Callable[[str], str]] = {
    "UPPER": str.upper,
    "LOWER": str.lower,
    "PROPER": str.title,
    "TRIM": lambda value: " ".join(value.split()),
}


def _register_of_text(name: str, call: Callable[[str], str]) -> None:
    function(name, "scalars", 1)(lambda setting, value: call(text(value, setting)))


for _name, _change in _OF_TEXT.items():
    _register_of_text(_name, _change)


@function("CONCATENATE", "values", 1, _ANY)
def _concatenate(setting: Setting, *values: Value) -> Value:
    return "".join(text(one, setting) for value in values for one in flat(value))


@function("CONCAT", "scalars", 2)
def _concat(setting: Setting, first: Scalar, second: Scalar) -> Value:
    return text(first, setting) + text(second, setting)


@function("JOIN", "values", 2, _ANY)
def _join(setting: Setting, delimiter: Value, *values: Value) -> Value:
    between = text(next(flat(delimiter)), setting)
    return between.join(text(one, setting) for value in values for one in flat(value))


@function("TEXTJOIN", "values", 3, _ANY)
def _textjoin(setting: Setting, delimiter: Value, skip_empty: Value, *values: Value) -> Value:
    between, skip = text(next(flat(delimiter)), setting), truth(next(flat(skip_empty)))
    texts = [text(one, setting) for value in values for one in flat(value)]
    return between.join(one for one in texts if one or not skip)


@function("EXACT", "scalars", 2)
def _exact(setting: Setting, first: Scalar, second: Scalar) -> Value:
    return text(first, setting) == text(second, setting)


@function("SUBSTITUTE", "scalars", 3, 4)
def _substitute(setting: Setting, value: Scalar, old: Scalar, new: Scalar, occurrence: Scalar = None) -> Value:
    whole_text, wanted, instead = (text(one, setting) for one in (value, old, new))
    if occurrence is None or not wanted:
        return whole_text.replace(wanted, instead) if wanted else whole_text
    parts, place = whole_text.split(wanted), int(number(occurrence, setting))
    if not 1 <= place < len(parts):
        return whole_text
    return wanted.join(parts[:place]) + instead + wanted.join(parts[place:])


def _found(setting: Setting, wanted: Scalar, value: Scalar, start: Scalar, *, fold: bool) -> int:
    within, sought = text(value, setting), text(wanted, setting)
    if fold:
        within, sought = within.casefold(), sought.casefold()
    at = within.find(sought, max(0, int(number(start, setting)) - 1))
    if at < 0:
        raise FormulaError("VALUE", f"'{sought}' is not within '{within}'.")
    return at + 1


@function("FIND", "scalars", 2, 3)
def _find(setting: Setting, wanted: Scalar, value: Scalar, start: Scalar = 1) -> Value:
    return _found(setting, wanted, value, start, fold=False)


@function("SEARCH", "scalars", 2, 3)
def _search(setting: Setting, wanted: Scalar, value: Scalar, start: Scalar = 1) -> Value:
    return _found(setting, wanted, value, start, fold=True)


def _pattern(setting: Setting, pattern: Scalar) -> re.Pattern[str]:
    try:
        return re.compile(text(pattern, setting))
    except re.error as error:
        raise FormulaError("REF", f"The regular expression is not valid: {error}.") from None


@function("REGEXMATCH", "scalars", 2)
def _regexmatch(setting: Setting, value: Scalar, pattern: Scalar) -> Value:
    return _pattern(setting, pattern).search(text(value, setting)) is not None


@function("REGEXEXTRACT", "scalars", 2)
def _regexextract(setting: Setting, value: Scalar, pattern: Scalar) -> Value:
    found = _pattern(setting, pattern).search(text(value, setting))
    if found is None:
        raise FormulaError("N_A", "The text does not match.")
    return found[1] if found.re.groups else found[0]


@function("HYPERLINK", "scalars", 1, 2)
def _hyperlink(setting: Setting, address: Scalar, label: Scalar = None) -> Value:
    return text(address, setting) if label is None else label


@function("CHAR", "scalars", 1)
def _char(setting: Setting, value: Scalar) -> Value:
    code = int(number(value, setting))
    if not 1 <= code <= 0x10FFFF:
        raise FormulaError("NUM", f"There is no character {code}.")
    return chr(code)


# Places and looking up.


@function("ROW", "nodes", 0, 1)
def _row(at: Evaluation, ref: Node | None = None) -> Value:
    return at.place[0] + 1 if ref is None else at.area(ref)[0] + 1


@function("COLUMN", "nodes", 0, 1)
def _column(at: Evaluation, ref: Node | None = None) -> Value:
    return at.place[1] + 1 if ref is None else at.area(ref)[1] + 1


@function("ROWS", "values", 1)
def _rows(_: Setting, area: Value) -> Value:
    return _shape(area)[0]


@function("COLUMNS", "values", 1)
def _columns(_: Setting, area: Value) -> Value:
    return _shape(area)[1]


@function("INDEX", "values", 1, 3)
def _index(setting: Setting, area: Value, row: Value = 0, column: Value = 0) -> Value:
    cells: Array = area if isinstance(area, list) else [[area]]
    height, width = _shape(cells)
    down, right = (int(number(next(flat(one)), setting)) for one in (row, column))
    if height == 1 and width > 1 and not right:
        down, right = 1, down
    if not (0 <= down <= height and 0 <= right <= width):
        raise FormulaError("NUM", "INDEX lies outside its range.")
    lines = cells if not down else [cells[down - 1]]
    chosen: Array = [line if not right else [line[right - 1]] for line in lines]
    return chosen[0][0] if _shape(chosen) == (1, 1) else chosen


def _place(setting: Setting, key: Scalar, values: Sequence[Scalar], how: int) -> int:
    """Where the key is: exactly (0), or the last that is not larger (1) or not smaller (-1)."""
    checked(key)
    if how == 0:
        test = criterion(f"={key}" if isinstance(key, str) else key, setting)
        for at, one in enumerate(values):
            if test(one):
                return at
    else:
        last = -1
        for at, one in enumerate(values):
            if one is None or isinstance(one, Fault):
                continue
            if compare(one, key) * how > 0:
                break
            last = at
        if last >= 0:
            return last
    raise FormulaError("N_A", f"Did not find value '{text(key, setting)}'.")


@function("MATCH", "values", 2, 3)
def _match(setting: Setting, key: Value, area: Value, how: Value = 1) -> Value:
    return _place(setting, next(flat(key)), list(flat(area)), int(number(next(flat(how)), setting))) + 1


@function("VLOOKUP", "values", 3, 4)
def _vlookup(setting: Setting, key: Value, area: Value, index: Value, is_sorted: Value = True) -> Value:
    cells: Array = area if isinstance(area, list) else [[area]]
    column = int(number(next(flat(index)), setting))
    if not 1 <= column <= _shape(cells)[1]:
        raise FormulaError("VALUE" if column < 1 else "REF", "VLOOKUP lies outside its range.")
    how = 1 if truth(next(flat(is_sorted))) else 0
    return cells[_place(setting, next(flat(key)), [line[0] for line in cells], how)][column - 1]


@function("XLOOKUP", "values", 3, 4)
def _xlookup(setting: Setting, key: Value, area: Value, results: Value, missing: Value = None) -> Value:
    try:
        at = _place(setting, next(flat(key)), list(flat(area)), 0)
    except FormulaError:
        if missing is None:
            raise
        return missing
    return list(flat(results))[at]


# Ranges as results, which spill into the cells to the right and below.


@function("ARRAYFORMULA", "nodes", 1)
def _arrayformula(at: Evaluation, wanted: Node) -> Value:
    return at.with_arrays().value(wanted)


@function("FILTER", "values", 2, _ANY, arrays=True)
def _filter(_: Setting, area: Value, *conditions: Value) -> Value:
    cells: Array = area if isinstance(area, list) else [[area]]
    height, width = _shape(cells)
    rows, columns = [True] * height, [True] * width
    for condition in conditions:
        met = [_met(one) for one in flat(condition)]
        if _shape(condition) == (height, 1):
            rows = [a and b for a, b in zip(rows, met, strict=True)]
        elif _shape(condition) == (1, width):
            columns = [a and b for a, b in zip(columns, met, strict=True)]
        else:
            raise FormulaError("N_A", "FILTER has mismatched range sizes.")
    kept: Array = [
        [one for one, wanted in zip(line, columns, strict=True) if wanted]
        for line, wanted in zip(cells, rows, strict=True)
        if wanted
    ]
    if not kept or not kept[0]:
        raise FormulaError("N_A", "No matches are found in FILTER evaluation.")
    return kept


def _met(value: Scalar) -> bool:
    return not isinstance(value, str | Fault) and bool(value)


@function("UNIQUE", "values", 1)
def _unique(_: Setting, area: Value) -> Value:
    cells: Array = area if isinstance(area, list) else [[area]]
    seen: dict[Any, list[Scalar]] = {}
    for line in cells:
        seen.setdefault(tuple((type(one), one) for one in line), line)
    return list(seen.values())


@function("SORT", "values", 1, 3)
def _sort(setting: Setting, area: Value, column: Value = 1, ascending: Value = True) -> Value:
    cells: Array = area if isinstance(area, list) else [[area]]
    at = int(number(next(flat(column)), setting)) - 1
    if not 0 <= at < _shape(cells)[1]:
        raise FormulaError("VALUE", "SORT by a column outside its range.")
    down = not truth(next(flat(ascending)))
    filled = [line for line in cells if line[at] is not None]
    blank = [line for line in cells if line[at] is None]
    return sorted(filled, key=lambda line: sort_key(line[at]), reverse=down) + blank


def sort_key(value: Scalar) -> tuple[int, Any]:
    """Numbers before texts before booleans before errors."""
    if isinstance(value, bool):
        return 2, value
    if is_number(value):
        return 0, value
    return (1, value.casefold()) if isinstance(value, str) else (3, 0)


def rounded(value: float) -> float:
    """A result as a cell keeps it. Raises FormulaError for what is no number."""
    if isinstance(value, float) and (math.isnan(value) or math.isinf(value)):
        raise FormulaError("NUM", "The result is no number.")
    return whole(value)

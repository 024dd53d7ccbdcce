"""Calculates the formulas of one version of a spreadsheet, each when it is first asked for.

What a formula refers to is calculated before it, without recursion, so that long chains are no matter; what refers to
itself in a circle is `#REF!`. Results of several cells (FILTER, ARRAYFORMULA, …) spill into the empty cells around.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from workspace_sandbox.calls import Json
from workspace_sandbox.sheets import a1
from workspace_sandbox.sheets.cell_values import DATE_TYPES, shown
from workspace_sandbox.sheets.formula_functions import FUNCTIONS, Known, power, rounded
from workspace_sandbox.sheets.formula_syntax import (
    Binary,
    FormulaSyntaxError,
    Function,
    Literal,
    Name,
    Node,
    Reference,
    Unary,
    nodes,
    parse,
)
from workspace_sandbox.sheets.formula_values import (
    Array,
    Fault,
    FormulaError,
    Scalar,
    Setting,
    Value,
    checked,
    compare,
    extended,
    number,
    of_extended,
    text,
)
from workspace_sandbox.sheets.grid import Cell, block_of_grid_range, cell_at, number_format, sheet_by_title, size

Key = tuple[int, int, int]
"""Sheet id, row and column, from 0."""
Area = tuple[Json, int, int, int, int]
"""A sheet, the first row and column, and the last row and column."""
Line = tuple[int, list[tuple[int, Cell]]]
"""The index of a row, and its cells, each with its column."""

_SPILLING = frozenset(("ARRAYFORMULA", "FILTER", "UNIQUE", "SORT"))
_VOLATILE = frozenset(("TODAY", "NOW"))
_CIRCLE = Fault("REF", "Circular dependency detected.")
_DATE: Json = {"type": "DATE"}
_FORMATS: dict[str, Json] = {
    **dict.fromkeys(("TODAY", "DATE", "EOMONTH", "EDATE"), _DATE),
    "NOW": {"type": "DATE_TIME"},
    "TIME": {"type": "TIME"},
}
"""Functions whose result is shown as a date where the cell has no format."""
_FORMAT_OF_FIRST = frozenset(
    ("SUM", "MIN", "MAX", "AVERAGE", "MEDIAN", "MAXIFS", "MINIFS", "SUMIFS", "AVERAGEIFS", "IFERROR", "IFNA", "INDEX")
) | (_SPILLING)
"""Functions whose result is shown as their first argument is."""
_SIGNS: dict[str, tuple[int, ...]] = {
    "=": (0,),
    "<>": (-1, 1),
    "<": (-1,),
    "<=": (-1, 0),
    ">": (1,),
    ">=": (0, 1),
}


class Calculation:
    """The values of all cells of a document, which must not change meanwhile."""

    def __init__(self, document: Json, now: datetime) -> None:
        self.document = document
        self.now = now
        self.volatile = False
        """Whether something of it depends on `now`."""
        self.setting = Setting(document["locale"], now.astimezone(ZoneInfo(document["timeZone"])).replace(tzinfo=None))
        self._formulas: dict[Key, str] = {}
        self._columns: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        self._results: dict[Key, Scalar] = {}
        self._spilled: dict[Key, Scalar] = {}
        self._spilled_to: dict[int, tuple[int, int]] = {}
        self._formats: dict[Key, Json | None] = {}
        self._ranges: dict[tuple[int, int, int, int, int], Array] = {}
        self._sheets = {sheet["properties"]["sheetId"]: sheet for sheet in document["sheets"]}
        self._find_formulas()

    def _find_formulas(self) -> None:
        spilling = []
        for sheet_id, sheet in self._sheets.items():
            for row, line in enumerate(sheet["rows"]):
                for column, cell in enumerate(line):
                    if cell is not None and "formulaValue" in cell.get("value", ()):
                        formula = cell["value"]["formulaValue"]
                        self._formulas[sheet_id, row, column] = formula
                        self._columns[sheet_id, column].append(row)
                        upper = formula.upper()
                        self.volatile = self.volatile or any(name in upper for name in _VOLATILE)
                        if any(name in upper for name in _SPILLING):
                            spilling.append((sheet_id, row, column))
        for key in spilling:
            self._calculate(key)

    def lines(
        self, sheet: Json, start: int = 0, end: int | None = None
    ) -> Iterator[tuple[int, list[tuple[int, Cell]]]]:
        """The rows in which something is kept or spilled: their index, and their cells with their columns."""
        rows = sheet["rows"]
        spill_row, spill_column = self._spilled_to.get(sheet["properties"]["sheetId"], (0, 0))
        last = max(len(rows), spill_row)
        for row in range(start, last if end is None else min(end, last)):
            line: list[Cell] = rows[row] if row < len(rows) else []
            if row < spill_row and len(line) < spill_column:
                line = line + [None] * (spill_column - len(line))
            yield row, list(enumerate(line))

    def value(self, sheet: Json, row: int, column: int) -> Scalar:
        """What a cell amounts to."""
        return self._cell_value(sheet, row, column, cell_at(sheet, row, column))

    def effective(self, sheet: Json, row: int, column: int, cell: Cell) -> Json | None:
        """What a cell amounts to, as the API answers it; None for an empty one."""
        value: Json | None = None if cell is None else cell.get("value")
        if value is not None and "formulaValue" not in value:
            return value
        if value is None and not self._spilled:
            return None
        found = self._cell_value(sheet, row, column, cell)
        return None if value is None and found is None else extended(found)

    def number_format(self, sheet: Json, row: int, column: int, cell: Cell) -> Json | None:
        """The cell's own format of numbers, or the one its formula brings along."""
        own = number_format(cell)
        if own is not None or not self._formulas:
            return own
        key = (sheet["properties"]["sheetId"], row, column)
        if key in self._formulas:
            self._calculate(key)
        return self._formats.get(key)

    def formatted(self, sheet: Json, row: int, column: int, cell: Cell) -> str:
        """A cell as a person sees it."""
        value = self.effective(sheet, row, column, cell)
        if value is None:
            return ""
        of_number = self.number_format(sheet, row, column, cell) if "numberValue" in value else None
        return shown(value, of_number, self.setting.locale)

    def evaluate(self, sheet: Json, formula: str, place: tuple[int, int], offset: tuple[int, int]) -> Scalar:
        """A formula that stands in no cell, as in a conditional format: calculated at `place`, its relative references
        moved by `offset`."""
        try:
            node = parse(formula, self.setting.locale)
            at = _At(self, sheet, place, offset)
            for area in at.areas(node):
                for key in self._formulas_within(area):
                    self._calculate(key)
            return _single(at.scalar(node))
        except FormulaSyntaxError as error:
            return Fault("ERROR", str(error))
        except FormulaError as error:
            return error.fault

    def range(self, area: Area) -> Array:
        """The values of a rectangle, row by row. Its formulas have been calculated before."""
        sheet, top, left, bottom, right = area
        key = (sheet["properties"]["sheetId"], top, left, bottom, right)
        if key not in self._ranges:
            columns = range(left, right + 1)
            self._ranges[key] = [
                [self.value(sheet, row, column) for column in columns] for row in range(top, bottom + 1)
            ]
        return self._ranges[key]

    def _cell_value(self, sheet: Json, row: int, column: int, cell: Cell) -> Scalar:
        value = None if cell is None else cell.get("value")
        if value is not None and "formulaValue" not in value:
            return of_extended(value)
        key = (sheet["properties"]["sheetId"], row, column)
        if value is None:
            return self._spilled.get(key)
        return self._calculate(key)

    def _calculate(self, key: Key) -> Scalar:
        """The formula's result, after those of all formulas it refers to."""
        if key in self._results:
            return self._results[key]
        path: list[Key] = []
        waiting = [key]
        entered: set[Key] = set()
        while waiting:
            top = waiting[-1]
            if top in self._results:
                waiting.pop()
                if path and path[-1] == top:
                    path.pop()
            elif top in entered:
                self._results[top] = self._evaluated(top)
            else:
                entered.add(top)
                path.append(top)
                needed = [one for one in self._needed(top) if one not in self._results]
                for one in needed:
                    if one in entered and one in path:
                        # The formulas from there to here refer to each other in a circle.
                        self._results.update(dict.fromkeys(path[path.index(one) :], _CIRCLE))
                if top not in self._results:
                    waiting.extend(needed)
        return self._results[key]

    def _needed(self, key: Key) -> Iterator[Key]:
        """The formulas that a formula refers to."""
        node = self._node(key)
        if isinstance(node, Fault):
            return
        for area in _At(self, self._sheets[key[0]], key[1:]).areas(node):
            yield from self._formulas_within(area)

    def _formulas_within(self, area: Area) -> Iterator[Key]:
        sheet, top, left, bottom, right = area
        sheet_id = sheet["properties"]["sheetId"]
        if not self._formulas:
            return
        for column in range(left, right + 1):
            rows = self._columns.get((sheet_id, column), ())
            for at in range(bisect_left(rows, top), len(rows)):
                if rows[at] > bottom:
                    break
                yield sheet_id, rows[at], column

    def _node(self, key: Key) -> Node | Fault:
        try:
            return parse(self._formulas[key], self.setting.locale)
        except FormulaSyntaxError as error:
            return Fault("ERROR", f"Formula parse error. {error}")

    def _evaluated(self, key: Key) -> Scalar:
        node, sheet = self._node(key), self._sheets[key[0]]
        if isinstance(node, Fault):
            return node
        at = _At(self, sheet, key[1:])
        self._formats[key] = _format(at, node)
        try:
            if not any(isinstance(one, Function) and one.name in _SPILLING for one in nodes(node)):
                return _single(at.scalar(node))
            value = at.value(node)
            if not isinstance(value, list):
                return _single(value)
            return self._spill(sheet, key, value, [_format(at, node, right) for right in range(len(value[0]))])
        except FormulaError as error:
            return error.fault

    def _spill(self, sheet: Json, key: Key, values: Array, formats: list[Json | None]) -> Scalar:
        """Put all but the first value into the cells around. Raises FormulaError where one of them is taken."""
        sheet_id, row, column = key
        rows, columns = size(sheet)
        placed: dict[Key, Scalar] = {}
        for down, line in enumerate(values):
            for right, value in enumerate(line):
                at = (sheet_id, row + down, column + right)
                if at == key or value is None:
                    continue
                taken = "value" in (cell_at(sheet, at[1], at[2]) or ()) or at in self._spilled
                if taken or at[1] >= rows or at[2] >= columns:
                    where = f"{a1.column_letters(at[2])}{at[1] + 1}"
                    raise FormulaError(
                        "REF", f"Array result was not expanded because it would overwrite data in {where}."
                    )
                placed[at] = _single(value)
        self._spilled |= placed
        self._formats |= {at: formats[at[2] - column] for at in placed}
        reach = self._spilled_to.get(sheet_id, (0, 0))
        for _, at_row, at_column in placed:
            reach = max(reach[0], at_row + 1), max(reach[1], at_column + 1)
        self._spilled_to[sheet_id] = reach
        return _single(values[0][0])


def _single(value: Scalar) -> Scalar:
    if isinstance(value, float):
        return rounded(value)
    return value


@dataclass(frozen=True, slots=True)
class _At:
    """The calculation of one formula at its place."""

    calculation: Calculation
    sheet: Json
    place: tuple[int, int]
    offset: tuple[int, int] = (0, 0)
    arrays: bool = False

    @property
    def setting(self) -> Setting:
        return self.calculation.setting

    def with_arrays(self) -> _At:
        return replace(self, arrays=True)

    def areas(self, node: Node) -> Iterator[Area]:
        """The cells that a formula refers to; what refers to nothing is left for its evaluation to say."""
        for one in nodes(node):
            if isinstance(one, Reference | Name):
                try:
                    area = self._area(one)
                except FormulaError:
                    continue
                if area is not None:
                    yield area

    def area(self, node: Node) -> tuple[int, int, int, int]:
        area = self._area(node) if isinstance(node, Reference | Name) else None
        if area is None:
            raise FormulaError("N_A", "The argument must be a range.")
        return area[1:]

    def number_format(self, node: Reference, right: int) -> Json | None:
        """The format of the first cell referred to, or of the one so far to the right of it."""
        try:
            area = self._area(node)
        except FormulaError:
            return None
        if area is None:
            return None
        sheet, row, column = area[0], area[1], area[2] + right
        return self.calculation.number_format(sheet, row, column, cell_at(sheet, row, column))

    def value(self, node: Node) -> Value:
        if isinstance(node, Literal):
            return node.value
        if isinstance(node, Reference | Name):
            return self._referred(node)
        if isinstance(node, Function):
            return self._called(node)
        if isinstance(node, Binary):
            operator = node.operator
            return self._mapped(
                lambda left, right: _operated(operator, left, right, self.setting),
                [self._operand(node.left), self._operand(node.right)],
            )
        if isinstance(node, Unary):
            sign = node.operator
            return self._mapped(lambda one: _signed(sign, one, self.setting), [self._operand(node.operand)])
        raise FormulaError(node.kind, "The formula contains an error.")

    def scalar(self, node: Node) -> Scalar:
        value = self.value(node)
        if not isinstance(value, list):
            return value
        if len(value) == 1 and len(value[0]) == 1:
            return value[0][0]
        area = self._area(node) if isinstance(node, Reference | Name) else None
        if area is None:
            return value[0][0]
        _, top, left, bottom, right = area
        row, column = self.place
        # Of a column the cell in this row is meant, of a row the one in this column.
        if left == right and top <= row <= bottom:
            return value[row - top][0]
        if top == bottom and left <= column <= right:
            return value[0][column - left]
        raise FormulaError("VALUE", "An array value could not be found.")

    def _operand(self, node: Node) -> Value:
        return self.value(node) if self.arrays else self.scalar(node)

    def _referred(self, node: Reference | Name) -> Value:
        if isinstance(node, Name) and node.name.upper() in ("TRUE", "FALSE"):
            return node.name.upper() == "TRUE"
        area = self._area(node)
        if area is None:
            raise FormulaError("NAME", f"Unknown range name: '{node}'.")
        sheet, top, left, bottom, right = area
        if (top, left) == (bottom, right):
            return self.calculation.value(sheet, top, left)
        return self.calculation.range(area)

    def _area(self, node: Reference | Name) -> Area | None:
        """The cells meant; None for a name that is none. Raises FormulaError where they do not exist."""
        document = self.calculation.document
        if isinstance(node, Name):
            for named in document["namedRanges"]:
                if named["name"].casefold() == node.name.casefold():
                    block = block_of_grid_range(document, named["range"])
                    return block.sheet, block.row, block.column, block.end_row - 1, block.end_column - 1
            if node.name.upper() in ("TRUE", "FALSE"):
                return None
            raise FormulaError("NAME", f"Unknown range name: '{node.name}'.")
        sheet = self.sheet if node.sheet is None else sheet_by_title(document, node.sheet)
        if sheet is None:
            raise FormulaError("REF", f"Unresolved sheet name '{node.sheet}'.")
        rows, columns = size(sheet)
        last = node.first if node.last is None else node.last
        top, bottom = _bounds(
            self._row(node.first.row, node.first.row_fixed), self._row(last.row, last.row_fixed), rows
        )
        left, right = _bounds(
            self._column(node.first.column, node.first.column_fixed),
            self._column(last.column, last.column_fixed),
            columns,
        )
        return sheet, top, left, bottom, right

    def _row(self, row: int | None, fixed: bool) -> int | None:
        return row if row is None or fixed else row + self.offset[0]

    def _column(self, column: int | None, fixed: bool) -> int | None:
        return column if column is None or fixed else column + self.offset[1]

    def _called(self, node: Function) -> Value:
        known, given = FUNCTIONS.get(node.name), node.arguments
        if known is None:
            raise FormulaError("NAME", f"Unknown function: '{node.name}'.")
        if not known.least <= len(given) <= known.most:
            raise FormulaError("N_A", f"Wrong number of arguments to {node.name}: {len(given)}.")
        if known.kind == "nodes":
            return known.call(self, *given)
        if known.kind == "values":
            at = self.with_arrays() if known.arrays else self
            return known.call(self.setting, *(at.value(one) for one in given))
        return self._called_with_scalars(known, given)

    def _called_with_scalars(self, known: Known, given: tuple[Node, ...]) -> Value:
        faults = known.kind == "faults"
        values: list[Value] = []
        for one in given:
            try:
                values.append(self._operand(one))
            except FormulaError as error:
                if not faults:
                    raise
                values.append(error.fault)

        def call(*scalars: Scalar) -> Scalar:
            result = known.call(self.setting, *(scalars if faults else map(checked, scalars)))
            assert not isinstance(result, list)
            return result

        return self._mapped(call, values)

    def _mapped(self, call: Callable[..., Scalar], values: list[Value]) -> Value:
        """The result for single values, or the results for every cell of ranges."""
        shapes = [(len(one), len(one[0])) for one in values if isinstance(one, list)]
        if not shapes:
            return call(*values)
        height, width = max(shape[0] for shape in shapes), max(shape[1] for shape in shapes)
        return [
            [_attempt(call, [_cell(one, row, column) for one in values]) for column in range(width)]
            for row in range(height)
        ]


def _attempt(call: Callable[..., Scalar], values: list[Scalar]) -> Scalar:
    try:
        return call(*values)
    except FormulaError as error:
        return error.fault


def _cell(value: Value, row: int, column: int) -> Scalar:
    """The cell of a range that goes with that place: a single row or column goes with all."""
    if not isinstance(value, list):
        return value
    line = value[0] if len(value) == 1 else value[row] if row < len(value) else None
    if line is None:
        return Fault("N_A", "The ranges are of different size.")
    if len(line) == 1:
        return line[0]
    return line[column] if column < len(line) else Fault("N_A", "The ranges are of different size.")


def _bounds(first: int | None, last: int | None, count: int) -> tuple[int, int]:
    """First and last index within the grid. Raises FormulaError where a reference lies beyond it."""
    low, high = first or 0, count - 1 if last is None else last
    if first is not None and last is not None and low > high:
        low, high = high, low
    if low < 0 or low >= count:
        raise FormulaError("REF", "The reference lies beyond the grid.")
    return low, min(high, count - 1)


def _operated(operator: str, left: Scalar, right: Scalar, setting: Setting) -> Scalar:
    if operator in _SIGNS:
        return compare(left, right) in _SIGNS[operator]
    if operator == "&":
        return text(left, setting) + text(right, setting)
    first, second = float(number(left, setting)), float(number(right, setting))
    if operator == "/":
        if second == 0:
            raise FormulaError("DIVIDE_BY_ZERO", "Function DIVIDE parameter 2 cannot be zero.")
        return _single(first / second)
    if operator == "^":
        return _single(power(first, second))
    return _single({"+": first + second, "-": first - second, "*": first * second}[operator])


def _signed(sign: str, value: Scalar, setting: Setting) -> Scalar:
    if sign == "+":
        return checked(value)
    operand = number(value, setting)
    return _single(-operand if sign == "-" else operand / 100)


def _format(at: _At, node: Node, right: int = 0) -> Json | None:
    """How a result is shown where its cell has no format: as the dates or amounts it was calculated from.

    `right`: of a result of several columns, how far to the right. What is referred to has been calculated before.
    """
    if isinstance(node, Reference):
        return at.number_format(node, right)
    if isinstance(node, Function):
        if node.name in _FORMATS:
            return _FORMATS[node.name]
        if node.name in _FORMAT_OF_FIRST and node.arguments:
            return _format(at, node.arguments[0], right)
        return _format(at, node.arguments[1]) if node.name == "IF" and len(node.arguments) > 1 else None
    if isinstance(node, Binary) and node.operator in "+-":
        left, other = _format(at, node.left, right), _format(at, node.right, right)
        if node.operator == "-" and _is_date(left) and _is_date(other):
            return None
        return left or other
    return None


def _is_date(one: Json | None) -> bool:
    return one is not None and one.get("type") in DATE_TYPES

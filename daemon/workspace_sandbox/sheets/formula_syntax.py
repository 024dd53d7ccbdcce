"""Formulas as they are written: `=COUNTIF(Log!B2:B; "Done") + 1` to a tree, in the spreadsheet's locale.

Where the decimal separator is a comma, arguments are separated by `;` alone; elsewhere by `,` (and `;` is taken too).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from workspace_sandbox.sheets import a1
from workspace_sandbox.sheets.cell_values import comma_decimals

_COLUMN, _ROW = r"\$?[A-Za-z]{1,3}", r"\$?[1-9]\d*"
_SHEET = r"(?:'(?:[^']|'')+'|[^\W\d][\w.]*)!"
_REFERENCE = (
    rf"(?:{_SHEET})?(?:{_COLUMN}{_ROW}(?::(?:{_COLUMN}{_ROW}|{_COLUMN}|{_ROW}))?|{_COLUMN}:{_COLUMN}|{_ROW}:{_ROW})"
    r"(?![\w.(!])"
)
_CORNER = re.compile(r"(?P<column>\$?[A-Za-z]{1,3})?(?P<row>\$?[1-9]\d*)?")
_KINDS = (
    ("space", r"\s+"),
    ("text", r'"(?:[^"]|"")*"'),
    ("error", rf"(?:{_SHEET})?#(?:REF!|DIV/0!|VALUE!|NAME\?|NUM!|N/A|ERROR!)"),
    ("reference", _REFERENCE),
    ("number", r"(?:\d+(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?"),
    ("name", r"[^\W\d][\w.]*"),
    ("operator", r"<>|<=|>=|[-+*/^&=<>%]"),
    ("open", r"\("),
    ("close", r"\)"),
    ("separator", r"{separator}"),
)
_ERRORS = {
    "REF!": "REF",
    "DIV/0!": "DIVIDE_BY_ZERO",
    "VALUE!": "VALUE",
    "NAME?": "NAME",
    "NUM!": "NUM",
    "N/A": "N_A",
    "ERROR!": "ERROR",
}
_BINDING = {"=": 1, "<>": 1, "<": 1, ">": 1, "<=": 1, ">=": 1, "&": 2, "+": 3, "-": 3, "*": 4, "/": 4, "^": 5}
_DEEPEST = 100


class FormulaSyntaxError(ValueError):
    """A formula that cannot be read; Sheets shows #ERROR!."""


@dataclass(frozen=True, slots=True)
class Corner:
    """One corner of a reference, from 0; None where it is open (`A2:A` has no last row)."""

    row: int | None
    column: int | None
    row_fixed: bool = False
    column_fixed: bool = False

    def __str__(self) -> str:
        column = "" if self.column is None else "$" * self.column_fixed + a1.column_letters(self.column)
        return column + ("" if self.row is None else f"{'$' * self.row_fixed}{self.row + 1}")


@dataclass(frozen=True, slots=True)
class Reference:
    """A cell or a range, of another sheet where `sheet` names one."""

    sheet: str | None
    first: Corner
    last: Corner | None = None

    def __str__(self) -> str:
        sheet = "" if self.sheet is None else f"{a1.quoted(self.sheet)}!"
        return f"{sheet}{self.first}" + ("" if self.last is None else f":{self.last}")


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, or None for an argument left empty."""

    value: float | str | None


@dataclass(frozen=True, slots=True)
class ErrorLiteral:
    """An error written out, as `#REF!` where a deleted cell was meant; by its type in the API."""

    kind: str


@dataclass(frozen=True, slots=True)
class Name:
    """TRUE, FALSE, or the name of a range."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary:
    """`-`, `+` before, or `%` behind."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Function:
    """A call; its name in capitals."""

    name: str
    arguments: tuple[Node, ...]


Node = Literal | ErrorLiteral | Name | Reference | Unary | Binary | Function


@lru_cache(maxsize=8192)
def parse(formula: str, locale: str) -> Node:
    """The tree of a formula that begins with `=` or `+`. Raises FormulaSyntaxError where it is none."""
    parser = _Parser([token for token in tokens(formula[1:], locale) if token.kind != "space"])
    node = parser.expression(0)
    if parser.next is not None:
        raise FormulaSyntaxError(f"{parser.next.text} is not expected there.")
    if _depth(node) > _DEEPEST:
        raise FormulaSyntaxError("The formula is nested too deeply.")
    return node


def tokens(text: str, locale: str) -> Iterator[Token]:
    """The pieces of a formula, which joined are the formula again. Raises FormulaSyntaxError at what is none."""
    pattern, at = _pattern(comma_decimals(locale)), 0
    while at < len(text):
        found = pattern.match(text, at)
        if found is None or found.lastgroup is None:
            raise FormulaSyntaxError(f"{text[at]} is not expected there.")
        yield Token(found.lastgroup, found[0])
        at = found.end()


def reference(text: str) -> Reference:
    """What a token of kind `reference` refers to."""
    sheet, cells = a1.split(text)
    first, found, last = cells.partition(":")
    return Reference(sheet, _corner(first), _corner(last) if found else None)


def _depth(node: Node) -> int:
    deepest, waiting = 0, [(node, 1)]
    while waiting:
        one, depth = waiting.pop()
        deepest = max(deepest, depth)
        waiting.extend((child, depth + 1) for child in _children(one))
    return deepest


def _children(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Function):
        return node.arguments
    if isinstance(node, Binary):
        return node.left, node.right
    return (node.operand,) if isinstance(node, Unary) else ()


def nodes(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(_children(one)))


@lru_cache(maxsize=2)
def _pattern(comma: bool) -> re.Pattern[str]:
    point, separator = (",", ";") if comma else (r"\.", "[,;]")
    kinds = ((kind, text.replace("{point}", point).replace("{separator}", separator)) for kind, text in _KINDS)
    return re.compile("|".join(f"(?P<{kind}>{text})" for kind, text in kinds))


def _corner(text: str) -> Corner:
    found = _CORNER.fullmatch(text)
    assert found is not None
    row, column = found["row"], found["column"]
    return Corner(
        int(row.lstrip("$")) - 1 if row else None,
        a1.column_number(column.lstrip("$")) if column else None,
        bool(row) and row.startswith("$"),
        bool(column) and column.startswith("$"),
    )


class _Parser:
    """Precedence climbing: comparison, `&`, sum, product, power, sign, percent, as in Sheets (so -2^2 is 4)."""

    def __init__(self, pieces: list[Token]) -> None:
        self._pieces = pieces
        self._at = 0
        self._depth = 0

    @property
    def next(self) -> Token | None:
        return self._pieces[self._at] if self._at < len(self._pieces) else None

    def expression(self, least: int) -> Node:
        left = self._signed()
        while self.next is not None and self.next.kind == "operator":
            binding = _BINDING.get(self.next.text, 0)
            if binding <= least:
                break
            operator = self._take().text
            left = Binary(operator, left, self.expression(binding))
        return left

    def _signed(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise FormulaSyntaxError("The formula is nested too deeply.")
        node = self._with_sign()
        self._depth -= 1
        return node

    def _with_sign(self) -> Node:
        token = self.next
        if token is not None and token.kind == "operator" and token.text in "+-":
            self._take()
            return Unary(token.text, self._signed())
        node = self._primary()
        while self.next is not None and self.next.text == "%" and self.next.kind == "operator":
            self._take()
            node = Unary("%", node)
        return node

    def _primary(self) -> Node:
        token = self._take()
        if token.kind == "number":
            number = float(token.text.replace(",", "."))
            return Literal(int(number) if number.is_integer() and abs(number) < 1e15 else number)
        if token.kind == "text":
            return Literal(token.text[1:-1].replace('""', '"'))
        if token.kind == "reference":
            return reference(token.text)
        if token.kind == "error":
            return ErrorLiteral(_ERRORS[token.text.rpartition("#")[2]])
        if token.kind == "open":
            node = self.expression(0)
            self._expect("close")
            return node
        if token.kind == "name":
            if self.next is not None and self.next.kind == "open":
                self._take()
                return Function(token.text.upper(), self._arguments())
            return Name(token.text)
        raise FormulaSyntaxError(f"{token.text} is not expected there.")

    def _arguments(self) -> tuple[Node, ...]:
        arguments: list[Node] = []
        if self.next is not None and self.next.kind == "close":
            self._take()
            return ()
        while True:
            token = self.next
            empty = token is not None and token.kind in ("separator", "close")
            arguments.append(Literal(None) if empty else self.expression(0))
            if self._take_one_of("separator", "close").kind == "close":
                return tuple(arguments)

    def _take(self) -> Token:
        if self.next is None:
            raise FormulaSyntaxError("The formula ends too early.")
        self._at += 1
        return self._pieces[self._at - 1]

    def _take_one_of(self, *kinds: str) -> Token:
        token = self._take()
        if token.kind not in kinds:
            raise FormulaSyntaxError(f"{token.text} is not expected there.")
        return token

    def _expect(self, kind: str) -> None:
        self._take_one_of(kind)

"""References within formulas that follow what happens to the grid: copied formulas, moved rows, renamed sheets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from workspace_sandbox.calls import Json
from workspace_sandbox.sheets.cell_values import comma_decimals
from workspace_sandbox.sheets.dimension_changes import Change
from workspace_sandbox.sheets.formula_syntax import Corner, FormulaSyntaxError, Reference, reference, tokens
from workspace_sandbox.sheets.grid import Block, Cell, put_cell

Rewrite = Callable[[Reference], Reference | None]
"""What a reference becomes; None where what it refers to is gone (`#REF!`)."""


def rewritten(formula: str, locale: str, change: Rewrite) -> str:
    """The formula with each reference changed, everything else as it was typed; unreadable ones stay as they are."""
    try:
        pieces = list(tokens(formula[1:], locale))
    except FormulaSyntaxError:
        return formula
    out = [formula[:1]]
    for token in pieces:
        if token.kind != "reference":
            out.append(token.text)
            continue
        before = reference(token.text)
        after = change(before)
        out.append("#REF!" if after is None else token.text if after == before else str(after))
    return "".join(out)


def shifted(ref: Reference, rows: int, columns: int) -> Reference | None:
    """The reference as in a copy of its formula further down and to the right: what has a `$` stays."""
    first = _moved(ref.first, rows, columns)
    last = None if ref.last is None else _moved(ref.last, rows, columns)
    if first is None or (last is None and ref.last is not None):
        return None
    return replace(ref, first=first, last=last)


def copied_formula(cell: Cell, locale: str, rows: int, columns: int) -> Cell:
    """The cell as it is pasted that far away."""
    formula = formula_of(cell)
    if formula is None or not (rows or columns):
        return cell
    text = rewritten(formula, locale, lambda ref: shifted(ref, rows, columns))
    return {**(cell or {}), "value": {"formulaValue": text}}


def formula_of(cell: Cell) -> str | None:
    value = (cell or {}).get("value")
    return value.get("formulaValue") if value else None


def follow_dimension(document: Json, sheet: Json, dimension: str, change: Change) -> None:
    """Let every reference to cells of the sheet follow its inserted, deleted or moved rows or columns."""
    follow(document, _of_sheet(sheet, lambda ref, _: _after_dimension(ref, dimension, change)))


def follow_cells(document: Json, source: Block, target: Block) -> None:
    """Let references to what was cut follow it to where it was pasted."""
    title = target.sheet["properties"]["title"]

    def moved(ref: Reference, host: str) -> Reference | None:
        first, last = ref.first, ref.last or ref.first
        if not (_lies_in(first, source) and _lies_in(last, source)):
            return ref
        by = target.row - source.row, target.column - source.column
        sheet = None if ref.sheet is None and host.casefold() == title.casefold() else title
        return Reference(sheet, _placed(first, *by), None if ref.last is None else _placed(last, *by))

    follow(document, _of_sheet(source.sheet, moved))


def follow_title(document: Json, old: str, new: str | None) -> None:
    """Let references follow a sheet's new title; without one the sheet is gone."""

    def renamed(ref: Reference, host: str) -> Reference | None:
        if ref.sheet is None or ref.sheet.casefold() != old.casefold():
            return ref
        return None if new is None else replace(ref, sheet=new)

    follow(document, renamed)


def follow_name(document: Json, old: str, new: str) -> None:
    """Let formulas use the new name of a named range."""
    locale = document["locale"]

    def rewrite(formula: str) -> str:
        try:
            pieces = list(tokens(formula[1:], locale))
        except FormulaSyntaxError:
            return formula
        named = ((token.kind == "name" and token.text.casefold() == old.casefold(), token.text) for token in pieces)
        return formula[:1] + "".join(new if is_name else text for is_name, text in named)

    _rewrite_document(document, rewrite)


def follow(document: Json, change: Callable[[Reference, str], Reference | None]) -> None:
    """Rewrite every formula of the document: of cells, validation and conditional formats.

    `change` gets a reference and the title of the sheet in which the formula stands.
    """
    locale = document["locale"]
    for sheet in document["sheets"]:
        title = sheet["properties"]["title"]

        def rewrite(formula: str, host: str = title) -> str:
            return rewritten(formula, locale, lambda ref: change(ref, host))

        _rewrite_sheet(sheet, rewrite)


def translate(document: Json, locale: str) -> None:
    """Write every formula as the new locale does: its separators and its decimal comma or point."""
    old = document["locale"]
    if comma_decimals(old) == comma_decimals(locale):
        return
    point, separator = (",", ";") if comma_decimals(locale) else (".", ",")

    def rewrite(formula: str) -> str:
        try:
            pieces = list(tokens(formula[1:], old))
        except FormulaSyntaxError:
            return formula
        out = [formula[:1]]
        for token in pieces:
            if token.kind == "separator":
                out.append(separator)
            else:
                out.append(token.text.replace(",", ".").replace(".", point) if token.kind == "number" else token.text)
        return "".join(out)

    _rewrite_document(document, rewrite)


def _rewrite_document(document: Json, rewrite: Callable[[str], str]) -> None:
    for sheet in document["sheets"]:
        _rewrite_sheet(sheet, rewrite)


def _rewrite_sheet(sheet: Json, rewrite: Callable[[str], str]) -> None:
    _rewrite_cells(sheet, rewrite)
    for rule in sheet["conditionalFormats"]:
        _rewrite_condition(rule.get("booleanRule", {}).get("condition"), rewrite)


def _rewrite_cells(sheet: Json, rewrite: Callable[[str], str]) -> None:
    for row, line in enumerate(sheet["rows"]):
        for column, cell in enumerate(line):
            if cell is None:
                continue
            formula, changed = formula_of(cell), dict(cell)
            if formula is not None:
                changed["value"] = {"formulaValue": rewrite(formula)}
            if "validation" in cell:
                changed["validation"] = _rewritten_validation(cell["validation"], rewrite)
            if changed != cell:
                put_cell(sheet, row, column, changed)


def _rewritten_validation(rule: Json, rewrite: Callable[[str], str]) -> Json:
    values = rule.get("condition", {}).get("values")
    if not values or not any(one.get("userEnteredValue", "").startswith("=") for one in values):
        return rule
    condition = {**rule["condition"], "values": [dict(one) for one in values]}
    _rewrite_condition(condition, rewrite)
    return {**rule, "condition": condition}


def _rewrite_condition(condition: Json | None, rewrite: Callable[[str], str]) -> None:
    for value in (condition or {}).get("values", []):
        if value.get("userEnteredValue", "").startswith("="):
            value["userEnteredValue"] = rewrite(value["userEnteredValue"])


def _of_sheet(
    sheet: Json, change: Callable[[Reference, str], Reference | None]
) -> Callable[[Reference, str], Reference | None]:
    """The change, for references to this sheet only."""
    title = sheet["properties"]["title"].casefold()

    def only(ref: Reference, host: str) -> Reference | None:
        return change(ref, host) if (ref.sheet or host).casefold() == title else ref

    return only


def _after_dimension(ref: Reference, dimension: str, change: Change) -> Reference | None:
    name = "row" if dimension == "ROWS" else "column"
    low, high = getattr(ref.first, name), getattr(ref.last or ref.first, name)
    if low is None:
        return ref
    swapped = high is not None and high < low
    if swapped:
        low, high = high, low
    span = change.span(low, None if high is None else high + 1)
    if span is None:
        return None
    low, high = span[0], None if span[1] is None else span[1] - 1
    if swapped:
        low, high = high, low
    first = _at_index(ref.first, name, low)
    return replace(ref, first=first, last=None if ref.last is None else _at_index(ref.last, name, high))


def _at_index(corner: Corner, name: str, index: int | None) -> Corner:
    return replace(corner, row=index) if name == "row" else replace(corner, column=index)


def _moved(corner: Corner, rows: int, columns: int) -> Corner | None:
    row = corner.row if corner.row is None or corner.row_fixed else corner.row + rows
    column = corner.column if corner.column is None or corner.column_fixed else corner.column + columns
    if (row is not None and row < 0) or (column is not None and column < 0):
        return None
    return replace(corner, row=row, column=column)


def _placed(corner: Corner, rows: int, columns: int) -> Corner:
    assert corner.row is not None
    assert corner.column is not None
    return replace(corner, row=corner.row + rows, column=corner.column + columns)


def _lies_in(corner: Corner, block: Block) -> bool:
    return (
        corner.row is not None
        and corner.column is not None
        and block.row <= corner.row < block.end_row
        and block.column <= corner.column < block.end_column
    )

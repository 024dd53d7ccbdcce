"""The requests of `spreadsheets.batchUpdate`: one function per kind, registered by its name in the API.

Each changes the opened document and gives its reply. They are in `requests_cells.py` (contents),
`requests_dimensions.py` (rows and columns), `requests_sheets.py` (sheets) and `requests_objects.py` (what lies over
cells).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workspace_sandbox import fields
from workspace_sandbox.calls import ApiError, Json
from workspace_sandbox.discovery import schemas
from workspace_sandbox.sheets.access import Opened

Change = Callable[[Opened, Json], Json]
_CHANGES: dict[str, Change] = {}
_CELL_FIELDS = {
    "userEnteredValue": "value",
    "userEnteredFormat": "format",
    "note": "note",
    "dataValidation": "validation",
}
"""Field of CellData -> how a cell is kept."""
_GRID_RANGE = frozenset(("sheetId", "startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex"))
_OUTPUT_FIELDS = frozenset(("effectiveValue", "formattedValue", "effectiveFormat", "hyperlink"))
"""Fields of CellData that are answered and, where they are sent, not looked at."""


def request(name: str) -> Callable[[Change], Change]:
    """Register the function that carries out a kind of request."""

    def register(change: Change) -> Change:
        _CHANGES[name] = change
        return change

    return register


def carry_out(opened: Opened, position: int, asked: Json) -> Json:
    """Carry out one request of a batch and give its reply. Raises ApiError with Google's prefix."""
    kinds = [name for name, value in asked.items() if value is not None]
    if len(kinds) != 1:
        raise ApiError(400, "badRequest", f"Invalid requests[{position}]: exactly one kind of request must be set.")
    change = _CHANGES.get(kinds[0])
    if change is None:
        raise ApiError(
            501, "notImplemented", f"The sandbox does not have the request {kinds[0]} (requests[{position}])."
        )
    try:
        reply = change(opened, asked[kinds[0]])
    except ApiError as error:
        message = f"Invalid requests[{position}].{kinds[0]}: {error.message}" if error.status == 400 else error.message
        raise ApiError(error.status, error.reason, message) from None
    return {kinds[0]: as_answered(reply)} if reply else {}


def as_answered(value: Any) -> Any:
    """A part of an answer as Sheets writes it: a GridRange on the sheet with id 0 does not name the sheet.

    The id's default value is left out, as in protocol buffers; `startRowIndex` and its like are not, since there 0 and
    nothing differ (https://github.com/nithinmurali/pygsheets/issues/105, and gspread's recorded answers).
    """
    if isinstance(value, dict):
        leave_out = value.get("sheetId") == 0 and value.keys() <= _GRID_RANGE
        return {name: as_answered(one) for name, one in value.items() if not (leave_out and name == "sheetId")}
    return [as_answered(one) for one in value] if isinstance(value, list) else value


def field_mask(asked: Json, of: str) -> fields.Mask:
    """The mask of a request; `*` for all. Raises ApiError 400 where it is missing, or the schema `of` lacks a field."""
    text = asked.get("fields")
    if not text:
        raise ApiError(
            400, "badRequest", "At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)"
        )
    mask = fields.parse(text)
    fields.check(mask, schemas("sheets"), of)
    return mask


def merged(old: Any, new: Any, mask: fields.Mask) -> Any:
    """`old` with the masked fields taken from `new`; what `new` lacks of them is taken away."""
    if not mask or "*" in mask:
        return new
    result = dict(old or {})
    for name, inner in mask.items():
        value = merged(result.get(name), (new or {}).get(name), inner)
        if value is None or value == {}:
            result.pop(name, None)
        else:
            result[name] = value
    return result


def changed_cell(cell: Json | None, data: Json, mask: fields.Mask) -> Json:
    """A cell after a CellData was written over it, as far as the mask reaches."""
    everything = "*" in mask
    unknown = set(data if everything else mask) - set(_CELL_FIELDS) - _OUTPUT_FIELDS - {"*"}
    if unknown:
        raise ApiError(501, "notImplemented", f"The sandbox's cells have no {', '.join(sorted(unknown))}.")
    changed = dict(cell or {})
    for name, kept in _CELL_FIELDS.items():
        if everything:
            changed[kept] = data.get(name)
        elif name in mask:
            changed[kept] = merged(changed.get(kept), data.get(name), mask[name])
    value = changed.get("value")
    if value is not None:
        changed["value"] = _checked_value(value)
    rule = changed.get("validation")
    if (everything or "dataValidation" in mask) and rule and is_plain_checkbox(rule):
        changed["value"] = changed.get("value") or {"boolValue": False}
    return {name: value for name, value in changed.items() if value not in (None, {}, "")}


def is_plain_checkbox(rule: Json) -> bool:
    """A checkbox for TRUE and FALSE, not for two values of one's own."""
    condition = rule.get("condition", {})
    return condition.get("type") == "BOOLEAN" and not condition.get("values")


def cell_of(data: Json) -> Json:
    """A cell from nothing but a CellData."""
    return changed_cell(None, data, {"*": {}})


def _checked_value(value: Json) -> Json | None:
    kinds = [name for name, one in value.items() if one is not None]
    if len(kinds) > 1:
        raise ApiError(400, "badRequest", f"A value has one kind, not {' and '.join(kinds)}.")
    if not kinds or value == {"stringValue": ""}:
        return None
    if kinds[0] == "errorValue":
        raise ApiError(400, "badRequest", "An errorValue cannot be set.")
    return {kinds[0]: value[kinds[0]]}

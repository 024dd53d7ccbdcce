"""Requests about what lies over cells: protection, conditional formats, names, merges, borders, filters, charts."""

from __future__ import annotations

from typing import Any

from workspace_sandbox.calls import ApiError, Json
from workspace_sandbox.sheets.access import Opened, may_edit, overlaps
from workspace_sandbox.sheets.conditions import needed_values
from workspace_sandbox.sheets.formula_references import follow_name
from workspace_sandbox.sheets.grid import Block, block_of_grid_range, cell_at, put_cell, sheet_by_id
from workspace_sandbox.sheets.requests import field_mask, merged, request
from workspace_sandbox.sheets.requests_cells import sort_range

_INDEXES = ("startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex")


# Protections.


@request("addProtectedRange")
def add_protected_range(opened: Opened, asked: Json) -> Json:
    """Without `editors` who adds it is the only one; a `warningOnly` protection keeps nobody out."""
    protection = dict(asked.get("protectedRange") or {})
    sheet = _protect(opened, protection)
    protection["protectedRangeId"] = protection.get("protectedRangeId") or _fresh_id(opened)
    protection["addedBy"] = opened.call.user
    sheet["protectedRanges"].append(protection)
    shown = {name: value for name, value in protection.items() if name != "addedBy"}
    return {"protectedRange": {**shown, "requestingUserCanEdit": True}}


@request("updateProtectedRange")
def update_protected_range(opened: Opened, asked: Json) -> Json:
    mask, wanted = field_mask(asked, "ProtectedRange"), asked.get("protectedRange") or {}
    sheet, before = _protected(opened, wanted.get("protectedRangeId"))
    _require_editor(opened, before)
    identity = {name: before[name] for name in ("protectedRangeId", "addedBy") if name in before}
    after = {**merged(before, wanted, mask), **identity}
    after.pop("requestingUserCanEdit", None)
    place = sheet["protectedRanges"].index(before)
    sheet["protectedRanges"].pop(place)
    target = _protect(opened, after)
    target["protectedRanges"].insert(place if target is sheet else len(target["protectedRanges"]), after)
    return {}


@request("deleteProtectedRange")
def delete_protected_range(opened: Opened, asked: Json) -> Json:
    sheet, protection = _protected(opened, asked.get("protectedRangeId"))
    _require_editor(opened, protection)
    sheet["protectedRanges"].remove(protection)
    return {}


def _protect(opened: Opened, protection: Json) -> Json:
    """Complete a protection; the sheet it is on."""
    if protection.get("namedRangeId"):
        named = _named(opened, protection["namedRangeId"])
        protection["range"] = dict(named["range"])
    if protection.get("tableId"):
        raise ApiError(501, "notImplemented", "The sandbox has no tables.")
    area = protection.get("range") or {}
    block = block_of_grid_range(opened.document, area)
    sheet_id = block.sheet["properties"]["sheetId"]
    protection["range"] = {"sheetId": sheet_id, **area}
    if protection.get("unprotectedRanges"):
        if set(area) & set(_INDEXES):
            raise ApiError(400, "badRequest", "Unprotected ranges are only supported on protected sheets.")
        protection["unprotectedRanges"] = [{"sheetId": sheet_id, **one} for one in protection["unprotectedRanges"]]
    if protection.get("warningOnly"):
        protection.pop("editors", None)
    else:
        editors = protection.get("editors") or {}
        users = [one.lower() for one in editors.get("users", [])] or [opened.call.user]
        protection["editors"] = {**editors, "users": list(dict.fromkeys(users))}
        if not may_edit(protection, opened.call.user, opened.file):
            raise ApiError(400, "badRequest", "You can't remove yourself as an editor.")
    return block.sheet


def _protected(opened: Opened, protection_id: int | None) -> tuple[Json, Json]:
    for sheet in opened.document["sheets"]:
        for one in sheet["protectedRanges"]:
            if one["protectedRangeId"] == protection_id:
                return sheet, one
    raise ApiError(400, "badRequest", f"No protected range with id: {protection_id}")


def _require_editor(opened: Opened, protection: Json) -> None:
    if not protection.get("warningOnly") and not may_edit(protection, opened.call.user, opened.file):
        raise ApiError(400, "badRequest", "You are trying to edit a protected cell or object.")


# Conditional formats.


@request("addConditionalFormatRule")
def add_conditional_format_rule(opened: Opened, asked: Json) -> Json:
    rule = asked.get("rule") or {}
    rules = _rules_for(opened, rule)
    rules.insert(min(asked.get("index", 0), len(rules)), rule)
    return {}


@request("updateConditionalFormatRule")
def update_conditional_format_rule(opened: Opened, asked: Json) -> Json:
    """With `rule` the one at the index is replaced, with `newIndex` it is moved."""
    index = asked.get("index", 0)
    if asked.get("rule") is not None:
        rules = _rules_for(opened, asked["rule"])
        _require_rule(rules, index)
        old, rules[index] = rules[index], asked["rule"]
        return {"newRule": asked["rule"], "newIndex": index, "oldRule": old}
    if asked.get("newIndex") is None:
        raise ApiError(400, "badRequest", "Either rule or newIndex must be set.")
    rules = sheet_by_id(opened.document, asked.get("sheetId", 0))["conditionalFormats"]
    _require_rule(rules, index)
    _require_rule(rules, asked["newIndex"])
    rule = rules.pop(index)
    rules.insert(asked["newIndex"], rule)
    return {"newRule": rule, "newIndex": asked["newIndex"], "oldIndex": index}


@request("deleteConditionalFormatRule")
def delete_conditional_format_rule(opened: Opened, asked: Json) -> Json:
    rules = sheet_by_id(opened.document, asked.get("sheetId", 0))["conditionalFormats"]
    index = asked.get("index", 0)
    _require_rule(rules, index)
    return {"rule": rules.pop(index)}


def _rules_for(opened: Opened, rule: Json) -> list[Json]:
    """The rules among which this one belongs. Raises ApiError 400 where it is not one."""
    if not rule.get("ranges"):
        raise ApiError(400, "badRequest", "A rule needs ranges.")
    sheets = {one.get("sheetId", 0) for one in rule["ranges"]}
    if len(sheets) != 1:
        raise ApiError(400, "badRequest", "All ranges of a rule are on one sheet.")
    for one in rule["ranges"]:
        block_of_grid_range(opened.document, one)
    if ("booleanRule" in rule) == ("gradientRule" in rule):
        raise ApiError(400, "badRequest", "A rule is either a booleanRule or a gradientRule.")
    condition = rule.get("booleanRule", {}).get("condition")
    if condition is not None:
        kind, given = condition.get("type", ""), condition.get("values") or []
        if kind.endswith("UNSPECIFIED") or len(given) not in needed_values(kind):
            raise ApiError(400, "badRequest", f"ConditionType {kind} with {len(given)} values is not possible.")
    rules: list[Json] = sheet_by_id(opened.document, sheets.pop())["conditionalFormats"]
    return rules


def _require_rule(rules: list[Json], index: int) -> None:
    if not 0 <= index < len(rules):
        raise ApiError(400, "badRequest", f"No conditional format on sheet at index: {index}")


# Names.


@request("addNamedRange")
def add_named_range(opened: Opened, asked: Json) -> Json:
    named = dict(asked.get("namedRange") or {})
    _require_free_name(opened, named.get("name", ""), None)
    block_of_grid_range(opened.document, named.get("range") or {})
    named.setdefault("namedRangeId", str(_fresh_id(opened)))
    opened.document["namedRanges"].append(named)
    return {"namedRange": named}


@request("updateNamedRange")
def update_named_range(opened: Opened, asked: Json) -> Json:
    """Formulas follow the new name."""
    mask, wanted = field_mask(asked, "NamedRange"), asked.get("namedRange") or {}
    named = _named(opened, wanted.get("namedRangeId", ""))
    after = {**merged(named, wanted, mask), "namedRangeId": named["namedRangeId"]}
    _require_free_name(opened, after.get("name", ""), named)
    block_of_grid_range(opened.document, after.get("range") or {})
    if after["name"] != named["name"]:
        follow_name(opened.document, named["name"], after["name"])
    named.clear()
    named.update(after)
    return {}


@request("deleteNamedRange")
def delete_named_range(opened: Opened, asked: Json) -> Json:
    opened.document["namedRanges"].remove(_named(opened, asked.get("namedRangeId", "")))
    return {}


def _named(opened: Opened, range_id: str) -> Json:
    for one in opened.document["namedRanges"]:
        if one["namedRangeId"] == range_id:
            found: Json = one
            return found
    raise ApiError(400, "badRequest", f"No named range with id: {range_id}")


def _require_free_name(opened: Opened, name: str, own: Json | None) -> None:
    others = [one for one in opened.document["namedRanges"] if one is not own]
    if not name or any(one["name"].casefold() == name.casefold() for one in others):
        raise ApiError(400, "badRequest", f"A named range with the name {name!r} already exists, or the name is empty.")


# Merges and borders.


@request("mergeCells")
def merge_cells(opened: Opened, asked: Json) -> Json:
    """Only the first cell of each merge keeps its content; merges within the range become part of the new ones."""
    block = block_of_grid_range(opened.document, asked.get("range") or {})
    opened.require_unprotected(block)
    _take_out_merges(block)
    for part in _merge_parts(block, asked.get("mergeType", "MERGE_ALL")):
        if (part.end_row - part.row) * (part.end_column - part.column) < 2:
            continue
        block.sheet["merges"].append(_grid_range(part))
        for row, column in part.positions():
            if (row, column) != (part.row, part.column):
                put_cell(block.sheet, row, column, None)
    return {}


@request("unmergeCells")
def unmerge_cells(opened: Opened, asked: Json) -> Json:
    """ "The range must not partially span any merge." """
    block = block_of_grid_range(opened.document, asked.get("range") or {})
    opened.require_unprotected(block)
    _take_out_merges(block)
    return {}


def _merge_parts(block: Block, kind: str) -> list[Block]:
    if kind == "MERGE_COLUMNS":
        columns = range(block.column, block.end_column)
        return [Block(block.sheet, block.row, column, block.end_row, column + 1) for column in columns]
    if kind == "MERGE_ROWS":
        rows = range(block.row, block.end_row)
        return [Block(block.sheet, row, block.column, row + 1, block.end_column) for row in rows]
    return [block]


def _take_out_merges(block: Block) -> None:
    kept = []
    for one in block.sheet["merges"]:
        if not overlaps(one, block):
            kept.append(one)
            continue
        within = (
            block.row <= one["startRowIndex"]
            and one["endRowIndex"] <= block.end_row
            and block.column <= one["startColumnIndex"]
            and one["endColumnIndex"] <= block.end_column
        )
        if not within:
            raise ApiError(400, "badRequest", "You must select all cells in a merged range to merge or unmerge them.")
    block.sheet["merges"] = kept


def _grid_range(block: Block) -> Json:
    return {
        "sheetId": block.sheet["properties"]["sheetId"],
        "startRowIndex": block.row,
        "endRowIndex": block.end_row,
        "startColumnIndex": block.column,
        "endColumnIndex": block.end_column,
    }


@request("updateBorders")
def update_borders(opened: Opened, asked: Json) -> Json:
    """ "If a field is not set in the request, that means the border remains as-is"; the style NONE takes it away."""
    block = block_of_grid_range(opened.document, asked.get("range") or {})
    opened.require_unprotected(block)
    for row, column in block.positions():
        changes = {
            "top": asked.get("top" if row == block.row else "innerHorizontal"),
            "bottom": asked.get("bottom" if row == block.end_row - 1 else "innerHorizontal"),
            "left": asked.get("left" if column == block.column else "innerVertical"),
            "right": asked.get("right" if column == block.end_column - 1 else "innerVertical"),
        }
        wanted = {side: border for side, border in changes.items() if border is not None}
        if not wanted:
            continue
        cell = dict(cell_at(block.sheet, row, column) or {})
        own = dict(cell.get("format") or {})
        borders = {**own.get("borders", {}), **wanted}
        own["borders"] = {side: border for side, border in borders.items() if border.get("style") != "NONE"}
        if not own["borders"]:
            del own["borders"]
        put_cell(block.sheet, row, column, {**cell, "format": own or None})
    return {}


# Filters.


@request("setBasicFilter")
def set_basic_filter(opened: Opened, asked: Json) -> Json:
    """Its order is applied at once, to all but the header; its criteria hide rows (`hiddenByFilter`)."""
    wanted = dict(asked.get("filter") or {})
    if wanted.get("tableId"):
        raise ApiError(501, "notImplemented", "The sandbox has no tables.")
    block = block_of_grid_range(opened.document, wanted.get("range") or {})
    wanted["range"] = {"sheetId": block.sheet["properties"]["sheetId"], **(wanted.get("range") or {})}
    block.sheet["basicFilter"] = wanted
    if wanted.get("sortSpecs") and block.end_row - block.row > 1:
        below = _grid_range(Block(block.sheet, block.row + 1, block.column, block.end_row, block.end_column))
        sort_range(opened, {"range": below, "sortSpecs": wanted["sortSpecs"]})
    return {}


@request("clearBasicFilter")
def clear_basic_filter(opened: Opened, asked: Json) -> Json:
    sheet_by_id(opened.document, asked.get("sheetId", 0)).pop("basicFilter", None)
    return {}


@request("addFilterView")
def add_filter_view(opened: Opened, asked: Json) -> Json:
    """Kept and answered: what a filter view hides, it hides on the screen of whoever looks through it."""
    view = dict(asked.get("filter") or {})
    view.setdefault("filterViewId", _fresh_id(opened))
    if _view(opened, view["filterViewId"]) is not None:
        raise ApiError(400, "badRequest", f"A filter view with id {view['filterViewId']} already exists.")
    view.setdefault("title", "Filter 1")
    block = block_of_grid_range(opened.document, _range_of_view(opened, view))
    view["range"] = {"sheetId": block.sheet["properties"]["sheetId"], **view.get("range", {})}
    block.sheet.setdefault("filterViews", []).append(view)
    return {"filter": view}


@request("updateFilterView")
def update_filter_view(opened: Opened, asked: Json) -> Json:
    mask, wanted = field_mask(asked, "FilterView"), asked.get("filter") or {}
    _, view = _required_view(opened, wanted.get("filterViewId"))
    after = {**merged(view, wanted, mask), "filterViewId": view["filterViewId"]}
    block_of_grid_range(opened.document, _range_of_view(opened, after))
    view.clear()
    view.update(after)
    return {}


@request("duplicateFilterView")
def duplicate_filter_view(opened: Opened, asked: Json) -> Json:
    sheet, view = _required_view(opened, asked.get("filterId"))
    copy = {**view, "filterViewId": _fresh_id(opened), "title": f"Copy of {view.get('title', '')}"}
    sheet["filterViews"].append(copy)
    return {"filter": copy}


@request("deleteFilterView")
def delete_filter_view(opened: Opened, asked: Json) -> Json:
    sheet, view = _required_view(opened, asked.get("filterId"))
    sheet["filterViews"].remove(view)
    return {}


def _range_of_view(opened: Opened, view: Json) -> Json:
    if view.get("tableId"):
        raise ApiError(501, "notImplemented", "The sandbox has no tables.")
    if view.get("namedRangeId"):
        view["range"] = dict(_named(opened, view["namedRangeId"])["range"])
    area: Json = view.get("range") or {}
    return area


def _view(opened: Opened, view_id: Any) -> tuple[Json, Json] | None:
    for sheet in opened.document["sheets"]:
        for view in sheet.get("filterViews", []):
            if view["filterViewId"] == view_id:
                return sheet, view
    return None


def _required_view(opened: Opened, view_id: Any) -> tuple[Json, Json]:
    found = _view(opened, view_id)
    if found is None:
        raise ApiError(400, "badRequest", f"No filter view with id: {view_id}")
    return found


# Charts, which are kept and answered, not drawn.


@request("addChart")
def add_chart(opened: Opened, asked: Json) -> Json:
    chart = dict(asked.get("chart") or {})
    if not chart.get("spec"):
        raise ApiError(400, "badRequest", "A chart needs a spec.")
    chart["chartId"] = chart.get("chartId") or _fresh_id(opened)
    if _chart(opened, chart["chartId"]) is not None:
        raise ApiError(400, "badRequest", f"An embedded object with id {chart['chartId']} already exists.")
    sheet, chart["position"] = _chart_position(opened, chart.get("position") or {})
    sheet.setdefault("charts", []).append(chart)
    return {"chart": chart}


@request("updateChartSpec")
def update_chart_spec(opened: Opened, asked: Json) -> Json:
    if not asked.get("spec"):
        raise ApiError(400, "badRequest", "A chart needs a spec.")
    _, chart = _required_chart(opened, asked.get("chartId"))
    chart["spec"] = asked["spec"]
    return {}


@request("updateEmbeddedObjectPosition")
def update_embedded_object_position(opened: Opened, asked: Json) -> Json:
    mask, wanted = field_mask(asked, "OverlayPosition"), asked.get("newPosition") or {}
    sheet, chart = _required_chart(opened, asked.get("objectId"))
    position = chart["position"]
    overlay = merged(position["overlayPosition"], wanted.get("overlayPosition"), mask)
    target, after = _chart_position(opened, {**wanted, "overlayPosition": overlay})
    sheet["charts"].remove(chart)
    chart["position"] = after
    target.setdefault("charts", []).append(chart)
    return {"position": after}


@request("deleteEmbeddedObject")
def delete_embedded_object(opened: Opened, asked: Json) -> Json:
    sheet, chart = _required_chart(opened, asked.get("objectId"))
    sheet["charts"].remove(chart)
    return {}


def _chart_position(opened: Opened, given: Json) -> tuple[Json, Json]:
    """The sheet a chart is on and its position there, complete: by default 600 by 371 pixels at the first cell."""
    if given.get("newSheet") or "sheetId" in given:
        raise ApiError(501, "notImplemented", "The sandbox has no charts on sheets of their own.")
    overlay = given.get("overlayPosition") or {}
    anchor = {"sheetId": 0, "rowIndex": 0, "columnIndex": 0, **(overlay.get("anchorCell") or {})}
    sheet = sheet_by_id(opened.document, anchor["sheetId"])
    row, column = anchor["rowIndex"], anchor["columnIndex"]
    ends = {"endRowIndex": row + 1, "endColumnIndex": column + 1}
    block_of_grid_range(
        opened.document, {"sheetId": anchor["sheetId"], "startRowIndex": row, "startColumnIndex": column, **ends}
    )
    return sheet, {"overlayPosition": {"widthPixels": 600, "heightPixels": 371, **overlay, "anchorCell": anchor}}


def _chart(opened: Opened, chart_id: Any) -> tuple[Json, Json] | None:
    for sheet in opened.document["sheets"]:
        for chart in sheet.get("charts", []):
            if chart["chartId"] == chart_id:
                return sheet, chart
    return None


def _required_chart(opened: Opened, chart_id: Any) -> tuple[Json, Json]:
    found = _chart(opened, chart_id)
    if found is None:
        raise ApiError(400, "badRequest", f"No embedded object with id: {chart_id}")
    return found


def _fresh_id(opened: Opened) -> int:
    return opened.call.workspace.next_number("range")

"""How TEMPLATE and the registry are laid out: tabs, columns and formats as requests of `spreadsheets.batchUpdate`.

Pure. One atomic batch per spreadsheet, so that a spreadsheet is either bare or whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deploylog import deployment_log as log
from deploylog import registry
from deploylog.cells import Names
from deploylog.model import CHECKLIST

Request = dict[str, Any]

ROWS = 300
"""Rows of a new tab; Sheets adds more as people write."""
HEADER_COLOUR = {"red": 0.20, "green": 0.27, "blue": 0.36}
DAEMON_COLOUR = {"red": 0.93, "green": 0.94, "blue": 0.96}
"""The shade of the daemon's columns."""
WIDE = {log.TICKETS: 320, log.COMPONENTS: 240, log.PROGRESS: 420, log.NEXT_ACTION: 260, log.COMMENT: 240}
WIDTH = 130


def template_requests(first_tab: int, names: Names) -> list[Request]:
    """Lay a bare spreadsheet out as TEMPLATE; `first_tab` is the sheet id of the tab it has."""
    history = first_tab + 1
    requests = _tab(first_tab, names.shown(log.DEPLOYMENTS), log.COLUMNS, names, make=False)
    requests += _tab(history, names.shown(log.HISTORY), log.HISTORY_COLUMNS, names, make=True)
    for column, choices in log.DROPDOWNS.items():
        requests.append(_dropdown(first_tab, log.COLUMNS.index(column), tuple(map(names.shown, choices))))
    requests += [_checkbox(first_tab, log.COLUMNS.index(column)) for column in CHECKLIST]
    requests += [_clip(first_tab, log.COLUMNS.index(column)) for column in (log.CALENDAR_EVENT, log.ROLLBACK_GUIDE)]
    requests += [_date_time(first_tab, log.COLUMNS.index(column)) for column in log.DATE_TIMES]
    requests.append(_date_time(history, 0))
    for column in log.DAEMON_COLUMNS:
        position = log.COLUMNS.index(column)
        requests.append(_shade(first_tab, position))
        requests.append(_warn(first_tab, position, names.shown(column)))
    requests.append(_warn(history, None, names.shown(log.HISTORY)))
    requests += [_width(first_tab, log.COLUMNS.index(column), WIDE.get(column, WIDTH)) for column in log.COLUMNS]
    requests += [_width(history, position, width) for position, width in enumerate((150, 110, 420, 420))]
    return requests


def registry_requests(first_tab: int, names: Names) -> list[Request]:
    """Lay a bare spreadsheet out as the registry."""
    requests: list[Request] = []
    for number, (tab, columns) in enumerate(registry.TABS.items()):
        sheet_id = first_tab + number
        requests += _tab(sheet_id, names.shown(tab), columns, names, make=number > 0)
        for position, column in enumerate(columns):
            if column in registry.DROPDOWNS:
                choices = tuple(map(names.shown, registry.DROPDOWNS[column]))
                requests.append(_dropdown(sheet_id, position, choices))
            if column == registry.PAUSE:
                requests.append(_checkbox(sheet_id, position))
            if column in ("From", "To"):
                requests.append(_format(sheet_id, position, "DATE", "dd/mm/yyyy"))
            if column in (registry.LOG, registry.STATE):
                requests += [_shade(sheet_id, position), _warn(sheet_id, position, names.shown(column))]
            requests.append(_width(sheet_id, position, 320 if column == registry.STATE else WIDTH))
    return requests


def _tab(sheet_id: int, title: str, columns: Sequence[str], names: Names, make: bool) -> list[Request]:
    grid = {"rowCount": ROWS, "columnCount": len(columns), "frozenRowCount": 1}
    properties = {"sheetId": sheet_id, "title": title, "gridProperties": grid}
    fields = "title,gridProperties(rowCount,columnCount,frozenRowCount)"
    place: Request = (
        {"addSheet": {"properties": properties}}
        if make
        else {"updateSheetProperties": {"properties": properties, "fields": fields}}
    )
    style = {
        "backgroundColor": HEADER_COLOUR,
        "textFormat": {"bold": True, "foregroundColor": {"red": 1, "green": 1, "blue": 1}},
        "wrapStrategy": "WRAP",
        "verticalAlignment": "MIDDLE",
    }
    cells = [{"userEnteredValue": {"stringValue": names.shown(one)}, "userEnteredFormat": style} for one in columns]
    header = {
        "updateCells": {
            "start": {"sheetId": sheet_id, "rowIndex": 0, "columnIndex": 0},
            "rows": [{"values": cells}],
            "fields": "userEnteredValue,userEnteredFormat(backgroundColor,textFormat,wrapStrategy,verticalAlignment)",
        }
    }
    body = {
        "repeatCell": {
            "range": {"sheetId": sheet_id, "startRowIndex": 1},
            "cell": {"userEnteredFormat": {"wrapStrategy": "WRAP", "verticalAlignment": "TOP"}},
            "fields": "userEnteredFormat(wrapStrategy,verticalAlignment)",
        }
    }
    return [place, header, body]


def _column(sheet_id: int, position: int) -> Mapping[str, int]:
    return {
        "sheetId": sheet_id,
        "startRowIndex": 1,
        "startColumnIndex": position,
        "endColumnIndex": position + 1,
    }


def _dropdown(sheet_id: int, position: int, choices: Sequence[str]) -> Request:
    rule = {
        "condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": choice} for choice in choices]},
        "showCustomUi": True,
        # Not strict: what staff type instead is told in the row, never lost.
        "strict": False,
    }
    return {"setDataValidation": {"range": _column(sheet_id, position), "rule": rule}}


def _checkbox(sheet_id: int, position: int) -> Request:
    rule = {"condition": {"type": "BOOLEAN"}, "strict": True}
    return {"setDataValidation": {"range": _column(sheet_id, position), "rule": rule}}


def _date_time(sheet_id: int, position: int) -> Request:
    return _format(sheet_id, position, "DATE_TIME", "ddd dd/mm/yyyy hh:mm")


def _format(sheet_id: int, position: int, kind: str, pattern: str) -> Request:
    return {
        "repeatCell": {
            "range": _column(sheet_id, position),
            "cell": {"userEnteredFormat": {"numberFormat": {"type": kind, "pattern": pattern}}},
            "fields": "userEnteredFormat.numberFormat",
        }
    }


def _clip(sheet_id: int, position: int) -> Request:
    """Links stay on one line: wrapped they would make every row six lines high."""
    return {
        "repeatCell": {
            "range": _column(sheet_id, position),
            "cell": {"userEnteredFormat": {"wrapStrategy": "CLIP"}},
            "fields": "userEnteredFormat.wrapStrategy",
        }
    }


def _shade(sheet_id: int, position: int) -> Request:
    return {
        "repeatCell": {
            "range": _column(sheet_id, position),
            "cell": {"userEnteredFormat": {"backgroundColor": DAEMON_COLOUR}},
            "fields": "userEnteredFormat.backgroundColor",
        }
    }


def _warn(sheet_id: int, position: int | None, what: str) -> Request:
    """Protect with a warning only: a hard protection would refuse sorting, inserting and pasting whole rows."""
    where = {"sheetId": sheet_id} if position is None else _column(sheet_id, position)
    protected = {"range": where, "description": f"{what}: written by deploylog", "warningOnly": True}
    return {"addProtectedRange": {"protectedRange": protected}}


def _width(sheet_id: int, position: int, pixels: int) -> Request:
    return {
        "updateDimensionProperties": {
            "range": {
                "sheetId": sheet_id,
                "dimension": "COLUMNS",
                "startIndex": position,
                "endIndex": position + 1,
            },
            "properties": {"pixelSize": pixels},
            "fields": "pixelSize",
        }
    }

"""A spreadsheet with what the grid has to show: choices, boxes, colours, a note, and cells that are not everybody's."""

from __future__ import annotations

from typing import Any

from workspace_clients import STAFF, Person

HEADINGS = ["ID", "Status", "Deployed", "Minutes", "Comment"]
CHOICES = ["Draft", "Planned", "Done", "Rolled back"]
GREEN = {"red": 0.8, "green": 1, "blue": 0.8}
ROWS = [
    ["DIBA-0001", "Planned", False, 15, "before noon"],
    ["DIBA-0002", "Draft", False, 30, ""],
    ["DIBA-0003", "Done", True, 45, "with\ntwo lines"],
]


def fill(person: Person, sheet: str) -> None:
    """Column A is only for `STAFF` to edit, B has choices and is green where it says Done, C has boxes."""
    values = {"values": [HEADINGS, *ROWS]}
    person.sheets.values().update(spreadsheetId=sheet, range="A1", valueInputOption="RAW", body=values).execute()
    done = {"type": "TEXT_EQ", "values": [{"userEnteredValue": "Done"}]}
    listed = {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": one} for one in CHOICES]}
    requests: list[dict[str, Any]] = [
        {"setDataValidation": {"range": _rows(1), "rule": {"condition": listed, "strict": True}}},
        {"setDataValidation": {"range": _rows(2), "rule": {"condition": {"type": "BOOLEAN"}}}},
        {
            "addConditionalFormatRule": {
                "rule": {
                    "ranges": [_rows(1)],
                    "booleanRule": {"condition": done, "format": {"backgroundColor": GREEN}},
                }
            }
        },
        {
            "addProtectedRange": {
                "protectedRange": {"range": _rows(0), "description": "IDs are given.", "editors": {"users": [STAFF]}}
            }
        },
        {
            "updateSheetProperties": {
                "properties": {"sheetId": 0, "gridProperties": {"frozenRowCount": 1}},
                "fields": "gridProperties.frozenRowCount",
            }
        },
    ]
    person.sheets.batchUpdate(spreadsheetId=sheet, body={"requests": requests}).execute()


def _rows(column: int) -> dict[str, int]:
    return {
        "sheetId": 0,
        "startRowIndex": 1,
        "endRowIndex": 10,
        "startColumnIndex": column,
        "endColumnIndex": column + 1,
    }

"""A spreadsheet as text/csv, as `files.export` gives it (RFC 4180)."""

from __future__ import annotations

import csv
import io
from datetime import datetime

from workspace_sandbox.calls import Json
from workspace_sandbox.sheets.formulas import Calculation
from workspace_sandbox.sheets.grid import trimmed


def as_csv(document: Json, now: datetime) -> str:
    """The first sheet as people see it at `now` (UTC), trailing empty rows left out."""
    sheet, calculation = document["sheets"][0], Calculation(document, now)
    lines = [
        [calculation.formatted(sheet, row, column, cell) for column, cell in line]
        for row, line in calculation.lines(sheet)
    ]
    while lines and not any(lines[-1]):
        lines.pop()
    width = max((len(trimmed(line)) for line in lines), default=0)
    out = io.StringIO()
    csv.writer(out).writerows((line + [""] * width)[:width] for line in lines)
    return out.getvalue().removesuffix("\r\n")

"""How fast the sandbox is with much in it: 1,000 spreadsheets of 100 rows. The figures: `pytest -s` on this file."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

import pytest
from conformance_place import SPREADSHEET, Person, bearer

from workspace_sandbox.drive_files import Files
from workspace_sandbox.founding import DRIVE_ID
from workspace_sandbox.grid import new_sheet, new_spreadsheet, put_cell
from workspace_sandbox.server import Sandbox, serve
from workspace_sandbox.workspace import Workspace

SPREADSHEETS = 1_000
ROWS, COLUMNS = 100, 29
"""The columns of a deployment log."""
USUAL = 6
"""Columns filled in the other spreadsheets, so that they fit into the memory of a small machine."""
MEASURED = SPREADSHEETS // 2
"""The spreadsheet with all columns filled."""
READING_ONE = 0.020
LISTING = 0.100
"""Seconds."""
OWNER = "deployments@soffid.example"


@pytest.fixture(scope="module")
def owner() -> Iterator[Person]:
    workspace = Workspace()
    sandbox = Sandbox(workspace)
    _fill(workspace)
    server = serve(sandbox)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Person(OWNER, bearer(OWNER), f"http://127.0.0.1:{server.port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _fill(workspace: Workspace) -> None:
    """Put in place what 3,000 calls would make; each spreadsheet is a document of its own."""
    files = Files(workspace, workspace.clock())
    whole, usual = (json.dumps(_spreadsheet(columns)) for columns in (COLUMNS, USUAL))
    for number in range(SPREADSHEETS):
        document = whole if number == MEASURED else usual
        file = files.create({"name": f"CUSTOMER {number} - Deployment log", "mimeType": SPREADSHEET}, DRIVE_ID, OWNER)
        workspace.collection("spreadsheets").put(file["id"], json.loads(document))


def _spreadsheet(filled: int) -> dict[str, Any]:
    document = new_spreadsheet("es_ES", "Europe/Madrid")
    grid = {"rowCount": 1000, "columnCount": COLUMNS}
    sheet = new_sheet({"sheetId": 0, "title": "Deployments", "index": 0, "gridProperties": grid})
    for row in range(ROWS):
        for column in range(filled):
            value = {"numberValue": 46365.375 + row} if column == 2 else {"stringValue": f"{row}/{column}"}
            put_cell(sheet, row, column, {"value": value})
    return {**document, "sheets": [sheet]}


def _median(what: str, request: Any) -> float:
    """Seconds of the middle one of fifteen calls, over HTTP, through the client; printed."""
    taken = []
    for _ in range(15):
        start = time.perf_counter()
        request.execute()
        taken.append(time.perf_counter() - start)
    print(f"{what}: {median(taken) * 1000:.1f} ms")
    return median(taken)


def listing(owner: Person) -> Any:
    return owner.drive.files().list(
        corpora="drive",
        driveId=DRIVE_ID,
        includeItemsFromAllDrives=True,
        supportsAllDrives=True,
        pageSize=1000,
        fields="files(id,name,modifiedTime,version)",
    )


@pytest.fixture(scope="module")
def one(owner: Person) -> str:
    """The id of the full one."""
    name = f"CUSTOMER {MEASURED} - Deployment log"
    return next(str(one["id"]) for one in listing(owner).execute()["files"] if one["name"] == name)


def test_the_values_of_one_spreadsheet_are_read_quickly(owner: Person, one: str) -> None:
    request = owner.sheets.values().get(spreadsheetId=one, range="Deployments")
    rows = request.execute()["values"]
    assert (len(rows), len(rows[0])) == (ROWS, COLUMNS)
    assert _median("values of one", request) < READING_ONE


def test_the_cells_of_one_spreadsheet_are_read_quickly(owner: Person, one: str) -> None:
    fields = "sheets(data(rowData(values(formattedValue,userEnteredValue,effectiveFormat/backgroundColor))))"
    request = owner.sheets.get(spreadsheetId=one, fields=fields)
    rows = request.execute()["sheets"][0]["data"][0]["rowData"]
    assert (len(rows), len(rows[0]["values"])) == (ROWS, COLUMNS)
    assert _median("cells with formats of one", request) < READING_ONE


def test_all_spreadsheets_are_listed_quickly(owner: Person) -> None:
    assert len(listing(owner).execute()["files"]) == SPREADSHEETS
    assert _median("list of all files", listing(owner)) < LISTING

"""How fast the sandbox is with much in it: 1,000 spreadsheets of 100 rows. The figures: `pytest -s` on this file."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from statistics import median
from typing import Any

import pytest
from conformance_place import SPREADSHEET, Person, bearer

from workspace_sandbox.drive.files import Files
from workspace_sandbox.founding import DRIVE_ID
from workspace_sandbox.server import Sandbox, serve
from workspace_sandbox.sheets.grid import new_sheet, new_spreadsheet, put_cell
from workspace_sandbox.workspace import Workspace

SPREADSHEETS = 1_000
ROWS, COLUMNS = 100, 29
"""The columns of a deployment log."""
USUAL = 6
"""Columns filled in the other spreadsheets, so that they fit into the memory of a small machine."""
MEASURED = 15
"""Spreadsheets with all columns filled; each is read for the first time, since what is read again may be kept."""
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
        document = whole if number < MEASURED else usual
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


def _seconds(what: str, requests: Iterable[Any]) -> list[float]:
    """Of each call, over HTTP, through the client; the middle one is printed."""
    taken = []
    for request in requests:
        start = time.perf_counter()
        request.execute()
        taken.append(time.perf_counter() - start)
    print(f"{what}: {median(taken) * 1000:.1f} ms (best {min(taken) * 1000:.1f})")
    return taken


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
def ids(owner: Person) -> list[str]:
    """The spreadsheets with all columns."""
    names = [f"CUSTOMER {number} - Deployment log" for number in range(MEASURED)]
    by_name = {one["name"]: str(one["id"]) for one in listing(owner).execute()["files"]}
    return [by_name[name] for name in names]


def test_the_values_of_a_spreadsheet_are_read_quickly(owner: Person, ids: list[str]) -> None:
    requests = [owner.sheets.values().get(spreadsheetId=one, range="Deployments") for one in ids]
    assert median(_seconds("values of a spreadsheet", requests)) < READING_ONE
    rows = requests[0].execute()["values"]
    assert (len(rows), len(rows[0])) == (ROWS, COLUMNS)


def test_all_spreadsheets_are_listed_quickly(owner: Person, ids: list[str]) -> None:
    assert len(listing(owner).execute()["files"]) == SPREADSHEETS

    def after_changes() -> Iterator[Any]:
        for number, one in enumerate(ids):
            owner.drive.files().update(fileId=one, body={"name": f"renamed {number}"}, supportsAllDrives=True).execute()
            yield listing(owner)

    assert median(_seconds("list of all files", after_changes())) < LISTING


def test_cells_with_all_about_them_are_read_quickly(owner: Person, ids: list[str]) -> None:
    """Nearly a megabyte: what all parts need of the processor, so that what else the machine does delays nothing.

    On a slow machine it may be three and a half times what reading the answer's JSON needs; here it is two and a half.
    """
    whole = [owner.sheets.get(spreadsheetId=one, includeGridData=True) for one in ids]
    answer = json.dumps(owner.sheets.get(spreadsheetId=ids[0], includeGridData=True, fields="*").execute())
    first, parsing = [], []
    for request in whole:
        first.append(_processor(request.execute))
        parsing.append(_processor(lambda: json.loads(answer)))
    print(f"cells with all fields, first time: {median(first) * 1000:.1f} ms; JSON {median(parsing) * 1000:.1f} ms")
    assert median(first) < max(READING_ONE, 3.5 * median(parsing))
    _seconds("cells with all fields (includeGridData), again", whole)
    fields = "sheets(data(rowData(values(formattedValue,userEnteredValue))))"
    masked = [owner.sheets.get(spreadsheetId=one, fields=fields) for one in ids]
    _seconds("cells with two fields, first time", masked)
    for request in (masked[0], whole[0]):
        rows = request.execute()["sheets"][0]["data"][0]["rowData"]
        assert (len(rows), len(rows[0]["values"])) == (ROWS, COLUMNS)


def _processor(task: Callable[[], object]) -> float:
    """Seconds of the processor that the task takes, the server's thread included."""
    start = time.process_time()
    task()
    return time.process_time() - start

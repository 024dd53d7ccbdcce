"""A sandbox full of customers: N logs of M rows in seconds, each as the daemon left it when nothing was to be done.

One customer's log is made by the daemon itself: it copies TEMPLATE, people fill the rows in, and it writes its columns.
The other logs are that one's documents once more, with IDs of their own; their cells are shared, as in any copy the
sandbox makes. The rows are closed deployments of the past, and one draft.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from virtual import LIMITS, VirtualWorld, virtual_world
from world import MADRID, STAFF, TICKS, Log

from deploylog import deployment_log as log
from deploylog import registry
from deploylog.cells import serial_of
from deploylog.customer_logs import LOG_OF, SUFFIX, _digest
from deploylog.demo import CONTACTS, CUSTOMERS, PROCEDURE_EXAMPLE
from deploylog.identity import prefix_for
from deploylog.model import Customer
from workspace_sandbox.drive.files import SPREADSHEET, Files
from workspace_sandbox.founding import SERVICE_ACCOUNT

MODEL = "DIBA"
TEAM_CONTACT = {"Customer": "*", "Party": "Project team", "Name": "Projects", "E-mail": "projects@soffid.example"}


def name_of(number: int) -> str:
    return f"C{number:05}"


def manager_of(number: int) -> str:
    return f"manager@c{number:05}.example"


def fill(world: VirtualWorld, logs: int, rows: int) -> list[str]:
    """Have `logs` customers with a log of `rows` rows each, and nobody else; their file ids. The ledger is empty."""
    world.init()
    model = world.log(MODEL)
    _cut_tabs(model, rows + 40)
    _fill_in(model, world, rows)
    # To a ledger that has never seen them they are what was done before there was one: nothing is sent.
    world.lose_ledger()
    world.run()
    world.after(minutes=1)
    world.after(minutes=30)
    ids = _copies(world, model.file_id, logs)
    _remove(world, [model.file_id, world.log("ACME").file_id])
    _register(world, ids)
    world.sandbox.workspace.derived.clear()
    # Nobody wrote into them lately.
    world.now += timedelta(hours=1)
    world.lose_ledger()
    world.carriage.take()
    return ids


def log_of(world: VirtualWorld, file_id: str) -> Log:
    return Log(world.person(STAFF), file_id)


def _fill_in(model: Log, world: VirtualWorld, rows: int) -> None:
    """Type what staff type: deployments of the last years, closed, and one that is being thought about."""
    data = []
    for row in range(2, rows + 2):
        start = world.now - timedelta(days=7 * (rows + 3 - row))
        said: Mapping[str, object] = {
            **PROCEDURE_EXAMPLE,
            **TICKS,
            log.STATUS: "Draft" if row == rows + 1 else "Done",
            log.START: serial_of(start, MADRID),
            log.COMPONENTS: f"addon-diba 3.{row}.1\nbiblioteques programari 3.2.{row}",
        }
        data.append({"range": f"'{log.DEPLOYMENTS}'!A{row}", "values": [[said.get(one) for one in log.COLUMNS]]})
    body = {"valueInputOption": "RAW", "data": data}
    model.staff.call("POST", f"/v4/spreadsheets/{model.file_id}/values:batchUpdate", body)


def _cut_tabs(model: Log, rows: int) -> None:
    """Room for the rows, and no formats of hundreds of empty ones."""
    sheets = model.staff.call("GET", f"/v4/spreadsheets/{model.file_id}", fields="sheets(properties)")["sheets"]
    sizes = {one["properties"]["sheetId"]: one["properties"]["gridProperties"]["rowCount"] for one in sheets}
    below = [{"sheetId": tab, "dimension": "ROWS", "startIndex": rows, "endIndex": end} for tab, end in sizes.items()]
    requests = [{"deleteDimension": {"range": one}} for one in below if one["endIndex"] > rows]
    if requests:
        model.change(*requests)


def _copies(world: VirtualWorld, model_id: str, logs: int) -> list[str]:
    """The model's document and file once more for each customer."""
    workspace = world.sandbox.workspace
    files, documents = Files(workspace, world.now), workspace.collection("spreadsheets")
    model, document = workspace.collection("files").get(model_id), documents.get(model_id)
    assert model is not None
    assert document is not None
    ids = []
    for number in range(1, logs + 1):
        name = name_of(number)
        properties = {**model["properties"], LOG_OF: _digest(Customer(2, name))}
        metadata = {"name": name + SUFFIX, "mimeType": SPREADSHEET, "properties": properties}
        file = files.create(metadata, model["parents"][0], SERVICE_ACCOUNT)
        documents.put(file["id"], _with_ids(document, f"{prefix_for(MODEL)}-", f"{prefix_for(name)}-"))
        ids.append(file["id"])
    return ids


def _with_ids(document: Mapping[str, Any], before: str, after: str) -> dict[str, Any]:
    """The document with the IDs of another customer, all else shared."""
    sheets = []
    for sheet in document["sheets"]:
        rows = [row if not row else _row_with_ids(row, before, after) for row in sheet["rows"]]
        sheets.append({**sheet, "rows": rows})
    return {**document, "sheets": sheets}


def _row_with_ids(row: list[Any], before: str, after: str) -> list[Any]:
    """IDs stand in the first column of Deployments and in the second of History."""
    changed = None
    for column, cell in enumerate(itertools.islice(row, 2)):
        text = ((cell or {}).get("value") or {}).get("stringValue", "")
        if text.startswith(before):
            changed = changed or list(row)
            changed[column] = {**cell, "value": {"stringValue": after + text.removeprefix(before)}}
    return changed or row


def _remove(world: VirtualWorld, ids: list[str]) -> None:
    files = Files(world.sandbox.workspace, world.now)
    for file_id in ids:
        file = files.find(file_id, SERVICE_ACCOUNT)
        assert file is not None
        files.remove(file)


def _register(world: VirtualWorld, ids: list[str]) -> None:
    """The registry: a customer with a manager for each log, and our own team."""
    staff, logs = world.person(STAFF), len(ids)
    sheets = staff.call("GET", f"/v4/spreadsheets/{world.registry_id}", fields="sheets(properties)")["sheets"]
    tabs = [one["properties"]["sheetId"] for one in sheets if one["properties"]["title"] != registry.FREEZES]
    more = [{"appendDimension": {"sheetId": one, "dimension": "ROWS", "length": logs + 10}} for one in tabs]
    staff.call("POST", f"/v4/spreadsheets/{world.registry_id}:batchUpdate", {"requests": more})
    customers, contacts = [], [_cells(registry.CONTACT_COLUMNS, TEAM_CONTACT)]
    for number, file_id in enumerate(ids, start=1):
        link = f"https://docs.google.com/spreadsheets/d/{file_id}/edit"
        known = {**CUSTOMERS[0], "Customer": name_of(number), registry.LOG: link, registry.STATE: ""}
        customers.append(_cells(registry.CUSTOMER_COLUMNS, known))
        contact = {**CONTACTS[0], "Customer": name_of(number), "Name": "", "E-mail": manager_of(number)}
        contacts.append(_cells(registry.CONTACT_COLUMNS, contact))
    # What DIBA and ACME had is written over; there may be more rows of theirs than of the new customers'.
    customers += [[""] * len(registry.CUSTOMER_COLUMNS)] * len(CUSTOMERS)
    contacts += [[""] * len(registry.CONTACT_COLUMNS)] * len(CONTACTS)
    data = [
        {"range": f"'{registry.CUSTOMERS}'!A2", "values": customers},
        {"range": f"'{registry.CONTACTS}'!A2", "values": contacts},
    ]
    body = {"valueInputOption": "RAW", "data": data}
    staff.call("POST", f"/v4/spreadsheets/{world.registry_id}/values:batchUpdate", body)


def _cells(columns: tuple[str, ...], said: Mapping[str, object]) -> list[object]:
    return [said.get(column, "") for column in columns]


def estate(folder: Path, logs: int, rows: int, settings: str = LIMITS) -> VirtualWorld:
    """A filled world of its own."""
    world = virtual_world(folder, settings)
    world.logs = tuple(fill(world, logs, rows))
    return world

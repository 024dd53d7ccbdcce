"""A sandbox served on a port of its own, with a clock of its own, and the people who use it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from workspace_clients import SERVICE_ACCOUNT, SPREADSHEET, STAFF, Clock, Person

from workspace_sandbox.founding import DRIVE_ID
from workspace_sandbox.server import Sandbox, serve
from workspace_sandbox.workspace import Workspace


@dataclass(frozen=True)
class Running:
    """The served sandbox; `person` gives the clients of an address."""

    origin: str
    sandbox: Sandbox
    clock: Clock
    person: Callable[[str], Person]


@pytest.fixture(scope="session")
def _server() -> Iterator[Running]:
    clock = Clock()
    sandbox = Sandbox(Workspace(clock))
    server = serve(sandbox)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    people: dict[str, Person] = {}
    origin = f"http://127.0.0.1:{server.port}"

    def person(address: str) -> Person:
        if address not in people:
            people[address] = Person(origin, address)
        return people[address]

    try:
        yield Running(origin, sandbox, clock, person)
    finally:
        for one in people.values():
            one.http.close()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def running(_server: Running) -> Running:
    """A fresh workspace behind the server that all tests share."""
    _server.clock.now = Clock().now
    _server.sandbox.reset()
    return _server


@pytest.fixture
def ana(running: Running) -> Person:
    """A member of staff, who manages the shared drive."""
    return running.person(STAFF)


@pytest.fixture
def robot(running: Running) -> Person:
    """The service account."""
    return running.person(SERVICE_ACCOUNT)


@pytest.fixture
def drive_id() -> str:
    return DRIVE_ID


@pytest.fixture
def sheet(ana: Person, drive_id: str) -> str:
    """The id of an empty spreadsheet in the shared drive."""
    body = {"name": "DIBA - Deployment log", "mimeType": SPREADSHEET, "parents": [drive_id]}
    return str(ana.drive.files().create(body=body, supportsAllDrives=True).execute()["id"])

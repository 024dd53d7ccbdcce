"""Calendar and Gmail of people in a served sandbox, through Google's generated clients."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from googleapiclient.errors import HttpError
from workspace_clients import Clock, Person

from workspace_sandbox.server import Sandbox, serve
from workspace_sandbox.workspace import Workspace

OWNER = "deployments@soffid.example"
COLLEAGUE = "marta@soffid.example"
ANA = "ana@customer.example"
BEA = "bea@partner.example"

Clients = dict[tuple[str, str], Any]


class Served:
    """A served sandbox, and the generated clients of the people in it."""

    def __init__(self, workspace: Workspace, clock: Clock, person: Callable[[str], Person], clients: Clients) -> None:
        """`clients` keeps what was built, which takes longer than a test."""
        self.workspace = workspace
        self.clock = clock
        self._person = person
        self._clients = clients

    def calendar(self, who: str = OWNER) -> Any:
        return self._client("calendar", "v3", who)

    def gmail(self, who: str = OWNER) -> Any:
        return self._client("gmail", "v1", who).users()

    def _client(self, api: str, version: str, who: str) -> Any:
        if (api, who) not in self._clients:
            self._clients[api, who] = self._person(who).build(api, version)
        return self._clients[api, who]


@contextmanager
def serving(data: Path) -> Iterator[Served]:
    """A sandbox of its own that keeps its state in the folder."""
    clock = Clock()
    workspace = Workspace(clock, data)
    server = serve(Sandbox(workspace))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    people: dict[str, Person] = {}

    def person(address: str) -> Person:
        if address not in people:
            people[address] = Person(f"http://127.0.0.1:{server.port}", address)
        return people[address]

    try:
        yield Served(workspace, clock, person, {})
    finally:
        for one in people.values():
            one.http.close()
        server.shutdown()
        thread.join()
        server.server_close()


def refusal(request: Callable[[], Any]) -> tuple[int, str]:
    """The status and reason with which the request is refused."""
    try:
        request()
    except HttpError as error:
        if not error.content:
            return error.status_code, ""
        body = json.loads(error.content)["error"]
        return error.status_code, body["errors"][0]["reason"]
    raise AssertionError("the request was not refused")


def mail(to: str, subject: str = "Deployment", text: str = "It starts now.", **headers: str) -> bytes:
    message = EmailMessage()
    if to:
        message["To"] = to
    message["Subject"] = subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def raw(content: bytes, **more: str) -> dict[str, str]:
    return {"raw": base64.urlsafe_b64encode(content).decode(), **more}


def inbox(served: Served, who: str) -> list[dict[str, Any]]:
    """The messages that arrived, oldest first, whole."""
    messages = served.gmail(who).messages()
    listed = messages.list(userId="me", labelIds=["INBOX"]).execute().get("messages", [])
    return [messages.get(userId="me", id=one["id"]).execute() for one in reversed(listed)]


def header(message: dict[str, Any], name: str) -> str:
    """The header's value, empty where there is none."""
    found = [one["value"] for one in message["payload"]["headers"] if one["name"].lower() == name.lower()]
    return found[0] if found else ""


def content_of(served: Served, who: str, message_id: str) -> bytes:
    return base64.urlsafe_b64decode(
        served.gmail(who).messages().get(userId="me", id=message_id, format="raw").execute()["raw"]
    )

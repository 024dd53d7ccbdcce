"""Where the checks run: a sandbox of their own, or Google itself where `DEPLOYLOG_LIVE` names a configuration.

The configuration is YAML (or JSON, which is YAML)::

    credentials: service-account.json       # relative to the file; with delegation for the five scopes below
    user: conformance@your-domain.example   # who everything is done as
    shared_drive: Tests                     # where `user` is a manager
    guest: guest@your-domain.example        # optional: a colleague, for invitations and mail that arrives
    outsider: outsider-token.json           # optional: an authorised user outside the organization
    endpoint: http://127.0.0.1:8085         # optional: a sandbox that is running already, instead of Google

Everything is made in one folder of the shared drive, in events and mails with one prefix, and removed at the end.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import gspread
import httplib2  # type: ignore[import-untyped]
import pytest
import requests
from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import credentials as user_credentials
from google.oauth2 import service_account
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError
from gspread.http_client import HTTPClient
from ruamel.yaml import YAML

from workspace_sandbox.founding import DRIVE_ID, SERVICE_ACCOUNT
from workspace_sandbox.server import Sandbox, serve
from workspace_sandbox.workspace import Workspace

SCOPES = (
    "https://www.googleapis.com/auth/drive",
    "https://www.googleapis.com/auth/spreadsheets",
    "https://www.googleapis.com/auth/calendar",
    "https://mail.google.com/",
    "https://www.googleapis.com/auth/gmail.settings.basic",
)
FOLDER = "application/vnd.google-apps.folder"
SPREADSHEET = "application/vnd.google-apps.spreadsheet"
_LONGEST_WAIT = 90.0
"""Seconds that Google gets to deliver a mail or to show a change."""
Result = TypeVar("Result")


class _Http:
    """The part of httplib2.Http that googleapiclient uses, over requests: httplib2 sends a cut POST twice."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session

    def request(
        self, uri: str, method: str = "GET", body: Any = None, headers: Mapping[str, str] | None = None, **_: Any
    ) -> tuple[httplib2.Response, bytes]:
        answer = self._session.request(method, uri, data=body, headers=dict(headers or {}), timeout=60)
        return httplib2.Response({**answer.headers, "status": str(answer.status_code)}), answer.content

    def close(self) -> None:
        """The session is closed by who made it."""


class _SheetsHttp(HTTPClient):
    """gspread's own client, with the sandbox's origin where there is one."""

    def __init__(self, session: requests.Session, origin: str | None) -> None:
        super().__init__(auth=None, session=session)
        self._origin = origin
        self.set_timeout(60)

    def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> requests.Response:
        if self._origin is not None:
            asked = urlsplit(endpoint)
            endpoint = f"{self._origin}{asked.path}" + (f"?{asked.query}" if asked.query else "")
        return super().request(method, endpoint, *args, **kwargs)


class _PatientSession(AuthorizedSession):  # type: ignore[misc]
    """For Google itself: waits where a quota is used up, which the sandbox has only on request."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        for wait in (5, 20, 40, 60):
            answer: requests.Response = super().request(*args, **kwargs)
            if answer.status_code != 429 and "ateLimitExceeded" not in answer.text[:2000]:
                return answer
            time.sleep(wait)
        return answer


class Person:
    """Somebody with the real clients of the four APIs."""

    def __init__(self, address: str, session: requests.Session, origin: str | None) -> None:
        self.address = address
        self.http = session
        self.origin = origin

    @cached_property
    def drive(self) -> Any:
        return self._build("drive", "v3")

    @cached_property
    def sheets(self) -> Any:
        return self._build("sheets", "v4").spreadsheets()

    @cached_property
    def calendar(self) -> Any:
        return self._build("calendar", "v3")

    @cached_property
    def gmail(self) -> Any:
        return self._build("gmail", "v1").users()

    @cached_property
    def gspread(self) -> gspread.Client:
        return gspread.Client(
            auth=None, session=self.http, http_client=lambda auth, session: _SheetsHttp(session, self.origin)
        )

    def address_of(self, api: str, path: str) -> str:
        """The address of a path of an API, for requests that no client would send."""
        return (self.origin or f"https://{'www' if api in ('drive', 'calendar') else api}.googleapis.com") + path

    def _build(self, api: str, version: str) -> Any:
        document = json.loads(get_static_doc(api, version))
        if self.origin is not None:
            document["rootUrl"] = f"{self.origin}/"
            document["baseUrl"] = f"{self.origin}/{document['servicePath']}"
            document.pop("mtlsRootUrl", None)
        return build_from_document(document, http=_Http(self.http))


@dataclass
class Place:
    """The sandbox or Google, and who acts there."""

    owner: Person
    """Who everything is done as."""
    drive_id: str
    """A shared drive that the owner manages."""
    is_live: bool
    prefix: str
    """Begins the name of everything that is made."""
    origin: str | None = None
    sandbox: Sandbox | None = None
    others: dict[str, Person] = field(default_factory=dict)

    def person(self, role: str) -> Person:
        """`guest`: a colleague; `outsider`: not of the organization; `robot`: a service account as itself."""
        if role not in self.others:
            pytest.skip(f"the live configuration names no {role}")
        return self.others[role]

    def here(self) -> Sandbox:
        """The sandbox, for what Google does not do on request."""
        if self.sandbox is None:
            pytest.skip("Google has no trouble on request")
        return self.sandbox

    def trouble(self, path: str, body: dict[str, Any]) -> None:
        self.here()
        answer = self.owner.http.post(f"{self.origin}/sandbox/{path}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text

    def eventually(self, ask: Callable[[], Result | None]) -> Result:
        """What `ask` gives as soon as it gives something: at once in the sandbox, within a minute and a half live.

        Live, what is not found yet may still come.
        """
        deadline = time.monotonic() + (_LONGEST_WAIT if self.is_live else 0)
        while True:
            try:
                found = ask()
            except HttpError as error:
                if not self.is_live or error.status_code != 404:
                    raise
                found = None
            if found:
                return found
            assert time.monotonic() < deadline, "it did not come"
            time.sleep(3)


def refusal(request: Any) -> tuple[int, str]:
    """The status and the reason (of Sheets, the name of the status) with which a call is refused."""
    try:
        request.execute(num_retries=0)
    except HttpError as error:
        if not error.content:
            return error.status_code, ""
        body = json.loads(error.content)["error"]
        return error.status_code, body["errors"][0]["reason"] if "errors" in body else body["status"]
    raise AssertionError("the request was not refused")


def status(request: Any) -> int:
    """The status with which a call is refused, where only that is documented."""
    return refusal(request)[0]


@contextmanager
def place() -> Iterator[Place]:
    """The place that `DEPLOYLOG_LIVE` names, else a sandbox."""
    named = os.environ.get("DEPLOYLOG_LIVE")
    if named and not Path(named).is_file():
        pytest.exit(f"DEPLOYLOG_LIVE names {named}, which is no file; see docs/sandbox.md.", 2)
    with _google(Path(named)) if named else _sandbox() as found:
        yield found


@contextmanager
def _sandbox() -> Iterator[Place]:
    sandbox = Sandbox(Workspace())
    server = serve(sandbox)
    origin = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    addresses = {
        "owner": "deployments@soffid.example",
        "guest": "marta@soffid.example",
        "outsider": "bob@customer.example",
        "robot": SERVICE_ACCOUNT,
    }
    people = {role: Person(address, bearer(address), origin) for role, address in addresses.items()}
    try:
        yield Place(people.pop("owner"), DRIVE_ID, False, "conformance", origin, sandbox, people)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def bearer(address: str) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {address}"
    return session


@contextmanager
def _google(path: Path) -> Iterator[Place]:
    settings = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    key = service_account.Credentials.from_service_account_file(
        str(path.parent / settings["credentials"]), scopes=SCOPES
    )

    origin = settings.get("endpoint")

    def delegated(address: str) -> Person:
        return Person(address, _PatientSession(key.with_subject(address)), origin)

    owner = delegated(settings["user"])
    others = {"robot": Person(key.service_account_email, _PatientSession(key), origin)}
    if settings.get("guest"):
        others["guest"] = delegated(settings["guest"])
    if settings.get("outsider"):
        token = user_credentials.Credentials.from_authorized_user_file(str(path.parent / settings["outsider"]), SCOPES)
        someone = Person("", _PatientSession(token), origin)
        someone.address = someone.drive.about().get(fields="user").execute()["user"]["emailAddress"]
        others["outsider"] = someone
    drives = owner.drive.drives().list(pageSize=100).execute()["drives"]
    drive_id = next(one["id"] for one in drives if one["name"] == settings["shared_drive"])
    yield Place(owner, drive_id, True, f"conformance-{int(time.time())}", origin, others=others)

"""Real clients for the sandbox, over requests: Google's generated ones, gspread, and plain HTTP.

httplib2, which googleapiclient brings along, sends a POST twice when the connection is cut; requests does not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import gspread
import httplib2
import requests
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError
from gspread.http_client import HTTPClient

SERVICE_ACCOUNT = "deploylog@soffid-deployments.iam.gserviceaccount.com"
STAFF = "ana@soffid.example"
OUTSIDER = "bob@customer.example"
FOLDER = "application/vnd.google-apps.folder"
SPREADSHEET = "application/vnd.google-apps.spreadsheet"


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class _Http:
    """The part of httplib2.Http that googleapiclient uses."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session

    def request(
        self, uri: str, method: str = "GET", body: Any = None, headers: Mapping[str, str] | None = None, **_: Any
    ) -> tuple[httplib2.Response, bytes]:
        answer = self._session.request(method, uri, data=body, headers=dict(headers or {}), timeout=10)
        return httplib2.Response({**answer.headers, "status": str(answer.status_code)}), answer.content

    def close(self) -> None:
        """The session is closed by who made it."""


class _SheetsHttp(HTTPClient):
    """gspread's own client, with another origin than Google's."""

    def __init__(self, session: requests.Session, origin: str) -> None:
        super().__init__(auth=None, session=session)
        self._origin = origin
        self.set_timeout(10)

    def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> requests.Response:
        asked = urlsplit(endpoint)
        query = f"?{asked.query}" if asked.query else ""
        return super().request(method, f"{self._origin}{asked.path}{query}", *args, **kwargs)


class Person:
    """Someone with a token, and the clients that carry it."""

    def __init__(self, origin: str, address: str) -> None:
        self.address = address
        self.origin = origin
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["Authorization"] = f"Bearer {address}"
        self.drive = self._build("drive", "v3")
        self.sheets = self._build("sheets", "v4").spreadsheets()
        self.gspread = gspread.Client(auth=None, session=self.http, http_client=_sheets_http(origin))

    def build(self, api: str, version: str) -> Any:
        return self._build(api, version)

    def _build(self, api: str, version: str) -> Any:
        document = json.loads(get_static_doc(api, version))
        document["rootUrl"] = f"{self.origin}/"
        document["baseUrl"] = f"{self.origin}/{document['servicePath']}"
        document.pop("mtlsRootUrl", None)
        return build_from_document(document, http=_Http(self.http))


def _sheets_http(origin: str) -> Callable[..., _SheetsHttp]:
    return lambda auth, session: _SheetsHttp(session, origin)


def refusal(request: Any) -> tuple[int, str]:
    """The status and reason (of Sheets, the name of the status) with which a call is refused."""
    try:
        request.execute(num_retries=0)
    except HttpError as error:
        body = json.loads(error.content)["error"]
        return error.status_code, body["errors"][0]["reason"] if "errors" in body else body["status"]
    raise AssertionError("the request was not refused")


def message_of(request: Any) -> str:
    """The message with which a call is refused."""
    try:
        request.execute(num_retries=0)
    except HttpError as error:
        return str(json.loads(error.content)["error"]["message"])
    raise AssertionError("the request was not refused")

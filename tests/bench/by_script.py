"""The same job as a script does it: gspread, every log opened at every poll, mails and events straight to the API.

What a competent person writes in an afternoon, and kept fair: one call reads a log, one the registry; a row is judged
by its cells; what was done is written into the row in one call, so that it is not done again. Where a quota stops it,
it waits as gspread's own backoff client does. It has no rules for dates, no drafts, no ledger: it does less per row.
"""

from __future__ import annotations

import base64
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import gspread
import gspread.http_client
import requests
from gspread.utils import MimeType
from requests.adapters import BaseAdapter
from world import DAEMON, MADRID

from deploylog import deployment_log as log
from deploylog import registry
from deploylog.cells import column_letters, serial_of
from workspace_sandbox.founding import SERVICE_ACCOUNT

GMAIL = "https://gmail.googleapis.com/gmail/v1/users/me"
CALENDAR = "https://www.googleapis.com/calendar/v3/calendars/primary/events"
FILES = "https://www.googleapis.com/drive/v3/files"
READ = {"valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": "SERIAL_NUMBER"}


def identity(address: str, adapter: BaseAdapter) -> requests.Session:
    """A session of somebody of the sandbox, whose calls `adapter` carries."""
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {address}"
    session.mount("https://", adapter)
    return session


class Script:
    """Polls until it is stopped; remembers nothing but what stands in the sheets."""

    def __init__(self, adapter: BaseAdapter, folder_id: str, registry_id: str, clock: Callable[[], datetime]) -> None:
        """`clock`: now, UTC."""
        session = identity(SERVICE_ACCOUNT, adapter)
        self._client = gspread.Client(None, session, gspread.http_client.BackOffHTTPClient)
        self._mailbox = identity(DAEMON, adapter)
        self._folder, self._registry = folder_id, registry_id
        self._clock = clock

    def poll(self) -> int:
        """Open every log and do what is due; how many logs were opened."""
        contacts = self._contacts()
        logs = [file for file in self._files() if file["name"].endswith(" - Deployment log")]
        logs = [file for file in logs if not file["name"].startswith("TEMPLATE")]
        for file in logs:
            self._one_log(file["id"], contacts.get(file["name"].removesuffix(" - Deployment log"), []))
        return len(logs)

    def _files(self) -> list[dict[str, Any]]:
        """As `Client.list_spreadsheet_files` does, whose query (`parents in "…"`) is not in Drive's documentation."""
        query = f"mimeType='{MimeType.google_sheets}' and '{self._folder}' in parents"
        wanted = {"supportsAllDrives": "true", "includeItemsFromAllDrives": "true", "pageSize": "1000", "q": query}
        files, token = [], ""
        while token is not None:
            answer = self._client.http_client.request(
                "get", FILES, params={**wanted, **({"pageToken": token} if token else {})}
            ).json()
            files += answer["files"]
            token = answer.get("nextPageToken")
        return files

    def _contacts(self) -> dict[str, list[str]]:
        header, *rows = self._values(self._registry, registry.CONTACTS)
        found: dict[str, list[str]] = {}
        for row in rows:
            contact = dict(zip(header, row, strict=False))
            found.setdefault(contact.get("Customer", ""), []).append(contact.get("E-mail", ""))
        return found

    def _one_log(self, file_id: str, guests: Sequence[str]) -> None:
        header, *rows = self._values(file_id, log.DEPLOYMENTS)
        for number, cells in enumerate(rows, start=2):
            row = dict(zip(header, cells, strict=False))
            done = self._one_row(file_id, number, row, guests)
            if done:
                self._write(file_id, header, number, done)

    def _one_row(self, file_id: str, number: int, row: Mapping[str, Any], guests: Sequence[str]) -> dict[str, Any]:
        """Do what a row asks for; the cells that say it was done."""
        status, done = row.get(log.STATUS), {}
        now = serial_of(self._clock(), MADRID)
        if status == "Planned" and not row.get(log.CALENDAR_EVENT):
            done[log.CALENDAR_EVENT] = self._event(row, guests)
        started = row.get(log.START_NOTIFIED)
        # What is long past was told before there was a script.
        due = isinstance(row.get(log.START), int | float) and 0 <= now - row[log.START] < 1
        if status in ("Planned", "Started") and due and not started:
            self._mail(row, guests, "Start of the deployment")
            done[log.START_NOTIFIED] = now
        if status == "Done" and started and not row.get(log.END_NOTIFIED):
            self._mail(row, guests, "End of the deployment")
            done[log.END_NOTIFIED] = now
        return done

    def _values(self, file_id: str, tab: str) -> list[list[Any]]:
        answer = self._client.http_client.values_get(file_id, f"'{tab}'", params=READ)
        return list(answer.get("values", [[]]))

    def _write(self, file_id: str, header: Sequence[str], number: int, done: Mapping[str, Any]) -> None:
        data = [
            {"range": f"'{log.DEPLOYMENTS}'!{column_letters(header.index(name) + 1)}{number}", "values": [[value]]}
            for name, value in done.items()
        ]
        self._client.http_client.values_batch_update(file_id, {"valueInputOption": "RAW", "data": data})

    def _event(self, row: Mapping[str, Any], guests: Sequence[str]) -> str:
        start = datetime(1899, 12, 30) + timedelta(days=row[log.START])  # noqa: DTZ001  # local, as the sheet has it
        end = start + timedelta(minutes=row.get(log.DURATION) or 30)
        event = {
            "summary": "Deployment",
            "description": f"{row.get(log.TICKETS, '')}\n\n{row.get(log.COMPONENTS, '')}",
            "start": {"dateTime": start.isoformat(timespec="seconds"), "timeZone": str(MADRID)},
            "end": {"dateTime": end.isoformat(timespec="seconds"), "timeZone": str(MADRID)},
            "attendees": [{"email": one} for one in guests],
        }
        answer = self._post(CALENDAR, event, {"sendUpdates": "all"})
        return str(answer["htmlLink"])

    def _mail(self, row: Mapping[str, Any], guests: Sequence[str], subject: str) -> None:
        mail = EmailMessage()
        mail["To"], mail["Subject"], mail["From"] = ", ".join(guests), subject, DAEMON
        mail.set_content(f"{row.get(log.TICKETS, '')}\n\n{row.get(log.COMPONENTS, '')}")
        self._post(f"{GMAIL}/messages/send", {"raw": base64.urlsafe_b64encode(mail.as_bytes()).decode()})

    def _post(self, address: str, body: Mapping[str, Any], params: Mapping[str, str] | None = None) -> Any:
        """Gmail's and Calendar's limits are wide: where they stop it, it waits as for the sheets."""
        wait = 1
        while (answer := self._mailbox.post(address, json=body, params=params)).status_code in (403, 429):
            wait = min(2 * wait, 128)
            gspread.http_client.time.sleep(wait)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def waiting_on(wait: Callable[[timedelta], None]) -> Iterator[None]:
    """Have gspread's backoff client wait on a virtual clock: it calls `time.sleep`, whatever it is made with."""
    kept = gspread.http_client.time
    gspread.http_client.time = types.SimpleNamespace(sleep=lambda seconds: wait(timedelta(seconds=seconds)))
    try:
        yield
    finally:
        gspread.http_client.time = kept

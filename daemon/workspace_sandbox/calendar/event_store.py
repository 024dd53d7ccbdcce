"""The events of one person's calendar, and the tokens and etags that tell one state of them from another.

A guest has a copy of the event in the own calendar: the same id, with what is private to that copy.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from workspace_sandbox.calendar.event_times import timestamp
from workspace_sandbox.calls import ApiError, Json
from workspace_sandbox.gmail.mailbox import has_mailbox
from workspace_sandbox.workspace import Workspace


def is_service_account(address: str) -> bool:
    return address.endswith(".gserviceaccount.com")


def has_calendar(address: str) -> bool:
    """Whether there is a calendar of that address: whoever has a mailbox, and service accounts."""
    return has_mailbox(address) or is_service_account(address)


@dataclass(frozen=True)
class Kept:
    """An event as it is kept."""

    event: Json
    """The event resource, without what depends on the reader (`self`, etag, kind, htmlLink)."""
    version: int
    """Grows with every change in any calendar."""
    number: int
    """The place in the order of creation."""
    removed: bool
    """A guest's copy which that guest deleted."""


class EventStore:
    """The events of the calendar of one address, given in lower case."""

    def __init__(self, workspace: Workspace, owner: str) -> None:
        self.owner = owner
        self._workspace = workspace
        self._events = workspace.collection(f"events of {owner}")
        self._calendars = workspace.collection("calendars")

    def get(self, event_id: str) -> Kept | None:
        """The event, also a cancelled one."""
        document = self._events.get(event_id)
        return None if document is None else Kept(**document)

    def all(self) -> Iterator[Kept]:
        """In the order of creation, cancelled ones included."""
        return (Kept(**document) for document in self._events.values())

    def put(self, event: Json, now: datetime, *, removed: bool = False) -> Kept:
        """Keep the event in its new state, with a new version and `updated`."""
        old = self._events.get(event["id"])
        version = self._workspace.next_number("calendar.version")
        number = version if old is None else old["number"]
        kept = Kept({**event, "updated": timestamp(now)}, version, number, removed)
        self._events.put(event["id"], dict(vars(kept)))
        self._calendars.put(self.owner, {"version": version, "updated": kept.event["updated"]})
        return kept

    def state(self) -> tuple[int, str]:
        """The version and the instant of the calendar's last change."""
        document = self._calendars.get(self.owner) or {"version": 0, "updated": "1970-01-01T00:00:00.000Z"}
        return int(document["version"]), str(document["updated"])

    def etag(self, version: int) -> str:
        return f'"{self._era()}{version:08d}"'

    def sync_token(self, version: int) -> str:
        return base64.urlsafe_b64encode(f"{self._era()}/{self.owner}/{version}".encode()).decode()

    def version_of(self, sync_token: str) -> int:
        """The version a sync token stands for. Raises ApiError 410 where it is none of this calendar's."""
        try:
            era, owner, version = base64.urlsafe_b64decode(sync_token).decode().split("/")
            if (era, owner) == (self._era(), self.owner):
                return int(version)
        except ValueError:
            pass
        raise ApiError(
            410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.", domain="calendar"
        )

    def _era(self) -> str:
        """A word that differs after a reset, so that tokens from before it are known to be old."""
        eras = self._workspace.collection("calendar_era")
        document = eras.get("era")
        if document is None:
            document = {"era": secrets.token_hex(4)}
            eras.put("era", document)
        return str(document["era"])

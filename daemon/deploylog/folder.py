"""What is in the folder: listed once, and from then on kept up to date by Drive's change feed, one call a poll.

The feed tells edits of cells minutes late (api facts: about three), which is why logs with something near are read
whatever it says (`reconcile.py`). It is listed anew now and then all the same, so that nothing hangs on one feed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from deploylog.errors import Refused
from deploylog.google.drive import SPREADSHEET, Drive, DriveFile

LISTED_FOR = timedelta(hours=1)
"""How long a listing is kept up to date by the feed before the folder is listed anew."""

log = structlog.get_logger(__name__)


class Folder:
    """The spreadsheets of the folder."""

    def __init__(self, drive: Drive, drive_id: str, folder_id: str) -> None:
        self._drive = drive
        self._drive_id = drive_id
        self._folder_id = folder_id
        self._token = ""
        """From where on the feed has something new; empty: the folder has to be listed."""
        self._listed_at: datetime | None = None
        self._files: dict[str, DriveFile] = {}

    def files(self, now: datetime) -> Mapping[str, DriveFile]:
        """The files by id. Raises `OutsideError` where Drive cannot be asked; the next call then asks for the same."""
        if self._is_followed(now):
            try:
                self._follow()
            except Refused as refusal:
                # A token Drive does not know any more.
                log.info("folder listed anew", reason=str(refusal))
                self.forget()
        if not self._is_followed(now):
            self._list(now)
        return dict(self._files)

    def _is_followed(self, now: datetime) -> bool:
        listed_at = self._listed_at
        # An empty one may be in the trash, and the feed need not tell of each file once it is back.
        return (
            bool(self._token and self._files) and listed_at is not None and timedelta(0) <= now - listed_at < LISTED_FOR
        )

    def forget(self) -> None:
        """Have the folder listed anew at the next call."""
        self._token = ""

    def note(self, file: DriveFile) -> None:
        """A file that was made or renamed just now, which the feed may tell of a moment later."""
        self._files[file.id] = file

    def _list(self, now: datetime) -> None:
        # First the token: what changes while the files are listed then comes twice, and nothing is missed.
        token = self._drive.changes_from_now(self._drive_id)
        found = self._drive.spreadsheets(self._drive_id, self._folder_id)
        self._files = {file.id: file for file in found}
        self._token, self._listed_at = token, now

    def _follow(self) -> None:
        news = self._drive.changes(self._drive_id, self._token)
        gone = {*news.gone, *(file.id for file in news.changed if file.trashed)}
        if self._folder_id in gone:
            # What lies in it is gone with it, and the feed need not say so of each file.
            self.forget()
            return
        for file in news.changed:
            if self._folder_id in file.parents and file.mime_type == SPREADSHEET:
                self._files[file.id] = file
            else:
                self._files.pop(file.id, None)
        for file_id in gone:
            self._files.pop(file_id, None)
        self._token = news.token

"""One installation per folder: a mark in the folder's `properties` says whose it is (design, "Guards").

Two daemons with two stores on one folder would both send every mail. So a daemon marks the folder with its store's id,
its host and when it was last seen; it refuses to start where another's mark is fresh, and stops where its own mark was
replaced. A clean stop takes the mark away; one of a daemon that died grows old by itself.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from deploylog.errors import ConfigurationError
from deploylog.google.drive import Drive

STORE, HOST, SEEN = "deploylog-store", "deploylog-host", "deploylog-seen"
"""The properties of the folder. A key and its value together take at most 124 bytes."""
MARK_EVERY = timedelta(minutes=5)
"""How often a running daemon says that it is still there."""
FRESH = timedelta(minutes=15)
"""A mark not renewed for so long is of a daemon that died."""
_LONGEST_HOST = 100


class TakenOver(ConfigurationError):  # noqa: N818  (the word says more than an -Error would)
    """Another installation was told to work in this folder: this one has to stop."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Whose a folder is."""

    store: str
    host: str
    """`NAME PID`: the machine, and the process on it."""
    seen: datetime
    """UTC."""

    @classmethod
    def read(cls, properties: dict[str, str]) -> Mark | None:
        """The mark among a file's properties; None where there is none that can be read."""
        try:
            seen = datetime.fromisoformat(properties[SEEN])
            return cls(properties[STORE], properties.get(HOST, ""), seen.astimezone(UTC))
        except (KeyError, ValueError):
            return None

    def properties(self) -> dict[str, str | None]:
        return {STORE: self.store, HOST: self.host, SEEN: self.seen.isoformat(timespec="seconds")}


def this_process() -> str:
    """This machine's name and this process's number."""
    return f"{socket.gethostname().encode()[:_LONGEST_HOST].decode(errors='ignore')} {os.getpid()}"


def is_in_the_way(mark: Mark | None, store: str, host: str, now: datetime, lives: Callable[[int], bool]) -> bool:
    """Whether the mark is of another installation that still runs, as far as can be told.

    Daemons on one store share the work, so its own mark is never in the way. A mark of another store made on this very
    machine is in the way only while the process that made it `lives`: after a lost disk nobody has to wait.
    """
    if mark is None or mark.store == store or not timedelta(0) <= now - mark.seen + FRESH <= 2 * FRESH:
        return False
    machine, _, process = mark.host.rpartition(" ")
    if machine == host.rpartition(" ")[0] and process.isdecimal():
        return lives(int(process))
    return True


class Ownership:
    """The folder's mark, as this installation sets, renews and clears it."""

    def __init__(
        self,
        drive: Drive,
        folder_id: str,
        store: str,
        host: str | None = None,
        lives: Callable[[int], bool] | None = None,
    ) -> None:
        self._drive = drive
        self._folder_id = folder_id
        self._store = store
        self._host = host or this_process()
        self._lives = lives or _lives
        self._marked_at: datetime | None = None

    def claim(self, now: datetime, take_over: bool = False) -> None:
        """Mark the folder as ours. Raises `ConfigurationError` where another installation works in it."""
        mark = self._mark()
        if not take_over and is_in_the_way(mark, self._store, self._host, now, self._lives):
            assert mark is not None
            raise ConfigurationError(
                f"another deploylog, with another store, works in this folder: {mark.host or 'unknown host'}, last "
                f"seen {mark.seen:%Y-%m-%d %H:%M} UTC; two would send every mail twice. Stop that one, or, if it is "
                "gone for good, start with --take-over"
            )
        self._write(now)
        self._still_ours()

    def renew(self, now: datetime) -> None:
        """Say that we are still there, every few minutes. Raises `TakenOver` where the mark is another's by now."""
        if self._marked_at is not None and timedelta(0) <= now - self._marked_at < MARK_EVERY:
            return
        self._still_ours()
        self._write(now)

    def release(self) -> None:
        """Take our mark away, so that another may start at once; one that is not ours any more stays."""
        mark = self._mark()
        if mark is not None and mark.store == self._store:
            self._drive.set_properties(self._folder_id, {STORE: None, HOST: None, SEEN: None})

    def _still_ours(self) -> None:
        mark = self._mark()
        if mark is not None and mark.store != self._store:
            raise TakenOver(
                f"another deploylog, on {mark.host or 'an unknown host'}, has taken this folder over; this one stops, "
                "so that no mail is sent twice"
            )

    def _mark(self) -> Mark | None:
        return Mark.read(self._drive.get(self._folder_id).properties)

    def _write(self, now: datetime) -> None:
        self._drive.set_properties(self._folder_id, Mark(self._store, self._host, now).properties())
        self._marked_at = now


def _lives(process: int) -> bool:
    """Whether a process of this number runs on this machine."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

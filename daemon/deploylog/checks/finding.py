"""What a check says, and what checks hand on to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from deploylog.config import Config
from deploylog.google.connect import Google
from deploylog.google.drive import DriveFile


class Verdict(StrEnum):
    """How a check ended."""

    PASS = "pass"  # noqa: S105  (a word, not a password)
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's."""

    verdict: Verdict
    words: str
    fix: str = ""
    """What to do, where something is to do: the page, the scope, the id."""
    waited_out: bool = False
    """A fault of the network or a quota, which the daemon itself waits out."""


def good(words: str) -> Finding:
    return Finding(Verdict.PASS, words)


def warning(words: str, fix: str) -> Finding:
    return Finding(Verdict.WARN, words, fix)


def bad(words: str, fix: str) -> Finding:
    return Finding(Verdict.FAIL, words, fix)


@dataclass
class Patient:
    """What is examined, and what checks found out for those after them; a check that `needs` another may rely on it."""

    config: Config
    now: Callable[[], datetime]
    """UTC."""
    _google: Google | None = None
    drive_id: str = ""
    files: dict[str, DriveFile] = field(default_factory=dict)
    """What was found in the shared drive, by its key in the configuration: folder, template, registry."""

    @property
    def google(self) -> Google:
        """Connected by the check of the credentials."""
        assert self._google is not None
        return self._google

    def connected(self, google: Google) -> None:
        self._google = google

    @property
    def account(self) -> str:
        """Who has to be a member of the shared drive."""
        return self.google.identities.service_account or self.google.identities.files.acts_as

    def close(self) -> None:
        if self._google is not None:
            self._google.close()


@dataclass(frozen=True, slots=True)
class Check:
    """A subject, how it is examined, and the checks without which it cannot be."""

    name: str
    examine: Callable[[Patient], Iterable[Finding]]
    """May raise `DeploylogError`: then what is wrong and what to do stand in its sentence."""
    needs: tuple[str, ...] = ()

"""What was found outside about a row's prerequisites, as values: `readiness.py` judges them.

Pure. Whoever gathers them (`fact_finding.py`) does so before the row is decided; what was not looked up is not there,
and what could not be looked up is unknown: neither ever keeps a row from being announced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from deploylog.model import Component, Deployment, Sentence


class GuideState(StrEnum):
    """What became of the look at a link of `Rollback guide`."""

    OPENS = "opens"
    MISSING = "missing"
    TRASHED = "trashed"
    UNREADABLE = "unreadable"
    """It is there, and the responsible may not read it."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Guide:
    """A link of `Rollback guide`, looked up."""

    link: str
    """As it stands in the cell."""
    state: GuideState
    reason: Sentence | None = None
    """Why it is not known."""


class ReleaseState(StrEnum):
    """What became of the look for a component's version."""

    RELEASED = "released"
    """A release or tag whose latest pipeline passed, or a package."""
    NOT_PASSED = "not passed"
    NO_PIPELINE = "no pipeline"
    MISSING = "missing"
    NO_PROJECT = "no project"
    """The configured project is not there, or not for our token."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Release:
    """A version of a component, looked up where it is built."""

    name: str
    version: str
    state: ReleaseState
    link: str = ""
    """Where a person can look: the release, the failed pipeline, the project's releases."""
    status: str = ""
    """The pipeline's, in the vendor's word, where it did not pass."""
    latest: str = ""
    """The latest release, where that is another one."""
    latest_link: str = ""
    project: str = ""
    reason: Sentence | None = None
    """Why it is not known."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of one row's prerequisites outside."""

    guides: tuple[Guide, ...] = ()
    releases: tuple[Release, ...] = ()
    unlisted: tuple[str, ...] = ()
    """Components no project is configured for, where projects are configured at all."""
    again: datetime | None = None
    """When to look again, UTC; None: nothing was looked up."""


class FactSource(Protocol):
    """Who gathers facts. Never raises for what is outside."""

    def begin_pass(self) -> None:
        """From here on a new pass's worth of looking is allowed."""

    def look(self, rows: Sequence[Deployment], now: datetime) -> None:
        """Look up what is not known of these rows, within the bounds of the pass."""

    def known(self, row: Deployment, now: datetime) -> Facts:
        """What is known of a row, without looking anything up."""


class ReleaseSource(Protocol):
    """Where components are built: one module behind this interface per vendor."""

    def release(self, component: Component, seconds: float) -> Release | None:
        """The component's version as it is there now, within about so many seconds; None: no project is known."""

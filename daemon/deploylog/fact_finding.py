"""Gathers facts for the rows that are about to be judged: guides in Drive and on listed hosts, and released artefacts.

What was found is kept in memory for a while. A pass looks up only so much and only so long, nearest start first; the
rest is found by a later pass. A look never raises: what cannot be found out is told in the row, and keeps nothing back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from deploylog.cells import folded
from deploylog.errors import AccessDenied, Busy, NotFound, OutsideError, Refused
from deploylog.facts import Facts, Guide, GuideState, Release, ReleaseSource, ReleaseState
from deploylog.google.drive import DriveFile, Permission
from deploylog.guide_links import DriveLink, WebLink, links_in
from deploylog.guide_pages import GuidePages
from deploylog.model import Check, Component, Deployment, Level, Sentence

FRESH = timedelta(minutes=10)
"""How long what was found is taken as it is."""
GOOD_FOR = timedelta(hours=1)
"""After what time something that was good makes its row be decided anew; what was not good does so after `FRESH`."""
KEPT = timedelta(days=1)
"""How long something found is spoken of at all."""
SOON = timedelta(minutes=1)
"""When to try again what this pass had no time for."""
SECONDS_PER_PASS = 5.0
"""How long one pass looks things up; what was begun by then ends within a few seconds more."""
LOOKS_PER_PASS = 20

_GOOGLE = "Google Drive"

Key = tuple[str, str, str]
"""`guide`, the link and the responsible; or `release`, name and version."""


class FileLookup(Protocol):
    """The part of `google.drive.Drive` that looks without repeating."""

    def get_once(self, file_id: str) -> DriveFile: ...

    def permissions_once(self, file_id: str) -> list[Permission]: ...


@dataclass(frozen=True, slots=True)
class _Kept:
    fact: Guide | Release
    found_at: datetime


class FactFinder:
    """The one `facts.FactSource`. Keeps what it found in memory only."""

    def __init__(
        self,
        files: FileLookup,
        pages: GuidePages,
        releases: ReleaseSource | None,
        projects: Sequence[str],
        levels: Mapping[Check, Level],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`releases`: None where none is configured. `projects`: the components it knows. `clock`: for the bounds."""
        self._files = files
        self._pages = pages
        self._releases = releases
        self._projects = frozenset(map(folded, projects))
        self._guides_count = levels.get(Check.ROLLBACK_GUIDE) is not Level.OFF
        self._releases_count = levels.get(Check.RELEASED_COMPONENTS) is not Level.OFF
        self._clock = clock
        self._kept: dict[Key, _Kept] = {}
        self._until = float("-inf")
        self._looks_left = 0

    def begin_pass(self) -> None:
        """From here on a new pass's worth of looking is allowed."""
        self._until = self._clock() + SECONDS_PER_PASS
        self._looks_left = LOOKS_PER_PASS

    def look(self, rows: Sequence[Deployment], now: datetime) -> None:
        """Look up what is not known, or not freshly, of these rows."""
        self._kept = {key: one for key, one in self._kept.items() if now - one.found_at < KEPT}
        for row in sorted(rows, key=lambda one: one.window.start if one.window else now):
            for link in self._links(row):
                key = _guide_key(link, row)
                if self._may_look(key, now):
                    self._kept[key] = _Kept(self._guide(link, row.responsible), now)
            for component in self._components(row):
                key = _release_key(component)
                if self._releases is not None and self._may_look(key, now):
                    found = self._releases.release(component, self._seconds_left())
                    if found is not None:
                        self._kept[key] = _Kept(found, now)

    def known(self, row: Deployment, now: datetime) -> Facts:
        """What was found of a row, and when it is worth another look."""
        keys = [_guide_key(link, row) for link in self._links(row)]
        keys += [_release_key(component) for component in self._components(row)]
        kept = [self._kept.get(key) for key in keys]
        facts = [one.fact for one in kept if one is not None]
        agains = [now + SOON if one is None else max(one.found_at + _good_for(one.fact), now + SOON) for one in kept]
        return Facts(
            guides=tuple(one for one in facts if isinstance(one, Guide)),
            releases=tuple(one for one in facts if isinstance(one, Release)),
            unlisted=self._unlisted(row),
            again=min(agains, default=None),
        )

    # What there is to look up ----------------------------------------------------------------------------------

    def _links(self, row: Deployment) -> list[DriveLink | WebLink]:
        if not self._guides_count:
            return []
        return [
            one
            for one in links_in(row.rollback_guide)
            if isinstance(one, DriveLink) or (isinstance(one, WebLink) and self._pages.listed(one))
        ]

    def _components(self, row: Deployment) -> list[Component]:
        if self._releases is None or not self._releases_count:
            return []
        return [one for one in row.components if one.version and folded(one.name) in self._projects]

    def _unlisted(self, row: Deployment) -> tuple[str, ...]:
        if self._releases is None or not self._projects or not self._releases_count:
            return ()
        return tuple(one.name for one in row.components if folded(one.name) not in self._projects)

    # Looking ---------------------------------------------------------------------------------------------------

    def _may_look(self, key: Key, now: datetime) -> bool:
        kept = self._kept.get(key)
        if (kept is not None and now - kept.found_at < FRESH) or not self._looks_left or self._seconds_left() <= 0:
            return False
        self._looks_left -= 1
        return True

    def _seconds_left(self) -> float:
        return self._until - self._clock()

    def _guide(self, link: DriveLink | WebLink, responsible: str) -> Guide:
        if isinstance(link, WebLink):
            return self._pages.look(link, self._seconds_left())
        try:
            return self._file(link, responsible)
        except NotFound:
            return Guide(link.text, GuideState.MISSING)
        except AccessDenied as refusal:
            # 403 is about this file; 401 is about us.
            return Guide(link.text, GuideState.MISSING) if refusal.status == 403 else _guide_unknown(link, refusal)
        except OutsideError as failure:
            return _guide_unknown(link, failure)

    def _file(self, link: DriveLink, responsible: str) -> Guide:
        if self._files.get_once(link.file_id).trashed:
            return Guide(link.text, GuideState.TRASHED)
        if not responsible:
            return Guide(link.text, GuideState.OPENS)
        try:
            permissions = self._files.permissions_once(link.file_id)
        except Refused:
            return Guide(link.text, GuideState.UNKNOWN, Sentence.of("look_permissions"))
        readable = any(_lets_read(one, responsible) for one in permissions)
        return Guide(link.text, GuideState.OPENS if readable else GuideState.UNREADABLE)


def _lets_read(permission: Permission, address: str) -> bool:
    """Whether the permission may be the one by which this address reads: a group's members are not known."""
    match permission.type:
        case "anyone" | "group":
            return True
        case "domain":
            return address.rpartition("@")[2].casefold() == permission.address.casefold()
    return permission.address.casefold() == address.casefold()


def _guide_unknown(link: DriveLink, failure: OutsideError) -> Guide:
    if isinstance(failure, Busy):
        return Guide(link.text, GuideState.UNKNOWN, Sentence.of("look_busy", host=_GOOGLE))
    if failure.status:
        reason = Sentence.of("look_status", host=_GOOGLE, status=failure.status)
        return Guide(link.text, GuideState.UNKNOWN, reason)
    return Guide(link.text, GuideState.UNKNOWN, Sentence.of("look_no_answer", host=_GOOGLE))


def _good_for(fact: Guide | Release) -> timedelta:
    return GOOD_FOR if fact.state in (GuideState.OPENS, ReleaseState.RELEASED) else FRESH


def _guide_key(link: DriveLink | WebLink, row: Deployment) -> Key:
    return ("guide", link.text, row.responsible)


def _release_key(component: Component) -> Key:
    return ("release", folded(component.name), component.version)

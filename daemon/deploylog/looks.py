"""What the last look at each log showed, handed over from the passes to the pages.

The passes run on one thread, the pages on others. What they share is one immutable value, swapped as a whole after
each log: a page never waits for a pass, nor a pass for a page, and no page sees half of a log.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from deploylog.dates import Absences
from deploylog.lifecycle import PERHAPS_OUT, Memory
from deploylog.model import Customer, Deployment, Kind, Progress, Registry, Sentence
from deploylog.observe import LogView, RowView


@dataclass(frozen=True, slots=True)
class DeploymentLook:
    """One row as it was last seen, with what was decided about it. Instants are UTC."""

    log_id: str
    deployment: Deployment
    progress: Progress | None
    """None: somebody was editing the row."""
    sentences: tuple[Sentence, ...]
    slots: tuple[datetime, ...]
    """Free dates, where its date is not allowed."""
    next_action: Sentence | None
    announced: bool
    """An event or a mail told somebody of it, and perhaps still does."""
    changed_at: datetime
    """When the row's cells last changed, as far as they say anything."""
    planned_end: datetime | None
    """The end that was announced first."""
    started_at: datetime | None
    """When the start mail left."""
    closed_at: datetime | None
    """The actual end."""


@dataclass(frozen=True, slots=True)
class LogLook:
    """One log as it was last seen."""

    file_id: str
    name: str
    link: str
    customer: Customer | None
    """None: a log without a row in the registry."""
    deployments: tuple[DeploymentLook, ...]
    seen_at: datetime
    problems: tuple[Sentence, ...] = ()
    """Why nothing goes out for it, or what else is wrong with it as a whole."""


@dataclass(frozen=True, slots=True)
class Looks:
    """Everything the daemon last saw."""

    registry: Registry = field(default_factory=Registry)
    logs: Mapping[str, LogLook] = field(default_factory=lambda: MappingProxyType({}))
    """By file id."""
    absences: Absences = field(default_factory=Absences)
    """When staff are away, as far as calendars of everybody say."""
    passed_at: datetime | None = None
    """When the last whole pass came to its end; None: none did since the start."""

    def of(self, customer: Customer) -> LogLook | None:
        """The customer's log; None where it has none, or it was not seen yet."""
        return next((one for one in self.logs.values() if one.customer and one.customer.name == customer.name), None)


class LastLooks:
    """Where the passes leave what they saw. `current` may be read from any thread."""

    def __init__(self) -> None:
        self._looks = Looks()
        self._logs: dict[str, LogLook] = {}
        self._changed = False
        self._lock = threading.Lock()

    @property
    def current(self) -> Looks:
        """What was last seen; what is seen later does not change it."""
        with self._lock:
            # Copied for who reads it: a first pass sees thousands of logs, and few ask in between.
            if self._changed:
                self._looks = replace(self._looks, logs=MappingProxyType(dict(self._logs)))
                self._changed = False
            return self._looks

    def see(self, view: LogView) -> None:
        """One log was looked at, and carried out."""
        look = summary(view)
        with self._lock:
            self._logs[look.file_id] = look
            self._changed = True

    def trouble(self, file_id: str, problems: tuple[Sentence, ...]) -> None:
        """What is wrong with a log as a whole; a log that was never read is not shown for that."""
        with self._lock:
            known = self._logs.get(file_id)
            if known is not None and known.problems != problems:
                self._logs[file_id] = replace(known, problems=problems)
                self._changed = True

    def passed(self, registry: Registry, files: Iterable[str], absences: Absences, now: datetime | None) -> None:
        """A pass has read the registry; logs that are no more are forgotten. `now`: the end of a whole pass."""
        kept = set(files)
        with self._lock:
            self._logs = {file_id: look for file_id, look in self._logs.items() if file_id in kept}
            self._changed = True
            self._looks = replace(
                self._looks, registry=registry, absences=absences, passed_at=now or self._looks.passed_at
            )


def summary(view: LogView) -> LogLook:
    """What is worth keeping of a view: no cells."""
    return LogLook(
        file_id=view.file.id,
        name=view.file.name,
        link=view.file.link,
        customer=view.customer,
        deployments=tuple(_row(view.file.id, row) for row in view.rows),
        seen_at=view.cells.read_at,
        problems=(view.stopped,) if view.stopped else (),
    )


def _row(file_id: str, row: RowView) -> DeploymentLook:
    memory, decision = row.memory, row.decision
    return DeploymentLook(
        log_id=file_id,
        deployment=row.deployment,
        progress=decision.progress,
        sentences=decision.sentences,
        slots=decision.slots,
        next_action=decision.next_action,
        announced=_announced(memory),
        changed_at=max(memory.changed_at, memory.status_since),
        planned_end=memory.ends[0] if memory.ends else None,
        started_at=min((one.at for one in memory.out(Kind.START) if one.at), default=None),
        closed_at=memory.closed_at,
    )


def _announced(memory: Memory) -> bool:
    """Also a cancelled one, whose event is gone by now."""
    return any(one.at is not None or one.state in PERHAPS_OUT for one in memory.effects)

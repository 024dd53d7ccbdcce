"""The daemon and a sandbox in one process on a virtual clock: what would need days passes in seconds.

Between two passes time goes on as `scheduler.py` would have it: a whole pass at each poll, another at the very instant
something is due. Within a pass it goes on by what calls take (`carriage.CALL_TAKES`) and by what the daemon waits.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apart import SandboxApart
from carriage import Carriage, Counted
from wire import ORIGIN, Wire
from world import CONFIG, DAEMON, Bearer, ClockedWorld

from deploylog import bootstrap, installation
from deploylog.config import Config, load
from deploylog.demo import Person
from deploylog.errors import OutsideError
from deploylog.google.calendar import Calendar
from deploylog.google.connect import Google
from deploylog.google.drive import Drive
from deploylog.google.gmail import Gmail
from deploylog.google.quota import READS_A_MINUTE, ReadQuota
from deploylog.google.sheets import Sheets
from deploylog.google.transport import SheetsClient, Transport, build_service
from deploylog.ledger import Ledger
from deploylog.reconcile import PassReport
from stores import sqlite_store
from workspace_sandbox.founding import SERVICE_ACCOUNT, Founding
from workspace_sandbox.quota import Quota
from workspace_sandbox.server import Sandbox
from workspace_sandbox.workspace import Workspace

BEGINNING = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
"""A Monday, nine in the morning in Madrid."""
LIMITS = "limits: {mails_per_hour: 100000, mails_per_log_per_hour: 1000}\n"
"""The guards against a flood of mails are not what is measured."""


@dataclass(frozen=True)
class Took:
    """What a pass needed."""

    report: PassReport
    counted: Counted
    processor: float
    """Seconds of processor time, without the sandbox's."""
    lasted: timedelta
    """By the virtual clock."""


class VirtualWorld(ClockedWorld):
    """A world (tests/story/world.py) without a network, whose time goes on while calls are made."""

    carriage: Carriage
    calm: Wire
    sandbox: Sandbox | SandboxApart
    poll_every: timedelta
    logs: tuple[str, ...] = ()
    """File ids of the customers' logs, in the order of the customers."""

    def start_daemon(self) -> None:
        """A new process on the store there is: nothing of an old one's memory."""
        # What is in memory by now is the sandbox's: the daemon's garbage collections need not go through it.
        gc.collect()
        gc.freeze()
        self.ledger = Ledger.open(self.config.store)
        self.messages = bootstrap.messages_of(self.config)
        self.google = self._connect()
        self.reconciler = self._reconciler() if self._installed() else None

    def configure(self, settings: str) -> None:
        """A restart with other settings: YAML added to the configuration."""
        self.config = _configured(self.folder, settings)
        self.restart()

    def close(self) -> None:
        self.ledger.close()
        self.google.close()
        gc.unfreeze()

    def person(self, address: str) -> Person:
        """Somebody whose own calls take no time and are not counted."""
        someone = Person(self.origin, address)
        someone._session.mount(ORIGIN, self.calm)
        return someone

    def allow_all(self) -> None:
        """No quota."""
        self.sandbox._quota = None
        self.google.quota.reads_a_minute = None

    def limit(self) -> None:
        """Google's published quotas from now on, nothing of them used (`--quota`)."""
        self.sandbox._quota = Quota()
        self.google.quota.reads_a_minute = READS_A_MINUTE

    def lag(self, seconds: float) -> None:
        """Hold back the change feed and `modifiedTime` of edits of cells (`--feed-lag`)."""
        self.sandbox.workspace.collection("settings").put("drive", {"feed_lag": seconds})

    @property
    def folder_id(self) -> str:
        return installation.find(self.google, self.config).folder.id

    # Time ------------------------------------------------------------------------------------------------------

    def run(self, whole: bool = True) -> PassReport:
        """One pass now; where the registry or the folder cannot be read it did nothing, and says so (`cli.run`)."""
        try:
            return super().run(whole)
        except OutsideError as failure:
            return PassReport(problems=[str(failure)])

    def wait(self, duration: timedelta) -> None:
        self.now += duration

    def until(self, moment: datetime, enough: Callable[[], bool] = lambda: False) -> list[PassReport]:
        """Passes as the scheduler ticks: one now, one at each poll, one at each instant something is due.

        Ends at the moment, or after the pass with which it is `enough`.
        """
        assert self.reconciler is not None
        reports, next_poll = [], self.now
        while True:
            began = self.now
            whole = began >= next_poll
            reports.append(self.run(whole))
            if whole:
                next_poll = began + self.poll_every
            due = self.reconciler.next_due(began)
            # A pass that outlasts a poll is followed by the next at once.
            following = max(self.now, min(next_poll, due) if due is not None else next_poll)
            if enough():
                return reports
            if following >= moment:
                self.now = max(self.now, moment)
                return reports
            self.now = following

    def measured(self, whole: bool = True) -> Took:
        """One pass, and what it took."""
        self.carriage.take()
        before, virtual = time.process_time(), self.now
        report = self.run(whole)
        seconds = time.process_time() - before
        counted = self.carriage.take()
        return Took(report, counted, seconds - counted.service_seconds, self.now - virtual)

    def _connect(self) -> Google:
        limited = isinstance(self.sandbox, Sandbox) and self.sandbox._quota is not None
        quota = ReadQuota(READS_A_MINUTE if limited else None, lambda: self.now)
        files = Transport(Bearer(SERVICE_ACCOUNT), ORIGIN, called=quota.called)
        mailbox = Transport(Bearer(DAEMON), ORIGIN)
        for transport in (files, mailbox):
            transport.session.mount(ORIGIN, self.carriage)

        def sleep(seconds: float) -> None:
            self.wait(timedelta(seconds=seconds))

        return Google(
            drive=Drive(build_service("drive", "v3", files), sleep),
            sheets=Sheets(SheetsClient(files), sleep),
            calendar=Calendar(build_service("calendar", "v3", mailbox), "primary", sleep),
            gmail=Gmail(build_service("gmail", "v1", mailbox), sleep),
            identities=None,  # type: ignore[arg-type]  # nobody asks who they are
            _transports=(files, mailbox),
            quota=quota,
        )


def virtual_world(folder: Path, settings: str = LIMITS, apart: bool = False) -> VirtualWorld:
    """A world with a sandbox and a store of its own; `settings` is YAML added to the configuration.

    `apart`: the sandbox in a process of its own, out of reach but by calls.
    """
    clock = [BEGINNING]
    config = _configured(folder, settings)
    world = VirtualWorld.__new__(VirtualWorld)
    world.clock = clock
    world.sandbox = SandboxApart(lambda: clock[0]) if apart else Sandbox(Workspace(clock=lambda: clock[0]), Founding())
    world.carriage = Carriage(world.sandbox, lambda: clock[0], world.wait)
    world.calm = Wire(world.sandbox, None, world.wait)
    world.poll_every = config.poll.every
    # The facts of rows (released artefacts, linked pages) lie outside of Google: nothing is asked for here.
    VirtualWorld.__init__(world, ORIGIN, folder, config, None, BEGINNING)  # type: ignore[arg-type]
    return world


def _configured(folder: Path, settings: str) -> Config:
    file = folder / "deploylog.yaml"
    file.write_text(CONFIG.format(origin=ORIGIN, store=sqlite_store(folder)) + settings, encoding="utf-8")
    return load(file, {})

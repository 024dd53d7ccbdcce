"""Two and three daemons, real processes, on one PostgreSQL: killed, and cut off from it, behind failing calls.

`make test` does it for half a minute each, `make test-reliability` for five (`DEPLOYLOG_KILLING_SECONDS`).
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cable import Cable, cables
from killing import SETTINGS, all_is_closed, close_what_runs, judge, plan
from proxy import Trouble, failing_proxy
from world import MADRID

from cli_helpers import Daemon, Workspace, daemon, installed, started_sandbox, wait_until
from deploylog import deployment_log as log
from deploylog.cells import serial_of
from deploylog.delivery import LONGEST_CALL
from stores import PostgreSQL

SECONDS = float(os.environ.get("DEPLOYLOG_KILLING_SECONDS", "30"))
EVERY = 4.0
"""Seconds between two deployments."""
PATIENCE = LONGEST_CALL.total_seconds() + 90
"""Seconds: a call that was begun when its daemon died is waited for so long."""
POLL = timedelta(seconds=3)


class Daemons:
    """Some daemons on one store, each with a folder and a cable of its own; one that was killed is started again."""

    def __init__(self, configurations: list[Path], cables: list[Cable], stack: ExitStack) -> None:
        self._configurations = configurations
        self._stack = stack
        self.cables = cables
        self.running = [self._start(number) for number in range(len(configurations))]
        self.lines: list[str] = []
        self.kills = 0

    def _start(self, number: int) -> Daemon:
        return self._stack.enter_context(daemon(self._configurations[number]))

    def kill(self, number: int) -> None:
        self.running[number].ends(signal.SIGKILL)
        self.lines += self.running[number].lines
        self.kills += 1

    def start_again(self, number: int) -> None:
        self.running[number] = self._start(number)

    def stop(self) -> None:
        for one in self.running:
            one.wait_for("running")
            assert one.ends() == 0
            self.lines += one.lines


@pytest.mark.parametrize("count", [2, 3])
def test_daemons_killed_and_cut_off_lose_nothing_and_send_nothing_twice(
    postgresql: PostgreSQL, tmp_path: Path, count: int, figures: Counter[str]
) -> None:
    chance, trouble = random.Random(count), Trouble(seed=count, share=0.0)
    with (
        started_sandbox(tmp_path / "sandbox") as workspace,
        failing_proxy(workspace.origin, trouble) as origin,
        cables(postgresql.folder, count) as cut_here,
        ExitStack() as stack,
    ):
        daemons = started(postgresql, workspace, tmp_path, cut_here, stack, origin)
        trouble.share = 0.05
        until, row, next_row = time.monotonic() + SECONDS, 2, time.monotonic()
        while time.monotonic() < until:
            number, blow_at = chance.randrange(count), time.monotonic() + chance.uniform(1.0, 4.0)
            while time.monotonic() < blow_at:
                if time.monotonic() >= next_row:
                    plan(workspace, row)
                    row, next_row = row + 1, next_row + EVERY
                close_what_runs(workspace)
                time.sleep(0.1)
            if chance.random() < 0.5:
                daemons.kill(number)
                daemons.start_again(number)
            else:
                cut_here[number].cut()
                time.sleep(chance.uniform(0.0, 1.5))
                cut_here[number].mend()
        trouble.share = 0.0
        wait_until("all is closed", lambda: all_is_closed(workspace), patience=PATIENCE)
        daemons.stop()
        rows = workspace.rows()
        assert len(rows) == row - 2
        judge(workspace, rows)
        cuts = sum(one.cuts for one in cut_here)
        assert min(daemons.kills, cuts) >= 1
        assert not [line for line in daemons.lines if "Traceback" in line or "fault in the program" in line]
        figures[f"{count} daemons: deployments"] += len(rows)
        figures[f"{count} daemons: deaths of a daemon"] += daemons.kills
        figures[f"{count} daemons: cut off from PostgreSQL"] += cuts
        figures[f"{count} daemons: calls that failed"] += sum(trouble.met.values())


def test_what_a_killed_daemon_had_before_it_goes_on_within_two_polls(
    postgresql: PostgreSQL, tmp_path: Path, figures: Counter[str]
) -> None:
    with (
        started_sandbox(tmp_path / "sandbox") as workspace,
        cables(postgresql.folder, 2) as cut_here,
        ExitStack() as stack,
    ):
        daemons = started(postgresql, workspace, tmp_path, cut_here, stack, workspace.origin, POLL)
        for number in range(2):
            start = datetime.now(UTC) + timedelta(seconds=8)
            row = number + 2
            plan(workspace, row)
            workspace.write({log.START: serial_of(start, MADRID)}, row)
            wait_until("the event is made", lambda row=row: workspace.row(row).get(log.CALENDAR_EVENT))
            late = (start - datetime.now(UTC)).total_seconds() - 0.3
            time.sleep(max(late, 0.0))
            daemons.kill(number)
            daemons_left = 2 * POLL.total_seconds() + 8.3
            wait_until("the start mail", lambda row=row: workspace.row(row)[log.START_NOTIFIED], daemons_left)
            took = (datetime.now(UTC) - start).total_seconds()
            assert took < 2 * POLL.total_seconds()
            figures["taken over from a killed daemon: milliseconds after the start, at most"] = max(
                figures["taken over from a killed daemon: milliseconds after the start, at most"], round(took * 1000)
            )
            daemons.start_again(number)
        daemons.stop()


def test_a_daemon_cut_off_says_so_in_one_sentence_and_goes_on_when_it_is_let(
    postgresql: PostgreSQL, tmp_path: Path
) -> None:
    with (
        started_sandbox(tmp_path / "sandbox") as workspace,
        cables(postgresql.folder, 1) as [cable],
        ExitStack() as stack,
    ):
        daemons = started(postgresql, workspace, tmp_path, [cable], stack, workspace.origin)
        [running] = daemons.running
        running.wait_for("running")
        cable.cut()
        line = running.wait_for("pass not finished")
        assert "cannot be worked with now" in line or "was lost" in line
        plan(workspace, 2)
        cable.mend()
        wait_until("the start mail", lambda: workspace.row()[log.START_NOTIFIED])
        daemons.stop()
        assert not [line for line in daemons.lines if "Traceback" in line or "fault" in line]


def test_a_start_waits_for_postgresql_and_a_stop_ends_the_wait(postgresql: PostgreSQL, tmp_path: Path) -> None:
    with started_sandbox(tmp_path / "sandbox") as workspace, cables(postgresql.folder, 1) as [cable]:
        [config] = configurations(postgresql, workspace, tmp_path, [cable], workspace.origin)
        cable.cut()
        with daemon(config) as running:
            assert "does not answer" in running.wait_for("waiting")
            assert running.ends() == 0


def configurations(
    postgresql: PostgreSQL,
    workspace: Workspace,
    folder: Path,
    cut_here: list[Cable],
    origin: str,
    poll: timedelta = timedelta(seconds=1),
) -> list[Path]:
    """One configuration per cable, all on one store."""
    schema, settings = postgresql.new_schema(), SETTINGS.replace("1s}", f"{poll.total_seconds():.0f}s}}", 1)
    return [
        workspace.config(
            folder / f"daemon-{number}",
            settings,
            endpoint=origin,
            store=f'"{postgresql.url(schema, "127.0.0.1", cable.port)}"',
        )
        for number, cable in enumerate(cut_here)
    ]


def started(
    postgresql: PostgreSQL,
    workspace: Workspace,
    folder: Path,
    cut_here: list[Cable],
    stack: ExitStack,
    origin: str,
    poll: timedelta = timedelta(seconds=1),
) -> Daemons:
    """The daemons, in an installation that has its logs."""
    made = configurations(postgresql, workspace, folder, cut_here, origin, poll)
    installed(workspace, workspace.config(folder / "first", "notify: {settle: 0s}"))
    return Daemons(made, cut_here, stack)

"""Real processes, real time: `deploylog run` killed every few seconds, behind a proxy that lets its calls fail.

`make test` does it for half a minute, `make test-reliability` for five (`DEPLOYLOG_KILLING_SECONDS`).
"""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from proxy import Trouble, failing_proxy
from world import DAEMON, MADRID, TICKS

from cli_helpers import Workspace, daemon, installed, started_sandbox, wait_until
from deploylog import deployment_log as log
from deploylog.cells import serial_of
from deploylog.demo import ANY_DAY, DIBA_HELPDESK, DIBA_MANAGER, PROCEDURE_EXAMPLE, TEAM, Person
from deploylog.mime import MARKER

SECONDS = float(os.environ.get("DEPLOYLOG_KILLING_SECONDS", "30"))
SETTINGS = (
    "poll: {every: 1s}\nnotify: {settle: 1s, nudge: 0s}\nlimits: {mails_per_hour: 10000, mails_per_log_per_hour: 10000}"
)
EVERY = 4.0
"""Seconds between two deployments."""
FINAL = ("Done", "Needs attention")


def test_a_daemon_killed_every_few_seconds_behind_failing_calls_loses_nothing_and_sends_nothing_twice(
    tmp_path: Path, figures: Counter[str]
) -> None:
    chance, trouble = random.Random(7), Trouble(seed=7, share=0.0)
    with started_sandbox(tmp_path / "sandbox") as workspace, failing_proxy(workspace.origin, trouble) as origin:
        config = workspace.config(tmp_path / "daemon", SETTINGS, endpoint=origin)
        installed(workspace, workspace.config(tmp_path / "first", "notify: {settle: 0s}"))
        trouble.share = 0.08
        kills = 0
        until, row, next_row = time.monotonic() + SECONDS, 2, time.monotonic()
        while time.monotonic() < until:
            with daemon(config) as running:
                # A daemon takes a second or two to start; it dies at whatever it does then.
                killed_at = time.monotonic() + chance.uniform(1.5, 6.0)
                while time.monotonic() < killed_at:
                    if time.monotonic() >= next_row:
                        plan(workspace, row)
                        row, next_row = row + 1, next_row + EVERY
                    close_what_runs(workspace)
                    time.sleep(0.1)
                running.ends(signal.SIGKILL)
                kills += 1
        trouble.share = 0.0
        with daemon(config) as running:
            wait_until("all is closed", lambda: all_is_closed(workspace), patience=90)
            assert running.ends() == 0
        rows = workspace.rows()
        assert kills >= SECONDS / 10
        assert len(rows) == row - 2
        judge(workspace, rows)
        figures["real processes: deployments"] += len(rows)
        figures["real processes: deaths of the daemon"] += kills
        figures["real processes: calls that failed"] += sum(trouble.met.values())


def plan(workspace: Workspace, row: int) -> None:
    start = datetime.now(UTC) + timedelta(seconds=3)
    planned = {
        log.STATUS: "Planned",
        log.START: serial_of(start, MADRID),
        log.DURATION: 600,
        log.OVERRIDE: ANY_DAY,
        log.COMPONENTS: f"addon {row}",
    }
    workspace.write({**PROCEDURE_EXAMPLE, **planned}, row)


def close_what_runs(workspace: Workspace) -> None:
    for number, row in enumerate(workspace.rows(), start=2):
        if row[log.STATUS] == "Planned" and row[log.START_NOTIFIED]:
            workspace.write({log.STATUS: "Done", **TICKS}, number)


def all_is_closed(workspace: Workspace) -> bool:
    close_what_runs(workspace)
    return all(row[log.PROGRESS].startswith(FINAL) and row[log.END_NOTIFIED] for row in workspace.rows())


def judge(workspace: Workspace, rows: list[dict[str, object]]) -> None:
    """Each deployment has one start and one end mail for each who hears of it, and one event; nothing else is there."""
    for address in (DIBA_MANAGER, DIBA_HELPDESK, TEAM):
        mails = Person(workspace.origin, address).notices()
        told = Counter(str(mail[MARKER]) for mail in mails)
        assert set(told.values()) == {1}, told
        kinds = Counter(
            (re.search("DIBA-[0-9]+", mail["Subject"]).group(), mail[MARKER].split(".")[1]) for mail in mails
        )  # type: ignore[union-attr]
        assert kinds == {(row[log.ID], kind): 1 for row in rows for kind in ("start", "end")}
    events = Person(workspace.origin, DIBA_MANAGER).call(
        "GET", "/calendar/v3/calendars/primary/events", maxResults=2500
    )["items"]
    assert len(events) == len(rows)
    assert not Person(workspace.origin, DAEMON).call("GET", "/gmail/v1/users/me/drafts").get("drafts", [])
    lines = [line["What happened"] for line in workspace.history()]
    assert len(lines) == (4 + len(TICKS)) * len(rows), Counter(lines)

"""Real processes, real time: `deploylog run` killed every few seconds, behind a proxy that lets its calls fail.

`make test` does it for half a minute, `make test-reliability` for five (`DEPLOYLOG_KILLING_SECONDS`).
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

from killing import SETTINGS, all_is_closed, close_what_runs, judge, plan
from proxy import Trouble, failing_proxy

from cli_helpers import daemon, installed, started_sandbox, wait_until

SECONDS = float(os.environ.get("DEPLOYLOG_KILLING_SECONDS", "30"))
EVERY = 4.0
"""Seconds between two deployments."""


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

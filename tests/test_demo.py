"""The demo plays its story with real processes in real time, and checks each outcome itself."""

from __future__ import annotations

import subprocess
import sys


def test_the_demo_plays_its_story_and_every_check_passes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploylog.cli", "demo", "--exit-when-done"],
        check=False,
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("demo: all ")

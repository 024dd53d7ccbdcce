"""A sandbox full of customers in a process of its own, served over HTTP in real time, with a configuration to it.

`python tests/bench/served.py FOLDER LOGS ROWS` writes `deploylog.yaml` and the key beside it into FOLDER, prints
`ready http://127.0.0.1:PORT FILE_ID …` and serves until SIGTERM, as `deploylog sandbox --write-config` does.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
import structlog
from estate import fill
from virtual import virtual_world

from workspace_sandbox import command
from workspace_sandbox.server import serve

HERE = Path(__file__).parent
PATHS = (HERE.parent, HERE.parent / "story", HERE.parent / "reliability", HERE)


@dataclass(frozen=True)
class Served:
    """A sandbox that answers."""

    origin: str
    logs: tuple[str, ...]
    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "deploylog.yaml"

    def configure(self, settings: str) -> None:
        with self.config.open("a", encoding="utf-8") as file:
            file.write(settings)

    def calls(self) -> dict[str, int]:
        found: dict[str, int] = requests.get(f"{self.origin}/sandbox/calls", timeout=30).json()
        return found


@contextmanager
def served(folder: Path, logs: int, rows: int) -> Iterator[Served]:
    """A filled sandbox as long as the block lasts."""
    arguments = [str(HERE / "served.py"), str(folder), str(logs), str(rows)]
    with process(arguments, stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        word, origin, *ids = started.stdout.readline().decode().split() or ["nothing", ""]
        if word != "ready":
            raise RuntimeError("the sandbox did not start")
        yield Served(origin, tuple(ids), folder)


@contextmanager
def process(arguments: list[str], **streams: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Python with these arguments, ended with the block."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, PATHS))}
    started = subprocess.Popen([sys.executable, *arguments], env=environment, **streams)
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(30)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()
        if started.stdout:
            started.stdout.close()


@contextmanager
def daemon(at: Served) -> Iterator[subprocess.Popen[bytes]]:
    """`deploylog run`, its log in the folder."""
    with (
        (at.folder / "daemon.log").open("ab") as log,
        process(["-m", "deploylog.cli", "run", "-c", str(at.config)], stderr=log, stdout=log) as started,
    ):
        yield started


def main(folder: Path, logs: int, rows: int) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as own:
        world = virtual_world(Path(own))
        ids = fill(world, logs, rows)
        world.close()
    sandbox = world.sandbox
    # From here on it is now; what was filled in lies in the past, or is a draft.
    sandbox.workspace.clock = lambda: datetime.now(UTC)
    key = command._key_of(folder)
    command._founding(key, False, 0.0)(sandbox.workspace)
    server = serve(sandbox, 0)
    origin = f"http://127.0.0.1:{server.port}"
    command._write(folder / command._KEY_FILE, key.as_google_writes_it(origin), 0o600)
    command._write(folder / "deploylog.yaml", command._CONFIG.format(origin=origin), 0o644)
    # `shutdown` waits for `serve_forever` to end, so it must not run on the thread that serves.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print("ready", origin, *ids, flush=True)
    server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

"""The command as people and systemd run it, against a sandbox in a process of its own."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from deploylog import bootstrap, cli, registry
from deploylog import deployment_log as log
from deploylog.cells import serial_of
from deploylog.demo import ANY_DAY, CONTACTS, CUSTOMERS, PROCEDURE_EXAMPLE, STAFF, Person
from deploylog.google.connect import connect
from stores import NewStore

MADRID = ZoneInfo("Europe/Madrid")
TEMPLATE = "TEMPLATE - Deployment log"
REGISTRY = "REGISTRY - Customers"
PATIENCE = 90.0
"""Seconds that what has to happen is waited for."""
COMMAND = (sys.executable, "-m", "deploylog.cli")
stores_of_commands: list[NewStore] = []
"""Where a configuration that names no store has its own, unless in a file beside it; one per folder (conftest.py)."""
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "DEPLOYLOG_CONFIG"}


@dataclass(frozen=True)
class Done:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one sentence a command that could not work ends with; without a traceback or anything else."""
        assert self.out == ""
        [line] = self.err.splitlines()
        word, _, sentence = line.partition(": ")
        assert word == "deploylog"
        assert sentence
        return sentence


def deploylog(*arguments: str | Path) -> Done:
    """Run a command in this process, where a process of its own would only take longer.

    Fails where it does not end, as `run` would that should have refused to start.
    """
    out, err = io.StringIO(), io.StringIO()
    before = sys.argv
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}
    signal.signal(signal.SIGALRM, _still_running)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    sys.argv = ["deploylog", *map(str, arguments)]
    status = 0
    try:
        with redirect_stdout(out), redirect_stderr(err):
            cli.main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.argv = before
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return Done(status, out.getvalue(), err.getvalue())


def _still_running(*_: object) -> None:
    raise AssertionError(f"the command still runs after {PATIENCE:.0f} s")


def deploylog_process(*arguments: str | Path, **environment: str) -> Done:
    """Run a command in a process of its own."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=ENVIRONMENT | environment,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between two tries of a call cost no time, for commands in this process."""
    at_once = partial(connect, sleep=lambda seconds: None)
    monkeypatch.setattr(bootstrap, "connect", at_once)
    monkeypatch.setattr("deploylog.google.connect.connect", at_once)


def wait_until(what: str, seen: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Look until there is something to see, and give it; at most `patience` seconds."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if found := seen():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {patience:.0f} s")


@dataclass(frozen=True)
class Workspace:
    """A sandbox that runs, and what it wrote for a client."""

    origin: str
    folder: Path

    @property
    def staff(self) -> Person:
        return Person(self.origin, STAFF)

    def reset(self) -> None:
        self.staff.call("POST", "/sandbox/reset", {})

    def fault(self, method: str, mode: str = "error", **more: object) -> None:
        self.staff.call("POST", "/sandbox/faults", {"method": method, "mode": mode, **more})

    def calls(self) -> dict[str, int]:
        calls: dict[str, int] = self.staff.call("GET", "/sandbox/calls")
        return calls

    def config(self, folder: Path, more: str = "", **replaced: str) -> Path:
        """A configuration of its own in that folder: what the sandbox wrote, and `more` YAML below it.

        Its pages take a free port, unless `more` says another. `replaced`: for a key such as `act_as`, the value it
        has instead.
        """
        folder.mkdir(parents=True, exist_ok=True)
        if stores_of_commands and "store" not in replaced:
            replaced["store"] = f'"{stores_of_commands[0](folder)}"'
        shutil.copy(self.folder / "service-account.json", folder)
        lines = (self.folder / "deploylog.yaml").read_text(encoding="utf-8").splitlines()
        for key, value in replaced.items():
            [position] = [at for at, line in enumerate(lines) if line.strip().startswith(f"{key}:")]
            lines[position] = lines[position].split(":")[0] + f": {value}"
        if "web:" not in more:
            more = f'{more}\nweb: {{listen: "127.0.0.1:0"}}'
        file = folder / "deploylog.yaml"
        file.write_text("\n".join([*lines, more, ""]), encoding="utf-8")
        return file

    def id_of(self, name: str) -> str:
        file = self.staff.file_named(name)
        assert file is not None, name
        return str(file["id"])

    def spreadsheet(self, name: str, **params: Any) -> Any:
        return self.staff.call("GET", f"/v4/spreadsheets/{self.id_of(name)}", **params)

    def change(self, name: str, *requests: Mapping[str, Any]) -> None:
        """Structure of a spreadsheet, as by the menus."""
        self.staff.call("POST", f"/v4/spreadsheets/{self.id_of(name)}:batchUpdate", {"requests": list(requests)})

    def rename_tab(self, name: str, tab: str, title: str) -> None:
        sheets = self.spreadsheet(name, fields="sheets(properties)")["sheets"]
        [number] = [one["properties"]["sheetId"] for one in sheets if one["properties"]["title"] == tab]
        properties = {"sheetId": number, "title": title}
        self.change(name, {"updateSheetProperties": {"properties": properties, "fields": "title"}})

    def fill_registry(self) -> None:
        """The demo's customers and contacts, typed in by staff."""
        file_id = self.id_of(REGISTRY)
        for number, customer in enumerate(CUSTOMERS, start=2):
            self.staff.type(file_id, registry.CUSTOMERS, registry.CUSTOMER_COLUMNS, number, customer)
        for number, contact in enumerate(CONTACTS, start=2):
            self.staff.type(file_id, registry.CONTACTS, registry.CONTACT_COLUMNS, number, contact)

    def plan(self, start: datetime, row: int = 2, status: str = "Planned", components: str = "") -> None:
        """The procedure's example in DIBA's log, on whatever day that is."""
        planned = {log.STATUS: status, log.START: serial_of(start, MADRID), log.OVERRIDE: ANY_DAY}
        self.write({**PROCEDURE_EXAMPLE, **planned, **({log.COMPONENTS: components} if components else {})}, row)

    def write(self, values: Mapping[str, object], row: int = 2) -> None:
        self.staff.type(self.id_of("DIBA - Deployment log"), log.DEPLOYMENTS, log.COLUMNS, row, values)

    def rows(self) -> list[dict[str, Any]]:
        """Of DIBA's log, those that say something."""
        rows = self.staff.rows(self.id_of("DIBA - Deployment log"), log.DEPLOYMENTS)
        return [row for row in rows if row.get(log.STATUS)]

    def history(self) -> list[dict[str, Any]]:
        return self.staff.rows(self.id_of("DIBA - Deployment log"), log.HISTORY)

    def row(self, number: int = 2) -> dict[str, Any]:
        rows = self.staff.rows(self.id_of("DIBA - Deployment log"), log.DEPLOYMENTS)
        return rows[number - 2] if len(rows) >= number - 1 else {}

    def progress(self, number: int = 2) -> str:
        return str(self.row(number).get(log.PROGRESS, ""))


def in_hours(hours: float) -> datetime:
    """An instant so far from now, on a whole minute."""
    return datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=hours)


@contextmanager
def started_sandbox(folder: Path) -> Iterator[Workspace]:
    """`deploylog sandbox`, until the end of the block, which it must end with 0."""
    command = [*COMMAND, "sandbox", "--port", "0", "--write-config", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
    try:
        assert process.stdout is not None
        word, origin = process.stdout.readline().split()
        assert word == "ready"
        yield Workspace(origin, folder)
        process.terminate()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def installed(workspace: Workspace, config: Path) -> None:
    """`init`, the registry filled in, and the customers' logs made (by a configuration that settles at once)."""
    assert deploylog("init", "-c", config).status == 0
    workspace.fill_registry()
    assert deploylog("once", "-c", config).status == 0


@dataclass
class Daemon:
    """`deploylog run` in a process of its own; its log is read as it comes."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            self.lines.extend(stream)

    def wait_for(self, words: str) -> str:
        """The first line of its log with these words."""
        return str(wait_until(f"“{words}” in the log", lambda: next((one for one in self.lines if words in one), "")))

    def origin(self) -> str:
        """Where its pages are served, once they are."""
        return str(json.loads(self.wait_for('"pages served"'))["at"])

    def ends(self, number: signal.Signals = signal.SIGTERM, within: float = 10.0) -> int:
        """Its exit status after that signal."""
        self.process.send_signal(number)
        status = self.process.wait(within)
        self._reader.join(PATIENCE)
        return status


@contextmanager
def daemon(config: Path, *options: str, **environment: str) -> Iterator[Daemon]:
    command = [*COMMAND, "run", "-c", str(config), *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT | environment)
    running = Daemon(process)
    try:
        yield running
    finally:
        process.kill()
        process.wait()
        running._reader.join(PATIENCE)

"""The sandbox as it is started: what it writes, what it says, how it ends, what it keeps."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.oauth2 import service_account
from ruamel.yaml import YAML
from workspace_clients import SERVICE_ACCOUNT, Person

from workspace_sandbox.command import run_sandbox

SCRIPT = """
import sys
from pathlib import Path
from workspace_sandbox.command import run_sandbox
port, data, config, empty, lag, quota = eval(sys.argv[1])
sys.exit(run_sandbox(port, data and Path(data), config and Path(config), empty, lag, quota))
"""


def command(
    port: int = 0,
    data: Path | None = None,
    config: Path | None = None,
    empty: bool = True,
    lag: float = 0.0,
    quota: bool = False,
) -> list[str]:
    given = (port, data and str(data), config and str(config), empty, lag, quota)
    return [sys.executable, "-c", SCRIPT, repr(given)]


@contextmanager
def started(ending: signal.Signals = signal.SIGTERM, **options: Any) -> Iterator[str]:
    """The origin of a sandbox in a process of its own, which must end with 0."""
    process = subprocess.Popen(command(**options), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        word, origin = process.stdout.readline().split()
        assert word == "ready"
        yield origin
        process.send_signal(ending)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def test_the_written_config_and_key_lead_to_the_running_sandbox(tmp_path: Path) -> None:
    """design.md: both files complete before `ready`; /token takes assertions signed with the key, with and without
    `sub` (RFC 7523)."""
    with started(config=tmp_path / "new", ending=signal.SIGINT) as origin:
        config = YAML(typ="safe").load(tmp_path / "new" / "deploylog.yaml")
        key_file = tmp_path / "new" / config["google"]["credentials"]
        assert config["google"]["endpoint"] == origin
        assert config["google"]["act_as"] == "deployments@soffid.example"
        assert config["organization"]["language"] == "en"
        assert config["calendar"] == {"id": "primary"}
        assert "${" not in (tmp_path / "new" / "deploylog.yaml").read_text()
        assert key_file.stat().st_mode & 0o777 == 0o600
        assert sorted(one.name for one in key_file.parent.iterdir()) == ["deploylog.yaml", "service-account.json"]
        info = json.loads(key_file.read_text())
        assert (info["client_email"], info["token_uri"]) == (SERVICE_ACCOUNT, f"{origin}/token")
        scopes = ["https://www.googleapis.com/auth/drive"]
        credentials = service_account.Credentials.from_service_account_info(info, scopes=scopes)
        for user in (None, "deployments@soffid.example"):
            acting = credentials.with_subject(user)
            with requests.Session() as session:
                acting.refresh(Request(session))
            person = Person(origin, acting.token)
            assert [one["name"] for one in person.drive.drives().list().execute()["drives"]] == ["Soffid"]
            person.http.close()


def test_a_key_that_is_not_the_sandboxs_gets_no_token(tmp_path: Path) -> None:
    """RFC 7523, section 3: the assertion's signature must be valid."""
    with started(config=tmp_path / "one"), started(config=tmp_path / "two") as origin:
        info = json.loads((tmp_path / "one" / "service-account.json").read_text()) | {"token_uri": f"{origin}/token"}
        scopes = ["https://www.googleapis.com/auth/drive"]
        credentials = service_account.Credentials.from_service_account_info(info, scopes=scopes)
        with requests.Session() as session, pytest.raises(RefreshError, match="invalid_grant"):
            credentials.refresh(Request(session))


def test_what_was_answered_survives_a_restart_and_the_key_stays_good(tmp_path: Path) -> None:
    """design.md: --data DIR keeps the state there."""
    data, config = tmp_path / "data", tmp_path / "config"
    with started(data=data, config=config, empty=False) as origin:
        person = Person(origin, "ana@soffid.example")
        folders = person.drive.files().list(includeItemsFromAllDrives=True, supportsAllDrives=True).execute()["files"]
        assert [one["name"] for one in folders] == ["DEPLOYMENTS"]
        body = {"name": "log", "mimeType": "application/vnd.google-apps.spreadsheet", "parents": [folders[0]["id"]]}
        sheet = person.drive.files().create(body=body, supportsAllDrives=True).execute()["id"]
        values = {"values": [["kept", 1.5]]}
        person.sheets.values().update(spreadsheetId=sheet, range="A1", valueInputOption="RAW", body=values).execute()
        person.http.close()
    key = json.loads((config / "service-account.json").read_text())["private_key"]
    with started(data=data, config=config, empty=False) as origin:
        person = Person(origin, "ana@soffid.example")
        found = person.sheets.values().get(spreadsheetId=sheet, range="A1:B1", valueRenderOption="UNFORMATTED_VALUE")
        assert found.execute()["values"] == [["kept", 1.5]]
        listed = person.drive.files().list(includeItemsFromAllDrives=True, supportsAllDrives=True).execute()["files"]
        assert sorted(one["name"] for one in listed) == ["DEPLOYMENTS", "log"]
        person.http.close()
    assert json.loads((config / "service-account.json").read_text())["private_key"] == key


def test_the_quota_is_switched_on_from_the_command_line() -> None:
    """design.md: `--quota` answers 429 as Google's limits would (Sheets, "Usage limits": 60 reads a minute a user)."""
    with started(quota=True) as origin:
        person = Person(origin, "ana@soffid.example")
        answers = [person.http.get(f"{origin}/v4/spreadsheets/none").status_code for _ in range(61)]
        assert answers == [404] * 60 + [429]
        person.http.close()


def test_wrong_usage_ends_with_2_and_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """design.md: exit status 2 for wrong usage; errors are one plain sentence with the remedy."""
    (tmp_path / "file").write_text("in the way")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for port, data, config, lag, quota in (
            (0, None, None, -1.0, False),
            (taken.getsockname()[1], None, None, 0.0, False),
            (0, tmp_path / "file", None, 0.0, False),
            (0, None, tmp_path / "file", 0.0, False),
        ):
            assert run_sandbox(port, data, config, True, lag, quota) == 2
            said = capsys.readouterr()
            assert said.out == ""
            assert len(said.err.splitlines()) == 1
            assert said.err.endswith(".\n")

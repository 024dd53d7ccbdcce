"""Signs of life as systemd and a dead-man's switch receive them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import structlog

from cli_helpers import wait_until
from deploylog.vitals import Heartbeat, ServiceManager
from web_servers import answering, notified


@pytest.mark.parametrize("where", ["path", "abstract"])
def test_systemd_is_told_of_start_life_and_end(where: str, tmp_path: Path) -> None:
    address = str(tmp_path / "notify") if where == "path" else f"@deploylog-{tmp_path.name}"
    with notified(address) as told:
        manager = ServiceManager({"NOTIFY_SOCKET": address})
        manager.starting()
        manager.ready()
        manager.alive()
        manager.stopping()
        wait_until("four words", lambda: len(told) >= 4)
    assert told == ["EXTEND_TIMEOUT_USEC=90000000", "READY=1", "WATCHDOG=1", "STOPPING=1"]


def test_without_systemd_and_with_one_that_is_gone_nothing_fails(tmp_path: Path) -> None:
    ServiceManager({}).ready()
    with structlog.testing.capture_logs() as lines:
        ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).alive()
    assert [line["event"] for line in lines] == ["service manager not told"]


def beaten(address: str | None) -> tuple[list[bool], list[str]]:
    """What became of one heartbeat, and what the log says of it."""
    told: list[bool] = []
    with structlog.testing.capture_logs() as lines:
        heart = Heartbeat(address, told.append)
        heart.beat()
        if address is not None:
            wait_until("it was told", lambda: told)
    return told, [json.dumps(line) for line in lines]


def test_the_heartbeat_calls_its_address_once() -> None:
    with answering() as asked:
        assert beaten(f"{asked.origin}/ping/s3cret") == ([True], [])
    assert asked.paths == ["/ping/s3cret"]


def test_without_an_address_nothing_is_called() -> None:
    assert beaten(None) == ([], [])


@pytest.mark.parametrize("status", [404, 500])
def test_a_heartbeat_that_is_refused_is_one_line_of_the_log_without_the_address(status: int) -> None:
    with answering(status) as asked:
        told, [line] = beaten(f"{asked.origin}/ping/s3cret")
    assert told == [False]
    assert f"it answered {status}" in line
    assert "s3cret" not in line


def test_a_heartbeat_that_reaches_nobody_is_one_line_of_the_log_without_the_address() -> None:
    with answering() as asked:
        gone = asked.origin
    told, [line] = beaten(f"{gone}/ping/s3cret")
    assert told == [False]
    assert "heartbeat failed" in line
    assert "s3cret" not in line


def test_a_heartbeat_follows_no_redirect() -> None:
    with answering() as elsewhere, answering(302, location=f"{elsewhere.origin}/other") as asked:
        told, _ = beaten(asked.origin)
    assert (told, len(asked.paths), elsewhere.paths) == ([True], 1, [])

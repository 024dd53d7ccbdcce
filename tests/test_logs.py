"""The log's lines: JSON where no person reads along, tracebacks and libraries' lines too; words on a terminal."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

SPEAK = """
import logging
import structlog
from deploylog import logs

logs.set_up()
log = structlog.get_logger("deploylog")
log.info("running", folder="DEPLOYMENTS")
log.debug("not for operators")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("fault")
    logging.getLogger("apscheduler.executors").exception("a job raised")
logging.getLogger("urllib3").warning("retrying %s", "once")
logging.getLogger("apscheduler").warning("a poll found another under way")
"""
COMMAND = [sys.executable, "-c", SPEAK]


def test_every_line_is_json_where_no_person_reads_along() -> None:
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(one["event"], one["level"]) for one in lines] == [
        ("running", "info"),
        ("fault", "error"),
        ("a job raised", "error"),
        ("retrying once", "warning"),
    ]
    assert lines[0]["folder"] == "DEPLOYMENTS"
    assert all("ZeroDivisionError" in one["exception"] for one in lines[1:3])
    assert all(one["timestamp"].endswith("Z") for one in lines)
    assert lines[3]["logger"] == "urllib3"


def on_a_terminal(command: list[str]) -> str:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stderr=theirs)
    os.close(theirs)
    said = b""
    try:
        while chunk := os.read(ours, 4096):
            said += chunk
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert process.wait(10) == 0
    return said.decode()


def test_on_a_terminal_the_lines_are_words() -> None:
    text = on_a_terminal(COMMAND)
    assert "running" in text
    assert "DEPLOYMENTS" in text
    assert '"event"' not in text
    assert "ZeroDivisionError" in text
    assert "retrying once" in text


HOSTILE = """
import logging
import structlog
from deploylog import logs

logs.set_up()
log = structlog.get_logger("deploylog")
log.warning("problem", log="DIBA\x1b[2J", what="a name \x1b]0;title\x07 of two words\x9b31m")
try:
    raise ValueError("\x1b[2J")
except ValueError:
    log.exception("fault")
logging.getLogger("urllib3").warning("retrying \x1b[2J")
"""


ORDERS = ("\x1b[2J", "\x1b]0;", "\x07", "\x9b", "\\u001b")


def test_no_line_of_the_log_commands_a_terminal() -> None:
    command = [sys.executable, "-c", HOSTILE]
    for text in (on_a_terminal(command), subprocess.run(command, capture_output=True, text=True, check=True).stderr):
        assert "DIBA[2J" in text
        assert [one for one in ORDERS if one in text] == []

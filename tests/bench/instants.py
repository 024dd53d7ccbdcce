"""Five mails due at one instant, again and again, in real time: `deploylog run` and a sandbox over HTTP."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from estate import manager_of
from figures import Line, Size
from served import Served, daemon, served
from world import MADRID, STAFF

from deploylog import deployment_log as log
from deploylog.cells import serial_of
from deploylog.demo import PROCEDURE_EXAMPLE, Person

MAILS, AIM = 5, 1.0
ROWS = 3
APART = timedelta(seconds=3)
AHEAD = timedelta(seconds=60)
"""Until the first instant: for every row to be seen, settled, judged and invited to."""
SETTINGS = """
poll: {every: 15s}
notify: {settle: 1s, nudge: 0s, delay: ask}
limits: {mails_per_hour: 100000, mails_per_log_per_hour: 1000}
web: {listen: "127.0.0.1:0"}
"""


def lines(size: Size) -> Iterator[Line]:
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), MAILS, ROWS) as at:
        at.configure(SETTINGS)
        after = _sent_after(at, size)
    wanted = MAILS * size.instants
    p99 = after[max(0, -(-99 * len(after) // 100) - 1)] if after else 0.0
    spread = f"p99 {p99:.2f} s (median {after[len(after) // 2]:.2f}, least {after[0]:.2f}, most {after[-1]:.2f})"
    yield Line(
        f"sent minus planned, {MAILS} mails due at one instant",
        f"p99 under {AIM:g} s",
        f"{spread if after else 'none'}, {len(after)} of {wanted} mails",
        len(after) == wanted and p99 < AIM,
        f"real seconds from the planned start to Gmail's internalDate in the recipients' mailboxes, {size.instants} "
        f"instants {APART.seconds} s apart; daemon and sandbox are processes of their own that speak HTTP on loopback",
        "up to its poll's 15 s later, and what it opens before",
    )


def _sent_after(at: Served, size: Size) -> list[float]:
    """Seconds after the planned instant of each mail that arrived, in order of size."""
    staff = Person(at.origin, STAFF)
    with daemon(at):
        _wait_until_read(at)
        first = datetime.now(UTC).replace(microsecond=0) + AHEAD
        instants = [first + step * APART for step in range(size.instants)]
        for file_id in at.logs:
            _plan(staff, file_id, instants)
        last = instants[-1] + timedelta(seconds=20)
        while datetime.now(UTC) < last:
            time.sleep(1)
    after: list[float] = []
    for number in range(1, MAILS + 1):
        after += _of_mailbox(Person(at.origin, manager_of(number)), instants)
    return sorted(after)


def _plan(staff: Person, file_id: str, instants: list[datetime]) -> None:
    """A row for each instant, whatever day it is, none of them like another."""
    data = []
    for row, start in enumerate(instants, start=ROWS + 2):
        said: dict[str, Any] = {
            **PROCEDURE_EXAMPLE,
            log.STATUS: "Planned",
            log.START: serial_of(start, MADRID),
            log.COMPONENTS: f"addon-diba 4.{row}.0",
            log.OVERRIDE: "Ana: measured on whatever day it is",
        }
        data.append({"range": f"'{log.DEPLOYMENTS}'!A{row}", "values": [[said.get(one) for one in log.COLUMNS]]})
    body = {"valueInputOption": "RAW", "data": data}
    staff.call("POST", f"/v4/spreadsheets/{file_id}/values:batchUpdate", body)


def _wait_until_read(at: Served) -> None:
    """Until every log was read once: to plan rows before would have them adopted as what was there."""
    until = time.monotonic() + 60
    while at.calls().get("sheets.spreadsheets.values.batchGet", 0) < 3 * MAILS:
        if time.monotonic() > until:
            raise RuntimeError((at.folder / "daemon.log").read_text()[-1000:])
        time.sleep(0.5)


def _of_mailbox(person: Person, instants: list[datetime]) -> list[float]:
    """Of the daemon's mails, the seconds after the last instant before each."""
    found = person.call("GET", "/gmail/v1/users/me/messages", q="in:inbox", maxResults=500).get("messages", [])
    after = []
    for one in found:
        message = person.call("GET", f"/gmail/v1/users/me/messages/{one['id']}", format="metadata")
        if any(header["name"] == "X-Deploylog-Effect" for header in message["payload"]["headers"]):
            sent = datetime.fromtimestamp(int(message["internalDate"]) / 1000, UTC)
            before = [instant for instant in instants if instant <= sent]
            if before:
                after.append((sent - before[-1]).total_seconds())
    return after

"""Deployments that are planned, run and closed while daemons are killed, and what must be so in the end."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

from world import DAEMON, MADRID, TICKS

from cli_helpers import Workspace
from deploylog import deployment_log as log
from deploylog.cells import serial_of
from deploylog.demo import ANY_DAY, DIBA_HELPDESK, DIBA_MANAGER, PROCEDURE_EXAMPLE, TEAM, Person
from deploylog.mime import MARKER

SETTINGS = (
    "poll: {every: 1s}\nnotify: {settle: 1s, nudge: 0s}\nlimits: {mails_per_hour: 10000, mails_per_log_per_hour: 10000}"
)
FINAL = ("Done", "Needs attention")


LINES = 2 + len(TICKS)
"""Of History for one deployment, beside those of its event: started, ended, and each box."""
INVITED = "Invitación enviada"
RECORDED = "Horas reales anotadas en el calendario"


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
        wanted = {(row[log.ID], kind): 1 for row in rows for kind in ("start", "end")}
        assert kinds == wanted, (address, kinds.items() ^ wanted.items())
    events = Person(workspace.origin, DIBA_MANAGER).call(
        "GET", "/calendar/v3/calendars/primary/events", maxResults=2500
    )["items"]
    assert len(events) == len(rows)
    assert not Person(workspace.origin, DAEMON).call("GET", "/gmail/v1/users/me/drafts").get("drafts", [])
    history = workspace.history()
    told = Counter(line["What happened"] for line in history)
    of_events = Counter(
        (line["Deployment"], line["What happened"]) for line in history if line["What happened"] in (INVITED, RECORDED)
    )
    # An event that could be written only once the row was closed has the actual times from the beginning.
    assert set(of_events.values()) == {1}, of_events
    assert {deployment for deployment, _ in of_events} == {row[log.ID] for row in rows}
    del told[INVITED], told[RECORDED]
    assert set(told.values()) == {len(rows)}, told
    assert len(told) == LINES, told

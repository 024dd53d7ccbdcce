"""`run --shadow`: rows are judged and written back; nobody but `mail.redirect_to` hears of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli_helpers import Workspace, daemon, deploylog, in_hours, started_sandbox, wait_until
from deploylog import deployment_log as log
from deploylog import registry
from deploylog.demo import DAEMON, DIBA_HELPDESK, DIBA_MANAGER, STAFF, TEAM, Person
from deploylog.mime import MARKER, read_marker

TESTER = "tester@soffid.example"
CLOSED = {log.STATUS: "Done", **dict.fromkeys(("Deployed", "System validated", "Monitoring checked"), True)}
BRISK = "poll: {every: 1s}\nnotify: {settle: 1s}"
SHARED_WITH = "eva@diba.example"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with started_sandbox(tmp_path_factory.mktemp("sandbox")) as workspace:
        yield workspace


@pytest.fixture
def workspace(sandbox: Workspace, tmp_path: Path) -> Workspace:
    """With customers in the registry, and no logs yet."""
    sandbox.reset()
    assert deploylog("init", "-c", sandbox.config(tmp_path / "init")).status == 0
    sandbox.fill_registry()
    row = {"Share log with": SHARED_WITH}
    sandbox.staff.type(sandbox.id_of("REGISTRY - Customers"), registry.CUSTOMERS, registry.CUSTOMER_COLUMNS, 2, row)
    return sandbox


def shadow_config(workspace: Workspace, folder: Path) -> Path:
    sender = f'"Soffid <{DAEMON}>"\n  redirect_to: {TESTER}'
    return workspace.config(folder, BRISK, **{"from": sender})


def reached(workspace: Workspace) -> dict[str, int]:
    """How many mails of any kind, invitations included, each person has got."""
    people = (TESTER, DIBA_MANAGER, DIBA_HELPDESK, TEAM, STAFF, SHARED_WITH)
    return {one: count for one in people if (count := len(Person(workspace.origin, one).mails("in:anywhere")))}


def withheld(lines: list[str]) -> list[dict[str, Any]]:
    return [one for line in lines if (one := json.loads(line))["event"] == "withheld"]


def test_a_deployment_runs_its_course_and_only_the_tester_hears_of_it(workspace: Workspace, tmp_path: Path) -> None:
    with daemon(shadow_config(workspace, tmp_path), "--shadow") as running:
        wait_until("the log is made", lambda: workspace.staff.file_named("DIBA - Deployment log"))
        workspace.plan(datetime.now(UTC) + timedelta(seconds=6))
        wait_until("it is scheduled", lambda: workspace.progress().startswith("Scheduled"))
        wait_until("it is started", lambda: workspace.progress().startswith("In progress"))
        workspace.write(CLOSED)
        wait_until("it is done", lambda: workspace.progress().startswith("Done"))
        workspace.plan(in_hours(72), row=3, components="another 1.0")
        wait_until("the next is scheduled", lambda: workspace.progress(3).startswith("Scheduled"))
        workspace.write({log.STATUS: "Cancelled"}, 3)
        running.wait_for('"withdraw"')
        assert running.ends() == 0
    assert reached(workspace) == {TESTER: 2}
    assert not {
        name for name in workspace.calls() if name.startswith("calendar.events.") and name.split(".")[-1] != "list"
    }
    assert "drive.permissions.create" not in workspace.calls()
    # A ledger that is new must not take them for mails the customer got.
    markers = [str(mail[MARKER]) for mail in Person(workspace.origin, TESTER).notices()]
    assert len(markers) == 2
    assert all(one.startswith("shadow-") and read_marker(one) is None for one in markers)
    row = workspace.row()
    assert row[log.START_NOTIFIED]
    assert row[log.END_NOTIFIED]
    assert not row.get(log.CALENDAR_EVENT)
    assert not [line for line in workspace.history() if "invit" in str(line["What happened"]).lower()]
    told = withheld(running.lines)
    invited = [one for one in told if one["what"] == "invite"]
    assert [one["deployment"] for one in invited] == ["DIBA-0001", "DIBA-0002"]
    assert set(invited[0]["whom"].split(", ")) == {DIBA_MANAGER, DIBA_HELPDESK, TEAM, STAFF}
    assert [one["whom"] for one in told if one["what"] == "share"] == [SHARED_WITH]
    assert [one["deployment"] for one in told if one["what"] == "withdraw"] == ["DIBA-0002"]
    assert len(told) == len({json.dumps(one) for one in told})


def test_without_an_address_for_the_mails_a_shadow_run_does_not_start(workspace: Workspace, tmp_path: Path) -> None:
    for command in ("run", "once"):
        done = deploylog(command, "--shadow", "-c", workspace.config(tmp_path))
        assert done.status == 2
        assert "mail.redirect_to alone, which is not set" in done.sentence


def test_the_store_of_a_shadow_run_serves_no_real_one_and_the_other_way_round(
    workspace: Workspace, tmp_path: Path
) -> None:
    config = shadow_config(workspace, tmp_path)
    assert deploylog("once", "--shadow", "-c", config).status == 0
    for command in ("run", "once"):
        done = deploylog(command, "-c", config)
        assert (done.status, done.sentence.partition(";")[0]) == (
            2,
            "store: it is of a shadow run and holds as done what was withheld, so that customers would miss it",
        )
    assert deploylog("once", "--shadow", "-c", config).status == 0
    real = shadow_config(workspace, tmp_path / "real")
    assert deploylog("once", "-c", real).status == 0
    refused = deploylog("once", "--shadow", "-c", real)
    assert refused.status == 2
    assert "give the shadow run a store of its own" in refused.sentence


def test_after_a_shadow_run_the_real_one_invites_those_who_were_only_told_of(
    workspace: Workspace, tmp_path: Path
) -> None:
    at_once = "notify: {settle: 0s}"
    sender = f'"Soffid <{DAEMON}>"\n  redirect_to: {TESTER}'
    shadow = workspace.config(tmp_path, at_once, **{"from": sender})
    assert deploylog("once", "--shadow", "-c", shadow).status == 0
    workspace.plan(in_hours(48))
    for _ in range(2):
        assert deploylog("once", "--shadow", "-c", shadow).status == 0
    assert workspace.progress().startswith("Scheduled")
    assert reached(workspace) == {}
    real = workspace.config(tmp_path / "real", at_once)
    for _ in range(2):
        assert deploylog("once", "-c", real).status == 0
    assert workspace.row()[log.CALENDAR_EVENT]
    [event] = Person(workspace.origin, DIBA_MANAGER).call("GET", "/calendar/v3/calendars/primary/events")["items"]
    assert {guest["email"] for guest in event["attendees"]} >= {DIBA_MANAGER, DIBA_HELPDESK, TEAM}

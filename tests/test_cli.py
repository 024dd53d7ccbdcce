"""Every command against a sandbox: what it says, its exit status, and the daemon in real time."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from cli_helpers import (
    Workspace,
    daemon,
    deploylog,
    deploylog_process,
    in_hours,
    installed,
    started_sandbox,
    wait_until,
)
from deploylog import __version__, bootstrap
from deploylog import deployment_log as log
from deploylog.cli import _Problems
from deploylog.config import load
from deploylog.demo import DAEMON, DIBA_HELPDESK, DIBA_MANAGER, STAFF, TEAM, Person
from deploylog.ledger import Ledger
from deploylog.reconcile import PassReport
from stores import SQLITE

AT_ONCE = "notify: {settle: 0s}"
"""Rows count as left alone from the first look on, so that every pass acts."""
BRISK = "poll: {every: 1s}\nnotify: {settle: 1s}"
CLOSED = {log.STATUS: "Done", **dict.fromkeys(("Deployed", "System validated", "Monitoring checked"), True)}
DIBA_LOG = "DIBA - Deployment log"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with started_sandbox(tmp_path_factory.mktemp("sandbox")) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def scheduled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A configuration for what only reads: DIBA-0001 is scheduled for the day after tomorrow, DIBA-0002 a draft."""
    folder = tmp_path_factory.mktemp("scheduled")
    with started_sandbox(folder / "sandbox") as workspace:
        config = workspace.config(folder, AT_ONCE)
        installed(workspace, config)
        workspace.plan(in_hours(48))
        workspace.write({log.STATUS: "Draft", log.COMPONENTS: "addon-diba [bold] 3.3.0", log.TICKETS: "later"}, 3)
        for _ in range(2):
            assert deploylog("once", "-c", config).status == 0
        yield config


@pytest.fixture
def workspace(sandbox: Workspace, tmp_path: Path) -> Workspace:
    """With a registry and logs, and nothing in them."""
    sandbox.reset()
    installed(sandbox, sandbox.config(tmp_path, AT_ONCE))
    return sandbox


@pytest.fixture
def config(workspace: Workspace, tmp_path: Path) -> Path:
    """A configuration of that workspace in which every pass acts at once."""
    return tmp_path / "deploylog.yaml"


def calls_that_change(workspace: Workspace) -> dict[str, int]:
    reads = ("get", "list", "batchGet", "getProfile", "getStartPageToken", "query")
    return {name: count for name, count in workspace.calls().items() if not name.endswith(reads)}


def workspace_of(config: Path) -> Workspace:
    return Workspace(str(load(config, {}).google.endpoint).rstrip("/"), config.parent)


def notices(workspace: Workspace, address: str = DIBA_MANAGER) -> list[Any]:
    return Person(workspace.origin, address).notices()


# Usage -----------------------------------------------------------------------------------------------------------


def test_it_says_its_version() -> None:
    done = deploylog_process("--version")
    assert (done.status, done.out, done.err) == (0, f"deploylog {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Usage: "),
        (["deploy"], "No such command 'deploy'"),
        (["plan"], "DEPLOYLOG_CONFIG"),
        (["run", "--fast", "-c", "x.yaml"], "No such option: --fast"),
        (["date", "-c", "x.yaml"], "Missing argument"),
        (["settle", "one", "sent", "-c", "x.yaml"], "Input should be a valid integer"),
        (["sandbox", "--port", "0", "--feed-lag", "-1"], "--feed-lag is a number of seconds from 0"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(
    arguments: list[str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEPLOYLOG_CONFIG", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    done = deploylog(*arguments)
    assert done.status == 2
    assert says in done.out + done.err
    assert "Traceback" not in done.err


def test_the_configuration_comes_from_the_environment_where_none_is_given(scheduled: Path) -> None:
    done = deploylog_process("plan", "--json", DEPLOYLOG_CONFIG=str(scheduled))
    assert (done.status, done.err) == (0, "")
    assert len(json.loads(done.out)["deployments"]) == 2


def test_the_configuration_named_goes_before_the_environments(scheduled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOYLOG_CONFIG", "/nowhere/deploylog.yaml")
    assert deploylog("plan", "-c", scheduled).status == 0
    assert deploylog("plan").status == 2


# What only reads -------------------------------------------------------------------------------------------------


def test_plan_tells_every_row_as_data(scheduled: Path) -> None:
    done = deploylog("plan", "--json", "-c", scheduled)
    assert (done.status, done.err) == (0, "")
    answer = json.loads(done.out)
    assert answer["problems"] == []
    planned, draft = answer["deployments"]
    start = in_hours(48)
    assert (planned["id"], planned["customer"], draft["id"]) == ("DIBA-0001", "DIBA", "DIBA-0002")
    assert abs(datetime.fromisoformat(planned["start"]) - start) < timedelta(minutes=3)
    assert planned["progress"].startswith("Scheduled")
    assert "start mail (es) to 3" in planned["next_action"]
    assert planned["mails_now"] == []
    assert planned["due"] == planned["start"]
    assert (draft["progress"], draft["start"], draft["next_action"]) == ("Draft", None, "")


def test_plan_tells_people_line_by_line_also_through_a_pipe(scheduled: Path) -> None:
    done = deploylog("plan", "-c", scheduled)
    assert done.status == 0
    line, *coming = [one for one in done.out.splitlines() if "DIBA-0001" in one]
    assert "Scheduled" in line
    assert "start mail (es) to 3" in line
    # Below the rows, the mails of the coming days: start, nudge to the responsible, delay.
    assert "Mails of the next 7 days, if the rows stay as they are" in done.out
    kinds = [re.findall(r"(start|nudge|delay) \((?:es|en)\)", one) for one in coming]
    assert kinds == [["start"], ["nudge"], ["delay"]]
    assert DIBA_MANAGER in coming[0]
    assert STAFF in coming[1]


def test_plan_tells_per_log_what_is_due_refused_and_waiting(workspace: Workspace, config: Path) -> None:
    workspace.plan(in_hours(48))
    workspace.plan(in_hours(72), row=3, components="another 1.0")
    workspace.write({log.DURATION: ""}, 3)
    workspace.plan(datetime.now(UTC), row=4, status="Started", components="third 1.0")
    workspace.write({log.STATUS: "Cancelled", log.COMPONENTS: "fourth 1.0"}, 5)
    for _ in range(2):
        assert deploylog("once", "-c", config).status == 0
    workspace.write({log.DURATION: 40})
    done = deploylog("plan", "-c", config)
    [title] = [one for one in done.out.splitlines() if one.startswith(DIBA_LOG)]
    assert title.strip() == f"{DIBA_LOG}: 2 due, 1 refused, 1 closed"
    planned = json.loads(deploylog("plan", "--json", "-c", config).out)
    rows = {one["id"]: one for one in planned["deployments"]}
    assert {one: row["standing"] for one, row in rows.items()} == {
        "DIBA-0001": "due",
        "DIBA-0002": "refused",
        "DIBA-0003": "due",
        "DIBA-0004": "closed",
    }
    # The changed row would change its event; what is closed is counted and not listed.
    assert (rows["DIBA-0001"]["event_now"], rows["DIBA-0003"]["event_now"]) == ("update", "")
    assert "update event" in done.out
    assert "DIBA-0004" not in done.out
    assert {one["id"] for one in planned["coming"]} == {"DIBA-0001", "DIBA-0003"}


def test_plan_says_what_the_next_pass_would_do_and_does_none_of_it(workspace: Workspace, config: Path) -> None:
    workspace.plan(datetime.now(UTC), status="Started")
    assert deploylog("once", "-c", config).status == 0
    before, row = calls_that_change(workspace), workspace.row()
    first, second = (deploylog("plan", "--json", "-c", config) for _ in range(2))
    assert first.status == second.status == 0
    [planned] = json.loads(first.out)["deployments"]
    assert planned["mails_now"] == [
        {"kind": "start", "language": "es", "to": [DIBA_MANAGER, DIBA_HELPDESK], "cc": [TEAM]}
    ]
    assert json.loads(second.out) == json.loads(first.out)
    assert (calls_that_change(workspace), workspace.row()) == (before, row)
    assert "Nothing was done" in deploylog("history", "DIBA", "-c", config).out

    done = deploylog("once", "-c", config)
    assert done.status == 0
    assert done.out.startswith("2 logs read, ")
    assert "read, 0 effects" not in done.out
    assert len(notices(workspace)) == 1


def test_plan_and_once_end_with_1_where_something_needs_attention(workspace: Workspace, config: Path) -> None:
    workspace.plan(in_hours(-3))
    once = deploylog("once", "-c", config)
    assert once.status == 1
    assert once.out.splitlines()[0].startswith("DIBA-0001: Needs attention: ")
    assert once.out.splitlines()[-1] == "2 logs read, 0 effects carried out"
    plan = deploylog("plan", "-c", config)
    assert plan.status == 1
    assert "Needs attention" in plan.out

    workspace.write({log.STATUS: "Cancelled"})
    assert deploylog("once", "-c", config).status == 0


def test_a_log_that_cannot_be_read_is_named_and_the_others_go_on(workspace: Workspace, config: Path) -> None:
    workspace.plan(in_hours(48))
    workspace.rename_tab("ACME - Deployment log", log.DEPLOYMENTS, "Ours")
    problem = "ACME - Deployment log: the log has no tab Deployments; add it as in TEMPLATE"
    for _ in range(2):
        done = deploylog("once", "-c", config)
        assert (done.status, done.out.splitlines()[0]) == (1, problem)
    assert workspace.progress().startswith("Scheduled")
    plan = deploylog("plan", "--json", "-c", config)
    assert (plan.status, json.loads(plan.out)["problems"]) == (1, [problem])


def test_once_with_nothing_to_do_does_nothing(scheduled: Path) -> None:
    before = calls_that_change(workspace_of(scheduled))
    done = deploylog("once", "-c", scheduled)
    assert (done.status, done.out) == (0, "2 logs read, 0 effects carried out\n")
    # But the folder's mark, set and taken away again.
    mark = {"drive.files.update": before.get("drive.files.update", 0) + 2}
    assert calls_that_change(workspace_of(scheduled)) == before | mark


def test_date_tells_verdict_reason_and_free_slots(scheduled: Path) -> None:
    refused = deploylog("date", "DIBA", "2026-12-07", "-c", scheduled)
    assert refused.status == 1
    verdict, reason, free, *_ = refused.out.splitlines()
    assert verdict == "DIBA, Mon 7 Dec 09:00: not allowed"
    assert reason == "- Mon 7 Dec is the day before a public holiday (Inmaculada Concepción) [ES-IB; ES-CT]"
    assert free.startswith("Free: ")
    allowed = deploylog("date", "diba", "2026-12-09", "15:30", "-c", scheduled)
    assert (allowed.status, allowed.out.splitlines()[0]) == (0, "DIBA, Wed 9 Dec 15:30: allowed")
    assert "Free: " not in allowed.out


def test_date_shows_the_month_with_blocked_days_marked_and_why(scheduled: Path) -> None:
    lines = deploylog("date", "DIBA", "2026-12-07", "-c", scheduled).out.splitlines()
    assert "December 2026, 09:00" in [line.strip() for line in lines]
    # The weeks around it may hold what the fixture planned, a few hours from whenever this runs.
    days, week = (line.split() for line in lines if line.strip().startswith(("Mon ", "7x ")))
    assert days == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert week[:5] == ["7x", "8!", "9", "10", "11x"]
    assert "x Fri 11 Dec: Fri 11 Dec is a Friday" in lines
    assert any(line.startswith("x Thu 24 Dec: ") and "[ES-IB; ES-CT]" in line for line in lines)
    assert not any(line.startswith("x Wed 9 Dec") for line in lines)


def test_date_as_data(scheduled: Path) -> None:
    done = deploylog("date", "DIBA", "2026-12-07", "10:00", "--json", "-c", scheduled)
    answer = json.loads(done.out)
    assert done.status == 1
    assert (answer["customer"], answer["start"]) == ("DIBA", "2026-12-07T09:00:00+00:00")
    assert answer["allowed"] is False
    [finding] = answer["findings"]
    assert (finding["rule"], finding["origin"]) == ("eve_of_holiday", "ES-IB; ES-CT")
    assert len(answer["month"]) == 31
    assert answer["month"][6] == {"date": "2026-12-07", "allowed": False, "findings": answer["findings"]}
    assert answer["month"][8] == {"date": "2026-12-09", "allowed": True, "findings": []}
    assert answer["slots"]
    assert all(datetime.fromisoformat(slot).tzinfo for slot in answer["slots"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["date", "NOBODY", "2026-12-07"], "the registry has no customer NOBODY; it has: DIBA, ACME"),
        (["date", "NO\x1b[2JBODY\x9b", "2026-12-07"], "the registry has no customer NO[2JBODY; it has: DIBA"),
        (["date", "DIBA", "7/12/2026"], "7/12/2026 09:00 is no date and time; write them as in 2026-12-07 09:00"),
        (["date", "DIBA", "2026-12-07", "9 h"], "2026-12-07 9 h is no date and time; write them as"),
        (["date", "DIBA", "2026-12-07", "09:00+05:00"], "2026-12-07 09:00+05:00 is no date and time"),
        (["date", "DIBA", "9999-12-31", "23:50"], "9999-12-31 23:50 is no date and time"),
        (["preview", "NOBODY", "DIBA-0001", "start"], "the registry has no customer NOBODY"),
        (["preview", "DIBA", "DIBA-0099", "start"], "has no deployment DIBA-0099; it has: DIBA-0001, DIBA-0002"),
        (["preview", "DIBA", "DIBA-0001", "begin"], "begin is no kind of mail; there are reminder, start"),
        (["preview", "DIBA", "DIBA-0001", "start", "--lang", "fr"], "fr is no language of the mails; there are es"),
        (["history", "NOBODY"], "the registry has no customer NOBODY; it has: DIBA, ACME"),
        (["settle", "99", "sent"], "there is no effect 99; deploylog history CUSTOMER lists them"),
        (["settle", "1", "perhaps"], "perhaps is neither sent nor unsent"),
        (["settle", "1", "sent"], "effect 1 is sent, not parked; there is nothing to settle"),
    ],
)
def test_what_is_not_there_ends_with_2_and_one_sentence(scheduled: Path, arguments: list[str], sentence: str) -> None:
    done = deploylog(*arguments, "-c", scheduled)
    assert done.status == 2
    assert sentence in done.sentence


def test_preview_shows_the_mail_as_it_would_go(scheduled: Path) -> None:
    workspace = workspace_of(scheduled)
    before = calls_that_change(workspace)
    done = deploylog("preview", "diba", "diba-0001", "start", "-c", scheduled)
    assert (done.status, done.err) == (0, "")
    to, cc, subject, empty, *text = done.out.splitlines()
    assert to == f"To: {DIBA_MANAGER}, {DIBA_HELPDESK}"
    assert cc == f"Cc: {TEAM}"
    assert subject.startswith("Subject: ")
    assert "DIBA-0001" in subject
    assert empty == ""
    assert "- addon-diba 3.2.11" in text
    assert "Se requiere reiniciar las consolas y los syncservers." in text
    assert calls_that_change(workspace) == before
    assert notices(workspace) == []


@pytest.mark.parametrize("kind", ["nudge", "rolled-back"])
def test_preview_shows_a_mail_nobody_gets_and_one_only_the_responsible_gets(scheduled: Path, kind: str) -> None:
    done = deploylog("preview", "DIBA", "DIBA-0001", kind, "--lang", "ca", "-c", scheduled)
    assert done.status == 0
    expected = STAFF if kind == "nudge" else "(nobody in this language)"
    assert done.out.splitlines()[0] == f"To: {expected}"
    assert "DIBA-0001" in done.out


def test_preview_shows_the_html_part(scheduled: Path) -> None:
    done = deploylog("preview", "DIBA", "DIBA-0001", "end", "--html", "-c", scheduled)
    assert done.status == 0
    assert "</html>" in done.out


def test_history_lists_every_effect_on_a_line_of_its_own(scheduled: Path) -> None:
    for arguments in (["DIBA"], ["diba", "diba-0001"]):
        done = deploylog("history", *arguments, "-c", scheduled)
        assert done.status == 0
        [line] = [one for one in done.out.splitlines() if "DIBA-0001" in one]
        assert "event" in line
        assert "sent" in line
        assert all(address in line for address in (DIBA_MANAGER, DIBA_HELPDESK, TEAM, STAFF))
    [effect] = json.loads(deploylog("history", "DIBA", "--json", "-c", scheduled).out)
    assert (effect["deployment"], effect["kind"], effect["state"]) == ("DIBA-0001", "event", "sent")
    assert set(effect["recipients"]) == {DIBA_MANAGER, DIBA_HELPDESK, TEAM, STAFF}
    assert re.fullmatch("[a-v0-9]{5,1024}", effect["external_id"])
    nothing = deploylog("history", "DIBA", "DIBA-0002", "-c", scheduled)
    assert (nothing.status, nothing.out) == (0, "Nothing was done for DIBA DIBA-0002 yet.\n")


# Settling --------------------------------------------------------------------------------------------------------


@pytest.fixture
def parked(workspace: Workspace, config: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The number of a start mail of which nobody knows: its answer was lost, and a person deleted what was sent."""
    workspace.plan(datetime.now(UTC), status="Started")
    assert deploylog("once", "-c", config).status == 0
    workspace.fault("gmail.users.drafts.send", "drop")
    deploylog("once", "-c", config)
    mailbox = Person(workspace.origin, DAEMON)
    [sent] = mailbox.call("GET", "/gmail/v1/users/me/messages", q="in:sent")["messages"]
    mailbox.call("DELETE", f"/gmail/v1/users/me/messages/{sent['id']}")
    # By then the answer has been awaited long enough.
    monkeypatch.setattr(bootstrap, "now", lambda: datetime.now(UTC) + timedelta(seconds=10))
    done = deploylog("once", "-c", config)
    assert done.status == 1
    assert workspace.progress().startswith("Needs attention: it is not certain whether the start mail (es) went out")
    [number] = [
        line.split()[1] for line in deploylog("history", "DIBA", "-c", config).out.splitlines() if "unknown" in line
    ]
    assert f"settle effect {number}" in workspace.progress()
    return int(number)


def test_settled_as_sent_it_counts_as_out_and_is_never_sent_again(
    workspace: Workspace, config: Path, parked: int
) -> None:
    done = deploylog("settle", str(parked), "sent", "-c", config)
    assert (done.status, done.out) == (0, f"effect {parked} (start es of DIBA-0001): sent\n")
    assert deploylog("once", "-c", config).status == 0
    assert workspace.progress().startswith("In progress")
    assert [line["What happened"] for line in workspace.history()][-1] == "Enviado: correo de inicio (es)"
    assert len(notices(workspace)) == 1
    assert deploylog("settle", str(parked), "unsent", "-c", config).status == 2


def test_settled_as_unsent_it_goes_out_once_more_while_it_is_wanted(
    workspace: Workspace, config: Path, parked: int
) -> None:
    ledger = Ledger.open(load(config, {}).store)
    with ledger.hold():  # the daemon runs meanwhile
        done = deploylog("settle", str(parked), "unsent", "-c", config)
    # The daemon looks at the row at its next tick, whatever else it has to do.
    assert [at <= bootstrap.now() for at in ledger.dues().values()] == [True]
    ledger.close()
    assert (done.status, done.out) == (0, f"effect {parked} (start es of DIBA-0001): unsent\n")
    for _ in range(2):
        assert deploylog("once", "-c", config).status == 0
    assert workspace.progress().startswith("In progress")
    assert len(notices(workspace)) == 2  # the one nobody knew of had arrived, as the person who settled it did not see


# The daemon ------------------------------------------------------------------------------------------------------


def test_the_daemon_schedules_a_row_within_seconds_and_leaves_room_for_reading(
    workspace: Workspace, tmp_path: Path
) -> None:
    config = workspace.config(tmp_path / "daemon", BRISK)
    with daemon(config) as running:
        running.wait_for('"running"')
        workspace.plan(in_hours(48))
        began = datetime.now(UTC)
        wait_until("the row is scheduled", lambda: workspace.progress().startswith("Scheduled"))
        assert datetime.now(UTC) - began < timedelta(seconds=10)

        for command in ("run", "once") if load(config, {}).store.startswith(SQLITE) else ():
            # Of a PostgreSQL there may be several.
            second = deploylog(command, "-c", config)
            assert second.status == 2
            assert "another deploylog is running" in second.sentence
        for arguments in (
            ["plan"],
            ["history", "DIBA"],
            ["date", "DIBA", "2026-12-09"],
            ["preview", "DIBA", "DIBA-0001", "start"],
        ):
            done = deploylog(*arguments, "-c", config)
            assert (done.status, done.err) == (0, ""), arguments

        # A pass longer than the poll is no news, and neither is a poll that found another under way.
        workspace.fault("sheets.spreadsheets.values.batchGet", "delay", seconds=1.5)
        workspace.plan(in_hours(50), row=3, components="another 1.0")
        wait_until("the next row is scheduled", lambda: workspace.progress(3).startswith("Scheduled"))
        assert running.ends() == 0
    logged = [json.loads(line) for line in running.lines]
    assert {one["level"] for one in logged} == {"info"}
    assert logged[-1]["event"] == "stopped"


def test_a_daemon_killed_while_it_sends_goes_on_where_it_was_and_sends_nothing_twice(
    workspace: Workspace, tmp_path: Path
) -> None:
    config = workspace.config(tmp_path / "daemon", BRISK)
    with daemon(config) as running:
        running.wait_for('"running"')
        workspace.fault("gmail.users.drafts.send", "delay", seconds=0.5)
        workspace.plan(datetime.now(UTC) + timedelta(seconds=4))
        wait_until("the mail is under way", lambda: workspace.calls().get("gmail.users.drafts.send"))
        assert running.ends(signal.SIGKILL) == -signal.SIGKILL
    wait_until("what was handed over arrives", lambda: notices(workspace))
    assert not workspace.row().get(log.START_NOTIFIED)
    with daemon(config) as running:
        wait_until("the start mail is found", lambda: workspace.row().get(log.START_NOTIFIED))
        workspace.write(CLOSED)
        wait_until("the row is done", lambda: workspace.progress().startswith("Done"))
        assert running.ends() == 0
    assert workspace.calls()["gmail.users.drafts.send"] == 2
    markers = [mail["X-Deploylog-Effect"] for mail in notices(workspace)]
    assert len(markers) == len(set(markers)) == 2
    first, last = notices(workspace)
    assert first["Message-ID"] in last["References"]
    drafts = Person(workspace.origin, DAEMON).call("GET", "/gmail/v1/users/me/drafts").get("drafts", [])
    assert drafts == []
    events = Person(workspace.origin, DIBA_MANAGER).call("GET", "/calendar/v3/calendars/primary/events")["items"]
    assert len(events) == 1
    lines = [row["What happened"] for row in workspace.staff.rows(workspace.id_of(DIBA_LOG), log.HISTORY)]
    assert len(lines) == len(set(lines))


def test_a_second_installation_on_the_folder_is_refused_and_takes_over_only_when_told(
    workspace: Workspace, tmp_path: Path
) -> None:
    first, second = (workspace.config(tmp_path / name, BRISK) for name in ("first", "second"))
    with daemon(first) as running:
        running.wait_for('"running"')
        for command in ("run", "once"):
            refused = deploylog(command, "-c", second)
            assert refused.status == 2
            assert "--take-over" in refused.sentence
        assert deploylog("once", "--take-over", "-c", second).status == 0
        assert running.ends() == 0
    assert deploylog("once", "-c", second).status == 0


def test_a_stop_does_not_wait_for_a_call_that_is_never_answered(workspace: Workspace, tmp_path: Path) -> None:
    config = workspace.config(tmp_path / "daemon", BRISK)
    with daemon(config) as running:
        running.wait_for('"running"')
        seen = workspace.calls().get("sheets.spreadsheets.values.batchGet", 0)
        workspace.fault("sheets.spreadsheets.values.batchGet", "delay", seconds=20)
        wait_until("a call hangs", lambda: workspace.calls()["sheets.spreadsheets.values.batchGet"] > seen)
        began = time.monotonic()
        assert running.ends(within=12) == 0
        assert time.monotonic() - began < 10


def test_a_fault_of_ours_in_a_pass_is_told_once_and_the_next_pass_comes() -> None:
    problems = _Problems()

    def faulty() -> PassReport:
        raise TypeError("a word that is no number")

    with capture_logs() as said:
        assert [problems.tell(faulty) for _ in range(3)] == [None] * 3
    assert problems.store_reached, "what is due next is asked for all the same"
    told = [one for one in said if one["event"] == "problem"]
    assert [one["what"] for one in told] == [
        "pass not finished, because of a fault in the program (TypeError('a word that is no number'))"
    ]
    assert sum("please report it" in one["event"] for one in said) == 1

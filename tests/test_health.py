"""/healthz, /readyz and /metrics: what they say, and that a scrape is right when the store is and when it is not."""

from __future__ import annotations

import json
import re
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from cli_helpers import Workspace, daemon, installed, started_sandbox, wait_until
from deploylog import deployment_log as log
from deploylog.delivery import Outcome
from deploylog.demo import DIBA_MANAGER
from deploylog.ledger import Effect, Ledger
from deploylog.lifecycle import EffectState
from deploylog.metrics import Metrics
from deploylog.model import Key, Kind, Progress
from deploylog.reconcile import PassReport
from deploylog.web import health
from stores import NewStore
from web_servers import answering, notified

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
EVERY = timedelta(seconds=15)

Figures = dict[tuple[str, ...], float]
"""A sample's name and the values of its labels, in the order of their names: its value."""


@pytest.fixture
def ledger(tmp_path: Path, new_store: NewStore) -> Iterator[Ledger]:
    opened = Ledger.open(new_store(tmp_path))
    yield opened
    opened.close()


class Pages:
    """The three pages over a ledger, at an instant that can be moved."""

    def __init__(self, ledger: Ledger) -> None:
        self.now = NOW
        self.metrics = Metrics()
        self.metrics.watch(ledger, 200, lambda: self.now)
        app = Flask("test")
        app.register_blueprint(health.blueprint(self.metrics, ledger, EVERY, lambda: self.now))
        self.client: FlaskClient = app.test_client()

    def get(self, path: str) -> tuple[int, str]:
        answer = self.client.get(path)
        return answer.status_code, answer.get_data(as_text=True)

    def figures(self) -> Figures:
        return figures(self.get("/metrics")[1])


@pytest.fixture
def pages(ledger: Ledger) -> Pages:
    return Pages(ledger)


def figures(text: str) -> Figures:
    return {
        (one.name, *(value for _, value in sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def effect_of(ledger: Ledger, kind: Kind, state: EffectState, due: datetime, at: datetime) -> Effect:
    """An effect of the ledger that came to be so."""
    [effect] = ledger.commit([(Key("log", "DIBA-0014", kind, 1, 0, "es"), {"to": [DIBA_MANAGER]}, due)], due)
    return ledger.advance(effect.number, EffectState.COMMITTED, state, at=at)


# Ready -----------------------------------------------------------------------------------------------------------


def test_the_process_is_alive_whatever_the_passes_do(pages: Pages) -> None:
    assert pages.get("/healthz") == (200, "the process is alive\n")


def test_it_is_ready_once_a_whole_pass_went_through(pages: Pages) -> None:
    assert pages.get("/readyz") == (503, "no pass has gone through since the start\n")
    pages.metrics.passed(False, PassReport(), NOW, NOW)
    pages.metrics.passed(True, None, NOW, NOW)
    assert pages.get("/readyz")[0] == 503
    pages.metrics.passed(True, PassReport(), NOW, NOW)
    assert pages.get("/readyz") == (200, "ready\n")


def test_it_is_not_ready_when_the_last_pass_is_long_ago(pages: Pages) -> None:
    pages.metrics.passed(True, PassReport(), NOW, NOW)
    pages.now = NOW + health.READY_WITHIN
    assert pages.get("/readyz")[0] == 200
    pages.now += timedelta(seconds=1)
    assert pages.get("/readyz") == (503, "the last pass went through at 2026-11-25 08:00:00 UTC\n")


def test_without_its_store_it_is_not_ready_and_a_scrape_says_so(tmp_path: Path) -> None:
    pages = Pages(Ledger(sa.create_engine(f"sqlite:///{tmp_path / 'not there' / 'deploylog.db'}")))
    pages.metrics.passed(True, PassReport(), NOW, NOW)
    assert pages.get("/readyz") == (503, "the store does not answer\n")
    seen = pages.figures()
    assert seen["deploylog_store_up",] == 0
    assert seen["deploylog_passes_total", "whole", "finished"] == 1


# Metrics ---------------------------------------------------------------------------------------------------------


def test_a_pass_is_counted_with_its_effects_and_their_lateness(pages: Pages, ledger: Ledger) -> None:
    sent = effect_of(ledger, Kind.START, EffectState.SENT, NOW, NOW + timedelta(seconds=3))
    parked = effect_of(ledger, Kind.END, EffectState.UNKNOWN, NOW, NOW)
    rows = {"one": Counter([Progress.SCHEDULED, Progress.SCHEDULED, None]), "two": Counter([Progress.NEEDS_ATTENTION])}
    report = PassReport(outcomes=[Outcome(sent, "sent"), Outcome(parked, "parked")], problems=["x"], rows=rows)
    pages.metrics.passed(True, report, NOW, NOW + timedelta(seconds=4))
    pages.metrics.passed(True, None, NOW, NOW)
    seen = pages.figures()
    assert seen["deploylog_passes_total", "whole", "finished"] == 1
    assert seen["deploylog_passes_total", "whole", "not finished"] == 1
    assert seen["deploylog_effects_total", "start", "sent"] == 1
    assert seen["deploylog_effects_total", "end", "parked"] == 1
    assert seen["deploylog_mail_lateness_seconds_bucket", "2.0"] == 0
    assert seen["deploylog_mail_lateness_seconds_bucket", "5.0"] == 1
    assert seen["deploylog_pass_seconds_sum",] == 4
    assert seen["deploylog_last_whole_pass_timestamp_seconds",] == (NOW + timedelta(seconds=4)).timestamp()
    assert seen["deploylog_problems",] == 1
    assert seen["deploylog_rows", "Scheduled"] == 2
    assert seen["deploylog_rows", "Editing"] == 1
    assert seen["deploylog_rows", "Needs attention"] == 1
    assert seen["deploylog_rows", "Done"] == 0


def test_rows_that_left_a_state_are_not_counted_in_it_any_more(pages: Pages) -> None:
    for progress in (Progress.SCHEDULED, Progress.DONE):
        pages.metrics.passed(True, PassReport(rows={"one": Counter([progress])}), NOW, NOW)
    seen = pages.figures()
    assert (seen["deploylog_rows", "Scheduled"], seen["deploylog_rows", "Done"]) == (0, 1)


def test_what_the_ledger_knows_is_told_at_once_after_a_start(pages: Pages, ledger: Ledger) -> None:
    effect_of(ledger, Kind.START, EffectState.SENT, NOW, NOW - timedelta(minutes=30))
    effect_of(ledger, Kind.DELAY, EffectState.SENT, NOW, NOW - timedelta(hours=5))
    waiting = effect_of(ledger, Kind.END, EffectState.COMMITTED, NOW, NOW)
    ledger.advance(waiting.number, EffectState.COMMITTED, EffectState.COMMITTED, retry_at=NOW - timedelta(seconds=90))
    effect_of(ledger, Kind.ROLLED_BACK, EffectState.FAILED, NOW, NOW)
    seen = pages.figures()
    assert seen["deploylog_store_up",] == 1
    assert seen["deploylog_parked", "rolled-back", "failed"] == 1
    assert seen["deploylog_oldest_overdue_seconds",] == 90
    assert seen["deploylog_mails_left", "hour"] == 199
    assert seen["deploylog_mails_left", "day"] == 1998


def test_what_was_due_in_a_log_that_left_the_folder_is_not_overdue(pages: Pages, ledger: Ledger) -> None:
    waiting = effect_of(ledger, Kind.END, EffectState.COMMITTED, NOW, NOW)
    ledger.advance(waiting.number, EffectState.COMMITTED, EffectState.COMMITTED, retry_at=NOW - timedelta(seconds=90))
    pages.metrics.passed(True, PassReport(logs=frozenset(["log", "other"])), NOW, NOW)
    assert pages.figures()["deploylog_oldest_overdue_seconds",] == 90
    pages.metrics.passed(True, PassReport(logs=frozenset(["other"])), NOW, NOW)
    assert pages.figures()["deploylog_oldest_overdue_seconds",] == 0


def test_nothing_due_is_nothing_overdue(pages: Pages, ledger: Ledger) -> None:
    waiting = effect_of(ledger, Kind.END, EffectState.COMMITTED, NOW, NOW)
    ledger.advance(waiting.number, EffectState.COMMITTED, EffectState.COMMITTED, retry_at=NOW + timedelta(hours=1))
    assert pages.figures()["deploylog_oldest_overdue_seconds",] == 0


def test_the_runbook_has_every_metric_and_no_other(pages: Pages) -> None:
    pages.metrics.passed(True, PassReport(), NOW, NOW)
    page = (Path(__file__).parents[1] / "docs" / "runbook.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `(deploylog_\w+)", page, re.MULTILINE))
    offered = set(re.findall(r"^# TYPE (deploylog_\w+) ", pages.get("/metrics")[1], re.MULTILINE))
    assert described == {name for name in offered if not name.endswith("_created")}


# A daemon ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("sandbox")
    with started_sandbox(folder) as running:
        installed(running, running.config(folder / "first", "notify: {settle: 0s}"))
        yield running


def test_a_daemon_is_seen_through_from_start_to_stop(workspace: Workspace, tmp_path: Path) -> None:
    with answering() as heart, notified(str(tmp_path / "notify")) as told:
        web = f'web: {{listen: "127.0.0.1:0", heartbeat: {heart.origin}/beat}}'
        more = f"poll: {{every: 1s}}\nnotify: {{settle: 1s}}\n{web}"
        with daemon(workspace.config(tmp_path, more), NOTIFY_SOCKET=str(tmp_path / "notify")) as running:
            origin = running.origin()
            assert requests.get(f"{origin}/healthz", timeout=5).text == "the process is alive\n"
            workspace.plan(datetime.now(UTC) + timedelta(seconds=4))
            wait_until("the start mail", lambda: workspace.row().get(log.START_NOTIFIED))
            wait_until("the daemon is ready", lambda: requests.get(f"{origin}/readyz", timeout=5).status_code == 200)
            seen = wait_until("the pass is counted", lambda: _with_mail(origin))
            assert running.ends(signal.SIGTERM) == 0
    assert told[0] == "READY=1"
    assert told[-1] == "STOPPING=1"
    assert set(told[1:-1]) == {"WATCHDOG=1"}
    assert len(told) >= 4
    assert set(heart.paths) == {"/beat"}
    assert seen["deploylog_effects_total", "event", "invited"] == 1
    assert seen["deploylog_mail_lateness_seconds_count",] == 1
    assert seen["deploylog_mail_lateness_seconds_sum",] < 10
    assert seen["deploylog_api_calls_total", "gmail.users.drafts.send", "200"] == 1
    assert seen["deploylog_rows", "In progress"] == 1
    assert all(json.loads(line)["level"] == "info" for line in running.lines)


def _with_mail(origin: str) -> Figures | None:
    seen = figures(requests.get(f"{origin}/metrics", timeout=5).text)
    return seen if seen.get(("deploylog_effects_total", "start", "sent")) else None


def test_calls_that_are_refused_or_not_answered_are_counted_by_status(workspace: Workspace, tmp_path: Path) -> None:
    config = workspace.config(tmp_path, "poll: {every: 1s}")
    with daemon(config) as running:
        origin = running.origin()
        workspace.fault("drive.changes.list", status=503)
        workspace.fault("drive.changes.list", "drop")

        def counted() -> bool:
            seen = figures(requests.get(f"{origin}/metrics", timeout=5).text)
            return all(
                seen.get(("deploylog_api_calls_total", "drive.changes.list", one)) for one in ("503", "0", "200")
            )

        wait_until("all three", counted)
        assert running.ends() == 0


def test_pages_that_cannot_be_served_keep_no_mail_from_going_out(workspace: Workspace, tmp_path: Path) -> None:
    with answering() as taken:
        listen = taken.origin.removeprefix("http://")
        config = workspace.config(tmp_path, f'poll: {{every: 1s}}\nweb: {{listen: "{listen}"}}')
        with daemon(config) as running:
            line = json.loads(running.wait_for("pages not served"))
            assert line["listen"] == listen
            assert "Address already in use" in line["reason"]
            before = workspace.calls().get("drive.changes.list", 0)
            wait_until("passes go on", lambda: workspace.calls().get("drive.changes.list", 0) > before + 1)
            assert running.ends() == 0

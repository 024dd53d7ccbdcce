"""What the daemon counts about itself, for Prometheus; on a registry of its own.

No label names a customer, an address or a deployment: who may scrape need not be who may read the logs. What the ledger
knows (parked effects, what is overdue, mails left) is read from it when asked, so it is right after a restart and with
several daemons on one store; what only a pass knows is noted when the pass ends. docs/runbook.md lists every metric.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from deploylog.ledger import Ledger
from deploylog.model import Progress
from deploylog.reconcile import PassReport

LATENESS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Seconds; `notify.late_after`, 10 min by default, is among them."""
PASS_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1200.0)
MAILS_A_DAY = 2000
"""What one mailbox may send in 24 hours (Google Workspace, "Gmail sending limits")."""
EDITING = "Editing"
"""The state of a row whose `Progress` waits until the row was left alone."""


class Metrics:
    """Counts, and says what was counted in Prometheus' text format. Safe to use from several threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.last_whole_pass: datetime | None = None
        """When a whole pass last went through, UTC; None: not since the start."""
        self.logs: frozenset[str] | None = None
        """The logs that are in the folder; None: not known yet."""
        ProcessCollector(registry=self.registry)
        self._passes = self._counter("passes", "Passes that ended, whole or for what was due.", "kind", "outcome")
        self._pass_seconds = Histogram(
            "deploylog_pass_seconds",
            "How long whole passes took.",
            buckets=PASS_SECONDS,
            registry=self.registry,
        )
        self._last_pass = self._gauge("last_whole_pass_timestamp_seconds", "When a whole pass last went through.")
        self._effects = self._counter("effects", "What was carried out or parked.", "kind", "outcome")
        self._lateness = Histogram(
            "deploylog_mail_lateness_seconds",
            "How long after it was due a mail went out.",
            buckets=LATENESS,
            registry=self.registry,
        )
        self._calls = self._counter(
            "api_calls", "Calls to outside services, by HTTP status; 0: none came.", "method", "status"
        )
        self._rows = self._gauge("rows", "Rows of all logs by the first word of Progress.", "state")
        self._problems = self._gauge("problems", "Logs or services the last whole pass could not work with.")
        self._heartbeats = self._counter("heartbeats", "Calls of the heartbeat address.", "outcome")
        for state in (*Progress, EDITING):
            self._rows.labels(str(state)).set(0)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"deploylog_{name}", meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"deploylog_{name}", meaning, labels, registry=self.registry)

    def watch(self, ledger: Ledger, mails_per_hour: int, clock: Callable[[], datetime]) -> None:
        """Tell from now on what that ledger knows; `mails_per_hour` is the configuration's limit."""
        self.registry.register(_LedgerFigures(self, ledger, mails_per_hour, clock))

    def called(self, method: str, status: int) -> None:
        """A call to the outside was answered with this HTTP status, or not at all (0)."""
        self._calls.labels(method, str(status)).inc()

    def passed(self, whole: bool, report: PassReport | None, began: datetime, ended: datetime) -> None:
        """A pass ended, with a report or (None) without having gone through. Instants in UTC."""
        self._passes.labels("whole" if whole else "due", "finished" if report is not None else "not finished").inc()
        if report is None:
            return
        for outcome in report.outcomes:
            self._effects.labels(outcome.effect.key.kind.value, outcome.what).inc()
            if outcome.what == "sent" and outcome.effect.due_at and outcome.effect.at:
                self._lateness.observe(max((outcome.effect.at - outcome.effect.due_at).total_seconds(), 0.0))
        for state, count in _by_state(report.rows.values()).items():
            self._rows.labels(state).set(count)
        if whole:
            self._pass_seconds.observe((ended - began).total_seconds())
            self._last_pass.set(ended.timestamp())
            self._problems.set(len(report.problems))
            self.last_whole_pass = ended
            self.logs = report.logs or self.logs

    def heartbeat(self, arrived: bool) -> None:
        """The heartbeat address was called, and answered or not."""
        self._heartbeats.labels("answered" if arrived else "failed").inc()

    def exposition(self) -> bytes:
        """Everything, as Prometheus scrapes it (text format 0.0.4)."""
        return generate_latest(self.registry)


def _by_state(logs: Iterable[Tally[Progress | None]]) -> dict[str, int]:
    """Every state with its number of rows; those that no row is in have 0."""
    total: Tally[Progress | None] = sum(logs, Tally())
    return {**{state.value: total[state] for state in Progress}, EDITING: total[None]}


class _LedgerFigures(Collector):
    """What the ledger says at the moment of the scrape; where it does not answer, only that."""

    def __init__(self, metrics: Metrics, ledger: Ledger, mails_per_hour: int, clock: Callable[[], datetime]) -> None:
        self._metrics = metrics
        self._ledger = ledger
        self._mails_per_hour = mails_per_hour
        self._clock = clock

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """The names, without asking the ledger (registering asks otherwise)."""
        return self._families()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The figures now."""
        up, parked, overdue, left = families = self._families()
        now = self._clock()
        try:
            waiting = Tally((one.key.kind.value, one.state.value) for one in self._ledger.parked())
            logs = self._metrics.logs
            # What is due in a log that left the folder waits for nobody.
            dues = [at for log_id, at in self._ledger.dues().items() if logs is None or log_id in logs]
            oldest = min(dues, default=now)
            sent = [
                sum(self._ledger.mails_since(now - age).values()) for age in (timedelta(hours=1), timedelta(days=1))
            ]
        except SQLAlchemyError:
            up.add_metric([], 0)
            return [up]
        up.add_metric([], 1)
        for labels, count in waiting.items():
            parked.add_metric(labels, count)
        overdue.add_metric([], max((now - oldest).total_seconds(), 0.0))
        left.add_metric(["hour"], max(self._mails_per_hour - sent[0], 0))
        left.add_metric(["day"], max(MAILS_A_DAY - sent[1], 0))
        return families

    @staticmethod
    def _families() -> tuple[GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily]:
        return (
            GaugeMetricFamily("deploylog_store_up", "Whether the store answers."),
            GaugeMetricFamily("deploylog_parked", "Effects parked for a person to settle.", labels=["kind", "state"]),
            GaugeMetricFamily("deploylog_oldest_overdue_seconds", "How long the oldest thing due has been waiting."),
            GaugeMetricFamily(
                "deploylog_mails_left",
                "Mails that may still go: of limits.mails_per_hour, and of Gmail's 2,000 in a day.",
                labels=["per"],
            ),
        )

"""What machines ask the daemon: `/healthz`, `/readyz` and `/metrics`.

They need no sign-in, and so tell nothing that names a customer, a person or a deployment.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from deploylog.errors import StoreUnreachable
from deploylog.ledger import Ledger
from deploylog.metrics import Metrics

READY_WITHIN = timedelta(minutes=5)
"""A daemon whose last whole pass went through so long ago is not ready; ten polls, where those are longer."""


def blueprint(metrics: Metrics, ledger: Ledger, every: timedelta, clock: Callable[[], datetime]) -> Blueprint:
    """The three pages. `every`: the time between two polls; `clock`: UTC."""
    health = Blueprint("health", __name__)

    @health.get("/healthz")
    def healthz() -> Response:
        return _line("the process is alive", 200)

    @health.get("/readyz")
    def readyz() -> Response:
        if (why := _not_ready(metrics, ledger, every, clock())) is not None:
            return _line(why, 503)
        return _line("ready", 200)

    @health.get("/metrics")
    def scrape() -> Response:
        return Response(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)

    return health


def _not_ready(metrics: Metrics, ledger: Ledger, every: timedelta, now: datetime) -> str | None:
    """Why the daemon does not do its work; None where it does."""
    try:
        ledger.ping()
    except (SQLAlchemyError, StoreUnreachable):
        return "the store does not answer"
    last = metrics.last_whole_pass
    if last is None:
        return "no pass has gone through since the start"
    if now - last > max(READY_WITHIN, 10 * every):
        return f"the last pass went through at {last:%Y-%m-%d %H:%M:%S} UTC"
    return None


def _line(text: str, status: int) -> Response:
    return Response(
        f"{text}\n", status, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"}
    )

"""A dashboard over a world of the stories, and a life that shows something of each kind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Flask
from world import STAFF, TICKS, World

from deploylog import bootstrap, registry
from deploylog import deployment_log as log
from deploylog.bootstrap import Parts
from deploylog.metrics import Metrics
from deploylog.web.server import create_app

TODAY = datetime(2026, 12, 9, 14, tzinfo=UTC)
"""A Wednesday, 15 in Madrid."""
PAST = (
    (datetime(2026, 9, 9, 13, tzinfo=UTC), 40, "Done"),
    (datetime(2026, 9, 23, 13, tzinfo=UTC), 10, "Done"),
    (datetime(2026, 10, 7, 13, tzinfo=UTC), 14, "Done"),
    (datetime(2026, 10, 21, 13, tzinfo=UTC), 12, "Rolled back"),
    (datetime(2026, 11, 4, 14, tzinfo=UTC), 11, "Done"),
    (datetime(2026, 11, 18, 14, tzinfo=UTC), 33, "Done"),
)
"""Start, the minutes it took (15 were planned), and how it ended."""


def dashboard_of(world: World, check_now: Callable[[], None] = lambda: None) -> Flask:
    assert world.reconciler is not None
    parts = Parts(
        world.config,
        world.google,
        world.ledger,
        world.messages,
        bootstrap.policy_of(world.config),
        None,  # type: ignore[arg-type]  # no page asks where the folder is
        world.reconciler,
        Metrics(),
    )
    return create_app(parts, lambda: world.now, check_now)


def live(world: World) -> None:
    """Months of one customer, a day on which one is under way, and an effect in doubt."""
    staff = world.person(STAFF)
    staff.type(
        world.registry_id,
        registry.FREEZES,
        registry.FREEZE_COLUMNS,
        2,
        {"Customer": "*", "From": "2026-12-24", "To": "2027-01-01"},
    )
    diba, acme = world.log(), world.log("ACME")
    for row, (start, minutes, end) in enumerate(PAST, start=2):
        world.jump(start - timedelta(hours=3))
        diba.plan(row, start)
        world.run()
        world.after(minutes=1)
        world.at(start + timedelta(minutes=minutes))
        diba.write(row, {log.STATUS: end, **TICKS})
        world.run()
        world.after(minutes=1)
    world.jump(TODAY - timedelta(hours=3))
    first = len(PAST) + 2
    diba.plan(first, TODAY, **{log.COMPONENTS: "addon-diba 3.2.12 (3.2.11)"})
    diba.plan(first + 1, TODAY + timedelta(days=6), **{log.COMPONENTS: "console 4.1.0 (4.0.9)"})
    diba.plan(first + 2, TODAY + timedelta(days=2), **{log.COMPONENTS: "<b>syncserver</b> 4.1.0"})
    diba.plan(first + 3, TODAY + timedelta(days=8), **{log.ROLLBACK_GUIDE: ""})
    acme.plan(2, TODAY - timedelta(minutes=30), **{log.COMPONENTS: "console 4.1.0"})
    acme.plan(3, TODAY + timedelta(days=1), **{log.COMPONENTS: "addon-acme 1.0", log.NOTIFY: "Internal only"})
    world.run()
    world.after(minutes=1)
    world.fault("gmail.users.drafts.send", "error", status=400)
    world.at(TODAY - timedelta(minutes=29))
    world.at(TODAY)
    world.after(minutes=4)

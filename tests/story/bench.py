"""What one daemon needs for so many logs: calls by service and seconds of a pass (`make bench-pass`).

Against the sandbox, in one process: the seconds are this machine's and the sandbox's; the calls are what Google's
quotas count, whoever answers them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from world import STAFF, WEDNESDAY, World, served_world

from deploylog import registry
from deploylog.demo import CONTACTS, CUSTOMERS
from stores import POSTGRESQL, SQLITE, sqlite_store, started_postgresql

LOGS = int(sys.argv[1]) if len(sys.argv) > 1 else 50


def measured(world: World, what: str, act: Callable[[], Any]) -> None:
    """Do it, and print what it took."""
    before, began = Counter(world.calls()), time.monotonic()
    act()
    took, calls = time.monotonic() - began, Counter(world.calls()) - before
    services: Counter[str] = Counter()
    for method, count in calls.items():
        if not method.startswith("sandbox"):
            services[method.split(".")[0]] += count
    told = ", ".join(f"{service} {count}" for service, count in sorted(services.items())) or "none"
    print(f"  {what}: {took:.1f} s; calls: {told}", flush=True)


def enter_customers(world: World) -> list[str]:
    """As many as there are logs to be, each with one contact."""
    names = [f"CUSTOMER{number:04}" for number in range(LOGS)]
    staff, first = world.person(STAFF), {**CUSTOMERS[0]}
    for number, name in enumerate(names):
        row = {**first, "Customer": name, "Share log with": "", "Partner": "", "Operated by": "Us"}
        staff.type(world.registry_id, registry.CUSTOMERS, registry.CUSTOMER_COLUMNS, len(CUSTOMERS) + 2 + number, row)
        contact = {"Customer": name, "Party": "Customer manager", "E-mail": f"it@{name.lower()}.example"}
        row_number = len(CONTACTS) + 2 + number
        staff.type(world.registry_id, registry.CONTACTS, registry.CONTACT_COLUMNS, row_number, contact)
    return names


def bench(store: str, folder: Path) -> None:
    with served_world(folder, "limits: {mails_per_hour: 100000}\n", store) as world:
        world.init()
        names = enter_customers(world)
        world.after(seconds=1)
        measured(world, f"{LOGS} new logs are made", lambda: world.after(seconds=60))
        world.after(minutes=1)
        world.jump(world.now + timedelta(minutes=15))
        measured(world, "a poll in which nothing changed", lambda: world.after(seconds=15))
        for name in names:
            world.log(name).plan(2, WEDNESDAY)
        measured(world, "every log has a new row, first look", lambda: world.after(seconds=15))
        measured(world, "every row is judged and invited to", lambda: world.after(seconds=31))
        world.jump(WEDNESDAY - timedelta(hours=2))
        measured(world, "every deployment starts at one instant", lambda: world.at(WEDNESDAY))


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as folder:
        print(f"{SQLITE}, {LOGS} logs", flush=True)
        bench(sqlite_store(Path(folder)), Path(folder))
    with tempfile.TemporaryDirectory() as folder, started_postgresql() as postgresql:
        print(f"{POSTGRESQL}, {LOGS} logs", flush=True)
        bench(postgresql.new_store(Path(folder)), Path(folder))


if __name__ == "__main__":
    main()

"""A year of slots for 1,000 customers: every free day of the next 365, as `Progress` would offer it.

The customers differ as they do in life: nine regions, city feasts of their own, preferred hours, freezes, vacations of
staff, deployments that may not be overlapped. Nothing of an earlier run is kept: the memory of the rules is emptied.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from figures import Line, Size

from deploylog import rules
from deploylog.model import Freeze, PreferredHours, Vacation, Window

CUSTOMERS = 1000
RUNS, AIM = 3, 5.0
MONDAY = datetime(2026, 1, 12, 14, 0, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")
ORGANIZATION = rules.Place(MADRID, ("ES-IB",))
PLACES = (
    (MADRID, "ES-IB"),
    (MADRID, "ES-CT"),
    (MADRID, "ES-MD"),
    (MADRID, "ES-VC"),
    (MADRID, "ES-PV"),
    (MADRID, "ES-AN"),
    (ZoneInfo("Europe/Lisbon"), "PT"),
    (ZoneInfo("Europe/Paris"), "FR"),
    (ZoneInfo("Europe/London"), "GB-ENG"),
)
HOURS = (
    (),
    *(rules.parse_preferred_hours(text) for text in ("Mon-Thu 15:00-20:00", "Mon-Fri 08:00-10:00; Sat 09:00-12:00")),
)
VACATIONS = tuple(
    Vacation(date(2026, 1, 19) + timedelta(days=17 * number), date(2026, 1, 23) + timedelta(days=17 * number))
    for number in range(12)
)


def customer(number: int) -> rules.Circumstances:
    """The circumstances of one of them."""
    zone, region = PLACES[number % len(PLACES)]
    feasts = {date(2026, 1, 20) + timedelta(days=number % 300), date(2026, 6, 24)} if number % 3 == 0 else set()
    december = date(2026, 12, 15) + timedelta(days=number % 7)
    summer = date(2026, 8, 1) + timedelta(days=number % 5)
    freezes = (
        Freeze("*", december, date(2027, 1, 7)),
        Freeze("one", summer, summer + timedelta(days=number % 28), "vacation"),
    )
    hours: tuple[PreferredHours, ...] = HOURS[number % len(HOURS)]
    starts = [MONDAY + timedelta(days=(number + 29 * step) % 360) for step in range(4)]
    taken = tuple(rules.Taken(Window(one, one + timedelta(hours=1)), "ONE-0001", True, True) for one in starts)
    return rules.Circumstances(
        (ORGANIZATION, rules.Place(zone, (region,), frozenset(feasts))),
        freezes,
        hours,
        taken=taken,
        vacations=VACATIONS,
    )


def lines(size: Size) -> Iterator[Line]:
    """Processor seconds of several runs; what counts is the slowest."""
    seconds, done = [], ""
    for _ in range(RUNS):
        began = time.process_time()
        done = year_of_slots()
        seconds.append(time.process_time() - began)
    yield Line(
        f"a year of slots for {CUSTOMERS:,} customers, on one core",
        f"under {AIM:g} s",
        f"{min(seconds):.2f} to {max(seconds):.2f} s ({done})",
        max(seconds) < AIM,
        f"processor seconds, least and most of {RUNS} runs, each from nothing",
    )


def year_of_slots() -> str:
    """Every free day of a year for each customer, from nothing."""
    rules.forget_calendars()
    window = Window(MONDAY, MONDAY + timedelta(minutes=30))
    found = 0
    for number in range(CUSTOMERS):
        slots = rules.free_slots(window, customer(number), MONDAY, count=366, horizon=timedelta(days=365))
        found += len(slots)
    return f"{found:,} slots"

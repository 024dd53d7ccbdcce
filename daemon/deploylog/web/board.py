"""What the pages show, drawn from what the daemon last saw. Pure: no I/O, and no clock but the `now` that is given.

Every function takes the `Looks` of one instant, so that a page is of one piece. Instants are UTC; days are local to
the zone that is given, the organization's.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from deploylog import dates, rules
from deploylog.looks import DeploymentLook, LogLook, Looks
from deploylog.model import NEVER, Customer, Finding, Level, Notify, Progress, Rule, Status, Window

NOON = time(12)
HALF_AN_HOUR = timedelta(minutes=30)
WAITING = (Progress.NOT_READY, Progress.DATE_NOT_ALLOWED)
RUNNING = (Progress.IN_PROGRESS, Progress.RUNNING_LATE)
UPCOMING = (Progress.SCHEDULED, Progress.NOT_READY, Progress.DATE_NOT_ALLOWED, Progress.PAUSED)


@dataclass(frozen=True, slots=True)
class Entry:
    """A deployment beside the log it stands in."""

    log: LogLook
    look: DeploymentLook

    @property
    def id(self) -> str:
        return self.look.deployment.id

    @property
    def customer(self) -> str:
        return self.log.customer.name if self.log.customer else self.log.name

    @property
    def start(self) -> datetime | None:
        window = self.look.deployment.window
        return window.start if window else None

    @property
    def end(self) -> datetime | None:
        return self.look.deployment.end


def entries(looks: Looks, customer: str = "") -> list[Entry]:
    """Every deployment, or one customer's, by start; those without one come last."""
    found = [
        Entry(log, look)
        for log in looks.logs.values()
        if not customer or (log.customer and log.customer.name == customer)
        for look in log.deployments
    ]
    return sorted(found, key=lambda one: (one.start or NEVER, one.customer, one.id))


def entry(looks: Looks, log_id: str, deployment_id: str) -> Entry | None:
    log = looks.logs.get(log_id)
    return (
        next((Entry(log, one) for one in log.deployments if one.deployment.id == deployment_id), None) if log else None
    )


def in_state(among: Iterable[Entry], *states: Progress) -> list[Entry]:
    return [one for one in among if one.look.progress in states]


def troubled(looks: Looks) -> list[LogLook]:
    """Logs that something is wrong with as a whole."""
    return sorted((one for one in looks.logs.values() if one.problems), key=lambda one: one.name)


def by_day(among: Iterable[Entry], zone: ZoneInfo) -> list[tuple[date, list[Entry]]]:
    """Those that have a start, by its local day."""
    dated = [(one.start.astimezone(zone).date(), one) for one in among if one.start]
    return [(day, [one for _, one in group]) for day, group in groupby(dated, key=lambda pair: pair[0])]


# A month -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Day:
    """One square of a month."""

    date: date
    inside: bool
    """It is of the month that is shown."""
    today: bool
    findings: tuple[Finding, ...]
    """Why the day is not allowed, or doubtful."""
    entries: tuple[Entry, ...]

    @property
    def blocked(self) -> bool:
        return not rules.allowed(self.findings)


def month(
    among: Sequence[Entry], year: int, number: int, circumstances: rules.Circumstances, today: date, zone: ZoneInfo
) -> list[list[Day]]:
    """The weeks of a month from Monday to Sunday, every day judged as a whole."""
    of_day = dict(by_day(among, zone))
    weeks = calendar.Calendar(calendar.MONDAY).monthdatescalendar(year, number)
    return [
        [
            Day(day, day.month == number, day == today, judge_day(day, circumstances, zone), tuple(of_day.get(day, ())))
            for day in week
        ]
        for week in weeks
    ]


def judge_day(day: date, circumstances: rules.Circumstances, zone: ZoneInfo) -> tuple[Finding, ...]:
    """What is found about the day itself, whatever the hour and whatever else is planned."""
    start = datetime.combine(day, NOON, zone).astimezone(UTC)
    levels = {**circumstances.levels, Rule.OUTSIDE_PREFERRED_HOURS: Level.OFF, Rule.OVERLAP: Level.OFF}
    around = replace(circumstances, levels=levels, preferred_hours=(), taken=())
    return rules.judge(Window(start, start + HALF_AN_HOUR), around)


def circumstances_of(
    looks: Looks, customer: Customer | None, place: rules.Place, levels: Mapping[Rule, Level]
) -> rules.Circumstances:
    """What a customer's days are judged by; None: what holds for everybody."""
    if customer is None:
        freezes = tuple(one for one in looks.registry.freezes if one.customer == rules.EVERYBODY)
        unknown = tuple((Rule.EVE_OF_VACATION, one) for one in looks.absences.unknown)
        return rules.Circumstances(
            (place,), freezes, levels=levels, vacations=looks.absences.vacations, unknown=unknown
        )
    return dates.circumstances(customer, looks.registry, place, levels, looks.absences)


# Figures -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figures:
    """How a number of deployments went."""

    name: str
    """A month (`2026-11`) or a customer."""
    done: int = 0
    rolled_back: int = 0
    cancelled: int = 0
    in_time: int = 0
    """Closed by the end that was announced first."""
    timed: int = 0
    """Closed, and both ends are known."""
    late_minutes: float = 0
    """Of all that were closed later, together."""

    @property
    def closed(self) -> int:
        return self.done + self.rolled_back + self.cancelled

    @property
    def punctuality(self) -> int | None:
        """Per cent of the timed ones that were closed in time; None: there are none."""
        return round(100 * self.in_time / self.timed) if self.timed else None

    @property
    def mean_delay(self) -> int | None:
        """Minutes past the announced end, of those closed late; None: none was late."""
        late = self.timed - self.in_time
        return round(self.late_minutes / late) if late else None


def figures_by_month(among: Iterable[Entry], zone: ZoneInfo, today: date, months: int = 12) -> list[Figures]:
    """The last `months` months up to today's, empty ones too."""
    last = today.year * 12 + today.month - 1
    names = [f"{number // 12}-{number % 12 + 1:02}" for number in range(last - months + 1, last + 1)]
    groups: dict[str, list[Entry]] = {name: [] for name in names}
    for one in among:
        if one.start and (name := f"{one.start.astimezone(zone):%Y-%m}") in groups:
            groups[name].append(one)
    return [_figures(name, group) for name, group in groups.items()]


def figures_by_customer(among: Iterable[Entry]) -> list[Figures]:
    """By customer, those with most deployments first."""
    groups: dict[str, list[Entry]] = {}
    for one in among:
        groups.setdefault(one.customer, []).append(one)
    found = [_figures(name, group) for name, group in groups.items()]
    return sorted((one for one in found if one.closed), key=lambda one: (-one.closed, one.name))


def _figures(name: str, among: Sequence[Entry]) -> Figures:
    statuses = [one.look.deployment.status for one in among]
    overruns = list(_overruns(among))
    return Figures(
        name,
        done=statuses.count(Status.DONE),
        rolled_back=statuses.count(Status.ROLLED_BACK),
        cancelled=statuses.count(Status.CANCELLED),
        in_time=sum(one <= 0 for one in overruns),
        timed=len(overruns),
        late_minutes=sum(one for one in overruns if one > 0),
    )


def _overruns(among: Iterable[Entry]) -> Iterator[float]:
    """Minutes past the end that was announced first; below zero: before it."""
    for one in among:
        look = one.look
        if look.closed_at and look.planned_end and look.started_at:
            yield (look.closed_at - look.planned_end).total_seconds() / 60


# What a calendar feed shows ------------------------------------------------------------------------------------------


def announced(among: Iterable[Entry], to_customer: bool) -> list[Entry]:
    """What somebody was told of; `to_customer`: only what the customer is told of."""
    return [
        one
        for one in among
        if one.look.announced
        and one.look.deployment.window
        and (not to_customer or one.look.deployment.notify is Notify.EVERYONE)
    ]

"""The verdict on a date for the operator: what is violated and where that comes from, slots, and the month around it.

Unlike a log, which the customer reads, this says whose vacation and whose freeze it is (`Finding.origin`).
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich import box
from rich.markup import escape
from rich.table import Table

from deploylog.messages import Messages, day_words, month_words, weekday_words
from deploylog.model import Finding, Level, Window
from deploylog.rules import Circumstances, allowed, free_slots, judge

BLOCKED, WARNED = "x", "!"
"""Beside a day, so that no colour is needed to tell."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A date judged for a customer, and every day of its month at the same local time."""

    customer: str
    start: datetime
    """Aware, in the organization's zone."""
    findings: tuple[Finding, ...]
    slots: tuple[datetime, ...]
    month: Mapping[date, tuple[Finding, ...]]

    @property
    def allowed(self) -> bool:
        return allowed(self.findings)


def verdict(
    customer: str, local_start: datetime, duration: timedelta, around: Circumstances, zone: ZoneInfo, now: datetime
) -> Verdict:
    """Judge a local (naive) start in the organization's zone, the days of its month, and look for slots."""

    def at(day: date) -> Window:
        start = datetime.combine(day, local_start.time(), zone).astimezone(UTC)
        return Window(start, start + duration)

    asked = at(local_start.date())
    last = calendar.monthrange(local_start.year, local_start.month)[1]
    days = [local_start.date().replace(day=number) for number in range(1, last + 1)]
    return Verdict(
        customer,
        asked.start.astimezone(zone),
        judge(asked, around),
        free_slots(asked, around, now),
        {day: judge(at(day), around) for day in days},
    )


def verdict_data(one: Verdict, messages: Messages, language: str) -> dict[str, Any]:
    """For `--json`: the same content; instants in UTC, days local to the organization."""
    zone = _zone(one)

    def found(findings: Iterable[Finding]) -> list[dict[str, str]]:
        return [
            {
                "rule": each.subject.value,
                "level": each.level.value,
                "sentence": messages.sentence(each.sentence, language, zone),
                "origin": each.origin,
            }
            for each in findings
        ]

    return {
        "customer": one.customer,
        "start": one.start.astimezone(UTC).isoformat(),
        "allowed": one.allowed,
        "findings": found(one.findings),
        "slots": [slot.isoformat() for slot in one.slots],
        "month": [
            {"date": day.isoformat(), "allowed": allowed(findings), "findings": found(findings)}
            for day, findings in one.month.items()
        ],
    }


def finding_words(finding: Finding, messages: Messages, language: str, zone: ZoneInfo) -> str:
    """`Mon 7 Dec is the day before a public holiday (…) [ES-IB]`."""
    words = messages.sentence(finding.sentence, language, zone)
    warning = " (warning)" if finding.level is Level.WARN else ""
    return words + warning + (f" [{finding.origin}]" if finding.origin else "")


def month_table(one: Verdict, language: str) -> Table:
    """The month, Monday first: `x` beside a day that is blocked, `!` beside one with a warning, the asked one bold."""
    title = f"{month_words(one.start, language)}, {one.start:%H:%M}"
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for weekday in weekday_words(language):
        table.add_column(weekday, justify="right", no_wrap=True)
    for week in calendar.Calendar().monthdatescalendar(one.start.year, one.start.month):
        table.add_row(*(_cell(day, one) for day in week))
    return table


def blocked_days(one: Verdict, messages: Messages, language: str) -> list[str]:
    """A line for each day of the month that is blocked: why, and where that comes from."""
    return [
        f"{day_words(day, language)}: "
        + "; ".join(finding_words(each, messages, language, _zone(one)) for each in found)
        for day, found in one.month.items()
        if not allowed(found)
    ]


def _cell(day: date, one: Verdict) -> str:
    findings = one.month.get(day)
    if findings is None:
        return ""
    mark, style = " ", ""
    if not allowed(findings):
        mark, style = BLOCKED, "red"
    elif findings:
        mark, style = WARNED, "yellow"
    if day == one.start.date():
        style = f"bold reverse {style}".strip()
    text = escape(f"{day.day}{mark}")
    return f"[{style}]{text}[/]" if style else text


def _zone(one: Verdict) -> ZoneInfo:
    zone = one.start.tzinfo
    assert isinstance(zone, ZoneInfo)
    return zone

"""When a deployment may be made, and when instead.

Pure: no I/O, no clock. The procedure ("Prerequisites"): not on a Friday, not the day before a non-working day or a
public holiday, not the day before the start of a vacation. Config `rules` weighs each rule.

Days are local: a window is judged on every local day it touches, in the zone and by the calendar of each place. What
is a public holiday, and what a weekend, is what the package `holidays` knows of the region.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

import holidays

from deploylog.model import REGION, Check, Finding, Freeze, Level, PreferredHours, Rule, Sentence, Vacation, Window

DEFAULT_LEVELS: Mapping[Rule, Level] = {
    Rule.FRIDAY: Level.BLOCK,
    Rule.EVE_OF_NON_WORKING_DAY: Level.BLOCK,
    Rule.EVE_OF_HOLIDAY: Level.BLOCK,
    Rule.EVE_OF_VACATION: Level.BLOCK,
    Rule.FREEZE: Level.BLOCK,
    Rule.NON_WORKING_DAY: Level.WARN,
    Rule.OUTSIDE_PREFERRED_HOURS: Level.WARN,
    Rule.OVERLAP: Level.WARN,
}

EVERYBODY = "*"
"""The customer of a freeze that holds for all."""
ONE_DAY = timedelta(days=1)
FRIDAY = 5
"""As ISO counts weekdays: Monday is 1."""
SATURDAY_AND_SUNDAY = frozenset({6, 7})
"""The weekend where no known region says otherwise."""
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
RULE_UNKNOWN = "rule_unknown"
FREEZE_OF_NOBODY = "freeze_of_nobody"
UNKNOWN = frozenset(
    {RULE_UNKNOWN, "freezes_unknown", FREEZE_OF_NOBODY, "cell_unknown", "vacations_unknown", "absence_unknown"}
)
"""The sentences that say that a rule could not be told, and not that it is violated."""
_DAY = 24 * 60 * 60 * 1_000_000
"""Microseconds of a day by the wall clock."""
_WEIGHT = {Level.OFF: 0, Level.WARN: 1, Level.BLOCK: 2}
_SPAN = re.compile(r"(?P<days>[A-Za-z][A-Za-z,\s–-]*?)\s+(?P<begin>\d{1,2}:\d{2})\s*[-–]\s*(?P<end>\d{1,2}:\d{2})")


@dataclass(frozen=True, slots=True)
class Place:
    """Where people work by one calendar: the organization, or the customer."""

    zone: ZoneInfo
    holidays: tuple[str, ...] = ()
    """ISO 3166-2 codes `ES-CT`, or a country `PT`. A day off in one of them is a day off."""
    extra_holidays: frozenset[date] = frozenset()
    """Local days off that have no name: they count, and are said, as non-working days, not as public holidays."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The window of another deployment that may not be overlapped."""

    window: Window
    deployment_id: str
    same_customer: bool
    """Only then may it be named."""
    same_responsible: bool


@dataclass(frozen=True, slots=True)
class Circumstances:
    """All that a date is judged by."""

    places: tuple[Place, ...]
    """The organization first, then the customer; at least one. Preferred hours are the last one's local time."""
    freezes: tuple[Freeze, ...] = ()
    """The customer's own and everybody's (`*`), as `Registry.freezes_of` gives them, and nobody else's: the reason of
    one that bears a customer's name is said."""
    preferred_hours: tuple[PreferredHours, ...] = ()
    levels: Mapping[Rule, Level] = field(default_factory=lambda: DEFAULT_LEVELS)
    """Already merged for the customer; a rule that is missing has its default."""
    taken: tuple[Taken, ...] = ()
    """The other deployments, never the judged one."""
    vacations: tuple[Vacation, ...] = ()
    """Of staff, by the organization's days: only their eves count, and nothing of them is said but that and when."""
    unknown: tuple[tuple[Rule, Sentence], ...] = ()
    """Rules whose sources could not be read, each with the sentence (of `UNKNOWN`) that says so."""
    doubtful: tuple[Freeze, ...] = ()
    """Freezes of which nobody can tell whose they are: a warning on their days and eves, whoever the customer is."""

    def level(self, rule: Rule) -> Level:
        return self.levels.get(rule, DEFAULT_LEVELS[rule])


def judge(window: Window, circumstances: Circumstances) -> tuple[Finding, ...]:
    """The violated rules that are not off: those that block first, then as in `Rule`, then by day.

    A rule is said once a day, in the words of the first place where it is violated. A region whose holidays are not
    known is a warning (`rule_unknown`, under `EVE_OF_HOLIDAY`) whatever the levels: a date is never silently free. So
    is each source of `Circumstances.unknown` whose rule is not off.
    """
    return _Judge(circumstances).judge(_in_utc(window))


def allowed(findings: Iterable[Finding]) -> bool:
    """Whether nothing blocks."""
    return all(one.level is not Level.BLOCK for one in findings)


def is_unknown(finding: Finding) -> bool:
    """Whether it says that a rule could not be told, and not that it is violated."""
    return finding.sentence.code in UNKNOWN


def free_slots(
    window: Window,
    circumstances: Circumstances,
    now: datetime,
    count: int = 3,
    horizon: timedelta = timedelta(days=60),
) -> tuple[datetime, ...]:
    """The next `count` starts (UTC) at which the same duration is free, at most one a local day, the earliest first.

    They lie after `now` and after the window's own day, within `horizon` of the later of the two, at the window's
    local time of day in the organization's zone. Where that time is outside the preferred hours of a day, the day's
    first preferred span that is free gives the start. A local time that a spring night skips is not proposed.

    Free means: nothing is found. Two findings do not count: what is unknown for the window itself (no date would be
    free, and the window's own findings say so); and, only where nothing else is free within the horizon and
    the rule does not block, a time outside the preferred hours (a deployment may be longer than every span).
    """
    window, judge_ = _in_utc(window), _Judge(circumstances)
    doubts = frozenset(one for one in judge_.judge(window) if one.sentence.code in UNKNOWN)
    for leniency in (frozenset[Rule](), frozenset({Rule.OUTSIDE_PREFERRED_HOURS})):
        found = tuple(islice(_free_starts(window, judge_, now, horizon, doubts, leniency), count))
        if found:
            return found
    return ()


def parse_preferred_hours(text: str) -> tuple[PreferredHours, ...]:
    """Read `Mon-Thu 15:00-20:00; Fri 08:00-10:00`: spans by `;` or lines; `Mon,Wed` and `Fri-Mon` are weekdays too.

    A span that ends at or before its begin ends on the next day (`22:00-06:00`, `20:00-24:00`). Raises ValueError
    with a sentence for what is not that.
    """
    parts = [part.strip() for part in re.split(r"[;\n]", text)]
    return tuple(_parse_span(part) for part in parts if part)


def preferred_hours_text(hours: Iterable[PreferredHours]) -> str:
    """Preferred hours as `parse_preferred_hours` reads them."""
    return "; ".join(f"{_weekdays_text(one.weekdays)} {one.begin:%H:%M}-{_end_text(one)}" for one in hours)


# ---------------------------------------------------------------------------------------------------- days


@dataclass(frozen=True, slots=True)
class _Year:
    """One year of a region: its public holidays by day, and its weekend days."""

    holidays: Mapping[date, str]
    weekend: frozenset[date]


@lru_cache(maxsize=1024)
def _year(region: str, year: int) -> _Year | None:
    """The calendar of a region, names in the country's own language; None where it is not known.

    A region the package does not have and a year it does not cover (it gives an empty one) are alike unknown.
    """
    country, _, subdivision = region.upper().partition("-")
    if not REGION.fullmatch(region.upper()):
        # The package would take `ES-` for the whole country, without the region's own holidays; PUBLIC is a name of it.
        return None
    try:
        language = holidays.country_holidays(country, subdiv=subdivision or None).default_language
        # Without a language the package takes the one of the process's environment.
        calendar = holidays.country_holidays(country, subdiv=subdivision or None, years=year, language=language)
    except NotImplementedError:
        return None
    days = {day: name for day, name in calendar.items() if day.year == year}
    if not days:
        return None
    first = date(year, 1, 1).toordinal()
    weekend = frozenset(
        day
        for day in map(date.fromordinal, range(first, date(year, 12, 31).toordinal() + 1))
        if calendar.is_weekend(day) and day not in calendar.weekend_workdays
    )
    return _Year(days, weekend)


@dataclass(frozen=True, slots=True)
class _Violation:
    """A rule that a local day violates, whatever its level, and where that comes from (`Finding.origin`)."""

    rule: Rule
    sentence: Sentence
    origin: str = ""


class _Calendar:
    """The days of one place. What was worked out of a day once is kept: it never changes."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._by_year: dict[int, tuple[tuple[str, _Year], ...]] = {}
        self._violations: dict[date, tuple[_Violation, ...]] = {}
        self._unknown: dict[int, tuple[str, ...]] = {}

    def violated_on(self, day: date) -> tuple[_Violation, ...]:
        """The rules a day violates by the calendar alone."""
        found = self._violations.get(day)
        if found is None:
            found = self._violations[day] = tuple(self._work_out(day))
        return found

    def unknown_regions(self, day: date) -> tuple[str, ...]:
        """Regions of which the day or the next one cannot be told."""
        year = day.year
        found = self._unknown.get(year)
        if found is None:
            found = tuple(region for region in self._place.holidays if _year(region, year) is None)
            self._unknown[year] = found
        if day.month == 12 and day.day == 31 and day < date.max:
            return tuple(dict.fromkeys((*found, *self.unknown_regions(_next(day)))))
        return found

    def is_working(self, day: date) -> bool:
        return not (day in self._place.extra_holidays or self._is_weekend(day) or self._holiday(day)[0])

    def eve_of(self, first: date) -> date:
        """The last working day before `first`."""
        day = first - ONE_DAY
        while day > date.min and not self.is_working(day):
            day -= ONE_DAY
        return day

    def _work_out(self, day: date) -> Iterator[_Violation]:
        tomorrow = _next(day)
        if day.isoweekday() == FRIDAY:
            yield _Violation(Rule.FRIDAY, Sentence.of("friday", day=day))
        holiday, region = self._holiday(tomorrow)
        if holiday:
            yield _Violation(Rule.EVE_OF_HOLIDAY, Sentence.of("eve_of_holiday", day=day, holiday=holiday), region)
        if self._is_eve_of_non_working_day(day):
            sentence = Sentence.of("eve_of_non_working_day", day=day, next_day=tomorrow)
            yield _Violation(Rule.EVE_OF_NON_WORKING_DAY, sentence, self._why_off(tomorrow))
        holiday, region = self._holiday(day)
        if holiday:
            yield _Violation(Rule.NON_WORKING_DAY, Sentence.of("non_working_holiday", day=day, holiday=holiday), region)
        elif not self.is_working(day):
            yield _Violation(Rule.NON_WORKING_DAY, Sentence.of("non_working_day", day=day), self._why_off(day))

    def _is_eve_of_non_working_day(self, day: date) -> bool:
        """The next day is a weekend day or an extra holiday.

        The plain weekend after a Friday is said by `friday` alone, also where that is off, so that `friday: warn` is
        not undone here.
        """
        tomorrow = _next(day)
        if self._is_weekend(tomorrow):
            return day.isoweekday() != FRIDAY
        return tomorrow in self._place.extra_holidays

    def _why_off(self, day: date) -> str:
        return "extra holidays" if day in self._place.extra_holidays else "weekend"

    def _years(self, year: int) -> tuple[tuple[str, _Year], ...]:
        found = self._by_year.get(year)
        if found is None:
            known = ((region, _year(region, year)) for region in self._place.holidays)
            found = self._by_year[year] = tuple((region, one) for region, one in known if one)
        return found

    def _holiday(self, day: date) -> tuple[str, str]:
        """The name of the public holiday and the region that has it; empty where it is none."""
        for region, year in self._years(day.year):
            if day in year.holidays:
                return year.holidays[day], region
        return "", ""

    def _is_weekend(self, day: date) -> bool:
        years = self._years(day.year)
        if not years:
            return day.isoweekday() in SATURDAY_AND_SUNDAY
        return any(day in year.weekend for _, year in years)


@lru_cache(maxsize=4096)
def _calendar(place: Place) -> _Calendar:
    return _Calendar(place)


def forget_calendars() -> None:
    """Empty what is kept of places and years, for measuring; nothing else changes by it."""
    _calendar.cache_clear()
    _year.cache_clear()


def unknown_regions(places: Iterable[Place], day: date) -> tuple[Sentence, ...]:
    """A sentence per region whose holidays of the day's year are not known."""
    regions = dict.fromkeys(region for place in places for region in _calendar(place).unknown_regions(day))
    return tuple(Sentence.of(RULE_UNKNOWN, region=region) for region in regions)


def _next(day: date) -> date:
    """The next day; the last day of the calendar is its own."""
    return day + ONE_DAY if day < date.max else day


def _local_days(window: Window, zone: ZoneInfo) -> Iterator[date]:
    """The local days the window touches; its end is exclusive, so that ending at 00:00 does not touch the next day."""
    first = window.start.astimezone(zone).date().toordinal()
    last = (window.end - timedelta.resolution).astimezone(zone).date().toordinal()
    return map(date.fromordinal, range(first, max(first, last) + 1))


def _in_utc(window: Window) -> Window:
    """The same instants in UTC: local ones are compared and added up by the wall clock, wrong on an autumn night."""
    return Window(window.start.astimezone(UTC), window.end.astimezone(UTC))


# ---------------------------------------------------------------------------------------------------- rules

_ORDER: Mapping[Rule | Check, int] = {rule: place for place, rule in enumerate(Rule)}


class _Judge:
    """Judges windows by the same circumstances; what does not depend on the window is worked out once."""

    def __init__(self, circumstances: Circumstances) -> None:
        self.circumstances = circumstances
        self._calendars = [(place.zone, _calendar(place)) for place in circumstances.places]
        self._periods = [
            [_Period.of(one, calendar) for one in _in_order(circumstances.freezes)] for _, calendar in self._calendars
        ]
        # The days of a vacation are the organization's.
        own = self._calendars[0][1]
        self._periods[0] += [_Period.of(one, own) for one in circumstances.vacations]
        self._doubtful = [
            [_Period.of(one, calendar) for one in circumstances.doubtful] for _, calendar in self._calendars
        ]
        self.hours = _Hours(circumstances.preferred_hours, circumstances.places[-1].zone)
        self._off = frozenset(rule for rule in Rule if circumstances.level(rule) is Level.OFF)
        both = zip(self._periods, self._doubtful, strict=True)
        self._stretches = [_Stretches.of([*periods, *doubtful], self._off) for periods, doubtful in both]

    def judge(self, window: Window) -> tuple[Finding, ...]:
        """As `deploylog.rules.judge`; the window is in UTC."""
        said: dict[tuple[Rule, date], _Violation] = {}
        unknown: dict[str, Finding] = {}
        doubtful = False
        for number, (zone, calendar) in enumerate(self._calendars):
            for day in _local_days(window, zone):
                for one in self._violated_on(day, number):
                    before = said.setdefault((one.rule, day), one)
                    if one.origin not in before.origin:
                        said[one.rule, day] = replace(before, origin=f"{before.origin}; {one.origin}")
                for region in calendar.unknown_regions(day):
                    unknown.setdefault(region, _unknown(region))
                doubtful = doubtful or any(one.eve <= day <= one.last for one in self._doubtful[number])
        findings = [
            Finding(rule, self.circumstances.level(rule), one.sentence, one.origin)
            for (rule, day), one in sorted(said.items(), key=lambda item: item[0][1])
            if not _already_said(rule, day, said, self.circumstances)
        ]
        findings += unknown.values()
        findings += _untold(self.circumstances)
        if doubtful and Rule.FREEZE not in self._off:
            findings.append(Finding(Rule.FREEZE, Level.WARN, Sentence.of(FREEZE_OF_NOBODY)))
        findings += self._outside_preferred_hours(window)
        findings += _overlaps(window, self.circumstances)
        weighed = [one for one in findings if one.level is not Level.OFF]
        # Two days before a vacation can name the same last working day: what reads the same is said once.
        return tuple(
            dict.fromkeys(sorted(weighed, key=lambda one: (one.level is not Level.BLOCK, _ORDER[one.subject])))
        )

    def is_free(self, window: Window, preferred: bool, doubts: frozenset[Finding], leniency: frozenset[Rule]) -> bool:
        """Whether `judge` finds nothing but `doubts` and what `leniency` lets pass unless it blocks.

        `preferred`: whether it lies within the preferred hours.

        Slots are looked for on hundreds of days: this says no at the first reason, and makes no sentence. `doubts` are
        those of a window judged here, so what could not be read (`Circumstances.unknown`) is among them.
        """
        if Rule.OUTSIDE_PREFERRED_HOURS not in self._off and not preferred:
            level = self.circumstances.level(Rule.OUTSIDE_PREFERRED_HOURS)
            if level is Level.BLOCK or Rule.OUTSIDE_PREFERRED_HOURS not in leniency:
                return False
        days: tuple[date, ...] = ()
        for number, (zone, calendar) in enumerate(self._calendars):
            if number == 0 or zone is not self._calendars[number - 1][0]:
                days = tuple(_local_days(window, zone))
            for day in days:
                if self.refuses(day, number):
                    return False
                regions = calendar.unknown_regions(day)
                if regions and any(_unknown(region) not in doubts for region in regions):
                    return False
        return Rule.OVERLAP in self._off or not _overlaps(window, self.circumstances)

    def refuses(self, day: date, number: int) -> bool:
        """Whether a local day of a place violates a rule that is not off."""
        for one in self._calendars[number][1].violated_on(day):
            if one.rule not in self._off:
                return True
        return day in self._stretches[number]

    def _outside_preferred_hours(self, window: Window) -> list[Finding]:
        if self.hours.contain(window):
            return []
        hours = preferred_hours_text(self.circumstances.preferred_hours)
        sentence = Sentence.of("outside_preferred_hours", hours=hours)
        return [Finding(Rule.OUTSIDE_PREFERRED_HOURS, self.circumstances.level(Rule.OUTSIDE_PREFERRED_HOURS), sentence)]

    def _violated_on(self, day: date, number: int) -> Iterator[_Violation]:
        """The rules a local day of a place violates, whatever their level."""
        yield from self._calendars[number][1].violated_on(day)
        for period in self._periods[number]:
            if period.eve <= day <= period.last:
                yield from period.violated_on(day)


@dataclass(frozen=True, slots=True)
class _Period:
    """A freeze or a vacation, and by one place's calendar the last working day before it."""

    of_what: Freeze | Vacation
    eve: date
    last: date

    @classmethod
    def of(cls, one: Freeze | Vacation, calendar: _Calendar) -> _Period:
        return cls(one, calendar.eve_of(one.first) if date.min < one.first <= one.last else one.first, one.last)

    def violated_on(self, day: date) -> Iterator[_Violation]:
        """Of a day from the eve on; within a vacation nothing."""
        first, origin = self.of_what.first, _origin(self.of_what)
        if day < first:
            if _next(day) == first:
                sentence = Sentence.of("eve_of_vacation_next_day", day=day)
            else:
                # A day further off says which the last working day is: itself, or one before.
                sentence = Sentence.of("eve_of_vacation", day=self.eve, first=first)
            yield _Violation(Rule.EVE_OF_VACATION, sentence, origin)
        elif isinstance(self.of_what, Freeze):
            yield _Violation(Rule.FREEZE, _frozen(day, self.of_what), origin)


class _Stretches:
    """Days that freezes and eves forbid, as stretches that do not overlap, in order: found by halving."""

    def __init__(self, stretches: Iterable[tuple[date, date]]) -> None:
        self._firsts: list[date] = []
        self._lasts: list[date] = []
        for first, last in sorted(stretches):
            if self._lasts and first <= self._lasts[-1]:
                self._lasts[-1] = max(last, self._lasts[-1])
            else:
                self._firsts.append(first)
                self._lasts.append(last)

    @classmethod
    def of(cls, periods: Iterable[_Period], off: frozenset[Rule]) -> _Stretches:
        """Of the rules that are not off."""
        found = []
        for period in periods:
            first, last = period.of_what.first, period.last
            if first <= last and isinstance(period.of_what, Freeze) and Rule.FREEZE not in off:
                found.append((first, last))
            if period.eve < first <= last and Rule.EVE_OF_VACATION not in off:
                found.append((period.eve, first - ONE_DAY))
        return cls(found)

    def __contains__(self, day: date) -> bool:
        at = bisect_right(self._firsts, day)
        return at > 0 and day <= self._lasts[at - 1]


def _in_order(freezes: Iterable[Freeze]) -> list[Freeze]:
    """The customer's own first: their reason may be said."""
    return sorted(freezes, key=lambda one: (one.customer == EVERYBODY, one.first))


def _origin(period: Freeze | Vacation) -> str:
    days = f"{period.first} to {period.last}"
    if isinstance(period, Vacation):
        return f"{period.origin}, {days}"
    return f"Freezes, {period.customer}, {days}" + (f", {period.reason}" if period.reason else "")


def _already_said(
    rule: Rule, day: date, said: Mapping[tuple[Rule, date], _Violation], circumstances: Circumstances
) -> bool:
    """Whether a holiday on a non-working day is said as the eve of the holiday, or an eve within a freeze as frozen.

    Only where that weighs as much: a holiday on a Sunday must not make the Saturday freer than other Saturdays.
    """
    covering = _COVERED_BY.get(rule)
    return (
        covering is not None
        and (covering, day) in said
        and _WEIGHT[circumstances.level(covering)] >= _WEIGHT[circumstances.level(rule)]
    )


_COVERED_BY = {Rule.EVE_OF_NON_WORKING_DAY: Rule.EVE_OF_HOLIDAY, Rule.EVE_OF_VACATION: Rule.FREEZE}


def _frozen(day: date, freeze: Freeze) -> Sentence:
    """The reason is said only to the customer whose own it is (design, "The spreadsheets")."""
    if freeze.customer == EVERYBODY or not freeze.reason:
        return Sentence.of("freeze_unnamed", day=day)
    return Sentence.of("freeze", day=day, reason=freeze.reason)


def _unknown(region: str) -> Finding:
    return Finding(Rule.EVE_OF_HOLIDAY, Level.WARN, Sentence.of(RULE_UNKNOWN, region=region))


def _untold(circumstances: Circumstances) -> list[Finding]:
    """What the sources could not tell: a warning, however much the rule itself weighs."""
    return [
        Finding(rule, Level.WARN, sentence)
        for rule, sentence in circumstances.unknown
        if circumstances.level(rule) is not Level.OFF
    ]


def _overlaps(window: Window, circumstances: Circumstances) -> list[Finding]:
    """The overlapped deployments of the customer by name; those of the responsible elsewhere once, without one."""
    found: dict[Sentence, list[str]] = {}
    for taken in circumstances.taken:
        other = taken.window
        if other.start < window.end and window.start < other.end:
            if taken.same_customer:
                found.setdefault(Sentence.of("overlap", other=taken.deployment_id), [])
            elif taken.same_responsible:
                found.setdefault(Sentence.of("overlap_unnamed"), []).append(taken.deployment_id)
    level = circumstances.level(Rule.OVERLAP)
    return [Finding(Rule.OVERLAP, level, sentence, "; ".join(others)) for sentence, others in found.items()]


# ---------------------------------------------------------------------------------------------------- preferred hours


class _Hours:
    """Preferred hours in the zone they are meant in."""

    def __init__(self, hours: Iterable[PreferredHours], zone: ZoneInfo) -> None:
        self._zone = zone
        self._begins: dict[int, list[int]] = {}
        """By weekday the begins of the spans, in order, in microseconds since its midnight."""
        spans = []
        for one in hours:
            begin, end = _since_midnight(one.begin), _since_midnight(one.end)
            length = (end + _DAY if one.end <= one.begin else end) - begin
            for weekday in one.weekdays:
                self._begins.setdefault(weekday, []).append(begin)
                # The week twice over: a window may go on from its Sunday into its Monday.
                spans += [(first, first + length) for first in (weekday * _DAY + begin, (weekday + 7) * _DAY + begin)]
        for begins in self._begins.values():
            begins.sort()
        self._spans: list[tuple[int, int]] = []
        """In microseconds since the midnight a Sunday begins with; what adjoins is one span."""
        for begin, end in sorted(spans):
            if self._spans and begin <= self._spans[-1][1]:
                self._spans[-1] = self._spans[-1][0], max(end, self._spans[-1][1])
            else:
                self._spans.append((begin, end))

    def contain(self, window: Window) -> bool:
        """Whether the whole window lies within one span, by local time; without spans every time is preferred."""
        if not self._spans:
            return True
        start = window.start.astimezone(self._zone)
        end = window.end.astimezone(self._zone)
        # In the second week, before which a span may have begun; and in the first, after which one may go on.
        begins = (start.isoweekday() + 7) * _DAY + _since_midnight(start)
        lasts = _since_midnight(end) - _since_midnight(start) + _DAY * (end.toordinal() - start.toordinal())
        return any(
            begin <= at and at + lasts <= until for begin, until in self._spans for at in (begins, begins - 7 * _DAY)
        )

    def begin_on(self, day: date) -> list[datetime]:
        """The begins of the spans of a local day, as local (naive) times, in order."""
        midnight = datetime.combine(day, time())
        return [midnight + timedelta(microseconds=begin) for begin in self._begins.get(day.isoweekday(), ())]


def _since_midnight(local: time | datetime) -> int:
    """Microseconds by the wall clock."""
    return ((local.hour * 60 + local.minute) * 60 + local.second) * 1_000_000 + local.microsecond


def _parse_span(part: str) -> PreferredHours:
    found = _SPAN.fullmatch(part)
    if not found:
        raise ValueError(_unread(part))
    begin, end = _minutes(found["begin"], part), _minutes(found["end"], part)
    if begin == end or begin == 24 * 60:
        raise ValueError(_unread(part))
    return PreferredHours(_parse_weekdays(found["days"], part), _time(begin), _time(end))


def _minutes(text: str, part: str) -> int:
    hour, minute = map(int, text.split(":"))
    if minute > 59 or hour * 60 + minute > 24 * 60:
        raise ValueError(_unread(part))
    return hour * 60 + minute


def _time(minutes: int) -> time:
    """24:00 is the midnight that ends the day: as an end, 00:00 says the same."""
    return time(minutes // 60 % 24, minutes % 60)


def _parse_weekdays(text: str, part: str) -> frozenset[int]:
    weekdays: set[int] = set()
    for word in text.split(","):
        names = [name.strip().capitalize() for name in re.split(r"[-–]", word)]
        if len(names) > 2 or any(name not in WEEKDAYS for name in names):
            raise ValueError(_unread(part))
        first, last = WEEKDAYS.index(names[0]), WEEKDAYS.index(names[-1])
        weekdays.update((first + step) % 7 + 1 for step in range((last - first) % 7 + 1))
    return frozenset(weekdays)


def _unread(part: str) -> str:
    return f"“{part}” is not a span of preferred hours; write it as in Mon-Thu 15:00-20:00; Fri 08:00-10:00"


def _weekdays_text(weekdays: frozenset[int]) -> str:
    """`Mon-Thu,Sat`: neighbours as a range."""
    runs: list[list[int]] = []
    for weekday in sorted(weekdays):
        if runs and weekday == runs[-1][-1] + 1:
            runs[-1].append(weekday)
        else:
            runs.append([weekday])
    return ",".join("-".join(dict.fromkeys((WEEKDAYS[run[0] - 1], WEEKDAYS[run[-1] - 1]))) for run in runs)


def _end_text(hours: PreferredHours) -> str:
    return "24:00" if hours.end == time(0) else f"{hours.end:%H:%M}"


# ---------------------------------------------------------------------------------------------------- slots


def _free_starts(
    window: Window,
    judge_: _Judge,
    now: datetime,
    horizon: timedelta,
    doubts: frozenset[Finding],
    leniency: frozenset[Rule],
) -> Iterator[datetime]:
    """Starts without findings, day by day; `doubts` and the rules of `leniency`, unless they block, do not count."""
    places = judge_.circumstances.places
    zone, duration = places[0].zone, window.duration
    local_start = window.start.astimezone(zone)
    own_day = local_start.date()
    earliest = max(own_day.toordinal() + 1, now.astimezone(zone).date().toordinal())
    latest = min(earliest + horizon.days, date.max.toordinal())
    here_as_there = zone is places[-1].zone
    last = now
    for ordinal in range(earliest, latest):
        day = date.fromordinal(ordinal)
        # Every start of the day lies on that day of ours where both zones are one.
        if here_as_there and judge_.refuses(day, 0):
            continue
        for start, preferred in _candidates(day, local_start.time(), duration, judge_):
            # Moved into the preferred hours of another zone, a start can fall on another day of ours, or on one found.
            if start <= last or (not here_as_there and start.astimezone(zone).date() <= own_day):
                continue
            if judge_.is_free(Window(start, start + duration), preferred, doubts, leniency):
                yield start
                last = start
                break


def _candidates(day: date, at: time, duration: timedelta, judge_: _Judge) -> list[tuple[datetime, bool]]:
    """The starts (UTC) worth a look on a local day, each with whether it lies within the preferred hours.

    The window's time of day, or, where that does not, the begins of the preferred spans.
    """
    places = judge_.circumstances.places
    same_time = _instant(datetime.combine(day, at), places[0].zone)
    fits = same_time is not None and judge_.hours.contain(Window(same_time, same_time + duration))
    at_same_time = [(same_time, fits)] if same_time else []
    if fits or judge_.circumstances.level(Rule.OUTSIDE_PREFERRED_HOURS) is Level.OFF:
        return at_same_time
    begins = [_instant(begin, places[-1].zone) for begin in judge_.hours.begin_on(day)]
    found = [(begin, judge_.hours.contain(Window(begin, begin + duration))) for begin in begins if begin]
    return found or at_same_time


def _instant(local: datetime, zone: ZoneInfo) -> datetime | None:
    """A local (naive) time as an instant in UTC; None where the clocks skip it."""
    instant = local.replace(tzinfo=zone).astimezone(UTC)
    return instant if instant.astimezone(zone).replace(tzinfo=None) == local else None

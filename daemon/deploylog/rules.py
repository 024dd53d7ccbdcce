"""When a deployment may be made, and when instead.

Pure: no I/O, no clock. The procedure ("Prerequisites"): not on a Friday, not the day before a non-working day or a
public holiday, not the day before the start of a vacation. Config `rules` weighs each rule.

Days are local: a window is judged on every local day it touches, in the zone and by the calendar of each place. What
is a public holiday, and what a weekend, is what the package `holidays` knows of the region.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

import holidays

from deploylog.model import Check, Finding, Freeze, Level, PreferredHours, Rule, Sentence, Vacation, Window

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
UNKNOWN = frozenset({RULE_UNKNOWN, "freezes_unknown", "vacations_unknown", "absence_unknown"})
"""The sentences that say that a rule could not be told, and not that it is violated."""
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
    country, dash, subdivision = region.upper().partition("-")
    if dash and not subdivision:
        # The package would take it for the whole country, and miss the region's own holidays.
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

    def judge(self, window: Window) -> tuple[Finding, ...]:
        """As `deploylog.rules.judge`; the window is in UTC."""
        said: dict[tuple[Rule, date], _Violation] = {}
        unknown: dict[str, Finding] = {}
        for number, (zone, calendar) in enumerate(self._calendars):
            for day in _local_days(window, zone):
                for one in self._violated_on(day, number):
                    before = said.setdefault((one.rule, day), one)
                    if one.origin not in before.origin:
                        said[one.rule, day] = replace(before, origin=f"{before.origin}; {one.origin}")
                for region in calendar.unknown_regions(day):
                    unknown.setdefault(region, _unknown(region))
        findings = [
            Finding(rule, self.circumstances.level(rule), one.sentence, one.origin)
            for (rule, day), one in sorted(said.items(), key=lambda item: item[0][1])
            if not _already_said(rule, day, said, self.circumstances)
        ]
        findings += unknown.values()
        findings += _untold(self.circumstances)
        findings += _outside_preferred_hours(window, self.circumstances)
        findings += _overlaps(window, self.circumstances)
        weighed = [one for one in findings if one.level is not Level.OFF]
        # Two days before a vacation can name the same last working day: what reads the same is said once.
        return tuple(
            dict.fromkeys(sorted(weighed, key=lambda one: (one.level is not Level.BLOCK, _ORDER[one.subject])))
        )

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
    sentences: dict[Sentence, None] = {}
    for taken in circumstances.taken:
        other = taken.window
        if other.start < window.end and window.start < other.end:
            if taken.same_customer:
                sentences[Sentence.of("overlap", other=taken.deployment_id)] = None
            elif taken.same_responsible:
                sentences[Sentence.of("overlap_unnamed")] = None
    return [Finding(Rule.OVERLAP, circumstances.level(Rule.OVERLAP), sentence) for sentence in sentences]


# ---------------------------------------------------------------------------------------------------- preferred hours


def _outside_preferred_hours(window: Window, circumstances: Circumstances) -> list[Finding]:
    if _is_preferred(window, circumstances):
        return []
    hours = preferred_hours_text(circumstances.preferred_hours)
    sentence = Sentence.of("outside_preferred_hours", hours=hours)
    return [Finding(Rule.OUTSIDE_PREFERRED_HOURS, circumstances.level(Rule.OUTSIDE_PREFERRED_HOURS), sentence)]


def _is_preferred(window: Window, circumstances: Circumstances) -> bool:
    """Whether the whole window lies within one span; where none is given, every time is preferred."""
    if not circumstances.preferred_hours:
        return True
    zone = circumstances.places[-1].zone
    start = window.start.astimezone(zone).replace(tzinfo=None)
    end = window.end.astimezone(zone).replace(tzinfo=None)
    # A span that crosses midnight belongs to the weekday on which it begins.
    days = (start.date(), start.date() - ONE_DAY)
    spans = (span for day in days for span in _spans_on(day, circumstances.preferred_hours))
    return any(begin <= start and end <= until for begin, until in spans)


def _spans_on(day: date, hours: Iterable[PreferredHours]) -> list[tuple[datetime, datetime]]:
    """The spans that begin on a local day, as local (naive) times, in order."""
    return sorted(
        (
            datetime.combine(day, one.begin),
            datetime.combine(_next(day) if one.end <= one.begin else day, one.end),
        )
        for one in hours
        if day.isoweekday() in one.weekdays
    )


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
    circumstances = judge_.circumstances
    zone = circumstances.places[0].zone
    own_day = window.start.astimezone(zone).date()
    earliest = max(own_day.toordinal() + 1, now.astimezone(zone).date().toordinal())
    latest = min(earliest + horizon.days, date.max.toordinal())
    last = now
    for ordinal in range(earliest, latest):
        for start in _candidates(date.fromordinal(ordinal), window, circumstances):
            # Moved into the preferred hours of another zone, a start can fall on another day of ours, or on one found.
            if start <= last or start.astimezone(zone).date() <= own_day:
                continue
            findings = judge_.judge(Window(start, start + window.duration))
            if all(one in doubts or (one.subject in leniency and allowed((one,))) for one in findings):
                yield start
                last = start
                break


def _candidates(day: date, window: Window, circumstances: Circumstances) -> list[datetime]:
    """The starts (UTC) worth a look on a local day: the window's time of day, or the begins of the preferred spans."""
    zone, zone_there = circumstances.places[0].zone, circumstances.places[-1].zone
    same_time = _instant(datetime.combine(day, window.start.astimezone(zone).time()), zone)
    at_same_time = [same_time] if same_time else []
    if circumstances.level(Rule.OUTSIDE_PREFERRED_HOURS) is Level.OFF:
        return at_same_time
    if same_time and _is_preferred(Window(same_time, same_time + window.duration), circumstances):
        return at_same_time
    begins = [_instant(begin, zone_there) for begin, _ in _spans_on(day, circumstances.preferred_hours)]
    return [begin for begin in begins if begin] or at_same_time


def _instant(local: datetime, zone: ZoneInfo) -> datetime | None:
    """A local (naive) time as an instant in UTC; None where the clocks skip it."""
    instant = local.replace(tzinfo=zone).astimezone(UTC)
    return instant if instant.astimezone(zone).replace(tzinfo=None) == local else None

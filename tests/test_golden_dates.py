"""The golden tables of 2024 to 2027, nine regions, line by line (`golden/dates/2024-2027/README.md`).

They were written without the code and without a library of holidays. Where a rule is read otherwise than there, it is
said here and in that README; no line is bent.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from deploylog.model import Freeze, Rule, Window
from deploylog.rules import Circumstances, Place, judge

TABLES = Path(__file__).parent / "golden" / "dates" / "2024-2027"
ZONES = {
    "PT": "Europe/Lisbon",
    "FR": "Europe/Paris",
    "GB-ENG": "Europe/London",
    "DE-BY": "Europe/Berlin",
    "IT": "Europe/Rome",
}
NATIONAL_UNITY = {("IT", "2024-11-02"), ("IT", "2025-11-01")}
"""The day before the first Sunday of November (Legge 54/1977, art. 1), which the table leaves out."""
SAID_BY_OTHERS = {"friday", "eve_of_holiday"}
"""Rules that say the weekend day after a day themselves."""

Row = dict[str, str]


def by_region(name: str) -> dict[str, list[Row]]:
    found = defaultdict(list)
    with (TABLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["region"]].append(row)
    return found


HOLIDAYS, VERDICTS, VACATIONS = map(by_region, ("holidays", "verdicts", "vacations"))


def place_of(region: str) -> Place:
    return Place(ZoneInfo(ZONES.get(region, "Europe/Madrid")), (region,))


def found_on(day: date, place: Place, *vacations: Freeze) -> set[str]:
    start = datetime.combine(day, time(10), place.zone).astimezone(UTC)
    window = Window(start, start + timedelta(minutes=15))
    return {str(one.subject) for one in judge(window, Circumstances((place,), vacations))}


def wanted(row: Row) -> set[str]:
    rules = set(row["expected"].split())
    if (row["region"], row["date"]) in NATIONAL_UNITY:
        rules = rules - {"eve_of_non_working_day"} | {"eve_of_holiday"}
    return rules - {"eve_of_non_working_day"} if rules & SAID_BY_OTHERS else rules


def test_the_tables_are_whole() -> None:
    """A table that was cut short, or a column that was renamed, must not pass for agreement."""
    assert len(VERDICTS) == len(VACATIONS) == len(HOLIDAYS) == 9
    assert [sum(map(len, table.values())) for table in (HOLIDAYS, VERDICTS, VACATIONS)] == [408, 5398, 397]
    named = {
        rule for rows in (VERDICTS, VACATIONS) for region in rows.values() for row in region for rule in wanted(row)
    }
    assert named <= set(Rule)
    assert {int(row["date"][:4]) for row in VERDICTS["ES-IB"]} == {2024, 2025, 2026, 2027}


@pytest.mark.parametrize("region", HOLIDAYS)
def test_every_public_holiday_is_known_by_a_name(region: str) -> None:
    place = place_of(region)
    days = [date.fromisoformat(row["date"]) for row in HOLIDAYS[region]]
    assert [day for day in days if "eve_of_holiday" not in found_on(day - timedelta(days=1), place)] == []


@pytest.mark.parametrize("region", VERDICTS)
def test_every_day_is_judged_as_in_the_table(region: str) -> None:
    place = place_of(region)
    judged = {row["date"]: (found_on(date.fromisoformat(row["date"]), place), wanted(row)) for row in VERDICTS[region]}
    assert {day: both for day, both in judged.items() if both[0] != both[1]} == {}


@pytest.mark.parametrize("region", VACATIONS)
def test_every_day_around_a_vacation_is_judged_as_in_the_table(region: str) -> None:
    place, differ = place_of(region), {}
    eves = {
        (row["vacation_first"], row["vacation_last"]): row["date"]
        for row in VACATIONS[region]
        if "eve_of_vacation" in row["expected"].split()
    }
    for row in VACATIONS[region]:
        first, last, day = row["vacation_first"], row["vacation_last"], row["date"]
        expected = wanted(row)
        if eves[first, last] < day < first:
            # Between the last working day and the vacation no day is freer than that day (see above).
            assert "non_working_day" in expected
            expected.add("eve_of_vacation")
        vacation = Freeze("DIBA", date.fromisoformat(first), date.fromisoformat(last), "Vacaciones")
        found = found_on(date.fromisoformat(day), place, vacation)
        if found != expected:
            differ[first, day] = (found, expected)
    assert differ == {}

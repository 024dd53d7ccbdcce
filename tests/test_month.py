"""What the operator sees of a date: the same findings as a log, with where each comes from, and the month around it."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from rich.console import Console

from deploylog.messages import Messages
from deploylog.model import Freeze, Rule, Sentence, Vacation
from deploylog.month import Verdict, blocked_days, finding_words, month_table, verdict, verdict_data
from deploylog.rules import Circumstances, Place

MADRID = ZoneInfo("Europe/Madrid")
MESSAGES = Messages(None, MADRID)
NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
AROUND = Circumstances(
    (Place(MADRID, ("ES-IB",)),),
    freezes=(Freeze("*", date(2026, 11, 23), date(2026, 11, 27), "audit"),),
    vacations=(Vacation(date(2026, 11, 18), date(2026, 11, 19), "ana@soffid.example: Operation"),),
    unknown=((Rule.EVE_OF_VACATION, Sentence.of("absence_unknown")),),
)


def judged(day: int = 17) -> Verdict:
    return verdict("DIBA", datetime(2026, 11, day, 9), timedelta(minutes=30), AROUND, MADRID, NOW)  # noqa: DTZ001


def shown(one: Verdict) -> list[str]:
    console = Console(file=io.StringIO(), width=80, color_system=None)
    console.print(month_table(one, "en"))
    file = console.file
    assert isinstance(file, io.StringIO)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_the_operator_sees_whose_vacation_it_is() -> None:
    (eve, unknown) = judged().findings
    assert finding_words(eve, MESSAGES, "en", MADRID) == (
        "Tue 17 Nov is the day before the start of a vacation [ana@soffid.example: Operation, 2026-11-18 to 2026-11-19]"
    )
    assert finding_words(unknown, MESSAGES, "en", MADRID).endswith("check the date by hand (warning)")


def test_blocked_days_are_marked_without_colours_and_explained() -> None:
    lines = shown(judged())
    assert lines[0] == "November 2026, 09:00"
    assert any(line.split() == ["16!", "17x", "18!", "19!", "20x", "21x", "22x"] for line in lines)
    why = blocked_days(judged(), MESSAGES, "en")
    assert [line.partition(":")[0] for line in why][:4] == ["Fri 6 Nov", "Sat 7 Nov", "Fri 13 Nov", "Sat 14 Nov"]
    [frozen] = [line for line in why if line.startswith("Mon 23 Nov")]
    assert "[Freezes, *, 2026-11-23 to 2026-11-27, audit]" in frozen


def test_data_has_the_same_content() -> None:
    one = judged()
    data = verdict_data(one, MESSAGES, "en")
    assert data["findings"][0]["origin"] == "ana@soffid.example: Operation, 2026-11-18 to 2026-11-19"
    assert data["slots"] == [slot.isoformat() for slot in one.slots]
    blocked = [each["date"] for each in data["month"] if not each["allowed"]]
    assert len(blocked) == len(blocked_days(one, MESSAGES, "en"))
    assert "2026-11-17" in blocked
    assert "2026-11-18" not in blocked


def test_a_time_that_a_spring_night_skips_is_judged_all_the_same() -> None:
    night = datetime(2027, 3, 28, 2, 30)  # noqa: DTZ001
    one = verdict("DIBA", night, timedelta(minutes=30), AROUND, MADRID, NOW)
    assert date(2027, 3, 28) in one.month
    assert Rule.NON_WORKING_DAY in [each.subject for each in one.findings]

"""What is left of Sheets' reads: counted over the last minute, nothing for a while after a refusal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from deploylog.google.quota import AFTER_REFUSAL, ReadQuota

READ, WRITE = "sheets.spreadsheets.values.batchGet", "sheets.spreadsheets.values.batchUpdate"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 12, 9, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_each_read_counts_for_a_minute_whatever_its_answer() -> None:
    clock = Clock()
    quota = ReadQuota(10, clock)
    for method, status in ((READ, 200), (WRITE, 200), ("sheets.spreadsheets.get", 503), ("drive.files.list", 200)):
        quota.called(method, status)
    assert quota.left() == 8
    clock.now += timedelta(seconds=59)
    quota.called(READ, 0)
    assert quota.left() == 7
    clock.now += timedelta(seconds=1)
    assert quota.left() == 9


def test_never_less_than_nothing_is_left_and_no_limit_is_none() -> None:
    quota, free = ReadQuota(2, Clock()), ReadQuota(None, Clock())
    for _ in range(3):
        quota.called(READ, 200)
        free.called(READ, 200)
    assert quota.left() == 0
    assert free.left() is None


def test_daemons_that_read_as_one_user_count_on_an_equal_part_each() -> None:
    quota = ReadQuota(60, Clock())
    quota.called(READ, 200)
    quota.sharers = 3
    assert (quota.allowed, quota.left()) == (20, 19)
    quota.sharers = 100
    assert (quota.allowed, quota.left()) == (1, 0)


def test_after_a_refusal_nothing_is_left_for_a_while() -> None:
    clock = Clock()
    quota = ReadQuota(10, clock)
    quota.called(READ, 429)
    assert quota.left() == 0
    clock.now += AFTER_REFUSAL
    assert quota.left() == 10


def test_a_clock_that_jumps_back_leaves_nothing_counted_for_ever() -> None:
    clock = Clock()
    quota = ReadQuota(10, clock)
    quota.called(READ, 200)
    quota.called(READ, 429)
    clock.now -= timedelta(hours=1)
    assert quota.left() == 10

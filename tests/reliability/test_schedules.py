"""Lives by chance: whatever staff do and whatever fails, nothing is lost, nothing is sent twice, nobody else is told.

`make test` lives 300 of them, `make test-reliability` 10,000 (`DEPLOYLOG_SCHEDULES`).
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from invariants import count, judge
from schedules import Schedule
from simulation import Machine

SCHEDULES = int(os.environ.get("DEPLOYLOG_SCHEDULES", "300"))
AT_ONCE = 25
"""Lives of one test."""


@pytest.mark.parametrize("first", range(0, SCHEDULES, AT_ONCE))
def test_whatever_happens_nothing_is_lost_or_sent_twice(machine: Machine, first: int, figures: Counter[str]) -> None:
    for seed in range(first, min(first + AT_ONCE, SCHEDULES)):
        life = machine.life()
        schedule = Schedule(life, seed)
        schedule.run()
        verdict = judge(life)
        count(figures, "lives by chance", life, verdict)
        assert verdict.wrong == (), (
            f"seed {seed}; to see it: PYTHONPATH=tests:tests/story .venv/bin/python tests/reliability/replay.py {seed}"
        )

"""A story with every kind of effect, in which the daemon dies at one point: before or after a call or a commit.

`make test` takes a sample of the points, `make test-reliability` all of them (`DEPLOYLOG_EVERY_POINT`).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest
from course import Course
from invariants import PEOPLE, count, judge, notes, received
from simulation import Life, Machine
from world import MADRID, TICKS, WEDNESDAY

from deploylog import deployment_log as log
from deploylog.cells import serial_of
from deploylog.lifecycle import EffectState
from deploylog.model import Kind

SAMPLE = 50
"""Parts of the story's points; `make test` dies at one point of each, always the same."""
EVERY = bool(os.environ.get("DEPLOYLOG_EVERY_POINT"))
MINUTE = timedelta(minutes=1)


def live(life: Life) -> None:
    """Four deployments: one late and done, one rolled back, one cancelled, one moved and closed without boxes."""
    diba, course = life.log("DIBA"), Course(life)
    for row, start in enumerate((0, 5, 40, 90), start=2):
        diba.plan(row, WEDNESDAY + start * MINUTE, **{log.COMPONENTS: f"addon {row}"})
    course.go(timedelta(seconds=31))
    diba.write(5, {log.START: serial_of(WEDNESDAY + 100 * MINUTE, MADRID)})
    course.go(timedelta(seconds=31))
    course.go_to(WEDNESDAY + 8 * MINUTE)
    diba.write(3, {log.STATUS: "Rolled back", log.COMMENT: "version 1 is back"})
    course.go_to(WEDNESDAY + 26 * MINUTE)
    diba.write(2, {log.NEW_END: serial_of(WEDNESDAY + 35 * MINUTE, MADRID)})
    diba.write(4, {log.STATUS: "Cancelled"})
    # Seen at the next poll, whether or not something else is due: the nudge for the new end is due by then.
    course.go(timedelta(seconds=31))
    course.go_to(WEDNESDAY + 50 * MINUTE)
    diba.write(2, {log.STATUS: "Done", **TICKS})
    # The nudge is due at 105: a daemon that died at it has looked what became of it before the row is closed.
    course.go_to(WEDNESDAY + 106 * MINUTE)
    diba.write(5, {log.STATUS: "Done"})
    course.go(timedelta(seconds=31))
    course.go_to(WEDNESDAY + 117 * MINUTE)
    diba.write(5, TICKS)


@dataclass(frozen=True)
class Undisturbed:
    """The story when nothing happens."""

    points: int
    """At how many points the daemon could die."""
    told: Mapping[str, tuple[str, ...]]
    """What each person has in the end."""


@pytest.fixture(scope="module")
def undisturbed(machine: Machine) -> Undisturbed:
    """It brings about every kind of effect there is."""
    life = machine.life()
    live(life)
    points = life.trouble.points
    Course(life).calm()
    effects = life.ledger.effects_of(life.log("DIBA").file_id)
    assert {one.key.kind for one in effects} == set(Kind)
    assert {one.state for one in effects} <= {EffectState.SENT, EffectState.DEAD}
    assert judge(life).wrong == ()
    return Undisturbed(points, _told(life))


@pytest.mark.parametrize("part", range(SAMPLE))
def test_a_daemon_that_dies_at_any_point_loses_nothing_and_sends_nothing_twice(
    machine: Machine, undisturbed: Undisturbed, part: int, figures: Counter[str]
) -> None:
    points = undisturbed.points
    first, end = points * part // SAMPLE, points * (part + 1) // SAMPLE
    for point in range(first, end) if EVERY else (first + part % (end - first),):
        life = machine.life()
        life.trouble.kill_in = point
        live(life)
        assert life.trouble.met["killed somewhere"] == 1
        Course(life).calm()
        verdict = judge(life)
        count(figures, "crash points", life, verdict)
        assert (verdict.wrong, verdict.parked) == ((), ()), f"died at point {point} of {points}"
        assert _told(life) == undisturbed.told, f"died at point {point} of {points}"


def _told(life: Life) -> Mapping[str, tuple[str, ...]]:
    """What each person has, and the ticket, in the markers' own words: kind, round and language of every mail."""
    mails = {
        address: tuple(sorted(mail.marker.split(".", 1)[1] for mail in received(life, address) if mail.marker))
        for address in sorted(PEOPLE)
    }
    return mails | {"the ticket": tuple(sorted(marker.split(".", 1)[1] for marker in notes(life).elements()))}

"""`make bench`: measures what the project promises about speed and writes docs/performance.md.

A figure is a function without arguments that is run several times; what counts is the processor time of this process,
so that a machine others use at the same time does not decide. Add one to `FIGURES` with its aim, in a module of its
own beside this. A missed aim ends with status 1. `ARGS="--runs 9 --only dates"` is handed on.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import bench_dates

CHECKOUT = Path(__file__).parent.parent.parent
PAGE = CHECKOUT / "docs" / "performance.md"


@dataclass(frozen=True)
class Figure:
    """Something that is measured."""

    name: str
    what: str
    aim: float
    """Seconds of processor time that every run has to stay below."""
    run: Callable[[], str]
    """Does it once, and says how much was done."""


@dataclass(frozen=True)
class Measured:
    """A figure with what its runs took, in seconds of processor time, and what the last one did."""

    figure: Figure
    seconds: tuple[float, ...]
    done: str

    @property
    def held(self) -> bool:
        return max(self.seconds) < self.figure.aim


FIGURES: tuple[Figure, ...] = (
    Figure("dates", "a year of slots for 1,000 customers, on one core", 5.0, bench_dates.year_of_slots),
)


def measure(figure: Figure, runs: int) -> Measured:
    """Run a figure, each time with what earlier runs kept."""
    seconds, done = [], ""
    for _ in range(runs):
        began = time.process_time()
        done = figure.run()
        seconds.append(time.process_time() - began)
    return Measured(figure, tuple(seconds), done)


def report(measured: Sequence[Measured]) -> str:
    """The page: the machine, the commit and the day, and a row per figure."""
    lines = [
        "# Performance",
        "",
        "Written by `make bench` (`tests/bench/measure.py`), as it printed it. Seconds are processor time of one",
        "process; the aim holds where the slowest run stays below it.",
        "",
        f"- Machine: {_processor()}, {os.cpu_count()} cores; Python {platform.python_version()}, {platform.system()}",
        f"- Commit: {_commit()}",
        f"- Date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "",
        "| figure | done | runs | min | median | max | aim | held |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in measured:
        least, middle, most = min(one.seconds), statistics.median(one.seconds), max(one.seconds)
        lines.append(
            f"| {one.figure.name}: {one.figure.what} | {one.done} | {len(one.seconds)} | {least:.2f} s "
            f"| {middle:.2f} s | {most:.2f} s | under {one.figure.aim:g} s | {'yes' if one.held else 'NO'} |"
        )
    return "\n".join(lines) + "\n"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _commit() -> str:
    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=CHECKOUT, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", ":!docs/performance.md")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" if changed else "")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="", help="the name of one figure; then no page is written")
    asked = parser.parse_args()
    chosen = [one for one in FIGURES if asked.only in ("", one.name)]
    measured = [measure(one, asked.runs) for one in chosen]
    page = report(measured)
    sys.stdout.write(page)
    if not asked.only:
        PAGE.write_text(page, encoding="utf-8")
    return 0 if measured and all(one.held for one in measured) else 1


if __name__ == "__main__":
    sys.exit(main())

"""`make bench`: measures what the project promises about calls, time and memory, and writes docs/performance.md.

Each module of `MODULES` has a function `lines(size)` that measures and gives `figures.Line`s; add one beside this with
its aim. Every module runs in a process of its own, two at a time; those of real time afterwards, one at a time. A
missed aim is printed as missed and ends with status 1.

`ARGS="--only judging"` measures one and writes no page; `ARGS="--logs 50 --many 200"` makes all of it smaller, and
writes none either; `ARGS="--seconds 40"` gives each step less time.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import structlog
from figures import Line, Size

CHECKOUT = Path(__file__).parent.parent.parent
PAGE = CHECKOUT / "docs" / "performance.md"
VIRTUAL = ("thousand", "many", "due_mails", "row_calls", "judging", "year_of_slots")
"""In process, on a virtual clock or by processor time: one beside another changes little."""
REAL = ("instants", "memory")
"""In real time, with processes of their own."""
MODULES = (*VIRTUAL, *REAL)
_PAGE = """\
# Performance

Written by `make bench` (`tests/bench/measure.py`), as it measured it; nothing here is typed in.

- Machine: {machine}
- Commit: {commit}
- Command: `{command}`, {minutes} minutes, {at} UTC
- Aims held: {held} of {of}

| what | aim | measured | held | a script |
|---|---|---|---|---|
{table}

**A script**: `tests/bench/by_script.py`, gspread and the APIs of Gmail and Calendar, opening every log at every poll,
in the same sandbox and run. Where a quota stops it, it waits as gspread's backoff client does.

**The sandbox** counts the calls, refuses by Google's published quotas where a line says under quota, and answers on a
virtual clock where a line says virtual: there each call takes 0.2 s. Processor seconds are of one process, without what
the sandbox took in it.

**The logs** have {rows} rows where nothing else is said, as the daemon left them: closed deployments and a draft; the
ledger of a first start is empty. A step that is not through within {seconds} s is told as missed,
with how far it came.

`make soak` shows memory and store over 10,000 passes.

## How each was measured, and where it went

{details}
"""


def measured(module: str, size: Size) -> list[Line]:
    """Every line of a module; one more that says so where the module itself failed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    lines: list[Line] = []
    try:
        lines += importlib.import_module(module).lines(size)
    except Exception as fault:
        lines.append(Line(module, "to be measured", f"failed: {fault!r}", False, "not measured"))
    return lines


def measure(modules: Sequence[str], size: Size) -> dict[str, list[Line]]:
    """By module, in the order of `MODULES`."""
    found: dict[str, list[Line]] = {}
    for at_once, group in ((2, VIRTUAL), (1, REAL)):
        chosen = [one for one in group if one in modules]
        # A new process for each: what one holds in memory, or has worked out already, is nothing to the next.
        with ProcessPoolExecutor(at_once, get_context("spawn"), max_tasks_per_child=1) as pool:
            for module, lines in zip(chosen, pool.map(measured, chosen, [size] * len(chosen)), strict=True):
                found[module] = lines
                for line in lines:
                    print(f"{'held  ' if line.held else 'MISSED'}  {line.what}: {line.measured}", flush=True)
    return found


def report(lines: Iterable[Line], size: Size, took: float) -> str:
    """The page: the machine, the commit, the command, the table, and how each line was measured."""
    lines = list(lines)
    held = sum(line.held for line in lines)
    machine = f"{_processor()}, {os.cpu_count()} cores; Python {platform.python_version()}, {platform.system()}"
    table = [
        f"| {line.what} | {line.aim} | {line.measured} | {'yes' if line.held else 'NO'} | {line.script or '–'} |"
        for line in lines
    ]
    details = [
        f"- **{line.what}**: {line.how}."
        + (f" Here: {line.where}." if line.where else "")
        + (f" Why the aim is missed: {line.limit}." if line.limit and not line.held else "")
        for line in lines
    ]
    return _PAGE.format(
        machine=machine,
        commit=_commit(),
        command="make bench" + (f" ARGS='--seconds {size.seconds}'" if size.seconds != Size.seconds else ""),
        minutes=f"{took / 60:.0f}",
        at=f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        held=held,
        of=len(lines),
        table="\n".join(table),
        rows=size.rows,
        seconds=size.seconds,
        details="\n".join(details),
    )


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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", choices=("", *MODULES), help="one module; then no page is written")
    for one in fields(Size):
        parser.add_argument(f"--{one.name}", type=int, default=one.default, help="for a smaller run")
    asked = parser.parse_args()
    size = Size(**{one.name: getattr(asked, one.name) for one in fields(Size)})
    began = time.monotonic()
    found = measure([asked.only] if asked.only else MODULES, size)
    lines = [line for module in MODULES for line in found.get(module, ())]
    page = report(lines, size, time.monotonic() - began)
    if asked.only or replace(size, seconds=Size.seconds) != Size():
        print(page)
    else:
        PAGE.write_text(page, encoding="utf-8")
    return 0 if lines and all(line.held for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())

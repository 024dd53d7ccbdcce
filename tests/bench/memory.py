"""What the daemon holds resident: `deploylog run` against a sandbox in another process, in real time."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from figures import Line, Size, count
from served import Served, daemon, served

AIM = 150.0
"""MiB."""
FLAT = 1.05
"""What the second half of the time after the start takes at most, to the first."""
AFTER = 40.0
"""Seconds that are watched once every log was read."""
_CONCLUDED = "SELECT count(*) FROM log WHERE concluded IS NOT NULL"
SETTINGS = """
poll: {every: 2s}
web: {listen: "127.0.0.1:0"}
"""


def lines(size: Size) -> Iterator[Line]:
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), size.logs, size.rows) as at:
        at.configure(SETTINGS)
        before, started, after, done = _watch(at, size)
    through = done == size.logs
    peak = max([*started, *after], default=0.0)
    half = len(after) // 2
    flat = bool(half) and max(after[half:]) <= FLAT * max(after[:half])
    told = f"at most {peak:.0f} MiB while {done:,} of {size.logs:,} logs were read"
    if through and half:
        told = f"at most {peak:.0f} MiB; then {max(after[:half]):.0f}, and {max(after[half:]):.0f} MiB at the end"
    yield Line(
        f"resident memory, {count(size.logs, 'log')} of {size.rows} rows",
        f"at most {AIM:g} MiB, flat",
        told,
        through and flat and peak <= AIM,
        f"VmRSS of `deploylog run` in /proc, its pages served, from its start until {AFTER:g} s of polls every 2 s "
        f"after every log was read; flat: the second half of those at most {FLAT - 1:.0%} above the first. A text that "
        "several rows have is kept once, and here most are; in logs where each row says something else it is more",
        limit=f"programs and libraries took {before:.0f} MiB before the first log was read through; the rest are the "
        "rows: the pages show every row of every log, closed ones too, and so each is kept as it was last seen",
    )


def _watch(at: Served, size: Size) -> tuple[float, list[float], list[float], int]:
    """MiB before a log was read, each second until every log was, and after that; and how many were read."""
    started: list[float] = []
    after: list[float] = []
    before = 0.0
    with daemon(at) as process:
        until = time.monotonic() + size.seconds
        done = 0
        while time.monotonic() < until and done < size.logs:
            time.sleep(1)
            if process.poll() is not None:
                raise RuntimeError((at.folder / "daemon.log").read_text()[-1000:])
            started.append(resident(process.pid))
            done = _done(at)
            if not done:
                before = started[-1]
        until = time.monotonic() + (AFTER if done == size.logs else 0)
        while time.monotonic() < until:
            time.sleep(1)
            after.append(resident(process.pid))
    return before, started, after, done


def _done(at: Served) -> int:
    """How many logs a look came to its end at, by the daemon's ledger, read beside it."""
    file = at.folder / "deploylog.db"
    if not file.exists():
        return 0
    engine = sa.create_engine(f"sqlite:///file:{file}?mode=ro&uri=true")
    try:
        with engine.connect() as connection:
            return int(connection.execute(sa.text(_CONCLUDED)).scalar_one())
    except sa.exc.OperationalError:
        return 0
    finally:
        engine.dispose()


def resident(pid: int) -> float:
    """MiB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)

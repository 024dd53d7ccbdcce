"""What the benchmark measures, as values: a line of the table each."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

READS_A_MINUTE = 60
"""Of one user (workspace_sandbox/quota.py): what the service account may read of Sheets."""


@dataclass(frozen=True)
class Line:
    """One line of the table on the page, as it was measured in this run."""

    what: str
    aim: str
    measured: str
    held: bool
    """Whether the aim was reached."""
    how: str
    """How it was measured, and in what unit."""
    script: str = ""
    """What the script needs for the same; empty where it has no such thing."""
    where: str = ""
    """Where it went: by method, by step."""
    limit: str = ""
    """Where the aim is missed: why, and what the limit is."""


@dataclass(frozen=True)
class Size:
    """How large it is measured; the aims are those of the default."""

    logs: int = 1_000
    rows: int = 50
    many: int = 10_000
    """Logs of the comparison with many."""
    due: int = 50
    """Mails due at one instant."""
    hot: int = 10
    instants: int = 20
    """At which five mails are due each, in real time."""
    seconds: int = 300
    """Of real time that one step may take; what is not through by then is told as missed."""


class OutOfTime(BaseException):
    """A step took longer than it may. Not an Exception: the daemon outlives those."""


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Raises `OutOfTime` in the block after so many seconds of real time; for the main thread."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"

"""Ten thousand logs: whether they run at all, and what each step costs a log, beside a thousand."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from estate import estate
from figures import Line, OutOfTime, Size, at_most, count
from thousand import polls, read_everything
from virtual import Took

ROWS = 3
CONSTANT = 1.5
"""What costs a log more than so many times as much is not constant; less is the noise of a shared machine."""


@dataclass
class Steps:
    """What each step took, as far as it came."""

    logs: int
    took: dict[str, Took] = field(default_factory=dict)
    idle: list[int] = field(default_factory=list)
    ended: str = ""
    """In which step time ran out."""


def lines(size: Size) -> Iterator[Line]:
    few, many = _steps(size.logs, size.seconds), _steps(size.many, 2 * size.seconds)
    idle = statistics.median(many.idle) if many.idle else None
    ratios = {step: _ratios(few, many, step) for step in few.took if step in many.took}
    constant = not many.ended and all(time <= CONSTANT and calls <= CONSTANT for time, calls in ratios.values())
    parts = [f"idle poll {idle:g}" if idle is not None else f"{many.ended} not through in {2 * size.seconds} s"]
    parts += [f"{step} ×{time:.2f} time, ×{calls:.2f} calls" for step, (time, calls) in ratios.items()]
    yield Line(
        f"{count(size.many, 'log')}",
        "runs; idle poll 1 call; cost per log of every step constant",
        "; ".join(parts),
        idle == 1 and constant,
        f"a first start and a warm restart of {size.many:,} logs beside {size.logs:,}, {ROWS} rows each, no quota: "
        f"processor seconds and calls per log, as a ratio; up to {CONSTANT:g} counts as constant",
        "one call a log and poll, whatever happens",
        "; ".join(_told(one) for one in (few, many)),
    )


def _steps(logs: int, seconds: int) -> Steps:
    steps = Steps(logs)
    step = "building"
    with tempfile.TemporaryDirectory() as folder:
        world = estate(Path(folder), logs, ROWS)
        try:
            with at_most(seconds):
                for step in ("first pass", "second pass"):
                    steps.took[step] = world.measured()
                    # So much that in both worlds who may edit a log is asked anew, however long the pass was.
                    world.now += timedelta(minutes=11)
                step = "coming to rest"
                read_everything(world)
                step = "idle polls"
                steps.idle, _ = polls(world, 5)
                step = "warm restart"
                world.restart()
                steps.took[step] = world.measured()
                return steps
        except OutOfTime:
            steps.ended = step
        finally:
            world.close()
    return steps


def _ratios(few: Steps, many: Steps, step: str) -> tuple[float, float]:
    """Time and calls a log of the many, to those of the few."""
    one, other = few.took[step], many.took[step]
    time = (other.processor / many.logs) / (one.processor / few.logs)
    return time, (other.counted.total / many.logs) / (one.counted.total / few.logs)


def _told(steps: Steps) -> str:
    took = [f"{step} {one.processor:.1f} s, {one.counted.total:,} calls" for step, one in steps.took.items()]
    ended = [f"time ran out in: {steps.ended}"] if steps.ended else []
    return f"{steps.logs:,} logs: " + ", ".join([*took, *ended])

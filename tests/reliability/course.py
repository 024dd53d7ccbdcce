"""How a life goes on: passes at their times, and a new daemon wherever one died."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from simulation import Life
from wire import Killed

from deploylog.errors import DeploylogError

CALM = (1, 6, 31, 60, 150, 300, 1200)
"""Seconds between the passes at the end: longer than every backoff, and past every end."""
MOST_DEATHS = 5
"""In a row, without a pass between them."""


class Course:
    """The daemon of one life, as a scheduler and systemd run it."""

    def __init__(self, life: Life) -> None:
        self._life = life

    def go(self, time: timedelta) -> None:
        """Let time go by, with a pass at every instant something is due, and a poll at the end."""
        until = self._life.now + time
        while self._life.now <= until:
            due = self.next_due()
            if due is None or due >= until:
                break
            self._life.now = max(self._life.now, due)
            self._surviving(lambda: self._life.run(whole=False))
        self._life.now = max(self._life.now, until)
        self._surviving(self._life.run)

    def go_to(self, moment: datetime) -> None:
        self.go(max(moment - self._life.now, timedelta(0)))

    def calm(self) -> None:
        """No more trouble; time goes by until nothing is left to do."""
        self._life.trouble.clear()
        self._life.restart()
        for seconds in CALM:
            self.go(timedelta(seconds=seconds))

    def next_due(self) -> datetime | None:
        assert self._life.reconciler is not None
        return self._life.reconciler.next_due(self._life.now)

    def start_again(self) -> None:
        """A new daemon, a second later, as often as it takes."""
        for _ in range(MOST_DEATHS):
            try:
                return self._life.restart()
            except (Killed, DeploylogError):
                self._life.now += timedelta(seconds=1)
        self._life.trouble.clear()
        return self._life.restart()

    def _surviving(self, act: Callable[[], Any]) -> None:
        """A pass; after a death the next daemon begins with a whole one."""
        for _ in range(MOST_DEATHS):
            try:
                act()
            except Killed:
                self._life.now += timedelta(seconds=1)
                self.start_again()
                act = self._life.run
            except DeploylogError:
                # A pass that fails as a whole is told, and the next tick tries again (cli.py).
                return
            else:
                return

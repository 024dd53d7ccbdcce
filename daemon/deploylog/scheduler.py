"""Ticks: a whole pass at every poll, and a pass at the very instant the next effect is due.

Only ticks: what is due, and when, stands in the ledger in UTC, so a missed tick loses nothing. All passes run one
after the other on one thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from deploylog.errors import StoreUnreachable

POLL, DUE = "poll", "due"
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(seconds=30)
"""Between two tries of a pass whose store cannot be worked with: twice as long each time, and the longest."""


class Scheduler:
    """Calls `run_pass(whole)` at its times until stopped.

    `run_pass` does one pass and handles its own failures; False: the store cannot be worked with, to be tried again
    soon. `next_due(after)` says when something is due next (UTC).
    """

    def __init__(
        self,
        run_pass: Callable[[bool], bool],
        next_due: Callable[[datetime], datetime | None],
        every: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._run_pass = run_pass
        self._next_due = next_due
        self._every = every
        self._clock = clock
        self._stopped = threading.Event()
        self._asked = threading.Event()
        """Somebody wants a whole pass that begins after now."""
        self._wait = FIRST_WAIT
        self._in_hand = threading.Lock()
        """Held by the pass in hand."""
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            # A tick that was missed (a suspended machine) is made good at once, and once.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def run(self) -> None:
        """Tick until `stop`; then the pass in hand is finished before this returns."""
        self._scheduler.add_job(
            self._tick,
            "interval",
            args=[True],
            id=POLL,
            seconds=self._every.total_seconds(),
            next_run_time=self._clock(),
        )
        self._scheduler.start()
        self._stopped.wait()
        # APScheduler waits for the pass in hand with its list of jobs locked, which a pass that ends writes into.
        with self._in_hand:
            pass
        self._scheduler.shutdown(wait=True)

    def check_now(self) -> None:
        """Have a whole pass begin at once, or right after the one in hand; may be called from any thread."""
        self._asked.set()
        # Before the start and after the stop there is no such job, and nothing to hurry. While a pass is under way the
        # scheduler lets this one go by: that pass's own tick sees to it.
        if self._scheduler.running:
            with suppress(JobLookupError):
                self._scheduler.modify_job(POLL, next_run_time=self._clock())

    def stop(self) -> None:
        """Ask `run` to return; may be called from a signal handler."""
        self._stopped.set()

    def _tick(self, whole: bool) -> None:
        with self._in_hand:
            if not self._stopped.is_set():
                self._passes(whole)

    def _passes(self, whole: bool) -> None:
        if whole:
            self._asked.clear()
        went_through = self._pass(whole)
        while went_through and self._asked.is_set() and not self._stopped.is_set():
            self._asked.clear()
            went_through = self._pass(True)
        if went_through:
            self._wait = FIRST_WAIT
        elif not self._stopped.is_set():
            self._tick_at(self._clock() + self._wait, whole=True)
            self._wait = min(self._wait * 2, LONGEST_WAIT)

    def _pass(self, whole: bool) -> bool:
        """One pass, and when the next is due; whether the store could be worked with."""
        began = self._clock()
        try:
            went_through = self._run_pass(whole)
            if went_through and not self._stopped.is_set():
                self._set_due(began)
        except StoreUnreachable:
            # Lost between the pass and the question what is due next; the next pass tells it, if it stays so.
            return False
        return went_through

    def _set_due(self, began: datetime) -> None:
        """The next instant something is due. What this pass could not settle waits for the poll."""
        due = self._next_due(began)
        if due is None:
            with suppress(JobLookupError):
                self._scheduler.remove_job(DUE)
            return
        self._tick_at(due, whole=False)

    def _tick_at(self, moment: datetime, whole: bool) -> None:
        self._scheduler.add_job(self._tick, "date", args=[whole], id=DUE, run_date=moment, replace_existing=True)

"""What Google's limit on reads of Sheets leaves, so that polling makes room for what is due and does not run into it.

Of all limits this one binds first: 60 reads a minute and user (Sheets API, "Usage limits"). What counts is counted here
as calls are made, over the last minute at each instant. Daemons on one store read as the same user, and each counts on
an equal part; other programs that do show as refusals.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

READS_A_MINUTE = 60
"""Of one user in one project, unless Google was asked for more."""
MINUTE = timedelta(minutes=1)
AFTER_REFUSAL = timedelta(seconds=15)
"""How long nothing is left after a refusal: somebody else uses the quota, too."""
READS = ("sheets.spreadsheets.get", "sheets.spreadsheets.values.batchGet")
"""The methods that count as one."""


class ReadQuota:
    """Reads of Sheets within the last minute, of so many as are allowed (None: no limit)."""

    def __init__(
        self, reads_a_minute: int | None = None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.reads_a_minute = reads_a_minute
        """What the user may make."""
        self.sharers = 1
        """How many daemons make them, this one among them."""
        self._clock = clock
        self._reads: deque[datetime] = deque()
        self._refused_at: datetime | None = None

    def called(self, method: str, status: int) -> None:
        """A call was made, and answered with this HTTP status, or not at all (0)."""
        if self.reads_a_minute is None or method not in READS:
            return
        now = self._clock()
        if status == 429:
            # It does not count for Google, and says that nothing is left.
            self._refused_at = now
        else:
            self._reads.append(now)

    @property
    def allowed(self) -> int | None:
        """How many reads a minute are this daemon's; None: any number."""
        return None if self.reads_a_minute is None else max(self.reads_a_minute // self.sharers, 1)

    def left(self) -> int | None:
        """How many reads this daemon may make now; None: any number."""
        allowed = self.allowed
        if allowed is None:
            return None
        now = self._clock()
        if self._refused_at is not None and timedelta(0) <= now - self._refused_at < AFTER_REFUSAL:
            return 0
        # Also what a clock that jumped back has put into the future.
        while self._reads and not timedelta(0) <= now - self._reads[0] < MINUTE:
            self._reads.popleft()
        return max(allowed - len(self._reads), 0)

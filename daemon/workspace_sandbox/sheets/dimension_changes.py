"""What inserting, deleting and moving rows or columns does to an index and to a range of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Insertion:
    """`count` rows or columns come in before the one at `at`."""

    at: int
    count: int

    def span(self, start: int, end: int | None) -> tuple[int, int | None] | None:
        """Where the range is afterwards; one that spans the place grows. An open end stays open."""
        return (
            start + self.count if start >= self.at else start,
            end + self.count if end is not None and end > self.at else end,
        )


@dataclass(frozen=True, slots=True)
class Deletion:
    """`count` rows or columns from `at` on go."""

    at: int
    count: int

    def span(self, start: int, end: int | None) -> tuple[int, int | None] | None:
        """Where the range is afterwards, or None where nothing of it is left."""
        after = self._after(start), None if end is None else self._after(end)
        return after if after[1] is None or after[1] > after[0] else None

    def _after(self, index: int) -> int:
        return index - max(0, min(index, self.at + self.count) - self.at)


@dataclass(frozen=True, slots=True)
class Move:
    """Rows or columns from `start` to before `end` go before the one that was at `to`, counted before the move."""

    start: int
    end: int
    to: int

    @property
    def arrival(self) -> int:
        """Where the first of them is afterwards."""
        return self.to - (self.end - self.start) if self.to > self.start else self.to

    def span(self, start: int, end: int | None) -> tuple[int, int | None] | None:
        """What lies within what moves goes along; any other range loses what leaves it and gains what comes in."""
        if end is not None and self.start <= start and end <= self.end:
            by = self.arrival - self.start
            return start + by, end + by
        without = Deletion(self.start, self.end - self.start).span(start, end)
        return None if without is None else Insertion(self.arrival, self.end - self.start).span(*without)


Change = Insertion | Deletion | Move

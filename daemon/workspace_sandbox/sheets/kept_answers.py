"""Answers kept as they were sent, so that who reads a spreadsheet again before it changes gets them at once."""

from __future__ import annotations

_MOST_BYTES = 32_000_000


class KeptAnswers:
    """By what was asked, each with the version it is of; where they get too large together, the oldest go."""

    def __init__(self) -> None:
        self._answers: dict[str, tuple[object, bytes]] = {}
        self._bytes = 0

    def get(self, asked: str, version: object) -> bytes | None:
        """The answer, if it is of that very version."""
        found = self._answers.get(asked)
        return found[1] if found is not None and found[0] is version else None

    def put(self, asked: str, version: object, answer: bytes) -> None:
        self._drop(asked)
        self._answers[asked] = (version, answer)
        self._bytes += len(answer)
        while self._bytes > _MOST_BYTES:
            self._drop(next(iter(self._answers)))

    def _drop(self, asked: str) -> None:
        gone = self._answers.pop(asked, None)
        if gone is not None:
            self._bytes -= len(gone[1])

"""What keeps a slip or a fault from becoming a flood: when a log is stopped, and what its rows say then.

Pure. A log that is stopped is read and told of, and nothing goes out for it: no mail, no event, and what was pending
stays as it is (design, "Guards").
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta

from deploylog.lifecycle import Decision, EventWish
from deploylog.model import Progress, Sentence

HOUR = timedelta(hours=1)
"""The span `limits` are about."""
FEWEST_ROWS = 3
"""Below so many rows that were there, their being gone is an everyday deletion."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Config `limits`: how many mails are usual. One mail is one language, to however many people."""

    mails_per_hour: int = 200
    mails_per_log_per_hour: int = 20


def emptied(known: Collection[str], gone: Collection[str], pause: str) -> Sentence | None:
    """Why a log is stopped of whose rows most are gone since the last look: rather a slip than a decision.

    `known` are the deployments that had a row at the last look, `gone` those of them that have none now. A person who
    means it says so with the customer's checkbox Pause: a paused log is not asked about, and what it lacks then is
    taken as deleted. `pause` is that column's name in the sheet.
    """
    if len(known) < FEWEST_ROWS or len(gone) * 2 <= len(known):
        return None
    return Sentence.of("log_emptied", gone=len(gone), known=len(known), column=pause)


def too_many_mails(wanted: int, sent_for_log: int, sent_for_all: int, limits: Limits) -> Sentence | None:
    """Why a log is stopped for which more mails than usual would be out within an hour.

    `wanted` mails are to go now; `sent_for_log` and `sent_for_all` went within the last hour. All or none go: a part of
    a flood helps nobody.
    """
    if not wanted:
        return None
    if wanted + sent_for_log > limits.mails_per_log_per_hour:
        return Sentence.of(
            "log_over_limit",
            count=wanted + sent_for_log,
            key="limits.mails_per_log_per_hour",
            limit=limits.mails_per_log_per_hour,
        )
    if wanted + sent_for_all > limits.mails_per_hour:
        return Sentence.of(
            "log_over_limit", count=wanted + sent_for_all, key="limits.mails_per_hour", limit=limits.mails_per_hour
        )
    return None


def held_back(decision: Decision, stopped: Sentence | None) -> Decision:
    """The decision about a row of a stopped log: what would go out does not, and the row says why."""
    if stopped is None or not (decision.wanted or decision.event is not EventWish.LEAVE):
        return decision
    return replace(
        decision,
        progress=Progress.NEEDS_ATTENTION,
        sentences=(stopped,),
        slots=(),
        next_action=None,
        wanted=(),
        event=EventWish.LEAVE,
    )

"""What the responsible is told by mail because the row needs somebody: once per problem.

Pure. A row says what is wrong, but nobody looks at it all the time (an effect that was parked at 23:00, a holiday
entered after the date was agreed). Who just edited the row sees it there: a notice goes once the row was left alone
for `notify.late_after`, and not at all where the problem is gone by then.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from deploylog.audience import Circle
from deploylog.lifecycle import PARKED, STILL_TO_GO, Decision, EffectSeen, Memory, Policy, Wanted
from deploylog.model import Deployment, Kind, Progress, Sentence

_HIGHEST_NUMBER = 10**9
_CHANGING = frozenset({"boxes_missing", "stuck"})
"""Sentences whose words change while the problem stays: boxes are ticked one by one, a service gives other reasons."""
_UNANNOUNCED = frozenset({Progress.NOT_READY, Progress.DATE_NOT_ALLOWED})
_TO_COME = _UNANNOUNCED | {Progress.SCHEDULED}


def with_notice(decision: Decision, row: Deployment, memory: Memory, policy: Policy, now: datetime) -> Decision:
    """The decision, with the notice it calls for among what is wanted; and a look when that becomes due."""
    topic, told = _topic(decision, memory), decision.sentences
    if decision.progress is Progress.SCHEDULED and memory.known_warnings is not None:
        # It goes ahead, because a rule only warns or was set aside; but of this nobody knew then.
        told = tuple(one for one in decision.warnings if str(one) not in memory.known_warnings)
        topic = "/".join(map(str, told))
    if not topic or not told or _was_past_at_first_sight(row, memory, policy):
        return decision
    at = memory.changed_at + policy.timing.late_after
    wanted = notice(topic, told, row, memory, policy, at)
    if wanted is None:
        return decision
    if now < at:
        return replace(decision, due=min(filter(None, (decision.due, at))))
    return replace(decision, wanted=(*decision.wanted, wanted))


@dataclass(frozen=True, slots=True)
class Decline:
    """A guest who will not have the deployment at that time, and what was said with it; empty: nothing."""

    address: str
    comment: str = ""


def with_declines(
    decision: Decision, row: Deployment, memory: Memory, policy: Policy, declines: Iterable[Decline], now: datetime
) -> Decision:
    """The decision, with a notice for each answer that the time does not suit, until the deployment begins.

    An answer is told once, also where the deployment was moved since: what it said of the earlier time still stands in
    the calendar. With another comment it is another answer.
    """
    if decision.progress not in _TO_COME:
        return decision
    wanted = tuple(
        one
        for each in declines
        if (topic := f"declined {each.address} {each.comment}")
        if not _went(_number(topic), memory.effects)
        if (one := notice(topic, (_declined(each),), row, memory, policy, now))
    )
    return replace(decision, wanted=(*decision.wanted, *wanted))


def _declined(decline: Decline) -> Sentence:
    if decline.comment:
        return Sentence.of("declined_comment", address=decline.address, comment=decline.comment)
    return Sentence.of("declined", address=decline.address)


def notice(
    topic: str, told: tuple[Sentence, ...], row: Deployment, memory: Memory, policy: Policy, due: datetime
) -> Wanted | None:
    """The mail to the responsible about a topic; None where it went already, or nobody is responsible.

    `topic` is what makes a problem one and the same: two notices of one deployment with the same topic are one mail,
    whatever happens to the row in between.
    """
    number = _number(topic)
    if _went(number, memory.effects) or not row.responsible:
        return None
    circle = Circle(policy.language, (row.responsible,))
    return Wanted(Kind.NOTICE, 0, number, row.responsible, circle, due, told)


def _number(topic: str) -> int:
    return zlib.crc32(topic.encode()) % _HIGHEST_NUMBER


def _went(number: int, effects: Iterable[EffectSeen]) -> bool:
    return any((one.kind, one.round) == (Kind.NOTICE, number) and one.state not in STILL_TO_GO for one in effects)


def _topic(decision: Decision, memory: Memory) -> str:
    """What the row needs somebody for; empty where it does not."""
    parked = [one for one in memory.effects if one.state in PARKED]
    if decision.progress is Progress.NEEDS_ATTENTION and parked:
        # A notice that was refused is told by the row alone: another mail would fare no better.
        # Not by number: a new ledger counts anew.
        return "/".join(
            f"parked {one.kind} {one.generation} {one.round} {one.target}"
            for one in parked
            if one.kind is not Kind.NOTICE
        )
    if decision.progress is Progress.NEEDS_ATTENTION:
        first = decision.sentences[0]
        return f"{first.code} {memory.generation}" if first.code in _CHANGING else str(first)
    if decision.progress in _UNANNOUNCED and memory.may_have_event:
        # Judged anew after it was announced; each reason counts, and not what is only said beside it.
        return "/".join(map(str, decision.reasons or decision.sentences))
    return ""


def _was_past_at_first_sight(row: Deployment, memory: Memory, policy: Policy) -> bool:
    """An old row of a log that is met for the first time, or again after a lost ledger, is no news."""
    return row.end is not None and memory.first_seen_at - row.end > policy.timing.late_after

"""What a row would send in the coming days if nobody touched it. Pure: the same decisions, and a clock that runs on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from deploylog.lifecycle import Decision, EffectSeen, EffectState, EventWish, Memory, Wanted, remember
from deploylog.model import Deployment, Kind

MOST_LOOKS = 50
"""So many instants of one row are looked at; reminders, start, nudge and delay are a handful."""


@dataclass(frozen=True, slots=True)
class Coming:
    """A mail, and when it would go, UTC."""

    at: datetime
    mail: Wanted


def forecast(
    row: Deployment,
    memory: Memory,
    decision: Decision,
    decide_at: Callable[[Memory, datetime], Decision],
    now: datetime,
    until: datetime,
) -> tuple[Coming, ...]:
    """The mails that go after `now`, up to `until`, if every mail goes out at once and the row stays as it is.

    `decision` is the present one; what it wants now is not among them. `decide_at` decides about the row anew.
    """
    coming: list[Coming] = []
    at = now
    for _ in range(MOST_LOOKS):
        memory = remember(row, _carried_out(memory, decision, at), at)
        decision = decide_at(memory, at)
        if decision.due is None or decision.due > until:
            break
        at = max(decision.due, at + timedelta(seconds=1))
        memory = remember(row, memory, at)
        decision = decide_at(memory, at)
        coming += [Coming(at, one) for one in decision.wanted]
    return tuple(coming)


def _carried_out(memory: Memory, decision: Decision, at: datetime) -> Memory:
    """What is remembered once all that is wanted is done."""
    effects = {(one.kind, one.generation, one.round, one.target): one for one in memory.effects}
    done = [(one.kind, one.generation, one.round, one.target) for one in decision.wanted]
    if decision.event in (EventWish.INVITE, EventWish.RECORD):
        done.append((Kind.EVENT, 0, 0, ""))
    for key in done:
        number = effects[key].number if key in effects else len(effects) + 1
        effects[key] = EffectSeen(number, *key, EffectState.SENT, at)
    return replace(memory, effects=tuple(effects.values()))

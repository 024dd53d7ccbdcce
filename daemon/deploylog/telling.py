"""From decisions to words: what the daemon's columns say, and the lines of History.

Sentences in `Progress` and `Next action` follow the organization's language and quote column names as they stand in
the sheet; History follows the customer's (design, "The spreadsheets").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from deploylog.cells import Names
from deploylog.deployment_log import Projection
from deploylog.lifecycle import Decision, EffectState, Memory, kind_code
from deploylog.messages import Messages, moment_words
from deploylog.model import Kind, Progress, Sentence

FREE_DAYS = 60
"""How far ahead free dates are looked for; as `rules.free_slots` does."""


def progress_text(decision: Decision, messages: Messages, language: str, zone: ZoneInfo, names: Names) -> str:
    """`Date not allowed: Mon 7 Dec is the day before a public holiday (…). Free: Wed 9 Dec 09:00, …`."""
    if decision.progress is None:
        return ""
    word = names.shown(decision.progress.value)
    told = told_text(decision.progress, decision.sentences, decision.slots, messages, language, zone)
    return f"{word}: {told}" if told and decision.sentences else f"{word} {told}".rstrip()


def told_text(
    progress: Progress | None,
    sentences: Sequence[Sentence],
    slots: Sequence[datetime],
    messages: Messages,
    language: str,
    zone: ZoneInfo,
) -> str:
    """What follows the first word of `Progress`: the sentences, and free dates where the date is not allowed."""
    # A question ends itself; whatever else follows what came before after a semicolon.
    told = "; ".join(messages.sentence(one, language, zone) for one in sentences).replace("?;", "?")
    text = f"{told}{'' if told.endswith('?') else '.'}" if told else ""
    if progress is not Progress.DATE_NOT_ALLOWED:
        return text
    free = tuple(moment_words(slot.astimezone(zone), language) for slot in slots)
    offer = Sentence.of("free", slots=", ".join(free)) if free else Sentence.of("no_free", days=FREE_DAYS)
    return f"{text} {messages.sentence(offer, language, zone)}".strip()


def projection(
    decision: Decision,
    memory: Memory,
    messages: Messages,
    language: str,
    zone: ZoneInfo,
    names: Names,
    event_link: str,
    replies: str | None,
) -> Projection:
    """What the row's columns shall say. `replies` None: not known now, leave the cell."""
    next_action = decision.next_action
    return Projection(
        progress=progress_text(decision, messages, language, zone, names),
        next_action=messages.sentence(next_action, language, zone) if next_action else "",
        calendar_event=event_link if memory.has_event else "",
        replies=replies,
        start_notified=_first_sent(memory, Kind.START),
        delay_notified=_first_sent(memory, Kind.DELAY),
        end_notified=_first_sent(memory, Kind.END, Kind.ROLLED_BACK),
        actual_end=_actual_end(decision, memory),
        knows_actual_end=memory.status_since > memory.first_seen_at or bool(memory.copy_of) or not memory.closed_at,
    )


def _actual_end(decision: Decision, memory: Memory) -> datetime | None:
    """When the deployment was closed; once that was announced it stays, whatever `Status` says later."""
    announced = _first_sent(memory, Kind.END, Kind.ROLLED_BACK)
    if decision.progress in (Progress.DONE, Progress.ROLLED_BACK):
        return min(filter(None, (memory.closed_at, announced)), default=None)
    return announced


def _first_sent(memory: Memory, *kinds: Kind) -> datetime | None:
    sent = [one.at for one in memory.effects if one.kind in kinds and one.state is EffectState.SENT and one.at]
    return min(sent, default=None)


def mail_sent(kind: Kind, language: str) -> Sentence:
    """The History sentence for a mail that went out."""
    return Sentence.of("history_sent", what=Sentence.of(kind_code(kind), target=language))


def with_follow_ups(decision: Decision, unfit: tuple[Sentence, ...], waiting: tuple[Sentence, ...]) -> Decision:
    """The decision with what is to be said of the row's tickets and threads.

    A line that names none needs somebody once the row is closed: then it should have been told.
    """
    if decision.progress is None:
        return decision
    closed = decision.progress in (Progress.DONE, Progress.ROLLED_BACK)
    progress = Progress.NEEDS_ATTENTION if closed and unfit else decision.progress
    return replace(decision, progress=progress, sentences=(*unfit, *decision.sentences, *waiting))


def addresses(*groups: Sequence[str]) -> str:
    return ", ".join(address for group in groups for address in group)

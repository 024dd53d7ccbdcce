"""What a log and the mailbox show of the past to a ledger that has never seen the log: a first start, or a lost disk.

Pure. The daemon's own columns of a row say which mails went out, and so do the mails themselves (`recollection.py`);
they count as sent, so that not one of them repeats (design, "No ledger").
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from deploylog import deployment_log as log
from deploylog.audience import Circle
from deploylog.cells import Layout, Names, local_moment, text_of
from deploylog.deployment_log import SheetRow
from deploylog.lifecycle import EffectSeen, EffectState, Memory
from deploylog.mime import Marked, digest
from deploylog.model import LANGUAGES, Deployment, Kind, Progress, Status

LONGEST_AGO = timedelta(days=40)
"""Mails older than this are not looked for: what they began was closed, or is asked about anyway."""
_GMAILS_CLOCK = timedelta(minutes=1)
"""How far Gmail's clock may be from the one a mail became due by."""
_TOLD_IN = {
    Kind.START: log.START_NOTIFIED,
    Kind.DELAY: log.DELAY_NOTIFIED,
    Kind.END: log.END_NOTIFIED,
    Kind.ROLLED_BACK: log.END_NOTIFIED,
}
"""The column that says a mail of this kind went out."""
_CLOSING = frozenset({Kind.END, Kind.ROLLED_BACK})
_ANNOUNCING = frozenset({Kind.REMINDER, Kind.START, Kind.DELAY})
"""After one of these a mail says that a deployment is cancelled."""


@dataclass(frozen=True, slots=True)
class Mailed:
    """A mail of ours as it lies in the mailbox."""

    marked: Marked
    at: datetime
    """When it was sent, UTC."""
    message_id: str
    """Gmail's id."""
    thread_id: str
    message_header: str
    """The Message-ID Google gave it."""
    subject: str
    to: tuple[str, ...]
    cc: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Past:
    """What went out for one deployment, as far as can be told."""

    effects: tuple[EffectSeen, ...] = ()
    mails: tuple[tuple[EffectSeen, Mailed], ...] = ()
    """Those among the effects that lie in the mailbox."""
    untold: frozenset[EffectSeen] = frozenset()
    """Those among the effects of which the row, and so History, says nothing yet."""
    ended: bool = False
    """Whether the row tells that the deployment's end was told, and as staff say now that it ended."""

    def remembered(self, memory: Memory) -> Memory:
        """A first memory with this past: its effects, the generation and the end they were about."""
        if not self.effects:
            return memory
        generation = max(one.generation for one in self.effects)
        if self._of_an_earlier_start(memory.start, generation):
            generation += 1
        # Said once, and told then: after a new start it is no second delay.
        delayed = [one.at for one in self.effects if one.kind is Kind.DELAY and one.at]
        since = max(delayed) if delayed and memory.status is Status.DELAYED else memory.status_since
        ends = max((one.round for one in self.effects if one.kind in (Kind.DELAY, Kind.NUDGE, Kind.OVERRUN)), default=0)
        padded = memory.ends[:1] * ends + memory.ends
        return replace(memory, effects=self.effects, generation=max(generation, 1), ends=padded, status_since=since)

    def _of_an_earlier_start(self, start: datetime | None, generation: int) -> bool:
        """Whether the row was moved since this generation was reminded of: it went when nothing was due by this start.

        Only until the start mail: after it a deployment stays in its generation, whatever happens to `Start`.
        """
        if start is None or any(one.kind is Kind.START for one in self.effects):
            return False
        return any(
            one.at is not None and one.at < start - timedelta(minutes=one.round) - _GMAILS_CLOCK
            for one in self.effects
            if one.kind is Kind.REMINDER and one.generation == generation
        )


def adopted(
    row: Deployment,
    sheet_row: SheetRow,
    layout: Layout,
    names: Names,
    zone: ZoneInfo,
    circles: tuple[Circle, ...],
    mailed: Sequence[Mailed] = (),
) -> Past:
    """What went out for a row: the mails in the mailbox; where only the row says so one per language; the event.

    Also for a row without an ID: people who told the customer by hand may have filled its columns in.
    """
    in_mailbox = tuple((_seen(one, row), one) for one in mailed)
    told = _told(row, sheet_row, layout, names, zone, {one.kind for one, _ in in_mailbox})
    known = {(one.kind, one.target) for one, _ in in_mailbox}
    generation = max((one.generation for one, _ in in_mailbox), default=1)
    from_columns = tuple(
        EffectSeen(0, kind, generation, 0, circle.language, EffectState.SENT, at)
        for kind, at in told.items()
        for circle in circles
        if (kind, circle.language) not in known
    )
    event = _text(sheet_row, layout, log.CALENDAR_EVENT)
    return Past(
        (
            *(one for one, _ in in_mailbox),
            *from_columns,
            *((EffectSeen(0, Kind.EVENT, 0, 0, "", EffectState.SENT),) if event else ()),
        ),
        in_mailbox,
        frozenset(
            one
            for one, _ in in_mailbox
            if one.kind in _TOLD_IN and not _moment(sheet_row, layout, _TOLD_IN[one.kind], zone)
        ),
        ended=_closing(row) in told,
    )


def is_unfinished(row: Deployment, sheet_row: SheetRow, layout: Layout, zone: ZoneInfo) -> bool:
    """Whether mails of this row may still be wanted: what staff say of it, or its columns, tell of no announced end.

    Both are asked: anybody may have typed into `End notified`, and a row may have been opened again.
    """
    closed = row.status in (Status.DONE, Status.ROLLED_BACK)
    return bool(sheet_row.id) and not (closed and _moment(sheet_row, layout, log.END_NOTIFIED, zone))


def is_looked_up(row: Deployment, sheet_row: SheetRow, layout: Layout, zone: ZoneInfo, now: datetime) -> bool:
    """Whether mails of this row are looked for: it is unfinished, or ended or was told so within `LONGEST_AGO`.

    Of what just ended tickets and threads may still be told, and what they were told is marked with the generation,
    which the mails alone know.
    """
    if is_unfinished(row, sheet_row, layout, zone):
        return True
    ends = (row.end, *(_moment(sheet_row, layout, column, zone) for column in (log.ACTUAL_END, log.END_NOTIFIED)))
    return bool(sheet_row.id) and any(one is not None and now - one <= LONGEST_AGO for one in ends)


def is_over(row: Deployment, past: Past, long_ago: datetime) -> bool:
    """Whether a row met for the first time was told to its end, or ended before `long_ago` (UTC), closed and untold."""
    if row.status not in (Status.DONE, Status.ROLLED_BACK):
        return False
    return past.ended or (not past.effects and row.end is not None and row.end < long_ago)


def actual_end(sheet_row: SheetRow, layout: Layout, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When a closed row ended (UTC), by its own columns; None where they do not say it, or name a time to come."""
    ends = (_moment(sheet_row, layout, column, zone) for column in (log.ACTUAL_END, log.END_NOTIFIED))
    return next((one for one in ends if one and one <= now), None)


def _told(
    row: Deployment, sheet_row: SheetRow, layout: Layout, names: Names, zone: ZoneInfo, mailed: Set[Kind]
) -> dict[Kind, datetime]:
    """When mails of each kind went out, by the row's own columns, as far as the mailbox (`mailed`) knows no better.

    `End notified` is both kinds' that tell of an end, and `Progress` says Cancelled before the mail goes: where the
    mailbox shows the other kind, or what is to be cancelled, it would show this mail too.
    """
    told = {
        kind: at
        for kind in (Kind.START, Kind.DELAY, _closing(row))
        if (at := _moment(sheet_row, layout, _TOLD_IN[kind], zone))
        and (kind not in _CLOSING or kind in mailed or not mailed & _CLOSING)
    }
    cancelled = _text(sheet_row, layout, log.PROGRESS).startswith(names.shown(Progress.CANCELLED))
    if told and cancelled and not mailed & _ANNOUNCING:
        told[Kind.CANCELLED] = max(told.values())
    return told


def _closing(row: Deployment) -> Kind:
    return Kind.ROLLED_BACK if row.status is Status.ROLLED_BACK else Kind.END


def _seen(mailed: Mailed, row: Deployment) -> EffectSeen:
    """The effect a mail is the outcome of: to the responsible, in the thread it answered, or in a language.

    A nudge to somebody who is not responsible any more keeps his digest.
    """
    marked = mailed.marked
    told = (one for one in (row.responsible, mailed.thread_id) if digest(one) == marked.target)
    target = marked.target if marked.target in LANGUAGES else next(told, marked.target)
    return EffectSeen(0, marked.kind, marked.generation, marked.round, target, EffectState.SENT, mailed.at)


def _text(row: SheetRow, layout: Layout, column: str) -> str:
    position = layout.columns[column]
    return text_of(row.cells[position - 1]) if position <= len(row.cells) else ""


def _moment(row: SheetRow, layout: Layout, column: str, zone: ZoneInfo) -> datetime | None:
    position = layout.columns[column]
    local = local_moment(row.cells[position - 1]) if position <= len(row.cells) else None
    return local.replace(tzinfo=zone).astimezone(UTC) if local else None

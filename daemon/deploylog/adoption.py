"""What a log itself shows of the past, for a ledger that has never seen it: a first start, or a lost disk.

Pure. The daemon's own columns of a row say which mails went out; they count as sent, so that not one of them repeats
(design, "No ledger").
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from deploylog import deployment_log as log
from deploylog.audience import Circle
from deploylog.cells import Layout, Names, local_moment, text_of
from deploylog.deployment_log import SheetRow
from deploylog.lifecycle import EffectSeen, EffectState
from deploylog.model import Deployment, Kind, Progress, Status


def adopted(
    row: Deployment, sheet_row: SheetRow, layout: Layout, names: Names, zone: ZoneInfo, circles: tuple[Circle, ...]
) -> tuple[EffectSeen, ...]:
    """The mails the row's own columns say went out, one per language that reads of it now, and the event."""
    if not sheet_row.id:
        return ()
    closing = Kind.ROLLED_BACK if row.status is Status.ROLLED_BACK else Kind.END
    columns = {Kind.START: log.START_NOTIFIED, Kind.DELAY: log.DELAY_NOTIFIED, closing: log.END_NOTIFIED}
    told = {kind: at for kind, column in columns.items() if (at := _moment(sheet_row, layout, column, zone))}
    if told and _text(sheet_row, layout, log.PROGRESS).startswith(names.shown(Progress.CANCELLED)):
        told[Kind.CANCELLED] = max(told.values())
    mails = tuple(
        EffectSeen(0, kind, 1, 0, circle.language, EffectState.SENT, at)
        for kind, at in told.items()
        for circle in circles
    )
    if not _text(sheet_row, layout, log.CALENDAR_EVENT):
        return mails
    return (*mails, EffectSeen(0, Kind.EVENT, 0, 0, "", EffectState.SENT))


def _text(row: SheetRow, layout: Layout, column: str) -> str:
    position = layout.columns[column]
    return text_of(row.cells[position - 1]) if position <= len(row.cells) else ""


def _moment(row: SheetRow, layout: Layout, column: str, zone: ZoneInfo) -> datetime | None:
    position = layout.columns[column]
    local = local_moment(row.cells[position - 1]) if position <= len(row.cells) else None
    return local.replace(tzinfo=zone) if local else None

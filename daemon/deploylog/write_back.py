"""Writes back into a log what was done: the daemon's columns, IDs, and new lines of History, in one call.

The columns are a projection of the ledger: rewritten wherever they differ, and nothing is called where nothing does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from deploylog import deployment_log, telling
from deploylog.cells import serial_of
from deploylog.config import Config
from deploylog.errors import Refused
from deploylog.google.sheets import CellWrite, Sheets
from deploylog.ledger import Ledger
from deploylog.lifecycle import EventWish, Policy, newly_ticked
from deploylog.messages import Messages
from deploylog.model import Customer, Kind, Sentence
from deploylog.observe import Cells, LogView, Observer, RowView, is_ours, sight_of
from deploylog.replies import Replies

HistoryLine = tuple[datetime, tuple[str | float, ...]]
"""When, and the four cells."""


class WriteBack:
    """The one place that writes into logs."""

    def __init__(
        self,
        config: Config,
        policy: Policy,
        sheets: Sheets,
        ledger: Ledger,
        messages: Messages,
        observer: Observer,
        replies: Replies,
    ) -> None:
        self._config = config
        self._policy = policy
        self._sheets = sheets
        self._ledger = ledger
        self._messages = messages
        self._observer = observer
        self._replies = replies

    def rows(self, view: LogView, now: datetime, may_read: bool) -> bool:
        """The daemon's columns and new lines of History, in one write; nothing is called where nothing differs.

        Gives False where something does and it may not read, as it has to before it writes.
        """
        wanted = {row.deployment.id: self._projection(row) for row in view.rows}
        writes = self._writes(view, view.cells, wanted, now)
        if not writes:
            return True
        if not may_read:
            return False
        # Rows and columns may have moved since: what is written now must meet the cells it is meant for.
        fresh = self._observer.read(view.file, now)
        if view.identities.to_write and _contents(fresh) != _contents(view.cells):
            # An ID written now could meet the wrong row. The next pass looks anew.
            if (seen := self._ledger.log(view.file.id)) is not None:
                self._ledger.see_log(replace(seen, version=0))
            return True
        writes = self._writes(view, fresh, wanted, now)
        try:
            self._sheets.write(view.file.id, writes)
        except Refused:
            # All of it is, where one cell lies outside of the grid. To look at its size each time would cost a read.
            if not self._made_room(view.file.id, fresh, writes):
                raise
            self._sheets.write(view.file.id, writes)
        return True

    def _writes(
        self, view: LogView, cells: Cells, wanted: dict[str, deployment_log.Projection | None], now: datetime
    ) -> list[CellWrite]:
        names = self._policy.names
        deployments = names.shown(deployment_log.DEPLOYMENTS)
        writes = []
        for sheet_row in cells.rows:
            identity = view.identities.to_write.get(sheet_row.number, sheet_row.id)
            projection = wanted.get(identity)
            if projection is not None:
                changes = deployment_log.changes_for(sheet_row, cells.layout, projection, view.zone, now)
                if view.customer is None:
                    # What the other columns say of the past is all there is of it until the log is somebody's.
                    spoken = (deployment_log.PROGRESS, deployment_log.NEXT_ACTION)
                    changes = [one for one in changes if one.column in {cells.layout.columns[name] for name in spoken}]
                writes += [CellWrite(deployments, one.row, one.column, one.value) for one in changes]
            if sheet_row.number in view.identities.to_write and view.customer is not None:
                column = cells.layout.columns[deployment_log.ID]
                writes.append(CellWrite(deployments, sheet_row.number, column, identity))
        history = names.shown(deployment_log.HISTORY)
        lines = self._ledger.history(view.file.id)
        standing = history_lines(cells)
        for number, line in enumerate(lines):
            if number >= len(standing) or not _alike(standing[number], line):
                row = cells.history_layout.header_row + 1 + number
                columns = [cells.history_layout.columns[name] for name in deployment_log.HISTORY_COLUMNS]
                writes += [CellWrite(history, row, column, value) for column, value in zip(columns, line, strict=True)]
        return writes

    def _projection(self, row: RowView) -> deployment_log.Projection | None:
        if row.decision.progress is None:
            # Being edited. A row that was never judged shows nothing yet, whatever was pasted along with it.
            never_judged = row.memory.changed_at == row.memory.first_seen_at
            return deployment_log.Projection("", replies="") if never_judged and row.held else None
        event = next((one for one in row.memory.effects if one.kind is Kind.EVENT), None)
        link, replies = "", None
        decision = row.decision
        if event is not None and row.memory.has_event:
            effect = self._ledger.effect(event.number)
            link = str(effect.payload.get("link", "")) if effect else ""
            seen = self._replies.of(effect.external_id, effect.at) if effect else None
            replies = seen.summary if seen else None
            window = row.deployment.window
            if seen and window and decision.event is EventWish.INVITE and seen.differs_from(window):
                moved = Sentence.of(
                    "event_moved" if not seen.deleted else "event_deleted", when=seen.start or window.start
                )
                decision = replace(decision, sentences=(*decision.sentences, moved))
        elif event is None:
            replies = ""
        zone = self._config.organization.time_zone
        return telling.projection(
            decision, row.memory, self._messages, self._policy.language, zone, self._policy.names, link, replies
        )

    def _made_room(self, file_id: str, cells: Cells, writes: Sequence[CellWrite]) -> bool:
        """Have History grow where it goes past the rows its tab has; False: it does not."""
        tab = self._policy.names.shown(deployment_log.HISTORY)
        rows = max((one.row for one in writes if one.tab == tab), default=0)
        if rows <= cells.history_layout.header_row + len(cells.history):
            return False
        info = self._sheets.describe(file_id).tabs.get(tab)
        if info is None or rows <= info.rows:
            return False
        self._sheets.grow(file_id, info, rows + 200, info.columns)
        return True

    def history(self, view: LogView) -> None:
        """Lines for what the customer may read: what happened and to whom, in the customer's language.

        What is to be told stands in the ledger since it happened, so a crash in between loses no line.
        """
        if view.customer is None:
            return
        for effect in self._ledger.to_tell(view.file.id):
            if effect.key.kind is Kind.EVENT:
                sentence = Sentence.of(f"history_{effect.to_tell}")
                whom = telling.addresses(effect.payload.get("guests", ())) if effect.to_tell != "recorded" else ""
            else:
                # An answer is told by the subject of its thread, which says more than Gmail's id of it.
                target = effect.payload.get("thread", {}).get("subject") or effect.key.target
                sentence = telling.mail_sent(effect.key.kind, target)
                whom = telling.addresses(effect.payload.get("to", ()), effect.payload.get("cc", ()))
            at = effect.at or effect.committed_at
            self._add_line(view, effect.key.deployment_id, sentence, whom, at, told=[effect.number])

    def ticks(self, view: LogView, now: datetime) -> dict[str, tuple[HistoryLine, ...]]:
        """By deployment, the lines for the boxes that were ticked since the look before, as of now."""
        if view.customer is None or not is_ours(view.customer):
            return {}
        found = {}
        for row in view.rows:
            boxes = newly_ticked(row.memory, row.before)
            told = [Sentence.of("history_ticked", column=self._policy.names.shown(one)) for one in boxes]
            found[row.deployment.id] = tuple(
                (now, self._line(view.customer, row.deployment.id, one, "", now)) for one in told
            )
        return found

    def override(self, view: LogView, row: RowView, now: datetime) -> None:
        """That a rule was set aside, never why: the log is shared."""
        self._add_line(view, row.deployment.id, Sentence.of("history_overridden"), "", now)
        sight = replace(sight_of(row), memory=replace(row.memory, overridden=True))
        self._ledger.save_sights(view.file.id, [sight], (), now)

    def _add_line(
        self, view: LogView, identity: str, sentence: Sentence, whom: str, now: datetime, told: Sequence[int] = ()
    ) -> None:
        assert view.customer is not None
        line = self._line(view.customer, identity, sentence, whom, now)
        # After a lost ledger History may tell of it already.
        known = any(_alike(one[:3], line[:3]) for one in self._ledger.history(view.file.id))
        self._ledger.add_history(view.file.id, [] if known else [(now, line)], told)

    def _line(
        self, customer: Customer, identity: str, sentence: Sentence, whom: str, now: datetime
    ) -> tuple[str | float, ...]:
        """The four cells, in the customer's language and time."""
        words = self._messages.sentence(sentence, customer.language, customer.time_zone)
        return (serial_of(now, customer.time_zone), identity, words[:1].upper() + words[1:], whom)


def _contents(cells: Cells) -> list[tuple[int, str, tuple[object, ...]]]:
    return [(row.number, row.id, tuple(row.cells)) for row in cells.rows]


def history_lines(cells: Cells) -> list[tuple[str | float, ...]]:
    """The lines of History as they stand, each with the four columns in our order."""
    columns = [cells.history_layout.columns[name] - 1 for name in deployment_log.HISTORY_COLUMNS]
    return [tuple(_plain(row[at]) if at < len(row) else "" for at in columns) for row in cells.history]


def _plain(cell: object) -> str | float:
    return cell if isinstance(cell, str | float | int) and not isinstance(cell, bool) else ""


def _alike(standing: Sequence[str | float], line: Sequence[str | float]) -> bool:
    return all(
        abs(one - other) < 0.5 / 86400
        if isinstance(one, int | float) and isinstance(other, int | float)
        else one == other
        for one, other in zip(standing, line, strict=True)
    )

"""The reconciler: compares what the sheets say with what the ledger says was done, and carries out the difference.

A pass reads the registry and those logs that changed or have something near (`_worth_reading`), decides about every
row (`observe.py`), has the effects carried out (`delivery.py`), and writes back what was done, in one write per log.
It is level-triggered: a pass that is lost, or that fails half-way, is made good by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from deploylog import deployment_log, telling
from deploylog.audience import Circle, circles, guests
from deploylog.cells import Names, serial_of
from deploylog.config import Config
from deploylog.customer_logs import CustomerLogs, Installation
from deploylog.delivery import Delivery, EventContent, Outcome
from deploylog.errors import ConfigurationError, DeploylogError
from deploylog.google.calendar import event_id
from deploylog.google.connect import Google
from deploylog.google.drive import DriveFile
from deploylog.google.sheets import CellWrite
from deploylog.ledger import Ledger, LogSeen, Sight
from deploylog.lifecycle import EventWish, Policy, Wanted
from deploylog.messages import MailFacts, Messages
from deploylog.mime import Letter
from deploylog.model import CHECKLIST, Customer, Environment, Kind, OperatedBy, Registry, Sentence, Window
from deploylog.observe import (
    HIGHEST,
    Cells,
    LogProblem,
    LogView,
    Observer,
    Organization,
    RowView,
    is_ours,
    known_of,
)
from deploylog.replies import Replies

EDIT_KEEPS_HOT = timedelta(minutes=10)
"""Somebody who edited a log is likely to go on."""
NEVER = datetime.max.replace(tzinfo=UTC)
STALE_READ = timedelta(seconds=2)
"""Rows may have moved since: the log is read again before it is written."""

log = structlog.get_logger(__name__)


@dataclass
class PassReport:
    """What one pass saw and did, for people and for the exit status."""

    logs_read: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """One sentence per log or service that could not be worked with."""
    needs_attention: list[str] = field(default_factory=list)
    """`DIBA-0014: Needs attention: …` for each row that does."""


class Reconciler:
    """Passes over all logs of one installation. Keeps between passes only what a next pass could find out again."""

    def __init__(
        self,
        config: Config,
        policy: Policy,
        organization: Organization,
        installation: Installation,
        google: Google,
        ledger: Ledger,
        messages: Messages,
    ) -> None:
        self._config = config
        self._policy = policy
        self._google = google
        self._ledger = ledger
        self._messages = messages
        self._observer = Observer(google.sheets, ledger, policy, organization)
        self._delivery = Delivery(ledger, google.gmail, google.calendar)
        self._customer_logs = CustomerLogs(config, policy, installation, google, ledger, messages)
        self._replies = Replies(google.calendar, config.poll.replies)
        self._files: dict[str, DriveFile] = {}
        self._zones: dict[str, tuple[int, ZoneInfo]] = {}
        self._in_progress: dict[str, bool] = {}
        self._to_read: set[str] = set()
        """Logs that are to be read whatever else holds: the registry changed, or the last pass did not finish them."""
        self._windows: dict[str, list[tuple[str, str, Window]]] = {}
        self._problems: dict[str, Sentence] = {}
        self._deleted: dict[str, tuple[Sentence, ...]] = {}
        self._last_registry: Registry | None = None

    # A pass ----------------------------------------------------------------------------------------------------

    def run_pass(
        self,
        clock: Callable[[], datetime],
        whole: bool = True,
        progress: Callable[[int, int], None] | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> PassReport:
        """One pass by the `clock` (UTC). Not `whole`: only logs with something due, as between two polls.

        `progress` is told how many logs of how many are done; between two logs the pass ends when it is `stopping`.
        Raises `OutsideError` where the registry or the folder cannot be read: then nothing is known, and nothing done.
        """
        report = PassReport()
        now = clock()
        sheet = self._customer_logs.read_registry()
        current = sheet.registry
        report.problems += self._customer_logs.registry_problems(current)
        if whole or not self._files:
            self._files = self._customer_logs.list_logs()
            self._files |= self._customer_logs.make_missing(sheet, self._files, now, report.problems)
        changed_registry = current != self._last_registry
        self._last_registry = current
        if changed_registry:
            self._to_read |= set(self._files)
        if whole:
            self._replies.refresh(now, report.problems)
        owners = self._customer_logs.owners(current, self._files)
        due = self._ledger.dues()
        chosen = [
            file
            for file in self._files.values()
            if file.id in self._to_read or self._worth_reading(file, due.get(file.id), now, whole)
        ]
        # What is due goes before what merely changed: a long pass must not make a mail late.
        chosen.sort(key=lambda file: due.get(file.id, NEVER))
        looked_at: dict[str, datetime] = {}
        for done, file in enumerate(chosen):
            if progress:
                progress(done, len(chosen))
            for one in (*self._became_due(looked_at, clock()), file):
                if stopping():
                    return report
                customer = owners.get(one.id)
                looked_at[one.id] = clock()
                if customer is None or is_ours(customer) or self._ledger.log(one.id) is not None:
                    self._one_log(one, customer, current, looked_at[one.id], report)
        if progress:
            progress(len(chosen), len(chosen))
        if whole or chosen:
            told = {log_id: (sentence,) for log_id, sentence in self._problems.items()}
            self._customer_logs.write_states(sheet, self._files, {**self._deleted, **told}, report.problems)
        return report

    def _became_due(self, looked_at: Mapping[str, datetime], now: datetime) -> list[DriveFile]:
        """Logs this pass has done already in which something became due since: a long pass makes no mail late."""
        if not looked_at:
            return []
        dues = self._ledger.dues()
        return [
            self._files[log_id]
            for log_id, then in looked_at.items()
            if log_id in self._files and then < dues.get(log_id, NEVER) <= now
        ]

    def next_due(self, after: datetime) -> datetime | None:
        """When something is due next, by the ledger; UTC. What was due before `after` is left to the next poll."""
        return min((due for due in self._ledger.dues().values() if due > after), default=None)

    def _worth_reading(self, file: DriveFile, due: datetime | None, now: datetime, whole: bool) -> bool:
        """Due now; or, at a poll, changed, about to be due, in progress, or edited a moment ago."""
        if due is not None and due <= now:
            return True
        if not whole:
            return False
        seen = self._ledger.log(file.id)
        if seen is None or file.id not in self._in_progress or file.version != seen.version:
            return True
        soon = due is not None and due <= now + self._config.poll.hot_within
        edited = seen.edited_at is not None and now - seen.edited_at < EDIT_KEEPS_HOT
        return soon or edited or self._in_progress[file.id]

    def _one_log(
        self, file: DriveFile, customer: Customer | None, current: Registry, now: datetime, report: PassReport
    ) -> None:
        """One log from reading to writing back; its failure is told and does not stop the others."""
        self._to_read.add(file.id)
        try:
            self._delivery.resolve_doubts(file.id, now)
            view = self._look(file, customer, current, now)
            report.logs_read += 1
            self._problems.pop(file.id, None)
            self._remember(view, now)
            outcomes = self._carry_out(view, current, now)
            _log_outcomes(view, outcomes)
            if outcomes:
                view = self._observer.decide_again(view, current, self._windows_elsewhere(file), now)
            self._remember(view, now)
            self._deleted[view.file.id] = self._deleted_rows(view, now)
            report.problems += [
                f"{file.name}: {self._messages.sentence(one, self._policy.language, None)}"
                for one in self._deleted[view.file.id]
            ]
            self._tell_history(view)
            self._write_back(view, now, again=bool(outcomes))
            self._to_read.discard(file.id)
            report.outcomes += outcomes
            report.needs_attention += self._attention(view)
        except LogProblem as problem:
            self._problems[file.id] = problem.sentence
            words = self._messages.sentence(problem.sentence, self._policy.language, None)
            report.problems.append(f"{file.name}: {words}")
        except DeploylogError as problem:
            report.problems.append(f"{file.name}: {problem}")
        except Exception as fault:
            # A fault of ours, met by one log's contents, must not keep the other customers' mails from going out.
            log.exception("fault in the program; please report it", log=file.name)
            report.problems.append(f"{file.name}: not finished, because of a fault in the program ({fault!r})")

    def look_at_all(self, now: datetime) -> tuple[list[LogView], list[str]]:
        """Every log with its decisions and nothing done, for `plan`; and a sentence per log that cannot be read."""
        sheet = self._customer_logs.read_registry()
        self._files = self._customer_logs.list_logs()
        owners = self._customer_logs.owners(sheet.registry, self._files)
        views, problems = [], []
        for file in self._files.values():
            customer = owners.get(file.id)
            if customer is not None and not is_ours(customer):
                continue
            try:
                views.append(self._look(file, customer, sheet.registry, now))
            except LogProblem as problem:
                problems.append(
                    f"{file.name}: {self._messages.sentence(problem.sentence, self._policy.language, None)}"
                )
            except DeploylogError as problem:
                problems.append(f"{file.name}: {problem}")
        return views, problems

    def customers(self) -> Registry:
        """The registry as it stands."""
        return self._customer_logs.read_registry().registry

    def log_file(self, customer: str) -> DriveFile:
        """The log of a customer, by name. Raises `ConfigurationError` where there is no such customer or no log yet."""
        current = self.customers()
        one = current.customer(customer)
        if one is None:
            names = ", ".join(each.name for each in current.customers) or "none"
            raise ConfigurationError(f"the registry has no customer {customer}; it has: {names}")
        self._files = self._customer_logs.list_logs()
        owners = self._customer_logs.owners(current, self._files)
        for file_id, owner in owners.items():
            if owner == one:
                return self._files[file_id]
        raise ConfigurationError(f"{one.name} has no log yet; the daemon makes it once it has seen the registry")

    def look_at(self, customer: str, now: datetime) -> LogView:
        """One customer's log with its decisions, nothing done."""
        file = self.log_file(customer)
        current = self.customers()
        return self._look(file, current.customer(customer), current, now)

    def preview(self, view: LogView, row: RowView, kind: Kind, language: str, now: datetime) -> Letter:
        """The letter of a kind as it would go now to those who read this language; to the responsible, a nudge."""
        assert view.customer is not None
        policy_language = self._policy.language
        if kind is Kind.NUDGE:
            circle = Circle(policy_language, (row.deployment.responsible,) if row.deployment.responsible else ())
        else:
            known = circles(row.deployment, view.customer, self.customers().contacts_of(view.customer))
            circle = next((one for one in known if one.language == language), Circle(language, ()))
        wanted = Wanted(kind, row.memory.generation, 0, circle.language, replace(circle, language=language), now)
        return self._letter(view, row, wanted, now)()

    def _look(self, file: DriveFile, customer: Customer | None, current: Registry, now: datetime) -> LogView:
        elsewhere = self._windows_elsewhere(file)
        view = self._observer.look(file, self._zone(file), customer, current, elsewhere, now)
        self._windows[file.id] = view.windows()
        return view

    def _windows_elsewhere(self, file: DriveFile) -> list[tuple[str, str, Window]]:
        """ID, responsible and window of what is planned in other logs, as far as they were read."""
        return [one for log_id, windows in self._windows.items() if log_id != file.id for one in windows]

    def _zone(self, file: DriveFile) -> ZoneInfo:
        """The spreadsheet's zone, asked for again whenever the file changed."""
        known = self._zones.get(file.id)
        if known is None or known[0] != file.version:
            self._zones[file.id] = (file.version, self._observer.time_zone(file))
        return self._zones[file.id][1]

    def _remember(self, view: LogView, now: datetime) -> None:
        """Into the ledger: what the rows are, what is remembered of them, when to look again."""
        self._in_progress[view.file.id] = view.in_progress
        if view.customer is None:
            # Nobody's log: what is concluded about it is kept once it is somebody's.
            return
        edited = view.new or any(
            row.before is None or row.before.fingerprint != row.memory.fingerprint for row in view.rows
        )
        seen = self._ledger.log(view.file.id)
        edited_at = now if edited else seen.edited_at if seen else None
        highest = view.identities.highest
        if highest > max(seen.highest if seen else 0, 0) and view.identities.to_write:
            # Before the first use of the number: a lost ledger must not give it to another deployment.
            self._google.drive.set_properties(view.file.id, {HIGHEST: str(highest)})
        if seen is None:
            self._ledger.add_history(view.file.id, [(None, line) for line in _lines(view.cells)])
            for row in view.rows:
                standing = event_id(view.file.id, row.deployment.id)
                self._ledger.adopt(view.file.id, row.deployment.id, row.memory.effects, now, standing)
        self._ledger.see_log(LogSeen(view.file.id, view.customer.name, highest, view.file.version, edited_at))
        sights = [Sight(known_of(row), row.memory, row.decision.due) for row in view.rows]
        self._ledger.save_sights(view.file.id, sights, view.identities.vanished, now)

    def _deleted_rows(self, view: LogView, now: datetime) -> tuple[Sentence, ...]:
        """Deployments whose row is gone while their guests still expect them: a deleted row cancels nothing itself."""
        if not view.identities.vanished:
            return ()
        memories = self._ledger.memories(view.file.id)
        gone = [(identity, memories[identity]) for identity in view.identities.vanished if identity in memories]
        return tuple(
            Sentence.of("row_deleted", deployment=identity, when=memory.start)
            for identity, memory in gone
            if memory.has_event and memory.start and memory.start > now
        )

    # Carrying out ----------------------------------------------------------------------------------------------

    def _carry_out(self, view: LogView, current: Registry, now: datetime) -> list[Outcome]:
        outcomes: list[Outcome] = []
        if view.customer is None:
            return outcomes
        for row in view.rows:
            identity = row.deployment.id
            wanted = [(one, self._letter(view, row, one, now)) for one in row.decision.wanted]
            outcomes += self._delivery.mail(view.file.id, identity, wanted, now)
            if row.decision.event is EventWish.CANCEL:
                withdrawn = self._delivery.withdraw(view.file.id, identity, now)
                outcomes += withdrawn
            elif row.decision.event is not EventWish.LEAVE:
                tell = row.decision.event is EventWish.INVITE
                content = self._event(view, row, current)
                outcomes += self._delivery.invite(view.file.id, identity, content, tell, now)
            if row.decision.overridden and not row.memory.overridden:
                self._note_override(view, row, now)
        for outcome in outcomes:
            if outcome.effect.key.kind is Kind.EVENT:
                self._replies.forget(outcome.effect.external_id)
        for identity in view.identities.vanished:
            # A deleted row cancels nothing by itself, but what was pending for it must not go out.
            outcomes += self._delivery.mail(view.file.id, identity, [], now)
        return outcomes

    def _letter(self, view: LogView, row: RowView, wanted: Wanted, now: datetime) -> Callable[[], Letter]:
        def compose() -> Letter:
            mail = self._messages.mail(self.facts(view, row, wanted.kind, wanted.circle.language, now))
            reply_to = self._config.mail.reply_to or row.deployment.responsible
            to, cc = wanted.circle.to, wanted.circle.cc
            if self._config.mail.redirect_to:
                to, cc = (self._config.mail.redirect_to,), ()
            return Letter(self._config.mail.from_, to, cc, reply_to, mail.subject, mail.text, mail.html)

        return compose

    def facts(self, view: LogView, row: RowView, kind: Kind, language: str, now: datetime) -> MailFacts:
        """What a mail of this kind about this row is written from."""
        customer, deployment = view.customer, row.deployment
        assert customer is not None
        window = deployment.window or Window(now, now + timedelta(minutes=1))
        if kind is Kind.CANCELLED and row.memory.started and row.memory.start and row.memory.ends:
            # What is cancelled is what was announced, whatever `Start` says by now.
            window = Window(row.memory.start, row.memory.ends[0])
        organization = self._config.organization
        return MailFacts(
            kind=Kind.NUDGE if kind is Kind.OVERRUN else kind,
            language=language,
            customer=customer.name,
            partner=customer.partner if customer.operated_by is OperatedBy.US_FOR_PARTNER else "",
            deployment_id=deployment.id,
            environment=deployment.environment or Environment.PRODUCTION,
            window=window,
            end=deployment.end or window.end,
            now=now,
            # A nudge sends staff to their sheet, where times are the spreadsheet's.
            zone=view.zone if kind in (Kind.NUDGE, Kind.OVERRUN) else customer.time_zone,
            tickets=deployment.tickets,
            components=deployment.components,
            restart=deployment.restart,
            comment=deployment.comment,
            responsible=deployment.responsible,
            log_link=view.file.link,
            unticked=tuple(self._policy.names.shown(name) for name in CHECKLIST if name not in deployment.checked),
            overrun=kind is Kind.OVERRUN,
            support_portal=organization.support_portal,
            support_phone=organization.support_phone,
            organization=organization.name,
        )

    def _event(self, view: LogView, row: RowView, current: Registry) -> EventContent:
        customer, deployment = view.customer, row.deployment
        assert customer is not None
        assert deployment.window is not None
        start, end = deployment.window.start, deployment.window.end
        if row.decision.event is EventWish.RECORD:
            started = [one.at for one in row.memory.out(Kind.START) if one.at]
            start = min(started, default=start)
            end = max(row.memory.closed_at or end, start + timedelta(minutes=1))
        facts = self.facts(view, row, Kind.EVENT, customer.language, start)
        title, description = self._messages.event(facts)
        invited = guests(deployment, customer, current.contacts_of(customer))
        if self._config.mail.redirect_to and invited:
            # Trying things out must not reach anybody: Calendar mails every guest.
            invited = (self._config.mail.redirect_to.lower(),)
        return EventContent(title, description, start, end, customer.time_zone.key, invited)

    # Writing back ----------------------------------------------------------------------------------------------

    def _write_back(self, view: LogView, now: datetime, again: bool) -> None:
        """The daemon's columns and new lines of History, in one write; nothing is called where nothing differs."""
        wanted = {row.deployment.id: self._projection(row) for row in view.rows}
        writes = self._writes(view, view.cells, wanted, now)
        if not writes:
            return
        if again or view.identities.to_write or now - view.cells.read_at > STALE_READ:
            fresh = self._observer.read(view.file, now)
            if view.identities.to_write and _contents(fresh) != _contents(view.cells):
                # Rows moved since: IDs written now could meet the wrong ones. The next pass looks anew.
                self._ledger.see_log(replace(_seen(self._ledger, view), version=0))
                return
            writes = self._writes(view, fresh, wanted, now)
        self._make_room(view, writes)
        self._google.sheets.write(view.file.id, writes)

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
        standing = _lines(cells)
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
            return deployment_log.Projection("", replies="") if never_judged else None
        event = next((one for one in row.memory.effects if one.kind is Kind.EVENT), None)
        link, replies = "", None
        decision = row.decision
        if event is not None and row.memory.has_event:
            effect = self._ledger.effect(event.number)
            link = str(effect.payload.get("link", "")) if effect else ""
            seen = self._replies.of(effect.external_id) if effect else None
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

    def _make_room(self, view: LogView, writes: Sequence[CellWrite]) -> None:
        """History grows past the rows its tab has; a write outside the grid would be refused as a whole."""
        tab = self._policy.names.shown(deployment_log.HISTORY)
        rows = max((one.row for one in writes if one.tab == tab), default=0)
        if rows <= view.cells.history_layout.header_row + len(view.cells.history):
            return
        info = self._google.sheets.describe(view.file.id).tabs[tab]
        self._google.sheets.grow(view.file.id, info, rows if rows <= info.rows else rows + 200, info.columns)

    # History ---------------------------------------------------------------------------------------------------

    def _tell_history(self, view: LogView) -> None:
        """Lines for what the customer may read: what happened and to whom, in the customer's language.

        What is to be told stands in the ledger since it happened, so a crash in between loses no line.
        """
        if view.customer is None:
            return
        for effect in self._ledger.to_tell(view.file.id):
            if effect.key.kind is Kind.EVENT:
                sentence = Sentence.of(f"history_{effect.to_tell}")
                whom = telling.addresses(effect.payload["guests"]) if effect.to_tell != "recorded" else ""
            else:
                sentence = telling.mail_sent(effect.key.kind, effect.key.target)
                whom = telling.addresses(effect.payload["to"], effect.payload["cc"])
            at = effect.at or effect.committed_at
            self._add_line(view, effect.key.deployment_id, sentence, whom, at, told=[effect.number])

    def _note_override(self, view: LogView, row: RowView, now: datetime) -> None:
        """That a rule was set aside, never why: the log is shared."""
        self._add_line(view, row.deployment.id, Sentence.of("history_overridden"), "", now)
        sight = Sight(known_of(row), replace(row.memory, overridden=True), row.decision.due)
        self._ledger.save_sights(view.file.id, [sight], (), now)

    def _add_line(
        self, view: LogView, identity: str, sentence: Sentence, whom: str, now: datetime, told: Sequence[int] = ()
    ) -> None:
        assert view.customer is not None
        words = self._messages.sentence(sentence, view.customer.language, view.customer.time_zone)
        line = (serial_of(now, view.zone), identity, words[:1].upper() + words[1:], whom)
        self._ledger.add_history(view.file.id, [(now, line)], told)

    def _attention(self, view: LogView) -> list[str]:
        word = self._policy.names.shown("Needs attention")
        told = []
        for row in view.rows:
            text = telling.progress_text(
                row.decision, self._messages, self._policy.language, self._config.organization.time_zone, Names()
            )
            if text.startswith("Needs attention"):
                told.append(f"{row.deployment.id}: {text.replace('Needs attention', word, 1)}")
        return told


def _log_outcomes(view: LogView, outcomes: Sequence[Outcome]) -> None:
    """One line per thing that came to be, for the operator."""
    for outcome in outcomes:
        effect = outcome.effect
        payload = effect.payload
        log.info(
            outcome.what,
            customer=view.customer.name if view.customer else "",
            deployment=effect.key.deployment_id,
            kind=f"{effect.key.kind} {effect.key.target}".strip(),
            recipients=sum(len(payload.get(group, ())) for group in ("to", "cc", "guests")),
            effect=effect.number,
        )


def _seen(ledger: Ledger, view: LogView) -> LogSeen:
    seen = ledger.log(view.file.id)
    assert seen is not None
    return seen


def _contents(cells: Cells) -> list[tuple[int, str, tuple[object, ...]]]:
    return [(row.number, row.id, tuple(row.cells)) for row in cells.rows]


def _lines(cells: Cells) -> list[tuple[str | float, ...]]:
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

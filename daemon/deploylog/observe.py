"""One log as it stands: read, told which row is which deployment, remembered, decided. Nothing is done here.

`plan` shows what this module says; `reconcile.py` carries it out. What is read comes from `google/sheets.py` and the
ledger; what is concluded comes from the pure modules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from deploylog import deployment_log, guards, rules
from deploylog.adoption import Mailed, Past, actual_end, adopted, is_looked_up, is_over
from deploylog.audience import circles
from deploylog.cells import Layout, Names, find_layout, folded
from deploylog.dates import Absences, circumstances
from deploylog.deployment_log import SheetRow
from deploylog.errors import DeploylogError
from deploylog.facts import Facts, FactSource
from deploylog.google.drive import DriveFile
from deploylog.google.sheets import Cell, MissingTab, Sheets
from deploylog.guards import HOUR, Limits, held_back
from deploylog.identity import Identities, Known, alike, identify, prefix_for, repeated
from deploylog.ledger import Ledger, PlannedWindow, Sight
from deploylog.lifecycle import (
    Decision,
    EventWish,
    Memory,
    Policy,
    Surroundings,
    decide,
    first_memory,
    remember,
    worth_looking_up,
)
from deploylog.model import (
    INTERNAL_PARTIES,
    OPEN,
    Customer,
    Deployment,
    Kind,
    Level,
    OperatedBy,
    Progress,
    Registry,
    Rule,
    Sentence,
    Status,
)
from deploylog.notices import Decline, with_declines, with_notice
from deploylog.registry import PAUSE

HIGHEST = "deploylog-highest"
"""The property of a log's file that keeps the highest number ever given in it, beyond the ledger's life."""


PlannedOf = Callable[[Set[str]], Sequence[PlannedWindow]]
"""The windows in other logs of those responsible for them, by address."""
MailedOf = Callable[[str, Sequence[str], datetime], Mapping[str, Sequence[Mailed]]]
"""Of a log's deployments, the mails in the mailbox; the last argument is now."""


AbsencesOf = Callable[[str, datetime], Absences]
"""What counts of staff's absences for a responsible; the last argument is now."""


def _nobody_away(responsible: str, now: datetime) -> Absences:
    return Absences()


DeclinesOf = Callable[[str, str], Sequence[Decline]]
"""Who declined the invitation of a deployment, by log and ID."""


def _nobody_declined(log_id: str, deployment_id: str) -> Sequence[Decline]:
    return ()


def _was_log_of(customer: Customer, log_id: str, whose: str, registry: Registry) -> bool:
    """Whether a log that is nobody's now was this customer's, `whose` it was when it was last looked at.

    It may have been renamed since: then `Log` still names the file. Empty: what was taken over by a file that never
    was anybody's for long enough.
    """
    renamed = log_id in customer.log_link and registry.customer(whose) is None
    return not whose or folded(whose) == folded(customer.name) or renamed


def _nothing_mailed(log_id: str, identities: Sequence[str], now: datetime) -> dict[str, list[Mailed]]:
    return {}


class LogProblem(DeploylogError):  # noqa: N818
    """A log that cannot be worked with as it is; `sentence` goes into the registry's `State`."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence.code)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class RowView:
    """A row, which deployment it is, what is remembered of it, and what is decided."""

    sheet_row: SheetRow
    deployment: Deployment
    memory: Memory
    decision: Decision
    before: Memory | None
    """What was remembered before this look; None at first sight."""
    held: bool
    """Its ID does not stand in the sheet yet: nothing is announced before it does."""
    past: Past = field(default_factory=Past)
    """What is adopted of it, where the ledger has never seen the log."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The two tabs of a log as read at one instant, and where their columns stand."""

    layout: Layout
    rows: Sequence[SheetRow]
    history_layout: Layout
    history: Sequence[Sequence[Cell]]
    """The rows below the header of History."""
    read_at: datetime


@dataclass(frozen=True, slots=True)
class LogView:
    """A log at one instant."""

    file: DriveFile
    customer: Customer | None
    zone: ZoneInfo
    """The spreadsheet's."""
    cells: Cells
    identities: Identities
    rows: tuple[RowView, ...]
    new: bool
    """The ledger has never seen this log."""
    vanished: tuple[str, ...] = ()
    """Deployments that have no row any more; none where the log was emptied by a slip, as it seems."""
    stopped: Sentence | None = None
    """Why nothing goes out for this log (`guards.py`); None: nothing is in the way."""
    taken: tuple[PlannedWindow, ...] = ()
    """What those responsible for its open rows had planned in the other logs when it was looked at."""
    barred: tuple[Progress, Sentence] | None = None
    """Why nothing may be sent for it whatever its rows say, and the word to say it with (`CustomerLogs.barred`)."""
    former: Mapping[str, str] = field(default_factory=dict)
    """Of its deployments those the ledger knows of a log that was this customer's before, by ID, with its file id.

    What was done for them was done in that log's name: they are taken over before anything is done.
    """

    @property
    def due(self) -> datetime | None:
        return min((row.decision.due for row in self.rows if row.decision.due), default=None)

    @property
    def in_progress(self) -> bool:
        """Whether staff are about to act: it is worth reading the log at every poll."""
        lively = (Progress.IN_PROGRESS, Progress.RUNNING_LATE, Progress.NEEDS_ATTENTION, None)
        return any(row.decision.progress in lively for row in self.rows)


@dataclass(frozen=True, slots=True)
class Organization:
    """What the configuration says beyond single rows."""

    zone: ZoneInfo
    domains: tuple[str, ...]
    place: rules.Place
    rules: Mapping[Rule, Level]
    limits: Limits


class Observer:
    """Looks at logs. Holds no state but what it was made with."""

    def __init__(
        self,
        sheets: Sheets,
        ledger: Ledger,
        policy: Policy,
        organization: Organization,
        absences: AbsencesOf = _nobody_away,
        declines: DeclinesOf = _nobody_declined,
        facts: FactSource | None = None,
    ) -> None:
        """`facts`: None where nothing is looked up outside."""
        self._sheets = sheets
        self._absences = absences
        self._declines = declines
        self._facts = facts
        self._ledger = ledger
        self._policy = policy
        self._organization = organization

    def read(self, file: DriveFile, now: datetime) -> Cells:
        """Both tabs in one call. Raises `LogProblem` where a tab or a column is missing."""
        return self._cells(lambda tabs: self._sheets.read(file.id, tabs), now)

    def read_first(self, file: DriveFile, now: datetime) -> tuple[Cells, ZoneInfo]:
        """Both tabs, and the spreadsheet's own zone, in which its serial dates are meant, in one call.

        Raises `LogProblem` as `read` does, and where the zone is none that is known here.
        """
        zones: list[str] = []

        def read(tabs: Sequence[str]) -> Mapping[str, list[list[Cell]]]:
            name, cells = self._sheets.read_with_zone(file.id, tabs)
            zones.append(name)
            return cells

        cells = self._cells(read, now)
        try:
            return cells, ZoneInfo(zones[0])
        except (KeyError, ValueError):
            raise LogProblem(Sentence.of("log_time_zone", zone=zones[0])) from None

    def _cells(self, read: Callable[[Sequence[str]], Mapping[str, list[list[Cell]]]], now: datetime) -> Cells:
        names = self._policy.names
        deployments, history = names.shown(deployment_log.DEPLOYMENTS), names.shown(deployment_log.HISTORY)
        try:
            tabs = read([deployments, history])
        except MissingTab as missing:
            raise LogProblem(Sentence.of("log_without_tab", tab=missing.tab)) from missing
        layout = _layout(tabs[deployments], deployment_log.COLUMNS, names, deployments)
        history_layout = _layout(tabs[history], deployment_log.HISTORY_COLUMNS, names, history)
        return Cells(
            layout,
            deployment_log.rows_of(tabs[deployments], layout),
            history_layout,
            tabs[history][history_layout.header_row :],
            now,
        )

    def look(
        self,
        file: DriveFile,
        cells: Cells,
        zone: ZoneInfo,
        customer: Customer | None,
        registry: Registry,
        planned: PlannedOf,
        now: datetime,
        mailed: MailedOf = _nothing_mailed,
        barred: tuple[Progress, Sentence] | None = None,
        owned: Set[str] = frozenset(),
    ) -> LogView:
        """Decide about each row of a log that was just read.

        `planned` is asked for the windows of other logs, by who is responsible for them. `mailed` is asked what the
        mailbox shows of the rows of a log that the ledger has never seen. `barred`: why nothing may be sent for the log
        at all. `owned`: the file ids of the logs that are some customer's now.
        """
        names, domains = self._policy.names, self._organization.domains
        read = [deployment_log.read_deployment(row, cells.layout, names, zone, domains) for row in cells.rows]
        seen = self._ledger.log(file.id)
        known = self._ledger.known(file.id)
        elsewhere = self._ledger.known_elsewhere(file.id, {row.id for row in read if row.id} - known.keys())
        former = self._of_former_logs(read, elsewhere, customer, registry, owned, seen is None)
        if seen is not None:
            # A row pasted from another log comes with that one's ID; in its mails it would name another customer.
            foreign = elsewhere.keys() - former.keys()
            read = [replace(row, id="") if row.id in foreign else row for row in read]
        # In a log that is new the numbers go on, so that what is pasted from the one before is told by its ID.
        before = seen.highest if seen else self._ledger.highest_of(customer.name) if customer else 0
        highest = max(before, _number(file.properties.get(HIGHEST, "")))
        identities = identify(read, known, highest, prefix_for(customer.name if customer else file.name))
        memories = self._ledger.memories(file.id)
        sheet_rows = {row.number: row for row in cells.rows}
        named = ((row, identities.by_row[row.row]) for row in read)
        identified = [row if row.id == identity else replace(row, id=identity) for row, identity in named]
        remembered = {row.id: self._remember(row, memories.get(row.id), identities, now) for row in identified}
        pasts: dict[str, Past] = {}
        if seen is None and customer is not None:
            # A pasted duplicate is left out: what its columns say is its original's past. So is what was taken over.
            own = [row for row in identified if row.id not in identities.copies and row.id not in memories]
            pasts = self._pasts(file, own, sheet_rows, cells.layout, zone, customer, registry, mailed, now)
            remembered |= {identity: past.remembered(remembered[identity]) for identity, past in pasts.items()}
            # Nobody has to wait for what a row says of which nothing is announced any more.
            timing = self._policy.timing
            left_alone, long_ago = now - timing.settle, now - timing.late_after
            for row in own:
                if is_over(row, pasts[row.id], long_ago):
                    since = actual_end(sheet_rows[row.row], cells.layout, zone, left_alone) or left_alone
                    remembered[row.id] = replace(remembered[row.id], changed_at=left_alone, status_since=since)
        repeats = repeated(identified, {identity: memory.copy_of for identity, memory in remembered.items()})
        judged = [replace(row, same_as=repeats[row.id]) if repeats.get(row.id) else row for row in identified]
        announced = [row for row in judged if remembered[row.id].has_event]
        if self._facts is not None and customer is not None and is_ours(customer) and barred is None:
            timing = self._policy.timing
            self._facts.look([row for row in judged if worth_looking_up(row, remembered[row.id], timing, now)], now)
        responsibles = {row.responsible for row in judged if row.responsible and row.status in OPEN}
        taken = tuple(planned(responsibles)) if responsibles else ()
        rows = []
        for sheet_row, row in zip(cells.rows, judged, strict=True):
            memory = remembered[row.id]
            held = row.row in identities.to_write
            decision = self._decide(file.id, row, memory, customer, registry, announced, taken, now, held, barred)
            if decision.progress is Progress.SCHEDULED and memory.known_warnings is None:
                memory = replace(memory, known_warnings=tuple(map(str, decision.warnings)))
            past = pasts.get(row.id, Past())
            rows.append(RowView(sheet_row, row, memory, decision, memories.get(row.id), held, past))
        view = LogView(
            file,
            customer,
            zone,
            cells,
            identities,
            tuple(rows),
            seen is None,
            identities.vanished,
            taken=taken,
            barred=barred,
            former=former,
        )
        return self._guarded(view, known, registry.pause_all or (customer is not None and customer.paused), now)

    def _of_former_logs(
        self,
        rows: Sequence[Deployment],
        elsewhere: Mapping[str, Mapping[str, str]],
        customer: Customer | None,
        registry: Registry,
        owned: Set[str],
        new: bool,
    ) -> dict[str, str]:
        """Of the IDs known elsewhere those of a log that was this customer's and is nobody's now, with its file id.

        So it is where a log was replaced by a copy of it, or its rows were pasted into another. In a log that is not
        `new` a row must also say what it said there: else it is a new work, made from an old row.
        """
        if customer is None:
            return {}
        found: dict[str, str] = {}
        known: dict[str, Mapping[str, Known]] = {}
        for row in rows:
            for log_id, whose in elsewhere.get(row.id, {}).items():
                if log_id not in owned and _was_log_of(customer, log_id, whose, registry):
                    there = known.setdefault(log_id, self._ledger.known(log_id))
                    same = alike(row, there.get(row.id))
                    if same or (new and row.id not in found):
                        found[row.id] = log_id
        return found

    def _pasts(
        self,
        file: DriveFile,
        rows: Sequence[Deployment],
        sheet_rows: Mapping[int, SheetRow],
        layout: Layout,
        zone: ZoneInfo,
        customer: Customer,
        registry: Registry,
        mailed: MailedOf,
        now: datetime,
    ) -> dict[str, Past]:
        """What the rows' own columns and the mailbox show of the past. `sheet_rows`: by number, as they stand."""
        names, contacts = self._policy.names, registry.contacts_of(customer)
        wanted = [row.id for row in rows if is_looked_up(row, sheet_rows[row.row], layout, zone, now)]
        # However far ahead the starts are: one may have been moved, and a notice goes long before.
        found = mailed(file.id, wanted, now) if wanted else {}
        return {
            row.id: adopted(
                row,
                sheet_rows[row.row],
                layout,
                names,
                zone,
                circles(row, customer, contacts),
                found.get(row.id, ()),
            )
            for row in rows
        }

    def _guarded(self, view: LogView, known: Mapping[str, Known], paused: bool, now: datetime) -> LogView:
        """The view of a log that is stopped, where there is reason to stop it."""
        there = {identity for identity, one in known.items() if not one.vanished}
        gone = [identity for identity in view.identities.vanished if identity in there]
        stopped = None if paused else guards.emptied(there, gone, self._policy.names.shown(PAUSE))
        if stopped:
            view = replace(view, vanished=())
        else:
            wanted = sum(one.kind is not Kind.NOTICE for row in view.rows for one in row.decision.wanted)
            sent = self._ledger.mails_since(now - HOUR) if wanted else {}
            for_log, for_all = sent.get(view.file.id, 0), sum(sent.values())
            stopped = guards.too_many_mails(wanted, for_log, for_all, self._organization.limits)
        if not stopped:
            return view
        rows = tuple(replace(row, decision=held_back(row.decision, stopped)) for row in view.rows)
        return replace(view, rows=rows, stopped=stopped)

    def decide_again(self, view: LogView, registry: Registry) -> LogView:
        """The same rows with what the ledger holds now: what the columns shall tell after effects were carried out.

        The instant is the one the log was read at: what became due since then was not carried out in this look, so the
        row must not tell of it, and it stays due.
        """
        now = view.cells.read_at
        memories = self._ledger.memories(view.file.id)
        announced = [row.deployment for row in view.rows if row.memory.has_event]
        rows = []
        for row in view.rows:
            memory = memories.get(row.deployment.id, row.memory)
            decision = self._decide(
                view.file.id,
                row.deployment,
                memory,
                view.customer,
                registry,
                announced,
                view.taken,
                now,
                row.held,
                view.barred,
            )
            rows.append(replace(row, memory=memory, decision=held_back(decision, view.stopped)))
        return replace(view, rows=tuple(rows))

    @staticmethod
    def _remember(row: Deployment, before: Memory | None, identities: Identities, now: datetime) -> Memory:
        if before is None:
            return first_memory(row, now, identities.copies.get(row.id, ""))
        return remember(row, before, now)

    def decide_at(self, view: LogView, row: RowView, memory: Memory, registry: Registry, now: datetime) -> Decision:
        """What would be decided about a row at another instant, with another memory, everything else being as it is."""
        announced = [one.deployment for one in view.rows if one.memory.has_event]
        deployment = row.deployment
        return self._decide(
            view.file.id, deployment, memory, view.customer, registry, announced, view.taken, now, False, view.barred
        )

    def _decide(
        self,
        log_id: str,
        row: Deployment,
        memory: Memory,
        customer: Customer | None,
        registry: Registry,
        log: Sequence[Deployment],
        others: Iterable[PlannedWindow],
        now: datetime,
        held: bool,
        barred: tuple[Progress, Sentence] | None,
    ) -> Decision:
        if customer is None:
            announcing = row.status not in (Status.DRAFT, Status.CANCELLED)
            return Decision(
                Progress.NOT_READY if announcing else Progress(row.status.value),
                (Sentence.of("log_without_customer"),) if announcing else (),
            )
        if not is_ours(customer):
            at_rest = row.status in (Status.DRAFT, Status.DONE, Status.ROLLED_BACK, Status.CANCELLED)
            said = Progress(row.status.value) if at_rest else Progress.PAUSED
            return Decision(said, () if at_rest else (Sentence.of("state_partner"),))
        around = Surroundings(
            policy=self._policy,
            customer=customer,
            contacts=registry.contacts_of(customer),
            dates=self._circumstances(row, customer, registry, log, others, now),
            paused=registry.pause_all or customer.paused,
            stopped=barred,
            facts=self._known(row, memory, now),
        )
        decision = decide(row, memory, around, now)
        if barred is None:
            decision = with_notice(decision, row, memory, self._policy, now)
            declines = self._declines_outside(log_id, row.id, around)
            decision = with_declines(decision, row, memory, self._policy, declines, now)
        if held and (decision.wanted or decision.event is not EventWish.LEAVE):
            return Decision(None, due=now)
        return decision

    def _declines_outside(self, log_id: str, identity: str, around: Surroundings) -> list[Decline]:
        """Without those of our own people, who know whom to speak to."""
        internal = {one.address for one in around.contacts if one.party in INTERNAL_PARTIES}
        return [
            one
            for one in self._declines(log_id, identity)
            if one.address not in internal and one.address.rpartition("@")[2] not in self._organization.domains
        ]

    def _known(self, row: Deployment, memory: Memory, now: datetime) -> Facts:
        if self._facts is None:
            return Facts()
        facts = self._facts.known(row, now)
        return facts if worth_looking_up(row, memory, self._policy.timing, now) else replace(facts, again=None)

    def _circumstances(
        self,
        row: Deployment,
        customer: Customer,
        registry: Registry,
        log: Sequence[Deployment],
        others: Iterable[PlannedWindow],
        now: datetime,
    ) -> rules.Circumstances:
        place, levels = self._organization.place, self._organization.rules
        if row.status not in OPEN:
            return circumstances(customer, registry, place, levels, Absences(), ())
        taken = [
            rules.Taken(other.taken, other.id, True, other.responsible == row.responsible)
            for other in log
            if other.id != row.id and other.taken and other.status in OPEN
        ]
        taken += [
            rules.Taken(one.window, one.deployment_id, False, True)
            for one in others
            if one.responsible == row.responsible
        ]
        # Of what is past nothing is judged, and whoever did it may have left.
        to_come = row.window is not None and row.window.end > now
        absences = self._absences(row.responsible, now) if to_come else Absences()
        return circumstances(customer, registry, place, levels, absences, taken)


def known_of(row: RowView) -> Known:
    """What the ledger keeps of a row for telling it again."""
    deployment = row.deployment
    return Known(
        deployment.id,
        deployment.row,
        deployment.fingerprint,
        deployment.window.start if deployment.window else None,
        tuple(str(part) for part in deployment.components),
    )


def sight_of(row: RowView) -> Sight:
    """What a look at a row leaves in the ledger."""
    deployment = row.deployment
    return Sight(known_of(row), row.memory, row.decision.due, deployment.taken, deployment.responsible)


def _layout(rows: Sequence[Sequence[Cell]], columns: Sequence[str], names: Names, tab: str) -> Layout:
    layout = find_layout(rows, columns, names)
    missing = layout.missing(columns) if layout else tuple(columns)
    if layout is None or missing:
        raise LogProblem(Sentence.of("tab_without_columns", tab=tab, columns=tuple(map(names.shown, missing))))
    return layout


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def is_ours(customer: Customer) -> bool:
    """Whether we carry this customer's deployments out; a partner alone follows its own procedure."""
    return customer.operated_by is not OperatedBy.PARTNER

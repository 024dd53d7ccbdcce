"""The reconciler: compares what the sheets say with what the ledger says was done, and carries out the difference.

A pass reads the registry and those logs that changed or have something near (`_worth_reading`), decides about every
row (`observe.py`), has the effects carried out (`delivery.py`), and writes back what was done, in one write per log.
It is level-triggered: a pass that is lost, or that fails half-way, is made good by the next one.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType
from zoneinfo import ZoneInfo

import structlog

from deploylog import telling
from deploylog.audience import Circle, circles
from deploylog.cells import Names
from deploylog.compose import Composer, own_addresses
from deploylog.config import Config
from deploylog.customer_logs import CustomerLogs, Installation
from deploylog.dates import circumstances
from deploylog.delivery import LONGEST_CALL, Outcome
from deploylog.errors import ConfigurationError, DeploylogError, StoreUnreachable
from deploylog.facts import FactSource
from deploylog.forecast import Coming, forecast
from deploylog.google.calendar import event_id
from deploylog.google.connect import Google
from deploylog.google.drive import DriveFile
from deploylog.kept import Concluded
from deploylog.ledger import Ledger, LogSeen, PlannedWindow
from deploylog.lifecycle import PENDING, Decision, EffectState, EventWish, Memory, Policy, Wanted
from deploylog.looks import LastLooks
from deploylog.messages import Messages
from deploylog.mime import Letter
from deploylog.model import NEVER, Customer, Kind, Progress, Registry, Sentence
from deploylog.observe import (
    HIGHEST,
    Cells,
    LogProblem,
    LogView,
    Observer,
    Organization,
    RowView,
    is_ours,
    sight_of,
)
from deploylog.recollection import Recollection
from deploylog.registry_watch import EDIT_KEEPS_HOT, RegistryWatch
from deploylog.replies import Replies
from deploylog.rules import Circumstances, Taken
from deploylog.shadow import REAL, Carrying
from deploylog.tickets.interface import Services
from deploylog.tickets.mail_threads import Threads
from deploylog.vacations import Vacations
from deploylog.write_back import HistoryLine, WriteBack, history_lines

UNREAD_A_POLL = 4
"""After a start the logs nothing happened to since are read so many a poll: for the pages, and to be sure."""
MOST_LOOKS = 10
"""How often one pass looks at a log whose calls hang; the next pass goes on."""
STALE_READ = timedelta(seconds=2)
"""What was read longer ago is read again before anything is sent for it."""
LONGEST_UNDER_WAY = timedelta(days=7)
"""A window that ended longer ago overlaps with nothing that is still judged."""
NO_TICKS: Mapping[str, tuple[HistoryLine, ...]] = MappingProxyType({})
READS_A_LOOK = 2
"""Of Sheets, for a log for which something is sent: it, and once more before it is written into."""
READS_KEPT = 3
"""Reads always kept for what becomes due unforeseen, the registry among them."""
EVER = datetime.min.replace(tzinfo=UTC)

log = structlog.get_logger(__name__)


@dataclass
class PassReport:
    """What one pass saw and did, for people and for the exit status."""

    logs_read: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """One sentence per log or service that could not be worked with."""
    logs: frozenset[str] = frozenset()
    """The file ids of the logs that are in the folder; empty where the pass did not come to its end."""
    rows: dict[str, Counter[Progress | None]] = field(default_factory=dict)
    """By log, its rows by the first word of `Progress`, as this pass or an earlier one found them; None: none yet."""
    needs_attention: list[str] = field(default_factory=list)
    """`DIBA-0014: Needs attention: …` for each row that does."""


@dataclass(frozen=True, slots=True)
class _Unwritten:
    """A log for which was carried out what it wanted, and into which that is not written yet."""

    view: LogView
    lock: ExitStack
    """Its lock, held until then."""


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
        services: Services | None = None,
        carrying: Carrying = REAL,
        facts: FactSource | None = None,
    ) -> None:
        """`facts`: None where nothing is looked up outside of the sheets."""
        services = services or Services()
        self._config = config
        self._policy = policy
        self._organization = organization
        self._google = google
        self._facts = facts
        self._ledger = ledger
        self._messages = messages
        zone = config.organization.time_zone
        self._vacations = Vacations(google.calendar, config.calendar.vacations, zone, config.poll.replies)
        self._replies = Replies(google.calendar, config.poll.replies, LONGEST_CALL if ledger.store.shared else None)
        self._observer = Observer(
            google.sheets, ledger, policy, organization, self._vacations.of, self._replies.declines, facts
        )
        self._delivery = carrying.delivery(ledger, google.gmail, google.calendar, services.mailboxes)
        self._recollection = Recollection(google.gmail)
        self._customer_logs = CustomerLogs(config, policy, installation, google, ledger, messages, carrying.sharing)
        self._composer = Composer(config, policy, messages, carrying.shadow)
        self._follow_ups = carrying.follow_ups(
            ledger,
            self._delivery,
            services.trackers,
            Threads({config.google.act_as: google.gmail, **services.mailboxes}, own_addresses(config)),
            services.at_start,
            self._composer.answer,
            self._composer.note,
            self._known_domains,
            rehearsal=config.mail.redirect_to is not None,
        )
        self._write_back = WriteBack(config, policy, google.sheets, ledger, messages, self._observer, self._replies)
        self._files: dict[str, DriveFile] = {}
        self._zones: dict[str, tuple[int, ZoneInfo]] = {}
        self._read: dict[str, int] = {}
        """Logs this daemon took in turn since it started, with the version: its pages show them as they were then."""
        self._to_read: set[str] = set()
        """Logs that are to be read whatever else holds: the registry changed, or the last pass did not finish them."""
        self._problems: dict[str, Sentence] = {}
        """Logs that cannot be worked with as they are."""
        self._registry = RegistryWatch(self._customer_logs, config.poll.every, policy.timing.settle)
        self._current = Registry()
        """What the registry says, with the contacts that count, as this pass works with it."""
        self._owners: Mapping[str, Customer] = {}
        """Whose each log is, by file id."""
        self._owners_of: Mapping[str, DriveFile] | None = None
        """The files that was found out for."""
        self._known_dues: Mapping[str, datetime] = {}
        self._dues_asked_at = EVER
        self._rows: dict[str, Counter[Progress | None]] = {}
        self.last_looks = LastLooks()
        """What the passes saw, for the pages."""

    # A pass ----------------------------------------------------------------------------------------------------

    def run_pass(
        self,
        clock: Callable[[], datetime],
        whole: bool = True,
        progress: Callable[[int, int], None] | None = None,
        stopping: Callable[[], bool] = lambda: False,
        unread: int | None = UNREAD_A_POLL,
    ) -> PassReport:
        """One pass by the `clock` (UTC). Not `whole`: only logs with something due, as between two polls.

        `unread`: how many logs at the most are read for no other reason than that this daemon has not read them since
        it started; None: all of them.
        `progress` is told how many logs of how many are done; between two logs the pass ends when it is `stopping`.
        Raises `OutsideError` where the registry or the folder cannot be read: then nothing is known, and nothing done.
        """
        report = PassReport()
        self._delivery.clock = clock
        if self._facts is not None:
            self._facts.begin_pass()
        now = clock()
        self._google.quota.sharers = self._ledger.store.daemons()
        due = self._known_dues = self._ledger.dues()
        self._dues_asked_at = now
        fresh = self._see_folder(whole, due, now, report.problems, unread)
        report.problems += self._customer_logs.registry_problems(self._registry.sheet.registry)
        if whole:
            self._to_read |= self._replies.refresh(now, report.problems) & set(self._files)
            # Also what is scheduled is judged anew where what it was judged by changed.
            if self._vacations.refresh(now, report.problems):
                self._to_read |= self._read.keys() & self._files.keys()
        self.last_looks.passed(self._current, self._files, self._vacations.of("", now), None)
        # Nobody wrote into a log that was just made: the next poll reads it.
        chosen = self._chosen([file for file in self._files.values() if file.id not in fresh], due, now, whole, unread)
        if not self._take_turns(chosen, due, clock, report, stopping, whole, progress):
            return report
        report.logs = frozenset(self._files)
        report.rows = {log_id: rows for log_id, rows in self._rows.items() if log_id in self._files}
        self._tell_of_logs((whole or bool(chosen)) and self._ledger.store.leads(), clock(), report.problems)
        self.last_looks.passed(self._current, self._files, self._vacations.of("", now), clock() if whole else None)
        return report

    def _take_turns(
        self,
        chosen: Sequence[DriveFile],
        due: Mapping[str, datetime],
        clock: Callable[[], datetime],
        report: PassReport,
        stopping: Callable[[], bool],
        whole: bool,
        progress: Callable[[int, int], None] | None,
    ) -> bool:
        """What is due is sent, then what was sent is written back, then the others are read; False: told to stop.

        So of many mails due at one instant none waits for what is written about another. A log that is not written
        back yet stays this daemon's; should it end before, the next start finds the log unfinished.
        """
        turns, unwritten = deque(chosen), dict[str, _Unwritten]()
        looked_at: dict[str, datetime] = {}
        try:
            while turns or unwritten:
                if stopping():
                    # Of one log it is soon done; of many it would take longer than a stop may.
                    self._finish_next(unwritten, clock, report)
                    return False
                if progress:
                    progress(len(chosen) - len(turns), len(chosen))
                at = clock()
                file = self._became_due(looked_at, at)
                if file is None and unwritten and not (turns and due.get(turns[0].id, NEVER) <= at):
                    self._finish_next(unwritten, clock, report)
                    continue
                if file is None:
                    file = turns.popleft()
                    # What the quota leaves no room for is as much worth reading at the next poll.
                    if file.id in looked_at or not self._has_room(file, due, at):
                        continue
                sent = self._in_turn(file, clock, report, stopping, whole)
                # By the time it was decided by: what that look itself put off, while its calls hung, is not due anew.
                looked_at[file.id] = sent.view.cells.read_at if sent is not None else clock()
                if (older := unwritten.pop(file.id, None)) is not None:
                    # Something became due in it once more: what is written is what it is now.
                    older.lock.close()
                if sent is not None:
                    unwritten[file.id] = sent
        finally:
            for left in unwritten.values():
                left.lock.close()
        if progress:
            progress(len(chosen), len(chosen))
        return True

    def _see_folder(
        self, whole: bool, due: Mapping[str, datetime], now: datetime, problems: list[str], unread: int | None
    ) -> Set[str]:
        """What is in the folder and in the registry; gives the ids of logs that were made just now."""
        if whole or not self._files:
            self._files = self._customer_logs.list_logs(now)
        is_due = any(due.get(one, NEVER) <= now for one in self._files)
        if not whole or is_due or self._registry.is_worth_reading(now):
            self._registry.read(now)
        tended: Mapping[str, DriveFile] = {}
        if whole:
            current = self._registry.settled(now)
            with self._ledger.store.leading() as leads:
                if leads:
                    tended = self._customer_logs.tend(current, self._files, now, problems, unread)
        fresh = tended.keys() - self._files.keys()
        self._files = {**self._files, **tended}
        self._take_up_registry(now)
        return fresh

    def _chosen(
        self, files: Sequence[DriveFile], due: Mapping[str, datetime], now: datetime, whole: bool, unread: int | None
    ) -> list[DriveFile]:
        """The logs that are read in a pass, in their order; at a poll `unread` of those not read since the start."""
        seen = self._ledger.all_logs()

        def order(file: DriveFile) -> tuple[datetime, datetime, float]:
            # What is due goes before what merely changed: a long pass must not make a mail late. Then what was looked
            # at longest ago, so that each has its turn where Google's quota does not allow all; then the newest.
            at, known = due.get(file.id, NEVER), seen.get(file.id)
            looked_at = known.looked_at if known and known.looked_at else EVER
            return at if at <= now else NEVER, looked_at, -file.modified.timestamp()

        ours = [file for file in files if self._is_looked_at(file, seen)]
        chosen = [
            file
            for file in ours
            if file.id in self._to_read or self._worth_reading(file, seen.get(file.id), due.get(file.id), now, whole)
        ]
        if whole:
            there = {file.id for file in chosen} | self._read.keys()
            chosen += sorted((file for file in ours if file.id not in there), key=order)[:unread]
        return sorted(chosen, key=order)

    def _is_looked_at(self, file: DriveFile, seen: Mapping[str, LogSeen]) -> bool:
        """A partner's log is its own business, unless it was ours once."""
        customer = self._owners.get(file.id)
        return customer is None or is_ours(customer) or file.id in seen

    def _has_room(self, file: DriveFile, due: Mapping[str, datetime], now: datetime) -> bool:
        """Whether a log may be read now: always where something is due, else if the quota leaves enough for that."""
        left, allowed = self._google.quota.left(), self._google.quota.allowed
        if left is None or allowed is None or due.get(file.id, NEVER) <= now:
            return True
        most = allowed - READS_KEPT
        if left <= min(READS_KEPT, most):
            # Of thousands of logs that wait for their turn none need know what is due elsewhere.
            return False
        soon = sum(now < at <= now + timedelta(minutes=1) for at in due.values())
        return left > min(READS_KEPT + READS_A_LOOK * soon, most)

    def _take_up_registry(self, now: datetime) -> bool:
        """Work with the registry as it was last read, from now on; whether it says something else than before."""
        current = self._registry.settled(now)
        if current == self._current and self._owners_of is self._files:
            return False
        changed = self._owners_of is not None and current != self._current
        if changed:
            self._to_read |= set(self._files)
        self._current = current
        self._owners, self._owners_of = self._customer_logs.owners(current, self._files, now), self._files
        return changed

    def _became_due(self, looked_at: Mapping[str, datetime], now: datetime) -> DriveFile | None:
        """The log in which something became due first since this pass began, those it has done among them."""
        if not looked_at:
            return None
        dues = {log_id: at for log_id, at in self._dues(now).items() if at <= now and log_id in self._files}
        # A second: what a look itself asked to have looked at again is for the next tick.
        new = [one for one, at in dues.items() if one not in looked_at or looked_at[one] + timedelta(seconds=1) < at]
        return self._files[min(new, key=dues.__getitem__)] if new else None

    def _dues(self, now: datetime) -> Mapping[str, datetime]:
        """When something is due by now in which log, as the ledger said within the last second.

        A long pass asks between any two logs: of thousands of them only those few are looked at.
        """
        a_second = timedelta(seconds=1)
        if not timedelta(0) <= now - self._dues_asked_at < a_second:
            self._known_dues, self._dues_asked_at = self._ledger.dues(until=now + a_second), now
        return self._known_dues

    def next_due(self, after: datetime) -> datetime | None:
        """When something is due next, by the ledger; UTC. What was due before `after` is left to the next poll."""
        return min((due for due in self._ledger.dues().values() if due > after), default=None)

    def _worth_reading(
        self, file: DriveFile, seen: LogSeen | None, due: datetime | None, now: datetime, whole: bool
    ) -> bool:
        """Due now; or, at a poll, changed, not finished, about to be due, in progress, or edited a moment ago."""
        if due is not None and due <= now:
            return True
        if not whole:
            return False
        if seen is None and file.id not in self._owners:
            # Nobody's: nothing is kept of it.
            return self._read.get(file.id) != file.version
        # What another daemon looked at is looked at here, too: the pages of this one show it.
        changed = self._read.get(file.id, file.version) != file.version
        if seen is None or changed or file.version != seen.version or seen.unfinished or seen.lies_ahead(now):
            return True
        if self._ledger.store.shared and seen.looked_at and now - seen.looked_at < self._config.poll.every / 2:
            # Another daemon has just looked, and nothing changed since.
            return False
        soon = due is not None and due <= now + self._config.poll.hot_within
        edited = seen.edited_at is not None and now - seen.edited_at < EDIT_KEEPS_HOT
        return soon or edited or (seen.concluded is not None and seen.concluded.in_progress)

    def _in_turn(
        self,
        file: DriveFile,
        clock: Callable[[], datetime],
        report: PassReport,
        stopping: Callable[[], bool],
        whole: bool,
    ) -> _Unwritten | None:
        """One log is read and what it wants carried out; gives it, or None where it failed or was not to be read.

        It is not where another daemon is at it, or has done meanwhile what this one came for.
        """
        with ExitStack() as lock:
            if not lock.enter_context(self._ledger.store.lock(f"log {file.id}")):
                return None
            if self._ledger.store.shared and file.id not in self._to_read and file.id in self._read:
                at = clock()
                soon = self._ledger.dues(until=at + self._config.poll.hot_within)
                if not self._worth_reading(file, self._ledger.log(file.id), soon.get(file.id), at, whole):
                    return None
            self._read[file.id] = file.version
            self._to_read.add(file.id)
            with self._failure_told(file, report):
                self._ledger.clock_was_set_back(file.id, clock())
                report.outcomes += self._delivery.resolve_doubts(file.id, clock())
                report.logs_read += 1
                view, outcomes = self._look_and_carry_out(file, clock, stopping)
                report.outcomes += outcomes
                self._problems.pop(file.id, None)
                if view.stopped:
                    self._tell(file, view.stopped, report)
                _log_outcomes(view, outcomes)
                view = self._observer.decide_again(view, self._current)
                self._remember(view, clock())
                return _Unwritten(view, lock.pop_all())
        return None

    def _finish_next(self, unwritten: dict[str, _Unwritten], clock: Callable[[], datetime], report: PassReport) -> None:
        """Write back the log that waits longest, if any does."""
        if unwritten:
            self._finish(unwritten.pop(next(iter(unwritten))), clock, report)

    def _finish(self, left: _Unwritten, clock: Callable[[], datetime], report: PassReport) -> None:
        """Tell tickets and threads, and write back: the rows of a log as they are with what was carried out."""
        file = left.view.file
        with left.lock, self._failure_told(file, report):
            now = clock()
            outcomes, view, waits = self._follow_up(left.view, now)
            report.outcomes += outcomes
            _log_outcomes(view, outcomes)
            deleted = self._deleted_rows(view, now)
            report.problems += [
                f"{file.name}: {self._messages.sentence(one, self._policy.language, None)}" for one in deleted
            ]
            self._write_back.history(view)
            reads = self._google.quota.left()
            if not self._write_back.rows(view, now, may_read=reads is None or reads > READS_KEPT):
                # The quota's rest is kept for what becomes due; the next poll reads the log again, and writes.
                return
            told = (view.stopped,) if view.stopped else deleted
            self._ledger.conclude(file.id, Concluded(view.in_progress or waits, told), now)
            self._to_read.discard(file.id)
            self.last_looks.see(view)
            self._rows[file.id] = Counter(row.decision.progress for row in view.rows)
            report.needs_attention += self._attention(view)

    @contextmanager
    def _failure_told(self, file: DriveFile, report: PassReport) -> Iterator[None]:
        """What fails inside is told as the log's, and ends there: it must not stop the others."""
        try:
            yield
        except StoreUnreachable:
            raise
        except LogProblem as problem:
            # Told in the registry's `State` as long as it lasts.
            self._problems[file.id] = problem.sentence
            self._tell(file, problem.sentence, report)
        except DeploylogError as problem:
            report.problems.append(f"{file.name}: {problem}")
        except Exception as fault:
            # A fault of ours, met by one log's contents, must not keep the other customers' mails from going out.
            log.exception("fault in the program; please report it", log=file.name)
            report.problems.append(f"{file.name}: not finished, because of a fault in the program ({fault!r})")

    def _tell_of_logs(self, into_state: bool, now: datetime, problems: list[str]) -> None:
        """What is wrong with each log as a whole, to the pages and, if so asked, into the registry's `State`."""
        concluded = {
            one.file_id: one.concluded.told if one.concluded else () for one in self._ledger.all_logs().values()
        }
        stopped = {log_id: (sentence,) for log_id, sentence in self._problems.items()}
        if into_state:
            told = {**concluded, **stopped}
            self._customer_logs.write_states(
                self._registry.sheet, self._files, told, self._vacations.unread(), now, problems
            )
        for log_id in concluded.keys() & self._files.keys():
            self.last_looks.trouble(log_id, (*stopped.get(log_id, ()), *concluded[log_id]))

    def _tell(self, file: DriveFile, sentence: Sentence, report: PassReport) -> None:
        words = self._messages.sentence(sentence, self._policy.language, None)
        report.problems.append(f"{file.name}: {words}")

    def _look_and_carry_out(
        self,
        file: DriveFile,
        clock: Callable[[], datetime],
        stopping: Callable[[], bool],
    ) -> tuple[LogView, list[Outcome]]:
        """Decide and carry out; where a call hung, the rows that are left are looked at anew before more is sent.

        So they are where the registry says something else by then.
        """
        outcomes: list[Outcome] = []
        looked_again = False
        for _ in range(MOST_LOOKS):
            # Again and again: what staff paste meanwhile must not be kept as new before it is taken over, too.
            while (view := self._look(file, self._owners.get(file.id), self._current, clock())).former:
                outcomes += self._take_over(view, view.cells.read_at)
            now, began = view.cells.read_at, clock()
            self._remember(view, now, self._write_back.ticks(view, now))
            if not looked_again and clock() - began > STALE_READ:
                # Keeping a new number hung: what was read is old before anything was done by it. Now it is kept.
                looked_again = True
                continue
            done, finished = self._carry_out(view, clock, stopping)
            outcomes += done
            if finished:
                break
        return view, outcomes

    def look_at_all(self, now: datetime) -> tuple[list[LogView], list[str]]:
        """Every log with its decisions and nothing done, for `plan`; and a sentence per log that cannot be read."""
        if self._facts is not None:
            self._facts.begin_pass()
        sheet = self._customer_logs.read_registry()
        self._current = sheet.registry
        self._files = self._customer_logs.list_logs(now)
        owners = self._owners = self._customer_logs.owners(sheet.registry, self._files)
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
            except StoreUnreachable:
                raise
            except DeploylogError as problem:
                problems.append(f"{file.name}: {problem}")
        return views, problems

    def coming(self, view: LogView, row: RowView, now: datetime, until: datetime) -> tuple[Coming, ...]:
        """The mails of a row that `look_at_all` gave, after now and up to then, if the row stays as it is."""
        if view.customer is None or view.stopped:
            return ()
        current = self._current

        def decide_at(memory: Memory, at: datetime) -> Decision:
            return self._observer.decide_at(view, row, memory, current, at)

        return forecast(row.deployment, row.memory, row.decision, decide_at, now, until)

    def event_now(self, view: LogView, row: RowView) -> str:
        """What the next pass would do with the event: `invite`, `update`, `record`, `withdraw`; empty: nothing."""
        wish = row.decision.event
        if wish is EventWish.LEAVE:
            return ""
        done = self._ledger.effects_of(view.file.id, row.deployment.id)
        effect = next((one for one in done if one.key.kind is Kind.EVENT and one.state is not EffectState.DEAD), None)
        if wish is EventWish.CANCEL:
            return "withdraw" if effect is not None else ""
        if row.deployment.window is None:
            return ""
        if effect is None:
            return "invite"
        if effect.content_hash == self._composer.event(view, row, self._current).digest():
            return ""
        return "update" if wish is EventWish.INVITE else "record"

    def customers(self) -> Registry:
        """The registry as it stands."""
        return self._customer_logs.read_registry().registry

    def logs(self, now: datetime) -> list[DriveFile]:
        """Every log of the folder, by name."""
        return sorted(self._customer_logs.list_logs(now).values(), key=lambda file: file.name)

    def circumstances(self, customer: Customer, current: Registry, responsible: str, now: datetime) -> Circumstances:
        """What a date of the customer is judged by, apart from any row; for the command `date`.

        `responsible`: whose absences and deployments of other customers count; empty: only what counts for all.
        """
        own = {one.file_id for one in self._ledger.all_logs().values() if one.customer == customer.name}
        taken = [
            Taken(
                one.window, one.deployment_id, one.log_id in own, bool(responsible) and one.responsible == responsible
            )
            for one in self._ledger.planned_windows(now - LONGEST_UNDER_WAY)
        ]
        absences = self._vacations.of(responsible, now)
        return circumstances(customer, current, self._organization.place, self._organization.rules, absences, taken)

    def log_file(self, customer: str, now: datetime) -> DriveFile:
        """The log of a customer, by name. Raises `ConfigurationError` where there is no such customer or no log yet."""
        current = self.customers()
        one = current.customer(customer)
        if one is None:
            names = ", ".join(each.name for each in current.customers) or "none"
            raise ConfigurationError(f"the registry has no customer {customer}; it has: {names}")
        self._files = self._customer_logs.list_logs(now)
        self._owners = self._customer_logs.owners(current, self._files)
        for file_id, owner in self._owners.items():
            if owner == one:
                return self._files[file_id]
        raise ConfigurationError(f"{one.name} has no log yet; the daemon makes it once it has seen the registry")

    def look_at(self, customer: str, now: datetime) -> LogView:
        """One customer's log with its decisions, nothing done."""
        file = self.log_file(customer, now)
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
        return self._composer.letter(view, row, wanted, now)()

    def _look(self, file: DriveFile, customer: Customer | None, current: Registry, now: datetime) -> LogView:
        barred = self._customer_logs.barred(file, customer, current, now) if customer else None
        cells, zone = self._cells_and_zone(file, now)
        mailed, owned = self._recollection.mailed, self._owners.keys()
        return self._observer.look(
            file, cells, zone, customer, current, partial(self._planned, file, now), now, mailed, barred, owned
        )

    def _planned(self, file: DriveFile, now: datetime, responsibles: Set[str]) -> list[PlannedWindow]:
        """What these people have planned in the other logs of the folder, as far as the ledger knows."""
        planned = self._ledger.planned_windows(now - LONGEST_UNDER_WAY, responsibles)
        return [one for one in planned if one.log_id != file.id and one.log_id in self._files]

    def _cells_and_zone(self, file: DriveFile, now: datetime) -> tuple[Cells, ZoneInfo]:
        """The log's cells, and its spreadsheet's zone, which is asked for again whenever the file changed."""
        known = self._zones.get(file.id)
        if known is not None and known[0] == file.version:
            return self._observer.read(file, now), known[1]
        cells, zone = self._observer.read_first(file, now)
        self._zones[file.id] = (file.version, zone)
        return cells, zone

    def _remember(self, view: LogView, now: datetime, ticks: Mapping[str, tuple[HistoryLine, ...]] = NO_TICKS) -> None:
        """Into the ledger: what the rows are, what is remembered of them, when to look again.

        `ticks`: by deployment, what History has to say of the boxes ticked since the look before.
        """
        if view.customer is None:
            # Nobody's log: what is concluded about it is kept once it is somebody's.
            return
        edited = not view.new and any(
            row.before is None or row.before.fingerprint != row.memory.fingerprint for row in view.rows
        )
        seen = self._ledger.log(view.file.id)
        # Of a log that is new to us Drive says when somebody last wrote; what it tells late it tells as a change.
        edited_at = now if edited else seen.edited_at if seen else view.file.modified
        highest = view.identities.highest
        if highest > max(seen.highest if seen else 0, 0) and view.identities.to_write:
            # Before the first use of the number: a lost ledger must not give it to another deployment.
            self._google.drive.set_properties(view.file.id, {HIGHEST: str(highest)})
        sights = [replace(sight_of(row), lines=ticks.get(row.deployment.id, ())) for row in view.rows]
        looked = LogSeen(view.file.id, view.customer.name, highest, view.file.version, edited_at, unfinished=True)
        if seen is None:
            self._recollection.remove_drafts(view.file.id, [row.deployment.id for row in view.rows if not row.held])
            pasts = {row.deployment.id: (row.past, event_id(view.file.id, row.deployment.id)) for row in view.rows}
            self._ledger.take_up(looked, history_lines(view.cells), pasts, sights, now)
            return
        self._ledger.see_log(looked)
        self._ledger.save_sights(view.file.id, sights, view.vanished, now)

    def _take_over(self, view: LogView, now: datetime) -> list[Outcome]:
        """Have what was done for deployments of an earlier log of this customer be done for this one's.

        Raises `LogProblem` where something of one is still on its way, or another daemon is at that log.
        """
        outcomes: list[Outcome] = []
        waiting = []
        for earlier in dict.fromkeys(view.former.values()):
            its = [identity for identity, log_id in view.former.items() if log_id == earlier]
            with self._ledger.store.lock(f"log {earlier}") as ours:
                if not ours:
                    waiting += its
                    continue
                self._ledger.clock_was_set_back(earlier, now)
                outcomes += self._delivery.resolve_doubts(earlier, now)
                for identity in its:
                    done, rests = self._delivery.come_to_rest(earlier, identity, now)
                    outcomes += done
                    if rests:
                        self._ledger.move(earlier, identity, event_id(earlier, identity), view.file.id)
                        log.info("taken over from an earlier log", log=view.file.name, deployment=identity)
                    else:
                        waiting.append(identity)
        if waiting:
            raise LogProblem(Sentence.of("log_taken_over", deployment=tuple(waiting)))
        return outcomes

    def _deleted_rows(self, view: LogView, now: datetime) -> tuple[Sentence, ...]:
        """Deployments whose row is gone while their guests still expect them: a deleted row cancels nothing itself."""
        if not view.vanished:
            return ()
        memories = self._ledger.memories(view.file.id)
        gone = [(identity, memories[identity]) for identity in view.vanished if identity in memories]
        return tuple(
            Sentence.of("row_deleted", deployment=identity, when=memory.start)
            for identity, memory in gone
            if memory.has_event and memory.start and memory.start > now
        )

    # Carrying out ----------------------------------------------------------------------------------------------

    def _carry_out(
        self, view: LogView, clock: Callable[[], datetime], stopping: Callable[[], bool]
    ) -> tuple[list[Outcome], bool]:
        """What came to be, and whether all rows had their turn before what was read of them grew stale.

        When `stopping`, the rows that are left have theirs after the next start.
        """
        outcomes: list[Outcome] = []
        if view.customer is None:
            return outcomes, True
        now, others_had_calls = view.cells.read_at, False
        for row in view.rows:
            if stopping():
                break
            identity = row.deployment.id
            if row.decision.wanted or row.decision.event is not EventWish.LEAVE:
                # Only a call made for another row can have taken long.
                if others_had_calls and clock() - now > STALE_READ:
                    return outcomes, False
                others_had_calls = True
            if not self._registry.holds(clock()) and self._acts(view, row) and self._registry_changed(clock()):
                return outcomes, False
            if row.decision.wanted or any(one.state in PENDING for one in row.memory.effects):
                wanted = [(one, self._composer.letter(view, row, one, now)) for one in row.decision.wanted]
                outcomes += self._delivery.mail(view.file.id, identity, wanted, now)
            outcomes += self._carry_out_event(view, row, now)
        for outcome in outcomes:
            if outcome.effect.key.kind is Kind.EVENT:
                self._replies.forget(outcome.effect.external_id)
        if view.vanished:
            # A deleted row cancels nothing by itself, but what was pending for it must not go out.
            pending = self._ledger.effects_of(view.file.id, states=[*PENDING])
            for identity in {one.key.deployment_id for one in pending}.intersection(view.vanished):
                outcomes += self._delivery.mail(view.file.id, identity, [], now)
        return outcomes, True

    def _acts(self, view: LogView, row: RowView) -> bool:
        """Whether carrying this row out calls anybody outside, as far as the ledger can say."""
        return bool(row.decision.wanted) or bool(self.event_now(view, row))

    def _registry_changed(self, now: datetime) -> bool:
        """Read the registry again; whether it says something else than what this pass works with."""
        self._registry.read(now)
        return self._take_up_registry(now)

    def _follow_up(self, view: LogView, now: datetime) -> tuple[list[Outcome], LogView, bool]:
        """Tell tickets and threads; the view that comes back says what could not be told, and whether anything was.

        Nothing is told by a row or a registry read longer ago than a poll: the next look does it.
        """
        if self._follow_ups.wants(view):
            stale = now - view.cells.read_at > self._config.poll.every
            if stale or (not self._registry.holds(now) and self._registry_changed(now)):
                return [], view, True
        outcomes, told = self._follow_ups.carry_out(view, now)
        if outcomes:
            view = self._observer.decide_again(view, self._current)
        if not told:
            return outcomes, view, False
        rows = tuple(
            replace(row, decision=telling.with_follow_ups(row.decision, one.unfit, one.waiting))
            if (one := told.get(row.deployment.id))
            else row
            for row in view.rows
        )
        return outcomes, replace(view, rows=rows), True

    def _known_domains(self, view: LogView) -> frozenset[str]:
        """Of our own people and of the contacts of a log's customer."""
        contacts = self._current.contacts_of(view.customer) if view.customer else ()
        theirs = {one.address.rpartition("@")[2].lower() for one in contacts}
        return frozenset(theirs | {one.lower() for one in self._organization.domains})

    def _carry_out_event(self, view: LogView, row: RowView, now: datetime) -> list[Outcome]:
        wish, identity = row.decision.event, row.deployment.id
        if wish is EventWish.CANCEL:
            return self._delivery.withdraw(view.file.id, identity, now)
        if row.deployment.window is None:
            return []
        outcomes: list[Outcome] = []
        if wish is not EventWish.LEAVE:
            content = self._composer.event(view, row, self._current)
            outcomes = self._delivery.invite(view.file.id, identity, content, wish is EventWish.INVITE, now)
        if row.decision.overridden and not row.memory.overridden:
            self._write_back.override(view, row, now)
        return outcomes

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

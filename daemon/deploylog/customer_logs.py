"""Customers and their logs: reads the registry, makes and renames logs, shares them, and writes `Log` and `State`.

A copy of TEMPLATE carries its customer in the file's `properties`; it is looked for before it is made, because
`files.copy` cannot be repeated safely (design, "Copies of TEMPLATE").
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

import structlog

from deploylog import registry, rules
from deploylog.bounces import Bounces
from deploylog.cells import folded, text_of
from deploylog.config import Config
from deploylog.customer_ledger import CustomerLedger
from deploylog.dates import unknown_holidays
from deploylog.delivery import LONGEST_CALL
from deploylog.errors import Busy, ConfigurationError, DeploylogError, OutsideError, StoreUnreachable
from deploylog.folder import Folder
from deploylog.google.connect import Google
from deploylog.google.drive import DriveFile
from deploylog.google.sheets import Cell, CellWrite, MissingTab
from deploylog.kept import contacts_from_json, contacts_to_json
from deploylog.ledger import Ledger, LogSeen
from deploylog.lifecycle import Policy
from deploylog.messages import Messages
from deploylog.model import NEVER, Customer, Progress, Registry, Sentence
from deploylog.observe import is_ours
from deploylog.registry import CountedContacts, Defaults, RegistrySheet, count_contacts, read_registry
from deploylog.registry_state import Standing, registry_problems, state_of, waits_for_contacts
from deploylog.sharing import Share, Sharing, kept_shares, wanted_shares

SUFFIX = " - Deployment log"
"""The procedure: "File names must begin with the customer's name"."""
_NAMED = re.compile(r"(.*?)\s*-\s*deployment\s+log\s*", re.IGNORECASE | re.DOTALL)
"""A log's name as people type it: blanks and case count no more than where names are compared."""
LOG_OF = "deploylog-log-of"
"""The property of a log's file that says, as a digest, which customer it was made for."""

_COUNTED = "contacts that count"
_LISTED = "logs listed"
CHANGED_LATELY = timedelta(minutes=10)
"""A registry row that changed no longer ago is seen to at once, also after a start."""
CHANGED_A_POLL = 20
"""Of them so many a poll: on a first start all rows are new, and no mail shall wait for what a thousand need."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Installation:
    """Where everything stands in Drive."""

    drive_id: str
    folder: DriveFile
    template: DriveFile
    registry: DriveFile


class CustomerLogs:
    """The registry's side of a pass."""

    def __init__(
        self,
        config: Config,
        policy: Policy,
        installation: Installation,
        google: Google,
        ledger: Ledger,
        messages: Messages,
        sharing: type[Sharing] = Sharing,
    ) -> None:
        self._config = config
        self._policy = policy
        self._installation = installation
        self._google = google
        self._ledger = ledger
        self._messages = messages
        kept = CustomerLedger(ledger)
        self._sharing = sharing(
            google.drive,
            kept,
            config.organization.domains,
            config.sharing.outside_writers,
            may_notify=config.mail.redirect_to is None,
        )
        self._bounces = Bounces(google.gmail, kept, config.poll.replies)
        self._folder = Folder(google.drive, installation.drive_id, installation.folder.id)
        self.registry_version = 0
        """Of the registry's file as last listed; raised by every change, which may show minutes late."""
        self._cells: Mapping[str, list[list[Cell]]] = {}
        self._internal: tuple[DriveFile, ...] = (installation.template, installation.registry)
        """TEMPLATE and the registry as last listed."""
        self._has_template = True
        self._shared_outside: tuple[Sentence, ...] = ()
        self._counted: CountedContacts | None = None
        self._looks_left: int | None = None
        self._changed_left = 0
        self._unchanged: dict[str, tuple[str, datetime]] = {}
        """By customer: what its row says, as a digest, and since when."""
        self._named: dict[str, datetime] = {}
        """By customer of the registry as last seen: since when a row has had this name, as far as is known."""
        self._unread: tuple[Sentence, ...] = ()
        """That a vacation calendar cannot be read, for each."""
        self._not_looked_up: set[str] = set()
        """Logs of which nobody could look who may edit them."""
        self._nobodys: dict[str, datetime] = {}
        """Logs no customer has, and since when that was seen."""

    # The registry ----------------------------------------------------------------------------------------------

    def read_registry(self) -> RegistrySheet:
        """The registry as it stands. Raises `ConfigurationError` where a tab or a needed column is missing."""
        names = self._policy.names
        shown = {tab: names.shown(tab) for tab in registry.TABS}
        organization = self._config.organization
        defaults = Defaults(
            organization.language, organization.time_zone, organization.holidays, organization.extra_holidays
        )
        try:
            tabs = self._google.sheets.read(self._installation.registry.id, list(shown.values()))
            self._cells = {tab: tabs[title] for tab, title in shown.items()}
            return read_registry(self._cells, names, defaults, rules.parse_preferred_hours)
        except MissingTab as missing:
            raise ConfigurationError(
                f"{self._config.drive.registry} has no tab {missing.tab}; add it, or give the tab that name again"
            ) from missing
        except LookupError as problem:
            words = self._messages.sentence(problem.args[0], "en", None)
            raise ConfigurationError(f"{self._config.drive.registry}: {words}") from problem

    def settled(self, current: Registry, now: datetime) -> Registry:
        """The registry with the contacts that count: those whose rows were left alone for `notify.settle`."""
        settle = self._policy.timing.settle
        before = self._counted
        if self._ledger.store.shared and (kept := self._ledger.kept(_COUNTED)) is not None:
            # All daemons count the same contacts: else one would invite whom the other does not know yet.
            before = contacts_from_json(kept)
        names = (one.name for one in current.customers)
        self._counted = count_contacts(before, current.contacts, names, now, settle)
        if self._ledger.store.shared and self._counted != before:
            self._ledger.keep(_COUNTED, contacts_to_json(self._counted))
        return replace(current, contacts=self._counted.contacts)

    def registry_problems(self, current: Registry) -> list[str]:
        """A sentence per row that cannot be read or names a customer there is none of, and who reads what is ours."""
        return [f"{self._config.drive.registry}: {self._words(one)}" for one in registry_problems(current)] + [
            self._words(one) for one in self._shared_outside
        ]

    # Files -----------------------------------------------------------------------------------------------------

    def list_logs(self, now: datetime) -> dict[str, DriveFile]:
        """Every log of the folder by file id; TEMPLATE and registry are none.

        Raises `ConfigurationError` where the registry is not among the folder's files any more: what a trashed one
        says can still be read, and must not count.
        """
        there = self._folder.files(now)
        files = list(there.values())
        if self._installation.registry.id not in there:
            self._folder.forget()
            raise ConfigurationError(f"{self._left_folder(self._config.drive.registry)}. Until then nothing is done")
        self.registry_version = there[self._installation.registry.id].version
        self._has_template = self._installation.template.id in there
        others = (self._installation.template.id, self._installation.registry.id)
        self._internal = tuple(file for file in files if file.id in others)
        return {
            file.id: file
            for file in files
            if file.id not in others
            and (LOG_OF in file.properties or folded(file.name).endswith(folded(SUFFIX)))
            and not _is(file.name, "TEMPLATE")
        }

    def owners(
        self, current: Registry, files: Mapping[str, DriveFile], now: datetime | None = None
    ) -> dict[str, Customer]:
        """Which customer each log is of. `now`: the registry was read to be worked with, so its rows are noted."""
        if now is not None:
            self._see_rows(current.customers, now)
        logs, _ = self._logs(current, files)
        return {logs[customer.name].id: customer for customer in current.customers if customer.name in logs}

    def _logs(self, current: Registry, files: Mapping[str, DriveFile]) -> tuple[dict[str, DriveFile], set[str]]:
        """Each customer's log, by the customer's name, and the files that are some customer's, chosen or not."""
        return logs_of(current, files, self._took_name_of)

    def _took_name_of(self, one: Customer, other: Customer) -> bool:
        """Whether a row may have been given its name after another had it: it is no older than the other's new name."""
        name, others = folded(one.name), folded(other.name)
        said, since = self._unchanged.get(name, ("", NEVER))
        written = max(since, self._named.get(name, NEVER)) if said == one.fingerprint else NEVER
        return bool(self._named) and written >= self._named.get(others, NEVER)

    def _is_gone(self, customer: Customer, files: Mapping[str, DriveFile]) -> bool:
        """Whether the log this customer had was trashed or moved away: it is not made anew by itself."""
        return any(known in customer.log_link for known in self._ledger.all_logs() if known not in files)

    def tend(
        self,
        current: Registry,
        files: Mapping[str, DriveFile],
        now: datetime,
        problems: list[str],
        unread: int | None = None,
    ) -> dict[str, DriveFile]:
        """Make, rename and share the logs as the registry says; returns those that are new or have another name.

        Only for rows that were left alone for `notify.settle`; `problems` gets what could not be done. `unread`: at how
        many logs at the most one looks for no other reason than that it was not done since the start; None: at all.
        """
        changed: dict[str, DriveFile] = {}
        self._looks_left, self._changed_left = unread, CHANGED_A_POLL
        self._bounces.refresh(now, problems)
        self._look_at_internal(problems)
        self._see_rows(current.customers, now)
        logs, claimed = self._logs(current, files)
        self._nobodys = {one: self._nobodys.get(one, now) for one in files if one not in claimed}
        for customer in current.customers:
            file = logs.get(customer.name)
            try:
                if is_ours(customer):
                    file = self._tend_one(customer, file, current, files, now, problems)
                elif file is not None:
                    # Nothing is done here for a partner's customer, but nobody keeps what is taken back.
                    kept = kept_shares(customer, current.own_contacts_of(customer))
                    self._share(customer, file, kept, now, gives=False)
            except StoreUnreachable:
                raise
            except DeploylogError as problem:
                problems.append(f"{customer.name}: its log cannot be made, named or shared: {problem}")
            else:
                if file is not None and file is not logs.get(customer.name):
                    changed[file.id] = file
        return changed

    def _tend_one(
        self,
        customer: Customer,
        file: DriveFile | None,
        current: Registry,
        files: Mapping[str, DriveFile],
        now: datetime,
        problems: list[str],
    ) -> DriveFile | None:
        """The customer's log as it is then; None where it has none yet."""
        left_alone, copied = self._left_alone(customer, now), False
        if file is None:
            if customer.problems or self._is_told_lost(customer, files, problems) or not left_alone:
                return None
            if any(_is(one.name, customer.name) for one in files.values()):
                # It is another customer's, who had this name before, until it is renamed.
                return None
            file, copied = self._found_or_copied(customer, current, now)
            log.info("log made", customer=customer.name, log=file.name)
        elif left_alone and _is_marked_otherwise(customer, file):
            # It was made under the name the row had before, or copied by hand from another customer's.
            file = self._google.drive.rename(file.id, customer.name + SUFFIX, {LOG_OF: _digest(customer)})
            log.info("log renamed", customer=customer.name, log=file.name)
        self._folder.note(file)
        wanted, _ = wanted_shares(customer, current.own_contacts_of(customer))
        self._share(customer, file, wanted, now, copied)
        return file

    def _share(
        self,
        customer: Customer,
        file: DriveFile,
        wanted: tuple[Share, ...],
        now: datetime,
        copied: bool = False,
        gives: bool = True,
    ) -> None:
        """Bring the log's permissions to what is wanted, once the row was left alone and where it is due."""
        if (
            self._left_alone(customer, now)
            and self._sharing.is_due(file, wanted, now, gives)
            and (copied or self._is_its_turn(customer, file, now))
        ):
            self._sharing.tend(file, wanted, now, copied, gives)

    def _is_its_turn(self, customer: Customer, file: DriveFile, now: datetime) -> bool:
        """Whether permissions are looked at now: a few at each poll, where nothing but a start is the reason."""
        if self._looks_left is None or self._sharing.knows(file):
            return True
        _, since = self._unchanged[folded(customer.name)]
        if now - since < CHANGED_LATELY:
            self._changed_left -= 1
            return self._changed_left >= 0
        self._looks_left -= 1
        return self._looks_left >= 0

    def _is_told_lost(self, customer: Customer, files: Mapping[str, DriveFile], problems: list[str]) -> bool:
        """Whether the customer had a log that cannot be taken for its own now, which then is said."""
        lost = [self._gone()] if self._is_gone(customer, files) else list(_named_otherwise(customer, files))
        problems += [f"{customer.name}: {self._words(one)}" for one in lost]
        return bool(lost)

    def _gone(self) -> Sentence:
        return Sentence.of("state_log_gone", column=self._policy.names.shown(registry.LOG))

    def _see_rows(self, customers: Sequence[Customer], now: datetime) -> None:
        """Note since when each row has said what it says; at every look, so that a change is seen."""
        rows = {folded(one.name): one.fingerprint for one in customers}
        changed = {name: said for name, said in rows.items() if self._unchanged.get(name, ("", now))[0] != said}
        if changed:
            since = self._ledger.customers_unchanged_since(changed, now)
            self._unchanged |= {name: (said, since[name]) for name, said in changed.items()}
        # At the first look it is as old as what the row says, for all that is known; later it is new, or back again.
        new = {name: now if self._named else self._unchanged[name][1] for name in rows}
        self._named = {name: self._named.get(name, then) for name, then in new.items()}

    def _left_alone(self, customer: Customer, now: datetime) -> bool:
        """Whether the row has said what it says for `notify.settle`."""
        return now - self._unchanged[folded(customer.name)][1] >= self._policy.timing.settle

    def _found_or_copied(self, customer: Customer, current: Registry, now: datetime) -> tuple[DriveFile, bool]:
        """A log for a customer of whom none was listed, and whether it is a new copy of TEMPLATE.

        Where a link hints at one elsewhere in the drive, or another daemon may have made one that the change feed has
        not told of yet, it is that one.
        """
        digest = _digest(customer)
        there = (
            self._google.drive.find_by_property(self._installation.drive_id, LOG_OF, digest)
            if customer.log_link or self._ledger.store.shared
            else []
        )
        # A copy made by hand brings the property along: one that bears another customer's name is that one's.
        there = [one for one in there if not _is_of_another(one, customer, current)]
        if there:
            return there[0], False
        if not self._has_template:
            raise ConfigurationError(self._left_folder(self._config.drive.template))
        name, folder = customer.name + SUFFIX, self._installation.folder.id
        with self._copying(digest, now):
            try:
                file = self._google.drive.copy(self._installation.template.id, name, folder, {LOG_OF: digest})
            except OutsideError:
                # It may be there all the same, and the change feed may tell of it late.
                self._folder.forget()
                raise
        # It is known from now on, so that one that is trashed before it was read is not made anew.
        self._ledger.see_log(LogSeen(file.id, customer.name, 0, 0, None))
        return file, True

    @contextmanager
    def _copying(self, digest: str, now: datetime) -> Iterator[None]:
        """A copy under way, as other daemons see it. Raises `Busy` where one that was cut off may still be at it."""
        if not self._ledger.store.shared:
            yield
            return
        name = f"copying {digest}"
        until = self._ledger.kept(name)
        if until is not None and now < datetime.fromisoformat(until):
            raise Busy("another daemon may be making it; it is looked for again when that one's call is over")
        self._ledger.keep(name, (now + LONGEST_CALL).isoformat())
        try:
            yield
        finally:
            # Where the store is lost this raises, and what was kept stands.
            self._ledger.forget(name)

    def _left_folder(self, name: str) -> str:
        folder = self._config.drive.folder
        return f"{name} is not in the folder {folder} any more; take it out of the trash or move it back"

    def _look_at_internal(self, problems: list[str]) -> None:
        """TEMPLATE and the registry are never shared outside; if somebody does, it is said."""
        found = []
        for file in self._internal:
            try:
                people = self._sharing.internal(file)
            except OutsideError as failure:
                problems.append(f"{file.name}: who may read it cannot be looked up: {failure}")
                continue
            if people:
                found.append(Sentence.of("internal_shared", file=file.name, addresses=people))
        self._shared_outside = tuple(found)

    def barred(
        self, file: DriveFile, customer: Customer, current: Registry, now: datetime
    ) -> tuple[Progress, Sentence] | None:
        """Why nothing may be sent for this log whatever its rows say; None where something may."""
        if not is_ours(customer):
            return None
        try:
            self._sharing.look(file, now)
            self._not_looked_up.discard(file.id)
        except OutsideError as failure:
            self._not_looked_up.add(file.id)
            log.warning("who may edit cannot be looked up", log=file.name, reason=str(failure))
        if self._sharing.stops(file.id):
            code = "log_writers" if self._sharing.writers(file.id) else "log_writers_unknown"
            return Progress.NEEDS_ATTENTION, Sentence.of(code)
        if not customer.operator_said and file.id in self._listed():
            return Progress.NOT_READY, Sentence.of("log_listed", column=self._policy.names.shown("Operated by"))
        if waits_for_contacts(customer, current):
            return Progress.NOT_READY, Sentence.of("log_without_contacts")
        return None

    # Writing back ----------------------------------------------------------------------------------------------

    def write_states(
        self,
        sheet: RegistrySheet,
        files: Mapping[str, DriveFile],
        log_problems: Mapping[str, tuple[Sentence, ...]],
        unread_calendars: Sequence[str],
        now: datetime,
        problems: list[str],
    ) -> None:
        """`Log` and `State` of every customer, where they differ from what stands; `problems` gets what failed.

        `unread_calendars`: ids of the vacation calendars that cannot be read.

        A log that is nobody's is listed in a row of its own, below the last.
        """
        act_as = self._config.google.act_as
        self._unread = tuple(
            Sentence.of("vacation_calendar_unread", calendar=one, address=act_as) for one in unread_calendars
        )
        try:
            if self._writes(sheet, files, log_problems, now):
                # A pass may be long, and rows and columns may have moved since the registry was read.
                sheet = self.read_registry()
                _, claimed = self._logs(sheet.registry, files)
                self._note_listed(self._to_list(sheet, files, claimed, now))
                writes = self._writes(sheet, files, log_problems, now)
                self._make_room(writes)
                self._google.sheets.write(self._installation.registry.id, writes)
        except OutsideError as failure:
            problems.append(f"{self._config.drive.registry}: {failure}")

    def _writes(
        self,
        sheet: RegistrySheet,
        files: Mapping[str, DriveFile],
        log_problems: Mapping[str, tuple[Sentence, ...]],
        now: datetime,
    ) -> list[CellWrite]:
        """The cells of the registry as last read that do not say what they shall."""
        current = sheet.registry
        logs, claimed = self._logs(current, files)
        listed = self._listed()
        wanted: dict[int, dict[str, str]] = {}
        for customer in current.customers:
            file = logs.get(customer.name)
            standing = self._standing(customer, file, files, current, log_problems, now)
            standing = replace(standing, listed=file is not None and file.id in listed)
            state = state_of(customer, current, standing, self._policy.names)
            wanted[customer.row] = {registry.STATE: self._sentences(state)}
            if file is not None:
                wanted[customer.row][registry.LOG] = file.link
        if sheet.everyones_row is not None:
            said = (*self._shared_outside, *self._unread)
            wanted[sheet.everyones_row] = {registry.STATE: self._sentences(said)}
        for row, file in enumerate(self._to_list(sheet, files, claimed, now), start=sheet.last_row + 1):
            new = Customer(row, _customer_of(file), operator_said=False)
            state = state_of(new, current, Standing(has_log=True, listed=True), self._policy.names)
            wanted[row] = {registry.CUSTOMER: new.name, registry.LOG: file.link, registry.STATE: self._sentences(state)}
        return self._differing(sheet, wanted)

    def _to_list(
        self, sheet: RegistrySheet, files: Mapping[str, DriveFile], claimed: Set[str], now: datetime
    ) -> list[DriveFile]:
        """The logs that no row has had for `notify.settle`, by name: each gets one. `claimed`: those that a row has.

        None that a row without a name links to: somebody is just about to write another there. And none whose name
        says no customer, or one that has a row: a row for it would be no row of its own, and come again at each look.
        """
        settled = [
            files[one]
            for one, since in self._nobodys.items()
            if one in files
            and one not in claimed
            and now - since >= self._policy.timing.settle
            and not any(one in link for link in sheet.nameless_links)
        ]
        by_name: dict[str, DriveFile] = {}
        for file in sorted(settled, key=lambda one: (one.name, one.id)):
            name = _customer_of(file)
            if name and sheet.registry.customer(name) is None:
                by_name.setdefault(folded(name), file)
        return list(by_name.values())

    def _listed(self) -> Set[str]:
        """The logs for which a row was listed from here, by file id.

        What staff had said of them, `Partner` or `Pause` say, went with the row they had before.
        """
        return set(self._ledger.kept(_LISTED) or ())

    def _note_listed(self, files: Sequence[DriveFile]) -> None:
        """Before they are listed, so that a crash in between lets nothing out."""
        before = self._listed()
        if new := {file.id for file in files} - before:
            self._ledger.keep(_LISTED, sorted(before | new))

    def _differing(self, sheet: RegistrySheet, wanted: Mapping[int, Mapping[str, str]]) -> list[CellWrite]:
        tab = self._policy.names.shown(registry.CUSTOMERS)
        rows = self._cells[registry.CUSTOMERS]
        writes = []
        for row, values in wanted.items():
            cells = rows[row - 1] if row <= len(rows) else []
            for name, value in values.items():
                column = sheet.layout.columns.get(name)
                if column is not None and text_of(cells[column - 1] if column <= len(cells) else "") != value:
                    writes.append(CellWrite(tab, row, column, value))
        return writes

    def _make_room(self, writes: list[CellWrite]) -> None:
        """Listing logs may need rows the tab has not; a write outside the grid would be refused as a whole."""
        last = max((one.row for one in writes), default=0)
        if last > len(self._cells[registry.CUSTOMERS]):
            file_id = self._installation.registry.id
            tab = self._google.sheets.describe(file_id).tabs[self._policy.names.shown(registry.CUSTOMERS)]
            self._google.sheets.grow(file_id, tab, last, tab.columns)

    def _standing(
        self,
        customer: Customer,
        file: DriveFile | None,
        files: Mapping[str, DriveFile],
        current: Registry,
        log_problems: Mapping[str, tuple[Sentence, ...]],
        now: datetime,
    ) -> Standing:
        addresses = [one.address for one in current.contacts_of(customer)]
        organization = self._config.organization
        place = rules.Place(organization.time_zone, organization.holidays, organization.extra_holidays)
        today = now.astimezone(organization.time_zone).date()
        unknown = (*unknown_holidays(customer, place, today), *self._unread)
        _, share_problems = wanted_shares(customer, ())
        if file is not None and file.id in self._not_looked_up:
            share_problems = (*share_problems, Sentence.of("log_writers_unknown"))
        if file is None:
            lost = (self._gone(),) if self._is_gone(customer, files) else _named_otherwise(customer, files)
            return Standing(False, lost, share_problems=share_problems, dates_unknown=unknown)
        return Standing(
            has_log=True,
            log_problems=log_problems.get(file.id, ()),
            not_shared=self._sharing.refused(file.id),
            share_problems=share_problems,
            writers=self._sharing.writers(file.id),
            stopped=self._sharing.stops(file.id),
            bounced=self._bounces.of(addresses, now),
            dates_unknown=unknown,
        )

    def _sentences(self, sentences: tuple[Sentence, ...]) -> str:
        text = "; ".join(map(self._words, sentences))
        return text[:1].upper() + text[1:]

    def _words(self, sentence: Sentence) -> str:
        return self._messages.sentence(sentence, self._policy.language, None)


def logs_of(
    current: Registry, files: Mapping[str, DriveFile], took_name_of: Callable[[Customer, Customer], bool]
) -> tuple[dict[str, DriveFile], set[str]]:
    """Each customer's log, by the customer's name: by the file's own property or name, else by the link in `Log`.

    The link alone proves nothing: it may have been copied or sorted into another customer's row. Nor does the
    property where the name is another customer's: it goes along with a copy made by hand. So a file is one
    customer's at the most. The files that are some customer's, chosen or not, come with it.

    Where a customer was renamed and another has its old name before the file was renamed, name and property are the
    wrong one's, and the link is right: `took_name_of` tells whether the first may have the name the second had.
    """
    by_property: dict[str, list[DriveFile]] = {}
    by_name: dict[str, list[DriveFile]] = {}
    names = {folded(customer.name + SUFFIX) for customer in current.customers}
    digests = {_digest(customer) for customer in current.customers}
    for file in files.values():
        by_property.setdefault(file.properties.get(LOG_OF, ""), []).append(file)
        by_name.setdefault(folded(file.name), []).append(file)
    own: dict[str, dict[str, DriveFile]] = {}
    owner: dict[str, Customer] = {}
    for customer in current.customers:
        marked = [one for one in by_property.get(_digest(customer), ()) if folded(one.name) not in names]
        named = by_name.get(folded(customer.name + SUFFIX), ())
        own[customer.name] = {file.id: file for file in (*marked, *named)}
        owner |= dict.fromkeys(own[customer.name], customer)
    found: dict[str, DriveFile] = {}
    for customer in current.customers:
        if own[customer.name] or not customer.log_link:
            continue
        linked = next((one for one in files.values() if one.id in customer.log_link), None)
        if linked is None:
            continue
        before = owner.get(linked.id)
        if before is not None:
            says = linked.properties.get(LOG_OF, _digest(before))
            if linked.id in before.log_link or says != _digest(before) or not took_name_of(before, customer):
                continue
            own[before.name].pop(linked.id, None)
        found[customer.name] = linked
        owner[linked.id] = customer
    for customer in current.customers:
        if own[customer.name]:
            found[customer.name] = min(own[customer.name].values(), key=lambda one: _rank(one, customer, digests))
    return found, set(owner)


def _is(file_name: str, customer: str) -> bool:
    return folded(file_name) == folded(customer + SUFFIX)


def _is_of_another(file: DriveFile, customer: Customer, current: Registry) -> bool:
    """Whether the file bears exactly another customer's name."""
    named = _customer_of(file)
    other = current.customer(named)
    return other is not None and _is(file.name, named) and not _is(file.name, customer.name)


def _named_otherwise(customer: Customer, files: Mapping[str, DriveFile]) -> tuple[Sentence, ...]:
    """That the log in the customer's row was made for it, and bears another's name now: whose rows are in it?

    For a customer without a log.
    """
    for file in files.values():
        if file.id in customer.log_link and file.properties.get(LOG_OF) == _digest(customer):
            return (Sentence.of("state_log_named", file=file.name),)
    return ()


def _rank(file: DriveFile, customer: Customer, digests: Set[str]) -> tuple[bool, bool, bool, str]:
    """Which of several files that may be a customer's comes first, as after a copy made by hand.

    One that was made for another customer comes last; then the one that is linked; then the one of the right name.
    """
    says = file.properties.get(LOG_OF)
    another = says in digests and says != _digest(customer)
    return another, file.id not in customer.log_link, not _is(file.name, customer.name), file.id


def _is_marked_otherwise(customer: Customer, file: DriveFile) -> bool:
    """Whether the file does not say yet that it is this customer's log: by its property, or its name where it has none.

    One found by its name may say another's: it was copied by hand, and would be that customer's under the next name.
    """
    says = file.properties.get(LOG_OF)
    return says != _digest(customer) and (says is not None or not _is(file.name, customer.name))


def _customer_of(file: DriveFile) -> str:
    """The customer's name as the file's says it; empty where it says none, or `*`, which is everybody."""
    named = _NAMED.fullmatch(file.name)
    name = " ".join((named[1] if named else file.name).split())
    return "" if name == registry.ALL else name


def _digest(customer: Customer) -> str:
    """Properties hold 124 bytes of key and value together; a customer's name may be longer."""
    return _digest_of(customer.name)


@lru_cache(maxsize=1 << 16)
def _digest_of(name: str) -> str:
    return hashlib.sha256(folded(name).encode()).hexdigest()[:32]

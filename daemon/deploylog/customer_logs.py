"""Customers and their logs: reads the registry, makes a log from TEMPLATE for a new customer, writes `Log` and `State`.

A copy of TEMPLATE carries its customer in the file's `properties`; it is looked for before it is made, because
`files.copy` cannot be repeated safely (design, "Copies of TEMPLATE").
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from deploylog import registry, rules
from deploylog.cells import folded, text_of
from deploylog.config import Config
from deploylog.errors import ConfigurationError, DeploylogError, OutsideError, Refused
from deploylog.google.connect import Google
from deploylog.google.drive import DriveFile
from deploylog.google.sheets import Cell, CellWrite, MissingTab
from deploylog.ledger import Ledger
from deploylog.lifecycle import Policy
from deploylog.messages import Messages
from deploylog.model import Customer, Party, Registry, Sentence
from deploylog.observe import is_ours
from deploylog.registry import Defaults, RegistrySheet, read_registry

SUFFIX = " - Deployment log"
"""The procedure: "File names must begin with the customer's name"."""
LOG_OF = "deploylog-log-of"
"""The property of a log's file that says, as a digest, which customer it was made for."""

SHARED = "deploylog-shared"
"""The property of a log's file that says it was shared as the registry asked when it was made."""

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
    ) -> None:
        self._config = config
        self._policy = policy
        self._installation = installation
        self._google = google
        self._ledger = ledger
        self._messages = messages
        self._cells: Mapping[str, list[list[Cell]]] = {}
        self._refused_shares: dict[str, tuple[str, ...]] = {}
        self._has_template = True

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

    def registry_problems(self, current: Registry) -> list[str]:
        """A sentence per row of the registry that cannot be read, or that names a customer there is none of."""
        sentences = [_placed(problem) for problem in current.problems]
        named = {one.customer for one in current.contacts} | {one.customer for one in current.freezes}
        strangers = sorted(name for name in named if name != registry.ALL and current.customer(name) is None)
        sentences += [Sentence.of("customer_unknown", customer=name) for name in strangers]
        words = (self._messages.sentence(one, self._policy.language, None) for one in sentences)
        return [f"{self._config.drive.registry}: {one}" for one in words]

    def list_logs(self) -> dict[str, DriveFile]:
        """Every log of the folder by file id; TEMPLATE and registry are none.

        Raises `ConfigurationError` where the registry is not among the folder's files any more: what a trashed one
        says can still be read, and must not count.
        """
        files = self._google.drive.spreadsheets(self._installation.drive_id, self._installation.folder.id)
        there = {file.id for file in files}
        if self._installation.registry.id not in there:
            raise ConfigurationError(
                f"{self._config.drive.registry} is not in the folder {self._config.drive.folder} any more; take it out "
                "of the trash or move it back. Until then nothing is done"
            )
        self._has_template = self._installation.template.id in there
        others = (self._installation.template.id, self._installation.registry.id)
        return {
            file.id: file
            for file in files
            if file.id not in others and folded(file.name).endswith(folded(SUFFIX)) and not _is(file.name, "TEMPLATE")
        }

    def owners(self, current: Registry, files: Mapping[str, DriveFile]) -> dict[str, Customer]:
        """Which customer each log is of."""
        logs = self._logs(current, files)
        return {logs[customer.name].id: customer for customer in current.customers if customer.name in logs}

    @staticmethod
    def _logs(current: Registry, files: Mapping[str, DriveFile]) -> dict[str, DriveFile]:
        """Each customer's log, by the customer's name: by the file's own property or name, else by the link in `Log`.

        The link alone proves nothing: it may have been copied or sorted into another customer's row.
        """
        found: dict[str, DriveFile] = {}
        claimed: set[str] = set()
        for customer in current.customers:
            digest = _digest(customer)
            own = [
                file
                for file in files.values()
                if file.properties.get(LOG_OF) == digest or _is(file.name, customer.name)
            ]
            claimed |= {file.id for file in own}
            if own:
                # Of several, as after a copy made by hand, the one that is linked; then the one of the right name.
                found[customer.name] = min(
                    own, key=lambda one: (one.id not in customer.log_link, not _is(one.name, customer.name), one.id)
                )
        for customer in current.customers:
            linked = next((one for one in files.values() if one.id in customer.log_link), None)
            if customer.name not in found and linked is not None and linked.id not in claimed:
                found[customer.name] = linked
                claimed.add(linked.id)
        return found

    def _is_gone(self, customer: Customer, files: Mapping[str, DriveFile]) -> bool:
        """Whether the log this customer had was trashed or moved away: it is not made anew by itself."""
        return any(known in customer.log_link for known in self._ledger.all_logs() if known not in files)

    def make_missing(
        self, sheet: RegistrySheet, files: Mapping[str, DriveFile], now: datetime, problems: list[str]
    ) -> dict[str, DriveFile]:
        """Make a log for each customer that has none and whose row was left alone; returns those made or found."""
        made: dict[str, DriveFile] = {}
        logs = self._logs(sheet.registry, files)
        for customer in sheet.registry.customers:
            if is_ours(customer) and customer.name in logs:
                self._share_once(logs[customer.name], customer, problems)
        for customer in sheet.registry.customers:
            if not is_ours(customer) or customer.name in logs or customer.problems:
                continue
            if self._is_gone(customer, files):
                words = self._messages.sentence(
                    Sentence.of("state_log_gone", column=self._policy.names.shown(registry.LOG)), self._policy.language
                )
                problems.append(f"{customer.name}: {words}")
                continue
            unchanged_since = self._ledger.customer_unchanged_since(folded(customer.name), customer.fingerprint, now)
            if now - unchanged_since < self._policy.timing.settle:
                continue
            if not self._has_template:
                problems.append(
                    f"{customer.name}: its log cannot be made: {self._config.drive.template} is not in the folder "
                    f"{self._config.drive.folder} any more; take it out of the trash or move it back"
                )
                continue
            try:
                file = self._make(customer)
            except DeploylogError as problem:
                problems.append(f"{customer.name}: its log cannot be made: {problem}")
                continue
            made[file.id] = file
            self._share_once(file, customer, problems)
            log.info("log made", customer=customer.name, log=file.name)
        return made

    def _make(self, customer: Customer) -> DriveFile:
        digest = _digest(customer)
        there = self._google.drive.find_by_property(self._installation.drive_id, LOG_OF, digest)
        return (
            there[0]
            if there
            else self._google.drive.copy(
                self._installation.template.id,
                customer.name + SUFFIX,
                self._installation.folder.id,
                {LOG_OF: digest},
            )
        )

    def _share_once(self, file: DriveFile, customer: Customer, problems: list[str]) -> None:
        """Share a log we made with those the registry names, once: the file itself keeps that it was done."""
        if file.properties.get(LOG_OF) != _digest(customer) or SHARED in file.properties:
            return
        try:
            self._share(file, customer)
            self._google.drive.set_properties(file.id, {SHARED: "yes"})
        except OutsideError as failure:
            problems.append(f"{file.name}: not shared yet: {failure}")

    def _share(self, file: DriveFile, customer: Customer) -> None:
        refused = []
        for entry in customer.share_with:
            address, _, wish = entry.partition(":")
            role = "commenter" if wish == "comment" else "reader"
            try:
                self._google.drive.share(file.id, address, role, notify=wish == "notify")
            except Refused as refusal:
                log.warning("log not shared", log=file.name, address=address, reason=str(refusal))
                refused.append(address)
        self._refused_shares[customer.name] = tuple(refused)

    def write_states(
        self,
        sheet: RegistrySheet,
        files: Mapping[str, DriveFile],
        log_problems: Mapping[str, tuple[Sentence, ...]],
        problems: list[str],
    ) -> None:
        """`Log` and `State` of every customer, where they differ from what stands; `problems` gets what failed."""
        try:
            if self._state_writes(sheet, files, log_problems):
                # A pass may be long, and rows and columns may have moved since the registry was read.
                writes = self._state_writes(self.read_registry(), files, log_problems)
                self._google.sheets.write(self._installation.registry.id, writes)
        except OutsideError as failure:
            problems.append(f"{self._config.drive.registry}: {failure}")

    def _state_writes(
        self,
        sheet: RegistrySheet,
        files: Mapping[str, DriveFile],
        log_problems: Mapping[str, tuple[Sentence, ...]],
    ) -> list[CellWrite]:
        """The cells of the registry as last read that do not say what they shall."""
        logs = self._logs(sheet.registry, files)
        tab = self._policy.names.shown(registry.CUSTOMERS)
        writes = []
        for customer in sheet.registry.customers:
            file = logs.get(customer.name)
            wanted = {registry.STATE: self._state(customer, file, files, sheet.registry, log_problems)}
            if file is not None:
                wanted[registry.LOG] = file.link
            cells = self._cells[registry.CUSTOMERS][customer.row - 1]
            for name, value in wanted.items():
                column = sheet.layout.columns.get(name)
                if column is not None and text_of(cells[column - 1] if column <= len(cells) else "") != value:
                    writes.append(CellWrite(tab, customer.row, column, value))
        return writes

    def _state(
        self,
        customer: Customer,
        file: DriveFile | None,
        files: Mapping[str, DriveFile],
        current: Registry,
        log_problems: Mapping[str, tuple[Sentence, ...]],
    ) -> str:
        """One sentence or more on how the customer stands, in the organization's language."""
        sentences = [*customer.problems, *_about(customer, current)]
        if not is_ours(customer):
            sentences.append(Sentence.of("state_partner"))
        elif file is None and self._is_gone(customer, files):
            sentences.append(Sentence.of("state_log_gone", column=self._policy.names.shown(registry.LOG)))
        elif file is None:
            sentences.append(Sentence.of("state_log_waits" if customer.problems else "state_log_to_come"))
        elif file is not None:
            sentences += log_problems.get(file.id, ())
        if self._refused_shares.get(customer.name):
            sentences.append(Sentence.of("state_not_shared", addresses=self._refused_shares[customer.name]))
        if current.pause_all or customer.paused:
            sentences.append(Sentence.of("state_paused"))
        managers = (one for one in current.contacts_of(customer) if one.party is Party.CUSTOMER_MANAGER)
        if is_ours(customer) and not any(one.gets.mail for one in managers):
            sentences.append(Sentence.of("state_needs_contacts"))
        words = [self._messages.sentence(one, self._policy.language, None) for one in sentences]
        text = "; ".join(words) or self._messages.sentence(Sentence.of("state_ready"), self._policy.language, None)
        return text[:1].upper() + text[1:]


def _about(customer: Customer, current: Registry) -> list[Sentence]:
    """Problems in rows of Contacts and Freezes that name this customer, or everybody."""
    found = []
    for problem in current.problems:
        if folded(str(dict(problem.values).get("in_customer", ""))) in (folded(customer.name), registry.ALL):
            found.append(_placed(problem))
    return found


def _placed(problem: Sentence) -> Sentence:
    """A problem of a row, with the tab and row it stands in said first."""
    values = dict(problem.values)
    bare = Sentence.of(problem.code, **{name: value for name, value in values.items() if not name.startswith("in_")})
    return Sentence.of("in_row", tab=values["in_tab"], row=values["in_row"], problem=bare)


def _is(file_name: str, customer: str) -> bool:
    return folded(file_name) == folded(customer + SUFFIX)


def _digest(customer: Customer) -> str:
    """Properties hold 124 bytes of key and value together; a customer's name may be longer."""
    return hashlib.sha256(folded(customer.name).encode()).hexdigest()[:32]

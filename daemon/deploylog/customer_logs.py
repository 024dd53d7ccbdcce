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
from deploylog.errors import ConfigurationError, DeploylogError, OutsideError
from deploylog.google.connect import Google
from deploylog.google.drive import DriveFile
from deploylog.google.sheets import Cell, CellWrite, MissingTab
from deploylog.ledger import Ledger
from deploylog.lifecycle import Policy
from deploylog.messages import Messages
from deploylog.model import Customer, Registry, Sentence
from deploylog.observe import is_ours
from deploylog.registry import Defaults, RegistrySheet, read_registry

SUFFIX = " - Deployment log"
"""The procedure: "File names must begin with the customer's name"."""
LOG_OF = "deploylog-log-of"
"""The property of a log's file that says, as a digest, which customer it was made for."""

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
                f"{self._config.drive.registry} has no tab {missing.tab}; add it, or run deploylog init"
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
        """Every log of the folder by file id; TEMPLATE and registry are none."""
        files = self._google.drive.spreadsheets(self._installation.drive_id, self._installation.folder.id)
        others = (self._installation.template.id, self._installation.registry.id)
        return {
            file.id: file
            for file in files
            if file.id not in others and folded(file.name).endswith(folded(SUFFIX)) and not _is(file.name, "TEMPLATE")
        }

    def owners(self, current: Registry, files: Mapping[str, DriveFile]) -> dict[str, Customer]:
        """Which customer each log is of: by the link in `Log`, by the file's own property, by its name."""
        found: dict[str, Customer] = {}
        for customer in current.customers:
            file = self._log_of(customer, files)
            if file is not None and file.id not in found:
                found[file.id] = customer
        return found

    def make_missing(
        self, sheet: RegistrySheet, files: Mapping[str, DriveFile], now: datetime, problems: list[str]
    ) -> dict[str, DriveFile]:
        """Make a log for each customer that has none and whose row was left alone; returns those made or found."""
        made: dict[str, DriveFile] = {}
        for customer in sheet.registry.customers:
            if not is_ours(customer) or self._log_of(customer, files) is not None or customer.problems:
                continue
            unchanged_since = self._ledger.customer_unchanged_since(folded(customer.name), customer.fingerprint, now)
            if now - unchanged_since < self._policy.timing.settle:
                continue
            try:
                file = self._make(customer)
            except DeploylogError as problem:
                problems.append(f"{customer.name}: its log cannot be made: {problem}")
                continue
            made[file.id] = file
            log.info("log made", customer=customer.name, log=file.name)
        return made

    def _make(self, customer: Customer) -> DriveFile:
        digest = _digest(customer)
        there = self._google.drive.find_by_property(self._installation.drive_id, LOG_OF, digest)
        file = (
            there[0]
            if there
            else self._google.drive.copy(
                self._installation.template.id,
                customer.name + SUFFIX,
                self._installation.folder.id,
                {LOG_OF: digest},
            )
        )
        refused = []
        for entry in customer.share_with:
            address, _, wish = entry.partition(":")
            role = "commenter" if wish == "comment" else "reader"
            try:
                self._google.drive.share(file.id, address, role, notify=wish == "notify")
            except OutsideError as refusal:
                log.warning("log not shared", log=file.name, address=address, reason=str(refusal))
                refused.append(address)
        self._refused_shares[customer.name] = tuple(refused)
        return file

    def _log_of(self, customer: Customer, files: Mapping[str, DriveFile]) -> DriveFile | None:
        by_link = next((file for file in files.values() if file.id in customer.log_link), None)
        if by_link is not None:
            return by_link
        digest = _digest(customer)
        by_property = next((file for file in files.values() if file.properties.get(LOG_OF) == digest), None)
        if by_property is not None:
            return by_property
        return next((file for file in files.values() if _is(file.name, customer.name)), None)

    def write_states(
        self,
        sheet: RegistrySheet,
        files: Mapping[str, DriveFile],
        log_problems: Mapping[str, Sentence],
        problems: list[str],
    ) -> None:
        """`Log` and `State` of every customer, where they differ from what stands."""
        wanted: list[tuple[int, str, str]] = []
        for customer in sheet.registry.customers:
            file = self._log_of(customer, files)
            if file is not None:
                wanted.append((customer.row, registry.LOG, file.link))
            state = self._state(customer, file, sheet.registry, log_problems)
            wanted.append((customer.row, registry.STATE, state))
        rows = self._cells[registry.CUSTOMERS]
        tab = self._policy.names.shown(registry.CUSTOMERS)
        writes = []
        for row, name, value in wanted:
            column = sheet.layout.columns.get(name)
            if column is None:
                continue
            cells = rows[row - 1]
            standing = text_of(cells[column - 1]) if column <= len(cells) else ""
            if standing != value:
                writes.append(CellWrite(tab, row, column, value))
        try:
            self._google.sheets.write(self._installation.registry.id, writes)
        except OutsideError as failure:
            problems.append(f"{self._config.drive.registry}: {failure}")

    def _state(
        self,
        customer: Customer,
        file: DriveFile | None,
        current: Registry,
        log_problems: Mapping[str, Sentence],
    ) -> str:
        """One sentence or more on how the customer stands, in the organization's language."""
        sentences = [*customer.problems, *_about(customer, current)]
        if not is_ours(customer):
            sentences.append(Sentence.of("state_partner"))
        elif file is None:
            sentences.append(Sentence.of("state_log_to_come"))
        elif file.id in log_problems:
            sentences.append(log_problems[file.id])
        if self._refused_shares.get(customer.name):
            sentences.append(Sentence.of("state_not_shared", addresses=self._refused_shares[customer.name]))
        if current.pause_all or customer.paused:
            sentences.append(Sentence.of("state_paused"))
        if is_ours(customer) and not current.contacts_of(customer):
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

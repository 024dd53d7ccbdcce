"""A world for stories: a served sandbox and the daemon on one virtual clock, and people who act in the sheet."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from deploylog import bootstrap, installation, registry
from deploylog import deployment_log as log
from deploylog.cells import serial_of
from deploylog.config import Config, load
from deploylog.demo import CONTACTS, CUSTOMERS, PROCEDURE_EXAMPLE, Person
from deploylog.fact_finding import FactFinder
from deploylog.google.calendar import Calendar
from deploylog.google.connect import Google
from deploylog.google.drive import Drive
from deploylog.google.gmail import Gmail
from deploylog.google.quota import ReadQuota
from deploylog.google.sheets import Sheets
from deploylog.google.transport import SheetsClient, Transport, build_service
from deploylog.installation import Initializer
from deploylog.ledger import Ledger
from deploylog.reconcile import PassReport, Reconciler
from deploylog.shadow import REAL, Carrying
from deploylog.tickets.interface import Services
from stores import lost
from workspace_sandbox.founding import SERVICE_ACCOUNT, Founding
from workspace_sandbox.server import Sandbox, serve
from workspace_sandbox.workspace import Workspace

MADRID = ZoneInfo("Europe/Madrid")
STAFF = "ana@soffid.example"
DAEMON = "deployments@soffid.example"
MANAGER = "gestor@diba.example"
HELPDESK = "cau@diba.example"
TEAM = "projects@soffid.example"
WEDNESDAY = datetime(2026, 12, 9, 8, 0, tzinfo=UTC)
"""9 in the morning in Madrid, the day after a public holiday and before a working Thursday."""
TICKS = dict.fromkeys(("Deployed", "System validated", "Monitoring checked"), True)

CONFIG = """
organization: {{name: Soffid, domains: [soffid.example], language: en, holidays: [ES-IB]}}
google: {{credentials: adc, act_as: deployments@soffid.example, endpoint: "{origin}"}}
mail: {{from: "Soffid <deployments@soffid.example>"}}
store: "{store}"
"""


class Bearer:
    """An identity of the sandbox: the address itself is the token."""

    def __init__(self, address: str) -> None:
        self._address = address

    def before_request(self, request: Any, method: str, url: str, headers: dict[str, str]) -> None:
        headers["Authorization"] = f"Bearer {self._address}"

    def refresh(self, request: Any) -> None:
        """A bearer address never expires."""


@dataclass
class Log:
    """One customer's log, as staff work in it."""

    staff: Person
    file_id: str

    def write(self, row: int, values: Mapping[str, object]) -> None:
        self.staff.type(self.file_id, log.DEPLOYMENTS, log.COLUMNS, row, values)

    def plan(self, row: int, start: datetime, **more: object) -> None:
        """The procedure's example, planned for `start` (UTC)."""
        self.write(row, {**PROCEDURE_EXAMPLE, log.STATUS: "Planned", log.START: serial_of(start, MADRID), **more})

    def row(self, number: int) -> dict[str, Any]:
        rows = self.staff.rows(self.file_id, log.DEPLOYMENTS)
        return rows[number - 2] if len(rows) >= number - 1 else {}

    def rows(self) -> list[dict[str, Any]]:
        return [row for row in self.staff.rows(self.file_id, log.DEPLOYMENTS) if row.get(log.STATUS)]

    def progress(self, number: int = 2) -> str:
        return str(self.row(number).get(log.PROGRESS, ""))

    def history(self) -> list[dict[str, Any]]:
        return self.staff.rows(self.file_id, log.HISTORY)

    def change(self, *requests: dict[str, Any]) -> None:
        """Structure, as by the menus: insert, delete, sort, copy. The tab Deployments is sheet id `self.tab`."""
        self.staff.call("POST", f"/v4/spreadsheets/{self.file_id}:batchUpdate", {"requests": list(requests)})

    def row_count(self) -> int:
        """Of the tab's grid, empty rows and header included."""
        return int(self._properties()["gridProperties"]["rowCount"])

    @property
    def tab(self) -> int:
        return int(self._properties()["sheetId"])

    def _properties(self) -> Mapping[str, Any]:
        sheets = self.staff.call("GET", f"/v4/spreadsheets/{self.file_id}", fields="sheets(properties)")["sheets"]
        [properties] = [one["properties"] for one in sheets if one["properties"]["title"] == log.DEPLOYMENTS]
        return dict(properties)


@dataclass
class World:
    """Everything of one story."""

    origin: str
    folder: Path
    config: Config
    google: Google
    now: datetime = WEDNESDAY - timedelta(days=1)
    reports: list[PassReport] = field(default_factory=list)
    registry_id: str = ""
    """Of the spreadsheet; empty until `init`."""
    services: Services = field(default_factory=Services)
    """Ticket systems and further mailboxes."""
    facts: FactFinder | None = None
    carrying: Carrying = REAL

    def __post_init__(self) -> None:
        self.start_daemon()

    def start_daemon(self) -> None:
        """A daemon on the store there is: the first start, or one after a crash."""
        self.ledger = Ledger.open(self.config.store)
        self.messages = bootstrap.messages_of(self.config)
        self.reconciler = self._reconciler() if self._installed() else None

    def close(self) -> None:
        """The daemon ends."""
        self.ledger.close()

    def restart(self) -> None:
        self.close()
        self.start_daemon()

    def lose_ledger(self) -> None:
        """A lost disk, or the first start in a folder that has logs already: the daemon starts with an empty store."""
        self.close()
        lost(self.config.store, self.folder)
        self.start_daemon()

    def init(self) -> None:
        """`deploylog init`, and the demo's registry typed in by staff."""
        for step in Initializer(self.google, self.config, bootstrap.names_of(self.config), self.messages).steps():
            step.do()
        staff = self.person(STAFF)
        self.registry_id = staff.file_named("REGISTRY - Customers")["id"]  # type: ignore[index]
        for number, customer in enumerate(CUSTOMERS, start=2):
            staff.type(self.registry_id, registry.CUSTOMERS, registry.CUSTOMER_COLUMNS, number, customer)
        for number, contact in enumerate(CONTACTS, start=2):
            staff.type(self.registry_id, registry.CONTACTS, registry.CONTACT_COLUMNS, number, contact)
        self.reconciler = self._reconciler()
        self.run()
        self.after(minutes=1)

    def customer(self, row: int, **values: object) -> None:
        """Change a customer's row of the registry."""
        self.person(STAFF).type(self.registry_id, registry.CUSTOMERS, registry.CUSTOMER_COLUMNS, row, values)

    def contact(self, row: int, **values: object) -> None:
        """Change a contact's row of the registry; `E_mail` is its column `E-mail`."""
        named = {name.replace("_", "-"): value for name, value in values.items()}
        self.person(STAFF).type(self.registry_id, registry.CONTACTS, registry.CONTACT_COLUMNS, row, named)

    def log(self, customer: str = "DIBA") -> Log:
        staff = self.person(STAFF)
        file = staff.file_named(f"{customer} - Deployment log")
        assert file is not None
        return Log(staff, file["id"])

    def copied_by_hand(self, of: str, name: str) -> Log:
        """A file that staff made by copying another (its file id); Drive copies its properties along."""
        staff = self.person(STAFF)
        made = staff.call("POST", f"/drive/v3/files/{of}/copy", {"name": name}, supportsAllDrives="true")
        return Log(staff, str(made["id"]))

    def changed_file(self, file_id: str, **values: object) -> None:
        """Staff rename a file, or put it into the trash or out of it (Drive API v3, "Files")."""
        self.person(STAFF).call("PATCH", f"/drive/v3/files/{file_id}", values, supportsAllDrives="true")

    def person(self, address: str) -> Person:
        return Person(self.origin, address)

    def notices(self, address: str = MANAGER) -> list[EmailMessage]:
        return self.person(address).notices()

    # Time ------------------------------------------------------------------------------------------------------

    def run(self, whole: bool = True) -> PassReport:
        """One pass now."""
        assert self.reconciler is not None
        report = self.reconciler.run_pass(lambda: self.now, whole)
        self.reports.append(report)
        return report

    def at(self, moment: datetime) -> PassReport:
        """Let time go to `moment`, with a pass at every instant something was due before, and one at the end."""
        assert self.reconciler is not None
        while (due := self.reconciler.next_due(self.now)) is not None and due < moment:
            self.now = due
            self.run(whole=False)
        self.now = moment
        return self.run()

    def after(self, **time: float) -> PassReport:
        return self.at(self.now + timedelta(**time))

    def jump(self, moment: datetime) -> PassReport:
        """An outage: nothing runs until `moment`, then one pass."""
        self.now = moment
        return self.run()

    # Trouble ---------------------------------------------------------------------------------------------------

    def fault(self, method: str, mode: str, **more: object) -> None:
        self.person(STAFF).call("POST", "/sandbox/faults", {"method": method, "mode": mode, "times": 1, **more})

    def calls(self) -> dict[str, int]:
        calls: dict[str, int] = self.person(STAFF).call("GET", "/sandbox/calls")
        return calls

    def _installed(self) -> bool:
        return bool(self.registry_id)

    def _reconciler(self) -> Reconciler:
        place = installation.find(self.google, self.config)
        policy, organization = bootstrap.policy_of(self.config), bootstrap.organization_of(self.config)
        return Reconciler(
            self.config,
            policy,
            organization,
            place,
            self.google,
            self.ledger,
            self.messages,
            self.services,
            self.carrying,
            facts=self.facts,
        )


@contextmanager
def served_world(folder: Path, settings: str = "", store: str = "sqlite:///deploylog.db") -> Iterator[World]:
    """A world with a sandbox and a store of its own; `settings` is YAML added to the configuration."""
    clock = [WEDNESDAY - timedelta(days=1)]
    workspace = Workspace(clock=lambda: clock[0])
    server = serve(Sandbox(workspace, Founding()))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    origin = f"http://127.0.0.1:{server.port}"
    file = folder / "deploylog.yaml"
    file.write_text(CONFIG.format(origin=origin, store=store) + settings, encoding="utf-8")
    config = load(file, {})
    quota = ReadQuota(clock=lambda: clock[0])
    files = Transport(Bearer(SERVICE_ACCOUNT), origin, called=quota.called)
    mailbox = Transport(Bearer(DAEMON), origin)
    google = Google(
        drive=Drive(build_service("drive", "v3", files), no_waiting),
        sheets=Sheets(SheetsClient(files), no_waiting),
        calendar=Calendar(build_service("calendar", "v3", mailbox), "primary", no_waiting),
        gmail=Gmail(build_service("gmail", "v1", mailbox), no_waiting),
        identities=None,  # type: ignore[arg-type]  # no story asks who they are
        _transports=(files, mailbox),
        quota=quota,
    )
    try:
        with bootstrap.fact_finder(config, google) as facts:
            world = ClockedWorld(origin, folder, config, google, facts=facts)
            world.clock = clock
            yield world
    finally:
        world.ledger.close()
        google.close()
        server.shutdown()
        server.server_close()
        thread.join()


class ClockedWorld(World):
    """A world whose time is the sandbox's too: what `now` is set to stands in `clock`."""

    clock: list[datetime]

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "now" and "clock" in self.__dict__:
            self.clock[0] = value


def no_waiting(seconds: float) -> None:
    """Patience of adapters under test costs no time."""

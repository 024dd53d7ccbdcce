"""A daemon and a sandbox in one process on one virtual clock, set up in milliseconds: one life after the other.

`Machine` makes the clients, the sandbox and the ledger once; `Machine.life` puts the same beginning in place again:
folder, TEMPLATE, registry and two customers' logs. What is in the daemon's own memory is new in every life and after
every death, as in a new process.
"""

from __future__ import annotations

import base64
import pickle
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from wire import ORIGIN, Trouble, Wire, watch_commits
from world import CONFIG, DAEMON, MANAGER, STAFF, Bearer, ClockedWorld, Log, no_waiting

from deploylog import bootstrap, registry
from deploylog import deployment_log as log
from deploylog.config import ZammadConfig, load
from deploylog.demo import Person
from deploylog.google.calendar import Calendar
from deploylog.google.connect import Google
from deploylog.google.drive import Drive
from deploylog.google.gmail import Gmail
from deploylog.google.sheets import Sheets
from deploylog.google.transport import SheetsClient, Transport, build_service
from deploylog.ledger import Ledger, metadata
from deploylog.rest import Rest
from deploylog.tickets.interface import Services
from deploylog.tickets.zammad import Zammad
from stores import sqlite_store
from vendor_stand_ins.zammad import Zammad as StandIn
from workspace_sandbox.founding import SERVICE_ACCOUNT, Founding
from workspace_sandbox.server import Sandbox
from workspace_sandbox.workspace import Workspace

BOSS = "boss@diba.example"
"""Reads English; the others of DIBA read Spanish."""
SETTINGS = "notify: {reminders: [1h]}\nlimits: {mails_per_hour: 1000, mails_per_log_per_hour: 500}\n"
Kept = dict[str, list[dict[str, Any]]]
"""The rows of every table of a ledger, by its name."""
ROWS = 24
"""Of each tab, header included."""
BEGINNING = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)


DESK = "http://127.0.0.1:2"
"""Where Zammad is; nothing listens there either."""
TOKEN = "zammad-token"
SUBJECT = "Could you deploy the new forms?"
ASKED_FOR = f"ES-7412280 Tractar els ORGANISMES\nmail: {SUBJECT}"
"""What deployments were asked for in: a ticket, and a thread a customer's manager began."""


class AskedForLog(Log):
    """A log whose rows name the ticket and the thread."""

    def plan(self, row: int, start: datetime, **more: object) -> None:
        super().plan(row, start, **{log.TICKETS: ASKED_FOR, **more})


class Life(ClockedWorld):
    """One life of an installation, from the same beginning; the daemon in it may die and start again."""

    trouble: Trouble
    wire: Wire
    machine: Machine

    def log(self, customer: str = "DIBA") -> AskedForLog:
        found = super().log(customer)
        return AskedForLog(found.staff, found.file_id)

    def start_daemon(self) -> None:
        """A new process: nothing of the old one's memory."""
        self.ledger = self.machine.ledger
        self.messages = self.machine.messages
        self.services = self.machine.services()
        self.reconciler = self._reconciler() if self.registry_id else None

    def restart(self) -> None:
        self.start_daemon()

    def lose_ledger(self) -> None:
        """A lost disk: the next daemon finds the store as a first start makes it."""
        self.machine.put_ledger(self.machine.empty)

    def person(self, address: str) -> Person:
        """Somebody who meets no trouble."""
        someone = Person(self.origin, address)
        someone._session.mount(ORIGIN, self.machine.calm_wire)
        return someone


class Machine:
    """What all lives share."""

    def __init__(self, folder: Path, settings: str = SETTINGS, store: str = "") -> None:
        self.clock = [BEGINNING]
        self.sandbox = Sandbox(Workspace(clock=lambda: self.clock[0]), Founding())
        self.trouble = Trouble()
        self.wire = Wire(self.sandbox, self.trouble, self._wait)
        self.calm_wire = Wire(self.sandbox, None, self._wait)
        file = folder / "deploylog.yaml"
        file.write_text(CONFIG.format(origin=ORIGIN, store=store or sqlite_store(folder)) + settings, encoding="utf-8")
        self.config = load(file, {})
        self.zammad = StandIn(TOKEN)
        self.ticket = self.zammad.add("7412280", "Tractar els ORGANISMES")
        self.desk = Rest("Zammad", DESK, {"Authorization": f"Token token={TOKEN}"})
        self.desk._session.mount(DESK, Wire(self.zammad, self.trouble, self._wait, lambda one: f"zammad.{one.method}"))
        self.google = self._connect()
        self.folder = folder
        self.ledger = Ledger.open(self.config.store)
        self.empty = self._kept()
        self.messages = bootstrap.messages_of(self.config)
        self._life: Life | None = None
        self.registry_id = ""
        first = self._new_life()
        first.init()
        self._another_language(first)
        _ask(first)
        for file_id in (first.registry_id, first.log("DIBA").file_id, first.log("ACME").file_id):
            _cut_to(first.person(STAFF), file_id, ROWS)
        first.after(minutes=1)
        self.registry_id = first.registry_id
        self.begun = self._kept()
        self._workspace = pickle.dumps(_documents(self.sandbox.workspace))
        self.began = first.now
        watch_commits(self.ledger.engine, self.trouble)

    def life(self) -> Life:
        """The beginning once more."""
        self.trouble.clear()
        workspace = self.sandbox.workspace
        workspace.clear()
        for name, documents in pickle.loads(self._workspace).items():  # what was pickled above
            workspace.collection(name)._documents.update(documents)
        self.ticket.articles.clear()
        self.zammad.calls.clear()
        self.put_ledger(self.begun)
        self.clock[0] = self.began
        life = self._new_life()
        # Where the daemon may end counts from here: what the beginning itself committed is none of those points.
        self.trouble.points = 0
        self.trouble.met.clear()
        return life

    def put_ledger(self, kept: Kept) -> None:
        """Have the ledger be what `kept` holds; whoever worked on it works on it no more. Nobody ends in here."""
        self.ledger.close()
        kill_in, self.trouble.kill_in = self.trouble.kill_in, None
        with self.ledger.engine.execution_options(writes=True).begin() as connection:
            for table in metadata.sorted_tables:
                connection.execute(table.delete())
                if rows := kept[table.name]:
                    connection.execute(table.insert(), rows)
        self.trouble.kill_in = kill_in

    def services(self) -> Services:
        """As `bootstrap.services_of` makes them."""
        return Services((Zammad(ZammadConfig(url=DESK, token=SecretStr(TOKEN)), self.desk),))

    def close(self) -> None:
        self.desk.close()
        self.ledger.close()
        self.google.close()

    def _new_life(self) -> Life:
        life = Life.__new__(Life)
        life.machine, life.trouble, life.wire = self, self.trouble, self.wire
        life.clock = self.clock
        Life.__init__(life, ORIGIN, self.folder, self.config, self.google, self.clock[0], [], self.registry_id)
        self._life = life
        return life

    def _another_language(self, life: Life) -> None:
        contact = {"Customer": "DIBA", "Party": "Customer manager", "E-mail": BOSS, "Language": "en"}
        life.person(STAFF).type(life.registry_id, registry.CONTACTS, registry.CONTACT_COLUMNS, 6, contact)

    def _kept(self) -> Kept:
        """What the ledger holds now."""
        with self.ledger.engine.connect() as connection:
            return {
                table.name: [dict(row) for row in connection.execute(table.select()).mappings()]
                for table in metadata.sorted_tables
            }

    def _wait(self, time: timedelta) -> None:
        assert self._life is not None
        self._life.now += time

    def _connect(self) -> Google:
        files, mailbox = Transport(Bearer(SERVICE_ACCOUNT), ORIGIN), Transport(Bearer(DAEMON), ORIGIN)
        for transport in (files, mailbox):
            transport.session.mount(ORIGIN, self.wire)
        return Google(
            drive=Drive(build_service("drive", "v3", files), no_waiting),
            sheets=Sheets(SheetsClient(files), no_waiting),
            calendar=Calendar(build_service("calendar", "v3", mailbox), "primary", no_waiting),
            gmail=Gmail(build_service("gmail", "v1", mailbox), no_waiting),
            identities=None,  # type: ignore[arg-type]  # no life asks who they are
            _transports=(files, mailbox),
        )


def _ask(life: Life) -> None:
    """The thread: a mail to the daemon's mailbox."""
    mail = EmailMessage()
    mail["To"], mail["Subject"] = DAEMON, SUBJECT
    mail.set_content("Whenever it suits you.")
    raw = base64.urlsafe_b64encode(mail.as_bytes()).decode()
    life.person(MANAGER).call("POST", "/gmail/v1/users/me/messages/send", {"raw": raw})


def _cut_to(staff: Person, file_id: str, rows: int) -> None:
    """Take the empty rows of every tab away: lives of a few rows need not read hundreds."""
    sheets = staff.call("GET", f"/v4/spreadsheets/{file_id}", fields="sheets(properties)")["sheets"]
    tabs = {one["properties"]["sheetId"]: one["properties"]["gridProperties"]["rowCount"] for one in sheets}
    below = [{"sheetId": tab, "dimension": "ROWS", "startIndex": rows, "endIndex": end} for tab, end in tabs.items()]
    requests = [{"deleteDimension": {"range": one}} for one in below if one["endIndex"] > rows]
    staff.call("POST", f"/v4/spreadsheets/{file_id}:batchUpdate", {"requests": requests})


def _documents(workspace: Workspace) -> dict[str, dict[str, Any]]:
    return {name: dict(collection._documents) for name, collection in workspace._collections.items()}

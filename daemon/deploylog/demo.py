"""`deploylog demo`: the sandbox, the daemon and sample customers, and a story a person can watch in the browser.

Sandbox and daemon run as processes of their own, as they would in earnest; the story's people act over HTTP, as staff
would in the sheet. With `--exit-when-done` the story checks each outcome itself.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess  # nosec B404
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import requests
import typer

from deploylog import deployment_log as log
from deploylog import registry
from deploylog.cells import column_letters, serial_of
from deploylog.deployment_log import CellChange
from vendor_stand_ins.gitlab import Gitlab
from vendor_stand_ins.serving import served
from vendor_stand_ins.zammad import Zammad

ZONE = ZoneInfo("Europe/Madrid")
STAFF = "ana@soffid.example"
DAEMON = "deployments@soffid.example"
DIBA_MANAGER = "gestor@diba.example"
DIBA_HELPDESK = "cau@diba.example"
TEAM = "projects@soffid.example"
ACME_MANAGER = "manager@acme.example"

CUSTOMERS: tuple[Mapping[str, object], ...] = (
    {"Customer": "DIBA", "Operated by": "Us", "Language": "es", "Holidays": "ES-CT"},
    {"Customer": "ACME", "Operated by": "Us", "Language": "en", "Holidays": "ES-MD"},
)
CONTACTS: tuple[Mapping[str, object], ...] = (
    {"Customer": "DIBA", "Party": "Customer manager", "Name": "DIBA", "E-mail": DIBA_MANAGER},
    {"Customer": "DIBA", "Party": "Helpdesk", "Name": "DIBA helpdesk", "E-mail": DIBA_HELPDESK},
    {"Customer": "ACME", "Party": "Customer manager", "Name": "ACME", "E-mail": ACME_MANAGER},
    {"Customer": "*", "Party": "Project team", "Name": "Projects", "E-mail": TEAM},
)
READY: Mapping[str, object] = {
    log.ENVIRONMENT: "Production",
    log.RESPONSIBLE: STAFF,
    log.AGREED_WITH: "the customer manager, by telephone",
    log.VALIDATED_IN: "TEST",
    log.CUSTOMER_VALIDATION: "Validated",
    log.ROLLBACK_GUIDE: "https://wiki.soffid.example/rollback",
}
"""The prerequisites of the procedure, met."""
PROCEDURE_EXAMPLE: Mapping[str, object] = {
    **READY,
    log.DURATION: 15,
    log.TICKETS: "ES-7412280 Tractar els ORGANISMES com si fós un ORGÀNIC\n"
    "ES-7412104 PRODUCTES: No fa enviaments a les notificacions\n"
    "ES-7412224 roldanfm al fer baixa li apareix missatge de conservar",
    log.COMPONENTS: "addon-diba 3.2.11\nbiblioteques programari 3.2.1\ndiputació aplicacions 3.21\n"
    "diputació programari 3.2.1",
    log.RESTART: "Consoles and syncservers",
}
"""The deployment in the e-mails of the procedure."""
TIMING = """
# The demo's clock: everything happens within two minutes.
poll: {every: 1s, replies: 5s}
notify: {settle: 1s, nudge: 30s, delay_after: 3s}
web: {listen: "127.0.0.1:0"}
"""
SERVICES = """
tickets: {{zammad: {{url: "{zammad}", token: demo-token, visibility: public, tag: deployed}}}}
gitlab:
  url: "{gitlab}"
  token: glpat-demo
  projects: {{addon-diba: soffid/addons/addon-diba, biblioteques programari: soffid/diba/biblioteques}}
"""
"""The ticket system and GitLab of the story, as the configuration names them."""
ASKED_BY_MAIL = "Could you tell us when the new forms are in production?"
ANY_DAY = "Ana: demonstration, on whatever day it is"
LONGEST_WAIT = 100.0
"""Seconds the story waits for any one thing."""


class Person:
    """Somebody with an address in the sandbox, acting over HTTP as a browser would."""

    def __init__(self, origin: str, address: str) -> None:
        self.address = address
        self._origin = origin
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {address}"

    def call(self, method: str, path: str, body: object = None, **params: Any) -> Any:
        """One call; the answer's JSON. Raises `requests.HTTPError` for a refusal."""
        answer = self._session.request(method, self._origin + path, json=body, params=params, timeout=10)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def file_named(self, name: str) -> Mapping[str, Any] | None:
        """The file of exactly that name in any shared drive this person sees."""
        found = self.call(
            "GET",
            "/drive/v3/files",
            q="name = '{}' and trashed = false".format(name.replace("'", "\\'")),
            fields="files(id,name,webViewLink)",
            supportsAllDrives="true",
            includeItemsFromAllDrives="true",
            corpora="allDrives",
        )["files"]
        return found[0] if found else None

    def type(self, file_id: str, tab: str, header: Sequence[str], row: int, values: Mapping[str, object]) -> None:
        """Type values into a row, as in the sheet (USER_ENTERED)."""
        cells = [CellChange(row, header.index(column) + 1, value) for column, value in values.items()]  # type: ignore[arg-type]
        data = [
            {"range": f"'{tab}'!{column_letters(cell.column)}{cell.row}", "values": [[cell.value]]} for cell in cells
        ]
        body = {"valueInputOption": "USER_ENTERED", "data": data}
        self.call("POST", f"/v4/spreadsheets/{file_id}/values:batchUpdate", body)

    def rows(self, file_id: str, tab: str) -> list[dict[str, Any]]:
        """The rows below the header (row 1), by column name; values as they are stored."""
        answer = self.call(
            "GET", f"/v4/spreadsheets/{file_id}/values/{quote(tab)}", valueRenderOption="UNFORMATTED_VALUE"
        )
        header, *body = answer.get("values", [[]])
        return [dict(zip(header, cells + [""] * (len(header) - len(cells)), strict=False)) for cells in body]

    def mails(self, query: str = "in:inbox") -> list[EmailMessage]:
        """This person's mails, oldest first."""
        found: list[dict[str, Any]] = []
        token: str | None = ""
        while token is not None:
            page = self.call("GET", "/gmail/v1/users/me/messages", q=query, maxResults=500, pageToken=token or None)
            found += page.get("messages", [])
            token = page.get("nextPageToken")
        raw = [self.call("GET", f"/gmail/v1/users/me/messages/{one['id']}", format="raw") for one in found]
        raw.sort(key=lambda one: (int(one["internalDate"]), one["id"]))
        return [message_from_bytes(base64.urlsafe_b64decode(one["raw"]), policy=policy.default) for one in raw]

    def notices(self) -> list[EmailMessage]:
        """The daemon's mails among them, without invitations and bounces."""
        return [mail for mail in self.mails() if mail["X-Deploylog-Effect"]]


@dataclass
class Story:
    """What is going on: prints it, remembers what was checked."""

    origin: str
    config: Path
    zammad: Zammad
    zammad_origin: str
    failures: list[str] = field(default_factory=list)
    checked: int = 0
    began: float = field(default_factory=time.monotonic)

    def tell(self, words: str) -> None:
        typer.echo(f"{time.monotonic() - self.began:6.1f} s  {words}")

    def check(self, what: str, holds: bool) -> None:
        self.checked += 1
        if not holds:
            self.failures.append(what)
        self.tell(f"{'ok  ' if holds else 'FAIL'}  {what}")

    def wait_for(self, what: str, seen: Callable[[], bool]) -> bool:
        """Look until it is there, at most `LONGEST_WAIT`; a failure is a failed check."""
        until = time.monotonic() + LONGEST_WAIT
        while time.monotonic() < until:
            if seen():
                self.check(what, True)
                return True
            time.sleep(0.2)
        self.check(what, False)
        return False

    def person(self, address: str) -> Person:
        return Person(self.origin, address)


def play(exit_when_done: bool) -> int:
    """The whole demonstration; gives the exit status. SIGTERM ends it as Ctrl-C does, and nothing is left behind."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    zammad, gitlab = _zammad(), _gitlab()
    with (
        tempfile.TemporaryDirectory(prefix="deploylog-demo-") as folder,
        _sandbox(Path(folder)) as origin,
        served(zammad) as zammad_origin,
        served(gitlab) as gitlab.origin,
    ):
        story = Story(origin, Path(folder) / "deploylog.yaml", zammad, zammad_origin)
        with story.config.open("a", encoding="utf-8") as file:
            file.write(TIMING + SERVICES.format(zammad=zammad_origin, gitlab=gitlab.origin))
        _deploylog(story, "init", "--yes")
        _fill_registry(story)
        with _daemon(story):
            dashboard = _dashboard(story)
            _where_to_look(story, dashboard)
            try:
                _tell_the_story(story)
                _check_dashboard(story, dashboard)
                if not exit_when_done:
                    story.tell("The story is over; everything stays open for you to try. End with Ctrl-C.")
                    threading.Event().wait()
            except KeyboardInterrupt:
                return 0
            except requests.RequestException as failure:
                story.check(f"the sandbox answers ({failure})", False)
    took = time.monotonic() - story.began
    if story.failures:
        typer.echo(f"demo: {len(story.failures)} of {story.checked} checks failed: {'; '.join(story.failures)}")
        return 1
    typer.echo(f"demo: all {story.checked} checks passed in {took:.0f} s")
    return 0


def _zammad() -> Zammad:
    """The tickets of the procedure's example."""
    zammad = Zammad("demo-token")
    for line in str(PROCEDURE_EXAMPLE[log.TICKETS]).splitlines():
        number, _, title = line.removeprefix("ES-").partition(" ")
        zammad.add(number, title, "DIBA")
    return zammad


def _gitlab() -> Gitlab:
    """One component is released as the example names it; of the other that version is missing."""
    gitlab = Gitlab(token="glpat-demo")  # noqa: S106  # nosec B106
    addon = gitlab.project("soffid/addons/addon-diba")
    addon.release("3.2.10")
    addon.release("3.2.11")
    gitlab.project("soffid/diba/biblioteques").release("3.2.0")
    return gitlab


@contextmanager
def _sandbox(folder: Path) -> Iterator[str]:
    with _process("sandbox", "--port", "0", "--write-config", str(folder), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        line = process.stdout.readline().decode().split()
        if not line or line[0] != "ready":
            raise typer.Exit(1)
        yield line[1]


@contextmanager
def _daemon(story: Story) -> Iterator[None]:
    with (
        (story.config.parent / "daemon.log").open("wb") as file,
        _process("run", "-c", str(story.config), stderr=file) as process,
    ):
        yield
        process.terminate()
        story.check("the daemon stops when asked, with exit status 0", process.wait(10) == 0)


@contextmanager
def _process(*arguments: str, **streams: Any) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-m", "deploylog.cli", *arguments], **streams)  # noqa: S603  # nosec B603
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def _deploylog(story: Story, *arguments: str) -> None:
    command = [sys.executable, "-m", "deploylog.cli", *arguments, "-c", str(story.config)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ)  # noqa: S603  # nosec B603
    story.check(f"deploylog {arguments[0]} made folder, TEMPLATE and registry", done.returncode == 0)
    if done.returncode:
        story.tell(done.stderr.strip())


def _fill_registry(story: Story) -> None:
    staff = story.person(STAFF)
    file = staff.file_named("REGISTRY - Customers")
    assert file is not None
    for number, customer in enumerate(CUSTOMERS, start=2):
        staff.type(file["id"], registry.CUSTOMERS, registry.CUSTOMER_COLUMNS, number, customer)
    for number, contact in enumerate(CONTACTS, start=2):
        staff.type(file["id"], registry.CONTACTS, registry.CONTACT_COLUMNS, number, contact)
    story.tell(f"{STAFF} enters {len(CUSTOMERS)} customers and {len(CONTACTS)} contacts in the registry")


def _dashboard(story: Story) -> str:
    """Where the daemon serves its pages: it took a free port, which its log names."""
    found: list[str] = []

    def served() -> bool:
        lines = (story.config.parent / "daemon.log").read_text(encoding="utf-8").splitlines()
        found.extend(json.loads(line)["at"] for line in lines if '"pages served"' in line)
        return bool(found)

    return found[0] if story.wait_for("the daemon serves its dashboard", served) else ""


def _check_dashboard(story: Story, dashboard: str) -> None:
    page = requests.get(f"{dashboard}/customers/DIBA", timeout=10)
    story.check("the dashboard shows the deployment", page.status_code == 200 and "DIBA-0001" in page.text)


def _where_to_look(story: Story, dashboard: str) -> None:
    typer.echo(f"\n  dashboard          {dashboard}/")
    typer.echo(f"  files and sheets   {story.origin}/")
    typer.echo(f"  calendar           {story.origin}/calendar")
    typer.echo(f"  tickets            {story.zammad_origin}/")
    for address in (DIBA_MANAGER, ACME_MANAGER, TEAM, STAFF):
        typer.echo(f"  mailbox            {story.origin}/mail/{address}")
    typer.echo(f"  daemon's log       {story.config.parent / 'daemon.log'}\n")


@dataclass(frozen=True)
class Sheet:
    """One customer's log as the story's staff member works in it."""

    staff: Person
    file_id: str

    def type(self, row: int, **values: object) -> None:
        self.write(row, values)

    def write(self, row: int, values: Mapping[str, object]) -> None:
        self.staff.type(self.file_id, log.DEPLOYMENTS, log.COLUMNS, row, values)

    def row(self, number: int) -> dict[str, Any]:
        rows = self.staff.rows(self.file_id, log.DEPLOYMENTS)
        return rows[number - 2] if len(rows) >= number - 1 else {}

    def progress(self, number: int) -> str:
        return str(self.row(number).get(log.PROGRESS, ""))


def _tell_the_story(story: Story) -> None:
    sheets = {name: _log_of(story, name) for name in ("DIBA", "ACME")}
    if not all(sheets.values()):
        return
    diba, acme = sheets["DIBA"], sheets["ACME"]
    assert diba is not None
    assert acme is not None
    now = datetime.now(UTC)
    start = now.replace(microsecond=0) + timedelta(seconds=12)
    planned = {log.STATUS: "Planned", log.START: serial_of(start, ZONE), log.OVERRIDE: ANY_DAY}
    _ask_by_mail(story)
    lines = f"{PROCEDURE_EXAMPLE[log.TICKETS]}\nmail: {ASKED_BY_MAIL}"
    diba.write(2, {**PROCEDURE_EXAMPLE, **planned, log.TICKETS: lines})
    acme.write(
        2, {**READY, **planned, log.DURATION: 1, log.COMPONENTS: "console 4.0.1", log.TICKETS: "Upgrade of the console"}
    )
    friday = now.astimezone(ZONE).date() + timedelta(days=(4 - now.astimezone(ZONE).weekday()) % 7 + 7)
    refused = datetime(friday.year, friday.month, friday.day, 9, tzinfo=ZONE)
    later = {log.STATUS: "Planned", log.DURATION: 30, log.COMPONENTS: "console 4.1.0"}
    acme.write(3, {**READY, **later, log.START: serial_of(refused, ZONE)})
    unready = {
        **READY,
        **later,
        log.COMPONENTS: "console 4.2.0",
        log.START: serial_of(refused - timedelta(days=1), ZONE),
    }
    acme.write(4, {**unready, log.ROLLBACK_GUIDE: ""})
    story.tell(f"{STAFF} plans two deployments for {start.astimezone(ZONE):%H:%M:%S}, and two that should be refused")

    story.wait_for("a Friday is refused, with free dates", lambda: _refused_friday(acme))
    story.wait_for("a row without rollback guide is not ready", lambda: log.ROLLBACK_GUIDE in acme.progress(4))
    story.check("the row without rollback guide says Not ready", acme.progress(4).startswith("Not ready"))
    story.wait_for("both deployments are scheduled", lambda: _both(diba, acme, "Scheduled"))
    story.tell(f"DIBA: {diba.progress(2)}  Next: {diba.row(2).get(log.NEXT_ACTION)}")
    story.wait_for(
        "GitLab does not know one component's version, and the row warns",
        lambda: "biblioteques programari 3.2.1" in diba.progress(2),
    )
    story.check("of the component that is released nothing is said", "addon-diba" not in diba.progress(2))
    _check_invitations(story)

    manager = story.person(DIBA_MANAGER)
    story.wait_for("the start mail is in the customer's mailbox", lambda: len(manager.notices()) == 1)
    _check_punctual(story, diba, start)
    story.wait_for("both deployments are in progress", lambda: _both(diba, acme, "In progress"))

    diba.write(2, {log.STATUS: "Delayed"})
    story.tell(f"{STAFF} chooses Delayed for DIBA")
    story.wait_for("the delay mail follows", lambda: len(manager.notices()) == 2)
    ticks = dict.fromkeys(("Deployed", "System validated", "Monitoring checked"), True)
    diba.write(2, {log.STATUS: "Done", **ticks})
    story.tell(f"{STAFF} ticks the checklist and chooses Done for DIBA")
    story.wait_for("the end mail follows", lambda: len(_announcements(manager)) == 3)
    story.wait_for("DIBA's row is Done", lambda: diba.progress(2).startswith("Done"))
    _check_thread(story, manager)
    _check_follow_ups(story, manager)

    staff = story.person(STAFF)
    story.wait_for("ACME's responsible is nudged before the planned end", lambda: len(staff.notices()) == 1)
    acme_manager = story.person(ACME_MANAGER)
    story.tell("ACME's deployment overruns its minute; nobody touches the sheet")
    story.wait_for("the delay mail leaves by itself", lambda: len(acme_manager.notices()) == 2)
    acme.write(2, {log.STATUS: "Done", **ticks, log.COMMENT: "The console restarted twice."})
    story.wait_for("ACME's end mail follows", lambda: len(acme_manager.notices()) == 3)
    story.wait_for("ACME's row is Done", lambda: acme.progress(2).startswith("Done"))
    _check_nothing_more(story, diba, acme)


def _log_of(story: Story, customer: str) -> Sheet | None:
    staff = story.person(STAFF)
    name = f"{customer} - Deployment log"
    if not story.wait_for(f"the daemon makes {name}", lambda: staff.file_named(name) is not None):
        return None
    file = staff.file_named(name)
    assert file is not None
    story.tell(f"{name}: {story.origin}/sheets/{file['id']}")
    return Sheet(staff, file["id"])


def _refused_friday(acme: Sheet) -> bool:
    progress = acme.progress(3)
    return progress.startswith("Date not allowed") and "Friday" in progress and "Free:" in progress


def _both(diba: Sheet, acme: Sheet, word: str) -> bool:
    return diba.progress(2).startswith(word) and acme.progress(2).startswith(word)


def _check_invitations(story: Story) -> None:
    events = story.person(DIBA_MANAGER).call("GET", "/calendar/v3/calendars/primary/events")["items"]
    story.check("the customer has the event in the calendar", len(events) == 1 and "DIBA" in events[0]["summary"])
    story.tell(f"calendar: {story.origin}/calendar/{DIBA_MANAGER}")


def _check_punctual(story: Story, diba: Sheet, start: datetime) -> None:
    [mail] = story.person(DIBA_MANAGER).mails("in:inbox -invite.ics subject:DIBA-0001")[-1:]
    late = mail["Date"].datetime.astimezone(UTC) - start if mail["Date"] else timedelta(days=1)
    # The Date header has whole seconds.
    story.check(
        f"the start mail left within a second of its time ({late.total_seconds():+.0f} s)",
        timedelta(0) <= late <= timedelta(seconds=1),
    )


def _ask_by_mail(story: Story) -> None:
    """The customer asks for something by mail; the row names the thread."""
    mail = EmailMessage()
    mail["To"], mail["Subject"] = DAEMON, ASKED_BY_MAIL
    mail.set_content("Our colleagues are waiting for them.")
    raw = base64.urlsafe_b64encode(mail.as_bytes()).decode()
    story.person(DIBA_MANAGER).call("POST", "/gmail/v1/users/me/messages/send", {"raw": raw})
    story.tell(f"{DIBA_MANAGER} asks by mail: {ASKED_BY_MAIL}")


def _announcements(person: Person) -> list[EmailMessage]:
    """The mails of the deployment itself, without the answer in the customer's own thread."""
    return [mail for mail in person.notices() if mail["Subject"] != ASKED_BY_MAIL]


def _check_follow_ups(story: Story, manager: Person) -> None:
    tickets = story.zammad.tickets.values()
    story.wait_for("each ticket has its note", lambda: all(len(one.articles) == 1 for one in tickets))
    story.check("the tickets are tagged", all(one.tags == ["deployed"] for one in tickets))
    story.tell(f"tickets: {story.zammad_origin}/")

    def answered() -> bool:
        return any(mail["Subject"] == ASKED_BY_MAIL and mail["In-Reply-To"] for mail in manager.notices())

    story.wait_for("the customer's own mail is answered in its thread", answered)


def _check_thread(story: Story, manager: Person) -> None:
    mails = _announcements(manager)
    first = mails[0]["Message-ID"]
    threaded = all(first in str(mail["References"]) for mail in mails[1:])
    story.check("the three mails are one thread", threaded and len({mail["Subject"] for mail in mails}) == 1)
    story.check("the mails are in Spanish", "Saludos cordiales." in _text(mails[0]))
    for mail in mails:
        story.tell(f"mail to {mail['To']}: {mail['Subject']}")


def _check_nothing_more(story: Story, diba: Sheet, acme: Sheet) -> None:
    for address, expected in ((DIBA_MANAGER, 4), (DIBA_HELPDESK, 3), (ACME_MANAGER, 3), (TEAM, 6), (STAFF, 1)):
        markers = [mail["X-Deploylog-Effect"] for mail in story.person(address).notices()]
        story.check(f"{address} got {expected} mails, none twice", len(markers) == expected == len(set(markers)))
    drafts = story.person(DAEMON).call("GET", "/gmail/v1/users/me/drafts").get("drafts", [])
    story.check("no draft was left behind", not drafts)
    story.check("DIBA's row has its ID", diba.row(2)[log.ID] == "DIBA-0001")
    story.check("the refused Friday is still refused", _refused_friday(acme))
    history = diba.staff.rows(diba.file_id, log.HISTORY)
    story.check(f"History tells the story in {len(history)} lines", len(history) >= 5)
    for line in history:
        story.tell("History: " + "  to ".join(filter(None, (line["What happened"], line["To whom"]))))


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    return str(part.get_content()) if part else ""

"""`deploylog doctor` on set-ups that are broken in one way each: it names the fix, and changes nothing."""

from __future__ import annotations

import base64
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests

from cli_helpers import REGISTRY, TEMPLATE, Workspace, deploylog, installed, started_sandbox
from deploylog import bootstrap, doctor
from deploylog import deployment_log as log
from deploylog.cells import column_letters
from deploylog.checks.finding import Check, Patient, good
from deploylog.config import load
from deploylog.errors import InDoubt
from deploylog.google.auth import FILES_SCOPES, MAILBOX_SCOPES
from deploylog.google.connect import connect
from stores import PostgreSQL, only_on_sqlite
from web_servers import answering
from workspace_sandbox.founding import DRIVE_ID, SERVICE_ACCOUNT

ACT_AS = "deployments@soffid.example"
CLIENT_ID = "100000000000000000001"
DRIVE = f"/drive/v3/files/{DRIVE_ID}/permissions"
DIBA_LOG = "DIBA - Deployment log"
DELEGATION = "Security > Access and data control > API controls > Manage Domain Wide Delegation"
AT_ONCE = "notify: {settle: 0s}"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with started_sandbox(tmp_path_factory.mktemp("sandbox")) as workspace:
        yield workspace


@dataclass
class Setup:
    """A set-up that works, to be broken."""

    workspace: Workspace
    folder: Path
    more: str = ""
    """YAML below what the sandbox wrote."""

    def config(self, **replaced: str) -> Path:
        return self.workspace.config(self.folder, self.more, **replaced)

    @property
    def file(self) -> Path:
        return self.folder / "deploylog.yaml"

    @property
    def key(self) -> Path:
        return self.folder / "service-account.json"

    def change_key(self, **changes: object) -> None:
        self.config()
        self.key.write_text(json.dumps(json.loads(self.key.read_text()) | changes))

    def share(self, name: str, address: str, role: str) -> None:
        body = {"type": "user", "role": role, "emailAddress": address}
        path = f"/drive/v3/files/{self.workspace.id_of(name)}/permissions"
        self.workspace.staff.call("POST", path, body, supportsAllDrives="true", sendNotificationEmail="false")

    def membership(self, role: str | None) -> None:
        """Of the service account in the shared drive; None: it is no member."""
        staff = self.workspace.staff
        answer = staff.call("GET", DRIVE, supportsAllDrives="true", fields="permissions(id,emailAddress)")
        [own] = [one["id"] for one in answer["permissions"] if one.get("emailAddress") == SERVICE_ACCOUNT]
        if role is None:
            staff.call("DELETE", f"{DRIVE}/{own}", supportsAllDrives="true")
        else:
            staff.call("PATCH", f"{DRIVE}/{own}", {"role": role}, supportsAllDrives="true")

    def trash(self, name: str) -> None:
        path = f"/drive/v3/files/{self.workspace.id_of(name)}"
        self.workspace.staff.call("PATCH", path, {"trashed": True}, supportsAllDrives="true")

    def calendar_of(self, owner: str, role: str | None) -> str:
        """Somebody's calendar, which the daemon's user has been given with that role."""
        as_owner = {"Authorization": f"Bearer {owner}"}
        origin = f"{self.workspace.origin}/calendar/v3"
        made = requests.post(f"{origin}/calendars", json={"summary": "theirs"}, headers=as_owner, timeout=10).json()[
            "id"
        ]
        if role is not None:
            body = {"role": role, "scope": {"type": "user", "value": ACT_AS}}
            requests.post(f"{origin}/calendars/{made}/acl", json=body, headers=as_owner, timeout=10).raise_for_status()
        return str(made)


@pytest.fixture
def setup(sandbox: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Setup:
    """Folder, TEMPLATE and registry are there; pauses between two tries cost no time."""
    sandbox.reset()
    made = Setup(sandbox, tmp_path)
    assert deploylog("init", "-c", made.config()).status == 0
    monkeypatch.setattr("deploylog.checks.identity.connect", partial(connect, sleep=lambda seconds: None))
    return made


def examined(setup: Setup) -> tuple[int, list[Json]]:
    """The exit status, and the findings that are not `pass`."""
    done = deploylog("doctor", "--json", "-c", setup.file)
    answer = json.loads(done.out)
    assert answer["status"] == done.status
    assert done.err == ""
    assert all(one["fix"] for one in answer["findings"] if one["verdict"] != "pass")
    return done.status, [one for one in answer["findings"] if one["verdict"] != "pass"]


# A set-up that works ---------------------------------------------------------------------------------------------


def test_a_set_up_that_works_passes_every_check_and_nothing_is_changed(setup: Setup) -> None:
    installed(setup.workspace, setup.workspace.config(setup.folder / "daemon", AT_ONCE))
    before, files = setup.workspace.calls(), sorted(setup.folder.iterdir())
    done = deploylog("doctor", "-c", setup.config())
    assert (done.status, done.err) == (0, "")
    names = [line.split(":")[0] for line in done.out.splitlines()]
    assert set(names) == {f"pass  {one.name}" for one in doctor.CHECKS} | {"pass  config"}
    made = {name: count - before.get(name, 0) for name, count in setup.workspace.calls().items()}
    made = {name: count for name, count in made.items() if count}
    assert {"drive.drives.list", "calendar.events.list", "gmail.users.settings.sendAs.list"} <= set(made)
    assert all(name.endswith((".get", ".list", ".batchGet", ".getProfile")) for name in made), made
    assert sorted(setup.folder.iterdir()) == files


@only_on_sqlite("it writes into the file")
def test_a_store_that_is_there_is_read_and_not_brought_up_to_date(setup: Setup) -> None:
    assert deploylog("once", "-c", setup.config()).status == 0
    with sqlite3.connect(setup.folder / "deploylog.db") as store:
        store.execute("UPDATE alembic_version SET version_num = '0001'")
    store.close()
    status, [finding] = examined(setup)
    assert (status, finding["check"], finding["verdict"]) == (1, "store", "warn")
    assert "0001, older than" in finding["words"]
    with sqlite3.connect(setup.folder / "deploylog.db") as store:
        assert store.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    store.close()


def test_a_content_manager_of_the_drive_may_do_all_the_daemon_does_there(setup: Setup) -> None:
    setup.membership("fileOrganizer")
    assert examined(setup) == (0, [])
    installed(setup.workspace, setup.workspace.config(setup.folder / "daemon", AT_ONCE))
    google = connect(load(setup.config(), {}).google, "primary")
    try:
        file_id = setup.workspace.id_of(DIBA_LOG)
        shared = google.drive.share(file_id, "eva@partner.example", "reader")
        assert google.drive.share(file_id, "eva@partner.example", "commenter").id == shared.id
        google.drive.unshare(file_id, shared.id)
        assert google.drive.rename(file_id, "DIBA2 - Deployment log").name == "DIBA2 - Deployment log"
        assert "eva@partner.example" not in {one.address for one in google.drive.permissions(file_id)}
    finally:
        google.close()


# Broken set-ups --------------------------------------------------------------------------------------------------


def _unknown_key(setup: Setup) -> None:
    setup.more = "notify: {setle: 30s}"


def _secret_not_set(setup: Setup) -> None:
    setup.more = 'tickets: {zammad: {url: "https://z.example", token: "${NOT_SET_ANYWHERE}"}}'


def _misnamed_template(setup: Setup) -> None:
    _broken_template(setup)
    (setup.folder / "own" / "es" / "start.txt").rename(setup.folder / "own" / "es" / "strat.txt")


def _broken_template(setup: Setup) -> None:
    (setup.folder / "own" / "es").mkdir(parents=True)
    (setup.folder / "own" / "es" / "start.txt").write_text("{% if %}")
    setup.more = "templates: own"


def _no_folder_of_the_store(setup: Setup) -> None:
    setup.config(store="sqlite:///state/deploylog.db")


def _store_of_a_later_version(setup: Setup) -> None:
    with sqlite3.connect(setup.folder / "deploylog.db") as store:
        store.execute("CREATE TABLE alembic_version (version_num TEXT)")
        store.execute("INSERT INTO alembic_version VALUES ('9999')")
    store.close()


def _store_is_something_else(setup: Setup) -> None:
    (setup.folder / "deploylog.db").write_text("minutes of a meeting\n" * 100)


def _key_file_is_missing(setup: Setup) -> None:
    setup.config()
    setup.key.unlink()


def _key_file_is_an_oauth_client(setup: Setup) -> None:
    setup.config()
    setup.key.write_text('{"installed": {"client_id": "x", "client_secret": "y"}}')


def _key_readable_by_all(setup: Setup) -> None:
    setup.config()
    setup.key.chmod(0o644)


def _store_readable_by_all(setup: Setup) -> None:
    (setup.folder / "deploylog.db").touch(0o644)


def _key_was_deleted(setup: Setup) -> None:
    setup.change_key(private_key_id="another")


def _act_as_is_nobody(setup: Setup) -> None:
    setup.config(act_as="nobody@soffid.invalid")


def _not_a_member(setup: Setup) -> None:
    setup.membership(None)


def _another_drive(setup: Setup) -> None:
    setup.config(shared_drive="Sofid")


def _only_a_reader(setup: Setup) -> None:
    setup.membership("reader")


def _no_folder(setup: Setup) -> None:
    setup.trash("DEPLOYMENTS")


def _no_template(setup: Setup) -> None:
    setup.trash(TEMPLATE)


def _two_registries(setup: Setup) -> None:
    path = f"/drive/v3/files/{setup.workspace.id_of(REGISTRY)}/copy"
    setup.workspace.staff.call("POST", path, {"name": REGISTRY}, supportsAllDrives="true")


def _template_lacks_a_column(setup: Setup) -> None:
    file_id = setup.workspace.id_of(TEMPLATE)
    column = log.COLUMNS.index(log.ROLLBACK_GUIDE) + 1
    header = {"range": f"Deployments!{column_letters(column)}1", "values": [["Plan B"]]}
    body = {"valueInputOption": "RAW", "data": [header]}
    setup.workspace.staff.call("POST", f"/v4/spreadsheets/{file_id}/values:batchUpdate", body)


def _registry_lacks_a_tab(setup: Setup) -> None:
    setup.workspace.rename_tab(REGISTRY, "Freezes", "Cold days")


def _calendar_of_somebody_else(setup: Setup) -> None:
    setup.config(id=setup.calendar_of("eva@soffid.example", None))


def _calendar_to_read_only(setup: Setup) -> None:
    setup.config(id=setup.calendar_of("eva@soffid.example", "reader"))


def _vacations_nobody_shared(setup: Setup) -> None:
    theirs = setup.calendar_of("eva@soffid.example", None)
    setup.config(id=f"primary\n  vacations: [{theirs}]")


def _sender_that_may_not(setup: Setup) -> None:
    setup.config(**{"from": "Soffid <news@soffid.example>"})


def _sender_that_is_not_verified(setup: Setup) -> None:
    path = "/gmail/v1/users/me/settings/sendAs"
    as_service = {"sendAsEmail": "news@partner.example"}
    token = _token_of(setup, "https://www.googleapis.com/auth/gmail.settings.sharing")
    headers = {"Authorization": f"Bearer {token}"}
    requests.post(f"{setup.workspace.origin}{path}", json=as_service, headers=headers, timeout=10).raise_for_status()
    setup.config(**{"from": "Soffid <news@partner.example>"})


def _token_of(setup: Setup, scope: str) -> str:
    from google.auth.transport.requests import Request
    from google.oauth2.service_account import Credentials

    credentials = Credentials.from_service_account_file(str(setup.key), scopes=[scope], subject=ACT_AS)
    credentials.refresh(Request())
    return str(credentials.token)


def _log_with_an_outside_writer(setup: Setup) -> None:
    installed(setup.workspace, setup.workspace.config(setup.folder / "daemon", AT_ONCE))
    setup.share(DIBA_LOG, "eva@partner.example", "writer")


def _registry_shared_outside(setup: Setup) -> None:
    setup.share(REGISTRY, "eva@partner.example", "reader")


def _drive_not_enabled(setup: Setup) -> None:
    setup.workspace.fault("drive.drives.list", status=403, reason="accessNotConfigured")


def _calendar_not_enabled(setup: Setup) -> None:
    setup.workspace.fault("calendar.events.list", status=403, reason="accessNotConfigured")


def _answers_from(address: str) -> str:
    return f"tickets: {{mail: {{mailboxes: [{address}]}}}}"


def _mailbox_of_nobody(setup: Setup) -> None:
    setup.more = _answers_from("nobody@soffid.invalid")


def _mailbox_without_gmail(setup: Setup) -> None:
    setup.workspace.staff.call("POST", "/sandbox/mailboxes", {"address": "eva@soffid.example", "exists": False})
    setup.more = _answers_from("eva@soffid.example")


BROKEN: dict[str, tuple[Callable[[Setup], None], int, str, str]] = {
    "a key that is written wrong": (_unknown_key, 2, "config", "did you mean settle?"),
    "a secret that is not set": (_secret_not_set, 2, "config", "set it for the daemon"),
    "a template of one's own that is misnamed": (_misnamed_template, 1, "templates", "the name of the file it shall"),
    "a template of one's own that is broken": (_broken_template, 2, "templates", "correct the file, or remove it"),
    "no folder for the store": (_no_folder_of_the_store, 2, "store", "install -d -o USER"),
    "a store of a later version": (_store_of_a_later_version, 2, "store", "install that version again"),
    "a store that is no database": (_store_is_something_else, 2, "store", "restore the backup"),
    "no key file": (_key_file_is_missing, 2, "credentials", "a service account's key in google.credentials"),
    "a key file that is an OAuth client": (_key_file_is_an_oauth_client, 2, "credentials", "service account's key"),
    "a key file everybody may read": (_key_readable_by_all, 1, "credentials", "chmod 600"),
    "a store everybody may read": (_store_readable_by_all, 1, "store file", "chmod 600"),
    "a key that was deleted": (_key_was_deleted, 2, "token", "must still exist"),
    "a mailbox owner that is nobody": (
        _act_as_is_nobody,
        2,
        "delegation",
        "google.act_as must be a user of the domain",
    ),
    "no membership of the drive": (
        _not_a_member,
        2,
        "shared drive",
        f"Manage members, add {SERVICE_ACCOUNT} as Content",
    ),
    "a drive of another name": (_another_drive, 2, "shared drive", "write the name it has as drive.shared_drive"),
    "a membership that may only read": (_only_a_reader, 2, "folder", f"make {SERVICE_ACCOUNT} Content manager"),
    "no folder": (_no_folder, 2, "folder", "deploylog init to make it, or write its name as drive.folder"),
    "no TEMPLATE": (_no_template, 2, "template", "deploylog init to make it, or write its name as drive.template"),
    "two registries": (_two_registries, 2, "registry", "rename or delete all but one"),
    "a TEMPLATE that lacks a column": (_template_lacks_a_column, 2, "template", "run deploylog init, which adds"),
    "a registry that lacks a tab": (_registry_lacks_a_tab, 2, "registry", "map them in columns"),
    "a calendar nobody shared": (_calendar_of_somebody_else, 2, "calendar", "“Make changes to events”"),
    "a calendar to read only": (_calendar_to_read_only, 2, "calendar", "“Make changes to events”"),
    "vacations nobody shared": (
        _vacations_nobody_shared,
        2,
        "vacation calendars",
        "“See all event details”",
    ),
    "a sender that is not the mailbox's": (_sender_that_may_not, 2, "mailbox", "Accounts > Send mail as > Add another"),
    "a sender not verified": (_sender_that_is_not_verified, 2, "mailbox", "verify news@partner.example by the mail"),
    "threads in the mailbox of nobody": (
        _mailbox_of_nobody,
        2,
        "thread mailboxes",
        "whether nobody@soffid.invalid is a user",
    ),
    "threads of a user without Gmail": (
        _mailbox_without_gmail,
        2,
        "thread mailboxes",
        "whether eva@soffid.example is a user (not a group or an alias) with Gmail switched on",
    ),
    "a log others may edit": (_log_with_an_outside_writer, 2, "outside writers", "make them Commenter or Viewer"),
    "a registry shared outside": (_registry_shared_outside, 1, "outside writers", "take that back"),
    "the Drive API not enabled": (_drive_not_enabled, 2, "shared drive", "apis/library/drive.googleapis.com"),
    "the Calendar API not enabled": (_calendar_not_enabled, 2, "calendar", "apis/library/calendar-json.googleapis.com"),
}


ABOUT_THE_FILE = ("a store of a later version", "a store that is no database", "a store everybody may read")


@pytest.mark.parametrize(
    "name",
    [pytest.param(one, marks=only_on_sqlite("the file is spoilt") if one in ABOUT_THE_FILE else ()) for one in BROKEN],
)
def test_of_a_broken_set_up_it_names_the_fix(name: str, setup: Setup) -> None:
    spoil, expected_status, check, fix = BROKEN[name]
    was = setup.file.read_text()
    spoil(setup)
    if setup.file.read_text() == was and setup.more:
        setup.config()
    status, findings = examined(setup)
    # A key this version does not act on yet is warned of besides.
    findings = [one for one in findings if check == "config" or one["check"] != "config"]
    assert (status, findings[0]["check"]) == (expected_status, check), findings
    assert fix in findings[0]["fix"], findings[0]
    # Whatever else is told needs what is broken.
    assert all(one["words"] == "not examined" or one["check"] == check for one in findings), findings


def test_what_is_wrong_is_named_with_its_place(setup: Setup) -> None:
    _log_with_an_outside_writer(setup)
    _template_lacks_a_column(setup)
    _broken_template(setup)
    setup.config()
    said = {one["check"]: one["words"] for one in examined(setup)[1]}
    assert log.ROLLBACK_GUIDE in said["template"]
    assert said["templates"].startswith(f"{setup.folder}/own/es/start.txt:1:")
    assert f"{DIBA_LOG} may be edited by eva@partner.example" in said["outside writers"]


def test_a_clock_that_is_wrong_is_told(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    right = bootstrap.now
    for wrong, verdict, expected in ((timedelta(minutes=10), "fail", 2), (timedelta(minutes=-1), "warn", 1)):
        monkeypatch.setattr(bootstrap, "now", lambda wrong=wrong: right() + wrong)
        status, [finding, *by_the_store] = examined(setup)
        # A store with a clock of its own says so, too, and weighs a minute more.
        assert status == (2 if by_the_store else expected)
        assert (finding["check"], finding["verdict"]) == ("clock", verdict)
        assert "timedatectl set-ntp true" in finding["fix"]


# Delegation ------------------------------------------------------------------------------------------------------


@contextmanager
def token_endpoint(origin: str, refused: frozenset[str], only_for: str = "") -> Iterator[str]:
    """Google's token endpoint with a delegation that lacks scopes: it refuses whatever asks for one of them.

    `only_for`: it lacks them for that user alone, as in a Workspace of its own.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"]))
            claims = parse_qs(form.decode())["assertion"][0].split(".")[1]
            asked = json.loads(base64.urlsafe_b64decode(claims + "=="))
            status, body = 401, json.dumps({"error": "unauthorized_client", "error_description": "Not authorized"})
            subject = asked.get("sub", asked["iss"])
            another = subject == asked["iss"] or bool(only_for and subject != only_for)
            if another or not refused & set(asked["scope"].split()):
                headers = {"Content-Type": "application/x-www-form-urlencoded"}
                answer = requests.post(f"{origin}/token", data=form, headers=headers, timeout=10)
                status, body = answer.status_code, answer.text
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/token"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("scope", MAILBOX_SCOPES)
def test_a_scope_that_is_not_delegated_is_named_with_page_and_client_id(scope: str, setup: Setup) -> None:
    with token_endpoint(setup.workspace.origin, frozenset([scope])) as address:
        setup.change_key(token_uri=address)
        status, [finding, *others] = examined(setup)
    assert (status, finding["check"], finding["verdict"]) == (2, "delegation", "fail")
    assert DELEGATION in finding["fix"]
    assert f"edit the entry of client id {CLIENT_ID} and add the scope {scope}" in finding["fix"]
    assert [one["check"] for one in others] == ["calendar", "vacation calendars", "mailbox", "thread mailboxes"]


def test_without_any_delegation_the_whole_entry_is_named(setup: Setup) -> None:
    with token_endpoint(setup.workspace.origin, frozenset(MAILBOX_SCOPES)) as address:
        setup.change_key(token_uri=address)
        _, [finding, *_] = examined(setup)
    assert f"{DELEGATION}: Add new, client id {CLIENT_ID}, scopes {','.join(MAILBOX_SCOPES)}" in finding["fix"]


def test_a_users_token_that_lacks_a_scope_is_told_which_one(setup: Setup) -> None:
    granted = [scope for scope in (*FILES_SCOPES, *MAILBOX_SCOPES) if not scope.endswith("gmail.compose")]
    # For the sandbox an address is a token that may do everything as that person.
    token = {"access_token": ACT_AS, "expires_in": 3600, "token_type": "Bearer", "scope": " ".join(granted)}
    with answering(200, json.dumps(token).encode()) as endpoint:
        setup.config()
        user = {"client_id": "c", "client_secret": "s", "refresh_token": "r", "token_uri": f"{endpoint.origin}/token"}
        setup.key.write_text(json.dumps({"type": "authorized_user", **user}))
        status, [finding, *_] = examined(setup)
    assert (status, finding["check"]) == (2, "delegation")
    assert finding["words"] == f"{ACT_AS} did not allow https://www.googleapis.com/auth/gmail.compose"
    assert (
        f"authorise again as {ACT_AS}, with the scope https://www.googleapis.com/auth/gmail.compose" in finding["fix"]
    )


# Further mailboxes, and credentials of the machine ---------------------------------------------------------------


def test_every_mailbox_with_threads_is_tried_and_one_that_cannot_be_used_stops_no_other(setup: Setup) -> None:
    setup.more = "tickets: {mail: {mailboxes: [eva@soffid.example, nobody@soffid.invalid, ana@soffid.example]}}"
    setup.config()
    findings = json.loads(deploylog("doctor", "--json", "-c", setup.file).out)["findings"]
    said = [(one["verdict"], one["words"]) for one in findings if one["check"] == "thread mailboxes"]
    assert [verdict for verdict, _ in said] == ["pass", "fail", "pass"]
    assert said[0][1] == "threads can be answered from eva@soffid.example"
    assert said[2][1] == "threads can be answered from ana@soffid.example"


def test_a_mailbox_of_another_workspace_is_named_with_client_id_and_the_scopes_it_refuses(setup: Setup) -> None:
    theirs, lacking = "support@partner.example", MAILBOX_SCOPES[2:]
    with token_endpoint(setup.workspace.origin, frozenset(lacking), only_for=theirs) as address:
        setup.more = _answers_from(theirs)
        setup.change_key(token_uri=address)
        status, [finding] = examined(setup)
    assert (status, finding["check"], finding["verdict"]) == (2, "thread mailboxes", "fail")
    assert finding["words"] == f"may not act as {theirs} with {', '.join(lacking)}"
    assert f"in the Workspace of {theirs}" in finding["fix"]
    assert DELEGATION in finding["fix"]
    assert f"client id {CLIENT_ID} (Add new, where it has none), allow the scopes {','.join(lacking)}" in finding["fix"]


def test_a_users_own_token_reaches_no_other_mailbox(setup: Setup) -> None:
    granted = " ".join((*FILES_SCOPES, *MAILBOX_SCOPES))
    token = {"access_token": ACT_AS, "expires_in": 3600, "token_type": "Bearer", "scope": granted}
    with answering(200, json.dumps(token).encode()) as endpoint:
        setup.more = _answers_from("eva@soffid.example")
        setup.config()
        user = {"client_id": "c", "client_secret": "s", "refresh_token": "r", "token_uri": f"{endpoint.origin}/token"}
        setup.key.write_text(json.dumps({"type": "authorized_user", **user}))
        findings = [one for one in examined(setup)[1] if one["check"] == "thread mailboxes"]
    assert [one["words"] for one in findings] == [f"the mailbox reached as eva@soffid.example is {ACT_AS}"]
    assert "give a service account's key in google.credentials" in findings[0]["fix"]


def test_credentials_of_the_machine_that_are_a_key_file_pass(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    setup.more = _answers_from("eva@soffid.example")
    setup.config(credentials="adc")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(setup.key))
    assert examined(setup) == (0, [])


def test_a_machine_without_credentials_is_told_how_to_give_it_some(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup.config(credentials="adc")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(setup.folder / "nothing.json"))
    status, [finding, *_] = examined(setup)
    assert (status, finding["check"]) == (2, "token")
    assert "set GOOGLE_APPLICATION_CREDENTIALS" in finding["fix"]


# Zammad and GitLab -----------------------------------------------------------------------------------------------


def zammad_at(origin: str) -> str:
    return f"tickets: {{zammad: {{url: {origin}, token: s3cret}}}}"


def gitlab_at(origin: str) -> str:
    return f"gitlab: {{url: {origin}, token: s3cret, projects: {{addon-diba: soffid/addon-diba}}}}"


def told_of(setup: Setup, check: str) -> tuple[int, list[Json]]:
    setup.config()
    done = deploylog("doctor", "--json", "-c", setup.file)
    assert "s3cret" not in done.out + done.err
    return done.status, [one for one in json.loads(done.out)["findings"] if one["check"] == check]


def test_tokens_that_are_good_are_shown_with_whose_they_are(setup: Setup) -> None:
    body = json.dumps({"login": "deploylog", "username": "deploylog", "id": 1}).encode()
    with answering(200, body) as asked:
        setup.more = f"{zammad_at(asked.origin)}\n{gitlab_at(asked.origin)}"
        for check in ("zammad", "gitlab"):
            _, [finding] = told_of(setup, check)
            assert (finding["verdict"], finding["words"]) == ("pass", f"{asked.origin}, as deploylog")
    assert asked.paths[:3] == ["/api/v1/users/me", "/api/v4/user", "/api/v4/projects/soffid%2Faddon-diba"]
    assert asked.headers[0]["authorization"] == "Token token=s3cret"
    assert asked.headers[1]["private-token"] == "s3cret"


@pytest.mark.parametrize(
    ("check", "more", "page"),
    [("zammad", zammad_at, "/#profile/token_access"), ("gitlab", gitlab_at, "/-/user_settings/personal_access_tokens")],
)
def test_a_token_that_is_refused_is_told_with_the_page_to_make_one(
    check: str, more: Callable[[str], str], page: str, setup: Setup
) -> None:
    with answering(401) as asked:
        setup.more = more(asked.origin)
        status, [finding] = told_of(setup, check)
    assert (status, finding["verdict"]) == (2, "fail")
    assert f"{asked.origin}{page}" in finding["fix"]


def test_a_token_is_not_taken_to_where_a_redirect_leads(setup: Setup) -> None:
    with answering() as elsewhere, answering(301, location=elsewhere.origin) as asked:
        setup.more = zammad_at(asked.origin)
        status, [finding] = told_of(setup, "zammad")
    assert (status, elsewhere.paths) == (2, [])
    assert finding["fix"] == "write the address it leads to as tickets.zammad.url"


def test_what_is_no_gitlab_is_told(setup: Setup) -> None:
    with answering(200, b"<html>welcome</html>") as asked:
        setup.more = gitlab_at(asked.origin)
        _, [finding] = told_of(setup, "gitlab")
    assert finding["fix"] == "write GitLab's own address as gitlab.url"


# How checks stand to each other ----------------------------------------------------------------------------------


def test_a_network_that_is_down_is_waited_out_by_the_daemon_and_so_is_no_fault_of_the_set_up(
    setup: Setup,
) -> None:
    with answering() as gone:
        origin = gone.origin
    setup.config(endpoint=origin)
    status, findings = examined(setup)
    assert status == 1
    assert {"clock", "shared drive", "calendar", "mailbox"} <= {one["check"] for one in findings}


def test_a_check_that_fails_stops_only_those_that_need_it(setup: Setup) -> None:
    def fail(patient: Patient) -> list[Any]:
        raise InDoubt("It did not answer; look at its log.")

    checks = (
        Check("first", fail),
        Check("second", lambda _: [good("well")], ("first",)),
        Check("third", lambda _: [good("well")], ("second",)),
        Check("fourth", lambda _: [good("well")]),
    )
    lines = list(doctor.examine(setup.config(), {}, bootstrap.now, checks))[1:]
    assert [(one.check, one.finding.verdict.value, one.finding.fix) for one in lines] == [
        ("first", "fail", "look at its log"),
        ("second", "warn", "set right first: first"),
        ("third", "warn", "set right first: second"),
        ("fourth", "pass", ""),
    ]


def test_a_check_stands_behind_those_it_needs() -> None:
    before: set[str] = set()
    for check in doctor.CHECKS:
        assert set(check.needs) <= before
        before.add(check.name)


def test_an_empty_database_is_no_older_store(postgresql: PostgreSQL, setup: Setup) -> None:
    setup.config(store=f'"{postgresql.new_store(setup.folder)}"')
    assert [one for one in examined(setup)[1] if one["check"] == "store"] == []

"""The start: a fault of the configuration ends it with 2 and one sentence, a fault of the network is waited out."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from cli_helpers import (
    PATIENCE,
    REGISTRY,
    TEMPLATE,
    Workspace,
    daemon,
    deploylog,
    started_sandbox,
    without_waiting,
)
from deploylog import bootstrap, registry
from deploylog import deployment_log as log
from deploylog.config import load
from deploylog.errors import Busy, ConfigurationError, InDoubt, NotCarriedOut, NotFound
from workspace_sandbox.founding import DRIVE_ID, SERVICE_ACCOUNT

PERMISSIONS = f"/drive/v3/files/{DRIVE_ID}/permissions"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """With folder, TEMPLATE and registry, in which nobody is entered. What a test spoils it mends again."""
    with started_sandbox(tmp_path_factory.mktemp("sandbox")) as workspace:
        assert deploylog("init", "-c", workspace.folder / "deploylog.yaml").status == 0
        yield workspace


# The configuration's own faults ----------------------------------------------------------------------------------


def test_every_problem_of_the_configuration_is_told_at_once(sandbox: Workspace, tmp_path: Path) -> None:
    config = sandbox.config(tmp_path, "notify: {setle: 1s, nudge: ten}\npoll: {every: 0s}")
    done = deploylog("run", "-c", config)
    assert (done.status, done.out) == (2, "")
    lines = done.err.splitlines()
    assert len(lines) == 3
    assert all(line.startswith(f"{config}:") for line in lines)
    assert "notify.setle: there is no such key; did you mean settle?" in done.err
    assert 'notify.nudge: "ten" is not a duration; write 30s, 10m or 1h' in done.err


def test_a_configuration_that_is_not_there_or_no_yaml_is_one_sentence(tmp_path: Path) -> None:
    missing = deploylog("run", "-c", tmp_path / "none.yaml")
    assert missing.status == 2
    assert str(tmp_path / "none.yaml") in missing.err
    assert len(missing.err.splitlines()) == 1
    (tmp_path / "broken.yaml").write_text("organization: [\n")
    broken = deploylog("run", "-c", tmp_path / "broken.yaml")
    assert broken.status == 2
    assert len(broken.err.splitlines()) == 1
    folder = deploylog("run", "-c", tmp_path)
    assert folder.status == 2
    assert len(folder.err.splitlines()) == 1


def _no_credentials(folder: Path) -> None:
    (folder / "service-account.json").unlink()


def _not_json(folder: Path) -> None:
    (folder / "service-account.json").write_text("{")


def _cut_key(folder: Path) -> None:
    _edit_key(folder, private_key="-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n")


def _no_key(folder: Path) -> None:
    _edit_key(folder, private_key="")


def _edit_key(folder: Path, **changed: str) -> None:
    file = folder / "service-account.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changed))


@pytest.mark.parametrize(
    ("spoil", "says", "remedy"),
    [
        (_no_credentials, "is not there", "give the path of a service account's key in google.credentials"),
        (_not_json, "is not JSON", "give the path of a service account's key in google.credentials"),
        (_cut_key, "The private key in the credentials file", "download the key again as JSON"),
        (_no_key, "lacks private_key", "download the key again as JSON"),
    ],
)
def test_a_credentials_file_that_is_missing_or_broken_ends_with_2(
    sandbox: Workspace, tmp_path: Path, spoil: Callable[[Path], None], says: str, remedy: str
) -> None:
    config = sandbox.config(tmp_path)
    spoil(tmp_path)
    done = deploylog("run", "-c", config)
    assert done.status == 2
    assert str(tmp_path / "service-account.json") in done.sentence
    assert says in done.sentence
    assert remedy in done.sentence


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"store": "sqlite:////nowhere/at/all/deploylog.db"}, "its folder exists and may be written"),
        ({"store": "sqlite:///service-account.json"}, "file is not a database"),
    ],
)
def test_a_store_that_cannot_be_opened_ends_with_2(
    sandbox: Workspace, tmp_path: Path, changed: dict[str, str], says: str
) -> None:
    done = deploylog("run", "-c", sandbox.config(tmp_path, **changed))
    assert done.status == 2
    assert done.sentence.startswith("store: ")
    assert says in done.sentence


def test_templates_of_ones_own_with_a_mistake_end_with_2(sandbox: Workspace, tmp_path: Path) -> None:
    config = sandbox.config(tmp_path, "templates: words")
    done = deploylog("run", "-c", config)
    assert (done.status, "templates" in done.sentence) == (2, True)
    (tmp_path / "words" / "es").mkdir(parents=True)
    (tmp_path / "words" / "es" / "start.txt").write_text("{{ greting }}\n")
    wrong = deploylog("run", "-c", config)
    assert wrong.status == 2
    assert "start.txt:1: “greting” is not a name that templates know" in wrong.sentence


# What is not as it must be in Google -----------------------------------------------------------------------------


Spoiled = AbstractContextManager[None]


@contextmanager
def _renamed(workspace: Workspace, name: str) -> Iterator[None]:
    path = f"/drive/v3/files/{workspace.id_of(name)}"
    workspace.staff.call("PATCH", path, {"name": "Something else"}, supportsAllDrives="true")
    yield
    workspace.staff.call("PATCH", path, {"name": name}, supportsAllDrives="true")


@contextmanager
def _without_column(workspace: Workspace, name: str, tab: str, columns: tuple[str, ...], column: str) -> Iterator[None]:
    workspace.staff.type(workspace.id_of(name), tab, columns, 1, {column: "Something else"})
    yield
    workspace.staff.type(workspace.id_of(name), tab, columns, 1, {column: column})


@contextmanager
def _without_tab(workspace: Workspace, name: str, tab: str) -> Iterator[None]:
    workspace.rename_tab(name, tab, "Something else")
    yield
    workspace.rename_tab(name, "Something else", tab)


@contextmanager
def _not_a_member(workspace: Workspace) -> Iterator[None]:
    answer = workspace.staff.call("GET", PERMISSIONS, supportsAllDrives="true", fields="permissions(id,emailAddress)")
    [own] = [one["id"] for one in answer["permissions"] if one.get("emailAddress") == SERVICE_ACCOUNT]
    workspace.staff.call("DELETE", f"{PERMISSIONS}/{own}", supportsAllDrives="true")
    yield
    again = {"type": "user", "role": "organizer", "emailAddress": SERVICE_ACCOUNT}
    workspace.staff.call("POST", PERMISSIONS, again, supportsAllDrives="true", sendNotificationEmail="false")


@contextmanager
def _a_second_template(workspace: Workspace) -> Iterator[None]:
    path = f"/drive/v3/files/{workspace.id_of(TEMPLATE)}/copy"
    second = workspace.staff.call("POST", path, {"name": TEMPLATE}, supportsAllDrives="true")["id"]
    yield
    workspace.staff.call("DELETE", f"/drive/v3/files/{second}", supportsAllDrives="true")


BAD: dict[str, tuple[Callable[[Workspace], Spoiled], str]] = {
    "the service account is no member": (
        _not_a_member,
        "There is no shared drive named Soffid; make it, or add the service account to its members",
    ),
    "no folder": (
        lambda one: _renamed(one, "DEPLOYMENTS"),
        "has no folder DEPLOYMENTS (drive.folder); run deploylog init to make it",
    ),
    "no TEMPLATE": (
        lambda one: _renamed(one, TEMPLATE),
        f"has no spreadsheet {TEMPLATE} (drive.template); run deploylog init",
    ),
    "no registry": (
        lambda one: _renamed(one, REGISTRY),
        f"has no spreadsheet {REGISTRY} (drive.registry); run deploylog init",
    ),
    "two TEMPLATEs": (_a_second_template, f"There are 2 spreadsheets named {TEMPLATE}"),
    "TEMPLATE without a column": (
        lambda one: _without_column(one, TEMPLATE, log.DEPLOYMENTS, log.COLUMNS, log.ROLLBACK_GUIDE),
        f"{TEMPLATE}: the tab Deployments has no column Rollback guide; name it so in the header row, or add it",
    ),
    "TEMPLATE without a column of History": (
        lambda one: _without_column(one, TEMPLATE, log.HISTORY, log.HISTORY_COLUMNS, "To whom"),
        f"{TEMPLATE}: the tab History has no column To whom; name it so in the header row, or add it",
    ),
    "TEMPLATE without a tab": (
        lambda one: _without_tab(one, TEMPLATE, log.HISTORY),
        f"{TEMPLATE} has no tab History; give the tab that name again",
    ),
    "registry without a column": (
        lambda one: _without_column(one, REGISTRY, registry.CONTACTS, registry.CONTACT_COLUMNS, "Party"),
        f"{REGISTRY}: the tab Contacts has no column Party; name it so in the header row, or add it",
    ),
    "registry without a tab": (
        lambda one: _without_tab(one, REGISTRY, registry.FREEZES),
        f"{REGISTRY} has no tab Freezes; give the tab that name again",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_missing_in_the_drive_ends_with_2_and_a_remedy(sandbox: Workspace, tmp_path: Path, what: str) -> None:
    spoiled, sentence = BAD[what]
    config = sandbox.config(tmp_path)
    with spoiled(sandbox):
        done = deploylog("run", "-c", config)
    assert done.status == 2
    assert sentence in done.sentence


def test_a_user_nobody_may_act_as_ends_with_2(sandbox: Workspace, tmp_path: Path) -> None:
    done = deploylog("run", "-c", sandbox.config(tmp_path, act_as="deployments@elsewhere.invalid"))
    assert done.status == 2
    assert "Google gives no token to act as deployments@elsewhere.invalid: invalid_grant" in done.sentence
    assert "google.act_as must be a user of the domain" in done.sentence


def test_a_key_of_another_account_ends_with_2(sandbox: Workspace, tmp_path: Path) -> None:
    config = sandbox.config(tmp_path)
    _edit_key(tmp_path, client_email="other@elsewhere.iam.gserviceaccount.com")
    done = deploylog("run", "-c", config)
    assert done.status == 2
    assert "Google gives no token to act as other@elsewhere.iam.gserviceaccount.com" in done.sentence


@pytest.mark.parametrize(
    ("method", "status", "remedy"),
    [
        ("drive.drives.list", 403, "make the service account a member of the shared drive"),
        ("drive.files.list", 401, "check google.credentials"),
        ("sheets.spreadsheets.values.batchGet", 403, "make the service account a member of the shared drive"),
        ("sheets.spreadsheets.values.batchGet", 400, "Sheets answered 400"),
        ("gmail.users.getProfile", 403, "google.act_as must be a user with a mailbox"),
        ("gmail.users.getProfile", 404, "Gmail answered 404"),
    ],
)
def test_a_refusal_at_start_ends_with_2(
    sandbox: Workspace, tmp_path: Path, method: str, status: int, remedy: str
) -> None:
    # A 401 is answered with a fresh token and one more try.
    sandbox.fault(method, status=status, times=2 if status == 401 else 1)
    done = deploylog("run", "-c", sandbox.config(tmp_path))
    assert done.status == 2
    assert remedy in done.sentence


# What is waited out ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ("drive.drives.list", 503),
        ("sheets.spreadsheets.values.batchGet", 500),
        ("gmail.users.getProfile", 429),
        ("token", 503),
    ],
)
def test_a_start_waits_out_an_outage_or_a_quota_that_outlasts_the_calls_own_tries(
    sandbox: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, status: int
) -> None:
    without_waiting(monkeypatch)
    waits: list[float] = []
    monkeypatch.setattr("deploylog.bootstrap.time.sleep", waits.append)
    told: list[str] = []
    sandbox.fault(method, status=status, times=9)
    with bootstrap.parts(sandbox.config(tmp_path), told.append) as parts:
        assert parts.installation.template.name == TEMPLATE
        assert parts.reconciler.run_pass(bootstrap.now).problems == []
    assert waits == [1.0, 2.0]
    assert len(told) == 2
    assert str(status) in told[0]
    assert [line.rpartition(". ")[2] for line in told] == ["Trying again in 1 s.", "Trying again in 2 s."]


@pytest.mark.parametrize(("method", "status"), [("drive.drives.list", 503), ("token", 429)])
def test_a_single_pass_gives_up_an_outage_with_a_sentence_and_1(
    sandbox: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, status: int
) -> None:
    without_waiting(monkeypatch)
    sandbox.fault(method, status=status, times=4)
    done = deploylog("once", "-c", sandbox.config(tmp_path))
    assert done.status == 1
    assert str(status) in done.sentence


def test_an_endpoint_that_cannot_be_reached_ends_a_single_pass_with_a_sentence_and_1(
    sandbox: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_waiting(monkeypatch)
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        port = nobody_listens.getsockname()[1]
        config = _endpoint(sandbox, tmp_path, port)
        for command in ("once", "plan", "init"):
            done = deploylog(command, "-c", config)
            assert done.status == 1
            assert f"127.0.0.1:{port}" in done.sentence
            assert done.sentence.endswith("check the network.")


def test_the_daemon_keeps_trying_an_endpoint_that_cannot_be_reached_and_ends_when_asked(
    sandbox: Workspace, tmp_path: Path
) -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        config = _endpoint(sandbox, tmp_path, nobody_listens.getsockname()[1])
        with daemon(config) as running:
            waiting = json.loads(running.wait_for('"waiting"'))
            assert waiting["reason"].endswith("check the network. Trying again in 1 s.")
            assert running.process.poll() is None
            assert running.ends() == 0
    assert [json.loads(line)["event"] for line in running.lines][-1] == "stopped"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_start_that_waits_for_an_answer_ends_at_once_when_asked(
    sandbox: Workspace, tmp_path: Path, number: signal.Signals
) -> None:
    """Somebody accepts the connection and never answers; the time-out of one call alone is 30 s."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(PATIENCE)
        config = _endpoint(sandbox, tmp_path, silent.getsockname()[1])
        with daemon(config) as running:
            connection, _ = silent.accept()
            assert connection.recv(1)
            assert running.ends(number, within=5) == 0
            connection.close()
    assert "Traceback" not in "".join(running.lines)


def _endpoint(sandbox: Workspace, folder: Path, port: int) -> Path:
    """A configuration that leads to that port of this machine, for tokens as well."""
    origin = f"http://127.0.0.1:{port}"
    config = sandbox.config(folder, endpoint=origin)
    _edit_key(folder, token_uri=f"{origin}/token")
    return config


# Pieces ----------------------------------------------------------------------------------------------------------


def test_waits_double_up_to_half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("deploylog.bootstrap.time.sleep", waits.append)
    failures = iter([NotCarriedOut("a."), Busy("b.", status=429), InDoubt("c.", status=503)] * 3)

    def call() -> str:
        for failure in failures:
            raise failure
        return "through"

    told: list[str] = []
    assert bootstrap.patiently(call, told.append) == "through"
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30, 30]
    assert len(told) == 9


def test_a_refusal_is_not_waited_out() -> None:
    def call() -> None:
        raise NotFound("gone.", status=404)

    with pytest.raises(ConfigurationError, match="gone"):
        bootstrap.patiently(call, pytest.fail)


def test_the_configuration_is_handed_on_whole(sandbox: Workspace, tmp_path: Path) -> None:
    more = (
        "notify: {settle: 7s, reminders: [1d], start: ask, start_lead: 5m, late_after: 3m, nudge: 0s, delay: ask, "
        "delay_after: 4m}\nchecklist: {required: [Deployed]}\ncolumns: {Status: Estado}\n"
        "readiness: {rollback_guide: warn}\nrules: {friday: 'off'}"
    )
    config = load(sandbox.config(tmp_path, more), {})
    policy = bootstrap.policy_of(config)
    timing = policy.timing
    seconds = (timing.settle, timing.start_lead, timing.late_after, timing.nudge, timing.delay_after)
    assert [one.total_seconds() for one in seconds] == [7, 300, 180, 0, 240]
    assert [one.total_seconds() for one in timing.reminders] == [86400]
    assert (timing.start_asks, timing.delay_asks) == (True, True)
    assert list(policy.required_ticks) == ["Deployed"]
    assert policy.names.shown("Status") == "Estado"
    assert {check.value: level.value for check, level in policy.readiness.items()}["rollback_guide"] == "warn"
    organization = bootstrap.organization_of(config)
    assert {rule.value: level.value for rule, level in organization.rules.items()}["friday"] == "off"
    assert (organization.zone.key, list(organization.domains)) == ("Europe/Madrid", ["soffid.example"])
    assert organization.place.holidays == ("ES-IB",)

"""The wheel, installed in a clean environment outside the checkout, has all it needs: templates, example, sandbox."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from deploylog import __version__, registry
from deploylog import deployment_log as log
from deploylog.cells import serial_of
from deploylog.demo import CONTACTS, CUSTOMERS, PROCEDURE_EXAMPLE, STAFF, Person

CHECKOUT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `deploylog` command of a fresh environment that has only the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "build", "--quiet", "--wheel", "--outdir", str(folder), str(CHECKOUT))
    [wheel] = folder.glob("deploylog-*.whl")
    _run(sys.executable, "-m", "venv", str(folder / "venv"))
    pip = [str(folder / "venv/bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run(*pip, str(wheel))
    return folder / "venv/bin/deploylog"


@pytest.fixture
def sandbox(installed: Path, tmp_path: Path) -> Iterator[str]:
    command = [str(installed), "sandbox", "--port", "0", "--write-config", str(tmp_path)]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        ready, origin = process.stdout.readline().split()
        assert ready == "ready"
        yield origin
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def test_it_says_its_version_and_ships_templates_and_example(installed: Path) -> None:
    assert _run(str(installed), "--version").strip() == f"deploylog {__version__}"
    [package] = (installed.parent.parent / "lib").glob("python*/site-packages/deploylog")
    shipped = {path.relative_to(CHECKOUT / "templates") for path in (CHECKOUT / "templates").rglob("*.*")}
    assert shipped == {path.relative_to(package / "templates") for path in (package / "templates").rglob("*.*")}
    example = (package / "config_examples" / "deploylog.example.yaml").read_text()
    assert example == (CHECKOUT / "config" / "deploylog.example.yaml").read_text()


def test_it_previews_a_mail(installed: Path, sandbox: str, tmp_path: Path) -> None:
    command = [str(installed)]
    options = ["-c", str(tmp_path / "deploylog.yaml")]
    with (tmp_path / "deploylog.yaml").open("a") as file:
        file.write("notify: {settle: 0s}\n")
    _run(*command, "init", "--yes", *options, cwd=tmp_path)
    staff = Person(sandbox, STAFF)
    registry_file = staff.file_named("REGISTRY - Customers")
    assert registry_file is not None
    staff.type(registry_file["id"], registry.CUSTOMERS, registry.CUSTOMER_COLUMNS, 2, CUSTOMERS[0])
    staff.type(registry_file["id"], registry.CONTACTS, registry.CONTACT_COLUMNS, 2, CONTACTS[0])
    _run(*command, "once", *options, cwd=tmp_path)
    made = staff.file_named("DIBA - Deployment log")
    assert made is not None
    start = serial_of(datetime.now(UTC) + timedelta(days=1), ZoneInfo("Europe/Madrid"))
    row = {**PROCEDURE_EXAMPLE, log.STATUS: "Draft", log.START: start}
    staff.type(made["id"], log.DEPLOYMENTS, log.COLUMNS, 2, row)
    _run(*command, "once", *options, cwd=tmp_path)
    shown = _run(*command, "preview", "DIBA", "DIBA-0001", "start", *options, cwd=tmp_path)
    assert "Vamos a realizar el despliegue a producción" in shown
    assert "- biblioteques programari 3.2.1" in shown


def _run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout

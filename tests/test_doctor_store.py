"""What `deploylog doctor` says of a store on PostgreSQL: each fault with its fix, and the password never shown."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploylog.checks import store
from deploylog.checks.finding import Finding, Verdict
from deploylog.doctor import examine
from deploylog.errors import ConfigurationError
from deploylog.ledger import Ledger
from stores import PostgreSQL

SECRET = "tuesday-4711"
REST = """\
organization: {name: Example, domains: [organization.example]}
google: {credentials: key.json, act_as: deployments@organization.example}
mail: {from: "Example <deployments@organization.example>"}
"""


def examined(folder: Path, url: str, ahead: timedelta = timedelta(0)) -> Finding:
    """The last finding about that store; `ahead`: of this machine's clock."""
    file = folder / "deploylog.yaml"
    file.write_text(f'{REST}store: "{url}"\n')
    lines = examine(file, {}, lambda: datetime.now(UTC) + ahead, store.CHECKS)
    *_, line = (one for one in lines if one.check == "store")
    assert SECRET not in line.finding.words + line.finding.fix
    return line.finding


@contextmanager
def role(postgresql: PostgreSQL, name: str) -> Iterator[None]:
    """A user without any rights of its own."""
    postgresql.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{SECRET}'")
    try:
        yield
    finally:
        postgresql.execute(f"DROP OWNED BY {name} CASCADE")
        postgresql.execute(f"DROP ROLE {name}")


@contextmanager
def asked_for_a_password(postgresql: PostgreSQL, name: str) -> Iterator[None]:
    """The server lets everybody in by its socket; of that role it asks the password."""
    [(file,)] = postgresql.execute("SELECT current_setting('hba_file')")
    rules = Path(str(file))
    before = rules.read_text()
    rules.write_text(f"local all {name} scram-sha-256\n{before}")
    postgresql.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        rules.write_text(before)
        postgresql.execute("SELECT pg_reload_conf()")


def by(name: str, url: str, password: str = SECRET) -> str:
    return url.replace("//postgres@", f"//{name}:{password}@")


def test_a_database_without_tables_passes_and_one_in_use_too(postgresql: PostgreSQL, tmp_path: Path) -> None:
    url = postgresql.new_store(tmp_path)
    finding = examined(tmp_path, url)
    assert (finding.verdict, "is empty" in finding.words) == (Verdict.PASS, True)
    Ledger.open(url).close()
    finding = examined(tmp_path, url)
    assert (finding.verdict, ", schema 00" in finding.words) == (Verdict.PASS, True)


def test_one_that_does_not_answer_is_waited_for_by_the_daemon(tmp_path: Path) -> None:
    with socket.socket() as taken:
        # Bound and not listening: nobody else can answer there.
        taken.bind(("127.0.0.1", 0))
        finding = examined(tmp_path, f"postgresql+psycopg://d:{SECRET}@127.0.0.1:{taken.getsockname()[1]}/d")
    assert (finding.verdict, finding.waited_out) == (Verdict.FAIL, True)
    assert "does not answer" in finding.words
    assert finding.fix.startswith("start PostgreSQL; or set host and port in store right")


def test_one_that_accepts_and_says_nothing_is_not_waited_for_longer_than_the_address_says(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://d@127.0.0.1:{silent.getsockname()[1]}/d?connect_timeout=2"
        finding = examined(tmp_path, url)
    assert (finding.verdict, "does not answer" in finding.words) == (Verdict.FAIL, True)


@pytest.mark.parametrize("wrong", ["user", "database", "password"])
def test_one_that_refuses_is_told_apart_from_one_that_is_down(
    postgresql: PostgreSQL, tmp_path: Path, wrong: str
) -> None:
    url = postgresql.new_store(tmp_path)
    with role(postgresql, "locked"), asked_for_a_password(postgresql, "locked"):
        assert examined(tmp_path, by("locked", url)).verdict is Verdict.FAIL  # it has no rights yet, and is let in
        broken = {
            "user": by("nobody", url),
            "database": url.replace("/postgres?", "/nowhere?"),
            "password": by("locked", url, "wrong"),
        }[wrong]
        finding = examined(tmp_path, broken)
    assert (finding.verdict, finding.waited_out) == (Verdict.FAIL, False)
    assert " refuses (" in finding.words
    assert "user, password and database in store" in finding.fix


def test_a_user_who_may_not_make_tables_is_told_what_to_grant_and_that_is_enough(
    postgresql: PostgreSQL, tmp_path: Path
) -> None:
    schema = postgresql.new_schema()
    url = by("weak", postgresql.url(schema))
    with role(postgresql, "weak"):
        finding = examined(tmp_path, url)
        assert (finding.verdict, "no schema" in finding.words) == (Verdict.FAIL, True)
        postgresql.execute(f"GRANT USAGE ON SCHEMA {schema} TO weak")
        finding = examined(tmp_path, url)
        assert (finding.verdict, "may not make tables" in finding.words) == (Verdict.FAIL, True)
        with pytest.raises(ConfigurationError, match="permission denied"):
            Ledger.open(url)
        postgresql.execute(finding.fix.partition(": ")[2])
        assert examined(tmp_path, url).verdict is Verdict.PASS
        Ledger.open(url).close()


def test_tables_of_another_user_are_told_with_their_owner(postgresql: PostgreSQL, tmp_path: Path) -> None:
    schema = postgresql.new_schema()
    Ledger.open(postgresql.url(schema)).close()
    with role(postgresql, "second"):
        postgresql.execute(f"GRANT ALL ON SCHEMA {schema} TO second")
        finding = examined(tmp_path, by("second", postgresql.url(schema)))
    assert finding.verdict is Verdict.FAIL
    assert "is postgres's" in finding.words
    assert "OWNER TO second" in finding.fix


def test_one_that_may_only_be_read_is_told(postgresql: PostgreSQL, tmp_path: Path) -> None:
    with role(postgresql, "standby"):
        postgresql.execute("ALTER ROLE standby SET default_transaction_read_only = on")
        finding = examined(tmp_path, by("standby", postgresql.new_store(tmp_path)))
    assert (finding.verdict, "may only be read" in finding.words) == (Verdict.FAIL, True)


def test_one_of_a_later_version_is_told(postgresql: PostgreSQL, tmp_path: Path) -> None:
    schema = postgresql.new_schema()
    Ledger.open(postgresql.url(schema)).close()
    postgresql.execute(f"UPDATE {schema}.alembic_version SET version_num = '9999'")
    finding = examined(tmp_path, postgresql.url(schema))
    assert (finding.verdict, "later version of deploylog (9999)" in finding.words) == (Verdict.FAIL, True)


def test_clocks_that_differ_are_told(postgresql: PostgreSQL, tmp_path: Path) -> None:
    finding = examined(tmp_path, postgresql.new_store(tmp_path), ahead=timedelta(minutes=1))
    assert (finding.verdict, "away from PostgreSQL's" in finding.words) == (Verdict.FAIL, True)

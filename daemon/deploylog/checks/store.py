"""The store: whether the daemon can open it and write to it, and how old its schema is. Nothing is made or changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from deploylog import ledger
from deploylog.bootstrap import CLOCKS_DIFFER
from deploylog.checks.finding import Check, Finding, Patient, Verdict, bad, good, warning
from deploylog.checks.machine import SET_THE_CLOCK
from deploylog.store import Store, is_unreachable, open_engine, reason_of

OLDEST_POSTGRESQL = 15


def store(patient: Patient) -> Iterator[Finding]:
    """Of either kind; a store that is not there yet is not made."""
    url = sa.make_url(patient.config.store)
    yield from _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url, patient)


def store_file(patient: Patient) -> Iterator[Finding]:
    """Whether others of this machine could read what lies in a SQLite store; a new one is its owner's alone."""
    url = sa.make_url(patient.config.store)
    file = Path(url.database or "")
    if url.get_backend_name() != "sqlite" or not file.exists():
        yield good("none, or not there yet")
    elif file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield warning(
            f"{file} may be read by others: mails as sent and the secrets of the dashboard lie in it",
            f"chmod 600 {file}*",
        )
    else:
        yield good(f"{file} is its owner's alone")


CHECKS = (Check("store", store), Check("store file", store_file, ("store",)))


# SQLite ----------------------------------------------------------------------------------------------------------


def _sqlite(url: sa.URL) -> Iterator[Finding]:
    shown, file = url.render_as_string(), Path(url.database or "")
    if (in_the_way := _no_file(file)) is not None:
        yield in_the_way
        return
    if not file.exists():
        yield good(f"{file} is not there yet; the first start makes it")
        return
    # To read only: what is not there would be made otherwise.
    readable = sa.make_url("sqlite://").set(database=f"file:{quote(str(file))}", query={"mode": "ro", "uri": "true"})
    try:
        with closing(Store(sa.create_engine(readable))) as opened, opened.engine.connect() as connection:
            finding = _schema(shown, connection)
    except SQLAlchemyError as problem:
        finding = bad(
            f"{shown} cannot be opened ({reason_of(problem)})",
            "set store to a database that is there and that the daemon's user may write to; or restore the backup",
        )
    yield finding


def _no_file(file: Path) -> Finding | None:
    """What is in the way of a SQLite file; it needs its folder too, for the files beside it."""
    folder = file.parent
    fix = f"as root: install -d -o USER {folder}, where USER is the daemon's; or set store to a file elsewhere"
    if not folder.is_dir():
        return bad(f"the folder of the store, {folder}, is not there", fix)
    if not os.access(folder, os.W_OK | os.X_OK):
        return bad(f"the folder of the store, {folder}, may not be written by this user", fix)
    if file.exists() and not os.access(file, os.R_OK | os.W_OK):
        return bad(f"the store {file} may not be written by this user", f"as root: chown USER {file}*")
    return None


# PostgreSQL ------------------------------------------------------------------------------------------------------


def _postgresql(url: sa.URL, patient: Patient) -> Iterator[Finding]:
    shown = url.set(query={}).render_as_string()
    try:
        opened = Store(open_engine(patient.config.store))
    except ImportError:
        yield bad(f"{shown} needs a driver that is not installed", "pip install 'deploylog[postgresql]'")
        return
    try:
        with closing(opened), opened.engine.connect() as connection:
            yield _rights(shown, connection) or _schema(shown, connection)
            yield from _clock(opened, patient)
    except SQLAlchemyError as problem:
        yield _not_opened(shown, problem)


def _not_opened(shown: str, problem: SQLAlchemyError) -> Finding:
    if is_unreachable(problem):
        return Finding(
            Verdict.FAIL,
            f"{shown} does not answer ({reason_of(problem)})",
            "start PostgreSQL; or set host and port in store right; or let this machine through to it (PostgreSQL's "
            "listen_addresses, a firewall)",
            waited_out=True,
        )
    return bad(
        f"{shown} refuses ({reason_of(problem)})",
        "set user, password and database in store right, and let that user in (pg_hba.conf); where there is no such "
        "database: createdb --owner USER DATABASE",
    )


def _rights(shown: str, connection: Connection) -> Finding | None:
    """What keeps this user from working there; None: nothing does."""
    version = int((connection.dialect.server_version_info or (0,))[0])
    if version < OLDEST_POSTGRESQL:
        return bad(f"{shown} is PostgreSQL {version}", f"use PostgreSQL {OLDEST_POSTGRESQL} or newer as config store")
    if connection.scalar(sa.text("SHOW transaction_read_only")) == "on":
        return bad(
            f"{shown} may only be read: a standby, or set so",
            "name the primary in store, or several hosts and ?target_session_attrs=read-write",
        )
    user, schema = connection.execute(sa.text("SELECT current_user, current_schema()")).one()
    if schema is None:
        return bad(
            f"{shown} has no schema that its search_path names, or {user} may not look into it",
            f"in psql, as the owner of the database: CREATE SCHEMA {user} AUTHORIZATION {user}",
        )
    if not connection.scalar(sa.text("SELECT has_schema_privilege(current_schema(), 'CREATE')")):
        return bad(
            f"{user} may not make tables in the schema {schema} of {shown}, as start and upgrades do",
            f"in psql, as the owner of the database: GRANT CREATE ON SCHEMA {schema} TO {user}",
        )
    for table, owner in connection.execute(_TABLES_OF_OTHERS, {"ours": list(ledger.metadata.tables)}):
        return bad(
            f"the table {table} in {shown} is {owner}'s, and {user} may not write to it, or could not upgrade it",
            f"let store name the user {owner}; or, in psql, as a superuser, for each such table: "
            f"ALTER TABLE {schema}.{table} OWNER TO {user}",
        )
    return None


_TABLES_OF_OTHERS = sa.text(
    "SELECT tablename, tableowner FROM pg_tables WHERE schemaname = current_schema() AND tablename = ANY(:ours) "
    "AND NOT pg_has_role(tableowner, 'USAGE') ORDER BY tablename LIMIT 1"
)
"""Migrations change tables, which only an owner may."""


def _clock(opened: Store, patient: Patient) -> Iterator[Finding]:
    """The daemon refuses to work where it is further off, since daemons that share a store must agree on the time."""
    apart = abs(opened.clock_difference(patient.now()))
    if apart > CLOCKS_DIFFER:
        yield bad(
            f"this machine's clock is {apart:.0f} s away from PostgreSQL's", f"{SET_THE_CLOCK}; and that machine's"
        )


# Either ----------------------------------------------------------------------------------------------------------


def _schema(shown: str, connection: Connection) -> Finding:
    if not sa.inspect(connection).get_table_names():
        return good(f"{shown} is empty; the first start makes its tables")
    present = set(MigrationContext.configure(connection).get_current_heads())
    scripts = ScriptDirectory(str(Path(ledger.__file__).parent / "migrations"))
    known, newest = {one.revision for one in scripts.walk_revisions()}, set(scripts.get_heads())
    if not present <= known:
        return bad(
            f"{shown} was made by a later version of deploylog ({', '.join(sorted(present - known))})",
            "install that version again, or give this one a store of its own",
        )
    if present != newest:
        return warning(
            f"{shown} has the schema {', '.join(sorted(present)) or 'of another program'}, older than "
            f"{', '.join(sorted(newest))}",
            "back it up (docs/backup.md); the next start of the daemon brings it up to date",
        )
    return good(f"{shown}, schema {', '.join(sorted(present))}")

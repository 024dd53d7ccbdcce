"""The database behind the ledger: connections, transactions, and the locks by which daemons share one PostgreSQL.

SQLite has one daemon, which holds a lock on a file beside the store. On PostgreSQL any number of daemons work: each
takes a log with an advisory lock of its session before it looks at it. While it holds one, all it writes goes through
that same session. So a daemon whose session is gone, and whose locks another may have by now, can write nothing more,
and begins no call that has to be written down first (docs/scaling.md).
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from deploylog.errors import ConfigurationError, StoreUnreachable

SETTINGS = {
    # A machine that lost its power or its network gives its locks back: these, and not the daemon's word, say when.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "statement_timeout": "20s",
    "lock_timeout": "20s",
    "idle_in_transaction_session_timeout": "30s",
}
"""Of every session on PostgreSQL."""
CONNECTING = {
    # Seconds, milliseconds: a silent network is noticed by the daemon, too.
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
"""What the address may set otherwise (libpq's words)."""
NOT_UP_YET = ("starting up", "shutting down", "too many clients", "remaining connection slots", "recovery mode")
"""What PostgreSQL refuses a connection with though nothing is wrong with the address."""
_UNREACHABLE = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError)
_ALIVE, _LEADER, _SCHEMA = "daemon", "leader", "schema"


class Store:
    """One database. `shared`: other daemons may work on it at the same time (PostgreSQL)."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.shared = engine.dialect.name == "postgresql"
        self._writing = engine.execution_options(writes=True)
        self._session: Connection | None = None
        self._locks = 0
        self._thread = 0
        self._is_daemon = False
        self._leads = False

    def close(self) -> None:
        self._end_session()
        self.engine.dispose()

    # Transactions ----------------------------------------------------------------------------------------------

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection to read with. Raises `StoreUnreachable` where PostgreSQL cannot be worked with now."""
        return self._on(self.engine.connect)

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction, committed at the end of the block. Raises `StoreUnreachable` likewise.

        While this thread holds a lock it is one of the session that has it: without the lock nothing is written.
        """
        return self._on(self._writing.begin)

    @contextmanager
    def _on(self, otherwise: Callable[[], AbstractContextManager[Connection]]) -> Iterator[Connection]:
        """A transaction of the session whose locks this thread holds; where it holds none, what `otherwise` gives."""
        with self._told():
            if (session := self._held_session()) is not None:
                with session.begin():
                    yield session
            else:
                with otherwise() as connection:
                    yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except _UNREACHABLE as problem:
            if not self.shared:
                raise
            reason = reason_of(problem)
            raise StoreUnreachable(f"store: {self._shown()} cannot be worked with now ({reason})") from problem

    def _shown(self) -> str:
        return self.engine.url.set(query={}).render_as_string()

    # Sharing ---------------------------------------------------------------------------------------------------

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Be a daemon of this store while inside; a killed one leaves nothing behind.

        SQLite: be the one daemon (flock); raises `ConfigurationError` where another process is it. PostgreSQL: be one
        of them. A store in memory is nobody else's.
        """
        if self.shared:
            self._is_daemon = True
            # One that was opened before does not say that there is a daemon.
            self._end_session()
            try:
                self._open_session()
                yield
            finally:
                self._is_daemon = False
                self._end_session()
            return
        file = self.engine.url.database
        if self.engine.dialect.name != "sqlite" or not file or file == ":memory:":
            yield
            return
        descriptor = os.open(f"{file}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as problem:
                raise ConfigurationError(
                    f"store: another deploylog is running on {file}; stop it first, or give this one a store of its own"
                ) from problem
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def lock(self, name: str) -> Iterator[bool]:
        """Try to be the one daemon that works on `name`; whether it is. The lock lasts as long as the block.

        It goes with the session: where that is lost inside the block, every further use of the store there raises
        `StoreUnreachable`. SQLite has one daemon: always true.
        """
        if not self.shared:
            yield True
            return
        session = self._open_session()
        with self._told(), session.begin():
            mine = bool(session.scalar(sa.select(sa.func.pg_try_advisory_lock(_key(name)))))
        if not mine:
            yield False
            return
        self._locks, self._thread = self._locks + 1, threading.get_ident()
        try:
            yield True
        finally:
            self._locks -= 1
            # Where the session is lost the lock went with it.
            with suppress(sa.exc.SQLAlchemyError):
                if not (session.invalidated or session.closed):
                    with session.begin():
                        session.execute(sa.select(sa.func.pg_advisory_unlock(_key(name))))

    def leads(self) -> bool:
        """Whether this daemon is the one that tends what is not of one log; from then on it is while its session lasts.

        SQLite: always.
        """
        if not self.shared:
            return True
        session = self._open_session()
        if not self._leads:
            with self._told(), session.begin():
                self._leads = bool(session.scalar(sa.select(sa.func.pg_try_advisory_lock(_key(_LEADER)))))
        return self._leads

    @contextmanager
    def leading(self) -> Iterator[bool]:
        """Whether this daemon leads; if so nothing is written inside once its session is lost, as with `lock`."""
        leads = self.leads()
        if not leads or not self.shared:
            yield leads
            return
        self._locks, self._thread = self._locks + 1, threading.get_ident()
        try:
            yield True
        finally:
            self._locks -= 1

    def is_last(self) -> bool:
        """Whether no other daemon works on this store; asked by one that stops, which is none from then on."""
        if not self.shared:
            return True
        session = self._open_session()
        with self._told(), session.begin():
            session.execute(sa.select(sa.func.pg_advisory_unlock_shared(_key(_ALIVE))))
            return bool(session.scalar(sa.select(sa.func.pg_try_advisory_lock(_key(_ALIVE)))))

    def daemons(self) -> int:
        """How many daemons work on this store, this one among them; SQLite: one."""
        if not self.shared:
            return 1
        # An advisory lock's number stands in two columns of 32 bits (PostgreSQL, "pg_locks").
        number = sa.literal_column("((classid::bigint << 32) | objid::bigint)", sa.BigInteger)
        shared_here = sa.text(
            "locktype = 'advisory' AND objsubid = 1 AND mode = 'ShareLock' AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        held = sa.select(sa.func.count()).select_from(sa.text("pg_locks")).where(shared_here, number == _key(_ALIVE))
        with self.reading() as connection:
            return max(connection.scalar(held) or 0, 1)

    def clock_difference(self, now: datetime) -> float:
        """Seconds by which this machine's clock (`now`, UTC) is ahead of PostgreSQL's; 0 for SQLite."""
        if not self.shared:
            return 0.0
        with self.reading() as connection:
            theirs: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return (now - theirs).total_seconds()

    def one_at_a_time(self, connection: Connection, name: str = _SCHEMA) -> None:
        """Until the transaction ends, others who ask for the same name wait."""
        if self.shared:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_key(name))))

    def _held_session(self) -> Connection | None:
        """The session whose locks this thread holds; None where it holds none."""
        if not self._locks or self._thread != threading.get_ident():
            return None
        session = self._session
        if session is None or session.invalidated or session.closed:
            raise StoreUnreachable(f"store: the connection to {self._shown()} was lost, and what it had locked with it")
        return session

    def _open_session(self) -> Connection:
        """The connection that has this daemon's locks; a new one, without any, where the last was lost."""
        session = self._session
        if session is not None and not session.invalidated and not session.closed:
            return session
        if self._locks:
            raise StoreUnreachable(f"store: the connection to {self._shown()} was lost, and what it had locked with it")
        self._end_session()
        with self._told():
            session = self.engine.connect()
            try:
                if self._is_daemon:
                    with session.begin():
                        session.execute(sa.select(sa.func.pg_advisory_lock_shared(_key(_ALIVE))))
            except BaseException:
                session.invalidate()
                session.close()
                raise
        self._session = session
        return session

    def _end_session(self) -> None:
        session, self._session, self._leads = self._session, None, False
        if session is not None:
            # Not back into the pool: the locks end with the connection.
            with suppress(sa.exc.SQLAlchemyError):
                if not session.closed and not session.invalidated:
                    session.invalidate()
            with suppress(sa.exc.SQLAlchemyError):
                session.close()


def open_engine(url: str) -> Engine:
    """Ready to connect; nothing is connected yet. Raises what SQLAlchemy raises for a URL it cannot read."""
    address = sa.engine.make_url(url)
    if address.get_backend_name() == "postgresql":
        given = {name: value for name, value in CONNECTING.items() if name not in address.query}
        engine = sa.create_engine(address, connect_args=given, pool_pre_ping=True)
        _prepare_postgresql(engine)
        return engine
    engine = sa.create_engine(address)
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    return engine


def reason_of(problem: BaseException) -> str:
    """The driver's own words, on one line."""
    lines = str(getattr(problem, "orig", None) or problem).strip().splitlines()
    return lines[0] if lines else type(problem).__name__


def is_unreachable(problem: BaseException) -> bool:
    """Whether a store that could not be opened may be so later, with nothing changed: the network, a restart."""
    words = str(problem)
    refused = "FATAL" in words and not any(one in words for one in NOT_UP_YET)
    return isinstance(problem, _UNREACHABLE) and not refused


def _key(name: str) -> Any:
    """An advisory lock is a number, known to a whole database; this one is also told apart by the schema."""
    return sa.func.hashtextextended(sa.func.concat("deploylog:", sa.func.current_schema(), ":", name), 0)


def _prepare_postgresql(engine: Engine) -> None:
    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        with connection.cursor() as cursor:
            for name, value in SETTINGS.items():
                cursor.execute("SELECT set_config(%s, %s, false)", (name, value))
        connection.commit()


def _prepare_sqlite(engine: Engine) -> None:
    """Write-ahead log, so that reading commands work beside the daemon; every commit reaches the disk.

    A new file is its owner's alone: secrets and mails lie in it. SQLite makes the files beside it alike.
    """

    @sa.event.listens_for(engine, "do_connect")
    def found(_: Any, __: Any, arguments: Sequence[Any], ___: Any) -> None:
        name = str(arguments[0])
        if not name.startswith((":memory:", "file:")):
            # Where it cannot be made, SQLite says why.
            with suppress(OSError):
                os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))

    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        # The driver's own transactions begin late and lie about SAVEPOINT; BEGIN below is ours.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes then must not find out in between that another wrote.
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

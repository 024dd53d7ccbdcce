"""Moves a ledger from one store to another, such as from SQLite to PostgreSQL (`deploylog store copy`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from deploylog import customer_ledger  # noqa: F401  (its tables belong to the ledger)
from deploylog.errors import ConfigurationError, DeploylogError
from deploylog.ledger import Ledger, metadata

AT_ONCE = 500
"""Rows per statement."""


def copy_store(source: Ledger, target: Ledger, tell: Callable[[str, int], None]) -> Mapping[str, int]:
    """Copy every row of every table; `tell` hears of each table and its rows. Returns the rows by table.

    All or nothing: the target is written in one transaction, and the rows are counted in it before it is committed.
    Raises `ConfigurationError` where the target holds anything already, and `DeploylogError` where the counts differ.
    """
    if source.engine.url == target.engine.url:
        raise ConfigurationError("store copy: FROM and TO are one and the same store; name another to copy to")
    with source.store.reading() as reading, target.store.writing() as writing:
        _check_empty(writing)
        for table in metadata.sorted_tables:
            copied = 0
            rows = reading.execute(sa.select(table).order_by(*table.primary_key)).mappings()
            for part in rows.partitions(AT_ONCE):
                writing.execute(sa.insert(table), [dict(row) for row in part])
                copied += len(part)
            tell(table.name, copied)
        _number_on(writing)
        before, after = _counts(reading), _counts(writing)
        if before != after:
            differing = ", ".join(name for name in before if before[name] != after[name])
            raise DeploylogError(
                f"store copy: {differing} changed meanwhile, so nothing was copied; stop the daemon and copy again"
            )
    return after


def _check_empty(target: Connection) -> None:
    full = [name for name, count in _counts(target).items() if count]
    if full:
        raise ConfigurationError(
            f"store copy: TO is not empty ({', '.join(full)}); name a store that nothing was ever kept in"
        )


def _counts(connection: Connection) -> dict[str, int]:
    return {
        table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
    }


def _number_on(target: Connection) -> None:
    """PostgreSQL numbers new effects by a sequence, which rows that bring their numbers leave behind."""
    if target.dialect.name == "postgresql":
        target.exec_driver_sql(
            "SELECT setval(pg_get_serial_sequence('effect', 'number'), "
            "greatest((SELECT max(number) FROM effect), 1), (SELECT count(*) > 0 FROM effect))"
        )

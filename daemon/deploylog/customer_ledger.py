"""The ledger's part about customers: with whom we shared their logs, and which addresses mail came back from."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime

import sqlalchemy as sa

from deploylog.ledger import Instant, Ledger, metadata

shares = sa.Table(
    "share",
    metadata,
    sa.Column("log_id", sa.String(128), primary_key=True),
    sa.Column("address", sa.String(254), primary_key=True),
    sa.Column("role", sa.String(32), nullable=False),
)
bounces = sa.Table(
    "bounce",
    metadata,
    sa.Column("message_id", sa.String(128), primary_key=True),
    sa.Column("address", sa.String(254), primary_key=True),
    sa.Column("at", Instant, nullable=False),
)


class CustomerLedger:
    """Reads and writes those tables of a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._store = ledger.store

    def shares(self, log_id: str) -> dict[str, Set[str]]:
        """The roles we may have given in a log, by address; what staff gave by hand is not among it.

        Several where a change of the role was not answered: the one before may still stand.
        """
        with self._store.reading() as connection:
            rows = connection.execute(sa.select(shares).where(shares.c.log_id == log_id)).all()
        return {row.address: frozenset(row.role.split()) for row in rows}

    def keep_share(self, log_id: str, address: str, roles: Set[str]) -> None:
        """Before it is shared: a crash in between is made good by sharing again. Without roles it is forgotten."""
        with self._store.writing() as connection:
            connection.execute(sa.delete(shares).where(*_is(log_id, [address])))
            if roles:
                values = {"log_id": log_id, "address": address, "role": " ".join(sorted(roles))}
                connection.execute(sa.insert(shares).values(**values))

    def forget_shares(self, log_id: str, addresses: Sequence[str]) -> None:
        if addresses:
            with self._store.writing() as connection:
                connection.execute(sa.delete(shares).where(*_is(log_id, addresses)))

    def add_bounce(self, message_id: str, addresses: Sequence[str], at: datetime) -> None:
        """A mail that came back; `message_id` is the report's own, by which it is told that it was read."""
        with self._store.writing() as connection:
            for address in addresses:
                values = {"message_id": message_id, "address": address, "at": at}
                connection.execute(sa.insert(bounces).values(**values))

    def bounces(self) -> dict[str, list[tuple[str, datetime]]]:
        """By the report's message id: the addresses that failed (empty for a report about none), and when."""
        with self._store.reading() as connection:
            rows = connection.execute(sa.select(bounces)).all()
        found: dict[str, list[tuple[str, datetime]]] = {}
        for row in rows:
            found.setdefault(row.message_id, []).append((row.address, row.at))
        return found


def _is(log_id: str, addresses: Sequence[str]) -> tuple[sa.ColumnElement[bool], ...]:
    return shares.c.log_id == log_id, shares.c.address.in_(addresses)

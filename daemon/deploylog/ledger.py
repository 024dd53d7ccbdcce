"""The ledger: what was seen of the rows, and every effect with its state. One SQL schema, made by `migrations/`.

The promise "never lost, never twice" rests on two habits kept here: an effect's intent is committed before anything
leaves, and every change of its state is a conditional UPDATE, so that two who try find that one of them came second.
All instants are UTC. Nothing here decides; `lifecycle.py` does.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

from deploylog.adoption import Past
from deploylog.errors import ConfigurationError, DeploylogError, StoreUnreachable
from deploylog.identity import Known
from deploylog.kept import Concluded, concluded_from_json, concluded_to_json
from deploylog.lifecycle import PARKED, PENDING, PERHAPS_OUT, EffectSeen, EffectState, Memory
from deploylog.model import NEVER, OPEN, Key, Kind, Status, Window
from deploylog.store import Store, is_unreachable, open_engine, reason_of


class Instant(sa.TypeDecorator[datetime]):
    """An aware UTC datetime, stored without its zone: SQLite keeps none."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


CLOCKS_APART = timedelta(minutes=1)
"""More than the clocks of two machines that share a store may differ."""
SHADOW_STORE = "shadow-"
"""How the id of a store begins that serves shadow runs."""

metadata = sa.MetaData()

logs = sa.Table(
    "log",
    metadata,
    sa.Column("file_id", sa.String(128), primary_key=True),
    sa.Column("customer", sa.Text, nullable=False, index=True),
    sa.Column("highest", sa.Integer, nullable=False, default=0),
    sa.Column("version", sa.BigInteger, nullable=False, default=0),
    sa.Column("edited_at", Instant),
    sa.Column("unfinished", sa.Boolean, nullable=False, default=False, server_default=sa.false()),
    sa.Column("looked_at", Instant),
    sa.Column("concluded", sa.JSON(none_as_null=True)),
)
deployments = sa.Table(
    "deployment",
    metadata,
    sa.Column("log_id", sa.String(128), primary_key=True),
    sa.Column("id", sa.String(64), primary_key=True, index=True),
    sa.Column("row", sa.Integer, nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("components", sa.JSON, nullable=False),
    sa.Column("first_seen_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("status", sa.String(32), nullable=False),
    sa.Column("status_since", Instant, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("start", Instant),
    sa.Column("ends", sa.JSON, nullable=False),
    sa.Column("overridden", sa.Boolean, nullable=False, default=False),
    sa.Column("copy_of", sa.String(64), nullable=False, default=""),
    sa.Column("due_at", Instant, index=True),
    sa.Column("vanished_at", Instant),
    sa.Column("window_start", Instant),
    sa.Column("window_end", Instant),
    sa.Column("responsible", sa.String(254), nullable=False, default=""),
    sa.Column("known_warnings", sa.JSON(none_as_null=True)),
    sa.Column("ticked", sa.JSON(none_as_null=True)),
    sa.Index("ix_deployment_responsible", "responsible", "window_end"),
)
effects = sa.Table(
    "effect",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("log_id", sa.String(128), nullable=False),
    sa.Column("deployment_id", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("target", sa.String(254), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("due_at", Instant),
    sa.Column("committed_at", Instant, nullable=False),
    sa.Column("at", Instant),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("retry_at", Instant, index=True),
    sa.Column("in_doubt", sa.Boolean, nullable=False, default=False),
    sa.Column("reason", sa.Text, nullable=False, default=""),
    sa.Column("external_id", sa.String(1024), nullable=False, default=""),
    sa.Column("draft_id", sa.String(128), nullable=False, default=""),
    sa.Column("thread_id", sa.String(128), nullable=False, default=""),
    sa.Column("message_header", sa.Text, nullable=False, default=""),
    sa.Column("content_hash", sa.String(64), nullable=False, default=""),
    sa.Column("to_tell", sa.String(16), nullable=False, default=""),
    sa.Column("under_way_until", Instant),
    sa.UniqueConstraint("log_id", "deployment_id", "kind", "generation", "round", "target", name="effect_key"),
    sa.Index("ix_effect_state", "state", "log_id"),
    sa.Index("ix_effect_at", "at", "committed_at"),
)
history = sa.Table(
    "history",
    metadata,
    sa.Column("log_id", sa.String(128), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("at", Instant),
    sa.Column("cells", sa.JSON, nullable=False),
)
kept = sa.Table(
    "kept",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.JSON, nullable=False),
)
stores = sa.Table("store", metadata, sa.Column("id", sa.String(32), primary_key=True))
own_secrets = sa.Table(
    "secret",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("value", sa.String(128), nullable=False),
)
customers = sa.Table(
    "customer",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect with everything the ledger knows of it."""

    number: int
    key: Key
    state: EffectState
    payload: Mapping[str, Any]
    """A mail: to, cc, subject, text, html, reply_to. An event: guests (ours). Frozen when committed."""
    due_at: datetime | None
    committed_at: datetime
    at: datetime | None
    attempts: int
    """Calls begun; of an event, since it last stood as wanted."""
    retry_at: datetime | None
    in_doubt: bool
    """A call was begun and its answer is not known: look before calling again."""
    reason: str
    external_id: str
    """The sent message's id, or the event's."""
    draft_id: str
    thread_id: str
    message_header: str
    """The Message-ID Google gave the sent mail."""
    content_hash: str
    to_tell: str = ""
    """What History has still to say of it: `sent`, `invited`, `updated`, `recorded` or `withdrawn`; else empty."""
    under_way_until: datetime | None = None
    """On a shared store: until then another daemon that began a call, and was cut off, may still be at it."""

    def is_due(self, now: datetime) -> bool:
        """Whether it may be tried: it never was, or has waited long enough."""
        return self.retry_at is None or self.retry_at <= now


@dataclass(frozen=True, slots=True)
class LogSeen:
    """What was last seen of a log's file."""

    file_id: str
    customer: str
    highest: int
    """The highest deployment number ever given in it."""
    version: int
    edited_at: datetime | None
    """When an edit was last noticed."""
    unfinished: bool = False
    """A look began and did not come to its end: whoever may looks again."""
    looked_at: datetime | None = None
    """When a look last came to its end."""
    concluded: Concluded | None = None
    """What that look concluded."""

    def lies_ahead(self, now: datetime) -> bool:
        """Whether the last look would still be to come: the clock was set back since."""
        return self.looked_at is not None and self.looked_at - now > CLOCKS_APART


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look at a row leaves in the ledger."""

    known: Known
    memory: Memory
    due: datetime | None
    window: Window | None = None
    """The window as the row says it."""
    responsible: str = ""
    lines: tuple[tuple[datetime, Sequence[str | float]], ...] = ()
    """What History has to say of what this look noticed; kept with it or not at all."""


@dataclass(frozen=True, slots=True)
class PlannedWindow:
    """The window of a deployment that was announced and is not closed, as its row was last seen."""

    log_id: str
    deployment_id: str
    responsible: str
    window: Window


class Ledger:
    """What is kept in a store. Its daemons write (`hold`); others may read at the same time."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.store = Store(engine)

    @classmethod
    def open(cls, url: str) -> Ledger:
        """Connect and bring the schema up to date. Raises `ConfigurationError` where that is not possible.

        Raises `StoreUnreachable` where PostgreSQL does not answer, or not yet.
        """
        ledger, opened = None, False
        try:
            ledger = cls(open_engine(url))
            ledger._migrate()
            opened = True
        except ImportError as problem:
            raise ConfigurationError(
                f"store: {_shown(url)} needs a driver that is not installed ({problem}); "
                "for PostgreSQL install deploylog[postgresql]"
            ) from problem
        except (sa.exc.SQLAlchemyError, OSError) as problem:
            reason = reason_of(problem)
            if ledger is not None and ledger.store.shared and is_unreachable(problem):
                raise StoreUnreachable(f"store: {_shown(url)} does not answer ({reason}).") from problem
            raise ConfigurationError(
                f"store: {_shown(url)} cannot be opened ({reason}); "
                "check the address, and that its folder exists and may be written"
            ) from problem
        except CommandError as problem:
            raise ConfigurationError(
                f"store: {_shown(url)} was made by a later version of deploylog ({problem}); "
                "run that version, or give this one a store of its own"
            ) from problem
        finally:
            if ledger is not None and not opened:
                ledger.close()
        return ledger

    def close(self) -> None:
        self.store.close()

    def _migrate(self) -> None:
        config = AlembicConfig()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self.engine.execution_options(writes=True).begin() as connection:
            self.store.one_at_a_time(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def hold(self) -> AbstractContextManager[None]:
        """Be a daemon of this store while inside (`Store.hold`)."""
        return self.store.hold()

    def keep_to(self, shadow: bool) -> None:
        """Serve shadow runs only, or real ones only: as a new store is first used, so it stays.

        Raises `ConfigurationError` where it was used for the other: a shadow run notes as done what was withheld.
        """
        known = self._store_id(SHADOW_STORE if shadow else "")
        if known.startswith(SHADOW_STORE) == shadow:
            return
        if shadow:
            raise ConfigurationError(
                "store: it holds what was really done, and a shadow run would mix into it what was withheld; give the "
                "shadow run a store of its own, such as store: sqlite:///shadow.db"
            )
        raise ConfigurationError(
            "store: it is of a shadow run and holds as done what was withheld, so that customers would miss it; give "
            "the real run a store of its own, such as store: sqlite:///deploylog.db"
        )

    def keep_from_rehearsing(self, address: str, now: datetime) -> None:
        """Raises `ConfigurationError` where others than `address` are invited to what is still to come.

        A rehearsal invites that address in their place, and Calendar would tell them that all of it is cancelled.
        """
        one = effects.c
        window = sa.and_(deployments.c.log_id == one.log_id, deployments.c.id == one.deployment_id)
        invited = (
            sa.select(one.deployment_id, one.payload)
            .join(deployments, window)
            .where(one.kind == Kind.EVENT.value, one.state == EffectState.SENT.value, deployments.c.window_end > now)
            .order_by(one.deployment_id)
        )
        with self.store.reading() as connection:
            rows = connection.execute(invited).all()
        real = [
            row.deployment_id for row in rows if {*map(str.lower, row.payload.get("guests", ()))} - {address.lower()}
        ]
        if real:
            more = f" and {len(real) - 3} more" if len(real) > 3 else ""
            raise ConfigurationError(
                f"mail.redirect_to: this store knows real invitations ({', '.join(real[:3])}{more}), whose guests "
                "would be told that they are cancelled; take it out, or rehearse in a folder and a store of their own"
            )

    def serves_shadow_runs(self) -> bool:
        """Whether `keep_to` bound it to them; nothing is written."""
        with self.store.reading() as connection:
            known = connection.execute(sa.select(stores.c.id)).scalar_one_or_none()
        return str(known or "").startswith(SHADOW_STORE)

    def store_id(self) -> str:
        """What tells this store from any other; made when first asked for."""
        return self._store_id("")

    def _store_id(self, prefix: str) -> str:
        with self.store.writing() as connection:
            self.store.one_at_a_time(connection)
            known = connection.execute(sa.select(stores.c.id)).scalar_one_or_none()
            if known is None:
                known = (prefix + uuid.uuid4().hex)[:32]
                connection.execute(sa.insert(stores).values(id=known))
        return str(known)

    def ping(self) -> None:
        """Raises SQLAlchemyError where the store does not answer, or is not there any more."""
        with self.engine.connect() as connection:
            connection.execute(sa.select(sa.func.count()).select_from(stores)).scalar_one()

    def secret(self, name: str) -> bytes:
        """A secret of this store's own (32 bytes, by chance), made when first asked for."""
        with self.store.writing() as connection:
            self.store.one_at_a_time(connection)
            query = sa.select(own_secrets.c.value).where(own_secrets.c.name == name)
            known = connection.execute(query).scalar_one_or_none()
            if known is None:
                known = secrets.token_hex(32)
                connection.execute(sa.insert(own_secrets).values(name=name, value=known))
        return bytes.fromhex(known)

    # What was seen ---------------------------------------------------------------------------------------------

    def log(self, file_id: str) -> LogSeen | None:
        with self.store.reading() as connection:
            row = connection.execute(sa.select(logs).where(logs.c.file_id == file_id)).one_or_none()
        return _log_seen(row) if row else None

    def all_logs(self) -> dict[str, LogSeen]:
        with self.store.reading() as connection:
            rows = connection.execute(sa.select(logs)).all()
        return {row.file_id: _log_seen(row) for row in rows}

    def see_log(self, seen: LogSeen) -> None:
        """What a look saw of the file, and whether it is `unfinished`; the highest number never sinks."""
        with self.store.writing() as connection:
            self._see(connection, seen)

    @staticmethod
    def _see(connection: Connection, seen: LogSeen) -> None:
        values = {
            "customer": seen.customer,
            "highest": seen.highest,
            "version": seen.version,
            "edited_at": seen.edited_at,
            "unfinished": seen.unfinished,
        }
        highest = sa.case((logs.c.highest > seen.highest, logs.c.highest), else_=seen.highest)
        _upsert(connection, logs, {"file_id": seen.file_id}, values, {"highest": highest})

    def take_up(
        self,
        seen: LogSeen,
        lines: Sequence[tuple[str | float, ...]],
        pasts: Mapping[str, tuple[Past, str]],
        sights: Sequence[Sight],
        now: datetime,
    ) -> None:
        """What the first look at a log saw and adopts, all or nothing: a log that is known is not asked for its past.

        `lines`: History as it stands. `pasts`: by deployment, what the log or the mailbox shows as done, and the id an
        event of the deployment has.
        """
        changed = [{"log_id": seen.file_id, "id": sight.known.id, **_sight_columns(sight)} for sight in sights]
        with self.store.writing() as connection:
            self._append(connection, seen.file_id, [(None, line) for line in lines])
            for deployment_id, (past, event_id) in pasts.items():
                self._adopt(connection, seen.file_id, deployment_id, past, now, event_id)
            self._see(connection, seen)
            if changed:
                connection.execute(_upsert_of(connection.dialect.name, deployments), changed)

    def conclude(self, file_id: str, concluded: Concluded, now: datetime) -> None:
        """A look at a log that was seen came to its end."""
        values = {"unfinished": False, "looked_at": now, "concluded": concluded_to_json(concluded)}
        with self.store.writing() as connection:
            connection.execute(sa.update(logs).where(logs.c.file_id == file_id).values(**values))

    def clock_was_set_back(self, log_id: str, now: datetime) -> None:
        """Have what waits for its next try in a log wait no longer than it would have, where the clock was set back.

        It was where the last look at the log lies further ahead of `now` than the clocks of two machines are apart.
        What is waited for is as far ahead as it was then: a call that may be under way is not looked up too soon.
        """
        seen = self.log(log_id)
        if seen is None or not seen.lies_ahead(now):
            return
        assert seen.looked_at is not None
        by = seen.looked_at - now
        waiting = sa.or_(effects.c.retry_at > now, effects.c.under_way_until > now)
        with self.store.writing() as connection:
            for one in connection.execute(sa.select(effects).where(effects.c.log_id == log_id, waiting)).all():
                earlier = {
                    "retry_at": one.retry_at and one.retry_at - by,
                    "under_way_until": one.under_way_until and one.under_way_until - by,
                }
                connection.execute(sa.update(effects).where(effects.c.number == one.number).values(**earlier))
            connection.execute(sa.update(logs).where(logs.c.file_id == log_id).values(looked_at=now))

    def kept(self, name: str) -> Any:
        """What was kept under that name, as JSON; None where nothing was."""
        with self.store.reading() as connection:
            return connection.execute(sa.select(kept.c.value).where(kept.c.name == name)).scalar_one_or_none()

    def keep(self, name: str, value: Any) -> None:
        with self.store.writing() as connection:
            _upsert(connection, kept, {"name": name}, {"value": value})

    def forget(self, name: str) -> None:
        with self.store.writing() as connection:
            connection.execute(sa.delete(kept).where(kept.c.name == name))

    def known(self, log_id: str) -> dict[str, Known]:
        """Every deployment of the log that was ever seen, as its row was last seen."""
        one = deployments.c
        needed = (one.id, one.row, one.fingerprint, one.start, one.components, one.vanished_at, one.status)
        with self.store.reading() as connection:
            rows = connection.execute(sa.select(*needed).where(one.log_id == log_id)).all()
        return {
            row.id: Known(
                row.id,
                row.row,
                row.fingerprint,
                row.start,
                tuple(row.components),
                row.vanished_at is not None,
                Status(row.status),
            )
            for row in rows
        }

    def known_elsewhere(self, log_id: str, identities: Set[str]) -> dict[str, dict[str, str]]:
        """Those of the IDs that are deployments of other logs: by ID, these logs' file ids with their customers."""
        found: dict[str, dict[str, str]] = {}
        if not identities:
            return found
        one = deployments.c
        query = (
            sa.select(one.id, one.log_id, logs.c.customer)
            .outerjoin(logs, logs.c.file_id == one.log_id)
            .where(one.log_id != log_id, one.id.in_(sorted(identities)))
            .order_by(one.log_id)
        )
        with self.store.reading() as connection:
            for row in connection.execute(query).all():
                found.setdefault(row.id, {})[row.log_id] = row.customer or ""
        return found

    def move(self, log_id: str, deployment_id: str, event_id: str, to: str) -> None:
        """Have a deployment, and everything done for it, be one of the log `to`, where nobody has heard of it.

        `event_id`: what its event is found by in the calendar where its effect does not say yet. The event is looked
        at once more, because it names the log.
        """
        its_effects = (effects.c.log_id == log_id, effects.c.deployment_id == deployment_id)
        its_event = (*its_effects, effects.c.kind == Kind.EVENT.value)
        it = (deployments.c.log_id == log_id, deployments.c.id == deployment_id)
        with self.store.writing() as connection:
            connection.execute(
                sa.update(effects).where(*its_event, effects.c.external_id == "").values(external_id=event_id)
            )
            connection.execute(
                sa.update(effects).where(*its_event, effects.c.content_hash != "").values(content_hash="moved")
            )
            connection.execute(sa.update(effects).where(*its_effects).values(log_id=to))
            connection.execute(sa.update(deployments).where(*it).values(log_id=to))

    def highest_of(self, customer: str) -> int:
        """The highest number ever given in any log of that customer; 0: none."""
        with self.store.reading() as connection:
            query = sa.select(sa.func.max(logs.c.highest)).where(logs.c.customer == customer)
            return connection.execute(query).scalar_one() or 0

    def memories(self, log_id: str) -> dict[str, Memory]:
        """What is remembered of each deployment of the log, its effects among it."""
        with self.store.reading() as connection:
            rows = connection.execute(sa.select(deployments).where(deployments.c.log_id == log_id)).all()
            # Not the payloads: they are long, and every look at the log asks.
            done = connection.execute(
                sa.select(*_SEEN_OF_EFFECT).where(effects.c.log_id == log_id).order_by(effects.c.number)
            ).all()
        by_deployment: dict[str, list[EffectSeen]] = {}
        for one in done:
            by_deployment.setdefault(one.deployment_id, []).append(
                EffectSeen(
                    one.number,
                    Kind(one.kind),
                    one.generation,
                    one.round,
                    one.target,
                    EffectState(one.state),
                    one.at,
                    one.reason,
                    one.committed_at,
                )
            )
        return {row.id: _memory(row, by_deployment.get(row.id, ())) for row in rows}

    def save_sights(self, log_id: str, sights: Sequence[Sight], vanished: Sequence[str], now: datetime) -> None:
        """Keep what one look at a log has shown; a vanished deployment has nothing due. What stands is left alone."""
        seen = [{"log_id": log_id, "id": sight.known.id, **_sight_columns(sight)} for sight in sights]
        with self.store.reading() as connection:
            query = sa.select(deployments).where(deployments.c.log_id == log_id)
            standing = {row["id"]: dict(row) for row in connection.execute(query).mappings()}
        changed = [one for one in seen if standing.get(one["id"]) != one]
        lines = [line for sight in sights for line in sight.lines]
        gone = [one for one in vanished if one in standing and standing[one]["vanished_at"] is None]
        if not (changed or lines or gone):
            return
        with self.store.writing() as connection:
            if changed:
                connection.execute(_upsert_of(connection.dialect.name, deployments), changed)
            self._append(connection, log_id, lines)
            if gone:
                connection.execute(
                    sa.update(deployments)
                    .where(
                        deployments.c.log_id == log_id,
                        deployments.c.id.in_(gone),
                        deployments.c.vanished_at.is_(None),
                    )
                    .values(vanished_at=now, due_at=None)
                )

    def planned_windows(self, ends_after: datetime, responsibles: Set[str] | None = None) -> list[PlannedWindow]:
        """The windows of all logs that were announced and not closed, and that end after an instant.

        `responsibles`: only theirs, by address; None: everybody's. They are kept here, so that the first look after a
        start knows the other logs before it has read them.
        """
        announced = (
            sa.select(effects.c.number)
            .where(
                effects.c.log_id == deployments.c.log_id,
                effects.c.deployment_id == deployments.c.id,
                effects.c.kind == Kind.EVENT.value,
                effects.c.state == EffectState.SENT.value,
            )
            .exists()
        )
        found = sa.select(
            deployments.c.log_id,
            deployments.c.id,
            deployments.c.responsible,
            deployments.c.window_start,
            deployments.c.window_end,
        ).where(
            deployments.c.window_end > ends_after,
            deployments.c.vanished_at.is_(None),
            deployments.c.status.in_(sorted(OPEN)),
            announced,
        )
        if responsibles is not None:
            found = found.where(deployments.c.responsible.in_(sorted(responsibles)))
        # Sorted here: asked to sort, SQLite goes through every deployment there is in that order.
        with self.store.reading() as connection:
            rows = sorted(connection.execute(found).all(), key=lambda row: (row.log_id, row.id))
        return [
            PlannedWindow(row.log_id, row.id, row.responsible, Window(row.window_start, row.window_end)) for row in rows
        ]

    def dues(self, until: datetime = NEVER) -> dict[str, datetime]:
        """By log, the earliest instant at which one of its deployments or effects wants a decision.

        `until`: only where that is this instant or earlier, which costs nothing of the logs where it is later.
        """
        found: dict[str, datetime] = {}
        with self.store.reading() as connection:
            for log_id, at in ((deployments.c.log_id, deployments.c.due_at), (effects.c.log_id, effects.c.retry_at)):
                # The earliest of each log is found here: asked to group by log, SQLite goes through every row there is.
                for row in connection.execute(sa.select(log_id, at.label("at")).where(at <= until)):
                    found[row.log_id] = min(row.at, found.get(row.log_id, NEVER))
        return found

    def wake(self, log_id: str, deployment_id: str, now: datetime) -> None:
        """Have the daemon decide about a deployment at its next tick."""
        with self.store.writing() as connection:
            connection.execute(
                sa.update(deployments)
                .where(deployments.c.log_id == log_id, deployments.c.id == deployment_id)
                .values(due_at=now)
            )

    def customers_unchanged_since(self, fingerprints: Mapping[str, str], now: datetime) -> dict[str, datetime]:
        """By customer's name, since when its registry row has said what it says; `now` where it is new or changed."""
        with self.store.writing() as connection:
            rows = connection.execute(sa.select(customers)).all()
            known = {row.name: row.changed_at for row in rows if fingerprints.get(row.name) == row.fingerprint}
            new = [
                {"name": name, "fingerprint": fingerprint, "changed_at": now}
                for name, fingerprint in fingerprints.items()
                if name not in known
            ]
            if new:
                connection.execute(_upsert_of(connection.dialect.name, customers), new)
        return {name: known.get(name, now) for name in fingerprints}

    # Effects ---------------------------------------------------------------------------------------------------

    def commit(self, intents: Sequence[tuple[Key, Mapping[str, Any], datetime | None]], now: datetime) -> list[Effect]:
        """Commit intents with their payloads, all in one transaction; one that is dead is meant again.

        An effect that is already pending keeps its frozen payload; one that is out, parked or being sent stays what it
        is. Returns those that are pending now.
        """
        with self.store.writing() as connection:
            for key, payload, due in intents:
                fresh = {
                    "state": EffectState.COMMITTED.value,
                    "payload": dict(payload),
                    "due_at": due,
                    "committed_at": now,
                    "retry_at": None,
                    "reason": "",
                    "draft_id": "",
                    "under_way_until": None,
                }
                is_dead = (*_is(key), effects.c.state == EffectState.DEAD.value)
                if connection.execute(sa.update(effects).where(*is_dead).values(**fresh)).rowcount == 0:
                    known = connection.execute(sa.select(effects.c.number).where(*_is(key))).one_or_none()
                    if known is None:
                        insert = insert_into(connection, effects).values(**_columns(key), **fresh)
                        connection.execute(insert.on_conflict_do_nothing())
            wanted = [connection.execute(sa.select(effects).where(*_is(key))).one_or_none() for key, _, _ in intents]
        return [effect for row in wanted if row is not None and (effect := _effect(row)).state in PENDING]

    @staticmethod
    def _adopt(
        connection: Connection, log_id: str, deployment_id: str, past: Past, now: datetime, event_id: str
    ) -> None:
        """Take over effects that are told as done and that this ledger does not know; what it knows stays."""
        mails = dict(past.mails)
        for one in past.effects:
            key = Key(log_id, deployment_id, one.kind, one.generation, one.round, one.target)
            if connection.execute(sa.select(effects.c.number).where(*_is(key))).one_or_none() is not None:
                continue
            values: dict[str, Any] = {
                "state": one.state.value,
                "payload": {},
                "committed_at": now,
                "at": one.at,
                "external_id": event_id if one.kind is Kind.EVENT else "",
                "to_tell": "sent" if one in past.untold else "",
                "reason": "told by the log's own columns",
            }
            if (mail := mails.get(one)) is not None:
                values |= {
                    "payload": {"subject": mail.subject, "to": list(mail.to), "cc": list(mail.cc)},
                    "external_id": mail.message_id,
                    "thread_id": mail.thread_id,
                    "message_header": mail.message_header,
                    "reason": "found in the mailbox",
                }
            connection.execute(sa.insert(effects).values(**_columns(key), **values))

    def advance(self, number: int, expected: EffectState, state: EffectState, **fields: Any) -> Effect:
        """Move an effect from the expected state to another, with further columns.

        No call is under way any more, unless `under_way_until` says so.

        Raises `DeploylogError` where it is in another state: somebody else, such as a second daemon or `settle`, came
        first, and this one must not go on.
        """
        with self.store.writing() as connection:
            changed = connection.execute(
                sa.update(effects)
                .where(effects.c.number == number, effects.c.state == expected.value)
                .values(**{"state": state.value, "under_way_until": None, **fields})
            )
            row = connection.execute(sa.select(effects).where(effects.c.number == number)).one_or_none()
        if changed.rowcount != 1 or row is None:
            raise DeploylogError(
                f"effect {number} is not {expected} but {row.state if row else 'gone'}; left to whoever moved it"
            )
        return _effect(row)

    def effect(self, number: int) -> Effect | None:
        with self.store.reading() as connection:
            row = connection.execute(sa.select(effects).where(effects.c.number == number)).one_or_none()
        return _effect(row) if row is not None else None

    def effects_of(
        self, log_id: str, deployment_id: str | None = None, states: Sequence[EffectState] = tuple(EffectState)
    ) -> list[Effect]:
        """The effects of a log or of one deployment in these states, in the order they were first meant."""
        query = sa.select(effects).where(effects.c.log_id == log_id, effects.c.state.in_(list(states)))
        if deployment_id is not None:
            query = query.where(effects.c.deployment_id == deployment_id)
        with self.store.reading() as connection:
            return [_effect(row) for row in connection.execute(query.order_by(effects.c.number)).all()]

    def to_tell(self, log_id: str) -> list[Effect]:
        """The effects of a log that came to be and of which History says nothing yet, oldest first."""
        query = sa.select(effects).where(effects.c.log_id == log_id, effects.c.to_tell != "")
        with self.store.reading() as connection:
            found = [_effect(row) for row in connection.execute(query).all()]
        # Of one instant: the mail, then what the calendar was told of it.
        return sorted(found, key=lambda one: (one.at or one.committed_at, one.key.kind is Kind.EVENT, one.number))

    def mails_since(self, moment: datetime) -> Counter[str]:
        """By log, how many mails went out, or may have, since then (UTC); notices, which go once each, aside."""
        one = effects.c
        lately = sa.or_(one.at >= moment, sa.and_(one.at.is_(None), one.committed_at >= moment))
        with self.store.reading() as connection:
            # The state is looked at here: by its index SQLite would go through all that was ever sent.
            rows = connection.execute(sa.select(one.log_id, one.kind, one.state).where(lately)).all()
        others = {Kind.EVENT.value, Kind.NOTICE.value, Kind.TICKET_NOTE.value}
        return Counter(row.log_id for row in rows if row.kind not in others and EffectState(row.state) in PERHAPS_OUT)

    def parked(self) -> list[Effect]:
        with self.store.reading() as connection:
            query = sa.select(effects).where(effects.c.state.in_([*PARKED])).order_by(effects.c.number)
            return [_effect(row) for row in connection.execute(query).all()]

    # History ---------------------------------------------------------------------------------------------------

    def history(self, log_id: str) -> list[tuple[str | float, ...]]:
        """The cells of every line of the log's History, oldest first."""
        with self.store.reading() as connection:
            query = sa.select(history.c.cells).where(history.c.log_id == log_id).order_by(history.c.number)
            return [tuple(row.cells) for row in connection.execute(query).all()]

    def _append(
        self, connection: Connection, log_id: str, lines: Sequence[tuple[datetime | None, Sequence[str | float]]]
    ) -> None:
        """Lines below those that History has."""
        if not lines:
            return
        self.store.one_at_a_time(connection, f"history {log_id}")
        last = connection.execute(
            sa.select(sa.func.max(history.c.number)).where(history.c.log_id == log_id)
        ).scalar_one()
        for number, (at, cells) in enumerate(lines, start=(last or 0) + 1):
            connection.execute(sa.insert(history).values(log_id=log_id, number=number, at=at, cells=list(cells)))

    def add_history(
        self, log_id: str, lines: Sequence[tuple[datetime | None, Sequence[str | float]]], told: Sequence[int] = ()
    ) -> None:
        """Add lines below those there are; they stay where they are for good. `told`: the effects they tell of."""
        with self.store.writing() as connection:
            self._append(connection, log_id, lines)
            connection.execute(sa.update(effects).where(effects.c.number.in_(told)).values(to_tell=""))


_SEEN_OF_EFFECT = tuple(
    effects.c[name]
    for name in (
        "number",
        "deployment_id",
        "kind",
        "generation",
        "round",
        "target",
        "state",
        "at",
        "reason",
        "committed_at",
    )
)
"""The columns of an `EffectSeen`."""


def _shown(url: str) -> str:
    """The address without its password; one that cannot be read may hold it anywhere."""
    try:
        return sa.engine.make_url(url).render_as_string()
    except sa.exc.ArgumentError:
        return "its address"


def _log_seen(row: Any) -> LogSeen:
    concluded = concluded_from_json(row.concluded) if row.concluded else None
    return LogSeen(
        row.file_id,
        row.customer,
        row.highest,
        row.version,
        row.edited_at,
        row.unfinished,
        row.looked_at,
        concluded,
    )


def _memory(row: Any, done: Sequence[EffectSeen]) -> Memory:
    return Memory(
        first_seen_at=row.first_seen_at,
        fingerprint=row.fingerprint,
        changed_at=row.changed_at,
        status=Status(row.status),
        status_since=row.status_since,
        generation=row.generation,
        start=row.start,
        ends=tuple(datetime.fromisoformat(end) for end in row.ends),
        overridden=row.overridden,
        copy_of=row.copy_of,
        known_warnings=None if row.known_warnings is None else tuple(row.known_warnings),
        effects=tuple(done),
        ticked=None if row.ticked is None else frozenset(row.ticked),
    )


def _effect(row: Any) -> Effect:
    key = Key(row.log_id, row.deployment_id, Kind(row.kind), row.generation, row.round, row.target)
    payload = json.loads(row.payload) if isinstance(row.payload, str) else row.payload
    return Effect(
        number=row.number,
        key=key,
        state=EffectState(row.state),
        payload=payload,
        due_at=row.due_at,
        committed_at=row.committed_at,
        at=row.at,
        attempts=row.attempts,
        retry_at=row.retry_at,
        in_doubt=row.in_doubt,
        reason=row.reason,
        external_id=row.external_id,
        draft_id=row.draft_id,
        thread_id=row.thread_id,
        message_header=row.message_header,
        content_hash=row.content_hash,
        to_tell=row.to_tell,
        under_way_until=row.under_way_until,
    )


def _columns(key: Key) -> dict[str, Any]:
    return {
        "log_id": key.log_id,
        "deployment_id": key.deployment_id,
        "kind": key.kind.value,
        "generation": key.generation,
        "round": key.round,
        "target": key.target,
    }


def _is(key: Key) -> list[sa.ColumnElement[bool]]:
    return [effects.c[name] == value for name, value in _columns(key).items()]


def _sight_columns(sight: Sight) -> dict[str, Any]:
    """The columns of a deployment that is there."""
    memory = sight.memory
    return {
        "row": sight.known.row,
        "fingerprint": memory.fingerprint,
        "components": list(sight.known.components),
        "first_seen_at": memory.first_seen_at,
        "changed_at": memory.changed_at,
        "status": memory.status.value,
        "status_since": memory.status_since,
        "generation": memory.generation,
        "start": memory.start,
        "ends": [end.isoformat() for end in memory.ends],
        "overridden": memory.overridden,
        "copy_of": memory.copy_of,
        "known_warnings": None if memory.known_warnings is None else list(memory.known_warnings),
        "due_at": sight.due,
        "vanished_at": None,
        "window_start": sight.window.start if sight.window else None,
        "window_end": sight.window.end if sight.window else None,
        "responsible": sight.responsible,
        "ticked": None if memory.ticked is None else sorted(memory.ticked),
    }


@lru_cache
def _upsert_of(dialect: str, table: sa.Table) -> Any:
    """Insert rows, or update those of the same primary key; for many whole rows at once."""
    statement = _insert_of(dialect, table)
    others = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=others)


def _upsert(
    connection: Connection,
    table: sa.Table,
    key: Mapping[str, Any],
    values: Mapping[str, Any],
    otherwise: Mapping[str, Any] | None = None,
) -> None:
    """Insert, or update what is there, in one statement: of two who do it at once neither fails.

    `otherwise`: what a column becomes where there is a row already.
    """
    statement = insert_into(connection, table).values(**key, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_={**values, **(otherwise or {})}))


def insert_into(connection: Connection, table: sa.Table) -> Any:
    """The database's own INSERT, which knows ON CONFLICT."""
    return _insert_of(connection.dialect.name, table)


def _insert_of(dialect: str, table: sa.Table) -> Any:
    return (postgresql if dialect == "postgresql" else sqlite).insert(table)

"""The machine deploylog runs on: its clock, its time zone data, its store, and the templates."""

from __future__ import annotations

import importlib.metadata
import os
import zoneinfo
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote

import requests
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError

from deploylog import ledger
from deploylog.checks.finding import Check, Finding, Patient, Verdict, bad, good, warning
from deploylog.messages import Messages
from deploylog.model import LANGUAGES, MAIL_KINDS

GOOGLE = "https://www.googleapis.com/"
SECONDS = (5.0, 10.0)
"""Time-outs: to connect, and between two parts of the answer."""
CLOCK_WARNS = timedelta(seconds=30)
CLOCK_FAILS = timedelta(minutes=4)
"""Google refuses a token that was signed about five minutes in its future or past."""
OLDEST_POSTGRESQL = 15
SET_THE_CLOCK = "set this machine's clock: timedatectl set-ntp true, and look with timedatectl timesync-status"


def clock(patient: Patient) -> Iterator[Finding]:
    """Against the clock of whoever answers in Google's stead; HTTP's dates have whole seconds."""
    address = patient.config.google.endpoint or GOOGLE
    try:
        with requests.head(address, timeout=SECONDS, allow_redirects=False) as answer:
            theirs = parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
    except (requests.RequestException, KeyError, ValueError):
        yield Finding(
            Verdict.WARN,
            f"the clock cannot be compared: {address} does not answer",
            "check the network of this machine, and its proxy (HTTPS_PROXY)",
            waited_out=True,
        )
        return
    apart = abs(patient.now() - theirs)
    words = f"this machine's clock is {apart.total_seconds():.0f} s away from Google's"
    if apart >= CLOCK_FAILS:
        yield bad(f"{words}: Google refuses its tokens, and mails go out at wrong times", SET_THE_CLOCK)
    elif apart >= CLOCK_WARNS:
        yield warning(f"{words}: mails go out at wrong times", SET_THE_CLOCK)
    else:
        yield good(words)


def time_zones(patient: Patient) -> Iterator[Finding]:
    """Whether zones are known, and know of summer: Madrid is two hours ahead of UTC in July, one in January."""
    update = "update the time zone data: apt-get install tzdata, or pip install --upgrade tzdata"
    try:
        madrid = zoneinfo.ZoneInfo("Europe/Madrid")
    except (zoneinfo.ZoneInfoNotFoundError, OSError):
        yield bad("there is no time zone data on this machine", update)
        return
    year = patient.now().year
    hours = [datetime(year, month, 1, tzinfo=madrid).utcoffset() for month in (1, 7)]
    if hours != [timedelta(hours=1), timedelta(hours=2)]:
        yield warning(f"the time zone data says {hours} of Madrid in January and July {year}", update)
        return
    source = next((path for path in zoneinfo.TZPATH if (Path(path) / "Europe" / "Madrid").is_file()), "")
    package = ""
    with suppress(importlib.metadata.PackageNotFoundError):
        package = f"the package tzdata {importlib.metadata.version('tzdata')}"
    yield good(f"{patient.config.organization.time_zone.key}; data from {source or package}")


def templates(patient: Patient) -> Iterator[Finding]:
    """Every template is tried with facts of every kind when they are loaded; a fault names file and line."""
    config = patient.config
    Messages(config.templates, config.organization.time_zone)
    own = f", with those of {config.templates}" if config.templates else ""
    yield good(f"{len(MAIL_KINDS)} kinds of mail render in {', '.join(LANGUAGES)}{own}")


# The store -------------------------------------------------------------------------------------------------------


def store(patient: Patient) -> Iterator[Finding]:
    """Whether it can be opened and how old its schema is; a store that is not there yet is not made."""
    url = sa.make_url(patient.config.store)
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite":
        file = Path(url.database or "")
        if (problem := _no_file(file)) is not None:
            yield problem
            return
        if not file.exists():
            yield good(f"{file} is not there yet; the first start makes it")
            return
        # To read only: what is not there would be made otherwise.
        url = sa.make_url("sqlite://").set(database=f"file:{quote(str(file))}", query={"mode": "ro", "uri": "true"})
    try:
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            version = int((connection.dialect.server_version_info or (0,))[0])
            present = set(MigrationContext.configure(connection).get_current_heads())
            empty = not sa.inspect(connection).get_table_names()
        engine.dispose()
    except ImportError:
        yield bad(f"{shown} needs a driver that is not installed", "pip install 'deploylog[postgresql]'")
        return
    except SQLAlchemyError as problem:
        reason = str(getattr(problem, "orig", None) or problem).splitlines()[0]
        yield bad(
            f"{shown} cannot be opened ({reason})",
            "set store to a database that is there and that the daemon's user may write to; or restore the backup",
        )
        return
    if engine.dialect.name == "postgresql" and version < OLDEST_POSTGRESQL:
        yield bad(f"{shown} is PostgreSQL {version}", f"use PostgreSQL {OLDEST_POSTGRESQL} or newer as config store")
    yield good(f"{shown} is empty; the first start makes its tables") if empty else _schema(shown, present)


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


def _schema(shown: str, present: set[str]) -> Finding:
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


CHECKS = (
    Check("clock", clock),
    Check("time zones", time_zones),
    Check("templates", templates),
    Check("store", store),
)

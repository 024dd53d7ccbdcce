"""The machine deploylog runs on: its clock, its time zone data, and the templates."""

from __future__ import annotations

import importlib.metadata
import zoneinfo
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests

from deploylog.checks.finding import Check, Finding, Patient, Verdict, bad, good, warning
from deploylog.messages import Messages
from deploylog.model import LANGUAGES, MAIL_KINDS

GOOGLE = "https://www.googleapis.com/"
SECONDS = (5.0, 10.0)
"""Time-outs: to connect, and between two parts of the answer."""
CLOCK_WARNS = timedelta(seconds=30)
CLOCK_FAILS = timedelta(minutes=4)
"""Google refuses a token that was signed about five minutes in its future or past."""
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
    messages = Messages(config.templates, config.organization.time_zone)
    for file in messages.unused():
        yield warning(f"{file} is never used", "give it the name of the file it shall override (templates/README.md)")
    own = f", with those of {config.templates}" if config.templates else ""
    yield good(f"{len(MAIL_KINDS)} kinds of mail render in {', '.join(LANGUAGES)}{own}")


CHECKS = (
    Check("clock", clock),
    Check("time zones", time_zones),
    Check("templates", templates),
)

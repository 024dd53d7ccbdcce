"""What stands in `Rollback guide`: links to Drive, links to other pages, links that are none, or a text.

Pure. A text without a link is the guide itself. Nothing here is ever requested: what a sheet says is only told apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, urlsplit

MOST_LINKS = 5
"""How many links of one cell are looked at."""

_LINK = re.compile(r"(?:https?://|(?<![\w@/.-])(?:docs|drive)\.google\.com/)\S+", re.IGNORECASE)
_ONLY_AN_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S*", re.IGNORECASE)
_AROUND = ".,;:!?)]}>\"'»”’"
"""What follows a link in a sentence and is no part of it."""
_DRIVE_HOSTS = frozenset({"docs.google.com", "drive.google.com"})
_ID = r"([A-Za-z0-9_-]{10,})"
_ID_IN_PATH = re.compile(rf"/(?:d|folders)/{_ID}(?:/|$)")
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*\.?|[0-9a-f:.]*:[0-9a-f:.]*", re.IGNORECASE)
_PLAIN_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class DriveLink:
    """A file or folder of Google Drive."""

    text: str
    file_id: str


@dataclass(frozen=True, slots=True)
class WebLink:
    """A well-formed https address."""

    text: str
    host: str
    """The host's plain name in lower case; empty where the address is one that is never fetched: with a port, an IP
    address, letters beyond ASCII, or a dot at the end."""
    path: str
    """Path and query, as they stand."""


@dataclass(frozen=True, slots=True)
class BadLink:
    """Something that looks like an address and is no https address a person should open."""

    text: str


Link = DriveLink | WebLink | BadLink


def links_in(text: str) -> tuple[Link, ...]:
    """The links of the cell, each once, in their order; none where the cell is a text."""
    stripped = text.strip()
    if _ONLY_AN_ADDRESS.fullmatch(stripped):
        return (_read(stripped),)
    found = dict.fromkeys(match.group().rstrip(_AROUND) for match in _LINK.finditer(stripped))
    return tuple(map(_read, found))[:MOST_LINKS]


def _read(text: str) -> Link:
    address = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(address)
        good = _is_well_formed(parts, address)
    except ValueError:  # a bad port or IPv6 address
        good = False
    if not good:
        return BadLink(text)
    host = (parts.hostname or "").lower()
    if host in _DRIVE_HOSTS and parts.port in (None, 443) and (file_id := _file_id(parts)):
        return DriveLink(text, file_id)
    plain = bool(_PLAIN_HOST.fullmatch(host)) and parts.port in (None, 443)
    return WebLink(text, host if plain else "", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


def _is_well_formed(parts: SplitResult, address: str) -> bool:
    """A user name before the host hides the real host from the reader; a backslash is read differently everywhere."""
    return (
        parts.scheme == "https"
        and parts.username is None
        and parts.port != 0
        and bool(_HOST.fullmatch(parts.hostname or ""))
        and address.isprintable()
        and "\\" not in address
    )


def _file_id(parts: SplitResult) -> str:
    """Of `/document/d/ID/edit`, `/file/d/ID/view`, `/drive/u/0/folders/ID`, `/open?id=ID`; empty where none is."""
    if match := _ID_IN_PATH.search(parts.path):
        return match[1]
    [asked, *_] = parse_qs(parts.query).get("id", [""])
    return asked if re.fullmatch(_ID, asked) else ""

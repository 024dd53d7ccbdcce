"""Which deployment a row is, whatever people did to the sheet: sorted, inserted, pasted, deleted, overwritten.

Pure. The ID cell is the identity, because sorting moves contents, not rows. An ID is written only where there is none,
and where the ledger tells that the one that stands there belongs to another row (a pasted copy, a write that met a
row just moved). A number is never used again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from deploylog.deployment_log import number_of
from deploylog.model import Deployment


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger holds of a deployment's row."""

    id: str
    row: int
    """Where it stood when last seen."""
    fingerprint: str
    start: datetime | None
    components: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Identities:
    """Who is who. `copies` names for each pasted copy the deployment it was copied from."""

    by_row: Mapping[int, str]
    to_write: Mapping[int, str]
    copies: Mapping[str, str]
    vanished: tuple[str, ...]
    """Known deployments no row stands for any more."""
    highest: int
    """The highest number ever given, these included."""


def identify(
    rows: Sequence[Deployment], known: Mapping[str, Known], highest: int, prefix: str, counted: Sequence[str] = ()
) -> Identities:
    """Tell every row which deployment it is; `counted` are further IDs whose numbers are taken.

    In this order: an ID that stands once and is not told otherwise stays; of several rows with one ID the one most
    like the ledger's keeps it; a row without an ID that is a vanished deployment gets its ID back; the rest get new
    numbers in the order they stand.
    """
    by_row: dict[int, str] = {}
    copies_from: dict[int, str] = {}
    for identity, same in _by_id(rows).items():
        keeper = _keeper(same, known.get(identity))
        by_row[keeper.row] = identity
        copies_from |= {row.row: identity for row in same if row is not keeper}

    lost = {identity: one for identity, one in known.items() if identity not in by_row.values()}
    # A fresh ID that landed on a row just moved: the row is, to the letter, a deployment that has vanished.
    for row in rows:
        owner = _exactly(row, lost)
        if owner and row.row in by_row and not _alike(row, known.get(by_row[row.row])):
            displaced = by_row[row.row]
            by_row[row.row] = owner
            del lost[owner]
            if displaced in known:
                lost[displaced] = known[displaced]
    for match in (_exactly, _in_essence):
        for row in rows:
            owner = match(row, lost) if row.row not in by_row and row.row not in copies_from else None
            if owner:
                by_row[row.row] = owner
                del lost[owner]

    taken = (*known, *by_row.values(), *counted, *(row.id for row in rows))
    highest = max([highest, *(number_of(identity) or 0 for identity in taken)])
    for row in rows:
        if row.row not in by_row:
            highest += 1
            by_row[row.row] = f"{prefix}-{highest:04d}"
    to_write = {row.row: by_row[row.row] for row in rows if by_row[row.row] != row.id}
    copies = {by_row[number]: original for number, original in copies_from.items() if by_row[number] != original}
    return Identities(by_row, to_write, copies, tuple(lost), highest)


def prefix_for(customer: str) -> str:
    """The letters before the number: `Diputació de Barcelona` -> `DIPUTACIO`; at most 12 of A-Z, 0-9."""
    plain = unicodedata.normalize("NFKD", customer).encode("ascii", "ignore").decode().upper()
    words = re.findall(r"[A-Z0-9]+", plain)
    return (words[0][:12] if words else "") or "LOG"


def _by_id(rows: Sequence[Deployment]) -> dict[str, list[Deployment]]:
    found: dict[str, list[Deployment]] = {}
    for row in rows:
        if row.id:
            found.setdefault(row.id, []).append(row)
    return found


def _keeper(same: Sequence[Deployment], known: Known | None) -> Deployment:
    """Of rows with one ID: the unchanged, else the one of the same work, else the one in its place, else the first."""
    if known is None or len(same) == 1:
        return same[0]
    # Two rows alike to the letter: the copy stands below or above; the one in its old place is the original.
    ranked = sorted(
        same,
        key=lambda row: (
            row.fingerprint != known.fingerprint,
            not _alike(row, known),
            row.row != known.row,
            row.row,
        ),
    )
    return ranked[0]


def _alike(row: Deployment, known: Known | None) -> bool:
    if known is None:
        return False
    return row.fingerprint == known.fingerprint or _essence(row) == (known.start, known.components)


def _exactly(row: Deployment, lost: Mapping[str, Known]) -> str | None:
    return next((identity for identity, one in lost.items() if one.fingerprint == row.fingerprint), None)


def _in_essence(row: Deployment, lost: Mapping[str, Known]) -> str | None:
    """The one vanished deployment with this row's start and components; None where two would fit."""
    start, components = _essence(row)
    if start is None or not components:
        return None
    fitting = [identity for identity, one in lost.items() if (one.start, one.components) == (start, components)]
    return fitting[0] if len(fitting) == 1 else None


def _essence(row: Deployment) -> tuple[datetime | None, tuple[str, ...]]:
    return (row.window.start if row.window else None, tuple(str(part) for part in row.components))

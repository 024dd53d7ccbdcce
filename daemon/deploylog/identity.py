"""Which deployment a row is, whatever people did to the sheet: sorted, inserted, pasted, deleted, overwritten.

Pure. The ID cell is the identity, because sorting moves contents, not rows. An ID is written only where there is none,
and where the ledger tells that the one that stands there belongs to another row (a pasted copy, a write that met a
row just moved). A number is never used again.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from deploylog.cells import folded
from deploylog.deployment_log import number_of
from deploylog.model import Deployment, Status

_AT_WORK = frozenset({Status.STARTED, Status.DELAYED, Status.DONE, Status.ROLLED_BACK})
"""What staff say of a deployment while and after it is carried out."""
LARGEST_COUNTED = 10**8
"""An ID with a larger number, typed by hand, stands but is not counted on from: IDs have at most nine digits."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger holds of a deployment's row."""

    id: str
    row: int
    """Where it stood when last seen."""
    fingerprint: str
    start: datetime | None
    components: tuple[str, ...]
    vanished: bool = False
    """It had no row any more at the last look."""
    status: Status | None = None
    """What it said then; None: not known."""


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
    like the ledger's keeps it; a row that holds the wrong ID and is, to the letter, another deployment is that one;
    a row without an ID that is a vanished deployment gets its ID back; the rest get new numbers in the order they
    stand.
    """
    by_row = {_keeper(same, known.get(identity)).row: identity for identity, same in _by_id(rows).items()}
    strangers = [row for row in rows if row.id and not alike(row, known.get(row.id))]
    by_row = _with_strangers_at_home(by_row, strangers, known)

    given, strange = set(by_row.values()), {row.row for row in strangers}
    # What is like the deployment whose ID it holds beside that one's own row is a copy, not a row that lost its ID.
    copies = {row.row for row in rows if row.id in given and row.row not in by_row and row.row not in strange}
    lost = _Unclaimed({identity: one for identity, one in known.items() if identity not in given})
    for match in (lost.exactly_there, lost.exactly, lost.in_essence):
        for row in rows:
            owner = match(row) if row.row not in by_row and row.row not in copies else None
            if owner:
                by_row[row.row] = owner
                lost.claim(owner)
    given = set(by_row.values())
    copied = {row.row: row.id for row in rows if row.id and row.row not in by_row and row.id in given}

    taken = (*known, *by_row.values(), *counted, *(row.id for row in rows))
    highest = max([highest, *(number for identity in taken if (number := number_of(identity) or 0) < LARGEST_COUNTED)])
    for row in rows:
        if row.row not in by_row:
            highest += 1
            by_row[row.row] = f"{prefix}-{highest:04d}"
    to_write = {row.row: by_row[row.row] for row in rows if by_row[row.row] != row.id}
    return Identities(
        by_row, to_write, {by_row[number]: original for number, original in copied.items()}, lost.left(), highest
    )


def _with_strangers_at_home(
    by_row: Mapping[int, str], strangers: Sequence[Deployment], known: Mapping[str, Known]
) -> dict[int, str]:
    """`by_row` after every row that is, to the letter, another deployment than its ID says has that one's ID.

    So it is after the ID column was left out of a sort, an ID was pasted over another, or a fresh ID met a row just
    moved. With an ID that nobody knows, as a series that is filled down makes them, the same start and components will
    do: somebody overwrote its own. Nobody is left without: where the row that would give its ID away is no other
    deployment itself, staff have edited rows (moved a series by a week, say), and all stay who they are. A row too poor
    in content takes no ID.
    """
    numbers = {row.row for row in strangers}
    at_home = {identity for number, identity in by_row.items() if number not in numbers}
    free = _Unclaimed(
        {
            identity: one
            for identity, one in known.items()
            if identity not in at_home and one.start is not None and one.components
        }
    )
    moved: dict[int, str] = {}
    unheard_of = [row for row in strangers if row.id not in known]
    for match, rows in ((free.exactly_there, strangers), (free.exactly, strangers), (free.in_essence, unheard_of)):
        for row in rows:
            owner = match(row) if row.row not in moved else None
            if owner:
                moved[row.row] = owner
                free.claim(owner)
    holder = {identity: number for number, identity in by_row.items()}
    while refused := [number for number, owner in moved.items() if holder.get(owner, number) not in moved]:
        for number in refused:
            del moved[number]
    return {**by_row, **moved}


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
    """Of rows with one ID: the unchanged, else the one of the same work, else the one in its place, else the first.

    But before them all the one in its place that got on: copied for the next time, and then started or closed.
    """
    if known is None or len(same) == 1:
        return same[0]
    # Two rows alike to the letter: the copy stands below or above; the one in its old place is the original.
    ranked = sorted(
        same,
        key=lambda row: (
            not _got_on(row, known),
            row.fingerprint != known.fingerprint,
            not alike(row, known),
            row.row != known.row,
            row.row,
        ),
    )
    return ranked[0]


def _got_on(row: Deployment, known: Known) -> bool:
    """Whether it is the same work in the same place, at another `Status` that nobody gives a copy."""
    on = known.status is not None and row.status is not known.status and row.status in _AT_WORK
    return on and row.row == known.row and alike(row, known)


def alike(row: Deployment, known: Known | None) -> bool:
    """Whether a row says what the deployment's said when it was last seen: all of it, or its start and components."""
    if known is None:
        return False
    return row.fingerprint == known.fingerprint or _essence(row) == (known.start, known.components)


class _Unclaimed:
    """Known deployments no row stands for yet, found by what their rows said; a log may have very many."""

    def __init__(self, known: Mapping[str, Known]) -> None:
        self._left = dict(known)
        self._there: dict[tuple[int, str], deque[str]] = defaultdict(deque)
        self._same: dict[str, deque[str]] = defaultdict(deque)
        self._essence: dict[tuple[datetime | None, tuple[str, ...]], set[str]] = defaultdict(set)
        for identity, one in known.items():
            self._there[one.row, one.fingerprint].append(identity)
            self._same[one.fingerprint].append(identity)
            self._essence[one.start, one.components].add(identity)

    def claim(self, identity: str) -> None:
        """A row stands for it."""
        one = self._left.pop(identity)
        self._essence[one.start, one.components].discard(identity)

    def left(self) -> tuple[str, ...]:
        return tuple(self._left)

    def exactly_there(self, row: Deployment) -> str | None:
        """Of deployments alike to the letter the one that stood in this place."""
        return self._first(self._there.get((row.row, row.fingerprint)))

    def exactly(self, row: Deployment) -> str | None:
        return self._first(self._same.get(row.fingerprint))

    def in_essence(self, row: Deployment) -> str | None:
        """The one deployment with this row's start and components; None where two would fit."""
        start, components = _essence(row)
        fitting = self._essence.get((start, components), set()) if start is not None and components else set()
        return next(iter(fitting)) if len(fitting) == 1 else None

    def _first(self, identities: deque[str] | None) -> str | None:
        while identities and identities[0] not in self._left:
            identities.popleft()
        return identities[0] if identities else None


def repeated(rows: Sequence[Deployment], copied_from: Mapping[str, str]) -> dict[str, str]:
    """By ID of a row that only repeats another, that one's: what it was pasted from, or an earlier one to the letter.

    `copied_from` names for each pasted copy the deployment it was copied from. A cancelled row is repeated by none.
    """
    works = {row.id: _work(row) for row in rows if row.status is not Status.CANCELLED}
    earliest: dict[object, Deployment] = {}
    for row in rows:
        if row.status is not Status.CANCELLED and _work(row) is not None:
            before = earliest.setdefault(_letter(row), row)
            if _count(row) < _count(before):
                earliest[_letter(row)] = row
    found = {}
    for row in rows:
        work, original = _work(row), copied_from.get(row.id, "")
        if work is None:
            continue
        first = earliest.get(_letter(row))
        if original != row.id and works.get(original) == work:
            found[row.id] = original
        elif first is not None and _count(first) < _count(row):
            found[row.id] = first.id
    return found


def _work(row: Deployment) -> tuple[datetime, tuple[str, ...]] | None:
    """What a row plans: its start and components; None where it does not say both."""
    if row.window is None or not row.components:
        return None
    return row.window.start, tuple(folded(str(part)) for part in row.components)


def _letter(row: Deployment) -> tuple[object, ...]:
    return _work(row), row.environment, row.tickets


def _count(row: Deployment) -> int:
    return number_of(row.id) or 0


def _essence(row: Deployment) -> tuple[datetime | None, tuple[str, ...]]:
    return (row.window.start if row.window else None, tuple(str(part) for part in row.components))

"""Who may read a customer's log: as the registry says; people whom staff shared with by hand are left alone.

What was shared by us is kept in the ledger before it is shared, so that a crash leaves nobody in the log whom we would
not take out again. The same look at a file's permissions tells whether people outside the organization may edit a log
(config `sharing.outside_writers`), or read what is internal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from deploylog.cells import is_address
from deploylog.customer_ledger import CustomerLedger
from deploylog.errors import Refused
from deploylog.google.drive import Drive, DriveFile, Permission
from deploylog.model import Contact, Customer, Gets, Level, OperatedBy, Party, Sentence

WRITERS = frozenset({"owner", "organizer", "fileOrganizer", "writer"})
READER, COMMENTER = "reader", "commenter"
ASK_AGAIN = timedelta(hours=1)
"""How long an address that Drive refused is not tried again; another entry in the registry is tried at once."""
JUST_MADE = -1
"""The version of a copy we made and shared a moment ago, before Drive told it."""
LOOK_AGAIN = timedelta(minutes=10)
"""How old the knowledge of who may edit a log may be: members of the drive come and go without a change of the file."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Share:
    """One entry of `Share log with`, read."""

    address: str
    role: str = READER
    notify: bool = False
    """Let Google write to the address, which one without a Google account needs."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What to do about a log's permissions, and what to forget of what we shared."""

    share: tuple[Share, ...] = ()
    unshare: tuple[Permission, ...] = ()
    forget: tuple[str, ...] = ()


# Pure ------------------------------------------------------------------------------------------------------------


def read_share(entry: str) -> Share | None:
    """`eva@customer.example:comment:notify`; None where it is no address or an unknown word follows."""
    address, *words = (part.strip().lower() for part in entry.split(":"))
    if not is_address(address) or not set(words) <= {"comment", "notify"}:
        return None
    return Share(address, COMMENTER if "comment" in words else READER, "notify" in words)


def wanted_shares(customer: Customer, contacts: Sequence[Contact]) -> tuple[tuple[Share, ...], tuple[Sentence, ...]]:
    """Who shall have the log, and a sentence per entry that cannot be read.

    Those of `Share log with`; and where we operate for a partner, the partner's contacts of this customer.
    """
    shares: dict[str, Share] = {}
    problems = []
    for entry in customer.share_with:
        share = read_share(entry)
        if share is None:
            problems.append(Sentence.of("share_unread", text=entry[:60]))
        else:
            shares.setdefault(share.address, share)
    if customer.operated_by is OperatedBy.US_FOR_PARTNER:
        for contact in contacts:
            if contact.party is Party.PARTNER and contact.customer != "*" and contact.gets is not Gets.NOTHING:
                shares.setdefault(contact.address, Share(contact.address))
    return tuple(shares.values()), tuple(problems)


def kept_shares(customer: Customer, contacts: Sequence[Contact]) -> tuple[Share, ...]:
    """Who may keep the log, and nobody else, while we do not operate for the customer, or cannot read whether we do.

    The partner's contacts too: they had it if we operated for the partner before, and may again.
    """
    shares, _ = wanted_shares(replace(customer, operated_by=OperatedBy.US_FOR_PARTNER), contacts)
    return shares


def changes(wanted: Sequence[Share], ours: Mapping[str, Set[str]], present: Sequence[Permission]) -> Changes:
    """What makes the permissions match. `ours`: the roles we may have given, by address; `present`: what Drive says.

    A permission whose role is none we gave was changed by hand, and is theirs from then on.
    """
    direct = {one.address.lower(): one for one in present if not one.inherited and one.type in ("user", "group")}
    addresses = {one.address for one in wanted}
    share = []
    for one in wanted:
        there = direct.get(one.address)
        is_ours = there is not None and there.role in ours.get(one.address, ())
        if there is None or (is_ours and there.role != one.role):
            share.append(one)
    unshare, forget = [], []
    for address, roles in ours.items():
        there = direct.get(address)
        by_hand = there is not None and there.role not in roles
        if address in addresses and not by_hand:
            continue
        if there is not None and not by_hand:
            unshare.append(there)
        forget.append(address)
    return Changes(tuple(share), tuple(unshare), tuple(forget))


def outsiders(present: Sequence[Permission], domains: Sequence[str]) -> tuple[Permission, ...]:
    """Those of other organizations, and everybody with the link. Service accounts count as ours: deploylog is one."""
    return tuple(one for one in present if not _is_inside(one, domains))


def _is_inside(permission: Permission, domains: Sequence[str]) -> bool:
    domain = permission.address.rpartition("@")[2].lower()
    return permission.type != "anyone" and (domain in domains or domain.endswith(".gserviceaccount.com"))


def named(permissions: Sequence[Permission]) -> tuple[str, ...]:
    """Whom to name in a sentence; everybody with the link is `*`."""
    return tuple(one.address or "*" for one in permissions)


# What is done ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Tended:
    """For what a log's permissions were last brought to match."""

    version: int
    wanted: tuple[Share, ...]
    gives: bool
    refused: tuple[str, ...]
    until: datetime | None
    """When refused addresses are tried again."""


@dataclass(frozen=True, slots=True)
class _Writers:
    """Which outsiders might edit a log when that was looked up."""

    version: int
    at: datetime
    names: tuple[str, ...]


@dataclass
class Sharing:
    """Keeps the logs' permissions; asks Drive only where the file or the registry changed."""

    drive: Drive
    ledger: CustomerLedger
    domains: tuple[str, ...]
    outside_writers: Level
    may_notify: bool
    """False while all mail is redirected: Google's mail would reach customers."""
    _tended: dict[str, _Tended] = field(default_factory=dict)
    _seen: dict[str, _Writers] = field(default_factory=dict)
    _internal: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)

    def knows(self, file: DriveFile) -> bool:
        """Whether the log's permissions were brought to match since the start."""
        return file.id in self._tended

    def is_due(self, file: DriveFile, wanted: tuple[Share, ...], now: datetime, gives: bool = True) -> bool:
        """Whether the log or what is wanted of it changed since its permissions were last brought to match."""
        before, seen = self._tended.get(file.id), self._seen.get(file.id)
        if before is not None and seen is not None and before.version == JUST_MADE:
            # Sharing a copy gave it this version: it is the one that was brought to match.
            before = self._tended[file.id] = replace(before, version=file.version)
            self._seen[file.id] = replace(seen, version=file.version)
        if before is None or (before.version, before.wanted, before.gives) != (file.version, wanted, gives):
            return True
        return before.until is not None and now >= before.until

    def tend(
        self, file: DriveFile, wanted: tuple[Share, ...], now: datetime, new: bool = False, gives: bool = True
    ) -> None:
        """Bring a log's permissions to what is wanted, and note who may edit it. Raises `OutsideError`.

        `new`: a copy that was just made, which nobody has been given yet; it costs one call per address and no other.
        `gives`: else nobody is given it, and who had it from us and is not wanted is taken out.
        """
        present = () if new else tuple(self.drive.permissions(file.id))
        version = JUST_MADE if new else file.version
        self._seen[file.id] = _Writers(version, now, self._writers_among(present))
        ours = self.ledger.shares(file.id)
        todo = changes(wanted, ours, present)
        for permission in todo.unshare:
            self.drive.unshare(file.id, permission.id)
            log.info("log no longer shared", log=file.name, address=permission.address)
        self.ledger.forget_shares(file.id, todo.forget)
        before = self._tended.get(file.id)
        if before is not None and before.wanted == wanted and before.until is not None and now < before.until:
            waiting, until = before.refused, before.until
        else:
            waiting, until = (), now + ASK_AGAIN
        had = {one.address.lower(): ours[one.address.lower()] for one in present if one.address.lower() in ours}
        refused = tuple(
            one.address
            for one in (todo.share if gives else ())
            if one.address in waiting or not self._share(file, one, had.get(one.address, frozenset()), new)
        )
        self._tended[file.id] = _Tended(version, wanted, gives, refused, until if refused else None)

    def look(self, file: DriveFile, now: datetime) -> None:
        """Note who may edit a log, where that is not known of it as it is now. Raises `OutsideError`."""
        seen = self._seen.get(file.id)
        known = seen is not None and seen.version == file.version and now - seen.at < LOOK_AGAIN
        if self.outside_writers is not Level.OFF and not known:
            present = self.drive.permissions(file.id)
            self._seen[file.id] = _Writers(file.version, now, self._writers_among(present))

    def _writers_among(self, present: Sequence[Permission]) -> tuple[str, ...]:
        return named([one for one in outsiders(present, self.domains) if one.role in WRITERS])

    def _share(self, file: DriveFile, share: Share, had: Set[str], new: bool) -> bool:
        """Whether it could be shared; an address without a Google account is refused unless Google may write to it.

        `had`: the roles we may have given it that may still stand. Until Drive has answered, either may.
        """
        if share.notify and not self.may_notify:
            return True
        self.ledger.keep_share(file.id, share.address, {share.role, *had})
        give = self.drive.give if new and not share.notify else self.drive.share
        try:
            give(file.id, share.address, share.role, share.notify)
        except Refused as refusal:
            log.warning("log not shared", log=file.name, address=share.address, reason=str(refusal))
            self.ledger.keep_share(file.id, share.address, had)
            return False
        if had:
            self.ledger.keep_share(file.id, share.address, {share.role})
        log.info("log shared", log=file.name, address=share.address, role=share.role)
        return True

    def refused(self, file_id: str) -> tuple[str, ...]:
        """Addresses the log could not be shared with."""
        return self._tended[file_id].refused if file_id in self._tended else ()

    def writers(self, file_id: str) -> tuple[str, ...]:
        """Who outside the organization may edit the log; empty where that does not count."""
        if self.outside_writers is Level.OFF or file_id not in self._seen:
            return ()
        return self._seen[file_id].names

    def stops(self, file_id: str) -> bool:
        """Whether nothing may be sent for the log: others may edit it, or nobody could look who may."""
        return self.outside_writers is Level.BLOCK and (file_id not in self._seen or bool(self.writers(file_id)))

    def internal(self, file: DriveFile) -> tuple[str, ...]:
        """Whom outside the organization TEMPLATE or the registry is shared with, which it never should be.

        Raises `OutsideError`.
        """
        known = self._internal.get(file.id)
        if known is None or known[0] != file.version:
            found = named(outsiders(self.drive.permissions(file.id), self.domains))
            self._internal[file.id] = (file.version, found)
        return self._internal[file.id][1]

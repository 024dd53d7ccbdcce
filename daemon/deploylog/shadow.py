"""What carries decisions out: all of it, or, in a shadow run, mails to `mail.redirect_to` alone.

A shadow run is tried beside today's manual procedure: rows are judged and written back as in earnest, and what would
reach anybody else is withheld and told in the log. Its ledger believes in what was withheld, so that everything after
is judged as it would be; therefore such a ledger serves shadow runs only (`Ledger.keep_to`). Mails of a shadow run
carry a marker of their own, so that a ledger that is new never takes one for a mail customers got.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from deploylog.delivery import Delivery, EventContent, Outcome, event_key
from deploylog.follow_ups import FollowUps, Named
from deploylog.google.drive import DriveFile
from deploylog.lifecycle import EffectState
from deploylog.mime import marker_for
from deploylog.model import Key, Kind
from deploylog.observe import LogView, RowView
from deploylog.sharing import Share, Sharing

log = structlog.get_logger(__name__)


class ShadowDelivery(Delivery):
    """Sends mails, which the configuration redirects; of events it keeps only that they would stand."""

    def _marker(self, key: Key) -> str:
        return f"shadow-{marker_for(key)}"

    def invite(
        self, log_id: str, deployment_id: str, content: EventContent, tell_guests: bool, now: datetime
    ) -> list[Outcome]:
        """Note that the event would stand with this content, and tell what would have been done."""
        effect = self._event_effect(event_key(log_id, deployment_id))
        stood = effect is not None and effect.state is EffectState.SENT
        if effect is not None and stood and effect.content_hash == content.digest():
            return []
        if effect is None or effect.state is EffectState.DEAD:
            [effect] = self._ledger.commit([(event_key(log_id, deployment_id), {"guests": []}, None)], now)
        self._ledger.advance(
            effect.number,
            effect.state,
            EffectState.SENT,
            at=now,
            content_hash=content.digest(),
            payload={"guests": list(content.guests)},
        )
        withheld(
            ("update" if tell_guests else "record") if stood else "invite",
            deployment=deployment_id,
            title=content.title,
            start=content.start.isoformat(),
            guests=content.guests if tell_guests else (),
        )
        return []

    def withdraw(self, log_id: str, deployment_id: str, now: datetime) -> list[Outcome]:
        """Note that the event would be cancelled."""
        effect = self._event_effect(event_key(log_id, deployment_id))
        if effect is not None and effect.state is not EffectState.DEAD:
            self._ledger.advance(effect.number, effect.state, EffectState.DEAD, at=now, content_hash="")
            withheld("withdraw", deployment=deployment_id, guests=tuple(effect.payload.get("guests", ())))
        return []


@dataclass
class ShadowSharing(Sharing):
    """Shares nothing."""

    _told: set[tuple[str, Share]] = field(default_factory=set)

    def _share(self, file: DriveFile, share: Share, had: Set[str], new: bool) -> bool:
        if (file.id, share) not in self._told:
            self._told.add((file.id, share))
            withheld("share", log=file.name, guests=(share.address,), role=share.role)
        return True


@dataclass
class ShadowFollowUps(FollowUps):
    """Writes no note and answers no thread."""

    _told: set[tuple[str, str, str]] = field(default_factory=set)

    def _one(self, view: LogView, row: RowView, occasion: Kind, named: Named, now: datetime) -> list[Outcome]:
        about = (f"{view.file.id} {row.deployment.id}", occasion.value, f"{named.service} {named.reference}")
        if about not in self._told:
            self._told.add(about)
            withheld("note or answer", (), deployment=row.deployment.id, occasion=occasion.value, where=about[2])
        return []


def withheld(what: str, guests: Sequence[str], **about: str) -> None:
    """One line per thing that would have been done, with those whom it would have reached."""
    log.info("withheld", what=what, whom=", ".join(guests), **about)


@dataclass(frozen=True, slots=True)
class Carrying:
    """Which classes carry out, and whether what they do reaches guests."""

    delivery: type[Delivery]
    sharing: type[Sharing]
    follow_ups: type[FollowUps]
    shadow: bool
    """Nothing but mails leaves: events may name their real guests, who are not told."""


REAL = Carrying(Delivery, Sharing, FollowUps, shadow=False)
SHADOW = Carrying(ShadowDelivery, ShadowSharing, ShadowFollowUps, shadow=True)

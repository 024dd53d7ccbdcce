"""Who hears of a deployment: recipients of mails by language, and guests of the calendar event.

Pure. Design, "Mails": to the customer's managers and helpdesk, Cc partner, project and support team; one mail per
language; an address twice gets one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deploylog.model import (
    ADDRESSED_PARTIES,
    INTERNAL_PARTIES,
    Contact,
    Customer,
    Deployment,
    Notify,
    OperatedBy,
    Party,
)


@dataclass(frozen=True, slots=True)
class Circle:
    """The recipients of one mail: those of one language. `to` is never empty."""

    language: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()

    @property
    def everyone(self) -> tuple[str, ...]:
        return (*self.to, *self.cc)


def circles(deployment: Deployment, customer: Customer, contacts: Sequence[Contact]) -> tuple[Circle, ...]:
    """The mails' recipients, the customer's language first, then by language code; empty for `Nobody`.

    Where nobody of a language is to be addressed (only a team reads it), its readers move from Cc to To.
    """
    heard = [one for one in _heard(deployment, customer, contacts) if one.gets.mail]
    languages = sorted({_language(one, customer) for one in heard}, key=lambda code: (code != customer.language, code))
    found = []
    for language in languages:
        own = [one for one in heard if _language(one, customer) == language]
        to = tuple(one.address for one in own if one.party in ADDRESSED_PARTIES)
        cc = tuple(one.address for one in own if one.party not in ADDRESSED_PARTIES)
        found.append(Circle(language, to, cc) if to else Circle(language, cc))
    return tuple(found)


def guests(deployment: Deployment, customer: Customer, contacts: Sequence[Contact]) -> tuple[str, ...]:
    """The event's guests: contacts who get invitations, and the responsible; empty for `Nobody`."""
    if deployment.notify is Notify.NOBODY:
        return ()
    invited = [one.address for one in _heard(deployment, customer, contacts) if one.gets.invite]
    if deployment.responsible and deployment.responsible not in invited:
        invited.append(deployment.responsible)
    return tuple(invited)


def _heard(deployment: Deployment, customer: Customer, contacts: Sequence[Contact]) -> list[Contact]:
    """The contacts this deployment is for: what `Notify` leaves, and a partner only where one delegates to us."""
    if deployment.notify is Notify.NOBODY:
        return []
    return [
        one
        for one in contacts
        if (deployment.notify is Notify.EVERYONE or one.party in INTERNAL_PARTIES)
        and (one.party is not Party.PARTNER or customer.operated_by is OperatedBy.US_FOR_PARTNER)
    ]


def _language(contact: Contact, customer: Customer) -> str:
    return contact.language or customer.language

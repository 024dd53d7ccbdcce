"""The further mailboxes in which threads are answered (`tickets.mail.mailboxes`), tried as the daemon uses them."""

from __future__ import annotations

from collections.abc import Iterator

from deploylog.checks.finding import Check, Finding, Patient, bad, good
from deploylog.checks.identity import fetch
from deploylog.errors import AccessDenied, Refused
from deploylog.google.auth import DELEGATION_PAGE, per_scope
from deploylog.google.connect import connect

KEY = "tickets.mail.mailboxes"


def thread_mailboxes(patient: Patient) -> Iterator[Finding]:
    """Every mailbox is examined, also after one that cannot be used."""
    addresses = patient.config.tickets.mail.mailboxes
    for address in addresses:
        yield _mailbox(patient, address)
    if not addresses:
        yield good(f"none besides that of {patient.config.google.act_as} are configured ({KEY})")


def _mailbox(patient: Patient, address: str) -> Finding:
    """Whether tokens are given to act as it, scope by scope, and whether the mailbox that was meant answers."""
    google = patient.config.google.model_copy(update={"act_as": address})
    refused = []
    for scope, identity in per_scope(google):
        try:
            fetch(patient, identity)
        except AccessDenied as refusal:
            if not refusal.lacks_scope:
                return bad(f"nobody can act as {address} ({str(refusal).partition(';')[0]})", _is_a_user(address))
            refused.append(scope)
    if refused:
        client = patient.google.identities.client_id or f"the client id of {patient.google.identities.service_account}"
        return bad(
            f"may not act as {address} with {', '.join(refused)}",
            f"in the Workspace of {address}, {DELEGATION_PAGE}: in the entry of client id {client} (Add new, where it "
            f"has none), allow the scopes {','.join(refused)}; or take {address} out of {KEY}",
        )
    theirs = connect(google, patient.config.calendar.id)
    try:
        profile = theirs.gmail.profile()
    except Refused as refusal:
        return bad(f"{address} cannot be read ({str(refusal).partition(';')[0].rstrip('.')})", _is_a_user(address))
    finally:
        theirs.close()
    if profile.lower() != address.lower():
        # A user's own token reaches that user's mailbox, whatever address is asked for; an alias leads to another's.
        return bad(
            f"the mailbox reached as {address} is {profile}",
            f"write {profile} in {KEY}, if it is an alias; a user's own token reaches no other mailbox: for that, give "
            "a service account's key in google.credentials",
        )
    return good(f"threads can be answered from {address}")


def _is_a_user(address: str) -> str:
    return (
        f"at admin.google.com > Directory > Users, look whether {address} is a user (not a group or an alias) with "
        f"Gmail switched on; or take it out of {KEY}"
    )


CHECKS = (Check("thread mailboxes", thread_mailboxes, ("delegation",)),)

"""Who deploylog is to Google: the key file, the tokens, and the delegation, scope by scope."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from deploylog.checks.finding import Check, Finding, Patient, bad, good, warning
from deploylog.errors import AccessDenied
from deploylog.google.auth import DELEGATION_PAGE, FILES_SCOPES, MAILBOX_SCOPES, Identity, per_scope
from deploylog.google.connect import connect
from deploylog.google.transport import Transport


def credentials(patient: Patient) -> Iterator[Finding]:
    """Whose they are; and whether others of this machine could read them."""
    config = patient.config
    patient.connected(connect(config.google, config.calendar.id))
    who = patient.google.identities
    if who.service_account:
        yield good(f"service account {who.service_account}, client id {who.client_id or 'not in the key file'}")
    else:
        yield good(f"{who.files.acts_as}")
    path = config.google.credentials
    if isinstance(path, Path) and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH | stat.S_IWGRP | stat.S_IWOTH):
        yield warning(
            f"{path} may be read by others: whoever has it can read and send mail as {config.google.act_as}",
            f"chmod 600 {path}, owned by the daemon's user (under systemd: LoadCredential)",
        )


def token(patient: Patient) -> Iterator[Finding]:
    """A token for the files."""
    fetch(patient, patient.google.identities.files)
    yield good(f"Google gives tokens to {patient.google.identities.files.acts_as}")


def delegation(patient: Patient) -> Iterator[Finding]:
    """Every scope of the mailbox, asked for alone: Google refuses all when one is missing, and names none."""
    alone = per_scope(patient.config.google)
    if not alone:
        yield from _without_key(patient)
        return
    refused, said = [], ""
    for scope, identity in alone:
        try:
            fetch(patient, identity)
        except AccessDenied as refusal:
            if not refusal.lacks_scope:
                raise
            refused.append(scope)
            said = str(refusal)
        else:
            yield good(f"may act as {identity.acts_as} with {scope}")
    client = patient.google.identities.client_id or f"the client id of {patient.google.identities.service_account}"
    if len(refused) == len(alone):
        yield bad(
            f"the service account may act as nobody ({said.partition(';')[0]})",
            f"{DELEGATION_PAGE}: Add new, client id {client}, scopes {','.join(MAILBOX_SCOPES)}; it takes minutes, and "
            "at most 24 hours, to become true",
        )
        return
    for scope in refused:
        yield bad(
            f"may not act as {patient.config.google.act_as} with {scope}",
            f"{DELEGATION_PAGE}: edit the entry of client id {client} and add the scope {scope}",
        )


def _without_key(patient: Patient) -> Iterator[Finding]:
    """A user's own token, or the machine's: which scopes it carries is known once it was fetched."""
    mailbox = patient.google.identities.mailbox
    granted = fetch(patient, mailbox)
    if not granted:
        yield good(f"Google gives tokens to act as {mailbox.acts_as}")
        return
    for scope in (*FILES_SCOPES, *MAILBOX_SCOPES):
        if scope in granted:
            yield good(f"{mailbox.acts_as} allowed {scope}")
        else:
            yield bad(
                f"{mailbox.acts_as} did not allow {scope}",
                f"authorise again as {mailbox.acts_as}, with the scope {scope} among those asked for, and replace "
                f"{patient.config.google.credentials}",
            )


def fetch(patient: Patient, identity: Identity) -> frozenset[str]:
    transport = Transport(identity, patient.config.google.endpoint)
    try:
        return transport.fetch_token()
    finally:
        transport.close()


CHECKS = (
    Check("credentials", credentials),
    Check("token", token, ("credentials",)),
    Check("delegation", delegation, ("credentials", "token")),
)

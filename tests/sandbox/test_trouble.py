"""Trouble that lasts until it is taken back: `POST /sandbox/…`, through real clients over real HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import google.auth.transport.requests
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth.exceptions import RefreshError
from google.oauth2 import service_account
from mail_clients import mail, raw
from workspace_clients import SERVICE_ACCOUNT, STAFF, Person, refusal

DRIVE = "https://www.googleapis.com/auth/drive"


def make(person: Person, what: str, **asked: Any) -> None:
    answer = person.http.post(f"{person.origin}/sandbox/{what}", json=asked)
    assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def credentials(running: Any, private_key: rsa.RSAPrivateKey) -> Any:
    """The service account's credentials, by a key that the workspace knows; google-auth signs with the real time."""
    public = private_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    running.clock.now = datetime.now(UTC)
    accounts = running.sandbox.workspace.collection("service_accounts")
    accounts.put(SERVICE_ACCOUNT, {"public_key_pem": public.decode(), "private_key_id": "k1"})
    private = private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    info = {
        "client_email": SERVICE_ACCOUNT,
        "private_key": private.decode(),
        "private_key_id": "k1",
        "token_uri": f"{running.origin}/token",
    }
    return service_account.Credentials.from_service_account_info(info, scopes=[DRIVE])


def refresh(credentials: Any, person: Person) -> Any:
    credentials.refresh(google.auth.transport.requests.Request(person.http))
    return credentials


def status_of(person: Person, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return int(person.http.get(f"{person.origin}/drive/v3/drives", headers=headers).status_code)


def test_a_revoked_delegation_gives_no_token_for_others_until_it_is_granted_again(
    ana: Person, credentials: Any
) -> None:
    """https://developers.google.com/identity/protocols/oauth2/service-account, "JWT error codes":
    unauthorized_client where delegation is not authorized. The account itself, and tokens held, stay good."""
    acting = credentials.with_subject(STAFF)
    held = refresh(acting, ana).token
    make(ana, "delegation", revoked=True)
    with pytest.raises(RefreshError, match="unauthorized_client"):
        refresh(acting, ana)
    assert status_of(ana, held) == 200
    assert status_of(ana, refresh(credentials, ana).token) == 200
    make(ana, "delegation", revoked=False)
    refresh(acting, ana)


def test_expired_tokens_are_401_and_a_new_one_is_good(ana: Person, credentials: Any) -> None:
    """Drive, "Resolve errors", 401: the access token is expired; refresh it."""
    token = refresh(credentials, ana).token
    assert status_of(ana, token) == 200
    make(ana, "tokens/expire")
    assert status_of(ana, token) == 401
    assert status_of(ana, refresh(credentials, ana).token) == 200


def test_an_address_without_an_account_is_only_shared_with_by_mail(ana: Person, sheet: str) -> None:
    """Drive, permissions.create: sharing with who has no Google account needs the notification mail."""
    body = {"type": "user", "role": "reader", "emailAddress": "eve@customer.example"}

    def share(notify: bool) -> Any:
        return ana.drive.permissions().create(
            fileId=sheet, body=body, supportsAllDrives=True, sendNotificationEmail=notify
        )

    make(ana, "accounts", address="Eve@customer.example", google_account=False)
    assert refusal(share(False)) == (400, "invalidSharingRequest")
    share(True).execute()
    make(ana, "accounts", address="eve@customer.example", google_account=True)
    share(False).execute()


def test_a_mailbox_that_does_not_exist_is_a_failed_precondition_and_bounces(ana: Person, running: Any) -> None:
    """Gmail, "Resolve errors", 400 failedPrecondition: the user has no Gmail. RFC 3464: mail to it comes back."""
    bea = running.person("bea@partner.example").build("gmail", "v1").users()
    gmail = ana.build("gmail", "v1").users()
    make(ana, "mailboxes", address="bea@partner.example", exists=False)
    assert refusal(bea.getProfile(userId="me")) == (400, "failedPrecondition")
    assert refusal(bea.messages().send(userId="me", body=raw(mail(STAFF)))) == (400, "failedPrecondition")
    gmail.messages().send(userId="me", body=raw(mail("bea@partner.example"))).execute()
    (bounce,) = gmail.messages().list(userId="me", labelIds=["INBOX"]).execute()["messages"]
    headers = gmail.messages().get(userId="me", id=bounce["id"]).execute()["payload"]["headers"]
    assert {"name": "X-Failed-Recipients", "value": "bea@partner.example"} in headers
    make(ana, "mailboxes", address="bea@partner.example", exists=True)
    assert bea.getProfile(userId="me").execute()["emailAddress"] == "bea@partner.example"


def test_a_reset_ends_trouble(ana: Person, running: Any) -> None:
    """design.md: `POST /sandbox/reset`."""
    make(ana, "mailboxes", address=STAFF, exists=False)
    ana.http.post(f"{ana.origin}/sandbox/reset")
    assert ana.build("gmail", "v1").users().getProfile(userId="me").execute()["messagesTotal"] == 0


@pytest.mark.parametrize(
    ("what", "asked"),
    [
        ("delegation", {}),
        ("delegation", {"revoked": "yes"}),
        ("tokens/expire", {"user": STAFF}),
        ("accounts", {"google_account": False}),
        ("mailboxes", {"address": "nobody", "exists": False}),
    ],
)
def test_trouble_that_cannot_be_understood_is_refused(ana: Person, what: str, asked: dict[str, Any]) -> None:
    """A typing mistake in a test must not pass for trouble that never comes."""
    assert ana.http.post(f"{ana.origin}/sandbox/{what}", json=asked).status_code == 400

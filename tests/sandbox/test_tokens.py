"""Tokens of the sandbox, fetched with google-auth over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import google.auth.transport.requests
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth.exceptions import RefreshError
from google.oauth2 import credentials as user_credentials
from google.oauth2 import service_account

from workspace_sandbox.founding import SERVICE_ACCOUNT, Founding
from workspace_sandbox.server import Sandbox, serve
from workspace_sandbox.workspace import Workspace

USER = "deployments@soffid.example"
COMPOSE = "https://www.googleapis.com/auth/gmail.compose"
CALENDAR = "https://www.googleapis.com/auth/calendar.events"


class Clock:
    """google-auth signs with the machine's time, so this one goes with it, plus what it was moved."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Served:
    def __init__(self, origin: str, workspace: Workspace, clock: Clock, private_key: str) -> None:
        self.origin = origin
        self.workspace = workspace
        self.clock = clock
        self.private_key = private_key
        self.session = requests.Session()
        self.transport = google.auth.transport.requests.Request(self.session)

    def service_account(self, private_key: str | None = None, **more: Any) -> Any:
        info = {
            "type": "service_account",
            "client_email": SERVICE_ACCOUNT,
            "private_key": private_key or self.private_key,
            "private_key_id": "k1",
            "token_uri": self.origin + "/token",
        }
        return service_account.Credentials.from_service_account_info(info, scopes=[COMPOSE, CALENDAR], **more)

    def profile(self, token: str) -> requests.Response:
        """A call of Gmail with the token."""
        headers = {"Authorization": f"Bearer {token}"}
        return self.session.get(f"{self.origin}/gmail/v1/users/me/profile", headers=headers, timeout=5)


def _key() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@pytest.fixture(scope="module")
def keys() -> tuple[str, str]:
    return _key()


@pytest.fixture
def served(keys: tuple[str, str]) -> Iterator[Served]:
    clock = Clock()
    workspace = Workspace(clock)
    server = serve(Sandbox(workspace, Founding(keys[1], "k1")))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    served = Served(f"http://127.0.0.1:{server.port}", workspace, clock, keys[0])
    try:
        yield served
    finally:
        served.session.close()
        server.shutdown()
        thread.join()
        server.server_close()


def refused(refresh: Callable[[], object]) -> str:
    """The `error` of the refusal (RFC 6749, section 5.2)."""
    with pytest.raises(RefreshError) as raised:
        refresh()
    return str(raised.value.args[1]["error"])


def test_a_delegated_token_acts_as_its_subject(served: Served) -> None:
    """Guide "Using OAuth 2.0 for Server to Server Applications": `sub` is the user the token is for."""
    credentials = served.service_account(subject=USER)
    credentials.refresh(served.transport)
    assert served.profile(credentials.token).json()["emailAddress"] == USER


def test_without_a_subject_it_acts_as_the_service_account(served: Served) -> None:
    """Gmail error guide: a service account has no mailbox, 400 failedPrecondition."""
    credentials = served.service_account()
    credentials.refresh(served.transport)
    answer = served.profile(credentials.token)
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["reason"] == "failedPrecondition"


def test_another_key_is_refused(served: Served) -> None:
    """RFC 7523, section 3: an assertion with a wrong signature is refused with invalid_grant."""
    credentials = served.service_account(_key()[0], subject=USER)
    assert refused(lambda: credentials.refresh(served.transport)) == "invalid_grant"


def test_a_revoked_delegation_is_refused(served: Served) -> None:
    """Guide "Using OAuth 2.0 for Server to Server Applications", errors: unauthorized_client."""
    served.workspace.collection("revoked_delegations").put(SERVICE_ACCOUNT, {"reason": "revoked"})
    credentials = served.service_account(subject=USER)
    assert refused(lambda: credentials.refresh(served.transport)) == "unauthorized_client"
    served.service_account().refresh(served.transport)


def test_an_assertion_out_of_time_is_refused(served: Served) -> None:
    """Same guide, errors: invalid_grant, "Token must be a short-lived token … Check your iat and exp values"."""
    served.clock.ahead = timedelta(hours=2)
    credentials = served.service_account(subject=USER)
    assert refused(lambda: credentials.refresh(served.transport)) == "invalid_grant"


def test_a_token_ends_after_an_hour(served: Served) -> None:
    """RFC 6749, section 5.1: `expires_in`; after it 401."""
    credentials = served.service_account(subject=USER)
    credentials.refresh(served.transport)
    served.clock.ahead = timedelta(seconds=3590)
    assert served.profile(credentials.token).status_code == 200
    served.clock.ahead = timedelta(seconds=3605)
    assert served.profile(credentials.token).status_code == 401


def test_a_token_permits_only_its_scopes(served: Served) -> None:
    """Gmail error guide: 403 insufficientPermissions. The discovery document lists the scopes of each method."""
    credentials = served.service_account(subject=USER).with_scopes([CALENDAR])
    credentials.refresh(served.transport)
    answer = served.profile(credentials.token)
    assert answer.status_code == 403
    assert answer.json()["error"]["errors"][0]["reason"] == "insufficientPermissions"


def test_a_refresh_token_acts_as_its_user(served: Served) -> None:
    """RFC 6749, section 6; an unknown refresh token is refused with invalid_grant."""
    served.workspace.collection("refresh_tokens").put("1//known", {"user": USER})
    known, unknown = (
        user_credentials.Credentials(
            None, refresh_token=token, token_uri=served.origin + "/token", client_id="id", client_secret="secret"
        )
        for token in ("1//known", "1//other")
    )
    known.refresh(served.transport)
    assert served.profile(known.token).json()["emailAddress"] == USER
    assert refused(lambda: unknown.refresh(served.transport)) == "invalid_grant"


def test_other_grants_are_refused(served: Served) -> None:
    """RFC 6749, section 5.2: unsupported_grant_type."""
    answer = served.session.post(served.origin + "/token", data={"grant_type": "password"}, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize("authorization", [None, "Bearer ya29.unknown", "Basic abc", "Bearer "])
def test_a_call_without_a_known_token_is_refused(served: Served, authorization: str | None) -> None:
    """Gmail error guide: 401, reason authError."""
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = served.session.get(f"{served.origin}/gmail/v1/users/me/profile", headers=headers, timeout=5)
    assert answer.status_code == 401
    assert answer.json()["error"]["errors"][0]["reason"] == "authError"


def test_an_address_as_token_acts_as_that_user(served: Served) -> None:
    """The sandbox's own rule, for demonstrations and tests."""
    assert served.profile("Marta@Soffid.example").json()["emailAddress"] == "marta@soffid.example"

"""Who calls, with which scopes, and what an operator reads when that is not allowed."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import google.auth
import google.auth.compute_engine
import google.auth.credentials
import google.auth.exceptions
import pytest
from google_helpers import ACT_AS, GoogleSettings
from scripted_server import Behaviour, Scripted, answer, cut

from deploylog import errors
from deploylog.google.auth import DELEGATION_PAGE, FILES_SCOPES, MAILBOX_SCOPES, Identities, Identity, identities
from deploylog.google.transport import TokenAnswer, Transport, as_object, build_service, execute

ACCOUNT = "deploylog@soffid-deployments.iam.gserviceaccount.com"
TOKEN = answer(200, {"access_token": "a-token", "expires_in": 3599, "token_type": "Bearer"})


@pytest.fixture
def key(private_key: str, server: Scripted) -> dict[str, str]:
    return {
        "type": "service_account",
        "client_email": ACCOUNT,
        "client_id": "112233",
        "private_key_id": "k1",
        "private_key": private_key,
        "token_uri": f"{server.origin}/token",
    }


@pytest.fixture
def token_file(server: Scripted) -> dict[str, str]:
    return {
        "type": "authorized_user",
        "client_id": "c",
        "client_secret": "s",
        "refresh_token": "r",
        "token_uri": f"{server.origin}/token",
    }


def write(folder: Path, document: Any) -> Path:
    path = folder / "credentials.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def who(folder: Path, document: Any) -> Identities:
    return identities(GoogleSettings(write(folder, document)))


def call(identity: Identity, origin: str) -> Any:
    """One real call of Drive as that identity."""
    transport = Transport(identity, origin, timeout=(2.0, 2.0))
    try:
        return execute(build_service("drive", "v3", transport).files().list(), as_object)
    finally:
        transport.close()


def form(server: Scripted, number: int) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(server.asked[number].body.decode()).items()}


def claims(server: Scripted, number: int) -> dict[str, Any]:
    """What the signed assertion of that request says."""
    payload = form(server, number)["assertion"].split(".")[1]
    document: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return document


def test_a_service_account_is_itself_for_files_and_act_as_for_the_mailbox(
    server: Scripted, key: dict[str, str], tmp_path: Path
) -> None:
    made = who(tmp_path, key)
    server.script = [TOKEN, answer(200, {}), TOKEN, answer(200, {})]
    call(made.files, server.origin)
    call(made.mailbox, server.origin)

    assert [one.path.split("?")[0] for one in server.asked] == ["/token", "/drive/v3/files"] * 2
    files, mailbox = claims(server, 0), claims(server, 2)
    assert (files["iss"], files.get("sub"), set(files["scope"].split())) == (ACCOUNT, None, set(FILES_SCOPES))
    assert (mailbox["iss"], mailbox["sub"]) == (ACCOUNT, ACT_AS)
    assert set(mailbox["scope"].split()) == set(MAILBOX_SCOPES)
    assert server.asked[1].headers["authorization"] == "Bearer a-token"
    assert (made.service_account, made.client_id) == (ACCOUNT, "112233")


def test_a_service_account_asks_nobody_but_the_endpoint_where_it_may_be_used_from(
    server: Scripted, key: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """google-auth by itself starts a thread for that, which would reach Google also from the sandbox."""
    started: list[str] = []
    start = threading.Thread.start

    def noting(thread: threading.Thread) -> None:
        started.append(type(thread).__module__)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", noting)
    server.script = [TOKEN]
    call(who(tmp_path, key).files, server.origin)
    assert started
    assert not [module for module in started if module.startswith("google")]


def test_a_token_is_fetched_once_and_kept(server: Scripted, key: dict[str, str], tmp_path: Path) -> None:
    made = who(tmp_path, key)
    server.script = [TOKEN]
    call(made.files, server.origin)
    call(made.files, server.origin)
    assert [one.path.split("?")[0] for one in server.asked] == ["/token", "/drive/v3/files", "/drive/v3/files"]


def test_a_token_the_service_refuses_is_fetched_anew_once(
    server: Scripted, key: dict[str, str], tmp_path: Path
) -> None:
    server.script = [TOKEN, answer(401, {}), TOKEN, answer(200, {"files": []})]
    assert call(who(tmp_path, key).files, server.origin) == {"files": []}
    assert len(server.asked) == 4


def test_an_authorised_user_is_both(server: Scripted, token_file: dict[str, str], tmp_path: Path) -> None:
    made = who(tmp_path, token_file)
    assert made.files is made.mailbox
    server.script = [TOKEN]
    call(made.mailbox, server.origin)
    assert form(server, 0) == {
        "grant_type": "refresh_token",
        "client_id": "c",
        "client_secret": "s",
        "refresh_token": "r",
    }
    assert server.asked[1].headers["authorization"] == "Bearer a-token"


def test_a_token_file_of_somebody_else_is_refused(token_file: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigurationError, match=r"belongs to ann@soffid\.example, but google\.act_as is"):
        who(tmp_path, token_file | {"account": "ann@soffid.example"})
    assert who(tmp_path, token_file | {"account": ACT_AS.upper()}).files.acts_as == ACT_AS


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("not json", "is not JSON"),
        ("[]", "holds no JSON object"),
        ({}, "is neither a service account's key nor"),
        ({"installed": {"client_id": "c"}}, "describes an OAuth client"),
        ({"type": "service_account"}, "lacks client_email, private_key, token_uri; download the key again"),
        (
            {"type": "service_account", "client_email": "a", "private_key": "SECRET", "token_uri": "http://t"},
            "The private key in the credentials file",
        ),
        ({"type": "authorized_user", "refresh_token": "r", "client_id": 7}, "lacks client_id, client_secret"),
    ],
)
def test_a_wrong_file_is_a_fault_of_configuration_that_names_the_file(document: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        who(tmp_path, document)
    assert said in str(caught.value)
    assert str(tmp_path / "credentials.json") in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_faults_of_configuration(tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigurationError, match="is not there; give the path"):
        identities(GoogleSettings(tmp_path / "none.json"))
    with pytest.raises(errors.ConfigurationError, match="cannot be read"):
        identities(GoogleSettings(tmp_path))


@pytest.mark.parametrize("script", [[cut], [answer(503, {})], [answer(500, content=b"<html>")], [answer(408)]])
def test_no_token_for_now_means_not_carried_out_and_is_asked_for_once(
    script: list[Behaviour], server: Scripted, key: dict[str, str], tmp_path: Path
) -> None:
    server.script = script
    with pytest.raises(errors.NotCarriedOut, match="No token could be fetched") as caught:
        call(who(tmp_path, key).files, server.origin)
    assert type(caught.value) is errors.NotCarriedOut
    assert [one.path for one in server.asked] == ["/token"]


def test_an_unreachable_token_endpoint_means_not_carried_out(
    server: Scripted, key: dict[str, str], closed_origin: str, tmp_path: Path
) -> None:
    made = who(tmp_path, key | {"token_uri": f"{closed_origin}/token"})
    with pytest.raises(errors.NotCarriedOut, match=f"No token could be fetched at {closed_origin}; check the network"):
        call(made.files, server.origin)
    assert server.asked == []


def test_a_token_endpoint_that_asks_to_slow_down_is_busy(server: Scripted, key: dict[str, str], tmp_path: Path) -> None:
    server.script = [answer(429, {"error": "rate_limit"}, {"Retry-After": "9"})]
    with pytest.raises(errors.Busy) as caught:
        call(who(tmp_path, key).files, server.origin)
    assert caught.value.retry_after == 9


@pytest.mark.parametrize("content", [b"<html>Please log in</html>", b"[]", b'{"access_token": "t", "expires_in": "x"}'])
def test_a_page_instead_of_a_token_means_not_carried_out(
    content: bytes, server: Scripted, key: dict[str, str], tmp_path: Path
) -> None:
    server.script = [answer(200, content=content)]
    with pytest.raises(errors.NotCarriedOut, match="could be fetched"):
        call(who(tmp_path, key).files, server.origin)
    assert [one.path for one in server.asked] == ["/token"]


def test_missing_delegation_says_what_to_enter_where(server: Scripted, key: dict[str, str], tmp_path: Path) -> None:
    refused = {"error": "unauthorized_client", "error_description": "Client is unauthorized to retrieve access tokens."}
    server.script = [answer(401, refused)]
    with pytest.raises(errors.AccessDenied) as caught:
        call(who(tmp_path, key).mailbox, server.origin)
    assert str(caught.value) == (
        f"Google gives no token to act as {ACT_AS}: unauthorized_client: Client is unauthorized to retrieve access "
        f"tokens; {DELEGATION_PAGE}, allow client id 112233 the scopes {','.join(MAILBOX_SCOPES)}."
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, "the key in"),
        ({"error": "invalid_grant"}, "must still exist"),
        ("broken", "must still exist"),
    ],
)
def test_an_invalid_key_is_denied_with_a_remedy(
    error: Any, said: str, server: Scripted, key: dict[str, str], tmp_path: Path
) -> None:
    server.script = [answer(400, error)]
    with pytest.raises(errors.AccessDenied, match=said):
        call(who(tmp_path, key).files, server.origin)


def test_a_withdrawn_authorisation_is_denied_with_a_remedy(
    server: Scripted, token_file: dict[str, str], tmp_path: Path
) -> None:
    server.script = [answer(400, {"error": "invalid_grant", "error_description": "Token has been revoked."})]
    with pytest.raises(errors.AccessDenied, match=f"Token has been revoked; authorise again as {ACT_AS}"):
        call(who(tmp_path, token_file).files, server.origin)


class Machine:
    """A machine on Compute Engine: its metadata server, the IAM Credentials API and the token endpoint."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __call__(
        self, url: str, method: str = "GET", body: bytes | None = None, headers: Any = None, **_: Any
    ) -> TokenAnswer:
        plain = url.split("?")[0].removesuffix("/")
        text = (body or b"").decode()
        is_form = "assertion=" in text
        sent = {name: values[0] for name, values in parse_qs(text).items()} if is_form else json.loads(text or "{}")
        self.asked.append((plain, sent))
        return TokenAnswer(200, {"metadata-flavor": "Google", "content-type": "application/json"}, self._say(plain))

    def _say(self, url: str) -> bytes:
        account = {"email": ACCOUNT, "scopes": ["cloud-platform"], "aliases": ["default"]}
        says: Mapping[str, Any] = {
            "service-accounts/default": account,
            f"service-accounts/{ACCOUNT}": account,
            "default/token": {"access_token": "machine", "expires_in": 3599, "token_type": "Bearer"},
            ":signJwt": {"signedJwt": "signed"},
            ":generateAccessToken": {"accessToken": "files", "expireTime": "2999-01-01T00:00:00Z"},
            "oauth2.googleapis.com/token": {"access_token": "mailbox", "expires_in": 3599},
        }
        return next((json.dumps(said).encode() for end, said in says.items() if url.endswith(end)), b"")


def test_without_a_key_the_machines_service_account_signs_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google.auth, "default", lambda **_: (google.auth.compute_engine.Credentials(), None))
    machine = Machine()
    made = identities(GoogleSettings("adc"))
    assert machine.asked == []

    headers: dict[str, str] = {}
    made.mailbox.before_request(machine, "GET", "https://gmail.googleapis.com/", headers)
    assert headers["authorization"] == "Bearer mailbox"
    signing = next(sent for url, sent in machine.asked if url.endswith(f"{ACCOUNT}:signJwt"))
    signed = json.loads(signing["payload"])
    assert (signed["sub"], signed["iss"], set(signed["scope"].split())) == (ACT_AS, ACCOUNT, set(MAILBOX_SCOPES))

    headers = {}
    made.files.before_request(machine, "GET", "https://www.googleapis.com/drive/v3/files", headers)
    assert headers["authorization"] == "Bearer files"
    generating = next(sent for url, sent in machine.asked if url.endswith(f"{ACCOUNT}:generateAccessToken"))
    assert set(generating["scope"]) == set(FILES_SCOPES)


@pytest.mark.parametrize("kind", ["key", "token_file"])
def test_application_default_credentials_may_be_a_key_or_a_user(
    kind: str, server: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    document = request.getfixturevalue(kind)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(write(tmp_path, document)))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "soffid-deployments")
    made = identities(GoogleSettings("adc"))
    seen: list[dict[str, str]] = []

    def token_endpoint(url: str, body: bytes | None = None, **_: Any) -> TokenAnswer:
        seen.append({name: values[0] for name, values in parse_qs((body or b"").decode()).items()})
        return TokenAnswer(200, {}, b'{"access_token": "t", "expires_in": 3599}')

    headers: dict[str, str] = {}
    made.mailbox.before_request(token_endpoint, "GET", "https://gmail.googleapis.com/", headers)
    assert headers["authorization"] == "Bearer t"
    if kind == "token_file":
        assert seen[0]["refresh_token"] == "r"
    else:
        payload = seen[0]["assertion"].split(".")[1]
        assert json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"] == ACT_AS


def test_a_metadata_server_that_answers_nonsense_means_not_carried_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google.auth, "default", lambda **_: (google.auth.compute_engine.Credentials(), None))

    def nonsense(*_: Any, **__: Any) -> TokenAnswer:
        return TokenAnswer(200, {"content-type": "application/json"}, b"<html>")

    with pytest.raises(errors.NotCarriedOut) as caught:
        identities(GoogleSettings("adc")).files.before_request(nonsense, "GET", "https://www.googleapis.com/", {})
    assert type(caught.value) is errors.NotCarriedOut


def test_a_machine_without_credentials_is_a_fault_of_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(**_: Any) -> Any:
        raise google.auth.exceptions.DefaultCredentialsError("none")

    monkeypatch.setattr(google.auth, "default", nothing)
    with pytest.raises(errors.ConfigurationError, match="has no application-default credentials; run `gcloud"):
        identities(GoogleSettings("adc")).files.before_request(Machine(), "GET", "https://www.googleapis.com/", {})


def test_default_credentials_that_are_no_service_account_cannot_act_as_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google.auth, "default", lambda **_: (google.auth.credentials.AnonymousCredentials(), None))
    with pytest.raises(errors.ConfigurationError, match="are not a service account's"):
        identities(GoogleSettings("adc")).mailbox.before_request(Machine(), "GET", "https://www.googleapis.com/", {})

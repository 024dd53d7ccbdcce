"""Who is let in, and what a page elsewhere, a stranger or a stolen address can do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey

from deploylog.config import OidcConfig, WebConfig
from deploylog.web.guarding import guard
from deploylog.web.refusals import add_refusals
from deploylog.web.sign_in import STAYS, add_sign_in
from issuer import Issuer, issuing

URL = "https://pages.example"
ANA = {"email": "ana@soffid.example", "email_verified": True, "hd": "soffid.example"}
PAGES = ("/", "/month", "/agenda", "/customers", "/figures", "/mails", "/mails/start/es")


# This machine alone ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", "10.0.0.5"])
def test_a_name_that_is_not_this_machines_is_refused(board: Any, host: str) -> None:
    answer = board.app.test_client().get("/", headers={"Host": host})
    assert answer.status_code == 421
    assert "DIBA" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:8080"])
def test_this_machines_own_names_are_answered(board: Any, host: str) -> None:
    assert board.app.test_client().get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/check", "/effects/31"])
@pytest.mark.parametrize("token", ["", "another"])
def test_what_is_sent_without_the_forms_token_does_nothing(board: Any, path: str, token: str) -> None:
    client = board.app.test_client()
    client.get("/")
    parked, asked = board.world.ledger.parked(), list(board.asked)
    assert client.post(path, data={"verdict": "sent", "csrf_token": token}).status_code == 403
    assert board.world.ledger.parked() == parked
    assert board.asked == asked


def test_a_check_is_asked_for_with_the_forms_token(board: Any) -> None:
    client = board.app.test_client()
    asked = len(board.asked)
    assert client.post("/check", data={"csrf_token": _token(client)}).status_code == 302
    assert len(board.asked) == asked + 1


@pytest.mark.parametrize("path", PAGES)
def test_every_page_forbids_scripts_frames_and_requests_elsewhere(board: Any, path: str) -> None:
    answer = board.app.test_client().get(path)
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert "http" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<script" not in answer.get_data(as_text=True)


def test_cookies_are_out_of_scripts_reach_and_stay_on_this_site(board: Any) -> None:
    cookie = board.app.test_client().get("/").headers["Set-Cookie"]
    assert cookie.startswith("deploylog=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_nothing_can_be_changed_by_getting(board: Any) -> None:
    changing = {rule.rule for rule in board.app.url_map.iter_rules() if "POST" in rule.methods}
    assert changing == {"/check", "/effects/<int:number>"}
    assert board.app.test_client().get("/effects/31").status_code == 405


# Signing in -----------------------------------------------------------------------------------------------------------


class Place:
    """A guarded application with one page, an issuer, and a browser that keeps cookies."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.now = datetime.now(UTC)
        oidc = OidcConfig(client_id="client", client_secret="client-secret", issuer=issuer.origin)  # type: ignore[arg-type]
        self.app = Flask("test")
        self.app.secret_key = b"x" * 32
        guard(self.app, WebConfig(oidc=oidc, url=URL, listen="0.0.0.0:8080"))
        add_refusals(self.app)
        add_sign_in(self.app, oidc, URL, ("soffid.example",), lambda: self.now)
        self.app.add_url_rule("/", "page", lambda: "the page")
        self.client: FlaskClient = self.app.test_client()

    def get(self, path: str) -> Any:
        return self.client.get(path, base_url=URL)

    def sign_in(self, **claims: Any) -> Any:
        """To the issuer and back, as a browser goes."""
        self.issuer.claims = {name: value for name, value in {**ANA, **claims}.items() if value is not None}
        asked = self.get("/sign-in/")
        assert asked.status_code == 302, asked.get_data(as_text=True)
        back = requests.get(asked.headers["Location"], allow_redirects=False, timeout=5).headers["Location"]
        assert back.startswith(f"{URL}/sign-in/back?")
        return self.get(back.removeprefix(URL))


@pytest.fixture
def place() -> Iterator[Place]:
    with issuing() as issuer:
        yield Place(issuer)


def test_a_stranger_is_sent_to_sign_in_and_sees_nothing(place: Place) -> None:
    answer = place.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/")
    assert "the page" not in answer.get_data(as_text=True)


def test_staff_who_sign_in_are_let_in_until_the_working_day_is_over(place: Place) -> None:
    answer = place.sign_in()
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert place.get("/").get_data(as_text=True) == "the page"
    place.now += STAYS
    assert place.get("/").status_code == 302


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "eva@evil.example", "hd": "evil.example"},
        {"hd": None},
        {"hd": "evil.example"},
        {"email": "eva@evil.example"},
        {"email": "eva@notsoffid.example"},
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "true"},
        {"email": None},
    ],
)
def test_who_is_not_of_the_organization_is_not_let_in(place: Place, claims: dict[str, Any]) -> None:
    assert place.sign_in(**claims).status_code == 403
    assert place.get("/").status_code == 302


@pytest.mark.parametrize(
    "claims", [{"aud": "another"}, {"iss": "https://evil.example"}, {"exp": 1, "iat": 0}, {"nonce": "another"}]
)
def test_a_token_that_is_not_for_this_is_refused(place: Place, claims: dict[str, Any]) -> None:
    assert place.sign_in(**claims).status_code == 403
    assert place.get("/").status_code == 302


def test_a_token_another_key_signed_is_refused(place: Place) -> None:
    place.issuer.sign_with = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
    assert place.sign_in().status_code == 403
    assert place.get("/").status_code == 302


def test_an_answer_nobody_asked_for_is_refused(place: Place) -> None:
    assert place.get("/sign-in/back?code=a&state=b").status_code == 403


def test_cookies_go_over_https_alone_where_the_pages_do(place: Place) -> None:
    cookie = place.sign_in().headers["Set-Cookie"]
    assert cookie.startswith("__Host-deploylog=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Domain" not in cookie


def test_only_the_name_people_sign_in_under_is_answered(place: Place) -> None:
    assert place.client.get("/", base_url="http://127.0.0.1:8080").status_code == 421


def test_no_secret_is_logged_or_shown(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    shown = place.sign_in().get_data(as_text=True) + place.sign_in(hd="evil.example").get_data(as_text=True)
    place.issuer.sign_with = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
    shown += place.sign_in().get_data(as_text=True)
    captured = capsys.readouterr()
    for secret in ("client-secret", "access-token-secret", "eyJ", "code="):
        assert secret not in shown + captured.out + captured.err


def test_signing_out_needs_the_forms_token(place: Place) -> None:
    place.sign_in()
    assert place.client.post("/sign-in/out", base_url=URL).status_code == 403
    assert place.get("/").status_code == 200


def test_a_session_ends_a_moment_before_its_time_is_over_and_not_sooner(place: Place) -> None:
    place.sign_in()
    place.now += STAYS - timedelta(minutes=1)
    assert place.get("/").status_code == 200


def _token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/").get_data(as_text=True))
    assert found is not None
    return found[1]

"""Signing in with Google (OpenID Connect), for addresses of the organization's domains alone.

Authlib checks state, nonce, PKCE, issuer, audience, times and signature of the ID token. What is checked here is who
may come in: Google's claim `hd` (the Workspace the account belongs to) and the address's own domain are both the
organization's, and the address is verified. An account of Google's that merely carries such an address has no `hd`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, Response, abort, redirect, request, session, url_for
from joserfc.errors import JoseError
from werkzeug.wrappers import Response as AnyResponse

from deploylog.config import OidcConfig

STAYS = timedelta(hours=12)
"""How long one signing in holds: a working day, so that who leaves is out by tomorrow."""
WHO, SINCE = "who", "since"
OPEN = frozenset({"health", "sign_in", "feeds"})
"""Blueprints that need no signing in: they tell nothing, are how one signs in, or have an address nobody can guess."""

log = structlog.get_logger(__name__)


def refusal(claims: Mapping[str, Any], domains: Sequence[str]) -> str | None:
    """Why the holder of a valid ID token is not let in; None: they are."""
    address = str(claims.get("email") or "").lower()
    domain = address.rpartition("@")[2]
    if claims.get("email_verified") is not True:
        return "the address is not verified"
    if str(claims.get("hd") or "").lower() not in domains:
        return "the account belongs to another organization"
    if domain not in domains:
        return "the address is of another domain"
    return None


def add_sign_in(
    app: Flask, oidc: OidcConfig, origin: str, domains: Sequence[str], clock: Callable[[], datetime]
) -> None:
    """Every page but those of `OPEN` asks who is there. `origin`: what browsers call the pages."""
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"  # Strict would lose the session on the way back from Google
    issuer = OAuth(app).register(
        "issuer",
        client_id=oidc.client_id,
        client_secret=oidc.client_secret.get_secret_value(),
        server_metadata_url=f"{oidc.issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email", "code_challenge_method": "S256", "timeout": 10},
    )
    pages = Blueprint("sign_in", __name__, url_prefix="/sign-in")

    @app.before_request
    def ask() -> AnyResponse | None:
        if request.blueprint in OPEN or request.endpoint == "static" or _is_in(clock()):
            return None
        if request.method != "GET":
            abort(403, "You are not signed in any more. Load the page again.")
        return redirect(url_for("sign_in.begin"))

    @pages.get("/")
    def begin() -> AnyResponse:
        session.clear()
        hint = {"hd": domains[0] if len(domains) == 1 else "*", "prompt": "select_account"}
        try:
            answer: AnyResponse = issuer.authorize_redirect(f"{origin}/sign-in/back", **hint)
        except requests.RequestException as problem:
            log.warning("sign-in not possible", reason=type(problem).__name__)
            abort(503, "Google does not answer. Try again in a moment.")
        return answer

    @pages.get("/back")
    def back() -> AnyResponse:
        try:
            claims = issuer.authorize_access_token().get("userinfo") or {}
        except (AuthlibBaseError, JoseError, requests.RequestException, ValueError, KeyError) as problem:
            # Neither the code nor a token stands in the kind of the error.
            log.warning("sign-in refused", reason=type(problem).__name__)
            session.clear()
            abort(403, "Signing in did not work. Try again.")
        session.clear()
        why = refusal(claims, domains)
        if why is not None:
            log.warning("sign-in refused", reason=why)
            abort(403, f"You are not let in: {why}. Use your account of {', '.join(domains)}.")
        session[WHO] = str(claims["email"]).lower()
        session[SINCE] = clock().timestamp()
        log.info("signed in", who=session[WHO])
        return redirect("/")

    @pages.post("/out")
    def out() -> Response:
        session.clear()
        return Response("You are signed out.\n", content_type="text/plain; charset=utf-8")

    app.register_blueprint(pages)


def _is_in(now: datetime) -> bool:
    since = session.get(SINCE)
    return WHO in session and since is not None and now - datetime.fromtimestamp(since, UTC) < STAYS


def who() -> str:
    """The address of whoever signed in; empty where nobody needs to."""
    return str(session.get(WHO, ""))

"""What stands between the pages and everybody else: host names, tokens of forms, what a browser may do."""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request, session

from deploylog.config import WebConfig, is_loopback

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""No script at all, nothing from elsewhere, and nobody may frame a page."""
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; base-uri 'none'; frame-ancestors 'self'"
"""Of a mail as it was sent, in its frame: its own inline styles, and nothing else."""
TOKEN = "csrf_token"  # noqa: S105  (the name of a field)
FOR_MACHINES = "health"
"""The blueprint that is asked by address, and tells nothing."""


def guard(app: Flask, web: WebConfig) -> None:
    """Check every request before, and mark every answer after."""
    own = urlsplit(web.url).netloc.lower() if web.url else ""
    encrypted = bool(web.url and web.url.startswith("https://"))
    app.config.update(
        # Browsers take a cookie of that name only over https, for this host alone.
        SESSION_COOKIE_NAME="__Host-deploylog" if encrypted else "deploylog",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=encrypted,
        MAX_CONTENT_LENGTH=64 * 1024,
    )

    @app.before_request
    def check_host() -> None:
        """A page elsewhere may have its own name point to this machine (DNS rebinding): that name is not ours."""
        if request.blueprint == FOR_MACHINES:
            return
        host = request.host.lower()
        # Where people sign in, only the name they do it under holds; the cookie is that name's.
        if host != own and (web.oidc is not None or not is_loopback(_name(host))):
            abort(421, "This is not the name of these pages.")

    @app.before_request
    def check_token() -> None:
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return
        known = session.get(TOKEN, "")
        if not known or not hmac.compare_digest(request.form.get(TOKEN, "").encode(), known.encode()):
            abort(403, "The form is too old. Go back, load the page again, and send it once more.")

    @app.context_processor
    def form_token() -> dict[str, object]:
        return {TOKEN: _token}

    @app.after_request
    def mark(answer: Response) -> Response:
        answer.headers.setdefault("Content-Security-Policy", POLICY)
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "no-referrer"
        answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if request.endpoint != "static":
            answer.headers.setdefault("Cache-Control", "no-store")
        if encrypted:
            answer.headers["Strict-Transport-Security"] = "max-age=31536000"
        return answer


def _token() -> str:
    """This session's own, made when a form first shows it."""
    if TOKEN not in session:
        session[TOKEN] = secrets.token_urlsafe(32)
    return str(session[TOKEN])


def _name(host: str) -> str:
    """Without the port."""
    return host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host.partition(":")[0]

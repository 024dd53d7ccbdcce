"""A small OpenID Connect issuer over HTTP that vouches for whomever a test names (authorization code, PKCE, RS256)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from time import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from web_servers import handled_by


@dataclass
class Issuer:
    """What it says of the person, and what went wrong on purpose."""

    origin: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}, private=True))
    sign_with: RSAKey | None = None
    """Another key than the one it publishes."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        match path:
            case "/.well-known/openid-configuration":
                return 200, {
                    "issuer": self.origin,
                    "authorization_endpoint": f"{self.origin}/authorize",
                    "token_endpoint": f"{self.origin}/token",
                    "jwks_uri": f"{self.origin}/keys",
                    "id_token_signing_alg_values_supported": ["RS256"],
                }
            case "/keys":
                return 200, {"keys": [self.key.as_dict(private=False)]}
            case "/token":
                return self._token(form)
        return 404, {}

    def authorize(self, query: dict[str, str]) -> str:
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if asked is None or base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(time())
        claims = {"iss": self.origin, "aud": asked["client_id"], "sub": "1", "iat": now, "exp": now + 600}
        claims |= {"nonce": asked["nonce"]} | self.claims
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.sign_with or self.key)
        return 200, {"access_token": "access-token-secret", "token_type": "Bearer", "id_token": signed}


@contextmanager
def issuing() -> Iterator[Issuer]:
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", issuer.authorize(query))
                self.end_headers()
            else:
                self._say(*issuer.answer(parts.path, query))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._say(*issuer.answer(self.path, {name: values[0] for name, values in parse_qs(body).items()}))

        def _say(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    with handled_by(Handler) as issuer.origin:
        yield issuer

"""Who is calling: access tokens for service accounts (with delegation) and for refresh tokens, and what they permit.

Three collections of the workspace are read: `service_accounts` (address -> `public_key_pem`, `private_key_id`),
`revoked_delegations` (address of a service account that may act as nobody else) and `refresh_tokens` (token ->
`user`, and `scopes` where it is limited). Issued tokens are kept in `access_tokens`.

For demonstrations a bearer token that is an e-mail address acts as that user, with every scope.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from workspace_sandbox.calls import Answer, ApiError, Json
from workspace_sandbox.workspace import Workspace

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

_LIFETIME = 3599
"""Seconds an issued token is good for, as Google's answers say."""
_LONGEST_ASSERTION = 3600
"""Seconds from `iat` to `exp` (https://developers.google.com/identity/protocols/oauth2/service-account)."""
_SKEW = 300
"""Seconds that a caller's clock may differ from ours."""
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_UNAUTHENTICATED = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)


class _GrantError(Exception):
    """A refusal in the token endpoint's own shape (RFC 6749, section 5.2)."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description


def grant(form: Mapping[str, str], workspace: Workspace) -> Answer:
    """Answer `POST /token`: an access token for a service account's signed assertion or for a refresh token.

    Refusals come as `{"error", "error_description"}` (RFC 6749, section 5.2), never as an exception.
    """
    try:
        kind = form.get("grant_type", "")
        scopes: list[str] | None
        if kind == JWT_BEARER:
            user, scopes, app = _by_assertion(form.get("assertion", ""), workspace)
        elif kind == "refresh_token":
            user, scopes = _by_refresh_token(form.get("refresh_token", ""), workspace)
            app = form.get("client_id", "")
        else:
            raise _GrantError(400, "unsupported_grant_type", f"Invalid grant_type: {kind}")
    except _GrantError as refusal:
        return Answer({"error": refusal.error, "error_description": refusal.description}, refusal.status)
    token = "ya29." + secrets.token_urlsafe(32)
    expires = workspace.clock() + timedelta(seconds=_LIFETIME)
    workspace.collection("access_tokens").put(
        token, {"user": user, "scopes": scopes, "app": app, "expires": int(expires.timestamp())}
    )
    answer: Json = {"access_token": token, "expires_in": _LIFETIME, "token_type": "Bearer"}
    if scopes is not None and kind == "refresh_token":
        answer["scope"] = " ".join(scopes)
    return Answer(answer)


def user_of(authorization: str | None, workspace: Workspace) -> str:
    """The address, in lower case, that a request with this `Authorization` header acts as.

    Raises ApiError 401 where there is no token, or an unknown or expired one.
    """
    token = _bearer(authorization)
    if _ADDRESS.fullmatch(token):
        return token.lower()
    return str(_issued(token, workspace)["user"])


def scopes_of(authorization: str | None, workspace: Workspace) -> frozenset[str] | None:
    """The scopes of the request's token, or None where it is not limited. Raises as `user_of` does."""
    token = _bearer(authorization)
    if _ADDRESS.fullmatch(token):
        return None
    scopes = _issued(token, workspace)["scopes"]
    return None if scopes is None else frozenset(scopes)


def app_of(authorization: str | None, workspace: Workspace) -> str:
    """The application a request comes from: the service account or the OAuth client its token was issued to.

    All tokens that are addresses of people count as one application. Raises as `user_of` does.
    """
    token = _bearer(authorization)
    if _ADDRESS.fullmatch(token):
        return token.lower() if token.lower().endswith(".gserviceaccount.com") else "people"
    return str(_issued(token, workspace).get("app", ""))


def require_scope(authorization: str | None, accepted: Collection[str], workspace: Workspace) -> None:
    """Refuse a token that has none of the scopes a method accepts (`scopes` in its discovery document).

    Raises ApiError 403 insufficientPermissions, and 401 as `user_of` does.
    """
    scopes = scopes_of(authorization, workspace)
    if scopes is not None and accepted and scopes.isdisjoint(accepted):
        raise ApiError(403, "insufficientPermissions", "Request had insufficient authentication scopes.")


def expire_all(workspace: Workspace) -> None:
    """Every issued access token ends now; refresh tokens and assertions get new ones."""
    issued = workspace.collection("access_tokens")
    now = int(workspace.clock().timestamp())
    for token, document in issued.items():
        issued.put(token, {**document, "expires": min(document["expires"], now)})


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise ApiError(401, "authError", _UNAUTHENTICATED)
    return token.strip()


def _issued(token: str, workspace: Workspace) -> Json:
    issued = workspace.collection("access_tokens").get(token)
    if issued is None or issued["expires"] <= workspace.clock().timestamp():
        raise ApiError(401, "authError", _UNAUTHENTICATED)
    return issued


def _by_refresh_token(token: str, workspace: Workspace) -> tuple[str, list[str] | None]:
    known = workspace.collection("refresh_tokens").get(token)
    if known is None:
        raise _GrantError(400, "invalid_grant", "Token has been expired or revoked.")
    scopes = known.get("scopes")
    return str(known["user"]).lower(), None if scopes is None else list(scopes)


def _by_assertion(assertion: str, workspace: Workspace) -> tuple[str, list[str], str]:
    """Who a signed assertion acts as, with which scopes, and the service account that signed it (RFC 7523)."""
    claims = _verified(assertion, workspace)
    _check_times(claims, workspace.clock().timestamp())
    # The origin differs with the port, the path does not.
    if urlsplit(str(claims.get("aud", ""))).path.rpartition("/")[2] != "token":
        raise _GrantError(
            400, "invalid_grant", "Invalid JWT: Failed audience check. The right audience is /token here."
        )
    scopes = str(claims.get("scope", "")).split()
    if not scopes:
        raise _GrantError(400, "invalid_scope", "Empty or missing scope not allowed.")
    account = str(claims["iss"])
    subject = str(claims.get("sub") or account).lower()
    if subject != account:
        _check_delegation(account, subject, workspace)
    return subject, scopes, account


def _check_delegation(account: str, subject: str, workspace: Workspace) -> None:
    if workspace.collection("revoked_delegations").get(account) is not None:
        raise _GrantError(
            401,
            "unauthorized_client",
            "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of "
            "the scopes requested.",
        )
    if not _ADDRESS.fullmatch(subject) or subject.endswith(".invalid"):
        raise _GrantError(400, "invalid_grant", "Invalid email or User ID")


def _check_times(claims: Json, now: float) -> None:
    issued, expires = claims.get("iat"), claims.get("exp")
    if (
        not isinstance(issued, int | float)
        or not isinstance(expires, int | float)
        or expires - issued > _LONGEST_ASSERTION
        or issued > now + _SKEW
        or expires < now - _SKEW
    ):
        raise _GrantError(
            400,
            "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your "
            "iat and exp values in the JWT claim.",
        )


def _verified(assertion: str, workspace: Workspace) -> Json:
    """The claims of the assertion, once its RS256 signature (RFC 7515) is that of the account in `iss`."""
    try:
        header_part, claims_part, signature_part = assertion.split(".")
        header, claims = _decoded_object(header_part), _decoded_object(claims_part)
        signature = _decoded(signature_part)
    except (ValueError, binascii.Error):
        raise _GrantError(400, "invalid_request", "Bad Request: the assertion is not a JWT.") from None
    account = workspace.collection("service_accounts").get(str(claims.get("iss", "")))
    if account is None:
        raise _GrantError(400, "invalid_grant", "Invalid grant: account not found")
    refusal = _GrantError(400, "invalid_grant", "Invalid JWT Signature.")
    if header.get("alg") != "RS256" or header.get("kid", account["private_key_id"]) != account["private_key_id"]:
        raise refusal
    key = load_pem_public_key(account["public_key_pem"].encode())
    if not isinstance(key, RSAPublicKey):
        raise refusal
    try:
        key.verify(signature, f"{header_part}.{claims_part}".encode(), PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise refusal from None
    return claims


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _decoded_object(part: str) -> dict[str, Any]:
    decoded = json.loads(_decoded(part))
    if not isinstance(decoded, dict):
        raise ValueError("not an object")
    return decoded

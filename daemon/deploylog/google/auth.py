"""Who the daemon is to Google: one identity for the files, one for the mailbox and the calendar.

With a service account the files are reached as the service account itself, which is a member of the shared drive, and
mailbox and calendar as `act_as`, by domain-wide delegation. An authorised user is both. Nothing here uses the network
before the first call is sent.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import google.auth
import google.auth.compute_engine
import google.auth.exceptions
import google.auth.impersonated_credentials
import google.oauth2.credentials
import google.oauth2.service_account

from deploylog.errors import AccessDenied, ConfigurationError, NotCarriedOut

FILES_SCOPES = (
    "https://www.googleapis.com/auth/drive",
    "https://www.googleapis.com/auth/spreadsheets",
)
MAILBOX_SCOPES = (
    "https://www.googleapis.com/auth/calendar.events",
    "https://www.googleapis.com/auth/gmail.compose",
    "https://www.googleapis.com/auth/gmail.readonly",
)
"""The ones to delegate; docs/set-up.md says what each is for.

`gmail.send` could not make drafts. Of mails only headers are read, but `gmail.metadata` may not search.
"""
DELEGATION_PAGE = (
    "at admin.google.com > Security > Access and data control > API controls > Manage Domain Wide Delegation"
)

_TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105  (an address, not a secret)
_DELEGATION_WORDS = frozenset({"unauthorized_client", "access_denied", "invalid_scope"})

Maker = Callable[[Any], Any]
"""Makes google-auth credentials; is given google-auth's request callable, for what needs the network."""


class GoogleConfig(Protocol):
    """What is read of the configuration's `google`."""

    @property
    def credentials(self) -> Path | str:
        """A service account's key, an authorised user's token file, or the word `adc`."""

    @property
    def act_as(self) -> str:
        """The address that owns mailbox and calendar."""

    @property
    def sheets_reads(self) -> int | None:
        """Reads of Sheets a minute that one user may make; None: Google's published limit, and none elsewhere."""

    @property
    def endpoint(self) -> str | None:
        """The sandbox's origin, or None for Google."""


class Identity:
    """Gives each request its token; made when first needed, renewed when due, safe to share between threads.

    google-auth's own `before_request` is not used: for service accounts it starts a thread that asks Google where the
    account may be used from, also when everything else goes to the sandbox.
    """

    def __init__(self, acts_as: str, make: Maker, delegation: str, remedy: str) -> None:
        """`acts_as` is for sentences; `delegation` says what to do where a right is missing, `remedy` otherwise."""
        self.acts_as = acts_as
        self._make = make
        self._delegation = delegation
        self._remedy = remedy
        self._credentials: Any = None
        self._lock = threading.Lock()

    def before_request(self, request: Any, method: str, url: str, headers: dict[str, str]) -> None:
        """Put a valid token into `headers`. Raises AccessDenied, NotCarriedOut, Busy or ConfigurationError."""
        with self._lock:
            if self._credentials is None or not self._credentials.valid:
                self._renew(request)
            self._credentials.apply(headers)

    def refresh(self, request: Any) -> None:
        """Fetch a new token, whether or not the present one looks valid. Raises as `before_request` does."""
        with self._lock:
            self._renew(request)

    def _renew(self, request: Any) -> None:
        try:
            if self._credentials is None:
                self._credentials = self._make(request)
            self._credentials.refresh(request)
        except google.auth.exceptions.RefreshError as error:
            raise self._no_token(error) from error
        except (google.auth.exceptions.GoogleAuthError, TypeError, ValueError) as error:
            # TypeError and ValueError: an answer that is no token at all, such as a proxy's login page.
            raise NotCarriedOut(
                f"No token to act as {self.acts_as} could be fetched: {_one_line(error)}.", method="oauth2.token"
            ) from error

    def _no_token(self, error: Any) -> NotCarriedOut:
        word, description = _token_error(error)
        said = ": ".join(one for one in (word, description) if one)
        if error.retryable or isinstance(error.__cause__, google.auth.exceptions.TransportError):
            return NotCarriedOut(f"No token to act as {self.acts_as} could be fetched: {said}.", method="oauth2.token")
        lacks_scope = word in _DELEGATION_WORDS
        remedy = self._delegation if lacks_scope else self._remedy
        return AccessDenied(
            f"Google gives no token to act as {self.acts_as}: {said}; {remedy}.",
            method="oauth2.token",
            lacks_scope=lacks_scope,
        )


@dataclass(frozen=True, slots=True)
class Identities:
    """Both identities, and what an operator needs to give them their rights."""

    files: Identity
    """Drive and Sheets."""
    mailbox: Identity
    """Calendar and Gmail."""
    service_account: str = ""
    """The service account's address; empty for a user, and for `adc`, where it is not known before the first call."""
    client_id: str = ""
    """The number to enter under domain-wide delegation; empty where unknown."""


def identities(config: GoogleConfig) -> Identities:
    """Who the daemon acts as, after the configuration's `google`. No network.

    Raises ConfigurationError, naming the file, where it is missing, unreadable or something else.
    """
    if str(config.credentials) == "adc":
        return _application_default(config.act_as)
    path = Path(config.credentials)
    document = _read(path)
    if document.get("type") == "service_account":
        return _service_account(document, path, config.act_as)
    if "refresh_token" in document:
        return _authorised_user(document, path, config.act_as)
    raise ConfigurationError(_what_it_is(document, path))


def per_scope(config: GoogleConfig) -> tuple[tuple[str, Identity], ...]:
    """For every scope that has to be delegated, an identity that asks for it alone, to tell which one is missing.

    None where the credentials are not a service account's key. No network; raises as `identities` does.
    """
    if str(config.credentials) == "adc":
        return ()
    path = Path(config.credentials)
    document = _read(path)
    if document.get("type") != "service_account":
        return ()
    return tuple((scope, _service_account(document, path, config.act_as, (scope,)).mailbox) for scope in MAILBOX_SCOPES)


def _read(path: Path) -> dict[str, Any]:
    what = "give the path of a service account's key in google.credentials"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"The credentials file {path} is not there; {what}.") from None
    except OSError as error:
        raise ConfigurationError(
            f"The credentials file {path} cannot be read ({error.strerror}); let the user of the daemon read it."
        ) from None
    except ValueError:
        raise ConfigurationError(f"The credentials file {path} is not JSON; {what}.") from None
    if not isinstance(document, dict):
        raise ConfigurationError(f"The credentials file {path} holds no JSON object; {what}.")
    return document


def _what_it_is(document: Mapping[str, Any], path: Path) -> str:
    if "installed" in document or "web" in document:
        return (
            f"The credentials file {path} describes an OAuth client, not somebody who allowed it anything; give a "
            "service account's key or an authorised user's token file in google.credentials."
        )
    return (
        f"The credentials file {path} is neither a service account's key nor an authorised user's token file; "
        "download a key of the service account as JSON."
    )


def _service_account(
    document: Mapping[str, Any], path: Path, act_as: str, mailbox_scopes: Sequence[str] = MAILBOX_SCOPES
) -> Identities:
    _require(document, ("client_email", "private_key", "token_uri"), path, "download the key again as JSON")

    def make(scopes: Sequence[str], subject: str | None) -> Any:
        return google.oauth2.service_account.Credentials.from_service_account_info(
            document, scopes=list(scopes), subject=subject
        )

    try:
        as_itself, as_user = make(FILES_SCOPES, None), make(mailbox_scopes, act_as)
    except (ValueError, TypeError):  # TypeError: the key is locked with a password
        raise ConfigurationError(
            f"The private key in the credentials file {path} cannot be read; download the key again as JSON."
        ) from None
    address, client_id = str(document["client_email"]), str(document.get("client_id", ""))
    remedy = (
        f"the key in {path} must still exist, this machine's clock must be right, and google.act_as must be a user "
        "of the domain"
    )
    delegation = _delegation(f"client id {client_id}" if client_id else f"the client id of {address}")
    return Identities(
        files=Identity(address, lambda _: as_itself, remedy, remedy),
        mailbox=Identity(act_as, lambda _: as_user, delegation, remedy),
        service_account=address,
        client_id=client_id,
    )


def _authorised_user(document: Mapping[str, Any], path: Path, act_as: str) -> Identities:
    remedy = f"authorise again as {act_as} and replace {path}"
    _require(document, ("client_id", "client_secret", "refresh_token"), path, remedy)
    owner = str(document.get("account") or act_as)
    if owner.casefold() != act_as.casefold():
        raise ConfigurationError(
            f"The credentials file {path} belongs to {owner}, but google.act_as is {act_as}; make them the same."
        )
    # No scopes: a refresh gives those that were granted; asking for others would be refused (invalid_scope).
    user = google.oauth2.credentials.Credentials(
        token=None,
        refresh_token=document["refresh_token"],
        token_uri=document.get("token_uri") or _TOKEN_URI,
        client_id=document["client_id"],
        client_secret=document["client_secret"],
    )
    both = Identity(act_as, lambda _: user, remedy, remedy)
    return Identities(files=both, mailbox=both)


def _application_default(act_as: str) -> Identities:
    remedy = "run `gcloud auth application-default login` again, or set GOOGLE_APPLICATION_CREDENTIALS"
    token_creator = (
        "give the service account the role Service Account Token Creator on itself, enable the IAM Service Account "
        f"Credentials API, and {_delegation('its client id')}"
    )
    return Identities(
        files=Identity(
            "the application-default credentials", _default_maker(FILES_SCOPES, None), remedy, token_creator
        ),
        mailbox=Identity(act_as, _default_maker(MAILBOX_SCOPES, act_as), token_creator, token_creator),
    )


def _default_maker(scopes: Sequence[str], subject: str | None) -> Maker:
    """Credentials of the machine: a key file, a user, or a service account without a key (Compute Engine, GKE, …).

    Without a key the account signs for itself through the IAM Credentials API. That is done for the files too, since
    the machine's own tokens may not carry the scope of Drive.
    """

    def make(request: Any) -> Any:
        try:
            # Not with `request`: looking for a metadata server that is not there is no fault of the network.
            found, _ = google.auth.default(scopes=[*FILES_SCOPES, *MAILBOX_SCOPES])
        except google.auth.exceptions.DefaultCredentialsError:
            raise ConfigurationError(
                "google.credentials is adc, but this machine has no application-default credentials; run `gcloud auth "
                "application-default login` or set GOOGLE_APPLICATION_CREDENTIALS."
            ) from None
        if isinstance(found, google.oauth2.credentials.Credentials):
            return found
        if isinstance(found, google.oauth2.service_account.Credentials):
            return found.with_scopes(list(scopes)).with_subject(subject)
        if isinstance(found, google.auth.compute_engine.Credentials):
            # Else the machine is asked which cloud it is in; delegation exists in this one only.
            found = found.with_universe_domain("googleapis.com")
        return google.auth.impersonated_credentials.Credentials(
            source_credentials=found,
            target_principal=_own_address(found, request),
            target_scopes=list(scopes),
            subject=subject,
        )

    return make


def _own_address(found: Any, request: Any) -> str:
    """The service account behind keyless credentials; on Compute Engine it is known only after a first token."""
    address = getattr(found, "service_account_email", None)
    if address == "default":
        found.refresh(request)
        address = found.service_account_email
    if not address:
        raise ConfigurationError(
            "The application-default credentials are not a service account's, so they cannot act as a user; use a "
            "service account, or a key file in google.credentials."
        )
    return str(address)


def _delegation(client_id: str) -> str:
    return f"{DELEGATION_PAGE}, allow {client_id} the scopes {','.join(MAILBOX_SCOPES)}"


def _require(document: Mapping[str, Any], names: Sequence[str], path: Path, remedy: str) -> None:
    missing = [name for name in names if not isinstance(document.get(name), str) or not document[name]]
    if missing:
        raise ConfigurationError(f"The credentials file {path} lacks {', '.join(missing)}; {remedy}.")


def _token_error(error: Any) -> tuple[str, str]:
    """OAuth's word and its description (RFC 6749, 5.2), or what the IAM Credentials API says."""
    answer = error.args[1] if len(error.args) > 1 else None
    if isinstance(answer, (str, bytes)):
        try:
            answer = json.loads(answer)
        except ValueError:
            answer = None
    if not isinstance(answer, dict):
        return "", _one_line(error.args[0] if error.args else error)
    word = answer.get("error")
    if isinstance(word, dict):
        return str(word.get("status", "")), _one_line(word.get("message", ""))
    return str(word or ""), _one_line(answer.get("error_description") or "")


def _one_line(text: object) -> str:
    return " ".join(str(text).split()).rstrip(".")[:300]

"""The one way out: every call to Google goes through `Transport`, which sends a request exactly once.

httplib2, which googleapiclient uses by itself, sends a POST twice when the connection is cut, also with
`num_retries=0`; here requests carries everything, with retries off at every level. The only request ever sent a second
time is one answered with 401, after a fresh token: a request refused for its token was not carried out.
What is harmless to repeat is repeated by `retrying`, in the open, by the adapters.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit, urlunsplit

import gspread.http_client
import httplib2  # type: ignore[import-untyped]
import requests
from google.auth.transport.requests import AuthorizedSession
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc

from deploylog import errors
from deploylog.google import failures
from deploylog.sending import once_only

T = TypeVar("T")

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
LONGEST_WAIT = 30.0
"""Seconds; the longest `retrying` ever waits between two attempts."""


Called = Callable[[str, int], None]
"""Is told of every call: its method in the vendor's documents, and the HTTP status, or 0 where no answer came."""


def uncounted(method: str, status: int) -> None:
    """For whoever does not count calls."""


class Authorizer(Protocol):
    """What AuthorizedSession asks of credentials; `auth.Identity` is one."""

    def before_request(self, request: Any, method: str, url: str, headers: dict[str, str]) -> None: ...

    def refresh(self, request: Any) -> None: ...


class Transport:
    """Sends requests as one identity, each once, with time-outs, to Google or to `endpoint`.

    `endpoint` is an origin (`http://127.0.0.1:8085`) that stands in for all of Google's, or None. A loopback endpoint
    is never reached through a proxy of the environment. `timeout` is (seconds to connect, seconds between two parts of
    the answer). Not closed by itself: call `close`.
    """

    def __init__(
        self,
        identity: Authorizer,
        endpoint: str | None = None,
        timeout: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
        called: Called = uncounted,
    ) -> None:
        self._called = called
        self._identity = identity
        self.endpoint = endpoint.rstrip("/") if endpoint else None
        self._timeout = timeout
        self._tokens = once_only(requests.Session(), self.endpoint)
        self.session = once_only(
            AuthorizedSession(
                identity,
                refresh_status_codes=(401,),
                max_refresh_attempts=1,
                auth_request=TokenRequest(self._tokens, timeout),
            ),
            self.endpoint,
        )

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
        params: Mapping[str, Any] | None = None,
        json_body: Any = None,
    ) -> requests.Response:
        """Send once and give the answer, whatever its status. Redirects are followed for GET and HEAD only.

        Raises requests.RequestException, and `deploylog.errors` where no token could be had.
        """
        try:
            response = self.session.request(
                method.upper(),
                self.address(url),
                data=body,
                headers=dict(headers or {}),
                params=params,
                json=json_body,
                timeout=self._timeout,
                allow_redirects=method.upper() in ("GET", "HEAD"),
            )
        except requests.RequestException:
            self._called(failures.calling.get(), 0)
            raise
        self._called(failures.calling.get(), response.status_code)
        return response

    def address(self, url: str) -> str:
        """Google's URL with the endpoint's origin, where there is one."""
        if self.endpoint is None:
            return url
        origin, asked = urlsplit(self.endpoint), urlsplit(url)
        return urlunsplit((origin.scheme, origin.netloc, asked.path, asked.query, asked.fragment))

    def fetch_token(self) -> frozenset[str]:
        """Have the identity fetch a token now, and nothing else. Raises as `auth.Identity.refresh` does.

        Gives the scopes the token carries, where Google says them: it does for users, and not for service accounts.
        """
        answers: list[bytes] = []
        fetch = TokenRequest(self._tokens, self._timeout)

        def noting(*args: Any, **more: Any) -> TokenAnswer:
            answer = fetch(*args, **more)
            answers.append(answer.data)
            return answer

        self._identity.refresh(noting)
        said = json.loads(answers[-1]) if answers else {}
        return frozenset(str(said.get("scope", "")).split())

    def close(self) -> None:
        self.session.close()
        self._tokens.close()


@dataclass(frozen=True)
class TokenAnswer:
    """An answer of a token endpoint as google-auth reads it."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class TokenRequest:
    """Fetches tokens: google-auth's request callable, without its pauses and retries.

    A call that gets no token was never sent, so network faults, 5xx and 408 are NotCarriedOut and 429 is Busy, raised
    from here; other answers go back to google-auth, which turns them into a RefreshError.
    """

    def __init__(self, session: requests.Session, timeout: tuple[float, float]) -> None:
        self._session = session
        self._timeout = timeout

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | tuple[float, float] | None = None,
        **_: Any,
    ) -> TokenAnswer:
        name = "oauth2.token"
        try:
            response = self._session.request(
                method,
                url,
                data=body,
                headers=dict(headers or {}),
                timeout=timeout or self._timeout,
                allow_redirects=method == "GET",
            )
        except requests.RequestException as error:
            at = urlsplit(url)
            raise errors.NotCarriedOut(
                f"No token could be fetched at {at.scheme}://{at.netloc}; check the network.", method=name
            ) from error
        if response.status_code == 429:
            raise failures.refusal(name, answer_of(response))
        if response.status_code >= 500 or response.status_code == 408:
            raise errors.NotCarriedOut(
                f"No token could be fetched: {urlsplit(url).netloc} answered {response.status_code}.",
                method=name,
                status=response.status_code,
            )
        return TokenAnswer(response.status_code, response.headers, response.content)


class Http:
    """The part of httplib2.Http that googleapiclient uses, over a `Transport`.

    googleapiclient sends a GET whose address exceeds 2,048 characters as a POST with `x-http-method-override: GET`;
    that stays a read.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        redirections: int = 0,
        connection_type: object = None,
    ) -> tuple[httplib2.Response, bytes]:
        """Send once. `redirections` and `connection_type` are httplib2's; they have no meaning here."""
        response = self._transport.send(method, uri, headers=headers, body=body)
        # requests has already decoded the content, so what the headers say of its encoding no longer holds.
        kept = {
            name.lower(): value
            for name, value in response.headers.items()
            if name.lower() not in ("content-encoding", "content-length")
        }
        answer = httplib2.Response({**kept, "status": str(response.status_code)})
        answer.reason = response.reason
        return answer, response.content

    def close(self) -> None:
        """For googleapiclient's `Resource.close`; the transport is closed by who made it."""


class SheetsClient(gspread.http_client.HTTPClient):  # type: ignore[misc]  # gspread carries no complete types
    """gspread's client over a `Transport`; a refusal raises `failures.Unsuccessful`, for use inside `outside`."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(auth=None, session=transport.session)
        self._transport = transport

    def request(
        self,
        method: str,
        endpoint: str,
        params: Any = None,
        data: Any = None,
        json: Any = None,
        files: Any = None,
        headers: Any = None,
    ) -> requests.Response:
        """Send once; `files` (gspread's CSV import) is not supported."""
        if files is not None:
            raise NotImplementedError("uploads through gspread")
        response = self._transport.send(method, endpoint, headers=headers, body=data, params=params, json_body=json)
        if not response.ok or response.is_redirect:
            raise failures.Unsuccessful(answer_of(response))
        return response


def build_service(name: str, version: str, transport: Transport) -> Any:
    """A googleapiclient service from the discovery document the package carries; no network.

    The origin is rewritten in the document itself, because `client_options.api_endpoint` leaves uploads and batches
    with Google; `mtlsRootUrl` is dropped, because the environment may otherwise turn it on.
    """
    text = get_static_doc(name, version)
    if text is None:
        raise errors.ConfigurationError(
            f"google-api-python-client carries no description of {name} {version}; install it again."
        )
    document = json.loads(text)
    document.pop("mtlsRootUrl", None)
    if transport.endpoint is not None:
        document["rootUrl"] = f"{transport.endpoint}/"
        document["baseUrl"] = f"{transport.endpoint}/{document['servicePath']}"
    return build_from_document(document, http=Http(transport))


def execute(request: Any, read: Callable[[Any], T]) -> T:
    """Carry out one googleapiclient request, once, and give what `read` makes of its answer.

    Raises `deploylog.errors` only: see `failures`.
    """
    with failures.outside(request.methodId):
        answer = request.execute(num_retries=0)
    return failures.understood(request.methodId, answer, read)


def as_object(answer: Any) -> dict[str, Any]:
    """An answer as it is; googleapiclient hands on as text what is not JSON."""
    if not isinstance(answer, dict):
        raise TypeError("not an object")
    return answer


def nothing(answer: Any) -> None:
    """For deletions: whatever the answer holds, it has no meaning."""


def retrying(
    call: Callable[[], T],
    sleep: Callable[[float], None],
    attempts: int = 4,
    *,
    first_wait: float = 1.0,
    random_part: Callable[[], float] = random.random,
) -> T:
    """Repeat a call that is harmless to repeat (a read, an absolute write) and give what it gives.

    Repeated after NotCarriedOut (not reached), Busy and InDoubt; never after Refused. Waits with full jitter: a random
    part (0 to 1) of `first_wait` seconds, doubled with each attempt, at most 30 s; after Busy at least as long as the
    service asks. A service that asks for more than 30 s is not waited for: Busy is raised, so that the caller can do
    something else meanwhile. After the last attempt its error is raised.
    """
    for attempt in range(attempts):
        try:
            return call()
        except errors.Refused:
            raise
        except (errors.NotCarriedOut, errors.InDoubt) as error:
            asked = error.retry_after if isinstance(error, errors.Busy) else 0.0
            if attempt == attempts - 1 or asked > LONGEST_WAIT:
                raise
            jitter = random_part() * min(LONGEST_WAIT, first_wait * 2.0**attempt)
            sleep(max(asked, jitter))
    raise ValueError("attempts must be at least 1")


def answer_of(response: requests.Response) -> failures.Answer:
    """The answer as `failures` reads it."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return failures.Answer(response.status_code, response.reason or "", headers, response.content)

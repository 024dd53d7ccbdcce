"""What holds for all that is sent over HTTP, to Google and to others: each request once, no password of the machine.

And what can be told of a request that failed: whether it certainly never left.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter


def once_only(session: requests.Session, origin: str | None) -> requests.Session:
    """The session, made to send each request once. `origin`: where all of it goes; None: to several places.

    A loopback origin is never reached through a proxy of the environment.
    """
    adapter = HTTPAdapter(max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    # Without an `auth` of its own, requests would overwrite the token with a password it finds in ~/.netrc.
    session.auth = _leave_as_is
    session.trust_env = not (origin and _is_loopback(origin))
    return session


def _leave_as_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _is_loopback(origin: str) -> bool:
    host = urlsplit(origin).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def never_sent(error: requests.RequestException) -> bool:
    """Whether the request certainly never left: no connection, no name, no trust, or nothing that can be sent.

    urllib3 says ProxyError only as long as the proxy has not connected it to the other side.
    """
    unsendable = (
        requests.exceptions.InvalidURL,
        requests.exceptions.InvalidSchema,
        requests.exceptions.MissingSchema,
        requests.exceptions.InvalidHeader,
        requests.exceptions.InvalidJSONError,
        requests.exceptions.ConnectTimeout,
        requests.exceptions.ProxyError,
    )
    return isinstance(error, unsendable) or caused_by(
        error, urllib3.exceptions.NewConnectionError, ssl.SSLCertVerificationError
    )


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all it was made from, which requests and urllib3 hand on in arguments and in `reason`.

    Never `__context__`: an error raised while an earlier one is handled has that one there, and a connection refused
    a moment ago says nothing about the call that failed now.
    """
    waiting: list[BaseException] = [error]
    while waiting:
        one = waiting.pop(0)
        yield one
        waiting.extend(each for each in (*one.args, getattr(one, "reason", None)) if isinstance(each, BaseException))


def caused_by(error: BaseException, *kinds: type[BaseException]) -> bool:
    return any(isinstance(one, kinds) for one in causes(error))

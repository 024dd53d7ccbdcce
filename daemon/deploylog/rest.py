"""JSON over HTTP for services other than Google: bounded, and every failure one of `deploylog.errors`.

Each request is sent once; redirects are not followed, so that a token goes nowhere but to the configured address.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import requests

from deploylog import errors
from deploylog.sending import never_sent, once_only

TIMEOUT = (5.0, 15.0)
"""Seconds to connect, and between two parts of the answer."""
LONGEST_SECONDS = 30.0
"""For a whole answer."""
MOST_BYTES = 5_000_000
_LONGEST_QUOTE = 200
_BY_STATUS: Mapping[int, type[errors.Refused]] = {
    401: errors.AccessDenied,
    403: errors.AccessDenied,
    404: errors.NotFound,
    409: errors.Conflict,
}


class Rest:
    """One service at one origin. `name` is what people call it; `headers` carry its token."""

    def __init__(
        self, name: str, origin: str, headers: Mapping[str, str], timeout: tuple[float, float] = TIMEOUT
    ) -> None:
        self._name = name
        self._origin = origin.rstrip("/")
        self._timeout = timeout
        self._session = once_only(requests.Session(), self._origin)
        self._session.headers.update({"Accept": "application/json", **headers})

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """What the service answers, as JSON. Raises `OutsideError`."""
        return self._call("GET", path, params=params)

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """Send JSON and give the answer; InDoubt where nobody knows whether it was carried out."""
        return self._call(method, path, body=body)

    def close(self) -> None:
        self._session.close()

    def _call(
        self, method: str, path: str, params: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
    ) -> Any:
        what = f"{method} {path}"
        try:
            with self._session.request(
                method,
                f"{self._origin}{path}",
                params=params,
                json=body,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                content = self._content(response, what)
        except requests.RequestException as error:
            raise self._unanswered(what, error) from error
        if not response.ok or response.is_redirect:
            raise self._refusal(what, response, content)
        try:
            return json.loads(content) if content.strip() else None
        except ValueError as error:
            raise errors.InDoubt(
                f"{self._name}'s answer to {what} is not JSON; check that its address in the configuration is right",
                method=what,
                status=response.status_code,
            ) from error

    def _content(self, response: requests.Response, what: str) -> bytes:
        content, until = b"", time.monotonic() + LONGEST_SECONDS
        for part in response.iter_content(65536):
            content += part
            if len(content) > MOST_BYTES or time.monotonic() > until:
                raise errors.InDoubt(
                    f"{self._name}'s answer to {what} has no end", method=what, status=response.status_code
                )
        return content

    def _refusal(self, what: str, response: requests.Response, content: bytes) -> errors.OutsideError:
        status = response.status_code
        text = f"{self._name} answered {status} to {what}{_said(content)}"
        if status == 429:
            header = response.headers.get("Retry-After", "")
            after = float(header) if header.isdigit() else 0.0
            return errors.Busy(f"{text}; it asks to slow down", method=what, status=status, retry_after=after)
        if status >= 500 or status == 408:
            return errors.InDoubt(text, method=what, status=status)
        if response.is_redirect or 300 <= status < 400:
            remedy = "it leads elsewhere, and is not followed: put the address it has now into the configuration"
            return errors.Refused(f"{text}; {remedy}", method=what, status=status)
        if status in (401, 403):
            text += f"; check the token of {self._name} and what it may do"
        return _BY_STATUS.get(status, errors.Refused)(text, method=what, status=status)

    def _unanswered(self, what: str, error: requests.RequestException) -> errors.OutsideError:
        if never_sent(error):
            return errors.NotCarriedOut(f"{self._name} cannot be reached at {self._origin}", method=what)
        happened = (
            "did not answer in time" if isinstance(error, requests.Timeout) else "hung up before the whole answer"
        )
        return errors.InDoubt(f"{self._name} {happened} to {what}", method=what)


def _said(content: bytes) -> str:
    """What the service says of it, in one short line: `error` (Zammad) or `message` (GitLab)."""
    try:
        document = json.loads(content)
    except ValueError:
        return ""
    if not isinstance(document, dict):
        return ""
    words = " ".join(str(document.get("error_human") or document.get("error") or document.get("message") or "").split())
    return f": {words[:_LONGEST_QUOTE]}" if words else ""

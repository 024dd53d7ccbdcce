"""The way from the daemon to the services without a network: every call and every commit may be the last, or go wrong.

`Wire` carries a request of the real clients straight into the application of the sandbox, or of a stand-in. Before and
after each call, and before and after each commit of the ledger, it asks `Trouble` whether the daemon ends there, and
what the call meets. What a client makes of a cut connection is urllib3's and requests' own: the errors are theirs.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import requests
import urllib3
from requests.adapters import BaseAdapter
from sqlalchemy.engine import Engine
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from workspace_sandbox import discovery

ORIGIN = "http://127.0.0.1:1"
"""No port anything listens at: a call that does not go through the wire fails."""


class Service(Protocol):
    """The sandbox, or a stand-in."""

    def respond(self, request: Request) -> Response: ...


class Killed(BaseException):
    """The process ends here: nothing that would tidy up is run."""


class Fault(StrEnum):
    """What a call may meet. `done`: the service carried it out all the same."""

    REFUSED_BUSY = "429"
    RATE_LIMITED = "403 rateLimitExceeded"
    UNAVAILABLE = "503"
    UNAVAILABLE_DONE = "503, done"
    CUT = "cut, not done"
    CUT_DONE = "cut, done"
    HANGS = "no answer in time, not done"
    HANGS_DONE = "no answer in time, done"
    UNREACHABLE = "no connection"


_HANG = timedelta(seconds=30)
"""What `transport.READ_SECONDS` is: how long the daemon waits for an answer."""
_BODIES = {
    Fault.REFUSED_BUSY: (429, "rateLimitExceeded"),
    Fault.RATE_LIMITED: (403, "rateLimitExceeded"),
    Fault.UNAVAILABLE: (503, "backendError"),
    Fault.UNAVAILABLE_DONE: (503, "backendError"),
}
_DONE = (Fault.UNAVAILABLE_DONE, Fault.CUT_DONE, Fault.HANGS_DONE)


@dataclass
class Trouble:
    """What the next points meet. A point is a place where the daemon may end: around a call, around a commit."""

    kill_in: int | None = None
    """The daemon ends at the point that many points from now; None: it does not."""
    kill_at: dict[str, str] = field(default_factory=dict)
    """By method id (or `*`): the daemon ends `before` its next call, or `after` that was carried out."""
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    """By method id (or `*` for any), what its next calls meet."""
    points: int = 0
    """How many points there were so far."""
    met: Counter[str] = field(default_factory=Counter)
    """What came to pass: kills and faults, by name."""

    def point(self) -> None:
        """The daemon is here."""
        self.points += 1
        if self.kill_in is not None:
            self.kill_in -= 1
            if self.kill_in < 0:
                self.kill_in = None
                self._kill("somewhere")

    def around(self, method: str, moment: str) -> None:
        """`before` or `after` a call of this method."""
        for name in (method, "*"):
            if self.kill_at.get(name) == moment:
                del self.kill_at[name]
                self._kill(f"{moment} {method}")
        self.point()

    def _kill(self, where: str) -> None:
        self.met[f"killed {where}"] += 1
        raise Killed

    def fault_for(self, method: str) -> Fault | None:
        for name in (method, "*"):
            if waiting := self.faults.get(name):
                fault = waiting.pop(0)
                self.met[fault.value] += 1
                return fault
        return None

    def clear(self) -> None:
        """Nothing happens any more."""
        self.kill_in = None
        self.kill_at.clear()
        self.faults.clear()


class Wire(BaseAdapter):
    """A requests adapter whose other end is a service; `wait` lets the virtual clock go on.

    `name` says what a request is called where faults aim at it.
    """

    def __init__(
        self,
        service: Service,
        trouble: Trouble | None,
        wait: Callable[[timedelta], None],
        name: Callable[[requests.PreparedRequest], str] | None = None,
    ) -> None:
        super().__init__()
        self._service = service
        self._trouble = trouble
        self._wait = wait
        self._name = name or method_of

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        if self._trouble is None:
            return self._answer(request)
        method = self._name(request)
        self._trouble.around(method, "before")
        fault = self._trouble.fault_for(method)
        if fault is Fault.UNREACHABLE:
            raise requests.ConnectionError(
                urllib3.exceptions.NewConnectionError(None, "refused"),  # type: ignore[arg-type]
                request=request,
            )
        answer = self._answer(request) if fault is None or fault in _DONE else None
        self._trouble.around(method, "after")
        if fault in (Fault.HANGS, Fault.HANGS_DONE):
            self._wait(_HANG)
            raise requests.ReadTimeout("the answer did not come", request=request)
        if fault in (Fault.CUT, Fault.CUT_DONE):
            raise requests.ConnectionError("hung up", request=request)
        if fault is not None:
            return _response(request, *_refused(*_BODIES[fault]))
        assert answer is not None
        return answer

    def close(self) -> None:
        """Nothing is held."""

    def _answer(self, request: requests.PreparedRequest) -> requests.Response:
        body = request.body or b""
        address = urlsplit(str(request.url))
        builder = EnvironBuilder(
            path=unquote(address.path),
            query_string=address.query,
            method=request.method or "GET",
            headers={name: str(value) for name, value in request.headers.items()},
            data=body.encode() if isinstance(body, str) else body,
        )
        environ = builder.get_environ()
        environ["REQUEST_URI"] = address.path
        response = self._service.respond(Request(environ))
        return _response(request, response.status_code, dict(response.headers), response.get_data())


def method_of(request: requests.PreparedRequest) -> str:
    """The id in the discovery documents, such as `gmail.users.drafts.send`."""
    found = discovery.match(request.method or "GET", urlsplit(str(request.url)).path)
    return found.method.id if found else "token"


def watch_commits(engine: Engine, trouble: Trouble) -> None:
    """A point before and after each commit of the ledger."""
    commit = engine.dialect.do_commit

    def do_commit(connection: Any) -> None:
        trouble.point()
        commit(connection)
        trouble.point()

    engine.dialect.do_commit = do_commit  # type: ignore[method-assign]


def _refused(status: int, reason: str) -> tuple[int, dict[str, str], bytes]:
    body = f'{{"error": {{"code": {status}, "message": "asked for", "errors": [{{"reason": "{reason}"}}]}}}}'
    return status, {"Content-Type": "application/json"}, body.encode()


def _response(
    request: requests.PreparedRequest, status: int, headers: dict[str, str], content: bytes
) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers.update(headers)
    response.raw = io.BytesIO(content)
    response._content = content
    response.url = str(request.url)
    response.request = request
    return response

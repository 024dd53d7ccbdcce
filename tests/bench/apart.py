"""A sandbox in a child process on the parent's virtual clock: what it holds in memory is not the parent's."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from werkzeug.wrappers import Request, Response

from workspace_sandbox.founding import Founding
from workspace_sandbox.server import Sandbox
from workspace_sandbox.workspace import Workspace


class SandboxApart:
    """Answers as `Sandbox.respond` does; each request takes the instant along."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._child = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._child.start()
        theirs.close()

    def respond(self, request: Request) -> Response:
        environ = {name: value for name, value in request.environ.items() if isinstance(value, str | int)}
        self._pipe.send((self._clock(), environ, request.get_data(cache=True)))
        status, headers, content = self._pipe.recv()
        return Response(content, status, headers=headers)

    def close(self) -> None:
        self._pipe.close()
        self._child.join(10)


def _serve(pipe: Connection) -> None:
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    sandbox: Sandbox | None = None
    while True:
        try:
            now[0], environ, content = pipe.recv()
        except EOFError:
            return
        if sandbox is None:
            sandbox = Sandbox(Workspace(clock=lambda: now[0]), Founding())
        given: dict[str, Any] = {**environ, "wsgi.input": io.BytesIO(content), "CONTENT_LENGTH": str(len(content))}
        response = sandbox.respond(Request(given))
        pipe.send((response.status_code, list(response.headers), response.get_data()))

"""A small HTTP server that does what a test tells it, request by request, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


Behaviour = Callable[["Handler"], None]


@dataclass
class Scripted:
    """`script` holds what happens to the next requests; when it is used up, everything is answered with `{}`."""

    origin: str = ""
    script: list[Behaviour] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def methods(self) -> list[str]:
        return [one.method for one in self.asked]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    scripted: Scripted

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(length)
        self.scripted.asked.append(Asked(self.command, self.path, headers, body))
        behaviour = self.scripted.script.pop(0) if self.scripted.script else answer(200, {})
        behaviour(self)

    do_CONNECT = do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815  (names of http.server)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the name it has there)
        """Keep the test's output quiet."""


def answer(
    status: int, document: Any = None, headers: Mapping[str, str] | None = None, content: bytes | None = None
) -> Behaviour:
    def behave(handler: Handler) -> None:
        body = content if content is not None else json.dumps(document).encode()
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def cut(handler: Handler) -> None:
    """Read everything and hang up without an answer."""
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def half(handler: Handler) -> None:
    """Promise more than is sent, then hang up."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"id": "')
    handler.wfile.flush()
    cut(handler)


def silence(handler: Handler) -> None:
    """Answer nothing for as long as the test runs."""
    handler.scripted.ended.wait(10)
    handler.close_connection = True


@contextmanager
def scripted_server() -> Iterator[Scripted]:
    scripted = Scripted()
    handler = type("BoundHandler", (Handler,), {"scripted": scripted})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    scripted.origin = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield scripted
    finally:
        scripted.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()

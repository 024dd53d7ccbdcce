"""Small servers that listen where deploylog speaks: an HTTP address, and systemd's notification socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Asked:
    """A server that answers every call with one status and one body, and keeps what it was asked."""

    origin: str = ""
    status: int = 200
    body: bytes = b"{}"
    location: str = ""
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def answering(status: int = 200, body: bytes = b"{}", location: str = "") -> Iterator[Asked]:
    asked = Asked(status=status, body=body, location=location)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.paths.append(self.path)
            asked.headers.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(asked.status)
            if asked.location:
                self.send_header("Location", asked.location)
            self.send_header("Content-Length", str(len(asked.body)))
            self.end_headers()
            self.wfile.write(asked.body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *args: object) -> None:
            pass

    with handled_by(Handler) as asked.origin:
        yield asked


@contextmanager
def handled_by(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The origin of a server on loopback, until the end of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def notified(address: str) -> Iterator[list[str]]:
    """What was told over systemd's notification socket at that address so far; `@name` is an abstract one."""
    told: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        listening.settimeout(0.05)
        ended = threading.Event()

        def listen() -> None:
            while not ended.is_set():
                try:
                    told.append(listening.recv(4096).decode())
                except TimeoutError:
                    continue

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield told
        finally:
            ended.set()
            thread.join()
            if not address.startswith("@"):
                Path(address).unlink()

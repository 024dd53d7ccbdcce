"""A proxy between the daemon and the sandbox that lets calls fail by chance: cut, answered 503 or 429, held back."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import urlsplit

import requests

_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "content-encoding", "keep-alive"}


class Trouble:
    """By chance, for `share` of the calls; the same series for the same seed."""

    def __init__(self, seed: int, share: float) -> None:
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self.share = share
        self.met: Counter[str] = Counter()

    def next(self) -> str:
        with self._lock:
            if self._chance.random() >= self.share:
                return ""
            kind = self._chance.choice(("cut before", "cut after", "503", "503 after", "429", "slow"))
            self.met[kind] += 1
            return kind


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream: ClassVar[str]
    trouble: ClassVar[Trouble]
    session: ClassVar[requests.Session]

    def pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = self.trouble.next()
        if kind == "slow":
            time.sleep(0.3)
        if kind in ("cut before", "503", "429"):
            return self._fail(kind)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", *_HOP_BY_HOP)}
        address = urlsplit(self.path)
        answer = requests.request(
            self.command,
            f"{self.upstream}{address.path}{'?' if address.query else ''}{address.query}",
            data=body,
            headers=headers,
            timeout=30,
            allow_redirects=False,
        )
        if kind in ("cut after", "503 after"):
            return self._fail(kind)
        self._answer(answer.status_code, dict(answer.headers), answer.content)
        return None

    def _fail(self, kind: str) -> None:
        if kind.startswith("cut"):
            self.close_connection = True
            self.connection.close()
            return
        status = int(kind[:3])
        self._answer(status, {}, b'{"error": {"code": %d, "message": "asked for", "errors": []}}' % status)

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """What the proxy does stands in `Trouble.met`."""


for _verb in ("GET", "POST", "PUT", "PATCH", "DELETE"):
    # The names http.server looks for.
    setattr(_Handler, f"do_{_verb}", _Handler.pass_on)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A daemon that was killed leaves its calls unread."""


@contextmanager
def failing_proxy(upstream: str, trouble: Trouble) -> Iterator[str]:
    """The origin of a proxy for `upstream`, while inside."""
    handler = type("Handler", (_Handler,), {"upstream": upstream, "trouble": trouble})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""The daemon's own pages: one Flask application, served by waitress beside the passes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from flask import Flask
from waitress.server import create_server

from deploylog.bootstrap import Parts
from deploylog.web import health

THREADS = 4


def create_app(parts: Parts, clock: Callable[[], datetime]) -> Flask:
    """Everything `web.listen` serves. `clock`: UTC."""
    app = Flask("deploylog")
    app.register_blueprint(health.blueprint(parts.metrics, parts.ledger, parts.config.poll.every, clock))
    return app


@contextmanager
def serve(app: Flask, listen: str) -> Iterator[str]:
    """Serve on `HOST:PORT` (port 0: a free one) until the end of the block; gives the origin it is served at.

    Raises OSError where the address cannot be listened on.
    """
    host, _, port = listen.rpartition(":")
    address = host.strip("[]")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.create_server((address, int(port)), family=family)
    server = create_server(app, sockets=[listening], threads=THREADS, ident="deploylog")
    thread = threading.Thread(target=server.run, name="web", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{listening.getsockname()[1]}"
    finally:
        server.close()
        thread.join(5)

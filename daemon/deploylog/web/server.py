"""The daemon's own pages: one Flask application, served by waitress beside the passes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from flask import Flask
from jinja2 import StrictUndefined
from waitress.server import create_server

from deploylog.bootstrap import Parts
from deploylog.web import dashboard, health
from deploylog.web.guarding import guard
from deploylog.web.refusals import add_refusals
from deploylog.web.sign_in import add_sign_in

THREADS = 4


def create_app(parts: Parts, clock: Callable[[], datetime], check_now: Callable[[], None]) -> Flask:
    """Everything `web.listen` serves. `clock`: UTC; `check_now` asks for a pass."""
    web = parts.config.web
    app = Flask(__name__)
    app.secret_key = parts.ledger.secret("cookies")
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    guard(app, web)
    add_refusals(app)
    if web.oidc is not None and web.url is not None:
        add_sign_in(app, web.oidc, web.url, parts.config.organization.domains, clock)
    board = dashboard.Dashboard(parts, clock, check_now)
    app.register_blueprint(dashboard.blueprint(board))
    app.register_blueprint(dashboard.feed_blueprint(board))
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

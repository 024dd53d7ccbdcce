"""The vendors' stand-ins served on ports of their own, and servers that misbehave."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from vendor_stand_ins.gitlab import Gitlab, serve


@contextmanager
def gitlab_served() -> Iterator[Gitlab]:
    gitlab = Gitlab()
    server = serve(gitlab)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield gitlab
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def never_answering() -> Iterator[str]:
    """The origin of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"

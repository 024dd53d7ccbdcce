"""The vendors' stand-ins served on ports of their own, and servers that misbehave."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from vendor_stand_ins.gitlab import Gitlab
from vendor_stand_ins.serving import served


@contextmanager
def gitlab_served() -> Iterator[Gitlab]:
    gitlab = Gitlab()
    with served(gitlab) as gitlab.origin:
        yield gitlab


@contextmanager
def never_answering() -> Iterator[str]:
    """The origin of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"

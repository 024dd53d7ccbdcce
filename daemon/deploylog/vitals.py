"""Signs of life: to systemd over its notification socket, and to a dead-man's switch over HTTP.

Both are given when a pass ended and never by a timer of their own: a daemon whose passes hang falls silent, and whoever
listens acts.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping

import requests
import structlog

START_SECONDS = 90
"""How much longer systemd is asked to wait for a start that itself waits for the network."""
HEARTBEAT_SECONDS = (3.05, 5.0)
"""Time-outs: to connect, and between two parts of the answer."""

log = structlog.get_logger(__name__)


class ServiceManager:
    """systemd's notification protocol (sd_notify(3)); without NOTIFY_SOCKET nothing is told."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")

    def starting(self) -> None:
        """The start takes longer than usual, and is no failure."""
        self._tell(f"EXTEND_TIMEOUT_USEC={START_SECONDS * 1_000_000}")

    def ready(self) -> None:
        """The start went through."""
        self._tell("READY=1")

    def alive(self) -> None:
        """A pass ended, or got on by a log: the watchdog starts counting anew."""
        self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def _tell(self, state: str) -> None:
        if not self._address:
            return
        # "@" stands for the zero byte of Linux's abstract namespace.
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as one:
                one.connect(address)
                one.sendall(state.encode())
        except OSError as problem:
            log.warning("service manager not told", state=state, reason=problem.strerror)


class Heartbeat:
    """Calls an address after each whole pass, so that its silence says that nothing goes through any more.

    Called beside the passes, one call at a time: an address that does not answer delays no mail.
    """

    def __init__(self, address: str | None, told: Callable[[bool], None]) -> None:
        """`told` hears of every call whether it was answered with success."""
        self._address = address
        self._told = told
        self._calling: threading.Thread | None = None

    def beat(self) -> None:
        """A whole pass went through."""
        if self._address is None or (self._calling is not None and self._calling.is_alive()):
            return
        self._calling = threading.Thread(target=self._call, name="heartbeat", daemon=True)
        self._calling.start()

    def _call(self) -> None:
        assert self._address is not None
        try:
            # Not read: what an address answers has no meaning, and may have no end.
            with requests.get(self._address, timeout=HEARTBEAT_SECONDS, allow_redirects=False, stream=True) as answer:
                reason = "" if answer.status_code < 400 else f"it answered {answer.status_code}"
        except requests.RequestException as problem:
            # Not the problem's own words: they quote the address, which is a secret.
            reason = type(problem).__name__
        if reason:
            log.warning("heartbeat failed", reason=reason)
        self._told(not reason)

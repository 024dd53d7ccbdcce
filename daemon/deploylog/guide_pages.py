"""Pages of the hosts an operator listed (`readiness.link_hosts`), looked up for `Rollback guide`.

A sheet chooses a path, never a host: the address asked for is built from a listed name and port 443. That name may
stand for a private address, as that of an internal wiki does; for the machine itself, for link-local addresses (where
clouds keep their credentials) or for reserved ones it never does. The address that is checked is the one then connected
to, so that a name cannot answer the check with one address and the request with another. No proxy is used.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Collection
from ipaddress import IPv6Address, ip_address
from typing import Any, ClassVar
from urllib.parse import urljoin

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPSConnection

from deploylog.facts import Guide, GuideState
from deploylog.guide_links import WebLink, links_in
from deploylog.model import Sentence

LONGEST_SILENCE = 3.0
"""Seconds; how long a connection, or the beginning of an answer, is waited for."""
MOST_REDIRECTS = 3
HTTPS = 443

Connect = Callable[[str, int, float], socket.socket]
"""A socket to a host's port within seconds."""


class ForbiddenPlace(OSError):  # noqa: N818
    """The host's name stands for no address but such that are never asked."""


def connect_outside(host: str, port: int, seconds: float) -> socket.socket:
    """A socket to the host, wherever its name may be asked. Raises `ForbiddenPlace`, and OSError as sockets do."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(address[0]) for *_, address in found if may_be_asked(str(address[0]))]
    if not addresses:
        raise ForbiddenPlace(host)
    return socket.create_connection((addresses[0], port), timeout=seconds)


def may_be_asked(address: str) -> bool:
    """Whether a page may be looked for there: a public or private address."""
    one = ip_address(address.partition("%")[0])
    if isinstance(one, IPv6Address) and one.ipv4_mapped:
        one = one.ipv4_mapped
    return not (one.is_loopback or one.is_link_local or one.is_multicast or one.is_unspecified or one.is_reserved)


class GuidePages:
    """Looks pages of the listed hosts up, each request sent once. Call `close` when done."""

    def __init__(
        self,
        hosts: Collection[str],
        connect: Connect = connect_outside,
        authority: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`authority`: a file of certificates to trust instead of the usual ones."""
        self._hosts = frozenset(hosts)
        self._clock = clock
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = authority or True
        self._session.mount("https://", _GuardedAdapter(connect))

    def close(self) -> None:
        self._session.close()

    def listed(self, link: WebLink) -> bool:
        """Whether the link may be looked up at all."""
        return bool(link.host) and link.host in self._hosts

    def look(self, link: WebLink, seconds: float) -> Guide:
        """What became of the link, which must be `listed`. Asks no more once `seconds` are over; never raises."""
        assert self.listed(link)
        deadline = self._clock() + seconds
        try:
            return self._follow(link, deadline)
        except requests.RequestException as failure:
            code = "look_forbidden_place" if _caused_by_forbidden_place(failure) else "look_no_answer"
            return Guide(link.text, GuideState.UNKNOWN, Sentence.of(code, host=link.host))

    def _follow(self, link: WebLink, deadline: float) -> Guide:
        path = link.path
        for _ in range(MOST_REDIRECTS + 1):
            status, location = self._ask(link.host, path, deadline)
            if not 300 <= status < 400 or not location:
                return self._guide(link, status)
            onward = links_in(urljoin(f"https://{link.host}{path}", location))
            if len(onward) != 1 or not isinstance(onward[0], WebLink) or onward[0].host != link.host:
                break
            path = onward[0].path
        return Guide(link.text, GuideState.UNKNOWN, Sentence.of("look_redirect", host=link.host))

    def _ask(self, host: str, path: str, deadline: float) -> tuple[int, str]:
        """Status and Location: HEAD, and GET where the server knows no HEAD."""
        status, location = 405, ""
        for method in ("HEAD", "GET"):
            left = deadline - self._clock()
            if left <= 0:
                raise requests.Timeout
            timeout = min(LONGEST_SILENCE, left)
            with self._session.request(
                method, f"https://{host}{path}", timeout=(timeout, timeout), allow_redirects=False, stream=True
            ) as response:
                status, location = response.status_code, response.headers.get("Location", "")
            if status not in (405, 501):
                break
        return status, location

    def _guide(self, link: WebLink, status: int) -> Guide:
        if 200 <= status < 300:
            return Guide(link.text, GuideState.OPENS)
        if status in (404, 410):
            return Guide(link.text, GuideState.MISSING)
        # A page behind a login is there for those who may see it, as far as can be told.
        return Guide(link.text, GuideState.UNKNOWN, Sentence.of("look_status", host=link.host, status=status))


def _caused_by_forbidden_place(failure: BaseException | None) -> bool:
    while failure is not None:
        if isinstance(failure, ForbiddenPlace):
            return True
        failure = failure.__cause__ or failure.__context__
    return False


class _GuardedConnection(HTTPSConnection):
    """A connection whose socket `open_socket` opens."""

    open_socket: ClassVar[Connect]

    def _new_conn(self) -> socket.socket:
        seconds = self.timeout if isinstance(self.timeout, int | float) else LONGEST_SILENCE
        return type(self).open_socket(self.host, self.port or HTTPS, float(seconds))


class _GuardedAdapter(HTTPAdapter):
    """Sends over sockets that `connect` opens, and never twice."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        super().__init__(max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **more: Any) -> None:
        connection = type("Connection", (_GuardedConnection,), {"open_socket": staticmethod(self._connect)})
        pool = type("Pool", (HTTPSConnectionPool,), {"ConnectionCls": connection})
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **more)
        self.poolmanager.pool_classes_by_scheme = {"https": pool}

"""Pages of listed hosts, over real HTTPS: a server of our own behind a name, with a certificate of our own."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploylog.facts import Guide, GuideState
from deploylog.guide_links import WebLink, links_in
from deploylog.guide_pages import ForbiddenPlace, GuidePages, connect_outside, may_be_asked
from deploylog.model import Sentence
from vendor_servers import never_answering

HOST = "wiki.host.example"


@dataclass
class Wiki:
    """A server for `HOST`: what it answers by method and path, and what it was asked."""

    port: int = 0
    authority: str = ""
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    """`HEAD /path`: status and Location."""
    asked: list[str] = field(default_factory=list)
    connected: list[tuple[str, int]] = field(default_factory=list)

    def connect(self, host: str, port: int, seconds: float) -> socket.socket:
        """What a name server and a route would do: the host's port 443 is this server."""
        self.connected.append((host, port))
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for `HOST` in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("certificate") / "host.pem"
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def wiki(certificate: Path) -> Iterator[Wiki]:
    wiki = Wiki(authority=str(certificate))

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            asked = f"{self.command} {self.path}"
            wiki.asked.append(asked)
            status, location = wiki.answers.get(asked, (404, ""))
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_GET = handle_any  # noqa: N815  (names of http.server)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep the test's output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    wiki.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield wiki
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def pages_of(wiki: Wiki) -> Iterator[GuidePages]:
    pages = GuidePages([HOST], wiki.connect, wiki.authority)
    try:
        yield pages
    finally:
        pages.close()


def look(wiki: Wiki, address: str = f"https://{HOST}/rollback", seconds: float = 5) -> Guide:
    [link] = links_in(address)
    assert isinstance(link, WebLink)
    with pages_of(wiki) as pages:
        assert pages.listed(link)
        return pages.look(link, seconds)


def test_a_page_that_is_there_opens(wiki: Wiki) -> None:
    wiki.answers["HEAD /rollback?version=3"] = (200, "")
    address = f"https://{HOST}/rollback?version=3#steps"
    assert look(wiki, address) == Guide(address, GuideState.OPENS)
    assert (wiki.asked, wiki.connected) == (["HEAD /rollback?version=3"], [(HOST, 443)])


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_missing(wiki: Wiki, status: int) -> None:
    wiki.answers["HEAD /rollback"] = (status, "")
    assert look(wiki).state is GuideState.MISSING


@pytest.mark.parametrize("status", [405, 501])
def test_a_server_without_head_is_asked_with_get(wiki: Wiki, status: int) -> None:
    wiki.answers = {"HEAD /rollback": (status, ""), "GET /rollback": (200, "")}
    assert look(wiki).state is GuideState.OPENS
    assert wiki.asked == ["HEAD /rollback", "GET /rollback"]


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_what_a_server_will_not_say_is_not_known(wiki: Wiki, status: int) -> None:
    wiki.answers["HEAD /rollback"] = (status, "")
    assert look(wiki).reason == Sentence.of("look_status", host=HOST, status=status)


def test_a_redirect_on_the_same_host_is_followed(wiki: Wiki) -> None:
    wiki.answers = {"HEAD /rollback": (302, "/new"), "HEAD /new": (200, "")}
    assert look(wiki).state is GuideState.OPENS


@pytest.mark.parametrize(
    "location",
    [
        "https://127.0.0.1/latest",
        "https://169.254.169.254/latest/meta-data",
        "https://other.host.example/",
        f"http://{HOST}/rollback",
        f"https://{HOST}:8443/rollback",
        f"https://{HOST}@127.0.0.1/",
        f"https://{HOST}./rollback",
        "//127.0.0.1/x",
        "file:///etc/passwd",
    ],
)
def test_a_redirect_to_anywhere_else_is_not_followed(wiki: Wiki, location: str) -> None:
    wiki.answers["HEAD /rollback"] = (302, location)
    assert look(wiki).reason == Sentence.of("look_redirect", host=HOST)
    assert (wiki.asked, set(wiki.connected)) == (["HEAD /rollback"], {(HOST, 443)})


def test_redirects_without_end_are_given_up(wiki: Wiki) -> None:
    wiki.answers["HEAD /rollback"] = (302, "/rollback")
    assert look(wiki).reason == Sentence.of("look_redirect", host=HOST)
    assert len(wiki.asked) == 4


def test_a_certificate_that_is_not_the_hosts_is_not_trusted(wiki: Wiki) -> None:
    with pages_of(Wiki(port=wiki.port)) as pages:
        [link] = links_in(f"https://{HOST}/rollback")
        assert isinstance(link, WebLink)
        assert pages.look(link, 5).reason == Sentence.of("look_no_answer", host=HOST)
    assert wiki.asked == []


def test_a_server_that_never_answers_is_waited_for_no_longer_than_allowed() -> None:
    with never_answering() as origin:
        silent = Wiki(port=int(origin.rpartition(":")[2]))
        assert look(silent, seconds=0.2).reason == Sentence.of("look_no_answer", host=HOST)


@pytest.mark.parametrize(
    "address",
    [f"https://{HOST}.evil.example/x", f"https://{HOST}:8443/x", "https://10.0.0.1/x", "https://evil.example/x"],
)
def test_only_a_listed_name_is_ever_asked(address: str) -> None:
    [link] = links_in(address)
    assert isinstance(link, WebLink)
    pages = GuidePages([HOST])
    assert not pages.listed(link)
    pages.close()


def test_a_listed_name_that_stands_for_the_machine_itself_is_never_connected_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        with pytest.raises(ForbiddenPlace):
            connect_outside("localhost", listening.getsockname()[1], 1)
        with pytest.raises(TimeoutError):
            listening.accept()


def test_that_is_a_sentence() -> None:
    inward = Wiki()
    inward.connect = lambda host, port, seconds: connect_outside("localhost", port, seconds)  # type: ignore[method-assign]
    assert look(inward).reason == Sentence.of("look_forbidden_place", host=HOST)


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("203.0.114.7", True),
        ("10.1.2.3", True),
        ("192.168.1.1", True),
        ("fd00::1", True),
        ("2a00:1450::1", True),
        ("127.0.0.1", False),
        ("127.8.8.8", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("169.254.169.254", False),
        ("fe80::1%eth0", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
    ],
)
def test_private_addresses_may_be_asked_and_the_machine_and_the_link_never(address: str, asked: bool) -> None:
    assert may_be_asked(address) is asked

"""Servers, identities and patience for the tests of the adapters."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google_helpers import ACT_AS, Bearer, GoogleSettings, Patience, SandboxServer
from scripted_server import Scripted, scripted_server

from deploylog.google.connect import Google, connect
from deploylog.google.transport import Transport
from workspace_sandbox.founding import SERVICE_ACCOUNT, Founding
from workspace_sandbox.server import Sandbox, serve
from workspace_sandbox.workspace import Workspace


@pytest.fixture
def patience() -> Patience:
    return Patience()


@pytest.fixture
def bearer() -> Bearer:
    return Bearer(ACT_AS)


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted_server() as scripted:
        yield scripted


@pytest.fixture
def transport(server: Scripted, bearer: Bearer) -> Iterator[Transport]:
    """To the scripted server, with 2 seconds to connect and 0.3 between two parts of an answer."""
    made = Transport(bearer, server.origin, timeout=(2.0, 0.3))
    yield made
    made.close()


@pytest.fixture
def closed_origin() -> str:
    """An address at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture(scope="session")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def private_key(rsa_key: rsa.RSAPrivateKey) -> str:
    return rsa_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture(scope="session")
def running_sandbox(
    rsa_key: rsa.RSAPrivateKey, private_key: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SandboxServer]:
    """One sandbox for all tests; `sandbox` gives it fresh to each."""
    public_key = rsa_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    workspace = Workspace()
    wsgi = serve(Sandbox(workspace, Founding(public_key.decode(), "k1")))
    origin = f"http://127.0.0.1:{wsgi.port}"
    key = tmp_path_factory.mktemp("google") / "service-account.json"
    key.write_text(
        json.dumps(
            {
                "type": "service_account",
                "client_email": SERVICE_ACCOUNT,
                "client_id": "112233",
                "private_key_id": "k1",
                "private_key": private_key,
                "token_uri": f"{origin}/token",
            }
        )
    )
    thread = threading.Thread(target=wsgi.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with requests.Session() as session:
        session.trust_env = False
        yield SandboxServer(origin, key, workspace, session)
    wsgi.shutdown()
    thread.join()
    wsgi.server_close()


@pytest.fixture
def sandbox(running_sandbox: SandboxServer) -> SandboxServer:
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def google(sandbox: SandboxServer, patience: Patience) -> Iterator[Google]:
    """The adapters, connected to the sandbox with the service account's key."""
    made = connect(GoogleSettings(sandbox.key, endpoint=sandbox.origin), "primary", patience)
    yield made
    made.close()

"""Starts the sandbox from a command line: server, signals, and the configuration that leads a client to it."""

from __future__ import annotations

import json
import os
import secrets
import signal
import sqlite3
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from workspace_sandbox.founding import DOMAIN, SERVICE_ACCOUNT, Founding
from workspace_sandbox.quota import Quota
from workspace_sandbox.server import Sandbox, serve
from workspace_sandbox.workspace import Workspace

_KEY_FILE = "service-account.json"
_CONFIG = f"""\
# Leads to the sandbox at {{origin}}; everything not named here has its usual value.
organization:
  name: Soffid
  domains: [{DOMAIN}]
  time_zone: Europe/Madrid
  language: en
  holidays: [ES-IB]
  support_portal: "https://zammad.soffid.com/"
  support_phone: "871 96 29 12"
google:
  credentials: {_KEY_FILE}
  act_as: deployments@{DOMAIN}
  endpoint: {{origin}}
drive:
  shared_drive: Soffid
calendar:
  id: primary
mail:
  from: "Soffid <deployments@{DOMAIN}>"
store: sqlite:///deploylog.db
"""


def run_sandbox(
    port: int, data: Path | None, write_config: Path | None, empty: bool, feed_lag: float, quota: bool
) -> int:
    """Serve until SIGTERM or SIGINT and give the exit status: 0 ended, 2 wrong usage.

    `port` 0 lets the system choose. `data`: the folder that keeps the state, or None. `write_config`: the folder for
    `deploylog.yaml` and `service-account.json`, or None. `feed_lag`: seconds. `quota`: refuse what is beyond Google's
    published limits. Prints `ready http://127.0.0.1:PORT` once it answers and the files are complete. To be called on
    the main thread, which receives the signals.
    """
    if feed_lag < 0:
        return _wrong("--feed-lag is a number of seconds from 0.")
    try:
        workspace = Workspace(data=data)
    except (OSError, sqlite3.Error, ValueError) as error:
        return _wrong(f"The state cannot be kept in {data}: {error}; choose another --data.")
    key: _Key | None = None
    if write_config is not None:
        try:
            key = _key_of(write_config)
        except OSError as error:
            return _wrong(f"{write_config} cannot be written: {error.strerror}; choose another --write-config.")
    sandbox = Sandbox(workspace, _founding(key, empty, feed_lag), quota=Quota() if quota else None)
    try:
        server = serve(sandbox, port)
    except OSError as error:
        return _wrong(f"Port {port} of 127.0.0.1 cannot be used: {error.strerror}; choose another --port.")
    origin = f"http://127.0.0.1:{server.port}"
    if write_config is not None and key is not None:
        _write(write_config / _KEY_FILE, key.as_google_writes_it(origin), 0o600)
        _write(write_config / "deploylog.yaml", _CONFIG.format(origin=origin), 0o644)
    # `shutdown` waits for `serve_forever` to end, so it must not run on the thread that serves.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"ready {origin}", flush=True)  # noqa: T201
    server.serve_forever(poll_interval=0.05)
    server.server_close()
    workspace.close()
    return 0


@dataclass(frozen=True)
class _Key:
    """A service account's key."""

    private: RSAPrivateKey
    id: str

    def as_google_writes_it(self, origin: str) -> str:
        """The JSON of a downloaded key file, with this server's token address."""
        pem = self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return json.dumps(
            {
                "type": "service_account",
                "project_id": "soffid-deployments",
                "private_key_id": self.id,
                "private_key": pem,
                "client_email": SERVICE_ACCOUNT,
                "client_id": "100000000000000000001",
                "auth_uri": f"{origin}/auth",
                "token_uri": f"{origin}/token",
                "universe_domain": "googleapis.com",
            },
            indent=2,
        )

    def public_pem(self) -> str:
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _key_of(folder: Path) -> _Key:
    """The key that was written there before, so that a restart invalidates nothing, or a new one."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        kept = json.loads((folder / _KEY_FILE).read_text())
        private = load_pem_private_key(kept["private_key"].encode(), None)
        if isinstance(private, RSAPrivateKey) and kept["client_email"] == SERVICE_ACCOUNT:
            return _Key(private, str(kept["private_key_id"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        pass  # none yet, or not ours: a new one replaces it
    return _Key(generate_private_key(public_exponent=65537, key_size=2048), secrets.token_hex(20))


def _founding(key: _Key | None, empty: bool, feed_lag: float) -> Founding:
    folders = () if empty else ("DEPLOYMENTS",)
    if key is None:
        return Founding(feed_lag=feed_lag, folders=folders)
    return Founding(key.public_pem(), key.id, feed_lag, folders)


def _write(path: Path, text: str, mode: int) -> None:
    """Whole or not at all, also for a reader that comes meanwhile."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        os.fchmod(file.fileno(), mode)
    Path(name).replace(path)


def _wrong(sentence: str) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201
    return 2

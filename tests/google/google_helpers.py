"""What the tests of the adapters share. Not in conftest.py: other folders have one of that name, too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from workspace_sandbox.workspace import Workspace

ACT_AS = "deployments@soffid.example"


class Bearer:
    """An identity with a token that never changes, and a count of how often a new one was asked for."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.refreshed = 0

    def before_request(self, request: Any, method: str, url: str, headers: dict[str, str]) -> None:
        headers["authorization"] = f"Bearer {self.token}"

    def refresh(self, request: Any) -> None:
        self.refreshed += 1


class Patience:
    """Stands in for `time.sleep`: keeps the seconds, waits for nothing."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)


@dataclass(frozen=True)
class GoogleSettings:
    """The configuration's `google`."""

    credentials: Path | str
    act_as: str = ACT_AS
    endpoint: str | None = None
    sheets_reads: int | None = None


@dataclass(frozen=True)
class SandboxServer:
    """A sandbox over HTTP, as tests see it."""

    origin: str
    key: Path
    """The service account's key file."""
    workspace: Workspace
    session: requests.Session

    def calls(self) -> dict[str, int]:
        """How often each method was called, by method id."""
        counts: dict[str, int] = self.session.get(f"{self.origin}/sandbox/calls").json()
        return counts

    def fault(self, method: str, mode: str, **more: Any) -> None:
        """The next call of `method` is refused (`error`), or done and not answered (`drop`)."""
        answer = self.session.post(f"{self.origin}/sandbox/faults", json={"method": method, "mode": mode, **more})
        answer.raise_for_status()

    def reset(self) -> None:
        self.session.post(f"{self.origin}/sandbox/reset").raise_for_status()

    def inbox(self, address: str) -> list[str]:
        """The ids of the messages somebody has received."""
        answer = self.session.get(
            f"{self.origin}/gmail/v1/users/me/messages",
            params={"labelIds": "INBOX"},
            headers={"Authorization": f"Bearer {address}", "X-Sandbox-Page": "1"},
        )
        answer.raise_for_status()
        return [one["id"] for one in answer.json().get("messages", [])]

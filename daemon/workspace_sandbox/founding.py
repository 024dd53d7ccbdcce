"""What is in a workspace from the start: the shared drive, its members, and what the sandbox was started with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workspace_sandbox.calls import Json
from workspace_sandbox.drive.files import FOLDER, Files, permission_id, timestamp
from workspace_sandbox.workspace import Workspace

DOMAIN = "soffid.example"
SERVICE_ACCOUNT = "deploylog@soffid-deployments.iam.gserviceaccount.com"
PERSON = f"deployments@{DOMAIN}"
"""The mailbox and calendar owner of the demonstrations."""
DRIVE_NAME = "Soffid"
DRIVE_ID = "0ASoffidSharedDrivePVA"
TIME_ZONE = "Europe/Madrid"
LOCALE = "es_ES"


@dataclass(frozen=True)
class Founding:
    """How a sandbox begins, and begins again after `POST /sandbox/reset`."""

    public_key_pem: str | None = None
    """The service account's public key, with which `/token` checks its signatures; None: no key was made."""
    private_key_id: str = ""
    feed_lag: float = 0.0
    """Seconds for which `modifiedTime` and the change feed do not show edits of cells."""
    folders: tuple[str, ...] = ()
    """Names of folders at the top of the shared drive."""

    def __call__(self, workspace: Workspace) -> None:
        """Put in place what is missing; what is there already, as after a restart with `--data`, stays."""
        if self.public_key_pem is not None:
            workspace.collection("service_accounts").put(
                SERVICE_ACCOUNT, {"public_key_pem": self.public_key_pem, "private_key_id": self.private_key_id}
            )
        workspace.collection("settings").put("drive", {"feed_lag": self.feed_lag})
        drives = workspace.collection("drives")
        if drives.get(DRIVE_ID) is None:
            drives.put(DRIVE_ID, _shared_drive(workspace.clock()))
            self._make_folders(workspace)

    def _make_folders(self, workspace: Workspace) -> None:
        files = Files(workspace, workspace.clock())
        for name in self.folders:
            files.create({"name": name, "mimeType": FOLDER}, DRIVE_ID, PERSON)


def _shared_drive(now: datetime) -> Json:
    account = {"type": "user", "role": "organizer", "emailAddress": SERVICE_ACCOUNT}
    staff = {"type": "domain", "role": "organizer", "domain": DOMAIN}
    return {
        "id": DRIVE_ID,
        "name": DRIVE_NAME,
        "createdTime": timestamp(now),
        "permissions": {permission_id("user", SERVICE_ACCOUNT): account, permission_id("domain", DOMAIN): staff},
    }

"""The configuration that points the checks elsewhere, tried with a sandbox in the place of Google."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conformance_place import place

START = """
import sys
from pathlib import Path
from workspace_sandbox.command import run_sandbox
sys.exit(run_sandbox(0, None, Path(sys.argv[1]), True, 0.0, False))
"""


def test_a_configuration_leads_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With signed assertions, delegation and scopes, as with Google; whom it does not name is skipped."""
    process = subprocess.Popen([sys.executable, "-c", START, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        origin = process.stdout.readline().split()[1]
        configuration = tmp_path / "live.yaml"
        configuration.write_text(
            f"credentials: service-account.json\nuser: ana@soffid.example\nshared_drive: Soffid\nendpoint: {origin}\n"
        )
        monkeypatch.setenv("DEPLOYLOG_LIVE", str(configuration))
        with place() as found:
            assert found.is_live
            assert found.owner.gmail.getProfile(userId="me").execute()["emailAddress"] == "ana@soffid.example"
            assert found.owner.drive.drives().get(driveId=found.drive_id).execute()["name"] == "Soffid"
            with pytest.raises(pytest.skip.Exception, match="names no guest"):
                found.person("guest")
            with pytest.raises(pytest.skip.Exception, match="no trouble on request"):
                found.here()
            for one in (found.owner, *found.others.values()):
                one.http.close()
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()  # type: ignore[union-attr]

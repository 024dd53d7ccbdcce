"""The four adapters, wired from the configuration, as the sandbox sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from google_helpers import ACT_AS, GoogleSettings, Patience, SandboxServer

from deploylog import errors
from deploylog.google.connect import Google, connect
from deploylog.google.sheets import TabInfo


def test_connecting_needs_no_network(closed_origin: str, sandbox: SandboxServer, patience: Patience) -> None:
    google = connect(GoogleSettings(sandbox.key, endpoint=closed_origin), "primary", patience)
    with pytest.raises(errors.NotCarriedOut, match=f"Drive cannot be reached at {closed_origin}"):
        google.drive.shared_drive("Soffid")
    assert len(patience.waits) == 3
    assert sandbox.calls() == {}
    google.close()


def test_no_method_tries_more_often_than_the_others(
    closed_origin: str, sandbox: SandboxServer, patience: Patience
) -> None:
    """What is made of several calls is repeated as a whole, not each call within each repetition."""
    unreachable = connect(GoogleSettings(sandbox.key, endpoint=closed_origin), "primary", patience)
    tab = TabInfo(1, "A", 1, 1)
    for call in (
        lambda: unreachable.drive.share("f", "ann@diba.example", "reader"),
        lambda: unreachable.sheets.grow("f", tab, 2, 2),
        lambda: unreachable.calendar.cancel("abcde", send_updates=True),
        lambda: unreachable.gmail.delete_draft("r1"),
    ):
        patience.waits.clear()
        with pytest.raises(errors.NotCarriedOut):
            call()
        assert len(patience.waits) == 3
    unreachable.close()


def test_mailbox_and_calendar_are_those_of_act_as_and_files_those_of_the_service_account(
    google: Google, sandbox: SandboxServer
) -> None:
    assert google.gmail.profile() == ACT_AS
    assert google.calendar.changes(None).events == []
    assert google.drive.shared_drive("Soffid")
    issued = [one["user"] for one in sandbox.workspace.collection("access_tokens").values()]
    assert sorted(issued) == [google.identities.service_account, ACT_AS]


def test_withdrawn_delegation_is_denied_with_the_client_id_and_leaves_the_files_reachable(
    google: Google, sandbox: SandboxServer, patience: Patience
) -> None:
    sandbox.workspace.collection("revoked_delegations").put(google.identities.service_account, {})
    with pytest.raises(errors.AccessDenied, match=r"allow client id 112233 the scopes https://www\.googleapis"):
        google.gmail.profile()
    assert google.drive.shared_drive("Soffid")
    assert patience.waits == []


def test_an_expired_or_forgotten_token_is_replaced_unnoticed(google: Google, sandbox: SandboxServer) -> None:
    google.gmail.profile()
    for token, _ in sandbox.workspace.collection("access_tokens").items():
        sandbox.workspace.collection("access_tokens").delete(token)
    assert google.gmail.profile() == ACT_AS
    assert sandbox.calls()["gmail.users.getProfile"] == 3


def test_a_token_endpoint_in_trouble_is_tried_again_for_reads_only(
    google: Google, sandbox: SandboxServer, patience: Patience
) -> None:
    sandbox.fault("token", "error", status=503)
    assert google.gmail.profile() == ACT_AS
    assert len(patience.waits) == 1


def test_a_write_for_which_there_is_no_token_was_not_sent(
    google: Google, sandbox: SandboxServer, patience: Patience
) -> None:
    sandbox.fault("token", "drop")
    with pytest.raises(errors.NotCarriedOut):
        google.gmail.create_draft(b"To: ann@diba.example\r\n\r\n.")
    assert sandbox.calls() == {}
    assert patience.waits == []


def test_a_service_account_has_no_mailbox_of_its_own(sandbox: SandboxServer, patience: Patience) -> None:
    """Without delegation Gmail answers 400 failedPrecondition: a fault of configuration, said so."""
    account = json.loads(sandbox.key.read_text())["client_email"]
    google = connect(GoogleSettings(sandbox.key, act_as=account, endpoint=sandbox.origin), "primary", patience)
    with pytest.raises(errors.AccessDenied, match=r"google\.act_as must be a user with a mailbox"):
        google.gmail.profile()
    google.close()


def test_an_authorised_user_is_itself_everywhere(sandbox: SandboxServer, patience: Patience, tmp_path: Path) -> None:
    sandbox.workspace.collection("refresh_tokens").put("r1", {"user": ACT_AS})
    token_file = tmp_path / "token.json"
    token_file.write_text(
        json.dumps(
            {"refresh_token": "r1", "client_id": "c", "client_secret": "s", "token_uri": f"{sandbox.origin}/token"}
        )
    )
    google = connect(GoogleSettings(token_file, endpoint=sandbox.origin), "primary", patience)
    assert google.gmail.profile() == ACT_AS
    assert google.drive.shared_drive("Soffid")
    google.close()

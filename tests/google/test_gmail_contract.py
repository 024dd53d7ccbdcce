"""The adapter of Gmail against the sandbox, over HTTP, by delegation."""

from __future__ import annotations

import json
from email.message import EmailMessage

import pytest
from google_helpers import Patience, SandboxServer
from scripted_server import Scripted, answer

from deploylog import errors
from deploylog.google.connect import Google
from deploylog.google.gmail import Gmail
from deploylog.google.transport import Transport, build_service

TO = "ann@diba.example"
MARKER = "X-Deploylog-Effect"


@pytest.fixture
def gmail(google: Google) -> Gmail:
    return google.gmail


def mime(subject: str = "Despliegue a producción", marker: str = "e1", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"] = "Soffid <deployments@soffid.example>"
    message["To"] = TO
    message["Subject"] = subject
    message[MARKER] = marker
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("Buenos días:\n\nEmpezamos.\n")
    return message.as_bytes()


def test_the_mailbox_is_that_of_act_as(gmail: Gmail) -> None:
    assert gmail.profile() == "deployments@soffid.example"


def test_a_draft_is_stored_read_and_listed(gmail: Gmail) -> None:
    draft = gmail.create_draft(mime())
    assert gmail.draft(draft.id) == draft
    assert gmail.drafts() == [draft.id]
    assert gmail.draft_headers(draft.id, ["x-deploylog-effect", "To"]) == {"x-deploylog-effect": "e1", "to": TO}


def test_a_sent_draft_is_gone_and_its_message_in_the_thread(gmail: Gmail, sandbox: SandboxServer) -> None:
    """drafts.send: the draft is deleted, the message gets a new id (Gmail API, "Create and send drafts")."""
    draft = gmail.create_draft(mime())
    sent = gmail.send_draft(draft.id)
    assert sent.id != draft.message_id
    assert sent.thread_id == draft.thread_id
    assert "SENT" in sent.labels
    assert gmail.draft(draft.id) is None
    assert gmail.draft_headers(draft.id, [MARKER]) is None
    assert gmail.drafts() == []
    (found,) = gmail.thread(draft.thread_id, [MARKER, "Message-ID"])
    assert (found.id, found.headers[MARKER.lower()]) == (sent.id, "e1")
    assert "SENT" in found.labels
    assert len(sandbox.inbox(TO)) == 1


def test_a_draft_names_its_thread_where_there_is_one(
    server: Scripted, transport: Transport, patience: Patience
) -> None:
    """The sandbox, as Gmail, may find the thread by References alone; Gmail asks for threadId as well."""
    stored = {"id": "r1", "message": {"id": "m1", "threadId": "t1"}}
    server.script = [answer(200, stored), answer(200, stored)]
    gmail = Gmail(build_service("gmail", "v1", transport), patience)
    gmail.create_draft(b"a", thread_id="t1")
    gmail.create_draft(b"a")
    assert [json.loads(one.body)["message"] for one in server.asked] == [
        {"raw": "YQ==", "threadId": "t1"},
        {"raw": "YQ=="},
    ]


def test_a_reply_joins_the_thread(gmail: Gmail) -> None:
    """threadId, References and the same subject (Gmail API, "Manage threads")."""
    first = gmail.send_draft(gmail.create_draft(mime()).id)
    read = gmail.message(first.id, ["Message-ID"])
    assert read is not None
    message_id = read.headers["message-id"]
    reply = gmail.create_draft(
        mime(marker="e2", In_Reply_To=message_id, References=message_id), thread_id=first.thread_id
    )
    assert reply.thread_id == first.thread_id
    gmail.send_draft(reply.id)
    markers = [one.headers[MARKER.lower()] for one in gmail.thread(first.thread_id, [MARKER])]
    assert markers == ["e1", "e2"]


@pytest.mark.parametrize("mode", ["drop", "error"])
def test_a_send_whose_answer_is_lost_is_in_doubt_and_was_sent_exactly_once(
    mode: str, gmail: Gmail, sandbox: SandboxServer, patience: Patience
) -> None:
    draft = gmail.create_draft(mime())
    sandbox.fault("gmail.users.drafts.send", mode, status=503)
    with pytest.raises(errors.InDoubt, match=r"gmail\.users\.drafts\.send.*; it may have been carried out\.$"):
        gmail.send_draft(draft.id)
    assert sandbox.calls()["gmail.users.drafts.send"] == 1
    assert patience.waits == []
    assert len(sandbox.inbox(TO)) == (1 if mode == "drop" else 0)
    assert (gmail.draft(draft.id) is None) is (mode == "drop")


def test_a_send_that_is_put_off_is_busy_and_not_sent(gmail: Gmail, sandbox: SandboxServer, patience: Patience) -> None:
    draft = gmail.create_draft(mime())
    sandbox.fault("gmail.users.drafts.send", "error", status=429)
    with pytest.raises(errors.Busy):
        gmail.send_draft(draft.id)
    assert patience.waits == []
    assert gmail.draft(draft.id) == draft


def test_a_draft_whose_answer_is_lost_was_stored_once_and_is_found_by_its_header(
    gmail: Gmail, sandbox: SandboxServer
) -> None:
    sandbox.fault("gmail.users.drafts.create", "drop")
    with pytest.raises(errors.InDoubt):
        gmail.create_draft(mime(marker="e7"))
    assert sandbox.calls()["gmail.users.drafts.create"] == 1
    (left,) = gmail.drafts()
    assert gmail.draft_headers(left, [MARKER]) == {MARKER.lower(): "e7"}


def test_a_deleted_draft_stays_deleted(gmail: Gmail, sandbox: SandboxServer) -> None:
    draft = gmail.create_draft(mime())
    sandbox.fault("gmail.users.drafts.delete", "drop")
    gmail.delete_draft(draft.id)
    assert gmail.draft(draft.id) is None
    gmail.delete_draft(draft.id)


def test_a_draft_that_is_gone_is_none_also_where_gmail_calls_its_id_wrong(gmail: Gmail, sandbox: SandboxServer) -> None:
    """404 and 400 alike are reported for drafts sent, deleted or made anew by a person."""
    sandbox.fault("gmail.users.drafts.get", "error", status=400, reason="invalidArgument")
    assert gmail.draft("r-1") is None
    sandbox.fault("gmail.users.drafts.get", "error", status=404, reason="notFound")
    assert gmail.draft("r-1") is None
    sandbox.fault("gmail.users.drafts.get", "error", status=400, reason="failedPrecondition")
    with pytest.raises(errors.AccessDenied, match=r"google\.act_as must be a user with a mailbox"):
        gmail.draft("r-1")


def test_what_is_not_there_is_none(gmail: Gmail) -> None:
    assert gmail.message("18c0ffee18c0ffee", []) is None
    assert gmail.thread("18c0ffee18c0ffee", []) == []


def test_reads_are_repeated(gmail: Gmail, sandbox: SandboxServer, patience: Patience) -> None:
    draft = gmail.create_draft(mime())
    for method in ("drafts.get", "drafts.list", "getProfile", "threads.get", "messages.get"):
        sandbox.fault(f"gmail.users.{method}", "error", status=503)
    assert gmail.draft(draft.id) is not None
    assert gmail.drafts() == [draft.id]
    assert gmail.profile()
    assert len(gmail.thread(draft.thread_id, [])) == 1
    assert gmail.message(draft.message_id, []) is not None
    assert len(patience.waits) == 5

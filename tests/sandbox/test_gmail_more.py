"""Gmail of the sandbox: labels, many messages at once, inserted mail, aliases, the rest of the search language."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

import pytest
from mail_clients import ANA, COLLEAGUE, OWNER, Clients, Served, header, inbox, mail, raw, refusal
from test_gmail import found, reply, send, whole


@pytest.fixture(scope="module")
def clients() -> Clients:
    return {}


@pytest.fixture
def served(running: Any, clients: Clients) -> Served:
    return Served(running.sandbox.workspace, running.clock, running.person, clients)


def label(served: Served, name: str) -> str:
    return str(served.gmail().labels().create(userId="me", body={"name": name}).execute()["id"])


def labels_of(served: Served, message_id: str) -> list[str]:
    message = served.gmail().messages().get(userId="me", id=message_id, format="minimal").execute()
    return list(message["labelIds"])


def test_a_label_is_made_used_renamed_and_deleted(served: Served) -> None:
    """Gmail, "Manage labels": ids are Gmail's; a deleted label is taken from its messages; labels are searchable."""
    labels, sent = served.gmail().labels(), send(served, mail(ANA))
    made = labels.create(userId="me", body={"name": "Deployments/DIBA logs"}).execute()
    assert (made["type"], made["labelListVisibility"]) == ("user", "labelShow")
    change = {"addLabelIds": [made["id"]]}
    served.gmail().messages().modify(userId="me", id=sent["id"], body=change).execute()
    assert labels_of(served, sent["id"]) == ["SENT", made["id"]]
    assert found(served, "label:deployments-diba-logs") == found(served, "has:userlabels") == [sent["id"]]
    assert found(served, "has:nouserlabels") == []
    assert labels.get(userId="me", id=made["id"]).execute()["messagesTotal"] == 1
    assert labels.patch(userId="me", id=made["id"], body={"name": "Done"}).execute()["name"] == "Done"
    assert [one["name"] for one in labels.list(userId="me").execute()["labels"] if one["type"] == "user"] == ["Done"]
    assert found(served, "label:done") == [sent["id"]]
    labels.delete(userId="me", id=made["id"]).execute()
    assert labels_of(served, sent["id"]) == ["SENT"]
    assert refusal(labels.get(userId="me", id=made["id"]).execute)[0] == 404
    assert refusal(served.gmail().messages().modify(userId="me", id=sent["id"], body=change).execute)[0] == 400


def test_labels_have_names_of_their_own(served: Served) -> None:
    """Reference of `labels.create`, `labels.delete`: names are taken once; system labels are Gmail's."""
    labels, made = served.gmail().labels(), label(served, "Done")
    assert refusal(labels.create(userId="me", body={"name": "done"}).execute) == (409, "aborted")
    assert refusal(labels.create(userId="me", body={"name": "Inbox"}).execute) == (400, "invalidArgument")
    assert refusal(labels.create(userId="me", body={}).execute) == (400, "invalidArgument")
    assert refusal(labels.delete(userId="me", id="INBOX").execute) == (400, "invalidArgument")
    assert refusal(labels.patch(userId="me", id="INBOX", body={"name": "x"}).execute) == (400, "invalidArgument")
    labels.update(userId="me", id=made, body={"name": "DONE"}).execute()
    assert labels_of(served, send(served, mail(ANA))["id"]) == ["SENT"]


def test_many_messages_are_changed_and_deleted_at_once(served: Served) -> None:
    """Reference of `messages.batchModify` and `batchDelete`: no guarantee that messages exist; at most 1,000 ids."""
    messages = served.gmail().messages()
    ids = [send(served, mail(ANA))["id"] for _ in range(2)]
    body = {"ids": [*ids, "1900000000ffffff"], "addLabelIds": ["STARRED"]}
    assert not messages.batchModify(userId="me", body=body).execute()
    assert [labels_of(served, one) for one in ids] == [["SENT", "STARRED"]] * 2
    assert refusal(messages.batchModify(userId="me", body={**body, "addLabelIds": ["NONE"]}).execute)[0] == 400
    assert refusal(messages.batchModify(userId="me", body={"ids": ["1"] * 1001}).execute)[0] == 400
    assert refusal(messages.batchDelete(userId="me", body={"ids": []}).execute)[0] == 400
    messages.batchDelete(userId="me", body={"ids": ids[:1]}).execute()
    assert found(served, "in:anywhere") == ids[1:]


def test_a_thread_is_changed_as_a_whole(served: Served) -> None:
    """Reference of `threads.modify`, `trash`, `untrash` and `delete`: all messages of the conversation."""
    first = send(served, mail(ANA, "Deployment"))
    second = send(served, reply(served, first["id"], "Deployment", OWNER))
    threads, asked = served.gmail().threads(), {"userId": "me", "id": first["threadId"]}
    changed = threads.modify(**asked, body={"addLabelIds": ["STARRED"]}).execute()
    assert [(one["id"], one["labelIds"]) for one in changed["messages"]] == [
        (first["id"], ["SENT", "STARRED"]),
        (second["id"], ["SENT", "STARRED"]),
    ]
    threads.trash(**asked).execute()
    assert found(served, "") == []
    threads.untrash(**asked).execute()
    assert found(served, "") == [second["id"], first["id"]]
    threads.delete(**asked).execute()
    for request in (threads.get(**asked), threads.trash(**asked), threads.delete(**asked)):
        assert refusal(request.execute)[0] == 404


def test_an_inserted_message_stays_as_it_is_and_goes_to_nobody(served: Served) -> None:
    """Reference of `messages.insert` ("similar to IMAP APPEND") and `import`: dated on receipt, or by its Date."""
    content = mail(OWNER, Message_ID="<one@customer.example>", From=ANA, Date="Mon, 02 Nov 2026 10:00:00 +0100")
    messages = served.gmail().messages()
    body = raw(content) | {"labelIds": ["INBOX", "UNREAD"]}
    for request, dated in (
        (messages.insert(userId="me", body=body), "1796025600000"),
        (messages.import_(userId="me", body=body), "1793610000000"),
        (messages.insert(userId="me", body=body, internalDateSource="dateHeader"), "1793610000000"),
    ):
        made = request.execute()
        assert made["labelIds"] == ["INBOX", "UNREAD"]
        message = whole(served, made["id"])
        assert (header(message, "Message-ID"), header(message, "From")) == ("<one@customer.example>", ANA)
        assert message["internalDate"] == dated
    assert inbox(served, ANA) == []
    assert refusal(messages.insert(userId="me", body=raw(content) | {"labelIds": ["DRAFT"]}).execute)[0] == 400
    assert refusal(messages.insert(userId="me", body=body, deleted=True).execute)[0] == 501


def attached(served: Served, name: str, size: int) -> str:
    message = EmailMessage()
    message["To"], message["Subject"] = ANA, "With a file"
    message["List-ID"] = "Deployments <deployments.lists.soffid.example>"
    message.set_content("See the file.")
    message.add_attachment(b"x" * size, maintype="application", subtype="pdf", filename=name)
    return str(send(served, message.as_bytes())["id"])


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ("has:attachment", True),
        ("filename:rollback.pdf", True),
        ("filename:pdf", True),
        ("filename:doc", False),
        ("larger:20K", True),
        ("larger:20000", True),
        ("larger:1M", False),
        ("size:20K", True),
        ("smaller:20K", False),
        ("smaller:1M", True),
        ("list:deployments.lists.soffid.example", True),
        ("list:others.soffid.example", False),
        ("newer_than:2d", True),
        ("newer_than:1d", False),
        ("older_than:1d", True),
        ("-has:attachment", False),
    ],
)
def test_search_knows_sizes_files_lists_and_ages(served: Served, query: str, there: bool) -> None:
    """Gmail help, "Refine searches in Gmail": larger, smaller, size, filename, has, list, newer_than, older_than."""
    made = attached(served, "rollback.pdf", 20_000)
    served.clock.forward(hours=36)
    assert found(served, query) == ([made] if there else [])


def test_mail_is_found_by_the_address_it_was_delivered_to(served: Served) -> None:
    """Gmail help, "Refine searches in Gmail": deliveredto."""
    send(served, mail(COLLEAGUE))
    (arrived,) = inbox(served, COLLEAGUE)
    assert found(served, f"deliveredto:{COLLEAGUE}", COLLEAGUE) == [arrived["id"]]
    assert found(served, f"deliveredto:{OWNER}", COLLEAGUE) == []


def test_an_alias_is_used_once_it_is_accepted(served: Served) -> None:
    """Reference of `settings.sendAs`: an address of the organization is accepted, another pends until confirmed."""
    send_as = served.gmail().settings().sendAs()
    inside = {"sendAsEmail": "Team@soffid.example", "displayName": "The team"}
    made = send_as.create(userId="me", body=inside).execute()
    assert (made["sendAsEmail"], made["verificationStatus"]) == ("team@soffid.example", "accepted")
    assert refusal(send_as.create(userId="me", body=inside).execute)[0] == 409
    assert send_as.create(userId="me", body={"sendAsEmail": ANA}).execute()["verificationStatus"] == "pending"
    assert "confirmation" in header(inbox(served, ANA)[0], "Subject").lower()
    for sender, shown in (("team@soffid.example", "team@soffid.example"), (ANA, OWNER)):
        sent = send(served, mail(COLLEAGUE, From=sender))
        assert header(whole(served, sent["id"]), "From") == shown
    for address, body in (("team@soffid.example", {"displayName": "Team"}), (OWNER, {"signature": "Regards"})):
        assert body.items() <= send_as.patch(userId="me", sendAsEmail=address, body=body).execute().items()
    assert send_as.list(userId="me").execute()["sendAs"][0]["sendAsEmail"] == OWNER
    send_as.delete(userId="me", sendAsEmail="team@soffid.example").execute()
    assert refusal(send_as.get(userId="me", sendAsEmail="team@soffid.example").execute)[0] == 404
    assert refusal(send_as.delete(userId="me", sendAsEmail=OWNER).execute)[0] == 400

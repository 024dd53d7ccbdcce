"""Gmail of the sandbox, through Google's generated client over HTTP."""

from __future__ import annotations

import base64
import io
from email.message import EmailMessage
from typing import Any

import pytest
from googleapiclient.http import MediaIoBaseUpload
from mail_clients import ANA, BEA, COLLEAGUE, OWNER, Clients, Served, content_of, header, inbox, mail, raw, refusal
from workspace_clients import SERVICE_ACCOUNT


@pytest.fixture(scope="module")
def clients() -> Clients:
    return {}


@pytest.fixture
def served(running: Any, clients: Clients) -> Served:
    return Served(running.sandbox.workspace, running.clock, running.person, clients)


def draft(served: Served, content: bytes, who: str = OWNER, **more: str) -> dict[str, Any]:
    made: dict[str, Any] = (
        served.gmail(who).drafts().create(userId="me", body={"message": raw(content, **more)}).execute()
    )
    return made


def send(served: Served, content: bytes, who: str = OWNER, **more: str) -> dict[str, Any]:
    sent: dict[str, Any] = served.gmail(who).messages().send(userId="me", body=raw(content, **more)).execute()
    return sent


def whole(served: Served, message_id: str, who: str = OWNER) -> dict[str, Any]:
    message: dict[str, Any] = served.gmail(who).messages().get(userId="me", id=message_id).execute()
    return message


def found(served: Served, query: str, who: str = OWNER) -> list[str]:
    listed = served.gmail(who).messages().list(userId="me", q=query).execute()
    return [one["id"] for one in listed.get("messages", [])]


def reply(served: Served, message_id: str, subject: str, who: str, to: str = ANA) -> bytes:
    answered = header(whole(served, message_id, who), "Message-ID")
    return mail(to, subject, "Still running.", In_Reply_To=answered, References=answered)


def test_sending_a_draft_deletes_it_and_makes_a_new_message_in_the_same_thread(served: Served) -> None:
    """Guide "Create and send draft emails": the draft is deleted, a new message with an updated id is labelled SENT."""
    made = draft(served, mail(ANA))
    assert made["message"]["labelIds"] == ["DRAFT"]
    sent = served.gmail().drafts().send(userId="me", body={"id": made["id"]}).execute()
    assert sent["labelIds"] == ["SENT"]
    assert sent["id"] != made["message"]["id"]
    assert sent["threadId"] == made["message"]["threadId"]
    drafts = served.gmail().drafts()
    assert refusal(drafts.get(userId="me", id=made["id"]).execute) == (404, "notFound")
    assert refusal(drafts.send(userId="me", body={"id": made["id"]}).execute) == (404, "notFound")
    assert refusal(drafts.delete(userId="me", id=made["id"]).execute) == (404, "notFound")
    assert refusal(served.gmail().messages().get(userId="me", id=made["message"]["id"]).execute) == (404, "notFound")
    assert len(inbox(served, ANA)) == 1


def test_a_draft_without_recipients_is_kept_but_not_sent(served: Served) -> None:
    """Error of `drafts.send`: 400 invalidArgument, "Recipient address required"."""
    made = draft(served, mail(""))
    assert refusal(served.gmail().drafts().send(userId="me", body={"id": made["id"]}).execute) == (
        400,
        "invalidArgument",
    )
    assert served.gmail().drafts().get(userId="me", id=made["id"]).execute()["id"] == made["id"]


def test_updating_a_draft_keeps_its_id_and_replaces_its_message(served: Served) -> None:
    """Guide "Create and send draft emails": the message in a draft is replaced, the draft's id is stable."""
    made = draft(served, mail(ANA, "First"))
    drafts = served.gmail().drafts()
    changed = drafts.update(userId="me", id=made["id"], body={"message": raw(mail(ANA, "Second"))}).execute()
    assert changed["id"] == made["id"]
    assert changed["message"]["id"] != made["message"]["id"]
    assert refusal(served.gmail().messages().get(userId="me", id=made["message"]["id"]).execute) == (404, "notFound")
    assert header(drafts.get(userId="me", id=made["id"]).execute()["message"], "Subject") == "Second"
    assert [one["id"] for one in drafts.list(userId="me").execute()["drafts"]] == [made["id"]]


def test_drafts_are_listed_page_by_page_also_while_they_are_deleted(served: Served) -> None:
    """Reference of `drafts.list`: maxResults, pageToken, nextPageToken."""
    made = [draft(served, mail(ANA, f"No. {number}"))["id"] for number in range(5)]
    drafts = served.gmail().drafts()
    seen: list[str] = []
    token = None
    while True:
        page = drafts.list(userId="me", maxResults=2, pageToken=token).execute()
        seen += [one["id"] for one in page["drafts"]]
        drafts.delete(userId="me", id=seen[-1]).execute()
        token = page.get("nextPageToken")
        if token is None:
            break
    assert seen == made[::-1]


def test_messages_are_listed_newest_first_each_once(served: Served) -> None:
    """Reference of `messages.list`: maxResults, pageToken, nextPageToken."""
    sent = [send(served, mail(ANA))["id"] for _ in range(4)]
    messages = served.gmail().messages()
    first = messages.list(userId="me", maxResults=2).execute()
    second = messages.list(userId="me", maxResults=2, pageToken=first["nextPageToken"]).execute()
    assert [one["id"] for one in (*first["messages"], *second["messages"])] == sent[::-1]
    assert "nextPageToken" not in second


def test_the_clients_message_id_is_replaced_and_all_copies_have_the_same(served: Served) -> None:
    """Reported of the Gmail API: a client's Message-ID is replaced by Google's own."""
    sent = send(served, mail(f"{ANA}, {BEA}", Message_ID="<mine@soffid.example>"))
    given = header(whole(served, sent["id"]), "Message-ID")
    assert given.endswith("@mail.gmail.com>")
    copies = [*inbox(served, ANA), *inbox(served, BEA)]
    assert [header(one, "Message-ID") for one in copies] == [given, given]
    assert len({sent["id"], *(one["id"] for one in copies)}) == 3
    assert all(one["labelIds"] == ["UNREAD", "INBOX"] for one in copies)


def test_bcc_reaches_its_recipient_and_is_seen_by_the_sender_alone(served: Served) -> None:
    """RFC 5322, section 3.6.3: Bcc addresses are not revealed to other recipients."""
    sent = send(served, mail(ANA, Bcc=BEA))
    assert header(whole(served, sent["id"]), "Bcc") == BEA
    for who in (ANA, BEA):
        (arrived,) = inbox(served, who)
        assert header(arrived, "Bcc") == ""
        assert BEA.encode() not in content_of(served, who, arrived["id"]).partition(b"\r\nTo:")[2]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("", OWNER),
        ("Somebody <somebody@elsewhere.example>", OWNER),
        (f"Soffid <{OWNER}>", f"Soffid <{OWNER}>"),
        ("Helpdesk <helpdesk@soffid.example>", "Helpdesk <helpdesk@soffid.example>"),
    ],
)
def test_from_is_one_of_the_senders_own_addresses(served: Served, given: str, shown: str) -> None:
    """Guide "Manage aliases": mail goes out from the account or one of its sendAs aliases, else from the account."""
    served.workspace.collection("send_as").put(OWNER, {"sendAs": [{"sendAsEmail": "helpdesk@soffid.example"}]})
    content = mail(ANA, From=given) if given else mail(ANA)
    assert header(whole(served, send(served, content)["id"]), "From") == shown


def test_aliases_are_listed_after_the_primary_address(served: Served) -> None:
    """Reference of `users.settings.sendAs.list`."""
    served.workspace.collection("send_as").put(OWNER, {"sendAs": [{"sendAsEmail": "helpdesk@soffid.example"}]})
    listed = served.gmail().settings().sendAs().list(userId="me").execute()["sendAs"]
    assert [one["sendAsEmail"] for one in listed] == [OWNER, "helpdesk@soffid.example"]
    assert listed[0]["isPrimary"] is True


@pytest.mark.parametrize("subject", ["Deployment", "Re: Deployment", "RE: deployment"])
def test_a_message_joins_the_thread_it_refers_to_under_the_same_subject(served: Served, subject: str) -> None:
    """Reference of `users.messages`, threadId: threadId given, References and In-Reply-To set, Subject matching."""
    first = send(served, mail(ANA))
    again = send(served, reply(served, first["id"], subject, OWNER), threadId=first["threadId"])
    assert again["threadId"] == first["threadId"]
    thread = served.gmail().threads().get(userId="me", id=first["threadId"], format="minimal").execute()
    assert [one["id"] for one in thread["messages"]] == [first["id"], again["id"]]
    assert len({one["threadId"] for one in inbox(served, ANA)}) == 1


def test_another_subject_or_missing_references_begin_a_new_thread(served: Served) -> None:
    """Reference of `users.messages`, threadId: without matching References and Subject it is not added."""
    first = send(served, mail(ANA))
    other_subject = send(served, reply(served, first["id"], "Delayed", OWNER), threadId=first["threadId"])
    no_references = send(served, mail(ANA), threadId=first["threadId"])
    assert len({first["threadId"], other_subject["threadId"], no_references["threadId"]}) == 3
    assert len({one["threadId"] for one in inbox(served, ANA)}) == 3


def test_a_draft_in_a_thread_is_sent_into_it(served: Served) -> None:
    """Reference of `users.messages`, threadId, which holds for Draft.message too."""
    first = send(served, mail(ANA))
    made = draft(served, reply(served, first["id"], "Re: Deployment", OWNER), threadId=first["threadId"])
    sent = served.gmail().drafts().send(userId="me", body={"id": made["id"]}).execute()
    assert made["message"]["threadId"] == sent["threadId"] == first["threadId"]


def test_an_answer_arrives_in_the_senders_thread(served: Served) -> None:
    """Gmail help, "Group emails into conversations": same subject, and References to an earlier message."""
    first = send(served, mail(ANA))
    (arrived,) = inbox(served, ANA)
    send(served, reply(served, arrived["id"], "Re: Deployment", ANA, to=OWNER), ANA, threadId=arrived["threadId"])
    (answer,) = inbox(served, OWNER)
    assert answer["threadId"] == first["threadId"]
    assert header(answer, "From") == ANA


def test_an_unknown_thread_is_refused(served: Served) -> None:
    """Gmail error guide: 404 notFound, "Requested entity was not found."."""
    with_unknown = served.gmail().messages().send(userId="me", body=raw(mail(ANA), threadId="1234567890abcdef"))
    assert refusal(with_unknown.execute) == (404, "notFound")
    assert inbox(served, ANA) == []


def test_an_address_that_does_not_exist_bounces_into_the_thread(served: Served) -> None:
    """RFC 3464; Gmail sends failures from mailer-daemon@googlemail.com. Here `.invalid` (RFC 2606) never exists."""
    sent = send(served, mail(f"gone@customer.invalid, {ANA}"))
    (bounce,) = inbox(served, OWNER)
    assert bounce["threadId"] == sent["threadId"]
    assert "mailer-daemon@googlemail.com" in header(bounce, "From")
    assert header(bounce, "X-Failed-Recipients") == "gone@customer.invalid"
    assert [part["mimeType"] for part in bounce["payload"]["parts"]][1] == "message/delivery-status"
    assert len(inbox(served, ANA)) == 1


def test_a_message_to_oneself_is_one_message(served: Served) -> None:
    """Gmail shows mail to oneself once, labelled as sent and received."""
    sent = send(served, mail(OWNER))
    assert set(sent["labelIds"]) == {"SENT", "INBOX", "UNREAD"}
    assert served.gmail().getProfile(userId="me").execute()["messagesTotal"] == 1


def test_the_payload_is_the_tree_of_parts(served: Served) -> None:
    """Reference of `users.messages`, MessagePart: partId, mimeType, filename, headers, body, parts."""
    message = EmailMessage()
    message["To"] = "Ana Núñez <" + ANA + ">"
    message["Subject"] = "Desplegament: Diputació – avís"
    message.set_content("Hola, señores & <todos>")
    message.add_alternative("<p>Hola</p>", subtype="html")
    message.add_attachment(b"\x00\x01guide", maintype="application", subtype="pdf", filename="guía.pdf")
    sent = send(served, message.as_bytes())
    shown = whole(served, sent["id"])
    payload = shown["payload"]
    assert (payload["partId"], payload["mimeType"]) == ("", "multipart/mixed")
    assert header(shown, "Subject") == "Desplegament: Diputació – avís"
    alternative, attached = payload["parts"]
    plain, markup = alternative["parts"]
    assert [alternative["partId"], plain["partId"], markup["partId"], attached["partId"]] == ["0", "0.0", "0.1", "1"]
    text = base64.urlsafe_b64decode(plain["body"]["data"]).decode()
    assert text.strip() == "Hola, señores & <todos>"
    assert plain["body"]["size"] == len(text.encode())
    assert attached["filename"] == "guía.pdf"
    assert "data" not in attached["body"]
    got = (
        served.gmail()
        .messages()
        .attachments()
        .get(userId="me", messageId=sent["id"], id=attached["body"]["attachmentId"])
    )
    assert base64.urlsafe_b64decode(got.execute()["data"]) == b"\x00\x01guide"
    assert shown["snippet"] == "Hola, señores &amp; &lt;todos&gt;"


def test_formats_show_what_they_say(served: Served) -> None:
    """Reference of `messages.get`: format minimal, metadata with metadataHeaders, raw."""
    sent = send(served, mail(ANA, X_Deploylog="DIBA-0014"))
    messages = served.gmail().messages()
    minimal = messages.get(userId="me", id=sent["id"], format="minimal").execute()
    assert "payload" not in minimal
    assert minimal["internalDate"] == str(int(served.clock.now.timestamp() * 1000))
    chosen = messages.get(
        userId="me", id=sent["id"], format="metadata", metadataHeaders=["x-deploylog", "Subject"]
    ).execute()
    assert chosen["payload"]["headers"] == [
        {"name": "Subject", "value": "Deployment"},
        {"name": "X-Deploylog", "value": "DIBA-0014"},
    ]
    assert "parts" not in chosen["payload"]
    content = content_of(served, OWNER, sent["id"])
    assert b"X-Deploylog: DIBA-0014\r\n" in content
    assert len(content) == minimal["sizeEstimate"]


def test_a_message_can_be_uploaded(served: Served) -> None:
    """Guide "Uploading attachments": /upload with message/rfc822, alone or with metadata (multipart)."""
    media = MediaIoBaseUpload(io.BytesIO(mail(ANA)), "message/rfc822")
    alone = served.gmail().messages().send(userId="me", media_body=media).execute()
    answer = reply(served, alone["id"], "Deployment", OWNER)
    media = MediaIoBaseUpload(io.BytesIO(answer), "message/rfc822")
    body = {"message": {"threadId": alone["threadId"]}}
    made = served.gmail().drafts().create(userId="me", body=body, media_body=media).execute()
    assert made["message"]["threadId"] == alone["threadId"]
    assert len(inbox(served, ANA)) == 1


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ("subject:start", ["start of DIBA"]),
        ('subject:"start of"', ["start of DIBA"]),
        ('"of start"', []),
        ("star", []),
        ("windows", ["end of DIBA"]),
        ("diba -windows", ["start of DIBA"]),
        ("from:ana@customer.example", ["end of DIBA"]),
        ("from:customer.example in:inbox is:unread", ["end of DIBA"]),
        ("to:ana label:sent", ["start of DIBA"]),
        ("subject:(start DIBA)", ["start of DIBA"]),
        ("start OR windows", ["end of DIBA", "start of DIBA"]),
        ("{subject:start subject:end}", ["end of DIBA", "start of DIBA"]),
        ("after:2026/11/30", ["end of DIBA"]),
        ("before:1796025600", ["start of DIBA"]),
        ("older_than:1d", []),
        ("marker-7731", []),
    ],
)
def test_search_understands_gmails_operators(served: Served, query: str, subjects: list[str]) -> None:
    """Gmail help, "Refine searches in Gmail"; dates mean midnight in Pacific time (guide "Filtering")."""
    served.clock.forward(minutes=-1)
    send(served, mail(ANA, "start of DIBA", X_Deploylog="marker-7731"))
    served.clock.forward(minutes=2)
    send(served, mail(OWNER, "end of DIBA", "All windows are closed."), ANA)
    shown = [header(whole(served, one), "Subject") for one in found(served, query)]
    assert shown == subjects


def test_search_finds_a_message_by_its_message_id(served: Served) -> None:
    """Gmail help, "Refine searches in Gmail": rfc822msgid."""
    sent = send(served, mail(ANA))
    send(served, mail(ANA))
    message_id = header(whole(served, sent["id"]), "Message-ID")
    assert found(served, f"rfc822msgid:{message_id.strip('<>')}") == [sent["id"]]


def test_what_search_lacks_is_refused_not_ignored(served: Served) -> None:
    """The sandbox's own promise: what is not there answers 501."""
    assert refusal(served.gmail().messages().list(userId="me", q="category:social").execute) == (501, "notImplemented")


def test_trash_hides_a_message_and_deleting_ends_it(served: Served) -> None:
    """Reference of `messages.trash`, `messages.delete`, and includeSpamTrash of `messages.list`."""
    sent = send(served, mail(ANA))
    messages = served.gmail().messages()
    assert "TRASH" in messages.trash(userId="me", id=sent["id"]).execute()["labelIds"]
    assert found(served, "") == []
    assert found(served, "in:trash") == [sent["id"]]
    listed = messages.list(userId="me", includeSpamTrash=True).execute()
    assert [one["id"] for one in listed["messages"]] == [sent["id"]]
    messages.delete(userId="me", id=sent["id"]).execute()
    assert refusal(messages.get(userId="me", id=sent["id"]).execute) == (404, "notFound")


def test_labels_change_and_are_counted(served: Served) -> None:
    """Reference of `messages.modify` and `labels.get`."""
    send(served, mail(ANA))
    (arrived,) = inbox(served, ANA)
    gmail = served.gmail(ANA)
    assert gmail.labels().get(userId="me", id="INBOX").execute()["messagesUnread"] == 1
    changed = gmail.messages().modify(
        userId="me", id=arrived["id"], body={"addLabelIds": ["STARRED"], "removeLabelIds": ["UNREAD"]}
    )
    assert changed.execute()["labelIds"] == ["INBOX", "STARRED"]
    assert gmail.labels().get(userId="me", id="INBOX").execute()["messagesUnread"] == 0
    unknown = gmail.messages().modify(userId="me", id=arrived["id"], body={"addLabelIds": ["NONE"]})
    assert refusal(unknown.execute) == (400, "invalidArgument")


def test_history_tells_what_happened_since(served: Served) -> None:
    """Reference of `history.list`: records after startHistoryId, by type; an unknown number gives 404."""
    gmail = served.gmail()
    send(served, mail(OWNER, "before"), ANA)
    start = gmail.getProfile(userId="me").execute()["historyId"]
    send(served, mail(OWNER, "after"), ANA)
    arrived = inbox(served, OWNER)[-1]
    gmail.messages().modify(userId="me", id=arrived["id"], body={"removeLabelIds": ["UNREAD"]}).execute()
    changes = gmail.history().list(userId="me", startHistoryId=start).execute()
    assert ["messagesAdded" in one for one in changes["history"]] == [True, False]
    assert changes["history"][1]["labelsRemoved"][0]["labelIds"] == ["UNREAD"]
    added = gmail.history().list(userId="me", startHistoryId=start, historyTypes=["messageAdded"]).execute()
    assert [one["messages"][0]["id"] for one in added["history"]] == [arrived["id"]]
    unknown = gmail.history().list(userId="me", startHistoryId="999999999")
    assert refusal(unknown.execute) == (404, "notFound")


def test_limits_are_googles(served: Served) -> None:
    """36,700,160 bytes a message (discovery document); 500 recipients a message (Gmail sending limits)."""
    messages = served.gmail().messages()
    many = ", ".join(f"person{number}@customer.example" for number in range(501))
    assert refusal(messages.send(userId="me", body=raw(mail(many))).execute) == (400, "invalidArgument")
    too_large = messages.send(userId="me", body=raw(mail(ANA) + b"x" * 36_700_160))
    assert refusal(too_large.execute)[0] == 413
    assert inbox(served, ANA) == []


@pytest.mark.parametrize("body", [{}, {"raw": ""}, {"raw": "a"}])
def test_a_message_without_content_is_refused(served: Served, body: dict[str, str]) -> None:
    """Error of `messages.send`: 400 invalidArgument, "'raw' RFC822 payload message string … required"."""
    assert refusal(served.gmail().messages().send(userId="me", body=body).execute)[0] == 400


def test_an_address_that_is_none_is_refused(served: Served) -> None:
    """Error of `messages.send`: 400 invalidArgument, "Invalid To header"."""
    content = b"To: nobody\r\nSubject: x\r\n\r\nx\r\n"
    assert refusal(served.gmail().messages().send(userId="me", body=raw(content)).execute) == (400, "invalidArgument")


def test_a_mailbox_is_its_owners_alone(served: Served) -> None:
    """Gmail error guide: 403 "Delegation denied" for another's mailbox; 400 failedPrecondition without a mailbox."""
    assert served.gmail().getProfile(userId=OWNER).execute()["emailAddress"] == OWNER
    assert refusal(served.gmail().getProfile(userId=COLLEAGUE).execute) == (403, "forbidden")
    assert refusal(served.gmail(SERVICE_ACCOUNT).getProfile(userId="me").execute) == (400, "failedPrecondition")


def test_what_is_not_there_says_so(served: Served) -> None:
    """The sandbox's own promise: what is not there answers 501."""
    filters = served.gmail().settings().filters().list(userId="me")
    assert refusal(filters.execute) == (501, "notImplemented")

"""Gmail: messages, drafts, threads, labels, search and history."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests
from conformance_checks import check, table
from conformance_pages import (
    ALIASES,
    DRAFT_GUIDE,
    DRAFTS,
    FILTERING,
    GMAIL_ERRORS,
    GMAIL_SYNC,
    HISTORY,
    LABEL_GUIDE,
    LABELS,
    MESSAGES,
    OPERATORS,
    PROFILE,
    SEND_AS,
    SENDING,
    SENDING_LIMITS,
    THREAD_GUIDE,
    THREADS,
)
from conformance_place import refusal, status
from conformance_spaces import Json, MailSpace, header, raw
from googleapiclient.http import MediaInMemoryUpload


@check("gmail.users.getProfile", PROFILE, "the profile has the address and the number of the last change")
def test_a_profile_has_an_address(mail: MailSpace) -> None:
    found = mail.api.getProfile(userId="me").execute()
    assert found["emailAddress"] == mail.place.owner.address
    assert found["historyId"].isdigit()


@check("gmail.users.messages.send", SENDING, "a sent message has an id, a thread and the label SENT")
def test_a_sent_message_is_labelled(mail: MailSpace) -> None:
    guest = mail.place.person("guest")
    sent = mail.send(mail.letter(to=guest.address))
    assert "SENT" in sent["labelIds"]
    assert "INBOX" not in mail.get(sent["id"])["labelIds"]


@check("gmail.users.messages.send", SENDING, "the message arrives in the recipient's inbox, unread")
def test_a_sent_message_arrives(mail: MailSpace) -> None:
    guest, subject = mail.place.person("guest"), mail.subject()
    mail.send(mail.letter(subject, guest.address))
    message = mail.arrived(subject, guest)
    assert {"INBOX", "UNREAD"} <= set(message["labelIds"])
    assert mail.place.owner.address in header(message, "From")


@check(
    "gmail.users.messages.send",
    MESSAGES + "#Message.FIELDS.raw",
    "`raw` is the whole message in base64url; without it the call is refused: 400",
)
def test_a_message_is_handed_in_raw(mail: MailSpace) -> None:
    request = mail.messages.send(userId="me", body={"snippet": "x"})
    assert status(request) == 400


@check("gmail.users.messages.send", MESSAGES + "/send", "a message is uploaded as message/rfc822 too")
def test_a_message_is_uploaded(mail: MailSpace) -> None:
    media = MediaInMemoryUpload(mail.letter(), mimetype="message/rfc822")
    sent = mail.kept(mail.messages.send(userId="me", body={}, media_body=media).execute())
    assert "SENT" in sent["labelIds"]


@table(
    "gmail.users.messages.send",
    GMAIL_ERRORS,
    ("to",),
    {
        "a message without recipients is refused: 400 invalidArgument": ("",),
        "a recipient that is no address is refused: 400 invalidArgument": ("nobody at all",),
    },
)
def test_a_message_to_nobody_is_refused(mail: MailSpace, to: str) -> None:
    content = b"Subject: x\r\n" + (f"To: {to}\r\n".encode() if to else b"") + b"\r\nx"
    assert refusal(mail.messages.send(userId="me", body=raw(content))) == (400, "invalidArgument")


@check("gmail.users.messages.send", SENDING_LIMITS, "a message has at most 500 recipients through the API")
def test_a_message_has_not_too_many_recipients(mail: MailSpace) -> None:
    many = ", ".join(f"person{number}@customer.invalid" for number in range(501))
    assert status(mail.messages.send(userId="me", body=raw(mail.letter(to=many)))) in (400, 429)


@check("gmail.users.messages.send", ALIASES, "a From that is not the user's becomes the user's")
def test_a_foreign_sender_is_replaced(mail: MailSpace) -> None:
    sent = mail.send(mail.letter(From="Somebody Else <somebody@customer.example>"))
    assert mail.place.owner.address in header(mail.get(sent["id"]), "From")


@check("gmail.users.messages.send", MESSAGES + "#Message.FIELDS.id", "custom headers are kept and can be read")
def test_custom_headers_are_kept(mail: MailSpace) -> None:
    sent = mail.send(mail.letter(X_Conformance="DIBA-0014", Auto_Submitted="auto-generated"))
    message = mail.get(sent["id"])
    assert (header(message, "X-Conformance"), header(message, "Auto-Submitted")) == ("DIBA-0014", "auto-generated")


@table(
    "gmail.users.messages.get",
    MESSAGES + "/get",
    ("form", "there", "missing"),
    {
        "format full has the parsed payload, not raw": ("full", {"payload", "snippet"}, {"raw"}),
        "format metadata has headers": ("metadata", {"payload", "labelIds", "threadId"}, {"raw"}),
        "format minimal has ids and labels only": ("minimal", {"labelIds", "threadId"}, {"raw", "payload"}),
        "format raw has the whole message, not the payload": ("raw", {"raw"}, {"payload"}),
    },
)
def test_formats(mail: MailSpace, form: str, there: set[str], missing: set[str]) -> None:
    found = mail.get(mail.send(mail.letter())["id"], format=form)
    assert there <= set(found)
    assert not missing & set(found)


@check("gmail.users.messages.get", MESSAGES + "/get", "without a format it is full")
def test_the_format_is_full_by_default(mail: MailSpace) -> None:
    sent = mail.send(mail.letter(text="It starts now."))
    body = mail.get(sent["id"])["payload"]["body"]["data"]
    assert base64.urlsafe_b64decode(body + "==").decode().strip() == "It starts now."


@check("gmail.users.messages.get", MESSAGES + "/get", "metadataHeaders chooses headers")
def test_headers_are_chosen(mail: MailSpace) -> None:
    found = mail.get(mail.send(mail.letter())["id"], format="metadata", metadataHeaders=["Subject", "To"])
    assert sorted(one["name"] for one in found["payload"]["headers"]) == ["Subject", "To"]


@check(
    "gmail.users.messages.get",
    MESSAGES + "#Message",
    "historyId and internalDate are int64 and so strings; sizeEstimate is a number",
)
def test_numbers_of_a_message(mail: MailSpace) -> None:
    found = mail.get(mail.send(mail.letter())["id"])
    assert found["historyId"].isdigit()
    assert found["internalDate"].isdigit()
    assert isinstance(found["sizeEstimate"], int)


@check(
    "gmail.users.messages.get",
    MESSAGES + "#MessagePart",
    "a message of several parts is a tree; attachments have a filename and an id",
)
def test_a_message_is_a_tree_of_parts(mail: MailSpace) -> None:
    boundary = "b0undary"
    content = (
        f"To: {mail.place.owner.address}\r\nSubject: {mail.subject()}\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'
        f"--{boundary}\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
        f'--{boundary}\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename="a.csv"\r\n\r\n1,2\r\n'
        f"--{boundary}--\r\n"
    )
    message = mail.get(mail.send(content.encode())["id"])
    payload = message["payload"]
    assert (payload["mimeType"], payload["partId"]) == ("multipart/mixed", "")
    assert [(one["mimeType"], one["filename"], one["partId"]) for one in payload["parts"]] == [
        ("text/plain", "", "0"),
        ("text/csv", "a.csv", "1"),
    ]
    attachment = payload["parts"][1]["body"]["attachmentId"]
    got = mail.messages.attachments().get(userId="me", messageId=message["id"], id=attachment).execute()
    assert base64.urlsafe_b64decode(got["data"] + "==").strip() == b"1,2"


@check("gmail.users.messages.get", GMAIL_ERRORS, "an unknown message is refused: 404 notFound")
def test_an_unknown_message_is_refused(mail: MailSpace) -> None:
    assert refusal(mail.messages.get(userId="me", id="1111111111111111")) == (404, "notFound")


@check("gmail.users.messages.list", GMAIL_ERRORS, "another user's mailbox is refused: 403")
def test_anothers_mailbox_is_refused(mail: MailSpace) -> None:
    guest = mail.place.person("guest")
    assert status(mail.messages.list(userId=guest.address)) == 403


@check("gmail.users.messages.list", GMAIL_ERRORS, "a service account as itself has no mailbox: 400 failedPrecondition")
def test_a_service_account_has_no_mailbox(mail: MailSpace) -> None:
    robot = mail.place.person("robot")
    assert refusal(robot.gmail.messages().list(userId="me")) == (400, "failedPrecondition")


@check("gmail.users.messages.send", GMAIL_ERRORS, "a user without Gmail is refused: 400 failedPrecondition")
def test_a_user_without_a_mailbox_is_refused(mail: MailSpace) -> None:
    outsider = mail.place.person("outsider")
    mail.place.trouble("mailboxes", {"address": outsider.address, "exists": False})
    try:
        assert refusal(outsider.gmail.messages().list(userId="me")) == (400, "failedPrecondition")
    finally:
        mail.place.trouble("mailboxes", {"address": outsider.address, "exists": True})


@check("gmail.users.getProfile", GMAIL_ERRORS, "no credentials are refused: 401")
def test_no_credentials_are_refused(mail: MailSpace) -> None:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(mail.place.owner.address_of("gmail", "/gmail/v1/users/me/profile"), timeout=30)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == 401


@check("gmail.users.drafts.create", DRAFT_GUIDE, "a draft has an id of its own, a message and the label DRAFT")
def test_a_draft_has_a_message(mail: MailSpace) -> None:
    draft = mail.draft(mail.letter())
    try:
        assert draft["id"] != draft["message"]["id"]
        assert mail.get(draft["message"]["id"])["labelIds"] == ["DRAFT"]
    finally:
        mail.drafts.delete(userId="me", id=draft["id"]).execute()


@check(
    "gmail.users.drafts.send", DRAFT_GUIDE, "sending deletes the draft and makes a message with a new id, labelled SENT"
)
def test_a_draft_dies_when_it_is_sent(mail: MailSpace) -> None:
    draft = mail.draft(mail.letter())
    sent = mail.kept(mail.drafts.send(userId="me", body={"id": draft["id"]}).execute())
    assert "SENT" in sent["labelIds"]
    assert sent["threadId"] == draft["message"]["threadId"]
    assert refusal(mail.drafts.get(userId="me", id=draft["id"])) == (404, "notFound")
    assert status(mail.drafts.send(userId="me", body={"id": draft["id"]})) in (400, 404)


@check(
    "gmail.users.drafts.update",
    DRAFT_GUIDE,
    "an update replaces the message; the draft's id stays, the message's does not",
)
def test_the_message_of_a_draft_is_replaced(mail: MailSpace) -> None:
    draft, subject = mail.draft(mail.letter()), mail.subject()
    body = {"message": raw(mail.letter(subject))}
    changed = mail.drafts.update(userId="me", id=draft["id"], body=body).execute()
    found = mail.drafts.get(userId="me", id=draft["id"]).execute()
    mail.drafts.delete(userId="me", id=draft["id"]).execute()
    assert changed["id"] == draft["id"]
    assert changed["message"]["id"] != draft["message"]["id"]
    assert header(found["message"], "Subject") == subject


@check(
    "gmail.users.drafts.delete",
    DRAFTS + "/delete",
    "a draft is deleted for good, with its message; the answer is empty",
)
def test_a_draft_is_deleted(mail: MailSpace) -> None:
    draft = mail.draft(mail.letter())
    assert not mail.drafts.delete(userId="me", id=draft["id"]).execute()
    assert refusal(mail.drafts.get(userId="me", id=draft["id"])) == (404, "notFound")
    assert status(mail.messages.get(userId="me", id=draft["message"]["id"])) == 404


@check(
    "gmail.users.drafts.list", DRAFTS + "/list", "drafts are listed by their ids, with the ids of message and thread"
)
def test_drafts_are_listed(mail: MailSpace) -> None:
    draft = mail.draft(mail.letter())
    listed = mail.drafts.list(userId="me", maxResults=500).execute()["drafts"]
    mail.drafts.delete(userId="me", id=draft["id"]).execute()
    found = next(one for one in listed if one["id"] == draft["id"])
    assert set(found["message"]) == {"id", "threadId"}


@check("gmail.users.drafts.create", DRAFT_GUIDE, "a draft needs no recipient; sending it then is refused: 400")
def test_a_draft_to_nobody_is_not_sent(mail: MailSpace) -> None:
    draft = mail.draft(mail.letter(to=""))
    assert status(mail.drafts.send(userId="me", body={"id": draft["id"]})) == 400
    mail.drafts.delete(userId="me", id=draft["id"]).execute()


@check(
    "gmail.users.messages.send",
    THREAD_GUIDE,
    "with threadId, References, In-Reply-To and the subject a message joins its thread",
)
def test_an_answer_joins_its_thread(mail: MailSpace) -> None:
    subject = mail.subject()
    first = mail.send(mail.letter(subject))
    second = _answer(mail, first, f"Re: {subject}", threadId=first["threadId"])
    assert second["threadId"] == first["threadId"]
    thread = mail.threads.get(userId="me", id=first["threadId"]).execute()
    assert [one["id"] for one in thread["messages"]] == [first["id"], second["id"]]


@check(
    "gmail.users.messages.send",
    MESSAGES + "#Message.FIELDS.threadId",
    "with another subject a message begins a thread of its own",
)
def test_another_subject_is_another_thread(mail: MailSpace) -> None:
    first = mail.send(mail.letter())
    assert _answer(mail, first, mail.subject())["threadId"] != first["threadId"]


@check(
    "gmail.users.messages.send",
    THREAD_GUIDE,
    "threadId alone does not put a message into a thread: References and In-Reply-To must be set",
)
def test_a_thread_wants_references(mail: MailSpace) -> None:
    subject = mail.subject()
    first = mail.send(mail.letter(subject))
    assert mail.send(mail.letter(subject), threadId=first["threadId"])["threadId"] != first["threadId"]


@check("gmail.users.threads.get", THREADS + "/get", "an unknown thread is refused: 404 notFound")
def test_an_unknown_thread_is_refused(mail: MailSpace) -> None:
    assert refusal(mail.threads.get(userId="me", id="1111111111111111")) == (404, "notFound")


@check(
    "gmail.users.threads.list", THREADS + "/list", "a thread is listed once, with its snippet, and without its messages"
)
def test_threads_are_listed_once(mail: MailSpace) -> None:
    subject = mail.subject()
    first = mail.send(mail.letter(subject))
    _answer(mail, first, subject, threadId=first["threadId"])

    def listed() -> list[Json]:
        return list(mail.threads.list(userId="me", q=f"subject:{subject}").execute().get("threads", []))

    threads = mail.place.eventually(listed)
    assert [one["id"] for one in threads] == [first["threadId"]]
    assert "messages" not in threads[0]


@table(
    "gmail.users.messages.list",
    OPERATORS,
    ("query", "wanted"),
    {
        "subject: finds words of the subject": ("subject:{subject}", True),
        "words alone are searched everywhere": ("{subject}", True),
        "from: finds the sender": ("{subject} from:{me}", True),
        "to: finds a recipient": ("{subject} to:{me}", True),
        "to: with somebody else finds nothing": ("{subject} to:nobody@customer.example", False),
        "in:sent finds what was sent": ("{subject} in:sent", True),
        "in:trash finds what is in the trash": ("{subject} in:trash", False),
        "a phrase in double quotes is searched as it stands": ('{subject} "starts now"', True),
        "a phrase in another order is not found": ('{subject} "now starts"', False),
        "- leaves out what matches": ("{subject} -from:{me}", False),
        "OR joins alternatives": ("{subject} (from:nobody@customer.example OR to:{me})", True),
        "braces join alternatives": ("{subject} {{from:nobody@customer.example to:{me}}}", True),
        "after: finds what is newer": ("{subject} after:2020/01/01", True),
        "before: leaves out what is newer": ("{subject} before:2020/01/01", False),
        "newer_than: counts days": ("{subject} newer_than:2d", True),
        "has:attachment wants an attachment": ("{subject} has:attachment", False),
        "label: finds a label": ("{subject} label:sent", True),
        "is:starred wants a star": ("{subject} is:starred", False),
    },
)
def test_search(mail: MailSpace, query: str, wanted: bool) -> None:
    sent = _searched(mail)
    subject, me = header(sent, "Subject"), mail.place.owner.address
    found = mail.place.eventually(lambda: mail.found(f"subject:{subject}"))
    assert found == [sent["id"]]
    assert mail.found(query.format(subject=subject, me=me)) == (found if wanted else [])


@check("gmail.users.messages.list", OPERATORS, "rfc822msgid: finds a message by its Message-ID")
def test_a_message_is_found_by_its_message_id(mail: MailSpace) -> None:
    sent = _searched(mail)
    message_id = header(sent, "Message-ID").strip("<>")
    assert mail.place.eventually(lambda: mail.found(f"rfc822msgid:{message_id}")) == [sent["id"]]


@check("gmail.users.messages.list", FILTERING, "after: and before: take seconds since 1970 too")
def test_seconds_are_dates_too(mail: MailSpace) -> None:
    sent = _searched(mail)
    subject, seconds = header(sent, "Subject"), int(sent["internalDate"]) // 1000
    mail.place.eventually(lambda: mail.found(f"subject:{subject} after:{seconds - 60}"))
    assert mail.found(f"subject:{subject} after:{seconds + 60}") == []


@check("gmail.users.messages.list", MESSAGES + "/list", "a message is listed by its id and its thread's only")
def test_messages_are_listed_by_their_ids(mail: MailSpace) -> None:
    mail.send(mail.letter())
    answer = mail.messages.list(userId="me", maxResults=1).execute()
    assert set(answer["messages"][0]) == {"id", "threadId"}
    assert isinstance(answer["resultSizeEstimate"], int)


@check(
    "gmail.users.messages.list",
    MESSAGES + "/list",
    "maxResults cuts the list, nextPageToken goes on; the newest come first",
)
def test_pages_follow_each_other(mail: MailSpace) -> None:
    subject = mail.subject()
    sent = [mail.send(mail.letter(f"{subject} {number}"))["id"] for number in range(3)]
    mail.place.eventually(lambda: len(mail.found(f"subject:{subject}")) == 3)
    found: list[str] = []
    request = mail.messages.list(userId="me", q=f"subject:{subject}", maxResults=2)
    while request is not None:
        answer = request.execute()
        assert len(answer["messages"]) <= 2
        found += [one["id"] for one in answer["messages"]]
        request = mail.messages.list_next(request, answer)
    assert found == list(reversed(sent))


@check("gmail.users.messages.list", MESSAGES + "/list", "labelIds wants all the labels")
def test_all_labels_are_wanted(mail: MailSpace) -> None:
    subject = mail.subject()
    sent = mail.send(mail.letter(subject))
    mail.place.eventually(lambda: mail.found(f"subject:{subject}"))
    assert mail.found(f"subject:{subject}", labelIds=["SENT"]) == [sent["id"]]
    assert mail.found(f"subject:{subject}", labelIds=["SENT", "STARRED"]) == []


@check("gmail.users.messages.list", MESSAGES + "/list", "spam and trash are listed with includeSpamTrash only")
def test_the_trash_is_listed_on_request(mail: MailSpace) -> None:
    subject = mail.subject()
    sent = mail.send(mail.letter(subject))
    mail.place.eventually(lambda: mail.found(f"subject:{subject}"))
    mail.messages.trash(userId="me", id=sent["id"]).execute()
    mail.place.eventually(lambda: not mail.found(f"subject:{subject}"))
    assert mail.found(f"subject:{subject}", includeSpamTrash=True) == [sent["id"]]


@check("gmail.users.messages.trash", MESSAGES + "/trash", "trash gives the label TRASH, untrash takes it away")
def test_a_message_goes_to_the_trash_and_back(mail: MailSpace) -> None:
    sent = mail.send(mail.letter())
    assert "TRASH" in mail.messages.trash(userId="me", id=sent["id"]).execute()["labelIds"]
    assert "TRASH" not in mail.messages.untrash(userId="me", id=sent["id"]).execute()["labelIds"]


@check("gmail.users.messages.delete", MESSAGES + "/delete", "a deleted message is gone for good")
def test_a_message_is_deleted(mail: MailSpace) -> None:
    sent = mail.send(mail.letter())
    assert not mail.messages.delete(userId="me", id=sent["id"]).execute()
    assert refusal(mail.messages.get(userId="me", id=sent["id"])) == (404, "notFound")


@check("gmail.users.messages.modify", LABEL_GUIDE, "labels are added and removed")
def test_labels_are_changed(mail: MailSpace) -> None:
    sent = mail.send(mail.letter())
    changed = mail.messages.modify(userId="me", id=sent["id"], body={"addLabelIds": ["STARRED"]}).execute()
    assert "STARRED" in changed["labelIds"]
    changed = mail.messages.modify(userId="me", id=sent["id"], body={"removeLabelIds": ["STARRED"]}).execute()
    assert "STARRED" not in changed["labelIds"]


@pytest.mark.parametrize("label", ["SENT", "DRAFT"])
@check("gmail.users.messages.modify", LABEL_GUIDE, "SENT and DRAFT cannot be applied by hand: 400")
def test_some_labels_are_gmails_own(mail: MailSpace, label: str) -> None:
    sent = mail.send(mail.letter())
    assert status(mail.messages.modify(userId="me", id=sent["id"], body={"addLabelIds": [label]})) == 400


@check("gmail.users.messages.modify", MESSAGES + "/modify", "an unknown label is refused: 400")
def test_an_unknown_label_is_refused(mail: MailSpace) -> None:
    sent = mail.send(mail.letter())
    assert status(mail.messages.modify(userId="me", id=sent["id"], body={"addLabelIds": ["Label_999999"]})) == 400


@check("gmail.users.labels.list", LABEL_GUIDE, "the system labels are listed")
def test_system_labels_are_listed(mail: MailSpace) -> None:
    listed = {one["id"]: one["type"] for one in mail.api.labels().list(userId="me").execute()["labels"]}
    wanted = ("INBOX", "SENT", "DRAFT", "TRASH", "SPAM", "UNREAD", "STARRED", "IMPORTANT")
    assert {listed.get(one) for one in wanted} == {"system"}


@check("gmail.users.labels.get", LABELS + "#Label", "a label counts its messages and threads")
def test_a_label_counts(mail: MailSpace) -> None:
    before = mail.api.labels().get(userId="me", id="SENT").execute()["messagesTotal"]
    mail.send(mail.letter())
    assert mail.api.labels().get(userId="me", id="SENT").execute()["messagesTotal"] == before + 1


@check("gmail.users.history.list", GMAIL_SYNC, "from a historyId on, an added message is told")
def test_history_tells_of_an_added_message(mail: MailSpace) -> None:
    start = mail.api.getProfile(userId="me").execute()["historyId"]
    sent = mail.send(mail.letter())
    added = mail.place.eventually(lambda: _told(mail, start, "messagesAdded"))
    assert sent["id"] in added


@check("gmail.users.history.list", HISTORY, "historyTypes chooses what is told: labels added, messages deleted")
def test_history_tells_of_labels_and_deletions(mail: MailSpace) -> None:
    sent = mail.messages.send(userId="me", body=raw(mail.letter())).execute()
    start = mail.get(sent["id"])["historyId"]
    mail.messages.modify(userId="me", id=sent["id"], body={"addLabelIds": ["STARRED"]}).execute()
    mail.messages.delete(userId="me", id=sent["id"]).execute()
    starred = mail.place.eventually(lambda: _told(mail, start, "labelsAdded", historyTypes=["labelAdded"]))
    deleted = mail.place.eventually(lambda: _told(mail, start, "messagesDeleted", historyTypes=["messageDeleted"]))
    assert (sent["id"] in starred, sent["id"] in deleted) == (True, True)


@check("gmail.users.history.list", HISTORY, "a startHistoryId out of range is refused: 404")
def test_history_of_an_unknown_number_is_refused(mail: MailSpace) -> None:
    assert status(mail.api.history().list(userId="me", startHistoryId="99999999999999")) == 404


@check("gmail.users.history.list", HISTORY, "startHistoryId is required: 400")
def test_history_needs_a_start(mail: MailSpace) -> None:
    assert status(mail.api.history().list(userId="me")) == 400


@check("gmail.users.settings.sendAs.list", SEND_AS + "/list", "the account's own address is the primary one")
def test_the_own_address_is_primary(mail: MailSpace) -> None:
    listed = mail.api.settings().sendAs().list(userId="me").execute()["sendAs"]
    primary = [one["sendAsEmail"] for one in listed if one.get("isPrimary")]
    assert primary == [mail.place.owner.address]


@check("gmail.users.settings.sendAs.get", SEND_AS + "/get", "an unknown alias is refused: 404")
def test_an_unknown_alias_is_refused(mail: MailSpace) -> None:
    request = mail.api.settings().sendAs().get(userId="me", sendAsEmail="nobody@customer.example")
    assert status(request) == 404


@check("gmail.users.labels.create", LABELS + "/create", "a label of one's own is made, renamed, applied and deleted")
def test_a_label_of_ones_own(mail: MailSpace) -> None:
    labels, name = mail.api.labels(), mail.subject()
    made = labels.create(userId="me", body={"name": name}).execute()
    try:
        assert (made["name"], made.get("type", "user")) == (name, "user")
        sent = mail.send(mail.letter())
        mail.messages.modify(userId="me", id=sent["id"], body={"addLabelIds": [made["id"]]}).execute()
        mail.place.eventually(lambda: mail.found(f"label:{name}") == [sent["id"]])
        renamed = labels.patch(userId="me", id=made["id"], body={"name": f"{name}b"}).execute()
        assert (renamed["id"], renamed["name"]) == (made["id"], f"{name}b")
    finally:
        labels.delete(userId="me", id=made["id"]).execute()
    assert made["id"] not in mail.get(sent["id"])["labelIds"]
    assert status(labels.get(userId="me", id=made["id"])) == 404


@check("gmail.users.labels.create", LABEL_GUIDE, "the name of a label is unique: 409")
def test_a_label_has_a_name_of_its_own(mail: MailSpace) -> None:
    labels, name = mail.api.labels(), mail.subject()
    made = labels.create(userId="me", body={"name": name}).execute()
    try:
        assert status(labels.create(userId="me", body={"name": name})) == 409
    finally:
        labels.delete(userId="me", id=made["id"]).execute()


@check("gmail.users.labels.delete", LABEL_GUIDE, "system labels cannot be deleted: 400")
def test_a_system_label_stays(mail: MailSpace) -> None:
    assert status(mail.api.labels().delete(userId="me", id="INBOX")) == 400


@check(
    "gmail.users.messages.batchModify",
    MESSAGES + "/batchModify",
    "labels of several messages change at once; the answer is empty",
)
def test_labels_of_several_messages_change(mail: MailSpace) -> None:
    sent = [mail.send(mail.letter())["id"] for _ in range(2)]
    body = {"ids": sent, "addLabelIds": ["STARRED"]}
    assert not mail.messages.batchModify(userId="me", body=body).execute()
    assert all("STARRED" in mail.get(one)["labelIds"] for one in sent)


@check("gmail.users.messages.batchDelete", MESSAGES + "/batchDelete", "several messages are deleted at once")
def test_several_messages_are_deleted(mail: MailSpace) -> None:
    sent = [mail.send(mail.letter())["id"] for _ in range(2)]
    mail.messages.batchDelete(userId="me", body={"ids": sent}).execute()
    assert [status(mail.messages.get(userId="me", id=one)) for one in sent] == [404, 404]


@check("gmail.users.messages.insert", MESSAGES + "/insert", "an inserted message is in the mailbox and is not sent")
def test_an_inserted_message_is_not_sent(mail: MailSpace) -> None:
    guest, subject = mail.place.person("guest"), mail.subject()
    body = {**raw(mail.letter(subject, guest.address)), "labelIds": ["INBOX"]}
    made = mail.kept(mail.messages.insert(userId="me", body=body).execute())
    assert mail.get(made["id"])["labelIds"] == ["INBOX"]
    later = mail.subject()
    mail.send(mail.letter(later, guest.address))
    mail.arrived(later, guest)
    assert mail.found(f"subject:{subject}", guest) == []


@check(
    "gmail.users.messages.import", MESSAGES + "/import", "an imported message arrives in the mailbox like received mail"
)
def test_an_imported_message_is_received(mail: MailSpace) -> None:
    body = {**raw(mail.letter(From="Somebody <somebody@customer.example>")), "labelIds": ["INBOX", "UNREAD"]}
    made = mail.kept(mail.messages.import_(userId="me", body=body).execute())
    found = mail.get(made["id"])
    assert {"INBOX", "UNREAD"} <= set(found["labelIds"])
    assert "somebody@customer.example" in header(found, "From")


@check("gmail.users.threads.modify", THREADS + "/modify", "labels of a thread are those of all its messages")
def test_labels_of_a_thread_change(mail: MailSpace) -> None:
    subject = mail.subject()
    first = mail.send(mail.letter(subject))
    second = _answer(mail, first, subject, threadId=first["threadId"])
    mail.threads.modify(userId="me", id=first["threadId"], body={"addLabelIds": ["STARRED"]}).execute()
    assert all("STARRED" in mail.get(one["id"])["labelIds"] for one in (first, second))


@check("gmail.users.threads.trash", THREADS + "/trash", "a thread goes to the trash and back with all its messages")
def test_a_thread_goes_to_the_trash_and_back(mail: MailSpace) -> None:
    sent = mail.send(mail.letter())
    mail.threads.trash(userId="me", id=sent["threadId"]).execute()
    assert "TRASH" in mail.get(sent["id"])["labelIds"]
    mail.threads.untrash(userId="me", id=sent["threadId"]).execute()
    assert "TRASH" not in mail.get(sent["id"])["labelIds"]


@check("gmail.users.threads.delete", THREADS + "/delete", "a deleted thread is gone for good with all its messages")
def test_a_thread_is_deleted(mail: MailSpace) -> None:
    sent = mail.send(mail.letter())
    assert not mail.threads.delete(userId="me", id=sent["threadId"]).execute()
    assert status(mail.threads.get(userId="me", id=sent["threadId"])) == 404
    assert status(mail.messages.get(userId="me", id=sent["id"])) == 404


def _searched(mail: MailSpace) -> Json:
    """A message to search, sent once."""
    kept: Json | None = getattr(mail, "searched", None)
    if kept is None:
        kept = mail.get(mail.send(mail.letter())["id"])
        mail.searched = kept  # type: ignore[attr-defined]
    return kept


def _answer(mail: MailSpace, to: Json, subject: str, **more: str) -> Json:
    reference = header(mail.get(to["id"]), "Message-ID")
    return mail.send(mail.letter(subject, In_Reply_To=reference, References=reference), **more)


def _told(mail: MailSpace, start: str, key: str, **more: Any) -> list[str]:
    answer = mail.api.history().list(userId="me", startHistoryId=start, **more).execute()
    return [one["message"]["id"] for record in answer.get("history", []) for one in record.get(key, [])]

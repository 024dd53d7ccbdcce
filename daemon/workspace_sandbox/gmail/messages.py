"""The methods of the Gmail API: https://developers.google.com/workspace/gmail/api/reference/rest.

A mailbox is only its owner's: `userId` is `me` or the acting user's own address. What is sent arrives at once in the
mailboxes here (`delivery.py`).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from workspace_sandbox.calls import Answer, ApiError, Call, Json, method
from workspace_sandbox.gmail import search
from workspace_sandbox.gmail.common import (
    check_labels,
    checked_id,
    labelled,
    mailbox_of,
    message_in,
    not_found,
    reference,
)
from workspace_sandbox.gmail.delivery import deliver, stamped
from workspace_sandbox.gmail.mailbox import Mailbox
from workspace_sandbox.gmail.mime import Letter, attachment, encoded, is_address, part_of_attachment, payload
from workspace_sandbox.gmail.settings import own_addresses

__all__ = ["deliver"]

_LARGEST = 36_700_160
"""Bytes of a message (`maxSize` of the discovery document)."""
_MOST_RECIPIENTS = 500
"""Recipients of one message sent through the API (https://support.google.com/a/answer/166852)."""
_LARGEST_PAGE = 500
_LARGEST_BATCH = 1000
"""Ids of one batchModify or batchDelete (reference of `messages.batchModify`)."""
_HISTORY_KINDS = {
    "messageAdded": "messagesAdded",
    "messageDeleted": "messagesDeleted",
    "labelAdded": "labelsAdded",
    "labelRemoved": "labelsRemoved",
}
_NO_RAW = "'raw' RFC822 payload message string or uploading message via /upload/* URL required"


@method("gmail.users.getProfile")
def get_profile(call: Call) -> Json:
    mailbox = mailbox_of(call)
    messages = mailbox.messages()
    return {
        "emailAddress": mailbox.address,
        "messagesTotal": len(messages),
        "threadsTotal": len({one["threadId"] for one in messages}),
        "historyId": str(mailbox.history_id()),
    }


@method("gmail.users.messages.list")
def messages_list(call: Call) -> Json:
    mailbox = mailbox_of(call)
    page, more, total = _page(call, _matching(call, mailbox), _age)
    return _listed("messages", [reference(one) for one in page], more, total)


@method("gmail.users.messages.get")
def messages_get(call: Call) -> Json:
    mailbox = mailbox_of(call)
    return _shown(call, mailbox, message_in(mailbox, call.params["id"]))


@method("gmail.users.messages.send")
def messages_send(call: Call) -> Json:
    mailbox = mailbox_of(call)
    content = _content(call, call.body)
    return _send(call, mailbox, content, _thread_for(mailbox, content, call.body))


@method("gmail.users.messages.modify")
def messages_modify(call: Call) -> Json:
    mailbox = mailbox_of(call)
    message = message_in(mailbox, call.params["id"])
    return labelled(_modified(call, mailbox, [message])[0])


@method("gmail.users.messages.batchModify")
def messages_batch_modify(call: Call) -> Answer:
    """Changes the labels of the messages that are there; unknown ids change nothing."""
    mailbox = mailbox_of(call)
    _modified(call, mailbox, _those_there(call, mailbox))
    return Answer(None, 204)


@method("gmail.users.messages.batchDelete")
def messages_batch_delete(call: Call) -> Answer:
    """Deletes for good; "provides no guarantees that messages were not already deleted or even existed at all"."""
    mailbox = mailbox_of(call)
    for message in _those_there(call, mailbox):
        mailbox.remove(message["id"])
    return Answer(None, 204)


@method("gmail.users.messages.insert")
def messages_insert(call: Call) -> Json:
    """Puts a message into the own mailbox as it is, as IMAP APPEND does; nobody is sent anything."""
    return _inserted(call, dated="receivedTime")


@method("gmail.users.messages.import")
def messages_import(call: Call) -> Json:
    """As `insert`, dated by its Date header unless told otherwise; the sandbox takes nothing for spam."""
    if call.params.get("processForCalendar"):
        raise ApiError(501, "notImplemented", "The sandbox does not read invitations out of imported mail.")
    return _inserted(call, dated="dateHeader")


@method("gmail.users.messages.trash")
def messages_trash(call: Call) -> Json:
    mailbox = mailbox_of(call)
    changed = mailbox.relabel(message_in(mailbox, call.params["id"])["id"], ["TRASH"], ["INBOX"])
    return labelled(changed)


@method("gmail.users.messages.untrash")
def messages_untrash(call: Call) -> Json:
    mailbox = mailbox_of(call)
    changed = mailbox.relabel(message_in(mailbox, call.params["id"])["id"], [], ["TRASH"])
    return labelled(changed)


@method("gmail.users.messages.delete")
def messages_delete(call: Call) -> Answer:
    mailbox = mailbox_of(call)
    mailbox.remove(message_in(mailbox, call.params["id"])["id"])
    return Answer(None, 204)


@method("gmail.users.messages.attachments.get")
def attachments_get(call: Call) -> Json:
    mailbox = mailbox_of(call)
    message = message_in(mailbox, call.params["messageId"])
    part_id = part_of_attachment(message["id"], call.params["id"])
    data = None if part_id is None else attachment(mailbox.content(message["id"]), part_id)
    if data is None:
        raise ApiError(400, "invalidArgument", "Invalid attachment token")
    return {"size": len(data), "data": encoded(data)}


@method("gmail.users.threads.list")
def threads_list(call: Call) -> Json:
    mailbox = mailbox_of(call)
    newest: dict[str, Json] = {}
    for one in _matching(call, mailbox):
        newest.setdefault(one["threadId"], one)
    page, more, total = _page(call, list(newest.values()), _age)
    changed: dict[str, int] = {}
    for one in mailbox.messages():
        changed[one["threadId"]] = max(changed.get(one["threadId"], 0), one["historyId"])
    threads = [
        {"id": one["threadId"], "snippet": one["snippet"], "historyId": str(changed[one["threadId"]])} for one in page
    ]
    return _listed("threads", threads, more, total)


@method("gmail.users.threads.get")
def threads_get(call: Call) -> Json:
    mailbox = mailbox_of(call)
    messages = mailbox.thread(checked_id(call.params["id"]))
    if not messages:
        raise not_found()
    return {
        "id": messages[0]["threadId"],
        "historyId": str(max(one["historyId"] for one in messages)),
        "messages": [_shown(call, mailbox, one) for one in messages],
    }


@method("gmail.users.threads.modify")
def threads_modify(call: Call) -> Json:
    mailbox, messages = _thread(call)
    return _relabelled_thread(_modified(call, mailbox, messages))


@method("gmail.users.threads.trash")
def threads_trash(call: Call) -> Json:
    mailbox, messages = _thread(call)
    return _relabelled_thread([mailbox.relabel(one["id"], ["TRASH"], ["INBOX"]) for one in messages])


@method("gmail.users.threads.untrash")
def threads_untrash(call: Call) -> Json:
    mailbox, messages = _thread(call)
    return _relabelled_thread([mailbox.relabel(one["id"], [], ["TRASH"]) for one in messages])


@method("gmail.users.threads.delete")
def threads_delete(call: Call) -> Answer:
    mailbox, messages = _thread(call)
    for one in messages:
        mailbox.remove(one["id"])
    return Answer(None, 204)


@method("gmail.users.drafts.create")
def drafts_create(call: Call) -> Json:
    mailbox = mailbox_of(call)
    message = call.body.get("message", {})
    content = _content(call, message)
    thread_id = _thread_for(mailbox, content, message)
    draft_id, draft = mailbox.put_draft(None, _drafted(call, content), call.now, thread_id)
    return {"id": draft_id, "message": {**reference(draft), "labelIds": draft["labelIds"]}}


@method("gmail.users.drafts.update")
def drafts_update(call: Call) -> Json:
    mailbox = mailbox_of(call)
    return _update_draft(call, mailbox, call.params["id"])


@method("gmail.users.drafts.get")
def drafts_get(call: Call) -> Json:
    mailbox = mailbox_of(call)
    draft = _draft(mailbox, call.params["id"])
    return {"id": call.params["id"], "message": _shown(call, mailbox, draft)}


@method("gmail.users.drafts.list")
def drafts_list(call: Call) -> Json:
    mailbox = mailbox_of(call)
    wanted = {one["id"] for one in _matching(call, mailbox)}
    drafts = [{"id": key, "message": one} for key, one in mailbox.drafts() if one["id"] in wanted]
    page, more, total = _page(call, drafts, lambda one: _age(one["message"]))
    return _listed("drafts", [{**one, "message": reference(one["message"])} for one in page], more, total)


@method("gmail.users.drafts.delete")
def drafts_delete(call: Call) -> Answer:
    mailbox = mailbox_of(call)
    mailbox.remove(_draft(mailbox, call.params["id"])["id"])
    return Answer(None, 204)


@method("gmail.users.drafts.send")
def drafts_send(call: Call) -> Json:
    """Sends the draft, deletes it, and answers the new message, in the draft's conversation, labelled SENT.

    https://developers.google.com/workspace/gmail/api/guides/drafts
    """
    mailbox = mailbox_of(call)
    draft_id = call.body.get("id")
    if not draft_id:
        raise ApiError(501, "notImplemented", "The sandbox sends only drafts that are there: give the draft's id.")
    draft = _draft(mailbox, draft_id)
    if call.media is not None or "raw" in call.body.get("message", {}):
        _update_draft(call, mailbox, draft_id)
        draft = _draft(mailbox, draft_id)
    sent = _send(call, mailbox, mailbox.content(draft["id"]), draft["threadId"])
    mailbox.remove(draft["id"])
    return sent


@method("gmail.users.history.list")
def history_list(call: Call) -> Json:
    """The changes after `startHistoryId`; a number this mailbox never had gives 404, and then a full read is due."""
    mailbox = mailbox_of(call)
    start = call.params.get("startHistoryId")
    if start is None:
        raise ApiError(400, "invalidArgument", "Missing start history id")
    if int(start) > mailbox.history_id():
        raise not_found()
    kinds = {_HISTORY_KINDS[one] for one in call.params.get("historyTypes", [])} or set(_HISTORY_KINDS.values())
    label = call.params.get("labelId")
    records = [
        one
        for one in mailbox.history(int(start))
        if one["kind"] in kinds and (label is None or label in one["message"]["labelIds"])
    ]
    page, more, _ = _page(call, records, lambda one: f"{one['id']:015d}", newest_first=False)
    answer: Json = {"historyId": str(mailbox.history_id())}
    if page:
        answer["history"] = [_history_record(one) for one in page]
    if more:
        answer["nextPageToken"] = more
    return answer


def _thread(call: Call) -> tuple[Mailbox, list[Json]]:
    """The mailbox and the messages of the conversation that is meant."""
    mailbox = mailbox_of(call)
    messages = mailbox.thread(checked_id(call.params["id"]))
    if not messages:
        raise not_found()
    return mailbox, messages


def _relabelled_thread(messages: list[Json]) -> Json:
    return {"id": messages[0]["threadId"], "messages": [labelled(one) for one in messages]}


def _those_there(call: Call, mailbox: Mailbox) -> list[Json]:
    """The messages of a batch that exist."""
    ids = call.body.get("ids") or []
    if not ids:
        raise ApiError(400, "invalidArgument", "No message ids specified.")
    if len(ids) > _LARGEST_BATCH:
        raise ApiError(400, "invalidArgument", f"Too many message ids: there are at most {_LARGEST_BATCH}.")
    found = [mailbox.message(checked_id(one)) for one in dict.fromkeys(ids)]
    return [one for one in found if one is not None]


def _modified(call: Call, mailbox: Mailbox, messages: list[Json]) -> list[Json]:
    """The messages with the labels added and removed that the body names."""
    for name in ("addClassificationLabels", "removeClassificationLabelIds"):
        if call.body.get(name):
            raise ApiError(501, "notImplemented", "The sandbox has no classification labels.")
    add, remove = call.body.get("addLabelIds", []), call.body.get("removeLabelIds", [])
    check_labels(mailbox, (*add, *remove))
    if add and any("DRAFT" in one["labelIds"] for one in messages):
        raise ApiError(400, "invalidArgument", "Draft messages cannot have any label other than DRAFT.")
    return [mailbox.relabel(one["id"], add, remove) for one in messages]


def _inserted(call: Call, dated: str) -> Json:
    if call.params.get("deleted"):
        raise ApiError(501, "notImplemented", "The sandbox keeps nothing for Vault: deleted=true is not possible.")
    mailbox = mailbox_of(call)
    content = Letter.parse(_content(call, call.body)).content()
    labels = list(dict.fromkeys(call.body.get("labelIds", [])))
    check_labels(mailbox, labels, never=("DRAFT", "CHAT"))
    when = call.now
    if call.params.get("internalDateSource", dated) == "dateHeader":
        when = Letter.parse(content).date() or when
    return labelled(mailbox.add(content, labels, when, _thread_for(mailbox, content, call.body)))


def _draft(mailbox: Mailbox, draft_id: str) -> Json:
    draft = mailbox.draft(draft_id)
    if draft is None:
        raise not_found()
    return draft


def _update_draft(call: Call, mailbox: Mailbox, draft_id: str) -> Json:
    """Give the draft another message; it stays in its conversation unless it fits another one that is named."""
    old = _draft(mailbox, draft_id)
    message = call.body.get("message", {})
    content = _content(call, message)
    thread_id = _thread_for(mailbox, content, message) or old["threadId"]
    key, draft = mailbox.put_draft(draft_id, _drafted(call, content), call.now, thread_id)
    return {"id": key, "message": {**reference(draft), "labelIds": draft["labelIds"]}}


def _drafted(call: Call, content: bytes) -> bytes:
    return stamped(Letter.parse(content), own_addresses(call), call.user, call.now).content()


def _content(call: Call, message: Json) -> bytes:
    """The message handed in, uploaded or as `raw`. Raises ApiError where there is none or it is too large."""
    if call.media is not None:
        content = call.media
    else:
        try:
            raw = str(message["raw"]).replace("+", "-").replace("/", "_").rstrip("=")
            content = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))
        except KeyError:
            raise ApiError(400, "invalidArgument", _NO_RAW) from None
        except (ValueError, binascii.Error):
            raise ApiError(400, "invalidArgument", "Invalid value at 'message.raw': base64 decoding failed.") from None
    if not content:
        raise ApiError(400, "invalidArgument", _NO_RAW)
    if len(content) > _LARGEST:
        raise ApiError(413, "uploadTooLarge", f"Request Entity Too Large: a message has at most {_LARGEST} bytes.")
    return content


def _thread_for(mailbox: Mailbox, content: bytes, message: Json) -> str | None:
    wanted = message.get("threadId")
    if wanted and not mailbox.thread(checked_id(wanted)):
        raise not_found()
    return mailbox.thread_for(Letter.parse(content), wanted)


def _send(call: Call, mailbox: Mailbox, content: bytes, thread_id: str | None) -> Json:
    letter = stamped(Letter.parse(content), own_addresses(call), call.user, call.now)
    recipients = _recipients(letter)
    sent = mailbox.add(letter.content(), ["SENT"], call.now, thread_id)
    deliver(call.workspace, call.user, recipients, letter.content(), call.now)
    sent = message_in(mailbox, sent["id"])
    return {**reference(sent), "labelIds": sent["labelIds"]}


def _recipients(letter: Letter) -> list[str]:
    """Whom the message goes to. Raises ApiError where there is nobody, too many, or what is no address."""
    for name in ("To", "Cc", "Bcc"):
        if not all(is_address(one) for one in letter.addresses(name)):
            raise ApiError(400, "invalidArgument", f"Invalid {name} header")
    recipients = letter.addresses("To", "Cc", "Bcc")
    if not recipients:
        raise ApiError(400, "invalidArgument", "Recipient address required")
    if len(recipients) > _MOST_RECIPIENTS:
        raise ApiError(400, "invalidArgument", f"Too many recipients: a message has at most {_MOST_RECIPIENTS}.")
    return recipients


def _matching(call: Call, mailbox: Mailbox) -> list[Json]:
    """The messages that `q` and `labelIds` ask for, newest first."""
    query = call.params.get("q", "")
    test = search.compiled(query)
    own_labels = {search.label_word(label["name"]): key for key, label in mailbox.own_labels()}
    labels = set(call.params.get("labelIds", []))
    hidden = {"TRASH", "SPAM"} - labels
    if call.params.get("includeSpamTrash") or search.reaches_trash(query):
        hidden = set()
    return [
        one
        for one in mailbox.messages()
        if labels <= set(one["labelIds"])
        and hidden.isdisjoint(one["labelIds"])
        and (not query or test(search.Candidate(one, partial(mailbox.content, one["id"]), call.now, own_labels)))
    ]


def _page(
    call: Call, items: list[Json], position: Callable[[Json], str], *, newest_first: bool = True
) -> tuple[list[Json], str | None, int]:
    """One page of the items, the token of the next one, and how many there are in all.

    The token is the place of the page's last item, so that what is deleted between two pages hides nothing.
    """
    size = min(max(call.params.get("maxResults", 100), 1), _LARGEST_PAGE)
    token = call.params.get("pageToken")
    rest = items
    if token:
        if not token.isalnum():
            raise ApiError(400, "invalidArgument", "Invalid pageToken")
        rest = [one for one in items if (position(one) < token if newest_first else position(one) > token)]
    page = rest[:size]
    return page, (position(page[-1]) if len(rest) > size else None), len(items)


def _age(message: Json) -> str:
    return f"{message['internalDate']:015d}{message['id']}"


def _listed(name: str, items: list[Json], more: str | None, total: int) -> Json:
    """A page as Gmail answers it: without the list where nothing was found."""
    answer: Json = {"resultSizeEstimate": total}
    if items:
        answer[name] = items
    if more:
        answer["nextPageToken"] = more
    return answer


def _history_record(record: Json) -> Json:
    change: Json = {"message": record["message"]}
    if record["labelIds"]:
        change["labelIds"] = record["labelIds"]
    return {"id": str(record["id"]), "messages": [reference(record["message"])], record["kind"]: [change]}


def _shown(call: Call, mailbox: Mailbox, message: Json) -> Json:
    """The message in the `format` asked for."""
    shown: Json = {key: message[key] for key in ("id", "threadId", "labelIds", "snippet", "sizeEstimate")}
    shown["historyId"] = str(message["historyId"])
    shown["internalDate"] = str(message["internalDate"])
    form = call.params.get("format", "full")
    if form == "minimal":
        return shown
    content = mailbox.content(message["id"])
    if form == "raw":
        return {**shown, "raw": encoded(content)}
    tree = payload(content, message["id"])
    if form == "metadata":
        tree = {"mimeType": tree["mimeType"], "headers": _chosen(tree["headers"], call.params.get("metadataHeaders"))}
    return {**shown, "payload": tree}


def _chosen(headers: list[Json], names: Iterable[str] | None) -> list[dict[str, Any]]:
    wanted = {one.lower() for one in names or ()}
    return [one for one in headers if not wanted or one["name"].lower() in wanted]

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

from workspace_sandbox import gmail_search
from workspace_sandbox.calls import Answer, ApiError, Call, Json, method
from workspace_sandbox.delivery import deliver, stamped
from workspace_sandbox.mailbox import SYSTEM_LABELS, Mailbox, mailbox_exists
from workspace_sandbox.mime import Letter, attachment, encoded, is_address, part_of_attachment, payload

__all__ = ["deliver"]

_LARGEST = 36_700_160
"""Bytes of a message (`maxSize` of the discovery document)."""
_MOST_RECIPIENTS = 500
"""Recipients of one message sent through the API (https://support.google.com/a/answer/166852)."""
_LARGEST_PAGE = 500
_HISTORY_KINDS = {
    "messageAdded": "messagesAdded",
    "messageDeleted": "messagesDeleted",
    "labelAdded": "labelsAdded",
    "labelRemoved": "labelsRemoved",
}
_NO_RAW = "'raw' RFC822 payload message string or uploading message via /upload/* URL required"


@method("gmail.users.getProfile")
def get_profile(call: Call) -> Json:
    mailbox = _mailbox(call)
    messages = mailbox.messages()
    return {
        "emailAddress": mailbox.address,
        "messagesTotal": len(messages),
        "threadsTotal": len({one["threadId"] for one in messages}),
        "historyId": str(mailbox.history_id()),
    }


@method("gmail.users.messages.list")
def messages_list(call: Call) -> Json:
    mailbox = _mailbox(call)
    page, more, total = _page(call, _matching(call, mailbox), _age)
    return _listed("messages", [_reference(one) for one in page], more, total)


@method("gmail.users.messages.get")
def messages_get(call: Call) -> Json:
    mailbox = _mailbox(call)
    return _shown(call, mailbox, _message(mailbox, call.params["id"]))


@method("gmail.users.messages.send")
def messages_send(call: Call) -> Json:
    mailbox = _mailbox(call)
    content = _content(call, call.body)
    return _send(call, mailbox, content, _thread_for(mailbox, content, call.body))


@method("gmail.users.messages.modify")
def messages_modify(call: Call) -> Json:
    mailbox = _mailbox(call)
    message = _message(mailbox, call.params["id"])
    add, remove = call.body.get("addLabelIds", []), call.body.get("removeLabelIds", [])
    for label in (*add, *remove):
        if label not in SYSTEM_LABELS or label in ("SENT", "DRAFT", "CHAT"):
            raise ApiError(400, "invalidArgument", f"Invalid label: {label}")
    if add and "DRAFT" in message["labelIds"]:
        raise ApiError(400, "invalidArgument", "Draft messages cannot have any label other than DRAFT.")
    changed = mailbox.relabel(message["id"], add, remove)
    return {**_reference(changed), "labelIds": changed["labelIds"]}


@method("gmail.users.messages.trash")
def messages_trash(call: Call) -> Json:
    mailbox = _mailbox(call)
    changed = mailbox.relabel(_message(mailbox, call.params["id"])["id"], ["TRASH"], ["INBOX"])
    return {**_reference(changed), "labelIds": changed["labelIds"]}


@method("gmail.users.messages.untrash")
def messages_untrash(call: Call) -> Json:
    mailbox = _mailbox(call)
    changed = mailbox.relabel(_message(mailbox, call.params["id"])["id"], [], ["TRASH"])
    return {**_reference(changed), "labelIds": changed["labelIds"]}


@method("gmail.users.messages.delete")
def messages_delete(call: Call) -> Answer:
    mailbox = _mailbox(call)
    mailbox.remove(_message(mailbox, call.params["id"])["id"])
    return Answer(None, 204)


@method("gmail.users.messages.attachments.get")
def attachments_get(call: Call) -> Json:
    mailbox = _mailbox(call)
    message = _message(mailbox, call.params["messageId"])
    part_id = part_of_attachment(message["id"], call.params["id"])
    data = None if part_id is None else attachment(mailbox.content(message["id"]), part_id)
    if data is None:
        raise ApiError(400, "invalidArgument", "Invalid attachment token")
    return {"size": len(data), "data": encoded(data)}


@method("gmail.users.threads.list")
def threads_list(call: Call) -> Json:
    mailbox = _mailbox(call)
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
    mailbox = _mailbox(call)
    messages = mailbox.thread(_checked_id(call.params["id"]))
    if not messages:
        raise _not_found()
    return {
        "id": messages[0]["threadId"],
        "historyId": str(max(one["historyId"] for one in messages)),
        "messages": [_shown(call, mailbox, one) for one in messages],
    }


@method("gmail.users.drafts.create")
def drafts_create(call: Call) -> Json:
    mailbox = _mailbox(call)
    message = call.body.get("message", {})
    content = _content(call, message)
    thread_id = _thread_for(mailbox, content, message)
    draft_id, draft = mailbox.put_draft(None, _drafted(call, content), call.now, thread_id)
    return {"id": draft_id, "message": {**_reference(draft), "labelIds": draft["labelIds"]}}


@method("gmail.users.drafts.update")
def drafts_update(call: Call) -> Json:
    mailbox = _mailbox(call)
    return _update_draft(call, mailbox, call.params["id"])


@method("gmail.users.drafts.get")
def drafts_get(call: Call) -> Json:
    mailbox = _mailbox(call)
    draft = _draft(mailbox, call.params["id"])
    return {"id": call.params["id"], "message": _shown(call, mailbox, draft)}


@method("gmail.users.drafts.list")
def drafts_list(call: Call) -> Json:
    mailbox = _mailbox(call)
    wanted = {one["id"] for one in _matching(call, mailbox)}
    drafts = [{"id": key, "message": one} for key, one in mailbox.drafts() if one["id"] in wanted]
    page, more, total = _page(call, drafts, lambda one: _age(one["message"]))
    return _listed("drafts", [{**one, "message": _reference(one["message"])} for one in page], more, total)


@method("gmail.users.drafts.delete")
def drafts_delete(call: Call) -> Answer:
    mailbox = _mailbox(call)
    mailbox.remove(_draft(mailbox, call.params["id"])["id"])
    return Answer(None, 204)


@method("gmail.users.drafts.send")
def drafts_send(call: Call) -> Json:
    """Sends the draft, deletes it, and answers the new message, in the draft's conversation, labelled SENT.

    https://developers.google.com/workspace/gmail/api/guides/drafts
    """
    mailbox = _mailbox(call)
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


@method("gmail.users.labels.list")
def labels_list(call: Call) -> Json:
    _mailbox(call)
    return {"labels": [{"id": one, "name": one, "type": "system"} for one in SYSTEM_LABELS]}


@method("gmail.users.labels.get")
def labels_get(call: Call) -> Json:
    mailbox = _mailbox(call)
    label = call.params["id"]
    if label not in SYSTEM_LABELS:
        raise _not_found()
    messages = [one for one in mailbox.messages() if label in one["labelIds"]]
    unread = [one for one in messages if "UNREAD" in one["labelIds"]]
    return {
        "id": label,
        "name": label,
        "type": "system",
        "messagesTotal": len(messages),
        "messagesUnread": len(unread),
        "threadsTotal": len({one["threadId"] for one in messages}),
        "threadsUnread": len({one["threadId"] for one in unread}),
    }


@method("gmail.users.settings.sendAs.list")
def send_as_list(call: Call) -> Json:
    return {"sendAs": _send_as(call, _mailbox(call).address)}


@method("gmail.users.settings.sendAs.get")
def send_as_get(call: Call) -> Json:
    wanted = call.params["sendAsEmail"].lower()
    for one in _send_as(call, _mailbox(call).address):
        if one["sendAsEmail"] == wanted:
            return one
    raise _not_found()


@method("gmail.users.history.list")
def history_list(call: Call) -> Json:
    """The changes after `startHistoryId`; a number this mailbox never had gives 404, and then a full read is due."""
    mailbox = _mailbox(call)
    start = call.params.get("startHistoryId")
    if start is None:
        raise ApiError(400, "invalidArgument", "Missing start history id")
    if int(start) > mailbox.history_id():
        raise _not_found()
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


def _mailbox(call: Call) -> Mailbox:
    """The acting user's own mailbox. Raises ApiError where there is none, or another one is asked for."""
    wanted = str(call.params.get("userId", "me")).lower()
    if wanted not in ("me", call.user):
        raise ApiError(403, "forbidden", f"Delegation denied for {call.user}")
    if not mailbox_exists(call.workspace, call.user):
        # A service account without `sub`, or a person without Gmail (https://developers.google.com/workspace/gmail/api/guides/handle-errors).
        raise ApiError(400, "failedPrecondition", "Precondition check failed.")
    return Mailbox(call.workspace, call.user)


def _not_found() -> ApiError:
    return ApiError(404, "notFound", "Requested entity was not found.")


def _checked_id(value: str) -> str:
    """An id of a message or a conversation: sixteen hexadecimal digits."""
    if not value or len(value) > 16 or not all(one in "0123456789abcdef" for one in value.lower()):
        raise ApiError(400, "invalidArgument", "Invalid id value")
    return value.lower()


def _message(mailbox: Mailbox, message_id: str) -> Json:
    message = mailbox.message(_checked_id(message_id))
    if message is None:
        raise _not_found()
    return message


def _draft(mailbox: Mailbox, draft_id: str) -> Json:
    draft = mailbox.draft(draft_id)
    if draft is None:
        raise _not_found()
    return draft


def _update_draft(call: Call, mailbox: Mailbox, draft_id: str) -> Json:
    """Give the draft another message; it stays in its conversation unless it fits another one that is named."""
    old = _draft(mailbox, draft_id)
    message = call.body.get("message", {})
    content = _content(call, message)
    thread_id = _thread_for(mailbox, content, message) or old["threadId"]
    key, draft = mailbox.put_draft(draft_id, _drafted(call, content), call.now, thread_id)
    return {"id": key, "message": {**_reference(draft), "labelIds": draft["labelIds"]}}


def _drafted(call: Call, content: bytes) -> bytes:
    return stamped(Letter.parse(content), _own_addresses(call), call.user, call.now).content()


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
    if wanted and not mailbox.thread(_checked_id(wanted)):
        raise _not_found()
    return mailbox.thread_for(Letter.parse(content), wanted)


def _send(call: Call, mailbox: Mailbox, content: bytes, thread_id: str | None) -> Json:
    letter = stamped(Letter.parse(content), _own_addresses(call), call.user, call.now)
    recipients = _recipients(letter)
    sent = mailbox.add(letter.content(), ["SENT"], call.now, thread_id)
    deliver(call.workspace, call.user, recipients, letter.content(), call.now)
    sent = _message(mailbox, sent["id"])
    return {**_reference(sent), "labelIds": sent["labelIds"]}


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


def _send_as(call: Call, user: str) -> list[Json]:
    """The addresses the user may send as: the own one, and those in collection `send_as` (user -> `sendAs`)."""
    own: Json = {"sendAsEmail": user, "displayName": "", "isPrimary": True, "isDefault": True}
    aliases = (call.workspace.collection("send_as").get(user) or {}).get("sendAs", [])
    return [own, *({**one, "sendAsEmail": one["sendAsEmail"].lower()} for one in aliases)]


def _own_addresses(call: Call) -> list[str]:
    return [one["sendAsEmail"] for one in _send_as(call, call.user)]


def _matching(call: Call, mailbox: Mailbox) -> list[Json]:
    """The messages that `q` and `labelIds` ask for, newest first."""
    query = call.params.get("q", "")
    test = gmail_search.compiled(query)
    labels = set(call.params.get("labelIds", []))
    hidden = {"TRASH", "SPAM"} - labels
    if call.params.get("includeSpamTrash") or gmail_search.reaches_trash(query):
        hidden = set()
    return [
        one
        for one in mailbox.messages()
        if labels <= set(one["labelIds"])
        and hidden.isdisjoint(one["labelIds"])
        and (not query or test(gmail_search.Candidate(one, partial(mailbox.content, one["id"]), call.now)))
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


def _reference(message: Json) -> Json:
    return {"id": message["id"], "threadId": message["threadId"]}


def _history_record(record: Json) -> Json:
    change: Json = {"message": record["message"]}
    if record["labelIds"]:
        change["labelIds"] = record["labelIds"]
    return {"id": str(record["id"]), "messages": [_reference(record["message"])], record["kind"]: [change]}


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

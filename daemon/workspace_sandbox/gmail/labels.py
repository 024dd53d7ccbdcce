"""Labels of a mailbox: https://developers.google.com/workspace/gmail/api/guides/labels."""

from __future__ import annotations

from workspace_sandbox.calls import Answer, ApiError, Call, Json, method
from workspace_sandbox.gmail.common import mailbox_of, not_found
from workspace_sandbox.gmail.mailbox import SYSTEM_LABELS, Mailbox

_FIELDS = ("name", "labelListVisibility", "messageListVisibility", "color")
_SHOWN = {"labelListVisibility": "labelShow", "messageListVisibility": "show"}


@method("gmail.users.labels.list")
def labels_list(call: Call) -> Json:
    mailbox = mailbox_of(call)
    own = [{"id": key, **label, "type": "user"} for key, label in mailbox.own_labels()]
    return {"labels": [*({"id": one, "name": one, "type": "system"} for one in SYSTEM_LABELS), *own]}


@method("gmail.users.labels.get")
def labels_get(call: Call) -> Json:
    mailbox = mailbox_of(call)
    label = call.params["id"]
    shown = {"name": label, "type": "system"}
    if label not in SYSTEM_LABELS:
        shown = {**_own(mailbox, label), "type": "user"}
    messages = [one for one in mailbox.messages() if label in one["labelIds"]]
    unread = [one for one in messages if "UNREAD" in one["labelIds"]]
    return {
        "id": label,
        **shown,
        "messagesTotal": len(messages),
        "messagesUnread": len(unread),
        "threadsTotal": len({one["threadId"] for one in messages}),
        "threadsUnread": len({one["threadId"] for one in unread}),
    }


@method("gmail.users.labels.create")
def labels_create(call: Call) -> Json:
    mailbox = mailbox_of(call)
    label = {**_SHOWN, **_checked(call, mailbox, None)}
    if not label.get("name"):
        raise ApiError(400, "invalidArgument", "Invalid label name")
    return {"id": mailbox.put_label(None, label), **label, "type": "user"}


@method("gmail.users.labels.update")
@method("gmail.users.labels.patch")
def labels_change(call: Call) -> Json:
    mailbox = mailbox_of(call)
    key = call.params["id"]
    if key in SYSTEM_LABELS:
        raise ApiError(400, "invalidArgument", "Invalid update to system label.")
    old = _own(mailbox, key)
    label = {**(old if call.method_id.endswith("patch") else _SHOWN), **_checked(call, mailbox, key)}
    if not label.get("name"):
        raise ApiError(400, "invalidArgument", "Invalid label name")
    mailbox.put_label(key, label)
    return {"id": key, **label, "type": "user"}


@method("gmail.users.labels.delete")
def labels_delete(call: Call) -> Answer:
    """The label is taken from every message too."""
    mailbox = mailbox_of(call)
    if call.params["id"] in SYSTEM_LABELS:
        raise ApiError(400, "invalidArgument", "Invalid delete request")
    _own(mailbox, call.params["id"])
    mailbox.remove_label(call.params["id"])
    return Answer(None, 204)


def _own(mailbox: Mailbox, label_id: str) -> Json:
    label = mailbox.own_label(label_id)
    if label is None:
        raise not_found()
    return label


def _checked(call: Call, mailbox: Mailbox, label_id: str | None) -> Json:
    """The fields of the body that are kept; names are there once, and not those of Gmail's own labels."""
    label = {key: call.body[key] for key in _FIELDS if call.body.get(key) is not None}
    name = str(label.get("name", "")).strip()
    if name.upper() in SYSTEM_LABELS:
        raise ApiError(400, "invalidArgument", "Invalid label name")
    taken = [key for key, other in mailbox.own_labels() if other["name"].casefold() == name.casefold()]
    if name and any(key != label_id for key in taken):
        raise ApiError(409, "aborted", "Label name exists or conflicts")
    return {**label, "name": name} if name else label

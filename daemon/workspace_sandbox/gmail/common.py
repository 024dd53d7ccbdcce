"""What the calls of the Gmail API have in common: whose mailbox is meant, ids, labels, and short references."""

from __future__ import annotations

from collections.abc import Iterable

from workspace_sandbox.calls import ApiError, Call, Json
from workspace_sandbox.gmail.mailbox import SYSTEM_LABELS, Mailbox, mailbox_exists


def mailbox_of(call: Call) -> Mailbox:
    """The acting user's own mailbox. Raises ApiError where there is none, or another one is asked for."""
    wanted = str(call.params.get("userId", "me")).lower()
    if wanted not in ("me", call.user):
        raise ApiError(403, "forbidden", f"Delegation denied for {call.user}")
    if not mailbox_exists(call.workspace, call.user):
        # A service account without `sub`, or a person without Gmail (https://developers.google.com/workspace/gmail/api/guides/handle-errors).
        raise ApiError(400, "failedPrecondition", "Precondition check failed.")
    return Mailbox(call.workspace, call.user)


def not_found() -> ApiError:
    return ApiError(404, "notFound", "Requested entity was not found.")


def checked_id(value: str) -> str:
    """An id of a message or a conversation: sixteen hexadecimal digits."""
    if not value or len(value) > 16 or not all(one in "0123456789abcdef" for one in value.lower()):
        raise ApiError(400, "invalidArgument", "Invalid id value")
    return value.lower()


def message_in(mailbox: Mailbox, message_id: str) -> Json:
    message = mailbox.message(checked_id(message_id))
    if message is None:
        raise not_found()
    return message


def reference(message: Json) -> Json:
    return {"id": message["id"], "threadId": message["threadId"]}


def labelled(message: Json) -> Json:
    """What is answered of a message whose labels were changed."""
    return {**reference(message), "labelIds": message["labelIds"]}


def check_labels(mailbox: Mailbox, labels: Iterable[str], never: Iterable[str] = ("SENT", "DRAFT", "CHAT")) -> None:
    """Raise ApiError 400 for a label that does not exist, or that is not given and taken by hand."""
    for label in labels:
        if label in never or (label not in SYSTEM_LABELS and mailbox.own_label(label) is None):
            raise ApiError(400, "invalidArgument", f"Invalid label: {label}")

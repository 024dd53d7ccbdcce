"""One person's mailbox: messages, conversations, drafts and the history of changes.

A message is kept without its content, which stands apart, so that a changed label does not rewrite it. Every person
who is named has a mailbox, except service accounts, Google's own senders and what ends in `.invalid`.
"""

from __future__ import annotations

import base64
from collections.abc import Collection as Names
from collections.abc import Iterable
from datetime import datetime

from workspace_sandbox.calls import Json
from workspace_sandbox.gmail.mime import Letter, snippet
from workspace_sandbox.workspace import Workspace

SYSTEM_LABELS = (
    "CHAT",
    "SENT",
    "INBOX",
    "IMPORTANT",
    "TRASH",
    "DRAFT",
    "SPAM",
    "CATEGORY_FORUMS",
    "CATEGORY_UPDATES",
    "CATEGORY_PERSONAL",
    "CATEGORY_PROMOTIONS",
    "CATEGORY_SOCIAL",
    "STARRED",
    "UNREAD",
)
_WITHOUT_MAILBOX = (".invalid", ".gserviceaccount.com", "@group.calendar.google.com", "@google.com", "@googlemail.com")


NO_MAILBOX = "no_mailbox"
"""The collection of addresses whose mailbox was taken away (`trouble.py`)."""


def has_mailbox(address: str) -> bool:
    """Whether a person of this address would have a mailbox."""
    return not address.endswith(_WITHOUT_MAILBOX)


def mailbox_exists(workspace: Workspace, address: str) -> bool:
    """Whether mail to this address arrives somewhere here."""
    return has_mailbox(address) and workspace.collection(NO_MAILBOX).get(address) is None


class Mailbox:
    """The mailbox of one address, given in lower case."""

    def __init__(self, workspace: Workspace, address: str) -> None:
        self.address = address
        self._workspace = workspace
        self._messages = workspace.collection(f"messages of {address}")
        self._drafts = workspace.collection(f"drafts of {address}")
        self._history = workspace.collection(f"history of {address}")
        self._contents = workspace.collection("message_contents")
        self._mailboxes = workspace.collection("mailboxes")
        self._labels = workspace.collection(f"labels of {address}")

    def own_labels(self) -> list[tuple[str, Json]]:
        """The labels the person made: id, and `name` and how it is shown."""
        return list(self._labels.items())

    def own_label(self, label_id: str) -> Json | None:
        return self._labels.get(label_id)

    def put_label(self, label_id: str | None, label: Json) -> str:
        """Keep a label, a new one where no id is given."""
        key = label_id or f"Label_{self._workspace.next_number('gmail.label')}"
        self._labels.put(key, label)
        return key

    def remove_label(self, label_id: str) -> None:
        """Forget a label, and take it from every message."""
        for message in self.messages():
            if label_id in message["labelIds"]:
                self.relabel(message["id"], [], [label_id])
        self._labels.delete(label_id)

    def history_id(self) -> int:
        """The number of the last change."""
        return int((self._mailboxes.get(self.address) or {"historyId": 1})["historyId"])

    def messages(self) -> list[Json]:
        """All messages, newest first: `id`, `threadId`, `labelIds`, `internalDate` (ms), `historyId`, …"""
        return sorted(self._messages.values(), key=lambda one: (one["internalDate"], one["id"]), reverse=True)

    def message(self, message_id: str) -> Json | None:
        return self._messages.get(message_id)

    def content(self, message_id: str) -> bytes:
        """The message itself (RFC 5322)."""
        kept = self._contents.get(message_id)
        if kept is None:
            raise LookupError(f"message {message_id} has no content")
        return base64.b64decode(kept["raw"])

    def thread(self, thread_id: str) -> list[Json]:
        """The messages of a conversation, oldest first; none where there is no such conversation."""
        return [one for one in reversed(self.messages()) if one["threadId"] == thread_id]

    def find_by_message_id(self, message_ids: Names[str]) -> list[Json]:
        """The messages with one of these Message-IDs (in angle brackets)."""
        return [one for one in self._messages.values() if one["messageId"] in message_ids]

    def thread_for(self, letter: Letter, wanted: str | None = None) -> str | None:
        """The conversation a message belongs to: one it refers to, with the same subject; None for a new one.

        A `wanted` conversation counts only where the message fits it: References or In-Reply-To name a message of it,
        and the subjects match (reference of `users.messages`, `threadId`).
        """
        subject = letter.subject_of_thread()
        fitting = [one for one in self.find_by_message_id(letter.references()) if one["subject"] == subject]
        threads = [one["threadId"] for one in sorted(fitting, key=lambda one: one["internalDate"], reverse=True)]
        if wanted is not None and wanted in threads:
            return wanted
        return threads[0] if threads else None

    def add(self, content: bytes, labels: Iterable[str], now: datetime, thread_id: str | None = None) -> Json:
        """Keep a message, in the conversation given or in a new one of its own."""
        letter = Letter.parse(content)
        message_id = f"19{self._workspace.next_number('gmail.message'):014x}"
        self._contents.put(message_id, {"raw": base64.b64encode(content).decode()})
        message = {
            "id": message_id,
            "threadId": thread_id or message_id,
            "labelIds": list(labels),
            "internalDate": int(now.timestamp() * 1000),
            "messageId": letter.value("Message-ID"),
            "subject": letter.subject_of_thread(),
            "snippet": snippet(content),
            "sizeEstimate": len(content),
        }
        return self._changed(message, "messagesAdded")

    def relabel(self, message_id: str, add: Names[str], remove: Names[str]) -> Json:
        """Add and remove labels; what is in both is removed. Raises LookupError where there is no such message."""
        message = self._messages.get(message_id)
        if message is None:
            raise LookupError(f"no message {message_id}")
        before = list(message["labelIds"])
        after = [one for one in dict.fromkeys([*before, *add]) if one not in remove]
        gone, new = [one for one in before if one not in after], [one for one in after if one not in before]
        message = {**message, "labelIds": after}
        if new:
            message = self._changed(message, "labelsAdded", new)
        if gone:
            message = self._changed(message, "labelsRemoved", gone)
        return message

    def remove(self, message_id: str) -> None:
        """Forget a message for good, and the draft it was; nothing happens where it is unknown."""
        message = self._messages.get(message_id)
        if message is None:
            return
        for draft_id, draft in self._drafts.items():
            if draft["messageId"] == message_id:
                self._drafts.delete(draft_id)
        self._changed(message, "messagesDeleted")
        self._messages.delete(message_id)
        self._contents.delete(message_id)

    def drafts(self) -> list[tuple[str, Json]]:
        """The drafts, newest first: id of the draft, and its message."""
        found = [(key, self._messages.get(draft["messageId"])) for key, draft in self._drafts.items()]
        kept = [(key, message) for key, message in found if message is not None]
        return sorted(kept, key=lambda one: (one[1]["internalDate"], one[1]["id"]), reverse=True)

    def draft(self, draft_id: str) -> Json | None:
        """The message of a draft, or None where there is no such draft."""
        draft = self._drafts.get(draft_id)
        return None if draft is None else self._messages.get(draft["messageId"])

    def put_draft(self, draft_id: str | None, content: bytes, now: datetime, thread_id: str | None) -> tuple[str, Json]:
        """Make a draft, or give an existing one another message: its id stays, its message is a new one."""
        replaced = self.draft(draft_id) if draft_id is not None else None
        key = draft_id or f"r{10**18 + self._workspace.next_number('gmail.draft')}"
        message = self.add(content, ["DRAFT"], now, thread_id)
        self._drafts.put(key, {"messageId": message["id"]})
        if replaced is not None:
            self.remove(replaced["id"])
        return key, message

    def history(self, after: int) -> list[Json]:
        """The changes after this number, oldest first: `id`, `kind`, `message`, `labelIds`."""
        return [one for one in self._history.values() if one["id"] > after]

    def _changed(self, message: Json, kind: str, labels: Iterable[str] = ()) -> Json:
        number = self._workspace.next_number("gmail.history") + 1000
        message = {**message, "historyId": number}
        self._messages.put(message["id"], message)
        shown = {key: message[key] for key in ("id", "threadId", "labelIds")}
        self._history.put(str(number), {"id": number, "kind": kind, "message": shown, "labelIds": list(labels)})
        self._mailboxes.put(self.address, {"historyId": number})
        return message

"""Mail on its way: what Gmail puts into a message that is sent, how it arrives, and how it comes back."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from datetime import datetime
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime

from workspace_sandbox.gmail.mailbox import Mailbox, mailbox_exists
from workspace_sandbox.gmail.mime import Letter
from workspace_sandbox.workspace import Workspace

BOUNCES_FROM = "mailer-daemon@googlemail.com"


def stamped(letter: Letter, own_addresses: Collection[str], user: str, now: datetime) -> Letter:
    """The message as Gmail sends it: From one of the person's addresses, Google's own Message-ID, the date of sending.

    A From that is missing or not the person's becomes `user`.
    """
    senders = letter.addresses("From")
    if len(senders) != 1 or senders[0] not in own_addresses:
        letter = letter.replaced("From", user)
    letter = letter.replaced("Message-ID", _message_id()).replaced("Date", format_datetime(now))
    return letter if letter.raw_values("MIME-Version") else letter.preceded("MIME-Version", "1.0")


def deliver(workspace: Workspace, sender: str, recipients: Iterable[str], content: bytes, now: datetime) -> None:
    """Put a message into the mailbox of each recipient; what cannot arrive comes back to the sender.

    `sender` and `recipients` are addresses. A missing Message-ID, Date, From or To is filled in; Bcc is taken out. All
    copies have the same Message-ID, each its own id and conversation.
    """
    addresses = list(dict.fromkeys(one.lower() for one in recipients))
    letter = Letter.parse(content).without("Bcc")
    missing = {
        "Message-ID": _message_id(),
        "Date": format_datetime(now),
        "From": sender,
        "To": ", ".join(addresses) if not letter.raw_values("Cc") else "",
    }
    for name, value in missing.items():
        if value and not letter.raw_values(name):
            letter = letter.replaced(name, value)
    for address in addresses:
        if mailbox_exists(workspace, address):
            _arrive(Mailbox(workspace, address), letter, now)
        else:
            _bounce(workspace, sender.lower(), address, letter, now)


def _arrive(mailbox: Mailbox, letter: Letter, now: datetime) -> None:
    own = mailbox.find_by_message_id([letter.value("Message-ID")])
    if own:
        # A message to oneself is one message, sent and received.
        mailbox.relabel(own[0]["id"], ["UNREAD", "INBOX"], [])
        return
    content = letter.preceded("Delivered-To", mailbox.address).content()
    mailbox.add(content, ["UNREAD", "INBOX"], now, mailbox.thread_for(letter))


def _bounce(workspace: Workspace, sender: str, failed: str, letter: Letter, now: datetime) -> None:
    """Tell the sender that an address was not found, in the conversation of the message (RFC 3464)."""
    if not mailbox_exists(workspace, sender):
        return
    message_id = letter.value("Message-ID")
    report = MIMEMultipart("report", report_type="delivery-status")
    report["From"] = f"Mail Delivery Subsystem <{BOUNCES_FROM}>"
    report["To"] = sender
    report["Subject"] = "Delivery Status Notification (Failure)"
    report["Date"] = format_datetime(now)
    report["Message-ID"] = _message_id()
    report["In-Reply-To"] = message_id
    report["References"] = message_id
    report["Auto-Submitted"] = "auto-replied"
    report["X-Failed-Recipients"] = failed
    report.attach(
        MIMEText(
            f"Address not found\n\nYour message wasn't delivered to {failed} because the address couldn't be found, or "
            "is unable to receive mail.\n"
        )
    )
    report.attach(_delivery_status(failed))
    head = Letter(letter.fields, b"").content().decode("utf-8", "replace")
    report.attach(MIMEText(head, "rfc822-headers", "utf-8"))
    mailbox = Mailbox(workspace, sender)
    thread = next((one["threadId"] for one in mailbox.find_by_message_id([message_id])), None)
    mailbox.add(Letter.parse(report.as_bytes()).content(), ["UNREAD", "INBOX"], now, thread)


def _delivery_status(failed: str) -> Message:
    about_message, about_recipient = Message(), Message()
    about_message["Reporting-MTA"] = "dns; googlemail.com"
    about_recipient["Final-Recipient"] = f"rfc822; {failed}"
    about_recipient["Action"] = "failed"
    about_recipient["Status"] = "5.1.1"
    status = Message()
    status["Content-Type"] = "message/delivery-status"
    status.set_payload([about_message, about_recipient])
    return status


def _message_id() -> str:
    return f"<CA{secrets.token_urlsafe(24)}@mail.gmail.com>"

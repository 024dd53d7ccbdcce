"""The page `/mail/ADDRESS`: conversations, HTML in a frame that runs and loads nothing, and mail that arrives."""

from __future__ import annotations

import base64
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

from playwright.sync_api import expect
from visitor import Visitor

Visit = Callable[..., Visitor]
SENDER = "deployments@soffid.example"
RECEIVER = "manager@acme.example"
HOSTILE = """
<h2 style="color: rgb(1, 2, 3)">The deployment <em>starts</em></h2>
<script>document.title = "taken over"; parent.document.body.textContent = "taken over"</script>
<img src="http://tracker.example/pixel.png" onerror="parent.document.title = 'taken over'">
<link rel="stylesheet" href="http://tracker.example/style.css">
<a href="https://support.example/">Support</a>
"""


def send(running: Any, subject: str = "Deployment DIBA-0001", text: str = "It starts now.", **more: Any) -> Any:
    """Keywords: `html`, `attached` (text of a file), `body` (fields beside `raw`), other headers."""
    message = EmailMessage()
    message["To"], message["Subject"] = more.pop("to", RECEIVER), subject
    html, attached, body = more.pop("html", None), more.pop("attached", None), more.pop("body", {})
    for name, value in more.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    if attached is not None:
        message.add_attachment(attached, filename="guide.txt")
    raw = base64.urlsafe_b64encode(message.as_bytes()).decode()
    users = running.person(SENDER).build("gmail", "v1").users()
    return users.messages().send(userId="me", body={"raw": raw, **body}).execute()


def test_mailboxes_are_offered_to_who_names_none(visit: Visit, running: Any) -> None:
    send(running)
    visitor = visit("/mail")
    visitor.page.get_by_role("link", name=RECEIVER).click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text(RECEIVER)
    expect(visitor.page.get_by_role("link", name="Deployment DIBA-0001")).to_be_visible()


def test_a_conversation_shows_all_its_mails_and_is_read_then(visit: Visit, running: Any) -> None:
    first = send(running)
    gmail = running.person(SENDER).build("gmail", "v1").users()
    headers = gmail.messages().get(userId="me", id=first["id"]).execute()["payload"]["headers"]
    message_id = next(one["value"] for one in headers if one["name"].lower() == "message-id")
    more = {"In_Reply_To": message_id, "References": message_id, "body": {"threadId": first["threadId"]}}
    send(running, text="It takes longer.", **more)
    visitor = visit(f"/mail/{RECEIVER}")
    entry = visitor.page.get_by_role("link", name="Deployment DIBA-0001")
    expect(entry).to_have_count(1)
    expect(entry).to_contain_text("Unread")
    entry.click()
    conversation = visitor.page.get_by_role("region", name="Conversation", exact=True)
    expect(conversation.get_by_text("It starts now.").last).to_be_visible()
    expect(conversation.get_by_text("It takes longer.").last).to_be_visible()
    visitor.wait()
    expect(entry).not_to_contain_text("Unread")
    unread = running.person(RECEIVER).build("gmail", "v1").users().messages().list(userId="me", q="is:unread")
    assert unread.execute().get("resultSizeEstimate", 0) == 0


def test_html_is_shown_in_a_frame_in_which_nothing_runs_and_nothing_is_loaded(visit: Visit, running: Any) -> None:
    """That nothing else went wrong, and nothing was asked for elsewhere, is looked at after each test."""
    send(running, html=HOSTILE, text="The plain words.")
    listed = running.person(RECEIVER).build("gmail", "v1").users().messages().list(userId="me").execute()
    visitor = visit(f"/mail/{RECEIVER}#thread={listed['messages'][0]['threadId']}")
    frame = visitor.page.frame_locator('iframe[title="Message"]')
    expect(frame.get_by_role("heading")).to_have_text("The deployment starts")
    expect(frame.get_by_role("heading")).to_have_css("color", "rgb(1, 2, 3)")
    expect(frame.get_by_role("link", name="Support")).to_have_attribute("href", "https://support.example/")
    permitted = visitor.page.locator("iframe").get_attribute("sandbox")
    assert permitted is not None
    assert "allow-scripts" not in permitted
    assert visitor.page.title() == f"Mail of {RECEIVER} · Workspace sandbox"
    visitor.page.get_by_role("button", name="Plain text").click()
    expect(visitor.page.get_by_role("region", name="Conversation", exact=True)).to_contain_text("The plain words.")
    expect(visitor.page.locator("iframe")).to_have_count(0)
    assert any("tracker.example" in one for one in visitor.faults if _kept_out(one))
    visitor.faults = [one for one in visitor.faults if not _kept_out(one)]


def _kept_out(fault: str) -> bool:
    """What Chromium notes when it does not load something."""
    return "violates the following Content Security Policy" in fault


def test_a_frame_is_as_high_as_its_mail(visit: Visit, running: Any) -> None:
    send(running, html="<p>line</p>" * 60)
    visitor = visit(f"/mail/{RECEIVER}")
    visitor.page.get_by_role("link", name="Deployment DIBA-0001").click()
    frame = visitor.page.locator("iframe")
    expect(frame.content_frame.get_by_text("line").last).to_be_visible()
    visitor.page.wait_for_function("document.querySelector('iframe').clientHeight > 1500")


def test_new_mail_appears_without_a_reload_in_the_list_and_in_the_open_conversation(visit: Visit, running: Any) -> None:
    first = send(running)
    visitor = visit(f"/mail/{SENDER}")
    visitor.page.get_by_role("button", name="Sent").click()
    visitor.page.get_by_role("link", name="Deployment DIBA-0001").click()
    conversation = visitor.page.get_by_role("region", name="Conversation", exact=True)
    expect(conversation.get_by_text("It starts now.").last).to_be_visible()
    send(running, "Another deployment")
    visitor.wait()
    expect(visitor.page.get_by_role("link", name="Another deployment")).to_be_visible()
    gmail = running.person(SENDER).build("gmail", "v1").users()
    headers = gmail.messages().get(userId="me", id=first["id"]).execute()["payload"]["headers"]
    message_id = next(one["value"] for one in headers if one["name"].lower() == "message-id")
    more = {"In_Reply_To": message_id, "References": message_id, "body": {"threadId": first["threadId"]}}
    send(running, text="It has ended.", **more)
    visitor.wait()
    expect(conversation.get_by_text("It has ended.").last).to_be_visible()


def test_drafts_are_apart_and_an_empty_box_says_so(visit: Visit, running: Any) -> None:
    message = EmailMessage()
    message["To"], message["Subject"] = RECEIVER, "Not sent yet"
    message.set_content("Soon.")
    body = {"message": {"raw": base64.urlsafe_b64encode(message.as_bytes()).decode()}}
    running.person(SENDER).build("gmail", "v1").users().drafts().create(userId="me", body=body).execute()
    visitor = visit(f"/mail/{SENDER}")
    expect(visitor.page.get_by_text("Nothing in the inbox.")).to_be_visible()
    visitor.page.get_by_role("button", name="Drafts").click()
    expect(visitor.page.get_by_role("link", name="Not sent yet")).to_contain_text(RECEIVER)


def test_an_attachment_is_saved_as_it_was_sent(visit: Visit, running: Any) -> None:
    send(running, attached="back to 3.2.10\n")
    visitor = visit(f"/mail/{RECEIVER}")
    visitor.page.get_by_role("link", name="Deployment DIBA-0001").click()
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name="guide.txt").click()
    assert download.value.suggested_filename == "guide.txt"
    assert download.value.path().read_text() == "back to 3.2.10\n"


def test_the_headers_of_a_mail_can_be_read(visit: Visit, running: Any) -> None:
    send(running, X_Deployment="DIBA-0001")
    visitor = visit(f"/mail/{RECEIVER}")
    visitor.page.get_by_role("link", name="Deployment DIBA-0001").click()
    visitor.page.get_by_text("All headers").click()
    expect(visitor.page.locator("pre")).to_contain_text("X-Deployment: DIBA-0001")

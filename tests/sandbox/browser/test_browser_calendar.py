"""The page `/calendar`: month, week and agenda, an event's details, and answering an invitation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect
from visitor import Visitor
from workspace_clients import Person

Visit = Callable[..., Visitor]
OWNER = "deployments@soffid.example"
GUEST = "marta@soffid.example"
DAY = "2026-12-09"


def calendar_of(running: Any, who: str) -> Any:
    person: Person = running.person(who)
    return person.build("calendar", "v3").events()


def insert(running: Any, summary: str, *guests: str, day: str = DAY, **more: Any) -> str:
    body = {
        "summary": summary,
        "start": {"dateTime": f"{day}T09:00:00", "timeZone": "Europe/Madrid"},
        "end": {"dateTime": f"{day}T09:30:00", "timeZone": "Europe/Madrid"},
        "attendees": [{"email": one} for one in guests],
        **more,
    }
    events = calendar_of(running, OWNER)
    return str(events.insert(calendarId="primary", body=body, sendUpdates="all").execute()["id"])


def day_of(page: Page, name: str) -> Any:
    return page.get_by_role("region", name=name)


def test_a_month_shows_an_event_on_its_day_and_the_event_tells_about_itself(visit: Visit, running: Any) -> None:
    insert(running, "Deployment DIBA-0001", GUEST, description="See https://guide.example/1 first.", location="Palma")
    visitor = visit("/calendar#month,2026-12-01")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("December 2026")
    chip = day_of(visitor.page, "Wednesday 9 December").get_by_role("button", name="Deployment DIBA-0001")
    expect(chip).to_contain_text("09:00")
    chip.click()
    dialog = visitor.page.get_by_role("dialog", name="Deployment DIBA-0001")
    expect(dialog).to_contain_text("9 December 2026")
    expect(dialog).to_contain_text("Palma")
    expect(dialog.get_by_role("listitem")).to_have_text([f"·{GUEST}, has not answered"])
    expect(dialog.get_by_role("link")).to_have_attribute("href", "https://guide.example/1")
    visitor.press("Escape")
    expect(dialog).to_be_hidden()
    expect(chip).to_be_focused()


def test_a_week_has_seven_days_from_monday_and_the_hours_of_the_events(visit: Visit, running: Any) -> None:
    insert(running, "Deployment DIBA-0001")
    visitor = visit(f"/calendar#week,{DAY}")
    expect(visitor.page.get_by_role("heading", level=2)).to_have_count(7)
    expect(visitor.page.get_by_role("heading", level=2).first).to_contain_text("7 Dec")
    expect(visitor.page.get_by_role("button", name="Deployment DIBA-0001")).to_contain_text("09:00 – 09:30")


def test_one_moves_in_time_and_back_to_today(visit: Visit, running: Any) -> None:
    insert(running, "Deployment DIBA-0001")
    visitor = visit("/calendar")
    heading = visitor.page.get_by_role("heading", level=1)
    expect(heading).to_have_text("November 2026")
    visitor.page.get_by_role("button", name="Later").click()
    expect(heading).to_have_text("December 2026")
    expect(visitor.page.get_by_role("button", name="Deployment DIBA-0001")).to_be_visible()
    visitor.page.get_by_role("button", name="Today").click()
    expect(heading).to_have_text("November 2026")
    visitor.page.get_by_role("button", name="Agenda").click()
    expect(visitor.page.get_by_role("heading", name="Wed 9 Dec")).to_be_visible()


def test_an_event_of_several_days_is_on_each_of_them(visit: Visit, running: Any) -> None:
    calendar_of(running, OWNER).insert(
        calendarId="primary",
        body={"summary": "Vacation", "start": {"date": "2026-12-07"}, "end": {"date": "2026-12-10"}},
    ).execute()
    visitor = visit("/calendar#month,2026-12-01")
    expect(visitor.page.get_by_role("button", name="Vacation")).to_have_count(3)
    expect(day_of(visitor.page, "Thursday 10 December").get_by_role("button", name="Vacation")).to_have_count(0)


def test_an_event_appears_moves_and_goes_without_a_reload(visit: Visit, running: Any) -> None:
    visitor = visit("/calendar#month,2026-12-01")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("December 2026")
    event = insert(running, "Deployment DIBA-0001")
    visitor.wait()
    expect(day_of(visitor.page, "Wednesday 9 December").get_by_role("button", name="Deployment")).to_be_visible()
    times = {"start": {"dateTime": "2026-12-10T09:00:00Z"}, "end": {"dateTime": "2026-12-10T10:00:00Z"}}
    calendar_of(running, OWNER).patch(calendarId="primary", eventId=event, body=times).execute()
    visitor.wait()
    expect(day_of(visitor.page, "Thursday 10 December").get_by_role("button", name="Deployment")).to_be_visible()
    calendar_of(running, OWNER).delete(calendarId="primary", eventId=event).execute()
    visitor.wait()
    expect(visitor.page.get_by_role("button", name="Deployment")).to_have_count(0)


def test_an_invitation_is_answered_by_keyboard_and_the_organiser_sees_it(visit: Visit, running: Any) -> None:
    event = insert(running, "Deployment DIBA-0001", GUEST)
    visitor = visit(f"/calendar/{GUEST}#month,2026-12-01")
    visitor.page.get_by_role("button", name="Deployment DIBA-0001").focus()
    visitor.press("Enter")
    visitor.page.get_by_label("Comment").focus()
    visitor.type("after ten")
    visitor.page.get_by_role("button", name="Maybe").focus()
    visitor.press("Enter")
    expect(visitor.page.get_by_text("The organiser has been told.")).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Maybe")).to_have_attribute("aria-pressed", "true")
    answered = calendar_of(running, OWNER).get(calendarId="primary", eventId=event).execute()["attendees"][0]
    assert (answered["responseStatus"], answered["comment"]) == ("tentative", "after ten")


def test_an_answer_given_elsewhere_appears_in_an_open_event(visit: Visit, running: Any) -> None:
    event = insert(running, "Deployment DIBA-0001", GUEST)
    visitor = visit("/calendar#month,2026-12-01")
    visitor.page.get_by_role("button", name="Deployment DIBA-0001").click()
    dialog = visitor.page.get_by_role("dialog")
    expect(dialog).to_contain_text("has not answered")
    answer = {"attendees": [{"email": GUEST, "responseStatus": "accepted"}]}
    calendar_of(running, GUEST).patch(calendarId="primary", eventId=event, body=answer).execute()
    visitor.wait()
    expect(dialog).to_contain_text(f"{GUEST}, accepted")


def test_a_calendar_one_may_not_see_says_so(visit: Visit) -> None:
    visitor = visit(f"/calendar/{OWNER}?as=bob@customer.example")
    expect(visitor.status).to_have_text(f"bob@customer.example does not see the calendar of {OWNER}.")


def test_the_link_of_an_event_opens_it(visit: Visit, running: Any) -> None:
    """What is written into a sheet as the event's link leads here, not to Google."""
    event = insert(running, "Deployment DIBA-0001")
    link = calendar_of(running, OWNER).get(calendarId="primary", eventId=event).execute()["htmlLink"]
    visitor = visit(link.removeprefix(running.origin))
    expect(visitor.page.get_by_role("dialog", name="Deployment DIBA-0001")).to_be_visible()
    visitor.press("Escape")
    visitor.wait()
    expect(visitor.page.get_by_role("dialog")).to_be_hidden()

"""Calendars beside the primary one, access rules, settings, series and imports, through Google's generated client."""

from __future__ import annotations

from typing import Any

import pytest
from mail_clients import ANA, COLLEAGUE, OWNER, Clients, Served, inbox, refusal
from test_calendar import EVENT_ID, days, get, guests, insert, listed, subjects, times


@pytest.fixture(scope="module")
def clients() -> Clients:
    return {}


@pytest.fixture
def served(running: Any, clients: Clients) -> Served:
    return Served(running.sandbox.workspace, running.clock, running.person, clients)


def starts(served: Served, *recurrence: str, **fields: Any) -> list[str]:
    """The first eight starts of a series from Monday, 5 October 2026, 09:00 in Madrid, without the year."""
    hours = times("2026-10-05T09:00:00", "2026-10-05T10:00:00")
    insert(served, recurrence=list(recurrence), **{**hours, **fields})
    found = listed(served, singleEvents=True, maxResults=8)
    return [(one["start"].get("dateTime") or one["start"]["date"])[5:] for one in found]


def share(served: Served, role: str, calendar: str = "primary", **scope: str) -> Any:
    body = {"role": role, "scope": scope}
    return served.calendar().acl().insert(calendarId=calendar, body=body, sendNotifications=False).execute()


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("FREQ=WEEKLY;BYDAY=MO,TH;COUNT=3", ["10-05T09", "10-08T09", "10-12T09"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;COUNT=4", ["10-06T09", "10-11T09", "10-20T09", "10-25T09"]),
        ("FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,TU;COUNT=3", ["10-06T09", "10-18T09", "10-20T09"]),
        ("FREQ=WEEKLY;BYDAY=WE;UNTIL=20261014T070000Z", ["10-07T09", "10-14T09"]),
        ("FREQ=WEEKLY;BYDAY=WE;UNTIL=20261014T065959Z", ["10-07T09"]),
    ],
)
def test_weekly_rules_know_their_days(served: Served, rule: str, found: list[str]) -> None:
    """RFC 5545, section 3.3.10: BYDAY in a weekly rule, weeks beginning on WKST, Monday by default."""
    assert [one[:8] for one in starts(served, f"RRULE:{rule}")] == found


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("FREQ=MONTHLY;BYDAY=1MO;COUNT=3", ["2026-10-05", "2026-11-02", "2026-12-07"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2", ["2026-10-31", "2026-11-30"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2", ["2026-10-30", "2026-11-30"]),
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;COUNT=2", ["2026-12-25", "2027-12-25"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", []),
    ],
)
def test_months_and_years_know_all_parts_of_a_rule(served: Served, rule: str, found: list[str]) -> None:
    """RFC 5545, section 3.3.10; days of all-day events."""
    insert(served, recurrence=[f"RRULE:{rule}"], **days("2026-10-05", "2026-10-06"))
    assert [one["start"]["date"] for one in listed(served, singleEvents=True, timeMax="2030-01-01T00:00:00Z")] == found


@pytest.mark.parametrize(
    ("exception", "gone"),
    [
        ("EXDATE:20261012T070000Z", "10-12T09"),
        ("EXDATE;TZID=Europe/Madrid:20261012T090000,20261019T090000", "10-12T09 10-19T09"),
        ("EXDATE:20261012T090000", "10-12T09"),
        ("EXDATE:20261012T080000Z", ""),
    ],
)
def test_exceptions_leave_starts_out_and_still_count(served: Served, exception: str, gone: str) -> None:
    """RFC 5545, section 3.8.5.1: EXDATE takes instances out of what the rule, with its COUNT, gives."""
    found = [one[:8] for one in starts(served, "RRULE:FREQ=WEEKLY;COUNT=4", exception)]
    assert found == [one for one in ("10-05T09", "10-12T09", "10-19T09", "10-26T09") if one not in gone]


def test_days_are_left_out_by_their_date(served: Served) -> None:
    """RFC 5545, section 3.8.5.1: `EXDATE;VALUE=DATE`, for all-day events."""
    found = starts(served, "EXDATE;VALUE=DATE:20261006", "RRULE:FREQ=DAILY;COUNT=3", **days("2026-10-05", "2026-10-06"))
    assert found == ["10-05", "10-07"]


@pytest.mark.parametrize(
    ("recurrence", "status"),
    [
        (["RRULE:FREQ=WEEKLY;BYDAY=XX"], 400),
        (["RRULE:FREQ=DAILY", "EXDATE:tomorrow"], 400),
        (["RRULE:FREQ=WEEKLY;BYDAY=1MO"], 400),
        (["RRULE:FREQ=MONTHLY;BYMONTHDAY=40"], 400),
        (["RRULE:FREQ=MONTHLY;EVERY=2"], 400),
        (["RRULE:FREQ=DAILY;COUNT=2;UNTIL=20261012"], 400),
        (["RRULE:FREQ=HOURLY"], 501),
        (["RRULE:FREQ=DAILY", "RDATE:20261012T070000Z"], 501),
        (["EXDATE:20261012T070000Z"], 501),
    ],
)
def test_rules_that_are_none_or_not_there_are_refused(served: Served, recurrence: list[str], status: int) -> None:
    """RFC 5545, section 3.3.10; what the sandbox lacks answers 501, never a wrong expansion."""
    assert refusal(lambda: insert(served, recurrence=recurrence))[0] == status


def test_instances_of_a_series_come_in_pages(served: Served) -> None:
    """Reference of `events.instances`: timeMin, timeMax, originalStart, maxResults; ids as in events.list."""
    insert(served, recurrence=["RRULE:FREQ=DAILY;COUNT=5"])
    events = served.calendar().events()
    asked = {"calendarId": "primary", "eventId": EVENT_ID}
    request, pages = events.instances(**asked, maxResults=2), []
    while request is not None:
        answer = request.execute()
        pages.append([one["id"][-16:-8] for one in answer["items"]])
        request = events.instances_next(request, answer)
    assert pages == [["20261209", "20261210"], ["20261211", "20261212"], ["20261213"]]
    few = events.instances(**asked, timeMin="2026-12-10T10:00:00Z", timeMax="2026-12-12T08:00:00Z").execute()["items"]
    assert [one["id"] for one in few] == [f"{EVENT_ID}_20261211T080000Z"]
    assert few[0]["recurringEventId"] == EVENT_ID
    one = events.instances(**asked, originalStart="2026-12-10T09:00:00+01:00").execute()["items"]
    assert [found["id"] for found in one] == [f"{EVENT_ID}_20261210T080000Z"]
    assert refusal(events.instances(calendarId="primary", eventId="nothing").execute)[0] == 404
    insert(served, id="single")
    assert refusal(events.instances(calendarId="primary", eventId="single").execute)[0] == 400


def test_an_import_is_a_private_copy_told_by_its_uid(served: Served) -> None:
    """Reference of `events.import`: "add a private copy of an existing event"; iCalUID is required."""
    events = served.calendar().events()
    body = {"iCalUID": "abc@customer.example", "summary": "Theirs", "organizer": {"email": ANA}, **times()}
    body["attendees"] = guests(OWNER, COLLEAGUE)
    made = events.import_(calendarId="primary", body=body).execute()
    assert (made["organizer"]["email"], made["iCalUID"]) == (ANA, "abc@customer.example")
    again = events.import_(calendarId="primary", body={**body, "summary": "Moved"}).execute()
    assert (again["id"], get(served, event_id=made["id"])["summary"]) == (made["id"], "Moved")
    assert listed(served, COLLEAGUE) == []
    assert subjects(served, COLLEAGUE) == []
    assert refusal(events.import_(calendarId="primary", body=times()).execute) == (400, "required")


def test_a_rule_lets_a_customer_read_or_write(served: Served) -> None:
    """Calendar, "Calendar sharing": reader, writer; who has no rule does not find the calendar."""
    insert(served, visibility="private")
    theirs = served.calendar(ANA).events()
    read = theirs.get(calendarId=OWNER, eventId=EVENT_ID)
    write = theirs.patch(calendarId=OWNER, eventId=EVENT_ID, body={"summary": "Changed"})
    assert refusal(read.execute) == (404, "notFound")
    made = share(served, "reader", type="user", value="ANA@customer.example")
    assert made["id"] == f"user:{ANA}"
    assert "summary" not in read.execute()
    assert refusal(write.execute) == (403, "requiredAccessLevel")
    acl = served.calendar().acl()
    acl.patch(calendarId="primary", ruleId=made["id"], body={"role": "writer"}).execute()
    write.execute()
    assert get(served)["summary"] == "Changed"
    assert listed(served, ANA, OWNER)[0]["organizer"]["email"] == OWNER
    assert refusal(served.calendar(ANA).acl().list(calendarId=OWNER).execute)[0] == 403
    acl.delete(calendarId="primary", ruleId=made["id"]).execute()
    assert refusal(read.execute)[0] == 404


def test_free_busy_readers_learn_the_times_alone(served: Served) -> None:
    """Calendar, "Calendar sharing": freeBusyReader."""
    insert(served)
    share(served, "freeBusyReader", type="default")
    body = {"timeMin": "2026-12-09T00:00:00Z", "timeMax": "2026-12-10T00:00:00Z", "items": [{"id": OWNER}]}
    found = served.calendar(ANA).freebusy().query(body=body).execute()["calendars"][OWNER]
    assert found == {"busy": [{"start": "2026-12-09T08:00:00Z", "end": "2026-12-09T09:30:00Z"}]}
    assert refusal(served.calendar(ANA).events().list(calendarId=OWNER).execute)[0] == 501


def test_the_rules_of_a_primary_calendar_are_listed(served: Served) -> None:
    """Reference of `acl.list`; a rule with role none gives nothing; sharing writes to the person by default."""
    share(served, "none", type="domain", value="soffid.example")
    served.calendar().acl().insert(
        calendarId="primary", body={"role": "reader", "scope": {"type": "user", "value": ANA}}
    ).execute()
    rules = served.calendar().acl().list(calendarId="primary").execute()["items"]
    assert [(one["id"], one["role"]) for one in rules] == [(f"user:{OWNER}", "owner"), (f"user:{ANA}", "reader")]
    assert refusal(served.calendar(COLLEAGUE).events().list(calendarId=OWNER).execute)[0] == 404
    assert len(inbox(served, ANA)) == 1
    forbidden = served.calendar().acl().delete(calendarId="primary", ruleId=f"user:{OWNER}")
    assert refusal(forbidden.execute)[0] == 403


def test_a_secondary_calendar_is_made_shared_listed_and_deleted(served: Served) -> None:
    """Reference of `calendars.insert` and `calendarList`: the maker owns and lists it; others add it to their list."""
    calendars = served.calendar().calendars()
    made = calendars.insert(body={"summary": "Vacations"}).execute()
    calendar = made["id"]
    assert calendar.endswith("@group.calendar.google.com")
    events = served.calendar().events()
    event = events.insert(calendarId=calendar, body={"summary": "Away", **days("2026-12-24", "2026-12-27")}).execute()
    assert (event["organizer"], event["creator"]) == ({"email": calendar, "self": True}, {"email": OWNER})
    assert listed(served) == []
    assert refusal(served.calendar(COLLEAGUE).events().list(calendarId=calendar).execute)[0] == 404
    share(served, "reader", calendar, type="user", value=COLLEAGUE)
    assert [one["summary"] for one in listed(served, COLLEAGUE, calendar)] == ["Away"]
    entries = served.calendar(COLLEAGUE).calendarList()
    assert [one["id"] for one in entries.list().execute()["items"]] == [COLLEAGUE]
    assert entries.insert(body={"id": calendar}).execute()["accessRole"] == "reader"
    assert [one["summary"] for one in entries.list().execute()["items"]] == [COLLEAGUE, "Vacations"]
    assert [one["id"] for one in entries.list(minAccessRole="owner").execute()["items"]] == [COLLEAGUE]
    calendars.patch(calendarId=calendar, body={"summary": "Absences"}).execute()
    assert entries.get(calendarId=calendar).execute()["summary"] == "Absences"
    entries.delete(calendarId=calendar).execute()
    assert refusal(entries.get(calendarId=calendar).execute)[0] == 404
    calendars.delete(calendarId=calendar).execute()
    assert refusal(calendars.get(calendarId=calendar).execute)[0] == 404
    assert refusal(calendars.delete(calendarId="primary").execute)[0] == 400


def test_an_answer_to_an_event_of_a_secondary_calendar_bounces_nowhere(served: Served) -> None:
    """Calendar, "Calendars and events": the organizer of an event is its calendar, which reads no mail."""
    calendar = served.calendar().calendars().insert(body={"summary": "Deployments"}).execute()["id"]
    body = {"id": EVENT_ID, **times(), "attendees": guests(ANA)}
    served.calendar().events().insert(calendarId=calendar, body=body).execute()
    answer = {"attendees": [{"email": ANA, "responseStatus": "accepted"}]}
    events = served.calendar(ANA).events()
    events.patch(calendarId="primary", eventId=EVENT_ID, body=answer, sendUpdates="all").execute()
    (event,) = listed(served, OWNER, calendar)
    assert event["attendees"][0]["responseStatus"] == "accepted"
    assert inbox(served, ANA) == []


def test_settings_are_listed(served: Served) -> None:
    """Reference of `settings`."""
    settings = served.calendar().settings()
    found = {one["id"]: one["value"] for one in settings.list().execute()["items"]}
    assert (found["timezone"], found["weekStart"]) == ("Europe/Madrid", "1")
    assert settings.get(setting="locale").execute()["value"] == "es"
    assert refusal(settings.get(setting="nothing").execute)[0] == 404

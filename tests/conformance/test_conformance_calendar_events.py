"""Calendar: one event, from its id to its guests."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
from conformance_checks import check, table
from conformance_pages import (
    CALENDAR_ERRORS,
    CREATE_EVENTS,
    EVENTS,
    EXTENDED,
    ICALENDAR,
    INVITING,
    RECURRING,
    REMINDERS,
    SHARED_EVENTS,
    VERSIONS,
)
from conformance_place import refusal, status
from conformance_spaces import CalendarSpace, MailSpace
from googleapiclient.errors import HttpError

INSERT = EVENTS + "/insert"


@check(
    "calendar.events.insert",
    INSERT,
    "an event needs only start and end; it is confirmed, and its organizer is the calendar",
)
def test_an_event_is_made(calendar: CalendarSpace) -> None:
    made = calendar.add()
    assert (made["kind"], made["status"], made["eventType"]) == ("calendar#event", "confirmed", "default")
    assert made["organizer"]["email"] == made["creator"]["email"] == calendar.place.owner.address
    assert made["organizer"]["self"] is True
    assert made["htmlLink"]
    assert made["iCalUID"]
    assert made["etag"].startswith('"')


@check("calendar.events.insert", EVENTS + "#id", "an id of one's own has 5 to 1024 characters a-v and 0-9")
def test_an_id_of_ones_own_is_kept(calendar: CalendarSpace) -> None:
    wanted = calendar.new_id()
    assert calendar.add(calendar.body(id=wanted))["id"] == wanted


@table(
    "calendar.events.insert",
    EVENTS + "#id",
    ("event_id",),
    {
        "an id has at least 5 characters": ("abcd",),
        "an id has no letter after v": ("abcdewxyz",),
        "an id has no capital letters": ("ABCDEF",),
        "an id has no hyphen": ("abc-def",),
        "an id has at most 1024 characters": ("a" * 1025,),
    },
)
def test_an_id_that_is_none_is_refused(calendar: CalendarSpace, event_id: str) -> None:
    request = calendar.events.insert(calendarId="primary", body=calendar.body(id=event_id))
    assert refusal(request) == (400, "invalid")


@check("calendar.events.insert", CALENDAR_ERRORS, "an id that is there is refused: 409 duplicate")
def test_an_id_is_used_once(calendar: CalendarSpace) -> None:
    made = calendar.add()
    request = calendar.events.insert(calendarId="primary", body=calendar.body(id=made["id"]))
    assert refusal(request) == (409, "duplicate")


@check("calendar.events.insert", CALENDAR_ERRORS, "an id stays used after the event was deleted: 409 duplicate")
def test_the_id_of_a_deleted_event_stays_used(calendar: CalendarSpace) -> None:
    made = calendar.add()
    calendar.delete(made["id"])
    request = calendar.events.insert(calendarId="primary", body=calendar.body(id=made["id"]))
    assert refusal(request) == (409, "duplicate")


@table(
    "calendar.events.insert",
    EVENTS,
    ("change",),
    {
        "start is required": ({"start": None},),
        "end is required": ({"end": None},),
        "start and end are both dates or both times": ({"end": {"date": "2031-05-07"}},),
        "the end is not before the start": ({"end": {"dateTime": "2031-05-06T08:00:00", "timeZone": "Europe/Madrid"}},),
        "a time needs an offset or a zone": ({"start": {"dateTime": "2031-05-06T09:00:00"}},),
        "a zone is one of the IANA database": (
            {"start": {"dateTime": "2031-05-06T09:00:00", "timeZone": "Mars/Olympus"}},
        ),
        "an attendee has an address": ({"attendees": [{"displayName": "Nobody"}]},),
        "a status is one of three": ({"status": "perhaps"},),
        "default reminders and others exclude each other": (
            {"reminders": {"useDefault": True, "overrides": [{"method": "email", "minutes": 10}]}},
        ),
    },
)
def test_an_event_that_makes_no_sense_is_refused(calendar: CalendarSpace, change: dict[str, Any]) -> None:
    body = {key: value for key, value in {**calendar.body(), **change}.items() if value is not None}
    assert status(calendar.events.insert(calendarId="primary", body=body)) == 400


@check(
    "calendar.events.insert",
    EVENTS + "#start.date",
    "an event of whole days ends on the day after the last (exclusive)",
)
def test_an_event_of_whole_days(calendar: CalendarSpace) -> None:
    made = calendar.add(calendar.all_day("2031-05-06", "2031-05-08"))
    assert (made["start"], made["end"]) == ({"date": "2031-05-06"}, {"date": "2031-05-08"})


@check(
    "calendar.events.insert", EVENTS + "#start.dateTime", "a time without an offset is one in the zone named beside it"
)
def test_a_time_is_of_its_zone(calendar: CalendarSpace) -> None:
    body = calendar.body()
    body["start"] = {"dateTime": "2031-07-01T09:00:00", "timeZone": "America/New_York"}
    body["end"] = {"dateTime": "2031-07-01T15:00:00+00:00"}
    made = calendar.add(body)
    start, end = (datetime.fromisoformat(made[key]["dateTime"]) for key in ("start", "end"))
    assert start.timestamp() == datetime.fromisoformat("2031-07-01T13:00:00+00:00").timestamp()
    assert end.timestamp() - start.timestamp() == 7200
    assert made["start"]["timeZone"] == "America/New_York"


@check("calendar.events.get", CALENDAR_ERRORS, "an unknown event is refused: 404 notFound")
def test_an_unknown_event_is_refused(calendar: CalendarSpace) -> None:
    request = calendar.events.get(calendarId="primary", eventId="n0th1ngherehasth1s1d")
    assert refusal(request) == (404, "notFound")


@check("calendar.events.get", CALENDAR_ERRORS, "an unknown calendar is refused: 404 notFound")
def test_an_unknown_calendar_is_refused(calendar: CalendarSpace) -> None:
    request = calendar.events.list(calendarId="nobody@nowhere.invalid")
    assert refusal(request) == (404, "notFound")


@check("calendar.events.get", EVENTS + "/get", "timeZone says in which zone times are answered")
def test_times_are_answered_in_a_zone(calendar: CalendarSpace) -> None:
    made = calendar.add()
    found = calendar.events.get(calendarId="primary", eventId=made["id"], timeZone="UTC").execute()
    assert found["start"]["dateTime"] == "2031-05-06T07:00:00Z"


@check(
    "calendar.events.delete",
    EVENTS + "/delete",
    "the answer to a deletion is empty; deleted twice is refused: 410 deleted",
)
def test_an_event_is_deleted_once(calendar: CalendarSpace) -> None:
    made = calendar.add()
    assert not calendar.delete(made["id"])
    assert refusal(calendar.events.delete(calendarId="primary", eventId=made["id"])) == (410, "deleted")


@check("calendar.events.get", EVENTS + "#status", "a deleted event is cancelled; the organizer's keeps its details")
def test_a_deleted_event_is_cancelled(calendar: CalendarSpace) -> None:
    made = calendar.add()
    calendar.delete(made["id"])
    found = calendar.get(made["id"])
    assert (found["status"], found["summary"], found["start"]) == ("cancelled", made["summary"], made["start"])


@pytest.mark.parametrize("way", ["patch", "update"])
@check("calendar.events.update", EVENTS + "#status", "a deleted event can be restored by its status")
def test_a_deleted_event_is_restored(calendar: CalendarSpace, way: str) -> None:
    body = calendar.body()
    made = calendar.add(body)
    calendar.delete(made["id"])
    change = {"status": "confirmed"} if way == "patch" else {**body, "status": "confirmed"}
    getattr(calendar.events, way)(calendarId="primary", eventId=made["id"], body=change).execute()
    assert calendar.get(made["id"])["status"] == "confirmed"


@check("calendar.events.update", EVENTS + "/update", "an update replaces the whole event")
def test_an_update_replaces(calendar: CalendarSpace) -> None:
    body = calendar.body()
    made = calendar.add({**body, "description": "gone", "location": "gone"})
    changed = calendar.events.update(
        calendarId="primary", eventId=made["id"], body={**body, "location": "Palma"}
    ).execute()
    assert changed["location"] == "Palma"
    assert "description" not in changed


@check("calendar.events.patch", EVENTS + "/patch", "a patch changes what it names, null removes")
def test_a_patch_merges(calendar: CalendarSpace) -> None:
    made = calendar.add(calendar.body(description="gone", location="kept"))
    changed = calendar.patch(made["id"], {"description": None, "summary": made["summary"] + "!"})
    assert (changed["summary"], changed["location"]) == (made["summary"] + "!", "kept")
    assert "description" not in changed


@check("calendar.events.patch", EVENTS + "/patch", "a patch replaces lists whole")
def test_a_patch_replaces_lists(calendar: CalendarSpace) -> None:
    overrides = [{"method": "popup", "minutes": 10}, {"method": "email", "minutes": 60}]
    made = calendar.add(calendar.body(reminders={"useDefault": False, "overrides": overrides}))
    changed = calendar.patch(made["id"], {"reminders": {"useDefault": False, "overrides": overrides[:1]}})
    assert changed["reminders"]["overrides"] == overrides[:1]


@check("calendar.events.patch", EVENTS + "#updated", "a change raises `updated` and the etag; `created` stays")
def test_a_change_is_seen(calendar: CalendarSpace) -> None:
    made = calendar.add()
    changed = calendar.patch(made["id"], {"summary": made["summary"] + "!"})
    assert changed["etag"] != made["etag"]
    assert changed["created"] == made["created"]
    assert changed["updated"] >= made["updated"]


@check(
    "calendar.events.patch",
    EVENTS + "#sequence",
    "the sequence number follows iCalendar: it grows when the time changes",
)
def test_another_time_raises_the_sequence(calendar: CalendarSpace) -> None:
    made = calendar.add()
    body = calendar.body("2031-05-07")
    changed = calendar.patch(made["id"], {"start": body["start"], "end": body["end"]})
    assert changed["sequence"] > made.get("sequence", 0)


@check(
    "calendar.events.update",
    VERSIONS,
    "If-Match with the current etag is taken, with an old one refused: 412 conditionNotMet",
)
def test_an_old_version_is_not_written_over(calendar: CalendarSpace) -> None:
    made = calendar.add()
    request = calendar.events.patch(calendarId="primary", eventId=made["id"], body={"location": "Palma"})
    request.headers["If-Match"] = made["etag"]
    request.execute()
    again = calendar.events.patch(calendarId="primary", eventId=made["id"], body={"location": "Inca"})
    again.headers["If-Match"] = made["etag"]
    assert refusal(again) == (412, "conditionNotMet")


@check("calendar.events.get", VERSIONS, "If-None-Match with the current etag is answered with 304")
def test_an_unchanged_event_is_not_sent_again(calendar: CalendarSpace) -> None:
    made = calendar.add()
    request = calendar.events.get(calendarId="primary", eventId=made["id"])
    request.headers["If-None-Match"] = made["etag"]
    assert status(request) == 304


@check("calendar.events.insert", EXTENDED, "private and shared extended properties are kept, and removed by null")
def test_extended_properties_are_kept(calendar: CalendarSpace) -> None:
    properties = {"private": {"key": "DIBA-0014", "other": "x"}, "shared": {"seen": "by all"}}
    made = calendar.add(calendar.body(extendedProperties=properties))
    assert made["extendedProperties"] == properties
    changed = calendar.patch(made["id"], {"extendedProperties": {"private": {"other": None}}})
    assert changed["extendedProperties"] == {"private": {"key": "DIBA-0014"}, "shared": {"seen": "by all"}}


@check("calendar.events.insert", REMINDERS, "without reminders an event has the calendar's default ones")
def test_reminders_are_the_default_ones(calendar: CalendarSpace) -> None:
    assert calendar.add()["reminders"] == {"useDefault": True}


@check("calendar.events.insert", INVITING, "a guest has not answered yet; the event is in the guest's calendar too")
def test_a_guest_has_the_event(calendar: CalendarSpace) -> None:
    guest = calendar.place.person("guest")
    made = calendar.add(calendar.body(attendees=[{"email": guest.address}]), sendUpdates="none")
    assert [one["responseStatus"] for one in made["attendees"]] == ["needsAction"]
    copy = calendar.place.eventually(lambda: calendar.get(made["id"], guest))
    assert (copy["summary"], copy["organizer"]["email"]) == (made["summary"], calendar.place.owner.address)
    assert next(one for one in copy["attendees"] if one.get("self"))["email"] == guest.address


@check("calendar.events.patch", SHARED_EVENTS, "the answer of a guest shows in the organizer's event")
def test_an_answer_comes_back(calendar: CalendarSpace) -> None:
    guest = calendar.place.person("guest")
    made = calendar.add(calendar.body(attendees=[{"email": guest.address}]), sendUpdates="none")
    calendar.place.eventually(lambda: calendar.get(made["id"], guest))
    answer = {"attendees": [{"email": guest.address, "responseStatus": "accepted", "comment": "yes"}]}
    calendar.patch(made["id"], answer, guest, sendUpdates="none")

    def answered() -> bool:
        one = calendar.get(made["id"])["attendees"][0]
        return (one["responseStatus"], one.get("comment")) == ("accepted", "yes")

    assert calendar.place.eventually(answered)


@check("calendar.events.patch", SHARED_EVENTS, "what the organizer changes shows in the guests' copies")
def test_a_change_reaches_the_guests(calendar: CalendarSpace) -> None:
    guest = calendar.place.person("guest")
    made = calendar.add(calendar.body(attendees=[{"email": guest.address}]), sendUpdates="none")
    calendar.patch(made["id"], {"location": "Palma"}, sendUpdates="none")
    calendar.place.eventually(lambda: calendar.get(made["id"], guest).get("location") == "Palma")


@check("calendar.events.delete", SHARED_EVENTS, "an event the organizer deletes is cancelled for the guests")
def test_a_deletion_reaches_the_guests(calendar: CalendarSpace) -> None:
    guest = calendar.place.person("guest")
    made = calendar.add(calendar.body(attendees=[{"email": guest.address}]), sendUpdates="none")
    calendar.delete(made["id"], sendUpdates="none")
    calendar.place.eventually(lambda: calendar.get(made["id"], guest)["status"] == "cancelled")


@check("calendar.events.patch", EXTENDED, "private properties belong to one copy, shared ones to all")
def test_private_properties_are_of_one_copy(calendar: CalendarSpace) -> None:
    guest = calendar.place.person("guest")
    properties = {"private": {"key": "x"}, "shared": {"seen": "by all"}}
    body = calendar.body(extendedProperties=properties, attendees=[{"email": guest.address}])
    made = calendar.add(body, sendUpdates="none")
    copy = calendar.place.eventually(lambda: calendar.get(made["id"], guest))
    assert copy["extendedProperties"] == {"shared": {"seen": "by all"}}


@check("calendar.events.patch", EVENTS + "#guestsCanModify", "by default guests do not change the event for others")
def test_a_guest_does_not_change_the_event(calendar: CalendarSpace) -> None:
    guest = calendar.place.person("guest")
    made = calendar.add(calendar.body(attendees=[{"email": guest.address}]), sendUpdates="none")
    calendar.place.eventually(lambda: calendar.get(made["id"], guest))
    request = guest.calendar.events().patch(
        calendarId="primary", eventId=made["id"], body={"summary": "mine now"}, sendUpdates="none"
    )
    with suppress(HttpError):  # refused, or kept in the guest's copy alone
        request.execute()
    assert calendar.get(made["id"])["summary"] == made["summary"]


@check("calendar.events.insert", INSERT, "sendUpdates=all mails the guests an invitation with a text/calendar part")
def test_an_invitation_is_mailed(calendar: CalendarSpace, mail: MailSpace) -> None:
    guest = calendar.place.person("guest")
    made = calendar.add(calendar.body(attendees=[{"email": guest.address}]), sendUpdates="all")
    message = mail.arrived(made["summary"], guest)
    kinds = [one["mimeType"] for one in _parts(message["payload"])]
    assert "text/calendar" in kinds


@check("calendar.events.insert", INSERT, "sendUpdates is none by default: nobody is mailed")
def test_nobody_is_mailed_by_default(calendar: CalendarSpace, mail: MailSpace) -> None:
    guest = calendar.place.person("guest")
    quiet = calendar.add(calendar.body(attendees=[{"email": guest.address}]))
    loud = calendar.add(calendar.body(attendees=[{"email": guest.address}]), sendUpdates="all")
    mail.arrived(loud["summary"], guest)
    assert mail.found(f"subject:{quiet['summary']}", guest) == []


@check(
    "calendar.events.insert",
    CALENDAR_ERRORS,
    "a service account needs delegation to invite: 403 forbiddenForServiceAccounts",
)
def test_a_service_account_does_not_invite(calendar: CalendarSpace) -> None:
    robot = calendar.place.person("robot")
    body = calendar.body(attendees=[{"email": calendar.place.owner.address}])
    request = robot.calendar.events().insert(calendarId="primary", body=body)
    assert refusal(request) == (403, "forbiddenForServiceAccounts")


@check("calendar.events.list", RECURRING, "a recurring event is one event, with its rule")
def test_a_recurring_event_is_one(calendar: CalendarSpace) -> None:
    made = calendar.add(calendar.all_day("2031-08-01", "2031-08-02", recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"]))
    listed = [one for one in calendar.listed(q=made["summary"]) if one["id"].startswith(made["id"])]
    assert [(one["id"], one["recurrence"]) for one in listed] == [(made["id"], ["RRULE:FREQ=WEEKLY;COUNT=3"])]


@check(
    "calendar.events.list", RECURRING, "singleEvents expands it into instances, which name it and their original time"
)
def test_a_recurring_event_is_expanded(calendar: CalendarSpace) -> None:
    made = calendar.add(calendar.all_day("2031-08-01", "2031-08-02", recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"]))
    listed = calendar.listed(q=made["summary"], singleEvents=True, orderBy="startTime")
    assert [one["start"]["date"] for one in listed] == ["2031-08-01", "2031-08-08", "2031-08-15"]
    assert {one["recurringEventId"] for one in listed} == {made["id"]}
    assert [one["originalStartTime"] for one in listed] == [one["start"] for one in listed]
    assert not any("recurrence" in one for one in listed)


@table(
    "calendar.events.list",
    ICALENDAR + "#section-3.3.10",
    ("rule", "days"),
    {
        "FREQ=DAILY with INTERVAL=2": ("FREQ=DAILY;INTERVAL=2;COUNT=3", ["08-01", "08-03", "08-05"]),
        "FREQ=WEEKLY with UNTIL includes that day": ("FREQ=WEEKLY;UNTIL=20310815", ["08-01", "08-08", "08-15"]),
        "FREQ=YEARLY with COUNT": ("FREQ=YEARLY;COUNT=1", ["08-01"]),
        "FREQ=MONTHLY with the first Friday": ("FREQ=MONTHLY;BYDAY=1FR;COUNT=3", ["08-01", "09-05", "10-03"]),
        "FREQ=MONTHLY with the last day": ("FREQ=MONTHLY;BYMONTHDAY=1,-1;COUNT=3", ["08-01", "08-31", "09-01"]),
    },
)
def test_rules_of_recurrence(calendar: CalendarSpace, rule: str, days: list[str]) -> None:
    # Of no time, since other checks ask whether later days are free.
    whole = calendar.all_day("2031-08-01", "2031-08-02", recurrence=[f"RRULE:{rule}"], transparency="transparent")
    made = calendar.add(whole)
    listed = calendar.listed(q=made["summary"], singleEvents=True, orderBy="startTime")
    assert [one["start"]["date"][5:] for one in listed] == days


@table(
    "calendar.events.list",
    ICALENDAR + "#section-3.8.5",
    ("lines", "days"),
    {
        "BYDAY names the days of a week": (["RRULE:FREQ=WEEKLY;BYDAY=MO,FR;COUNT=3"], ["08-01", "08-04", "08-08"]),
        "EXDATE leaves a day out": (
            ["RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20310802"],
            ["08-01", "08-03"],
        ),
    },
)
def test_lines_of_recurrence(calendar: CalendarSpace, lines: list[str], days: list[str]) -> None:
    """1 August 2031 is a Friday."""
    made = calendar.add(calendar.all_day("2031-08-01", "2031-08-02", recurrence=lines))
    listed = calendar.listed(q=made["summary"], singleEvents=True, orderBy="startTime")
    assert [one["start"]["date"][5:] for one in listed] == days


@check("calendar.events.instances", EVENTS + "/instances", "the instances of a recurring event are listed")
def test_instances_are_listed(calendar: CalendarSpace) -> None:
    made = calendar.add(calendar.all_day("2031-08-01", "2031-08-02", recurrence=["RRULE:FREQ=DAILY;COUNT=3"]))
    found = calendar.events.instances(calendarId="primary", eventId=made["id"]).execute()["items"]
    assert sorted(one["start"]["date"] for one in found) == ["2031-08-01", "2031-08-02", "2031-08-03"]
    assert {one["recurringEventId"] for one in found} == {made["id"]}


@check(
    "calendar.events.import",
    EVENTS + "/import",
    "an import is a private copy of an event, by its iCalUID, which is required",
)
def test_an_event_is_imported(calendar: CalendarSpace) -> None:
    uid = f"{calendar.title()}@customer.example"
    body = calendar.body(iCalUID=uid)
    made = calendar.events.import_(calendarId="primary", body=body).execute()
    calendar.kept(made["id"])
    assert made["iCalUID"] == uid
    del body["iCalUID"]
    assert status(calendar.events.import_(calendarId="primary", body=body)) == 400


@check("calendar.events.insert", RECURRING, "a recurring event with times needs a time zone")
def test_a_recurring_event_needs_a_zone(calendar: CalendarSpace) -> None:
    body = {
        "start": {"dateTime": "2031-05-06T09:00:00+02:00"},
        "end": {"dateTime": "2031-05-06T10:00:00+02:00"},
        "recurrence": ["RRULE:FREQ=DAILY;COUNT=2"],
    }
    assert status(calendar.events.insert(calendarId="primary", body=body)) == 400


@check(
    "calendar.events.insert",
    EVENTS + "#outOfOfficeProperties",
    "an outOfOffice event is on a primary calendar and kept as such",
)
def test_an_absence_is_an_event(calendar: CalendarSpace) -> None:
    body = calendar.body(
        "2031-09-01", eventType="outOfOffice", outOfOfficeProperties={"autoDeclineMode": "declineNone"}
    )
    made = calendar.add(body)
    listed = calendar.listed(eventTypes=["outOfOffice"], timeMin="2031-09-01T00:00:00Z", timeMax="2031-09-02T00:00:00Z")
    assert made["id"] in [one["id"] for one in listed]
    assert {one["eventType"] for one in listed} == {"outOfOffice"}


@check(
    "calendar.events.insert",
    CREATE_EVENTS,
    "an event in somebody else's calendar is refused without writer access: 403",
)
def test_a_calendar_is_its_owners(calendar: CalendarSpace) -> None:
    guest = calendar.place.person("guest")
    assert status(calendar.events.insert(calendarId=guest.address, body=calendar.body())) in (403, 404)


def _parts(part: dict[str, Any]) -> list[dict[str, Any]]:
    return [part, *(inner for one in part.get("parts", []) for inner in _parts(one))]

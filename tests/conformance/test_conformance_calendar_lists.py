"""Calendar: lists of events, synchronization, calendars, and free time."""

from __future__ import annotations

from typing import Any

import pytest
from conformance_checks import check, table
from conformance_pages import (
    ACL,
    CALENDAR_ERRORS,
    CALENDAR_LIST,
    CALENDARS,
    EVENTS,
    FREE_BUSY,
    PAGES_OF_EVENTS,
    SETTINGS,
    SYNC,
)
from conformance_place import status
from conformance_spaces import CalendarSpace

LIST = EVENTS + "/list"


@table(
    "calendar.events.list",
    LIST,
    ("bounds", "is_found"),
    {
        "timeMin bounds the end of an event, not its start": ({"timeMin": "2031-05-06T07:30:00Z"}, True),
        "timeMin is exclusive": ({"timeMin": "2031-05-06T08:00:00Z"}, False),
        "timeMax bounds the start of an event, not its end": ({"timeMax": "2031-05-06T07:30:00Z"}, True),
        "timeMax is exclusive": ({"timeMax": "2031-05-06T07:00:00Z"}, False),
        "a bound may have any offset": ({"timeMin": "2031-05-06T09:59:00+02:00"}, True),
    },
)
def test_bounds(calendar: CalendarSpace, bounds: dict[str, str], is_found: bool) -> None:
    made = calendar.add()
    listed = calendar.listed(q=made["summary"], **bounds)
    assert [one["id"] for one in listed] == ([made["id"]] if is_found else [])


@table(
    "calendar.events.list",
    LIST,
    ("params",),
    {
        "a bound needs an offset": ({"timeMin": "2031-05-06T07:30:00"},),
        "timeMin is before timeMax": ({"timeMin": "2031-05-06T07:30:00Z", "timeMax": "2031-05-06T07:30:00Z"},),
        "orderBy=startTime needs singleEvents": ({"orderBy": "startTime"},),
        "orderBy is startTime or updated": ({"orderBy": "summary"},),
        "a property constraint is name=value": ({"privateExtendedProperty": ["nothing"]},),
        "maxResults is positive": ({"maxResults": 0},),
        "a page token that is none is refused": ({"pageToken": "nonsense"},),
    },
)
def test_a_list_that_makes_no_sense_is_refused(calendar: CalendarSpace, params: dict[str, Any]) -> None:
    address = calendar.place.owner.address_of("calendar", "/calendar/v3/calendars/primary/events")
    assert calendar.place.owner.http.get(address, params=params, timeout=30).status_code == 400


@table(
    "calendar.events.list",
    LIST,
    ("field", "value", "wanted"),
    {
        "q searches summaries": ("summary", "{word} in it", True),
        "q searches descriptions": ("description", "it says {word}.", True),
        "q searches places": ("location", "{word} street", True),
        "q does not search extended properties": ("extendedProperties", {"private": {"key": "{word}"}}, False),
    },
)
def test_free_text(calendar: CalendarSpace, field: str, value: Any, wanted: bool) -> None:
    word = calendar.title()
    filled = {"private": {"key": word}} if isinstance(value, dict) else value.format(word=word)
    made = calendar.add({**calendar.body(), field: filled})
    assert [one["id"] for one in calendar.listed(q=word)] == ([made["id"]] if wanted else [])


@check("calendar.events.list", LIST, "privateExtendedProperty finds events by name=value; several must all hold")
def test_events_are_found_by_their_properties(calendar: CalendarSpace) -> None:
    word = calendar.title()
    made = calendar.add(calendar.body(extendedProperties={"private": {"key": word, "kind": "deployment"}}))
    calendar.add(calendar.body(extendedProperties={"private": {"key": word, "kind": "other"}}))
    found = calendar.listed(privateExtendedProperty=[f"key={word}", "kind=deployment"])
    assert [one["id"] for one in found] == [made["id"]]


@check("calendar.events.list", LIST, "sharedExtendedProperty finds events by shared properties only")
def test_shared_properties_are_apart(calendar: CalendarSpace) -> None:
    word = calendar.title()
    made = calendar.add(calendar.body(extendedProperties={"shared": {"key": word}}))
    assert [one["id"] for one in calendar.listed(sharedExtendedProperty=[f"key={word}"])] == [made["id"]]
    assert calendar.listed(privateExtendedProperty=[f"key={word}"]) == []


@check("calendar.events.list", LIST, "iCalUID finds the event with that iCalendar id")
def test_events_are_found_by_their_uid(calendar: CalendarSpace) -> None:
    made = calendar.add()
    assert [one["id"] for one in calendar.listed(iCalUID=made["iCalUID"])] == [made["id"]]


@check("calendar.events.list", LIST, "deleted events are listed with showDeleted only")
def test_deleted_events_are_listed_on_request(calendar: CalendarSpace) -> None:
    made = calendar.add()
    calendar.delete(made["id"])
    assert calendar.listed(iCalUID=made["iCalUID"]) == []
    shown = calendar.listed(iCalUID=made["iCalUID"], showDeleted=True)
    assert [one["status"] for one in shown] == ["cancelled"]


@check("calendar.events.list", LIST, "updatedMin finds what was changed since, deletions always included")
def test_what_changed_since_is_found(calendar: CalendarSpace) -> None:
    made = calendar.add()
    calendar.delete(made["id"])
    later = calendar.listed(updatedMin=made["created"], iCalUID=made["iCalUID"])
    assert [one["status"] for one in later] == ["cancelled"]


@check("calendar.events.list", LIST, "orderBy=startTime sorts by the start, orderBy=updated by the last change")
def test_events_are_sorted(calendar: CalendarSpace) -> None:
    word = calendar.title()
    late = calendar.add({**calendar.body("2031-06-02"), "summary": word})
    early = calendar.add({**calendar.body("2031-06-01"), "summary": word})
    by_start = calendar.listed(q=word, singleEvents=True, orderBy="startTime")
    assert [one["id"] for one in by_start] == [early["id"], late["id"]]
    calendar.patch(late["id"], {"location": "Palma"})
    by_change = calendar.listed(q=word, orderBy="updated")
    assert [one["id"] for one in by_change] == [early["id"], late["id"]]


@check("calendar.events.list", PAGES_OF_EVENTS, "maxResults cuts the list, nextPageToken goes on")
def test_pages_follow_each_other(calendar: CalendarSpace) -> None:
    word = calendar.title()
    made = {calendar.add({**calendar.body(), "summary": word})["id"] for _ in range(5)}
    first = calendar.events.list(calendarId="primary", q=word, maxResults=2).execute()
    assert len(first["items"]) <= 2
    assert "nextPageToken" in first
    assert {one["id"] for one in calendar.listed(q=word, maxResults=2)} == made


@check("calendar.events.list", LIST, "the answer names the calendar, its zone and the user's role")
def test_a_list_says_what_it_is_of(calendar: CalendarSpace) -> None:
    answer = calendar.events.list(calendarId="primary", maxResults=1, timeZone="UTC").execute()
    assert (answer["kind"], answer["accessRole"], answer["timeZone"]) == ("calendar#events", "owner", "UTC")


@check("calendar.events.list", LIST, "maxAttendees leaves attendees out and says so: attendeesOmitted")
def test_attendees_are_omitted(calendar: CalendarSpace) -> None:
    attendees = [{"email": f"person{number}@example.com"} for number in range(3)]
    made = calendar.add(calendar.body(attendees=attendees), sendUpdates="none")
    found = calendar.listed(iCalUID=made["iCalUID"], maxAttendees=1)[0]
    assert found["attendeesOmitted"] is True
    assert len(found["attendees"]) <= 1


@check("calendar.events.list", SYNC, "the last page has nextSyncToken; with it come changes only")
def test_synchronization_brings_changes(calendar: CalendarSpace) -> None:
    calendar.add()
    token = _sync_token(calendar)
    assert calendar.events.list(calendarId="primary", syncToken=token).execute()["items"] == []
    made = calendar.add()
    answer = calendar.events.list(calendarId="primary", syncToken=token).execute()
    assert [one["id"] for one in answer["items"]] == [made["id"]]
    assert answer["nextSyncToken"] != token


@check("calendar.events.list", SYNC, "deletions are always part of a synchronization")
def test_synchronization_brings_deletions(calendar: CalendarSpace) -> None:
    made = calendar.add()
    token = _sync_token(calendar)
    calendar.delete(made["id"])
    items = calendar.events.list(calendarId="primary", syncToken=token).execute()["items"]
    assert [(one["id"], one["status"]) for one in items] == [(made["id"], "cancelled")]


@pytest.mark.parametrize(
    "params",
    [
        {"timeMin": "2031-01-01T00:00:00Z"},
        {"timeMax": "2032-01-01T00:00:00Z"},
        {"q": "x"},
        {"iCalUID": "x"},
        {"orderBy": "updated"},
        {"updatedMin": "2031-01-01T00:00:00Z"},
        {"privateExtendedProperty": ["a=b"]},
        {"sharedExtendedProperty": ["a=b"]},
    ],
)
@check("calendar.events.list", LIST, "syncToken is not combined with what narrows the list: 400")
def test_a_sync_token_stands_alone(calendar: CalendarSpace, params: dict[str, Any]) -> None:
    token = _sync_token(calendar)
    assert status(calendar.events.list(calendarId="primary", syncToken=token, **params)) == 400


@check("calendar.events.list", CALENDAR_ERRORS, "a sync token that is no longer valid is refused: 410 fullSyncRequired")
def test_an_invalid_sync_token_asks_for_everything(calendar: CalendarSpace) -> None:
    assert status(calendar.events.list(calendarId="primary", syncToken="CAAQAA==")) in (400, 410)


@check("calendar.calendars.get", CALENDARS + "/get", "`primary` is the calendar whose id is the user's address")
def test_the_primary_calendar_is_ones_own(calendar: CalendarSpace) -> None:
    found = calendar.api.calendars().get(calendarId="primary").execute()
    assert (found["kind"], found["id"]) == ("calendar#calendar", calendar.place.owner.address)
    assert found["timeZone"]


@check("calendar.calendarList.list", CALENDAR_LIST + "/list", "the primary calendar is listed, owned by the user")
def test_the_primary_calendar_is_listed(calendar: CalendarSpace) -> None:
    items = calendar.api.calendarList().list().execute()["items"]
    primary = next(one for one in items if one.get("primary"))
    assert (primary["id"], primary["accessRole"]) == (calendar.place.owner.address, "owner")


@check("calendar.calendarList.get", CALENDAR_LIST + "/get", "an entry is read by the id of its calendar")
def test_an_entry_is_read(calendar: CalendarSpace) -> None:
    assert calendar.api.calendarList().get(calendarId="primary").execute()["primary"] is True


@check(
    "calendar.calendars.insert",
    CALENDARS + "/insert",
    "a secondary calendar is made, has events of its own, and is deleted",
)
def test_a_secondary_calendar_is_apart(calendar: CalendarSpace) -> None:
    made = calendar.api.calendars().insert(body={"summary": calendar.title()}).execute()["id"]
    try:
        event = calendar.events.insert(calendarId=made, body=calendar.body()).execute()
        assert [one["id"] for one in calendar.events.list(calendarId=made).execute()["items"]] == [event["id"]]
        assert status(calendar.events.get(calendarId="primary", eventId=event["id"])) == 404
        listed = calendar.api.calendarList().list().execute()["items"]
        assert made in [one["id"] for one in listed]
    finally:
        calendar.api.calendars().delete(calendarId=made).execute()
    assert status(calendar.events.list(calendarId=made)) == 404


@check("calendar.calendars.patch", CALENDARS + "/patch", "the summary of a calendar is changed")
def test_a_calendar_is_renamed(calendar: CalendarSpace) -> None:
    made = calendar.api.calendars().insert(body={"summary": calendar.title()}).execute()["id"]
    name = calendar.title()
    try:
        assert calendar.api.calendars().patch(calendarId=made, body={"summary": name}).execute()["summary"] == name
        assert calendar.api.calendars().get(calendarId=made).execute()["summary"] == name
    finally:
        calendar.api.calendars().delete(calendarId=made).execute()


@check("calendar.acl.insert", ACL + "/insert", "a rule lets somebody read a calendar, and is taken back")
def test_a_calendar_is_shared(calendar: CalendarSpace) -> None:
    guest = calendar.place.person("guest")
    made = calendar.api.calendars().insert(body={"summary": calendar.title()}).execute()["id"]
    rules = calendar.api.acl()
    try:
        rule = {"role": "reader", "scope": {"type": "user", "value": guest.address}}
        given = rules.insert(calendarId=made, body=rule, sendNotifications=False).execute()
        assert (given["id"], given["role"]) == (f"user:{guest.address}", "reader")
        assert given["id"] in [one["id"] for one in rules.list(calendarId=made).execute()["items"]]
        calendar.place.eventually(lambda: guest.calendar.events().list(calendarId=made).execute())
        request = guest.calendar.events().insert(calendarId=made, body=calendar.body())
        assert status(request) == 403
        rules.delete(calendarId=made, ruleId=given["id"]).execute()
        assert status(rules.get(calendarId=made, ruleId=given["id"])) == 404
    finally:
        calendar.api.calendars().delete(calendarId=made).execute()


@check("calendar.acl.list", ACL + "/list", "the owner of a calendar has a rule with the role owner")
def test_the_owner_has_a_rule(calendar: CalendarSpace) -> None:
    rules = calendar.api.acl().list(calendarId="primary").execute()["items"]
    owners = [one["scope"]["value"] for one in rules if one["role"] == "owner"]
    assert calendar.place.owner.address in owners


@check("calendar.settings.get", SETTINGS + "/get", "the user's time zone is the setting `timezone`")
def test_the_time_zone_is_a_setting(calendar: CalendarSpace) -> None:
    found = calendar.api.settings().get(setting="timezone").execute()
    assert (found["kind"], found["id"]) == ("calendar#setting", "timezone")
    assert "/" in found["value"]
    listed = calendar.api.settings().list().execute()["items"]
    assert found["value"] in [one["value"] for one in listed if one["id"] == "timezone"]


def busy(calendar: CalendarSpace, start: str, end: str, *ids: str, **more: Any) -> Any:
    body = {"timeMin": start, "timeMax": end, "items": [{"id": one} for one in ids or ("primary",)], **more}
    return calendar.api.freebusy().query(body=body).execute()["calendars"]


@check("calendar.freebusy.query", FREE_BUSY, "busy ranges are joined where they touch or overlap")
def test_busy_ranges_are_joined(calendar: CalendarSpace) -> None:
    calendar.add(calendar.body("2031-10-01"))
    calendar.add(
        {
            "summary": calendar.title(),
            "start": {"dateTime": "2031-10-01T07:30:00Z"},
            "end": {"dateTime": "2031-10-01T09:00:00Z"},
        }
    )
    found = busy(calendar, "2031-10-01T00:00:00Z", "2031-10-02T00:00:00Z")
    assert found["primary"]["busy"] == [{"start": "2031-10-01T07:00:00Z", "end": "2031-10-01T09:00:00Z"}]


@check("calendar.freebusy.query", EVENTS + "#transparency", "an event that is transparent takes no time")
def test_a_transparent_event_takes_no_time(calendar: CalendarSpace) -> None:
    calendar.add(calendar.body("2031-10-03", transparency="transparent"))
    assert busy(calendar, "2031-10-03T00:00:00Z", "2031-10-04T00:00:00Z")["primary"]["busy"] == []


@check("calendar.freebusy.query", FREE_BUSY, "a deleted event takes no time")
def test_a_deleted_event_takes_no_time(calendar: CalendarSpace) -> None:
    made = calendar.add(calendar.body("2031-10-05"))
    calendar.delete(made["id"])
    assert busy(calendar, "2031-10-05T00:00:00Z", "2031-10-06T00:00:00Z")["primary"]["busy"] == []


@check(
    "calendar.freebusy.query",
    FREE_BUSY,
    "an unknown calendar has an error of its own, notFound; the others are answered",
)
def test_an_unknown_calendar_has_its_own_error(calendar: CalendarSpace) -> None:
    found = busy(calendar, "2031-10-07T00:00:00Z", "2031-10-08T00:00:00Z", "primary", "nobody@nowhere.invalid")
    assert found["nobody@nowhere.invalid"]["errors"][0]["reason"] == "notFound"
    assert found["primary"]["busy"] == []


@check("calendar.freebusy.query", FREE_BUSY, "timeMin and timeMax are required: 400")
def test_free_time_needs_bounds(calendar: CalendarSpace) -> None:
    assert status(calendar.api.freebusy().query(body={"items": [{"id": "primary"}]})) == 400


@check("calendar.freebusy.query", FREE_BUSY, "the time of a colleague is seen, without what it is taken by")
def test_the_time_of_a_colleague_is_seen(calendar: CalendarSpace) -> None:
    guest = calendar.place.person("guest")
    calendar.add(calendar.body("2031-10-09", attendees=[{"email": guest.address}]), sendUpdates="none")
    found = calendar.place.eventually(
        lambda: busy(calendar, "2031-10-09T00:00:00Z", "2031-10-10T00:00:00Z", guest.address)[guest.address]["busy"]
    )
    assert found == [{"start": "2031-10-09T07:00:00Z", "end": "2031-10-09T08:00:00Z"}]


@check("calendar.events.list", CALENDAR_ERRORS, "errors have code, message and a list of reasons")
def test_a_refusal_has_reasons(calendar: CalendarSpace) -> None:
    address = calendar.place.owner.address_of("calendar", "/calendar/v3/calendars/nobody@nowhere.invalid/events")
    answer = calendar.place.owner.http.get(address, timeout=30)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["message"]) == (404, 404, "Not Found")
    assert {"domain", "reason", "message"} <= set(error["errors"][0])


def _sync_token(calendar: CalendarSpace) -> str:
    request = calendar.events.list(calendarId="primary")
    while True:
        answer = request.execute()
        if "nextSyncToken" in answer:
            return str(answer["nextSyncToken"])
        request = calendar.events.list_next(request, answer)

"""Calendar of the sandbox, through Google's generated client over HTTP."""

from __future__ import annotations

from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from mail_clients import ANA, BEA, COLLEAGUE, OWNER, Clients, Served, content_of, header, inbox, refusal, serving
from workspace_clients import SERVICE_ACCOUNT

EVENT_ID = "d1ba0014"


@pytest.fixture(scope="module")
def clients() -> Clients:
    return {}


@pytest.fixture
def served(running: Any, clients: Clients) -> Served:
    return Served(running.sandbox.workspace, running.clock, running.person, clients)


def times(start: str = "2026-12-09T09:00:00", end: str = "2026-12-09T10:30:00") -> dict[str, Any]:
    zone = "Europe/Madrid"
    return {"start": {"dateTime": start, "timeZone": zone}, "end": {"dateTime": end, "timeZone": zone}}


def days(start: str, end: str) -> dict[str, Any]:
    return {"start": {"date": start}, "end": {"date": end}}


def guests(*addresses: str) -> list[dict[str, str]]:
    return [{"email": one} for one in addresses]


def insert(served: Served, who: str = OWNER, send: str = "none", **fields: Any) -> dict[str, Any]:
    body = {"id": EVENT_ID, "summary": "DIBA deployment", **times(), **fields}
    made: dict[str, Any] = (
        served.calendar(who).events().insert(calendarId="primary", body=body, sendUpdates=send).execute()
    )
    return made


def get(served: Served, who: str = OWNER, event_id: str = EVENT_ID) -> dict[str, Any]:
    event: dict[str, Any] = served.calendar(who).events().get(calendarId="primary", eventId=event_id).execute()
    return event


def patch(served: Served, who: str = OWNER, send: str = "none", **fields: Any) -> dict[str, Any]:
    events = served.calendar(who).events()
    changed: dict[str, Any] = events.patch(
        calendarId="primary", eventId=EVENT_ID, body=fields, sendUpdates=send
    ).execute()
    return changed


def delete(served: Served, who: str = OWNER, send: str = "none") -> Any:
    return served.calendar(who).events().delete(calendarId="primary", eventId=EVENT_ID, sendUpdates=send)


def listed(served: Served, who: str = OWNER, calendar: str = "primary", **params: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = served.calendar(who).events().list(calendarId=calendar, **params).execute()["items"]
    return items


def responses(event: dict[str, Any]) -> dict[str, str]:
    return {one["email"]: one["responseStatus"] for one in event.get("attendees", [])}


def subjects(served: Served, who: str) -> list[str]:
    return [header(one, "Subject").partition(" @ ")[0] for one in inbox(served, who)]


def test_an_inserted_event_is_read_back(served: Served) -> None:
    """Reference of the Events resource: id, status, organizer, creator, iCalUID, sequence, etag, times with offset."""
    made = insert(served)
    assert made == get(served)
    assert (made["id"], made["status"], made["sequence"]) == (EVENT_ID, "confirmed", 0)
    assert made["organizer"] == {"email": OWNER, "self": True}
    assert made["start"] == {"dateTime": "2026-12-09T09:00:00+01:00", "timeZone": "Europe/Madrid"}
    assert made["iCalUID"] == f"{EVENT_ID}@google.com"


@pytest.mark.parametrize("event_id", ["abcd", "wxyz0", "ABCDE", "a-b-c", "a" * 1025])
def test_an_id_of_other_characters_or_length_is_refused(served: Served, event_id: str) -> None:
    """Reference of the Events resource, id: base32hex (a-v, 0-9), 5 to 1024 characters."""
    assert refusal(lambda: insert(served, id=event_id)) == (400, "invalid")


def test_an_id_is_taken_once_and_for_ever(served: Served) -> None:
    """Calendar error guide: 409 duplicate, "The requested identifier already exists."; also after deletion."""
    insert(served)
    assert refusal(lambda: insert(served)) == (409, "duplicate")
    delete(served).execute()
    assert refusal(lambda: insert(served)) == (409, "duplicate")


def test_a_deleted_event_stays_as_cancelled_with_its_details(served: Served) -> None:
    """Reference of the Events resource, status: `get` always returns cancelled events, the organizer's with details."""
    insert(served)
    assert delete(served).execute() == ""
    kept = get(served)
    assert (kept["status"], kept["summary"]) == ("cancelled", "DIBA deployment")
    assert listed(served) == []
    assert [one["id"] for one in listed(served, showDeleted=True)] == [EVENT_ID]


def test_deleting_twice_and_deleting_nothing_differ(served: Served) -> None:
    """Calendar error guide: 410 deleted, "Resource has been deleted"; 404 notFound."""
    assert refusal(delete(served).execute) == (404, "notFound")
    insert(served)
    delete(served).execute()
    assert refusal(delete(served).execute) == (410, "deleted")


@pytest.mark.parametrize("way", ["patch", "update"])
def test_a_deleted_event_is_restored_by_its_status(served: Served, way: str) -> None:
    """Reference of the Events resource, status: organizers' cancelled events keep details to be restored."""
    insert(served, attendees=guests(ANA))
    delete(served).execute()
    assert get(served, ANA)["status"] == "cancelled"
    body = {**times(), "summary": "Again", "status": "confirmed", "attendees": guests(ANA)}
    events = served.calendar().events()
    getattr(events, way)(calendarId="primary", eventId=EVENT_ID, body=body, sendUpdates="all").execute()
    assert get(served)["status"] == get(served, ANA)["status"] == "confirmed"
    assert subjects(served, ANA) == ["Invitation: Again"]


def test_a_write_with_an_old_etag_is_refused(served: Served) -> None:
    """Guide "Get specific versions of resources": If-Match, 412 when the resource changed; If-None-Match, 304."""
    first = insert(served)
    second = patch(served, summary="Moved")
    assert first["etag"] != second["etag"]
    request = served.calendar().events().patch(calendarId="primary", eventId=EVENT_ID, body={"summary": "Lost"})
    request.headers["If-Match"] = first["etag"]
    assert refusal(request.execute) == (412, "conditionNotMet")
    assert get(served)["summary"] == "Moved"
    request.headers["If-Match"] = second["etag"]
    assert request.execute()["summary"] == "Lost"
    unchanged = served.calendar().events().get(calendarId="primary", eventId=EVENT_ID)
    unchanged.headers["If-None-Match"] = get(served)["etag"]
    assert refusal(unchanged.execute) == (304, "")


def test_update_replaces_and_patch_merges(served: Served) -> None:
    """Guide "Modify and delete events": update replaces the whole event; patch merges, replaces lists, null removes."""
    insert(served, location="Room 1", description="Notes", extendedProperties={"private": {"a": "1", "b": "2"}})
    patched = patch(served, location="Room 2", description=None, extendedProperties={"private": {"a": None, "c": "3"}})
    assert (patched["location"], patched.get("description")) == ("Room 2", None)
    assert patched["extendedProperties"] == {"private": {"b": "2", "c": "3"}}
    events = served.calendar().events()
    body = {**times(), "summary": "New"}
    updated = events.update(calendarId="primary", eventId=EVENT_ID, body=body).execute()
    assert "location" not in updated
    assert "extendedProperties" not in updated
    assert updated["iCalUID"] == patched["iCalUID"]


def test_moving_an_event_raises_its_sequence(served: Served) -> None:
    """RFC 5546, section 2.1.4: SEQUENCE grows when the times change; Calendar refuses a lower one."""
    insert(served)
    assert patch(served, summary="Renamed")["sequence"] == 0
    moved = patch(served, **times("2026-12-10T09:00:00", "2026-12-10T10:30:00"))
    assert moved["sequence"] == 1
    assert refusal(lambda: patch(served, sequence=0)) == (400, "invalid")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"start": None}, "required"),
        ({"end": {}}, "required"),
        ({"end": {"date": "2026-12-10"}}, "invalid"),
        ({"start": {"dateTime": "2026-12-09T09:00:00"}}, "required"),
        (times("2026-12-09T11:00:00", "2026-12-09T10:00:00"), "timeRangeEmpty"),
        ({"attendees": [{"displayName": "Nobody"}]}, "required"),
    ],
)
def test_events_that_make_no_sense_are_refused(served: Served, fields: dict[str, Any], reason: str) -> None:
    """Reference of the Events resource: start, end and attendees[].email; Calendar error guide: timeRangeEmpty."""
    assert refusal(lambda: insert(served, **fields)) == (400, reason)


def test_a_guest_has_a_copy_with_properties_of_its_own(served: Served) -> None:
    """Guide "Extended properties": private ones belong to one copy of the event, shared ones to all."""
    insert(served, attendees=guests(ANA), extendedProperties={"private": {"key": "own"}, "shared": {"log": "DIBA"}})
    copy = get(served, ANA)
    assert copy["extendedProperties"] == {"shared": {"log": "DIBA"}}
    assert copy["organizer"] == {"email": OWNER}
    assert copy["attendees"] == [{"email": ANA, "responseStatus": "needsAction", "self": True}]
    patch(served, ANA, extendedProperties={"private": {"mine": "1"}})
    patch(served, summary="Renamed")
    copy = get(served, ANA)
    assert (copy["summary"], copy["extendedProperties"]["private"]) == ("Renamed", {"mine": "1"})
    assert get(served)["extendedProperties"]["private"] == {"key": "own"}


def test_an_invitation_mail_carries_the_event(served: Served) -> None:
    """RFC 6047: a text/calendar part with its method; RFC 5545: lines of at most 75 bytes, TEXT escaped."""
    summary = "Desplegament; Diputació, producció de l'aplicació i de tots els seus components"
    insert(served, send="all", summary=summary, attendees=guests(ANA))
    (arrived,) = inbox(served, ANA)
    assert header(arrived, "From") == OWNER
    assert header(arrived, "Subject") == f"Invitation: {summary} @ Wed 9 Dec 2026 09:00 - 10:30 (CET) ({ANA})"
    parsed = message_from_bytes(content_of(served, ANA, arrived["id"]))
    (part,) = [one for one in parsed.walk() if one.get_content_type() == "text/calendar"]
    assert part.get_param("method") == "REQUEST"
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    unfolded = content.replace(b"\r\n ", b"").decode().split("\r\n")
    assert unfolded[0] == "BEGIN:VCALENDAR"
    assert "METHOD:REQUEST" in unfolded
    assert "DTSTART:20261209T080000Z" in unfolded
    assert f"UID:{EVENT_ID}@google.com" in unfolded
    assert "SUMMARY:" + summary.replace(";", "\\;").replace(",", "\\,") in unfolded


def test_nobody_is_mailed_unless_asked(served: Served) -> None:
    """Reference of `events.insert`, sendUpdates: none is the default; externalOnly means guests without Calendar."""
    insert(served, attendees=guests(ANA, "gone@customer.invalid"), send="externalOnly")
    assert inbox(served, ANA) == []
    (bounce,) = inbox(served, OWNER)
    assert header(bounce, "X-Failed-Recipients") == "gone@customer.invalid"
    body = {"id": "another1", **times(), "attendees": guests(ANA)}
    served.calendar().events().insert(calendarId="primary", body=body).execute()
    assert inbox(served, ANA) == []
    assert get(served, ANA, "another1")["status"] == "confirmed"


def test_guests_are_mailed_what_concerns_them(served: Served) -> None:
    """Guide "Invite users to events": mails on invitation, on changes, on removal and on cancellation."""
    insert(served, send="all", attendees=guests(ANA))
    patch(served, send="all", colorId="5", extendedProperties={"private": {"hash": "1"}})
    assert subjects(served, ANA) == ["Invitation: DIBA deployment"]
    patch(served, send="all", description="Now with notes")
    patch(served, send="none", location="Unmailed")
    patch(served, send="all", attendees=guests(ANA, BEA))
    patch(served, send="all", attendees=guests(BEA))
    assert subjects(served, ANA) == [
        "Invitation: DIBA deployment",
        "Updated invitation: DIBA deployment",
        "Updated invitation: DIBA deployment",
        "Canceled event: DIBA deployment",
    ]
    assert get(served, ANA)["status"] == "cancelled"
    delete(served, send="all").execute()
    assert subjects(served, BEA)[-1] == "Canceled event: DIBA deployment"
    assert len(subjects(served, ANA)) == 4
    assert get(served, BEA)["status"] == "cancelled"


def test_an_answer_comes_back_to_the_organizer(served: Served) -> None:
    """Guide "Invite users to events": responses are shared with the organizer; the change shows in synchronization."""
    made = insert(served, attendees=guests(ANA, BEA))
    token = served.calendar().events().list(calendarId="primary").execute()["nextSyncToken"]
    served.clock.forward(minutes=5)
    answer = [{"email": ANA, "responseStatus": "accepted", "comment": "Fine"}]
    patch(served, ANA, send="all", attendees=answer, attendeesOmitted=True)
    (changed,) = listed(served, syncToken=token)
    assert responses(changed) == {ANA: "accepted", BEA: "needsAction"}
    assert changed["attendees"][0]["comment"] == "Fine"
    assert changed["etag"] != made["etag"]
    assert changed["updated"] > made["updated"]
    assert responses(get(served, BEA))[ANA] == "accepted"
    assert subjects(served, OWNER) == ["Accepted: DIBA deployment"]
    assert subjects(served, BEA) == []


def test_omitted_attendees_are_not_removed(served: Served) -> None:
    """Reference of the Events resource, attendeesOmitted: in an update, only the participant's response is meant."""
    insert(served, attendees=guests(OWNER, ANA, BEA))
    some = served.calendar().events().get(calendarId="primary", eventId=EVENT_ID, maxAttendees=1).execute()
    assert (responses(some), some["attendeesOmitted"]) == ({OWNER: "needsAction"}, True)
    changed = patch(served, attendees=[{"email": OWNER, "responseStatus": "accepted"}], attendeesOmitted=True)
    assert responses(changed) == {OWNER: "accepted", ANA: "needsAction", BEA: "needsAction"}


def test_attendees_written_without_their_answers_are_asked_again(served: Served) -> None:
    """Guide "Modify and delete events": array fields are overwritten; who changes one sends all it holds."""
    insert(served, attendees=guests(ANA))
    patch(served, ANA, attendees=[{"email": ANA, "responseStatus": "accepted"}])
    kept = get(served)["attendees"]
    assert responses(patch(served, attendees=[*kept, *guests(BEA)])) == {ANA: "accepted", BEA: "needsAction"}
    assert responses(patch(served, attendees=guests(ANA, BEA)))[ANA] == "needsAction"


def test_a_guest_who_deletes_the_copy_declines(served: Served) -> None:
    """Calendar help, "Delete an event": a guest's copy goes, the event stays; the organizer sees it declined."""
    insert(served, attendees=guests(ANA))
    delete(served, ANA).execute()
    assert responses(get(served))[ANA] == "declined"
    assert get(served)["status"] == "confirmed"
    assert listed(served, ANA) == []


def test_a_guests_changes_stay_in_the_copy(served: Served) -> None:
    """Calendar error guide: forbiddenForNonOrganizer for shared properties; guestsCanModify is false by default."""
    insert(served, attendees=guests(ANA))
    patch(served, ANA, summary="Mine")
    assert get(served)["summary"] == "DIBA deployment"
    assert get(served, ANA)["summary"] == "Mine"
    assert refusal(lambda: patch(served, ANA, guestsCanModify=True)) == (403, "forbiddenForNonOrganizer")
    shared = {"shared": {"log": "other"}}
    assert refusal(lambda: patch(served, ANA, extendedProperties=shared)) == (403, "forbiddenForNonOrganizer")


def test_guests_invite_and_modify_as_far_as_they_may(served: Served) -> None:
    """Reference of the Events resource: guestsCanInviteOthers (default true), guestsCanModify (default false)."""
    insert(served, attendees=guests(ANA))
    patch(served, ANA, send="all", attendees=guests(ANA, BEA))
    assert list(responses(get(served))) == [ANA, BEA]
    assert subjects(served, BEA) == ["Invitation: DIBA deployment"]
    patch(served, guestsCanInviteOthers=False, guestsCanModify=True)
    patch(served, ANA, summary="Changed by Ana")
    assert get(served)["summary"] == get(served, BEA)["summary"] == "Changed by Ana"
    patch(served, guestsCanModify=False)
    invite = guests(ANA, BEA, COLLEAGUE)
    assert refusal(lambda: patch(served, ANA, attendees=invite)) == (403, "forbiddenForNonOrganizer")


def test_guests_may_be_hidden_from_each_other(served: Served) -> None:
    """Reference of the Events resource, guestsCanSeeOtherGuests."""
    insert(served, send="all", attendees=guests(ANA, BEA), guestsCanSeeOtherGuests=False)
    assert list(responses(get(served))) == [ANA, BEA]
    assert list(responses(get(served, ANA))) == [ANA]
    (arrived,) = inbox(served, ANA)
    assert BEA.encode() not in content_of(served, ANA, arrived["id"])


def test_a_service_account_invites_only_by_delegation(served: Served) -> None:
    """Calendar error guide: 403 forbiddenForServiceAccounts."""
    assert refusal(lambda: insert(served, SERVICE_ACCOUNT, attendees=guests(ANA))) == (
        403,
        "forbiddenForServiceAccounts",
    )
    assert insert(served, SERVICE_ACCOUNT)["organizer"]["email"] == SERVICE_ACCOUNT


def test_synchronization_brings_only_what_changed(served: Served) -> None:
    """Guide "Synchronize resources efficiently": nextSyncToken on the last page; deletions are always included."""
    events = served.calendar().events()
    for number in range(5):
        insert(served, id=f"event{number}", summary=str(number))
    first = events.list(calendarId="primary", maxResults=2).execute()
    assert "nextSyncToken" not in first
    patch_between = {"summary": "changed between two pages"}
    events.patch(calendarId="primary", eventId="event0", body=patch_between).execute()
    seen, page = [one["id"] for one in first["items"]], first
    while "nextPageToken" in page:
        page = events.list(calendarId="primary", maxResults=2, pageToken=page["nextPageToken"]).execute()
        seen += [one["id"] for one in page["items"]]
    assert seen == [f"event{number}" for number in range(5)]
    events.delete(calendarId="primary", eventId="event3").execute()
    changes = events.list(calendarId="primary", syncToken=page["nextSyncToken"]).execute()
    assert [(one["id"], one["status"]) for one in changes["items"]] == [
        ("event0", "confirmed"),
        ("event3", "cancelled"),
    ]
    assert "summary" not in changes["items"][1]
    assert listed(served, syncToken=changes["nextSyncToken"]) == []


@pytest.mark.parametrize(
    "params",
    [
        {"timeMin": "2026-12-01T00:00:00Z"},
        {"timeMax": "2026-12-01T00:00:00Z"},
        {"q": "DIBA"},
        {"privateExtendedProperty": "a=b"},
        {"sharedExtendedProperty": "a=b"},
        {"orderBy": "updated"},
        {"updatedMin": "2026-12-01T00:00:00Z"},
        {"iCalUID": "x"},
        {"showDeleted": False},
    ],
)
def test_a_sync_token_stands_alone(served: Served, params: dict[str, Any]) -> None:
    """Reference of `events.list`, syncToken: the parameters that cannot be specified together with it."""
    token = served.calendar().events().list(calendarId="primary").execute()["nextSyncToken"]
    assert refusal(lambda: listed(served, syncToken=token, **params))[0] == 400


def test_an_old_sync_token_asks_for_a_full_read(served: Served) -> None:
    """Calendar error guide: 410 fullSyncRequired."""
    token = served.calendar().events().list(calendarId="primary").execute()["nextSyncToken"]
    assert refusal(lambda: listed(served, ANA, syncToken=token)) == (410, "fullSyncRequired")
    assert refusal(lambda: listed(served, syncToken="nonsense")) == (410, "fullSyncRequired")
    served.workspace.clear()
    assert refusal(lambda: listed(served, syncToken=token)) == (410, "fullSyncRequired")


@pytest.mark.parametrize(
    ("earliest", "latest", "there"),
    [
        ("2026-12-09T08:00:00+01:00", "2026-12-09T09:00:00+01:00", False),
        ("2026-12-09T08:00:00+01:00", "2026-12-09T09:00:01+01:00", True),
        ("2026-12-09T10:29:00+01:00", "2026-12-09T12:00:00+01:00", True),
        ("2026-12-09T10:30:00+01:00", "2026-12-09T12:00:00+01:00", False),
    ],
)
def test_a_range_finds_what_overlaps_it(served: Served, earliest: str, latest: str, there: bool) -> None:
    """Reference of `events.list`: timeMin bounds the end, timeMax the start, both exclusive."""
    insert(served)
    assert bool(listed(served, timeMin=earliest, timeMax=latest)) is there


@pytest.mark.parametrize("time", ["2026-12-09T08:00:00", "2026-12-09", "soon"])
def test_a_bound_needs_its_offset(served: Served, time: str) -> None:
    """Reference of `events.list`, timeMin: RFC 3339 with mandatory time zone offset."""
    assert refusal(lambda: listed(served, timeMin=time))[0] == 400


def test_events_are_filtered(served: Served) -> None:
    """Reference of `events.list`: privateExtendedProperty, q, iCalUID, eventTypes, orderBy."""
    properties = {"private": {"log": "DIBA", "kind": "window"}}
    insert(served, id="later", location="Barcelona", extendedProperties=properties)
    early = times("2026-12-01T09:00:00", "2026-12-01T10:00:00")
    insert(served, id="sooner", summary="Other", eventType="outOfOffice", **early)
    found: dict[str, dict[str, Any]] = {
        "both": {"privateExtendedProperty": ["log=DIBA", "kind=window"]},
        "none": {"privateExtendedProperty": ["log=DIBA", "kind=other"]},
        "words": {"q": "barcelona DIBA"},
        "uid": {"iCalUID": "sooner@google.com"},
        "away": {"eventTypes": ["outOfOffice"]},
        "ordered": {"singleEvents": True, "orderBy": "startTime"},
    }
    shown = {name: [one["id"] for one in listed(served, **params)] for name, params in found.items()}
    assert shown == {
        "both": ["later"],
        "none": [],
        "words": ["later"],
        "uid": ["sooner"],
        "away": ["sooner"],
        "ordered": ["sooner", "later"],
    }
    assert refusal(lambda: listed(served, orderBy="startTime"))[0] == 400


def test_recurring_days_are_expanded(served: Served) -> None:
    """RFC 5545, section 3.3.10; reference of `events.list`, singleEvents; ids of instances end in their start."""
    rule = ["RRULE:FREQ=YEARLY;COUNT=3"]
    insert(served, id="festa1", summary="Mare de Déu", recurrence=rule, **days("2025-09-08", "2025-09-09"))
    shown = listed(served, singleEvents=True, timeMin="2026-01-01T00:00:00Z", timeMax="2030-01-01T00:00:00Z")
    assert [one["id"] for one in shown] == ["festa1_20260908", "festa1_20270908"]
    assert shown[0]["recurringEventId"] == "festa1"
    assert shown[0]["start"] == {"date": "2026-09-08"}
    assert "recurrence" not in shown[0]
    assert get(served, event_id="festa1_20260908")["end"] == {"date": "2026-09-09"}
    (series,) = listed(served, timeMin="2026-01-01T00:00:00Z")
    assert series["recurrence"] == rule
    assert listed(served, timeMin="2028-01-01T00:00:00Z") == []


def test_weekly_hours_keep_their_wall_time(served: Served) -> None:
    """RFC 5545, section 3.3.10: instances are in local time; the clocks change on 25 October 2026 in Madrid."""
    hours = times("2026-10-19T09:00:00", "2026-10-19T10:00:00")
    insert(served, recurrence=["RRULE:FREQ=WEEKLY;UNTIL=20261102T080000Z"], **hours)
    starts = [one["start"]["dateTime"] for one in listed(served, singleEvents=True)]
    assert starts == ["2026-10-19T09:00:00+02:00", "2026-10-26T09:00:00+01:00", "2026-11-02T09:00:00+01:00"]


def test_other_rules_are_refused_not_ignored(served: Served) -> None:
    """The sandbox's own promise: what is not there answers 501."""
    hourly = ["RRULE:FREQ=HOURLY"]
    assert refusal(lambda: insert(served, recurrence=hourly)) == (501, "notImplemented")
    move = served.calendar().events().move(calendarId="primary", eventId=EVENT_ID, destination=COLLEAGUE)
    assert refusal(move.execute) == (501, "notImplemented")


def test_colleagues_read_each_others_calendars(served: Served) -> None:
    """Calendar help, "Share your calendar": within the organization events are seen, not changed; private ones busy."""
    insert(served, COLLEAGUE, summary="Holidays", id="open1")
    insert(served, COLLEAGUE, summary="Doctor", id="secret1", visibility="private")
    shown = {one["id"]: one.get("summary") for one in listed(served, calendar=COLLEAGUE)}
    assert shown == {"open1": "Holidays", "secret1": None}
    events = served.calendar().events()
    write = events.insert(calendarId=COLLEAGUE, body=times())
    assert refusal(write.execute)[0] == 403
    assert refusal(events.delete(calendarId=COLLEAGUE, eventId="open1").execute)[0] == 403
    assert refusal(lambda: listed(served, ANA, calendar=COLLEAGUE)) == (404, "notFound")
    assert refusal(lambda: listed(served, calendar=ANA)) == (404, "notFound")


def test_free_busy_joins_what_takes_time(served: Served) -> None:
    """Reference of `freebusy.query`: busy ranges of opaque events not declined; notFound for unknown calendars."""
    insert(served, COLLEAGUE, id="first", **times("2026-12-09T09:00:00", "2026-12-09T10:00:00"))
    insert(served, COLLEAGUE, id="second", **times("2026-12-09T10:00:00", "2026-12-09T11:00:00"))
    insert(served, COLLEAGUE, id="third", transparency="transparent", **days("2026-12-09", "2026-12-10"))
    declined = [{"email": COLLEAGUE, "responseStatus": "declined"}]
    insert(served, id="fourt4", attendees=declined, **times("2026-12-09T15:00:00", "2026-12-09T16:00:00"))
    body = {
        "timeMin": "2026-12-09T00:00:00+01:00",
        "timeMax": "2026-12-10T00:00:00+01:00",
        "items": [{"id": COLLEAGUE}, {"id": ANA}],
    }
    answer = served.calendar().freebusy().query(body=body).execute()["calendars"]
    assert answer[COLLEAGUE]["busy"] == [{"start": "2026-12-09T08:00:00Z", "end": "2026-12-09T10:00:00Z"}]
    assert answer[ANA]["errors"] == [{"domain": "global", "reason": "notFound"}]


def test_events_survive_a_restart(tmp_path: Path) -> None:
    """The sandbox's own promise: what was acknowledged is kept in the file; tokens and etags hold on."""
    with serving(tmp_path) as served:
        insert(served, attendees=guests(ANA), send="all")
        token = served.calendar().events().list(calendarId="primary").execute()["nextSyncToken"]
        # The link names the port, which is another one then.
        before = {**get(served), "htmlLink": ""}
        mails = inbox(served, ANA)
    with serving(tmp_path) as again:
        assert {**get(again), "htmlLink": ""} == before
        assert inbox(again, ANA) == mails
        assert listed(again, syncToken=token) == []
        patch(again, summary="After")
        assert [one["summary"] for one in listed(again, syncToken=token)] == ["After"]


def test_the_primary_calendar_is_listed(served: Served) -> None:
    """Reference of `calendarList.list`: the primary calendar's id is the user's address."""
    (entry,) = served.calendar().calendarList().list().execute()["items"]
    assert (entry["id"], entry["primary"], entry["accessRole"]) == (OWNER, True, "owner")
    assert entry["timeZone"] == "Europe/Madrid"

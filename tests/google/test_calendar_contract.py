"""The adapter of Calendar against the sandbox, over HTTP, by delegation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from google_helpers import GoogleSettings, Patience, SandboxServer

from deploylog import errors
from deploylog.google.calendar import Calendar, event_id
from deploylog.google.connect import Google, connect

ID = event_id("log", "DIBA-0014")
GUEST = "ann@diba.example"


@pytest.fixture
def calendar(google: Google) -> Calendar:
    return google.calendar


def event(**more: Any) -> dict[str, Any]:
    return {
        "id": ID,
        "summary": "DIBA: deployment DIBA-0014",
        "start": {"dateTime": "2026-12-09T09:00:00+01:00", "timeZone": "Europe/Madrid"},
        "end": {"dateTime": "2026-12-09T09:15:00+01:00", "timeZone": "Europe/Madrid"},
        "attendees": [{"email": GUEST}],
        "extendedProperties": {"private": {"deploylog": "DIBA-0014"}},
        **more,
    }


def test_an_event_is_made_with_our_id_and_read_back(calendar: Calendar) -> None:
    made = calendar.insert(event(), send_updates=False)
    assert made["id"] == ID
    read = calendar.get(ID)
    assert read is not None
    assert read["extendedProperties"]["private"] == {"deploylog": "DIBA-0014"}
    assert read["organizer"]["email"] == "deployments@soffid.example"
    assert calendar.get(event_id("log", "DIBA-0015")) is None


def test_an_id_is_taken_for_ever(calendar: Calendar) -> None:
    """events.insert: 409 for an id in use; deleted events keep theirs."""
    calendar.insert(event(), send_updates=False)
    with pytest.raises(errors.Conflict):
        calendar.insert(event(), send_updates=False)
    assert calendar.cancel(ID, send_updates=False)
    with pytest.raises(errors.Conflict):
        calendar.insert(event(), send_updates=False)


def test_a_cancelled_event_is_read_as_cancelled_and_can_come_back(calendar: Calendar) -> None:
    calendar.insert(event(), send_updates=False)
    assert calendar.cancel(ID, send_updates=False) is True
    assert calendar.cancel(ID, send_updates=False) is False
    cancelled = calendar.get(ID)
    assert cancelled is not None
    assert cancelled["status"] == "cancelled"
    restored = calendar.update(ID, event(status="confirmed"), cancelled["etag"], send_updates=False)
    assert restored["status"] == "confirmed"


def test_cancelling_what_never_was_counts_as_done(calendar: Calendar) -> None:
    assert calendar.cancel(ID, send_updates=True) is False


def test_an_event_changed_meanwhile_is_not_overwritten(calendar: Calendar) -> None:
    """If-Match with the etag: 412 (Calendar API, "Get specific versions of resources")."""
    old = calendar.insert(event(), send_updates=False)
    new = calendar.update(ID, event(summary="by hand"), old["etag"], send_updates=False)
    with pytest.raises(errors.Changed):
        calendar.update(ID, event(summary="ours"), old["etag"], send_updates=False)
    assert calendar.update(ID, event(summary="ours"), new["etag"], send_updates=False)["summary"] == "ours"


@pytest.mark.parametrize("send", [True, False])
def test_guests_hear_of_it_only_when_told_to(send: bool, calendar: Calendar, sandbox: SandboxServer) -> None:
    made = calendar.insert(event(), send_updates=send)
    assert len(sandbox.inbox(GUEST)) == (1 if send else 0)
    calendar.update(ID, event(summary="other"), made["etag"], send_updates=send)
    assert len(sandbox.inbox(GUEST)) == (2 if send else 0)
    calendar.cancel(ID, send_updates=send)
    assert len(sandbox.inbox(GUEST)) == (3 if send else 0)


@pytest.mark.parametrize("mode", ["drop", "error"])
def test_making_and_changing_are_sent_once(
    mode: str, calendar: Calendar, sandbox: SandboxServer, patience: Patience
) -> None:
    sandbox.fault("calendar.events.insert", mode)
    with pytest.raises(errors.InDoubt):
        calendar.insert(event(), send_updates=True)
    assert (calendar.get(ID) is not None) is (mode == "drop")
    if mode == "error":
        calendar.insert(event(), send_updates=False)
    etag = (calendar.get(ID) or {})["etag"]
    sandbox.fault("calendar.events.update", mode)
    with pytest.raises(errors.InDoubt):
        calendar.update(ID, event(summary="other"), etag, send_updates=False)
    assert sandbox.calls()["calendar.events.insert"] == (1 if mode == "drop" else 2)
    assert sandbox.calls()["calendar.events.update"] == 1
    assert patience.waits == []


def test_cancelling_is_repeated_and_tells_guests_once(calendar: Calendar, sandbox: SandboxServer) -> None:
    calendar.insert(event(), send_updates=False)
    sandbox.fault("calendar.events.delete", "drop")
    calendar.cancel(ID, send_updates=True)
    assert sandbox.calls()["calendar.events.delete"] == 2
    assert len(sandbox.inbox(GUEST)) == 1
    assert (calendar.get(ID) or {})["status"] == "cancelled"


def test_changes_are_all_at_first_then_only_what_is_new(calendar: Calendar) -> None:
    calendar.insert(event(), send_updates=False)
    other = event_id("log", "DIBA-0015")
    calendar.insert(event(id=other), send_updates=False)
    first = calendar.changes(None)
    assert {one["id"] for one in first.events} == {ID, other}
    assert calendar.changes(first.sync_token).events == []

    calendar.cancel(other, send_updates=False)
    second = calendar.changes(first.sync_token)
    assert [(one["id"], one["status"]) for one in second.events] == [(other, "cancelled")]


def test_a_sync_token_that_is_too_old_is_gone(calendar: Calendar) -> None:
    """410: read everything again (Calendar API, "Synchronize resources efficiently")."""
    with pytest.raises(errors.Gone):
        calendar.changes("of-another-time")


def test_reads_are_repeated(calendar: Calendar, sandbox: SandboxServer, patience: Patience) -> None:
    calendar.insert(event(), send_updates=False)
    sandbox.fault("calendar.events.get", "error", status=503)
    assert calendar.get(ID) is not None
    sandbox.fault("calendar.events.list", "error", status=403, reason="rateLimitExceeded")
    assert len(calendar.changes(None).events) == 1
    assert len(patience.waits) == 2


def all_day(first: str, after: str, **more: Any) -> dict[str, Any]:
    return {"summary": "Away", "start": {"date": first}, "end": {"date": after}, **more}


def test_events_of_another_calendar_come_singly_within_the_time_and_of_the_asked_types(
    calendar: Calendar, sandbox: SandboxServer, patience: Patience
) -> None:
    as_colleague = connect(GoogleSettings(sandbox.key, "ana@soffid.example", sandbox.origin), "primary", patience)
    colleague = as_colleague.calendar
    colleague.insert(all_day("2026-12-21", "2026-12-22", recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"]), send_updates=False)
    colleague.insert(all_day("2027-03-01", "2027-03-02"), send_updates=False)
    away = {"dateTime": "2026-12-23T00:00:00+01:00"}, {"dateTime": "2026-12-24T00:00:00+01:00"}
    colleague.insert(
        {"summary": "Out", "eventType": "outOfOffice", "start": away[0], "end": away[1]}, send_updates=False
    )
    earliest, latest = datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 5, tzinfo=UTC)
    found = calendar.between("ana@soffid.example", earliest, latest, ["default"])
    assert [one["start"]["date"] for one in found] == ["2026-12-21", "2026-12-28", "2027-01-04"]
    assert len({one["recurringEventId"] for one in found}) == 1
    [out] = calendar.between("ana@soffid.example", earliest, latest, ["outOfOffice"])
    assert out["eventType"] == "outOfOffice"
    with pytest.raises(errors.OutsideError):
        calendar.between("nobody@group.calendar.google.com", earliest, latest, ["default"])
    as_colleague.close()

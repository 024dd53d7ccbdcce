"""Google's usage limits (`--quota`), through real clients over real HTTP, by a clock that the tests move."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import gspread
import pytest
from googleapiclient.errors import HttpError
from mail_clients import mail, raw
from workspace_clients import STAFF, Clock, Person, message_of, refusal

from workspace_sandbox.calls import ApiError
from workspace_sandbox.discovery import routes
from workspace_sandbox.founding import DRIVE_ID
from workspace_sandbox.quota import LIMITS, Quota, costs
from workspace_sandbox.server import Sandbox, serve
from workspace_sandbox.workspace import Workspace

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


class Limited:
    """A served sandbox that keeps Google's limits."""

    def __init__(self, origin: str, clock: Clock) -> None:
        self.origin = origin
        self.clock = clock
        self.people: dict[str, Person] = {}

    def person(self, address: str = STAFF) -> Person:
        if address not in self.people:
            self.people[address] = Person(self.origin, address)
        return self.people[address]


@pytest.fixture
def limited() -> Iterator[Limited]:
    clock = Clock()
    server = serve(Sandbox(Workspace(clock), quota=Quota()))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    limited = Limited(f"http://127.0.0.1:{server.port}", clock)
    try:
        yield limited
    finally:
        for one in limited.people.values():
            one.http.close()
        server.shutdown()
        thread.join()
        server.server_close()


def log(person: Person) -> str:
    body = {"name": "log", "mimeType": "application/vnd.google-apps.spreadsheet", "parents": [DRIVE_ID]}
    return str(person.drive.files().create(body=body, supportsAllDrives=True).execute()["id"])


def refused_after(quota: Quota, method_id: str, user: str = STAFF, now: datetime = NOW) -> tuple[int, ApiError]:
    """How many calls one instant allows, and the refusal of the next."""
    for number in range(20_000):
        try:
            quota.take(method_id, user, now)
        except ApiError as error:
            return number, error
    raise AssertionError("never refused")


def test_sheets_reads_are_60_a_minute_a_user_and_free_again_after_it(limited: Limited) -> None:
    """https://developers.google.com/workspace/sheets/api/limits: 60 reads a minute a user; beyond, 429; after a minute
    requests are possible again. Writes are counted apart."""
    ana = limited.person()
    sheet = log(ana)
    read = ana.sheets.values().get(spreadsheetId=sheet, range="A1")
    for _ in range(60):
        read.execute()
    assert refusal(read) == (429, "RESOURCE_EXHAUSTED")
    assert "'Read requests per minute per user'" in message_of(read)
    body = {"values": [["x"]]}
    ana.sheets.values().update(spreadsheetId=sheet, range="A1", valueInputOption="RAW", body=body).execute()
    limited.person("eva@soffid.example").sheets.values().get(spreadsheetId=sheet, range="A1").execute()
    limited.clock.forward(seconds=59)
    assert refusal(read)[0] == 429
    limited.clock.forward(seconds=1)
    read.execute()


def test_gspread_meets_the_limit_as_an_api_error(limited: Limited) -> None:
    """https://developers.google.com/workspace/sheets/api/limits, read with the client that people use."""
    ana = limited.person()
    sheet = log(ana)
    for _ in range(60):
        ana.sheets.get(spreadsheetId=sheet).execute()
    with pytest.raises(gspread.exceptions.APIError) as raised:
        ana.gspread.open_by_key(sheet)
    assert raised.value.code == 429


def test_a_project_has_300_sheets_writes_a_minute_for_all_its_users() -> None:
    """https://developers.google.com/workspace/sheets/api/limits: 300 writes a minute a project."""
    quota = Quota()
    method = "sheets.spreadsheets.batchUpdate"
    allowed = [refused_after(quota, method, f"u{number}@soffid.example") for number in range(6)]
    assert [number for number, _ in allowed] == [60, 60, 60, 60, 60, 0]
    assert "'Write requests per minute'" in allowed[-1][1].message


def test_what_is_refused_is_not_counted() -> None:
    """A client that backs off gets through after the minute, however often it asked meanwhile."""
    quota = Quota()
    refused_after(quota, "sheets.spreadsheets.get")
    for seconds in range(1, 60):
        with pytest.raises(ApiError):
            quota.take("sheets.spreadsheets.get", STAFF, NOW + timedelta(seconds=seconds))
    assert refused_after(quota, "sheets.spreadsheets.get", now=NOW + timedelta(seconds=60))[0] == 60


@pytest.mark.parametrize(
    ("method_id", "allowed", "status", "reason"),
    [
        ("drive.files.list", 12_000, 403, "rateLimitExceeded"),
        ("calendar.events.insert", 600, 403, "userRateLimitExceeded"),
        ("gmail.users.messages.get", 1_200, 403, "userRateLimitExceeded"),
        ("gmail.users.drafts.create", 600, 403, "userRateLimitExceeded"),
        ("gmail.users.drafts.send", 60, 403, "userRateLimitExceeded"),
        ("sheets.spreadsheets.values.batchGetByDataFilter", 60, 429, "RATE_LIMIT_EXCEEDED"),
    ],
)
def test_each_api_has_its_published_limit(method_id: str, allowed: int, status: int, reason: str) -> None:
    """Drive 12,000 queries a minute; Calendar 600 requests a user; Gmail 6,000 units a user: the pages in quota.py."""
    number, error = refused_after(Quota(), method_id)
    assert (number, error.status, error.reason) == (allowed, status, reason)


def test_a_minute_of_drafts_and_sending_is_54_mails(limited: Limited) -> None:
    """https://developers.google.com/workspace/gmail/api/reference/quota: drafts.create 10 and drafts.send 100 of 6,000
    units a user and minute. The refusal is 403 userRateLimitExceeded of domain usageLimits."""
    drafts = limited.person().build("gmail", "v1").users().drafts()
    body = {"message": raw(mail("bea@partner.example"))}
    create = drafts.create(userId="me", body=body)
    for _ in range(54):
        drafts.send(userId="me", body={"id": create.execute()["id"]}).execute()
    draft = create.execute()
    with pytest.raises(HttpError) as raised:
        drafts.send(userId="me", body={"id": draft["id"]}).execute()
    assert raised.value.status_code == 403
    assert raised.value.error_details == [
        {"message": "User Rate Limit Exceeded", "domain": "usageLimits", "reason": "userRateLimitExceeded"}
    ]


def test_a_day_has_2000_mails() -> None:
    """https://support.google.com/a/answer/166852: 2,000 mails in 24 hours; Gmail, "Resolve errors", mail sending
    limits: 429 with the time to retry."""
    quota = Quota()
    now = NOW
    for number in range(2_000):
        now = NOW + timedelta(seconds=2 * number)
        quota.take("gmail.users.messages.send", STAFF, now)
    with pytest.raises(ApiError) as raised:
        quota.take("gmail.users.drafts.send", STAFF, now + timedelta(hours=1))
    assert raised.value.status == 429
    assert raised.value.message == "User-rate limit exceeded.  Retry after 2026-12-01T08:00:00.000Z (Mail sending)"
    quota.take("gmail.users.messages.get", STAFF, now + timedelta(hours=1))
    quota.take("gmail.users.drafts.send", STAFF, NOW + timedelta(days=1))


def test_calls_in_a_batch_count_each(limited: Limited) -> None:
    """https://developers.google.com/workspace/calendar/api/guides/batch: n calls batched count as n requests."""
    ana = limited.person()
    calendar = ana.build("calendar", "v3")
    events = calendar.events()
    answers: list[Any] = []
    keep: Callable[[str, Any, Any], None] = lambda key, answer, error: answers.append(error)  # noqa: E731
    for size in (*[100] * 6, 1):
        batch = calendar.new_batch_http_request(callback=keep)
        batch._batch_uri = f"{ana.origin}/batch/calendar/v3"
        for _ in range(size):
            batch.add(events.list(calendarId="primary"))
        batch.execute(http=events.list(calendarId="primary").http)
    assert answers[:600] == [None] * 600
    assert answers[600].status_code == 403


def test_pages_use_nothing_of_the_quota(limited: Limited) -> None:
    """design.md: the pages are for people who watch; they must not change what a client meets."""
    ana = limited.person()
    sheet = log(ana)
    page = {"X-Sandbox-Page": "1"}
    for _ in range(61):
        assert ana.http.get(f"{ana.origin}/v4/spreadsheets/{sheet}", headers=page).status_code == 200
    ana.sheets.get(spreadsheetId=sheet).execute()


def test_a_reset_fills_the_quota(limited: Limited) -> None:
    """design.md: `POST /sandbox/reset`."""
    ana = limited.person()
    read = ana.sheets.get(spreadsheetId="none")
    while refusal(read)[0] != 429:
        continue
    ana.http.post(f"{ana.origin}/sandbox/reset")
    assert refusal(read)[0] == 404


def test_every_method_is_counted_by_some_limit() -> None:
    """A method that no limit knows would be free of charge."""
    counted = {limit.counted for limit in LIMITS}
    for route in routes():
        assert set(costs(route.method.id)) <= counted
        assert all(cost > 0 for cost in costs(route.method.id).values())

"""Calendar feeds: whose they are, what stands in them, and what does not."""

from __future__ import annotations

from typing import Any

from icalendar import Calendar

from deploylog.web import feeds

REQUIRED = ("PROVIDER", "ACCOUNT", "MAINTENANCE-ID", "OBJECT-ID", "IMPACT", "STATUS")
"""What the BCOP asks of every event, after `X-MAINTNOTE-`."""


def feed(board: Any, customer: str) -> Calendar:
    token = feeds.token(board.world.ledger.secret("feeds"), customer)
    answer = board.app.test_client().get(f"/feeds/{token}.ics")
    assert answer.status_code == 200
    assert answer.content_type == "text/calendar; charset=utf-8"
    read = Calendar.from_ical(answer.data)
    assert isinstance(read, Calendar)
    return read


def test_every_event_is_whole_and_carries_the_maintenance_properties(board: Any) -> None:
    events = feed(board, "").walk("VEVENT")
    assert len(events) == 10
    assert len({str(one["UID"]) for one in events}) == len(events)
    for one in events:
        assert one.errors == []
        assert one["DTSTART"].dt < one["DTEND"].dt
        assert all(one.get(f"X-MAINTNOTE-{name}") for name in REQUIRED)
        assert one["X-MAINTNOTE-STATUS"] in ("TENTATIVE", "CONFIRMED", "CANCELLED", "IN-PROCESS", "COMPLETED")
        assert one["X-MAINTNOTE-IMPACT"] in ("NO-IMPACT", "REDUCED-REDUNDANCY", "DEGRADED", "OUTAGE")
        assert 0 <= int(one["SEQUENCE"]) < 2**31


def test_a_customers_feed_has_what_the_customer_was_told_of_and_nothing_of_others(board: Any) -> None:
    ids = {str(one["X-MAINTNOTE-MAINTENANCE-ID"]) for one in feed(board, "ACME").walk("VEVENT")}
    assert ids == {"ACME-0001"}, "ACME-0002 is Internal only"
    assert b"DIBA" not in feed(board, "ACME").to_ical()
    drafts = {str(one["X-MAINTNOTE-MAINTENANCE-ID"]) for one in feed(board, "DIBA").walk("VEVENT")}
    assert drafts == {f"DIBA-{number:04}" for number in range(1, 9)}


def test_an_event_tells_nothing_the_customer_is_not_to_read(board: Any) -> None:
    text = feed(board, "").to_ical().decode()
    assert "rollback" not in text.lower()
    assert "telephone" not in text


def test_a_feeds_address_cannot_be_guessed_from_another(board: Any) -> None:
    secret = board.world.ledger.secret("feeds")
    tokens = [feeds.token(secret, name) for name in ("", "DIBA", "ACME", "everything")]
    assert len(set(tokens)) == 4
    assert all(len(one) == 48 for one in tokens)
    assert feeds.token(b"another secret", "DIBA") not in tokens
    client = board.app.test_client()
    for wrong in (tokens[1][:-1], tokens[1][:-1] + "z", "é" * 48, feeds.token(secret, "NOBODY")):
        assert client.get(f"/feeds/{wrong}.ics").status_code == 404


def test_the_secret_of_a_store_stays_and_differs_by_its_name(board: Any) -> None:
    ledger = board.world.ledger
    assert ledger.secret("feeds") == ledger.secret("feeds") != ledger.secret("cookies")
    assert len(ledger.secret("feeds")) == 32

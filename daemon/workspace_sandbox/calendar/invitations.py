"""The mails Calendar sends about events: invitations, updates, cancellations, answers.

Each carries the event as iCalendar (RFC 5545) with the method of RFC 5546: REQUEST, CANCEL or REPLY.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from workspace_sandbox.calendar.event_times import starts_at, zone
from workspace_sandbox.calls import Json

_ANSWERS = {"accepted": "Accepted", "declined": "Declined", "tentative": "Tentatively accepted"}
_PARTICIPATION = {
    "needsAction": "NEEDS-ACTION",
    "accepted": "ACCEPTED",
    "declined": "DECLINED",
    "tentative": "TENTATIVE",
}


def invitation(event: Json, guest: str, now: datetime) -> bytes:
    return _mail(event, event["organizer"]["email"], guest, "Invitation", "REQUEST", _visible(event, guest), now)


def update(event: Json, guest: str, now: datetime) -> bytes:
    return _mail(
        event, event["organizer"]["email"], guest, "Updated invitation", "REQUEST", _visible(event, guest), now
    )


def cancellation(event: Json, guest: str, now: datetime) -> bytes:
    cancelled = {**event, "status": "cancelled"}
    only = [{"email": guest, "responseStatus": "needsAction"}]
    return _mail(cancelled, event["organizer"]["email"], guest, "Canceled event", "CANCEL", only, now)


def answer(event: Json, guest: Json, now: datetime) -> bytes:
    """A guest's answer to the organizer; `guest` is the attendee."""
    word = _ANSWERS.get(guest["responseStatus"], "Undecided")
    return _mail(event, guest["email"], event["organizer"]["email"], word, "REPLY", [guest], now)


def _visible(event: Json, guest: str) -> list[Json]:
    """The guests this one may see."""
    attendees: list[Json] = event["attendees"]
    return [one for one in attendees if event.get("guestsCanSeeOtherGuests", True) or one["email"] == guest]


def _mail(
    event: Json, sender: str, recipient: str, word: str, method: str, attendees: list[Json], now: datetime
) -> bytes:
    title = event.get("summary") or "(No title)"
    when = _when(event)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["Sender"] = "Google Calendar <calendar-notification@google.com>"
    mail["Reply-To"] = sender
    mail["To"] = recipient
    mail["Subject"] = " ".join(f"{word}: {title} @ {when} ({recipient})".split())
    mail["Date"] = format_datetime(now)
    mail["Auto-Submitted"] = "auto-generated"
    lines = [title, "", when, event.get("location", ""), "", event.get("description", ""), ""]
    if method == "REPLY":
        lines = [f"{sender}: {word}", attendees[0].get("comment", ""), *lines]
    mail.set_content("\n".join(lines))
    calendar = icalendar(event, method, attendees, now)
    mail.add_alternative(calendar, subtype="calendar", params={"method": method})
    mail.add_attachment(calendar.encode(), maintype="application", subtype="ics", filename="invite.ics")
    return mail.as_bytes()


def icalendar(event: Json, method: str, attendees: list[Json], now: datetime) -> str:
    """The event as an iCalendar object, lines folded and ended by CRLF."""
    lines = [
        "BEGIN:VCALENDAR",
        "PRODID:-//Google Inc//Google Calendar 70.9054//EN",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        f"METHOD:{method}",
        "BEGIN:VEVENT",
        _time("DTSTART", event["start"]),
        _time("DTEND", event["end"]),
        *_rules(event),
        f"DTSTAMP:{_utc(now)}",
        f"ORGANIZER:mailto:{event['organizer']['email']}",
        f"UID:{event['iCalUID']}",
        *(_attendee(one) for one in attendees),
        f"CREATED:{_utc(datetime.fromisoformat(event['created']))}",
        f"LAST-MODIFIED:{_utc(now)}",
        f"SEQUENCE:{event.get('sequence', 0)}",
        f"STATUS:{event['status'].upper()}",
        f"SUMMARY:{_text(event.get('summary', ''))}",
        *(f"{name.upper()}:{_text(event[name])}" for name in ("description", "location") if event.get(name)),
        f"TRANSP:{event.get('transparency', 'opaque').upper()}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(_folded(line) for line in lines)


def _rules(event: Json) -> list[str]:
    return list(event.get("recurrence") or [])


def _attendee(attendee: Json) -> str:
    role = "OPT-PARTICIPANT" if attendee.get("optional") else "REQ-PARTICIPANT"
    name = str(attendee.get("displayName") or attendee["email"])
    name = "".join(one for one in name if one.isprintable() and one != '"')
    answer_so_far = _PARTICIPATION[attendee.get("responseStatus", "needsAction")]
    return (
        f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE={role};PARTSTAT={answer_so_far};RSVP=TRUE;"
        f'CN="{name}":mailto:{attendee["email"]}'
    )


def _time(name: str, moment: Json) -> str:
    if "date" in moment:
        return f"{name};VALUE=DATE:{moment['date'].replace('-', '')}"
    return f"{name}:{_utc(starts_at(moment))}"


def _utc(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(value: str) -> str:
    """A TEXT value (RFC 5545, section 3.3.11)."""
    escaped = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def _folded(line: str) -> str:
    """At most 75 bytes a line, never cut inside a character (RFC 5545, section 3.1)."""
    pieces: list[str] = []
    piece = ""
    for character in line:
        # A continuation begins with a space, which counts.
        if len((piece + character).encode()) > (75 if not pieces else 74):
            pieces.append(piece)
            piece = ""
        piece += character
    return "\r\n ".join((*pieces, piece)) + "\r\n"


def _when(event: Json) -> str:
    """The time for people: `Wed 9 Dec 2026 09:00 - 10:30 (CET)`."""
    start, end = event["start"], event["end"]
    if "date" in start:
        first = date.fromisoformat(start["date"])
        last = max(first, date.fromisoformat(end["date"]) - timedelta(days=1))
        return _day(first) if first == last else f"{_day(first)} - {_day(last)}"
    own_zone = zone(start.get("timeZone"))
    begin, finish = starts_at(start).astimezone(own_zone), starts_at(end).astimezone(own_zone)
    until = f"{finish:%H:%M}" if begin.date() == finish.date() else f"{_day(finish)} {finish:%H:%M}"
    return f"{_day(begin)} {begin:%H:%M} - {until} ({begin:%Z})"


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"

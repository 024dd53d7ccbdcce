"""What happens to an event's guests: their copies of it, the mails they get, and their answers.

https://developers.google.com/workspace/calendar/api/concepts/sharing
"""

from __future__ import annotations

from datetime import datetime

from workspace_sandbox.calendar import invitations
from workspace_sandbox.calendar.event_store import EventStore, Kept, has_calendar
from workspace_sandbox.calls import ApiError, Json
from workspace_sandbox.gmail.delivery import deliver
from workspace_sandbox.gmail.mailbox import has_mailbox
from workspace_sandbox.gmail.mime import is_address
from workspace_sandbox.workspace import Workspace

OWN_FIELDS = ("reminders", "colorId", "transparency", "visibility", "source")
"""What every copy has for itself, besides its private extended properties."""
_FIRST_TAKEN_OVER = ("transparency", "visibility")
"""The own fields a new copy starts with as the organizer has them."""
_WORTH_A_MAIL = ("start", "end", "recurrence", "summary", "location", "description")
_RESPONSES = ("needsAction", "declined", "tentative", "accepted")
_ANSWER_FIELDS = ("responseStatus", "comment", "additionalGuests")


def checked_attendees(attendees: list[Json], organizer: str) -> list[Json]:
    """The attendees as they are kept: addresses in lower case, each once, who gave no answer still to answer.

    Raises ApiError 400 for what is no address or no answer.
    """
    kept: dict[str, Json] = {}
    for one in attendees:
        address = str(one.get("email", "")).strip().lower()
        if not address:
            raise ApiError(400, "required", "Missing attendee email.")
        if not is_address(address):
            raise ApiError(400, "invalid", f"Invalid attendee email: {address}")
        response = one.get("responseStatus") or "needsAction"
        if response not in _RESPONSES:
            raise ApiError(400, "invalid", f"Invalid value for responseStatus: {response}")
        entry = {
            key: value for key, value in one.items() if key not in ("self", "organizer", "id") and value is not None
        }
        entry = {**entry, "email": address, "responseStatus": response}
        if address == organizer:
            entry["organizer"] = True
        kept[address] = entry
    return list(kept.values())


def attendee(event: Json, address: str) -> Json | None:
    return next((one for one in event.get("attendees", []) if one["email"] == address), None)


def save(workspace: Workspace, event: Json, before: Json | None, now: datetime, send_updates: str, actor: str) -> Kept:
    """Keep the organizer's event in its new state, bring the guests' copies up to it, and mail whom it concerns.

    `send_updates` is `all`, `externalOnly` (those with no calendar here) or `none`; `actor` made the change and gets
    no mail about it.
    """
    organizer = event["organizer"]["email"]
    kept = EventStore(workspace, organizer).put(event, now)
    invited, left_out = _guests(event), _guests(before)
    for address in (*invited, *(one for one in left_out if one not in invited)):
        if has_calendar(address):
            _bring_copy(workspace, kept.event, address, address in invited, now)
    _notify(workspace, kept.event, before, now, send_updates, actor)
    return kept


def answered(event: Json, guest: Json) -> Json:
    """The event with this guest's answer in it; `guest` is the attendee as that guest wrote it."""
    answer = {key: guest[key] for key in _ANSWER_FIELDS if guest.get(key) is not None}
    attendees = [{**one, **answer} if one["email"] == guest["email"] else one for one in event.get("attendees", [])]
    return {**event, "attendees": attendees}


def mail_answer(workspace: Workspace, event: Json, guest: str, now: datetime) -> None:
    """Tell the organizer what the guest answered."""
    entry = attendee(event, guest)
    organizer = event["organizer"]["email"]
    if entry is not None and has_mailbox(organizer):
        deliver(workspace, guest, [organizer], invitations.answer(event, entry, now), now)


def _guests(event: Json | None) -> list[str]:
    """The addresses of all attendees but the organizer."""
    if event is None:
        return []
    organizer = event["organizer"]["email"]
    return [one["email"] for one in event.get("attendees", []) if one["email"] != organizer]


def _bring_copy(workspace: Workspace, event: Json, guest: str, invited: bool, now: datetime) -> None:
    store = EventStore(workspace, guest)
    old = store.get(event["id"])
    if old is not None and old.event["iCalUID"] != event["iCalUID"]:
        # The guest has another event with that id.
        return
    if old is None and (not invited or event["status"] == "cancelled"):
        return
    copy = _copy(event, old.event if old else None)
    removed = old is not None and old.removed and invited
    if removed or not invited:
        copy["status"] = "cancelled"
    if old is None or _without_updated(copy) != _without_updated(old.event):
        store.put(copy, now, removed=removed)


def _copy(event: Json, old: Json | None) -> Json:
    """A guest's copy: what is shared as the organizer has it, what is private as the guest has it."""
    copy = {key: value for key, value in event.items() if key not in (*OWN_FIELDS, "extendedProperties")}
    own = old
    if own is None:
        own = {"reminders": {"useDefault": True}, **{key: event[key] for key in _FIRST_TAKEN_OVER if key in event}}
    copy.update({key: own[key] for key in OWN_FIELDS if key in own})
    properties = {
        "shared": event.get("extendedProperties", {}).get("shared"),
        "private": (old or {}).get("extendedProperties", {}).get("private"),
    }
    if any(properties.values()):
        copy["extendedProperties"] = {key: value for key, value in properties.items() if value}
    return copy


def _without_updated(event: Json) -> Json:
    return {key: value for key, value in event.items() if key != "updated"}


def _notify(
    workspace: Workspace, event: Json, before: Json | None, now: datetime, send_updates: str, actor: str
) -> None:
    organizer = event["organizer"]["email"]
    before_that = _guests(before) if before is not None and before["status"] != "cancelled" else []
    from_now_on = _guests(event) if event["status"] != "cancelled" else []
    changed = before is not None and (
        any(event.get(key) != before.get(key) for key in _WORTH_A_MAIL) or set(before_that) != set(from_now_on)
    )
    for address in dict.fromkeys((*from_now_on, *before_that)):
        if address == actor or send_updates == "none" or (send_updates == "externalOnly" and has_calendar(address)):
            continue
        if address not in before_that:
            mail = invitations.invitation(event, address, now)
        elif address not in from_now_on:
            mail = invitations.cancellation(event, address, now)
        elif changed:
            mail = invitations.update(event, address, now)
        else:
            continue
        deliver(workspace, organizer, [address], mail, now)

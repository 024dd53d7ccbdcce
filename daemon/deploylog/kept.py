"""What daemons on one store, or one daemon before and after a restart, tell each other, as JSON.

What a look at a log concluded, so that a daemon need not have looked itself; and the contacts that count, so that all
count the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from deploylog.model import Contact, Gets, Party, Sentence, Value
from deploylog.registry import CountedContacts


@dataclass(frozen=True, slots=True)
class Concluded:
    """What the last finished look at a log concluded about it as a whole."""

    in_progress: bool = False
    """Worth a look at every poll (`LogView.in_progress`)."""
    told: tuple[Sentence, ...] = ()
    """What the registry's `State` says of it."""


def concluded_to_json(concluded: Concluded) -> dict[str, Any]:
    return {
        "in_progress": concluded.in_progress,
        "told": [_to_json(sentence) for sentence in concluded.told],
    }


def concluded_from_json(kept: Mapping[str, Any]) -> Concluded:
    return Concluded(bool(kept["in_progress"]), tuple(_sentence(one) for one in kept["told"]))


def contacts_to_json(counted: CountedContacts) -> dict[str, Any]:
    return {
        "contacts": [_contact_to_json(one) for one in counted.contacts],
        "since": [[_contact_to_json(one), then.isoformat()] for one, then in counted.since.items()],
    }


def contacts_from_json(kept: Mapping[str, Any]) -> CountedContacts:
    since = {_contact(one): datetime.fromisoformat(then) for one, then in kept["since"]}
    return CountedContacts(tuple(_contact(one) for one in kept["contacts"]), since)


def _contact_to_json(one: Contact) -> list[str]:
    return [one.customer, one.party.value, one.name, one.address, one.gets.value, one.language]


def _contact(kept: list[str]) -> Contact:
    customer, party, name, address, gets, language = kept
    return Contact(customer, Party(party), name, address, Gets(gets), language)


def _to_json(value: Value) -> Any:
    """A value of a sentence with its type, where JSON has none of its own for it."""
    if isinstance(value, Sentence):
        return {"sentence": value.code, "values": [[name, _to_json(one)] for name, one in value.values]}
    if isinstance(value, datetime):
        return {"instant": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, timedelta):
        return {"seconds": value.total_seconds()}
    return {"list": list(value)} if isinstance(value, tuple) else value


def _value(kept: Any) -> Value:
    match kept:
        case {"sentence": _}:
            return _sentence(kept)
        case {"instant": text}:
            return datetime.fromisoformat(text)
        case {"day": text}:
            return date.fromisoformat(text)
        case {"seconds": number}:
            return timedelta(seconds=number)
        case {"list": parts}:
            return tuple(parts)
    return kept  # type: ignore[no-any-return]  # a text or a number


def _sentence(kept: Mapping[str, Any]) -> Sentence:
    return Sentence(kept["sentence"], tuple((name, _value(one)) for name, one in kept["values"]))

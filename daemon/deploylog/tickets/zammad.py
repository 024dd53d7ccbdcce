"""Zammad: finds the tickets a row names, and writes notes on them.

After Zammad's REST API (docs.zammad.org, "Tickets", "Articles", "Tags"). A ticket's number is not its id; the search
finds by words and parts of words, so only an exact match counts.
"""

from __future__ import annotations

import re
from typing import Any

from deploylog.cells import folded
from deploylog.config import ZammadConfig
from deploylog.errors import InDoubt, NotFound
from deploylog.model import Customer, Sentence
from deploylog.rest import Rest
from deploylog.tickets.interface import Ticket, Unfit

_BARE_NUMBER = re.compile(r"#?(\d{5,})")
_MOST_FOUND = 20


class Zammad:
    """A `Tracker`."""

    name = "Zammad"

    def __init__(self, config: ZammadConfig, rest: Rest | None = None) -> None:
        self._config = config
        token = config.token.get_secret_value()
        self._rest = rest or Rest(self.name, config.url, {"Authorization": f"Token token={token}"})
        self._zoom = re.compile(re.escape(config.url) + r"/#ticket/zoom/(\d+)\b")

    def reference(self, line: str) -> str:
        """`7412280` for a number, a line that matches the configuration's `match`; `zoom/12` for a link to a ticket."""
        line = line.strip()
        if link := self._zoom.search(line):
            return f"zoom/{link[1]}"
        if (found := self._config.match.search(line)) and (number := found[1 if found.re.groups else 0]):
            return str(number)
        whole = _BARE_NUMBER.fullmatch(line)
        return whole[1] if whole else ""

    def find(self, reference: str, customer: Customer) -> Ticket:
        kind, _, identity = reference.rpartition("/")
        found = self._by_id(identity) if kind else self._by_number(identity)
        if found is None:
            raise Unfit(Sentence.of("ticket_unknown", ticket=reference, tracker=self.name))
        number, belongs_to = str(found["number"]), str(found.get("organization") or "")
        wanted = customer.ticket_organization
        if wanted and folded(belongs_to) != folded(wanted):
            # Not whose it is: the row is read by the customer.
            raise Unfit(Sentence.of("ticket_foreign", ticket=number, tracker=self.name))
        return Ticket(str(found["id"]), number)

    def note_with(self, ticket: Ticket, marker: str) -> str:
        answer = self._rest.get(f"/api/v1/ticket_articles/by_ticket/{ticket.id}")
        found = (one for one in _objects(answer, "its articles") if marker in str(one.get("body", "")))
        return str(next(found, {}).get("id", ""))

    def add_note(self, ticket: Ticket, text: str, internal: bool) -> str:
        body = {
            "ticket_id": int(ticket.id),
            "subject": text.splitlines()[0][:200],
            "body": text,
            "content_type": "text/plain",
            "type": "note",
            "internal": internal or self._config.visibility == "internal",
        }
        answer = self._rest.send("POST", "/api/v1/ticket_articles", body)
        if not isinstance(answer, dict) or "id" not in answer:
            raise InDoubt("Zammad's answer to a new article does not name it")
        return str(answer["id"])

    def close(self, ticket: Ticket) -> None:
        if self._config.tag:
            tag = {"item": self._config.tag, "object": "Ticket", "o_id": int(ticket.id)}
            self._rest.send("POST", "/api/v1/tags/add", tag)
        if self._config.state:
            self._rest.send("PUT", f"/api/v1/tickets/{ticket.id}", {"state": self._config.state})

    def stop(self) -> None:
        """Let go of the connections."""
        self._rest.close()

    def _by_id(self, identity: str) -> dict[str, Any] | None:
        try:
            return _one(self._rest.get(f"/api/v1/tickets/{identity}", {"expand": "true"}))
        except NotFound:
            return None

    def _by_number(self, number: str) -> dict[str, Any] | None:
        asked = {"query": f'number:"{number}"', "expand": "true", "limit": str(_MOST_FOUND)}
        answer = self._rest.get("/api/v1/tickets/search", asked)
        if isinstance(answer, dict):
            # Without a search engine some versions answer with ids and `assets`, whatever `expand` says.
            assets = answer.get("assets", {})
            answer = list(assets.get("Ticket", {}).values()) if isinstance(assets, dict) else []
            if any(str(one.get("number")) == number for one in answer if isinstance(one, dict)):
                exact = next(one for one in answer if str(one.get("number")) == number)
                return self._by_id(str(exact["id"]))
            return None
        exact = [one for one in _objects(answer, "a search") if str(one.get("number")) == number]
        return _one(exact[0]) if len(exact) == 1 else None


def _one(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict) or not {"id", "number"} <= answer.keys():
        raise InDoubt("Zammad's answer about a ticket is not one; check its address in the configuration")
    return answer


def _objects(answer: Any, what: str) -> list[dict[str, Any]]:
    if not isinstance(answer, list):
        raise InDoubt(f"Zammad's answer to {what} is not a list; check its address in the configuration")
    return [one for one in answer if isinstance(one, dict)]

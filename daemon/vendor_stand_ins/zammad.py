"""A stand-in for Zammad's REST API: tickets, their articles, tags and states.

After docs.zammad.org: "Introduction" (token, errors, `expand`), "Tickets", "Articles", "Tags". `/` shows the tickets to
a person.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

Json = dict[str, Any]


@dataclass
class StandInTicket:
    """A ticket. `number` is what people see; `id` is the system's own."""

    id: int
    number: str
    title: str
    organization: str = ""
    state: str = "open"
    tags: list[str] = field(default_factory=list)
    articles: list[Json] = field(default_factory=list)


class _Refusal(Exception):  # noqa: N818
    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


class Zammad:
    """A WSGI application. `token`: the one that is let in."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.tickets: dict[int, StandInTicket] = {}
        self.calls: list[str] = []
        """`METHOD path` of every call, for tests."""
        self._article_id = 100
        self._lock = threading.Lock()
        self._urls = Map(
            [
                Rule("/", endpoint=self._page, methods=["GET"]),
                Rule("/api/v1/tickets/search", endpoint=self._search, methods=["GET"]),
                Rule("/api/v1/tickets/<int:ticket_id>", endpoint=self._ticket, methods=["GET", "PUT"]),
                Rule("/api/v1/ticket_articles/by_ticket/<int:ticket_id>", endpoint=self._articles, methods=["GET"]),
                Rule("/api/v1/ticket_articles", endpoint=self._add_article, methods=["POST"]),
                Rule("/api/v1/tags/add", endpoint=self._add_tag, methods=["POST"]),
                Rule("/api/v1/users/me", endpoint=self._me, methods=["GET"]),
            ]
        )

    def add(self, number: str, title: str, organization: str = "") -> StandInTicket:
        """A ticket that is there from now on; its id is never its number."""
        ticket = StandInTicket(len(self.tickets) + 11, number, title, organization)
        self.tickets[ticket.id] = ticket
        return ticket

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        return self.respond(request)(environ, start_response)

    def respond(self, request: Request) -> Response:
        """The answer to one request."""
        with self._lock:
            self.calls.append(f"{request.method} {request.path}")
            return self._answer(request)

    def _answer(self, request: Request) -> Response:
        try:
            endpoint, values = self._urls.bind_to_environ(request.environ).match()
            if request.path != "/" and request.headers.get("Authorization") != f"Token token={self.token}":
                raise _Refusal(401, "Authentication required")
            answer = endpoint(request, **values)
        except _Refusal as refusal:
            return _json({"error": refusal.error, "error_human": refusal.error}, refusal.status)
        except NotFound:
            return _json({"error": f"No route matches [{request.method}] {request.path}"}, 404)
        except HTTPException as problem:
            return _json({"error": problem.description}, problem.code or 400)
        if isinstance(answer, Response):
            return answer
        return _json(answer, 201 if request.method == "POST" else 200)

    # What is asked ---------------------------------------------------------------------------------------------------

    def _me(self, request: Request) -> Json:
        return {"id": 3, "login": "deployments@soffid.example", "active": True}

    def _search(self, request: Request) -> Any:
        """By words and parts of words, as Zammad's search is; `number:"…"` looks at the number alone."""
        query = request.args.get("query", "")
        limit = int(request.args.get("limit", "10"))
        words = re.sub(r'^number:|"', "", query).casefold()
        in_number = query.startswith("number:")
        found = [
            one
            for one in self.tickets.values()
            if words and (words in one.number.casefold() or (not in_number and words in one.title.casefold()))
        ][:limit]
        if request.args.get("expand") == "true":
            return [self._shown(one, expand=True) for one in found]
        assets = {"Ticket": {str(one.id): self._shown(one, expand=False) for one in found}}
        return {"tickets": [one.id for one in found], "tickets_count": len(found), "assets": assets}

    def _ticket(self, request: Request, ticket_id: int) -> Json:
        ticket = self._known(ticket_id)
        if request.method == "PUT":
            ticket.state = str(_body(request).get("state", ticket.state))
        return self._shown(ticket, expand=request.args.get("expand") == "true")

    def _articles(self, request: Request, ticket_id: int) -> list[Json]:
        return self._known(ticket_id).articles

    def _add_article(self, request: Request) -> Json:
        body = _body(request)
        ticket = self._known(body.get("ticket_id", 0))
        if not str(body.get("body", "")).strip():
            raise _Refusal(422, "Need at least an 'article body' field.")
        self._article_id += 1
        article = {
            "id": self._article_id,
            "ticket_id": ticket.id,
            "subject": body.get("subject", ""),
            "body": body["body"],
            "content_type": body.get("content_type", "text/plain"),
            "type": body.get("type", "note"),
            "internal": bool(body.get("internal", False)),
        }
        ticket.articles.append(article)
        return article

    def _add_tag(self, request: Request) -> bool:
        body = _body(request)
        ticket = self._known(body.get("o_id", 0))
        if body.get("item") not in ticket.tags:
            ticket.tags.append(str(body.get("item")))
        return True

    def _known(self, ticket_id: Any) -> StandInTicket:
        ticket = self.tickets.get(int(ticket_id))
        if ticket is None:
            raise _Refusal(404, "Couldn't find Ticket with 'id'=" + str(ticket_id))
        return ticket

    @staticmethod
    def _shown(ticket: StandInTicket, expand: bool) -> Json:
        """`expand` puts names beside the ids of what the ticket refers to."""
        shown: Json = {"id": ticket.id, "number": ticket.number, "title": ticket.title, "state_id": 2}
        if expand:
            shown |= {"state": ticket.state, "organization": ticket.organization or None}
        return shown

    # For a person ----------------------------------------------------------------------------------------------------

    def _page(self, request: Request) -> Response:
        parts = ["<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Tickets</title><h1>Tickets</h1>"]
        for one in self.tickets.values():
            tags = f" [{', '.join(one.tags)}]" if one.tags else ""
            parts.append(f"<h2>#{escape(one.number)} {escape(one.title)} ({escape(one.state)}){escape(tags)}</h2>")
            for article in one.articles:
                kind = "internal note" if article["internal"] else "note"
                parts.append(f"<h3>{kind}: {escape(article['subject'])}</h3><pre>{escape(article['body'])}</pre>")
        return Response("\n".join(parts), content_type="text/html; charset=utf-8")


def _body(request: Request) -> Mapping[str, Any]:
    try:
        body = json.loads(request.get_data())
    except ValueError:
        raise _Refusal(400, "Invalid JSON") from None
    if not isinstance(body, dict):
        raise _Refusal(400, "Invalid JSON")
    return body


def _json(content: Any, status: int) -> Response:
    return Response(json.dumps(content), status, content_type="application/json; charset=utf-8")

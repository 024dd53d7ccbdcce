"""Pages that say no: one sentence, and nothing of what went wrong inside."""

from __future__ import annotations

import structlog
from flask import Flask, Response
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

PAGE = Markup(
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<title>{title}</title><link rel="stylesheet" href="/static/style.css">'
    '<main class="refusal"><h1>{title}</h1><p>{words}</p><p><a href="/">deploylog</a></p></main></html>'
)

log = structlog.get_logger(__name__)


def add_refusals(app: Flask) -> None:
    @app.errorhandler(HTTPException)
    def refused(problem: HTTPException) -> Response:
        return _page(problem.code or 500, problem.name, problem.description or "")

    @app.errorhandler(Exception)
    def failed(problem: Exception) -> Response:
        # The address is left out: that of a feed is a secret.
        log.exception("fault in the program; please report it", page=type(problem).__name__)
        return _page(500, "Something went wrong", "The page could not be made; the daemon's log says why.")


def _page(status: int, title: str, words: str) -> Response:
    return Response(PAGE.format(title=title, words=words), status, content_type="text/html; charset=utf-8")

"""Zammad over real HTTP: which lines name a ticket, what the stand-in answers, and what may go wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from builders import customer
from deploylog import errors
from deploylog.config import ZammadConfig
from deploylog.rest import Rest
from deploylog.tickets.interface import Ticket, Unfit
from deploylog.tickets.zammad import Zammad
from vendor_servers import never_answering
from vendor_stand_ins.serving import served
from vendor_stand_ins.zammad import Zammad as StandIn

TOKEN = "a-token"
ZAMMAD = "https://zammad.example"
PAIRS = sorted((Path(__file__).parent / "golden" / "zammad").glob("*.json"))
TICKET = Ticket("11", "7412280")
DIBA = customer()


def adapter(origin: str, token: str = TOKEN) -> Zammad:
    config = ZammadConfig(url=origin, token=SecretStr(token))
    return Zammad(config, Rest("Zammad", origin, {"Authorization": f"Token token={token}"}, timeout=(1.0, 0.3)))


def filled() -> StandIn:
    zammad = StandIn(TOKEN)
    zammad.add("7412280", "Tractar els ORGANISMES", "Diputació")
    return zammad


# Which lines name a ticket -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "reference"),
    [
        ("ES-7412280 Tractar els ORGANISMES", "7412280"),
        ("#7412280 once more", "7412280"),
        ("7412280", "7412280"),
        ("  #7412280  ", "7412280"),
        (f"{ZAMMAD}/#ticket/zoom/17", "zoom/17"),
        (f"see {ZAMMAD}/#ticket/zoom/17/120", "zoom/17"),
        ("20261123 notes", ""),
        ("1234", ""),
        ("https://other.example/#ticket/zoom/17", ""),
        ("Upgrade of the console", ""),
        ("", ""),
    ],
)
def test_a_line_names_a_ticket_or_none(line: str, reference: str) -> None:
    assert adapter(ZAMMAD).reference(line) == reference


# What the stand-in answers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_the_stand_in_answers_as_the_page_says(path: Path) -> None:
    pair = json.loads(path.read_text("utf-8"))
    assert pair["documentation"].startswith("https://docs.zammad.org/en/latest/api/")
    with served(filled()) as origin:
        headers = {"Authorization": f"Token token={pair.get('token', TOKEN)}"}
        answer = requests.request(
            pair["method"], origin + pair["path"], json=pair.get("body"), headers=headers, timeout=5
        )
    assert (answer.status_code, answer.json()) == (pair["status"], pair["answer"])


# Tickets are found by their exact number -----------------------------------------------------------------------------


def test_only_the_exact_number_counts() -> None:
    zammad = filled()
    zammad.add("74122801", "begins like it")
    zammad.add("17412280", "ends like it")
    with served(zammad) as origin:
        assert adapter(origin).find("7412280", DIBA) == TICKET
        with pytest.raises(Unfit) as unfit:
            adapter(origin).find("741228", DIBA)
    assert unfit.value.sentence.code == "ticket_unknown"


def test_an_answer_with_assets_is_understood_too() -> None:
    """As Zammad gives it where `expand` is not honoured."""
    zammad = filled()

    def without_expanding(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"].endswith("/search"):
            environ["QUERY_STRING"] = environ["QUERY_STRING"].replace("expand=true", "expand=false")
        return zammad(environ, start_response)

    with served(without_expanding) as origin:
        assert adapter(origin).find("7412280", DIBA) == TICKET


def test_a_note_is_found_again_by_its_marker() -> None:
    with served(filled()) as origin:
        zammad = adapter(origin)
        assert zammad.note_with(TICKET, "[marker-1]") == ""
        note = zammad.add_note(TICKET, "deployed\n\n[marker-1]\n", internal=False)
        assert zammad.note_with(TICKET, "[marker-1]") == note
        assert zammad.note_with(TICKET, "[marker-2]") == ""


# What goes wrong -----------------------------------------------------------------------------------------------------

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def answering(status: str, headers: list[tuple[str, str]], *parts: bytes) -> Application:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response(status, headers)
        return parts

    return application


@contextmanager
def refused() -> Iterator[str]:
    """Nothing listens here any more."""
    with served(answering("200 OK", [])) as origin:
        pass
    yield origin


HTML = answering("200 OK", [("Content-Type", "text/html")], b"<html>log in</html>")
BUSY = answering("429 Too Many Requests", [("Retry-After", "7")], b"slow down")
BROKEN = answering("503 Service Unavailable", [], b"")
OTHER_JSON = answering("200 OK", [("Content-Type", "application/json")], b'"hello"')


@pytest.mark.parametrize(
    ("server", "raised", "says"),
    [
        (served(HTML), errors.InDoubt, "is not JSON"),
        (served(OTHER_JSON), errors.InDoubt, "is not a list"),
        (served(BUSY), errors.Busy, "asks to slow down"),
        (served(BROKEN), errors.InDoubt, "answered 503"),
        (never_answering(), errors.InDoubt, "did not answer in time"),
        (refused(), errors.NotCarriedOut, "cannot be reached"),
        (served(StandIn("another token")), errors.AccessDenied, "check the token of Zammad"),
    ],
    ids=["html", "other json", "429", "503", "silence", "closed", "wrong token"],
)
def test_whatever_answers_instead_becomes_one_sentence(server: Any, raised: type[Exception], says: str) -> None:
    with server as origin, pytest.raises(errors.OutsideError, match=says) as failure:
        adapter(origin).note_with(TICKET, "marker")
    assert type(failure.value) is raised
    assert "\n" not in str(failure.value)


def test_a_busy_service_says_how_long() -> None:
    with served(BUSY) as origin, pytest.raises(errors.Busy) as failure:
        adapter(origin).add_note(TICKET, "x", internal=True)
    assert failure.value.retry_after == 7


def test_a_redirect_is_not_followed_and_the_token_goes_nowhere_else() -> None:
    elsewhere = StandIn(TOKEN)
    with served(elsewhere) as private:
        away = answering("302 Found", [("Location", f"{private}/api/v1/tickets/search")])
        with served(away) as origin, pytest.raises(errors.Refused, match="is not followed"):
            adapter(origin).find("7412280", DIBA)
    assert elsewhere.calls == []


def test_an_answer_without_end_is_cut() -> None:
    endless = answering("200 OK", [("Content-Type", "application/json")], *[b"[" * 100_000] * 60)
    with served(endless) as origin, pytest.raises(errors.InDoubt, match="has no end"):
        adapter(origin).note_with(TICKET, "marker")


def test_a_ticket_that_is_gone_is_no_failure_of_the_service() -> None:
    with served(filled()) as origin, pytest.raises(Unfit):
        adapter(origin).find("zoom/99", DIBA)

"""The stand-in answers as GitLab's documentation says: request and answer pairs, each with the page it follows.

A pair holds the answer as the stand-in gives it, and the names the page documents for it: the stand-in invents none.
What deploylog asks is among the pairs, so that nothing it relies on is undocumented.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from deploylog.gitlab import Gitlab as Adapter
from deploylog.model import Component
from vendor_servers import gitlab_served
from vendor_stand_ins.gitlab import Gitlab

PAIRS = sorted((Path(__file__).parent / "golden" / "gitlab").glob("*.json"))
NOW = datetime(2026, 11, 25, tzinfo=UTC)


def filled(gitlab: Gitlab) -> None:
    """What the pairs were written for."""
    gitlab.now = lambda: NOW
    addon = gitlab.project("group/addon")
    addon.release("1.0.0")
    addon.release("1.1.0", "failed")
    addon.release("2.0.0", at=datetime(2027, 1, 1, tzinfo=UTC))
    addon.tag("1.2.0-rc")
    addon.packages = [("example/addon", "0.9"), ("example/addon", "1.0.0")]
    gitlab.project("group/closed").closed = {"releases", "packages", "repository"}


def read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text("utf-8")))


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_the_stand_in_answers_as_the_page_says(path: Path) -> None:
    pair = read(path)
    with gitlab_served() as gitlab:
        filled(gitlab)
        gitlab.busy = pair.get("busy", 0)
        said = {"PRIVATE-TOKEN": pair.get("token", gitlab.token)}
        answer = requests.get(f"{gitlab.origin}{pair['request']}", headers=said, timeout=5)
        body = answer.json() if "application/json" in answer.headers["Content-Type"] else answer.text
        shown = json.loads(json.dumps(body).replace(gitlab.origin, "https://gitlab.example.com"))
    headers = {
        name: answer.headers[name].replace(gitlab.origin, "https://gitlab.example.com") for name in pair["headers"]
    }
    assert (answer.status_code, headers, shown) == (pair["status"], pair["headers"], pair["answer"])


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_an_answer_holds_no_name_the_page_does_not_have(path: Path) -> None:
    pair = read(path)
    assert pair["documentation"].startswith("https://docs.gitlab.com/")
    items = pair["answer"] if isinstance(pair["answer"], list) else [pair["answer"]]
    names = {name for one in items if isinstance(one, dict) for name in one}
    assert names <= set(pair["documented"])


def test_every_kind_of_request_the_adapter_sends_is_among_the_pairs() -> None:
    with gitlab_served() as gitlab:
        filled(gitlab)
        adapter = Adapter(gitlab.origin, gitlab.token, {"addon": "group/addon", "gone": "group/gone"})
        for name, version in (("addon", "1.0.0"), ("addon", "1.2.0-rc"), ("addon", "0.9"), ("gone", "1")):
            adapter.release(Component(name, version), 5)
        adapter.close()
    asked = {one.removeprefix("GET ") for one in gitlab.asked}
    assert len(asked) > 10
    assert {kind(one) for one in asked} <= {kind(read(path)["request"]) for path in PAIRS}


def kind(address: str) -> tuple[str, ...]:
    """The address without what differs from case to case: part of the API, whether one thing is named, parameters."""
    path, _, query = address.partition("?")
    parts = path.split("/")[5:]
    named = "one" if len(parts) > (2 if parts[:1] == ["repository"] else 1) else ""
    return (
        *parts[: 2 if parts[:1] == ["repository"] else 1],
        named,
        *sorted(one.split("=")[0] for one in query.split("&")),
    )

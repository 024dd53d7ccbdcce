"""docs/sandbox.md says what the sandbox does, and what is not there says so itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from conformance_page import PAGE, PARTIAL, written
from conformance_place import Place
from googleapiclient.discovery_cache import get_static_doc

from workspace_sandbox.calls import HANDLERS


def test_the_page_says_what_the_code_does() -> None:
    """Where this fails: `python tests/conformance/conformance_page.py` writes the tables anew."""
    page = PAGE.read_text(encoding="utf-8")
    assert written(page) == page


def test_what_is_partly_there_is_there() -> None:
    assert set(PARTIAL) <= set(HANDLERS)


def test_what_is_not_there_answers_501_and_says_so(place: Place) -> None:
    """Every method of the discovery documents that nobody registered is refused, never answered with a made-up 200."""
    place.here()
    missing = [(path, method) for path, method in _methods() if method["id"] not in HANDLERS]
    assert len(missing) > 50
    for path, method in missing:
        # With no content there is nothing to check before the method itself is looked for.
        query = {name: _some(one) for name, one in method.get("parameters", {}).items() if _is_needed(one)}
        address = f"{place.origin}/{re.sub(r'{[+]?[a-zA-Z]+}', 'x', path)}"
        answer = place.owner.http.request(method["httpMethod"], address, params=query, timeout=10)
        assert answer.status_code == 501, f"{method['id']}: {answer.text}"
        assert method["id"] in answer.json()["error"]["message"]


def _methods() -> Iterator[tuple[str, dict[str, Any]]]:
    for api, version in (("drive", "v3"), ("sheets", "v4"), ("calendar", "v3"), ("gmail", "v1")):
        document = json.loads(get_static_doc(api, version))
        for method in _of_resource(document):
            yield document["servicePath"] + method["path"], method


def _of_resource(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _of_resource(inner)


def _is_needed(parameter: dict[str, Any]) -> bool:
    return bool(parameter.get("required")) and parameter["location"] == "query"


def _some(parameter: dict[str, Any]) -> str:
    if "enum" in parameter:
        return str(parameter["enum"][0])
    return "true" if parameter["type"] == "boolean" else "1"

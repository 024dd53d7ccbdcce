"""docs/set-up.md and the README against the code: the scopes, what they are for, the page to delegate, the example."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from googleapiclient.discovery_cache import get_static_doc

from deploylog.config import load
from deploylog.google.auth import DELEGATION_PAGE, FILES_SCOPES, MAILBOX_SCOPES
from reference_pages import DOCS

PAGES = {"set-up": DOCS / "set-up.md", "README": DOCS.parent / "README.md"}
NEEDED_BY = {
    "calendar.events": "calendar.events.insert",
    "gmail.compose": "gmail.users.drafts.create",
    "gmail.readonly": "gmail.users.messages.list",
}
"""A method that is called and that of all delegated scopes only this one allows."""


@pytest.mark.parametrize("page", PAGES)
def test_the_page_names_the_scopes_to_delegate_and_where(page: str) -> None:
    text = PAGES[page].read_text()
    assert re.findall(r"^ *(https://www\.googleapis\.com/auth/\S+)$", text, re.MULTILINE) == [",".join(MAILBOX_SCOPES)]
    assert DELEGATION_PAGE.removeprefix("at ").rpartition(" > ")[0] in text.replace(
        "admin.google.com: ", "admin.google.com > "
    )
    assert "Manage Domain Wide Delegation" in text


def test_the_page_says_of_every_scope_what_it_is_for() -> None:
    rows = re.findall(r"^\| (?:not delegated: )?`([a-z.]+)` \| (.+) \|$", PAGES["set-up"].read_text(), re.MULTILINE)
    assert {name for name, _ in rows} == {one.rpartition("/")[2] for one in (*MAILBOX_SCOPES, *FILES_SCOPES)}


def test_every_delegated_scope_is_needed() -> None:
    """Delegation is for every mailbox of a domain: nothing is asked for that nothing uses."""
    assert set(NEEDED_BY) == {one.rpartition("/")[2] for one in MAILBOX_SCOPES}
    for scope, method in NEEDED_BY.items():
        assert [one.rpartition("/")[2] for one in MAILBOX_SCOPES if one in scopes_of(method)] == [scope]


def scopes_of(method: str) -> list[str]:
    """The scopes of which each allows the method, by Google's discovery document."""
    name, *resources, last = method.split(".")
    found: Any = json.loads(str(get_static_doc(name, {"calendar": "v3", "gmail": "v1"}[name])))
    for one in resources:
        found = found["resources"][one]
    return list(found["methods"][last]["scopes"])


def test_the_first_configuration_is_understood(tmp_path: Path) -> None:
    first, *more = re.findall(r"```yaml\n(.*?)```", PAGES["set-up"].read_text(), re.DOTALL)
    file = tmp_path / "deploylog.yaml"
    file.write_text(first + "".join(more))
    config = load(file, {"ZAMMAD_TOKEN": "a", "GITLAB_TOKEN": "b"})
    assert config.mail.redirect_to == "you@organization.example"
    assert config.store == "sqlite:////var/lib/deploylog/deploylog.db"

"""The pages for people: what is served where, with which headers, and what is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from werkzeug.wrappers import Response

from workspace_sandbox import pages
from workspace_sandbox.gmail.mailbox import Mailbox
from workspace_sandbox.workspace import Workspace

PAGES = {
    "/": "drive.js",
    "/sheets/1AbC-d_9": "sheet.js",
    "/calendar": "calendar.js",
    "/calendar/ana@soffid.example": "calendar.js",
    "/mail": "mail.js",
    "/mail/ana@soffid.example": "mail.js",
}
STATIC_FILES = sorted(file.name for file in pages.STATIC.iterdir() if file.suffix in {".css", ".js"})


def served(path: str) -> Response:
    page = pages.page(path, {})
    assert page is not None, f"nothing is served at {path}"
    return page


@pytest.mark.parametrize(("path", "script"), PAGES.items())
def test_a_page_is_html_that_loads_its_own_script(path: str, script: str) -> None:
    page = served(path)
    assert page.status_code == 200
    assert page.content_type == "text/html; charset=utf-8"
    assert f'src="/static/{script}"' in page.get_data(as_text=True)


@pytest.mark.parametrize("name", STATIC_FILES)
def test_a_static_file_is_served_with_its_type(name: str) -> None:
    page = served(f"/static/{name}")
    expected = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}[name.rsplit(".", 1)[1]]
    assert page.content_type == expected
    assert page.get_data() == (pages.STATIC / name).read_bytes()


@pytest.mark.parametrize("path", [*PAGES, "/static/api.js"])
def test_the_policy_lets_nothing_in_from_elsewhere(path: str) -> None:
    """Nothing is loaded but from the sandbox, and no script runs that is not a file of it (CSP level 3)."""
    page = served(path)
    rules = dict(rule.split(" ", 1) for rule in page.headers["Content-Security-Policy"].split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-src"] == "'self' data: about:"
    assert "http" not in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_script_in_its_markup_and_names_no_other_origin(path: str) -> None:
    """The policy would refuse both: `script-src 'self'` allows files only."""
    markup = served(path).get_data(as_text=True)
    assert not re.search(r"<script(?![^>]*\bsrc=)", markup)
    assert not re.search(r"\son\w+=", markup)
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", markup)


@pytest.mark.parametrize("path", PAGES)
def test_everything_a_page_asks_for_is_served(path: str) -> None:
    wanted = [path]
    seen: set[str] = set()
    while wanted:
        one = wanted.pop()
        seen.add(one)
        content = served(one).get_data(as_text=True)
        wanted += [found for found in re.findall(r'"(/static/[^"]+)"', content) if found not in seen]
    assert "/static/base.css" in seen
    assert "/static/api.js" in seen


@pytest.mark.parametrize("name", [name for name in STATIC_FILES if name.endswith(".js")])
def test_no_script_turns_text_into_markup(name: str) -> None:
    """What comes from the API is put in as text; mail goes into a frame in which no script runs."""
    script = (pages.STATIC / name).read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", script)
    for sandbox in re.findall(r'setAttribute\("sandbox", "([^"]*)"\)', script):
        assert "allow-scripts" not in sandbox
    assert script.count(".srcdoc =") == script.count('setAttribute("sandbox"')


@pytest.mark.parametrize(
    "path",
    [
        "/static/../pages.py",
        "/static/..",
        "/static/../static/api.js",
        "/static/%2e%2e/pages.py",
        "/static/..\\pages.py",
        "/static//etc/passwd",
        "/static/sub/api.js",
        "/static/api.js\x00",
        "/static/api.js\n",
        "/static/missing.js",
        "/static/",
        "/static",
    ],
)
def test_nothing_outside_the_folder_is_served(path: str) -> None:
    assert pages.page(path, {}) is None


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/elsewhere",
        "/sheets",
        "/sheets/",
        "/sheets/a/b",
        "/sheets/../static",
        "/calendar/v3",
        "/calendar/v3/calendars/primary/events",
        "/mail/nobody",
        "/mail/a@b.example/c",
        "/drive/v3/files",
        "//",
    ],
)
def test_an_unknown_path_has_no_page(path: str) -> None:
    assert pages.page(path, {}) is None


def test_the_people_offered_are_those_with_a_mailbox() -> None:
    workspace = Workspace()
    assert pages.people(workspace) == []
    for address in ("zoe@acme.example", "ana@soffid.example"):
        Mailbox(workspace, address).add(b"Subject: Hello\r\n\r\nHello", ["INBOX"], datetime(2026, 12, 9, 8, tzinfo=UTC))
    assert pages.people(workspace) == ["ana@soffid.example", "zoe@acme.example"]

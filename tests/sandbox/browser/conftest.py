"""A visitor in Debian's Chromium, looking at the sandbox that the other tests reach through clients."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from visitor import Visitor

ARGUMENTS = ("--no-sandbox", "--disable-background-networking")
"""The sandbox of Chromium's own needs rights that a container's root does not have; and it is to call nobody."""
PATIENCE = 15_000
"""Milliseconds that something may take to appear: far more than it takes, on a machine that is busy."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests. Playwright would download one of its own, which nobody asked for."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip(
            "There is no chromium here, so the pages are not tried in a browser (Debian: apt install chromium)."
        )
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, running: Any) -> Iterator[Callable[..., Visitor]]:
    """`visit("/calendar")` gives a new visitor who has that page open; `width`, `scheme`: the window."""
    visitors: list[Visitor] = []

    def opened(path: str, width: int = 1280, scheme: str = "light") -> Visitor:
        context = chromium.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,  # type: ignore[arg-type]
            locale="en-GB",
            timezone_id="Europe/Madrid",
        )
        context.set_default_timeout(PATIENCE)
        visitor = Visitor(context.new_page(), running.origin)
        visitors.append(visitor)
        visitor.page.clock.install(time=running.clock.now)
        visitor.open(path)
        return visitor

    yield opened
    for one in visitors:
        one.page.context.close()
    assert [fault for one in visitors for fault in one.faults] == []

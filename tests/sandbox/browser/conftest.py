"""A visitor in Debian's Chromium, looking at the sandbox that the other tests reach through clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser
from visitor import Visitor

from browsing import PATIENCE


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

"""A dashboard over a world of the stories, served over HTTP, and a visitor in Debian's Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from world import World, served_world

from browsing import PATIENCE
from dashboards import dashboard_of, live
from deploylog.web.server import serve
from stores import NewStore


@dataclass
class Board:
    """A served dashboard, and what it was asked to do."""

    world: World
    app: Any
    origin: str
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def board(tmp_path_factory: pytest.TempPathFactory, new_store: NewStore) -> Iterator[Board]:
    """One for all tests: something of each kind is going on."""
    folder: Path = tmp_path_factory.mktemp("web")
    with served_world(folder, store=new_store(folder)) as world:
        world.init()
        live(world)
        asked: list[str] = []
        app = dashboard_of(world, lambda: asked.append("check"))
        with serve(app, "127.0.0.1:0") as origin:
            yield Board(world, app, origin, asked)


@pytest.fixture
def visit(chromium: Browser, board: Board) -> Iterator[Callable[..., Page]]:
    """`visit("/month", width=380)`: a new visitor with that page open. At the end nothing may have gone wrong."""
    contexts, faults = [], []

    def opened(path: str, width: int = 1280, scheme: Any = "light") -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, locale="en-GB")
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
        page.on("request", lambda one: None if one.url.startswith(board.origin) else faults.append(one.url))
        page.add_init_script(SHIFTS)
        page.goto(board.origin + path)
        return page

    yield opened
    for one in contexts:
        one.close()
    assert faults == []


SHIFTS = """
window.shifted = 0;
new PerformanceObserver(list => { for (const one of list.getEntries()) window.shifted += one.value; })
    .observe({type: "layout-shift", buffered: true});
"""

"""The stores tests run on; and the figures of the reliability tests, added up over all processes of a run.

The figures stand here because the process that prints (pytest-xdist's controller) loads no conftest below this one.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from browsing import started_chromium
from cli_helpers import stores_of_commands
from stores import POSTGRESQL, SQLITE, NewStore, PostgreSQL, kinds_for, one_per_folder, sqlite_store, started_postgresql

FIGURES = pytest.StashKey[Counter[str]]()


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Counter[str]:
    """What was lived through in this process (docs/reliability.md)."""
    return request.config.stash.setdefault(FIGURES, Counter())


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of pages."""
    with started_chromium() as browser:
        yield browser


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of the run hands what it counted to the one that prints."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["figures"] = json.dumps(session.config.stash.get(FIGURES, Counter()))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add up what a process counted (pytest-xdist)."""
    counted = json.loads(getattr(node, "workeroutput", {}).get("figures", "{}"))
    node.config.stash.setdefault(FIGURES, Counter()).update(counted)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if counted := config.stash.get(FIGURES, Counter()):
        terminalreporter.section("reliability")
        for name, count in sorted(counted.items()):
            terminalreporter.write_line(f"{name}: {count}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whatever uses a store runs on each kind of store that its module is for (stores.py)."""
    if "store_kind" in metafunc.fixturenames:
        metafunc.parametrize("store_kind", kinds_for(metafunc.module.__name__), scope="session")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A server of this process of the run, started when first asked for."""
    with started_postgresql() as started:
        yield started


@pytest.fixture(scope="session", autouse=True)
def commands_on_the_kind_asked_for(request: pytest.FixtureRequest) -> Iterator[None]:
    """With `DEPLOYLOG_TEST_STORE=postgresql`, configurations of cli_helpers.py have their store there, too."""
    if os.environ.get("DEPLOYLOG_TEST_STORE") == POSTGRESQL:
        stores_of_commands.append(one_per_folder(request.getfixturevalue("postgresql")))
    yield
    stores_of_commands.clear()


@pytest.fixture(scope="session")
def new_store(store_kind: str, request: pytest.FixtureRequest) -> NewStore:
    """Makes stores of the kind under test; its own folder for each."""
    if store_kind == SQLITE:
        return sqlite_store
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.new_store

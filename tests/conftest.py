"""The figures of the reliability tests, added up over all processes of a run and printed at its end.

They stand here because the process that prints (pytest-xdist's controller) loads no conftest below this one.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

FIGURES = pytest.StashKey[Counter[str]]()


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Counter[str]:
    """What was lived through in this process (docs/reliability.md)."""
    return request.config.stash.setdefault(FIGURES, Counter())


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

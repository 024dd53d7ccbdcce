"""What the reliability tests share; and the figures of the run, printed at its end (docs/reliability.md)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest
from simulation import Machine

FIGURES = pytest.StashKey[Counter[str]]()


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Clients, sandbox and ledger, made once."""
    made = Machine(tmp_path_factory.mktemp("machine"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Counter[str]:
    """What was lived through in this process, to be added up over all processes of the run."""
    return request.config.stash.setdefault(FIGURES, Counter())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of the run hands what it counted to the one that prints."""
    counted = session.config.stash.get(FIGURES, Counter())
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["figures"] = json.dumps(counted)


def pytest_testnodedown(node: object) -> None:
    """Add up what a process counted (pytest-xdist)."""
    config = node.config
    counted = json.loads(getattr(node, "workeroutput", {}).get("figures", "{}"))
    config.stash.setdefault(FIGURES, Counter()).update(counted)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    counted = config.stash.get(FIGURES, Counter())
    if counted:
        terminalreporter.section("reliability")
        for name, count in sorted(counted.items()):
            terminalreporter.write_line(f"{name}: {count}")

from __future__ import annotations

from collections.abc import Iterator

import pytest
from simulation import Machine


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Clients, sandbox and ledger, made once."""
    made = Machine(tmp_path_factory.mktemp("machine"))
    yield made
    made.close()

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from simulation import Machine


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Clients, sandbox and ledger, made once."""
    made = Machine(tmp_path_factory.mktemp("machine"))
    # What is there by now (API descriptions, templates) stays: looking through it for garbage cost each life a fifth.
    gc.collect()
    gc.freeze()
    yield made
    gc.unfreeze()
    made.close()

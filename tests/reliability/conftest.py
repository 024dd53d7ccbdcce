from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from simulation import Machine

from stores import NewStore


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory, new_store: NewStore) -> Iterator[Machine]:
    """Clients, sandbox and ledger, made once."""
    folder = tmp_path_factory.mktemp("machine")
    made = Machine(folder, store=new_store(folder))
    # What is there by now (API descriptions, templates) stays: looking through it for garbage cost each life a fifth.
    gc.collect()
    gc.freeze()
    yield made
    gc.unfreeze()
    made.close()

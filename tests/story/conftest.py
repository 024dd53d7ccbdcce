from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from world import World, served_world

from stores import NewStore


@pytest.fixture
def world(tmp_path: Path, new_store: NewStore) -> Iterator[World]:
    """A fresh world with folder, TEMPLATE, registry and the logs of DIBA and ACME."""
    with served_world(tmp_path, store=new_store(tmp_path)) as made:
        made.init()
        yield made

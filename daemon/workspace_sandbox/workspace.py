"""The state of the sandbox: named collections of JSON documents, in memory or in one SQLite file.

Collections are kept whole in memory; with a file, each changed document is written through, so that a killed
sandbox comes back with everything it had acknowledged. All calls are served under `Workspace.lock`, one at a time:
what Google's services do concurrently the sandbox does in some order, which is what a client may rely on.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workspace_sandbox.calls import Json


class Collection:
    """Documents by key, in the order they were first put. Change a document only through `put`."""

    def __init__(self, name: str, save: Callable[[str, str, Json | None], None]) -> None:
        self.name = name
        self._documents: dict[str, Json] = {}
        self._save = save

    def get(self, key: str) -> Json | None:
        return self._documents.get(key)

    def put(self, key: str, document: Json) -> None:
        """Add or replace; written to the file, where there is one, before it returns."""
        self._documents[key] = document
        self._save(self.name, key, document)

    def delete(self, key: str) -> None:
        """Remove; nothing happens where the key is unknown."""
        if self._documents.pop(key, None) is not None:
            self._save(self.name, key, None)

    def values(self) -> Iterator[Json]:
        return iter(list(self._documents.values()))

    def items(self) -> Iterator[tuple[str, Json]]:
        return iter(list(self._documents.items()))

    def __len__(self) -> int:
        return len(self._documents)


class Workspace:
    """All state of one sandbox.

    `clock` gives the current instant (aware, UTC); tests hand in their own. `data` is a folder for the SQLite file,
    or None to keep everything in memory.
    """

    def __init__(self, clock: Callable[[], datetime] | None = None, data: Path | None = None) -> None:
        self.clock = clock or (lambda: datetime.now(UTC))
        self.lock = threading.RLock()
        self.derived: dict[str, Any] = {}
        """What was worked out from documents and can be worked out again, such as calculated formulas; never kept."""
        self._collections: dict[str, Collection] = {}
        self._file: sqlite3.Connection | None = None
        if data is not None:
            data.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(data / "workspace.db", check_same_thread=False, isolation_level=None)
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute(
                "CREATE TABLE IF NOT EXISTS document "
                "(collection TEXT, key TEXT, body TEXT, number INTEGER PRIMARY KEY, UNIQUE (collection, key))"
            )
            for name, key, body in self._file.execute("SELECT collection, key, body FROM document ORDER BY number"):
                self.collection(name)._documents[key] = json.loads(body)

    @contextmanager
    def one_call(self) -> Iterator[None]:
        """Hold the lock; what is put meanwhile reaches the file together, so that half a call is never kept."""
        with self.lock:
            if self._file is None or self._file.in_transaction:
                yield
                return
            self._file.execute("BEGIN")
            try:
                yield
            finally:
                # Also after a refusal: what is in memory and what is in the file must not part.
                self._file.execute("COMMIT")

    def close(self) -> None:
        """Close the file, where there is one."""
        with self.lock:
            if self._file is not None:
                self._file.close()

    def collection(self, name: str) -> Collection:
        """The collection of that name, made empty when first asked for."""
        if name not in self._collections:
            self._collections[name] = Collection(name, self._save)
        return self._collections[name]

    def next_number(self, name: str) -> int:
        """1, 2, 3, … per name, never given twice, also after a restart with a file. The base of ids and versions."""
        counters = self.collection("counters")
        number = int((counters.get(name) or {"last": 0})["last"]) + 1
        counters.put(name, {"last": number})
        return number

    def clear(self) -> None:
        """Forget everything (`POST /sandbox/reset`)."""
        for collection in self._collections.values():
            collection._documents.clear()
        self.derived.clear()
        if self._file is not None:
            self._file.execute("DELETE FROM document")

    def _save(self, collection: str, key: str, document: Json | None) -> None:
        if self._file is None:
            return
        if document is None:
            self._file.execute("DELETE FROM document WHERE collection = ? AND key = ?", (collection, key))
        else:
            self._file.execute(
                "INSERT INTO document (collection, key, body) VALUES (?, ?, ?) "
                "ON CONFLICT (collection, key) DO UPDATE SET body = excluded.body",
                (collection, key, json.dumps(document)),
            )

"""One installation per folder: whose mark is in the way, and what becomes of it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from deploylog.errors import ConfigurationError
from deploylog.ownership import (
    FRESH,
    HOST,
    MARK_EVERY,
    SEEN,
    STORE,
    Mark,
    Ownership,
    TakenOver,
    is_in_the_way,
    this_process,
)

NOW = datetime(2026, 12, 9, 8, 0, tzinfo=UTC)


@dataclass
class Folder:
    """The part of the Drive adapter that a mark needs: one folder's properties."""

    properties: dict[str, str] = field(default_factory=dict)
    writes: int = 0

    def get(self, _: str) -> SimpleNamespace:
        return SimpleNamespace(properties=dict(self.properties))

    def set_properties(self, _: str, properties: dict[str, str | None]) -> None:
        self.writes += 1
        self.properties = {name: value for name, value in (self.properties | properties).items() if value is not None}


def ownership(folder: Folder, store: str, host: str, lives: bool = True) -> Ownership:
    return Ownership(folder, "folder", store, host, lambda process: lives)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mark", "lives", "expected"),
    [
        (None, True, False),
        (Mark("ours", "other 7", NOW), True, False),
        (Mark("theirs", "other 7", NOW), True, True),
        (Mark("theirs", "other 7", NOW), False, True),
        (Mark("theirs", "other 7", NOW - FRESH + timedelta(seconds=1)), True, True),
        (Mark("theirs", "other 7", NOW - FRESH - timedelta(seconds=1)), True, False),
        # Their clock is ahead of ours, a little or absurdly.
        (Mark("theirs", "other 7", NOW + timedelta(minutes=3)), True, True),
        (Mark("theirs", "other 7", NOW + timedelta(days=3)), True, False),
        # This machine: whether the process that made the mark still runs is known.
        (Mark("theirs", "here 7", NOW), True, True),
        (Mark("theirs", "here 7", NOW), False, False),
        (Mark("theirs", "", NOW), True, True),
    ],
)
def test_a_mark_is_in_the_way_while_another_store_may_still_be_worked_with(
    mark: Mark | None, lives: bool, expected: bool
) -> None:
    assert is_in_the_way(mark, "ours", "here 1", NOW, lambda process: lives) is expected


def test_a_second_installation_is_refused_by_name_and_a_clean_stop_lets_it_in() -> None:
    folder = Folder({"other": "kept"})
    first, second = ownership(folder, "one", "alpha 1"), ownership(folder, "two", "beta 2")
    first.claim(NOW)
    with pytest.raises(ConfigurationError, match=r"alpha 1, last seen 2026-12-09 08:00 UTC.*--take-over"):
        second.claim(NOW + MARK_EVERY)
    first.release()
    assert folder.properties == {"other": "kept"}
    second.claim(NOW + MARK_EVERY)
    assert folder.properties[STORE] == "two"


def test_who_was_taken_over_stops_and_leaves_the_new_mark() -> None:
    folder = Folder()
    first, second = ownership(folder, "one", "alpha 1"), ownership(folder, "two", "beta 2")
    first.claim(NOW)
    second.claim(NOW, take_over=True)
    with pytest.raises(TakenOver, match="beta 2"):
        first.renew(NOW + MARK_EVERY)
    first.release()
    assert folder.properties[STORE] == "two"


def test_a_mark_is_renewed_every_few_minutes_and_not_at_every_pass() -> None:
    folder = Folder()
    mine = ownership(folder, "one", "alpha 1")
    mine.claim(NOW)
    for seconds in range(0, 900, 15):
        mine.renew(NOW + timedelta(seconds=seconds))
    assert folder.writes == 3
    assert folder.properties[SEEN] == (NOW + 2 * MARK_EVERY).isoformat()
    # A clock that was set back does not let the mark grow old.
    mine.renew(NOW - timedelta(days=1))
    assert folder.writes == 4


def test_daemons_on_one_store_share_the_folder() -> None:
    folder = Folder()
    ownership(folder, "one", "alpha 1").claim(NOW)
    ownership(folder, "one", "beta 2").claim(NOW)
    assert folder.properties[HOST] == "beta 2"


def test_a_mark_that_cannot_be_read_is_none() -> None:
    assert Mark.read({STORE: "one", HOST: "alpha 1", SEEN: "yesterday"}) is None
    assert Mark.read({}) is None


def test_a_process_is_known_by_its_number_and_a_mark_fits_into_a_property() -> None:
    host = this_process()
    assert host.endswith(f" {os.getpid()}")
    mark = Mark("0" * 32, host, NOW)
    assert all(len(f"{key}{value}".encode()) <= 124 for key, value in mark.properties().items())
    folder = Folder(dict(Mark("theirs", host, NOW).properties()))  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError):
        Ownership(folder, "folder", "ours").claim(NOW)  # type: ignore[arg-type]  # this very process lives

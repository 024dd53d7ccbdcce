"""The ids of events are ours, and the same for ever."""

from __future__ import annotations

import re

from deploylog.google.calendar import event_id


def test_an_id_is_the_same_on_every_machine_and_for_all_time() -> None:
    """Changing how ids are made would invite everybody a second time to what is already planned."""
    assert event_id("1aB_c", "DIBA-0014") == "0k3ui866a2svq93uemtvqj6pqmksan1aiir8076s4up8p9lr6flg"


def test_an_id_is_one_that_calendar_accepts() -> None:
    """Calendar API, events.insert: a-v and 0-9, 5 to 1,024 characters."""
    for number in range(200):
        assert re.fullmatch(r"[a-v0-9]{5,1024}", event_id("log", f"DIBA-{number}"))


def test_ids_differ_with_log_deployment_and_attempt() -> None:
    ids = [
        event_id("log", "A-1"),
        event_id("log", "A-1", 1),
        event_id("log", "A-11"),
        event_id("log2", "A-1"),
        event_id("log\nA-1", ""),
    ]
    assert len(set(ids)) == len(ids)

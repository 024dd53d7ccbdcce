"""Which deployment a row is after people have sorted, inserted, pasted, deleted and overwritten rows."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import START, deployment, window_at
from deploylog.deployment_log import number_of
from deploylog.identity import Identities, Known, identify, prefix_for, repeated
from deploylog.model import Component, Deployment, Status


def work(number: int, **changes: Any) -> Deployment:
    """A row of its own: start, components and tickets by number; no ID yet, its place to be given."""
    values = {
        "id": "",
        "window": window_at(START + timedelta(days=number)),
        "components": (Component(f"part-{number}", f"1.{number}"),),
        "tickets": (f"ES-{number}",),
    }
    return deployment(**(values | changes))


def standing(*rows: Deployment) -> list[Deployment]:
    """The rows in the order they stand, from the sheet's row 2 on."""
    return [replace(row, row=number) for number, row in enumerate(rows, start=2)]


@dataclass
class Log:
    """A log as the daemon knows it: what the ledger holds, and the highest number ever given."""

    known: dict[str, Known]
    highest: int = 0
    prefix: str = "DIBA"

    def see(self, *rows: Deployment) -> Identities:
        """A pass's look at the rows as they stand; the ledger takes them over."""
        placed = standing(*rows)
        found = identify(placed, self.known, self.highest, self.prefix)
        self.highest = found.highest
        for row in placed:
            self._keep(replace(row, id=found.by_row[row.row]))
        return found

    def _keep(self, row: Deployment) -> None:
        start = row.window.start if row.window else None
        components = tuple(map(str, row.components))
        self.known[row.id] = Known(row.id, row.row, row.fingerprint, start, components, status=row.status)


def with_ids(found: Identities, *rows: Deployment) -> list[Deployment]:
    """The rows once what was to write is written, and read again."""
    given_ids = names(found, *rows)
    return [replace(row, id=one if number_of(one) else "") for row, one in zip(standing(*rows), given_ids, strict=True)]


def names(found: Identities, *rows: Deployment) -> list[str]:
    return [found.by_row[row.row] for row in standing(*rows)]


@pytest.fixture
def log() -> Log:
    return Log({})


@pytest.fixture
def three(log: Log) -> tuple[Deployment, ...]:
    """Three deployments the ledger knows, with their IDs in the sheet: DIBA-0001 to DIBA-0003."""
    rows = (work(1), work(2), work(3))
    return tuple(with_ids(log.see(*rows), *rows))


def test_new_rows_are_numbered_in_the_order_they_stand(log: Log) -> None:
    found = log.see(work(5), work(1), work(3))
    assert dict(found.by_row) == {2: "DIBA-0001", 3: "DIBA-0002", 4: "DIBA-0003"}
    assert found.to_write == found.by_row
    assert (found.vanished, dict(found.copies), found.highest) == ((), {}, 3)


def test_known_rows_want_nothing(log: Log, three: tuple[Deployment, ...]) -> None:
    found = log.see(*three)
    assert names(found, *three) == ["DIBA-0001", "DIBA-0002", "DIBA-0003"]
    assert (dict(found.to_write), dict(found.copies), found.vanished) == ({}, {}, ())


def test_edited_rows_stay_who_they_are(log: Log, three: tuple[Deployment, ...]) -> None:
    edited = [replace(work(number + 10), id=row.id) for number, row in enumerate(three)]
    found = log.see(*edited)
    assert (names(found, *edited), dict(found.to_write)) == ([row.id for row in three], {})


def test_sorting_moves_ids_with_their_rows(log: Log, three: tuple[Deployment, ...]) -> None:
    one, two, last = three
    found = log.see(last, one, two)
    assert names(found, last, one, two) == ["DIBA-0003", "DIBA-0001", "DIBA-0002"]
    assert not found.to_write


def test_sorting_without_the_id_column_mixes_up_nothing(log: Log, three: tuple[Deployment, ...]) -> None:
    """The range that was sorted left the IDs where they stood: every row holds another row's ID."""
    one, two, last = three
    mixed = (replace(last, id=one.id), replace(one, id=two.id), replace(two, id=last.id))
    found = log.see(*mixed)
    assert names(found, *mixed) == ["DIBA-0003", "DIBA-0001", "DIBA-0002"]
    assert (dict(found.copies), found.vanished, found.highest) == ({}, (), 3)
    again = with_ids(found, *mixed)
    assert not log.see(*again).to_write


def test_two_rows_whose_ids_were_swapped_by_hand_get_them_back(log: Log, three: tuple[Deployment, ...]) -> None:
    one, two, last = three
    swapped = (replace(one, id=two.id), replace(two, id=one.id), last)
    assert names(log.see(*swapped), *swapped) == ["DIBA-0001", "DIBA-0002", "DIBA-0003"]


def test_a_series_moved_by_a_week_stays_the_same_deployments(log: Log) -> None:
    """Each row now says, to the letter, what the next one said: edited by hand, not sorted."""
    series = [work(0, window=window_at(START + timedelta(weeks=week))) for week in range(4)]
    before = with_ids(log.see(*series[:3]), *series[:3])
    moved = [replace(row, id=old.id) for row, old in zip(series[1:], before, strict=True)]
    found = log.see(*moved)
    assert names(found, *moved) == [row.id for row in before]
    assert (found.vanished, dict(found.to_write)) == ((), {})


def test_a_row_typed_to_say_what_another_half_typed_row_said_keeps_its_id(log: Log) -> None:
    """Rows without a start or components are too poor to be told by their content."""
    blank = {"window": None, "components": (), "tickets": (), "agreed_with": ""}
    rows = (work(1, status=Status.DRAFT, **blank), work(1, status=Status.PLANNED, **blank))
    draft, planned = with_ids(log.see(*rows), *rows)
    assert draft.fingerprint != planned.fingerprint
    typed = (replace(planned, id=draft.id), replace(work(2), id=planned.id))
    found = log.see(*typed)
    assert names(found, *typed) == [draft.id, planned.id]
    assert not found.to_write


def test_inserting_a_row_renumbers_nobody(log: Log, three: tuple[Deployment, ...]) -> None:
    one, two, last = three
    found = log.see(one, work(9), two, last)
    assert names(found, one, work(9), two, last) == ["DIBA-0001", "DIBA-0004", "DIBA-0002", "DIBA-0003"]
    assert dict(found.to_write) == {3: "DIBA-0004"}


def test_a_deleted_row_vanishes_and_its_number_is_not_used_again(log: Log, three: tuple[Deployment, ...]) -> None:
    one, two, _ = three
    found = log.see(one, two)
    assert found.vanished == ("DIBA-0003",)
    found = log.see(one, two, work(9))
    assert names(found, one, two, work(9))[-1] == "DIBA-0004"


def test_a_number_is_not_used_again_after_the_ledger_was_lost(three: tuple[Deployment, ...]) -> None:
    one, two, _ = three
    fresh = Log({}, highest=3)
    found = fresh.see(one, two, work(9))
    assert names(found, one, two, work(9)) == ["DIBA-0001", "DIBA-0002", "DIBA-0004"]
    assert not {2, 3} & set(found.to_write)


def test_numbers_counted_elsewhere_are_taken() -> None:
    found = identify(standing(work(1)), {}, 0, "DIBA", counted=("DIBA-0041",))
    assert found.by_row[2] == "DIBA-0042"


def test_an_id_typed_by_hand_that_nobody_knows_stands_and_counts(log: Log, three: tuple[Deployment, ...]) -> None:
    typed = replace(work(9), id="DIBA-0070")
    found = log.see(*three, typed, work(10))
    assert names(found, *three, typed, work(10))[-2:] == ["DIBA-0070", "DIBA-0071"]
    assert dict(found.to_write) == {6: "DIBA-0071"}


def test_the_largest_id_typed_by_hand_leaves_room_for_the_next(log: Log) -> None:
    typed = replace(work(1), id="DIBA-999999999")
    rows = (typed, work(2))
    again = with_ids(log.see(*rows), *rows)
    assert not log.see(*again).to_write


def test_a_row_cleared_to_what_a_deleted_row_said_keeps_its_id(log: Log) -> None:
    """Its start mail may be out; that it now says as little as another once did makes it no other deployment."""
    poor = work(7, window=None, components=(), tickets=())
    one, two = with_ids(log.see(work(1), poor), work(1), poor)
    cleared = replace(poor, id=one.id)
    found = log.see(cleared)
    assert names(found, cleared) == [one.id]
    assert found.vanished == (two.id,)


# Pasted copies ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_copy_pasted_anywhere_gets_a_number_of_its_own(log: Log, three: tuple[Deployment, ...], place: int) -> None:
    """To the letter the same, also in a row between the others: the one that gets the new number is the copy."""
    rows = [*three[:place], three[1], *three[place:]]
    found = log.see(*rows)
    given = names(found, *rows)
    assert sorted(given) == ["DIBA-0001", "DIBA-0002", "DIBA-0003", "DIBA-0004"]
    assert dict(found.copies) == {"DIBA-0004": "DIBA-0002"}
    assert list(found.to_write.values()) == ["DIBA-0004"]
    assert given[rows.index(three[0])] == "DIBA-0001"


def test_a_copy_pasted_below_leaves_the_original_in_its_place(log: Log, three: tuple[Deployment, ...]) -> None:
    one, two, last = three
    rows = (one, two, last, two)
    assert names(log.see(*rows), *rows) == ["DIBA-0001", "DIBA-0002", "DIBA-0003", "DIBA-0004"]


def test_a_copy_pasted_over_a_row_above_leaves_the_original_in_its_place(
    log: Log, three: tuple[Deployment, ...]
) -> None:
    _, two, last = three
    found = log.see(two, two, last)
    assert names(found, two, two, last) == ["DIBA-0004", "DIBA-0002", "DIBA-0003"]


def test_a_copy_inserted_above_with_other_tickets_is_the_copy(log: Log, three: tuple[Deployment, ...]) -> None:
    """It stands where the original stood, which moved down and is still as it was."""
    one, two, last = three
    rows = (one, replace(work(2, tickets=("ES-77",)), id=two.id), two, last)
    assert names(log.see(*rows), *rows) == ["DIBA-0001", "DIBA-0004", "DIBA-0002", "DIBA-0003"]


def test_a_copy_that_was_changed_at_once_is_the_copy_wherever_it_stands(
    log: Log, three: tuple[Deployment, ...]
) -> None:
    one, two, last = three
    changed = replace(work(7), id=two.id)
    for rows, expected in (
        ((changed, one, two, last), ["DIBA-0004", "DIBA-0001", "DIBA-0002", "DIBA-0003"]),
        ((one, changed, two, last), ["DIBA-0001", "DIBA-0004", "DIBA-0002", "DIBA-0003"]),
        ((one, two, last, changed), ["DIBA-0001", "DIBA-0002", "DIBA-0003", "DIBA-0004"]),
    ):
        found = identify(standing(*rows), log.known, log.highest, "DIBA")
        assert names(found, *rows) == expected
        assert dict(found.copies) == {"DIBA-0004": "DIBA-0002"}


def test_an_original_that_was_changed_beside_its_copy_is_told_by_start_and_components(
    log: Log, three: tuple[Deployment, ...]
) -> None:
    """Its Status was set while it was copied and the copy's start was moved: the same work is the original."""
    one, two, last = three
    original = replace(work(2, status=Status.STARTED), id=two.id)
    copy = replace(work(2, window=window_at(START + timedelta(days=30))), id=two.id)
    found = log.see(one, copy, original, last)
    assert names(found, one, copy, original, last) == ["DIBA-0001", "DIBA-0004", "DIBA-0002", "DIBA-0003"]


@pytest.mark.parametrize("status", [Status.STARTED, Status.DELAYED, Status.DONE, Status.ROLLED_BACK])
def test_an_original_that_was_copied_for_the_next_time_and_then_got_on_keeps_its_number(
    log: Log, three: tuple[Deployment, ...], status: Status
) -> None:
    one, two, last = three
    rows = (one, replace(two, status=status, fingerprint="got on"), last, two)
    found = log.see(*rows)
    assert names(found, *rows) == ["DIBA-0001", "DIBA-0002", "DIBA-0003", "DIBA-0004"]


def test_a_copy_of_a_closed_row_is_the_copy_also_above_it(log: Log) -> None:
    done = work(1, status=Status.DONE)
    [done] = with_ids(log.see(done), done)
    rows = (replace(done, fingerprint="other tickets"), done)
    assert names(log.see(*rows), *rows) == ["DIBA-0002", "DIBA-0001"]


def test_two_copies_get_two_numbers(log: Log, three: tuple[Deployment, ...]) -> None:
    one, two, last = three
    rows = (one, two, two, two, last)
    found = log.see(*rows)
    assert names(found, *rows) == ["DIBA-0001", "DIBA-0002", "DIBA-0004", "DIBA-0005", "DIBA-0003"]
    assert dict(found.copies) == {"DIBA-0004": "DIBA-0002", "DIBA-0005": "DIBA-0002"}


def test_a_copy_over_another_row_replaces_that_one(log: Log, three: tuple[Deployment, ...]) -> None:
    """The row that was pasted over is gone; what stands there now is a copy, with a number of its own."""
    one, two, _ = three
    found = log.see(one, two, one)
    assert names(found, one, two, one) == ["DIBA-0001", "DIBA-0002", "DIBA-0004"]
    assert found.vanished == ("DIBA-0003",)
    assert dict(found.copies) == {"DIBA-0004": "DIBA-0001"}


def test_copies_are_told_also_where_no_ledger_knows_the_original() -> None:
    row = replace(work(1), id="DIBA-0007")
    found = Log({}).see(row, row)
    assert (names(found, row, row), dict(found.copies)) == (["DIBA-0007", "DIBA-0008"], {"DIBA-0008": "DIBA-0007"})


# Lost and overwritten IDs ----------------------------------------------------------------------------------------


def test_a_row_that_lost_its_id_regains_it(log: Log, three: tuple[Deployment, ...]) -> None:
    one, two, last = three
    rows = (replace(last, id=""), one, two)
    found = log.see(*rows)
    assert names(found, *rows) == ["DIBA-0003", "DIBA-0001", "DIBA-0002"]
    assert (dict(found.to_write), found.vanished) == ({2: "DIBA-0003"}, ())


def test_all_ids_lost_and_rows_sorted_all_regained(log: Log, three: tuple[Deployment, ...]) -> None:
    one, two, last = (replace(row, id="") for row in three)
    assert names(log.see(last, two, one), last, two, one) == ["DIBA-0003", "DIBA-0002", "DIBA-0001"]


def test_rows_alike_to_the_letter_that_lost_their_ids_regain_them_by_place(
    log: Log, three: tuple[Deployment, ...]
) -> None:
    """Above the original stands its copy: mails went out for the one below, not for the other."""
    one, two, last = three
    rows = with_ids(log.see(one, two, last, two), one, two, last, two)
    log.see(rows[3], rows[0], rows[1], rows[2])
    bare = [replace(row, id="") for row in (rows[3], rows[0], rows[1], rows[2])]
    assert names(log.see(*bare), *bare) == ["DIBA-0004", "DIBA-0001", "DIBA-0002", "DIBA-0003"]


def test_a_row_that_lost_its_id_while_its_status_was_set_is_told_by_start_and_components(
    log: Log, three: tuple[Deployment, ...]
) -> None:
    one, _, last = three
    changed = work(2, status=Status.STARTED)
    assert names(log.see(one, changed, last), one, changed, last) == ["DIBA-0001", "DIBA-0002", "DIBA-0003"]


def test_where_two_vanished_deployments_would_fit_none_is_guessed(log: Log) -> None:
    rows = (work(1, tickets=("a",)), work(1, tickets=("b",)))
    log.see(*rows)
    found = log.see(work(1, tickets=("c",)))
    assert names(found, work(1)) == ["DIBA-0003"]
    assert sorted(found.vanished) == ["DIBA-0001", "DIBA-0002"]


def test_a_row_without_start_or_components_is_not_told_by_them(log: Log) -> None:
    rows = (work(1, window=None, components=()),)
    log.see(*rows)
    other = work(2, window=None, components=())
    assert names(log.see(other), other) == ["DIBA-0002"]


def test_an_id_overwritten_by_another_rows_id_is_regained(log: Log, three: tuple[Deployment, ...]) -> None:
    """Its mails are out under its own number: with a new one they would go a second time."""
    one, two, last = three
    for rows in (
        (one, replace(two, id=one.id), last),
        (replace(two, id=one.id), one, last),
        (last, replace(two, id=one.id), one),
    ):
        found = identify(standing(*rows), log.known, log.highest, "DIBA")
        told = {row.tickets: found.by_row[row.row] for row in standing(*rows)}
        assert told == {one.tickets: "DIBA-0001", two.tickets: "DIBA-0002", last.tickets: "DIBA-0003"}
        assert (dict(found.copies), found.vanished) == ({}, ())


def test_an_id_filled_down_over_all_rows_is_undone(log: Log, three: tuple[Deployment, ...]) -> None:
    rows = tuple(replace(row, id=three[0].id) for row in three)
    assert names(log.see(*rows), *rows) == ["DIBA-0001", "DIBA-0002", "DIBA-0003"]


def test_an_overwritten_id_is_regained_also_when_the_status_was_set_meanwhile(
    log: Log, three: tuple[Deployment, ...]
) -> None:
    one, _, last = three
    rows = (one, replace(work(2, status=Status.STARTED), id=one.id), last)
    assert names(log.see(*rows), *rows) == ["DIBA-0001", "DIBA-0002", "DIBA-0003"]


def test_an_id_overwritten_by_one_nobody_knows_is_regained(log: Log, three: tuple[Deployment, ...]) -> None:
    one, two, last = three
    rows = (one, replace(two, id="DIBA-0500"), last)
    found = log.see(*rows)
    assert names(found, *rows) == ["DIBA-0001", "DIBA-0002", "DIBA-0003"]
    found = log.see(*three, work(9))
    assert names(found, *three, work(9))[-1] == "DIBA-0501"


def test_an_id_overwritten_by_one_nobody_knows_is_regained_also_when_the_status_was_set_meanwhile(
    log: Log, three: tuple[Deployment, ...]
) -> None:
    one, _, last = three
    rows = (one, replace(work(2, status=Status.STARTED), id="DIBA-0500"), last)
    assert names(log.see(*rows), *rows) == ["DIBA-0001", "DIBA-0002", "DIBA-0003"]


def test_an_id_typed_by_hand_into_a_copy_leaves_the_original_its_own(log: Log, three: tuple[Deployment, ...]) -> None:
    rows = (*three, replace(work(2, status=Status.STARTED), id="DIBA-0500"))
    assert names(log.see(*rows), *rows) == ["DIBA-0001", "DIBA-0002", "DIBA-0003", "DIBA-0500"]


def test_an_id_written_to_a_row_that_had_just_moved_goes_to_the_row_it_was_meant_for(
    log: Log, three: tuple[Deployment, ...]
) -> None:
    """The daemon read a new row at 3, then somebody sorted: the number landed on a known deployment."""
    one, two, last = three
    new = work(9)
    meant = log.see(one, new, two, last)
    assert dict(meant.to_write) == {3: "DIBA-0004"}
    landed = (one, replace(two, id="DIBA-0004"), new, last)
    found = log.see(*landed)
    assert names(found, *landed) == ["DIBA-0001", "DIBA-0002", "DIBA-0004", "DIBA-0003"]
    assert dict(found.to_write) == {3: "DIBA-0002", 4: "DIBA-0004"}


def test_the_same_when_the_daemon_died_before_it_noted_the_new_row(log: Log, three: tuple[Deployment, ...]) -> None:
    one, two, last = three
    landed = (one, replace(two, id="DIBA-0004"), work(9), last)
    found = log.see(*landed)
    assert names(found, *landed) == ["DIBA-0001", "DIBA-0002", "DIBA-0005", "DIBA-0003"]


# Prefixes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("customer", "prefix"),
    [
        ("DIBA", "DIBA"),
        ("Diputació de Barcelona", "DIPUTACIO"),
        ("  água & sal ", "AGUA"),
        ("Ayuntamientos Reunidos", "AYUNTAMIENTO"),
        ("3M España", "3M"),
        ("日本", "LOG"),
        ("", "LOG"),
        ("--", "LOG"),
    ],
)
def test_the_letters_before_the_number(customer: str, prefix: str) -> None:
    assert prefix_for(customer) == prefix
    assert names(Log({}, prefix=prefix).see(work(1)), work(1)) == [f"{prefix}-0001"]


# Properties ------------------------------------------------------------------------------------------------------


def seen(count: int) -> tuple[Log, list[Deployment]]:
    log = Log({})
    rows = [work(number) for number in range(count)]
    return log, with_ids(log.see(*rows), *rows)


@given(st.permutations(range(6)), st.permutations(range(6)), st.data())
def test_any_order_of_known_rows_and_of_their_ids_keeps_every_identity(
    order: Sequence[int], ids: Sequence[int], data: st.DataObject
) -> None:
    """Rows in any order; IDs moved with them, left behind, given to others, doubled or lost."""
    log, rows = seen(6)
    expected = [rows[number].id for number in order]
    way = data.draw(st.sampled_from(["moved", "left behind", "shuffled", "lost", "doubled"]))
    given_ids = {
        "moved": expected,
        "left behind": [row.id for row in rows],
        "shuffled": [rows[number].id for number in ids],
        "lost": [identity if data.draw(st.booleans()) else "" for identity in expected],
        "doubled": [data.draw(st.sampled_from(expected)) for _ in expected],
    }[way]
    mixed = [replace(rows[number], id=identity) for number, identity in zip(order, given_ids, strict=True)]
    found = log.see(*mixed)
    assert names(found, *mixed) == expected
    assert (dict(found.copies), found.vanished, found.highest) == ({}, (), 6)


@st.composite
def mishaps(draw: st.DrawFn) -> tuple[Log, list[Deployment]]:
    """Known rows after any mixture of edits, copies, deletions, new rows and IDs that were moved about."""
    log, rows = seen(draw(st.integers(0, 4)))
    for _ in range(draw(st.integers(0, 6))):
        act = draw(st.sampled_from(["edit", "copy", "delete", "new", "id", "move"]))
        at = draw(st.integers(0, len(rows)))
        there = at < len(rows)
        if act == "new":
            rows.insert(at, work(draw(st.integers(0, 9)), id=draw(st.sampled_from(["", "DIBA-0002", "DIBA-0090"]))))
        elif act == "edit" and there:
            rows[at] = replace(work(draw(st.integers(0, 9))), id=rows[at].id)
        elif act == "copy" and there:
            rows.insert(draw(st.integers(0, len(rows))), rows[at])
        elif act == "delete" and there:
            del rows[at]
        elif act == "id" and there:
            rows[at] = replace(rows[at], id=draw(st.sampled_from(["", *(row.id for row in rows)])))
        elif act == "move" and there:
            rows.insert(draw(st.integers(0, len(rows) - 1)), rows.pop(at))
    return log, rows


@given(mishaps())
def test_whatever_happened_every_row_is_one_deployment_and_a_second_look_wants_nothing(
    mishap: tuple[Log, list[Deployment]],
) -> None:
    log, rows = mishap
    before: Mapping[str, Known] = dict(log.known)
    found = log.see(*rows)
    given_ids = names(found, *rows)
    assert len(set(given_ids)) == len(given_ids)
    assert "" not in given_ids
    assert set(found.to_write) == {row.row for row in standing(*rows) if row.id != found.by_row[row.row]}
    assert set(found.vanished) == set(before) - set(given_ids)
    assert set(found.copies) <= set(given_ids)
    assert all(copy not in before for copy in found.copies)
    again = with_ids(found, *rows)
    second = log.see(*again)
    assert names(second, *again) == given_ids
    assert (dict(second.to_write), dict(second.copies), second.highest) == ({}, {}, found.highest)


@given(mishaps())
def test_a_row_that_was_left_as_it_was_with_its_id_keeps_it(mishap: tuple[Log, list[Deployment]]) -> None:
    log, rows = mishap
    before = dict(log.known)
    found = identify(standing(*rows), before, log.highest, "DIBA")
    untouched = [
        row
        for row in standing(*rows)
        if row.id in before
        and before[row.id].fingerprint == row.fingerprint
        and sum(row.id == other.id and row.fingerprint == other.fingerprint for other in rows) == 1
    ]
    assert all(found.by_row[row.row] == row.id for row in untouched)


# Rows that only repeat another -----------------------------------------------------------------------------------

ONE = deployment(id="DIBA-0001")
TWO = deployment(id="DIBA-0002", row=3)
PASTED = {"DIBA-0002": "DIBA-0001"}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"tickets": ("other",), "environment": None},
        {"window": window_at(START, 90)},
        {"components": (Component("ADDON-diba", "3.2.11"),)},
    ],
)
def test_a_pasted_copy_repeats_its_original_while_it_plans_the_same_work(changes: dict[str, Any]) -> None:
    assert repeated([ONE, replace(TWO, **changes)], PASTED) == PASTED


@pytest.mark.parametrize(
    "changes",
    [
        {"window": window_at(START + timedelta(minutes=1))},
        {"window": None},
        {"components": (Component("addon-diba", "3.2.12"),)},
        {"components": ()},
    ],
)
def test_a_pasted_copy_that_plans_other_work_repeats_nothing(changes: dict[str, Any]) -> None:
    assert repeated([ONE, replace(TWO, **changes)], PASTED) == {}


def test_a_row_typed_again_to_the_letter_repeats_the_one_with_the_lower_number_wherever_they_stand() -> None:
    assert repeated([ONE, TWO], {}) == PASTED
    assert repeated([TWO, ONE], {}) == PASTED
    assert repeated([ONE, replace(TWO, tickets=("other",))], {}) == {}
    assert repeated([ONE, replace(TWO, environment=None)], {}) == {}


def test_what_was_cancelled_is_repeated_by_none() -> None:
    assert repeated([replace(ONE, status=Status.CANCELLED), TWO], PASTED) == {}


def test_a_hundred_thousand_rows_are_told_apart_in_seconds() -> None:
    """Each like the next, so that nothing but their place and number tells them apart; a look that compares every row
    with every other would take hours."""
    rows = [deployment(id=f"DIBA-{number:04d}", row=number + 1) for number in range(1, 3)] * 50_000
    rows = [replace(row, row=place, id="" if place % 3 else f"DIBA-{place:06d}") for place, row in enumerate(rows, 2)]
    began = time.process_time()
    found = identify(rows, {}, 0, "DIBA")
    known = {
        found.by_row[row.row]: Known(found.by_row[row.row], row.row, row.fingerprint, START, ("addon-diba 3.2.11",))
        for row in rows
    }
    again = identify([replace(row, id="") for row in rows], known, found.highest, "DIBA")
    assert again.by_row == found.by_row
    assert len(repeated([replace(row, id=found.by_row[row.row]) for row in rows], {})) == len(rows) - 1
    assert time.process_time() - began < 60

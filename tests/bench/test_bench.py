"""The benchmark measures what it says, with a few logs: so that it does not rot between two runs of `make bench`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import due_mails
import judging
import many
import measure
import pytest
import row_calls
import soak
import thousand
from by_script import Script
from estate import estate, name_of
from figures import Line, OutOfTime, Size, at_most

SMALL = Size(logs=3, rows=6, many=6, due=3, hot=2, seconds=60)


def test_every_log_of_a_filled_sandbox_is_a_customers_and_reads_without_a_problem(tmp_path: Path) -> None:
    world = estate(tmp_path, 3, 4)

    report = world.run()

    assert report.problems == []
    assert report.logs_read == 3
    ids = [[row["ID"] for row in world.log(name_of(number)).rows()] for number in (1, 2, 3)]
    assert ids == [[f"{name_of(number)}-{row:04}" for row in (1, 2, 3, 4)] for number in (1, 2, 3)]
    world.close()


def test_a_script_opens_every_log_at_every_poll_and_sends_a_due_mail_once(tmp_path: Path) -> None:
    world = estate(tmp_path, 3, 2)
    script = Script(world.carriage, world.folder_id, world.registry_id, lambda: world.now)
    world.carriage.take()
    assert script.poll() == 3
    assert world.carriage.take().calls == {"drive.files.list": 1, "sheets.spreadsheets.values.get": 4}

    world.log(name_of(2)).plan(4, world.now + timedelta(minutes=1))
    script.poll()
    world.now += timedelta(minutes=2)
    script.poll()
    script.poll()

    calls = world.carriage.take().calls
    assert (calls["calendar.events.insert"], calls["gmail.users.messages.send"]) == (1, 1)
    world.close()


def test_the_course_through_many_logs_measures_every_line() -> None:
    found = list(thousand.lines(SMALL))

    first, warm, idle, hot, edit = found
    assert "refusal" in first.measured
    assert " calls" in warm.measured
    assert float(idle.measured.split()[0]) >= 1
    assert float(idle.script) == 2 + SMALL.logs
    assert float(hot.measured) >= 1 + SMALL.hot
    assert " to " in edit.measured
    assert "had none" not in edit.measured


def test_a_row_goes_all_its_way_while_its_calls_are_counted() -> None:
    (line,) = row_calls.lines(SMALL)

    assert int(line.measured) >= 10
    assert "gmail.users.drafts.send 2" in line.where


def test_mails_due_at_one_instant_are_all_waited_for() -> None:
    (line,) = due_mails.lines(SMALL)

    assert line.measured.startswith("3 sent")


def test_rows_are_judged_and_many_logs_are_compared_with_few() -> None:
    (judged,) = judging.lines(SMALL)
    (compared,) = many.lines(SMALL)

    assert judged.measured.endswith(" s)")
    assert "warm restart ×" in compared.measured


def test_what_does_not_come_to_its_end_in_time_is_given_up() -> None:
    def never_ends() -> None:
        while True:
            pass

    with pytest.raises(OutOfTime), at_most(1):  # the clock starts with the block
        never_ends()


def test_memory_and_store_are_told_over_the_passes_of_a_soak() -> None:
    marks = soak.soak(40)

    assert [mark.passes for mark in marks] == list(range(2, 41, 2))
    assert marks[-1].rows["deployment"] > 0
    assert marks[-1].memory > 20


def test_only_what_grows_in_the_last_quarter_is_not_flat() -> None:
    assert soak.flat([1.0, 5.0, 5.0, 5.0, 5.1, 5.1, 5.1, 5.1])
    assert not soak.flat([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])


def test_what_the_store_grows_by_is_laid_to_the_lines_of_history_once_it_is_filled() -> None:
    early = [soak.Mark(500 * number, 100.0, 5.0, {"history": 0}) for number in (1, 2, 3)]
    marks = [*early, soak.Mark(2000, 100.0, 6.0, {"history": 2048})]
    assert soak.bytes_a_line(marks) == 512


def test_the_page_tells_a_missed_aim_as_missed() -> None:
    held = Line("one", "1", "1", True, "counted")
    missed = Line("other", "2", "3", False, "counted", "9", "drive 3")

    page = measure.report([held, missed], SMALL, 60)

    assert "| one | 1 | 1 | yes | – |" in page
    assert "| other | 2 | 3 | NO | 9 |" in page
    assert "Aims held: 1 of 2" in page

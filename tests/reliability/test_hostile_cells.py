"""Whatever stands in the cells: no crash, no formula, no header, no markup, no mail to anybody who is no contact."""

from __future__ import annotations

import os
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from course import Course
from hostile import TEXTS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from invariants import PEOPLE, judge
from simulation import Life, Machine
from world import STAFF, TICKS, WEDNESDAY

from deploylog import deployment_log as log
from deploylog import registry

FREE_TEXT = (log.TICKETS, log.COMPONENTS, log.AGREED_WITH, log.ROLLBACK_GUIDE, log.COMMENT, log.OVERRIDE)
READ_AS_SOMETHING = tuple(name for name in log.STAFF_COLUMNS if name not in FREE_TEXT)
EXAMPLES = int(os.environ.get("DEPLOYLOG_EXAMPLES", "25"))
HEADERS = {
    *("Delivered-To", "From", "To", "Cc", "Reply-To", "Subject", "Date", "Auto-Submitted", "X-Deploylog-Effect"),
    *("In-Reply-To", "References", "MIME-Version", "Content-Type", "Message-ID", "Received", "Return-Path"),
}


def store(life: Life, row: int, values: dict[str, Any]) -> None:
    """As an import or a script would: the text itself, whatever it looks like."""
    diba = life.log("DIBA")
    header = diba.staff.call("GET", f"/v4/spreadsheets/{diba.file_id}/values/{log.DEPLOYMENTS}!1:1")["values"][0]
    cells = [[values.get(name) for name in header]]
    body = {"range": f"{log.DEPLOYMENTS}!A{row}", "values": cells}
    diba.staff.call(
        "PUT", f"/v4/spreadsheets/{diba.file_id}/values/{log.DEPLOYMENTS}!A{row}", body, valueInputOption="RAW"
    )


def live(life: Life, values: dict[str, Any]) -> None:
    """Planned, started and closed with these cells; beside it a row as it should be."""
    diba, course = life.log("DIBA"), Course(life)
    diba.plan(2, WEDNESDAY, **{log.COMPONENTS: "idm 7"})
    diba.plan(3, WEDNESDAY)
    store(life, 3, values)
    course.go(timedelta(seconds=31))
    course.go_to(WEDNESDAY)
    for row in (2, 3):
        closing = {log.STATUS: "Done", **TICKS}
        diba.write(row, {name: value for name, value in closing.items() if row == 2 or name not in values})
    course.calm()


def assert_harmless(life: Life) -> None:
    verdict = judge(life)
    assert (verdict.wrong, verdict.parked) == ((), ())
    # The row beside it went as if nothing were.
    neighbour = next(row for row in life.log("DIBA").rows() if row[log.COMPONENTS] == "idm 7")
    assert neighbour[log.PROGRESS].startswith("Done")
    for address in PEOPLE:
        for mail in life.person(address).mails("in:anywhere"):
            assert_is_ours(mail)
    for file_id, tab, columns in (
        (life.log("DIBA").file_id, log.DEPLOYMENTS, log.DAEMON_COLUMNS),
        (life.log("DIBA").file_id, log.HISTORY, log.HISTORY_COLUMNS),
        (life.registry_id, registry.CUSTOMERS, (registry.STATE,)),
    ):
        assert formulas(life, file_id, tab, columns) == []


def assert_is_ours(mail: EmailMessage) -> None:
    if mail["X-Deploylog-Effect"] is None:
        return  # Calendar's own invitation
    assert set(mail.keys()) <= HEADERS, set(mail.keys()) - HEADERS
    for name in ("To", "Cc"):
        addresses = mail[name].addresses if mail[name] else ()
        assert {one.addr_spec for one in addresses} <= PEOPLE
    html = mail.get_body(("html",))
    assert html is not None
    text = html.get_content().lower()
    assert not any(tag in text for tag in ("<script", "<img", 'onerror="', "href='javascript", 'href="javascript'))


def formulas(life: Life, file_id: str, tab: str, columns: tuple[str, ...]) -> list[str]:
    """What the daemon wrote that a spreadsheet would calculate."""
    answer = life.person(STAFF).call("GET", f"/v4/spreadsheets/{file_id}", ranges=tab, includeGridData="true")
    rows = answer["sheets"][0]["data"][0].get("rowData", [])
    header = [cell.get("formattedValue") for cell in rows[0]["values"]]
    positions = [at for at, name in enumerate(header) if name in columns]
    cells = [row["values"][at] for row in rows for at in positions if at < len(row.get("values", ()))]
    return [str(cell) for cell in cells if "formulaValue" in cell.get("userEnteredValue", {})]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_hostile_text_in_every_cell_of_free_text_is_only_a_text(machine: Machine, text: str) -> None:
    life = machine.life()
    live(life, dict.fromkeys(FREE_TEXT, text))
    assert_harmless(life)


@pytest.mark.parametrize("column", READ_AS_SOMETHING)
def test_hostile_texts_where_something_else_belongs_stop_their_own_row_only(machine: Machine, column: str) -> None:
    chosen = TEXTS if EXAMPLES > 100 else TEXTS[READ_AS_SOMETHING.index(column) :: len(READ_AS_SOMETHING)]
    for text in chosen:
        life = machine.life()
        live(life, {column: text})
        assert_harmless(life)


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=60),
    st.sampled_from(TEXTS),
)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.dictionaries(st.sampled_from(log.STAFF_COLUMNS), CELLS, max_size=8))
def test_any_row_at_all_is_harmless(machine: Machine, values: dict[str, Any]) -> None:
    life = machine.life()
    live(life, values)
    assert_harmless(life)


def test_a_contact_that_is_no_address_gets_nothing_and_is_told(machine: Machine) -> None:
    life = machine.life()
    for row, address in enumerate(("x\nBcc: evil@evil.example", "evil@evil.example, b@evil.example", "=A1"), start=7):
        contact = {"Customer": "DIBA", "Party": "Helpdesk", "E-mail": address}
        body = {"range": f"{registry.CONTACTS}!A{row}", "values": [[contact.get(n) for n in registry.CONTACT_COLUMNS]]}
        staff = life.person(STAFF)
        path = f"/v4/spreadsheets/{life.registry_id}/values/{registry.CONTACTS}!A{row}"
        staff.call("PUT", path, body, valueInputOption="RAW")
    live(life, {})
    assert_harmless(life)
    state = life.person(STAFF).rows(life.registry_id, registry.CUSTOMERS)[0][registry.STATE]
    assert all(f"row {row}" in state for row in (7, 8, 9)), state

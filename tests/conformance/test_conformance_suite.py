"""The suite itself: how many checks there are, what they rest on, and that a wrong answer cannot pass."""

from __future__ import annotations

from types import ModuleType

import pytest
import test_conformance_calendar_events
import test_conformance_calendar_lists
import test_conformance_drive_files
import test_conformance_drive_search
import test_conformance_drive_sharing
import test_conformance_gmail
import test_conformance_sheets_formulas
import test_conformance_sheets_requests
import test_conformance_sheets_things
import test_conformance_sheets_values
from conformance_checks import checks_of
from conformance_spaces import SheetsSpace
from googleapiclient.errors import HttpError

from workspace_sandbox.discovery import routes

LEAST = {"drive": 70, "sheets": 80, "calendar": 55, "gmail": 50}
VENDORS = (
    "https://developers.google.com/",
    "https://support.google.com/",
    "https://www.rfc-editor.org/",
    "https://docs.gspread.org/",
)
MODULES: tuple[ModuleType, ...] = (
    test_conformance_calendar_events,
    test_conformance_calendar_lists,
    test_conformance_drive_files,
    test_conformance_drive_search,
    test_conformance_drive_sharing,
    test_conformance_gmail,
    test_conformance_sheets_formulas,
    test_conformance_sheets_requests,
    test_conformance_sheets_things,
    test_conformance_sheets_values,
)


@pytest.mark.parametrize("api", LEAST)
def test_there_are_enough_checks_of_an_api(api: str) -> None:
    of_api = [one for _, one in checks_of(MODULES) if one.method.startswith(f"{api}.")]
    assert len(of_api) >= LEAST[api]


def test_every_test_says_what_it_rests_on() -> None:
    marked = {name for name, _ in checks_of(MODULES)}
    every = {f"{module.__name__}.{name}" for module in MODULES for name in vars(module) if name.startswith("test_")}
    assert every == marked


def test_every_check_names_a_method_and_a_page_of_its_vendor() -> None:
    methods = {route.method.id for route in routes()}
    for name, one in checks_of(MODULES):
        assert one.method in methods, name
        assert one.documentation.startswith(VENDORS), name
        assert one.statement, name
        assert "\n" not in one.statement, name


def test_no_two_checks_say_the_same() -> None:
    said = [(one.method, one.statement) for _, one in checks_of(MODULES)]
    assert sorted(said) == sorted(set(said))


def test_a_made_up_field_of_an_answer_is_caught(sheets: SheetsSpace) -> None:
    """Every answer is held against the discovery document: one that it does not have is a 500 that names the field."""
    workspace = sheets.place.here().workspace
    made = sheets.new()
    kept = workspace.collection("spreadsheets").get(made)
    assert kept is not None
    first = kept["sheets"][0]
    kept["sheets"][0] = {**first, "properties": {**first["properties"], "colour": "red"}}
    with pytest.raises(HttpError) as refused:
        sheets.api.get(spreadsheetId=made).execute()
    assert refused.value.status_code == 500
    assert "colour" in str(refused.value)

"""TEMPLATE and the registry as `init` lays them out; the sandbox checks every request against Google's schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from cli_helpers import REGISTRY, TEMPLATE, deploylog, started_sandbox
from deploylog import deployment_log as log
from deploylog import registry
from deploylog.cells import Names
from deploylog.model import CHECKLIST, Restart, Status
from deploylog.template import DAEMON_COLOUR, ROWS, template_requests

WHITE = {"red": 1, "green": 1, "blue": 1}


@dataclass(frozen=True)
class Tab:
    """A tab as the API answers it, by column name."""

    properties: Mapping[str, Any]
    header: Sequence[str]
    first: Mapping[str, Mapping[str, Any]]
    """The cells of row 2."""
    last: Mapping[str, Mapping[str, Any]]
    """The cells of the last row."""
    protected: Sequence[Mapping[str, Any]]
    header_cells: Sequence[Mapping[str, Any]]

    def choices(self, column: str) -> list[str]:
        condition = self.first[column].get("dataValidation", {}).get("condition", {})
        return [one["userEnteredValue"] for one in condition.get("values", [])]

    def columns_where(self, *path: str, equals: object) -> list[str]:
        """The columns in whose cells, first and last row alike, this stands at that path."""
        found = [name for name in self.header if _at(self.first[name], path) == equals]
        assert found == [name for name in self.header if _at(self.last[name], path) == equals]
        return found

    def protected_columns(self) -> list[str]:
        """The columns protected as a whole below the header; every one of them with a warning only."""
        assert all(one.get("warningOnly") is True and "editors" not in one for one in self.protected)
        names = []
        for one in self.protected:
            area = one["range"]
            assert area["startRowIndex"] == 1
            assert "endRowIndex" not in area or area["endRowIndex"] == ROWS
            assert area["endColumnIndex"] == area["startColumnIndex"] + 1
            names.append(self.header[area["startColumnIndex"]])
            assert names[-1] in one["description"]
        return names


def _at(cell: Mapping[str, Any], path: Sequence[str]) -> object:
    value: Any = cell
    for key in path:
        value = value.get(key, {}) if isinstance(value, Mapping) else {}
    return value


def tab_of(sheet: Mapping[str, Any]) -> Tab:
    rows = sheet["data"][0]["rowData"]
    header = [cell["userEnteredValue"]["stringValue"] for cell in rows[0]["values"]]

    def cells(row: int) -> dict[str, Mapping[str, Any]]:
        values = rows[row].get("values", [])
        return dict(zip(header, [*values, *[{}] * (len(header) - len(values))], strict=True))

    return Tab(
        sheet["properties"], header, cells(1), cells(ROWS - 1), sheet.get("protectedRanges", []), rows[0]["values"]
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Tab]]]:
    """Tabs by spreadsheet and title, in the order they stand."""
    with started_sandbox(tmp_path_factory.mktemp("sandbox")) as workspace:
        done = deploylog("init", "-c", workspace.folder / "deploylog.yaml")
        assert (done.status, done.err) == (0, "")
        answers = {name: workspace.spreadsheet(name, includeGridData="true") for name in (TEMPLATE, REGISTRY)}
        assert {one["properties"]["timeZone"] for one in answers.values()} == {"Europe/Madrid"}
        yield {
            name: {sheet["properties"]["title"]: tab_of(sheet) for sheet in answer["sheets"]}
            for name, answer in answers.items()
        }


@pytest.fixture(scope="module")
def deployments(made: dict[str, dict[str, Tab]]) -> Tab:
    return made[TEMPLATE][log.DEPLOYMENTS]


def test_the_tabs_and_their_header_rows_are_the_fixed_ones(made: dict[str, dict[str, Tab]]) -> None:
    headers = {name: {title: tuple(tab.header) for title, tab in tabs.items()} for name, tabs in made.items()}
    assert headers == {
        TEMPLATE: {log.DEPLOYMENTS: log.COLUMNS, log.HISTORY: log.HISTORY_COLUMNS},
        REGISTRY: registry.TABS,
    }
    assert [list(tabs) for tabs in headers.values()] == [[log.DEPLOYMENTS, log.HISTORY], list(registry.TABS)]


def test_every_tab_has_exactly_its_columns_and_a_header_that_stays_in_view(made: dict[str, dict[str, Tab]]) -> None:
    for tab in (tab for tabs in made.values() for tab in tabs.values()):
        grid = tab.properties["gridProperties"]
        assert (grid["rowCount"], grid["columnCount"], grid["frozenRowCount"]) == (ROWS, len(tab.header), 1)
        for cell in tab.header_cells:
            assert cell["userEnteredFormat"]["textFormat"] == {"bold": True, "foregroundColor": WHITE}
            assert cell["userEnteredFormat"].get("backgroundColor", WHITE) != WHITE
            assert "dataValidation" not in cell


def test_the_spreadsheets_hold_no_sample_rows(made: dict[str, dict[str, Tab]]) -> None:
    for tab in (tab for tabs in made.values() for tab in tabs.values()):
        values = [cell.get("userEnteredValue") for row in (tab.first, tab.last) for cell in row.values()]
        assert all(value in (None, {"boolValue": False}) for value in values)


def test_dropdowns_offer_the_fixed_choices_and_refuse_nothing(deployments: Tab) -> None:
    offered = {column: tuple(deployments.choices(column)) for column in deployments.header}
    assert {column: choices for column, choices in offered.items() if choices} == log.DROPDOWNS
    assert offered[log.STATUS] == tuple(Status)
    assert offered[log.RESTART] == tuple(Restart)
    lists = deployments.columns_where("dataValidation", "condition", "type", equals="ONE_OF_LIST")
    assert lists == [column for column in log.COLUMNS if column in log.DROPDOWNS]
    assert not any(deployments.first[column]["dataValidation"].get("strict") for column in lists)


def test_checkboxes_are_the_checklists(deployments: Tab) -> None:
    assert deployments.columns_where("dataValidation", "condition", "type", equals="BOOLEAN") == list(CHECKLIST)


def test_instants_are_shown_with_their_time(deployments: Tab, made: dict[str, dict[str, Tab]]) -> None:
    shown = ("userEnteredFormat", "numberFormat", "type")
    expected = [column for column in log.COLUMNS if column in log.DATE_TIMES]
    assert deployments.columns_where(*shown, equals="DATE_TIME") == expected
    assert {log.START, log.NEW_END, log.UPDATED_AT} < set(expected)
    assert made[TEMPLATE][log.HISTORY].columns_where(*shown, equals="DATE_TIME") == ["Time"]
    assert made[REGISTRY][registry.FREEZES].columns_where(*shown, equals="DATE") == ["From", "To"]


def test_the_daemons_columns_and_no_others_are_shaded_and_protected_with_a_warning(deployments: Tab) -> None:
    ours = [column for column in log.COLUMNS if column in log.DAEMON_COLUMNS]
    assert deployments.columns_where("userEnteredFormat", "backgroundColor", equals=DAEMON_COLOUR) == ours
    assert sorted(deployments.protected_columns()) == sorted(log.DAEMON_COLUMNS)


def test_history_is_protected_as_a_whole_with_a_warning(made: dict[str, dict[str, Tab]]) -> None:
    history = made[TEMPLATE][log.HISTORY]
    [protection] = history.protected
    assert protection["warningOnly"] is True
    area = protection["range"]
    assert area.get("sheetId", 0) == history.properties["sheetId"]
    assert not {"startRowIndex", "startColumnIndex"} & {key for key, value in area.items() if value}


def test_the_registry_offers_its_choices_and_guards_what_the_daemon_writes(made: dict[str, dict[str, Tab]]) -> None:
    tabs = made[REGISTRY]
    for tab in tabs.values():
        for column in tab.header:
            assert tuple(tab.choices(column)) == registry.DROPDOWNS.get(column, ())
    customers = tabs[registry.CUSTOMERS]
    assert customers.columns_where("dataValidation", "condition", "type", equals="BOOLEAN") == [registry.PAUSE]
    assert customers.protected_columns() == [registry.LOG, registry.STATE]
    assert customers.columns_where("userEnteredFormat", "backgroundColor", equals=DAEMON_COLOUR) == [
        registry.LOG,
        registry.STATE,
    ]
    assert [tabs[name].protected for name in (registry.CONTACTS, registry.FREEZES)] == [[], []]


def test_names_of_the_configuration_stand_in_place_of_ours() -> None:
    names = Names({"Deployments": "Despliegues", "Status": "Estado", "Done": "Hecho", "Progress": "Avance"})
    requests = template_requests(7, names)
    [place] = [one["updateSheetProperties"] for one in requests if "updateSheetProperties" in one]
    assert (place["properties"]["sheetId"], place["properties"]["title"]) == (7, "Despliegues")
    header = requests[1]["updateCells"]["rows"][0]["values"]
    shown = [cell["userEnteredValue"]["stringValue"] for cell in header]
    assert shown == [names.shown(column) for column in log.COLUMNS]
    assert {"Estado", "Avance"} < set(shown)
    dropdowns = [one["setDataValidation"] for one in requests if "setDataValidation" in one]
    [status] = [one for one in dropdowns if one["range"]["startColumnIndex"] == log.COLUMNS.index(log.STATUS)]
    assert {"userEnteredValue": "Hecho"} in status["rule"]["condition"]["values"]
    warned = [
        one["addProtectedRange"]["protectedRange"]["description"] for one in requests if "addProtectedRange" in one
    ]
    assert any(words.startswith("Avance:") for words in warned)

"""TEMPLATE and the registry as `init` lays them out; the sandbox checks every request against Google's schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from cli_helpers import MADRID, REGISTRY, TEMPLATE, deploylog, started_sandbox
from deploylog import deployment_log as log
from deploylog import registry
from deploylog.cells import Names, bracketed
from deploylog.messages import Messages
from deploylog.model import CHECKLIST, LANGUAGES, Progress, Restart, Status
from deploylog.sheet_requests import Place
from deploylog.summary import GUIDE, GUIDE_STEPS, SUMMARY, SUMMARY_COLUMNS, formulas
from deploylog.template import DAEMON_COLOUR, ROWS, colours, template_requests

SAY = partial(Messages(None, MADRID).sheet_text, language="en")
READERS = ("who_everywhere", "who_closing_mail", "who_invitation", "who_log", "internal")
WHITE = {"red": 1, "green": 1, "blue": 1}


@dataclass(frozen=True)
class Tab:
    """A tab as the API answers it, by column name."""

    sheet: Mapping[str, Any]
    header: Sequence[str]
    first: Mapping[str, Mapping[str, Any]]
    """The cells of row 2."""
    last: Mapping[str, Mapping[str, Any]]
    """The cells of the last row."""
    protected: Sequence[Mapping[str, Any]]
    header_cells: Sequence[Mapping[str, Any]]

    @property
    def properties(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.sheet["properties"]
        return found

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
    header = [cell["userEnteredValue"]["stringValue"] for cell in rows[0]["values"] if "userEnteredValue" in cell]

    def cells(row: int) -> dict[str, Mapping[str, Any]]:
        values = rows[row].get("values", [])[: len(header)]
        return dict(zip(header, [*values, *[{}] * (len(header) - len(values))], strict=True))

    head = rows[0]["values"]
    return Tab(sheet, header, cells(1), cells(len(rows) - 1), sheet.get("protectedRanges", []), head)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Tab]]]:
    """Tabs by spreadsheet and title, in the order they stand."""
    with started_sandbox(tmp_path_factory.mktemp("sandbox")) as workspace:
        done = deploylog("init", "-c", workspace.folder / "deploylog.yaml")
        assert (done.status, done.err) == (0, "")
        answers = {name: workspace.spreadsheet(name, includeGridData="true") for name in (TEMPLATE, REGISTRY)}
        assert {one["properties"]["timeZone"] for one in answers.values()} == {"Europe/Madrid"}
        yield {
            name: {
                title: tab_of(sheet) for sheet in answer["sheets"] if (title := sheet["properties"]["title"]) != GUIDE
            }
            for name, answer in answers.items()
        }


@pytest.fixture(scope="module")
def deployments(made: dict[str, dict[str, Tab]]) -> Tab:
    return made[TEMPLATE][log.DEPLOYMENTS]


def test_the_tabs_and_their_header_rows_are_the_fixed_ones(made: dict[str, dict[str, Tab]]) -> None:
    headers = {name: {title: tuple(tab.header) for title, tab in tabs.items()} for name, tabs in made.items()}
    assert headers == {
        TEMPLATE: {
            log.DEPLOYMENTS: log.COLUMNS,
            log.HISTORY: log.HISTORY_COLUMNS,
            SUMMARY: SUMMARY_COLUMNS,
        },
        REGISTRY: registry.TABS,
    }
    assert [list(tabs) for tabs in headers.values()] == [
        [log.DEPLOYMENTS, log.HISTORY, SUMMARY],
        list(registry.TABS),
    ]


def test_every_tab_has_exactly_its_columns_and_a_header_that_stays_in_view(made: dict[str, dict[str, Tab]]) -> None:
    for tab in (tab for tabs in made.values() for tab in tabs.values()):
        grid = tab.properties["gridProperties"]
        assert grid["frozenRowCount"] == 1
        if tab.properties["title"] != SUMMARY:
            assert (grid["rowCount"], grid["columnCount"]) == (ROWS, len(tab.header))
        for cell in tab.header_cells:
            assert cell["userEnteredFormat"]["textFormat"] == {"bold": True, "foregroundColor": WHITE}
            assert cell["userEnteredFormat"].get("backgroundColor", WHITE) != WHITE
            assert "dataValidation" not in cell


def test_the_spreadsheets_hold_no_sample_rows(made: dict[str, dict[str, Tab]]) -> None:
    for tab in (tab for tabs in made.values() for title, tab in tabs.items() if title != SUMMARY):
        values = [cell.get("userEnteredValue") for row in (tab.first, tab.last) for cell in row.values()]
        assert all(value in (None, {"boolValue": False}) for value in values)


def test_dropdowns_offer_the_fixed_choices_and_refuse_nothing(deployments: Tab) -> None:
    offered = {column: tuple(deployments.choices(column)) for column in deployments.header}
    assert {one: choices for one, choices in offered.items() if choices and one != log.DURATION} == log.DROPDOWNS
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


def test_every_header_has_a_note_that_says_what_to_write_and_who_reads_it(made: dict[str, dict[str, Tab]]) -> None:
    for name, tabs in made.items():
        for title, tab in tabs.items():
            for column, cell in zip(tab.header, tab.header_cells, strict=False):
                assert cell["note"].startswith(bracketed(SAY(f"{title}/{column}"), Names()))
                if title != SUMMARY:
                    read_by = [code for code in READERS if cell["note"].endswith(SAY(code))]
                    assert read_by == (["internal"] if name == REGISTRY else [reader_of(title, column)])


def reader_of(tab: str, column: str) -> str:
    """What templates/es/*.txt show of a column: the notes must not promise that a cell stays inside."""
    if tab == log.DEPLOYMENTS and column in (
        log.ENVIRONMENT,
        log.START,
        log.DURATION,
        log.TICKETS,
        log.COMPONENTS,
        log.RESTART,
    ):
        return "who_everywhere"
    return {log.RESPONSIBLE: "who_invitation", log.COMMENT: "who_closing_mail"}.get(column, "who_log")


def test_the_checklist_is_one_group_of_columns_that_folds_and_stands_open(deployments: Tab) -> None:
    [group] = deployments.sheet["columnGroups"]
    area = group["range"]
    assert deployments.header[area["startIndex"] : area["endIndex"]] == list(CHECKLIST)
    assert not group.get("collapsed")


def test_staff_pick_dates_from_a_calendar_and_a_slip_is_marked_not_refused(
    deployments: Tab, made: dict[str, dict[str, Tab]]
) -> None:
    kind = ("dataValidation", "condition", "type")
    assert deployments.columns_where(*kind, equals="DATE_IS_VALID") == [log.START, log.NEW_END]
    assert made[REGISTRY][registry.FREEZES].columns_where(*kind, equals="DATE_IS_VALID") == ["From", "To"]
    assert not deployments.first[log.START]["dataValidation"].get("strict")
    assert deployments.columns_where(*kind, equals="NUMBER_GREATER") == [log.DURATION]


def luminance(one: Mapping[str, float]) -> float:
    """WCAG 2.2, "relative luminance"."""
    parts = [one.get(name, 0.0) for name in ("red", "green", "blue")]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_word_of_progress_has_a_colour_on_which_it_is_read(deployments: Tab) -> None:
    rules = deployments.sheet["conditionalFormats"]
    words = [one["booleanRule"]["condition"]["values"][0]["userEnteredValue"] for one in rules]
    assert sorted(words) == sorted(Progress)
    looks = set()
    for rule in rules:
        assert rule["booleanRule"]["condition"]["type"] == "TEXT_STARTS_WITH"
        assert [one["startColumnIndex"] for one in rule["ranges"]] == [log.COLUMNS.index(log.PROGRESS)]
        style = rule["booleanRule"]["format"]
        ink, ground = style["textFormat"]["foregroundColor"], style["backgroundColor"]
        assert (luminance(ground) + 0.05) / (luminance(ink) + 0.05) >= 7
        looks.add(str(ground))
    assert len(looks) == len(words)


def test_a_mapped_word_that_begins_with_another_keeps_its_own_colour() -> None:
    names = Names({"Done": "Hecho", "Rolled back": "Hecho y deshecho"})
    asked = [one["addConditionalFormatRule"] for one in colours(Place(0, 1, 2), names)]
    words = [one["rule"]["booleanRule"]["condition"]["values"][0]["userEnteredValue"] for one in asked]
    assert [one["index"] for one in asked] == list(range(len(words)))
    assert words.index("Hecho y deshecho") < words.index("Hecho")


def test_summary_is_formulas_alone_with_a_chart_and_says_so_to_who_cannot_see_it(
    made: dict[str, dict[str, Tab]],
) -> None:
    summary = made[TEMPLATE][SUMMARY]
    assert all("formulaValue" in cell["userEnteredValue"] for cell in summary.first.values())
    for row in summary.sheet["data"][0]["rowData"]:
        assert not any("errorValue" in cell.get("effectiveValue", {}) for cell in row.get("values", []))
    [chart] = summary.sheet["charts"]
    assert chart["spec"]["altText"] == SAY("chart_described")
    assert [
        one["series"]["sourceRange"]["sources"][0]["startColumnIndex"] for one in chart["spec"]["basicChart"]["series"]
    ] == [2, 3, 4]
    assert [one["warningOnly"] for one in summary.protected] == [True]


@pytest.mark.parametrize(("language", "locale"), [("es", "es_ES"), ("ca", "es_ES"), ("en", "en_GB")])
def test_notes_and_guide_follow_the_organizations_language_and_dates_are_typed_day_first(
    language: str, locale: str
) -> None:
    messages = Messages(None, MADRID)
    say = partial(messages.sheet_text, language=language)
    requests = template_requests(0, Names(), say, language, "Atlantic/Canary")
    [settings] = [one["updateSpreadsheetProperties"] for one in requests if "updateSpreadsheetProperties" in one]
    assert settings["properties"] == {"locale": locale, "timeZone": "Atlantic/Canary"}
    shown = str(requests)
    assert say("guide_title") in shown
    assert say("who_log") in shown
    others = [one for one in LANGUAGES if one != language]
    assert not any(messages.sheet_text("guide_title", one) in shown for one in others)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_of_the_sheets_and_brackets_only_names_of_ours(language: str) -> None:
    messages = Messages(None, MADRID)
    codes = messages.sheet_codes(language)
    assert codes == messages.sheet_codes("en")
    known = {*log.COLUMNS, log.DEPLOYMENTS, *registry.CUSTOMER_COLUMNS, *Progress}
    known |= {choice for choices in (*log.DROPDOWNS.values(), *registry.DROPDOWNS.values()) for choice in choices}
    for code in codes:
        assert set(re.findall(r"\[([^\]]*)\]", messages.sheet_text(code, language))) <= known
    tabs = {
        log.DEPLOYMENTS: log.COLUMNS,
        log.HISTORY: log.HISTORY_COLUMNS,
        SUMMARY: SUMMARY_COLUMNS,
        **registry.TABS,
    }
    assert {code for code in codes if "/" in code and not code.startswith("example/")} == {
        f"{tab}/{column}" for tab, columns in tabs.items() for column in columns
    }
    assert {code for code in codes if code.startswith("guide_") and code[6:].isdecimal()} == {
        f"guide_{number}" for number in range(1, GUIDE_STEPS + 1)
    }


def test_names_of_the_configuration_stand_in_place_of_ours() -> None:
    names = Names({"Deployments": "Despliegues", "Status": "Estado", "Done": "Hecho", "Progress": "Avance"})
    requests = template_requests(7, names, SAY, "en", "Europe/Madrid")
    [place] = [one["updateSheetProperties"] for one in requests if "updateSheetProperties" in one]
    assert (place["properties"]["sheetId"], place["properties"]["title"]) == (7, "Despliegues")
    headers = [one["updateCells"] for one in requests if "updateCells" in one and "range" in one["updateCells"]]
    cells = [one["rows"][0]["values"][0] for one in headers if one["range"]["sheetId"] == 7]
    assert [one["userEnteredValue"]["stringValue"] for one in cells] == [names.shown(one) for one in log.COLUMNS]
    dropdowns = [one["setDataValidation"] for one in requests if "setDataValidation" in one]
    [status] = [one for one in dropdowns if one["range"]["startColumnIndex"] == log.COLUMNS.index(log.STATUS)]
    assert {"userEnteredValue": "Hecho"} in status["rule"]["condition"]["values"]
    warned = [
        one["addProtectedRange"]["protectedRange"]["description"] for one in requests if "addProtectedRange" in one
    ]
    assert any(words.startswith("Avance:") for words in warned)
    letters = {"Progress": "C", "Start": "F", "Duration (min)": "G", "Actual end": "AF"}
    [_, closed, *_] = formulas(letters, names)[0]
    assert closed.startswith("=COUNTIFS('Despliegues'!$C:$C;\"Hecho*\";'Despliegues'!$F:$F;")
    assert {"userEnteredValue": {"formulaValue": closed}} in [
        cell for one in requests if "updateCells" in one for row in one["updateCells"]["rows"] for cell in row["values"]
    ]
    assert "[" not in cells[log.COLUMNS.index(log.STATUS)]["note"]
    assert "Hecho" in cells[log.COLUMNS.index(log.STATUS)]["note"]

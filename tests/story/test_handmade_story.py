"""The story with an owner's TEMPLATE: other order, Spanish headers and values, own columns, the header in row 3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from world import HELPDESK, MADRID, MANAGER, STAFF, TEAM, TICKS, WEDNESDAY, World, served_world

from deploylog import bootstrap
from deploylog import deployment_log as log
from deploylog.cells import Names, serial_of
from deploylog.demo import PROCEDURE_EXAMPLE, Person
from deploylog.installation import Initializer
from deploylog.summary import SUMMARY
from stores import NewStore

WORDS = {
    "Deployments": "Despliegues",
    "Status": "Estado",
    "Start": "Inicio",
    "Duration (min)": "Minutos",
    "Tickets and e-mails": "Tickets y correos",
    "Components": "Componentes",
    "Responsible": "Responsable",
    "Agreed with": "Acordado con",
    "Progress": "Avance",
    "Planned": "Planificado",
    "Started": "Empezado",
    "Delayed": "Demorado",
    "Done": "Hecho",
    "Scheduled": "Programado",
    "Consoles and syncservers": "Consolas y syncservers",
}
SETTINGS = "columns:\n" + "".join(f"  {ours}: {theirs}\n" for ours, theirs in WORDS.items())
OWN = (
    ["Registro de despliegues", "", "", "no ordenar"],
    [],
    ["Prioridad", "Componentes", "Estado", "", "Inicio", "Minutos", "Responsable", "Tickets y correos", "Acordado con"],
)
"""What the owner's TEMPLATE holds: a title, an empty row, the header with a column without a name, and no row."""
TITLE = "TEMPLATE - Deployment log"


def make_by_hand(world: World) -> str:
    """The owner's TEMPLATE, made in the browser, with a second tab of the owner's."""
    staff = world.person(STAFF)
    drives = staff.call("GET", "/drive/v3/drives")["drives"]
    folder = {"name": "DEPLOYMENTS", "mimeType": "application/vnd.google-apps.folder", "parents": [drives[0]["id"]]}
    parent = staff.call("POST", "/drive/v3/files", folder, supportsAllDrives="true")["id"]
    sheet = {"name": TITLE, "mimeType": "application/vnd.google-apps.spreadsheet", "parents": [parent]}
    file_id = str(staff.call("POST", "/drive/v3/files", sheet, supportsAllDrives="true")["id"])
    path = f"/v4/spreadsheets/{file_id}"
    first = staff.call("GET", path)["sheets"][0]["properties"]["sheetId"]
    requests = [
        {"updateSheetProperties": {"properties": {"sheetId": first, "title": "Despliegues"}, "fields": "title"}},
        {"addSheet": {"properties": {"sheetId": 77, "title": "Notas"}}},
        {"mergeCells": {"range": {"sheetId": first, "endRowIndex": 1, "endColumnIndex": 3}, "mergeType": "MERGE_ALL"}},
    ]
    staff.call("POST", f"{path}:batchUpdate", {"requests": requests})
    data = [{"range": "'Despliegues'!A1", "values": OWN}, {"range": "'Notas'!B2", "values": [["guardia: Ana"]]}]
    staff.call("POST", f"{path}/values:batchUpdate", {"valueInputOption": "RAW", "data": data})
    return file_id


def spreadsheet(world: World, file_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = world.person(STAFF).call("GET", f"/v4/spreadsheets/{file_id}", includeGridData="true")
    return answer


def values(world: World, file_id: str, tab: str) -> list[list[Any]]:
    answer = world.person(STAFF).call(
        "GET", f"/v4/spreadsheets/{file_id}/values/{tab}", valueRenderOption="UNFORMATTED_VALUE"
    )
    found: list[list[Any]] = answer.get("values", [])
    return found


@pytest.fixture
def world(tmp_path: Path, new_store: NewStore) -> Iterator[World]:
    with served_world(tmp_path, SETTINGS, new_store(tmp_path)) as made:
        yield made


class Rows:
    """A log whose header is in row 3, as staff work in it: columns by the words that stand there."""

    def __init__(self, world: World, file_id: str) -> None:
        self.staff: Person = world.person(STAFF)
        self.world = world
        self.file_id = file_id
        self.names = Names(WORDS)

    @property
    def header(self) -> list[str]:
        return [str(one) for one in values(self.world, self.file_id, "Despliegues")[2]]

    def write(self, row: int, cells: Mapping[str, object]) -> None:
        said = {
            self.names.shown(column): self.names.shown(value) if isinstance(value, str) else value
            for column, value in cells.items()
        }
        self.staff.type(self.file_id, "Despliegues", self.header, row, said)

    def row(self, number: int) -> dict[str, Any]:
        found = values(self.world, self.file_id, "Despliegues")
        cells = found[number - 1] if len(found) >= number else []
        return dict(zip(self.header, cells, strict=False))


def test_init_adopts_what_the_owner_made_and_adds_what_is_missing_at_the_right(world: World) -> None:
    file_id = make_by_hand(world)
    before = spreadsheet(world, file_id)
    initializer = Initializer(world.google, world.config, bootstrap.names_of(world.config), world.messages)
    [plan, _] = initializer.steps()
    assert plan.words.startswith(f"in {TITLE}: add to the tab Despliegues, at the right: ID, Avance, Next action, ")
    assert plan.words.endswith("add the tab History; add the tab Summary; add the tab Guide")
    assert spreadsheet(world, file_id) == before, "the plan alone does nothing"
    plan.do()
    after = spreadsheet(world, file_id)
    assert after["properties"] == before["properties"]
    for old, new in zip(before["sheets"], after["sheets"], strict=False):
        assert new["properties"]["title"] == old["properties"]["title"]
        assert new.get("merges") == old.get("merges")
        for old_row, new_row in zip(old["data"][0].get("rowData", []), new["data"][0]["rowData"], strict=False):
            width = len(OWN[2])
            assert new_row.get("values", [])[:width] == old_row.get("values", [])[:width]
    header = values(world, file_id, "Despliegues")[2]
    names = Names(WORDS)
    assert header[: len(OWN[2])] == OWN[2]
    missing = [names.shown(one) for one in log.COLUMNS if names.shown(one) not in OWN[2]]
    assert header[len(OWN[2]) :] == missing
    assert [one["properties"]["title"] for one in after["sheets"]] == [
        "Despliegues",
        "Notas",
        "History",
        "Summary",
        "Guide",
    ]
    [group] = after["sheets"][0]["columnGroups"]
    first, end = group["range"]["startIndex"], group["range"]["endIndex"]
    assert (header[first], header[end - 1]) == ("Maintenance on", "Maintenance off")
    assert [one.words for one in initializer.steps()] == ["make the spreadsheet REGISTRY - Customers in DEPLOYMENTS"]


def test_an_adoption_whose_answer_was_lost_adds_nothing_twice(world: World) -> None:
    file_id = make_by_hand(world)
    initializer = Initializer(world.google, world.config, bootstrap.names_of(world.config), world.messages)
    [plan, _] = initializer.steps()
    world.fault("sheets.spreadsheets.batchUpdate", "drop")
    with pytest.raises(Exception, match="may have been carried out"):
        plan.do()
    before = spreadsheet(world, file_id)
    plan.do()
    assert spreadsheet(world, file_id) == before


def test_the_whole_story_passes_in_the_owners_template(world: World) -> None:
    make_by_hand(world)
    world.init()
    file = world.person(STAFF).file_named("DIBA - Deployment log")
    assert file is not None
    diba = Rows(world, str(file["id"]))
    plan = {**PROCEDURE_EXAMPLE, log.STATUS: "Planned", log.START: serial_of(WEDNESDAY, MADRID)}
    diba.write(6, plan)
    diba.write(6, {"Prioridad": "alta"})
    world.run()
    world.after(seconds=31)
    row = diba.row(6)
    assert row["ID"] == "DIBA-0001"
    assert row["Avance"] == "Programado"
    world.at(WEDNESDAY + timedelta(seconds=1))
    assert len(world.notices()) == 1
    assert diba.row(6)["Avance"].startswith("In progress")
    world.at(WEDNESDAY + timedelta(minutes=26))
    diba.write(6, {log.STATUS: "Done", **TICKS})
    world.run()
    world.after(minutes=1)
    assert diba.row(6)["Avance"].startswith("Hecho")
    assert diba.row(6)["Prioridad"] == "alta"
    for address, expected in ((MANAGER, 3), (HELPDESK, 3), (TEAM, 3)):
        assert len(world.notices(address)) == expected, "start, delay and end"
    assert [line[1] for line in values(world, diba.file_id, "History")[1:]] == ["DIBA-0001"] * (5 + len(TICKS))
    december = values(world, diba.file_id, SUMMARY)[12]
    assert december[1:] == [1, 0, 1, 0, 11]
    assert values(world, diba.file_id, "Despliegues")[0][0] == "Registro de despliegues"


def test_a_log_of_an_older_template_is_brought_to_the_present_one(world: World) -> None:
    """The owner gives TEMPLATE a column of their own, and more choices, after a log was made and filled."""
    template = make_by_hand(world)
    world.init()
    file = world.person(STAFF).file_named("DIBA - Deployment log")
    assert file is not None
    diba = Rows(world, str(file["id"]))
    diba.write(4, {**PROCEDURE_EXAMPLE, log.STATUS: "Planned", log.START: serial_of(WEDNESDAY, MADRID)})
    world.run()
    world.after(seconds=31)
    staff = world.person(STAFF)
    sheet = spreadsheet(world, template)["sheets"][0]["properties"]["sheetId"]
    width = len(Rows(world, template).header)
    here = {"sheetId": sheet, "startColumnIndex": width, "endColumnIndex": width + 1}
    choices = {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "baja"}, {"userEnteredValue": "alta"}]}
    cell = {"userEnteredValue": {"stringValue": "Riesgo"}, "note": "Lo que puede salir mal"}
    status = Rows(world, template).header.index("Estado")
    requests = [
        {"appendDimension": {"sheetId": sheet, "dimension": "COLUMNS", "length": 1}},
        {
            "updateCells": {
                "range": {**here, "startRowIndex": 2, "endRowIndex": 3},
                "rows": [{"values": [cell]}],
                "fields": "userEnteredValue,note",
            }
        },
        {"setDataValidation": {"range": {**here, "startRowIndex": 3}, "rule": {"condition": choices}}},
        {
            "updateCells": {
                "range": {
                    "sheetId": sheet,
                    "startRowIndex": 2,
                    "endRowIndex": 3,
                    "startColumnIndex": status,
                    "endColumnIndex": status + 1,
                },
                "rows": [{"values": [{"note": "Nuevo aviso"}]}],
                "fields": "note",
            }
        },
    ]
    staff.call("POST", f"/v4/spreadsheets/{template}:batchUpdate", {"requests": requests})
    notes = next(
        one["properties"]["sheetId"]
        for one in spreadsheet(world, diba.file_id)["sheets"]
        if one["properties"]["title"] == "Guide"
    )
    staff.call(
        "POST", f"/v4/spreadsheets/{diba.file_id}:batchUpdate", {"requests": [{"deleteSheet": {"sheetId": notes}}]}
    )

    before = values(world, diba.file_id, "Despliegues")
    initializer = Initializer(world.google, world.config, bootstrap.names_of(world.config), world.messages)
    place = world.google.drive.get(template)
    assert world.reconciler is not None
    logs = world.reconciler.logs(world.now)
    steps = {one.words.partition(":")[0]: one for one in initializer.upgrades(place, logs)}  # type: ignore[union-attr]
    assert steps["DIBA - Deployment log"].words == (
        "DIBA - Deployment log: add the tab Guide; add to the tab Despliegues, at the right: Riesgo; "
        "bring notes and choices of the tab Despliegues up to date"
    )
    assert "Guide" not in steps["ACME - Deployment log"].words
    steps["DIBA - Deployment log"].do()  # type: ignore[union-attr]
    # Interrupted here: run again, only the other log is left.
    [left] = initializer.upgrades(place, logs)
    assert left.words.startswith("ACME - Deployment log: ")  # type: ignore[union-attr]
    left.do()  # type: ignore[union-attr]
    assert list(initializer.upgrades(place, logs)) == []

    after = values(world, diba.file_id, "Despliegues")
    assert after[2] == [*before[2], "Riesgo"]
    assert [row[: len(before[2])] for row in after[3:]] == [row[: len(before[2])] for row in before[3:]]
    top = spreadsheet(world, diba.file_id)["sheets"][0]["data"][0]["rowData"]
    assert top[2]["values"][status]["note"] == "Nuevo aviso"
    assert top[2]["values"][len(before[2])]["note"] == "Lo que puede salir mal"
    assert top[3]["values"][len(before[2])]["dataValidation"]["condition"] == choices
    world.at(WEDNESDAY)
    assert len(world.notices()) == 1, "the daemon goes on in the log that was brought up to date"

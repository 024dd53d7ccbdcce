"""`deploylog init`: makes what is missing and nothing else, also after an interruption; asks only on a terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli_helpers import (
    COMMAND,
    ENVIRONMENT,
    PATIENCE,
    REGISTRY,
    TEMPLATE,
    Workspace,
    deploylog,
    started_sandbox,
)
from deploylog import deployment_log as log
from deploylog import registry
from deploylog.summary import GUIDE, SUMMARY

NOTHING = "Folder, TEMPLATE and registry are there; nothing to do.\n"
OUR_TABS = [log.DEPLOYMENTS, log.HISTORY, SUMMARY, GUIDE]
FOLDER = "application/vnd.google-apps.folder"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with started_sandbox(tmp_path_factory.mktemp("sandbox")) as workspace:
        yield workspace


@pytest.fixture
def workspace(sandbox: Workspace) -> Workspace:
    """With the shared drive and an empty folder in it."""
    sandbox.reset()
    return sandbox


@pytest.fixture
def config(workspace: Workspace, tmp_path: Path) -> Path:
    return workspace.config(tmp_path)


def files(workspace: Workspace) -> list[dict[str, Any]]:
    """Every file of the drive, by name."""
    found = workspace.staff.call(
        "GET",
        "/drive/v3/files",
        fields="files(id,name,mimeType,parents,version)",
        q="trashed = false",
        supportsAllDrives="true",
        includeItemsFromAllDrives="true",
        corpora="allDrives",
    )["files"]
    return sorted(found, key=lambda one: str(one["name"]))


def tabs(workspace: Workspace, name: str) -> list[str]:
    sheets = workspace.spreadsheet(name, fields="sheets(properties)")["sheets"]
    return [str(one["properties"]["title"]) for one in sheets]


def test_it_makes_folder_template_and_registry_and_says_so(workspace: Workspace, tmp_path: Path) -> None:
    config = workspace.config(tmp_path)
    config.write_text(config.read_text().replace("shared_drive: Soffid", "shared_drive: Soffid\n  folder: OTHERS"))
    done = deploylog("init", "-c", config)
    steps = [
        "make the folder OTHERS in Soffid",
        f"make the spreadsheet {TEMPLATE} in OTHERS",
        f"make the spreadsheet {REGISTRY} in OTHERS",
    ]
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [*(f"- {step}" for step in steps), *(f"done: {step}" for step in steps)]
    [_, folder, registry_file, template] = files(workspace)
    assert (folder["name"], folder["mimeType"]) == ("OTHERS", FOLDER)
    assert template["parents"] == registry_file["parents"] == [folder["id"]]
    assert tabs(workspace, TEMPLATE) == OUR_TABS
    assert tabs(workspace, REGISTRY) == list(registry.TABS)
    assert deploylog("plan", "-c", config).status == 0


def test_a_second_init_makes_and_changes_nothing(workspace: Workspace, config: Path) -> None:
    assert deploylog("init", "-c", config).status == 0
    before = files(workspace)
    done = deploylog("init", "--yes", "-c", config)
    assert (done.status, done.out) == (0, NOTHING)
    assert files(workspace) == before


@pytest.mark.parametrize("name", [TEMPLATE, REGISTRY])
def test_an_init_interrupted_between_making_and_laying_out_is_finished_by_the_next(
    workspace: Workspace, config: Path, name: str
) -> None:
    if name == REGISTRY:
        assert deploylog("init", "-c", config).status == 0
        workspace.staff.call("DELETE", f"/drive/v3/files/{workspace.id_of(REGISTRY)}", supportsAllDrives="true")
    workspace.fault("sheets.spreadsheets.batchUpdate", status=503)
    first = deploylog("init", "-c", config)
    assert first.status == 1
    assert "503" in first.err
    bare = workspace.id_of(name)
    assert deploylog("plan", "-c", config).status == 2

    second = deploylog("init", "-c", config)
    assert second.status == 0
    assert f"done: lay out the spreadsheet {name}, which an interrupted init left bare" in second.out
    assert workspace.id_of(name) == bare
    assert [one["name"] for one in files(workspace)] == ["DEPLOYMENTS", REGISTRY, TEMPLATE]
    assert deploylog("init", "-c", config).out == NOTHING
    assert deploylog("plan", "-c", config).status == 0


@pytest.mark.parametrize("method", ["drive.files.create", "sheets.spreadsheets.batchUpdate"])
def test_a_lost_answer_leads_to_nothing_twice(workspace: Workspace, config: Path, method: str) -> None:
    workspace.fault(method, "drop")
    first = deploylog("init", "-c", config)
    assert first.status == 1
    assert "it may have been carried out" in first.err.splitlines()[0]
    assert deploylog("init", "-c", config).status == 0
    assert [one["name"] for one in files(workspace)] == ["DEPLOYMENTS", REGISTRY, TEMPLATE]
    assert tabs(workspace, TEMPLATE) == OUR_TABS
    assert deploylog("init", "-c", config).out == NOTHING


def test_an_owners_template_that_cannot_be_understood_is_left_as_it_is(workspace: Workspace, config: Path) -> None:
    [folder] = files(workspace)
    body = {
        "name": TEMPLATE,
        "mimeType": "application/vnd.google-apps.spreadsheet",
        "parents": [folder["id"]],
    }
    theirs = workspace.staff.call("POST", "/drive/v3/files", body, supportsAllDrives="true")["id"]
    tab = tabs(workspace, TEMPLATE)[0]
    workspace.staff.type(theirs, tab, ["Ticket", "When"], 1, {"Ticket": "Ticket", "When": "When"})
    before = workspace.spreadsheet(TEMPLATE, includeGridData="true")
    done = deploylog("init", "-c", config)
    assert done.status == 2
    assert done.sentence.startswith(f"{TEMPLATE}: it has no tab {log.DEPLOYMENTS};")
    assert workspace.spreadsheet(TEMPLATE, includeGridData="true") == before
    assert deploylog("plan", "-c", config).status == 2


def test_a_made_template_whose_tab_people_renamed_is_left_as_it_is(workspace: Workspace, config: Path) -> None:
    assert deploylog("init", "-c", config).status == 0
    workspace.rename_tab(TEMPLATE, log.DEPLOYMENTS, "Ours")
    before = workspace.spreadsheet(TEMPLATE, includeGridData="true")
    done = deploylog("init", "-c", config)
    assert done.status == 2
    assert "its tab Ours has such columns; write Deployments: Ours under columns" in done.sentence
    assert workspace.spreadsheet(TEMPLATE, includeGridData="true") == before


def test_a_bare_template_in_which_people_wrote_meanwhile_is_left_as_it_is(workspace: Workspace, config: Path) -> None:
    workspace.fault("sheets.spreadsheets.batchUpdate", status=503)
    assert deploylog("init", "-c", config).status == 1
    [tab] = tabs(workspace, TEMPLATE)
    workspace.staff.type(workspace.id_of(TEMPLATE), tab, ["Ticket"], 1, {"Ticket": "Ticket"})
    done = deploylog("init", "-c", config)
    assert (done.status, done.out) == (2, "")
    assert tabs(workspace, TEMPLATE) == [tab]


def test_an_init_without_the_right_to_write_says_what_to_do(workspace: Workspace, config: Path) -> None:
    workspace.fault("drive.files.create", status=403)
    done = deploylog("init", "-c", config)
    assert done.status == 2
    assert "make the service account a member of the shared drive" in done.err
    assert "Traceback" not in done.err


def test_on_a_terminal_it_asks_and_no_means_no(workspace: Workspace, config: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "init", "-c", str(config)], stdin=theirs, stdout=theirs, stderr=theirs, env=ENVIRONMENT
    )
    os.close(theirs)
    try:
        assert "Do this? [y/N]: " in read_until(ours, "[y/N]: ")
        os.write(ours, b"n\n")
        assert "Nothing was done." in read_until(ours, "done.")
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert [one["name"] for one in files(workspace)] == ["DEPLOYMENTS"]


def read_until(terminal: int, words: str) -> str:
    """What the terminal shows until these words; fails where they do not come."""
    shown = ""
    while words not in shown:
        assert select.select([terminal], [], [], PATIENCE)[0], shown
        shown += os.read(terminal, 4096).decode()
    return shown


def by_hand(workspace: Workspace, header: list[str]) -> str:
    """An owner's TEMPLATE with this header in a tab Deployments."""
    [folder] = files(workspace)
    body = {
        "name": TEMPLATE,
        "mimeType": "application/vnd.google-apps.spreadsheet",
        "parents": [folder["id"]],
    }
    file_id = str(workspace.staff.call("POST", "/drive/v3/files", body, supportsAllDrives="true")["id"])
    workspace.rename_tab(TEMPLATE, tabs(workspace, TEMPLATE)[0], log.DEPLOYMENTS)
    workspace.staff.type(file_id, log.DEPLOYMENTS, header, 1, {one: one for one in header})
    return file_id


def test_spanish_headers_that_are_not_mapped_are_asked_about_and_nothing_is_done(
    workspace: Workspace, config: Path
) -> None:
    by_hand(workspace, ["Fecha", "Componentes", "Responsable"])
    before = workspace.spreadsheet(TEMPLATE, includeGridData="true")
    done = deploylog("init", "--yes", "-c", config)
    assert done.status == 2
    assert "such as Start: Fecha, Components: Componentes, Responsible: Responsable" in done.sentence
    assert workspace.spreadsheet(TEMPLATE, includeGridData="true") == before


def test_the_plan_asks_about_a_column_that_looks_like_one_it_would_add(workspace: Workspace, config: Path) -> None:
    by_hand(workspace, ["Status", "Start", "Componentes"])
    done = deploylog("init", "-c", config)
    assert done.status == 0
    assert "(is Componentes your Components? then write Components: Componentes under columns first)" in done.out
    assert deploylog("init", "-c", config).out == NOTHING
    assert deploylog("plan", "-c", config).status == 0


def test_upgrade_tells_how_far_it_is_goes_on_after_a_failure_and_run_again_does_what_is_left(
    workspace: Workspace, config: Path
) -> None:
    assert deploylog("init", "-c", config).status == 0
    template = workspace.id_of(TEMPLATE)
    for customer in ("ACME", "DIBA"):
        body = {"name": f"{customer} - Deployment log"}
        workspace.staff.call("POST", f"/drive/v3/files/{template}/copy", body, supportsAllDrives="true")
    assert deploylog("upgrade", "-c", config).out == "2 logs looked at; nothing to do.\n"
    for customer in ("ACME", "DIBA"):
        name = f"{customer} - Deployment log"
        sheets = workspace.spreadsheet(name, fields="sheets(properties)")["sheets"]
        guide = next(one["properties"]["sheetId"] for one in sheets if one["properties"]["title"] == GUIDE)
        path = f"/v4/spreadsheets/{workspace.id_of(name)}:batchUpdate"
        workspace.staff.call("POST", path, {"requests": [{"deleteSheet": {"sheetId": guide}}]})
    workspace.fault("sheets.spreadsheets.batchUpdate", status=503, times=1)
    first = deploylog("upgrade", "--yes", "-c", config)
    assert first.status == 1
    lines = first.out.splitlines()
    assert lines[:2] == [f"- {one} - Deployment log: add the tab Guide" for one in ("ACME", "DIBA")]
    assert lines[2].startswith("1 of 2, not done: ACME - Deployment log: add the tab Guide: ")
    assert lines[3] == "2 of 2, done: DIBA - Deployment log: add the tab Guide"
    second = deploylog("upgrade", "--yes", "-c", config)
    assert (second.status, second.out.splitlines()[1:]) == (
        0,
        ["1 of 1, done: ACME - Deployment log: add the tab Guide"],
    )
    assert tabs(workspace, "ACME - Deployment log") == OUR_TABS
    assert deploylog("upgrade", "-c", config).out == "2 logs looked at; nothing to do.\n"


def test_a_header_forgotten_when_columns_were_renamed_is_told_and_no_empty_column_takes_its_place(
    workspace: Workspace, config: Path
) -> None:
    assert deploylog("init", "-c", config).status == 0
    renamed = workspace.config(config.parent, "columns: {Status: Estado}")
    sentence = "still has headers that columns gives other names; rename Status to Estado, or"
    in_init = deploylog("init", "--yes", "-c", renamed)
    assert (in_init.status, sentence in in_init.sentence) == (2, True)

    body = {"name": "DIBA - Deployment log"}
    workspace.staff.call("POST", f"/drive/v3/files/{workspace.id_of(TEMPLATE)}/copy", body, supportsAllDrives="true")
    title = [one if one != log.STATUS else "Estado" for one in log.COLUMNS]
    workspace.staff.type(workspace.id_of(TEMPLATE), log.DEPLOYMENTS, title, 1, {"Estado": "Estado"})
    assert deploylog("init", "--yes", "-c", renamed).out == NOTHING
    before = workspace.spreadsheet("DIBA - Deployment log", includeGridData="true")
    in_upgrade = deploylog("upgrade", "--yes", "-c", renamed)
    assert (in_upgrade.status, sentence in in_upgrade.out + in_upgrade.err) == (1, True)
    assert workspace.spreadsheet("DIBA - Deployment log", includeGridData="true") == before

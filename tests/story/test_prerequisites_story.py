"""Prerequisites that are looked up: a guide in Drive and artefacts in GitLab, from the row to what is said in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from world import MADRID, STAFF, WEDNESDAY, Log, World, served_world

from deploylog import deployment_log as log
from deploylog.cells import serial_of
from stores import NewStore
from vendor_servers import gitlab_served
from vendor_stand_ins.gitlab import Gitlab

PATH = "soffid/addons/addon-diba"


@dataclass
class Story:
    world: World
    gitlab: Gitlab
    diba: Log

    def guide(self) -> str:
        """A document beside the logs; gives its id."""
        staff = self.world.person(STAFF)
        log_file = staff.call("GET", f"/drive/v3/files/{self.diba.file_id}", supportsAllDrives="true", fields="parents")
        body = {"name": "Rollback", "mimeType": "application/vnd.google-apps.document", "parents": log_file["parents"]}
        return str(staff.call("POST", "/drive/v3/files", body, supportsAllDrives="true")["id"])

    def trash(self, file_id: str, trashed: bool) -> None:
        staff = self.world.person(STAFF)
        staff.call("PATCH", f"/drive/v3/files/{file_id}", {"trashed": trashed}, supportsAllDrives="true")

    def settled(self) -> str:
        self.world.run()
        self.world.after(seconds=31)
        return self.diba.progress()


@pytest.fixture
def story(tmp_path: Path, new_store: NewStore) -> Iterator[Story]:
    with gitlab_served() as gitlab:
        settings = f'gitlab: {{url: "{gitlab.origin}", token: {gitlab.token}, projects: {{addon-diba: {PATH}}}}}\n'
        with served_world(tmp_path, settings, store=new_store(tmp_path)) as world:
            world.init()
            world.run()
            yield Story(world, gitlab, world.log())


def test_a_guide_in_the_trash_keeps_the_row_from_being_announced_until_it_is_taken_out(story: Story) -> None:
    guide = story.guide()
    story.trash(guide, True)
    story.diba.plan(2, WEDNESDAY, **{log.ROLLBACK_GUIDE: link(guide), log.COMPONENTS: ""})
    assert story.settled() == f"Not ready: Rollback guide: {link(guide)} is in the trash."
    story.trash(guide, False)
    story.world.after(minutes=11)
    assert story.diba.progress() == "Scheduled"


def test_a_guide_that_is_not_there_is_told(story: Story) -> None:
    story.diba.plan(2, WEDNESDAY, **{log.ROLLBACK_GUIDE: link("1NothingOfThisId000000"), log.COMPONENTS: ""})
    assert story.settled().startswith("Not ready: Rollback guide: https://docs.google.com/document/d/1Nothing")


def test_of_two_releases_the_one_that_is_missing_is_warned_about_with_a_link(story: Story) -> None:
    story.gitlab.project(PATH).release("3.2.10")
    story.diba.plan(2, WEDNESDAY, **{log.COMPONENTS: "addon-diba 3.2.11"})
    story.diba.plan(3, WEDNESDAY + timedelta(hours=1), **{log.COMPONENTS: "addon-diba 3.2.10"})
    missing = f"addon-diba 3.2.11 has no release, tag or package in {story.gitlab.origin}/{PATH}/-/releases"
    assert story.settled() == f"Scheduled: {missing}."
    assert story.diba.progress(3) == "Scheduled"
    story.gitlab.projects[PATH].release("3.2.11")
    story.world.after(minutes=11)
    assert story.diba.progress() == "Scheduled"


def test_a_gitlab_that_fails_is_said_and_holds_no_start_mail_back(story: Story) -> None:
    story.gitlab.busy = 1000
    story.diba.plan(2, WEDNESDAY, **{log.COMPONENTS: "addon-diba 3.2.11"})
    assert (
        story.settled()
        == "Scheduled: addon-diba 3.2.11 could not be looked up (127.0.0.1 wants no more questions for now)."
    )
    story.world.at(WEDNESDAY - timedelta(seconds=59))
    asked = len(story.gitlab.asked)
    story.world.at(WEDNESDAY)
    assert story.diba.row(2)[log.START_NOTIFIED] != ""
    assert len(story.gitlab.asked) == asked


def test_a_row_past_its_start_mail_is_looked_up_no_more(story: Story) -> None:
    story.gitlab.project(PATH).release("3.2.11")
    story.diba.plan(2, WEDNESDAY, **{log.COMPONENTS: "addon-diba 3.2.11"})
    assert story.settled() == "Scheduled"
    story.world.at(WEDNESDAY)
    asked = len(story.gitlab.asked)
    story.world.after(minutes=12)
    assert len(story.gitlab.asked) == asked > 0


def test_each_tick_has_its_line_in_history_with_its_time_once(story: Story) -> None:
    story.gitlab.project(PATH).release("3.2.11")
    story.diba.plan(2, WEDNESDAY, **{log.COMPONENTS: "addon-diba 3.2.11", "Restarted": True})
    story.settled()
    story.world.at(WEDNESDAY)
    for minute, box in enumerate(("Deployed", "System validated"), start=1):
        story.diba.write(2, {box: True})
        story.world.at(WEDNESDAY + timedelta(minutes=minute))
        story.world.restart()
        story.world.run()
    told = [(line["What happened"], line["Time"]) for line in story.diba.history()]
    told = [(words, at) for words, at in told if words.startswith("Casilla")]
    assert told == [
        ("Casilla Deployed marcada", serial_of(WEDNESDAY + timedelta(minutes=1), MADRID)),
        ("Casilla System validated marcada", serial_of(WEDNESDAY + timedelta(minutes=2), MADRID)),
    ]


def link(file_id: str) -> str:
    return f"https://docs.google.com/document/d/{file_id}/edit"

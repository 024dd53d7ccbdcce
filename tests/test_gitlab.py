"""The adapter for GitLab over real HTTP: a stand-in written from its documentation, and servers that misbehave."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploylog.facts import Release, ReleaseState
from deploylog.gitlab import LEFT_ALONE, Gitlab
from deploylog.model import Component, Sentence
from vendor_servers import gitlab_served, never_answering
from vendor_stand_ins.gitlab import Gitlab as StandIn
from vendor_stand_ins.gitlab import Project
from web_servers import answering

PATH = "soffid/addons/addon-diba"
PROJECTS = {"Addon-DIBA": PATH, "biblioteques programari": "soffid/gone"}
COMPONENT = Component("addon-diba", "3.2.11")


class Clock:
    """Seconds that go on when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with gitlab_served() as served:
        yield served


@pytest.fixture
def project(stand_in: StandIn) -> Project:
    return stand_in.project(PATH)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gitlab(stand_in: StandIn, clock: Clock) -> Iterator[Gitlab]:
    adapter = Gitlab(stand_in.origin, stand_in.token, PROJECTS, clock)
    yield adapter
    adapter.close()


def look(gitlab: Gitlab, component: Component = COMPONENT) -> Release:
    found = gitlab.release(component, 5)
    assert found is not None
    return found


def look_at(origin: str, token: str = "t", seconds: float = 5) -> Release:
    adapter = Gitlab(origin, token, PROJECTS)
    try:
        found = adapter.release(COMPONENT, seconds)
    finally:
        adapter.close()
    assert found is not None
    return found


# What is there ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tag", "version"), [("3.2.11", "3.2.11"), ("v3.2.11", "3.2.11"), ("3.2.11", "v3.2.11")])
def test_a_release_whose_pipeline_passed_is_released_also_with_a_v(
    gitlab: Gitlab, project: Project, stand_in: StandIn, tag: str, version: str
) -> None:
    project.release(tag)
    found = look(gitlab, Component("addon-diba", version))
    assert (found.state, found.latest) == (ReleaseState.RELEASED, "")
    assert found.link == f"{stand_in.origin}/{PATH}/-/releases/{tag}"


def test_a_tag_without_a_release_counts_as_one(gitlab: Gitlab, project: Project, stand_in: StandIn) -> None:
    project.pipelines.append(("main", project.tag("v3.2.11"), "success"))
    found = look(gitlab)
    assert (found.state, found.link) == (ReleaseState.RELEASED, f"{stand_in.origin}/{PATH}/-/tags/v3.2.11")


def test_a_package_of_that_version_counts_as_one(gitlab: Gitlab, project: Project, stand_in: StandIn) -> None:
    project.packages = [("com/soffid/addon", "3.2.10"), ("com/soffid/addon", "3.2.11")]
    found = look(gitlab)
    assert (found.state, found.link) == (ReleaseState.RELEASED, f"{stand_in.origin}/{PATH}/-/packages")


def test_what_is_neither_release_nor_tag_nor_package_is_missing(gitlab: Gitlab, project: Project) -> None:
    project.release("3.2.10")
    assert look(gitlab).state is ReleaseState.MISSING


@pytest.mark.parametrize("status", ["failed", "canceled", "running", "manual", "skipped"])
def test_a_pipeline_that_did_not_pass_is_told_with_its_link(
    gitlab: Gitlab, project: Project, stand_in: StandIn, status: str
) -> None:
    project.release("3.2.11", status)
    found = look(gitlab)
    assert (found.state, found.status) == (ReleaseState.NOT_PASSED, status)
    assert found.link == f"{stand_in.origin}/{PATH}/-/pipelines/1"


def test_the_latest_pipeline_of_the_tag_counts(gitlab: Gitlab, project: Project) -> None:
    project.release("3.2.11", "failed")
    project.pipelines.append(("3.2.11", project.tags["3.2.11"], "success"))
    assert look(gitlab).state is ReleaseState.RELEASED


def test_a_tag_set_on_a_commit_has_the_pipeline_of_the_commit(gitlab: Gitlab, project: Project) -> None:
    project.release("3.2.11", "")
    project.pipelines.append(("main", project.tags["3.2.11"], "failed"))
    assert look(gitlab).state is ReleaseState.NOT_PASSED


def test_a_release_no_pipeline_ran_for_is_told_as_such(gitlab: Gitlab, project: Project) -> None:
    project.release("3.2.11", "")
    assert look(gitlab).state is ReleaseState.NO_PIPELINE


def test_a_later_release_is_pointed_out_with_its_link(gitlab: Gitlab, project: Project, stand_in: StandIn) -> None:
    project.release("3.2.11")
    project.release("3.3.0")
    found = look(gitlab)
    assert (found.state, found.latest) == (ReleaseState.RELEASED, "3.3.0")
    assert found.latest_link == f"{stand_in.origin}/{PATH}/-/releases/3.3.0"


def test_a_release_announced_for_the_future_is_not_the_latest(
    gitlab: Gitlab, project: Project, stand_in: StandIn
) -> None:
    project.release("3.2.11")
    project.release("4.0.0", at=stand_in.now().replace(year=2100))
    assert look(gitlab).latest == ""


def test_a_component_without_a_project_is_nobodys_business(gitlab: Gitlab, stand_in: StandIn) -> None:
    assert gitlab.release(Component("something else", "1"), 5) is None
    assert stand_in.asked == []


def test_a_version_is_asked_for_as_it_is_written_whatever_it_holds(gitlab: Gitlab, project: Project) -> None:
    for version in ("../../../user", "1?sudo=root", "1#x", "release/3.2", "añadido 1"):
        project.release(version)
        assert look(gitlab, Component("addon-diba", version)).state is ReleaseState.RELEASED


# What goes wrong -------------------------------------------------------------------------------------------------


def test_a_project_that_is_not_there_is_told_by_its_path(gitlab: Gitlab) -> None:
    found = look(gitlab, Component("biblioteques programari", "3.2.1"))
    assert (found.state, found.project) == (ReleaseState.NO_PROJECT, "soffid/gone")


def test_a_wrong_token_is_a_sentence(stand_in: StandIn, project: Project) -> None:
    project.release("3.2.11")
    found = look_at(stand_in.origin, "glpat-wrong")
    assert found.reason == Sentence.of("look_denied", host="127.0.0.1")


@pytest.mark.parametrize("part", ["releases", "pipelines"])
def test_a_part_closed_to_the_token_is_a_sentence(gitlab: Gitlab, project: Project, part: str) -> None:
    project.closed = {part, "repository", "packages"}
    project.release("3.2.11")
    found = look(gitlab)
    assert (found.state, found.reason) == (ReleaseState.UNKNOWN, Sentence.of("look_denied", host="127.0.0.1"))


def test_a_gitlab_that_is_busy_is_left_alone_as_long_as_it_says(
    gitlab: Gitlab, project: Project, stand_in: StandIn, clock: Clock
) -> None:
    project.release("3.2.11")
    stand_in.busy, stand_in.retry_after = 1, 42
    for later in (0, 41):
        clock.seconds = 1000 + later
        assert look(gitlab).reason == Sentence.of("look_busy", host="127.0.0.1")
    assert len(stand_in.asked) == 1
    clock.seconds = 1042
    assert look(gitlab).state is ReleaseState.RELEASED


def test_a_failure_costs_one_request_and_not_one_per_component(clock: Clock) -> None:
    with answering(500) as asked:
        adapter = Gitlab(asked.origin, "t", PROJECTS, clock)
        for _ in range(3):
            assert look(adapter).reason == Sentence.of("look_status", host="127.0.0.1", status=500)
        assert len(asked.paths) == 1
        clock.seconds += LEFT_ALONE
        look(adapter)
        assert len(asked.paths) == 2
        adapter.close()


@pytest.mark.parametrize(
    "body", [b"<!DOCTYPE html><title>Sign in</title>", b"[]", b'{"id": 1}', b'"x"', b"\xff\xfe", b""]
)
def test_what_is_not_gitlabs_json_is_a_sentence(body: bytes) -> None:
    with answering(200, body) as asked:
        found = look_at(asked.origin)
    assert (found.state, found.reason) == (ReleaseState.UNKNOWN, Sentence.of("look_unreadable", host="127.0.0.1"))


def test_a_server_that_never_answers_is_a_sentence_once_the_time_is_over() -> None:
    with never_answering() as origin:
        found = look_at(origin, seconds=0.2)
    assert found.reason == Sentence.of("look_no_answer", host="127.0.0.1")


def test_a_server_that_is_not_there_is_a_sentence() -> None:
    with never_answering() as origin:
        pass
    assert look_at(origin).reason == Sentence.of("look_no_answer", host="127.0.0.1")


def test_a_redirect_is_not_followed_and_the_token_stays_here() -> None:
    with answering() as elsewhere, answering(302, location=f"{elsewhere.origin}/latest/meta-data") as asked:
        found = look_at(asked.origin)
    assert found.reason == Sentence.of("look_redirect", host="127.0.0.1")
    assert elsewhere.paths == []


def test_nothing_is_asked_once_the_time_is_over(gitlab: Gitlab, project: Project, stand_in: StandIn) -> None:
    found = gitlab.release(COMPONENT, 0)
    assert found is not None
    assert (found.state, stand_in.asked) == (ReleaseState.UNKNOWN, [])

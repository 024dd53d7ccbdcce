"""Facts are gathered within bounds, kept for a while, and never in the way: a look that fails is a fact as well."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from builders import STAFF, START, deployment, window_at
from deploylog.errors import AccessDenied, Busy, InDoubt, NotCarriedOut, NotFound, OutsideError, Refused
from deploylog.fact_finding import FRESH, GOOD_FOR, LOOKS_PER_PASS, SECONDS_PER_PASS, SOON, FactFinder
from deploylog.facts import Facts, GuideState, Release, ReleaseState
from deploylog.google.drive import DriveFile, Permission
from deploylog.guide_pages import GuidePages
from deploylog.model import Check, Component, Deployment, Level, Sentence

ID = "1AbCdEfGhIjKlMnOpQrStUvWxYz"
LINK = f"https://docs.google.com/document/d/{ID}/edit"
NOW = START - timedelta(days=1)
DRIVE = "Google Drive"


def permission(kind: str, address: str = "") -> Permission:
    return Permission("1", kind, "reader", address, inherited=False)


@dataclass
class Files:
    """A Drive with one file."""

    trashed: bool = False
    permissions: list[Permission] = field(default_factory=lambda: [permission("user", STAFF)])
    failure: OutsideError | None = None
    hides_permissions: bool = False
    asked: list[str] = field(default_factory=list)

    def get_once(self, file_id: str) -> DriveFile:
        self.asked.append(file_id)
        if self.failure:
            raise self.failure
        return DriveFile(file_id, "Guide", "text/plain", 1, datetime(2026, 1, 1, tzinfo=UTC), {}, "", self.trashed)

    def permissions_once(self, file_id: str) -> list[Permission]:
        if self.hides_permissions:
            raise AccessDenied("no", status=403)
        return self.permissions


@dataclass
class Releases:
    """A vendor that knows one answer, and takes its time."""

    state: ReleaseState = ReleaseState.RELEASED
    takes: float = 0
    clock: float = 0
    asked: list[str] = field(default_factory=list)

    def seconds(self) -> float:
        return self.clock

    def release(self, component: Component, seconds: float) -> Release | None:
        self.asked.append(str(component))
        self.clock += min(self.takes, seconds)
        return Release(component.name, component.version, self.state)


def finder(
    files: Files | None = None, releases: Releases | None = None, levels: dict[Check, Level] | None = None
) -> FactFinder:
    vendor = releases or Releases()
    found = FactFinder(files or Files(), GuidePages([]), vendor, ["Addon-DIBA"], levels or {}, vendor.seconds)
    found.begin_pass()
    return found


def facts(files: Files, guide: str = LINK) -> Facts:
    row = deployment(rollback_guide=guide)
    one = finder(files)
    one.look([row], NOW)
    return one.known(row, NOW)


@pytest.mark.parametrize(
    ("files", "state"),
    [
        (Files(), GuideState.OPENS),
        (Files(permissions=[permission("user", STAFF.upper())]), GuideState.OPENS),
        (Files(permissions=[permission("anyone")]), GuideState.OPENS),
        (Files(permissions=[permission("domain", "soffid.example")]), GuideState.OPENS),
        (Files(permissions=[permission("group", "team@soffid.example")]), GuideState.OPENS),
        (Files(permissions=[permission("domain", "other.example")]), GuideState.UNREADABLE),
        (Files(permissions=[permission("user", "bert@soffid.example")]), GuideState.UNREADABLE),
        (Files(trashed=True), GuideState.TRASHED),
        (Files(failure=NotFound("no", status=404)), GuideState.MISSING),
        (Files(failure=AccessDenied("no", status=403)), GuideState.MISSING),
    ],
)
def test_a_guide_in_drive_is_there_not_in_the_trash_and_readable_by_the_responsible(
    files: Files, state: GuideState
) -> None:
    [guide] = facts(files).guides
    assert (guide.link, guide.state, files.asked) == (LINK, state, [ID])


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (Files(failure=NotCarriedOut("x")), Sentence.of("look_no_answer", host=DRIVE)),
        (Files(failure=InDoubt("x", status=503)), Sentence.of("look_status", host=DRIVE, status=503)),
        (Files(failure=Busy("x", status=429)), Sentence.of("look_busy", host=DRIVE)),
        (Files(failure=AccessDenied("x", status=401)), Sentence.of("look_status", host=DRIVE, status=401)),
        (Files(failure=Refused("x", status=400)), Sentence.of("look_status", host=DRIVE, status=400)),
        (Files(hides_permissions=True), Sentence.of("look_permissions")),
    ],
)
def test_what_drive_does_not_tell_is_unknown(files: Files, reason: Sentence) -> None:
    [guide] = facts(files).guides
    assert (guide.state, guide.reason) == (GuideState.UNKNOWN, reason)


def test_a_page_of_a_host_nobody_listed_and_a_text_are_not_looked_up() -> None:
    files = Files()
    for guide in ("https://wiki.host.example/rollback", "put it back", "https://127.0.0.1/"):
        assert facts(files, guide).guides == ()
    assert files.asked == []


def test_what_was_found_is_kept_for_a_while_and_then_looked_up_anew() -> None:
    vendor = Releases()
    one, row = finder(releases=vendor), deployment()
    for later in (timedelta(0), FRESH - timedelta(seconds=1), FRESH):
        one.begin_pass()
        one.look([row], NOW + later)
    assert vendor.asked == ["addon-diba 3.2.11"] * 2


@pytest.mark.parametrize(
    ("state", "after"),
    [(ReleaseState.RELEASED, GOOD_FOR), (ReleaseState.MISSING, FRESH), (ReleaseState.UNKNOWN, FRESH)],
)
def test_what_is_not_good_is_worth_another_look_sooner(state: ReleaseState, after: timedelta) -> None:
    one, row = finder(releases=Releases(state)), deployment()
    one.look([row], NOW)
    assert one.known(row, NOW).again == NOW + after


def test_what_a_pass_had_no_time_for_is_worth_another_look_soon_and_unknown_until_then() -> None:
    one, row = finder(), deployment()
    assert one.known(row, NOW) == Facts(again=NOW + SOON)


def test_one_pass_looks_no_longer_than_its_seconds_the_nearest_start_first() -> None:
    vendor = Releases(takes=SECONDS_PER_PASS / 2)
    one = finder(releases=vendor)
    rows = [
        deployment(window=window_at(START + timedelta(days=day)), components=(Component("addon-diba", str(day)),))
        for day in (4, 3, 2, 1)
    ]
    one.look(rows, NOW)
    assert vendor.asked == ["addon-diba 1", "addon-diba 2"]
    one.begin_pass()
    one.look(rows, NOW)
    assert vendor.asked[2:] == ["addon-diba 3", "addon-diba 4"]


def test_one_pass_makes_no_more_looks_than_it_may() -> None:
    vendor = Releases()
    one = finder(releases=vendor)
    one.look([deployment(components=tuple(Component("addon-diba", str(number)) for number in range(50)))], NOW)
    assert len(vendor.asked) == LOOKS_PER_PASS


def test_without_a_pass_nothing_is_looked_up() -> None:
    vendor = Releases()
    FactFinder(Files(), GuidePages([]), vendor, ["addon-diba"], {}, vendor.seconds).look([deployment()], NOW)
    assert vendor.asked == []


def test_components_without_a_project_are_named_and_those_without_a_version_left_to_the_row() -> None:
    vendor = Releases()
    row = deployment(components=(Component("addon-diba"), Component("biblioteques", "3")))
    one = finder(releases=vendor)
    one.look([row], NOW)
    assert (one.known(row, NOW).unlisted, vendor.asked) == (("biblioteques",), [])


def test_a_check_that_is_off_is_not_looked_up() -> None:
    files, vendor = Files(), Releases()
    row = deployment(rollback_guide=LINK, components=(Component("addon-diba", "1"), Component("other", "1")))
    one = finder(files, vendor, {Check.ROLLBACK_GUIDE: Level.OFF, Check.RELEASED_COMPONENTS: Level.OFF})
    one.look([row], NOW)
    assert (files.asked, vendor.asked, one.known(row, NOW)) == ([], [], Facts())


def test_another_responsible_is_another_question() -> None:
    one = finder(Files())
    row: Deployment = deployment(rollback_guide=LINK)
    other = replace(row, responsible="bert@soffid.example")
    one.look([row, other], NOW)
    assert [one.known(each, NOW).guides[0].state for each in (row, other)] == [GuideState.OPENS, GuideState.UNREADABLE]

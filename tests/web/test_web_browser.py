"""The pages as Debian's Chromium shows them: for everybody, at every width, by keyboard, and asking nobody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

PAGES = (
    "/",
    "/month?month=2026-12",
    "/month?month=2026-12&customer=DIBA",
    "/agenda",
    "/customers",
    "/customers/DIBA",
    "/figures",
    "/mails",
    "/mails/rolled-back",
    "DIBA-0006",
    "ACME-0001",
)
SLOW_LINE = {"offline": False, "latency": 0, "downloadThroughput": 8_000, "uploadThroughput": -1}
"""Bytes a second. The style sheet is known from the first visit, so the page is drawn as it arrives."""
Visit = Callable[..., Page]
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], "iframes": False}


def path_of(board: Any, page: str) -> str:
    """A deployment's page is named by its id."""
    if page.startswith("/"):
        return page
    return f"/deployments/{board.world.log(page.partition('-')[0]).file_id}/{page}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing_against_the_page(board: Any, visit: Visit, page: str, scheme: str) -> None:
    shown = visit(path_of(board, page), scheme=scheme)
    for one in shown.locator("details").all():
        one.evaluate("one => { one.open = true }")
    found = Axe().run(shown, options=WCAG).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_narrow_window_shows_all_of_it_without_scrolling_sideways_and_axe_agrees(
    board: Any, visit: Visit, page: str
) -> None:
    shown = visit(path_of(board, page), width=380)
    # The room that is kept for a scrollbar is no part of the box.
    wider = "document.documentElement.scrollWidth - document.documentElement.getBoundingClientRect().width"
    assert shown.evaluate(wider) == 0
    found = Axe().run(shown, options=WCAG).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


@pytest.mark.parametrize("page", PAGES)
def test_nothing_moves_once_it_is_shown(board: Any, visit: Visit, page: str) -> None:
    """Nor over a line so slow that the browser draws a page while the rest of it still comes in."""
    shown = visit(path_of(board, page))
    shown.wait_for_load_state("networkidle")
    assert shown.evaluate("window.shifted") == 0
    shown.context.new_cdp_session(shown).send("Network.emulateNetworkConditions", SLOW_LINE)
    shown.reload()
    shown.wait_for_load_state("networkidle")
    assert shown.evaluate("window.shifted") == 0


def test_dark_and_light_differ(visit: Visit) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    assert visit("/", scheme="dark").evaluate(ground) != visit("/", scheme="light").evaluate(ground)


def test_what_a_cell_says_is_shown_and_never_run(board: Any, visit: Visit) -> None:
    shown = visit(path_of(board, "DIBA-0009"))
    expect(shown.get_by_text("<b>syncserver</b> 4.1.0").first).to_be_visible()


def test_a_mail_is_shown_as_sent_in_a_frame_that_may_do_nothing(board: Any, visit: Visit) -> None:
    shown = visit(path_of(board, "DIBA-0006"))
    shown.locator("summary").first.click()
    frame = shown.locator("iframe.mail").first
    assert frame.get_attribute("sandbox") == ""
    expect(shown.frame_locator("iframe.mail").first.get_by_text("addon-diba 3.2.11")).to_be_visible()


def test_a_parked_effect_is_settled_by_keyboard_alone(board: Any, visit: Visit) -> None:
    shown = visit("/")
    sent = shown.get_by_role("button", name="It was sent")
    expect(sent).to_be_visible()
    for _ in range(40):
        shown.keyboard.press("Tab")
        if sent.evaluate("one => one === document.activeElement"):
            break
    shown.keyboard.press("Enter")
    expect(shown.get_by_role("status")).to_have_text("Effect 31 counts as sent.")
    assert board.world.ledger.parked() == []
    assert board.asked == ["check"]

"""One Chromium for all tests of pages: in one process Playwright can be started only once at a time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

ARGUMENTS = ("--no-sandbox", "--disable-background-networking")
"""The sandbox of Chromium's own needs rights that a container's root does not have; and it is to call nobody."""
PATIENCE = 15_000
"""Milliseconds that something may take to appear: far more than it takes, on a machine that is busy."""


@contextmanager
def started_chromium() -> Iterator[Browser]:
    """Debian's. Playwright would download one of its own, which nobody asked for."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip(
            "There is no chromium here, so the pages are not tried in a browser (Debian: apt install chromium)."
        )
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS])
        yield browser
        browser.close()

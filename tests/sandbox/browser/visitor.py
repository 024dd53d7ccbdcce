"""Somebody who looks at the sandbox's pages, and what they see of them."""

from __future__ import annotations

from playwright.sync_api import ConsoleMessage, Locator, Page, Request

WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

NO_FAULTS = ("Failed to load resource", "Blocked script execution in 'about:srcdoc'")
"""What the browser notes beside faults: refusals of the API, which the page tells, and scripts of mails."""


class Visitor:
    """A page of the browser. `faults`: what went wrong in its scripts, and what it asked for elsewhere."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.faults: list[str] = []
        self._origin = origin
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._heard)
        page.on("requestfinished", self._reached)
        page.on("requestfailed", self._reached)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(NO_FAULTS):
            self.faults.append(message.text)

    def _reached(self, request: Request) -> None:
        elsewhere = not request.url.startswith((self._origin, "about:", "data:", "blob:"))
        # What the page's policy keeps back is announced, and fails with this word; it has not left the browser.
        if elsewhere and request.failure != "csp":
            self.faults.append(f"asked for {request.url}")

    def open(self, path: str) -> None:
        self.page.goto(self._origin + path)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def wait(self, seconds: float = 3) -> None:
        """Let that much time pass at once: the page looks anew every second or two."""
        self.page.clock.fast_forward(int(seconds * 1000))

    @property
    def status(self) -> Locator:
        """The line in which a page says what became of something."""
        return self.page.locator("#status")

    @property
    def focused(self) -> Locator:
        return self.page.locator(":focus")

    def cell(self, name: str) -> Locator:
        """A cell of the grid, such as `B3`, up to column Z."""
        column, row = ord(name[0]) - ord("A") + 1, int(name[1:]) + 1
        return self.page.locator(f'tr[aria-rowindex="{row}"] > td[aria-colindex="{column}"]')

    def pixels_beyond_the_window(self) -> int:
        """How far the page, not a part of it, can be scrolled sideways."""
        return int(self.page.evaluate(WIDER))

    def colour_of(self, cell: str) -> str:
        return str(self.cell(cell).evaluate("one => getComputedStyle(one).backgroundColor"))

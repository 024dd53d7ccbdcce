"""Pictures for docs/: a log, its Summary, its History and the registry, as the sandbox shows them after half a year.

`make screenshots` runs it; it needs Debian's Chromium. The daemon and the sandbox run on one virtual clock, so the
pictures come out the same whenever they are made.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import world as story
from playwright.sync_api import Page
from world import STAFF, TICKS, Log, World, served_world

from browsing import started_chromium
from dashboards import dashboard_of
from dashboards import live as live_for_dashboard
from deploylog import deployment_log as log
from deploylog import registry
from deploylog.web.server import serve

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
PAST = (
    (datetime(2026, 7, 8, 13, tzinfo=UTC), 5, "Done"),
    (datetime(2026, 7, 22, 13, tzinfo=UTC), 12, "Done"),
    (datetime(2026, 9, 9, 13, tzinfo=UTC), 40, "Done"),
    (datetime(2026, 9, 23, 13, tzinfo=UTC), 10, "Done"),
    (datetime(2026, 9, 30, 13, tzinfo=UTC), 8, "Done"),
    (datetime(2026, 10, 7, 13, tzinfo=UTC), 14, "Done"),
    (datetime(2026, 10, 21, 13, tzinfo=UTC), 12, "Rolled back"),
    (datetime(2026, 11, 4, 14, tzinfo=UTC), 11, "Done"),
    (datetime(2026, 11, 18, 14, tzinfo=UTC), 33, "Done"),
)
"""Start, the minutes it took (15 were planned), and how it ended."""
SHORT: Mapping[str, object] = {
    log.TICKETS: "ES-7412280 Tractar els ORGANISMES com si fós un ORGÀNIC",
    log.RESTART: "Consoles",
}
CUSTOMERS: tuple[Mapping[str, object], ...] = (
    {
        "Customer": "HOSPITAL",
        "Operated by": "Us for partner",
        "Partner": "ACME Consulting",
        "Language": "es",
        "Preferred hours": "Mon-Thu 15:00-20:00",
        "Share log with": "operaciones@acme.example, sistemas@hospital.example:comment",
    },
    {"Customer": "CABILDO", "Operated by": "Us", "Time zone": "Atlantic/Canary", "Holidays": "ES-CN", "Pause": True},
    {"Customer": "LOGISTICA", "Operated by": "Partner", "Partner": "Northwind"},
    {"Customer": "UNIVERSIDAD", "Operated by": "Us", "Rules": "friday: warn", "Share log with": "viejo@uni.invalid"},
)
CONTACTS: tuple[Mapping[str, object], ...] = (
    {"Customer": "HOSPITAL", "Party": "Customer manager", "E-mail": "sistemas@hospital.example"},
    {"Customer": "HOSPITAL", "Party": "Partner", "E-mail": "operaciones@acme.example"},
    {"Customer": "CABILDO", "Party": "Customer manager", "E-mail": "informatica@cabildo.example"},
)


def main() -> None:
    story.CONFIG = story.CONFIG.replace("language: en", "language: es")
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, served_world(Path(folder)) as world:
        world.now = datetime(2026, 7, 1, 8, tzinfo=UTC)
        world.init()
        diba = live(world)
        with started_chromium() as browser:
            page = browser.new_page(viewport={"width": 1500, "height": 640}, color_scheme="light")
            take(page, world, diba.file_id, log.DEPLOYMENTS, "log", scroll_to=9)
            take(page, world, diba.file_id, log.DEPLOYMENTS, "checklist", scroll_to=8, right=2540)
            take(page, world, diba.file_id, "Summary", "summary")
            take(page, world, diba.file_id, "Guide", "guide")
            page.set_viewport_size({"width": 1540, "height": 560})
            take(page, world, world.registry_id, registry.CUSTOMERS, "registry")
            take(page, world, world.registry_id, registry.CUSTOMERS, "registry-state", right=650)
    take_dashboard()


def take_dashboard() -> None:
    """The daemon's own pages, in English, light and dark."""
    story.CONFIG = story.CONFIG.replace("language: es", "language: en")
    with tempfile.TemporaryDirectory() as folder, served_world(Path(folder)) as world:
        world.init()
        live_for_dashboard(world)
        with serve(dashboard_of(world), "127.0.0.1:0") as origin, started_chromium() as browser:
            deployment = f"/deployments/{world.log().file_id}/DIBA-0006"
            for name, path, scheme, height in (
                ("today", "/", "light", 900),
                ("month", "/month?customer=DIBA", "light", 900),
                ("deployment", deployment, "light", 900),
                ("figures", "/figures", "dark", 560),
            ):
                page = browser.new_page(viewport={"width": 1200, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
                page.goto(origin + path)
                if name == "deployment":
                    page.locator("summary").first.click()
                page.wait_for_load_state("networkidle")
                page.screenshot(path=PICTURES / f"dashboard-{name}.png")


def live(world: World) -> Log:
    """Half a year of one customer, and a day on which something of each kind is going on."""
    staff = world.person(STAFF)
    for row, customer in enumerate(CUSTOMERS, start=4):
        staff.type(world.registry_id, registry.CUSTOMERS, registry.CUSTOMER_COLUMNS, row, customer)
    for row, contact in enumerate(CONTACTS, start=6):
        staff.type(world.registry_id, registry.CONTACTS, registry.CONTACT_COLUMNS, row, contact)
    world.run()
    world.after(minutes=1)
    diba = world.log()
    for row, (start, minutes, end) in enumerate(PAST, start=2):
        world.jump(start - timedelta(hours=3))
        diba.plan(row, start, **SHORT)
        world.run()
        world.after(minutes=1)
        world.at(start + timedelta(minutes=minutes))
        diba.write(row, {log.STATUS: end, **TICKS})
        world.run()
        world.after(minutes=1)
    first = len(PAST) + 2
    today = datetime(2026, 12, 9, 14, tzinfo=UTC)
    world.jump(today - timedelta(hours=3))
    diba.plan(first, today, **SHORT, **{log.COMPONENTS: "addon-diba 3.2.12 (3.2.11)"})
    diba.plan(first + 1, today + timedelta(days=6), **SHORT, **{log.COMPONENTS: "console 4.1.0 (4.0.9)"})
    diba.plan(first + 2, today + timedelta(days=2), **SHORT, **{log.COMPONENTS: "syncserver 4.1.0"})
    diba.plan(
        first + 3, today + timedelta(days=8), **SHORT, **{log.ROLLBACK_GUIDE: "", log.COMPONENTS: "addon-diba 3.3.0"}
    )
    diba.plan(
        first + 4, today + timedelta(days=13), **SHORT, **{log.STATUS: "Draft", log.COMPONENTS: "addon-diba 3.3.1"}
    )
    world.run()
    world.after(minutes=1)
    world.at(today)
    diba.write(first, {"Maintenance on": True, "Deployed": True})
    world.after(minutes=4)
    return diba


def take(page: Page, world: World, file_id: str, tab: str, name: str, scroll_to: int = 0, right: int = 0) -> None:
    """One tab as staff see it, scrolled down so many rows and right so many pixels, as a small PNG."""
    page.goto(f"{world.origin}/sheets/{file_id}?as={STAFF}")
    page.get_by_role("tab", name=tab, exact=True).click()
    page.wait_for_selector("table.grid td")
    page.wait_for_function("tab => document.querySelector('table.grid')?.getAttribute('aria-label') === tab", arg=tab)
    page.evaluate(
        """([rows, right]) => {
            const scroller = document.querySelector(".scroller");
            const row = document.querySelectorAll("table.grid tbody tr")[rows + 1];
            const head = document.querySelectorAll("table.grid tbody tr.frozen");
            const covered = [...head].reduce((sum, one) => sum + one.offsetHeight, 24);
            scroller.scrollTop = rows ? row.offsetTop - covered : 0;
            scroller.scrollLeft = right;
        }""",
        [scroll_to, right],
    )
    page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()

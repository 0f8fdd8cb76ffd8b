"""A real browser on a real site, and what holds for every page: no error, no fault of accessibility."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests.helpers.site import Site, new_key
from tests.helpers.walk import SIZES, WAYS, Way

SERIOUS = ("serious", "critical")
OPTIONS = {"resultTypes": ["violations"], "preload": False}
SHOTS = Path("test-results/pages")


def launch(playwright: Playwright) -> Browser:
    """The system's Chromium; one that is downloaded would be another than the one that was looked at."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "a Chromium is needed: apt-get install chromium"
    return playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])


class Screen:
    """One window: what went wrong in it is kept."""

    def __init__(self, page: Page, way: Way) -> None:
        self.page = page
        self.way = way
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._heard)

    def _heard(self, message: object) -> None:
        kind, text = getattr(message, "type", ""), getattr(message, "text", "")
        if kind == "error" and "Failed to load resource" not in text:
            self.errors.append(text)

    def open(self, path: str) -> None:
        self.page.goto(path, wait_until="load")

    def shoot(self, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}-{self.way}.png", full_page=True, animations="disabled")

    def faults(self) -> list[str]:
        """What axe finds serious or critical."""
        found = Axe().run(self.page, options=OPTIONS).response["violations"]
        return [
            f"{fault['id']}: {node['target']} {node['html'][:160]}"
            for fault in found
            if fault["impact"] in SERIOUS
            for node in fault["nodes"][:3]
        ]

    def overflows(self) -> bool:
        """Whether the page is wider than its window."""
        wider: bool = self.page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
        return wider


@contextmanager
def screen(browser: Browser, site: Site, way: Way = WAYS[0], role: str | None = "admin") -> Iterator[Screen]:
    """A window of somebody who is signed in with a role; None: of somebody who is not."""
    wide, high = SIZES[way.device]
    context = browser.new_context(
        base_url=site.url,
        locale=way.language,
        timezone_id="Asia/Shanghai",
        color_scheme="dark" if way.colours == "dark" else "light",
        viewport={"width": wide, "height": high},
        has_touch=way.device == "phone",
    )
    context.set_default_timeout(20_000)
    try:
        if role is not None:
            sign_in(context, site, role)
        yield Screen(context.new_page(), way)
    finally:
        context.close()


def sign_in(context: BrowserContext, site: Site, role: str) -> None:
    answer = context.request.post(
        "/session", data={"key": new_key(site.settings.database_url, role, "QC-002")}
    )
    assert answer.status == 200, answer.text()

"""One browser and one site with the sample in it, for all tests that look at pages."""

from collections.abc import Iterator
from datetime import UTC, datetime

import orjson
import pytest
from playwright.sync_api import Browser, sync_playwright

from sample.play import facts
from streams.local import Database, free_ports
from tests.helpers.browser import launch
from tests.helpers.site import Site, serving

PACKS = ("tobacco-xuzhou", "auto-4s", "general")


# Of the module, not of the session: while Playwright runs, no other test could run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = launch(playwright)
        yield running
        running.close()


@pytest.fixture(scope="module")
def site(server: Database) -> Iterator[Site]:
    url = server.create("pages")
    with serving(
        url, *free_ports(1), policy=PACKS, signing_key="MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE="
    ) as running:
        running.tell(*map(orjson.loads, facts(datetime.now(UTC))))
        yield running
    server.drop("pages")


@pytest.fixture(scope="module")
def names(site: Site) -> dict[str, str]:
    """What the sample calls some of what it holds; each play has names of its own."""
    found = site.items("/complaints", limit=500)
    mine = {row["subject"].removeprefix("complaint/") for row in found}
    play = next(name for name in mine if name.startswith("QC-05-")).removeprefix("QC-05-")
    return {
        "major": f"QC-05-{play}",
        "promise": f"XZ-05-{play}",
        "early": next(row["received_at"] for row in found if row["subject"] == f"complaint/QC-05-{play}"),
        "customer": f"K-201-{play}",
        "staff": "QC-003",
    }

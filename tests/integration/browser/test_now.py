"""The first page in a browser: it changes by itself, and all of it can be done from the keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.helpers.browser import screen
from tests.helpers.scenario import fact
from tests.helpers.site import Site, ago, new

pytestmark = pytest.mark.browser

AT_ONCE_MS = 1000


def major(site: Site) -> str:
    """A complaint that is escalated at once, as soon as it is told."""
    name = new("NEW")
    site.tell(
        site.complaint(name, ago(seconds=20), branch="QC-4S", handler="QC-003", category="刹车"),
        fact("complaint.signalled", f"complaint/{name}", ago(seconds=10), signal="negative-media"),
    )
    return name


def test_an_alert_is_on_the_page_within_a_second(browser: Browser, site: Site) -> None:
    with screen(browser, site) as shown:
        shown.open("/?severity=critical")
        expect(shown.page.locator("[data-live].on")).to_be_visible()
        name = major(site)
        expect(shown.page.get_by_text(f"complaint/{name}").first).to_be_visible(timeout=AT_ONCE_MS)


def test_an_alert_is_acknowledged_from_the_keyboard_alone(browser: Browser, site: Site) -> None:
    name = major(site)
    with screen(browser, site) as shown:
        shown.open("/?severity=critical&status=firing&kind=escalations")
        card = shown.page.locator(".alert").first
        expect(card).to_contain_text(name)
        key = card.get_attribute("data-key")
        for pressed in ("j", "a"):
            shown.page.keyboard.press(pressed)
        field = shown.page.get_by_label("Your staff id")
        expect(field).to_be_focused()
        field.press("ControlOrMeta+a")
        shown.page.keyboard.type("QC-001")
        shown.page.keyboard.press("Enter")
        expect(shown.page.locator("dialog[open]")).to_have_count(0)
        site.settle()
        expect(shown.page.locator(f'[data-key="{key}"]')).to_have_count(0)
    found = site.items("/alerts", subject=f"complaint/{name}", topic="escalations")
    alert = next(each for each in found if each["key"] == key)
    assert (alert["status"], alert["acknowledged_by"]) == ("acknowledged", "QC-001")

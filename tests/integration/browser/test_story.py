"""A complaint's page in a browser: its sliders rewind it, its reasons are shown, its badge is checked."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.helpers.browser import screen
from tests.helpers.site import Site, new_key
from tests.helpers.walk import WAYS

pytestmark = pytest.mark.browser


def test_a_slider_rewinds_the_page_and_the_address_keeps_it(
    browser: Browser, site: Site, names: dict[str, str]
) -> None:
    with screen(browser, site) as shown:
        page = shown.page
        shown.open(f"/complaints/{names['major']}")
        expect(page.get_by_text("Crisis meeting").first).to_be_visible()
        slider = page.get_by_label("As things were at").first
        slider.press("Home")
        expect(page.locator("[data-state]")).to_contain_text("Shown as it was")
        assert "as_of=" in page.url
        rewound = page.locator(".steps").inner_text()
        assert "crisis" not in rewound and "complaint.received" in rewound
        expect(slider).to_be_focused()
        page.reload()
        assert page.locator(".steps").inner_text() == rewound
        page.get_by_role("link", name="Back to now").click()
        expect(page.locator("[data-state]")).not_to_contain_text("Shown as it was")
        assert "as_of=" not in page.url


def test_the_rule_behind_a_step_is_shown_to_the_keyboard_and_put_away_by_escape(
    browser: Browser, site: Site, names: dict[str, str]
) -> None:
    with screen(browser, site, WAYS[3]) as shown:
        shown.open(f"/complaints/{names['major']}")
        chip = shown.page.locator(".chip").first
        tip = shown.page.locator(".tip").first
        expect(tip).to_be_hidden()
        chip.focus()
        expect(tip).to_be_visible()
        expect(tip).to_contain_text("依据")
        shown.page.keyboard.press("Escape")
        expect(tip).to_be_hidden()


def test_the_badge_says_that_the_record_is_proven(
    browser: Browser, site: Site, names: dict[str, str]
) -> None:
    assert site.get("/checkpoint").status_code == 200
    with screen(browser, site) as shown:
        shown.open(f"/complaints/{names['major']}")
        badge = shown.page.locator("[data-badge]")
        expect(badge).to_contain_text("Proven")
        badge.locator("summary").click()
        expect(badge).to_contain_text("leads to the root signed")


def test_colours_and_pages_change_from_the_keyboard(browser: Browser, site: Site) -> None:
    with screen(browser, site) as shown:
        shown.open("/")
        root = shown.page.locator("html")
        shown.page.keyboard.press("t")
        expect(root).to_have_attribute("data-theme", "light")
        shown.page.keyboard.press("t")
        expect(root).to_have_attribute("data-theme", "dark")
        for key in ("g", "c"):
            shown.page.keyboard.press(key)
        shown.page.wait_for_url("**/view/complaints")  # and until its keys are listened to
        expect(shown.page.get_by_role("heading", name="Complaints")).to_be_visible()
        expect(root).to_have_attribute("data-theme", "dark")
        shown.page.keyboard.press("/")
        expect(shown.page.get_by_label("Words of the summary")).to_be_focused()
        shown.page.keyboard.press("Escape")


def test_a_link_with_a_key_signs_in_and_leads_where_it_was_going(browser: Browser, site: Site) -> None:
    key = new_key(site.settings.database_url, "ops", "OPS-1")
    with screen(browser, site, role=None) as shown:
        shown.open("/view/complaints?major=true")
        assert "/login?next=" in shown.page.url
        shown.page.get_by_role("textbox", name="Key").fill("hy_wrong")
        shown.page.keyboard.press("Enter")
        expect(shown.page.get_by_role("alert")).to_contain_text("not known")
        shown.page.get_by_role("textbox", name="Key").fill(key)
        shown.page.keyboard.press("Enter")
        shown.page.wait_for_url("**/view/complaints?major=true")
        shown.open(f"/login#{key}")
        shown.page.wait_for_url(f"{site.url}/")
        assert key not in shown.page.url

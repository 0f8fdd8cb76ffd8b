"""Every page in both languages, on a phone and a desktop, light and dark; somebody looks at the pictures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.helpers.browser import Screen, screen
from tests.helpers.site import Site
from tests.helpers.walk import EXAMINED, WALK, Stop, Way

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def way(request: pytest.FixtureRequest) -> Way:
    found: Way = request.param
    return found


@pytest.fixture(scope="module")
def screens(browser: Browser, site: Site, way: Way) -> Iterator[dict[bool, Screen]]:
    """By whether somebody is signed in."""
    with screen(browser, site, way) as mine, screen(browser, site, way, role=None) as nobodys:
        yield {True: mine, False: nobodys}


@pytest.mark.parametrize(
    ("way", "stop"), WALK, indirect=["way"], ids=[f"{way}-{stop.name}" for way, stop in WALK]
)
def test_a_page_says_what_it_is_for_fits_and_is_accessible(
    screens: dict[bool, Screen], names: dict[str, str], stop: Stop, way: Way
) -> None:
    shown = screens[stop.signed_in]
    shown.errors.clear()
    shown.open(stop.path.format(**names))
    shown.shoot(stop.name)
    said = stop.zh if way.language.startswith("zh") else stop.en
    assert said in shown.page.locator("main").inner_text()
    assert not shown.overflows()
    assert shown.errors == []
    if way == EXAMINED[0] or (way in EXAMINED and not stop.variant):
        assert shown.faults() == []

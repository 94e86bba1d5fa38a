"""The pictures of the gazetteer: a place found by syllables and initials, and its entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser import DESKTOP

SignIn = Callable[[Page, str], None]
Shoot = Callable[[Page, str], None]


def take(browser: Browser, sign_in: SignIn, name: str, looks: dict[str, Any], shoot: Shoot) -> None:
    """Take the picture of one language and theme: `looks` are the options of the context."""
    with browser.new_context(viewport=DESKTOP, **looks) as context:
        page = context.new_page()
        page.goto("/login?to=/settings/places")
        sign_in(page, "gis")
        page.get_by_test_id("places-search").fill("fengyt")
        first = page.get_by_test_id("places").get_by_role("button").first
        expect(first).to_contain_text("丰盈坦村")
        first.click()
        expect(page.get_by_test_id("place-form")).to_be_visible()
        expect(page.get_by_test_id("places-map")).to_have_attribute("data-ready", "true")
        shoot(page, f"places-{name}")

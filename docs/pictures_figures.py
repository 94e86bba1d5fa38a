"""The pictures of the figures and of the wall."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser import DESKTOP

#: Of the wall and, with all pictures, of the figures.
BIG = {"width": 2560, "height": 1440}
SMALL_WALL = {"width": 1920, "height": 1080}

Shoot = Callable[[Page, str], None]
SignIn = Callable[[Page, str], None]


def take(browser: Browser, sign_in: SignIn, name: str, looks: dict[str, Any], shoot: Shoot) -> None:
    """Take the pictures of one language and theme: `looks` are the options of the context."""
    for suffix, viewport in (("", DESKTOP), ("-2560", BIG)):
        with browser.new_context(viewport=viewport, **looks) as context:
            page = context.new_page()
            page.goto("/login?to=/figures")
            sign_in(page, "command")
            expect(page.get_by_test_id("figure-received")).to_be_visible()
            shoot(page, f"figures-day-{name}{suffix}")
            page.get_by_test_id("view-intervals").click()
            expect(page.get_by_test_id("group-all")).to_be_visible()
            shoot(page, f"figures-intervals-{name}{suffix}")
    for suffix, viewport in (("", SMALL_WALL), ("-2560", BIG)):
        with browser.new_context(viewport=viewport, **looks) as context:
            page = context.new_page()
            page.goto("/login?to=/wall")
            sign_in(page, "command")
            expect(page.get_by_test_id("wall-map")).to_have_attribute("data-ready", "true")
            expect(page.get_by_test_id("wall-queue")).to_be_visible()
            shoot(page, f"wall-{name}{suffix}")

"""No page holds back what it says from who can't see it, by day and by night."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.axe import assert_accessible, violations
from tests.browser import DESKTOP, HANDHELD

#: Who opens which pages, on which screen.
WALKS = {
    "command": (
        DESKTOP,
        (
            "/command",
            "/map",
            "/orders",
            "/incidents",
            "/figures",
            "/reviews",
            "/handovers",
            "/logs",
            "/bulletins",
            "/account",
        ),
    ),
    "admin": (
        DESKTOP,
        (
            "/duty",
            "/captures",
            "/settings/tables",
            "/settings/devices",
            "/settings/places",
            "/exchange",
            "/playback",
            "/handovers",
            "/settings/accounts",
        ),
    ),
    "gis": (DESKTOP, ("/grid",)),
    "auditor": (DESKTOP, ("/audit", "/bulletins")),
    "330824033": (
        HANDHELD,
        (
            "/terminal",
            "/terminal/map",
            "/terminal/duty",
            "/terminal/messages",
            "/terminal/bulletins",
            "/terminal/capture",
            "/terminal/me",
        ),
    ),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("username", WALKS)
def test_no_serious_violation(
    username: str,
    scheme: str,
    open_page: Callable[..., Page],
    sign_in: Callable[[Page, str], Page],
) -> None:
    screen, paths = WALKS[username]
    page = open_page("/login", viewport=screen, color_scheme=scheme)
    assert_accessible(page)
    sign_in(page, username)
    page.wait_for_url(lambda url: "/login" not in url)
    for path in paths:
        page.goto(path)
        expect(page.locator("main").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert_accessible(page)


def test_a_violation_is_found(open_page: Callable[..., Page]) -> None:
    page = open_page("/login")
    page.evaluate("document.body.append(document.createElement('button'))")
    assert "button-name" in {each["id"] for each in violations(page)}

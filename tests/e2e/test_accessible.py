"""No page holds back what it says from who can't see it, by day and by night."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.axe import assert_accessible, violations
from tests.browser import DESKTOP, HANDHELD
from tests.e2e.bulletining import (
    LOCATED,
    ROOM,
    STATION,
    issue,
    on_duty_in,
    open_at_the_desk,
    read,
    resolve,
    sight,
)

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

SCHEMES = ("light", "dark")


@pytest.mark.parametrize("scheme", SCHEMES)
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


@pytest.mark.parametrize("scheme", SCHEMES)
def test_nor_while_a_bulletin_is_worked_on(
    scheme: str, served: str, open_page: Callable[..., Page], sign_in: Callable[[Page, str], Page]
) -> None:
    officer = on_duty_in(served, STATION)[0]
    bulletin = issue(served, f"开公接字〔2026〕14{SCHEMES.index(scheme)}号")
    handheld = open_page("/login", viewport=HANDHELD, color_scheme=scheme, **LOCATED)
    sign_in(handheld, officer)
    handheld.get_by_test_id("tab-bulletins").click()
    read(handheld, bulletin)
    assert_accessible(handheld)
    handheld.get_by_test_id("sight").click()
    expect(handheld.get_by_test_id("capture-map")).to_have_attribute("data-ready", "true")
    assert_accessible(handheld)
    sight(handheld)
    expect(handheld.get_by_test_id("sighting")).to_have_attribute("data-state", "open")
    assert_accessible(handheld)

    room = sign_in(open_page("/login", color_scheme=scheme), ROOM)
    open_at_the_desk(room, bulletin)
    room.get_by_test_id("sightings-look").click()
    room.get_by_test_id("sighting-to-map").click()
    expect(room.get_by_test_id("sighting-map")).to_have_attribute("data-ready", "true")
    room.get_by_test_id("cells-look").click()
    expect(room.get_by_test_id("bulletin-cells-map")).to_have_attribute("data-ready", "true")
    assert_accessible(room)
    for opens in ("answer-refute", "cap-import"):
        room.get_by_test_id(opens).click()
        expect(room.get_by_role("dialog")).to_be_visible()
        assert_accessible(room)
        room.keyboard.press("Escape")
        expect(room.get_by_role("dialog")).to_have_count(0)
    resolve(served, bulletin)


def test_a_violation_is_found(open_page: Callable[..., Page]) -> None:
    page = open_page("/login")
    page.evaluate("document.body.append(document.createElement('button'))")
    assert "button-name" in {each["id"] for each in violations(page)}

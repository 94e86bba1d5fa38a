"""A handheld tells where it is while its officer is on duty, and what it noted without signal
later."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser import HANDHELD
from tests.waiting import until

HERE = {"longitude": 118.405, "latitude": 29.135}


def officers(desk: Page) -> list[dict[str, Any]]:
    """The county's officers as the command room has them."""
    return desk.request.get("/api/v1/force/officers?limit=500").json()["items"]


def test_positions_on_duty_and_after_the_valley(
    open_page: Callable[..., Page], sign_in: Callable[[Page, str], Page]
) -> None:
    desk = sign_in(open_page("/login"), "command")
    desk.wait_for_url("**/command")
    on_duty = next(each for each in officers(desk) if each["on_duty"] and not each["absent"])
    number = on_duty["username"]
    handheld = open_page("/login", viewport=HANDHELD, geolocation=HERE, permissions=["geolocation"])
    sign_in(handheld, number)
    expect(handheld.get_by_test_id("link-state")).to_have_attribute("data-state", "live")

    def stands() -> tuple[float, float]:
        (officer,) = (each for each in officers(desk) if each["username"] == number)
        position = officer["position"] or {"lon": 0.0, "lat": 0.0}
        return position["lon"], position["lat"]

    until(lambda: stands() == (HERE["longitude"], HERE["latitude"]), within=60)

    handheld.context.set_offline(True)
    expect(handheld.get_by_test_id("link-state")).to_have_attribute("data-state", "offline")
    steps = itertools.count(1)

    def walk() -> None:
        handheld.context.set_geolocation(HERE | {"longitude": 118.405 + 0.001 * next(steps)})

    walk()
    handheld.context.set_offline(False)

    def moved() -> bool:
        # A note is made every ten seconds on the way.
        walk()
        return stands()[0] > HERE["longitude"]

    until(moved, within=60)

"""The pictures of the figures and of the wall, at a desk's size and on a large screen."""

from __future__ import annotations

from playwright.sync_api import expect

from docs.pictures_calls import Scene
from docs.studio import LARGE, PictureSet, Studio, drawn
from tests.browser import DESKTOP

SMALL_WALL = {"width": 1920, "height": 1080}


def take(studio: Studio, _calls: Scene) -> None:
    """Take the pictures of one look."""
    for size, viewport in (("", DESKTOP), ("-large", LARGE)):
        subjects = [f"figures-{view}{size}" for view in ("day", "intervals")]
        if studio.wants(*subjects):
            with studio.desk("/figures", viewport=viewport) as page:
                expect(page.get_by_test_id("figure-received")).to_be_visible()
                studio.shoot(page, subjects[0])
                page.get_by_test_id("view-intervals").click()
                expect(page.get_by_test_id("group-all")).to_be_visible()
                studio.shoot(page, subjects[1])
    for size, viewport in (("", SMALL_WALL), ("-large", LARGE)):
        if studio.wants(f"wall{size}"):
            with studio.desk("/wall", viewport=viewport) as page:
                drawn(page, "wall-map")
                expect(page.get_by_test_id("wall-queue")).to_be_visible()
                studio.shoot(page, f"wall{size}")


PICTURES = PictureSet(
    (
        "figures-day",
        "figures-intervals",
        "figures-day-large",
        "figures-intervals-large",
        "wall",
        "wall-large",
    ),
    take,
)

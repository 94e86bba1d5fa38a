"""The pictures of the gazetteer: a place found by syllables and initials, and its entry."""

from __future__ import annotations

from playwright.sync_api import expect

from docs.pictures_calls import Scene
from docs.studio import PictureSet, Studio, drawn


def take(studio: Studio, _calls: Scene) -> None:
    """Take the picture of one look."""
    with studio.desk("/settings/places", "gis") as page:
        page.get_by_test_id("places-search").fill("fengyt")
        first = page.get_by_test_id("places").get_by_role("button").first
        expect(first).to_contain_text("丰盈坦村")
        first.click()
        expect(page.get_by_test_id("place-form")).to_be_visible()
        drawn(page, "places-map")
        studio.shoot(page, "places")


PICTURES = PictureSet(("places",), take)

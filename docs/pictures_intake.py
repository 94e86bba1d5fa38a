"""The pictures of a call being taken: the place being found, and the form before it is sent."""

from __future__ import annotations

from playwright.sync_api import expect

from docs.pictures_calls import Scene
from docs.studio import PictureSet, Studio, drawn

#: A village of the demo county by its initials, as the caller is heard.
HEARD = "dsc"


def take(studio: Studio, _calls: Scene) -> None:
    """Take the pictures of one look; none of the calls is sent."""
    with studio.desk("/command") as page:
        drawn(page)
        page.keyboard.press("n")
        expect(page.get_by_test_id("intake-place")).to_be_focused()
        page.keyboard.type(HEARD)
        options = page.get_by_test_id("intake-options").get_by_role("option")
        expect(options).not_to_have_count(0)
        studio.shoot(page, "intake")
        page.keyboard.press("Enter")
        page.keyboard.press("4")
        expect(page.get_by_test_id("report-description")).to_be_focused()
        page.keyboard.type("两家因宅基地争吵，约十人围观。")
        expect(page.get_by_test_id("preview-who")).to_be_visible()
        studio.shoot(page, "report")
        page.keyboard.press("Alt+n")
        page.keyboard.type("118.4147, 29.1366")
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("intake-crs")).to_be_focused()
        studio.shoot(page, "intake-held")


PICTURES = PictureSet(("intake", "report", "intake-held"), take)

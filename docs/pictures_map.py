"""The pictures of the command map: layers, heat, the map alone, and playback."""

from __future__ import annotations

from playwright.sync_api import Page

from docs.pictures_calls import Scene
from docs.studio import LARGE, PictureSet, Studio, drawn

_PURPOSE = {"zh-CN": "复盘昨夜警情", "en": "review of last night"}


def take(studio: Studio, _calls: Scene) -> None:
    """Take the pictures of one look."""
    with studio.desk("/command") as page:
        drawn(page)
        _colour_by_load(page)
        studio.shoot(page, "map-load")
        page.get_by_test_id("layers").click()
        page.get_by_test_id("cells-category").check()
        page.keyboard.press("Escape")
        studio.shoot(page, "map-category")
        page.get_by_test_id("layers").click()
        page.get_by_test_id("cells-station").check()
        page.get_by_test_id("show-heat").check()
        page.keyboard.press("Escape")
        studio.shoot(page, "map-heat")
    if studio.wants("map-alone"):
        with studio.desk("/map", viewport=LARGE) as page:
            drawn(page)
            studio.shoot(page, "map-alone")
    with studio.desk("/playback") as page:
        _play(page, _PURPOSE[studio.look.locale])
        studio.shoot(page, "playback")


def _colour_by_load(page: Page) -> None:
    """Colour the cells by the calls of a month."""
    page.get_by_test_id("layers").click()
    page.get_by_test_id("cells-load").check()
    page.get_by_test_id("load-basis").select_option("calls")
    page.get_by_test_id("load-days").select_option("30")
    page.keyboard.press("Escape")


def _play(page: Page, purpose: str) -> None:
    drawn(page, "playback-map")
    page.get_by_test_id("last-24").click()
    page.get_by_test_id("playback-positions").check()
    page.get_by_test_id("playback-purpose").fill(purpose)
    page.get_by_test_id("playback-open").click()
    page.get_by_test_id("moment").press("End")


PICTURES = PictureSet(("map-load", "map-category", "map-heat", "map-alone", "playback"), take)

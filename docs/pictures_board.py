"""The pictures of the board: its queues with marked tasks, and the command line."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from docs.pictures_calls import Scene
from docs.studio import PictureSet, Studio, drawn


def take(studio: Studio, _calls: Scene) -> None:
    """Take the pictures of one look."""
    with studio.desk("/command") as page:
        drawn(page)
        items = page.get_by_test_id(re.compile(r"^queue-item-\d+$"))
        items.first.focus()
        for key in ("j", " ", "j", " "):
            page.keyboard.press(key)
        expect(page.get_by_test_id("bulk")).to_be_visible()
        studio.shoot(page, "board")
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        page.get_by_test_id("line-input").fill("assign 1")
        expect(page.get_by_test_id("line-offered")).to_be_visible()
        studio.shoot(page, "board-line")


PICTURES = PictureSet(("board", "board-line"), take)

"""The pictures of the board: its queues with an alarm, and the command line.

`pictures.py` takes them among the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

Shoot = Callable[[Page, str], None]


def take(page: Page, name: str, shoot: Shoot) -> None:
    """Take the pictures on a desktop's command page where somebody is signed in."""
    items = page.get_by_test_id(re.compile(r"^queue-item-\d+$"))
    items.first.focus()
    for key in ("j", " ", "j", " "):
        page.keyboard.press(key)
    expect(page.get_by_test_id("bulk")).to_be_visible()
    shoot(page, f"board-{name}")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.get_by_test_id("line-input").fill("assign 1")
    expect(page.get_by_test_id("line-offered")).to_be_visible()
    shoot(page, f"board-line-{name}")
    page.keyboard.press("Escape")

"""The pictures of a call being taken: the place being found, and the form before it is sent.

`pictures.py` takes them among the others, on the command page; none of the calls is sent.
"""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

Shoot = Callable[[Page, str], None]

#: A village of the demo county by its initials, as the caller is heard.
HEARD = "dsc"


def take(page: Page, name: str, shoot: Shoot) -> None:
    """Take the pictures of one language and theme, and discard the calls."""
    page.keyboard.press("n")
    expect(page.get_by_test_id("intake-place")).to_be_focused()
    page.keyboard.type(HEARD)
    options = page.get_by_test_id("intake-options").get_by_role("option")
    expect(options).not_to_have_count(0)
    shoot(page, f"intake-{name}")
    page.keyboard.press("Enter")
    page.keyboard.press("4")
    expect(page.get_by_test_id("report-description")).to_be_focused()
    page.keyboard.type("两家因宅基地争吵，约十人围观。")
    expect(page.get_by_test_id("preview-who")).to_be_visible()
    shoot(page, f"report-{name}")
    page.keyboard.press("Alt+n")
    page.keyboard.type("118.4147, 29.1366")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("intake-crs")).to_be_focused()
    shoot(page, f"intake-held-{name}")
    for _call in range(2):
        for _certainty in range(2):
            page.get_by_test_id("intake-discard").click()
        page.keyboard.press("Alt+j")
    expect(page.get_by_test_id("report-panel")).to_have_count(0)

"""The pictures of the command page and of the pages about duty and tables."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from docs.pictures_calls import Scene
from docs.studio import LARGE, PictureSet, Studio, drawn

#: The one among the calls whose drawer is shown: the officer is at the scene.
_SHOWN = 4


def take(studio: Studio, scene: Scene) -> None:
    """Take the pictures of one look."""
    with studio.opened(LARGE) as page:
        page.goto("/login")
        studio.shoot(page, "login")
    if studio.wants("command-large"):
        with studio.desk("/command", viewport=LARGE) as page:
            drawn(page)
            studio.shoot(page, "command-large")
    with studio.desk("/command") as page:
        drawn(page)
        studio.shoot(page, "command")
        _task(studio, page, scene.tasks[_SHOWN])
        _mobilise(studio, page)
        page.get_by_test_id("to-duty").click()
        expect(page.locator('[data-testid^="shift-"][title]').first).to_be_visible()
        page.get_by_test_id("void-toggle").click(force=True)
        studio.shoot(page, "duty")
        page.get_by_test_id("more-pages").click()
        page.get_by_test_id("to-tables").click()
        expect(page.get_by_test_id("row-bureau/criminal")).to_be_visible()
        studio.shoot(page, "tables")


def _task(studio: Studio, page: Page, task: int) -> None:
    page.get_by_test_id(f"queue-item-{task}").click()
    expect(page.get_by_test_id("task-drawer")).to_be_visible()
    drawn(page)
    studio.shoot(page, "task")
    page.get_by_test_id("explain").click()
    expect(page.get_by_test_id("explanation")).to_be_visible()
    studio.shoot(page, "decision")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")


def _mobilise(studio: Studio, page: Page) -> None:
    page.get_by_test_id("account").click()
    page.get_by_test_id("mobilise").click()
    page.get_by_test_id("mobilise-why").fill("山火扑救")
    page.get_by_test_id("mobilise-by").fill("值班局长")
    studio.shoot(page, "mobilise")
    page.keyboard.press("Escape")


PICTURES = PictureSet(
    ("login", "command", "command-large", "task", "decision", "mobilise", "duty", "tables"),
    take,
)

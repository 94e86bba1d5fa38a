"""The pictures of the handheld: the tasks, one of them, the map, the duty, a report."""

from __future__ import annotations

from playwright.sync_api import expect

from docs.pictures_calls import Scene
from docs.studio import PictureSet, Studio, drawn
from tests.browser import HANDHELD


def take(studio: Studio, scene: Scene) -> None:
    """Take the pictures of one look."""
    with studio.opened(HANDHELD, device_scale_factor=2) as page:
        page.goto("/login")
        studio.shoot(page, "login-handheld")
    _pages(studio, scene)
    _report(studio, scene)


def _pages(studio: Studio, scene: Scene) -> None:
    with studio.handheld(scene.officer) as page:
        row = page.get_by_test_id(f"task-{scene.officers_task}")
        expect(row).to_be_visible()
        studio.shoot(page, "handheld-tasks")
        row.click()
        drawn(page)
        studio.shoot(page, "handheld-task")
        page.get_by_test_id("back").click()
        page.get_by_test_id("tab-map").click()
        drawn(page)
        studio.shoot(page, "handheld-map")
        page.get_by_test_id("tab-duty").click()
        expect(page.get_by_test_id("duty-now")).to_be_visible()
        studio.shoot(page, "handheld-duty")
        page.get_by_test_id("offer").first.click()
        studio.shoot(page, "handheld-swap")
        page.get_by_test_id("swap-sheet").get_by_role("button").first.click()
        page.get_by_test_id("tab-me").click()
        studio.shoot(page, "handheld-me")


def _report(studio: Studio, scene: Scene) -> None:
    with studio.handheld(scene.reporter) as page:
        page.get_by_test_id(f"task-{scene.reporters_task}").click()
        page.get_by_test_id("verb-report").click()
        page.get_by_test_id("report-outcome-resolved").click()
        page.get_by_test_id("report-text").fill("现场已勘查，嫌疑人一名已带回派出所。")
        page.get_by_test_id("report-suspects").fill("1")
        page.get_by_test_id("report-offences").fill("1")
        studio.shoot(page, "handheld-report")


PICTURES = PictureSet(
    (
        "login-handheld",
        "handheld-tasks",
        "handheld-task",
        "handheld-map",
        "handheld-duty",
        "handheld-swap",
        "handheld-me",
        "handheld-report",
    ),
    take,
)

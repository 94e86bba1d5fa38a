"""A call taken by the keyboard alone, and calls that a reload doesn't lose."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.axe import assert_accessible
from tests.browser import PATIENCE
from tests.e2e.workshop import csrf
from tests.waiting import until

#: Dushan village, by its cell.
CODE, VILLAGE = "115231", "独山村"


@pytest.fixture
def room(open_page: Callable[..., Page], sign_in: Callable[[Page, str], Page]) -> Page:
    page = sign_in(open_page("/login"), "command")
    expect(page.get_by_test_id("link-state")).to_have_attribute("data-state", "live")
    return page


def find_village(page: Page) -> None:
    """Begin a call by a key, and find the village by its cell's code."""
    page.keyboard.press("n")
    expect(page.get_by_test_id("intake-place")).to_be_focused()
    page.keyboard.type(CODE)
    first = page.get_by_test_id("intake-options").get_by_role("option").first
    expect(first).to_contain_text(VILLAGE)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("preview-cell")).to_contain_text(VILLAGE)


def take_dispute(page: Page, words: str) -> None:
    """Take a call about a dispute up to where it would be sent."""
    find_village(page)
    page.keyboard.press("4")
    expect(page.get_by_test_id("report-description")).to_be_focused()
    page.keyboard.type(words)
    expect(page.get_by_test_id("preview-because")).not_to_be_empty()


def sent(page: Page) -> int:
    """Send the call by its key, and return its task."""
    page.keyboard.press("Control+Enter")
    return sent_to(page)


def sent_to(page: Page) -> int:
    """Return the task that is shown after a call was sent."""
    expect(page.get_by_test_id("task-drawer")).to_be_visible()
    expect(page).to_have_url(re.compile(r"task=\d+"))
    return int(re.findall(r"task=(\d+)", page.url)[0])


def kept_calls(page: Page) -> str | None:
    """Return what this browser tab keeps of the calls being taken."""
    return page.evaluate("sessionStorage.getItem('gridserver.calls')")


def test_two_calls_by_the_keyboard_alone(room: Page) -> None:
    take_dispute(room, "两家因宅基地争吵")
    room.keyboard.press("Alt+1")
    room.keyboard.press("Alt+r")
    room.keyboard.type("150")
    assert_accessible(room)
    first = sent(room)
    room.keyboard.press("Escape")
    take_dispute(room, "又来电，称已动手")
    expect(room.get_by_test_id("preview-related")).to_be_visible()
    room.keyboard.press("Alt+s")
    expect(room.get_by_test_id("report-panel")).to_contain_text("不另派警")
    room.keyboard.press("Control+Enter")
    expect(room.get_by_test_id("report-panel")).to_have_count(0)
    # Nobody else is sent, so the board shows the one that answers for both.
    assert sent_to(room) == first
    expect(room.get_by_test_id("related")).to_contain_text("重复报警")
    task = room.request.get(f"/api/v1/tasks/{first}").json()
    incident = room.request.get(f"/api/v1/incidents/{task['incident']['id']}").json()
    assert (incident["priority"], incident["accuracy_m"]) == (1, 150)
    assert incident["raw"]["crs"] == "EPSG:4326"
    assert VILLAGE in incident["address"]
    body = {"id": f"00000000-0000-4000-8000-{first:012d}", "verb": "cancel"}
    body |= {"data": {"reason": "演练"}}
    assert room.request.post(f"/api/v1/tasks/{first}/commands", headers=csrf(room), data=body).ok


def test_calls_outlive_a_reload_and_one_waits_for_the_other(room: Page) -> None:
    take_dispute(room, "双方对峙")
    room.keyboard.press("Alt+n")
    expect(room.get_by_test_id("held-call")).to_contain_text(VILLAGE)
    expect(room.get_by_test_id("intake-place")).to_be_focused()
    expect(room.get_by_test_id("intake-place")).to_have_value("")
    # Coordinates are taken in nothing that wasn't said.
    room.keyboard.type("118.4147, 29.1366")
    room.keyboard.press("Enter")
    expect(room.get_by_test_id("intake-crs")).to_be_focused()
    room.get_by_test_id("intake-crs").select_option("gcj02")
    room.keyboard.press("Enter")
    expect(room.get_by_test_id("preview-cell")).to_contain_text("118.40")
    kept = until(lambda: kept_calls(room), within=PATIENCE)
    assert "对峙" not in kept, "what is kept is sealed"
    room.reload()
    panel = room.get_by_test_id("report-panel")
    expect(panel.get_by_test_id("intake-place")).to_have_value("118.4147, 29.1366")
    room.keyboard.press("Alt+j")
    expect(panel.get_by_test_id("report-description")).to_have_value("双方对峙")
    expect(panel.get_by_test_id("report-category-dispute")).to_be_visible()
    for _call in range(2):
        panel.get_by_test_id("intake-discard").click()
        panel.get_by_test_id("intake-discard").click()
        room.keyboard.press("Alt+j")
    expect(panel).to_have_count(0)
    expect(room.get_by_test_id("held-call")).to_have_count(0)
    until(lambda: kept_calls(room) is None, within=PATIENCE)

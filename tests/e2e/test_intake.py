"""A call taken by the keyboard alone, and calls that a reload doesn't lose."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.axe import assert_accessible
from tests.browser import PATIENCE
from tests.e2e.desk import Village
from tests.e2e.handhelds import CommandRoom
from tests.waiting import until

#: Of villages: each try of a test that reports takes another.
CELLS = ("330824115231001", "330824106200001", "330824108200001")


@pytest.fixture
def room(open_page: Callable[..., Page], sign_in: Callable[[Page, str], Page]) -> Page:
    page = sign_in(open_page("/login"), "command")
    expect(page.get_by_test_id("link-state")).to_have_attribute("data-state", "live")
    return page


@pytest.fixture
def village(served: str) -> Village:
    """A village that nobody called about lately: even a call that was cancelled stays among those
    that another may be about."""
    room = CommandRoom(served)
    for code in CELLS:
        (cell,) = room.get(f"/grid/cells?code={code}")["items"]
        place = {"category": "dispute", "lon": cell["lon"], "lat": cell["lat"]}
        if not room.post("/incidents/preview", place)["related"]:
            return Village(cell["name"], code, cell["lon"], cell["lat"])
    raise AssertionError("there is no such village")


@pytest.fixture
def calls_cancelled(served: str) -> Iterator[None]:
    """Cancel what was sent, whether the test passed or failed."""
    room = CommandRoom(served)

    def cancel(task: dict[str, Any]) -> None:
        said = {"id": str(uuid.uuid4()), "verb": "cancel", "data": {"reason": "演练"}}
        room.post(f"/tasks/{task['id']}/commands", said)

    with room.undone("/tasks", cancel):
        yield


def find(page: Page, village: Village) -> None:
    """Begin a call by a key, and find the village by its cell's code."""
    page.keyboard.press("n")
    expect(page.get_by_test_id("intake-place")).to_be_focused()
    page.keyboard.type(village.said("code"))
    first = page.get_by_test_id("intake-options").get_by_role("option").first
    expect(first).to_contain_text(village.name)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("preview-cell")).to_contain_text(village.name)


def take_dispute(page: Page, village: Village, words: str) -> None:
    """Take a call about a dispute up to where it would be sent."""
    find(page, village)
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


@pytest.mark.usefixtures("calls_cancelled")
def test_two_calls_by_the_keyboard_alone(room: Page, village: Village) -> None:
    take_dispute(room, village, "两家因宅基地争吵")
    room.keyboard.press("Alt+1")
    room.keyboard.press("Alt+r")
    room.keyboard.type("150")
    assert_accessible(room)
    first = sent(room)
    room.keyboard.press("Escape")
    take_dispute(room, village, "又来电，称已动手")
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
    assert village.name in incident["address"]


def test_calls_outlive_a_reload_and_one_waits_for_the_other(room: Page, village: Village) -> None:
    take_dispute(room, village, "双方对峙")
    room.keyboard.press("Alt+n")
    expect(room.get_by_test_id("held-call")).to_contain_text(village.name)
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

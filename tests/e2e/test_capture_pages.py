"""What an officer sees without signal reaches who decides on it; a photo of a report, the desk."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely
from playwright.sync_api import Locator, Page, expect
from shapely.geometry import Point, shape

from tests.browser import HANDHELD, PATIENCE
from tests.e2e.handhelds import CELLS, CommandRoom
from tests.photos import photo
from tests.waiting import until

OFFICER = "330824001"
OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], Page]


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo as a camera gives it: larger than what is sent."""
    file = tmp_path_factory.mktemp("camera") / "IMG_0001.jpg"
    file.write_bytes(photo(side=2_000).content)
    return file


@pytest.fixture(scope="module")
def another_picture(picture: Path) -> Path:
    file = picture.with_name("IMG_0002.jpg")
    file.write_bytes(photo(1, side=2_000).content)
    return file


@pytest.fixture
def spot() -> dict[str, float]:
    """Where the officer stands: in the middle of a large cell."""
    features = json.loads(CELLS.read_text("utf-8"))["features"]
    cell = max((shape(feature["geometry"]) for feature in features), key=lambda each: each.area)
    inside = Point(shapely.maximum_inscribed_circle(cell).coords[0])
    return {"longitude": inside.x, "latitude": inside.y, "accuracy": 12}


@pytest.fixture
def officer(open_page: OpenPage, sign_in: SignIn, spot: dict[str, float]) -> Page:
    options: dict[str, Any] = {"geolocation": spot, "permissions": ["geolocation"]}
    page = sign_in(open_page("/login", viewport=HANDHELD, locale="en", **options), OFFICER)
    expect(page.get_by_test_id("tab-tasks")).to_be_visible()
    return page


def write(page: Page, kind: str, name: str, text: str, picture: Path) -> None:
    page.get_by_test_id(f"capture-kind-{kind}").click()
    page.get_by_test_id("photo-input").set_input_files(picture)
    expect(page.get_by_test_id("photo").locator("img")).to_be_visible()
    expect(page.get_by_test_id("capture-place")).to_contain_text("12 m")
    page.get_by_test_id("capture-name").fill(name)
    page.get_by_test_id("capture-text").fill(text)
    page.get_by_test_id("capture-send").click()


def is_drawn(picture: Locator) -> bool:
    """Say whether the picture came, and as large as it was sent."""
    expect(picture).to_be_visible()
    picture.scroll_into_view_if_needed()
    side = "image => Math.max(image.naturalWidth, image.naturalHeight)"
    return until(lambda: picture.evaluate(side), within=PATIENCE) == 1600


def test_a_photo_taken_offline_reaches_who_decides(
    officer: Page, open_page: OpenPage, sign_in: SignIn, picture: Path
) -> None:
    officer.get_by_test_id("to-capture").click()
    expect(officer.get_by_test_id("capture-map")).to_have_attribute("data-ready", "true")
    officer.context.set_offline(True)
    name = f"Square {uuid.uuid4().hex[:6]}"
    write(officer, "place", name, "Opened this week.", picture)
    waiting = officer.get_by_test_id("capture-waiting")
    expect(waiting).to_have_attribute("data-status", "queued")
    expect(officer.get_by_test_id("photos-sending")).to_contain_text("Waiting to be sent")

    officer.context.set_offline(False)
    known = officer.get_by_test_id("capture-known").filter(has_text=name)
    expect(known).to_have_attribute("data-state", "proposed")
    expect(officer.get_by_test_id("photos-sending")).to_be_hidden()

    decider = sign_in(open_page("/captures", locale="en"), "gis")
    decider.get_by_role("button", name=name).click()
    detail = decider.get_by_test_id("capture-detail")
    expect(detail).to_contain_text(name)
    assert is_drawn(detail.get_by_test_id("photos").locator("img"))
    detail.get_by_test_id("capture-decline").click()
    decider.get_by_test_id("decline-reason").fill("It is on the map already.")
    decider.get_by_test_id("confirm").click()
    expect(known).to_have_attribute("data-state", "declined")
    expect(known).to_contain_text("It is on the map already.")


def test_a_hazard_becomes_a_task_and_its_report_has_a_photo(
    served: str,
    officer: Page,
    open_page: OpenPage,
    sign_in: SignIn,
    picture: Path,
    another_picture: Path,
) -> None:
    officer.get_by_test_id("to-capture").click()
    what = f"Rocks on the road, {uuid.uuid4().hex[:6]}."
    write(officer, "hazard", "", what, picture)
    known = officer.get_by_test_id("capture-known").filter(has_text=what)
    expect(known).to_have_attribute("data-state", "became_task")
    api = CommandRoom(served)
    captures = api.get("/captures?state=all")["items"]
    (task_id,) = (each["task"] for each in captures if each["text"] == what)
    holder = api.get(f"/tasks/{task_id}")["assignee"]["username"]

    room = sign_in(open_page(f"/login?to=/command%3Ftask={task_id}", locale="en"), "command")
    drawer = room.get_by_test_id("task-drawer")
    expect(drawer).to_contain_text(what)
    assert is_drawn(drawer.get_by_test_id("photos").locator("img").first)

    hand = sign_in(open_page("/login", viewport=HANDHELD, locale="en"), holder)
    hand.get_by_test_id(f"task-{task_id}").click()
    for verb in ("sign", "depart", "arrive", "report"):
        hand.get_by_test_id(f"verb-{verb}").click()
    hand.get_by_test_id("report-outcome-resolved").click()
    hand.get_by_test_id("report-text").fill("Cleared.")
    hand.get_by_test_id("photo-input").set_input_files(another_picture)
    expect(hand.get_by_test_id("photo").locator("img")).to_be_visible()
    hand.get_by_test_id("confirm").click()
    expect(drawer).to_contain_text("Cleared.")
    expect(drawer.get_by_test_id("photos").locator('[data-state="complete"]')).to_have_count(2)

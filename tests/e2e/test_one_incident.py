"""The main job in two browsers: from a click on the map to a closed task."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import requests
import shapely
from playwright.sync_api import Locator, Page, expect
from shapely.geometry import shape

from tests.browser import HANDHELD, PATIENCE
from tests.e2e.board import row_of
from tests.e2e.handhelds import CELLS
from tests.e2e.serving import PASSWORD
from tests.waiting import until


@dataclass(frozen=True)
class Spot:
    """A place, and the officer who is told first."""

    lon: float
    lat: float
    cell: str
    officer: str
    officer_shown_as: str


@pytest.fixture(scope="module")
def spots(served: str) -> Iterator[Spot]:
    """Places in large cells (easy to hit with a click), for each of which another officer is told
    first: by day the cell's own, at night one of the duty group."""
    api = requests.Session()
    body = {"username": "command", "password": PASSWORD}
    token = api.post(f"{served}/api/v1/sessions", json=body, timeout=PATIENCE).json()["token"]
    api.headers["Authorization"] = f"Bearer {token}"
    return _spots(api, served)


def _spots(api: requests.Session, served: str) -> Iterator[Spot]:
    features = json.loads(CELLS.read_text(encoding="utf-8"))["features"]
    polygons = [(f["properties"]["code"], shape(f["geometry"])) for f in features]
    used = set()
    for code, polygon in sorted(polygons, key=lambda item: -item[1].area):
        # Far from the boundary, so that a pixel's width doesn't matter; not at the very middle,
        # where others report, whose pin no zoom would take off the place.
        from_middle = shapely.maximum_inscribed_circle(polygon)
        inside = from_middle.interpolate(0.3, normalized=True)
        body = {"category": "dispute", "lon": inside.x, "lat": inside.y}
        answer = api.post(f"{served}/api/v1/incidents/preview", json=body, timeout=PATIENCE).json()
        first = answer["decision"][0]
        if first["who"]["kind"] == "officer" and first["who"]["username"] not in used:
            used.add(first["who"]["username"])
            who = first["who"]
            yield Spot(inside.x, inside.y, code, who["username"], who["display_name"])


@pytest.fixture
def dispatcher(open_page: Callable[..., Page], sign_in: Callable[[Page, str], Page]) -> Page:
    page = sign_in(open_page("/login"), "command")
    expect(page.get_by_test_id("map")).to_have_attribute("data-ready", "true")
    # From then on it knows what is open, and draws it.
    expect(page.get_by_test_id("link-state")).to_have_attribute("data-state", "live")
    return page


@pytest.fixture
def handheld(
    open_page: Callable[..., Page], sign_in: Callable[[Page, str], Page]
) -> Callable[[str], Page]:
    def handheld(username: str) -> Page:
        page = sign_in(open_page("/login", viewport=HANDHELD), username)
        expect(page).to_have_url(re.compile("/terminal"))
        expect(page.get_by_test_id("tab-tasks")).to_be_visible()
        return page

    return handheld


def click_place(page: Page, spot: Spot) -> Locator:
    """Click on the map where the place is, and return the form it opens; come closer first while
    another incident lies there, whose pin such a click would choose."""
    panel = page.get_by_test_id("report-panel")
    for _ in range(12):
        point_at(page, spot)
        if not is_covered(page.get_by_test_id("map"), spot):
            click_here(page, spot)
            if panel.is_visible():
                return panel
        come_closer(page, spot)
    raise AssertionError(f"no click on {spot} opened the form")


def click_here(page: Page, spot: Spot) -> None:
    """Click by a real mouse click, and wait for what comes of it. A pin that was drawn between the
    look and the click opens that incident's drawer, which is closed again, and a cluster brings
    the map closer."""
    panel, drawer = page.get_by_test_id("report-panel"), page.get_by_test_id("task-drawer")
    width = width_of_hundredth(page, spot)
    page.mouse.down()
    page.mouse.up()
    until(
        lambda: (
            panel.is_visible()
            or drawer.is_visible()
            or width_of_hundredth(page, spot) > width * 1.01
        ),
        within=PATIENCE,
    )
    if drawer.is_visible():
        drawer.get_by_role("button", name="关闭").click()
        expect(drawer).to_have_count(0)


def point_at(page: Page, spot: Spot) -> None:
    box = page.get_by_test_id("map").bounding_box()
    assert box is not None
    x, y = on_screen(page, spot.lon, spot.lat)
    page.mouse.move(box["x"] + x, box["y"] + y)


def come_closer(page: Page, spot: Spot) -> None:
    """Turn the wheel above the place, and wait until the map lies still."""
    before = width_of_hundredth(page, spot)
    page.mouse.wheel(0, -400)
    until(lambda: width_of_hundredth(page, spot) > before * 1.2, within=PATIENCE)
    expect(page.get_by_test_id("map")).not_to_have_attribute("data-moving", "true")


def width_of_hundredth(page: Page, spot: Spot) -> float:
    """How many pixels a hundredth of a degree is wide."""
    (west, _), (east, _) = (on_screen(page, spot.lon + by, spot.lat) for by in (0, 0.01))
    return east - west


def on_screen(page: Page, lon: float, lat: float) -> tuple[float, float]:
    at = page.get_by_test_id("map").evaluate(
        "(map, [lng, lat]) => map.gridserverProject(lng, lat)", [lon, lat]
    )
    return at["x"], at["y"]


def is_covered(shown: Locator, spot: Spot) -> bool:
    layers = shown.evaluate(
        "(map, [lng, lat]) => map.gridserverLayersAt(lng, lat)", [spot.lon, spot.lat]
    )
    return not {"chosen", "tasks", "clusters"}.isdisjoint(layers)


def report(page: Page, spot: Spot) -> int:
    """Report a dispute at the place and return the task's id."""
    sent: list[str] = []
    page.on("request", lambda each: each.url.endswith("/incidents") and sent.append(each.url))
    panel = click_place(page, spot)
    panel.get_by_test_id("report-category-dispute").click()
    # Who gets it and why is shown before anything is sent.
    expect(panel.get_by_test_id("preview-who")).to_contain_text(spot.officer_shown_as)
    expect(panel.get_by_test_id("preview-because")).not_to_be_empty()
    assert not sent
    with page.expect_response("**/api/v1/incidents") as answer:
        panel.get_by_test_id("report-send").click()
    assert answer.value.status == 201
    task_id = answer.value.json()["task"]["id"]
    row_of(page, task_id)
    return task_id


def state_of(where: Locator) -> Locator:
    return where.get_by_test_id("task-state").first


def do_the_work(officer: Page, dispatcher: Page, task_id: int) -> None:
    """Sign, depart, arrive and report; the dispatcher sees each step as it happens."""
    officer.get_by_test_id(f"task-{task_id}").click()
    expect(officer.get_by_test_id("because")).not_to_be_empty()
    row_of(dispatcher, task_id).click()
    drawer = dispatcher.get_by_test_id("task-drawer")
    for verb, state in (("sign", "signed"), ("depart", "en_route"), ("arrive", "on_scene")):
        officer.get_by_test_id(f"verb-{verb}").click()
        expect(state_of(officer.locator("body"))).to_have_attribute("data-state", state)
        expect(state_of(drawer)).to_have_attribute("data-state", state)
    officer.get_by_test_id("verb-report").click()
    officer.get_by_test_id("report-outcome-resolved").click()
    officer.get_by_test_id("report-text").fill("双方已和解。")
    for what, number in (("suspects", 1), ("offences", 1), ("persons_helped", 2)):
        officer.get_by_test_id(f"report-{what}").fill(str(number))
    officer.get_by_test_id("confirm").click()
    expect(state_of(drawer)).to_have_attribute("data-state", "reported")
    expect(drawer).to_contain_text("双方已和解。")
    expect(drawer.get_by_test_id("counts")).to_have_text("嫌疑人 1 名 · 案件 1 起 · 救助 2 人")
    dispatcher.get_by_test_id("verb-close").click()
    expect(state_of(drawer)).to_have_attribute("data-state", "closed")


def test_from_a_click_on_the_map_to_closed(
    dispatcher: Page, handheld: Callable[[str], Page], spots: Iterator[Spot]
) -> None:
    spot = next(spots)
    officer = handheld(spot.officer)
    task_id = report(dispatcher, spot)
    expect(
        officer.get_by_test_id("tasks-to-sign").get_by_test_id(f"task-{task_id}")
    ).to_be_visible()
    do_the_work(officer, dispatcher, task_id)
    officer.get_by_test_id("back").click()
    expect(officer.get_by_test_id("tasks-done").get_by_test_id(f"task-{task_id}")).to_be_visible()


def test_an_officer_who_was_offline_gets_it_later(
    dispatcher: Page, handheld: Callable[[str], Page], spots: Iterator[Spot]
) -> None:
    spot = next(spots)
    officer = handheld(spot.officer)
    link = officer.get_by_test_id("link-state")
    expect(link).to_have_attribute("data-state", "live")
    officer.context.set_offline(True)
    expect(link).not_to_have_attribute("data-state", "live")
    task_id = report(dispatcher, spot)
    expect(officer.get_by_test_id(f"task-{task_id}")).to_have_count(0)
    officer.context.set_offline(False)
    expect(officer.get_by_test_id(f"task-{task_id}")).to_be_visible()
    do_the_work(officer, dispatcher, task_id)

"""A GIS admin redraws a real boundary of the county by hand, and takes it back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

Place = tuple[float, float]

#: Where no panel lies over the map of a desktop.
OPEN_MAP = {"left": 450, "right": 980, "top": 150, "bottom": 750}
ABOUT_A_METRE = 0.00001
CLOSE_PX_PER_METRE = 0.25


def test_a_boundary_is_dragged_for_both_neighbours_and_taken_back(
    open_page: Callable[..., Page], sign_in: Callable[[Page, str], Page]
) -> None:
    page = sign_in(open_page("/login", locale="en"), "gis")
    expect(page).to_have_url(re.compile("/grid$"))
    page.get_by_test_id("version-demo-1").click()
    page.get_by_test_id("copy").click()
    page.get_by_test_id("copy-name").fill("redrawn")
    page.get_by_test_id("confirm").click()
    revision = page.get_by_test_id("revision")
    expect(revision).to_have_attribute("data-revision", "1")
    before = topology(page, "redrawn")
    arc, vertex = boundary_in_the_open(page, before)

    place = tuple(before["arcs"][arc][vertex])
    come_closer(page, place)
    page.mouse.click(*on_screen(page, place))
    areas = page.get_by_test_id("area-preview")
    expect(areas.locator("tbody tr")).to_have_count(2)
    expect(areas.get_by_test_id("area-change")).to_have_count(0)

    x, y = on_screen(page, place)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 9, y + 6, steps=6)
    expect(areas.get_by_test_id("area-change")).to_have_count(2)
    page.mouse.up()
    expect(revision).to_have_attribute("data-revision", "2")

    after = topology(page, "redrawn")
    moved = [i for i, line in after["arcs"].items() if line != before["arcs"][i]]
    assert moved == [arc]
    kept = [point for point in after["arcs"][arc] if point in before["arcs"][arc]]
    assert len(kept) == len(before["arcs"][arc]) - 1, "what was not moved keeps its doubles"
    changes = [
        cell["area_m2"] - before["cells"][code]["area_m2"]
        for code, cell in after["cells"].items()
        if cell["area_m2"] != before["cells"][code]["area_m2"]
    ]
    assert len(changes) == 2
    assert abs(sum(changes)) < 0.01 < max(changes), "one neighbour gains what the other loses"

    page.keyboard.press("Control+z")
    expect(revision).to_have_attribute("data-revision", "3")
    assert topology(page, "redrawn")["arcs"] == before["arcs"]
    page.keyboard.press("Control+Shift+z")
    expect(revision).to_have_attribute("data-revision", "4")
    assert topology(page, "redrawn")["arcs"] == after["arcs"]


def topology(page: Page, version: str) -> dict[str, Any]:
    answer = page.request.get(f"/api/v1/grid/versions/{version}/topology")
    assert answer.ok, answer.text()
    return answer.json()


def on_screen(page: Page, place: Place) -> tuple[float, float]:
    """Where a place of the map lies in the window."""
    page_map = page.get_by_test_id("map")
    box = page_map.bounding_box()
    assert box is not None
    at = page_map.evaluate("(map, [lon, lat]) => map.gridserverProject(lon, lat)", list(place))
    return box["x"] + at["x"], box["y"] + at["y"]


def boundary_in_the_open(page: Page, drawn: dict[str, Any]) -> tuple[str, int]:
    """An arc between two cells, and a vertex of it far from its neighbours on the arc."""
    expect(page.get_by_test_id("map")).to_have_attribute("data-ready", "true")
    sides: dict[str, set[str]] = {}
    for face_id, face in drawn["faces"].items():
        for ref in (ref for ring in face["rings"] for ref in ring):
            sides.setdefault(str(ref if ref >= 0 else ~ref), set()).add(face_id)
    found = [
        (min(distance(line[i], line[i - 1]), distance(line[i], line[i + 1])), arc, i)
        for arc, line in drawn["arcs"].items()
        if len(sides[arc]) == 2
        for i in range(1, len(line) - 1)
    ]
    for _, arc, i in sorted(found, reverse=True):
        x, y = on_screen(page, tuple(drawn["arcs"][arc][i]))
        if OPEN_MAP["left"] < x < OPEN_MAP["right"] and OPEN_MAP["top"] < y < OPEN_MAP["bottom"]:
            return arc, i
    raise AssertionError("no boundary lies in the open")


def distance(one: Place, other: Place) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def come_closer(page: Page, place: Place) -> None:
    """Turn the wheel over a place until its surroundings are wide enough for a hand."""
    page_map = page.get_by_test_id("map")
    beside = (place[0] + ABOUT_A_METRE, place[1])
    while (width := on_screen(page, beside)[0] - on_screen(page, place)[0]) < CLOSE_PX_PER_METRE:
        page.mouse.move(*on_screen(page, place))
        page.mouse.wheel(0, -300)
        page.wait_for_function(
            "([map, lon, lat, beside, width]) =>"
            " map.dataset.still === 'true' &&"
            " map.gridserverProject(beside, lat).x - map.gridserverProject(lon, lat).x > width",
            arg=[page_map.element_handle(), *place, beside[0], width * 1.05],
        )

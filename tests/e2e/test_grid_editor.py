"""A GIS admin redraws boundaries by hand: of the demo county, of a sample, and of Chicago."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import shapely
from playwright.sync_api import Page, expect
from shapely.geometry import shape

from gis import testing
from tests.e2e.workshop import (
    SignIn,
    Workshop,
    area_changes,
    between,
    copied,
    imported,
    named,
    opened,
    put_draft,
    roomy_vertex,
)

OpenPage = Callable[..., Page]
ONE_ROW = ("r01c00", "r01c01")


def test_a_boundary_is_dragged_for_both_neighbours_and_taken_back(
    open_page: OpenPage, sign_in: SignIn
) -> None:
    workshop = copied(open_page("/login", locale="en"), sign_in, named("redrawn"))
    drag_and_take_back(workshop)


def test_a_beat_of_chicago_is_redrawn(
    open_page: OpenPage, sign_in: SignIn, shared_data: Path
) -> None:
    page = sign_in(open_page("/login", locale="en"), "gis")
    beats = shared_data / "us_chicago" / "beats.geojson"
    name = named("beats")
    imported(page, beats, name, code_field="beat", merge_parts=True)
    workshop = opened(page, name)
    before = cells(workshop)
    assert len(before) == 275
    drag_and_take_back(workshop)
    after = cells(workshop)
    moved = [code for code in after if not after[code].equals_exact(before[code])]
    assert len(moved) == 2
    assert shapely.coverage_is_valid(list(after.values()))
    outline = shapely.coverage_union_all(list(before.values()))
    assert shapely.coverage_union_all(list(after.values())).equals(outline)


def drag_and_take_back(workshop: Workshop) -> None:
    """Drag a vertex in view; undo and redo it by the keyboard, to the last bit."""
    page = workshop.page
    before = workshop.topology()
    revision = before["revision"]
    arc, vertex = roomy_vertex(workshop, before)
    place = tuple(before["arcs"][arc][vertex])
    workshop.come_closer(place, px_per_metre=0.25)
    workshop.click(place)
    areas = workshop.shown("area-preview")
    expect(areas.locator("tbody tr")).to_have_count(2)
    expect(areas.get_by_test_id("area-change")).to_have_count(0)

    workshop.drag(place, 9, 12, drop=False)
    expect(areas.get_by_test_id("area-change")).to_have_count(2)
    page.mouse.up()
    workshop.expect_revision(revision + 1)
    expect(areas.get_by_test_id("area-change")).to_have_count(0)

    after = workshop.topology()
    moved = [i for i, line in after["arcs"].items() if line != before["arcs"][i]]
    assert moved == [arc]
    kept = [point for point in after["arcs"][arc] if point in before["arcs"][arc]]
    assert len(kept) == len(before["arcs"][arc]) - 1, "what was not moved keeps its doubles"
    changes = area_changes(before, after).values()
    assert len(changes) == 2
    assert abs(sum(changes)) < 0.01 < max(changes), "one neighbour gains what the other loses"

    page.keyboard.press("Control+z")
    workshop.expect_revision(revision + 2)
    assert workshop.topology()["arcs"] == before["arcs"]
    page.keyboard.press("Control+Shift+z")
    workshop.expect_revision(revision + 3)
    assert workshop.topology()["arcs"] == after["arcs"]


def cells(workshop: Workshop) -> dict[str, shapely.Geometry]:
    answer = workshop.page.request.get(f"/api/v1/grid/versions/{workshop.draft}/cells")
    features = answer.json()["features"]
    return {f["properties"]["code"]: shape(f["geometry"]) for f in features}


@pytest.fixture
def squares(open_page: OpenPage, sign_in: SignIn, tmp_path: Path) -> Workshop:
    """Nine cells with a vertex in the middle of each side, in view as a whole."""
    page = sign_in(open_page("/login", locale="en", refused={422}), "gis")
    name = named("squares")
    put_draft(page, testing.grid(vertices_per_side=2), name, tmp_path)
    return opened(page, name)


def test_points_are_put_in_taken_out_moved_and_refused(squares: Workshop) -> None:
    page, areas = squares.page, squares.shown("area-preview")
    before = squares.topology()
    arc = between(before, *ONE_ROW)
    start, middle, end = (tuple(point) for point in before["arcs"][arc])
    squares.click(middle)
    expect(areas.locator("tbody tr")).to_have_count(2)

    # A small point between two others becomes one of its own.
    halfway = ((start[0] + middle[0]) / 2, (start[1] + middle[1]) / 2)
    squares.drag(halfway, 40, 0)
    squares.expect_revision(2)
    (added,) = [p for p in squares.topology()["arcs"][arc] if p not in before["arcs"][arc]]
    squares.click(tuple(added), button="right")
    squares.expect_revision(3)
    assert squares.topology()["arcs"] == before["arcs"]

    # A point that is led back comes to rest where it was: nothing has changed.
    squares.drag(middle, 60, 0, drop=False)
    expect(areas.get_by_test_id("area-change")).to_have_count(2)
    page.mouse.move(*(at + 4 for at in squares.on_screen(middle)))
    expect(areas.get_by_test_id("area-change")).to_have_count(0)
    page.mouse.up()

    # A node takes all its boundaries along, and an undo brings the hand back, too.
    squares.drag(start, 30, 25)
    squares.expect_revision(4)
    changes = area_changes(before, squares.topology())
    assert len(changes) == 4, changes
    assert abs(sum(changes.values())) < 0.01, changes
    page.keyboard.press("Control+z")
    squares.expect_revision(5)
    assert squares.topology()["arcs"] == before["arcs"]
    expect(areas.get_by_test_id("area-change")).to_have_count(0)

    # Across the next boundary it may not go; the refusal says where.
    with page.expect_response("**/edits") as refused:
        squares.drag(middle, 300, 0)
    expect(squares.shown("refused-here")).to_be_visible()
    problem = refused.value.json()
    squares.expect_layer("draft-refused", (problem["lon"], problem["lat"]))
    squares.expect_revision(5)
    assert squares.topology()["arcs"] == before["arcs"]

    squares.shown("tool-redraw").click()
    bend = (middle[0] + (end[1] - start[1]) / 4, middle[1])
    squares.draw([start, bend, end])
    squares.expect_revision(6)
    redrawn = squares.topology()["arcs"]
    assert [i for i in redrawn if redrawn[i] != before["arcs"][i]] == [arc]
    assert redrawn[arc][0::2] == [list(start), list(end)]


def test_cells_are_split_merged_and_give_ground(squares: Workshop) -> None:
    page = squares.page
    before = squares.topology()
    row = testing.square(1, 1)
    west, south, east, north = row.bounds
    middle, above = (west + east) / 2, (south + north) / 2 + testing.STEP / 4
    squares.click((middle, above))
    expect(squares.shown("cell-code")).to_have_value("r01c01")
    squares.shown("tool-split").click()
    squares.draw([(west, above), (middle, above), (east, above)])
    squares.shown("split-code").fill("new")
    squares.shown("split").click()
    squares.expect_revision(2)
    expect(squares.shown("cell-code")).to_have_value("new")
    split = squares.topology()["cells"]
    whole = before["cells"]["r01c01"]["area_m2"]
    assert abs(split["new"]["area_m2"] + split["r01c01"]["area_m2"] - whole) < 0.01

    page.keyboard.down("Shift")
    squares.click((middle, south + testing.STEP / 4))
    page.keyboard.up("Shift")
    squares.shown("merge-panel").get_by_text("r01c01").first.click()
    squares.shown("merge").click()
    squares.expect_revision(3)
    merged = squares.topology()["cells"]
    assert merged.keys() == before["cells"].keys()
    assert abs(merged["r01c01"]["area_m2"] - whole) < 0.01

    # Around the middle of the western neighbour, and over its boundary.
    squares.shown("tool-area").click()
    ring = testing.square(0.4, 1.3, 0.8, 0.4)
    squares.draw_ring([tuple(point) for point in ring.exterior.coords[:-1]])
    expect(squares.shown("move-from")).to_have_value("r01c00")
    squares.shown("move-to").select_option("r01c01")
    squares.shown("move").click()
    squares.expect_revision(4)
    changes = area_changes({"cells": merged}, squares.topology())
    assert changes.keys() == set(ONE_ROW)
    given = before["cells"]["r01c00"]["area_m2"] * 0.6 * 0.4
    assert changes["r01c01"] == pytest.approx(given, rel=0.03) == -changes["r01c00"]

    for revision in (5, 6, 7):
        squares.shown("undo").click()
        squares.expect_revision(revision)
    assert squares.topology()["arcs"] == before["arcs"]
    page.keyboard.press("Control+y")
    squares.expect_revision(8)
    assert "new" in squares.topology()["cells"]


def test_ground_of_nobody_and_of_two_is_given_to_one(
    open_page: OpenPage, sign_in: SignIn, tmp_path: Path
) -> None:
    page = sign_in(open_page("/login", locale="en"), "gis")
    faulty = [*testing.with_gap(0.2), testing.Cell("beside", testing.square(2.7, 0.2, 1, 0.6))]
    name = named("faulty")
    put_draft(page, faulty, name, tmp_path)
    workshop = opened(page, name)
    # Beside the marks of the faults, which have their own answer.
    workshop.click(corner(testing.square(1.4, 1.4, 0.2, 0.2)))
    workshop.shown("give-r01c01").click()
    workshop.expect_revision(2)
    workshop.click(corner(testing.square(2.7, 0.2, 0.3, 0.6)))
    expect(workshop.shown("give-r00c02")).to_be_visible()
    workshop.shown("give-beside").click()
    workshop.expect_revision(3)
    assert all(len(face["cells"]) == 1 for face in workshop.topology()["faces"].values())
    faults = page.request.get(f"/api/v1/grid/versions/{name}/faults").json()["features"]
    assert not [fault for fault in faults if fault["properties"]["blocking"]]


def test_two_admins_on_one_draft_lose_nothing(
    open_page: OpenPage, sign_in: SignIn, tmp_path: Path
) -> None:
    page = sign_in(open_page("/login", locale="en", refused={412}), "gis")
    name = named("shared")
    put_draft(page, testing.grid(vertices_per_side=2), name, tmp_path)
    mine = opened(page, name)
    theirs = opened(sign_in(open_page("/login", locale="en"), "gis"), name)
    before = mine.topology()
    there, here = between(before, "r00c00", "r00c01"), between(before, *ONE_ROW)

    drag_middle(theirs, before["arcs"][there])
    theirs.expect_revision(2)
    drag_middle(mine, before["arcs"][here])
    expect(mine.shown("conflict")).to_be_visible()
    assert mine.topology()["arcs"][here] == before["arcs"][here]
    mine.shown("reload").click()
    mine.shown("repeat").click()
    mine.expect_revision(3)
    expect(mine.shown("conflict")).to_have_count(0)
    after = mine.topology()["arcs"]
    assert {i for i in after if after[i] != before["arcs"][i]} == {there, here}


def test_a_large_draft_is_edited_where_the_map_looks(
    open_page: OpenPage, sign_in: SignIn, tmp_path: Path
) -> None:
    page = sign_in(open_page("/login", locale="en"), "gis")
    name = named("large")
    put_draft(page, testing.grid(40, 40, vertices_per_side=2), name, tmp_path)
    page.get_by_test_id(f"version-{name}").click()
    large = Workshop(page, name)
    expect(large.shown("zoom-in")).to_be_visible()
    large.wait_until_still()
    before = large.topology()
    arc = between(before, "r20c19", "r20c20")
    large.come_closer(tuple(before["arcs"][arc][1]), px_per_metre=0.09)
    large.expect_revision(1)
    expect(large.shown("zoom-in")).to_have_count(0)
    drag_middle(large, before["arcs"][arc])
    large.expect_revision(2)
    after = large.topology()
    assert [i for i in after["arcs"] if after["arcs"][i] != before["arcs"][i]] == [arc]
    assert area_changes(before, after).keys() == {"r20c19", "r20c20"}


def drag_middle(workshop: Workshop, line: list[list[float]]) -> None:
    middle = tuple(line[1])
    workshop.click(middle)
    expect(workshop.shown("area-preview")).to_be_visible()
    workshop.drag(middle, 40, 0)


def corner(ground: shapely.Polygon) -> tuple[float, float]:
    """A place in the lower left of a rectangle."""
    west, south, east, north = ground.bounds
    return west + (east - west) / 5, south + (north - south) / 5

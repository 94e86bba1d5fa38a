"""The pictures of the GIS admin's workshop: faults, a drag, comparison, rehearsal, publication.

Two drafts are made of the grid in force, one with faults and one redrawn, and given up at the end.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from playwright.sync_api import Browser, Page, expect
from shapely.geometry import mapping, shape

from docs.studio import LOOKS, Camera, County, PictureSet, Studio, drawn
from gis.features import Cell
from gis.files import write_layer
from tests.e2e.workshop import Workshop, csrf, imported, roomy_vertex

VERSIONS = "/api/v1/grid/versions"
#: What the server reckons, and a map drawn by software.
SLOW_MS = 60_000
#: How long the map takes to fly to a fault.
FLIGHT_MS = 1_500
#: How many of the busiest cells are merged, so that a rehearsal has something to say.
BUSY = 6
#: How long a strip is that is wrongly drawn, and how wide: some 80 m.
STRIP_POINTS = 7
STRIP_DEGREES = 0.0008


@dataclass(frozen=True)
class Drafts:
    """The names of the two drafts."""

    redrawn: str
    faulty: str


@contextmanager
def staged(browser: Browser, county: County) -> Iterator[Drafts]:
    """Make the drafts of the grid in force, and give them up afterwards."""
    studio = Studio(browser, county, Camera(Path(), frozenset()), LOOKS[0])
    with studio.desk("/grid", "gis") as page:
        versions = page.request.get(f"{VERSIONS}?limit=100").json()["items"]
        taken = {version["name"] for version in versions}
        free = (name for name in map("2027-{}".format, count(1)) if name not in taken)
        made = Drafts(next(free), next(free))
        in_force = page.request.get("/tiles/grid.json").json()["name"].removeprefix("Grid ")
        cells = central_cells(page, in_force)
        redraw(page, in_force, made.redrawn, cells)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "cells.geojson"
            write_layer(path, with_faults(cells))
            columns = {f"{each}_field": each for each in ("code", "name", "station")}
            imported(page, path, made.faulty, **columns)
        try:
            yield made
        finally:
            for name in (made.redrawn, made.faulty):
                address = f"{VERSIONS}/{name}"
                post(page, f"{address}/retire", tag=page.request.get(address).headers["etag"])


def central_cells(page: Page, version: str) -> list[Cell]:
    """The cells of a version, those in the middle of the county first."""
    features = page.request.get(f"{VERSIONS}/{version}/cells").json()["features"]
    cells = [
        Cell(p["code"], shape(f["geometry"]), p["name"], p["station"])
        for f in features
        for p in (f["properties"],)
    ]
    middle = shapely.box(*shapely.total_bounds([cell.geom for cell in cells])).centroid
    return sorted(cells, key=lambda cell: cell.geom.centroid.distance(middle))


def neighbours(cell: Cell, cells: list[Cell]) -> Iterator[Cell]:
    """Those of the cells that have a boundary with one."""
    others = (each for each in cells if each.code != cell.code)
    return (each for each in others if each.geom.intersection(cell.geom).length > 0)


def redraw(page: Page, version: str, name: str, cells: list[Cell]) -> None:
    """Copy a version, have its middle give ground, and merge its busiest cells into others."""
    post(page, f"{VERSIONS}/{version}/copy", {"name": name})
    giver = cells[0]
    west, south, east, north = giver.geom.bounds
    third = (east - west) / 3
    flanks = (
        shapely.box(west, south, west + third, north),
        shapely.box(east - third, south, east, north),
    )
    for taker, flank in zip(neighbours(giver, cells), flanks, strict=False):
        ends = {"from": giver.code, "to": taker.code}
        edit(page, name, verb="move_area", polygon=mapping(flank), **ends)
    known = page.request.get(f"{VERSIONS}/{name}/topology").json()["cells"]
    for busy in sorted(cells[1:], key=lambda cell: -known[cell.code]["calls"])[:BUSY]:
        into = next(neighbours(busy, cells)).code
        edit(page, name, verb="merge_cells", codes=[busy.code, into], into=into)
        cells = [cell for cell in cells if cell.code != busy.code]


def with_faults(cells: list[Cell]) -> list[Cell]:
    """Cells of which two in the middle reach over their boundary, and stay short of it."""
    wide, *others = cells
    narrow = next(cell for cell in others if cell.geom.disjoint(wide.geom))
    rest = [cell for cell in others if cell is not narrow]
    beyond, beside = next(neighbours(wide, rest)), next(neighbours(narrow, rest))
    return [
        replace(wide, geom=wide.geom | strip(beyond, wide)),
        replace(narrow, geom=narrow.geom - strip(narrow, beside)),
        *rest,
    ]


def strip(cell: Cell, other: Cell) -> shapely.Polygon:
    """A strip of a cell along its boundary with another, from vertex to vertex."""
    shared = shapely.line_merge(cell.geom.intersection(other.geom))
    longest = max(shapely.get_parts(shared), key=shapely.length)
    points = shapely.get_coordinates(longest)
    for start in range(len(points) - STRIP_POINTS):
        stretch = points[start : start + STRIP_POINTS]
        for across in np.array([(1, 0), (0, 1), (-1, 0), (0, -1)]) * STRIP_DEGREES:
            found = shapely.Polygon([*stretch, *(stretch[::-1] + across)])
            if found.is_valid and (found - cell.geom).area < found.area / 1e6:
                return found
    raise ValueError(f"{cell.code} has no room along {other.code}")


def edit(page: Page, name: str, **body: Any) -> None:
    revision = page.request.get(f"{VERSIONS}/{name}/topology").headers["etag"]
    post(page, f"{VERSIONS}/{name}/edits", body, tag=revision)


def post(page: Page, address: str, body: dict[str, Any] | None = None, tag: str = "") -> None:
    headers = csrf(page) | ({"If-Match": tag} if tag else {})
    answer = page.request.post(address, headers=headers, data=body, timeout=60_000)
    assert answer.ok, answer.text()


def take(studio: Studio, made: Drafts) -> None:
    """Take the pictures of one look."""
    with studio.desk("/grid", "gis") as page:
        drawn(page)
        studio.shoot(page, "grid-versions")
        _faults(studio, page, made)
        table = on_the_table(page, made.redrawn)
        _diff(studio, page, table)
        table.shown("view-faults").click()
        drag(table)
        studio.shoot(page, "grid-drag")
        page.mouse.up()
        table.shown("undo").click()


def _faults(studio: Studio, page: Page, made: Drafts) -> None:
    table = on_the_table(page, made.faulty)
    table.shown("fault-0").click()
    expect(table.shown("proposal-0")).to_be_visible(timeout=SLOW_MS)
    page.wait_for_timeout(FLIGHT_MS)
    table.wait_until_still()
    studio.shoot(page, "grid-faults")
    table.shown("back").click()


def _diff(studio: Studio, page: Page, table: Workshop) -> None:
    table.shown("view-diff").click()
    expect(table.shown("diff-sum")).to_be_visible(timeout=SLOW_MS)
    studio.shoot(page, "grid-diff")
    table.shown("view-rehearsal").click()
    table.shown("rehearse").click()
    expect(table.shown("rehearse-sum")).to_be_visible(timeout=SLOW_MS)
    studio.shoot(page, "grid-rehearsal")
    table.shown("publish").click()
    studio.shoot(page, "grid-publish")
    page.keyboard.press("Escape")


def on_the_table(page: Page, draft: str) -> Workshop:
    page.get_by_test_id(f"version-{draft}").click()
    table = Workshop(page, draft)
    expect(table.shown("revision")).to_have_attribute("data-busy", "false", timeout=SLOW_MS)
    expect(table.shown("faults").locator("p").first).to_be_visible(timeout=SLOW_MS)
    table.wait_until_still()
    return table


def drag(table: Workshop) -> None:
    """Take a boundary into the hand and begin to drag it; the button stays down."""
    drawn = table.topology()
    arc, vertex = roomy_vertex(table, drawn)
    place = tuple(drawn["arcs"][arc][vertex])
    table.come_closer(place, px_per_metre=0.12)
    table.click(place)
    expect(table.shown("area-preview")).to_be_visible()
    table.drag(place, 34, 26, drop=False)


PICTURES = PictureSet(
    (
        "grid-versions",
        "grid-faults",
        "grid-diff",
        "grid-rehearsal",
        "grid-publish",
        "grid-drag",
    ),
    take,
    staged,
)

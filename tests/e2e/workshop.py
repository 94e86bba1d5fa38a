"""A GIS admin's page on a draft: the hand on its map, and what the server says of the draft."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from gis.features import Cell
from gis.files import write_layer

Place = tuple[float, float]
Topology = dict[str, Any]
SignIn = Callable[[Page, str], Page]

#: Where no panel lies over the map of a desktop.
OPEN_MAP = {"left": 450, "right": 980, "top": 150, "bottom": 750}
ABOUT_A_METRE = 0.00001


def named(kind: str) -> str:
    """A name that nothing else has, nor a former try of the test."""
    return f"{kind}-{uuid.uuid4().hex[:6]}"


@dataclass(frozen=True)
class Workshop:
    """The grid workshop in a browser, with a draft on the table."""

    page: Page
    draft: str

    def shown(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    def topology(self) -> Topology:
        return topology(self.page, self.draft)

    def expect_revision(self, revision: int) -> None:
        expect(self.shown("revision")).to_have_attribute("data-revision", str(revision))
        expect(self.shown("revision")).to_have_attribute("data-busy", "false")

    def on_screen(self, place: Place) -> tuple[float, float]:
        """Where a place of the map lies in the window."""
        box = self.shown("map").bounding_box()
        assert box is not None
        at = self.shown("map").evaluate(
            "(map, [lon, lat]) => map.gridserverProject(lon, lat)", list(place)
        )
        return box["x"] + at["x"], box["y"] + at["y"]

    def expect_layer(self, layer: str, place: Place) -> None:
        """Wait until a layer of the map has something at a place."""
        self.page.wait_for_function(
            "([map, lon, lat, layer]) => map.gridserverLayersAt(lon, lat).includes(layer)",
            arg=[self.shown("map").element_handle(), *place, layer],
        )

    def click(self, place: Place, **how: Any) -> None:
        self.page.mouse.click(*self.on_screen(place), **how)

    def drag(self, place: Place, right: float, down: float, *, drop: bool = True) -> None:
        """Drag what lies at a place by so many pixels."""
        x, y = self.on_screen(place)
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + right, y + down, steps=6)
        if drop:
            self.page.mouse.up()

    def draw(self, places: list[Place]) -> None:
        """Click along a line, and once more on its last point."""
        self._click_along((*places, places[-1]))

    def draw_ring(self, places: list[Place]) -> None:
        """Click around a ring, and once more on its first point."""
        self._click_along((*places, places[0]))

    def _click_along(self, places: tuple[Place, ...]) -> None:
        for place in places:
            x, y = self.on_screen(place)
            self.page.mouse.move(x, y, steps=3)
            self.page.mouse.click(x, y)

    def come_closer(self, place: Place, px_per_metre: float) -> None:
        """Turn the wheel over a place until its surroundings are wide enough for a hand."""
        self.wait_until_still()
        beside = (place[0] + ABOUT_A_METRE, place[1])
        while (width := self.on_screen(beside)[0] - self.on_screen(place)[0]) < px_per_metre:
            self.page.mouse.move(*self.on_screen(place))
            self.page.mouse.wheel(0, -400)
            self.page.wait_for_function(
                "([map, lon, lat, beside, width]) =>"
                " map.dataset.still === 'true' &&"
                " map.gridserverProject(beside, lat).x - map.gridserverProject(lon, lat).x > width",
                arg=[self.shown("map").element_handle(), *place, beside[0], width * 1.05],
            )

    def wait_until_still(self) -> None:
        expect(self.shown("map")).to_have_attribute("data-ready", "true")
        expect(self.shown("map")).to_have_attribute("data-still", "true")

    def in_the_open(self, place: Place) -> bool:
        x, y = self.on_screen(place)
        across = OPEN_MAP["left"] < x < OPEN_MAP["right"]
        return across and OPEN_MAP["top"] < y < OPEN_MAP["bottom"]


def opened(page: Page, version: str) -> Workshop:
    """Put a draft on the table."""
    expect(page).to_have_url(re.compile("/grid$"))
    page.get_by_test_id(f"version-{version}").click()
    workshop = Workshop(page, version)
    workshop.expect_revision(1)
    workshop.wait_until_still()
    return workshop


def copied(page: Page, sign_in: SignIn, draft: str, *, of: str = "demo-1") -> Workshop:
    """Make a draft of a version by hand, and open it."""
    sign_in(page, "gis")
    page.get_by_test_id(f"version-{of}").click()
    page.get_by_test_id("copy").click()
    page.get_by_test_id("copy-name").fill(draft)
    page.get_by_test_id("confirm").click()
    workshop = Workshop(page, draft)
    workshop.expect_revision(1)
    workshop.wait_until_still()
    return workshop


def csrf(page: Page) -> dict[str, str]:
    """The header that a change by the page's cookie carries."""
    session = page.request.get("/api/v1/sessions/current").json()
    return {"X-CSRF-Token": session["csrf_token"]}


def put_draft(page: Page, cells: list[Cell], name: str, folder: Path) -> None:
    """Bring cells as a draft, and look at the list of versions anew."""
    path = folder / f"{name}.geojson"
    write_layer(path, cells)
    imported(page, path, name, code_field="code")


def imported(page: Page, path: Path, name: str, **how: Any) -> None:
    """Bring a file as a draft over HTTP, as the page's account."""
    expect(page).to_have_url(re.compile("/grid$"))
    headers = csrf(page)
    file = {"name": path.name, "mimeType": "application/octet-stream", "buffer": path.read_bytes()}
    answer = page.request.post(
        "/api/v1/grid/uploads", headers=headers, multipart={"file": file}, timeout=60_000
    )
    assert answer.status == 201, answer.text()
    draft = {"upload": answer.json()["upload"], "name": name, **how}
    answer = page.request.post("/api/v1/grid/versions", headers=headers, data=draft, timeout=60_000)
    assert answer.status == 201, answer.text()
    page.reload()


def topology(page: Page, version: str) -> Topology:
    answer = page.request.get(f"/api/v1/grid/versions/{version}/topology")
    assert answer.ok, answer.text()
    return answer.json()


def sides(drawn: Topology) -> dict[str, set[str]]:
    """The faces beside each arc."""
    found: dict[str, set[str]] = {}
    for face_id, face in drawn["faces"].items():
        for ref in (ref for ring in face["rings"] for ref in ring):
            found.setdefault(str(ref if ref >= 0 else ~ref), set()).add(face_id)
    return found


def between(drawn: Topology, one: str, other: str) -> str:
    """The boundary of two cells."""
    owners = {face_id: face["cells"] for face_id, face in drawn["faces"].items()}
    (arc,) = [
        arc
        for arc, faces in sides(drawn).items()
        if sorted(code for face in faces for code in owners[face]) == sorted((one, other))
    ]
    return arc


def roomy_vertices(drawn: Topology) -> Iterator[tuple[str, int]]:
    """Vertices between two cells, those first that are farthest from their neighbours."""
    beside = sides(drawn)
    found = [
        (min(distance(line[i], line[i - 1]), distance(line[i], line[i + 1])), arc, i)
        for arc, line in drawn["arcs"].items()
        if len(beside[arc]) == 2
        for i in range(1, len(line) - 1)
    ]
    return ((arc, i) for _, arc, i in sorted(found, reverse=True))


def roomy_vertex(workshop: Workshop, drawn: Topology) -> tuple[str, int]:
    """A vertex between two cells that no panel hides, far from its neighbours on the arc."""
    for arc, i in roomy_vertices(drawn):
        if workshop.in_the_open(tuple(drawn["arcs"][arc][i])):
            return arc, i
    raise AssertionError("no boundary lies in the open")


def area_changes(before: Topology, after: Topology) -> dict[str, float]:
    """By how many m² which cells have changed, as the server says.

    A ring that begins elsewhere may differ in the last bits of its area.
    """
    changes = {
        code: cell["area_m2"] - before["cells"][code]["area_m2"]
        for code, cell in after["cells"].items()
    }
    return {code: change for code, change in changes.items() if abs(change) > 1e-3}


def distance(one: Place, other: Place) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])

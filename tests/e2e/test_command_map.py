"""The command map in the browser: its layers, two windows that follow each other, playback."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from PIL import Image
from playwright.sync_api import Page, Route, expect

from gridserver.demo.county import read_cells
from tests import pmtiles
from tests.axe import assert_accessible
from tests.browser import PATIENCE, PATIENCE_MS
from tests.e2e.board import row_of
from tests.e2e.serving import PASSWORD
from tests.waiting import until

_WORLD = (-180.0, -85.0, 180.0, 85.0)
#: Layers that a click is about before it is about the place.
CHOSEN_BY_CLICK = {"chosen", "tasks", "clusters", "units", "stations"}
#: A step along the map on which pixels and degrees go together.
DEGREES = 0.001


@pytest.fixture
def room(served: str) -> requests.Session:
    """The bureau's command room, by HTTP."""
    session = requests.Session()
    credentials = {"username": "command", "password": PASSWORD}
    answer = session.post(f"{served}/api/v1/sessions", json=credentials, timeout=PATIENCE)
    session.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return session


@dataclass(frozen=True)
class Reported:
    """A task and its place."""

    task: int
    lon: float
    lat: float


@pytest.fixture
def reported(served: str, room: requests.Session) -> list[Reported]:
    """A task in each of two cells."""
    by_size = sorted((cell.shape for cell in read_cells()), key=lambda each: -each.area)
    made = []
    for ground in by_size[3:5]:
        at = ground.representative_point()
        report = {"source": "map", "external_id": str(uuid.uuid4()), "category": "dispute"}
        answer = room.post(
            f"{served}/api/v1/incidents", json=report | {"lon": at.x, "lat": at.y}, timeout=30
        )
        made.append(Reported(answer.json()["task"]["id"], at.x, at.y))
    return made


def ready(page: Page, name: str = "map") -> Page:
    expect(page.get_by_test_id(name)).to_have_attribute("data-ready", "true")
    return page


def test_cells_by_load_are_remembered_and_said_in_words(
    open_page: Callable[..., Page], sign_in: Callable[[Page, str], Page], reported: list[Reported]
) -> None:
    page = ready(sign_in(open_page("/login", locale="en"), "command"))
    page.get_by_test_id("layers").press("Enter")
    expect(page.get_by_test_id("cells-station")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_test_id("cells-load")).to_be_checked()
    expect(page.get_by_test_id("legend")).to_contain_text("Open tasks per cell")
    page.get_by_test_id("show-heat").check()
    expect(page.get_by_test_id("legend")).to_contain_text("calls, 30 days")
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("layers")).to_be_focused()
    page.reload()
    expect(ready(page).get_by_test_id("legend")).to_contain_text("Open tasks per cell")


def on_screen(page: Page, lon: float, lat: float) -> tuple[float, float]:
    box = page.get_by_test_id("map").bounding_box()
    assert box is not None
    at = page.get_by_test_id("map").evaluate(
        "(map, place) => map.gridserverProject(...place)", [lon, lat]
    )
    return box["x"] + at["x"], box["y"] + at["y"]


def expect_at(page: Page, reported: Reported, layer: str) -> None:
    """Wait until a layer of the map has something at the task's place."""
    page.wait_for_function(
        "([map, lon, lat, layer]) => map.gridserverLayersAt(lon, lat).includes(layer)",
        arg=[page.get_by_test_id("map").element_handle(), reported.lon, reported.lat, layer],
        timeout=PATIENCE_MS,
    )


def bare_place(page: Page, near: Reported) -> tuple[float, float]:
    """Wait until the map lies still, and return where on the screen beside a task nothing stands
    that a click would choose."""
    shown = page.get_by_test_id("map")
    expect(shown).not_to_have_attribute("data-moving", "true")
    x, y = on_screen(page, near.lon, near.lat)
    east, south = on_screen(page, near.lon + DEGREES, near.lat - DEGREES)
    for right, down in itertools.product((200, -200, 300, -300), (-150, 150, -250, 250)):
        lon = near.lon + DEGREES * right / (east - x)
        lat = near.lat - DEGREES * down / (south - y)
        layers = shown.evaluate("(map, at) => map.gridserverLayersAt(...at)", [lon, lat])
        if "cells" in layers and CHOSEN_BY_CLICK.isdisjoint(layers):
            return x + right, y + down
    raise AssertionError(f"something stands everywhere, at last {layers}")


def test_two_windows_follow_each_other(
    open_page: Callable[..., Page], sign_in: Callable[[Page, str], Page], reported: list[Reported]
) -> None:
    board = ready(sign_in(open_page("/login"), "command"))
    with board.context.expect_page() as opened:
        board.get_by_test_id("second-window").click()
    alone = ready(opened.value)
    first, second = reported
    for each in (first, second):
        row_of(board, each.task).click()
        expect_at(alone, each, "chosen")
    # A click beside them on the map alone opens the form on the board.
    alone.mouse.click(*bare_place(alone, second))
    expect(board.get_by_test_id("report-panel")).to_be_visible()
    assert_accessible(alone)


def test_a_past_period_is_played_back(
    open_page: Callable[..., Page],
    sign_in: Callable[[Page, str], Page],
    served: str,
    room: requests.Session,
    reported: list[Reported],
) -> None:
    page = sign_in(open_page("/login?to=/playback", locale="en"), "command")
    ready(page, "playback-map")
    page.get_by_test_id("last-1").click()
    end = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=2)  # the field has no seconds
    page.get_by_test_id("playback-to").fill(_shanghai(end))
    page.get_by_test_id("playback-positions").check()
    expect(page.get_by_test_id("playback-open")).to_be_disabled()
    page.get_by_test_id("playback-purpose").fill("review of a dispute")
    page.get_by_test_id("playback-open").click()
    moment = page.get_by_test_id("moment")
    expect(page.get_by_test_id(f"played-{reported[0].task}")).to_be_hidden()
    moment.press("End")
    chosen = page.get_by_test_id(f"played-{reported[0].task}")
    expect(chosen).to_contain_text("Unsigned")
    chosen.click()
    expect(chosen).to_have_attribute("aria-pressed", "true")
    page.get_by_test_id("speed").select_option("10")
    page.get_by_test_id("play").click()
    expect(page.get_by_test_id("play")).to_have_text("Pause")
    page.get_by_test_id("play").click()
    assert_accessible(page)


def _shanghai(moment: dt.datetime) -> str:
    """A moment as the page's fields have it, in the county's time."""
    there = moment.astimezone(dt.timezone(dt.timedelta(hours=8)))
    return there.isoformat(timespec="minutes")[:16]


def test_a_basemap_file_is_drawn_by_ranges_under_the_cells(
    open_page: Callable[..., Page], sign_in: Callable[[Page, str], Page], tmp_path: Path
) -> None:
    """The page's half of it: what the server answers is tested in flows/test_maps_http.py."""
    file = _magenta(tmp_path)
    asked: list[str] = []

    def serve(route: Route) -> None:
        first, last = map(int, route.request.headers["range"].removeprefix("bytes=").split("-"))
        asked.append(route.request.headers["range"])
        content = file.read_bytes()
        part = content[first : last + 1]
        span = f"bytes {first}-{first + len(part) - 1}/{len(content)}"
        route.fulfill(status=206, body=part, headers={"Content-Range": span, "ETag": '"1"'})

    basemap = {
        "kind": "raster",
        "format": "pmtiles",
        "address": "/tiles/basemap.pmtiles",
        "minzoom": 0,
        "maxzoom": 0,
        "bounds": list(_WORLD),
        "attribution": "© Survey",
    }
    page = open_page("/login", locale="en")
    page.route("**/api/v1/map/basemap", lambda route: route.fulfill(json={"basemap": basemap}))
    page.route("**/tiles/basemap.pmtiles", serve)
    ready(sign_in(page, "command"))
    expect(page.get_by_text("© Survey")).to_be_visible()
    until(lambda: _is_magenta(page), within=PATIENCE)
    assert asked
    page.get_by_test_id("layers").click()
    page.get_by_test_id("show-ground").uncheck()
    until(lambda: not _is_magenta(page), within=PATIENCE)


def _magenta(folder: Path) -> Path:
    """A PMTiles file of the whole world in one colour."""
    tile = io.BytesIO()
    Image.new("RGB", (256, 256), "#ff00ff").save(tile, "PNG")
    tiles = {(0, 0, 0): tile.getvalue()}
    return pmtiles.write(folder / "a.pmtiles", tiles, tile_type=pmtiles.PNG, bounds=_WORLD)


def _is_magenta(page: Page) -> bool:
    """Whether the map beside the county, where no panel lies, is in that colour."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    red, green, blue = picture.getpixel((picture.width - 40, picture.height - 120))
    return red - green > 30 and blue - green > 30

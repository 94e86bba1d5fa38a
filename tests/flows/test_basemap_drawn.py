"""The bureau's own basemap in a real browser, from a real server: under the grid, by day and night.

A vector file as GDAL cuts it, and tiles of a service on another origin, which the content security
policy must let in and whose CRS is stated.
"""

from __future__ import annotations

import io
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from shapely import LineString, Point, box, to_geojson
from shapely.geometry.base import BaseGeometry

from gridserver.base.db import Database
from tests import pmtiles
from tests.browser import DESKTOP, PATIENCE, PATIENCE_MS, Watch, chromium
from tests.county import PASSWORD, SIDE, SOUTH, WEST, County
from tests.processes import WebProcess
from tests.waiting import until
from tests.webmercator import holding

BOUNDS = (WEST - 0.1, SOUTH - 0.1, WEST + 0.12, SOUTH + 0.12)
LAST_ZOOM = 10
#: In the eastern cells and the ground beyond them.
EAST = (WEST + 1.5 * SIDE, SOUTH + SIDE / 2)
ROAD = SOUTH + 1.5 * SIDE
GROUND: dict[str, BaseGeometry] = {
    "water": box(WEST + SIDE, BOUNDS[1], BOUNDS[2], BOUNDS[3]),
    "transportation": LineString([(BOUNDS[0], ROAD), (BOUNDS[2], ROAD)]),
    # Away from the middle of the cell, where its own name stands.
    "place": Point(WEST + SIDE / 4, SOUTH + SIDE / 4),
}
GREEN = "#00ff00"

Rgb = tuple[int, int, int]
Serve = Callable[..., WebProcess]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def serve(live_database: Database, live_county: County, tmp_path: Path) -> Iterator[Serve]:
    """Start a web process with a basemap: `serve(address, CRS="EPSG:3857")`."""
    started: list[WebProcess] = []

    def serve(basemap: str, **named: str) -> WebProcess:
        environ = {f"GRIDSERVER_BASEMAP_{name}": value for name, value in named.items()}
        environ["GRIDSERVER_BASEMAP"] = basemap
        started.append(WebProcess(live_database.url, tmp_path, **environ))
        return started[-1]

    yield serve
    for process in started:
        assert process.stop() == 0, process.log.read_text()


@contextmanager
def board(browser: Browser, process: WebProcess, theme: str) -> Iterator[Page]:
    """Give the command page with its map drawn; the browser must have nothing to complain of."""
    watch = Watch()
    address = f"http://localhost:{process.port}"
    with browser.new_context(
        base_url=address, viewport=DESKTOP, locale="en", color_scheme=theme
    ) as context:
        context.set_default_timeout(PATIENCE_MS)
        watch.over(context)
        page = context.new_page()
        page.goto("/login")
        page.get_by_test_id("login-username").fill("command")
        page.get_by_test_id("login-password").fill(PASSWORD)
        page.get_by_test_id("login-submit").click()
        expect(page.get_by_test_id("map")).to_have_attribute("data-ready", "true")
        yield page
    watch.end()


def layers_at(page: Page, lon: float, lat: float) -> list[str]:
    """The layers drawn at a place, the topmost first."""
    found: list[str] = page.get_by_test_id("map").evaluate(
        "(map, [lon, lat]) => map.gridserverLayersAt(lon, lat)", [lon, lat]
    )
    return found


def beside_the_county(page: Page) -> Rgb:
    """The colour of the ground to the east, where neither a cell nor a panel lies."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    red, green, blue = picture.getpixel((picture.width - 40, picture.height - 120))
    return red, green, blue


def turn_off(page: Page) -> None:
    """Have the page show no basemap. What is shown of it fades away."""
    page.get_by_test_id("layers").click()
    page.get_by_test_id("show-ground").uncheck()


def blueness(page: Page) -> int:
    red, _, blue = beside_the_county(page)
    return blue - red


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_vector_tiles_are_drawn_in_the_colours_of_the_page(
    browser: Browser, serve: Serve, tmp_path: Path, theme: str
) -> None:
    process = serve(str(vector_file(tmp_path)), ATTRIBUTION="© Survey")
    with board(browser, process, theme) as page:
        expect(page.get_by_text("© Survey")).to_be_visible()
        until(lambda: "basemap-water" in layers_at(page, *EAST), within=PATIENCE)
        east = layers_at(page, *EAST)
        assert east.index("cells") < east.index("basemap-water")
        assert "basemap-transportation" in layers_at(page, EAST[0], ROAD)
        name = GROUND["place"]
        until(lambda: "basemap-place" in layers_at(page, name.x, name.y), within=PATIENCE)
        with_it = blueness(page)
        turn_off(page)
        until(lambda: blueness(page) < with_it - 10, within=PATIENCE)


XYZ = "/base/{z}/{x}/{y}.png"
WMTS = (
    "/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=vec&STYLE=default&TILEMATRIXSET=w"
    "&FORMAT=tiles&TILEMATRIX={TileMatrix}&TILEROW={TileRow}&TILECOL={TileCol}"
)


@pytest.mark.parametrize(
    ("address", "theme"), [(XYZ, "light"), (WMTS, "dark")], ids=["xyz by day", "wmts by night"]
)
def test_tiles_of_a_service_are_let_in_and_toned_down(
    browser: Browser, serve: Serve, address: str, theme: str
) -> None:
    with tile_service() as origin:
        process = serve(origin + address, CRS="EPSG:3857")
        with board(browser, process, theme) as page:
            until(lambda: is_greenish(beside_the_county(page)), within=PATIENCE)
            turn_off(page)
            until(lambda: not is_greenish(beside_the_county(page)), within=PATIENCE)


def is_greenish(colour: Rgb) -> bool:
    red, green, blue = colour
    # Less green than the tile itself, as the page tones it down.
    return min(green - red, green - blue) > 15 and green < 240


def vector_file(folder: Path) -> Path:
    """Cut `GROUND` into tiles with GDAL, as a bureau's own would be, and pack them."""
    source, cut = folder / "ground.gpkg", folder / "cut"
    for name, shape in GROUND.items():
        feature = {"type": "Feature", "properties": {"name": "华埠"}}
        layer = folder / f"{name}.geojson"
        layer.write_text(json.dumps(feature | {"geometry": json.loads(to_geojson(shape))}))
        into = ["-update"] if source.exists() else []
        subprocess.run(["ogr2ogr", "-f", "GPKG", *into, source, layer, "-nln", name], check=True)
    options = {"MINZOOM": 0, "MAXZOOM": LAST_ZOOM, "COMPRESS": "NO", "FORMAT": "DIRECTORY"}
    said = [word for name, value in options.items() for word in ("-dsco", f"{name}={value}")]
    subprocess.run(["ogr2ogr", "-f", "MVT", cut, source, *said], check=True)
    tiles = {
        (int(z), int(x), int(y)): path.read_bytes()
        for path in cut.glob("*/*/*.pbf")
        for z, x, y in [path.with_suffix("").parts[-3:]]
    }
    about = json.loads(json.loads((cut / "metadata.json").read_text())["json"])
    return pmtiles.write(
        folder / "county.pmtiles", tiles, tile_type=pmtiles.MVT, bounds=BOUNDS, metadata=about
    )


@contextmanager
def tile_service() -> Iterator[str]:
    """Serve green tiles where the county lies, and nothing elsewhere: a row is no column."""
    picture = io.BytesIO()
    Image.new("RGB", (256, 256), GREEN).save(picture, "PNG")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = picture.getvalue() if is_near(address_of(self.path)) else b""
            self.send_response(200 if content else 404)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Type", "image/png")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def address_of(asked: str) -> tuple[int, int, int]:
    """Read z, x and y out of either kind of address."""
    parts = urlsplit(asked)
    if parts.path == "/wmts":
        said = parse_qs(parts.query)
        z, x, y = (int(said[name][0]) for name in ("TILEMATRIX", "TILECOL", "TILEROW"))
    else:
        z, x, y = map(int, parts.path.removeprefix("/base/").removesuffix(".png").split("/"))
    return z, x, y


def is_near(address: tuple[int, int, int]) -> bool:
    """Whether a tile of the Web Mercator scheme lies on the county or close to it."""
    z, x, y = address
    _, column, row = holding(WEST + SIDE, SOUTH + SIDE, z)
    reach = 1 + 2**z // 4096
    return abs(x - column) <= reach and abs(y - row) <= reach

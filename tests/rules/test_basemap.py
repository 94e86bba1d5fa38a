"""The basemap's setting: what can be drawn over the grid, and why the rest can't."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridserver.base.basemap import FILE_ADDRESS, from_environment
from gridserver.base.errors import Invalid
from tests import pmtiles

BOUNDS = (118.0, 28.9, 118.7, 29.5)
XYZ = "http://tiles.bureau.example:8080/base/{z}/{x}/{y}.png"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    tiles = {(0, 0, 0): b"a", (9, 424, 213): b"b"}
    return pmtiles.write(tmp_path / "a.pmtiles", tiles, tile_type=pmtiles.PNG, bounds=BOUNDS)


def read(value: object, **others: str):
    named = {f"GRIDSERVER_BASEMAP_{name.upper()}": said for name, said in others.items()}
    return from_environment({"GRIDSERVER_BASEMAP": str(value), **named})


def test_none_is_the_default() -> None:
    assert from_environment({}) is None


def test_a_file_says_itself_what_it_holds(file: Path) -> None:
    basemap = read(file, attribution="© Survey")
    assert basemap is not None
    assert (basemap.kind, basemap.file, basemap.address) == ("raster", file, FILE_ADDRESS)
    assert (basemap.zooms, basemap.bounds, basemap.origin) == ((0, 9), BOUNDS, None)
    assert basemap.attribution == "© Survey"


def test_a_service_states_its_crs_and_names_one_host() -> None:
    basemap = read(XYZ, crs="EPSG:3857")
    assert basemap is not None
    assert (basemap.kind, basemap.file) == ("raster", None)
    assert basemap.origin == "http://tiles.bureau.example:8080"


def test_a_wmts_template_keeps_its_own_names() -> None:
    wmts = "https://t.example/vec_w/wmts?TILEMATRIXSET=w&TILEMATRIX={TileMatrix}"
    basemap = read(f"{wmts}&TILEROW={{TileRow}}&TILECOL={{TileCol}}", crs="epsg:3857")
    assert basemap is not None
    assert basemap.address.endswith("TILEMATRIXSET=w&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}")


@pytest.mark.parametrize(
    ("value", "crs", "said"),
    [
        (XYZ, "", "state the CRS"),
        (XYZ, "GCJ-02", "up to 700 m"),
        (XYZ, "bd09", "up to 700 m"),
        (XYZ, "EPSG:4490", "tiles in degrees|cut in degrees"),
        (XYZ, "EPSG:4547", "only tiles in EPSG:3857"),
        (f"{XYZ}?TILEMATRIXSET=c", "EPSG:3857", "cut in degrees"),
        (f"{XYZ}?tilematrixset=EPSG:4490&a=b", "EPSG:3857", "cut in degrees"),
        ("https://tiles.example/", "EPSG:3857", "a template"),
        ("https://a;script-src *@b/{z}/{x}/{y}", "EPSG:3857", "plain host"),
        ("https://*/{z}/{x}/{y}", "EPSG:3857", "plain host"),
        ("/nowhere.pmtiles", "", "can't be read"),
        (__file__, "", "PMTiles file of version 3"),
        ("/nowhere.pmtiles", "gcj02", "up to 700 m"),
    ],
)
def test_what_would_not_lie_on_the_grid_is_refused(value: str, crs: str, said: str) -> None:
    with pytest.raises(Invalid, match=said) as refusal:
        read(value, crs=crs)
    assert refusal.value.code == "settings.bad_value"
    assert refusal.value.field in {"GRIDSERVER_BASEMAP", "GRIDSERVER_BASEMAP_CRS"}


def test_a_file_of_other_tiles_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pmtiles"
    avif = pmtiles.write(path, {(0, 0, 0): b"a"}, tile_type=5, bounds=BOUNDS)
    with pytest.raises(Invalid, match="MVT, PNG, JPEG or WebP"):
        read(avif)

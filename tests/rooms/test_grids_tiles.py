"""Vector tiles: read back by GDAL's own driver."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from gridserver.base.errors import NotFound
from gridserver.grids import tiles
from tests.county import CELLS, SIDE, SOUTH, WEST, make_county
from tests.webmercator import holding


def read_layer(tile: bytes, layer: str, folder: Path) -> list[dict]:
    """The features of a layer as GDAL's MVT driver sees them."""
    (folder / "tile.mvt").write_bytes(tile)
    command = ["ogr2ogr", "-f", "GeoJSON", "/vsistdout/", f"MVT:{folder / 'tile.mvt'}", layer]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["features"]


def test_gdal_reads_cells_and_labels(session: Session, tmp_path: Path) -> None:
    county = make_county(session)
    address = holding(WEST + SIDE, SOUTH + SIDE, 10)
    tile = tiles.tile(session, county.version_id, *address)
    cells = read_layer(tile, "cells", tmp_path)
    assert {f["properties"]["code"]: f["properties"]["station"] for f in cells} == dict(
        CELLS.values()
    )
    assert {f["geometry"]["type"] for f in cells} <= {"Polygon", "MultiPolygon"}
    labels = read_layer(tile, "labels", tmp_path)
    assert sorted(f["properties"]["code"] for f in labels) == sorted(c for c, _ in CELLS.values())
    assert {f["properties"]["name"] for f in labels} == {"村00", "村10", "村01", "村11"}
    assert {f["geometry"]["type"] for f in labels} == {"Point"}


def test_each_label_stands_in_one_tile(session: Session, tmp_path: Path) -> None:
    county = make_county(session)
    z, x, y = holding(WEST + SIDE, SOUTH + SIDE, 14)
    around = [(z, x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    found = [
        feature["properties"]["code"]
        for address in around
        if (tile := tiles.tile(session, county.version_id, *address))
        for feature in _labels(tile, tmp_path)
    ]
    assert sorted(found) == sorted(code for code, _ in CELLS.values())


def _labels(tile: bytes, folder: Path) -> list[dict]:
    try:
        return read_layer(tile, "labels", folder)
    except subprocess.CalledProcessError:
        return []  # a tile without labels has no such layer


def test_far_from_every_cell_a_tile_is_empty(session: Session) -> None:
    county = make_county(session)
    assert tiles.tile(session, county.version_id, *holding(-87.6, 41.8, 12)) == b""


@pytest.mark.parametrize(
    "address", [(-1, 0, 0), (0, 1, 0), (3, 8, 0), (3, 0, 8), (23, 0, 0), (2, -1, 0)]
)
def test_a_tile_beyond_the_scheme_is_not_found(
    session: Session, address: tuple[int, int, int]
) -> None:
    with pytest.raises(NotFound) as refusal:
        tiles.tile(session, 1, *address)
    assert refusal.value.code == "tile.no_such_tile"

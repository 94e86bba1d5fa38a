"""Esri JSON: rings put together, the CRS it names, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
import shapely

from gis.coverage import faults
from gis.crs import parse_crs
from gis.files import read_layer
from tests.gis.samples import refusal, saved

WGS84 = {"wkid": 4326, "latestWkid": 4326}
Ring = list[list[float]]


def clockwise(west: float, south: float, size: float) -> Ring:
    return [list(xy) for xy in shapely.box(west, south, west + size, south + size, ccw=False)
            .exterior.coords]  # fmt: skip


def hole(west: float, south: float, size: float) -> Ring:
    return clockwise(west, south, size)[::-1]


def feature_set(*geometries: Any, **members: Any) -> dict[str, Any]:
    features = [
        {"attributes": {"code": str(row)}, "geometry": geometry}
        for row, geometry in enumerate(geometries)
    ]
    return {"spatialReference": WGS84, "features": features, **members}


def read(tmp_path: Path, *rings: Ring) -> shapely.Geometry:
    path = saved(tmp_path, feature_set({"rings": list(rings)}), "cells.json")
    return read_layer(path, code_field="code").geoms[0]


def test_charlottesville_has_33_beats_and_one_real_overlap(shared_data: Path) -> None:
    layer = read_layer(
        shared_data / "us_charlottesville" / "beats.esri.json",
        code_field="BEAT_NO",
        name_field="NAME",
        station_field="DISTRICT",
    )
    assert (len(layer.cells), layer.crs.name, layer.cells[0].name) == (33, "EPSG:4326", "Belmont")
    overlaps = [fault for fault in faults(layer.cells) if fault.kind == "overlap"]
    assert [fault.area_m2 for fault in overlaps] == pytest.approx([9_732.6], rel=1e-3)


def test_holes_go_to_the_smallest_shell_around_them(tmp_path: Path) -> None:
    # A lake with an island, on which there is a pond; beside it a shell of its own.
    land, lake = clockwise(118, 29, 0.9), hole(118.1, 29.1, 0.6)
    island, pond = clockwise(118.2, 29.2, 0.3), hole(118.3, 29.3, 0.1)
    other = clockwise(119, 29, 0.5)
    geom = read(tmp_path, pond, lake, other, land, island)
    assert geom.is_valid
    assert sorted(len(part.interiors) for part in geom.geoms) == [0, 1, 1]
    assert geom.area == pytest.approx(0.81 - 0.36 + 0.09 - 0.01 + 0.25)


def test_a_hole_that_touches_its_shell_stays_a_hole(tmp_path: Path) -> None:
    touching = [[118.0, 29.1], [118.1, 29.05], [118.1, 29.15], [118.0, 29.1]]
    geom = read(tmp_path, clockwise(118, 29, 0.2), touching)
    assert geom.is_valid
    assert len(geom.interiors) == 1


def test_rings_that_turn_the_wrong_way_are_shells(tmp_path: Path) -> None:
    geom = read(tmp_path, hole(118, 29, 0.1), hole(119, 29, 0.1))
    assert (geom.geom_type, geom.area) == ("MultiPolygon", pytest.approx(0.02))


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ({"wkid": 4490}, "EPSG:4490"),
        ({"wkid": 1, "latestWkid": 4490}, "EPSG:4490"),
        ({"wkt": parse_crs("EPSG:4490").wkt}, "EPSG:4490"),
    ],
)
def test_the_spatial_reference_is_honoured(tmp_path: Path, reference: Any, name: str) -> None:
    document = feature_set({"rings": [clockwise(118, 29, 1)]}, spatialReference=reference)
    assert read_layer(saved(tmp_path, document, "a.json"), code_field="code").crs.name == name


def test_web_mercator_under_its_old_number(tmp_path: Path) -> None:
    rings = [clockwise(13_135_700, 3_376_600, 1_000)]
    document = feature_set({"rings": rings}, spatialReference={"wkid": 102100})
    layer = read_layer(saved(tmp_path, document, "a.json"), code_field="code")
    assert layer.crs.name == "EPSG:3857"
    assert layer.geoms[0].bounds[:2] == pytest.approx((118.0, 29.0), abs=0.01)


def test_the_reference_may_stand_in_the_geometry(tmp_path: Path) -> None:
    geometry = {"rings": [clockwise(118, 29, 1)], "spatialReference": {"wkid": 4490}}
    document = feature_set(geometry, spatialReference=None)
    assert (
        read_layer(saved(tmp_path, document, "a.json"), code_field="code").crs.name == "EPSG:4490"
    )


def test_without_a_reference_the_crs_is_asked_for(tmp_path: Path) -> None:
    document = feature_set({"rings": [clockwise(118, 29, 1)]})
    del document["spatialReference"]
    path = saved(tmp_path, document, "a.json")
    refused = refusal(path)
    assert (refused.code, refused.field) == ("file.no_crs", "crs")
    told = read_layer(path, code_field="code", crs=parse_crs("EPSG:4490"))
    assert told.crs.name == "EPSG:4490"


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ({"wkid": 4214}, "crs.old_datum"),
        ({"wkid": 999_999}, "crs.unknown"),
        ({"wkid": True}, "crs.unknown"),
        ({}, "crs.unknown"),
        ("4326", "crs.unknown"),
        ({"wkt": "no WKT"}, "crs.unknown"),
    ],
)
def test_references_that_are_not_followed(tmp_path: Path, reference: Any, code: str) -> None:
    document = feature_set({"rings": [clockwise(118, 29, 1)]}, spatialReference=reference)
    assert refusal(saved(tmp_path, document, "a.json")).code == code


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        (None, "geometry.null"),
        ({"rings": []}, "geometry.null"),
        ({"x": 118, "y": 29}, "geometry.type"),
        ({"paths": [[[118, 29], [119, 29]]]}, "geometry.type"),
        ("rings", "geometry.type"),
        ({"curveRings": [[[118, 29], {"a": [[119, 29], [118, 30], 0, 1]}]]}, "geometry.curves"),
        ({"rings": [], "curveRings": []}, "geometry.curves"),
        ({"rings": None}, "geometry.coordinates"),
        ({"rings": [[[118, 29], {"a": []}]]}, "geometry.coordinates"),
        ({"rings": [[["NaN", "NaN"]] * 4]}, "geometry.coordinates"),
        ({"rings": [[[118, 29], [119, 29], [118, 29]]]}, "geometry.short_ring"),
        ({"rings": [[[29, 118], [29, 119], [30, 119]]]}, "coordinates.swapped"),
    ],
)
def test_geometries_that_are_refused_name_their_row(
    tmp_path: Path, geometry: Any, code: str
) -> None:
    document = feature_set({"rings": [clockwise(118, 29, 1)]}, geometry)
    refused = refusal(saved(tmp_path, document, "a.json"))
    assert (refused.code, refused.field) == (code, "features[1].geometry")


@pytest.mark.parametrize("features", [1, {}, [1], [{"attributes": [], "geometry": None}, 2]])
def test_what_is_no_feature_set(tmp_path: Path, features: Any) -> None:
    document = {"spatialReference": WGS84, "features": features}
    assert refusal(saved(tmp_path, document, "a.json")).code == "file.not_geojson"

"""GeoJSON at the door: what is taken, and what never reaches GEOS."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import GisError
from gis.features import Limits
from gis.files import read_layer, write_layer
from gis.geojson import parse_geojson
from gis.jsonrings import load_json
from tests.gis.samples import (
    BOWTIE,
    CELLS,
    SQUARE,
    collection,
    polygon,
    refusal,
    saved,
)

NESTED: dict[str, Any] = {"type": "GeometryCollection", "geometries": []}


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        (None, "geometry.null"),
        (polygon([]), "geometry.null"),
        ({"type": "MultiPolygon", "coordinates": []}, "geometry.null"),
        ({"type": "Point", "coordinates": [118, 29]}, "geometry.type"),
        (NESTED, "geometry.type"),
        ({"coordinates": SQUARE}, "geometry.type"),
        ("POLYGON EMPTY", "geometry.type"),
        ({"type": ["Polygon"], "coordinates": SQUARE}, "geometry.type"),
        (polygon(None), "geometry.coordinates"),
        (polygon([SQUARE]), "geometry.coordinates"),
        (polygon(SQUARE[0]), "geometry.coordinates"),
        (polygon([[["118", "29"]] * 4]), "geometry.coordinates"),
        (polygon([["118,29"] * 4]), "geometry.coordinates"),
        (polygon([[{"x": 1}] * 4]), "geometry.coordinates"),
        (polygon([[[118, 29], [118]]]), "geometry.coordinates"),
        (polygon([[[True, False]] * 4]), "geometry.coordinates"),
        (polygon([[[10**400, 29]] * 4]), "geometry.coordinates"),
        ({"type": "MultiPolygon", "coordinates": [[]]}, "geometry.coordinates"),
        (polygon([[]]), "geometry.short_ring"),
        (polygon([[[118, 29], [119, 29], [118, 29]]]), "geometry.short_ring"),
        (polygon([[[29, 118], [29, 119], [30, 119], [29, 118]]]), "coordinates.swapped"),
        (
            polygon([[[500000, 0], [500001, 0], [500001, 1], [500000, 0]]]),
            "coordinates.out_of_range",
        ),
    ],
)
def test_geometries_that_are_refused_name_their_row(
    tmp_path: Path, geometry: Any, code: str
) -> None:
    refused = refusal(saved(tmp_path, collection(polygon(SQUARE), geometry)))
    assert (refused.code, refused.field) == (code, "features[1].geometry")
    assert refused.message.startswith("Feature 2: ")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "file.not_geojson"),
        ("[]", "file.not_geojson"),
        ("{}", "file.not_geojson"),
        ('{"type": "Topology"}', "file.not_geojson"),
        ('{"type": "FeatureCollection", "features": [1]}', "file.not_geojson"),
        ('{"type": "FeatureCollection", "features": []}', "file.empty"),
        ('{"type": "Feature", "properties": 1, "geometry": null}', "file.not_geojson"),
        (json.dumps(collection(polygon(SQUARE))).replace("118.1", "NaN"), "geometry.not_finite"),
        (
            json.dumps(collection(polygon(SQUARE))).replace("118.1", "-Infinity"),
            "geometry.not_finite",
        ),
        (json.dumps(collection(polygon(SQUARE))).replace("118.1", "1e999"), "geometry.not_finite"),
        ("[" * 200_000, "file.nested_too_deep"),
        ('{"a":' * 200_000, "file.nested_too_deep"),
    ],
)
def test_files_that_are_no_geojson(tmp_path: Path, text: str, code: str) -> None:
    assert refusal(saved(tmp_path, text)).code == code


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=20))
def test_no_coordinates_get_past_the_door_unseen(coordinates: Any) -> None:
    for kind in ("Polygon", "MultiPolygon"):
        document = collection({"type": kind, "coordinates": coordinates})
        with pytest.raises(GisError):
            parse_geojson(load_json(json.dumps(document).encode(), Limits()), Limits())


def test_an_invalid_ring_is_taken_as_it_is(tmp_path: Path) -> None:
    layer = read_layer(saved(tmp_path, collection(polygon(BOWTIE))), code_field="code")
    assert not layer.geoms[0].is_valid
    assert shapely.get_num_coordinates(layer.geoms[0]) == 5


def test_a_byte_order_mark_and_a_third_dimension_do_no_harm(tmp_path: Path) -> None:
    deep = [[[*position, 100.0] for position in SQUARE[0]]]
    path = saved(tmp_path, "\ufeff" + json.dumps(collection(polygon(deep))))
    assert read_layer(path, code_field="code").geoms[0].bounds == (118.0, 29.0, 118.1, 29.1)


@pytest.mark.parametrize(
    ("member", "name"),
    [
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}, "EPSG:4490"),
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}, "EPSG:4326"),
    ],
)
def test_the_crs_member_is_honoured(tmp_path: Path, member: Any, name: str) -> None:
    path = saved(tmp_path, collection(polygon(SQUARE), crs=member))
    assert read_layer(path, code_field="code").crs.name == name


@pytest.mark.parametrize(
    ("member", "code"),
    [
        (None, "file.no_crs"),
        ({"type": "link", "properties": {"href": "http://example.org"}}, "crs.unknown"),
        ({"type": "name", "properties": {"name": "EPSG:4214"}}, "crs.old_datum"),
        ("EPSG:4490", "crs.unknown"),
    ],
)
def test_a_crs_member_that_is_not_followed(tmp_path: Path, member: Any, code: str) -> None:
    assert refusal(saved(tmp_path, collection(polygon(SQUARE), crs=member))).code == code


def test_geojson_is_written_as_rfc_7946_has_it(tmp_path: Path) -> None:
    write_layer(tmp_path / "out.geojson", CELLS)
    document = json.loads((tmp_path / "out.geojson").read_text("utf-8"))
    assert "crs" not in document
    shell = shapely.LinearRing(document["features"][0]["geometry"]["coordinates"][0])
    assert shell.is_ccw


def test_a_code_must_be_text_or_number(tmp_path: Path) -> None:
    path = saved(tmp_path, collection(polygon(SQUARE), properties={"code": ["1"]}))
    assert refusal(path).code == "file.bad_value"

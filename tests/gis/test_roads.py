"""Road networks from files: where lines meet, which way they may be driven, what is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gis.crs import geodesic_distance_m, parse_crs
from gis.errors import CrsError, GisError
from gis.roads import Roads, read_roads

#: Some 111 m to the thousandth of a degree.
CROSS = {
    "west": [[0.0, 0.0], [0.001, 0.0]],
    "east": [[0.001, 0.0], [0.002, 0.0]],
    "north": [[0.001, 0.0], [0.001, 0.001]],
}


def write(path: Path, lines: dict[str, Any], **properties: list[Any]) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {"name": name, **{key: each[row] for key, each in properties.items()}},
            "geometry": geometry
            if isinstance(geometry, dict)
            else {"type": "LineString", "coordinates": geometry},
        }
        for row, (name, geometry) in enumerate(lines.items())
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    path.write_text(text, encoding="utf-8")
    return path


def ends(roads: Roads) -> list[tuple[int, int]]:
    return list(zip(roads.source.tolist(), roads.target.tolist(), strict=True))


def test_lines_meet_where_they_end(tmp_path: Path) -> None:
    file = write(tmp_path / "r.geojson", CROSS, m=[1.0, 2, "3.5"])
    roads = read_roads(file, minutes_field="m")
    (_, crossing), (start, _), (start_north, _) = ends(roads)
    assert crossing == start == start_north
    assert roads.junctions == 4
    assert roads.minutes.tolist() == roads.reverse_minutes.tolist() == [1.0, 2.0, 3.5]


@pytest.mark.parametrize(("apart", "junctions"), [(0.8, 3), (1.2, 4)])
def test_ends_within_the_tolerance_are_one(tmp_path: Path, apart: float, junctions: int) -> None:
    gap = apart / 111_320.0
    lines = {"a": [[0.0, 0.0], [0.001, 0.0]], "b": [[0.001 + gap, 0.0], [0.002, 0.0]]}
    roads = read_roads(write(tmp_path / "r.geojson", lines, m=[1, 1]), minutes_field="m")
    assert roads.junctions == junctions


def test_a_chain_of_ends_is_one_junction(tmp_path: Path) -> None:
    step = 0.8 / 111_320.0
    lines = {f"{n}": [[n * step, 0.0], [n * step, 0.01 * (n + 1)]] for n in range(5)}
    roads = read_roads(write(tmp_path / "r.geojson", lines, m=[1] * 5), minutes_field="m")
    assert len(set(roads.source.tolist())) == 1


def test_one_way_streets(tmp_path: Path) -> None:
    lines = {f"{n}": [[n / 100, 0.0], [n / 100, 0.001]] for n in range(6)}
    said = ["yes", "-1", None, "F", "TF", "no"]
    roads = read_roads(
        write(tmp_path / "r.geojson", lines, m=[1] * 6, w=said),
        minutes_field="m",
        oneway_field="w",
    )
    with_it, against = ~np.isnan(roads.minutes), ~np.isnan(roads.reverse_minutes)
    assert with_it.tolist() == [True, False, True, True, False, True]
    assert against.tolist() == [False, True, True, False, True, True]


def test_minutes_by_speed(tmp_path: Path) -> None:
    file = write(tmp_path / "r.geojson", {"a": [[118.0, 29.0], [118.1, 29.0]]}, kmh=[30])
    roads = read_roads(file, speed_field="kmh")
    expected = geodesic_distance_m((118.0, 29.0), (118.1, 29.0)) / 1000 / 30 * 60
    assert roads.minutes[0] == pytest.approx(expected, rel=1e-3)


def test_parts_that_follow_each_other_are_one_and_others_share_the_minutes(tmp_path: Path) -> None:
    whole = [[[0, 0], [0.001, 0]], [[0.001, 0], [0.003, 0]]]
    torn = [[[0, 1], [0.001, 1]], [[0.002, 1], [0.005, 1]]]
    lines = {
        name: {"type": "MultiLineString", "coordinates": parts}
        for name, parts in (("whole", whole), ("torn", torn))
    }
    roads = read_roads(write(tmp_path / "r.geojson", lines, m=[3, 4]), minutes_field="m")
    assert roads.minutes.tolist() == pytest.approx([3.0, 1.0, 3.0])


def test_a_packed_file_and_a_told_crs(tmp_path: Path) -> None:
    plain = write(tmp_path / "r.geojson", CROSS, m=[1, 1, 1])
    packed = tmp_path / "r.geojson.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_roads(packed, minutes_field="m").junctions == 4
    shifted = read_roads(
        write(tmp_path / "s.geojson", {"a": [[118.4, 29.1], [118.5, 29.1]]}, m=[1]),
        minutes_field="m",
        crs=parse_crs("gcj02"),
    )
    lon, lat = shifted.lines[0].coords[0]
    assert 100 < geodesic_distance_m((lon, lat), (118.4, 29.1)) < 700


POINT = {"type": "Point", "coordinates": [0, 0]}


@pytest.mark.parametrize(
    ("code", "lines", "properties", "options"),
    [
        ("roads.no_minutes", CROSS, {}, {}),
        ("roads.no_minutes", CROSS, {}, {"minutes_field": "m", "speed_field": "m"}),
        ("file.unknown_field", CROSS, {}, {"minutes_field": "nowhere"}),
        ("roads.bad_minutes", CROSS, {"m": [1, 0, 1]}, {"minutes_field": "m"}),
        ("roads.bad_minutes", CROSS, {"m": [1, "soon", 1]}, {"minutes_field": "m"}),
        ("roads.bad_speed", CROSS, {"v": [1, None, 1]}, {"speed_field": "v"}),
        (
            "roads.bad_oneway",
            CROSS,
            {"m": [1, 1, 1], "w": ["no", "perhaps", ""]},
            {"minutes_field": "m", "oneway_field": "w"},
        ),
        ("geometry.type", {"a": POINT}, {"m": [1]}, {"minutes_field": "m"}),
        ("file.empty", {}, {}, {"minutes_field": "m"}),
    ],
)
def test_what_is_refused(
    tmp_path: Path,
    code: str,
    lines: dict[str, Any],
    properties: dict[str, list[Any]],
    options: dict[str, str],
) -> None:
    with pytest.raises(GisError) as refused:
        read_roads(write(tmp_path / "r.geojson", lines, **properties), **options)
    assert refused.value.code == code


def test_broken_files_are_refused(tmp_path: Path) -> None:
    broken = tmp_path / "r.geojson.gz"
    broken.write_bytes(gzip.compress(b"{}" * 5000)[:-20])
    for file, code in (
        (broken, "file.unreadable"),
        (tmp_path / "none.geojson.gz", "file.not_found"),
        (tmp_path / "none.gpkg", "file.not_found"),
    ):
        with pytest.raises(GisError) as refused:
            read_roads(file, minutes_field="m")
        assert refused.value.code == code


def test_an_unsafe_crs_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "r.geojson", CROSS, m=[1, 1, 1])
    document = json.loads(file.read_text("utf-8"))
    document["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2435"}}
    file.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(CrsError):
        read_roads(file, minutes_field="m")


def test_carrollton(shared_data: Path) -> None:
    roads = read_roads(
        shared_data / "us_carrollton_tx" / "streets.geojson.gz", minutes_field="minutes"
    )
    assert len(roads.lines) == 4605  # 4,599 features, two of them in pieces
    assert 3000 < roads.junctions < 4000
    assert roads.minutes.sum() == pytest.approx(930.07, abs=0.01)

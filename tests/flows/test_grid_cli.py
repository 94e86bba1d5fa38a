"""`gridserver grid …` and `gridserver locate …` on a database of their own."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
import sqlalchemy as sa

from gis import testing
from gis.features import Cell, as_array
from gis.files import read_layer
from gridserver.base.db import Database
from tests.commands import Run, bring, document
from tests.county import SIDE, WEST, County
from tests.grids import write


@pytest.fixture
def squares(tmp_path: Path) -> Path:
    return write(tmp_path / "squares.gpkg", testing.grid())


FROM_SQUARES = ("--code-field", "code", "--name-field", "name")


def contents(database: Database) -> list[int]:
    """How much there is of everything that an import writes."""
    with database.transaction() as session:
        return [
            session.scalar(sa.text(f"SELECT count(*) FROM {table}"))  # noqa: S608
            for table in ("grid_version", "cell", "audit_entry", "unit")
        ]


# --- from a file to being in force


def test_the_whole_way(run: Run, squares: Path, tmp_path: Path) -> None:
    report = document(run, "grid", "import", squares, "--version", "v1", *FROM_SQUARES)
    assert (report["version"], report["cells"], report["blocking"]) == ("v1", 9, 0)
    assert report["faults"] == report["warnings"] == []
    assert document(run, "grid", "check", "v1") == {
        key: report[key] for key in ("version", "cells", "area_m2", "blocking", "faults")
    }
    assert document(run, "grid", "list")[0]["state"] == "checked"
    card = document(run, "grid", "publish", "v1")
    assert document(run, "grid", "list") == [card]
    assert card.keys() == {"name", "state", "valid_from", "valid_to", "cells"}
    assert (card["state"], card["cells"], card["valid_to"]) == ("published", 9, None)
    assert document(run, "locate", "--lon", 118.401, "--lat", 29.101) == {
        "cell": "r00c00",
        "method": "covers",
        "neighbours": [],
        "distance_m": 0.0,
        "owner": None,
        "grid_version": "v1",
    }
    assert document(run, "grid", "retire", "v1")["state"] == "retired"
    assert document(run, "locate", "--lon", 118.401, "--lat", 29.101)["grid_version"] is None


def test_people_are_told_in_words(run: Run, squares: Path) -> None:
    said = bring(run, squares, "v1")
    assert "9 cells" in said.stdout and "No faults" in said.stdout
    assert "There was no bureau" in said.stderr
    assert "in force from" in run("grid", "publish", "v1").stdout
    assert "published" in run("grid", "list").stdout
    assert "r00c00" in run("locate", "--lon", 118.401, "--lat", 29.101).stdout
    assert "retired" in run("grid", "retire", "v1").stdout


@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".shp", ".zip"])
def test_export_gives_back_what_was_imported(run: Run, tmp_path: Path, ending: str) -> None:
    cells = testing.grid(3, 2, vertices_per_side=9)
    file = write(tmp_path / "in.gpkg", cells)
    run("grid", "import", file, "--version", "v1", *FROM_SQUARES, "--station-field", "station")
    out = tmp_path / f"out{ending}"
    assert document(run, "grid", "export", "v1", out)["cells"] == 6
    back = read_layer(out, code_field="code", name_field="name", station_field="station")
    testing.assert_same_ground(back.cells, cells)
    assert {cell.code: cell.name for cell in back.cells} == {c.code: c.name for c in cells}


def test_publishing_for_later_in_civil_time(run: Run, squares: Path) -> None:
    bring(run, squares, "v1")
    card = document(run, "grid", "publish", "v1", "--from", "2099-01-01T00:00")
    assert card["valid_from"] == "2098-12-31T16:00:00+00:00"
    refusal = run("grid", "publish", "v1", "--from", "2001-01-01", code=1)
    assert "past" in refusal.stderr
    run("grid", "publish", "v1", "--from", "tomorrow", code=2)


def test_an_outline_is_held_against_the_cells(run: Run, squares: Path, tmp_path: Path) -> None:
    outline = write(tmp_path / "outline.geojson", [Cell("x", testing.square(0, 0, 3, 4))])
    report = json.loads(bring(run, squares, "v1", "--outline", outline, "--json").stdout)
    assert [fault["kind"] for fault in report["faults"]] == ["uncovered_outline"]


def test_a_gcj02_file_is_converted(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "amap.geojson", testing.grid())
    bring(run, file, "here")
    bring(run, file, "amap", "--crs", "gcj02")
    west = 118.4002  # GCJ-02 lies some 500 m east of here
    assert document(run, "locate", "--lon", west, "--lat", 29.105, "--version", "here")["cell"]
    moved = document(run, "locate", "--lon", west - 0.004, "--lat", 29.105, "--version", "amap")
    assert moved["cell"] == "r00c00"


def test_faults_are_reported_and_block(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "bowtie.geojson", testing.with_bowtie())
    assert bring(run, file, "v1").exit_code == 0
    out = tmp_path / "faults.geojson"
    report = document(run, "grid", "check", "v1", "--geojson", out, code=1)
    (fault,) = report["faults"]
    assert (fault["kind"], fault["blocking"], fault["cells"]) == ("invalid_ring", True, ["2"])
    keys = {"kind", "blocking", "cells", "area_m2", "length_m", "lon", "lat", "text"}
    assert fault.keys() == keys
    assert pyogrio.read_info(out)["features"] == 1
    refusal = run("grid", "publish", "v1", code=1)
    assert "invalid_ring (2)" in refusal.stderr
    assert [card["state"] for card in document(run, "grid", "list")] == ["draft"]


# --- refused, and nothing of it stays


def shapefile_without_crs(folder: Path) -> Path:
    file = write(folder / "bare.shp", testing.grid())
    file.with_suffix(".prj").unlink()
    return file


def old_datum(folder: Path) -> Path:
    geoms = as_array(cell.geom for cell in testing.grid())
    file = folder / "beijing.gpkg"
    pyogrio.raw.write(
        file,
        shapely.to_wkb(geoms),
        [as_array(cell.code for cell in testing.grid())],
        ["code"],
        driver="GPKG",
        geometry_type="Polygon",
        crs="EPSG:4214",
    )
    return file


def nested_collection(folder: Path) -> Path:
    geometry: dict[str, Any] = {"type": "Point", "coordinates": [118.4, 29.1]}
    for _ in range(100):
        geometry = {"type": "GeometryCollection", "geometries": [geometry]}
    return geojson(folder, geometry)


def not_a_number(folder: Path) -> Path:
    ring = [[118.4, 29.1], [118.5, float("nan")], [118.5, 29.2], [118.4, 29.1]]
    return geojson(folder, {"type": "Polygon", "coordinates": [ring]})


def swapped(folder: Path) -> Path:
    ring = [[29.1, 118.4], [29.1, 118.5], [29.2, 118.5], [29.1, 118.4]]
    return geojson(folder, {"type": "Polygon", "coordinates": [ring]})


def geojson(folder: Path, geometry: dict[str, Any]) -> Path:
    feature = {"type": "Feature", "properties": {"code": "1"}, "geometry": geometry}
    file = folder / "bad.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return file


def squares_in(folder: Path) -> Path:
    return write(folder / "squares.gpkg", testing.grid())


@pytest.mark.parametrize(
    ("make", "more", "said"),
    [
        (shapefile_without_crs, (), "--crs"),
        (old_datum, (), "Beijing 1954"),
        (squares_in, ("--crs", "EPSG:4214"), "Beijing 1954"),
        (squares_in, ("--crs", "EPSG:2401"), "Beijing 1954"),
        (squares_in, ("--crs", "EPSG:4610"), "Xian 1980"),
        (squares_in, ("--crs", "nonsense"), "EPSG:n"),
        (squares_in, ("--code-field", "nope"), "'nope'"),
        (squares_in, ("--layer", "nope"), "nope"),
        (squares_in, ("--version", "a/b"), "name"),
        (nested_collection, (), "GeometryCollection"),
        (not_a_number, (), "NaN"),
        (swapped, (), "swapped"),
        (lambda folder: folder / "nowhere.shp", (), "nowhere.shp"),
    ],
)
def test_what_is_refused_leaves_nothing(
    run: Run,
    database: Database,
    tmp_path: Path,
    make: Callable[[Path], Path],
    more: Sequence[str],
    said: str,
) -> None:
    before = contents(database)
    refusal = bring(run, make(tmp_path), "v1", *more, code=1)
    assert said in refusal.stderr
    assert refusal.stdout == ""
    assert len(refusal.stderr.strip().splitlines()) == 1
    assert contents(database) == before


def test_a_taken_name_leaves_the_first_as_it_was(
    run: Run, database: Database, squares: Path
) -> None:
    bring(run, squares, "v1")
    before = contents(database)
    assert "version v1 exists" in bring(run, squares, "v1", code=1).stderr
    assert contents(database) == before


def test_unknown_versions(run: Run, county: County, tmp_path: Path) -> None:
    for command in (
        ("grid", "check", "no"),
        ("grid", "publish", "no"),
        ("grid", "retire", "no"),
        ("grid", "export", "no", tmp_path / "x.gpkg"),
        ("locate", "--lon", 118.4, "--lat", 29.1, "--version", "no"),
    ):
        assert "'no'" in run(*command, code=1).stderr
    assert list(tmp_path.iterdir()) == []


# --- locate


def test_one_point_and_its_owner(run: Run, county: County) -> None:
    assert document(run, "locate", "--lon", WEST + SIDE, "--lat", 29.105) == {
        "cell": "330824001001001",
        "method": "boundary",
        "neighbours": ["330824001001002"],
        "distance_m": 0.0,
        "owner": {"username": "330824001", "display_name": "330824001"},
        "grid_version": "v1",
    }


def test_the_owner_at_the_time(run: Run, county: County) -> None:
    at = ("--lon", 118.405, "--lat", 29.105, "--at")
    found = document(run, "locate", *at, "2026-03-10T09:30:00+08:00")
    assert found["owner"]["username"] == "330824001"
    before = document(run, "locate", *at, "2020-01-01")
    assert (before["method"], before["owner"], before["grid_version"]) == ("outside", None, None)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--lon", "29.1", "--lat", "118.4"), "swapped"),
        (("--lon", "nan", "--lat", "29.1"), "finite"),
        (("--lon", "518.4", "--lat", "29.1"), "range"),
        (("--lon", "118.4", "--lat", "29.1", "--crs", "EPSG:2401"), "Beijing 1954"),
        (("--lon", "118.4", "--lat", "29.1", "--accuracy", "-5"), "accuracy"),
    ],
)
def test_impossible_points(run: Run, county: County, options: Sequence[str], said: str) -> None:
    assert said in run("locate", *options, code=1).stderr


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--lon", "118.4"),
        ("--csv", "in.csv"),
        ("--lon", "118.4", "--lat", "29.1", "--csv", "a", "--out", "b"),
        ("--csv", "a", "--out", "b", "--accuracy", "5"),
    ],
)
def test_wrong_use(run: Run, options: Sequence[str]) -> None:
    run("locate", *options, code=2)


def test_bulk_keeps_rows_in_order(run: Run, county: County, tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv.gz", tmp_path / "out.csv"
    rows = ["id,x,y", "1,118.405,29.105", "2,,", "3,118.415,29.115,", "4,0,0"]
    with gzip.open(source, "wt", encoding="utf-8-sig") as file:
        file.write("\r\n".join([*rows[:3], "3,118.415,29.115", rows[4]]) + "\r\n")
    fields = ("--lon-field", "x", "--lat-field", "y")
    done = document(run, "locate", "--csv", source, "--out", target, *fields)
    assert done == {
        "rows": 4,
        "methods": {"covers": 2, "invalid": 1, "outside": 1},
        "grid_version": "v1",
    }
    assert target.read_text(encoding="utf-8").splitlines() == [
        "id,x,y,cell_code,method",
        "1,118.405,29.105,330824001001001,covers",
        "2,,,,invalid",
        "3,118.415,29.115,330824002001002,covers",
        "4,0,0,,outside",
    ]


def test_bulk_writes_gzip_by_the_ending_and_over_its_source(
    run: Run, county: County, tmp_path: Path
) -> None:
    file = tmp_path / "points.csv.gz"
    with gzip.open(file, "wt") as out:
        out.write("lon,lat\n118.405,29.105\n")
    run("locate", "--csv", file, "--out", file)
    with gzip.open(file, "rt") as back:
        assert list(csv.reader(back))[1][-1] == "covers"
    assert [path.name for path in tmp_path.iterdir()] == ["points.csv.gz"]


def test_bulk_asks_a_draft(run: Run, county: County, squares: Path, tmp_path: Path) -> None:
    bring(run, squares, "v2")
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("lon,lat\n118.401,29.101\n")
    run("locate", "--csv", source, "--out", target, "--version", "v2")
    assert "r00c00,covers" in target.read_text()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x,y\n1,2\n", "'lon'"),
        (b"", "empty"),
        ("lon,lat,名\n1,2,地\n".encode("gb18030"), "UTF-8"),
        (b"lon,lat\n118.4,29.1\n118.4,29.1,3\n", "Row 3"),
    ],
)
def test_bulk_refuses_and_leaves_the_old_answer(
    run: Run, county: County, tmp_path: Path, content: bytes, said: str
) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(content)
    target.write_text("the former answer")
    assert said in run("locate", "--csv", source, "--out", target, code=1).stderr
    assert target.read_text() == "the former answer"
    assert len(list(tmp_path.iterdir())) == 2


def test_bulk_files_that_are_not_there(run: Run, county: County, tmp_path: Path) -> None:
    missing = tmp_path / "missing.csv"
    assert "missing.csv" in run("locate", "--csv", missing, "--out", missing, code=1).stderr
    there = tmp_path / "in.csv"
    there.write_text("lon,lat\n")
    out = tmp_path / "no" / "out.csv"
    assert "No such file" in run("locate", "--csv", there, "--out", out, code=1).stderr

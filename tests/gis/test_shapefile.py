"""Shapefiles: encodings, CRS, folders and zips."""

import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely

from gis.crs import parse_crs
from gis.errors import FileError
from gis.features import Cell
from gis.files import Limits, read_layer, write_layer
from tests.gis.samples import refusal, write_shapefile


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ([1.0, 12.5, float("nan")], ["1", "12.5", ""]),
        (np.array([7, 8], dtype="int32"), ["7", "8"]),
        (np.array([330824001001, 330824001002], dtype="int64"), ["330824001001", "330824001002"]),
        (["007", " 8 "], ["007", "8"]),
    ],
)
def test_codes_become_text(tmp_path: Path, values: list[Any], codes: list[str]) -> None:
    path = write_shapefile(tmp_path / "a.shp", {"code": values})
    assert read_layer(path, code_field="code").codes == codes


@pytest.mark.filterwarnings("ignore:'crs' was not provided:UserWarning")
def test_a_shapefile_without_crs_is_refused_until_told(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path / "a.shp", {"code": ["1"]}, crs=None)
    refused = refusal(path)
    assert (refused.code, refused.field) == ("file.no_crs", "crs")
    assert "--crs" in refused.message
    told = read_layer(path, code_field="code", crs=parse_crs("EPSG:4490"))
    assert told.crs.name == "EPSG:4490"
    assert told.geoms[0].bounds == (118.0, 29.0, 118.1, 29.1)


def test_a_shapefile_on_an_old_datum_is_refused(tmp_path: Path) -> None:
    square = shapely.box(500_000, 3_200_000, 501_000, 3_201_000)
    path = write_shapefile(tmp_path / "a.shp", {"code": ["1"]}, crs="EPSG:2384", geom=square)
    assert refusal(path).code == "crs.old_datum"


def test_a_projected_shapefile_is_converted(tmp_path: Path) -> None:
    square = shapely.box(500_000, 3_200_000, 501_000, 3_201_000)
    path = write_shapefile(tmp_path / "a.shp", {"code": ["1"]}, crs="EPSG:4548", geom=square)
    layer = read_layer(path, code_field="code")
    assert layer.crs.name == "EPSG:4548"
    assert layer.geoms[0].bounds[0] == pytest.approx(117.0, abs=1e-9)


@pytest.mark.parametrize("error", [b"garbage", b""])
def test_a_prj_that_is_none(tmp_path: Path, error: bytes) -> None:
    path = write_shapefile(tmp_path / "a.shp", {"code": ["1"]})
    path.with_suffix(".prj").write_bytes(error)
    assert refusal(path).code in ("crs.unknown", "file.no_crs")


@pytest.mark.parametrize(
    ("encoding", "cpg"), [("GB18030", True), ("GB18030", False), ("UTF-8", True), ("UTF-8", False)]
)
def test_chinese_shapefiles_with_and_without_cpg(tmp_path: Path, encoding: str, cpg: bool) -> None:
    columns = {"编码": ["城关1", "华埠2"], "name": ["城关派出所", "华埠派出所"]}
    path = write_shapefile(tmp_path / "a.shp", columns, encoding=encoding, cpg=cpg)
    layer = read_layer(path, code_field="编码", name_field="name")
    assert layer.codes == ["城关1", "华埠2"]
    assert [cell.name for cell in layer.cells] == ["城关派出所", "华埠派出所"]
    assert [encoding in warning.text for warning in layer.warnings] == ([] if cpg else [True])


def test_a_field_name_cut_in_mid_character_is_refused(tmp_path: Path) -> None:
    # In UTF-8 the ten bytes of a Shapefile's field name hold three characters and a third.
    path = tmp_path / "a.shp"
    with pytest.warns(RuntimeWarning, match="decode"):
        write_shapefile(path, {"网格编码": ["1"]})
    refused = refusal(path)
    assert refused.code == "file.encoding"
    assert "GeoPackage" in refused.message


def test_a_folder_and_a_zip_hold_one_shapefile(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    assert refusal(folder).code == "file.not_one_shapefile"
    write_shapefile(folder / "a.shp", {"code": ["1"]})
    assert read_layer(folder, code_field="code").codes == ["1"]
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path, "folder"))
    assert read_layer(packed, code_field="code").codes == ["1"]
    write_shapefile(folder / "b.shp", {"code": ["2"]})
    assert refusal(folder).params == {"found": ["a.shp", "b.shp"]}
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path, "folder"))
    assert refusal(packed).code == "file.not_one_shapefile"
    assert read_layer(packed, code_field="code", layer="b").codes == ["2"]


def test_a_zip_is_counted_while_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.shp", b"\x00\x00\x27\x0a" + bytes(3_000_000))
    assert path.stat().st_size < 10_000
    assert refusal(path, limits=Limits(max_bytes=1_000_000)).code == "file.too_large"


def test_a_zip_that_is_broken_or_holds_something_else(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK\x03\x04 and nothing more")
    assert refusal(path).code == "file.unreadable"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../a.txt", "no")
    assert refusal(path).code == "file.not_one_shapefile"


def test_carrollton_in_us_feet_lands_where_its_geojson_lies(shared_data: Path) -> None:
    folder = shared_data / "us_carrollton_tx"
    feet = read_layer(folder / "native_epsg2276", code_field="PDGrid", name_field="BEATNUMBER")
    degrees = read_layer(folder / "reporting_areas.geojson", code_field="reporting_area")
    assert feet.crs.name == "EPSG:2276"
    assert feet.codes == degrees.codes
    assert feet.cells[0].name == "3"
    worst = shapely.hausdorff_distance(feet.geoms, degrees.geoms).max()
    assert worst < 1e-6


def test_what_is_written_says_its_encoding_and_crs(tmp_path: Path) -> None:
    """Asked of GDAL's own tools, as another program would."""
    cell = Cell(
        "330824115006001", shapely.box(118.0, 29.0, 118.1, 29.1), "池淮镇芹源村", "33082401"
    )
    write_layer(tmp_path / "a.zip", [cell])
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert sorted(archive.namelist()) == ["a.cpg", "a.dbf", "a.prj", "a.shp", "a.shx"]
        assert archive.read("a.cpg") == b"UTF-8"
        prj = archive.read("a.prj").decode()
    assert pyproj.CRS.from_wkt(prj).to_epsg(min_confidence=20) == 4326
    told = subprocess.run(
        ["ogrinfo", "-al", f"/vsizip/{tmp_path / 'a.zip'}"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "name (String) = 池淮镇芹源村" in told
    assert "WGS 84" in told


def test_a_text_that_a_shapefile_would_cut_is_refused(tmp_path: Path) -> None:
    cell = Cell("1", shapely.box(118.0, 29.0, 118.1, 29.1), "村" * 85)
    with pytest.raises(FileError) as refused:
        write_layer(tmp_path / "a.shp", [cell])
    assert refused.value.code == "file.long_text"
    assert not list(tmp_path.iterdir())
    write_layer(tmp_path / "a.gpkg", [cell])
    assert read_layer(tmp_path / "a.gpkg", code_field="code", name_field="name").cells[0].name == (
        cell.name
    )

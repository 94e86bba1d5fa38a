"""Reading and writing cells: formats, encodings, CRS, limits, and what is refused."""

import json
import random
import shutil
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.crs import GCJ02, parse_crs
from gis.errors import GisError
from gis.files import Cell, Layer, Limits, read_area, read_layer, write_layer
from gis.geojson import parse_geojson

SQUARE = [[[118.0, 29.0], [118.1, 29.0], [118.1, 29.1], [118.0, 29.1], [118.0, 29.0]]]
BOWTIE = [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]
CELLS = (
    Cell("001", shapely.box(118.0, 29.0, 118.1, 29.1), "城关网格", "330824510"),
    Cell(
        "002",
        shapely.MultiPolygon(
            [shapely.box(118.1, 29.0, 118.2, 29.1), shapely.box(119, 29, 120, 30)]
        ),
    ),
)


def collection(*geometries: Any, properties: Any = None, **members: Any) -> dict[str, Any]:
    features = [
        {"type": "Feature", "properties": properties or {"code": str(row)}, "geometry": geometry}
        for row, geometry in enumerate(geometries)
    ]
    return {"type": "FeatureCollection", "features": features, **members}


def polygon(coordinates: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": coordinates}


def saved(tmp_path: Path, document: Any, name: str = "cells.geojson") -> Path:
    path = tmp_path / name
    path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return path


def refusal(path: Path, **options: Any) -> GisError:
    with pytest.raises(GisError) as refused:
        read_layer(path, **{"code_field": "code", **options})
    return refused.value


def write_shapefile(
    path: Path,
    columns: dict[str, list[Any]],
    *,
    crs: str | None = "EPSG:4326",
    encoding: str = "UTF-8",
    cpg: bool = True,
    geom: shapely.Geometry | None = None,
) -> Path:
    count = len(next(iter(columns.values())))
    wkb = shapely.to_wkb(np.array([geom or shapely.box(118, 29, 118.1, 29.1)] * count))
    pyogrio.raw.write(
        path,
        wkb,
        [np.array(values) for values in columns.values()],
        list(columns),
        driver="ESRI Shapefile",
        geometry_type="Polygon",
        crs=crs,
        encoding=encoding,
    )
    if not cpg:
        path.with_suffix(".cpg").unlink()
    return path


@pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".shp", ".zip"])
def test_what_is_written_is_read_back_bit_for_bit(tmp_path: Path, ending: str) -> None:
    third = 1 / 3
    cells = (*CELLS, Cell("003", shapely.box(118 + third, 29 + third, 119 - third / 7, 30), "丙"))
    write_layer(tmp_path / f"out{ending}", cells)
    layer = read_layer(
        tmp_path / f"out{ending}", code_field="code", name_field="name", station_field="station"
    )
    assert [(c.code, c.name, c.station) for c in layer.cells] == [
        (c.code, c.name, c.station) for c in cells
    ]
    for got, wanted in zip(layer.cells, cells, strict=True):
        assert got.geom.normalize().equals_exact(
            wanted.geom.normalize(), 0.0
        ) or shapely.MultiPolygon([wanted.geom]).normalize().equals_exact(got.geom.normalize(), 0.0)
    assert layer.crs.name == "EPSG:4326"
    assert layer.warnings == ()


def test_writing_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    target = tmp_path / "out.gpkg"
    write_layer(target, CELLS)
    write_layer(target, CELLS[:1])
    assert read_layer(target, code_field="code").codes == ["001"]
    assert [path.name for path in tmp_path.iterdir()] == ["out.gpkg"]


def test_writing_is_refused_by_ending_and_place(tmp_path: Path) -> None:
    with pytest.raises(GisError) as refused:
        write_layer(tmp_path / "out.docx", CELLS)
    assert refused.value.code == "file.format"
    with pytest.raises(GisError) as refused:
        write_layer(tmp_path / "nowhere" / "out.gpkg", CELLS)
    assert refused.value.code == "file.not_writable"
    assert list(tmp_path.iterdir()) == []


def test_geojson_is_written_as_rfc_7946_has_it(tmp_path: Path) -> None:
    write_layer(tmp_path / "out.geojson", CELLS)
    document = json.loads((tmp_path / "out.geojson").read_text("utf-8"))
    assert "crs" not in document
    shell = shapely.LinearRing(document["features"][0]["geometry"]["coordinates"][0])
    assert shell.is_ccw


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


@pytest.mark.parametrize(
    ("encoding", "cpg"), [("GB18030", True), ("GB18030", False), ("UTF-8", True), ("UTF-8", False)]
)
def test_chinese_shapefiles_with_and_without_cpg(tmp_path: Path, encoding: str, cpg: bool) -> None:
    columns = {"编码": ["城关1", "华埠2"], "name": ["城关派出所", "华埠派出所"]}
    path = write_shapefile(tmp_path / "a.shp", columns, encoding=encoding, cpg=cpg)
    layer = read_layer(path, code_field="编码", name_field="name")
    assert layer.codes == ["城关1", "华埠2"]
    assert [cell.name for cell in layer.cells] == ["城关派出所", "华埠派出所"]
    assert [encoding in warning for warning in layer.warnings] == ([] if cpg else [True])


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


KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder><name>网格</name><Placemark>
<name>城关</name><ExtendedData><Data name="code"><value>001</value></Data></ExtendedData>
<Polygon><outerBoundaryIs><LinearRing><coordinates>
118,29,5 118.1,29,5 118.1,29.1,5 118,29,5
</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Folder></Document></kml>"""


def test_kml_is_read_in_two_dimensions(tmp_path: Path) -> None:
    layer = read_layer(saved(tmp_path, KML, "a.kml"), code_field="code", name_field="Name")
    assert (layer.codes, layer.cells[0].name, layer.crs.name) == (["001"], "城关", "EPSG:4326")
    assert not layer.geoms[0].has_z


def test_a_layer_is_asked_for_where_there_are_several(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    for name in ("cells", "stations"):
        wkb = shapely.to_wkb(np.array([shapely.box(118, 29, 119, 30)]))
        pyogrio.raw.write(
            path, wkb, [np.array([name])], ["code"], layer=name, geometry_type="Polygon",
            crs="EPSG:4490", driver="GPKG", append=path.exists(),
        )  # fmt: skip
    assert refusal(path).code == "file.several_layers"
    refused = refusal(path, layer="cell")
    assert (refused.code, refused.params) == (
        "file.unknown_layer",
        {"layers": ["cells", "stations"]},
    )
    assert read_layer(path, code_field="code", layer="stations").codes == ["stations"]


def test_an_unknown_field_is_answered_with_those_there_are(tmp_path: Path) -> None:
    path = saved(tmp_path, collection(polygon(SQUARE), properties={"beat": "1", "sector": 2}))
    refused = refusal(path)
    assert (refused.code, refused.field) == ("file.unknown_field", "code_field")
    assert refused.message == "There is no field 'code'; the file has: beat, sector."
    assert refusal(path, code_field="beat", name_field="nom").field == "name_field"


def test_a_code_must_be_text_or_number(tmp_path: Path) -> None:
    path = saved(tmp_path, collection(polygon(SQUARE), properties={"code": ["1"]}))
    assert refusal(path).code == "file.bad_value"


NESTED: dict[str, Any] = {"type": "GeometryCollection", "geometries": []}
NESTED["geometries"].append({"type": "GeometryCollection", "geometries": [polygon(SQUARE)]})


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
            parse_geojson(json.dumps(document).encode())


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


def test_a_crs_that_was_told_overrules_the_file_and_says_so(tmp_path: Path) -> None:
    layer = read_layer(saved(tmp_path, collection(polygon(SQUARE))), code_field="code", crs=GCJ02)
    assert layer.warnings == ("The file names EPSG:4326; it was read as gcj02, as told.",)
    assert layer.geoms[0].bounds[0] == pytest.approx(117.995, abs=0.001)


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(max_bytes=100), "file.too_large"),
        (Limits(max_features=1), "file.too_many_features"),
        (Limits(max_vertices=9), "file.too_many_vertices"),
    ],
)
@pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".shp"])
def test_limits(tmp_path: Path, limits: Limits, code: str, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    write_layer(path, CELLS)
    assert refusal(path, limits=limits).code == code


def test_null_geometries_and_points_in_other_formats(tmp_path: Path) -> None:
    for name, wkb, code in (
        ("null", None, "geometry.null"),
        ("empty", shapely.to_wkb(shapely.Polygon()), "geometry.null"),
        ("point", shapely.to_wkb(shapely.Point(118, 29)), "geometry.type"),
    ):
        path = tmp_path / f"{name}.gpkg"
        good = shapely.to_wkb(CELLS[0].geom)
        pyogrio.raw.write(
            path, np.array([good, wkb], dtype=object), [np.array(["1", "2"])], ["code"],
            geometry_type="Unknown", crs="EPSG:4326", driver="GPKG",
        )  # fmt: skip
        refused = refusal(path)
        assert (refused.code, refused.field) == (code, "features[1].geometry")


@pytest.mark.parametrize("ending", [".gpkg", ".kml", ".shp", ".zip"])
def test_a_file_is_what_its_ending_says(tmp_path: Path, ending: str) -> None:
    path = saved(
        tmp_path, '<OGRVRTDataSource><OGRVRTLayer name="passwd"/></OGRVRTDataSource>', f"a{ending}"
    )
    assert refusal(path).code == "file.format"


def test_other_endings_and_missing_files(tmp_path: Path) -> None:
    assert refusal(saved(tmp_path, "x", "a.docx")).code == "file.format"
    assert refusal(tmp_path / "none.gpkg").code == "file.not_found"


def test_parts_are_merged_only_where_asked(tmp_path: Path) -> None:
    cells = (
        Cell("1", shapely.box(0, 0, 1, 1), "甲"),
        Cell("2", shapely.box(5, 5, 6, 6)),
        Cell("1", shapely.box(1, 0, 2, 1), "甲"),
        Cell("", shapely.box(8, 8, 9, 9)),
        Cell("", shapely.box(9, 8, 10, 9)),
    )
    path = tmp_path / "a.geojson"
    write_layer(path, cells)
    assert read_layer(path, code_field="code").codes == ["1", "2", "1", "", ""]
    merged = read_layer(path, code_field="code", merge_parts=True)
    assert merged.codes == ["1", "2", "", ""]
    assert merged.geoms[0].equals(shapely.box(0, 0, 2, 1))
    assert merged.warnings == ("2 polygons of code 1 were joined.",)


def test_an_invalid_part_stays_visible_when_merged(tmp_path: Path) -> None:
    document = collection(polygon(BOWTIE), polygon(BOWTIE), properties={"code": "1"})
    merged = read_layer(saved(tmp_path, document), code_field="code", merge_parts=True)
    assert merged.codes == ["1"]
    assert not merged.geoms[0].is_valid


def test_an_area_is_the_ground_of_all_polygons(tmp_path: Path) -> None:
    path = tmp_path / "area.gpkg"
    write_layer(path, CELLS)
    assert read_area(path).equals(shapely.union_all([cell.geom for cell in CELLS]))


@pytest.mark.filterwarnings("ignore:'crs' was not provided:UserWarning")
def test_an_area_is_read_in_its_own_crs_and_else_in_the_one_given(tmp_path: Path) -> None:
    says = saved(tmp_path, collection(polygon(SQUARE)))
    assert read_area(says, crs=GCJ02).bounds == (118.0, 29.0, 118.1, 29.1)
    silent = write_shapefile(tmp_path / "a.shp", {"code": ["1"]}, crs=None)
    assert read_area(silent, crs=GCJ02).bounds[0] == pytest.approx(117.995, abs=0.001)
    with pytest.raises(GisError) as refused:
        read_area(silent)
    assert refused.value.code == "file.no_crs"


def test_an_invalid_or_empty_area_is_refused(tmp_path: Path) -> None:
    for document, code in (
        (collection(polygon(SQUARE), polygon(BOWTIE)), "geometry.invalid"),
        (collection(), "file.empty"),
    ):
        with pytest.raises(GisError) as refused:
            read_area(saved(tmp_path, document))
        assert refused.value.code == code


def test_chicago_has_277_polygons_and_275_beats(shared_data: Path) -> None:
    path = shared_data / "us_chicago" / "beats.geojson"
    assert len(read_layer(path, code_field="beat").cells) == 277
    merged = read_layer(path, code_field="beat", name_field="district", merge_parts=True)
    assert len(merged.cells) == 275
    assert sum("joined" in warning for warning in merged.warnings) == 1


def test_carrollton_in_us_feet_lands_where_its_geojson_lies(shared_data: Path) -> None:
    folder = shared_data / "us_carrollton_tx"
    feet = read_layer(folder / "native_epsg2276", code_field="PDGrid", name_field="BEATNUMBER")
    degrees = read_layer(folder / "reporting_areas.geojson", code_field="reporting_area")
    assert feet.crs.name == "EPSG:2276"
    assert feet.codes == degrees.codes
    assert feet.cells[0].name == "3"
    worst = shapely.hausdorff_distance(feet.geoms, degrees.geoms).max()
    assert worst < 1e-6


def iou(a: shapely.Geometry, b: shapely.Geometry) -> float:
    return float(a.intersection(b).area / a.union(b).area)


def kaihua(layer: Layer) -> shapely.Geometry:
    return next(cell.geom for cell in layer.cells if cell.code == "330824")


def test_amap_read_as_gcj02_lands_on_the_tianditu_outline(shared_data: Path) -> None:
    folder = shared_data / "cn_kaihua_330824"
    tianditu = read_layer(folder / "counties_tianditu_cgcs2000.geojson", code_field="adcode")
    amap = folder / "counties_amap_gcj02.geojson"
    as_gcj02 = read_layer(amap, code_field="adcode", crs=GCJ02)
    as_given = read_layer(amap, code_field="adcode")
    assert tianditu.crs.name == "EPSG:4490"
    assert iou(kaihua(as_given), kaihua(tianditu)) == pytest.approx(0.957, abs=0.001)
    assert iou(kaihua(as_gcj02), kaihua(tianditu)) == pytest.approx(0.981, abs=0.001)
    assert shapely.coverage_is_valid(as_gcj02.geoms)


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Cut off somewhere, or with a few bytes changed."""
    if rng.random() < 0.3:
        return data[: rng.randrange(len(data))]
    broken = bytearray(data)
    for _ in range(rng.choice((1, 3, 20))):
        broken[rng.randrange(len(broken))] = rng.randrange(256)
    return bytes(broken)


@pytest.mark.parametrize(
    "name", ["a.gpkg", "a.zip", "a.geojson", "a.kml", "a.shp", "a.shx", "a.dbf", "a.prj", "a.cpg"]
)
def test_a_damaged_file_is_read_or_refused_and_nothing_else(tmp_path: Path, name: str) -> None:
    rng = random.Random(name)
    asked = tmp_path / (name if name.endswith(("gpkg", "zip", "json", "kml")) else "a.shp")
    if name == "a.kml":
        saved(tmp_path, KML, name)
    else:
        write_layer(asked, CELLS)
    whole = (tmp_path / name).read_bytes()
    outcomes = Counter()
    for _ in range(40):
        (tmp_path / name).write_bytes(damaged(whole, rng))
        try:
            read_layer(asked, code_field="code")
            outcomes["read"] += 1
        except GisError as refused:
            outcomes[refused.code] += 1
    assert outcomes["read"] < 40 or name == "a.cpg", "the damage was never seen"


@pytest.mark.parametrize("error", [b"garbage", b""])
def test_a_prj_that_is_none(tmp_path: Path, error: bytes) -> None:
    path = write_shapefile(tmp_path / "a.shp", {"code": ["1"]})
    path.with_suffix(".prj").write_bytes(error)
    assert refusal(path).code in ("crs.unknown", "file.no_crs")

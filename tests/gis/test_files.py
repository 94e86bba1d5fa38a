"""Reading and writing cells: formats, CRS, limits, merging, and what is refused."""

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from gis.crs import GCJ02
from gis.errors import GisError
from gis.files import Cell, Layer, Limits, read_area, read_layer, write_layer
from tests.gis.samples import (
    BOWTIE,
    CELLS,
    KML,
    SQUARE,
    collection,
    polygon,
    refusal,
    saved,
    write_shapefile,
)


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


def test_a_crs_that_was_told_overrules_the_file_and_says_so(tmp_path: Path) -> None:
    layer = read_layer(saved(tmp_path, collection(polygon(SQUARE))), code_field="code", crs=GCJ02)
    (warning,) = layer.warnings
    assert warning.text == "The file names EPSG:4326; it was read as gcj02, as told."
    assert warning.params == {"found": "EPSG:4326", "told": "gcj02"}
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
    assert [said.text for said in merged.warnings] == ["2 polygons of code 1 were joined."]


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
    assert sum("joined" in warning.text for warning in merged.warnings) == 1


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

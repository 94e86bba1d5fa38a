"""Files made to do harm: each is refused in under 10 s by its code, and the reader lives on.

They are read as the server reads them: `read_layer_safely`, with its usual limits.
"""

import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest
import shapely

from gis import killable, testing
from gis.coverage import faults
from gis.errors import GisError
from gis.features import Cell
from gis.files import read_area_safely, read_layer_safely, write_layer
from tests.gis import attacks

pytestmark = pytest.mark.timeout(20)  # ten to make the file, ten to refuse it

SECONDS = 10.0

REFUSED = {
    attacks.nested_collections: "geometry.type",
    attacks.nested_collections_too_deep_for_json: "file.nested_too_deep",
    attacks.nested_collections_in_a_geopackage: "file.unreadable",
    attacks.nested_multigeometry: "file.unreadable",
    attacks.deep_coordinates: "geometry.coordinates",
    attacks.unclosed_brackets: "file.nested_too_deep",
    attacks.not_a_number: "geometry.not_finite",
    attacks.infinity: "geometry.not_finite",
    attacks.number_beyond_double: "geometry.not_finite",
    attacks.number_of_many_digits: "file.not_geojson",
    attacks.kml_with_nan: "geometry.not_finite",
    attacks.coordinates_that_are_nan: "geometry.short_ring",  # GDAL drops the position
    attacks.empty_file: "file.not_geojson",
    attacks.empty(".shp"): "file.format",
    attacks.empty(".zip"): "file.format",
    attacks.empty(".gpkg"): "file.format",
    attacks.empty(".kml"): "file.format",
    attacks.huge(".shp"): "file.too_large",
    attacks.huge(".zip"): "file.too_large",
    attacks.huge(".gpkg"): "file.too_large",
    attacks.huge(".kml"): "file.too_large",
    attacks.huge(".geojson"): "file.too_large",
    attacks.too_many_vertices: "file.too_many_vertices",
    attacks.too_many_features: "file.too_many_features",
    attacks.zip_bomb: "file.too_large",
    attacks.zip_bomb_that_says_it_is_small: "file.unreadable",
    attacks.zip_bomb_just_too_large: "file.too_large",
    attacks.zip_of_many_members: "file.not_one_shapefile",
    attacks.zip_with_a_password: "file.unreadable",
    attacks.name_that_is_no_utf8: "file.unreadable",
    attacks.symlink_in_a_zip: "file.format",
    attacks.record_of_two_billion_parts: "file.unreadable",
    attacks.record_of_two_billion_points: "file.unreadable",
    attacks.record_of_minus_one_points: "file.unreadable",
    attacks.part_that_starts_beyond_its_points: "file.unreadable",
    attacks.index_beyond_the_file: "file.unreadable",
    attacks.table_whose_rows_have_no_length: "file.unknown_field",
    attacks.shapefile_without_index_or_table: "file.unreadable",
    attacks.no_sqlite: "file.format",
    attacks.sqlite_in_name_only: "file.unreadable",
    attacks.ring_of_four_billion_points: "file.unreadable",
    attacks.multipolygon_of_four_billion_parts: "file.unreadable",
    attacks.view_without_end: "file.view",
    attacks.view_that_loads_a_library: "file.view",
    attacks.billion_laughs: "file.unreadable",
    attacks.quadratic_entity: "file.unreadable",
    attacks.entity_of_a_file: "file.unreadable",
    attacks.virtual_dataset: "file.no_layer",
}

HARMLESS = [
    attacks.zip_slip,
    attacks.trigger_that_deletes,
    attacks.header_of_another_shape,
    attacks.table_of_two_billion_rows,
]


def name_of(attack: Callable[[Path], Path]) -> str:
    return attack.__name__


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in one of its own, so that what climbs out of it is seen."""
    inner = tmp_path / "inner"
    inner.mkdir()
    return inner


def assert_alive(tmp_path: Path) -> None:
    """Reading still works here and in another process, and no more memory is taken than before."""
    path = tmp_path / "good.geojson"
    write_layer(path, testing.grid())
    assert len(read_layer_safely(path, code_field="code").cells) == 9
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2 << 20  # KiB


@pytest.mark.parametrize("attack", REFUSED, ids=name_of)
def test_refused(folder: Path, attack: attacks.Attack) -> None:
    path = attack(folder)
    before = sorted(os.listdir(folder))  # noqa: PTH208 - names only
    with pytest.raises(GisError) as refused:
        read_layer_safely(path, code_field="code", seconds=SECONDS)
    assert refused.value.code == REFUSED[attack]
    assert refused.value.message.endswith((".", ")"))
    assert len(refused.value.message) < 600
    assert str(folder) not in refused.value.message
    assert sorted(os.listdir(folder)) == before  # noqa: PTH208
    assert [entry.name for entry in folder.parent.iterdir()] == ["inner"]


@pytest.mark.parametrize("attack", HARMLESS, ids=name_of)
def test_read_without_harm(folder: Path, attack: attacks.Attack) -> None:
    path = attack(folder)
    bytes_before = path.read_bytes()
    layer = read_layer_safely(path, code_field="code", seconds=SECONDS)
    assert layer.codes[0] == "r00c00"
    assert path.read_bytes() == bytes_before
    assert [entry.name for entry in folder.parent.iterdir()] == ["inner"]


def test_the_reader_lives_on(tmp_path: Path, folder: Path) -> None:
    for attack in (attacks.zip_bomb, attacks.nested_collections_in_a_geopackage):
        with pytest.raises(GisError):
            read_area_safely(attack(folder), seconds=SECONDS)
    assert_alive(tmp_path)


def test_cells_with_one_code_are_read_and_one_fault(folder: Path) -> None:
    path = folder / "a.gpkg"
    write_layer(path, attacks.one_code())
    cells = read_layer_safely(path, code_field="code", seconds=SECONDS).cells
    found = killable.run(faults, cells, seconds=SECONDS)
    assert [(f.kind, f.blocking, f.params["count"]) for f in found] == [
        ("duplicate_code", True, 10_000)
    ]
    merged = read_layer_safely(path, code_field="code", merge_parts=True, seconds=SECONDS)
    assert merged.codes == ["1"]


@pytest.mark.parametrize("cells", [attacks.star(), attacks.stars()], ids=["one", "thirty"])
def test_stars_are_faults_and_nobody_repairs_them(cells: list[Cell]) -> None:
    found = killable.run(faults, cells, seconds=SECONDS)
    stars = [cell.code for cell in cells if cell.code.startswith("star")]
    assert sorted(f.cells[0] for f in found if f.kind == "invalid_ring") == sorted(stars)
    assert all(f.blocking for f in found if f.kind == "invalid_ring")


def test_a_star_that_is_repaired_is_stopped_in_time() -> None:
    with pytest.raises(GisError) as refused:
        killable.run(shapely.make_valid, attacks.star()[-1].geom, seconds=3)
    assert refused.value.code in ("process.timeout", "process.out_of_memory", "process.crashed")


def test_ten_thousand_cells_in_one_place_are_refused() -> None:
    with pytest.raises(GisError) as refused:
        killable.run(faults, attacks.one_place(), seconds=SECONDS)
    assert refused.value.code == "coverage.crowded"
    assert refused.value.params == {"row": 1, "others": 9_999}


def test_cells_within_a_district_are_not_too_crowded() -> None:
    cells = [*testing.grid(20, 20), Cell("district", testing.square(0, 0, 20, 20))]
    assert sum(f.kind == "overlap" for f in faults(cells)) == 400

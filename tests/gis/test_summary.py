"""What a file holds, before its attributes are chosen."""

import zipfile
from pathlib import Path

import pyogrio
import pytest
import shapely

from gis import testing
from gis.errors import GisError
from gis.files import write_layer
from gis.summary import FieldSummary, LayerSummary, summarize
from tests.gis import attacks


@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".shp", ".zip"])
def test_fields_samples_and_crs(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"cells{ending}"
    write_layer(path, testing.grid())
    (layer,) = summarize(path)
    assert (layer.name, layer.features, layer.crs) == ("cells", 9, "EPSG:4326")
    assert layer.fields[0] == FieldSummary("code", ("r00c00", "r00c01", "r00c02"))
    assert [field.name for field in layer.fields] == ["code", "name", "station"]
    assert layer.fields[2].sample == ()


def test_a_file_that_says_no_crs(tmp_path: Path) -> None:
    write_layer(tmp_path / "cells.shp", testing.grid())
    (tmp_path / "cells.prj").unlink()
    assert summarize(tmp_path / "cells.shp")[0].crs is None


def test_layers_without_polygons_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "two.gpkg"
    write_layer(path, testing.grid())
    with_layer = {"layer": "points", "geometry_type": "Point", "crs": "EPSG:4326"}
    points = shapely.to_wkb([shapely.Point(1, 2)])
    pyogrio.raw.write(path, points, field_data=[], fields=[], append=True, **with_layer)
    assert [layer.name for layer in summarize(path)] == ["two"]


def test_each_shapefile_of_a_zip_is_a_layer(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        for name, size in (("a", 1), ("b", 2)):
            write_layer(tmp_path / f"{name}.shp", testing.grid(size, size))
            for part in tmp_path.glob(f"{name}.*"):
                archive.write(part, part.name)
    found = [(layer.name, layer.features) for layer in summarize(tmp_path / "both.zip")]
    assert found == [("a", 1), ("b", 4)]


def test_a_zip_of_very_many_shapefiles_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GisError) as refused:
        summarize(attacks.zip_of_many_members(tmp_path))
    assert refused.value.code == "file.too_many_layers"


def test_a_real_esri_json(shared_data: Path) -> None:
    (layer,) = summarize(shared_data / "us_charlottesville" / "beats.esri.json")
    assert isinstance(layer, LayerSummary)
    assert (layer.features, layer.crs) == (33, "EPSG:4326")
    assert {field.name for field in layer.fields} >= {"BEAT_NO", "NAME", "POPULATION"}

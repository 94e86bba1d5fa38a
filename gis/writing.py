"""Cells to files, one writer for each format; `gis.files.write_layer` is the door."""

import json
import shutil
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pyogrio
import shapely

from gis.errors import FileError
from gis.features import Cell, as_array

_LONGEST_IN_DBF = 254


def _write_geojson(path: Path, cells: Sequence[Cell]) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"code": cell.code, "name": cell.name, "station": cell.station},
            # RFC 7946 3.1.6: exterior rings counterclockwise
            "geometry": shapely.geometry.mapping(shapely.orient_polygons(cell.geom)),
        }
        for cell in cells
    ]
    collection = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(collection, ensure_ascii=False, allow_nan=False), encoding="utf-8")


def _write_ogr(path: Path, cells: Sequence[Cell], driver: str) -> None:
    columns = ([c.code for c in cells], [c.name for c in cells], [c.station for c in cells])
    pyogrio.raw.write(
        path,
        shapely.to_wkb(as_array(cell.geom for cell in cells)),
        [as_array(column) for column in columns],
        ["code", "name", "station"],
        layer=path.stem,
        driver=driver,
        geometry_type="MultiPolygon",
        promote_to_multi=True,
        crs="EPSG:4326",
        encoding="UTF-8",
    )


def _write_geopackage(path: Path, cells: Sequence[Cell]) -> None:
    _write_ogr(path, cells, "GPKG")


def _write_shapefile(path: Path, cells: Sequence[Cell]) -> None:
    for cell in cells:
        for text in (cell.code, cell.name, cell.station):
            if text and len(text.encode()) > _LONGEST_IN_DBF:
                message = (
                    f"A text of cell {cell.code:.40} is longer than the {_LONGEST_IN_DBF} bytes "
                    "that a Shapefile holds; write .gpkg or .geojson."
                )
                raise FileError("file.long_text", message, "file", {"cell": cell.code})
    _write_ogr(path, cells, "ESRI Shapefile")


def _write_zipped_shapefile(path: Path, cells: Sequence[Cell]) -> None:
    folder = path.parent / "parts"
    folder.mkdir()
    _write_shapefile(folder / f"{path.stem}.shp", cells)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.iterdir()):
            archive.write(part, part.name)
    shutil.rmtree(folder)


WRITERS: dict[str, Callable[[Path, Sequence[Cell]], None]] = {
    ".gpkg": _write_geopackage,
    ".geojson": _write_geojson,
    ".json": _write_geojson,
    ".shp": _write_shapefile,
    ".zip": _write_zipped_shapefile,
}
"""By the ending of the file to be written."""

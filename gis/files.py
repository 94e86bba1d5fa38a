"""Cells from and to files: Shapefile (plain, zipped, in a folder), GeoPackage, (Geo)JSON, KML.

What comes from outside is read by `read_layer_safely` and `read_area_safely`: in a process of its
own that is killed when it takes too long or too much, as `gis.killable` has it.
"""

import math
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataSourceError

from gis import killable
from gis.crs import Crs, geometry_to_wgs84
from gis.errors import CoordinateError, FileError
from gis.esrijson import is_esri_json, parse_esri_json
from gis.features import Cell, Features, Layer, Limits, Remark, as_array, geometry_error
from gis.geojson import parse_geojson
from gis.jsonrings import load_json
from gis.ogr import read_ogr
from gis.sources import JSON_ENDINGS, opened, unknown_format
from gis.writing import WRITERS

__all__ = [
    *("Cell", "Layer", "Limits", "as_array", "read_area", "read_area_safely", "read_features"),
    *("read_layer", "read_layer_safely", "write_layer"),
]


def read_layer(
    path: str | Path,
    *,
    code_field: str,
    name_field: str | None = None,
    station_field: str | None = None,
    layer: str | None = None,
    crs: Crs | None = None,
    merge_parts: bool = False,
    limits: Limits | None = None,
) -> Layer:
    """Read the cells of a layer and convert them to EPSG:4326.

    Parameters
    ----------
    path
        A ``.shp``, a folder or ``.zip`` with one, ``.gpkg``, ``.geojson``, ``.kml``, or ``.json``
        with GeoJSON or Esri JSON in it.
    code_field, name_field, station_field
        Attributes that hold a cell's code, name and station. Numbers become text: 12.0 is "12".
    layer
        Needed where the file has several.
    crs
        What the coordinates are in. Needed where the file does not say; where it does, `crs`
        overrules it with a warning. GeoJSON without a ``crs`` member and KML are EPSG:4326.
    merge_parts
        Join the polygons of one code into one cell.
    limits
        Default `Limits`.

    Raises
    ------
    FileError
        ``file.not_found``, ``file.format``, ``file.no_crs``, ``file.unknown_field``,
        ``file.bad_value``, ``file.empty``, and those of `gis.geojson`, `gis.esrijson`
        and `gis.ogr`.
    GeometryError, CrsError, CoordinateError
        Of the first geometry that can't be taken. Invalid rings are taken: a draft shows them.
    """
    features = read_features(Path(path), layer, limits or Limits())
    chosen, warnings = _choose_crs(features, crs)
    codes = _texts(features, code_field, "code_field")
    names = _texts(features, name_field, "name_field")
    stations = _texts(features, station_field, "station_field")
    geoms = _to_wgs84(features.geoms, chosen)
    cells = tuple(
        Cell(code or "", geom, name, station)
        for code, geom, name, station in zip(codes, geoms, names, stations, strict=True)
    )
    if merge_parts:
        cells, said = _merge_parts(cells)
        warnings += said
    return Layer(cells, chosen, warnings)


def read_area(
    path: str | Path,
    *,
    layer: str | None = None,
    crs: Crs | None = None,
    limits: Limits | None = None,
) -> shapely.Polygon | shapely.MultiPolygon:
    """Read the polygons of a layer as one area, such as a bureau's outline, in EPSG:4326.

    Parameters
    ----------
    path, layer, limits
        As in `read_layer`.
    crs
        What the coordinates are in where the file does not say. It overrules nothing: cells and
        their outline often come from two sources.

    Raises
    ------
    GeometryError
        ``geometry.invalid``: a ring crosses or touches itself, and what it encloses is a guess.
    FileError, GeometryError, CrsError, CoordinateError
        As `read_layer`.
    """
    features = read_features(Path(path), layer, limits or Limits())
    chosen, _ = _choose_crs(features, features.crs or crs)
    geoms = _to_wgs84(features.geoms, chosen)
    for row in np.flatnonzero(~shapely.is_valid(geoms)):
        reason = f"its boundary crosses or touches itself ({shapely.is_valid_reason(geoms[row])})."
        raise geometry_error("invalid", int(row), reason)
    return cast(shapely.MultiPolygon, shapely.union_all(geoms))


def read_layer_safely(
    path: str | Path,
    *,
    seconds: float = killable.SECONDS,
    memory_bytes: int = killable.MEMORY_BYTES,
    **options: Any,
) -> Layer:
    """As `read_layer` with these `options`, in a process of its own with limits.

    Raises
    ------
    ProcessError
        As `gis.killable.run`: the file is damaged or made to do harm.
    FileError, GeometryError, CrsError, CoordinateError
        As `read_layer`.
    """
    return killable.run(read_layer, path, seconds=seconds, memory_bytes=memory_bytes, **options)


def read_area_safely(
    path: str | Path,
    *,
    seconds: float = killable.SECONDS,
    memory_bytes: int = killable.MEMORY_BYTES,
    **options: Any,
) -> shapely.Polygon | shapely.MultiPolygon:
    """As `read_area` with these `options`, in a process of its own; raises as the two above."""
    return killable.run(read_area, path, seconds=seconds, memory_bytes=memory_bytes, **options)


def write_layer(path: str | Path, cells: Iterable[Cell]) -> None:
    """Write cells to ``.gpkg``, ``.geojson`` (RFC 7946), ``.shp`` or ``.zip`` (a Shapefile in it).

    The columns are ``code``, ``name`` and ``station``; coordinates keep every bit. A file that is
    there is replaced, once the new one is whole.

    Raises
    ------
    FileError
        ``file.format``, ``file.not_writable``; ``file.long_text``: a Shapefile can't hold it.
    """
    target = Path(path)
    ending = target.suffix.lower()
    write = WRITERS.get(ending)
    if write is None:
        raise unknown_format(target, tuple(WRITERS))
    try:
        with tempfile.TemporaryDirectory(prefix=".gridserver-", dir=target.parent) as folder:
            write(Path(folder) / f"{target.stem}{ending}", tuple(cells))
            for part in Path(folder).iterdir():
                part.replace(target.parent / part.name)
    except (OSError, DataSourceError) as error:
        raise FileError(
            "file.not_writable", f"{target.name} can't be written: {error}.", "file"
        ) from error


def read_features(path: Path, layer: str | None, limits: Limits) -> Features:
    """Read the rows of a layer in the file's own coordinates; raises as `read_layer`."""
    with opened(path, layer, limits) as (file, file_layer):
        if file.suffix.lower() in JSON_ENDINGS:
            document = load_json(file.read_bytes(), limits)
            parse = parse_esri_json if is_esri_json(document) else parse_geojson
            features = parse(document, limits)
        else:
            features = read_ogr(file, file_layer, limits)
    if not len(features.geoms):
        raise FileError("file.empty", "The layer has no features.", "file")
    return features


def _choose_crs(features: Features, told: Crs | None) -> tuple[Crs, tuple[Remark, ...]]:
    found = features.crs
    chosen = told or found
    if chosen is None:
        raise FileError(
            "file.no_crs",
            "The file does not say what its coordinates are in; "
            "state the CRS (--crs EPSG:n, gcj02 or bd09).",
            "crs",
        )
    if told is not None and found is not None and told.name != found.name:
        said = f"The file names {found.name}; it was read as {told.name}, as told."
        params = {"found": found.name, "told": told.name}
        return told, (*features.warnings, Remark("warning.crs_overruled", said, params))
    return chosen, features.warnings


def _to_wgs84(geoms: NDArray[np.object_], crs: Crs) -> NDArray[np.object_]:
    try:
        converted: NDArray[np.object_] = geometry_to_wgs84(geoms, crs)
    except CoordinateError as error:
        _, rows = shapely.get_coordinates(geoms, return_index=True)
        row = int(rows[error.params["index"]])
        params = {**error.params, "row": row + 1}
        message = f"Feature {row + 1}: {error.message}"
        raise CoordinateError(error.code, message, f"features[{row}].geometry", params) from error
    return converted


def _texts(features: Features, name: str | None, field: str) -> list[str | None]:
    if name is None:
        return [None] * len(features.geoms)
    if name not in features.columns:
        known = ", ".join(features.fields) or "none"
        raise FileError(
            "file.unknown_field",
            f"There is no field {name!r}; the file has: {known}.",
            field,
            {"field": name, "fields": list(features.fields)},
        )
    return [_text(value, row, name) for row, value in enumerate(features.columns[name])]


def _text(value: Any, row: int, name: str) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value).strip()
    raise FileError(
        "file.bad_value",
        f"Feature {row + 1}: {name!r} holds neither text nor a number.",
        f"features[{row}].{name}",
        {"row": row + 1, "field": name},
    )


def _merge_parts(cells: Sequence[Cell]) -> tuple[tuple[Cell, ...], tuple[Remark, ...]]:
    """Join the cells of one code, at the place of the first; cells without code stay apart."""
    groups: dict[str | int, list[Cell]] = {}
    for index, cell in enumerate(cells):
        groups.setdefault(cell.code or index, []).append(cell)
    joined = [group for group in groups.values() if len(group) > 1]
    warnings = tuple(_joining(group) for group in joined)
    return tuple(_joined(group) for group in groups.values()), warnings


def _joining(group: Sequence[Cell]) -> Remark:
    code, count = group[0].code, len(group)
    said, params = f"{count} polygons of code {code} were joined", {"code": code, "count": count}
    if len({(cell.name, cell.station) for cell in group}) == 1:
        return Remark("warning.joined", f"{said}.", params)
    return Remark("warning.joined_unlike", f"{said}; their names differ.", params)


def _joined(group: Sequence[Cell]) -> Cell:
    if len(group) == 1:
        return group[0]
    geoms = as_array(cell.geom for cell in group)
    if shapely.is_valid(geoms).all():
        return replace(group[0], geom=cast(shapely.MultiPolygon, shapely.union_all(geoms)))
    # An invalid ring can't be joined, and must be seen in the draft as it is.
    return replace(group[0], geom=shapely.MultiPolygon(list(shapely.get_parts(geoms))))

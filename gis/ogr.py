"""Shapefile, GeoPackage and KML through GDAL, each by its own driver and checked on the way in."""

import codecs
import sqlite3
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError

from gis.crs import WGS84, Crs, crs_from_wkt, parse_crs
from gis.errors import CrsError, FileError
from gis.features import Features, Limits, Remark, geometry_error
from gis.sources import check_source

READ_ERRORS = (DataLayerError, DataSourceError, FeatureError, FieldError)
_WKB_POLYGONS = (3, 6)
_WKB_HEADER_BYTES = 9
_BYTES_A_VERTEX = 16
_SAMPLE_BYTES = 4_000_000
_VIEWS = "SELECT name FROM sqlite_master WHERE type = 'view'"
_DBF_LANGUAGE_BYTE = 29
_DBF_LANGUAGES_OF_NO_MEANING = (0x00, 0x57)  # none, and "the writer's own code page"


def read_ogr(path: Path, layer: str | None = None, limits: Limits | None = None) -> Features:
    """Read the polygons of one layer of a ``.shp``, ``.gpkg`` or ``.kml``.

    Raises
    ------
    FileError
        ``file.unreadable``, ``file.view``, ``file.encoding``, ``file.unknown_layer``,
        ``file.several_layers``, ``file.no_layer``, ``file.too_large``,
        ``file.too_many_features``, ``file.too_many_vertices``.
    GeometryError
        ``geometry.type``, ``geometry.null``, ``geometry.short_ring``, ``geometry.not_finite``.
    CrsError
        Of a CRS that the file names and that is not taken.
    """
    limits = limits or Limits()
    if path.suffix.lower() == ".gpkg":
        refuse_views(path)
    encoding, said = _dbf_encoding(path) if path.suffix.lower() == ".shp" else (None, [])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        name = choose_layer(path, layer)
        meta, wkb, values = _read(path, name, encoding, limits)
    limits.check_features(len(wkb))
    fields = [str(field) for field in meta["fields"]]
    said += [
        _driver_says(warning.message) for warning in caught if warning.category is RuntimeWarning
    ]
    crs = WGS84 if path.suffix.lower() == ".kml" else named_crs(meta["crs"])
    return Features(
        fields,
        {field: column.tolist() for field, column in zip(fields, values, strict=True)},
        _geometries(wkb, limits),
        crs,
        tuple(said),
    )


def polygon_layers(path: Path, limits: Limits) -> list[str]:
    """Return the names of the layers of a ``.gpkg`` or ``.kml`` that may hold polygons.

    Raises
    ------
    FileError
        ``file.not_found``, ``file.format``, ``file.too_large``, ``file.unreadable``, ``file.view``.
    """
    _check(path, limits)
    return [name for name, kind in _layers(path) if _may_hold_polygons(kind)]


def layer_names(path: Path, limits: Limits) -> list[str]:
    """Return the names of the layers with geometry; raises as `polygon_layers`."""
    _check(path, limits)
    return [name for name, _ in _layers(path)]


def _check(path: Path, limits: Limits) -> None:
    check_source(path, limits)
    if path.suffix.lower() == ".gpkg":
        refuse_views(path)


def _may_hold_polygons(kind: str) -> bool:
    return "Polygon" in kind or kind in ("Unknown", "GeometryCollection")


def refuse_views(path: Path) -> None:
    """Refuse a GeoPackage with views: reading one runs what its author wrote, perhaps for ever.

    Raises
    ------
    FileError
        ``file.view``, ``file.unreadable``.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            views = database.execute(_VIEWS).fetchall()
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from error
    if views:
        name = str(views[0][0])
        message = f"The GeoPackage has a view, {name!r:.60}; export its layer to a new GeoPackage."
        raise FileError("file.view", message, "file", {"view": name[:60]})


def choose_layer(path: Path, layer: str | None) -> str:
    """Return the layer that is asked for, or the only one.

    Raises
    ------
    FileError
        ``file.unreadable``, ``file.unknown_layer``, ``file.several_layers``, ``file.no_layer``.
    """
    layers = [name for name, _ in _layers(path)]
    params = {"layers": layers}
    if layer is not None and layer not in layers:
        known = ", ".join(layers)
        message = f"There is no layer {layer!r}; the file has: {known}."
        raise FileError("file.unknown_layer", message, "layer", params)
    if not layers:
        raise FileError("file.no_layer", "The file has no layer with geometry.", "file", params)
    if layer is None and len(layers) > 1:
        message = f"The file has several layers; name one of: {', '.join(layers)}."
        raise FileError("file.several_layers", message, "layer", params)
    return layer or layers[0]


def _layers(path: Path) -> list[tuple[str, str]]:
    """Name and type of the layers with geometry."""
    try:
        found = pyogrio.list_layers(path)
    except READ_ERRORS as error:
        raise unreadable(path, error) from error
    return [(str(name), str(kind)) for name, kind in found if kind is not None]


def _read(path: Path, layer: str, encoding: str | None, limits: Limits) -> tuple[Any, Any, Any]:
    try:
        meta, _, wkb, values = pyogrio.raw.read(
            path,
            layer=layer,
            encoding=encoding,
            force_2d=True,
            max_features=limits.max_features + 1,
        )
    except UnicodeDecodeError as error:
        raise FileError(
            "file.encoding",
            "A field name or a text is not in the encoding of the file, perhaps cut in the middle "
            "of a character; rename the field in short, or export the layer as GeoPackage.",
            "file",
        ) from error
    except UnboundLocalError as error:  # pyogrio 0.13, for a .prj that GDAL can't make WKT of
        raise CrsError(
            "crs.unknown", "The file's CRS is not readable; repair its .prj or remove it.", "crs"
        ) from error
    except READ_ERRORS as error:
        raise unreadable(path, error) from error
    return meta, wkb, values


def unreadable(path: Path, error: Exception) -> FileError:
    """Return the refusal of a file that GDAL or SQLite can't read."""
    reason = str(error).replace(f"{path.parent}/", "")  # the server's folders are nobody's business
    return FileError(
        "file.unreadable",
        f"The file can't be read ({reason}); check that it is whole, or export it again.",
        "file",
        {"reason": reason},
    )


def named_crs(named: str | None) -> Crs | None:
    """Return what the file says; a GeoPackage without CRS says "Undefined". Raises `CrsError`."""
    if not named or "undefined" in named[:40].lower():
        return None
    try:
        return parse_crs(named)
    except CrsError as error:
        if error.code != "crs.unknown":
            raise
        return crs_from_wkt(named)


def _geometries(wkb: NDArray[np.object_], limits: Limits) -> NDArray[np.object_]:
    for row, blob in enumerate(wkb):
        if blob is None or len(blob) <= _WKB_HEADER_BYTES:
            raise geometry_error("null", row, "it has no geometry; give it one or leave it out.")
        kind = int.from_bytes(blob[1:5], "little" if blob[0] == 1 else "big")
        if kind not in _WKB_POLYGONS:
            reason = "its geometry is no Polygon or MultiPolygon; take it out of the layer."
            raise geometry_error("type", row, reason, wkb_type=kind)
    limits.check_vertices(sum(len(blob) for blob in wkb) // _BYTES_A_VERTEX)
    geoms: NDArray[np.object_] = shapely.from_wkb(wkb, on_invalid="fix")
    for missing in np.flatnonzero(shapely.is_missing(geoms) | shapely.is_empty(geoms)):
        raise geometry_error("short_ring", int(missing), "a ring has fewer than four positions.")
    xy, owner = shapely.get_coordinates(geoms, return_index=True)
    for index in np.flatnonzero(~np.isfinite(xy).all(axis=1)):
        raise geometry_error("not_finite", int(owner[index]), "a coordinate is not finite.")
    return geoms


def _dbf_encoding(path: Path) -> tuple[str | None, list[Remark]]:
    """The encoding to read a Shapefile's texts in, and what to say of it where it is assumed.

    A ``.cpg`` or the language byte of the ``.dbf`` says so; where neither does, Chinese files are
    UTF-8 or GB18030, and the two can be told apart: few bytes of one are well-formed in the other.
    """
    table = _sibling(path, ".dbf")
    if table is None or _names_encoding(_sibling(path, ".cpg")):
        return None, []
    with table.open("rb") as file:
        data = file.read(_SAMPLE_BYTES)
    if len(data) <= 32 or data[_DBF_LANGUAGE_BYTE] not in _DBF_LANGUAGES_OF_NO_MEANING:
        return None, []
    header = int.from_bytes(data[8:10], "little")
    names = b" ".join(data[start : start + 11] for start in range(32, header - 1, 32))
    text = names + b" " + data[header:]
    foreign = sum(byte >= 0x80 for byte in text)
    lost = len(text) - len(text.decode("utf-8", "ignore").encode())
    encoding = "UTF-8" if lost <= foreign // 10 else "GB18030"
    if not foreign:
        return encoding, []
    said = f"The Shapefile does not say its encoding: it was read as {encoding}."
    return encoding, [Remark("warning.encoding", said, {"encoding": encoding})]


def _driver_says(message: Warning | str) -> Remark:
    return Remark("warning.driver", str(message), {"said": str(message)})


def _names_encoding(cpg: Path | None) -> bool:
    if cpg is None:
        return False
    name = cpg.read_bytes()[:40].decode("ascii", "replace").strip()
    try:
        codecs.lookup(f"cp{name}" if name.isdigit() else name)
    except (LookupError, ValueError):
        return False
    return True


def _sibling(path: Path, suffix: str) -> Path | None:
    for candidate in (path.with_suffix(suffix), path.with_suffix(suffix.upper())):
        if candidate.is_file():
            return candidate
    return None

"""Named places of a GeoPackage: points, lines and polygons, each with where to send somebody."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.crs import Crs
from gis.features import Limits, geometry_error
from gis.ogr import READ_ERRORS, choose_layer, named_crs, refuse_views, unreadable
from gis.sources import check_source

#: Places are many and small.
LIMITS = Limits(max_features=500_000)

_WKB_HEADER_BYTES = 5
_WKB_TYPES = range(1, 7)  # from Point to MultiPolygon; no collection, which may be nested
_MOST_VERTICES = 2_000


@dataclass(frozen=True)
class Placemarks:
    """The rows of a layer.

    Attributes
    ----------
    fields
        Its attributes, in the file's order.
    rows
        The attributes of each feature, in that order.
    wkb
        The geometry of each, as the file holds it; None where it has none.
    crs
        What the file says that it is in; None where it says nothing.
    """

    fields: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    wkb: NDArray[np.object_]
    crs: Crs | None


def read_placemarks(
    path: Path, layer: str | None = None, limits: Limits | None = None
) -> Placemarks:
    """Read a layer of a ``.gpkg``, whatever its geometry; it is only looked at by `geometry`.

    Raises
    ------
    FileError
        ``file.not_found``, ``file.format``, ``file.too_large``, ``file.unreadable``,
        ``file.view``, ``file.unknown_layer``, ``file.several_layers``, ``file.no_layer``,
        ``file.too_many_features``.
    CrsError
        Of a CRS that the file names and that is not taken.
    """
    limits = limits or LIMITS
    check_source(path, limits)
    refuse_views(path)
    name = choose_layer(path, layer)
    try:
        meta, _, wkb, values = pyogrio.raw.read(
            path, layer=name, force_2d=True, max_features=limits.max_features + 1
        )
    except READ_ERRORS as error:
        raise unreadable(path, error) from error
    limits.check_features(len(wkb))
    columns = [column.tolist() for column in values]
    rows = list(zip(*columns, strict=True)) if columns else [()] * len(wkb)
    fields = tuple(str(field) for field in meta["fields"])
    return Placemarks(fields, rows, wkb, named_crs(meta["crs"]))


def geometry(wkb: bytes | None, row: int) -> BaseGeometry:
    """Return a feature's geometry, checked; `row` counts from 0.

    Raises
    ------
    GeometryError
        ``geometry.null``, ``geometry.type``, ``geometry.not_finite``, ``geometry.invalid``,
        ``geometry.too_many_vertices``.
    """
    if wkb is None or len(wkb) < _WKB_HEADER_BYTES:
        raise geometry_error("null", row, "it has no geometry; give it one or leave it out.")
    kind = int.from_bytes(wkb[1:5], "little" if wkb[0] == 1 else "big")
    if kind not in _WKB_TYPES:
        reason = "give a point, a line or a polygon, or several of one kind."
        raise geometry_error("type", row, reason, wkb_type=kind)
    geom = shapely.from_wkb(wkb, on_invalid="ignore")
    if geom is None or geom.is_empty:
        raise geometry_error("null", row, "its geometry is empty; give it one or leave it out.")
    if shapely.get_num_coordinates(geom) > _MOST_VERTICES:
        reason = f"it has more than {_MOST_VERTICES} vertices; simplify it, or give its point."
        raise geometry_error("too_many_vertices", row, reason, max_vertices=_MOST_VERTICES)
    if not np.isfinite(shapely.get_coordinates(geom)).all():
        raise geometry_error("not_finite", row, "a coordinate is not finite.")
    if not geom.is_valid:
        raise geometry_error("invalid", row, "it crosses itself; repair it, or give its point.")
    return geom


def point_of(geom: BaseGeometry) -> tuple[float, float]:
    """Return a point on `geom` to send somebody to: of a line the middle of its longest part, of a
    polygon one inside it. In the coordinates of `geom`."""
    parts = shapely.get_parts(geom)
    longest = parts[int(np.argmax(shapely.length(parts)))]
    if longest.geom_type == "LineString":
        point = shapely.line_interpolate_point(longest, 0.5, normalized=True)
    else:
        point = shapely.point_on_surface(geom)
    return float(shapely.get_x(point)), float(shapely.get_y(point))


def extent_of(geom: BaseGeometry) -> BaseGeometry | None:
    """Return what `geom` covers; None of a point, which covers nothing."""
    return None if geom.geom_type in ("Point", "MultiPoint") else geom

"""Coordinate reference systems: read a name, convert to WGS84, measure in metres.

This is the only module that builds a transformer. All of them are ``always_xy=True``: x is the
longitude or easting and y the latitude or northing, whatever axis order the authority states.
Storage is EPSG:4326, lon/lat in degrees. CGCS2000 (EPSG:4490) is numerically the same.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj.exceptions import CRSError as PyprojCrsError
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from gis import gcj02
from gis.errors import CoordinateError, CrsError

Degrees = NDArray[np.float64]
Bounds = tuple[float, float, float, float]

_WORLD: Bounds = (-180.0, -90.0, 180.0, 90.0)
_BEYOND_AREA_OF_USE_DEG = 3.0  # a county may reach into the next Gauss-Krueger zone, not further
_OPENGIS = r"https?://www\.opengis\.net/def/crs"
_EPSG = re.compile(
    rf"(?:EPSG:|urn:ogc:def:crs:EPSG:[^:]*:|{_OPENGIS}/EPSG/[^/]+/)(\d{{1,7}})", re.I
)
_CRS84 = re.compile(rf"(?:OGC:|urn:ogc:def:crs:OGC:[^:]*:|{_OPENGIS}/OGC/[^/]+/)CRS84", re.I)
_OLD_DATUMS = ("beijing1954", "beijing54", "newbeijing", "xian1980", "xian80")
_SAME_AS_WGS84 = ("wgs84", "wgs1984", "worldgeodeticsystem1984", "china2000", "cgcs2000")
_ELLIPSOID = pyproj.Geod(ellps="WGS84")


@dataclass(frozen=True)
class Crs:
    """A coordinate reference system that can be converted to WGS84.

    Made by `parse_crs` and `crs_from_wkt` only.

    Attributes
    ----------
    name
        ``EPSG:n``, ``gcj02``, ``bd09``, or the name in the WKT where no EPSG code is known.
    kind
        ``wgs84`` needs no conversion; ``proj`` is converted by PROJ.
    wkt
        The definition, for PROJ; empty for gcj02 and bd09.
    in_degrees
        Whether x and y are degrees of longitude and latitude.
    area_of_use
        West, south, east, north in degrees; points far outside are refused.
    zone_prefix
        The millions that eastings of this CGCS2000 Gauss-Krueger CRS start with (0: without
        prefix); None for any other CRS.
    """

    name: str
    kind: Literal["wgs84", "proj", "gcj02", "bd09"]
    wkt: str = ""
    in_degrees: bool = True
    area_of_use: Bounds = _WORLD
    zone_prefix: int | None = None


WGS84 = Crs("EPSG:4326", "wgs84", pyproj.CRS.from_epsg(4326).to_wkt())
GCJ02 = Crs("gcj02", "gcj02", area_of_use=gcj02.AREA_OF_USE)
BD09 = Crs("bd09", "bd09", area_of_use=gcj02.AREA_OF_USE)
_NAMED = {"epsg:4326": WGS84, "gcj02": GCJ02, "bd09": BD09}


@lru_cache(maxsize=256)
def parse_crs(text: str) -> Crs:
    """Read ``EPSG:n``, ``gcj02`` or ``bd09``, or the URN or URL form of EPSG:n and CRS84.

    Raises
    ------
    CrsError
        ``crs.unknown``: not such a name, or no such code. ``crs.old_datum``: Beijing 1954 or
        Xian 1980, which PROJ would pass through unchanged, up to 100 m off. ``crs.not_horizontal``,
        ``crs.no_transformation``: PROJ has no way from there to WGS84.
    """
    name = text.strip()
    if name.lower() in _NAMED:
        return _NAMED[name.lower()]
    if _CRS84.fullmatch(name):
        return WGS84
    match = _EPSG.fullmatch(name)
    if match is None:
        raise _unknown(name)
    try:
        return _from_definition(pyproj.CRS.from_epsg(int(match[1])))
    except PyprojCrsError as error:
        raise _unknown(name) from error


def crs_from_wkt(wkt: str) -> Crs:
    """Read the WKT that came with a file; a ``TOWGS84`` in it counts as local parameters.

    Raises
    ------
    CrsError
        As `parse_crs`.
    """
    try:
        return _from_definition(pyproj.CRS.from_wkt(wkt))
    except PyprojCrsError as error:
        raise _unknown(wkt[:80]) from error


def to_wgs84(
    x: ArrayLike, y: ArrayLike, crs: Crs, *, field: str = "coordinates"
) -> tuple[Any, Any]:
    """Convert coordinates to WGS84 degrees.

    Parameters
    ----------
    x, y
        Longitude or easting, latitude or northing in `crs`: two scalars, or arrays of one shape.
    crs
        What the coordinates are in.
    field
        What the caller calls this input; errors name it.

    Returns
    -------
    lon, lat : float, or ndarray of float64
        As scalar or array as the input. Input in EPSG:4326 or EPSG:4490 is returned bit for bit.

    Raises
    ------
    CoordinateError
        For the first that is refused: ``coordinates.not_finite``, ``coordinates.swapped``,
        ``coordinates.out_of_range``, ``coordinates.zone_prefix``, ``coordinates.out_of_area``.
    """
    xs, ys = _as_coordinates(x, y, field)
    lon, lat, refusals = _convert(xs, ys, crs)
    for refusal in refusals:
        raise refusal.error(field, xs, ys)
    return (lon, lat) if xs.ndim else (lon.item(), lat.item())


def to_wgs84_or_nan(x: ArrayLike, y: ArrayLike, crs: Crs) -> tuple[Degrees, Degrees]:
    """As `to_wgs84` for arrays, with NaN in both where `to_wgs84` would refuse."""
    xs, ys = _as_coordinates(x, y, "coordinates")
    lon, lat, refusals = _convert(xs, ys, crs)
    refused = _any(refusals, xs.shape)
    return np.where(refused, np.nan, lon), np.where(refused, np.nan, lat)


def geometry_to_wgs84(geoms: Any, crs: Crs, *, field: str = "geometry") -> Any:
    """Convert the vertices of a Shapely geometry, or an array of them, to WGS84 degrees.

    A vertex that two geometries share stays shared: the result depends on its x and y alone.

    Raises
    ------
    CoordinateError
        As `to_wgs84`, for the first vertex that is refused.
    """
    x, y = shapely.get_coordinates(geoms).T
    lon, lat = to_wgs84(x, y, crs, field=field)
    return geoms if crs.kind == "wgs84" else _with_coordinates(geoms, lon, lat)


def geodesic_area_m2(geom: BaseGeometry) -> float:
    """Area on the WGS84 ellipsoid of a polygon or multipolygon in EPSG:4326, in m2.

    Edges are geodesics (Karney 2013, by GeographicLib in PROJ); holes are taken off.
    """
    area, _ = _ELLIPSOID.geometry_area_perimeter(shapely.orient_polygons(geom))
    return float(abs(area))


def geodesic_distance_m(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Length of the geodesic on the WGS84 ellipsoid between two points in EPSG:4326, in metres."""
    _, _, distance_m = _ELLIPSOID.inv(*start, *end)
    return float(distance_m)


@dataclass(frozen=True)
class LocalMetric:
    """Metres east and north of (lon, lat): Lambert's azimuthal equal-area on the WGS84 ellipsoid.

    Areas are exact anywhere; lengths err by under 1 in 30,000 within 100 km of the centre.
    """

    lon: float
    lat: float

    @property
    def definition(self) -> str:
        """The CRS as a PROJ string."""
        return f"+proj=laea +lat_0={self.lat:.15g} +lon_0={self.lon:.15g} +datum=WGS84 +units=m"

    def to_metres(self, geoms: Any) -> Any:
        """Project geometries, or an array of them, from EPSG:4326."""
        lon, lat = shapely.get_coordinates(geoms).T
        return _with_coordinates(geoms, *self.points_to_metres(lon, lat))

    def to_degrees(self, geoms: Any) -> Any:
        """Project geometries, or an array of them, back to EPSG:4326, to some 2 mm."""
        east, north = shapely.get_coordinates(geoms).T
        return _with_coordinates(geoms, *_transformer(self.definition).transform(east, north))

    def points_to_metres(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Any, Any]:
        """Project degrees to metres; scalars or arrays."""
        return _transformer(self.definition).transform(lon, lat, direction="INVERSE")


def local_metric(lon: float, lat: float) -> LocalMetric:
    """Return a metric CRS centred at (lon, lat), rounded to a degree's hundredth.

    Rounding lets neighbouring calls share one transformer, and moves the centre by under 1 km.
    """
    return LocalMetric(round(lon, 2), round(lat, 2))


def _with_coordinates(geoms: Any, x: Degrees, y: Degrees) -> Any:
    return shapely.set_coordinates(np.array(geoms), np.column_stack((x, y)))[()]


def _unknown(name: str) -> CrsError:
    return _not_taken("unknown", name, "give EPSG:n (such as EPSG:4490), gcj02 or bd09.")


def _not_taken(code: str, name: str, remedy: str) -> CrsError:
    return CrsError(f"crs.{code}", f"CRS {name!r} is not taken: {remedy}", "crs", {"crs": name})


def _from_definition(definition: pyproj.CRS) -> Crs:
    code = definition.to_epsg()
    name = f"EPSG:{code}" if code else str(definition.name)
    if not (definition.is_geographic or definition.is_projected) or len(definition.axis_info) != 2:
        remedy = f"it is a {definition.type_name}; give a 2D geographic or projected CRS."
        raise _not_taken("not_horizontal", name, remedy)
    datum_name = _datum_name(definition)
    datum = _plain(datum_name)
    if datum.startswith(_OLD_DATUMS) and not definition.is_bound:
        remedy = (
            f"it is on {datum_name}, which can't be converted without the bureau's local "
            "parameters; convert the data to CGCS2000 (EPSG:4490) first."
        )
        raise _not_taken("old_datum", name, remedy)
    if not datum.startswith(_SAME_AS_WGS84) and not _has_transformation(definition):
        remedy = "PROJ knows no transformation from it to WGS84; convert the data to EPSG:4490."
        raise _not_taken("no_transformation", name, remedy)
    return Crs(
        name,
        "wgs84" if code in (4326, 4490) else "proj",
        definition.to_wkt(),
        all(axis.unit_name == "degree" for axis in definition.axis_info),
        _area_of_use(definition),
        _zone_prefix(definition, datum),
    )


def _datum_name(definition: pyproj.CRS) -> str:
    geodetic = definition.geodetic_crs
    return str(geodetic.datum.name) if geodetic is not None and geodetic.datum is not None else ""


def _plain(name: str) -> str:
    """A datum's name without case, punctuation and Esri's ``D_``."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"^D_", "", name).lower())


def _has_transformation(definition: pyproj.CRS) -> bool:
    # Without this PROJ falls back to a "ballpark" one: it keeps the degrees and says nothing.
    try:
        pyproj.Transformer.from_crs(definition, WGS84.wkt, always_xy=True, allow_ballpark=False)
    except ProjError:
        return False
    return True


def _area_of_use(definition: pyproj.CRS) -> Bounds:
    area = definition.area_of_use
    if area is None or area.west > area.east:  # across the antimeridian: no box to compare with
        return _WORLD
    margin = _BEYOND_AREA_OF_USE_DEG
    return (area.west - margin, area.south - margin, area.east + margin, area.north + margin)


def _zone_prefix(definition: pyproj.CRS, datum: str) -> int | None:
    operation = definition.coordinate_operation
    if not definition.is_projected or operation is None or not datum.startswith("china2000"):
        return None
    easting = [float(p.value) for p in operation.params if p.name == "False easting"]
    return int(easting[0] // 1e6) if easting else None


@lru_cache(maxsize=256)
def _transformer(definition: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(definition, WGS84.wkt, always_xy=True)


def _as_coordinates(x: ArrayLike, y: ArrayLike, field: str) -> tuple[Degrees, Degrees]:
    try:
        xs, ys = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise CoordinateError(
            "coordinates.not_a_number", f"{field}: give numbers.", field
        ) from error
    return xs, ys


@dataclass(frozen=True)
class _Refusal:
    """Coordinates that can't be right: where, and what to say of the first of them."""

    where: NDArray[np.bool_]
    code: str
    reason: str

    def error(self, field: str, xs: Degrees, ys: Degrees) -> CoordinateError:
        index = int(np.flatnonzero(self.where)[0])
        x, y = float(xs.flat[index]), float(ys.flat[index])
        return CoordinateError(
            self.code,
            f"{field}: ({x!r}, {y!r}) {self.reason}",
            field,
            {"index": index, "x": repr(x), "y": repr(y)},
        )


def _any(refusals: list[_Refusal], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.logical_or.reduce([np.zeros(shape, dtype=bool), *(r.where for r in refusals)])


def _convert(xs: Degrees, ys: Degrees, crs: Crs) -> tuple[Degrees, Degrees, list[_Refusal]]:
    """Convert what can be converted; the refused keep a value without meaning."""
    refusals = [refusal for refusal in _refusals_before(xs, ys, crs) if refusal.where.any()]
    refused = _any(refusals, xs.shape)
    lon, lat = _transform(np.where(refused, np.nan, xs), np.where(refused, np.nan, ys), crs)
    outside = ~refused & _outside(lon, lat, crs.area_of_use)
    if outside.any():
        reason = f"is not where {crs.name} is used; check the CRS and the order of the axes."
        refusals.append(_Refusal(outside, "coordinates.out_of_area", reason))
    return lon, lat, refusals


def _transform(xs: Degrees, ys: Degrees, crs: Crs) -> tuple[Degrees, Degrees]:
    if crs.kind == "wgs84":
        return xs, ys
    if crs.kind == "gcj02":
        return gcj02.gcj02_to_wgs84(xs, ys)
    if crs.kind == "bd09":
        return gcj02.bd09_to_wgs84(xs, ys)
    lon, lat = _transformer(crs.wkt).transform(xs, ys)
    return np.asarray(lon), np.asarray(lat)


def _refusals_before(xs: Degrees, ys: Degrees, crs: Crs) -> Iterator[_Refusal]:
    finite = np.isfinite(xs) & np.isfinite(ys)
    yield _Refusal(~finite, "coordinates.not_finite", "is not finite; give two finite numbers.")
    if crs.zone_prefix is not None:
        yield from _zone_refusals(xs, ys, crs.zone_prefix, crs.name)
    if not crs.in_degrees:
        return
    swapped = finite & (np.abs(ys) > 90.0) & (np.abs(ys) <= 180.0) & (np.abs(xs) <= 90.0)
    yield _Refusal(
        swapped,
        "coordinates.swapped",
        "has a latitude beyond 90 degrees; the axes look swapped, give longitude first.",
    )
    yield _Refusal(
        finite & ~swapped & ((np.abs(xs) > 180.0) | (np.abs(ys) > 90.0)),
        "coordinates.out_of_range",
        f"is out of range; {crs.name} takes degrees, longitude to 180 and latitude to 90.",
    )


def _zone_refusals(xs: Degrees, ys: Degrees, prefix: int, name: str) -> Iterator[_Refusal]:
    """Eastings of CGCS2000 Gauss-Krueger CRSs carry a zone number in the millions, or none."""
    wrong = np.isfinite(xs) & np.isfinite(ys) & (np.floor(xs / 1e6) != prefix)
    swapped = wrong & (np.floor(ys / 1e6) == prefix) & (xs > 0.0) & (xs < 6e6)
    yield _Refusal(
        swapped,
        "coordinates.swapped",
        "has the easting second; the axes look swapped, give x first.",
    )
    expected = f"{prefix} in the millions" if prefix else "no zone prefix"
    yield _Refusal(
        wrong & ~swapped,
        "coordinates.zone_prefix",
        f"has an easting that {name} can't have: it takes {expected}. "
        "With a prefix use EPSG:4513-4533 (3 degrees) or EPSG:4491-4501 (6 degrees), "
        "without EPSG:4534-4554 or EPSG:4502-4512.",
    )


def _outside(lon: Degrees, lat: Degrees, bounds: Bounds) -> NDArray[np.bool_]:
    west, south, east, north = bounds
    inside: NDArray[np.bool_] = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return ~inside

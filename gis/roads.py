"""A road network from a file: its lines, the time to drive each, and where they meet."""

import gzip
import math
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError

from gis.crs import Crs, geometry_to_wgs84, parse_crs
from gis.errors import CrsError, FileError, GeometryError
from gis.features import Limits, geometry_error
from gis.sources import opened
from gis.tangent import TangentPlane

#: Two ends nearer to each other than this are one junction.
TOLERANCE_M = 1.0
#: Streets are many and short.
LIMITS = Limits(max_features=500_000)

_FORWARD = frozenset({"1", "yes", "y", "true", "ft", "f", "forward"})
_BACKWARD = frozenset({"-1", "tf", "t", "backward", "reverse"})
_BOTH = frozenset({"", "0", "no", "n", "false", "b", "both"})
_LINES = frozenset({"LineString", "MultiLineString"})
_READ_ERRORS = (DataLayerError, DataSourceError, FeatureError, FieldError)


@dataclass(frozen=True)
class Roads:
    """A network. One entry an edge, in the file's order.

    Attributes
    ----------
    lines
        LineStrings in EPSG:4326.
    minutes, reverse_minutes
        To drive the line as it is drawn, and against it; NaN: not that way.
    source, target
        The junctions at which the line begins and ends, numbered from 0.
    """

    lines: NDArray[np.object_]
    minutes: NDArray[np.float64]
    reverse_minutes: NDArray[np.float64]
    source: NDArray[np.int64]
    target: NDArray[np.int64]

    @property
    def junctions(self) -> int:
        """How many junctions there are."""
        return int(max(self.source.max(), self.target.max())) + 1


def read_roads(
    path: str | Path,
    *,
    minutes_field: str | None = None,
    speed_field: str | None = None,
    oneway_field: str | None = None,
    layer: str | None = None,
    crs: Crs | None = None,
    tolerance_m: float = TOLERANCE_M,
    limits: Limits = LIMITS,
) -> Roads:
    """Read the lines of a layer as a network whose lines meet at their ends.

    Parameters
    ----------
    path
        A ``.shp``, a folder or ``.zip`` with one, ``.gpkg``, ``.geojson``; also ``.geojson.gz``.
    minutes_field
        Minutes to drive a line.
    speed_field
        Kilometres an hour instead; the length is measured on the ellipsoid.
    oneway_field
        ``yes``, ``1``, ``F`` or ``FT``: only as the line is drawn; ``-1``, ``T`` or ``TF``: only
        against it; ``no``, ``0``, ``B`` or empty: both ways.
    layer
        Needed where the file has several.
    crs
        What the coordinates are in; overrules what the file says.
    tolerance_m
        Ends nearer to each other than this are one junction.

    Raises
    ------
    FileError
        ``file.not_found``, ``file.format``, ``file.unreadable``, ``file.no_crs``, ``file.empty``,
        ``file.too_many_features``, ``file.unknown_field``, ``file.several_layers``;
        ``roads.no_minutes``: neither field is given, or both; ``roads.bad_minutes``,
        ``roads.bad_speed``, ``roads.bad_oneway``: of the first line that has none that counts.
    GeometryError
        ``geometry.type``, ``geometry.null``, ``geometry.not_finite``: of the first such line.
    CrsError, CoordinateError
        As `gis.crs`.
    """
    if (minutes_field is None) == (speed_field is None):
        message = "Name the field with the minutes to drive a line, or the one with its speed."
        raise FileError("roads.no_minutes", message, "minutes_field")
    with _unpacked(Path(path)) as file, opened(file, layer, limits) as (source, name):
        fields, geoms, found = _read(source, name, limits)
    if not len(geoms):
        raise FileError("file.empty", "The layer has no features.", "file")
    chosen = crs or found
    if chosen is None:
        raise FileError("file.no_crs", "The file doesn't name its CRS; say which it is.", "crs")
    lines = geometry_to_wgs84(_joined(geoms), chosen)
    if minutes_field is not None:
        minutes = _numbers(fields, minutes_field, "minutes_field", "roads.bad_minutes")
    else:
        speed = _numbers(fields, speed_field or "", "speed_field", "roads.bad_speed")
        minutes = _lengths_m(lines) * 0.06 / speed
    forward, backward = _ways(fields, oneway_field, len(lines))
    parts, row = shapely.get_parts(lines, return_index=True)
    lengths = _lengths_m(parts)
    whole = np.bincount(row, weights=lengths, minlength=len(lines))
    shared = minutes[row] * np.divide(lengths, whole[row], where=whole[row] > 0.0, out=lengths * 0)
    source_node, target_node = _junctions(parts, tolerance_m)
    return Roads(
        parts,
        np.where(forward[row], shared, np.nan),
        np.where(backward[row], shared, np.nan),
        source_node,
        target_node,
    )


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    """Give the file behind a ``.gz``, cut off where it grows too large to be taken anyway."""
    if path.suffix.lower() != ".gz":
        yield path
        return
    if not path.is_file():
        raise FileError("file.not_found", f"There is no file {path.name}.", "file")
    with tempfile.TemporaryDirectory(prefix="gridserver-") as folder:
        plain = Path(folder) / path.stem
        try:
            with gzip.open(path) as packed:
                plain.write_bytes(packed.read(LIMITS.max_bytes + 1))
        except (OSError, EOFError, zlib.error) as error:
            message = f"{path.name} can't be unpacked ({error}); check that it is whole."
            raise FileError("file.unreadable", message, "file") from error
        yield plain


def _read(
    file: Path, layer: str | None, limits: Limits
) -> tuple[dict[str, NDArray[Any]], NDArray[np.object_], Crs | None]:
    try:
        names = [str(name) for name, kind in pyogrio.list_layers(file) if kind is not None]
        if layer is None and len(names) > 1:
            message = f"The file has several layers; name one of: {', '.join(names)}."
            raise FileError("file.several_layers", message, "layer", {"layers": names})
        meta, _, wkb, columns = pyogrio.raw.read(
            file, layer=layer, force_2d=True, max_features=limits.max_features + 1
        )
    except _READ_ERRORS as error:
        reason = str(error).replace(f"{file.parent}/", "")
        message = f"The file can't be read ({reason}); check that it is whole, or export it again."
        raise FileError("file.unreadable", message, "file", {"reason": reason}) from error
    limits.check_features(len(wkb))
    geoms = shapely.from_wkb(wkb)
    fields = [str(field) for field in meta["fields"]]
    return dict(zip(fields, columns, strict=True)), geoms, _crs(meta["crs"])


def _crs(named: str | None) -> Crs | None:
    if not named or "undefined" in named[:40].lower():
        return None
    try:
        return parse_crs(named)
    except CrsError as error:
        message = f"{error} Say with its EPSG number what the coordinates are in."
        raise CrsError(error.code, message, "crs") from error


def _joined(geoms: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return lines; those of several parts in one piece where the parts follow each other."""
    for row, geom in enumerate(geoms):
        if geom is None or geom.is_empty:
            raise geometry_error("null", row, "it has no geometry; give it one or leave it out.")
        if geom.geom_type not in _LINES:
            raise geometry_error("type", row, f"it is a {geom.geom_type}, and a road is a line.")
    finite = np.isfinite(shapely.get_coordinates(geoms)).all(axis=1)
    if not finite.all():
        _, owner = shapely.get_coordinates(geoms, return_index=True)
        row = int(owner[np.flatnonzero(~finite)[0]])
        raise _not_finite(row)
    several = shapely.get_num_geometries(geoms) > 1
    joined: NDArray[np.object_] = geoms.copy()
    joined[several] = shapely.line_merge(geoms[several], directed=True)
    return joined


def _not_finite(row: int) -> GeometryError:
    return geometry_error("not_finite", row, "a coordinate is not finite.")


def _column(fields: dict[str, NDArray[Any]], name: str, option: str) -> NDArray[Any]:
    if name not in fields:
        message = f"There is no field {name!r}; the layer has: {', '.join(fields) or 'none'}."
        raise FileError("file.unknown_field", message, option, {"fields": list(fields)})
    return fields[name]


def _numbers(
    fields: dict[str, NDArray[Any]], name: str, option: str, code: str
) -> NDArray[np.float64]:
    """Return the positive numbers of a field, which may be written as text."""
    column = _column(fields, name, option)
    numbers = np.array([_number(value) for value in column])
    bad = np.flatnonzero(~(np.isfinite(numbers) & (numbers > 0.0)))
    if len(bad):
        row = int(bad[0])
        message = f"Feature {row}: {name} is {column[row]!r}; give a number above 0."
        raise FileError(code, message, option, {"row": row, "count": len(bad)})
    return numbers


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _ways(
    fields: dict[str, NDArray[Any]], name: str | None, count: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which lines may be driven as they are drawn, and which against it."""
    if name is None:
        return np.full(count, True), np.full(count, True)
    said = [_word(value) for value in _column(fields, name, "oneway_field")]
    for row, word in enumerate(said):
        if word not in _FORWARD | _BACKWARD | _BOTH:
            message = f"Feature {row}: {name} is {word!r}; give yes, -1 or no."
            raise FileError("roads.bad_oneway", message, "oneway_field", {"row": row})
    return (
        np.array([word not in _BACKWARD for word in said]),
        np.array([word not in _FORWARD for word in said]),
    )


def _word(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().lower()


def _lengths_m(lines: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return lengths in metres: true to 1 in 1,000, each in a plane of its own latitude."""
    return np.array([_length_m(line) for line in lines])


def _length_m(line: Any) -> float:
    lon, lat = shapely.get_coordinates(line)[0]
    return float(shapely.length(TangentPlane(lon, lat).to_metres(line)))


def _junctions(
    lines: NDArray[np.object_], tolerance_m: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number the places where lines end; ends within the tolerance are one."""
    ends = np.concatenate(
        [shapely.get_coordinates(shapely.get_point(lines, place)) for place in (0, -1)]
    )
    places, place_of = np.unique(ends, axis=0, return_inverse=True)
    plane = TangentPlane(*places.mean(axis=0))
    points = plane.to_metres(shapely.points(places))
    near = shapely.STRtree(points).query(points, predicate="dwithin", distance=tolerance_m)
    number = _connected(len(places), near)[place_of.ravel()]
    return number[: len(lines)], number[len(lines) :]


def _connected(count: int, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the groups in which each is linked to each by pairs, from 0 on."""
    lowest = np.arange(count)
    while True:
        before = lowest.copy()
        np.minimum.at(lowest, pairs[0], before[pairs[1]])
        if (lowest == before).all():
            return np.unique(lowest, return_inverse=True)[1].ravel()

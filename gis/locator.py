"""Which cell holds a point: one set of rules for a single point, in bulk, and for the server.

The rules, in order:

1. With an accuracy radius: the cell with the greatest share of the circle; the lower code on equal
   shares. Where one cell alone meets the circle and covers the point, the radius decides nothing.
2. The cell that covers the point, its boundary included; where several do, the lowest code.
3. A point in no cell, but on the bureau's ground: the nearest cell within the gap tolerance. A gap
   is ground of the bureau that was given to nobody; what lies beyond its border is not its own,
   however near.
4. Else none.

Codes are compared by code point, as PostgreSQL's ``COLLATE "C"`` does. Lengths are taken in the
tangent plane at the point, which is true to 1 in 1,000 within 5 km.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from gis.errors import GisError
from gis.outline import ground as ground_of
from gis.tangent import TangentPlane, metres_per_degree

GAP_TOLERANCE_M = 30.0
"""How far from every cell a point in a gap may lie and still be given to the nearest."""

LARGEST_ACCURACY_M = 100_000.0

Method = Literal["covers", "boundary", "largest_share", "nearest", "outside", "invalid"]
Candidate = tuple[str, BaseGeometry]

_BULK_METHODS = np.array(["invalid", "outside", "covers", "boundary"], dtype=object)
_SHARE_DIGITS = 6  # shares that differ by less are equal: rounding must not choose the owner
_CIRCLE_SEGMENTS_PER_QUADRANT = 16


@dataclass(frozen=True)
class Located:
    """The cell of a point, and how it was found.

    Attributes
    ----------
    code
        The cell's code; None where `method` is ``outside`` or ``invalid``.
    method
        ``covers`` one cell covers the point; ``boundary`` several do; ``largest_share`` of the
        accuracy circle; ``nearest`` across a gap; ``outside`` all cells; ``invalid`` coordinates.
    neighbours
        The other cells that came into question, best first.
    distance_m
        From the point to the cell: 0 where the cell covers it, None where there is no cell.
    """

    code: str | None
    method: Method
    neighbours: tuple[str, ...] = ()
    distance_m: float | None = None


OUTSIDE = Located(None, "outside")
INVALID = Located(None, "invalid")


def choose(
    point: shapely.Point,
    candidates: Sequence[Candidate],
    accuracy_m: float | None = None,
    gap_tolerance_m: float = GAP_TOLERANCE_M,
    *,
    on_ground: Callable[[shapely.Point], bool],
) -> Located:
    """Choose the cell of a point among the cells near it.

    Parameters
    ----------
    point
        In EPSG:4326.
    candidates
        Code and polygon (EPSG:4326) of at least every cell that meets `reach_box`; more do no
        harm. An invalid polygon can cover the point, but has no share of a circle.
    accuracy_m
        Radius of the circle that holds the true place; None or 0 for a point taken as exact.
    gap_tolerance_m
        See `GAP_TOLERANCE_M`.
    on_ground
        Whether the bureau's ground covers the point. Asked only of a point in no cell and within
        the tolerance of one, which is rare, so that it may be costly.

    Raises
    ------
    GisError
        ``locate.accuracy``: negative, not finite, or over `LARGEST_ACCURACY_M`.
    """
    radius_m = _checked_accuracy(accuracy_m)
    if not candidates:
        return OUTSIDE
    codes = [code for code, _ in candidates]
    geoms = np.array([geom for _, geom in candidates], dtype=object)
    covering = _distinct(
        sorted(code for code, yes in zip(codes, shapely.covers(geoms, point), strict=True) if yes)
    )
    if not radius_m and covering:
        return _covered(covering)
    plane = TangentPlane(point.x, point.y).to_metres(geoms)
    distances = shapely.distance(plane, shapely.Point(0.0, 0.0))
    sharing = _by_share(codes, plane, radius_m) if radius_m else []
    if sharing and not (covering and len(sharing) == 1):
        nearest = min(d for code, d in zip(codes, distances, strict=True) if code == sharing[0])
        distance = 0.0 if sharing[0] in covering else float(nearest)
        return Located(sharing[0], "largest_share", tuple(sharing[1:]), distance)
    if covering:
        return _covered(covering)
    found = _nearest(codes, distances, gap_tolerance_m)
    return found if found.code and on_ground(point) else OUTSIDE


def reach_box(
    lon: float,
    lat: float,
    accuracy_m: float | None = None,
    gap_tolerance_m: float = GAP_TOLERANCE_M,
) -> tuple[float, float, float, float]:
    """West, south, east, north of a box that every cell which `choose` may need meets."""
    metres = max(accuracy_m or 0.0, gap_tolerance_m) * 1.01
    east, north = metres_per_degree(lat)
    return lon - metres / east, lat - metres / north, lon + metres / east, lat + metres / north


class Locator:
    """Cells held in memory, ready to be asked for many points.

    Parameters
    ----------
    codes
        One per polygon; several polygons may carry one code.
    geoms
        Polygons and multipolygons in EPSG:4326; rings may be invalid.
    ground
        The bureau's ground in EPSG:4326: its outline. Where none is given it is what the cells
        enclose (`gis.outline.ground`), made when a point near a cell first asks for it.
    gap_tolerance_m
        See `GAP_TOLERANCE_M`.
    """

    def __init__(
        self,
        codes: Iterable[str],
        geoms: Iterable[BaseGeometry],
        *,
        ground: BaseGeometry | None = None,
        gap_tolerance_m: float = GAP_TOLERANCE_M,
    ) -> None:
        self._codes = list(codes)
        self._geoms = np.array(list(geoms), dtype=object)
        if len(self._codes) != len(self._geoms):
            raise GisError("locate.lengths", "Give one code for each polygon.", "codes")
        shapely.prepare(self._geoms)
        self._tree = shapely.STRtree(self._geoms)
        self._given_ground = ground
        self._gap_tolerance_m = gap_tolerance_m
        ordered = sorted(set(self._codes))
        rank = {code: i for i, code in enumerate(ordered)}
        self._rank = np.array([rank[code] for code in self._codes], dtype=np.intp)
        self._ordered = np.array([*ordered, None], dtype=object)  # rank -1 is no cell

    @property
    def codes(self) -> tuple[str, ...]:
        """The code of each polygon, in the order given."""
        return tuple(self._codes)

    def locate(self, lon: float, lat: float, accuracy_m: float | None = None) -> Located:
        """Find the cell of one point in EPSG:4326; see `choose`."""
        if not _usable(np.float64(lon), np.float64(lat)):
            return INVALID
        box = reach_box(lon, lat, _checked_accuracy(accuracy_m), self._gap_tolerance_m)
        near = self._tree.query(shapely.box(*box))
        candidates = [(self._codes[i], self._geoms[i]) for i in near]
        return choose(
            shapely.Point(lon, lat),
            candidates,
            accuracy_m,
            self._gap_tolerance_m,
            on_ground=self._on_ground,
        )

    def locate_many(
        self, lons: ArrayLike, lats: ArrayLike
    ) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
        """Find the cells of many points in EPSG:4326, as `locate` would one by one.

        Returns
        -------
        codes, methods : ndarray of object
            In the order of the input; a code is None where the method is ``outside`` or
            ``invalid``.
        """
        x, y = np.asarray(lons, dtype=np.float64), np.asarray(lats, dtype=np.float64)
        usable = _usable(x, y)
        lowest, highest = self._covering_ranks(x, y, np.flatnonzero(usable))
        kinds = [~usable, lowest < 0, lowest == highest]
        methods = _BULK_METHODS[np.select(kinds, [0, 1, 2], 3)]
        codes = self._ordered[lowest]
        for i in self._maybe_in_a_gap(x, y, np.flatnonzero(methods == "outside")):
            located = self.locate(float(x[i]), float(y[i]))
            codes[i], methods[i] = located.code, located.method
        return codes, methods

    @cached_property
    def _ground(self) -> BaseGeometry:
        ground = ground_of(self._geoms) if self._given_ground is None else self._given_ground
        shapely.prepare(ground)
        return ground

    def _on_ground(self, point: shapely.Point) -> bool:
        return bool(shapely.intersects_xy(self._ground, point.x, point.y))

    def _covering_ranks(
        self, x: NDArray[Any], y: NDArray[Any], asked: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Lowest and highest rank among the codes of the cells that cover a point; -1 for none."""
        row, cell = self._tree.query(shapely.points(x[asked], y[asked]))
        row = asked[row]
        # For a point, to intersect a polygon and to be covered by it are the same.
        covered = shapely.intersects_xy(self._geoms[cell], x[row], y[row])
        row, rank = row[covered], self._rank[cell[covered]]
        highest = np.full(x.shape, -1, dtype=np.intp)
        np.maximum.at(highest, row, rank)
        lowest = highest.copy()
        np.minimum.at(lowest, row, rank)
        return lowest, highest

    def _maybe_in_a_gap(
        self, x: NDArray[Any], y: NDArray[Any], asked: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        """Of the points in no cell, those on the ground that have the box of a cell near them."""
        boxes = [shapely.box(*reach_box(x[i], y[i], None, self._gap_tolerance_m)) for i in asked]
        row, _ = self._tree.query(np.array(boxes, dtype=object))
        near = asked[np.unique(row)]
        return near[shapely.intersects_xy(self._ground, x[near], y[near])] if len(near) else near


def _checked_accuracy(accuracy_m: float | None) -> float:
    radius_m = 0.0 if accuracy_m is None else float(accuracy_m)
    if not 0.0 <= radius_m <= LARGEST_ACCURACY_M:
        raise GisError(
            "locate.accuracy",
            f"accuracy_m {radius_m!r}: give metres from 0 to {LARGEST_ACCURACY_M:.0f}.",
            "accuracy_m",
            {"largest": LARGEST_ACCURACY_M},
        )
    return radius_m


def _usable(lon: Any, lat: Any) -> Any:
    return (np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0)


def _distinct(codes: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(codes))


def _covered(covering: list[str]) -> Located:
    method: Method = "covers" if len(covering) == 1 else "boundary"
    return Located(covering[0], method, tuple(covering[1:]), 0.0)


def _nearest(codes: list[str], distances: NDArray[Any], gap_tolerance_m: float) -> Located:
    within = sorted(
        (float(d), code) for code, d in zip(codes, distances, strict=True) if d <= gap_tolerance_m
    )
    if not within:
        return OUTSIDE
    first, *others = _distinct(code for _, code in within)
    return Located(first, "nearest", tuple(others), within[0][0])


def _by_share(codes: list[str], plane: NDArray[np.object_], radius_m: float) -> list[str]:
    """Codes of the cells that meet the circle around the origin, greatest share first."""
    circle = shapely.Point(0.0, 0.0).buffer(radius_m, quad_segs=_CIRCLE_SEGMENTS_PER_QUADRANT)
    valid = shapely.is_valid(plane)
    areas = np.zeros(len(codes))
    areas[valid] = shapely.area(shapely.intersection(plane[valid], circle))
    shares: dict[str, float] = {}
    for code, area in zip(codes, areas, strict=True):
        shares[code] = shares.get(code, 0.0) + float(area) / circle.area
    ranked = sorted((-round(share, _SHARE_DIGITS), code) for code, share in shares.items())
    return [code for negative_share, code in ranked if negative_share < 0.0]

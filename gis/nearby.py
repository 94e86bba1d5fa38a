"""Which lines run near a point, and how near: held in memory, for many points."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.tangent import TangentPlane, metres_per_degree


class Lines:
    """The linework of geometries: lines as they are, polygons by their boundary.

    Parameters
    ----------
    geoms
        In EPSG:4326; rings may be invalid.
    """

    def __init__(self, geoms: Sequence[BaseGeometry]) -> None:
        segments, owners = [], []
        for index, geom in enumerate(geoms):
            for line in shapely.get_parts(_linework(geom)):
                ends = shapely.get_coordinates(line)
                segments.append(np.stack([ends[:-1], ends[1:]], axis=1))
                owners.append(np.full(len(ends) - 1, index))
        self._ends = np.concatenate(segments) if segments else np.empty((0, 2, 2))
        self._owners = np.concatenate(owners) if owners else np.empty(0, dtype=int)

    def near(self, lon: float, lat: float, within_m: float) -> list[tuple[int, float]]:
        """Return which of the geometries run within a distance of a point, nearest first.

        Returns
        -------
        list of (int, float)
            The geometry's place among those given, and how far it is in metres; of equal ones the
            earlier first. True to 1 in 1,000 up to 5 km.
        """
        east, north = metres_per_degree(lat)
        reach = within_m * 1.01
        box = shapely.box(
            lon - reach / east, lat - reach / north, lon + reach / east, lat + reach / north
        )
        found = self._tree.query(box)
        distances = self._distances(found, lon, lat)
        nearest: dict[int, float] = {}
        for owner, distance in zip(self._owners[found].tolist(), distances.tolist(), strict=True):
            if distance <= min(within_m, nearest.get(owner, within_m)):
                nearest[owner] = distance
        return sorted(nearest.items(), key=lambda pair: (pair[1], pair[0]))

    @cached_property
    def _segments(self) -> NDArray[np.object_]:
        return np.asarray(shapely.linestrings(self._ends), dtype=object)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._segments)

    def _distances(self, found: NDArray[np.int64], lon: float, lat: float) -> NDArray[np.float64]:
        plane = TangentPlane(lon, lat).to_metres(self._segments[found])
        distances: NDArray[np.float64] = shapely.distance(plane, shapely.Point(0.0, 0.0))
        return distances


def _linework(geom: BaseGeometry) -> BaseGeometry:
    return geom if shapely.get_dimensions(geom) == 1 else shapely.boundary(geom)

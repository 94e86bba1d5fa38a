"""The ground cut up by all boundaries: faces that are each in some cells, in one or in none.

Overlaps, gaps and the micrometre between two boundaries that were meant to be one are all faces
here. When every face belongs to one cell or to none, and the cells are put together from faces,
neighbours share their vertices bit for bit: there is nothing left to go wrong.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.areas import areas_m2
from gis.features import as_array
from gis.tangent import metres_per_degree

Rows = NDArray[np.intp]


class Faces:
    """The faces of some cells' boundaries, and of other lines.

    Parameters
    ----------
    geoms
        Valid or empty polygons in EPSG:4326: all cells, for any of them may cover a face.
    rows
        The cells whose boundaries cut the ground. The others are only looked at.
    lines
        Other lines that cut it.

    Attributes
    ----------
    polygons, points, areas_m2
        Of each face: itself, a point in it, its area.
    cover
        Of each face: the cells it lies in, as rows of `geoms`, the lower first.
    """

    def __init__(
        self, geoms: NDArray[np.object_], rows: Sequence[int], lines: Sequence[BaseGeometry] = ()
    ) -> None:
        boundaries = shapely.boundary(geoms[list(rows)])
        noded = shapely.union_all([*boundaries, *lines])
        self.polygons = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
        self.points = shapely.point_on_surface(self.polygons)
        self.areas_m2 = areas_m2(self.polygons)
        self.cover = _cover(geoms, self.points)
        self._beside, self._length_m = self._adjacent()

    def __len__(self) -> int:
        return len(self.polygons)

    def rim_by_cell(self, faces: Iterable[int]) -> dict[int, float]:
        """Return how much of the rim of a region each cell has that lies along it, in metres."""
        region = set(faces)
        lengths: dict[int, float] = {}
        for face in region:
            first, last = np.searchsorted(self._beside[:, 0], (face, face + 1))
            for other, length in zip(
                self._beside[first:last, 1].tolist(), self._length_m[first:last], strict=True
            ):
                for row in self.cover[other] if other not in region else ():
                    lengths[row] = lengths.get(row, 0.0) + float(length)
        return lengths

    def region(self, faces: Iterable[int]) -> BaseGeometry:
        """Return several faces as one polygon or multipolygon."""
        return shapely.coverage_union_all(self.polygons[list(faces)])

    def _adjacent(self) -> tuple[Rows, NDArray[np.float64]]:
        """Pairs of faces with an edge in common, both ways, sorted, and the edge's length."""
        if not len(self.polygons):
            return np.empty((0, 2), dtype=np.intp), np.empty(0)
        rings, face = shapely.get_rings(self.polygons, return_index=True)
        xy, ring = shapely.get_coordinates(rings, return_index=True)
        # A complex number is a vertex that NumPy can sort.
        places, vertex = np.unique(xy[:, 0] + 1j * xy[:, 1], return_inverse=True)
        along = ring[:-1] == ring[1:]
        ends = np.sort(np.column_stack((vertex[:-1], vertex[1:]))[along], axis=1)
        owner = face[ring[:-1][along]]
        order = np.lexsort((ends[:, 1], ends[:, 0]))
        ends, owner = ends[order], owner[order]
        same = np.flatnonzero((ends[:-1] == ends[1:]).all(axis=1))
        step = np.diff(places[ends[same]], axis=1)[:, 0]
        east, north = metres_per_degree(float(xy[:, 1].mean()))
        length = np.hypot(step.real * east, step.imag * north)
        pairs = np.column_stack((owner[same], owner[same + 1]))
        both = np.vstack((pairs, pairs[:, ::-1]))
        order = np.lexsort((both[:, 1], both[:, 0]))
        return both[order], np.concatenate((length, length))[order]


def _cover(geoms: NDArray[np.object_], points: NDArray[np.object_]) -> list[tuple[int, ...]]:
    point, row = shapely.STRtree(geoms).query(points)
    shapely.prepare(geoms)
    within = shapely.intersects_xy(
        geoms[row], shapely.get_x(points[point]), shapely.get_y(points[point])
    )
    cover: list[list[int]] = [[] for _ in points]
    for face, cell in zip(point[within].tolist(), row[within].tolist(), strict=True):
        cover[face].append(cell)
    return [tuple(sorted(rows)) for rows in cover]


def touching(geoms: NDArray[np.object_], places: Sequence[BaseGeometry]) -> list[int]:
    """Return the rows of `geoms` that touch one of `places`, to a tenth of a millimetre."""
    _, rows = shapely.STRtree(geoms).query(
        as_array(places), predicate="dwithin", distance=TOUCHING_DEG
    )
    return sorted(set(rows.tolist()))


TOUCHING_DEG = 1e-9
"""What lies closer than this, a tenth of a millimetre, is taken to touch."""

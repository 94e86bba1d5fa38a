"""The ground that polygons have together, where most of them share their edges."""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry


def dissolved(geoms: NDArray[np.object_]) -> BaseGeometry:
    """Return the union of valid polygons.

    As `shapely.union_all`, but edges that two of them have in opposite directions are left out
    before anything is intersected: where most edges are such, a fraction of the work.
    """
    lines = _lone_edges(geoms)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(lines))))
    # Across an edge left out one leaves one polygon and enters another: so a face lies in some
    # polygon everywhere, or nowhere.
    points = shapely.point_on_surface(faces)
    point, row = shapely.STRtree(geoms).query(points)
    shapely.prepare(geoms)
    within = shapely.intersects_xy(
        geoms[row], shapely.get_x(points[point]), shapely.get_y(points[point])
    )
    return shapely.coverage_union_all(faces[np.unique(point[within])])


def _lone_edges(geoms: NDArray[np.object_]) -> NDArray[np.object_]:
    """Edges but those that exactly two polygons have, in opposite directions."""
    rings = shapely.get_rings(shapely.get_parts(shapely.orient_polygons(geoms)))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    places, vertex = np.unique(xy[:, 0] + 1j * xy[:, 1], return_inverse=True)
    along = ring[:-1] == ring[1:]
    start, end = vertex[:-1][along], vertex[1:][along]
    edges, number = np.unique(
        np.minimum(start, end) * len(places) + np.maximum(start, end), return_inverse=True
    )
    there = np.bincount(number, start < end, minlength=len(edges))
    back = np.bincount(number, start > end, minlength=len(edges))
    lone = ~((there == 1) & (back == 1))[number]
    ends = np.stack((places[start[lone]], places[end[lone]]), axis=1)
    return np.atleast_1d(np.asarray(shapely.linestrings(np.stack((ends.real, ends.imag), axis=2))))

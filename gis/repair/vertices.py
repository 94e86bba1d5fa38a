"""Vertices that cutting the ground up put in: kept where two cells need them, else taken out."""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.features import as_array

Geoms = NDArray[np.object_]

_STRAIGHT_DEG = 1e-12  # a tenth of a micrometre: what noding rounds, and no more


def without_needless(before: Geoms, built: Geoms) -> Geoms:
    """Return cells built from faces, without the vertices that no repair asked for.

    A vertex is needless where no cell had it before, and no cell's boundary turns at it now. A cell
    that differs from what it was in nothing else is returned as it was, bit for bit.

    Parameters
    ----------
    before, built
        The same cells, as they were and as they are put together from faces.
    """
    places, cell, straight = _vertices(built)
    had_places, had_cell, _ = _vertices(before)
    _, number = np.unique(np.concatenate((places, had_places)), return_inverse=True)
    now, had = number[: len(places)], number[len(places) :]
    kept = np.isin(cell * len(number) + now, had_cell * len(number) + had)
    needless = ~np.isin(now, now[kept | ~straight])
    cleaned = built.copy()
    for row in np.unique(cell[needless]):
        cleaned[row] = _thinned(built[row], needless[cell == row])
    same = shapely.equals_exact(_alike(before), _alike(cleaned), tolerance=0.0)
    return np.where(same, before, cleaned)


def _vertices(
    geoms: Geoms,
) -> tuple[NDArray[np.complex128], NDArray[np.intp], NDArray[np.bool_]]:
    """All vertices, ring by ring, the first not repeated: place, cell, and whether no turn."""
    parts, part_cell = shapely.get_parts(geoms, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    place = xy[:, 0] + 1j * xy[:, 1]
    last = np.append(ring[:-1] != ring[1:], True)[: len(ring)]
    first = np.insert(last[:-1], 0, True)[: len(ring)]
    before = np.roll(place, 1)
    before[first] = place[np.flatnonzero(last) - 1]  # the last repeats the first
    after = np.roll(place, -1)
    away = _distance(place, before, after)
    open_ = ~last
    return place[open_], part_cell[ring_part[ring[open_]]], away[open_] <= _STRAIGHT_DEG


def _distance(
    point: NDArray[np.complex128], start: NDArray[np.complex128], end: NDArray[np.complex128]
) -> NDArray[np.float64]:
    """Of points from segments."""
    step, offset = end - start, point - start
    length2 = np.abs(step) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        along = np.clip((offset * step.conj()).real / length2, 0.0, 1.0)
    distance: NDArray[np.float64] = np.abs(offset - np.where(length2 > 0.0, along, 0.0) * step)
    return distance


def _thinned(geom: BaseGeometry, needless: NDArray[np.bool_]) -> BaseGeometry:
    """A polygon without some of its vertices, given ring by ring."""
    parts, start = [], 0
    for part in shapely.get_parts(geom):
        rings = []
        for ring in (part.exterior, *part.interiors):
            xy = shapely.get_coordinates(ring)[:-1]
            rings.append(xy[~needless[start : start + len(xy)]])
            start += len(xy)
        parts.append(shapely.Polygon(rings[0], rings[1:]))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _alike(geoms: Geoms) -> Geoms:
    """In one form, whatever the order of the vertices; a polygon as a multipolygon of one."""
    many = as_array(shapely.MultiPolygon(list(shapely.get_parts(geom))) for geom in geoms)
    normal: Geoms = shapely.normalize(many)
    return normal

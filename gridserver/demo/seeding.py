"""Where the illustrative cells of the demo county have their seed points.

All of this happens in *metres* east and north of the county's centre
(:func:`gis.crs.local_metric`).

Seeds and Voronoi edges live in a *bent* copy of that plane, where straight lines come out curved
once they are bent back, as ridges and streams are. Bending depends on the place alone, so whatever
is shared by two cells stays shared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.crs import LocalMetric

Floats = NDArray[np.float64]

SAMPLES_PER_SEED = 400
RELAXATIONS = 4
"""Lloyd steps: enough for sound shapes, few enough to keep the sizes as uneven as real ones."""


def metres(plane: LocalMetric, lonlat: Floats) -> Floats:
    """Degrees ``(n, 2)``, EPSG:4326, to metres ``(n, 2)``."""
    return np.column_stack(plane.points_to_metres(lonlat[:, 0], lonlat[:, 1]))


def degrees(plane: LocalMetric, xy: Floats) -> Floats:
    """Metres ``(n, 2)`` to degrees ``(n, 2)``, EPSG:4326."""
    return np.asarray(shapely.get_coordinates(plane.to_degrees(shapely.multipoints(xy))))


@dataclass(frozen=True)
class Bend:
    """A smooth one-to-one displacement of the plane: plane waves over several octaves."""

    wave_vectors: Floats
    phases: Floats
    amplitudes: Floats

    @classmethod
    def random(
        cls,
        rng: np.random.Generator,
        *,
        longest_m: float = 16_000,
        octaves: int = 5,
        waves: int = 6,
        steepness: float = 0.24,
    ) -> Bend:
        """Draw a bend whose octaves each slope by ``steepness`` (root mean square)."""
        lengths = np.repeat(longest_m / 2.0 ** np.arange(octaves), waves)
        directions = rng.uniform(0, 2 * np.pi, lengths.size)
        numbers = 2 * np.pi / lengths
        wave_vectors = np.column_stack([np.cos(directions), np.sin(directions)]) * numbers[:, None]
        headings = rng.uniform(0, 2 * np.pi, lengths.size)
        heights = steepness / numbers / np.sqrt(waves / 2)
        amplitudes = np.column_stack([np.cos(headings), np.sin(headings)]) * heights[:, None]
        return cls(wave_vectors, rng.uniform(0, 2 * np.pi, lengths.size), amplitudes)

    def _shift(self, xy: Floats) -> Floats:
        return np.asarray(np.sin(xy @ self.wave_vectors.T + self.phases) @ self.amplitudes)

    def apply(self, xy: Floats) -> Floats:
        """True places ``(n, 2)`` m to bent places."""
        return xy + self._shift(xy)

    def undo(self, bent: Floats) -> Floats:
        """Bent places ``(n, 2)`` m to true places, by damped fixed-point iteration."""
        xy = bent.copy()
        for _ in range(60):
            xy += 0.5 * (bent - self._shift(xy) - xy)
        return xy


@dataclass(frozen=True)
class Area:
    """A town, or a part of one that has a centre of its own.

    ``centre`` and ``fixed`` are true places in metres, ``fixed`` those of the seeds whose place is
    known; ``core_m`` is the reach of the dense core and ``density`` how much denser it is.
    """

    name: str
    centre: Floats
    seeds: int
    core_m: float
    density: float
    fixed: Floats = field(default_factory=lambda: np.empty((0, 2)))


def place_seeds(
    outline: shapely.Polygon, areas: Sequence[Area], bend: Bend, rng: np.random.Generator
) -> list[Floats]:
    """Seeds of every area, in *bent* metres; the fixed ones come first, in the order given.

    ``outline`` is in true metres. Each area gets the ground that is nearest to its own places.
    """
    ground = _sample(outline, rng, count=SAMPLES_PER_SEED * sum(area.seeds for area in areas))
    owners = _nearest_area(bend.apply(ground), areas, bend)
    return [_relax(ground[owners == index], area, bend, rng) for index, area in enumerate(areas)]


def _sample(outline: shapely.Polygon, rng: np.random.Generator, count: int) -> Floats:
    west, south, east, north = outline.bounds
    shapely.prepare(outline)
    points = rng.uniform((west, south), (east, north), (3 * count, 2))
    return points[shapely.contains_xy(outline, points)][:count]


def _nearest_area(bent: Floats, areas: Sequence[Area], bend: Bend) -> NDArray[np.intp]:
    distances = [
        _distances(bent, bend.apply(np.vstack([area.centre, area.fixed]))).min(axis=1)
        for area in areas
    ]
    return np.argmin(np.column_stack(distances), axis=1)


def _distances(points: Floats, centres: Floats) -> Floats:
    return np.asarray(np.linalg.norm(points[:, None, :] - centres[None, :, :], axis=2))


def _relax(ground: Floats, area: Area, bend: Bend, rng: np.random.Generator) -> Floats:
    """Lloyd's algorithm with the fixed seeds held, on ground thinned out away from the centre."""
    reach = np.linalg.norm(ground - area.centre, axis=1) / area.core_m
    weights = 1 + area.density / (1 + reach**2) ** 2
    bent = bend.apply(ground)
    fixed = bend.apply(area.fixed)
    free = area.seeds - len(fixed)
    chosen = rng.choice(len(bent), free, replace=False, p=weights / weights.sum())
    seeds = np.vstack([fixed, bent[chosen]])
    for _ in range(RELAXATIONS):
        owner = _distances(bent, seeds).argmin(axis=1)
        for index in range(len(fixed), area.seeds):
            own = owner == index
            if own.any():
                seeds[index] = np.average(bent[own], axis=0, weights=weights[own])
    return seeds

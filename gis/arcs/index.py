"""Which arcs are near: a tree that is shared by one version of a coverage with the next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.arcs.planar import Arc, Arcs

Bounds = tuple[float, float, float, float]

_MOST_BESIDE_THE_TREE = 512


@dataclass(frozen=True, eq=False)
class ArcIndex:
    """Bounds of arcs. A tree can't be changed: arcs changed since it was built lie beside it."""

    _tree: shapely.STRtree
    _ids: NDArray[np.intp]
    _beside: Mapping[int, Bounds | None] = field(default_factory=dict)  # None: removed

    @classmethod
    def of(cls, arcs: Arcs) -> "ArcIndex":
        """Build the tree."""
        boxes = [shapely.box(*_bounds(arc)) for arc in arcs.values()]
        return cls(shapely.STRtree(boxes), np.fromiter(arcs, dtype=np.intp, count=len(arcs)))

    def near(self, bounds: Bounds) -> list[int]:
        """Return the arcs whose bounds meet these, in order."""
        found = {int(arc) for arc in self._ids[self._tree.query(shapely.box(*bounds))]}
        west, south, east, north = bounds
        for arc, box in self._beside.items():
            found.discard(arc)
            if box and box[0] <= east and box[2] >= west and box[1] <= north and box[3] >= south:
                found.add(arc)
        return sorted(found)

    def updated(self, arcs: Arcs, changed: Iterable[int]) -> "ArcIndex":
        """Return the index of `arcs`, of which only those `changed` differ from the ones here."""
        beside = dict(self._beside)
        for arc in changed:
            beside[arc] = _bounds(arcs[arc]) if arc in arcs else None
        if len(beside) > _MOST_BESIDE_THE_TREE:
            return ArcIndex.of(arcs)
        return ArcIndex(self._tree, self._ids, beside)


def _bounds(arc: Arc) -> Bounds:
    (west, south), (east, north) = arc.coords.min(axis=0), arc.coords.max(axis=0)
    return float(west), float(south), float(east), float(north)

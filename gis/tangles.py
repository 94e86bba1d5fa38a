"""A valid polygon to stand in for one with an invalid ring while its neighbours are judged.

Nothing here is stored: an invalid cell is a blocking fault and is repaired by a person. But
without a stand-in its ground would be reported as a gap.
"""

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

_SAMPLE = 64
_MOST_CROSSED = (
    16.0  # a real boundary's edge meets the boxes of 3 or 4 edges, a star's those of all
)


def stand_in(geom: BaseGeometry) -> BaseGeometry | None:
    """Return a valid polygon of about the ground of an invalid one; None where it is too tangled.

    Repair costs as many steps as there are crossings, which for a star of a few hundred vertices
    is minutes; a sample of the edges tells a tangle from a boundary that touches itself somewhere.
    """
    if is_tangled(geom):
        return None
    repaired = shapely.make_valid(geom, method="structure", keep_collapsed=False)
    return repaired if repaired.area > 0 else None


def is_tangled(geom: BaseGeometry) -> bool:
    """Return whether so many edges cross that repair would take minutes."""
    return _boxes_met_by_an_edge(geom) > _MOST_CROSSED


def _boxes_met_by_an_edge(geom: BaseGeometry) -> float:
    rings = shapely.get_rings(shapely.get_parts(geom))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    along = ring[:-1] == ring[1:]  # from one vertex to the next of the same ring
    starts, ends = xy[:-1][along], xy[1:][along]
    edges = shapely.box(*np.minimum(starts, ends).T, *np.maximum(starts, ends).T)
    sample = edges[np.linspace(0, len(edges) - 1, min(_SAMPLE, len(edges))).astype(int)]
    asked, _ = shapely.STRtree(edges).query(sample)
    return len(asked) / len(sample)

"""Cells that lie on top of each other in such numbers that no check of pairs would come to an end.

A layer exported once a month into one file, or made to do harm: 10,000 cells in one place are 50
million pairs. In a coverage the box of a cell meets those of some ten others.
"""

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.errors import GeometryError

_CHUNK = 256
_MOST_MET = 50  # boxes that a cell's box meets, on average
_ALWAYS_TAKEN = 100_000  # pairs that take no time to speak of


def refuse_crowding(geoms: NDArray[np.object_]) -> None:
    """Raise ``coverage.crowded`` if too many of the boxes of `geoms` overlap.

    Raises
    ------
    GeometryError
        Naming the cell, counted from 1, whose box meets the most others.
    """
    tree = shapely.STRtree(geoms)
    most = _ALWAYS_TAKEN + _MOST_MET * len(geoms)
    met = 0
    for start in range(0, len(geoms), _CHUNK):
        asked, _ = tree.query(geoms[start : start + _CHUNK])
        met += len(asked)
        if met > most:
            counts = np.bincount(asked)
            row = start + int(np.argmax(counts))
            raise _crowded(row, int(counts.max()) - 1)


def _crowded(row: int, others: int) -> GeometryError:
    return GeometryError(
        "coverage.crowded",
        f"Too many cells lie on top of each other: that of row {row + 1} on {others} others; "
        "check that the layer holds one grid, once.",
        "cells",
        {"row": row + 1, "others": others},
    )

"""The fault report of cells that may be many, or made to do harm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from gis import killable
from gis.coverage import faults
from gis.faults import Fault
from gis.features import Cell, as_array

#: Up to here looking takes less time than starting a process.
_AT_ONCE_VERTICES = 20_000


def find_faults(
    cells: Sequence[Cell], outline: BaseGeometry | None, **tolerances: Any
) -> list[Fault]:
    """Return what `gis.coverage.faults` finds; of many vertices in a process of its own.

    So the web process goes on answering, and what takes too long or too much is stopped.

    Raises
    ------
    GisError
        ``coverage.tolerance``, ``coverage.crowded``.
    ProcessError
        As `gis.killable.run`.
    """
    if shapely.get_num_coordinates(as_array(cell.geom for cell in cells)).sum() < _AT_ONCE_VERTICES:
        return faults(cells, outline, **tolerances)
    return killable.run(faults, cells, outline, **tolerances)

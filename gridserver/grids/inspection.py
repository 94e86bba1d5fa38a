"""Faults of a version, and proposals for them, though its cells may be many or made to do harm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select
from sqlalchemy.orm import Session

from gis import killable
from gis.faults import Fault
from gis.features import as_array
from gridserver.grids import mending, queries, settings
from gridserver.grids.mending import Ground, Mended, Survey
from gridserver.grids.models import Exclusion, GridVersion

T = TypeVar("T")

#: Up to here looking takes less time than starting a process.
_AT_ONCE_VERTICES = 20_000


def ground(session: Session, version: GridVersion, **tolerances: float) -> Ground:
    """Return what the faults of a version are looked for in, as it is stored now.

    Parameters
    ----------
    tolerances
        Those of `gis.coverage.faults` to go by instead of the ones that the bureau decided.
    """
    declared = select(Exclusion.lon, Exclusion.lat).where(Exclusion.version_id == version.id)
    return Ground(
        queries.cells(session, version.id),
        queries.outline(session, version.id),
        [shapely.Point(lon, lat) for lon, lat in session.execute(declared)],
        {**settings.present(session).tolerances, **tolerances},
    )


def find_faults(ground: Ground) -> dict[str, Fault]:
    """Return the faults by id; of many vertices in a process of its own.

    So the web process goes on answering, and what takes too long or too much is stopped.

    Raises
    ------
    GisError
        ``coverage.tolerance``, ``coverage.crowded``.
    ProcessError
        As `gis.killable.run`.
    """
    return _safely(mending.find_faults, ground)


def outline(ground: Ground) -> BaseGeometry:
    """Return the bureau's ground that a version is published with; raises as `find_faults`."""
    if ground.outline is not None and not ground.not_ours:
        return ground.outline
    return _safely(mending.bureau_ground, ground)


def survey(ground: Ground) -> Survey:
    """Return the faults and the proposals for them, from a process of its own; may take seconds.

    Call it outside of a transaction. Raises as `find_faults`.
    """
    return killable.run(mending.survey, ground)


def carry_out(ground: Ground, proposals: Sequence[str]) -> Mended:
    """As `mending.carry_out`, in a process of its own; raises as `find_faults`, too."""
    return killable.run(mending.carry_out, ground, proposals)


def carry_out_small(ground: Ground, under_m2: float | None = None) -> Mended:
    """As `mending.carry_out_small`, in a process of its own; raises as `find_faults`, too."""
    return killable.run(mending.carry_out_small, ground, under_m2)


def _safely(function: Callable[[Ground], T], ground: Ground) -> T:
    """Call a function of cells: here where they are few, else in a process of its own."""
    vertices = shapely.get_num_coordinates(as_array(cell.geom for cell in ground.cells)).sum()
    return function(ground) if vertices < _AT_ONCE_VERTICES else killable.run(function, ground)

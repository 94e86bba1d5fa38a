"""Whether a file's cells can be where they are said to be: refused, or taken with a warning."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from gis.faults import named
from gis.features import Layer, Remark
from gridserver.base.clock import now
from gridserver.base.errors import Invalid
from gridserver.grids import queries, rules
from gridserver.org import queries as org

_SHOWN_STATIONS = 5


def doubts(session: Session, layer: Layer, outline: BaseGeometry | None) -> list[Remark]:
    """Return what looks wrong about a draft beside its outline, the grid in force and the units.

    What no CRS can give at all was refused in reading (`gis.crs`): old datums, swapped axes and
    zone prefixes that the numbers show. Here it is what they don't show.

    Raises
    ------
    Invalid
        ``grid.axes_swapped``: the cells lie where they should once longitude and latitude change
        places. ``grid.off_outline``: they lie apart from the outline they came with.
    """
    found = _bounds(layer.geoms)
    present = queries.find_version_in_force(session, now(session))
    in_force = queries.bounds(session, present.id) if present else None
    expected = in_force if outline is None else _bounds(outline)
    if expected and rules.is_swapped(found, expected):
        raise Invalid(
            "grid.axes_swapped",
            f"Longitude and latitude have changed places in the file (read as {layer.crs.name}): "
            "export it again with the axes in the order longitude, latitude.",
            field="crs",
            params={"crs": layer.crs.name},
        )
    if outline is not None and rules.common_extent(found, _bounds(outline)) == 0.0:
        raise Invalid(
            "grid.off_outline",
            f"No cell (read as {layer.crs.name}) lies near the outline: one of the two is in "
            "another CRS than it says, or the outline is another bureau's.",
            field="outline",
            params={"crs": layer.crs.name},
        )
    warnings = _unknown_stations(session, layer)
    if present and in_force and rules.is_far(found, in_force):
        said = (
            f"Less than half of the draft lies where version {present.name} is: check the CRS "
            f"(read as {layer.crs.name}) and the file."
        )
        params = {"version": present.name, "crs": layer.crs.name}
        warnings.append(Remark("warning.far", said, params))
    return warnings


def _unknown_stations(session: Session, layer: Layer) -> list[Remark]:
    stations = {unit.code for unit in org.units(session, "station")}
    unknown = sorted({cell.station for cell in layer.cells if cell.station} - stations)
    if not unknown:
        return []
    few = named(unknown, most=_SHOWN_STATIONS)
    said = f"There is no station with the code {few}: incidents there go to the bureau."
    return [Remark("warning.unknown_stations", said, {"stations": unknown})]


def _bounds(geoms: Any) -> rules.Bounds:
    west, south, east, north = np.asarray(shapely.total_bounds(geoms)).tolist()
    return west, south, east, north

"""A draft that can't be where it is said to be is refused, and nothing of it stays."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
import shapely
import sqlalchemy as sa
from sqlalchemy.orm import Session

from gis import testing
from gis.crs import WGS84
from gis.features import Layer
from gridserver.base.errors import Invalid
from gridserver.grids import service
from gridserver.grids.models import GridVersion
from tests.county import County

#: A place whose longitude is a latitude too, so that swapped axes give possible numbers.
STUTTGART = (9.0 - testing.WEST, 48.7 - testing.SOUTH)


def layer(move: Callable[[object], object]) -> Layer:
    moved = [
        dataclasses.replace(cell, geom=shapely.transform(cell.geom, move))
        for cell in testing.grid()
    ]
    return Layer(tuple(moved), WGS84)


def test_swapped_axes_are_seen_beside_the_outline(session: Session, county: County) -> None:
    there = layer(lambda xy: xy + STUTTGART)
    swapped = layer(lambda xy: (xy + STUTTGART)[:, ::-1])
    outline = shapely.union_all(there.geoms)
    with pytest.raises(Invalid) as refusal:
        service.import_draft(session, None, swapped, name="v2", outline=outline, source={})
    assert (refusal.value.code, refusal.value.field) == ("grid.axes_swapped", "crs")
    service.import_draft(session, None, there, name="v2", outline=outline, source={})
    assert list(session.scalars(sa.select(GridVersion.name))) == ["v1", "v2"]


def test_an_outline_elsewhere_is_refused(session: Session, county: County) -> None:
    outline = shapely.box(10, 10, 11, 11)
    here = layer(lambda xy: xy)
    with pytest.raises(Invalid) as refusal:
        service.import_draft(session, None, here, name="v2", outline=outline, source={})
    assert refusal.value.code == "grid.off_outline"
    assert list(session.scalars(sa.select(GridVersion.name))) == ["v1"]

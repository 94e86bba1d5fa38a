"""The road network, as pgRouting reads it."""

from __future__ import annotations

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gridserver.base.db import Base, Id


class RoadEdge(Base):
    """A stretch of road between two junctions.

    `source` and `target` number the junctions at which the line begins and ends. `minutes` is what
    it takes to drive it as it is drawn, `reverse_minutes` against that; null: not that way.
    """

    __tablename__ = "road_edge"
    __table_args__ = (
        CheckConstraint("minutes >= 0 AND reverse_minutes >= 0", name="minutes"),
        CheckConstraint("coalesce(minutes, reverse_minutes) IS NOT NULL", name="some_way"),
    )

    id: Mapped[Id]
    source: Mapped[int]
    target: Mapped[int]
    minutes: Mapped[float | None]
    reverse_minutes: Mapped[float | None]
    geom: Mapped[WKBElement] = mapped_column(Geometry("LINESTRING", srid=4326))

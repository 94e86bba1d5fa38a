"""Laying down the road network."""

from __future__ import annotations

import math

from geoalchemy2.shape import from_shape
from sqlalchemy import delete, exists, insert, select
from sqlalchemy.orm import Session

from gis.roads import Roads
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.errors import Conflict
from gridserver.places.models import RoadEdge


def set_roads(
    session: Session, actor: audit.Actor | None, roads: Roads, *, replace: bool = False
) -> None:
    """Have `roads` be the network, in place of the one before where `replace` says so.

    Raises
    ------
    Conflict
        ``roads.exist``: there is a network, and nobody asked to replace it.
    """
    if not replace and session.scalar(select(exists().select_from(RoadEdge))):
        raise Conflict("roads.exist", "A road network is loaded. Give --replace to put this there.")
    session.execute(delete(RoadEdge))
    columns = (roads.source, roads.target, roads.minutes, roads.reverse_minutes)
    rows = zip(*(column.tolist() for column in columns), roads.lines, strict=True)
    session.execute(
        insert(RoadEdge),
        [
            {
                "source": source,
                "target": target,
                "minutes": _or_none(minutes),
                "reverse_minutes": _or_none(reverse),
                "geom": from_shape(line, srid=4326),
            }
            for source, target, minutes, reverse, line in rows
        ],
    )
    data = {"edges": len(roads.lines), "junctions": roads.junctions}
    audit.record(session, actor, Tag.ROADS_SET, subject_kind="roads", subject_id="roads", data=data)


def _or_none(minutes: float) -> float | None:
    return None if math.isnan(minutes) else minutes

"""Which incidents may be about the same event: by place, time and category. A person decides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import TIMESTAMP, Interval, bindparam, text
from sqlalchemy.orm import Session

from gridserver.base import db

#: The same category; another of its broad class; neither.
Alike = Literal["category", "broad_class", "place"]


@dataclass(frozen=True)
class Reference:
    """What is compared with: a place (EPSG:4326), a moment and a category; without one nothing is
    alike but the place."""

    lon: float
    lat: float
    at: dt.datetime
    category: str | None


@dataclass(frozen=True)
class Nearby:
    """An incident near a reference: how far away in metres on the ellipsoid, and how many seconds
    after it (before: negative) it was reported."""

    id: int
    distance_m: float
    apart_s: int
    alike: Alike


# The narrow window of time goes first: it has an index, and years of incidents lie outside it.
_NEAR = text(
    """
    WITH reference AS (
        SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)::geography AS point, (
            SELECT broad_class FROM category_row
            WHERE code = :category AND valid @> :at AND withdrawn_at IS NULL
        ) AS broad_class
    ), near AS (
        SELECT incident.id,
               ST_Distance(incident.point::geography, reference.point) AS distance_m,
               extract(epoch FROM incident.reported_at - :at)::integer AS apart_s,
               CASE WHEN incident.category = :category THEN 'category'
                    WHEN kind.broad_class = reference.broad_class THEN 'broad_class'
                    ELSE 'place' END AS alike
        FROM reference, incident
        JOIN unit ON unit.id = incident.unit_id
        JOIN category_row AS kind ON kind.code = incident.category
             AND kind.valid @> incident.reported_at AND kind.withdrawn_at IS NULL
        WHERE incident.reported_at BETWEEN :at - :within AND :at + :within
          AND ST_DWithin(incident.point::geography, reference.point, :radius_m)
          AND EXISTS (
              SELECT FROM unnest(CAST(:paths AS text[])) AS path
              WHERE unit.path = path OR starts_with(unit.path, path || '.')
          )
    )
    SELECT * FROM near
    ORDER BY array_position(ARRAY['category', 'broad_class', 'place'], alike), distance_m, id
    LIMIT :limit
    """
).bindparams(bindparam("at", type_=TIMESTAMP(timezone=True)), bindparam("within", type_=Interval))


def near(
    session: Session,
    reference: Reference,
    *,
    radius_m: float,
    within_s: int,
    paths: Iterable[str],
    limit: int = 10,
) -> list[Nearby]:
    """Return the incidents near a reference in place and time, the likeliest first: of the same
    category, of its broad class, the rest; each by distance. One round trip.

    Parameters
    ----------
    radius_m, within_s
        How far away, and how long before or after.
    paths
        Only those of the units at and below these.
    """
    values = vars(reference) | {
        "within": dt.timedelta(seconds=within_s),
        "radius_m": radius_m,
        "paths": list(paths),
        "limit": limit,
    }
    return [Nearby(**row._asdict()) for row in db.rows(session, _NEAR, values)]

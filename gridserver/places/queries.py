"""How long it takes to drive somewhere: pgRouting answers, where there are it and a network."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ARRAY, Double, bindparam, text
from sqlalchemy.orm import Session

from gridserver.base import db

#: From farther away a place isn't on the network.
NEAR_ROAD_M = 300.0

Place = tuple[float, float]


def has_routing(session: Session) -> bool:
    """Say whether pgRouting is installed in the database and a road network is loaded."""
    (found,) = db.rows(session, _READY)
    return bool(found.ready)


def minutes_to(
    session: Session, place: Place, origins: Sequence[Place]
) -> tuple[float | None, ...]:
    """Return how many minutes it takes to drive from each of `origins` to `place`.

    From the nearest point of the nearest road to the nearest point of the place's, one-way streets
    as they are; the way to the road isn't counted. Two round trips, one where there is no network.

    Parameters
    ----------
    place, origins
        Longitude and latitude, degrees, EPSG:4326.

    Returns
    -------
    tuple of float or None
        In the order of `origins`. None where either end is more than `NEAR_ROAD_M` from a road, no
        road leads there, or `has_routing` says no.
    """
    if not origins or not has_routing(session):
        return (None,) * len(origins)
    lons, lats = zip(place, *origins, strict=True)
    asked = {"lons": list(lons), "lats": list(lats), "near_m": NEAR_ROAD_M}
    found = {row.start: row.minutes for row in db.rows(session, _MINUTES, asked)}
    return tuple(found.get(number) for number in range(1, len(origins) + 1))


_READY = text(
    """
    SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pgrouting')
        AND EXISTS (SELECT FROM road_edge) AS ready
    """
)

# Points are numbered from 0, the place itself; pgRouting numbers them from 1 on and calls them by
# the negative. A fraction of 0 or 1 would be a junction, which it gives another number.
_MINUTES = text(
    """
    WITH snapped AS MATERIALIZED (
        SELECT asked.number, road.id AS edge_id,
            least(greatest(ST_LineLocatePoint(road.geom, asked.point), 1e-9), 1 - 1e-9) AS fraction
        FROM (
            SELECT number - 1 AS number, ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS point
            FROM unnest(:lons, :lats) WITH ORDINALITY AS given(lon, lat, number)
        ) AS asked
        CROSS JOIN LATERAL (
            SELECT id, geom FROM (
                SELECT id, geom FROM road_edge ORDER BY geom <-> asked.point LIMIT 8
            ) AS about
            ORDER BY ST_Distance(about.geom::geography, asked.point::geography) LIMIT 1
        ) AS road
        WHERE ST_DWithin(road.geom::geography, asked.point::geography, :near_m)
    )
    SELECT -start_pid - 1 AS start, agg_cost AS minutes
    FROM pgr_withPointsCost(
        'SELECT id, source, target, coalesce(minutes, -1) AS cost,
            coalesce(reverse_minutes, -1) AS reverse_cost FROM road_edge',
        (SELECT 'SELECT * FROM (VALUES ' || string_agg(
            format('(%s, %s::bigint, %s::float8)', number + 1, edge_id, fraction), ', '
            ORDER BY number) || ') AS point(pid, edge_id, fraction)' FROM snapped),
        (SELECT array_agg(-number - 1) FROM snapped WHERE number > 0),
        -1
    )
    WHERE EXISTS (SELECT FROM snapped WHERE number = 0)
    """
).bindparams(bindparam("lons", type_=ARRAY(Double)), bindparam("lats", type_=ARRAY(Double)))

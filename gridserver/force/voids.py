"""The void alarm: cells, teams, stations and watched posts with nobody for some time to come."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Collection, Hashable
from dataclasses import dataclass, replace

from sqlalchemy import ARRAY, TIMESTAMP, Text, bindparam, select, text
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.base import db
from gridserver.force.models import RosterRevision
from gridserver.force.shifts import check_view
from gridserver.grids import queries as grids

#: What the alarm looks ahead to where nothing else is asked.
DAYS = 7

_REVISION = select(RosterRevision.id).order_by(RosterRevision.id)
_MOST_KEPT = 4
#: Voids by the names of the rosters' state, the grid version, and from when until when.
_kept: OrderedDict[Hashable, list[Void]] = OrderedDict()


@dataclass(frozen=True)
class Void:
    """A time in which nobody is there.

    `kind` is ``cell``, ``team``, ``station`` or ``post``; `station` the code of the one it belongs
    to. `why` is ``absent``: somebody is rostered, and away; ``no_shift``: nobody is rostered;
    ``no_owner``: nobody owns the cell, and its station has no pool then.
    """

    kind: str
    code: str
    name: str
    station: str | None
    start: dt.datetime
    end: dt.datetime
    why: str


def voids(
    session: Session,
    start: dt.datetime,
    end: dt.datetime,
    *,
    unit_paths: Collection[str] | None = None,
) -> list[Void]:
    """Return the voids between two moments, as they begin. Two round trips.

    A cell has somebody while an owner, one who stands in for an absent owner, or a member of an
    owner's group is on duty and not absent, or its station has a pool (集约值班); a team while a
    member is, or its station has a pool; a station while anybody serves it or a unit below it; a
    watched post while somebody has its watch. The teams are those of stations. The cells are those
    of the grid in force at `start`.

    Parameters
    ----------
    start, end : datetime
        At most 93 days apart.
    unit_paths : collection of str, optional
        Only what belongs to these units and those below them. What belongs to no station is
        the bureau's.
    """
    check_view(start, end)
    version = grids.find_version_in_force(session, start)
    cells = grids.cell_places(session, version.id) if version else []
    asked = {
        "start": start,
        "end": end,
        "cells": [cell.code for cell in cells],
        "names": [cell.name for cell in cells],
        "stations": [cell.station_code for cell in cells],
        "paths": None if unit_paths is None else list(unit_paths),
    }
    return [Void(*row) for row in db.rows(session, _VOIDS, asked)]


def kept_voids(session: Session, start: dt.datetime, end: dt.datetime) -> list[Void]:
    """Return the voids of all units between two moments, as `voids` does, but worked out once an
    hour, and anew once a roster changes, for however many ask and however often.

    They are worked out some time beyond `end` and cut there. `why` is that of the whole void.
    """
    until = end.replace(minute=0, second=0, microsecond=0) + dt.timedelta(hours=1)
    version = grids.find_version_in_force(session, start)
    names = tuple(row.id for row in db.rows(session, _REVISION))
    key = (names, version and version.id, start, until)
    found = _kept.get(key)
    if found is None:
        # Whatever is committed meanwhile has another name, which the next call will see.
        found = _kept[key] = voids(session, start, until)
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return [replace(each, end=min(each.end, end)) for each in found if each.start < end]


def voids_for(
    session: Session,
    actor: Principal,
    start: dt.datetime,
    end: dt.datetime,
    unit_path: str | None = None,
) -> list[Void]:
    """Return the voids of what the actor may see, or of that below one unit.

    Raises `Forbidden` for a unit out of scope.
    """
    require(actor, "force.read", unit_path)
    paths = actor.paths("force.read") if unit_path is None else (unit_path,)
    return voids(session, start, end, unit_paths=paths)


# A subject's cover is the union of the times of those who count for it; its voids are what is left
# of the span. `rostered` leaves the absences out of account, to tell who is away from who was never
# put on duty.
_VOIDS = text(
    """
    WITH span AS (
        SELECT tstzmultirange(tstzrange(:start, :end)) AS during
    ), away AS (
        SELECT officer_id, range_agg(during) AS during
        FROM absence
        WHERE during && tstzrange(:start, :end)
        GROUP BY officer_id
    ), turn AS (
        SELECT
            shift.officer_id, shift.unit_id, shift.post_id, shift.duty,
            range_agg(shift.during) AS rostered,
            range_agg(shift.during) - coalesce(away.during, '{}') AS free
        FROM shift
        JOIN officer ON officer.id = shift.officer_id AND officer.kind = 'officer'
        JOIN account ON account.id = officer.account_id AND account.disabled_at IS NULL
        LEFT JOIN away ON away.officer_id = shift.officer_id
        WHERE shift.during && tstzrange(:start, :end)
        GROUP BY shift.officer_id, shift.unit_id, shift.post_id, shift.duty, away.during
    ), on_duty AS (
        SELECT turn.officer_id, officer.unit_id,
            range_agg(turn.rostered) AS rostered, range_agg(turn.free) AS free
        FROM turn JOIN officer ON officer.id = turn.officer_id
        GROUP BY turn.officer_id, officer.unit_id
    ), station AS (
        SELECT unit.id, unit.code, unit.name, unit.path FROM unit WHERE unit.kind = 'station'
    ), belonging AS (
        SELECT unit.id, unit.code, unit.name, unit.kind, station.code AS station
        FROM station
        JOIN unit ON unit.path = station.path OR starts_with(unit.path, station.path || '.')
    ), pool AS (
        SELECT belonging.station, range_agg(turn.rostered) AS rostered, range_agg(turn.free) AS free
        FROM turn JOIN belonging ON belonging.id = turn.unit_id
        WHERE turn.duty = 'pool'
        GROUP BY belonging.station
    ), cell AS (
        SELECT * FROM unnest(:cells, :names, :stations) AS cell (code, name, station)
    ), owned AS (
        SELECT ownership.cell_code AS cell, ownership.officer_id, officer.unit_id,
            ownership.valid * tstzrange(:start, :end) AS during
        FROM ownership JOIN officer ON officer.id = ownership.officer_id
        WHERE ownership.valid && tstzrange(:start, :end)
    ), in_group AS (
        SELECT on_duty.unit_id, range_agg(on_duty.rostered) AS rostered,
            range_agg(on_duty.free) AS free
        FROM on_duty JOIN unit ON unit.id = on_duty.unit_id AND unit.kind = 'group'
        GROUP BY on_duty.unit_id
    ), cover AS (
        SELECT 'cell' AS kind, owned.cell AS code,
            on_duty.rostered * tstzmultirange(owned.during) AS rostered,
            on_duty.free * tstzmultirange(owned.during) AS free
        FROM owned JOIN on_duty USING (officer_id)
        UNION ALL
        SELECT 'cell', owned.cell, in_group.rostered * tstzmultirange(owned.during),
            in_group.free * tstzmultirange(owned.during)
        FROM owned JOIN in_group USING (unit_id)
        UNION ALL
        SELECT 'cell', owned.cell, NULL,
            on_duty.free * tstzmultirange(owned.during * absence.during)
        FROM owned
        JOIN absence ON absence.officer_id = owned.officer_id AND absence.during && owned.during
        JOIN on_duty ON on_duty.officer_id = absence.stand_in_id
        UNION ALL
        SELECT 'cell', cell.code, pool.rostered, pool.free FROM cell JOIN pool USING (station)
        UNION ALL
        SELECT 'team', team.code, on_duty.rostered, on_duty.free
        FROM belonging AS team
        JOIN unit ON unit.id = team.id
        JOIN unit AS below ON below.path = unit.path OR starts_with(below.path, unit.path || '.')
        JOIN on_duty ON on_duty.unit_id = below.id
        WHERE team.kind = 'team'
        UNION ALL
        SELECT 'team', team.code, pool.rostered, pool.free
        FROM belonging AS team JOIN pool USING (station)
        WHERE team.kind = 'team'
        UNION ALL
        SELECT 'station', belonging.station, turn.rostered, turn.free
        FROM belonging JOIN turn ON turn.unit_id = belonging.id
        UNION ALL
        SELECT 'post', post.code, turn.rostered, turn.free
        FROM turn JOIN post ON post.id = turn.post_id
    ), covered AS (
        SELECT kind, code, range_agg(rostered) AS rostered, range_agg(free) AS free
        FROM cover
        GROUP BY kind, code
    ), subject AS (
        SELECT 'cell' AS kind, code, name, station FROM cell
        UNION ALL
        SELECT kind, code, name, station FROM belonging WHERE kind IN ('team', 'station')
        UNION ALL
        SELECT 'post', post.code, post.name, belonging.station
        FROM post LEFT JOIN belonging ON belonging.id = post.unit_id
        WHERE post.watched
    ), empty AS (
        SELECT subject.*, covered.rostered,
            unnest(span.during - coalesce(covered.free, '{}')) AS during
        FROM span CROSS JOIN subject LEFT JOIN covered USING (kind, code)
    )
    SELECT
        empty.kind, empty.code, empty.name, empty.station,
        lower(empty.during), upper(empty.during),
        CASE
            WHEN empty.rostered && empty.during THEN 'absent'
            WHEN empty.kind = 'cell' AND NOT EXISTS (
                SELECT FROM owned
                WHERE owned.cell = empty.code AND owned.during && empty.during
            ) THEN 'no_owner'
            ELSE 'no_shift'
        END
    FROM empty
    LEFT JOIN station ON station.code = empty.station
    WHERE :paths IS NULL OR EXISTS (
        SELECT FROM unnest(:paths) AS seen (path)
        WHERE CASE
            WHEN station.path IS NULL THEN strpos(seen.path, '.') = 0
            ELSE station.path = seen.path OR starts_with(station.path, seen.path || '.')
        END
    )
    ORDER BY lower(empty.during), empty.kind, empty.code
    """
).bindparams(
    *(bindparam(name, type_=ARRAY(Text)) for name in ("cells", "names", "stations", "paths")),
    *(bindparam(name, type_=TIMESTAMP(timezone=True)) for name in ("start", "end")),
)

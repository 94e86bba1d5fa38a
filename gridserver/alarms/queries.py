"""The alarms of the present moment: each kind by one look into its room."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from gridserver.access import clocks
from gridserver.access import queries as access
from gridserver.access.rules import Principal, require
from gridserver.alarms import heartbeat, rules
from gridserver.alarms.models import AlarmSilence
from gridserver.alarms.rules import Alarm, Silence
from gridserver.base.clock import now
from gridserver.bulletins import queries as bulletins
from gridserver.bulletins import sightings
from gridserver.delivery import queries as delivery
from gridserver.dispatch import watching
from gridserver.dispatch.dossier import Dossier
from gridserver.force import voids
from gridserver.force.voids import Void
from gridserver.org import queries as org

#: How many names a void's sentence carries.
_NAMED = 3


def alarms_for(session: Session, actor: Principal) -> list[Alarm]:
    """Return the alarms of the actor's units and those that concern all, silenced ones last.

    Raises `Forbidden` for who doesn't watch.
    """
    require(actor, "alarm.read")
    paths = actor.paths("alarm.read")
    moment = now(session)
    bureau = org.bureau(session).path
    found = [
        *_unsigned(session, paths),
        *_support(session, paths),
        *_sightings(session, paths),
        *_unapproved(session, paths),
        *_voids(session, actor, bureau),
        *_clocks(session, paths),
        *rules.worker_alarm(heartbeat.last_beat(session), moment, bureau),
        *rules.relay_alarm(delivery.waiting_since(session), moment, bureau),
    ]
    return rules.silenced(found, _silences(session, [alarm.key for alarm in found]), moment)


def _unsigned(session: Session, paths: tuple[str, ...]) -> list[Alarm]:
    found = watching.unsigned_past_the_ladder(session, paths)
    return [_of_task("unsigned", each.dossier, each.since) for each in found]


def _support(session: Session, paths: tuple[str, ...]) -> list[Alarm]:
    found = watching.calls_for_support(session, paths)
    return [
        _of_task(
            "support",
            each.dossier,
            each.since,
            by=each.by.display_name if each.by else None,
            text=each.text,
        )
        for each in found
    ]


def _of_task(kind: str, dossier: Dossier, since: dt.datetime, **params: str | None) -> Alarm:
    incident = dossier.incident
    known: dict[str, Any] = {"number": incident.number, "address": incident.address}
    return Alarm(
        f"{kind}:{dossier.task.id}",
        kind,
        since,
        dossier.unit_path,
        task_id=dossier.task.id,
        params=known | params,
    )


def _sightings(session: Session, paths: tuple[str, ...]) -> list[Alarm]:
    """Return what the issuing rooms left unanswered: which, and nothing that was seen."""
    return [
        Alarm(
            f"sighting:{each.id}",
            "sighting",
            each.since,
            each.unit_path,
            params={
                "bulletin": each.bulletin_id,
                "sighting": each.id,
                "urgent": each.is_urgent,
            },
        )
        for each in sightings.overdue(session, paths)
    ]


def _unapproved(session: Session, paths: tuple[str, ...]) -> list[Alarm]:
    """Return what went out before its second person said yes: which, and nothing that it says."""
    return [
        Alarm(
            f"unapproved:{each.id}",
            "unapproved",
            each.since,
            each.unit_path,
            params={
                "bulletin": each.id,
                "until": each.until.isoformat(),
                "withdrawn": each.is_withdrawn,
            },
        )
        for each in bulletins.unapproved(session, paths)
    ]


def _voids(session: Session, actor: Principal, bureau: str) -> list[Alarm]:
    """One alarm a station, for however many of its cells and teams nobody is there.

    The roster is read from yesterday on, so that what began then has the same beginning at every
    look, by which a silence is told from a renewal.
    """
    moment = now(session)
    since = moment.replace(hour=0, minute=0, second=0, microsecond=0) - dt.timedelta(days=1)
    found = voids.kept_voids(session, since, moment + rules.VOID_AHEAD)
    by_station: dict[str | None, list[Void]] = defaultdict(list)
    for each in found:
        if each.end > moment:
            by_station[each.code if each.kind == "station" else each.station].append(each)
    path_of = org.paths_by_code(session, {code for code in by_station if code})
    alarms = (
        _of_station(station, those, path_of.get(station or "", bureau), since, moment)
        for station, those in by_station.items()
    )
    return [alarm for alarm in alarms if actor.may("alarm.read", alarm.unit_path)]


def _of_station(
    station: str | None, those: list[Void], path: str, since: dt.datetime, moment: dt.datetime
) -> Alarm:
    first = min(each.start for each in those)
    return Alarm(
        f"void:{station or 'bureau'}:{first:%Y%m%dT%H%M}",
        "void",
        # What lies ahead stands in the roster since before it was looked at.
        first if first <= moment else since,
        path,
        params={
            "count": len(those),
            "names": list(dict.fromkeys(each.name for each in those))[:_NAMED],
            "from": first.isoformat(),
            "until": max(each.end for each in those).isoformat(),
        },
    )


def _clocks(session: Session, paths: tuple[str, ...]) -> list[Alarm]:
    return [
        Alarm(
            f"clock:{each.username}",
            "clock",
            each.since,
            each.unit_path,
            params={"username": each.display_name, "offset_s": each.offset_s},
        )
        for each in clocks.drifting(session, paths, rules.CLOCK_OFF_S)
    ]


def _silences(session: Session, keys: list[str]) -> dict[str, Silence]:
    newest = (
        select(AlarmSilence)
        .where(AlarmSilence.key.in_(keys))
        .ext(distinct_on(AlarmSilence.key))
        .order_by(AlarmSilence.key, AlarmSilence.at.desc(), AlarmSilence.id.desc())
    )
    rows = session.scalars(newest).all()
    people = access.account_refs(session, {row.account_id for row in rows})
    return {
        row.key: Silence(
            row.at,
            row.until,
            people[row.account_id].username,
            people[row.account_id].display_name,
            row.note,
        )
        for row in rows
    }

"""What a room's watch hands over (交接班): what came in its time, and what stands open now.

Derived from the rows of the rooms below. The figures are counts of the rows that are listed with
them; a list holds the first `MOST_LISTED`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ARRAY, TIMESTAMP, BigInteger, ColumnElement, bindparam, select, text
from sqlalchemy.orm import Session

from gridserver.base import db
from gridserver.base.clock import now
from gridserver.dispatch import waiting
from gridserver.dispatch.models import Task
from gridserver.force.voids import voids
from gridserver.org.models import Unit

Card = dict[str, Any]

#: Rows of a kind that a report lists; its count is of all of them.
MOST_LISTED = 200
#: How far ahead a report looks for voids in the roster.
AHEAD = dt.timedelta(hours=24)

#: What a report tells, in its order; each a list of incidents but for the last two.
PARTS = (
    "came",
    "no_owner",
    "unsigned",
    "overdue",
    "without_feedback",
    "to_review",
    "handed_over",
    "support",
    "silenced",
    "voids",
)


def report(session: Session, unit: Unit, since: dt.datetime, until: dt.datetime) -> Card:
    """Return the report of a unit's room over a watch, JSON-able.

    Parameters
    ----------
    since, until
        The watch: ``came``, ``support`` and ``silenced`` are of this time, the others of now.

    Returns
    -------
    dict
        ``{at, parts: {name: {count, items}}, by_priority, by_category}``.
    """
    at = now(session)
    asked = {"path": unit.path, "since": since, "until": until}
    waits = {"unowned": waiting.unowned(), "overdue": waiting.overdue_at(at)}
    tasks = {name: _tasks(session, condition) for name, condition in waits.items()}
    parts: dict[str, list[Card]] = {name: [] for name in PARTS}
    for row in db.rows(session, _INCIDENTS, asked | tasks):
        parts[row.part].append(_incident(row))
    parts["silenced"] = [
        {"key": row.key, "at": row.at.isoformat(), "by": row.by, "note": row.note}
        for row in db.rows(session, _SILENCED, asked)
    ]
    parts["voids"] = [
        {
            "kind": each.kind,
            "code": each.code,
            "name": each.name,
            "start": each.start.isoformat(),
            "end": each.end.isoformat(),
            "why": each.why,
        }
        for each in voids(session, at, at + AHEAD, unit_paths=[unit.path])
    ]
    return {
        "at": at.isoformat(),
        "parts": {
            name: {"count": len(rows), "items": rows[:MOST_LISTED]} for name, rows in parts.items()
        },
        "by_priority": _tally(parts["came"], "priority"),
        "by_category": _tally(parts["came"], "category"),
    }


def _tasks(session: Session, condition: ColumnElement[bool]) -> list[int]:
    return list(session.scalars(select(Task.id).where(condition)))


def _incident(row: Any) -> Card:
    return {
        "incident": row.id,
        "number": row.number,
        "priority": row.priority,
        "category": row.category,
        "category_zh": row.name_zh,
        "category_en": row.name_en,
        "place": row.place,
        "reported_at": row.reported_at.isoformat(),
        "state": row.state,
        "officer": row.officer,
    }


def _tally(rows: list[Card], name: str) -> Card:
    tally: dict[str, int] = {}
    for row in rows:
        tally[str(row[name])] = tally.get(str(row[name]), 0) + 1
    return dict(sorted(tally.items()))


# A task stands in every part that it belongs to.
_INCIDENTS = text(
    """
    WITH task_now AS (
        SELECT incident.*, task.id AS task_id, task.state, task.ended_at,
               coalesce(incident.address, incident.cell_code, '') AS place,
               account.display_name AS officer
        FROM incident JOIN unit ON unit.id = incident.unit_id
             JOIN task ON task.incident_id = incident.id
             LEFT JOIN LATERAL (
                 SELECT offer.recipient FROM offer
                 WHERE offer.task_id = task.id AND offer.outcome IS NULL
                 ORDER BY offer.id DESC LIMIT 1
             ) AS latest ON true
             LEFT JOIN account
                 ON account.id = coalesce(task.assignee_account_id, latest.recipient)
        WHERE unit.path = :path OR starts_with(unit.path, :path || '.')
    ), part AS (
        SELECT 'came' AS part, task_now.* FROM task_now
        WHERE reported_at >= :since AND reported_at < :until
        UNION ALL
        SELECT 'no_owner', task_now.* FROM task_now WHERE task_id = ANY(:unowned)
        UNION ALL
        SELECT 'unsigned', task_now.* FROM task_now WHERE state = 'assigned'
        UNION ALL
        SELECT 'overdue', task_now.* FROM task_now WHERE task_id = ANY(:overdue)
        UNION ALL
        SELECT 'without_feedback', task_now.* FROM task_now
        WHERE state IN ('signed', 'en_route', 'on_scene')
        UNION ALL
        SELECT 'to_review', task_now.* FROM task_now WHERE state = 'reported'
        UNION ALL
        SELECT 'handed_over', task_now.* FROM task_now
        JOIN hand_over ON hand_over.task_id = task_now.task_id
        WHERE state = 'handed_over' AND hand_over.answer IS NULL
        UNION ALL
        SELECT 'support', task_now.* FROM task_now
        JOIN task_event AS event ON event.task_id = task_now.task_id
        WHERE event.verb = 'call_support' AND NOT event.late
              AND event.at >= :since AND event.at < :until
    )
    SELECT part.*, kind.name_zh, kind.name_en
    FROM part JOIN category_row AS kind ON kind.code = part.category
         AND kind.valid @> least(part.reported_at, part.received_at)
         AND kind.withdrawn_at IS NULL
    ORDER BY part.part, part.priority, part.reported_at, part.id
    """
).bindparams(
    *(bindparam(name, type_=TIMESTAMP(timezone=True)) for name in ("since", "until")),
    *(bindparam(name, type_=ARRAY(BigInteger)) for name in ("unowned", "overdue")),
)

_SILENCED = text(
    """
    SELECT silence.key, silence.at, silence.note, account.display_name AS by
    FROM alarm_silence AS silence JOIN account ON account.id = silence.account_id
    WHERE silence.at >= :since AND silence.at < :until
          AND EXISTS (
              SELECT FROM role_grant JOIN unit ON unit.id = role_grant.unit_id
              WHERE role_grant.account_id = silence.account_id
                    AND (unit.path = :path OR starts_with(unit.path, :path || '.'))
          )
    ORDER BY silence.at, silence.id
    """
).bindparams(*(bindparam(name, type_=TIMESTAMP(timezone=True)) for name in ("since", "until")))

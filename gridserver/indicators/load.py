"""Who carries how much: tasks signed, hours on duty and what is open, by officer.

Counts are no ground for punishing anybody for judgement. They are shown in the order of the service
numbers; a ranking is refused unless the bureau turned it on (`officers_ranked`), and officers see
their own figures themselves.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ARRAY, TIMESTAMP, BigInteger, ColumnElement, Text, bindparam, select, text
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base import db
from gridserver.base.clock import now
from gridserver.base.errors import Forbidden
from gridserver.dispatch.lifecycle import WORKING
from gridserver.dispatch.models import Task, TaskEvent
from gridserver.dispatch.tables import queries as tables
from gridserver.force import people
from gridserver.force.models import Officer
from gridserver.indicators import behind, calls
from gridserver.indicators.behind import CallRow
from gridserver.indicators.rules import check_period
from gridserver.org import queries as org

Order = Literal["number", "signed", "hours", "open"]
ORDERS: tuple[Order, ...] = ("number", "signed", "hours", "open")


@dataclass(frozen=True)
class OfficerLoad:
    """An officer's part: tasks signed in a period, hours on duty in it up to now, and tasks that
    are theirs now."""

    service_number: str
    name: str
    unit: str
    unit_name: str
    signed: int
    hours: float
    open: int


def ranks(session: Session) -> bool:
    """Say whether the bureau allows rankings of persons."""
    return tables.book(session).parameter("officers_ranked", now(session)) == "on"


def officers(
    session: Session,
    actor: Principal,
    since: dt.datetime,
    until: dt.datetime,
    *,
    station: str | None = None,
    order: Order = "number",
) -> list[OfficerLoad]:
    """Return the load of the officers whose force `actor` may see, and have the ledger keep it.

    Raises
    ------
    Forbidden
        ``access.forbidden``; ``figures.no_ranking``: an order that ranks persons.
    Invalid
        ``figures.period``.
    NotFound
        ``unit.unknown``.
    """
    if order != "number" and not ranks(session):
        raise Forbidden(
            "figures.no_ranking",
            "Rankings of persons are off: the bureau may turn them on (parameter officers_ranked).",
            field="order",
        )
    unit = None if station is None else org.unit_by_code(session, station, field="station")
    require(actor, "force.read", unit.path if unit else None)
    paths = (unit.path,) if unit else actor.paths("force.read")
    found = _loads(session, since, until, paths=paths)
    told = {"from": since.isoformat(), "to": until.isoformat(), "officers": len(found)}
    audit.record(
        session,
        actor,
        Tag.FIGURES_LOAD,
        subject_kind="unit",
        subject_id=station or "",
        data=told,
    )
    if order == "number":
        return found
    return sorted(found, key=lambda each: (-getattr(each, order), each.service_number))


def own(session: Session, actor: Principal, since: dt.datetime, until: dt.datetime) -> OfficerLoad:
    """Return what the actor carries. Raises `Forbidden` (``roster.no_officer``) for a desk."""
    officer = people.of_account(session, actor)
    (found,) = _loads(session, since, until, officer_id=officer.id)
    return found


def rows(
    session: Session,
    actor: Principal,
    number: str,
    figure: Literal["signed", "open"],
    since: dt.datetime,
    until: dt.datetime,
    *,
    skip: int = 0,
    limit: int,
) -> tuple[int, list[CallRow]]:
    """Return how many calls are behind a figure of an officer, and a page of them, the latest
    first; the ledger keeps who looked.

    Raises
    ------
    Forbidden
        ``access.forbidden``: the officer's unit, or incidents, are out of scope.
    Invalid
        ``roster.unknown_officer``, ``figures.period``.
    """
    check_period(since, until)
    officer = people.by_number(session, [number], field="officer")[number]
    require(actor, "force.read", org.paths_by_id(session, {officer.unit_id})[officer.unit_id])
    require(actor, "incident.read")
    query = calls.CALLS.where(_theirs(officer, figure, since, until))
    call = query.cte("call")
    audit.record(
        session,
        actor,
        Tag.FIGURES_OFFICER,
        subject_kind="officer",
        subject_id=number,
        data={"figure": figure, "from": since.isoformat(), "to": until.isoformat()},
    )
    latest = (call.c.reported_at.desc(), call.c.id.desc())
    return behind.page(session, select(*behind.columns(call)), latest, skip, limit)


def _theirs(
    officer: Officer, figure: str, since: dt.datetime, until: dt.datetime
) -> ColumnElement[bool]:
    account = officer.account_id
    if figure == "open":
        return (Task.assignee_account_id == account) & Task.state.in_(WORKING)
    signed = select(TaskEvent.task_id).where(
        TaskEvent.verb == "sign",
        ~TaskEvent.late,
        TaskEvent.actor_account_id == account,
        TaskEvent.at >= since,
        TaskEvent.at < until,
    )
    return Task.id.in_(signed)


def _loads(
    session: Session,
    since: dt.datetime,
    until: dt.datetime,
    *,
    paths: tuple[str, ...] | None = None,
    officer_id: int | None = None,
) -> list[OfficerLoad]:
    check_period(since, until)
    asked = {
        "since": since,
        "until": until,
        # Nobody has been on duty yet in what is to come.
        "duty_until": max(since, min(until, now(session))),
        "paths": None if paths is None else list(paths),
        "officer": officer_id,
        "working": list(WORKING),
    }
    return [OfficerLoad(*row) for row in db.rows(session, _LOADS, asked)]


# Shifts of several duties may overlap: an hour on duty counts once, and not while away.
_LOADS = text(
    """
    WITH duty AS (
        SELECT officer_id, range_agg(during * tstzrange(:since, :duty_until)) AS during
        FROM shift
        WHERE during && tstzrange(:since, :duty_until)
        GROUP BY officer_id
    ), away AS (
        SELECT officer_id, range_agg(during) AS during
        FROM absence
        WHERE during && tstzrange(:since, :duty_until)
        GROUP BY officer_id
    ), worked AS (
        SELECT duty.officer_id,
            sum(extract(epoch FROM upper(stretch.during) - lower(stretch.during))) / 3600 AS hours
        FROM duty
        LEFT JOIN away USING (officer_id)
        CROSS JOIN LATERAL unnest(duty.during - coalesce(away.during, '{}')) AS stretch (during)
        GROUP BY duty.officer_id
    ), signed AS (
        SELECT actor_account_id AS account_id, count(DISTINCT task_id) AS tasks
        FROM task_event
        WHERE verb = 'sign' AND NOT late AND at >= :since AND at < :until
        GROUP BY actor_account_id
    ), at_work AS (
        SELECT assignee_account_id AS account_id, count(*) AS tasks
        FROM task
        WHERE ended_at IS NULL AND state = ANY (:working)
        GROUP BY assignee_account_id
    )
    SELECT
        officer.service_number, account.display_name, unit.code, unit.name,
        coalesce(signed.tasks, 0), coalesce(worked.hours, 0)::float8, coalesce(at_work.tasks, 0)
    FROM officer
    JOIN account ON account.id = officer.account_id
    JOIN unit ON unit.id = officer.unit_id
    LEFT JOIN worked ON worked.officer_id = officer.id
    LEFT JOIN signed ON signed.account_id = account.id
    LEFT JOIN at_work ON at_work.account_id = account.id
    WHERE officer.kind = 'officer' AND account.disabled_at IS NULL
        AND (:officer IS NULL OR officer.id = :officer)
        AND (:paths IS NULL OR EXISTS (
            SELECT FROM unnest(:paths) AS seen (path)
            WHERE unit.path = seen.path OR starts_with(unit.path, seen.path || '.')
        ))
    ORDER BY officer.service_number
    """
).bindparams(
    bindparam("officer", type_=BigInteger),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("paths", "working")),
    *(bindparam(name, type_=TIMESTAMP(timezone=True)) for name in ("since", "until", "duty_until")),
)

"""Which calls a figure is about, and when each passed the milestones of its way: queries that the
figures and the rows behind them share, so that they agree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Label,
    Select,
    SQLColumnExpression,
    case,
    extract,
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from gridserver.access.rules import Principal, require
from gridserver.base.clock import zone
from gridserver.base.effective import held_at
from gridserver.delivery import queries as delivery
from gridserver.dispatch.models import Offer, Task, TaskEvent
from gridserver.dispatch.tables.book import BUREAU
from gridserver.dispatch.tables.models import ResponseTarget
from gridserver.incidents.models import CategoryRow, Incident
from gridserver.indicators.rules import INTERVALS, MILESTONES, check_period
from gridserver.org import queries as org
from gridserver.org.models import Unit

#: What a key of a group stands for that has none, such as a call outside all cells.
NONE = "-"

#: Calls are incidents with a task; what was imported as history alone has none and isn't counted.
CALLS = (
    select(
        Incident.id,
        Task.id.label("task_id"),
        Incident.number,
        Incident.category,
        Incident.priority,
        Incident.cell_code,
        Incident.reported_at,
        Unit.code.label("unit"),
        Unit.mode,
        Task.state,
        Task.ended_at,
    )
    .join(Task, Task.incident_id == Incident.id)
    .join(Unit, Unit.id == Incident.unit_id)
)
#: What a category's class was when the call came in.
BROAD_CLASS = (CategoryRow.code == Incident.category) & held_at(
    CategoryRow, func.least(Incident.reported_at, Incident.received_at)
)


@dataclass(frozen=True)
class Chosen:
    """Which calls are meant: those reported from `since` until before `until`, and of these only
    those of a station, a cell (`NONE`: of none), a category, a priority, an hour of the day (0 to
    23) or a weekday (1: Monday), where they are given."""

    since: dt.datetime
    until: dt.datetime
    station: str | None = None
    cell: str | None = None
    category: str | None = None
    priority: int | None = None
    hour: int | None = None
    weekday: int | None = None


def seen(session: Session, actor: Principal, station: str | None = None) -> ColumnElement[bool]:
    """Return the condition that a call's unit is one that `actor` may see, or that it is `station`.

    Raises
    ------
    Forbidden
        ``access.forbidden``: the actor reads no figures, or not those of `station`.
    NotFound
        ``unit.unknown``.
    """
    require(actor, "figures.read")
    if station is not None:
        unit = org.unit_by_code(session, station, field="station")
        require(actor, "figures.read", unit.path)
        return Unit.id == unit.id
    return org.within(actor.paths("figures.read"))


def chosen(session: Session, actor: Principal, wanted: Chosen) -> Select[*tuple[Any, ...]]:
    """Return the query for the calls that are meant. Raises as `seen` and `rules.check_period`."""
    check_period(wanted.since, wanted.until)
    keys = dimensions(session)
    asked = {name: getattr(wanted, name) for name in keys if name != "station"}
    return CALLS.where(
        Incident.reported_at >= wanted.since,
        Incident.reported_at < wanted.until,
        seen(session, actor, wanted.station),
        *(keys[name] == str(value) for name, value in asked.items() if value is not None),
    )


def dimensions(session: Session) -> Mapping[str, SQLColumnExpression[str]]:
    """Return what calls may be grouped by, as text; hours and days are the bureau's own."""
    local = func.timezone(zone(session).key, Incident.reported_at)
    return {
        "cell": func.coalesce(Incident.cell_code, NONE),
        "station": Unit.code,
        "category": Incident.category,
        "hour": func.to_char(local, "FMHH24"),
        "weekday": func.to_char(local, "FMID"),
        "priority": func.to_char(Incident.priority, "FM9"),
    }


def ways(calls: CTE) -> CTE:
    """Return when each of `calls` passed its milestones; null for those it didn't.

    The first of each counts. What the server itself does (dispatch, receipt, closing) has the
    server's time. What an officer says with a device (sign, depart, arrive, report) has the
    device's time, corrected by the clock offset that was measured, so that an hour without signal
    isn't counted as an hour of waiting; never later than the server heard of it; and the server's
    time where no offset was measured, since then nobody knows how that clock went.
    """
    happened, told = _happened(calls), _told(calls)
    found = {
        "called": calls.c.reported_at,
        "dispatched": told.c.dispatched,
        "delivered": told.c.delivered,
        **{name: happened.c[name] for name in MILESTONES[3:]},
    }
    return (
        select(calls, *(column.label(name) for name, column in found.items()))
        .select_from(calls)
        .join(told, true())
        .join(happened, true())
        .cte("way")
    )


def took(way: CTE, interval: str) -> ColumnElement[float]:
    """Return the seconds of an interval, null where either end is missing. Two clocks may differ by
    what no correction takes away: a negative one is none at all."""
    begins, ends = (way.c[name] for name in INTERVALS[interval])
    return case((ends < begins, 0.0), else_=extract("epoch", ends - begins))


def legs(way: CTE, intervals: tuple[str, ...]) -> CTE:
    """Return a row for each interval of each call that has both its ends, with its seconds and its
    target: that of the call's station, else of the station's mode, else of the bureau, as it was
    when the call came in."""
    each = union_all(
        *(
            select(way, literal(name).label("interval"), took(way, name).label("seconds")).where(
                took(way, name).is_not(None)
            )
            for name in intervals
        )
    ).cte("leg")
    scopes = (each.c.unit, each.c.mode, literal(BUREAU))
    targets = [aliased(ResponseTarget) for _ in scopes]
    query = select(each, func.coalesce(*(found.seconds for found in targets)).label("target"))
    for found, scope in zip(targets, scopes, strict=True):
        query = query.outerjoin(
            found,
            (found.scope == scope)
            & (found.interval == each.c.interval)
            & (found.priority == each.c.priority)
            & held_at(found, each.c.called),
        )
    return query.cte("measured")


# Of each call by itself, since what is looked up by index for each takes as long for a year as for
# twelve months, and nobody can tell the planner how many calls there are in a CTE.
def _happened(calls: CTE) -> FromClause:
    """Return the milestones of a call that people brought about."""
    corrected = TaskEvent.occurred_at + func.make_interval(
        0, 0, 0, 0, 0, 0, TaskEvent.clock_offset_s
    )
    acted = case(
        (TaskEvent.clock_offset_s.is_(None), TaskEvent.at),
        else_=func.least(TaskEvent.at, corrected),
    )
    return (
        select(
            _first("sign", acted, "signed"),
            _first("depart", acted, "departed"),
            _first("arrive", acted, "arrived"),
            _first("report", acted, "reported"),
            _first("close", TaskEvent.at, "closed"),
        )
        .where(TaskEvent.task_id == calls.c.task_id, ~TaskEvent.late)
        .lateral("happened")
    )


def _first(verb: str, moment: SQLColumnExpression[Any], name: str) -> Label[Any]:
    return func.min(moment).filter(TaskEvent.verb == verb).label(name)


def _told(calls: CTE) -> FromClause:
    """Return when the first was told of a call, and when a device first had it. Who was passed
    over, since none of their devices could be reached, wasn't told."""
    had = func.coalesce(Offer.received_at, delivery.first_receipt(Offer.message_id))
    return (
        select(
            func.min(Offer.told_at).label("dispatched"),
            func.min(had).label("delivered"),
        )
        .where(Offer.task_id == calls.c.task_id, Offer.outcome.is_distinct_from("passed_over"))
        .lateral("told")
    )

"""The figures of the day: what came in, what is open, what was brought to an end, and how that
compares with the same hours before."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, TypeVar

from sqlalchemy import (
    CTE,
    TIMESTAMP,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    cast,
    extract,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.base.clock import now, zone
from gridserver.dispatch import waiting
from gridserver.dispatch.models import Task
from gridserver.dispatch.tables import queries as tables
from gridserver.incidents.models import CategoryRow, Incident
from gridserver.indicators import calls
from gridserver.indicators.rules import INTERVALS, Span, SpanKind, Spans, spans
from gridserver.org.models import Unit

#: The intervals whose medians a day shows.
MEDIANS = ("to_sign", "response", "whole")
_MOMENT = TIMESTAMP(timezone=True)
Key = TypeVar("Key", str, int)
Query = Callable[[Span, ColumnElement[bool]], Select[*tuple[Any, ...]]]


@dataclass(frozen=True)
class Flow:
    """What happened in a span, up to its `until`.

    Attributes
    ----------
    received
        Calls that came in; `by_class` and `by_priority` are the same.
    closed, handed_over, cancelled
        Tasks that ended so in it, whenever their call came in.
    by_hour
        Calls received by the hour of the span, from its start on, to its very end.
    medians_s
        Of the calls received in it, by interval, as far as it was known at `until`; without what no
        call has.
    """

    received: float
    by_class: Mapping[str, float]
    by_priority: Mapping[int, float]
    by_hour: Sequence[float]
    closed: float
    handed_over: float
    cancelled: float
    medians_s: Mapping[str, float]


@dataclass(frozen=True)
class Standing:
    """The tasks that haven't ended, now, whenever their call came in.

    `by_state` counts them all; `overdue` and `unowned` are as `dispatch.waiting` says.
    """

    by_state: Mapping[str, int]
    overdue: int
    unowned: int
    unsigned_by_priority: Mapping[int, int]


@dataclass(frozen=True)
class Day:
    """The figures of a day or a shift, and of those it is compared with: the same hours of the day
    before, and the mean of the same hours of the same weekday in four weeks."""

    span: Span
    at: dt.datetime
    present: Flow
    yesterday: Flow
    weekdays: Flow
    standing: Standing


def day(
    session: Session, actor: Principal, kind: SpanKind = "day", station: str | None = None
) -> Day:
    """Return the figures of the present day or shift, of what the actor sees or of a station.

    Raises
    ------
    Forbidden, NotFound
        As `calls.seen`.
    """
    within = calls.seen(session, actor, station)
    moment = now(session)
    those = present_spans(session, kind, moment)
    flows = _flows(session, within, [those.present, those.yesterday, *those.weekdays])
    return Day(
        span=those.present,
        at=moment,
        present=flows[0],
        yesterday=flows[1],
        weekdays=_mean(flows[2:]),
        standing=_standing(session, within, moment),
    )


def present_spans(session: Session, kind: SpanKind, moment: dt.datetime) -> Spans:
    """Return the bureau's day or shift that holds a moment, and those it is compared with."""
    hours = tables.parameters(session, moment)
    return spans(moment, zone(session), kind, hours.day_from, hours.day_to)


def _flows(session: Session, within: ColumnElement[bool], those: Sequence[Span]) -> list[Flow]:
    came: list[list[Any]] = [[] for _ in those]
    for n, *counted in session.execute(_for_each(those, _received, within)):
        came[n].append(counted)
    closed = session.execute(_for_each(those, _ended, within))
    ended = {(n, state): count for n, state, count in closed}
    medians: list[dict[str, float]] = [{} for _ in those]
    for n, *found in session.execute(_medians(_for_each(those, _calls, within).cte("call"))):
        pairs = zip(MEDIANS, found, strict=True)
        medians[n] = {name: seconds for name, seconds in pairs if seconds is not None}
    return [
        _flow(
            each,
            came[n],
            {state: ended.get((n, state), 0) for state in ("closed", "handed_over", "cancelled")},
            medians[n],
        )
        for n, each in enumerate(those)
    ]


def _flow(
    span: Span, came: Sequence[Any], ended: Mapping[str, int], medians: Mapping[str, float]
) -> Flow:
    by_hour = [0] * -((span.start - span.end) // dt.timedelta(hours=1))
    by_class: Counter[str] = Counter()
    by_priority: Counter[int] = Counter()
    for hour, broad_class, priority, is_seen, count in came:
        by_hour[hour] += count
        if is_seen:
            by_class[broad_class] += count
            by_priority[priority] += count
    return Flow(by_class.total(), by_class, by_priority, by_hour, **ended, medians_s=medians)


def _mean(flows: Sequence[Flow]) -> Flow:
    """Return the mean of several flows. A median's is that of the days that have one."""
    return Flow(
        received=fmean(each.received for each in flows),
        by_class=_mean_of([each.by_class for each in flows]),
        by_priority=_mean_of([each.by_priority for each in flows]),
        by_hour=[fmean(hours) for hours in zip(*(each.by_hour for each in flows), strict=False)],
        closed=fmean(each.closed for each in flows),
        handed_over=fmean(each.handed_over for each in flows),
        cancelled=fmean(each.cancelled for each in flows),
        medians_s={
            name: fmean(each.medians_s[name] for each in flows if name in each.medians_s)
            for name in MEDIANS
            if any(name in each.medians_s for each in flows)
        },
    )


def _mean_of(counts: Sequence[Mapping[Key, float]]) -> dict[Key, float]:
    keys = {key for each in counts for key in each}
    return {key: fmean(each.get(key, 0) for each in counts) for key in keys}


def _for_each(those: Sequence[Span], query: Query, within: ColumnElement[bool]) -> CompoundSelect:
    """Return what a query finds of each span, behind the span's place in `those`.

    Each span has a part of its own, with its moments in it: from a table of spans the planner can't
    tell how few of the calls of many years they hold, and reads them all.
    """
    parts = (query(each, within) for each in those)
    return union_all(
        *(
            part.with_only_columns(literal(n).label("n"), *part.selected_columns)
            for n, part in enumerate(parts)
        )
    )


def _received(span: Span, within: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Count calls by hour of the span, class, priority, and whether they came before its until."""
    hour = cast(func.floor(extract("epoch", Incident.reported_at - span.start) / 3600), Integer)
    is_seen = Incident.reported_at < span.until
    counted = (
        hour.label("hour"),
        CategoryRow.broad_class,
        Incident.priority,
        is_seen.label("seen"),
    )
    return (
        select(*counted, func.count().label("count"))
        .select_from(Incident)
        .join(Task, Task.incident_id == Incident.id)
        .join(Unit, Unit.id == Incident.unit_id)
        .join(CategoryRow, calls.BROAD_CLASS)
        .where(within, _reported_in(span, span.end))
        .group_by(*counted)
    )


def _ended(span: Span, within: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(Task.state, func.count().label("count"))
        .join(Incident, Incident.id == Task.incident_id)
        .join(Unit, Unit.id == Incident.unit_id)
        .where(within, Task.ended_at >= span.start, Task.ended_at < span.until)
        .group_by(Task.state)
    )


def _calls(span: Span, within: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    until = literal(span.until, _MOMENT).label("until")
    return calls.CALLS.add_columns(until).where(within, _reported_in(span, span.until))


def _medians(those: CTE) -> Select[*tuple[Any, ...]]:
    """Return the medians of each span's calls, by what had happened until it was seen."""
    way = calls.ways(those)
    known = [
        func.percentile_cont(0.5)
        .within_group(calls.took(way, name))
        .filter(way.c[INTERVALS[name][1]] < way.c.until)
        for name in MEDIANS
    ]
    return select(way.c.n, *known).group_by(way.c.n)


def _reported_in(span: Span, end: dt.datetime) -> ColumnElement[bool]:
    return (Incident.reported_at >= span.start) & (Incident.reported_at < end)


def _standing(session: Session, within: ColumnElement[bool], moment: dt.datetime) -> Standing:
    found = session.execute(
        select(
            Task.state,
            Incident.priority,
            waiting.overdue_at(moment).label("overdue"),
            waiting.unowned().label("unowned"),
        )
        .join(Incident, Incident.id == Task.incident_id)
        .join(Unit, Unit.id == Incident.unit_id)
        .where(Task.ended_at.is_(None), within)
    ).all()
    return Standing(
        by_state=Counter(row.state for row in found),
        overdue=sum(row.overdue for row in found),
        unowned=sum(row.unowned for row in found),
        unsigned_by_priority=Counter(row.priority for row in found if row.state == "assigned"),
    )

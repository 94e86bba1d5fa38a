"""The calls behind a figure of the day: as many as it counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.base.clock import now
from gridserver.base.errors import Invalid
from gridserver.dispatch import waiting
from gridserver.dispatch.models import Task
from gridserver.incidents.models import CategoryRow, Incident
from gridserver.indicators import calls
from gridserver.indicators.day import present_spans
from gridserver.indicators.rules import Span, SpanKind

_OPEN = ("assigned", "signed", "en_route", "on_scene", "reported")
_ENDED = ("closed", "handed_over", "cancelled")
#: ``received`` and what ended: in the span. The others: of what is open now.
FIGURES = ("received", "open", *_OPEN, "overdue", "unowned", *_ENDED)


@dataclass(frozen=True)
class CallRow:
    """A call behind a figure: no words of the caller, and no address beyond the cell.

    `seconds` and `target_s` are of the interval that was asked for; None for a figure without one.
    """

    id: int
    task_id: int
    number: int
    category: str
    priority: int
    cell: str | None
    unit: str
    state: str
    reported_at: dt.datetime
    seconds: float | None = None
    target_s: int | None = None


def of_day(
    session: Session,
    actor: Principal,
    figure: str,
    *,
    kind: SpanKind = "day",
    station: str | None = None,
    broad_class: str | None = None,
    priority: int | None = None,
    skip: int = 0,
    limit: int,
) -> tuple[int, list[CallRow]]:
    """Return how many calls are behind a figure of the day, and a page of them, the latest first.

    Raises
    ------
    Forbidden, NotFound
        As `calls.seen`.
    Invalid
        ``figures.unknown_figure``.
    """
    if figure not in FIGURES:
        known = ", ".join(FIGURES)
        raise Invalid("figures.unknown_figure", f"figure: give one of {known}.", field="figure")
    moment = now(session)
    span = present_spans(session, kind, moment).present
    query = calls.CALLS.where(calls.seen(session, actor, station), *_meant(figure, span, moment))
    if broad_class is not None:
        query = query.join(CategoryRow, calls.BROAD_CLASS)
        query = query.where(CategoryRow.broad_class == broad_class)
    if priority is not None:
        query = query.where(Incident.priority == priority)
    call = query.cte("call")
    latest = (call.c.reported_at.desc(), call.c.id.desc())
    return page(session, select(*columns(call)), latest, skip, limit)


def columns(call: CTE) -> list[ColumnElement[Any]]:
    """Return the columns of `CallRow` that every call has."""
    names = ("id", "task_id", "number", "category", "priority", "cell_code", "unit", "state")
    return [call.c[name] for name in (*names, "reported_at")]


def page(
    session: Session,
    query: Select[*tuple[Any, ...]],
    order: Sequence[ColumnElement[Any]],
    skip: int,
    limit: int,
) -> tuple[int, list[CallRow]]:
    """Return how many rows a query of `columns` has, and a page of them."""
    total = session.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    found = session.execute(query.order_by(*order).offset(skip).limit(limit))
    return total, [CallRow(*row) for row in found]


def _meant(figure: str, span: Span, moment: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    if figure == "received":
        return (Incident.reported_at >= span.start, Incident.reported_at < span.until)
    if figure in _ENDED:
        in_span = (Task.ended_at >= span.start) & (Task.ended_at < span.until)
        return (Task.state == figure, in_span)
    still_open = Task.ended_at.is_(None)
    if figure == "overdue":
        return (waiting.overdue_at(moment),)
    if figure == "unowned":
        return (waiting.unowned(),)
    return (still_open,) if figure == "open" else (still_open, Task.state == figure)

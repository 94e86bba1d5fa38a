"""Reading reviews: the loader that checks access, lists, and the timeline gathered from rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.access.rules import Principal
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import local_now
from gridserver.base.errors import OutOfReach
from gridserver.dispatch import cards, history
from gridserver.dispatch import queries as dispatch
from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.tables import orders as mobilisations
from gridserver.org import queries as org
from gridserver.org.models import Unit
from gridserver.reviews.models import Review, ReviewIncident, ReviewLesson, ReviewRemark
from gridserver.reviews.rules import REVIEW, SAID_BY

Card = dict[str, Any]


def review_for(session: Session, actor: Principal, review_id: int) -> Review:
    """Return a review that `actor` may see: of a unit in their scope, or with a lesson of theirs.

    Raises `NotFound` (``review.unknown``).
    """
    found = session.scalar(select(Review).where(Review.id == review_id, _visible_to(actor)))
    if found is None:
        raise OutOfReach("review.unknown", f"There is no review {review_id}.")
    return found


def review_for_change(session: Session, actor: Principal, review_id: int) -> Review:
    """Return a review with its row locked to the end of the transaction. Raises as `review_for`."""
    query = select(Review).where(Review.id == review_id, _visible_to(actor)).with_for_update()
    found = session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise OutOfReach("review.unknown", f"There is no review {review_id}.")
    return found


def page(
    session: Session,
    actor: Principal,
    *,
    states: Collection[str] = (),
    before: int | None = None,
    limit: int,
) -> list[Card]:
    """Return the reviews that `actor` may see, newest first, as lists show them."""
    query = select(Review).where(_visible_to(actor)).order_by(Review.id.desc()).limit(limit)
    if states:
        query = query.where(Review.state.in_(states))
    if before is not None:
        query = query.where(Review.id < before)
    return _cards(session, session.scalars(query).all())


def look(session: Session, actor: Principal, review_id: int) -> Card:
    """Return a review as `detail` does; the ledger keeps who looked. Raises as `review_for`."""
    review = review_for(session, actor, review_id)
    audit.record(
        session,
        actor,
        Tag.REVIEW_LOOK,
        subject_kind="review",
        subject_id=review.id,
        once_in=audit.ONE_LOOK,
    )
    return detail(session, actor, review)


def detail(session: Session, actor: Principal, review: Review) -> Card:
    """Return a review with its incidents, their timeline, remarks and lessons, and what `actor` may
    do with it now."""
    (card,) = _cards(session, [review])
    dossiers = dispatch.of_tasks(session, tasks_of(session, review.id))
    return card | {
        "incidents": [
            cards.incident_card(each.incident, each.facts.place)
            | {"task": {"id": each.task.id, "state": each.task.state}}
            for each in dossiers
        ],
        "timeline": _timeline(session, dossiers),
        "remarks": _remarks(session, review),
        "lessons": _lessons(session, review),
        "allowed": list(_allowed(session, actor, review)),
    }


def tasks_of(session: Session, review_id: int) -> list[int]:
    """Return the ids of the tasks of a review's incidents."""
    its = select(ReviewIncident.incident_id).where(ReviewIncident.review_id == review_id)
    return dispatch.tasks_of_incidents(session, its)


def _visible_to(actor: Principal) -> ColumnElement[bool]:
    reached = org.within(actor.paths("review.read"))
    owned = select(ReviewLesson.review_id).where(ReviewLesson.owner == actor.account_id)
    return or_(Review.unit_id.in_(select(Unit.id).where(reached)), Review.id.in_(owned))


def _allowed(session: Session, actor: Principal, review: Review) -> Iterable[str]:
    path = session.get_one(Unit, review.unit_id).path
    for verb in REVIEW.allowed(review.state):
        own = verb == "sign_off" and review.account_id == actor.account_id
        if actor.may(SAID_BY[verb], path) and not own:
            yield verb


def _cards(session: Session, rows: Sequence[Review]) -> list[Card]:
    units = org.units_by_id(session, {row.unit_id for row in rows})
    named = {row.account_id for row in rows} | {row.signed_by for row in rows if row.signed_by}
    people = access.account_refs(session, named)
    ids = [row.id for row in rows]
    count = select(ReviewIncident.review_id, func.count()).where(ReviewIncident.review_id.in_(ids))
    found = session.execute(count.group_by(ReviewIncident.review_id))
    counts = {row[0]: row[1] for row in found}
    orders = _orders(session, {row.mobilisation_id for row in rows if row.mobilisation_id})
    return [
        {
            "id": row.id,
            "title": row.title,
            "unit": {"code": units[row.unit_id].code, "name": units[row.unit_id].name},
            "state": row.state,
            "version": row.version,
            "mobilisation": orders.get(row.mobilisation_id or 0),
            "incident_count": counts[row.id],
            "author": people[row.account_id].document(),
            "created_at": row.created_at.isoformat(),
            "updated_at": row.updated_at.isoformat(),
            "conclusion": row.conclusion,
            "submitted_at": _moment(row.submitted_at),
            "signed_by": people[row.signed_by].document() if row.signed_by else None,
            "signed_at": _moment(row.signed_at),
        }
        for row in rows
    ]


def _orders(session: Session, ids: Collection[int]) -> dict[int, Card]:
    """Return the mobilisations that reviews are of, by id."""
    found = (mobilisations.document(order) for order in mobilisations.by_ids(session, ids))
    names = ("id", "unit", "valid_from", "valid_to", "why")
    return {order["id"]: {name: order[name] for name in names} for order in found}


def _timeline(session: Session, dossiers: Sequence[Dossier]) -> list[Card]:
    of = {each.task.id: each for each in dossiers}
    return [
        cards.history_entry(entry)
        | {"incident": {"id": of[task].incident.id, "number": of[task].incident.number}}
        for task, entry in history.of_tasks(session, list(of))
    ]


def _remarks(session: Session, review: Review) -> list[Card]:
    query = select(ReviewRemark).where(ReviewRemark.review_id == review.id)
    rows = session.scalars(query.order_by(ReviewRemark.id)).all()
    people = access.account_refs(session, {row.account_id for row in rows})
    return [
        {
            "id": row.id,
            "event": row.event_id,
            "text": row.text,
            "by": people[row.account_id].document(),
            "at": row.at.isoformat(),
        }
        for row in rows
    ]


def _lessons(session: Session, review: Review) -> list[Card]:
    query = select(ReviewLesson).where(ReviewLesson.review_id == review.id)
    rows = session.scalars(query.order_by(ReviewLesson.due_on, ReviewLesson.id)).all()
    named = {id_ for row in rows for id_ in (row.account_id, row.owner, row.settled_by) if id_}
    people = access.account_refs(session, named)
    today = local_now(session).date()
    return [
        {
            "id": row.id,
            "text": row.text,
            "owner": people[row.owner].document(),
            "due_on": row.due_on.isoformat(),
            "overdue": row.settled_at is None and row.due_on < today,
            "by": people[row.account_id].document(),
            "at": row.at.isoformat(),
            "settled_at": _moment(row.settled_at),
            "settled_by": people[row.settled_by].document() if row.settled_by else None,
            "settled_text": row.settled_text,
        }
        for row in rows
    ]


def _moment(at: dt.datetime | None) -> str | None:
    return None if at is None else at.isoformat()

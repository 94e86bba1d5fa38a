"""The verbs of reviews: begin one, remark, learn, submit, send back, sign off, settle a lesson."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from gridserver.access import service as access
from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import local_now, now
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound
from gridserver.dispatch import history
from gridserver.dispatch import queries as dispatch
from gridserver.dispatch.tables import orders as mobilisations
from gridserver.incidents import queries as incidents
from gridserver.org import queries as org
from gridserver.org.models import Unit
from gridserver.reviews import queries
from gridserver.reviews.models import Review, ReviewIncident, ReviewLesson, ReviewRemark
from gridserver.reviews.rules import REVIEW, SAID_BY, check_count, read_due, read_text, read_title


def begin(
    session: Session,
    actor: Principal,
    *,
    title: str,
    incident_ids: Sequence[int] = (),
    mobilisation_id: int | None = None,
) -> Review:
    """Begin the review of some incidents, or of what a mobilisation held.

    It is for the station that answers for all of them, else for the bureau.

    Raises
    ------
    NotFound, Forbidden
        ``incident.unknown``, ``mobilisation.unknown``; the actor doesn't see one of them, or may
        write no review there.
    Invalid
        ``review.about``: both or neither given; ``review.incidents``: too many, or none.
    Conflict
        ``review.mobilisation_goes_on``.
    """
    said = read_title(title)
    if bool(incident_ids) == (mobilisation_id is not None):
        raise Invalid(
            "review.about", "incidents: give these, or a mobilisation.", field="incidents"
        )
    if mobilisation_id is None:
        unit, ids = _of_incidents(session, actor, sorted(set(incident_ids)))
    else:
        unit, ids = _of_mobilisation(session, mobilisation_id)
    require(actor, "review.write", unit.path)
    review = Review(
        unit_id=unit.id,
        title=said,
        state=REVIEW.states[0],
        version=1,
        mobilisation_id=mobilisation_id,
        account_id=actor.account_id,
        created_at=now(session),
        updated_at=now(session),
    )
    session.add(review)
    session.flush()
    session.add_all(ReviewIncident(review_id=review.id, incident_id=id_) for id_ in ids)
    session.flush()
    _record(session, actor, "begin", review, {"incidents": len(ids)})
    return review


def remark(
    session: Session, actor: Principal, review: Review, text: str, event_id: int | None = None
) -> None:
    """Say something to a review, or to a point of its timeline.

    The review is locked, as `queries.review_for_change` gave it; so for all verbs.

    Raises
    ------
    Forbidden, Conflict
        As every verb: ``access.forbidden``; ``review.wrong_state`` with the present state.
    NotFound
        ``review.unknown_event``: it is none of the timeline's.
    """
    _move(session, actor, review, "remark")
    if event_id is not None and event_id not in _event_ids(session, review):
        raise NotFound(
            "review.unknown_event", "event: it is no point of this timeline.", field="event"
        )
    session.add(
        ReviewRemark(
            review_id=review.id,
            event_id=event_id,
            text=read_text(text),
            account_id=actor.account_id,
            at=now(session),
        )
    )
    session.flush()


def learn(
    session: Session, actor: Principal, review: Review, text: str, owner: str, due_on: dt.date
) -> None:
    """Add a lesson that `owner` (a username) sees to until a day. Raises as `remark`; `NotFound`
    naming ``owner``."""
    _move(session, actor, review, "learn")
    found = access.account_by_username(session, owner, field="owner")
    session.add(
        ReviewLesson(
            review_id=review.id,
            text=read_text(text),
            owner=found.id,
            due_on=read_due(due_on, local_now(session).date()),
            account_id=actor.account_id,
            at=now(session),
        )
    )
    session.flush()


def submit(session: Session, actor: Principal, review: Review, conclusion: str) -> None:
    """Give a review to be signed off, with its conclusion. Raises as `remark`."""
    said = read_text(conclusion, "conclusion")
    _move(session, actor, review, "submit", conclusion=said, submitted_at=now(session))


def send_back(session: Session, actor: Principal, review: Review, text: str) -> None:
    """Give a review back to be written further, and say why. Raises as `remark`."""
    _move(session, actor, review, "send_back")
    session.add(
        ReviewRemark(
            review_id=review.id, text=read_text(text), account_id=actor.account_id, at=now(session)
        )
    )
    session.flush()


def sign_off(session: Session, actor: Principal, review: Review) -> None:
    """Sign a review off. Raises as `remark`; `Forbidden` (``review.own``) for its author."""
    if actor.account_id == review.account_id:
        raise Forbidden("review.own", "Who wrote a review can't sign it off; ask somebody else.")
    at = now(session)
    _move(session, actor, review, "sign_off", signed_by=actor.account_id, signed_at=at)


def settle(session: Session, actor: Principal, review: Review, lesson_id: int, text: str) -> None:
    """Say of a lesson that it was done, and how. Its owner may, too. Raises as `remark`; `NotFound`
    (``review.unknown_lesson``); `Conflict` (``review.lesson_settled``)."""
    lesson = session.get(ReviewLesson, lesson_id)
    if lesson is None or lesson.review_id != review.id:
        raise NotFound("review.unknown_lesson", f"There is no lesson {lesson_id} in this review.")
    _move(session, actor, review, "settle", entitled=lesson.owner == actor.account_id)
    if lesson.settled_at is not None:
        raise Conflict("review.lesson_settled", "The lesson was settled already.")
    lesson.settled_text = read_text(text)
    lesson.settled_by, lesson.settled_at = actor.account_id, now(session)
    session.flush()


def _of_incidents(
    session: Session, actor: Principal, ids: Sequence[int]
) -> tuple[Unit, Sequence[int]]:
    check_count(len(ids))
    units = {dispatch.incident_for(session, actor, id_).incident.unit_id for id_ in ids}
    if len(units) > 1:
        return org.bureau(session), ids
    return session.get_one(Unit, units.pop()), ids


def _of_mobilisation(session: Session, mobilisation_id: int) -> tuple[Unit, Sequence[int]]:
    order = mobilisations.one(session, mobilisation_id)
    if order.state != "over" or order.valid_to is None:
        raise Conflict(
            "review.mobilisation_goes_on",
            "A mobilisation is reviewed once it is over; end it first.",
            field="mobilisation",
            state=order.state,
        )
    unit = org.unit_by_code(session, order.unit)
    ids = incidents.ids_between(session, [unit.path], order.valid_from, order.valid_to)
    check_count(len(ids))
    return unit, ids


def _event_ids(session: Session, review: Review) -> set[int]:
    tasks = queries.tasks_of(session, review.id)
    return {entry.id for _, entry in history.of_tasks(session, tasks)}


def _move(
    session: Session,
    actor: Principal,
    review: Review,
    verb: str,
    *,
    entitled: bool = False,
    **changes: Any,
) -> None:
    """Carry out a verb, and what it changes in the review beside its state."""
    path = session.get_one(Unit, review.unit_id).path
    if not entitled:
        require(actor, SAID_BY[verb], path)
    after = REVIEW.after(review.state, verb)
    if after is None:
        raise Conflict("review.wrong_state", f"The review is {review.state}.", state=review.state)
    for name, value in changes.items():
        setattr(review, name, value)
    review.state, review.updated_at = after, now(session)
    review.version += 1
    session.flush()
    _record(session, actor, verb, review)


def _record(
    session: Session,
    actor: Principal,
    verb: str,
    review: Review,
    data: Mapping[str, Any] | None = None,
) -> None:
    audit.record(
        session,
        actor,
        Tag.of("review", verb),
        subject_kind="review",
        subject_id=review.id,
        data={"state": review.state, **(data or {})},
    )

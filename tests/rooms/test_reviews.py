"""Reviews: every verb in every state by every party, and the timeline gathered from rows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock, now
from gridserver.base.db import savepoint
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound
from gridserver.dispatch.tables import mobilising
from gridserver.reviews import queries, service
from gridserver.reviews.models import Review, ReviewLesson
from gridserver.reviews.rules import REVIEW
from tests.county import County, centre
from tests.rooms.dispatching import (
    BUREAU_ROOM,
    PRIMARY,
    STATION_ROOM,
    a_report,
    bring_to,
    minutes,
    take,
)

OTHER_ROOM = "room-33082402"
DUE = dt.date(2026, 4, 1)
WAY_TO = {"drafted": (), "submitted": ("submit",), "signed": ("submit", "sign_off")}
#: Who the domain lets say a verb: the author's room writes, another with the bureau's reach signs.
MAY = {
    "remark": {STATION_ROOM, BUREAU_ROOM},
    "learn": {STATION_ROOM, BUREAU_ROOM},
    "submit": {STATION_ROOM, BUREAU_ROOM},
    "send_back": {STATION_ROOM, BUREAU_ROOM, "admin"},
    "sign_off": {BUREAU_ROOM, "admin"},
    "settle": {STATION_ROOM, BUREAU_ROOM, PRIMARY},
}
#: Who finds the review at all: its unit's readers, and who owns a lesson.
SEE = {STATION_ROOM, BUREAU_ROOM, "admin", "auditor", PRIMARY}
EVERYBODY = (*sorted(SEE), OTHER_ROOM, "gis", "330824005")


@pytest.fixture
def review(session: Session, county: County) -> Review:
    """A review of one incident by its station's room, with a lesson for the primary."""
    found = take(session, county)
    bring_to(session, county, found.task.id, "closed")
    room = county.principal(STATION_ROOM)
    begun = service.begin(session, room, title="纠纷复盘", incident_ids=[found.incident.id])
    service.learn(session, room, begun, "Knock first.", PRIMARY, DUE)
    return begun


def say(session: Session, county: County, who: str, review: Review, verb: str) -> None:
    actor = county.principal(who)
    locked = queries.review_for_change(session, actor, review.id)
    lesson = session.scalars(sa.select(ReviewLesson.id)).one() if verb == "settle" else 0
    said: dict[str, tuple[Any, ...]] = {
        "remark": ("Too slow.",),
        "learn": ("Knock twice.", PRIMARY, DUE),
        "submit": ("Well done.",),
        "send_back": ("Say more.",),
        "sign_off": (),
        "settle": (lesson, "Knocked."),
    }
    getattr(service, verb)(session, actor, locked, *said[verb])


@pytest.mark.parametrize("state", REVIEW.states)
@pytest.mark.parametrize("verb", REVIEW.verbs)
def test_every_verb_in_every_state_by_everybody(
    state: str, verb: str, session: Session, county: County, review: Review
) -> None:
    for step in WAY_TO[state]:
        say(session, county, BUREAU_ROOM if step == "sign_off" else STATION_ROOM, review, step)
    for who in EVERYBODY:
        seen = _said(session, county, who, review, verb)
        if who not in SEE:
            assert seen == "review.unknown", who
        elif who not in MAY[verb]:
            own = verb == "sign_off" and who == STATION_ROOM
            assert seen == ("review.own" if own else "access.forbidden"), who
        else:
            after = REVIEW.after(state, verb)
            assert seen == (after or "review.wrong_state"), who


def _said(session: Session, county: County, who: str, review: Review, verb: str) -> str:
    """Return the state after a verb that is taken back at once, or the refusal's code."""
    outcome = ""
    try:
        with savepoint(session):
            say(session, county, who, review, verb)
            outcome = review.state
            raise _TakenBackError
    except _TakenBackError:
        session.expire_all()
    except (Conflict, Forbidden, NotFound) as refusal:
        session.expire_all()
        outcome = refusal.code
    return outcome


class _TakenBackError(Exception):
    """What was said is undone."""


def test_the_timeline_is_gathered_from_rows(
    session: Session, county: County, clock: SetClock
) -> None:
    first = take(session, county)
    second = take(session, county, a_report(centre(1, 0)))
    clock.advance(minutes(3))
    bring_to(session, county, first.task.id, "reported")
    actor = county.principal(STATION_ROOM)
    ids = [second.incident.id, first.incident.id, first.incident.id]
    begun = service.begin(session, actor, title="两起", incident_ids=ids)
    shown = queries.detail(session, actor, begun)
    assert [each["id"] for each in shown["incidents"]] == [first.incident.id, second.incident.id]
    rows = session.execute(sa.text("SELECT id, verb FROM task_event ORDER BY id")).all()
    assert [(point["id"], point["verb"]) for point in shown["timeline"]] == list(rows)
    assert {point["incident"]["number"] for point in shown["timeline"]} == {
        first.incident.number,
        second.incident.number,
    }
    point = shown["timeline"][-1]["id"]
    service.remark(session, actor, begun, "Why so late?", point)
    assert queries.detail(session, actor, begun)["remarks"][0]["event"] == point
    stranger = take(session, county)
    foreign = session.execute(
        sa.text("SELECT id FROM task_event WHERE task_id = :task"), {"task": stranger.task.id}
    ).scalar_one()
    with pytest.raises(NotFound, match="no point"):
        service.remark(session, actor, begun, "Elsewhere", foreign)


def test_incidents_of_two_stations_are_the_bureaus(session: Session, county: County) -> None:
    ids = [take(session, county, a_report(centre(0, row))).incident.id for row in (0, 1)]
    begun = service.begin(session, county.principal(BUREAU_ROOM), title="全局", incident_ids=ids)
    assert begun.unit_id == county.bureau_id
    with pytest.raises(Forbidden):
        service.begin(session, county.principal(STATION_ROOM), title="全局", incident_ids=ids)


def test_a_mobilisation_is_reviewed_once_it_is_over(
    session: Session, county: County, clock: SetClock
) -> None:
    bureau = county.principal(BUREAU_ROOM)
    before = take(session, county)
    clock.advance(minutes(1))
    order = mobilising.order(session, bureau, "33082401", why="rain")
    inside = take(session, county)
    elsewhere = take(session, county, a_report(centre(0, 1)))
    with pytest.raises(Conflict, match="once it is over"):
        service.begin(session, bureau, title="雨", mobilisation_id=order.id)
    clock.advance(minutes(30))
    mobilising.end(session, bureau, order.id)
    clock.advance(minutes(1))
    begun = service.begin(session, bureau, title="雨", mobilisation_id=order.id)
    shown = queries.detail(session, bureau, begun)
    found = {each["id"] for each in shown["incidents"]}
    assert found == {inside.incident.id}, (before.incident.id, elsewhere.incident.id)
    assert shown["mobilisation"]["unit"]["code"] == "33082401"


def test_both_or_neither_is_refused(session: Session, county: County) -> None:
    for ids, mobilisation in (((), None), ((1,), 1)):
        with pytest.raises(Invalid) as refused:
            service.begin(
                session,
                county.principal(BUREAU_ROOM),
                title="x",
                incident_ids=ids,
                mobilisation_id=mobilisation,
            )
        assert refused.value.field == "incidents"


def test_no_row_is_signed_by_its_author(session: Session, review: Review) -> None:
    columns = {"who": review.account_id, "at": now(session), "id": review.id}
    with pytest.raises(IntegrityError, match="two_persons"), savepoint(session):
        session.execute(
            sa.text(
                "UPDATE review SET state = 'signed', conclusion = 'x', signed_by = :who, "
                "signed_at = :at WHERE id = :id"
            ),
            columns,
        )


def test_a_lesson_is_settled_once_and_may_be_overdue(
    session: Session, county: County, review: Review, clock: SetClock
) -> None:
    for who, verb in ((STATION_ROOM, "submit"), (BUREAU_ROOM, "sign_off")):
        say(session, county, who, review, verb)
    owner = county.principal(PRIMARY)
    clock.advance(dt.timedelta(days=40))
    assert queries.detail(session, owner, review)["lessons"][0]["overdue"]
    say(session, county, PRIMARY, review, "settle")
    (lesson,) = queries.detail(session, owner, review)["lessons"]
    assert (lesson["overdue"], lesson["settled_by"]["username"]) == (False, PRIMARY)
    with pytest.raises(Conflict, match="already"):
        say(session, county, PRIMARY, review, "settle")


def test_each_verb_is_in_the_ledger(session: Session, county: County, review: Review) -> None:
    for who, verb in ((STATION_ROOM, "submit"), (BUREAU_ROOM, "sign_off")):
        say(session, county, who, review, verb)
    tags = session.scalars(
        sa.select(AuditEntry.tag).where(AuditEntry.subject_kind == "review").order_by(AuditEntry.id)
    )
    assert list(tags) == ["review:begin", "review:learn", "review:submit", "review:sign_off"]

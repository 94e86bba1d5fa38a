"""A second call about an event that another task stands for: one event, one task."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gridserver.base.errors import Forbidden, Invalid
from gridserver.delivery.models import InboxMessage
from gridserver.dispatch import escalation, queries, related, service
from gridserver.dispatch.models import Offer, Task, TaskEvent, TaskLink
from gridserver.dispatch.service import Taken
from tests.county import County, centre
from tests.rooms.dispatching import (
    BUREAU_ROOM,
    PRIMARY,
    STATION_ROOM,
    WAY_TO,
    a_report,
    bring_to,
    feed,
    inbox,
    say,
    take,
)

#: Where nobody is called away, and where somebody is at it or has reported.
AT_IT = ("signed", "en_route", "on_scene", "reported")


def state_of(session: Session, task_id: int) -> str:
    return session.scalars(select(Task.state).where(Task.id == task_id)).one()


def events(session: Session, task_id: int) -> list[TaskEvent]:
    mine = TaskEvent.task_id == task_id
    return list(session.scalars(select(TaskEvent).where(mine).order_by(TaskEvent.id)))


def link(session: Session, county: County, task_id: int, to: int) -> int:
    data = {"to": to, "kind": "duplicate"}
    return say(session, county, STATION_ROOM, task_id, "link", data).status


def again(
    session: Session, county: County, of: int, who: str = BUREAU_ROOM, **fields: object
) -> Taken:
    """Take another call about the event of the task `of`."""
    report = a_report(**fields)
    return service.take_report(session, county.principal(who), report, duplicate_of=of)


def linked(session: Session) -> list[tuple[int, int, str]]:
    rows = session.execute(select(TaskLink.task_id, TaskLink.to_task_id, TaskLink.kind))
    return [tuple(row) for row in rows]


def test_an_unsigned_duplicate_ends_and_says_with_what(session: Session, county: County) -> None:
    main, other = take(session, county), take(session, county)
    told = inbox(session, county, PRIMARY)
    assert link(session, county, other.task.id, main.task.id) == 200
    assert state_of(session, other.task.id) == "cancelled"
    assert state_of(session, main.task.id) == "assigned"
    assert inbox(session, county, PRIMARY)[len(told) :] == [
        ("task.changed", None),
        ("task.withdrawn", "cancelled"),
    ]
    *_, said, ended = events(session, other.task.id)
    assert (said.verb, said.data["number"]) == ("link", main.incident.number)
    assert (ended.verb, ended.command_id) == ("cancel", said.command_id)
    assert f"{main.incident.number:04}" in ended.data["reason"]
    outcomes = session.scalars(select(Offer.outcome).where(Offer.task_id == other.task.id))
    assert set(outcomes) == {"withdrawn"}


@pytest.mark.parametrize("state", AT_IT)
def test_nobody_is_called_away_by_a_link(session: Session, county: County, state: str) -> None:
    main, other = take(session, county), take(session, county)
    bring_to(session, county, other.task.id, state)
    assert link(session, county, other.task.id, main.task.id) == 200
    assert state_of(session, other.task.id) == state
    assert linked(session) == [(other.task.id, main.task.id, "duplicate")]


def test_a_follow_up_goes_on(session: Session, county: County) -> None:
    main, other = take(session, county), take(session, county)
    data = {"to": main.task.id, "kind": "follow_up"}
    assert say(session, county, STATION_ROOM, other.task.id, "link", data).status == 200
    assert state_of(session, other.task.id) == "assigned"


def test_what_was_cancelled_answers_for_nothing(session: Session, county: County) -> None:
    main, other = take(session, county), take(session, county)
    bring_to(session, county, main.task.id, "cancelled")
    assert link(session, county, other.task.id, main.task.id) == 200
    assert state_of(session, other.task.id) == "assigned"


@pytest.mark.parametrize("state", ["assigned", *AT_IT, "closed", "handed_over"])
def test_a_call_about_the_same_event_is_recorded_and_sends_nobody(
    session: Session, county: County, state: str
) -> None:
    main = take(session, county)
    bring_to(session, county, main.task.id, state)
    before = session.scalar(select(func.count()).select_from(InboxMessage))
    taken = again(session, county, main.task.id)
    task = taken.dossier.task
    assert (taken.created, task.state, state_of(session, task.id)) == (True, *["cancelled"] * 2)
    assert session.scalar(select(func.count()).where(Offer.task_id == task.id)) == 0
    assert session.scalar(select(func.count()).select_from(InboxMessage)) == before
    assert [event.verb for event in events(session, task.id)] == ["dispatch", "link", "cancel"]
    assert linked(session) == [(task.id, main.task.id, "duplicate")]
    assert state_of(session, main.task.id) == state
    shown = [entry.data["task"]["state"] for entry in feed(session)][-3:]
    assert shown == ["assigned", "assigned", "cancelled"]


def test_a_call_after_a_false_alarm_is_sent_as_any_other(session: Session, county: County) -> None:
    main = take(session, county)
    bring_to(session, county, main.task.id, "cancelled")
    taken = again(session, county, main.task.id)
    assert taken.dossier.task.state == "assigned"
    assert taken.dossier.open_offers
    assert linked(session) == [(taken.dossier.task.id, main.task.id, "duplicate")]


def test_the_same_call_again_changes_nothing(session: Session, county: County) -> None:
    main = take(session, county)
    first = again(session, county, main.task.id, external_id="twice")
    second = again(session, county, main.task.id, external_id="twice")
    assert (second.created, second.dossier.task.id) == (False, first.dossier.task.id)
    assert len(events(session, first.dossier.task.id)) == 3


def test_what_was_sent_already_is_linked_when_it_comes_again(
    session: Session, county: County
) -> None:
    main = take(session, county)
    first = take(session, county, a_report(external_id="answer lost"))
    second = again(session, county, main.task.id, external_id="answer lost")
    assert (second.created, second.dossier.task.id) == (False, first.task.id)
    assert second.dossier.task.state == "cancelled"
    assert linked(session) == [(first.task.id, main.task.id, "duplicate")]


def test_a_third_call_belongs_to_the_first(session: Session, county: County) -> None:
    main = take(session, county)
    second = again(session, county, main.task.id).dossier.task.id
    third = again(session, county, second).dossier.task.id
    assert set(linked(session)) == {
        (second, main.task.id, "duplicate"),
        (third, main.task.id, "duplicate"),
    }
    fourth = take(session, county)
    assert link(session, county, fourth.task.id, third) == 200
    assert (fourth.task.id, main.task.id, "duplicate") in linked(session)


def test_two_never_end_each_other(session: Session, county: County) -> None:
    one, other = take(session, county), take(session, county)
    assert link(session, county, one.task.id, other.task.id) == 200
    data = {"to": one.task.id, "kind": "duplicate"}
    outcome = say(session, county, STATION_ROOM, other.task.id, "link", data)
    assert (outcome.status, outcome.body["code"]) == (422, "task.link_to_itself")
    assert state_of(session, other.task.id) == "assigned"


def test_only_the_one_that_stands_for_the_event_is_suggested(
    session: Session, county: County
) -> None:
    main = take(session, county)
    again(session, county, main.task.id)
    found = take(session, county)
    actor = county.principal(BUREAU_ROOM)
    dossier = queries.incident_for(session, actor, found.incident.id)
    seen = related.of_incident(session, actor, dossier).suggested
    assert [each.dossier.task.id for each in seen] == [main.task.id]


def test_a_duplicate_of_nothing_leaves_nothing(session: Session, county: County) -> None:
    with pytest.raises(Invalid, match="duplicate_of") as refused, session.begin_nested():
        again(session, county, 2**62)
    assert (refused.value.code, refused.value.field) == ("task.bad_data", "duplicate_of")
    assert session.scalar(select(func.count()).select_from(Task)) == 0


def test_a_station_ends_no_call_of_another(session: Session, county: County) -> None:
    main = take(session, county)
    with pytest.raises(Forbidden), session.begin_nested():
        again(session, county, main.task.id, STATION_ROOM, at=centre(0, 1))
    assert session.scalar(select(func.count()).select_from(Task)) == 1


def test_nothing_climbs_from_a_duplicate(session: Session, county: County) -> None:
    main = take(session, county)
    bring_to(session, county, main.task.id, "signed")
    again(session, county, main.task.id)
    assert escalation.escalate_due(session) == 0


def test_every_state_is_tried() -> None:
    assert {"assigned", *AT_IT, "closed", "handed_over", "cancelled"} == set(WAY_TO)

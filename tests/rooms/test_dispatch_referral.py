"""A criminal report that reaches the threshold: advice to the room, and following it."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from gridserver.base.clock import SetClock
from gridserver.dispatch import escalation, queries
from gridserver.dispatch.models import Decision
from gridserver.dispatch.rules import Facts, decide
from gridserver.dispatch.tables import service as tables
from gridserver.dispatch.tables.changes import Change
from gridserver.force.models import Shift
from tests.county import BRIGADE, DETECTIVE, County, add_brigade
from tests.rooms.dispatching import (
    DATA,
    PRIMARY,
    STATION_ROOM,
    a_report,
    bring_to,
    feed,
    inbox,
    minutes,
    say,
    take,
)


@pytest.fixture
def brigade(session: Session, county: County) -> County:
    """The county, whose brigade takes on cases of three or more."""
    add_brigade(session, county)
    named = Change("parameter", {"name": "three_or_more_unit"}, {"value": BRIGADE})
    tables.change(session, county.principal("admin"), [named], why="test")
    return county


def reported(
    session: Session, county: County, suspects: int, offences: int, category: str = "criminal"
) -> int:
    """Bring a case to its report; return its task."""
    task_id = take(session, county, a_report(category=category, priority=1)).task.id
    say(session, county, STATION_ROOM, task_id, "reassign", {"to": PRIMARY})
    bring_to(session, county, task_id, "on_scene")
    data = DATA["report"] | {"suspects": suspects, "offences": offences}
    assert say(session, county, PRIMARY, task_id, "report", data).status == 200
    return task_id


def advice(session: Session) -> dict | None:
    """Return the advice on the card that the feed showed last."""
    return feed(session)[-1].data["task"]["advice"]


def test_the_room_is_advised_and_one_command_follows(session: Session, brigade: County) -> None:
    task_id = reported(session, brigade, 2, 1)
    advised = advice(session)
    assert (advised["code"], advised["unit"]) == ("advice.three_or_more", BRIGADE)
    assert "刑事侦查大队" in advised["text"]
    body = say(session, brigade, STATION_ROOM, task_id, "reassign", {"unit": BRIGADE}).body["task"]
    assert (body["state"], body["assignee"]["username"]) == ("assigned", DETECTIVE)
    assert body["decision"][0]["kind"] == "specialist"
    assert body["offers"][-1]["because"]["code"] == "specialist.on_duty"
    assert body["history"][-1]["data"] == {"unit": BRIGADE}
    assert inbox(session, brigade, DETECTIVE) == [("task.offered", None)]
    assert inbox(session, brigade, PRIMARY)[-1] == ("task.withdrawn", "reassigned")
    assert advice(session) is None, "it is theirs now"


def test_what_was_decided_before_stays(session: Session, brigade: County) -> None:
    task_id = reported(session, brigade, 2, 1)
    say(session, brigade, STATION_ROOM, task_id, "reassign", {"unit": BRIGADE})
    former, present = session.scalars(select(Decision).order_by(Decision.revision)).all()
    assert (former.revision, present.revision, present.route) == (1, 2, "specialist")
    assert former.facts["suspects"] == 0
    assert decide(Facts.from_json(present.facts)).to_json()["steps"] == present.steps


def test_their_ladder_is_climbed(session: Session, brigade: County, clock: SetClock) -> None:
    task_id = reported(session, brigade, 3, 0)
    say(session, brigade, STATION_ROOM, task_id, "reassign", {"unit": BRIGADE})
    clock.advance(minutes(1))
    assert escalation.escalate_due(session) == 1
    found = queries.task_for(session, brigade.principal("command"), task_id)
    told = [found.people[offer.recipient].username for offer in found.open_offers]
    assert told == [DETECTIVE, STATION_ROOM]


@pytest.mark.parametrize(
    ("suspects", "offences", "category"), [(2, 0, "criminal"), (2, 1, "dispute")]
)
def test_below_the_threshold_and_for_other_classes_there_is_no_advice(
    session: Session, brigade: County, suspects: int, offences: int, category: str
) -> None:
    task_id = reported(session, brigade, suspects, offences, category)
    assert advice(session) is None
    outcome = say(session, brigade, STATION_ROOM, task_id, "reassign", {"unit": BRIGADE})
    assert (outcome.status, outcome.body["code"]) == (422, "task.not_assignable")
    assert session.scalar(select(func.count()).select_from(Decision)) == 1


def test_no_advice_where_the_bureau_names_no_unit(session: Session, county: County) -> None:
    reported(session, county, 5, 5)
    assert advice(session) is None


def test_a_brigade_without_anybody_on_duty_is_not_given_it(
    session: Session, brigade: County
) -> None:
    task_id = reported(session, brigade, 2, 1)
    of_them = Shift.officer_id == brigade.officers[DETECTIVE]
    session.execute(update(Shift).where(of_them).values(duty="headquarters"))
    outcome = say(session, brigade, STATION_ROOM, task_id, "reassign", {"unit": BRIGADE})
    assert (outcome.status, outcome.body["field"]) == (422, "data.unit")
    assert "can be called on" in outcome.body["detail"]
    found = queries.task_for(session, brigade.principal("command"), task_id)
    assert (found.task.state, found.decision.route) != ("assigned", "specialist")


@pytest.mark.parametrize("data", [{}, {"to": PRIMARY, "unit": BRIGADE}])
def test_a_person_or_a_unit(session: Session, brigade: County, data: dict[str, str]) -> None:
    task_id = reported(session, brigade, 2, 1)
    outcome = say(session, brigade, STATION_ROOM, task_id, "reassign", data)
    assert (outcome.status, outcome.body["field"]) == (422, "data.to")


def test_other_units_are_given_nothing_as_a_whole(session: Session, brigade: County) -> None:
    task_id = reported(session, brigade, 2, 1)
    outcome = say(session, brigade, STATION_ROOM, task_id, "reassign", {"unit": "33082402"})
    assert (outcome.status, outcome.body["code"]) == (422, "task.not_assignable")

"""Escalation: who isn't signed for in time is joined by the next on the ladder, once."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.base.clock import SetClock, now
from gridserver.delivery import service as delivery
from gridserver.delivery.service import Receipt
from gridserver.dispatch import cards, escalation, queries
from gridserver.dispatch.models import Offer, TaskEvent
from gridserver.dispatch.tables import mobilising
from tests.county import County
from tests.rooms.dispatching import (
    BACKUP,
    BUREAU_ROOM,
    PRIMARY,
    STATION_ROOM,
    a_report,
    bring_to,
    feed,
    inbox,
    messages,
    minutes,
    say,
    take,
)

#: Priority 1: 60 seconds a step.
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def task_id(session: Session, county: County) -> int:
    return take(session, county, a_report(priority=1)).task.id


def told(session: Session, county: County, task_id: int) -> list[str]:
    dossier = queries.task_for(session, county.principal("command"), task_id)
    return [dossier.people[offer.recipient].username for offer in dossier.open_offers]


def receive(session: Session, county: County, username: str) -> None:
    """Have a device of the account acknowledge all that its inbox holds."""
    seq = messages(session, county, username)[-1].seq
    delivery.record_receipts(session, [Receipt(county.accounts[username], "phone", seq)])


def deadline_shown(session: Session, county: County, task_id: int) -> dt.datetime:
    """Return the deadline of the present step, which every card shows alike."""
    actor = county.principal(PRIMARY)
    found = queries.task_for(session, actor, task_id)
    (listed,) = queries.page(session, actor, is_open=True, mine=True, limit=2)
    (held,) = queries.terminal_snapshot_part(session, actor.account_id)["tasks"]
    shown = {
        cards.task_card(listed, actor.account_id)["step"]["deadline"],
        held["step"]["deadline"],
        queries.detail(session, actor, found, "en")["offers"][-1]["deadline"],
    }
    assert len(shown) == 1
    return dt.datetime.fromisoformat(shown.pop())


def test_not_before_the_deadline(
    session: Session, county: County, clock: SetClock, task_id: int
) -> None:
    clock.advance(minutes(1) - SECOND)
    assert escalation.escalate_due(session) == 0
    clock.advance(SECOND)
    assert escalation.escalate_due(session) == 1
    assert escalation.escalate_due(session) == 0, "once"
    assert told(session, county, task_id) == [PRIMARY, BACKUP]


def test_the_next_is_told_why_and_the_former_stays_informed(
    session: Session, county: County, clock: SetClock, task_id: int
) -> None:
    clock.advance(minutes(1))
    escalation.escalate_due(session)
    assert inbox(session, county, PRIMARY) == [("task.offered", None), ("task.changed", None)]
    (message,) = messages(session, county, BACKUP)
    assert message.type == "task.offered"
    assert message.data["task"]["step"]["because"]["code"] == "backup.unsigned"
    assert message.data["task"]["step"]["step"] == 2
    assert [entry.type for entry in feed(session)] == ["incident.created", "task.changed"]
    event = session.scalars(select(TaskEvent).order_by(TaskEvent.id.desc())).first()
    assert (event.verb, event.actor_account_id, event.data) == (
        "escalate",
        None,
        {"step": 2, "to": BACKUP},
    )


def test_up_the_whole_ladder_and_no_further(
    session: Session, county: County, clock: SetClock, task_id: int
) -> None:
    for _ in range(6):
        clock.advance(minutes(1))
        escalation.escalate_due(session)
    assert told(session, county, task_id) == [PRIMARY, BACKUP, STATION_ROOM, BUREAU_ROOM]
    deadlines = session.scalars(select(Offer.deadline).order_by(Offer.step)).all()
    assert deadlines[-1] is None
    assert deadlines[:-1] == sorted(deadlines[:-1])
    assert say(session, county, PRIMARY, task_id, "sign").status == 200, "the former may still"


def test_a_worker_that_was_away_tells_one_step_at_a_time(
    session: Session, county: County, clock: SetClock, task_id: int
) -> None:
    clock.advance(minutes(600))
    assert escalation.escalate_due(session) == 1
    assert escalation.escalate_due(session) == 0, "the backup has its own time to sign"
    assert told(session, county, task_id) == [PRIMARY, BACKUP]


def test_the_time_to_sign_counts_from_the_receipt_on_a_device(
    session: Session, county: County, clock: SetClock, task_id: int
) -> None:
    began = clock.now()
    clock.advance(40 * SECOND)
    receive(session, county, PRIMARY)
    later = began + 40 * SECOND + minutes(1)
    assert deadline_shown(session, county, task_id) == later
    clock.advance(20 * SECOND)
    assert escalation.escalate_due(session) == 1
    assert told(session, county, task_id) == [PRIMARY], "it has the later deadline instead"
    assert session.scalars(select(Offer.deadline)).one() == later
    shown = feed(session)[-1].data["task"]
    assert (shown["step"]["deadline"], shown["version"]) == (later.isoformat(), 2)
    clock.advance(40 * SECOND - SECOND)
    assert escalation.escalate_due(session) == 0
    clock.advance(SECOND)
    assert escalation.escalate_due(session) == 1
    assert told(session, county, task_id) == [PRIMARY, BACKUP]


def test_a_receipt_after_the_next_was_told_is_too_late(
    session: Session, county: County, clock: SetClock, task_id: int
) -> None:
    until = clock.now() + minutes(1)
    clock.advance(minutes(1))
    escalation.escalate_due(session)
    clock.advance(10 * SECOND)
    receive(session, county, PRIMARY)
    dossier = queries.task_for(session, county.principal("command"), task_id)
    first, second = dossier.offers
    assert dossier.deadline(first) == until
    assert dossier.deadline(second) == until + minutes(1)


@pytest.mark.parametrize("state", ["signed", "reported", "cancelled", "handed_over"])
def test_only_what_nobody_signed(
    session: Session, county: County, clock: SetClock, task_id: int, state: str
) -> None:
    bring_to(session, county, task_id, state)
    clock.advance(minutes(60))
    assert escalation.escalate_due(session) == 0


def test_a_reassigned_task_falls_back_to_the_rooms(
    session: Session, county: County, clock: SetClock, task_id: int
) -> None:
    say(session, county, STATION_ROOM, task_id, "reassign", {"to": BACKUP})
    assert told(session, county, task_id) == [BACKUP]
    clock.advance(minutes(1))
    escalation.escalate_due(session)
    assert told(session, county, task_id) == [BACKUP, STATION_ROOM]
    clock.advance(minutes(1))
    escalation.escalate_due(session)
    assert told(session, county, task_id) == [BACKUP, STATION_ROOM, BUREAU_ROOM]
    (message,) = messages(session, county, BUREAU_ROOM)
    assert message.data["task"]["step"]["because"]["code"] == "bureau_room.unsigned"
    assert message.data["task"]["step"]["deadline"] is None


def test_a_returned_task_goes_on_to_the_bureaus_room(
    session: Session, county: County, clock: SetClock, task_id: int
) -> None:
    bring_to(session, county, task_id, "signed")
    say(session, county, PRIMARY, task_id, "return")
    clock.advance(minutes(1))
    assert escalation.escalate_due(session) == 1
    assert told(session, county, task_id) == [STATION_ROOM, BUREAU_ROOM]


def test_no_more_than_asked_for(session: Session, county: County, clock: SetClock) -> None:
    for _ in range(3):
        take(session, county, a_report(priority=1))
    clock.advance(minutes(1))
    assert [escalation.escalate_due(session, 2) for _ in range(3)] == [2, 1, 0]


# --- who can't be reached


def seen(session: Session, county: County, username: str, ago: dt.timedelta) -> None:
    at = now(session) - ago
    delivery.record_contacts(session, {county.accounts[username]: at})


def test_who_can_not_be_reached_is_passed_over_at_once_and_told_later(
    session: Session, county: County
) -> None:
    seen(session, county, PRIMARY, minutes(16))
    dossier = take(session, county)
    assert told(session, county, dossier.task.id) == [BACKUP]
    (offered,) = messages(session, county, BACKUP)
    because = offered.data["task"]["step"]["because"]
    assert because["code"] == "backup.primary_unreachable"
    assert because["params"]["unreachable"] == [PRIMARY]
    (message,) = messages(session, county, PRIMARY)
    assert (message.type, message.data["reason"]) == ("task.passed_over", "unreachable")
    assert message.data["task"]["step"]["because"]["code"] == "passed_over.unreachable"
    # They may look at it, but not sign any more.
    assert say(session, county, PRIMARY, dossier.task.id, "sign").status == 409
    seen_by_them = queries.task_for(session, county.principal(PRIMARY), dossier.task.id)
    assert [offer.outcome for offer in seen_by_them.offers] == ["passed_over", None]
    assert queries.terminal_snapshot_part(session, county.accounts[PRIMARY]) == {"tasks": []}


@pytest.mark.parametrize("ago", [minutes(15), None])
def test_who_was_seen_lately_or_never_is_told(
    session: Session, county: County, ago: dt.timedelta | None
) -> None:
    if ago is not None:
        seen(session, county, PRIMARY, ago)
    assert told(session, county, take(session, county).task.id) == [PRIMARY]


def test_escalation_asks_again_who_can_be_reached(
    session: Session, county: County, clock: SetClock
) -> None:
    """The backup was there when the incident was decided, and was gone when it was their turn."""
    seen(session, county, BACKUP, minutes(14.5))
    task_id = take(session, county, a_report(priority=1)).task.id
    clock.advance(minutes(1))
    assert escalation.escalate_due(session) == 1
    holders = told(session, county, task_id)
    assert holders[0] == PRIMARY and BACKUP not in holders
    assert inbox(session, county, BACKUP) == [("task.passed_over", "unreachable")]
    event = session.scalars(select(TaskEvent).order_by(TaskEvent.id.desc())).first()
    assert event.data["passed_over"] == [BACKUP]
    because = messages(session, county, holders[1])[-1].data["task"]["step"]["because"]
    assert BACKUP in because["params"]["unreachable"]
    assert BACKUP in because["text"]
    seen(session, county, BACKUP, minutes(0))
    for _ in range(6):
        clock.advance(minutes(1))
        escalation.escalate_due(session)
    assert BACKUP not in told(session, county, task_id), "the ladder is never climbed down"
    assert told(session, county, task_id)[-1] == BUREAU_ROOM


# --- mobilised


@pytest.fixture
def mobilised(session: Session, county: County) -> County:
    """The county, mobilised."""
    bureau = county.principal(BUREAU_ROOM)
    mobilising.order(session, bureau, "330824", ordered_by="局长", why="防汛")
    return county


def test_mobilised_all_are_told_at_once_within_half_the_time(
    session: Session, mobilised: County, clock: SetClock
) -> None:
    dossier = take(session, mobilised, a_report(priority=1))
    ladder = [step.who.username for step in dossier.steps]
    assert ladder[-1] == BUREAU_ROOM and len(ladder) > 2
    assert told(session, mobilised, dossier.task.id) == ladder
    for who in ladder:
        assert inbox(session, mobilised, who) == [("task.offered", None)]
    deadlines = [offer.deadline for offer in dossier.offers]
    assert deadlines == [clock.now() + 30 * SECOND] * (len(ladder) - 1) + [None]
    clock.advance(minutes(1))
    escalation.escalate_due(session)
    assert told(session, mobilised, dossier.task.id) == ladder, "nobody is left to be told"
    assert escalation.escalate_due(session) == 0
    who = ladder[1]
    assert say(session, mobilised, who, dossier.task.id, "sign").status == 200
    assert inbox(session, mobilised, ladder[0])[-1] == ("task.withdrawn", "signed_by_other")


def test_mobilised_the_rooms_are_told_at_once_of_a_reassigned_task(
    session: Session, mobilised: County
) -> None:
    task_id = take(session, mobilised, a_report(priority=1)).task.id
    say(session, mobilised, STATION_ROOM, task_id, "reassign", {"to": BACKUP})
    assert told(session, mobilised, task_id) == [BACKUP, STATION_ROOM, BUREAU_ROOM]

"""What the clock does to orders, in one worker and in two."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.delivery.models import InboxMessage
from gridserver.orders import counting, reminding, service
from gridserver.orders.models import OrderProgress, OrderRecipient
from gridserver.orders.queries import Issued
from gridserver.worker import Chore
from tests.county import County, commit_county
from tests.rooms.dispatching import feed, messages
from tests.rooms.ordering import HOUR, SOUTH, issue, rows, say

ROOM = "room-33082401"


def reminded(session: Session, county: County, username: str) -> list[str]:
    """Return the reasons of an account's reminders, in order."""
    found = messages(session, county, username)
    return [m.data["reason"] for m in found if m.type == "order.reminded"]


def test_reminders_at_half_and_at_the_deadline(
    session: Session, county: County, clock: SetClock
) -> None:
    found = issue(session, county)
    say(session, county, "330824001", found)
    clock.advance(HOUR / 2 - dt.timedelta(seconds=1))
    assert reminding.meet_deadlines(session) == 0
    clock.advance(dt.timedelta(seconds=1))
    assert reminding.meet_deadlines(session) == 1
    say(session, county, "330824002", found)
    clock.advance(HOUR / 2)
    assert reminding.meet_deadlines(session) == 1
    assert reminding.meet_deadlines(session) == 0
    assert [reminded(session, county, who) for who in SOUTH] == [
        [],
        ["half"],
        ["half", "answer_by"],
        ["half", "answer_by"],
    ]
    assert [row.reminders for _, row in sorted(rows(session, county, found).items())] == [
        0,
        1,
        2,
        2,
    ]


def test_at_the_deadline_the_room_hears_who_is_missing(
    session: Session, county: County, clock: SetClock
) -> None:
    found = issue(session, county)
    say(session, county, "330824001", found)
    clock.advance(HOUR)
    reminding.meet_deadlines(session)
    (entry,) = [each for each in feed(session) if each.type == "order.overdue"]
    assert entry.unit_path == "330824.33082401"
    assert entry.data["order"]["id"] == found.order.id
    people = [{"username": who, "display_name": who} for who in SOUTH[1:]]
    assert entry.data["unanswered"] == {"count": 3, "first": people}


def test_after_an_outage_people_are_reminded_once(
    session: Session, county: County, clock: SetClock
) -> None:
    found = issue(session, county)
    clock.advance(HOUR * 2)
    assert reminding.meet_deadlines(session) == 1
    assert [reminded(session, county, who) for who in SOUTH] == [["answer_by"]] * 4
    assert reminding.meet_deadlines(session) == 0
    assert found.order.state == "issued"


@pytest.mark.parametrize("end", ["recall", "close"])
def test_after_the_end_nobody_is_reminded(
    session: Session, county: County, clock: SetClock, end: str
) -> None:
    found = issue(session, county)
    if end == "recall":
        service.recall(session, county.principal(ROOM), found.order.id, "误发")
    else:
        service.close(session, county.principal(ROOM), found.order.id)
    clock.advance(HOUR)
    assert reminding.meet_deadlines(session) == 0
    assert [reminded(session, county, who) for who in SOUTH] == [[]] * 4


def test_the_room_reminds_by_hand(session: Session, county: County) -> None:
    found = issue(session, county)
    say(session, county, "330824001", found)
    assert service.remind(session, county.principal(ROOM), found.order.id) == 3
    assert reminded(session, county, "330824001") == []
    assert reminded(session, county, "330824002") == ["room"]


def test_an_order_closes_when_terminals_let_go_of_it(
    session: Session, county: County, clock: SetClock
) -> None:
    notice = issue(session, county, kind="notice", asks="none")
    clock.advance(dt.timedelta(days=7))
    assert reminding.meet_deadlines(session) == 1
    assert (notice.order.state, notice.order.ended_by) == ("closed", None)
    assert [m.type for m in messages(session, county, "330824001")] == ["order.issued"]
    assert feed(session)[-1].data["order"]["state"] == "closed"
    closing = sa.select(AuditEntry.actor_account_id).where(AuditEntry.tag == "order:close")
    assert session.scalars(closing).all() == [None]


# --- two workers


def at_once(database: Database, chore: Chore) -> None:
    """Have two workers do a chore at the same moment."""
    start = threading.Barrier(2)

    def work() -> None:
        with database.transaction() as session:
            start.wait()
            chore(session, 100)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def sent(database: Database, count: int) -> tuple[County, list[Issued]]:
    county = commit_county(database)
    with database.transaction() as session:
        return county, [issue(session, county) for _ in range(count)]


def test_two_workers_remind_each_person_once(database: Database, clock: SetClock) -> None:
    _, orders = sent(database, 10)
    clock.advance(HOUR / 2)
    at_once(database, reminding.meet_deadlines)
    with database.transaction() as session:
        reminding.meet_deadlines(session)  # what the two left to each other
    with database.transaction() as session:
        reminders = sa.select(InboxMessage.recipient, sa.func.count()).where(
            InboxMessage.type == "order.reminded"
        )
        counts = dict(session.execute(reminders.group_by(InboxMessage.recipient)).all())
        assert set(counts.values()) == {len(orders)}
        assert len(counts) == len(SOUTH)
        assert set(session.scalars(sa.select(OrderRecipient.reminders))) == {1}


def test_a_worker_that_comes_second_finds_it_done(database: Database, clock: SetClock) -> None:
    county, (found,) = sent(database, 1)
    clock.advance(HOUR / 2)
    with database.transaction() as first, database.transaction() as second:
        assert reminding.meet_deadlines(first) == 1
        assert reminding.meet_deadlines(second) == 0
    with database.transaction() as session:
        assert {row.reminders for row in rows(session, county, found).values()} == {1}


def test_two_workers_count_all_of_it(database: Database) -> None:
    county, orders = sent(database, 5)
    for who in SOUTH:
        with database.transaction() as session:
            for found in orders:
                say(session, county, who, found)
        at_once(database, counting.count_progress)
    with database.transaction() as session:
        counting.count_progress(session)
        assert set(session.scalars(sa.select(OrderProgress.answered))) == {len(SOUTH)}
        assert not any(session.scalars(sa.select(OrderRecipient.is_uncounted)))

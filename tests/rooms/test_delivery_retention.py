"""What is kept how long, and that no reader ever meets a hole."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gridserver.base.clock import SetClock
from gridserver.base.db import run_before_commit
from gridserver.delivery import queries, retention, rules, service
from gridserver.delivery.models import CommandResult, FeedEntry, InboxMessage, InboxReceipt
from gridserver.delivery.once import run_once
from gridserver.delivery.retention import KEEP_FEED, KEEP_INBOX, KEEP_RESULTS
from gridserver.delivery.rules import Cursor
from gridserver.delivery.service import Message, Receipt
from gridserver.dispatch import offers
from gridserver.dispatch import queries as dispatch
from tests.county import County
from tests.rooms.dispatching import PRIMARY, messages, take

ONE, TWO = "330824001", "330824002"
DAY = dt.timedelta(days=1)
MOMENT = dt.timedelta(microseconds=1)


def post(session: Session, county: County, username: str, count: int = 1) -> None:
    recipient = county.accounts[username]
    service.post(session, [Message(recipient, "task.changed", {"n": n}) for n in range(count)])
    run_before_commit(session)


def purge(session: Session, limit: int = 100) -> int:
    return retention.purge_inboxes(session, limit, keepers=(offers.keep_receipts,))


def kept(session: Session, county: County, username: str) -> list[int]:
    return [m.seq for m in queries.page(session, county.accounts[username], 0)]


def where_it_starts(session: Session, county: County, seq: int | None) -> int | None:
    return rules.start(Cursor(seq=seq), queries.standing(session, county.accounts[ONE]))


# --- inboxes


def test_the_oldest_messages_go_and_a_cursor_before_them_needs_a_snapshot(
    session: Session, county: County, clock: SetClock
) -> None:
    post(session, county, ONE, 3)
    clock.advance(KEEP_INBOX)
    post(session, county, ONE, 2)
    post(session, county, TWO)
    assert purge(session) == 0, "exactly as old as messages are kept"
    clock.advance(MOMENT)
    assert purge(session) == 3
    assert purge(session) == 0
    assert kept(session, county, ONE) == [4, 5]
    assert kept(session, county, TWO) == [1]
    starts = [where_it_starts(session, county, seq) for seq in (0, 2, 3, 4, 5, 6, None)]
    assert starts == [None, None, 3, 4, 5, None, None]
    post(session, county, ONE)
    assert kept(session, county, ONE) == [4, 5, 6], "numbers go on"


def test_it_goes_by_small_steps_each_of_which_leaves_no_hole(
    session: Session, county: County, clock: SetClock
) -> None:
    post(session, county, ONE, 5)
    post(session, county, TWO, 4)
    clock.advance(KEEP_INBOX + MOMENT)
    done = []
    while not done or done[-1]:
        done.append(purge(session, limit=2))
        for username in (ONE, TWO):
            standing = queries.standing(session, county.accounts[username])
            expected = list(range(standing.purged_through + 1, standing.head + 1))
            assert kept(session, county, username) == expected
    assert done == [2, 2, 2, 2, 1, 0]


def test_a_message_younger_than_one_after_it_is_waited_for(
    session: Session, county: County, clock: SetClock
) -> None:
    """A transaction that waited for the head is numbered after one that began later."""
    began = clock.now()
    clock.advance(DAY)
    post(session, county, ONE)
    clock.set(began)
    post(session, county, ONE)
    clock.advance(KEEP_INBOX + MOMENT)
    assert purge(session) == 0
    clock.advance(DAY)
    assert purge(session) == 2


def test_receipts_stay_as_far_as_they_spare_a_snapshot(
    session: Session, county: County, clock: SetClock
) -> None:
    account = county.accounts[ONE]
    post(session, county, ONE, 3)
    service.record_receipts(session, [Receipt(account, "lost", 1), Receipt(account, "phone", 3)])
    clock.advance(KEEP_INBOX + MOMENT)
    purge(session)
    remaining = sa.select(InboxReceipt.device, InboxReceipt.seq)
    assert session.execute(remaining).all() == [("phone", 3)]
    assert where_it_starts(session, county, None) == 3


def test_when_a_device_had_an_offer_is_known_after_the_message_is_gone(
    session: Session, county: County, clock: SetClock
) -> None:
    task_id = take(session, county).task.id
    (told,) = messages(session, county, PRIMARY)
    clock.advance(dt.timedelta(seconds=20))
    service.acknowledge(session, county.principal(PRIMARY), told.seq)
    had, message_id = clock.now(), told.id

    def shown() -> str:
        found = dispatch.task_for(session, county.principal("command"), task_id)
        detail = dispatch.detail(session, county.principal("command"), found, "en")
        return detail["offers"][0]["received_at"]

    assert shown() == had.isoformat()
    clock.advance(KEEP_INBOX + DAY)
    assert purge(session) > 0
    session.expire_all()
    assert queries.received_at(session, [message_id]) == {}
    assert shown() == had.isoformat()


# --- what expired


def read(session: Session, account: int) -> list[dict[str, Any]]:
    return [message.envelope(message.data) for message in queries.page(session, account, 0)]


def test_what_expired_is_blanked_and_reads_the_same(
    session: Session, county: County, clock: SetClock
) -> None:
    account = county.accounts[ONE]
    data = {"task": {"id": 7, "note": "private"}}
    ends = [clock.now() + DAY, clock.now() + 2 * DAY, None]
    service.post(session, [Message(account, "task.changed", data, expires_at=at) for at in ends])
    run_before_commit(session)
    assert retention.blank_expired(session, 100) == 0
    clock.advance(DAY)
    before = read(session, account)
    assert retention.blank_expired(session, 100) == 1
    assert retention.blank_expired(session, 100) == 0
    assert read(session, account) == before
    stored = session.scalars(sa.select(InboxMessage).order_by(InboxMessage.seq)).all()
    assert [row.data for row in stored] == [{"type": "task.changed", "task": {"id": 7}}, data, data]


# --- the feed


def test_the_feed_keeps_its_last_days(session: Session, county: County, clock: SetClock) -> None:
    for _ in range(3):
        service.append_feed(session, "task.changed", {}, "330824")
    run_before_commit(session)
    service.number_feed(session)
    clock.advance(KEEP_FEED + MOMENT)
    for _ in range(2):
        service.append_feed(session, "task.changed", {}, "330824")
    run_before_commit(session)
    assert retention.purge_feed(session, 2) == 2
    assert retention.purge_feed(session, 2) == 1
    assert retention.purge_feed(session, 2) == 0, "what has no number yet is new"
    service.number_feed(session)
    assert [entry.seq for entry in queries.feed_page(session, 0, 9)] == [4, 5]
    standing = queries.feed_standing(session)
    assert [rules.start(Cursor(seq=seq), standing) for seq in (0, 2, 3, 5)] == [None, None, 3, 5]
    assert session.scalar(sa.select(sa.func.count()).select_from(FeedEntry)) == 2


# --- answers to commands


def test_old_answers_go(session: Session, county: County, clock: SetClock) -> None:
    actor = county.principal(ONE)

    def answer() -> uuid.UUID:
        id_ = uuid.uuid4()
        run_once(session, actor, id_, {}, dict)
        return id_

    old = [answer(), answer()]
    clock.advance(KEEP_RESULTS + MOMENT)
    new = answer()
    assert retention.purge_results(session, 1) == 1
    assert retention.purge_results(session, 9) == 1
    assert retention.purge_results(session, 9) == 0
    remaining = session.scalars(sa.select(CommandResult.command_id)).all()
    assert list(remaining) == [new]
    assert new not in old

"""Posting, the feed, receipts, and commands that are done once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from gis.errors import GisError
from gridserver.access.rules import Principal
from gridserver.base import errors
from gridserver.base.clock import SetClock, now
from gridserver.base.db import run_before_commit, savepoint
from gridserver.delivery import queries, service
from gridserver.delivery.models import FeedEntry, InboxMessage
from gridserver.delivery.once import run_once
from gridserver.delivery.queries import Want
from gridserver.delivery.service import Broadcast, Message, Receipt
from tests.county import County, make_county


@pytest.fixture
def county(session: Session) -> County:
    return make_county(session)


@pytest.fixture
def actor(county: County) -> Principal:
    return county.principal("330824001")


def _post(session: Session, *recipients: int, **data: Any) -> None:
    service.post(session, [Message(r, "task.changed", data) for r in recipients])
    run_before_commit(session)


# --- posting


def test_each_recipient_is_counted_from_one_without_holes(session: Session, county: County) -> None:
    one, two = county.accounts["330824001"], county.accounts["330824002"]
    _post(session, two, one, two)
    _post(session, one)
    assert [m.seq for m in queries.page(session, one, 0)] == [1, 2]
    assert [m.seq for m in queries.page(session, two, 0)] == [1, 2]
    assert queries.heads(session, (one, two)) == {one: 2, two: 2}


def test_a_broadcast_comes_to_each_under_its_own_id(session: Session, county: County) -> None:
    ids = {county.accounts[f"33082400{n}"]: uuid.uuid4() for n in range(1, 5)}
    first, *_ = ids
    ends = now(session) + dt.timedelta(days=7)
    service.post(
        session,
        [
            Message(first, "task.changed", {"nth": 1}),
            Broadcast(ids, "order.issued", {"nth": 2}, ends),
            Message(first, "task.changed", {"nth": 3}),
        ],
    )
    run_before_commit(session)
    assert [m.data["nth"] for m in queries.page(session, first, 0)] == [1, 2, 3]
    rows = session.scalars(sa.select(InboxMessage).where(InboxMessage.type == "order.issued")).all()
    assert {row.recipient: row.id for row in rows} == ids
    assert {row.expires_at for row in rows} == {ends}


def test_messages_of_one_transaction_keep_their_order(session: Session, actor: Principal) -> None:
    messages = [Message(actor.account_id, "task.changed", {"nth": n}) for n in range(20)]
    service.post(session, messages[:7])
    service.post(session, messages[7:])
    run_before_commit(session)
    page = queries.page(session, actor.account_id, 0)
    assert [m.data["nth"] for m in page] == list(range(20))
    assert [m.id for m in page] == [m.id for m in messages]


def test_nothing_is_written_before_the_end_of_the_transaction(
    session: Session, actor: Principal
) -> None:
    service.post(session, [Message(actor.account_id, "task.changed", {})])
    assert session.scalar(sa.select(sa.func.count()).select_from(InboxMessage)) == 0
    run_before_commit(session)
    assert queries.head(session, actor.account_id) == 1


def test_a_savepoint_takes_its_messages_back(session: Session, actor: Principal) -> None:
    service.post(session, [Message(actor.account_id, "task.changed", {"kept": True})])
    with pytest.raises(errors.Conflict), savepoint(session):
        service.post(session, [Message(actor.account_id, "task.changed", {"kept": False})])
        service.append_feed(session, "task.changed", {}, "330824")
        raise errors.Conflict("task.wrong_state", "too late")
    run_before_commit(session)
    assert [m.data for m in queries.page(session, actor.account_id, 0)] == [{"kept": True}]
    assert session.scalar(sa.select(sa.func.count()).select_from(FeedEntry)) == 0


def test_a_transaction_that_posts_costs_one_round_trip(
    session: Session, county: County, statements: list[str]
) -> None:
    service.post(
        session,
        [Message(account, "task.changed", {}) for account in county.accounts.values()],
    )
    service.append_feed(session, "task.changed", {}, "330824")
    session.flush()
    statements.clear()
    run_before_commit(session)
    assert len(statements) == 1


@pytest.fixture
def statements(session: Session) -> list[str]:
    heard: list[str] = []
    connection = session.connection()
    sa.event.listen(
        connection, "before_cursor_execute", lambda _c, _k, statement, *_: heard.append(statement)
    )
    return heard


def test_pages_are_read_for_many_at_once(session: Session, county: County) -> None:
    one, two, none = (county.accounts[name] for name in ("330824001", "330824002", "330824003"))
    _post(session, one, one, one, two)
    pages = queries.pages(session, [Want(one, 1, 1), Want(none, 0, 9), Want(two, 0, 9)])
    assert [[(m.recipient, m.seq) for m in page] for page in pages] == [
        [(one, 2)],
        [],
        [(two, 1)],
    ]


# --- receipts


def test_a_receipt_covers_all_before_it_and_never_goes_back(
    session: Session, actor: Principal, clock: SetClock
) -> None:
    _post(session, *[actor.account_id] * 3)
    assert service.acknowledge(session, actor, 2) == 2
    first, second, third = queries.page(session, actor.account_id, 0)
    received = queries.received_at(session, [first.id, second.id, third.id])
    assert received == {first.id: clock.now(), second.id: clock.now()}
    assert service.acknowledge(session, actor, 1) == 2
    assert queries.last_acknowledged(session, actor.account_id) == 2


def test_each_device_has_receipts_of_its_own(session: Session, actor: Principal) -> None:
    account = actor.account_id
    _post(session, *[account] * 3)
    service.record_receipts(session, [Receipt(account, "phone", 3), Receipt(account, "car", 1)])
    assert queries.last_acknowledged(session, account, "phone") == 3
    assert queries.last_acknowledged(session, account, "car") == 1
    assert queries.last_acknowledged(session, account) == 3


def test_what_was_never_sent_can_not_be_acknowledged(session: Session, actor: Principal) -> None:
    _post(session, actor.account_id)
    with pytest.raises(errors.Invalid) as refusal:
        service.acknowledge(session, actor, 2)
    assert (refusal.value.code, refusal.value.field) == ("inbox.beyond_head", "seq")
    service.record_receipts(session, [Receipt(actor.account_id, "phone", 2)])
    assert queries.last_acknowledged(session, actor.account_id) == 0


# --- signs of life


def test_the_latest_sign_of_life_counts_and_who_never_gave_one_is_unknown(
    session: Session, county: County, clock: SetClock
) -> None:
    one, two, never = (county.accounts[f"33082400{n}"] for n in (1, 2, 3))
    first, second = clock.now(), clock.now() + dt.timedelta(minutes=5)
    service.record_contacts(session, {one: second, two: first})
    service.record_contacts(session, {one: first, two: second})
    assert queries.last_seen(session, (one, two, never)) == {one: second, two: second}
    assert queries.last_seen(session, ()) == {}


@pytest.mark.parametrize(("anybody_after", "excused"), [(16, False), (14, True)])
def test_after_an_outage_nobodys_silence_is_held_against_them(
    session: Session, county: County, clock: SetClock, anybody_after: int, excused: bool
) -> None:
    """Twenty minutes on, who was silent counts as heard of unless somebody was heard meanwhile."""
    one, silent, other = (county.accounts[f"33082400{n}"] for n in (1, 2, 3))
    start = clock.now()
    service.record_contacts(session, {one: start, silent: start})
    service.record_contacts(session, {other: start + dt.timedelta(minutes=4)})
    service.record_contacts(session, {other: start + dt.timedelta(minutes=8)})
    service.record_contacts(session, {other: start + dt.timedelta(minutes=12)})
    service.record_contacts(session, {other: start + dt.timedelta(minutes=anybody_after)})
    back = start + dt.timedelta(minutes=20)
    service.record_contacts(session, {one: back})
    seen = queries.last_seen(session, (one, silent))
    assert seen == {one: back, silent: back if excused else start}


# --- the feed


def test_the_feed_is_numbered_once_and_in_order(session: Session, county: County) -> None:
    for nth in range(3):
        service.append_feed(session, "task.changed", {"nth": nth}, "330824")
    run_before_commit(session)
    assert queries.feed_page(session, 0, 10) == []
    assert service.number_feed(session)
    assert not service.number_feed(session)
    assert [(e.seq, e.data["nth"]) for e in queries.feed_page(session, 0, 10)] == [
        (1, 0),
        (2, 1),
        (3, 2),
    ]
    assert queries.feed_standing(session).head == 3


# --- commands


def test_a_command_is_done_once_and_answered_alike(session: Session, actor: Principal) -> None:
    done: list[int] = []
    command = uuid.uuid4()

    def work() -> dict[str, Any]:
        done.append(1)
        return {"status": "done", "times": len(done)}

    first = run_once(session, actor, command, {"verb": "sign"}, work)
    again = run_once(session, actor, command, {"verb": "sign"}, work)
    assert (first.status, first.body, first.replayed) == (
        200,
        {"status": "done", "times": 1},
        False,
    )
    assert (again.status, again.body, again.replayed) == (200, first.body, True)


def test_the_same_id_with_another_payload_is_refused(session: Session, actor: Principal) -> None:
    command = uuid.uuid4()
    run_once(session, actor, command, {"verb": "sign"}, dict)
    with pytest.raises(errors.Invalid) as refusal:
        run_once(session, actor, command, {"verb": "depart"}, dict)
    assert refusal.value.code == "command.reused"


def test_ids_belong_to_the_account(session: Session, county: County) -> None:
    command = uuid.uuid4()
    for name in ("330824001", "330824002"):
        outcome = run_once(
            session, county.principal(name), command, {"by": name}, lambda: {"done": True}
        )
        assert not outcome.replayed


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (
            errors.Conflict("task.wrong_state", "Too late.", state="signed"),
            409,
            {"code": "task.wrong_state", "detail": "Too late.", "state": "signed"},
        ),
        (
            errors.Invalid("task.no_reason", "Say why.", field="data.reason"),
            422,
            {"code": "task.no_reason", "detail": "Say why.", "field": "data.reason"},
        ),
        (
            errors.Forbidden("task.not_yours", "Not yours."),
            403,
            {"code": "task.not_yours", "detail": "Not yours."},
        ),
        (
            errors.NotFound("task.unknown", "No such task."),
            404,
            {"code": "task.unknown", "detail": "No such task."},
        ),
        (
            GisError("crs.unknown", "?", "crs"),
            422,
            {"code": "crs.unknown", "detail": "?", "field": "crs"},
        ),
    ],
    ids=lambda value: getattr(value, "code", None),
)
def test_a_refusal_is_stored_and_undoes_its_work(
    session: Session, actor: Principal, error: Exception, status: int, body: dict[str, Any]
) -> None:
    command = uuid.uuid4()
    work = _refusing(session, actor, error)
    first = run_once(session, actor, command, {}, work)
    again = run_once(session, actor, command, {}, work)
    assert (first.status, first.body) == (again.status, again.body) == (status, body)
    run_before_commit(session)
    assert queries.head(session, actor.account_id) == 0


def test_what_is_no_verdict_on_the_command_is_not_stored(
    session: Session, actor: Principal
) -> None:
    command = uuid.uuid4()
    down = _refusing(session, actor, errors.Unavailable("database.down", "Later."))
    with pytest.raises(errors.Unavailable), savepoint(session):
        run_once(session, actor, command, {}, down)
    assert not run_once(session, actor, command, {}, dict).replayed


def _refusing(session: Session, actor: Principal, error: Exception) -> Callable[[], dict[str, Any]]:
    def work() -> dict[str, Any]:
        service.post(session, [Message(actor.account_id, "task.changed", {})])
        raise error

    return work

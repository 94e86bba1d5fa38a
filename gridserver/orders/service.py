"""The verbs of orders: preview, issue, recall, close, remind; and what a person says to one."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base import reading
from gridserver.base.clock import now
from gridserver.base.errors import Conflict
from gridserver.delivery.commands import Command, payload, read_moment, read_point
from gridserver.delivery.once import Outcome, run_once
from gridserver.force import audiences
from gridserver.force.audiences import Audience
from gridserver.orders import queries, rules, telling
from gridserver.orders.lifecycle import ORDER
from gridserver.orders.models import Order, OrderDeadline, OrderProgress, OrderRecipient
from gridserver.orders.queries import Issued
from gridserver.orders.rules import Draft
from gridserver.org import queries as org
from gridserver.org.models import Unit

#: How many of an audience are listed before the sending.
MOST_LISTED = 500


@dataclass(frozen=True)
class Preview:
    """Who an order would reach: how many, how many of them are on duty, and the first by number."""

    people: int
    on_duty: int
    first: list[dict[str, Any]]


def preview(session: Session, actor: Principal, unit_code: str, audience: Audience) -> Preview:
    """Say who an audience is now, without writing anything.

    Raises
    ------
    Forbidden
        The actor commands no room of the unit.
    NotFound, Invalid
        As `issue`.
    """
    unit = _speaking_for(session, actor, unit_code)
    people = audiences.members(session, audience, unit.path).subquery()
    counted = select(func.count(), func.count().filter(people.c.on_duty)).select_from(people)
    total, on_duty = session.execute(counted).one()
    first = select(people).order_by(people.c.service_number).limit(MOST_LISTED)
    return Preview(total, on_duty, [dict(row) for row in session.execute(first).mappings()])


def issue(
    session: Session,
    actor: Principal,
    unit_code: str,
    draft: Draft,
    audience: Audience,
    *,
    expected: int | None = None,
) -> Issued:
    """Send an order in the name of a unit, to the audience as it is now.

    Parameters
    ----------
    expected : int, optional
        How many people the sender confirmed; another number is refused.

    Raises
    ------
    NotFound
        ``unit.unknown``; ``order.unknown`` for the one it refers to.
    Forbidden
        The actor commands no room of the unit, or none of the order that it refers to.
    Invalid
        As `rules.checked` and `audiences.members`.
    Conflict
        ``order.nobody``; ``order.audience_changed`` with the number of now.
    """
    unit = _speaking_for(session, actor, unit_code)
    order = _order(session, actor, unit, rules.checked(draft, now(session)), audience)
    ids = _send_to(session, order, audience, unit.path)
    _check_count(len(ids), expected)
    session.add(OrderProgress(order_id=order.id, people=len(ids)))
    for kind, due_at in rules.deadlines(draft, order.issued_at).items():
        session.add(OrderDeadline(order_id=order.id, kind=kind, due_at=due_at))
    session.flush()
    found = Issued(order, unit)
    _note(session, actor, order, "issue", {"people": len(ids), "refers_to": order.refers_to})
    telling.issued(session, found, ids)
    if order.refers_to is not None and order.relation == "renews":
        _renew(session, actor, order.refers_to)
    return found


def recall(session: Session, actor: Principal, order_id: int, reason: str) -> Issued:
    """Take an order back: terminals show it as recalled, and nobody is reminded any more.

    Raises
    ------
    NotFound, Forbidden
        As `queries.order_for`.
    Conflict
        ``order.wrong_state`` with the present state.
    Invalid
        ``input.*`` naming ``reason``.
    """
    said = reading.text(reason, "reason", longest=rules.LONGEST_REASON)
    found = queries.order_for_change(session, actor, order_id)
    _end(session, actor, found, "recall")
    found.order.recall_reason = said
    session.flush()
    telling.recalled(session, found)
    return found


def close(session: Session, actor: Principal, order_id: int) -> Issued:
    """End an order whose answers are no longer waited for. Raises as `recall`."""
    found = queries.order_for_change(session, actor, order_id)
    _end(session, actor, found, "close")
    telling.closed(session, found)
    return found


def expire(session: Session, found: Issued) -> None:
    """Close an order, its row locked, whose time on the terminals is over: they let go of it by
    themselves."""
    _end(session, None, found, "close")
    telling.changed(session, found)


def remind(session: Session, actor: Principal, order_id: int) -> int:
    """Remind everyone who hasn't answered; return how many. Raises as `recall`."""
    found = queries.order_for_change(session, actor, order_id)
    _require(found.order, "remind")
    return remind_unanswered(session, actor, found, "room")


def remind_unanswered(session: Session, actor: Principal | None, found: Issued, reason: str) -> int:
    """Remind everyone who hasn't answered an order, its row locked; return how many."""
    order = found.order
    waiting = (OrderRecipient.order_id == order.id) & OrderRecipient.answered_at.is_(None)
    reminded = session.scalars(
        update(OrderRecipient)
        .where(waiting)
        .values(reminders=OrderRecipient.reminders + 1, reminded_at=now(session))
        .returning(OrderRecipient.account_id)
        .execution_options(synchronize_session=False)
    ).all()
    if reminded:
        telling.reminded(session, order, reminded, reason)
    _note(session, actor, order, "remind", {"people": len(reminded), "reason": reason})
    return len(reminded)


def command(session: Session, actor: Principal, order_id: int, command: Command) -> Outcome:
    """Carry out what a person says to an order they were sent: ``read`` or ``answer``, once per
    account and command id.

    An answer after the deadline, or after the order's end, is kept as late.

    Returns
    -------
    Outcome
        200 with ``{status: "done", order: OrderCard}``; or a refusal: 404 ``order.unknown``; 409
        ``order.answered`` with ``order``; 422 for a verb or data that can't be.

    Raises
    ------
    Invalid
        ``command.reused``: the id was used for another command.
    """
    said = payload({"order": order_id}, command)
    return run_once(
        session, actor, command.id, said, lambda: _carry_out(session, actor, order_id, command)
    )


def _speaking_for(session: Session, actor: Principal, unit_code: str) -> Unit:
    unit = org.unit_by_code(session, unit_code)
    require(actor, queries.COMMAND, unit.path)
    return unit


def _order(
    session: Session, actor: Principal, unit: Unit, draft: Draft, audience: Audience
) -> Order:
    if draft.refers_to is not None:
        queries.order_for(session, actor, draft.refers_to, queries.COMMAND)
    order = Order(
        state=ORDER.states[0],
        unit_id=unit.id,
        audience=asdict(audience),
        issued_by=actor.account_id,
        issued_at=now(session),
        expires_at=rules.expires_at(draft, now(session)),
        **asdict(draft),
    )
    session.add(order)
    session.flush()
    return order


def _send_to(session: Session, order: Order, audience: Audience, path: str) -> dict[int, uuid.UUID]:
    """Store who an order is sent to, in one statement however many they are; return the ids that
    their messages will have."""
    people = audiences.members(session, audience, path).subquery()
    rows = session.execute(
        insert(OrderRecipient)
        .from_select(
            ["order_id", "account_id", "unit_id", "message_id", "expires_at"],
            select(
                literal(order.id),
                people.c.account_id,
                people.c.unit_id,
                func.gen_random_uuid(),
                literal(order.expires_at),
            ),
        )
        .returning(OrderRecipient.account_id, OrderRecipient.message_id)
    )
    return {row.account_id: row.message_id for row in rows}


def _check_count(people: int, expected: int | None) -> None:
    if people == 0:
        raise Conflict(
            "order.nobody", "Nobody is meant by this audience now.", field="audience", people=0
        )
    if expected is not None and expected != people:
        raise Conflict(
            "order.audience_changed",
            f"The audience is {people} people now, not {expected}: look at it again.",
            field="expected",
            people=people,
        )


def _renew(session: Session, actor: Principal, order_id: int) -> None:
    former = queries.order_for_change(session, actor, order_id)
    if former.order.state == "issued":
        _end(session, actor, former, "close")
        telling.closed(session, former)


def _require(order: Order, verb: str) -> str:
    after = ORDER.after(order.state, verb)
    if after is None:
        raise Conflict(
            "order.wrong_state",
            f"The order is {order.state} by now, so {verb} changes nothing.",
            state=order.state,
        )
    return after


def _end(session: Session, actor: Principal | None, found: Issued, verb: str) -> None:
    order = found.order
    order.state = _require(order, verb)
    order.ended_at, order.ended_by = now(session), actor.account_id if actor else None
    undone = (OrderDeadline.order_id == order.id) & OrderDeadline.done_at.is_(None)
    session.execute(delete(OrderDeadline).where(undone))
    session.flush()
    _note(session, actor, order, verb, {})


def _note(
    session: Session, actor: Principal | None, order: Order, verb: str, data: dict[str, Any]
) -> None:
    audit.record(
        session, actor, Tag.of("order", verb), subject_kind="order", subject_id=order.id, data=data
    )


def _carry_out(
    session: Session, actor: Principal, order_id: int, command: Command
) -> dict[str, Any]:
    said_at = read_moment(command)
    read_point(command)
    order, own = _own(session, actor, order_id)
    answer = rules.read_answer(order.asks, order.choices, command.verb, command.data)
    before = own.read_at, own.answered_at
    if answer is not None and own.answered_at is not None and command.verb == "answer":
        raise Conflict(
            "order.answered",
            "You have answered this order already; the first answer counts.",
            order=queries.own_card(session, actor.account_id, order_id),
        )
    moment = now(session)
    if own.read_at is None:
        own.read_at, own.read_said_at = moment, said_at
        own.received_at = own.received_at or moment
    if answer is not None and own.answered_at is None:
        own.answered_at, own.answered_said_at, own.answer = moment, said_at, answer
        past = order.answer_by is not None and moment > order.answer_by
        own.late = past or order.state != ORDER.states[0]
    if before != (own.read_at, own.answered_at):
        own.is_uncounted, own.clock_offset_s = True, actor.clock_offset_s
        session.flush()
        _note(session, actor, order, command.verb, {"late": own.late})
        telling.done(session, own)
    return {"status": "done", "order": queries.own_card(session, actor.account_id, order_id)}


def _own(session: Session, actor: Principal, order_id: int) -> tuple[Order, OrderRecipient]:
    """Return an order, and the actor's own row of it, which is locked."""
    own = session.get(
        OrderRecipient, (order_id, actor.account_id), with_for_update=True, populate_existing=True
    )
    if own is None:
        raise queries.unknown(order_id)
    return session.get_one(Order, order_id, populate_existing=True), own

"""Two orders of the demo county: one of the day before, closed, and one that is running."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import replace
from random import Random

from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.access import service as accounts
from gridserver.access.rules import Principal
from gridserver.base.clock import now
from gridserver.delivery.commands import Command
from gridserver.force.audiences import Audience
from gridserver.orders import queries, reminding, service
from gridserver.orders.queries import Issued
from gridserver.orders.rules import Draft

Story = tuple[dt.datetime, Iterator[dt.datetime]]

_HOUR = dt.timedelta(hours=1)
_DONE_BEFORE, _BEGUN_BEFORE = 30 * _HOUR, _HOUR / 3
#: How many of the people answer, in parts of one.
_MOST, _SOME = 0.9, 0.6

_FLOOD = Draft(
    kind="order",
    title="防汛值守",
    text="气象台发布暴雨橙色预警。各警组今晚加强沿河村、地质灾害点巡查，车辆、救生器材备齐，"
    "遇险情立即报指挥室。",
    asks="read",
)
_MARKET = Draft(
    kind="order",
    title="周末集市执勤",
    text="周六 08:00—12:00 集市人流大，请报能否参加执勤，07:40 在派出所院内集合。",
    asks="choice",
    choices=("能参加", "不能参加"),
)


def stories(session: Session, present: dt.datetime, rng: Random) -> list[Story]:
    """Return when each begins, and its life: what it yields is the moment at which to go on."""
    return [
        (present - _DONE_BEFORE, _closed(session, rng)),
        (present - _BEGUN_BEFORE, _running(session, rng)),
    ]


def _closed(session: Session, rng: Random) -> Iterator[dt.datetime]:
    found = _issue(session, _FLOOD, "33082401", answer_by=2 * _HOUR)
    yield now(session) + _HOUR / 2
    _answer(session, found, rng, _MOST)
    for hours in (1, 2):  # half of the time, and its end
        yield found.order.issued_at + hours * _HOUR
        reminding.meet_deadlines(session)
    yield now(session) + _HOUR
    service.close(session, _desk(session), found.order.id)


def _running(session: Session, rng: Random) -> Iterator[dt.datetime]:
    found = _issue(session, _MARKET, "33082402", answer_by=24 * _HOUR)
    yield now(session) + _BEGUN_BEFORE / 2
    _answer(session, found, rng, _SOME)


def _issue(session: Session, draft: Draft, station: str, *, answer_by: dt.timedelta) -> Issued:
    desk = _desk(session)
    bureau = desk.grants[0].unit_path
    due = replace(draft, answer_by=now(session) + answer_by)
    return service.issue(session, desk, bureau, due, Audience(units=[station]))


def _answer(session: Session, found: Issued, rng: Random, share: float) -> None:
    """Have a share of the people answer what is asked, most of them the first choice."""
    order = found.order
    for account_id in sorted(queries.account_ids(session, order.id)):
        if rng.random() >= share:
            continue
        verb, data = "read", {}
        if order.asks == "choice":
            verb, data = "answer", {"choice": order.choices[rng.random() > _MOST]}
        actor = access.principal_of(session, account_id)
        said = Command(uuid.UUID(int=rng.getrandbits(128), version=4), verb, now(session), data)
        service.command(session, actor, order.id, said)


def _desk(session: Session) -> Principal:
    return access.principal_of(session, accounts.account_by_username(session, "command").id)

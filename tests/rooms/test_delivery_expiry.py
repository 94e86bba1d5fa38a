"""Messages with an end: what a reader gets past it."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from gridserver.base.clock import SetClock
from gridserver.base.db import run_before_commit
from gridserver.delivery import queries, service
from gridserver.delivery.rules import EXPIRED
from gridserver.delivery.service import Message
from tests.county import County

OFFICER = "330824001"
HOUR = dt.timedelta(hours=1)


def test_past_its_end_a_message_is_a_tombstone_in_the_same_place(
    session: Session, county: County, clock: SetClock
) -> None:
    recipient, ends_at = county.accounts[OFFICER], clock.now() + HOUR
    ending = uuid.uuid4()
    data = {"task": {"id": 7, "state": "assigned"}, "reason": "returned"}
    service.post(
        session,
        [
            Message(recipient, "task.changed", {"n": 1}),
            Message(recipient, "task.offered", data, ending, ends_at),
            Message(recipient, "task.changed", {"n": 3}),
        ],
    )
    run_before_commit(session)
    clock.set(ends_at - dt.timedelta(microseconds=1))
    assert [m.data for m in queries.page(session, recipient, 0)] == [{"n": 1}, data, {"n": 3}]
    clock.set(ends_at)
    before, tombstone, after = queries.page(session, recipient, 0)
    assert (before.data, after.data) == ({"n": 1}, {"n": 3})
    assert (tombstone.seq, tombstone.id, tombstone.type) == (2, ending, EXPIRED)
    assert tombstone.data == {"type": "task.offered", "task": {"id": 7}}

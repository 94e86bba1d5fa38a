"""An agency's answer to what was handed over to it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from gridserver.base.errors import Invalid, NotFound
from gridserver.dispatch import queries
from gridserver.exchange import answers
from gridserver.partners.models import Partner
from tests.county import County
from tests.exchange import add_partner
from tests.rooms.dispatching import say, take


@pytest.fixture
def agency(session: Session, county: County) -> Partner:
    return add_partner(session, county, "12345", name="12345热线")


@pytest.fixture
def task_id(session: Session, county: County, agency: Partner) -> int:
    task_id = take(session, county).task.id
    data = {"agency": "12345热线", "text": "路灯坏了"}
    assert say(session, county, "command", task_id, "hand_over", data).status == 200
    return task_id


def test_the_answer_is_kept_with_the_task(session: Session, agency: Partner, task_id: int) -> None:
    answers.record(session, agency, {"task": task_id, "text": "已修复"})
    over = queries.hand_over_of(session, task_id)
    assert (over.answer, over.answer_account_id) == ("已修复", agency.account_id)
    answers.record(session, agency, {"task": task_id, "text": "再次检查，正常"})
    assert queries.hand_over_of(session, task_id).answer == "再次检查，正常"


def test_only_who_has_the_task_answers(
    session: Session, county: County, agency: Partner, task_id: int
) -> None:
    other = add_partner(session, county, "97")
    kept = take(session, county).task.id
    for partner, task in ((other, task_id), (agency, kept), (agency, 10**15)):
        with pytest.raises(NotFound) as refusal:
            answers.record(session, partner, {"task": task, "text": "x"})
        assert refusal.value.code == "exchange.not_yours"
    assert queries.hand_over_of(session, task_id).answer is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], None),
        ({"text": "x"}, "task"),
        ({"task": "1", "text": "x"}, "task"),
        ({"task": True, "text": "x"}, "task"),
        ({"task": 2**63, "text": "x"}, "task"),
        ({"task": 1}, "text"),
        ({"task": 1, "text": " "}, "text"),
        ({"task": 1, "text": "a\0"}, "text"),
        ({"task": 1, "text": "x", "answered_at": "today"}, "answered_at"),
        ({"task": 1, "text": "x", "answered_at": "2026-03-10T09:30:00"}, "answered_at"),
        ({"task": 1, "text": "x", "answered_at": 5}, "answered_at"),
        ({"task": 1, "text": "x", "who": "Li"}, "'who'"),
    ],
)
def test_bad_answers(session: Session, agency: Partner, body: Any, field: str | None) -> None:
    with pytest.raises(Invalid) as refusal:
        answers.record(session, agency, body)
    assert refusal.value.field == field

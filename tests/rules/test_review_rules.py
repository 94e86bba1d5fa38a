"""The life of a review, as the domain says it apart from the code's table, and what it takes in."""

from __future__ import annotations

import datetime as dt

import pytest

from gridserver.access.rules import PERMISSIONS
from gridserver.base.errors import Invalid
from gridserver.reviews import rules
from gridserver.reviews.rules import REVIEW, SAID_BY

EXPECTED = {
    "drafted": {"remark": "drafted", "learn": "drafted", "submit": "submitted"},
    "submitted": {"send_back": "drafted", "sign_off": "signed"},
    "signed": {"settle": "signed"},
}
VERBS = sorted({verb for verbs in EXPECTED.values() for verb in verbs})


@pytest.mark.parametrize("state", EXPECTED)
@pytest.mark.parametrize("verb", VERBS)
def test_state_by_verb(state: str, verb: str) -> None:
    assert REVIEW.after(state, verb) == EXPECTED[state].get(verb)


def test_every_verb_takes_a_permission_that_somebody_has() -> None:
    assert set(SAID_BY) == set(REVIEW.verbs) == set(VERBS)
    assert all(PERMISSIONS[permission] for permission in SAID_BY.values())
    assert "auditor" not in PERMISSIONS["review.write"] | PERMISSIONS["review.sign"]


def test_a_lesson_is_due_today_or_later() -> None:
    today = dt.date(2026, 3, 10)
    assert rules.read_due(today, today) == today
    with pytest.raises(Invalid, match="due_on"):
        rules.read_due(today - dt.timedelta(days=1), today)


@pytest.mark.parametrize("count", [0, rules.MOST_INCIDENTS + 1])
def test_how_many_incidents_a_review_is_about(count: int) -> None:
    rules.check_count(rules.MOST_INCIDENTS)
    with pytest.raises(Invalid, match="1 to 500"):
        rules.check_count(count)

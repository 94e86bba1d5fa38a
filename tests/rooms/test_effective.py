"""Rows that hold for a time, against the plainest model of them: a list of moments and values."""

from __future__ import annotations

import datetime as dt
from random import Random

import pytest

from gridserver.base import effective
from gridserver.base.effective import Note
from gridserver.dispatch.tables.models import SignLimit
from tests.conftest import MORNING

KEY = {"scope": "33082401", "priority": 1}
HOUR = dt.timedelta(hours=1)
NOTE = Note(None, "test")


class Plan:
    """What holds from which moment on."""

    def __init__(self) -> None:
        self.changes: dict[dt.datetime, int | None] = {}

    def at(self, moment: dt.datetime) -> int | None:
        before = [since for since in self.changes if since <= moment]
        return self.changes[max(before)] if before else None

    def put(self, since: dt.datetime, value: int | None) -> bool:
        if self.at(since) == value:
            return False
        self.changes[since] = value
        self._forget_ends_of_nothing()
        return True

    def take_back(self, since: dt.datetime) -> None:
        del self.changes[since]
        self._forget_ends_of_nothing()

    def _forget_ends_of_nothing(self) -> None:
        before = None
        for since in sorted(self.changes):
            if self.changes[since] is None and before is None:
                del self.changes[since]
                continue
            before = self.changes[since]


SAMPLED = [MORNING + n * HOUR / 2 for n in range(2 * 80)]


def stored(session) -> list[int | None]:
    """Return what the rows say at each of the moments; none says two things at one."""
    rows = session.query(SignLimit).filter_by(**KEY, withdrawn_at=None).all()
    said = [[row.seconds for row in rows if row.valid.contains(at)] for at in SAMPLED]
    assert max(map(len, said)) <= 1
    return [each[0] if each else None for each in said]


@pytest.mark.parametrize("seed", range(6))
def test_any_changes_are_as_the_plan_has_them(session, county, clock, seed):
    rng, plan = Random(seed), Plan()
    for _ in range(40):
        clock.advance(HOUR * rng.randint(0, 2))
        settled = sum(moment < clock.now() for moment in SAMPLED)
        before = stored(session)
        planned = session.query(SignLimit).filter_by(**KEY, withdrawn_at=None)
        coming = [row for row in planned if row.valid.lower > clock.now()]
        if coming and rng.random() < 0.3:
            row = rng.choice(coming)
            plan.take_back(row.valid.lower)
            effective.take_back(session, SignLimit, row.id)
        else:
            since = clock.now() + HOUR * rng.randint(0, 8)
            value = rng.choice([None, 60, 90, 120])
            said = None if value is None else {"seconds": value}
            made = effective.put(session, SignLimit, KEY, said, since, NOTE)
            assert made == plan.put(since, value)
        after = stored(session)
        assert after[:settled] == before[:settled]
        assert after == [plan.at(moment) for moment in SAMPLED]

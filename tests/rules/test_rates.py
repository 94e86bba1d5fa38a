"""Changes in a minute: what everybody may, and what nobody can use up of another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridserver.access import rates
from gridserver.access.rates import Rates

#: Gaps between requests, in seconds.
GAPS = st.lists(st.floats(0, 5), min_size=1, max_size=200)


def test_a_minutes_worth_at_once_and_then_at_the_rate() -> None:
    few = Rates(60)
    assert [few.take("a", 0.0) for _ in range(60)] == [0.0] * 60
    assert few.take("a", 0.0) == pytest.approx(1.0)
    assert few.take("a", 0.5) == pytest.approx(0.5)
    assert few.take("a", 1.0) == 0.0
    assert few.take("b", 1.0) == 0.0


def test_what_is_refused_is_not_counted() -> None:
    few = Rates(1)
    assert few.take("a", 0.0) == 0.0
    assert [few.take("a", 30.0) for _ in range(9)] == pytest.approx([30.0] * 9)
    assert few.take("a", 60.0) == 0.0


def test_what_queues_waits_for_its_turn() -> None:
    few = Rates(60)
    waits = [few.queue("a", 0.0) for _ in range(63)]
    assert waits == pytest.approx([0.0] * 60 + [1.0, 2.0, 3.0])


def test_nought_is_no_limit() -> None:
    assert {Rates(0).take("a", 0.0) for _ in range(100)} == {0.0}
    assert {Rates(0).queue("a", 0.0) for _ in range(100)} == {0.0}


@given(GAPS, st.integers(1, 30))
def test_nobody_gets_more_than_twice_the_rate_in_any_minute(gaps: list[float], most: int) -> None:
    """A minute's worth at once, and another while it goes by."""
    few, now, taken = Rates(most), 0.0, []
    for gap in gaps:
        now += gap
        wait = few.take("a", now)
        assert wait <= 60.0
        if wait == 0.0:
            taken.append(now)
    for start in taken:
        assert sum(start <= at < start + 60.0 for at in taken) <= 2 * most


def test_it_forgets_who_has_long_been_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "_MANY", 10)
    few = Rates(60)
    for nth in range(1000):
        few.take(nth, float(nth))
    assert len(few._due) <= 10

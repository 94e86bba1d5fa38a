"""How long each stretch of a task's way takes: P50 and P90, by group, against the targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.base.errors import Invalid
from gridserver.indicators import behind, calls
from gridserver.indicators.behind import CallRow
from gridserver.indicators.calls import Chosen
from gridserver.indicators.rules import INTERVALS, SMALL_SAMPLE


@dataclass(frozen=True)
class Measured:
    """An interval of the calls of a group.

    Attributes
    ----------
    n
        Calls that have both ends of it.
    p50_s, p90_s
        Seconds (continuous percentiles, as ``percentile_cont``).
    with_target, within_target
        Of these, those with a target, and those that kept it.
    """

    n: int
    p50_s: float
    p90_s: float
    with_target: int
    within_target: int

    @property
    def small(self) -> bool:
        """Whether so few calls say little."""
        return self.n < SMALL_SAMPLE


@dataclass(frozen=True)
class Group:
    """The calls that share a key (None: all of them), and their intervals by name; one that no call
    has is missing."""

    key: str | None
    calls: int
    intervals: Mapping[str, Measured]


def measure(
    session: Session,
    actor: Principal,
    wanted: Chosen,
    by: str,
    intervals: Sequence[str] = tuple(INTERVALS),
) -> list[Group]:
    """Return the intervals of all calls that are meant, and then of each group by key.

    Parameters
    ----------
    by
        A key of `calls.dimensions`.

    Raises
    ------
    Forbidden, NotFound, Invalid
        As `calls.chosen`; ``figures.unknown_group``, ``figures.unknown_interval``.
    """
    named = _known(intervals)
    keys = calls.dimensions(session)
    if by not in keys:
        raise Invalid("figures.unknown_group", f"by: give one of {', '.join(keys)}.", field="by")
    call = calls.chosen(session, actor, wanted).add_columns(keys[by].label("key")).cte("call")
    by_key = func.grouping_sets(_set(call.c.key), _set())
    counted = session.execute(select(call.c.key, func.count()).group_by(by_key))
    counts: dict[str | None, int] = {row[0]: row[1] for row in counted}
    leg = calls.legs(calls.ways(call), named)
    percentiles = func.percentile_cont([0.5, 0.9]).within_group(leg.c.seconds)
    measured = select(
        leg.c.key,
        leg.c.interval,
        func.count(),
        percentiles,
        func.count(leg.c.target),
        func.count().filter(leg.c.seconds <= leg.c.target),
    ).group_by(func.grouping_sets(_set(leg.c.key, leg.c.interval), _set(leg.c.interval)))
    found: dict[str | None, dict[str, Measured]] = {key: {} for key in counts}
    for key, interval, n, (p50, p90), with_target, within in session.execute(measured):
        found[key][interval] = Measured(n, p50, p90, with_target, within)
    return [Group(key, counts[key], _in_order(found[key])) for key in _sorted(counts)]


def rows(
    session: Session,
    actor: Principal,
    wanted: Chosen,
    interval: str,
    *,
    only_over: bool = False,
    skip: int = 0,
    limit: int,
) -> tuple[int, list[CallRow]]:
    """Return how many calls are behind an interval's figure, and a page of them, slowest first.

    `only_over`: those that missed their target. Raises as `measure`.
    """
    _known([interval])
    leg = calls.legs(calls.ways(calls.chosen(session, actor, wanted).cte("call")), (interval,))
    query = select(*behind.columns(leg), leg.c.seconds, leg.c.target)
    if only_over:
        query = query.where(leg.c.seconds > leg.c.target)
    return behind.page(session, query, (leg.c.seconds.desc(), leg.c.id.desc()), skip, limit)


def _known(intervals: Sequence[str]) -> tuple[str, ...]:
    if unknown := sorted(set(intervals) - set(INTERVALS)):
        raise Invalid(
            "figures.unknown_interval",
            f"interval: {unknown[0]!r} is none of {', '.join(INTERVALS)}.",
            field="interval",
        )
    return tuple(intervals)


def _in_order(found: Mapping[str, Measured]) -> dict[str, Measured]:
    return {name: found[name] for name in INTERVALS if name in found}


def _sorted(keys: Mapping[str | None, Any]) -> list[str | None]:
    """All calls first, then the groups by key: hours as numbers."""
    named = (key for key in keys if key is not None)
    return [None, *sorted(named, key=lambda key: (len(key), key) if key.isdigit() else (0, key))]


def _set(*columns: Any) -> Any:
    return tuple_(*columns)

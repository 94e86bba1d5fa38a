"""Where calls come from: counted by cell, and by squares of the ground for a heat map.

Only counts leave this module; no row says anything of one incident.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from geoalchemy2.functions import ST_X, ST_Y
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from gridserver.base.effective import held_at
from gridserver.base.errors import Invalid
from gridserver.incidents.models import CategoryRow, Incident
from gridserver.incidents.queries import ids_within

#: A year, so that the same season can be compared.
LONGEST = dt.timedelta(days=366)
#: Squares in one answer: what a map draws without a pause.
MOST_SQUARES = 5000
#: Degrees: some 100 m, the width of a street with its houses.
_FINEST_DEG = 0.001


@dataclass(frozen=True)
class Calls:
    """Which calls to count: those reported from `since` to before `until`, of the units at and
    below each of `paths`, narrowed by what isn't None."""

    since: dt.datetime
    until: dt.datetime
    paths: tuple[str, ...]
    category: str | None = None
    priority: int | None = None
    source: str | None = None
    cell: str | None = None

    def __post_init__(self) -> None:
        if not dt.timedelta() < self.until - self.since <= LONGEST:
            raise Invalid(
                "density.bad_period",
                f"Give a `from` before `to`, at most {LONGEST.days} days apart.",
                field="from",
            )


@dataclass(frozen=True)
class CellCalls:
    """How many calls a cell had, in all and of its commonest broad class."""

    cell: str
    calls: int
    commonest: str
    of_commonest: int


@dataclass(frozen=True)
class Square:
    """Calls in a square of the ground; `lon`, `lat` are its middle (EPSG:4326)."""

    lon: float
    lat: float
    calls: int


@dataclass(frozen=True)
class Heat:
    """The squares that had calls, the fullest first; `side_deg` is their side in degrees."""

    side_deg: float
    squares: tuple[Square, ...]

    @property
    def calls(self) -> int:
        """All calls."""
        return sum(square.calls for square in self.squares)


def by_cell(session: Session, calls: Calls) -> list[CellCalls]:
    """Return the cells that had calls, by code. Of two classes as common, the first by name."""
    counted = (
        select(Incident.cell_code, CategoryRow.broad_class, func.count())
        .join(
            CategoryRow,
            (CategoryRow.code == Incident.category)
            & held_at(CategoryRow, func.least(Incident.reported_at, Incident.received_at)),
        )
        .where(*_conditions(calls), Incident.cell_code.is_not(None))
        .group_by(Incident.cell_code, CategoryRow.broad_class)
        .order_by(Incident.cell_code, CategoryRow.broad_class)
    )
    classes: dict[str, dict[str, int]] = {}
    for cell, broad_class, count in session.execute(counted):
        classes.setdefault(str(cell), {})[broad_class] = count
    return [_cell_calls(cell, counts) for cell, counts in classes.items()]


def heat(session: Session, calls: Calls) -> Heat:
    """Return the calls by squares of the ground: as fine as `MOST_SQUARES` allow."""
    side = _FINEST_DEG
    while len(squares := _squares(session, calls, side)) > MOST_SQUARES:
        side *= 2
    return Heat(side, tuple(squares))


def _cell_calls(cell: str, counts: dict[str, int]) -> CellCalls:
    commonest = max(counts, key=lambda name: counts[name])
    return CellCalls(cell, sum(counts.values()), commonest, counts[commonest])


def _squares(session: Session, calls: Calls, side: float) -> list[Square]:
    column, row = (func.floor(axis / side) for axis in (ST_X(Incident.point), ST_Y(Incident.point)))
    counted = (
        select(column.label("x"), row.label("y"), func.count().label("calls"))
        .where(*_conditions(calls))
        .group_by("x", "y")
        .order_by(sa.desc("calls"), "x", "y")
        .limit(MOST_SQUARES + 1)
    )
    return [
        Square(round((x + 0.5) * side, 6), round((y + 0.5) * side, 6), count)
        for x, y, count in session.execute(counted)
    ]


def _conditions(calls: Calls) -> Iterable[ColumnElement[bool]]:
    yield Incident.reported_at >= calls.since
    yield Incident.reported_at < calls.until
    yield Incident.id.in_(ids_within(calls.paths))
    for column, value in (
        (Incident.category, calls.category),
        (Incident.priority, calls.priority),
        (Incident.source, calls.source),
        (Incident.cell_code, calls.cell),
    ):
        if value is not None:
            yield column == value

"""The force as seven tables of plain rows: what a workbook holds and an import takes.

Rows name each other by code and service number, never by database id, so that they mean the same
in every installation. `line` is where a row stands in its sheet (the header is line 1); it is no
part of the row's value.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True)
class UnitRow:
    """A unit; `lon`, `lat` in degrees, EPSG:4326. The bureau is the one without a parent."""

    code: str
    kind: str
    name: str
    name_en: str | None = None
    parent: str | None = None
    mode: str | None = None
    lon: float | None = None
    lat: float | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class OfficerRow:
    """An officer or auxiliary. `name` is the account's display name."""

    service_number: str
    name: str
    kind: str
    unit: str
    rank: str | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class OwnershipRow:
    """Who owns a cell code in which role, from when to before when (None: until further notice)."""

    cell: str
    role: str
    service_number: str
    valid_from: dt.datetime
    valid_to: dt.datetime | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class ShiftRow:
    """A stretch of duty from `start` to before `end`, for `unit` (None: the officer's own).

    `post` is the code of the police post that is watched.
    """

    service_number: str
    duty: str
    start: dt.datetime
    end: dt.datetime
    unit: str | None = None
    post: str | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class AbsenceRow:
    """A time in which an officer can't be called on, from `start` to before `end`.

    `stand_in` is the service number of who covers meanwhile.
    """

    service_number: str
    reason: str
    start: dt.datetime
    end: dt.datetime
    stand_in: str | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class LeaderRow:
    """Who leads a unit, from when to before when (None: until further notice)."""

    unit: str
    service_number: str
    valid_from: dt.datetime
    valid_to: dt.datetime | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class PostRow:
    """A police post of a unit; `lon`, `lat` in degrees, EPSG:4326."""

    code: str
    name: str
    unit: str
    watched: bool
    lon: float | None = None
    lat: float | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Tables:
    """The force. Any of them may be empty; an import leaves alone what isn't named."""

    units: tuple[UnitRow, ...] = ()
    officers: tuple[OfficerRow, ...] = ()
    ownership: tuple[OwnershipRow, ...] = ()
    rosters: tuple[ShiftRow, ...] = ()
    absences: tuple[AbsenceRow, ...] = ()
    leaders: tuple[LeaderRow, ...] = ()
    posts: tuple[PostRow, ...] = ()


@dataclass(frozen=True)
class Fault:
    """Something wrong in a row: where, and what to do about it."""

    sheet: str
    row: int
    column: str
    text: str

    def __str__(self) -> str:
        return f"{self.sheet}, row {self.row}, {self.column}: {self.text}"

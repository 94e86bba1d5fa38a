"""What the tables' columns hold, and how a value for one is read: pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gridserver.base import reading
from gridserver.base.errors import Invalid
from gridserver.dispatch.norms import HOURS, INTERVALS, LAST_RUNG, ROUTES, RUNGS
from gridserver.dispatch.tables.book import BUREAU, Book
from gridserver.incidents.categories import BROAD_CLASSES
from gridserver.org.models import MODES

#: ``scope``: the bureau, a mode or a station, by code. ``choices``: several of `Column.choices`, in
#: order, none twice. ``value``: what `PARAMETERS` says of the row's name.
Kind = Literal[
    "scope",
    "category",
    "unit",
    "choice",
    "choices",
    "integer",
    "number",
    "text",
    "time",
    "value",
]
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_DAY_S = 86_400
_LONGEST = 200


@dataclass(frozen=True)
class Column:
    """A column, and what it takes.

    Attributes
    ----------
    choices
        For ``choice`` and ``choices``.
    least, most
        For ``integer`` and ``number``, both inclusive.
    measure
        What a number is in: ``s``, ``m``.
    """

    name: str
    kind: Kind
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    measure: str | None = None
    nullable: bool = False


@dataclass(frozen=True)
class Table:
    """A table's columns: those that name a row, and those that it says."""

    name: str
    key: tuple[Column, ...]
    values: tuple[Column, ...]


def _seconds(name: str, least: int = 1, most: int = _DAY_S, nullable: bool = False) -> Column:
    return Column(name, "integer", least=least, most=most, measure="s", nullable=nullable)


def _metres(name: str, most: float) -> Column:
    return Column(name, "number", least=0.0, most=most, measure="m")


def _count(name: str, most: int, nullable: bool = False) -> Column:
    return Column(name, "integer", least=1, most=most, nullable=nullable)


#: What the value of each parameter takes.
PARAMETERS: Mapping[str, Column] = {
    column.name: column
    for column in (
        _count("three_or_more", 1000),
        Column("three_or_more_unit", "unit", nullable=True),
        _metres("border_distance_m", 20_000.0),
        _seconds("unreachable_after_s", least=60, nullable=True),
        _count("crew_in_turn", 100, nullable=True),
        _seconds("position_fresh_s"),
        Column("day_from", "time"),
        Column("day_to", "time"),
        _metres("duplicate_radius_m", 20_000.0),
        _seconds("duplicate_within_s"),
        _count("households_per_officer", 1_000_000),
        _count("people_per_officer", 1_000_000),
        Column("community_share", "number", least=0.0, most=1.0),
        _count("two_teams_from", 10_000),
        _count("two_teams_from_with_auxiliaries", 10_000),
        Column("officers_ranked", "choice", ("off", "on")),
    )
}

_SCOPE = Column("scope", "scope")
_PRIORITY = _count("priority", 4)

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table(
            "category",
            (Column("code", "text"),),
            (
                Column("parent", "category", nullable=True),
                Column("broad_class", "choice", BROAD_CLASSES),
                Column("name_zh", "text"),
                Column("name_en", "text"),
                _PRIORITY,
                Column("position", "integer", least=0, most=1_000_000),
            ),
        ),
        Table(
            "route",
            (_SCOPE, Column("category", "category")),
            (
                Column("kind", "choice", ROUTES),
                Column("unit", "unit", nullable=True),
                Column("agency", "text", nullable=True),
            ),
        ),
        Table(
            "ladder",
            (_SCOPE, Column("route", "choice", ROUTES), Column("hours", "choice", HOURS)),
            (Column("rungs", "choices", tuple(rung for rung in RUNGS if rung != LAST_RUNG)),),
        ),
        Table("sign_limit", (_SCOPE, _PRIORITY), (_seconds("seconds"),)),
        Table(
            "response_target",
            (_SCOPE, Column("interval", "choice", INTERVALS), _PRIORITY),
            (_seconds("seconds", most=30 * _DAY_S),),
        ),
        Table(
            "parameter",
            (Column("name", "choice", tuple(PARAMETERS)),),
            (Column("value", "value"),),
        ),
        Table(
            "liaison",
            (Column("code", "text"),),
            (Column("name", "text"), Column("contact", "text")),
        ),
    )
}


def read(column: Column, value: Any) -> Any:
    """Return `value` as it is stored in `column`; whether there is what it names isn't asked.

    Raises
    ------
    Invalid
        Names the column: ``input.missing``, ``input.number``, ``input.not_text``,
        ``input.length``, ``input.characters``, ``input.choice``, ``input.not_time``.
    """
    if value is None:
        if column.nullable:
            return None
        raise Invalid("input.missing", f"{column.name}: give a value.", field=column.name)
    if column.kind in ("integer", "number"):
        return _number(column, value)
    if column.kind == "choices":
        return _choices(column, value)
    said = reading.text(value, column.name, longest=_LONGEST)
    if column.kind == "choice":
        return _choice(column, said)
    return _time(column, said) if column.kind == "time" else said


def from_text(column: Column, text: str | None) -> Any:
    """Return what a text stands for in `column`, for `read` to take or to refuse: an empty one for
    nothing, several choices with commas between them."""
    if not text:
        return None
    if column.kind == "choices":
        return [each.strip() for each in text.split(",")]
    if column.kind in ("integer", "number"):
        return float(text) if _NUMBER.fullmatch(text) else text
    return text


def require_known(column: Column, value: Any, book: Book, at: dt.datetime) -> None:
    """Refuse a name that names nothing at `at`.

    Raises
    ------
    Invalid
        ``norms.unknown_scope``, ``norms.unknown_unit``, ``norms.unknown_category``.
    """
    name = column.name
    if value is None:
        return
    if column.kind == "scope":
        unit = book.units.get(value)
        if value not in (BUREAU, *MODES) and (unit is None or unit.kind != "station"):
            raise Invalid(
                "norms.unknown_scope",
                f"{name}: {value!r} is neither {BUREAU}, a mode ({', '.join(MODES)}) nor the code "
                "of a station.",
                field=name,
            )
    elif column.kind == "unit" and value not in book.units:
        raise Invalid("norms.unknown_unit", f"{name}: there is no unit {value!r}.", field=name)
    elif column.kind == "category" and book.find("category", (value,), at) is None:
        raise Invalid(
            "norms.unknown_category", f"{name}: there is no category {value!r}.", field=name
        )


def _number(column: Column, value: Any) -> float:
    least, most = column.least or 0.0, column.most or 0.0
    number = reading.number(value, column.name, least=least, most=most)
    if column.kind == "number":
        return number
    if number != int(number):
        raise Invalid("input.number", f"{column.name}: give a whole number.", field=column.name)
    return int(number)


def _choice(column: Column, said: str) -> str:
    if said not in column.choices:
        raise Invalid(
            "input.choice",
            f"{column.name}: {said!r} is none of {', '.join(column.choices)}.",
            field=column.name,
        )
    return said


def _choices(column: Column, value: Any) -> list[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise Invalid("input.choice", f"{column.name}: give a list.", field=column.name)
    if not value or len(set(value)) < len(value):
        raise Invalid(
            "input.choice", f"{column.name}: give at least one, and none twice.", field=column.name
        )
    return [_choice(column, each) for each in value]


def _time(column: Column, said: str) -> str:
    try:
        return dt.time.fromisoformat(said).strftime("%H:%M")
    except ValueError as error:
        raise Invalid(
            "input.not_time",
            f"{column.name}: {said!r} is no time such as 08:30.",
            field=column.name,
        ) from error

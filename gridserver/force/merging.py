"""What an import would change, and what stands in its way: pure.

An import never deletes: a row that is known (by its key) is changed, another is added, and what
isn't named stays. So importing the same file twice changes nothing the second time.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, Generic, TypeVar

from gis.crs import WGS84, to_wgs84
from gis.errors import CoordinateError
from gridserver.force.tables import (
    AbsenceRow,
    Fault,
    LeaderRow,
    OfficerRow,
    OwnershipRow,
    PostRow,
    ShiftRow,
    Tables,
    UnitRow,
)

Row = TypeVar("Row", UnitRow, OfficerRow, OwnershipRow, ShiftRow, AbsenceRow, LeaderRow, PostRow)

#: What names a row of each sheet.
KEYS: Mapping[str, Callable[[Any], Any]] = {
    "units": attrgetter("code"),
    "officers": attrgetter("service_number"),
    "ownership": attrgetter("cell", "service_number", "valid_from"),
    "rosters": attrgetter("service_number", "duty", "start"),
    "absences": attrgetter("service_number", "start"),
    "leaders": attrgetter("unit", "service_number", "valid_from"),
    "posts": attrgetter("code"),
}
#: What may not change in a known row, and what to do instead.
_FIXED = {
    "units": (("kind", "a unit keeps its kind."), ("parent", "a unit keeps its place.")),
    "officers": (("kind", "take them on under another service number."),),
    "ownership": (("role", "end this one with valid_to and add another from then on."),),
}
_UNIT_CODE = re.compile(r"[0-9A-Za-z_-]+")
_LONGEST_NUMBER = 64


@dataclass(frozen=True)
class Difference(Generic[Row]):
    """What an import does to one table."""

    added: tuple[Row, ...]
    changed: tuple[Row, ...]
    unchanged: int


@dataclass(frozen=True)
class Plan:
    """What an import does; `units` and the others as in `Tables`. New units stand below-first."""

    units: Difference[UnitRow]
    officers: Difference[OfficerRow]
    ownership: Difference[OwnershipRow]
    rosters: Difference[ShiftRow]
    absences: Difference[AbsenceRow]
    leaders: Difference[LeaderRow]
    posts: Difference[PostRow]


def plan(present: Tables, given: Tables) -> Plan:
    """Return what importing `given` changes in `present`. Ask `check` first."""
    given = _completed(present, given)
    units = _difference("units", present.units, given.units)
    return Plan(
        units=Difference(tuple(_parents_first(units.added)), units.changed, units.unchanged),
        officers=_difference("officers", present.officers, given.officers),
        ownership=_difference("ownership", present.ownership, given.ownership),
        rosters=_difference("rosters", present.rosters, given.rosters),
        absences=_difference("absences", present.absences, given.absences),
        leaders=_difference("leaders", present.leaders, given.leaders),
        posts=_difference("posts", present.posts, given.posts),
    )


def check(present: Tables, given: Tables) -> list[Fault]:
    """Return everything that keeps `given` from being imported, by sheet and row."""
    units = _merged("units", present.units, given.units)
    officers = _merged("officers", present.officers, given.officers)
    return [
        *_repeated_and_fixed(present, given),
        *_unit_faults(units, given.units),
        *_officer_faults(units, given.officers),
        *_owner_faults(officers, given.ownership),
        *_shift_faults(
            units, officers, _merged("posts", present.posts, given.posts), given.rosters
        ),
        *_absence_faults(officers, given.absences),
        *_leader_faults(units, officers, given.leaders),
        *_post_faults(units, given.posts),
        *_range_faults(present, given),
    ]


def _completed(present: Tables, given: Tables) -> Tables:
    """Return `given` with the unit that each shift serves: as known, else the officer's own."""
    known = {KEYS["rosters"](row): row.unit for row in present.rosters}
    own = {
        number: row.unit
        for number, row in _merged("officers", present.officers, given.officers).items()
    }
    rosters = (
        replace(row, unit=row.unit or known.get(KEYS["rosters"](row)) or own[row.service_number])
        for row in given.rosters
    )
    return replace(given, rosters=tuple(rosters))


def _difference(name: str, present: Sequence[Row], given: Sequence[Row]) -> Difference[Row]:
    key = KEYS[name]
    known = {key(row): row for row in present}
    added = tuple(row for row in given if key(row) not in known)
    changed = tuple(row for row in given if known.get(key(row), row) != row)
    return Difference(added, changed, len(given) - len(added) - len(changed))


def _merged(name: str, present: Sequence[Row], given: Sequence[Row]) -> dict[Any, Row]:
    key = KEYS[name]
    merged = {key(row): row for row in present}
    merged.update((key(row), row) for row in given)
    return merged


def _parents_first(added: Sequence[UnitRow]) -> Iterator[UnitRow]:
    waiting = {row.code: row for row in added}
    while waiting:
        ready = [row for row in waiting.values() if row.parent not in waiting]
        for row in ready:
            del waiting[row.code]
            yield row


def _repeated_and_fixed(present: Tables, given: Tables) -> Iterator[Fault]:
    for name, key in KEYS.items():
        known = {key(row): row for row in getattr(present, name)}
        lines: dict[Any, int] = {}
        for row in getattr(given, name):
            if key(row) in lines:
                first = lines[key(row)]
                yield Fault(name, row.line, "?", f"row {first} says this already; remove one.")
            lines.setdefault(key(row), row.line)
            for column, remedy in _FIXED.get(name, ()):
                former = getattr(known.get(key(row), row), column)
                if former != getattr(row, column):
                    yield Fault(name, row.line, column, f"it is {former} so far; {remedy}")


def _unit_faults(units: Mapping[str, UnitRow], given: Sequence[UnitRow]) -> Iterator[Fault]:
    for row in given:
        for column, text in _wrong_with_unit(row, units):
            yield Fault("units", row.line, column, text)
    roots = [row for row in units.values() if row.kind == "bureau"]
    for row in roots[1:]:
        yield Fault("units", row.line, "kind", f"there is one bureau, {roots[0].code}.")


def _wrong_with_unit(row: UnitRow, units: Mapping[str, UnitRow]) -> Iterator[tuple[str, str]]:
    if not _UNIT_CODE.fullmatch(row.code):
        yield "code", "it takes letters, digits, '-' and '_' only."
    if (row.kind == "bureau") != (row.parent is None):
        yield "parent", "every unit but the bureau has one; give its code."
    elif row.parent is not None and row.parent not in units:
        yield "parent", f"there is no unit {row.parent}; add it to the sheet units."
    elif _goes_round(row, units):
        yield "parent", f"{row.code} would stand below itself."
    if row.mode is not None and row.kind != "station":
        yield "mode", "only stations have one; empty it."
    yield from _wrong_with_place(row)


def _wrong_with_place(row: UnitRow | PostRow) -> Iterator[tuple[str, str]]:
    if (row.lon is None) != (row.lat is None):
        yield "lon" if row.lon is None else "lat", "give both lon and lat, or neither."
    elif row.lon is not None and row.lat is not None:
        try:
            to_wgs84(row.lon, row.lat, WGS84)
        except CoordinateError as error:
            yield "lon", error.message


def _goes_round(row: UnitRow, units: Mapping[str, UnitRow]) -> bool:
    seen = {row.code}
    above = row.parent
    while above is not None and above in units:
        if above in seen:
            return True
        seen.add(above)
        above = units[above].parent
    return False


def _officer_faults(units: Mapping[str, UnitRow], given: Sequence[OfficerRow]) -> Iterator[Fault]:
    yield from _known_units("officers", units, given)
    for row in given:
        number = row.service_number
        if len(number) > _LONGEST_NUMBER or any(c.isspace() for c in number):
            yield Fault(
                "officers", row.line, "service_number", "it has at most 64 characters, no blanks."
            )


def _owner_faults(
    officers: Mapping[str, OfficerRow], given: Sequence[OwnershipRow]
) -> Iterator[Fault]:
    yield from _known_officers("ownership", officers, given)
    for row in given:
        owner = officers.get(row.service_number)
        if owner is not None and owner.kind != "officer":
            yield Fault(
                "ownership",
                row.line,
                "service_number",
                f"{row.service_number} is an auxiliary and can't answer for a cell.",
            )


def _shift_faults(
    units: Mapping[str, UnitRow],
    officers: Mapping[str, OfficerRow],
    posts: Mapping[str, PostRow],
    given: Sequence[ShiftRow],
) -> Iterator[Fault]:
    yield from _known_officers("rosters", officers, given)
    yield from _known_units("rosters", units, given)
    for row in given:
        if row.post is not None and row.post not in posts:
            text = f"there is no post {row.post}; add it to the sheet posts."
            yield Fault("rosters", row.line, "post", text)


def _absence_faults(
    officers: Mapping[str, OfficerRow], given: Sequence[AbsenceRow]
) -> Iterator[Fault]:
    yield from _known_officers("absences", officers, given)
    for row in given:
        stand_in = officers.get(row.stand_in or "")
        if row.stand_in is not None and (
            stand_in is None or stand_in.kind != "officer" or row.stand_in == row.service_number
        ):
            yield Fault(
                "absences",
                row.line,
                "stand_in",
                f"{row.stand_in} is no other officer who could stand in.",
            )


def _leader_faults(
    units: Mapping[str, UnitRow], officers: Mapping[str, OfficerRow], given: Sequence[LeaderRow]
) -> Iterator[Fault]:
    yield from _known_officers("leaders", officers, given)
    yield from _known_units("leaders", units, given)
    for row in given:
        leader = officers.get(row.service_number)
        if leader is not None and leader.kind != "officer":
            text = f"{row.service_number} is an auxiliary and leads no unit."
            yield Fault("leaders", row.line, "service_number", text)


def _post_faults(units: Mapping[str, UnitRow], given: Sequence[PostRow]) -> Iterator[Fault]:
    yield from _known_units("posts", units, given)
    for row in given:
        if not _UNIT_CODE.fullmatch(row.code):
            text = "it takes letters, digits, '-' and '_' only."
            yield Fault("posts", row.line, "code", text)
        for column, text in _wrong_with_place(row):
            yield Fault("posts", row.line, column, text)


def _known_units(
    name: str,
    units: Mapping[str, UnitRow],
    given: Iterable[ShiftRow | LeaderRow | PostRow | OfficerRow],
) -> Iterator[Fault]:
    for row in given:
        if row.unit is not None and row.unit not in units:
            text = f"there is no unit {row.unit}; add it to the sheet units."
            yield Fault(name, row.line, "unit", text)


def _known_officers(
    name: str,
    officers: Mapping[str, OfficerRow],
    given: Iterable[OwnershipRow | ShiftRow | AbsenceRow | LeaderRow],
) -> Iterator[Fault]:
    for row in given:
        if row.service_number not in officers:
            yield Fault(
                name,
                row.line,
                "service_number",
                f"there is no officer {row.service_number}; add them to the sheet officers.",
            )


@dataclass(frozen=True)
class _Ranges:
    """How a sheet's rows follow each other: whose times may not overlap, and their columns."""

    whose: Callable[[Any], Any]
    start: str
    end: str


_RANGES = {
    "ownership": _Ranges(attrgetter("cell", "service_number"), "valid_from", "valid_to"),
    "rosters": _Ranges(attrgetter("service_number", "duty"), "start", "end"),
    "absences": _Ranges(attrgetter("service_number"), "start", "end"),
    "leaders": _Ranges(attrgetter("unit", "service_number"), "valid_from", "valid_to"),
}
_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)


def _range_faults(present: Tables, given: Tables) -> Iterator[Fault]:
    for name, ranges in _RANGES.items():
        start, end = attrgetter(ranges.start), attrgetter(ranges.end)
        rows = getattr(given, name)
        for row in rows:
            if end(row) is not None and end(row) <= start(row):
                yield Fault(name, row.line, ranges.end, f"it must come after {ranges.start}.")
        touched = {ranges.whose(row) for row in rows}
        series = defaultdict(list)
        for row in _merged(name, getattr(present, name), rows).values():
            if ranges.whose(row) in touched:
                series[ranges.whose(row)].append(row)
        for each in series.values():
            each.sort(key=start)
            for former, later in itertools.pairwise(each):
                if (end(former) or _NEVER) > start(later):
                    yield _overlap(name, ranges.start, former, later)


def _overlap(name: str, column: str, former: Any, later: Any) -> Fault:
    # A row of the database has no line; the other one of the two is then the one given.
    told, other = (later, former) if later.line else (former, later)
    where = f"row {other.line}" if other.line else "what is known already"
    return Fault(name, told.line, column, f"the time overlaps with {where}; end one of them first.")


def counts(difference: Difference[Any]) -> Counter[str]:
    """Return how many rows are added, changed and unchanged."""
    return Counter(
        added=len(difference.added),
        changed=len(difference.changed),
        unchanged=difference.unchanged,
    )

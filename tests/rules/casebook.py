"""Cases of decisions written in words (`cases/decisions.yaml`), and the facts that they mean.

The sample county of the file is plane: boxes in metres, laid out around a point in Kaihua. Where a
report lies is found by `gis.locator` as everywhere else; the roster is a list of daily shifts.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from shapely import MultiPolygon, Point, box

from gis.locator import Locator
from gis.tangent import metres_per_degree
from gridserver.dispatch.norms import (
    DEFAULT_LADDERS,
    NORMAL,
    Hours,
    Ladder,
    Mode,
    Norms,
    Parameters,
    Route,
    RouteKind,
    default_norms,
)
from gridserver.dispatch.rules import (
    Border,
    Facts,
    FieldUnit,
    Officer,
    Person,
    Place,
    When,
    crew_units,
    route_of,
)

FILE = Path(__file__).parent / "cases" / "decisions.yaml"
ZONE = ZoneInfo("Asia/Shanghai")
_WEST, _SOUTH = 118.40, 29.10
_MOST_OF_A_DAY = dt.time.max

_SHIFT = re.compile(r"(?P<duty>\w+) at (?P<unit>\S+) (?P<start>[\d:]+)-(?P<end>[\d:]+)")
#: What a case may change, in words → the name of the method that reads it.
_CHANGES = {
    r"(?P<who>\S+) absent(?:, (?P<stand_in>\S+) stands in)?": "absent",
    r"(?P<who>\S+) off duty": "off_duty",
    r"(?P<who>\S+) unseen for (?P<minutes>\d+) min": "unseen",
    r"nobody on (?P<duty>\w+)(?: at (?P<unit>\S+))?": "nobody_on",
    r"(?P<who>\S+) on (?P<duty>\w+) at (?P<unit>\S+)(?: (?P<hours>[\d:]+-[\d:]+))?": "also_on",
    r"(?P<cell>\S+) has no primary": "no_primary",
    r"(?P<unit>\S+) has no command room": "no_room",
}


@dataclass(frozen=True)
class Case:
    """One case: its title, the facts that its words mean, and what is expected of the decision."""

    title: str
    facts: Facts
    expected: Mapping[str, Any]


@cache
def cases() -> tuple[Case, ...]:
    """Return the cases of the file."""
    document = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return tuple(
        Case(words["case"], _Reader(document, words).facts(), words) for words in document["cases"]
    )


@dataclass
class _Shift:
    duty: str
    unit: str
    start: dt.time
    end: dt.time
    crew: list[str]

    def covers(self, time: dt.time) -> bool:
        """A shift begins with its first minute and has ended when the last is over."""
        if self.start < self.end:
            return self.start <= time < self.end
        return time >= self.start or time < self.end


class _Reader:
    """Turns the words of one case into facts."""

    def __init__(self, document: Mapping[str, Any], words: Mapping[str, Any]) -> None:
        self.document, self.words = document, words
        self.at = _moment(words["at"])
        self.names = list(document["officers"])
        self.shifts = [_shift(line, crew) for line, crew in document["roster"].items()]
        self.cells = {name: dict(cell) for name, cell in document["cells"].items()}
        self.gone: dict[str, str | None] = {}
        self.silent_s: dict[str, int] = {}
        self.off: set[str] = set()
        self.rooms = dict(document["rooms"])
        for change in words.get("changes", ()):
            self._change(change)

    def facts(self) -> Facts:
        """Return what the case is to be decided on."""
        spot = self.document["places"][self.words["place"]]
        point = Point(spot["x"], spot["y"])
        place = self._place(point, spot.get("accuracy_m"))
        norms = self._norms(place.station_name)
        cell = self.cells.get(place.cell_name or "", {})
        group = self.document["groups"].get(place.station_name, {})
        counts = {name: self.words.get(name, 0) for name in ("suspects", "offences")}
        route = route_of(norms, **counts)
        return Facts(
            place=place,
            norms=norms,
            priority=self.words.get("priority", norms.priority),
            when=self._when(),
            station_room=self._room(place.station_name),
            bureau_room=self._room(self.document["bureau"]),
            primaries=self._officers(cell.get("primary", ())),
            backups=self._officers(cell.get("backup", ())),
            group=self._officers(group.get("members", ()) if cell else ()),
            team_leaders=self._officers(group.get("leader", ()) if cell else ()),
            on_duty={
                unit: self._officers(self._on_shift(unit))
                for unit in crew_units(route, place.station)
            },
            border=self._border(point),
            field_units=self._field_units(),
            **counts,
        )

    def _place(self, point: Point, accuracy_m: float | None) -> Place:
        reported = _moment(self.words.get("reported", self.words["at"]))
        since = self.document["grids"].items()
        grid = next((name for name, at in reversed(since) if _moment(at) <= reported), None)
        if grid is None:
            return Place(None, None, None, None, None, "outside", (), None)
        codes = {cell["code"]: name for name, cell in self.cells.items()}
        locator = Locator(
            list(codes),
            [_box(cell["box"].get(grid, cell["box"]["always"])) for cell in self.cells.values()],
            ground=_box(self.document["outline"]),
        )
        found = locator.locate(*_degrees(point.x, point.y), accuracy_m)
        name = codes[found.code] if found.code else None
        station = self.cells[name]["station"] if name else None
        return Place(
            cell=found.code,
            cell_name=name,
            station=station,
            station_name=station,
            grid_version=grid,
            method=found.method,
            neighbours=found.neighbours,
            distance_m=found.distance_m,
        )

    def _norms(self, station: str | None) -> Norms:
        mode = self.document["stations"].get(station)
        category = self.words["category"]
        norms = default_norms(category, mode, priority=self.document["priorities"][category])
        rows = [*self.document["routes"], *self.words.get("routes", ())]
        routes = [_route(row, station, mode) for row in rows if row["category"] == category]
        chosen = [route for route in routes if route] or [norms.route]
        return replace(
            norms,
            route=chosen[-1],
            ladders=DEFAULT_LADDERS | self._ladders(),
            parameters=self._parameters(),
            mode=self._mode(),
        )

    def _ladders(self) -> dict[tuple[RouteKind, Hours], Ladder]:
        changed = self.words.get("ladders", {})
        return {tuple(key.split("/")): tuple(rungs) for key, rungs in changed.items()}

    def _parameters(self) -> Parameters:
        unit = self.document["three_or_more"]
        named = Parameters(three_or_more_unit=unit, three_or_more_unit_name=unit)
        numbers = self.words.get("numbers", {})
        hours = {k: dt.time.fromisoformat(v) for k, v in numbers.items() if k.startswith("day_")}
        return replace(named, **numbers | hours)

    def _mode(self) -> Mode:
        order = self.words.get("mobilised")
        if order is None:
            return NORMAL
        since = _moment(order["since"])
        return Mode("mobilised", order["unit"], order["unit"], order["by"], order["why"], since)

    def _when(self) -> When:
        special = self.document["calendar"].get(f"{self.at:%Y-%m-%d}")
        if special:
            return When(self.at, special["kind"], special["name"])
        return When(self.at, "working" if self.at.weekday() < 5 else "rest")

    def _border(self, point: Point) -> Border | None:
        within = self.words.get("numbers", {}).get("border_distance_m", 300)
        home = box(*self.document["outline"])
        near = [
            Border(
                name,
                bureau["name_en"],
                bureau.get("contact"),
                max(point.distance(box(*bureau["box"])), point.distance(home)),
            )
            for name, bureau in self.document["neighbours"].items()
        ]
        nearest = min(near, key=lambda border: border.distance_m)
        return nearest if nearest.distance_m <= within else None

    def _field_units(self) -> tuple[FieldUnit, ...] | None:
        listed = self.words.get("field_units")
        if listed is None:
            return None
        return tuple(FieldUnit(code=unit["name"], **unit) for unit in listed)

    def _room(self, unit: str | None) -> tuple[Person, ...]:
        desks = list(self.document["rooms"])
        if unit not in self.rooms:
            return ()
        return (
            Person(len(self.names) + desks.index(unit) + 1, self.rooms[unit], self.rooms[unit]),
        )

    def _officers(self, names: Sequence[str]) -> tuple[Officer, ...]:
        return tuple(self._officer(name) for name in names)

    def _officer(self, name: str) -> Officer:
        stand_in = self.gone.get(name)
        return Officer(
            account_id=self.names.index(name) + 1,
            username=name,
            display_name=name,
            duties=tuple(dict.fromkeys(shift.duty for shift in self._present(name))),
            absent=name in self.gone,
            unseen_s=self.silent_s.get(name),
            stand_in=self._officer(stand_in) if stand_in else None,
        )

    def _present(self, name: str) -> Iterator[_Shift]:
        if name not in self.off:
            yield from (s for s in self.shifts if name in s.crew and s.covers(self.at.time()))

    def _on_shift(self, unit: str) -> list[str]:
        on = {name: list(self._present(name)) for name in self.names}
        return [name for name, shifts in on.items() if any(s.unit == unit for s in shifts)]

    def _change(self, change: str) -> None:
        for pattern, name in _CHANGES.items():
            if found := re.fullmatch(pattern, change):
                getattr(self, f"_{name}")(**found.groupdict())
                return
        raise ValueError(f"{self.words['case']}: no such change: {change}")

    def _absent(self, who: str, stand_in: str | None) -> None:
        self.gone[who] = stand_in

    def _off_duty(self, who: str) -> None:
        self.off.add(who)

    def _unseen(self, who: str, minutes: str) -> None:
        self.silent_s[who] = int(minutes) * 60

    def _also_on(self, who: str, duty: str, unit: str, hours: str | None) -> None:
        self.shifts.append(_shift(f"{duty} at {unit} {hours or '00:00-24:00'}", [who]))

    def _nobody_on(self, duty: str, unit: str | None) -> None:
        self.shifts = [s for s in self.shifts if s.duty != duty or unit not in (None, s.unit)]

    def _no_primary(self, cell: str) -> None:
        self.cells[cell]["primary"] = []

    def _no_room(self, unit: str) -> None:
        del self.rooms[unit]


def _route(row: Mapping[str, Any], station: str | None, mode: str | None) -> Route | None:
    """Return the route of a row; None where the row is of another station or mode."""
    scopes = {"bureau": "bureau", mode: "mode", station: "station"}
    if row["of"] not in scopes:
        return None
    unit = row.get("unit")
    return Route(row["route"], scopes[row["of"]], unit, unit, row.get("agency"), row["category"])


def _moment(words: str) -> dt.datetime:
    return dt.datetime.fromisoformat(words).replace(tzinfo=ZONE)


def _shift(line: str, crew: Sequence[str]) -> _Shift:
    found = _SHIFT.fullmatch(line)
    if found is None:
        raise ValueError(f"no such shift: {line}")
    end = found["end"]
    return _Shift(
        found["duty"],
        found["unit"],
        dt.time.fromisoformat(found["start"]),
        _MOST_OF_A_DAY if end == "24:00" else dt.time.fromisoformat(end),
        list(crew),
    )


def _degrees(x: float, y: float) -> tuple[float, float]:
    east, north = metres_per_degree(_SOUTH)
    return _WEST + x / east, _SOUTH + y / north


def _box(sides: Sequence[float]) -> MultiPolygon:
    west, south, east, north = sides
    return MultiPolygon([box(*_degrees(west, south), *_degrees(east, north))])

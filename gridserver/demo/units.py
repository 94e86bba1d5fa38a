"""The demo county's units: the bureau, its headquarters, nine stations, their teams and groups.

The stations come from the package data; their inner order follows their mode
(``two_teams_one_room`` 两队一室, ``two_rooms_many_areas`` 两室多警务区). How many serve where is
made up so that the county has its 331 officers, and stations of 25 or more keep the norm of 40 %
community officers.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Literal

from gridserver.force.tables import UnitRow

Function = Literal["community", "leader", "room", "case", "traffic", "headquarters"]

BUREAU = UnitRow("330824", "bureau", "开化县公安局", "Kaihua County Public Security Bureau")
#: Three who cover for each other: 三人一组.
GROUP = 3
#: At most three groups to a team: 三组一队.
GROUPS_OF_TEAM = 3
_NUMERALS = "一二三四五六七八九十"


@dataclass(frozen=True)
class Post:
    """So many officers with one function in a unit."""

    unit: str
    function: Function
    officers: int


@dataclass(frozen=True)
class Station:
    """A station of the package data, in degrees (EPSG:4326)."""

    code: str
    name: str
    name_en: str
    mode: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Strength:
    """Officers of a station by function; `groups` of three do the community work."""

    leaders: int
    room: int
    case: int
    traffic: int
    groups: int


STRENGTH = {
    "33082401": Strength(leaders=5, room=7, case=12, traffic=0, groups=12),
    "33082402": Strength(leaders=3, room=5, case=8, traffic=0, groups=6),
    "33082403": Strength(leaders=3, room=5, case=8, traffic=0, groups=6),
    "33082404": Strength(leaders=2, room=2, case=0, traffic=2, groups=2),
    "33082405": Strength(leaders=2, room=2, case=0, traffic=2, groups=2),
    "33082406": Strength(leaders=2, room=3, case=0, traffic=3, groups=3),
    "33082407": Strength(leaders=2, room=3, case=0, traffic=3, groups=3),
    "33082408": Strength(leaders=2, room=3, case=0, traffic=3, groups=4),
    "33082409": Strength(leaders=2, room=3, case=0, traffic=3, groups=4),
}

_HEADQUARTERS = (
    (UnitRow("330824-COMMAND", "team", "指挥中心", "Command Centre", "330824"), 14),
    (
        UnitRow(
            "330824-CRIMINAL", "specialist", "刑事侦查大队", "Criminal Investigation", "330824"
        ),
        24,
    ),
    (UnitRow("330824-TRAFFIC", "specialist", "交通警察大队", "Traffic Police", "330824"), 26),
    (
        UnitRow("330824-PATROL", "specialist", "巡特警大队", "Patrol and Special Police", "330824"),
        22,
    ),
    (UnitRow("330824-LEGAL", "team", "法制大队", "Legal Affairs", "330824"), 12),
)
_LEADERSHIP = 7


def read_stations() -> list[Station]:
    """Return the nine stations, by code."""
    path = resources.files("gridserver.demo") / "data" / "stations.csv"
    rows = csv.DictReader(path.read_text("utf-8").splitlines())
    return [
        Station(
            row["code"],
            row["name"],
            row["name_en"],
            row["mode"],
            float(row["lon"]),
            float(row["lat"]),
        )
        for row in rows
    ]


def unit_rows(stations: Sequence[Station]) -> tuple[UnitRow, ...]:
    """Return all units, each after the one above it."""
    rows = [BUREAU, *(unit for unit, _ in _HEADQUARTERS)]
    for station in stations:
        rows.append(
            UnitRow(
                station.code,
                "station",
                station.name,
                station.name_en,
                BUREAU.code,
                station.mode,
                station.lon,
                station.lat,
            )
        )
        rows.extend(_rooms(station))
        rows.extend(_community(station))
    return tuple(rows)


def posts(stations: Sequence[Station]) -> list[Post]:
    """Return all posts: the groups that own cells first, then the rest of the stations, then
    headquarters. Service numbers are given in this order."""
    groups = [Post(unit, "community", GROUP) for s in stations for unit in group_codes(s)]
    rest = [post for station in stations for post in _rest(station)]
    headquarters = [Post(unit.code, "headquarters", count) for unit, count in _HEADQUARTERS]
    return [*groups, *rest, Post(BUREAU.code, "leader", _LEADERSHIP), *headquarters]


def group_codes(station: Station) -> list[str]:
    """Return the codes of a station's groups, in order."""
    count = STRENGTH[station.code].groups
    if station.mode == "two_rooms_many_areas":
        return [f"{station.code}-A{n}" for n in range(1, count + 1)]
    return [
        f"{station.code}-S{n // GROUPS_OF_TEAM + 1}-{n % GROUPS_OF_TEAM + 1}" for n in range(count)
    ]


def _rooms(station: Station) -> Iterator[UnitRow]:
    strength = STRENGTH[station.code]
    for suffix, name, name_en, count in (
        ("R", "综合指挥室", "Command Room", strength.room),
        ("C", "案件办理队", "Case Team", strength.case),
        ("T", "交通管理室", "Traffic Room", strength.traffic),
    ):
        if count:
            yield UnitRow(f"{station.code}-{suffix}", "team", name, name_en, station.code)


def _community(station: Station) -> Iterator[UnitRow]:
    codes = group_codes(station)
    if station.mode == "two_rooms_many_areas":
        for n, code in enumerate(codes):
            name = f"第{_NUMERALS[n]}警务区"
            yield UnitRow(code, "group", name, f"Police Area {n + 1}", station.code)
        return
    for n, code in enumerate(codes):
        team, group = divmod(n, GROUPS_OF_TEAM)
        above = f"{station.code}-S{team + 1}"
        if group == 0:
            name = f"第{_NUMERALS[team]}社区警务队"
            yield UnitRow(above, "team", name, f"Community Team {team + 1}", station.code)
        yield UnitRow(code, "group", f"第{_NUMERALS[group]}警组", f"Group {group + 1}", above)


def _rest(station: Station) -> Iterator[Post]:
    strength = STRENGTH[station.code]
    yield Post(station.code, "leader", strength.leaders)
    yield Post(f"{station.code}-R", "room", strength.room)
    if strength.case:
        yield Post(f"{station.code}-C", "case", strength.case)
    if strength.traffic:
        yield Post(f"{station.code}-T", "traffic", strength.traffic)

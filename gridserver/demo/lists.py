"""Kaihua's towns, villages and made-up stations: the lists behind the demo county.

Codes and names are those of the published statistical code list of 2016; the stations, their modes
and everything about their strength are made up.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from gis.crs import GCJ02, to_wgs84

CELL_SERIAL = "001"
"""Last three of a cell's 15 digits: county 6, town 3, village 3, cell 3. One cell a village."""

Kind = Literal["seat", "fringe", "village"]
StationMode = Literal["two_teams_one_room", "two_rooms_many_areas"]


@dataclass(frozen=True)
class Town:
    """A township-level unit: 9-digit code, names, and its centre in degrees (EPSG:4326)."""

    code: str
    name: str
    name_en: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Village:
    """A village or residents' community: 12-digit code, name, its town's code.

    ``kind`` is read off the list's urban-rural code: 1x1 and 210 the seat of a town, 1x2 its
    fringe, else village. ``urban`` is true for codes 1xx. ``place`` is lon/lat (EPSG:4326) for the
    few whose point is published.
    """

    code: str
    name: str
    town: str
    kind: Kind
    urban: bool
    place: tuple[float, float] | None

    @property
    def cell_code(self) -> str:
        """The 15-digit code of the village's cell."""
        return self.code + CELL_SERIAL


@dataclass(frozen=True)
class Station:
    """A made-up police station; its point is the centre of the first of its towns."""

    code: str
    name: str
    name_en: str
    mode: StationMode
    towns: tuple[str, ...]


TOWN_NAMES_EN = {
    "桐村镇": "Tongcun Town",
    "杨林镇": "Yanglin Town",
    "苏庄镇": "Suzhuang Town",
    "齐溪镇": "Qixi Town",
    "村头镇": "Cuntou Town",
    "华埠镇": "Huabu Town",
    "马金镇": "Majin Town",
    "池淮镇": "Chihuai Town",
    "中村乡": "Zhongcun Township",
    "长虹乡": "Changhong Township",
    "何田乡": "Hetian Township",
    "林山乡": "Linshan Township",
    "音坑乡": "Yinkeng Township",
    "大溪边乡": "Daxibian Township",
}

STATIONS = (
    Station("33082401", "华埠派出所", "Huabu Station", "two_teams_one_room", ("华埠镇",)),
    Station("33082402", "马金派出所", "Majin Station", "two_teams_one_room", ("马金镇",)),
    Station(
        "33082403", "池淮派出所", "Chihuai Station", "two_teams_one_room", ("池淮镇", "中村乡")
    ),
    Station("33082404", "桐村派出所", "Tongcun Station", "two_rooms_many_areas", ("桐村镇",)),
    Station("33082405", "杨林派出所", "Yanglin Station", "two_rooms_many_areas", ("杨林镇",)),
    Station(
        "33082406", "苏庄派出所", "Suzhuang Station", "two_rooms_many_areas", ("苏庄镇", "长虹乡")
    ),
    Station("33082407", "齐溪派出所", "Qixi Station", "two_rooms_many_areas", ("齐溪镇", "何田乡")),
    Station(
        "33082408", "村头派出所", "Cuntou Station", "two_rooms_many_areas", ("村头镇", "大溪边乡")
    ),
    Station(
        "33082409", "音坑派出所", "Yinkeng Station", "two_rooms_many_areas", ("音坑乡", "林山乡")
    ),
)


def read_divisions(path: Path) -> tuple[list[Town], list[Village]]:
    """Towns and villages of ``divisions_2016.csv`` (points in GCJ-02), by code."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["code"])
    towns = [_town(row) for row in rows if row["level"] == "town"]
    villages = [_village(row) for row in rows if row["level"] == "village"]
    return towns, villages


def station_of_town() -> dict[str, Station]:
    """Town name to the station that covers it."""
    return {town: station for station in STATIONS for town in station.towns}


def made_up_people(villages: Iterable[Village], rng: np.random.Generator) -> dict[str, int]:
    """Village code to a made-up number of residents, some 300,000 in all."""
    typical = {"seat": 3400.0, "fringe": 1700.0, "village": 820.0}
    return {
        village.code: int(
            typical[village.kind if village.urban else "village"]
            * np.clip(rng.lognormal(0.0, 0.32), 0.45, 2.4)
        )
        for village in villages
    }


def _town(row: dict[str, str]) -> Town:
    lon, lat = _wgs84(row)
    return Town(row["code"][:9], row["name"], TOWN_NAMES_EN[row["name"]], lon, lat)


def _village(row: dict[str, str]) -> Village:
    kind: Kind = "village"
    if row["ur_code"] in {"111", "121", "210"}:
        kind = "seat"
    elif row["ur_code"] in {"112", "122"}:
        kind = "fringe"
    return Village(
        code=row["code"],
        name=_short_name(row["name"]),
        town=row["parent"][:9],
        kind=kind,
        urban=row["ur_code"].startswith("1"),
        place=_wgs84(row) if row["lon_gcj02"] else None,
    )


def _short_name(name: str) -> str:
    """The place without the name of its committee: 华山村委会 is the committee of 华山村."""
    return name.removesuffix("居民委员会").removesuffix("委会")


def _wgs84(row: dict[str, str]) -> tuple[float, float]:
    lon, lat = to_wgs84(float(row["lon_gcj02"]), float(row["lat_gcj02"]), GCJ02)
    return round(lon, 6), round(lat, 6)

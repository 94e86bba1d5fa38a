"""The demo county's people: numbers and ranks, no names; who owns which cell.

Pure: all chance comes from a fixed seed, so that every installation has the same county.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from gridserver.demo.county import DemoCell
from gridserver.demo.units import BUREAU, Function, Post, Station, group_codes
from gridserver.force.tables import OfficerRow, OwnershipRow

SEED = 330824
AUXILIARIES = 469

#: Ranks (警衔) by function, with their shares.
_RANKS: Mapping[Function, Mapping[str, int]] = {
    "leader": {"一级警督": 3, "二级警督": 4, "三级警督": 3},
    "room": {"三级警督": 2, "一级警司": 4, "二级警司": 3, "三级警司": 1},
    "case": {"三级警督": 1, "一级警司": 4, "二级警司": 3, "三级警司": 2},
    "traffic": {"三级警督": 1, "一级警司": 4, "二级警司": 3, "三级警司": 2},
    "community": {"三级警督": 2, "一级警司": 4, "二级警司": 4, "三级警司": 3, "一级警员": 2},
    "headquarters": {"二级警督": 2, "三级警督": 4, "一级警司": 5, "二级警司": 3, "三级警司": 2},
}
#: Auxiliaries of headquarters; the others serve at the stations, by the people who live there.
_HEADQUARTERS_AUXILIARIES = {"330824-TRAFFIC": 60, "330824-PATROL": 40, "330824-COMMAND": 15}


@dataclass(frozen=True)
class Crew:
    """The officers of one post: who share its duty."""

    post: Post
    members: tuple[OfficerRow, ...]

    @property
    def numbers(self) -> tuple[str, ...]:
        """The members' service numbers."""
        return tuple(member.service_number for member in self.members)


def crews(posts: Sequence[Post]) -> list[Crew]:
    """Return the 331 officers by their posts, numbered 330824001 and on."""
    rng = Random(SEED)  # noqa: S311 (a fixed county, no secret)
    number = int(BUREAU.code) * 1000
    made = []
    for post in posts:
        ranks = _RANKS[post.function]
        members = []
        for rank in sorted(rng.choices(list(ranks), list(ranks.values()), k=post.officers)):
            number += 1
            members.append(_officer(str(number), rank, post.unit))
        made.append(Crew(post, tuple(members)))
    return made


def auxiliaries(stations: Sequence[Station], cells: Sequence[DemoCell]) -> list[OfficerRow]:
    """Return the 469 auxiliaries (辅警), numbered F330824001 and on."""
    people: Counter[str] = Counter()
    for cell in cells:
        people[cell.station] += cell.people
    places = [unit for unit, count in _HEADQUARTERS_AUXILIARIES.items() for _ in range(count)]
    shares = _shares(people, AUXILIARIES - len(places))
    for station in stations:
        units = [*group_codes(station), f"{station.code}-R"]
        places += [units[n % len(units)] for n in range(shares[station.code])]
    return [
        OfficerRow(f"F{BUREAU.code}{n:03}", f"F{BUREAU.code}{n:03} 辅警", "auxiliary", unit)
        for n, unit in enumerate(places, 1)
    ]


def ownership(
    stations: Sequence[Station],
    cells: Sequence[DemoCell],
    crews: Sequence[Crew],
    since: dt.datetime,
) -> Iterator[OwnershipRow]:
    """Give every cell a primary (A角) and a backup (B角) of one group, from `since` on.

    A station's cells go to its groups by their codes, so that neighbours tend to stay together.
    """
    by_unit = {crew.post.unit: crew.numbers for crew in crews if crew.post.function == "community"}
    of_station = defaultdict(list)
    for cell in sorted(cells, key=lambda cell: cell.code):
        of_station[cell.station].append(cell.code)
    for station in stations:
        groups = group_codes(station)
        codes = of_station[station.code]
        for index, group in enumerate(groups):
            members = by_unit[group]
            first, last = (len(codes) * n // len(groups) for n in (index, index + 1))
            for turn, code in enumerate(codes[first:last]):
                primary, backup = (members[(turn + k) % len(members)] for k in (0, 1))
                yield OwnershipRow(code, "primary", primary, since)
                yield OwnershipRow(code, "backup", backup, since)


def _officer(number: str, rank: str, unit: str) -> OfficerRow:
    return OfficerRow(number, f"{number} {rank}", "officer", unit, rank)


def _shares(weights: Mapping[str, int], total: int) -> dict[str, int]:
    """Share out `total` by weight, whole numbers by the largest remainder (Hamilton)."""
    whole = sum(weights.values())
    exact = {key: total * weight / whole for key, weight in weights.items()}
    shares = {key: int(share) for key, share in exact.items()}
    by_rest = sorted(exact, key=lambda key: (shares[key] - exact[key], key))
    for key in by_rest[: total - sum(shares.values())]:
        shares[key] += 1
    return shares

"""Who gets an incident and why: pure.

A decision is a ladder of steps. Each names one account, says why it stands there, and how long it
has to sign before the next is told too. It is computed from `Facts` alone, which are stored with
it: the same facts give the same steps a year later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

#: Grows when the same facts would give other steps.
RULES_VERSION = 1

#: Seconds to sign, by priority.
SIGN_WITHIN_S: Mapping[int, int] = {1: 60, 2: 120, 3: 300, 4: 600}

#: The last is no rung of `decide`: a command room put the person there.
Kind = Literal["primary", "backup", "station_room", "bureau_room", "reassigned"]
OWNERS: tuple[Kind, ...] = ("primary", "backup")
ROOMS: tuple[Kind, ...] = ("station_room", "bureau_room")

#: How the cell was found → why its primary comes first.
_PRIMARY_BY_METHOD = {
    "covers": "primary.owns_cell",
    "boundary": "primary.boundary",
    "largest_share": "primary.largest_share",
    "nearest": "primary.nearest",
}


@dataclass(frozen=True)
class Person:
    """An account that can be told: an officer's or a command room's desk."""

    account_id: int
    username: str
    display_name: str


@dataclass(frozen=True)
class Owner(Person):
    """An owner of the cell, with the duty roster's and the absences' word on them."""

    on_duty: bool
    absent: bool

    @property
    def available(self) -> bool:
        """Whether they can be called on."""
        return self.on_duty and not self.absent


@dataclass(frozen=True)
class Place:
    """Where it is. Everything is None (or empty) where no cell was found; `grid_version` is None
    where no grid was in force. `distance_m` is from the point to the cell."""

    cell: str | None
    cell_name: str | None
    station: str | None
    station_name: str | None
    grid_version: str | None
    method: str
    neighbours: tuple[str, ...]
    distance_m: float | None


@dataclass(frozen=True)
class Facts:
    """All that a decision is computed from. `bureau_room` holds at least one account."""

    place: Place
    priority: int
    primaries: tuple[Owner, ...]
    backups: tuple[Owner, ...]
    station_room: tuple[Person, ...]
    bureau_room: tuple[Person, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the facts as they are stored."""
        return vars(self) | {
            "place": vars(self.place),
            "primaries": [vars(owner) for owner in self.primaries],
            "backups": [vars(owner) for owner in self.backups],
            "station_room": [vars(person) for person in self.station_room],
            "bureau_room": [vars(person) for person in self.bureau_room],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Facts:
        """Return the facts that `to_json` made the document of."""
        place = document["place"]
        return cls(
            place=Place(**place | {"neighbours": tuple(place["neighbours"])}),
            priority=document["priority"],
            primaries=tuple(Owner(**owner) for owner in document["primaries"]),
            backups=tuple(Owner(**owner) for owner in document["backups"]),
            station_room=tuple(Person(**person) for person in document["station_room"]),
            bureau_room=tuple(Person(**person) for person in document["bureau_room"]),
        )


@dataclass(frozen=True)
class Because:
    """Why a step is there: a stable code, and what its text names (`dispatch.texts`)."""

    code: str
    params: dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One rung: who is told, why, and within how many seconds they sign before the next is."""

    step: int
    kind: Kind
    who: Person
    because: Because
    sign_within_s: int

    def to_json(self) -> dict[str, Any]:
        """Return the step as it is stored."""
        return vars(self) | {"who": vars(self.who), "because": vars(self.because)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Step:
        """Return the step that `to_json` made the document of."""
        who, because = Person(**document["who"]), Because(**document["because"])
        return cls(**{**document, "who": who, "because": because})


def decide(facts: Facts) -> tuple[Step, ...]:
    """Return the ladder: the owners who can be called on, the station's room, the bureau's.

    Nobody stands on it twice. Who was passed over is named in the reason of the step that follows.
    """
    steps: list[Step] = []
    told: set[int] = set()
    skipped: list[Owner] = []
    for kind, candidate in _ladder(facts):
        if candidate.account_id in told:
            continue
        if isinstance(candidate, Owner) and not candidate.available:
            skipped.append(candidate)
            continue
        steps.append(
            Step(
                step=len(steps) + 1,
                kind=kind,
                who=Person(candidate.account_id, candidate.username, candidate.display_name),
                because=_because(facts, kind, not steps, skipped),
                sign_within_s=SIGN_WITHIN_S[facts.priority],
            )
        )
        told.add(candidate.account_id)
        skipped = []
    return tuple(steps)


def unsigned(place: Place, kind: Kind) -> Because:
    """Return why a step stands where the one before wasn't signed in time."""
    return Because(f"{kind}.unsigned", _without_empty(_where(place)))


def _ladder(facts: Facts) -> Iterator[tuple[Kind, Person]]:
    rungs: tuple[tuple[Kind, Sequence[Person]], ...] = (
        ("primary", facts.primaries),
        ("backup", facts.backups),
        ("station_room", facts.station_room),
        ("bureau_room", facts.bureau_room),
    )
    for kind, candidates in rungs:
        for candidate in candidates:
            yield kind, candidate


def _because(facts: Facts, kind: Kind, first: bool, skipped: Sequence[Owner]) -> Because:
    code = _first_code(facts, kind) if first else f"{kind}.unsigned"
    place = facts.place
    params = _where(place) | {
        "absent": [owner.display_name for owner in skipped if owner.absent],
        "off_duty": [owner.display_name for owner in skipped if not owner.absent],
    }
    if first:
        params["neighbours"] = list(place.neighbours)
        if place.method == "nearest" and place.distance_m is not None:
            params["distance_m"] = round(place.distance_m, 1)
    return Because(code, _without_empty(params))


def _where(place: Place) -> dict[str, Any]:
    return {
        "cell": place.cell,
        "cell_name": place.cell_name or place.cell,
        "station": place.station,
        "station_name": place.station_name or place.station,
    }


def _without_empty(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value not in (None, [])}


def _first_code(facts: Facts, kind: Kind) -> str:
    if kind == "primary":
        return _PRIMARY_BY_METHOD[facts.place.method]
    if kind == "backup":
        return f"backup.{_why_no_primary(facts.primaries)}"
    if kind == "bureau_room" and facts.place.cell is None:
        return "bureau_room.no_grid" if facts.place.grid_version is None else "bureau_room.outside"
    owned = facts.primaries or facts.backups
    return f"{kind}.nobody_on_duty" if owned else f"{kind}.no_owner"


def _why_no_primary(primaries: Sequence[Owner]) -> str:
    if not primaries:
        return "no_primary"
    if all(owner.absent for owner in primaries):
        return "primary_absent"
    if not any(owner.absent for owner in primaries):
        return "primary_off_duty"
    return "primary_unavailable"

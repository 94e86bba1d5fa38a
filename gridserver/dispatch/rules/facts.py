"""The facts of a decision: all that it is computed from, as JSON that is stored with it. Pure.

Of the persons in an incident the rules know two numbers and nothing else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from gridserver.dispatch.norms import Norms, default_norms
from gridserver.dispatch.rules.values import Border, Officer, Person, Place, When


@dataclass(frozen=True)
class FieldUnit:
    """A patrol car or an armed response, as a proposal of help needs to know it.

    Attributes
    ----------
    kind
        One of `gridserver.dispatch.rules.help.TIERS`.
    free
        Nobody of its crew is on a task.
    position_age_s
        How long ago it was last seen; None: never, or nobody rides with it.
    distance_m
        From there to the place, on the ellipsoid.
    minutes
        The same by road; None where that isn't known.
    """

    code: str
    name: str
    kind: str
    free: bool
    position_age_s: int | None
    distance_m: float | None
    minutes: float | None = None
    name_en: str | None = None
    in_service: bool = True
    crewed: bool = True


@dataclass(frozen=True)
class Facts:
    """All that a decision is computed from.

    Attributes
    ----------
    norms
        What is laid down for the category, the station and the moment.
    priority
        Of the incident: 1 (at once) to 4.
    when
        The moment of the decision: duty counts as of then.
    primaries, backups, group, team_leaders
        The officers of the cell, on duty or not; each by service number.
    on_duty
        Who is on a shift for a unit, by its code, where the shift's duty mans a rung.
    station_room, bureau_room
        The desks of the command rooms; the bureau's has at least one.
    border
        The bureau next door, where its border is near.
    suspects, offences
        As far as they are known: all that the rules know of the persons in the incident.
    field_units
        Those that could help; None where there are none, or they were not asked for.
    """

    place: Place
    norms: Norms
    priority: int
    when: When
    station_room: tuple[Person, ...]
    bureau_room: tuple[Person, ...]
    primaries: tuple[Officer, ...] = ()
    backups: tuple[Officer, ...] = ()
    group: tuple[Officer, ...] = ()
    team_leaders: tuple[Officer, ...] = ()
    on_duty: Mapping[str, tuple[Officer, ...]] = field(default_factory=dict)
    border: Border | None = None
    suspects: int = 0
    offences: int = 0
    field_units: tuple[FieldUnit, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the facts as they are stored."""
        people = {name: _listed(getattr(self, name)) for name in (*_ROOMS, *_OFFICERS)}
        units = self.field_units
        return (
            vars(self)
            | people
            | {
                "place": self.place.to_json(),
                "norms": self.norms.to_json(),
                "when": self.when.to_json(),
                "on_duty": {unit: _listed(officers) for unit, officers in self.on_duty.items()},
                "border": self.border and asdict(self.border),
                "field_units": None if units is None else [asdict(unit) for unit in units],
            }
        )

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Facts:
        """Return the facts that `to_json` made the document of, under these rules or the first."""
        if "norms" not in document:
            return _of_first_rules(document)
        border, units = document["border"], document["field_units"]
        values = {
            "place": Place.from_json(document["place"]),
            "norms": Norms.from_json(document["norms"]),
            "when": When.from_json(document["when"]),
            **{name: _persons(document[name]) for name in _ROOMS},
            **{name: _officers(document[name]) for name in _OFFICERS},
            "on_duty": {unit: _officers(each) for unit, each in document["on_duty"].items()},
            "border": border and Border(**border),
            "field_units": None if units is None else tuple(FieldUnit(**unit) for unit in units),
        }
        return cls(**{**document, **values})


_ROOMS = ("station_room", "bureau_room")
_OFFICERS = ("primaries", "backups", "group", "team_leaders")

#: The first rules knew no hours: each decision was made as on a working day.
_ANY_WORKING_DAY = When(dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC), "working")


def _of_first_rules(document: Mapping[str, Any]) -> Facts:
    """Return the facts of version 1: the owners of the cell and the rooms, no more. What has come
    since is filled in so that the same steps follow."""
    return Facts(
        place=Place.from_json(document["place"]),
        norms=default_norms("other"),
        priority=document["priority"],
        when=_ANY_WORKING_DAY,
        station_room=_persons(document["station_room"]),
        bureau_room=_persons(document["bureau_room"]),
        primaries=_owners(document["primaries"]),
        backups=_owners(document["backups"]),
    )


def _owners(documents: Iterable[Mapping[str, Any]]) -> tuple[Officer, ...]:
    return tuple(
        Officer(
            owner["account_id"],
            owner["username"],
            owner["display_name"],
            duties=("community",) if owner["on_duty"] else (),
            absent=owner["absent"],
        )
        for owner in documents
    )


def _listed(people: Iterable[Person]) -> list[dict[str, Any]]:
    return [person.to_json() for person in people]


def _persons(documents: Iterable[Mapping[str, Any]]) -> tuple[Person, ...]:
    return tuple(Person(**each) for each in documents)


def _officers(documents: Iterable[Mapping[str, Any]]) -> tuple[Officer, ...]:
    return tuple(Officer.from_json(each) for each in documents)

"""What decisions are made from and made of: values without behaviour of their own. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gis.locator import Method
from gridserver.dispatch.norms import Hours, RouteKind, Rung

#: What a step may be: a rung of a ladder, or a command room put the person there.
Kind = Rung | Literal["reassigned"]
REASSIGNED: Literal["reassigned"] = "reassigned"
#: Whether a step is told with the first, or when those before it weren't signed in time.
Tell = Literal["at_once", "in_turn"]

#: A word that each language has for itself, such as a holiday's name.
Named = dict[str, str]


@dataclass(frozen=True)
class Person:
    """An account that can be told: an officer's or a command room's desk."""

    account_id: int
    username: str
    display_name: str

    def to_json(self) -> dict[str, Any]:
        """Return the person as they are stored: who they are, whatever else is known of them."""
        return {
            "account_id": self.account_id,
            "username": self.username,
            "display_name": self.display_name,
        }


@dataclass(frozen=True)
class Officer(Person):
    """An officer, with the word on them of the roster, the absences and their devices.

    Attributes
    ----------
    duties
        The duties of the shifts that they are on; none where they are off duty.
    absent
        Whether an absence covers the moment, whatever its reason.
    unseen_s
        Seconds since a device of theirs was last seen; None where none ever was.
    stand_in
        Whom their absence names to stand in.
    """

    duties: tuple[str, ...] = ()
    absent: bool = False
    unseen_s: int | None = None
    stand_in: Officer | None = None

    def to_json(self) -> dict[str, Any]:
        return vars(self) | {
            "duties": list(self.duties),
            "stand_in": self.stand_in and self.stand_in.to_json(),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Officer:
        """Return the officer that `to_json` made the document of."""
        stand_in = document["stand_in"]
        values = {
            "duties": tuple(document["duties"]),
            "stand_in": stand_in and cls.from_json(stand_in),
        }
        return cls(**{**document, **values})


@dataclass(frozen=True)
class Place:
    """Where it is. Everything is None (or empty) where no cell was found; `grid_version` is None
    where no grid was in force. `distance_m` is from the point to the cell."""

    cell: str | None
    cell_name: str | None
    station: str | None
    station_name: str | None
    grid_version: str | None
    method: Method
    neighbours: tuple[str, ...]
    distance_m: float | None

    def to_json(self) -> dict[str, Any]:
        """Return the place as it is stored."""
        return vars(self) | {"neighbours": list(self.neighbours)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Place:
        """Return the place that `to_json` made the document of."""
        return cls(**{**document, "neighbours": tuple(document["neighbours"])})


@dataclass(frozen=True)
class Border:
    """A bureau next door whose border is near: its liaison and the distance to the border."""

    name: str
    name_en: str | None
    contact: str | None
    distance_m: float


@dataclass(frozen=True)
class When:
    """The moment of a decision by the bureau's own clocks, and what kind of day it is.

    `day` is ``working``, ``rest`` or ``holiday``; a working day may be a shifted one.
    `name` is the holiday that the day belongs to, as each language calls it: of a holiday, and of a
    working day that was shifted for one.
    """

    local: dt.datetime
    day: str
    name: Named | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the moment as it is stored."""
        return vars(self) | {"local": self.local.isoformat()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> When:
        """Return the moment that `to_json` made the document of."""
        return cls(**{**document, "local": dt.datetime.fromisoformat(document["local"])})


@dataclass(frozen=True)
class Because:
    """A reason or a remark: a stable code, and what its text names (`dispatch.texts`)."""

    code: str
    params: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the reason as it is stored."""
        return {"code": self.code, "params": self.params}


@dataclass(frozen=True)
class Step:
    """One rung: who is told, why, and within how many seconds they sign before the next is.

    `passed_over` are the officers before this step who could not be reached: they are told later.
    """

    step: int
    kind: Kind
    who: Person
    because: Because
    sign_within_s: int
    tell: Tell = "in_turn"
    passed_over: tuple[Person, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the step as it is stored."""
        return vars(self) | {
            "who": self.who.to_json(),
            "because": self.because.to_json(),
            "passed_over": [person.to_json() for person in self.passed_over],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Step:
        """Return the step that `to_json` made the document of, by whichever rules."""
        values = {
            "who": Person(**document["who"]),
            "because": Because(**document["because"]),
            "passed_over": tuple(Person(**each) for each in document.get("passed_over", ())),
        }
        return cls(**{**document, **values})


@dataclass(frozen=True)
class Decision:
    """Who gets an incident and why.

    Attributes
    ----------
    route, hours
        Whose work it is, and whether each team does its own or the pooled duty group.
    steps
        The ladder: nobody stands on it twice, and the bureau's command room stands last.
    notes
        What led to it, in the order of the rules.
    """

    route: RouteKind
    hours: Hours
    steps: tuple[Step, ...]
    notes: tuple[Because, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the decision as it is stored."""
        return {
            "route": self.route,
            "hours": self.hours,
            "steps": [step.to_json() for step in self.steps],
            "notes": [note.to_json() for note in self.notes],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Decision:
        """Return the decision that `to_json` made the document of."""
        return cls(
            document["route"],
            document["hours"],
            tuple(Step.from_json(step) for step in document["steps"]),
            tuple(Because(**note) for note in document["notes"]),
        )

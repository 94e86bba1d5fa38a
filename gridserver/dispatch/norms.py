"""What a bureau has laid down for its decisions, as values: routes, ladders, limits, mode.

The rows themselves are data that an admin edits (`gridserver.dispatch.tables`); a decision sees the
few of them that count for one category, station and moment, as `Norms`. They are kept with its
facts, so that it can be recomputed when the tables say something else. The `DEFAULT_…` values are
what a new installation begins with.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from gridserver.incidents.categories import BroadClass

RouteKind = Literal["community", "case", "traffic", "specialist", "command", "hand_over"]
#: ``day``: a working day, within the hours of the day; else ``pooled``.
Hours = Literal["day", "pooled"]
Rung = Literal[
    "primary",
    "backup",
    "group",
    "team_leader",
    "duty_group",
    "duty_leader",
    "case_team",
    "traffic",
    "specialist",
    "station_room",
    "bureau_room",
]
#: Whose row decided the route.
Scope = Literal["station", "mode", "bureau"]
ModeName = Literal["normal", "mobilised"]
Ladder = tuple[Rung, ...]

ROUTES: tuple[RouteKind, ...] = get_args(RouteKind)
HOURS: tuple[Hours, ...] = get_args(Hours)
RUNGS: tuple[Rung, ...] = get_args(Rung)

#: The stretches of a task's way that a bureau may set a target for (`gridserver.indicators`).
INTERVALS = (
    "dispatch",
    "delivery",
    "signing",
    "departure",
    "travel",
    "scene",
    "review",
    "to_sign",
    "response",
    "whole",
)

#: Stands last on every ladder, whatever a table says.
LAST_RUNG: Rung = "bureau_room"

DEFAULT_ROUTES: Mapping[BroadClass, RouteKind] = {
    "criminal": "case",
    "public_order": "case",
    "traffic": "traffic",
    "dispute": "community",
    "help": "community",
    "report": "community",
    "complaint": "command",
    "other": "community",
}
#: By the mode of the station; a station of two rooms has no case team.
DEFAULT_MODE_ROUTES: Mapping[str, Mapping[BroadClass, RouteKind]] = {
    "two_rooms_many_areas": {
        "criminal": "community",
        "public_order": "community",
        "traffic": "traffic",
    },
    "two_teams_one_room": {"traffic": "traffic"},
}

_POOL: Ladder = ("duty_group", "duty_leader", "station_room")
_OWNERS: Ladder = ("primary", "backup", "group", "team_leader", "station_room")
_CASE: Ladder = ("case_team", "duty_leader", "station_room")
_TRAFFIC: Ladder = ("traffic", "duty_leader", "station_room")
_SPECIALIST: Ladder = ("specialist", "station_room")
_ROOM: Ladder = ("station_room",)

#: By route and hours, without the last rung.
DEFAULT_LADDERS: Mapping[tuple[RouteKind, Hours], Ladder] = {
    ("community", "day"): _OWNERS,
    ("community", "pooled"): _POOL,
    ("case", "day"): _CASE,
    ("case", "pooled"): _POOL,
    ("traffic", "day"): _TRAFFIC,
    ("traffic", "pooled"): _TRAFFIC,
    ("specialist", "day"): _SPECIALIST,
    ("specialist", "pooled"): _SPECIALIST,
    ("command", "day"): _ROOM,
    ("command", "pooled"): _ROOM,
    ("hand_over", "day"): _ROOM,
    ("hand_over", "pooled"): _ROOM,
}

#: Seconds to sign, by priority.
DEFAULT_SIGN_WITHIN_S: Mapping[int, int] = {1: 60, 2: 120, 3: 300, 4: 600}


@dataclass(frozen=True)
class Route:
    """Where a category goes.

    Attributes
    ----------
    kind
        The kind of work.
    decided_by
        Whose row it was: the station's own, its mode's, or the bureau's.
    unit, unit_name
        The unit that the row names, where the work isn't the station's own.
    agency
        Whom it is handed over to.
    category
        The code of the category, or of the one above it, that the row is for.
    """

    kind: RouteKind
    decided_by: Scope = "bureau"
    unit: str | None = None
    unit_name: str | None = None
    agency: str | None = None
    category: str | None = None


@dataclass(frozen=True)
class Parameters:
    """Numbers of the bureau.

    Attributes
    ----------
    three_or_more
        Suspects and offences together, from which on a criminal case is the specialist unit's.
    three_or_more_unit, three_or_more_unit_name
        That unit; None where the bureau has named none, and then the rule is off.
    border_distance_m
        From the border of the bureau; within it the neighbour's liaison is named.
    unreachable_after_s
        Without a sign of any device of theirs, before somebody is passed over; None: never.
    crew_in_turn
        Most of those on duty in one crew who are asked one after the other before the next rung;
        None: all.
    position_fresh_s
        Age up to which a position counts.
    day_from, day_to
        The hours of a working day, in the bureau's time zone; the second is past the end.
    duplicate_radius_m, duplicate_within_s
        How near in place and time another report may be about the same event.
    """

    three_or_more: int = 3
    three_or_more_unit: str | None = None
    three_or_more_unit_name: str | None = None
    border_distance_m: float = 300.0
    unreachable_after_s: int | None = 900
    crew_in_turn: int | None = 3
    position_fresh_s: int = 300
    day_from: dt.time = dt.time(8, 30)
    day_to: dt.time = dt.time(17, 30)
    duplicate_radius_m: float = 500.0
    duplicate_within_s: int = 3600

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as they are stored."""
        return vars(self) | {
            "day_from": self.day_from.isoformat("minutes"),
            "day_to": self.day_to.isoformat("minutes"),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Parameters:
        """Return the parameters that `to_json` made the document of."""
        hours = {name: dt.time.fromisoformat(document[name]) for name in ("day_from", "day_to")}
        return cls(**{**document, **hours})


@dataclass(frozen=True)
class Mode:
    """Normal times, or the order by which a unit and all below it are mobilised.

    Attributes
    ----------
    unit, unit_name
        The unit that is mobilised: the bureau or a station.
    ordered_by, why
        Who gave the order, and the reason they gave.
    since
        From when on; in UTC.
    """

    name: ModeName = "normal"
    unit: str | None = None
    unit_name: str | None = None
    ordered_by: str | None = None
    why: str | None = None
    since: dt.datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the mode as it is stored."""
        return vars(self) | {"since": self.since and self.since.isoformat()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Mode:
        """Return the mode that `to_json` made the document of."""
        since = document["since"]
        return cls(**{**document, "since": since and dt.datetime.fromisoformat(since)})


NORMAL = Mode()


@dataclass(frozen=True)
class Norms:
    """What is laid down for one category, station and moment.

    Attributes
    ----------
    category, broad_class
        The category's code, and the broad class that it belongs to.
    priority
        The category's own; a report may come with another.
    route
        Where the category goes.
    ladders
        By route and hours: those of `route`, of ``specialist`` and of ``community``.
    sign_limits_s
        Seconds to sign by priority, in normal times.
    """

    category: str
    broad_class: BroadClass
    priority: int
    route: Route
    ladders: Mapping[tuple[RouteKind, Hours], Ladder] = field(
        default_factory=lambda: DEFAULT_LADDERS
    )
    sign_limits_s: Mapping[int, int] = field(default_factory=lambda: DEFAULT_SIGN_WITHIN_S)
    parameters: Parameters = Parameters()
    mode: Mode = NORMAL

    @property
    def mobilised(self) -> bool:
        """Whether all are told at once, within half the time, and duty is pooled at all hours."""
        return self.mode.name == "mobilised"

    @property
    def fallback(self) -> Ladder:
        """Who is asked before the rooms where a ladder yields no officer at all."""
        return self.ladder("community", "day")

    def ladder(self, route: RouteKind, hours: Hours) -> Ladder:
        """Return the rungs of a route (`route`'s own kind, ``specialist`` or ``community``)."""
        return (*self.ladders[route, hours], LAST_RUNG)

    def sign_within_s(self, priority: int) -> int:
        """Return the seconds to sign: half of them where mobilised, at least one."""
        seconds = self.sign_limits_s[priority]
        return max(1, seconds // 2) if self.mobilised else seconds

    def to_json(self) -> dict[str, Any]:
        """Return the norms as they are stored."""
        return vars(self) | {
            "route": vars(self.route),
            "ladders": {"/".join(key): list(rungs) for key, rungs in self.ladders.items()},
            "sign_limits_s": {str(p): seconds for p, seconds in self.sign_limits_s.items()},
            "parameters": self.parameters.to_json(),
            "mode": self.mode.to_json(),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Norms:
        """Return the norms that `to_json` made the document of."""
        values = {
            "route": Route(**document["route"]),
            "ladders": {
                tuple(key.split("/")): tuple(rungs) for key, rungs in document["ladders"].items()
            },
            "sign_limits_s": {int(p): s for p, s in document["sign_limits_s"].items()},
            "parameters": Parameters.from_json(document["parameters"]),
            "mode": Mode.from_json(document["mode"]),
        }
        return cls(**{**document, **values})


def default_norms(
    broad_class: BroadClass, station_mode: str | None = None, *, priority: int = 3
) -> Norms:
    """Return what a new installation has laid down for a broad class at a station of a mode."""
    of_mode = DEFAULT_MODE_ROUTES.get(station_mode or "", {}).get(broad_class)
    kind = of_mode or DEFAULT_ROUTES[broad_class]
    route = Route(kind, "mode" if of_mode else "bureau", category=broad_class)
    wanted = {kind, "specialist", "community"}
    ladders = {key: rungs for key, rungs in DEFAULT_LADDERS.items() if key[0] in wanted}
    return Norms(broad_class, broad_class, priority, route, ladders)

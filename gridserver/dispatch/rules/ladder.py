"""Who: the candidates of a ladder in their order, and who of them can be called on. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gridserver.dispatch.norms import LAST_RUNG, Hours, Ladder, Norms, Route, Rung
from gridserver.dispatch.rules.facts import Facts
from gridserver.dispatch.rules.values import Officer, Person

#: The rungs that a command room stands on; all others are officers'.
ROOMS: tuple[Rung, ...] = ("station_room", LAST_RUNG)
#: The rungs that are manned by whoever is on a shift of a duty, and that duty.
CREWS: Mapping[Rung, str] = {
    "duty_group": "pool",
    "duty_leader": "leader",
    "case_team": "case",
    "traffic": "traffic",
    "specialist": "specialist",
}
#: The crews that may be another unit's than the station's own, where the route names one.
OF_ROUTE = frozenset({"case_team", "traffic", "specialist"})

WhyNot = Literal["absent", "off_duty", "unreachable"]


@dataclass(frozen=True)
class Candidate:
    """Somebody on a ladder: on which rung, and for whom they stand in.

    `fallback` marks a rung that isn't the route's own: its ladder had no officer to call on.
    """

    rung: Rung
    person: Person
    fallback: bool = False
    stands_in_for: Officer | None = None


def why_not(candidate: Person, norms: Norms) -> WhyNot | None:
    """Return why somebody can't be called on, or None where they can. A command room always can.

    Of an officer none of whose devices was ever seen nothing is known, so they can.
    """
    if not isinstance(candidate, Officer):
        return None
    if candidate.absent:
        return "absent"
    if not candidate.duties:
        return "off_duty"
    return "unreachable" if is_unreachable(norms, candidate.unseen_s) else None


def is_unreachable(norms: Norms, unseen_s: float | None) -> bool:
    """Say whether somebody can't be reached whose devices were last seen so many seconds ago; of
    whom no device was ever seen (None) nothing is known."""
    limit = norms.parameters.unreachable_after_s
    return limit is not None and unseen_s is not None and unseen_s > limit


def crew_units(route: Route, station: str | None) -> tuple[str, ...]:
    """Return the codes of the units whose duty a decision asks for."""
    return tuple(dict.fromkeys(unit for unit in (station, route.unit) if unit is not None))


def candidates(facts: Facts, route: Route, hours: Hours) -> Iterator[Candidate]:
    """Give everybody on the ladder in order, able or not; each stand-in follows who named them.

    Where no officer of the ladder can be called on, those of the fallback come before the rooms. A
    place in no cell is the bureau's room alone.
    """
    if facts.place.cell is None:
        yield from _on(facts, route, (LAST_RUNG,))
        return
    ladder = facts.norms.ladder(route.kind, hours)
    first_room = next(at for at, rung in enumerate(ladder) if rung in ROOMS)
    officers = list(_on(facts, route, [rung for rung in ladder if rung not in ROOMS]))
    able = any(why_not(each.person, facts.norms) is None for each in officers)
    yield from _on(facts, route, ladder[:first_room])
    if not able:
        yield from _fallback(facts, route, ladder)
    yield from _on(facts, route, ladder[first_room:])


def _fallback(facts: Facts, route: Route, ladder: Ladder) -> Iterator[Candidate]:
    """Give the officers of the fallback, unless the ladder is the command rooms' alone."""
    if all(rung in ROOMS for rung in ladder):
        return
    others = [rung for rung in facts.norms.fallback if rung not in ROOMS and rung not in ladder]
    yield from _on(facts, route, others, fallback=True)


def _on(
    facts: Facts, route: Route, rungs: Sequence[Rung], fallback: bool = False
) -> Iterator[Candidate]:
    for rung in rungs:
        for person in _standing_on(facts, route, rung):
            yield Candidate(rung, person, fallback)
            if isinstance(person, Officer) and person.absent and person.stand_in:
                yield Candidate(rung, person.stand_in, fallback, stands_in_for=person)


def _standing_on(facts: Facts, route: Route, rung: Rung) -> Sequence[Person]:
    if rung in CREWS:
        return _asked_in_turn(crew(facts, route, rung), facts.norms)
    return {
        "primary": facts.primaries,
        "backup": facts.backups,
        "group": facts.group,
        "team_leader": facts.team_leaders,
        "station_room": facts.station_room,
        "bureau_room": facts.bureau_room,
    }[rung]


def crew(facts: Facts, route: Route, rung: Rung) -> list[Officer]:
    """Return who is on the shift that mans `rung` (one of `CREWS`); the cell's own officers first
    in a duty group that they serve in."""
    elsewhere = route.unit if rung in OF_ROUTE else None
    unit = elsewhere or facts.place.station
    found = [each for each in facts.on_duty.get(unit or "", ()) if CREWS[rung] in each.duties]
    if rung != "duty_group":
        return found
    own = [officer.account_id for officer in (*facts.primaries, *facts.backups)]
    return sorted(found, key=lambda o: own.index(o.account_id) if o.account_id in own else len(own))


def _asked_in_turn(crew: list[Officer], norms: Norms) -> list[Officer]:
    """Return the crew as far as it is asked before the next rung: up to so many who can be called
    on. Mobilised, all are told."""
    most = None if norms.mobilised else norms.parameters.crew_in_turn
    able = [at for at, officer in enumerate(crew) if why_not(officer, norms) is None]
    return crew if most is None or len(able) <= most else crew[: able[most - 1] + 1]

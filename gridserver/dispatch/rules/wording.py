"""The facts of a decision in words: what was known, and of everybody on the ladder whether they
could be called on. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gridserver.dispatch.norms import Ladder, Route
from gridserver.dispatch.rules.facts import Facts
from gridserver.dispatch.rules.ladder import CREWS, Candidate, candidates, crew, why_not
from gridserver.dispatch.rules.reasons import without_empty
from gridserver.dispatch.rules.routing import hours_of, route_of
from gridserver.dispatch.rules.values import Because, Officer

_MINUTE_S = 60


def in_words(facts: Facts) -> Iterator[Because]:
    """Give the facts as remarks, in the order of the rules."""
    route, hours = route_of(facts.norms, facts.suspects, facts.offences), hours_of(facts)
    yield _moment(facts)
    yield _place(facts)
    yield Because(
        "fact.category",
        {
            "broad_class": facts.norms.broad_class,
            "category": facts.norms.category,
            "priority": facts.priority,
            "sign_within_s": facts.norms.sign_within_s(facts.priority),
        },
    )
    if facts.suspects or facts.offences:
        counts = {"suspects": facts.suspects, "offences": facts.offences}
        yield Because("fact.counts", counts)
    ladder = facts.norms.ladder(route.kind, hours)
    yield Because("fact.ladder", {"route": route.kind, "hours": hours, "rung": list(ladder)})
    standing = list(candidates(facts, route, hours))
    yield from (_standing(facts, candidate) for candidate in standing)
    if facts.place.cell is not None:
        yield from _crews(facts, route, ladder, standing)


def _moment(facts: Facts) -> Because:
    when = facts.when
    params = {
        "date": when.local.strftime("%Y-%m-%d"),
        "weekday": when.local.weekday(),
        "time": when.local.strftime("%H:%M"),
        "day": when.day,
        "day_name": when.name,
    }
    return Because("fact.moment", without_empty(params))


def _place(facts: Facts) -> Because:
    place = facts.place
    if place.cell is None:
        return Because("fact.no_cell", {})
    params = {
        "cell": place.cell,
        "cell_name": place.cell_name or place.cell,
        "station_name": place.station_name or place.station,
        "grid_version": place.grid_version,
    }
    return Because("fact.place" if place.station else "fact.no_station", without_empty(params))


def _crews(
    facts: Facts, route: Route, ladder: Ladder, standing: Sequence[Candidate]
) -> Iterator[Because]:
    """Say which crews nobody is on duty in, and which have more than are asked."""
    for rung in ladder:
        if rung in CREWS:
            everybody = len(crew(facts, route, rung))
            more = everybody - sum(c.rung == rung and not c.stands_in_for for c in standing)
            if not everybody:
                yield Because("fact.nobody", {"rung": rung})
            elif more:
                yield Because("fact.more", {"rung": rung, "more": more})


def _standing(facts: Facts, candidate: Candidate) -> Because:
    """Say who stands on which rung, and whether they can be called on."""
    person = candidate.person
    params: dict[str, Any] = {"rung": candidate.rung, "who": person.display_name}
    if not isinstance(person, Officer):
        return Because("fact.room", params)
    absentee = candidate.stands_in_for
    params |= {
        "duty": list(person.duties),
        "stands_in": absentee and absentee.display_name,
        "minutes": (person.unseen_s or 0) // _MINUTE_S,
    }
    why = why_not(person, facts.norms) or "able"
    return Because(f"fact.{why}", without_empty(params))

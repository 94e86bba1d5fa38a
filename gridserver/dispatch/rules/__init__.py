"""Who gets an incident and why: pure.

A decision is a ladder of steps. Each names one account, says why it stands there, and how long it
has to sign before the next is told too. It is computed from `Facts` alone, which are stored with
it: the same facts give the same steps a year later.

The parts, in the order of the rules: where and what the facts say; whose work it is and in which
hours (`routing`); who (`ladder`), and why each (`reasons`); which help (`help`); what led to it
(`notes`).
"""

from __future__ import annotations

from collections.abc import Iterator

from gridserver.dispatch.norms import Hours, Route
from gridserver.dispatch.rules.facts import Facts, FieldUnit
from gridserver.dispatch.rules.help import HELP_AT_PRIORITY, proposed
from gridserver.dispatch.rules.ladder import (
    CREWS,
    ROOMS,
    Candidate,
    WhyNot,
    candidates,
    crew_units,
    is_unreachable,
    why_not,
)
from gridserver.dispatch.rules.notes import notes
from gridserver.dispatch.rules.reasons import first_reason, next_reason, unsigned
from gridserver.dispatch.rules.routing import hours_of, route_of, three_or_more
from gridserver.dispatch.rules.values import (
    REASSIGNED,
    Because,
    Border,
    Decision,
    Kind,
    Officer,
    Person,
    Place,
    Step,
    When,
)

__all__ = [
    "CREWS",
    "HELP_AT_PRIORITY",
    "REASSIGNED",
    "ROOMS",
    "RULES_VERSION",
    "Because",
    "Border",
    "Decision",
    "Facts",
    "FieldUnit",
    "Kind",
    "Officer",
    "Person",
    "Place",
    "Step",
    "When",
    "crew_units",
    "decide",
    "is_unreachable",
    "proposed",
    "route_of",
    "three_or_more",
    "unsigned",
    "why_not",
]

#: Grows when the same facts would give another decision.
RULES_VERSION = 2


def decide(facts: Facts) -> Decision:
    """Return who gets the incident: whom to tell one after the other, and why.

    Nobody stands on the ladder twice. Who was passed over is named in the reason of the step that
    follows; the bureau's command room always stands last.
    """
    route, hours = route_of(facts.norms, facts.suspects, facts.offences), hours_of(facts)
    steps = tuple(_steps(facts, route, hours))
    return Decision(route.kind, hours, steps, tuple(notes(facts, route, hours)))


def _steps(facts: Facts, route: Route, hours: Hours) -> Iterator[Step]:
    norms = facts.norms
    number, considered = 0, set[int]()
    passed_over: list[tuple[Candidate, WhyNot]] = []
    for candidate in candidates(facts, route, hours):
        person = candidate.person
        if person.account_id in considered:
            continue
        considered.add(person.account_id)
        if why := why_not(person, norms):
            passed_over.append((candidate, why))
            continue
        number += 1
        reason = (
            first_reason(facts, route, hours, candidate, passed_over)
            if number == 1
            else next_reason(facts, route, candidate, passed_over)
        )
        yield Step(
            step=number,
            kind=candidate.rung,
            who=_bare(person),
            because=reason,
            sign_within_s=norms.sign_within_s(facts.priority),
            tell="at_once" if norms.mobilised else "in_turn",
            passed_over=tuple(_bare(c.person) for c, why in passed_over if why == "unreachable"),
        )
        passed_over = []


def _bare(person: Person) -> Person:
    return Person(person.account_id, person.username, person.display_name)

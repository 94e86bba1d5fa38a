"""The three-or-more rule after a report: advice to the command room, and following it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from gridserver.base.errors import Invalid
from gridserver.dispatch import revising
from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.rules import Because, Step, three_or_more


@dataclass(frozen=True)
class Advice:
    """To which unit a task should go, by its code, and why."""

    unit: str
    because: Because


def advice(found: Dossier) -> Advice | None:
    """Return to which specialist unit a criminal case should go since what was reported of it
    reaches the bureau's threshold; None where it is theirs already, or has ended."""
    task, norms = found.task, found.facts.norms
    suspects, offences = task.suspects or 0, task.offences or 0
    laid_down = norms.parameters
    unit = laid_down.three_or_more_unit
    settled = task.ended_at is not None or found.decision.route == "specialist"
    if settled or unit is None or not three_or_more(norms, suspects, offences):
        return None
    params = {
        "suspects": suspects,
        "offences": offences,
        "threshold": laid_down.three_or_more,
        "specialist": laid_down.three_or_more_unit_name or unit,
    }
    return Advice(unit, Because("advice.three_or_more", params))


def refer(session: Session, found: Dossier, unit: str) -> Step:
    """Decide an incident anew, for the unit that it should go to; return whom to tell first.

    A station's room may: the rules name the unit, not the room.

    Raises
    ------
    Invalid
        ``task.not_assignable``: the rules don't name this unit (any more), or it has nobody on duty
        who can be called on.
    """
    advised = advice(found)
    if advised is None or advised.unit != unit:
        raise _not_assignable(
            f"the rules don't name the unit {unit} for this task; give a person in data.to."
        )
    site = revising.standing_site(session, found)
    facts, decision = revising.decide_now(session, found, site)
    if decision.route != "specialist" or decision.steps[0].kind != "specialist":
        raise _not_assignable(
            f"nobody of the unit {unit} can be called on now; give a person in data.to."
        )
    revising.revise(session, found, facts, decision)
    return decision.steps[0]


def _not_assignable(why: str) -> Invalid:
    return Invalid("task.not_assignable", f"data.unit: {why}", field="data.unit")

"""Who may say what to a task: pure.

Three parties have a say: who was offered it, who signed for it, and a command room whose scope
covers it. Everybody else is a stranger to the task.
"""

from __future__ import annotations

from dataclasses import dataclass

from gridserver.base.errors import Forbidden
from gridserver.dispatch.lifecycle import BY_ASSIGNEE, BY_COMMAND, BY_OFFERED, TASK


@dataclass(frozen=True)
class Standing:
    """What an account is to a task.

    Attributes
    ----------
    offered
        Holds an open offer.
    assignee
        Signed for it and still has it.
    took_part
        Was ever offered it.
    commands
        Is a command room whose scope covers it.
    reads
        May read what lies in a scope that covers it.
    reads_elsewhere
        May read in another scope only.
    """

    offered: bool
    assignee: bool
    took_part: bool
    commands: bool
    reads: bool
    reads_elsewhere: bool


def entitled(verb: str, standing: Standing) -> bool:
    """Say whether the account may say `verb` now, as far as its part goes."""
    return (
        (verb in BY_OFFERED and standing.offered)
        or (verb in BY_ASSIGNEE and standing.assignee)
        or (verb in BY_COMMAND and standing.commands)
    )


def allowed(state: str, standing: Standing) -> tuple[str, ...]:
    """Return the verbs that the account may say to a task in `state`."""
    return tuple(verb for verb in TASK.allowed(state) if entitled(verb, standing))


def require_part(verb: str, standing: Standing) -> None:
    """Refuse who has, and had, no say in `verb`.

    Whoever was offered the task once passes for a party's verb: their command may be late, and a
    late command is answered with the present state, not with a closed door.

    Raises
    ------
    Forbidden
        ``task.out_of_scope``, ``task.not_yours``, or ``task.for_command_room`` for a verb that is
        not a party's.
    """
    if entitled(verb, standing):
        return
    of_a_party = verb in BY_OFFERED | BY_ASSIGNEE
    if of_a_party and standing.took_part:
        return
    require_view(standing)
    if of_a_party:
        raise Forbidden(
            "task.not_yours",
            f"Only who was offered the task may {verb}; a command room may reassign it.",
        )
    raise Forbidden(
        "task.for_command_room", f"Only a command room that covers the place may {verb}."
    )


def require_view(standing: Standing) -> None:
    """Refuse a stranger. Raises `Forbidden`: ``task.out_of_scope`` or ``task.not_yours``."""
    if standing.reads or standing.took_part:
        return
    if standing.reads_elsewhere:
        raise Forbidden(
            "task.out_of_scope", "The task is another station's; ask the bureau's command room."
        )
    raise Forbidden("task.not_yours", "You have no part in this task.")

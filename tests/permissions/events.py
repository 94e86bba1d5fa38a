"""The sockets' lines: who is let into a namespace, and whose events are taken there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.permissions.actors import HOLDER, NOBODY
from tests.permissions.rows import any_of, reach

#: namespace → those who are let in; the rest are refused at the connect.
DOORS = {
    "/terminal": any_of("officer command"),
    "/command": any_of("command admin auditor wall"),
}


@dataclass(frozen=True)
class EventRow:
    """What is said on a namespace, and of whom of those who are let in it is taken.

    Attributes
    ----------
    name
        ``namespace event``.
    may
        Those who are answered ``done``.
    refused
        The code that the rest are refused with.
    other
        The code for some of them, where it is another.
    payload
        What is said; ``{name}`` is the world's.
    """

    name: str
    may: frozenset[str]
    payload: Any
    refused: str = "access.forbidden"
    other: dict[str, str] = field(default_factory=dict)

    def expected(self, actor: str) -> str:
        """Return ``done``, or the code with which `actor` is refused."""
        return "done" if actor in self.may else self.other.get(actor, self.refused)


def at_the_door(namespace: str, actor: str) -> str:
    """Return ``open``, or the code with which `actor` is refused there."""
    if actor in DOORS[namespace]:
        return "open"
    return "access.unauthenticated" if actor == NOBODY else "access.forbidden"


_SIGN = {
    "id": "00000000-0000-4000-8000-000000000009",
    "verb": "sign",
    "task": "{task_id}",
    "occurred_at": "{now}",
    "data": {},
}

ROWS = (
    EventRow(
        "/terminal command",
        frozenset({HOLDER}),
        _SIGN,
        refused="task.not_yours",
        other=dict.fromkeys(any_of("command") - reach("command"), "task.out_of_scope"),
    ),
    EventRow(
        "/terminal position",
        any_of("officer"),
        [{"lon": 118.41, "lat": 29.11, "at": "{now}"}],
    ),
    # After an answer: only a terminal that is served may say what it has.
    EventRow("/terminal ack", any_of("officer command"), {"seq": 0}),
    EventRow("/command beat", DOORS["/command"], {}),
)

"""A line of the table: a route or an event, how it is asked, and what each actor is answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.permissions.actors import (
    ANYWHERE,
    AT_THE_TOP,
    IN_REACH,
    NOBODY,
    SIGNED_IN,
    WALLS,
    holders,
)

EVERYBODY = SIGNED_IN | {NOBODY}

#: For `Row.tag_of`: what is asked, and what it is a verb of.
SELF, PARENT = ".", ".."


@dataclass(frozen=True)
class Row:
    """What is asked, and of whom it is taken.

    Attributes
    ----------
    name
        ``METHOD /path/{name}``.
    may
        The actors who are let through; they are answered `ok`.
    ok
        The answer to them: 2xx, or what is said of a thing in this state to those who may.
    refused
        The answer to the rest; without a session it is 401, and for what a wall would do 403.
    other
        The answer to some of the rest, by actor, where it is another.
    query, body, headers, form
        Of the request; ``{name}`` in any text of them is the world's.
    at
        The path to ask, where that is another than the name's filled in.
    tag_of
        Whose entity tag the request carries in If-Match, as a path from `at`.
    tells
        Secrets (`tests.permissions.world.SECRETS`) that whoever may ask is told here, wherever they
        are.
    """

    name: str
    may: frozenset[str]
    ok: int = 200
    refused: int = 403
    other: dict[str, int] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    at: str | None = None
    tag_of: str | None = None
    tells: frozenset[str] = frozenset()

    @property
    def method(self) -> str:
        return self.name.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.at or self.name.partition(" ")[2]

    def expected(self, actor: str) -> int:
        """Return the status with which `actor` is answered."""
        if actor in self.other:
            return self.other[actor]
        if actor in self.may:
            return self.ok
        if actor == NOBODY:
            return 401
        if actor in WALLS and self.method != "GET":
            return 403
        return self.refused


def reach(roles: str) -> frozenset[str]:
    """Return those who hold one of `roles` for the thing's unit, or for the bureau above it."""
    return holders(roles, IN_REACH)


def any_of(roles: str) -> frozenset[str]:
    """Return those who hold one of `roles`, wherever."""
    return holders(roles, ANYWHERE)


def bureau(roles: str) -> frozenset[str]:
    """Return those who hold one of `roles` for the whole bureau."""
    return holders(roles, AT_THE_TOP)


def beyond(roles: str) -> frozenset[str]:
    """Return those who hold one of `roles` for the unit beside the thing's, and only there."""
    return holders(roles, ("other",))


def each(actors: frozenset[str], status: int) -> dict[str, int]:
    """Return `status` for each of `actors`, as `Row.other` wants it."""
    return dict.fromkeys(actors, status)

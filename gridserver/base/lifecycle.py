"""Lifecycles as one table ``(state, verb) → state``.

Every lifecycle of the server is a `Lifecycle`; its states also stand in a CHECK constraint
(`check_in`), and one parametrised test walks the whole state × verb product.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Lifecycle:
    """A transition table.

    Attributes
    ----------
    states : tuple of str
        All states, the first being the initial one.
    transitions : mapping of (state, verb) to state
        What is not in the table is refused.
    """

    states: tuple[str, ...]
    transitions: Mapping[tuple[str, str], str]

    def __post_init__(self) -> None:
        named = {s for s, _ in self.transitions} | set(self.transitions.values())
        if unknown := named - set(self.states):
            raise ValueError(f"transitions name unknown states: {sorted(unknown)}")

    @property
    def verbs(self) -> tuple[str, ...]:
        """All verbs, in the order of the table."""
        return tuple(dict.fromkeys(verb for _, verb in self.transitions))

    @property
    def final(self) -> frozenset[str]:
        """States that no verb changes into another one."""
        moving = {s for (s, _), to in self.transitions.items() if to != s}
        return frozenset(set(self.states) - moving)

    def after(self, state: str, verb: str) -> str | None:
        """Return the state after `verb`, or None where the verb doesn't fit the state."""
        return self.transitions.get((state, verb))

    def allowed(self, state: str) -> tuple[str, ...]:
        """Return the verbs that fit `state`."""
        return tuple(verb for verb in self.verbs if (state, verb) in self.transitions)


def check_in(column: str, values: Iterable[str]) -> str:
    """Return the SQL of a CHECK that `column` holds one of `values` (constants, not input)."""
    return f"{column} IN ({', '.join(repr(v) for v in values)})"

"""What a wall is told of the feed: what happens where, and nothing in a caller's words."""

from __future__ import annotations

from typing import Any

#: The changes that a wall shows; the others carry what was captured, ordered or searched for.
_SHOWN = frozenset({"incident.created", "task.changed", "mode.changed"})
#: What callers said, in whatever document.
_SAID = frozenset({"description", "address"})


def is_shown(type_: str) -> bool:
    """Say whether a wall is told of a change of this type."""
    return type_ in _SHOWN


def without_words(document: Any) -> Any:
    """Return a document with null in the place of whatever a caller said."""
    if isinstance(document, dict):
        return {
            name: None if name in _SAID else without_words(value)
            for name, value in document.items()
        }
    if isinstance(document, list):
        return [without_words(each) for each in document]
    return document

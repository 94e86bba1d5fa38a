"""What no JSON document from outside may hold, whatever it is about: pure."""

from __future__ import annotations

from typing import Any

#: Levels of lists and objects within each other. What is asked for has ten at most; Python's own
#: limit depends on how deep the caller is already, so that what was parsed once may fail later.
DEEPEST = 50

_NESTS = (dict, list)


def is_deep(document: Any) -> bool:
    """Say whether lists and objects lie within each other by more than `DEEPEST` levels."""
    level = [document] if isinstance(document, _NESTS) else []
    for _ in range(DEEPEST):
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, _NESTS)
        ]
        if not level:
            return False
    return True


def is_text(text: str) -> bool:
    """Say whether PostgreSQL can store it, and UTF-8 write it: it holds neither U+0000 nor half of
    a surrogate pair, both of which JSON can say."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def bad_text(document: Any, field: str = "") -> str | None:
    """Return the member of a document, which isn't deep, that holds what `is_text` denies; None
    where none does. Empty: the document itself, or the name of a member."""
    if isinstance(document, str):
        return None if is_text(document) else field
    if isinstance(document, dict):
        for name, value in document.items():
            found = bad_text(name, field)
            if found is None:
                found = bad_text(value, field or name)
            if found is not None:
                return found
    elif isinstance(document, list):
        for value in document:
            found = bad_text(value, field)
            if found is not None:
                return found
    return None

"""That whatever a bulletin says of a person is read once for each row of the ledger that says so.

A listener on every engine of this process: where the server asks for a bulletin's contents or its
sightings, a row of the ledger must stand in the same transaction before it, one for each reading.
What a test asks for itself, and what is locked to be changed, is no reading.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

#: The looks that are served.
TAGS = frozenset({"bulletin:look", "bulletin:fetch", "bulletin:look_sightings", "bulletin:export"})
_COLUMNS = "fact|opinion|last_seen_at|last_seen_place|to_do|not_to_do|words|place|lon|lat|answer"
#: Under whatever alias, by whatever means; a count of rows reads nothing of them.
_PERSONAL = re.compile(
    rf"SELECT\b(?:.*(?:\b(?:{_COLUMNS})\b|(?<!count\()\*)).*\bFROM\b.*"
    r"\bbulletin_(?:contents|sighting)\b"
    rf"|\bbulletin_(?:contents|sighting)\b.*RETURNING\b.*(?:\b(?:{_COLUMNS})\b|\*)",
    re.S | re.I,
)
_TESTS, _SERVER = (str(Path(__file__).parent), "gridserver")
_KEY = "looks_noted"

#: What was found wrong, for those whose exception nobody saw.
found: list[str] = []


@contextmanager
def watched() -> Iterator[None]:
    """Listen; what is wrong is an `AssertionError` where it happens."""
    for name, listener in _LISTENERS.items():
        sa.event.listen(sa.Engine, name, listener)
    try:
        yield
    finally:
        for name, listener in _LISTENERS.items():
            sa.event.remove(sa.Engine, name, listener)


def is_personal(statement: str) -> bool:
    """Say whether a statement reads what is said of a bulletin's person."""
    return _PERSONAL.search(statement) is not None


def _before(connection: sa.Connection, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
    if "INSERT INTO audit_entry" in statement:
        if isinstance(given, Mapping) and given.get("tag") in TAGS:
            connection.info[_KEY] = connection.info.get(_KEY, 0) + 1
    elif is_personal(statement) and "FOR UPDATE" not in statement and _is_the_servers():
        if not connection.info.get(_KEY):
            _complain("what a bulletin says was read without a row of the ledger")
        connection.info[_KEY] -= 1


def _at_commit(connection: sa.Connection) -> None:
    if connection.info.pop(_KEY, 0):
        _complain("the ledger tells of a reading that was none")


def _at_rollback(connection: sa.Connection, *_: Any) -> None:
    connection.info.pop(_KEY, None)


_LISTENERS = {
    "before_cursor_execute": _before,
    "commit": _at_commit,
    "rollback": _at_rollback,
    "rollback_savepoint": _at_rollback,
}


def _is_the_servers() -> bool:
    """Say whether it is the server's code that asks, and not a test's."""
    frame = sys._getframe()
    while frame := frame.f_back:  # type: ignore[assignment]
        path = frame.f_code.co_filename
        if path == __file__:
            continue
        if path.startswith(_TESTS):
            return False
        if f"/{_SERVER}/" in path:
            return True
    return False


def _complain(text: str) -> None:
    found.append(text)
    raise AssertionError(text)

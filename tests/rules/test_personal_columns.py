"""Every column that may say something of a person is in docs/accountability.md, with why and how
long; every other one in which words, bytes or places fit is listed as holding none."""

from __future__ import annotations

import re

from gridserver.base.settings import ROOT

PAGE = ROOT / "docs" / "accountability.md"
COLUMNS = ROOT / "tests" / "rooms" / "schema_columns.txt"
IMPERSONAL = ROOT / "tests" / "rules" / "impersonal_columns.txt"
#: Nothing can be said of a person in these: keys, counts, times, yes and no.
_NUMBERS = re.compile(r" (bigint|integer|smallint|boolean|timestamp with time zone|date)\b")
_GROUP = re.compile(r"`(\w+)`: ((?:`\w+`\s?)+)")


def documented() -> set[str]:
    """Return the columns of the page's tables, as ``table.column``."""
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    groups = [group for row in rows for group in _GROUP.findall(row.split("|")[1])]
    return {f"{table}.{name}" for table, names in groups for name in re.findall(r"`(\w+)`", names)}


def stored() -> dict[str, str]:
    """Return the columns of the database with their types (test_schema_fingerprint.py)."""
    lines = COLUMNS.read_text("utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines)


def test_every_column_is_decided_on() -> None:
    columns = stored()
    listed = set(IMPERSONAL.read_text("utf-8").split())
    telling = {name for name, type_ in columns.items() if not _NUMBERS.search(f" {type_}")}
    missing = sorted(telling - documented() - listed)
    assert missing == [], "say in docs/accountability.md what these hold of whom, why, how long"


def test_nothing_is_said_of_what_is_not_there() -> None:
    listed = set(IMPERSONAL.read_text("utf-8").split())
    assert documented() - stored().keys() == set()
    assert listed - stored().keys() == set()
    assert documented() & listed == set()


def test_the_persons_of_bulletins_are_all_on_the_page() -> None:
    contents = {name for name in stored() if name.startswith("bulletin_contents.")}
    keys = {"bulletin_contents.bulletin_id", "bulletin_contents.last_seen_at"}
    assert contents - keys <= documented()

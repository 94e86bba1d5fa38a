"""`gridserver force voids`, `calendar`, `patterns` and `make-month`."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from gridserver.base.db import Database
from gridserver.force import patterns
from gridserver.force.pattern import Hours, Pattern
from gridserver.force.patterns import PatternDraft
from tests.commands import Run
from tests.county import County, add_teams

WATCH = Hours(dt.time(8), dt.time(8))


@pytest.fixture
def kept(database: Database, county: County) -> int:
    """A pattern of one officer who is on duty every day."""
    with database.transaction() as session:
        add_teams(session, county)
        turns = Pattern(((WATCH,),), (("330824001",),), dt.date(2026, 1, 1))
        draft = PatternDraft("集约值班", "33082401", "pool", turns)
        return patterns.add_pattern(session, None, draft)


def test_voids_are_told_and_exit_with_1(run: Run, county: County) -> None:
    # The county's rosters ended in the spring of its own time.
    told = run("force", "voids", "--days", 2, "--unit", "33082401", "--json", code=1)
    items = json.loads(told.stdout)["items"]
    assert {(void["kind"], void["why"]) for void in items} == {
        ("cell", "no_shift"),
        ("station", "no_shift"),
    }
    assert "no_shift" in run("force", "voids", "--days", 2, code=1).stderr
    assert "no unit" in run("force", "voids", "--unit", "nowhere", code=1).stderr


def test_a_month_is_looked_at_and_then_made(run: Run, kept: int) -> None:
    (listed,) = json.loads(run("force", "patterns", "--json").stdout)
    assert (listed["id"], listed["duty"]) == (kept, "pool")
    assert "集约值班" in run("force", "patterns").stderr
    seen = json.loads(run("force", "make-month", kept, "2199-12", "--json").stdout)
    assert (len(seen["added"]), seen["unknown_years"]) == (31, [2199])
    said = run("force", "make-month", kept, "2199-12", "--apply").stderr
    assert "31 added" in said
    assert "holidays of 2199" in said
    assert "31 unchanged" in run("force", "make-month", kept, "2199-12").stderr
    run("force", "make-month", kept, "soon", code=1)


def test_the_calendar_is_shown_and_filled(run: Run, county: County) -> None:
    assert "Nothing is known of 2026" in run("force", "calendar", 2026).stderr
    filled = json.loads(run("force", "calendar", 2026, "--fill", "--json").stdout)
    assert filled["known"]
    assert "国庆节" in run("force", "calendar", 2026).stderr
    run("force", "calendar", 2100, "--fill", code=1)
    run("force", "calendar", 12, code=1)

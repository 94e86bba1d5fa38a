"""What was changed stands in the ledger with what it was before."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.access import policy
from gridserver.audit.models import AuditEntry
from gridserver.grids import settings
from gridserver.grids.settings import GridSettings
from tests.county import County
from tests.rooms.dispatching import PRIMARY, say, take


def last(session: Session, tag: str) -> dict[str, Any]:
    query = select(AuditEntry.data).where(AuditEntry.tag == tag).order_by(AuditEntry.id.desc())
    return session.scalars(query.limit(1)).one()


def test_a_task_that_is_signed(session: Session, county: County) -> None:
    task = take(session, county).task
    say(session, county, PRIMARY, task.id, "sign")
    assert last(session, "task:sign") == {
        "before": {"state": "assigned"},
        "after": {"state": "signed"},
    }


def test_the_rules_of_signing_in(session: Session, county: County) -> None:
    admin = county.principal("admin")
    policy.change(session, admin, most_failures=7)
    policy.change(session, admin, most_failures=4)
    assert last(session, "access:policy") == {
        "before": {"most_failures": 7},
        "after": {"most_failures": 4},
    }


def test_the_settings_of_the_grid(session: Session, county: County) -> None:
    gis = county.principal("gis")
    settings.put(session, gis, GridSettings(snap_m=7.0))
    settings.put(session, gis, GridSettings(snap_m=9.0))
    changed = last(session, "grid:settings")
    assert (changed["before"]["snap_m"], changed["after"]["snap_m"]) == (7.0, 9.0)

"""What was changed stands in the ledger with what it was before."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.access import policy
from gridserver.audit.models import AuditEntry
from gridserver.dispatch.tables import service as tables
from gridserver.dispatch.tables.changes import Change
from gridserver.force import absences, amending, patterns, posts, shifts, units, workdays
from gridserver.force.absences import AbsenceDraft
from gridserver.force.models import Officer, Ownership
from gridserver.force.pattern import Hours, Pattern
from gridserver.force.patterns import PatternDraft
from gridserver.force.recording import iso
from gridserver.force.shifts import ShiftDraft
from gridserver.force.units import UnitDraft
from gridserver.grids import service as grids
from gridserver.grids import settings
from gridserver.grids.queries import Neighbour
from gridserver.grids.settings import GridSettings
from gridserver.org.models import Unit
from gridserver.partners import service as partners
from gridserver.partners.service import Terms
from gridserver.places import gazetteer
from gridserver.places.rules import Draft
from tests.conftest import MORNING
from tests.county import County, centre
from tests.rooms.dispatching import PRIMARY, say, take

SOUTH, NORTH = "33082401", "33082402"
LATER = MORNING + dt.timedelta(days=20)
HOUR = dt.timedelta(hours=1)


def last(session: Session, tag: str) -> dict[str, Any]:
    """Return what the ledger's last row of a tag keeps."""
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


def differing(kept: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return what a row says was changed: from what, and to what."""
    before, after = kept["before"], kept["after"]
    assert before.keys() == after.keys()
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


@pytest.fixture
def officer(session: Session, county: County) -> Officer:
    return session.get_one(Officer, county.officers[PRIMARY])


def unit_called(session: Session, code: str) -> Unit:
    return session.scalars(select(Unit).where(Unit.code == code)).one()


def test_an_officer_s_rank_and_unit(session: Session, county: County, officer: Officer) -> None:
    amending.change_officer(session, None, officer, display_name="李伟", rank="三级警督")
    amending.change_officer(session, None, officer, display_name="李伟", rank="二级警督")
    assert differing(last(session, "officer:change")) == {"rank": ("三级警督", "二级警督")}
    amending.transfer(session, None, officer, unit_called(session, NORTH))
    amending.transfer(session, None, officer, unit_called(session, SOUTH))
    assert differing(last(session, "officer:transfer")) == {"unit": (NORTH, SOUTH)}


def test_how_long_a_cell_is_an_officer_s(
    session: Session, county: County, officer: Officer
) -> None:
    owned = session.scalars(select(Ownership).where(Ownership.officer_id == officer.id)).first()
    assert owned is not None and owned.valid.lower is not None
    amending.end_ownership(
        session,
        None,
        cell_code=owned.cell_code,
        officer=officer,
        start=owned.valid.lower,
        end=LATER,
    )
    kept = last(session, "ownership:end")
    assert kept["cell"] == owned.cell_code
    assert differing(kept) == {"end": (None, iso(LATER))}


def test_an_absence_but_never_its_reason(session: Session, county: County) -> None:
    admin = county.principal("admin")
    leave = AbsenceDraft("330824001", "sick", LATER, LATER + 24 * HOUR, "330824002")
    one = absences.add_absence(session, admin, leave)
    changed = replace(leave, end=LATER + 48 * HOUR, stand_in=None, reason="court")
    absences.change_absence(session, admin, one, changed)
    assert differing(last(session, "absence:change")) == {
        "end": (iso(leave.end), iso(changed.end)),
        "stand_in": ("330824002", None),
    }
    absences.remove_absence(session, admin, one)
    removed = last(session, "absence:remove")
    assert removed["absence"] == one
    assert removed["before"]["end"] == iso(changed.end)
    assert "reason" not in removed["before"]


def test_a_shift(session: Session, county: County) -> None:
    admin = county.principal("admin")
    pool = ShiftDraft("330824001", "pool", LATER, LATER + 6 * HOUR)
    (one,) = shifts.add_shifts(session, admin, [pool])
    changed = replace(pool, officer="330824002", end=LATER + 8 * HOUR)
    shifts.change_shift(session, admin, one, changed)
    assert differing(last(session, "shift:change")) == {
        "officer": ("330824001", "330824002"),
        "end": (iso(pool.end), iso(changed.end)),
    }
    shifts.remove_shift(session, admin, one)
    assert last(session, "shift:remove")["before"]["officer"] == "330824002"


def test_a_duty_pattern(session: Session, county: County) -> None:
    admin = county.principal("admin")
    turns = Pattern(
        cycle=((Hours(dt.time(8), dt.time(17)),),),
        crews=(("330824001", "330824002"),),
        starts_on=LATER.date(),
        on_days="working",
    )
    draft = PatternDraft(name="社区白班", unit=SOUTH, duty="community", turns=turns)
    kept = patterns.add_pattern(session, admin, draft)
    fewer = replace(draft, turns=replace(turns, crews=(("330824002",),)))
    patterns.change_pattern(session, admin, kept, fewer)
    crews = [["330824001", "330824002"]], [["330824002"]]
    assert differing(last(session, "pattern:change")) == {"crews": crews}
    patterns.remove_pattern(session, admin, kept)
    assert last(session, "pattern:remove")["before"]["name"] == "社区白班"


def test_a_day_of_the_calendar(session: Session, county: County) -> None:
    command, day = county.principal("command"), LATER.date()
    workdays.set_day(session, command, day, kind="working", name_zh="备勤")
    workdays.set_day(session, command, day, kind="rest", name_zh="备勤")
    assert differing(last(session, "calendar:set")) == {"kind": ("working", "rest")}


def test_a_post(session: Session, county: County) -> None:
    unit, (lon, lat) = unit_called(session, SOUTH), centre(0, 0)
    for watched in (True, False):
        posts.set_post(
            session, None, code="P1", name="值班室", unit=unit, watched=watched, lon=lon, lat=lat
        )
    assert differing(last(session, "post:set")) == {"watched": (True, False)}


def test_a_field_unit_and_its_crew(session: Session, county: County) -> None:
    car = UnitDraft("巡逻1号", "patrol_car", SOUTH)
    units.add_field_unit(session, None, "C1", car)
    assert "before" not in last(session, "field_unit:add")
    units.change_field_unit(session, None, "C1", replace(car, in_service=False))
    assert differing(last(session, "field_unit:change")) == {"in_service": (True, False)}
    units.set_crew(session, None, "C1", ["330824002", "330824001"])
    assert differing(last(session, "field_unit:crew")) == {"crew": ([], ["330824001", "330824002"])}


def test_a_row_of_the_dispatch_tables(session: Session, county: County) -> None:
    admin, key = county.principal("admin"), {"scope": SOUTH, "priority": 1}
    for seconds in (90, 60):
        change = Change("sign_limit", key, {"seconds": seconds})
        tables.change(session, admin, [change], why="局务会决定")
    assert differing(last(session, "norms:change")) == {"seconds": (90, 60)}


def test_a_place(session: Session, county: County) -> None:
    here = centre(0, 0)
    one = gazetteer.add(session, None, Draft("key_place", "老王面馆", (), "", *here))
    gazetteer.change(session, None, one, Draft("key_place", "小王面馆", ("王记",), "", *here))
    assert differing(last(session, "place:change")) == {
        "name": ("老王面馆", "小王面馆"),
        "aliases": ([], ["王记"]),
    }


def test_a_partner(session: Session, county: County) -> None:
    admin = county.principal("admin")
    partners.add(session, admin, "110", Terms("110接警平台"))
    partners.put(session, admin, "110", Terms("110接警平台", enabled=False))
    assert differing(last(session, "exchange:edit_partner")) == {"enabled": (True, False)}


def test_the_neighbouring_bureaus(session: Session, county: County) -> None:
    near = Neighbour("330825", "龙游县公安局", None, shapely.box(119, 29, 119.1, 29.1))
    grids.set_neighbours(session, None, [near])
    grids.set_neighbours(session, None, iter([replace(near, code="330802"), near]))
    assert differing(last(session, "grid:neighbours")) == {
        "neighbours": (["330825"], ["330802", "330825"])
    }

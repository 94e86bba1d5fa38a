"""The force in and out of a database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.access import signing_in
from gridserver.audit.models import AuditEntry
from gridserver.base.db import Database
from gridserver.base.errors import Invalid, Unauthenticated
from gridserver.force import importing, queries, workbook
from gridserver.force.tables import (
    AbsenceRow,
    LeaderRow,
    OfficerRow,
    OwnershipRow,
    PostRow,
    ShiftRow,
    Tables,
)
from tests.conftest import MORNING
from tests.county import CELLS, County
from tests.workbook import TABLES

ZONE = ZoneInfo("Asia/Shanghai")
SW = CELLS[0, 0][0]
HOUR = dt.timedelta(hours=1)


def audit_rows(session: Session) -> int:
    return session.scalar(select(sa.func.count()).select_from(AuditEntry)) or 0


def test_an_empty_database_takes_the_whole_force(session: Session) -> None:
    done = importing.import_tables(session, None, TABLES)
    assert done["units"] == {"added": 3, "changed": 0, "unchanged": 0}
    assert importing.tables(session) == TABLES


def test_importing_again_changes_nothing(session: Session) -> None:
    importing.import_tables(session, None, TABLES)
    before = audit_rows(session)
    done = importing.import_tables(session, None, TABLES)
    assert {counts["added"] + counts["changed"] for counts in done.values()} == {0}
    assert importing.tables(session) == TABLES
    assert audit_rows(session) == before


@pytest.fixture
def second(database_url: sa.URL, superuser: sa.Engine) -> Iterator[Database]:
    """Another empty database."""
    name = f"{database_url.database}_b"
    with superuser.connect() as connection:
        connection.execute(
            sa.text(f"CREATE DATABASE {name} TEMPLATE {database_url.database} OWNER gridserver")
        )
    database = Database(database_url.set(database=name))
    yield database
    database.dispose()
    with superuser.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.mark.parametrize("name", ["force.xlsx", "force"])
def test_an_export_makes_the_same_force_elsewhere(
    second: Database, session: Session, county: County, tmp_path: Path, name: str
) -> None:
    exported = importing.tables(session)
    assert len(exported.officers) == len(exported.rosters) == 8
    workbook.write(exported, tmp_path / name, ZONE)
    with second.transaction() as other:
        importing.import_tables(other, None, workbook.read(tmp_path / name, ZONE))
    with second.transaction() as other:
        assert importing.tables(other) == exported


def test_one_bad_row_keeps_everything_out(session: Session, county: County) -> None:
    before, rows = importing.tables(session), audit_rows(session)
    given = Tables(
        officers=(OfficerRow("330824100", "new", "officer", "33082401", line=2),),
        rosters=(ShiftRow("nobody", "pool", MORNING, MORNING + HOUR, line=7),),
    )
    with pytest.raises(Invalid) as refusal:
        importing.import_tables(session, None, given)
    assert refusal.value.extra["errors"] == [
        {
            "sheet": "rosters",
            "row": 7,
            "column": "service_number",
            "text": "there is no officer nobody; add them to the sheet officers.",
        }
    ]
    assert importing.tables(session) == before
    assert audit_rows(session) == rows


def test_known_rows_are_changed(session: Session, county: County) -> None:
    present = importing.tables(session)
    by_number = {row.service_number: row for row in present.officers}
    shift = next(row for row in present.rosters if row.service_number == "330824001")
    owned = next(row for row in present.ownership if row.service_number == "330824001")
    absence = AbsenceRow("330824002", "leave", MORNING, MORNING + HOUR)
    leads = LeaderRow("33082401", "330824003", MORNING)
    post = PostRow("P1", "站", "33082401", True)
    importing.import_tables(
        session, None, Tables(absences=(absence,), leaders=(leads,), posts=(post,))
    )
    given = Tables(
        units=(replace(present.units[1], name="新所", lon=118.4, lat=29.1),),
        officers=(replace(by_number["330824001"], name="一号", rank="警督", unit="33082402"),),
        ownership=(
            replace(owned, valid_to=MORNING),
            OwnershipRow(SW, "backup", "330824001", MORNING),
        ),
        rosters=(replace(shift, end=MORNING),),
        absences=(replace(absence, end=MORNING + 2 * HOUR, stand_in="330824003"),),
        leaders=(replace(leads, valid_to=MORNING + HOUR),),
        posts=(replace(post, watched=False, lon=118.4, lat=29.1),),
    )
    done = importing.import_tables(session, None, given)
    assert {name: counts["changed"] for name, counts in done.items()} == dict.fromkeys(done, 1)
    after = importing.tables(session)
    assert set(given.units) <= set(after.units)
    assert set(given.officers) <= set(after.officers)
    assert set(given.ownership) <= set(after.ownership)
    assert set(given.rosters) <= set(after.rosters)
    assert set(given.absences) <= set(after.absences)
    assert (given.leaders, given.posts) == (after.leaders, after.posts)
    assert len(after.ownership) == len(present.ownership) + 1
    principal = access.principal_of(session, county.accounts["330824001"])
    assert principal.display_name == "一号"
    assert principal.paths("position.send") == ("330824.33082402",)
    picture = queries.duty_picture(session, SW, (), MORNING)
    assert [o.username for o in picture.primaries] == []
    assert [(o.username, o.on_duty) for o in picture.backups] == [
        ("330824001", False),
        ("330824002", True),
    ]


def test_new_officers_cannot_sign_in_before_they_have_a_password(session: Session) -> None:
    importing.import_tables(session, None, TABLES)
    for password in ("", "!", "0001"):
        with pytest.raises(Unauthenticated):
            signing_in.sign_in(session, "0001", password, None)
    cards = {card.username: card for card in access.accounts(session)}
    assert not cards["0001"].can_sign_in
    assert cards["0001"].roles == (("officer", "33082401-1"),)
    assert cards["F1"].roles == ()

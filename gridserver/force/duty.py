"""The picture of duty that a decision is made from, in one round trip."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ARRAY, TIMESTAMP, Text, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from gridserver.base import db
from gridserver.force import calendar
from gridserver.force.calendar import Day


@dataclass(frozen=True)
class DutyOfficer:
    """An officer as a decision needs to know them.

    Attributes
    ----------
    unit_code
        The unit they belong to, which need not be the one they serve.
    duties
        What they are on duty for at the moment, in the order of the alphabet; empty when off duty,
        and where the account is disabled.
    absent
        The reason of the absence that covers the moment. Independent of `duties`: who is ill stays
        on the roster.
    stand_in
        Who was named to stand in during that absence. Theirs is not followed further.
    """

    account_id: int
    username: str
    display_name: str
    service_number: str
    unit_code: str
    duties: tuple[str, ...]
    absent: str | None = None
    stand_in: DutyOfficer | None = None

    @property
    def on_duty(self) -> bool:
        """Whether a shift covers the moment."""
        return bool(self.duties)


@dataclass(frozen=True)
class DutyPicture:
    """Who answers for a cell at a moment, and who is on duty for some units; by service number.

    Attributes
    ----------
    primaries, backups
        The cell's owners: A角 and B角.
    group
        The rest of the owners' groups (警组), on duty or not.
    team_leaders
        Who leads the owners' groups and teams, the nearest unit's first.
    on_duty
        By the code of a unit asked for: who has a shift that serves it or a unit below it; `duties`
        are those of such shifts.
    days
        What the calendar says of the days around the moment.
    """

    primaries: tuple[DutyOfficer, ...] = ()
    backups: tuple[DutyOfficer, ...] = ()
    group: tuple[DutyOfficer, ...] = ()
    team_leaders: tuple[DutyOfficer, ...] = ()
    on_duty: Mapping[str, tuple[DutyOfficer, ...]] = field(default_factory=dict)
    days: Mapping[dt.date, Day] = field(default_factory=dict)

    def day(self, date: dt.date) -> Day:
        """Return what kind of day the moment's date is, in whichever time zone."""
        return calendar.day(self.days, date)


def duty_picture(
    session: Session, cell_code: str | None, unit_codes: Sequence[str], at: dt.datetime
) -> DutyPicture:
    """Return who answers for the cell at `at`, and who is on duty for the units. One round trip.

    Parameters
    ----------
    cell_code : str or None
        None where the point lies in no cell: nobody owns it.
    unit_codes : sequence of str
        The units whose duty is asked for; a code that no unit has gives an empty list.
    at : datetime
        Timezone-aware; which ownership, shifts and absences count.
    """
    asked = {"cell": cell_code, "units": list(unit_codes), "at": at}
    (found,) = db.rows(session, _PICTURE, asked)
    people = found.people or ()
    stand_ins = {row["officer"]: _officer(row, {}) for row in people if row["part"] == "stand_in"}

    def part(name: str, unit: str | None = None) -> tuple[DutyOfficer, ...]:
        rows = (row for row in people if row["part"] == name and row["unit"] == unit)
        return tuple(_officer(row, stand_ins) for row in rows)

    return DutyPicture(
        primaries=part("primary"),
        backups=part("backup"),
        group=part("group"),
        team_leaders=part("team_leader"),
        on_duty={code: part("on_duty", code) for code in unit_codes},
        days=_days(found.days or ()),
    )


def _officer(row: Mapping[str, Any], stand_ins: Mapping[int, DutyOfficer]) -> DutyOfficer:
    return DutyOfficer(
        account_id=row["account_id"],
        username=row["username"],
        display_name=row["display_name"],
        service_number=row["service_number"],
        unit_code=row["unit_code"],
        duties=tuple(row["duties"] or ()),
        absent=row["absent"],
        stand_in=stand_ins.get(row["stand_in"]),
    )


def _days(rows: Iterable[Mapping[str, Any]]) -> dict[dt.date, Day]:
    days = (Day(**{**row, "date": dt.date.fromisoformat(row["date"])}) for row in rows)
    return {day.date: day for day in days}


# Asked for every incident, so in one statement: the parts of the picture as pairs of part and
# officer, those who stand in for the absent among them, and then what there is to know of each.
# The moment's date is one of three, whatever the time zone.
_PICTURE = (
    text(
        """
    WITH owner AS (
        SELECT ownership.role, officer.id, officer.unit_id, unit.kind, unit.path
        FROM ownership
        JOIN officer ON officer.id = ownership.officer_id
        JOIN unit ON unit.id = officer.unit_id
        WHERE ownership.cell_code = :cell AND ownership.valid @> :at
    ), serving AS (
        SELECT asked.code AS unit, shift.officer_id, array_agg(DISTINCT shift.duty) AS duties
        FROM unit AS asked
        JOIN unit AS served
            ON served.path = asked.path OR starts_with(served.path, asked.path || '.')
        JOIN shift ON shift.unit_id = served.id AND shift.during @> :at
        WHERE asked.code = ANY (:units)
        GROUP BY asked.code, shift.officer_id
    ), named AS (
        SELECT role AS part, NULL AS unit, id AS officer_id, NULL::text[] AS duties, 0 AS depth
        FROM owner
        UNION ALL
        SELECT 'group', NULL, officer.id, NULL, 0
        FROM officer
        WHERE officer.kind = 'officer'
            AND officer.unit_id IN (SELECT unit_id FROM owner WHERE kind = 'group')
            AND officer.id NOT IN (SELECT id FROM owner)
        UNION ALL
        SELECT 'team_leader', NULL, leadership.officer_id, NULL, -max(length(above.path))
        FROM (SELECT DISTINCT path FROM owner) AS owning
        JOIN unit AS above ON above.kind IN ('group', 'team')
            AND (above.path = owning.path OR starts_with(owning.path, above.path || '.'))
        JOIN leadership ON leadership.unit_id = above.id AND leadership.valid @> :at
        GROUP BY leadership.officer_id
        UNION ALL
        SELECT 'on_duty', unit, officer_id, duties, 0 FROM serving
    ), everybody AS (
        SELECT * FROM named
        UNION ALL
        SELECT DISTINCT 'stand_in', NULL, absence.stand_in_id, NULL::text[], 0
        FROM named
        JOIN absence ON absence.officer_id = named.officer_id AND absence.during @> :at
        WHERE absence.stand_in_id IS NOT NULL
    ), people AS (
        SELECT
            everybody.part, everybody.unit, officer.id AS officer, account.id AS account_id,
            account.username, account.display_name, officer.service_number,
            unit.code AS unit_code, absence.reason AS absent, absence.stand_in_id AS stand_in,
            everybody.depth,
            CASE WHEN account.disabled_at IS NULL THEN coalesce(
                everybody.duties,
                ARRAY(SELECT DISTINCT shift.duty FROM shift
                      WHERE shift.officer_id = officer.id AND shift.during @> :at
                      ORDER BY shift.duty)
            ) END AS duties
        FROM everybody
        JOIN officer ON officer.id = everybody.officer_id
        JOIN account ON account.id = officer.account_id
        JOIN unit ON unit.id = officer.unit_id
        LEFT JOIN absence ON absence.officer_id = officer.id AND absence.during @> :at
        WHERE officer.kind = 'officer'
            AND (everybody.part IN ('primary', 'backup') OR account.disabled_at IS NULL)
    )
    SELECT
        (SELECT jsonb_agg(people ORDER BY depth, service_number) FROM people) AS people,
        (SELECT jsonb_agg(calendar_day) FROM calendar_day
         WHERE date BETWEEN (:at AT TIME ZONE 'UTC')::date - 1
             AND (:at AT TIME ZONE 'UTC')::date + 1) AS days
    """
    )
    .bindparams(
        bindparam("cell", type_=Text),
        bindparam("units", type_=ARRAY(Text)),
        bindparam("at", type_=TIMESTAMP(timezone=True)),
    )
    .columns(people=JSONB, days=JSONB)
)

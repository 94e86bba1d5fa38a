"""Positions: whose count, which stands, what is kept and for how long."""

from __future__ import annotations

import datetime as dt
import math

import pytest
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.errors import CoordinateError
from gridserver import schema
from gridserver.access import service as access
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.base.errors import Forbidden, Invalid
from gridserver.force import position_days, positions, units
from gridserver.force.models import FieldUnit, Officer, OfficerPosition, PositionRecord, Shift
from gridserver.force.positions import MOST_POSITIONS, Newest, Seen, check_batch
from gridserver.force.rules import FUTURE_TOLERANCE, Position
from gridserver.force.units import UnitDraft
from tests.conftest import MORNING
from tests.county import County

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
OFFICER, OTHER = "330824001", "330824005"
PLACE = (118.4, 29.1)


def at(moment: dt.datetime, **measured: float) -> Position:
    return Position(*PLACE, moment, **measured)


def store(session: Session, county: County, *told: Position, who: str = OFFICER) -> list[Newest]:
    return positions.store(session, [Seen(county.accounts[who], each) for each in told])


def standing(session: Session) -> list[dt.datetime]:
    return list(session.scalars(select(OfficerPosition.at).order_by(OfficerPosition.at)))


def history(session: Session) -> list[dt.datetime]:
    return list(session.scalars(select(PositionRecord.at).order_by(PositionRecord.at)))


def end_shifts(session: Session, county: County, who: str, end: dt.datetime) -> None:
    """Have everything that `who` has on the roster end at a moment."""
    shortened = sa.func.tstzrange(sa.func.lower(Shift.during), end)
    session.execute(
        sa.update(Shift).where(Shift.officer_id == county.officers[who]).values(during=shortened)
    )


def partitions(session: Session) -> list[str]:
    listed = sa.text("SELECT relid::regclass::text FROM pg_partition_tree('position_record')")
    return sorted(name for name in session.scalars(listed) if position_days.is_partition(name))


class TestStanding:
    def test_the_newest_stands_in_whatever_order(self, session: Session, county: County) -> None:
        old, new = (at(MORNING - HOUR * h, accuracy_m=12.0, battery=0.8) for h in (2, 1))
        (told,) = store(session, county, new, old)
        assert (told.username, told.unit_path) == (OFFICER, "330824.33082401")
        assert told.position == new
        assert store(session, county, old) == []
        assert standing(session) == [new.at]
        newest = Position(118.5, 29.1, MORNING, heading=270.0, speed_mps=8.5)
        assert store(session, county, newest)[0].position == newest
        assert standing(session) == [MORNING]

    def test_many_officers_in_one_go(self, session: Session, county: County) -> None:
        seen = [Seen(county.accounts[who], at(MORNING)) for who in (OTHER, OFFICER)]
        assert [each.username for each in positions.store(session, seen)] == [OFFICER, OTHER]

    def test_nothing_changes_nothing(self, session: Session, county: County) -> None:
        assert positions.store(session, []) == []
        assert standing(session) == []

    def test_a_desk_and_a_disabled_account_have_no_position(
        self, session: Session, county: County
    ) -> None:
        access.disable(session, None, OTHER)
        seen = [Seen(county.accounts[who], at(MORNING)) for who in ("command", OTHER)]
        assert positions.store(session, seen) == []
        with pytest.raises(Forbidden):
            positions.require_officer(session, county.principal("command"))
        positions.require_officer(session, county.principal(OFFICER))


class TestDuty:
    def test_off_duty_there_is_no_position(self, session: Session, county: County) -> None:
        end_shifts(session, county, OFFICER, MORNING - HOUR)
        assert store(session, county, at(MORNING)) == []
        assert standing(session) == history(session) == []

    def test_what_was_told_late_counts_by_its_own_time(
        self, session: Session, county: County
    ) -> None:
        end_shifts(session, county, OFFICER, MORNING - HOUR)
        on, off = at(MORNING - 2 * HOUR), at(MORNING - HOUR)
        assert [each.position for each in store(session, county, on, off)] == [on]
        assert history(session) == [on.at]

    def test_who_was_called_out_has_one_whatever_the_roster_says(
        self, session: Session, county: County
    ) -> None:
        end_shifts(session, county, OFFICER, MORNING - HOUR)
        account = county.accounts[OFFICER]
        (told,) = positions.store(session, [Seen(account, at(MORNING))], called_out={account})
        assert told.account_id == account

    def test_who_rides_with_a_unit_in_service_is_on_duty(
        self, session: Session, county: County
    ) -> None:
        end_shifts(session, county, OFFICER, MORNING - HOUR)
        units.add_field_unit(session, None, "P1", UnitDraft("一号车", "patrol_car", "33082401"))
        units.set_crew(session, None, "P1", [OFFICER])
        assert store(session, county, at(MORNING))
        session.execute(sa.update(FieldUnit).values(in_service=False))
        assert store(session, county, at(MORNING + HOUR / 60)) == []


class TestHistory:
    def test_every_position_once(self, session: Session, county: County) -> None:
        told = [at(MORNING - dt.timedelta(minutes=n)) for n in range(5)]
        store(session, county, *told)
        store(session, county, *told[2:], at(MORNING - HOUR))
        assert history(session) == sorted({*(each.at for each in told), MORNING - HOUR})

    def test_a_day_is_a_partition_and_none_is_missing(
        self, session: Session, county: County, clock: SetClock
    ) -> None:
        store(session, county, at(MORNING))
        assert partitions(session)[0] == "position_record_20260306"
        assert partitions(session)[-1] == "position_record_20260312"
        clock.set(MORNING + 40 * DAY)
        account = county.accounts[OFFICER]
        positions.store(session, [Seen(account, at(MORNING + 40 * DAY))], called_out={account})
        assert partitions(session)[-1] == "position_record_20260421"
        assert history(session) == [MORNING, MORNING + 40 * DAY]

    def test_days_run_from_midnight_to_midnight(self, session: Session, county: County) -> None:
        midnight = MORNING.astimezone(dt.UTC).replace(hour=0, minute=0)
        second = dt.timedelta(seconds=1)
        store(session, county, at(midnight - second), at(midnight))
        where = sa.text("SELECT tableoid::regclass::text FROM position_record ORDER BY at")
        assert list(session.scalars(where)) == [
            "position_record_20260309",
            "position_record_20260310",
        ]

    def test_the_very_late_stand_but_have_no_history(
        self, session: Session, county: County
    ) -> None:
        long_ago = at(MORNING - 5 * DAY)
        assert store(session, county, long_ago)
        assert history(session) == []

    def test_days_over_are_dropped_and_the_next_are_there(
        self, session: Session, county: County, clock: SetClock
    ) -> None:
        store(session, county, at(MORNING))
        clock.set(MORNING + position_days.RETENTION)
        assert position_days.drop_old(session, 100) == 4
        assert history(session) == [MORNING]
        clock.set(MORNING + position_days.RETENTION + DAY)
        assert position_days.drop_old(session, 100) == 1
        assert history(session) == []
        assert position_days.drop_old(session, 100) == 0

    def test_a_chore_does_no_more_than_it_is_asked(
        self, session: Session, county: County, clock: SetClock
    ) -> None:
        store(session, county, at(MORNING))
        clock.set(MORNING + 60 * DAY)
        done = []
        while not done or done[-1]:
            done.append(position_days.drop_old(session, 3))
        assert done == [3, 3, 1, 0]

    def test_the_models_still_agree(self, database: Database) -> None:
        with database.transaction() as session:
            position_days.ensure(session)
        schema.check(database.engine)


class TestChecks:
    def test_a_clock_may_run_ahead_by_five_minutes(self) -> None:
        check_batch([at(MORNING + FUTURE_TOLERANCE)], MORNING)
        late = MORNING + FUTURE_TOLERANCE + dt.timedelta(seconds=1)
        with pytest.raises(Invalid) as refusal:
            check_batch([at(late)], MORNING)
        assert refusal.value.code == "position.in_future"

    @pytest.mark.parametrize(
        ("position", "code", "field"),
        [
            (Position(29.1, 118.4, MORNING), "coordinates.swapped", ""),
            (Position(math.nan, 29.1, MORNING), "coordinates.not_finite", ""),
            (Position(218.4, 29.1, MORNING), "coordinates.out_of_range", ""),
            (at(MORNING.replace(tzinfo=None)), "input.not_moment", ".at"),
            (at(dt.datetime.min.replace(tzinfo=MORNING.tzinfo)), "input.not_moment", ".at"),
            (at(MORNING, accuracy_m=-1), "position.bad_accuracy", ".accuracy_m"),
            (at(MORNING, heading=361), "position.bad_heading", ".heading"),
            (at(MORNING, speed_mps=math.inf), "position.bad_speed", ".speed_mps"),
            (at(MORNING, battery=math.nan), "position.bad_battery", ".battery"),
        ],
    )
    def test_one_bad_position_refuses_the_batch(
        self, position: Position, code: str, field: str
    ) -> None:
        with pytest.raises((Invalid, CoordinateError)) as refusal:
            check_batch([at(MORNING), position], MORNING)
        assert (refusal.value.code, refusal.value.field) == (code, f"positions[1]{field}")

    def test_a_batch_has_a_size(self) -> None:
        check_batch([at(MORNING)] * MOST_POSITIONS, MORNING)
        with pytest.raises(Invalid, match="at most"):
            check_batch([at(MORNING)] * (MOST_POSITIONS + 1), MORNING)


def test_officers_of_the_sample_county_are_on_duty(session: Session, county: County) -> None:
    """What the others rely on."""
    on_duty = select(Officer.id).join(Shift, Shift.officer_id == Officer.id)
    assert set(session.scalars(on_duty.where(Shift.during.contains(MORNING)))) >= {
        county.officers[OFFICER],
        county.officers[OTHER],
    }

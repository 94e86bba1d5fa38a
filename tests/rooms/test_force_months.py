"""A month made from a pattern, what was changed by hand, and the calendar behind it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.base.clock import SetClock
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound
from gridserver.force import months, patterns, shifts, workdays
from gridserver.force.models import Shift
from gridserver.force.months import Month
from gridserver.force.pattern import Hours, Pattern
from gridserver.force.patterns import PatternDraft
from gridserver.force.shifts import ShiftDraft
from tests.conftest import MORNING
from tests.county import STATIONS, County, add_teams

SOUTH = STATIONS[0]
ZONE = ZoneInfo("Asia/Shanghai")
DAY_HOURS = Hours(dt.time(8, 30), dt.time(17, 30))
NIGHT = Hours(dt.time(17, 30), dt.time(8, 30))
#: April 2026 has a holiday on the 4th to the 6th, of which the 6th is a Monday.
APRIL = "2026-04"
DRAFT = PatternDraft(
    name="社区白班",
    unit=SOUTH,
    duty="community",
    turns=Pattern(
        cycle=((DAY_HOURS,),),
        crews=(("330824001", "330824002"),),
        starts_on=dt.date(2026, 3, 1),
        on_days="working",
    ),
)


@pytest.fixture
def kept(session: Session, county: County) -> int:
    """The pattern, in a county without any shift."""
    add_teams(session, county)
    session.execute(sa.delete(Shift))
    workdays.fill(session, None, 2026)
    return patterns.add_pattern(session, county.principal("room-33082401"), DRAFT)


def make(session: Session, county: County, kept: int, month: str = APRIL) -> Month:
    return months.make_month(session, county.principal("admin"), kept, month, dry_run=False)


def on_roster(session: Session, number: str = "330824001") -> list[str]:
    """Return on which days of the bureau's time an officer's shifts begin."""
    rows = session.execute(
        sa.text(
            "SELECT lower(during) FROM shift JOIN officer ON officer.id = officer_id "
            "WHERE service_number = :number ORDER BY 1"
        ),
        {"number": number},
    )
    return [start.astimezone(ZONE).strftime("%m-%d %H:%M") for (start,) in rows]


class TestMakeMonth:
    def test_makes_the_working_days_of_a_month(
        self, session: Session, county: County, kept: int
    ) -> None:
        made = make(session, county, kept)
        days = on_roster(session)
        assert len(days) == 21
        assert not {"04-04 08:30", "04-05 08:30", "04-06 08:30"} & set(days)
        assert len(made.added) == 42
        assert (made.removed, made.unchanged, made.kept, made.unknown_years) == ((), 0, (), ())
        assert {shift.unit_id for shift in session.scalars(select(Shift))} == {county.units[SOUTH]}

    def test_a_preview_changes_nothing(self, session: Session, county: County, kept: int) -> None:
        actor = county.principal("admin")
        seen = months.make_month(session, actor, kept, APRIL, dry_run=True)
        assert on_roster(session) == []
        assert make(session, county, kept) == seen

    def test_made_again_it_changes_nothing(
        self, session: Session, county: County, kept: int
    ) -> None:
        make(session, county, kept)
        before = session.scalars(select(Shift.id).order_by(Shift.id)).all()
        again = make(session, county, kept)
        assert (again.added, again.removed, again.unchanged) == ((), (), 42)
        assert session.scalars(select(Shift.id).order_by(Shift.id)).all() == before

    def test_follows_a_changed_pattern(self, session: Session, county: County, kept: int) -> None:
        make(session, county, kept)
        actor = county.principal("admin")
        turns = replace(DRAFT.turns, crews=(("330824001",),), cycle=((NIGHT,),))
        patterns.change_pattern(session, actor, kept, replace(DRAFT, turns=turns, duty="pool"))
        made = make(session, county, kept)
        assert (len(made.added), len(made.removed)) == (21, 42)
        assert on_roster(session)[0] == "04-01 17:30"
        assert on_roster(session, "330824002") == []
        assert set(session.scalars(select(Shift.duty))) == {"pool"}

    def test_what_has_begun_stays(
        self, session: Session, county: County, kept: int, clock: SetClock
    ) -> None:
        make(session, county, kept)
        actor = county.principal("admin")
        clock.set(dt.datetime(2026, 4, 15, 12, tzinfo=ZONE))
        turns = replace(DRAFT.turns, crews=(("330824002",),))
        patterns.change_pattern(session, actor, kept, replace(DRAFT, turns=turns))
        made = make(session, county, kept)
        assert made.begins == clock.now()
        assert on_roster(session)[-1] == "04-15 08:30"
        assert len(on_roster(session, "330824002")) == 21

    def test_what_was_changed_by_hand_is_kept_and_said(
        self, session: Session, county: County, kept: int
    ) -> None:
        make(session, county, kept)
        admin = county.principal("admin")
        first, second, third = session.scalars(
            select(Shift.id)
            .where(Shift.officer_id == county.officers["330824001"])
            .order_by(sa.func.lower(Shift.during))
            .limit(3)
        ).all()
        shifts.remove_shift(session, admin, first)
        late = dt.datetime(2026, 4, 2, 12, tzinfo=ZONE)
        shifts.change_shift(
            session,
            admin,
            second,
            ShiftDraft("330824001", "community", late, late + dt.timedelta(hours=9)),
        )
        shifts.change_shift(
            session,
            admin,
            third,
            ShiftDraft(
                "330824101",
                "community",
                late + dt.timedelta(hours=20, minutes=30),
                late + dt.timedelta(hours=29, minutes=30),
            ),
        )
        made = make(session, county, kept)
        assert (made.added, made.removed, made.unchanged) == ((), (), 39)
        assert [
            (k.why, k.stretch.officer, k.stretch.start.astimezone(ZONE).day) for k in made.kept
        ] == [("exception", "330824001", day) for day in (1, 2, 3)]
        assert on_roster(session)[:2] == ["04-02 12:00", "04-07 08:30"]

    def test_who_has_the_duty_already_is_left_alone(
        self, session: Session, county: County, kept: int
    ) -> None:
        begins = dt.datetime(2026, 4, 1, 10, tzinfo=ZONE)
        own = ShiftDraft("330824001", "community", begins, begins + dt.timedelta(hours=1))
        shifts.add_shifts(session, county.principal("admin"), [own])
        made = make(session, county, kept)
        assert [(k.why, k.stretch.officer) for k in made.kept] == [("on_duty", "330824001")]
        assert on_roster(session)[0] == "04-01 10:00"

    def test_warns_of_a_year_whose_holidays_nobody_entered(
        self, session: Session, county: County, kept: int
    ) -> None:
        assert make(session, county, kept, "2027-02").unknown_years == (2027,)

    def test_refuses_a_month_that_is_over_or_none(
        self, session: Session, county: County, kept: int
    ) -> None:
        with pytest.raises(Conflict) as refusal:
            make(session, county, kept, "2026-02")
        assert refusal.value.code == "month.over"
        for month in ("2026-13", "april", "2026-4", "9999-01"):
            with pytest.raises(Invalid):
                make(session, county, kept, month)
        with pytest.raises(NotFound):
            make(session, county, kept + 1)
        with pytest.raises(Forbidden):
            months.make_month(session, county.principal("room-33082402"), kept, APRIL, dry_run=True)


class TestPatterns:
    def test_are_shown_as_they_were_given(
        self, session: Session, county: County, kept: int
    ) -> None:
        card = patterns.pattern(session, county.principal("command"), kept)
        assert (card.name, card.unit.code, card.post, card.duty) == (
            DRAFT.name,
            DRAFT.unit,
            None,
            DRAFT.duty,
        )
        assert card.turns == DRAFT.turns
        assert patterns.patterns(session, county.principal("command")) == [card]
        assert patterns.patterns(session, county.principal("room-33082402")) == []
        with pytest.raises(Forbidden):
            patterns.pattern(session, county.principal("room-33082402"), kept)

    def test_a_removed_one_leaves_its_shifts(
        self, session: Session, county: County, kept: int
    ) -> None:
        make(session, county, kept)
        patterns.remove_pattern(session, county.principal("admin"), kept)
        assert len(on_roster(session)) == 21
        with pytest.raises(NotFound):
            patterns.pattern(session, county.principal("admin"), kept)

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"name": " "}, Invalid),
            ({"duty": "night"}, Invalid),
            ({"unit": "nowhere"}, NotFound),
            ({"post": "nowhere"}, NotFound),
            ({"turns": replace(DRAFT.turns, cycle=())}, Invalid),
            ({"turns": replace(DRAFT.turns, crews=(("nobody",),))}, Invalid),
            ({"turns": replace(DRAFT.turns, crews=(("330824005",),))}, Forbidden),
            ({"unit": "33082402"}, Forbidden),
        ],
    )
    def test_refuses_what_cannot_be(
        self,
        session: Session,
        county: County,
        kept: int,
        change: dict[str, object],
        error: type[Exception],
    ) -> None:
        with pytest.raises(error):
            patterns.add_pattern(
                session, county.principal("room-33082401"), replace(DRAFT, **change)
            )


class TestCalendar:
    HOLIDAY = dt.date(2026, 4, 6)

    def test_the_bureau_has_the_last_word(self, session: Session, county: County) -> None:
        command = county.principal("command")
        workdays.set_day(session, command, self.HOLIDAY, kind="working", name_zh="备勤")
        workdays.fill(session, command, 2026)
        assert workdays.day(session, self.HOLIDAY).source == "bureau"
        assert workdays.day(session, self.HOLIDAY).is_working
        assert workdays.day(session, dt.date(2026, 4, 5)).kind == "holiday"
        workdays.set_day(session, command, self.HOLIDAY, kind="rest")
        assert workdays.day(session, self.HOLIDAY).kind == "rest"

    def test_tells_whether_a_year_is_known(self, session: Session, county: County) -> None:
        assert not workdays.year(session, 2026).known
        year = workdays.fill(session, None, 2026)
        assert year.known
        assert workdays.year(session, 2026) == year
        assert workdays.unknown_years(session, self.HOLIDAY, dt.date(2028, 1, 1)) == [2027, 2028]

    def test_is_edited_by_the_bureau_alone(self, session: Session, county: County) -> None:
        for username in ("room-33082401", "330824001", "auditor"):
            with pytest.raises(Forbidden):
                workdays.set_day(session, county.principal(username), self.HOLIDAY, kind="working")

    @pytest.mark.parametrize(("kind", "year"), [("half", 2026), ("rest", 1999), ("rest", 2200)])
    def test_refuses_what_cannot_be(
        self, session: Session, county: County, kind: str, year: int
    ) -> None:
        with pytest.raises(Invalid):
            workdays.set_day(session, county.principal("admin"), dt.date(year, 1, 1), kind=kind)

    def test_a_year_that_is_not_announced_is_refused(
        self, session: Session, county: County
    ) -> None:
        with pytest.raises(Invalid) as refusal:
            workdays.fill(session, county.principal("admin"), 2100)
        assert refusal.value.code == "calendar.unknown_year"

    def test_the_worker_fills_it_where_china_s_time_is_kept(
        self, session: Session, county: County
    ) -> None:
        session.info["zone"] = ZoneInfo("America/Chicago")
        assert workdays.fill_what_is_missing(session, 100) == 0
        session.info["zone"] = ZONE
        assert workdays.fill_what_is_missing(session, 100) == 1
        assert workdays.fill_what_is_missing(session, 100) == 0
        assert workdays.year(session, MORNING.year).known

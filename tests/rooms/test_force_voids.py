"""The void alarm: who would be there, for every minute of the days to come."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from gridserver.base.db import Database
from gridserver.base.errors import Forbidden, Invalid
from gridserver.force import amending, service, voids
from gridserver.force.models import Officer, Ownership, Post, RosterRevision, Shift
from gridserver.force.voids import Void
from tests.conftest import MORNING
from tests.county import CELLS, STATIONS, County, add_teams, commit_county

SW, SE = CELLS[0, 0][0], CELLS[1, 0][0]
SOUTH, NORTH = STATIONS
END = MORNING + dt.timedelta(days=2)


def hours(number: float) -> dt.timedelta:
    return dt.timedelta(hours=number)


@pytest.fixture
def empty(session: Session, county: County) -> County:
    """The county with its teams, and nobody on the roster."""
    add_teams(session, county)
    session.execute(sa.delete(Shift))
    return county


def put_on(
    session: Session, county: County, number: str, duty: str, start: float, end: float, unit: str
) -> None:
    stretch = amending.Duty(
        county.officers[number],
        duty,
        MORNING + hours(start),
        MORNING + hours(end),
        county.units[unit],
    )
    amending.set_roster(session, None, [stretch])


def send_away(
    session: Session, county: County, number: str, start: float, end: float, other: str | None
) -> None:
    service.set_absence(
        session,
        None,
        officer=session.get_one(Officer, county.officers[number]),
        reason="leave",
        start=MORNING + hours(start),
        end=MORNING + hours(end),
        stand_in=session.get_one(Officer, county.officers[other]) if other else None,
    )


def found(session: Session, code: str, kind: str = "cell") -> list[tuple[float, float, str]]:
    """Return the voids of one subject in hours from the morning on, and why."""
    return [
        ((void.start - MORNING) / hours(1), (void.end - MORNING) / hours(1), void.why)
        for void in voids.voids(session, MORNING, END)
        if (void.kind, void.code) == (kind, code)
    ]


def test_a_full_roster_has_none(session: Session, county: County) -> None:
    add_teams(session, county)
    assert voids.voids(session, MORNING, END) == []


def test_an_empty_roster_is_all_void(session: Session, empty: County) -> None:
    everything = voids.voids(session, MORNING, END)
    assert {(v.kind, v.code, v.start, v.end, v.why) for v in everything} == {
        (kind, code, MORNING, END, "no_shift")
        for kind, codes in {
            "cell": [code for code, _ in CELLS.values()],
            "team": ["33082401-S1", "33082401-C"],
            "station": [SOUTH, NORTH],
        }.items()
        for code in codes
    }
    assert voids.voids(session, MORNING, END)[0].station in STATIONS


class TestCell:
    def test_an_owner_covers_their_shift_and_not_a_minute_more(
        self, session: Session, empty: County
    ) -> None:
        put_on(session, empty, "330824001", "community", 1, 9, SOUTH)
        put_on(session, empty, "330824002", "community", 9.5, 20, SOUTH)
        put_on(session, empty, "330824001", "case", 20, 48, SOUTH)
        assert found(session, SW) == [(0, 1, "no_shift"), (9, 9.5, "no_shift")]
        assert found(session, SE) == [(0, 48, "no_shift")]

    def test_a_member_of_the_owners_group_covers(self, session: Session, empty: County) -> None:
        put_on(session, empty, "330824101", "community", 0, 48, SOUTH)
        assert found(session, SW) == []
        assert found(session, SE) == [(0, 48, "no_shift")]

    def test_the_stations_pool_covers_its_cells_and_no_others(
        self, session: Session, empty: County
    ) -> None:
        put_on(session, empty, "330824104", "pool", 0, 48, "33082401-C")
        assert found(session, SW) == found(session, SE) == []
        assert found(session, CELLS[0, 1][0]) == [(0, 48, "no_shift")]

    def test_another_duty_of_a_colleague_does_not(self, session: Session, empty: County) -> None:
        put_on(session, empty, "330824103", "case", 0, 48, SOUTH)
        assert found(session, SW) == [(0, 48, "no_shift")]

    def test_who_is_absent_is_taken_off(self, session: Session, empty: County) -> None:
        put_on(session, empty, "330824001", "community", 0, 48, SOUTH)
        send_away(session, empty, "330824001", 10, 12, None)
        assert found(session, SW) == [(10, 12, "absent")]

    def test_who_stands_in_covers_during_the_absence_only(
        self, session: Session, empty: County
    ) -> None:
        put_on(session, empty, "330824001", "community", 0, 24, SOUTH)
        put_on(session, empty, "330824103", "case", 0, 48, SOUTH)
        send_away(session, empty, "330824001", 10, 30, "330824103")
        assert found(session, SW) == [(30, 48, "no_shift")]
        send_away(session, empty, "330824103", 11, 12, None)
        assert found(session, SW) == [(11, 12, "absent"), (30, 48, "no_shift")]

    def test_an_owner_covers_while_they_own(self, session: Session, empty: County) -> None:
        put_on(session, empty, "330824003", "community", 0, 48, SOUTH)
        session.execute(
            sa.update(Ownership)
            .where(Ownership.cell_code == SE)
            .values(valid=Range(None, MORNING + hours(5)))
        )
        assert found(session, SE) == [(5, 48, "no_owner")]

    def test_a_disabled_account_covers_nothing(self, session: Session, empty: County) -> None:
        put_on(session, empty, "330824001", "community", 0, 48, SOUTH)
        session.execute(
            sa.text("UPDATE account SET disabled_at = :at WHERE username = '330824001'"),
            {"at": MORNING},
        )
        assert found(session, SW) == [(0, 48, "no_shift")]

    def test_a_grid_that_is_not_in_force_has_no_cells(
        self, session: Session, empty: County
    ) -> None:
        session.execute(sa.text("UPDATE grid_version SET valid = NULL, state = 'checked'"))
        assert {void.kind for void in voids.voids(session, MORNING, END)} == {"team", "station"}


def test_a_team_is_covered_by_its_members_or_the_pool(session: Session, empty: County) -> None:
    put_on(session, empty, "330824103", "case", 0, 10, SOUTH)
    put_on(session, empty, "330824001", "community", 5, 10, SOUTH)
    put_on(session, empty, "330824003", "pool", 20, 48, SOUTH)
    assert found(session, "33082401-C", "team") == [(10, 20, "no_shift")]
    assert found(session, "33082401-S1", "team") == [(0, 5, "no_shift"), (10, 20, "no_shift")]


def test_a_station_is_covered_by_whoever_serves_it(session: Session, empty: County) -> None:
    put_on(session, empty, "330824005", "leader", 0, 30, "33082401-C")
    send_away(session, empty, "330824005", 29, 40, None)
    assert found(session, SOUTH, "station") == [(29, 48, "absent")]


def test_a_watched_post_is_covered_by_its_own_watch(session: Session, empty: County) -> None:
    for code, watched in (("P1", True), ("P2", False)):
        session.add(Post(code=code, name=code, unit_id=empty.units[SOUTH], watched=watched))
    session.flush()
    put_on(session, empty, "330824001", "pool", 0, 48, SOUTH)
    watch = session.scalars(sa.select(Shift)).one()
    assert found(session, "P1", "post") == [(0, 48, "no_shift")]
    watch.post_id = session.scalars(sa.select(Post.id).where(Post.code == "P1")).one()
    session.flush()
    assert found(session, "P1", "post") == found(session, "P2", "post") == []


def test_shows_each_reader_what_is_theirs(session: Session, empty: County) -> None:
    def stations(username: str, path: str | None = None) -> set[str | None]:
        actor = empty.principal(username)
        return {v.station for v in voids.voids_for(session, actor, MORNING, END, path)}

    assert stations("command") == {SOUTH, NORTH}
    assert stations("room-33082402") == {NORTH}
    assert stations("command", "330824.33082401") == {SOUTH}
    with pytest.raises(Forbidden):
        stations("room-33082402", "330824.33082401")
    with pytest.raises(Forbidden):
        stations("330824001")


#: Hours of the roster that Hypothesis makes.
LENGTH = 12
STRETCH = st.tuples(st.integers(0, LENGTH - 1), st.integers(1, LENGTH)).map(
    lambda bounds: (bounds[0], min(LENGTH, sum(bounds)))
)
#: Owner, their backup, the third of their group, one of another team; and what each is on for.
PEOPLE = ("330824001", "330824002", "330824101", "330824103")


@st.composite
def rosters(draw: st.DrawFn) -> tuple[list[tuple[str, str, int, int]], dict[str, tuple[int, int]]]:
    """Draw shifts (who, duty, hours) and at most one absence of each."""
    shifts = draw(
        st.lists(
            st.tuples(st.sampled_from(PEOPLE), st.sampled_from(["community", "pool"]), STRETCH),
            max_size=6,
            unique_by=lambda shift: shift[:2],
        )
    )
    away = draw(st.dictionaries(st.sampled_from(PEOPLE), STRETCH, max_size=3))
    return [(who, duty, *hours_) for who, duty, hours_ in shifts], away


@given(roster=rosters(), stand_in=st.sampled_from([None, "330824103"]))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_agrees_with_looking_at_every_hour(
    session: Session,
    empty: County,
    roster: tuple[list[tuple[str, str, int, int]], dict[str, tuple[int, int]]],
    stand_in: str | None,
) -> None:
    shifts, away = roster

    def is_there(who: str, hour: int, duties: set[str]) -> bool:
        on = any(w == who and d in duties and a <= hour < b for w, d, a, b in shifts)
        gone = away.get(who)
        return on and not (gone and gone[0] <= hour < gone[1])

    def is_covered(hour: int) -> bool:
        both = {"community", "pool"}
        leave = away.get("330824001")
        stands_in = stand_in and leave and leave[0] <= hour < leave[1]
        return (
            any(is_there(who, hour, both) for who in PEOPLE[:3])
            or is_there("330824103", hour, both if stands_in else {"pool"})
            or any(is_there(who, hour, {"pool"}) for who in PEOPLE)
        )

    with session.begin_nested() as nothing_stays:
        for who, duty, start, end in shifts:
            put_on(session, empty, who, duty, start, end, SOUTH)
        for who, (start, end) in away.items():
            other = stand_in if who == "330824001" else None
            send_away(session, empty, who, start, end, other)
        void_hours = {
            hour
            for void in voids.voids(session, MORNING, MORNING + hours(LENGTH))
            if void.code == SW
            for hour in range(LENGTH)
            if void.start <= MORNING + hours(hour) < void.end
        }
        nothing_stays.rollback()
    assert void_hours == {hour for hour in range(LENGTH) if not is_covered(hour)}


def test_refuses_a_span_that_is_none(session: Session, county: County) -> None:
    with pytest.raises(Invalid):
        voids.voids(session, END, MORNING)
    with pytest.raises(Invalid):
        voids.voids(session, MORNING, MORNING + dt.timedelta(days=94))


def test_a_void_says_what_it_is(session: Session, empty: County) -> None:
    first = voids.voids(session, MORNING, END)[0]
    assert first == Void("cell", SW, "村00", SOUTH, MORNING, END, "no_shift")


def test_rosters_that_change_side_by_side_wait_for_nobody_and_have_other_names(
    database: Database,
) -> None:
    county = commit_county(database)
    seen: list[tuple[object, ...]] = []

    def look() -> None:
        with database.transaction() as session:
            names = session.scalars(sa.select(RosterRevision.id).order_by(RosterRevision.id))
            seen.append(tuple(names))

    def take_off(session: Session, number: str) -> None:
        session.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
        session.execute(sa.delete(Shift).where(Shift.officer_id == county.officers[number]))

    look()
    with database.transaction() as one:
        take_off(one, "330824001")
        with database.transaction() as other:
            take_off(other, "330824002")
        look()
    look()
    with database.transaction() as last:
        take_off(last, "330824003")
    look()
    assert len(set(seen)) == len(seen) == 4

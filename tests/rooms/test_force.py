"""Officers, their cells, their duty, and where they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

import pytest
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.access import service as accounts
from gridserver.access import signing_in
from gridserver.access.rules import Principal
from gridserver.audit.models import AuditEntry
from gridserver.base.errors import Conflict, Invalid, Unauthenticated
from gridserver.force import amending, positions, queries, service
from gridserver.force.calendar import Day
from gridserver.force.models import (
    Absence,
    CalendarDay,
    Leadership,
    Officer,
    Ownership,
    Shift,
)
from gridserver.force.positions import Seen
from gridserver.force.rules import Position
from gridserver.org import queries as org
from tests.conftest import MORNING
from tests.county import CELLS, STATIONS, County, add_teams

SW = CELLS[0, 0][0]
SOUTH = STATIONS[0]
HOUR = dt.timedelta(hours=1)


def officer(session: Session, number: str = "330824001") -> Officer:
    return session.scalars(select(Officer).where(Officer.service_number == number)).one()


def set_shift(session: Session, start: dt.datetime, end: dt.datetime) -> None:
    duty = amending.Duty(officer(session).id, "community", start, end)
    amending.set_roster(session, None, [duty])


def set_absence(
    session: Session, start: dt.datetime, end: dt.datetime, reason: str = "leave"
) -> None:
    service.set_absence(
        session, None, officer=officer(session), reason=reason, start=start, end=end
    )


def usernames(officers: Iterable[queries.DutyOfficer]) -> list[str]:
    return [each.username for each in officers]


def tags(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.tag).order_by(AuditEntry.id)))


class TestDutyPicture:
    def test_names_primary_and_backup_on_duty(self, session: Session, county: County) -> None:
        picture = queries.duty_picture(session, SW, (), MORNING)
        assert [o.username for o in picture.primaries] == ["330824001"]
        assert [o.username for o in picture.backups] == ["330824002"]
        assert picture.primaries[0].account_id == county.accounts["330824001"]
        assert picture.primaries[0].on_duty
        assert not picture.primaries[0].absent

    def test_takes_one_round_trip(self, session: Session, county: County) -> None:
        statements = []
        sa.event.listen(
            session.connection(),
            "before_cursor_execute",
            lambda *args: statements.append(args[2]),
        )
        queries.duty_picture(session, SW, (), MORNING)
        assert len(statements) == 1

    @pytest.mark.parametrize("cell", [None, "330824009009009"])
    def test_is_empty_where_nobody_owns(
        self, session: Session, county: County, cell: str | None
    ) -> None:
        assert queries.duty_picture(session, cell, (), MORNING) == queries.DutyPicture()

    def test_names_the_group_its_leader_and_who_serves_the_station(
        self, session: Session, county: County
    ) -> None:
        add_teams(session, county)
        picture = queries.duty_picture(session, SW, [SOUTH, "nowhere"], MORNING)
        assert usernames(picture.primaries + picture.backups) == ["330824001", "330824002"]
        assert usernames(picture.group) == ["330824101"]
        assert [(o.username, o.unit_code, o.duties) for o in picture.team_leaders] == [
            ("330824102", "33082401-S1", ())
        ]
        assert picture.on_duty["nowhere"] == ()
        assert {o.username: o.duties for o in picture.on_duty[SOUTH]} == {
            **dict.fromkeys([f"33082400{n}" for n in range(1, 5)], ("community",)),
            "330824101": ("community",),
            "330824103": ("case",),
            "330824104": ("pool",),
            "330824105": ("leader",),
        }
        assert usernames(picture.on_duty[SOUTH]) == sorted(usernames(picture.on_duty[SOUTH]))

    def test_a_unit_is_served_by_the_shifts_below_it_and_no_others(
        self, session: Session, county: County
    ) -> None:
        add_teams(session, county)
        case_team, everywhere = county.units["33082401-C"], county.units["330824"]
        lent = officer(session, "330824104")
        for duty, unit_id in (("case", case_team), ("specialist", everywhere)):
            stretch = amending.Duty(lent.id, duty, MORNING, MORNING + HOUR, unit_id)
            amending.set_roster(session, None, [stretch])
        asked = ["33082401-C", SOUTH, "330824", "33082402"]
        picture = queries.duty_picture(session, None, asked, MORNING)
        duties = {
            code: {o.username: o.duties for o in serving}.get("330824104")
            for code, serving in picture.on_duty.items()
        }
        assert duties == {
            "33082401-C": ("case",),
            SOUTH: ("case", "pool"),
            "330824": ("case", "pool", "specialist"),
            "33082402": None,
        }

    def test_names_who_stands_in(self, session: Session, county: County) -> None:
        add_teams(session, county)
        service.set_absence(
            session,
            None,
            officer=officer(session),
            reason="court",
            start=MORNING,
            end=MORNING + HOUR,
            stand_in=officer(session, "330824103"),
        )
        primary = queries.duty_picture(session, SW, (), MORNING).primaries[0]
        assert (primary.absent, primary.duties) == ("court", ("community",))
        assert primary.stand_in is not None
        assert (primary.stand_in.username, primary.stand_in.duties) == ("330824103", ("case",))
        assert queries.duty_picture(session, SW, (), MORNING + HOUR).primaries[0].stand_in is None

    def test_the_auxiliary_and_the_disabled_serve_nobody(
        self, session: Session, county: County
    ) -> None:
        add_teams(session, county)
        officer(session, "330824101").kind = "auxiliary"
        accounts.disable(session, None, "330824103")
        accounts.disable(session, None, "330824102")
        session.flush()
        picture = queries.duty_picture(session, SW, [SOUTH], MORNING)
        assert (picture.group, picture.team_leaders) == ((), ())
        assert not {"330824101", "330824103"} & set(usernames(picture.on_duty[SOUTH]))

    def test_the_nearest_leader_comes_first(self, session: Session, county: County) -> None:
        add_teams(session, county)
        session.add(
            Leadership(
                unit_id=county.units["33082401-S1-1"],
                officer_id=officer(session, "330824103").id,
                valid=Range(MORNING, None),
            )
        )
        session.flush()
        leaders = queries.duty_picture(session, SW, (), MORNING).team_leaders
        assert usernames(leaders) == ["330824103", "330824102"]

    def test_tells_the_days_around(self, session: Session, county: County) -> None:
        # The Saturday before Spring Festival 2026 is worked; in Kaihua it has begun already.
        saturday = dt.date(2026, 2, 14)
        session.add(
            CalendarDay(
                date=saturday,
                kind="working",
                name_zh="春节",
                name_en="Spring Festival",
                source="library",
            )
        )
        session.flush()
        at = dt.datetime.fromisoformat("2026-02-14T00:30:00+08:00")
        picture = queries.duty_picture(session, None, (), at)
        assert picture.day(saturday) == Day(
            saturday, "working", "春节", "Spring Festival", "library"
        )
        assert picture.day(saturday + dt.timedelta(days=1)).kind == "rest"

    def test_orders_several_owners_by_service_number(
        self, session: Session, county: County
    ) -> None:
        for number in ("330824008", "330824003"):
            service.assign_owner(
                session,
                None,
                cell_code=SW,
                officer=officer(session, number),
                role="primary",
                start=MORNING - HOUR,
            )
        picture = queries.duty_picture(session, SW, (), MORNING)
        assert [o.username for o in picture.primaries] == ["330824001", "330824003", "330824008"]

    def test_a_shift_covers_its_start_and_not_its_end(
        self, session: Session, county: County
    ) -> None:
        session.execute(sa.delete(Shift))
        set_shift(session, MORNING, MORNING + HOUR)

        def on_duty(at: dt.datetime) -> bool:
            return queries.duty_picture(session, SW, (), at).primaries[0].on_duty

        moment = dt.timedelta(microseconds=1)
        assert on_duty(MORNING)
        assert on_duty(MORNING + HOUR - moment)
        assert not on_duty(MORNING - moment)
        assert not on_duty(MORNING + HOUR)

    def test_absence_is_told_beside_the_shift(self, session: Session, county: County) -> None:
        set_absence(session, MORNING, MORNING + HOUR)
        primary = queries.duty_picture(session, SW, (), MORNING).primaries[0]
        assert primary.absent
        assert primary.on_duty
        assert not queries.duty_picture(session, SW, (), MORNING + HOUR).primaries[0].absent

    def test_a_disabled_account_is_not_on_duty(self, session: Session, county: County) -> None:
        accounts.disable(session, None, "330824001")
        assert not queries.duty_picture(session, SW, (), MORNING).primaries[0].on_duty

    def test_follows_ownership_over_time(self, session: Session, county: County) -> None:
        owned = session.scalars(
            select(Ownership).where(Ownership.officer_id == officer(session).id)
        ).one()
        owned.valid = Range(owned.valid.lower, MORNING)
        service.assign_owner(
            session,
            None,
            cell_code=SW,
            officer=officer(session, "330824003"),
            role="primary",
            start=MORNING,
        )

        def primary(at: dt.datetime) -> str:
            return queries.duty_picture(session, SW, (), at).primaries[0].username

        assert primary(MORNING - HOUR) == "330824001"
        assert primary(MORNING) == "330824003"
        assert [(o.role, o.username, o.valid_to) for o in queries.owners(session, SW, MORNING)] == [
            ("primary", "330824003", None),
            ("backup", "330824002", None),
        ]


class TestOfficers:
    def listed(self, session: Session, actor: Principal, **only: str) -> list[str]:
        return [o.service_number for o in queries.officers(session, actor, MORNING, **only)]

    def test_scope_is_the_actors_units(self, session: Session, county: County) -> None:
        everyone = [str(330824001 + i) for i in range(8)]
        assert self.listed(session, county.principal("command")) == everyone
        assert self.listed(session, county.principal("room-33082401")) == everyone[:4]
        assert self.listed(session, county.principal("330824001")) == []

    def test_filters_and_pages(self, session: Session, county: County) -> None:
        command = county.principal("command")
        north = org.unit_by_code(session, "33082402").path
        assert self.listed(session, command, unit_path=north)[0] == "330824005"
        assert self.listed(session, command, text="007") == ["330824007"]
        assert self.listed(session, command, text="0_7") == []
        page = queries.officers(session, command, MORNING, after="330824002", limit=2)
        assert [o.service_number for o in page] == ["330824003", "330824004"]

    def test_tells_duty_and_position(self, session: Session, county: County) -> None:
        seen = Position(118.405, 29.105, MORNING)
        positions.store(session, [Seen(county.accounts["330824001"], seen)])
        first, second = queries.officers(session, county.principal("command"), MORNING, limit=2)
        assert first.on_duty
        assert not first.absent
        assert first.position == queries.LastSeen(118.405, 29.105, MORNING, None, None, None)
        assert first.unit == queries.UnitRef("33082401", "南所")
        assert second.position is None


class TestTakingOn:
    def test_an_officer_can_sign_in_once_a_password_is_set(
        self, session: Session, county: County
    ) -> None:
        station = org.unit_by_code(session, "33082402")
        new = service.add_officer(
            session, None, service_number="330824100", display_name="330824100 警员", unit=station
        )
        with pytest.raises(Unauthenticated):
            signing_in.sign_in(session, "330824100", "!", None)
        accounts.set_password(session, None, "330824100", "a-good-password")
        signing_in.sign_in(session, "330824100", "a-good-password", None)
        principal = access.principal_of(session, new.account_id)
        assert principal.may("position.send", station.path)
        assert queries.officer_of(session, new.account_id).unit.code == "33082402"

    def test_an_auxiliary_holds_no_role(self, session: Session, county: County) -> None:
        new = service.add_officer(
            session,
            None,
            service_number="F330824001",
            display_name="F330824001",
            kind="auxiliary",
            unit=org.unit_by_code(session, "33082402"),
        )
        assert access.principal_of(session, new.account_id).grants == ()

    def test_refuses_a_taken_number_and_an_unknown_kind(
        self, session: Session, county: County
    ) -> None:
        unit = org.unit_by_code(session, "33082402")
        with pytest.raises(Conflict, match="330824001 exists"):
            service.add_officer(
                session, None, service_number="330824001", display_name="x", unit=unit
            )
        with pytest.raises(Invalid, match="officer, auxiliary"):
            service.add_officer(
                session, None, service_number="9", display_name="x", unit=unit, kind="dog"
            )

    def test_a_transfer_takes_the_role_along(self, session: Session, county: County) -> None:
        north = org.unit_by_code(session, "33082402")
        amending.transfer(session, None, officer(session), north)
        principal = access.principal_of(session, county.accounts["330824001"])
        assert principal.paths("position.send") == (north.path,)
        assert tags(session)[-1] == "officer:transfer"


class TestOwnership:
    def assign(self, session: Session, **changes: object) -> Ownership:
        values = {
            "cell_code": "330824009009001",
            "officer": officer(session),
            "role": "primary",
            "start": MORNING,
            "end": MORNING + HOUR,
        }
        return service.assign_owner(session, None, **values | changes)

    def test_is_in_the_ledger(self, session: Session, county: County) -> None:
        self.assign(session)
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert (entry.tag, entry.subject_id) == ("ownership:assign", "330824001")
        assert entry.data == {"cell": "330824009009001", "role": "primary"}

    def test_may_follow_but_not_overlap(self, session: Session, county: County) -> None:
        self.assign(session)
        self.assign(session, start=MORNING + HOUR, end=None)
        with pytest.raises(Conflict, match="already") as refusal:
            self.assign(session, role="backup", start=MORNING - HOUR, end=MORNING + HOUR / 2)
        assert refusal.value.code == "ownership.overlaps"
        assert len(session.scalars(select(Ownership)).all()) == len(CELLS) * 2 + 2

    @pytest.mark.parametrize(
        ("changes", "code", "field"),
        [
            ({"role": "owner"}, "ownership.unknown_role", "role"),
            ({"cell_code": ""}, "ownership.no_cell", "cell"),
            ({"end": MORNING}, "range.empty", "valid_to"),
            ({"start": MORNING.replace(tzinfo=None)}, "range.no_offset", "valid_from"),
        ],
    )
    def test_refuses_bad_input(
        self, session: Session, county: County, changes: dict, code: str, field: str
    ) -> None:
        with pytest.raises(Invalid) as refusal:
            self.assign(session, **changes)
        assert (refusal.value.code, refusal.value.field) == (code, field)

    def test_is_not_for_auxiliaries(self, session: Session, county: County) -> None:
        auxiliary = service.add_officer(
            session,
            None,
            service_number="F330824001",
            display_name="F330824001",
            kind="auxiliary",
            unit=org.unit_by_code(session, "33082401"),
        )
        with pytest.raises(Invalid, match="auxiliary"):
            self.assign(session, officer=auxiliary)


class TestShiftsAndAbsences:
    @pytest.mark.parametrize(("put", "table"), [(set_shift, Shift), (set_absence, Absence)])
    def test_do_not_overlap(
        self, session: Session, county: County, put: Callable, table: type
    ) -> None:
        later = MORNING + dt.timedelta(days=30)
        before = session.scalar(select(sa.func.count()).select_from(table))
        put(session, later, later + HOUR)
        put(session, later + HOUR, later + 2 * HOUR)
        with pytest.raises(Conflict) as refusal:
            put(session, later + HOUR / 2, later + 3 * HOUR)
        assert refusal.value.code == f"{table.__tablename__}.overlaps"
        with pytest.raises(Invalid) as refusal:
            put(session, later, later)
        assert refusal.value.field == "end"
        assert session.scalar(select(sa.func.count()).select_from(table)) == before + 2

    def test_absence_needs_a_reason(self, session: Session, county: County) -> None:
        with pytest.raises(Invalid, match="reason"):
            set_absence(session, MORNING, MORNING + HOUR, reason="")

    def test_the_ledger_keeps_no_reason_of_absence(self, session: Session, county: County) -> None:
        set_absence(session, MORNING, MORNING + HOUR, reason="sick")
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert entry.tag == "absence:set"
        assert "hospital" not in str(entry.data)

"""The roster by hand: shifts and absences put on, changed and taken off, by whom they may be."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.audit.models import AuditEntry
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound
from gridserver.force import absences, shifts
from gridserver.force.absences import AbsenceDraft
from gridserver.force.models import Absence, Post, Shift
from gridserver.force.shifts import ShiftDraft
from tests.conftest import MORNING
from tests.county import STATIONS, County, add_teams

SOUTH, NORTH = STATIONS
HOUR = dt.timedelta(hours=1)
LATER = MORNING + dt.timedelta(days=20)
POOL = ShiftDraft("330824001", "pool", LATER, LATER + 6 * HOUR)


@pytest.fixture
def peopled(session: Session, county: County) -> County:
    add_teams(session, county)
    return county


def put_on(session: Session, county: County, *drafts: ShiftDraft, by: str = "admin") -> list[int]:
    return shifts.add_shifts(session, county.principal(by), drafts)


def tags(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.tag).order_by(AuditEntry.id)))


class TestShifts:
    def test_are_put_on_for_the_officers_unit_or_another(
        self, session: Session, peopled: County
    ) -> None:
        ids = put_on(session, peopled, POOL, replace(POOL, duty="case", unit="33082402"))
        first, second = (shifts.shift(session, peopled.principal("admin"), n) for n in ids)
        assert (first.officer.service_number, first.duty) == ("330824001", "pool")
        assert (first.unit.code, second.unit.code) == ("33082401-S1-1", "33082402")
        assert (first.start, first.end, first.pattern) == (POOL.start, POOL.end, None)
        assert tags(session)[-2:] == ["shift:add", "shift:add"]

    def test_a_posts_watch_serves_the_posts_unit(self, session: Session, peopled: County) -> None:
        session.add(Post(code="P1", name="桥头警务站", unit_id=peopled.units[SOUTH], watched=True))
        session.flush()
        (watch,) = put_on(session, peopled, replace(POOL, duty="post", post="P1"))
        card = shifts.shift(session, peopled.principal("admin"), watch)
        assert (card.unit.code, card.post and card.post.name) == (SOUTH, "桥头警务站")
        with pytest.raises(Invalid) as refusal:
            put_on(session, peopled, replace(POOL, post="P1", unit=NORTH))
        assert refusal.value.field == "shifts[0].post"

    @pytest.mark.parametrize(
        ("change", "error", "field"),
        [
            ({"officer": "nobody"}, Invalid, "officer"),
            ({"duty": "night"}, Invalid, "duty"),
            ({"end": LATER}, Invalid, "end"),
            ({"unit": "nowhere"}, NotFound, "unit"),
            ({"post": "nowhere"}, NotFound, "post"),
        ],
    )
    def test_one_at_fault_keeps_all_out(
        self,
        session: Session,
        peopled: County,
        change: dict[str, object],
        error: type[Exception],
        field: str,
    ) -> None:
        before = session.scalars(select(Shift.id)).all()
        with pytest.raises(error) as refusal, session.begin_nested():
            put_on(session, peopled, POOL, replace(POOL, **{"duty": "case"} | change))
        assert refusal.value.field == f"shifts[1].{field}"
        assert session.scalars(select(Shift.id)).all() == before

    def test_nobody_has_one_duty_twice_at_once(self, session: Session, peopled: County) -> None:
        put_on(session, peopled, POOL)
        put_on(session, peopled, replace(POOL, start=POOL.end, end=POOL.end + HOUR))
        with pytest.raises(Conflict) as refusal:
            put_on(session, peopled, replace(POOL, start=POOL.end - HOUR))
        assert refusal.value.code == "shift.overlaps"

    def test_a_station_edits_its_own_people_for_itself(
        self, session: Session, peopled: County
    ) -> None:
        put_on(session, peopled, POOL, by="room-33082401")
        theirs = replace(POOL, officer="330824005")
        for draft in (theirs, replace(POOL, duty="case", unit=NORTH)):
            with pytest.raises(Forbidden):
                put_on(session, peopled, draft, by="room-33082401")
        (other,) = put_on(session, peopled, theirs)
        room = peopled.principal("room-33082401")
        with pytest.raises(Forbidden):
            shifts.change_shift(session, room, other, theirs)
        with pytest.raises(Forbidden):
            shifts.remove_shift(session, room, other)
        with pytest.raises(Forbidden):
            put_on(session, peopled, POOL, by="330824001")

    def test_are_changed_and_removed(self, session: Session, peopled: County) -> None:
        (one,) = put_on(session, peopled, POOL)
        admin = peopled.principal("admin")
        changed = replace(POOL, officer="330824002", duty="leader", end=POOL.end + HOUR)
        shifts.change_shift(session, admin, one, changed)
        card = shifts.shift(session, admin, one)
        assert (card.officer.service_number, card.duty, card.end) == (
            "330824002",
            "leader",
            changed.end,
        )
        shifts.remove_shift(session, admin, one)
        with pytest.raises(NotFound):
            shifts.shift(session, admin, one)
        with pytest.raises(NotFound):
            shifts.remove_shift(session, admin, one)
        assert tags(session)[-2:] == ["shift:change", "shift:remove"]

    def test_are_listed_for_a_time_and_a_unit_as_they_begin(
        self, session: Session, peopled: County
    ) -> None:
        drafts = [
            replace(POOL, officer=number, start=LATER + n * HOUR)
            for n, number in enumerate(("330824005", "330824002", "330824001"))
        ]
        put_on(session, peopled, *drafts)

        def listed(username: str = "command", **only: object) -> list[str]:
            actor = peopled.principal(username)
            found = shifts.shifts(session, actor, LATER, LATER + 2 * HOUR, **only)
            return [shift.officer.service_number for shift in found]

        assert listed() == ["330824005", "330824002"]
        assert listed("room-33082401") == ["330824002"]
        assert listed(unit_path="330824.33082402") == ["330824005"]
        first = shifts.shifts(session, peopled.principal("command"), LATER, LATER + HOUR)[0]
        assert listed(after=(first.start, first.id)) == ["330824002"]
        with pytest.raises(Forbidden):
            listed("330824001")

    def test_a_roster_is_shown_for_three_months_at_most(
        self, session: Session, peopled: County
    ) -> None:
        with pytest.raises(Invalid) as refusal:
            shifts.shifts(session, peopled.principal("admin"), LATER, LATER + dt.timedelta(days=94))
        assert refusal.value.code == "range.too_long"


class TestAbsences:
    LEAVE = AbsenceDraft("330824001", "sick", LATER, LATER + 24 * HOUR, "330824002")

    def test_are_set_changed_and_taken_back(self, session: Session, peopled: County) -> None:
        admin = peopled.principal("admin")
        one = absences.add_absence(session, admin, self.LEAVE)
        card = absences.absence(session, admin, one)
        assert (card.reason, card.unit.code) == ("sick", "33082401-S1-1")
        assert card.stand_in is not None
        assert card.stand_in.service_number == "330824002"
        absences.change_absence(
            session, admin, one, replace(self.LEAVE, reason="court", stand_in=None)
        )
        card = absences.absence(session, admin, one)
        assert (card.reason, card.stand_in) == ("court", None)
        absences.remove_absence(session, admin, one)
        assert session.scalars(select(Absence)).all() == []
        with pytest.raises(NotFound):
            absences.remove_absence(session, admin, one)
        assert tags(session)[-3:] == ["absence:set", "absence:change", "absence:remove"]

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"officer": "nobody"}, "officer"),
            ({"reason": "holiday"}, "reason"),
            ({"end": LATER}, "end"),
            ({"stand_in": "330824001"}, "stand_in"),
            ({"stand_in": "nobody"}, "stand_in"),
        ],
    )
    def test_refuses_what_cannot_be(
        self, session: Session, peopled: County, change: dict[str, object], field: str
    ) -> None:
        with pytest.raises(Invalid) as refusal:
            absences.add_absence(session, peopled.principal("admin"), replace(self.LEAVE, **change))
        assert refusal.value.field == field

    def test_the_reason_is_for_who_makes_the_roster(
        self, session: Session, peopled: County
    ) -> None:
        absences.add_absence(session, peopled.principal("room-33082401"), self.LEAVE)

        def reasons(username: str) -> list[str | None]:
            actor = peopled.principal(username)
            found = absences.absences(session, actor, LATER, LATER + HOUR)
            return [absence.reason for absence in found]

        assert reasons("admin") == reasons("room-33082401") == ["sick"]
        assert reasons("gis") == reasons("auditor") == [None]
        assert reasons("room-33082402") == []

    def test_a_station_edits_its_own(self, session: Session, peopled: County) -> None:
        with pytest.raises(Forbidden):
            absences.add_absence(session, peopled.principal("room-33082402"), self.LEAVE)

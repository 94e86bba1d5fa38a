"""Shifts exchanged between two officers, with a leader's consent."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from gridserver.base.clock import SetClock
from gridserver.base.db import run_before_commit
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound
from gridserver.delivery import queries as delivery
from gridserver.force import months, patterns, shifts, swapping
from gridserver.force.models import Leadership, Shift, ShiftSwap
from gridserver.force.pattern import Hours, Pattern
from gridserver.force.patterns import PatternDraft
from gridserver.force.rules import SWAP
from gridserver.force.shifts import ShiftDraft
from tests import asyncapi
from tests.conftest import MORNING
from tests.county import County, add_teams

A, B, LEADER, STRANGER = "330824001", "330824002", "330824102", "330824103"
HOUR = dt.timedelta(hours=1)
LATER = MORNING + dt.timedelta(days=20)


@dataclass(frozen=True)
class Roster:
    """Two shifts of the same duty at the same hours, on following days."""

    county: County
    a: int
    b: int


@pytest.fixture
def roster(session: Session, county: County) -> Roster:
    add_teams(session, county)
    a, b = shifts.add_shifts(
        session,
        county.principal("admin"),
        [
            ShiftDraft(A, "pool", LATER, LATER + 6 * HOUR),
            ShiftDraft(B, "pool", LATER + 24 * HOUR, LATER + 30 * HOUR),
        ],
    )
    return Roster(county, a, b)


def propose(session: Session, roster: Roster, *, both: bool = True, by: str = A) -> int:
    return swapping.propose(
        session,
        roster.county.principal(by),
        shift_id=roster.a,
        other=B,
        other_shift_id=roster.b if both else None,
    )


def say(session: Session, roster: Roster, swap: int, by: str, verb: str) -> None:
    swapping.command(session, roster.county.principal(by), swap, verb)


def owner(session: Session, roster: Roster, shift: int) -> str:
    return shifts.shift(session, roster.county.principal("admin"), shift).officer.service_number


def test_two_agree_and_the_leader_consents(session: Session, roster: Roster) -> None:
    swap = propose(session, roster)
    say(session, roster, swap, B, "agree")
    assert owner(session, roster, roster.a) == A
    say(session, roster, swap, LEADER, "consent")
    assert (owner(session, roster, roster.a), owner(session, roster, roster.b)) == (B, A)
    card = swapping.swap(session, roster.county.principal(A), swap)
    assert (card.state, card.allowed) == ("done", ())
    assert card.taken is not None
    assert (card.given["shift"], card.taken["shift"]) == (roster.a, roster.b)


def test_a_swapped_shift_leaves_its_pattern(session: Session, roster: Roster) -> None:
    county = roster.county
    at_night = Hours(dt.time(20), dt.time(8))
    turns = Pattern(((at_night,),), (("330824101",),), dt.date(2026, 4, 1))
    draft = PatternDraft("夜间值班", "33082401", "leader", turns)
    kept = patterns.add_pattern(session, None, draft)
    months.make_month(session, None, kept, "2026-04", dry_run=False)
    shift = session.scalars(select(Shift.id).where(Shift.pattern_id == kept).limit(1)).one()
    swap = swapping.propose(session, county.principal("330824101"), shift_id=shift, other=A)
    say(session, roster, swap, A, "agree")
    say(session, roster, swap, LEADER, "consent")
    again = months.make_month(session, None, kept, "2026-04", dry_run=False)
    assert ([each.why for each in again.kept], again.added, again.unchanged) == (
        ["exception"],
        (),
        29,
    )
    assert owner(session, roster, shift) == A


def test_shifts_at_the_same_hours_change_hands(session: Session, roster: Roster) -> None:
    session.get_one(Shift, roster.b).during = Range(LATER, LATER + 6 * HOUR)
    session.flush()
    swap = propose(session, roster)
    say(session, roster, swap, B, "agree")
    say(session, roster, swap, "room-33082401", "consent")
    assert (owner(session, roster, roster.a), owner(session, roster, roster.b)) == (B, A)


def test_a_shift_is_handed_over(session: Session, roster: Roster) -> None:
    swap = propose(session, roster, both=False)
    say(session, roster, swap, B, "agree")
    say(session, roster, swap, LEADER, "consent")
    assert owner(session, roster, roster.a) == B


def test_nobody_gets_one_duty_twice_at_once(session: Session, roster: Roster) -> None:
    session.get_one(Shift, roster.b).during = Range(LATER, LATER + 6 * HOUR)
    session.flush()
    swap = propose(session, roster, both=False)
    say(session, roster, swap, B, "agree")
    with pytest.raises(Conflict) as refusal:
        say(session, roster, swap, LEADER, "consent")
    assert refusal.value.code == "shift.overlaps"
    assert owner(session, roster, roster.a) == A
    assert swapping.swap(session, roster.county.principal(A), swap).state == "agreed"


@pytest.mark.parametrize("state", SWAP.states)
@pytest.mark.parametrize("verb", SWAP.verbs)
@pytest.mark.parametrize("role", ["proposer", "other", "leader", "room", "stranger"])
def test_every_verb_in_every_state_by_everybody(
    session: Session, roster: Roster, state: str, verb: str, role: str
) -> None:
    swap = propose(session, roster)
    session.get_one(ShiftSwap, swap).state = state
    session.flush()
    who = {
        "proposer": A,
        "other": B,
        "leader": LEADER,
        "room": "room-33082401",
        "stranger": STRANGER,
    }[role]
    allowed = {
        "agree": {"other"},
        "consent": {"leader", "room"},
        "decline": {"other", "leader", "room"},
        "withdraw": {"proposer"},
    }[verb]
    after = SWAP.after(state, verb)
    if role == "stranger":
        with pytest.raises(NotFound):
            say(session, roster, swap, who, verb)
    elif after is None:
        with pytest.raises(Conflict) as refusal:
            say(session, roster, swap, who, verb)
        assert (refusal.value.code, refusal.value.extra["state"]) == ("swap.wrong_state", state)
    elif role not in allowed:
        with pytest.raises(Forbidden):
            say(session, roster, swap, who, verb)
    else:
        say(session, roster, swap, who, verb)
        assert session.get_one(ShiftSwap, swap).state == after


def test_a_leader_does_not_consent_to_their_own(session: Session, roster: Roster) -> None:
    session.add(
        Leadership(
            unit_id=roster.county.units["33082401"],
            officer_id=roster.county.officers[A],
            valid=Range(MORNING, None),
        )
    )
    swap = propose(session, roster)
    say(session, roster, swap, B, "agree")
    with pytest.raises(Forbidden):
        say(session, roster, swap, A, "consent")


def test_a_leader_of_one_of_the_two_is_not_enough(session: Session, roster: Roster) -> None:
    north = swapping.propose(
        session, roster.county.principal(A), shift_id=roster.a, other="330824005"
    )
    for who in (LEADER, "room-33082401", "room-33082402"):
        with pytest.raises(NotFound):
            say(session, roster, north, who, "decline")
    say(session, roster, north, "330824005", "agree")
    say(session, roster, north, "command", "consent")
    assert owner(session, roster, roster.a) == "330824005"


class TestRefusals:
    def test_only_ones_own_shift(self, session: Session, roster: Roster) -> None:
        with pytest.raises(Forbidden) as refusal:
            propose(session, roster, by=STRANGER)
        assert refusal.value.code == "swap.not_yours"
        with pytest.raises(Forbidden) as refusal:
            propose(session, roster, by="command")
        assert refusal.value.code == "roster.no_officer"

    @pytest.mark.parametrize(
        ("other", "other_shift", "field"),
        [(A, False, "other"), ("nobody", False, "other"), (STRANGER, True, "other_shift")],
    )
    def test_only_with_another_and_theirs(
        self, session: Session, roster: Roster, other: str, other_shift: bool, field: str
    ) -> None:
        with pytest.raises(Invalid) as refusal:
            swapping.propose(
                session,
                roster.county.principal(A),
                shift_id=roster.a,
                other=other,
                other_shift_id=roster.b if other_shift else None,
            )
        assert refusal.value.field == field

    def test_only_what_is_yet_to_begin(
        self, session: Session, roster: Roster, clock: SetClock
    ) -> None:
        swap = propose(session, roster)
        say(session, roster, swap, B, "agree")
        clock.set(LATER)
        with pytest.raises(Conflict) as refusal:
            say(session, roster, swap, LEADER, "consent")
        assert refusal.value.code == "swap.begun"
        say(session, roster, swap, A, "withdraw")
        with pytest.raises(Conflict) as refusal:
            propose(session, roster)
        assert refusal.value.code == "swap.begun"

    def test_only_once_at_a_time(self, session: Session, roster: Roster) -> None:
        swap = propose(session, roster)
        with pytest.raises(Conflict) as refusal:
            propose(session, roster)
        assert refusal.value.code == "swap.open"
        say(session, roster, swap, A, "withdraw")
        propose(session, roster)

    def test_a_shift_that_is_changed_or_removed_ends_it(
        self, session: Session, roster: Roster
    ) -> None:
        admin = roster.county.principal("admin")
        swap = propose(session, roster)
        shifts.remove_shift(session, admin, roster.b)
        card = swapping.swap(session, roster.county.principal(A), swap)
        assert (card.state, card.taken and card.taken["shift"]) == ("withdrawn", roster.b)

    def test_what_was_agreed_on_counts(self, session: Session, roster: Roster) -> None:
        swap = propose(session, roster)
        say(session, roster, swap, B, "agree")
        session.get_one(Shift, roster.b).duty = "leader"
        session.flush()
        with pytest.raises(Conflict) as refusal:
            say(session, roster, swap, LEADER, "consent")
        assert refusal.value.code == "swap.outdated"


def test_everybody_sees_what_concerns_them(session: Session, roster: Roster) -> None:
    swap = propose(session, roster)

    def allowed(username: str) -> list[tuple[str, ...]]:
        seen = swapping.swaps(session, roster.county.principal(username))
        return [card.allowed for card in seen]

    assert allowed(A) == [("withdraw",)]
    assert allowed(B) == [("agree", "decline")]
    assert allowed(LEADER) == allowed("room-33082401") == [("decline",)]
    assert allowed(STRANGER) == allowed("room-33082402") == []
    say(session, roster, swap, B, "decline")
    assert allowed(A) == []
    assert [
        card.state for card in swapping.swaps(session, roster.county.principal(A), is_open=False)
    ] == ["declined"]
    assert session.scalars(select(ShiftSwap.state)).all() == ["declined"]


class TestWhoIsTold:
    def heard(self, session: Session, roster: Roster) -> dict[str, list[str]]:
        """What the inboxes of those concerned hold, the types in their order."""
        run_before_commit(session)
        accounts = roster.county.accounts
        pages = {who: delivery.page(session, accounts[who], 0) for who in (A, B, LEADER, STRANGER)}
        return {who: [message.type for message in page] for who, page in pages.items() if page}

    def test_each_hears_what_the_others_did(self, session: Session, roster: Roster) -> None:
        swap = propose(session, roster)
        assert self.heard(session, roster) == {B: ["swap.asked"]}
        say(session, roster, swap, B, "agree")
        assert self.heard(session, roster) == {
            A: ["swap.agreed"],
            B: ["swap.asked"],
            LEADER: ["swap.agreed"],
        }
        say(session, roster, swap, LEADER, "consent")
        assert self.heard(session, roster) == {
            A: ["swap.agreed", "swap.done"],
            B: ["swap.asked", "swap.done"],
            LEADER: ["swap.agreed"],
        }

    def test_a_refusal_reaches_who_asked(self, session: Session, roster: Roster) -> None:
        say(session, roster, propose(session, roster), B, "decline")
        assert self.heard(session, roster) == {A: ["swap.refused"], B: ["swap.asked"]}

    def test_a_leaders_refusal_reaches_both(self, session: Session, roster: Roster) -> None:
        swap = propose(session, roster)
        say(session, roster, swap, B, "agree")
        say(session, roster, swap, "room-33082401", "decline")
        heard = self.heard(session, roster)
        assert (heard[A][-1], heard[B][-1], heard[LEADER][-1]) == ("swap.refused",) * 3

    def test_both_hear_that_the_roster_changed(self, session: Session, roster: Roster) -> None:
        propose(session, roster)
        shifts.remove_shift(session, roster.county.principal("admin"), roster.b)
        heard = self.heard(session, roster)
        assert (heard[A], heard[B]) == (["swap.withdrawn"], ["swap.asked", "swap.withdrawn"])

    def test_where_a_leader_swaps_the_next_above_is_asked(
        self, session: Session, roster: Roster
    ) -> None:
        """The leader of the team is a party; the station's is told of the agreement."""
        county = roster.county
        (given,) = shifts.add_shifts(
            session,
            county.principal("admin"),
            [ShiftDraft("330824101", "leader", LATER, LATER + HOUR)],
        )
        swap = swapping.propose(session, county.principal("330824101"), shift_id=given, other=A)
        say(session, roster, swap, A, "agree")
        assert self.heard(session, roster) == {A: ["swap.asked"], LEADER: ["swap.agreed"]}

    def test_a_message_has_the_swap(self, session: Session, roster: Roster) -> None:
        swap = propose(session, roster)
        run_before_commit(session)
        (message,) = delivery.page(session, roster.county.accounts[B], 0)
        told = message.data["swap"]
        assert (told["id"], told["state"]) == (swap, "proposed")
        assert (told["officer"]["service_number"], told["other_officer"]["service_number"]) == (
            A,
            B,
        )
        assert (told["given"]["shift"], told["taken"]["shift"]) == (roster.a, roster.b)
        asyncapi.check("/terminal", "message", message.envelope(message.data))

"""Two officers exchange shifts, or one hands a shift over: proposed, agreed to by the other,
consented to by a leader of both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound, OutOfReach
from gridserver.force.models import Leadership, Officer, Shift, ShiftSwap
from gridserver.force.parties import Party, parties_of
from gridserver.force.people import PersonOfForce, by_number, hold, of_account
from gridserver.force.recording import refusing_overlap
from gridserver.force.rules import SWAP
from gridserver.force.telling import tell
from gridserver.force.ties import OPEN, leave_pattern, withdraw_swaps
from gridserver.org.models import Unit


@dataclass(frozen=True)
class SwapCard:
    """A swap as its parties and leaders see it.

    `given` is the shift that `officer` gives away, `taken` the one they take (None where the other
    gives nothing back), as they were when it was proposed: ``{"shift", "unit", "duty", "start",
    "end"}``. `allowed` are the verbs that the reader may use now.
    """

    id: int
    state: str
    officer: PersonOfForce
    other_officer: PersonOfForce
    given: dict[str, Any]
    taken: dict[str, Any] | None
    proposed_at: dt.datetime
    updated_at: dt.datetime
    allowed: tuple[str, ...]


def propose(
    session: Session,
    actor: Principal,
    *,
    shift_id: int,
    other: str,
    other_shift_id: int | None = None,
) -> int:
    """Offer the actor's own shift to the officer with the service number `other`, for one of theirs
    or for nothing. Returns the swap's id.

    Raises
    ------
    Forbidden
        The actor is no officer, or the shift isn't theirs.
    NotFound
        There is no such shift.
    Invalid
        `other` is unknown or the actor, or `other_shift_id` isn't theirs.
    Conflict
        ``swap.begun``: one of the shifts has begun; ``swap.open``: it is offered already.
    """
    officer = of_account(session, actor)
    partner = by_number(session, [other], field="other")[other]
    if partner.id == officer.id:
        raise Invalid("swap.oneself", "Name another officer.", field="other")
    shift = _shift(session, shift_id, "shift")
    if shift.officer_id != officer.id:
        raise Forbidden("swap.not_yours", "Only one's own shifts can be offered.", field="shift")
    other_shift = None if other_shift_id is None else _shift(session, other_shift_id, "other_shift")
    if other_shift is not None and other_shift.officer_id != partner.id:
        raise Invalid("swap.not_theirs", f"That is no shift of {other}.", field="other_shift")
    _require_future(session, shift, other_shift)
    if _is_offered(session, shift.id):
        raise Conflict("swap.open", "This shift is offered already; withdraw that.", field="shift")
    moment = now(session)
    swap = ShiftSwap(
        state=SWAP.states[0],
        officer_id=officer.id,
        other_officer_id=partner.id,
        shift_id=shift.id,
        other_shift_id=other_shift_id,
        terms={
            "given": _terms(session, shift),
            "taken": None if other_shift is None else _terms(session, other_shift),
        },
        proposed_at=moment,
        updated_at=moment,
    )
    session.add(swap)
    session.flush()
    _record(session, actor, "propose", swap)
    tell(session, actor, swap)
    return swap.id


def command(session: Session, actor: Principal, swap_id: int, verb: str) -> None:
    """Agree to, consent to, decline or withdraw a swap. With the consent it is carried out.

    Raises
    ------
    NotFound
        There is no such swap, or the actor has nothing to do with it.
    Conflict
        ``swap.wrong_state``; ``swap.outdated``: a shift isn't any longer what was agreed on;
        ``swap.begun``; ``shift.overlaps``: one of the two has that duty already at that time.
    Forbidden
        ``swap.not_yours``: the verb is another's.
    """
    swap = session.scalar(select(ShiftSwap).where(ShiftSwap.id == swap_id).with_for_update())
    roles = _Swaps.of(session, actor, [swap]).roles(swap) if swap else frozenset()
    if swap is None or not roles:
        raise OutOfReach("swap.unknown", f"There is no swap {swap_id}.")
    after = SWAP.after(swap.state, verb)
    if after is None:
        raise Conflict(
            "swap.wrong_state", f"A swap that is {swap.state} can't {verb}.", state=swap.state
        )
    if not roles & _WHO[verb]:
        raise Forbidden("swap.not_yours", f"To {verb} is for {' or '.join(sorted(_WHO[verb]))}.")
    if verb == "consent":
        _carry_out(session, actor, swap)
    before, swap.state, swap.updated_at = swap.state, after, now(session)
    session.flush()
    _record(session, actor, verb, swap)
    tell(session, actor, swap, before=before)


def swap(session: Session, actor: Principal, swap_id: int) -> SwapCard:
    """Return one swap. Raises `NotFound` where there is none that concerns the actor."""
    found = session.get(ShiftSwap, swap_id)
    cards = _cards(session, actor, [found] if found else [])
    if not cards:
        raise OutOfReach("swap.unknown", f"There is no swap {swap_id}.")
    return cards[0]


def swaps(session: Session, actor: Principal, *, is_open: bool = True) -> list[SwapCard]:
    """Return the swaps that concern the actor, the latest first: as a party, as a leader, or as who
    edits the rosters; of the ended ones the last 100."""
    query = select(ShiftSwap).order_by(ShiftSwap.id.desc())
    if is_open:
        query = query.where(ShiftSwap.state.in_(OPEN))
    return _cards(session, actor, session.scalars(query.limit(None if is_open else 100)).all())


#: Who may use a verb.
_WHO = {
    "agree": frozenset({"other"}),
    "consent": frozenset({"leader"}),
    "decline": frozenset({"other", "leader"}),
    "withdraw": frozenset({"proposer"}),
}


@dataclass(frozen=True)
class _Swaps:
    """Some swaps' parties by the officer's id, and whom the reader leads."""

    actor: Principal
    led: tuple[str, ...]
    parties: dict[int, Party]

    @classmethod
    def of(cls, session: Session, actor: Principal, swaps: Sequence[ShiftSwap]) -> _Swaps:
        return cls(actor, _led(session, actor), parties_of(session, swaps))

    def roles(self, swap: ShiftSwap) -> frozenset[str]:
        """Return what the reader is to a swap: the proposer, the other, a leader of both."""
        proposer, other = self.parties[swap.officer_id], self.parties[swap.other_officer_id]
        # Nobody consents to a swap of their own.
        if self.actor.account_id in (proposer.account_id, other.account_id):
            is_other = self.actor.account_id == other.account_id
            return frozenset({"other" if is_other else "proposer"})
        leads = all(self._leads(party.path) for party in (proposer, other))
        return frozenset({"leader"}) if leads else frozenset()

    def _leads(self, path: str) -> bool:
        return self.actor.may("roster.edit", path) or any(
            path == led or path.startswith(f"{led}.") for led in self.led
        )


def _led(session: Session, actor: Principal) -> tuple[str, ...]:
    """Return the paths of the units that the actor leads now."""
    paths = session.scalars(
        select(Unit.path)
        .join(Leadership, Leadership.unit_id == Unit.id)
        .join(Officer, Officer.id == Leadership.officer_id)
        .where(Officer.account_id == actor.account_id, Leadership.valid.contains(now(session)))
    )
    return tuple(paths)


def _carry_out(session: Session, actor: Principal, swap: ShiftSwap) -> None:
    given, taken = _as_agreed(session, swap, "given"), _as_agreed(session, swap, "taken")
    shifts = [shift for shift in (given, taken) if shift is not None]
    _require_future(session, *shifts)
    for shift in shifts:
        leave_pattern(session, shift)
    withdraw_swaps(session, actor, [shift.id for shift in shifts], but=swap.id)
    hold(session, [swap.officer_id, swap.other_officer_id])
    with refusing_overlap(session, "ex_shift_once", "shift.overlaps", "One of the two has duty"):
        # For a moment both shifts are one officer's.
        session.execute(sa.text("SET CONSTRAINTS ex_shift_once DEFERRED"))
        for shift in shifts:
            shift.officer_id = swap.other_officer_id if shift is given else swap.officer_id
        session.flush()
        session.execute(sa.text("SET CONSTRAINTS ex_shift_once IMMEDIATE"))


def _as_agreed(session: Session, swap: ShiftSwap, side: str) -> Shift | None:
    """Return the shift of one side, locked. Raises `Conflict` where it isn't what it was."""
    terms = swap.terms[side]
    if terms is None:
        return None
    shift = session.scalar(select(Shift).where(Shift.id == terms["shift"]).with_for_update())
    owner = swap.officer_id if side == "given" else swap.other_officer_id
    if shift is None or shift.officer_id != owner or _terms(session, shift) != terms:
        raise Conflict("swap.outdated", "A shift has changed since; propose it again.")
    return shift


def _terms(session: Session, shift: Shift) -> dict[str, Any]:
    unit = session.get_one(Unit, shift.unit_id)
    return {
        "shift": shift.id,
        "unit": {"code": unit.code, "name": unit.name},
        "duty": shift.duty,
        "start": _iso(shift.during.lower),
        "end": _iso(shift.during.upper),
    }


def _iso(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(dt.UTC).isoformat()


def _shift(session: Session, shift_id: int, field: str) -> Shift:
    # Locked, so that of two who propose with it at once the second sees the first's swap.
    found = session.scalar(select(Shift).where(Shift.id == shift_id).with_for_update())
    if found is None:
        raise NotFound("shift.unknown", f"There is no shift {shift_id}.", field=field)
    return found


def _require_future(session: Session, *shifts: Shift | None) -> None:
    for shift in shifts:
        begins = None if shift is None else shift.during.lower
        if begins is not None and begins <= now(session):
            raise Conflict("swap.begun", "A shift that has begun can't be swapped.")


def _is_offered(session: Session, shift_id: int) -> bool:
    named = sa.or_(ShiftSwap.shift_id == shift_id, ShiftSwap.other_shift_id == shift_id)
    offered = select(ShiftSwap.id).where(named, ShiftSwap.state.in_(OPEN)).limit(1)
    return session.scalar(offered) is not None


def _record(session: Session, actor: Principal, verb: str, swap: ShiftSwap) -> None:
    data = {"state": swap.state, "shift": swap.shift_id, "other_shift": swap.other_shift_id}
    audit.record(
        session,
        actor,
        Tag.of("swap", verb),
        subject_kind="shift_swap",
        subject_id=swap.id,
        data=data,
    )


def _cards(session: Session, actor: Principal, found: Sequence[ShiftSwap]) -> list[SwapCard]:
    known = _Swaps.of(session, actor, found)
    return [
        SwapCard(
            id=swap.id,
            state=swap.state,
            officer=known.parties[swap.officer_id].person,
            other_officer=known.parties[swap.other_officer_id].person,
            given=swap.terms["given"],
            taken=swap.terms["taken"],
            proposed_at=swap.proposed_at,
            updated_at=swap.updated_at,
            allowed=tuple(verb for verb in SWAP.allowed(swap.state) if roles & _WHO[verb]),
        )
        for swap in found
        if (roles := known.roles(swap))
    ]

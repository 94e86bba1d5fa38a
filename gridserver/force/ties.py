"""What a shift hangs on besides its officer: the pattern that made it, swaps it is offered in."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.force.models import PatternException, Shift, ShiftSwap
from gridserver.force.telling import tell

OPEN = ("proposed", "agreed")


def untie(session: Session, actor: Principal | None, shift: Shift) -> None:
    """Before a shift is changed by hand: take it out of its pattern and out of any open swap."""
    leave_pattern(session, shift)
    withdraw_swaps(session, actor, [shift.id])


def leave_pattern(session: Session, shift: Shift) -> None:
    """Take a shift out of its pattern, which will not make it again."""
    if shift.pattern_id is None:
        return
    left = insert(PatternException).values(
        pattern_id=shift.pattern_id, officer_id=shift.officer_id, start=shift.during.lower
    )
    session.execute(left.on_conflict_do_nothing())
    shift.pattern_id = None


def withdraw_swaps(
    session: Session,
    actor: Principal | None,
    shift_ids: Collection[int],
    *,
    but: int | None = None,
) -> None:
    """Withdraw the open swaps that name these shifts, `but` one: what they were about has gone."""
    named = or_(ShiftSwap.shift_id.in_(shift_ids), ShiftSwap.other_shift_id.in_(shift_ids))
    query = select(ShiftSwap).where(named, ShiftSwap.state.in_(OPEN)).order_by(ShiftSwap.id)
    for swap in session.scalars(query.with_for_update()):
        if swap.id != but:
            before, swap.state, swap.updated_at = swap.state, "withdrawn", now(session)
            audit.record(
                session, actor, Tag.SWAP_LAPSE, subject_kind="shift_swap", subject_id=swap.id
            )
            tell(session, actor, swap, before=before)
    session.flush()

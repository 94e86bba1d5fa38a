"""The history of a draft: what was done, by whom, and how it is undone."""

from __future__ import annotations

import json
import uuid
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from gis.arcs import Edit, edit_from_json, edit_to_json
from gis.features import Remark
from gridserver.access.models import Account
from gridserver.access.rules import Principal
from gridserver.base.clock import now
from gridserver.grids import cell_rows
from gridserver.grids.cell_rows import Swap
from gridserver.grids.models import DraftEdit, GridVersion


@dataclass(frozen=True)
class Deed:
    """A change as it is to be remembered: its verb, a sentence, and by how much which cell grew."""

    verb: str
    said: Remark
    area_change_m2: Mapping[str, float]


def add(
    session: Session,
    actor: Principal | None,
    version: GridVersion,
    deed: Deed,
    swap: Swap,
    change: Edit | None,
    arcs_before: uuid.UUID | None,
) -> DraftEdit:
    """Add a change at the version's present revision. What was undone can't be redone after it.

    `arcs_before` is what `version.arcs` was before the change.
    """
    session.execute(
        delete(DraftEdit).where(DraftEdit.version_id == version.id, DraftEdit.undone),
        execution_options={"synchronize_session": False},
    )
    last = select(func.max(DraftEdit.number)).where(DraftEdit.version_id == version.id)
    entry = DraftEdit(
        version_id=version.id,
        number=(session.scalar(last) or 0) + 1,
        revision=version.revision,
        verb=deed.verb,
        text=deed.said.text,
        code=deed.said.code,
        params=dict(deed.said.params),
        area_change_m2=dict(deed.area_change_m2),
        actor_account_id=actor.account_id if actor else None,
        at=now(session),
        undone=False,
        cells=cell_rows.pack(swap),
        arcs=None if change is None else _packed(change),
        arcs_before=None if change is None else arcs_before,
        arcs_after=None if change is None else version.arcs,
    )
    session.add(entry)
    session.flush()
    return entry


def last_done(session: Session, version: GridVersion) -> DraftEdit | None:
    """Return the change that an undo takes back, or None."""
    done = select(DraftEdit).where(DraftEdit.version_id == version.id, ~DraftEdit.undone)
    return session.scalar(done.order_by(DraftEdit.number.desc()).limit(1))


def first_undone(session: Session, version: GridVersion) -> DraftEdit | None:
    """Return the change that a redo does again, or None."""
    undone = select(DraftEdit).where(DraftEdit.version_id == version.id, DraftEdit.undone)
    return session.scalar(undone.order_by(DraftEdit.number).limit(1))


def page(
    session: Session, version_id: int, *, before: int | None = None, limit: int
) -> list[tuple[DraftEdit, str | None]]:
    """Return changes and who made them, the newest first; those numbered lower than `before`."""
    query = (
        select(DraftEdit, Account.username)
        .outerjoin(Account, Account.id == DraftEdit.actor_account_id)
        .where(DraftEdit.version_id == version_id)
        .order_by(DraftEdit.number.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(DraftEdit.number < before)
    return [(entry, username) for entry, username in session.execute(query)]


def since(session: Session, version_id: int, revision: int) -> Sequence[tuple[DraftEdit, str]]:
    """Return the changes made after a revision that still stand, and who made them."""
    made = page(session, version_id, limit=_MOST_SAID)
    return [(e, who or "") for e, who in reversed(made) if e.revision > revision and not e.undone]


def swap_of(entry: DraftEdit, *, undo: bool) -> Swap:
    """Return what to do with the cells to undo a change, or to do it again."""
    swap = cell_rows.unpack(entry.cells)
    return swap.inverse() if undo else swap


def edit_of(entry: DraftEdit, *, undo: bool) -> Edit | None:
    """Return the edit of the arcs that undoes a change or does it again; None as `DraftEdit`."""
    if entry.arcs is None:
        return None
    edit = edit_from_json(json.loads(zlib.decompress(entry.arcs)))
    return edit.inverse() if undo else edit


def forget_arcs(session: Session, version: GridVersion) -> None:
    """Have every change undone by its cells alone: the arcs that it was made on are gone."""
    session.execute(
        update(DraftEdit)
        .where(DraftEdit.version_id == version.id, DraftEdit.arcs.is_not(None))
        .values(arcs=None),
        execution_options={"synchronize_session": "fetch"},
    )


def _packed(edit: Edit) -> bytes:
    return zlib.compress(json.dumps(edit_to_json(edit)).encode())


_MOST_SAID = 20

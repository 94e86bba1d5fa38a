"""A former state of a draft's arcs brought up to date by the edits made since, by whomever.

Of a large draft that is much less to read than all its arcs.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.arcs import ArcCoverage
from gridserver.grids import edit_log
from gridserver.grids.models import DraftEdit, GridVersion

_MOST = 50
"""With more edits in between, all arcs are read as quickly."""

Kept = Callable[[uuid.UUID], ArcCoverage | None]
Entry = tuple[int, uuid.UUID | None, uuid.UUID | None]


def replayed(session: Session, version: GridVersion, kept: Kept) -> ArcCoverage | None:
    """Return a draft's arcs as they are now; None where no way leads from a kept state to it.

    Parameters
    ----------
    version : GridVersion
        Its row locked; its arcs are drawn.
    kept
        Returns the coverage of a state by its name (`GridVersion.arcs`), or None.
    """
    for undo in (False, True):
        found = _way(version.arcs, _entries(session, version, undo), kept, undo)
        if found is not None:
            coverage, way = found
            for entry_id in way:
                edit = edit_log.edit_of(session.get_one(DraftEdit, entry_id), undo=undo)
                coverage = coverage if edit is None else coverage.apply(edit)
            return coverage
    return None


def _entries(session: Session, version: GridVersion, undone: bool) -> Sequence[Entry]:
    """The edits that led here, the last first; or those that were undone, the first first."""
    number = DraftEdit.number
    columns = select(DraftEdit.id, DraftEdit.arcs_before, DraftEdit.arcs_after)
    which = columns.where(
        DraftEdit.version_id == version.id,
        DraftEdit.undone == undone,
        DraftEdit.arcs.is_not(None),
    )
    ordered = which.order_by(number if undone else number.desc()).limit(_MOST)
    return [(entry_id, before, after) for entry_id, before, after in session.execute(ordered)]


def _way(
    present: uuid.UUID | None, entries: Sequence[Entry], kept: Kept, undo: bool
) -> tuple[ArcCoverage, list[int]] | None:
    """A kept state, and the edits that lead from it to the present one."""
    way: list[int] = []
    for entry_id, before, after in entries:
        former, latter = (after, before) if undo else (before, after)
        if latter != present or former is None:
            return None
        way.insert(0, entry_id)
        present = former
        if (coverage := kept(former)) is not None:
            return coverage, way
    return None

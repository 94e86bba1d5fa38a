"""Repairs of a draft, kept as a change that can be undone.

They are worked out by `inspection`, outside of any transaction, over the draft as it was at a
revision; here that revision is asked for again, under the draft's lock, before anything is written.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from gis.repair import Proposal
from gridserver.access.rules import Principal
from gridserver.base.errors import Conflict
from gridserver.grids import drafts
from gridserver.grids.drafts import Changed
from gridserver.grids.edit_log import Deed
from gridserver.grids.mending import Ground, Mended

VERB = "repair"


def keep(
    session: Session,
    actor: Principal | None,
    name: str,
    revision: int,
    ground: Ground,
    mended: Mended,
) -> Changed:
    """Put the mended cells into the draft.

    Parameters
    ----------
    revision : int
        The draft's when `ground` was read.

    Raises
    ------
    Forbidden, NotFound, Conflict, Stale
        As `drafts.locked_draft`; ``grid.nothing_to_repair``: nothing was carried out.
    """
    version = drafts.locked_draft(session, actor, name, revision)
    if not mended.applied:
        raise Conflict(
            "grid.nothing_to_repair",
            f"Version {name} has no fault that can be mended so: look at the proposals.",
        )
    deed = Deed(VERB, in_words(mended.applied), mended.area_change_m2)
    cells = drafts.differences(ground.cells, mended.cells)
    return drafts.record_change(session, actor, version, deed, cells)


def in_words(applied: Sequence[Proposal]) -> str:
    """Return what repairs did as one sentence."""
    if len(applied) == 1:
        return applied[0].text
    area = sum(proposal.area_m2 for proposal in applied)
    return f"{len(applied)} repairs, by which {area:,.1f} m² changed hands."

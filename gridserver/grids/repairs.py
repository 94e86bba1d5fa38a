"""Repairs of a draft, kept as a change that can be undone.

They are worked out by `inspection`, outside of any transaction, over the draft as it was at a
revision; here that revision is asked for again, under the draft's lock, before anything is written.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from gis.features import Remark
from gis.repair import Proposal
from gridserver.access.rules import Principal
from gridserver.base.errors import Conflict
from gridserver.grids import drafts, proposing
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
    deed = Deed(VERB, said(mended.applied), mended.area_change_m2)
    cells = drafts.differences(ground.cells, mended.cells)
    return drafts.record_change(session, actor, version, deed, cells)


def said(applied: Sequence[Proposal]) -> Remark:
    """Say what repairs did in one sentence."""
    if len(applied) == 1:
        return Remark(applied[0].code, applied[0].text, proposing.values(applied[0]))
    area_m2 = sum(proposal.area_m2 for proposal in applied)
    text = f"{len(applied)} repairs, by which {area_m2:,.1f} m² changed hands."
    return Remark("edit.repairs", text, {"count": len(applied), "area_m2": area_m2})

"""What a bureau decided about its grid: how codes are written, and what counts as a fault."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gis.arcs.transfers import SNAP_M
from gis.outline import ENCLAVE_M2
from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base import reading
from gridserver.grids import codes
from gridserver.grids.models import GridSetting
from gridserver.org import queries as org
from gridserver.org.models import Unit


@dataclass(frozen=True)
class GridSettings:
    """The settings; these are the defaults.

    Attributes
    ----------
    code_scheme, code_pattern
        As `gridserver.grids.codes.Scheme`.
    tolerance_m, min_area_m2, enclave_m2, min_cell_m2
        As `gis.coverage.faults`.
    snap_m
        How far from the boundary a line that splits a cell may end.
    """

    code_scheme: str = "free"
    code_pattern: str | None = None
    tolerance_m: float = 1.0
    min_area_m2: float = 1.0
    enclave_m2: float = ENCLAVE_M2
    min_cell_m2: float = 1.0
    snap_m: float = SNAP_M

    @property
    def scheme(self) -> codes.Scheme:
        """How codes are written."""
        return codes.Scheme(self.code_scheme, self.code_pattern)

    @property
    def tolerances(self) -> dict[str, float]:
        """What `gis.coverage.faults` goes by."""
        return {name: getattr(self, name) for name in _TOLERANCES}


#: The least and the most that a setting can be, in its unit.
LIMITS = {
    "tolerance_m": (0.0, 100.0),
    "min_area_m2": (0.0, 1e4),
    "enclave_m2": (1.0, 1e9),
    "min_cell_m2": (0.0, 1e6),
    "snap_m": (0.0, 100.0),
}
_TOLERANCES = ("tolerance_m", "min_area_m2", "enclave_m2", "min_cell_m2")


def present(session: Session) -> GridSettings:
    """Return the bureau's settings, the defaults where it decided nothing."""
    bureau = org.bureau(session)
    columns = [getattr(GridSetting, name) for name in asdict(GridSettings())]
    row = session.execute(select(*columns).where(GridSetting.bureau_id == bureau.id)).one_or_none()
    return GridSettings() if row is None else GridSettings(*row)


def locked(session: Session, actor: Principal) -> GridSettings:
    """Return the settings for changing them: whoever else would waits until this transaction ends.

    Raises
    ------
    Forbidden
        The actor may not edit the bureau's grid.
    """
    bureau = org.bureau(session)
    require(actor, "grid.edit", bureau.path)
    session.execute(select(Unit.id).where(Unit.id == bureau.id).with_for_update(key_share=True))
    return present(session)


def put(session: Session, actor: Principal, wanted: GridSettings) -> GridSettings:
    """Set the settings. They hold for what is checked and edited from now on.

    Raises
    ------
    Forbidden
        The actor may not edit the bureau's grid.
    Invalid
        ``grid.unknown_scheme``, ``grid.bad_pattern``, ``input.number``: names the field.
    """
    bureau = org.bureau(session)
    require(actor, "grid.edit", bureau.path)
    scheme = codes.scheme(wanted.code_scheme, wanted.code_pattern)
    numbers = {
        name: reading.number(getattr(wanted, name), name, least=least, most=most)
        for name, (least, most) in LIMITS.items()
    }
    before = asdict(present(session))
    row = {"code_scheme": scheme.name, "code_pattern": scheme.pattern, **numbers}
    upsert = insert(GridSetting).values(bureau_id=bureau.id, **row)
    session.execute(upsert.on_conflict_do_update(index_elements=["bureau_id"], set_=row))
    after = present(session)
    audit.record(
        session,
        actor,
        Tag.GRID_SETTINGS,
        subject_kind="unit",
        subject_id=bureau.code,
        before=before,
        after=asdict(after),
    )
    return after

"""Going back: the cells of an older version, in force again. None of this commits.

A version has one time in which it was in force, and its cells never change. So it comes back as a
copy, with a time and a name of its own.
"""

from __future__ import annotations

import datetime as dt
import itertools

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Conflict
from gridserver.grids import exclusions, queries, rules, service
from gridserver.grids.models import LIFECYCLE, Cell, GridVersion
from gridserver.org import queries as org


def publish(
    session: Session, actor: Principal | None, name: str, at: dt.datetime | None = None
) -> GridVersion:
    """Put a version in force, as `service.publish` does; one that was in force and has retired, as
    a copy under the next free name.

    Returns
    -------
    GridVersion
        The one that is in force from `at` on: `name` itself, or ``<name>-2``, ``<name>-3`` …

    Raises
    ------
    Forbidden, NotFound, Conflict, Invalid
        As `service.publish` and `copy`.
    """
    version = queries.version(session, name)
    session.refresh(version, with_for_update=True)
    ended = version.valid.upper if version.valid else None
    if version.valid is not None and rules.state_at(version.state, ended, now(session)) == (
        "retired"
    ):
        name = copy(session, actor, name, _next_name(session, name)).name
    return service.publish(session, actor, name, at)


def copy(session: Session, actor: Principal | None, name: str, new_name: str) -> GridVersion:
    """Make a draft with the cells and the outline of a version, in whatever state that is.

    Raises
    ------
    Forbidden
        The actor may not edit the bureau's grid.
    NotFound
        There is no such version.
    Invalid
        ``grid.bad_name``.
    Conflict
        ``grid.name_taken``.
    """
    bureau = org.bureau(session)
    if actor is not None:
        require(actor, "grid.edit", bureau.path)
    original = queries.version(session, name)
    rules.check_name(new_name)
    if session.scalar(select(GridVersion.id).where(GridVersion.name == new_name)):
        raise Conflict(
            "grid.name_taken", f"version {new_name} exists", field="name", params={"name": new_name}
        )
    made = GridVersion(
        bureau_id=bureau.id,
        name=new_name,
        state=LIFECYCLE.states[0],
        outline=original.outline,
        source=original.source | {"copy_of": name, "warnings": []},
        created_at=now(session),
    )
    session.add(made)
    session.flush()
    columns = (Cell.code, Cell.name, Cell.station_code, Cell.attributes, Cell.geom)
    cells = select(literal(made.id), *columns).where(Cell.version_id == original.id)
    names = ["version_id", *(column.key for column in columns)]
    session.execute(insert(Cell).from_select(names, cells.order_by(Cell.id)))
    exclusions.copy(session, original, made)
    audit.record(
        session,
        actor,
        Tag.GRID_COPY,
        subject_kind="grid_version",
        subject_id=new_name,
        data={"from": name},
    )
    return made


def _next_name(session: Session, name: str) -> str:
    taken = set(session.scalars(select(GridVersion.name)))
    return next(
        candidate
        for number in itertools.count(2)
        if (candidate := f"{name[: rules.LONGEST_NAME - 8]}-{number}") not in taken
    )

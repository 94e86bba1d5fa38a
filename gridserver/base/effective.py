"""Rows that hold for a time. A change closes one row and opens another from some moment on; what
was in force at a moment never changes.

A row that was planned and is taken back before it holds stays, marked as withdrawn.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, func, or_, select, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, Session, mapped_column

from gridserver.base.clock import now
from gridserver.base.db import Id
from gridserver.base.errors import Conflict


class Effective:
    """The columns of such a row: when it holds, who wrote it, when and why.

    `account_id` is None where the installation itself did. `withdrawn_at`: taken back before it
    held.
    """

    id: Mapped[Id]
    valid: Mapped[Range[dt.datetime]] = mapped_column(TSTZRANGE)
    why: Mapped[str | None]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    at: Mapped[dt.datetime]
    withdrawn_at: Mapped[dt.datetime | None]


Row = TypeVar("Row", bound=Effective)


@dataclass(frozen=True)
class Note:
    """Who changes something, and why."""

    account_id: int | None
    why: str | None


def one_at_a_time(table: str, *key: str) -> tuple[CheckConstraint, ExcludeConstraint]:
    """Return the constraints that keep one row in force per key and moment."""
    return (
        CheckConstraint("NOT isempty(valid)", name="valid_not_empty"),
        ExcludeConstraint(
            *((column, "=") for column in key),
            ("valid", "&&"),
            name=f"ex_{table}_in_force",
            where=text("withdrawn_at IS NULL"),
        ),
    )


def put(
    session: Session,
    model: type[Row],
    key: Mapping[str, Any],
    values: Mapping[str, Any] | None,
    since: dt.datetime | None,
    note: Note,
) -> bool:
    """Have `values` hold for `key` from `since` on, until the next change that is planned already.

    Parameters
    ----------
    values
        None: nothing is to hold any more.
    since
        None: from the beginning of time, for a key that no row had yet.

    Returns
    -------
    bool
        False where that was so already.
    """
    rows = _from(session, model, key, since)
    present = rows[0] if rows and _holds(rows[0], since) else None
    if values is None and present is None:
        return False
    if values is not None and present is not None and _says(present, values):
        return False
    until = rows[0].valid.lower if rows else None
    if present is not None:
        until = present.valid.upper
        _close(session, present, since)
    if values is not None:
        session.add(_row(session, model, {**key, **values}, Range(since, until), note))
    session.flush()
    return True


def take_back(session: Session, model: type[Row], row_id: int) -> Row:
    """Withdraw a planned row: what held before it goes on in its place.

    Raises
    ------
    Conflict
        ``effective.not_planned``: there is no such row, or it holds or held already.
    """
    row = session.get(model, row_id, with_for_update=True, populate_existing=True)
    begins = None if row is None else row.valid.lower
    if row is None or row.withdrawn_at is not None or begins is None or begins <= now(session):
        raise Conflict(
            "effective.not_planned",
            "Only a change that is still to come can be taken back. Make another one from now on.",
            field="id",
        )
    row.withdrawn_at = now(session)
    session.flush()
    key = {name: getattr(row, name) for name in key_of(model)}
    before = session.scalars(
        _standing(model, key).where(func.upper(model.valid) == begins).with_for_update()
    ).one_or_none()
    if before is not None:
        before.valid = Range(before.valid.lower, row.valid.upper)
        session.flush()
    return row


def key_of(model: type[Effective]) -> tuple[str, ...]:
    """Return the key columns of a model, as its exclusion constraint names them."""
    table = model.__table__  # type: ignore[attr-defined]
    once = next(c for c in table.constraints if isinstance(c, ExcludeConstraint))
    return tuple(column.name for column in once.columns if column.name != "valid")


def held_at(model: type[Effective], at: Any) -> ColumnElement[bool]:
    """Return the condition that a row of `model` holds at a moment."""
    return model.valid.contains(at) & model.withdrawn_at.is_(None)


def _standing(model: type[Row], key: Mapping[str, Any]) -> Any:
    conditions = [getattr(model, name) == value for name, value in key.items()]
    return select(model).where(*conditions, model.withdrawn_at.is_(None))


def _from(
    session: Session, model: type[Row], key: Mapping[str, Any], since: dt.datetime | None
) -> Sequence[Row]:
    """Return the key's rows that hold at `since` or later, in order, locked."""
    query = _standing(model, key)
    if since is not None:
        ends = func.upper(model.valid)
        query = query.where(or_(ends.is_(None), ends > since))
    ordered = query.order_by(func.lower(model.valid).nulls_first()).with_for_update()
    return session.scalars(ordered.execution_options(populate_existing=True)).all()


def _holds(row: Effective, since: dt.datetime | None) -> bool:
    begins = row.valid.lower
    return begins is None or (since is not None and begins <= since)


def _says(row: Effective, values: Mapping[str, Any]) -> bool:
    return all(getattr(row, name) == value for name, value in values.items())


def _close(session: Session, row: Effective, since: dt.datetime | None) -> None:
    """End a row at `since`; one that was to begin just then is withdrawn."""
    if row.valid.lower == since:
        row.withdrawn_at = now(session)
    else:
        row.valid = Range(row.valid.lower, since)
    session.flush()


def _row(
    session: Session,
    model: type[Row],
    columns: Mapping[str, Any],
    valid: Range[dt.datetime],
    note: Note,
) -> Row:
    written = {"valid": valid, "why": note.why, "account_id": note.account_id, "at": now(session)}
    return model(**columns, **written)

"""Changing the tables: every change holds from a moment on, and says who made it and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base import effective, reading
from gridserver.base.clock import now
from gridserver.base.effective import Note
from gridserver.base.errors import Invalid
from gridserver.dispatch.tables import queries
from gridserver.dispatch.tables.book import Book
from gridserver.dispatch.tables.changes import Change, read_changes, table_called
from gridserver.incidents import service as incidents
from gridserver.org import queries as org

_LONGEST_REASON = 500


def lock(session: Session, actor: Principal | None) -> None:
    """Begin a change of the tables: whoever else would waits until this transaction ends.

    Raises
    ------
    Forbidden
        The actor may not edit the bureau's tables.
    """
    if actor is not None:
        require(actor, "norms.edit", org.bureau(session).path)
    queries.lock(session)


def change(
    session: Session,
    actor: Principal | None,
    given: Sequence[Change],
    *,
    why: str,
    since: dt.datetime | None = None,
) -> list[Change]:
    """Have rows say something else from `since` on, each until the next change that is planned.

    Parameters
    ----------
    since
        Default: now. A category that never was holds from ever unless it is given, so that what
        happened before can be counted under it.

    Returns
    -------
    list of Change
        Those that made a difference, as they were read.

    Raises
    ------
    Forbidden
        The actor may not edit the bureau's tables.
    NotFound, Invalid, Conflict
        As `changes.read_changes`; ``norms.in_the_past``; ``input.not_text``, ``input.length``.
    """
    lock(session, actor)
    note = Note(
        actor.account_id if actor else None, reading.text(why, "why", longest=_LONGEST_REASON)
    )
    moment = now(session)
    begins = moment if since is None else reading.moment(since, "from")
    if begins < moment:
        raise Invalid(
            "norms.in_the_past",
            "from: what was in force stays as it was; give now or later.",
            field="from",
        )
    book = queries.book(session)
    changes = read_changes(given, book, begins)
    new = incidents.add_category_codes(session, _category_codes(changes))
    made = [
        each
        for each in changes
        if _put(session, each, None if since is None and _is_new(each, new) else begins, note)
    ]
    _record(session, actor, made, book, begins, note)
    return made


def take_back(
    session: Session, actor: Principal | None, table: str, row_id: int, *, why: str
) -> None:
    """Take back a change that is still to come: what holds before it goes on.

    Raises
    ------
    Forbidden
        The actor may not edit the bureau's tables.
    NotFound
        ``norms.unknown_table``.
    Conflict
        ``effective.not_planned``.
    """
    lock(session, actor)
    reason = reading.text(why, "why", longest=_LONGEST_REASON)
    model = queries.MODELS[table_called(table).name]
    row = effective.take_back(session, model, row_id)
    key = {name: getattr(row, name) for name in effective.key_of(model)}
    audit.record(
        session,
        actor,
        Tag.NORMS_TAKE_BACK,
        subject_kind=table,
        subject_id=_named(key),
        data={"row": row_id},
        purpose=reason,
    )


def _category_codes(changes: Iterable[Change]) -> list[str]:
    return [each.key["code"] for each in changes if each.table == "category"]


def _is_new(change: Change, new_categories: Set[str]) -> bool:
    return change.table == "category" and change.key["code"] in new_categories


def _put(session: Session, change: Change, since: dt.datetime | None, note: Note) -> bool:
    model = queries.MODELS[change.table]
    return effective.put(session, model, change.key, change.values, since, note)


def _record(
    session: Session,
    actor: Principal | None,
    made: Iterable[Change],
    book: Book,
    since: dt.datetime,
    note: Note,
) -> None:
    for change in made:
        former = book.find(change.table, tuple(change.key.values()), since)
        columns = table_called(change.table).values
        audit.record(
            session,
            actor,
            Tag.NORMS_CHANGE,
            subject_kind=change.table,
            subject_id=_named(change.key),
            data={"from": since.isoformat()},
            before={each.name: former.values[each.name] for each in columns} if former else None,
            after=change.values,
            purpose=note.why,
        )


def _named(key: Mapping[str, Any]) -> str:
    return "/".join(str(value) for value in key.values())

"""What the verbs of the force share: the ledger's row, and the refusal of overlapping times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gridserver.audit import service as audit
from gridserver.base.errors import Conflict
from gridserver.force.models import Absence, Leadership, Officer, Ownership


def add(
    session: Session, row: Ownership | Absence | Leadership, what: str, constraint: str
) -> None:
    """Store `row`, or raise `Conflict` where `constraint` says that its time is taken.

    `what` begins the message: ``330824001 is absent``.
    """
    with refusing_overlap(session, constraint, f"{row.__tablename__}.overlaps", what):
        session.add(row)
        session.flush()


@contextmanager
def refusing_overlap(session: Session, constraint: str, code: str, what: str) -> Iterator[None]:
    """Turn the violation of an exclusion constraint into a `Conflict`.

    The constraint decides, so that of two who write at once only one gets through.
    """
    try:
        with session.begin_nested():
            yield
    except IntegrityError as error:
        violated = getattr(error.orig, "diag", None)
        if violated is None or violated.constraint_name != constraint:
            raise
        raise Conflict(code, f"{what} already in this time; end that first.") from error


def record(
    session: Session,
    actor: audit.Actor | None,
    tag: str,
    officer: Officer,
    data: Mapping[str, Any] | None = None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add a row about an officer to the ledger, as `gridserver.audit.service.record` has it."""
    audit.record(
        session,
        actor,
        tag,
        subject_kind="officer",
        subject_id=officer.service_number,
        data=data,
        before=before,
        after=after,
    )


def iso(moment: dt.datetime | None) -> str | None:
    """Return a bound of a range of times as the ledger keeps it: in UTC, so that what didn't change
    reads the same with whatever offset it was given. None where there is none."""
    return moment.astimezone(dt.UTC).isoformat() if moment else None

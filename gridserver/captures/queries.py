"""Reading captures: the loader that checks access, lists, and what a terminal starts from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from geoalchemy2.functions import ST_X, ST_Y
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.access.queries import AccountRef
from gridserver.access.rules import Principal
from gridserver.attachments import queries as attachments
from gridserver.base.clock import now
from gridserver.base.errors import OutOfReach
from gridserver.captures.models import Capture
from gridserver.captures.rules import CAPTURE, DECIDED_BY
from gridserver.org import queries as org
from gridserver.org.models import Unit
from gridserver.places import entries

Card = dict[str, Any]

#: What the gazetteer calls the source of places that were captured, each by the capture's id.
PLACE_SOURCE = "capture"
#: How long a decision stays in what a terminal starts from.
SHOWN = dt.timedelta(days=7)


@dataclass(frozen=True)
class Record:
    """A capture with what its card names; `lon`, `lat` in EPSG:4326."""

    row: Capture
    lon: float
    lat: float
    unit: Unit
    officer: AccountRef
    decider: AccountRef | None


def capture_for(
    session: Session, actor: Principal, capture_id: int, *, locked: bool = False
) -> Record:
    """Return a capture that `actor` may see: their own, or one of a kind and a place that they
    read or decide on.

    Raises
    ------
    NotFound
        ``capture.unknown``: there is none, or it is none of the actor's business.
    """
    query = select(Capture).where(Capture.id == capture_id, _visible_to(actor))
    if locked:
        query = query.with_for_update(of=Capture).execution_options(populate_existing=True)
    row = session.scalar(query)
    if row is None:
        raise OutOfReach("capture.unknown", f"There is no capture {capture_id}.")
    return load(session, [row])[0]


def page(
    session: Session,
    actor: Principal,
    *,
    is_open: bool,
    kinds: Sequence[str] = (),
    mine: bool = False,
    before: int | None = None,
    limit: int,
) -> list[Record]:
    """Return the captures that `actor` may see, newest first.

    Parameters
    ----------
    is_open : bool
        Only those that wait for a decision.
    kinds : sequence of str
        Only those of these kinds; none: of all.
    mine : bool
        Only those that the actor made.
    before : int, optional
        The id to go on after (the list's cursor).
    """
    query = select(Capture).where(_visible_to(actor)).order_by(Capture.id.desc()).limit(limit)
    if is_open:
        query = query.where(Capture.state == CAPTURE.states[0])
    if kinds:
        query = query.where(Capture.kind.in_(kinds))
    if mine:
        query = query.where(Capture.account_id == actor.account_id)
    if before is not None:
        query = query.where(Capture.id < before)
    return load(session, session.scalars(query).all())


def terminal_snapshot_part(session: Session, account_id: int) -> dict[str, Any]:
    """Return ``{captures: [CaptureCard]}``: what somebody has lately decided on what the account
    captured, as the messages ``capture.decided`` said it."""
    query = (
        select(Capture)
        .where(
            Capture.account_id == account_id,
            Capture.decided_by.is_not(None),
            Capture.decided_at > now(session) - SHOWN,
        )
        .order_by(Capture.id)
    )
    return {"captures": [card(record) for record in load(session, session.scalars(query).all())]}


def load(session: Session, rows: Sequence[Capture]) -> list[Record]:
    """Return captures with what their cards name, in their order, in a fixed number of queries."""
    if not rows:
        return []
    ids = [row.id for row in rows]
    points = session.execute(
        select(Capture.id, ST_X(Capture.point), ST_Y(Capture.point)).where(Capture.id.in_(ids))
    )
    place_of = {id_: (lon, lat) for id_, lon, lat in points}
    units = org.units_by_id(session, {row.unit_id for row in rows})
    named = {row.account_id for row in rows} | {row.decided_by for row in rows if row.decided_by}
    people = access.account_refs(session, named)
    return [
        Record(
            row,
            *place_of[row.id],
            unit=units[row.unit_id],
            officer=people[row.account_id],
            decider=people.get(row.decided_by) if row.decided_by else None,
        )
        for row in rows
    ]


def card(record: Record) -> Card:
    """Return what messages and the feed carry of a capture."""
    row, unit = record.row, record.unit
    return {
        "id": row.id,
        "state": row.state,
        "version": row.version,
        "kind": row.kind,
        "text": row.text,
        "name": row.name,
        "lon": record.lon,
        "lat": record.lat,
        "accuracy_m": row.accuracy_m,
        "cell": None if row.cell_code is None else {"code": row.cell_code, "name": row.cell_name},
        "unit": {"code": unit.code, "name": unit.name},
        "method": row.method,
        "officer": record.officer.document(),
        "occurred_at": row.occurred_at.isoformat(),
        "clock_offset_s": row.clock_offset_s,
        "received_at": row.received_at.isoformat(),
        "decision": _decision(record),
        "task": row.task_id,
        "updated_at": row.updated_at.isoformat(),
    }


def details(session: Session, actor: Principal, records: Sequence[Record]) -> list[Card]:
    """Return captures with their photos, the places that they became, and with what `actor` may do
    with each now."""
    places = entries.places_of(session, PLACE_SOURCE, [str(record.row.id) for record in records])
    photos = attachments.of_subjects(session, "capture", [record.row.id for record in records])
    return [
        card(record)
        | {
            "photos": [photo.to_json() for photo in photos.get(record.row.id, [])],
            "place": places.get(str(record.row.id)),
            "allowed": list(allowed(actor, record)),
        }
        for record in records
    ]


def allowed(actor: Principal, record: Record) -> tuple[str, ...]:
    """Return the verbs that `actor` may say to a capture now."""
    permission = DECIDED_BY.get(record.row.kind)
    if permission is None or not actor.may(permission, record.unit.path):
        return ()
    return tuple(v for v in CAPTURE.allowed(record.row.state) if v in ("accept", "decline"))


def _visible_to(actor: Principal) -> ColumnElement[bool]:
    of_kinds = [
        and_(Capture.kind == kind, _within(actor.paths(permission)))
        for kind, permission in DECIDED_BY.items()
    ]
    own = Capture.account_id == actor.account_id
    return or_(own, _within(actor.paths("capture.read")), *of_kinds)


def _within(paths: Sequence[str]) -> ColumnElement[bool]:
    return Capture.unit_id.in_(select(Unit.id).where(org.within(paths)))


def _decision(record: Record) -> Card | None:
    row = record.row
    if row.decided_at is None:
        return None
    by = None if record.decider is None else record.decider.document()
    return {"at": row.decided_at.isoformat(), "by": by, "reason": row.reason}

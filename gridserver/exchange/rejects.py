"""Messages that couldn't be taken: kept, shown with the reason, and replayed once it is mended."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Row, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gis.errors import GisError
from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Conflict, GridserverError, NotFound
from gridserver.exchange.lifecycle import REJECT
from gridserver.exchange.models import Reject
from gridserver.org import queries as org
from gridserver.partners.models import Partner

_LONGEST_DETAIL = 500


@dataclass(frozen=True)
class RejectCard:
    """A reject as a list shows it, without its body."""

    id: int
    partner: str
    state: str
    code: str
    detail: str
    field: str | None
    first_at: dt.datetime
    last_at: dt.datetime
    times: int
    ended_at: dt.datetime | None
    incident_id: int | None


def keep(
    session: Session,
    partner: Partner,
    body: str,
    refusal: GridserverError | GisError,
    *,
    replayed: bool = False,
) -> int:
    """Keep a body that couldn't be taken, once however often it comes; return the reject's id.

    `replayed`: it didn't come again, it was kept already and its reason may be another.
    """
    moment = now(session)
    made = insert(Reject).values(
        partner_id=partner.id,
        digest=_digest(body),
        body=body,
        state=REJECT.states[0],
        code=refusal.code,
        detail=refusal.message[:_LONGEST_DETAIL],
        field=refusal.field,
        first_at=moment,
        last_at=moment,
    )
    new = made.excluded
    return session.scalars(
        made.on_conflict_do_update(
            index_elements=["partner_id", "digest"],
            set_={
                "body": new.body,
                "state": new.state,
                "code": new.code,
                "detail": new.detail,
                "field": new.field,
                "last_at": Reject.last_at if replayed else new.last_at,
                "times": Reject.times if replayed else Reject.times + 1,
                "ended_at": None,
            },
        ).returning(Reject.id)
    ).one()


def known(session: Session, partner: Partner, bodies: Collection[str]) -> set[str]:
    """Return those of `bodies` that couldn't be taken before, whatever became of them."""
    by_digest = {_digest(body): body for body in bodies}
    found = session.scalars(
        select(Reject.digest).where(Reject.partner_id == partner.id, Reject.digest.in_(by_digest))
    )
    return {by_digest[digest] for digest in found}


def page(
    session: Session,
    actor: Principal,
    *,
    state: str,
    partner: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[RejectCard]:
    """Return the rejects in `state`, newest first, from the one `before` on. Raises `Forbidden`."""
    require(actor, "exchange.edit", org.bureau(session).path)
    query = _CARDS.where(Reject.state == state).order_by(Reject.id.desc()).limit(limit)
    if partner is not None:
        query = query.where(Partner.code == partner)
    if before is not None:
        query = query.where(Reject.id < before)
    return [_card(row) for row in session.execute(query)]


def body(session: Session, actor: Principal, reject_id: int) -> tuple[RejectCard, str | None]:
    """Return a reject and the message as it came, None once it has ended. The look is recorded.

    Raises `Forbidden`, `NotFound` (``exchange.unknown_reject``).
    """
    require(actor, "exchange.edit", org.bureau(session).path)
    found = session.get(Reject, reject_id, populate_existing=True)
    if found is None:
        raise _unknown()
    audit.record(
        session, actor, Tag.EXCHANGE_READ_REJECT, subject_kind="reject", subject_id=reject_id
    )
    return card_of(session, reject_id), found.body


def card_of(session: Session, reject_id: int) -> RejectCard:
    """Return a reject, which must be there."""
    return _card(session.execute(_CARDS.where(Reject.id == reject_id)).one())


def locked(session: Session, reject_id: int) -> Reject:
    """Return an open reject for ending it.

    Raises `NotFound`; `Conflict` (``exchange.reject_ended``).
    """
    found = session.get(Reject, reject_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise _unknown()
    if found.state != "open":
        raise Conflict("exchange.reject_ended", f"The reject is {found.state} already.")
    return found


def end(
    session: Session, actor: Principal, reject: Reject, verb: str, incident_id: int | None = None
) -> None:
    """End a reject by `verb`, and wipe its body."""
    reject.state = REJECT.transitions[reject.state, verb]
    reject.body, reject.ended_at, reject.incident_id = None, now(session), incident_id
    session.flush()
    audit.record(
        session,
        actor,
        Tag.of("exchange", f"{verb}_reject"),
        subject_kind="reject",
        subject_id=reject.id,
        data={"incident": incident_id},
    )


def oldest(session: Session, partner: Partner, limit: int) -> list[int]:
    """Return the ids of a partner's open rejects, the oldest first."""
    open_ones = select(Reject.id).where(Reject.partner_id == partner.id, Reject.state == "open")
    return list(session.scalars(open_ones.order_by(Reject.id).limit(limit)))


def counts(session: Session) -> dict[str, int]:
    """Return how many rejects are open, by partner code."""
    rows = session.execute(
        select(Partner.code, func.count().label("open"))
        .select_from(Reject)
        .join(Partner, Partner.id == Reject.partner_id)
        .where(Reject.state == "open")
        .group_by(Partner.code)
    )
    return {row.code: row.open for row in rows}


_CARDS = select(
    Reject.id,
    Partner.code.label("partner"),
    Reject.state,
    Reject.code,
    Reject.detail,
    Reject.field,
    Reject.first_at,
    Reject.last_at,
    Reject.times,
    Reject.ended_at,
    Reject.incident_id,
).join(Partner, Partner.id == Reject.partner_id)


def _digest(body: str) -> bytes:
    return hashlib.sha256(body.encode()).digest()


def _card(row: Row) -> RejectCard:
    return RejectCard(**row._mapping)


def _unknown() -> NotFound:
    return NotFound("exchange.unknown_reject", "There is no such reject.", field="reject")

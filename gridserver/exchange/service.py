"""Taking what other systems report: translated, given to dispatch, or kept as a reject."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy.orm import Session

from gis.errors import GisError
from gridserver.access.rules import Principal, require
from gridserver.base import db
from gridserver.base.errors import Conflict, GridserverError, Invalid, NotFound
from gridserver.dispatch import service as dispatch
from gridserver.dispatch.service import Taken
from gridserver.exchange import mapping, mappings, rejects
from gridserver.exchange.rejects import RejectCard
from gridserver.org import queries as org
from gridserver.partners import service as partners
from gridserver.partners.models import Partner

#: A message is one report: more than this is none.
LARGEST_BODY = 64 * 1024
#: How many rejects one request takes again.
MOST_REPLAYED = 200
#: Refusals of a message; another one (the database is away) says nothing about it.
_REFUSALS = (Invalid, NotFound, Conflict, GisError)


@dataclass(frozen=True)
class Kept:
    """A message that was not taken: the reject that keeps it, and why."""

    reject_id: int
    refusal: GridserverError | GisError


def take(session: Session, partner: Partner, body: str, *, replayed: bool = False) -> Taken | Kept:
    """Take a report in its source's own words; the same report again changes nothing.

    One that can't be taken is kept as a reject, whatever of it was written is undone.

    Raises
    ------
    Invalid
        ``exchange.no_json``: the body is none. It is not kept, since no mapping could mend it.
    """
    document = read_body(body)
    try:
        with db.savepoint(session):
            return _take(session, partner, document)
    except _REFUSALS as refusal:
        kept = rejects.keep(session, partner, body, refusal, replayed=replayed)
        return Kept(kept, refusal)


def read_body(body: str) -> object:
    """Return the JSON document in `body`. Raises `Invalid` (``exchange.no_json``)."""
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Invalid("exchange.no_json", "The body is no JSON (RFC 8259).") from error


def replay(session: Session, actor: Principal, reject_id: int) -> Taken | Kept:
    """Take a reject again, by the mapping of now. Where it still can't be taken it stays, with the
    reason of now.

    Raises
    ------
    Forbidden
    NotFound
        ``exchange.unknown_reject``.
    Conflict
        ``exchange.reject_ended``.
    """
    require(actor, "exchange.edit", org.bureau(session).path)
    reject = rejects.locked(session, reject_id)
    partner = partners.by_id(session, reject.partner_id)
    outcome = take(session, partner, reject.body or "", replayed=True)
    if isinstance(outcome, Taken):
        rejects.end(session, actor, reject, "take", outcome.dossier.incident.id)
    return outcome


def replay_all(session: Session, actor: Principal, code: str) -> tuple[int, int]:
    """Take a partner's open rejects again, the oldest first, up to `MOST_REPLAYED` of them; return
    how many were taken, and how many are left. Raises `Forbidden`, `NotFound`."""
    require(actor, "exchange.edit", org.bureau(session).path)
    partner = partners.partner(session, code)
    outcomes = [
        replay(session, actor, reject_id)
        for reject_id in rejects.oldest(session, partner, MOST_REPLAYED)
    ]
    taken = sum(isinstance(outcome, Taken) for outcome in outcomes)
    return taken, rejects.counts(session).get(code, 0)


def dismiss(session: Session, actor: Principal, reject_id: int) -> RejectCard:
    """Say that nothing is to come of a reject. Raises as `replay`."""
    require(actor, "exchange.edit", org.bureau(session).path)
    reject = rejects.locked(session, reject_id)
    rejects.end(session, actor, reject, "dismiss")
    return rejects.card_of(session, reject_id)


def _take(session: Session, partner: Partner, document: object) -> Taken:
    report = mapping.report(mappings.in_force(session, partner), partner.code, document)
    return dispatch.take_report(session, partners.principal(session, partner), report)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")

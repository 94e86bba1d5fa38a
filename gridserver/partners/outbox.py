"""The outbox: what waits to be sent to a partner, what came of it, and what nobody could deliver.

A letter is claimed in one transaction, sent outside any, and settled in another. So nothing waits
for a partner that doesn't answer; and a worker that dies in between leaves a lease that runs out,
after which the letter is sent again, under the same delivery id.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, select, text, update
from sqlalchemy.orm import Session
from structlog import get_logger

from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Conflict, NotFound
from gridserver.org import queries as org
from gridserver.partners import rules, service
from gridserver.partners.lifecycle import LETTER
from gridserver.partners.models import Letter, Partner

log = get_logger()

#: How long a worker may be busy with one letter before another takes it for dead.
LEASE = dt.timedelta(seconds=60)

_CHANCE = random.SystemRandom()


@dataclass(frozen=True)
class Claimed:
    """A letter that this worker is to send. `lease` is until when the partner is its own."""

    id: int
    delivery: uuid.UUID
    type: str
    body: dict[str, Any]
    partner_id: int
    partner_code: str
    url: str
    lease: dt.datetime


@dataclass(frozen=True)
class Answer:
    """What came of a try: an HTTP `status`, or the `error` that kept it from one."""

    status: int | None = None
    error: str | None = None

    @property
    def delivered(self) -> bool:
        """Whether the partner took the letter."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True)
class LetterCard:
    """A letter as a list shows it, without what it says."""

    id: int
    delivery: uuid.UUID
    partner: str
    type: str
    subject_kind: str
    subject_id: str
    state: str
    created_at: dt.datetime
    due_at: dt.datetime
    ended_at: dt.datetime | None
    tries: int
    status: int | None
    error: str | None


def queue(
    session: Session,
    agency: str,
    type_: str,
    *,
    subject_kind: str,
    subject_id: object,
    body: dict[str, Any],
) -> uuid.UUID | None:
    """Have `body` sent to the partner that goes by the name `agency`, after the commit.

    Returns the delivery id; None where there is no such partner, it is disabled, or it has no
    webhook.
    """
    partner = service.partner_called(session, agency)
    if partner is None or not partner.enabled or partner.webhook_url is None:
        return None
    moment, delivery = now(session), uuid.uuid4()
    session.execute(
        insert(Letter).values(
            delivery=delivery,
            partner_id=partner.id,
            type=type_,
            subject_kind=subject_kind,
            subject_id=str(subject_id),
            body=body,
            created_at=moment,
            state=LETTER.states[0],
            due_at=moment,
        )
    )
    return delivery


# One letter a partner at a time: a partner that hangs takes one worker's slot, and what is for the
# others goes on. SKIP LOCKED leaves a partner that another worker is claiming; the row lock is one
# that doesn't hold up a hand-over, which refers to the partner.
_CLAIM = text(
    """
    WITH free AS (
        SELECT id FROM partner
        WHERE enabled AND webhook_url IS NOT NULL
          AND (busy_until IS NULL OR busy_until <= :now)
          AND EXISTS (
              SELECT FROM letter
              WHERE partner_id = partner.id AND state = 'pending' AND due_at <= :now
          )
        ORDER BY id LIMIT :limit
        FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE partner SET busy_until = :lease
    FROM free CROSS JOIN LATERAL (
        SELECT id, delivery, type, body FROM letter
        WHERE partner_id = free.id AND state = 'pending' AND due_at <= :now
        ORDER BY due_at, id LIMIT 1
    ) AS first
    WHERE partner.id = free.id
    RETURNING first.id, first.delivery, first.type, first.body,
              partner.id AS partner_id, partner.code AS partner_code,
              partner.webhook_url AS url, partner.busy_until AS lease
    """
)


def claim(session: Session, limit: int) -> list[Claimed]:
    """Take the first due letter of each of up to `limit` partners that nobody is sending to."""
    moment = now(session)
    rows = session.execute(_CLAIM, {"now": moment, "lease": moment + LEASE, "limit": limit})
    return [Claimed(**row._mapping) for row in rows]


def settle(session: Session, claimed: Claimed, answer: Answer) -> None:
    """Store what came of a try, and let the partner's next letter go.

    A letter that failed too often is dead: an admin sees it, and may have it tried again.
    """
    session.execute(
        update(Partner)
        .where(Partner.id == claimed.partner_id, Partner.busy_until == claimed.lease)
        .values(busy_until=None)
    )
    letter = session.get(Letter, claimed.id, with_for_update=True, populate_existing=True)
    if letter is None or letter.state != "pending":
        return  # the lease ran out, and another worker settled it
    moment = now(session)
    letter.tries += 1
    letter.status, letter.error = answer.status, answer.error
    verb = _verb(answer, letter.tries)
    letter.state = LETTER.transitions[letter.state, verb]
    if verb == "fail":
        letter.due_at = moment + rules.pause(letter.tries, _CHANCE.random())
        return
    letter.ended_at = moment
    if verb == "give_up":
        log.warning("exchange.dead_letter", partner=claimed.partner_code, letter=letter.id)
    audit.record(
        session,
        None,
        Tag.of("exchange", verb),
        subject_kind="letter",
        subject_id=letter.id,
        data={"partner": claimed.partner_code, "tries": letter.tries, "status": answer.status},
    )


def _verb(answer: Answer, tries: int) -> str:
    if answer.delivered:
        return "deliver"
    return "give_up" if tries >= rules.MOST_TRIES else "fail"


def retry(session: Session, actor: Principal, letter_id: int) -> LetterCard:
    """Have a dead letter tried again, from the first pause on.

    Raises
    ------
    Forbidden, NotFound
        ``exchange.unknown_letter``.
    Conflict
        ``exchange.not_dead``: it was sent, or is still being tried.
    """
    require(actor, "exchange.edit", org.bureau(session).path)
    letter = session.get(Letter, letter_id, with_for_update=True, populate_existing=True)
    if letter is None:
        raise NotFound("exchange.unknown_letter", "There is no such letter.", field="letter")
    state = LETTER.after(letter.state, "retry")
    if state is None:
        raise Conflict(
            "exchange.not_dead", f"The letter is {letter.state}: only a dead one is tried again."
        )
    letter.state, letter.tries, letter.ended_at = state, 0, None
    letter.due_at = now(session)
    session.flush()
    audit.record(session, actor, Tag.EXCHANGE_RETRY, subject_kind="letter", subject_id=letter.id)
    return _card(session.execute(_CARDS.where(Letter.id == letter_id)).one())


_CARDS = select(
    Letter.id,
    Letter.delivery,
    Partner.code.label("partner"),
    Letter.type,
    Letter.subject_kind,
    Letter.subject_id,
    Letter.state,
    Letter.created_at,
    Letter.due_at,
    Letter.ended_at,
    Letter.tries,
    Letter.status,
    Letter.error,
).join(Partner, Partner.id == Letter.partner_id)


def page(
    session: Session,
    actor: Principal,
    *,
    state: str,
    partner: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[LetterCard]:
    """Return the letters in `state`, newest first, from the one `before` on. Raises `Forbidden`."""
    require(actor, "exchange.edit", org.bureau(session).path)
    query = _CARDS.where(Letter.state == state).order_by(Letter.id.desc()).limit(limit)
    if partner is not None:
        query = query.where(Partner.code == partner)
    if before is not None:
        query = query.where(Letter.id < before)
    return [_card(row) for row in session.execute(query)]


_LATEST_ABOUT = (
    _CARDS.where(Letter.subject_kind == bindparam("kind"))
    .where(Letter.subject_id == bindparam("subject"))
    .order_by(Letter.id.desc())
    .limit(1)
)


def latest_about(session: Session, subject_kind: str, subject_id: object) -> LetterCard | None:
    """Return the last letter about something, None where there is none."""
    about = {"kind": subject_kind, "subject": str(subject_id)}
    row = session.execute(_LATEST_ABOUT, about).first()
    return None if row is None else _card(row)


def counts(session: Session) -> dict[str, dict[str, int]]:
    """Return how many letters wait and how many are dead, by partner code."""
    rows = session.execute(
        select(Partner.code, Letter.state, func.count())
        .select_from(Letter)
        .join(Partner, Partner.id == Letter.partner_id)
        .where(Letter.state != "sent")
        .group_by(Partner.code, Letter.state)
    )
    found: dict[str, dict[str, int]] = {}
    for code, state, count in rows:
        found.setdefault(code, {})[state] = count
    return found


def _card(row: Row) -> LetterCard:
    return LetterCard(**row._mapping)

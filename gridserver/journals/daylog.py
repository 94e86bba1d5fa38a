"""An officer's day log (警务日志): what they did on a day of the bureau's calendar.

Derived from the rows of the rooms below and never typed; nothing of it is stored.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import TIMESTAMP, bindparam, select, text
from sqlalchemy.orm import Session

from gridserver.access.models import Account
from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base import db
from gridserver.base.clock import zone
from gridserver.base.errors import NotFound
from gridserver.force.models import Officer
from gridserver.journals.rules import day_of
from gridserver.org.models import Unit

Card = dict[str, Any]


@dataclass(frozen=True)
class Subject:
    """Whose day it is."""

    account_id: int
    officer_id: int
    username: str
    service_number: str
    display_name: str
    unit_code: str
    unit_name: str
    unit_path: str


def log_of(session: Session, actor: Principal, number: str | None, date: dt.date) -> Card:
    """Return an officer's day; a look at somebody else's is in the ledger.

    Parameters
    ----------
    number : str, optional
        The service number; None for the actor's own.

    Returns
    -------
    dict
        ``{officer, date, from, to, counts, entries}``; an entry is ``{at, device_at, kind, verb,
        late, number, incident, words}``, in the order in which the server knew of them.

    Raises
    ------
    NotFound
        ``log.unknown_officer``.
    Forbidden
        ``access.forbidden``: another's, out of scope.
    """
    subject = _subject(session, actor, number)
    if subject.account_id != actor.account_id:
        require(actor, "log.read", subject.unit_path)
        audit.record(
            session,
            actor,
            Tag.LOG_READ,
            subject_kind="officer",
            subject_id=subject.service_number,
            data={"date": date.isoformat()},
        )
    since, until = day_of(date, zone(session))
    entries = _entries(session, subject, since, until)
    return {
        "officer": {
            "username": subject.username,
            "display_name": subject.display_name,
            "service_number": subject.service_number,
            "unit": {"code": subject.unit_code, "name": subject.unit_name},
        },
        "date": date.isoformat(),
        "from": since.isoformat(),
        "to": until.isoformat(),
        "counts": dict(Counter(entry["kind"] for entry in entries)),
        "entries": entries,
    }


def _subject(session: Session, actor: Principal, number: str | None) -> Subject:
    query = (
        select(
            Officer.account_id,
            Officer.id,
            Account.username,
            Officer.service_number,
            Account.display_name,
            Unit.code,
            Unit.name,
            Unit.path,
        )
        .join(Account, Account.id == Officer.account_id)
        .join(Unit, Unit.id == Officer.unit_id)
    )
    its = (
        Officer.account_id == actor.account_id
        if number is None
        else Officer.service_number == number
    )
    row = session.execute(query.where(its)).first()
    if row is None:
        raise NotFound(
            "log.unknown_officer",
            "There is no such officer; give a service number.",
            field="officer",
        )
    return Subject(*row)


def _entries(
    session: Session, subject: Subject, since: dt.datetime, until: dt.datetime
) -> list[Card]:
    asked = {
        "account": subject.account_id,
        "officer": subject.officer_id,
        "since": since,
        "until": until,
    }
    return [
        {
            "at": row.at.isoformat(),
            "device_at": None if row.device_at is None else row.device_at.isoformat(),
            "kind": row.kind,
            "verb": row.verb,
            "late": row.late,
            "number": row.number,
            "incident": row.incident,
            "words": row.words,
        }
        for row in db.rows(session, _ENTRIES, asked)
    ]


# One statement: each part gives when, by the device's clock too where there was one, what, and what
# it was about. An interval's beginning and end are entries of their own days.
_ENTRIES = text(
    """
    WITH entry AS (
        SELECT edge.at, NULL::timestamptz AS device_at, 'shift' AS kind, edge.verb,
               false AS late, NULL::bigint AS number, NULL::bigint AS incident,
               concat_ws(' · ', unit.name, shift.duty) AS words
        FROM shift JOIN unit ON unit.id = shift.unit_id,
             LATERAL (VALUES (lower(shift.during), 'begin'), (upper(shift.during), 'end'))
                 AS edge (at, verb)
        WHERE shift.officer_id = :officer
        UNION ALL
        SELECT edge.at, NULL, 'absence', edge.verb, false, NULL, NULL, absence.reason
        FROM absence,
             LATERAL (VALUES (lower(absence.during), 'begin'), (upper(absence.during), 'end'))
                 AS edge (at, verb)
        WHERE absence.officer_id = :officer
        UNION ALL
        SELECT offer.told_at, offer.received_at, 'told', offer.kind, false,
               incident.number, incident.id, incident.address
        FROM offer JOIN task ON task.id = offer.task_id
             JOIN incident ON incident.id = task.incident_id
        WHERE offer.recipient = :account AND offer.told_at >= :since AND offer.told_at < :until
        UNION ALL
        SELECT event.at,
               event.occurred_at + make_interval(secs => coalesce(event.clock_offset_s, 0)),
               'task', event.verb, event.late, incident.number, incident.id,
               concat_ws(' · ', event.data->>'text', event.data->>'remark', event.data->>'reason')
        FROM task_event AS event JOIN task ON task.id = event.task_id
             JOIN incident ON incident.id = task.incident_id
        WHERE event.actor_account_id = :account AND event.at >= :since AND event.at < :until
        UNION ALL
        SELECT done.at,
               done.said + make_interval(secs => coalesce(recipient.clock_offset_s, 0)),
               'order', done.verb, done.late, command_order.number, NULL, command_order.title
        FROM order_recipient AS recipient
             JOIN command_order ON command_order.id = recipient.order_id,
             LATERAL (VALUES
                 (recipient.read_at, recipient.read_said_at, 'read', false),
                 (recipient.answered_at, recipient.answered_said_at, 'answer', recipient.late)
             ) AS done (at, said, verb, late)
        WHERE recipient.account_id = :account
        UNION ALL
        SELECT received_at, occurred_at + make_interval(secs => coalesce(clock_offset_s, 0)),
               'capture', kind, false, NULL, NULL, coalesce(name, text)
        FROM capture WHERE account_id = :account
        UNION ALL
        SELECT edge.at, NULL, 'swap', edge.verb, false, NULL, NULL,
               concat_ws(' ⇄ ', one.display_name, other.display_name)
        FROM shift_swap AS swap
             JOIN officer AS a ON a.id = swap.officer_id
             JOIN account AS one ON one.id = a.account_id
             JOIN officer AS b ON b.id = swap.other_officer_id
             JOIN account AS other ON other.id = b.account_id,
             LATERAL (VALUES (swap.proposed_at, 'proposed'), (swap.updated_at, swap.state))
                 AS edge (at, verb)
        WHERE :officer IN (swap.officer_id, swap.other_officer_id)
              AND (edge.verb = 'proposed' OR swap.state <> 'proposed')
    )
    SELECT DISTINCT * FROM entry
    WHERE at >= :since AND at < :until
    ORDER BY at, kind, verb, number
    """
).bindparams(*(bindparam(name, type_=TIMESTAMP(timezone=True)) for name in ("since", "until")))

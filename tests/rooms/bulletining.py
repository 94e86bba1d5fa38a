"""Shorthands for the tests of bulletins."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.audit.models import AuditEntry
from gridserver.base.clock import now
from gridserver.base.db import run_before_commit
from gridserver.bulletins import looking, queries, service
from gridserver.bulletins.models import Bulletin
from gridserver.bulletins.queries import Found
from gridserver.delivery.commands import Command
from gridserver.delivery.models import InboxMessage
from gridserver.delivery.once import Outcome
from tests.county import County

#: Who writes, and who says yes: the southern station's room, and the bureau's above it.
AUTHOR, APPROVER = "room-33082401", "command"
OTHER_ROOM = "room-33082402"
SOUTH_CELL, NORTH_CELL = "330824001001001", "330824002001001"
#: The owners of `SOUTH_CELL` and others on duty in its station; the northern station's.
SOUTH = [f"33082400{n}" for n in (1, 2, 3, 4)]
NORTH = [f"33082400{n}" for n in (5, 6, 7, 8)]
#: Said by nobody but the bulletins of these tests.
NAME = "甄晓鹿"

#: What an officer writes, and what no row but the sighting's own may hold.
SEEN_NAME = "穿红外套的小鹿"
SEEN = {"text": f"{SEEN_NAME}在候车亭避雨", "place": "芹阳公交站"}

BASIS = {
    "missing_person": "report",
    "person_at_risk": "report",
    "warrant": "arrest_warrant",
    "protection_order": "protection_order",
    "escaped_custody": "escape_notice",
    "officer_safety": "case_decision",
}


def said(kind: str = "missing_person", at: dt.datetime | None = None, **changes: Any) -> dict:
    """Return a bulletin as a form has it; `changes` replace its parts."""
    return {
        "kind": kind,
        "basis": {
            "type": BASIS[kind],
            "number": "开公（城关）接字〔2026〕0310号",
            "authority": "开化县公安局城关派出所",
            "date": dt.date(2026, 3, 10),
        },
        "area": {"cells": [SOUTH_CELL]},
        "lasts_h": 24,
        "contents": {
            "fact": f"{NAME}，女，9岁，身高约130厘米，穿红色外套。",
            "opinion": "可能去了外婆家。",
            "last_seen_place": "芹阳小学门口",
            "to_do": "稳住孩子，联系值班室接回。",
            "not_to_do": "不要单独留下孩子。",
        },
    } | changes


def write(
    session: Session,
    county: County,
    kind: str = "missing_person",
    *,
    who: str = AUTHOR,
    **changes: Any,
) -> Found:
    return service.write(session, county.principal(who), "33082401", said(kind, **changes))


def step(
    session: Session, county: County, found: Found, verb: str, *, who: str = APPROVER, **data: Any
) -> Found:
    if verb == "approve":  # as it stands, unless the test says otherwise
        data = {"version": again(session, found).version} | data
    return service.step(session, county.principal(who), found.row.id, verb, data)


def issue(session: Session, county: County, kind: str = "missing_person", **changes: Any) -> Found:
    """Write, approve and issue a bulletin."""
    found = write(session, county, kind, **changes)
    step(session, county, found, "approve")
    return step(session, county, found, "issue", who=AUTHOR)


def urgent(session: Session, county: County, **changes: Any) -> Found:
    """Send one of a missing person at once."""
    return write(session, county, urgent=True, **changes)


def say(
    session: Session, county: County, who: str, found: Found, verb: str = "read", **data: Any
) -> Outcome:
    command = Command(uuid.uuid4(), verb, now(session), data, 118.405, 29.105)
    return looking.command(session, county.principal(who), found.row.id, command)


def fetch(session: Session, county: County, found: Found, who: str = SOUTH[0]) -> dict[str, Any]:
    """Give an officer's terminal its copy."""
    return looking.fetch(session, county.principal(who), found.row.id, None)


def sight(
    session: Session, county: County, found: Found, who: str = SOUTH[0], **data: Any
) -> dict[str, Any]:
    """Have an officer who was given a bulletin write a sighting; return how that stands."""
    fetch(session, county, found, who)
    outcome = say(session, county, who, found, "sight", **(SEEN | data))
    assert outcome.status == 200, outcome.body
    head: dict[str, Any] = outcome.body["sighting"]
    return head


def told(session: Session, county: County, who: str) -> list[tuple[str, dict[str, Any]]]:
    """Return what the inbox of an account was sent of bulletins."""
    run_before_commit(session)
    rows = session.execute(
        select(InboxMessage.type, InboxMessage.data)
        .where(InboxMessage.recipient == county.accounts[who], InboxMessage.type.like("bulletin.%"))
        .order_by(InboxMessage.seq)
    )
    return [tuple(row) for row in rows]


def tags(session: Session, found: Found) -> list[str]:
    """Return what the ledger says was done with a bulletin, in order."""
    about = (AuditEntry.subject_kind == "bulletin") & (AuditEntry.subject_id == str(found.row.id))
    query = select(AuditEntry.tag).where(about).order_by(AuditEntry.id)
    return [tag.removeprefix("bulletin:") for tag in session.scalars(query)]


def again(session: Session, found: Found) -> Bulletin:
    """Return the row as the database has it."""
    return session.get_one(Bulletin, found.row.id, populate_existing=True)


def detail(session: Session, county: County, who: str, found: Found) -> dict[str, Any]:
    actor = county.principal(who)
    return queries.detail(session, actor, queries.bulletin_for(session, actor, found.row.id))

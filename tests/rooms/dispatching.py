"""Shorthands for the tests of intake and dispatch: reports and commands of the sample county."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.base.clock import now
from gridserver.base.db import run_before_commit
from gridserver.delivery.commands import Command
from gridserver.delivery.models import FeedEntry, InboxMessage
from gridserver.delivery.once import Outcome
from gridserver.dispatch import service
from gridserver.dispatch.dossier import Dossier
from gridserver.incidents.rules import Report, read_report
from tests.county import County, centre

_NUMBERS = itertools.count(1)

#: What each verb carries, at its least.
DATA: dict[str, dict[str, Any]] = {
    "report": {"outcome": "resolved", "text": "both parties calmed down"},
    "return": {"reason": "flat tyre"},
    "cancel": {"reason": "the caller took it back"},
    "send_back": {"remark": "who was there?"},
    "reassign": {"to": "330824004"},
    "hand_over": {"agency": "12345", "text": "a street light"},
    "answer": {"text": "mended the same evening"},
}

#: The verbs that bring a fresh task to a state.
WAY_TO = {
    "assigned": (),
    "signed": ("sign",),
    "en_route": ("sign", "depart"),
    "on_scene": ("sign", "depart", "arrive"),
    "reported": ("sign", "depart", "arrive", "report"),
    "closed": ("sign", "depart", "arrive", "report", "close"),
    "cancelled": ("cancel",),
    "handed_over": ("hand_over",),
}
OF_COMMAND = {"close", "send_back", "reassign", "cancel", "hand_over", "answer", "link"}

#: Owner of the south-western cell, whose station is 33082401.
PRIMARY, BACKUP, STATION_ROOM, BUREAU_ROOM = "330824001", "330824002", "room-33082401", "command"


def a_report(at: tuple[float, float] | None = None, **fields: Any) -> Report:
    """Return a report in the middle of the south-western cell, unless told otherwise."""
    lon, lat = at or centre(0, 0)
    document = {
        "source": "110",
        "external_id": f"call-{next(_NUMBERS)}",
        "category": "dispute",
        "lon": lon,
        "lat": lat,
    }
    return read_report(document | fields)


def take(session: Session, county: County, report: Report | None = None) -> Dossier:
    """Take a report as the bureau's command room."""
    return service.take_report(session, county.principal("command"), report or a_report()).dossier


def say(
    session: Session,
    county: County,
    who: str,
    task_id: int,
    verb: str,
    data: dict[str, Any] | None = None,
    **fields: Any,
) -> Outcome:
    """Say a verb to a task."""
    fields = {"id": uuid.uuid4(), "occurred_at": now(session)} | fields
    command = Command(verb=verb, data=DATA.get(verb, {}) if data is None else data, **fields)
    return service.command(session, county.principal(who), task_id, command)


def bring_to(session: Session, county: County, task_id: int, state: str) -> None:
    """Bring a fresh task of the south-western cell to `state`, by its primary."""
    for verb in WAY_TO[state]:
        who = STATION_ROOM if verb in OF_COMMAND else PRIMARY
        assert say(session, county, who, task_id, verb).status == 200, verb


def inbox(session: Session, county: County, username: str) -> list[tuple[str, str | None]]:
    """Return type and reason of an account's messages, in order."""
    return [(m.type, m.data.get("reason")) for m in messages(session, county, username)]


def messages(session: Session, county: County, username: str) -> list[InboxMessage]:
    """Return an account's messages, in order."""
    run_before_commit(session)
    mine = InboxMessage.recipient == county.accounts[username]
    return list(session.scalars(select(InboxMessage).where(mine).order_by(InboxMessage.seq)))


def feed(session: Session) -> list[FeedEntry]:
    """Return the feed's entries, in order."""
    run_before_commit(session)
    return list(session.scalars(select(FeedEntry).order_by(FeedEntry.id)))


def minutes(count: float) -> dt.timedelta:
    """Return a duration."""
    return dt.timedelta(minutes=count)

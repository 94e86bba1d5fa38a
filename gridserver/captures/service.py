"""The verbs of field capture: take one, decide on one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.attachments import service as attachments
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Conflict, Forbidden, Invalid
from gridserver.captures import queries
from gridserver.captures.models import Capture
from gridserver.captures.queries import Record
from gridserver.captures.rules import CAPTURE, DECIDED_BY, HAZARD, Said, read_capture, read_reason
from gridserver.delivery import service as delivery
from gridserver.delivery.commands import Command, payload, read_moment, read_point
from gridserver.delivery.once import Outcome, run_once
from gridserver.delivery.service import Message
from gridserver.dispatch import service as dispatch
from gridserver.grids import queries as grids
from gridserver.incidents import queries as incidents
from gridserver.incidents.rules import Report, read_report
from gridserver.org import queries as org
from gridserver.places import gazetteer
from gridserver.places.rules import Draft

VERB = "capture"
#: How the incident of a hazard is known, with the command's id.
SOURCE = "officer"
#: A bureau whose table of categories has this code wants hazards under it.
_HAZARD_CATEGORY = "hazard"
_ELSE_CATEGORY = "help"


def command(session: Session, actor: Principal, said: Command) -> Outcome:
    """Take a capture, once per account and command id.

    A hazard becomes an incident with a task, told to whom any report of that place would be; the
    rest is a proposal.

    Returns
    -------
    Outcome
        200 with ``{status: "done", capture: Capture}``; or a refusal: 403 ``access.forbidden``,
        422 for data that can't be.

    Raises
    ------
    Invalid
        ``command.reused``: the id was used for another command.
    """
    return run_once(session, actor, said.id, payload({}, said), lambda: _take(session, actor, said))


def decide(
    session: Session,
    actor: Principal,
    record: Record,
    verb: str,
    reason: object = None,
) -> Record:
    """Accept or decline a proposal; the officer is told.

    Parameters
    ----------
    record
        As `gridserver.captures.queries.capture_for` gave it, locked.
    verb
        ``accept``, or ``decline`` with a `reason`.

    Raises
    ------
    Forbidden
        ``capture.not_yours``: another's to decide.
    Conflict
        ``capture.wrong_state`` with the present `state`.
    Invalid
        ``input.*`` naming ``reason``.
    """
    row = record.row
    permission = DECIDED_BY.get(row.kind)
    if permission is None or not actor.may(permission, record.unit.path):
        raise Forbidden("capture.not_yours", "This capture is for another room to decide.")
    after = CAPTURE.after(row.state, verb)
    if after is None:
        raise Conflict(
            "capture.wrong_state", f"The capture is {row.state} already.", state=row.state
        )
    row.reason = read_reason(reason) if verb == "decline" else None
    before = row.state
    row.state, row.decided_by = after, actor.account_id
    row.decided_at = row.updated_at = now(session)
    row.version += 1
    session.flush()
    _record(session, actor, verb, row, {"reason": row.reason} if row.reason else {}, before)
    (decided,) = queries.load(session, [row])
    card = queries.card(decided)
    delivery.post(session, [Message(row.account_id, "capture.decided", {"capture": card})])
    _feed(session, decided)
    return decided


def enter_in_gazetteer(session: Session, actor: Principal, record: Record, draft: Draft) -> int:
    """Make an entry of the gazetteer of what was captured; return its id.

    Raises
    ------
    Forbidden
        ``access.forbidden``: another keeps the gazetteer.
    Conflict
        ``capture.wrong_state``: it isn't accepted, or is no place. ``place.exists``: there is one.
    """
    require(actor, "place.edit")
    row = record.row
    if row.state != "accepted" or row.kind not in DECIDED_BY:
        raise Conflict(
            "capture.wrong_state",
            f"The capture is {row.state}: only what is accepted comes into the gazetteer.",
            state=row.state,
        )
    return gazetteer.add(
        session, actor, draft, source=queries.PLACE_SOURCE, external_id=str(row.id)
    )


def show_again(session: Session, capture_id: int) -> None:
    """Show a capture to the command rooms again: a photo of it has come."""
    (record,) = queries.load(session, [session.get_one(Capture, capture_id)])
    _feed(session, record)


def _take(session: Session, actor: Principal, command: Command) -> dict[str, Any]:
    if command.verb != VERB:
        raise Invalid("capture.unknown_verb", f"verb: give {VERB}.", field="verb")
    require(actor, "capture.send")
    read_point(command)
    said, occurred_at = read_capture(command.data), read_moment(command)
    row = _row(session, actor, command, said, occurred_at or now(session))
    session.add(row)
    session.flush()
    attachments.link(session, actor, "capture", row.id, said.photos)
    _record(session, actor, "take", row, {"kind": row.kind})
    if said.kind == HAZARD:
        _dispatch(session, actor, row, said)
    (record,) = queries.load(session, [row])
    _feed(session, record)
    (document,) = queries.details(session, actor, [record])
    return {"status": "done", "capture": document}


def _row(
    session: Session, actor: Principal, command: Command, said: Said, occurred_at: dt.datetime
) -> Capture:
    offset_s = actor.clock_offset_s if command.occurred_at else None
    moment = now(session)
    at = min(occurred_at + dt.timedelta(seconds=offset_s or 0.0), moment)
    location = grids.locate(session, said.lon, said.lat, at, said.accuracy_m)
    bureau, station = org.bureau_and_station(session, location.station_code)
    return Capture(
        account_id=actor.account_id,
        command_id=command.id,
        kind=said.kind,
        state=CAPTURE.states[0],
        version=1,
        text=said.text,
        name=said.name,
        point=f"SRID=4326;POINT({said.lon!r} {said.lat!r})",
        accuracy_m=said.accuracy_m,
        cell_code=location.cell_code,
        cell_name=location.cell_name,
        grid_version_id=location.version_id,
        method=location.method,
        unit_id=(station or bureau).id,
        occurred_at=occurred_at,
        clock_offset_s=offset_s,
        received_at=moment,
        updated_at=moment,
    )


def _dispatch(session: Session, actor: Principal, row: Capture, said: Said) -> None:
    """Make an incident of a hazard; whoever answers for the place now gets the task."""
    taken = dispatch.take_from_officer(session, actor, _report(session, row, said))
    row.task_id = taken.dossier.task.id
    before, row.state = row.state, CAPTURE.transitions[row.state, "dispatch"]
    row.decided_at = now(session)
    session.flush()
    attachments.link(session, actor, "task", row.task_id, said.photos)
    _record(session, actor, "dispatch", row, {"task": row.task_id}, before)


def _report(session: Session, row: Capture, said: Said) -> Report:
    codes = {each.code for each in incidents.categories(session, now(session))}
    return read_report(
        {
            "source": SOURCE,
            "external_id": str(row.command_id),
            "category": _HAZARD_CATEGORY if _HAZARD_CATEGORY in codes else _ELSE_CATEGORY,
            "lon": said.lon,
            "lat": said.lat,
            "accuracy_m": said.accuracy_m,
            "address": said.name,
            "description": said.text,
            "occurred_at": row.occurred_at,
        }
    )


def _record(
    session: Session,
    actor: Principal,
    verb: str,
    row: Capture,
    data: Mapping[str, Any],
    before: str | None = None,
) -> None:
    audit.record(
        session,
        actor,
        Tag.of("capture", verb),
        subject_kind="capture",
        subject_id=row.id,
        data=data,
        before={"state": before} if before else None,
        after={"state": row.state},
    )


def _feed(session: Session, record: Record) -> None:
    data = {"capture": queries.card(record)}
    delivery.append_feed(session, "capture.changed", data, record.unit.path)

"""The verbs of dispatch: take a report, carry out a command."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Conflict
from gridserver.delivery import service as delivery
from gridserver.delivery.commands import Command, payload, read_moment, read_point
from gridserver.delivery.once import Outcome, run_once
from gridserver.dispatch import (
    duplicates,
    gathering,
    history,
    intake,
    queries,
    related,
    telling,
    texts,
    verbs,
)
from gridserver.dispatch.authority import entitled, require_part
from gridserver.dispatch.commands import read_data
from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.lifecycle import TASK
from gridserver.dispatch.related import Suggested
from gridserver.dispatch.rules import Decision, Place, decide
from gridserver.dispatch.telling import Change
from gridserver.dispatch.texts import DEFAULT_LANGUAGE
from gridserver.incidents import queries as incident_queries
from gridserver.incidents import rules as incident_rules
from gridserver.incidents import service as incidents
from gridserver.incidents.nearby import Reference
from gridserver.incidents.queries import IncidentRecord
from gridserver.incidents.rules import Report

_WRONG_STATE = "task.wrong_state"


@dataclass(frozen=True)
class Taken:
    """What became of a report; `created` is False where the same one was taken before."""

    dossier: Dossier
    created: bool


@dataclass(frozen=True)
class Preview:
    """Where a report would lie (`point`: lon, lat in EPSG:4326), who would get it, and what was
    reported that may be the same. Of what nobody has said yet what it is, nothing is decided."""

    point: tuple[float, float]
    place: Place
    decision: Decision | None
    related: tuple[Suggested, ...]


def take_report(
    session: Session,
    actor: Principal,
    report: Report,
    *,
    duplicate_of: int | None = None,
    language: str = DEFAULT_LANGUAGE,
) -> Taken:
    """Record a report and give it to whom it belongs: incident, decision, task, offer and message
    in one transaction. The same report again changes nothing.

    Parameters
    ----------
    duplicate_of
        The id of a task about the same event: the report is linked to the one that stands for it,
        and nobody else is sent.
    language
        Of what is written down about the latter.

    Raises
    ------
    Forbidden
        ``access.forbidden``: the actor is no command room; ``task.out_of_scope`` or
        ``task.for_command_room``: they may not link a task there.
    Invalid
        ``incident.unknown_category``, ``incident.from_the_future``; ``task.bad_data`` naming
        ``duplicate_of``.
    Conflict
        ``incident.exists_differently``, ``incident.is_history``; ``dispatch.no_bureau_room``.
    """
    require(actor, "incident.report")
    if duplicate_of is None:
        return _take(session, actor, report)
    main = verbs.linkable(session, actor, duplicate_of, "duplicate_of")
    duplicates.take_turn(session)
    main = duplicates.main_of(session, main.task.id)
    taken = _take(session, actor, report, offered=not duplicates.absorbs(main))
    task_id = taken.dossier.task.id
    if duplicates.is_of(session, task_id, main.task.id):
        return taken
    dossier = queries.task_for_change(session, task_id)
    require_part("link", dossier.standing(actor))
    said = {"to": duplicate_of, "kind": "duplicate"}
    command = Command(uuid.uuid4(), "link", dossier.incident.received_at, said)
    _link(session, actor, dossier, command, language)
    return Taken(dossier, taken.created)


def take_from_officer(session: Session, actor: Principal, report: Report) -> Taken:
    """Take what an officer came upon as `take_report` takes a call. Raises as that does.

    That the actor may say so is for the caller to know: nobody reports in an officer's name by
    the doors that calls come through.
    """
    return _take(session, actor, report)


def _take(session: Session, actor: Principal, report: Report, *, offered: bool = True) -> Taken:
    reported_at = incident_rules.reported_at(report.reported_at, now(session))
    site = gathering.survey(session, report.lon, report.lat, report.accuracy_m, reported_at)
    incident, created = incidents.record(session, report, site.location, site.room.unit_id)
    if not created:
        return Taken(_taken_before(session, incident), created=False)
    facts = gathering.gather(session, site, incident.category.code, incident.priority)
    dossier = intake.open_task(session, actor, incident, site.room.path, facts, offered=offered)
    audit.record(
        session,
        actor,
        Tag.INCIDENT_REPORT,
        subject_kind="incident",
        subject_id=incident.id,
        data={
            "task": dossier.task.id,
            "told": dossier.steps[0].who.username if offered else None,
        },
        place=(report.lon, report.lat),
    )
    delivery.post(session, [telling.told_message(dossier, offer) for offer in dossier.offers])
    telling.feed_creation(session, dossier)
    return Taken(dossier, created=True)


def _taken_before(session: Session, incident: IncidentRecord) -> Dossier:
    found = queries.of_incident(session, incident.id)
    if found is None:
        raise Conflict(
            "incident.is_history",
            f"{incident.source} reported {incident.external_id} before, and it was imported as "
            "history, without a task. Give a new report an external_id of its own.",
            field="external_id",
            incident={"id": incident.id, "number": incident.number},
        )
    return found


def preview(
    session: Session,
    actor: Principal,
    place: incident_rules.Place,
    *,
    category: str | None = None,
    priority: int | None = None,
    reported_at: dt.datetime | None = None,
) -> Preview:
    """Say who would get a report, and why, without writing anything. Raises as `take_report`."""
    require(actor, "incident.report")
    at = incident_rules.reported_at(reported_at, now(session))
    site = gathering.survey(session, place.lon, place.lat, place.accuracy_m, at)
    decision = None
    if category is not None:
        default = incident_queries.category(session, category, at).priority
        decision = decide(gathering.gather(session, site, category, priority or default))
    reference = Reference(place.lon, place.lat, at, category)
    same = related.suggestions(session, actor, reference)
    return Preview((place.lon, place.lat), gathering.place_of(site), decision, same)


def command(
    session: Session,
    actor: Principal,
    task_id: int,
    command: Command,
    language: str = DEFAULT_LANGUAGE,
) -> Outcome:
    """Carry out a command, once per account and command id.

    A command that no longer fits is kept in the task's history as late, which the task's holders
    and the command views hear of; it changes nothing else, and is answered with the present state.

    Returns
    -------
    Outcome
        200 with ``{status: "done", task: Task}``; or a refusal: 403 ``task.not_yours``,
        ``task.out_of_scope``, ``task.for_command_room``; 404 ``task.unknown``; 409
        ``task.wrong_state`` with ``state`` and ``task``; 422 for a verb or data that can't be.

    Raises
    ------
    Invalid
        ``command.reused``: the id was used for another command.
    """
    outcome = run_once(
        session,
        actor,
        command.id,
        payload({"task": task_id}, command),
        lambda: _carry_out(session, actor, task_id, command, language),
    )
    if outcome.body.get("code") == _WRONG_STATE and not outcome.replayed:
        _keep_late(session, actor, task_id, command)
    return outcome


def record_answer(
    session: Session,
    actor: Principal,
    task_id: int,
    text: str,
    *,
    answered_at: dt.datetime | None = None,
) -> Dossier:
    """Store what the agency that a task was handed over to answers of itself; the last answer
    counts, and the same one again changes nothing.

    Who may answer for the agency is for the caller to know: a verified signature carries it.

    Parameters
    ----------
    actor : Principal
        The agency's own account.
    answered_at : datetime, optional
        The agency's own clock. Recorded, never a ground for refusal.

    Raises
    ------
    NotFound
        ``task.unknown``.
    Conflict
        ``task.not_handed_over``.
    Invalid
        ``input.*`` naming ``data.text``.
    """
    said = Command(uuid.uuid4(), "answer", answered_at, {"text": text})
    data = read_data(said)
    dossier = queries.task_for_change(session, task_id)
    if dossier.hand_over is None:
        state = dossier.task.state
        raise Conflict(
            "task.not_handed_over", f"The task is {state}: it is with no agency.", state=state
        )
    if dossier.hand_over.answer != data["text"]:
        _do(session, actor, dossier, said, data)
    return dossier


def show_again(session: Session, task_id: int) -> None:
    """Show a task to the command rooms again: something that belongs to it has changed, and the
    task itself has not."""
    telling.feed_change(session, queries.task_for_change(session, task_id))


def _carry_out(
    session: Session, actor: Principal, task_id: int, command: Command, language: str
) -> dict[str, Any]:
    data = read_data(command)
    read_point(command)
    read_moment(command)
    if command.verb == "link":
        duplicates.take_turn(session)
    dossier = queries.task_for_change(session, task_id)
    standing, before = dossier.standing(actor), dossier.task.state
    require_part(command.verb, standing)
    if TASK.after(before, command.verb) is None or not entitled(command.verb, standing):
        raise _wrong_state(session, actor, dossier, command.verb, language)
    if command.verb == "link":
        _link(session, actor, dossier, command, language)
    else:
        _do(session, actor, dossier, command, data)
    return {"status": "done", "task": queries.detail(session, actor, dossier, language)}


def _link(
    session: Session, actor: Principal, dossier: Dossier, command: Command, language: str
) -> None:
    """Link a task; a duplicate that another task answers for is then cancelled."""
    change = _do(session, actor, dossier, command, read_data(command))
    if change.absorbed_by is None:
        return
    params = {"number": f"{change.absorbed_by.incident.number:04}"}
    reason = texts.say("duplicate.absorbed", params, language)
    said = replace(command, verb="cancel", data={"reason": reason})
    _do(session, actor, dossier, said, read_data(said))


def _do(
    session: Session, actor: Principal, dossier: Dossier, command: Command, data: dict[str, Any]
) -> Change:
    """Carry out a verb that fits, with all that is kept and told of it."""
    task_id, before = dossier.task.id, dossier.task.state
    change = verbs.carry_out(verbs.Act(session, actor, dossier, data, now(session)), command.verb)
    _note(session, actor, task_id, command, before, dossier.task.state, change.noted)
    audit.record(
        session,
        actor,
        Tag.of("task", command.verb),
        subject_kind="task",
        subject_id=task_id,
        place=read_point(command),
        before={"state": before},
        after={"state": dossier.task.state},
    )
    telling.announce(session, dossier, change)
    return change


def _keep_late(session: Session, actor: Principal, task_id: int, command: Command) -> None:
    # The refusal undid what the command wrote, and gave up the task's lock.
    dossier = queries.task_for_change(session, task_id)
    state = dossier.task.state
    _note(session, actor, task_id, command, state, state, late=True)
    verbs.touch(dossier.task, state, now(session))
    session.flush()
    telling.announce(session, dossier, Change())


def _note(
    session: Session,
    actor: Principal,
    task_id: int,
    command: Command,
    before: str,
    after: str,
    noted: Mapping[str, Any] = MappingProxyType({}),
    *,
    late: bool = False,
) -> None:
    history.add(
        session,
        actor,
        task_id,
        command.verb,
        from_state=before,
        to_state=after,
        data={**read_data(command), **noted},
        late=late,
        command_id=command.id,
        occurred_at=read_moment(command),
        point=read_point(command),
    )


def _wrong_state(
    session: Session, actor: Principal, dossier: Dossier, verb: str, language: str
) -> Conflict:
    state = dossier.task.state
    return Conflict(
        _WRONG_STATE,
        f"The task is {state} by now, so {verb} changes nothing. It is kept in the history.",
        state=state,
        task=queries.detail(session, actor, dossier, language),
    )

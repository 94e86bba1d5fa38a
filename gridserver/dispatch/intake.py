"""From a reported place to a decision, and from a decision to its task: the parts of intake."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.access.queries import CommandRoom
from gridserver.access.rules import Principal
from gridserver.base.clock import now
from gridserver.base.errors import Conflict
from gridserver.dispatch import offers
from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.models import Offer, Task
from gridserver.dispatch.rules import RULES_VERSION, Facts, Owner, Person, Place, decide
from gridserver.force import queries as force
from gridserver.force.queries import DutyOfficer
from gridserver.grids import queries as grids
from gridserver.grids.queries import Location
from gridserver.incidents.queries import IncidentRecord


@dataclass(frozen=True)
class Site:
    """Where a point lies, and the command rooms above it; `station` is None where there is no cell,
    or no such station."""

    location: Location
    bureau: CommandRoom
    station: CommandRoom | None

    @property
    def room(self) -> CommandRoom:
        """The room of the unit that answers for the place."""
        return self.station or self.bureau


def survey(
    session: Session, lon: float, lat: float, accuracy_m: float | None, reported_at: dt.datetime
) -> Site:
    """Find the cell in the grid that was in force at `reported_at`, and its command rooms.

    Raises
    ------
    Conflict
        ``dispatch.no_bureau_room``: the bureau has no command room, so there is nobody to fall
        back on.
    """
    location = grids.locate(session, lon, lat, reported_at, accuracy_m)
    bureau, station = access.command_rooms(session, location.station_code)
    if not bureau.desks:
        raise Conflict(
            "dispatch.no_bureau_room",
            "The bureau has no command room. Give an account the role command for the bureau: "
            "`gridserver account add … --role command`.",
        )
    return Site(location, bureau, station)


def gather(session: Session, site: Site, priority: int) -> Facts:
    """Gather the facts of a decision: who owns the cell, and who is on duty now."""
    primaries, backups = owners(session, site.location.cell_code)
    return Facts(
        place=_place(site),
        priority=priority,
        primaries=primaries,
        backups=backups,
        station_room=_desks(site.station),
        bureau_room=_desks(site.bureau),
    )


def owners(session: Session, cell_code: str | None) -> tuple[tuple[Owner, ...], tuple[Owner, ...]]:
    """Return the primaries and the backups of a cell now, each with the roster's word on them."""
    duty = force.duty_picture(session, cell_code, (), now(session))
    return (
        tuple(_owner(officer) for officer in duty.primaries),
        tuple(_owner(officer) for officer in duty.backups),
    )


def open_task(
    session: Session, actor: Principal, incident: IncidentRecord, unit_path: str, facts: Facts
) -> Dossier:
    """Decide on `facts` and store the decision, the task, its first offers and the history's
    first entry, in one round trip."""
    steps, moment = decide(facts), now(session)
    task = Task(
        incident_id=incident.id,
        state="assigned",
        version=1,
        created_at=moment,
        updated_at=moment,
    )
    dossier = Dossier(task, incident, unit_path, facts, steps, [], {})
    offers.make(dossier, steps[0], 1, moment)
    stored = session.execute(_OPEN, _row(actor, dossier)).one()
    task.id = stored.task_id
    for offer, offer_id in zip(dossier.offers, stored.offer_ids, strict=True):
        offer.id, offer.task_id = offer_id, task.id
    return dossier


_OPEN = text(
    """
    WITH decided AS (
        INSERT INTO decision (incident_id, rules_version, facts, steps)
        VALUES (:incident_id, :rules_version, :facts, :steps)
    ), opened AS (
        INSERT INTO task (incident_id, state, created_at, updated_at)
        VALUES (:incident_id, :state, :at, :at)
        RETURNING id
    ), offered AS (
        INSERT INTO offer
            (task_id, round, step, kind, recipient, because, message_id, told_at,
             sign_within_s, deadline)
        SELECT opened.id, o.round, o.step, o.kind, o.recipient, o.because, o.message_id, :at,
               o.sign_within_s, o.deadline
        FROM opened, jsonb_to_recordset(:offers) AS o(
            round smallint, step smallint, kind text, recipient bigint, because jsonb,
            message_id uuid, sign_within_s integer, deadline timestamptz
        )
        ORDER BY o.step
        RETURNING id
    ), noted AS (
        INSERT INTO task_event
            (task_id, verb, to_state, actor_account_id, device, occurred_at, at, data)
        SELECT id, 'dispatch', :state, :actor, :device, :occurred_at, :at, '{}' FROM opened
    )
    SELECT opened.id AS task_id, array_agg(offered.id ORDER BY offered.id) AS offer_ids
    FROM opened, offered GROUP BY opened.id
    """
).bindparams(*(bindparam(name, type_=JSONB) for name in ("facts", "steps", "offers")))


def _row(actor: Principal, dossier: Dossier) -> dict[str, object]:
    return {
        "incident_id": dossier.incident.id,
        "rules_version": RULES_VERSION,
        "facts": dossier.facts.to_json(),
        "steps": [step.to_json() for step in dossier.steps],
        "state": dossier.task.state,
        "at": dossier.task.created_at,
        "offers": [_offer(offer) for offer in dossier.offers],
        "actor": actor.account_id,
        "device": actor.device,
        "occurred_at": dossier.incident.reported_at,
    }


def _offer(offer: Offer) -> dict[str, object]:
    return {
        "round": offer.round,
        "step": offer.step,
        "kind": offer.kind,
        "recipient": offer.recipient,
        "because": offer.because,
        "message_id": str(offer.message_id),
        "sign_within_s": offer.sign_within_s,
        "deadline": offer.deadline and offer.deadline.isoformat(),
    }


def _place(site: Site) -> Place:
    location, station = site.location, site.station
    return Place(
        cell=location.cell_code,
        cell_name=location.cell_name,
        station=station.code if station else None,
        station_name=station.name if station else None,
        grid_version=location.version_name,
        method=location.method,
        neighbours=tuple(location.neighbours),
        distance_m=location.distance_m,
    )


def _owner(officer: DutyOfficer) -> Owner:
    return Owner(
        officer.account_id,
        officer.username,
        officer.display_name,
        officer.on_duty,
        officer.absent is not None,
    )


def _desks(room: CommandRoom | None) -> tuple[Person, ...]:
    if room is None:
        return ()
    return tuple(Person(desk.account_id, desk.username, desk.display_name) for desk in room.desks)

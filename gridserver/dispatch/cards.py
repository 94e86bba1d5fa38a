"""Tasks and incidents as messages, the feed and the API show them: JSON-able dicts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gridserver.access.queries import AccountRef
from gridserver.access.rules import Principal
from gridserver.dispatch import referral, texts, waiting
from gridserver.dispatch.authority import allowed
from gridserver.dispatch.commands import COUNTS
from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.models import Offer
from gridserver.dispatch.related import Related, Suggested
from gridserver.dispatch.rules import ROOMS, Because, Decision, Person, Place, Step
from gridserver.incidents.queries import IncidentRecord

Card = dict[str, Any]


@dataclass(frozen=True)
class HistoryEntry:
    """A row of a task's history. `lon`, `lat` (EPSG:4326) where the actor's place is known.

    `occurred_at` is by the actor's own clock; `clock_offset_s` later it was by the server's.
    `device` is the name that the actor's device gave itself.
    """

    id: int
    verb: str
    from_state: str | None
    to_state: str
    late: bool
    actor: AccountRef | Person | None
    device: str | None
    occurred_at: dt.datetime
    clock_offset_s: float | None
    at: dt.datetime
    lon: float | None
    lat: float | None
    data: dict[str, Any]


def incident_card(incident: IncidentRecord, place: Place) -> Card:
    """Return what a terminal and the map show of an incident."""
    category = incident.category
    return {
        "id": incident.id,
        "number": incident.number,
        "source": incident.source,
        "category": {
            "code": category.code,
            "name_zh": category.name_zh,
            "name_en": category.name_en,
        },
        "priority": incident.priority,
        "lon": incident.lon,
        "lat": incident.lat,
        "address": incident.address,
        "description": incident.description,
        "reported_at": _moment(incident.reported_at),
        "cell": _coded(place.cell, place.cell_name),
        "station": _coded(place.station, place.station_name),
        "method": incident.method,
        "grid_version": place.grid_version,
    }


def task_card(
    dossier: Dossier, account_id: int | None = None, language: str = texts.DEFAULT_LANGUAGE
) -> Card:
    """Return what messages and the feed carry of a task.

    Parameters
    ----------
    account_id : int, optional
        Whose step to show: the reader's own, where there is one; else the latest that is open.
    """
    return _task(dossier, language) | {"step": _present_step(dossier, account_id, language)}


def task_detail(
    dossier: Dossier,
    viewer: Principal,
    history: Sequence[HistoryEntry],
    language: str,
) -> Card:
    """Return a task with all its offers, its history, and what `viewer` may do with it now."""
    return _task(dossier, language) | {
        "decision": ladder(dossier.steps, language),
        "offers": [_offer(dossier, offer, language) for offer in dossier.offers],
        "history": [history_entry(entry) for entry in history],
        "allowed": list(allowed(dossier.task.state, dossier.standing(viewer))),
    }


def incident_detail(dossier: Dossier, language: str) -> Card:
    """Return an incident as ``POST /incidents`` answers it."""
    incident, place = dossier.incident, dossier.facts.place
    category = incident.category
    name = category.name_en if language == "en" else category.name_zh
    return incident_card(incident, place) | {
        "external_id": incident.external_id,
        "category": {"code": category.code, "name": name},
        "raw": {"x": incident.raw_x, "y": incident.raw_y, "crs": incident.raw_crs},
        "accuracy_m": incident.accuracy_m,
        "received_at": _moment(incident.received_at),
        "occurred_at": _moment(incident.occurred_at),
        "neighbours": list(incident.neighbours),
        "distance_m": incident.distance_m,
        "task": _task_ref(dossier),
        **decision_card(dossier.decision, language),
    }


def related(found: Related) -> Card:
    """Return what belongs, or may belong, to an incident."""
    return {
        "linked": [
            {"kind": each.kind, "role": each.role, "incident": _beside(each.dossier)}
            for each in found.linked
        ],
        "suggested": [suggested(each) for each in found.suggested],
    }


def suggested(found: Suggested) -> Card:
    """Return an incident that may be about the same event."""
    near = found.near
    return {
        "incident": _beside(found.dossier),
        "distance_m": round(near.distance_m, 1),
        "apart_s": near.apart_s,
        "alike": near.alike,
    }


def place_card(place: Place) -> Card:
    """Return where a point lies, as a preview shows it."""
    return {
        "cell": _coded(place.cell, place.cell_name),
        "station": _coded(place.station, place.station_name),
        "grid_version": place.grid_version,
        "method": place.method,
        "neighbours": list(place.neighbours),
        "distance_m": place.distance_m,
    }


def decision_card(decision: Decision, language: str) -> Card:
    """Return whose work an incident is, the ladder, and what led to it, in `language`."""
    return {
        "route": decision.route,
        "hours": decision.hours,
        "decision": ladder(decision.steps, language),
        "notes": [because(note, language) for note in decision.notes],
    }


def because(reason: Because, language: str) -> Card:
    """Return a reason or a remark with its sentence in `language`."""
    text = texts.say(reason.code, reason.params, language)
    return {"code": reason.code, "params": reason.params, "text": text}


def ladder(steps: Sequence[Step], language: str) -> list[Card]:
    """Return the steps with their reasons in `language`."""
    return [
        {
            "step": step.step,
            "kind": step.kind,
            "who": {
                "username": step.who.username,
                "display_name": step.who.display_name,
                "kind": "room" if step.kind in ROOMS else "officer",
            },
            "because": because(step.because, language),
            "sign_within_s": step.sign_within_s,
            "tell": step.tell,
        }
        for step in steps
    ]


def _beside(dossier: Dossier) -> Card:
    return incident_card(dossier.incident, dossier.facts.place) | {"task": _task_ref(dossier)}


def _task_ref(dossier: Dossier) -> Card:
    task = dossier.task
    return {"id": task.id, "state": task.state, "assignee": _who(dossier.acting)}


def _task(dossier: Dossier, language: str) -> Card:
    task = dossier.task
    return {
        "id": task.id,
        "state": task.state,
        "version": task.version,
        "incident": incident_card(dossier.incident, dossier.facts.place),
        "assignee": _who(dossier.acting),
        "overdue_from": _moment(waiting.overdue_from(dossier)),
        "unowned": waiting.is_unowned(dossier),
        "report": _report(dossier),
        "hand_over": _hand_over(dossier),
        "advice": _advice(dossier, language),
        "updated_at": _moment(task.updated_at),
    }


def _present_step(dossier: Dossier, account_id: int | None, language: str) -> Card | None:
    own = None if account_id is None else dossier.offer_to(account_id)
    offer = own or max(dossier.open_offers, key=lambda o: o.id, default=None)
    if offer is None:
        return None
    return {
        "step": offer.step,
        "kind": offer.kind,
        "because": because(Because(**offer.because), language),
        "deadline": _moment(dossier.deadline(offer)),
    }


def _offer(dossier: Dossier, offer: Offer, language: str) -> Card:
    return {
        "step": offer.step,
        "kind": offer.kind,
        "recipient": _who(dossier.people[offer.recipient]),
        "because": because(Because(**offer.because), language),
        "told_at": _moment(offer.told_at),
        "deadline": _moment(dossier.deadline(offer)),
        "received_at": _moment(dossier.received.get(offer.message_id)),
        "open": offer.outcome is None,
        "outcome": offer.outcome,
    }


def history_entry(entry: HistoryEntry) -> Card:
    """Return what happened to a task as its history shows it."""
    return {
        "id": entry.id,
        "verb": entry.verb,
        "from": entry.from_state,
        "to": entry.to_state,
        "actor": _who(entry.actor),
        "device": entry.device,
        "occurred_at": _moment(entry.occurred_at),
        "clock_offset_s": entry.clock_offset_s,
        "at": _moment(entry.at),
        "lon": entry.lon,
        "lat": entry.lat,
        "data": entry.data,
        "late": entry.late,
    }


def _report(dossier: Dossier) -> Card | None:
    if dossier.task.outcome is None:
        return None
    task = dossier.task
    counts = {count: getattr(task, count) for count in COUNTS}
    return {"outcome": task.outcome, "text": task.feedback} | counts


def _hand_over(dossier: Dossier) -> Card | None:
    over = dossier.hand_over
    if over is None:
        return None
    answer = {
        "text": over.answer,
        "at": _moment(over.answered_at),
        "by": _who(dossier.people.get(over.answer_account_id or over.account_id)),
    }
    return {
        "agency": over.agency,
        "text": over.message,
        "at": _moment(over.at),
        "by": _who(dossier.people[over.account_id]),
        "answer": None if over.answer is None else answer,
    }


def _advice(dossier: Dossier, language: str) -> Card | None:
    advised = referral.advice(dossier)
    if advised is None:
        return None
    return because(advised.because, language) | {"unit": advised.unit}


def _who(person: AccountRef | Person | None) -> Card | None:
    if person is None:
        return None
    return {"username": person.username, "display_name": person.display_name}


def _coded(code: str | None, name: str | None) -> Card | None:
    return None if code is None else {"code": code, "name": name}


def _moment(at: dt.datetime | None) -> str | None:
    return None if at is None else at.isoformat()

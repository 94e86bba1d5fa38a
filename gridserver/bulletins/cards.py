"""Bulletins as JSON-able documents: what a room lists, and what a person reads."""

from __future__ import annotations

import datetime as dt
from typing import Any

from gridserver.access.queries import AccountRef
from gridserver.attachments.queries import AttachmentCard
from gridserver.bulletins.hits import NOTICE
from gridserver.bulletins.lifecycle import BULLETIN, BY_CLOCK, LIVE, OF_EXERCISES
from gridserver.bulletins.models import Bulletin, BulletinContents, BulletinSighting
from gridserver.org.models import Unit

Card = dict[str, Any]


def reference(row: Bulletin) -> Card:
    """Return all that an inbox, a log or the feed may hold of a bulletin."""
    return {"id": row.id, "version": row.version}


def live_until(row: Bulletin) -> dt.datetime | None:
    """Return when every terminal lets go of a bulletin by its own clock; None where none holds it.

    That is its expiry, or before it the end of its validation or of the wait for its second person.
    """
    if row.state not in LIVE:
        return None
    ends = [row.expires_at, row.validate_by]
    if row.state == "provisional":
        ends.append(row.approve_by)
    return min(end for end in ends if end is not None)


def head(row: Bulletin, unit: Unit, people: dict[int, AccountRef]) -> Card:
    """Return a bulletin as rooms list it: nothing of the person."""
    return {
        **reference(row),
        "kind": row.kind,
        "state": row.state,
        "role": row.role,
        "urgent": row.is_urgent,
        "exercise": row.is_exercise,
        "origin": row.origin,
        "unit": {"code": unit.code, "name": unit.name},
        "basis": basis(row),
        "area": {
            "cells": list(row.area_cells),
            "units": list(row.area_units),
            "whole": row.area_whole,
            "reason": row.area_reason,
        },
        "lasts_h": row.lasts_h,
        "author": _person(people, row.author_id),
        "created_at": said(row.created_at),
        "approver": _person(people, row.approver_id),
        "approved_at": said(row.approved_at),
        "approve_by": said(row.approve_by) if row.state == "provisional" else None,
        "issued_at": said(row.issued_at),
        "expires_at": said(row.expires_at),
        "validate_by": said(row.validate_by),
        "live_until": said(live_until(row)),
        "ended_at": said(row.ended_at),
        "end_reason": row.end_reason,
        "purged_at": said(row.purged_at),
        "updated_at": said(row.updated_at),
    }


#: What the ledger keeps of a bulletin where it changes: nothing of the person, and no free words.
_FACTS = (
    "version",
    "state",
    "kind",
    "role",
    "is_urgent",
    "basis_type",
    "basis_number",
    "basis_authority",
    "basis_date",
    "area_cells",
    "area_units",
    "area_whole",
    "lasts_h",
    "author_id",
    "approver_id",
    "approve_by",
    "expires_at",
    "validate_by",
)


def facts(row: Bulletin) -> Card:
    """Return what the ledger keeps of a bulletin, as it stands."""
    return {name: _plain(getattr(row, name)) for name in _FACTS}


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return said(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    return list(value) if isinstance(value, list) else value


def basis(row: Bulletin) -> Card:
    """Return the instrument that a bulletin stands on."""
    return {
        "type": row.basis_type,
        "number": row.basis_number,
        "authority": row.basis_authority,
        "date": row.basis_date.isoformat(),
    }


def contents(row: Bulletin, said_: BulletinContents, photos: list[AttachmentCard]) -> Card:
    """Return the personal data. Whoever calls this has written the look down."""
    return {
        "fact": said_.fact,
        "opinion": said_.opinion,
        "last_seen_at": said(said_.last_seen_at),
        "last_seen_place": said_.last_seen_place,
        "to_do": said_.to_do,
        "not_to_do": said_.not_to_do,
        "photos": [photo.to_json() for photo in photos],
    }


def sheet(row: Bulletin, unit: Unit, told: Card) -> Card:
    """Return what a terminal keeps while it may: the contents, and how long they hold."""
    return {
        **reference(row),
        "kind": row.kind,
        "state": row.state,
        "role": row.role,
        "unit": {"code": unit.code, "name": unit.name},
        "basis": basis(row),
        "contents": told,
        "issued_at": said(row.issued_at),
        "live_until": said(live_until(row)),
    }


def sighting_reference(row: BulletinSighting) -> Card:
    """Return all that an inbox, a log or the feed may hold of a sighting."""
    return {"id": row.id, "version": row.version}


def sighting_head(row: BulletinSighting) -> Card:
    """Return how a sighting stands: nothing of what was seen."""
    return {
        **sighting_reference(row),
        "state": row.state,
        "urgent": row.is_urgent,
        "said_at": said(row.said_at),
        "answer_by": said(row.answer_by),
        "escalated_at": said(row.escalated_at),
        "answered_at": said(row.answered_at),
        "notice": None if row.state == "confirmed" else NOTICE,
    }


def sighting(row: BulletinSighting, people: dict[int, AccountRef]) -> Card:
    """Return a sighting whole. Whoever calls this has written the look down."""
    return {
        **sighting_head(row),
        "by": _person(people, row.account_id),
        "occurred_at": said(row.occurred_at),
        "lon": row.lon,
        "lat": row.lat,
        "place": row.place,
        "text": row.words,
        "answered_by": _person(people, row.answered_by),
        "answer": row.answer,
    }


def allowed(row: Bulletin, account_id: int) -> list[str]:
    """Return the verbs that an account of the issuing room may say now. The author approves and
    renews nothing of their own."""
    refused = set(BY_CLOCK)
    if not row.is_urgent:
        refused.add("send_at_once")
    if row.author_id == account_id:
        refused |= {"approve", "renew"}
    verbs = [verb for verb in BULLETIN.allowed(row.state) if verb not in refused]
    return [verb for verb in verbs if verb in OF_EXERCISES] if row.is_exercise else verbs


def said(moment: dt.datetime | None) -> str | None:
    """Return a moment as JSON says it."""
    return None if moment is None else moment.astimezone(dt.UTC).isoformat()


def _person(people: dict[int, AccountRef], account_id: int | None) -> dict[str, str] | None:
    return people[account_id].document() if account_id in people else None

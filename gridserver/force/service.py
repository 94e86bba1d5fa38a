"""The verbs of the force: taking on officers, giving them cells, duty and leave."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from gridserver.access import passwords
from gridserver.access import service as access
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.errors import Invalid
from gridserver.force.models import Absence, Officer, Ownership
from gridserver.force.recording import add, record
from gridserver.force.rules import (
    ABSENCE_REASONS,
    KINDS,
    OWNERSHIP_ROLES,
    check_range,
)
from gridserver.org.models import Unit


def add_officer(
    session: Session,
    actor: audit.Actor | None,
    *,
    service_number: str,
    display_name: str,
    unit: Unit,
    rank: str | None = None,
    kind: str = "officer",
    password_hash: str | None = None,
) -> Officer:
    """Take on an officer or auxiliary, with an account named by the service number.

    An officer's account holds the role `officer` at the unit; an auxiliary's holds none, so that
    it reads nothing until a role fit for auxiliaries exists. Without `password_hash` nobody can
    sign in until an admin sets a password.

    Raises
    ------
    Invalid
        An unknown kind, or a service number that can't be a username.
    Conflict
        The service number is taken.
    """
    if kind not in KINDS:
        raise Invalid("officer.unknown_kind", f"kind: one of {', '.join(KINDS)}.", field="kind")
    account = access.add_account(
        session,
        actor,
        username=service_number,
        display_name=display_name,
        password_hash=password_hash or passwords.unusable_password(),
    )
    officer = Officer(
        account_id=account.id,
        service_number=service_number,
        rank=rank,
        kind=kind,
        unit_id=unit.id,
    )
    session.add(officer)
    session.flush()
    if kind == "officer":
        access.grant(session, actor, account, "officer", unit)
    record(session, actor, Tag.OFFICER_ADD, officer, {"unit": unit.code, "kind": kind})
    return officer


def assign_owner(
    session: Session,
    actor: audit.Actor | None,
    *,
    cell_code: str,
    officer: Officer,
    role: str,
    start: dt.datetime,
    end: dt.datetime | None = None,
) -> Ownership:
    """Make an officer the primary (A角) or backup (B角) of a cell from `start` to before `end`.

    A cell may have several primaries and backups; one officer holds one role in it at a time.

    Raises
    ------
    Invalid
        An unknown role, an auxiliary, no cell, or an end that isn't after the start.
    Conflict
        The officer owns this cell already at some time in the range.
    """
    if role not in OWNERSHIP_ROLES:
        raise Invalid(
            "ownership.unknown_role", f"role: one of {', '.join(OWNERSHIP_ROLES)}.", field="role"
        )
    if officer.kind != "officer":
        raise Invalid(
            "ownership.auxiliary",
            f"{officer.service_number} is an auxiliary and can't answer for a cell.",
            field="service_number",
        )
    if not cell_code:
        raise Invalid("ownership.no_cell", "Give the code of a cell.", field="cell")
    check_range(start, end, start_field="valid_from", end_field="valid_to")
    ownership = Ownership(
        cell_code=cell_code, officer_id=officer.id, role=role, valid=Range(start, end)
    )
    add(session, ownership, f"{officer.service_number} owns cell {cell_code}", "ex_ownership_once")
    record(session, actor, Tag.OWNERSHIP_ASSIGN, officer, {"cell": cell_code, "role": role})
    return ownership


def set_absence(
    session: Session,
    actor: audit.Actor | None,
    *,
    officer: Officer,
    reason: str,
    start: dt.datetime,
    end: dt.datetime,
    stand_in: Officer | None = None,
) -> Absence:
    """Say that an officer can't be called on from `start` to before `end`, and who stands in.

    The ledger gets the times and not the reason, which may be about the officer's health.

    Raises
    ------
    Invalid
        An unknown reason, an end that isn't after the start, or a stand-in who is the officer.
    Conflict
        The officer is absent already at some time in the range.
    """
    check_absence(officer, reason, start, end, stand_in)
    absence = Absence(
        officer_id=officer.id,
        reason=reason,
        stand_in_id=stand_in.id if stand_in else None,
        during=Range(start, end),
    )
    add(session, absence, f"{officer.service_number} is absent", "ex_absence_once")
    data = {"start": start.isoformat(), "end": end.isoformat()}
    record(session, actor, Tag.ABSENCE_SET, officer, data)
    return absence


def check_absence(
    officer: Officer,
    reason: str,
    start: dt.datetime,
    end: dt.datetime,
    stand_in: Officer | None,
) -> None:
    """Raise `Invalid` for an absence that can't be: see `set_absence`."""
    if reason not in ABSENCE_REASONS:
        raise Invalid(
            "absence.unknown_reason",
            f"reason: one of {', '.join(ABSENCE_REASONS)}.",
            field="reason",
        )
    if stand_in is not None and (stand_in.id == officer.id or stand_in.kind != "officer"):
        raise Invalid(
            "absence.bad_stand_in", "stand_in: name another police officer.", field="stand_in"
        )
    check_range(start, end, start_field="start", end_field="end")

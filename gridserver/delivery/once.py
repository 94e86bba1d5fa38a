"""Doing a command at most once, however often it arrives."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Uuid, bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from gis.errors import GisError
from gridserver.access.rules import Principal
from gridserver.base.clock import now
from gridserver.base.db import savepoint
from gridserver.base.errors import Conflict, Forbidden, GridserverError, Invalid, NotFound
from gridserver.delivery.models import CommandResult


@dataclass(frozen=True)
class Outcome:
    """What a command is answered.

    Attributes
    ----------
    status : int
        200, or the HTTP status of the refusal.
    body : dict
        The work's result, or ``{code, detail, field?, …}`` of the refusal.
    replayed : bool
        Whether this is the stored answer to an earlier arrival.
    error : GridserverError or GisError, optional
        The refusal itself, where it was made now.
    """

    status: int
    body: dict[str, Any]
    replayed: bool
    error: GridserverError | GisError | None = None


_ARRIVE = text(
    """
    INSERT INTO command_result (account_id, command_id, payload_digest, at)
    VALUES (:account, :command, :digest, :at)
    ON CONFLICT DO NOTHING
    RETURNING true
    """
).bindparams(bindparam("command", type_=Uuid))
_ANSWER = text(
    """
    UPDATE command_result SET status = :status, body = :body
    WHERE account_id = :account AND command_id = :command
    """
).bindparams(bindparam("command", type_=Uuid), bindparam("body", type_=JSONB))


def run_once(
    session: Session,
    actor: Principal,
    command_id: uuid.UUID,
    payload: dict[str, Any],
    work: Callable[[], dict[str, Any]],
) -> Outcome:
    """Do `work` at most once per account and command id, and answer every arrival alike.

    The result is stored in the transaction that does the work. A refusal (`GridserverError`,
    `GisError`) undoes what the work wrote and queued, and is stored too. A second arrival that
    comes while the first is still at work waits for it.

    Parameters
    ----------
    payload : dict
        What the command says, JSON-able; two arrivals with one id must agree on it.
    work : callable
        Returns the JSON-able body of the answer.

    Raises
    ------
    Invalid
        ``command.reused``: the id was used with another payload.
    """
    return _once(session, actor, command_id, payload, lambda: _attempt(session, work))


def succeed_once(
    session: Session,
    actor: Principal,
    command_id: uuid.UUID,
    payload: dict[str, Any],
    work: Callable[[], dict[str, Any]],
) -> Outcome:
    """As `run_once`, but a refusal is raised and, with the transaction, forgotten.

    For what may be asked again with the same id once the reason of the refusal is gone.
    """
    return _once(session, actor, command_id, payload, lambda: Outcome(200, work(), replayed=False))


def answered_before(
    session: Session, actor: Principal, command_id: uuid.UUID, payload: dict[str, Any]
) -> Outcome | None:
    """Return what a command was answered, or None where it has not been; raises as `run_once`."""
    known = select(CommandResult.status).where(
        CommandResult.account_id == actor.account_id, CommandResult.command_id == command_id
    )
    if session.scalar(known) is None:
        return None
    return _stored(session, actor, command_id, _digest(payload))


def _once(
    session: Session,
    actor: Principal,
    command_id: uuid.UUID,
    payload: dict[str, Any],
    attempt: Callable[[], Outcome],
) -> Outcome:
    this = {"account": actor.account_id, "command": command_id}
    digest = _digest(payload)
    first = session.scalar(_ARRIVE, this | {"digest": digest, "at": now(session)})
    if first is None:
        return _stored(session, actor, command_id, digest)
    outcome = attempt()
    session.execute(_ANSWER, this | {"status": outcome.status, "body": outcome.body})
    return outcome


def _digest(payload: dict[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).digest()


def _stored(session: Session, actor: Principal, command_id: uuid.UUID, digest: bytes) -> Outcome:
    found = session.execute(
        select(CommandResult.payload_digest, CommandResult.status, CommandResult.body).where(
            CommandResult.account_id == actor.account_id, CommandResult.command_id == command_id
        )
    ).one()
    if found.payload_digest != digest:
        raise Invalid(
            "command.reused",
            "This command id was used for another command. Give every command an id of its own.",
            field="id",
        )
    return Outcome(found.status, found.body, replayed=True)


_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Invalid, 422),
    (GisError, 422),
)


def _attempt(session: Session, work: Callable[[], dict[str, Any]]) -> Outcome:
    try:
        with savepoint(session):
            return Outcome(200, work(), replayed=False)
    except (Forbidden, NotFound, Conflict, Invalid, GisError) as error:
        # Only these are verdicts on the command. Another refusal (no session, database away)
        # says nothing about it and leaves the transaction, so that the command can come again.
        status = next(status for kind, status in _STATUS if isinstance(error, kind))
        return Outcome(status, refusal(error), replayed=False, error=error)


def refusal(error: GridserverError | GisError) -> dict[str, Any]:
    """Return a refusal as a stored answer: ``{code, detail, field?, …}``."""
    extra = error.extra if isinstance(error, GridserverError) else {}
    named = {"field": error.field} if error.field else {}
    return {"code": error.code, "detail": error.message, **named, **extra}

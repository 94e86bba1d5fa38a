"""``Idempotency-Key``: a POST that is sent again is carried out once, and answered alike.

After IETF draft-ietf-httpapi-idempotency-key-header: a client that did not get the answer sends the
same request with the same key. A key with another request is refused 422 ``command.reused``.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import marshmallow as ma
from flask import Response, request
from sqlalchemy.orm import Session

from gridserver.api import context
from gridserver.delivery import once

HEADER = "Idempotency-Key"

_KEYS = uuid.UUID("6b3a0d4e-6c0b-4f6e-9c51-0f4f3f1d2a77")


class IdempotencySchema(ma.Schema):
    class Meta:
        unknown = ma.EXCLUDE

    key = ma.fields.String(
        data_key=HEADER,
        validate=ma.validate.Length(1, 255),
        metadata={"description": "The same key is the same request, however often it is sent."},
    )


def command_id(key: str) -> uuid.UUID:
    """Return the name under which the answer to a key is kept, for each account by itself."""
    return uuid.uuid5(_KEYS, key)


def own_command_id() -> uuid.UUID:
    """Return the id of the command that the request is: its key where that is a UUID, as a terminal
    gives it by the socket too; one made of another key; a new one where it has none."""
    key = request.headers.get(HEADER)
    if key is None:
        return uuid.uuid4()
    try:
        return uuid.UUID(key)
    except ValueError:
        return command_id(key)


def succeed_once(
    session: Session, said: dict[str, Any], work: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """Return the JSON-able answer of `work`, which is not done again where the request has a key.

    Parameters
    ----------
    session
        The transaction that does the work.
    said : dict
        What the request asks for, JSON-able; its address is added.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return work()
    actor = context.principal()
    return once.succeed_once(session, actor, command_id(key), _payload(said), work).body


def answered_before(session: Session, said: dict[str, Any]) -> dict[str, Any] | None:
    """Return what the request was answered before; None where it was not, or has no key."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    actor = context.principal()
    outcome = once.answered_before(session, actor, command_id(key), _payload(said))
    return None if outcome is None else outcome.body


def created(document: dict[str, Any]) -> Response:
    """Return the answer to what made something new."""
    text = json.dumps(document, ensure_ascii=False)
    return Response(text, 201, content_type="application/json")


def _payload(said: dict[str, Any]) -> dict[str, Any]:
    return {"path": request.path, "said": said}

"""The inbox without a socket: the same rows, in the same order, by long poll."""

from __future__ import annotations

import time
from typing import Any

import marshmallow as ma
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.access.rules import Principal, require
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.live import live
from gridserver.api.terminal_snapshot import terminal_snapshot
from gridserver.base.errors import Conflict
from gridserver.delivery import queries, rules, service
from gridserver.delivery.relay import PERMISSION
from gridserver.delivery.rules import Cursor, Standing

#: How long a request waits before it looks for itself, whatever the bell says; also how soon an
#: ended session is noticed.
_LOOK_AGAIN = 4.0
_LONGEST_WAIT = 30

blueprint = Blueprint(
    "inbox", __name__, url_prefix="/api/v1/inbox", description="Messages to the account."
)


class InboxArguments(ma.Schema):
    after = ma.fields.Integer(
        validate=ma.validate.Range(0),
        metadata={
            "description": "The last `seq` that this device has. Default: the highest that any "
            "device of the account acknowledged."
        },
    )
    epoch = ma.fields.String(
        metadata={"description": "The epoch that `after` belongs to, as a former answer gave it."}
    )
    wait = ma.fields.Float(
        load_default=0.0,
        validate=ma.validate.Range(0, _LONGEST_WAIT),
        metadata={"description": "Seconds to wait for a message where there is none yet."},
    )
    limit = ma.fields.Integer(load_default=50, validate=ma.validate.Range(1, rules.WINDOW))


class MessageSchema(ma.Schema):
    seq = ma.fields.Integer(required=True)
    id = ma.fields.UUID(required=True)
    type = ma.fields.String(required=True)
    at = ma.fields.String(required=True)
    data = ma.fields.Dict(required=True)


class InboxSchema(ma.Schema):
    epoch = ma.fields.String(required=True)
    head = ma.fields.Integer(required=True)
    messages = ma.fields.List(ma.fields.Nested(MessageSchema), required=True)


class SnapshotSchema(ma.Schema):
    epoch = ma.fields.String(required=True)
    seq = ma.fields.Integer(required=True, metadata={"description": "What it stands at."})
    snapshot = ma.fields.Dict(
        required=True,
        metadata={"description": "A list of each room: `{tasks: [TaskCard], …}`."},
    )


class ReceiptSchema(ma.Schema):
    seq = ma.fields.Integer(
        required=True,
        strict=True,
        validate=ma.validate.Range(0),
        metadata={"description": "This device has every message up to this number."},
    )


@blueprint.route("")
class Inbox(MethodView):
    @blueprint.arguments(InboxArguments, location="query")
    @blueprint.response(200, InboxSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(409, "CONFLICT")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Read the messages after a number, in order; wait for one where there is none.

        409 `inbox.unknown_cursor` means that this server never numbered so, or no longer keeps what
        follows: start anew from `GET /inbox/snapshot`.
        """
        deadline = time.monotonic() + arguments["wait"]
        actor = context.principal()
        doorbells = live().hub.doorbells
        with doorbells.bell(actor.account_id) as bell:
            with context.transaction() as session:
                document = _read(session, actor, arguments)
            # No transaction is held while waiting; each look asks again who may look.
            while not (document["messages"] or doorbells.closed):
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                bell.wait(min(left, _LOOK_AGAIN))
                bell.clear()
                with context.database().transaction() as session:
                    actor = access.principal_by_session(session, actor.session_id)
                    document = _read(session, actor, arguments)
        return document


@blueprint.route("/snapshot")
class Snapshot(MethodView):
    @blueprint.response(200, SnapshotSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self) -> dict[str, Any]:
        """Read what the account holds now, and the number to go on from; as `resync` by socket."""
        actor = context.principal()
        with context.transaction():
            require(actor, PERMISSION)
        with context.database().transaction() as session:
            queries.read_as_of_one_moment(session)
            standing = queries.standing(session, actor.account_id)
            return {
                "epoch": standing.epoch,
                "seq": standing.head,
                "snapshot": terminal_snapshot(session, actor.account_id),
            }


@blueprint.route("/ack")
class Acknowledgement(MethodView):
    @blueprint.arguments(ReceiptSchema)
    @blueprint.response(200, ReceiptSchema)
    def post(self, receipt: dict[str, int]) -> dict[str, int]:
        """Acknowledge every message up to a number; answers the highest that stands."""
        with context.transaction() as session:
            actor = context.principal()
            require(actor, PERMISSION)
            return {"seq": service.acknowledge(session, actor, receipt["seq"])}


def _read(session: Session, actor: Principal, arguments: dict[str, Any]) -> dict[str, Any]:
    require(actor, PERMISSION)
    account_id = actor.account_id
    standing = queries.standing(session, account_id)
    after = rules.start(Cursor(arguments.get("epoch"), arguments.get("after")), standing)
    if after is None:
        raise _unknown_cursor(standing)
    messages = queries.page(session, account_id, after, arguments["limit"])
    if messages and messages[0].seq != after + 1:  # purged between the two reads
        raise _unknown_cursor(standing)
    return {
        "epoch": standing.epoch,
        # A message may have come between the two reads.
        "head": max([standing.head, *(m.seq for m in messages)]),
        "messages": [m.envelope(m.data) for m in messages],
    }


def _unknown_cursor(standing: Standing) -> Conflict:
    return Conflict(
        "inbox.unknown_cursor",
        "after, epoch: not of this inbox, or from before what it keeps. Read GET /inbox/snapshot.",
        field="after",
        epoch=standing.epoch,
        head=standing.head,
    )

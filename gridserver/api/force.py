"""Officers and the owners of cells."""

from __future__ import annotations

import datetime as dt
from typing import Any

import marshmallow as ma
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.access.device_list import ONLINE_FOR
from gridserver.access.rules import require
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.moments import Moment
from gridserver.api.shapes import PersonSchema, UnitRefSchema
from gridserver.api.shapes_force import LastSeenSchema
from gridserver.base import reading
from gridserver.base.clock import now
from gridserver.force import owning, presence, queries
from gridserver.org import queries as org

#: Longer than any code, number or name that is looked for.
_LONGEST = 100
_MOST_OWNERS = 20

blueprint = Blueprint(
    "force", __name__, url_prefix="/api/v1/force", description="Officers and what they answer for."
)


class OfficerSchema(ma.Schema):
    username = ma.fields.String(required=True)
    service_number = ma.fields.String(required=True)
    display_name = ma.fields.String(required=True)
    rank = ma.fields.String(required=True, allow_none=True)
    kind = ma.fields.String(required=True)
    unit = ma.fields.Nested(UnitRefSchema, required=True)
    on_duty = ma.fields.Boolean(
        required=True, metadata={"description": "A shift covers the present moment."}
    )
    absent = ma.fields.Boolean(required=True)
    position = ma.fields.Nested(LastSeenSchema, required=True, allow_none=True)


class OfficerPageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(OfficerSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class OfficerArguments(context.PageArguments):
    unit = ma.fields.String(
        metadata={"description": "Code of a unit: only its officers and those below it."}
    )
    q = ma.fields.String(
        metadata={"description": "A part of the service number or the display name."},
    )


class PresenceSchema(ma.Schema):
    username = ma.fields.String(required=True)
    last_seen_at = Moment(
        required=True, metadata={"description": "By the server's clock, to within a minute."}
    )


class PresencesSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(PresenceSchema), required=True)
    online_for_s = ma.fields.Integer(
        required=True,
        metadata={"description": "Who was last seen longer ago counts as offline."},
    )


class OwnerSchema(ma.Schema):
    role = ma.fields.String(required=True, metadata={"description": "primary or backup"})
    officer = ma.fields.Nested(PersonSchema, required=True)
    valid_from = Moment(required=True, allow_none=True)
    valid_to = Moment(required=True, allow_none=True)


class OwnersSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(OwnerSchema), required=True)


class NewOwnersSchema(ma.Schema):
    """Who is to own a cell from now on, by service number; whoever else did ends now."""

    primaries = ma.fields.List(
        ma.fields.String(), required=True, validate=ma.validate.Length(max=_MOST_OWNERS)
    )
    backups = ma.fields.List(
        ma.fields.String(), required=True, validate=ma.validate.Length(max=_MOST_OWNERS)
    )


class OwnersArguments(ma.Schema):
    at = Moment(metadata={"description": "Default: now."})


@blueprint.route("/officers")
class Officers(MethodView):
    @blueprint.arguments(OfficerArguments, location="query")
    @blueprint.response(200, OfficerPageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the officers that the account may see, by service number."""
        limit = arguments["limit"]
        unit = reading.optional_text(arguments.get("unit"), "unit", longest=_LONGEST)
        text = reading.optional_text(arguments.get("q"), "q", longest=_LONGEST)
        with context.transaction() as session:
            actor = context.principal()
            require(actor, "force.read")
            found = queries.officers(
                session,
                actor,
                now(session),
                unit_path=org.unit_by_code(session, unit).path if unit else None,
                text=text,
                after=context.decode_cursor(arguments.get("cursor")),
                limit=limit + 1,
            )
        shown, following = context.cut(found, limit, lambda card: card.service_number)
        return {"items": shown, "next": following}


@blueprint.route("/presence")
class Presences(MethodView):
    @blueprint.response(200, PresencesSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self) -> dict[str, Any]:
        """Say when a device of each officer was last seen; who never was is missing.

        It is stored, so every process says the same. `/command` tells `presence` as it changes.
        """
        with context.transaction() as session:
            items = presence.presence(session, context.principal())
        return {"items": items, "online_for_s": int(ONLINE_FOR.total_seconds())}


@blueprint.route("/cells/<code>/owners")
class CellOwners(MethodView):
    @blueprint.etag
    @blueprint.arguments(OwnersArguments, location="query")
    @blueprint.response(200, OwnersSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self, arguments: dict[str, Any], code: str) -> dict[str, Any]:
        """List who owns a cell code at a moment: primaries (A角) first, then backups (B角).

        The list is empty for a code that nobody owns, whether or not a grid has such a cell.
        """
        cell = reading.text(code, "code", longest=_LONGEST)
        with context.transaction() as session:
            require(context.principal(), "force.read")
            return _owners(session, cell, arguments.get("at") or now(session))

    @blueprint.etag
    @blueprint.arguments(NewOwnersSchema)
    @blueprint.response(200, OwnersSchema)
    def put(self, body: dict[str, Any], code: str) -> dict[str, Any]:
        """Say who owns a cell code from now on; the ledger keeps who said so."""
        cell = reading.text(code, "code", longest=_LONGEST)
        with context.transaction() as session:
            actor = context.principal()
            require(actor, "ownership.edit")
            blueprint.check_etag(_owners(session, cell, now(session)), OwnersSchema)
            owning.set_owners(session, actor, cell, body["primaries"], body["backups"])
            return _owners(session, cell, now(session))


def _owners(session: Session, cell: str, at: dt.datetime) -> dict[str, Any]:
    return {
        "items": [
            {
                "role": owner.role,
                "officer": owner,
                "valid_from": owner.valid_from,
                "valid_to": owner.valid_to,
            }
            for owner in queries.owners(session, cell, at)
        ]
    }

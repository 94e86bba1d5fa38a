"""Incidents that belong together."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask.views import MethodView

from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.shapes_dispatch import RelatedIncidentSchema, SuggestedSchema
from gridserver.dispatch import cards, looking, related
from gridserver.dispatch.commands import LINKS

blueprint = Blueprint(
    "related", __name__, url_prefix="/api/v1/incidents", description="What belongs together."
)


class LinkedSchema(ma.Schema):
    """An incident that a person has linked."""

    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(LINKS))
    role = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(("parent", "child")),
        metadata={"description": "What it is to this one: the child is what `kind` says."},
    )
    incident = ma.fields.Nested(RelatedIncidentSchema, required=True)


class RelatedSchema(ma.Schema):
    linked = ma.fields.List(ma.fields.Nested(LinkedSchema), required=True)
    suggested = ma.fields.List(ma.fields.Nested(SuggestedSchema), required=True)


@blueprint.route("/<int(max=9223372036854775807):incident_id>/related")
class RelatedIncidents(MethodView):
    @blueprint.response(200, RelatedSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, incident_id: int) -> dict[str, Any]:
        """Show what a person has linked to an incident, and what may be about the same event:
        near in place and time, the same kind first. The verb `link` makes a link. The look is
        recorded."""
        actor = context.principal()
        with context.transaction() as session:
            found = looking.at_incident(session, actor, incident_id)
            seen = related.of_incident(session, actor, found)
        return cards.related(seen)

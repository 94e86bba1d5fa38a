"""The record of an incident as it is printed and signed."""

from __future__ import annotations

from flask import Response
from flask.views import MethodView

from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.journals import printing, records

blueprint = Blueprint(
    "records", __name__, url_prefix="/api/v1/incidents", description="An incident to be printed."
)


@blueprint.route("/<int(max=9223372036854775807):incident_id>/record.pdf")
class Record(MethodView):
    @blueprint.response(200, content_type="application/pdf")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(503, "SERVICE_UNAVAILABLE")
    def get(self, incident_id: int) -> Response:
        """Give the form of an incident (接处警登记表) as a PDF, in the reader's language.

        The ledger keeps who had it.
        """
        with context.transaction() as session:
            page = records.record_of(session, context.principal(), incident_id, context.language())
            number = page["number"]
        # After the commit: nobody waits for the database while the text is laid out.
        answer = Response(printing.pdf_of(page), content_type="application/pdf")
        answer.headers["Content-Disposition"] = f'inline; filename="incident-{number}.pdf"'
        return answer

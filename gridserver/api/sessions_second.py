"""The second step of a sign-in: showing a second factor, or enrolling the first one.

Whoever comes here holds a ticket and no session, so the views look by themselves.
"""

from __future__ import annotations

from typing import Any

import segno
from flask import Response
from flask.views import MethodView

from gridserver.access import factors, signing_in, tickets
from gridserver.access.factors import Enrolment, Shown
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.knocking import knock
from gridserver.api.sessions_opened import answered, heard, opened, tools
from gridserver.api.shapes_sessions import (
    DeviceProofSchema,
    EnrolledSessionSchema,
    EnrolmentSchema,
    NewSessionSchema,
    SecondSchema,
    TicketConfirmationSchema,
    TicketKindSchema,
    WantedSchema,
)

blueprint = Blueprint(
    "second_step",
    __name__,
    url_prefix="/api/v1/sessions",
    description="The second step of a sign-in.",
)


@blueprint.route("/second")
class SecondStep(MethodView):
    is_public = True

    @blueprint.arguments(SecondSchema)
    @blueprint.response(201, NewSessionSchema)
    @blueprint.alt_response(401, "UNAUTHORIZED")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(429, "TOO_MANY_REQUESTS")
    @blueprint.doc(security=[])
    def post(self, body: dict[str, Any]) -> Response:
        """Open the session of a ticket by a second factor, or by a recovery code, which is used up.

        401 `access.wrong_code`: try again with the same ticket. 401 `access.ticket_over`: begin
        with the password.
        """
        with knock(_holder(body["ticket"], "second_factor")) as attempt:
            signed_in = signing_in.sign_in_further(
                attempt.session, body["ticket"], shown(body), heard(body), tools()
            )
            return opened(attempt, signed_in, body)


@blueprint.route("/device")
class DeviceStep(MethodView):
    is_public = True

    @blueprint.arguments(DeviceProofSchema)
    @blueprint.response(201, NewSessionSchema)
    @blueprint.alt_response(202, schema=WantedSchema, description="A second factor is wanted")
    @blueprint.alt_response(401, "UNAUTHORIZED")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(429, "TOO_MANY_REQUESTS")
    @blueprint.doc(security=[])
    def post(self, body: dict[str, Any]) -> Response:
        """Show that this is the device that was enrolled, by signing the ticket's challenge.

        401 `access.wrong_proof`: by another key.
        """
        with knock(_holder(body["ticket"], "device")) as attempt:
            outcome = signing_in.sign_in_by_device(
                attempt.session, body["ticket"], body["signature"], heard(body), tools().party
            )
            return answered(attempt, outcome, body)


@blueprint.route("/enrolment")
class FirstEnrolment(MethodView):
    is_public = True

    @blueprint.arguments(TicketKindSchema)
    @blueprint.response(201, EnrolmentSchema)
    @blueprint.alt_response(401, "UNAUTHORIZED")
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.doc(security=[])
    def post(self, body: dict[str, str]) -> dict[str, Any]:
        """Begin to enrol the second factor that a ticket wants."""
        with context.database().transaction() as session:
            held = tickets.held(session, body["ticket"], "enrolment")
            return document(factors.enrol(session, held.account_id, body["kind"], tools()))


@blueprint.route("/enrolment/confirm")
class FirstConfirmation(MethodView):
    is_public = True

    @blueprint.arguments(TicketConfirmationSchema)
    @blueprint.response(201, EnrolledSessionSchema)
    @blueprint.alt_response(401, "UNAUTHORIZED")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.alt_response(429, "TOO_MANY_REQUESTS")
    @blueprint.doc(security=[])
    def post(self, body: dict[str, Any]) -> Response:
        """Show the factor that is being enrolled, which opens the session of the ticket."""
        with knock(_holder(body["ticket"], "enrolment")) as attempt:
            signed_in, codes = signing_in.sign_in_enrolled(
                attempt.session, body["ticket"], shown(body), body["name"], heard(body), tools()
            )
            return opened(
                attempt, signed_in, body, EnrolledSessionSchema, recovery_codes=list(codes)
            )


def shown(body: dict[str, Any]) -> Shown:
    """Return what was shown, of what was loaded by a schema that has it."""
    return Shown(body.get("code"), body.get("recovery_code"), body.get("credential"))


def document(begun: Enrolment) -> dict[str, Any]:
    """Return an enrolment as `EnrolmentSchema` shows it."""
    qr = segno.make(begun.uri, micro=False).svg_data_uri(scale=5) if begun.uri else None
    return {
        "kind": begun.kind,
        "secret": begun.secret,
        "uri": begun.uri,
        "qr": qr,
        "options": begun.options,
    }


def _holder(ticket: str, wants: str) -> str:
    with context.database().transaction() as session:
        return tickets.held(session, ticket, wants).username

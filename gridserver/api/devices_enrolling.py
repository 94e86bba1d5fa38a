"""Enrolling a device by a one-time code: who makes it, and the device that holds it."""

from __future__ import annotations

from typing import Any

import segno
from flask import request
from flask.views import MethodView

from gridserver.access import enrolling
from gridserver.access.enrolling import Begun
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.knocking import knock_by_code
from gridserver.api.platforms import platform_of
from gridserver.api.sessions_opened import tools
from gridserver.api.shapes_devices import (
    ChallengeSchema,
    DeviceCodeSchema,
    EnrolCodeSchema,
    EnrolledSchema,
    EnrolmentProofSchema,
    HeldCodeSchema,
    said,
)
from gridserver.base.errors import Conflict

#: The page that a device opens; the code follows as the fragment, which no server is sent.
PAGE = "/enrol"

blueprint = Blueprint(
    "device_enrolment",
    __name__,
    url_prefix="/api/v1/devices",
    description="Enrolling devices by one-time codes.",
)


@blueprint.route("/codes")
class Codes(MethodView):
    @blueprint.arguments(EnrolCodeSchema)
    @blueprint.response(201, DeviceCodeSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, body: dict[str, str]) -> dict[str, Any]:
        """Make a code by which one device of an account is enrolled, within ten minutes.

        A former one is good no more. For whoever answers for the account. The link leads to the
        host that this request came from.
        """
        party = tools().party
        if party is None:
            raise Conflict("access.no_page", "This is done on a page of this server's own.")
        with context.transaction() as session:
            made = enrolling.make_code(session, context.principal(), body["username"])
        url = f"{party.origin}{PAGE}#{made.code}"
        qr = segno.make(url, micro=False).svg_data_uri(scale=6)
        return {"username": made.username, "url": url, "qr": qr, "expires_at": made.expires_at}


@blueprint.route("/enrolment")
class Enrolment(MethodView):
    is_public = True

    @blueprint.arguments(HeldCodeSchema)
    @blueprint.response(200, ChallengeSchema)
    @blueprint.alt_response(401, "UNAUTHORIZED")
    @blueprint.alt_response(429, "TOO_MANY_REQUESTS")
    @blueprint.doc(security=[])
    def post(self, body: dict[str, str]) -> Begun:
        """Say what the device that holds a code has to sign.

        401 `device.code_over`: it was used, or is too old.
        """
        with knock_by_code() as attempt:
            begun = enrolling.begin(attempt.session, body["code"])
            attempt.passed()
        return begun


@blueprint.route("/enrolment/confirm")
class Confirmation(MethodView):
    is_public = True

    @blueprint.arguments(EnrolmentProofSchema)
    @blueprint.response(200, EnrolledSchema)
    @blueprint.alt_response(401, "UNAUTHORIZED")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(429, "TOO_MANY_REQUESTS")
    @blueprint.doc(security=[])
    def post(self, body: dict[str, Any]) -> dict[str, str]:
        """Enrol the device that holds a code by the key pair that it made. This uses the code up.

        It signs `gridserver-enrolment`, the code, the challenge and its own name, each on a line
        of its own, in UTF-8.
        """
        heard = said(body, request.remote_addr, platform_of(request.user_agent.string))
        with knock_by_code() as attempt:
            username = enrolling.finish(
                attempt.session,
                body["code"],
                body["device"],
                body["public_key"],
                body["signature"],
                heard,
            )
            attempt.passed()
        return {"username": username}

"""Devices: who signs in by what, revoking a lost one and admitting it again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import marshmallow as ma
from flask import Response
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.access import device_list, devices
from gridserver.access.device_list import DeviceCard, Wanted
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.context import PageArguments
from gridserver.api.shapes_devices import (
    DevicePageSchema,
    DeviceSchema,
    DevicesSchema,
    RevocationSchema,
)

blueprint = Blueprint(
    "devices",
    __name__,
    url_prefix="/api/v1/devices",
    description="Handhelds and browsers by which accounts sign in.",
)


class DeviceArguments(PageArguments):
    unit = ma.fields.String(
        validate=ma.validate.Length(1, 60),
        metadata={"description": "Only those of accounts with a role at this unit or below."},
    )
    state = ma.fields.String(validate=ma.validate.OneOf(device_list.STATES))
    words = ma.fields.String(
        validate=ma.validate.Length(1, 60),
        metadata={"description": "Part of the account's or the device's name."},
    )


@blueprint.route("")
class Devices(MethodView):
    @blueprint.arguments(DeviceArguments, location="query")
    @blueprint.response(200, DevicePageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the devices within one's scope, the last heard of first."""
        limit = arguments.pop("limit")
        after = context.decode_moment_cursor(arguments.pop("cursor", None))
        with context.transaction() as session:
            found = device_list.devices(
                session, context.principal(), Wanted(**arguments), after=after, limit=limit + 1
            )
        shown, following = context.cut(
            found, limit, lambda card: context.moment_position(card.last_seen_at, card.id)
        )
        return {"items": [_document(card) for card in shown], "next": following}


@blueprint.route("/mine")
class OwnDevices(MethodView):
    @blueprint.response(200, DevicesSchema)
    def get(self) -> dict[str, Any]:
        """List one's own devices, the last heard of first."""
        with context.transaction() as session:
            own = device_list.own_devices(session, context.principal())
        return {"items": [_document(card) for card in own]}


@blueprint.route("/<int:device_id>/revoke")
class Revocation(MethodView):
    @blueprint.arguments(RevocationSchema)
    @blueprint.response(200, DeviceSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, body: dict[str, str], device_id: int) -> dict[str, Any]:
        """Revoke a device: its sessions end, it wipes itself, and can't sign in.

        For whoever answers for the officer, and for the officer. One that is revoked already stays
        as it is.
        """
        with context.transaction() as session:
            devices.revoke(session, context.principal(), device_id, body["reason"])
            return _shown(session, device_id)


@blueprint.route("/<int:device_id>/admit")
class Admission(MethodView):
    @blueprint.response(200, DeviceSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def post(self, device_id: int) -> dict[str, Any]:
        """Let a revoked device sign in again. For admins."""
        with context.transaction() as session:
            devices.admit(session, context.principal(), device_id)
            return _shown(session, device_id)


@blueprint.route("/wiped")
class Wiped(MethodView):
    # Such a session is over, so nobody stands behind the request: the view looks by itself.
    is_public = True

    @blueprint.response(204)
    def post(self) -> Response:
        """Say that this device, which was revoked, has wiped itself.

        The one thing that a revoked device's token (or cookie, here without a CSRF token) is still
        good for. Saying so again changes nothing.
        """
        with context.database().transaction() as session:
            devices.report_wiped(session, context.token())
        response = Response(status=204)
        context.COOKIE.take_back(response)
        return response


def _shown(session: Session, device_id: int) -> dict[str, Any]:
    return _document(device_list.device(session, device_id))


def _document(card: DeviceCard) -> dict[str, Any]:
    return asdict(card) | {"is_current": card.id == context.principal().device_id}

"""Devices and sessions as the API takes and shows them."""

from __future__ import annotations

import base64
from typing import Any

import marshmallow as ma

from gridserver.access import device_list, devices
from gridserver.access.devices import Said
from gridserver.api.moments import Moment
from gridserver.api.shapes import PersonSchema, UnitRefSchema


class Base64(ma.fields.Field[bytes]):
    """Bytes in base64 (RFC 4648, 4), 1 KB at most."""

    _MOST = 1400

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bytes:
        try:
            if not isinstance(value, str) or len(value) > self._MOST:
                raise ValueError
            return base64.b64decode(value, validate=True)
        except ValueError as error:
            raise ma.ValidationError("give bytes in base64.") from error


class SaidSchema(ma.Schema):
    """What a client may say of the device that it runs on."""

    app = ma.fields.String(
        validate=ma.validate.Length(1, 40), metadata={"description": "The client's own version."}
    )
    platform = ma.fields.String(
        validate=ma.validate.Length(1, 60),
        metadata={"description": "What it runs on. Default: as the User-Agent tells."},
    )
    battery = ma.fields.Float(
        validate=ma.validate.Range(0, 1), metadata={"description": "Charge from 0 to 1."}
    )


def said(given: dict[str, Any], address: str | None, platform: str | None) -> Said:
    """Return what a device says of itself, of what was loaded by `SaidSchema`; where it names no
    platform, `platform`."""
    told = {
        "address": address,
        "platform": given.get("platform", platform),
        "app_version": given.get("app"),
        "battery": given.get("battery"),
    }
    return Said(**{name: value for name, value in told.items() if value is not None})  # type: ignore[typeddict-item]


class DeviceSchema(ma.Schema):
    """A device by which an account signs in."""

    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True, metadata={"description": "As it named itself."})
    account = ma.fields.Nested(PersonSchema, required=True)
    unit = ma.fields.Nested(
        UnitRefSchema,
        required=True,
        allow_none=True,
        metadata={"description": "The highest for which the account holds a role."},
    )
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(device_list.STATES))
    is_current = ma.fields.Boolean(
        required=True, metadata={"description": "This request came from it."}
    )
    platform = ma.fields.String(required=True, allow_none=True)
    app_version = ma.fields.String(required=True, allow_none=True)
    battery = ma.fields.Float(
        required=True, allow_none=True, metadata={"description": "Charge from 0 to 1."}
    )
    battery_at = Moment(required=True, allow_none=True)
    address = ma.fields.String(required=True, allow_none=True)
    clock_offset_s = ma.fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "What the server's clock is ahead of the device's, in seconds."},
    )
    first_seen_at = Moment(required=True)
    last_seen_at = Moment(required=True)
    sessions = ma.fields.Integer(
        required=True, metadata={"description": "How many sessions stand."}
    )
    revoked_at = Moment(required=True, allow_none=True)
    revoked_by = ma.fields.Nested(PersonSchema, required=True, allow_none=True)
    revoke_reason = ma.fields.String(required=True, allow_none=True)
    wiped_at = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "When, since it was revoked, it said that it had wiped itself."},
    )

    enrolled_at = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "Since then it is bound by a key pair of its own."},
    )


class DevicesSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(DeviceSchema), required=True)


class DevicePageSchema(DevicesSchema):
    next = ma.fields.String(required=True, allow_none=True)


class RevocationSchema(ma.Schema):
    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, devices.LONGEST_REASON))


class EnrolCodeSchema(ma.Schema):
    username = ma.fields.String(required=True, validate=ma.validate.Length(1, 64))


class DeviceCodeSchema(ma.Schema):
    username = ma.fields.String(required=True)
    url = ma.fields.Url(
        required=True,
        metadata={
            "description": "What the device opens; the code is its fragment, and shown only here."
        },
    )
    qr = ma.fields.String(required=True, metadata={"description": "`url` as an SVG, a data URL."})
    expires_at = Moment(required=True)


class HeldCodeSchema(ma.Schema):
    code = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))


class ChallengeSchema(ma.Schema):
    username = ma.fields.String(required=True, metadata={"description": "Whose device it will be."})
    challenge = ma.fields.String(required=True)
    expires_at = Moment(required=True)


class SignatureSchema(ma.Schema):
    signature = Base64(
        required=True,
        metadata={"description": "ECDSA over P-256 with SHA-256, r and s (IEEE P1363), base64."},
    )


class EnrolmentProofSchema(HeldCodeSchema, SignatureSchema, SaidSchema):
    device = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))
    public_key = Base64(
        required=True,
        metadata={"description": "P-256, SubjectPublicKeyInfo in DER, base64."},
    )


class EnrolledSchema(ma.Schema):
    username = ma.fields.String(required=True)


class OwnSessionSchema(ma.Schema):
    """A session of one's own."""

    id = ma.fields.UUID(required=True)
    device_id = ma.fields.Integer(required=True, allow_none=True)
    device = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Null where it named none."}
    )
    platform = ma.fields.String(required=True, allow_none=True)
    created_at = Moment(required=True)
    expires_at = Moment(required=True)
    is_current = ma.fields.Boolean(required=True)


class OwnSessionsSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(OwnSessionSchema), required=True)


class EndedSchema(ma.Schema):
    ended = ma.fields.Integer(required=True, metadata={"description": "How many those were."})

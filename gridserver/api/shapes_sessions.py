"""Signing in as the API takes and shows it."""

from __future__ import annotations

import marshmallow as ma

from gridserver.access import factors, passwords, tokens
from gridserver.access.rules import FACTOR_KINDS, WANTS
from gridserver.api.moments import Moment
from gridserver.api.shapes import UnitRefSchema
from gridserver.api.shapes_devices import SaidSchema, SignatureSchema


class RoleSchema(ma.Schema):
    role = ma.fields.String(required=True)
    unit = ma.fields.Nested(UnitRefSchema, required=True)


class OfficerRefSchema(ma.Schema):
    service_number = ma.fields.String(required=True)
    rank = ma.fields.String(required=True, allow_none=True)
    kind = ma.fields.String(required=True)
    unit = ma.fields.Nested(UnitRefSchema, required=True)


class AccountSchema(ma.Schema):
    id = ma.fields.Integer(required=True)
    username = ma.fields.String(required=True)
    display_name = ma.fields.String(required=True)
    roles = ma.fields.List(ma.fields.Nested(RoleSchema), required=True)
    officer = ma.fields.Nested(OfficerRefSchema, required=True, allow_none=True)


class OpeningSchema(SaidSchema):
    """What a client says when it opens a session."""

    device_time = Moment(
        metadata={
            "description": "The device's own clock, so that the server knows how far it is off."
        }
    )
    cookie = ma.fields.Boolean(
        load_default=False,
        metadata={"description": "Keep the token in an HttpOnly cookie, as a browser should."},
    )


class CredentialsSchema(OpeningSchema):
    username = ma.fields.String(required=True, validate=ma.validate.Length(1, 64))
    password = ma.fields.String(required=True, validate=ma.validate.Length(1, passwords.MOST))
    device = ma.fields.String(
        validate=ma.validate.Length(1, 100),
        metadata={"description": "A name for the device; it keeps its own place in the inbox."},
    )


class ProviderSchema(ma.Schema):
    name = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "As its people call it; null: by its general name."},
    )


class WaysSchema(ma.Schema):
    provider = ma.fields.Nested(
        ProviderSchema,
        required=True,
        allow_none=True,
        metadata={"description": "The bureau's identity provider (OpenID Connect), if any."},
    )


class AddressSchema(ma.Schema):
    url = ma.fields.Url(required=True, metadata={"description": "Where the browser is to go."})


class ProviderAnswerSchema(ma.Schema):
    """What the identity provider added to the address of the page that it sent the browser to."""

    code = ma.fields.String(required=True, validate=ma.validate.Regexp(r"^[ -~]{1,4096}\Z"))
    state = ma.fields.String(required=True, validate=ma.validate.Regexp(r"^[A-Za-z0-9_-]{1,100}\Z"))
    iss = ma.fields.String(
        validate=ma.validate.Regexp(r"^[!-~]{1,2048}\Z"), metadata={"description": "RFC 9207."}
    )


class ProviderOpeningSchema(ProviderAnswerSchema, OpeningSchema):
    device = ma.fields.String(
        validate=ma.validate.Length(1, 100),
        metadata={"description": "A name for the device; it keeps its own place in the inbox."},
    )


class SessionSchema(ma.Schema):
    expires_at = Moment(required=True)
    csrf_token = ma.fields.String(required=True)
    unlock = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "The server's part of the key to what this device keeps of this "
            "account: 32 bytes in base64, always the same. Null where no device was named."
        },
    )
    account = ma.fields.Nested(AccountSchema, required=True)
    idle_lock_s = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={
            "description": "After so many seconds without POST /sessions/current/activity it is "
            "locked; null: never."
        },
    )
    is_locked = ma.fields.Boolean(
        required=True,
        metadata={"description": "Until POST /sessions/current/unlock all else is answered 403."},
    )
    has_password = ma.fields.Boolean(
        required=True,
        metadata={
            "description": "Whether the account has a password here. Where it is asked again, an "
            "account without one was signed in by the identity provider within five minutes."
        },
    )


class NewSessionSchema(SessionSchema):
    token = ma.fields.String(
        required=True, metadata={"description": "The bearer token; empty where a cookie has it."}
    )


class WantedSchema(ma.Schema):
    """The password was right; the session opens once this is shown too."""

    ticket = ma.fields.String(
        required=True, metadata={"description": "Stands for the password, for five minutes."}
    )
    wants = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(WANTS),
        metadata={
            "description": "`device`: it was enrolled, and shows so: POST /sessions/device. "
            "`second_factor`: POST /sessions/second. `enrolment`: a role of the account demands "
            "one and it has none: POST /sessions/enrolment."
        },
    )
    expires_at = Moment(required=True)
    kinds = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(FACTOR_KINDS)),
        required=True,
        metadata={"description": "What can be shown here, beside a recovery code."},
    )
    options = ma.fields.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "PublicKeyCredentialRequestOptionsJSON (WebAuthn level 3)."},
    )
    challenge = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "What the device signs: this text after `gridserver-sign-in` and a line "
            "feed, in UTF-8."
        },
    )


class DeviceProofSchema(SignatureSchema, OpeningSchema):
    ticket = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))


class ShownSchema(ma.Schema):
    """One of three."""

    code = ma.fields.String(
        validate=ma.validate.Regexp(r"^[0-9]{6}\Z"),
        metadata={"description": "Six digits of the app."},
    )
    recovery_code = ma.fields.String(validate=ma.validate.Length(1, 40))
    credential = ma.fields.Dict(
        metadata={"description": "What the security key answered, as JSON (WebAuthn level 3)."}
    )


class SecondSchema(ShownSchema, OpeningSchema):
    ticket = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))


class FactorNameSchema(ma.Schema):
    name = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, factors.LONGEST_NAME),
        metadata={"description": "By which its owner knows it."},
    )


class KindSchema(ma.Schema):
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(FACTOR_KINDS))


class TicketKindSchema(KindSchema):
    ticket = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))


class PasswordSchema(ma.Schema):
    password = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, passwords.MOST),
        metadata={"description": "One's own, asked again."},
    )


class AgainSchema(ShownSchema):
    """Who one is, shown again: the password; and, where 202 says that a second factor is wanted
    besides, the same request with the ticket and what is shown in place of the password."""

    password = ma.fields.String(
        validate=ma.validate.Length(1, passwords.MOST),
        metadata={"description": "One's own, asked again; none where the account has none."},
    )
    ticket = ma.fields.String(
        validate=ma.validate.Length(1, 100),
        metadata={"description": "Stands for the password, for five minutes."},
    )


class AgainKindSchema(KindSchema, AgainSchema):
    pass


class EndingSchema(AgainSchema):
    device = ma.fields.Integer(
        validate=ma.validate.Range(1, 2**53), metadata={"description": "Only those of this device."}
    )


class EnrolmentSchema(ma.Schema):
    """A factor that is being enrolled: for the app its secret, for a key the browser's options."""

    kind = ma.fields.String(required=True)
    secret = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Base32, to type in."}
    )
    uri = ma.fields.String(required=True, allow_none=True)
    qr = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "`uri` as an SVG, a data URL."}
    )
    options = ma.fields.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "PublicKeyCredentialCreationOptionsJSON (WebAuthn level 3)."},
    )


class ConfirmationSchema(FactorNameSchema):
    code = ma.fields.String(validate=ma.validate.Regexp(r"^[0-9]{6}\Z"))
    credential = ma.fields.Dict()


class TicketConfirmationSchema(ConfirmationSchema, OpeningSchema):
    ticket = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))


class RecoveryCodesSchema(ma.Schema):
    recovery_codes = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={
            "description": "Each is good once, in place of a second factor. Shown only here; empty "
            "where the account has some already."
        },
    )


class EnrolledSessionSchema(NewSessionSchema, RecoveryCodesSchema):
    pass


class FactorSchema(ma.Schema):
    id = ma.fields.Integer(required=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(FACTOR_KINDS))
    name = ma.fields.String(required=True)
    created_at = Moment(required=True)
    last_used_at = Moment(required=True, allow_none=True)


class FactorsSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(FactorSchema), required=True)
    recovery_codes_left = ma.fields.Integer(required=True)
    is_demanded = ma.fields.Boolean(
        required=True, metadata={"description": "By a role that the account holds."}
    )


class NewPasswordSchema(PasswordSchema):
    new_password = ma.fields.String(required=True, validate=ma.validate.Length(1, passwords.MOST))


class TokenRequestSchema(ma.Schema):
    name = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, 60),
        metadata={"description": "What it is for, such as QGIS on a certain machine."},
    )
    days = ma.fields.Integer(
        load_default=90, strict=True, validate=ma.validate.Range(1, tokens.MOST_DAYS)
    )


class TokenSchema(ma.Schema):
    id = ma.fields.UUID(required=True)
    name = ma.fields.String(required=True)
    created_at = Moment(required=True)
    expires_at = Moment(required=True)


class NewTokenSchema(TokenSchema):
    token = ma.fields.String(
        required=True, metadata={"description": "A bearer token; shown only here."}
    )


class TokensSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(TokenSchema), required=True)

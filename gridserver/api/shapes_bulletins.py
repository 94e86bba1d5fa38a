"""Shapes of bulletins. What a bulletin says is in `BulletinContentsSchema` alone."""

from __future__ import annotations

import marshmallow as ma

from gridserver.api.moments import Moment
from gridserver.api.shapes import AttachmentSchema, PersonSchema, UnitRefSchema, moment
from gridserver.bulletins.hits import ANSWERS, MOST_MINUTES, NOTICE
from gridserver.bulletins.lifecycle import BULLETIN, SIGHTING
from gridserver.bulletins.rules import BASES_OF, KINDS, ROLES
from gridserver.bulletins.service import STEPS

_WORD = {"description": "See `GET /bulletins/terms`."}
_BASES = sorted({basis for bases in BASES_OF.values() for basis in bases})


def _names(description: str) -> ma.fields.List:
    return ma.fields.List(
        ma.fields.String(), load_default=list, metadata={"description": description}
    )


class BulletinBasisSchema(ma.Schema):
    """The instrument that it stands on."""

    type = ma.fields.String(required=True, metadata={"enum": _BASES} | _WORD)
    number = ma.fields.String(required=True)
    authority = ma.fields.String(required=True, metadata={"description": "Who issued it."})
    date = ma.fields.Date(required=True)


class BulletinBasisRefSchema(ma.Schema):
    """The same as shown."""

    type = ma.fields.String(required=True, metadata={"enum": _BASES} | _WORD)
    number = ma.fields.String(required=True)
    authority = ma.fields.String(required=True)
    date = ma.fields.String(required=True, metadata={"format": "date"})


class BulletinAreaSchema(ma.Schema):
    """Who needs to know: cells or units, or the whole bureau with the reason."""

    cells = _names("Codes of cells of the grid in force.")
    units = _names("Codes of units.")
    whole = ma.fields.Boolean(load_default=False)
    reason = ma.fields.String(
        allow_none=True, metadata={"description": "Why the whole bureau needs to know."}
    )


class NewBulletinContentsSchema(ma.Schema):
    """The least that is needed. There is no other field for a person, and none is stored."""

    fact = ma.fields.String(required=True, metadata={"description": "What is known."})
    opinion = ma.fields.String(allow_none=True, metadata={"description": "What is thought."})
    last_seen_at = Moment(allow_none=True)
    last_seen_place = ma.fields.String(allow_none=True)
    to_do = ma.fields.String(required=True, metadata={"description": "What to do on meeting."})
    not_to_do = ma.fields.String(required=True)
    photos = _names("SHA-256 of each, three at most; their bytes may come before or after.")


class BulletinDraftSchema(ma.Schema):
    kind = ma.fields.String(required=True, metadata={"enum": list(KINDS)} | _WORD)
    role = ma.fields.String(
        metadata={"enum": list(ROLES), "description": "The kind's usual one where it is left out."}
    )
    basis = ma.fields.Nested(BulletinBasisSchema, required=True)
    area = ma.fields.Nested(BulletinAreaSchema, required=True)
    lasts_h = ma.fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "Hours to its expiry: 72 at most for a missing person, else 720."},
    )
    contents = ma.fields.Nested(NewBulletinContentsSchema, required=True)
    urgent = ma.fields.Boolean(
        load_default=False,
        metadata={"description": "A missing person's goes out at once; 30 minutes to approve it."},
    )


class NewBulletinSchema(BulletinDraftSchema):
    unit = ma.fields.String(required=True, metadata={"description": "In whose name it is issued."})


class BulletinStepSchema(ma.Schema):
    """What a room does to a bulletin."""

    verb = ma.fields.String(required=True, validate=ma.validate.OneOf(tuple(STEPS)))
    reason = ma.fields.String(
        allow_none=True, metadata={"description": "Of `withdraw` and `resolve`."}
    )
    lasts_h = ma.fields.Integer(
        strict=True, allow_none=True, metadata={"description": "Of `renew`, from now."}
    )
    version = ma.fields.Integer(
        strict=True,
        allow_none=True,
        metadata={"description": "Of `approve`: the version that was read. It needs one."},
    )


class BulletinRefSchema(ma.Schema):
    """All that messages say of a bulletin."""

    id = ma.fields.Integer(required=True)
    version = ma.fields.Integer(required=True, metadata={"description": "Counts the changes."})


class BulletinHeadSchema(BulletinRefSchema):
    """A bulletin without what it says."""

    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(KINDS))
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(BULLETIN.states))
    role = ma.fields.String(required=True, validate=ma.validate.OneOf(ROLES))
    urgent = ma.fields.Boolean(required=True)
    exercise = ma.fields.Boolean(
        required=True, metadata={"description": "It came as one, and is never issued."}
    )
    origin = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The CAP message that it came by: `sender,identifier,sent`."},
    )
    unit = ma.fields.Nested(UnitRefSchema, required=True)
    basis = ma.fields.Nested(BulletinBasisRefSchema, required=True)
    area = ma.fields.Nested(BulletinAreaSchema, required=True)
    lasts_h = ma.fields.Integer(required=True)
    author = ma.fields.Nested(PersonSchema, required=True, allow_none=True)
    created_at = moment()
    approver = ma.fields.Nested(PersonSchema, required=True, allow_none=True)
    approved_at = moment(nullable=True)
    approve_by = moment(nullable=True, description="The second person's deadline.")
    issued_at = moment(nullable=True)
    expires_at = moment(nullable=True)
    validate_by = moment(nullable=True, description="When the issuer has to confirm it again.")
    live_until = moment(nullable=True, description="When terminals let go of it by themselves.")
    ended_at = moment(nullable=True)
    end_reason = ma.fields.String(required=True, allow_none=True)
    purged_at = moment(nullable=True)
    updated_at = moment()


class BulletinProgressSchema(ma.Schema):
    """How many people; a terminal's copy that is removed was held before."""

    told = ma.fields.Integer(required=True)
    holding = ma.fields.Integer(required=True)
    read = ma.fields.Integer(required=True)
    removed = ma.fields.Integer(required=True)


class BulletinAtCellSchema(ma.Schema):
    """How many of a cell's owners; one of two cells counts at both."""

    code = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Null for those who own no cell, and are on duty in the area."},
    )
    told = ma.fields.Integer(required=True)
    holding = ma.fields.Integer(
        required=True, metadata={"description": "Have it on a terminal now."}
    )
    read = ma.fields.Integer(required=True)
    not_read = ma.fields.Integer(required=True)


class BulletinCellsSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(BulletinAtCellSchema), required=True)


class BulletinToldSchema(PersonSchema):
    """What one person's terminals did with a bulletin."""

    unit = ma.fields.Nested(UnitRefSchema, required=True)
    told_at = moment()
    fetched_at = moment(nullable=True, description="When a terminal first took its copy.")
    read_at = moment(nullable=True)
    removed_at = moment(nullable=True, description="When the last of the terminals removed it.")


class BulletinSightingCountsSchema(ma.Schema):
    """How many sightings there are, how many wait for an answer, and until when the first does."""

    total = ma.fields.Integer(required=True)
    waiting = ma.fields.Integer(required=True)
    answer_by = moment(nullable=True)


class BulletinDetailSchema(BulletinHeadSchema):
    progress = ma.fields.Nested(BulletinProgressSchema, required=True)
    sightings = ma.fields.Nested(
        BulletinSightingCountsSchema,
        required=True,
        allow_none=True,
        metadata={"description": "For the issuing unit's room and the auditor."},
    )
    allowed = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={"description": "The verbs that the reader may say now."},
    )


class BulletinContentsSchema(ma.Schema):
    """What a bulletin says."""

    fact = ma.fields.String(required=True)
    opinion = ma.fields.String(required=True, allow_none=True)
    last_seen_at = moment(nullable=True)
    last_seen_place = ma.fields.String(required=True, allow_none=True)
    to_do = ma.fields.String(required=True)
    not_to_do = ma.fields.String(required=True)
    photos = ma.fields.List(ma.fields.Nested(AttachmentSchema), required=True)


class BulletinSheetSchema(BulletinRefSchema):
    """A terminal's copy, to be kept sealed until `live_until` by the device's own clock."""

    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(KINDS))
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(BULLETIN.states))
    role = ma.fields.String(required=True, validate=ma.validate.OneOf(ROLES))
    unit = ma.fields.Nested(UnitRefSchema, required=True)
    basis = ma.fields.Nested(BulletinBasisRefSchema, required=True)
    contents = ma.fields.Nested(BulletinContentsSchema, required=True)
    issued_at = moment()
    live_until = moment()


class BulletinCopyArguments(ma.Schema):
    """Where the terminal is, as far as it is known: EPSG:4326."""

    lon = ma.fields.Float(allow_none=True)
    lat = ma.fields.Float(allow_none=True)


class BulletinTermsKindSchema(ma.Schema):
    kind = ma.fields.String(required=True)
    roles = ma.fields.List(ma.fields.String(), required=True)
    bases = ma.fields.List(ma.fields.String(), required=True)
    longest_h = ma.fields.Integer(required=True)
    urgent = ma.fields.Boolean(required=True, metadata={"description": "May go out at once."})


class BulletinTermsSchema(ma.Schema):
    """What a bulletin may be, for forms: the same lists that refuse everything else."""

    kinds = ma.fields.List(ma.fields.Nested(BulletinTermsKindSchema), required=True)
    arrestable = ma.fields.List(ma.fields.String(), required=True)
    words_of_arrest = ma.fields.List(ma.fields.String(), required=True)


class BulletinCommandSchema(ma.Schema):
    id = ma.fields.UUID(required=True)
    verb = ma.fields.String(required=True)
    occurred_at = Moment()
    data = ma.fields.Dict(load_default=dict)
    lon = ma.fields.Float(allow_none=True)
    lat = ma.fields.Float(allow_none=True)


class BulletinSightingHeadSchema(ma.Schema):
    """How a sighting stands, without what was seen."""

    id = ma.fields.Integer(required=True)
    version = ma.fields.Integer(required=True, metadata={"description": "Counts the changes."})
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(SIGHTING.states))
    urgent = ma.fields.Boolean(required=True)
    said_at = moment(description="When it came, from which the time to answer is counted.")
    answer_by = moment(nullable=True, description="Until when the issuing room must answer.")
    escalated_at = moment(nullable=True)
    answered_at = moment(nullable=True)
    notice = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": f"“{NOTICE}”, until it is confirmed."},
    )


class BulletinSightingSchema(BulletinSightingHeadSchema):
    """A sighting as an officer wrote it, and what the issuing room answered."""

    by = ma.fields.Nested(PersonSchema, required=True)
    occurred_at = moment(nullable=True, description="By the officer's own clock.")
    lon = ma.fields.Float(required=True, allow_none=True, metadata={"description": "EPSG:4326."})
    lat = ma.fields.Float(required=True, allow_none=True)
    place = ma.fields.String(required=True, allow_none=True)
    text = ma.fields.String(required=True)
    answered_by = ma.fields.Nested(PersonSchema, required=True, allow_none=True)
    answer = ma.fields.String(required=True, allow_none=True)


class BulletinSightingsSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(BulletinSightingSchema), required=True)


class BulletinAnswerSchema(ma.Schema):
    """What the issuing room says to a sighting."""

    verb = ma.fields.String(required=True, validate=ma.validate.OneOf(tuple(ANSWERS)))
    text = ma.fields.String(
        allow_none=True,
        metadata={"description": "Of `confirm` and `refute`: what the officer is told."},
    )
    minutes = ma.fields.Integer(
        strict=True,
        allow_none=True,
        metadata={
            "description": f"Of `promise`: in how many there is an answer, {MOST_MINUTES} at most."
        },
    )


class BulletinDoneSchema(ma.Schema):
    status = ma.fields.String(required=True, validate=ma.validate.OneOf(("done",)))
    bulletin = ma.fields.Nested(BulletinRefSchema, required=True)
    sighting = ma.fields.Nested(
        BulletinSightingHeadSchema, metadata={"description": "Of `sight` alone."}
    )

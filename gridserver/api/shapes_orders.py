"""Shapes of orders and notices, as rooms and persons see them."""

from __future__ import annotations

import marshmallow as ma

from gridserver.api.moments import Moment
from gridserver.api.shapes import PersonSchema, UnitRefSchema, moment
from gridserver.force.audiences import MOST_NAMED
from gridserver.orders.lifecycle import ORDER
from gridserver.orders.rules import ASKS, KINDS, RELATIONS, URGENCIES, VERBS

_NAMES = ma.validate.Length(max=MOST_NAMED)


def _names(description: str) -> ma.fields.List:
    return ma.fields.List(
        ma.fields.String(),
        load_default=list,
        validate=_NAMES,
        metadata={"description": description},
    )


class AudienceSchema(ma.Schema):
    """Who is meant; the parts are joined. Everything named belongs to the unit that speaks."""

    everyone = ma.fields.Boolean(
        load_default=False,
        metadata={"description": "Everyone of the unit that speaks, and of all below it."},
    )
    units = _names("Codes of units, with all below them.")
    cells = _names("Codes of cells: their owners now, A and B.")
    field_units = _names("Codes of field units: who rides with them now.")
    officers = _names("Service numbers.")
    on_duty = ma.fields.Boolean(
        load_default=False, metadata={"description": "Of all these, only who is on duty now."}
    )


class OrderDraftSchema(ma.Schema):
    unit = ma.fields.String(
        required=True, metadata={"description": "The unit in whose name it is sent."}
    )
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(KINDS))
    title = ma.fields.String(required=True)
    text = ma.fields.String(required=True, metadata={"description": "At most 2,000 characters."})
    urgency = ma.fields.String(load_default="routine", validate=ma.validate.OneOf(URGENCIES))
    asks = ma.fields.String(
        load_default="none",
        validate=ma.validate.OneOf(ASKS),
        metadata={"description": "What is asked: nothing, to have read it, a choice, or words."},
    )
    choices = ma.fields.List(
        ma.fields.String(),
        load_default=list,
        metadata={"description": "Two to six answers, where a choice is asked."},
    )
    answer_by = Moment(allow_none=True)
    audience = ma.fields.Nested(AudienceSchema, required=True)
    refers_to = ma.fields.Integer(
        strict=True,
        allow_none=True,
        validate=ma.validate.Range(1, 2**63 - 1),
        metadata={"description": "The id of a former order."},
    )
    relation = ma.fields.String(
        allow_none=True,
        validate=ma.validate.OneOf(RELATIONS),
        metadata={"description": "What this is to it; `renews` closes the former."},
    )
    expected = ma.fields.Integer(
        strict=True,
        allow_none=True,
        metadata={"description": "The number of people that was confirmed; another is refused."},
    )


class OrderPreviewArguments(ma.Schema):
    unit = ma.fields.String(required=True)
    audience = ma.fields.Nested(AudienceSchema, required=True)


class AudienceMemberSchema(PersonSchema):
    service_number = ma.fields.String(required=True)
    unit = ma.fields.Nested(UnitRefSchema, required=True)
    on_duty = ma.fields.Boolean(required=True)


class OrderPreviewSchema(ma.Schema):
    people = ma.fields.Integer(required=True)
    on_duty = ma.fields.Integer(required=True, metadata={"description": "Of these, on duty now."})
    first = ma.fields.List(
        ma.fields.Nested(AudienceMemberSchema),
        required=True,
        metadata={"description": "At most 500, by service number."},
    )


class OrderProgressSchema(ma.Schema):
    """Counts to within a second or two: the worker makes them."""

    people = ma.fields.Integer(required=True)
    received = ma.fields.Integer(required=True)
    read = ma.fields.Integer(required=True)
    answered = ma.fields.Integer(required=True)


class OrderReferenceSchema(ma.Schema):
    id = ma.fields.Integer(required=True)
    number = ma.fields.Integer(required=True)
    title = ma.fields.String(required=True)


class RelatedOrderSchema(OrderReferenceSchema):
    relation = ma.fields.String(required=True, validate=ma.validate.OneOf(RELATIONS))


class CommonOrderSchema(ma.Schema):
    """What everybody sees of an order."""

    id = ma.fields.Integer(required=True)
    number = ma.fields.Integer(
        required=True, metadata={"description": "For the radio: three digits that come round."}
    )
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(KINDS))
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(ORDER.states))
    unit = ma.fields.Nested(UnitRefSchema, required=True)
    title = ma.fields.String(required=True)
    text = ma.fields.String(required=True)
    urgency = ma.fields.String(required=True, validate=ma.validate.OneOf(URGENCIES))
    asks = ma.fields.String(required=True, validate=ma.validate.OneOf(ASKS))
    choices = ma.fields.List(ma.fields.String(), required=True)
    answer_by = moment(nullable=True)
    issued_at = moment()
    expires_at = moment(description="When terminals let go of it.")
    refers_to = ma.fields.Nested(RelatedOrderSchema, required=True, allow_none=True)
    ended_at = moment(nullable=True)
    recall_reason = ma.fields.String(required=True, allow_none=True)


class AnswerToOrderSchema(ma.Schema):
    """What was answered; neither, where having read it is the answer."""

    choice = ma.fields.String()
    text = ma.fields.String()


class OwnOrderSchema(CommonOrderSchema):
    """An order with what the account did about it."""

    read_at = moment(nullable=True)
    answered_at = moment(nullable=True)
    answer = ma.fields.Nested(AnswerToOrderSchema, required=True, allow_none=True)
    late = ma.fields.Boolean(required=True)
    reminded_at = moment(nullable=True)


class OrderCardSchema(CommonOrderSchema):
    """An order as the rooms list it."""

    issued_by = ma.fields.Nested(PersonSchema, required=True, allow_none=True)
    progress = ma.fields.Nested(OrderProgressSchema, required=True)


class OrderDetailSchema(OrderCardSchema):
    audience = ma.fields.Nested(AudienceSchema, required=True)
    followed_by = ma.fields.List(
        ma.fields.Nested(OrderReferenceSchema),
        required=True,
        metadata={"description": "What supplements or renews it."},
    )
    allowed = ma.fields.List(
        ma.fields.String(), required=True, metadata={"description": "What the reader may do now."}
    )


class OrderRecipientSchema(PersonSchema):
    unit = ma.fields.Nested(
        UnitRefSchema, required=True, metadata={"description": "As it was at the sending."}
    )
    received_at = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "When a device of the person first had it."},
    )
    read_at = Moment(required=True, allow_none=True)
    answered_at = Moment(required=True, allow_none=True)
    answered_said_at = Moment(
        required=True,
        allow_none=True,
        metadata={
            "description": "When by the person's own clock, as far as that can be put right."
        },
    )
    answer = ma.fields.Nested(AnswerToOrderSchema, required=True, allow_none=True)
    late = ma.fields.Boolean(required=True)
    reminders = ma.fields.Integer(required=True)
    reminded_at = Moment(required=True, allow_none=True)


class OrderCommandSchema(ma.Schema):
    """A command. `id` is of the sender's making: the same id is the same command."""

    id = ma.fields.UUID(required=True)
    verb = ma.fields.String(required=True, metadata={"description": f"One of {', '.join(VERBS)}."})
    occurred_at = Moment(
        metadata={"description": "The sender's own clock. Recorded, never a ground for refusal."}
    )
    data = ma.fields.Dict(
        keys=ma.fields.String(),
        load_default=dict,
        metadata={"description": "answer: `{choice}` or `{text}`, as asked; read: nothing."},
    )
    lon = ma.fields.Float(allow_none=True)
    lat = ma.fields.Float(allow_none=True)


class OrderDoneSchema(ma.Schema):
    status = ma.fields.String(required=True, validate=ma.validate.OneOf(("done",)))
    order = ma.fields.Nested(OwnOrderSchema, required=True)

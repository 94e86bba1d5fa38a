"""Shapes of incidents and tasks. What they describe is made in `gridserver.dispatch.cards`."""

from __future__ import annotations

from typing import get_args

import marshmallow as ma

from gridserver.api.shapes import AttachmentSchema, PersonSchema, UnitRefSchema, moment
from gridserver.dispatch.commands import OUTCOMES
from gridserver.dispatch.lifecycle import TASK
from gridserver.dispatch.norms import HOURS, ROUTES, RUNGS
from gridserver.incidents.nearby import Alike
from gridserver.partners.lifecycle import LETTER


class CodedSchema(ma.Schema):
    """A cell or a station."""

    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)


class BecauseSchema(ma.Schema):
    """A reason: a stable code, its parameters, and the sentence in the reader's language."""

    code = ma.fields.String(required=True)
    params = ma.fields.Dict(required=True)
    text = ma.fields.String(required=True)


class StepTakerSchema(PersonSchema):
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(("officer", "room")))


class StepSchema(ma.Schema):
    """One rung of a decision."""

    step = ma.fields.Integer(required=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(RUNGS))
    who = ma.fields.Nested(StepTakerSchema, required=True)
    because = ma.fields.Nested(BecauseSchema, required=True)
    sign_within_s = ma.fields.Integer(
        required=True, metadata={"description": "Seconds until the next step is told too."}
    )
    tell = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(("at_once", "in_turn")),
        metadata={"description": "Mobilised, all steps are told at once."},
    )


class DecisionSchema(ma.Schema):
    """Whose work an incident is, who gets it, and what led to that."""

    route = ma.fields.String(required=True, validate=ma.validate.OneOf(ROUTES))
    hours = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(HOURS),
        metadata={"description": "Each team does its own work, or duty is pooled."},
    )
    decision = ma.fields.List(ma.fields.Nested(StepSchema), required=True)
    notes = ma.fields.List(
        ma.fields.Nested(BecauseSchema),
        required=True,
        metadata={"description": "What led to it: where, what, when, mode, help."},
    )


class CategoryNamesSchema(ma.Schema):
    code = ma.fields.String(required=True)
    name_zh = ma.fields.String(required=True)
    name_en = ma.fields.String(required=True)


class IncidentCardSchema(ma.Schema):
    """An incident as a map or a terminal shows it."""

    id = ma.fields.Integer(required=True)
    number = ma.fields.Integer(
        required=True,
        metadata={"description": "Four digits for the radio; they come round again, `id` doesn't."},
    )
    source = ma.fields.String(required=True, metadata={"description": "Who passed it on."})
    category = ma.fields.Nested(CategoryNamesSchema, required=True)
    priority = ma.fields.Integer(required=True, metadata={"description": "1 (at once) to 4."})
    lon = ma.fields.Float(required=True)
    lat = ma.fields.Float(required=True)
    address = ma.fields.String(required=True, allow_none=True)
    description = ma.fields.String(required=True, allow_none=True)
    reported_at = moment()
    cell = ma.fields.Nested(CodedSchema, required=True, allow_none=True)
    station = ma.fields.Nested(UnitRefSchema, required=True, allow_none=True)
    method = ma.fields.String(
        required=True,
        metadata={"description": "covers, boundary, largest_share, nearest or outside."},
    )
    grid_version = ma.fields.String(required=True, allow_none=True)


def _count(of: str) -> ma.fields.Integer:
    return ma.fields.Integer(required=True, allow_none=True, metadata={"description": of})


class FeedbackSchema(ma.Schema):
    """What was found and done; the counts where the report gave them."""

    outcome = ma.fields.String(required=True, validate=ma.validate.OneOf(OUTCOMES))
    text = ma.fields.String(required=True)
    suspects = _count("How many suspects, and nothing of who they are.")
    offences = _count("How many offences.")
    persons_helped = _count("How many persons were helped.")


class AgencyAnswerSchema(ma.Schema):
    """What another agency answered. `by` is its own account, or the room that wrote it down."""

    text = ma.fields.String(required=True)
    at = moment()
    by = ma.fields.Nested(PersonSchema, required=True)


class HandOverSchema(ma.Schema):
    """To whom a task was handed over."""

    agency = ma.fields.String(required=True)
    text = ma.fields.String(required=True)
    at = moment()
    by = ma.fields.Nested(PersonSchema, required=True)
    answer = ma.fields.Nested(AgencyAnswerSchema, required=True, allow_none=True)


class AdviceSchema(BecauseSchema):
    """What the command room should do; `reassign {unit}` does it."""

    unit = ma.fields.String(required=True)


class PresentStepSchema(ma.Schema):
    """The reader's own step, else the latest that is open."""

    step = ma.fields.Integer(required=True)
    kind = ma.fields.String(required=True)
    because = ma.fields.Nested(BecauseSchema, required=True)
    deadline = moment(nullable=True)


class _TaskSchema(ma.Schema):
    id = ma.fields.Integer(required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(TASK.states))
    version = ma.fields.Integer(required=True, metadata={"description": "Counts the changes."})
    incident = ma.fields.Nested(IncidentCardSchema, required=True)
    assignee = ma.fields.Nested(
        PersonSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Who is to act now: the signer, before that the first offered."},
    )
    overdue_from = moment(
        nullable=True,
        description="After then it is overdue, while nobody signs. Null: nobody can be late.",
    )
    unowned = ma.fields.Boolean(
        required=True,
        metadata={"description": "Unsigned, and nobody or only a command room is asked."},
    )
    report = ma.fields.Nested(FeedbackSchema, required=True, allow_none=True)
    hand_over = ma.fields.Nested(HandOverSchema, required=True, allow_none=True)
    advice = ma.fields.Nested(AdviceSchema, required=True, allow_none=True)
    updated_at = moment()


class TaskCardSchema(_TaskSchema):
    """A task as messages, the feed and lists carry it."""

    step = ma.fields.Nested(PresentStepSchema, required=True, allow_none=True)


class OfferSchema(ma.Schema):
    """Who was told, when, and what became of it."""

    step = ma.fields.Integer(required=True)
    kind = ma.fields.String(
        required=True, metadata={"description": "A step's kind, or reassigned."}
    )
    recipient = ma.fields.Nested(PersonSchema, required=True)
    because = ma.fields.Nested(BecauseSchema, required=True)
    told_at = moment()
    deadline = moment(nullable=True)
    received_at = moment(nullable=True)
    open = ma.fields.Boolean(required=True)
    outcome = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "signed, superseded, withdrawn, returned or passed_over."},
    )


#: By name, since a field is called `from`.
HistorySchema = ma.Schema.from_dict(
    {
        "id": ma.fields.Integer(required=True),
        "verb": ma.fields.String(required=True),
        "from": ma.fields.String(required=True, allow_none=True),
        "to": ma.fields.String(required=True),
        "actor": ma.fields.Nested(PersonSchema, required=True, allow_none=True),
        "device": ma.fields.String(
            required=True,
            allow_none=True,
            metadata={"description": "The name that the actor's device gave itself."},
        ),
        "occurred_at": moment(),
        "clock_offset_s": ma.fields.Float(
            required=True,
            allow_none=True,
            metadata={
                "description": "What the server's clock was ahead of the actor's, where that was "
                "measured: `occurred_at` is as said, and later by this it was."
            },
        ),
        "at": moment(),
        "lon": ma.fields.Float(required=True, allow_none=True),
        "lat": ma.fields.Float(required=True, allow_none=True),
        "data": ma.fields.Dict(required=True),
        "late": ma.fields.Boolean(
            required=True, metadata={"description": "It no longer fitted and changed nothing."}
        ),
    },
    name="HistorySchema",
)


class LetterStateSchema(ma.Schema):
    """How far another agency's system was told of what was handed over to it."""

    state = ma.fields.String(required=True, validate=ma.validate.OneOf(LETTER.states))
    at = moment()
    tries = ma.fields.Integer(required=True)


class TaskSchema(_TaskSchema):
    """A task with its offers, its history and its photos, and what the reader may do with it now.

    A report in the history names the photos that came with it by their hashes.
    """

    letter = ma.fields.Nested(LetterStateSchema, required=True, allow_none=True)
    decision = ma.fields.List(ma.fields.Nested(StepSchema), required=True)
    offers = ma.fields.List(ma.fields.Nested(OfferSchema), required=True)
    history = ma.fields.List(ma.fields.Nested(HistorySchema), required=True)
    attachments = ma.fields.List(ma.fields.Nested(AttachmentSchema), required=True)
    allowed = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(TASK.verbs)), required=True
    )


class RawPlaceSchema(ma.Schema):
    """The place as the source gave it."""

    x = ma.fields.Float(required=True)
    y = ma.fields.Float(required=True)
    crs = ma.fields.String(required=True)


class TaskRefSchema(ma.Schema):
    id = ma.fields.Integer(required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(TASK.states))
    assignee = ma.fields.Nested(PersonSchema, required=True, allow_none=True)


class IncidentSchema(IncidentCardSchema, DecisionSchema):
    """An incident with its decision and its task."""

    external_id = ma.fields.String(required=True)
    category = ma.fields.Nested(CodedSchema, required=True)
    raw = ma.fields.Nested(RawPlaceSchema, required=True)
    accuracy_m = ma.fields.Float(required=True, allow_none=True)
    received_at = moment()
    occurred_at = moment(nullable=True)
    neighbours = ma.fields.List(ma.fields.String(), required=True)
    distance_m = ma.fields.Float(required=True, allow_none=True)
    task = ma.fields.Nested(TaskRefSchema, required=True)


class RelatedIncidentSchema(IncidentCardSchema):
    """An incident beside another."""

    task = ma.fields.Nested(TaskRefSchema, required=True)


class SuggestedSchema(ma.Schema):
    """An incident that may be about the same event."""

    incident = ma.fields.Nested(RelatedIncidentSchema, required=True)
    distance_m = ma.fields.Float(required=True)
    apart_s = ma.fields.Integer(
        required=True, metadata={"description": "Reported so many seconds later (or earlier: < 0)."}
    )
    alike = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(get_args(Alike)),
        metadata={"description": "The same category, its broad class, or the place and time only."},
    )


class IncidentRefSchema(ma.Schema):
    id = ma.fields.Integer(required=True)
    number = ma.fields.Integer(required=True)


class ReplaySchema(ma.Schema):
    """What the stored facts give under the present rules."""

    identical = ma.fields.Boolean(required=True)
    decision = ma.fields.List(ma.fields.Nested(StepSchema), required=True)


class ExplanationSchema(DecisionSchema):
    """A decision as it was stored, its facts in words, and what they give now."""

    incident = ma.fields.Nested(IncidentRefSchema, required=True)
    revision = ma.fields.Integer(
        required=True, metadata={"description": "Counts the decisions on the incident."}
    )
    revisions = ma.fields.Integer(required=True, metadata={"description": "The last one counts."})
    at = moment()
    rules_version = ma.fields.Integer(required=True)
    facts = ma.fields.List(ma.fields.Nested(BecauseSchema), required=True)
    replay = ma.fields.Nested(ReplaySchema, required=True)


class PreviewSchema(DecisionSchema):
    """Where a report would lie, who would get it, and why; and what else was reported that may be
    the same event. `lon`, `lat` are the place in EPSG:4326, whatever it was given in.

    Without a category nothing is decided: no steps, no notes.
    """

    route = ma.fields.String(required=True, allow_none=True, validate=ma.validate.OneOf(ROUTES))
    hours = ma.fields.String(required=True, allow_none=True, validate=ma.validate.OneOf(HOURS))
    lon = ma.fields.Float(required=True)
    lat = ma.fields.Float(required=True)
    cell = ma.fields.Nested(CodedSchema, required=True, allow_none=True)
    station = ma.fields.Nested(UnitRefSchema, required=True, allow_none=True)
    grid_version = ma.fields.String(required=True, allow_none=True)
    method = ma.fields.String(required=True)
    neighbours = ma.fields.List(ma.fields.String(), required=True)
    distance_m = ma.fields.Float(required=True, allow_none=True)
    related = ma.fields.List(ma.fields.Nested(SuggestedSchema), required=True)

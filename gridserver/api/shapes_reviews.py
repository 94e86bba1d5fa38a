"""Shapes of reviews. What they describe is made in `gridserver.reviews.queries`."""

from __future__ import annotations

import marshmallow as ma

from gridserver.api import context
from gridserver.api.shapes import PersonSchema, UnitRefSchema, moment
from gridserver.api.shapes_dispatch import HistorySchema, IncidentCardSchema, IncidentRefSchema
from gridserver.dispatch.lifecycle import TASK
from gridserver.reviews.rules import MOST_INCIDENTS, REVIEW


class ReviewArguments(context.PageArguments):
    state = ma.fields.String(validate=ma.validate.OneOf(REVIEW.states))


class NewReviewSchema(ma.Schema):
    """Either incidents or a mobilisation."""

    title = ma.fields.String(required=True)
    incidents = ma.fields.List(
        ma.fields.Integer(strict=True), validate=ma.validate.Length(max=MOST_INCIDENTS)
    )
    mobilisation = ma.fields.Integer(strict=True, allow_none=True)


class RemarkArguments(ma.Schema):
    text = ma.fields.String(required=True)
    event = ma.fields.Integer(
        strict=True,
        allow_none=True,
        metadata={"description": "The point of the timeline; without it the whole is meant."},
    )


class LessonArguments(ma.Schema):
    text = ma.fields.String(required=True)
    owner = ma.fields.String(required=True, metadata={"description": "Username of who sees to it."})
    due_on = ma.fields.Date(
        required=True, metadata={"description": "A day of the bureau's calendar."}
    )


class SettledSchema(ma.Schema):
    text = ma.fields.String(required=True, metadata={"description": "How it was done."})


class SubmitSchema(ma.Schema):
    conclusion = ma.fields.String(required=True)


class BackSchema(ma.Schema):
    text = ma.fields.String(required=True, metadata={"description": "Kept as a remark."})


class ReviewedOperationSchema(ma.Schema):
    """The mobilisation that a review is about."""

    id = ma.fields.Integer(required=True)
    unit = ma.fields.Nested(UnitRefSchema, required=True)
    valid_from = moment()
    valid_to = moment(nullable=True)
    why = ma.fields.String(required=True)


class ReviewCardSchema(ma.Schema):
    """A review as lists show it."""

    id = ma.fields.Integer(required=True)
    title = ma.fields.String(required=True)
    unit = ma.fields.Nested(UnitRefSchema, required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(REVIEW.states))
    version = ma.fields.Integer(required=True, metadata={"description": "Counts the changes."})
    mobilisation = ma.fields.Nested(ReviewedOperationSchema, required=True, allow_none=True)
    incident_count = ma.fields.Integer(required=True)
    author = ma.fields.Nested(PersonSchema, required=True)
    created_at = moment()
    updated_at = moment()
    conclusion = ma.fields.String(required=True, allow_none=True)
    submitted_at = moment(nullable=True)
    signed_by = ma.fields.Nested(PersonSchema, required=True, allow_none=True)
    signed_at = moment(nullable=True)


class ReviewPageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(ReviewCardSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class ReviewedTaskSchema(ma.Schema):
    id = ma.fields.Integer(required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(TASK.states))


class ReviewedIncidentSchema(IncidentCardSchema):
    task = ma.fields.Nested(ReviewedTaskSchema, required=True)


class ReviewPointSchema(HistorySchema):  # type: ignore[valid-type,misc]
    """A point of the timeline: what happened to the task of one of the incidents."""

    incident = ma.fields.Nested(IncidentRefSchema, required=True)


class ReviewRemarkSchema(ma.Schema):
    id = ma.fields.Integer(required=True)
    event = ma.fields.Integer(required=True, allow_none=True)
    text = ma.fields.String(required=True)
    by = ma.fields.Nested(PersonSchema, required=True)
    at = moment()


class ReviewLessonSchema(ma.Schema):
    id = ma.fields.Integer(required=True)
    text = ma.fields.String(required=True)
    owner = ma.fields.Nested(PersonSchema, required=True)
    due_on = ma.fields.String(required=True, metadata={"format": "date"})
    overdue = ma.fields.Boolean(required=True)
    by = ma.fields.Nested(PersonSchema, required=True)
    at = moment()
    settled_at = moment(nullable=True)
    settled_by = ma.fields.Nested(PersonSchema, required=True, allow_none=True)
    settled_text = ma.fields.String(required=True, allow_none=True)


class ReviewSchema(ReviewCardSchema):
    """A review whole, and what the reader may do with it now."""

    incidents = ma.fields.List(ma.fields.Nested(ReviewedIncidentSchema), required=True)
    timeline = ma.fields.List(ma.fields.Nested(ReviewPointSchema), required=True)
    remarks = ma.fields.List(ma.fields.Nested(ReviewRemarkSchema), required=True)
    lessons = ma.fields.List(ma.fields.Nested(ReviewLessonSchema), required=True)
    allowed = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(REVIEW.verbs)), required=True
    )

"""After-action reviews: begun, remarked on, concluded, and signed off by somebody else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from operator import itemgetter
from typing import Any

from flask import Response
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.api import context, idempotency
from gridserver.api.blueprint import Blueprint
from gridserver.api.shapes_reviews import (
    BackSchema,
    LessonArguments,
    NewReviewSchema,
    RemarkArguments,
    ReviewArguments,
    ReviewPageSchema,
    ReviewSchema,
    SettledSchema,
    SubmitSchema,
)
from gridserver.reviews import queries, service
from gridserver.reviews.models import Review as Row

blueprint = Blueprint(
    "reviews", __name__, url_prefix="/api/v1/reviews", description="What was learnt."
)

_ONE = "/<int(max=9223372036854775807):review_id>"


@blueprint.route("")
class Reviews(MethodView):
    @blueprint.arguments(ReviewArguments, location="query")
    @blueprint.response(200, ReviewPageSchema)
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the reviews that one may see, newest first."""
        limit, state = arguments["limit"], arguments.get("state")
        with context.transaction() as session:
            found = queries.page(
                session,
                context.principal(),
                states=(state,) if state else (),
                before=context.decode_number_cursor(arguments.get("cursor")),
                limit=limit + 1,
            )
        items, following = context.cut(found, limit, itemgetter("id"))
        return {"items": items, "next": following}

    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(NewReviewSchema)
    @blueprint.response(201, ReviewSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, headers: dict[str, Any], body: dict[str, Any]) -> Response:
        """Begin the review of some incidents, or of what a mobilisation held."""

        def work(session: Session) -> dict[str, Any]:
            actor = context.principal()
            begun = service.begin(
                session,
                actor,
                title=body["title"],
                incident_ids=body.get("incidents", ()),
                mobilisation_id=body.get("mobilisation"),
            )
            return queries.detail(session, actor, begun)

        with context.transaction() as session:
            document = idempotency.succeed_once(session, body, lambda: work(session))
        response = idempotency.created(document)
        response.headers["Location"] = f"{blueprint.url_prefix}/{document['id']}"
        return response


@blueprint.route(_ONE)
class Review(MethodView):
    @blueprint.etag
    @blueprint.response(200, ReviewSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, review_id: int) -> dict[str, Any]:
        """Show one review with its timeline, remarks and lessons. The look is recorded."""
        with context.transaction() as session:
            return queries.look(session, context.principal(), review_id)


@blueprint.route(f"{_ONE}/remarks")
class Remarks(MethodView):
    @blueprint.arguments(RemarkArguments)
    @blueprint.response(200, ReviewSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, body: dict[str, Any], review_id: int) -> dict[str, Any]:
        """Remark on a point of the timeline, or on the whole."""
        return _say(review_id, service.remark, body["text"], body.get("event"))


@blueprint.route(f"{_ONE}/lessons")
class Lessons(MethodView):
    @blueprint.arguments(LessonArguments)
    @blueprint.response(200, ReviewSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, body: dict[str, Any], review_id: int) -> dict[str, Any]:
        """Add a lesson, who sees to it and until when."""
        due_on: dt.date = body["due_on"]
        return _say(review_id, service.learn, body["text"], body["owner"], due_on)


@blueprint.route(f"{_ONE}/lessons/<int(max=9223372036854775807):lesson_id>/settle")
class Settlement(MethodView):
    @blueprint.arguments(SettledSchema)
    @blueprint.response(200, ReviewSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, body: dict[str, Any], review_id: int, lesson_id: int) -> dict[str, Any]:
        """Say of a lesson of a signed review that it was done, and how."""
        return _say(review_id, service.settle, lesson_id, body["text"])


@blueprint.route(f"{_ONE}/submit")
class Submission(MethodView):
    @blueprint.arguments(SubmitSchema)
    @blueprint.response(200, ReviewSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, body: dict[str, Any], review_id: int) -> dict[str, Any]:
        """Give a review to be signed off, with its conclusion."""
        return _say(review_id, service.submit, body["conclusion"])


@blueprint.route(f"{_ONE}/send-back")
class SentBack(MethodView):
    @blueprint.arguments(BackSchema)
    @blueprint.response(200, ReviewSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, body: dict[str, Any], review_id: int) -> dict[str, Any]:
        """Give a review back to be written further, and say why."""
        return _say(review_id, service.send_back, body["text"])


@blueprint.route(f"{_ONE}/sign-off")
class SignOff(MethodView):
    @blueprint.response(200, ReviewSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, review_id: int) -> dict[str, Any]:
        """Sign a review off. Its author can't."""
        return _say(review_id, service.sign_off)


def _say(review_id: int, verb: Callable[..., None], *said: Any) -> dict[str, Any]:
    actor: Principal = context.principal()
    with context.transaction() as session:
        review: Row = queries.review_for_change(session, actor, review_id)
        verb(session, actor, review, *said)
        return queries.detail(session, actor, review)

"""Bulletins: written, approved and ended by rooms; given to terminals one by one.

No answer but those of `contents`, `copy` and `sightings` says anything of a person, and each writes
the look down first. None is ever kept under an `Idempotency-Key`.
"""

from __future__ import annotations

from dataclasses import asdict
from operator import itemgetter
from typing import Any

import marshmallow as ma
from flask import Response, jsonify
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.api import context, idempotency, problems
from gridserver.api.blueprint import Blueprint
from gridserver.api.shapes_bulletins import (
    BulletinAnswerSchema,
    BulletinCellsSchema,
    BulletinCommandSchema,
    BulletinContentsSchema,
    BulletinCopyArguments,
    BulletinDetailSchema,
    BulletinDoneSchema,
    BulletinDraftSchema,
    BulletinHeadSchema,
    BulletinSheetSchema,
    BulletinSightingHeadSchema,
    BulletinSightingsSchema,
    BulletinStepSchema,
    BulletinTermsSchema,
    BulletinToldSchema,
    NewBulletinSchema,
)
from gridserver.bulletins import (
    cards,
    looking,
    queries,
    rules,
    service,
    sightings,
    standing,
    wording,
)
from gridserver.delivery.commands import Command, point
from gridserver.delivery.once import Outcome

blueprint = Blueprint(
    "bulletins",
    __name__,
    url_prefix="/api/v1/bulletins",
    description="Person-of-interest bulletins, under the guardrails.",
)

_ONE = "/<int(max=9223372036854775807):bulletin_id>"
_NO_STORE = {"Cache-Control": "private, no-store"}


class BulletinArguments(context.PageArguments):
    unit = ma.fields.String(metadata={"description": "Its code. Only an auditor may leave it out."})
    state = ma.fields.String(load_default="open", validate=ma.validate.OneOf(("open", "all")))


class BulletinHeadPageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(BulletinHeadSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class BulletinRecipientArguments(context.PageArguments):
    filter = ma.fields.String(validate=ma.validate.OneOf(tuple(standing.FILTERS)))


class BulletinToldPageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(BulletinToldSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


def say(session: Session, actor: Principal, bulletin_id: int, command: Command) -> Outcome:
    """Carry out what a terminal says of a bulletin, by whichever door it came."""
    return looking.command(session, actor, bulletin_id, command)


@blueprint.route("")
class Bulletins(MethodView):
    @blueprint.arguments(BulletinArguments, location="query")
    @blueprint.response(200, BulletinHeadPageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List a unit's bulletins, newest first, without what they say: those that it issued, and
        the live ones that reach it. Across units only an auditor lists."""
        limit = arguments["limit"]
        with context.transaction() as session:
            found = queries.page(
                session,
                context.principal(),
                arguments.get("unit"),
                is_open=arguments["state"] == "open",
                before=context.decode_number_cursor(arguments.get("cursor")),
                limit=limit + 1,
            )
        shown, following = context.cut(found, limit, itemgetter("id"))
        return {"items": shown, "next": following}

    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(NewBulletinSchema)
    @blueprint.response(201, BulletinDetailSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def post(self, headers: dict[str, Any], body: dict[str, Any]) -> Response:
        """Write a bulletin. An urgent one of a missing person goes out at once, and is withdrawn
        by the clock unless another person approves it within 30 minutes."""
        with context.transaction() as session:
            actor = context.principal()

            def write() -> dict[str, Any]:
                said = dict(body)
                within = context.settings().bulletin_validated
                made = service.write(
                    session, actor, said.pop("unit"), said, validated_within=within
                )
                return detail(session, made)

            document = idempotency.succeed_once(session, NewBulletinSchema().dump(body), write)
        response = idempotency.created(document)
        response.headers["Location"] = f"{blueprint.url_prefix}/{document['id']}"
        return response


@blueprint.route("/terms")
class BulletinTerms(MethodView):
    @blueprint.response(200, BulletinTermsSchema)
    def get(self) -> dict[str, Any]:
        """Say what a bulletin may be: kinds, whom they are about, what they stand on, how long."""
        with context.transaction():
            pass
        return {
            "kinds": [
                {
                    "kind": kind,
                    "roles": rules.ROLES_OF[kind],
                    "bases": rules.BASES_OF[kind],
                    "longest_h": rules.LONGEST_H[kind],
                    "urgent": kind == rules.URGENT_KIND,
                }
                for kind in rules.KINDS
            ],
            "arrestable": sorted(rules.ARRESTABLE),
            "words_of_arrest": [*wording.CHINESE, *wording.ENGLISH],
        }


@blueprint.route(_ONE)
class OneBulletin(MethodView):
    @blueprint.etag
    @blueprint.response(200, BulletinDetailSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, bulletin_id: int) -> dict[str, Any]:
        """Show how a bulletin stands, without what it says."""
        with context.transaction() as session:
            found = queries.bulletin_for(session, context.principal(), bulletin_id)
            return detail(session, found)

    @blueprint.etag
    @blueprint.arguments(BulletinDraftSchema)
    @blueprint.response(200, BulletinDetailSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def put(self, body: dict[str, Any], bulletin_id: int) -> dict[str, Any]:
        """Change a draft. Whoever changes it is its author from then on, and can't approve it."""
        with context.transaction() as session:
            actor = context.principal()
            found = queries.bulletin_for_change(session, actor, bulletin_id)
            blueprint.check_etag(detail(session, found), BulletinDetailSchema)
            return detail(session, service.edit(session, actor, found, body))


@blueprint.route(f"{_ONE}/steps")
class BulletinSteps(MethodView):
    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(BulletinStepSchema)
    @blueprint.response(200, BulletinDetailSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, headers: dict[str, Any], body: dict[str, Any], bulletin_id: int) -> Response:
        """Do the next thing to a bulletin. Its author neither approves nor renews it: 403
        `bulletin.two_persons`."""
        with context.transaction() as session:
            actor = context.principal()

            def work() -> dict[str, Any]:
                said = {name: value for name, value in body.items() if name != "verb"}
                within = context.settings().bulletin_validated
                done = service.step(
                    session, actor, bulletin_id, body["verb"], said, validated_within=within
                )
                return detail(session, done)

            return jsonify(idempotency.succeed_once(session, body, work))


@blueprint.route(f"{_ONE}/recipients")
class BulletinRecipients(MethodView):
    @blueprint.arguments(BulletinRecipientArguments, location="query")
    @blueprint.response(200, BulletinToldPageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any], bulletin_id: int) -> dict[str, Any]:
        """List who was told of a bulletin, who has it, read it and removed it, by username. For the
        issuing unit's room and the auditor."""
        limit = arguments["limit"]
        with context.transaction() as session:
            found = standing.people(
                session,
                context.principal(),
                bulletin_id,
                only=arguments.get("filter"),
                after=context.decode_cursor(arguments.get("cursor")),
                limit=limit + 1,
            )
        shown, following = context.cut(found, limit, lambda each: each.username)
        return {"items": [_told(each) for each in shown], "next": following}


@blueprint.route(f"{_ONE}/cells")
class BulletinCells(MethodView):
    @blueprint.response(200, BulletinCellsSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, bulletin_id: int) -> dict[str, Any]:
        """Count by cell who was told of one bulletin, who has it, who read it and who hasn't, for
        the issuing unit's room. Each look is written down."""
        with context.transaction() as session:
            found = standing.by_cell(session, context.principal(), bulletin_id)
        return {"items": [asdict(each) for each in found]}


@blueprint.route(f"{_ONE}/contents")
class BulletinContents(MethodView):
    @blueprint.response(200, BulletinContentsSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, bulletin_id: int) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Show a room what a bulletin says. Each look is written down."""
        with context.transaction() as session:
            told = looking.look(session, context.principal(), bulletin_id)
        return told, 200, _NO_STORE


@blueprint.route(f"{_ONE}/copy")
class BulletinCopy(MethodView):
    @blueprint.arguments(BulletinCopyArguments)
    @blueprint.response(200, BulletinSheetSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def put(
        self, body: dict[str, Any], bulletin_id: int
    ) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Give this terminal a copy, to be kept sealed while it is live. Each time is written down,
        with the device and the place. What is over is answered 409 `bulletin.over`."""
        place = point(body.get("lon"), body.get("lat"))
        with context.transaction() as session:
            sheet = looking.fetch(session, context.principal(), bulletin_id, place)
        return sheet, 200, _NO_STORE


@blueprint.route(f"{_ONE}/commands")
class BulletinCommands(MethodView):
    @blueprint.arguments(BulletinCommandSchema)
    @blueprint.response(200, BulletinDoneSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def post(self, body: dict[str, Any], bulletin_id: int) -> Response:
        """Say of this terminal's copy that it was `read`, also where that was without signal, that
        it is `removed`, or that the officer saw whom it is about: `sight` with `data` of `{text,
        place?, lon?, lat?, urgent?}`. `sighting.notice` holds until it is confirmed."""
        with context.transaction() as session:
            outcome = say(session, context.principal(), bulletin_id, Command(**body))
        if outcome.status != 200:
            return problems.of_command(outcome)
        return jsonify(outcome.body)


@blueprint.route(f"{_ONE}/sightings")
class BulletinSightings(MethodView):
    @blueprint.response(200, BulletinSightingsSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, bulletin_id: int) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Show the sightings of one bulletin: to the issuing unit's room and the auditor all of
        them, to an officer their own. Each look is written down."""
        with context.transaction() as session:
            found = sightings.look(session, context.principal(), bulletin_id)
        return {"items": found}, 200, _NO_STORE


@blueprint.route(f"{_ONE}/sightings/<int(max=9223372036854775807):sighting_id>/answers")
class BulletinSightingAnswers(MethodView):
    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(BulletinAnswerSchema)
    @blueprint.response(200, BulletinSightingHeadSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(
        self, headers: dict[str, Any], body: dict[str, Any], bulletin_id: int, sighting_id: int
    ) -> Response:
        """Confirm a sighting, refute it, or `promise` an answer. Due 10 minutes after an urgent
        one, an hour after any other; else it is raised to the bureau's room."""
        with context.transaction() as session:
            actor = context.principal()
            said = {name: value for name, value in body.items() if name != "verb"}

            def work() -> dict[str, Any]:
                return sightings.answer(
                    session, actor, bulletin_id, sighting_id, body["verb"], said
                )

            return jsonify(idempotency.succeed_once(session, body, work))


def detail(session: Session, found: queries.Found) -> dict[str, Any]:
    """Return a bulletin as its page has it, for who asks."""
    actor = context.principal()
    card = queries.detail(session, actor, found)
    counts = sightings.counts(session, actor, found)
    return card | {
        "progress": asdict(standing.progress(session, found.row.id)),
        "sightings": counts and {**asdict(counts), "answer_by": cards.said(counts.answer_by)},
    }


def _told(person: standing.Told) -> dict[str, Any]:
    return {
        **vars(person),
        "unit": {"code": person.unit, "name": person.unit_name},
        **{
            name: cards.said(getattr(person, name))
            for name in ("told_at", "fetched_at", "read_at", "removed_at")
        },
    }

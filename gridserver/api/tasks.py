"""Tasks, and what a person may say to one."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response, jsonify
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.api import context, problems
from gridserver.api.blueprint import Blueprint
from gridserver.api.moments import Moment
from gridserver.api.shapes_dispatch import TaskCardSchema, TaskSchema
from gridserver.delivery.commands import Command
from gridserver.delivery.once import Outcome
from gridserver.dispatch import cards, looking, queries, service
from gridserver.dispatch.lifecycle import TASK

blueprint = Blueprint(
    "tasks", __name__, url_prefix="/api/v1/tasks", description="What one person must do."
)


class TaskArguments(context.PageArguments):
    state = ma.fields.String(load_default="open", validate=ma.validate.OneOf(("open", "all")))
    mine = ma.fields.Boolean(
        load_default=False,
        metadata={"description": "Only what one was offered and may sign, or has signed."},
    )


class TaskPageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(TaskCardSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class CommandSchema(ma.Schema):
    """A command. `id` is of the sender's making: the same id is the same command."""

    id = ma.fields.UUID(required=True)
    verb = ma.fields.String(
        required=True, metadata={"description": f"One of {', '.join(TASK.verbs)}."}
    )
    occurred_at = Moment(
        metadata={"description": "The sender's own clock. Recorded, never a ground for refusal."}
    )
    data = ma.fields.Dict(
        keys=ma.fields.String(),
        load_default=dict,
        metadata={
            "description": "report `{outcome, text, suspects?, offences?, persons_helped?}`; "
            "return, cancel `{reason}`; send_back `{remark}`; reassign `{to}`, or `{unit}` as "
            "the task's `advice` names it; hand_over `{agency, text}`; answer `{text}`; "
            "call_support `{text?}`; link `{to, kind}`; the others carry nothing."
        },
    )
    lon = ma.fields.Float(allow_none=True, metadata={"description": "Where the sender was."})
    lat = ma.fields.Float(allow_none=True)


class DoneSchema(ma.Schema):
    status = ma.fields.String(required=True, validate=ma.validate.OneOf(("done",)))
    task = ma.fields.Nested(TaskSchema, required=True)


def say(session: Session, actor: Principal, task_id: int, command: Command) -> Outcome:
    """Carry out a command to a task, by whichever door it came, in the language that was asked."""
    return service.command(session, actor, task_id, command, context.language())


@blueprint.route("")
class Tasks(MethodView):
    @blueprint.arguments(TaskArguments, location="query")
    @blueprint.response(200, TaskPageSchema)
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the tasks that one may see, newest first. That others' were looked through is
        recorded."""
        limit, language, actor = arguments["limit"], context.language(), context.principal()
        with context.transaction() as session:
            found = queries.page(
                session,
                actor,
                is_open=arguments["state"] == "open",
                mine=arguments["mine"],
                before=context.decode_number_cursor(arguments.get("cursor")),
                limit=limit + 1,
            )
            shown, following = context.cut(found, limit, lambda dossier: dossier.task.id)
            if not arguments["mine"]:
                looking.through_incidents(session, actor, {"state"}, len(shown))
        items = [cards.task_card(dossier, actor.account_id, language) for dossier in shown]
        return {"items": items, "next": following}


@blueprint.route("/<int(max=9223372036854775807):task_id>")
class Task(MethodView):
    @blueprint.etag
    @blueprint.response(200, TaskSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, task_id: int) -> dict[str, Any]:
        """Show one task with its offers and its history. The look is recorded."""
        actor = context.principal()
        with context.transaction() as session:
            found = looking.at_task(session, actor, task_id)
            return queries.detail(session, actor, found, context.language())


@blueprint.route("/<int(max=9223372036854775807):task_id>/commands")
class Commands(MethodView):
    @blueprint.arguments(CommandSchema)
    @blueprint.response(200, DoneSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, body: dict[str, Any], task_id: int) -> Response:
        """Say a verb to a task. One that no longer fits is kept as late, and answered 409
        `task.wrong_state` with the present `state` and `task`."""
        with context.transaction() as session:
            outcome = say(session, context.principal(), task_id, Command(**body))
        if outcome.status != 200:
            # The answer is stored (and a late command is kept), so the transaction stands.
            return problems.of_command(outcome)
        return jsonify(outcome.body)

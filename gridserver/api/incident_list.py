"""The list of incidents, as the room looks through them."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import request
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.moments import Moment
from gridserver.api.shapes_dispatch import IncidentSchema
from gridserver.base import reading
from gridserver.dispatch import cards, listing, looking
from gridserver.dispatch.listing import Wanted
from gridserver.force import people
from gridserver.incidents.searching import Reported
from gridserver.org import queries as org

blueprint = Blueprint(
    "incident_list", __name__, url_prefix="/api/v1", description="Looking through incidents."
)

_LONGEST = 200


class WantedArguments(ma.Schema):
    """Which incidents are looked for. The names are those of the pages' addresses, too."""

    state = ma.fields.String(
        load_default=listing.OPEN,
        metadata={
            "description": "Comma list of states of the task; `open` for those that haven't ended, "
            "`all` for any."
        },
    )
    station = ma.fields.String(
        metadata={"description": "Only incidents of this unit and what is below it."}
    )
    cell = ma.fields.String(metadata={"description": "Code of the cell."})
    category = ma.fields.String(metadata={"description": "Comma list of codes."})
    priority = ma.fields.String(
        validate=ma.validate.Regexp(r"[1-4](,[1-4]){0,3}\Z"),
        metadata={"description": "Comma list of 1 to 4."},
    )
    officer = ma.fields.String(
        metadata={"description": "Service number of who signed for it, or may sign it now."}
    )
    since = Moment(data_key="from", metadata={"description": "Reported then or later."})
    until = Moment(data_key="to", metadata={"description": "Reported before."})
    overdue = ma.fields.Boolean(
        load_default=False,
        metadata={"description": "Only unsigned ones for which a step's time to sign is over."},
    )
    q = ma.fields.String(
        metadata={"description": "Words of the address or of what was said, or the number."}
    )
    source = ma.fields.String(metadata={"description": "Who reported, e.g. 110."})


_FILTERS = {each.data_key or name for name, each in WantedArguments().fields.items()}


class IncidentListArguments(context.PageArguments, WantedArguments):
    """A page of them."""


class IncidentPageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(IncidentSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)
    total = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={
            "description": "How many there are on all pages. Null on a page after the first, and "
            f"for more than {listing.MOST_COUNTED}."
        },
    )


@blueprint.route("/incidents")
class IncidentList(MethodView):
    @blueprint.arguments(IncidentListArguments, location="query")
    @blueprint.response(200, IncidentPageSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the incidents that one may see, newest first. The search is recorded."""
        limit, language, actor = arguments["limit"], context.language(), context.principal()
        before = context.decode_number_cursor(arguments.get("cursor"))
        with context.transaction() as session:
            looked_for = wanted(session, arguments)
            found = listing.page(session, actor, looked_for, before=before, limit=limit + 1)
            total = None if before else listing.count(session, actor, looked_for)
            shown, following = context.cut(found, limit, lambda dossier: dossier.task.id)
            station = arguments.get("station") or ""
            looking.through_incidents(session, actor, _filters(), len(shown), station=station)
        items = [cards.incident_detail(dossier, language) for dossier in shown]
        return {"items": items, "next": following, "total": total}


def wanted(session: Session, arguments: dict[str, Any]) -> Wanted:
    """Return what `WantedArguments` ask for.

    Raises
    ------
    NotFound
        ``unit.unknown``.
    Invalid
        ``task.unknown_state``, ``roster.unknown_officer``, ``incident.bad_interval``, ``input.*``.
    """
    station, officer = arguments.get("station"), arguments.get("officer")
    reported = Reported(
        unit_path=station and org.unit_by_code(session, station, field="station").path,
        cell=_text(arguments, "cell"),
        categories=_listed(_text(arguments, "category")),
        priorities=tuple(map(int, _listed(arguments.get("priority")))),
        since=arguments.get("since"),
        until=arguments.get("until"),
        source=_text(arguments, "source"),
        words=_text(arguments, "q"),
    )
    reported.check()
    numbers = people.by_number(session, [officer], field="officer") if officer else {}
    return Wanted(
        states=listing.read_states(arguments["state"]),
        holder=next((each.account_id for each in numbers.values()), None),
        is_overdue=arguments["overdue"],
        reported=reported,
    )


def _filters() -> set[str]:
    """Return the names of the filters that the request gives."""
    return _FILTERS & request.args.keys()


def _text(arguments: dict[str, Any], name: str) -> str | None:
    return reading.optional_text(arguments.get(name), name, longest=_LONGEST)


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())

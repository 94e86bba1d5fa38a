"""Editing a draft in the browser: its arcs, each edit, undo and redo, who did what."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable
from typing import Any

import marshmallow as ma
import webargs as wa
from flask import Response, request
from flask.views import MethodView
from flask_smorest.exceptions import PreconditionRequired
from sqlalchemy.orm import Session

from gis.arcs import ArcCoverage
from gridserver.access.rules import require
from gridserver.api import context, idempotency
from gridserver.api.blueprint import Blueprint
from gridserver.api.grids import VersionSchema
from gridserver.api.moments import Moment
from gridserver.base.clock import now
from gridserver.grids import (
    attributes,
    drafts,
    edit_log,
    edit_verbs,
    queries,
    texts,
    topology,
    versions,
)
from gridserver.grids.drafts import Changed
from gridserver.grids.models import DraftEdit
from gridserver.incidents import queries as incidents

#: The incidents that an editor counts in each cell.
CALLS = dt.timedelta(days=30)

blueprint = Blueprint(
    "grids_editing",
    __name__,
    url_prefix="/api/v1/grid/versions/<name>",
    description="Drafts edited as shared boundaries.",
)

_POSITION = ma.fields.Tuple((ma.fields.Float(), ma.fields.Float()))
_LINE = ma.fields.List(_POSITION, validate=ma.validate.Length(max=100_000))
_REFS = ma.fields.List(ma.fields.Integer())


class ChangeHeadersSchema(idempotency.IdempotencySchema):
    """A change of a draft; sent again with the key of the first, it is not done twice."""

    if_match = ma.fields.String(
        data_key="If-Match",
        metadata={"description": "The revision that the change was made on, as its ETag."},
    )


_OUTLINE = ma.fields.List(
    ma.fields.Integer(),
    required=True,
    metadata={"description": "Those of `arcs` with no ground of the draft on one side."},
)


class FaceSchema(ma.Schema):
    """A connected piece of ground: a gap where no cell has it, an overlap where several do."""

    cells = ma.fields.List(ma.fields.String(), required=True)
    rings = ma.fields.List(
        _REFS,
        required=True,
        metadata={"description": "Arcs, the face on their left: n forwards, -n-1 backwards."},
    )


EditedCellSchema = ma.Schema.from_dict(
    {
        "name": ma.fields.String(required=True),
        "station": ma.fields.String(required=True, allow_none=True),
        "team": ma.fields.String(required=True, allow_none=True),
        "class": ma.fields.String(required=True, allow_none=True),
        **{name: ma.fields.Integer(required=True, allow_none=True) for name in attributes.COUNTED},
        "area_m2": ma.fields.Float(required=True),
        "calls": ma.fields.Integer(
            required=True, metadata={"description": "Incidents there in the last 30 days."}
        ),
    },
    name="EditedCellSchema",
)


def _by_id(value: ma.fields.Field, description: str) -> ma.fields.Dict:
    return ma.fields.Dict(
        ma.fields.String(), value, required=True, metadata={"description": description}
    )


def _check_box(box: tuple[float, float, float, float]) -> None:
    west, south, east, north = box
    if west > east or south > north:
        raise ma.ValidationError("Give west,south,east,north: the lower corner first.")


class TopologyArguments(ma.Schema):
    bbox = wa.fields.DelimitedTuple(
        (ma.fields.Float(),) * 4,
        validate=_check_box,
        metadata={
            "description": "west,south,east,north in EPSG:4326: only the faces that meet it, with "
            "all their arcs, and the nodes whose arcs are all among these."
        },
    )


class TopologySchema(ma.Schema):
    revision = ma.fields.Integer(required=True)
    cells_total = ma.fields.Integer(
        required=True, metadata={"description": "Cells of the draft, shown here or not."}
    )
    arcs = _by_id(ma.fields.List(_POSITION), "Stretches of boundary, from node to node.")
    outline = _OUTLINE
    nodes = _by_id(_REFS, "The arcs that set out from each, counterclockwise.")
    faces = _by_id(ma.fields.Nested(FaceSchema), "Pieces of ground.")
    cells = _by_id(ma.fields.Nested(EditedCellSchema), "By code.")


class EditMadeSchema(ma.Schema):
    id = ma.fields.Integer(required=True)
    verb = ma.fields.String(required=True)
    text = ma.fields.String(required=True)
    area_change_m2 = _by_id(ma.fields.Float(), "By how much the area of which cell changed.")
    undone = ma.fields.Boolean(required=True)


class EditResultSchema(ma.Schema):
    """What a change has changed; null for what is gone."""

    revision = ma.fields.Integer(required=True)
    edit = ma.fields.Nested(EditMadeSchema, required=True)
    reload = ma.fields.Boolean(
        required=True,
        metadata={"description": "The arcs were drawn anew: load the topology again."},
    )
    arcs = _by_id(
        ma.fields.List(_POSITION, allow_none=True),
        "Those that changed, and the others around the faces and nodes that changed.",
    )
    outline = _OUTLINE
    nodes = _by_id(ma.fields.List(ma.fields.Integer(), allow_none=True), "Those that changed.")
    faces = _by_id(ma.fields.Nested(FaceSchema, allow_none=True), "Those that changed.")
    cells = _by_id(ma.fields.Nested(EditedCellSchema, allow_none=True), "Those that changed.")


class HistoryEntrySchema(EditMadeSchema):
    revision = ma.fields.Integer(required=True)
    by = ma.fields.String(required=True, allow_none=True)
    at = Moment(required=True)


class HistoryPageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(HistoryEntrySchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class CopySchema(ma.Schema):
    name = ma.fields.String(required=True, metadata={"description": "What to call the draft."})


EditSchema = ma.Schema.from_dict(
    {
        "verb": ma.fields.String(
            required=True,
            validate=ma.validate.OneOf((*edit_verbs.VERBS, attributes.VERB)),
            metadata={"description": "Which edit; each takes only arguments of its own."},
        ),
        **{
            name: ma.fields.Integer(strict=True, validate=ma.validate.Range(min=0))
            for name in ("arc", "node", "face", "index", "first", "last")
        },
        **{name: ma.fields.Float() for name in ("lon", "lat")},
        **{
            name: ma.fields.String(validate=ma.validate.Length(1, 100))
            for name in ("code", "new_code", "into", "from", "to", "name")
        },
        **{name: ma.fields.String(allow_none=True) for name in ("station", "team")},
        "class": ma.fields.String(validate=ma.validate.OneOf(attributes.CLASSES), allow_none=True),
        **{
            name: ma.fields.Integer(
                strict=True, validate=ma.validate.Range(0, attributes.MOST_COUNTED), allow_none=True
            )
            for name in attributes.COUNTED
        },
        "codes": ma.fields.List(ma.fields.String(), validate=ma.validate.Length(2, 1000)),
        "coords": _LINE,
        "line": _LINE,
        "polygon": ma.fields.Dict(metadata={"description": "GeoJSON Polygon without holes."}),
        "allow_outline": ma.fields.Boolean(
            metadata={"description": "The outer boundary may move too; else it is refused."}
        ),
    },
    name="EditSchema",
)


@blueprint.route("/topology")
class Topology(MethodView):
    @blueprint.arguments(TopologyArguments, location="query")
    @blueprint.response(200, TopologySchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def get(self, arguments: dict[str, Any], name: str) -> Response:
        """Open a draft: its boundaries as arcs that neighbours share, its ETag the revision."""
        with context.transaction() as session:
            version, coverage = drafts.open_draft(session, context.principal(), name)
            if box := arguments.get("bbox"):
                document = topology.within(session, version, coverage, box)
            else:
                document = topology.whole(session, version, coverage)
            _count_calls(session, document, coverage)
        return _respond(document)


@blueprint.route("/edits")
class Edits(MethodView):
    @blueprint.arguments(context.PageArguments, location="query")
    @blueprint.response(200, HistoryPageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, page: dict[str, Any], name: str) -> dict[str, Any]:
        """Say who changed what in a draft, the newest first."""
        before, limit = context.decode_number_cursor(page.get("cursor")), page["limit"]
        with context.transaction() as session:
            require(context.principal(), "grid.read")
            version = queries.version(session, name)
            found = edit_log.page(session, version.id, before=before, limit=limit + 1)
        shown, following = context.cut(found, limit, lambda each: each[0].number)
        items = [_entry(entry) | {"by": username} for entry, username in shown]
        return {"items": items, "next": following}

    @blueprint.arguments(ChangeHeadersSchema, location="headers")
    @blueprint.arguments(EditSchema)
    @blueprint.response(200, EditResultSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.alt_response(412, "PRECONDITION_FAILED")
    @blueprint.alt_response(428, "PRECONDITION_REQUIRED")
    def post(self, headers: dict[str, Any], body: dict[str, Any], name: str) -> Response:
        """Change a draft's boundaries or attributes; a refusal says where (`lon`, `lat`)."""
        arguments = {key: value for key, value in body.items() if key != "verb"}
        return change(
            name,
            body,
            lambda session, actor, draft: drafts.edit(
                session, actor, draft, body["verb"], arguments
            ),
        )


@blueprint.route("/undo")
class Undo(MethodView):
    @blueprint.arguments(ChangeHeadersSchema, location="headers")
    @blueprint.response(200, EditResultSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.alt_response(412, "PRECONDITION_FAILED")
    @blueprint.alt_response(428, "PRECONDITION_REQUIRED")
    def post(self, headers: dict[str, Any], name: str) -> Response:
        """Take back the last change of a draft, whoever made it."""
        return change(name, {}, drafts.undo)


@blueprint.route("/redo")
class Redo(MethodView):
    @blueprint.arguments(ChangeHeadersSchema, location="headers")
    @blueprint.response(200, EditResultSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.alt_response(412, "PRECONDITION_FAILED")
    @blueprint.alt_response(428, "PRECONDITION_REQUIRED")
    def post(self, headers: dict[str, Any], name: str) -> Response:
        """Do again what was undone last."""
        return change(name, {}, drafts.redo)


@blueprint.route("/copy")
class Copy(MethodView):
    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(CopySchema)
    @blueprint.response(201, VersionSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, headers: dict[str, Any], body: dict[str, Any], name: str) -> Response:
        """Make a draft of any version: to edit it, or to go back to it."""

        def copy() -> dict[str, Any]:
            made = versions.copy(session, context.principal(), name, body["name"])
            return VersionSchema().dump(queries.card(session, made))

        with context.transaction() as session:
            document = idempotency.succeed_once(session, body, copy)
        return idempotency.created(document)


def expected_revision() -> int:
    """Return the revision that the request's If-Match names; -1 for none that there can be.

    Raises
    ------
    PreconditionRequired
        There is no If-Match (428).
    """
    if not request.if_match:
        raise PreconditionRequired
    tags = [tag for tag in context.if_match() if tag.isascii() and tag.isdigit()]
    return int(tags[0]) if len(tags) == 1 and len(tags[0]) < 19 else -1


def result(session: Session, changed: Changed) -> dict[str, Any]:
    """Return what a change has changed, as `EditResultSchema` says."""
    document = topology.delta(session, changed)
    document["edit"]["text"] = _said(changed.entry)
    if changed.coverage is not None:
        _count_calls(session, document, changed.coverage)
    return document


def change(name: str, said: dict[str, Any], verb: Callable[..., Changed]) -> Response:
    """Answer a change of a draft, made once on the revision that If-Match names.

    Parameters
    ----------
    said
        What was asked for, which one Idempotency-Key stands for.
    verb
        Takes the session, the actor and the locked draft.
    """
    revision = expected_revision()

    def work() -> dict[str, Any]:
        actor = context.principal()
        draft = drafts.locked_draft(session, actor, name, revision)
        return result(session, verb(session, actor, draft))

    with context.transaction() as session:
        document = idempotency.succeed_once(session, said | {"revision": revision}, work)
    return _respond(document)


def _count_calls(session: Session, document: dict[str, Any], coverage: ArcCoverage) -> None:
    cells = {code: cell for code, cell in document["cells"].items() if cell is not None}
    if not cells:
        return
    within = _bounds(coverage.polygon(code).bounds for code in cells)
    points = incidents.points_since(session, now(session) - CALLS, within)
    for code, count in topology.calls(coverage, cells, points).items():
        cells[code]["calls"] = count


def _bounds(boxes: Iterable[tuple[float, ...]]) -> tuple[float, float, float, float]:
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def _entry(entry: Any) -> dict[str, Any]:
    return {
        "id": entry.number,
        "revision": entry.revision,
        "verb": entry.verb,
        "text": _said(entry),
        "area_change_m2": entry.area_change_m2,
        "undone": entry.undone,
        "at": entry.at,
    }


def _said(entry: DraftEdit) -> str:
    return texts.sentence(entry, context.language())


def _respond(document: dict[str, Any]) -> Response:
    """Return a draft, or a change of it: straight to text, since it may have a million numbers."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    response = Response(text, content_type="application/json")
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(str(document["revision"]))
    return response

"""Places from a file: upload it, say which column is which, write it part by part."""

from __future__ import annotations

import uuid
from typing import Any

import marshmallow as ma
from flask import Response, request, send_file
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.api import context, idempotency
from gridserver.api.blueprint import Blueprint
from gridserver.api.places import EDIT, require_keeper
from gridserver.api.uploading import FILE_FORM, UploadSchema, receive
from gridserver.base.clock import now
from gridserver.base.errors import NotFound
from gridserver.grids.uploads import Uploads
from gridserver.places.imports import Import, Imports
from gridserver.places.preparing import Asked, summarize
from gridserver.places.rules import KINDS

blueprint = Blueprint(
    "places_import", __name__, url_prefix="/api/v1/places", description="Places from a file."
)

_ONE = "/imports/<uuid:import_id>"


class PlaceImportDraftSchema(ma.Schema):
    """Which upload to import, and which of its columns are which."""

    upload = ma.fields.UUID(required=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(KINDS))
    source = ma.fields.String(required=True, metadata={"description": "Where they are from."})
    name_field = ma.fields.String(required=True)
    id_field = ma.fields.String(
        metadata={"description": "What the source calls a place; else its name and address."}
    )
    address_field = ma.fields.String()
    alias_field = ma.fields.String(metadata={"description": "Apart by commas."})
    lon_field = ma.fields.String(metadata={"description": "Of a table: longitude or easting."})
    lat_field = ma.fields.String(metadata={"description": "Of a table: latitude or northing."})
    layer = ma.fields.String(metadata={"description": "Needed where the file has several."})
    crs = ma.fields.String(
        metadata={"description": "EPSG:n, gcj02 or bd09; needed unless the file says."}
    )


class PlaceImportSchema(ma.Schema):
    """A file that was read and checked; its good rows are written part by part."""

    id = ma.fields.UUID(required=True)
    source = ma.fields.String(required=True)
    file = ma.fields.String(required=True)
    kind = ma.fields.String(required=True)
    rows = ma.fields.Integer(required=True)
    rejected = ma.fields.Integer(required=True, metadata={"description": "How many rows are bad."})
    parts = ma.fields.Integer(required=True)


class WrittenPartSchema(ma.Schema):
    """What became of a part's places."""

    added = ma.fields.Integer(required=True)
    changed = ma.fields.Integer(required=True)
    same = ma.fields.Integer(required=True)
    kept = ma.fields.Integer(
        required=True, metadata={"description": "Changed by hand before, and left as they are."}
    )


@blueprint.route("/uploads")
class PlaceUploads(MethodView):
    @blueprint.doc(requestBody=FILE_FORM)
    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.response(201, UploadSchema)
    @blueprint.alt_response(413, "REQUEST_ENTITY_TOO_LARGE")
    @blueprint.alt_response(422, "UNPROCESSABLE_ENTITY")
    def post(self, headers: dict[str, Any]) -> Response:
        """Bring a file: csv, xlsx or GeoPackage, up to 256 MB. It is kept for a day."""
        return receive(_uploads(), EDIT)


@blueprint.route("/imports")
class PlaceImports(MethodView):
    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(PlaceImportDraftSchema)
    @blueprint.response(201, PlaceImportSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def post(self, headers: dict[str, Any], body: dict[str, Any]) -> Response:
        """Read and check an upload. Nothing is in the gazetteer yet: its parts are written one
        after the other. It is kept for a day."""
        said = request.get_json()
        with context.transaction() as session:
            actor = context.principal()
            require_keeper(session, actor)
            at = now(session)
            if answer := idempotency.answered_before(session, said):
                return idempotency.created(answer)
        file = _uploads().file(actor, body.pop("upload"))
        record = _imports().start(actor, file, body.pop("source"), Asked(**body), at)
        with context.database().transaction() as session:
            document = idempotency.succeed_once(
                session, said, lambda: PlaceImportSchema().dump(record)
            )
        if document["id"] != str(record.id):
            _imports().remove(record)
        return idempotency.created(document)


@blueprint.route(f"{_ONE}/parts/<int:part>")
class PlaceImportPart(MethodView):
    @blueprint.response(200, WrittenPartSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def post(self, import_id: uuid.UUID, part: int) -> dict[str, int]:
        """Have the gazetteer say what a part says, counted from 0. Written twice it changes
        nothing."""
        with context.transaction() as session:
            record = _found(session, import_id)
            counts = _imports().write(session, context.principal(), record, part)
        return {said: counts[said] for said in ("added", "changed", "same", "kept")}


@blueprint.route(f"{_ONE}/rejects")
class PlaceImportRejects(MethodView):
    @blueprint.response(200, content_type="text/csv")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, import_id: uuid.UUID) -> Response:
        """Give the bad rows as a table, each with the reason, to be mended and imported."""
        with context.transaction() as session:
            rejects = _imports().rejects(_found(session, import_id))
        if rejects is None:
            raise NotFound("place.no_rejects", "None of the rows was bad.")
        return send_file(rejects, mimetype="text/csv", as_attachment=True)


def _found(session: Session, import_id: uuid.UUID) -> Import:
    actor = context.principal()
    require_keeper(session, actor)
    return _imports().find(actor, import_id)


def _uploads() -> Uploads:
    return Uploads(context.settings().var / "place-uploads", summarize)


def _imports() -> Imports:
    return Imports(context.settings().var / "place-imports")

"""A grid from a file: upload it, make a draft of it, see its faults."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response, request
from flask.views import MethodView

from gis.crs import parse_crs
from gis.files import read_area_safely, read_layer_safely
from gridserver.access.rules import require
from gridserver.api import context, idempotency
from gridserver.api.blueprint import Blueprint
from gridserver.api.grids import VersionSchema
from gridserver.api.uploading import FILE_FORM, UploadSchema, receive
from gridserver.grids import queries, service, texts
from gridserver.grids.uploads import Uploads
from gridserver.org import queries as org

blueprint = Blueprint(
    "grids_intake", __name__, url_prefix="/api/v1/grid", description="A grid from a file."
)


class DraftSchema(ma.Schema):
    """Which upload to make a draft of, and which of its fields are which."""

    upload = ma.fields.UUID(required=True)
    name = ma.fields.String(required=True, metadata={"description": "What to call the version."})
    layer = ma.fields.String(metadata={"description": "Needed where the file has several."})
    code_field = ma.fields.String(required=True)
    name_field = ma.fields.String()
    station_field = ma.fields.String()
    crs = ma.fields.String(
        metadata={"description": "EPSG:n, gcj02 or bd09; overrules the file, with a warning."}
    )
    merge_parts = ma.fields.Boolean(
        load_default=False, metadata={"description": "Join the polygons of one code."}
    )
    outline_upload = ma.fields.UUID(
        metadata={"description": "An upload with the bureau's area, which the cells are to fill."}
    )


class ImportedVersionSchema(VersionSchema):
    warnings = ma.fields.List(
        ma.fields.String(), required=True, metadata={"description": "What to look at."}
    )


@blueprint.route("/uploads")
class UploadedFiles(MethodView):
    @blueprint.doc(requestBody=FILE_FORM)
    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.response(201, UploadSchema)
    @blueprint.alt_response(413, "REQUEST_ENTITY_TOO_LARGE")
    @blueprint.alt_response(422, "UNPROCESSABLE_ENTITY")
    def post(self, headers: dict[str, Any]) -> Response:
        """Bring a file: Shapefile (.zip), GeoPackage, GeoJSON, Esri JSON or KML, up to 256 MB.

        The answer says what layers and fields it has. It is kept for a day.
        """
        return receive(_uploads(), "grid.edit")


@blueprint.route("/versions")
class Drafts(MethodView):
    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(DraftSchema)
    @blueprint.response(201, ImportedVersionSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, headers: dict[str, Any], body: dict[str, Any]) -> Response:
        """Make a draft of an upload and check it, whatever its faults are."""
        said = request.get_json()
        with context.transaction() as session:
            actor = context.principal()
            require(actor, "grid.edit", org.bureau(session).path)
            if answer := idempotency.answered_before(session, said):
                return idempotency.created(answer)
        name = body.pop("name")
        file = _uploads().file(actor, body.pop("upload"))
        outline = body.pop("outline_upload", None)
        outline_file = _uploads().file(actor, outline) if outline else None
        source = body | {"file": file.name, "outline": outline_file and outline_file.name}
        crs = parse_crs(body.pop("crs")) if "crs" in body else None
        layer = read_layer_safely(file, crs=crs, **body)
        area = read_area_safely(outline_file, crs=crs) if outline_file else None
        source["crs"] = layer.crs.name

        def keep() -> dict[str, Any]:
            draft = service.import_draft(
                session, actor, layer, name=name, outline=area, source=source
            )
            service.check(session, actor, name)
            card = queries.card(session, draft)
            warnings = [texts.kept(each, context.language()) for each in draft.source["warnings"]]
            return ImportedVersionSchema().dump({**vars(card), "warnings": warnings})

        with context.database().transaction() as session:
            return idempotency.created(idempotency.succeed_once(session, said, keep))


def _uploads() -> Uploads:
    return Uploads(context.settings().var / "uploads")

"""Files brought by a form, to be imported afterwards."""

from __future__ import annotations

import marshmallow as ma
from flask import Response, request

from gridserver.access.rules import require
from gridserver.api import context, idempotency
from gridserver.base.clock import now
from gridserver.base.errors import Invalid
from gridserver.grids.uploads import LARGEST_BYTES, Uploads
from gridserver.org import queries as org

_FRAME_BYTES = 1 << 16  # what a multipart form puts around the file


class FieldSummarySchema(ma.Schema):
    name = ma.fields.String(required=True)
    sample = ma.fields.List(
        ma.fields.String(), required=True, metadata={"description": "A few of its values."}
    )


class LayerSummarySchema(ma.Schema):
    name = ma.fields.String(required=True)
    fields_ = ma.fields.List(
        ma.fields.Nested(FieldSummarySchema), required=True, data_key="fields", attribute="fields"
    )
    features = ma.fields.Integer(required=True)
    crs = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "What the file says; null: state one to import it."},
    )


class UploadSchema(ma.Schema):
    upload = ma.fields.UUID(required=True, attribute="id")
    name = ma.fields.String(required=True)
    size = ma.fields.Integer(required=True, metadata={"description": "Bytes."})
    layers = ma.fields.List(ma.fields.Nested(LayerSummarySchema), required=True)


FILE_FORM = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"file": {"type": "string", "contentMediaType": "*/*"}},
                "required": ["file"],
            }
        }
    },
}


def receive(uploads: Uploads, permission: str) -> Response:
    """Keep the file of the request, and answer 201 with what it holds (`UploadSchema`).

    Raises
    ------
    Forbidden, Invalid, GisError
        The account may not do `permission` for the bureau; ``upload.*``; what can't be imported.
    """
    # The transaction ends before the body is read: that may take as long as a slow line does.
    with context.transaction() as session:
        actor = context.principal()
        require(actor, permission, org.bureau(session).path)
        at = now(session)
    request.max_content_length = LARGEST_BYTES + _FRAME_BYTES
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid("upload.no_file", "Send the file as `file` of a form.", field="file")
    upload = uploads.keep(actor, file.filename, file.stream, at)
    said = {"file": upload.name, "size": upload.size}
    with context.database().transaction() as session:
        document = idempotency.succeed_once(session, said, lambda: UploadSchema().dump(upload))
    if document["upload"] != str(upload.id):
        uploads.remove(upload)
    return idempotency.created(document)

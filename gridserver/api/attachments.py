"""Photos: announced, sent in pieces, checked, and shown through what they belong to.

Field names as in the IETF's resumable uploads and tus: a piece says its ``Upload-Offset``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import marshmallow as ma
from flask import Response, request, send_file
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.moments import Moment
from gridserver.attachments import inspection, queries, service
from gridserver.attachments.rules import (
    LARGEST_BYTES,
    MEDIA_TYPES,
    PIECE_BYTES,
    UPLOAD,
    read_announcement,
    read_sha256,
)
from gridserver.attachments.service import Candidate, Progress
from gridserver.attachments.store import Store
from gridserver.base.errors import Invalid
from gridserver.bulletins import looking as bulletin_looking
from gridserver.bulletins import service as bulletins
from gridserver.captures import queries as capture_queries
from gridserver.captures import service as captures
from gridserver.dispatch import queries as dispatch_queries
from gridserver.dispatch import service as dispatch

PIECE_MEDIA_TYPE = "application/octet-stream"
OFFSET = "Upload-Offset"

blueprint = Blueprint(
    "attachments",
    __name__,
    url_prefix="/api/v1/attachments",
    description="Photos, by the hash of their content.",
)

#: kind → raises unless the reader may see the subject.
_READERS: Mapping[str, Callable[[Session, Principal, int], object]] = {
    "task": dispatch_queries.task_for,
    "capture": capture_queries.capture_for,
    "bulletin": bulletin_looking.may_see_photo,
}
#: kind → shows it again to those who look at it.
_TELLERS: Mapping[str, Callable[[Session, int], None]] = {
    "task": dispatch.show_again,
    "capture": captures.show_again,
    "bulletin": bulletins.show_again,
}

_ID = ma.validate.Range(1, 2**63 - 1)


class AnnouncementSchema(ma.Schema):
    """What is going to be sent."""

    sha256 = ma.fields.String(
        required=True, metadata={"description": "Of the whole, as 64 lower-case hex digits."}
    )
    size = ma.fields.Integer(
        required=True, strict=True, metadata={"description": f"Bytes, at most {LARGEST_BYTES}."}
    )
    media_type = ma.fields.String(
        required=True, metadata={"description": f"One of {', '.join(MEDIA_TYPES)}."}
    )
    taken_at = Moment(allow_none=True)
    lon = ma.fields.Float(allow_none=True, metadata={"description": "Where it was taken."})
    lat = ma.fields.Float(allow_none=True)


class UploadProgressSchema(ma.Schema):
    """How far an upload is; `received` is the offset of the next piece."""

    sha256 = ma.fields.String(required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(UPLOAD.states))
    received = ma.fields.Integer(required=True)
    size = ma.fields.Integer(required=True)
    piece_bytes = ma.fields.Integer(
        required=True, metadata={"description": "The most that a piece may have."}
    )
    refusal = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": f"One of {', '.join(inspection.REFUSALS)}."},
    )


class OffsetSchema(ma.Schema):
    class Meta:
        unknown = ma.EXCLUDE

    offset = ma.fields.Integer(
        required=True,
        data_key=OFFSET,
        validate=ma.validate.Range(0, LARGEST_BYTES),
        metadata={"description": "Where in the content the piece begins."},
    )


class SubjectSchema(ma.Schema):
    """What the attachment is read through: just one of them."""

    task = ma.fields.Integer(validate=_ID)
    capture = ma.fields.Integer(validate=_ID)
    bulletin = ma.fields.Integer(validate=_ID)


_PIECE = {
    "required": True,
    "description": f"Up to {PIECE_BYTES} bytes of the content; none at its end asks for the check.",
    "content": {PIECE_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
}
_IMAGES = {
    "description": "The picture.",
    "content": {
        media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in MEDIA_TYPES
    },
}


@blueprint.route("")
class Attachments(MethodView):
    @blueprint.arguments(AnnouncementSchema)
    @blueprint.response(200, UploadProgressSchema)
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, body: dict[str, Any]) -> Progress:
        """Announce a content, and learn where to go on: the same again is the same upload.

        What was refused, or announced differently, begins anew.
        """
        said = read_announcement(body)
        with context.transaction() as session:
            return service.announce(session, context.principal(), _store(), said)


@blueprint.route("/<sha256>")
class Attachment(MethodView):
    @blueprint.doc(requestBody=_PIECE)
    @blueprint.arguments(OffsetSchema, location="headers")
    @blueprint.response(200, UploadProgressSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.alt_response(422, "UNPROCESSABLE_ENTITY")
    @blueprint.alt_response(503, "SERVICE_UNAVAILABLE")
    def patch(self, headers: dict[str, Any], sha256: str) -> Progress:
        """Send a piece. With the last one the whole is checked: `state` says what came of it.

        At another offset than the present one: 409 `attachment.wrong_offset` with `offset`.
        """
        actor, store, sha256 = context.principal(), _store(), read_sha256(sha256, "sha256")
        # The transaction ends before the body is read: that may take as long as a slow line does.
        with context.transaction():
            pass
        request.max_content_length = PIECE_BYTES
        piece = request.get_data(cache=False)
        with context.database().transaction() as session:
            progress = service.receive(session, actor, store, sha256, headers["offset"], piece)
        if not progress.is_all_here:
            return progress
        return _check(actor, store, sha256)

    @blueprint.doc(responses={200: _IMAGES})
    @blueprint.arguments(SubjectSchema, location="query")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any], sha256: str) -> Response:
        """Show an attachment through what it belongs to. Each look is written down."""
        sha256 = read_sha256(sha256, "sha256")
        if len(arguments) != 1:
            names = " or ".join(_READERS)
            raise Invalid("attachment.subject", f"Say what it belongs to: {names}.", field="task")
        ((kind, subject_id),) = arguments.items()
        with context.transaction() as session:
            actor = context.principal()
            _READERS[kind](session, actor, subject_id)
            content = queries.content_of(session, kind, subject_id, sha256)
            service.record_reading(session, actor, kind, subject_id, sha256)
        response = send_file(
            _store().content(sha256),
            mimetype=content.media_type,
            download_name=f"{sha256}.{inspection.FORMATS[content.media_type].lower()}",
            etag=False,
        )
        # Whatever else the bytes may be, here they are a picture and nothing runs.
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response.headers["Cache-Control"] = "private, no-store"
        return response


def _check(actor: Principal, store: Store, sha256: str) -> Progress:
    """Examine what is all here, outside of any transaction, and settle it."""
    with context.database().transaction() as session:
        candidate = service.candidate(session, actor, store, sha256)
        if candidate is None:  # another request was faster
            return service.progress_of(session, actor, store, sha256)
    refusal = inspection.examine_safely(candidate.path, sha256, candidate.media_type)
    with context.database().transaction() as session:
        return _settle(session, actor, store, candidate, refusal)


def _settle(
    session: Session, actor: Principal, store: Store, candidate: Candidate, refusal: str | None
) -> Progress:
    progress = service.settle(session, actor, store, candidate, refusal)
    for kind, subject_id in queries.subjects_of(session, progress.sha256, actor.account_id):
        _TELLERS[kind](session, subject_id)
    return progress


def _store() -> Store:
    return Store(context.settings().attachments)

"""The blueprint of every described route: flask-smorest's, with what holds for all of them."""

from __future__ import annotations

from typing import Any

import flask_smorest
import marshmallow as ma
from flask import Request, Response
from flask_smorest.exceptions import NotModified
from webargs.flaskparser import FlaskParser

from gridserver.base import documents
from gridserver.base.errors import Invalid


class Parser(FlaskParser):
    """Refuses what no document may hold: texts that can't be stored, and lists in lists in lists
    without end."""

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        try:
            document = super().load_json(req, schema)
        except RecursionError as error:
            raise _too_deep() from error
        if documents.is_deep(document):
            raise _too_deep()
        return _of_texts(document)

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        for name, value in req.args.items(multi=True):
            _of_texts({name: value})
        return super().load_querystring(req, schema)


class Blueprint(flask_smorest.Blueprint):
    """flask-smorest's blueprint over `Parser`, whose OpenAPI names the refusals that come before
    a view is entered."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(_describe_refusals)

    def arguments(self, schema: Any, **kwargs: Any) -> Any:
        # An instance, since of a class webargs would make one for every request.
        return super().arguments(schema() if isinstance(schema, type) else schema, **kwargs)

    def _check_not_modified(self, etag: str) -> None:
        try:
            super()._check_not_modified(etag)
        except NotModified as error:
            # RFC 9110, 15.4.5: a 304 carries the ETag that a 200 would have carried.
            answer = Response(status=304)
            answer.set_etag(etag)
            raise NotModified(response=answer) from error


def _describe_refusals(
    doc: dict[str, Any], info: dict[str, Any], *, method: str, **_: Any
) -> dict[str, Any]:
    """Add to an operation's description what `context.guard` and `Parser` answer."""
    responses = doc["responses"]
    is_change = method not in {"get", "head"}
    needs_session = info.get("manual_doc", {}).get("security") != []
    if needs_session:
        responses.setdefault(401, "UNAUTHORIZED")
        if is_change:  # a cookie needs its CSRF token, whoever asks
            responses.setdefault(403, "FORBIDDEN")
    if is_change or needs_session:
        responses.setdefault(429, "TOO_MANY_REQUESTS")
    if "requestBody" in doc:
        responses.setdefault(400, "BAD_REQUEST")
        responses.setdefault(408, "REQUEST_TIMEOUT")
        responses.setdefault(413, "REQUEST_ENTITY_TOO_LARGE")
    return doc


def _of_texts(document: Any) -> Any:
    field = documents.bad_text(document)
    if field is not None:
        said = f"{field or 'body'}: holds a character that no text has."
        raise Invalid("input.characters", said, field=field or "body")
    return document


def _too_deep() -> ma.ValidationError:
    return ma.ValidationError({"body": ["Lists and objects lie too deep within each other."]})

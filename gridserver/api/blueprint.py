"""The blueprint of every described route: flask-smorest's, with what holds for all of them."""

from __future__ import annotations

from typing import Any

import flask_smorest
import marshmallow as ma
from flask import Request, Response
from flask_smorest.exceptions import NotModified
from webargs.flaskparser import FlaskParser


class Parser(FlaskParser):
    """Refuses U+0000 in any text: PostgreSQL has no such character, and no name has one."""

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        return _without_nul(super().load_json(req, schema))

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        for name, value in req.args.items(multi=True):
            _without_nul({name: value})
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
    if info.get("manual_doc", {}).get("security") != []:
        responses.setdefault(401, "UNAUTHORIZED")
        if method not in {"get", "head"}:  # a cookie needs its CSRF token, whoever asks
            responses.setdefault(403, "FORBIDDEN")
    if method not in {"get", "head"}:
        responses.setdefault(429, "TOO_MANY_REQUESTS")
    if "requestBody" in doc:
        responses.setdefault(400, "BAD_REQUEST")
        responses.setdefault(408, "REQUEST_TIMEOUT")
        responses.setdefault(413, "REQUEST_ENTITY_TOO_LARGE")
    return doc


def _without_nul(document: Any, field: str = "") -> Any:
    if isinstance(document, str) and "\0" in document:
        raise ma.ValidationError({field or "body": ["U+0000 is no character of a text."]})
    if isinstance(document, dict):
        for name, value in document.items():
            _without_nul(name)
            _without_nul(value, field or str(name))
    elif isinstance(document, list):
        for value in document:
            _without_nul(value, field)
    return document

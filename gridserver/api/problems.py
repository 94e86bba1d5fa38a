"""Errors as ``application/problem+json`` (RFC 9457), one table for the whole API."""

from __future__ import annotations

import http
import json
from typing import Any

import marshmallow as ma
from flask import Flask, Response, request
from flask_smorest import Api
from flask_smorest.utils import prepare_response
from sqlalchemy.exc import OperationalError
from structlog import get_logger
from werkzeug.exceptions import HTTPException

from gis.errors import BusyError, GisError
from gridserver.api import context
from gridserver.base.errors import (
    Conflict,
    Forbidden,
    GridserverError,
    Invalid,
    Limited,
    NotFound,
    Stale,
    Unauthenticated,
    Unavailable,
)
from gridserver.delivery.once import Outcome
from gridserver.grids import texts

MEDIA_TYPE = "application/problem+json"
#: Where a library says that the input can't be right.
_BAD_INPUT = frozenset({400, 422})

STATUS: dict[type[GridserverError], int] = {
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Stale: 412,
    Invalid: 422,
    Limited: 429,
    Unavailable: 503,
}

log = get_logger()


class ProblemSchema(ma.Schema):
    """A refusal. `code` is stable; `detail` is for people and names the remedy."""

    class Meta:
        unknown = ma.INCLUDE

    type = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    code = ma.fields.String(required=True)
    detail = ma.fields.String(required=True)
    field = ma.fields.String(metadata={"description": "The input field at fault."})
    errors = ma.fields.Dict(metadata={"description": "Every field at fault, with its messages."})
    params = ma.fields.Dict(metadata={"description": "The values that `detail` names."})
    lon = ma.fields.Float(metadata={"description": "Where it is that something can't be done."})
    lat = ma.fields.Float()


class ProblemApi(Api):
    """flask-smorest, with every error a problem document, in the answer and in the OpenAPI."""

    ERROR_SCHEMA = ProblemSchema

    def _register_responses(self) -> None:
        for status in http.HTTPStatus:
            if status >= 400:
                self._register_problem(status.name, status.phrase)
            else:
                empty = {"description": status.phrase}
                self.spec.components.response(status.name, empty, lazy=True)
        self._register_problem("DEFAULT_ERROR", "A refusal")

    def _register_problem(self, name: str, description: str) -> None:
        response: dict[str, Any] = {"description": description, "schema": self.ERROR_SCHEMA}
        prepare_response(response, self.spec, MEDIA_TYPE)
        self.spec.components.response(name, response, lazy=True)

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Answer what Flask, webargs and flask-smorest raise."""
        if isinstance(error.response, Response):
            return error.response
        data = getattr(error, "data", None) or {}
        status = error.code or 500
        extra: dict[str, Any] = {}
        detail = error.description or http.HTTPStatus(status).description
        if errors := data.get("errors") or data.get("messages"):
            extra["field"], said = _first(errors)
            extra["errors"] = errors
            detail = f"{extra['field']}: {said}"
        code = "input.invalid" if errors else f"http.{_slug(status)}"
        if status in _BAD_INPUT:
            context.note_bad_input(code, extra.get("field"))
        response = problem(status, code, detail, **extra)
        for name, value in error.get_headers():
            if name.lower() in {"allow", "retry-after"}:
                response.headers[name] = value
        return response


def problem(status: int, code: str, detail: str, **extra: Any) -> Response:
    """Return a problem document as a response."""
    document = {
        "type": "about:blank",
        "title": http.HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **extra,
    }
    return Response(
        json.dumps(document, ensure_ascii=False, default=str), status, content_type=MEDIA_TYPE
    )


def of_command(outcome: Outcome) -> Response:
    """Return the refusal of a command as a problem document, whether made now or stored."""
    context.note_refusal(outcome.error, context.account_id())
    return problem(outcome.status, **outcome.body)


def status_of(error: GridserverError | GisError) -> int:
    """Return the HTTP status of a refusal; the nearest class in the table decides."""
    if isinstance(error, GisError):
        return 503 if isinstance(error, BusyError) else 422
    return next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)


def body_of(error: GridserverError) -> dict[str, Any]:
    """Return the members that a refusal adds to the standard ones."""
    field = {"field": error.field} if error.field else {}
    return field | error.extra


def register(app: Flask) -> None:
    """Have `app` answer every refusal as a problem document."""

    @app.errorhandler(GridserverError)
    def _refused(error: GridserverError) -> Response:
        context.note_refusal(error, context.account_id())
        said = texts.refusal(error, context.language())
        response = problem(status_of(error), error.code, said, **body_of(error))
        if isinstance(error, Unauthenticated):
            response.headers["WWW-Authenticate"] = error.challenge
        if isinstance(error, Limited):
            response.headers["Retry-After"] = str(error.retry_after_s)
        return response

    @app.errorhandler(GisError)
    def _bad_geometry(error: GisError) -> Response:
        context.note_refusal(error, context.account_id())
        field = {"field": error.field} if error.field else {}
        place = {name: error.params[name] for name in ("lon", "lat") if name in error.params}
        said = texts.refusal(error, context.language())
        status = status_of(error)
        response = problem(status, error.code, said, **field, **place, params=error.params)
        if isinstance(error, BusyError):
            response.headers["Retry-After"] = "30"
        return response

    @app.errorhandler(OperationalError)
    def _database_down(error: OperationalError) -> Response:
        log.error("database.down", path=request.path, error=str(error.orig).strip())
        response = problem(503, "database.down", "The database doesn't answer. Try again.")
        response.headers["Retry-After"] = "2"
        return response


def _first(errors: Any, path: str = "") -> tuple[str, str]:
    """Return the path and the text of the first message in marshmallow's tree of errors."""
    if isinstance(errors, dict):
        key, value = next(iter(errors.items()))
        # webargs puts the place first: {"json": {"lon": [...]}}
        inner = path if not path and key in {"json", "query", "files"} else f"{path}.{key}"
        return _first(value, inner)
    if isinstance(errors, list) and errors:
        return _first(errors[0], path)
    return path.strip(".") or "body", str(errors)


def _slug(status: int) -> str:
    return http.HTTPStatus(status).phrase.lower().replace(" ", "_").replace("'", "")

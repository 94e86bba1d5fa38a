"""The blueprint of every described route: flask-smorest's, with one check of its own."""

from __future__ import annotations

from typing import Any

import flask_smorest
import marshmallow as ma
from flask import Request
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
    """flask-smorest's blueprint over `Parser`."""

    ARGUMENTS_PARSER = Parser()


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

"""What the command map shows beside the live picture: calls by cell, their heat, the basemap."""

from __future__ import annotations

import datetime as dt
from typing import Any

import marshmallow as ma
from flask import Response, send_file
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.access.rules import require
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.moments import Moment
from gridserver.base.basemap import FILE_ADDRESS, Basemap
from gridserver.base.clock import now
from gridserver.base.errors import NotFound
from gridserver.incidents import density
from gridserver.incidents.categories import BROAD_CLASSES
from gridserver.incidents.density import Calls
from gridserver.org import queries as org

PERMISSION = "incident.read"
_MOST_DAYS = density.LONGEST.days
#: No period ends sooner: the calendar begins too short before.
_EARLIEST = dt.datetime.min.replace(tzinfo=dt.UTC) + density.LONGEST

blueprint = Blueprint(
    "maps", __name__, url_prefix="/api/v1/map", description="Calls by cell, heat, the basemap."
)
files = Blueprint(
    "basemap", __name__, url_prefix="/tiles", description="The bureau's own background map."
)


class CallArguments(ma.Schema):
    """Which calls to count; names as in the list of incidents."""

    since = Moment(data_key="from")
    until = Moment(data_key="to", metadata={"description": "Not itself; default: now."})
    days = ma.fields.Integer(
        load_default=7,
        validate=ma.validate.Range(1, _MOST_DAYS),
        metadata={"description": "How many days up to `to`, where there is no `from`."},
    )
    station = ma.fields.String(metadata={"description": "Only calls of this unit."})
    cell = ma.fields.String()
    category = ma.fields.String()
    priority = ma.fields.Integer(validate=ma.validate.Range(1, 4))
    source = ma.fields.String()


class CellCallsSchema(ma.Schema):
    cell = ma.fields.String(required=True)
    calls = ma.fields.Integer(required=True)
    commonest = ma.fields.String(required=True, validate=ma.validate.OneOf(BROAD_CLASSES))
    of_commonest = ma.fields.Integer(required=True)


class PeriodSchema(ma.Schema):
    since = Moment(required=True, data_key="from")
    until = Moment(required=True, data_key="to")


class CallsByCellSchema(PeriodSchema):
    items = ma.fields.List(ma.fields.Nested(CellCallsSchema), required=True)


class SquareSchema(ma.Schema):
    """Calls in a square of the ground, by its middle (EPSG:4326)."""

    lon = ma.fields.Float(required=True)
    lat = ma.fields.Float(required=True)
    calls = ma.fields.Integer(required=True)


class HeatSchema(PeriodSchema):
    calls = ma.fields.Integer(required=True, metadata={"description": "All of them."})
    side_deg = ma.fields.Float(required=True, metadata={"description": "A square's side."})
    squares = ma.fields.List(ma.fields.Nested(SquareSchema), required=True)


class BasemapSchema(ma.Schema):
    """A background map in the Web Mercator scheme (EPSG:3857)."""

    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(("vector", "raster")))
    format_ = ma.fields.String(
        required=True, data_key="format", validate=ma.validate.OneOf(("pmtiles", "xyz"))
    )
    address = ma.fields.String(
        required=True,
        metadata={"description": "pmtiles: the file on this host; xyz: {z}, {x}, {y} in it."},
    )
    minzoom = ma.fields.Integer(required=True)
    maxzoom = ma.fields.Integer(required=True)
    bounds = ma.fields.List(
        ma.fields.Float(),
        required=True,
        metadata={"description": "West, south, east, north, EPSG:4326."},
    )
    attribution = ma.fields.String(required=True, allow_none=True)


class BasemapAnswerSchema(ma.Schema):
    basemap = ma.fields.Nested(
        BasemapSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null: the bureau has none."},
    )


@blueprint.route("/calls-by-cell")
class CallsByCell(MethodView):
    @blueprint.arguments(CallArguments, location="query")
    @blueprint.response(200, CallsByCellSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Count the calls that one may see, by cell, with the commonest class of each cell."""
        with context.transaction() as session:
            calls = _calls(session, arguments)
            items = density.by_cell(session, calls)
        return {"since": calls.since, "until": calls.until, "items": items}


@blueprint.route("/heat")
class HeatMap(MethodView):
    @blueprint.arguments(CallArguments, location="query")
    @blueprint.response(200, HeatSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Count the calls that one may see by squares of the ground, some 100 m wide or, where that
        were too many, wider."""
        with context.transaction() as session:
            calls = _calls(session, arguments)
            heat = density.heat(session, calls)
        return {
            "since": calls.since,
            "until": calls.until,
            "calls": heat.calls,
            "side_deg": heat.side_deg,
            "squares": heat.squares,
        }


@blueprint.route("/basemap")
class BasemapDescription(MethodView):
    @blueprint.response(200, BasemapAnswerSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self) -> dict[str, Any]:
        """Describe the bureau's own background map."""
        with context.transaction():
            require(context.principal(), "grid.read")
        basemap = context.settings().basemap
        return {"basemap": _described(basemap) if basemap else None}


@files.route(FILE_ADDRESS.removeprefix("/tiles"))
class BasemapFile(MethodView):
    @files.response(200, content_type="application/vnd.pmtiles")
    @files.alt_response(206, description="The bytes that a Range asked for.")
    @files.alt_response(304, "NOT_MODIFIED")
    @files.alt_response(403, "FORBIDDEN")
    @files.alt_response(404, "NOT_FOUND")
    @files.alt_response(416, description="The Range lies outside the file.")
    def get(self) -> Response:
        """Give the basemap's PMTiles file, or a range of its bytes."""
        with context.transaction():
            require(context.principal(), "grid.read")
        basemap = context.settings().basemap
        if basemap is None or basemap.file is None or not basemap.file.is_file():
            raise NotFound("basemap.none", "This installation has no basemap file.")
        response = send_file(
            basemap.file, mimetype="application/vnd.pmtiles", conditional=True, max_age=0
        )
        response.headers["Cache-Control"] = "private, no-cache"
        return response


def _calls(session: Session, arguments: dict[str, Any]) -> Calls:
    """Read what to count, within what the account may see."""
    actor, station = context.principal(), arguments.get("station")
    path = None if station is None else org.unit_by_code(session, station, field="station").path
    require(actor, PERMISSION, path)
    until = arguments.get("until") or now(session)
    since = arguments.get("since") or max(until, _EARLIEST) - dt.timedelta(days=arguments["days"])
    narrowed = {name: arguments.get(name) for name in ("category", "priority", "source", "cell")}
    return Calls(
        since=since,
        until=until,
        paths=actor.paths(PERMISSION) if path is None else (path,),
        **narrowed,
    )


def _described(basemap: Basemap) -> dict[str, Any]:
    first, last = basemap.zooms
    return {
        "kind": basemap.kind,
        "format_": "pmtiles" if basemap.file else "xyz",
        "address": basemap.address,
        "minzoom": first,
        "maxzoom": last,
        "bounds": list(basemap.bounds),
        "attribution": basemap.attribution,
    }

"""Grid versions, their cells, and which cell a point lies in."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any, ClassVar

import marshmallow as ma
from flask import Response
from flask.views import MethodView
from sqlalchemy.orm import Session

from gis.crs import parse_crs, to_wgs84
from gridserver.access.rules import require
from gridserver.api import context, geojson
from gridserver.api.blueprint import Blueprint
from gridserver.api.moments import Moment
from gridserver.api.shapes import PersonSchema, UnitRefSchema
from gridserver.base.clock import now
from gridserver.base.errors import NotFound
from gridserver.dispatch import publication
from gridserver.force import queries as force
from gridserver.grids import queries, reports, service
from gridserver.grids.models import LIFECYCLE
from gridserver.org import queries as org


class _Blueprint(Blueprint):
    #: Publishing and retiring are POSTs that change a version, so they need If-Match too.
    METHODS_NEEDING_CHECK_ETAG: ClassVar = [*Blueprint.METHODS_NEEDING_CHECK_ETAG, "POST"]


blueprint = _Blueprint(
    "grids", __name__, url_prefix="/api/v1", description="The grid and its versions."
)


class VersionSchema(ma.Schema):
    name = ma.fields.String(required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(LIFECYCLE.states))
    valid_from = Moment(required=True, allow_none=True)
    valid_to = Moment(required=True, allow_none=True)
    cells = ma.fields.Integer(required=True)
    revision = ma.fields.Integer(
        required=True, metadata={"description": "How often a draft changed; its content's ETag."}
    )


class VersionPageSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(VersionSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class PublishedSchema(VersionSchema):
    rerouted = ma.fields.Integer(
        required=True, metadata={"description": "Open tasks that were decided anew."}
    )


class PublishSchema(ma.Schema):
    since = Moment(data_key="from", metadata={"description": "When it takes force; default: now."})
    reroute = ma.fields.Boolean(
        load_default=False,
        metadata={"description": "Decide open tasks anew whose place has other owners now."},
    )


class FaultSchema(ma.Schema):
    kind = ma.fields.String(required=True)
    blocking = ma.fields.Boolean(required=True)
    cells = ma.fields.List(ma.fields.String(), required=True)
    area_m2 = ma.fields.Float(required=True, allow_none=True)
    length_m = ma.fields.Float(required=True, allow_none=True)
    lon = ma.fields.Float(required=True, allow_none=True)
    lat = ma.fields.Float(required=True, allow_none=True)
    code = ma.fields.String(required=True, metadata={"description": "Stable, for translations."})
    params = ma.fields.Dict(required=True, metadata={"description": "The values in `text`."})
    text = ma.fields.String(required=True)


class FaultReportSchema(ma.Schema):
    version = ma.fields.String(required=True)
    cells = ma.fields.Integer(required=True)
    area_m2 = ma.fields.Float(required=True)
    blocking = ma.fields.Integer(
        required=True, metadata={"description": "Faults that keep the version from publication."}
    )
    faults = ma.fields.List(ma.fields.Nested(FaultSchema), required=True)


class CellsArguments(ma.Schema):
    code = ma.fields.List(
        ma.fields.String(), metadata={"description": "Only these cells; may be repeated."}
    )


class CellSearchArguments(ma.Schema):
    code = ma.fields.String(
        required=True,
        validate=ma.validate.Length(2, 200),
        metadata={"description": "A code, or some characters of it that follow each other."},
    )
    at = Moment(metadata={"description": "Chooses the grid in force; default: now."})
    limit = ma.fields.Integer(load_default=10, validate=ma.validate.Range(1, 50))


class CellPointSchema(ma.Schema):
    """A cell, and a point well inside it."""

    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    station = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "The station's code."}
    )
    lon = ma.fields.Float(required=True)
    lat = ma.fields.Float(required=True)


class CellSearchSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(CellPointSchema), required=True)


class LocateArguments(ma.Schema):
    lon = ma.fields.Float(required=True, allow_nan=True)
    lat = ma.fields.Float(required=True, allow_nan=True)
    crs = ma.fields.String(
        load_default="EPSG:4326", metadata={"description": "EPSG:n, gcj02 or bd09."}
    )
    at = Moment(metadata={"description": "Chooses the grid in force; default: now."})
    accuracy_m = ma.fields.Float(
        allow_nan=True, metadata={"description": "Radius of the circle that holds the place."}
    )


class LocatedCellSchema(ma.Schema):
    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    station = ma.fields.Nested(UnitRefSchema, required=True, allow_none=True)


class LocationSchema(ma.Schema):
    cell = ma.fields.Nested(LocatedCellSchema, required=True, allow_none=True)
    method = ma.fields.String(
        required=True,
        metadata={"description": "covers, boundary, largest_share, nearest or outside."},
    )
    neighbours = ma.fields.List(ma.fields.String(), required=True)
    distance_m = ma.fields.Float(required=True, allow_none=True)
    owner = ma.fields.Nested(PersonSchema, required=True, allow_none=True)
    grid_version = ma.fields.String(required=True, allow_none=True)


@blueprint.route("/grid/versions")
class Versions(MethodView):
    @blueprint.arguments(context.PageArguments, location="query")
    @blueprint.response(200, VersionPageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self, page: dict[str, Any]) -> dict[str, Any]:
        """List the grid's versions, oldest first."""
        limit = page["limit"]
        after = context.decode_number_cursor(page.get("cursor")) or 0
        with context.transaction() as session:
            require(context.principal(), "grid.read")
            found = queries.versions(session, after_id=after, limit=limit + 1)
        shown, following = context.cut(found, limit, lambda version: version.id)
        return {"items": shown, "next": following}


@blueprint.route("/grid/versions/<name>")
class Version(MethodView):
    @blueprint.etag
    @blueprint.response(200, VersionSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, name: str) -> queries.VersionCard:
        """Show one version."""
        with context.transaction() as session:
            return _card(session, name)


@blueprint.route("/grid/versions/<name>/publish")
class Publication(MethodView):
    @blueprint.etag
    @blueprint.arguments(PublishSchema)
    @blueprint.response(200, PublishedSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, body: dict[str, Any], name: str) -> dict[str, Any]:
        """Put a version in force; blocking faults refuse it (409 `grid.blocking_faults`).

        One that was in force before comes back as a copy, whose name is in the answer.
        """
        since, reroute = body.get("since"), body["reroute"]
        with context.transaction() as session:
            blueprint.check_etag(_card(session, name), VersionSchema)
            done = publication.publish(session, context.principal(), name, since, reroute)
            card = queries.card(session, done.version)
        blueprint.set_etag(card, VersionSchema)
        return dataclasses.asdict(card) | {"rerouted": len(done.rerouted)}


@blueprint.route("/grid/versions/<name>/retire")
class Retirement(MethodView):
    @blueprint.etag
    @blueprint.response(200, VersionSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, name: str) -> queries.VersionCard:
        """Give up a draft, withdraw a version before its time, or end the one in force."""
        with context.transaction() as session:
            blueprint.check_etag(_card(session, name), VersionSchema)
            service.retire(session, context.principal(), name)
            return _card(session, name)


@blueprint.route("/grid/versions/<name>/report")
class Report(MethodView):
    @blueprint.response(200, FaultReportSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, name: str) -> dict[str, Any]:
        """Show the fault report of the last check."""
        with context.transaction() as session:
            require(context.principal(), "grid.read")
            report = queries.version(session, name).report
        if report is None:
            raise NotFound(
                "grid.not_checked", f"Version {name} was not checked yet: `gridserver grid check`."
            )
        return reports.said_in(report, context.language())


@blueprint.route("/grid/versions/<name>/cells")
class Cells(MethodView):
    @blueprint.arguments(CellsArguments, location="query")
    @blueprint.response(200, geojson.FeatureCollectionSchema, content_type=geojson.MEDIA_TYPE)
    @blueprint.alt_response(304, "NOT_MODIFIED")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any], name: str) -> Response:
        """Give a version's cells."""
        with context.transaction() as session:
            require(context.principal(), "grid.read")
            version = queries.version(session, name)
            cells = queries.cells(session, version.id, arguments.get("code"))
        return geojson.respond(
            geojson.collection(
                geojson.feature(
                    {"code": cell.code, "name": cell.name, "station": cell.station}, cell.geom
                )
                for cell in cells
            )
        )


@blueprint.route("/grid/cells")
class CellSearch(MethodView):
    @blueprint.arguments(CellSearchArguments, location="query")
    @blueprint.response(200, CellSearchSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Find cells of the grid in force by their code, each with a point inside it.

        Codes that begin with what is asked for come first.
        """
        with context.transaction() as session:
            require(context.principal(), "grid.read")
            at = arguments.get("at") or now(session)
            version = queries.version_in_force(session, at)
            found = queries.cell_points(session, version.id, arguments["code"], arguments["limit"])
        return {
            "items": [
                {
                    "code": cell.code,
                    "name": cell.name,
                    "station": cell.station_code,
                    "lon": cell.lon,
                    "lat": cell.lat,
                }
                for cell in found
            ]
        }


@blueprint.route("/grid/outline")
class Outline(MethodView):
    @blueprint.response(200, geojson.FeatureSchema, content_type=geojson.MEDIA_TYPE)
    @blueprint.alt_response(304, "NOT_MODIFIED")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self) -> Response:
        """Give the outline of the grid in force."""
        with context.transaction() as session:
            require(context.principal(), "grid.read")
            bureau = org.bureau(session)
            version = queries.version_in_force(session, now(session))
            outline = queries.outline(session, version.id)
        properties = {"code": bureau.code, "name": bureau.name, "grid_version": version.name}
        return geojson.respond(geojson.feature(properties, outline))


@blueprint.route("/grid/neighbours")
class Neighbours(MethodView):
    @blueprint.response(200, geojson.FeatureCollectionSchema, content_type=geojson.MEDIA_TYPE)
    @blueprint.alt_response(304, "NOT_MODIFIED")
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self) -> Response:
        """Give what is known of the bureaus next door; maybe nothing."""
        with context.transaction() as session:
            require(context.principal(), "grid.read")
            found = queries.neighbours(session)
        return geojson.respond(
            geojson.collection(
                geojson.feature({"code": n.code, "name": n.name, "name_en": n.name_en}, n.geom)
                for n in found
            )
        )


@blueprint.route("/locate")
class Locate(MethodView):
    @blueprint.arguments(LocateArguments, location="query")
    @blueprint.response(200, LocationSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Say which cell a point lies in, how that was decided, and who owns it."""
        crs = parse_crs(arguments["crs"])
        lon, lat = to_wgs84(arguments["lon"], arguments["lat"], crs, field="lon/lat")
        with context.transaction() as session:
            require(context.principal(), "grid.read")
            at = arguments.get("at") or now(session)
            found = queries.locate(session, lon, lat, at, arguments.get("accuracy_m"))
            return {
                "cell": _cell(session, found),
                "method": found.method,
                "neighbours": found.neighbours,
                "distance_m": found.distance_m,
                "owner": _owner(session, found.cell_code, at),
                "grid_version": found.version_name,
            }


def _card(session: Session, name: str) -> queries.VersionCard:
    require(context.principal(), "grid.read")
    return queries.card(session, queries.version(session, name))


def _cell(session: Session, found: queries.Location) -> dict[str, Any] | None:
    if found.cell_code is None:
        return None
    _, station = org.bureau_and_station(session, found.station_code)
    return {"code": found.cell_code, "name": found.cell_name, "station": station}


def _owner(session: Session, cell_code: str | None, at: dt.datetime) -> force.Owner | None:
    """Return the primary owner (A角) with the lowest service number."""
    owners = force.owners(session, cell_code, at) if cell_code else []
    return next((owner for owner in owners if owner.role == "primary"), None)

"""The gazetteer: finding a place by what somebody types, and keeping its entries by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import marshmallow as ma
from flask import Response
from flask.views import MethodView
from sqlalchemy.orm import Session

from gis.crs import WGS84, to_wgs84
from gridserver.access.rules import Principal, require
from gridserver.api import context, idempotency
from gridserver.api.blueprint import Blueprint
from gridserver.api.shapes import CellRefSchema, UnitRefSchema
from gridserver.api.shapes_places import GazetteerEntrySchema, PlaceDraftSchema, created, entered
from gridserver.base.clock import now
from gridserver.base.errors import Invalid
from gridserver.grids.covering import cells_at
from gridserver.org import queries as org
from gridserver.places import entries, gazetteer
from gridserver.places.entries import Standing
from gridserver.places.rules import KINDS, MATCHED, PLACE, read_draft
from gridserver.places.search import LONGEST_QUERY, MOST_FOUND, search

READ = "place.read"
EDIT = "place.edit"
_ONE = "/<int(max=9223372036854775807):place_id>"


class _Blueprint(Blueprint):
    #: Retiring and restoring are POSTs that change an entry, so they need If-Match too.
    METHODS_NEEDING_CHECK_ETAG: ClassVar = [*Blueprint.METHODS_NEEDING_CHECK_ETAG, "POST"]


blueprint = _Blueprint(
    "places", __name__, url_prefix="/api/v1/places", description="The gazetteer."
)


class RetirementSchema(ma.Schema):
    reason = ma.fields.String(required=True)


class FoundPlaceSchema(GazetteerEntrySchema):
    """An entry with where it lies in the grid in force now, and how it was found."""

    station = ma.fields.Nested(UnitRefSchema, required=True, allow_none=True)
    cell = ma.fields.Nested(CellRefSchema, required=True, allow_none=True)
    distance_m = ma.fields.Float(
        required=True, allow_none=True, metadata={"description": "From `lon`, `lat`."}
    )
    matched = ma.fields.String(
        required=True,
        allow_none=True,
        validate=ma.validate.OneOf(MATCHED),
        metadata={"description": "By what of it `q` was found; null in a list without `q`."},
    )


class FoundPlacesSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(FoundPlaceSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class PlaceArguments(context.PageArguments):
    q = ma.fields.String(
        validate=ma.validate.Length(max=LONGEST_QUERY),
        metadata={"description": "Characters, pinyin, initials or a mixture; mistakes forgiven."},
    )
    lon = ma.fields.Float(metadata={"description": "Of the caller, EPSG:4326: the near first."})
    lat = ma.fields.Float(metadata={"description": "Of the caller, EPSG:4326."})
    kind = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(KINDS)),
        metadata={"description": "May be repeated; none: of every kind."},
    )
    state = ma.fields.String(
        load_default="valid",
        validate=ma.validate.OneOf((*PLACE.states, "all")),
        metadata={"description": "Of a list without `q`; only valid places are searched."},
    )
    limit = ma.fields.Integer(load_default=10, validate=ma.validate.Range(1, MOST_FOUND))


@blueprint.route("")
class Places(MethodView):
    @blueprint.arguments(PlaceArguments, location="query")
    @blueprint.response(200, FoundPlacesSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Find the places that `q` may mean, the best first; without `q` list them, the newest
        first, page by page."""
        with context.transaction() as session:
            require(context.principal(), READ)
            if "q" in arguments:
                return _searched(session, arguments)
            return _listed(session, arguments)

    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(PlaceDraftSchema)
    @blueprint.response(201, GazetteerEntrySchema)
    def post(self, headers: dict[str, Any], body: dict[str, Any]) -> Response:
        """Enter a place by hand."""
        with context.transaction() as session:
            actor = context.principal()
            require_keeper(session, actor)

            def add() -> dict[str, Any]:
                place_id = gazetteer.add(session, actor, read_draft(body))
                return entered(session, place_id)

            document = idempotency.succeed_once(session, body, add)
        return created(document)


@blueprint.route(_ONE)
class OnePlace(MethodView):
    @blueprint.etag
    @blueprint.response(200, GazetteerEntrySchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, place_id: int) -> Standing:
        """Show one entry."""
        with context.transaction() as session:
            require(context.principal(), READ)
            return entries.place(session, place_id)

    @blueprint.etag
    @blueprint.arguments(PlaceDraftSchema)
    @blueprint.response(200, GazetteerEntrySchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def put(self, body: dict[str, Any], place_id: int) -> Standing:
        """Change an entry; an import leaves it as it is from then on."""
        return _changed(
            place_id,
            lambda session: gazetteer.change(
                session, context.principal(), place_id, read_draft(body)
            ),
        )


@blueprint.route(f"{_ONE}/retire")
class Retirement(MethodView):
    @blueprint.etag
    @blueprint.arguments(RetirementSchema)
    @blueprint.response(200, GazetteerEntrySchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, body: dict[str, Any], place_id: int) -> Standing:
        """Have an entry be found no longer. Of two who do it the second gets 409
        `place.wrong_state`."""
        actor, reason = context.principal(), body["reason"]
        return _changed(
            place_id, lambda session: gazetteer.retire(session, actor, place_id, reason)
        )


@blueprint.route(f"{_ONE}/restore")
class Restoration(MethodView):
    @blueprint.etag
    @blueprint.response(200, GazetteerEntrySchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, place_id: int) -> Standing:
        """Have a retired entry be found again."""
        actor = context.principal()
        return _changed(place_id, lambda session: gazetteer.restore(session, actor, place_id))


def require_keeper(session: Session, actor: Principal) -> None:
    """Raise `Forbidden` unless the actor keeps the gazetteer, which is the whole bureau's."""
    require(actor, EDIT, org.bureau(session).path)


def _changed(place_id: int, change: Callable[[Session], None]) -> Standing:
    with context.transaction() as session:
        require_keeper(session, context.principal())
        entries.locked_place(session, place_id)
        blueprint.check_etag(entries.place(session, place_id), GazetteerEntrySchema)
        change(session)
        return entries.place(session, place_id)


def _searched(session: Session, arguments: dict[str, Any]) -> dict[str, Any]:
    found = search(
        session,
        arguments["q"],
        near=_caller(arguments),
        kinds=arguments.get("kind", ()),
        limit=arguments["limit"],
    )
    return {"items": _placed(session, found), "next": None}


def _listed(session: Session, arguments: dict[str, Any]) -> dict[str, Any]:
    limit, state = arguments["limit"], arguments["state"]
    found = entries.page(
        session,
        kinds=arguments.get("kind", ()),
        state=None if state == "all" else state,
        before=context.decode_number_cursor(arguments.get("cursor")),
        limit=limit + 1,
    )
    shown, following = context.cut(found, limit, lambda each: each.id)
    return {"items": _placed(session, shown), "next": following}


def _caller(arguments: dict[str, Any]) -> tuple[float, float] | None:
    lon, lat = arguments.get("lon"), arguments.get("lat")
    if lon is None and lat is None:
        return None
    if lon is None or lat is None:
        missing = "lon" if lon is None else "lat"
        raise Invalid("place.half_a_point", f"{missing}: give both or neither.", field=missing)
    return to_wgs84(lon, lat, WGS84, field="lon/lat")


def _placed(session: Session, shown: Sequence[Standing]) -> list[dict[str, Any]]:
    """Return entries with where they lie now, and how those that were found were."""
    cells = cells_at(session, [(each.lon, each.lat) for each in shown], now(session))
    return [
        {
            "distance_m": None,
            "matched": None,
            **vars(entry),
            "allowed": entry.allowed,
            "cell": cell and {"code": cell.code, "name": cell.name},
            "station": cell
            and cell.station_code
            and {"code": cell.station_code, "name": cell.station_name},
        }
        for entry, cell in zip(shown, cells, strict=True)
    ]

"""Figures of the county's work, and the calls behind each."""

from __future__ import annotations

import datetime as dt
from typing import Any

import marshmallow as ma
from flask import Response
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.moments import Moment
from gridserver.api.shapes_figures import (
    CallPageSchema,
    CarriedSchema,
    DayFiguresSchema,
    IntervalFiguresSchema,
    OfficersSchema,
    UnownedCellsSchema,
)
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.incidents.categories import BROAD_CLASSES
from gridserver.indicators import behind, day, intervals, load, naming, sheets, unowned
from gridserver.indicators.calls import Chosen
from gridserver.indicators.rules import INTERVALS

blueprint = Blueprint(
    "figures",
    __name__,
    url_prefix="/api/v1/figures",
    description="What the day brought, how long things take, who carries how much.",
)

_GROUPS = ("station", "cell", "category", "hour", "weekday", "priority")


class StationArguments(ma.Schema):
    station = ma.fields.String(metadata={"description": "Only this station's; default: all seen."})


class DayArguments(StationArguments):
    span = ma.fields.String(
        load_default="day",
        validate=ma.validate.OneOf(("day", "shift")),
        metadata={
            "description": "day: the bureau's calendar day; shift: the day's hours, or the "
            "night around midnight."
        },
    )


class DayCallsArguments(DayArguments, context.PageArguments):
    figure = ma.fields.String(required=True, validate=ma.validate.OneOf(behind.FIGURES))
    broad_class = ma.fields.String(validate=ma.validate.OneOf(BROAD_CLASSES))
    priority = ma.fields.Integer(validate=ma.validate.Range(1, 4))


class PeriodArguments(StationArguments):
    since = Moment(data_key="from", required=True)
    until = Moment(
        data_key="to", required=True, metadata={"description": "At most a year after from."}
    )


class ChosenArguments(PeriodArguments):
    """Which calls are meant: those reported in the period."""

    cell = ma.fields.String(metadata={"description": "A cell's code; `-`: outside all cells."})
    category = ma.fields.String(metadata={"description": "This very category."})
    priority = ma.fields.Integer(validate=ma.validate.Range(1, 4))
    hour = ma.fields.Integer(validate=ma.validate.Range(0, 23))
    weekday = ma.fields.Integer(
        validate=ma.validate.Range(1, 7), metadata={"description": "1: Monday."}
    )


class IntervalArguments(ChosenArguments):
    by = ma.fields.String(load_default="station", validate=ma.validate.OneOf(_GROUPS))


class IntervalCallsArguments(ChosenArguments, context.PageArguments):
    interval = ma.fields.String(required=True, validate=ma.validate.OneOf(tuple(INTERVALS)))
    over = ma.fields.Boolean(
        load_default=False, metadata={"description": "Only those that missed their target."}
    )


class OfficersArguments(PeriodArguments):
    order = ma.fields.String(
        load_default="number",
        validate=ma.validate.OneOf(load.ORDERS),
        metadata={
            "description": "Others than number rank persons: off unless the bureau turned "
            "it on (parameter officers_ranked)."
        },
    )


class OfficerCallsArguments(PeriodArguments, context.PageArguments):
    class Meta:
        exclude = ("station",)

    figure = ma.fields.String(required=True, validate=ma.validate.OneOf(("signed", "open")))


class OwnArguments(PeriodArguments):
    class Meta:
        exclude = ("station",)


@blueprint.route("/day")
class DayFigures(MethodView):
    @blueprint.arguments(DayArguments, location="query")
    @blueprint.response(200, DayFiguresSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> day.Day:
        """Show the figures of the present day or shift, and what they are compared with."""
        with context.transaction() as session:
            station = arguments.get("station")
            return day.day(session, context.principal(), arguments["span"], station)


@blueprint.route("/day/calls")
class DayCalls(MethodView):
    @blueprint.arguments(DayCallsArguments, location="query")
    @blueprint.response(200, CallPageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the calls behind a figure of the day, the latest first."""
        skip, limit = _page(arguments)
        with context.transaction() as session:
            found = behind.of_day(
                session,
                context.principal(),
                arguments["figure"],
                kind=arguments["span"],
                station=arguments.get("station"),
                broad_class=arguments.get("broad_class"),
                priority=arguments.get("priority"),
                skip=skip,
                limit=limit,
            )
        return _paged(*found, skip)


@blueprint.route("/intervals")
class Intervals(MethodView):
    @blueprint.arguments(IntervalArguments, location="query")
    @blueprint.response(200, IntervalFiguresSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Show how long each interval took, P50 and P90, of all calls and by group."""
        with context.transaction() as session:
            groups, names = _measured(session, arguments)
        return {"by": arguments["by"], "groups": groups, "names": names}


@blueprint.route("/intervals.csv")
class IntervalSheet(MethodView):
    @blueprint.arguments(IntervalArguments, location="query")
    @blueprint.response(200, content_type="text/csv")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> Response:
        """Take the same figures away as a csv file; the ledger keeps it."""
        with context.transaction() as session:
            groups, names = _measured(session, arguments)
            _keep(session, "intervals", arguments)
        return _file("intervals", sheets.intervals(groups, names, context.language()))


@blueprint.route("/intervals/calls")
class IntervalCalls(MethodView):
    @blueprint.arguments(IntervalCallsArguments, location="query")
    @blueprint.response(200, CallPageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the calls behind an interval's figure, the slowest first."""
        skip, limit = _page(arguments)
        with context.transaction() as session:
            found = intervals.rows(
                session,
                context.principal(),
                _chosen(arguments),
                arguments["interval"],
                only_over=arguments["over"],
                skip=skip,
                limit=limit,
            )
        return _paged(*found, skip)


@blueprint.route("/officers")
class Officers(MethodView):
    @blueprint.arguments(OfficersArguments, location="query")
    @blueprint.response(200, OfficersSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List what each officer carries, by service number; the ledger keeps who looked."""
        with context.transaction() as session:
            return {"items": _loads(session, arguments), "ranked": load.ranks(session)}


@blueprint.route("/officers.csv")
class OfficerSheet(MethodView):
    @blueprint.arguments(OfficersArguments, location="query")
    @blueprint.response(200, content_type="text/csv")
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> Response:
        """Take the same away as a csv file; the ledger keeps it."""
        with context.transaction() as session:
            found = _loads(session, arguments)
            _keep(session, "officers", arguments)
        return _file("officers", sheets.officers(found, context.language()))


@blueprint.route("/officers/<number>/calls")
class OfficerCalls(MethodView):
    @blueprint.arguments(OfficerCallsArguments, location="query")
    @blueprint.response(200, CallPageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self, arguments: dict[str, Any], number: str) -> dict[str, Any]:
        """List the calls behind a figure of an officer; the ledger keeps who looked."""
        skip, limit = _page(arguments)
        with context.transaction() as session:
            found = load.rows(
                session,
                context.principal(),
                number,
                arguments["figure"],
                *_period(arguments),
                skip=skip,
                limit=limit,
            )
        return _paged(*found, skip)


@blueprint.route("/own")
class Own(MethodView):
    @blueprint.arguments(OwnArguments, location="query")
    @blueprint.response(200, CarriedSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self, arguments: dict[str, Any]) -> load.OfficerLoad:
        """Show an officer what they carry themselves."""
        with context.transaction() as session:
            return load.own(session, context.principal(), *_period(arguments))


@blueprint.route("/cells")
class UnownedCells(MethodView):
    @blueprint.arguments(StationArguments, location="query")
    @blueprint.response(200, UnownedCellsSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the cells that have no primary owner now, or at some time in the days to come."""
        with context.transaction() as session:
            at, found = unowned.cells(session, context.principal(), arguments.get("station"))
        return {"at": at, "days": unowned.DAYS, "items": found}


def _measured(
    session: Session, arguments: dict[str, Any]
) -> tuple[list[intervals.Group], dict[str, str]]:
    by = arguments["by"]
    groups = intervals.measure(session, context.principal(), _chosen(arguments), by)
    known = naming.names(session, by, context.language())
    return groups, {g.key: known[g.key] for g in groups if g.key is not None and g.key in known}


def _loads(session: Session, arguments: dict[str, Any]) -> list[load.OfficerLoad]:
    return load.officers(
        session,
        context.principal(),
        *_period(arguments),
        station=arguments.get("station"),
        order=arguments["order"],
    )


def _period(arguments: dict[str, Any]) -> tuple[dt.datetime, dt.datetime]:
    return arguments["since"], arguments["until"]


def _chosen(arguments: dict[str, Any]) -> Chosen:
    since, until = _period(arguments)
    names = ("station", "cell", "category", "priority", "hour", "weekday")
    return Chosen(since, until, **{name: arguments.get(name) for name in names})


def _keep(session: Session, sheet: str, arguments: dict[str, Any]) -> None:
    since, until = _period(arguments)
    audit.record(
        session,
        context.principal(),
        Tag.FIGURES_EXPORT,
        subject_kind="figures",
        subject_id=sheet,
        data={"from": since.isoformat(), "to": until.isoformat()},
    )


def _file(name: str, text: str) -> Response:
    response = Response(text, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _page(arguments: dict[str, Any]) -> tuple[int, int]:
    return context.decode_number_cursor(arguments.get("cursor")) or 0, arguments["limit"]


def _paged(total: int, found: list[behind.CallRow], skip: int) -> dict[str, Any]:
    shown = skip + len(found)
    following = context.encode_cursor(shown) if found and shown < total else None
    return {"total": total, "items": found, "next": following}

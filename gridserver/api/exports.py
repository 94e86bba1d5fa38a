"""Tables as workbooks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from flask import Response
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.incident_list import WantedArguments, wanted
from gridserver.api.journals import DayLogArguments
from gridserver.base.clock import local_now
from gridserver.journals import exports, sheets
from gridserver.journals.exports import Table

blueprint = Blueprint(
    "exports", __name__, url_prefix="/api/v1", description="Tables as workbooks (xlsx)."
)


@blueprint.route("/incidents.xlsx")
class IncidentsFile(MethodView):
    @blueprint.arguments(WantedArguments, location="query")
    @blueprint.response(200, content_type=sheets.MEDIA_TYPE)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(503, "SERVICE_UNAVAILABLE")
    def get(self, arguments: dict[str, Any]) -> Response:
        """Give the incidents of a list as a workbook; more than 50,000 are refused 422
        `export.too_many`. The ledger keeps who had how many rows."""

        def work(session: Session) -> Table:
            looked_for = wanted(session, arguments)
            return exports.incidents(session, context.principal(), looked_for, context.language())

        return _file(work, "incidents")


@blueprint.route("/day-log.xlsx")
class DayLogFile(MethodView):
    @blueprint.arguments(DayLogArguments, location="query")
    @blueprint.response(200, content_type=sheets.MEDIA_TYPE)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(503, "SERVICE_UNAVAILABLE")
    def get(self, arguments: dict[str, Any]) -> Response:
        """Give an officer's day log as a workbook."""

        def work(session: Session) -> Table:
            date: dt.date = arguments.get("date") or local_now(session).date()
            number = arguments.get("officer")
            actor = context.principal()
            return exports.day_log(session, actor, number, date, context.language())

        return _file(work, "day-log")


@blueprint.route("/handovers/<int(max=9223372036854775807):handover_id>.xlsx")
class HandoverFile(MethodView):
    @blueprint.response(200, content_type=sheets.MEDIA_TYPE)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(503, "SERVICE_UNAVAILABLE")
    def get(self, handover_id: int) -> Response:
        """Give the report of a handover as a workbook."""

        def work(session: Session) -> Table:
            actor = context.principal()
            return exports.handover(session, actor, handover_id, context.language())

        return _file(work, f"handover-{handover_id}")


def _file(work: Callable[[Session], Table], name: str) -> Response:
    with context.transaction() as session:
        table = work(session)
    # After the commit: nobody waits for the database while the file is written.
    content = sheets.workbook(table.title, table.header, table.lines)
    answer = Response(content, content_type=sheets.MEDIA_TYPE)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return answer

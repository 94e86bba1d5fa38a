"""A dry run: what changed tables would have made of the incidents of the last days.

Each decision is computed twice from its stored facts, by the tables of today and by those with the
changes, so that whatever differs comes from the changes alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base import reading
from gridserver.base.clock import now
from gridserver.dispatch import gathering
from gridserver.dispatch.models import Decision as DecisionRow
from gridserver.dispatch.norms import Norms
from gridserver.dispatch.rules import Facts, Step, crew_units, decide, route_of
from gridserver.dispatch.tables import book as books
from gridserver.dispatch.tables import queries as tables
from gridserver.dispatch.tables.book import Book
from gridserver.dispatch.tables.changes import Change, read_changes
from gridserver.incidents import queries as incidents
from gridserver.incidents.queries import ReportedKind
from gridserver.org import queries as org

MOST_DAYS = 366
#: Of more incidents the latest are looked at; and of those that the changes touch no more are
#: decided again than this, since each may ask for the roster of its time.
MOST_INCIDENTS = 20_000
MOST_REPLAYED = 2_000
_BATCH = 500


@dataclass(frozen=True)
class Outcome:
    """Whose work an incident is, and who is told first; `unit` where it isn't the station's."""

    route: str
    unit: str | None
    first: Step


@dataclass(frozen=True)
class Differs:
    """An incident that the changes would have made something else of."""

    incident: ReportedKind
    before: Outcome
    after: Outcome

    @property
    def route(self) -> bool:
        """Whether it would have been somebody else's work."""
        before, after = self.before, self.after
        return (before.route, before.unit) != (after.route, after.unit)

    @property
    def first_step(self) -> bool:
        """Whether another would have been told first."""
        before, after = self.before.first, self.after.first
        return before.who.account_id != after.who.account_id

    @property
    def sign_within_s(self) -> bool:
        """Whether there would have been another time to sign."""
        return self.before.first.sign_within_s != self.after.first.sign_within_s


@dataclass(frozen=True)
class DryRun:
    """What the changes would make different.

    Attributes
    ----------
    since
        From when on incidents were looked at.
    incidents
        How many, and `all_of_them`: whether there were no more.
    differ
        Those that would have gone another way, the latest first.
    """

    since: dt.datetime
    incidents: int
    all_of_them: bool
    differ: tuple[Differs, ...]


def dry_run(
    session: Session, actor: Principal | None, given: Sequence[Change], days: int
) -> DryRun:
    """Try changes of the tables on the incidents of the last `days` days. Nothing is changed.

    Who came into question is known from the facts; a unit that no rule asked for then is looked up
    in the roster of that time.

    Raises
    ------
    Forbidden
        The actor may not edit the bureau's tables.
    NotFound, Invalid, Conflict
        As `tables.changes.read_changes`; ``input.number``: `days` from 1 to `MOST_DAYS`.
    """
    if actor is not None:
        require(actor, "norms.edit", org.bureau(session).path)
    moment = now(session)
    since = moment - dt.timedelta(days=reading.number(days, "days", least=1, most=MOST_DAYS))
    book = tables.book(session)
    after = book.changed(change.entry for change in read_changes(given, book, moment))
    found = incidents.kinds_since(session, since, MOST_INCIDENTS + 1)
    kinds = found[:MOST_INCIDENTS]
    looked_at, differ = _compare(session, kinds, _laid(session, book), _laid(session, after))
    audit.record(
        session,
        actor,
        Tag.NORMS_DRY_RUN,
        subject_kind="norms",
        subject_id="/".join(sorted({change.table for change in given})),
        data={"days": days, "incidents": looked_at},
    )
    return DryRun(since, looked_at, looked_at == len(found), tuple(differ))


def document(found: DryRun, limit: int) -> dict[str, Any]:
    """Return a dry run as JSON-able values, with at most `limit` of the incidents."""
    counts = {
        name: sum(getattr(each, name) for each in found.differ)
        for name in ("route", "first_step", "sign_within_s")
    }
    return {
        "since": found.since.isoformat(),
        "incidents": found.incidents,
        "all_of_them": found.all_of_them,
        "differ": len(found.differ),
        "counts": counts,
        "items": [
            {
                "incident": each.incident.id,
                "number": each.incident.number,
                "category": each.incident.category,
                "reported_at": each.incident.reported_at.isoformat(),
                "from": _said(each.before),
                "to": _said(each.after),
            }
            for each in found.differ[:limit]
        ],
    }


#: What a state of the tables lays down for a category and a station; None where the category is
#: taken away, which changes nothing for incidents that had it.
_Laid = Callable[[str, str | None], Norms | None]


def _laid(session: Session, book: Book) -> _Laid:
    moment = now(session)
    modes = {unit.code: unit.mode for unit in org.units(session, "station")}

    @cache
    def norms(category: str, station: str | None) -> Norms | None:
        return books.norms(book, moment, category, station, modes.get(station or ""))

    return norms


def _compare(
    session: Session, kinds: Sequence[ReportedKind], before: _Laid, after: _Laid
) -> tuple[int, list[Differs]]:
    """Return how many were looked at, and those that would have gone another way."""
    looked_at, replayed, differ = 0, 0, []
    for start in range(0, len(kinds), _BATCH):
        batch = {kind.id: kind for kind in kinds[start : start + _BATCH]}
        touched = _touched(session, batch, before, after)
        if replayed and replayed + len(touched) > MOST_REPLAYED:
            break
        looked_at, replayed = looked_at + len(batch), replayed + len(touched)
        for incident_id, facts in _facts(session, list(touched)).items():
            outcomes = (_outcome(session, facts, norms) for norms in touched[incident_id])
            differs = Differs(batch[incident_id], *outcomes)
            if differs.route or differs.first_step or differs.sign_within_s:
                differ.append(differs)
    return looked_at, differ


def _touched(
    session: Session, batch: Mapping[int, ReportedKind], before: _Laid, after: _Laid
) -> dict[int, tuple[Norms, Norms]]:
    """Return what is laid down before and after for those incidents where the two are not alike."""
    touched: dict[int, tuple[Norms, Norms]] = {}
    for incident_id, station in _stations(session, batch).items():
        category = batch[incident_id].category
        was, becomes = before(category, station), after(category, station)
        if was is not None and becomes is not None and was != becomes:
            touched[incident_id] = was, becomes
    return touched


def _outcome(session: Session, facts: Facts, norms: Norms) -> Outcome:
    # An order of that time held then, whatever holds today.
    norms = replace(norms, mode=facts.norms.mode)
    route = route_of(norms, facts.suspects, facts.offences)
    units = crew_units(route, facts.place.station)
    decision = decide(replace(gathering.with_crews(session, facts, units), norms=norms))
    return Outcome(decision.route, route.unit, decision.steps[0])


_LATEST = (DecisionRow.incident_id, DecisionRow.revision.desc())


def _stations(session: Session, ids: Mapping[int, Any]) -> dict[int, str | None]:
    """Return the station of each incident that was decided on, in the order of `ids`."""
    station = DecisionRow.facts["place"]["station"].astext
    query = select(DecisionRow.incident_id, station).where(DecisionRow.incident_id.in_(list(ids)))
    latest = query.order_by(*_LATEST).ext(distinct_on(DecisionRow.incident_id))
    found = {row[0]: row[1] for row in session.execute(latest)}
    return {incident_id: found[incident_id] for incident_id in ids if incident_id in found}


def _facts(session: Session, ids: Sequence[int]) -> dict[int, Facts]:
    query = select(DecisionRow.incident_id, DecisionRow.facts)
    latest = query.where(DecisionRow.incident_id.in_(ids)).order_by(*_LATEST)
    rows = session.execute(latest.ext(distinct_on(DecisionRow.incident_id)))
    found = {incident_id: Facts.from_json(facts) for incident_id, facts in rows}
    return {incident_id: found[incident_id] for incident_id in ids}


def _said(outcome: Outcome) -> dict[str, Any]:
    first = outcome.first
    return {
        "route": outcome.route,
        "unit": outcome.unit,
        "kind": first.kind,
        "who": {"username": first.who.username, "display_name": first.who.display_name},
        "sign_within_s": first.sign_within_s,
    }

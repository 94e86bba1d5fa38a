"""Incidents in the database: once per source and id, and read back as they were recorded."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.base.errors import Conflict, Invalid
from gridserver.grids import queries as grids
from gridserver.incidents import queries, service
from gridserver.incidents.models import Incident
from gridserver.incidents.rules import Report
from gridserver.org.models import Unit
from tests.conftest import MORNING
from tests.county import County
from tests.rooms.dispatching import a_report


def record(
    session: Session, county: County, report: Report, unit: str = "33082401"
) -> tuple[queries.IncidentRecord, bool]:
    location = grids.locate(session, report.lon, report.lat, MORNING)
    return service.record(session, report, location, county.units[unit])


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"crs": "gcj02", "accuracy_m": 12.5, "address": "桥头 5", "description": "吵架"},
        {"priority": 1, "reported_at": MORNING, "occurred_at": MORNING},
        {"lon": 117.0},
    ],
)
def test_it_reads_back_as_it_was_recorded(session: Session, county: County, fields: dict) -> None:
    incident, created = record(session, county, a_report(**fields))
    assert created
    assert queries.by_ids(session, [incident.id]) == {incident.id: incident}


def test_a_repeat_is_the_same_incident(session: Session, county: County) -> None:
    report = a_report()
    first, _ = record(session, county, report)
    again, created = record(session, county, report, unit="330824")
    assert (again, created) == (first, False)


def test_what_differs_is_refused_and_named(session: Session, county: County) -> None:
    first, _ = record(session, county, a_report(external_id="A"))
    with pytest.raises(Conflict) as refusal:
        record(session, county, a_report(external_id="A", address="elsewhere"))
    assert refusal.value.extra["incident"] == {"id": first.id, "number": first.number}


def test_an_unknown_category_leaves_nothing(session: Session, county: County) -> None:
    with pytest.raises(Invalid):
        record(session, county, a_report(category="gossip"))
    assert session.scalars(select(Incident)).all() == []


def test_numbers_for_the_radio_have_four_digits(session: Session, county: County) -> None:
    numbers = [record(session, county, a_report())[0].number for _ in range(3)]
    assert all(1001 <= number <= 9999 for number in numbers)
    assert len(set(numbers)) == 3


def test_scopes_go_by_whole_codes(session: Session, county: County) -> None:
    """Station 330824011 is no part of station 33082401, though its code begins alike."""
    alike = Unit(
        code="330824011",
        kind="station",
        name="x",
        parent_id=county.bureau_id,
        path="330824.330824011",
    )
    session.add(alike)
    session.flush()
    county.units["330824011"] = alike.id
    ids = {
        code: record(session, county, a_report(), unit=code)[0].id
        for code in ("330824", "33082401", "33082402", "330824011")
    }

    def within(*paths: str) -> set[int]:
        return set(session.scalars(queries.ids_within(paths)))

    assert within("330824.33082401") == {ids["33082401"]}
    assert within("330824.33082401", "330824.33082402") == {ids["33082401"], ids["33082402"]}
    assert within("330824") == set(ids.values())
    assert within() == set()

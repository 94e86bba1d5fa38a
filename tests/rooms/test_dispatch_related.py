"""A second call about the same event: suggested by place, time and category, linked by a person."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from gridserver.dispatch import cards, queries, related, service
from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.related import Related
from gridserver.dispatch.tables.models import ParameterRow
from gridserver.incidents.models import CategoryRow
from gridserver.incidents.rules import read_place
from tests.conftest import MORNING
from tests.county import CELLS, SIDE, SOUTH, County, centre
from tests.rooms.dispatching import (
    BUREAU_ROOM,
    PRIMARY,
    STATION_ROOM,
    a_report,
    bring_to,
    minutes,
    say,
    take,
)

LON, LAT = centre(0, 0)
#: Some 97 and 389 m to the north of it.
NEAR, FARTHER = (LON, LAT + 0.000875), (LON, LAT + 0.0035)


def asked(session: Session, county: County, found: Dossier, who: str = BUREAU_ROOM) -> Related:
    actor = county.principal(who)
    dossier = queries.incident_for(session, actor, found.incident.id)
    return related.of_incident(session, actor, dossier)


def suggested(session: Session, county: County, found: Dossier, who: str = BUREAU_ROOM) -> list:
    return [
        (each.dossier.task.id, each.near.alike)
        for each in asked(session, county, found, who).suggested
    ]


def test_the_same_kind_comes_first_and_then_the_nearest(session: Session, county: County) -> None:
    of_class = take(session, county, a_report(NEAR, category="help")).task.id
    session.execute(
        update(CategoryRow).where(CategoryRow.code == "help").values(broad_class="dispute")
    )
    other = take(session, county, a_report(category="traffic")).task.id
    far = take(session, county, a_report(FARTHER)).task.id
    near = take(session, county, a_report(NEAR)).task.id
    found = take(session, county)
    assert suggested(session, county, found) == [
        (near, "category"),
        (far, "category"),
        (of_class, "broad_class"),
        (other, "place"),
    ]
    nearest = asked(session, county, found).suggested[0].near
    assert nearest.distance_m == pytest.approx(97.0, abs=0.5)


@pytest.mark.parametrize(
    ("apart", "counts"),
    [(minutes(60), True), (minutes(60) + dt.timedelta(seconds=1), False)],
)
def test_within_the_time_of_the_bureau(
    session: Session, county: County, apart: dt.timedelta, counts: bool
) -> None:
    former = take(session, county, a_report(reported_at=MORNING - apart))
    found = take(session, county)
    assert bool(suggested(session, county, found)) == counts
    # As seen from the other one, it came later.
    assert [each.near.apart_s for each in asked(session, county, former).suggested] == (
        [3600] if counts else []
    )


def test_within_the_distance_of_the_bureau(session: Session, county: County) -> None:
    take(session, county, a_report(FARTHER))
    found = take(session, county)
    assert len(suggested(session, county, found)) == 1
    session.execute(
        update(ParameterRow).where(ParameterRow.name == "duplicate_radius_m").values(value=300)
    )
    session.expire_all()
    assert suggested(session, county, found) == []


def test_a_room_is_shown_what_its_scope_covers(session: Session, county: County) -> None:
    edge = SOUTH + SIDE
    south = take(session, county, a_report((LON, edge - 0.0005)))
    north = take(session, county, a_report((LON, edge + 0.0005)))
    assert suggested(session, county, south, BUREAU_ROOM) == [(north.task.id, "category")]
    assert suggested(session, county, south, STATION_ROOM) == []
    assert suggested(session, county, south, PRIMARY) == [], "an officer reads no others' calls"


def test_what_is_linked_is_shown_from_both_sides(session: Session, county: County) -> None:
    parent, child = take(session, county), take(session, county)
    data = {"to": parent.task.id, "kind": "follow_up"}
    say(session, county, STATION_ROOM, child.task.id, "link", data)
    for found, other, role in ((child, parent, "parent"), (parent, child, "child")):
        seen = asked(session, county, found)
        (link,) = seen.linked
        assert (link.kind, link.role, link.dossier.task.id) == ("follow_up", role, other.task.id)
        assert seen.suggested == (), "it is known already"
        card = cards.related(seen)["linked"][0]["incident"]
        assert (card["id"], card["task"]["id"]) == (other.incident.id, other.task.id)


def test_an_officer_sees_a_link_only_to_what_was_theirs(session: Session, county: County) -> None:
    mine, theirs = take(session, county), take(session, county, a_report(centre(1, 0)))
    data = {"to": theirs.task.id, "kind": "duplicate"}
    say(session, county, STATION_ROOM, mine.task.id, "link", data)
    assert asked(session, county, mine, PRIMARY).linked == ()
    assert len(asked(session, county, mine, STATION_ROOM).linked) == 1


def test_what_has_ended_may_still_be_the_same_event(session: Session, county: County) -> None:
    former = take(session, county)
    bring_to(session, county, former.task.id, "closed")
    assert suggested(session, county, take(session, county)) == [(former.task.id, "category")]


def test_a_preview_names_what_may_be_the_same(session: Session, county: County) -> None:
    former = take(session, county, a_report(NEAR))
    place = read_place({"lon": LON, "lat": LAT})
    seen = service.preview(session, county.principal(BUREAU_ROOM), place, category="dispute")
    assert [each.dossier.task.id for each in seen.related] == [former.task.id]
    card = cards.suggested(seen.related[0])
    assert (card["incident"]["number"], card["apart_s"]) == (former.incident.number, 0)


def test_before_a_category_is_said_the_place_and_time_are_compared(
    session: Session, county: County
) -> None:
    former = take(session, county, a_report(NEAR))
    place = read_place({"lon": LON, "lat": LAT})
    seen = service.preview(session, county.principal(BUREAU_ROOM), place)
    assert [(each.dossier.task.id, each.near.alike) for each in seen.related] == [
        (former.task.id, "place")
    ]
    assert (seen.decision, seen.place.cell) == (None, CELLS[0, 0][0])

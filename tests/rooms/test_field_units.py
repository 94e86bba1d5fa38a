"""Field units: who rides with them, and who of them is proposed for a place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pytest
import shapely
from sqlalchemy.orm import Session

from gis.roads import Roads
from gridserver.base.clock import SetClock, now
from gridserver.base.errors import Conflict, Forbidden, GridserverError, NotFound
from gridserver.dispatch import help
from gridserver.dispatch.help import Help
from gridserver.force import positions, units
from gridserver.force.positions import Seen
from gridserver.force.rules import Position
from gridserver.force.units import UnitDraft
from gridserver.places import service as places
from tests.county import County, centre
from tests.rooms.dispatching import a_report, say, take

PLACE = centre(0, 0)
#: The county's officers, by whom units are manned here.
CREW = [f"33082400{n}" for n in range(1, 9)]
MINUTE = dt.timedelta(minutes=1)

Add = Callable[..., None]


@pytest.fixture
def add(session: Session, county: County) -> Add:
    """Add a unit `metres` east of the place, ridden with by one officer who was seen there."""

    def add(code: str, kind: str, number: str | None, metres: float | None = 0.0) -> None:
        units.add_field_unit(session, None, code, UnitDraft(code, kind, "330824"))
        if number is not None:
            units.set_crew(session, None, code, [number])
            if metres is not None:
                see(session, county, number, metres)

    return add


def see(session: Session, county: County, number: str, metres: float) -> None:
    lon, lat = PLACE
    at = Position(lon + metres / 97_300.0, lat, now(session))
    positions.store(session, [Seen(county.accounts[number], at)])


def asked(session: Session, county: County) -> Help:
    return help.nearest(session, county.principal("command"), PLACE)


def codes(found: Help) -> list[str]:
    return [near.unit.code for near in found.proposed]


def passed_over(found: Help) -> dict[str, str | None]:
    return {near.unit.code: near.why_not for near in found.passed_over}


def test_tier_by_tier_and_within_a_tier_the_nearest(
    session: Session, county: County, add: Add
) -> None:
    add("T1", "special_police", CREW[0], 10)
    add("P-far", "patrol_car", CREW[1], 900)
    add("P-near", "patrol_car", CREW[2], 300)
    add("A1", "armed_response", CREW[3], 5000)
    found = asked(session, county)
    assert codes(found) == ["A1", "P-near", "P-far", "T1"]
    assert not found.by_road
    distances = [near.unit.distance_m for near in found.proposed]
    assert distances == pytest.approx([5000, 300, 900, 10], rel=0.01)
    assert {near.unit.minutes for near in found.proposed} == {None}


def test_each_who_is_passed_over_says_why(
    session: Session, county: County, add: Add, clock: SetClock
) -> None:
    add("busy", "patrol_car", CREW[0])
    add("stale", "patrol_car", CREW[2])
    clock.advance(5 * MINUTE)
    add("fresh", "patrol_car", CREW[3])
    see(session, county, CREW[0], 0.0)
    clock.advance(dt.timedelta(seconds=1))
    add("empty", "patrol_car", None)
    add("unseen", "patrol_car", CREW[4], None)
    add("broken", "patrol_car", CREW[5])
    units.change_field_unit(
        session, None, "broken", UnitDraft("broken", "patrol_car", "330824", in_service=False)
    )
    task = take(session, county, a_report()).task
    say(session, county, CREW[0], task.id, "sign")
    found = asked(session, county)
    assert codes(found) == ["fresh"]
    assert passed_over(found) == {
        "busy": "busy",
        "stale": "stale_position",
        "empty": "no_crew",
        "unseen": "no_position",
        "broken": "out_of_service",
    }
    for verb in ("depart", "arrive", "report"):
        assert asked(session, county).proposed[0].unit.code == "fresh"
        say(session, county, CREW[0], task.id, verb)
    assert "busy" in codes(asked(session, county))


def test_only_the_nearest_of_a_tier_are_named(session: Session, county: County, add: Add) -> None:
    for n in range(4):
        add(f"P{n}", "patrol_car", CREW[n], 100 * (n + 1))
    found = asked(session, county)
    assert codes(found) == ["P0", "P1", "P2"]
    assert passed_over(found) == {"P3": None}


def test_by_road_where_a_network_is_loaded(session: Session, county: County, add: Add) -> None:
    """The unit across the river is near, and its way is long."""
    lon, lat = PLACE
    across = [(lon + 0.002, lat), (lon + 0.002, lat + 0.02), (lon, lat + 0.02), (lon, lat)]
    along = [(lon, lat), (lon - 0.01, lat)]
    lines = np.array([shapely.LineString(across), shapely.LineString(along)], dtype=object)
    minutes = np.array([20.0, 4.0])
    network = Roads(lines, minutes, minutes, np.array([0, 1]), np.array([1, 2]))
    places.set_roads(session, None, network)
    add("across", "patrol_car", CREW[0], 194.6)
    add("along", "patrol_car", CREW[1], -970)
    add("off-road", "patrol_car", CREW[2], 900)
    found = asked(session, county)
    assert found.by_road
    assert codes(found) == ["along", "across", "off-road"]
    assert [near.unit.minutes for near in found.proposed][:2] == pytest.approx([4, 20], abs=0.1)
    assert found.proposed[2].unit.minutes is None


def test_a_decision_of_priority_1_proposes_help(session: Session, county: County, add: Add) -> None:
    add("A1", "armed_response", CREW[6], 1500)
    urgent = take(session, county, a_report(priority=1))
    note = urgent.decision.notes[-1]
    assert note.code == "help.proposed"
    assert urgent.facts.field_units is not None
    assert [unit.code for unit in urgent.facts.field_units] == ["A1"]
    calm = take(session, county, a_report(priority=2))
    assert calm.facts.field_units is None
    assert not any(each.code.startswith("help.") for each in calm.decision.notes)


def test_a_decision_says_where_none_is_free(session: Session, county: County, add: Add) -> None:
    silent = take(session, county, a_report(priority=1))
    assert not any(each.code.startswith("help.") for each in silent.decision.notes)
    add("A1", "armed_response", None)
    assert take(session, county, a_report(priority=1)).decision.notes[-1].code == "help.none_free"


# -- crews -----------------------------------------------------------------------------------------


def test_a_crew_changes_from_now_on(
    session: Session, county: County, add: Add, clock: SetClock
) -> None:
    add("P1", "patrol_car", CREW[0], 0)
    clock.advance(MINUTE)
    units.set_crew(session, None, "P1", [CREW[1], CREW[2]])
    (unit,) = units.standing(session)
    assert [officer.service_number for officer in unit.crew] == [CREW[1], CREW[2]]
    assert unit.position is None
    see(session, county, CREW[2], 50)
    clock.advance(MINUTE)
    see(session, county, CREW[1], 80)
    (unit,) = units.standing(session)
    assert unit.position is not None and unit.position.at == clock.now()
    units.set_crew(session, None, "P1", [])
    assert units.standing(session)[0].crew == ()


def test_nobody_rides_with_two(session: Session, add: Add) -> None:
    add("P1", "patrol_car", CREW[0])
    with pytest.raises(Conflict) as refused:
        add("P2", "patrol_car", CREW[0])
    assert refused.value.code == "unit_crew.overlaps"


def test_who_may_do_what(session: Session, county: County) -> None:
    admin, room = county.principal("admin"), county.principal("room-33082401")
    units.add_field_unit(session, admin, "P1", UnitDraft("P1", "patrol_car", "33082401"))
    units.set_crew(session, room, "P1", [CREW[0]])
    assert [unit.code for unit in units.field_units(session, room)] == ["P1"]
    assert units.field_units(session, county.principal("room-33082402")) == []
    foreign = UnitDraft("P1", "patrol_car", "33082402")
    for actor, verb in (
        (room, lambda actor: units.add_field_unit(session, actor, "P2", foreign)),
        (room, lambda actor: units.change_field_unit(session, actor, "P1", foreign)),
        (
            county.principal("room-33082402"),
            lambda actor: units.set_crew(session, actor, "P1", [CREW[1]]),
        ),
        (county.principal(CREW[0]), lambda actor: help.nearest(session, actor, PLACE)),
    ):
        with pytest.raises(Forbidden):
            verb(actor)


@pytest.mark.parametrize(
    ("code", "draft", "refusal"),
    [
        ("P 1", UnitDraft("P1", "patrol_car", "330824"), "field_unit.bad_code"),
        ("P1", UnitDraft("P1", "tank", "330824"), "field_unit.unknown_kind"),
        ("P1", UnitDraft(" ", "patrol_car", "330824"), "input.length"),
        ("P0", UnitDraft("P0", "patrol_car", "330824"), "field_unit.exists"),
        ("P1", UnitDraft("P1", "patrol_car", "nowhere"), "unit.unknown"),
    ],
)
def test_what_is_refused(
    session: Session, add: Add, code: str, draft: UnitDraft, refusal: str
) -> None:
    add("P0", "patrol_car", None)
    with pytest.raises(GridserverError) as refused:
        units.add_field_unit(session, None, code, draft)
    assert refused.value.code == refusal


def test_an_unknown_unit_has_no_crew(session: Session, county: County) -> None:
    with pytest.raises(NotFound):
        units.set_crew(session, None, "P1", [])

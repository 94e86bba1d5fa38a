"""What holds of every decision, whatever the roster, the grid and the hour.

What single situations give is written out in words in `cases/decisions.yaml`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from gis.locator import Locator
from gridserver.dispatch import rules, texts
from gridserver.dispatch.norms import (
    DEFAULT_LADDERS,
    HOURS,
    ROUTES,
    RUNGS,
    Mode,
    Norms,
    Parameters,
    Route,
)
from gridserver.dispatch.rules import (
    Because,
    Border,
    Decision,
    Facts,
    FieldUnit,
    Officer,
    Person,
    Place,
    When,
    decide,
)
from gridserver.dispatch.rules.help import TIERS
from gridserver.incidents.categories import BROAD_CLASSES
from tests.rules import first_rules

STATION, BRIGADE = "33082401", "33082490"
CODES = ("330824001001001", "330824001001002", "330824001001003", "330824001001004")
DUTIES = ("case", "community", "leader", "pool", "specialist", "traffic")
ZONES = st.sampled_from([ZoneInfo("Asia/Shanghai"), ZoneInfo("America/Chicago")])


def officers(least: int = 0, most: int = 4) -> st.SearchStrategy[tuple[Officer, ...]]:
    alone = st.builds(
        Officer,
        account_id=st.integers(1, 12),
        username=st.just("330824"),
        display_name=st.text("周吴郑王", min_size=1, max_size=2),
        duties=st.lists(st.sampled_from(DUTIES), max_size=2, unique=True).map(tuple),
        absent=st.booleans(),
        unseen_s=st.none() | st.integers(0, 1800),
    )
    each = st.builds(lambda o, other: replace(o, stand_in=other), alone, st.none() | alone)
    return st.lists(each, min_size=least, max_size=most).map(tuple)


def desks(least: int, first: int) -> st.SearchStrategy[tuple[Person, ...]]:
    return st.integers(least, 2).map(
        lambda count: tuple(Person(first + n, f"room-{n}", f"room-{n}") for n in range(count))
    )


@st.composite
def places(draw: st.DrawFn) -> Place:
    """A point somewhere in, between or outside the cells of any grid; or no grid at all."""
    if draw(st.booleans()) and draw(st.booleans()):
        return Place(None, None, None, None, None, "outside", (), None)
    side = st.integers(0, 40)
    corners = draw(st.lists(st.tuples(side, side), min_size=1, max_size=4, unique=True))
    cells = [box(x, y, x + 10, y + 10) for x, y in corners]
    scaled = [box(*(degree * 1e-4 for degree in cell.bounds)) for cell in cells]
    at = draw(st.tuples(st.integers(-5, 55), st.integers(-5, 55)))
    locator = Locator(CODES[: len(scaled)], scaled, ground=box(0, 0, 0.005, 0.005))
    accuracy_m = draw(st.none() | st.floats(1, 200))
    found = locator.locate(at[0] * 1e-4, at[1] * 1e-4, accuracy_m)
    station = STATION if found.code and draw(st.integers(0, 5)) else None
    name = draw(st.sampled_from(["桥头", ""])) if found.code else None
    return Place(
        found.code, name, station, station, "v1", found.method, found.neighbours, found.distance_m
    )


LADDERS = st.lists(st.sampled_from(RUNGS[:-1]), max_size=5, unique=True).map(
    lambda rungs: (*rungs, "station_room") if "station_room" not in rungs else tuple(rungs)
)
MODES = st.sampled_from(
    [
        Mode(),
        Mode("mobilised", "330824", "县局", "局长", "防汛", dt.datetime(2026, 3, 1, tzinfo=dt.UTC)),
    ]
)


@st.composite
def norms(draw: st.DrawFn) -> Norms:
    kind = draw(st.sampled_from(ROUTES))
    keys = [(route, hours) for route in ROUTES for hours in HOURS]
    changed = draw(st.dictionaries(st.sampled_from(keys), LADDERS, max_size=2))
    unit = draw(st.sampled_from([None, BRIGADE]))
    return Norms(
        category="x",
        broad_class=draw(st.sampled_from(BROAD_CLASSES)),
        priority=3,
        route=Route(kind, "bureau", unit, unit, "12345" if kind == "hand_over" else None),
        ladders=DEFAULT_LADDERS | changed,
        parameters=Parameters(
            three_or_more_unit=draw(st.sampled_from([None, BRIGADE])),
            unreachable_after_s=draw(st.sampled_from([None, 900])),
            crew_in_turn=draw(st.sampled_from([None, 1, 3])),
        ),
        mode=draw(MODES),
    )


def moments() -> st.SearchStrategy[dt.datetime]:
    """Any minute of a year, in a zone with daylight saving and in one without."""
    begin = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    minutes = st.integers(0, 365 * 24 * 60).map(lambda count: dt.timedelta(minutes=count))
    return st.builds(lambda after, zone: (begin + after).astimezone(zone), minutes, ZONES)


@st.composite
def situations(draw: st.DrawFn) -> Facts:
    place = draw(places())
    inside, manned = place.cell is not None, place.station is not None
    nobody = st.just(())
    units = draw(
        st.none()
        | st.lists(
            st.builds(
                FieldUnit,
                code=st.text("123", min_size=1),
                name=st.just("巡逻车"),
                kind=st.sampled_from(TIERS),
                free=st.booleans(),
                position_age_s=st.integers(0, 600),
                distance_m=st.floats(0, 9e4),
            ),
            max_size=3,
        ).map(tuple)
    )
    return Facts(
        place=place,
        norms=draw(norms()),
        priority=draw(st.integers(1, 4)),
        when=draw(
            st.builds(
                When,
                moments(),
                st.sampled_from(["working", "rest", "holiday"]),
                st.none() | st.just({"zh-CN": "春节", "en": "Spring Festival"}),
            )
        ),
        station_room=draw(desks(0, 100) if manned else nobody),
        bureau_room=draw(desks(1, 101)),
        primaries=draw(officers() if inside else nobody),
        backups=draw(officers() if inside else nobody),
        group=draw(officers() if inside else nobody),
        team_leaders=draw(officers() if inside else nobody),
        on_duty={unit: draw(officers()) for unit in (STATION, BRIGADE) if manned},
        border=draw(
            st.none() | st.builds(Border, st.just("常山"), st.none(), st.none(), st.floats(0, 300))
        ),
        suspects=draw(st.integers(0, 3)),
        offences=draw(st.integers(0, 3)),
        field_units=units,
    )


def able(facts: Facts) -> set[int]:
    """Return the ids of the officers in the facts who can be called on."""
    everybody = [*facts.primaries, *facts.backups, *facts.group, *facts.team_leaders]
    everybody += [officer for crew in facts.on_duty.values() for officer in crew]
    everybody += [officer.stand_in for officer in everybody if officer.stand_in]
    return {o.account_id for o in everybody if rules.why_not(o, facts.norms) is None}


@given(situations())
def test_every_incident_gets_somebody_who_can_go_or_a_command_room(facts: Facts) -> None:
    decision = decide(facts)
    told = [step.who.account_id for step in decision.steps]
    assert told, "somebody is always told"
    assert len(told) == len(set(told)), "nobody twice"
    of_officers = {s.who.account_id for s in decision.steps if s.kind not in rules.ROOMS}
    assert of_officers <= able(facts), "nobody who can't be called on"
    bureau = {person.account_id for person in facts.bureau_room}
    assert bureau <= set(told)
    assert decision.steps[-1].who.account_id in bureau


@given(situations())
def test_the_steps_are_numbered_and_their_deadlines_ascend(facts: Facts) -> None:
    steps = decide(facts).steps
    assert [step.step for step in steps] == list(range(1, len(steps) + 1))
    assert all(step.sign_within_s >= 1 for step in steps)
    assert {step.tell for step in steps} == {"at_once" if facts.norms.mobilised else "in_turn"}


@given(situations())
def test_whoever_cannot_be_reached_is_told_later_and_once(facts: Facts) -> None:
    steps = decide(facts).steps
    later = [person.account_id for step in steps for person in step.passed_over]
    assert len(later) == len(set(later))
    assert not set(later) & {step.who.account_id for step in steps}


@given(situations())
def test_the_same_facts_give_the_same_decision_when_stored(facts: Facts) -> None:
    stored = json.loads(json.dumps(facts.to_json()))
    assert Facts.from_json(stored) == facts
    decision = decide(facts)
    assert decide(Facts.from_json(stored)) == decision
    kept = json.loads(json.dumps(decision.to_json()))
    assert Decision.from_json(kept) == decision


@given(situations())
def test_everything_can_be_said_in_every_language(facts: Facts) -> None:
    decision = decide(facts)
    for because in (*decision.notes, *(step.because for step in decision.steps)):
        for language in texts.LANGUAGES:
            said = texts.say(because.code, because.params, language)
            assert "{" not in said
            assert "None" not in said


# -- who the persons in an incident are plays no part ---------------------------------------------

#: Every value that a decision is computed from, by its path. Of the persons in an incident there
#: are two numbers, ``suspects`` and ``offences``. Whoever adds a line says what it is for: nothing
#: here may tell one person in an incident from another.
KNOWN = """
border: contact distance_m name name_en
field_units[]: code crewed distance_m free in_service kind minutes name name_en position_age_s
norms: broad_class category priority ladders{} sign_limits_s{}
norms.mode: name ordered_by since unit unit_name why
norms.parameters: border_distance_m day_from day_to duplicate_radius_m duplicate_within_s
norms.parameters: crew_in_turn position_fresh_s three_or_more three_or_more_unit
norms.parameters: three_or_more_unit_name unreachable_after_s
norms.route: agency category decided_by kind unit unit_name
place: cell cell_name distance_m grid_version method neighbours[] station station_name
when: day local name
"""
#: Officers and desks: the police, not the persons in the incident.
POLICE = ("primaries", "backups", "group", "team_leaders", "station_room", "bureau_room")
OF_OFFICERS = "account_id username display_name duties[] absent unseen_s stand_in"


def known_paths() -> set[str]:
    paths = {"priority", "suspects", "offences", "on_duty{}"}
    for line in KNOWN.strip().splitlines():
        parent, leaves = line.split(": ")
        paths |= {f"{parent}.{leaf}" for leaf in leaves.split()}
    return paths


def paths_of(value: Any, path: str) -> Iterator[str]:
    """Give the path of every value that a decision can read."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from paths_of(getattr(value, field.name), f"{path}.{field.name}".lstrip("."))
    elif isinstance(value, tuple) and any(map(dataclasses.is_dataclass, value)):
        for each in value:
            yield from paths_of(each, f"{path}[]")
    elif isinstance(value, tuple):
        yield f"{path}[]"
    elif isinstance(value, dict) and not path.endswith(".name"):
        yield f"{path}{{}}"
    else:
        yield path


def test_what_decide_can_read_is_on_the_list() -> None:
    """`decide` takes `Facts` and nothing else; each of its values is walked."""
    full = Facts(
        place=Place("c", "c", "s", "s", "v", "covers", ("d",), 0.0),
        norms=Norms("x", "criminal", 2, Route("case")),
        priority=2,
        when=When(dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC), "working"),
        station_room=(),
        bureau_room=(),
        on_duty={},
        border=Border("b", None, None, 1.0),
        field_units=(FieldUnit("u", "u", "patrol_car", True, 1, 1.0),),
    )
    found = set(paths_of(full, ""))
    assert found - {f"{name}[]" for name in POLICE} == known_paths()


def test_of_officers_it_reads_what_their_duty_needs() -> None:
    leaves = set(paths_of(Officer(1, "330824001", "330824001"), ""))
    assert leaves == set(OF_OFFICERS.split())


@given(situations(), st.integers(0, 3), st.integers(0, 3))
def test_only_whether_the_numbers_reach_the_threshold_counts(
    facts: Facts, suspects: int, offences: int
) -> None:
    other = replace(facts, suspects=suspects, offences=offences)
    reached = [rules.three_or_more(f.norms, f.suspects, f.offences) for f in (facts, other)]
    if reached[0] == reached[1]:
        assert decide(facts).steps == decide(other).steps


# -- what older facts say --------------------------------------------------------------------------


def test_facts_of_the_first_rules_give_the_steps_that_they_gave() -> None:
    decision = decide(Facts.from_json(first_rules.FACTS))
    assert decision.steps == tuple(rules.Step.from_json(step) for step in first_rules.STEPS)
    assert (decision.route, decision.hours) == ("community", "day")


# -- the texts -------------------------------------------------------------------------------------


def test_the_languages_have_the_same_codes_and_placeholders() -> None:
    chinese, english = (texts.load(language) for language in texts.LANGUAGES)
    assert chinese.keys() == english.keys()
    for code in chinese:
        assert placeholders(chinese[code]) == placeholders(english[code]), code


def placeholders(sentence: str) -> set[str]:
    return {part.split("}")[0] for part in sentence.split("{")[1:]}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Dispute: route “community”, by the bureau's table. It is the work of A."),
        ("zh-CN", "纠纷类警情，按县局分流表：社区民警出警。由A承办。"),
    ],
)
def test_values_have_words_of_their_own(language: str, said: str) -> None:
    params = {
        "broad_class": "dispute",
        "route": "community",
        "decided_by": "bureau",
        "work_of": {"en": "A", "zh-CN": "A"},
    }
    because = Because("what.route", params)
    assert texts.say(because.code, because.params, language) == said

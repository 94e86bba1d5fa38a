"""The ladder: who gets an incident, and why."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridserver.dispatch import rules, texts
from gridserver.dispatch.rules import Facts, Owner, Person, Place

PLACE = Place(
    cell="330824001001001",
    cell_name="村00",
    station="33082401",
    station_name="南所",
    grid_version="v1",
    method="covers",
    neighbours=(),
    distance_m=0.0,
)
OUTSIDE = Place(None, None, None, None, "v1", "outside", (), None)


def owner(number: int, *, on_duty: bool = True, absent: bool = False) -> Owner:
    return Owner(number, f"33082400{number}", f"33082400{number}", on_duty, absent)


def desk(number: int) -> Person:
    return Person(number, f"room-{number}", f"room-{number}")


FACTS = Facts(
    place=PLACE,
    priority=2,
    primaries=(owner(1),),
    backups=(owner(2),),
    station_room=(desk(8),),
    bureau_room=(desk(9),),
)


def ladder(facts: Facts) -> list[tuple[str, int, str]]:
    return [(s.kind, s.who.account_id, s.because.code) for s in rules.decide(facts)]


def test_the_whole_ladder() -> None:
    assert ladder(FACTS) == [
        ("primary", 1, "primary.owns_cell"),
        ("backup", 2, "backup.unsigned"),
        ("station_room", 8, "station_room.unsigned"),
        ("bureau_room", 9, "bureau_room.unsigned"),
    ]
    assert [s.step for s in rules.decide(FACTS)] == [1, 2, 3, 4]
    assert {s.sign_within_s for s in rules.decide(FACTS)} == {120}


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("covers", "primary.owns_cell"),
        ("boundary", "primary.boundary"),
        ("largest_share", "primary.largest_share"),
        ("nearest", "primary.nearest"),
    ],
)
def test_the_first_reason_says_how_the_cell_was_found(method: str, code: str) -> None:
    place = replace(PLACE, method=method, neighbours=("330824001001002",), distance_m=12.34)
    first = rules.decide(replace(FACTS, place=place))[0].because
    assert first.code == code
    assert first.params["neighbours"] == ["330824001001002"]
    assert first.params.get("distance_m") == (12.3 if method == "nearest" else None)


@pytest.mark.parametrize(
    ("primaries", "code"),
    [
        ([owner(1, absent=True)], "backup.primary_absent"),
        ([owner(1, on_duty=False)], "backup.primary_off_duty"),
        ([owner(1, on_duty=False), owner(3, absent=True)], "backup.primary_unavailable"),
        ([], "backup.no_primary"),
    ],
)
def test_the_backup_covers_and_says_why(primaries: list[Owner], code: str) -> None:
    first = rules.decide(replace(FACTS, primaries=tuple(primaries)))[0]
    assert (first.kind, first.because.code) == ("backup", code)
    named = first.because.params.get("absent", []) + first.because.params.get("off_duty", [])
    assert sorted(named) == sorted(person.display_name for person in primaries)


def test_several_primaries_are_steps_each() -> None:
    facts = replace(FACTS, primaries=(owner(1), owner(3, absent=True), owner(4)), backups=())
    steps = rules.decide(facts)
    assert [(s.who.account_id, s.because.code) for s in steps[:2]] == [
        (1, "primary.owns_cell"),
        (4, "primary.unsigned"),
    ]
    assert steps[1].because.params["absent"] == ["330824003"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"primaries": (owner(1, absent=True),), "backups": ()}, "station_room.nobody_on_duty"),
        ({"primaries": (), "backups": ()}, "station_room.no_owner"),
        (
            {"primaries": (owner(1, absent=True),), "backups": (), "station_room": ()},
            "bureau_room.nobody_on_duty",
        ),
        ({"primaries": (), "backups": (), "station_room": ()}, "bureau_room.no_owner"),
        (
            {"place": OUTSIDE, "primaries": (), "backups": (), "station_room": ()},
            "bureau_room.outside",
        ),
        (
            {
                "place": replace(OUTSIDE, grid_version=None),
                "primaries": (),
                "backups": (),
                "station_room": (),
            },
            "bureau_room.no_grid",
        ),
    ],
)
def test_a_room_decides_where_nobody_can_go(change: dict, expected: str) -> None:
    assert rules.decide(replace(FACTS, **change))[0].because.code == expected


def people(least: int, most: int, made: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(made, min_size=least, max_size=most, unique_by=lambda p: p.account_id).map(
        tuple
    )


OWNERS = st.builds(owner, st.integers(1, 9), on_duty=st.booleans(), absent=st.booleans())
DESKS = st.builds(desk, st.integers(5, 12))
PLACES = st.one_of(
    st.builds(
        replace,
        st.just(PLACE),
        method=st.sampled_from(["covers", "boundary", "largest_share", "nearest"]),
        neighbours=st.lists(st.text("0123456789", min_size=15, max_size=15), max_size=3).map(tuple),
        distance_m=st.floats(0, 30),
        cell_name=st.sampled_from(["村", ""]),
    ),
    st.just(OUTSIDE),
    st.just(replace(OUTSIDE, grid_version=None)),
)


@st.composite
def situations(draw: st.DrawFn) -> Facts:
    place = draw(PLACES)
    inside = place.cell is not None
    return Facts(
        place=place,
        priority=draw(st.integers(1, 4)),
        primaries=draw(people(0, 3, OWNERS)) if inside else (),
        backups=draw(people(0, 3, OWNERS)) if inside else (),
        station_room=draw(people(0, 2, DESKS)) if inside else (),
        bureau_room=draw(people(1, 2, DESKS)),
    )


@given(situations())
def test_every_decision_holds_its_promises(facts: Facts) -> None:
    steps = rules.decide(facts)
    told = [step.who.account_id for step in steps]
    assert steps, "somebody is always told"
    assert len(told) == len(set(told)), "nobody twice"
    assert [step.step for step in steps] == list(range(1, len(steps) + 1))
    assert all(step.sign_within_s > 0 for step in steps), "deadlines ascend"
    available = {o.account_id for o in facts.primaries + facts.backups if o.available}
    assert {s.who.account_id for s in steps if s.kind not in rules.ROOMS} <= available
    assert {person.account_id for person in facts.bureau_room} <= set(told)


@given(situations())
def test_stored_facts_give_the_same_decision(facts: Facts) -> None:
    stored = json.loads(json.dumps(facts.to_json()))
    assert Facts.from_json(stored) == facts
    steps = rules.decide(facts)
    assert rules.decide(Facts.from_json(stored)) == steps
    kept = json.loads(json.dumps([step.to_json() for step in steps]))
    assert tuple(rules.Step.from_json(step) for step in kept) == steps


@given(situations())
def test_every_reason_can_be_said_in_every_language(facts: Facts) -> None:
    for step in rules.decide(facts):
        for language in texts.LANGUAGES:
            said = texts.say(step.because.code, step.because.params, language)
            assert "{" not in said
            assert "None" not in said


def test_the_languages_have_the_same_codes_and_placeholders() -> None:
    chinese, english = (texts.load(language) for language in texts.LANGUAGES)
    assert chinese.keys() == english.keys()
    for code in chinese:
        assert placeholders(chinese[code]) == placeholders(english[code]), code


def test_who_was_passed_over_is_named() -> None:
    facts = replace(FACTS, primaries=(owner(1, absent=True), owner(3, on_duty=False)))
    because = rules.decide(facts)[0].because
    said = texts.say(because.code, because.params, "en")
    assert said.endswith("Absent: 330824001. Off duty: 330824003.")


def placeholders(sentence: str) -> set[str]:
    return {part.split("}")[0] for part in sentence.split("{")[1:]}

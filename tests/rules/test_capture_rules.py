"""What a capture says, and its life."""

from __future__ import annotations

import itertools

import pytest

from gridserver.access.rules import PERMISSIONS
from gridserver.base.errors import Invalid
from gridserver.captures import rules
from gridserver.captures.rules import CAPTURE, DECIDED_BY, HAZARD, KINDS

#: As the brief says it, apart from the code's table: from, verb, to.
EXPECTED = {
    "proposed": {"accept": "accepted", "decline": "declined", "dispatch": "became_task"},
    "accepted": {},
    "declined": {},
    "became_task": {},
}
VERBS = ("accept", "decline", "dispatch")
GOOD = {"kind": "place", "text": "A new square", "lon": 118.4, "lat": 29.1}


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(EXPECTED, VERBS)))
def test_every_verb_in_every_state(state: str, verb: str) -> None:
    assert CAPTURE.after(state, verb) == EXPECTED[state].get(verb)
    assert set(CAPTURE.states) == set(EXPECTED)
    assert set(CAPTURE.verbs) == set(VERBS)


def test_somebody_decides_on_every_proposal() -> None:
    assert set(DECIDED_BY) == set(KINDS) - {HAZARD}
    assert all(PERMISSIONS[permission] for permission in DECIDED_BY.values())


def test_a_capture_is_read() -> None:
    said = rules.read_capture(GOOD | {"photos": ["1" * 64], "accuracy_m": 8.5, "name": " 广场 "})
    assert (said.kind, said.name, said.photos, said.accuracy_m) == (
        "place",
        "广场",
        ("1" * 64,),
        8.5,
    )
    assert rules.read_capture(GOOD | {"name": " "}).name is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "person"}, "data.kind"),
        ({"kind": None}, "data.kind"),
        ({"kind": ["place"]}, "data.kind"),
        ({"text": ""}, "data.text"),
        ({"text": "x" * 2001}, "data.text"),
        ({"name": "x" * 201}, "data.name"),
        ({"lon": None}, "data.lon"),
        ({"lon": "118.4"}, "data.lon"),
        ({"lat": 91.0}, "data.lat"),
        ({"lat": float("nan")}, "data.lat"),
        ({"accuracy_m": -1.0}, "data.accuracy_m"),
        ({"photos": ["x"]}, "data.photos"),
        ({"photos": ["1" * 64] * 13}, "data.photos"),
        ({"id_number": "…"}, "data.id_number"),
        ({"\0": 1}, "data.'\\x00'"),
    ],
)
def test_a_bad_capture_names_its_field(change: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.read_capture(GOOD | change)
    assert refusal.value.field == field

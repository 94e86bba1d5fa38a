"""What a sighting says, and by when it must be answered."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from gridserver.base.errors import Invalid
from gridserver.bulletins import hits
from gridserver.bulletins.lifecycle import SIGHTING, UNANSWERED

AT = dt.datetime(2026, 3, 10, 1, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("urgent", "said", "minutes"),
    [(True, {}, 10), (False, {}, 60), (False, {"urgent": True}, 10), (True, {"urgent": False}, 60)],
)
def test_ten_minutes_or_an_hour(urgent: bool, said: dict[str, Any], minutes: int) -> None:
    read = hits.read_sighting({"text": "在站台", "place": "车站"} | said, urgent=urgent)
    assert hits.answer_by(read.is_urgent, AT) == AT + dt.timedelta(minutes=minutes)


@pytest.mark.parametrize("where", [{"place": "车站"}, {"lon": 118.4, "lat": 29.1}])
def test_words_or_a_point_say_where(where: dict[str, Any]) -> None:
    read = hits.read_sighting({"text": "在站台"} | where, urgent=False)
    assert {"place": read.place, "lon": read.lon, "lat": read.lat} == {
        "place": None,
        "lon": None,
        "lat": None,
    } | where


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"place": "车站"}, "input.not_text", "text"),
        ({"text": " ", "place": "车站"}, "input.length", "text"),
        ({"text": "在站台"}, "bulletin.sighting_place", "place"),
        ({"text": "在站台", "lon": 118.4}, "input.number", "lat"),
        ({"text": "在站台", "lon": 181, "lat": 29}, "input.number", "lon"),
        ({"text": "在站台", "place": "车站", "urgent": "yes"}, "input.not_boolean", "urgent"),
        (
            {"text": "在站台", "place": "车站", "plate": "浙H12345"},
            "bulletin.unknown_field",
            "plate",
        ),
        ({"text": "在站台", "place": "车站", "photo": "x"}, "bulletin.unknown_field", "photo"),
    ],
)
def test_what_is_wrong_is_named(said: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        hits.read_sighting(said, urgent=False)
    assert (refusal.value.code, refusal.value.field) == (code, field)


@pytest.mark.parametrize("minutes", [0, hits.MOST_MINUTES + 1, True, 1.5, None, "10"])
def test_a_time_is_given_in_minutes(minutes: object) -> None:
    with pytest.raises(Invalid, match="minutes"):
        hits.read_wait(minutes)
    assert hits.read_wait(1) == dt.timedelta(minutes=1)


def test_an_answer_carries_nothing_else() -> None:
    for verb, field in (("confirm", "minutes"), ("promise", "text"), ("match", "text")):
        with pytest.raises(Invalid):
            hits.check_answer(verb, {field: 1})


def test_what_was_answered_stays_so() -> None:
    assert SIGHTING.final == {"confirmed", "refuted", "lapsed"}
    assert all(SIGHTING.after(state, "confirm") == "confirmed" for state in UNANSWERED)

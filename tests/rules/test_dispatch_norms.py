"""The norms of a decision: what a new installation begins with, and the way into the facts."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest

from gridserver.dispatch import norms
from gridserver.dispatch.norms import Mode, Norms, Parameters, Route, default_norms
from gridserver.incidents.categories import BROAD_CLASSES
from gridserver.org.models import MODES

MOBILISED = Mode(
    "mobilised", "330824", "县局", "330824001", "防汛", dt.datetime(2026, 7, 1, 2, tzinfo=dt.UTC)
)


@pytest.mark.parametrize("broad_class", BROAD_CLASSES)
@pytest.mark.parametrize("mode", [None, *MODES])
def test_every_class_has_ladders_that_end_at_the_bureau(broad_class, mode):
    laid_down = default_norms(broad_class, mode)
    for hours in norms.HOURS:
        for route in (laid_down.route.kind, "specialist", "community"):
            rungs = laid_down.ladder(route, hours)
            assert rungs[-2:] == ("station_room", "bureau_room")
            assert len(set(rungs)) == len(rungs)
            assert set(rungs) <= set(norms.RUNGS)


def test_a_station_of_two_rooms_has_no_case_team():
    assert default_norms("criminal").route.kind == "case"
    small = default_norms("criminal", "two_rooms_many_areas").route
    assert (small.kind, small.decided_by) == ("community", "mode")
    assert default_norms("dispute", "two_rooms_many_areas").route.decided_by == "bureau"


def test_norms_come_back_from_their_json():
    laid_down = replace(
        default_norms("criminal"),
        route=Route("hand_over", "station", agency="12345", category="0305"),
        parameters=Parameters(three_or_more_unit="XZ", unreachable_after_s=None),
        mode=MOBILISED,
    )
    stored = json.loads(json.dumps(laid_down.to_json()))
    assert Norms.from_json(stored) == laid_down


@pytest.mark.parametrize(("normal", "mobilised"), [(60, 30), (301, 150), (1, 1)])
def test_mobilisation_halves_the_time_to_sign(normal, mobilised):
    laid_down = replace(default_norms("help"), sign_limits_s={2: normal})
    assert laid_down.sign_within_s(2) == normal
    assert replace(laid_down, mode=MOBILISED).sign_within_s(2) == mobilised

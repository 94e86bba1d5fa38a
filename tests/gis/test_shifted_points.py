"""The front end shifts coordinates by itself: its sample points are this package's values."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from gis import gcj02

POINTS = Path(__file__).parents[2] / "web" / "tests" / "shifted.json"


def test_the_front_ends_points_are_ours() -> None:
    points = json.loads(POINTS.read_text(encoding="utf-8"))
    assert len(points) >= 5
    for point in points:
        lon, lat = (np.array([degrees]) for degrees in point["wgs84"])
        shifted = gcj02.wgs84_to_gcj02(lon, lat)
        np.testing.assert_allclose(np.concatenate(shifted), point["gcj02"], rtol=0, atol=1e-10)
        again = gcj02.gcj02_to_bd09(*shifted)
        np.testing.assert_allclose(np.concatenate(again), point["bd09"], rtol=0, atol=1e-10)

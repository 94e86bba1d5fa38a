"""The rules of "which cell": single, in bulk, and against Shapely over 25,000 real incidents."""

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.crs import local_metric
from gis.errors import GisError
from gis.locator import Located, Locator, choose, reach_box

# Two cells side by side, a gap of 0.0004 degrees (39 m at 29 N), and a third.
CELLS = [
    ("B", shapely.box(118.00, 29.0, 118.01, 29.01)),
    ("A", shapely.box(118.01, 29.0, 118.02, 29.01)),
    ("C", shapely.box(118.0204, 29.0, 118.03, 29.01)),
]
METRE_EAST = 1 / 97_436.0  # a metre at 29 N, in degrees of longitude


@pytest.fixture(scope="module")
def locator() -> Locator:
    return Locator([code for code, _ in CELLS], [geom for _, geom in CELLS])


def test_inside_one_cell(locator: Locator) -> None:
    assert locator.locate(118.005, 29.005) == Located("B", "covers", (), 0.0)


def test_on_a_shared_boundary_the_lower_code_wins_and_the_other_is_named(locator: Locator) -> None:
    assert locator.locate(118.01, 29.005) == Located("A", "boundary", ("B",), 0.0)


def test_on_the_outer_boundary_the_cell_covers(locator: Locator) -> None:
    assert locator.locate(118.0, 29.005) == Located("B", "covers", (), 0.0)


def test_codes_are_compared_by_code_point() -> None:
    left, right = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)
    assert Locator(["a", "Z"], [left, right]).locate(1.0, 0.5).code == "Z"
    assert Locator(["城关", "10"], [left, right]).locate(1.0, 0.5).code == "10"
    assert Locator(["9", "10"], [left, right]).locate(1.0, 0.5).code == "10"


def test_in_a_gap_the_nearest_within_the_tolerance(locator: Locator) -> None:
    found = locator.locate(118.02 + 15 * METRE_EAST, 29.005)
    assert (found.code, found.method, found.neighbours) == ("A", "nearest", ("C",))
    assert found.distance_m == pytest.approx(15.0, abs=0.01)


def test_beyond_the_tolerance_a_point_is_outside(locator: Locator) -> None:
    assert locator.locate(118.0 - 29.9 * METRE_EAST, 29.005).method == "nearest"
    assert locator.locate(118.0 - 30.1 * METRE_EAST, 29.005) == Located(None, "outside")
    assert locator.locate(2.35, 48.85) == Located(None, "outside")


def test_the_tolerance_can_be_set() -> None:
    codes, geoms = zip(*CELLS, strict=True)
    assert Locator(codes, geoms, gap_tolerance_m=0.0).locate(118.0202, 29.005).method == "outside"
    wide = Locator(codes, geoms, gap_tolerance_m=5_000.0)
    assert wide.locate(118.0 - 4_900 * METRE_EAST, 29.005).code == "B"


def test_equally_near_cells_go_by_code() -> None:
    pair = [("2", shapely.box(-1, -1, -0.0001, 1)), ("1", shapely.box(0.0001, -1, 1, 1))]
    assert choose(shapely.Point(0, 0), pair).code == "1"


def test_the_greatest_share_of_the_circle_wins_over_covering(locator: Locator) -> None:
    # On the tip of a cell's corner most of the circle lies in the neighbour.
    thin = [
        ("1", shapely.Polygon([(0, 0), (0.01, 0.0001), (0.01, -0.0001)])),
        ("2", shapely.box(-0.01, -0.01, 0, 0.01)),
    ]
    found = choose(shapely.Point(0.00001, 0), thin, accuracy_m=100.0)
    assert (found.code, found.method, found.neighbours) == ("2", "largest_share", ("1",))
    assert found.distance_m == pytest.approx(1.11, abs=0.01)


def test_neighbours_come_with_the_runner_up_first() -> None:
    found = choose(shapely.Point(118.019, 29.005), CELLS, accuracy_m=950.0)
    assert (found.code, found.neighbours) == ("A", ("C", "B"))


def test_equal_shares_go_to_the_lower_code(locator: Locator) -> None:
    found = locator.locate(118.01, 29.005, accuracy_m=50.0)
    assert found == Located("A", "largest_share", ("B",), 0.0)


def test_a_circle_within_one_cell_decides_nothing(locator: Locator) -> None:
    assert locator.locate(118.005, 29.005, accuracy_m=50.0) == Located("B", "covers", (), 0.0)


def test_a_circle_reaches_a_cell_that_the_tolerance_does_not(locator: Locator) -> None:
    found = locator.locate(118.0 - 100 * METRE_EAST, 29.005, accuracy_m=150.0)
    assert (found.code, found.method) == ("B", "largest_share")
    assert found.distance_m == pytest.approx(100.0, abs=0.1)


def test_an_invalid_polygon_has_no_share_but_can_cover() -> None:
    bowtie = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    assert choose(shapely.Point(0.1, 0.5), [("1", bowtie)], accuracy_m=500.0).method == "covers"


@pytest.mark.parametrize("accuracy", [-1.0, float("nan"), float("inf"), 1e6])
def test_an_accuracy_that_is_no_radius(locator: Locator, accuracy: float) -> None:
    with pytest.raises(GisError) as refused:
        locator.locate(118.005, 29.005, accuracy_m=accuracy)
    assert (refused.value.code, refused.value.field) == ("locate.accuracy", "accuracy_m")


def test_several_polygons_of_one_code_are_one_cell() -> None:
    parts = [("1", shapely.box(0, 0, 1, 1)), ("1", shapely.box(1, 0, 2, 1))]
    assert choose(shapely.Point(1.0, 0.5), parts) == Located("1", "covers", (), 0.0)
    codes, methods = Locator(["1", "1"], [geom for _, geom in parts]).locate_many([1.0], [0.5])
    assert (codes.tolist(), methods.tolist()) == (["1"], ["covers"])


def test_no_cells_at_all() -> None:
    assert Locator([], []).locate(1.0, 1.0).method == "outside"
    codes, methods = Locator([], []).locate_many([1.0, np.nan], [1.0, 1.0])
    assert (codes.tolist(), methods.tolist()) == ([None, None], ["outside", "invalid"])


def test_codes_and_polygons_must_pair() -> None:
    with pytest.raises(GisError, match="one code for each"):
        Locator(["1"], [])


@pytest.mark.parametrize(
    ("lon", "lat"), [(np.nan, 29.0), (118.0, np.inf), (181.0, 29.0), (29.0, 118.0)]
)
def test_unusable_coordinates_keep_their_place(locator: Locator, lon: float, lat: float) -> None:
    assert locator.locate(lon, lat) == Located(None, "invalid")
    codes, methods = locator.locate_many([118.005, lon, 118.015], [29.005, lat, 29.005])
    assert codes.tolist() == ["B", None, "A"]
    assert methods.tolist() == ["covers", "invalid", "covers"]


# Coordinates that fall on boundaries, into the gap and outside as often as inside.
LON = st.sampled_from([117.9998, 118.0, 118.01, 118.02, 118.0202, 118.0204]) | st.floats(
    117.99, 118.04
)
LAT = st.sampled_from([29.0, 29.01, 29.0101]) | st.floats(28.99, 29.02)


@given(st.lists(st.tuples(LON, LAT), max_size=20))
def test_bulk_and_single_agree(points: list[tuple[float, float]]) -> None:
    locator = Locator([code for code, _ in CELLS], [geom for _, geom in CELLS])
    codes, methods = locator.locate_many([x for x, _ in points], [y for _, y in points])
    singles = [locator.locate(x, y) for x, y in points]
    assert codes.tolist() == [single.code for single in singles]
    assert methods.tolist() == [single.method for single in singles]


@given(LON, LAT, st.sampled_from([None, 5.0, 500.0]))
def test_the_reach_box_holds_every_cell_that_matters(
    lon: float, lat: float, accuracy_m: float | None
) -> None:
    near = [
        cell for cell in CELLS if cell[1].intersects(shapely.box(*reach_box(lon, lat, accuracy_m)))
    ]
    point = shapely.Point(lon, lat)
    assert choose(point, near, accuracy_m) == choose(point, CELLS, accuracy_m)


class Chicago:
    """The 275 beats (277 polygons, merged by code) and the 25,000 incidents."""

    def __init__(self, folder: Path) -> None:
        features = json.loads((folder / "beats.geojson").read_text())["features"]
        parts: dict[str, list[shapely.Geometry]] = {}
        for feature in features:
            polygon = shapely.from_geojson(json.dumps(feature["geometry"]))
            parts.setdefault(feature["properties"]["beat"], []).append(polygon)
        self.codes = list(parts)
        self.geoms = np.array([shapely.union_all(polygons) for polygons in parts.values()])
        with gzip.open(folder / "incidents_2017_2019.csv.gz", "rt") as lines:
            rows = list(csv.DictReader(lines))
        self.lon = np.array([float(row["lon"]) for row in rows])
        self.lat = np.array([float(row["lat"]) for row in rows])
        self.labels = np.array([row["label"] for row in rows])


@pytest.fixture(scope="module")
def chicago(shared_data: Path) -> Chicago:
    return Chicago(shared_data / "us_chicago")


def covers_with_lower_code(chicago: Chicago) -> list[str | None]:
    """What Shapely's own `covers` says, cell by cell in order of code, the first one kept."""
    found: list[str | None] = [None] * len(chicago.lon)
    points = shapely.points(chicago.lon, chicago.lat)
    for code, geom in sorted(zip(chicago.codes, chicago.geoms, strict=True), key=lambda c: c[0]):
        shapely.prepare(geom)
        for i in np.flatnonzero(shapely.covers(geom, points)):
            if found[i] is None:
                found[i] = code
    return found


def test_chicago_is_what_shapely_covers_says(chicago: Chicago) -> None:
    assert (len(chicago.codes), len(chicago.lon)) == (275, 25_000)
    locator = Locator(chicago.codes, chicago.geoms, gap_tolerance_m=0.0)
    codes, methods = locator.locate_many(chicago.lon, chicago.lat)
    assert codes.tolist() == covers_with_lower_code(chicago)
    assert np.count_nonzero(methods == "outside") == pytest.approx(0.0022 * 25_000, abs=2)


def test_chicago_agrees_with_the_label_of_the_police(chicago: Chicago) -> None:
    codes, _ = Locator(chicago.codes, chicago.geoms).locate_many(chicago.lon, chicago.lat)
    exact = codes == chicago.labels
    assert exact.mean() >= 0.91
    metric = local_metric(float(chicago.lon.mean()), float(chicago.lat.mean()))
    cells = dict(zip(chicago.codes, metric.to_metres(chicago.geoms), strict=True))
    points = metric.to_metres(shapely.points(chicago.lon, chicago.lat))
    labelled = np.array([cells[label] for label in chicago.labels])
    within_1_m = shapely.dwithin(labelled, points, 1.0)
    assert within_1_m.mean() >= 0.998
    print(f"exact {exact.mean():.2%}, within 1 m of the labelled beat {within_1_m.mean():.2%}")  # noqa: T201 - both figures are asked for

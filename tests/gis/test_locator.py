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

from gis import testing
from gis.crs import local_metric
from gis.errors import GisError
from gis.locator import Located, Locator, choose, reach_box

# Two cells side by side, a strip of 0.0004 degrees (39 m at 29 N) without a cell, and a third.
CELLS = [
    ("B", shapely.box(118.00, 29.0, 118.01, 29.01)),
    ("A", shapely.box(118.01, 29.0, 118.02, 29.01)),
    ("C", shapely.box(118.0204, 29.0, 118.03, 29.01)),
]
CODES, GEOMS = zip(*CELLS, strict=True)
OUTLINE = shapely.box(118.0, 29.0, 118.03, 29.01)
WIDE_OUTLINE = shapely.box(117.0, 28.0, 119.0, 30.0)
METRE_EAST = 1 / 97_436.0  # a metre at 29 N, in degrees of longitude


def anywhere(_point: shapely.Point) -> bool:
    return True


@pytest.fixture(scope="module")
def locator() -> Locator:
    return Locator(CODES, GEOMS, ground=OUTLINE)


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


def test_beyond_the_tolerance_a_point_is_outside() -> None:
    locator = Locator(CODES, GEOMS, ground=WIDE_OUTLINE)
    assert locator.locate(118.0 - 29.9 * METRE_EAST, 29.005).method == "nearest"
    assert locator.locate(118.0 - 30.1 * METRE_EAST, 29.005) == Located(None, "outside")
    assert locator.locate(2.35, 48.85) == Located(None, "outside")


@pytest.mark.parametrize("outline", [OUTLINE, None])
def test_beyond_the_border_a_point_is_outside_however_near(
    outline: shapely.Polygon | None,
) -> None:
    locator = Locator(CODES, GEOMS, ground=outline)
    for metres in (0.001, 1.0, 29.0):
        assert locator.locate(118.0 - metres * METRE_EAST, 29.005) == Located(None, "outside")
    assert locator.locate(118.0, 29.005).method == "covers"


def test_without_an_outline_a_strip_that_opens_to_the_outside_is_no_gap() -> None:
    assert Locator(CODES, GEOMS).locate(118.02 + 15 * METRE_EAST, 29.005).method == "outside"


def test_without_an_outline_a_gap_is_what_cells_enclose() -> None:
    """The hole of 76 m by 87 m in the middle is a gap; one of 380 m by 433 m is an enclave."""
    for size, method in ((0.1, "nearest"), (0.5, "outside")):
        cells = testing.with_gap(size)
        locator = Locator([cell.code for cell in cells], [cell.geom for cell in cells])
        west, south, _, north = shapely.bounds(shapely.Polygon(cells[4].geom.interiors[0]))
        middle = (south + north) / 2
        assert locator.locate(west + 10 * METRE_EAST, middle).method == method
        assert locator.locate(west + 35 * METRE_EAST, middle).method == "outside"


@pytest.mark.parametrize("faulty", [testing.with_bowtie()[1].geom, testing.star(1501)])
def test_an_invalid_cell_is_no_ground(faulty: shapely.Polygon) -> None:
    away = shapely.transform(faulty, lambda xy: xy - (0.1, 0.0))
    cells = [*testing.with_gap(0.1), testing.Cell("x", away)]
    locator = Locator([cell.code for cell in cells], [cell.geom for cell in cells])
    gap = shapely.Polygon(cells[4].geom.interiors[0]).bounds
    assert locator.locate(gap[0] + 10 * METRE_EAST, (gap[1] + gap[3]) / 2).method == "nearest"
    x, y = min(shapely.get_coordinates(away).tolist())
    assert locator.locate(x - METRE_EAST, y).method == "outside"


def test_cells_of_no_valid_ring_have_no_ground() -> None:
    bowtie = shapely.Polygon([(0, 0), (1e-3, 1e-3), (1e-3, 0), (0, 1e-3)])
    codes, methods = Locator(["1"], [bowtie]).locate_many([-1e-5, 1e-4], [1e-4, 5e-4])
    assert (codes.tolist(), methods.tolist()) == ([None, "1"], ["outside", "covers"])


def test_the_tolerance_can_be_set() -> None:
    none = Locator(CODES, GEOMS, ground=WIDE_OUTLINE, gap_tolerance_m=0.0)
    assert none.locate(118.0202, 29.005).method == "outside"
    wide = Locator(CODES, GEOMS, ground=WIDE_OUTLINE, gap_tolerance_m=5_000.0)
    assert wide.locate(118.0 - 4_900 * METRE_EAST, 29.005).code == "B"


def test_the_ground_is_asked_for_only_near_a_cell() -> None:
    asked: list[shapely.Point] = []

    def on_ground(point: shapely.Point) -> bool:
        asked.append(point)
        return False

    for x in (118.005, 118.01, 118.1):
        choose(shapely.Point(x, 29.005), CELLS, on_ground=on_ground)
    assert asked == []
    strip = shapely.Point(118.0202, 29.005)
    assert choose(strip, CELLS, on_ground=on_ground) == Located(None, "outside")
    assert asked == [strip]


def test_equally_near_cells_go_by_code() -> None:
    pair = [("2", shapely.box(-1, -1, -0.0001, 1)), ("1", shapely.box(0.0001, -1, 1, 1))]
    assert choose(shapely.Point(0, 0), pair, on_ground=anywhere).code == "1"


def test_the_greatest_share_of_the_circle_wins_over_covering(locator: Locator) -> None:
    # On the tip of a cell's corner most of the circle lies in the neighbour.
    thin = [
        ("1", shapely.Polygon([(0, 0), (0.01, 0.0001), (0.01, -0.0001)])),
        ("2", shapely.box(-0.01, -0.01, 0, 0.01)),
    ]
    found = choose(shapely.Point(0.00001, 0), thin, accuracy_m=100.0, on_ground=anywhere)
    assert (found.code, found.method, found.neighbours) == ("2", "largest_share", ("1",))
    assert found.distance_m == pytest.approx(1.11, abs=0.01)


def test_neighbours_come_with_the_runner_up_first() -> None:
    found = choose(shapely.Point(118.019, 29.005), CELLS, accuracy_m=950.0, on_ground=anywhere)
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
    found = choose(shapely.Point(0.1, 0.5), [("1", bowtie)], accuracy_m=500.0, on_ground=anywhere)
    assert found.method == "covers"


@pytest.mark.parametrize("accuracy", [-1.0, float("nan"), float("inf"), 1e6])
def test_an_accuracy_that_is_no_radius(locator: Locator, accuracy: float) -> None:
    with pytest.raises(GisError) as refused:
        locator.locate(118.005, 29.005, accuracy_m=accuracy)
    assert (refused.value.code, refused.value.field) == ("locate.accuracy", "accuracy_m")


def test_several_polygons_of_one_code_are_one_cell() -> None:
    parts = [("1", shapely.box(0, 0, 1, 1)), ("1", shapely.box(1, 0, 2, 1))]
    found = choose(shapely.Point(1.0, 0.5), parts, on_ground=anywhere)
    assert found == Located("1", "covers", (), 0.0)
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


OUTLINES = st.sampled_from([None, OUTLINE, WIDE_OUTLINE])


def assert_bulk_and_single_agree(locator: Locator, points: list[tuple[float, float]]) -> None:
    codes, methods = locator.locate_many([x for x, _ in points], [y for _, y in points])
    singles = [locator.locate(x, y) for x, y in points]
    assert codes.tolist() == [single.code for single in singles]
    assert methods.tolist() == [single.method for single in singles]


@given(st.lists(st.tuples(LON, LAT), max_size=20), OUTLINES)
def test_bulk_and_single_agree(
    points: list[tuple[float, float]], outline: shapely.Polygon | None
) -> None:
    assert_bulk_and_single_agree(Locator(CODES, GEOMS, ground=outline), points)


# Around the outer border, a slit and an enclave, and around the outer border and a gap.
HOLED = [
    Locator([cell.code for cell in cells], [cell.geom for cell in cells])
    for cells in (testing.with_sliver_and_enclave(), testing.with_gap(0.1))
]
AROUND = st.builds(
    lambda corner, east, north: (corner[0] + east * METRE_EAST, corner[1] + north * METRE_EAST),
    st.sampled_from(
        [
            (float(x), float(y))
            for cells in (testing.with_sliver_and_enclave(), testing.with_gap(0.1))
            for cell in cells
            for x, y in shapely.get_coordinates(cell.geom)
        ]
    ),
    st.sampled_from([0.0, 0.2]) | st.floats(-40.0, 40.0),
    st.sampled_from([0.0]) | st.floats(-40.0, 40.0),
)


@given(st.lists(AROUND, max_size=20), st.sampled_from(HOLED))
def test_bulk_and_single_agree_around_holes_and_the_border(
    points: list[tuple[float, float]], locator: Locator
) -> None:
    assert_bulk_and_single_agree(locator, points)


@given(LON, LAT, st.sampled_from([None, 5.0, 500.0]))
def test_the_reach_box_holds_every_cell_that_matters(
    lon: float, lat: float, accuracy_m: float | None
) -> None:
    near = [
        cell for cell in CELLS if cell[1].intersects(shapely.box(*reach_box(lon, lat, accuracy_m)))
    ]
    point = shapely.Point(lon, lat)
    found = choose(point, near, accuracy_m, on_ground=anywhere)
    assert found == choose(point, CELLS, accuracy_m, on_ground=anywhere)


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
    locator = Locator(chicago.codes, chicago.geoms)
    codes, methods = locator.locate_many(chicago.lon, chicago.lat)
    assert codes.tolist() == covers_with_lower_code(chicago)
    assert set(methods) == {"covers", "outside"}


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

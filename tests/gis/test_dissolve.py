"""The ground that polygons have together, found from the edges that no two of them share."""

import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis import testing
from gis.dissolve import dissolved
from gis.features import Cell, as_array
from tests.gis.test_repair import jittered


@given(st.integers(0, 10_000), st.sampled_from([1.0, 0.7]), st.sampled_from([0.0, 0.01, 5.0]))
def test_dissolved_ground_is_that_of_a_plain_union(seed: int, keep: float, shake_m: float) -> None:
    cells = jittered(3, seed, keep, shake_m)
    geoms = as_array(cell.geom for cell in cells if cell.geom.is_valid)
    ground = dissolved(geoms)
    assert ground.is_valid
    assert ground.symmetric_difference(shapely.union_all(geoms)).area < 1e-14


def test_holes_and_islands_stay() -> None:
    cells = [*testing.with_gap(0.5), Cell("island", testing.square(1.4, 1.4, 0.2, 0.2))]
    ground = dissolved(as_array(cell.geom for cell in cells))
    assert [len(part.interiors) for part in shapely.get_parts(ground)] in ([0, 1], [1, 0])

"""The check of 10,000 cells against the least that must be done, on made-up cells.

The floor is bare `shapely.coverage_invalid_edges`, which finds edges at fault and nothing more: not
which cells share how much, no holes, no codes, no ring that crosses itself, no sizes in m². The
target is a ratio of at most 5. Both are measured in the same run, in turns, as medians of CPU time:
on a clean grid, and where every hundredth, tenth or third cell lost a vertex that its neighbours
keep.

    python bench/check_coverage.py [--cells N] [--vertices N] [--repeats N]
"""

import argparse
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median

import numpy as np
import shapely

from gis.coverage import Fault, faults
from gis.features import Cell, as_array
from gis.testing import grid

TARGET = 5.0


def with_faults(cells: Sequence[Cell], one_in: int) -> list[Cell]:
    """Drop a vertex of one in so many cells: an overlap or a gap with a neighbour."""
    return [
        replace(
            cell, geom=shapely.Polygon(np.delete(shapely.get_coordinates(cell.geom), 1, axis=0))
        )
        if row % one_in == 0
        else cell
        for row, cell in enumerate(cells)
    ]


def medians(work: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median CPU seconds of each: others on the machine count for little so."""
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(repeats):
        for name, do in work.items():
            start = time.process_time()
            do()
            seconds[name].append(time.process_time() - start)
    return {name: median(taken) for name, taken in seconds.items()}


def compare(name: str, cells: Sequence[Cell], repeats: int) -> float:
    geoms = as_array(cell.geom for cell in cells)
    found: list[Fault] = []

    def check() -> None:
        found[:] = faults(cells)

    taken = medians(
        {
            "faults": check,
            "bare": lambda: shapely.coverage_invalid_edges(geoms),
        },
        repeats,
    )
    ratio = taken["faults"] / taken["bare"]
    print(
        f"  {name:12} faults {taken['faults']:6.2f} s  bare {taken['bare']:6.2f} s  "
        f"ratio {ratio:.2f}  ({len(found)} faults)"
    )
    return ratio


def main() -> int:
    parser = argparse.ArgumentParser(description="the coverage check against bare Shapely")
    parser.add_argument("--cells", type=int, default=10_000)
    parser.add_argument("--vertices", type=int, default=200, help="of each cell")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    side = math.isqrt(asked.cells)
    cells = grid(side, side, asked.vertices // 4)
    vertices = int(shapely.get_num_coordinates(as_array(cell.geom for cell in cells)).sum())
    print(
        f"check_coverage: {len(cells)} cells, {vertices:,} vertices, medians of {asked.repeats}, "
        f"target at most {TARGET:g}"
    )
    ratios = [compare("clean", cells, asked.repeats)]
    for one_in in (100, 10, 3):
        ratios.append(compare(f"1 in {one_in}", with_faults(cells, one_in), asked.repeats))
    print(f"  worst ratio {max(ratios):.2f}: {'met' if max(ratios) <= TARGET else 'missed'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Bulk locate against the least that must be done, on Chicago's 25,000 incidents and 275 beats.

The floor is a bare prepared STRtree query: boxes from the tree, then one exact test a pair, without
rules for boundaries, gaps or bad coordinates. A second figure is the loop that one writes first: a
query for each point. All are measured in the same run, in turns, and given as medians.

    python bench/bulk_locate.py [--repeats N]
"""

import argparse
import csv
import gzip
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.files import read_layer
from gis.locator import Locator

CHICAGO = Path(__file__).resolve().parents[2] / "shared" / "data" / "us_chicago"
Floats = NDArray[np.float64]


def read_points(path: Path) -> tuple[Floats, Floats]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [(float(row["lon"]), float(row["lat"])) for row in csv.DictReader(lines)]
    lon, lat = np.array(rows).T
    return lon, lat


def bare_query(tree: shapely.STRtree, geoms: NDArray[np.object_], lon: Floats, lat: Floats) -> int:
    points = shapely.points(lon, lat)
    row, cell = tree.query(points)
    return int(np.count_nonzero(shapely.covers(geoms[cell], points[row])))


def bare_loop(tree: shapely.STRtree, geoms: NDArray[np.object_], lon: Floats, lat: Floats) -> int:
    found = 0
    for point in shapely.points(lon, lat):
        found += any(geoms[cell].covers(point) for cell in tree.query(point))
    return found


def medians(work: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median seconds of each, measured in turns so that a busy moment falls on all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(repeats):
        for name, do in work.items():
            start = time.perf_counter()
            do()
            seconds[name].append(time.perf_counter() - start)
    return {name: median(taken) for name, taken in seconds.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description="bulk locate against a bare STRtree query")
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    if not CHICAGO.is_dir():
        print("bulk_locate: skipped, the shared real data are not beside the repository")
        return 0
    layer = read_layer(CHICAGO / "beats.geojson", code_field="beat", merge_parts=True)
    lon, lat = read_points(CHICAGO / "incidents_2017_2019.csv.gz")
    geoms = layer.geoms
    shapely.prepare(geoms)
    tree = shapely.STRtree(geoms)
    locator = Locator(layer.codes, layer.geoms)
    taken = medians(
        {
            "locate_many": lambda: locator.locate_many(lon, lat),
            "bare query": lambda: bare_query(tree, geoms, lon, lat),
            "bare loop": lambda: bare_loop(tree, geoms, lon, lat),
        },
        repeats,
    )
    print(f"bulk_locate: {len(lon)} points, {len(geoms)} cells, medians of {repeats}")
    for name, seconds in taken.items():
        print(f"  {name:12} {seconds * 1000:8.1f} ms  {len(lon) / seconds:12,.0f} points/s")
    print(f"  ratio to the bare query {taken['locate_many'] / taken['bare query']:.2f}")
    print(f"  ratio to the bare loop  {taken['locate_many'] / taken['bare loop']:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

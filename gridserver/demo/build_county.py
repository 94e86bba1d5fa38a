"""Make the demo county's package data from the published sources.

    python -m gridserver.demo.build_county --source ../shared/data

The random seed is fixed: the same sources give the same files. ``data/README.md`` says what is
published and what is made up.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import shapely

from gis.crs import GCJ02, LocalMetric, geometry_to_wgs84, local_metric
from gridserver.demo.lists import (
    STATIONS,
    Town,
    Village,
    made_up_people,
    read_divisions,
    station_of_town,
)
from gridserver.demo.neighbours import context
from gridserver.demo.partition import DECIMALS, cut
from gridserver.demo.seeding import Area, Bend, Floats, degrees, metres, place_seeds

COUNTY = "330824"
SEED = 330824
DATA = Path(__file__).parent / "data"
PEOPLE_PER_HOUSEHOLD = 2.7
SEAT = "芹阳"
"""The county seat: a town of its own to the locals, a part of Huabu in the code list."""
SEAT_PLACE = "330824115006"
"""城东社区, the one community of the seat whose point is published."""
SEAT_SERIALS = (("004", "009"), ("235", "260"))
"""The serials of Huabu's code block that lie in or around the seat."""
CORES = {SEAT: (2200, 60), "华埠镇": (1800, 30), "马金镇": (1600, 20), "池淮镇": (1400, 14)}
"""Reach of the dense core in metres and how much denser it is, where not :data:`SMALL_CORE`."""
SMALL_CORE = (1200, 8)

Feature = tuple[Mapping[str, Any], shapely.Geometry]


@dataclass(frozen=True)
class Sources:
    """What the county is made from: geometries in EPSG:4326, rounded to 7 decimals."""

    outline: shapely.Polygon
    neighbours: dict[str, tuple[str, shapely.Polygon]]
    towns: list[Town]
    villages: list[Village]


@click.command()
@click.option(
    "--source",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="The folder that holds cn_kaihua_330824/.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=DATA,
    help="Where to write; default: the package data.",
)
def main(source: Path, out: Path) -> None:
    """Rebuild the demo county's package data."""
    build(read_sources(source / f"cn_kaihua_{COUNTY}"), out)


def read_sources(folder: Path) -> Sources:
    """Read the outlines (GCJ-02, converted) and the code list."""
    features = json.loads((folder / "counties_amap_gcj02.geojson").read_text("utf-8"))["features"]
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in features]
    rounded = shapely.transform(
        geometry_to_wgs84(shapes, GCJ02), lambda places: np.round(places, DECIMALS)
    )
    counties = {
        feature["properties"]["adcode"]: (feature["properties"]["name"], shape)
        for feature, shape in zip(features, rounded, strict=True)
    }
    outline = shapely.orient_polygons(counties.pop(COUNTY)[1])
    towns, villages = read_divisions(folder / "divisions_2016.csv")
    return Sources(outline, counties, towns, villages)


def build(sources: Sources, out: Path) -> None:
    """Write the five data files into ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    outline = ({"code": COUNTY, "name": "开化县", "name_en": "Kaihua County"}, sources.outline)
    _write_geojson(out / "outline.geojson", [outline])
    _write_geojson(out / "neighbours.geojson", context(sources.outline, sources.neighbours))
    _write_geojson(out / "cells.geojson", cells(sources))
    _write_csv(out / "towns.csv", _town_rows(sources.towns))
    _write_csv(out / "stations.csv", _station_rows(sources.towns))


def cells(sources: Sources) -> list[Feature]:
    """The illustrative cells with their properties, by code."""
    rng = np.random.default_rng(SEED)
    centre = sources.outline.centroid
    plane = local_metric(centre.x, centre.y)
    bend = Bend.random(rng)
    groups = _groups(sources)
    areas = [_area(name, group, sources.towns, plane) for name, group in groups.items()]
    seeds = place_seeds(plane.to_metres(sources.outline), areas, bend, rng)
    ordered: list[Village] = []
    for area, own in zip(areas, seeds, strict=True):
        ordered += _assign(groups[area.name], degrees(plane, bend.undo(own)), area, plane)
    shapes = cut(sources.outline, np.vstack(seeds), bend, plane, SEED)
    people = made_up_people(sources.villages, rng)
    features = [
        (_cell_properties(village, shape, people[village.code], sources), shape)
        for village, shape in zip(ordered, shapes, strict=True)
    ]
    return sorted(features, key=lambda feature: str(feature[0]["code"]))


def _groups(sources: Sources) -> dict[str, list[Village]]:
    """Villages by town, the county seat apart from Huabu."""
    names = {town.code: town.name for town in sources.towns}
    groups: dict[str, list[Village]] = {name: [] for name in [*names.values(), SEAT]}
    for village in sources.villages:
        name = names[village.town]
        in_seat = any(low <= village.code[9:] <= high for low, high in SEAT_SERIALS)
        groups[SEAT if name == "华埠镇" and in_seat else name].append(village)
    return groups


def _area(name: str, group: list[Village], towns: list[Town], plane: LocalMetric) -> Area:
    places = {town.name: (town.lon, town.lat) for town in towns}
    fixed = {village.code: village.place for village in group if village.place}
    centre = fixed[SEAT_PLACE] if name == SEAT else places[name]
    core_m, density = CORES.get(name, SMALL_CORE)
    return Area(
        name=name,
        centre=metres(plane, np.array([centre]))[0],
        seeds=len(group),
        core_m=core_m,
        density=density,
        fixed=metres(plane, np.array(list(fixed.values())).reshape(-1, 2)),
    )


def _assign(group: list[Village], places: Floats, area: Area, plane: LocalMetric) -> list[Village]:
    """The villages of an area in the order of its seeds (degrees; those with a known place first).

    There are no published positions: seats of towns get the seeds nearest to the centre, then the
    fringe, then the villages; within each of these, codes run from west to east, north to south.
    """
    known = [village for village in group if village.place]
    rest = [village for village in group if not village.place]
    reach = np.linalg.norm(metres(plane, places) - area.centre, axis=1)
    free = sorted(range(len(known), len(group)), key=lambda seed: float(reach[seed]))
    by_seed = dict(enumerate(known))
    for kind in ("seat", "fringe", "village"):
        own = [village for village in rest if village.kind == kind]
        nearest, free = free[: len(own)], free[len(own) :]
        nearest.sort(key=lambda seed: (float(places[seed, 0]), -float(places[seed, 1])))
        by_seed |= dict(zip(nearest, own, strict=True))
    return [by_seed[seed] for seed in range(len(group))]


def _cell_properties(
    village: Village, shape: shapely.Polygon, people: int, sources: Sources
) -> dict[str, Any]:
    town = next(town for town in sources.towns if town.code == village.town)
    at_border = shape.exterior.intersection(sources.outline.exterior).length > 0
    return {
        "code": village.cell_code,
        "name": village.name,
        "town": town.name,
        "station": station_of_town()[town.name].code,
        "households": round(people / PEOPLE_PER_HOUSEHOLD),
        "people": people,
        "class": "urban" if village.urban else "border" if at_border else "rural",
    }


def _town_rows(towns: Iterable[Town]) -> list[dict[str, Any]]:
    return [
        {
            "code": town.code,
            "name": town.name,
            "name_en": town.name_en,
            "station": station_of_town()[town.name].code,
            "lon": town.lon,
            "lat": town.lat,
        }
        for town in towns
    ]


def _station_rows(towns: Iterable[Town]) -> list[dict[str, Any]]:
    by_name = {town.name: town for town in towns}
    return [
        {
            "code": station.code,
            "name": station.name,
            "name_en": station.name_en,
            "mode": station.mode,
            "towns": ";".join(by_name[town].code for town in station.towns),
            "lon": by_name[station.towns[0]].lon,
            "lat": by_name[station.towns[0]].lat,
        }
        for station in STATIONS
    ]


def _write_geojson(path: Path, features: Iterable[Feature]) -> None:
    lines = ",\n".join(
        json.dumps(
            {
                "type": "Feature",
                "properties": properties,
                "geometry": json.loads(shapely.to_geojson(shape)),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for properties, shape in features
    )
    text = f'{{"type":"FeatureCollection","features":[\n{lines}\n]}}\n'
    path.write_text(text, encoding="utf-8")


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()

"""The counties around the demo county, cut down to a strip of map context.

Their borders with the county keep every vertex; those between two of them are simplified as a
coverage, so that no gap opens.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import shapely

STRIP_DEGREES = 0.24
"""Width of the strip: some 25 km."""
TOLERANCE_DEGREES = 0.0015
DECIMALS = 7
NAMES_EN = {
    "开化县": "Kaihua County",
    "淳安县": "Chun'an County",
    "常山县": "Changshan County",
    "休宁县": "Xiuning County",
    "玉山县": "Yushan County",
    "婺源县": "Wuyuan County",
    "德兴市": "Dexing City",
}


def context(
    outline: shapely.Polygon, counties: Mapping[str, tuple[str, shapely.Polygon]]
) -> list[tuple[dict[str, str], shapely.Geometry]]:
    """Properties and shape of each county within the strip around ``outline``, by code.

    ``counties`` maps codes to names and shapes; all geometry in degrees, EPSG:4326.
    """
    strip = shapely.simplify(outline.buffer(STRIP_DEGREES), TOLERANCE_DEGREES)
    rim = shapely.get_exterior_ring(strip)
    codes = sorted(counties)
    shapes = [counties[code][1] for code in codes]
    strips = shapely.coverage_simplify(
        _strips(outline, shapes, rim), TOLERANCE_DEGREES, simplify_boundary=False
    )
    return [
        ({"code": code, "name": name, "name_en": NAMES_EN[name]}, shapely.orient_polygons(strip))
        for code, name, strip in zip(
            codes, [counties[code][0] for code in codes], strips, strict=True
        )
    ]


def _strips(
    outline: shapely.Polygon, shapes: list[shapely.Polygon], rim: shapely.LinearRing
) -> list[shapely.Geometry]:
    """What lies within the rim of each shape, as a coverage: cut as linework, not one by one."""
    borders = shapely.union_all([outline.exterior, rim, *shapely.boundary(shapes)])
    rounded = shapely.transform(borders, lambda places: np.round(places, DECIMALS))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(rounded)))
    inner = shapely.point_on_surface(faces)
    near = shapely.contains(shapely.Polygon(rim), inner)
    return [
        shapely.coverage_union_all(faces[near & shapely.contains(shape, inner)]) for shape in shapes
    ]

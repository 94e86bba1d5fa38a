"""The counties around the demo county, as context of its map.

Their borders with the county keep every vertex; all others are simplified as a coverage, so that no
gap opens.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import shapely

TOLERANCE_DEGREES = 0.0015
MARGIN_DEGREES = 0.1
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
    """Properties and shape of each county next to ``outline``, by code.

    ``counties`` maps codes to names and shapes; all geometry in degrees, EPSG:4326.
    """
    codes = sorted(counties)
    whole = _coverage(outline, [counties[code][1] for code in codes])
    # What is kept is the edge of the coverage: the frame, and the county's own border.
    simple = shapely.coverage_simplify(whole, TOLERANCE_DEGREES, simplify_boundary=False)
    return [
        ({"code": code, "name": name, "name_en": NAMES_EN[name]}, shapely.orient_polygons(shape))
        for code, name, shape in zip(
            codes, [counties[code][0] for code in codes], simple[:-1], strict=True
        )
    ]


def _coverage(outline: shapely.Polygon, shapes: list[shapely.Polygon]) -> list[shapely.Geometry]:
    """The shapes and, last, the rest of a frame around them; cut as linework, not one by one."""
    frame = shapely.box(*shapely.total_bounds(shapes)).buffer(MARGIN_DEGREES, join_style="mitre")
    borders = shapely.union_all([outline.exterior, frame.exterior, *shapely.boundary(shapes)])
    rounded = shapely.transform(borders, lambda places: np.round(places, DECIMALS))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(rounded)))
    inner = shapely.point_on_surface(faces)
    owned = np.array([shapely.contains(shape, inner) for shape in shapes])
    rest = ~owned.any(axis=0) & ~shapely.contains(outline, inner)
    return [shapely.coverage_union_all(faces[which]) for which in (*owned, rest)]

"""Documents and files that the tests of reading make."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely

from gis.errors import GisError
from gis.files import Cell, read_layer

SQUARE = [[[118.0, 29.0], [118.1, 29.0], [118.1, 29.1], [118.0, 29.1], [118.0, 29.0]]]


BOWTIE = [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]


CELLS = (
    Cell("001", shapely.box(118.0, 29.0, 118.1, 29.1), "城关网格", "330824510"),
    Cell(
        "002",
        shapely.MultiPolygon(
            [shapely.box(118.1, 29.0, 118.2, 29.1), shapely.box(119, 29, 120, 30)]
        ),
    ),
)


KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder><name>网格</name><Placemark>
<name>城关</name><ExtendedData><Data name="code"><value>001</value></Data></ExtendedData>
<Polygon><outerBoundaryIs><LinearRing><coordinates>
118,29,5 118.1,29,5 118.1,29.1,5 118,29,5
</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Folder></Document></kml>"""


def collection(*geometries: Any, properties: Any = None, **members: Any) -> dict[str, Any]:
    features = [
        {"type": "Feature", "properties": properties or {"code": str(row)}, "geometry": geometry}
        for row, geometry in enumerate(geometries)
    ]
    return {"type": "FeatureCollection", "features": features, **members}


def polygon(coordinates: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": coordinates}


def saved(tmp_path: Path, document: Any, name: str = "cells.geojson") -> Path:
    path = tmp_path / name
    path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return path


def refusal(path: Path, **options: Any) -> GisError:
    with pytest.raises(GisError) as refused:
        read_layer(path, **{"code_field": "code", **options})
    return refused.value


def write_shapefile(
    path: Path,
    columns: dict[str, list[Any]],
    *,
    crs: str | None = "EPSG:4326",
    encoding: str = "UTF-8",
    cpg: bool = True,
    geom: shapely.Geometry | None = None,
) -> Path:
    count = len(next(iter(columns.values())))
    wkb = shapely.to_wkb(np.array([geom or shapely.box(118, 29, 118.1, 29.1)] * count))
    pyogrio.raw.write(
        path,
        wkb,
        [np.array(values) for values in columns.values()],
        list(columns),
        driver="ESRI Shapefile",
        geometry_type="Polygon",
        crs=crs,
        encoding=encoding,
    )
    if not cpg:
        path.with_suffix(".cpg").unlink()
    return path

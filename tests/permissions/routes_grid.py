"""Grid, maps, places: the ground is everybody's to read, and the bureau's to draw."""

from __future__ import annotations

from typing import Any

from tests.permissions.actors import SIGNED_IN
from tests.permissions.rows import PARENT, SELF, Row, any_of, bureau

_GRID = "/api/v1/grid"
_READERS = any_of("admin gis_admin command officer auditor wall")
_PEOPLE = any_of("admin gis_admin command officer auditor")
_EDITORS = bureau("gis_admin")
_POINT = {"lon": 118.405, "lat": 29.105}
_REVISION = "../topology"
_ITEMS = "/ogc/collections/grid-cells/items"
_CELL = "330824001001001"
_PLACE = {"kind": "key_place", "name": "广场", **_POINT}
_SETTINGS = {
    "code_scheme": "free",
    "code_pattern": None,
    "tolerance_m": 0.5,
    "min_area_m2": 1,
    "enclave_m2": 1,
    "min_cell_m2": 1,
    "snap_m": 1,
}


def _draft(verb: str) -> str:
    return f"{_GRID}/versions/draft/{verb}"


def _read(path: str, **asked: Any) -> Row:
    return Row(f"GET {path}", _READERS, **asked)


def _edit(name: str, ok: int, **asked: Any) -> Row:
    return Row(name, _EDITORS, ok, **asked)


ROWS = (
    Row("GET /api/v1/bureau", SIGNED_IN),
    _read("/api/v1/units"),
    Row("GET /api/v1/categories", SIGNED_IN),
    _read("/api/v1/locate", query=_POINT),
    _read(f"{_GRID}/cells", query={"code": _CELL}),
    _read(f"{_GRID}/diff", query={"from": "v1", "to": "draft"}),
    _read(f"{_GRID}/neighbours"),
    _read(f"{_GRID}/outline"),
    _read(f"{_GRID}/settings"),
    _edit(f"PUT {_GRID}/settings", 200, tag_of=SELF, body=_SETTINGS),
    _edit(f"POST {_GRID}/uploads", 422),
    _read(f"{_GRID}/versions"),
    _edit(
        f"POST {_GRID}/versions",
        404,
        body={"upload": "{unknown_id}", "name": "v2", "code_field": "code", "crs": "EPSG:4326"},
    ),
    _read(f"{_GRID}/versions/{{name}}", at=f"{_GRID}/versions/v1"),
    _read(f"{_GRID}/versions/{{name}}/cells", at=f"{_GRID}/versions/v1/cells"),
    _edit(f"POST {_GRID}/versions/{{name}}/copy", 201, at=_draft("copy"), body={"name": "second"}),
    _read(f"{_GRID}/versions/{{name}}/edits", at=_draft("edits")),
    _edit(
        f"POST {_GRID}/versions/{{name}}/edits",
        200,
        at=_draft("edits"),
        tag_of=_REVISION,
        body={"verb": "set_attributes", "code": _CELL, "name": "新村"},
    ),
    _read(f"{_GRID}/versions/{{name}}/exclusions", at=_draft("exclusions")),
    _edit(
        f"POST {_GRID}/versions/{{name}}/exclusions",
        422,
        at=_draft("exclusions"),
        tag_of=_REVISION,
        body=_POINT | {"why": "水库"},
    ),
    _read(
        f"{_GRID}/versions/{{name}}/exclusions/{{exclusion_id}}",
        ok=404,
        refused=403,
        at=_draft("exclusions/1"),
    ),
    _edit(
        f"DELETE {_GRID}/versions/{{name}}/exclusions/{{exclusion_id}}",
        404,
        at=_draft("exclusions/1"),
    ),
    _read(f"{_GRID}/versions/{{name}}/faults", at=_draft("faults")),
    _read(f"{_GRID}/versions/{{name}}/proposals", at=_draft("proposals")),
    _edit(
        f"POST {_GRID}/versions/{{name}}/publish", 200, at=_draft("publish"), tag_of=PARENT, body={}
    ),
    _edit(f"POST {_GRID}/versions/{{name}}/undo", 409, at=_draft("undo"), tag_of=_REVISION),
    _edit(f"POST {_GRID}/versions/{{name}}/redo", 409, at=_draft("redo"), tag_of=_REVISION),
    _edit(
        f"POST {_GRID}/versions/{{name}}/rehearsal", 200, at=_draft("rehearsal"), body={"days": 1}
    ),
    _read(f"{_GRID}/versions/{{name}}/renumbering", at=_draft("renumbering"), ok=409),
    _edit(
        f"POST {_GRID}/versions/{{name}}/renumbering",
        409,
        at=_draft("renumbering"),
        tag_of=_REVISION,
    ),
    _edit(
        f"POST {_GRID}/versions/{{name}}/repairs",
        409,
        at=_draft("repairs"),
        tag_of=_REVISION,
        body={"under_m2": 5},
    ),
    _read(f"{_GRID}/versions/{{name}}/report", at=_draft("report"), ok=404),
    _edit(
        f"POST {_GRID}/versions/{{name}}/retire",
        200,
        at=f"{_GRID}/versions/v1/retire",
        tag_of=PARENT,
    ),
    _read(f"{_GRID}/versions/{{name}}/topology", at=_draft("topology")),
    _read("/tiles/grid.json"),
    _read("/tiles/grid/{z}/{x}/{y}.mvt", at="/tiles/grid/10/849/423.mvt", ok=204),
    _read("/tiles/basemap.pmtiles", ok=404),
    _read("/api/v1/map/basemap"),
    Row("GET /api/v1/map/heat", any_of("command admin auditor"), query={"from": "{since}"}),
    Row(
        "GET /api/v1/map/calls-by-cell",
        any_of("command admin auditor"),
        query={"from": "{since}"},
    ),
    # The same ground for QGIS.
    Row("GET /ogc/", SIGNED_IN),
    _read("/ogc/api"),
    Row("GET /ogc/conformance", SIGNED_IN),
    _read("/ogc/collections"),
    _read("/ogc/collections/{collection}", at="/ogc/collections/grid-cells"),
    _read("/ogc/collections/{collection}/items", at=_ITEMS),
    _read("/ogc/collections/{collection}/items/{code}", at=f"{_ITEMS}/{_CELL}"),
    _edit("POST /ogc/collections/{collection}/items", 405, at=_ITEMS, body={}),
    _edit("PUT /ogc/collections/{collection}/items/{code}", 405, at=f"{_ITEMS}/{_CELL}", body={}),
    _edit("PATCH /ogc/collections/{collection}/items/{code}", 405, at=f"{_ITEMS}/{_CELL}", body={}),
    _edit("DELETE /ogc/collections/{collection}/items/{code}", 405, at=f"{_ITEMS}/{_CELL}"),
    # Places.
    Row("GET /api/v1/places", _PEOPLE, query={"q": "广场"}),
    Row("POST /api/v1/places", bureau("admin gis_admin"), ok=201, body=_PLACE),
    Row("GET /api/v1/places/{place_id}", _PEOPLE),
    Row(
        "PUT /api/v1/places/{place_id}",
        bureau("admin gis_admin"),
        ok=200,
        tag_of=SELF,
        body=_PLACE,
    ),
    Row(
        "POST /api/v1/places/{place_id}/retire",
        bureau("admin gis_admin"),
        ok=200,
        tag_of=PARENT,
        body={"reason": "gone"},
    ),
    Row("POST /api/v1/places/{place_id}/restore", bureau("admin gis_admin"), ok=409, tag_of=PARENT),
    Row("POST /api/v1/places/uploads", bureau("admin gis_admin"), ok=422),
    Row(
        "POST /api/v1/places/imports",
        bureau("admin gis_admin"),
        ok=404,
        body={"upload": "{unknown_id}", "kind": "village", "source": "x", "name_field": "x"},
    ),
    Row(
        "POST /api/v1/places/imports/{import_id}/parts/{part}",
        bureau("admin gis_admin"),
        ok=404,
        at="/api/v1/places/imports/{unknown_id}/parts/0",
    ),
    Row(
        "GET /api/v1/places/imports/{import_id}/rejects",
        bureau("admin gis_admin"),
        ok=404,
        at="/api/v1/places/imports/{unknown_id}/rejects",
    ),
)
